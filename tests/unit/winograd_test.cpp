// Winograd convolutions in bfloat16 against the plain sum: exact where every intermediate value is a small integer.
#include "trainer/winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace {

float widen(uint16_t value) {
    uint32_t bits = uint32_t(value) << 16;
    float out;
    std::memcpy(&out, &bits, sizeof out);
    return out;
}

// Ties to even, as the processor does.
uint16_t narrow(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

template <class T> T *aligned(std::vector<T> &block, size_t count) {
    block.assign(count + 64 / sizeof(T), T(0x55));
    auto address = reinterpret_cast<uintptr_t>(block.data());
    return reinterpret_cast<T *>((address + 63) / 64 * 64);
}

struct Problem {
    weft_winograd s;
    std::vector<uint16_t> src, slope; // [batch, height, width, channels]
    std::vector<float> weight;        // [out, in, 3, 3]

    Problem(weft_winograd shape, float amplitude, bool integers, unsigned seed = 1) : s(shape) {
        std::mt19937 rng(seed);
        std::uniform_real_distribution<float> draw(-amplitude, amplitude);
        auto value = [&] { return integers ? std::round(draw(rng)) : draw(rng); };
        size_t pixels = size_t(s.batch) * size_t(s.height) * size_t(s.width);
        for (size_t i = 0; i < pixels * size_t(s.in); i++) src.push_back(narrow(value()));
        for (size_t i = 0; i < pixels * size_t(s.out); i++) slope.push_back(narrow(value()));
        for (size_t i = 0; i < size_t(s.out) * size_t(s.in) * 9; i++)
            weight.push_back(integers ? (rng() % 2 ? 1.0f : -1.0f) : draw(rng));
    }

    // visit(source value index, output value index, weight index) for every product of the convolution.
    template <class Visit> void products(Visit visit) const {
        for (int b = 0; b < s.batch; b++)
            for (int y = 0; y < s.height; y++)
                for (int x = 0; x < s.width; x++)
                    for (int k = 0; k < 9; k++) {
                        int v = y + k / 3 - 1, u = x + k % 3 - 1;
                        if (v < 0 || u < 0 || v >= s.height || u >= s.width) continue;
                        size_t to = size_t((b * s.height + y) * s.width + x),
                               from = size_t((b * s.height + v) * s.width + u);
                        for (int o = 0; o < s.out; o++)
                            for (int i = 0; i < s.in; i++)
                                visit(from * size_t(s.in) + size_t(i), to * size_t(s.out) + size_t(o),
                                      size_t(o * s.in + i) * 9 + size_t(k));
                    }
    }
};

struct Result {
    std::vector<float> dst, diff_src, diff_weight;
};

Result expected(const Problem &p) {
    std::vector<double> dst(p.slope.size()), diff_src(p.src.size()), diff_weight(p.weight.size());
    p.products([&](size_t from, size_t to, size_t w) {
        dst[to] += double(widen(p.src[from])) * double(p.weight[w]);
        diff_src[from] += double(widen(p.slope[to])) * double(p.weight[w]);
        diff_weight[w] += double(widen(p.src[from])) * double(widen(p.slope[to]));
    });
    return {{dst.begin(), dst.end()}, {diff_src.begin(), diff_src.end()}, {diff_weight.begin(), diff_weight.end()}};
}

Result computed(const Problem &p, int parts) {
    std::vector<uint16_t> blocks[4];
    std::vector<char> work;
    bool back = p.s.in % 16 == 0;
    uint16_t *forward = aligned(blocks[0], weft_winograd_weight_count(&p.s));
    uint16_t *backward = aligned(blocks[1], weft_winograd_weight_count(&p.s));
    std::vector<uint16_t> dst(p.slope.size()), diff_src(p.src.size());
    Result out{std::vector<float>(dst.size()), std::vector<float>(diff_src.size()),
               std::vector<float>(p.weight.size())};
    void *workspace = aligned(work, weft_winograd_workspace(&p.s));
    for (int part = 0; part < parts; part++)
        weft_winograd_weights(&p.s, p.weight.data(), forward, back ? backward : nullptr, part, parts);
    weft_winograd_forward(&p.s, p.src.data(), forward, dst.data(), workspace);
    if (back) weft_winograd_backward_data(&p.s, p.slope.data(), backward, diff_src.data(), workspace);
    weft_winograd_backward_weights(&p.s, p.src.data(), p.slope.data(), out.diff_weight.data(), workspace);
    for (size_t i = 0; i < dst.size(); i++) out.dst[i] = widen(dst[i]);
    for (size_t i = 0; i < diff_src.size(); i++) out.diff_src[i] = widen(diff_src[i]);
    return out;
}

double relative(const std::vector<float> &want, const std::vector<float> &got) {
    double error = 0, size = 0;
    for (size_t i = 0; i < want.size(); i++) {
        error += (double(want[i]) - double(got[i])) * (double(want[i]) - double(got[i]));
        size += double(want[i]) * double(want[i]);
    }
    return std::sqrt(error / size);
}

std::vector<float> rounded(std::vector<float> values) {
    for (float &value : values) value = widen(narrow(value));
    return values;
}

class Winograd : public testing::TestWithParam<weft_winograd> {
  protected:
    void SetUp() override {
        if (!weft_winograd_supported()) GTEST_SKIP() << "the processor has no AVX512-BF16";
    }
};

TEST_P(Winograd, IsExactOnSmallIntegersAndSigns) {
    Problem p(GetParam(), 3, true);
    Result want = expected(p), got = computed(p, 3);
    EXPECT_EQ(rounded(want.dst), got.dst);
    if (p.s.in % 16 == 0) { EXPECT_EQ(rounded(want.diff_src), got.diff_src); }
    EXPECT_EQ(want.diff_weight, got.diff_weight);
}

TEST_P(Winograd, ErrsOnlyByRoundingOnRealNumbers) {
    Problem p(GetParam(), 1, false);
    Result want = expected(p), got = computed(p, 1);
    const double bound = 0.008; // two roundings to 8 bits: measured 0.003 to 0.006
    EXPECT_LT(relative(want.dst, got.dst), bound);
    if (p.s.in % 16 == 0) { EXPECT_LT(relative(want.diff_src, got.diff_src), bound); }
    EXPECT_LT(relative(want.diff_weight, got.diff_weight), bound);
    EXPECT_GT(relative(want.dst, got.dst), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Winograd,
                         testing::Values(weft_winograd{1, 1, 1, 16, 16}, weft_winograd{5, 2, 2, 32, 16},
                                         weft_winograd{2, 7, 5, 24, 32}, weft_winograd{7, 9, 9, 48, 80},
                                         weft_winograd{3, 8, 8, 8, 16}, weft_winograd{2, 32, 32, 16, 48},
                                         weft_winograd{40, 4, 4, 32, 32}));

} // namespace
