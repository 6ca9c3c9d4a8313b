// Is the report right: energy = counts x cost, times from cycles, self-checks, and files that parse?
#include "sim/report/figures.h"
#include "sim/report/tables.h"

#include "core/interval.h"

#include <algorithm>
#include <cjson/cJSON.h>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

// A made-up chip of 2 x 1 routers with one core each, one layer of 4 x 3 weights in one array, two timed images.
class Report : public testing::Test {
  protected:
    weft_chip chip{};
    weft_source source{-1, 0, 4};
    weft_port port{};
    weft_stage stage{};
    weft_stages stages{};
    weft_tile tile{};
    weft_output_block block{};
    weft_mapped_stage mapped{};
    weft_mapping mapping{};
    uint32_t confusion[9] = {3, 1, 0, 0, 2, 0, 1, 0, 3};
    weft_timing *timing = nullptr;
    weft_report_timed timed{};
    weft_report_input input{};
    weft_report_tables tables{};

    void SetUp() override {
        chip.name = "made-up";
        chip.description = "two cores";
        chip.cycle_ns = 2;
        chip.array.rows = 8;
        chip.array.columns = 8;
        chip.array.per_core = 1;
        chip.noc.mesh[0] = 2;
        chip.noc.mesh[1] = 1;
        chip.noc.concentration = 1;
        chip.core_count = chip.router_count = chip.host_terminal = 2;
        chip.columns_per_weight = 2;
        chip.mvm_latency_cycles = 41;
        chip.core.buffer_bytes = 100;
        chip.core.digital_ns.value = 9; // 5 cycles
        for (weft_cited &cost : chip.cost_pj) cost = {0, WEFT_EVIDENCE_ASSUMED, "", 0};
        chip.cost_pj[WEFT_EVENT_ARRAY_READ] = {3, WEFT_EVIDENCE_MEASURED, "a, \"b\"", 0};
        chip.cost_pj[WEFT_EVENT_ADC_CONVERSION].value = 0.5;
        chip.cost_pj[WEFT_EVENT_AFFINE].value = 0.25;
        chip.cost_pj[WEFT_EVENT_ACTIVATION].value = 2;
        chip.cost_pj[WEFT_EVENT_LINK_FLIT].value = 10;
        chip.static_power.core_mw.value = 1;
        chip.static_power.router_mw.value = 0.5;
        chip.static_power.chip_mw.value = 0.25;
        stage.name = "<b>`fc`&\"1\"";
        stage.has_matrix = true;
        stage.groups = 1;
        stage.rows = 4;
        stage.columns = 3;
        stage.in = {4, 1, 1};
        stage.matrix_out = stage.out = {3, 1, 1};
        stage.port_count = 1;
        stage.ports = &port;
        stage.op_count = 1; // only their number counts here
        port.source_count = 1;
        port.sources = &source;
        stages.count = 1;
        stages.items = &stage;
        stages.input = {4, 1, 1};
        stages.classes = 3;
        tile.row_end = 4;
        tile.column_end = 3;
        block.column_end = 3;
        mapped.name = const_cast<char *>("fc");
        mapped.rows = 4;
        mapped.columns = 3;
        mapped.copies_y = mapped.copies_x = 1;
        mapped.block_count = mapped.tile_count = 1;
        mapped.blocks = &block;
        mapped.tiles = &tile;
        mapping.stage_count = mapping.parts = mapping.chips = 1;
        mapping.stages = &mapped;
        std::strcpy(mapping.network_path, "/somewhere/net.onnx");
        input.chip = &chip;
        input.mapping = &mapping;
        input.stages = &stages;
        input.network_name = "net";
        input.dataset = "set";
        input.transform = "sign";
        input.images = 10;
        input.correct = 8;
        input.confusion = confusion;
        ASSERT_EQ(weft_timing_create(&timing, 2, 1, 2, 2, nullptr), WEFT_OK);
        timing->cycles = 150;
        timing->image_start[0] = 0, timing->image_start[1] = 10;
        timing->image_end[0] = 100, timing->image_end[1] = 150;
        timing->stage_busy_cycles[0] = 60;
        timing->cores[0].mvm_count = 2;
        timing->cores[0].array_busy_cycles = 50;
        timing->cores[0].digital_busy_cycles = 9;
        timing->cores[0].buffer_peak_bytes = 77;
        timing->packets = 8, timing->flits = timing->flits_in = 12, timing->flit_hops = 10;
        timing->packet_cycles = timing->latency_sum_cycles = 40, timing->latency_max_cycles = 9,
        timing->zero_load_sum_cycles = 36;
        timing->io_busy_cycles = 30;
        timing->link_flits[0] = 6, timing->link_flits[5] = 4;
        timed.timing = timing;
        timed.outputs = timed.outputs_identical = 6;
        timed.systemc_version = "0.0";
        input.timed = &timed;
        Fill();
    }
    void TearDown() override {
        weft_report_tables_free(&tables);
        weft_timing_destroy(timing);
    }

