#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "sim/model/engine_internal.h"

static weft_status out_of_memory(const weft_stage_model *model, weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "stage '%s': no memory for its weights", model->stage->name);
}

/* ---- weights ---- */

static size_t weight_count(const weft_stage *stage) {
    return (size_t)weft_stage_group_rows(stage) * (size_t)stage->columns;
}

static weft_status largest_weight(float *out, const weft_stage *stage, weft_error *err) {
    const size_t count = weight_count(stage);
    float largest = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(stage->weight[i]))
            return weft_error_set(err, WEFT_E_INVALID, "stage '%s': weight at row %zu, column %zu is not finite",
                                  stage->name, i / (size_t)stage->columns, i % (size_t)stage->columns);
        const float size = fabsf(stage->weight[i]);
        if (size > largest) largest = size;
    }
    *out = largest;
    return WEFT_OK;
}

/* W = round(w / weight_scale), half away from zero. All weights zero: scale 1. */
static weft_status quantise_weights(weft_stage_model *model, const weft_chip *chip, int16_t *out, weft_error *err) {
    float largest = 0;
    WEFT_TRY(largest_weight(&largest, model->stage, err));
    model->weight_scale = largest / (float)chip->weight_max;
    if (!(model->weight_scale > 0)) model->weight_scale = 1;
    weft_quantise_i16(model->stage->weight, weight_count(model->stage), model->weight_scale, chip->weight_max, out);
    return WEFT_OK;
}

/* ---- copies ---- */

/* Copy coordinate of every matrix position along one axis. A stage that is not local has one copy. */
static int *copy_of_positions(const weft_stage *stage, int axis, int extent, int copies) {
    int *out = weft_aligned_alloc((size_t)extent, sizeof *out);
    for (int i = 0; out && copies > 1 && i < extent; i++) out[i] = weft_stage_owner(stage, 0, axis, i) % copies;
    return out;
}

static weft_status sort_tiles(weft_stage_model *model, weft_error *err) {
    const weft_mapped_stage *mapped = model->mapped;
    const weft_stage *stage = model->stage;
    const size_t copies = (size_t)weft_mapped_stage_copies(mapped), tiles = (size_t)mapped->tile_count;
    model->copies = (int)copies;
    model->copy_begin = weft_aligned_alloc(copies + 2, sizeof *model->copy_begin);
    model->copy_tiles = weft_aligned_alloc(tiles + 1, sizeof *model->copy_tiles);
    model->copy_like = weft_aligned_alloc(copies, sizeof *model->copy_like);
    model->copy_y = copy_of_positions(stage, 0, stage->matrix_out.height, mapped->copies_y);
    model->copy_x = copy_of_positions(stage, 1, stage->matrix_out.width, mapped->copies_x);
    if (!model->copy_begin || !model->copy_tiles || !model->copy_like || !model->copy_y || !model->copy_x)
        return out_of_memory(model, err);
    int *const next = model->copy_begin + 1; /* becomes copy_begin as the tiles take their places */
    for (size_t t = 0; t < tiles; t++) next[mapped->tiles[t].copy + 1]++;
    for (size_t k = 0; k < copies; k++) next[k + 1] += next[k];
    for (size_t t = 0; t < tiles; t++) model->copy_tiles[next[mapped->tiles[t].copy]++] = (int)t;
    return WEFT_OK;
}

static bool same_piece(const weft_tile *a, const weft_tile *b) {
    return a->row_begin == b->row_begin && a->row_end == b->row_end && a->column_begin == b->column_begin &&
           a->column_end == b->column_end;
}

/* Tile of copy 0 that holds the same weights as number `ordinal` of another copy: most often the one of that number.
 * -1: none. */
static int find_equal(const weft_stage_model *model, const weft_tile *tile, int ordinal) {
    const int count = model->copy_begin[1];
    for (int i = 0; i < count; i++) {
        const int t = model->copy_tiles[(ordinal + i) % count];
        if (same_piece(&model->mapped->tiles[t], tile)) return t;
    }
    return -1;
}

/* ---- arrays ---- */

/* The tile's weights, 0 off the groups' blocks. */
static void fill_tile(const weft_stage *stage, const weft_tile *tile, const int16_t *weights, int16_t *out) {
    const int columns = tile->column_end - tile->column_begin, group_rows = weft_stage_group_rows(stage);
    for (int r = tile->row_begin; r < tile->row_end; r++)
        for (int c = 0; c < columns; c++) {
            const int column = tile->column_begin + c;
            const bool held = weft_stage_has_weight(stage, r, column);
            out[(size_t)(r - tile->row_begin) * (size_t)columns + (size_t)c] =
                held ? weights[(size_t)(r % group_rows) * (size_t)stage->columns + (size_t)column] : 0;
        }
}

static weft_status program_tile(weft_stage_model *model, const weft_chip *chip, const int16_t *weights, int tile,
                                weft_error *err) {
    const weft_stage *stage = model->stage;
    const weft_tile *t = &model->mapped->tiles[tile];
    const int rows = t->row_end - t->row_begin, columns = t->column_end - t->column_begin;
    if (stage->groups == 1)
        return weft_array_create(&model->arrays[tile], chip,
                                 weights + (size_t)t->row_begin * (size_t)stage->columns + t->column_begin, rows,
                                 columns, stage->columns, false, err);
    int16_t *piece = weft_aligned_alloc((size_t)rows * (size_t)columns, sizeof *piece);
    if (!piece) return out_of_memory(model, err);
    fill_tile(stage, t, weights, piece);
    const weft_status status = weft_array_create(&model->arrays[tile], chip, piece, rows, columns, columns, false, err);
    weft_aligned_free(piece);
    return status;
}

