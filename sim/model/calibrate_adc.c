/* Ranges of converters from what the columns of each stage give on calibration images. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sim/model/calibrate_internal.h"

/* ---- one range ---- */

static double at_most(double value, double limit) { return value < limit ? value : limit; }

static double percentile_range(const weft_plane_probe *probe, double percentile) {
    uint64_t total = 0, below = 0;
    for (int b = 0; b < WEFT_PROBE_BINS; b++) total += probe->histogram[b];
    for (int b = 0; b < WEFT_PROBE_BINS; b++) {
        below += probe->histogram[b];
        if ((double)below * 100 < percentile * (double)total) continue;
        return b ? at_most(weft_probe_value(b), probe->largest) : probe->largest;
    }
    return probe->largest;
}

/* Numbers, sums and sums of squares of the bins below each bin. Bin 0 is as good as nothing: a sum of 0 has no error.
 */
typedef struct moments {
    double value[WEFT_PROBE_BINS];
    double n[WEFT_PROBE_BINS + 1], sum[WEFT_PROBE_BINS + 1], squares[WEFT_PROBE_BINS + 1];
} moments;

static void fill_moments(moments *m, const weft_plane_probe *probe) {
    m->n[0] = m->sum[0] = m->squares[0] = 0;
    for (int b = 0; b < WEFT_PROBE_BINS; b++) {
        const double n = b ? (double)probe->histogram[b] : 0, value = at_most(weft_probe_value(b), probe->largest);
        m->value[b] = value;
        m->n[b + 1] = m->n[b] + n;
        m->sum[b + 1] = m->sum[b] + n * value;
        m->squares[b + 1] = m->squares[b] + n * value * value;
    }
}

/* Errors squared with the range at bin b; bins below `small` get code 0. */
static double squared_error(const moments *m, int b, int small, double max_code) {
    const int end = WEFT_PROBE_BINS;
    const double range = m->value[b], step = range / max_code;
    const double clipped = (m->squares[end] - m->squares[b + 1]) - 2 * range * (m->sum[end] - m->sum[b + 1]) +
                           range * range * (m->n[end] - m->n[b + 1]);
    return m->squares[small] + (m->n[b + 1] - m->n[small]) * step * step / 12 + clipped;
}

/* Of ranges that are equally good, the largest. */
static double squared_error_range(const moments *m, const weft_plane_probe *probe, double max_code) {
    double best = 0, least = 0;
    for (int b = 1, small = 1; b < WEFT_PROBE_BINS; b++) {
        if (!probe->histogram[b]) continue;
        while (small < b && m->value[small] <= m->value[b] / max_code / 2) small++;
        const double error = squared_error(m, b, small, max_code);
        if (best > 0 && error > least) continue;
        best = m->value[b];
        least = error;
    }
    return best > 0 ? best : probe->largest;
}

double weft_calibrated_range(const weft_plane_probe *probe, const weft_chip *chip, int64_t max_code) {
    moments m;
    switch ((weft_adc_calibration)chip->adc.calibrate) {
    case WEFT_ADC_PERCENTILE:
        return percentile_range(probe, chip->adc.percentile);
    case WEFT_ADC_SQUARED_ERROR:
        fill_moments(&m, probe);
        return squared_error_range(&m, probe, (double)max_code);
    case WEFT_ADC_MAXIMUM:
        break;
    }
    return probe->largest;
}

/* ---- what the converters get ---- */

typedef struct probing {
    const weft_calibration *c;
    const weft_stage_model *model;
    size_t *stride;           /* [classes] */
    int planes;               /* of an array */
    weft_plane_probe *probes; /* by scope */
    bool failed;              /* memory is out */
} probing;

/* Probe of a plane of a tile. */
static size_t probe_of(const probing *p, int tile, int plane) {
    switch ((weft_adc_scope)p->c->engine->chip->adc.scope) {
    case WEFT_ADC_PER_ARRAY:
        return (size_t)p->model->programmed[tile];
    case WEFT_ADC_PER_SLICE:
        return (size_t)p->model->programmed[tile] * (size_t)p->planes + (size_t)plane;
    case WEFT_ADC_PER_STAGE:
        break;
    }
    return 0;
}

static size_t probe_count(const probing *p) {
    const size_t tiles = (size_t)p->model->mapped->tile_count;
    switch ((weft_adc_scope)p->c->engine->chip->adc.scope) {
    case WEFT_ADC_PER_ARRAY:
        return tiles;
    case WEFT_ADC_PER_SLICE:
        return tiles * (size_t)p->planes;
    case WEFT_ADC_PER_STAGE:
        break;
    }
    return 1;
}

