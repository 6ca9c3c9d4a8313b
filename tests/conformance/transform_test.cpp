/* Does every row of the table of transforms honour its contract? New rows are picked up by themselves. */
#include "core/transform.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <string>
#include <vector>

using V = std::vector<float>;
enum { COUNT = 100003 }; /* several parts, none a whole number of blocks */

static std::vector<const weft_transform_op *> rows() {
    std::vector<const weft_transform_op *> all;
    for (int i = 0; weft_transform_table[i]; i++) all.push_back(weft_transform_table[i]);
    return all;
}

static std::string number(double value) {
    char text[64];
    snprintf(text, sizeof text, "%.17g", value);
    return text;
}

/* The row with its defaults, with each parameter at both ends, and with each parameter a range. */
static std::vector<std::string> variants(const weft_transform_op *op) {
    std::vector<std::string> all = {op->name};
    for (int i = 0; i < op->param_count; i++) {
        const weft_transform_param &p = op->params[i];
        std::string head = std::string(op->name) + ":" + p.name + "=";
        for (double value : {p.min, p.max}) all.push_back(head + number(value));
        all.push_back(head + number(p.min) + ".." + number(p.max));
    }
    return all;
}

static weft_transform_chain parsed(const std::string &text) {
    weft_transform_chain chain = {};
    weft_error err = {};
    EXPECT_EQ(weft_transform_chain_parse(&chain, text.c_str(), &err), WEFT_OK) << err.text;
    return chain;
}

static V applied(const std::string &text, const V &w, uint64_t seed = 1) {
    weft_transform_chain chain = parsed(text);
    weft_transform_draw draw = {seed, 5, 2, WEFT_PURPOSE_PROJECT};
    weft_error err = {};
    V out(w.size());
    EXPECT_EQ(weft_transform_chain_apply(&chain, w.data(), out.data(), w.size(), &draw, &err), WEFT_OK) << err.text;
    return out;
}

static weft_status prepared(const weft_transform_op *op, weft_transform_scope *scope, const V &w) {
    return op->prepare ? op->prepare(scope, w.data(), w.size(), nullptr) : WEFT_OK;
}

