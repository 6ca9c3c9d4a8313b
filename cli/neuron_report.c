/* weft neuron: what the neurons did, as text, JSON, CSV and picture. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/neuron.h"
#include "sim/report/raster.h"

typedef struct summary {
    uint64_t spikes, first, last, shortest, longest; /* ticks; meaningless where there are too few spikes */
} summary;

static summary summary_of(const weft_neuron_look *look, int neuron) {
    summary s = {0};
    for (size_t i = 0; i < look->run.spikes.count; i++) {
        const weft_spike *spike = &look->run.spikes.items[i];
        if (spike->neuron != (uint32_t)neuron) continue;
        const uint64_t interval = spike->tick - s.last;
        if (s.spikes == 0) s.first = spike->tick;
        if (s.spikes == 1 || (s.spikes > 1 && interval < s.shortest)) s.shortest = interval;
        if (s.spikes > 0 && interval > s.longest) s.longest = interval;
        s.last = spike->tick;
        s.spikes++;
    }
    return s;
}

static double rate_hz(const weft_neuron_look *look, uint64_t spikes) {
    return (double)spikes / ((double)look->circuit->ticks * look->circuit->tick_s);
}

/* A count, or a dash. */
static void print_if(bool there, uint64_t value, FILE *out) {
    if (there)
        fprintf(out, " %9" PRIu64, value);
    else
        fprintf(out, " %9s", "-");
}

static void print_neuron(const weft_neuron_look *look, int neuron, int width, FILE *out) {
    const weft_circuit_neuron *n = &look->circuit->neurons[neuron];
    const summary s = summary_of(look, neuron);
    fprintf(out, "%-*s  %-9s %7" PRIu64, width, n->name, n->model, s.spikes);
    print_if(s.spikes > 0, s.first, out);
    print_if(s.spikes > 0, s.last, out);
    fprintf(out, " %10.4g", rate_hz(look, s.spikes));
    print_if(s.spikes > 1, s.shortest, out);
    print_if(s.spikes > 1, s.longest, out);
    fputc('\n', out);
}

void weft_neuron_print(const weft_neuron_look *look, FILE *out) {
    const weft_circuit *c = look->circuit;
    int width = 6;
    for (int n = 0; n < c->neuron_count; n++) {
        const int length = (int)strlen(c->neurons[n].name);
        if (length > width) width = length;
    }
    fprintf(out, "%s: %" PRIu64 " ticks of %g ms, %d neuron%s, %" PRId64 " spikes in\n\n", c->title, c->ticks,
            c->tick_s * 1e3, c->neuron_count, c->neuron_count == 1 ? "" : "s", c->event_count);
    fprintf(out, "%-*s  %-9s %7s %9s %9s %10s %9s %9s\n", width, "neuron", "model", "spikes", "first", "last",
            "rate Hz", "interval", "longest");
    for (int n = 0; n < c->neuron_count; n++) print_neuron(look, n, width, out);
}

/* ---- JSON ---- */

static weft_status json_ticks(weft_json *json, const weft_neuron_look *look, int neuron, uint64_t spikes,
                              weft_error *err) {
    uint32_t *ticks = malloc(((size_t)spikes + 1) * sizeof *ticks);
    size_t count = 0;
    if (!ticks) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the spikes");
    for (size_t i = 0; i < look->run.spikes.count; i++)
        if (look->run.spikes.items[i].neuron == (uint32_t)neuron)
            ticks[count++] = (uint32_t)look->run.spikes.items[i].tick;
    weft_json_counts(json, "ticks", ticks, count);
    free(ticks);
    return WEFT_OK;
}

static weft_status json_neuron(weft_json *json, const weft_neuron_look *look, int neuron, weft_error *err) {
    const weft_circuit_neuron *n = &look->circuit->neurons[neuron];
    const summary s = summary_of(look, neuron);
    weft_json_object(json, NULL);
    weft_json_text(json, "name", n->name);
    weft_json_text(json, "model", n->model);
    weft_json_number(json, "threshold", n->threshold);
    weft_json_count(json, "spikes", s.spikes);
    weft_json_number(json, "rate_hz", rate_hz(look, s.spikes));
    const weft_status status = json_ticks(json, look, neuron, s.spikes, err);
    weft_json_object_end(json);
    return status;
}

static void json_stimulus(weft_json *json, const weft_circuit *c, int stimulus) {
    uint64_t spikes = 0;
    for (uint64_t t = 0; t < c->ticks; t++) spikes += c->input[t * (uint64_t)c->stimulus_count + (uint64_t)stimulus];
    weft_json_object(json, NULL);
    weft_json_text(json, "name", c->stimuli[stimulus]);
    weft_json_count(json, "spikes", spikes);
    weft_json_object_end(json);
}

