/* Inside the store: the schema as one table of columns, the connection, statements. */
#ifndef WEFT_SWEEP_STORE_INTERNAL_H
#define WEFT_SWEEP_STORE_INTERNAL_H

#include <sqlite3.h>

#include "sweep/store.h"

#define WEFT_STORE_SCHEMA 1               /* PRAGMA user_version */
#define WEFT_STORE_APPLICATION 0x77656674 /* PRAGMA application_id: "weft" */
#define WEFT_STORE_LABEL_BYTES 512
#define WEFT_STORE_AXES_MAX 500 /* that get a column of `wide` */

/* Columns of `points` ahead of the metrics, in their order. X(ID, name, type, text); first those that the experiment
 * says of a point, then, from KEY on, those that belong to the key: they go to `cache` and come back from there. */
#define WEFT_STORE_POINT_COLUMNS(X)                                                                                    \
    X(NUMBER, "number", "INTEGER PRIMARY KEY", "place of the point in the experiment, from 0")                         \
    X(EXPERIMENT, "experiment", "TEXT", "its name")                                                                    \
    X(BLOCK, "block", "TEXT", "name of the block that the point is of")                                                \
    X(KIND, "kind", "TEXT", "`sim`, `eval`, `replay` or `noc`")                                                        \
    X(LABEL, "label", "TEXT", "what was varied, for people")                                                           \
    X(NET, "net", "TEXT", "name in the experiment; empty: none")                                                       \
    X(CHIP, "chip", "TEXT", "name in the experiment; empty: none")                                                     \
    X(DATASET, "dataset", "TEXT", "empty: none")                                                                       \
    X(TRACE, "trace", "TEXT", "file that was replayed; empty: none")                                                   \
    X(TRANSFORM, "transform", "TEXT", "chain of transforms of the weights; empty: as deployed")                        \
    X(SEED, "seed", "INTEGER", "of the trials")                                                                        \
    X(RECALIBRATE, "recalibrate", "TEXT", "`none`, a number of training images, or `all`")                             \
    X(OVERRIDES, "overrides", "TEXT", "changed keys of the chip, a JSON list of `\"KEY=VALUE\"`")                      \
    X(SETTINGS, "settings", "TEXT", "all other settings that the kind uses, a JSON object")
#define WEFT_STORE_KEY_COLUMNS(X)                                                                                      \
    X(KEY, "key", "TEXT NOT NULL", "SHA-256 of all that decides the result; the same key, the same result")            \
    X(NET_SHA256, "net_sha256", "TEXT", "of the network's file; empty: none")                                          \
    X(CHIP_SHA256, "chip_sha256", "TEXT", "of the chip's file and its overrides; empty: none")                         \
    X(MAPPING_SHA256, "mapping_sha256", "TEXT", "of the mapping's file; empty: none")                                  \
    X(VERSION, "version", "TEXT", "of weft")                                                                           \
    X(STATUS, "status", "TEXT", "`done` or `failed`")                                                                  \
    X(MESSAGE, "message", "TEXT", "why it failed; else empty")

typedef enum weft_store_column_id {
#define WEFT_STORE_COLUMN_ENUM(id, name, type, text) WEFT_STORE_##id,
    WEFT_STORE_POINT_COLUMNS(WEFT_STORE_COLUMN_ENUM) WEFT_STORE_KEY_COLUMNS(WEFT_STORE_COLUMN_ENUM)
#undef WEFT_STORE_COLUMN_ENUM
        WEFT_STORE_COLUMN_COUNT
} weft_store_column_id;

typedef struct weft_store_column {
    const char *name, *type, *text;
} weft_store_column;
extern const weft_store_column weft_store_columns[WEFT_STORE_COLUMN_COUNT];

typedef enum weft_store_statement {
    WEFT_STORE_PUT_POINT,
    WEFT_STORE_PUT_AXIS,
    WEFT_STORE_PUT_TRIAL,
    WEFT_STORE_PUT_EXECUTION,
    WEFT_STORE_STATEMENTS
} weft_store_statement;

typedef struct weft_store_group { /* executions of one kind, net and chip */
    char *name;
    double seconds;
} weft_store_group;
typedef struct weft_store_groups {
    bool known;
    weft_store_group *items; /* by name */
    size_t count;
} weft_store_groups;

struct weft_store {
    char path[4096]; /* of runs.db */
    char *experiment;
    sqlite3 *db;
    struct weft_store_lock {
        char path[4096];
        int fd; /* -1: not held */
    } lock;
    sqlite3_stmt *statements[WEFT_STORE_STATEMENTS]; /* made when they are first needed */
    size_t pending;                                  /* rows that are not committed yet */
    double tried_s; /* monotonic time of the last commit, also of one that had to wait */
    FILE *texts;    /* memory: JSON of the point at hand */
    char *text_bytes;
    size_t text_size;
    char label[WEFT_STORE_LABEL_BYTES];
    weft_store_groups *groups;
};

