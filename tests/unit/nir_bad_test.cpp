// Bad NIR files: each a clear error at its place, and nothing printed.
#include "tests/support/nir_file.h"

using namespace weft_test;

namespace {

class NirBad : public testing::Test {
  protected:
    NirFile file{testing::TempDir() + "weft-nir-bad-" + testing::UnitTest::GetInstance()->current_test_info()->name() +
                 ".nir"};
    void SetUp() override { file.fill(); }

    static std::string error_of(const std::string &bytes, weft_status wanted) {
        weft_nir *nir = nullptr;
        weft_error err = {};
        testing::internal::CaptureStderr();
        const weft_status status = weft_nir_parse(&nir, bytes.data(), bytes.size(), "bad.nir", &err);
        EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
        EXPECT_EQ(status, wanted) << err.text;
        EXPECT_EQ(nir, nullptr);
        weft_nir_destroy(nir);
        EXPECT_STREQ(err.file, status == WEFT_OK ? "" : "bad.nir");
        return err.text;
    }
    std::string error(weft_status wanted) {
        const std::string bytes = file.bytes();
        if (const char *folder = std::getenv("WEFT_KEEP_CORPUS")) // for tests/fuzz/nir
            std::ofstream(std::string(folder) + "/" + testing::UnitTest::GetInstance()->current_test_info()->name() +
                              ".nir",
                          std::ios::binary)
                << bytes;
        return error_of(bytes, wanted);
    }
};

TEST_F(NirBad, Empty) { EXPECT_EQ(error_of("", WEFT_E_PARSE), "is no HDF5 file"); }

TEST_F(NirBad, NotHdf5) {
    EXPECT_EQ(error_of("version: 1\n", WEFT_E_PARSE), "is no HDF5 file");
    EXPECT_EQ(error_of(std::string(4096, '\0'), WEFT_E_PARSE), "is no HDF5 file");
}

TEST_F(NirBad, MissingFile) {
    weft_nir *nir = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_nir_read(&nir, "/nowhere/x.nir", &err), WEFT_E_IO);
    EXPECT_STREQ(err.file, "/nowhere/x.nir");
    EXPECT_STREQ(err.text, "cannot open: No such file or directory");
}

TEST_F(NirBad, Truncated) {
    const std::string bytes = file.bytes();
    weft_nir *nir = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_nir_parse(&nir, bytes.data(), bytes.size(), "good.nir", &err), WEFT_OK) << err.text;
    weft_nir_destroy(nir);
    for (size_t size = 8; size < bytes.size(); size += 1 + bytes.size() / 150)
        EXPECT_EQ(error_of(bytes.substr(0, size), WEFT_E_PARSE), "is a truncated or damaged HDF5 file") << size;
}

TEST_F(NirBad, MissingNodeInAnEdge) {
    file.edges("/node", {"input", "lif", "lif", "outptu"});
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/edges: \"lif\" -> \"outptu\": there is no node \"outptu\"");
}

TEST_F(NirBad, EdgeTwice) {
    file.edges("/node", {"input", "lif", "input", "lif"});
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/edges: \"input\" -> \"lif\" stands twice");
}

TEST_F(NirBad, EdgesAreNoPairs) {
    file.texts("/node/edges", {3}, {"a", "b", "c"});
    EXPECT_EQ(error(WEFT_E_PARSE), "/node/edges: is no list of pairs of names");
}

TEST_F(NirBad, EdgesMissing) {
    file.remove("/node/edges");
    EXPECT_EQ(error(WEFT_E_PARSE), "/node/edges: the data set is missing");
}

TEST_F(NirBad, NodesMissing) {
    file.remove("/node/nodes");
    EXPECT_EQ(error(WEFT_E_PARSE), "/node/nodes: the group is missing");
}

TEST_F(NirBad, NodeIsADataSet) {
    file.numbers("/node/nodes/odd", {1}, {1});
    EXPECT_EQ(error(WEFT_E_PARSE), "/node/nodes/odd: is no group");
}

TEST_F(NirBad, MissingParameter) {
    file.remove("/node/nodes/lif/tau");
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/lif: parameter tau of LIF is missing");
}

TEST_F(NirBad, UnknownParameter) {
    file.numbers("/node/nodes/lif/v_thresold", {2}, {1, 1});
    EXPECT_EQ(error(WEFT_E_UNSUPPORTED),
              "/node/nodes/lif: LIF has no parameter \"v_thresold\"; did you mean v_threshold");
}

