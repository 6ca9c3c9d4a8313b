/* Lists of packets as text: what `weft noc` sends and `weft replay` takes as a trace. */
#ifndef WEFT_CORE_PACKET_LIST_H
#define WEFT_CORE_PACKET_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_PACKET_TIME_MAX ((uint64_t)1 << 48)
enum { WEFT_PACKET_FLITS_MAX = 1 << 20 };

typedef struct weft_packet_line {
    uint64_t time; /* cycle */
    int source, target, flits;
    int number; /* of its line, from 1 */
} weft_packet_line;
/* In the order of their times, those of one time in the order of their lines. */
typedef struct weft_packet_list {
    weft_packet_line *items;
    size_t count;
} weft_packet_list;

/* Lines "time source target flits" (lines.h) of data: [size] bytes. Errors with file:line:column: PARSE (a terminal not
 * below terminals, flits not 1 to WEFT_PACKET_FLITS_MAX, no packet), MEMORY. */
weft_status weft_packet_list_parse(weft_packet_list *out, const char *path, const char *data, size_t size,
                                   int terminals, weft_error *err);
/* The same of a file, plain or gzip. IO too. */
weft_status weft_packet_list_read(weft_packet_list *out, const char *path, int terminals, weft_error *err);
void weft_packet_list_destroy(weft_packet_list *list); /* safe on a zeroed one */

#ifdef __cplusplus
}
#endif
#endif
