/* Opening and closing runs.db. A rollback journal, not a write-ahead log: runs.db alone holds all that was committed,
 * reads need no second file, so a folder that may not be written to can be read, and network file systems will do. */
#include "sweep/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sweep/store_internal.h"

enum { READ_WAIT_MS = 5000, SQLITE_LOW_BYTE = 0xff };

/* ---- errors and statements ---- */

static weft_status status_of(int code) {
    switch (code & SQLITE_LOW_BYTE) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return WEFT_E_PARSE;
    case SQLITE_NOMEM:
        return WEFT_E_MEMORY;
    case SQLITE_INTERRUPT:
        return WEFT_E_INTERRUPTED;
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_INTERNAL:
        return WEFT_E_LIBRARY;
    default:
        return WEFT_E_IO;
    }
}

/* What SQLite's own texts do not say. */
static const char *advice(int code) {
    switch (code & SQLITE_LOW_BYTE) {
    case SQLITE_CORRUPT:
        return "; nothing was changed. 'sqlite3 runs.db .recover' prints what can be read; without the file, the sweep "
               "begins anew";
    case SQLITE_NOTADB:
        return "; nothing was changed";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ": another program holds it";
    case SQLITE_READONLY:
        return code == SQLITE_READONLY_ROLLBACK || code == SQLITE_READONLY_RECOVERY
                   ? ": a writer died, and what it left half done can be taken back only by somebody who may write here"
                   : "";
    default:
        return "";
    }
}

weft_status weft_store_fail(const weft_store *store, const char *what, weft_error *err) {
    if (!store->db) return weft_error_set_at(err, WEFT_E_MEMORY, store->path, 0, 0, "%s: out of memory", what);
    const int code = sqlite3_extended_errcode(store->db), low = code & SQLITE_LOW_BYTE;
    const int cause = low == SQLITE_IOERR || low == SQLITE_CANTOPEN ? sqlite3_system_errno(store->db) : 0;
    return weft_error_set_at(err, status_of(code), store->path, 0, 0, "%s: %s%s%s%s", what,
                             low == SQLITE_FULL ? "no space left on the device" : sqlite3_errmsg(store->db),
                             cause ? ": " : "", cause ? strerror(cause) : "", advice(code));
}

weft_status weft_store_exec(const weft_store *store, const char *sql, const char *what, weft_error *err) {
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? WEFT_OK : weft_store_fail(store, what, err);
}

weft_status weft_store_prepare(sqlite3_stmt **out, const weft_store *store, const char *sql, weft_error *err) {
    *out = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, out, NULL) == SQLITE_OK) return WEFT_OK;
    return weft_store_fail(store, "cannot be read", err);
}

weft_status weft_store_step(bool *row, const weft_store *store, sqlite3_stmt *statement, weft_error *err) {
    const int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE) return WEFT_OK;
    return weft_store_fail(store, sqlite3_stmt_readonly(statement) ? "cannot be read" : "cannot be written", err);
}

