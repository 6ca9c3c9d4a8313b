#include "sim/noc/noc_measure.h"

#include <math.h>
#include <stdlib.h>

#include "sim/noc/noc_samples.h"

const double weft_noc_percentiles[WEFT_NOC_PERCENTILES] = {50, 90, 95, 99, 99.9, 99.99};

enum {
    LOOK_WORK = 65536,     /* cycles x routers between looks at the flag */
    DEADLOCK_EVERY = 1024, /* cycles between looks for deadlocks */
    DRAIN_STABLE = 10,     /* windows that the rest may take without growth; one with growth */
    DRAIN_LEAST = 10000
};

static const double EXACT = 1e-9; /* rounding of rate and bound */

typedef struct run {
    const weft_noc_config *config;
    const weft_noc_measure_options *options;
    weft_noc *noc;
    weft_noc_traffic *traffic;
    weft_noc_samples samples;
    weft_noc_measurement *out;
    uint64_t *accepted; /* [terminals] flits of whole packets from it that arrived in the window */
    bool in_window;
    uint64_t end, last; /* of the window; of the run at most */
    uint64_t stall_limit;
    uint64_t look_every, deadlock_at; /* cycles; cycle of the next look for one */
    bool can_deadlock;
} run;

/* ---- checks ---- */

static weft_status check_flits(const run *r, weft_error *err) {
    const weft_noc_statistics *s = &r->out->totals;
    const weft_noc_occupancy *o = &r->out->left;
    if (s->flits_injected == s->flits_delivered + o->queued + o->inside) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INTERNAL,
                          "noc: %llu flits were created, %llu came out, %llu are in source queues and %llu inside",
                          (unsigned long long)s->flits_injected, (unsigned long long)s->flits_delivered,
                          (unsigned long long)o->queued, (unsigned long long)o->inside);
}

/* A link's share of the run, and its buffer once. Finds the busiest link, too. */
static weft_status check_links(run *r, weft_error *err) {
    weft_noc_measurement *m = r->out;
    uint64_t most = 0;
    m->busiest_router = -1;
    for (int router = 0; router < r->config->width * r->config->height; router++)
        for (int side = 0; side < 4; side++) {
            uint64_t flits = weft_noc_link_flits(r->noc, router, side);
            if (!flits) continue;
            weft_noc_link_info link = weft_noc_link_info_get(r->config, router, side);
            double most_possible =
                link.credit_share * (double)m->cycles + (double)r->config->vcs * r->config->buffer_flits;
            if ((double)flits > most_possible)
                return weft_error_set(err, WEFT_E_INTERNAL,
                                      "noc: %llu flits in %llu cycles left router %d towards side %d; at most %.0f can",
                                      (unsigned long long)flits, (unsigned long long)m->cycles, router, side,
                                      most_possible);
            if (flits <= most) continue;
            most = flits;
            m->busiest_router = router;
            m->busiest_direction = side;
        }
    m->busiest_flits = m->cycles ? (double)most / (double)m->cycles : 0;
    return WEFT_OK;
}

/* What arrived cannot pass the bounds, but for chance: four standard deviations of the packets over the busiest
 * channel. Where something is saturated, nodes that stay off the busiest channel pass them, but not all nodes can. */
static weft_status check_bounds(const run *r, weft_error *err) {
    const weft_noc_measurement *m = r->out;
    double bound = fmin(m->bounds.channel, m->bounds.credit), flits = m->offered * r->config->terminal_count;
    double accepted = m->saturated ? m->accepted_least : m->accepted;
    if (r->options->traffic.list || !(m->window_packets > 0)) return WEFT_OK;
    double mean_flits = flits * (double)r->options->cycles / (double)m->window_packets;
    double chance = 4 * bound * sqrt(mean_flits / (double)r->options->cycles) + 0.01 * bound;
    chance += (double)m->backlog_begin / ((double)r->options->cycles * r->config->terminal_count);
    if (accepted <= bound + chance) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INTERNAL, "noc: %g flits a node and cycle were accepted; the bound is %g",
                          accepted, bound);
}

weft_status weft_noc_probe(uint64_t *cycles, weft_noc *noc, int source, int target, int flits, weft_error *err) {
    const weft_noc_delivery *d = NULL;
    const uint64_t stall_limit = weft_noc_stall_limit(noc);
    weft_noc_skip(noc, 4 * stall_limit);
    const uint64_t created = weft_noc_cycle(noc);
    WEFT_TRY(weft_noc_inject(noc, source, target, flits, 0, err));
    while (weft_noc_step(noc, &d) == 0)
        if (weft_noc_stalled_cycles(noc) > stall_limit)
            return weft_error_set(err, WEFT_E_INTERNAL,
                                  "noc: %d flits from %d to %d, alone in the network, do not arrive", flits, source,
                                  target);
    *cycles = weft_noc_cycle(noc) - created;
    return WEFT_OK;
}

