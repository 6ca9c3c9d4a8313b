#include "sim/spike/watch.h"

#include <stdlib.h>
#include <string.h>

#include "sim/trace/blocks.h"

struct weft_spike_watch {
    const weft_spike_chip *chip;
    int core_count, sink_count;
    uint32_t *numbers;        /* [core_count] */
    weft_spike_counts *heard; /* [core_count] counts up to the tick before */
    weft_tick_sink *sinks;    /* [sink_count] */
    uint64_t ticks, next;     /* heard; the engine's number of the one to come */
    weft_tick_core *cores;    /* [core_count] */
    weft_tick_packet *packets;
    size_t packet_count, packet_room;
    weft_error error;
};

/* ---- life ---- */

static weft_status set_numbers(weft_spike_watch *w, const int *numbers, weft_error *err) {
    for (int c = 0; c < w->core_count; c++) {
        const int number = numbers ? numbers[c] : c, before = c ? (int)w->numbers[c - 1] : -1;
        if (number <= before || number >= WEFT_TICK_CORES_MAX)
            return weft_error_set(err, WEFT_E_INVALID,
                                  "core %d of the engine is number %d of the chip; %d to %d can be, in ascending order",
                                  c, number, before + 1, WEFT_TICK_CORES_MAX - 1);
        w->numbers[c] = (uint32_t)number;
        w->heard[c] = *weft_spike_chip_counts(w->chip, c);
    }
    return WEFT_OK;
}

weft_status weft_spike_watch_create(weft_spike_watch **out, const weft_spike_chip *chip, const int *numbers,
                                    const weft_tick_sink *sinks, int sink_count, weft_error *err) {
    weft_spike_watch *w = calloc(1, sizeof *w);
    weft_status status;
    *out = NULL;
    if (!w) return weft_error_set(err, WEFT_E_MEMORY, "no memory to watch spikes");
    const size_t cores = (size_t)weft_spike_chip_cores(chip);
    *w = (weft_spike_watch){.chip = chip, .core_count = (int)cores, .next = weft_spike_chip_tick(chip)};
    w->numbers = malloc((cores + 1) * sizeof *w->numbers);
    w->heard = malloc((cores + 1) * sizeof *w->heard);
    w->cores = malloc((cores + 1) * sizeof *w->cores);
    w->sinks = malloc(((size_t)sink_count + 1) * sizeof *w->sinks);
    if (w->numbers && w->heard && w->cores && w->sinks)
        status = set_numbers(w, numbers, err);
    else
        status = weft_error_set(err, WEFT_E_MEMORY, "no memory to watch %zu cores", cores);
    if (status != WEFT_OK) {
        weft_spike_watch_destroy(w);
        return status;
    }
    for (; w->sink_count < sink_count; w->sink_count++) w->sinks[w->sink_count] = sinks[w->sink_count];
    *out = w;
    return WEFT_OK;
}

void weft_spike_watch_destroy(weft_spike_watch *watch) {
    if (!watch) return;
    free(watch->numbers);
    free(watch->heard);
    free(watch->cores);
    free(watch->sinks);
    free(watch->packets);
    free(watch);
}

/* ---- a tick ---- */

/* Returns how many cores worked. */
static int gather_cores(weft_spike_watch *w, bool was_reset) {
    int count = 0;
    if (was_reset) memset(w->heard, 0, (size_t)w->core_count * sizeof *w->heard);
    for (int c = 0; c < w->core_count; c++) {
        const weft_spike_counts *now = weft_spike_chip_counts(w->chip, c), *before = &w->heard[c];
        if (now->busy_ticks == before->busy_ticks) continue;
        w->cores[count++] = (weft_tick_core){w->numbers[c], (uint32_t)(now->synaptic_events - before->synaptic_events),
                                             (uint32_t)(now->updates_active - before->updates_active),
                                             (uint32_t)(now->updates_inactive - before->updates_inactive)};
        w->heard[c] = *now;
    }
    return count;
}

static weft_status add_packet(weft_spike_watch *w, uint32_t source, uint32_t order, uint32_t target) {
    weft_tick_packet *packets = weft_trace_grow(w->packets, &w->packet_room, w->packet_count, sizeof *packets);
    if (!packets) return weft_error_set(&w->error, WEFT_E_MEMORY, "no memory for %zu packets", w->packet_count);
    w->packets = packets;
    packets[w->packet_count++] =
        (weft_tick_packet){source, order, target == WEFT_SPIKE_OUTSIDE ? WEFT_TICK_HOST : w->numbers[target]};
    return WEFT_OK;
}

static int by_target(const void *a, const void *b) {
    const weft_tick_packet *x = a, *y = b;
    return (x->target > y->target) - (x->target < y->target);
}

static weft_status gather_spike(weft_spike_watch *w, uint32_t core, uint16_t neuron) {
    const int count = weft_spike_chip_target_count(w->chip, (int)core, neuron);
    const size_t first = w->packet_count;
    for (int i = 0; i < count; i++)
        WEFT_TRY(add_packet(w, w->numbers[core], neuron, weft_spike_chip_target(w->chip, (int)core, neuron, i).core));
    if (count > 1) qsort(w->packets + first, (size_t)count, sizeof *w->packets, by_target);
    return WEFT_OK;
}

static weft_status gather_packets(weft_spike_watch *w, const uint32_t *cores, const uint16_t *neurons, int64_t count) {
    const weft_spike_stimulus *stimuli;
    const int64_t stimulus_count = weft_spike_chip_stimuli(&stimuli, w->chip);
    w->packet_count = 0;
    for (int64_t i = 0; i < count; i++) WEFT_TRY(gather_spike(w, cores[i], neurons[i]));
    for (int64_t i = 0; i < stimulus_count; i++) WEFT_TRY(add_packet(w, WEFT_TICK_HOST, (uint32_t)i, stimuli[i].core));
    return WEFT_OK;
}

void weft_spike_watch_listen(void *watch, uint64_t tick, const uint32_t *cores, const uint16_t *neurons,
                             int64_t count) {
    weft_spike_watch *w = watch;
    if (w->error.status != WEFT_OK) return;
    const int core_count = gather_cores(w, tick < w->next);
    w->next = tick + 1;
    if (gather_packets(w, cores, neurons, count) != WEFT_OK) return;
    const weft_tick told = {w->ticks++, w->cores, core_count, w->packets, (int64_t)w->packet_count};
    for (int i = 0; i < w->sink_count; i++) {
        const weft_status status = w->sinks[i].add(w->sinks[i].state, &told, &w->error);
        if (status != WEFT_OK) return;
    }
}

weft_status weft_spike_watch_status(const weft_spike_watch *watch, weft_error *err) {
    if (err && watch->error.status != WEFT_OK) *err = watch->error;
    return watch->error.status;
}
