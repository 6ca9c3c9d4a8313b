#include <stdlib.h>
#include <string.h>

#include "mapper/passes.h"

/* ---- filling cores in order ---- */

/* The core being filled. */
typedef struct open_core {
    int64_t index;
    int64_t arrays, bytes; /* used */
    int stage;             /* whose input map was counted last; -1 none */
} open_core;

static void close_core(open_core *core, weft_fill *fill, const weft_chip *chip) {
    fill->arrays_wasted += chip->array.per_core - core->arrays;
    *core = (open_core){.index = core->index + 1, .stage = -1};
}

/* Columns of the last tile in a row may be fewer. */
static int columns_of(const weft_grid *grid, const weft_stage *stage, int grid_column) {
    int begin = grid_column * grid->tile_columns, left = stage->columns - begin;
    return left < grid->tile_columns ? left : grid->tile_columns;
}

/* Bytes that the core needs to take one more tile; the first of a column brings the output along. */
static int64_t bytes_for_tile(const open_core *core, const weft_stage *stage, int s, const weft_chip *chip, int row,
                              int columns) {
    int64_t bytes = core->stage == s ? 0 : weft_mapping_input_bytes(stage, chip);
    return row == 0 ? bytes + weft_mapping_block_bytes(stage, chip, columns) : bytes;
}

/* Opens further cores until one can take the tile. False when an empty one cannot, or at the limit. */
static bool find_core(open_core *core, weft_fill *fill, const weft_stage *stage, int s, const weft_chip *chip,
                      int64_t limit, int row, int columns) {
    while (core->arrays == chip->array.per_core ||
           core->bytes + bytes_for_tile(core, stage, s, chip, row, columns) > chip->core.buffer_bytes) {
        if (core->arrays == 0) {
            fill->buffer_too_small = true;
            fill->buffer_needed = bytes_for_tile(core, stage, s, chip, row, columns);
            return false;
        }
        if (core->index + 1 >= limit) return false;
        close_core(core, fill, chip);
    }
    return true;
}

static bool fill_stage(open_core *core, weft_fill *fill, const weft_grid *grid, const weft_stage *stage, int s,
                       const weft_chip *chip, int64_t limit, const weft_place_options *options, weft_fill_visit *visit,
                       void *user) {
    bool together = options->keep_together && grid->row_count <= chip->array.per_core;
    if (options->fresh_cores && core->arrays > 0 && core->index + 1 < limit) close_core(core, fill, chip);
    for (int column = 0; column < grid->column_count; column++) {
        int columns = columns_of(grid, stage, column);
        if (together && core->arrays > 0 && chip->array.per_core - core->arrays < grid->row_count &&
            core->index + 1 < limit)
            close_core(core, fill, chip);
        for (int row = 0; row < grid->row_count; row++) {
            if (!find_core(core, fill, stage, s, chip, limit, row, columns)) return false;
            core->bytes += bytes_for_tile(core, stage, s, chip, row, columns);
            core->stage = s;
            if (visit) visit(user, s, row, column, core->index, (int)core->arrays);
            core->arrays++;
        }
    }
    return true;
}

weft_fill weft_fill_cores(const weft_grid *grids, const weft_stages *stages, const weft_chip *chip, int64_t core_limit,
                          const weft_place_options *options, weft_fill_visit *visit, void *user) {
    weft_fill fill = {0};
    open_core core = {.stage = -1};
    while (fill.stage < stages->count && fill_stage(&core, &fill, &grids[fill.stage], &stages->items[fill.stage],
                                                    fill.stage, chip, core_limit, options, visit, user)) {
        fill.arrays_used_before += weft_grid_tiles(&grids[fill.stage]);
        fill.stage++;
    }
    fill.cores = core.index + 1;
    return fill;
}

/* ---- a mapping from it ---- */

