/* Spike lists: in memory, as CSV, and as the address events (AER) of event cameras in text.
 *
 * In memory time is whole ticks of tick_s seconds, a neuron fires at most once a tick, and a list is in order: by tick,
 * then by neuron. Files:
 *   CSV  header `tick,neuron` (whole ticks) or `time_s,neuron` (seconds; the tick that the time lies in, where a time
 * up to a millionth of a tick short of the next one belongs to that), then a line a spike, by ascending time AER  lines
 * `t x y p` or `t,x,y,p`: microseconds, column, row, polarity 1 (brighter) or 0 or -1 (darker), by ascending t; a first
 * line that does not begin with a digit or a sign is a header. Neuron (p * height + y) * width + x: darker ones first.
 * In both, lines that begin with # and empty ones are skipped; .gz is read as well. Neurons of one time stand in any
 * order. */
#ifndef WEFT_CORE_SPIKES_H
#define WEFT_CORE_SPIKES_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_SPIKES_TICKS_MAX (UINT64_C(1) << 48)   /* ticks are below */
#define WEFT_SPIKES_NEURONS_MAX (UINT64_C(1) << 32) /* neurons are below */
#define WEFT_SPIKES_BYTES_MAX ((size_t)16 << 30)    /* of a file */

typedef struct weft_spike {
    uint64_t tick;
    uint32_t neuron;
} weft_spike;

typedef struct weft_spikes {
    weft_spike *items; /* [count] */
    size_t count, room;
    uint64_t neurons; /* every neuron is below */
    double tick_s;    /* length of a tick; 0: ticks have none */
    size_t merged;    /* spikes dropped by weft_spikes_sort: the neuron's second in a tick, and more */
} weft_spikes;

void weft_spikes_free(weft_spikes *spikes); /* a zeroed one is allowed */
/* At the end, whatever the order. MEMORY. The neuron is below spikes->neurons, the tick below WEFT_SPIKES_TICKS_MAX. */
weft_status weft_spikes_add(weft_spikes *spikes, uint64_t tick, uint32_t neuron, weft_error *err);
/* Into order; of several spikes of a neuron in a tick one stays, the others are added to `merged`. */
void weft_spikes_sort(weft_spikes *spikes);
/* To ticks of another length, the one that the old tick's beginning lies in (as for times of a CSV). Both lengths above
 * 0. INVALID when a tick gets too large. */
weft_status weft_spikes_retick(weft_spikes *spikes, double tick_s, weft_error *err);
/* The tick that a time, 0 or more, lies in; UINT64_MAX when it is WEFT_SPIKES_TICKS_MAX or more. */
uint64_t weft_spikes_tick_of(double time_s, double tick_s);

/* tick_s above 0 where the file has times; a file of ticks keeps it as what a tick means. Errors: IO; PARSE, with
 * line and column: no such header, no number, a word too many, negative, beyond the neurons or the ticks, earlier than
 * the line before, twice the same neuron in a tick (of `tick,neuron`; times that fall together are merged); MEMORY.
 * Caller frees. */
weft_status weft_spikes_read_csv(weft_spikes *out, const char *path, uint64_t neurons, double tick_s, weft_error *err);
/* neurons: 2 * width * height. */
weft_status weft_spikes_read_aer(weft_spikes *out, const char *path, int width, int height, double tick_s,
                                 weft_error *err);

typedef enum weft_spikes_form {
    WEFT_SPIKES_TICKS,  /* tick,neuron */
    WEFT_SPIKES_SECONDS /* time_s,neuron: beginnings of the ticks, which read back to the same ticks; needs tick_s */
} weft_spikes_form;
/* Whole or not at all. Errors: IO. */
weft_status weft_spikes_write_csv(const weft_spikes *spikes, const char *path, weft_spikes_form form, weft_error *err);
/* `t x y p`, beginnings of the ticks rounded to microseconds; INVALID when neurons are not 2 * width * height, or ticks
 * have no length. */
weft_status weft_spikes_write_aer(const weft_spikes *spikes, const char *path, int width, int height, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
