/* Inside traces: how records lie in memory and in binary files (docs/trace.md has the format), and the readers and
 * writers of each form. */
#ifndef WEFT_SIM_TRACE_TRACE_INTERNAL_H
#define WEFT_SIM_TRACE_TRACE_INTERNAL_H

#include "core/arena.h"
#include "core/packet_list.h"
#include "sim/trace/blocks.h"
#include "sim/trace/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_TRACE_NAME "weft-trace "
enum { WEFT_TRACE_PLAIN = 2, WEFT_TRACE_JOINED = 3 /* packets may be joined */ }; /* versions that are written */
#define WEFT_TRACE_TIME_MAX WEFT_PACKET_TIME_MAX  /* of `earliest` and recorded moments */
#define WEFT_TRACE_AMOUNT_MAX ((uint64_t)1 << 40) /* of an operation */

enum {
    WEFT_TRACE_TERMINALS_MAX = 1 << 24, /* also servers and stages */
    WEFT_TRACE_IMAGES_MAX = 1 << 30,
    WEFT_TRACE_VALUES_MAX = 1 << 30, /* of a packet */
};

/* What the next record is told apart from. */
typedef struct trace_state {
    int stage;
    int64_t image;
    uint64_t start;
    bool joinable; /* the last one was a packet to one terminal: */
    int source, target, kind, values;
} trace_state;

struct weft_trace {
    weft_trace_header header; /* texts and lists in the arena */
    weft_arena *arena;
    uint8_t *bytes; /* records, without their ends */
    size_t size, capacity;
    uint64_t *finish; /* [count] */
    uint64_t *packet; /* [count / 64 + 1] bits: the record is a packet */
    uint64_t count;
    size_t count_capacity;
    trace_state state; /* behind the last record */
    int after_max, target_max;
    bool joined; /* some packet is */
};

/* Reads records one after another; the buffers grow as needed. */
typedef struct trace_decoder {
    const uint8_t *at, *end;
    trace_state state;
    uint64_t number;
    uint64_t *after;
    int *targets;
    size_t after_room, target_room;
} trace_decoder;
void weft_trace_decoder_free(trace_decoder *decoder);
/* The next record, with finish where its bytes have it. False at bytes that are no record, and without memory (*memory
 * is set). */
bool weft_trace_decode(trace_decoder *decoder, weft_trace_record *record, bool *memory);

static inline int weft_trace_version(const weft_trace *trace) {
    return trace->joined ? WEFT_TRACE_JOINED : WEFT_TRACE_PLAIN;
}

/* Bytes that a record takes at most; writes one, returns its end. */
size_t weft_trace_encoded_max(int after_count, int target_count);
uint8_t *weft_trace_encode(uint8_t *to, trace_state *state, const weft_trace_record *record);
/* Writes a record of `size` bytes with its end. to: room for size + 10. */
uint8_t *weft_trace_encode_finish(uint8_t *to, const uint8_t *record, size_t size, uint64_t start, uint64_t finish);

/* One line of JSON, malloc'd by cJSON: release with weft_trace_header_free_text. NULL without memory. */
char *weft_trace_header_text(const weft_trace_header *header);
void weft_trace_header_free_text(char *text);
/* A trace without records. text: at line `line`, column `column` of the file (line 0: at that offset). PARSE. */
weft_status weft_trace_header_parse(weft_trace **out, const char *text, size_t size, const char *path, int line,
                                    size_t column, weft_error *err);

/* weft_trace_read of bytes at hand. */
weft_status weft_trace_parse(weft_trace **out, const char *path, const char *data, size_t size, weft_error *err);
weft_status weft_trace_read_binary(weft_trace **out, const char *path, const uint8_t *data, size_t size,
                                   weft_error *err);
weft_status weft_trace_write_binary(const weft_trace *trace, FILE *stream, weft_error *err);
weft_status weft_trace_read_text(weft_trace **out, const char *path, const char *data, size_t size, weft_error *err);
/* A list of packets (core/packet_list.h); old: with the first line of weft-trace 1. */
weft_status weft_trace_import_plain(weft_trace **out, const char *path, const char *data, size_t size, bool old,
                                    weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