    // What weft_report_collect would ask engine and traffic for.
    void Fill() {
        weft_report_tables_free(&tables);
        ASSERT_EQ(weft_report_tables_alloc(&tables, &input, nullptr), WEFT_OK);
        weft_report_layer *layer = &tables.layers[0];
        layer->name = stage.name;
        layer->copies = layer->tiles = layer->cores = 1;
        layer->positions = 1;
        layer->macs = 12;
        layer->counts.n[WEFT_EVENT_ARRAY_READ] = 7;
        layer->counts.n[WEFT_EVENT_ADC_CONVERSION] = 11;
        layer->counts.n[WEFT_EVENT_AFFINE] = 3;
        layer->counts.n[WEFT_EVENT_ACTIVATION] = 3;
        layer->counts.n[WEFT_EVENT_LINK_FLIT] = 2;
        tables.layers[1].name = "input";
        tables.layers[1].counts.n[WEFT_EVENT_LINK_FLIT] = 3;
        layer->counts.n[WEFT_EVENT_ROUTER_FLIT] = 4;
        tables.layers[1].counts.n[WEFT_EVENT_ROUTER_FLIT] = 7;
        tables.traffic = {4, 6, 5};
        tables.probes = {3, 0, 51, 51, true};
        tables.port_flits = 4;
        for (int i = 0; i < 8; i++) tables.link_share[i] = 4 / 7.0;
        tables.core_arrays[0] = 1;
        count_again();
    }
    // The run's events as the closed form says: the layer's on core 0, half of them later; the input's at the host.
    void count_again() {
        std::memset(timing->stage_events, 0, 2 * sizeof *timing->stage_events);
        for (int c = 0; c < 3; c++) timing->cores[c].events = {};
        std::memset(timing->bins, 0, (size_t)timing->bin_count * sizeof *timing->bins);
        timing->bin_count = 0;
        timing->bin_cycles = 1;
        for (uint64_t at : {5, 145}) {
            weft_timing_count(timing, 0, 0, at, &tables.layers[0].counts);
            weft_timing_count(timing, -1, 2, at, &tables.layers[1].counts);
        }
    }

    template <typename Print> std::string text(Print print) {
        char *out = nullptr;
        size_t size = 0;
        FILE *stream = open_memstream(&out, &size);
        print(&tables, stream);
        fclose(stream);
        std::string result(out, size);
        free(out);
        return result;
    }
    double component(const char *name) {
        for (int k = 0; k < tables.component_count; k++)
            if (!strcmp(tables.component[k], name)) return tables.component_pj[k];
        return NAN;
    }
};

TEST_F(Report, energy_is_counts_times_cost) {
    weft_report_derive(&tables);
    EXPECT_EQ(component("array"), 21);
    EXPECT_EQ(component("adc"), 5.5);
    EXPECT_EQ(component("digital"), 6.75);
    EXPECT_EQ(component("link"), 50);
    EXPECT_EQ(component("buffer"), 0);
    EXPECT_EQ(tables.layers[0].energy_pj, 53.25);
    EXPECT_EQ(tables.layers[1].energy_pj, 30);
    EXPECT_EQ(tables.figures.energy_dynamic_pj, 83.25);
    // Static: (2 x 1 + 2 x 0.5 + 0.25) mW over the 100 ns between the ends of the two images.
    EXPECT_EQ(tables.figures.energy_static_pj, 325);
    EXPECT_EQ(tables.figures.energy_total_pj, 408.25);
    EXPECT_EQ(tables.figures.power_mw, 4.0825);
}

TEST_F(Report, times_come_from_cycles) {
    weft_report_derive(&tables);
    EXPECT_EQ(tables.figures.latency_ns, 200);
    EXPECT_EQ(tables.figures.throughput_images_per_s, 1e7);
    EXPECT_EQ(tables.layers[0].busy_ns, 60);
    EXPECT_EQ(tables.figures.accuracy_percent, 80);
    EXPECT_EQ(tables.figures.cores_used, 1);
    EXPECT_EQ(tables.figures.arrays_used, 1);
}

TEST_F(Report, throughput_is_never_above_the_busiest_resource) {
    timing->image_end[1] = 101; // 2 ns behind the first
    weft_report_derive(&tables);
    EXPECT_EQ(tables.figures.throughput_images_per_s, 1e9 / 60);
    EXPECT_EQ(tables.figures.interval_ns, 2);
    timing->cores[1].digital_busy_cycles = 80;
    Fill();
    weft_report_derive(&tables);
    EXPECT_EQ(tables.figures.throughput_images_per_s, 1e9 / 80);
}

TEST_F(Report, one_timed_image) {
    timing->images = 1;
    weft_report_derive(&tables);
    EXPECT_EQ(tables.figures.latency_ns, 200);
    EXPECT_TRUE(std::isnan(tables.figures.latency_steady_ns));
    EXPECT_TRUE(std::isnan(tables.figures.interval_ns));
    EXPECT_EQ(tables.figures.throughput_images_per_s, 5e6);
    EXPECT_NE(text(weft_report_print_time).find("  steady state   - (at least 2 timed images)\n"), std::string::npos);
}

// Intervals 200, 100, 100, 104: the pipeline fills in the first one, then 101.33 +- 2.31 cycles.
TEST_F(Report, steady_state) {
    weft_timing_destroy(timing);
    ASSERT_EQ(weft_timing_create(&timing, 5, 1, 2, 2, nullptr), WEFT_OK);
    timed.timing = timing;
    const uint64_t ends[] = {100, 300, 400, 500, 604};
    for (size_t i = 0; i < 5; i++) timing->image_start[i] = 50 * i, timing->image_end[i] = ends[i];
    timing->cycles = 604;
    timing->stage_busy_cycles[0] = 300;
    Fill();
    weft_report_derive(&tables);
    const weft_report_figures &f = tables.figures;
    EXPECT_EQ(f.warmup_images, 1u);
    EXPECT_EQ(f.latency_ns, 200);
    EXPECT_DOUBLE_EQ(f.interval_ns, 2 * 304.0 / 3);
    EXPECT_NEAR(f.interval_std_ns, 2 * 4 / std::sqrt(3.0), 1e-9);
    EXPECT_DOUBLE_EQ(f.throughput_images_per_s, 1e9 * 3 / 608);
    EXPECT_DOUBLE_EQ(f.latency_steady_ns, 2 * (250 + 300 + 350 + 404) / 4.0);
    const std::string printed = text(weft_report_print_time);
    EXPECT_NE(printed.find("latency          200.0 ns\n  steady state   652.0 ns, mean of images 2 to 5\n"
                           "interval         202.7 ns, standard deviation 4.619 ns\n"),
              std::string::npos)
        << printed;
    ASSERT_GT(tables.resource_count, 0);
    EXPECT_EQ(tables.resources[0].kind, WEFT_RESOURCE_ARRAYS);
    EXPECT_NEAR(tables.resources[0].utilisation, 60 / (304.0 / 3), 1e-12);
}

