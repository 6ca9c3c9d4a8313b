// NIR graphs: what is written reads back, in the layout that the nir package has; graphs in graphs; shapes.
#include "tests/support/nir_file.h"

using namespace weft_test;

namespace {

std::string bytes_of(const weft_nir *nir) {
    uint8_t *bytes = nullptr;
    size_t size = 0;
    weft_error err = {};
    EXPECT_EQ(weft_nir_pack(&bytes, &size, nir, &err), WEFT_OK) << err.text;
    std::string out(reinterpret_cast<char *>(bytes), size);
    free(bytes);
    return out;
}

Nir parse(const std::string &bytes, weft_error *err) {
    weft_nir *nir = nullptr;
    const weft_status status = weft_nir_parse(&nir, bytes.data(), bytes.size(), "test.nir", err);
    EXPECT_EQ(status == WEFT_OK, nir != nullptr);
    return Nir(nir);
}

// Every type, every parameter, every dtype.
Nir everything() {
    Nir nir = make_nir();
    std::mt19937 dice(5);
    const auto each = [&](const char *name) {
        return Parameter{name, {2, 3}, random_values(dice, 6, 0.5, 2), WEFT_NIR_FLOAT64};
    };
    weft_nir *n = nir.get();
    add_input(n, "input", {2, 9, 7});
    add_output(n, "output", {4});
    add(n, WEFT_NIR_AFFINE, "affine", {{"weight", {4, 3}, random_values(dice, 12, -1, 1)}, {"bias", {4}, {0.1}}});
    add(n, WEFT_NIR_LINEAR, "linear", {{"weight", {2, 4, 3}, random_values(dice, 24, -1, 1), WEFT_NIR_FLOAT64}});
    add(n, WEFT_NIR_SCALE, "scale", {each("scale")});
    add(n, WEFT_NIR_CONV1D, "conv1d",
        {{"weight", {2, 1, 3}, random_values(dice, 6, -1, 1)},
         {"bias", {2}, {0}},
         whole("stride", 1),
         {"padding", {}, {0}, WEFT_NIR_TEXT, "same"},
         whole("dilation", 2),
         whole("groups", 2),
         whole("input_shape", 8)});
    add(n, WEFT_NIR_CONV2D, "conv2d",
        {{"weight", {2, 2, 3, 1}, random_values(dice, 12, -1, 1)},
         {"bias", {2}, {1, 2}},
         ints("stride", {1, 2}),
         ints("padding", {0, 1}),
         ints("dilation", {1, 1}),
         whole("groups", 1),
         ints("input_shape", {9, 7})});
    for (auto type : {WEFT_NIR_SUM_POOL2D, WEFT_NIR_AVG_POOL2D})
        add(n, type, type == WEFT_NIR_SUM_POOL2D ? "sum" : "mean",
            {ints("kernel_size", {2, 2}), ints("stride", {2, 1}), ints("padding", {1, 0})});
    add(n, WEFT_NIR_FLATTEN, "flatten", {whole("start_dim", 0), whole("end_dim", -1), ints("input_type", {2, 9, 7})});
    add(n, WEFT_NIR_I, "i", {each("r")});
    add(n, WEFT_NIR_IF, "if", {each("r"), each("v_threshold"), each("v_reset")});
    add(n, WEFT_NIR_LI, "li", {each("tau"), each("r"), each("v_leak")});
    add(n, WEFT_NIR_LIF, "lif", {each("tau"), each("r"), each("v_leak"), each("v_threshold")});
    add(n, WEFT_NIR_CUBA_LI, "cuba_li", {each("tau_syn"), each("tau_mem"), each("r"), each("v_leak"), each("w_in")});
    add(n, WEFT_NIR_CUBA_LIF, "cuba_lif",
        {each("tau_syn"), each("tau_mem"), each("r"), each("v_leak"), each("v_threshold"), each("v_reset"),
         each("w_in")});
    add(n, WEFT_NIR_THRESHOLD, "threshold", {each("threshold")});
    add(n, WEFT_NIR_DELAY, "delay", {each("delay")});
    weft_nir_graph *graph = add_graph(n, "sub");
    add_input(n, "in", {3}, graph);
    add_graph(n, "empty", graph);
    add_output(n, "out", {3}, graph);
    connect(n, {{"in", "out"}}, graph);
    connect(n, {{"lif", "lif"}, {"input", "conv2d"}, {"affine", "output"}});
    return nir;
}

TEST(Nir, RoundTripOfEveryType) {
    const Nir nir = everything();
    std::set<weft_nir_type> types;
    for (int i = 0; i < nir->graph->node_count; i++) types.insert(nir->graph->nodes[i].type);
    EXPECT_EQ(types.size(), size_t{WEFT_NIR_TYPE_COUNT});
    const std::string bytes = bytes_of(nir.get());
    weft_error err = {};
    const Nir again = parse(bytes, &err);
    ASSERT_TRUE(again) << err.text;
    EXPECT_TRUE(weft_nir_equal(nir.get(), again.get()));
    EXPECT_TRUE(bytes_of(nir.get()) == bytes) << "not the same bytes each time";
    // Each difference is one.
    for (int n = 0; n < again->graph->node_count; n++)
        for (int v = 0; v < again->graph->nodes[n].value_count; v++) {
            weft_nir_value *value = &again->graph->nodes[n].values[v];
            if (!value->name || !value->values) continue;
            value->values[value->count - 1] += 1;
            EXPECT_FALSE(weft_nir_equal(nir.get(), again.get())) << value->name;
            value->values[value->count - 1] -= 1;
        }
    std::swap(again->graph->edges[0], again->graph->edges[1]);
    EXPECT_FALSE(weft_nir_equal(nir.get(), again.get()));
}

TEST(Nir, ValuesAreRoundedToTheirType) {
    const Nir nir = make_nir();
    add(nir.get(), WEFT_NIR_SCALE, "s", {{"scale", {1}, {0.1}}});
    EXPECT_EQ(nir->graph->nodes[0].values[0].values[0], static_cast<double>(0.1f));
    add(nir.get(), WEFT_NIR_SCALE, "t", {{"scale", {1}, {0.1}, WEFT_NIR_FLOAT64}});
    EXPECT_EQ(nir->graph->nodes[1].values[0].values[0], 0.1);
}

// As h5py has them: texts of variable length in UTF-8, numbers little-endian, scalars without dimensions.
void expect_type(hid_t file, const char *at, H5T_class_t type, hid_t exact, const std::vector<hsize_t> &sizes) {
    const hid_t set = H5Dopen2(file, at, H5P_DEFAULT);
    ASSERT_GE(set, 0) << at;
    const hid_t has = H5Dget_type(set), space = H5Dget_space(set);
    EXPECT_EQ(H5Tget_class(has), type) << at;
    if (type == H5T_STRING) {
        EXPECT_GT(H5Tis_variable_str(has), 0);
        EXPECT_EQ(H5Tget_cset(has), H5T_CSET_UTF8);
    } else {
        EXPECT_GT(H5Tequal(has, exact), 0) << at;
    }
    hsize_t dims[8] = {};
    EXPECT_EQ(H5Sget_simple_extent_dims(space, dims, nullptr), static_cast<int>(sizes.size())) << at;
    for (size_t i = 0; i < sizes.size(); i++) EXPECT_EQ(dims[i], sizes[i]) << at;
    EXPECT_EQ(H5Sget_simple_extent_type(space), sizes.empty() ? H5S_SCALAR : H5S_SIMPLE) << at;
    H5Tclose(has);
    H5Sclose(space);
    H5Dclose(set);
}

TEST(Nir, LayoutOfTheFile) {
    const std::string path = testing::TempDir() + "weft-nir-layout.nir";
    const Nir nir = everything();
    weft_error err = {};
    ASSERT_EQ(weft_nir_write(nir.get(), path.c_str(), &err), WEFT_OK) << err.text;
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    expect_type(file, "/version", H5T_STRING, -1, {});
    expect_type(file, "/node/type", H5T_STRING, -1, {});
    expect_type(file, "/node/edges", H5T_STRING, -1, {3, 2});
    expect_type(file, "/node/nodes/input/shape", H5T_INTEGER, H5T_STD_I64LE, {3});
    expect_type(file, "/node/nodes/conv1d/padding", H5T_STRING, -1, {});
    expect_type(file, "/node/nodes/conv2d/groups", H5T_INTEGER, H5T_STD_I64LE, {});
    expect_type(file, "/node/nodes/conv2d/weight", H5T_FLOAT, H5T_IEEE_F32LE, {2, 2, 3, 1});
    expect_type(file, "/node/nodes/lif/tau", H5T_FLOAT, H5T_IEEE_F64LE, {2, 3});
    expect_type(file, "/node/nodes/sub/type", H5T_STRING, -1, {});
    expect_type(file, "/node/nodes/sub/nodes/empty/edges", H5T_FLOAT, H5T_IEEE_F64LE, {0});
    EXPECT_EQ(H5Lexists(file, "/node/nodes/lif/v_reset", H5P_DEFAULT), 0);
    H5Fclose(file);
    std::filesystem::remove(path);
}

TEST(Nir, ReadsWhatOthersWrite) { // packed, chunked, integers and halves, fixed texts, metadata, order of names
    NirFile file(testing::TempDir() + "weft-nir-others.nir");
    file.fill();
    const hsize_t chunk[1] = {2};
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(plist, 1, chunk);
    H5Pset_shuffle(plist);
    H5Pset_deflate(plist, 4);
    file.numbers("/node/nodes/lif/tau", {2}, {0.25, 0.5}, H5T_IEEE_F64BE, plist);
    H5Pclose(plist);
    file.numbers("/node/nodes/lif/r", {}, {3}, H5T_STD_U8LE);
    file.group("/node/nodes/lif/metadata");
    file.text("/node/nodes/lif/metadata/note", "anything");
    file.numbers("/node/nodes/lif/input_type", {1}, {2}, H5T_STD_I64LE);
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, 5);
    file.put("/node/nodes/lif/type", type, type, {}, "LIF\0\0");
    H5Tclose(type);
    weft_error err = {};
    const Nir nir = parse(file.bytes(), &err);
    ASSERT_TRUE(nir) << err.text;
    EXPECT_STREQ(nir->version, "0.2.0");
    EXPECT_STREQ(nir->graph->nodes[1].name, "lif");
    const weft_nir_value *tau = weft_nir_get(&nir->graph->nodes[1], "tau");
    EXPECT_EQ(tau->dtype, WEFT_NIR_FLOAT64);
    EXPECT_EQ(tau->values[1], 0.5);
    EXPECT_EQ(weft_nir_get(&nir->graph->nodes[1], "r")->shape.rank, 0);
    EXPECT_EQ(weft_nir_get(&nir->graph->nodes[1], "v_reset"), nullptr);
    ASSERT_EQ(nir->graph->edge_count, 2);
    EXPECT_EQ(nir->graph->edges[0].from, 0);
    EXPECT_EQ(nir->graph->edges[1].to, 2);
}

