/* Batch-norm statistics and input ranges measured on images. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "trainer/forward.h"

/* What layers from a batch norm on read of those below it is kept for the next batch norm's pass where all images' fit
 * in this; else that pass starts at an earlier one, or over. */
static const size_t STORE_BYTES_MAX = (size_t)1 << 30;

enum { LANES = 8 };

/* Passes over all images: each starts at the last layer for which the activations are stored and ends before layer
 * `last`. */
typedef struct pass {
    weft_forward *forward;
    const float *x;
    int first, last; /* layers to run; first == 0: from x */
    bool keep;       /* store what layers from `last` on read */
    char *store;     /* [chunks] of slot bytes */
    size_t slot;
    double *sums;  /* [chunks, 2, channels]: sum and sum of squares of layer last's input */
    float *ranges; /* [chunks, layers, 2]: smallest, largest */
} pass;

/* Sum and sum of squares in double, over lanes of fixed order. */
static void plane_sums(const float *v, size_t count, double *sum, double *square) {
    double s[LANES] = {0}, q[LANES] = {0};
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            double value = (double)v[i + (size_t)k];
            s[k] += value;
            q[k] += value * value;
        }
    }
    for (size_t i = whole; i < count; i++) {
        s[0] += (double)v[i];
        q[0] += (double)v[i] * (double)v[i];
    }
    for (int k = 0; k < LANES; k++) {
        *sum += s[k];
        *square += q[k];
    }
}

static void channel_sums(const float *v, weft_shape shape, size_t count, double *sums) {
    size_t plane = (size_t)shape.height * (size_t)shape.width, channels = (size_t)shape.channels;
    for (size_t n = 0; n < count; n++)
        for (size_t c = 0; c < channels; c++)
            plane_sums(v + (n * channels + c) * plane, plane, &sums[c], &sums[channels + c]);
}

/* ---- stored activations ---- */

/* Whether a layer from i on reads what `producer`, before i, puts out; -1: the network's input. */
static bool is_live(const weft_plan *plan, int producer, int i) {
    while (i < plan->count && !weft_layer_reads(plan->ops[i].layer, producer)) i++;
    return i < plan->count;
}

static const weft_tensor *output(const weft_plan *plan, int producer) {
    return producer < 0 ? &plan->start : &plan->ops[producer].dst;
}

/* Copies the activations that layers from i on need, in order of their producers, into the store or out of it. Returns
 * their bytes; store may be NULL. */
static size_t copy_live(const weft_plan *plan, int i, char *store, bool out) {
    size_t bytes = 0;
    for (int p = -1; p < i; p++) {
        if (!is_live(plan, p, i)) continue;
        const weft_tensor *t = output(plan, p);
        size_t size = dnnl_memory_desc_get_size(&t->md);
        if (store) memcpy(out ? (char *)t->data : store + bytes, out ? store + bytes : (char *)t->data, size);
        bytes += size;
    }
    return bytes;
}

static void start_chunk(const pass *p, weft_plan *plan, size_t chunk, size_t count) {
    const weft_forward *f = p->forward;
    if (p->first > 0)
        copy_live(plan, p->first, p->store + chunk * p->slot, true);
    else
        weft_forward_fill(f, plan, p->x + chunk * (size_t)f->batch * f->input_size, count);
}

static weft_status statistics_chunk(void *context, weft_plan *plan, size_t chunk, size_t count, weft_error *err) {
    const pass *p = context;
    weft_op *op = &plan->ops[p->last];
    start_chunk(p, plan, chunk, count);
    WEFT_TRY(weft_plan_forward(plan, p->first, p->last, err));
    if (p->keep) copy_live(plan, p->last, p->store + chunk * p->slot, false);
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->observed_in, err));
    channel_sums(op->observed.data, op->layer->in, count, p->sums + chunk * 2 * (size_t)op->layer->in.channels);
    return WEFT_OK;
}

/* Adds the chunks up in order. */
static void set_statistics(weft_layer *l, const double *sums, size_t chunks, size_t images) {
    size_t channels = (size_t)l->in.channels;
    double values = (double)images * l->in.height * l->in.width;
    for (size_t c = 0; c < channels; c++) {
        double sum = 0, square = 0;
        for (size_t k = 0; k < chunks; k++) {
            sum += sums[k * 2 * channels + c];
            square += sums[k * 2 * channels + channels + c];
        }
        double mean = sum / values, variance = square / values - mean * mean;
        l->mean[c] = (float)mean;
        l->variance[c] = (float)(variance > 0 ? variance : 0);
    }
}