static weft_status program_copy(weft_stage_model *model, const weft_chip *chip, const int16_t *weights, int copy,
                                weft_error *err) {
    const int begin = model->copy_begin[copy];
    for (int i = begin; i < model->copy_begin[copy + 1]; i++) {
        const int t = model->copy_tiles[i];
        const int equal = copy ? find_equal(model, &model->mapped->tiles[t], i - begin) : -1;
        model->programmed[t] = equal < 0 ? t : equal;
        if (equal >= 0) continue;
        WEFT_TRY(program_tile(model, chip, weights, t, err));
        model->exact = model->exact && model->arrays[t].exact;
        model->copy_like[copy] = copy;
    }
    return WEFT_OK;
}

static weft_status program_arrays(weft_stage_model *model, const weft_chip *chip, const int16_t *weights,
                                  weft_error *err) {
    const size_t tiles = (size_t)model->mapped->tile_count;
    WEFT_TRY(sort_tiles(model, err));
    model->arrays = weft_aligned_alloc(tiles + 1, sizeof *model->arrays);
    model->programmed = weft_aligned_alloc(tiles + 1, sizeof *model->programmed);
    if (!model->arrays || !model->programmed) return out_of_memory(model, err);
    model->exact = true;
    for (int k = 0; k < model->copies; k++) WEFT_TRY(program_copy(model, chip, weights, k, err));
    return WEFT_OK;
}

/* What stands for the tiles of an exact stage. */
static weft_status pack_products(weft_stage_model *model, int16_t **weights, weft_error *err) {
    const weft_stage *stage = model->stage;
    const int rows = weft_stage_group_rows(stage), columns = weft_stage_group_columns(stage);
    if (stage->groups > 1 && stage->in.channels == stage->groups) {
        model->channel_wise = *weights;
        *weights = NULL;
        return WEFT_OK;
    }
    model->products = weft_aligned_alloc((size_t)stage->groups, sizeof *model->products);
    if (!model->products) return out_of_memory(model, err);
    for (int g = 0; g < stage->groups; g++)
        WEFT_TRY(weft_panel_pack(&model->products[g], *weights + g * columns, rows, columns, stage->columns, err));
    return WEFT_OK;
}

static weft_status program_matrix(weft_stage_model *model, const weft_chip *chip, weft_error *err) {
    weft_status status = WEFT_OK;
    int16_t *weights = weft_aligned_alloc(weight_count(model->stage), sizeof *weights);
    if (!weights) return out_of_memory(model, err);
    WEFT_TRY_GOTO(quantise_weights(model, chip, weights, err));
    WEFT_TRY_GOTO(program_arrays(model, chip, weights, err));
    if (model->exact) WEFT_TRY_GOTO(pack_products(model, &weights, err));
cleanup:
    weft_aligned_free(weights);
    return status;
}

/* ---- digital ---- */

static weft_status copy_affine(weft_stage_model *model, weft_error *err) {
    const weft_stage *stage = model->stage;
    const size_t ops = (size_t)(stage->op_count ? stage->op_count : 1);
    model->scale = weft_aligned_alloc(ops, sizeof *model->scale);
    model->offset = weft_aligned_alloc(ops, sizeof *model->offset);
    if (!model->scale || !model->offset) return out_of_memory(model, err);
    for (int o = 0; o < stage->op_count; o++) {
        const weft_digital_op *op = &stage->ops[o];
        const size_t channels = (size_t)op->in.channels;
        if (op->kind != WEFT_DIGITAL_AFFINE) continue;
        model->scale[o] = weft_aligned_alloc(channels, sizeof(float));
        model->offset[o] = weft_aligned_alloc(channels, sizeof(float));
        if (!model->scale[o] || !model->offset[o]) return out_of_memory(model, err);
        memcpy(model->scale[o], op->scale, channels * sizeof(float));
        memcpy(model->offset[o], op->offset, channels * sizeof(float));
    }
    return WEFT_OK;
}

weft_status weft_stage_model_program(weft_stage_model *model, const weft_engine *engine, int stage, weft_error *err) {
    model->stage = &engine->stages->items[stage];
    model->mapped = &engine->mapping->stages[stage];
    model->exact = true;
    if (model->stage->has_matrix) WEFT_TRY(program_matrix(model, engine->chip, err));
    return copy_affine(model, err);
}

void weft_stage_model_destroy(weft_stage_model *model) {
    if (!model->stage) return;
    for (int t = 0; model->arrays && t < model->mapped->tile_count; t++) weft_array_destroy(&model->arrays[t]);
    for (int g = 0; model->products && g < model->stage->groups; g++) weft_panel_destroy(&model->products[g]);
    for (int o = 0; o < model->stage->op_count; o++) {
        if (model->scale) weft_aligned_free(model->scale[o]);
        if (model->offset) weft_aligned_free(model->offset[o]);
    }
    void *const blocks[] = {model->arrays,       model->programmed, model->copy_begin, model->copy_tiles,
                            model->copy_like,    model->copy_y,     model->copy_x,     model->products,
                            model->channel_wise, model->scale,      model->offset};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) weft_aligned_free(blocks[i]);
}