TEST_F(Report, no_timed_images) {
    input.timed = nullptr;
    weft_report_derive(&tables);
    EXPECT_TRUE(std::isnan(tables.figures.latency_ns));
    EXPECT_TRUE(std::isnan(tables.figures.energy_total_pj));
    EXPECT_EQ(tables.figures.energy_dynamic_pj, 83.25);
    EXPECT_EQ(tables.figures.failed_check, nullptr);
    cJSON *json = cJSON_Parse(text(weft_report_json).c_str());
    ASSERT_NE(json, nullptr);
    for (const char *key : {"latency_ns", "throughput_images_per_s", "cycles", "power_mw"})
        EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, key))) << key;
    cJSON_Delete(json);
}

const weft_report_check *check_of(const weft_report_tables &tables, const char *name) {
    for (int i = 0; i < tables.check_count; i++)
        if (!strcmp(tables.checks[i].name, name)) return &tables.checks[i];
    return nullptr;
}

TEST_F(Report, self_checks_hold) {
    weft_report_derive(&tables);
    EXPECT_EQ(tables.figures.failed_check, nullptr) << tables.figures.failed_check;
    EXPECT_EQ(tables.figures.checks_known, 19);
    EXPECT_EQ(tables.figures.checks_passed, 19);
    const struct {
        const char *name;
        double left, right;
    } sides[] = {
        {"timed_equals_functional", 6, 6},
        {"events_counted_equal_closed_form", 2 * (7 + 11 + 3 + 3 + 2 + 4 + 3 + 7), 80},
        {"packets_delivered_equal_closed_form", 8, 8},
        {"flits_delivered_equal_closed_form", 12, 12},
        {"flit_hops_equal_closed_form", 10, 10},
        {"link_flits_equal_hops_of_packets", 10, 2 * (2 + 3)},
        {"flits_in_equal_flits_out", 12, 12},
        {"probes_take_zero_load_latency", 51, 51},
        {"packet_latency_at_least_zero_load", 40, 36},
        {"fullest_channel_within_credit_loop", 6 / 150.0, 4 / 7.0}, // a link; the port has 8 of 150
        {"energy_of_cores_equals_closed_form", 2 * 83.25, 2 * 83.25},
        {"energy_over_time_equals_closed_form", 2 * 83.25, 2 * 83.25},
        {"latency_at_least_longest_way", 100, 41 + 5},
        {"packets_inside_equal_rate_times_latency", 40 / 150.0, 8 / 150.0 * 5},
        {"utilisation_at_most_1", 60 / 150.0, 1},
        {"buffers_within_core_memory", 77, 100},
        {"energy_is_counts_times_cost", 83.25, 83.25},
        {"confusion_sums_to_images", 10, 10},
        {"confusion_diagonal_is_correct", 8, 8},
    };
    EXPECT_EQ((int)std::size(sides), tables.check_count);
    for (const auto &side : sides) {
        const weft_report_check *check = check_of(tables, side.name);
        ASSERT_NE(check, nullptr) << side.name;
        EXPECT_TRUE(check->known && check->passed) << side.name;
        EXPECT_DOUBLE_EQ(check->left, side.left) << side.name;
        EXPECT_DOUBLE_EQ(check->right, side.right) << side.name;
    }
    EXPECT_EQ(text(weft_report_print_checks), "checks           19 of 19 hold\n");
}

