/* Rows from the cache, for points that have none. */
#include <stdlib.h>
#include <string.h>

#include "sweep/store_internal.h"

typedef struct taking {
    sqlite3_stmt *point, *trials, *execution;
} taking;

static weft_status prepare_taking(taking *t, const weft_plan *p, weft_error *err) {
    char *text;
    size_t size;
    FILE *sql = weft_store_sql_begin(&text, &size);
    if (sql) {
        fputs("INSERT INTO points (", sql);
        weft_store_names(sql, "", WEFT_STORE_NUMBER, WEFT_STORE_MESSAGE, true);
        fputs(") SELECT ", sql);
        for (int c = 0; c < WEFT_STORE_KEY; c++) fprintf(sql, "?%d, ", c + 1);
        weft_store_names(sql, "", WEFT_STORE_KEY, WEFT_STORE_MESSAGE, true);
        fprintf(sql, " FROM cache WHERE key = ?%d RETURNING status = 'done'", WEFT_STORE_KEY + 1);
    }
    WEFT_TRY(weft_store_sql_end(sql, &text, err));
    const weft_status status = weft_store_prepare(&t->point, p->store, text, err);
    free(text);
    if (status != WEFT_OK) return status;
    WEFT_TRY(weft_store_prepare(&t->trials, p->store,
                                "INSERT INTO trials SELECT ?1, trial, error_percent FROM cache_trials WHERE key = ?2",
                                err));
    return weft_store_prepare(
        &t->execution, p->store,
        "INSERT INTO executions SELECT ?1, started, seconds, host, attempts FROM cache WHERE key = ?2", err);
}

static weft_status run_to_end(const weft_plan *p, sqlite3_stmt *statement, weft_error *err) {
    bool row = true;
    weft_status status = WEFT_OK;
    while (status == WEFT_OK && row) status = weft_store_step(&row, p->store, statement, err);
    sqlite3_reset(statement);
    return status;
}

/* The point's row; *found, and *done, where the cache has its key. */
static weft_status take_point(bool *found, bool *done, const weft_plan *p, sqlite3_stmt *statement, size_t number,
                              weft_error *err) {
    const weft_point *point = &p->experiment->points[number];
    const char *texts[WEFT_STORE_COLUMN_COUNT] = {NULL};
    WEFT_TRY(weft_store_point_texts(texts, p->store, point, err));
    for (int c = 0; c < WEFT_STORE_KEY; c++) sqlite3_bind_text(statement, c + 1, texts[c], -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, WEFT_STORE_NUMBER + 1, (int64_t)number);
    sqlite3_bind_int64(statement, WEFT_STORE_SEED + 1, point->settings.seed);
    sqlite3_bind_text(statement, WEFT_STORE_KEY + 1, p->keys[number].hex, -1, SQLITE_STATIC);
    const weft_status status = weft_store_step(found, p->store, statement, err);
    if (status == WEFT_OK && *found) *done = sqlite3_column_int(statement, 0) != 0;
    if (status != WEFT_OK || !*found) {
        sqlite3_reset(statement);
        return status;
    }
    return run_to_end(p, statement, err);
}

static weft_status take_one(weft_plan *p, const taking *t, size_t number, weft_error *err) {
    bool found;
    WEFT_TRY(take_point(&found, &p->done[number], p, t->point, number, err));
    if (!found) return WEFT_OK;
    p->changed = true;
    sqlite3_stmt *const rest[] = {t->trials, t->execution};
    for (int i = 0; i < 2; i++) {
        sqlite3_bind_int64(rest[i], 1, (int64_t)number);
        sqlite3_bind_text(rest[i], 2, p->keys[number].hex, -1, SQLITE_STATIC);
        WEFT_TRY(run_to_end(p, rest[i], err));
    }
    return weft_store_put_axes(p->store, number, &p->experiment->points[number], err);
}

weft_status weft_plan_take(weft_plan *p, weft_error *err) {
    taking t = {NULL, NULL, NULL};
    weft_status status = prepare_taking(&t, p, err);
    for (size_t i = 0; i < p->experiment->point_count && status == WEFT_OK; i++)
        if (!p->kept[i]) status = take_one(p, &t, i, err);
    sqlite3_finalize(t.point);
    sqlite3_finalize(t.trials);
    sqlite3_finalize(t.execution);
    return status;
}
