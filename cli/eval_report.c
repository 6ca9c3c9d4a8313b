#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/eval.h"

/* ---- text ---- */

static void print_statistics(const weft_eval_result *r, FILE *out) {
    fprintf(out, "statistics %s", r->recalibrate ? "re-estimated" : "of the file");
    if (r->recalibrate) fprintf(out, " on %zu training images", r->recalibrate);
}

static void print_layers(const weft_eval_grid *grid, const weft_eval_point *point, FILE *out) {
    int width = 5;
    for (int i = 0; i < grid->layer_count; i++)
        if ((int)strlen(point->layers[i].name) > width) width = (int)strlen(point->layers[i].name);
    fprintf(out, "  %-*s    weights  |W - T(W)|/a     bits  correlation\n", width, "layer");
    for (int i = 0; i < grid->layer_count; i++) {
        const weft_eval_layer *l = &point->layers[i];
        fprintf(out, "  %-*s %10zu  %12.3f  %7.3f  %11.3f\n", width, l->name, l->weights, l->distance,
                l->effective_bits, l->correlation);
    }
}

static int transform_width(const weft_eval_grid *grid) {
    int width = 9;
    for (int i = 0; i < grid->count; i++)
        if ((int)strlen(grid->points[i].transform) > width) width = (int)strlen(grid->points[i].transform);
    return width;
}

void weft_eval_print_head(const weft_eval_grid *grid, FILE *out) {
    if (grid->options->sweeps.count == 0) return;
    fprintf(out, "%-*s  error %%    std     95 %% interval     bits  draws\n", transform_width(grid), "transform");
}

static void print_sentence(const weft_eval_grid *grid, const weft_eval_point *point, FILE *out) {
    const weft_eval_result *r = &point->result;
    fprintf(out, "%s: %s: error %.2f %%", grid->options->network, point->transform, r->error_percent);
    if (r->draws > 1) fprintf(out, " +- %.2f (%d draws)", r->error_percent_std, r->draws);
    fprintf(out, " of %zu images, 95 %% interval %.2f to %.2f %%, ", r->images, r->low_percent, r->high_percent);
    print_statistics(r, out);
    if (isfinite(r->effective_bits)) fprintf(out, ", %.2f effective bits a weight", r->effective_bits);
    fputc('\n', out);
}

void weft_eval_print_point(const weft_eval_grid *grid, const weft_eval_point *point, FILE *out) {
    const weft_eval_result *r = &point->result;
    if (grid->options->sweeps.count == 0)
        print_sentence(grid, point, out);
    else
        fprintf(out, "%-*s  %7.2f  %5.2f  %6.2f to %6.2f  %7.3f  %5d\n", transform_width(grid), point->transform,
                r->error_percent, r->error_percent_std, r->low_percent, r->high_percent, r->effective_bits, r->draws);
    if (point->layers) print_layers(grid, point, out);
}

/* ---- JSON ---- */