// ---- graphs in graphs ----

TEST(Nir, FlattenResolvesInnerInputsAndOutputs) {
    const Nir nir = make_nir();
    weft_nir *n = nir.get();
    add_input(n, "input", {1});
    add_output(n, "output", {1});
    weft_nir_graph *sub = add_graph(n, "sub");
    add_input(n, "in", {1}, sub);
    add_if(n, "if", {1}, 1, sub);
    add_output(n, "out", {1}, sub);
    weft_nir_graph *through = add_graph(n, "wire", sub);
    add_input(n, "in", {1}, through);
    add_output(n, "out", {1}, through);
    connect(n, {{"in", "out"}}, through);
    connect(n, {{"in", "if"}, {"if", "wire"}, {"wire", "out"}}, sub);
    connect(n, {{"input", "sub"}, {"sub", "output"}, {"sub", "sub"}});
    weft_error err = {};
    ASSERT_EQ(weft_nir_check(n, nullptr, &err), WEFT_OK) << err.text;
    ASSERT_EQ(weft_nir_flatten(n, nullptr, &err), WEFT_OK) << err.text;
    std::multiset<std::string> edges;
    for (int e = 0; e < n->graph->edge_count; e++)
        edges.insert(std::string(n->graph->nodes[n->graph->edges[e].from].name) + ">" +
                     n->graph->nodes[n->graph->edges[e].to].name);
    EXPECT_EQ(n->graph->node_count, 3);
    EXPECT_EQ(edges, (std::multiset<std::string>{"input>sub.if", "sub.if>output", "sub.if>sub.if"}));
}

