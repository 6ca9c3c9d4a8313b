#include <omp.h>
#include <string.h>

#include "core/arena.h"
#include "sim/model/functional_internal.h"

enum { GROUP_MAX = 8, GROUP_BYTES = 64 << 20, RUN = 256 };

/* ---- memory of a thread ---- */

typedef struct extents {
    size_t joined, map; /* of an image */
    weft_matrix_extents matrix;
} extents;

static void grow(size_t *to, size_t value) {
    if (value > *to) *to = value;
}

/* Leading digital ops that go position by position: they follow the matrix block by block. */
static int local_ops(const weft_stage *stage) {
    int count = 0;
    while (stage->has_matrix && count < stage->op_count && !weft_digital_has_window(&stage->ops[count])) count++;
    return count;
}

/* The results go to the output from there, not through work->map. */
static bool sends_blocks(const weft_engine *engine, int stage) {
    const weft_stage *s = engine->items[stage].stage;
    return s->has_matrix && local_ops(s) == s->op_count && engine->outputs[stage + 1].last_reader >= 0;
}

static void grow_map(extents *e, const weft_stage *stage) {
    grow(&e->map, weft_shape_size(stage->matrix_out));
    for (int o = 0; o < stage->op_count; o++) grow(&e->map, weft_shape_size(stage->ops[o].out));
}

/* Channels that a position sends, or that an output which is added to it has. */
static size_t codes_of(const weft_engine *engine, const weft_stage *stage) {
    size_t channels = (size_t)stage->columns;
    for (int p = 0; p < stage->port_count; p++)
        for (int i = 0; i < stage->ports[p].source_count; i++)
            grow(&channels, (size_t)engine->outputs[stage->ports[p].sources[i].stage + 1].shape.channels);
    return channels;
}

/* maps: of all stages. */
static extents work_extents(const weft_engine *engine, bool maps) {
    extents e = {.joined = 1, .map = 1};
    for (int s = 0; s < engine->count; s++) {
        const weft_stage *stage = engine->items[s].stage;
        const weft_matrix_extents matrix = weft_functional_matrix_extents(stage);
        grow(&e.matrix.rows, matrix.rows);
        grow(&e.matrix.sums, matrix.sums);
        grow(&e.matrix.block, matrix.block);
        grow(&e.matrix.codes, matrix.block * codes_of(engine, stage));
        if (stage->has_matrix && stage->ports[0].source_count > 1) grow(&e.joined, weft_shape_size(stage->in));
        if (maps || !sends_blocks(engine, s)) grow_map(&e, stage);
    }
    return e;
}

static void work_destroy(weft_work *work) {
    void *const blocks[] = {work->arena, work->joined, work->map,   work->next,  work->rows,
                            work->sums,  work->values, work->codes, work->places};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) weft_aligned_free(blocks[i]);
}

/* False when memory is out. */
static bool work_create(weft_work *work, const weft_engine *engine, const extents *needs, int group) {
    const extents e = *needs;
    const size_t images = (size_t)group;
    *work = (weft_work){.group = group};
    work->arena = weft_aligned_alloc(images * engine->arena + WEFT_COPY_VALUES, sizeof *work->arena);
    work->joined = weft_aligned_alloc(images * e.joined + WEFT_COPY_VALUES, sizeof *work->joined);
    work->map = weft_aligned_alloc(images * e.map, sizeof *work->map);
    work->next = weft_aligned_alloc(images * e.map, sizeof *work->next);
    work->rows = weft_aligned_alloc(e.matrix.rows, sizeof *work->rows);
    work->sums = weft_aligned_alloc(e.matrix.sums, sizeof *work->sums);
    work->values = weft_aligned_alloc(e.matrix.sums, sizeof *work->values);
    work->codes = weft_aligned_alloc(e.matrix.codes + WEFT_COPY_VALUES, sizeof *work->codes);
    work->places = weft_aligned_alloc(e.matrix.block, sizeof *work->places);
    return work->arena && work->joined && work->map && work->next && work->rows && work->sums && work->values &&
           work->codes && work->places;
}

/* ---- digital ---- */

/* map = the values of a source of a port, or map += them. */
static void take_source(const weft_engine *engine, const weft_port *port, const weft_source *source, weft_work *work,
                        int images) {
    const weft_engine_output *output = &engine->outputs[source->stage + 1];
    const weft_taking how = {.positions = (size_t)images * (size_t)port->shape.height * (size_t)port->shape.width,
                             .channels = (size_t)source->channels,
                             .map_stride = (size_t)port->shape.channels,
                             .q_stride = (size_t)output->shape.channels,
                             .scale = output->scale,
                             .add = port->op >= 0};
    weft_functional_take(&how, weft_functional_output(engine, work, source->stage + 1), work->map + source->begin);
}

static void take_port(const weft_engine *engine, int stage, int port, weft_work *work, int images) {
    const weft_port *from = &engine->stages->items[stage].ports[port];
    for (int i = 0; i < from->source_count; i++) take_source(engine, from, &from->sources[i], work, images);
}

static void window_maps(const weft_digital_op *op, weft_work *work, int images) {
    const size_t in_size = weft_shape_size(op->in), out_size = weft_shape_size(op->out),
                 channels = (size_t)op->in.channels;
    for (int i = 0; i < images; i++)
        for (int y = 0; y < op->out.height; y++)
            for (int x = 0; x < op->out.width; x++)
                weft_digital_window(op, op->in.channels, work->map + (size_t)i * in_size, y, x,
                                    work->next + (size_t)i * out_size +
                                        ((size_t)y * (size_t)op->out.width + (size_t)x) * channels);
    float *const swap = work->map;
    work->map = work->next;
    work->next = swap;
}

