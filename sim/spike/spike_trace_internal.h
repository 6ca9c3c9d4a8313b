/* Inside spike traces: a tick as bytes and as lines, and the header. Private to sim/spike. */
#ifndef WEFT_SIM_SPIKE_SPIKE_TRACE_INTERNAL_H
#define WEFT_SIM_SPIKE_SPIKE_TRACE_INTERNAL_H

#include "core/arena.h"
#include "core/lines.h"
#include "sim/spike/spike_trace.h"
#include "sim/trace/blocks.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_SPIKE_TRACE_NAME "weft-spikes "
enum { WEFT_SPIKE_TRACE_VERSION = 1 };
#define WEFT_SPIKE_TRACE_TICKS_MAX ((uint64_t)1 << 48) /* numbers of ticks are below */

/* A tick that is being read; its arrays grow. */
typedef struct weft_tick_buffer {
    weft_tick_core *cores;
    weft_tick_packet *packets;
    size_t core_count, core_room, packet_count, packet_room;
} weft_tick_buffer;
/* False without memory. */
bool weft_tick_buffer_add_core(weft_tick_buffer *buffer, const weft_tick_core *core);
bool weft_tick_buffer_add_packet(weft_tick_buffer *buffer, const weft_tick_packet *packet);
weft_tick weft_tick_buffer_tick(const weft_tick_buffer *buffer, uint64_t tick);
void weft_tick_buffer_clear(weft_tick_buffer *buffer);
void weft_tick_buffer_free(weft_tick_buffer *buffer);

/* One line of JSON, malloc'd by cJSON: release with weft_spike_trace_header_free_text. NULL without memory. */
char *weft_spike_trace_header_text(const weft_spike_trace_header *header);
void weft_spike_trace_header_free_text(char *text);
/* Texts go into the arena. text: at line `line`, column `column` of the file (line 0: at that offset). PARSE, MEMORY.
 */
weft_status weft_spike_trace_header_parse(weft_spike_trace_header *out, weft_arena *arena, const char *text,
                                          size_t size, const char *path, int line, size_t column, weft_error *err);

/* Bytes that a tick takes at most; writes one behind tick `before` (UINT64_MAX: the first), returns its end. */
size_t weft_tick_encoded_max(const weft_tick *tick);
uint8_t *weft_tick_encode(uint8_t *to, const weft_tick *tick, uint64_t before);
/* The tick at *at, which is moved behind it. False at bytes that are none, and without memory (*memory is set). */
bool weft_tick_decode(weft_tick *out, weft_tick_buffer *buffer, const uint8_t **at, const uint8_t *end, uint64_t before,
                      bool *memory);

void weft_tick_print(FILE *stream, const weft_tick *tick);
/* The tick whose first line is the present one; then the present one is the one behind it, *more: there is one. PARSE,
 * MEMORY. */
weft_status weft_tick_read_text(weft_tick *out, weft_tick_buffer *buffer, weft_lines *lines, bool *more,
                                weft_error *err);

/* weft_tick_check, only cores of the header's chip, and later than tick `before`. INVALID. */
weft_status weft_spike_trace_check(const weft_spike_trace_header *header, const weft_tick *tick, uint64_t before,
                                   weft_error *err);
/* weft_spike_trace_open of bytes at hand, which the trace takes (malloc'd), also on failure. */
weft_status weft_spike_trace_parse(weft_spike_trace **out, const char *path, char *data, size_t size, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