/* A few of the window's packets, each alone in a network of its own. */
static weft_status check_zero_load(const run *r, weft_error *err) {
    const bool lower_bound = r->config->routing > WEFT_NOC_YX;
    weft_noc *noc = NULL;
    weft_status status;
    WEFT_TRY_GOTO(weft_noc_create(&noc, r->config, err));
    for (int i = 0; i < r->samples.kept_count; i++) {
        const weft_noc_delivery *kept = &r->samples.kept[i];
        uint64_t expected, took;
        WEFT_TRY_GOTO(weft_noc_zero_load(&expected, r->config, kept->source, kept->target, kept->flits, err));
        WEFT_TRY_GOTO(weft_noc_probe(&took, noc, kept->source, kept->target, kept->flits, err));
        if (took != expected && !(lower_bound && took > expected))
            WEFT_TRY_GOTO(weft_error_set(
                err, WEFT_E_INTERNAL, "noc: %d flits from %d to %d alone in the network took %llu cycles, not %llu",
                kept->flits, kept->source, kept->target, (unsigned long long)took, (unsigned long long)expected));
    }
cleanup:
    weft_noc_destroy(noc);
    return status;
}

static weft_status check_deadlock(const run *r, bool stalled, weft_error *err) {
    char text[768];
    if (weft_noc_find_deadlock(r->noc, text, sizeof text))
        return weft_error_set(err, WEFT_E_INVALID, "deadlock after %llu cycles: %s",
                              (unsigned long long)weft_noc_cycle(r->noc), text);
    if (!stalled) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INTERNAL, "noc: no flit has moved for %llu cycles",
                          (unsigned long long)r->stall_limit);
}

/* ---- the run ---- */

static weft_status look(run *r, weft_error *err) {
    const uint64_t now = weft_noc_cycle(r->noc);
    const weft_noc_measure_options *o = r->options;
    if (o->stop && *o->stop) return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted");
    if (o->progress) o->progress(o->context, now, r->end);
    if (!r->can_deadlock || now < r->deadlock_at) return WEFT_OK;
    r->deadlock_at = now + DEADLOCK_EVERY;
    return check_deadlock(r, false, err);
}

static weft_status take(run *r, const weft_noc_delivery *d, int count, weft_error *err) {
    for (int i = 0; i < count; i++) {
        if (r->in_window) r->accepted[d[i].source] += (uint64_t)d[i].flits;
        if (d[i].created < r->options->warmup || d[i].created >= r->end) continue;
        WEFT_TRY(weft_noc_samples_add(&r->samples, r->config, &d[i], err));
    }
    return WEFT_OK;
}

/* To the cycle `end`, or until every packet of the window is there. */
static weft_status run_until(run *r, uint64_t end, bool drain, weft_error *err) {
    const weft_noc_delivery *d = NULL;
    uint64_t look_at = weft_noc_cycle(r->noc);
    while (weft_noc_cycle(r->noc) < end) {
        uint64_t now = weft_noc_cycle(r->noc), next = weft_noc_traffic_next(r->traffic);
        if (drain && r->samples.count == r->out->window_packets) break;
        if (now >= look_at) {
            WEFT_TRY(look(r, err));
            look_at = now + r->look_every;
        }
        if (next > now && weft_noc_idle(r->noc)) {
            weft_noc_skip(r->noc, (next < end ? next : end) - now);
            continue;
        }
        WEFT_TRY(weft_noc_traffic_inject(r->traffic, r->noc, err));
        WEFT_TRY(take(r, d, weft_noc_step(r->noc, &d), err));
        if (weft_noc_stalled_cycles(r->noc) > r->stall_limit) WEFT_TRY(check_deadlock(r, true, err));
    }
    return WEFT_OK;
}

static uint64_t backlog(const weft_noc_statistics *s) { return s->flits_injected - s->flits_delivered; }

/* More flits wait at the window's end than at its beginning, and by more than chance. */
static bool grew(const weft_noc_measurement *m, uint64_t created_flits, double packet_flits) {
    double growth = (double)m->backlog_end - (double)m->backlog_begin;
    double inside = fmax((double)m->backlog_begin, packet_flits);
    return growth > 0.01 * (double)created_flits + 3 * sqrt(2 * packet_flits * inside);
}

