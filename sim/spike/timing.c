/* Ticks gather and are timed together, one after another on each thread's network. Which thread takes which does not
 * show: every tick begins with a network as new, and results are put by number. */
#include "sim/spike/timing.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noc/noc_chip.h"
#include "sim/spike/timing_internal.h"
#include "sim/trace/blocks.h"

enum { ENTRIES_PER_THREAD = 1 << 19, TICKS_PER_THREAD = 1 << 10 }; /* that gather before they are timed */

typedef struct gathered_tick {
    uint64_t tick;
    size_t first_core, first_packet;
    int core_count;
    int64_t packet_count;
} gathered_tick;

struct weft_spike_timing {
    const weft_chip *chip;
    const volatile sig_atomic_t *stop;
    timing_costs costs;
    weft_noc_config config;
    int threads;
    timing_worker *workers; /* [threads] */
    gathered_tick *ticks;
    weft_tick_core *cores;
    weft_tick_packet *packets;
    size_t tick_count, tick_room, core_count, core_room, packet_count, packet_room;
    weft_tick_time *times; /* [time_count] and room for what has gathered */
    size_t time_count, time_room;
    uint64_t *link_flits;
};

timing_costs weft_timing_costs_of(const weft_chip *chip) {
    const weft_cited *ns = chip->spike_latency.ns;
    const double row = (double)chip->synapse.row_bits * ns[WEFT_SPIKE_EVENT_ROW_BIT].value;
    const int flits = weft_chip_flits(chip, 0, 0);
    return (timing_costs){
        .cycle_ns = chip->cycle_ns,
        .synaptic_ns = ns[WEFT_SPIKE_EVENT_SYNAPTIC_EVENT].value,
        .active_ns = ns[WEFT_SPIKE_EVENT_UPDATE_ACTIVE].value + row,
        .inactive_ns = ns[WEFT_SPIKE_EVENT_UPDATE_INACTIVE].value + row,
        .packet_ns = ns[WEFT_SPIKE_EVENT_SPIKE].value + ns[WEFT_SPIKE_EVENT_PACKET].value,
        .packet_bits = (uint64_t)flits * (uint64_t)chip->noc.flit_bits,
        .host_bits_per_cycle = (uint64_t)chip->io.bits_per_cycle,
        .flits = flits,
        .trees = chip->noc.multicast && flits <= chip->noc.buffer_flits,
    };
}

/* ---- life ---- */

static weft_status create_workers(weft_spike_timing *t, weft_error *err) {
    WEFT_TRY(weft_noc_config_of_chip(&t->config, t->chip, t->chip->core_count + 1, err));
    t->workers = calloc((size_t)t->threads, sizeof *t->workers);
    t->link_flits = calloc((size_t)t->chip->router_count * 4, sizeof *t->link_flits);
    if (!t->workers || !t->link_flits)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory to time a chip of %d routers", t->chip->router_count);
    for (int i = 0; i < t->threads; i++) {
        t->workers[i] = (timing_worker){.chip = t->chip, .costs = &t->costs, .config = &t->config};
        WEFT_TRY(weft_noc_create(&t->workers[i].noc, &t->config, err));
    }
    return WEFT_OK;
}

weft_status weft_spike_timing_create(weft_spike_timing **out, const weft_chip *chip,
                                     const weft_spike_timing_options *options, weft_error *err) {
    *out = NULL;
    if (chip->kind != WEFT_CHIP_SPIKING)
        return weft_error_set(err, WEFT_E_INVALID, "chip '%s' has no ticks of spikes to time: it is no spiking chip",
                              chip->name);
    weft_spike_timing *t = calloc(1, sizeof *t);
    if (!t) return weft_error_set(err, WEFT_E_MEMORY, "no memory to time a chip");
    t->chip = chip;
    t->stop = options->stop;
    t->costs = weft_timing_costs_of(chip);
    t->threads = options->threads > 0 ? options->threads : omp_get_max_threads();
    const weft_status status = create_workers(t, err);
    if (status != WEFT_OK)
        weft_spike_timing_destroy(t);
    else
        *out = t;
    return status;
}

void weft_spike_timing_destroy(weft_spike_timing *timing) {
    if (!timing) return;
    for (int i = 0; timing->workers && i < timing->threads; i++) {
        weft_noc_destroy(timing->workers[i].noc);
        free(timing->workers[i].handovers);
        free(timing->workers[i].targets);
    }
    void *const arrays[] = {timing->workers, timing->ticks, timing->cores,
                            timing->packets, timing->times, timing->link_flits};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) free(arrays[i]);
    free((int *)timing->config.terminal_router);
    free(timing);
}

/* ---- gathering ---- */

static weft_status lacks(const weft_chip *chip, const weft_tick *tick, uint32_t core, weft_error *err) {
    return weft_error_set(err, WEFT_E_INVALID,
                          "tick %" PRIu64 " needs core %" PRIu32
                          "; chip '%s' has the cores 0 to %d (%lld x %lld routers with %lld each)",
                          tick->tick, core, chip->name, chip->core_count - 1, (long long)chip->noc.mesh[0],
                          (long long)chip->noc.mesh[1], (long long)chip->noc.concentration);
}