void weft_functional_digital(const weft_engine *engine, int stage, int first, int end, weft_work *work, int images) {
    const weft_stage_model *model = &engine->items[stage];
    for (int o = first; o < end; o++) {
        const weft_digital_op *op = &model->stage->ops[o];
        const size_t positions = (size_t)images * (size_t)op->in.height * (size_t)op->in.width;
        if (weft_digital_has_window(op))
            window_maps(op, work, images);
        else if (op->kind == WEFT_DIGITAL_ADD)
            take_port(engine, stage, op->port, work, images);
        else
            weft_digital_elementwise(op, model->scale[o], model->offset[o], positions, op->in.channels, work->map,
                                     work->map);
    }
}

void weft_functional_begin(const weft_engine *engine, int stage, weft_work *work, int images) {
    if (engine->items[stage].stage->has_matrix)
        weft_functional_matrix(engine, stage, work, images, 0, false);
    else
        take_port(engine, stage, 0, work, images);
}

/* ---- images ---- */

/* Images that a thread computes together: what fits GROUP_BYTES, and leaves work for every thread. */
static int group_size(const weft_engine *engine, const extents *e, size_t count) {
    const size_t bytes = sizeof(int16_t) * (engine->arena + e->joined) + 2 * sizeof(float) * e->map;
    const size_t share = count / (size_t)omp_get_max_threads(), fit = GROUP_BYTES / bytes;
    const size_t group = share < fit ? share : fit;
    return group < 1 ? 1 : group < GROUP_MAX ? (int)group : GROUP_MAX;
}

weft_status weft_functional_groups(const weft_engine *engine, uint64_t first_image, size_t count, bool maps,
                                   weft_group_visit visit, void *context, weft_error *err) {
    const extents needs = work_extents(engine, maps);
    const int group = group_size(engine, &needs, count);
    const size_t groups = (count + (size_t)group - 1) / (size_t)group;
    bool failed = false;
#pragma omp parallel shared(failed)
    {
        weft_work work;
        const bool ready = work_create(&work, engine, &needs, group);
        if (!ready) {
#pragma omp atomic write
            failed = true;
        }
#pragma omp for schedule(dynamic)
        for (size_t g = 0; g < groups; g++) {
            const size_t first = g * (size_t)group;
            work.image = first_image + first;
            if (ready)
                visit(context, &work, first, (int)(count - first < (size_t)group ? count - first : (size_t)group));
        }
        work_destroy(&work);
    }
    return failed ? weft_error_set(err, WEFT_E_MEMORY, "no memory for the maps of %d images a thread", group) : WEFT_OK;
}

void weft_functional_input(const weft_engine *engine, const float *x_chw, int16_t *q_hwc) {
    const weft_shape in = engine->stages->input;
    const size_t positions = (size_t)in.height * (size_t)in.width, channels = (size_t)in.channels;
    int16_t run[RUN];
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < positions; p += RUN) {
            const size_t count = positions - p < RUN ? positions - p : RUN;
            weft_quantise_i16(x_chw + c * positions + p, count, engine->outputs[0].scale, engine->chip->input_max, run);
            for (size_t i = 0; i < count; i++) q_hwc[(p + i) * channels + c] = run[i];
        }
}

static void run_stage(const weft_engine *engine, int stage, weft_work *work, int images) {
    const weft_stage *s = engine->items[stage].stage;
    const weft_engine_output *output = &engine->outputs[stage + 1];
    const int local = local_ops(s);
    const bool sent = sends_blocks(engine, stage);
    if (s->has_matrix)
        weft_functional_matrix(engine, stage, work, images, local, sent);
    else
        take_port(engine, stage, 0, work, images);
    if (sent) return;
    weft_functional_digital(engine, stage, local, s->op_count, work, images);
    if (output->last_reader >= 0)
        weft_quantise_i16(work->map, (size_t)images * weft_shape_size(output->shape), output->scale,
                          engine->chip->input_max, weft_functional_output(engine, work, stage + 1));
}

void weft_functional_group(const weft_engine *engine, weft_work *work, const float *x, int images,
                           const weft_watch *const *watches) {
    const size_t in_size = weft_shape_size(engine->stages->input);
    for (int i = 0; i < images && engine->outputs[0].last_reader >= 0; i++)
        weft_functional_input(engine, x + (size_t)i * in_size,
                              weft_functional_output(engine, work, 0) + (size_t)i * in_size);
    for (int s = 0; s < engine->count; s++) {
        work->watch = watches ? watches[s] : NULL;
        run_stage(engine, s, work, images);
    }
    work->watch = NULL;
}

typedef struct run_context {
    const weft_engine *engine;
    const float *x;
    float *logits;
} run_context;

static void run_group(void *context, weft_work *work, size_t first, int images) {
    const run_context *run = context;
    const weft_engine *engine = run->engine;
    const size_t classes = (size_t)engine->outputs[engine->count].shape.channels;
    weft_functional_group(engine, work, run->x + first * weft_shape_size(engine->stages->input), images, NULL);
    memcpy(run->logits + first * classes, work->map, sizeof(float) * classes * (size_t)images);
}

weft_status weft_engine_run_from(const weft_engine *engine, const float *x, uint64_t first_image, size_t count,
                                 float *logits, weft_error *err) {
    run_context run = {.engine = engine, .x = x, .logits = logits};
    WEFT_TRY(weft_engine_check_ranges(engine, err));
    return weft_functional_groups(engine, first_image, count, false, run_group, &run, err);
}

weft_status weft_engine_run(const weft_engine *engine, const float *x, size_t count, float *logits, weft_error *err) {
    return weft_engine_run_from(engine, x, 0, count, logits, err);
}