// Every check fails, and ahead of all others, when one thing that it looks at is wrong; none is left out.
TEST_F(Report, self_checks_fail) {
    const auto nothing = [] {};
    const auto first = [&] {
        const char *name = tables.figures.failed_check;
        const weft_report_check *check = name ? check_of(tables, name) : nullptr;
        EXPECT_TRUE(!check || (check->known && !check->passed));
        return std::string(name ? name : "none");
    };
    // Ahead of deriving, or of the checks alone.
    const auto failed = [&](auto change, auto restore) {
        Fill();
        change();
        weft_report_derive(&tables);
        restore();
        return first();
    };
    const auto failed_later = [&](auto change) {
        Fill();
        weft_report_derive(&tables);
        change();
        weft_report_derive_checks(&tables);
        return first();
    };
    struct {
        const char *name;
        std::string failed;
    } cases[] = {
        {"timed_equals_functional", failed([&] { timed.outputs_identical = 5; }, [&] { timed.outputs_identical = 6; })},
        {"events_counted_equal_closed_form",
         failed([&] { timing->stage_events[1].n[WEFT_EVENT_LINK_FLIT]++; }, nothing)},
        {"packets_delivered_equal_closed_form", failed([&] { timing->packets++; }, [&] { timing->packets--; })},
        {"flits_delivered_equal_closed_form", failed([&] { timing->flits--; }, [&] { timing->flits++; })},
        {"flit_hops_equal_closed_form", failed([&] { timing->flit_hops++; }, [&] { timing->flit_hops--; })},
        {"link_flits_equal_hops_of_packets",
         failed([&] { timing->link_flits[0]++; }, [&] { timing->link_flits[0]--; })},
        {"flits_in_equal_flits_out", failed([&] { timing->flits_in--; }, [&] { timing->flits_in++; })},
        {"flits_in_equal_flits_out", failed([&] { tables.copied_flits = 1; }, nothing)},
        {"probes_take_zero_load_latency", failed([&] { tables.probes.differing = 1; }, nothing)},
        {"packet_latency_at_least_zero_load",
         failed([&] { timing->zero_load_sum_cycles = 41; }, [&] { timing->zero_load_sum_cycles = 36; })},
        {"fullest_channel_within_credit_loop", failed([&] { timing->cycles = 10; }, [&] { timing->cycles = 150; })},
        {"fullest_channel_within_credit_loop", failed([&] { tables.port_flits = 76; }, nothing)},
        {"energy_of_cores_equals_closed_form", failed(
                                                   [&] {
                                                       timing->cores[0].events.n[WEFT_EVENT_ADC_CONVERSION]--;
                                                       timing->cores[1].events.n[WEFT_EVENT_AFFINE] +=
                                                           2; // of the same energy
                                                   },
                                                   nothing)},
        {"energy_over_time_equals_closed_form", failed([&] { timing->bins[0].n[WEFT_EVENT_ARRAY_READ]++; }, nothing)},
        {"latency_at_least_longest_way",
         failed([&] { timing->image_start[0] = 55; }, [&] { timing->image_start[0] = 0; })},
        {"packets_inside_equal_rate_times_latency",
         failed([&] { timing->packet_cycles++; }, [&] { timing->packet_cycles--; })},
        {"utilisation_at_most_1", failed([&] { timing->cores[1].digital_busy_cycles = 151; },
                                         [&] { timing->cores[1].digital_busy_cycles = 0; })},
        {"utilisation_at_most_1", failed([&] { timing->cores[1].ejection_busy_cycles = 151; },
                                         [&] { timing->cores[1].ejection_busy_cycles = 0; })},
        {"utilisation_at_most_1",
         failed([&] { timing->cores[1].array_busy_cycles = 1; }, [&] { timing->cores[1].array_busy_cycles = 0; })},
        {"buffers_within_core_memory",
         failed([&] { timing->cores[1].buffer_peak_bytes = 101; }, [&] { timing->cores[1].buffer_peak_bytes = 0; })},
        {"energy_is_counts_times_cost", failed_later([&] { tables.figures.energy_dynamic_pj += 0.25; })},
        {"energy_is_counts_times_cost", failed_later([&] { tables.event_pj[WEFT_EVENT_ARRAY_READ]++; })},
        {"energy_is_counts_times_cost", failed_later([&] {
             tables.figures.energy_dynamic_pj += 3;
             tables.event_pj[WEFT_EVENT_ARRAY_READ] += 3; // as one more product costs, which is not counted
         })},
        {"confusion_sums_to_images", failed([&] { input.images = 9; }, [&] { input.images = 10; })},
        {"confusion_diagonal_is_correct", failed([&] { input.correct = 7; }, [&] { input.correct = 8; })},
    };
    EXPECT_EQ(failed(nothing, nothing), "none");
    EXPECT_EQ(failed(
                  [&] {
                      timing->flits_in -= 2;
                      tables.copied_flits = 1;
                  },
                  [&] { timing->flits_in += 2; }),
              "none");
    for (const auto &c : cases) EXPECT_EQ(c.failed, c.name);
    for (int i = 0; i < tables.check_count; i++)
        EXPECT_TRUE(std::any_of(std::begin(cases), std::end(cases), [&](const auto &c) {
            return !strcmp(c.name, tables.checks[i].name);
        })) << tables.checks[i].name;
    EXPECT_EQ(failed_later([&] { tables.counts.n[WEFT_EVENT_ARRAY_READ]++; }), "energy_of_cores_equals_closed_form");
}

// A packet that is faster than a lower bound allows differs; one that is slower does not.
TEST_F(Report, probes_of_adaptive_routes_have_a_lower_bound) {
    tables.probes = {3, 0, 57, 51, false};
    weft_report_derive(&tables);
    const weft_report_check *check = check_of(tables, "probes_take_zero_load_latency");
    ASSERT_NE(check, nullptr);
    EXPECT_TRUE(check->passed);
    EXPECT_STREQ(check->relation, ">=");
}

TEST_F(Report, failed_checks_are_told_with_both_sides) {
    timing->packets = 7;
    weft_report_derive(&tables);
    EXPECT_EQ(text(weft_report_print_checks),
              "checks           18 of 19 hold\n"
              "self-check       FAILED: packets_delivered_equal_closed_form: 7 delivered, wanted = 8 closed form\n");
    EXPECT_NE(text(weft_report_html_checks)
                  .find("<td>packets delivered equal closed form</td><td>7</td><td "
                        "class=\"text\">delivered</td><td>=</td><td>8</td>"),
              std::string::npos);
    cJSON *json = cJSON_Parse(text(weft_report_json).c_str());
    const cJSON *checks = cJSON_GetObjectItemCaseSensitive(json, "checks"), *item;
    ASSERT_EQ(cJSON_GetArraySize(checks), 19);
    cJSON_ArrayForEach(item, checks) {
        const bool wrong =
            !strcmp(cJSON_GetObjectItemCaseSensitive(item, "name")->valuestring, "packets_delivered_equal_closed_form");
        EXPECT_EQ((bool)cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "holds")), !wrong);
        EXPECT_TRUE(cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(item, "left")));
        EXPECT_TRUE(cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(item, "right")));
    }
    cJSON_Delete(json);
}

