/* weft array: what the array answered, as text and as JSON. */
#include "cli/array.h"

static const char *method_of(const weft_array_look *l) {
    return l->nodal ? "nodal equations" : l->chip->has_wires ? "effective matrix" : "no wires";
}

/* Samples down, columns across, as many as a line holds. */
static void print_currents(const weft_array_look *l, FILE *out) {
    enum { PER_LINE = 8 };
    for (int first = 0; first < l->g.columns; first += PER_LINE) {
        const int end = first + PER_LINE < l->g.columns ? first + PER_LINE : l->g.columns;
        fputs("\nsample", out);
        for (int c = first; c < end; c++) fprintf(out, "   column %4d", c);
        fputc('\n', out);
        for (int s = 0; s < l->x.rows; s++) {
            fprintf(out, "%6d", s);
            for (int c = first; c < end; c++)
                fprintf(out, " %14.7g", l->currents[(size_t)s * (size_t)l->g.columns + (size_t)c]);
            fputc('\n', out);
        }
    }
}

void weft_array_print(const weft_array_look *l, bool table, FILE *out) {
    fprintf(out, "%s: %d x %d cells, %d sample%s, %s, column currents in ampere\n", l->chip->name, l->g.rows,
            l->g.columns, l->x.rows, l->x.rows == 1 ? "" : "s", method_of(l));
    if (l->codes)
        fprintf(out, "converters: %lld bits, largest code %lld for %.7g A\n", (long long)l->chip->adc.bits,
                (long long)l->largest_code, l->full_scale_a);
    if (l->compared) fprintf(out, "effective matrix: off by %.2g of a current at most\n", l->deviation);
    if (table) print_currents(l, out);
}

static void json_currents(weft_json *json, const char *key, const weft_array_look *l, const double *values) {
    weft_json_array(json, key);
    for (int s = 0; s < l->x.rows; s++) {
        weft_json_array(json, NULL);
        for (int c = 0; c < l->g.columns; c++)
            weft_json_number(json, NULL, values[(size_t)s * (size_t)l->g.columns + (size_t)c]);
        weft_json_array_end(json);
    }
    weft_json_array_end(json);
}

/* Codes are below 2^24, so that they are numbers like the others. */
static void json_codes(weft_json *json, const weft_array_look *l) {
    weft_json_number(json, "full_scale_a", l->full_scale_a);
    weft_json_count(json, "largest_code", (uint64_t)l->largest_code);
    weft_json_array(json, "codes");
    for (int s = 0; s < l->x.rows; s++) {
        weft_json_array(json, NULL);
        for (int c = 0; c < l->g.columns; c++)
            weft_json_number(json, NULL, (double)l->codes[(size_t)s * (size_t)l->g.columns + (size_t)c]);
        weft_json_array_end(json);
    }
    weft_json_array_end(json);
    json_currents(json, "analog_currents_a", l, l->analog);
}

weft_status weft_array_write_json(const weft_array_look *l, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, l->options->common.json, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "chip", l->chip->name);
    weft_json_text(json, "chip_path", l->chip->path);
    weft_json_text(json, "chip_sha256", l->chip->sha256.hex);
    weft_json_count(json, "rows", (uint64_t)l->g.rows);
    weft_json_count(json, "columns", (uint64_t)l->g.columns);
    weft_json_count(json, "samples", (uint64_t)l->x.rows);
    weft_json_text(json, "method", method_of(l));
    if (l->compared) weft_json_number(json, "effective_deviation", l->deviation);
    weft_json_count(json, "seed", l->options->seed);
    weft_json_count(json, "trial", l->options->trial);
    json_currents(json, "column_currents_a", l, l->currents);
    if (l->codes) json_codes(json, l);
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}
