// Random networks with branches on random chips, mapped in random ways; and what a stage's copies compute, counted
// anew.
#ifndef WEFT_TESTS_SUPPORT_MAPPER_FIXTURE_H
#define WEFT_TESTS_SUPPORT_MAPPER_FIXTURE_H

#include "tests/support/random_network.h"

namespace weft_test {

/* Reports are the test's to free. */
struct report_owner {
    weft_map_report report = {};
    report_owner() = default;
    report_owner(const report_owner &) = delete;
    report_owner &operator=(const report_owner &) = delete;
    ~report_owner() { weft_map_report_destroy(&report); }
};

/* Placed as numbered, which takes no time. */
inline weft_map_options quick_options() {
    weft_map_options options = weft_map_defaults();
    options.placer = "row_major";
    return options;
}

/* Number `seed` of the random cases: a chain or a graph; mapping NULL, with err, when it does not fit. */
struct mapper_case {
    explicit mapper_case(uint64_t seed, weft_map_options with = quick_options())
        : d(seed), net(d.flip() ? random_dag(d, 9, 12) : random_network(d)), stages(lower(net.get())),
          chip(random_chip(d)), options(with) {
        if (d.between(0, 3) == 0) chip.core.buffer_bytes = d.between(6, 150);
        chip.core.digital_lanes = d.between(1, 4);
        chip.input.pulse_ns.value = d.between(1, 40);
        weft_chip_resolve(&chip);
        mapping = map(stages.get(), &chip, &err, &owner.report, &options);
    }
    const weft_map_report &report() const { return owner.report; }
    dice d;
    network_ptr net;
    stages_ptr stages;
    weft_chip chip;
    weft_map_options options;
    weft_error err = {};
    report_owner owner;
    mapping_ptr mapping{nullptr, weft_mapping_destroy};
};

/* Positions of the matrix that the busiest of so many copies computes, position by position. */
inline int busiest_copy(const weft_stage &stage, int copies_y, int copies_x, int shift = 0) {
    std::vector<int> count((size_t)(copies_y * copies_x), 0);
    for (int y = 0; y < stage.matrix_out.height; y++)
        for (int x = 0; x < stage.matrix_out.width; x++) {
            const bool one = copies_y * copies_x == 1;
            const int oy = one ? 0 : weft_stage_owner(&stage, 0, 0, y),
                      ox = one ? 0 : weft_stage_owner(&stage, 0, 1, x);
            count[(size_t)(oy % copies_y * copies_x + (ox + shift * (oy / copies_y)) % copies_x)]++;
        }
    return *std::max_element(count.begin(), count.end());
}

/* Positions of the busiest of as many copies as the index, at least: rectangles of every shape and, in a row, with a
 * shift of 1, 2 or the output's width. */
inline std::vector<int> positions_by_copies(const weft_stage &stage) {
    const weft_shape out = stage.out;
    if (!weft_stage_is_local(&stage)) return {0, busiest_copy(stage, 1, 1)};
    std::vector<int> least((size_t)(out.height * out.width) + 1, INT32_MAX);
    for (int y = 1; y <= out.height; y++)
        for (int x = 1; x <= out.width; x++)
            least[(size_t)(y * x)] = std::min(least[(size_t)(y * x)], busiest_copy(stage, y, x));
    for (int n = 2; n <= out.height * out.width; n++)
        for (int shift : {1, 2, out.width})
            least[(size_t)n] = std::min(least[(size_t)n], busiest_copy(stage, 1, n, shift % n));
    return least;
}

/* The smallest number of positions of the busiest copy over all stages that these arrays allow: every number is tried
 * from below. arrays[stage]: of one copy. 0: not even one copy of everything fits. */
inline int best_positions(const weft_stages *stages, const std::vector<int> &arrays, int64_t budget) {
    std::vector<std::vector<int>> least;
    int most = 1;
    for (int s = 0; s < stages->count; s++) {
        least.push_back(stages->items[s].has_matrix ? positions_by_copies(stages->items[s]) : std::vector<int>());
        if (stages->items[s].has_matrix) most = std::max(most, least.back()[1]);
    }
    for (int target = 1; target <= most; target++) {
        int64_t total = 0;
        for (size_t s = 0; s < least.size(); s++) {
            if (least[s].empty()) continue;
            int64_t fewest = 1;
            while (fewest < (int64_t)least[s].size() && least[s][(size_t)fewest] > target) fewest++;
            total += fewest < (int64_t)least[s].size() ? fewest * arrays[s] : budget + 1;
        }
        if (total <= budget) return target;
    }
    return 0;
}

/* Positions that become part of the output with the fewest. */
inline int smallest_output(const weft_stage &stage) {
    if (!weft_stage_is_local(&stage)) return 0;
    std::vector<int> count((size_t)(stage.out.height * stage.out.width));
    for (int y = 0; y < stage.matrix_out.height; y++)
        for (int x = 0; x < stage.matrix_out.width; x++)
            count[(size_t)(weft_stage_owner(&stage, 0, 0, y) * stage.out.width + weft_stage_owner(&stage, 0, 1, x))]++;
    return *std::min_element(count.begin(), count.end());
}

/* The same when copies share out whole outputs evenly, however that is done: what no whole copies can do with less. */
inline int whole_bound(const weft_stages *stages, const std::vector<int> &arrays, int64_t budget) {
    int target = 1;
    for (int s = 0; s < stages->count; s++) {
        const weft_stage &stage = stages->items[s];
        const bool local = weft_stage_is_local(&stage);
        if (stage.has_matrix)
            target = std::max(target, busiest_copy(stage, local ? stage.out.height : 1, local ? stage.out.width : 1));
    }
    for (;; target++) {
        int64_t total = 0;
        for (int s = 0; s < stages->count; s++) {
            const weft_shape map = stages->items[s].matrix_out;
            if (!stages->items[s].has_matrix) continue;
            const int positions = map.height * map.width, unit = smallest_output(stages->items[s]);
            int64_t copies = (positions + target - 1) / target;
            const int64_t outputs = (int64_t)stages->items[s].out.height * stages->items[s].out.width;
            while (copies > 1 && (outputs + copies - 1) / copies * unit > target) copies++;
            total += copies * arrays[(size_t)s];
        }
        if (total <= budget) return target;
    }
}

} // namespace weft_test
#endif
