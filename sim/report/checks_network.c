/* Checks of the network: what went in came out, no sooner than an idle network allows, no faster than its links. */
#include <math.h>
#include <stdlib.h>

#include "sim/noc/noc_bounds.h"
#include "sim/noc/noc_chip.h"
#include "sim/noc/noc_measure.h"
#include "sim/report/checks.h"

enum { PROBES = 32 };

typedef struct flow {
    int from, to, flits;
} flow;

/* Loads of the packets of an image, and some of their flows, spread over all. */
typedef struct packet_sums {
    const weft_report_tables *tables;
    uint64_t copied, *sent, *received; /* flits; [terminals] */
    flow kept[PROBES];
    int kept_count;
    uint64_t flows, keep_every;
} packet_sums;

/* Every keep_every-th flow; when the room is full, every other one goes. */
static void keep(packet_sums *sums, flow found) {
    if (sums->flows++ % sums->keep_every) return;
    if (sums->kept_count == PROBES) {
        for (int i = 0; i < PROBES / 2; i++) sums->kept[i] = sums->kept[2 * i];
        sums->kept_count = PROBES / 2;
        sums->keep_every *= 2;
        if ((sums->flows - 1) % sums->keep_every) return;
    }
    sums->kept[sums->kept_count++] = found;
}

static void add_packets(void *user, int part, weft_packet_kind kind, int from, const weft_route *route, int values,
                        uint64_t times) {
    packet_sums *sums = user;
    const int flits = weft_traffic_packet_flits(sums->tables->input->traffic, kind, values);
    (void)part;
    if (times == 0) return;
    if (route->pieces) sums->copied += times * (uint64_t)flits * (uint64_t)(route->core_count - 1);
    for (int i = 0; i < route->core_count; i++) {
        keep(sums, (flow){from, route->cores[i], flits});
        sums->received[route->cores[i]] += times * (uint64_t)flits;
        if (!route->pieces || i == 0) sums->sent[from] += times * (uint64_t)flits; /* a tree once */
    }
}

/* Each of the kept flows' packets by itself through a network of its own. */
static weft_status send_probes(weft_report_probes *out, const packet_sums *sums, const weft_noc_config *config,
                               weft_error *err) {
    weft_noc *noc = NULL;
    weft_status status;
    *out = (weft_report_probes){.count = sums->kept_count, .exact = config->routing <= WEFT_NOC_YX};
    WEFT_TRY_GOTO(weft_noc_create(&noc, config, err));
    for (int i = 0; i < sums->kept_count; i++) {
        const flow *f = &sums->kept[i];
        uint64_t took, formula;
        WEFT_TRY_GOTO(weft_noc_probe(&took, noc, f->from, f->to, f->flits, err));
        WEFT_TRY_GOTO(weft_noc_zero_load(&formula, config, f->from, f->to, f->flits, err));
        out->cycles += took;
        out->zero_load_cycles += formula;
        out->differing += out->exact ? took != formula : took < formula;
    }
cleanup:
    weft_noc_destroy(noc);
    return status;
}

static weft_status collect_packets(weft_report_tables *tables, const weft_noc_config *config, weft_error *err) {
    const size_t terminals = (size_t)config->terminal_count;
    uint64_t *sent = calloc(2 * terminals, sizeof *sent);
    if (!sent) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the report's packets");
    packet_sums sums = {.tables = tables, .sent = sent, .received = sent + terminals, .keep_every = 1};
    weft_status status = weft_traffic_visit_packets(tables->input->traffic, add_packets, &sums, err);
    if (status == WEFT_OK && weft_report_is_timed(tables)) status = send_probes(&tables->probes, &sums, config, err);
    for (size_t i = 0; i < 2 * terminals; i++)
        if (sent[i] > tables->port_flits) tables->port_flits = sent[i];
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
    const weft_report_probes *probes = &tables->probes;
    if (probes->count > 0)
        weft_report_check_add(tables,
                              &(weft_report_check){"probes_take_zero_load_latency", true, probes->differing == 0,
                                                   (double)probes->cycles, (double)probes->zero_load_cycles,
                                                   "cycles, packets sent one by one through an idle network",
                                                   probes->exact ? "=" : ">=", "closed form of each"});
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

/* Link or port, whichever is nearer to what it can carry. */
static void check_load(weft_report_tables *tables, const weft_timing *timing) {
    const double cycles = (double)timing->cycles;
    const double port = (double)timing->images * (double)tables->port_flits / tables->input->mapping->chips;
    const int link = fullest_link(tables, timing);
    double carried = port, share = 1;
    if (link >= 0) {
        const double flits = (double)timing->link_flits[link];
        const double most = tables->link_share[link % (tables->input->chip->router_count * 4)];
        if (flits / most > carried) carried = flits, share = most;
    }
    if (carried > 0)
        weft_report_check_most(tables, "fullest_channel_within_credit_loop", carried / cycles,
                               "flits a cycle, fullest link or port", share, "by channel and credit loop");
}

void weft_report_check_network(weft_report_tables *tables) {
    const weft_timing *timing = tables->input->timed->timing;
    check_flits(tables, timing);
    check_latency(tables, timing);
    check_load(tables, timing);
}