// Two chips of 2 x 1 routers below each other; a flit that wraps around; a mesh that lies on two chips.
TEST_F(Report, link_figure_shows_every_chip) {
    const auto figure = [&] {
        return text([](const weft_report_tables *t, FILE *stream) { weft_report_draw_links(stream, t); });
    };
    std::string script = figure();
    EXPECT_NE(script.find("$links << END\n0.2 0.09 0.6 0 0.04\n0.8 -0.09 -0.6 0 0.0266667\nEND\n"), std::string::npos)
        << script;
    EXPECT_NE(script.find("$routers << END\n0 0 1\n1 0 0\nEND\n$host << END\n"), std::string::npos) << script;
    EXPECT_EQ(script.find("chip 0"), std::string::npos);
    EXPECT_EQ(script.find("dt 2"), std::string::npos);
    weft_timing_destroy(timing);
    ASSERT_EQ(weft_timing_create(&timing, 2, 1, 4, 4, nullptr), WEFT_OK);
    timed.timing = timing;
    timing->cycles = 100;
    timing->link_flits[8] = 5;  // chip 1, router 0, east
    timing->link_flits[13] = 2; // router 1, west
    timing->link_flits[12] = 1; // east, around
    timing->cores[3].digital_busy_cycles = 1;
    chip.noc.chips[0] = 2, chip.noc.chips[1] = 1;
    script = figure();
    EXPECT_NE(script.find("$links << END\n0.2 0.09 0.6 0 0\n0.8 -0.09 -0.6 0 0\n0.2 2.29 0.6 0 0.05\n1.2 2.29 0.3 0 "
                          "0.01\n0.8 2.11 -0.6 0 0.02\nEND\n"),
              std::string::npos)
        << script;
    EXPECT_NE(script.find("$routers << END\n0 0 0\n1 0 0\n0 2.2 0\n1 2.2 1\nEND\n"), std::string::npos) << script;
    EXPECT_NE(script.find("set label 'chip 1' at 0.5,1.7 center"), std::string::npos) << script;
    EXPECT_NE(script.find("set arrow from 0.5,1.7 to 0.5,2.7 nohead dt 2"), std::string::npos) << script;
}

// Of 150 cycles: two groups of arrays wait 90 and 60 for pixels, three together for room; a block 1.
TEST_F(Report, stalls_are_shares_of_the_run) {
    weft_report_derive(&tables);
    EXPECT_EQ(text(weft_report_print_stalls), "");
    EXPECT_EQ(text(weft_report_html_stalls), "");
    EXPECT_TRUE(std::isnan(weft_report_stall(&tables, 0, WEFT_STALL_PIXELS)));
    const weft_stalls stalls = {{150, 3, 0, 1}, {2, 2, 0, 1}};
    timed.stalls = &stalls;
    EXPECT_EQ(weft_report_stall(&tables, 0, WEFT_STALL_PIXELS), 0.5);
    EXPECT_EQ(weft_report_stall(&tables, 0, WEFT_STALL_SUMS), 0.01);
    EXPECT_TRUE(std::isnan(weft_report_stall(&tables, 0, WEFT_STALL_ADDEND)));
    EXPECT_EQ(
        text(weft_report_print_stalls),
        "longest waits    <b>`fc`&\"1\"'s arrays 50 % for pixels; <b>`fc`&\"1\"'s arrays 1 % for room for sums\n");
    EXPECT_NE(text(weft_report_html_stalls)
                  .find("<tr><td>&lt;b&gt;`fc`&amp;&quot;1&quot;</td><td>50.0 %</td><td>1.0 %</td><td>–</td><td>0.7 "
                        "%</td></tr>"),
              std::string::npos)
        << text(weft_report_html_stalls);
    cJSON *json = cJSON_Parse(text(weft_report_json).c_str());
    const cJSON *layer = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "layers"), 0);
    const cJSON *of = cJSON_GetObjectItemCaseSensitive(layer, "stalls");
    const cJSON *pixels = cJSON_GetObjectItemCaseSensitive(of, "pixels");
    EXPECT_EQ(cJSON_GetObjectItemCaseSensitive(pixels, "cycles")->valuedouble, 150);
    EXPECT_EQ(cJSON_GetObjectItemCaseSensitive(pixels, "share")->valuedouble, 0.5);
    EXPECT_TRUE(
        cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(of, "addend"), "share")));
    cJSON_Delete(json);
    timed.stalls = nullptr;
}

// Arrays 30 cycles an image, host link 15, digital unit 4.5, link 3, of 50.
TEST_F(Report, resources_by_use) {
    weft_report_without without[1] = {};
    weft_report_derive(&tables);
    ASSERT_EQ(tables.resource_count, 5);
    const int kinds[] = {WEFT_RESOURCE_ARRAYS, WEFT_RESOURCE_IO, WEFT_RESOURCE_DIGITAL, WEFT_RESOURCE_LINK,
                         WEFT_RESOURCE_BUFFERS};
    const double use[] = {0.6, 0.3, 0.09, 0.06, 0.77};
    for (int i = 0; i < 5; i++) {
        EXPECT_EQ(tables.resources[i].kind, kinds[i]);
        EXPECT_DOUBLE_EQ(tables.resources[i].utilisation, use[i]);
    }
    EXPECT_EQ(text(weft_report_print_critical), "held up by       <b>`fc`&\"1\"'s arrays: 60 % busy\n");
    without[0].resource = tables.resources[1];
    without[0].pace_cycles = 40;
    without[0].speedup = 1.25;
    without[0].limited = true;
    without[0].next = tables.resources[3];
    timed.without = without;
    timed.without_count = 1;
    EXPECT_EQ(text(weft_report_print_critical),
              "held up by       the host link: 30 % busy; without it 1.25 x faster (then the link from (0, 0) east)\n");
    EXPECT_EQ(text(weft_report_csv_resources),
              "resource,kind,busy_cycles,busy_cycles_per_image,utilisation,speedup_without,then\n"
              "\"<b>`fc`&\"\"1\"\"'s arrays\",arrays,60,30,0.6,,\n"
              "the host link,io,30,15,0.3,1.25,\"the link from (0, 0) east\"\n"
              "the digital unit of core 0,digital,9,4.5,0.09,,\n"
              "\"the link from (0, 0) east\",link,6,3,0.06,,\n"
              "buffers of cores (fullest: core 0),buffers,,,0.77,,\n");
    cJSON *json = cJSON_Parse(text(weft_report_json).c_str());
    const cJSON *critical = cJSON_GetObjectItemCaseSensitive(json, "critical");
    EXPECT_STREQ(cJSON_GetObjectItemCaseSensitive(critical, "name")->valuestring, "the host link");
    EXPECT_EQ(cJSON_GetObjectItemCaseSensitive(critical, "speedup_without")->valuedouble, 1.25);
    EXPECT_EQ(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "resources")), 5);
    cJSON_Delete(json);
    without[0].speedup = 1.01;
    EXPECT_EQ(text(weft_report_print_critical),
              "held up by       nothing by itself; the host link: 30 % busy; without it 1.01 x faster\n");
    without[0].resource = tables.resources[4];
    without[0].speedup = 1.25;
    EXPECT_EQ(text(weft_report_print_critical),
              "held up by       buffers of cores (fullest: core 0): 77 % full; with endless ones 1.25 x faster (then "
              "the link from (0, 0) east)\n");
    without[0].resource = tables.resources[1];
    const std::string page = text(weft_report_html_resources);
    EXPECT_NE(page.find("<td>30.0 %</td><td>1.25 ×</td><td class=\"text\">the link from (0, 0) east</td>"),
              std::string::npos)
        << page;
}

