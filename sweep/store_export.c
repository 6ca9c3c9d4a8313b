/* Rows of a SELECT as CSV and JSON, one at a time. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "core/text.h"
#include "sim/report/json.h"
#include "sweep/store_internal.h"

typedef struct rows {
    const weft_store *store;
    sqlite3_stmt *statement;
    bool there;
} rows;

static weft_status begin(rows *r, const weft_store *store, const char *sql, weft_error *err) {
    char *all = NULL;
    *r = (rows){.store = store};
    if (!sql) WEFT_TRY(weft_store_select(&all, store, WEFT_STORE_ALL, err));
    weft_status status = weft_store_query(&r->statement, store, sql ? sql : all, err);
    free(all);
    if (status == WEFT_OK) status = weft_store_query_step(&r->there, store, r->statement, err);
    return status;
}

static weft_status next(rows *r, FILE *stream, weft_error *err) {
    if (ferror(stream)) return weft_error_set(err, WEFT_E_IO, "writing the rows failed");
    return weft_store_query_step(&r->there, r->store, r->statement, err);
}

/* Bytes as upper-case hexadecimal digits, malloc'd; NULL when memory is out. */
static char *hex_text(sqlite3_stmt *statement, int column) {
    const unsigned char *bytes = sqlite3_column_blob(statement, column);
    const size_t count = (size_t)sqlite3_column_bytes(statement, column);
    char *text = malloc(2 * count + 1);
    for (size_t i = 0; text && i < count; i++) snprintf(text + 2 * i, 3, "%02X", bytes[i]);
    if (text) text[2 * count] = 0;
    return text;
}

/* ---- CSV ---- */

static void csv_value(sqlite3_stmt *statement, int column, FILE *stream) {
    char number[32];
    char *hex;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        break;
    case SQLITE_INTEGER:
        fprintf(stream, "%" PRId64, (int64_t)sqlite3_column_int64(statement, column));
        break;
    case SQLITE_FLOAT:
        weft_number_text(number, sizeof number, sqlite3_column_double(statement, column));
        fputs(number, stream);
        break;
    case SQLITE_BLOB:
        hex = hex_text(statement, column);
        fputs(hex ? hex : "", stream);
        free(hex);
        break;
    default:
        weft_csv_print(stream, weft_store_text(statement, column));
    }
}

weft_status weft_store_csv(const weft_store *store, const char *sql, FILE *stream, weft_error *err) {
    rows r;
    weft_status status;
    WEFT_TRY_GOTO(begin(&r, store, sql, err));
    const int columns = sqlite3_column_count(r.statement);
    for (int c = 0; c < columns; c++) {
        if (c) fputc(',', stream);
        weft_csv_print(stream, sqlite3_column_name(r.statement, c));
    }
    fputc('\n', stream);
    while (r.there) {
        for (int c = 0; c < columns; c++) {
            if (c) fputc(',', stream);
            csv_value(r.statement, c, stream);
        }
        fputc('\n', stream);
        WEFT_TRY_GOTO(next(&r, stream, err));
    }
cleanup:
    sqlite3_finalize(r.statement);
    return status;
}

/* ---- JSON ---- */

static void json_value(sqlite3_stmt *statement, int column, weft_json *json) {
    const char *key = sqlite3_column_name(statement, column);
    char *hex;
    int64_t integer;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        weft_json_null(json, key);
        break;
    case SQLITE_INTEGER:
        integer = sqlite3_column_int64(statement, column);
        if (integer >= 0)
            weft_json_count(json, key, (uint64_t)integer);
        else
            weft_json_number(json, key, (double)integer);
        break;
    case SQLITE_FLOAT:
        weft_json_number(json, key, sqlite3_column_double(statement, column));
        break;
    case SQLITE_BLOB:
        hex = hex_text(statement, column);
        weft_json_text(json, key, hex);
        free(hex);
        break;
    default:
        weft_json_text(json, key, weft_store_text(statement, column));
    }
}

weft_status weft_store_json(const weft_store *store, const char *sql, FILE *stream, weft_error *err) {
    rows r;
    weft_status status;
    WEFT_TRY_GOTO(begin(&r, store, sql, err));
    weft_json json = {.stream = stream};
    weft_json_array(&json, NULL);
    while (r.there) {
        weft_json_object(&json, NULL);
        for (int c = 0; c < sqlite3_column_count(r.statement); c++) json_value(r.statement, c, &json);
        weft_json_object_end(&json);
        WEFT_TRY_GOTO(next(&r, stream, err));
    }
    weft_json_array_end(&json);
cleanup:
    sqlite3_finalize(r.statement);
    return status;
}
