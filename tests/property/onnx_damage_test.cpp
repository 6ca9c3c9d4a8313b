// Does the ONNX reader survive any damage to a good file: an error with a text, or a network that is valid in itself?
#include "core/onnx.h"

#include <cstdlib>

#include "tests/network_invariants.h"
#include "tests/network_samples.h"

using namespace samples;

namespace {

std::string file_of(const Network &net) {
    Folder folder;
    weft_error err = {};
    EXPECT_EQ(weft_onnx_write(net.get(), (folder / "net.onnx").c_str(), &err), WEFT_OK) << err.text;
    return read_file(folder / "net.onnx");
}

std::string good_file() { return file_of(every_kind(11, true)); }

// A chain of every kind of layer that is trained, a net with branches and activations of several nodes, and the kinds
// that only imported nets have.
std::vector<std::string> good_files() { return {good_file(), file_of(residual(12, true)), file_of(imported(13))}; }

// The bytes are copied to a block of exactly their size, so that a sanitizer sees a read past the end.
bool parse_damaged(const std::string &data) {
    std::unique_ptr<char, decltype(&free)> block(static_cast<char *>(malloc(data.size())), free);
    weft_network *net = nullptr;
    weft_error err = {};
    memcpy(block.get(), data.data(), data.size());
    weft_status status = weft_onnx_parse(&net, block.get(), data.size(), "damaged.onnx", &err);
    if (status == WEFT_OK) {
        expect_valid_network(net);
        weft_network_destroy(net);
        return true;
    }
    EXPECT_EQ(net, nullptr);
    EXPECT_EQ(err.status, status);
    EXPECT_TRUE(status == WEFT_E_PARSE || status == WEFT_E_INVALID || status == WEFT_E_UNSUPPORTED) << err.text;
    EXPECT_STRNE(err.text, "");
    return false;
}

TEST(OnnxDamage, TruncationAtEvery97thByte) {
    const std::string good = good_file();
    ASSERT_TRUE(parse_damaged(good));
    size_t graph_end = good.find("weft.preprocess"); /* what follows the graph may be missing without harm */
    ASSERT_NE(graph_end, std::string::npos);
    for (size_t size = 1; size < good.size(); size += 97) {
        bool accepted = parse_damaged(good.substr(0, size));
        if (size < graph_end - 32) { EXPECT_FALSE(accepted) << size; }
    }
}

TEST(OnnxDamage, TruncatedBranchesAtEvery89thByte) {
    const std::string good = file_of(residual(12, true));
    ASSERT_TRUE(parse_damaged(good));
    size_t names = good.find("latent_weights"); /* behind the graph */
    ASSERT_NE(names, std::string::npos);
    for (size_t size = 1; size < good.size(); size += 89) {
        bool accepted = parse_damaged(good.substr(0, size));
        if (size < names - 32) { EXPECT_FALSE(accepted) << size; }
    }
}

TEST(OnnxDamage, ThreeThousandFlippedBytes) {
    const weft_rng rng = {1, 0, 0, WEFT_PURPOSE_TEST};
    for (const std::string &good : good_files()) {
        int refused = 0;
        for (uint64_t i = 0; i < 3000; i++) {
            std::string bad = good;
            size_t at = weft_rng_u32(&rng, 3 * i) % good.size();
            bad[at] = static_cast<char>(bad[at] ^ static_cast<char>(1 + weft_rng_u32(&rng, 3 * i + 1) % 255));
            refused += !parse_damaged(bad);
        }
        EXPECT_GT(refused, 100);
        EXPECT_LT(refused, 3000);
    }
}

TEST(OnnxDamage, SeveralFlippedBytesAtOnce) {
    const weft_rng rng = {2, 0, 0, WEFT_PURPOSE_TEST};
    for (const std::string &good : good_files())
        for (uint64_t i = 0; i < 500; i++) {
            std::string bad = good;
            for (uint64_t k = 0; k < 16; k++)
                bad[weft_rng_u32(&rng, 32 * i + 2 * k) % bad.size()] =
                    static_cast<char>(weft_rng_u32(&rng, 32 * i + 2 * k + 1));
            parse_damaged(bad);
        }
}

/* Node bytes only, without the weights: most damage hits names, links between nodes and operators. */
TEST(OnnxDamage, FlippedBytesAmongTheNodes) {
    const std::string good = file_of(residual(12, false));
    const size_t first = good.find("conv0"), last = good.find("Flatten");
    const weft_rng rng = {4, 0, 0, WEFT_PURPOSE_TEST};
    int refused = 0;
    ASSERT_LT(first, last);
    for (uint64_t i = 0; i < 4000; i++) {
        std::string bad = good;
        size_t at = first + weft_rng_u32(&rng, 2 * i) % (last - first);
        bad[at] = static_cast<char>(weft_rng_u32(&rng, 2 * i + 1));
        refused += !parse_damaged(bad);
    }
    EXPECT_GT(refused, 1000);
    EXPECT_LT(refused, 4000);
}

TEST(OnnxDamage, RandomBytes) {
    const weft_rng rng = {3, 0, 0, WEFT_PURPOSE_TEST};
    uint64_t draw = 0;
    for (int i = 0; i < 2000; i++) {
        std::string bytes(1 + weft_rng_u32(&rng, draw++) % 300, '\0');
        for (char &b : bytes) b = static_cast<char>(weft_rng_u32(&rng, draw++));
        EXPECT_FALSE(parse_damaged(bytes));
    }
}

} // namespace
