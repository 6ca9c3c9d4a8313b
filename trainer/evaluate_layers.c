/* What a distortion does to each layer: to its weights, and to its output. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "trainer/evaluate.h"

enum { BLOCK = 2 * WEFT_EVAL_BATCH }; /* images of which outputs are held at a time */

/* ---- weights ---- */

static void add_weights(const weft_layer *source, const float *distorted, weft_eval_layer *out) {
    const float *w = weft_layer_latent(source);
    double alpha = (double)weft_weights_alpha(w, source->weight_count), distance = 0, signal = 0, noise = 0;
    for (size_t i = 0; i < source->weight_count; i++) {
        double difference = (double)distorted[i] - (double)w[i];
        distance += fabs(difference);
        signal += (double)w[i] * (double)w[i];
        noise += difference * difference;
    }
    out->name = source->name;
    out->weights = source->weight_count;
    if (alpha > 0) out->distance += distance / ((double)source->weight_count * alpha);
    out->effective_bits += noise > 0 ? 0.5 * log2(1 + signal / noise) : (double)INFINITY;
}

/* ---- outputs ---- */

static bool is_activation(weft_layer_kind kind) {
    switch (kind) {
    case WEFT_LAYER_RELU:
    case WEFT_LAYER_CLIP:
    case WEFT_LAYER_QUANTISE:
    case WEFT_LAYER_THRESHOLD:
    case WEFT_LAYER_LEAKY_RELU:
    case WEFT_LAYER_SIGMOID:
    case WEFT_LAYER_HARD_SIGMOID:
    case WEFT_LAYER_HARD_SWISH:
    case WEFT_LAYER_TANH:
        return true;
    default:
        return false;
    }
}

/* The only layer that reads layer i, or -1. */
static int only_reader(const weft_network *net, int i) {
    int reader = -1;
    for (int k = i + 1; k < net->layer_count; k++) {
        const weft_layer *l = &net->layers[k];
        if (!weft_layer_reads(l, i)) continue;
        if (reader >= 0) return -1;
        reader = k;
    }
    return reader;
}

/* The layer whose output counts as that of CONV or DENSE layer i. */
static int output_layer(const weft_network *net, int i) {
    for (int next = only_reader(net, i); next >= 0; next = only_reader(net, i)) {
        weft_layer_kind kind = net->layers[next].kind;
        bool pool = kind == WEFT_LAYER_MAX_POOL || kind == WEFT_LAYER_AVERAGE_POOL;
        bool norm = kind == WEFT_LAYER_BATCH_NORM || kind == WEFT_LAYER_AFFINE;
        if (!is_activation(kind) && !pool && !norm) return i;
        i = next;
        if (is_activation(kind)) return i;
    }
    return i;
}

typedef struct moments {
    double count, a, b, aa, bb, ab;
} moments;

static moments image_moments(const float *a, const float *b, size_t size) {
    moments m = {.count = (double)size};
    for (size_t i = 0; i < size; i++) {
        double x = (double)a[i], y = (double)b[i];
        m.a += x;
        m.b += y;
        m.aa += x * x;
        m.bb += y * y;
        m.ab += x * y;
    }
    return m;
}

/* Each image's sums by one thread, added up in order. */
static void add_moments(moments *sum, const float *a, const float *b, size_t count, size_t size) {
    moments each[BLOCK];
#pragma omp parallel for schedule(static)
    for (size_t n = 0; n < count; n++) each[n] = image_moments(a + n * size, b + n * size, size);
    for (size_t n = 0; n < count; n++) {
        sum->count += each[n].count;
        sum->a += each[n].a;
        sum->b += each[n].b;
        sum->aa += each[n].aa;
        sum->bb += each[n].bb;
        sum->ab += each[n].ab;
    }
}

static double pearson(const moments *m) {
    double cov = m->ab - m->a * m->b / m->count, va = m->aa - m->a * m->a / m->count,
           vb = m->bb - m->b * m->b / m->count;
    return va > 0 && vb > 0 ? cov / sqrt(va * vb) : (double)NAN;
}

