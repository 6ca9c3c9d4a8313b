#include "cli/convert.h"

#include <string.h>

/* The population that is read. */
static const weft_snn_population *output_of(const weft_convert *c) {
    int p = c->snn->population_count - 1;
    while (p > 0 && !c->snn->populations[p].output) p--;
    return &c->snn->populations[p];
}

/* ---- text ---- */

static int name_width(const weft_snn *snn) {
    int width = 10;
    for (int p = 0; p < snn->population_count; p++) {
        const int length = (int)strlen(snn->populations[p].name);
        if (length > width) width = length > 40 ? 40 : length;
    }
    return width;
}

static void print_populations(const weft_convert *c, FILE *out) {
    const int width = name_width(c->snn);
    fprintf(out, "%-*s  %-6s  %9s  %s\n", width, "population", "type", "neurons", "threshold");
    for (int p = 0; p < c->snn->population_count; p++) {
        const weft_snn_population *population = &c->snn->populations[p];
        const weft_snn_values *threshold = &population->parameters[WEFT_SNN_V_THRESHOLD];
        fprintf(out, "%-*.*s  %-6s  %9lu  ", width, width, population->name, weft_nir_type_names[population->model],
                (unsigned long)population->size);
        if (threshold->values)
            fprintf(out, "%.4g\n", weft_snn_value(threshold, 0));
        else
            fputs("-\n", out);
    }
}

static void print_inputs(const weft_convert *c, FILE *out) {
    const weft_preprocess *p = &c->net->preprocess;
    fputs("inputs: pixels from 0 to 1", out);
    for (int i = 0; p->channels && i < c->net->input.channels; i++)
        fprintf(out, "%s%.4g", i ? ", " : "; taken off in the network: mean ", (double)p->mean[i]);
    for (int i = 0; p->channels && i < c->net->input.channels; i++)
        fprintf(out, "%s%.4g", i ? ", " : ", std ", (double)p->std[i]);
    fputc('\n', out);
}

/* The commands that go on from here. */
static void print_next(const weft_convert *c, FILE *out) {
    const weft_convert_options *o = c->options;
    char dt[40] = "";
    if (c->dt != 1e-3) snprintf(dt, sizeof dt, " --dt %.9g", c->dt);
    fprintf(out,
            "\nnext:\n  weft run %s --dataset %s --coding current --ticks 64 --reset subtract%s\n"
            "  weft map %s CHIP --reset subtract%s -o MAPPING\n"
            "  weft sim MAPPING --dataset %s --coding regular --rate %.9g --ticks 64 --compare\n",
            o->out, o->dataset, dt, o->out, dt, o->dataset, 1 / c->dt);
}

void weft_convert_print(const weft_convert *c, FILE *out) {
    fprintf(out, "%s: %llu neurons, %llu synapses, for ticks of %g ms\n", c->options->out,
            (unsigned long long)c->snn->neurons, (unsigned long long)c->snn->synapses, c->dt * 1e3);
    fprintf(out, "thresholds: above %g %% of each relu layer's values for %zu training images of %s\n\n", c->percentile,
            c->images, c->options->dataset);
    print_populations(c, out);
    fputc('\n', out);
    print_inputs(c, out);
    fprintf(out, "answer: the highest membrane of %s after the last tick\n", output_of(c)->name);
    print_next(c, out);
}

/* ---- JSON ---- */

static void json_layers(weft_json *json, const weft_convert *c) {
    weft_json_array(json, "layers");
    for (int i = 0; i < c->net->layer_count; i++) {
        const weft_layer *l = &c->net->layers[i];
        if (l->kind != WEFT_LAYER_RELU) continue;
        weft_json_object(json, NULL);
        weft_json_text(json, "name", l->name);
        weft_json_count(json, "neurons", weft_shape_size(l->out));
        weft_json_number(json, "scale", (double)c->scales[i]);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

weft_status weft_convert_write_json(const weft_convert *c, weft_error *err) {
    const weft_convert_options *o = c->options;
    weft_result out;
    WEFT_TRY(weft_result_open(&out, o->common.json, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "network", o->out);
    weft_json_text(json, "source", o->network);
    weft_json_text(json, "source_sha256", c->hash.hex);
    weft_json_text(json, "dataset", o->dataset);
    weft_json_count(json, "images", c->images);
    weft_json_number(json, "percentile", c->percentile);
    weft_json_number(json, "tick_s", c->dt);
    weft_json_count(json, "neurons", c->snn->neurons);
    weft_json_count(json, "synapses", c->snn->synapses);
    weft_json_text(json, "output", output_of(c)->name);
    json_layers(json, c);
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}
