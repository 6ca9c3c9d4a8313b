#include "core/transform.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/support/golden.h"

static std::string rejected(const std::string &text) {
    weft_transform_chain chain = {};
    weft_error err = {};
    EXPECT_EQ(weft_transform_chain_parse(&chain, text.c_str(), &err), WEFT_E_INVALID) << text;
    EXPECT_EQ(chain.count, 0) << text;
    return err.text;
}

static std::string canonical(const std::string &text) {
    weft_transform_chain chain = {};
    weft_error err = {};
    EXPECT_EQ(weft_transform_chain_parse(&chain, text.c_str(), &err), WEFT_OK) << err.text;
    char out[512];
    weft_transform_chain_format(&chain, out, sizeof out);
    return out;
}

TEST(TransformText, Canonical) {
    EXPECT_EQ(canonical("none"), "none");
    EXPECT_EQ(canonical("sign"), "sign");
    EXPECT_EQ(canonical("addnorm:sigma=0.2"), "addnorm:sigma=0.2");
    EXPECT_EQ(canonical("addnorm:sigma=2e-1"), "addnorm:sigma=0.2");
    EXPECT_EQ(canonical("power:beta=0..2"), "power:beta=0..2");
    EXPECT_EQ(canonical("power:beta=.5..1.5"), "power:beta=0.5..1.5");
    EXPECT_EQ(canonical("power:beta=2..2"), "power:beta=2");
    EXPECT_EQ(canonical("power:beta=-0"), "power:beta=0");
    EXPECT_EQ(canonical("stochm3:drop=0.25,gamma=0.4"), "stochm3:gamma=0.4,middle=0,drop=0.25");
    EXPECT_EQ(canonical("quantise:bits=4"), "quantise:bits=4");
    EXPECT_EQ(canonical("sign|addnorm"), "sign|addnorm:sigma=0.2");
    EXPECT_EQ(canonical("pcm_program|pcm_drift:time_s=3600|pcm_read"),
              "pcm_program:scale=1|pcm_drift:time_s=3600,t0_s=20,scale=1|pcm_read:time_s=86400,scale=1");
    EXPECT_EQ(canonical("rram_relax:sigma=0.02"), "rram_relax:sigma=0.02,growth=0.102,time_s=86400,t0_s=1");
    EXPECT_EQ(canonical("addnorm:sigma=0.1234567890123"), "addnorm:sigma=0.1234567890123");
    weft_transform_chain empty = {};
    char out[16], small[4];
    weft_transform_chain_format(&empty, out, sizeof out);
    EXPECT_STREQ(out, "none");
    weft_transform_chain_format(&empty, small, sizeof small);
    EXPECT_STREQ(small, "non");
}

TEST(TransformText, Messages) {
    std::string known = "known: none";
    for (int i = 1; weft_transform_table[i]; i++) known += std::string(", ") + weft_transform_table[i]->name;
    EXPECT_EQ(rejected("sgin"), "unknown transform 'sgin'; nearest is 'sign'; " + known);
    EXPECT_EQ(rejected("banana"), "unknown transform 'banana'; " + known);
    EXPECT_EQ(rejected(""), "unknown transform ''; " + known);
    EXPECT_EQ(rejected("sign|"), "unknown transform ''; " + known);
    EXPECT_EQ(rejected("addnorm:sigam=1"),
              "transform addnorm: unknown parameter 'sigam'; nearest is 'sigma'; known: sigma");
    EXPECT_EQ(rejected("sign:a=1"), "transform sign: takes no parameters, 'a' given");
    EXPECT_EQ(rejected("power:"), "transform power: '' is not of the form param=value");
    EXPECT_EQ(rejected("power:beta"), "transform power: 'beta' is not of the form param=value");
    EXPECT_EQ(rejected("power:beta=x"), "transform power: beta: 'x' is not a number");
    EXPECT_EQ(rejected("power:beta="), "transform power: beta: '' is not a number");
    EXPECT_EQ(rejected("power:beta=nan"), "transform power: beta: 'nan' is not a number");
    EXPECT_EQ(rejected("power:beta=inf"), "transform power: beta: 'inf' is not a number");
    EXPECT_EQ(rejected("power:beta=1e999"), "transform power: beta: '1e999' is not a number");
    EXPECT_EQ(rejected("power:beta=1 "), "transform power: beta: '1 ' is not a number");
    EXPECT_EQ(rejected("power:beta= 1"), "transform power: beta: ' 1' is not a number");
    EXPECT_EQ(rejected("power:beta=-1"), "transform power: beta: -1 is below 0");
    EXPECT_EQ(rejected("power:beta=11"), "transform power: beta: 11 is above 10");
    EXPECT_EQ(rejected("power:beta=2..1"), "transform power: beta: the range 2..1 is empty");
    EXPECT_EQ(rejected("power:beta=0..11"), "transform power: beta: 11 is above 10");
    EXPECT_EQ(rejected("power:beta=0.."), "transform power: beta: '' is not a number");
    EXPECT_EQ(rejected("power:beta=1,beta=1"), "transform power: beta is given twice");
    EXPECT_EQ(rejected("quantise:bits=2.5"), "transform quantise: bits: 2.5 is not a whole number");
    EXPECT_EQ(rejected("quantise:bits=0"), "transform quantise: bits: 0 is below 1");
    EXPECT_EQ(rejected("multunif:gamma=0"), "transform multunif: gamma: 0 is below 0.01");
    EXPECT_EQ(rejected(std::string(600, 'a')), "a transform of 600 characters is too long");
}