static bool same_bytes(const V &a, const V &b) {
    return a.size() == b.size() && memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/* Normal weights, none of them zero. */
static V weights(size_t count = COUNT) {
    V w(count);
    weft_rng rng = {99, 0, 0, WEFT_PURPOSE_TEST};
    weft_rng_fill_normal(&rng, 0, count, w.data());
    for (float &x : w) x = x == 0.0f ? 0.01f : 0.05f * x;
    return w;
}

/* One weight of 1, which is alpha, and copies of another. */
static V copies_of(float value) {
    V w(COUNT, value);
    w[0] = 1.0f;
    return w;
}

class Transform : public ::testing::TestWithParam<const weft_transform_op *> {};
INSTANTIATE_TEST_SUITE_P(Table, Transform, ::testing::ValuesIn(rows()),
                         [](const auto &row) { return std::string(row.param->name); });

TEST_P(Transform, RowIsComplete) {
    const weft_transform_op *op = GetParam();
    for (const char *text : {op->name, op->summary, op->formula, op->source}) {
        ASSERT_NE(text, nullptr);
        EXPECT_GT(strlen(text), 0u);
    }
    EXPECT_EQ(strcspn(op->name, ":,|=. "), strlen(op->name));
    ASSERT_NE(op->apply, nullptr);
    ASSERT_LE(op->param_count, WEFT_TRANSFORM_PARAMS_MAX);
    for (int i = 0; i < op->param_count; i++) {
        const weft_transform_param &p = op->params[i];
        EXPECT_LE(p.min, p.default_value);
        EXPECT_LE(p.default_value, p.max);
        EXPECT_LT(p.min, p.max);
        EXPECT_GT(strlen(p.doc), 0u);
        EXPECT_TRUE(!p.integer || p.default_value == std::floor(p.default_value));
    }
    std::set<std::string> names;
    for (const weft_transform_op *row : rows()) EXPECT_TRUE(names.insert(row->name).second) << row->name;
}

TEST_P(Transform, TextRoundTrip) {
    for (const std::string &text : variants(GetParam())) {
        weft_transform_chain first = parsed(text), second = {};
        char once[512], twice[512];
        weft_transform_chain_format(&first, once, sizeof once);
        second = parsed(once);
        weft_transform_chain_format(&second, twice, sizeof twice);
        EXPECT_STREQ(once, twice);
        ASSERT_EQ(second.count, 1);
        EXPECT_EQ(second.items[0].op, GetParam());
        for (int i = 0; i < GetParam()->param_count; i++) {
            EXPECT_EQ(first.items[0].lo[i], second.items[0].lo[i]);
            EXPECT_EQ(first.items[0].hi[i], second.items[0].hi[i]);
        }
    }
}

TEST_P(Transform, SameBytesForAnyNumberOfThreads) {
    V w = weights();
    for (const std::string &text : variants(GetParam())) {
        omp_set_num_threads(1);
        V one = applied(text, w);
        for (int threads : {2, 5}) {
            omp_set_num_threads(threads);
            EXPECT_TRUE(same_bytes(applied(text, w), one)) << text << " " << threads;
        }
    }
}

TEST_P(Transform, InPlaceEqualsOutOfPlace) {
    V w = weights();
    for (const std::string &text : variants(GetParam())) {
        V expected = applied(text, w), place = w;
        weft_transform_chain chain = parsed(text);
        weft_transform_draw draw = {1, 5, 2, WEFT_PURPOSE_PROJECT};
        ASSERT_EQ(weft_transform_chain_apply(&chain, place.data(), place.data(), COUNT, &draw, nullptr), WEFT_OK);
        EXPECT_TRUE(same_bytes(place, expected)) << text;
    }
}

/* With alpha given, parts of a layer made one after the other are the layer. */
TEST_P(Transform, GivenAlphaAndFirstElement) {
    V w = weights(3000), parts(w.size());
    weft_transform_draw draw = {1, 5, 2, WEFT_PURPOSE_PROJECT};
    for (const std::string &text : variants(GetParam())) {
        if (text.find("middle=") != std::string::npos) continue; /* statistics of the whole layer */
        weft_transform_chain chain = parsed(text);
        float alpha = weft_weights_alpha(w.data(), w.size());
        for (size_t start = 0, length = 1; start < w.size(); start += length, length = length * 2 + 1) {
            length = std::min(length, w.size() - start);
            ASSERT_EQ(weft_transform_chain_apply_to(&chain, alpha, w.data() + start, parts.data() + start, start,
                                                    length, &draw, nullptr),
                      WEFT_OK);
        }
        EXPECT_TRUE(same_bytes(parts, applied(text, w))) << text;
    }
}

TEST(TransformGivenAlpha, ZerosAndLimits) {
    weft_transform_chain chain = parsed("addnorm:sigma=0.5"), none = {};
    weft_transform_draw draw = {1, 5, 3, WEFT_PURPOSE_PROGRAM};
    weft_error err = {};
    V zeros(1000, 0.0f), out(1000, 7.0f);
    ASSERT_EQ(weft_transform_chain_apply_to(&chain, 2.0f, zeros.data(), out.data(), 0, 1000, &draw, &err), WEFT_OK);
    for (float x : out) ASSERT_NE(x, 0.0f);
    ASSERT_EQ(weft_transform_chain_apply_to(&none, 2.0f, zeros.data(), out.data(), 0, 1000, &draw, &err), WEFT_OK);
    EXPECT_EQ(out, zeros);
    uint64_t last = (uint64_t{1} << 32) - 1000;
    EXPECT_EQ(weft_transform_chain_apply_to(&chain, 1.0f, zeros.data(), out.data(), last, 1000, &draw, &err), WEFT_OK);
    EXPECT_EQ(weft_transform_chain_apply_to(&chain, 1.0f, zeros.data(), out.data(), last + 1, 1000, &draw, &err),
              WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "a layer of 4294967297 weights is above the limit of 2^32");
    zeros[7] = NAN;
    EXPECT_EQ(weft_transform_chain_apply_to(&chain, 1.0f, zeros.data(), out.data(), 0, 1000, &draw, &err),
              WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "layer 3: a weight is not finite");
}

/* The element number alone decides the draw: any cut of a layer gives the same bytes. */
TEST_P(Transform, AnyPartitionGivesTheSameBytes) {
    const weft_transform_op *op = GetParam();
    V w = weights(3000), whole(w.size()), parts(w.size());
    weft_transform_scope scope = {};
    scope.alpha = weft_weights_alpha(w.data(), w.size());
    scope.rng = {4, 3, 2, WEFT_PURPOSE_PROJECT};
    for (int i = 0; i < op->param_count; i++) scope.param[i] = op->params[i].default_value;
    ASSERT_EQ(prepared(op, &scope, w), WEFT_OK);
    op->apply(&scope, w.data(), whole.data(), 0, w.size());
    for (size_t start = 0, length = 1; start < w.size(); start += length, length = length * 2 + 1) {
        length = std::min(length, w.size() - start);
        op->apply(&scope, w.data() + start, parts.data() + start, start, length);
    }
    EXPECT_TRUE(same_bytes(whole, parts));
}

TEST_P(Transform, ZeroLayerIsSafe) {
    const weft_transform_op *op = GetParam();
    for (const std::string &text : variants(op))
        for (float x : applied(text, V(1000, 0.0f))) ASSERT_EQ(x, 0.0f) << text;
    weft_transform_scope scope = {};
    for (int i = 0; i < op->param_count; i++) scope.param[i] = op->params[i].default_value;
    V zeros(1000, 0.0f), out(1000, 7.0f);
    ASSERT_EQ(prepared(op, &scope, zeros), WEFT_OK);
    op->apply(&scope, zeros.data(), out.data(), 0, out.size());
    for (float x : out) ASSERT_EQ(x, 0.0f) << op->name;
}

TEST_P(Transform, ResultsAreFinite) {
    for (const std::string &text : variants(GetParam()))
        for (float x : applied(text, weights(5000))) ASSERT_TRUE(std::isfinite(x)) << text;
}

TEST_P(Transform, StochasticFlagHolds) {
    const weft_transform_op *op = GetParam();
    V w = weights();
    bool differs = !same_bytes(applied(op->name, w, 1), applied(op->name, w, 2));
    EXPECT_EQ(differs, (op->flags & WEFT_TRANSFORM_STOCHASTIC) != 0);
    EXPECT_TRUE(same_bytes(applied(op->name, w, 1), applied(op->name, w, 1)));
}

/* T(T(w)) = T(w), whatever is drawn the second time; a parameter that is a range is drawn once. */
static bool is_idempotent(const std::string &text, const V &w) {
    V once = applied(text, w);
    bool same = same_bytes(applied(text, once), once);
    if (text.find("..") != std::string::npos) return same;
    for (uint64_t seed : {2, 3, 4}) same = same && same_bytes(applied(text, once, seed), once);
    return same;
}

/* The flag says whether all variants are, no more and no less. */
TEST_P(Transform, IdempotentFlagHolds) {
    V w = weights();
    bool all = true;
    for (const std::string &text : variants(GetParam())) {
        bool same = is_idempotent(text, w);
        all = all && same;
        EXPECT_TRUE(same || !(GetParam()->flags & WEFT_TRANSFORM_IDEMPOTENT)) << text;
    }
    EXPECT_EQ(all, (GetParam()->flags & WEFT_TRANSFORM_IDEMPOTENT) != 0);
}

/* Where single parameters are idempotent though the row is not. */
TEST(TransformIdempotence, OfSingleParameters) {
    V w = weights();
    for (const char *text :
         {"power:beta=0", "power:beta=1", "clip:limit=1", "addnorm:sigma=0", "multunif:gamma=1", "sign|round",
          "stoch|sign", "multnorm:sigma=0", "pcm_drift:time_s=0", "stuck:on=1", "stuck:on=0,off=0", "stuck:on=0,off=1"})
        EXPECT_TRUE(is_idempotent(text, w)) << text;
    for (const char *text : {"power:beta=0.5", "power:beta=2", "clip:limit=0.5", "addnorm:sigma=0.01",
                             "multunif:gamma=0.9", "stochm:gamma=1", "stochm3:drop=0"})
        EXPECT_FALSE(is_idempotent(text, w)) << text;
}

static void expect_odd_on_average(const std::string &text, const V &w, const V &negated) {
    V a = applied(text, w, 1), b = applied(text, negated, 2);
    double sum[2] = {}, square[2] = {};
    for (size_t i = 0; i < a.size(); i++) {
        double first = double(a[i]) + b[i], second = double(a[i]) * a[i] - double(b[i]) * b[i];
        sum[0] += first, square[0] += first * first;
        sum[1] += second, square[1] += second * second;
    }
    for (int i = 0; i < 2; i++) EXPECT_LE(std::fabs(sum[i]), 5 * std::sqrt(square[i])) << text << " moment " << i + 1;
}

/* Largest distance of the two distribution functions. That of equal distributions is above 2.5 sqrt(2 / n) with
 * probability below 2 exp(-2 * 2.5^2) = 7e-6 (Smirnov; Massart's constant). */
static double distribution_distance(V a, V b) {
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    double worst = 0, count = double(a.size());
    for (size_t i = 0, k = 0; i < a.size();) {
        float value = std::min(a[i], k < b.size() ? b[k] : a[i]);
        while (i < a.size() && a[i] == value) i++;
        while (k < b.size() && b[k] == value) k++;
        worst = std::max(worst, std::fabs(double(i) - double(k)) / count);
    }
    return worst;
}

/* T(-w) and -T(w) have one distribution, at weights of all magnitudes and at single ones. */
static void expect_odd_in_distribution(const std::string &text, const V &w) {
    V negated(w.size());
    for (size_t i = 0; i < w.size(); i++) negated[i] = -w[i];
    V a = applied(text, w, 1), b = applied(text, negated, 2);
    for (float &x : b) x = 0.0f - x;
    EXPECT_LE(distribution_distance(a, b), 2.5 * std::sqrt(2.0 / double(w.size()))) << text << " at " << w[1];
}

TEST_P(Transform, OddFlagHolds) {
    const weft_transform_op *op = GetParam();
    if (!(op->flags & WEFT_TRANSFORM_ODD)) GTEST_SKIP() << "not odd";
    V w = weights(), negated(w.size());
    for (float &x : w) x = std::fabs(x); /* else a sum over both signs would hide a bias */
    for (size_t i = 0; i < w.size(); i++) negated[i] = -w[i];
    for (const std::string &text : variants(op)) {
        if (op->flags & WEFT_TRANSFORM_STOCHASTIC) {
            if (text.find("..") != std::string::npos) continue; /* two seeds, two values of the parameter */
            expect_odd_on_average(text, w, negated);
            expect_odd_in_distribution(text, w);
            for (float value : {0.125f, 0.5f, 0.9f}) expect_odd_in_distribution(text, copies_of(value));
            continue;
        }
        V a = applied(text, w), b = applied(text, negated);
        for (size_t i = 0; i < a.size(); i++) ASSERT_EQ(a[i], -b[i]) << text << " " << w[i];
    }
}

/* ---- draws ---- */

static V drawn(const std::string &text, const V &w, const weft_transform_draw &draw) {
    weft_transform_chain chain = parsed(text);
    V out(w.size());
    EXPECT_EQ(weft_transform_chain_apply(&chain, w.data(), out.data(), w.size(), &draw, nullptr), WEFT_OK);
    return out;
}

/* Correlation of a[i] with b[i + lag]; of independent samples it is 0 with standard deviation 1 / sqrt(count). */
static void expect_uncorrelated(const V &a, const V &b, size_t lag, const std::string &what) {
    double count = double(a.size() - lag - 1), sums[5] = {}; /* the first weight, which is alpha, is left out */
    for (size_t i = 1; i + lag < a.size(); i++) {
        double x = double(a[i]), y = double(b[i + lag]);
        sums[0] += x, sums[1] += y, sums[2] += x * x, sums[3] += y * y, sums[4] += x * y;
    }
    double product = sums[4] / count - sums[0] / count * (sums[1] / count);
    double x2 = sums[2] / count - std::pow(sums[0] / count, 2), y2 = sums[3] / count - std::pow(sums[1] / count, 2);
    EXPECT_GT(x2, 0) << what;
    EXPECT_LE(std::fabs(product), 5 * std::sqrt(x2 * y2 / count)) << what << " lag " << lag;
}

static std::vector<const weft_transform_op *> stochastic_rows() {
    std::vector<const weft_transform_op *> some;
    for (const weft_transform_op *op : rows())
        if (op->flags & WEFT_TRANSFORM_STOCHASTIC) some.push_back(op);
    return some;
}
class StochasticTransform : public ::testing::TestWithParam<const weft_transform_op *> {};
INSTANTIATE_TEST_SUITE_P(Table, StochasticTransform, ::testing::ValuesIn(stochastic_rows()),
                         [](const auto &row) { return std::string(row.param->name); });

/* Weights draw independently of their neighbours, of other layers, steps, seeds and purposes. */
TEST_P(StochasticTransform, DrawsAreIndependent) {
    const weft_transform_op *op = GetParam();
    for (float value : {0.375f, 0.75f}) {
        V w = copies_of(value), first = drawn(op->name, w, {1, 5, 2, WEFT_PURPOSE_PROJECT});
        for (size_t lag : {1, 2, 3, 4, 8, 256}) expect_uncorrelated(first, first, lag, "neighbours");
        expect_uncorrelated(first, drawn(op->name, w, {1, 5, 3, WEFT_PURPOSE_PROJECT}), 0, "layer");
        expect_uncorrelated(first, drawn(op->name, w, {1, 6, 2, WEFT_PURPOSE_PROJECT}), 0, "step");
        expect_uncorrelated(first, drawn(op->name, w, {2, 5, 2, WEFT_PURPOSE_PROJECT}), 0, "seed");
        expect_uncorrelated(first, drawn(op->name, w, {1, 5, 2, WEFT_PURPOSE_DISTORT}), 0, "purpose");
    }
}
