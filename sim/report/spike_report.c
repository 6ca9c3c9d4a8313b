#include "sim/report/spike_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/interval.h"
#include "sim/report/raster.h"
#include "sim/report/spike_html.h"
#include "sim/report/tables.h"

const char *const weft_spike_report_files[] = {"report.json", "report.html",  "energy.csv",
                                               "cores.csv",   "activity.svg", NULL};

/* ---- figures ---- */

weft_spike_counts weft_spike_counts_sum(const weft_spike_counts *cores, int count) {
    weft_spike_counts sum = {0};
    for (int c = 0; c < count; c++) {
        sum.axon_events += cores[c].axon_events;
        sum.synaptic_events += cores[c].synaptic_events;
        sum.updates_active += cores[c].updates_active;
        sum.updates_inactive += cores[c].updates_inactive;
        sum.spikes += cores[c].spikes;
        sum.packets += cores[c].packets;
        sum.packets_local += cores[c].packets_local;
        sum.hops_x += cores[c].hops_x;
        sum.hops_y += cores[c].hops_y;
        sum.busy_ticks += cores[c].busy_ticks;
    }
    return sum;
}

/* 0: a tick that nothing tells. */
static double tick_of(const weft_spike_report *r) {
    if (r->tick_ns > 0) return r->tick_ns;
    if (r->chip->clock.tick_ns > 0) return r->chip->clock.tick_ns;
    const weft_spike_timing_summary *timed = r->timing ? &r->timing->summary : NULL;
    return timed && timed->ticks ? timed->seconds * 1e9 / (double)timed->ticks : 0;
}

static double trial_accuracy(const weft_spike_report *r, uint64_t trial) {
    return (double)(r->trial_correct ? r->trial_correct[trial] : r->correct) / (double)r->samples;
}

static uint64_t trials_of(const weft_spike_report *r) { return r->trial_correct && r->trials ? r->trials : 1; }

static void derive_accuracy(weft_spike_figures *f, const weft_spike_report *r) {
    const uint64_t trials = trials_of(r);
    double sum = 0, squares = 0;
    f->accuracy = f->low = f->high = f->trials_mean = f->trials_std = f->trials_worst = NAN;
    if (!r->labelled) return;
    f->accuracy = f->trials_worst = trial_accuracy(r, 0);
    for (uint64_t t = 0; t < trials; t++) {
        sum += trial_accuracy(r, t);
        f->trials_worst = fmin(f->trials_worst, trial_accuracy(r, t));
    }
    f->trials_mean = sum / (double)trials;
    weft_wilson_interval(&f->low, &f->high, f->accuracy, (size_t)r->samples);
    if (trials == 1) return;
    for (uint64_t t = 0; t < trials; t++) squares += pow(trial_accuracy(r, t) - f->trials_mean, 2);
    f->trials_std = sqrt(squares / (double)(trials - 1));
    weft_error_interval(&f->low, &f->high, f->trials_mean, f->trials_std, (int)trials, (size_t)r->samples);
}

weft_spike_figures weft_spike_figures_of(const weft_spike_report *r) {
    weft_spike_figures f = {.total = weft_spike_counts_sum(r->counts, r->core_count), .tick_ns = tick_of(r)};
    f.activity = weft_spike_activity_of(r->chip, r->counts, r->core_count, r->ticks, f.tick_ns, r->crossings);
    f.energy = weft_spike_energy_of(r->chip, &f.activity);
    const double seconds = f.activity.seconds;
    const uint64_t away = f.total.packets - f.total.packets_local;
    f.power_mw = seconds > 0 ? weft_spike_power_mw(&f.energy, f.energy.total_pj) : NAN;
    f.samples_per_s = seconds > 0 ? (double)r->samples / seconds : NAN;
    derive_accuracy(&f, r);
    f.mean_hops = away ? (double)(f.total.hops_x + f.total.hops_y) / (double)away : NAN;
    f.ticks_per_s = r->seconds > 0 ? (double)r->ticks / r->seconds : NAN;
    f.events_per_s = r->seconds > 0 ? (double)f.total.synaptic_events / r->seconds : NAN;
    return f;
}

/* ---- text ---- */

