// Random networks on random chips: invariants of mapping, replication, parts, files and of what NO_FIT suggests.
#include "tests/support/mapper_fixture.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

using namespace weft_test;

namespace {

constexpr int CASES = 300;

/* Counted cell by cell, not as the checker does it; what lies off a group's weights may be in a tile or not. */
void expect_every_weight_once(const weft_mapped_stage &mapped, const weft_stage &stage) {
    const size_t cells = (size_t)mapped.rows * (size_t)mapped.columns;
    std::vector<int> count(cells * (size_t)weft_mapped_stage_copies(&mapped), 0);
    for (int t = 0; t < mapped.tile_count; t++) {
        const weft_tile &tile = mapped.tiles[t];
        for (int r = tile.row_begin; r < tile.row_end; r++)
            for (int c = tile.column_begin; c < tile.column_end; c++)
                count[(size_t)tile.copy * cells + (size_t)r * (size_t)mapped.columns + (size_t)c]++;
    }
    for (size_t i = 0; i < count.size(); i++) {
        const int row = (int)(i % cells) / mapped.columns, column = (int)(i % cells) % mapped.columns;
        if (weft_stage_has_weight(&stage, row, column))
            ASSERT_EQ(count[i], 1);
        else
            ASSERT_LE(count[i], 1);
    }
}

void expect_within_limits(const mapper_case &c) {
    std::set<std::tuple<int, int, int>> arrays;
    std::vector<int64_t> used((size_t)c.mapping->parts, 0);
    size_t tiles = 0;
    for (int s = 0; s < c.mapping->stage_count; s++) {
        const weft_mapped_stage &stage = c.mapping->stages[s];
        for (int t = 0; t < stage.tile_count; t++, tiles++) {
            const weft_tile &tile = stage.tiles[t];
            arrays.insert({tile.part, tile.core, tile.array});
            used[(size_t)tile.part]++;
            ASSERT_GE(tile.core, 0);
            ASSERT_LT(tile.core, c.chip.core_count);
            ASSERT_LT(tile.array, c.chip.array.per_core);
            ASSERT_LE(tile.row_end - tile.row_begin, c.chip.array.rows);
            ASSERT_LE((tile.column_end - tile.column_begin) * c.chip.columns_per_weight, c.chip.array.columns);
        }
    }
    ASSERT_EQ(arrays.size(), tiles) << "an array is used twice";
    for (int64_t n : used)
        if (c.options.array_budget) { ASSERT_LE(n, c.options.array_budget); }
    for (int part = 0; part < c.mapping->parts; part++)
        for (int core = 0; core < c.chip.core_count; core++) {
            const int64_t bytes = weft_mapping_buffer_bytes(c.mapping.get(), c.stages.get(), &c.chip, part, core);
            ASSERT_LE(bytes, c.chip.core.buffer_bytes);
            ASSERT_LE(bytes, c.report().buffer_bytes);
        }
}

TEST(MapperProperty, EveryWeightOnceAndNoLimitExceeded) {
    int fitted = 0, refused = 0, in_parts = 0, replicated = 0, grouped = 0, split = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        mapper_case c(seed);
        if (!c.mapping) {
            ASSERT_EQ(c.err.status, WEFT_E_NO_FIT) << seed << ": " << c.err.text;
            refused++;
            continue;
        }
        fitted++;
        in_parts += c.mapping->parts > 1;
        for (int s = 0; s < c.mapping->stage_count; s++) {
            const weft_mapped_stage &mapped = c.mapping->stages[s];
            ASSERT_NO_FATAL_FAILURE(expect_every_weight_once(mapped, c.stages->items[s])) << seed;
            replicated += weft_mapped_stage_copies(&mapped) > 1;
            grouped += c.stages->items[s].groups > 1;
            split += mapped.block_count && mapped.blocks[0].part != mapped.blocks[mapped.block_count - 1].part;
        }
        ASSERT_NO_FATAL_FAILURE(expect_within_limits(c)) << seed;
        ASSERT_EQ(weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, &c.err), WEFT_OK) << c.err.text;
    }
    EXPECT_GE(fitted, CASES / 2);
    EXPECT_GE(refused, 5);
    EXPECT_GE(in_parts, CASES / 20);
    EXPECT_GE(replicated, CASES / 4);
    EXPECT_GE(grouped, CASES / 10);
    EXPECT_GE(split, 5);
}

