/* weft map for spiking chips. */

#include "cli/map_spiking.h"

static weft_spike_map_options options_of(const weft_map_request *request, const weft_map_options *options) {
    weft_spike_map_options out = weft_spike_map_defaults();
    out.objective = options->objective;
    out.placer = options->placer;
    out.seed = options->seed;
    out.compare = options->compare;
    out.threads = (int)request->common.threads;
    return out;
}

static weft_status name_sources(weft_spike_map_work *work, weft_error *err) {
    weft_spike_mapping *m = work->mapping;
    const weft_texts *set = &work->request->set;
    snprintf(m->network_path, sizeof m->network_path, "%s", work->request->network);
    snprintf(m->chip_path, sizeof m->chip_path, "%s", work->chip->path);
    m->network_sha256 = *work->network_sha256;
    m->chip_sha256 = work->chip->sha256;
    for (int i = 0; i < set->count; i++) WEFT_TRY(weft_spike_mapping_add_setting(m, set->items[i], err));
    return WEFT_OK;
}

/* Weights that the chip's numbers do not hit. */
static void print_rounding(const weft_spike_map_work *work, FILE *out) {
    uint64_t lost = 0;
    double error = 0;
    for (int i = 0; i < work->fit->projection_count; i++) {
        lost += work->fit->projections[i].lost;
        if (work->fit->projections[i].error > error) error = work->fit->projections[i].error;
    }
    if (error > 0) fprintf(out, "rounding: weights are up to %.3g %% of their projection's largest off", 100 * error);
    if (error > 0 && lost) fprintf(out, "; %llu synapses became 0", (unsigned long long)lost);
    if (error > 0) fputc('\n', out);
}

static weft_status show(const weft_spike_map_work *work, const weft_console *session, weft_error *err) {
    const weft_map_request *o = work->request;
    if (o->explain)
        weft_spike_map_print_explanation(&work->report, work->snn, work->chip, work->options.objective, session->out);
    else
        weft_spike_map_print_table(&work->report, work->snn, session->out);
    print_rounding(work, session->out);
    if (o->check)
        fprintf(session->out, "%s fits %s: every neuron has its core, no limit of a core is exceeded\n", o->network,
                work->chip->name);
    else
        weft_spike_map_print_summary(&work->report, work->chip, session->out);
    return o->common.json ? weft_map_spiking_json(work, o->common.json, err) : WEFT_OK;
}

static weft_status make(weft_spike_map_work *work, const weft_console *session, weft_error *err) {
    const weft_map_request *o = work->request;
    weft_tick_options tick;
    WEFT_TRY(weft_tick_parse(&tick, o->dt, o->integration, o->reset, err));
    WEFT_TRY(weft_output_probe(o->out, err));
    work->fit_options = (weft_snn_fit_options){
        .dt = tick.dt, .exponential = tick.exponential, .subtract = tick.subtract, .round = o->round};
    WEFT_TRY(weft_chip_load_spiking(&work->chip, o->chip, &o->set, err));
    WEFT_TRY(weft_spike_network_read(&work->network, o->network, tick.dt, err));
    work->snn = work->network.snn;
    work->network_sha256 = &work->network.sha256;
    WEFT_TRY(weft_snn_fit_create(&work->fit, work->snn, work->chip, &work->fit_options, err));
    WEFT_TRY(weft_spike_map(&work->mapping, &work->report, work->snn, work->fit, work->chip, &work->options, err));
    WEFT_TRY(name_sources(work, err));
    WEFT_TRY(weft_spike_mapping_write(work->mapping, o->out, err));
    return show(work, session, err);
}

weft_status weft_map_spiking(const weft_map_request *request, const weft_map_options *options,
                             const weft_console *session, weft_error *err) {
    weft_spike_map_work work = {.request = request, .options = options_of(request, options)};
    const weft_status status = make(&work, session, err);
    weft_spike_map_report_destroy(&work.report);
    weft_spike_mapping_destroy(work.mapping);
    weft_snn_fit_destroy(work.fit);
    weft_spike_network_close(&work.network);
    weft_chip_destroy(work.chip);
    return status;
}

/* An existing mapping, whoever made it. */
weft_status weft_map_spiking_check(const weft_map_request *request, const weft_map_options *options,
                                   const weft_console *session, weft_error *err) {
    weft_spike_mapped mapped;
    weft_spike_map_work work = {.request = request, .options = options_of(request, options)};
    weft_status status = weft_spike_mapped_open(&mapped, request->network, &request->set, err);
    if (status == WEFT_OK) {
        work.mapping = mapped.mapping;
        work.network_sha256 = &mapped.mapping->network_sha256;
        work.chip = mapped.chip;
        work.snn = mapped.network.snn;
        work.fit = mapped.fit;
        status = weft_spike_map_examine(&work.report, mapped.layout, work.snn, work.fit, work.chip, &work.options, err);
    }
    if (status == WEFT_OK) status = show(&work, session, err);
    weft_spike_map_report_destroy(&work.report);
    weft_spike_mapped_close(&mapped);
    return status;
}
