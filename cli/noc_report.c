/* weft noc: text, JSON and CSV. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/noc.h"

static const char *const directions[] = {"east", "west", "north", "south"};

static const char *traffic_name(const weft_noc_look *look) {
    const weft_noc_traffic_options *t = &look->measure.traffic;
    return t->list ? look->options->traffic : weft_noc_pattern_names[t->pattern];
}

static double bound_of(const weft_noc_measurement *m) { return fmin(m->bounds.channel, m->bounds.credit); }

/* ---- text ---- */

static void print_head(const weft_noc_look *look, FILE *out) {
    const weft_noc_config *c = &look->config;
    fprintf(out, "%s: %s of %d x %d routers, %d nodes, %s routing, %d VC%s of %d flits%s\n", look->chip->name,
            weft_chip_choice(look->chip, "noc", "topology"), c->width, c->height, look->chip->core_count,
            weft_chip_choice(look->chip, "noc", "routing"), c->vcs, c->vcs == 1 ? "" : "s", c->buffer_flits,
            c->speculative ? ", speculative" : "");
}

static void print_latency(const weft_noc_measurement *m, FILE *out) {
    fprintf(out, "packet latency   %.2f cycles", m->packet.mean);
    if (isfinite(m->packet_half_width)) fprintf(out, " +- %.2f", m->packet_half_width);
    fprintf(out, ", %" PRIu64 " to %" PRIu64 "\n", m->packet.min, m->packet.max);
    fprintf(out, "  percentiles   ");
    for (int i = 0; i < WEFT_NOC_PERCENTILES; i++)
        fprintf(out, "%s %g %%: %" PRIu64, i ? "," : "", weft_noc_percentiles[i], m->percentile[i]);
    fprintf(out, "\nin the network   %.2f cycles, %" PRIu64 " to %" PRIu64 "\n", m->network.mean, m->network.min,
            m->network.max);
    fprintf(out, "zero load        %.2f cycles over %.2f routers, the same packets in an idle network\n", m->zero_load,
            m->routers);
}

static void print_bounds(const weft_noc_measurement *m, bool file, FILE *out) {
    fprintf(out, "accepted         %.4f flits a node and cycle of %.4f offered%s\n", m->accepted, m->offered,
            m->saturated ? ", saturated" : "");
    fprintf(out, "bounds           %.4f by the busiest channel's load, %.4f by its credits", m->bounds.channel,
            m->bounds.credit);
    if (!file && !m->saturated) fprintf(out, "; accepted is %.1f %% of that", 100 * m->accepted / bound_of(m));
    if (!file && m->saturated)
        fprintf(out, "; the node that fares worst has %.4f, %.1f %% of that", m->accepted_least,
                100 * m->accepted_least / bound_of(m));
    fputc('\n', out);
    if (m->busiest_router >= 0)
        fprintf(out, "busiest link     router %d %s, %.4f flits a cycle\n", m->busiest_router,
                directions[m->busiest_direction], m->busiest_flits);
}

static void print_run(const weft_noc_look *look, FILE *out) {
    const weft_noc_measurement *m = &look->points[0].measured;
    bool file = look->measure.traffic.list != NULL;
    fprintf(out, "traffic          %.300s", traffic_name(look));
    if (!file)
        fprintf(out, ", rate %g, %d flits a packet, seed %" PRIu64, look->points[0].rate,
                look->measure.traffic.packet_flits, look->measure.traffic.seed);
    fprintf(out, "; %" PRIu64 " cycles after %" PRIu64 "\n", look->measure.cycles, look->measure.warmup);
    if (m->measured_packets == 0)
        fprintf(out, "no packet of %" PRIu64 " arrived\n", m->window_packets);
    else
        print_latency(m, out);
    print_bounds(m, file, out);
    fprintf(out,
            "checks           %" PRIu64 " flits in = %" PRIu64 " out + %" PRIu64 " inside; %" PRIu64 " of %" PRIu64
            " packets arrived, none faster than an idle network; no link above its bounds\n",
            m->totals.flits_injected, m->totals.flits_delivered, m->left.queued + m->left.inside, m->measured_packets,
            m->window_packets);
}

