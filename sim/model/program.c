#include <string.h>

#include "core/arena.h"
#include "sim/model/engine_internal.h"

/* Elements of a random stream, and of a transform's draws of a cell. */
static const uint64_t DRAWS_MAX = UINT64_C(1) << 34;
enum { DRAWS_PER_CELL = 4 };

static weft_status out_of_memory(const weft_stage_model *model, weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "stage '%s': no memory for its arrays", model->stage->name);
}

/* ---- one tile ---- */

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

/* What all tiles of a stage are programmed with. */
typedef struct programming {
    weft_stage_model *model;
    const weft_chip *chip;
    const weft_engine_trial *trial;
    const weft_program_table *table;
    const int16_t *weights;
    const uint64_t *first_cell; /* [tile_count] */
    bool keep_cells;
} programming;

static weft_status program_tile(const programming *p, int tile, weft_error *err) {
    const weft_stage *stage = p->model->stage;
    const weft_tile *t = &p->model->mapped->tiles[tile];
    const int rows = t->row_end - t->row_begin, columns = t->column_end - t->column_begin;
    const weft_cells_place place = {
        .seed = p->trial->seed, .trial = p->trial->trial, .stage = p->model->index, .first_cell = p->first_cell[tile]};
    weft_array *array = &p->model->arrays[tile];
    if (stage->groups == 1)
        return weft_array_create(array, p->chip, p->table, &place,
                                 p->weights + (size_t)t->row_begin * (size_t)stage->columns + t->column_begin, rows,
                                 columns, stage->columns, p->keep_cells, err);
    int16_t *piece = weft_aligned_alloc((size_t)rows * (size_t)columns, sizeof *piece);
    if (!piece) return out_of_memory(p->model, err);
    fill_tile(stage, t, p->weights, piece);
    const weft_status status =
        weft_array_create(array, p->chip, p->table, &place, piece, rows, columns, columns, p->keep_cells, err);
    weft_aligned_free(piece);
    return status;
}

/* ---- all tiles ---- */

/* True where two arrays with the same weights are programmed alike, whatever place they have. */
static bool programs_alike(const weft_chip *chip, const weft_program_table *table) {
    return !weft_transform_chain_is_stochastic(&chip->program) && table->count == 0 && chip->adc.offset_lsb == 0 &&
           chip->adc.gain_sigma == 0 && chip->adc.mismatch == 0;
}

static void share_arrays(weft_stage_model *model, bool alike) {
    for (int copy = 0; copy < model->copies; copy++) {
        const int begin = model->copy_begin[copy];
        bool all = alike && copy > 0;
        for (int i = begin; i < model->copy_begin[copy + 1]; i++) {
            const int t = model->copy_tiles[i];
            const int equal = alike && copy ? weft_stage_model_equal(model, &model->mapped->tiles[t], i - begin) : -1;
            model->programmed[t] = equal < 0 ? t : equal;
            all = all && equal >= 0;
        }
        if (all) model->copy_like[copy] = 0;
    }
}

uint64_t weft_tile_cells(const weft_tile *t, const weft_chip *chip) {
    return (uint64_t)(t->row_end - t->row_begin) * (uint64_t)(t->column_end - t->column_begin) *
           (uint64_t)weft_cells_per_weight(chip);
}

/* Cells are numbered through the stage's tiles, in the mapping's order, so that no two share a draw. */
static weft_status number_cells(const weft_stage_model *model, const weft_chip *chip, bool alike, uint64_t *first,
                                weft_error *err) {
    uint64_t cells = 0;
    for (int t = 0; t < model->mapped->tile_count; t++) {
        first[t] = cells;
        cells += weft_tile_cells(&model->mapped->tiles[t], chip);
    }
    if (alike || cells <= DRAWS_MAX / DRAWS_PER_CELL) return WEFT_OK;
    return weft_error_set(
        err, WEFT_E_UNSUPPORTED, "stage '%s': it has %llu cells, and errors can be drawn for %llu; needs fewer copies",
        model->stage->name, (unsigned long long)cells, (unsigned long long)(DRAWS_MAX / DRAWS_PER_CELL));
}

/* The first tile's failure counts, whatever thread is first. */
static weft_status program_tiles(const programming *p, weft_error *err) {
    const int tiles = p->model->mapped->tile_count;
    int failed = tiles;
    weft_status status = WEFT_OK;
#pragma omp parallel for schedule(dynamic)
    for (int t = 0; t < tiles; t++) {
        weft_error own = {0};
        if (p->model->programmed[t] != t) continue;
        const weft_status tile_status = program_tile(p, t, &own);
        if (tile_status == WEFT_OK) continue;
#pragma omp critical(weft_program_tiles)
        if (t < failed) {
            failed = t;
            status = tile_status;
            if (err) *err = own;
        }
    }
    return status;
}

