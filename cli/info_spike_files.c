/* weft info on mappings of spiking networks and on random networks. */
#include "cli/info.h"
#include "core/spike_mapping.h"
#include "sim/spike/random.h"

/* ---- mappings ---- */

typedef struct totals {
    uint64_t copies, relays; /* slots beyond one a neuron; of splitter neurons */
} totals;

static uint64_t slots_of(const weft_spike_piece *pieces, int count) {
    uint64_t slots = 0;
    for (int i = 0; i < count; i++)
        for (int r = 0; r < pieces[i].run_count; r++)
            slots += (uint64_t)pieces[i].runs[r].count * pieces[i].runs[r].copies;
    return slots;
}

static totals totals_of(const weft_mapped_population *p) {
    return (totals){slots_of(p->pieces, p->piece_count) - p->size, slots_of(p->relays, p->relay_count)};
}

static weft_status json_spike_mapping(const weft_spike_mapping *m, const char *json_path, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, json_path, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "kind", "spike_mapping");
    weft_json_text(json, "network", m->network_path);
    weft_json_text(json, "network_sha256", m->network_sha256.hex);
    weft_json_text(json, "chip", m->chip_path);
    weft_json_text(json, "chip_sha256", m->chip_sha256.hex);
    weft_json_number(json, "dt_s", m->options.dt);
    weft_json_text(json, "integration", m->options.exponential ? "exponential" : "euler");
    weft_json_text(json, "reset", m->options.subtract ? "subtract" : "zero");
    weft_json_bool(json, "round", m->options.round);
    weft_json_array(json, "populations");
    for (int i = 0; i < m->population_count; i++) {
        const weft_mapped_population *p = &m->populations[i];
        weft_json_object(json, NULL);
        weft_json_text(json, "name", p->name);
        weft_json_count(json, "size", p->size);
        weft_json_count(json, "cores", (uint64_t)p->piece_count);
        weft_json_count(json, "copies", totals_of(p).copies);
        weft_json_count(json, "relays", totals_of(p).relays);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

static void print_spike_mapping(const weft_spike_mapping *m, const char *path, FILE *stream) {
    fprintf(stream, "mapping  %s\nnetwork  %s\n         sha256 %s\nchip     %s\n         sha256 %s\n", path,
            m->network_path, m->network_sha256.hex, m->chip_path, m->chip_sha256.hex);
    for (int i = 0; i < m->setting_count; i++) fprintf(stream, "         %s\n", m->settings[i]);
    fprintf(stream, "ticks    %g ms, %s, reset %s%s\n\n", m->options.dt * 1e3,
            m->options.exponential ? "exponential" : "euler", m->options.subtract ? "by subtraction" : "to v_reset",
            m->options.round ? "; weights rounded" : "");
    fprintf(stream, "%-24s %9s %7s %9s %9s\n", "population", "neurons", "cores", "copies", "splitters");
    for (int i = 0; i < m->population_count; i++) {
        const weft_mapped_population *p = &m->populations[i];
        fprintf(stream, "%-24.24s %9lu %7d %9llu %9llu\n", p->name, (unsigned long)p->size, p->piece_count,
                (unsigned long long)totals_of(p).copies, (unsigned long long)totals_of(p).relays);
    }
}

weft_status weft_info_spike_mapping(const char *path, const char *json_path, FILE *stream, weft_error *err) {
    weft_spike_mapping *mapping = NULL;
    WEFT_TRY(weft_spike_mapping_read(&mapping, path, err));
    print_spike_mapping(mapping, path, stream);
    const weft_status status = json_path ? json_spike_mapping(mapping, json_path, err) : WEFT_OK;
    weft_spike_mapping_destroy(mapping);
    return status;
}

/* ---- random networks ---- */

static weft_status json_random(const weft_spike_random *c, uint64_t neurons, const char *json_path, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, json_path, err));
    weft_json_object(&out.json, NULL);
    weft_json_text(&out.json, "kind", "random_network");
    weft_json_count(&out.json, "cores", (uint64_t)(c->cores[0] * c->cores[1]));
    weft_json_count(&out.json, "neurons", neurons);
    weft_json_count(&out.json, "synapses", neurons * (uint64_t)c->synapses);
    weft_json_number(&out.json, "rate_hz", c->rate_hz);
    weft_json_number(&out.json, "tick_ms", c->tick_ms);
    weft_json_number(&out.json, "distance", c->distance);
    weft_json_count(&out.json, "seed", (uint64_t)c->seed);
    weft_json_object_end(&out.json);
    return weft_result_commit(&out, err);
}

weft_status weft_info_random(const char *path, const char *json_path, FILE *stream, weft_error *err) {
    weft_spike_random c;
    WEFT_TRY(weft_spike_random_load(&c, path, err));
    const uint64_t neurons = (uint64_t)(c.cores[0] * c.cores[1] * c.neurons);
    fprintf(stream, "random   %s\ncores    %lld x %lld of %lld neurons and %lld axons\n", path, (long long)c.cores[0],
            (long long)c.cores[1], (long long)c.neurons, (long long)c.axons);
    fprintf(stream, "neurons  %llu at %g Hz, ticks of %g ms\nsynapses %llu, %lld a neuron\n",
            (unsigned long long)neurons, c.rate_hz, c.tick_ms, (unsigned long long)(neurons * (uint64_t)c.synapses),
            (long long)c.synapses);
    if (c.distance > 0)
        fprintf(stream, "targets  %g routers away in the mean, ", c.distance);
    else
        fputs("targets  anywhere, ", stream);
    fprintf(stream, "delays of %lld to %lld ticks\nseed     %lld\n", (long long)c.delays[0], (long long)c.delays[1],
            (long long)c.seed);
    return json_path ? json_random(&c, neurons, json_path, err) : WEFT_OK;
}
