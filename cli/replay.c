/* weft replay: the timing of a recorded run, on the chip that it was recorded on or on another. */
#include "cli/replay.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file_kind.h"
#include "sim/spike/spike_trace.h"

#define TICK_CYCLES 1000
#define SIGNALS "*.busy,*.in_flight"
#define SIGNALS_OF_PACKETS "*.in_flight" /* there are no servers */

static const weft_option replay_arguments[] = {
    {.name = "TRACE",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_replay_request, trace),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .takes = WEFT_TAKES(TRACE),
     .help = "Trace of 'weft sim --record', of operations or of spikes, in either form, or a file of lines \"time "
             "source target flits\""},
    {.name = "CHIP",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_replay_request, chip),
     .required = true,
     .complete = WEFT_COMPLETE_CHIP,
     .takes = WEFT_TAKES(CHIP),
     .help = "Chip file, or the name of an installed chip; it needs the cores that the trace uses"},
};
static const weft_option replay_table[] = {
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(weft_replay_request, set),
     .value = "KEY=VALUE",
     .help = "Change a key of the chip, for example noc.vcs=2; may be repeated"},
    {.name = "without",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_replay_request, without),
     .value = "WHAT",
     .help = "Also replay as if something took no time, and tell how much faster that is: arrays, arrays:LAYER, "
             "digital, io, program, barrier (they occupy nothing, their latency stays), network (packets do not wait "
             "for each other) or buffers (there is always room)"},
    {.name = "timeline",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_replay_request, timeline),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Write all operations and packets as Chrome trace events, which ui.perfetto.dev opens"},
    {.name = "vcd",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_replay_request, vcd),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Write signals over time as a value change dump, which GTKWave opens"},
    {.name = "signals",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_replay_request, signals),
     .value = "PATTERN,...",
     .help = "Signals of --vcd by shell patterns; default " SIGNALS ". 'list' prints all names and ends"},
    {.name = "text",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_replay_request, text),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Write the trace in its text form; - for standard output"},
    {.name = "csv",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_replay_request, csv),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Of a trace of spikes: write a row for each tick; - for standard output"},
    {.name = "import",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_replay_request, import),
     .value = "spikes",
     .help = "TRACE is a list of spikes, lines \"tick neuron\", each sent as packets of one flit"},
    {.name = "neurons",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_replay_request, neurons),
     .value = "FILE",
     .reads = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "Table of --import spikes, lines \"neuron source_core target_core[,target_core...]\""},
    {.name = "tick-cycles",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_replay_request, tick_cycles),
     .value = "N",
     .default_count = TICK_CYCLES,
     .min = 1,
     .max = (uint64_t)1 << 40,
     .help = "Cycles of a tick of --import spikes; default 1000"},
};

/* ---- options ---- */

static weft_status check_import(const weft_replay_request *o, weft_error *err) {
    if (!o->import) return o->neurons ? weft_error_set(err, WEFT_E_USAGE, "--neurons is for --import spikes") : WEFT_OK;
    if (strcmp(o->import, "spikes") != 0)
        return weft_error_set(err, WEFT_E_USAGE,
                              "--import: \"%.80s\" is not spikes; traces and lists of packets need no --import",
                              o->import);
    return o->neurons ? WEFT_OK : weft_error_set(err, WEFT_E_USAGE, "--import spikes needs --neurons FILE");
}

static weft_status check_outputs(const weft_replay_request *o, weft_error *err) {
    const struct {
        const char *option, *path;
    } outputs[] = {
        {"json", o->common.json}, {"timeline", o->timeline}, {"vcd", o->vcd}, {"text", o->text}, {"csv", o->csv}};
    const size_t count = sizeof outputs / sizeof outputs[0];
    for (size_t i = 0; i < count; i++) {
        WEFT_TRY(weft_output_apart(outputs[i].option, outputs[i].path, "the trace", o->trace, err));
        WEFT_TRY(weft_output_apart(outputs[i].option, outputs[i].path, "the table of neurons", o->neurons, err));
        WEFT_TRY(weft_output_probe(outputs[i].path, err));
    }
    if (o->common.json && o->text && !strcmp(o->common.json, "-") && !strcmp(o->text, "-"))
        return weft_error_set(err, WEFT_E_USAGE, "--json - and --text - both want standard output");
    return WEFT_OK;
}

static weft_status check_options(const weft_replay_request *o, weft_error *err) {
    WEFT_TRY(check_import(o, err));
    if (o->signals && !o->vcd && strcmp(o->signals, "list") != 0)
        return weft_error_set(err, WEFT_E_USAGE, "--signals is for --vcd FILE, or 'list'");
    return WEFT_OK;
}

