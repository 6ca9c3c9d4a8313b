/* Packet lists as text. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "sim/noc/noc_traffic.h"

enum { FIELDS = 4, FLITS_MAX = 1 << 20 };
static const size_t BYTES_MAX = (size_t)1 << 32;
static const char *const field_names[FIELDS] = {"time", "source", "target", "flits"};

typedef struct reader {
    const char *path, *begin; /* of the line */
    int line;
} reader;

static WEFT_PRINTF(5, 6) weft_status
    fail(const reader *r, weft_status status, const char *at, weft_error *err, const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return weft_error_set_at(err, status, r->path, r->line, (int)(at - r->begin) + 1, "%s", text);
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* One number at *at, which moves behind it and the blanks that follow. */
static weft_status read_number(const reader *r, const char **at, uint64_t *value, const char *name, weft_error *err) {
    const char *c = *at;
    if (*c == '\n' || *c == 0 || *c == '#')
        return fail(r, WEFT_E_PARSE, c, err, "no %s; a line is \"time source target flits\"", name);
    for (*value = 0; is_digit(*c); c++) {
        if (*value > (UINT64_MAX >> 1) / 10) return fail(r, WEFT_E_INVALID, *at, err, "%s is too large", name);
        *value = *value * 10 + (uint64_t)(*c - '0');
    }
    if (c == *at || !(is_blank(*c) || *c == '\n' || *c == 0 || *c == '#'))
        return fail(r, WEFT_E_PARSE, c, err, "%s is not a whole number", name);
    while (is_blank(*c)) c++;
    *at = c;
    return WEFT_OK;
}

static weft_status check_line(const reader *r, const uint64_t value[FIELDS], const char *const place[FIELDS],
                              const weft_noc_packet_list *list, int terminals, weft_error *err) {
    if (list->count && value[0] < list->items[list->count - 1].time)
        return fail(r, WEFT_E_INVALID, place[0], err, "time %llu is before that of the packet above, %llu",
                    (unsigned long long)value[0], (unsigned long long)list->items[list->count - 1].time);
    for (int i = 1; i < 3; i++)
        if (value[i] >= (uint64_t)terminals)
            return fail(r, WEFT_E_INVALID, place[i], err, "%s %llu; there are %d, from 0", field_names[i],
                        (unsigned long long)value[i], terminals);
    if (value[3] < 1 || value[3] > FLITS_MAX)
        return fail(r, WEFT_E_INVALID, place[3], err, "%llu flits; allowed are 1 to %d", (unsigned long long)value[3],
                    FLITS_MAX);
    return WEFT_OK;
}

static weft_status append(weft_noc_packet_list *list, size_t *room, const uint64_t value[FIELDS], weft_error *err) {
    if (list->count == *room) {
        size_t larger = *room ? *room * 2 : 1024;
        weft_noc_packet_line *grown = realloc(list->items, larger * sizeof *grown);
        if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %zu packets", larger);
        list->items = grown;
        *room = larger;
    }
    list->items[list->count++] = (weft_noc_packet_line){value[0], (int)value[1], (int)value[2], (int)value[3]};
    return WEFT_OK;
}

static weft_status read_lines(weft_noc_packet_list *list, const char *text, const char *path, int terminals,
                              weft_error *err) {
    reader r = {path, text, 1};
    size_t room = 0;
    for (const char *at = text; *at; r.line++) {
        uint64_t value[FIELDS];
        const char *place[FIELDS];
        r.begin = at;
        while (is_blank(*at)) at++;
        if (*at && *at != '\n' && *at != '#') {
            for (int i = 0; i < FIELDS; i++) {
                place[i] = at;
                WEFT_TRY(read_number(&r, &at, &value[i], field_names[i], err));
            }
            if (*at && *at != '\n' && *at != '#')
                return fail(&r, WEFT_E_PARSE, at, err, "more than four numbers on a line");
            WEFT_TRY(check_line(&r, value, place, list, terminals, err));
            WEFT_TRY(append(list, &room, value, err));
        }
        at += strcspn(at, "\n");
        if (*at) at++;
    }
    if (list->count) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_INVALID, path, 0, 0, "has no packet");
}

weft_status weft_noc_packet_list_read(weft_noc_packet_list *out, const char *path, int terminals, weft_error *err) {
    char *text = NULL;
    size_t size = 0;
    *out = (weft_noc_packet_list){0};
    WEFT_TRY(weft_file_read_gz(&text, &size, path, BYTES_MAX, err));
    weft_status status = WEFT_OK;
    if (strlen(text) != size)
        status = weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "is no text: it has a zero byte");
    if (status == WEFT_OK) status = read_lines(out, text, path, terminals, err);
    if (status != WEFT_OK) weft_noc_packet_list_destroy(out);
    free(text);
    return status;
}

void weft_noc_packet_list_destroy(weft_noc_packet_list *list) {
    free(list->items);
    *list = (weft_noc_packet_list){0};
}
