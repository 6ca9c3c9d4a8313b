/* weft report: the results of a sweep as figures and one page. */
#include <stddef.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/file_kind.h"
#include "sweep/page.h"

typedef struct report_options {
    weft_common common;
    const char *runs, *out, *title;
} report_options;

static const weft_option report_arguments[] = {
    {.name = "RUNS",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(report_options, runs),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .takes = WEFT_TAKES(RUNS),
     .help = "Folder of 'weft sweep'"},
};
static const weft_option report_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(report_options, out),
     .value = "FOLDER",
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "Where index.html, points.csv and the figures (SVG and PNG) go"},
    {.name = "title",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(report_options, title),
     .value = "TEXT",
     .help = "Title of the page; default: the experiment's name"},
};

static void tell(void *context, const char *text) {
    const weft_console *session = context;
    fprintf(session->err, "weft: note: %s\n", text);
}

static weft_status write_csv(const weft_store *store, const char *folder, weft_error *err) {
    char path[4096];
    weft_output out;
    WEFT_TRY(weft_folder_create(folder, err));
    WEFT_TRY(weft_path_join(path, sizeof path, folder, "points.csv", err));
    WEFT_TRY(weft_output_open(&out, path, err));
    const weft_status status = weft_store_csv(store, NULL, out.stream, err);
    if (status == WEFT_OK) return weft_output_commit(&out, err);
    weft_output_abort(&out);
    return status;
}

static weft_status write_page(const report_options *o, const weft_store *store, const weft_console *session,
                              weft_error *err) {
    weft_store_table table;
    const weft_page_options options = {.folder = o->out, .title = o->title};
    WEFT_TRY(weft_store_read(&table, store, err));
    weft_status status = WEFT_OK;
    if (table.count == 0) status = weft_error_set(err, WEFT_E_INVALID, "%.1000s has no points yet", o->runs);
    if (status == WEFT_OK) status = write_csv(store, o->out, err);
    if (status == WEFT_OK) status = weft_page_write(&table, &options, tell, (void *)(uintptr_t)session, err);
    if (status == WEFT_OK) fprintf(session->out, "%s/index.html: %zu points\n", o->out, table.count);
    weft_store_table_free(&table);
    return status;
}

static weft_status report_run(const void *options, const weft_console *session, weft_error *err) {
    const report_options *o = options;
    weft_store *store = NULL;
    WEFT_TRY(weft_store_open_read(&store, o->runs, err));
    const weft_status status = write_page(o, store, session, err);
    const weft_status closed = weft_store_close(store, status == WEFT_OK ? err : NULL);
    return status == WEFT_OK ? closed : status;
}

const weft_command weft_command_report = {
    .name = "report",
    .summary = "Draw the results of a sweep: one page and its figures",
    .description =
        "Writes one HTML page that needs nothing else: figures for every block of the experiment (error bands over "
        "trials), which axis moves the error most, Pareto fronts, a table of all points to sort and filter, networks, "
        "chips, and what falls short. Figures lie beside it as SVG and PNG, the points as CSV.",
    .examples = "  weft report runs/noise -o runs/noise/report\n",
    .arguments = report_arguments,
    .argument_count = (int)(sizeof report_arguments / sizeof report_arguments[0]),
    .options = report_table,
    .option_count = (int)(sizeof report_table / sizeof report_table[0]),
    .size = sizeof(report_options),
    .run = report_run,
};
