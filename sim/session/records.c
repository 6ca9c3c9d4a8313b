#include "sim/session/records.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "sim/spike/float_run.h"

#define MEMBRANES_MAX ((uint64_t)1 << 27)

static weft_status no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for what is kept of a run");
}

/* ---- populations and neurons ---- */

static weft_status find_population(int *out, const weft_snn *snn, const char *option, const char *name,
                                   weft_error *err) {
    *out = weft_snn_find(snn, name);
    if (*out >= 0) return WEFT_OK;
    const char **names = calloc((size_t)snn->population_count + 1, sizeof *names);
    if (!names) return no_memory(err);
    for (int p = 0; p < snn->population_count; p++) names[p] = snn->populations[p].name;
    const char *nearest = weft_text_nearest(name, names);
    free(names);
    return weft_error_set(err, WEFT_E_INVALID, "--%s: the network has no population \"%.200s\"%s%s%s", option, name,
                          nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* The one that is marked; of several the user has to say which. */
static weft_status find_output(int *out, const weft_snn *snn, const char *name, weft_error *err) {
    int count = 0;
    if (name) return find_population(out, snn, "output", name, err);
    for (int p = 0; p < snn->population_count; p++) {
        if (!snn->populations[p].output) continue;
        *out = p;
        count++;
    }
    if (count == 1) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID,
                          "the network puts out %d populations; --output NAME says which one counts", count);
}

/* The classes of the data set where there is none other, and every neuron is not one already. */
static weft_status find_classes(weft_records *r, const weft_dataset *set, weft_error *err) {
    const weft_snn_population *output = &r->snn->populations[r->output];
    r->classes = (uint32_t)r->spec->classes;
    if (r->classes == 0 && set) r->classes = (uint32_t)set->classes;
    if (r->classes == 0 || (r->classes <= output->size && output->size % r->classes == 0)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "%lu classes do not divide the %lu neurons of %.200s",
                          (unsigned long)r->classes, (unsigned long)output->size, output->name);
}

static weft_status find_populations(weft_records *r, weft_error *err) {
    const weft_texts *names = &r->spec->populations;
    const int count = names->count ? names->count : 1;
    r->populations = calloc((size_t)count, sizeof *r->populations);
    r->spikes = calloc((size_t)count, sizeof *r->spikes);
    if (!r->populations || !r->spikes) return no_memory(err);
    r->populations[0] = r->output;
    for (int i = 0; i < names->count; i++)
        WEFT_TRY(find_population(&r->populations[i], r->snn, "population", names->items[i], err));
    for (int i = 0; i < count; i++) {
        const weft_snn_population *p = &r->snn->populations[r->populations[i]];
        if (!weft_float_fires(p))
            return weft_error_set(err, WEFT_E_INVALID, "%.200s, of type %s, makes no spikes that could be kept",
                                  p->name, weft_nir_type_names[p->model]);
    }
    r->population_count = count;
    return WEFT_OK;
}

/* "lif1.lif:3"; names may have colons. */
static weft_status find_probe(weft_record_probe *out, const weft_snn *snn, const char *text, weft_error *err) {
    char name[WEFT_NIR_NAME_MAX * 2];
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    const size_t length = colon ? (size_t)(colon - text) : 0;
    const unsigned long long neuron = colon && isdigit((unsigned char)colon[1]) ? strtoull(colon + 1, &end, 10) : 0;
    if (!end || *end || length == 0 || length >= sizeof name)
        return weft_error_set(err, WEFT_E_USAGE, "--probe: \"%.200s\" is not NAME:NEURON, such as lif1:0", text);
    memcpy(name, text, length);
    name[length] = '\0';
    WEFT_TRY(find_population(&out->population, snn, "probe", name, err));
    const weft_snn_population *p = &snn->populations[out->population];
    if (!weft_snn_is_neuron(p) || p->model == WEFT_NIR_THRESHOLD)
        return weft_error_set(err, WEFT_E_INVALID, "--probe: %.200s, of type %s, has no membranes", p->name,
                              weft_nir_type_names[p->model]);
    if (neuron >= p->size)
        return weft_error_set(err, WEFT_E_INVALID, "--probe: %.200s has neurons 0 to %lu, not %llu", p->name,
                              (unsigned long)p->size - 1, neuron);
    out->neuron = (uint32_t)neuron;
    out->name = text;
    return WEFT_OK;
}

static weft_status find_probes(weft_records *r, weft_error *err) {
    const weft_texts *texts = &r->spec->probes;
    if (!texts->count) return WEFT_OK;
    r->probes = calloc((size_t)texts->count, sizeof *r->probes);
    if (!r->probes) return no_memory(err);
    r->probe_count = texts->count;
    for (int i = 0; i < texts->count; i++) WEFT_TRY(find_probe(&r->probes[i], r->snn, texts->items[i], err));
    return WEFT_OK;
}

weft_status weft_records_open(weft_records *out, const weft_records_spec *spec, const weft_snn *snn,
                              const weft_dataset *set, weft_error *err) {
    *out = (weft_records){.spec = spec, .snn = snn};
    WEFT_TRY(find_output(&out->output, snn, spec->output, err));
    WEFT_TRY(find_classes(out, set, err));
    if (spec->spikes) WEFT_TRY(find_populations(out, err));
    return find_probes(out, err);
}

weft_status weft_records_room(weft_records *r, uint64_t ticks, double tick_s, weft_error *err) {
    r->ticks = ticks;
    r->tick_s = tick_s;
    if (!r->probe_count) return WEFT_OK;
    if (ticks > MEMBRANES_MAX / (uint64_t)r->probe_count)
        return weft_error_set(err, WEFT_E_INVALID, "%d membranes over %llu ticks: at most %llu values can be kept",
                              r->probe_count, (unsigned long long)ticks, (unsigned long long)MEMBRANES_MAX);
    r->membranes = calloc((size_t)ticks * (size_t)r->probe_count, sizeof *r->membranes);
    return r->membranes ? WEFT_OK : no_memory(err);
}

void weft_records_close(weft_records *r) {
    for (int i = 0; i < r->population_count; i++) weft_spikes_free(&r->spikes[i]);
    free(r->populations);
    free(r->spikes);
    free(r->probes);
    free(r->membranes);
    *r = (weft_records){0};
}
