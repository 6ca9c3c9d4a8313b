#include "core/snn_fit.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/snn_fit_internal.h"

/* ---- what the parts share ---- */

weft_status weft_snn_fit_refuse(const weft_snn_fitting *f, int population, int64_t neuron, const char *format, ...) {
    char text[512], of[32] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (neuron >= 0) snprintf(of, sizeof of, ", neuron %lld", (long long)neuron);
    return weft_error_set(f->err, WEFT_E_INVALID, "population '%s'%s: %s", f->snn->populations[population].name, of,
                          text);
}

weft_status weft_snn_fit_memory(const weft_snn_fitting *f, int population) {
    return weft_error_set(f->err, WEFT_E_MEMORY, "no memory to fit population '%s'",
                          f->snn->populations[population].name);
}

weft_status weft_snn_fit_add(double **values, const weft_snn_fitting *f, int population, const char *name) {
    weft_snn_fit_population *p = &f->fit->populations[population];
    weft_snn_fit_parameter *parameter = &p->parameters[p->parameter_count];
    const uint32_t size = f->snn->populations[population].size;
    *values = calloc(size ? size : 1, sizeof **values);
    if (!*values) return weft_snn_fit_memory(f, population);
    *parameter = (weft_snn_fit_parameter){.name = name, .values = *values, .count = size};
    p->parameter_count++;
    return WEFT_OK;
}

double weft_snn_fit_bias(const weft_snn_population *population, uint32_t neuron) {
    double sum = 0;
    for (int i = 0; i < population->bias_count; i++) sum += population->biases[i].values[neuron];
    return sum;
}

/* ---- whole numbers ---- */

static const double TOLERANCE = 0x1p-22; /* of multiples, relative: a rounding of single precision and some */
static const double SUM_MAX = (double)(1ll << 40);

bool weft_snn_fit_units(int64_t *out, double x, double unit) {
    const double k = fmin(fmax(floor(x / unit + 0.5), -SUM_MAX), SUM_MAX);
    *out = (int64_t)k;
    return fabs(x - k * unit) <= TOLERANCE * fabs(x);
}

int64_t weft_snn_fit_least_above(double unit, double gain, double bias, double threshold) {
    int64_t k = (int64_t)fmin(fmax(floor((threshold / gain - bias) / unit), -SUM_MAX), SUM_MAX);
    if (fabs((double)k) >= SUM_MAX) return k;
    while (gain * (bias + (double)k * unit) > threshold) k--;
    while (!(gain * (bias + (double)k * unit) > threshold)) k++;
    return k;
}

void weft_snn_fit_write_weights(const weft_snn_fitting *f, int projection, double unit) {
    const weft_snn_projection *from = &f->snn->projections[projection];
    weft_snn_fit_projection *to = &f->fit->projections[projection];
    double most = 0, error = 0;
    int64_t k = 0;
    for (uint64_t s = 0; s < from->count; s++) {
        const double weight = (double)from->weights[s];
        if (s == 0 || from->weights[s] != from->weights[s - 1]) {
            weft_snn_fit_units(&k, weight, unit);
            most = fmax(most, fabs(weight));
            error = fmax(error, fabs((double)k * unit - weight));
        }
        to->weights[s] = (float)k;
        to->lost += k == 0;
    }
    to->error = most > 0 ? error / most : 0;
}

/* One value instead of equal ones. */
static void fold(weft_snn_fit_population *p) {
    for (int i = 0; i < p->parameter_count; i++) {
        weft_snn_fit_parameter *parameter = &p->parameters[i];
        uint32_t same = 1;
        while (same < parameter->count && parameter->values[same] == parameter->values[0]) same++;
        if (parameter->count == 0 || same < parameter->count) continue;
        double *one = realloc(parameter->values, sizeof *one);
        if (one) parameter->values = one;
        parameter->count = 1;
    }
}

/* ---- what no chip has ---- */

static bool is_silent(const weft_snn_population *p) {
    return p->model == WEFT_NIR_I || p->model == WEFT_NIR_LI || p->model == WEFT_NIR_CUBA_LI;
}

static weft_status check_biases(const weft_snn_fitting *f, int population) {
    const weft_snn_population *p = &f->snn->populations[population];
    for (int i = 0; i < p->bias_count; i++) {
        if (p->biases[i].delay == 0) continue;
        for (uint32_t n = 0; n < p->size; n++)
            if (p->biases[i].values[n] != 0)
                return weft_snn_fit_refuse(f, population, n,
                                           "its bias begins at step %d; a chip's neurons have theirs from the start",
                                           p->biases[i].delay);
    }
    return WEFT_OK;
}

static weft_status check_projection(const weft_snn_fitting *f, const weft_snn_projection *p) {
    if (f->snn->populations[p->target].model == WEFT_NIR_OUTPUT)
        return weft_snn_fit_refuse(f, p->target, -1,
                                   "an Output that gets weighted sums; chips put out spikes of neurons, so neurons "
                                   "have to stand ahead of it");
    if (is_silent(&f->snn->populations[p->source]))
        return weft_snn_fit_refuse(f, p->source, -1,
                                   "its membranes go on to '%s'; only spikes go from neuron to neuron on a chip",
                                   f->snn->populations[p->target].name);
    return WEFT_OK;
}

