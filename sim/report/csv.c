/* The CSVs: one header line, commas, dots, fields quoted where needed; empty fields where there was no timed run. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "sim/report/json.h"
#include "sim/report/tables.h"

static void text(FILE *stream, const char *field) {
    if (!strpbrk(field, ",\"\r\n")) {
        fputs(field, stream);
        return;
    }
    fputc('"', stream);
    for (; *field; field++) {
        if (*field == '"') fputc('"', stream);
        fputc(*field, stream);
    }
    fputc('"', stream);
}

static void number(FILE *stream, double value) {
    char out[32] = "";
    if (isfinite(value)) weft_number_text(out, sizeof out, value);
    fprintf(stream, ",%s", out);
}

static void statistics_fields(const weft_report_tables *tables, int s, FILE *stream) {
    const weft_engine_stage_statistics *of = weft_report_statistics(tables->input, s);
    if (!of) {
        fputs(",,,,,", stream);
        return;
    }
    fprintf(stream, ",%s", of->signal_to_noise_db == INFINITY ? "true" : "false");
    number(stream, of->signal_to_noise_db);
    number(stream, (double)of->conversions / (double)tables->input->statistics_images);
    number(stream, weft_report_clipped_percent(of));
    number(stream, 100 * of->adc_utilisation);
}

void weft_report_csv_layers(const weft_report_tables *tables, FILE *stream) {
    fputs(
        "layer,kind,rows,columns,positions,macs,copies,arrays,cores,cell_utilisation_percent,input_scale,weight_scale,"
        "output_scale,adc_exact,busy_ns_per_image,energy_dynamic_pj,results_exact,signal_to_noise_db,"
        "conversions_per_image,adc_clipped_percent,adc_utilisation_percent",
        stream);
    for (int k = 0; k < tables->component_count; k++) fprintf(stream, ",%s_pj", tables->component[k]);
    fputc('\n', stream);
    for (int s = 0; s < tables->stage_count; s++) {
        const weft_report_layer *layer = &tables->layers[s];
        const weft_stage *stage = &tables->input->stages->items[s];
        text(stream, layer->name);
        fprintf(stream, ",%s,%d,%d,%" PRId64 ",%" PRIu64 ",%d,%d,%d", weft_report_kind(stage), stage->rows,
                stage->columns, layer->positions, layer->macs, layer->copies, layer->tiles, layer->cores);
        number(stream, layer->cell_utilisation_percent);
        number(stream, layer->info.input_scale);
        number(stream, layer->info.weight_scale);
        number(stream, layer->info.output_scale);
        fprintf(stream, ",%s", !stage->has_matrix ? "" : layer->info.exact_adc ? "true" : "false");
        number(stream, layer->busy_ns);
        number(stream, layer->energy_pj);
        statistics_fields(tables, s, stream);
        for (int k = 0; k < tables->component_count; k++) number(stream, layer->component_pj[k]);
        fputc('\n', stream);
    }
}

void weft_report_csv_energy(const weft_report_tables *tables, FILE *stream) {
    fputs("component,event,count_per_image,cost_pj,energy_pj,evidence,source\n", stream);
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) {
        const weft_cited *cost = &tables->input->chip->cost_pj[e];
        fprintf(stream, "%s,%s,%" PRIu64, weft_events[e].component, weft_events[e].id, tables->counts.n[e]);
        number(stream, cost->value);
        number(stream, tables->event_pj[e]);
        fprintf(stream, ",%s,", weft_evidence_names[cost->evidence]);
        text(stream, cost->source ? cost->source : "");
        fputc('\n', stream);
    }
    fputs("static,static,", stream);
    number(stream, NAN);
    number(stream, tables->figures.energy_static_pj);
    fputs(",,static power x time per image\n", stream);
}

void weft_report_csv_cores(const weft_report_tables *tables, FILE *stream) {
    const weft_report_timed *timed = tables->input->timed;
    const weft_chip *chip = tables->input->chip;
    fputs("core,router_x,router_y,arrays,buffer_bytes,mvms,array_busy_cycles,digital_busy_cycles,buffer_peak_bytes\n",
          stream);
    for (int c = 0; c < chip->core_count; c++) {
        int router = weft_chip_router(chip, c), width = (int)chip->noc.mesh[0];
        fprintf(stream, "%d,%d,%d,%d,%" PRId64, c, router % width, router / width, tables->core_arrays[c],
                tables->core_buffer[c]);
        if (timed)
            fprintf(stream, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRId64 "\n", timed->core_mvm[c],
                    timed->core_array_busy[c], timed->core_digital_busy[c], timed->core_buffer_peak[c]);
        else
            fputs(",,,,\n", stream);
    }
}

void weft_report_csv_links(const weft_report_tables *tables, FILE *stream) {
    static const char *const names[] = {"east", "west", "north", "south"};
    static const int step_x[] = {1, -1, 0, 0}, step_y[] = {0, 0, -1, 1};
    const weft_report_timed *timed = tables->input->timed;
    const weft_chip *chip = tables->input->chip;
    int width = (int)chip->noc.mesh[0], height = (int)chip->noc.mesh[1];
    fputs("from_x,from_y,direction,to_x,to_y,flits,flits_per_cycle\n", stream);
    for (int r = 0; timed && r < chip->router_count; r++) {
        for (int d = 0; d < 4; d++) {
            int x = r % width, y = r / width, to_x = x + step_x[d], to_y = y + step_y[d];
            if (to_x < 0 || to_y < 0 || to_x >= width || to_y >= height) continue;
            uint64_t flits = timed->link_flits[r * 4 + d];
            fprintf(stream, "%d,%d,%s,%d,%d,%" PRIu64, x, y, names[d], to_x, to_y, flits);
            number(stream, timed->cycles ? (double)flits / (double)timed->cycles : NAN);
            fputc('\n', stream);
        }
    }
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
        number(stream, weft_report_trial_percent(input, t));
        fputc('\n', stream);
    }
}

void weft_report_csv_histograms(const weft_report_tables *tables, FILE *stream) {
    fputs("layer,bin,from_range_fraction,to_range_fraction,conversions\n", stream);
    for (int s = 0; s < tables->stage_count; s++) {
        const weft_engine_stage_statistics *of = weft_report_statistics(tables->input, s);
        for (int b = 0; of && b < WEFT_ENGINE_HISTOGRAM; b++) {
            text(stream, tables->layers[s].name);
            fprintf(stream, ",%d", b);
            number(stream, (double)b / WEFT_ENGINE_HISTOGRAM);
            number(stream, b + 1 < WEFT_ENGINE_HISTOGRAM ? (double)(b + 1) / WEFT_ENGINE_HISTOGRAM : NAN);
            fprintf(stream, ",%" PRIu64 "\n", of->histogram[b]);
        }
    }
}
