// Random networks on random chips: invariants of mapping, checking, files and traffic.
#include "tests/support/mapping_fixture.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

using namespace weft_test;

namespace {

constexpr int CASES = 300;

/* Counted cell by cell, not as the checker does it. */
void expect_every_weight_once(const weft_mapped_stage &stage) {
    std::vector<int> count((size_t)stage.rows * (size_t)stage.columns, 0);
    for (int t = 0; t < stage.tile_count; t++)
        for (int r = stage.tiles[t].row_begin; r < stage.tiles[t].row_end; r++)
            for (int c = stage.tiles[t].column_begin; c < stage.tiles[t].column_end; c++)
                count[(size_t)r * (size_t)stage.columns + (size_t)c]++;
    for (int n : count) ASSERT_EQ(n, 1);
}

TEST(MapperProperty, EveryWeightOnceAndNoLimitExceeded) {
    int fitted = 0, refused = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        random_case c(seed);
        if (!c.mapping) {
            ASSERT_EQ(c.err.status, WEFT_E_NO_FIT) << seed << ": " << c.err.text;
            refused++;
            continue;
        }
        fitted++;
        std::set<std::pair<int, int>> arrays;
        size_t tiles = 0;
        for (int s = 0; s < c.mapping->stage_count; s++) {
            const weft_mapped_stage &stage = c.mapping->stages[s];
            expect_every_weight_once(stage);
            for (int t = 0; t < stage.tile_count; t++, tiles++) {
                const weft_tile &tile = stage.tiles[t];
                arrays.insert({tile.core, tile.array});
                ASSERT_GE(tile.core, 0);
                ASSERT_LT(tile.core, c.chip.core_count);
                ASSERT_LT(tile.array, c.chip.array.per_core);
                ASSERT_LE(tile.row_end - tile.row_begin, c.chip.array.rows);
                ASSERT_LE((tile.column_end - tile.column_begin) * c.chip.columns_per_weight, c.chip.array.columns);
            }
        }
        ASSERT_EQ(arrays.size(), tiles) << "an array is used twice";
        for (int core = 0; core < c.chip.core_count; core++)
            ASSERT_LE(weft_mapping_buffer_bytes(c.mapping.get(), c.stages.get(), &c.chip, core),
                      c.chip.core.buffer_bytes);
        ASSERT_EQ(weft_mapping_check(c.mapping.get(), c.stages.get(), &c.chip, &c.err), WEFT_OK) << c.err.text;
    }
    EXPECT_GE(fitted, CASES / 3);
    EXPECT_GE(refused, CASES / 10);
}

