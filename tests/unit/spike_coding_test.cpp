// Do images become the spikes that their coding says?
#include "core/spike_coding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

using List = std::vector<std::pair<uint64_t, uint32_t>>;

struct Spikes {
    weft_spikes list = {};
    ~Spikes() { weft_spikes_free(&list); }
    List items() const {
        List out;
        for (size_t i = 0; i < list.count; i++) out.emplace_back(list.items[i].tick, list.items[i].neuron);
        return out;
    }
};

List coded(const weft_coding &coding, const std::vector<uint8_t> &pixels, weft_shape shape, uint64_t number = 0,
           uint64_t first_tick = 0) {
    Spikes spikes;
    weft_error err = {};
    EXPECT_EQ(weft_coding_image(&spikes.list, &coding, pixels.data(), shape, number, first_tick, &err), WEFT_OK)
        << err.text;
    EXPECT_EQ(spikes.list.neurons, weft_coding_neurons(&coding, shape));
    EXPECT_EQ(spikes.list.tick_s, coding.tick_s);
    return spikes.items();
}

weft_coding of_kind(int kind) {
    weft_coding coding = weft_coding_defaults();
    coding.kind = kind;
    return coding;
}

/* A set of random images, some of them all grey. */
struct Set {
    std::vector<uint8_t> pixels;
    weft_dataset set = {};
    char name[5] = "test";
    Set(size_t count, weft_shape shape) {
        std::mt19937 random(7);
        pixels.resize(count * weft_shape_size(shape));
        for (uint8_t &p : pixels) p = static_cast<uint8_t>(random());
        set.name = name;
        set.shape = shape;
        set.count = count;
        set.pixels = pixels.data();
    }
};

} // namespace

// n p +- 5 sigma of the binomial distribution, for several brightnesses and both kinds of draw.
TEST(SpikeCoding, RatesAreBinomial) {
    const weft_shape shape = {1, 20, 20};
    for (const int kind : {WEFT_CODING_BERNOULLI, WEFT_CODING_POISSON})
        for (const int v : {1, 64, 128, 200, 255}) {
            weft_coding coding = of_kind(kind);
            coding.ticks = 500;
            coding.rate_hz = 300;
            coding.seed = 11;
            const List spikes = coded(coding, std::vector<uint8_t>(400, static_cast<uint8_t>(v)), shape);
            const double rate = 0.3 * v / 255, p = kind == WEFT_CODING_POISSON ? 1 - std::exp(-rate) : rate;
            const double n = 500 * 400, sigma = std::sqrt(n * p * (1 - p));
            EXPECT_NEAR(static_cast<double>(spikes.size()), n * p, 5 * sigma) << kind << " " << v;
            // and over pixels: the variance of their counts is that of draws which know nothing of each other
            std::map<uint32_t, double> of;
            for (const auto &spike : spikes) of[spike.second]++;
            double squares = 0;
            for (uint32_t i = 0; i < 400; i++) squares += (of[i] - 500 * p) * (of[i] - 500 * p);
            EXPECT_NEAR(squares / 400 / (500 * p * (1 - p)), 1, 5 * std::sqrt(2.0 / 400) + 0.05);
        }
}

TEST(SpikeCoding, RatesAtTheirEnds) {
    weft_coding coding = of_kind(WEFT_CODING_BERNOULLI);
    coding.ticks = 50;
    coding.rate_hz = 1000;
    const List spikes = coded(coding, {0, 255, 255}, {3, 1, 1}, 0, 7);
    ASSERT_EQ(spikes.size(), 100u); /* certain for white, never for black */
    for (size_t i = 0; i < 100; i++) EXPECT_EQ(spikes[i], std::make_pair(7 + i / 2, static_cast<uint32_t>(1 + i % 2)));
    coding.rate_hz = 0;
    EXPECT_TRUE(coded(coding, {0, 255, 255}, {3, 1, 1}).empty());
}