static weft_status check_fits(const weft_chip *chip, const weft_tick *tick, weft_error *err) {
    const uint32_t cores = (uint32_t)chip->core_count;
    if (tick->core_count && tick->cores[tick->core_count - 1].core >= cores)
        return lacks(chip, tick, tick->cores[tick->core_count - 1].core, err);
    for (int64_t i = 0; i < tick->packet_count; i++) {
        const uint32_t target = tick->packets[i].target;
        if (target >= cores && target != WEFT_TICK_HOST) return lacks(chip, tick, target, err);
    }
    if (tick->packet_count > INT32_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "tick %" PRIu64 ": %" PRId64 " packets are above %d", tick->tick,
                              tick->packet_count, INT32_MAX);
    return WEFT_OK;
}

static weft_status make_room(weft_spike_timing *t, const weft_tick *tick, weft_error *err) {
    const size_t cores = t->core_count + (size_t)tick->core_count, times = t->time_count + t->tick_count + 1;
    const size_t packets = t->packet_count + (size_t)tick->packet_count;
    gathered_tick *ticks = weft_trace_grow(t->ticks, &t->tick_room, t->tick_count, sizeof *ticks);
    if (ticks) t->ticks = ticks;
    weft_tick_core *all_cores = weft_trace_grow(t->cores, &t->core_room, cores, sizeof *all_cores);
    if (all_cores) t->cores = all_cores;
    weft_tick_packet *all_packets = weft_trace_grow(t->packets, &t->packet_room, packets, sizeof *all_packets);
    if (all_packets) t->packets = all_packets;
    weft_tick_time *all_times = weft_trace_grow(t->times, &t->time_room, times, sizeof *all_times);
    if (all_times) t->times = all_times;
    if (ticks && all_cores && all_packets && all_times) return WEFT_OK;
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for tick %" PRIu64, tick->tick);
}

static bool is_full(const weft_spike_timing *t) {
    return t->core_count + t->packet_count >= (size_t)t->threads * ENTRIES_PER_THREAD ||
           t->tick_count >= (size_t)t->threads * TICKS_PER_THREAD;
}

/* ---- timing ---- */

static weft_tick tick_at(const weft_spike_timing *t, size_t i) {
    const gathered_tick *g = &t->ticks[i];
    return (weft_tick){.tick = g->tick,
                       .cores = t->cores + g->first_core,
                       .core_count = g->core_count,
                       .packets = t->packets + g->first_packet,
                       .packet_count = g->packet_count};
}

/* What went wrong with the earliest tick that failed. */
typedef struct failure {
    size_t tick;
    weft_status status;
    weft_error error;
} failure;

static void time_one(weft_spike_timing *t, size_t i, failure *first) {
    weft_error err = {0};
    const weft_tick tick = tick_at(t, i);
    weft_status status = WEFT_OK;
    if (t->stop && *t->stop)
        status = weft_error_set(&err, WEFT_E_INTERRUPTED, "interrupted at tick %" PRIu64, tick.tick);
    else
        status = weft_timing_tick(&t->times[t->time_count + i], &t->workers[omp_get_thread_num()], &tick, &err);
    if (status == WEFT_OK) return;
#pragma omp critical(weft_spike_timing_failure)
    if (first->status == WEFT_OK || i < first->tick) *first = (failure){i, status, err};
}

static weft_status time_gathered(weft_spike_timing *t, weft_error *err) {
    failure first = {0};
#pragma omp parallel for num_threads(t->threads) schedule(dynamic, 1)
    for (size_t i = 0; i < t->tick_count; i++) time_one(t, i, &first);
    if (first.status != WEFT_OK) {
        if (err) *err = first.error;
        return first.status;
    }
    t->time_count += t->tick_count;
    t->tick_count = t->core_count = t->packet_count = 0;
    return WEFT_OK;
}

weft_status weft_spike_timing_add(weft_spike_timing *timing, const weft_tick *tick, weft_error *err) {
    weft_spike_timing *t = timing;
    WEFT_TRY(weft_tick_check(tick, err));
    WEFT_TRY(check_fits(t->chip, tick, err));
    WEFT_TRY(make_room(t, tick, err));
    t->ticks[t->tick_count++] =
        (gathered_tick){tick->tick, t->core_count, t->packet_count, tick->core_count, tick->packet_count};
    if (tick->core_count) memcpy(t->cores + t->core_count, tick->cores, (size_t)tick->core_count * sizeof *t->cores);
    if (tick->packet_count)
        memcpy(t->packets + t->packet_count, tick->packets, (size_t)tick->packet_count * sizeof *t->packets);
    t->core_count += (size_t)tick->core_count;
    t->packet_count += (size_t)tick->packet_count;
    return is_full(t) ? time_gathered(t, err) : WEFT_OK;
}

static weft_status add_to_timing(void *state, const weft_tick *tick, weft_error *err) {
    return weft_spike_timing_add(state, tick, err);
}

weft_tick_sink weft_spike_timing_sink(weft_spike_timing *timing) { return (weft_tick_sink){add_to_timing, timing}; }

weft_status weft_spike_timing_finish(weft_spike_timing *timing, weft_error *err) {
    WEFT_TRY(time_gathered(timing, err));
    for (int i = 0; i < timing->chip->router_count * 4; i++) {
        timing->link_flits[i] = 0;
        for (int w = 0; w < timing->threads; w++)
            timing->link_flits[i] += weft_noc_link_flits(timing->workers[w].noc, i / 4, i % 4);
    }
    return WEFT_OK;
}

weft_spike_timing_result weft_spike_timing_result_of(const weft_spike_timing *timing) {
    return (weft_spike_timing_result){timing->times, timing->time_count, timing->link_flits};
}
