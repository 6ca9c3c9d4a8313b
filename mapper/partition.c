#include "mapper/passes.h"

static int divide_up(int a, int b) { return a / b + (a % b != 0); }

static int cut_rows(const weft_stage *stage, int array_rows) {
    int size = divide_up(stage->rows, divide_up(stage->rows, array_rows));
    int pixel = stage->in.channels;
    int64_t whole_pixels = (int64_t)divide_up(size, pixel) * pixel;
    return whole_pixels <= array_rows ? (int)whole_pixels : size;
}

weft_status weft_partition(weft_grid *grid, const weft_stage *stage, const weft_chip *chip, weft_error *err) {
    int width = (int)(chip->array.columns / chip->columns_per_weight), height = (int)chip->array.rows;
    if (width < 1)
        return weft_error_set(err, WEFT_E_NO_FIT, "layer \"%s\": one weight takes %d columns, an array has %lld",
                              stage->name, chip->columns_per_weight, (long long)chip->array.columns);
    grid->tile_rows = cut_rows(stage, height);
    grid->row_count = divide_up(stage->rows, grid->tile_rows);
    grid->tile_columns = divide_up(stage->columns, divide_up(stage->columns, width));
    grid->column_count = divide_up(stage->columns, grid->tile_columns);
    return WEFT_OK;
}

weft_status weft_partition_all(weft_grid *grids, const weft_stages *stages, const weft_chip *chip, weft_error *err) {
    for (int s = 0; s < stages->count; s++) WEFT_TRY(weft_partition(&grids[s], &stages->items[s], chip, err));
    return WEFT_OK;
}
