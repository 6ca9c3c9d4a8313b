#include "sim/report/report.h"

#include <stdio.h>

#include "sim/report/tables.h"

static weft_status prepare(weft_report_tables *tables, const weft_report_input *input, weft_error *err) {
    WEFT_TRY(weft_report_tables_alloc(tables, input, err));
    const weft_status status = weft_report_collect(tables, err);
    if (status == WEFT_OK)
        weft_report_derive(tables);
    else
        weft_report_tables_free(tables);
    return status;
}

static weft_status write_file(const weft_report_tables *tables, const char *folder, const char *name,
                              void (*print)(const weft_report_tables *tables, FILE *stream), weft_error *err) {
    char path[4096];
    weft_output output;
    WEFT_TRY(weft_path_join(path, sizeof path, folder, name, err));
    WEFT_TRY(weft_output_open(&output, path, err));
    print(tables, output.stream);
    return weft_output_commit(&output, err);
}

static weft_status write_html(const weft_report_tables *tables, const char *folder, weft_error *err) {
    char path[4096];
    weft_output output;
    weft_report_svg svg;
    WEFT_TRY(weft_path_join(path, sizeof path, folder, "report.html", err));
    WEFT_TRY(weft_report_draw(&svg, tables, folder, err));
    weft_status status = weft_output_open(&output, path, err);
    if (status == WEFT_OK) {
        weft_report_html(tables, &svg, output.stream);
        status = weft_output_commit(&output, err);
    }
    weft_report_svg_free(&svg);
    return status;
}

/* The two that tell of a whole run. */
static weft_status remove_summaries(const char *folder, weft_error *err) {
    static const char *const names[] = {"report.json", "report.html"};
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        WEFT_TRY(weft_path_join(path, sizeof path, folder, names[i], err));
        remove(path);
    }
    return WEFT_OK;
}

weft_status weft_report_write(const weft_report_input *input, const char *folder, weft_report_figures *figures,
                              weft_error *err) {
    static const struct {
        const char *name;
        void (*print)(const weft_report_tables *tables, FILE *stream);
    } files[] = {{"layers.csv", weft_report_csv_layers},        {"energy.csv", weft_report_csv_energy},
                 {"cores.csv", weft_report_csv_cores},          {"links.csv", weft_report_csv_links},
                 {"power.csv", weft_report_csv_power},          {"resources.csv", weft_report_csv_resources},
                 {"confusion.csv", weft_report_csv_confusion},  {"trials.csv", weft_report_csv_trials},
                 {"histograms.csv", weft_report_csv_histograms}};
    weft_report_tables tables;
    weft_status status = prepare(&tables, input, err);
    if (status != WEFT_OK) return status;
    WEFT_TRY_GOTO(weft_folder_create(folder, err));
    WEFT_TRY_GOTO(remove_summaries(folder, err)); /* they come last: where they lie, all other files are of their run */
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        WEFT_TRY_GOTO(write_file(&tables, folder, files[i].name, files[i].print, err));
    WEFT_TRY_GOTO(write_html(&tables, folder, err));
    WEFT_TRY_GOTO(write_file(&tables, folder, "report.json", weft_report_json, err));
    if (figures) *figures = tables.figures;
cleanup:
    weft_report_tables_free(&tables);
    return status;
}

weft_status weft_report_figures_find(weft_report_figures *figures, const weft_report_input *input, weft_error *err) {
    weft_report_tables tables;
    WEFT_TRY(prepare(&tables, input, err));
    *figures = tables.figures;
    weft_report_tables_free(&tables);
    return WEFT_OK;
}

weft_status weft_report_print_json(const weft_report_input *input, FILE *stream, weft_error *err) {
    weft_report_tables tables;
    WEFT_TRY(prepare(&tables, input, err));
    weft_report_json(&tables, stream);
    weft_report_tables_free(&tables);
    return WEFT_OK;
}

weft_status weft_report_print(const weft_report_input *input, FILE *stream, weft_error *err) {
    weft_report_tables tables;
    WEFT_TRY(prepare(&tables, input, err));
    weft_report_print_tables(&tables, stream);
    weft_report_tables_free(&tables);
    return WEFT_OK;
}

void weft_report_print_tables(const weft_report_tables *tables, FILE *stream) {
    const weft_report_input *input = tables->input;
    const weft_report_figures *figures = &tables->figures;
    fprintf(stream, "%-16s %s\n%-16s %s\n%-16s %s\n%-16s %s\n", "network", input->network_name, "chip",
            input->chip->name, "data set", input->dataset, "weights", input->transform);
    if (input->mapping->parts > 1)
        fprintf(stream, "%-16s %d, one after the other, on %d chip%s\n", "parts", input->mapping->parts,
                input->mapping->chips, input->mapping->chips == 1 ? "" : "s");
    if (input->recalibrate)
        fprintf(stream, "%-16s on chip, %zu training images\n", "re-calibrated", input->recalibrate);
    if (weft_report_trials(input) > 1)
        fprintf(stream, "%-16s %.2f %% of %zu images, mean of %d chips; the first one %.2f %%\n", "accuracy",
                figures->trials_mean_percent, input->images, weft_report_trials(input), figures->accuracy_percent);
    else
        fprintf(stream, "%-16s %.2f %% of %zu images\n", "accuracy", figures->accuracy_percent, input->images);
    weft_report_print_arrays(input, figures, stream);
    weft_report_print_time(tables, stream);
    fprintf(stream, "%-16s %d of %d\n%-16s %d of %lld\n", "cores", figures->cores_used, input->chip->core_count,
            "arrays", figures->arrays_used,
            (long long)input->chip->core_count * (long long)input->chip->array.per_core);
    weft_report_print_critical(tables, stream);
    weft_report_print_stalls(tables, stream);
    if (weft_report_is_timed(tables))
        fprintf(stream, "%-16s %zu images, %llu cycles, outputs %s the functional run's\n", "timed",
                input->timed->timing->images, (unsigned long long)input->timed->timing->cycles,
                input->timed->outputs_identical == input->timed->outputs ? "equal to" : "DIFFERENT from");
    weft_report_print_checks(tables, stream);
}