/* ---- the report ---- */

/* Of every chip the sum over its parts of their slowest arrays. */
uint64_t slowest_chip(const mapper_case &c) {
    std::vector<uint64_t> parts((size_t)c.mapping->parts), chips((size_t)c.mapping->chips);
    for (int s = 0; s < c.mapping->stage_count; s++)
        for (int t = 0; t < c.mapping->stages[s].tile_count; t++) {
            uint64_t &part = parts[(size_t)c.mapping->stages[s].tiles[t].part];
            part = std::max(part, c.owner.report.stages[s].array_cycles);
        }
    for (size_t p = 0; p < parts.size(); p++) chips[p % chips.size()] += parts[p];
    return *std::max_element(chips.begin(), chips.end());
}

TEST(MapperProperty, ReportAgreesWithTheMapping) {
    int in_turn = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        mapper_case c(seed);
        if (!c.mapping) continue;
        const weft_map_report &r = c.report();
        traffic_ptr traffic = make_traffic(c.mapping.get(), c.stages.get(), &c.chip);
        ASSERT_EQ(r.flit_hops_per_image, weft_traffic_total(traffic.get()).flit_hops) << seed;
        ASSERT_EQ(r.placements[r.placement_count - 1].flit_hops, r.flit_hops_per_image) << seed;
        uint64_t most = 0;
        int tiles = 0;
        for (int s = 0; s < c.stages->count; s++) {
            const weft_mapped_stage &mapped = c.mapping->stages[s];
            tiles += mapped.tile_count;
            if (!c.stages->items[s].has_matrix) continue;
            const uint64_t cycles =
                (uint64_t)busiest_copy(c.stages->items[s], mapped.copies_y, mapped.copies_x, mapped.shift) *
                (uint64_t)c.chip.mvm_interval_cycles;
            ASSERT_EQ(r.stages[s].array_cycles, cycles) << seed;
            most = std::max(most, cycles);
        }
        ASSERT_EQ(r.arrays_used, tiles);
        ASSERT_EQ(r.bottleneck_cycles, most) << seed;
        ASSERT_LE(r.bottleneck_bound_cycles, (double)most * (1 + 1e-9)) << seed;
        ASSERT_GT(r.bottleneck_bound_cycles, 0.0);
        ASSERT_LE(r.bottleneck_best_cycles, most) << seed;
        ASSERT_GE((double)r.bottleneck_best_cycles * (1 + 1e-9) + 1, r.bottleneck_bound_cycles) << seed;
        ASSERT_GE(r.pipeline_cycles, most);
        ASSERT_EQ(r.rounds_cycles, slowest_chip(c)) << seed;
        ASSERT_LE(r.rounds_bound_cycles, (double)r.rounds_cycles) << seed;
        ASSERT_LE(r.rounds_best_cycles, r.rounds_cycles) << seed;
        ASSERT_GE((double)r.rounds_best_cycles * (1 + 1e-9) + 1, r.rounds_bound_cycles) << seed;
        ASSERT_GE(r.rounds_bound_cycles * (1 + 1e-9), r.bottleneck_bound_cycles) << seed;
        in_turn += r.rounds_cycles > r.bottleneck_cycles;
        ASSERT_LE(r.arrays_bound, r.arrays_needed);
        ASSERT_LE(r.bounds.flit_hops, r.flit_hops_per_image) << seed;
        ASSERT_LE(r.bounds.link_flits, r.placements[r.placement_count - 1].link_flits) << seed;
        ASSERT_NE(r.log, nullptr);

        report_owner again;
        ASSERT_EQ(weft_map_examine(&again.report, c.mapping.get(), c.stages.get(), &c.chip, &c.options, nullptr),
                  WEFT_OK);
        ASSERT_EQ(again.report.pipeline_cycles, r.pipeline_cycles);
        ASSERT_EQ(again.report.bottleneck_bound_cycles, r.bottleneck_bound_cycles);
    }
    EXPECT_GE(in_turn, 5);
}

