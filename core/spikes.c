#include "core/spikes.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"

void weft_spikes_free(weft_spikes *spikes) {
    free(spikes->items);
    *spikes = (weft_spikes){0};
}

weft_status weft_spikes_add(weft_spikes *spikes, uint64_t tick, uint32_t neuron, weft_error *err) {
    if (spikes->count == spikes->room) {
        const size_t room = spikes->room ? 2 * spikes->room : 1024;
        weft_spike *grown = realloc(spikes->items, room * sizeof *grown);
        if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu spikes", room);
        spikes->items = grown;
        spikes->room = room;
    }
    spikes->items[spikes->count++] = (weft_spike){tick, neuron};
    return WEFT_OK;
}

static int in_order(const void *left, const void *right) {
    const weft_spike *a = left, *b = right;
    if (a->tick != b->tick) return a->tick < b->tick ? -1 : 1;
    return (a->neuron > b->neuron) - (a->neuron < b->neuron);
}

void weft_spikes_sort(weft_spikes *spikes) {
    size_t kept = 0;
    bool sorted = true;
    for (size_t i = 1; i < spikes->count && sorted; i++)
        sorted = in_order(&spikes->items[i - 1], &spikes->items[i]) < 0;
    if (sorted) return;
    qsort(spikes->items, spikes->count, sizeof *spikes->items, in_order);
    for (size_t i = 0; i < spikes->count; i++)
        if (!kept || in_order(&spikes->items[kept - 1], &spikes->items[i])) spikes->items[kept++] = spikes->items[i];
    spikes->merged += spikes->count - kept;
    spikes->count = kept;
}

/* Of a tick: decimal fractions are not exact in binary. */
static const double ROUNDING = 1e-6;

uint64_t weft_spikes_tick_of(double time_s, double tick_s) {
    const double ticks = floor(time_s / tick_s + ROUNDING);
    return ticks < (double)WEFT_SPIKES_TICKS_MAX ? (uint64_t)ticks : UINT64_MAX;
}

weft_status weft_spikes_retick(weft_spikes *spikes, double tick_s, weft_error *err) {
    for (size_t i = 0; i < spikes->count; i++) {
        const uint64_t tick = weft_spikes_tick_of((double)spikes->items[i].tick * spikes->tick_s, tick_s);
        if (tick == UINT64_MAX)
            return weft_error_set(err, WEFT_E_INVALID, "spike %zu lies beyond %" PRIu64 " ticks of %g s", i,
                                  WEFT_SPIKES_TICKS_MAX, tick_s);
        spikes->items[i].tick = tick;
    }
    spikes->tick_s = tick_s;
    weft_spikes_sort(spikes);
    return WEFT_OK;
}

/* ---- writing ---- */

static weft_status commit(weft_output *out, weft_status status, weft_error *err) {
    if (status == WEFT_OK) return weft_output_commit(out, err);
    weft_output_abort(out);
    return status;
}

weft_status weft_spikes_write_csv(const weft_spikes *spikes, const char *path, weft_spikes_form form, weft_error *err) {
    weft_output out;
    if (form == WEFT_SPIKES_SECONDS && spikes->tick_s <= 0)
        return weft_error_set(err, WEFT_E_INVALID, "spikes whose ticks have no length cannot be written in seconds");
    WEFT_TRY(weft_output_open(&out, path, err));
    fputs(form == WEFT_SPIKES_SECONDS ? "time_s,neuron\n" : "tick,neuron\n", out.stream);
    for (size_t i = 0; i < spikes->count; i++) {
        const weft_spike *spike = &spikes->items[i];
        if (form == WEFT_SPIKES_SECONDS)
            fprintf(out.stream, "%.15g,%" PRIu32 "\n", (double)spike->tick * spikes->tick_s, spike->neuron);
        else
            fprintf(out.stream, "%" PRIu64 ",%" PRIu32 "\n", spike->tick, spike->neuron);
    }
    return commit(&out, WEFT_OK, err);
}

weft_status weft_spikes_write_aer(const weft_spikes *spikes, const char *path, int width, int height, weft_error *err) {
    weft_output out;
    const uint64_t plane = (uint64_t)width * (uint64_t)height;
    if (spikes->neurons != 2 * plane)
        return weft_error_set(err, WEFT_E_INVALID, "%" PRIu64 " neurons are not two polarities of %d x %d pixels",
                              spikes->neurons, width, height);
    if (spikes->tick_s <= 0) return weft_error_set(err, WEFT_E_INVALID, "address events need ticks with a length");
    WEFT_TRY(weft_output_open(&out, path, err));
    for (size_t i = 0; i < spikes->count; i++) {
        const weft_spike *spike = &spikes->items[i];
        const uint64_t at = spike->neuron % plane;
        fprintf(out.stream, "%.0f %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", (double)spike->tick * spikes->tick_s * 1e6,
                at % (uint64_t)width, at / (uint64_t)width, spike->neuron / plane);
    }
    return commit(&out, WEFT_OK, err);
}
