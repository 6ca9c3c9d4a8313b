/* How well the arrays of each stage compute, against plain integer products. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sim/model/engine_internal.h"

/* What a stage is held against. */
typedef struct reference {
    weft_products products; /* of W, where the stage is not exact; an exact one has them already */
    weft_stage_model cells; /* the stage again where exact arrays have kept no cells, to look at their columns */
} reference;

typedef struct statistics {
    const weft_engine *engine;
    const float *x;
    reference *references;             /* [stages] */
    weft_engine_stage_statistics *out; /* [stages] */
    double *power;                     /* [stages, images, 2]; see weft_watch */
    size_t images;
    bool failed; /* memory is out */
} statistics;

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for statistics of the arrays");
}

/* ---- references ---- */

/* Of a stage that is not exact, some arrays may be; those of a copy like another one are zeroed. */
static bool lacks_cells(const weft_stage_model *model) {
    for (int t = 0; t < model->mapped->tile_count; t++)
        if (model->arrays[t].exact) return true;
    return false;
}

static weft_status make_reference(reference *to, const weft_engine *engine, int stage, weft_error *err) {
    const weft_stage_model *model = &engine->items[stage];
    const weft_program_table none = {0}; /* cells of an exact stage hold their levels */
    int16_t *weights = NULL;
    float scale = 0;
    if (!model->stage->has_matrix) return WEFT_OK;
    if (lacks_cells(model)) WEFT_TRY(weft_stage_model_program(&to->cells, engine, &none, stage, true, err));
    if (model->exact) return WEFT_OK;
    WEFT_TRY(weft_stage_quantise(&weights, &scale, model->stage, engine->chip, err));
    const weft_status status = weft_products_pack(&to->products, model->stage, &weights, err);
    weft_aligned_free(weights);
    return status;
}

/* ---- columns ---- */

static void add_histogram(uint64_t *to, const weft_plane_probe *probe, double range) {
    for (int b = 0; b < WEFT_PROBE_BINS; b++) {
        if (!probe->histogram[b]) continue;
        const double at = b ? weft_probe_value(b) / range * WEFT_ENGINE_HISTOGRAM : 0;
        to[at < WEFT_ENGINE_HISTOGRAM - 1 ? (int)at : WEFT_ENGINE_HISTOGRAM - 1] += probe->histogram[b];
    }
}

static void add_plane(weft_engine_stage_statistics *to, const weft_plane *plane, const weft_plane_probe *probe) {
    const double used = (double)probe->largest_code / (double)plane->adc.max_code;
    to->conversions += probe->conversions;
    to->clipped += probe->clipped;
    if (used > to->adc_utilisation) to->adc_utilisation = used;
    add_histogram(to->histogram, probe, plane->adc.step * (double)plane->adc.max_code);
}

static void add_tile(void *context, int tile, const weft_array *array, const weft_plane_probe *probes) {
    (void)tile;
    for (int k = 0; k < array->plane_count; k++) add_plane(context, &array->planes[k], &probes[k]);
}

/* Sums and maxima: the order of threads does not matter. */
static void merge(statistics *s, const weft_engine_stage_statistics *from) {
#pragma omp critical(weft_statistics)
    for (int i = 0; i < s->engine->count; i++) {
        weft_engine_stage_statistics *to = &s->out[i];
        const weft_engine_stage_statistics *of = &from[i];
        to->conversions += of->conversions;
        to->clipped += of->clipped;
        if (of->adc_utilisation > to->adc_utilisation) to->adc_utilisation = of->adc_utilisation;
        for (int b = 0; b < WEFT_ENGINE_HISTOGRAM; b++) to->histogram[b] += of->histogram[b];
    }
}

/* ---- a group of images ---- */

/* Memory of a visit. */
typedef struct visit {
    weft_engine_stage_statistics *counts; /* [stages] */
    weft_watch *watches;                  /* [stages] */
    const weft_watch **list;              /* [stages] NULL for a digital stage */
    weft_plane_probe *probes;             /* [planes] */
    int64_t *exact;                       /* [block, columns] of any stage */
} visit;

static void visit_destroy(visit *v) {
    free(v->counts);
    free(v->watches);
    free(v->list);
    free(v->probes);
    weft_aligned_free(v->exact);
}

