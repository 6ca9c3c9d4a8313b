/* Rows that are as an experiment wants them stay; the others go to the cache. */
#include <stdlib.h>
#include <string.h>

#include "sweep/store_internal.h"

/* ---- which rows stand as they should ---- */

static weft_status same_axes(bool *same, weft_plan *p, sqlite3_stmt *axes, const weft_point *point, size_t number,
                             weft_error *err) {
    bool row;
    int count = 0;
    sqlite3_bind_int64(axes, 1, (int64_t)number);
    for (;;) {
        const weft_status status = weft_store_step(&row, p->store, axes, err);
        if (status != WEFT_OK || !row) {
            sqlite3_reset(axes);
            *same = *same && count == point->axis_count;
            return status;
        }
        *same = *same && count < point->axis_count && !strcmp(weft_store_text(axes, 0), point->axes[count].key) &&
                !strcmp(weft_store_text(axes, 1), point->axes[count].value);
        count++;
    }
}

static weft_status same_row(bool *same, weft_plan *p, sqlite3_stmt *points, sqlite3_stmt *axes, weft_error *err) {
    const int64_t number = sqlite3_column_int64(points, WEFT_STORE_NUMBER);
    const char *texts[WEFT_STORE_COLUMN_COUNT] = {NULL};
    *same = number >= 0 && (uint64_t)number < p->experiment->point_count;
    if (!*same) return WEFT_OK;
    const weft_point *point = &p->experiment->points[number];
    WEFT_TRY(weft_store_point_texts(texts, p->store, point, err));
    texts[WEFT_STORE_KEY] = p->keys[number].hex;
    for (int c = 0; c <= WEFT_STORE_KEY; c++)
        if (texts[c]) *same = *same && !strcmp(texts[c], weft_store_text(points, c));
    *same = *same && sqlite3_column_int64(points, WEFT_STORE_SEED) == point->settings.seed;
    if (*same) WEFT_TRY(same_axes(same, p, axes, point, (size_t)number, err));
    return WEFT_OK;
}

static weft_status note_moved(weft_plan *p, sqlite3_stmt *moved, int64_t number, bool leaves, weft_error *err) {
    bool row;
    sqlite3_bind_int64(moved, 1, number);
    sqlite3_bind_int(moved, 2, leaves);
    const weft_status status = weft_store_step(&row, p->store, moved, err);
    sqlite3_reset(moved);
    return status;
}

/* SELECT of the columns that compare_rows wants: all from the first to the status, so that places are ids. */
static weft_status select_rows(sqlite3_stmt **out, const weft_plan *p, weft_error *err) {
    char *text;
    size_t size;
    FILE *sql = weft_store_sql_begin(&text, &size);
    if (sql) {
        fputs("SELECT ", sql);
        weft_store_names(sql, "", 0, WEFT_STORE_STATUS, false);
        fputs(" FROM points", sql);
    }
    WEFT_TRY(weft_store_sql_end(sql, &text, err));
    const weft_status status = weft_store_prepare(out, p->store, text, err);
    free(text);
    return status;
}

static weft_status compare_rows(weft_plan *p, sqlite3_stmt *moved, weft_error *err) {
    weft_status status;
    sqlite3_stmt *points = NULL, *axes = NULL;
    bool row, same;
    WEFT_TRY_GOTO(select_rows(&points, p, err));
    WEFT_TRY_GOTO(
        weft_store_prepare(&axes, p->store, "SELECT key, value FROM axes WHERE number = ? ORDER BY position", err));
    for (;;) {
        WEFT_TRY_GOTO(weft_store_step(&row, p->store, points, err));
        if (!row) break;
        const int64_t number = sqlite3_column_int64(points, WEFT_STORE_NUMBER);
        WEFT_TRY_GOTO(same_row(&same, p, points, axes, err));
        if (same) {
            p->kept[number] = true;
            p->done[number] = !strcmp(weft_store_text(points, WEFT_STORE_STATUS), "done");
        } else {
            p->changed = true;
            WEFT_TRY_GOTO(note_moved(p, moved, number, true, err));
        }
    }
cleanup:
    sqlite3_finalize(points);
    sqlite3_finalize(axes);
    return status;
}

