/* Tables of chips, networks and layers. */
#include <stdlib.h>
#include <string.h>

#include "sweep/store_internal.h"

static bool is_list(const weft_description_column *column) { return !strcmp(column->type, "LIST"); }

static const char *sql_type(const weft_description_column *column) { return is_list(column) ? "TEXT" : column->type; }

/* ---- the schema ---- */

static weft_status create_table(const weft_store *store, const weft_description_table *table, weft_error *err) {
    char *text;
    size_t size;
    FILE *sql = weft_store_sql_begin(&text, &size);
    if (sql) {
        fprintf(sql, "CREATE TABLE IF NOT EXISTS %s (", table->name);
        for (int c = 0; c < table->count; c++)
            fprintf(sql, "%s %s, ", table->columns[c].name, sql_type(&table->columns[c]));
        fprintf(sql, "PRIMARY KEY (%s)) WITHOUT ROWID", table->key);
    }
    WEFT_TRY(weft_store_sql_end(sql, &text, err));
    const weft_status status = weft_store_exec(store, text, "cannot be written", err);
    free(text);
    return status;
}

/* Columns that a file of an older weft lacks; its rows have nothing there. */
static weft_status add_columns(const weft_store *store, const weft_description_table *table, weft_error *err) {
    for (int c = 0; c < table->count; c++) {
        const weft_description_column *column = &table->columns[c];
        char sql[128];
        bool lacks;
        WEFT_TRY(weft_store_lacks(&lacks, store, table->name, column->name, err));
        if (!lacks) continue;
        snprintf(sql, sizeof sql, "ALTER TABLE %s ADD COLUMN %s %s", table->name, column->name, sql_type(column));
        WEFT_TRY(weft_store_exec(store, sql, "cannot be written", err));
    }
    return WEFT_OK;
}

weft_status weft_store_descriptions_create(const weft_store *store, weft_error *err) {
    for (int d = 0; d < WEFT_DESCRIPTIONS; d++) {
        WEFT_TRY(create_table(store, &weft_descriptions[d], err));
        WEFT_TRY(add_columns(store, &weft_descriptions[d], err));
    }
    return WEFT_OK;
}

/* ---- rows in ---- */

weft_status weft_store_described(bool *described, const weft_store *store, weft_description which, const char *sha256,
                                 weft_error *err) {
    sqlite3_stmt *statement;
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT 1 FROM %s WHERE sha256 = ?", weft_descriptions[which].name);
    WEFT_TRY(weft_store_prepare(&statement, store, sql, err));
    sqlite3_bind_text(statement, 1, sha256, -1, SQLITE_STATIC);
    const weft_status status = weft_store_step(described, store, statement, err);
    sqlite3_finalize(statement);
    return status;
}

static weft_status prepare_insert(sqlite3_stmt **out, const weft_store *store, const weft_description_table *table,
                                  weft_error *err) {
    char *text;
    size_t size;
    FILE *sql = weft_store_sql_begin(&text, &size);
    if (sql) {
        fprintf(sql, "INSERT OR IGNORE INTO %s (", table->name);
        for (int c = 0; c < table->count; c++) fprintf(sql, "%s%s", c ? ", " : "", table->columns[c].name);
        fputs(") VALUES (", sql);
        for (int c = 0; c < table->count; c++) fputs(c ? ", ?" : "?", sql);
        fputs(")", sql);
    }
    WEFT_TRY(weft_store_sql_end(sql, &text, err));
    const weft_status status = weft_store_prepare(out, store, text, err);
    free(text);
    return status;
}

/* Numbers are given as texts; the columns' types make numbers of them. */
weft_status weft_store_put_descriptions(weft_store *store, weft_description which, const weft_description_rows *rows,
                                        weft_error *err) {
    const weft_description_table *table = &weft_descriptions[which];
    sqlite3_stmt *insert = NULL;
    bool row;
    weft_status status;
    WEFT_TRY_GOTO(weft_store_begin(store, err));
    WEFT_TRY_GOTO(prepare_insert(&insert, store, table, err));
    for (size_t i = 0; i < rows->count; i++) {
        for (int c = 0; c < table->count; c++) sqlite3_bind_text(insert, c + 1, rows->values[i][c], -1, SQLITE_STATIC);
        WEFT_TRY_GOTO(weft_store_step(&row, store, insert, err));
        sqlite3_reset(insert);
    }
cleanup:
    sqlite3_finalize(insert);
    return status;
}