static weft_status measure_layer(pass *p, weft_network *net, size_t count, weft_error *err) {
    size_t chunks = weft_forward_chunk_count(p->forward, count), channels = (size_t)net->layers[p->last].in.channels;
    p->sums = calloc(chunks * 2 * channels + 1, sizeof *p->sums);
    if (p->sums == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for statistics");
    weft_status status = weft_forward_chunks(p->forward, count, statistics_chunk, p, err);
    if (status == WEFT_OK) set_statistics(&net->layers[p->last], p->sums, chunks, count);
    free(p->sums);
    return status;
}

static size_t live_bytes(const pass *p, int i) { return copy_live(p->forward->plans[0], i, NULL, false); }

static bool fits_store(const pass *p, int i, size_t chunks) { return live_bytes(p, i) <= STORE_BYTES_MAX / chunks; }

/* One block for the largest that is stored; slots keep their size throughout, so chunks never overlap. */
static weft_status store_create(pass *p, const weft_network *net, size_t chunks, weft_error *err) {
    int norms = 0;
    for (int i = 0; i < net->layer_count; i++) {
        if (net->layers[i].kind != WEFT_LAYER_BATCH_NORM) continue;
        norms++;
        if (fits_store(p, i, chunks) && live_bytes(p, i) > p->slot) p->slot = live_bytes(p, i);
    }
    if (norms < 2 || p->slot == 0) return WEFT_OK;
    p->store = weft_aligned_alloc(chunks, p->slot);
    return p->store ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "out of memory for statistics");
}

static weft_status reestimate_statistics(weft_forward *forward, weft_network *net, const float *x, size_t count,
                                         weft_error *err) {
    pass p = {.forward = forward, .x = x};
    size_t chunks = weft_forward_chunk_count(forward, count);
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(store_create(&p, net, chunks, err));
    for (int i = 0; i < net->layer_count; i++) {
        if (net->layers[i].kind != WEFT_LAYER_BATCH_NORM) continue;
        p.last = i;
        p.keep = i > 0 && p.store && fits_store(&p, i, chunks);
        WEFT_TRY_GOTO(measure_layer(&p, net, count, err));
        if (p.keep) p.first = i;
    }
cleanup:
    weft_aligned_free(p.store);
    return status;
}

/* ---- input ranges ---- */

static void value_range(const float *v, size_t count, float range[2]) {
    for (size_t i = 0; i < count; i++) {
        if (v[i] < range[0]) range[0] = v[i];
        if (v[i] > range[1]) range[1] = v[i];
    }
}

static weft_status ranges_chunk(void *context, weft_plan *plan, size_t chunk, size_t count, weft_error *err) {
    const pass *p = context;
    float *ranges = p->ranges + chunk * 2 * (size_t)plan->count;
    start_chunk(p, plan, chunk, count);
    for (int i = 0; i < plan->count; i++) {
        weft_op *op = &plan->ops[i];
        if (weft_layer_has_weights(op->layer)) {
            WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &op->observed_in, err));
            ranges[2 * i] = FLT_MAX;
            ranges[2 * i + 1] = -FLT_MAX;
            value_range(op->observed.data, count * weft_shape_size(op->layer->in), &ranges[2 * i]);
        }
        WEFT_TRY(weft_plan_forward(plan, i, i + 1, err));
    }
    return WEFT_OK;
}

static weft_status reestimate_ranges(weft_forward *forward, weft_network *net, const float *x, size_t count,
                                     weft_error *err) {
    pass p = {.forward = forward, .x = x};
    size_t chunks = weft_forward_chunk_count(forward, count), layers = (size_t)net->layer_count;
    p.ranges = calloc(chunks * 2 * layers + 1, sizeof *p.ranges);
    if (p.ranges == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for ranges");
    weft_status status = weft_forward_chunks(forward, count, ranges_chunk, &p, err);
    for (size_t i = 0; i < layers && status == WEFT_OK; i++) {
        float range[2] = {FLT_MAX, -FLT_MAX};
        for (size_t k = 0; k < chunks; k++) value_range(p.ranges + (k * layers + i) * 2, 2, range);
        if (!weft_layer_has_weights(&net->layers[i])) continue;
        net->layers[i].input_min = range[0];
        net->layers[i].input_max = range[1];
    }
    free(p.ranges);
    return status;
}

weft_status weft_forward_reestimate(weft_forward *forward, weft_network *net, const float *x, size_t count,
                                    bool statistics, bool ranges, weft_error *err) {
    if (net != forward->net)
        return weft_error_set(err, WEFT_E_INTERNAL, "statistics of a network other than the executor's");
    if (count == 0) return weft_error_set(err, WEFT_E_INVALID, "statistics need at least one image");
    if (statistics) WEFT_TRY(reestimate_statistics(forward, net, x, count, err));
    if (ranges) WEFT_TRY(reestimate_ranges(forward, net, x, count, err));
    return WEFT_OK;
}