TEST_F(Report, ports_hold_up_what_is_behind_them) {
    timing->cores[2].injection_busy_cycles = 80;
    timing->cores[1].ejection_busy_cycles = 70;
    weft_report_derive(&tables);
    ASSERT_EQ(tables.resource_count, 6);
    EXPECT_EQ(tables.resources[0].kind, WEFT_RESOURCE_PORT);
    EXPECT_TRUE(tables.resources[0].host);
    EXPECT_DOUBLE_EQ(tables.resources[0].utilisation, 0.8);
    EXPECT_EQ(text(weft_report_print_critical), "held up by       the host's port into the network: 80 % busy\n");
    timing->cores[2].injection_busy_cycles = 69;
    Fill();
    weft_report_derive(&tables);
    EXPECT_EQ(text(weft_report_print_critical), "held up by       the port of core 1 out of the network: 70 % busy\n");
}

// Bins of one cycle; the run's energy lies in two of them. 83.25 pJ in 2 ns; the last bin is cut off by the run's end.
TEST_F(Report, power_over_time) {
    weft_report_derive(&tables);
    double component[WEFT_EVENT_COUNT];
    ASSERT_EQ(timing->bin_cycles, 1u);
    ASSERT_EQ(timing->bin_count, 146);
    EXPECT_EQ(weft_report_bin_power(&tables, 5, component), 83.25 / 2);
    EXPECT_EQ(component[weft_report_component(&tables, WEFT_EVENT_LINK_FLIT)], 25);
    EXPECT_EQ(weft_report_bin_power(&tables, 6, component), 0);
    const weft_event_counts none = {};
    weft_timing_count(timing, 0, 0, 299, &none); // 150 bins of two cycles
    timing->cycles = 145;
    EXPECT_EQ(timing->bin_cycles, 2u);
    EXPECT_EQ(weft_report_bin_cycles(timing, 72), 1u);
    EXPECT_EQ(weft_report_bin_power(&tables, 72, component), 83.25 / 2);
    EXPECT_EQ(weft_report_bin_cycles(timing, 73), 0u);
    EXPECT_EQ(weft_report_bin_power(&tables, 73, component), 0);
    const std::string csv = text(weft_report_csv_power);
    EXPECT_NE(csv.find("\n8,12,83.25,3.25,20.8125,"), std::string::npos) << csv;
}

TEST_F(Report, json_has_the_promised_keys) {
    const char *overrides[] = {"adc.bits=6"};
    input.overrides = overrides;
    input.override_count = 1;
    weft_report_derive(&tables);
    cJSON *json = cJSON_Parse(text(weft_report_json).c_str());
    ASSERT_NE(json, nullptr);
    const auto number = [&](const char *key) {
        return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, key));
    };
    EXPECT_EQ(number("schema"), 1);
    EXPECT_EQ(number("accuracy_percent"), 80);
    EXPECT_EQ(number("images"), 10);
    EXPECT_EQ(number("latency_ns"), 200);
    EXPECT_EQ(number("throughput_images_per_s"), 1e7);
    EXPECT_EQ(number("cycles"), 150);
    cJSON *energy = cJSON_GetObjectItemCaseSensitive(json, "energy_per_image_pj");
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(energy, "total")), 408.25);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(energy, "adc")), 5.5);
    cJSON *counts = cJSON_GetObjectItemCaseSensitive(json, "events_per_image");
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(counts, "link_flit")), 5);
    EXPECT_EQ(cJSON_GetArraySize(counts), WEFT_EVENT_COUNT);
    cJSON *network = cJSON_GetObjectItemCaseSensitive(json, "network");
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(network, "file")),
                 "net.onnx"); // no folder of this machine
    cJSON *layer = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "layers"), 0);
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(layer, "name")), stage.name);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(layer, "copies")), 1);
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(layer, "kind")), "dense");
    EXPECT_TRUE(cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(layer, "adc_exact")));
    cJSON_Delete(json);
}

// A digital stage has no matrix: no arrays, no products, nothing to say of its converters.
TEST_F(Report, digital_stages_have_no_arrays) {
    stage.has_matrix = false;
    mapped.tile_count = 0;
    tables.layers[0].tiles = 0;
    tables.layers[0].macs = 0;
    tables.core_arrays[0] = 0;
    tables.core_blocks[1] = 2;
    weft_report_derive(&tables);
    EXPECT_EQ(tables.figures.cores_used, 1);
    EXPECT_EQ(tables.figures.arrays_used, 0);
    EXPECT_EQ(tables.macs, 0u);
    cJSON *json = cJSON_Parse(text(weft_report_json).c_str());
    ASSERT_NE(json, nullptr);
    cJSON *layer = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "layers"), 0);
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(layer, "kind")), "digital");
    EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(layer, "adc_exact")));
    cJSON_Delete(json);
    weft_report_svg svg{};
    std::string page = text([&](const weft_report_tables *t, FILE *s) { weft_report_html(t, &svg, s); });
    EXPECT_NE(page.find("<td>digital</td>"), std::string::npos);
}