/* ---- store_columns.c ---- */

/* What the experiment says of a point: the columns ahead of KEY but NUMBER and SEED. Valid until the next call. */
weft_status weft_store_point_texts(const char *texts[WEFT_STORE_COLUMN_COUNT], weft_store *store,
                                   const weft_point *point, weft_error *err);
/* Names of columns first..last and, where metrics, those of all metrics, each behind `prefix`, separated by ", ". */
void weft_store_names(FILE *stream, const char *prefix, int first, int last, bool metrics);
/* A name in double quotes, those inside it doubled. */
void weft_store_quote(FILE *stream, const char *name);
/* SQL as text. begin gives NULL when memory is out; end closes the stream; the caller frees *text. */
FILE *weft_store_sql_begin(char **text, size_t *size);
weft_status weft_store_sql_end(FILE *stream, char **text, weft_error *err);
/* CREATE statements of everything but the view `wide`. */
void weft_store_schema(FILE *sql);
/* CREATE VIEW wide: points with a column an axis. keys [count]. */
void weft_store_wide(FILE *sql, const char *const *keys, size_t count);
/* Whether `points` has a column of that name. */
bool weft_store_is_column(const char *name);

/* ---- store.c ---- */

/* Error from the connection's last failure; what: "cannot be read". */
weft_status weft_store_fail(const weft_store *store, const char *what, weft_error *err);
weft_status weft_store_exec(const weft_store *store, const char *sql, const char *what, weft_error *err);
weft_status weft_store_prepare(sqlite3_stmt **out, const weft_store *store, const char *sql, weft_error *err);
/* sqlite3_step: *row false at the end. */
weft_status weft_store_step(bool *row, const weft_store *store, sqlite3_stmt *statement, weft_error *err);
/* A column as text, never NULL. */
const char *weft_store_text(sqlite3_stmt *statement, int column);

/* Whether a table, which need not exist, has no such column. */
weft_status weft_store_lacks(bool *lacks, const weft_store *store, const char *table, const char *column,
                             weft_error *err);

/* ---- store_descriptions.c ---- */

/* Tables and columns that are missing. */
weft_status weft_store_descriptions_create(const weft_store *store, weft_error *err);
/* Those of the points; none where an older weft has left no table. */
weft_status weft_store_read_descriptions(weft_description_rows *out, const weft_store *store, weft_description which,
                                         weft_arena *arena, weft_error *err);

/* ---- store_put.c ---- */

/* Writing: begins a transaction where there is none; weft_store_rollback gives up all that is not committed. */
weft_status weft_store_begin(weft_store *store, weft_error *err);
void weft_store_rollback(weft_store *store);
/* patient: waits for readers up to half a minute, then IO; else they only put it off. */
weft_status weft_store_commit(weft_store *store, bool patient, weft_error *err);
/* The axes of a point as rows. */
weft_status weft_store_put_axes(weft_store *store, size_t number, const weft_point *point, weft_error *err);
void weft_store_groups_forget(weft_store_groups *groups);

/* ---- store_plan.c, store_away.c, store_take.c ---- */

typedef struct weft_plan {
    weft_store *store;
    const weft_experiment *experiment;
    const weft_sha256 *keys;
    bool *done, *kept; /* [count] kept: the row stands as it should */
    bool changed;      /* anything is to be committed */
} weft_plan;
/* Rows that do not stand as they should go to `cache`; so do those whose key another point has too, but they stay. */
weft_status weft_plan_put_away(weft_plan *p, weft_error *err);
/* Rows of points without one, where the cache has their key. */
weft_status weft_plan_take(weft_plan *p, weft_error *err);

/* ---- store_lock.c ---- */

/* A record lock on the file, which the system releases when its process dies; the file says who holds it. */
weft_status weft_store_lock_take(struct weft_store_lock *lock, const char *path, weft_error *err);
void weft_store_lock_release(struct weft_store_lock *lock); /* removes the file; safe where it is not held */

/* ---- store_query.c ---- */

/* A SELECT of anybody's: USAGE for anything else. */
weft_status weft_store_query(sqlite3_stmt **out, const weft_store *store, const char *sql, weft_error *err);
/* As weft_store_step; mistakes in somebody's SELECT that show late are USAGE. */
weft_status weft_store_query_step(bool *row, const weft_store *store, sqlite3_stmt *statement, weft_error *err);

#endif
