// Random mappings of random networks with branches: the checker against cell-by-cell counting, before and after damage;
// buffers counted value by value; files that read back as they were written.
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/support/random_mapping.h"
#include "tests/support/random_network.h"

using namespace weft_test;

namespace {

constexpr int CASES = 150;

struct mapped_case {
    explicit mapped_case(uint64_t seed)
        : d(seed), net(random_dag(d, 6, 6)), stages(lower(net.get())), chip(random_chip(d)) {
        mapping = random_mapping(d, stages.get(), &chip);
    }
    dice d;
    network_ptr net;
    stages_ptr stages;
    weft_chip chip;
    mapping_ptr mapping{nullptr, weft_mapping_destroy};
};

bool in_range(int begin, int end, int size) { return begin >= 0 && begin < end && end <= size; }

/* ---- what the checker should say ---- */

bool has_place(const mapped_case &c, const weft_mapped_stage &m, int part, int copy, int core) {
    return part >= 0 && part < c.mapping->parts && copy >= 0 && copy < weft_mapped_stage_copies(&m) && core >= 0 &&
           core < c.chip.core_count;
}

bool blocks_are_good(const mapped_case &c, const weft_mapped_stage &m) {
    std::map<std::pair<int, int>, int> columns; /* by copy and column */
    for (int b = 0; b < m.block_count; b++) {
        const weft_output_block &block = m.blocks[b];
        if (!has_place(c, m, block.part, block.copy, block.core)) return false;
        if (!in_range(block.column_begin, block.column_end, m.columns)) return false;
        for (int k = block.column_begin; k < block.column_end; k++)
            if (columns[{block.copy, k}]++) return false;
    }
    return (int)columns.size() == weft_mapped_stage_copies(&m) * m.columns;
}

bool tile_is_good(const mapped_case &c, const weft_stage &stage, const weft_mapped_stage &m, const weft_tile &tile) {
    if (!has_place(c, m, tile.part, tile.copy, tile.core)) return false;
    if (!in_range(tile.row_begin, tile.row_end, m.rows) || !in_range(tile.column_begin, tile.column_end, m.columns))
        return false;
    if (tile.array < 0 || tile.array >= c.chip.array.per_core || tile.row_end - tile.row_begin > c.chip.array.rows ||
        (tile.column_end - tile.column_begin) * c.chip.columns_per_weight > c.chip.array.columns)
        return false;
    bool in_block = false, has_weight = false;
    for (int b = 0; b < m.block_count; b++)
        in_block =
            in_block || (m.blocks[b].copy == tile.copy && m.blocks[b].part == tile.part &&
                         m.blocks[b].column_begin <= tile.column_begin && m.blocks[b].column_end >= tile.column_end);
    for (int r = tile.row_begin; r < tile.row_end; r++)
        for (int k = tile.column_begin; k < tile.column_end; k++)
            has_weight = has_weight || weft_stage_has_weight(&stage, r, k);
    return in_block && has_weight;
}

bool weights_are_covered(const weft_stage &stage, const weft_mapped_stage &m) {
    std::map<std::tuple<int, int, int>, int> cells;
    for (int t = 0; t < m.tile_count; t++)
        for (int r = m.tiles[t].row_begin; r < m.tiles[t].row_end; r++)
            for (int k = m.tiles[t].column_begin; k < m.tiles[t].column_end; k++)
                if (weft_stage_has_weight(&stage, r, k) && cells[{m.tiles[t].copy, r, k}]++) return false;
    return !stage.has_matrix || cells.size() == (size_t)weft_mapped_stage_copies(&m) * (size_t)stage.rows *
                                                    (size_t)stage.columns / (size_t)stage.groups;
}

bool parts_are_good(const mapped_case &c) {
    std::set<int> used;
    for (int s = 0; s < c.stages->count; s++) {
        const weft_mapped_stage &m = c.mapping->stages[s];
        for (int b = 0; b < m.block_count; b++) used.insert(m.blocks[b].part);
        for (int p = 0; p < c.stages->items[s].port_count; p++)
            for (int i = 0; i < c.stages->items[s].ports[p].source_count; i++) {
                const int source = c.stages->items[s].ports[p].sources[i].stage;
                for (int b = 0; source >= 0 && b < m.block_count; b++)
                    for (int k = 0; k < c.mapping->stages[source].block_count; k++)
                        if (c.mapping->stages[source].blocks[k].part > m.blocks[b].part) return false;
            }
    }
    return (int)used.size() == c.mapping->parts;
}

/* Copy (y mod cy) * cx + (x + shift * floor(y / cy)) mod cx: each has an output position. */
bool all_copies_work(const weft_stage &stage, const weft_mapped_stage &m) {
    std::set<int> working;
    for (int y = 0; y < stage.out.height; y++)
        for (int x = 0; x < stage.out.width; x++)
            working.insert(y % m.copies_y * m.copies_x + (x + m.shift * (y / m.copies_y)) % m.copies_x);
    return (int)working.size() == m.copies_y * m.copies_x;
}

bool is_good(const mapped_case &c) {
    std::set<std::tuple<int, int, int>> arrays;
    for (int s = 0; s < c.stages->count; s++) {
        const weft_stage &stage = c.stages->items[s];
        const weft_mapped_stage &m = c.mapping->stages[s];
        if (m.copies_y < 1 || m.copies_x < 1 || m.shift < 0 || m.shift >= m.copies_x) return false;
        if (m.copies_y * m.copies_x > 1 && !weft_stage_is_local(&stage)) return false;
        if (!all_copies_work(stage, m)) return false;
        if (!blocks_are_good(c, m)) return false;
        for (int t = 0; t < m.tile_count; t++) {
            if (!tile_is_good(c, stage, m, m.tiles[t])) return false;
            if (!arrays.insert({m.tiles[t].part, m.tiles[t].core, m.tiles[t].array}).second) return false;
        }
        if (!weights_are_covered(stage, m)) return false;
    }
    return parts_are_good(c);
}

/* One number changed, by a little. */
void damage(mapped_case &c) {
    weft_mapped_stage &m = c.mapping->stages[c.d.between(0, c.mapping->stage_count - 1)];
    const int by = c.d.flip() ? 1 : -1;
    if (c.d.between(0, 7) == 0) {
        int *const numbers[] = {&m.copies_y, &m.copies_x, &m.shift};
        *numbers[c.d.between(0, 2)] += by;
        return;
    }
    std::vector<weft_output_block> blocks(m.blocks, m.blocks + m.block_count);
    std::vector<weft_tile> tiles(m.tiles, m.tiles + m.tile_count);
    if (tiles.empty() || c.d.between(0, 3) == 0) {
        weft_output_block &b = blocks[(size_t)c.d.between(0, (int)blocks.size() - 1)];
        int *const numbers[] = {&b.part, &b.copy, &b.core, &b.column_begin, &b.column_end};
        *numbers[c.d.between(0, 4)] += by;
    } else {
        weft_tile &t = tiles[(size_t)c.d.between(0, (int)tiles.size() - 1)];
        int *const numbers[] = {&t.part,      &t.copy,    &t.core,         &t.array,
                                &t.row_begin, &t.row_end, &t.column_begin, &t.column_end};
        *numbers[c.d.between(0, 7)] += by;
    }
    const int stage = (int)(&m - c.mapping->stages);
    set_stage(c.mapping.get(), stage, blocks, tiles, m.copies_y, m.copies_x);
}

TEST(MappingProperty, TheCheckerFindsWhatCountingFinds) {
    int good = 0, bad = 0;
    for (uint64_t seed = 0; seed < CASES; seed++)
        for (uint64_t number = 0; number < 8; number++) {
            mapped_case c(seed);
            weft_error err = {};
            ASSERT_EQ(weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, &err), WEFT_OK) << seed << err.text;
            for (uint64_t i = 0; i <= number; i++) c.d.flip();
            damage(c);
            const bool expected = is_good(c);
            const weft_status status = weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, &err);
            ASSERT_EQ(status, expected ? WEFT_OK : WEFT_E_INVALID) << seed << ", " << number << ": " << err.text;
            ASSERT_TRUE(expected || err.text[0]);
            (expected ? good : bad)++;
        }
    EXPECT_GE(good, CASES / 2);
    EXPECT_GE(bad, CASES * 2);
}

