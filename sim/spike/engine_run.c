/* Ticks: one parallel region a run, two barriers a tick. */
#include <omp.h>
#include <stdlib.h>

#include "core/clones.h"
#include "sim/spike/engine_internal.h"

typedef struct runner {
    weft_spike_chip *chip;
    const weft_spike_run *run;
    uint64_t end; /* tick */
    int64_t next; /* stimulus */
    bool ended;   /* written between the barriers of a tick */
    weft_status status;
    uint32_t *cores; /* for the listener */
    uint16_t *neurons;
    size_t capacity;
} runner;

/* ---- a core's tick ---- */

/* Links of one spike between routers that are far apart. */
static void add_far(const weft_spike_chip *chip, uint32_t from, uint32_t to, weft_spike_counts *counts) {
    const weft_spike_router *a = &chip->routers[from], *b = &chip->routers[to];
    counts->hops_x += (uint64_t)llabs((long long)a->x - b->x) - WEFT_SPIKE_FAR;
    counts->hops_y += (uint64_t)llabs((long long)a->y - b->y);
}

/* counts: of the spike's core. */
static inline bool send_spike(const weft_spike_chip *chip, int part, uint32_t core, const weft_spike_way *way,
                              weft_spike_counts *counts) {
    const uint32_t to = way->event >> chip->axon_bits;
    counts->packets++;
    if (way->delay == 0) return true;
    counts->packets_local += to == core;
    counts->hops_x += way->hops_x;
    if (way->hops_x == WEFT_SPIKE_FAR)
        add_far(chip, core, to, counts);
    else
        counts->hops_y += way->hops_y;
    return weft_spike_list_push(weft_spike_events(chip, part, chip->owner[to], way->delay), way->event);
}

static inline uint32_t first_target(const weft_spike_site *site, int neuron) {
    return site->first ? site->first[neuron] : (uint32_t)neuron;
}

static void fetch_ways(const weft_spike_site *site, const uint16_t *fired, int count) {
    for (int i = 0; i < count; i++) WEFT_PREFETCH(site->ways + first_target(site, fired[i]));
}

static void send_spikes(weft_spike_chip *chip, int part, int core) {
    if (core >= chip->cores || chip->fired[core] == 0) return;
    const weft_spike_site *site = &chip->sites[core];
    const uint16_t *fired = chip->parts[part].fired + chip->fired_at[core];
    weft_spike_counts sent = {0}, *counts = &chip->counts[core];
    bool whole = true;
    for (uint32_t i = 0; i < chip->fired[core]; i++)
        for (uint32_t t = first_target(site, fired[i]); t < first_target(site, fired[i] + 1); t++)
            whole &= send_spike(chip, part, (uint32_t)core, &site->ways[t], &sent);
    counts->packets += sent.packets;
    counts->packets_local += sent.packets_local;
    counts->hops_x += sent.hops_x;
    counts->hops_y += sent.hops_y;
    if (!whole) chip->parts[part].failed = true;
}

static inline weft_spike_inbox inbox_of(const weft_spike_chip *chip, int part, int core) {
    return (weft_spike_inbox){chip->parts[part].axons + chip->start[core], (int)chip->arrived[core]};
}

static inline bool sleeps(const weft_spike_chip *chip, int core) {
    return chip->resting[core] && chip->arrived[core] == 0;
}

static void prepare_core(const weft_spike_chip *chip, int part, int core) {
    if (core >= chip->cores || sleeps(chip, core) || !chip->sites[core].kind->prepare) return;
    const weft_spike_inbox inbox = inbox_of(chip, part, core);
    chip->sites[core].kind->prepare(chip->sites[core].state, &inbox);
}

static void step_core(weft_spike_chip *chip, int number, int core) {
    weft_spike_part *part = &chip->parts[number];
    const weft_spike_site *site = &chip->sites[core];
    weft_spike_counts *counts = &chip->counts[core];
    chip->fired[core] = 0;
    if (sleeps(chip, core)) return;
    const weft_spike_inbox inbox = inbox_of(chip, number, core);
    uint16_t *fired = part->fired + part->used;
    int count = 0;
    chip->resting[core] = site->kind->step(site->state, chip->tick, &inbox, fired, &count, counts);
    fetch_ways(site, fired, count);
    counts->busy_ticks++;
    counts->spikes += (uint64_t)count;
    chip->fired[core] = (uint32_t)count;
    chip->fired_at[core] = (uint32_t)part->used;
    part->used += (size_t)count;
}

/* While a core is stepped, memory brings what the next ones need and the targets of the last one's spikes. */
static void step_part(weft_spike_chip *chip, int number) {
    weft_spike_part *part = &chip->parts[number];
    part->used = 0;
    if (!weft_spike_part_receive(chip, number)) {
        part->failed = true;
        return;
    }
    int last = chip->cores, core = weft_spike_next_core(chip, number, 0);
    int next = weft_spike_next_core(chip, number, core + 1);
    while (core < chip->cores) {
        const int after = weft_spike_next_core(chip, number, next + 1);
        if (after < chip->cores) WEFT_PREFETCH(chip->sites[after].state);
        prepare_core(chip, number, next);
        step_core(chip, number, core);
        send_spikes(chip, number, last);
        last = core;
        core = next;
        next = after;
    }
    send_spikes(chip, number, last);
}

/* ---- between two ticks, by one thread ---- */

static bool room_for_listener(runner *r, size_t count) {
    if (count <= r->capacity) return true;
    free(r->cores);
    free(r->neurons);
    r->capacity = 0;
    r->cores = malloc(2 * count * sizeof *r->cores);
    r->neurons = malloc(2 * count * sizeof *r->neurons);
    if (!r->cores || !r->neurons) return false;
    r->capacity = 2 * count;
    return true;
}