TEST_F(NirBad, WrongShape) {
    file.numbers("/node/nodes/lif/v_leak", {3}, {0, 0, 0});
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/lif/v_leak: has the shape [3], but tau has [2]");
}

TEST_F(NirBad, WrongRank) {
    file.node("/node/nodes/w", "Linear");
    file.numbers("/node/nodes/w/weight", {4}, {1, 2, 3, 4});
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/w/weight: has the shape [4]; 2 dimensions or more are needed");
}

TEST_F(NirBad, WrongBias) {
    file.node("/node/nodes/w", "Affine");
    file.numbers("/node/nodes/w/weight", {2, 2}, {1, 2, 3, 4});
    file.numbers("/node/nodes/w/bias", {3}, {1, 2, 3});
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/w/bias: has the shape [3], but weight [2, 2] needs 2 values");
}

TEST_F(NirBad, NotANumber) {
    file.numbers("/node/nodes/lif/r", {2}, {1, std::nan("")});
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/lif/r: is not a number at [1]");
}

TEST_F(NirBad, Infinite) {
    file.numbers("/node/nodes/lif/v_threshold", {2}, {-INFINITY, 1});
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/lif/v_threshold: is infinite at [0]");
}

TEST_F(NirBad, TimeConstantZero) {
    file.numbers("/node/nodes/lif/tau", {2}, {1, 0});
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/lif/tau: is 0 at [1]; must be above 0");
}

TEST_F(NirBad, ShapeIsNoShape) {
    file.numbers("/node/nodes/input/shape", {1}, {2.5});
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/input/shape: is 2.5; a whole number from 1 to 134217728 is allowed");
}

TEST_F(NirBad, ShapeTooLarge) {
    file.numbers("/node/nodes/input/shape", {3}, {100000, 100000, 100000}, H5T_STD_I64LE);
    EXPECT_EQ(error(WEFT_E_INVALID),
              "/node/nodes/input/shape: stands for 1000000000000000 values; at most 134217728 are allowed");
}

TEST_F(NirBad, UnknownType) {
    file.text("/node/nodes/lif/type", "CubaLIFF");
    EXPECT_EQ(error(WEFT_E_UNSUPPORTED), "/node/nodes/lif: type \"CubaLIFF\" is not known; did you mean CubaLIF");
}

TEST_F(NirBad, TypeIsANumber) {
    file.numbers("/node/nodes/lif/type", {}, {1});
    EXPECT_EQ(error(WEFT_E_PARSE), "/node/nodes/lif/type: is no single text");
}

TEST_F(NirBad, OutermostIsNoGraph) {
    file.text("/node/type", "LIF");
    EXPECT_EQ(error(WEFT_E_UNSUPPORTED), "/node: is of type LIF; the outermost is a NIRGraph");
}

TEST_F(NirBad, CyclicSubgraph) {
    file.begin_graph("/node/nodes/sub");
    file.edges("/node/nodes/sub", {"a", "a"});
    file.hard_link("/node/nodes/sub", "/node/nodes/sub/nodes/a");
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/sub/nodes/a: is a graph that contains itself");
}

TEST_F(NirBad, ContainsTheOutermost) {
    file.hard_link("/node", "/node/nodes/self");
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/self: is a graph that contains itself");
}

TEST_F(NirBad, TooDeep) {
    std::string at = "/node/nodes";
    for (int i = 0; i < 16; i++) {
        at += "/g";
        file.begin_graph(at);
        file.texts(at + "/edges", {0, 2}, {});
        at += "/nodes";
    }
    std::string place = "/node";
    for (int i = 0; i < 16; i++) place += "/nodes/g";
    EXPECT_EQ(error(WEFT_E_INVALID), place + ": is nested deeper than 16 graphs");
}

TEST_F(NirBad, ManyNodesThroughLinks) { // 8 x 8 x ... of one graph: few bytes, many nodes
    std::string at = "/node/nodes/g";
    for (int i = 0; i < 8; i++) {
        file.begin_graph(at);
        file.texts(at + "/edges", {0, 2}, {});
        at += "/nodes/g";
    }
    at = "/node/nodes/g";
    for (int i = 0; i < 7; i++) {
        for (int copy = 0; copy < 7; copy++) file.hard_link(at + "/nodes/g", at + "/nodes/copy" + std::to_string(copy));
        at += "/nodes/g";
    }
    EXPECT_NE(error(WEFT_E_INVALID).find(": with it there are more than 16384 nodes"), std::string::npos);
}