// Every k-th tick, rounded down; no draws.
TEST(SpikeCoding, RegularRates) {
    weft_coding coding = of_kind(WEFT_CODING_REGULAR);
    coding.ticks = 10;
    coding.rate_hz = 250;
    EXPECT_EQ(coded(coding, {255}, {1, 1, 1}), (List{{3, 0}, {7, 0}}));
    coding.ticks = 1000;
    for (int v = 0; v < 256; v++) {
        const List spikes = coded(coding, {static_cast<uint8_t>(v)}, {1, 1, 1}, 99);
        const double exact = 250.0 * v / 255;
        EXPECT_LE(static_cast<double>(spikes.size()), exact + 1e-6);
        EXPECT_GE(static_cast<double>(spikes.size()), exact - 1 - 1e-6);
        for (size_t i = 2; i < spikes.size(); i++) { /* intervals differ by one tick at most */
            const uint64_t a = spikes[i - 1].first - spikes[i - 2].first, b = spikes[i].first - spikes[i - 1].first;
            EXPECT_LE(a > b ? a - b : b - a, 1u);
        }
    }
}

TEST(SpikeCoding, BrightPixelsComeEarlier) {
    weft_coding coding = of_kind(WEFT_CODING_LATENCY);
    coding.ticks = 256;
    EXPECT_EQ(coded(coding, {0, 1, 255, 128, 254, 128}, {1, 2, 3}, 0, 10),
              (List{{10, 2}, {11, 4}, {137, 3}, {137, 5}, {264, 1}}));
    coding.ticks = 11;
    coding.darkest = 0;
    EXPECT_EQ(coded(coding, {0, 1, 255, 128}, {1, 2, 2}), (List{{0, 2}, {4, 3}, {9, 1}, {10, 0}}));
    coding.darkest = 128;
    EXPECT_EQ(coded(coding, {0, 127, 255, 128}, {1, 2, 2}), (List{{0, 2}, {4, 3}}));
}

// One white pixel, looked at in the corners of the way alone: gone in the first side, back in the third.
TEST(SpikeCoding, SaccadesOverOnePixel) {
    weft_coding coding = of_kind(WEFT_CODING_SACCADES);
    coding.tick_s = 1e-6;
    coding.amplitude_px = 2;
    coding.saccade_us = coding.step_us = 1000;
    List expected;
    for (uint64_t k = 1; k <= 7; k++) expected.emplace_back(k * 32 * 1000 / 255, 0); /* 255 to 31, darker */
    for (uint64_t k = 1; k <= 7; k++) expected.emplace_back(2000 + (31 + k * 32) * 1000 / 255, 1); /* to 255 */
    EXPECT_EQ(coded(coding, {255}, {1, 1, 1}), expected);
    EXPECT_EQ(weft_coding_ticks(&coding), 3001u);
    // equal channels are one grey
    EXPECT_EQ(coded(coding, {255, 255, 255}, {3, 1, 1}), expected);
    // grey levels that never come to the threshold
    EXPECT_TRUE(coded(coding, {31}, {1, 1, 1}).empty());
}

// Column 0, 100, 200; half a pixel to the left and one down, half to the right, back. Bilinear: 50, 100, 0 at both
// corners.
TEST(SpikeCoding, SaccadesBetweenPixels) {
    weft_coding coding = of_kind(WEFT_CODING_SACCADES);
    coding.tick_s = 1e-6;
    coding.amplitude_px = 1;
    coding.threshold = 40;
    coding.saccade_us = coding.step_us = 100;
    const uint32_t on = 3;
    EXPECT_EQ(coded(coding, {0, 100, 200}, {1, 3, 1}), (List{{20, 2},
                                                             {40, 2},
                                                             {60, 2},
                                                             {80, 2},
                                                             {80, on + 0},
                                                             {100, 2},
                                                             {220, on + 2},
                                                             {240, on + 2},
                                                             {260, on + 2},
                                                             {280, on + 2},
                                                             {300, 0},
                                                             {300, on + 2}}));
    // half way the first pixel sees 3/4 x (0 + 100) / 2 = 37.5, so that 40 comes 2.5 / 12.5 of the other half later
    coding.step_us = 50;
    const List finer = coded(coding, {0, 100, 200}, {1, 3, 1});
    EXPECT_NE(std::find(finer.begin(), finer.end(), std::make_pair(uint64_t{60}, on + 0)), finer.end());
    // in ticks of a millisecond all of it is one event a pixel and polarity
    coding.step_us = 100;
    coding.tick_s = 1e-3;
    EXPECT_EQ(coded(coding, {0, 100, 200}, {1, 3, 1}), (List{{0, 0}, {0, 2}, {0, on + 0}, {0, on + 2}}));
}

