// Tiles to clusters on random networks and chips with small buffers: what the ways of allocation can hold.
#include "tests/support/mapper_fixture.h"
extern "C" {
#include "mapper/passes.h"
}

using namespace weft_test;

namespace {

struct allocation {
    explicit allocation(uint64_t seed)
        : d(seed), net(d.flip() ? random_dag(d, 9, 12) : random_network(d)), stages(lower(net.get())),
          chip(random_chip(d)) {
        chip.core.buffer_bytes = d.between(20, 200);
        weft_chip_resolve(&chip);
        weft_shortage shortage;
        if (weft_partition(&grids, stages.get(), &chip, 1, &shortage, nullptr) != WEFT_OK) return;
        EXPECT_EQ(weft_loads_create(&loads, stages.get(), nullptr), WEFT_OK);
        for (int s = 0; s < stages->count; s++) {
            pieces.push_back({s, 0, grids[s].strip_count});
            copies.push_back({1, 1, 0});
            if (!stages->items[s].has_matrix) continue;
            const uint64_t alone = weft_load_alone(&loads[s]), most = (alone + 2) / 3;
            weft_fewest_copies(&copies.back(), &loads[s], std::max(most, weft_load_least(&loads[s])),
                               WEFT_COPIES_ALONG_X);
        }
    }
    ~allocation() {
        weft_grids_destroy(grids, stages->count);
        weft_loads_destroy(loads, stages->count);
    }
    /* Clusters that hold all, or -1; the mapping in `out` fits the chip then. */
    bool fits(bool thin, mapping_ptr &out) const {
        const int64_t limit = (int64_t)chip.core_count * chip.array.per_core;
        weft_part part = {(int)pieces.size(), const_cast<weft_piece *>(pieces.data()), 0};
        weft_allocator *a = nullptr;
        EXPECT_EQ(weft_allocator_create(&a, stages.get(), grids, &chip, chip.core_count, limit, nullptr), WEFT_OK);
        weft_allocator_allow_thin(a, thin);
        weft_mapping *mapping = nullptr;
        EXPECT_EQ(weft_mapping_create(&mapping, stages->count, nullptr), WEFT_OK);
        out = mapping_ptr(mapping, weft_mapping_destroy);
        for (int s = 0; s < stages->count; s++) {
            weft_mapped_stage &mapped = mapping->stages[s];
            mapped.name = strdup(stages->items[s].name);
            mapped.rows = stages->items[s].rows, mapped.columns = stages->items[s].columns;
            mapped.copies_y = copies[(size_t)s].y, mapped.copies_x = copies[(size_t)s].x;
            mapped.shift = copies[(size_t)s].shift;
        }
        const weft_status status = weft_allocate_part(a, 0, 0, &part, copies.data(), mapping, 0, nullptr);
        weft_allocator_destroy(a);
        EXPECT_TRUE(status == WEFT_OK || status == WEFT_E_NO_FIT);
        return status == WEFT_OK;
    }
    dice d;
    network_ptr net;
    stages_ptr stages;
    weft_chip chip;
    weft_grid *grids = nullptr;
    weft_load *loads = nullptr;
    std::vector<weft_piece> pieces;
    std::vector<weft_copies> copies;
};

/* Thin stages make room where buffers are in the way, and never less; what is allocated passes the check. */
TEST(AllocateProperty, ThinStagesOnlyAdd) {
    int both = 0, thin_only = 0;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        allocation a(seed);
        if (!a.grids) continue;
        mapping_ptr without{nullptr, weft_mapping_destroy}, with{nullptr, weft_mapping_destroy};
        const bool fits = a.fits(false, without), fits_thin = a.fits(true, with);
        ASSERT_TRUE(fits_thin || !fits) << seed;
        both += fits;
        thin_only += fits_thin && !fits;
        if (!fits_thin) continue;
        weft_error err = {};
        weft_mapping *m = with.get();
        for (int s = 0; s < m->stage_count; s++) {
            weft_mapped_stage &stage = m->stages[s];
            std::sort(stage.tiles, stage.tiles + stage.tile_count, [](const weft_tile &p, const weft_tile &q) {
                return std::tie(p.copy, p.column_begin, p.row_begin) < std::tie(q.copy, q.column_begin, q.row_begin);
            });
        }
        ASSERT_EQ(weft_mapping_check(m, a.stages.get(), &a.chip, &err), WEFT_OK) << seed << ": " << err.text;
    }
    EXPECT_GE(both, 200);
    EXPECT_GE(thin_only, 10);
}

} // namespace