static const weft_stage_model *watched_model(const statistics *s, int stage) {
    const weft_stage_model *model = &s->engine->items[stage];
    return lacks_cells(model) ? &s->references[stage].cells : model;
}

static bool visit_create(visit *v, const statistics *s) {
    const size_t stages = (size_t)s->engine->count;
    size_t sums = 1, planes = 1;
    for (int i = 0; i < s->engine->count; i++) {
        const weft_stage_model *model = &s->engine->items[i];
        const weft_matrix_extents extents = weft_functional_matrix_extents(model->stage);
        if (!model->stage->has_matrix) continue;
        const size_t these = (size_t)model->arrays[model->programmed[0]].plane_count;
        if (extents.sums > sums) sums = extents.sums;
        if (these > planes) planes = these;
    }
    v->counts = calloc(stages, sizeof *v->counts);
    v->watches = calloc(stages, sizeof *v->watches);
    v->list = calloc(stages, sizeof *v->list);
    v->probes = calloc(planes, sizeof *v->probes);
    v->exact = weft_aligned_alloc(sums, sizeof *v->exact);
    return v->counts && v->watches && v->list && v->probes && v->exact;
}

static void watch_stage(visit *v, const statistics *s, int stage, size_t first) {
    const weft_stage_model *model = &s->engine->items[stage];
    if (!model->stage->has_matrix) return;
    v->watches[stage] = (weft_watch){.model = watched_model(s, stage),
                                     .tile = add_tile,
                                     .context = &v->counts[stage],
                                     .probes = v->probes,
                                     .products = model->exact ? &model->products : &s->references[stage].products,
                                     .exact = v->exact,
                                     .power = s->power + 2 * ((size_t)stage * s->images + first)};
    v->list[stage] = &v->watches[stage];
}

static void visit_group(void *context, weft_work *work, size_t first, int images) {
    statistics *s = context;
    visit v = {0};
    if (visit_create(&v, s)) {
        for (int i = 0; i < s->engine->count; i++) watch_stage(&v, s, i, first);
        weft_functional_group(s->engine, work, s->x + first * weft_shape_size(s->engine->stages->input), images,
                              v.list);
        merge(s, v.counts);
    } else {
#pragma omp atomic write
        s->failed = true;
    }
    visit_destroy(&v);
}

/* ---- all images ---- */

static double signal_to_noise(const double *power, size_t images) {
    double signal = 0, noise = 0;
    for (size_t i = 0; i < images; i++) {
        signal += power[2 * i];
        noise += power[2 * i + 1];
    }
    return noise > 0 ? 10 * log10(signal / noise) : INFINITY;
}

static weft_status collect(statistics *s, uint64_t first_image, weft_error *err) {
    for (int i = 0; i < s->engine->count; i++) WEFT_TRY(make_reference(&s->references[i], s->engine, i, err));
    /* Scales of inputs are the engine's; a copy of an exact stage needs its own for what it sends on. */
    for (int i = 0; i < s->engine->count; i++) s->references[i].cells.value_scale = s->engine->items[i].value_scale;
    WEFT_TRY(weft_functional_groups(s->engine, first_image, s->images, false, visit_group, s, err));
    if (s->failed) return out_of_memory(err);
    for (int i = 0; i < s->engine->count; i++)
        if (s->engine->items[i].stage->has_matrix)
            s->out[i].signal_to_noise_db = signal_to_noise(s->power + 2 * (size_t)i * s->images, s->images);
    return WEFT_OK;
}

weft_status weft_engine_statistics(const weft_engine *engine, const float *x, uint64_t first_image, size_t count,
                                   weft_engine_stage_statistics *out, weft_error *err) {
    const size_t stages = (size_t)engine->count;
    statistics s = {.engine = engine, .x = x, .out = out, .images = count};
    memset(out, 0, stages * sizeof *out);
    WEFT_TRY(weft_engine_check_ranges(engine, err));
    s.references = calloc(stages, sizeof *s.references);
    s.power = calloc(stages * count + 1, 2 * sizeof *s.power);
    const weft_status status = s.references && s.power ? collect(&s, first_image, err) : out_of_memory(err);
    for (int i = 0; s.references && i < engine->count; i++) {
        weft_products_destroy(&s.references[i].products);
        weft_stage_model_destroy(&s.references[i].cells);
    }
    free(s.references);
    free(s.power);
    return status;
}