static void print_curve(const weft_noc_look *look, FILE *out) {
    fprintf(out, "traffic          %s, %d flits a packet, seed %" PRIu64 "; %" PRIu64 " cycles after %" PRIu64 "\n",
            traffic_name(look), look->measure.traffic.packet_flits, look->measure.traffic.seed, look->measure.cycles,
            look->measure.warmup);
    fputs("  offered  accepted   latency   in network       99 %  zero load\n", out);
    for (int i = 0; i < look->count; i++) {
        const weft_noc_measurement *m = &look->points[i].measured;
        fprintf(out, "%9.4f %9.4f %9.2f %12.2f %10" PRIu64 " %10.2f%s\n", look->points[i].rate, m->accepted,
                m->packet.mean, m->network.mean, m->percentile[3], m->zero_load, m->saturated ? "  saturated" : "");
    }
    const weft_noc_measurement *last = &look->points[look->count - 1].measured;
    if (isfinite(look->saturation) && last->saturated)
        fprintf(out, "saturates above %.4f flits a node and cycle, %.1f %% of the bound %.4f\n", look->saturation,
                100 * look->saturation / bound_of(last), bound_of(last));
    else if (!last->saturated)
        fprintf(out, "not saturated at %.4f; the bound is %.4f\n", look->points[look->count - 1].rate, bound_of(last));
}

void weft_noc_print(const weft_noc_look *look, FILE *out) {
    print_head(look, out);
    if (look->options->sweep)
        print_curve(look, out);
    else
        print_run(look, out);
}

/* ---- JSON ---- */

static void write_latency(weft_json *json, const char *name, const weft_noc_latency *latency, bool any) {
    char key[64];
    snprintf(key, sizeof key, "%s_cycles", name);
    weft_json_number(json, key, latency->mean);
    snprintf(key, sizeof key, "%s_min_cycles", name);
    any ? weft_json_count(json, key, latency->min) : weft_json_null(json, key);
    snprintf(key, sizeof key, "%s_max_cycles", name);
    any ? weft_json_count(json, key, latency->max) : weft_json_null(json, key);
}

static void write_percentiles(weft_json *json, const weft_noc_measurement *m) {
    weft_json_object(json, "latency_percentiles");
    for (int i = 0; i < WEFT_NOC_PERCENTILES; i++) {
        char key[16];
        snprintf(key, sizeof key, "p%g", weft_noc_percentiles[i]);
        m->measured_packets ? weft_json_count(json, key, m->percentile[i]) : weft_json_null(json, key);
    }
    weft_json_object_end(json);
}

static void write_bounds(weft_json *json, const weft_noc_measurement *m, bool file) {
    weft_json_object(json, "bounds");
    weft_json_number(json, "channel_load_flits_per_node_cycle", m->bounds.channel);
    weft_json_number(json, "credit_loop_flits_per_node_cycle", m->bounds.credit);
    weft_json_number(json, "accepted_share",
                     file ? NAN : (m->saturated ? m->accepted_least : m->accepted) / bound_of(m));
    weft_json_object_end(json);
    weft_json_object(json, "busiest_link");
    if (m->busiest_router >= 0) {
        weft_json_count(json, "router", (uint64_t)m->busiest_router);
        weft_json_text(json, "direction", directions[m->busiest_direction]);
    }
    weft_json_number(json, "flits_per_cycle", m->busiest_flits);
    weft_json_object_end(json);
}

/* What failed a check never gets here. */
static void write_counts(weft_json *json, const weft_noc_measurement *m) {
    weft_json_count(json, "window_packets", m->window_packets);
    weft_json_count(json, "measured_packets", m->measured_packets);
    weft_json_count(json, "run_cycles", m->cycles);
    weft_json_count(json, "flits_in", m->totals.flits_injected);
    weft_json_count(json, "flits_out", m->totals.flits_delivered);
    weft_json_count(json, "flits_in_source_queues", m->left.queued);
    weft_json_count(json, "flits_in_network", m->left.inside);
    weft_json_count(json, "flit_hops", m->totals.router_flits);
    weft_json_count(json, "latency_above_zero_load_min_cycles", m->slack_min);
}

