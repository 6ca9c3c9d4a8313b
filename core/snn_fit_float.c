/* Neurons in floating point: as they are. */
#include <string.h>

#include "core/snn_fit_internal.h"

static weft_status copy_parameter(const weft_snn_fitting *f, int population, weft_snn_parameter parameter) {
    const weft_snn_population *p = &f->snn->populations[population];
    const char *name = weft_snn_parameter_name(p->model, parameter);
    double *values = NULL;
    if (!name || !p->parameters[parameter].values) return WEFT_OK;
    WEFT_TRY(weft_snn_fit_add(&values, f, population, name));
    for (uint32_t n = 0; n < p->size; n++) values[n] = weft_snn_value(&p->parameters[parameter], n);
    return WEFT_OK;
}

weft_status weft_snn_fit_float(const weft_snn_fitting *f, int population) {
    const weft_snn_population *p = &f->snn->populations[population];
    weft_snn_fit_population *fitted = &f->fit->populations[population];
    double *bias = NULL;
    fitted->model = weft_snn_model_name(p->model);
    for (int i = 0; i < WEFT_SNN_PARAMETER_COUNT; i++) WEFT_TRY(copy_parameter(f, population, (weft_snn_parameter)i));
    if (p->bias_count) WEFT_TRY(weft_snn_fit_add(&bias, f, population, "bias"));
    for (uint32_t n = 0; bias && n < p->size; n++) bias[n] = weft_snn_fit_bias(p, n);
    for (int i = f->first[population]; i < f->first[population + 1]; i++)
        memcpy(f->fit->projections[i].weights, f->snn->projections[i].weights,
               f->snn->projections[i].count * sizeof(float));
    return WEFT_OK;
}
