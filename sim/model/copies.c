/* Which copy of a stage computes which positions, and on which tiles. */
#include "core/arena.h"
#include "sim/model/engine_internal.h"

static weft_status out_of_memory(const weft_stage_model *model, weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "stage '%s': no memory for its %d copies", model->stage->name,
                          model->copies);
}

/* Phase of every matrix position along one axis. A stage that is not local has one copy. */
static int *phases_of_positions(const weft_stage *stage, const weft_mapped_stage *mapped, int axis, int extent) {
    int *out = weft_aligned_alloc((size_t)extent, sizeof *out);
    for (int i = 0; out && weft_mapped_stage_copies(mapped) > 1 && i < extent; i++)
        out[i] = weft_mapped_stage_phase(mapped, axis, weft_stage_owner(stage, 0, axis, i));
    return out;
}

weft_status weft_stage_model_sort(weft_stage_model *model, weft_error *err) {
    const weft_mapped_stage *mapped = model->mapped;
    const weft_stage *stage = model->stage;
    const size_t copies = (size_t)weft_mapped_stage_copies(mapped), tiles = (size_t)mapped->tile_count;
    model->copies = (int)copies;
    model->copy_begin = weft_aligned_alloc(copies + 2, sizeof *model->copy_begin);
    model->copy_tiles = weft_aligned_alloc(tiles + 1, sizeof *model->copy_tiles);
    model->copy_like = weft_aligned_alloc(copies, sizeof *model->copy_like);
    model->phase_y = phases_of_positions(stage, mapped, 0, stage->matrix_out.height);
    model->phase_x = phases_of_positions(stage, mapped, 1, stage->matrix_out.width);
    if (!model->copy_begin || !model->copy_tiles || !model->copy_like || !model->phase_y || !model->phase_x)
        return out_of_memory(model, err);
    int *const next = model->copy_begin + 1; /* becomes copy_begin as the tiles take their places */
    for (size_t t = 0; t < tiles; t++) next[mapped->tiles[t].copy + 1]++;
    for (size_t k = 0; k < copies; k++) next[k + 1] += next[k];
    for (size_t t = 0; t < tiles; t++) model->copy_tiles[next[mapped->tiles[t].copy]++] = (int)t;
    for (size_t k = 0; k < copies; k++) model->copy_like[k] = (int)k;
    return WEFT_OK;
}

static bool same_piece(const weft_tile *a, const weft_tile *b) {
    return a->row_begin == b->row_begin && a->row_end == b->row_end && a->column_begin == b->column_begin &&
           a->column_end == b->column_end;
}

/* Most often it is the one of that number. */
int weft_stage_model_equal(const weft_stage_model *model, const weft_tile *tile, int ordinal) {
    const int count = model->copy_begin[1];
    for (int i = 0; i < count; i++) {
        const int t = model->copy_tiles[(ordinal + i) % count];
        if (same_piece(&model->mapped->tiles[t], tile)) return t;
    }
    return -1;
}

/* ---- classes of positions ---- */

static int arrays_of(const weft_stage_model *model, int position) {
    const int width = model->stage->matrix_out.width;
    return model->exact ? 0 : model->copy_like[weft_stage_model_copy(model, position / width, position % width)];
}

/* count [copies] of positions -> index of each class (-1: no positions), class_begin and class_copy. */
static void number_classes(weft_stage_model *model, int *count) {
    for (int k = 0; k < model->copies; k++) {
        const int positions = count[k];
        count[k] = -1;
        if (positions == 0) continue;
        count[k] = model->classes;
        model->class_copy[model->classes++] = k;
        model->class_begin[model->classes] = model->class_begin[model->classes - 1] + positions;
    }
}

weft_status weft_stage_model_classify(weft_stage_model *model, weft_error *err) {
    const int total = model->stage->matrix_out.height * model->stage->matrix_out.width;
    const size_t copies = (size_t)model->copies;
    int *class_of = weft_aligned_alloc(copies, sizeof *class_of), *next = weft_aligned_alloc(copies, sizeof *next);
    model->class_begin = weft_aligned_alloc(copies + 1, sizeof *model->class_begin);
    model->class_copy = weft_aligned_alloc(copies, sizeof *model->class_copy);
    model->positions = weft_aligned_alloc((size_t)total, sizeof *model->positions);
    const bool ready = class_of && next && model->class_begin && model->class_copy && model->positions;
    if (ready) {
        for (int p = 0; p < total; p++) class_of[arrays_of(model, p)]++;
        number_classes(model, class_of);
        for (int k = 0; k < model->classes; k++) next[k] = model->class_begin[k];
        for (int p = 0; p < total; p++) model->positions[next[class_of[arrays_of(model, p)]]++] = p;
    }
    weft_aligned_free(class_of);
    weft_aligned_free(next);
    return ready ? WEFT_OK : out_of_memory(model, err);
}
