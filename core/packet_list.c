#include "core/packet_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/lines.h"

static const size_t BYTES_MAX = (size_t)1 << 32;

static weft_status append(weft_packet_list *list, size_t *room, weft_packet_line line, weft_error *err) {
    if (list->count == *room) {
        size_t larger = *room ? *room * 2 : 1024;
        weft_packet_line *grown = realloc(list->items, larger * sizeof *grown);
        if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %zu packets", larger);
        list->items = grown;
        *room = larger;
    }
    list->items[list->count++] = line;
    return WEFT_OK;
}

static weft_status read_line(weft_packet_line *out, weft_lines *lines, int terminals, weft_error *err) {
    int64_t time, source, target, flits;
    WEFT_TRY(weft_lines_next_number(lines, &time, 0, (int64_t)WEFT_PACKET_TIME_MAX, "time", err));
    WEFT_TRY(weft_lines_next_number(lines, &source, 0, terminals - 1, "source", err));
    WEFT_TRY(weft_lines_next_number(lines, &target, 0, terminals - 1, "target", err));
    WEFT_TRY(weft_lines_next_number(lines, &flits, 1, WEFT_PACKET_FLITS_MAX, "flits", err));
    *out = (weft_packet_line){(uint64_t)time, (int)source, (int)target, (int)flits, lines->number};
    return weft_lines_end_line(lines, err);
}

static weft_status read_lines(weft_packet_list *list, weft_lines *lines, int terminals, weft_error *err) {
    size_t room = 0;
    while (weft_lines_next_line(lines)) {
        weft_packet_line line;
        WEFT_TRY(read_line(&line, lines, terminals, err));
        WEFT_TRY(append(list, &room, line, err));
    }
    if (list->count) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_PARSE, lines->path, 0, 0,
                             "has no packets: lines \"time source target flits\" are expected");
}

static int by_time(const void *a, const void *b) {
    const weft_packet_line *p = a, *q = b;
    if (p->time != q->time) return p->time < q->time ? -1 : 1;
    return (p->number > q->number) - (p->number < q->number);
}

/* Binary or text; "# weft-trace 1" is ahead of a list. */
static bool is_trace(const char *data, size_t size) {
    static const char name[] = "# weft-trace ";
    const size_t length = sizeof name - 1;
    if (size >= length - 2 && !memcmp(data, name + 2, length - 2)) return true;
    return size > length && !memcmp(data, name, length) && data[length] != '1';
}

weft_status weft_packet_list_parse(weft_packet_list *out, const char *path, const char *data, size_t size,
                                   int terminals, weft_error *err) {
    weft_lines lines = weft_lines_begin(path, data, size);
    *out = (weft_packet_list){0};
    if (is_trace(data, size))
        return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0,
                                 "is a trace of a timed run, no list of packets; \"weft replay\" runs it");
    if (memchr(data, 0, size))
        return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "is no text: it has a zero byte");
    const weft_status status = read_lines(out, &lines, terminals, err);
    if (status == WEFT_OK)
        qsort(out->items, out->count, sizeof *out->items, by_time);
    else
        weft_packet_list_destroy(out);
    return status;
}

weft_status weft_packet_list_read(weft_packet_list *out, const char *path, int terminals, weft_error *err) {
    char *text = NULL;
    size_t size = 0;
    *out = (weft_packet_list){0};
    WEFT_TRY(weft_file_read_gz(&text, &size, path, BYTES_MAX, err));
    const weft_status status = weft_packet_list_parse(out, path, text, size, terminals, err);
    free(text);
    return status;
}

void weft_packet_list_destroy(weft_packet_list *list) {
    free(list->items);
    *list = (weft_packet_list){0};
}