size_t fields_of(const std::string &line) {
    size_t count = 1;
    bool quoted = false;
    for (char c : line) {
        if (c == '"') quoted = !quoted;
        count += c == ',' && !quoted;
    }
    return count;
}

TEST_F(Report, every_csv_line_has_all_columns) {
    weft_report_derive(&tables);
    const size_t costs = (size_t)tables.component_count + WEFT_EVENT_COUNT; // energies, counts
    const struct {
        void (*print)(const weft_report_tables *, FILE *);
        size_t lines, columns;
    } files[] = {{weft_report_csv_layers, 2, 21 + costs}, {weft_report_csv_energy, WEFT_EVENT_COUNT + 4, 7},
                 {weft_report_csv_cores, 4, 11 + costs},  {weft_report_csv_power, 147, 5 + costs},
                 {weft_report_csv_resources, 6, 7},       {weft_report_csv_links, 3, 8},
                 {weft_report_csv_confusion, 4, 4},       {weft_report_csv_trials, 2, 4},
                 {weft_report_csv_histograms, 1, 5}};
    for (bool with_time : {true, false}) {
        input.timed = with_time ? &timed : nullptr;
        for (const auto &file : files) {
            std::istringstream stream(text(file.print));
            std::string line;
            size_t lines = 0;
            for (; std::getline(stream, line); lines++) EXPECT_EQ(fields_of(line), file.columns) << line;
            const bool of_time = file.print == weft_report_csv_links || file.print == weft_report_csv_power;
            EXPECT_EQ(lines, of_time && !with_time ? 1 : file.lines);
        }
    }
    input.timed = &timed;
    EXPECT_NE(text(weft_report_csv_energy).find("array,array_read,7,3,21,measured,\"a, \"\"b\"\"\"\n"),
              std::string::npos);
    EXPECT_NE(text(weft_report_csv_links).find("\n1,0,west,0,0,4,"), std::string::npos);
}

// Three chips: 8, 7 and 9 of 10 right. The interval is weft_error_interval's.
TEST_F(Report, several_chips) {
    const size_t correct[] = {8, 7, 9};
    input.trials = 3;
    input.trial_correct = correct;
    weft_report_derive(&tables);
    const weft_report_figures &f = tables.figures;
    EXPECT_EQ(f.failed_check, nullptr);
    EXPECT_EQ(f.accuracy_percent, 80);
    EXPECT_EQ(f.trials_mean_percent, 80);
    EXPECT_EQ(f.trials_std_percent, 10);
    EXPECT_EQ(f.trials_worst_percent, 70);
    double low, high;
    weft_error_interval(&low, &high, 0.2, 0.1, 3, 10);
    EXPECT_NEAR(f.accuracy_low_percent, 100 * (1 - high), 1e-9);
    EXPECT_NEAR(f.accuracy_high_percent, 100 * (1 - low), 1e-9);
    EXPECT_LT(f.accuracy_low_percent, 55);
    cJSON *json = cJSON_Parse(text(weft_report_json).c_str());
    ASSERT_NE(json, nullptr);
    cJSON *trials = cJSON_GetObjectItemCaseSensitive(json, "trials");
    const auto number = [&](const char *key) {
        return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(trials, key));
    };
    EXPECT_EQ(number("count"), 3);
    EXPECT_EQ(number("mean_percent"), 80);
    EXPECT_EQ(number("std_percent"), 10);
    EXPECT_EQ(number("worst_percent"), 70);
    cJSON *each = cJSON_GetObjectItemCaseSensitive(trials, "accuracy_percent");
    ASSERT_EQ(cJSON_GetArraySize(each), 3);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetArrayItem(each, 1)), 70);
    cJSON_Delete(json);
    EXPECT_EQ(text(weft_report_csv_trials), "trial,images,correct,accuracy_percent\n0,10,8,80\n1,10,7,70\n2,10,9,90\n");
    const std::string printed =
        text([&](const weft_report_tables *t, FILE *s) { weft_report_print_arrays(t->input, &t->figures, s); });
    EXPECT_NE(printed.find("trials           3 chips: mean 80.00 %, standard deviation 10.00, worst 70.00 %\n"),
              std::string::npos)
        << printed;
}

TEST_F(Report, one_chip_has_no_spread) {
    weft_report_derive(&tables);
    EXPECT_EQ(tables.figures.trials_mean_percent, 80);
    EXPECT_EQ(tables.figures.trials_std_percent, 0);
    EXPECT_EQ(tables.figures.trials_worst_percent, 80);
    cJSON *json = cJSON_Parse(text(weft_report_json).c_str());
    ASSERT_NE(json, nullptr);
    cJSON *trials = cJSON_GetObjectItemCaseSensitive(json, "trials");
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(trials, "count")), 1);
    EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(trials, "std_percent")));
    cJSON *layer = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "layers"), 0);
    for (const char *key : {"results_exact", "signal_to_noise_db", "conversions_per_image", "adc_clipped_percent",
                            "adc_utilisation_percent"})
        EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(layer, key))) << key;
    cJSON_Delete(json);
}

