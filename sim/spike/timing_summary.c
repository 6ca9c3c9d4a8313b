/* What the times of ticks come to. */
#include <math.h>
#include <stdio.h>

#include "sim/spike/timing.h"

const char *const weft_tick_bound_names[WEFT_TICK_BOUNDS] = {"cores", "network", "barrier"};

weft_tick_bound weft_tick_bound_of(const weft_tick_time *time) {
    const uint64_t cores = time->cores_cycles;
    const uint64_t network = time->network_cycles > cores ? time->network_cycles - cores : 0;
    if (cores >= network && cores >= time->barrier_cycles) return WEFT_TICK_CORES;
    return network >= time->barrier_cycles ? WEFT_TICK_NETWORK : WEFT_TICK_BARRIER;
}

bool weft_tick_is_met(const weft_chip *chip, const weft_tick_time *time) {
    const double cycles = chip->clock.tick_ns / chip->cycle_ns; /* the small number: as in whole cycles elsewhere */
    return !(chip->clock.tick_ns > 0) || (double)time->cycles <= floor(cycles + fmax(1e-9, cycles * 1e-14));
}

static void add_tick(weft_spike_timing_summary *s, const weft_chip *chip, const weft_tick_time *time) {
    const double took = (double)time->cycles * chip->cycle_ns;
    s->missed += !weft_tick_is_met(chip, time);
    if (time->cycles > s->longest_cycles) s->longest_cycles = time->cycles, s->longest_tick = time->tick;
    s->seconds += 1e-9 * fmax(took, s->tick_ns);
    s->packets += time->packets;
    s->hops += time->hops;
    s->latency_ns_max = fmax(s->latency_ns_max, (double)time->latency_max * chip->cycle_ns);
    s->bound[weft_tick_bound_of(time)]++;
}

/* Links between routers that are there, in both directions. */
static int64_t link_count(const weft_chip *chip) {
    const int64_t x = chip->noc.mesh[0], y = chip->noc.mesh[1];
    const bool torus = chip->noc.topology == WEFT_CHIP_TORUS;
    return 2 * (y * (torus && x > 2 ? x : x - 1) + x * (torus && y > 2 ? y : y - 1));
}

static void add_links(weft_spike_timing_summary *s, const weft_chip *chip, const uint64_t *flits,
                      uint64_t network_cycles) {
    uint64_t sum = 0;
    for (int i = 0; i < chip->router_count * 4; i++) {
        sum += flits[i];
        if (flits[i] > s->router_flits) s->router_flits = flits[i], s->router = i / 4, s->direction = i % 4;
    }
    if (!sum) return;
    s->load = (double)s->router_flits / (double)network_cycles;
    s->mean_load = (double)sum / (double)network_cycles / (double)link_count(chip);
}

void weft_spike_timing_summarise(weft_spike_timing_summary *out, const weft_chip *chip,
                                 const weft_spike_timing_result *result) {
    uint64_t cycles = 0, network_cycles = 0, latency = 0;
    *out = (weft_spike_timing_summary){.ticks = result->count, .tick_ns = chip->clock.tick_ns, .router = -1};
    for (uint64_t i = 0; i < result->count; i++) {
        const weft_tick_time *time = &result->times[i];
        add_tick(out, chip, time);
        cycles += time->cycles;
        network_cycles += time->network_cycles;
        latency += time->latency_sum;
    }
    if (result->count) out->longest_tick = out->longest_cycles ? out->longest_tick : result->times[0].tick;
    out->mean_cycles = result->count ? (double)cycles / (double)result->count : (double)NAN;
    out->fastest_tick_ns = (double)out->longest_cycles * chip->cycle_ns;
    out->latency_ns_mean = out->packets ? (double)latency * chip->cycle_ns / (double)out->packets : (double)NAN;
    if (!out->packets) out->latency_ns_max = (double)NAN;
    for (int b = 1; b < WEFT_TICK_BOUNDS; b++)
        if (out->bound[b] > out->bound[out->bound_by]) out->bound_by = b;
    add_links(out, chip, result->link_flits, network_cycles);
}

void weft_spike_timing_unknown(char *out, size_t size, const weft_chip *chip) {
    static const int used[] = {WEFT_SPIKE_EVENT_SYNAPTIC_EVENT, WEFT_SPIKE_EVENT_UPDATE_ACTIVE,
                               WEFT_SPIKE_EVENT_UPDATE_INACTIVE, WEFT_SPIKE_EVENT_SPIKE, WEFT_SPIKE_EVENT_PACKET};
    size_t length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof used / sizeof used[0] && length < size; i++)
        if (chip->spike_latency.ns[used[i]].value <= 0)
            length += (size_t)snprintf(out + length, size - length, "%s%s", length ? ", " : "",
                                       weft_spike_costs[used[i]].key);
    if (!(chip->spike_latency.barrier_ns.value > 0) && length < size)
        snprintf(out + length, size - length, "%sbarrier", length ? ", " : "");
}
