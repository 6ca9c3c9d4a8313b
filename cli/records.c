/* Files of what is kept of a spiking run. */
#include "cli/records.h"

#include <stdlib.h>

#include "core/plot.h"
#include "sim/report/raster.h"

weft_status weft_records_spec_of(weft_records_spec *out, const weft_spiking_options *o, weft_error *err) {
    *out = (weft_records_spec){.output = o->output,
                               .classes = o->classes,
                               .spikes = o->spikes_csv || o->raster,
                               .populations = o->populations,
                               .probes = o->probes};
    if (o->populations.count && !out->spikes)
        return weft_error_set(err, WEFT_E_USAGE, "--population is for --spikes-csv and --raster");
    if (!o->probes.count == !o->membranes) return WEFT_OK;
    return weft_error_set(err, WEFT_E_USAGE,
                          o->probes.count ? "--probe is for --membranes" : "--membranes needs --probe NAME:NEURON");
}

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

weft_status weft_records_write_list(const weft_spiking_options *o, const weft_spikes *spikes, uint64_t ticks,
                                    const weft_console *session, bool quiet, weft_error *err) {
    const weft_raster_window window = {.ticks = ticks};
    bool drawn = true;
    if (o->spikes_csv) WEFT_TRY(weft_spikes_write_csv(spikes, o->spikes_csv, WEFT_SPIKES_TICKS, err));
    if (o->raster) WEFT_TRY(weft_raster_draw(&drawn, o->raster, spikes, &window, err));
    tell_undrawn(drawn, session, quiet, o->raster);
    return WEFT_OK;
}

static weft_status write_spikes(const weft_records *r, const weft_spiking_options *o, const weft_console *session,
                                bool quiet, weft_error *err) {
    weft_spikes all = {0};
    weft_status status = join(&all, r, err);
    if (status == WEFT_OK) status = weft_records_write_list(o, &all, r->ticks, session, quiet, err);
    weft_spikes_free(&all);
    return status;
}

static weft_status write_membranes(const weft_records *r, const char *path, const weft_console *session, bool quiet,
                                   weft_error *err) {
    bool drawn = true;
    const char **names = calloc((size_t)r->probe_count, sizeof *names);
    if (!names) return weft_error_set(err, WEFT_E_MEMORY, "no memory for names of probes");
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

weft_status weft_records_write(const weft_records *r, const weft_spiking_options *o, const weft_console *session,
                               bool quiet, weft_error *err) {
    if (r->population_count) WEFT_TRY(write_spikes(r, o, session, quiet, err));
    return r->probe_count ? write_membranes(r, o->membranes, session, quiet, err) : WEFT_OK;
}