TEST_F(Report, statistics_of_arrays) {
    weft_engine_stage_statistics of{};
    of.signal_to_noise_db = 31.25;
    of.conversions = 400;
    of.clipped = 10;
    of.adc_utilisation = 0.875;
    of.histogram[0] = 390;
    of.histogram[63] = 10;
    input.statistics = &of;
    input.statistics_images = 4;
    tables.figures.programming = {48, 1, 1500, 2e6};
    weft_report_derive(&tables);
    cJSON *json = cJSON_Parse(text(weft_report_json).c_str());
    ASSERT_NE(json, nullptr);
    cJSON *layer = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "layers"), 0);
    const auto number = [&](const cJSON *object, const char *key) {
        return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));
    };
    EXPECT_TRUE(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(layer, "results_exact")));
    EXPECT_EQ(number(layer, "signal_to_noise_db"), 31.25);
    EXPECT_EQ(number(layer, "conversions_per_image"), 100);
    EXPECT_EQ(number(layer, "adc_clipped_percent"), 2.5);
    EXPECT_EQ(number(layer, "adc_utilisation_percent"), 87.5);
    EXPECT_EQ(number(json, "statistics_images"), 4);
    const cJSON *programming = cJSON_GetObjectItemCaseSensitive(json, "programming");
    EXPECT_EQ(number(programming, "cells"), 48);
    EXPECT_EQ(number(programming, "time_ns"), 1500);
    EXPECT_EQ(number(programming, "energy_pj"), 2e6);
    cJSON_Delete(json);
    const std::string bins = text(weft_report_csv_histograms);
    EXPECT_EQ(std::count(bins.begin(), bins.end(), '\n'), 65);
    EXPECT_NE(bins.find(",0,0,0.015625,390\n"), std::string::npos) << bins;
    EXPECT_NE(bins.find(",63,0.984375,,10\n"), std::string::npos) << bins;
    EXPECT_NE(text(weft_report_csv_layers).find(",false,31.25,100,2.5,87.5,"), std::string::npos);
    const auto printed = [&] {
        return text([&](const weft_report_tables *t, FILE *s) { weft_report_print_arrays(t->input, &t->figures, s); });
    };
    EXPECT_NE(printed().find("programming      1.500 us, 2.000 uJ for 48 cells\n"), std::string::npos) << printed();
    EXPECT_NE(printed().find("         31.2 dB       87.5 %        2.5 %\n"), std::string::npos) << printed();
    const auto page = [&] { return text(weft_report_html_arrays); };
    EXPECT_NE(page().find("<td>31.2 dB</td><td>87.5 %</td><td>2.5 %</td><td>100</td>"), std::string::npos) << page();
    of.signal_to_noise_db = INFINITY;
    EXPECT_NE(printed().find("           exact "), std::string::npos) << printed();
    EXPECT_NE(page().find("<td>exact</td>"), std::string::npos);
    json = cJSON_Parse(text(weft_report_json).c_str());
    layer = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "layers"), 0);
    EXPECT_TRUE(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(layer, "results_exact")));
    EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(layer, "signal_to_noise_db")));
    cJSON_Delete(json);
}

TEST_F(Report, page_stands_alone_and_escapes_names) {
    weft_report_derive(&tables);
    const std::string folder = testing::TempDir();
    weft_report_svg svg, again;
    ASSERT_EQ(weft_report_draw(&svg, &tables, folder.c_str(), nullptr), WEFT_OK);
    ASSERT_EQ(weft_report_draw(&again, &tables, folder.c_str(), nullptr), WEFT_OK);
    for (int i = 0; i < WEFT_FIGURE_COUNT; i++) {
        ASSERT_NE(svg.text[i], nullptr) << i;
        EXPECT_STREQ(svg.text[i], again.text[i]) << i;
        EXPECT_EQ(strncmp(svg.text[i], "<svg", 4), 0);
    }
    std::string page = text([&](const weft_report_tables *t, FILE *s) { weft_report_html(t, &svg, s); });
    if (const char *keep = getenv("WEFT_KEEP_PAGE")) std::ofstream(keep) << page;
    EXPECT_NE(page.find("&lt;b&gt;`fc`&amp;&quot;1&quot;"), std::string::npos);
    EXPECT_EQ(page.find("<b>`"), std::string::npos);
    for (const char *loaded : {"<script", "<link", "<img", "<iframe", "url(", "@import", "src="})
        EXPECT_EQ(page.find(loaded), std::string::npos) << loaded;
    weft_report_svg_free(&svg);
    weft_report_svg_free(&again);
}

TEST_F(Report, a_sentence_where_gnuplot_is_missing) {
    weft_report_derive(&tables);
    setenv("PATH", "/nowhere", 1);
    weft_report_svg svg;
    ASSERT_EQ(weft_report_draw(&svg, &tables, testing::TempDir().c_str(), nullptr), WEFT_OK);
    EXPECT_FALSE(svg.gnuplot);
    EXPECT_EQ(svg.text[WEFT_FIGURE_ENERGY], nullptr);
    std::string page = text([&](const weft_report_tables *t, FILE *s) { weft_report_html(t, &svg, s); });
    EXPECT_NE(page.find("gnuplot was not found"), std::string::npos);
    EXPECT_NE(page.find("</html>"), std::string::npos);
}

TEST(report, scaled_numbers) {
    const auto scaled = [](double value, const char *unit, int exponent) {
        char text[64];
        weft_report_scaled(text, sizeof text, value, unit, exponent, "u");
        return std::string(text);
    };
    EXPECT_EQ(scaled(1234, "J", -12), "1.234 nJ");
    EXPECT_EQ(scaled(12.34, "s", -9), "12.34 ns");
    EXPECT_EQ(scaled(999.96, "s", -9), "1.000 us");
    EXPECT_EQ(scaled(250000, "W", -3), "250.0 W");
    EXPECT_EQ(scaled(0, "J", -12), "0 J");
    EXPECT_EQ(scaled(NAN, "J", -12), "-");
    EXPECT_EQ(scaled(4500000, "", 0), "4.500 M");
}

} // namespace
