/* SELECTs: the reader's own, which may do nothing but read, and those that the store asks itself. */
#include <stdlib.h>
#include <string.h>

#include "sweep/store_internal.h"

/* ---- anybody's SELECT ---- */

static int allow_reading(void *context, int action, const char *a, const char *b, const char *database,
                         const char *trigger) {
    (void)context, (void)a, (void)b, (void)database, (void)trigger;
    const bool reads =
        action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION || action == SQLITE_RECURSIVE;
    return reads ? SQLITE_OK : SQLITE_DENY;
}

static weft_status not_a_select(weft_error *err) {
    return weft_error_set(err, WEFT_E_USAGE, "query: only SELECT is allowed: nothing that changes, attaches or sets");
}

static weft_status prepare_reading(sqlite3_stmt **out, const char **rest, const weft_store *store, const char *sql,
                                   weft_error *err) {
    sqlite3_set_authorizer(store->db, allow_reading, NULL);
    const int code = sqlite3_prepare_v2(store->db, sql, -1, out, rest) & 0xff;
    sqlite3_set_authorizer(store->db, NULL, NULL);
    if (code == SQLITE_OK) return WEFT_OK;
    const char *text = sqlite3_errmsg(store->db); /* table-valued functions tell a denial as an ERROR */
    if (code == SQLITE_AUTH || !strcmp(text, "not authorized")) return not_a_select(err);
    if (code == SQLITE_ERROR || code == SQLITE_TOOBIG) return weft_error_set(err, WEFT_E_USAGE, "query: %s", text);
    return weft_store_fail(store, "cannot be read", err);
}

/* Nothing but blanks and comments may follow. */
static weft_status check_rest(const weft_store *store, const char *rest, weft_error *err) {
    sqlite3_stmt *second = NULL;
    const weft_status status = prepare_reading(&second, &rest, store, rest, NULL);
    const bool more = status != WEFT_OK || second;
    sqlite3_finalize(second);
    return more ? weft_error_set(err, WEFT_E_USAGE, "query: one SELECT, and nothing behind it") : WEFT_OK;
}

weft_status weft_store_query(sqlite3_stmt **out, const weft_store *store, const char *sql, weft_error *err) {
    const char *rest;
    *out = NULL;
    WEFT_TRY(prepare_reading(out, &rest, store, sql, err));
    weft_status status = WEFT_OK;
    if (!*out)
        status = weft_error_set(err, WEFT_E_USAGE, "query: there is no SELECT in it");
    else if (!sqlite3_stmt_readonly(*out) || sqlite3_column_count(*out) == 0)
        status = not_a_select(err);
    if (status == WEFT_OK) status = check_rest(store, rest, err);
    if (status == WEFT_OK) return WEFT_OK;
    sqlite3_finalize(*out);
    *out = NULL;
    return status;
}

weft_status weft_store_query_step(bool *row, const weft_store *store, sqlite3_stmt *statement, weft_error *err) {
    const int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE) return WEFT_OK;
    if ((code & 0xff) == SQLITE_ERROR || (code & 0xff) == SQLITE_TOOBIG)
        return weft_error_set(err, WEFT_E_USAGE, "query: %s", sqlite3_errmsg(store->db));
    return weft_store_fail(store, "cannot be read", err);
}

/* ---- the SELECTs of the store itself ---- */

/* used [WEFT_METRIC_COUNT]: whether some point has the metric. */
static weft_status find_metrics(bool *used, const weft_store *store, weft_error *err) {
    char *text;
    size_t size;
    sqlite3_stmt *row = NULL;
    bool there;
    FILE *sql = weft_store_sql_begin(&text, &size);
    for (int m = 0; sql && m < WEFT_METRIC_COUNT; m++)
        fprintf(sql, "%scount(%s)", m ? ", " : "SELECT ", weft_metrics[m].column);
    if (sql) fputs(" FROM points", sql);
    WEFT_TRY(weft_store_sql_end(sql, &text, err));
    weft_status status = weft_store_prepare(&row, store, text, err);
    if (status == WEFT_OK) status = weft_store_step(&there, store, row, err);
    for (int m = 0; m < WEFT_METRIC_COUNT; m++) used[m] = status == WEFT_OK && sqlite3_column_int64(row, m) > 0;
    sqlite3_finalize(row);
    free(text);
    return status;
}

