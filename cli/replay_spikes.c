/* weft replay of a spike trace: the time of its ticks on a chip. */
#include <inttypes.h>
#include <string.h>

#include "cli/replay.h"
#include "sim/report/ticks.h"
#include "sim/spike/spike_trace.h"

enum { TICKS_SHOWN = 64 }; /* between two looks at the progress */

typedef struct job {
    const weft_replay_request *options;
    const weft_console *session;
    weft_spike_trace *trace;
    weft_chip *chip;
    weft_spike_timing *timing;
    weft_spike_recorder *copy; /* --text */
    weft_output text;          /* where it is a file */
} job;

static bool is_standard(const char *path) { return path && !strcmp(path, "-"); }

static weft_status check_options(const weft_replay_request *o, weft_error *err) {
    const struct {
        const char *name;
        bool given;
    } others[] = {{"without", o->without}, {"timeline", o->timeline}, {"vcd", o->vcd}, {"signals", o->signals}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].given)
            return weft_error_set(err, WEFT_E_USAGE, "--%s is for traces of operations; %.200s is one of spikes",
                                  others[i].name, o->trace);
    if (is_standard(o->csv) && (is_standard(o->common.json) || is_standard(o->text)))
        return weft_error_set(err, WEFT_E_USAGE, "--%s - and --csv - both want standard output",
                              is_standard(o->text) ? "text" : "json");
    return WEFT_OK;
}

static weft_status open_copy(job *j, weft_error *err) {
    const char *path = j->options->text;
    if (!path) return WEFT_OK;
    if (!is_standard(path)) WEFT_TRY(weft_output_open(&j->text, path, err));
    return weft_spike_recorder_print(&j->copy, is_standard(path) ? stdout : j->text.stream,
                                     weft_spike_trace_header_of(j->trace), err);
}

static weft_status close_copy(job *j, weft_error *err) {
    if (!j->copy) return WEFT_OK;
    WEFT_TRY(weft_spike_recorder_close(j->copy, err));
    return is_standard(j->options->text) ? WEFT_OK : weft_output_commit(&j->text, err);
}

static void show_progress(const job *j, uint64_t ticks) {
    if (!j->session->terminal || j->options->common.quiet || ticks % TICKS_SHOWN) return;
    fprintf(j->session->err, "\r%" PRIu64 " ticks\033[K", ticks);
    fflush(j->session->err);
}

static weft_status take_tick(job *j, const weft_tick *tick, weft_error *err) {
    if (j->copy) WEFT_TRY(weft_spike_recorder_add(j->copy, tick, err));
    return weft_spike_timing_add(j->timing, tick, err);
}

static weft_status take_ticks(job *j, weft_error *err) {
    const weft_tick *tick;
    for (uint64_t ticks = 0;; ticks++) {
        WEFT_TRY(weft_spike_trace_next(&tick, j->trace, err));
        if (!tick) break;
        WEFT_TRY(take_tick(j, tick, err));
        show_progress(j, ticks);
    }
    WEFT_TRY(weft_spike_timing_finish(j->timing, err));
    return close_copy(j, err);
}

static bool same_chip(const job *j) {
    return !strcmp(weft_spike_trace_header_of(j->trace)->chip_sha256.hex, j->chip->sha256.hex);
}

static void print(const job *j, const weft_ticks_report *report) {
    const weft_spike_trace_header *h = weft_spike_trace_header_of(j->trace);
    const bool taken = is_standard(j->options->csv) || is_standard(j->options->text);
    FILE *out = taken ? j->session->err : j->session->out;
    fprintf(out, "%-16s %.300s: spikes", "trace", j->options->trace);
    if (h->network) fprintf(out, " of %.200s", h->network);
    if (h->chip) fprintf(out, ", recorded on %.200s", h->chip);
    fprintf(out, "\n%-16s %s%s\n", "chip", j->chip->name, same_chip(j) ? ", as recorded" : "");
    weft_ticks_print(out, report);
}

static weft_status write_csv(const char *path, const weft_ticks_report *report, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, path, err));
    weft_ticks_print_csv(out.json.stream, report);
    return weft_result_commit(&out, err);
}

static weft_status write_json(const job *j, const weft_ticks_report *report, weft_error *err) {
    const weft_spike_trace_header *h = weft_spike_trace_header_of(j->trace);
    weft_result out;
    WEFT_TRY(weft_result_open(&out, j->options->common.json, err));
    weft_json_object(&out.json, NULL);
    weft_json_text(&out.json, "command", "replay");
    weft_json_object(&out.json, "trace");
    weft_json_text(&out.json, "file", j->options->trace);
    weft_json_text(&out.json, "chip", h->chip);
    weft_json_text(&out.json, "chip_sha256", h->chip_sha256.hex[0] ? h->chip_sha256.hex : NULL);
    weft_json_text(&out.json, "network", h->network);
    weft_json_text(&out.json, "mapping", h->mapping);
    weft_json_object_end(&out.json);
    weft_json_object(&out.json, "chip");
    weft_json_text(&out.json, "name", j->chip->name);
    weft_json_text(&out.json, "sha256", j->chip->sha256.hex);
    weft_json_bool(&out.json, "as_recorded", same_chip(j));
    weft_json_object_end(&out.json);
    weft_ticks_json(&out.json, "timing", report);
    weft_json_object_end(&out.json);
    return weft_result_commit(&out, err);
}

static weft_status replay(job *j, weft_error *err) {
    const weft_replay_request *o = j->options;
    const weft_spike_timing_options options = {.stop = weft_stop_install()};
    WEFT_TRY(check_options(o, err));
    WEFT_TRY(weft_spike_trace_open(&j->trace, o->trace, err));
    WEFT_TRY(weft_chip_load(&j->chip, o->chip, o->set.items, o->set.count, err));
    WEFT_TRY(weft_spike_timing_create(&j->timing, j->chip, &options, err));
    WEFT_TRY(open_copy(j, err));
    WEFT_TRY(take_ticks(j, err));
    const weft_ticks_report report = weft_ticks_report_of(j->chip, j->timing);
    if (o->csv) WEFT_TRY(write_csv(o->csv, &report, err));
    if (o->common.json) WEFT_TRY(write_json(j, &report, err));
    if (j->session->terminal && !o->common.quiet) fputs("\r\033[K", j->session->err);
    print(j, &report);
    return WEFT_OK;
}

weft_status weft_replay_spikes(const weft_replay_request *options, const weft_console *session, weft_error *err) {
    job j = {.options = options, .session = session};
    const weft_status status = replay(&j, err);
    weft_spike_recorder_destroy(j.copy);
    if (options->text && !is_standard(options->text)) weft_output_abort(&j.text);
    weft_spike_timing_destroy(j.timing);
    weft_chip_destroy(j.chip);
    weft_spike_trace_destroy(j.trace);
    return status;
}
