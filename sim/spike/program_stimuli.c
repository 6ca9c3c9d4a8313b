/* Spikes from outside on their way to the axons. */
#include <stdlib.h>
#include <string.h>

#include "sim/spike/program_internal.h"

enum { ROOM_FIRST = 1024 };

static weft_status reserve(weft_program_stimuli *stimuli, size_t more, weft_error *err) {
    size_t room = stimuli->room ? stimuli->room : ROOM_FIRST;
    if (stimuli->count + more <= stimuli->room) return WEFT_OK;
    while (room < stimuli->count + more) room *= 2;
    weft_spike_stimulus *items = realloc(stimuli->items, room * sizeof *items);
    if (!items) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu input spikes", room);
    stimuli->items = items;
    stimuli->room = room;
    return WEFT_OK;
}

weft_status weft_program_stimulate(weft_program_stimuli *stimuli, const weft_spike_program *program, const int *core_of,
                                   uint32_t input, uint64_t tick, weft_error *err) {
    const weft_spike_layout *layout = program->layout;
    const uint64_t first = layout->input_first[input], end = layout->input_first[input + 1];
    WEFT_TRY(reserve(stimuli, (size_t)(end - first), err));
    for (uint64_t i = first; i < end; i++) {
        const weft_spike_route *route = &layout->input_routes[i];
        stimuli->items[stimuli->count++] = (weft_spike_stimulus){
            .tick = tick + route->delay, .core = (uint32_t)core_of[route->core], .axon = route->axon};
    }
    return WEFT_OK;
}

/* Where those of each tick begin, from the first tick on; the last one is the end. */
static size_t *count_ticks(const weft_program_stimuli *stimuli, uint64_t first, uint64_t last) {
    const size_t ticks = (size_t)(last - first) + 1;
    size_t *begin = calloc(ticks + 1, sizeof *begin);
    for (size_t i = 0; begin && i < stimuli->count; i++) begin[stimuli->items[i].tick - first + 1]++;
    for (size_t t = 0; begin && t < ticks; t++) begin[t + 1] += begin[t];
    return begin;
}

weft_status weft_program_stimuli_sort(weft_program_stimuli *stimuli, size_t *before, uint64_t end, weft_error *err) {
    uint64_t first = UINT64_MAX, last = 0;
    *before = 0;
    if (stimuli->count == 0) return WEFT_OK;
    for (size_t i = 0; i < stimuli->count; i++) {
        const uint64_t tick = stimuli->items[i].tick;
        if (tick < first) first = tick;
        if (tick > last) last = tick;
        *before += tick < end;
    }
    size_t *begin = count_ticks(stimuli, first, last);
    weft_spike_stimulus *sorted = malloc(stimuli->room * sizeof *sorted);
    if (!begin || !sorted) {
        free(begin);
        free(sorted);
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu input spikes", stimuli->count);
    }
    for (size_t i = 0; i < stimuli->count; i++) sorted[begin[stimuli->items[i].tick - first]++] = stimuli->items[i];
    free(begin);
    free(stimuli->items);
    stimuli->items = sorted;
    return WEFT_OK;
}

void weft_program_stimuli_drop(weft_program_stimuli *stimuli, size_t count) {
    stimuli->count -= count;
    if (count) memmove(stimuli->items, stimuli->items + count, stimuli->count * sizeof *stimuli->items);
}