/* With trees: the figures are the traffic's, whatever the placers made of them. */
TEST(MapperProperty, ReportCountsTrees) {
    int saved = 0;
    for (uint64_t seed = 0; seed < 80; seed++) {
        mapper_case c(seed);
        if (!c.mapping) continue;
        dice d(seed);
        const weft_chip plain = c.chip;
        c.chip.noc.multicast = true;
        c.chip.noc.routing = d.flip() ? WEFT_CHIP_XY : WEFT_CHIP_YX;
        c.chip.noc.buffer_flits = d.between(1, 12);
        c.options.compare = seed % 4 == 0;
        report_owner owner;
        const weft_map_report &r = owner.report;
        mapping_ptr mapping = map(c.stages.get(), &c.chip, &c.err, &owner.report, &c.options);
        ASSERT_TRUE(mapping) << c.err.text;
        traffic_ptr trees = make_traffic(mapping.get(), c.stages.get(), &c.chip);
        traffic_ptr copies = make_traffic(mapping.get(), c.stages.get(), &plain);
        const uint64_t hops = weft_traffic_total(trees.get()).flit_hops;
        ASSERT_EQ(r.flit_hops_per_image, hops) << seed;
        const weft_map_placement &used = r.placements[r.placement_count - 1];
        ASSERT_EQ(used.flit_hops, hops) << seed;
        ASSERT_LE(hops, weft_traffic_total(copies.get()).flit_hops) << seed;
        ASSERT_LE(r.bounds.flit_hops, hops) << seed;
        ASSERT_LE(r.bounds.link_flits, used.link_flits) << seed;
        saved += hops < weft_traffic_total(copies.get()).flit_hops;
        report_owner again;
        ASSERT_EQ(weft_map_examine(&again.report, mapping.get(), c.stages.get(), &c.chip, &c.options, nullptr),
                  WEFT_OK);
        ASSERT_EQ(again.report.placements[0].link_flits, used.link_flits) << seed;
        ASSERT_EQ(again.report.pipeline_cycles, r.pipeline_cycles) << seed;
        ASSERT_EQ(again.report.busiest_core_flits, r.busiest_core_flits) << seed;
    }
    EXPECT_GE(saved, 20);
}

/* Flits of a stage through one port cannot be more than all of its flits; each core's add up to the stage's. */
TEST(MapperProperty, NetworkCyclesAreWithinTheStagesFlits) {
    for (uint64_t seed = 0; seed < 100; seed++) {
        mapper_case c(seed);
        if (!c.mapping) continue;
        traffic_ptr traffic = make_traffic(c.mapping.get(), c.stages.get(), &c.chip);
        for (int s = 0; s < c.stages->count; s++) {
            const uint64_t flits = weft_traffic_stage_total(traffic.get(), s).flits;
            if (flits == 0) { ASSERT_EQ(c.report().stages[s].network_cycles, 0u) << seed; }
            /* Every flit leaves one port and enters another: the busiest has the mean at least. */
            if (c.mapping->parts == 1 && weft_mapped_stage_copies(&c.mapping->stages[s]) == 1) {
                ASSERT_LE(c.report().stages[s].network_cycles, flits) << seed;
                ASSERT_GE(c.report().stages[s].network_cycles * (uint64_t)c.chip.core_count, flits) << seed;
            }
        }
    }
}

/* ---- replication ---- */