std::string flatten_error(weft_nir *nir) {
    weft_error err = {};
    EXPECT_EQ(weft_nir_flatten(nir, "f.nir", &err), WEFT_E_INVALID);
    return std::string(err.file) + ": " + err.text;
}

TEST(Nir, FlattenErrors) {
    Nir nir = make_nir();
    add_input(nir.get(), "a", {1});
    weft_nir_graph *sub = add_graph(nir.get(), "sub");
    add_if(nir.get(), "x", {1}, 1, sub);
    connect(nir.get(), {{"a", "sub"}});
    EXPECT_EQ(flatten_error(nir.get()), "f.nir: sub: has an edge to it, but no Input");
    nir = make_nir();
    add_input(nir.get(), "a", {1});
    sub = add_graph(nir.get(), "sub");
    add_output(nir.get(), "x", {1}, sub);
    add_output(nir.get(), "y", {1}, sub);
    add_input(nir.get(), "z", {1}, sub);
    connect(nir.get(), {{"a", "sub"}, {"sub", "sub"}});
    EXPECT_EQ(flatten_error(nir.get()), "f.nir: sub: has an edge from it, but more than one Output");
    nir = make_nir();
    sub = add_graph(nir.get(), "sub");
    add_if(nir.get(), "x", {1}, 1, sub);
    add_if(nir.get(), "sub.x", {1});
    EXPECT_EQ(flatten_error(nir.get()), "f.nir: sub.x: is the name of two nodes once graphs in graphs are resolved");
    nir = make_nir();
    add_input(nir.get(), "a", {1});
    sub = add_graph(nir.get(), "sub");
    add_input(nir.get(), "in", {1}, sub);
    add_output(nir.get(), "out", {1}, sub);
    connect(nir.get(), {{"in", "out"}}, sub);
    connect(nir.get(), {{"a", "sub"}, {"sub", "sub"}});
    EXPECT_EQ(flatten_error(nir.get()),
              "f.nir: sub.in: is in a loop, or too many chains, of graphs without a node between");
}