/* Columns of `wide` but metrics that no point has. */
static weft_status select_all(FILE *sql, const weft_store *store, const bool *used, weft_error *err) {
    sqlite3_stmt *wide;
    WEFT_TRY(weft_store_prepare(&wide, store, "SELECT * FROM wide", err));
    const char *comma = "SELECT ";
    for (int c = 0; c < sqlite3_column_count(wide); c++) {
        const char *name = sqlite3_column_name(wide, c);
        const int metric = name ? weft_metric_find(name) : -1;
        if (!name || (metric >= 0 && !used[metric])) continue;
        fputs(comma, sql);
        weft_store_quote(sql, name);
        comma = ", ";
    }
    sqlite3_finalize(wide);
    fputs(" FROM wide ORDER BY number", sql);
    return WEFT_OK;
}

/* Axes with a column of `wide`, in the order in which they come. */
static weft_status select_axes(FILE *sql, const weft_store *store, weft_error *err) {
    sqlite3_stmt *keys;
    bool row;
    WEFT_TRY(weft_store_prepare(&keys, store,
                                "SELECT key FROM axes WHERE key IN (SELECT name FROM pragma_table_info('wide')) "
                                "GROUP BY key ORDER BY min(number * 1024 + position)",
                                err));
    weft_status status;
    while ((status = weft_store_step(&row, store, keys, err)) == WEFT_OK && row) {
        fputs(", ", sql);
        weft_store_quote(sql, weft_store_text(keys, 0));
    }
    sqlite3_finalize(keys);
    return status;
}

/* What a person looks at first. */
static weft_status select_main(FILE *sql, const weft_store *store, const bool *used, weft_error *err) {
    static const int first[] = {WEFT_METRIC_ERROR,          WEFT_METRIC_ERROR_STD,      WEFT_METRIC_LATENCY,
                                WEFT_METRIC_INTERVAL,       WEFT_METRIC_ENERGY,         WEFT_METRIC_POWER,
                                WEFT_METRIC_AREA,           WEFT_METRIC_EFFECTIVE_BITS, WEFT_METRIC_CYCLES,
                                WEFT_METRIC_PACKET_LATENCY, WEFT_METRIC_ACCEPTED,       WEFT_METRIC_SATURATED};
    weft_store_summary summary;
    WEFT_TRY(weft_store_summarise(&summary, store, err));
    fputs("SELECT number", sql);
    if (summary.blocks > 1) fputs(", block", sql);
    WEFT_TRY(select_axes(sql, store, err));
    if (summary.failed) fputs(", status", sql);
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        if (used[first[i]]) fprintf(sql, ", %s", weft_metrics[first[i]].column);
    fputs(" FROM wide ORDER BY number", sql);
    return WEFT_OK;
}

weft_status weft_store_select(char **out, const weft_store *store, weft_store_view view, weft_error *err) {
    bool used[WEFT_METRIC_COUNT];
    size_t size;
    weft_status status = WEFT_OK;
    *out = NULL;
    WEFT_TRY(find_metrics(used, store, err));
    FILE *sql = weft_store_sql_begin(out, &size);
    if (sql && view == WEFT_STORE_ALL) status = select_all(sql, store, used, err);
    if (sql && view == WEFT_STORE_MAIN) status = select_main(sql, store, used, err);
    if (sql && view == WEFT_STORE_FAILED)
        fputs("SELECT number, block, label, message, attempts, host FROM points LEFT JOIN executions USING (number) "
              "WHERE status = 'failed' ORDER BY number",
              sql);
    const weft_status ended = weft_store_sql_end(sql, out, status == WEFT_OK ? err : NULL);
    if (status == WEFT_OK) return ended;
    free(*out);
    *out = NULL;
    return status;
}

weft_status weft_store_summarise(weft_store_summary *out, const weft_store *store, weft_error *err) {
    sqlite3_stmt *row = NULL;
    bool there;
    *out = (weft_store_summary){0};
    WEFT_TRY(weft_store_prepare(&row, store,
                                "SELECT (SELECT name FROM experiment), (SELECT points FROM experiment), count(*), "
                                "count(*) FILTER (WHERE status = 'failed'), count(DISTINCT block) FROM points",
                                err));
    const weft_status status = weft_store_step(&there, store, row, err);
    if (status == WEFT_OK && there) {
        snprintf(out->experiment, sizeof out->experiment, "%s", weft_store_text(row, 0));
        out->points = (size_t)sqlite3_column_int64(row, 1);
        out->failed = (size_t)sqlite3_column_int64(row, 3);
        out->done = (size_t)sqlite3_column_int64(row, 2) - out->failed;
        out->blocks = (size_t)sqlite3_column_int64(row, 4);
    }
    sqlite3_finalize(row);
    return status;
}
