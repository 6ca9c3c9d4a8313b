/* Checks of the network: what went in came out, no sooner than an idle network allows, no faster than its links. */
#include <math.h>
#include <stdlib.h>

#include "sim/noc/noc_bounds.h"
#include "sim/noc/noc_chip.h"
#include "sim/report/checks.h"

/* Latencies and loads of the packets of an image. */
typedef struct packet_sums {
    const weft_report_tables *tables;
    const weft_noc_config *config;
    uint64_t zero_load, copied, *sent, *received; /* flits; [terminals] */
    weft_status status;
    weft_error *err;
} packet_sums;

static void add_packets(void *user, int part, weft_packet_kind kind, int from, const weft_route *route, int values,
                        uint64_t times) {
    packet_sums *sums = user;
    const weft_report_input *input = sums->tables->input;
    const int flits = weft_traffic_packet_flits(input->traffic, kind, values);
    (void)part;
    if (times == 0) return;
    if (route->pieces) sums->copied += times * (uint64_t)flits * (uint64_t)(route->core_count - 1);
    for (int i = 0; i < route->core_count && sums->status == WEFT_OK; i++) {
        uint64_t cycles = 0;
        sums->status = weft_noc_zero_load(&cycles, sums->config, from, route->cores[i], flits, sums->err);
        sums->zero_load += times * cycles;
        sums->received[route->cores[i]] += times * (uint64_t)flits;
        if (!route->pieces || i == 0) sums->sent[from] += times * (uint64_t)flits; /* a tree once */
    }
}

static weft_status collect_packets(weft_report_tables *tables, const weft_noc_config *config, weft_error *err) {
    const size_t terminals = (size_t)config->terminal_count;
    uint64_t *sent = calloc(2 * terminals, sizeof *sent);
    if (!sent) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the report's packets");
    packet_sums sums = {tables, config, 0, 0, sent, sent + terminals, WEFT_OK, err};
    weft_status status = weft_traffic_visit_packets(tables->input->traffic, add_packets, &sums, err);
    if (status == WEFT_OK) status = sums.status;
    for (size_t i = 0; i < 2 * terminals; i++)
        if (sent[i] > tables->port_flits) tables->port_flits = sent[i];
    tables->zero_load_cycles = sums.zero_load;
    tables->copied_flits = sums.copied;
    free(sent);
    return status;
}

weft_status weft_report_collect_network(weft_report_tables *tables, weft_error *err) {
    const weft_chip *chip = tables->input->chip;
    weft_noc_config config;
    WEFT_TRY(weft_noc_config_of_chip(&config, chip, chip->core_count + 1, err));
    for (int i = 0; i < chip->router_count * 4; i++)
        tables->link_share[i] = weft_noc_link_info_get(&config, i / 4, i % 4).credit_share;
    const weft_status status = collect_packets(tables, &config, err);
    free((void *)config.terminal_router);
    return status;
}

/* What was counted when it was handed over, and what trees add to it, against what arrived. */
static void check_flits(weft_report_tables *tables, const weft_timing *timing) {
    const double copied = (double)timing->images * (double)tables->copied_flits;
    weft_report_check_equal(tables, "flits_in_equal_flits_out", (double)timing->flits_in + copied,
                            copied > 0 ? "sent, and copied where trees branch" : "sent", (double)timing->flits,
                            "delivered");
}

static void check_latency(weft_report_tables *tables, const weft_timing *timing) {
    weft_report_check_equal(tables, "zero_load_latency_equals_formula", (double)timing->zero_load_sum_cycles,
                            "cycles, sum over the run's packets",
                            (double)timing->images * (double)tables->zero_load_cycles, "formula over all flows");
    weft_report_check_least(tables, "packet_latency_at_least_zero_load", (double)timing->latency_sum_cycles,
                            "cycles, sum over packets", (double)timing->zero_load_sum_cycles, "in an idle network");
}

/* The link that is nearest to what it can carry: one flit a cycle, or what its buffers have room for while a credit
 * comes back. -1: no link carried anything. */
static int fullest_link(const weft_report_tables *tables, const weft_timing *timing) {
    const int links = tables->input->chip->router_count * 4; /* of a chip */
    int fullest = -1;
    double most = 0;
    for (int i = 0; i < timing->router_count * 4; i++) {
        const double load = (double)timing->link_flits[i] / tables->link_share[i % links];
        if (timing->link_flits[i] == 0 || load <= most) continue;
        most = load;
        fullest = i;
    }
    return fullest;
}

/* With this run's traffic the fullest link or port carries its share of all flits, and no more than it can. */
static void check_load(weft_report_tables *tables, const weft_timing *timing) {
    const double cycles = (double)timing->cycles, flits = (double)timing->flits;
    const double port = (double)timing->images * (double)tables->port_flits / tables->input->mapping->chips;
    const int link = fullest_link(tables, timing);
    double bound = INFINITY;
    if (link >= 0) {
        const double carried = (double)timing->link_flits[link];
        const double share = tables->link_share[link % (tables->input->chip->router_count * 4)];
        weft_report_check_most(tables, "fullest_link_within_credit_loop", carried / cycles, "flits a cycle", share,
                               "by channel and credit loop");
        bound = flits / carried * share;
    }
    if (port > 0) bound = fmin(bound, flits / port);
    if (isfinite(bound))
        weft_report_check_most(tables, "accepted_rate_within_channel_load", flits / cycles, "flits a cycle", bound,
                               "with the fullest link or port full");
}

void weft_report_check_network(weft_report_tables *tables) {
    const weft_timing *timing = tables->input->timed->timing;
    check_flits(tables, timing);
    check_latency(tables, timing);
    check_load(tables, timing);
}
