/* Bringing the rows in line with an experiment that may have changed. */
#include <stdlib.h>
#include <string.h>

#include "sweep/store_internal.h"

typedef struct plan {
    weft_store *store;
    const weft_experiment *experiment;
    const weft_sha256 *keys;
    bool *done, *kept; /* [count] kept: the row stands as it should */
    bool changed;      /* anything is to be committed */
} plan;

/* ---- which rows stand as they should ---- */

static weft_status same_axes(bool *same, plan *p, sqlite3_stmt *axes, const weft_point *point, size_t number,
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

static weft_status same_row(bool *same, plan *p, sqlite3_stmt *points, sqlite3_stmt *axes, weft_error *err) {
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

static weft_status note_moved(plan *p, sqlite3_stmt *moved, int64_t number, bool leaves, weft_error *err) {
    bool row;
    sqlite3_bind_int64(moved, 1, number);
    sqlite3_bind_int(moved, 2, leaves);
    const weft_status status = weft_store_step(&row, p->store, moved, err);
    sqlite3_reset(moved);
    return status;
}

/* SELECT of the columns that compare_rows wants: all from the first to the status, so that places are ids. */
static weft_status select_rows(sqlite3_stmt **out, const plan *p, weft_error *err) {
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

static weft_status compare_rows(plan *p, sqlite3_stmt *moved, weft_error *err) {
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
static weft_status note_group(plan *p, sqlite3_stmt *moved, const weft_keyed *group, size_t count, weft_error *err) {
    size_t kept = SIZE_MAX, missing = 0;
    for (size_t i = 0; i < count; i++) {
        if (p->kept[group[i].number])
            kept = group[i].number;
        else
            missing++;
    }
    return kept != SIZE_MAX && missing > 0 ? note_moved(p, moved, (int64_t)kept, false, err) : WEFT_OK;
}

static weft_status note_shared(plan *p, sqlite3_stmt *moved, weft_error *err) {
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
static weft_status move_rows(const plan *p, weft_error *err) {
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

static weft_status put_away(plan *p, weft_error *err) {
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

/* ---- rows from the cache ---- */

typedef struct taking {
    sqlite3_stmt *point, *trials, *execution;
} taking;

static weft_status prepare_taking(taking *t, const plan *p, weft_error *err) {
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

static weft_status run_to_end(const plan *p, sqlite3_stmt *statement, weft_error *err) {
    bool row = true;
    weft_status status = WEFT_OK;
    while (status == WEFT_OK && row) status = weft_store_step(&row, p->store, statement, err);
    sqlite3_reset(statement);
    return status;
}

/* The point's row; *found, and *done, where the cache has its key. */
static weft_status take_point(bool *found, bool *done, const plan *p, sqlite3_stmt *statement, size_t number,
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

static weft_status take_one(plan *p, const taking *t, size_t number, weft_error *err) {
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

static weft_status take_from_cache(plan *p, weft_error *err) {
    taking t = {NULL, NULL, NULL};
    weft_status status = prepare_taking(&t, p, err);
    for (size_t i = 0; i < p->experiment->point_count && status == WEFT_OK; i++)
        if (!p->kept[i]) status = take_one(p, &t, i, err);
    sqlite3_finalize(t.point);
    sqlite3_finalize(t.trials);
    sqlite3_finalize(t.execution);
    return status;
}

/* ---- what is said of the whole experiment ---- */

/* Keys of all axes, in the order in which they come. keys: malloc'd. */
static weft_status find_keys(const char ***keys, size_t *count, const weft_experiment *experiment, weft_error *err) {
    *keys = NULL;
    *count = 0;
    for (size_t i = 0; i < experiment->point_count; i++)
        for (int a = 0; a < experiment->points[i].axis_count; a++) {
            const char *key = experiment->points[i].axes[a].key;
            size_t k = 0;
            while (k < *count && strcmp((*keys)[k], key) != 0) k++;
            if (k < *count || *count == WEFT_STORE_AXES_MAX) continue;
            const char **more = realloc(*keys, (*count + 1) * sizeof *more);
            if (!more) {
                free(*keys);
                *keys = NULL;
                return weft_error_set(err, WEFT_E_MEMORY, "no memory for the names of axes");
            }
            *keys = more;
            (*keys)[(*count)++] = key;
        }
    return WEFT_OK;
}

/* Whether a SELECT has a row, with texts bound. */
static weft_status has_row(bool *row, const plan *p, const char *sql, const char *const *texts, int count,
                           weft_error *err) {
    sqlite3_stmt *statement;
    WEFT_TRY(weft_store_prepare(&statement, p->store, sql, err));
    for (int i = 0; i < count; i++) sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_STATIC);
    const weft_status status = weft_store_step(row, p->store, statement, err);
    sqlite3_finalize(statement);
    return status;
}

static weft_status replace_view(plan *p, weft_error *err) {
    const char **keys;
    size_t count, size;
    char *text;
    bool same;
    WEFT_TRY(find_keys(&keys, &count, p->experiment, err));
    FILE *sql = weft_store_sql_begin(&text, &size);
    if (sql) weft_store_wide(sql, keys, count);
    free(keys);
    WEFT_TRY(weft_store_sql_end(sql, &text, err));
    const char *const bound[] = {text};
    weft_status status =
        has_row(&same, p, "SELECT 1 FROM sqlite_schema WHERE name = 'wide' AND sql = ?", bound, 1, err);
    if (status == WEFT_OK && !same) {
        p->changed = true;
        status = weft_store_exec(p->store, "DROP VIEW IF EXISTS wide", "cannot be written", err);
        if (status == WEFT_OK) status = weft_store_exec(p->store, text, "cannot be written", err);
    }
    free(text);
    return status;
}

static weft_status replace_experiment(plan *p, weft_error *err) {
    const weft_experiment *e = p->experiment;
    char points[32];
    bool row;
    snprintf(points, sizeof points, "%zu", e->point_count);
    const char *const texts[] = {e->name ? e->name : "", e->description ? e->description : "", e->sha256.hex, points,
                                 WEFT_VERSION};
    WEFT_TRY(has_row(&row, p,
                     "SELECT 1 FROM experiment WHERE name = ? AND description = ? AND sha256 = ? AND points = ? + 0 "
                     "AND version = ?",
                     texts, 5, err));
    if (row) return WEFT_OK;
    p->changed = true;
    WEFT_TRY(weft_store_exec(p->store, "DELETE FROM experiment", "cannot be written", err));
    return has_row(&row, p, "INSERT INTO experiment VALUES (?, ?, ?, ? + 0, ?)", texts, 5, err);
}

static weft_status plan_all(plan *p, weft_error *err) {
    WEFT_TRY(weft_store_begin(p->store, err));
    WEFT_TRY(put_away(p, err));
    WEFT_TRY(take_from_cache(p, err));
    WEFT_TRY(replace_view(p, err));
    WEFT_TRY(replace_experiment(p, err));
    if (p->changed) return weft_store_commit(p->store, true, err);
    weft_store_rollback(p->store);
    return WEFT_OK;
}

weft_status weft_store_plan(weft_store *store, const weft_experiment *experiment, const weft_sha256 *keys, bool *done,
                            weft_error *err) {
    const size_t count = experiment->point_count;
    plan p = {.store = store, .experiment = experiment, .keys = keys, .done = done};
    WEFT_TRY(weft_store_commit(store, true, err));
    p.kept = calloc(count + 1, sizeof *p.kept);
    if (!p.kept) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", count);
    if (count) memset(done, 0, count * sizeof *done);
    const weft_status status = plan_all(&p, err);
    if (status != WEFT_OK) weft_store_rollback(store);
    store->groups->known = false;
    free(p.kept);
    return status;
}
