/* Lists of packets, `time source destination flits`, as traces: every packet waits for its cycle and for nothing else.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/trace_internal.h"

typedef struct line_packet {
    uint64_t time, order;
    int source, target, flits;
} line_packet;
typedef struct packet_list {
    line_packet *items;
    size_t count, room;
    int terminals; /* largest number + 1 */
} packet_list;

static weft_status add_packet(packet_list *list, line_packet packet, weft_error *err) {
    line_packet *items = weft_trace_grow(list->items, &list->room, list->count, sizeof *items);
    if (!items) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu packets", list->count);
    list->items = items;
    packet.order = list->count;
    list->items[list->count++] = packet;
    if (packet.source >= list->terminals) list->terminals = packet.source + 1;
    if (packet.target >= list->terminals) list->terminals = packet.target + 1;
    return WEFT_OK;
}

static weft_status read_packet(packet_list *list, trace_lines *lines, int terminals, weft_error *err) {
    const int64_t last = terminals - 1;
    int64_t time, source, target, flits;
    WEFT_TRY(weft_trace_next_number(lines, &time, 0, (int64_t)WEFT_TRACE_TIME_MAX, "time", err));
    WEFT_TRY(weft_trace_next_number(lines, &source, 0, last, "source", err));
    WEFT_TRY(weft_trace_next_number(lines, &target, 0, last, "destination", err));
    WEFT_TRY(weft_trace_next_number(lines, &flits, 1, WEFT_TRACE_VALUES_MAX, "flits", err));
    WEFT_TRY(weft_trace_line_end(lines, err));
    return add_packet(list, (line_packet){(uint64_t)time, 0, (int)source, (int)target, (int)flits}, err);
}

static int by_time(const void *a, const void *b) {
    const line_packet *p = a, *q = b;
    if (p->time != q->time) return p->time < q->time ? -1 : 1;
    return (p->order > q->order) - (p->order < q->order);
}

/* The recorded start: what weft's own first form says, not what a list asks for. */
static weft_status make_trace(weft_trace **out, packet_list *list, const weft_trace_header *header, bool recorded,
                              weft_error *err) {
    if (list->count) qsort(list->items, list->count, sizeof *list->items, by_time);
    WEFT_TRY(weft_trace_create(out, header, err));
    for (size_t i = 0; i < list->count; i++) {
        const line_packet *p = &list->items[i];
        const weft_trace_packet packet = {.source = p->source,
                                          .targets = &p->target,
                                          .target_count = 1,
                                          .kind = -1,
                                          .values = p->flits,
                                          .stage = -1,
                                          .image = -1,
                                          .earliest = p->time,
                                          .start = recorded ? p->time : WEFT_TRACE_NONE,
                                          .finish = WEFT_TRACE_NONE};
        const weft_status status = weft_trace_add_packet(*out, &packet, NULL, err);
        if (status == WEFT_OK) continue;
        weft_trace_destroy(*out);
        *out = NULL;
        return status;
    }
    return WEFT_OK;
}

/* "# weft-trace 1: ...; chip NAME, C cores, host H, mesh X x Y, images N". What it lacks comes from the packets. name:
 * [name_size]. */
static void read_old_header(weft_trace_header *header, char *name, size_t name_size, const char *line, size_t size) {
    char text[512];
    int cores, host, width, height;
    snprintf(text, sizeof text, "%.*s", (int)(size < sizeof text ? size : sizeof text - 1), line);
    char *begin = strstr(text, "; chip "), *end = strstr(text, " cores, host ");
    if (!begin || !end) return;
    begin += strlen("; chip ");
    while (end > begin && isdigit((unsigned char)end[-1])) end--;
    if (sscanf(end, "%d cores, host %d, mesh %d x %d", &cores, &host, &width, &height) != 4) return;
    if (end < begin + 2 || cores < 1 || cores >= WEFT_TRACE_TERMINALS_MAX || host < 0 || host > cores || width < 1 ||
        height < 1)
        return;
    snprintf(name, name_size, "%.*s", (int)(end - begin - 2), begin);
    header->chip = name;
    header->terminals = cores + 1;
    header->host = host;
    header->mesh[0] = width, header->mesh[1] = height;
    header->concentration = cores / (width * height);
}

weft_status weft_trace_import_plain(weft_trace **out, const char *path, const char *data, size_t size, bool old,
                                    weft_error *err) {
    trace_lines lines = {.path = path, .at = data, .end = data + size, .line = data, .word = data};
    weft_trace_header header = {.host = -1};
    packet_list list = {0};
    char name[256];
    weft_status status = WEFT_OK;
    if (memchr(data, 0, size))
        return weft_trace_offset_error(err, path, 0, "no trace: neither \"weft-trace 2\" nor text");
    if (old) {
        const char *end = memchr(data, '\n', size);
        read_old_header(&header, name, sizeof name, data, end ? (size_t)(end - data) : size);
    }
    const int terminals = header.terminals ? header.terminals : WEFT_TRACE_TERMINALS_MAX;
    while (status == WEFT_OK && weft_trace_next_line(&lines)) status = read_packet(&list, &lines, terminals, err);
    if (status == WEFT_OK && !list.count)
        status = weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0,
                                   "has no packets: lines `time source destination "
                                   "flits` are expected");
    if (!header.terminals) header.terminals = list.terminals;
    if (status == WEFT_OK) status = make_trace(out, &list, &header, old, err);
    free(list.items);
    return status;
}
