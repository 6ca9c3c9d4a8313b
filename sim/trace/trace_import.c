/* Lists of packets as traces: every packet waits for its cycle and for nothing else. */
#include <ctype.h>
#include <string.h>

#include "sim/trace/trace_internal.h"

/* The recorded start: what weft's own first form says, not what a list asks for. */
static weft_status make_trace(weft_trace **out, const weft_packet_list *list, const weft_trace_header *header,
                              bool recorded, weft_error *err) {
    WEFT_TRY(weft_trace_create(out, header, err));
    for (size_t i = 0; i < list->count; i++) {
        const weft_packet_line *p = &list->items[i];
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

static int terminals_of(const weft_packet_list *list) {
    int largest = 0;
    for (size_t i = 0; i < list->count; i++) {
        const weft_packet_line *p = &list->items[i];
        if (p->source > largest) largest = p->source;
        if (p->target > largest) largest = p->target;
    }
    return largest + 1;
}

weft_status weft_trace_import_plain(weft_trace **out, const char *path, const char *data, size_t size, bool old,
                                    weft_error *err) {
    weft_trace_header header = {.host = -1};
    weft_packet_list list;
    char name[256];
    if (memchr(data, 0, size))
        return weft_trace_offset_error(err, path, 0, "no trace: neither \"weft-trace 2\" nor text");
    if (old) {
        const char *end = memchr(data, '\n', size);
        read_old_header(&header, name, sizeof name, data, end ? (size_t)(end - data) : size);
    }
    WEFT_TRY(weft_packet_list_parse(&list, path, data, size,
                                    header.terminals ? header.terminals : WEFT_TRACE_TERMINALS_MAX, err));
    if (!header.terminals) header.terminals = terminals_of(&list);
    const weft_status status = make_trace(out, &list, &header, old, err);
    weft_packet_list_destroy(&list);
    return status;
}
