// Tables and pictures of spiking runs.
#include "sim/report/raster.h"

#include "tests/support/golden.h"

#include <cmath>
#include <vector>

using namespace weft_test;

namespace {

std::string file_name(const std::string &name) {
    return testing::TempDir() + "weft_raster_" + std::to_string(getpid()) + "_" + name;
}

struct Spikes {
    weft_spikes list = {};
    Spikes(uint64_t neurons, double tick_s) {
        list.neurons = neurons;
        list.tick_s = tick_s;
    }
    ~Spikes() { weft_spikes_free(&list); }
    void add(uint64_t tick, uint32_t neuron) { EXPECT_EQ(weft_spikes_add(&list, tick, neuron, nullptr), WEFT_OK); }
};

size_t count_of(const std::string &text, const std::string &part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) count++;
    return count;
}

/* The picture's text, removed again; "" without gnuplot. */
std::string drawn_as(const std::string &path, bool drawn) {
    EXPECT_EQ(std::filesystem::exists(path), drawn);
    const std::string text = read_file(path);
    if (!getenv("WEFT_KEEP_PICTURES")) std::filesystem::remove(path);
    return text;
}

struct Chip {
    weft_chip *chip = nullptr;
    weft_error err = {};
    explicit Chip(const char *name) {
        EXPECT_EQ(
            weft_chip_load(&chip, (std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/" + name).c_str(), nullptr, 0, &err),
            WEFT_OK)
            << err.text;
    }
    ~Chip() { weft_chip_destroy(chip); }
    Chip(const Chip &) = delete;
    Chip &operator=(const Chip &) = delete;
};

} // namespace

TEST(Raster, ADotASpikeInTheWindow) {
    Spikes spikes(100, 1e-3);
    for (uint32_t n = 0; n < 100; n++)
        for (uint64_t t = n % 17; t < 500; t += 20 + n % 13) spikes.add(t, n);
    weft_spikes_sort(&spikes.list);
    const std::string path = file_name("dots.svg");
    bool drawn = false;
    weft_error err = {};
    ASSERT_EQ(weft_raster_draw(&drawn, path.c_str(), &spikes.list, nullptr, &err), WEFT_OK) << err.text;
    if (!drawn) GTEST_SKIP() << "no gnuplot";
    EXPECT_EQ(count_of(drawn_as(path, drawn), "href='#gpPt6'"), spikes.list.count);
    const weft_raster_window window = {100, 200, 10, 30};
    size_t inside = 0;
    for (size_t i = 0; i < spikes.list.count; i++) {
        const weft_spike &s = spikes.list.items[i];
        inside += s.tick >= 100 && s.tick < 300 && s.neuron >= 10 && s.neuron < 40;
    }
    ASSERT_EQ(weft_raster_draw(&drawn, path.c_str(), &spikes.list, &window, &err), WEFT_OK) << err.text;
    EXPECT_EQ(count_of(drawn_as(path, drawn), "href='#gpPt6'"), inside);
    EXPECT_GT(inside, 100u);
    ASSERT_EQ(weft_raster_draw(&drawn, file_name("dots.png").c_str(), &spikes.list, nullptr, &err), WEFT_OK);
    EXPECT_EQ(drawn_as(file_name("dots.png"), drawn).substr(1, 3), "PNG");
}

TEST(Raster, ManySpikesBecomeAMap) {
    Spikes spikes(2000, 1e-3);
    for (uint64_t t = 0; t < 300; t++)
        for (uint32_t n = 0; n < 2000; n++)
            if ((n * 7919u + t * 104729u) % 1000 < 20 + 80 * (1 + std::sin(0.05 * static_cast<double>(t) + 0.002 * n)))
                spikes.add(t, n);
    bool drawn = false;
    weft_error err = {};
    const std::string path = file_name("map.svg");
    ASSERT_GT(spikes.list.count, static_cast<size_t>(WEFT_RASTER_DOTS_MAX));
    ASSERT_EQ(weft_raster_draw(&drawn, path.c_str(), &spikes.list, nullptr, &err), WEFT_OK) << err.text;
    if (!drawn) GTEST_SKIP() << "no gnuplot";
    const std::string text = drawn_as(path, drawn);
    EXPECT_EQ(count_of(text, "href='#gpPt6'"), 0u);
    EXPECT_LT(text.size(), 2000000u);
    ASSERT_EQ(weft_raster_draw(&drawn, file_name("map.png").c_str(), &spikes.list, nullptr, &err), WEFT_OK);
    drawn_as(file_name("map.png"), drawn);
}

TEST(Raster, WhatCannotBeShown) {
    Spikes spikes(4, 0);
    spikes.add(3, 1);
    bool drawn = true;
    weft_error err = {};
    EXPECT_EQ(weft_raster_draw(&drawn, "x.txt", &spikes.list, nullptr, &err), WEFT_E_INVALID);
    EXPECT_EQ(std::string(err.text), "x.txt: a picture's name ends in .svg or .png");
    EXPECT_FALSE(drawn);
    weft_raster_window window = {4, 0, 0, 0};
    EXPECT_EQ(weft_raster_draw(&drawn, "x.svg", &spikes.list, &window, &err), WEFT_E_INVALID);
    EXPECT_EQ(std::string(err.text), "nothing to show from tick 4, neuron 0 on: 4 ticks with spikes, 4 neurons");
    window = {0, 0, 4, 0};
    EXPECT_EQ(weft_raster_draw(&drawn, "x.svg", &spikes.list, &window, &err), WEFT_E_INVALID);
    EXPECT_FALSE(std::filesystem::exists("x.svg"));
}

TEST(Membranes, TableAndPicture) {
    std::vector<double> values;
    Spikes spikes(2, 1e-3);
    double v = 0;
    for (uint64_t t = 0; t < 200; t++) {
        v += 0.0625;
        if (v > 0.9) {
            v = 0;
            spikes.add(t, 0);
        }
        values.push_back(v);
        values.push_back(std::sin(0.1 * static_cast<double>(t)));
    }
    const char *names[] = {"core 0, neuron 1", "other"};
    const weft_membranes traces = {values.data(), 0, 200, 2, names, 1e-3, "V", 0, nullptr};
    const std::string table = file_name("membranes.csv"), picture = file_name("membranes.svg");
    bool drawn = false;
    weft_error err = {};
    ASSERT_EQ(weft_membranes_write(&traces, table.c_str(), &err), WEFT_OK) << err.text;
    const std::string text = read_file(table);
    EXPECT_EQ(text.find("tick,time_s,\"core 0, neuron 1\",other\n0,0,0.0625,0\n1,0.001,0.125,"), 0u)
        << text.substr(0, 99);
    EXPECT_EQ(count_of(text, "\n"), 201u);
    std::filesystem::remove(table);
    ASSERT_EQ(weft_membranes_draw(&drawn, picture.c_str(), &traces, &spikes.list, &err), WEFT_OK) << err.text;
    if (!drawn) GTEST_SKIP() << "no gnuplot";
    EXPECT_GT(spikes.list.count, 2u);
    EXPECT_EQ(count_of(drawn_as(picture, drawn), "href='#gpPt6'"), spikes.list.count);
    ASSERT_EQ(weft_membranes_draw(&drawn, file_name("membranes.png").c_str(), &traces, &spikes.list, &err), WEFT_OK);
    drawn_as(file_name("membranes.png"), drawn);
    const weft_membranes none = {values.data(), 0, 0, 2, names, 0, "", 0, nullptr};
    EXPECT_EQ(weft_membranes_draw(&drawn, picture.c_str(), &none, nullptr, &err), WEFT_E_INVALID);
    EXPECT_EQ(std::string(err.text), "no membranes to show: 2 probes, 0 ticks");
}

TEST(Activity, TableAndMapOfCores) {
    Chip chip("loihi1.yaml");
    std::vector<weft_spike_counts> cores(128);
    for (size_t c = 0; c < cores.size(); c++) {
        cores[c].synaptic_events = 100 * (c / 4 % 8) + 30 * (c / 32);
        cores[c].spikes = c;
    }
    cores[5] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const std::string table = file_name("activity.csv");
    weft_error err = {};
    ASSERT_EQ(weft_activity_write(table.c_str(), chip.chip, cores.data(), 128, nullptr, &err), WEFT_OK) << err.text;
    const std::string text = read_file(table);
    EXPECT_EQ(
        text.find("core,x,y,axon_events,synaptic_events,updates_active,updates_inactive,spikes,packets,packets_local,"
                  "hops_x,hops_y,busy_ticks\n0,0,0,0,0,0,0,0,0,0,0,0,0\n"),
        0u);
    EXPECT_NE(text.find("\n5,1,0,1,2,3,4,5,6,7,8,9,10\n"), std::string::npos); /* four cores a router */
    EXPECT_NE(text.find("\n127,7,3,0,790,0,0,127,"), std::string::npos);
    const int places[2][2] = {{3, 2}, {0, 1}};
    ASSERT_EQ(weft_activity_write(table.c_str(), chip.chip, cores.data(), 2, places, &err), WEFT_OK);
    EXPECT_NE(read_file(table).find("\n0,3,2,"), std::string::npos);
    std::filesystem::remove(table);
    bool drawn = false;
    EXPECT_EQ(weft_activity_draw(&drawn, "x.svg", chip.chip, cores.data(), 128, nullptr, 10, "spkies", &err),
              WEFT_E_INVALID);
    EXPECT_EQ(std::string(err.text), "cores have no count \"spkies\"; one of them is synaptic_events");
    const int outside[1][2] = {{8, 0}};
    EXPECT_EQ(weft_activity_draw(&drawn, "x.svg", chip.chip, cores.data(), 1, outside, 10, "spikes", &err),
              WEFT_E_INVALID);
    EXPECT_EQ(std::string(err.text), "core 0 at (8, 0) lies outside the mesh of 8 x 4");
    for (const char *name : {"activity.svg", "activity.png"}) {
        const std::string path = file_name(name);
        ASSERT_EQ(weft_activity_draw(&drawn, path.c_str(), chip.chip, cores.data(), 128, nullptr, 10, "synaptic_events",
                                     &err),
                  WEFT_OK)
            << err.text;
        if (!drawn) GTEST_SKIP() << "no gnuplot";
        EXPECT_GT(drawn_as(path, drawn).size(), 1000u);
    }
}

TEST(Membranes, InputsAndThresholds) {
    std::vector<double> values;
    Spikes spikes(2, 0);
    for (int t = 0; t < 50; t++) values.insert(values.end(), {t % 10 == 0 ? 3.0 : 0.0, t % 10 + 0.5, 0.01 * t});
    for (uint64_t t = 9; t < 50; t += 10) spikes.add(t, 0);
    const char *names[] = {"input", "near", "far"};
    const double thresholds[] = {NAN, 12, 1000}; // too far above 0.5 to be shown
    weft_membranes traces = {values.data(), 0, 50, 3, names, 0, "", 1, thresholds};
    const std::string picture = file_name("inputs.svg");
    const auto draw = [&] {
        bool drawn = false;
        weft_error err = {};
        EXPECT_EQ(weft_membranes_draw(&drawn, picture.c_str(), &traces, &spikes.list, &err), WEFT_OK) << err.text;
        return drawn_as(picture, drawn);
    };
    const std::string text = draw();
    if (text.empty()) GTEST_SKIP() << "no gnuplot";
    EXPECT_EQ(count_of(text, "href='#gpPt6'"), 5u); // those of the first membrane
    EXPECT_NE(text.find(">tick<"), std::string::npos);
    EXPECT_EQ(count_of(text, "stroke-dasharray"), 1u);
    traces.thresholds = nullptr;
    EXPECT_EQ(count_of(draw(), "stroke-dasharray"), 0u);
}