TEST(SpikeCoding, SameEventsOnAnyNumberOfThreads) {
    Set set(12, {1, 9, 7});
    for (int kind = 0; kind <= WEFT_CODING_SACCADES; kind++) {
        weft_coding coding = of_kind(kind);
        coding.ticks = 20;
        coding.saccade_us = 10000;
        coding.seed = 5;
        const uint64_t length = weft_coding_ticks(&coding) + 3;
        List serial;
        for (uint64_t i = 2; i < 12; i++) {
            const auto begin = set.pixels.begin() + static_cast<long>(63 * i);
            const List image = coded(coding, {begin, begin + 63}, set.set.shape, i, (i - 2) * length);
            serial.insert(serial.end(), image.begin(), image.end());
        }
        EXPECT_GT(serial.size(), 100u);
        for (const int threads : {1, 2, 5}) {
            Spikes spikes;
            weft_error err = {};
            ASSERT_EQ(weft_coding_dataset(&spikes.list, &coding, &set.set, 2, 10, 3, threads, &err), WEFT_OK)
                << err.text;
            EXPECT_EQ(spikes.items(), serial) << weft_coding_names[kind] << " " << threads;
        }
        coding.seed = 6;
        Spikes other;
        ASSERT_EQ(weft_coding_dataset(&other.list, &coding, &set.set, 2, 10, 3, 1, nullptr), WEFT_OK);
        EXPECT_EQ(other.items() == serial, kind > WEFT_CODING_POISSON); /* draws alone change */
    }
}

TEST(SpikeCoding, BadCodingsAreRefused) {
    Set set(2, {1, 2, 2});
    Spikes spikes;
    const auto refused = [&](void (*change)(weft_coding *), size_t first = 0, size_t count = 2) {
        weft_coding coding = weft_coding_defaults();
        weft_error err = {};
        change(&coding);
        const weft_status status = weft_coding_dataset(&spikes.list, &coding, &set.set, first, count, 0, 1, &err);
        EXPECT_EQ(status, err.text[0] ? WEFT_E_INVALID : WEFT_OK);
        weft_spikes_free(&spikes.list);
        return std::string(err.text);
    };
    EXPECT_EQ(refused([](weft_coding *) {}), "");
    EXPECT_EQ(refused([](weft_coding *) {}, 1, 2), "images 1 to 3 of test, which has 2");
    EXPECT_EQ(refused([](weft_coding *c) { c->kind = WEFT_CODING_CURRENT; }), "the coding current makes no spikes");
    EXPECT_EQ(refused([](weft_coding *c) { c->kind = 6; }), "there is no coding 6");
    EXPECT_EQ(refused([](weft_coding *c) { c->tick_s = 0; }), "a tick of 0 s, allowed are 1e-9 to 1000");
    EXPECT_EQ(refused([](weft_coding *c) { c->ticks = 0; }), "0 ticks an image, allowed are 1 to 1073741824");
    EXPECT_EQ(refused([](weft_coding *c) { c->rate_hz = NAN; }), "a rate of nan Hz, allowed are 0 to 1e9");
    EXPECT_EQ(refused([](weft_coding *c) {
                  c->kind = WEFT_CODING_LATENCY;
                  c->darkest = 256;
              }),
              "darkest pixel with a spike is 256, allowed are 0 to 255");
    EXPECT_EQ(refused([](weft_coding *c) {
                  c->kind = WEFT_CODING_SACCADES;
                  c->step_us = 7;
              }),
              "a look every 7 us does not divide a saccade of 100000");
    EXPECT_EQ(refused([](weft_coding *c) {
                  c->kind = WEFT_CODING_SACCADES;
                  c->threshold = 0;
              }),
              "threshold of saccades is 0, allowed are 1 to 255 grey levels");
}