/* core_at[core_count]: the cores in the order of the path, which turns back at every edge of the mesh. */
static void walk_mesh(int *core_at, const weft_chip *chip, const weft_place_options *options) {
    int width = (int)chip->noc.mesh[0], height = (int)chip->noc.mesh[1], concentration = (int)chip->noc.concentration;
    int lines = options->by_columns ? width : height, length = options->by_columns ? height : width, n = 0;
    bool line_flip = options->by_columns ? options->from_right : options->from_bottom;
    bool step_flip = options->by_columns ? options->from_bottom : options->from_right;
    for (int l = 0; l < lines; l++) {
        int line = line_flip ? lines - 1 - l : l;
        for (int i = 0; i < length; i++) {
            int step = step_flip != (l % 2 == 1) ? length - 1 - i : i;
            int x = options->by_columns ? line : step, y = options->by_columns ? step : line;
            for (int k = 0; k < concentration; k++) core_at[n++] = (y * width + x) * concentration + k;
        }
    }
}

typedef struct placement {
    weft_mapping *mapping;
    const weft_grid *grids;
    const int *core_at;
} placement;

static int smaller(int a, int b) { return a < b ? a : b; }

static void place_tile(void *user, int s, int row, int column, int64_t core, int array) {
    placement *p = user;
    weft_mapped_stage *stage = &p->mapping->stages[s];
    const weft_grid *grid = &p->grids[s];
    weft_tile *tile = &stage->tiles[stage->tile_count++];
    *tile = (weft_tile){.core = p->core_at[core], .array = array};
    tile->row_begin = row * grid->tile_rows;
    tile->row_end = smaller(tile->row_begin + grid->tile_rows, stage->rows);
    tile->column_begin = column * grid->tile_columns;
    tile->column_end = smaller(tile->column_begin + grid->tile_columns, stage->columns);
}

/* The sums of a column of tiles meet on the core of its first tile. */
static void make_blocks(weft_mapped_stage *stage, bool merge) {
    for (int t = 0; t < stage->tile_count; t++) {
        const weft_tile *tile = &stage->tiles[t];
        if (tile->row_begin != 0) continue;
        weft_output_block *last = stage->block_count ? &stage->blocks[stage->block_count - 1] : NULL;
        if (merge && last && last->core == tile->core)
            last->column_end = tile->column_end;
        else
            stage->blocks[stage->block_count++] =
                (weft_output_block){tile->core, tile->column_begin, tile->column_end, 0};
    }
}

static bool prepare_stage(weft_mapped_stage *mapped, const weft_stage *stage, const weft_grid *grid) {
    mapped->name = strdup(stage->name);
    mapped->rows = stage->rows;
    mapped->columns = stage->columns;
    mapped->input_min = stage->input_min;
    mapped->input_max = stage->input_max;
    mapped->tiles = calloc((size_t)weft_grid_tiles(grid), sizeof *mapped->tiles);
    mapped->blocks = calloc((size_t)grid->column_count, sizeof *mapped->blocks);
    return mapped->name && mapped->tiles && mapped->blocks;
}

weft_status weft_place(weft_mapping **out, const weft_grid *grids, const weft_stages *stages, const weft_chip *chip,
                       const weft_place_options *options, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_mapping *mapping = NULL;
    int *core_at = calloc((size_t)chip->core_count + 1, sizeof *core_at);
    *out = NULL;
    if (!core_at) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing tiles");
    WEFT_TRY_GOTO(weft_mapping_create(&mapping, stages->count, err));
    for (int s = 0; s < stages->count; s++)
        if (!prepare_stage(&mapping->stages[s], &stages->items[s], &grids[s]))
            WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing tiles"));
    walk_mesh(core_at, chip, options);
    placement p = {mapping, grids, core_at};
    weft_fill fill = weft_fill_cores(grids, stages, chip, chip->core_count, options, place_tile, &p);
    if (fill.stage < stages->count) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_NO_FIT, "the cores do not suffice"));
    for (int s = 0; s < stages->count; s++) make_blocks(&mapping->stages[s], options->merge_outputs);
    *out = mapping;
    mapping = NULL;
cleanup:
    weft_mapping_destroy(mapping);
    free(core_at);
    return status;
}
