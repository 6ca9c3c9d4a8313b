/* Results out: the table for reports, and means of times for estimates. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/store_internal.h"

/* ---- the table ---- */

enum { TEXTS = 13 }; /* of a point */

typedef struct reading {
    const weft_store *store;
    weft_store_table *table;
    weft_arena *arena;
    size_t room;
    const char *last[TEXTS]; /* of the row ahead: most texts come again */
    sqlite3_stmt *axes, *trials;
    bool axis, trial; /* the statement stands on a row */
} reading;

static weft_status no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the results");
}

/* A text of the arena; column counts from the first text. */
static weft_status keep_text(const char **out, reading *r, sqlite3_stmt *row, int column, int text, weft_error *err) {
    const char *value = weft_store_text(row, column);
    if (!r->last[text] || strcmp(r->last[text], value) != 0) r->last[text] = weft_arena_strdup(r->arena, value);
    *out = r->last[text];
    return *out ? WEFT_OK : no_memory(err);
}

static weft_status add_point(weft_store_point **out, reading *r, weft_error *err) {
    weft_store_table *table = r->table;
    if (table->count == r->room) {
        const size_t room = 2 * r->room + 64;
        weft_store_point *more = realloc(table->points, room * sizeof *more);
        if (!more) return no_memory(err);
        table->points = more;
        r->room = room;
    }
    *out = &table->points[table->count++];
    memset(*out, 0, sizeof **out);
    return WEFT_OK;
}

/* Rows of axes or trials in the order of points: how many belong to `number`. The statement moves behind them; each is
 * given to `take`. Rows of numbers without a point are passed over. */
static weft_status take_rows(reading *r, sqlite3_stmt *rows, bool *at, int64_t number, weft_store_point *point,
                             weft_status (*take)(reading *, sqlite3_stmt *, weft_store_point *, weft_error *),
                             weft_error *err) {
    while (*at && sqlite3_column_int64(rows, 0) <= number) {
        if (sqlite3_column_int64(rows, 0) == number) WEFT_TRY(take(r, rows, point, err));
        WEFT_TRY(weft_store_step(at, r->store, rows, err));
    }
    return WEFT_OK;
}

/* Room for one more item of a list that grows by doubling; what it outgrows stays in the arena. */
static void *grow(reading *r, void *items, int count, size_t size) {
    if (count & (count - 1)) return items; /* room to the next power of two */
    void *more = weft_arena_alloc(r->arena, (count ? 2 * (size_t)count : 1) * size);
    if (more && count) memcpy(more, items, (size_t)count * size);
    return more;
}

static weft_status take_axis(reading *r, sqlite3_stmt *rows, weft_store_point *point, weft_error *err) {
    weft_point_axis *axes = grow(r, point->axes, point->axis_count, sizeof *axes);
    if (!axes) return no_memory(err);
    point->axes = axes;
    weft_point_axis *axis = &axes[point->axis_count++];
    axis->key = weft_arena_strdup(r->arena, weft_store_text(rows, 1));
    axis->value = weft_arena_strdup(r->arena, weft_store_text(rows, 2));
    return axis->key && axis->value ? WEFT_OK : no_memory(err);
}

static weft_status take_trial(reading *r, sqlite3_stmt *rows, weft_store_point *point, weft_error *err) {
    double *trials = grow(r, point->trials, point->trial_count, sizeof *trials);
    if (!trials) return no_memory(err);
    point->trials = trials;
    trials[point->trial_count++] = sqlite3_column_double(rows, 1);
    return WEFT_OK;
}

static weft_status read_point(reading *r, sqlite3_stmt *row, weft_error *err) {
    weft_store_point *point = NULL;
    WEFT_TRY(add_point(&point, r, err));
    const int64_t number = sqlite3_column_int64(row, 0);
    const char **const texts[TEXTS] = {&point->block,      &point->kind,      &point->label,       &point->net,
                                       &point->net_sha256, &point->chip,      &point->chip_sha256, &point->overrides,
                                       &point->dataset,    &point->transform, &point->status,      &point->message,
                                       &r->table->version};
    point->number = (size_t)number;
    for (int t = 0; t < TEXTS; t++) WEFT_TRY(keep_text(texts[t], r, row, t + 1, t, err));
    for (int m = 0; m < WEFT_METRIC_COUNT; m++) {
        const int column = TEXTS + 1 + m;
        point->metrics.v[m] =
            sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
    }
    WEFT_TRY(take_rows(r, r->axes, &r->axis, number, point, take_axis, err));
    return take_rows(r, r->trials, &r->trial, number, point, take_trial, err);
}

static weft_status prepare_points(sqlite3_stmt **out, const weft_store *store, weft_error *err) {
    char *text;
    size_t size;
    FILE *sql = weft_store_sql_begin(&text, &size);
    if (sql) {
        fputs("SELECT number, block, kind, label, net, net_sha256, chip, chip_sha256, overrides, dataset, transform, "
              "status, message, version",
              sql);
        for (int m = 0; m < WEFT_METRIC_COUNT; m++) fprintf(sql, ", %s", weft_metrics[m].column);
        fputs(" FROM points ORDER BY number", sql);
    }
    WEFT_TRY(weft_store_sql_end(sql, &text, err));
    const weft_status status = weft_store_prepare(out, store, text, err);
    free(text);
    return status;
}