/* Room for everything: what is left to choose is how many copies. */
weft_chip roomy_chip(dice &d) {
    weft_chip chip = random_chip(d);
    chip.array.per_core = 64;
    chip.array.columns = std::max<int64_t>(chip.array.columns, 16); /* one weight at least */
    chip.core.buffer_bytes = 1 << 24;
    chip.core.digital_lanes = 4;
    chip.noc.mesh[0] = chip.noc.mesh[1] = 6;
    chip.io.router[0] = chip.io.router[1] = 0;
    chip.input.pulse_ns.value = 1000; /* so that arrays, not the host's port, hold the pipeline up */
    weft_chip_resolve(&chip);
    return chip;
}

TEST(MapperProperty, ReplicationIsOptimal) {
    int replicated = 0, reached = 0;
    for (uint64_t seed = 0; seed < 120; seed++) {
        dice d(seed);
        network_ptr net = d.flip() ? random_dag(d, 7, 8) : random_network(d);
        stages_ptr stages = lower(net.get());
        weft_chip chip = roomy_chip(d);
        weft_map_options options = quick_options();
        options.replicate = false;
        weft_error err = {};
        mapping_ptr one = map(stages.get(), &chip, &err, nullptr, &options);
        ASSERT_TRUE(one) << seed << ": " << err.text;
        std::vector<int> arrays;
        int64_t needed = 0;
        for (int s = 0; s < one->stage_count; s++) arrays.push_back(one->stages[s].tile_count);
        for (int n : arrays) needed += n;
        options.replicate = true;
        options.array_budget = needed + d.between(0, 60);
        report_owner owner;
        mapping_ptr mapping = map(stages.get(), &chip, &err, &owner.report, &options);
        ASSERT_TRUE(mapping) << seed << ": " << err.text;
        const int best = best_positions(stages.get(), arrays, options.array_budget);
        ASSERT_EQ(owner.report.bottleneck_cycles, (uint64_t)best * (uint64_t)chip.mvm_interval_cycles) << seed;
        const int bound = whole_bound(stages.get(), arrays, options.array_budget);
        ASSERT_EQ(owner.report.bottleneck_best_cycles, (uint64_t)bound * (uint64_t)chip.mvm_interval_cycles) << seed;
        reached += best == bound;
        ASSERT_LE(owner.report.arrays_used, options.array_budget) << seed;
        replicated += owner.report.arrays_used > needed;
    }
    EXPECT_GE(replicated, 60);
    EXPECT_GE(reached, 100);
}

/* Split over chips of their own, also stages that lie on two have copies: the slowest part comes near the best that
 * whole copies can do, which no mapping passes. */
TEST(MapperProperty, PartsOnChipsOfTheirOwnAreNearTheBest) {
    int cases = 0, near = 0, split = 0;
    for (uint64_t seed = 0; seed < 1500; seed++) {
        dice d(seed);
        network_ptr net = d.flip() ? random_dag(d, 9, 12) : random_network(d);
        stages_ptr stages = lower(net.get());
        weft_chip chip = roomy_chip(d);
        weft_map_options options = quick_options();
        weft_error err = {};
        report_owner one;
        options.replicate = false;
        ASSERT_TRUE(map(stages.get(), &chip, &err, &one.report, &options)) << seed << ": " << err.text;
        options.replicate = true;
        options.chips = 0;
        options.array_budget = one.report.arrays_needed / 2 + d.between(1, 30);
        report_owner owner;
        mapping_ptr mapping = map(stages.get(), &chip, &err, &owner.report, &options);
        if (!mapping || mapping->parts < 2) continue;
        cases++;
        ASSERT_EQ(mapping->chips, mapping->parts);
        ASSERT_GE(owner.report.bottleneck_cycles, owner.report.bottleneck_best_cycles) << seed;
        near += 10 * owner.report.bottleneck_cycles <= 11 * owner.report.bottleneck_best_cycles;
        for (int s = 0; s < mapping->stage_count; s++) {
            const weft_mapped_stage &stage = mapping->stages[s];
            std::set<int> parts;
            for (int t = 0; t < stage.tile_count; t++) parts.insert(stage.tiles[t].part);
            split += parts.size() > 1 && weft_mapped_stage_copies(&stage) > 1;
        }
    }
    EXPECT_GE(cases, 250);
    EXPECT_GE(near * 20, cases * 19);
    EXPECT_GE(split, 8);
}

