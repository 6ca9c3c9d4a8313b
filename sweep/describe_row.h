/* Making one row of a description. */
#ifndef WEFT_SWEEP_DESCRIBE_ROW_H
#define WEFT_SWEEP_DESCRIBE_ROW_H

#include "core/arena.h"
#include "core/text.h"
#include "sweep/descriptions.h"

typedef struct weft_row {
    weft_arena *arena;
    const char **values; /* [count of the table's columns] */
    bool lost;           /* memory was out */
} weft_row;

/* Room for `count` rows of a table; the caller fills values. MEMORY. */
weft_status weft_rows_begin(weft_description_rows *out, weft_arena *arena, weft_description which, size_t count,
                            weft_error *err);
/* The row at `number`, to be filled. */
weft_row weft_rows_at(const weft_description_rows *rows, weft_arena *arena, weft_description which, size_t number);
weft_status weft_row_end(const weft_row *row, weft_error *err);

/* NULL and "" are none. */
void weft_row_text(weft_row *row, int column, const char *text);
/* A path's last part. */
void weft_row_file(weft_row *row, int column, const char *path);
void weft_row_count(weft_row *row, int column, uint64_t value);
/* 0, where `given` is false, is none. */
void weft_row_number(weft_row *row, int column, double value, bool given);
/* A JSON list. */
void weft_row_list(weft_row *row, int column, const char *const *items, size_t count);

#endif