static weft_status read_rows(reading *r, weft_error *err) {
    weft_status status;
    sqlite3_stmt *points = NULL;
    bool row;
    WEFT_TRY_GOTO(prepare_points(&points, r->store, err));
    WEFT_TRY_GOTO(
        weft_store_prepare(&r->axes, r->store, "SELECT number, key, value FROM axes ORDER BY number, position", err));
    WEFT_TRY_GOTO(weft_store_prepare(&r->trials, r->store,
                                     "SELECT number, error_percent FROM trials ORDER BY number, trial", err));
    WEFT_TRY_GOTO(weft_store_step(&r->axis, r->store, r->axes, err));
    WEFT_TRY_GOTO(weft_store_step(&r->trial, r->store, r->trials, err));
    for (;;) {
        WEFT_TRY_GOTO(weft_store_step(&row, r->store, points, err));
        if (!row) break;
        WEFT_TRY_GOTO(read_point(r, points, err));
    }
cleanup:
    sqlite3_finalize(points);
    sqlite3_finalize(r->axes);
    sqlite3_finalize(r->trials);
    return status;
}

/* Name, and the version where no row tells it. */
static weft_status read_experiment(reading *r, weft_error *err) {
    sqlite3_stmt *statement;
    bool row;
    WEFT_TRY(weft_store_prepare(&statement, r->store, "SELECT name, version FROM experiment", err));
    weft_status status = weft_store_step(&row, r->store, statement, err);
    if (status == WEFT_OK) {
        r->table->experiment = weft_arena_strdup(r->arena, row ? weft_store_text(statement, 0) : "");
        if (!r->table->version)
            r->table->version = weft_arena_strdup(r->arena, row ? weft_store_text(statement, 1) : "");
        if (!r->table->experiment || !r->table->version) status = no_memory(err);
    }
    sqlite3_finalize(statement);
    return status;
}

static weft_status read_descriptions(const reading *r, weft_error *err) {
    for (int d = 0; d < WEFT_DESCRIPTIONS; d++)
        WEFT_TRY(
            weft_store_read_descriptions(&r->table->descriptions[d], r->store, (weft_description)d, r->arena, err));
    return WEFT_OK;
}

/* All SELECTs see one state of the file. */
weft_status weft_store_read(weft_store_table *out, const weft_store *store, weft_error *err) {
    *out = (weft_store_table){0};
    reading r = {.store = store, .table = out, .arena = weft_arena_create()};
    out->memory = r.arena;
    if (!r.arena) return no_memory(err);
    const bool apart = sqlite3_get_autocommit(store->db) != 0;
    weft_status status = apart ? weft_store_exec(store, "BEGIN", "cannot be read", err) : WEFT_OK;
    if (status == WEFT_OK) status = read_rows(&r, err);
    if (status == WEFT_OK) status = read_experiment(&r, err);
    if (status == WEFT_OK) status = read_descriptions(&r, err);
    if (apart) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    if (status != WEFT_OK) weft_store_table_free(out);
    return status;
}

void weft_store_table_free(weft_store_table *table) {
    weft_arena_destroy(table->memory);
    free(table->points);
    *table = (weft_store_table){0};
}

/* ---- times ---- */

void weft_store_groups_forget(weft_store_groups *groups) {
    for (size_t i = 0; i < groups->count; i++) free(groups->items[i].name);
    free(groups->items);
    *groups = (weft_store_groups){0};
}

static bool add_group(weft_store_groups *groups, const char *name, double seconds) {
    weft_store_group *more = realloc(groups->items, (groups->count + 1) * sizeof *more);
    if (!more) return false;
    groups->items = more;
    more[groups->count] = (weft_store_group){strdup(name), seconds};
    return more[groups->count++].name != NULL;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const weft_store_group *)a)->name, ((const weft_store_group *)b)->name);
}

/* 0x1f, the unit separator, stands in no name. */
static void learn_groups(const weft_store *store) {
    weft_store_groups *groups = store->groups;
    sqlite3_stmt *rows;
    bool row;
    weft_store_groups_forget(groups);
    groups->known = true;
    if (weft_store_prepare(&rows, store,
                           "SELECT kind || char(31) || net || char(31) || chip AS name, avg(seconds) FROM "
                           "(SELECT p.kind, p.net, p.chip, e.seconds FROM executions e JOIN points p USING (number) "
                           "UNION ALL SELECT kind, net, chip, seconds FROM cache) "
                           "WHERE seconds IS NOT NULL GROUP BY name",
                           NULL) != WEFT_OK)
        return;
    while (weft_store_step(&row, store, rows, NULL) == WEFT_OK && row)
        if (!add_group(groups, weft_store_text(rows, 0), sqlite3_column_double(rows, 1))) break;
    sqlite3_finalize(rows);
    if (groups->count) qsort(groups->items, groups->count, sizeof *groups->items, by_name);
}

double weft_store_seconds(const weft_store *store, const weft_point *point) {
    char name[1024];
    const weft_point_settings *s = &point->settings;
    if (!store->groups->known) learn_groups(store);
    snprintf(name, sizeof name, "%s\x1f%s\x1f%s", weft_point_kind_names[s->kind], s->net ? s->net : "",
             s->chip ? s->chip : "");
    const weft_store_group wanted = {name, 0}, *found = NULL;
    if (store->groups->count)
        found = bsearch(&wanted, store->groups->items, store->groups->count, sizeof wanted, by_name);
    return found ? found->seconds : NAN;
}
