/* RUNS/runs.db: results in SQLite. What must be the same on every machine (points, their settings, metrics, trials) is
 * apart from what is not (executions). Schema version in PRAGMA user_version; docs/results.md describes it.
 *
 *   experiment        name, description, sha256, points, version: what was planned last, one row
 *   points            number INTEGER PRIMARY KEY (its place in the experiment), what the experiment says of it, key
 *                     (SHA-256 of all that decides the result), hashes, version, status ('done' or 'failed'), message
 *                     (why it failed), and a column for every metric of metrics.h
 *   axes              number, position, key, value: what was varied, a row an axis
 *   trials            number, trial, error_percent
 *   executions        number, started (UTC), seconds, host, attempts
 *   cache,            by key, all of the above that belongs to it, of points that the experiment no longer has under
 *   cache_trials      that number: results outlive a changed experiment
 *   chips, nets,      what the files of the points' hashes say (descriptions.h); files of an older weft lack them until
 *   layers            the next sweep
 *   wide              a view: points with a column an axis
 *
 * One thread at a time; a process that was forked must not use a store of its parent. */
#ifndef WEFT_SWEEP_STORE_H
#define WEFT_SWEEP_STORE_H

#include <stdint.h>
#include <stdio.h>

#include "sweep/descriptions.h"
#include "sweep/point.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_store weft_store;

/* One row to be. Strings are borrowed. */
typedef struct weft_store_row {
    size_t number;
    const weft_point *point;
    const char *key;                      /* 64 hex digits */
    const char *net_sha256, *chip_sha256; /* "": none */
    const weft_point_result *result;      /* NULL: failed */
    const char *message;                  /* of a failure */
    const char *host;
    int attempts;
    int64_t started_s; /* since 1970 */
} weft_store_row;

/* Opens or creates RUNS/runs.db for writing (create: the folder too); one writing process at a time (RUNS/runs.db.lock
 * with host and process; a dead writer's is taken over). Errors name file and cause: IO (read-only folder, disk full),
 * PARSE (no SQLite file, or a corrupted one: PRAGMA quick_check), INVALID (written by a newer weft; another writer). */
weft_status weft_store_open(weft_store **out, const char *runs, const char *experiment, weft_error *err);
/* For reading, also while somebody writes. IO when there is none. */
weft_status weft_store_open_read(weft_store **out, const char *runs, weft_error *err);
/* Commits, waiting for readers half a minute at most; the store is gone also after a failure. NULL is allowed. */
weft_status weft_store_close(weft_store *store, weft_error *err);

/* The experiment as it is now: rows of points that are no longer in it go from `points` to `cache`; of points without a
 * row whose key has one, there or under another number, the row is made from that, failures too. done [count]: whether
 * a result is there (failures are not). keys [count]. One transaction; nothing is written where nothing changed. */
weft_status weft_store_plan(weft_store *store, const weft_experiment *experiment, const weft_sha256 *keys, bool *done,
                            weft_error *err);
/* Points by key, those of one key by number. */
typedef struct weft_keyed {
    const char *key;
    size_t number;
} weft_keyed;
void weft_keyed_sort(weft_keyed *items, size_t count);
/* Which keys have a result (failures are none); changes nothing. known [count]. */
weft_status weft_store_known(bool *known, const weft_store *store, const weft_sha256 *keys, size_t count,
                             weft_error *err);
/* Adds or replaces the row of a number. Commits when the last commit is half a second past, so that a kill -9 loses no
 * more than that; who has no next row for longer calls flush, about once a second: it commits at once. Neither waits
 * for readers: while one holds the file, commits are put off. After an error of IO (disk full) what was not committed
 * is lost; the text says how many rows. */
weft_status weft_store_put(weft_store *store, const weft_store_row *row, weft_error *err);
weft_status weft_store_flush(weft_store *store, weft_error *err);
/* Mean seconds of executions with this kind, net and chip, for estimates; NaN: none. */
double weft_store_seconds(const weft_store *store, const weft_point *point);

/* Whether there is a row of that hash. */
weft_status weft_store_described(bool *described, const weft_store *store, weft_description which, const char *sha256,
                                 weft_error *err);
/* Adds rows, but those that are there, to the transaction at hand: weft_store_flush commits. */
weft_status weft_store_put_descriptions(weft_store *store, weft_description which, const weft_description_rows *rows,
                                        weft_error *err);

/* A table of points for reports. */
typedef struct weft_store_point {
    size_t number;
    const char *block, *kind, *label, *net, *net_sha256, *chip, *chip_sha256, *overrides, *dataset, *transform, *status,
        *message; /* overrides: JSON list of "adc.bits=6" */
    weft_point_axis *axes;
    int axis_count;
    weft_metrics_values metrics;
    double *trials; /* error_percent */
    int trial_count;
} weft_store_point;
typedef struct weft_store_table {
    size_t count;
    weft_store_point *points; /* by number */
    const char *experiment, *version;
    weft_description_rows descriptions[WEFT_DESCRIPTIONS]; /* of what these points use, by hash */
    void *memory;
} weft_store_table;
weft_status weft_store_read(weft_store_table *out, const weft_store *store, weft_error *err);
void weft_store_table_free(weft_store_table *table);

typedef struct weft_store_summary {
    char experiment[256];
    size_t points; /* planned */
    size_t done, failed, blocks;
} weft_store_summary;
weft_status weft_store_summarise(weft_store_summary *out, const weft_store *store, weft_error *err);

/* Rows of a SELECT (read-only: anything else is USAGE, and so is a mistake in it) as CSV (quoted as RFC 4180 says,
 * lines end in a newline, a header) or JSON (a list of objects), in constant memory. sql NULL: WEFT_STORE_ALL. */
weft_status weft_store_csv(const weft_store *store, const char *sql, FILE *stream, weft_error *err);
weft_status weft_store_json(const weft_store *store, const char *sql, FILE *stream, weft_error *err);

/* The same as an aligned table for people, at most `rows` rows (0: all) and as many columns as fit `width` characters
 * (0: all). sql NULL: WEFT_STORE_MAIN. Prints nothing where there are no rows. */
typedef struct weft_store_printed {
    size_t rows, shown;      /* of the SELECT; printed */
    int hidden;              /* columns that did not fit */
    char hidden_names[1024]; /* "a, b" */
} weft_store_printed;
weft_status weft_store_print(weft_store_printed *out, const weft_store *store, const char *sql, int width, size_t rows,
                             FILE *stream, weft_error *err);

/* The SELECTs that the store knows itself. *out: malloc'd. */
typedef enum weft_store_view {
    WEFT_STORE_ALL,   /* all points, settings and axes first, then metrics that some point has */
    WEFT_STORE_MAIN,  /* number, axes, main metrics */
    WEFT_STORE_FAILED /* what failed, and why */
} weft_store_view;
weft_status weft_store_select(char **out, const weft_store *store, weft_store_view view, weft_error *err);

/* The columns of `points` as a Markdown table (docs/results.md). */
void weft_store_describe(FILE *stream);
/* Those of a table of descriptions. */
void weft_store_describe_rows(FILE *stream, weft_description which);

#ifdef __cplusplus
}
#endif
#endif