/* Draws of read noise: a position uses all of its arrays' in turn. */
static weft_status number_draws(weft_stage_model *model, const weft_chip *chip, weft_error *err) {
    const weft_shape out = model->stage->matrix_out;
    const uint64_t positions = (uint64_t)out.height * (uint64_t)out.width;
    if (!chip->has_read_noise) return WEFT_OK;
    for (int t = 0; t < model->mapped->tile_count; t++) {
        if (model->programmed[t] != t) continue;
        model->first_draw[t] = model->draws;
        model->draws += (weft_array_draws(&model->arrays[t]) + 3) / 4 * 4; /* a block of the generator gives 4 */
    }
    if (model->draws <= DRAWS_MAX / positions) return WEFT_OK;
    return weft_error_set(
        err, WEFT_E_UNSUPPORTED,
        "stage '%s': an image needs %llu draws of read noise at each of %llu positions, and there are "
        "2^34 in all; needs fewer tiles, copies, slices or pulses",
        model->stage->name, (unsigned long long)model->draws, (unsigned long long)positions);
}

void weft_stage_model_rescale(weft_stage_model *model) {
    double scale = 0;
    for (int t = 0; t < model->mapped->tile_count; t++) {
        if (model->programmed[t] != t) continue;
        const double best = weft_array_best_scale(&model->arrays[t]);
        if (best > scale) scale = best;
    }
    model->result_scale = model->exact ? 1 : scale;
    for (int t = 0; t < model->mapped->tile_count; t++)
        if (model->programmed[t] == t) weft_array_set_scale(&model->arrays[t], model->result_scale);
}

static weft_status program_arrays(const programming *p, weft_error *err) {
    weft_stage_model *model = p->model;
    WEFT_TRY(program_tiles(p, err));
    model->exact = true;
    for (int t = 0; t < model->mapped->tile_count; t++)
        if (model->programmed[t] == t && !model->arrays[t].exact) model->exact = false;
    weft_stage_model_rescale(model);
    WEFT_TRY(number_draws(model, p->chip, err));
    return weft_stage_model_classify(model, err);
}

static weft_status program_matrix(weft_stage_model *model, const weft_engine *engine, const weft_program_table *table,
                                  bool keep_cells, weft_error *err) {
    const size_t tiles = (size_t)model->mapped->tile_count + 1;
    const bool alike = programs_alike(engine->chip, table);
    weft_status status = WEFT_OK;
    int16_t *weights = NULL;
    uint64_t *first_cell = weft_aligned_alloc(tiles, sizeof *first_cell);
    model->arrays = weft_aligned_alloc(tiles, sizeof *model->arrays);
    model->programmed = weft_aligned_alloc(tiles, sizeof *model->programmed);
    model->first_draw = weft_aligned_alloc(tiles, sizeof *model->first_draw);
    if (!first_cell || !model->arrays || !model->programmed || !model->first_draw)
        WEFT_TRY_GOTO(out_of_memory(model, err));
    WEFT_TRY_GOTO(weft_stage_quantise(&weights, &model->weight_scale, model->stage, engine->chip, err));
    WEFT_TRY_GOTO(weft_stage_model_sort(model, err));
    share_arrays(model, alike);
    WEFT_TRY_GOTO(number_cells(model, engine->chip, alike, first_cell, err));
    const programming p = {.model = model,
                           .chip = engine->chip,
                           .trial = &engine->trial,
                           .table = table,
                           .weights = weights,
                           .first_cell = first_cell,
                           .keep_cells = keep_cells};
    WEFT_TRY_GOTO(program_arrays(&p, err));
    if (model->exact) WEFT_TRY_GOTO(weft_products_pack(&model->products, model->stage, &weights, err));
cleanup:
    weft_aligned_free(first_cell);
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

weft_status weft_stage_model_program(weft_stage_model *model, const weft_engine *engine,
                                     const weft_program_table *table, int stage, bool keep_cells, weft_error *err) {
    model->index = stage;
    model->stage = &engine->stages->items[stage];
    model->mapped = &engine->mapping->stages[stage];
    model->exact = true;
    if (model->stage->has_matrix) WEFT_TRY(program_matrix(model, engine, table, keep_cells, err));
    return copy_affine(model, err);
}

void weft_stage_model_destroy(weft_stage_model *model) {
    if (!model->stage) return;
    for (int t = 0; model->arrays && t < model->mapped->tile_count; t++) weft_array_destroy(&model->arrays[t]);
    weft_products_destroy(&model->products);
    for (int o = 0; o < model->stage->op_count; o++) {
        if (model->scale) weft_aligned_free(model->scale[o]);
        if (model->offset) weft_aligned_free(model->offset[o]);
    }
    void *const blocks[] = {model->arrays,     model->programmed,  model->first_draw, model->copy_begin,
                            model->copy_tiles, model->copy_like,   model->phase_y,    model->phase_x,
                            model->class_copy, model->class_begin, model->positions,  model->scale,
                            model->offset};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) weft_aligned_free(blocks[i]);
}
