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

static int compare(const void *left, const void *right) {
    const weft_spike_stimulus *a = left, *b = right;
    if (a->tick != b->tick) return a->tick < b->tick ? -1 : 1;
    if (a->core != b->core) return a->core < b->core ? -1 : 1;
    return a->axon < b->axon ? -1 : a->axon > b->axon;
}

size_t weft_program_stimuli_sort(weft_program_stimuli *stimuli, uint64_t end) {
    size_t before = 0;
    if (stimuli->count) qsort(stimuli->items, stimuli->count, sizeof *stimuli->items, compare);
    while (before < stimuli->count && stimuli->items[before].tick < end) before++;
    return before;
}

void weft_program_stimuli_drop(weft_program_stimuli *stimuli, size_t count) {
    stimuli->count -= count;
    if (count) memmove(stimuli->items, stimuli->items + count, stimuli->count * sizeof *stimuli->items);
}
