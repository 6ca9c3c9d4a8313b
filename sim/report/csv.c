/* The CSVs: one header line, commas, dots, fields quoted where needed; empty fields where there was no timed run. */
#include <inttypes.h>
#include <math.h>

#include "core/text.h"
#include "sim/report/json.h"
#include "sim/report/tables.h"

void weft_report_csv_number(FILE *stream, double value) {
    char out[32] = "";
    if (isfinite(value)) weft_number_text(out, sizeof out, value);
    fprintf(stream, ",%s", out);
}

void weft_report_csv_counts(FILE *stream, const weft_event_counts *counts) {
    for (int e = 0; e < WEFT_EVENT_COUNT; e++)
        if (counts)
            fprintf(stream, ",%" PRIu64, counts->n[e]);
        else
            fputc(',', stream);
}

void weft_report_csv_event_names(FILE *stream) {
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) fprintf(stream, ",%s", weft_events[e].id);
}

static void statistics_fields(const weft_report_tables *tables, int s, FILE *stream) {
    const weft_engine_stage_statistics *of = weft_report_statistics(tables->input, s);
    if (!of) {
        fputs(",,,,,", stream);
        return;
    }
    fprintf(stream, ",%s", of->signal_to_noise_db == INFINITY ? "true" : "false");
    weft_report_csv_number(stream, of->signal_to_noise_db);
    weft_report_csv_number(stream, (double)of->conversions / (double)tables->input->statistics_images);
    weft_report_csv_number(stream, weft_report_clipped_percent(of));
    weft_report_csv_number(stream, 100 * of->adc_utilisation);
}

void weft_report_csv_layers(const weft_report_tables *tables, FILE *stream) {
    fputs(
        "layer,kind,rows,columns,positions,macs,copies,arrays,cores,cell_utilisation_percent,input_scale,weight_scale,"
        "output_scale,adc_exact,busy_ns_per_image,energy_dynamic_pj,results_exact,signal_to_noise_db,"
        "conversions_per_image,adc_clipped_percent,adc_utilisation_percent",
        stream);
    for (int k = 0; k < tables->component_count; k++) fprintf(stream, ",%s_pj", tables->component[k]);
    weft_report_csv_event_names(stream);
    fputc('\n', stream);
    for (int s = 0; s < tables->stage_count; s++) {
        const weft_report_layer *layer = &tables->layers[s];
        const weft_stage *stage = &tables->input->stages->items[s];
        weft_csv_print(stream, layer->name);
        fprintf(stream, ",%s,%d,%d,%" PRId64 ",%" PRIu64 ",%d,%d,%d", weft_report_kind(stage), stage->rows,
                stage->columns, layer->positions, layer->macs, layer->copies, layer->tiles, layer->cores);
        weft_report_csv_number(stream, layer->cell_utilisation_percent);
        weft_report_csv_number(stream, layer->info.input_scale);
        weft_report_csv_number(stream, layer->info.weight_scale);
        weft_report_csv_number(stream, layer->info.output_scale);
        fprintf(stream, ",%s", !stage->has_matrix ? "" : layer->info.exact_adc ? "true" : "false");
        weft_report_csv_number(stream, layer->busy_ns);
        weft_report_csv_number(stream, layer->energy_pj);
        statistics_fields(tables, s, stream);
        for (int k = 0; k < tables->component_count; k++) weft_report_csv_number(stream, layer->component_pj[k]);
        weft_report_csv_counts(stream, &layer->counts);
        fputc('\n', stream);
    }
}

static void static_line(FILE *stream, const char *of, double energy_pj) {
    fprintf(stream, "static,%s,,", of);
    weft_report_csv_number(stream, energy_pj);
    fputs(",,static power x time per image\n", stream);
}

void weft_report_csv_energy(const weft_report_tables *tables, FILE *stream) {
    fputs("component,event,count_per_image,cost_pj,energy_pj,evidence,source\n", stream);
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) {
        const weft_cited *cost = &tables->input->chip->cost_pj[e];
        fprintf(stream, "%s,%s,%" PRIu64, weft_events[e].component, weft_events[e].id, tables->counts.n[e]);
        weft_report_csv_number(stream, cost->value);
        weft_report_csv_number(stream, tables->event_pj[e]);
        fprintf(stream, ",%s,", weft_evidence_names[cost->evidence]);
        weft_csv_print(stream, cost->source ? cost->source : "");
        fputc('\n', stream);
    }
    static_line(stream, "cores", tables->static_core_pj);
    static_line(stream, "routers", tables->static_router_pj);
    static_line(stream, "chip", tables->static_chip_pj);
}

void weft_report_csv_confusion(const weft_report_tables *tables, FILE *stream) {
    int classes = tables->input->stages->classes;
    fputs("true_class", stream);
    for (int i = 0; i < classes; i++) fprintf(stream, ",predicted_%d", i);
    fputc('\n', stream);
    for (int i = 0; i < classes; i++) {
        fprintf(stream, "%d", i);
        for (int j = 0; j < classes; j++) fprintf(stream, ",%" PRIu32, tables->input->confusion[i * classes + j]);
        fputc('\n', stream);
    }
}

void weft_report_csv_trials(const weft_report_tables *tables, FILE *stream) {
    const weft_report_input *input = tables->input;
    fputs("trial,images,correct,accuracy_percent\n", stream);
    for (int t = 0; t < weft_report_trials(input); t++) {
        fprintf(stream, "%d,%zu,%zu", t, input->images,
                input->trial_correct ? input->trial_correct[t] : input->correct);
        weft_report_csv_number(stream, weft_report_trial_percent(input, t));
        fputc('\n', stream);
    }
}

void weft_report_csv_histograms(const weft_report_tables *tables, FILE *stream) {
    fputs("layer,bin,from_range_fraction,to_range_fraction,conversions\n", stream);
    for (int s = 0; s < tables->stage_count; s++) {
        const weft_engine_stage_statistics *of = weft_report_statistics(tables->input, s);
        for (int b = 0; of && b < WEFT_ENGINE_HISTOGRAM; b++) {
            weft_csv_print(stream, tables->layers[s].name);
            fprintf(stream, ",%d", b);
            weft_report_csv_number(stream, (double)b / WEFT_ENGINE_HISTOGRAM);
            weft_report_csv_number(stream,
                                   b + 1 < WEFT_ENGINE_HISTOGRAM ? (double)(b + 1) / WEFT_ENGINE_HISTOGRAM : NAN);
            fprintf(stream, ",%" PRIu64 "\n", of->histogram[b]);
        }
    }
}