static void write_point(weft_json *json, const weft_noc_look *look, const weft_noc_point *point) {
    const weft_noc_measurement *m = &point->measured;
    bool any = m->measured_packets > 0, file = look->measure.traffic.list != NULL;
    if (!file) weft_json_number(json, "rate", point->rate);
    write_latency(json, "packet_latency", &m->packet, any);
    weft_json_number(json, "packet_latency_half_width_cycles", m->packet_half_width);
    write_latency(json, "network_latency", &m->network, any);
    weft_json_number(json, "zero_load_latency_cycles", m->zero_load);
    weft_json_number(json, "accepted_flits_per_node_cycle", m->accepted);
    weft_json_number(json, "accepted_least_flits_per_node_cycle", m->accepted_least);
    weft_json_number(json, "offered_flits_per_node_cycle", m->offered);
    weft_json_number(json, "hops", m->routers);
    write_percentiles(json, m);
    weft_json_bool(json, "saturated", m->saturated);
    write_bounds(json, m, file);
    write_counts(json, m);
}

static void write_run(weft_json *json, const weft_noc_look *look) {
    weft_json_text(json, "kind", look->options->sweep ? "noc-sweep" : "noc");
    weft_json_text(json, "chip", look->chip->name);
    weft_json_text(json, "chip_sha256", look->chip->sha256.hex);
    weft_json_count(json, "nodes", (uint64_t)look->chip->core_count);
    weft_json_count(json, "routers", (uint64_t)look->chip->router_count);
    weft_json_text(json, "topology", weft_chip_choice(look->chip, "noc", "topology"));
    weft_json_text(json, "routing", weft_chip_choice(look->chip, "noc", "routing"));
    weft_json_text(json, "traffic", traffic_name(look));
    if (!look->measure.traffic.list) {
        weft_json_count(json, "packet_flits", (uint64_t)look->measure.traffic.packet_flits);
        weft_json_count(json, "seed", look->measure.traffic.seed);
    }
    weft_json_count(json, "warmup", look->measure.warmup);
    weft_json_count(json, "cycles", look->measure.cycles);
}

weft_status weft_noc_write_json(const weft_noc_look *look, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, look->options->common.json, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    write_run(json, look);
    if (look->options->sweep) {
        weft_json_number(json, "saturation_flits_per_node_cycle", look->saturation);
        weft_json_array(json, "points");
        for (int i = 0; i < look->count; i++) {
            weft_json_object(json, NULL);
            write_point(json, look, &look->points[i]);
            weft_json_object_end(json);
        }
        weft_json_array_end(json);
    } else {
        write_point(json, look, &look->points[0]);
    }
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

/* ---- CSV ---- */

static void write_number(FILE *stream, double value) {
    char text[32] = "";
    if (isfinite(value)) weft_number_text(text, sizeof text, value);
    fprintf(stream, "%s,", text);
}

weft_status weft_noc_write_csv(const weft_noc_look *look, weft_error *err) {
    weft_output out;
    WEFT_TRY(weft_output_open(&out, look->options->csv, err));
    fputs("rate,offered_flits_per_node_cycle,accepted_flits_per_node_cycle,packet_latency_cycles,"
          "network_latency_cycles,zero_load_latency_cycles,hops,",
          out.stream);
    for (int i = 0; i < WEFT_NOC_PERCENTILES; i++) fprintf(out.stream, "p%g,", weft_noc_percentiles[i]);
    fputs("measured_packets,saturated\n", out.stream);
    for (int i = 0; i < look->count; i++) {
        const weft_noc_measurement *m = &look->points[i].measured;
        const double numbers[] = {look->measure.traffic.list ? NAN : look->points[i].rate,
                                  m->offered,
                                  m->accepted,
                                  m->packet.mean,
                                  m->network.mean,
                                  m->zero_load,
                                  m->routers};
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) write_number(out.stream, numbers[k]);
        for (int k = 0; k < WEFT_NOC_PERCENTILES; k++) fprintf(out.stream, "%" PRIu64 ",", m->percentile[k]);
        fprintf(out.stream, "%" PRIu64 ",%s\n", m->measured_packets, m->saturated ? "true" : "false");
    }
    return weft_output_commit(&out, err);
}
