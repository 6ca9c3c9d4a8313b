/* Times of ticks as text, JSON and CSV. */
#include "sim/report/ticks.h"

#include <inttypes.h>
#include <math.h>

static const char *const directions[] = {"east", "west", "north", "south"};

weft_ticks_report weft_ticks_report_of(const weft_chip *chip, const weft_spike_timing *timing) {
    weft_ticks_report report = {.chip = chip, .result = weft_spike_timing_result_of(timing)};
    weft_spike_timing_summarise(&report.summary, chip, &report.result);
    return report;
}

static double mean(uint64_t sum, uint64_t count) { return count ? (double)sum / (double)count : (double)NAN; }

/* ---- text ---- */

static void print_deadline(FILE *out, const weft_spike_timing_summary *s) {
    if (!(s->tick_ns > 0)) {
        fprintf(out, "%-16s none, ticks follow each other\n", "deadline");
        return;
    }
    fprintf(out, "%-16s %.9g us: ", "deadline", s->tick_ns * 1e-3);
    if (s->missed)
        fprintf(out, "missed in %" PRIu64 " of %" PRIu64 " ticks\n", s->missed, s->ticks);
    else
        fputs("every tick met it\n", out);
}

/* What bounds most ticks first. */
static void print_bounds(FILE *out, const weft_spike_timing_summary *s) {
    fprintf(out, "%-16s %s in %" PRIu64, "bound by", weft_tick_bound_names[s->bound_by], s->bound[s->bound_by]);
    for (int b = 0; b < WEFT_TICK_BOUNDS; b++)
        if (b != s->bound_by && s->bound[b]) fprintf(out, ", %s in %" PRIu64, weft_tick_bound_names[b], s->bound[b]);
    fprintf(out, " of %" PRIu64 " tick%s\n", s->ticks, s->ticks == 1 ? "" : "s");
}

static void print_network(FILE *out, const weft_ticks_report *r) {
    const weft_spike_timing_summary *s = &r->summary;
    const int width = (int)r->chip->noc.mesh[0];
    fprintf(out, "%-16s %" PRIu64 ", %" PRIu64 " links", "packets", s->packets, s->hops);
    if (!s->packets) {
        fputc('\n', out);
        return;
    }
    fprintf(out, " (%.2f each)\n%-16s %.6g ns in the mean, at most %.9g ns\n", mean(s->hops, s->packets), "  latency",
            s->latency_ns_mean, s->latency_ns_max);
    if (s->router < 0) return;
    fprintf(out,
            "%-16s router %d (%d, %d) %s, %.2f %% of the cycles in which the network worked; %.2f %% in the mean\n",
            "busiest link", s->router, s->router % width, s->router / width, directions[s->direction], 100 * s->load,
            100 * s->mean_load);
}

void weft_ticks_print(FILE *out, const weft_ticks_report *report) {
    const weft_spike_timing_summary *s = &report->summary;
    char unknown[200];
    fprintf(out, "%-16s %" PRIu64, "ticks", s->ticks);
    if (!s->ticks) {
        fputc('\n', out);
        return;
    }
    fprintf(out, " of %.2f cycles in the mean, %.9g us on the chip\n", s->mean_cycles, s->seconds * 1e6);
    print_deadline(out, s);
    fprintf(out, "%-16s %.9g us would do for every tick (tick %" PRIu64 ": %" PRIu64 " cycles)\n", "fastest tick",
            s->fastest_tick_ns * 1e-3, s->longest_tick, s->longest_cycles);
    print_bounds(out, s);
    print_network(out, report);
    weft_spike_timing_unknown(unknown, sizeof unknown, report->chip);
    if (unknown[0]) fprintf(out, "%-16s %s: not in the chip file, no time counted\n", "latencies", unknown);
}

/* ---- JSON ---- */

static void json_link(weft_json *json, const weft_ticks_report *r) {
    const weft_spike_timing_summary *s = &r->summary;
    if (s->router < 0) {
        weft_json_null(json, "busiest_link");
        return;
    }
    weft_json_object(json, "busiest_link");
    weft_json_count(json, "router", (uint64_t)s->router);
    weft_json_text(json, "direction", directions[s->direction]);
    weft_json_count(json, "flits", s->router_flits);
    weft_json_number(json, "load", s->load);
    weft_json_number(json, "mean_load", s->mean_load);
    weft_json_object_end(json);
}

static void json_bounds(weft_json *json, const weft_spike_timing_summary *s) {
    weft_json_text(json, "bound_by", s->ticks ? weft_tick_bound_names[s->bound_by] : NULL);
    weft_json_object(json, "ticks_bound_by");
    for (int b = 0; b < WEFT_TICK_BOUNDS; b++) weft_json_count(json, weft_tick_bound_names[b], s->bound[b]);
    weft_json_object_end(json);
}

void weft_ticks_json(weft_json *json, const char *key, const weft_ticks_report *report) {
    const weft_spike_timing_summary *s = &report->summary;
    char unknown[200];
    weft_json_object(json, key);
    weft_json_count(json, "ticks", s->ticks);
    weft_json_number(json, "cycle_ns", report->chip->cycle_ns);
    weft_json_number(json, "tick_ns", s->tick_ns > 0 ? s->tick_ns : (double)NAN);
    weft_json_count(json, "missed", s->missed);
    weft_json_number(json, "mean_cycles", s->mean_cycles);
    weft_json_count(json, "longest_cycles", s->longest_cycles);
    weft_json_count(json, "longest_tick", s->longest_tick);
    weft_json_number(json, "fastest_tick_ns", s->fastest_tick_ns);
    weft_json_number(json, "seconds", s->seconds);
    json_bounds(json, s);
    weft_json_count(json, "packets", s->packets);
    weft_json_count(json, "hops", s->hops);
    weft_json_number(json, "packet_latency_ns", s->latency_ns_mean);
    weft_json_number(json, "packet_latency_max_ns", s->latency_ns_max);
    json_link(json, report);
    weft_spike_timing_unknown(unknown, sizeof unknown, report->chip);
    weft_json_text(json, "unknown_latencies", unknown);
    weft_json_object_end(json);
}

/* ---- CSV ---- */

static void print_row(FILE *out, const weft_chip *chip, const weft_tick_time *t) {
    char ns[32], latency[32] = "";
    weft_number_text(ns, sizeof ns, (double)t->cycles * chip->cycle_ns);
    if (t->packets) weft_number_text(latency, sizeof latency, mean(t->latency_sum, t->packets));
    fprintf(out, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%s,%s,%s,%" PRIu64 ",%" PRIu64 ",%s,",
            t->tick, t->cores_cycles, t->network_cycles, t->barrier_cycles, t->cycles, ns,
            !(chip->clock.tick_ns > 0)  ? ""
            : weft_tick_is_met(chip, t) ? "yes"
                                        : "no",
            weft_tick_bound_names[weft_tick_bound_of(t)], t->packets, t->hops, latency);
    if (t->packets) fprintf(out, "%" PRIu64, t->latency_max);
    fputc('\n', out);
}

void weft_ticks_print_csv(FILE *out, const weft_ticks_report *report) {
    fputs("tick,cores_cycles,network_cycles,barrier_cycles,cycles,time_ns,deadline_met,bound_by,packets,hops,"
          "latency_mean_cycles,latency_max_cycles\n",
          out);
    for (uint64_t i = 0; i < report->result.count; i++) print_row(out, report->chip, &report->result.times[i]);
}
