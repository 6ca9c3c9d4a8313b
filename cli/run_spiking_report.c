#include "cli/run_spiking.h"

enum { PRINTED_SAMPLES = 10, PRINTED_CLASSES = 5 };

static uint64_t spikes_of(const weft_run_job *job, int population) { return job->result.spikes[population]; }

/* Currents are no spikes. */
static bool has_spikes(const weft_run_job *job, int population) {
    const weft_snn_population *p = &job->snn->populations[population];
    return weft_float_fires(p) && !(p->model == WEFT_NIR_INPUT && job->stimulus.values);
}

/* Of the network's time, all samples together. */
static double seconds_of(const weft_run_job *job) {
    return (double)job->stimulus.samples * (double)job->stimulus.ticks * job->tick.dt;
}

static double rate_of(const weft_run_job *job, int population) {
    return (double)spikes_of(job, population) / job->snn->populations[population].size / seconds_of(job);
}

static double error_percent(const weft_run_job *job) {
    return 100.0 * (double)job->errors / (double)job->stimulus.samples;
}

/* ---- text ---- */

static void print_populations(const weft_run_job *job, FILE *out) {
    const weft_snn *snn = job->snn;
    fprintf(out, "%-24s  %-9s  %9s  %12s  %s\n", "population", "type", "neurons", "spikes", "a neuron and second");
    for (int p = 0; p < snn->population_count; p++) {
        const weft_snn_population *population = &snn->populations[p];
        fprintf(out, "%-24.24s  %-9s  %9lu  ", population->name, weft_nir_type_names[population->model],
                (unsigned long)population->size);
        if (has_spikes(job, p))
            fprintf(out, "%12llu  %.4g\n", (unsigned long long)spikes_of(job, p), rate_of(job, p));
        else
            fprintf(out, "%12s  -\n", "-");
    }
}

/* The largest sums of a sample, ties by their order. */
static void print_sample(const weft_run_job *job, uint64_t sample, FILE *out) {
    const double *sums = job->result.sums + sample * job->result.classes;
    const uint32_t classes = job->result.classes;
    uint32_t last = classes;
    fprintf(out, "sample %llu:", (unsigned long long)sample);
    for (uint32_t k = 0; k < PRINTED_CLASSES && k < classes; k++) {
        uint32_t best = classes;
        for (uint32_t c = 0; c < classes; c++) {
            const bool left = last == classes || sums[c] < sums[last] || (sums[c] == sums[last] && c > last);
            if (left && (best == classes || sums[c] > sums[best])) best = c;
        }
        fprintf(out, "%s output %lu has %.6g", k ? "," : "", (unsigned long)best, sums[best]);
        last = best;
    }
    fputc('\n', out);
}

static void print_answers(const weft_run_job *job, FILE *out) {
    const uint64_t samples = job->stimulus.samples;
    const weft_snn_population *output = &job->snn->populations[job->records.output];
    if (weft_run_job_labels(job)) {
        fprintf(out, "accuracy %.2f %%, error %.2f %% of %llu images\n", 100 - error_percent(job), error_percent(job),
                (unsigned long long)samples);
        return;
    }
    fprintf(out, "%s of %s:\n", weft_float_fires(output) ? "spikes" : "last membranes", output->name);
    for (uint64_t s = 0; s < samples && s < PRINTED_SAMPLES; s++) print_sample(job, s, out);
    if (samples > PRINTED_SAMPLES)
        fprintf(out, "and %llu more; --csv has all\n", (unsigned long long)samples - PRINTED_SAMPLES);
}

void weft_run_job_print(const weft_run_job *job, FILE *out) {
    char tick[80], stimulus[400];
    weft_tick_text(tick, sizeof tick, &job->tick);
    weft_stimulus_text(stimulus, sizeof stimulus, &job->stimulus);
    fprintf(out, "%s: %llu neurons, %llu synapses\n", job->options->network, (unsigned long long)job->snn->neurons,
            (unsigned long long)job->snn->synapses);
    fprintf(out, "%s: %llu ticks%s of %s\n\n", stimulus, (unsigned long long)job->stimulus.ticks,
            job->stimulus.samples > 1 ? " each" : "", tick);
    print_populations(job, out);
    fputc('\n', out);
    print_answers(job, out);
}

/* ---- files ---- */

weft_status weft_run_job_write_csv(const weft_run_job *job, weft_error *err) {
    const uint8_t *labels = weft_run_job_labels(job);
    const uint32_t classes = job->result.classes;
    weft_output out;
    WEFT_TRY(weft_output_open(&out, job->options->csv, err));
    fputs("image,label,answer", out.stream);
    for (uint32_t c = 0; c < classes; c++) fprintf(out.stream, ",output%lu", (unsigned long)c);
    fputc('\n', out.stream);
    for (uint64_t s = 0; s < job->stimulus.samples; s++) {
        fprintf(out.stream, "%llu,", (unsigned long long)s);
        if (labels) fprintf(out.stream, "%u", labels[s]);
        fprintf(out.stream, ",%lu", (unsigned long)weft_float_result_answer(&job->result, s));
        for (uint32_t c = 0; c < classes; c++) fprintf(out.stream, ",%.9g", job->result.sums[s * classes + c]);
        fputc('\n', out.stream);
    }
    return weft_output_commit(&out, err);
}

static void json_populations(weft_json *json, const weft_run_job *job) {
    weft_json_array(json, "populations");
    for (int p = 0; p < job->snn->population_count; p++) {
        const weft_snn_population *population = &job->snn->populations[p];
        weft_json_object(json, NULL);
        weft_json_text(json, "name", population->name);
        weft_json_text(json, "model", weft_nir_type_names[population->model]);
        weft_json_count(json, "size", population->size);
        if (has_spikes(job, p)) {
            weft_json_count(json, "spikes", spikes_of(job, p));
            weft_json_number(json, "rate_hz", rate_of(job, p));
        }
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

static void json_outputs(weft_json *json, const weft_run_job *job) {
    weft_json_array(json, "outputs");
    for (uint64_t s = 0; s < job->stimulus.samples; s++) {
        weft_json_array(json, NULL);
        for (uint32_t c = 0; c < job->result.classes; c++)
            weft_json_number(json, NULL, job->result.sums[s * job->result.classes + c]);
        weft_json_array_end(json);
    }
    weft_json_array_end(json);
}

weft_status weft_run_job_write_json(const weft_run_job *job, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, job->options->common.json, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "network", job->options->network);
    weft_json_text(json, "network_sha256", job->hash.hex);
    weft_json_count(json, "neurons", job->snn->neurons);
    weft_json_count(json, "synapses", job->snn->synapses);
    weft_json_text(json, "integration", job->tick.exponential ? "exponential" : "euler");
    weft_json_text(json, "reset", job->tick.subtract ? "subtract" : "zero");
    weft_stimulus_json(json, &job->stimulus);
    json_populations(json, job);
    weft_json_text(json, "output", job->snn->populations[job->records.output].name);
    if (weft_run_job_labels(job))
        weft_json_number(json, "error_percent", error_percent(job));
    else
        json_outputs(json, job);
    weft_json_number(json, "seconds", job->result.seconds);
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}
