/* Traces: what a timed run did, as operations and packets with what each of them waited for. A trace is enough to time
 * the same work on another chip, without the network and without data (replay.h).
 *
 * A trace is a list of records, numbered from 0 in the order in which they began:
 * - operation: something that a server does (server.h). It begins when everything it depends on is there, in the order
 *   of the list among the operations of its server.
 * - packet: values that leave a terminal for one or several others (several: a multicast tree, or one packet after
 *   another where the network has none). It is handed to its source's network interface when what it depends on is
 *   there; among packets of one source and one cycle the order is the list's. A packet may be joined to the one before
 *   it: the same, to a further terminal, so that each terminal's arrival is a moment of its own. The first of those
 * that are joined says what all wait for; they are handed over together, as one tree where the network has trees.
 *
 * A dependency names an earlier record and the moment that is waited for: WEFT_TRACE_START and WEFT_TRACE_FINISH of an
 * operation, WEFT_TRACE_FINISH of a packet (its tail has left the ejection link of every target). `earliest` is a cycle
 * before which a record does not begin (imported traces have nothing else). What waits for the START of a product or of
 * a digital unit's work waits for room in a buffer, which these make when they begin; all else waits for data.
 * Quantities are the chip's neutral ones (MVMs, digital events, bits, values), so that another chip gives them another
 * time.
 *
 * Two forms, told apart by their first bytes:
 * - binary (".wtr"): magic "weft-trace 2\n" (3 where packets are joined), one JSON line with the header, then
 *   zlib-compressed blocks, each with length and CRC-32, of variable-length integers (docs/trace.md). A cut-off or
 * changed file is an error, with the offset.
 * - text: first line "# weft-trace 2" (3), then the same records as words; for people and scripts. Also reads
 *   "# weft-trace 1" and any file of lines `time source target flits` (import).
 */
#ifndef WEFT_SIM_TRACE_TRACE_H
#define WEFT_SIM_TRACE_TRACE_H

#include <stdio.h>

#include "core/traffic.h"
#include "sim/trace/server.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_trace_moment { WEFT_TRACE_START, WEFT_TRACE_FINISH } weft_trace_moment;
#define WEFT_TRACE_NONE UINT64_MAX
static inline uint64_t weft_trace_when(uint64_t record, weft_trace_moment moment) {
    return record << 1 | (uint64_t)moment;
}

typedef struct weft_trace_server {
    int kind;              /* weft_server_kind */
    int terminal;          /* core, or the host */
    int part, stage, copy; /* ARRAYS; -1 where it has no meaning */
    int units;             /* arrays of an ARRAYS server; else 1 */
} weft_trace_server;

typedef struct weft_trace_operation {
    int server;
    uint64_t amount; /* see server.h */
    int stage;       /* whose events it counts in; -1: the host's input */
    int64_t image;   /* -1: none */
    uint64_t earliest;
    const uint64_t *after; /* [after_count] moments waited for, see weft_trace_when */
    int after_count;
    uint64_t start, finish; /* as recorded; UINT64_MAX: not known */
} weft_trace_operation;
typedef struct weft_trace_packet {
    int source;
    const int *targets; /* [target_count] terminals, ascending */
    int target_count;
    int kind;   /* weft_packet_kind; -1: flits are given as they are */
    int values; /* payload values (kind -1: flits) */
    int stage;  /* producer; -1: the host's input */
    int64_t image;
    bool joined; /* to the packet before: alike but for the one target, which lies behind that one's; waits for nothing
                  */
    uint64_t earliest;
    const uint64_t *after;
    int after_count;
    uint64_t start, finish; /* handed to the interface; last delivery; as recorded, UINT64_MAX: not known */
} weft_trace_packet;

/* What a trace says about where it comes from; texts may be NULL. */
typedef struct weft_trace_header {
    const char *chip, *network, *mapping; /* names */
    weft_sha256 chip_sha256;              /* zero: not recorded on a chip of weft */
    int terminals, host;                  /* number of terminals; the host's, -1: none */
    int mesh[2], concentration;
    int server_count;
    const weft_trace_server *servers;
    int stage_count;
    const char *const *stages; /* names */
    uint64_t images;
    double cycle_ns; /* of the chip; 0: not known */
} weft_trace_header;

/* In memory, encoded (about 10 bytes a record). */
typedef struct weft_trace weft_trace;
weft_status weft_trace_create(weft_trace **out, const weft_trace_header *header, weft_error *err); /* copies header */
void weft_trace_destroy(weft_trace *trace);                                                        /* NULL is allowed */
const weft_trace_header *weft_trace_header_of(const weft_trace *trace);
/* Appends and returns the record's number in *number. A dependency on a record that does not exist yet, an unknown
 * server or terminal: INVALID. MEMORY. */
weft_status weft_trace_add_operation(weft_trace *trace, const weft_trace_operation *operation, uint64_t *number,
                                     weft_error *err);
weft_status weft_trace_add_packet(weft_trace *trace, const weft_trace_packet *packet, uint64_t *number,
                                  weft_error *err);
/* Recorded moments that are known only later; before weft_trace_write. */
void weft_trace_set_finish(weft_trace *trace, uint64_t number, uint64_t finish);
uint64_t weft_trace_count(const weft_trace *trace);

/* One record after another, in order. */
typedef struct weft_trace_record {
    uint64_t number;
    bool is_packet;
    weft_trace_operation operation;
    weft_trace_packet packet;
} weft_trace_record;
typedef struct weft_trace_cursor weft_trace_cursor;
weft_status weft_trace_cursor_create(weft_trace_cursor **out, const weft_trace *trace, weft_error *err);
void weft_trace_cursor_destroy(weft_trace_cursor *cursor);
/* False at the end; pointers in *record are valid until the next call. */
bool weft_trace_next(weft_trace_cursor *cursor, weft_trace_record *record);

/* Atomic. The form goes by the name: ".txt" text, else binary. Deterministic bytes. */
weft_status weft_trace_write(const weft_trace *trace, const char *path, weft_error *err);
/* As text to a stream, whose errors are the caller's to see. MEMORY. */
weft_status weft_trace_print(const weft_trace *trace, FILE *stream, weft_error *err);
/* Either form, and lists of packets; plain or gzip. PARSE with file:line:column (text) or offset (binary), UNSUPPORTED
 * (a later version), IO, MEMORY. */
weft_status weft_trace_read(weft_trace **out, const char *path, weft_error *err);
/* Spikes (lines `tick neuron`) of neurons (lines `neuron source_core target_core[,target_core...]`) as packets of one
 * flit, handed to the network at the beginning of their tick of tick_cycles cycles. Errors as weft_trace_read; INVALID:
 * a tick of no cycles. */
weft_status weft_trace_import_spikes(weft_trace **out, const char *spikes, const char *neurons, uint64_t tick_cycles,
                                     weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