/* Networks cut behind layer `last`, compiled: what they compute is that layer's output. */
typedef struct pair {
    weft_network plain, distorted;
    weft_forward *on_plain, *on_distorted;
    float *a, *b;
} pair;

static weft_status run_pair(const weft_evaluator *e, pair *p, moments *sum, weft_error *err) {
    size_t input = weft_shape_size(e->source->input);
    size_t size = weft_shape_size(p->plain.layers[p->plain.layer_count - 1].out);
    for (size_t first = 0; first < e->images; first += BLOCK) {
        size_t count = e->images - first < BLOCK ? e->images - first : BLOCK;
        if (e->options.stop && *e->options.stop) return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted");
        WEFT_TRY(weft_forward_run(p->on_plain, e->test + first * input, count, p->a, err));
        WEFT_TRY(weft_forward_run(p->on_distorted, e->test + first * input, count, p->b, err));
        add_moments(sum, p->a, p->b, count, size);
    }
    return WEFT_OK;
}

static weft_status layer_correlation(const weft_evaluator *e, int last, double *correlation, weft_error *err) {
    pair p = {.plain = *e->plain, .distorted = *e->net};
    p.plain.layer_count = p.distorted.layer_count = last + 1;
    size_t size = weft_shape_size(e->source->layers[last].out);
    moments sum = {0};
    weft_status status = WEFT_OK;
    p.a = weft_aligned_alloc(BLOCK * size, sizeof(float));
    p.b = weft_aligned_alloc(BLOCK * size, sizeof(float));
    if (!p.a || !p.b) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory for a layer's output"));
    WEFT_TRY_GOTO(weft_forward_create(&p.on_plain, &p.plain, WEFT_EVAL_BATCH, e->options.precision, err));
    WEFT_TRY_GOTO(weft_forward_create(&p.on_distorted, &p.distorted, WEFT_EVAL_BATCH, e->options.precision, err));
    WEFT_TRY_GOTO(run_pair(e, &p, &sum, err));
    *correlation = pearson(&sum);
cleanup:
    weft_forward_destroy(p.on_plain);
    weft_forward_destroy(p.on_distorted);
    weft_aligned_free(p.a);
    weft_aligned_free(p.b);
    return status;
}

/* The network with W and its statistics, to compare with. */
static weft_status open_plain(weft_evaluator *e, weft_error *err) {
    static const weft_transform_chain identity = {0};
    weft_network *plain = NULL;
    weft_forward *forward = NULL;
    weft_status status = WEFT_OK;
    if (e->plain) return WEFT_OK;
    WEFT_TRY_GOTO(weft_network_clone(&plain, e->source, err));
    WEFT_TRY_GOTO(weft_network_distort(plain, &identity, 0, 0, err));
    WEFT_TRY_GOTO(weft_forward_create(&forward, plain, WEFT_EVAL_BATCH, e->options.precision, err));
    if (e->calibration_count)
        WEFT_TRY_GOTO(weft_forward_reestimate(forward, plain, e->calibration, e->calibration_count, true, false, err));
    e->plain = plain;
    plain = NULL;
cleanup:
    weft_forward_destroy(forward);
    weft_network_destroy(plain);
    return status;
}

weft_status weft_evaluator_layers(weft_evaluator *e, bool correlate, weft_eval_layer *layers, weft_error *err) {
    if (correlate) WEFT_TRY(open_plain(e, err));
    for (int i = 0, k = 0; i < e->source->layer_count; i++) {
        double correlation = 0;
        if (!weft_layer_has_weights(&e->source->layers[i])) continue;
        add_weights(&e->source->layers[i], e->net->layers[i].weight, &layers[k]);
        if (correlate) WEFT_TRY(layer_correlation(e, output_layer(e->source, i), &correlation, err));
        layers[k++].correlation += correlation;
    }
    return WEFT_OK;
}
