// A small network and chip for mappings to be read for, and everything that a mapping goes through until it runs.
#ifndef WEFT_TESTS_FUZZ_SPIKE_MAPPING_NET_H
#define WEFT_TESTS_FUZZ_SPIKE_MAPPING_NET_H

#include "sim/spike/program.h"
#include "tests/support/spike_map_fixture.h"

namespace weft_test {

// 4 cores of 24 neurons, 48 axons and a destination a neuron; in 6 -> a 20 -> b 5, which is connected with itself.
struct mapping_world {
    hand_net net;
    chip_ptr chip = small_chip(4, 24, 48);

    mapping_world() {
        const int in = net.input("in", 6), a = net.neurons("a", 20), b = net.neurons("b", 5, true);
        std::vector<synapse> first, second, loop;
        for (uint32_t n = 0; n < 20; n++) {
            first.push_back({n % 6, n, n % 3 ? 1.0f : -1.0f});
            second.push_back({n, n % 5, 1});
            second.push_back({n, (n + 1) % 5, -2});
        }
        for (uint32_t n = 0; n < 5; n++) loop.push_back({n, (n + 1) % 5, 1});
        net.project(in, a, first);
        net.project(a, b, second);
        net.project(b, b, loop, 1, true);
    }
};

inline void run_program(const weft_spike_layout *layout, const mapping_world &world) {
    weft_spike_program *program = nullptr;
    weft_spike_program_options options = {};
    weft_spikes input = {};
    weft_spike_result result = {};
    options.threads = 1;
    const weft_status status = weft_spike_program_create(&program, layout, &world.net.snn, &world.net.fit,
                                                         world.chip.get(), &options, nullptr);
    weft_spike_job job = {};
    job.input = &input, job.samples = 1, job.sample_ticks = 4, job.output = -1, job.threads = 1;
    for (uint32_t n = 0; n < 6; n++) weft_spikes_add(&input, n % 4, n, nullptr);
    weft_spikes_sort(&input);
    EXPECT_EQ(status, WEFT_OK);
    if (program) { EXPECT_EQ(weft_spike_program_run(&result, program, &job, nullptr), WEFT_OK); }
    free(result.counts);
    free(result.cores);
    weft_spikes_free(&input);
    weft_spike_program_destroy(program);
}

// Reads, checks, lays out, programs and runs.
inline weft_status try_mapping(const std::string &text, const mapping_world &world, weft_error *err) {
    weft_spike_mapping *mapping = nullptr;
    weft_spike_layout *layout = nullptr;
    weft_status status = weft_spike_mapping_parse(&mapping, text.data(), text.size(), "net.map.yaml", err);
    EXPECT_EQ(status == WEFT_OK, mapping != nullptr);
    if (status == WEFT_OK) status = weft_spike_mapping_check(mapping, &world.net.snn, world.chip.get(), err);
    if (status == WEFT_OK) {
        status = weft_spike_layout_create(&layout, mapping, &world.net.snn, &world.net.fit, world.chip.get(), err);
        EXPECT_EQ(status == WEFT_OK, layout != nullptr);
    }
    if (layout) {
        expect_whole(layout, world.net, world.chip.get());
        run_program(layout, world);
    }
    EXPECT_TRUE(status == WEFT_OK || (err->text[0] && !strcmp(err->file, "net.map.yaml"))) << err->text;
    weft_spike_layout_destroy(layout);
    weft_spike_mapping_destroy(mapping);
    return status;
}

} // namespace weft_test

#endif