/* ---- buffers ---- */

int64_t input_values(const weft_stage &stage, const weft_mapped_stage &m, int part, int core) {
    std::set<int> channels, rows;
    int first = stage.window.kernel_h, last = -1;
    for (int t = 0; t < m.tile_count; t++)
        for (int r = m.tiles[t].row_begin; m.tiles[t].part == part && m.tiles[t].core == core && r < m.tiles[t].row_end;
             r++) {
            const int ky = weft_stage_row_tap(&stage, r) / stage.window.kernel_w;
            channels.insert(weft_stage_row_channel(&stage, r));
            rows.insert(r);
            first = std::min(first, ky), last = std::max(last, ky);
        }
    if (rows.empty()) return 0;
    if (!stage.is_conv) return (int64_t)rows.size();
    const weft_window &w = stage.window;
    const int own = (last - first) * w.dilation_h, others = (w.kernel_h - 1 - first) * w.dilation_h - w.stride_h;
    const int lines = std::max(own, others) + 1 + stage.ports[0].lag;
    return (int64_t)std::min(lines, stage.in.height) * stage.in.width * (int64_t)channels.size();
}

TEST(MappingProperty, BuffersHoldWhatTheDefinitionSays) {
    for (uint64_t seed = 0; seed < CASES; seed++) {
        mapped_case c(seed);
        int64_t most = 0;
        for (int part = 0; part < c.mapping->parts; part++)
            for (int core = 0; core < c.chip.core_count; core++) {
                int64_t bytes = 0;
                for (int s = 0; s < c.stages->count; s++) {
                    const weft_mapped_stage &m = c.mapping->stages[s];
                    bytes += (input_values(c.stages->items[s], m, part, core) * c.chip.input.bits + 7) / 8;
                    for (int b = 0; b < m.block_count; b++)
                        if (m.blocks[b].part == part && m.blocks[b].core == core)
                            bytes +=
                                weft_mapping_block_bytes(c.stages.get(), s, &c.chip,
                                                         m.blocks[b].column_end - m.blocks[b].column_begin, m.copies_x);
                }
                ASSERT_EQ(weft_mapping_buffer_bytes(c.mapping.get(), c.stages.get(), &c.chip, part, core), bytes)
                    << seed;
                most = std::max(most, bytes);
            }
        c.chip.core.buffer_bytes = most;
        ASSERT_EQ(weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, nullptr), WEFT_OK) << seed;
        c.chip.core.buffer_bytes = most - 1;
        ASSERT_EQ(weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, nullptr), WEFT_E_INVALID) << seed;
    }
}

