#include <assert.h>
#include <stdlib.h>

#include "mapper/passes.h"

/* What a grid is made for. */
typedef struct cutter {
    const weft_stages *stages;
    const weft_stage *stage;
    const weft_chip *chip;
    int number;          /* of the stage */
    int rows, width;     /* of a tile at most, in weights */
    int64_t bytes_limit; /* of a tile's input and of a strip's outputs */
    weft_grid *grid;
} cutter;

static int divide_up(int a, int b) { return a / b + (a % b != 0); }
static int smaller(int a, int b) { return a < b ? a : b; }

static int64_t input_bytes(const cutter *c, int row_begin, int row_end) {
    weft_tile tile = {.row_begin = row_begin, .row_end = row_end, .column_end = 1};
    return weft_mapping_input_bytes(c->stage, c->chip, &tile, 1);
}

/* Largest n in [1, most] whose need, which grows with n, stays within the limit; 0 when 1 does not. */
typedef int64_t need_of(const cutter *c, int n);
static int most_within(const cutter *c, need_of *need, int most) {
    if (need(c, 1) > c->bytes_limit) return 0;
    int low = 1, high = most;
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (need(c, middle) <= c->bytes_limit)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}
static int64_t rows_need(const cutter *c, int rows) { return input_bytes(c, 0, rows); }
static int64_t groups_need(const cutter *c, int groups) {
    return input_bytes(c, 0, groups * weft_stage_group_rows(c->stage));
}
static int64_t columns_need(const cutter *c, int columns) {
    return weft_mapping_block_bytes(c->stages, c->number, c->chip, columns, 1);
}

/* ---- rows of one group: cuts from 0 to its rows ---- */

/* [begin, begin + length) in the fewest pieces of at most `most`, as even as may be; their length a multiple of `unit`
 * where that costs none. */
static void cut_evenly(weft_grid *grid, int begin, int length, int most, int unit) {
    int size = divide_up(length, divide_up(length, most));
    int64_t whole_units = (int64_t)divide_up(size, unit) * unit;
    if (whole_units <= most) size = (int)whole_units;
    for (int at = size; at < length; at += size) grid->cuts[grid->cut_count++] = begin + at;
    grid->cuts[grid->cut_count++] = begin + length;
}

static void cut_rows(const cutter *c, int level, int channels_most) {
    const weft_window *w = &c->stage->window;
    int channels = c->stage->in.channels / c->stage->groups, line = w->kernel_w * channels;
    weft_grid *grid = c->grid;
    grid->cut_count = 0;
    grid->cuts[grid->cut_count++] = 0;
    if (level == 0) cut_evenly(grid, 0, weft_stage_group_rows(c->stage), c->rows, channels);
    for (int y = 0; level == 1 && y < w->kernel_h; y++) cut_evenly(grid, y * line, line, c->rows, channels);
    for (int tap = 0; level == 2 && tap < w->kernel_h * w->kernel_w; tap++)
        cut_evenly(grid, tap * channels, channels, smaller(c->rows, channels_most), 1);
}

static int64_t most_input_bytes(const cutter *c) {
    int64_t most = 0;
    for (int i = 0; i + 1 < c->grid->cut_count; i++) {
        int64_t bytes = input_bytes(c, c->grid->cuts[i], c->grid->cuts[i + 1]);
        if (bytes > most) most = bytes;
    }
    return most;
}

/* The cuts that cost the fewest tiles among those whose tiles the buffer holds. */
static weft_status choose_rows(cutter *c, weft_shortage *shortage) {
    int channels = c->stage->in.channels / c->stage->groups;
    cut_rows(c, 0, 0);
    if (most_input_bytes(c) <= c->bytes_limit) return WEFT_OK;
    cut_rows(c, 1, 0);
    c->grid->by_kernel_row = true;
    if (most_input_bytes(c) <= c->bytes_limit) return WEFT_OK;
    int most = most_within(c, rows_need, channels);
    if (most < 1) {
        *shortage = (weft_shortage){WEFT_SHORTAGE_BUFFER, c->number, rows_need(c, 1), c->bytes_limit};
        return WEFT_E_NO_FIT;
    }
    cut_rows(c, 2, most);
    c->grid->by_channel = true;
    return WEFT_OK;
}

/* ---- strips ---- */

static void add_strip(weft_grid *grid, int column_begin, int column_end, int first_cut, int tiles) {
    grid->strips[grid->strip_count++] = (weft_strip){column_begin, column_end, first_cut, tiles};
    grid->tiles += tiles;
}

/* Whole groups, `packed` of them a tile at most. */
static void strips_of_groups(const cutter *c, int packed) {
    int groups = c->stage->groups, size = divide_up(groups, divide_up(groups, packed));
    int rows = weft_stage_group_rows(c->stage), columns = weft_stage_group_columns(c->stage);
    weft_grid *grid = c->grid;
    grid->cuts[grid->cut_count++] = 0;
    for (int g = 0; g < groups; g += size) {
        int end = smaller(g + size, groups);
        grid->cuts[grid->cut_count++] = end * rows;
        add_strip(grid, g * columns, end * columns, grid->cut_count - 2, 1);
    }
}