TEST(MapperProperty, MoreArraysAreNeverSlower) {
    int faster = 0;
    for (uint64_t seed = 0; seed < 80; seed++) {
        mapper_case c(seed);
        if (!c.mapping || c.mapping->parts > 1) continue;
        const int64_t needed = c.report().arrays_needed, all = (int64_t)c.chip.core_count * c.chip.array.per_core;
        uint64_t before = UINT64_MAX;
        weft_map_options options = c.options;
        for (int64_t budget = needed; budget <= all; budget += std::max<int64_t>(1, (all - needed) / 6)) {
            options.array_budget = budget;
            report_owner owner;
            weft_error err = {};
            ASSERT_TRUE(map(c.stages.get(), &c.chip, &err, &owner.report, &options)) << seed << ": " << err.text;
            ASSERT_LE(owner.report.arrays_used, budget) << seed;
            ASSERT_LE(owner.report.bottleneck_cycles, before) << seed << ": " << budget << " arrays";
            faster += before != UINT64_MAX && owner.report.bottleneck_cycles < before;
            before = owner.report.bottleneck_cycles;
        }
    }
    EXPECT_GE(faster, 20);
}

/* ---- order ---- */

/* Branches of one convolution each beside each other, joined by a concatenation; order: which comes first. */
network_ptr parallel_net(const std::vector<int> &channels, const std::vector<int> &order) {
    network_ptr net = make_network({3, 8, 8});
    std::vector<int> at(channels.size());
    for (int i : order) {
        const std::string name = "branch" + std::to_string(i);
        at[(size_t)i] =
            add_after(net.get(), -1, layer_of(WEFT_LAYER_CONV, channels[(size_t)i], window_of(3, 1, 1)), name.c_str());
    }
    int joined = at[0];
    for (size_t i = 1; i < at.size(); i++)
        joined = add_pair(net.get(), WEFT_LAYER_CONCAT, joined, at[i], ("join" + std::to_string(i)).c_str());
    const int flat = add_after(net.get(), joined, layer_of(WEFT_LAYER_FLATTEN), "flat");
    add_after(net.get(), flat, layer_of(WEFT_LAYER_DENSE, 5), "fc");
    return net;
}

TEST(MapperProperty, OrderOfIndependentLayersChangesNoCount) {
    for (uint64_t seed = 0; seed < 40; seed++) {
        dice d(seed);
        std::vector<int> channels, order;
        for (int i = 0, count = d.between(2, 4); i < count; i++) {
            order.push_back(i);
            channels.push_back(d.between(1, 20));
        }
        weft_chip chip = roomy_chip(d);
        weft_map_options options = quick_options();
        options.array_budget = 200 + d.between(0, 200);
        report_owner first, second;
        weft_error err = {};
        network_ptr a = parallel_net(channels, order);
        std::reverse(order.begin(), order.end());
        network_ptr b = parallel_net(channels, order);
        stages_ptr p = lower(a.get()), q = lower(b.get());
        mapping_ptr m = map(p.get(), &chip, &err, &first.report, &options);
        if (!m) continue;
        mapping_ptr n = map(q.get(), &chip, &err, &second.report, &options);
        ASSERT_TRUE(n) << err.text;
        EXPECT_EQ(first.report.arrays_needed, second.report.arrays_needed);
        EXPECT_EQ(first.report.arrays_used, second.report.arrays_used);
        EXPECT_EQ(first.report.bottleneck_cycles, second.report.bottleneck_cycles);
        const double bound = first.report.bottleneck_bound_cycles; /* sums in another order */
        EXPECT_NEAR(bound, second.report.bottleneck_bound_cycles, 1e-9 * bound);
        EXPECT_EQ(first.report.host_cycles, second.report.host_cycles);
    }
}

