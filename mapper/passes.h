/* The mapper's passes, one file each. Internal to mapper/.
 *
 * partition: how a stage's matrix is cut into tiles, one an array. place: which array of which core each tile gets.
 * suggest: what to change when they do not fit. */
#ifndef WEFT_MAPPER_PASSES_H
#define WEFT_MAPPER_PASSES_H

#include "core/mapping.h"

/* A stage's matrix as a grid of tiles; all but the last row and column of tiles have the full size. */
typedef struct weft_grid {
    int tile_rows, tile_columns; /* size of a tile in weights */
    int row_count, column_count; /* tiles in the grid */
} weft_grid;
static inline int64_t weft_grid_tiles(const weft_grid *grid) { return (int64_t)grid->row_count * grid->column_count; }

/* The fewest tiles, of sizes as even as that allows; rows are cut between pixels (multiples of the input channels)
 * where that costs no tile, so that a tile needs fewer of them. NO_FIT when an array is narrower than one weight. */
weft_status weft_partition(weft_grid *grid, const weft_stage *stage, const weft_chip *chip, weft_error *err);
/* Of every stage: grids[stages->count]. */
weft_status weft_partition_all(weft_grid *grids, const weft_stages *stages, const weft_chip *chip, weft_error *err);

/* Cores are filled one after the other along a path through the mesh that turns at its edges; tiles come stage by
 * stage, column of tiles by column of tiles, from row 0 down. A core takes a tile while it has an array for it and
 * buffer for the stage's input and outputs. */
typedef struct weft_place_options {
    bool by_columns;              /* the path runs along columns of the mesh instead of rows */
    bool from_right, from_bottom; /* the corner where it starts */
    bool keep_together;           /* a column of tiles that fits into one core is not split between two */
    bool fresh_cores;             /* a stage starts on a new core */
    bool merge_outputs; /* columns of tiles whose sums meet on the same core make one output block: fewer, larger
                           packets */
} weft_place_options;

/* Where filling stopped. */
typedef struct weft_fill {
    int64_t cores;              /* cores taken, the open one included */
    int64_t arrays_wasted;      /* arrays left over on cores that were closed */
    int stage;                  /* the stage that did not fit; the stage count when all did */
    int64_t arrays_used_before; /* tiles of the stages before it */
    bool buffer_too_small;      /* not even an empty core can take a tile of the stage */
    int64_t buffer_needed;      /* bytes that such a tile needs */
} weft_fill;
/* Fills up to core_limit cores. tile (may be NULL): called for every tile with the core's number on the path, the array
 * and the tile's place in the grid. */
typedef void weft_fill_visit(void *user, int stage, int grid_row, int grid_column, int64_t core, int array);
weft_fill weft_fill_cores(const weft_grid *grids, const weft_stages *stages, const weft_chip *chip, int64_t core_limit,
                          const weft_place_options *options, weft_fill_visit *visit, void *user);
/* A mapping placed this way. NO_FIT without a message of its own when the cores do not suffice. */
weft_status weft_place(weft_mapping **out, const weft_grid *grids, const weft_stages *stages, const weft_chip *chip,
                       const weft_place_options *options, weft_error *err);

/* Sets err to what does not fit and which single changes of the chip would help, each of them tried; returns NO_FIT. */
weft_status weft_explain_no_fit(const weft_grid *grids, const weft_stages *stages, const weft_chip *chip,
                                weft_error *err);

#endif