static void print_energy(const weft_spike_report *r, const weft_spike_figures *f, FILE *stream) {
    const weft_spike_energy *e = &f->energy;
    const double samples = (double)r->samples;
    char total[64], dynamic[64], rest[64];
    weft_report_scaled(total, sizeof total, e->total_pj / samples, "J", -12, "u");
    weft_report_scaled(dynamic, sizeof dynamic, e->dynamic_pj / samples, "J", -12, "u");
    weft_report_scaled(rest, sizeof rest, e->static_pj / samples, "J", -12, "u");
    if (e->seconds > 0)
        fprintf(stream, "%-16s %s a sample: %s dynamic, %s static\n", "energy", total, dynamic, rest);
    else
        fprintf(stream, "%-16s %s a sample, dynamic; ticks have no length, so static energy is not known\n", "energy",
                dynamic);
    for (int c = 0; c < e->component_count; c++) {
        if (e->components[c].energy_pj <= 0) continue;
        weft_report_scaled(rest, sizeof rest, e->components[c].energy_pj / samples, "J", -12, "u");
        fprintf(stream, "  %-14s %s\n", e->components[c].name, rest);
    }
    if (!isfinite(f->power_mw)) return;
    weft_report_scaled(rest, sizeof rest, f->power_mw, "W", -3, "u");
    fprintf(stream, "%-16s %s\n%-16s %.5g samples/s\n", "power", rest, "throughput", f->samples_per_s);
}

static void print_answers(const weft_spike_report *r, const weft_spike_figures *f, FILE *stream) {
    const weft_spike_agreement *a = r->agreement;
    if (r->labelled)
        fprintf(stream, "%-16s %.2f %% of %llu images (95 %%: %.2f to %.2f)", "accuracy", 100 * f->trials_mean,
                (unsigned long long)r->samples, 100 * f->low, 100 * f->high);
    if (r->labelled && trials_of(r) > 1)
        fprintf(stream, ", mean of %llu chips, standard deviation %.2f; the first one %.2f %%",
                (unsigned long long)trials_of(r), 100 * f->trials_std, 100 * f->accuracy);
    if (r->labelled) fputc('\n', stream);
    if (!a) return;
    fprintf(stream, "%-16s %llu of %llu answers the same; ", "floating point", (unsigned long long)a->answers,
            (unsigned long long)a->samples);
    if (a->read)
        fprintf(stream, "outputs at the ends of samples: %.3g off, of %.3g (root mean squares)\n", a->membrane_off_rms,
                a->membrane_rms);
    else
        fprintf(stream, "output spikes: %llu here, %llu there, %llu at the same tick\n", (unsigned long long)a->spikes,
                (unsigned long long)a->expected, (unsigned long long)a->same);
}

static void print_counts(const weft_spike_report *r, const weft_spike_figures *f, FILE *stream) {
    const weft_spike_counts *n = &f->total;
    const double neurons = (double)(r->neurons + r->copies);
    fprintf(stream, "%-16s %llu, %.4g a neuron and tick\n", "spikes", (unsigned long long)n->spikes,
            neurons > 0 && r->ticks ? (double)n->spikes / neurons / (double)r->ticks : 0);
    fprintf(stream, "%-16s %llu on %llu axon events\n", "synaptic events", (unsigned long long)n->synaptic_events,
            (unsigned long long)n->axon_events);
    fprintf(stream, "%-16s %llu, %llu of them within their core", "packets", (unsigned long long)n->packets,
            (unsigned long long)n->packets_local);
    if (isfinite(f->mean_hops)) fprintf(stream, "; %.4g hops of the others", f->mean_hops);
    if (r->input_packets) fprintf(stream, "; %llu from the host", (unsigned long long)r->input_packets);
    fputc('\n', stream);
}

void weft_spike_report_print(const weft_spike_report *r, FILE *stream) {
    const weft_spike_figures f = weft_spike_figures_of(r);
    fprintf(stream, "%-16s %s: %llu neurons, %llu synapses\n", "network", r->network, (unsigned long long)r->neurons,
            (unsigned long long)r->synapses);
    fprintf(stream, "%-16s %s: %d of %d cores", "chip", r->chip->name, r->core_count, r->chip->core_count);
    if (r->copies) fprintf(stream, "; %llu neurons there are copies", (unsigned long long)r->copies);
    fputc('\n', stream);
    if (r->stimulus) fprintf(stream, "%-16s %s\n", "input", r->stimulus);
    if (r->transform) fprintf(stream, "%-16s %s\n", "synapses", r->transform);
    fprintf(stream, "%-16s %llu of %g ms\n", "ticks", (unsigned long long)r->ticks, r->dt_s * 1e3);
    print_answers(r, &f, stream);
    print_counts(r, &f, stream);
    print_energy(r, &f, stream);
    if (isfinite(f.ticks_per_s))
        fprintf(stream, "%-16s %.4g ticks/s, %.4g synaptic events/s\n", "simulated at", f.ticks_per_s, f.events_per_s);
    if (!r->timing) return;
    if (r->timed_samples == 1)
        fputs("\ntime on the chip of the first sample:\n", stream);
    else
        fprintf(stream, "\ntime on the chip of the first %llu samples:\n", (unsigned long long)r->timed_samples);
    weft_ticks_print(stream, r->timing);
    fputc('\n', stream);
}

