/* weft replay: text and JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/replay.h"

#define RESOURCES_SHOWN 4

static const char *const directions[] = {"east", "west", "north", "south"};

/* ---- figures ---- */

/* Against the recorded run; NaN where that is not known. */
static double speed(const weft_replay_job *job) {
    const double recorded = (double)job->match.cycles * weft_trace_header_of(job->trace)->cycle_ns;
    const double now = job->figures.time_ns;
    return recorded > 0 && now > 0 ? recorded / now : NAN;
}

static double speedup_without(const weft_replay_job *job) {
    const uint64_t cycles = job->timing_without->cycles;
    return cycles ? (double)job->timing->cycles / (double)cycles : NAN;
}

/* [*count] of them, the most used one first; malloc'd, NULL without memory. Without images there is no pace: only how
 * long they are busy counts. */
static weft_resource *find_resources(const weft_replay_job *job, int *count) {
    weft_resource *list = calloc((size_t)job->timing->stage_count + WEFT_RESOURCE_KINDS, sizeof *list);
    *count = list && job->figures.has_images ? weft_resources_find(list, &job->figures.run, job->chip) : 0;
    return list;
}

static void resource_name(char *out, size_t size, const weft_replay_job *job, const weft_resource *r) {
    const int width = (int)job->chip->noc.mesh[0];
    switch ((weft_resource_kind)r->kind) {
    case WEFT_RESOURCE_ARRAYS:
        snprintf(out, size, "arrays of %.200s", weft_trace_header_of(job->trace)->stages[r->stage]);
        return;
    case WEFT_RESOURCE_DIGITAL:
        snprintf(out, size, "digital unit of core %d", r->core);
        return;
    case WEFT_RESOURCE_IO:
        snprintf(out, size, "host link");
        return;
    case WEFT_RESOURCE_LINK:
        snprintf(out, size, "link from router %d (%d, %d) %s", r->router, r->router % width, r->router / width,
                 directions[r->direction]);
        return;
    case WEFT_RESOURCE_PORT:
        if (r->host)
            snprintf(out, size, "host's port %s the network", r->direction ? "out of" : "into");
        else
            snprintf(out, size, "port of core %d %s the network", r->core, r->direction ? "out of" : "into");
        return;
    case WEFT_RESOURCE_BUFFERS: /* a replay does not know them */
    case WEFT_RESOURCE_KINDS:
        break;
    }
}

/* ---- text ---- */

static void print_trace(const weft_replay_job *job, FILE *out) {
    const weft_trace_header *h = weft_trace_header_of(job->trace);
    const uint64_t records = weft_trace_count(job->trace);
    fprintf(out, "%-16s %.300s: %" PRIu64 " records", "trace", job->options->trace, records);
    if (h->images) fprintf(out, ", %" PRIu64 " image%s", h->images, h->images == 1 ? "" : "s");
    if (h->chip) fprintf(out, ", recorded on %.200s", h->chip);
    fprintf(out, "\n%-16s %s%s\n", "chip", job->chip->name, job->same_chip ? ", as recorded" : "");
}

static void print_recorded(const weft_replay_job *job, FILE *out) {
    const weft_times_match *m = &job->match;
    const double times = speed(job);
    if (!m->recorded) return;
    fprintf(out, "%-16s %" PRIu64 " cycles", "recorded", m->cycles);
    if (m->same)
        fputs(", every moment the same\n", out);
    else if (job->same_chip)
        fprintf(out, "; %s %" PRIu64 " is the first to differ: it %s in cycle %" PRIu64 ", recorded %" PRIu64 "\n",
                m->is_packet ? "packet" : "operation", m->record, m->moment == WEFT_TRACE_START ? "begins" : "ends",
                m->is, m->was);
    else
        fputc('\n', out);
    if (isfinite(times) && !job->same_chip) fprintf(out, "%-16s %.3f x the recorded run\n", "speed", times);
}

static void print_network(const weft_replay_job *job, FILE *out) {
    const weft_timing *t = job->timing;
    fprintf(out, "%-16s %" PRIu64 ", %" PRIu64 " flits over %" PRIu64 " links\n", "packets", t->packets, t->flits,
            t->flit_hops);
    if (!t->packets) return;
    fprintf(out, "%-16s %.2f cycles in the mean, %.2f in an idle network; at most %" PRIu64 "\n", "  latency",
            job->figures.packet_latency_cycles, job->figures.zero_load_cycles, t->latency_max_cycles);
}

static void print_resources(const weft_replay_job *job, FILE *out) {
    int count = 0;
    char name[300];
    weft_resource *list = find_resources(job, &count);
    for (int i = 0; i < count && i < RESOURCES_SHOWN; i++) {
        resource_name(name, sizeof name, job, &list[i]);
        fprintf(out, "%-16s %5.1f %%  %s\n", i ? "" : "busy", 100 * list[i].utilisation, name);
    }
    free(list);
}