static void json_layers(weft_json *json, const weft_eval_grid *grid, const weft_eval_point *point) {
    if (!point->layers) return;
    weft_json_array(json, "layers");
    for (int i = 0; i < grid->layer_count; i++) {
        const weft_eval_layer *l = &point->layers[i];
        weft_json_object(json, NULL);
        weft_json_text(json, "name", l->name);
        weft_json_count(json, "weights", l->weights);
        weft_json_number(json, "distance", l->distance);
        weft_json_number(json, "effective_bits", l->effective_bits);
        weft_json_number(json, "correlation", l->correlation);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

static void json_point(weft_json *json, const weft_eval_grid *grid, const weft_eval_point *point) {
    const weft_eval_result *r = &point->result;
    weft_json_text(json, "transform", point->transform);
    if (point->parameter[0]) {
        weft_json_text(json, "parameter", point->parameter);
        weft_json_text(json, "value", point->value);
    }
    weft_json_number(json, "error_percent", r->error_percent);
    weft_json_number(json, "error_percent_std", r->error_percent_std);
    weft_json_number(json, "low_percent", r->low_percent);
    weft_json_number(json, "high_percent", r->high_percent);
    if (grid->options->sweeps.count) {
        weft_json_number(json, "difference_percent", r->difference_percent);
        weft_json_number(json, "difference_low_percent", r->difference_low_percent);
        weft_json_number(json, "difference_high_percent", r->difference_high_percent);
    }
    weft_json_number(json, "effective_bits", r->effective_bits);
    weft_json_count(json, "draws", (uint64_t)r->draws);
    json_layers(json, grid, point);
}

weft_status weft_eval_write_json(const weft_eval_grid *grid, weft_error *err) {
    const weft_eval_cli_options *o = grid->options;
    weft_result out;
    WEFT_TRY(weft_result_open(&out, o->common.json, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    if (o->sweeps.count == 0) {
        json_point(json, grid, &grid->points[0]);
    } else {
        weft_json_array(json, "points");
        for (int i = 0; i < grid->count; i++) {
            weft_json_object(json, NULL);
            json_point(json, grid, &grid->points[i]);
            weft_json_object_end(json);
        }
        weft_json_array_end(json);
    }
    weft_json_count(json, "images", grid->points[0].result.images);
    weft_json_count(json, "recalibrate", grid->points[0].result.recalibrate);
    weft_json_text(json, "precision", grid->precision == WEFT_PRECISION_BF16 ? "bf16" : "fp32");
    weft_json_count(json, "seed", o->seed);
    weft_json_text(json, "dataset", o->dataset);
    weft_json_text(json, "network", o->network);
    weft_json_text(json, "network_sha256", grid->hash.hex);
    weft_json_number(json, "seconds", grid->seconds);
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

/* ---- CSV ---- */

/* Quoted where it has to be (RFC 4180). */
static void csv_text(FILE *out, const char *text) {
    if (!strpbrk(text, ",\"\n\r")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

weft_status weft_eval_write_csv(const weft_eval_grid *grid, weft_error *err) {
    weft_output out;
    WEFT_TRY(weft_output_open(&out, grid->options->csv, err));
    fputs("transform,parameter,value,error_percent,error_percent_std,low_percent,high_percent,effective_bits,draws,"
          "images,recalibrate,seed,difference_percent,difference_low_percent,difference_high_percent\n",
          out.stream);
    for (int i = 0; i < grid->count; i++) {
        const weft_eval_point *point = &grid->points[i];
        const weft_eval_result *r = &point->result;
        csv_text(out.stream, point->transform);
        fprintf(out.stream, ",%s,%s,%.6g,%.6g,%.6g,%.6g,%.6g,%d,%zu,%zu,%" PRIu64 ",%.6g,%.6g,%.6g\n", point->parameter,
                point->value, r->error_percent, r->error_percent_std, r->low_percent, r->high_percent,
                r->effective_bits, r->draws, r->images, r->recalibrate, grid->options->seed, r->difference_percent,
                r->difference_low_percent, r->difference_high_percent);
    }
    return weft_output_commit(&out, err);
}

weft_status weft_eval_write_layers_csv(const weft_eval_grid *grid, weft_error *err) {
    weft_output out;
    WEFT_TRY(weft_output_open(&out, grid->options->layers_csv, err));
    fputs("transform,layer,name,weights,distance,effective_bits,correlation\n", out.stream);
    for (int i = 0; i < grid->count; i++)
        for (int k = 0; k < grid->layer_count; k++) {
            const weft_eval_layer *l = &grid->points[i].layers[k];
            csv_text(out.stream, grid->points[i].transform);
            fprintf(out.stream, ",%d,", k + 1);
            csv_text(out.stream, l->name);
            fprintf(out.stream, ",%zu,%.6g,%.6g,%.6g\n", l->weights, l->distance, l->effective_bits, l->correlation);
        }
    return weft_output_commit(&out, err);
}

weft_status weft_eval_write_images_csv(const weft_eval_grid *grid, weft_error *err) {
    weft_output out;
    WEFT_TRY(weft_output_open(&out, grid->options->images_csv, err));
    fputs("image,label", out.stream);
    for (int i = 0; i < grid->count; i++) {
        fputc(',', out.stream);
        csv_text(out.stream, grid->points[i].transform);
    }
    fputc('\n', out.stream);
    for (size_t k = 0; k < grid->points[0].result.images; k++) {
        fprintf(out.stream, "%zu,%d", k, grid->labels[k]);
        for (int i = 0; i < grid->count; i++) fprintf(out.stream, ",%" PRIu32, grid->points[i].wrong[k]);
        fputc('\n', out.stream);
    }
    return weft_output_commit(&out, err);
}
