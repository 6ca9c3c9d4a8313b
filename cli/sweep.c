/* weft sweep: an experiment file becomes a database of results. */
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/file_kind.h"
#include "sweep/ranks.h"
#include "sweep/sweep.h"

typedef struct sweep_options {
    weft_common common;
    const char *experiment, *out;
    weft_texts set;
    uint64_t jobs, threads, retries;
    bool dry_run, resume;
} sweep_options;

static const weft_option sweep_arguments[] = {
    {.name = "EXPERIMENT",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(sweep_options, experiment),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .takes = WEFT_TAKES(EXPERIMENT),
     .help = "Experiment file; 'weft describe experiment' prints every key"},
};
static const weft_option sweep_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(sweep_options, out),
     .value = "RUNS",
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "Folder of the results: runs.db, trained networks, mappings. What lies there is not computed again"},
    {.name = "jobs",
     .letter = 'j',
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(sweep_options, jobs),
     .value = "N",
     .max = 4096,
     .help = "Points at a time; default: as many as processors, under mpirun one a rank"},
    {.name = "threads",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(sweep_options, threads),
     .value = "N",
     .max = 4096,
     .help = "Threads of a point; default: processors / jobs"},
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(sweep_options, set),
     .value = "KEY=VALUE",
     .help = "Change a setting at the top of the file, for example --set images=100; may be repeated"},
    {.name = "dry-run",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(sweep_options, dry_run),
     .help = "Check everything, print how many points there are, how many have results, and about how long the others "
             "take; run nothing"},
    {.name = "resume",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(sweep_options, resume),
     .help = "RUNS must exist: go on with an interrupted sweep. Without it the same happens where RUNS exists"},
    {.name = "retries",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(sweep_options, retries),
     .value = "N",
     .default_count = 1,
     .max = 100,
     .help = "Run a point again whose process died, N times; default 1. Then it is recorded as failed, as one that "
             "ended with an error is at once, and the others go on"},
};

/* ---- progress ---- */

static void show_progress(void *context, const weft_sweep_progress *p) {
    const weft_console *session = context;
    if (!session->terminal) return;
    FILE *err = session->err;
    fputs("\r", err);
    if (p->text[0]) {
        fprintf(err, "%.150s", p->text);
    } else {
        fprintf(err, "%zu of %zu points", p->cached + p->done + p->failed, p->points);
        if (p->failed) fprintf(err, ", %zu failed", p->failed);
        if (isfinite(p->remaining_s)) {
            fputs("  ETA ", err);
            weft_print_clock(err, p->remaining_s);
        }
    }
    fputs("\033[K", err);
    fflush(err);
}

/* ---- results ---- */

static weft_status print_json(const char *path, const sweep_options *o, const weft_sweep_result *r, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, path, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "experiment", o->experiment);
    weft_json_text(json, "runs", o->out);
    weft_json_count(json, "points", r->points);
    weft_json_count(json, "cached", r->cached);
    weft_json_count(json, "done", r->done);
    weft_json_count(json, "failed", r->failed);
    weft_json_number(json, "seconds", r->seconds);
    weft_json_number(json, "worker_seconds", r->worker_seconds);
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

static void print_summary(const sweep_options *o, const weft_sweep_result *r, FILE *out) {
    fprintf(out, "%s: %zu points: %zu computed, %zu known before", o->out, r->points, r->done, r->cached);
    if (r->failed) fprintf(out, ", %zu failed", r->failed);
    fputs(", ", out);
    weft_print_clock(out, r->seconds);
    fputs("\n", out);
}

static void print_estimate(const sweep_options *o, const weft_sweep_estimate *e, FILE *out) {
    fprintf(out, "%s: %zu points, %zu of them known", o->experiment, e->points, e->cached);
    if (e->trainings) fprintf(out, "; %d network%s to train first", e->trainings, e->trainings == 1 ? "" : "s");
    if (e->points > e->cached) {
        fputs("; ", out);
        if (isfinite(e->seconds)) {
            fputs("about ", out);
            weft_print_clock(out, e->seconds);
            fputs(" to go", out);
        } else {
            fputs("how long is not known: no point of the same kind, network and chip has been run in this folder",
                  out);
        }
    }
    fputs("\n", out);
}

/* ---- the command ---- */

static weft_status dry_run(const sweep_options *o, weft_experiment *experiment, const weft_console *session,
                           weft_error *err) {
    weft_sweep_estimate estimate;
    WEFT_TRY(weft_sweep_estimate_make(&estimate, experiment, o->out, weft_sweep_jobs((int)o->jobs), err));
    print_estimate(o, &estimate, session->out);
    return WEFT_OK;
}

static weft_status run(const sweep_options *o, weft_experiment *experiment, const weft_console *session,
                       weft_error *err) {
    weft_sweep_result result;
    const weft_sweep_options options = {.runs = o->out,
                                        .jobs = (int)o->jobs,
                                        .threads = (int)o->threads,
                                        .retries = (int)o->retries,
                                        .stop = weft_stop_install(),
                                        .progress = o->common.quiet ? NULL : show_progress,
                                        .context = (void *)(uintptr_t)session};
    const weft_status status = weft_sweep_run(&result, experiment, &options, err);
    if (session->terminal && !o->common.quiet) fputs("\r\033[K", session->err);
    if (status != WEFT_OK || result.rank != 0) return status;
    print_summary(o, &result, session->out);
    if (o->common.json) WEFT_TRY(print_json(o->common.json, o, &result, err));
    if (result.failed == 0) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID,
                          "%zu of %zu points failed ('weft results %.200s --failed' lists them); the first: %.600s",
                          result.failed, result.points, o->out, result.first_failure);
}

static weft_status sweep_run(const void *options, const weft_console *session, weft_error *err) {
    const sweep_options *o = options;
    weft_experiment experiment = {0};
    char path[4096];
    WEFT_TRY(weft_path_join(path, sizeof path, o->out, "runs.db", err));
    if (o->resume && !weft_path_exists(path))
        return weft_error_set(err, WEFT_E_IO, "--resume: there is no %.1000s to go on with", path);
    weft_status status = weft_experiment_load(&experiment, o->experiment, o->set.items, o->set.count, err);
    if (status == WEFT_OK)
        status = o->dry_run ? dry_run(o, &experiment, session, err) : run(o, &experiment, session, err);
    weft_experiment_destroy(&experiment);
    return status;
}

const weft_command weft_command_sweep = {
    .name = "sweep",
    .summary = "Run an experiment: nets, chips, devices and settings against each other",
    .description =
        "Reads an experiment file, checks all of it, trains networks that are missing, and runs every point that has "
        "no "
        "result yet, several at a time. Results go to RUNS/runs.db, an SQLite database that 'weft results' and 'weft "
        "report' read. A point is never computed twice: what decides its result is hashed, files included. Interrupt "
        "or "
        "kill it whenever you like; the same command goes on. Under mpirun or srun the points are spread over all "
        "ranks, which need to see the same folders.",
    .examples = "  weft sweep experiments/noise.yaml -o runs/noise --dry-run\n  weft sweep experiments/noise.yaml -o "
                "runs/noise\n  mpirun -n 64 weft sweep experiments/noise.yaml -o runs/noise\n",
    .arguments = sweep_arguments,
    .argument_count = (int)(sizeof sweep_arguments / sizeof sweep_arguments[0]),
    .options = sweep_table,
    .option_count = (int)(sizeof sweep_table / sizeof sweep_table[0]),
    .size = sizeof(sweep_options),
    .run = sweep_run,
};