const char *weft_store_text(sqlite3_stmt *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

/* ---- opening ---- */

/* The single number that a PRAGMA or SELECT gives. */
static weft_status read_number(int64_t *out, const weft_store *store, const char *sql, weft_error *err) {
    sqlite3_stmt *statement;
    bool row = false;
    *out = 0;
    WEFT_TRY(weft_store_prepare(&statement, store, sql, err));
    const weft_status status = weft_store_step(&row, store, statement, err);
    if (status == WEFT_OK && row) *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

/* For writing where that may be, also by readers: they too take back what a killed writer left half done. One thread at
 * a time uses a store. */
static weft_status connect(weft_store *store, int flags, weft_error *err) {
    if (sqlite3_open_v2(store->path, &store->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX | flags, NULL) != SQLITE_OK)
        return weft_store_fail(store, "cannot be opened", err);
    sqlite3_busy_timeout(store->db, READ_WAIT_MS);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return WEFT_OK;
}

static weft_status quick_check(const weft_store *store, weft_error *err) {
    sqlite3_stmt *statement;
    bool row = false;
    WEFT_TRY(weft_store_prepare(&statement, store, "PRAGMA quick_check(1)", err));
    weft_status status = weft_store_step(&row, store, statement, err);
    const char *found = row ? weft_store_text(statement, 0) : "nothing";
    if (status == WEFT_OK && strcmp(found, "ok") != 0) {
        const int length = (int)strcspn(found, "\n") < 300 ? (int)strcspn(found, "\n") : 300;
        status = weft_error_set_at(err, WEFT_E_PARSE, store->path, 0, 0, "is corrupted (%.*s)%s", length, found,
                                   advice(SQLITE_CORRUPT));
    }
    sqlite3_finalize(statement);
    return status;
}

/* Whose file it is. *empty: it has nothing in it yet. */
static weft_status check_schema(bool *empty, const weft_store *store, weft_error *err) {
    int64_t tables, application, version;
    WEFT_TRY(read_number(&tables, store, "SELECT count(*) FROM sqlite_schema", err));
    WEFT_TRY(read_number(&application, store, "PRAGMA application_id", err));
    WEFT_TRY(read_number(&version, store, "PRAGMA user_version", err));
    *empty = tables == 0;
    if (*empty) return WEFT_OK;
    if (application != WEFT_STORE_APPLICATION || version < 1)
        return weft_error_set_at(err, WEFT_E_PARSE, store->path, 0, 0, "is an SQLite file, but not one of results");
    if (version > WEFT_STORE_SCHEMA)
        return weft_error_set_at(err, WEFT_E_INVALID, store->path, 0, 0,
                                 "was written by a newer weft: its schema is %lld, this weft knows %d",
                                 (long long)version, WEFT_STORE_SCHEMA);
    return quick_check(store, err);
}

weft_status weft_store_lacks(bool *lacks, const weft_store *store, const char *table, const char *column,
                             weft_error *err) {
    sqlite3_stmt *statement;
    bool row = false;
    WEFT_TRY(weft_store_prepare(&statement, store, "SELECT 1 FROM pragma_table_info(?) WHERE name = ?", err));
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, column, -1, SQLITE_STATIC);
    const weft_status status = weft_store_step(&row, store, statement, err);
    *lacks = !row;
    sqlite3_finalize(statement);
    return status;
}

/* Metrics that a file of an older weft lacks. */
static weft_status check_metrics(const weft_store *store, bool add, weft_error *err) {
    static const char *const tables[] = {"points", "cache"};
    for (int i = 0; i < 2 * WEFT_METRIC_COUNT; i++) {
        const char *table = tables[i % 2], *column = weft_metrics[i / 2].column;
        bool lacks;
        WEFT_TRY(weft_store_lacks(&lacks, store, table, column, err));
        if (!lacks) continue;
        if (!add)
            return weft_error_set_at(err, WEFT_E_UNSUPPORTED, store->path, 0, 0,
                                     "was written by an older weft, without %s; 'weft sweep' brings it up to date",
                                     column);
        char sql[128];
        snprintf(sql, sizeof sql, "ALTER TABLE %s ADD COLUMN %s REAL", table, column);
        WEFT_TRY(weft_store_exec(store, sql, "cannot be written", err));
    }
    return WEFT_OK;
}

static weft_status create_schema(weft_store *store, weft_error *err) {
    char *text;
    size_t size;
    FILE *sql = weft_store_sql_begin(&text, &size);
    if (sql) {
        fputs("BEGIN IMMEDIATE;\n", sql);
        weft_store_schema(sql);
        weft_store_wide(sql, NULL, 0);
        fprintf(sql, ";\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;\nCOMMIT;\n", WEFT_STORE_APPLICATION,
                WEFT_STORE_SCHEMA);
    }
    WEFT_TRY(weft_store_sql_end(sql, &text, err));
    const weft_status status = weft_store_exec(store, text, "cannot be written", err);
    free(text);
    return status;
}

/* A writer that was killed before it had written to the file itself leaves a journal that says nothing. Nobody takes it
 * for one, but it would stay until the next commit. */
static weft_status remove_journal(const weft_store *store, weft_error *err) {
    char journal[sizeof store->path + 16];
    snprintf(journal, sizeof journal, "%s-journal", store->path);
    if (!weft_path_exists(journal)) return WEFT_OK;
    char sql[96];
    snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; PRAGMA user_version = %d; COMMIT", WEFT_STORE_SCHEMA);
    return weft_store_exec(store, sql, "cannot be written", err);
}

/* cache_spill: a transaction that stays open for a while must not shut readers out. */
static weft_status prepare_writing(weft_store *store, weft_error *err) {
    bool empty;
    WEFT_TRY(check_schema(&empty, store, err));
    WEFT_TRY(weft_store_exec(store,
                             "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA cache_spill = OFF; "
                             "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY",
                             "cannot be written", err));
    WEFT_TRY(empty ? create_schema(store, err) : remove_journal(store, err));
    WEFT_TRY(check_metrics(store, true, err));
    WEFT_TRY(weft_store_descriptions_create(store, err));
    store->texts = open_memstream(&store->text_bytes, &store->text_size);
    return store->texts ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for results");
}

static weft_status create(weft_store **out, const char *runs, const char *experiment, weft_error *err) {
    weft_store *store = *out = calloc(1, sizeof *store);
    if (store) {
        store->lock.fd = -1;
        store->experiment = strdup(experiment);
        store->groups = calloc(1, sizeof *store->groups);
    }
    if (!store || !store->experiment || !store->groups)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for results");
    return weft_path_join(store->path, sizeof store->path, runs, "runs.db", err);
}

static void destroy(weft_store *store) {
    for (int s = 0; s < WEFT_STORE_STATEMENTS; s++) sqlite3_finalize(store->statements[s]);
    sqlite3_close(store->db);
    weft_store_lock_release(&store->lock);
    if (store->texts) fclose(store->texts);
    free(store->text_bytes);
    if (store->groups) weft_store_groups_forget(store->groups);
    free(store->groups);
    free(store->experiment);
    free(store);
}

static weft_status finish_open(weft_store **out, weft_status status) {
    if (status != WEFT_OK && *out) {
        destroy(*out);
        *out = NULL;
    }
    return status;
}

static weft_status open_writing(weft_store *store, const char *runs, weft_error *err) {
    char lock[sizeof store->path];
    WEFT_TRY(weft_folder_create(runs, err));
    WEFT_TRY(weft_path_join(lock, sizeof lock, runs, "runs.db.lock", err));
    WEFT_TRY(weft_store_lock_take(&store->lock, lock, err));
    WEFT_TRY(connect(store, SQLITE_OPEN_CREATE, err));
    if (sqlite3_db_readonly(store->db, "main") == 1)
        return weft_error_set_at(err, WEFT_E_IO, store->path, 0, 0, "may not be written to");
    return prepare_writing(store, err);
}

weft_status weft_store_open(weft_store **out, const char *runs, const char *experiment, weft_error *err) {
    weft_status status = create(out, runs, experiment, err);
    if (status == WEFT_OK) status = open_writing(*out, runs, err);
    return finish_open(out, status);
}

static weft_status open_reading(weft_store *store, const char *runs, weft_error *err) {
    bool empty;
    if (!weft_path_exists(store->path))
        return weft_error_set_at(err, WEFT_E_IO, runs, 0, 0,
                                 "has no runs.db; results of an experiment are made with 'weft sweep EXPERIMENT.yaml "
                                 "-o %.200s'",
                                 runs);
    WEFT_TRY(connect(store, 0, err));
    WEFT_TRY(check_schema(&empty, store, err));
    if (empty) return weft_error_set_at(err, WEFT_E_PARSE, store->path, 0, 0, "is empty: no experiment was begun");
    WEFT_TRY(check_metrics(store, false, err));
    return weft_store_exec(store, "PRAGMA query_only = ON", "cannot be read", err);
}

weft_status weft_store_open_read(weft_store **out, const char *runs, weft_error *err) {
    weft_status status = create(out, runs, "", err);
    if (status == WEFT_OK) status = open_reading(*out, runs, err);
    return finish_open(out, status);
}

weft_status weft_store_close(weft_store *store, weft_error *err) {
    if (!store) return WEFT_OK;
    const weft_status status = weft_store_commit(store, true, err);
    weft_store_rollback(store);
    destroy(store);
    return status;
}