/* More is offered than the busiest channel or its credits can carry: whatever the window shows, queues have no end. */
static bool above_bounds(const run *r) {
    return r->options->traffic.rate > fmin(r->out->bounds.channel, r->out->bounds.credit) * (1 + EXACT);
}

static weft_status measure_window(run *r, weft_error *err) {
    const weft_noc_measure_options *o = r->options;
    weft_noc_measurement *m = r->out;
    WEFT_TRY(run_until(r, o->warmup, false, err));
    weft_noc_statistics begin = weft_noc_statistics_get(r->noc);
    r->in_window = true;
    WEFT_TRY(run_until(r, r->end, false, err));
    r->in_window = false;
    weft_noc_statistics end = weft_noc_statistics_get(r->noc);
    double node_cycles = (double)o->cycles * r->config->terminal_count;
    uint64_t created = end.flits_injected - begin.flits_injected;
    m->window_packets = end.packets_injected - begin.packets_injected;
    m->offered = (double)created / node_cycles;
    m->accepted = (double)(end.flits_delivered - begin.flits_delivered) / node_cycles;
    m->backlog_begin = backlog(&begin);
    m->backlog_end = backlog(&end);
    if (o->traffic.list) return WEFT_OK;
    m->saturated = above_bounds(r);
    if (m->window_packets == 0) return WEFT_OK;
    m->saturated = m->saturated || grew(m, created, (double)created / (double)m->window_packets);
    return WEFT_OK;
}

/* A list has an end: all of it arrives, unless something waits for ever. */
static weft_status drain(run *r, weft_error *err) {
    uint64_t length = r->out->saturated ? r->options->cycles : DRAIN_STABLE * r->options->cycles + DRAIN_LEAST;
    r->last = r->options->traffic.list ? UINT64_MAX : r->end + length;
    WEFT_TRY(run_until(r, r->last, true, err));
    if (r->options->traffic.list) return WEFT_OK;
    if (r->samples.count < r->out->window_packets || weft_noc_samples_rise(&r->samples)) r->out->saturated = true;
    return WEFT_OK;
}

static double least_accepted(const run *r, const weft_noc_loads *loads) {
    uint64_t least = UINT64_MAX;
    for (int t = 0; t < r->config->terminal_count; t++)
        if (loads->injection[t] > 0 && r->accepted[t] < least) least = r->accepted[t];
    return least < UINT64_MAX ? (double)least / (double)r->options->cycles : 0;
}

static weft_status finish(run *r, const weft_noc_loads *loads, weft_error *err) {
    weft_noc_measurement *m = r->out;
    m->cycles = weft_noc_cycle(r->noc);
    m->totals = weft_noc_statistics_get(r->noc);
    m->left = weft_noc_occupancy_get(r->noc);
    weft_noc_samples_finish(&r->samples, m);
    m->accepted_least = least_accepted(r, loads);
    WEFT_TRY(check_flits(r, err));
    WEFT_TRY(check_links(r, err));
    WEFT_TRY(check_bounds(r, err));
    return check_zero_load(r, err);
}

weft_status weft_noc_measure(weft_noc_measurement *out, const weft_noc_config *config,
                             const weft_noc_measure_options *options, weft_error *err) {
    run r = {.config = config, .options = options, .out = out, .end = options->warmup + options->cycles};
    weft_noc_loads loads = {0};
    weft_status status;
    *out = (weft_noc_measurement){0};
    WEFT_TRY_GOTO(weft_noc_samples_create(&r.samples, options->warmup, options->cycles, err));
    WEFT_TRY_GOTO(weft_noc_create(&r.noc, config, err));
    r.accepted = calloc((size_t)config->terminal_count, sizeof *r.accepted);
    if (!r.accepted)
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for %d nodes", config->terminal_count));
    WEFT_TRY_GOTO(weft_noc_traffic_create(&r.traffic, config, &options->traffic, err));
    r.stall_limit = weft_noc_stall_limit(r.noc);
    r.can_deadlock = weft_noc_can_deadlock(config);
    r.look_every = 1 + (uint64_t)LOOK_WORK / ((uint64_t)config->width * (uint64_t)config->height);
    WEFT_TRY_GOTO(weft_noc_traffic_loads(&loads, r.traffic, config, err));
    out->bounds = weft_noc_bounds_get(&loads, config);
    WEFT_TRY_GOTO(measure_window(&r, err));
    WEFT_TRY_GOTO(drain(&r, err));
    WEFT_TRY_GOTO(finish(&r, &loads, err));
cleanup:
    weft_noc_traffic_destroy(r.traffic);
    weft_noc_destroy(r.noc);
    weft_noc_samples_destroy(&r.samples);
    free(r.accepted);
    weft_noc_loads_destroy(&loads);
    return status;
}
