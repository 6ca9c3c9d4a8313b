/* Bringing the rows in line with an experiment that may have changed. */
#include <stdlib.h>
#include <string.h>

#include "sweep/store_internal.h"

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
static weft_status has_row(bool *row, const weft_plan *p, const char *sql, const char *const *texts, int count,
                           weft_error *err) {
    sqlite3_stmt *statement;
    WEFT_TRY(weft_store_prepare(&statement, p->store, sql, err));
    for (int i = 0; i < count; i++) sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_STATIC);
    const weft_status status = weft_store_step(row, p->store, statement, err);
    sqlite3_finalize(statement);
    return status;
}

static weft_status replace_view(weft_plan *p, weft_error *err) {
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

static weft_status replace_experiment(weft_plan *p, weft_error *err) {
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

static weft_status plan_all(weft_plan *p, weft_error *err) {
    WEFT_TRY(weft_store_begin(p->store, err));
    WEFT_TRY(weft_plan_put_away(p, err));
    WEFT_TRY(weft_plan_take(p, err));
    WEFT_TRY(replace_view(p, err));
    WEFT_TRY(replace_experiment(p, err));
    if (p->changed) return weft_store_commit(p->store, true, err);
    weft_store_rollback(p->store);
    return WEFT_OK;
}

weft_status weft_store_plan(weft_store *store, const weft_experiment *experiment, const weft_sha256 *keys, bool *done,
                            weft_error *err) {
    const size_t count = experiment->point_count;
    weft_plan p = {.store = store, .experiment = experiment, .keys = keys, .done = done};
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
