#include "cli/map_spiking.h"

static void json_populations(weft_json *json, const weft_spike_map_work *work) {
    weft_json_array(json, "populations");
    for (int p = 0; p < work->report.population_count; p++) {
        const weft_snn_population *population = &work->snn->populations[p];
        const weft_spike_map_population *m = &work->report.populations[p];
        weft_json_object(json, NULL);
        weft_json_text(json, "name", population->name);
        weft_json_text(json, "model", weft_nir_type_names[population->model]);
        weft_json_count(json, "size", population->size);
        weft_json_count(json, "cores", (uint64_t)m->cores);
        weft_json_count(json, "copies", m->copies);
        weft_json_count(json, "relays", m->relays);
        weft_json_count(json, "lag_ticks", (uint64_t)m->lag);
        weft_json_count(json, "synapses", m->synapses);
        weft_json_count(json, "fan_in", m->fan_in);
        weft_json_count(json, "fan_out", m->fan_out);
        weft_json_count(json, "packets", m->packets);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

static void json_projections(weft_json *json, const weft_spike_map_work *work) {
    weft_json_array(json, "projections");
    for (int i = 0; i < work->snn->projection_count; i++) {
        const weft_snn_projection *projection = &work->snn->projections[i];
        const weft_snn_fit_projection *fitted = &work->fit->projections[i];
        weft_json_object(json, NULL);
        weft_json_text(json, "from", work->snn->populations[projection->source].name);
        weft_json_text(json, "to", work->snn->populations[projection->target].name);
        weft_json_count(json, "synapses", projection->count);
        weft_json_count(json, "lost_synapses", fitted->lost);
        weft_json_number(json, "weight_error", fitted->error);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

static void json_totals(weft_json *json, const weft_spike_map_report *r) {
    weft_json_count(json, "cores_used", (uint64_t)r->cores_used);
    weft_json_count(json, "cores_available", (uint64_t)r->cores_available);
    weft_json_count(json, "cores_bound", (uint64_t)r->cores_bound);
    weft_json_text(json, "cores_bound_by", weft_spike_map_bound_names[r->bound]);
    weft_json_count(json, "neurons", r->neurons);
    weft_json_count(json, "copies", r->copies);
    weft_json_count(json, "relays", r->relays);
    weft_json_count(json, "axons", r->axons);
    weft_json_count(json, "synapses", r->synapses);
    weft_json_count(json, "memory_bits", r->memory_bits);
    weft_json_number(json, "neurons_percent", r->neurons_percent);
    weft_json_number(json, "axons_percent", r->axons_percent);
    weft_json_number(json, "memory_percent", r->memory_percent);
    weft_json_number(json, "axons_out_percent", r->axons_out_percent);
    weft_json_count(json, "depth_ticks", (uint64_t)r->depth);
    weft_json_count(json, "packets", r->packets);
    weft_json_count(json, "packets_local", r->packets_local);
    weft_json_count(json, "host_packets", r->host_packets);
    weft_json_count(json, "hops", r->hops);
    weft_json_number(json, "mean_hops", r->mean_hops);
}

weft_status weft_map_spiking_json(const weft_spike_map_work *work, const char *path, weft_error *err) {
    const weft_map_request *o = work->request;
    const weft_spike_map_report *r = &work->report;
    weft_result out;
    WEFT_TRY(weft_result_open(&out, path, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "kind", "spike_mapping");
    weft_json_text(json, "mapping", o->check ? o->network : o->out);
    weft_json_text(json, "network_sha256", work->network_sha256->hex);
    weft_json_text(json, "chip", work->chip->name);
    weft_json_text(json, "chip_sha256", work->chip->sha256.hex);
    if (r->log) weft_json_text(json, "objective", weft_objective_names[work->options.objective]);
    json_populations(json, work);
    json_projections(json, work);
    json_totals(json, r);
    weft_json_count(json, "hops_bound", r->bounds.flit_hops);
    weft_json_count(json, "link_packets_bound", r->bounds.link_flits);
    weft_map_json_placers(json, r->placements, r->placement_count);
    weft_json_text(json, "log", r->log);
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}