/* ---- JSON ---- */

static void json_counts(weft_json *json, const weft_spike_report *r, const weft_spike_figures *f) {
    const weft_spike_counts *n = &f->total;
    weft_json_object(json, "counts");
    weft_json_count(json, "spikes", n->spikes);
    weft_json_count(json, "axon_events", n->axon_events);
    weft_json_count(json, "synaptic_events", n->synaptic_events);
    weft_json_count(json, "updates_active", n->updates_active);
    weft_json_count(json, "updates_inactive", n->updates_inactive);
    weft_json_count(json, "packets", n->packets);
    weft_json_count(json, "packets_local", n->packets_local);
    weft_json_count(json, "input_packets", r->input_packets);
    weft_json_count(json, "hops_x", n->hops_x);
    weft_json_count(json, "hops_y", n->hops_y);
    weft_json_count(json, "chip_crossings", r->crossings);
    weft_json_number(json, "mean_hops", f->mean_hops);
    weft_json_object_end(json);
}

static void json_energy(weft_json *json, const weft_spike_report *r, const weft_spike_figures *f) {
    const weft_spike_energy *e = &f->energy;
    const bool timed = e->seconds > 0;
    weft_json_object(json, "energy_pj");
    weft_json_number(json, "dynamic", e->dynamic_pj);
    weft_json_number(json, "static", timed ? e->static_pj : NAN);
    weft_json_number(json, "total", timed ? e->total_pj : NAN);
    weft_json_number(json, "per_sample", timed ? e->total_pj / (double)r->samples : NAN);
    weft_json_object(json, "components");
    for (int c = 0; c < e->component_count; c++)
        weft_json_number(json, e->components[c].name, e->components[c].energy_pj);
    weft_json_object_end(json);
    weft_json_object_end(json);
    weft_json_number(json, "power_mw", f->power_mw);
    weft_json_number(json, "samples_per_s", f->samples_per_s);
}

static void json_trials(weft_json *json, const weft_spike_report *r, const weft_spike_figures *f) {
    if (trials_of(r) == 1) return;
    weft_json_object(json, "trials");
    weft_json_count(json, "count", trials_of(r));
    weft_json_number(json, "mean_percent", 100 * f->trials_mean);
    weft_json_number(json, "std_percent", 100 * f->trials_std);
    weft_json_number(json, "worst_percent", 100 * f->trials_worst);
    weft_json_array(json, "accuracy_percent");
    for (uint64_t t = 0; t < trials_of(r); t++) weft_json_number(json, NULL, 100 * trial_accuracy(r, t));
    weft_json_array_end(json);
    weft_json_object_end(json);
}

static void json_answers(weft_json *json, const weft_spike_report *r, const weft_spike_figures *f) {
    const weft_spike_agreement *a = r->agreement;
    if (r->labelled) {
        weft_json_number(json, "accuracy_percent", 100 * f->accuracy);
        weft_json_array(json, "accuracy_interval_percent");
        weft_json_number(json, NULL, 100 * f->low);
        weft_json_number(json, NULL, 100 * f->high);
        weft_json_array_end(json);
        json_trials(json, r, f);
    }
    if (!a) return;
    weft_json_object(json, "reference");
    weft_json_count(json, "samples", a->samples);
    weft_json_count(json, "same_answers", a->answers);
    if (a->read) {
        weft_json_number(json, "output_rms", a->membrane_rms);
        weft_json_number(json, "output_off_rms", a->membrane_off_rms);
    } else {
        weft_json_count(json, "output_spikes", a->spikes);
        weft_json_count(json, "reference_spikes", a->expected);
        weft_json_count(json, "same_spikes", a->same);
    }
    weft_json_object_end(json);
}

