#include "sweep/describe_row.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/json.h"

weft_status weft_rows_begin(weft_description_rows *out, weft_arena *arena, weft_description which, size_t count,
                            weft_error *err) {
    const size_t columns = (size_t)weft_descriptions[which].count;
    const char *const **values = weft_arena_alloc(arena, (count + 1) * sizeof *values);
    const char **texts = weft_arena_alloc(arena, (count * columns + 1) * sizeof *texts);
    *out = (weft_description_rows){0};
    if (!values || !texts) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a description");
    for (size_t i = 0; i < count; i++) values[i] = texts + i * columns;
    *out = (weft_description_rows){count, values};
    return WEFT_OK;
}

weft_row weft_rows_at(const weft_description_rows *rows, weft_arena *arena, weft_description which, size_t number) {
    /* Rows are one block, which weft_rows_begin made to be written. */
    const char **first = (const char **)(uintptr_t)rows->values[0];
    return (weft_row){.arena = arena, .values = first + number * (size_t)weft_descriptions[which].count};
}

weft_status weft_row_end(const weft_row *row, weft_error *err) {
    return row->lost ? weft_error_set(err, WEFT_E_MEMORY, "no memory for a description") : WEFT_OK;
}

static void keep(weft_row *row, int column, const char *text) {
    row->values[column] = text;
    row->lost |= !text;
}

void weft_row_text(weft_row *row, int column, const char *text) {
    if (text && *text) keep(row, column, weft_arena_strdup(row->arena, text));
}

void weft_row_file(weft_row *row, int column, const char *path) {
    const char *slash = strrchr(path, '/');
    weft_row_text(row, column, slash ? slash + 1 : path);
}

void weft_row_count(weft_row *row, int column, uint64_t value) {
    keep(row, column, weft_arena_printf(row->arena, "%" PRIu64, value));
}

void weft_row_number(weft_row *row, int column, double value, bool given) {
    char text[32];
    weft_number_text(text, sizeof text, value);
    if (given) weft_row_text(row, column, text);
}

void weft_row_list(weft_row *row, int column, const char *const *items, size_t count) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream) {
        weft_json json = {.stream = stream, .flat = true};
        weft_json_array(&json, NULL);
        for (size_t i = 0; i < count; i++) weft_json_text(&json, NULL, items[i]);
        weft_json_array_end(&json);
    }
    const bool whole = stream && fclose(stream) == 0;
    keep(row, column, whole ? weft_arena_strdup(row->arena, text) : NULL);
    free(text);
}
