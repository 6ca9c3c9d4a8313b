#include "cli/records.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/plot.h"
#include "sim/report/raster.h"
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
    r->classes = (uint32_t)r->options->classes;
    if (r->classes == 0 && set) r->classes = (uint32_t)set->classes;
    if (r->classes == 0 || (r->classes <= output->size && output->size % r->classes == 0)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "%lu classes do not divide the %lu neurons of %.200s",
                          (unsigned long)r->classes, (unsigned long)output->size, output->name);
}

static bool keeps_spikes(const weft_spiking_options *o) { return o->spikes_csv || o->raster; }

static weft_status find_populations(weft_records *r, weft_error *err) {
    const weft_texts *names = &r->options->populations;
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
    r->population_count = keeps_spikes(r->options) ? count : 0;
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
    const weft_texts *texts = &r->options->probes;
    if (!texts->count != !r->options->membranes)
        return weft_error_set(err, WEFT_E_USAGE,
                              texts->count ? "--probe is for --membranes" : "--membranes needs --probe NAME:NEURON");
    if (!texts->count) return WEFT_OK;
    r->probes = calloc((size_t)texts->count, sizeof *r->probes);
    if (!r->probes) return no_memory(err);
    r->probe_count = texts->count;
    for (int i = 0; i < texts->count; i++) WEFT_TRY(find_probe(&r->probes[i], r->snn, texts->items[i], err));
    return WEFT_OK;
}

weft_status weft_records_open(weft_records *out, const weft_spiking_options *options, const weft_snn *snn,
                              const weft_dataset *set, weft_error *err) {
    *out = (weft_records){.options = options, .snn = snn};
    if (options->populations.count && !keeps_spikes(options))
        return weft_error_set(err, WEFT_E_USAGE, "--population is for --spikes-csv and --raster");
    WEFT_TRY(find_output(&out->output, snn, options->output, err));
    WEFT_TRY(find_classes(out, set, err));
    if (keeps_spikes(options)) WEFT_TRY(find_populations(out, err));
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

/* ---- files ---- */

static weft_status check_picture(const char *option, const char *path, bool csv, weft_error *err) {
    weft_plot_format format;
    if (!path || (csv && weft_path_ends(path, ".csv")) || weft_plot_format_of(&format, path)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_USAGE, "--%s: \"%.200s\" ends in neither %s.svg nor .png", option, path,
                          csv ? ".csv, " : "");
}

weft_status weft_records_probe_files(const weft_spiking_options *o, weft_error *err) {
    WEFT_TRY(check_picture("raster", o->raster, false, err));
    WEFT_TRY(check_picture("membranes", o->membranes, true, err));
    WEFT_TRY(weft_output_probe(o->spikes_csv, err));
    WEFT_TRY(weft_output_probe(o->raster, err));
    return weft_output_probe(o->membranes, err);
}

/* All populations as one list, neurons numbered on. */
static weft_status join(weft_spikes *out, const weft_records *r, weft_error *err) {
    *out = (weft_spikes){.tick_s = r->tick_s};
    for (int i = 0; i < r->population_count; i++) out->neurons += r->snn->populations[r->populations[i]].size;
    uint64_t first = 0;
    for (int i = 0; i < r->population_count; i++) {
        const weft_spikes *own = &r->spikes[i];
        for (size_t k = 0; k < own->count; k++)
            WEFT_TRY(weft_spikes_add(out, own->items[k].tick, (uint32_t)(first + own->items[k].neuron), err));
        first += r->snn->populations[r->populations[i]].size;
    }
    weft_spikes_sort(out);
    return WEFT_OK;
}

static void tell_undrawn(bool drawn, const weft_console *session, bool quiet, const char *path) {
    if (!drawn && !quiet) fprintf(session->err, "no %s: gnuplot is missing or failed\n", path);
}

weft_status weft_records_write_list(const weft_records *r, const weft_spikes *spikes, const weft_console *session,
                                    bool quiet, weft_error *err) {
    const weft_spiking_options *o = r->options;
    const weft_raster_window window = {.ticks = r->ticks};
    bool drawn = true;
    if (o->spikes_csv) WEFT_TRY(weft_spikes_write_csv(spikes, o->spikes_csv, WEFT_SPIKES_TICKS, err));
    if (o->raster) WEFT_TRY(weft_raster_draw(&drawn, o->raster, spikes, &window, err));
    tell_undrawn(drawn, session, quiet, o->raster);
    return WEFT_OK;
}

static weft_status write_spikes(const weft_records *r, const weft_console *session, bool quiet, weft_error *err) {
    weft_spikes all = {0};
    weft_status status = join(&all, r, err);
    if (status == WEFT_OK) status = weft_records_write_list(r, &all, session, quiet, err);
    weft_spikes_free(&all);
    return status;
}

static weft_status write_membranes(const weft_records *r, const weft_console *session, bool quiet, weft_error *err) {
    const char *path = r->options->membranes;
    bool drawn = true;
    const char **names = calloc((size_t)r->probe_count, sizeof *names);
    if (!names) return no_memory(err);
    for (int i = 0; i < r->probe_count; i++) names[i] = r->probes[i].name;
    const weft_membranes traces = {.values = r->membranes,
                                   .ticks = r->ticks,
                                   .probes = r->probe_count,
                                   .names = names,
                                   .tick_s = r->tick_s,
                                   .unit = "membrane"};
    const weft_status status = weft_path_ends(path, ".csv") ? weft_membranes_write(&traces, path, err)
                                                            : weft_membranes_draw(&drawn, path, &traces, NULL, err);
    tell_undrawn(drawn, session, quiet, path);
    free(names);
    return status;
}

weft_status weft_records_write(const weft_records *r, const weft_console *session, bool quiet, weft_error *err) {
    if (r->population_count) WEFT_TRY(write_spikes(r, session, quiet, err));
    return r->probe_count ? write_membranes(r, session, quiet, err) : WEFT_OK;
}