/* ---- damage and files ---- */

weft_map_options one_part() {
    weft_map_options options = quick_options();
    options.parts_max = 1;
    return options;
}

TEST(MapperProperty, CheckFindsEveryDamage) {
    int damaged = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        mapper_case c(seed, one_part());
        if (!c.mapping) continue;
        int number = -1, at = c.d.between(0, c.mapping->stage_count - 1);
        for (int i = 0; i < c.mapping->stage_count && number < 0; i++, at = (at + 1) % c.mapping->stage_count)
            if (c.stages->items[at].has_matrix && c.stages->items[at].groups == 1) number = at;
        if (number < 0) continue;
        weft_mapped_stage &stage = c.mapping->stages[number];
        weft_tile &tile = stage.tiles[c.d.between(0, stage.tile_count - 1)];
        const weft_tile whole = tile;
        auto expect_bad = [&](const char *what) {
            weft_error err = {};
            ASSERT_EQ(weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, &err), WEFT_E_INVALID)
                << seed << ": " << what;
            ASSERT_NE(err.text[0], 0);
            tile = whole;
            damaged++;
        };
        std::swap(tile, stage.tiles[stage.tile_count - 1]);
        stage.tile_count--;
        ASSERT_EQ(weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, nullptr), WEFT_E_INVALID)
            << seed << ": dropped tile";
        stage.tile_count++;
        std::swap(tile, stage.tiles[stage.tile_count - 1]);
        ASSERT_EQ(weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, nullptr), WEFT_OK);
        tile.row_begin++, tile.row_end++;
        expect_bad("rows shifted");
        tile.column_begin--, tile.column_end--;
        expect_bad("columns shifted");
        tile.row_end--;
        expect_bad("one row lost");
        tile.core = c.chip.core_count;
        expect_bad("core beyond the last");
        tile.core = -1;
        expect_bad("negative core");
        tile.array = (int)c.chip.array.per_core;
        expect_bad("array beyond the last");
        if (stage.tile_count > 1) {
            const weft_tile &other = &tile == &stage.tiles[0] ? stage.tiles[1] : stage.tiles[0];
            tile.core = other.core, tile.array = other.array;
            expect_bad("array used twice");
        }
        stage.blocks[0].core = c.chip.core_count;
        ASSERT_EQ(weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, nullptr), WEFT_E_INVALID);
        stage.blocks[0].core = 0;
        stage.blocks[stage.block_count - 1].column_end--;
        ASSERT_EQ(weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, nullptr), WEFT_E_INVALID);
    }
    EXPECT_GE(damaged, CASES);
}

TEST(MapperProperty, MoreCoresAreNeverTooFew) {
    for (uint64_t seed = 0; seed < CASES; seed++) {
        mapper_case c(seed, one_part());
        if (!c.mapping) continue;
        weft_chip more = c.chip;
        more.noc.mesh[c.d.between(0, 1)] += c.d.between(1, 3);
        weft_chip_resolve(&more);
        weft_error err = {};
        ASSERT_TRUE(map(c.stages.get(), &more, &err, nullptr, &c.options)) << seed << ": " << err.text;
    }
}

