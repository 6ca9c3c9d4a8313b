#include <string.h>

#include "cli/run.h"

enum { PRINTED_IMAGES = 10, PRINTED_OUTPUTS = 5 };

static const float *outputs_of(const weft_run *run, size_t image) { return run->values + image * run->outputs; }

size_t weft_run_answer(const weft_run *run, size_t image) {
    const float *v = outputs_of(run, image);
    size_t best = 0;
    for (size_t i = 1; i < run->outputs; i++)
        if (v[i] > v[best]) best = i;
    return best;
}

/* ---- text ---- */

/* The largest output below what was printed last, ties by their order; run->outputs when none is left. */
static size_t next_largest(const weft_run *run, const float *v, size_t last) {
    size_t best = run->outputs;
    for (size_t i = 0; i < run->outputs; i++) {
        bool left = last == run->outputs || v[i] < v[last] || (v[i] == v[last] && i > last);
        if (left && (best == run->outputs || v[i] > v[best])) best = i;
    }
    return best;
}

static void print_outputs(const weft_run *run, size_t image, FILE *out) {
    const float *v = outputs_of(run, image);
    size_t output = run->outputs;
    fprintf(out, "image %zu:", image);
    for (int k = 0; k < PRINTED_OUTPUTS; k++) {
        output = next_largest(run, v, output);
        if (output == run->outputs) break;
        fprintf(out, "%s output %zu is %.6g", k ? "," : "", output, (double)v[output]);
    }
    fputc('\n', out);
}

static void print_precision(const weft_run *run, FILE *out) {
    fprintf(out, "%s: %s", run->options->network, weft_precision_names[run->precision]);
    if (run->precision == WEFT_PRECISION_INT8 && run->calibrated)
        fprintf(out, ", ranges of %zu %s", run->calibrated, run->options->dataset ? "training images" : "images");
    else if (run->precision == WEFT_PRECISION_INT8)
        fputs(", ranges of the file", out);
}

void weft_run_print(const weft_run *run, FILE *out) {
    print_precision(run, out);
    if (run->labels) {
        double error = 100.0 * (double)run->errors / (double)run->images;
        fprintf(out, ": accuracy %.2f %%, error %.2f %% of %zu images\n", 100 - error, error, run->images);
        return;
    }
    fprintf(out, ": %zu image%s, %zu outputs each\n", run->images, run->images == 1 ? "" : "s", run->outputs);
    for (size_t i = 0; i < run->images && i < PRINTED_IMAGES; i++) print_outputs(run, i, out);
    if (run->images > PRINTED_IMAGES) fprintf(out, "and %zu more; --csv has all\n", run->images - PRINTED_IMAGES);
}

/* ---- files ---- */

weft_status weft_run_write_csv(const weft_run *run, weft_error *err) {
    weft_output out;
    WEFT_TRY(weft_output_open(&out, run->options->csv, err));
    fputs("image,label,answer", out.stream);
    for (size_t k = 0; k < run->outputs; k++) fprintf(out.stream, ",output%zu", k);
    fputc('\n', out.stream);
    for (size_t i = 0; i < run->images; i++) {
        const float *v = outputs_of(run, i);
        fprintf(out.stream, "%zu,", i);
        if (run->labels) fprintf(out.stream, "%u", run->labels[i]);
        fprintf(out.stream, ",%zu", weft_run_answer(run, i));
        for (size_t k = 0; k < run->outputs; k++) fprintf(out.stream, ",%.9g", (double)v[k]);
        fputc('\n', out.stream);
    }
    return weft_output_commit(&out, err);
}

static void json_outputs(weft_json *json, const weft_run *run) {
    weft_json_array(json, "outputs");
    for (size_t i = 0; i < run->images; i++) {
        weft_json_array(json, NULL);
        for (size_t k = 0; k < run->outputs; k++) weft_json_number(json, NULL, (double)outputs_of(run, i)[k]);
        weft_json_array_end(json);
    }
    weft_json_array_end(json);
}

/* With labels the error, without them all outputs. */
weft_status weft_run_write_json(const weft_run *run, weft_error *err) {
    const weft_run_options *o = run->options;
    weft_result out;
    WEFT_TRY(weft_result_open(&out, o->common.json, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "network", o->network);
    weft_json_text(json, "network_sha256", run->hash.hex);
    if (o->dataset) weft_json_text(json, "dataset", o->dataset);
    if (o->input) weft_json_text(json, "input", o->input);
    if (o->random) weft_json_text(json, "random", o->random);
    weft_json_text(json, "precision", weft_precision_names[run->precision]);
    weft_json_count(json, "calibrated", run->calibrated);
    weft_json_count(json, "images", run->images);
    if (run->labels) weft_json_number(json, "error_percent", 100.0 * (double)run->errors / (double)run->images);
    if (!run->labels) json_outputs(json, run);
    weft_json_number(json, "seconds", run->seconds);
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}
