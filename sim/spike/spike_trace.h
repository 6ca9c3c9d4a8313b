/* Spike traces: a file of ticks (tick.h), enough to time the same work again on any chip with the cores, without the
 * network and without data. Binary: blocks as those of other traces, so that a cut-off or changed file is an error with
 * its offset; a name that ends with ".txt": lines of words. docs/trace.md has both. Either is written and read a tick
 * at a time. */
#ifndef WEFT_SIM_SPIKE_SPIKE_TRACE_H
#define WEFT_SIM_SPIKE_SPIKE_TRACE_H

#include <stdio.h>

#include "core/chip.h"
#include "sim/spike/tick.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the ticks come from; for information, as are mesh and periods. Texts may be NULL. */
typedef struct weft_spike_trace_header {
    const char *chip, *network, *mapping; /* names */
    weft_sha256 chip_sha256;              /* zero: not known */
    int cores;                            /* of the chip */
    int mesh[2], concentration;
    double cycle_ns, tick_ns; /* 0: not known; no fixed length */
} weft_spike_trace_header;
/* Of a chip; network and mapping are borrowed. */
weft_spike_trace_header weft_spike_trace_header_for(const weft_chip *chip, const char *network, const char *mapping);

typedef struct weft_spike_recorder weft_spike_recorder;
/* The file appears under its name when it is closed. IO, MEMORY. */
weft_status weft_spike_recorder_open(weft_spike_recorder **out, const char *path, const weft_spike_trace_header *header,
                                     weft_error *err);
/* As text to a stream, whose errors are the caller's to see, as is its end. MEMORY. */
weft_status weft_spike_recorder_print(weft_spike_recorder **out, FILE *stream, const weft_spike_trace_header *header,
                                      weft_error *err);
/* INVALID: weft_tick_check, a core that the header's chip has not, or a tick that does not come later than the last. */
weft_status weft_spike_recorder_add(weft_spike_recorder *recorder, const weft_tick *tick, weft_error *err);
weft_tick_sink weft_spike_recorder_sink(weft_spike_recorder *recorder);
/* Completes the file. */
weft_status weft_spike_recorder_close(weft_spike_recorder *recorder, weft_error *err);
/* Drops a file that is not closed. NULL is allowed. */
void weft_spike_recorder_destroy(weft_spike_recorder *recorder);

typedef struct weft_spike_trace weft_spike_trace;
/* Whether the file begins as a spike trace does (of any version, plain or gzip). False also where it cannot be read. */
bool weft_spike_trace_is(const char *path);
/* Either form, plain or gzip. PARSE with file:line:column (text) or offset (binary), UNSUPPORTED (a later version), IO,
 * MEMORY. */
weft_status weft_spike_trace_open(weft_spike_trace **out, const char *path, weft_error *err);
void weft_spike_trace_destroy(weft_spike_trace *trace); /* NULL is allowed */
const weft_spike_trace_header *weft_spike_trace_header_of(const weft_spike_trace *trace);
/* The next tick, valid until the next call; *tick NULL at the end. PARSE, MEMORY. */
weft_status weft_spike_trace_next(const weft_tick **tick, weft_spike_trace *trace, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