/* Every group cut like the first, whose cuts are there. */
static void strips_within_groups(const cutter *c) {
    weft_grid *grid = c->grid;
    int columns = weft_stage_group_columns(c->stage), tiles = grid->cut_count - 1;
    int size = divide_up(columns, divide_up(columns, c->width));
    for (int g = 0; g < c->stage->groups; g++) {
        for (int i = 0; g > 0 && i <= tiles; i++)
            grid->cuts[grid->cut_count++] = grid->cuts[i] + g * weft_stage_group_rows(c->stage);
        for (int at = 0; at < columns; at += size)
            add_strip(grid, g * columns + at, g * columns + smaller(at + size, columns), grid->cut_count - 1 - tiles,
                      tiles);
    }
}

static bool allocate_grid(weft_grid *grid, const weft_stage *stage) {
    size_t cuts = (size_t)stage->rows + (size_t)stage->groups + 1, strips = (size_t)stage->columns;
    grid->cuts = malloc(cuts * sizeof *grid->cuts);
    grid->strips = malloc(strips * sizeof *grid->strips);
    return grid->cuts && grid->strips;
}

static weft_status cut_matrix(cutter *c, weft_shortage *shortage) {
    const weft_stage *stage = c->stage;
    int rows = weft_stage_group_rows(stage), columns = weft_stage_group_columns(stage);
    int by_rows = c->rows / rows, by_columns = c->width / columns;
    int packed = smaller(smaller(by_rows, by_columns), stage->groups);
    if (packed > 0) packed = most_within(c, groups_need, packed);
    if (packed > 0) {
        strips_of_groups(c, packed);
        return WEFT_OK;
    }
    WEFT_TRY(choose_rows(c, shortage));
    strips_within_groups(c);
    return WEFT_OK;
}

static weft_status cut_stage(cutter *c, weft_shortage *shortage, weft_error *err) {
    const weft_chip *chip = c->chip;
    c->rows = (int)chip->array.rows;
    c->width = (int)(chip->array.columns / chip->columns_per_weight);
    if (c->stage->has_matrix && c->width < 1) {
        *shortage =
            (weft_shortage){WEFT_SHORTAGE_WEIGHT, c->number, chip->columns_per_weight, (int64_t)chip->array.columns};
        return WEFT_E_NO_FIT;
    }
    int width = most_within(c, columns_need, c->stage->columns);
    if (width < 1) {
        *shortage = (weft_shortage){WEFT_SHORTAGE_BUFFER, c->number, columns_need(c, 1), c->bytes_limit};
        return WEFT_E_NO_FIT;
    }
    if (!c->stage->has_matrix) return WEFT_OK;
    if (width < c->width) c->width = width;
    if (!allocate_grid(c->grid, c->stage))
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while cutting layer \"%s\"", c->stage->name);
    return cut_matrix(c, shortage);
}

weft_status weft_partition(weft_grid **out, const weft_stages *stages, const weft_chip *chip, int share,
                           weft_shortage *shortage, weft_error *err) {
    assert(out && stages && chip && share > 0 && shortage);
    weft_status status = WEFT_OK;
    *out = NULL;
    weft_grid *grids = calloc((size_t)stages->count, sizeof *grids);
    if (!grids) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while cutting the network into tiles");
    for (int s = 0; s < stages->count; s++) {
        cutter c = {.stages = stages, .stage = &stages->items[s], .chip = chip, .number = s, .grid = &grids[s]};
        c.bytes_limit = chip->core.buffer_bytes / share;
        WEFT_TRY_GOTO(cut_stage(&c, shortage, err));
    }
    *out = grids;
    return WEFT_OK;
cleanup:
    weft_grids_destroy(grids, stages->count);
    return status;
}

void weft_grids_destroy(weft_grid *grids, int count) {
    for (int s = 0; grids && s < count; s++) {
        free(grids[s].strips);
        free(grids[s].cuts);
    }
    free(grids);
}

weft_status weft_partition_report(weft_map_log *log, const weft_grid *grids, const weft_stages *stages,
                                  const weft_chip *chip, weft_error *err) {
    int matrices = 0, packed = 0, by_line = 0, by_channel = 0;
    int64_t tiles = 0;
    double cells = 0.0;
    for (int s = 0; s < stages->count; s++) {
        const weft_stage *stage = &stages->items[s];
        const weft_grid *grid = &grids[s];
        if (!stage->has_matrix) continue;
        matrices++;
        packed += grid->strip_count < stage->groups;
        by_line += grid->by_kernel_row && !grid->by_channel;
        by_channel += grid->by_channel;
        tiles += grid->tiles;
        cells += (double)weft_stage_group_rows(stage) * stage->columns * chip->columns_per_weight;
    }
    double all = (double)tiles * (double)chip->array.rows * (double)chip->array.columns;
    WEFT_TRY(weft_map_log_add(log, err,
                              "partition: %d stages, %d with a matrix; %lld arrays of %lld x %lld, %.1f %% of their "
                              "cells",
                              stages->count, matrices, (long long)tiles, (long long)chip->array.rows,
                              (long long)chip->array.columns, all > 0 ? 100.0 * cells / all : 0.0));
    if (packed) WEFT_TRY(weft_map_log_add(log, err, "partition: groups of %d stages packed, several a tile", packed));
    if (by_line + by_channel)
        WEFT_TRY(weft_map_log_add(log, err,
                                  "partition: for the buffers' sake %d stages cut between kernel rows, %d also inside "
                                  "taps",
                                  by_line, by_channel));
    return WEFT_OK;
}