/* ---- rows that leave, and those whose key a new point has too ---- */

/* Of points with one key, some kept: one of those, to be cached for the others. */
static weft_status note_group(weft_plan *p, sqlite3_stmt *moved, const weft_keyed *group, size_t count,
                              weft_error *err) {
    size_t kept = SIZE_MAX, missing = 0;
    for (size_t i = 0; i < count; i++) {
        if (p->kept[group[i].number])
            kept = group[i].number;
        else
            missing++;
    }
    return kept != SIZE_MAX && missing > 0 ? note_moved(p, moved, (int64_t)kept, false, err) : WEFT_OK;
}

static weft_status note_shared(weft_plan *p, sqlite3_stmt *moved, weft_error *err) {
    const size_t count = p->experiment->point_count;
    weft_status status = WEFT_OK;
    weft_keyed *all = malloc((count + 1) * sizeof *all);
    if (!all) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", count);
    for (size_t i = 0; i < count; i++) all[i] = (weft_keyed){p->keys[i].hex, i};
    weft_keyed_sort(all, count);
    for (size_t begin = 0, end; begin < count && status == WEFT_OK; begin = end) {
        for (end = begin + 1; end < count && !strcmp(all[begin].key, all[end].key);) end++;
        if (end - begin > 1) status = note_group(p, moved, all + begin, end - begin, err);
    }
    free(all);
    return status;
}

/* To the cache, where a result beats a failure; then those that leave go. */
static weft_status move_rows(const weft_plan *p, weft_error *err) {
    char *text;
    size_t size;
    FILE *sql = weft_store_sql_begin(&text, &size);
    if (sql) {
        fputs("DELETE FROM cache WHERE status = 'failed' AND key IN (SELECT key FROM points JOIN moved USING (number));"
              "INSERT OR IGNORE INTO cache (",
              sql);
        weft_store_names(sql, "", WEFT_STORE_KEY, WEFT_STORE_MESSAGE, true);
        fputs(", kind, net, chip, started, seconds, host, attempts) SELECT ", sql);
        weft_store_names(sql, "p.", WEFT_STORE_KEY, WEFT_STORE_MESSAGE, true);
        fputs(", p.kind, p.net, p.chip, e.started, e.seconds, e.host, e.attempts FROM moved JOIN points p USING "
              "(number) LEFT JOIN executions e USING (number) ORDER BY p.status, p.number;"
              "INSERT OR IGNORE INTO cache_trials SELECT p.key, t.trial, t.error_percent FROM moved JOIN points p "
              "USING (number) JOIN trials t USING (number)",
              sql);
        for (const char *const *table = (const char *const[]){"points", "axes", "trials", "executions", NULL}; *table;
             table++)
            fprintf(sql, ";DELETE FROM %s WHERE number IN (SELECT number FROM moved WHERE leaves)", *table);
    }
    WEFT_TRY(weft_store_sql_end(sql, &text, err));
    const weft_status status = weft_store_exec(p->store, text, "cannot be written", err);
    free(text);
    return status;
}

weft_status weft_plan_put_away(weft_plan *p, weft_error *err) {
    weft_status status;
    sqlite3_stmt *moved = NULL;
    WEFT_TRY_GOTO(weft_store_exec(p->store,
                                  "CREATE TEMP TABLE IF NOT EXISTS moved (number INTEGER PRIMARY KEY, leaves INTEGER);"
                                  "DELETE FROM moved",
                                  "cannot be read", err));
    WEFT_TRY_GOTO(weft_store_prepare(&moved, p->store, "INSERT INTO moved VALUES (?, ?)", err));
    WEFT_TRY_GOTO(compare_rows(p, moved, err));
    WEFT_TRY_GOTO(note_shared(p, moved, err));
    WEFT_TRY_GOTO(move_rows(p, err));
cleanup:
    sqlite3_finalize(moved);
    return status;
}
