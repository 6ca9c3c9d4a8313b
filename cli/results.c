/* weft results: rows of an experiment's results, for people and for other programs. */
#define _DEFAULT_SOURCE /* TIOCGWINSZ */

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/file_kind.h"
#include "sweep/store.h"

#define ROWS_MAX 100

typedef struct results_request {
    weft_common common;
    const char *runs, *csv, *query;
    bool failed;
} results_request;

static const weft_option results_arguments[] = {
    {.name = "RUNS",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(results_request, runs),
     .required = true,
     .complete = WEFT_COMPLETE_FOLDER,
     .takes = WEFT_TAKES(RUNS),
     .help = "Folder of 'weft sweep', with runs.db in it"},
};
static const weft_option results_table[] = {
    {.name = "csv",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(results_request, csv),
     .value = "FILE",
     .bare = "-",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Write all points as CSV to FILE: settings, axes and metrics, a line a point; - or no FILE is standard "
             "output"},
    {.name = "query",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(results_request, query),
     .value = "SQL",
     .help = "Show the rows of a SELECT instead, for example 'SELECT net, avg(error_percent) FROM wide GROUP BY net'; "
             "nothing can be changed"},
    {.name = "failed",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(results_request, failed),
     .help = "Show the points that failed instead, and why"},
};

/* ---- files ---- */

typedef weft_status (*writer)(const weft_store *store, const char *sql, FILE *stream, weft_error *err);

static weft_status copy_to_stdout(FILE *from, weft_error *err) {
    char block[1 << 16];
    size_t got;
    rewind(from);
    while ((got = fread(block, 1, sizeof block, from)) > 0)
        if (fwrite(block, 1, got, stdout) != got) break;
    if (ferror(from)) return weft_error_set(err, WEFT_E_IO, "temporary file: reading failed");
    if (fflush(stdout) || ferror(stdout)) return weft_error_set(err, WEFT_E_IO, "standard output: writing failed");
    return WEFT_OK;
}

/* Whoever reads a pipe may take its time, and rows that are being read hold a sweep up: a pipe is served from a file
 * that is complete. */
static weft_status write_to_stdout(const weft_store *store, const char *sql, writer write, weft_error *err) {
    struct stat info;
    if (fstat(STDOUT_FILENO, &info) == 0 && S_ISREG(info.st_mode)) return write(store, sql, stdout, err);
    FILE *file = tmpfile();
    if (!file) return weft_error_set(err, WEFT_E_IO, "temporary file: %s", strerror(errno));
    weft_status status = write(store, sql, file, err);
    if (status == WEFT_OK && (fflush(file) || ferror(file)))
        status = weft_error_set(err, WEFT_E_IO, "temporary file: writing failed; name a file instead of -");
    if (status == WEFT_OK) status = copy_to_stdout(file, err);
    fclose(file);
    return status;
}

static weft_status write_rows(const weft_store *store, const char *sql, const char *path, writer write,
                              weft_error *err) {
    weft_output output;
    if (!strcmp(path, "-")) return write_to_stdout(store, sql, write, err);
    WEFT_TRY(weft_output_open(&output, path, err));
    const weft_status status = write(store, sql, output.stream, err);
    if (status == WEFT_OK) return weft_output_commit(&output, err);
    weft_output_abort(&output);
    return status;
}

/* ---- the table ---- */

/* 0: as wide as it gets. */
static int terminal_width(void) {
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    const long given = columns ? strtol(columns, NULL, 10) : 0;
    if (given > 0 && given < 100000) return (int)given;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) return size.ws_col;
    return 0;
}

static weft_status print_query(const weft_store *store, const char *sql, FILE *out, weft_error *err) {
    weft_store_printed printed;
    WEFT_TRY(weft_store_print(&printed, store, sql, 0, 0, out, err));
    if (printed.rows == 0) fputs("no rows\n", out);
    return WEFT_OK;
}

