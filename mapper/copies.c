/* Copies of a stage: how many positions the busiest computes, and how few copies come down to so many. */
#include <stdlib.h>
#include <string.h>

#include "mapper/passes.h"

/* ---- positions of the busiest copy ---- */

/* Adds to positions[x] what the rows of group `group` (row mod copies.y) give each of its copies: its share of the
 * columns' positions, across[], turned by the row's phase. */
static void add_group(int64_t *positions, const int64_t *across, const weft_load *load, weft_copies copies, int group) {
    int used = load->extent[1] < copies.x ? load->extent[1] : copies.x; /* phases of columns that there are */
    for (int y = group; y < load->extent[0]; y += copies.y) {
        int phase = (int)((int64_t)copies.shift * (y / copies.y) % copies.x);
        for (int x = 0; x < used; x++) {
            int copy = phase + x < copies.x ? phase + x : phase + x - copies.x;
            positions[copy] += load->counts[0][y] * across[x];
        }
    }
}

/* With a shift. *idle: a copy has no position. */
static uint64_t busiest_shifted(bool *idle, const weft_load *load, weft_copies copies) {
    int64_t *across = load->work, *positions = load->work + copies.x, most = 0;
    *idle = false;
    memset(across, 0, (size_t)copies.x * sizeof *across);
    for (int x = 0; x < load->extent[1]; x++) across[x % copies.x] += load->counts[1][x];
    for (int group = 0; group < copies.y; group++) {
        memset(positions, 0, (size_t)copies.x * sizeof *positions);
        add_group(positions, across, load, copies, group);
        for (int i = 0; i < copies.x; i++) {
            *idle = *idle || positions[i] == 0;
            if (positions[i] > most) most = positions[i];
        }
    }
    return (uint64_t)most;
}

uint64_t weft_load_positions(const weft_load *load, weft_copies copies) {
    bool idle = false;
    if (copies.shift > 0) return busiest_shifted(&idle, load, copies);
    return (uint64_t)load->busiest[0][copies.y] * (uint64_t)load->busiest[1][copies.x];
}

uint64_t weft_load_alone(const weft_load *load) { return weft_load_positions(load, (weft_copies){1, 1, 0}); }

uint64_t weft_load_least(const weft_load *load) {
    return weft_load_positions(load, (weft_copies){load->extent[0], load->extent[1], 0});
}

/* ---- the fewest ---- */

static int64_t fewest_without_shift(weft_copies *out, const weft_load *load, uint64_t most, bool along_x) {
    int64_t best = 0;
    uint64_t best_positions = 0;
    for (int x = 1; x <= load->extent[1]; x++) {
        uint64_t across = (uint64_t)load->busiest[1][x], down = most / across;
        if (down > (uint64_t)load->busiest[0][1]) down = (uint64_t)load->busiest[0][1];
        int y = load->copies[0][down];
        if (y == 0) continue;
        int64_t copies = (int64_t)x * y;
        uint64_t positions = (uint64_t)load->busiest[0][y] * across;
        bool equal = copies == best && positions == best_positions;
        if (best && (copies > best || (copies == best && positions > best_positions) || (equal && !along_x))) continue;
        best = copies;
        best_positions = positions;
        *out = (weft_copies){y, x, 0};
    }
    return best;
}

/* The best shift for that many copies, tried once. Small shifts come first: what a window reads then belongs to fewer
 * copies. The output's width deals the positions out in turn. */
static void find_shift(const weft_load *load, int count) {
    const int shifts[] = {1, 2, load->extent[1] % count};
    load->shifted[count] = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        bool idle = false;
        weft_copies copies = {1, count, shifts[i]};
        if (copies.shift == 0 || copies.shift >= count) continue;
        uint64_t positions = busiest_shifted(&idle, load, copies);
        if (idle || positions >= load->shifted[count]) continue;
        load->shifted[count] = positions;
        load->shifts[count] = copies.shift;
    }
}

/* Fewest from `from` to `to` copies with a shift, or 0. */
static int64_t fewest_with_shift(weft_copies *out, const weft_load *load, uint64_t most, int64_t from, int64_t to) {
    for (int64_t count = from; count <= to && count <= load->shift_count; count++) {
        if (load->shifted[count] == 0) find_shift(load, (int)count);
        if (load->shifted[count] > most) continue;
        *out = (weft_copies){1, (int)count, load->shifts[count]};
        return count;
    }
    return 0;
}

int64_t weft_fewest_copies(weft_copies *out, const weft_load *load, uint64_t most, weft_copies_form form) {
    int64_t best = fewest_without_shift(out, load, most, form != WEFT_COPIES_ALONG_Y);
    if (best < 2 || load->shift_count == 0) return best;
    int64_t from = (int64_t)((weft_load_alone(load) + most - 1) / most);
    int64_t to = form == WEFT_COPIES_SHIFTED && out->y > 1 ? best : best - 1;
    int64_t fewer = fewest_with_shift(out, load, most, from < 2 ? 2 : from, to);
    return fewer ? fewer : best;
}
