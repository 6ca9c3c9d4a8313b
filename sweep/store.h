/* RUNS/runs.db: results in SQLite. What must be the same on every machine (points, their settings, metrics, trials) is
 * apart from what is not (executions). Schema version in PRAGMA user_version; docs/results.md describes it.
 *
 *   points      number INTEGER PRIMARY KEY (its place in the experiment), key TEXT (SHA-256 of all that decides the
 * result), experiment, block, kind, label, net, net_sha256, chip, chip_sha256, overrides (JSON list), mapping_sha256,
 *               dataset, transform, seed, recalibrate, version, status ('done' or 'failed'), message (why it failed),
 *               and a column for every metric of metrics.h
 *   axes        number, position, key, value: what was varied, a row an axis
 *   trials      number, trial, error_percent
 *   executions  number, started (UTC), seconds, host, attempts
 *   cache       key TEXT PRIMARY KEY, and all of the above that belongs to the key: results outlive a changed
 * experiment */
#ifndef WEFT_SWEEP_STORE_H
#define WEFT_SWEEP_STORE_H

#include <stdint.h>
#include <stdio.h>

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

/* Opens or creates RUNS/runs.db for writing (create: the folder too); one writer at a time (a lock file with host and
 * process; a dead writer's is taken over). Errors name file and cause: IO (read-only folder, disk full), PARSE (no
 * SQLite file, or a corrupted one: PRAGMA quick_check), INVALID (written by a newer weft; another writer). */
weft_status weft_store_open(weft_store **out, const char *runs, const char *experiment, weft_error *err);
/* For reading, also while somebody writes. IO when there is none. */
weft_status weft_store_open_read(weft_store **out, const char *runs, weft_error *err);
weft_status weft_store_close(weft_store *store, weft_error *err); /* commits; NULL is allowed */

/* The experiment as it is now: rows of points that are no longer in it go from `points` (not from `cache`); of those
 * with the same key, done before under whatever number, the row is made from the cache. done [count]: whether a result
 * is there (failures are not). keys [count]. One transaction. */
weft_status weft_store_plan(weft_store *store, const weft_experiment *experiment, const weft_sha256 *keys, bool *done,
                            weft_error *err);
/* Committed together now and then (at least every second and at close): a kill -9 loses no more than that. */
weft_status weft_store_put(weft_store *store, const weft_store_row *row, weft_error *err);
weft_status weft_store_flush(weft_store *store, weft_error *err);
/* Mean seconds of executions with this kind, net and chip, for estimates; NaN: none. */
double weft_store_seconds(const weft_store *store, const weft_point *point);

/* A table of points for reports: */
typedef struct weft_store_table {
    size_t count;
    struct weft_store_point {
        size_t number;
        const char *block, *kind, *label, *net, *chip, *dataset, *transform, *status, *message;
        weft_point_axis *axes;
        int axis_count;
        weft_metrics_values metrics;
        double *trials; /* error_percent */
        int trial_count;
    } * points; /* by number */
    const char *experiment, *version;
    void *memory;
} weft_store_table;
weft_status weft_store_read(weft_store_table *out, const weft_store *store, weft_error *err);
void weft_store_table_free(weft_store_table *table);

/* Rows of a SELECT (read-only: anything else is USAGE) as CSV (RFC 4180, a header) or JSON (a list of objects), in
 * constant memory. sql NULL: all points, settings and axes first, then metrics that some point has. */
weft_status weft_store_csv(const weft_store *store, const char *sql, FILE *stream, weft_error *err);
weft_status weft_store_json(const weft_store *store, const char *sql, FILE *stream, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