/* ---- files ---- */

std::string text_of(const std::string &path) {
    std::ifstream stream(path);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

TEST(MappingProperty, FilesReadBackAsTheyWereWritten) {
    char name[] = "/tmp/weft_mapping_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    const std::string folder = name, first = folder + "/first.map.yaml", second = folder + "/second.map.yaml";
    int shifted = 0;
    for (uint64_t seed = 0; seed < CASES / 3; seed++) {
        mapped_case c(seed);
        weft_error err = {};
        snprintf(c.mapping->network_path, sizeof c.mapping->network_path, "%s/net.onnx", name);
        snprintf(c.mapping->chip_path, sizeof c.mapping->chip_path, "%s/chip.yaml", name);
        memset(c.mapping->network_sha256.hex, 'a', 64);
        memset(c.mapping->chip_sha256.hex, 'b', 64);
        c.mapping->input_max = 1.0f / 3.0f;
        c.mapping->stages[0].output_min = -0.1f;
        ASSERT_EQ(weft_mapping_write(c.mapping.get(), first.c_str(), &err), WEFT_OK) << err.text;
        weft_mapping *read = nullptr;
        ASSERT_EQ(weft_mapping_read(&read, first.c_str(), &err), WEFT_OK) << seed << ": " << err.text;
        const mapping_ptr back(read, weft_mapping_destroy);
        EXPECT_EQ(back->parts, c.mapping->parts);
        EXPECT_EQ(back->chips, c.mapping->chips);
        EXPECT_EQ(back->input_max, 1.0f / 3.0f);
        EXPECT_EQ(back->stages[0].output_min, -0.1f);
        for (int s = 0; s < back->stage_count; s++) {
            EXPECT_EQ(back->stages[s].copies_y, c.mapping->stages[s].copies_y);
            EXPECT_EQ(back->stages[s].copies_x, c.mapping->stages[s].copies_x);
            EXPECT_EQ(back->stages[s].shift, c.mapping->stages[s].shift);
            shifted += c.mapping->stages[s].shift > 0;
        }
        ASSERT_EQ(weft_mapping_write(back.get(), second.c_str(), &err), WEFT_OK) << err.text;
        ASSERT_EQ(text_of(first), text_of(second)) << seed;
        const traffic_ptr a = make_traffic(c.mapping.get(), c.stages.get(), &c.chip),
                          b = make_traffic(back.get(), c.stages.get(), &c.chip);
        ASSERT_EQ(weft_traffic_total(a.get()).flit_hops, weft_traffic_total(b.get()).flit_hops);
    }
    unlink(first.c_str());
    unlink(second.c_str());
    EXPECT_GT(shifted, 10);
    rmdir(name);
}

} // namespace
