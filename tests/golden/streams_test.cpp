/* The bytes that a seed gives are a contract: results of one version must be reproducible on every platform, with any
 * vector width and with sanitizers. A change of these sums is a change of every stochastic result, to be made only on
 * purpose. */
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/file.h"
#include "core/transform.h"

enum { COUNT = 10007 };
static const weft_rng STREAM = {2016, 6, 1, WEFT_PURPOSE_TEST};

template <typename T> static std::string sum_of(const std::vector<T> &v) {
    return std::string(weft_sha256_bytes(v.data(), v.size() * sizeof(T)).hex).substr(0, 16);
}

TEST(Streams, Draws) {
    std::vector<uint32_t> words(COUNT);
    std::vector<float> values(COUNT);
    weft_rng_fill_u32(&STREAM, 3, COUNT, words.data());
    EXPECT_EQ(sum_of(words), "82f83b96e2e8c3db");
    weft_rng_permutation(&STREAM, COUNT, words.data());
    EXPECT_EQ(sum_of(words), "e570e610a7ea3386");
    weft_rng_fill_uniform(&STREAM, 3, COUNT, values.data());
    EXPECT_EQ(sum_of(values), "d72454b35ee1aa60");
    weft_rng_fill_normal(&STREAM, 3, COUNT, values.data());
    EXPECT_EQ(sum_of(values), "08a6c8837e7450cf");
}

/* Rows with their defaults. */
TEST(Streams, Transforms) {
    const char *expected[][2] = {
        {"round", "5cfe335b32910801"},
        {"ternary:threshold=0.3", "9273df242e88ae2c"},
        {"quantise:bits=5", "79ee366f5cdf336a"},
        {"stoch", "827abe8a98849fe9"},
        {"stochm", "9bbaf165198871a8"},
        {"stochm3", "c2066225e9668fe5"},
        {"stochm3:middle=1", "dd1cb908d644fbed"},
        {"addnorm", "839d9dc00a31e2a6"},
        {"multunif", "931426ec4396d6f7"},
        {"power:beta=0.5", "f961a6c7149ce036"},
        {"levels:n=5", "8595148d9fa3b52d"},
        {"multnorm", "5ad0e2afd17183f3"},
        {"invnorm", "140a1517cc796122"},
        {"lognorm", "d8c312867e5b2b8f"},
        {"stuck", "2050a2e0095ab7d5"},
        {"pcm_program", "dab8b00ae64b9142"},
        {"pcm_drift", "3acbe9ffe4523dde"},
        {"pcm_read", "03a448bc9bd10fe0"},
        {"rram_relax", "db25241cddc8239b"},
        {"sign|addnorm:sigma=0.1..0.5|clip", "3851134645c70f57"},
    };
    std::vector<float> w(COUNT), out(COUNT);
    weft_rng_fill_normal(&STREAM, 0, COUNT, w.data());
    for (auto &row : expected) {
        weft_transform_chain chain = {};
        weft_transform_draw draw = {2016, 7, 3, WEFT_PURPOSE_DISTORT};
        weft_error err = {};
        ASSERT_EQ(weft_transform_chain_parse(&chain, row[0], &err), WEFT_OK) << err.text;
        ASSERT_EQ(weft_transform_chain_apply(&chain, w.data(), out.data(), COUNT, &draw, &err), WEFT_OK) << err.text;
        EXPECT_EQ(sum_of(out), row[1]) << row[0];
    }
}
