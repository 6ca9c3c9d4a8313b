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
inline int busiest_copy(const weft_stage &stage, int copies_y, int copies_x) {
    std::vector<int> count((size_t)(copies_y * copies_x), 0);
    for (int y = 0; y < stage.matrix_out.height; y++)
        for (int x = 0; x < stage.matrix_out.width; x++) {
            const bool one = copies_y * copies_x == 1;
            const int oy = one ? 0 : weft_stage_owner(&stage, 0, 0, y),
                      ox = one ? 0 : weft_stage_owner(&stage, 0, 1, x);
            count[(size_t)(oy % copies_y * copies_x + ox % copies_x)]++;
        }
    return *std::max_element(count.begin(), count.end());
}

/* The smallest number of positions of the busiest copy over all stages that these arrays allow: every number is tried
 * from below, with every shape of copies. arrays[stage]: of one copy. 0: not even one copy of everything fits. */
inline int best_positions(const weft_stages *stages, const std::vector<int> &arrays, int64_t budget) {
    int most = 1;
    for (int s = 0; s < stages->count; s++)
        if (stages->items[s].has_matrix) most = std::max(most, busiest_copy(stages->items[s], 1, 1));
    for (int target = 1; target <= most; target++) {
        int64_t total = 0;
        for (int s = 0; s < stages->count; s++) {
            const weft_stage &stage = stages->items[s];
            if (!stage.has_matrix) continue;
            const bool local = weft_stage_is_local(&stage);
            int64_t fewest = INT32_MAX;
            for (int y = 1; y <= (local ? stage.out.height : 1); y++)
                for (int x = 1; x <= (local ? stage.out.width : 1); x++)
                    if (busiest_copy(stage, y, x) <= target) fewest = std::min(fewest, (int64_t)y * x);
            total += fewest * arrays[(size_t)s];
        }
        if (total <= budget) return target;
    }
    return 0;
}

} // namespace weft_test
#endif