weft_status weft_neuron_write_json(const weft_neuron_look *look, weft_error *err) {
    const weft_circuit *c = look->circuit;
    weft_status status = WEFT_OK;
    weft_result out;
    WEFT_TRY(weft_result_open(&out, look->options->common.json, err));
    weft_json_object(&out.json, NULL);
    weft_json_text(&out.json, "title", c->title);
    weft_json_text(&out.json, "file", c->yaml.file);
    weft_json_count(&out.json, "ticks", c->ticks);
    weft_json_number(&out.json, "tick_s", c->tick_s);
    weft_json_array(&out.json, "stimuli");
    for (int s = 0; s < c->stimulus_count; s++) json_stimulus(&out.json, c, s);
    weft_json_array_end(&out.json);
    weft_json_array(&out.json, "neurons");
    for (int n = 0; n < c->neuron_count && status == WEFT_OK; n++) status = json_neuron(&out.json, look, n, err);
    weft_json_array_end(&out.json);
    weft_json_text(&out.json, "version", WEFT_VERSION);
    weft_json_object_end(&out.json);
    if (status == WEFT_OK) return weft_result_commit(&out, err);
    if (!out.standard) weft_output_abort(&out.file);
    return status;
}

/* ---- tables and pictures ---- */

/* Columns: stimuli, membranes and, where wanted, spikes as 0 and 1. */
typedef struct columns {
    double *values;     /* [ticks, count] */
    const char **names; /* [count]; those of spikes are in the arena of the circuit's file */
    double *thresholds;
    int count;
} columns;

static void release(columns *c) {
    free(c->values);
    free((void *)c->names);
    free(c->thresholds);
}

static bool name_columns(columns *to, const weft_circuit *c, bool spikes) {
    bool whole = true;
    for (int i = 0; i < to->count; i++) to->thresholds[i] = NAN;
    for (int s = 0; s < c->stimulus_count; s++) to->names[s] = c->stimuli[s];
    for (int n = 0; n < c->neuron_count; n++) {
        const int at = c->stimulus_count + n;
        to->names[at] = c->neurons[n].name;
        to->thresholds[at] = c->neurons[n].threshold;
        if (!spikes) continue;
        to->names[at + c->neuron_count] = weft_arena_printf(c->yaml.arena, "%s spikes", c->neurons[n].name);
        whole = whole && to->names[at + c->neuron_count];
    }
    return whole;
}

static void fill_columns(columns *to, const weft_neuron_look *look) {
    const weft_circuit *c = look->circuit;
    const size_t stimuli = (size_t)c->stimulus_count, neurons = (size_t)c->neuron_count, count = (size_t)to->count;
    for (size_t t = 0; t < c->ticks; t++) {
        for (size_t s = 0; s < stimuli; s++) to->values[t * count + s] = c->input[t * stimuli + s];
        for (size_t n = 0; n < neurons; n++) to->values[t * count + stimuli + n] = look->run.membranes[t * neurons + n];
    }
    for (size_t i = 0; count > stimuli + neurons && i < look->run.spikes.count; i++) {
        const weft_spike *spike = &look->run.spikes.items[i];
        to->values[spike->tick * count + stimuli + neurons + spike->neuron] = 1;
    }
}

static weft_status make_columns(columns *to, const weft_neuron_look *look, bool spikes, weft_error *err) {
    const weft_circuit *c = look->circuit;
    *to = (columns){.count = c->stimulus_count + c->neuron_count * (spikes ? 2 : 1)};
    to->values = calloc((size_t)c->ticks * (size_t)to->count, sizeof *to->values);
    to->names = calloc((size_t)to->count, sizeof *to->names);
    to->thresholds = calloc((size_t)to->count, sizeof *to->thresholds);
    if (!to->values || !to->names || !to->thresholds || !name_columns(to, c, spikes))
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for %" PRIu64 " ticks", c->ticks);
    fill_columns(to, look);
    return WEFT_OK;
}

static weft_membranes membranes_of(const weft_neuron_look *look, const columns *c) {
    return (weft_membranes){.values = c->values,
                            .ticks = look->circuit->ticks,
                            .probes = c->count,
                            .names = c->names,
                            .tick_s = look->circuit->tick_s,
                            .unit = "",
                            .inputs = look->circuit->stimulus_count,
                            .thresholds = c->thresholds};
}

weft_status weft_neuron_write_csv(const weft_neuron_look *look, weft_error *err) {
    columns c;
    weft_status status = make_columns(&c, look, true, err);
    const weft_membranes traces = membranes_of(look, &c);
    if (status == WEFT_OK) status = weft_membranes_write(&traces, look->options->csv, err);
    release(&c);
    return status;
}

weft_status weft_neuron_draw(const weft_neuron_look *look, bool *drawn, weft_error *err) {
    columns c;
    weft_status status = make_columns(&c, look, false, err);
    const weft_membranes traces = membranes_of(look, &c);
    if (status == WEFT_OK) status = weft_membranes_draw(drawn, look->options->draw, &traces, &look->run.spikes, err);
    release(&c);
    return status;
}