static bool tell(runner *r) {
    const weft_spike_chip *chip = r->chip;
    size_t count = 0;
    for (int c = 0; c < chip->cores; c++) count += chip->fired[c];
    if (!room_for_listener(r, count)) return false;
    count = 0;
    for (int c = 0; c < chip->cores; c++) {
        const uint16_t *fired = chip->parts[chip->owner[c]].fired + chip->fired_at[c];
        for (uint32_t i = 0; i < chip->fired[c]; i++) {
            r->cores[count] = (uint32_t)c;
            r->neurons[count++] = fired[i];
        }
    }
    r->run->listener(r->run->context, chip->tick, r->cores, r->neurons, (int64_t)count);
    return true;
}

/* The next tick's spikes from outside. */
static bool stimulate(runner *r) {
    const weft_spike_run *run = r->run;
    const int64_t first = r->next;
    for (; r->next < run->stimulus_count && run->stimuli[r->next].tick == r->chip->tick; r->next++) {
        const weft_spike_stimulus *s = &run->stimuli[r->next];
        weft_spike_list *list = weft_spike_events(r->chip, 0, r->chip->owner[s->core], 0);
        if (!weft_spike_list_push(list, weft_spike_event_of(r->chip, s->core, s->axon))) return false;
    }
    r->chip->stimulus_count = r->next - first;
    r->chip->stimuli = r->next > first ? run->stimuli + first : NULL;
    return true;
}

static void finish_tick(runner *r) {
    weft_spike_chip *chip = r->chip;
    bool whole = true;
    for (int p = 0; p < chip->part_count; p++) whole = whole && !chip->parts[p].failed;
    if (whole && r->run->listener) whole = tell(r);
    chip->tick++;
    chip->slot = chip->slot + 1 < chip->slots ? chip->slot + 1 : 0;
    const bool stopped = chip->tick < r->end && r->run->stop && *r->run->stop;
    if (whole && chip->tick < r->end && !stopped) whole = stimulate(r);
    chip->broken = !whole;
    r->status = !whole ? WEFT_E_MEMORY : stopped ? WEFT_E_INTERRUPTED : WEFT_OK;
    r->ended = chip->tick == r->end || r->status != WEFT_OK;
}

/* ---- the run ---- */

static weft_status check_stimulus(const weft_spike_chip *chip, const weft_spike_run *run, int64_t i, weft_error *err) {
    const weft_spike_stimulus *s = &run->stimuli[i];
    const unsigned long long tick = s->tick, before = i > 0 ? run->stimuli[i - 1].tick : chip->tick;
    if (tick < before)
        return weft_error_set(err, WEFT_E_INVALID, "stimulus %lld: tick %llu comes after tick %llu", (long long)i, tick,
                              before);
    if (s->core >= (uint32_t)chip->cores)
        return weft_error_set(err, WEFT_E_INVALID, "stimulus %lld: core %u does not exist; the chip has %d",
                              (long long)i, s->core, chip->cores);
    if (s->axon >= chip->sites[s->core].axons)
        return weft_error_set(err, WEFT_E_INVALID, "stimulus %lld: axon %d does not exist; core %u has %d",
                              (long long)i, s->axon, s->core, chip->sites[s->core].axons);
    return WEFT_OK;
}

static weft_status check_run(const weft_spike_chip *chip, const weft_spike_run *run, weft_error *err) {
    if (!chip->ready) return weft_error_set(err, WEFT_E_INVALID, "the chip is not ready");
    if (chip->broken)
        return weft_error_set(err, WEFT_E_INVALID, "memory ran out in the last run; the chip needs a reset");
    for (int64_t i = 0; i < run->stimulus_count; i++) WEFT_TRY(check_stimulus(chip, run, i, err));
    return WEFT_OK;
}

static int parts_for(const weft_spike_chip *chip, int threads) {
    const int grains = (chip->cores + WEFT_SPIKE_GRAIN - 1) / WEFT_SPIKE_GRAIN;
    const int wanted = threads > 0 ? threads : omp_get_max_threads();
    const int parts = wanted < grains ? wanted : grains;
    return parts < UINT16_MAX ? parts : UINT16_MAX;
}

static void run_ticks(runner *r) {
    const int parts = r->chip->part_count;
#pragma omp parallel num_threads(parts)
    while (!r->ended) {
        for (int p = omp_get_thread_num(); p < parts; p += omp_get_num_threads()) step_part(r->chip, p);
#pragma omp barrier
#pragma omp master
        finish_tick(r);
#pragma omp barrier
    }
}

weft_status weft_spike_chip_run(weft_spike_chip *chip, const weft_spike_run *run, weft_error *err) {
    runner r = {.chip = chip, .run = run, .end = chip->tick + run->ticks};
    WEFT_TRY(check_run(chip, run, err));
    if (run->ticks == 0) return WEFT_OK;
    WEFT_TRY(weft_spike_parts_set(chip, parts_for(chip, run->threads), err));
    if (!stimulate(&r)) {
        chip->broken = true;
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for the spikes of tick %llu",
                              (unsigned long long)chip->tick);
    }
    run_ticks(&r);
    chip->stimuli = NULL;
    chip->stimulus_count = 0;
    free(r.cores);
    free(r.neurons);
    if (r.status == WEFT_E_MEMORY)
        return weft_error_set(err, r.status, "no memory for the spikes of tick %llu",
                              (unsigned long long)chip->tick - 1);
    if (r.status == WEFT_E_INTERRUPTED)
        return weft_error_set(err, r.status, "interrupted after tick %llu", (unsigned long long)chip->tick - 1);
    return WEFT_OK;
}
