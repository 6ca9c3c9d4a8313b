/* Sections of report.html on a timed run, and on the checks. */
#include <inttypes.h>
#include <math.h>

#include "core/text.h"
#include "sim/report/json.h"
#include "sim/report/tables.h"

static void row(FILE *s, const char *name, double value, const char *unit, int exponent, const char *remark) {
    fprintf(s, "<tr><td>%s</td><td>", name);
    weft_report_html_scaled(s, value, unit, exponent);
    fprintf(s, "</td><td class=\"text\">%s</td></tr>\n", remark);
}

static void steady_remark(char *out, size_t out_size, const weft_report_figures *f, size_t images) {
    char spread[64];
    weft_report_scaled(spread, sizeof spread, f->interval_std_ns, "s", -9, "µ");
    if (images < 2)
        snprintf(out, out_size, "needs at least 2 timed images");
    else if (isfinite(f->interval_std_ns))
        snprintf(out, out_size, "images %zu to %zu, standard deviation %s", f->warmup_images + 1, images, spread);
    else
        snprintf(out, out_size, "images %zu to %zu", f->warmup_images + 1, images);
}

void weft_report_html_time(const weft_report_tables *tables, FILE *s) {
    const weft_report_figures *f = &tables->figures;
    char remark[160];
    if (!weft_report_is_timed(tables)) return;
    const size_t images = tables->input->timed->timing->images;
    steady_remark(remark, sizeof remark, f, images);
    fputs("<h2>Latency and pace</h2>\n<div class=\"wide\"><table><tbody>\n", s);
    row(s, "latency of the first image", f->latency_ns, "s", -9, "nothing is ahead of it");
    row(s, "latency in the steady state", f->latency_steady_ns, "s", -9,
        images < 2 ? remark : "mean; the wait for the image ahead included");
    row(s, "interval between images", f->interval_ns, "s", -9, remark);
    row(s, "time of an image at the chip’s pace", 1e9 / f->throughput_images_per_s, "s", -9,
        images < 2 ? "one image alone: its latency" : "that interval, or the busiest resource’s time an image");
    fputs("</tbody></table></div>\n", s);
}

static void resource_row(FILE *s, const weft_report_tables *tables, const weft_resource *resource) {
    const weft_report_without *without = weft_report_without_of(tables, resource);
    const weft_report_input *input = tables->input;
    char text[300];
    weft_resource_text(text, sizeof text, resource, input->stages, input->chip);
    fputs("<tr><td>", s);
    weft_xml_print(s, text, 0);
    fputs("</td><td>", s);
    weft_report_html_scaled(s, resource->cycles_an_image * input->chip->cycle_ns, "s", -9);
    fprintf(s, "</td><td>%.1f %%%s</td><td>", 100 * resource->utilisation,
            resource->kind == WEFT_RESOURCE_BUFFERS ? " full" : "");
    if (without)
        fprintf(s, "%.2f ×</td><td class=\"text\">", without->speedup);
    else
        fputs("–</td><td class=\"text\">", s);
    if (without && without->limited) {
        weft_resource_text(text, sizeof text, &without->next, input->stages, input->chip);
        weft_xml_print(s, text, 0);
    } else {
        fputs("–", s);
    }
    fputs("</td></tr>\n", s);
}

void weft_report_html_resources(const weft_report_tables *tables, FILE *s) {
    char text[800];
    if (!weft_report_is_timed(tables) || tables->resource_count == 0) return;
    fputs("<h2>What holds the chip up</h2>\n<p>", s);
    weft_report_critical_text(text, sizeof text, tables);
    weft_xml_print(s, text, 0);
    fputs(".</p>\n<div class=\"wide\"><table><thead><tr><th>resource</th><th>busy per image</th><th>of an image’s "
          "time</th><th>faster without it</th><th class=\"text\">then the most used</th></tr></thead><tbody>\n",
          s);
    for (int i = 0; i < tables->resource_count; i++) resource_row(s, tables, &tables->resources[i]);
    fputs("</tbody></table></div>\n", s);
    if (tables->input->timed->without_count)
        fputs("<p class=\"soft\">“Faster without it” is measured: the recorded run is timed once more as if that "
              "resource took no time; or, for buffers, as if there were always room.</p>\n",
              s);
}

static bool has_stalls(const weft_report_tables *tables, int s) {
    for (int kind = 0; kind < WEFT_STALL_KINDS; kind++)
        if (weft_report_stall(tables, s, kind) > 0) return true;
    return false;
}

void weft_report_html_stalls(const weft_report_tables *tables, FILE *s) {
    if (!weft_report_is_timed(tables) || !tables->input->timed->stalls) return;
    fputs("<h2>What layers waited for</h2>\n<div class=\"wide\"><table><thead><tr><th>layer</th><th>arrays: pixels</th>"
          "<th>arrays: room for sums</th><th>blocks: second terms</th><th>blocks: room at readers</th></tr></thead>"
          "<tbody>\n",
          s);
    for (int l = 0; l < tables->stage_count; l++) {
        if (!has_stalls(tables, l)) continue;
        fputs("<tr><td>", s);
        weft_xml_print(s, tables->layers[l].name, 0);
        fputs("</td>", s);
        for (int kind = 0; kind < WEFT_STALL_KINDS; kind++) {
            const double share = weft_report_stall(tables, l, kind);
            if (isfinite(share))
                fprintf(s, "<td>%.1f %%</td>", 100 * share);
            else
                fputs("<td>–</td>", s);
        }
        fputs("</tr>\n", s);
    }
    fputs(
        "</tbody></table></div>\n<p class=\"soft\">Share of the run, the mean over the layer’s arrays or output "
        "blocks, in which they had nothing else to do. Arrays that wait for pixels have too little work; whoever waits "
        "for room is held up by those behind.</p>\n",
        s);
}

static void number_cell(FILE *s, double value, const char *is) {
    char text[32];
    weft_number_text(text, sizeof text, value);
    fprintf(s, "<td>%s</td><td class=\"text\">%s</td>", text, is);
}

static void check_row(FILE *s, const weft_report_check *check) {
    fputs("<tr><td>", s);
    for (const char *c = check->name; *c; c++) fputc(*c == '_' ? ' ' : *c, s);
    fputs("</td>", s);
    if (check->known) {
        number_cell(s, check->left, check->left_is);
        fprintf(s, "<td>%s</td>", check->relation[0] == '<' ? "≤" : check->relation[0] == '>' ? "≥" : "=");
        number_cell(s, check->right, check->right_is);
    } else {
        fputs("<td>–</td><td></td><td></td><td>–</td><td></td>", s);
    }
    fprintf(s, "<td class=\"text\">%s</td></tr>\n",
            !check->known   ? "not run"
            : check->passed ? "holds"
                            : "<b>failed</b>");
}

void weft_report_html_checks(const weft_report_tables *tables, FILE *s) {
    fprintf(s, "<h2>Self-checks</h2>\n<p>%d of %d hold.</p>\n<div class=\"wide\"><table><tbody>\n",
            tables->figures.checks_passed, tables->figures.checks_known);
    for (int i = 0; i < tables->check_count; i++) check_row(s, &tables->checks[i]);
    fputs("</tbody></table></div>\n", s);
}
