/* Rows in. A transaction stays open for half a second of puts: a commit costs as much as thousands of rows. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "sweep/store_internal.h"

#define COMMIT_EVERY_S 0.5
enum { PATIENT_MS = 30000, IMPATIENT_MS = 50 };

/* ---- transactions ---- */

weft_status weft_store_begin(weft_store *store, weft_error *err) {
    if (!sqlite3_get_autocommit(store->db)) return WEFT_OK;
    sqlite3_busy_timeout(store->db, PATIENT_MS);
    return weft_store_exec(store, "BEGIN IMMEDIATE", "cannot be written", err);
}

void weft_store_rollback(weft_store *store) {
    if (store->db && !sqlite3_get_autocommit(store->db)) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->pending = 0;
}

/* The error at hand, with what it cost; then nothing is pending. */
static weft_status give_up(weft_store *store, weft_status status, weft_error *err) {
    if (err && store->pending > 0) {
        const size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used, "; the last %zu results are not kept, all before are",
                 store->pending);
    }
    weft_store_rollback(store);
    return status;
}

weft_status weft_store_commit(weft_store *store, bool patient, weft_error *err) {
    if (!store->db || sqlite3_get_autocommit(store->db)) return WEFT_OK;
    sqlite3_busy_timeout(store->db, patient ? PATIENT_MS : IMPATIENT_MS);
    const int code = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    store->tried_s = weft_now_s();
    if (code == SQLITE_OK) store->pending = 0;
    if (code == SQLITE_OK || (!patient && (code & 0xff) == SQLITE_BUSY)) return WEFT_OK; /* readers go away again */
    return give_up(store, weft_store_fail(store, "cannot be written", err), err);
}

weft_status weft_store_flush(weft_store *store, weft_error *err) { return weft_store_commit(store, false, err); }

/* ---- rows ---- */

static weft_status make_statement(sqlite3_stmt **out, const weft_store *store, weft_store_statement which,
                                  weft_error *err) {
    static const char *const fixed[WEFT_STORE_STATEMENTS] = {
        [WEFT_STORE_PUT_AXIS] = "INSERT INTO axes VALUES (?, ?, ?, ?)",
        [WEFT_STORE_PUT_TRIAL] = "INSERT INTO trials VALUES (?, ?, ?)",
        [WEFT_STORE_PUT_EXECUTION] = "INSERT INTO executions VALUES (?, ?, ?, ?, ?)"};
    if (fixed[which]) return weft_store_prepare(out, store, fixed[which], err);
    char *text;
    size_t size;
    FILE *sql = weft_store_sql_begin(&text, &size);
    if (sql) {
        fputs("INSERT INTO points (", sql);
        weft_store_names(sql, "", WEFT_STORE_NUMBER, WEFT_STORE_MESSAGE, true);
        fputs(") VALUES (?", sql);
    }
    for (int i = 1; sql && i < WEFT_STORE_COLUMN_COUNT + WEFT_METRIC_COUNT; i++) fputs(", ?", sql);
    if (sql) fputs(")", sql);
    WEFT_TRY(weft_store_sql_end(sql, &text, err));
    const weft_status status = weft_store_prepare(out, store, text, err);
    free(text);
    return status;
}

static weft_status take_statement(sqlite3_stmt **out, weft_store *store, weft_store_statement which, weft_error *err) {
    if (!store->statements[which]) WEFT_TRY(make_statement(&store->statements[which], store, which, err));
    *out = store->statements[which];
    return WEFT_OK;
}

/* What is bound outlives the step. */
static void bind_text(sqlite3_stmt *statement, int at, const char *text) {
    sqlite3_bind_text(statement, at, text ? text : "", -1, SQLITE_STATIC);
}

/* Runs an INSERT; *taken: there is a row of that number already, and none was added. */
static weft_status insert(const weft_store *store, sqlite3_stmt *statement, bool *taken, weft_error *err) {
    const int code = sqlite3_step(statement);
    const bool conflict = code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID;
    weft_status status = WEFT_OK;
    if (taken) *taken = conflict;
    if (code != SQLITE_DONE && !(conflict && taken)) status = weft_store_fail(store, "cannot be written", err);
    sqlite3_reset(statement);
    return status;
}