static weft_status unknown_stage(const weft_trace_header *h, const char *name, weft_error *err) {
    const char **names = calloc((size_t)h->stage_count + 1, sizeof *names);
    if (!names) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d names", h->stage_count);
    for (int s = 0; s < h->stage_count; s++) names[s] = h->stages[s];
    const char *nearest = weft_text_nearest(name, names);
    free(names);
    return weft_error_set(err, WEFT_E_USAGE, "--without: the trace has no layer \"%.80s\"%s%s", name,
                          nearest ? "; nearest is " : "", nearest ? nearest : "");
}

static weft_status find_without(weft_replay_job *job, weft_error *err) {
    const char *text = job->options->without;
    const weft_trace_header *h = weft_trace_header_of(job->trace);
    job->without = (weft_replay_without){-1, -1, false, false};
    if (!text) return WEFT_OK;
    job->without.network = !strcmp(text, "network");
    job->without.buffers = !strcmp(text, "buffers");
    if (job->without.network || job->without.buffers) return WEFT_OK;
    for (int k = 0; k < WEFT_SERVER_KINDS; k++)
        if (!strcmp(text, weft_server_kind_names[k])) {
            job->without.server_kind = k;
            return WEFT_OK;
        }
    const char *const prefix = "arrays:";
    if (strncmp(text, prefix, strlen(prefix)) != 0)
        return weft_error_set(err, WEFT_E_USAGE,
                              "--without: \"%.80s\" is none of arrays, arrays:LAYER, digital, io, program, barrier, "
                              "network, buffers",
                              text);
    const char *name = text + strlen(prefix);
    job->without.server_kind = WEFT_SERVER_ARRAYS;
    for (int s = 0; s < h->stage_count; s++)
        if (!strcmp(name, h->stages[s])) {
            job->without.stage = s;
            return WEFT_OK;
        }
    return unknown_stage(h, name, err);
}

/* ---- the run ---- */

static void on_step(void *state, const struct weft_noc *noc) {
    const weft_replay_job *job = state;
    weft_vcd_step(job->vcd, noc);
}

static void on_operation(void *state, const weft_trace_record *record, uint64_t start, uint64_t free, uint64_t finish) {
    weft_replay_job *job = state;
    weft_times_operation(&job->times, record, start, free, finish);
}

static void on_packet(void *state, const weft_trace_record *record, uint64_t start, uint64_t finish) {
    weft_replay_job *job = state;
    weft_times_packet(&job->times, record, start, finish);
}

static void show_progress(void *state, uint64_t begun, uint64_t records) {
    const weft_replay_job *job = state;
    fprintf(job->session->err, "\r%" PRIu64 " of %" PRIu64 " records\033[K", begun, records);
    fflush(job->session->err);
}

static weft_status run(weft_replay_job *job, weft_error *err) {
    const bool shown = job->session->terminal && !job->options->common.quiet;
    weft_replay_options options = {.without = {-1, -1, false, false},
                                   .observer = {job, job->vcd ? on_step : NULL, on_operation, on_packet},
                                   .stop = job->stop,
                                   .progress = shown ? show_progress : NULL,
                                   .progress_state = job};
    weft_status status = weft_replay_run(&job->timing, job->trace, job->chip, &options, err);
    if (status == WEFT_OK && job->options->without) {
        options.without = job->without;
        options.observer = (weft_replay_observer){0};
        status = weft_replay_run(&job->timing_without, job->trace, job->chip, &options, err);
    }
    if (shown) fputs("\r\033[K", job->session->err);
    return status;
}

static weft_status load(weft_replay_job *job, weft_error *err) {
    const weft_replay_request *o = job->options;
    if (o->import)
        WEFT_TRY(weft_trace_import_spikes(&job->trace, o->trace, o->neurons, o->tick_cycles, err));
    else
        WEFT_TRY(weft_trace_read(&job->trace, o->trace, err));
    const bool serves = weft_trace_header_of(job->trace)->server_count > 0; /* arrays and digital units */
    WEFT_TRY((serves ? weft_chip_load_crossbar : weft_chip_load)(&job->chip, o->chip, o->set.items, o->set.count, err));
    job->same_chip = weft_replay_same_chip(job->trace, job->chip);
    WEFT_TRY(find_without(job, err));
    const char *usual = weft_trace_header_of(job->trace)->server_count ? SIGNALS : SIGNALS_OF_PACKETS;
    const bool list = o->signals && !strcmp(o->signals, "list"); /* what there is, no waves */
    if (o->vcd && !list)
        WEFT_TRY(weft_vcd_create(&job->vcd, job->trace, job->chip, o->signals ? o->signals : usual, err));
    return weft_times_create(&job->times, job->trace, err);
}

/* ---- files ---- */

static weft_status write_file(const weft_replay_job *job, const char *path,
                              weft_status (*write)(const weft_replay_job *, FILE *, weft_error *), weft_error *err) {
    weft_output output;
    WEFT_TRY(weft_output_open(&output, path, err));
    const weft_status status = write(job, output.stream, err);
    if (status == WEFT_OK) return weft_output_commit(&output, err);
    weft_output_abort(&output);
    return status;
}