TEST(TransformText, ChainIsLimitedAndUntouchedOnFailure) {
    weft_transform_chain chain = {};
    weft_error err = {};
    ASSERT_EQ(weft_transform_chain_parse(&chain, "sign|sign|sign|sign|sign|sign", &err), WEFT_OK);
    ASSERT_EQ(weft_transform_chain_parse(&chain, "round|round", &err), WEFT_OK);
    EXPECT_EQ(chain.count, WEFT_TRANSFORM_CHAIN_MAX);
    EXPECT_EQ(weft_transform_chain_parse(&chain, "sign", &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "a chain has at most 8 transforms");
    EXPECT_EQ(chain.count, WEFT_TRANSFORM_CHAIN_MAX);
}

TEST(TransformText, StochasticChains) {
    auto stochastic = [](const char *text) {
        weft_transform_chain chain = {};
        EXPECT_EQ(weft_transform_chain_parse(&chain, text, nullptr), WEFT_OK);
        return weft_transform_chain_is_stochastic(&chain);
    };
    EXPECT_FALSE(stochastic("none"));
    EXPECT_FALSE(stochastic("sign|round|power:beta=2"));
    EXPECT_TRUE(stochastic("sign|addnorm"));
    EXPECT_TRUE(stochastic("power:beta=0..2"));
    EXPECT_FALSE(stochastic("levels:n=4"));
    EXPECT_TRUE(stochastic("levels:n=4|pcm_drift"));
}

/* ---- values worked out by hand ---- */

static std::vector<float> applied(const std::string &text, std::vector<float> w) {
    weft_transform_chain chain = {};
    weft_error err = {};
    EXPECT_EQ(weft_transform_chain_parse(&chain, text.c_str(), &err), WEFT_OK) << err.text;
    weft_transform_draw draw = {1, 2, 3, WEFT_PURPOSE_DISTORT};
    EXPECT_EQ(weft_transform_chain_apply(&chain, w.data(), w.data(), w.size(), &draw, &err), WEFT_OK) << err.text;
    return w;
}

using V = std::vector<float>;
static const V W = {-2.0f, -1.0f, -0.96f, -0.5f, 0.0f, 0.5f, 0.999f, 1.0f, 1.5f};

TEST(TransformValues, Deterministic) {
    EXPECT_EQ(applied("none", W), W);
    EXPECT_EQ(applied("sign", W), V({-2, -2, -2, -2, 2, 2, 2, 2, 2}));
    EXPECT_EQ(applied("round", W), V({-2, -2, 0, 0, 0, 0, 0, 2, 2}));
    EXPECT_EQ(applied("power:beta=0", W), applied("sign", W));
    EXPECT_EQ(applied("power:beta=1", W), W);
    EXPECT_EQ(applied("power:beta=2", V({-2, -1, 0.5f})), V({-2, -0.5f, 0.125f}));
    EXPECT_EQ(applied("power:beta=0.5", V({4, -1, 0.25f})), V({4, -2, 1}));
    EXPECT_EQ(applied("ternary", W), applied("round", W));
    EXPECT_EQ(applied("ternary:threshold=0", W), applied("sign", W));
    EXPECT_EQ(applied("ternary:threshold=0.25", W), V({-2, -2, -2, -2, 0, 2, 2, 2, 2}));
    EXPECT_EQ(applied("quantise:bits=1", W), applied("sign", W));
    EXPECT_EQ(applied("quantise:bits=2", W), applied("round", W));
    EXPECT_EQ(applied("quantise:bits=3", V({-3, -1.6f, -1.4f, 0.4f, 0.5f, 2.4f})), V({-3, -2, -1, 0, 1, 2}));
    EXPECT_EQ(applied("levels:n=2", W), applied("round", W));
    EXPECT_EQ(applied("levels:n=4", V({-3, -1.6f, -1.4f, 0.4f, 0.5f, 2.4f})), V({-3, -2, -1, 0, 1, 2}));
    EXPECT_EQ(applied("clip:limit=0.5", W), V({-1, -1, -0.96f, -0.5f, 0, 0.5f, 0.999f, 1, 1}));
    EXPECT_EQ(applied("clip:limit=0.5|round", W), V({-2, -2, 0, 0, 0, 0, 0, 2, 2})); /* alpha is the input's */
}

/* Halves go away from zero, and the float just below a half goes to zero. */
TEST(TransformValues, RoundAtTheHalf) {
    float below = std::nextafterf(0.5f, 0.0f);
    EXPECT_EQ(applied("round", V({1, 0.5f, -0.5f, below, -below})), V({1, 1, -1, 0, 0}));
}

TEST(TransformValues, ExtremesStayFinite) {
    float tiny = 1e-45f, huge = 3e38f;
    for (const char *text : {"sign", "round", "stoch", "quantise", "ternary", "power:beta=2", "power:beta=0.1"}) {
        for (float w : applied(text, V({tiny, -tiny, 0}))) EXPECT_LE(std::fabs(w), tiny) << text;
        for (float w : applied(text, V({huge, -huge / 2, 0}))) EXPECT_LE(std::fabs(w), huge) << text;
    }
}

TEST(TransformValues, Alpha) {
    EXPECT_EQ(weft_weights_alpha(nullptr, 0), 0.0f);
    EXPECT_EQ(weft_weights_alpha(W.data(), W.size()), 2.0f);
    V many(300001, 0.25f);
    many[299999] = -7.5f;
    EXPECT_EQ(weft_weights_alpha(many.data(), many.size()), 7.5f);
    many[5] = NAN;
    EXPECT_TRUE(std::isnan(weft_weights_alpha(many.data(), many.size())));
}

TEST(TransformValues, WeightsThatAreNotFiniteAreRefused) {
    for (float bad : {float(NAN), float(INFINITY), -float(INFINITY)}) {
        V w = {1, bad, 2}, out = {7, 7, 7};
        weft_transform_chain chain = {};
        weft_error err = {};
        ASSERT_EQ(weft_transform_chain_parse(&chain, "sign", &err), WEFT_OK);
        weft_transform_draw draw = {1, 2, 3, WEFT_PURPOSE_DISTORT};
        EXPECT_EQ(weft_transform_chain_apply(&chain, w.data(), out.data(), w.size(), &draw, &err), WEFT_E_INVALID);
        EXPECT_STREQ(err.text, "layer 3: a weight is not finite");
        EXPECT_EQ(out, V({7, 7, 7}));
    }
}

TEST(TransformText, DescribeListsEveryRow) {
    std::string all = weft_test::printed(weft_transform_describe);
    for (int i = 0; weft_transform_table[i]; i++) {
        const weft_transform_op *op = weft_transform_table[i];
        size_t row = all.find("\n" + std::string(op->name) + " ");
        ASSERT_NE(row, std::string::npos) << op->name;
        std::string line = all.substr(row + 1, all.find('\n', row + 1) - row - 1);
        EXPECT_NE(line.find(op->formula), std::string::npos) << line;
        EXPECT_NE(line.find(op->source), std::string::npos) << line;
    }
    EXPECT_NE(all.find("beta = 1 (0..10)"), std::string::npos);
    EXPECT_NE(all.find("stochm3:middle  0: |w| < a/2"), std::string::npos);
}