/* ---- rows out ---- */

/* A list as lines; what an older weft has no column for is none. */
static weft_status select_column(FILE *sql, const weft_store *store, const weft_description_table *table, int c,
                                 weft_error *err) {
    const weft_description_column *column = &table->columns[c];
    bool lacks;
    WEFT_TRY(weft_store_lacks(&lacks, store, table->name, column->name, err));
    fputs(c ? ", " : "SELECT ", sql);
    if (lacks)
        fputs("NULL", sql);
    else if (is_list(column))
        fprintf(sql, "(SELECT group_concat(value, char(10)) FROM json_each(t.%s))", column->name);
    else
        fprintf(sql, "t.%s", column->name);
    return WEFT_OK;
}

static weft_status prepare_select(sqlite3_stmt **out, const weft_store *store, const weft_description_table *table,
                                  weft_error *err) {
    char *text;
    size_t size;
    weft_status status = WEFT_OK;
    FILE *sql = weft_store_sql_begin(&text, &size);
    for (int c = 0; sql && c < table->count && status == WEFT_OK; c++)
        status = select_column(sql, store, table, c, err);
    if (sql)
        fprintf(sql, " FROM %s t WHERE t.sha256 IN (SELECT %s FROM points) ORDER BY %s", table->name, table->points,
                table->key);
    const weft_status ended = weft_store_sql_end(sql, &text, status == WEFT_OK ? err : NULL);
    if (status == WEFT_OK) status = ended;
    if (status == WEFT_OK) status = weft_store_prepare(out, store, text, err);
    free(text);
    return status;
}

static weft_status read_row(weft_description_rows *out, size_t *room, weft_arena *arena, sqlite3_stmt *row, int columns,
                            weft_error *err) {
    const char **texts = weft_arena_alloc(arena, (size_t)columns * sizeof *texts);
    bool whole = texts != NULL;
    if (whole && out->count == *room) {
        const size_t more = 2 * *room + 16;
        const char *const **values = weft_arena_alloc(arena, more * sizeof *values);
        if (values && out->count) memcpy(values, out->values, out->count * sizeof *values);
        out->values = values;
        *room = more;
        whole = values != NULL;
    }
    for (int c = 0; whole && c < columns; c++) {
        if (sqlite3_column_type(row, c) == SQLITE_NULL) continue;
        texts[c] = weft_arena_strdup(arena, weft_store_text(row, c));
        whole = texts[c] != NULL;
    }
    if (!whole) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the results");
    out->values[out->count++] = texts;
    return WEFT_OK;
}

weft_status weft_store_read_descriptions(weft_description_rows *out, const weft_store *store, weft_description which,
                                         weft_arena *arena, weft_error *err) {
    const weft_description_table *table = &weft_descriptions[which];
    sqlite3_stmt *rows = NULL;
    size_t room = 0;
    bool missing, row;
    weft_status status;
    *out = (weft_description_rows){0};
    WEFT_TRY(weft_store_lacks(&missing, store, table->name, "sha256", err));
    if (missing) return WEFT_OK;
    WEFT_TRY_GOTO(prepare_select(&rows, store, table, err));
    for (;;) {
        WEFT_TRY_GOTO(weft_store_step(&row, store, rows, err));
        if (!row) break;
        WEFT_TRY_GOTO(read_row(out, &room, arena, rows, table->count, err));
    }
cleanup:
    sqlite3_finalize(rows);
    return status;
}

/* ---- the manual ---- */

void weft_store_describe_rows(FILE *stream, weft_description which) {
    const weft_description_table *table = &weft_descriptions[which];
    fputs("| column | type | |\n|---|---|---|\n", stream);
    for (int c = 0; c < table->count; c++) {
        const weft_description_column *column = &table->columns[c];
        const char *first = is_list(column) ? "a JSON list" : column->label;
        if (!strcmp(first, column->name)) first = "";
        const bool both = *first && (*column->unit || *column->text);
        fprintf(stream, "| `%s` | %s | %s%s%s%s%s |\n", column->name, sql_type(column), first, both ? "; " : "",
                column->text, *column->unit && *column->text ? "; " : "", column->unit);
    }
}