/* ---- all populations ---- */

static weft_status fit_population(const weft_snn_fitting *f, int population) {
    const weft_snn_population *p = &f->snn->populations[population];
    weft_snn_fit_population *fitted = &f->fit->populations[population];
    fitted->scale = 1;
    if (!weft_snn_is_neuron(p)) return WEFT_OK;
    WEFT_TRY(check_biases(f, population));
    fitted->silent = is_silent(p);
    if (f->chip->neuron.model == WEFT_CHIP_NEURON_TRUENORTH)
        WEFT_TRY(weft_snn_fit_truenorth(f, population));
    else if (f->chip->neuron.model == WEFT_CHIP_NEURON_LOIHI)
        WEFT_TRY(weft_snn_fit_loihi(f, population));
    else if (f->chip->neuron.model == WEFT_CHIP_NEURON_ODIN)
        WEFT_TRY(weft_snn_fit_odin(f, population));
    else
        WEFT_TRY(weft_snn_fit_float(f, population));
    fold(fitted);
    return WEFT_OK;
}

static weft_status find_projections(weft_snn_fitting *f) {
    const weft_snn *snn = f->snn;
    f->first = calloc((size_t)snn->population_count + 1, sizeof *f->first);
    if (!f->first) return weft_error_set(f->err, WEFT_E_MEMORY, "no memory to fit a network");
    for (int i = 0; i < snn->projection_count; i++) f->first[snn->projections[i].target + 1]++;
    for (int p = 0; p < snn->population_count; p++) f->first[p + 1] += f->first[p];
    return WEFT_OK;
}

static weft_status allocate(weft_snn_fit *fit, const weft_snn *snn, weft_error *err) {
    fit->populations = calloc((size_t)snn->population_count + 1, sizeof *fit->populations);
    fit->projections = calloc((size_t)snn->projection_count + 1, sizeof *fit->projections);
    if (!fit->populations || !fit->projections) return weft_error_set(err, WEFT_E_MEMORY, "no memory to fit a network");
    fit->population_count = snn->population_count;
    fit->projection_count = snn->projection_count;
    for (int i = 0; i < snn->projection_count; i++) {
        const uint64_t count = snn->projections[i].count;
        fit->projections[i].weights = malloc((count ? count : 1) * sizeof(float));
        if (!fit->projections[i].weights)
            return weft_error_set(err, WEFT_E_MEMORY, "no memory for %llu weights", (unsigned long long)count);
    }
    return WEFT_OK;
}

static weft_status check_chip(const weft_chip *chip, const weft_snn_fit_options *options, weft_error *err) {
    if (chip->kind != WEFT_CHIP_SPIKING)
        return weft_error_set(err, WEFT_E_INVALID, "chip '%s' has no neurons: kind has to be spiking", chip->name);
    if (options->dt > 0 && isfinite(options->dt)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "a tick of %g s is not above 0", options->dt);
}

weft_status weft_snn_fit_create(weft_snn_fit **out, const weft_snn *snn, const weft_chip *chip,
                                const weft_snn_fit_options *options, weft_error *err) {
    weft_snn_fitting f = {.snn = snn, .chip = chip, .err = err};
    weft_status status;
    *out = NULL;
    WEFT_TRY(check_chip(chip, options, err));
    f.fit = calloc(1, sizeof *f.fit);
    if (!f.fit) return weft_error_set(err, WEFT_E_MEMORY, "no memory to fit a network");
    f.fit->options = *options;
    WEFT_TRY_GOTO(allocate(f.fit, snn, err));
    WEFT_TRY_GOTO(find_projections(&f));
    for (int i = 0; i < snn->projection_count; i++) WEFT_TRY_GOTO(check_projection(&f, &snn->projections[i]));
    for (int p = 0; p < snn->population_count; p++) WEFT_TRY_GOTO(fit_population(&f, p));
    *out = f.fit;
    f.fit = NULL;
cleanup:
    free(f.first);
    weft_snn_fit_destroy(f.fit);
    return status;
}

void weft_snn_fit_destroy(weft_snn_fit *fit) {
    if (!fit) return;
    for (int p = 0; p < fit->population_count; p++)
        for (int i = 0; i < fit->populations[p].parameter_count; i++) free(fit->populations[p].parameters[i].values);
    for (int i = 0; i < fit->projection_count; i++) free(fit->projections[i].weights);
    free(fit->populations);
    free(fit->projections);
    free(fit);
}

const weft_snn_fit_parameter *weft_snn_fit_find(const weft_snn_fit_population *population, const char *name) {
    for (int i = 0; i < population->parameter_count; i++)
        if (strcmp(population->parameters[i].name, name) == 0) return &population->parameters[i];
    return NULL;
}

double weft_snn_fit_value(const weft_snn_fit_population *population, const char *name, uint32_t n, double missing) {
    const weft_snn_fit_parameter *parameter = weft_snn_fit_find(population, name);
    return parameter ? parameter->values[parameter->count > 1 ? n : 0] : missing;
}