TEST_F(NirBad, SoftLink) {
    file.remove("/node/nodes/lif/tau");
    file.soft_link("/node/nodes/lif/r", "/node/nodes/lif/tau");
    EXPECT_EQ(error(WEFT_E_UNSUPPORTED), "/node/nodes/lif: \"tau\" is a link to another place or file");
}

TEST_F(NirBad, ExternalData) {
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(plist, "/etc/hostname", 0, 8);
    file.put("/node/nodes/lif/tau", H5T_IEEE_F32LE, H5T_NATIVE_DOUBLE, {2}, nullptr, plist);
    H5Pclose(plist);
    EXPECT_EQ(error(WEFT_E_UNSUPPORTED), "/node/nodes/lif/tau: has its data in another file");
}

TEST_F(NirBad, ValuesThatAreNotThere) { // claims 100 million, stores none
    file.put("/node/nodes/lif/tau", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {100000000}, nullptr);
    EXPECT_EQ(error(WEFT_E_PARSE), "/node/nodes/lif/tau: should have 800000000 bytes, of which 0 are in the file");
}

TEST_F(NirBad, AbsurdSize) {
    file.put("/node/nodes/lif/tau", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {1000000, 1000000}, nullptr);
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/lif/tau: has more than 134217728 values");
}

TEST_F(NirBad, AbsurdChunks) {
    const hsize_t chunk[1] = {10000000};
    const hsize_t most[1] = {H5S_UNLIMITED}; // a chunk may be larger than what it holds
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plist, 1, chunk);
    H5Pset_deflate(plist, 9);
    const hsize_t size[1] = {2};
    const hid_t space = H5Screate_simple(1, size, most);
    file.remove("/node/nodes/lif/tau");
    const hid_t set = H5Dcreate2(file.id(), "/node/nodes/lif/tau", H5T_STD_I8LE, space, 0, plist, 0);
    const signed char values[2] = {1, 2};
    EXPECT_GE(H5Dwrite(set, H5T_NATIVE_SCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(plist);
    EXPECT_EQ(error(WEFT_E_INVALID), "/node/nodes/lif/tau: has chunks of 10000000 values for 2 values");
}

TEST_F(NirBad, OddType) {
    const hid_t type = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(type, "x", 0, H5T_NATIVE_DOUBLE);
    file.put("/node/nodes/lif/tau", type, type, {2}, nullptr);
    H5Tclose(type);
    EXPECT_EQ(error(WEFT_E_UNSUPPORTED),
              "/node/nodes/lif/tau: is of a type other than floats of 32 and 64 bits, integers and texts");
}

TEST_F(NirBad, Convolutions) {
    file.node("/node/nodes/c", "Conv1d");
    file.numbers("/node/nodes/c/weight", {3, 1, 2}, {1, 2, 3, 4, 5, 6});
    file.numbers("/node/nodes/c/bias", {3}, {1, 2, 3});
    file.numbers("/node/nodes/c/stride", {}, {2}, H5T_STD_I64LE);
    file.numbers("/node/nodes/c/dilation", {}, {1}, H5T_STD_I64LE);
    file.numbers("/node/nodes/c/groups", {}, {2}, H5T_STD_I64LE);
    file.text("/node/nodes/c/padding", "same");
    const auto fresh = [&](weft_status status) {
        H5Fflush(file.id(), H5F_SCOPE_LOCAL);
        std::ifstream in(file.path(), std::ios::binary);
        return error_of({std::istreambuf_iterator<char>(in), {}}, status);
    };
    EXPECT_EQ(fresh(WEFT_E_INVALID), "/node/nodes/c/groups: is 2, which does not divide the 3 outputs");
    file.numbers("/node/nodes/c/groups", {}, {3}, H5T_STD_I64LE);
    EXPECT_EQ(fresh(WEFT_E_INVALID), "/node/nodes/c: padding \"same\" needs a stride of 1");
    file.text("/node/nodes/c/padding", "full");
    EXPECT_EQ(fresh(WEFT_E_INVALID), "/node/nodes/c/padding: is \"full\"; numbers, \"same\" or \"valid\" are allowed");
    file.numbers("/node/nodes/c/padding", {2}, {1, 1}, H5T_STD_I64LE);
    EXPECT_EQ(fresh(WEFT_E_INVALID), "/node/nodes/c/padding: has the shape [2]; at most 1 number is allowed");
}

} // namespace
