/* Small chips and networks for timed runs. Each simulation runs in a child process: a SystemC kernel elaborates once.
 */
#ifndef WEFT_TESTS_SUPPORT_COSIM_FIXTURE_H
#define WEFT_TESTS_SUPPORT_COSIM_FIXTURE_H

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "sim/systemc/cosim.h"
#include "tests/support/random_network.h"

namespace weft_test {

/* Runs body in a child, with its own SystemC kernel and OpenMP threads; the child's failures fail the test. */
template <typename Body> void in_child(Body body) {
    fflush(nullptr);
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        body();
        std::exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int state = 0;
    ASSERT_EQ(waitpid(child, &state, 0), child);
    EXPECT_TRUE(WIFEXITED(state) && WEXITSTATUS(state) == 0) << "the child failed, state " << state;
}

/* tiny_chip with a network of 8-flit buffers and these times: MVM 32 cycles apart and 41 long (2 input, 8 pulses of 4
 * conversions, 4 last conversions, 3 output); digital unit 2 values a cycle, 5 cycles; routers of 4 cycles a hop. */
inline weft_chip timed_chip() {
    weft_chip chip = tiny_chip();
    chip.adc.conversion_ns.value = 1.0;
    chip.core.input_ns.value = 2.0;
    chip.core.output_ns.value = 3.0;
    chip.core.digital_ns.value = 5.0;
    chip.core.digital_lanes = 2;
    chip.core.buffer_bytes = 1 << 20;
    chip.adc.bits = 12;
    chip.adc.range = WEFT_ADC_FULL_SCALE;
    chip.noc.vcs = 2;
    chip.noc.buffer_flits = 8;
    chip.noc.vc_cycles = chip.noc.switch_cycles = chip.noc.traversal_cycles = 1;
    chip.noc.link_cycles = chip.noc.credit_cycles = 1;
    chip.noc.link_cycles_y = chip.noc.credit_cycles_y = -1; /* as along x */
    weft_chip_resolve(&chip);
    return chip;
}

/* All that a timed run needs; `mapping` may be replaced before prepare. */
struct timed_case {
    weft_chip chip;
    network_ptr net;
    stages_ptr stages;
    mapping_ptr mapping;
    traffic_ptr traffic;
    weft_engine *engine = nullptr;
    std::vector<float> x;
    size_t images;

    timed_case(const weft_chip &the_chip, network_ptr the_net, size_t count, uint64_t seed)
        : chip(the_chip), net(std::move(the_net)), stages(nullptr, weft_stages_destroy),
          mapping(nullptr, weft_mapping_destroy), traffic(nullptr, weft_traffic_destroy), images(count) {
        dice d(seed);
        fill_random(net.get(), d);
        stages = lower(net.get());
        x.resize(images * weft_shape_size(net->input));
        for (float &v : x) v = (float)d.between(0, 255) / 255.0f;
    }
    timed_case(const timed_case &) = delete;
    ~timed_case() { weft_engine_destroy(engine); }

    void prepare() {
        weft_error err = {};
        ASSERT_TRUE(mapping);
        ASSERT_EQ(weft_mapping_check(mapping.get(), stages.get(), &chip, &err), WEFT_OK) << err.text;
        traffic = make_traffic(mapping.get(), stages.get(), &chip);
        ASSERT_EQ(weft_engine_create(&engine, &chip, mapping.get(), stages.get(), &err), WEFT_OK) << err.text;
        ASSERT_EQ(weft_engine_calibrate(engine, x.data(), images, WEFT_CALIBRATE_RANGES, &err), WEFT_OK) << err.text;
    }
    weft_status run(weft_cosim_result **out, weft_error *err, weft_trace **trace = nullptr, bool reserved = false) {
        weft_cosim_options options = {};
        options.images = images;
        options.trace = trace;
        options.reserved_only = reserved;
        return weft_cosim_run(out, engine, &chip, mapping.get(), stages.get(), traffic.get(), x.data(), &options, err);
    }
    size_t classes() const { return (size_t)stages->classes; }
};

using cosim_ptr = std::unique_ptr<weft_cosim_result, decltype(&weft_cosim_result_destroy)>;
inline cosim_ptr run_timed(timed_case &c, weft_trace **trace = nullptr, bool reserved = false) {
    weft_cosim_result *result = nullptr;
    weft_error err = {};
    EXPECT_EQ(c.run(&result, &err, trace, reserved), WEFT_OK) << err.text;
    return cosim_ptr(result, weft_cosim_result_destroy);
}

/* Hand-made mapping: blocks and tiles stage by stage. */
inline mapping_ptr hand_mapping(const weft_stages *stages, const std::vector<std::vector<weft_output_block>> &blocks,
                                const std::vector<std::vector<weft_tile>> &tiles) {
    mapping_ptr mapping = empty_mapping(stages);
    for (size_t s = 0; s < blocks.size(); s++) set_stage(mapping.get(), (int)s, blocks[s], tiles[s]);
    return mapping;
}

/* What must hold after every run: values of the functional engine bit for bit, and the closed-form counts. */
inline void expect_equals_functional(const timed_case &c, const weft_cosim_result &r) {
    std::vector<float> logits(c.images * c.classes());
    ASSERT_EQ(weft_engine_run(c.engine, c.x.data(), c.images, logits.data(), nullptr), WEFT_OK);
    EXPECT_EQ(memcmp(logits.data(), r.logits, logits.size() * sizeof(float)), 0);
    for (int s = -1; s < c.stages->count; s++) {
        weft_event_counts expected = weft_traffic_events(c.traffic.get(), s);
        if (s >= 0) {
            weft_event_counts computed = weft_engine_events(c.engine, s);
            weft_event_counts_add(&expected, &computed);
        }
        const weft_event_counts &counted = r.timing->stage_events[s < 0 ? c.stages->count : s];
        for (int e = 0; e < WEFT_EVENT_COUNT; e++)
            EXPECT_EQ(counted.n[e], expected.n[e] * c.images) << "stage " << s << ", " << weft_events[e].id;
    }
    const uint64_t end = *std::max_element(r.timing->image_end, r.timing->image_end + c.images);
    for (int s = 0; s < c.stages->count; s++) {
        const weft_stalls &w = r.stalls[s];
        EXPECT_EQ(w.waiters[WEFT_STALL_PIXELS] > 0, c.stages->items[s].has_matrix) << s;
        EXPECT_GT(w.waiters[WEFT_STALL_OUTPUT], 0u) << s;
        EXPECT_LE(w.cycles[WEFT_STALL_PIXELS] + w.cycles[WEFT_STALL_SUMS], w.waiters[WEFT_STALL_PIXELS] * end) << s;
        EXPECT_LE(w.cycles[WEFT_STALL_ADDEND] + w.cycles[WEFT_STALL_OUTPUT], w.waiters[WEFT_STALL_OUTPUT] * end) << s;
    }
    weft_traffic_totals total = weft_traffic_total(c.traffic.get());
    EXPECT_EQ(r.timing->packets, total.packets * c.images);
    EXPECT_EQ(r.timing->flits, total.flits * c.images);
    EXPECT_EQ(r.timing->flit_hops, total.flit_hops * c.images);
}

} // namespace weft_test
#endif
