#include "trainer/optimiser.h"

#include <math.h>
#include <string.h>

#include "core/clones.h"

enum { CHUNK = 4096, PARALLEL_MIN = 32 * CHUNK }; /* below that a parallel region costs more than it saves */

/* Constants of one step, in single precision as the loops use them. */
typedef struct step_scope {
    weft_optimiser_kind kind;
    float rate, beta1, beta2, epsilon; /* ADAM: rate and epsilon hold the bias corrections */
    float momentum, decay;
} step_scope;

/* ADAM in the form that folds both bias corrections into rate and epsilon (Kingma and Ba 2015, end of section 2). */
static void adam_scope(step_scope *s, const weft_recipe_adam *adam, size_t step, double learning_rate) {
    double power = (double)step + 1, root = sqrt(1 - pow(adam->beta2, power));
    s->rate = (float)(learning_rate * root / (1 - pow(adam->beta1, power)));
    s->epsilon = (float)(adam->epsilon * root);
    s->beta1 = (float)adam->beta1;
    s->beta2 = (float)adam->beta2;
}

static step_scope scope_of(const weft_variant *optimiser, size_t step, double learning_rate) {
    step_scope s = {.kind = (weft_optimiser_kind)optimiser->index, .rate = (float)learning_rate};
    if (s.kind == WEFT_OPTIMISER_ADAM) {
        adam_scope(&s, optimiser->value, step, learning_rate);
    } else {
        s.momentum = (float)((const weft_recipe_sgd *)optimiser->value)->momentum;
        s.decay = (float)((const weft_recipe_sgd *)optimiser->value)->weight_decay;
    }
    return s;
}

/* One chunk of a parameter. */
typedef struct span {
    float *restrict value, *restrict first, *restrict second, *restrict average;
    const float *restrict gradient, *restrict other; /* other: of the second worker, NULL when there is none */
    float bound, gain, decay;
    size_t count;
} span;

/* Sum of gradients, moments, step, bound and average in one pass over memory. The flags are constants where it is
 * inlined, so that each loop is free of branches. */
static inline __attribute__((always_inline)) void adam_loop(const step_scope s, const span p, bool two, bool averaged) {
    for (size_t i = 0; i < p.count; i++) {
        float g = two ? p.gradient[i] + p.other[i] : p.gradient[i];
        float m = s.beta1 * p.first[i] + (1.0f - s.beta1) * g;
        float v = s.beta2 * p.second[i] + (1.0f - s.beta2) * (g * g);
        p.first[i] = m;
        p.second[i] = v;
        float w = p.value[i] - s.rate * m / (sqrtf(v) + s.epsilon);
        w = w > p.bound ? p.bound : w;
        w = w < -p.bound ? -p.bound : w;
        p.value[i] = w;
        if (averaged) p.average[i] += p.gain * (w - p.average[i]);
    }
}

/* Nesterov's momentum in the form that keeps the point looked ahead to. */
static inline __attribute__((always_inline)) void sgd_loop(const step_scope s, const span p, bool two, bool averaged) {
    for (size_t i = 0; i < p.count; i++) {
        float g = (two ? p.gradient[i] + p.other[i] : p.gradient[i]) + p.decay * p.value[i];
        float v = s.momentum * p.first[i] - s.rate * g;
        p.first[i] = v;
        float w = p.value[i] + (s.momentum * v - s.rate * g);
        w = w > p.bound ? p.bound : w;
        w = w < -p.bound ? -p.bound : w;
        p.value[i] = w;
        if (averaged) p.average[i] += p.gain * (w - p.average[i]);
    }
}

WEFT_CLONES static void adam_span(const step_scope *s, const span *p) {
    if (p->other)
        p->average ? adam_loop(*s, *p, true, true) : adam_loop(*s, *p, true, false);
    else
        p->average ? adam_loop(*s, *p, false, true) : adam_loop(*s, *p, false, false);
}

WEFT_CLONES static void sgd_span(const step_scope *s, const span *p) {
    if (p->other)
        p->average ? sgd_loop(*s, *p, true, true) : sgd_loop(*s, *p, true, false);
    else
        p->average ? sgd_loop(*s, *p, false, true) : sgd_loop(*s, *p, false, false);
}

WEFT_CLONES static void add_all(float *restrict sum, const float *restrict term, size_t count) {
    for (size_t i = 0; i < count; i++) sum[i] += term[i];
}

static void parameter_chunk(const step_scope *scope, const weft_parameter *p, size_t from, size_t count) {
    float sum[CHUNK];
    span s = {.value = p->value + from,
              .first = p->first + from,
              .second = p->second + from,
              .average = p->average ? p->average + from : NULL,
              .gradient = p->gradient[0] + from,
              .other = p->gradient_count == 2 ? p->gradient[1] + from : NULL,
              .bound = p->bound,
              .gain = p->average_gain,
              .decay = p->decayed ? scope->decay : 0.0f,
              .count = count};
    if (p->gradient_count > 2) {
        memcpy(sum, s.gradient, count * sizeof *sum);
        for (int w = 1; w < p->gradient_count; w++) add_all(sum, p->gradient[w] + from, count);
        s.gradient = sum;
    }
    if (scope->kind == WEFT_OPTIMISER_ADAM)
        adam_span(scope, &s);
    else
        sgd_span(scope, &s);
}

void weft_optimiser_step(const weft_variant *optimiser, weft_parameter *parameters, int count, size_t step,
                         double learning_rate) {
    size_t values = 0;
    for (int p = 0; p < count; p++) values += parameters[p].count;
#pragma omp parallel if (values > PARALLEL_MIN)
    for (int p = 0; p < count; p++) {
        step_scope scope = scope_of(optimiser, step, learning_rate * parameters[p].rate);
        long chunks = (long)((parameters[p].count + CHUNK - 1) / CHUNK);
#pragma omp for schedule(static) nowait
        for (long c = 0; c < chunks; c++) {
            size_t from = (size_t)c * CHUNK, left = parameters[p].count - from;
            parameter_chunk(&scope, &parameters[p], from, left < CHUNK ? left : CHUNK);
        }
    }
}