static weft_status put_point(weft_store *store, const weft_store_row *row, bool *taken, weft_error *err) {
    sqlite3_stmt *statement;
    const char *texts[WEFT_STORE_COLUMN_COUNT] = {NULL};
    WEFT_TRY(take_statement(&statement, store, WEFT_STORE_PUT_POINT, err));
    WEFT_TRY(weft_store_point_texts(texts, store, row->point, err));
    texts[WEFT_STORE_KEY] = row->key;
    texts[WEFT_STORE_NET_SHA256] = row->net_sha256;
    texts[WEFT_STORE_CHIP_SHA256] = row->chip_sha256;
    texts[WEFT_STORE_MAPPING_SHA256] = row->result ? row->result->mapping.hex : "";
    texts[WEFT_STORE_VERSION] = WEFT_VERSION;
    texts[WEFT_STORE_STATUS] = row->result ? "done" : "failed";
    texts[WEFT_STORE_MESSAGE] = row->result ? "" : row->message;
    for (int c = 0; c < WEFT_STORE_COLUMN_COUNT; c++) bind_text(statement, c + 1, texts[c]);
    sqlite3_bind_int64(statement, WEFT_STORE_NUMBER + 1, (int64_t)row->number);
    sqlite3_bind_int64(statement, WEFT_STORE_SEED + 1, row->point->settings.seed);
    for (int m = 0; m < WEFT_METRIC_COUNT; m++) { /* NaN is stored as NULL */
        const int at = WEFT_STORE_COLUMN_COUNT + m + 1;
        if (row->result)
            sqlite3_bind_double(statement, at, row->result->metrics.v[m]);
        else
            sqlite3_bind_null(statement, at);
    }
    return insert(store, statement, taken, err);
}

weft_status weft_store_put_axes(weft_store *store, size_t number, const weft_point *point, weft_error *err) {
    sqlite3_stmt *statement;
    WEFT_TRY(take_statement(&statement, store, WEFT_STORE_PUT_AXIS, err));
    for (int a = 0; a < point->axis_count; a++) {
        sqlite3_bind_int64(statement, 1, (int64_t)number);
        sqlite3_bind_int(statement, 2, a);
        bind_text(statement, 3, point->axes[a].key);
        bind_text(statement, 4, point->axes[a].value);
        WEFT_TRY(insert(store, statement, NULL, err));
    }
    return WEFT_OK;
}

static weft_status put_trials(weft_store *store, const weft_store_row *row, weft_error *err) {
    sqlite3_stmt *statement;
    WEFT_TRY(take_statement(&statement, store, WEFT_STORE_PUT_TRIAL, err));
    for (int t = 0; row->result && t < row->result->trial_count; t++) {
        sqlite3_bind_int64(statement, 1, (int64_t)row->number);
        sqlite3_bind_int(statement, 2, t);
        sqlite3_bind_double(statement, 3, row->result->trial_error_percent[t]);
        WEFT_TRY(insert(store, statement, NULL, err));
    }
    return WEFT_OK;
}

static weft_status put_execution(weft_store *store, const weft_store_row *row, weft_error *err) {
    sqlite3_stmt *statement;
    char started[32] = "";
    struct tm utc;
    const time_t time = (time_t)row->started_s;
    WEFT_TRY(take_statement(&statement, store, WEFT_STORE_PUT_EXECUTION, err));
    if (gmtime_r(&time, &utc)) strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &utc);
    sqlite3_bind_int64(statement, 1, (int64_t)row->number);
    bind_text(statement, 2, started);
    if (row->result)
        sqlite3_bind_double(statement, 3, row->result->seconds);
    else
        sqlite3_bind_null(statement, 3);
    bind_text(statement, 4, row->host);
    sqlite3_bind_int(statement, 5, row->attempts);
    return insert(store, statement, NULL, err);
}

static weft_status forget_number(weft_store *store, size_t number, weft_error *err) {
    char sql[256];
    const long long n = (long long)number;
    snprintf(sql, sizeof sql,
             "DELETE FROM points WHERE number = %lld; DELETE FROM axes WHERE number = %lld; "
             "DELETE FROM trials WHERE number = %lld; DELETE FROM executions WHERE number = %lld",
             n, n, n, n);
    return weft_store_exec(store, sql, "cannot be written", err);
}

static weft_status put_row(weft_store *store, const weft_store_row *row, weft_error *err) {
    bool taken;
    WEFT_TRY(put_point(store, row, &taken, err));
    if (taken) {
        WEFT_TRY(forget_number(store, row->number, err));
        WEFT_TRY(put_point(store, row, &taken, err));
    }
    WEFT_TRY(weft_store_put_axes(store, row->number, row->point, err));
    WEFT_TRY(put_trials(store, row, err));
    return put_execution(store, row, err);
}

weft_status weft_store_put(weft_store *store, const weft_store_row *row, weft_error *err) {
    WEFT_TRY(weft_store_begin(store, err));
    store->pending++;
    const weft_status status = put_row(store, row, err);
    if (status != WEFT_OK) return give_up(store, status, err);
    store->groups->known = false;
    return weft_now_s() - store->tried_s < COMMIT_EVERY_S ? WEFT_OK : weft_store_commit(store, false, err);
}
