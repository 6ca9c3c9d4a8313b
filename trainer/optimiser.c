#include "trainer/optimiser.h"

#include <math.h>

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

WEFT_CLONES static void adam_chunk(const step_scope *scope, float *restrict value, float *restrict first,
                                   float *restrict second, const float *restrict gradient, size_t count) {
    const step_scope s = *scope;
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i];
        float m = s.beta1 * first[i] + (1.0f - s.beta1) * g;
        float v = s.beta2 * second[i] + (1.0f - s.beta2) * (g * g);
        first[i] = m;
        second[i] = v;
        value[i] -= s.rate * m / (sqrtf(v) + s.epsilon);
    }
}

WEFT_CLONES static void sgd_chunk(const step_scope *scope, float decay, float *restrict value, float *restrict velocity,
                                  const float *restrict gradient, size_t count) {
    const step_scope s = *scope;
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i] + decay * value[i];
        float v = s.momentum * velocity[i] - s.rate * g;
        velocity[i] = v;
        value[i] += s.momentum * v - s.rate * g;
    }
}

WEFT_CLONES static void clip_chunk(float *restrict value, float bound, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float v = value[i] > bound ? bound : value[i];
        value[i] = v < -bound ? -bound : v;
    }
}

WEFT_CLONES static void add_chunk(float *restrict sum, const float *restrict term, size_t count) {
    for (size_t i = 0; i < count; i++) sum[i] += term[i];
}

static void parameter_chunk(const step_scope *scope, weft_parameter *p, size_t from, size_t count) {
    float gradient[CHUNK];
    for (size_t i = 0; i < count; i++) gradient[i] = p->gradient[0][from + i];
    for (int w = 1; w < p->gradient_count; w++) add_chunk(gradient, p->gradient[w] + from, count);
    if (scope->kind == WEFT_OPTIMISER_ADAM)
        adam_chunk(scope, p->value + from, p->first + from, p->second + from, gradient, count);
    else
        sgd_chunk(scope, p->decayed ? scope->decay : 0.0f, p->value + from, p->first + from, gradient, count);
    if (isfinite(p->bound)) clip_chunk(p->value + from, p->bound, count);
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
