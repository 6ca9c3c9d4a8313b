/* Rows of a SELECT as a table for people. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "sweep/store_internal.h"

enum { CELL_CHARACTERS = 48, GAP = 2 };

typedef struct grid {
    weft_arena *arena;
    int columns;
    const char **cells; /* [rows][columns], the header first */
    size_t rows, room;
    int *width;    /* [columns] characters */
    bool *numbers; /* [columns] nothing but numbers: to the right */
} grid;

static weft_status no_memory(weft_error *err) { return weft_error_set(err, WEFT_E_MEMORY, "no memory for a table"); }

/* Characters of a text; invalid bytes count as one. */
static int count_characters(const char *text) {
    int count = 0;
    for (; *text; count++) {
        const size_t length = weft_utf8_length(text);
        text += length ? length : 1;
    }
    return count;
}

/* One line of at most CELL_CHARACTERS characters. */
static const char *make_cell(weft_arena *arena, const char *text) {
    const bool cut = count_characters(text) > CELL_CHARACTERS;
    char *cell = weft_arena_alloc(arena, strlen(text) + 4), *at = cell;
    for (int i = 0; cell && *text && (!cut || i < CELL_CHARACTERS - 3); i++) {
        const size_t length = weft_utf8_length(text);
        if (length == 0 || (unsigned char)*text < ' ' || *text == 0x7F)
            *at++ = length ? ' ' : '?';
        else
            for (size_t b = 0; b < length; b++) *at++ = text[b];
        text += length ? length : 1;
    }
    if (cell) strcpy(at, cut ? "..." : "");
    return cell;
}

static weft_status add_cell(grid *g, int column, const char *text, weft_error *err) {
    const char *cell = make_cell(g->arena, text);
    if (!cell) return no_memory(err);
    const int width = count_characters(cell);
    g->cells[(g->rows - 1) * (size_t)g->columns + (size_t)column] = cell;
    if (width > g->width[column]) g->width[column] = width;
    return WEFT_OK;
}

static weft_status add_row(grid *g, weft_error *err) {
    if (g->rows == g->room) {
        const size_t room = 2 * g->room + 16;
        const char **more = realloc(g->cells, room * (size_t)g->columns * sizeof *more);
        if (!more) return no_memory(err);
        g->cells = more;
        g->room = room;
    }
    g->rows++;
    return WEFT_OK;
}

static weft_status add_header(grid *g, sqlite3_stmt *statement, weft_error *err) {
    g->columns = sqlite3_column_count(statement);
    g->arena = weft_arena_create();
    g->width = calloc((size_t)g->columns, sizeof *g->width);
    g->numbers = calloc((size_t)g->columns, sizeof *g->numbers);
    if (!g->arena || !g->width || !g->numbers) return no_memory(err);
    WEFT_TRY(add_row(g, err));
    for (int c = 0; c < g->columns; c++) {
        g->numbers[c] = true;
        WEFT_TRY(add_cell(g, c, sqlite3_column_name(statement, c), err));
    }
    return WEFT_OK;
}

static weft_status add_values(grid *g, sqlite3_stmt *statement, weft_error *err) {
    WEFT_TRY(add_row(g, err));
    for (int c = 0; c < g->columns; c++) {
        char number[32];
        const int type = sqlite3_column_type(statement, c);
        snprintf(number, sizeof number, "%.6g", type == SQLITE_FLOAT ? sqlite3_column_double(statement, c) : 0.0);
        g->numbers[c] = g->numbers[c] && type != SQLITE_TEXT && type != SQLITE_BLOB;
        WEFT_TRY(add_cell(g, c,
                          type == SQLITE_NULL    ? "-"
                          : type == SQLITE_FLOAT ? number
                                                 : weft_store_text(statement, c),
                          err));
    }
    return WEFT_OK;
}

/* As many columns as fit, at least one. */
static int count_fitting(const grid *g, int width) {
    int used = 0, c = 0;
    for (; c < g->columns; c++) {
        used += g->width[c] + (c ? GAP : 0);
        if (width > 0 && used > width && c > 0) break;
    }
    return c;
}

static void print_cell(const char *cell, int width, bool right, bool last, FILE *stream) {
    const int blanks = width - count_characters(cell);
    if (right) fprintf(stream, "%*s", blanks, "");
    fputs(cell, stream);
    if (!right && !last) fprintf(stream, "%*s", blanks, "");
}

static void print_grid(const grid *g, int columns, FILE *stream) {
    for (size_t r = 0; r < g->rows; r++) {
        for (int c = 0; c < columns; c++) {
            if (c) fprintf(stream, "%*s", GAP, "");
            print_cell(g->cells[r * (size_t)g->columns + (size_t)c], g->width[c], g->numbers[c], c == columns - 1,
                       stream);
        }
        fputc('\n', stream);
    }
}

static void note_hidden(weft_store_printed *out, const grid *g, int shown) {
    out->hidden = g->columns - shown;
    size_t used = 0;
    for (int c = shown; c < g->columns && used < sizeof out->hidden_names; c++)
        used += (size_t)snprintf(out->hidden_names + used, sizeof out->hidden_names - used, "%s%s",
                                 c > shown ? ", " : "", g->cells[c]);
}

static weft_status collect(grid *g, weft_store_printed *out, const weft_store *store, sqlite3_stmt *statement,
                           size_t rows, weft_error *err) {
    bool row;
    WEFT_TRY(add_header(g, statement, err));
    for (;;) {
        WEFT_TRY(weft_store_query_step(&row, store, statement, err));
        if (!row) return WEFT_OK;
        if (rows == 0 || out->rows < rows) WEFT_TRY(add_values(g, statement, err));
        out->rows++;
    }
}

weft_status weft_store_print(weft_store_printed *out, const weft_store *store, const char *sql, int width, size_t rows,
                             FILE *stream, weft_error *err) {
    grid g = {0};
    char *chosen = NULL;
    sqlite3_stmt *statement = NULL;
    weft_status status;
    *out = (weft_store_printed){0};
    if (!sql) WEFT_TRY(weft_store_select(&chosen, store, WEFT_STORE_MAIN, err));
    WEFT_TRY_GOTO(weft_store_query(&statement, store, sql ? sql : chosen, err));
    WEFT_TRY_GOTO(collect(&g, out, store, statement, rows, err));
    const int columns = count_fitting(&g, width);
    out->shown = g.rows - 1;
    note_hidden(out, &g, columns);
    if (g.rows > 1) print_grid(&g, columns, stream);
cleanup:
    sqlite3_finalize(statement);
    weft_arena_destroy(g.arena);
    free(g.cells);
    free(g.width);
    free(g.numbers);
    free(chosen);
    return status;
}