void weft_spike_report_members(const weft_spike_report *r, weft_json *json) {
    const weft_spike_figures f = weft_spike_figures_of(r);
    weft_json_text(json, "kind", "spiking");
    weft_json_text(json, "network", r->network);
    if (r->network_sha256) weft_json_text(json, "network_sha256", r->network_sha256);
    if (r->mapping) weft_json_text(json, "mapping", r->mapping);
    weft_json_text(json, "chip", r->chip->name);
    weft_json_text(json, "chip_sha256", r->chip->sha256.hex);
    weft_json_array(json, "chip_settings");
    for (int i = 0; i < r->override_count; i++) weft_json_text(json, NULL, r->overrides[i]);
    weft_json_array_end(json);
    if (r->transform) weft_json_text(json, "transform", r->transform);
    weft_json_count(json, "seed", r->seed);
    weft_json_count(json, "trial", r->trial);
    weft_json_count(json, "neurons", r->neurons);
    weft_json_count(json, "synapses", r->synapses);
    weft_json_count(json, "copies", r->copies);
    weft_json_count(json, "cores_used", (uint64_t)r->core_count);
    weft_json_count(json, "cores_available", (uint64_t)r->chip->core_count);
    weft_json_count(json, "samples", r->samples);
    weft_json_count(json, "ticks", r->ticks);
    weft_json_number(json, "dt_s", r->dt_s);
    weft_json_number(json, "tick_ns", f.tick_ns > 0 ? f.tick_ns : NAN);
    json_answers(json, r, &f);
    json_counts(json, r, &f);
    json_energy(json, r, &f);
    if (!r->timing) return;
    weft_json_count(json, "timed_samples", r->timed_samples);
    weft_ticks_json(json, "timing", r->timing);
}

/* ---- files ---- */

/* By number on the chip, those without a program too. */
static weft_status spread(weft_spike_counts **out, const weft_spike_report *r, weft_error *err) {
    *out = calloc((size_t)r->chip->core_count, sizeof **out);
    if (!*out) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the counts of %d cores", r->chip->core_count);
    for (int c = 0; c < r->core_count; c++) (*out)[r->cores[c]] = r->counts[c];
    return WEFT_OK;
}

static void print_energy_csv(const weft_spike_report *r, FILE *stream) {
    const weft_spike_figures f = weft_spike_figures_of(r);
    weft_spike_energy_csv(r->chip, &f.activity, stream);
}

static void print_json(const weft_spike_report *r, FILE *stream) {
    weft_json json = {.stream = stream};
    weft_json_object(&json, NULL);
    weft_spike_report_members(r, &json);
    weft_json_text(&json, "version", WEFT_VERSION);
    weft_json_object_end(&json);
}

static weft_status write_file(const weft_spike_report *r, const char *folder, const char *name,
                              void (*print)(const weft_spike_report *report, FILE *stream), weft_error *err) {
    char path[4096];
    weft_output output;
    WEFT_TRY(weft_path_join(path, sizeof path, folder, name, err));
    WEFT_TRY(weft_output_open(&output, path, err));
    print(r, output.stream);
    return weft_output_commit(&output, err);
}

static weft_status write_activity(bool *drawn, const weft_spike_report *r, const char *table, const char *picture,
                                  weft_error *err) {
    weft_spike_counts *counts = NULL;
    WEFT_TRY(spread(&counts, r, err));
    weft_status status = weft_activity_write(table, r->chip, counts, r->chip->core_count, NULL, err);
    if (status == WEFT_OK)
        status = weft_activity_draw(drawn, picture, r->chip, counts, r->chip->core_count, NULL, r->ticks,
                                    "synaptic_events", err);
    free(counts);
    return status;
}

static void print_ticks(const weft_spike_report *r, FILE *stream) { weft_ticks_print_csv(stream, r->timing); }

weft_status weft_spike_report_write(bool *drawn, const weft_spike_report *r, const char *folder, const char *raster,
                                    weft_error *err) {
    char table[4096], picture[4096], page[4096];
    weft_output output;
    WEFT_TRY(weft_path_join(table, sizeof table, folder, "cores.csv", err));
    WEFT_TRY(weft_path_join(picture, sizeof picture, folder, "activity.svg", err));
    WEFT_TRY(weft_path_join(page, sizeof page, folder, "report.html", err));
    WEFT_TRY(write_file(r, folder, "energy.csv", print_energy_csv, err));
    WEFT_TRY(write_activity(drawn, r, table, picture, err));
    if (r->timing) WEFT_TRY(write_file(r, folder, "ticks.csv", print_ticks, err));
    WEFT_TRY(weft_output_open(&output, page, err));
    weft_spike_report_html(r, *drawn ? picture : NULL, raster, output.stream);
    WEFT_TRY(weft_output_commit(&output, err));
    return write_file(r, folder, "report.json", print_json, err);
}