TEST(MapperProperty, CheckFindsEveryDamage) {
    int damaged = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        random_case c(seed);
        if (!c.mapping) continue;
        weft_mapped_stage &stage = c.mapping->stages[c.d.between(0, c.mapping->stage_count - 1)];
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

TEST(MapperProperty, MoreIsNeverLess) {
    for (uint64_t seed = 0; seed < CASES; seed++) {
        random_case c(seed);
        if (!c.mapping) continue;
        weft_chip more = c.chip;
        switch (c.d.between(0, 3)) {
        case 0:
            more.array.per_core += c.d.between(1, 5);
            break;
        case 1:
            more.noc.mesh[0] += c.d.between(1, 3);
            break;
        case 2:
            more.noc.mesh[1] += c.d.between(1, 3);
            break;
        default:
            more.core.buffer_bytes += c.d.between(1, 500);
            break;
        }
        weft_chip_resolve(&more);
        weft_error err = {};
        EXPECT_TRUE(map(c.stages.get(), &more, &err)) << seed << ": " << err.text;
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
    for (int s = 0; s < a.stage_count; s++) {
        const weft_mapped_stage &p = a.stages[s], &q = b.stages[s];
        ASSERT_STREQ(p.name, q.name);
        ASSERT_EQ(p.rows, q.rows);
        ASSERT_EQ(p.columns, q.columns);
        ASSERT_EQ(p.input_min, q.input_min);
        ASSERT_EQ(p.input_max, q.input_max);
        ASSERT_EQ(p.block_count, q.block_count);
        ASSERT_EQ(p.tile_count, q.tile_count);
        for (int i = 0; i < p.block_count; i++) {
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
        random_case c(seed);
        if (!c.mapping) continue;
        for (int s = 0; s < c.mapping->stage_count; s++) {
            c.mapping->stages[s].input_min = -(float)c.d.between(0, 1000) / 7.0f;
            c.mapping->stages[s].input_max = (float)c.d.between(0, 1 << 24) / 3.0f;
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

/* Applies the numbers that a NO_FIT message gives after `key`; false when it gives none. */
bool apply(weft_chip *chip, const std::string &text, int which) {
    static const char *const keys[] = {"a mesh of ", " arrays a core", "core.buffer_bytes ", "weight.bits "};
    size_t colon = text.find("): "), at = colon == std::string::npos ? colon : text.find(keys[which], colon);
    if (at == std::string::npos) return false;
    const char *number = text.c_str() + at + strlen(keys[which]);
    long long a = 0, b = 0;
    if (which == 0) {
        EXPECT_EQ(sscanf(number, "%lld x %lld", &a, &b), 2);
        EXPECT_GE(a, chip->noc.mesh[0]);
        EXPECT_GE(b, chip->noc.mesh[1]);
        chip->noc.mesh[0] = a, chip->noc.mesh[1] = b;
    } else if (which == 1) {
        size_t begin = at;
        while (begin > 0 && isdigit((unsigned char)text[begin - 1])) begin--;
        chip->array.per_core = atoll(text.c_str() + begin);
    } else if (which == 2) {
        chip->core.buffer_bytes = atoll(number);
    } else {
        chip->weight.bits = atoll(number);
    }
    weft_chip_resolve(chip);
    return true;
}

/* One step less than what was suggested. */
weft_chip less(const weft_chip &chip, int which) {
    weft_chip result = chip;
    if (which == 1) result.array.per_core--;
    if (which == 2) result.core.buffer_bytes--;
    if (which == 3) result.weight.bits++;
    weft_chip_resolve(&result);
    return result;
}

TEST(MapperProperty, WhatIsSuggestedFitsAndNothingSmallerDoes) {
    int tried[4] = {0, 0, 0, 0};
    for (uint64_t seed = 0; seed < CASES; seed++) {
        random_case c(seed);
        if (c.mapping) continue;
        for (int which = 0; which < 4; which++) {
            weft_chip chip = c.chip;
            if (!apply(&chip, c.err.text, which)) continue;
            bool both = strstr(c.err.text, " together with "); /* a mesh and a buffer: neither helps alone */
            if (both) { ASSERT_TRUE(apply(&chip, c.err.text, which == 0 ? 2 : 0)); }
            tried[which]++;
            weft_error err = {};
            ASSERT_TRUE(map(c.stages.get(), &chip, &err)) << seed << ": " << c.err.text << "\nbut: " << err.text;
            if (which == 0) continue;
            weft_chip smaller = less(chip, which);
            ASSERT_FALSE(map(c.stages.get(), &smaller, &err)) << seed << ": " << c.err.text;
        }
    }
    for (int n : tried) EXPECT_GE(n, 5);
}

TEST(MapperProperty, SameInputSameMapping) {
    for (uint64_t seed = 0; seed < 50; seed++) {
        random_case a(seed), b(seed);
        ASSERT_EQ(a.mapping == nullptr, b.mapping == nullptr);
        if (!a.mapping) {
            ASSERT_STREQ(a.err.text, b.err.text);
            continue;
        }
        for (int s = 0; s < a.mapping->stage_count; s++)
            ASSERT_EQ(memcmp(a.mapping->stages[s].tiles, b.mapping->stages[s].tiles,
                             (size_t)a.mapping->stages[s].tile_count * sizeof(weft_tile)),
                      0);
    }
}

} // namespace