void weft_replay_print(const weft_replay_job *job) {
    FILE *out = job->out;
    const weft_timing *t = job->timing;
    print_trace(job, out);
    fprintf(out, "%-16s %" PRIu64 " cycles, %.9g us\n", "run", t->cycles, job->figures.time_ns * 1e-3);
    print_recorded(job, out);
    if (job->figures.has_images)
        fprintf(out, "%-16s %.1f images/s\n", "throughput", job->figures.throughput_images_per_s);
    print_network(job, out);
    print_resources(job, out);
    if (!job->timing_without) return;
    fprintf(out, "%-16s %" PRIu64 " cycles without %.200s, %.3f x faster\n", "what if", job->timing_without->cycles,
            job->options->without, speedup_without(job));
}

/* ---- JSON ---- */

static void json_trace(weft_json *json, const weft_replay_job *job) {
    const weft_trace_header *h = weft_trace_header_of(job->trace);
    weft_json_object(json, "trace");
    weft_json_text(json, "file", job->options->trace);
    weft_json_text(json, "chip", h->chip);
    weft_json_text(json, "chip_sha256", h->chip_sha256.hex[0] ? h->chip_sha256.hex : NULL);
    weft_json_text(json, "network", h->network);
    weft_json_text(json, "mapping", h->mapping);
    weft_json_count(json, "records", weft_trace_count(job->trace));
    weft_json_count(json, "images", h->images);
    weft_json_object_end(json);
    weft_json_object(json, "chip");
    weft_json_text(json, "name", job->chip->name);
    weft_json_text(json, "sha256", job->chip->sha256.hex);
    weft_json_bool(json, "as_recorded", job->same_chip);
    weft_json_object_end(json);
}

static void json_images(weft_json *json, const weft_replay_job *job) {
    const weft_timing *t = job->timing;
    weft_json_array(json, "image_cycles");
    for (size_t i = 0; job->figures.has_images && i < t->images; i++) {
        weft_json_object(json, NULL);
        weft_json_count(json, "start", t->image_start[i]);
        weft_json_count(json, "end", t->image_end[i]);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

static void json_recorded(weft_json *json, const weft_replay_job *job) {
    const weft_times_match *m = &job->match;
    if (!m->recorded) {
        weft_json_null(json, "recorded");
        return;
    }
    weft_json_object(json, "recorded");
    weft_json_count(json, "cycles", m->cycles);
    weft_json_bool(json, "equal", m->same);
    weft_json_number(json, "speed", speed(job));
    if (m->same) {
        weft_json_null(json, "first_difference");
    } else {
        weft_json_object(json, "first_difference");
        weft_json_count(json, "record", m->record);
        weft_json_text(json, "kind", m->is_packet ? "packet" : "operation");
        weft_json_text(json, "moment", m->moment == WEFT_TRACE_START ? "start" : "finish");
        weft_json_count(json, "recorded_cycle", m->was);
        weft_json_count(json, "cycle", m->is);
        weft_json_object_end(json);
    }
    weft_json_object_end(json);
}

static void json_network(weft_json *json, const weft_replay_job *job) {
    const weft_timing *t = job->timing;
    weft_json_object(json, "network");
    weft_json_count(json, "packets", t->packets);
    weft_json_count(json, "flits", t->flits);
    weft_json_count(json, "flit_hops", t->flit_hops);
    weft_json_number(json, "packet_latency_cycles", job->figures.packet_latency_cycles);
    weft_json_number(json, "zero_load_cycles", job->figures.zero_load_cycles);
    weft_json_count(json, "packet_latency_max_cycles", t->latency_max_cycles);
    weft_json_object_end(json);
}

static void json_resources(weft_json *json, const weft_replay_job *job) {
    int count = 0;
    char name[300];
    weft_resource *list = find_resources(job, &count);
    weft_json_array(json, "resources");
    for (int i = 0; i < count; i++) {
        resource_name(name, sizeof name, job, &list[i]);
        weft_json_object(json, NULL);
        weft_json_text(json, "name", name);
        weft_json_text(json, "kind", weft_resource_kind_names[list[i].kind]);
        weft_json_count(json, "busy_cycles", list[i].busy_cycles);
        weft_json_number(json, "utilisation", list[i].utilisation);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
    free(list);
}

static void json_without(weft_json *json, const weft_replay_job *job) {
    if (!job->timing_without) {
        weft_json_null(json, "without");
        return;
    }
    weft_json_object(json, "without");
    weft_json_text(json, "what", job->options->without);
    weft_json_count(json, "cycles", job->timing_without->cycles);
    weft_json_number(json, "speedup", speedup_without(job));
    weft_json_object_end(json);
}

weft_status weft_replay_write_json(const weft_replay_job *job, weft_error *err) {
    const weft_timing *t = job->timing;
    weft_result out;
    WEFT_TRY(weft_result_open(&out, job->options->common.json, err));
    weft_json_object(&out.json, NULL);
    weft_json_text(&out.json, "command", "replay");
    json_trace(&out.json, job);
    weft_json_count(&out.json, "cycles", t->cycles);
    weft_json_number(&out.json, "time_ns", job->figures.time_ns);
    json_recorded(&out.json, job);
    json_images(&out.json, job);
    weft_json_number(&out.json, "throughput_images_per_s", job->figures.throughput_images_per_s);
    json_network(&out.json, job);
    json_resources(&out.json, job);
    json_without(&out.json, job);
    weft_json_object_end(&out.json);
    return weft_result_commit(&out, err);
}