std::string text_of(const std::string &path) {
    std::ifstream stream(path);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

void expect_same(const weft_mapping &a, const weft_mapping &b) {
    ASSERT_EQ(a.stage_count, b.stage_count);
    ASSERT_EQ(a.parts, b.parts);
    ASSERT_EQ(a.chips, b.chips);
    for (int s = 0; s < a.stage_count; s++) {
        const weft_mapped_stage &p = a.stages[s], &q = b.stages[s];
        ASSERT_STREQ(p.name, q.name);
        ASSERT_EQ(p.rows, q.rows);
        ASSERT_EQ(p.columns, q.columns);
        ASSERT_EQ(p.output_min, q.output_min);
        ASSERT_EQ(p.output_max, q.output_max);
        ASSERT_EQ(p.copies_y, q.copies_y);
        ASSERT_EQ(p.copies_x, q.copies_x);
        ASSERT_EQ(p.block_count, q.block_count);
        ASSERT_EQ(p.tile_count, q.tile_count);
        for (int i = 0; i < p.block_count; i++) {
            ASSERT_EQ(p.blocks[i].part, q.blocks[i].part);
            ASSERT_EQ(p.blocks[i].copy, q.blocks[i].copy);
            ASSERT_EQ(p.blocks[i].core, q.blocks[i].core);
            ASSERT_EQ(p.blocks[i].column_begin, q.blocks[i].column_begin);
            ASSERT_EQ(p.blocks[i].column_end, q.blocks[i].column_end);
        }
        for (int i = 0; i < p.tile_count; i++) {
            weft_tile t = q.tiles[i];
            ASSERT_GT(t.line, 0);
            t.line = p.tiles[i].line;
            ASSERT_EQ(memcmp(&t, &p.tiles[i], sizeof t), 0);
        }
    }
}

TEST(MapperProperty, WhatIsWrittenReadsBack) {
    std::string path = "/tmp/weft_map_" + std::to_string(getpid()) + ".yaml", again = path + ".again";
    for (uint64_t seed = 0; seed < 150; seed++) {
        mapper_case c(seed);
        if (!c.mapping) continue;
        c.mapping->input_min = -(float)c.d.between(0, 1000) / 7.0f;
        c.mapping->input_max = (float)c.d.between(0, 1 << 24) / 3.0f;
        for (int s = 0; s < c.mapping->stage_count; s++) {
            const int shared = c.stages->range_of[1 + s];
            c.mapping->stages[s].output_min = shared ? 0.0f : c.mapping->input_min;
            c.mapping->stages[s].output_max = shared ? (float)shared / 3.0f : c.mapping->input_max;
        }
        strcpy(c.mapping->network_path, "some net: odd, {name}.onnx");
        strcpy(c.mapping->chip_path, "/nowhere/at all/chip.yaml");
        memset(c.mapping->network_sha256.hex, "0123456789abcdef"[seed % 16], 64);
        memset(c.mapping->chip_sha256.hex, 'e', 64);
        weft_error err = {};
        ASSERT_EQ(weft_mapping_write(c.mapping.get(), path.c_str(), &err), WEFT_OK) << err.text;
        weft_mapping *back = nullptr;
        ASSERT_EQ(weft_mapping_read(&back, path.c_str(), &err), WEFT_OK) << err.line << ": " << err.text;
        mapping_ptr owner(back, weft_mapping_destroy);
        expect_same(*c.mapping, *back);
        ASSERT_STREQ(back->network_sha256.hex, c.mapping->network_sha256.hex);
        ASSERT_EQ(weft_mapping_check(back, c.stages.get(), &c.chip, &err), WEFT_OK) << err.text;
        ASSERT_EQ(weft_mapping_write(back, again.c_str(), &err), WEFT_OK) << err.text;
        ASSERT_EQ(text_of(path), text_of(again)) << seed;
    }
    unlink(path.c_str());
    unlink(again.c_str());
}

/* ---- what a NO_FIT suggests ---- */

enum change { MESH, ARRAYS, CELLS, BUFFER, BITS, PARTS, CHANGES };

/* The number in front of a text, or behind it. */
long long number_before(const std::string &text, size_t at) {
    size_t begin = at;
    while (begin > 0 && isdigit((unsigned char)text[begin - 1])) begin--;
    return atoll(text.c_str() + begin);
}

/* Applies the numbers that a message gives after the colon; false when it gives none. */
bool apply(weft_chip *chip, weft_map_options *options, const std::string &text, int which) {
    static const char *const keys[CHANGES] = {"a mesh of ",         " arrays a core", "arrays of ",
                                              "core.buffer_bytes ", "weight.bits ",   " parts loaded"};
    size_t colon = text.find("): "), at = colon == std::string::npos ? colon : text.find(keys[which], colon);
    if (at == std::string::npos) return false;
    const char *number = text.c_str() + at + strlen(keys[which]);
    long long a = 0, b = 0;
    switch (which) {
    case MESH:
        EXPECT_EQ(sscanf(number, "%lld x %lld", &a, &b), 2);
        EXPECT_GE(a, chip->noc.mesh[0]);
        EXPECT_GE(b, chip->noc.mesh[1]);
        chip->noc.mesh[0] = a, chip->noc.mesh[1] = b;
        break;
    case ARRAYS:
        chip->array.per_core = number_before(text, at);
        break;
    case CELLS:
        EXPECT_EQ(sscanf(number, "%lld x %lld", &a, &b), 2);
        EXPECT_EQ(a * chip->array.columns, b * chip->array.rows);
        chip->array.rows = a, chip->array.columns = b;
        break;
    case BUFFER:
        chip->core.buffer_bytes = atoll(number);
        break;
    case BITS:
        chip->weight.bits = atoll(number);
        break;
    default:
        options->parts_max = (int)number_before(text, at);
    }
    weft_chip_resolve(chip);
    return true;
}

/* One step less than what was suggested. */
void lessen(weft_chip *chip, weft_map_options *options, int which) {
    if (which == ARRAYS) chip->array.per_core--;
    if (which == CELLS) chip->array.rows /= 2, chip->array.columns /= 2;
    if (which == BUFFER) chip->core.buffer_bytes--;
    if (which == BITS) chip->weight.bits++;
    if (which == PARTS) options->parts_max--;
    weft_chip_resolve(chip);
}

TEST(MapperProperty, WhatIsSuggestedFitsAndNothingSmallerDoes) {
    int tried[CHANGES] = {0};
    for (uint64_t seed = 0; seed < CASES; seed++) {
        mapper_case c(seed, one_part());
        if (c.mapping) continue;
        ASSERT_EQ(c.err.status, WEFT_E_NO_FIT);
        for (int which = 0; which < CHANGES; which++) {
            weft_chip chip = c.chip;
            weft_map_options options = c.options;
            if (!apply(&chip, &options, c.err.text, which)) continue;
            bool both = strstr(c.err.text, " together with "); /* a mesh and a buffer: neither helps alone */
            if (both) { ASSERT_TRUE(apply(&chip, &options, c.err.text, which == MESH ? BUFFER : MESH)); }
            tried[which]++;
            weft_error err = {};
            ASSERT_TRUE(map(c.stages.get(), &chip, &err, nullptr, &options))
                << seed << ": " << c.err.text << "\nbut: " << err.text;
            if (which == MESH) continue;
            lessen(&chip, &options, which);
            ASSERT_FALSE(map(c.stages.get(), &chip, &err, nullptr, &options)) << seed << ": " << c.err.text;
        }
    }
    for (int which = 0; which < CHANGES; which++) EXPECT_GE(tried[which], 5) << which;
}

/* ---- the same again ---- */

TEST(MapperProperty, SameSeedSameMapping) {
    weft_map_options options = weft_map_defaults(); /* all passes, the default placer */
    for (uint64_t seed = 0; seed < 25; seed++) {
        options.seed = seed;
        mapper_case a(seed, options), b(seed, options);
        ASSERT_EQ(a.mapping == nullptr, b.mapping == nullptr);
        if (!a.mapping) {
            ASSERT_STREQ(a.err.text, b.err.text);
            continue;
        }
        ASSERT_STREQ(a.report().log, b.report().log);
        for (int s = 0; s < a.mapping->stage_count; s++)
            ASSERT_EQ(memcmp(a.mapping->stages[s].tiles, b.mapping->stages[s].tiles,
                             (size_t)a.mapping->stages[s].tile_count * sizeof(weft_tile)),
                      0);
    }
}

} // namespace
