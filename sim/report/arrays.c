/* What the report says of programmed chips and their arrays, as a page's sections and for the terminal. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "sim/report/tables.h"

void weft_report_html_scaled(FILE *s, double value, const char *unit, int exponent) {
    char text[64];
    weft_report_scaled(text, sizeof text, value, unit, exponent, "µ");
    fputs(isfinite(value) ? text : "–", s);
}

/* "31.2 dB", "exact". */
static void noise_text(char *out, size_t out_size, const weft_engine_stage_statistics *of) {
    if (of->signal_to_noise_db == INFINITY)
        snprintf(out, out_size, "exact");
    else
        snprintf(out, out_size, "%.1f dB", of->signal_to_noise_db);
}

/* ---- page ---- */

static void html_chips(FILE *s, const weft_report_tables *tables) {
    const weft_report_figures *f = &tables->figures;
    const int trials = weft_report_trials(tables->input);
    fprintf(s, "<h2>Programmed chips</h2>\n<p>%d chip%s: accuracy %.2f %%", trials, trials == 1 ? "" : "s",
            f->trials_mean_percent);
    if (trials > 1)
        fprintf(s, " in the mean, standard deviation %.2f, worst %.2f %%", f->trials_std_percent,
                f->trials_worst_percent);
    fprintf(s, "; 95 %% interval %.2f to %.2f %%.%s</p>\n", f->accuracy_low_percent, f->accuracy_high_percent,
            trials > 1 ? " Layers, time and energy on this page are the first chip's." : "");
    fprintf(s, "<p>%" PRIu64 " cells in %" PRIu64 " arrays", f->programming.cells, f->programming.arrays);
    if (f->programming.time_ns > 0 || f->programming.energy_pj > 0) {
        fputs("; writing them takes ", s);
        weft_report_html_scaled(s, f->programming.time_ns, "s", -9);
        fputs(" and ", s);
        weft_report_html_scaled(s, f->programming.energy_pj, "J", -12);
    }
    fputs(".</p>\n", s);
}

static void html_layer(FILE *s, const weft_report_tables *tables, int layer) {
    const weft_engine_stage_statistics *of = weft_report_statistics(tables->input, layer);
    char noise[32];
    if (!of) return;
    noise_text(noise, sizeof noise, of);
    fputs("<tr><td>", s);
    weft_xml_print(s, tables->layers[layer].name, 0);
    fprintf(s, "</td><td>%s</td><td>%.1f %%</td><td>%.3g %%</td><td>%" PRIu64 "</td></tr>\n", noise,
            100 * of->adc_utilisation, weft_report_clipped_percent(of),
            of->conversions / tables->input->statistics_images);
}

static void html_layers(FILE *s, const weft_report_tables *tables) {
    fprintf(s,
            "<h2>Arrays</h2>\n<p>Results of the matrices against the integer products of the same inputs, over %zu "
            "images.</p>\n<div class=\"wide\"><table><thead><tr><th>layer</th><th>signal to noise</th><th>largest code "
            "used</th><th>conversions clipped</th><th>conversions per image</th></tr></thead><tbody>\n",
            tables->input->statistics_images);
    for (int l = 0; l < tables->stage_count; l++) html_layer(s, tables, l);
    fputs("</tbody></table></div>\n", s);
}

void weft_report_html_arrays(const weft_report_tables *tables, FILE *stream) {
    if (tables->input->statistics) html_layers(stream, tables);
    html_chips(stream, tables);
}

/* ---- terminal ---- */

static void print_chips(FILE *s, const weft_report_input *input, const weft_report_figures *f) {
    const int trials = weft_report_trials(input);
    if (trials > 1)
        fprintf(s, "%-16s %d chips: mean %.2f %%, standard deviation %.2f, worst %.2f %%\n", "trials", trials,
                f->trials_mean_percent, f->trials_std_percent, f->trials_worst_percent);
    fprintf(s, "%-16s %.2f to %.2f %%%s\n", "95 % interval", f->accuracy_low_percent, f->accuracy_high_percent,
            trials > 1 ? ", of the mean" : "");
    if (f->programming.time_ns > 0 || f->programming.energy_pj > 0) {
        char time[64], energy[64];
        weft_report_scaled(time, sizeof time, f->programming.time_ns, "s", -9, "u");
        weft_report_scaled(energy, sizeof energy, f->programming.energy_pj, "J", -12, "u");
        fprintf(s, "%-16s %s, %s for %" PRIu64 " cells\n", "programming", time, energy, f->programming.cells);
    }
}

void weft_report_print_arrays(const weft_report_input *input, const weft_report_figures *figures, FILE *s) {
    print_chips(s, input, figures);
    if (!input->statistics) return;
    fprintf(s, "\n%-24s %16s %12s %12s\n", "arrays of layer", "signal to noise", "codes used", "clipped");
    for (int l = 0; l < input->stages->count; l++) {
        const weft_engine_stage_statistics *of = weft_report_statistics(input, l);
        char noise[32];
        if (!of) continue;
        noise_text(noise, sizeof noise, of);
        fprintf(s, "%-24s %16s %10.1f %% %10.3g %%\n", input->stages->items[l].name, noise, 100 * of->adc_utilisation,
                weft_report_clipped_percent(of));
    }
    fputc('\n', s);
}