static weft_status write_timeline(const weft_replay_job *job, FILE *stream, weft_error *err) {
    return weft_timeline_write(job->trace, &job->times, job->chip, stream, err);
}

static weft_status write_vcd(const weft_replay_job *job, FILE *stream, weft_error *err) {
    return weft_vcd_write(job->vcd, &job->times, stream, err);
}

static weft_status write_text(const weft_replay_job *job, FILE *stream, weft_error *err) {
    return weft_trace_print(job->trace, stream, err);
}

static weft_status write_all(const weft_replay_job *job, weft_error *err) {
    const weft_replay_request *o = job->options;
    if (o->timeline) WEFT_TRY(write_file(job, o->timeline, write_timeline, err));
    if (o->vcd) WEFT_TRY(write_file(job, o->vcd, write_vcd, err));
    if (o->text && !strcmp(o->text, "-"))
        WEFT_TRY(write_text(job, stdout, err));
    else if (o->text)
        WEFT_TRY(write_file(job, o->text, write_text, err));
    return o->common.json ? weft_replay_write_json(job, err) : WEFT_OK;
}

/* ---- all ---- */

static weft_status list_signals(const weft_replay_job *job, weft_error *err) {
    weft_vcd *vcd = NULL;
    WEFT_TRY(weft_vcd_create(&vcd, job->trace, job->chip, "*", err));
    weft_vcd_list(vcd, job->session->out);
    weft_vcd_destroy(vcd);
    return WEFT_OK;
}

static weft_status replay(weft_replay_job *job, weft_error *err) {
    const char *signals = job->options->signals;
    if (job->options->csv)
        return weft_error_set(err, WEFT_E_USAGE, "--csv is for traces of spikes; %.200s is none", job->options->trace);
    WEFT_TRY(load(job, err));
    if (signals && !strcmp(signals, "list")) return list_signals(job, err);
    WEFT_TRY(run(job, err));
    job->figures = weft_replay_figures_of(job->trace, job->chip, job->timing);
    WEFT_TRY(weft_times_compare(&job->match, job->trace, &job->times, err));
    WEFT_TRY(write_all(job, err));
    weft_replay_print(job);
    return weft_replay_check(&job->match, job->same_chip, err);
}

static weft_status replay_run(const void *options, const weft_console *session, weft_error *err) {
    const weft_replay_request *o = options;
    WEFT_TRY(check_options(o, err));
    WEFT_TRY(check_outputs(o, err));
    if (!o->import && weft_spike_trace_is(o->trace)) return weft_replay_spikes(o, session, err);
    weft_replay_job job = {.options = o, .session = session, .stop = weft_stop_install()};
    job.out = o->text && !strcmp(o->text, "-") ? session->err : session->out;
    const weft_status status = replay(&job, err);
    weft_timing_destroy(job.timing);
    weft_timing_destroy(job.timing_without);
    weft_times_destroy(&job.times);
    weft_vcd_destroy(job.vcd);
    weft_chip_destroy(job.chip);
    weft_trace_destroy(job.trace);
    return status;
}

const weft_command weft_command_replay = {
    .name = "replay",
    .summary = "Time a recorded run again, on the same or another chip, without network and data",
    .description =
        "A trace of 'weft sim --record' has every packet and every operation of a timed run with what each of them "
        "waited for. Replayed on a chip, each begins as soon as that is there and its server is free; packets go "
        "through the chip's network, flits, occupancies and latencies are the chip's. On the chip of the recording "
        "everything happens in the recorded cycles, which is checked: a difference is an error. On another one the "
        "same work takes its own time; core N is core N there, the host is the host.\n"
        "A trace of a spiking chip has its ticks: which cores worked how much, which spikes went where. Replayed, each "
        "tick takes the time that the chip's cores, network and barrier need; the report says whether all met the "
        "chip's deadline, how short a tick could be, and what bounds it.\n"
        "Also takes lists of packets and of spikes, whose packets wait for their time alone. docs/trace.md describes "
        "the formats.",
    .examples = "  weft replay traces/fashion-cnn-hermes.wtr hermes\n"
                "  weft replay traces/fashion-cnn-hermes.wtr hermes --set noc.flit_bits=64 --without network\n"
                "  weft replay run.wtr isaac-ce --timeline run.json\n"
                "  weft replay run.wtr isaac-ce --vcd run.vcd --signals 'core_0.*,link_0_*'\n"
                "  weft replay digits.wst truenorth --csv ticks.csv\n"
                "  weft replay spikes.txt noc-8x8 --import spikes --neurons neurons.txt --json -\n",
    .arguments = replay_arguments,
    .argument_count = (int)(sizeof replay_arguments / sizeof replay_arguments[0]),
    .options = replay_table,
    .option_count = (int)(sizeof replay_table / sizeof replay_table[0]),
    .size = sizeof(weft_replay_request),
    .run = replay_run,
};