static weft_status print_points(const weft_store *store, const char *runs, FILE *out, weft_error *err) {
    weft_store_summary summary;
    weft_store_printed printed;
    WEFT_TRY(weft_store_summarise(&summary, store, err));
    fprintf(out, "%s: %zu of %zu points done", summary.experiment, summary.done, summary.points);
    if (summary.failed) fprintf(out, ", %zu failed ('weft results %s --failed' tells why)", summary.failed, runs);
    fputs(summary.done + summary.failed ? "\n\n" : "\n", out);
    WEFT_TRY(weft_store_print(&printed, store, NULL, terminal_width(), ROWS_MAX, out, err));
    if (printed.rows > printed.shown || printed.hidden) fputc('\n', out);
    if (printed.rows > printed.shown) fprintf(out, "%zu more points\n", printed.rows - printed.shown);
    if (printed.hidden) fprintf(out, "too wide to be shown: %s\n", printed.hidden_names);
    if (printed.rows)
        fprintf(out, "%sall points with all settings: weft results %s --csv FILE\n",
                printed.rows > printed.shown || printed.hidden ? "" : "\n", runs);
    return WEFT_OK;
}

/* ---- all ---- */

static weft_status check_options(const results_request *o, weft_error *err) {
    char db[4096];
    if (o->query && o->failed)
        return weft_error_set(err, WEFT_E_USAGE, "--failed is a query of its own: not with --query");
    if (o->csv && o->common.json && !strcmp(o->csv, "-") && !strcmp(o->common.json, "-"))
        return weft_error_set(err, WEFT_E_USAGE, "--csv and --json both want standard output: name a file");
    WEFT_TRY(weft_path_join(db, sizeof db, o->runs, "runs.db", err));
    WEFT_TRY(weft_output_apart("csv", o->csv, "the results", db, err));
    return weft_output_apart("json", o->common.json, "the results", db, err);
}

static weft_status show(const results_request *o, const weft_store *store, FILE *out, weft_error *err) {
    char *chosen = NULL;
    weft_status status = WEFT_OK;
    if (o->failed) WEFT_TRY(weft_store_select(&chosen, store, WEFT_STORE_FAILED, err));
    const char *sql = chosen ? chosen : o->query;
    if (o->csv) WEFT_TRY_GOTO(write_rows(store, sql, o->csv, weft_store_csv, err));
    if (o->common.json) WEFT_TRY_GOTO(write_rows(store, sql, o->common.json, weft_store_json, err));
    if (!o->csv && !o->common.json)
        status = sql ? print_query(store, sql, out, err) : print_points(store, o->runs, out, err);
cleanup:
    free(chosen);
    return status;
}

static weft_status results_run(const void *options, const weft_console *session, weft_error *err) {
    const results_request *o = options;
    weft_store *store;
    WEFT_TRY(check_options(o, err));
    WEFT_TRY(weft_store_open_read(&store, o->runs, err));
    const weft_status status = show(o, store, session->out, err);
    weft_store_close(store, NULL);
    return status;
}

const weft_command weft_command_results = {
    .name = "results",
    .summary = "Show the results of an experiment, as a table, CSV or JSON",
    .description =
        "Reads RUNS/runs.db, also while 'weft sweep' writes it. Without options it prints how many points are done and "
        "a table of what was varied and the main metrics. --csv and --json write everything, or the rows of --query. "
        "runs.db is an SQLite file that other programs can read too; docs/results.md describes its tables. In a query, "
        "`wide` has a row a point and a column a setting, axis and metric.",
    .examples = "  weft results runs/noise\n"
                "  weft results runs/noise --csv noise.csv\n"
                "  weft results runs/noise --query 'SELECT net, avg(error_percent) FROM wide GROUP BY net'\n"
                "  weft results runs/noise --failed --json\n",
    .arguments = results_arguments,
    .argument_count = (int)(sizeof results_arguments / sizeof results_arguments[0]),
    .options = results_table,
    .option_count = (int)(sizeof results_table / sizeof results_table[0]),
    .size = sizeof(results_request),
    .run = results_run,
};