// ---- shapes ----

TEST(Nir, ShapesAreFoundAlongTheEdges) {
    const Nir nir = make_nir();
    weft_nir *n = nir.get();
    add_input(n, "in", {2, 8, 6});
    add(n, WEFT_NIR_SUM_POOL2D, "pool", {whole("kernel_size", 2), whole("stride", 2), whole("padding", 0)});
    add(n, WEFT_NIR_CONV2D, "conv",
        {{"weight", {3, 2, 2, 2}, {1}},
         {"bias", {3}, {0}},
         whole("stride", 1),
         whole("padding", 0),
         whole("dilation", 1),
         whole("groups", 1)});
    add(n, WEFT_NIR_THRESHOLD, "fire", {{"threshold", {}, {1}}}); // a single value: whatever comes in
    add(n, WEFT_NIR_FLATTEN, "flat", {whole("start_dim", 1), whole("end_dim", -1)});
    add_output(n, "out", {3, 6});
    connect(n, {{"in", "pool"}, {"pool", "conv"}, {"conv", "fire"}, {"fire", "flat"}, {"flat", "out"}});
    weft_nir_shapes shapes = {};
    weft_error err = {};
    ASSERT_EQ(weft_nir_shapes_find(&shapes, n->graph, nullptr, &err), WEFT_OK) << err.text;
    const char *wanted[] = {"[2, 8, 6]", "[2, 4, 3]", "[3, 3, 2]", "[3, 3, 2]", "[3, 6]", "[3, 6]"};
    for (int i = 0; i < n->graph->node_count; i++) {
        char text[64];
        weft_nir_shape_text(text, sizeof text, &shapes.out[i]);
        EXPECT_STREQ(text, wanted[i]) << n->graph->nodes[i].name;
    }
    weft_nir_shapes_free(&shapes);
}

std::string shape_error(const weft_nir *nir) {
    weft_nir_shapes shapes = {};
    weft_error err = {};
    EXPECT_EQ(weft_nir_shapes_find(&shapes, nir->graph, "s.nir", &err), WEFT_E_INVALID);
    EXPECT_EQ(shapes.in, nullptr);
    return std::string(err.file) + ": " + err.text;
}

TEST(Nir, ShapeErrors) {
    Nir nir = make_nir();
    add_input(nir.get(), "in", {2, 3});
    add_if(nir.get(), "if", {4});
    connect(nir.get(), {{"in", "if"}});
    EXPECT_EQ(shape_error(nir.get()), "s.nir: edge \"in\" -> \"if\": the first puts out [2, 3], the second takes [4]");
    nir = make_nir();
    add_input(nir.get(), "in", {1, 2, 2});
    add(nir.get(), WEFT_NIR_AVG_POOL2D, "pool", {whole("kernel_size", 3), whole("stride", 1), whole("padding", 0)});
    connect(nir.get(), {{"in", "pool"}});
    EXPECT_EQ(shape_error(nir.get()), "s.nir: pool: the kernel is larger than the padded map");
    nir = make_nir();
    add(nir.get(), WEFT_NIR_AVG_POOL2D, "pool", {whole("kernel_size", 3), whole("stride", 1), whole("padding", 0)});
    EXPECT_EQ(shape_error(nir.get()), "s.nir: pool: nothing tells the shape of what comes in");
}

} // namespace