static void add_probe(weft_plane_probe *to, const weft_plane_probe *from) {
    const int last = weft_probe_bin(from->largest);
    for (int b = 0; b <= last; b++) to->histogram[b] += from->histogram[b];
    if (from->largest > to->largest) to->largest = from->largest;
}

/* Counts and maxima: the order of threads does not matter. */
static void add_tile(void *context, int tile, const weft_array *array, const weft_plane_probe *probes) {
    const probing *p = context;
#pragma omp critical(weft_calibrate_adc)
    for (int k = 0; k < array->plane_count; k++) add_probe(&p->probes[probe_of(p, tile, k)], &probes[k]);
}

static void visit_probes(void *context, weft_work *work, size_t first, int images) {
    probing *p = context;
    weft_watch watch = {
        .model = p->model, .tile = add_tile, .context = p, .first_image = WEFT_CALIBRATION_IMAGE, .stride = p->stride};
    watch.probes = calloc((size_t)p->planes, sizeof *watch.probes);
    if (!watch.probes) {
#pragma omp atomic write
        p->failed = true;
        return;
    }
    weft_calibration_load(p->c, 0, work, first, images);
    work->watch = &watch;
    weft_functional_begin(p->c->engine, p->c->stage, work, images);
    work->watch = NULL;
    free(watch.probes);
}

static size_t common_divisor(size_t a, size_t b) {
    while (b) {
        const size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Products of a class that are looked at: all classes together stay within the conversions of a stage. */
static size_t samples_of(const probing *p, int class_number) {
    const weft_stage_model *model = p->model;
    const int copy = model->class_copy[class_number];
    uint64_t conversions = 0;
    for (int i = model->copy_begin[copy]; i < model->copy_begin[copy + 1]; i++)
        conversions +=
            weft_engine_tile_events(p->c->engine, model->index, model->copy_tiles[i]).n[WEFT_EVENT_ADC_CONVERSION];
    const uint64_t samples = WEFT_PROBE_CONVERSIONS / (uint64_t)model->classes / conversions;
    return samples < WEFT_PROBE_SAMPLES_MIN ? WEFT_PROBE_SAMPLES_MIN
           : samples < WEFT_PROBE_SAMPLES   ? (size_t)samples
                                            : WEFT_PROBE_SAMPLES;
}

/* Steps through the positions of all images that leave few enough, and come to every position in turn. */
static void choose_strides(const probing *p) {
    for (int k = 0; k < p->model->classes; k++) {
        const size_t each = (size_t)(p->model->class_begin[k + 1] - p->model->class_begin[k]);
        const size_t samples = samples_of(p, k);
        size_t stride = (p->c->count * each + samples - 1) / samples;
        while (common_divisor(stride, each) > 1) stride++;
        p->stride[k] = stride;
    }
}

/* ---- one stage ---- */

static weft_status set_ranges(const probing *p, weft_error *err) {
    const weft_chip *chip = p->c->engine->chip;
    for (int t = 0; t < p->model->mapped->tile_count; t++) {
        weft_array *array = &p->model->arrays[t];
        if (p->model->programmed[t] != t) continue;
        for (int k = 0; k < array->plane_count; k++) {
            const double range =
                weft_calibrated_range(&p->probes[probe_of(p, t, k)], chip, array->planes[k].adc.max_code);
            if (range > 0) WEFT_TRY(weft_array_set_range(array, k, range, err));
        }
    }
    return WEFT_OK;
}

static weft_status out_of_memory(const weft_calibration *c, weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "stage '%s': no memory to calibrate its converters",
                          c->engine->items[c->stage].stage->name);
}

weft_status weft_calibrate_adc(weft_calibration *c, weft_error *err) {
    weft_stage_model *model = &c->engine->items[c->stage];
    weft_status status = WEFT_OK;
    if (!model->stage->has_matrix || c->engine->chip->adc.range != WEFT_ADC_CALIBRATED) return WEFT_OK;
    probing p = {.c = c, .model = model, .planes = model->arrays[model->programmed[0]].plane_count};
    p.stride = weft_aligned_alloc((size_t)model->classes, sizeof *p.stride);
    /* calloc: most pages of a large table of histograms are never touched */
    p.probes = calloc(probe_count(&p), sizeof *p.probes);
    if (!p.stride || !p.probes) WEFT_TRY_GOTO(out_of_memory(c, err));
    choose_strides(&p);
    WEFT_TRY_GOTO(weft_functional_groups(c->engine, WEFT_CALIBRATION_IMAGE, c->count, true, visit_probes, &p, err));
    if (p.failed) WEFT_TRY_GOTO(out_of_memory(c, err));
    WEFT_TRY_GOTO(set_ranges(&p, err));
    weft_stage_model_rescale(model);
    weft_engine_refresh_scales(c->engine);
cleanup:
    weft_aligned_free(p.stride);
    free(p.probes);
    return status;
}
