/* report.html: one page, nothing loaded from anywhere. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/text.h"
#include "sim/report/json.h"
#include "sim/report/tables.h"

const char weft_report_style[] =
    ":root{--ink:#20242a;--soft:#5b636e;--line:#dde1e6;--fill:#f5f7f9;--blue:#0072b2}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:1080px;padding:24px 20px 64px;color:var(--ink);background:#fff;font:16px/1.5 "
    "system-ui,-apple-system,"
    "'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 4px}h2{font-size:1.15rem;margin:44px 0 10px}\n"
    "p{margin:8px 0;max-width:75ch}.soft{color:var(--soft)}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(155px,1fr));gap:12px;margin:24px 0}\n"
    ".tile{background:var(--fill);border-radius:8px;padding:12px 14px}.tile "
    "b{display:block;font-size:1.35rem;white-space:nowrap}\n"
    ".tile span{color:var(--soft);font-size:.9rem}\n"
    ".wide{overflow-x:auto;-webkit-overflow-scrolling:touch}\n"
    "table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:5px 12px 5px 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}\n"
    "th{color:var(--soft);font-weight:600}th:first-child,td:first-child,.text{text-align:left}\n"
    "td.wrap{white-space:normal;min-width:190px}code{font-size:.88em;overflow-wrap:anywhere}\n"
    "figure{margin:0}figure svg{display:block;width:100%;min-width:600px;max-width:860px;height:auto}\n"
    "figcaption{color:var(--soft);font-size:.92rem;max-width:75ch;margin-top:4px}\n"
    "dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px "
    "18px;margin:0}dt{color:var(--soft)}dd{margin:0;"
    "overflow-wrap:anywhere}\n"
    ".key::before{content:'';display:inline-block;width:.8em;height:.8em;margin:0 .35em 0 .2em;background:var(--c)}\n"
    "@media(max-width:600px){body{padding:16px 14px 48px}dl{grid-template-columns:1fr}dd{margin-bottom:8px}}\n";

/* Nothing where the run tells nothing. */
static void tile(FILE *s, const char *label, double value, const char *unit, int exponent) {
    if (!isfinite(value)) return;
    fputs("<div class=\"tile\"><b>", s);
    weft_report_html_scaled(s, value, unit, exponent);
    fprintf(s, "</b><span>%s</span></div>\n", label);
}

static void tiles(FILE *s, const weft_report_tables *tables) {
    const weft_report_figures *f = &tables->figures;
    fprintf(s,
            "<div class=\"tiles\">\n<div class=\"tile\"><b>%.2f %%</b><span>accuracy, %zu test images%s</span></div>\n",
            f->trials_mean_percent, tables->input->images,
            weft_report_trials(tables->input) > 1 ? ", mean over chips" : "");
    tile(s, "latency of the first image", f->latency_ns, "s", -9);
    if (isfinite(f->throughput_images_per_s))
        fprintf(s, "<div class=\"tile\"><b>%.*f</b><span>images per second</span></div>\n",
                f->throughput_images_per_s < 1000 ? 1 : 0, f->throughput_images_per_s);
    tile(s, "energy per image", f->energy_total_pj, "J", -12);
    if (!isfinite(f->energy_total_pj)) tile(s, "dynamic energy per image", f->energy_dynamic_pj, "J", -12);
    tile(s, "power at that pace", f->power_mw, "W", -3);
    fprintf(s, "<div class=\"tile\"><b>%d</b><span>of %d cores, %d arrays</span></div>\n</div>\n", f->cores_used,
            tables->input->chip->core_count, f->arrays_used);
}

static void fact(FILE *s, const char *name, const char *text) {
    fprintf(s, "<dt>%s</dt><dd>", name);
    weft_xml_print(s, text, 0);
    fputs("</dd>\n", s);
}

static void hash(FILE *s, const char *name, const char *text, const char *hex) {
    fprintf(s, "<dt>%s</dt><dd>", name);
    weft_xml_print(s, text, 0);
    fprintf(s, " <code class=\"soft\">SHA-256 %s</code></dd>\n", hex);
}

static void facts(FILE *s, const weft_report_tables *tables) {
    const weft_report_input *input = tables->input;
    char text[256];
    fputs("<h2>What was run</h2>\n<dl>\n", s);
    hash(s, "Network", input->network_name, input->mapping->network_sha256.hex);
    hash(s, "Chip", input->chip->name, input->chip->sha256.hex);
    for (int i = 0; i < input->override_count; i++) fact(s, "Chip setting", input->overrides[i]);
    if (input->mapping->parts > 1) {
        snprintf(text, sizeof text, "%d, one after the other, on %d chip%s", input->mapping->parts,
                 input->mapping->chips, input->mapping->chips == 1 ? "" : "s");
        fact(s, "Parts", text);
    }
    fact(s, "Data set", input->dataset);
    fact(s, "Weights", input->transform);
    snprintf(text, sizeof text, input->recalibrate ? "on chip, %zu training images" : "none", input->recalibrate);
    fact(s, "Re-calibration", text);
    snprintf(text, sizeof text, "%" PRIu64 ", draw %" PRIu64, input->seed, input->draw);
    fact(s, "Seed", text);
    snprintf(text, sizeof text, "weft %s%s%s", WEFT_VERSION, input->timed ? ", SystemC " : "",
             input->timed ? input->timed->systemc_version : "");
    fact(s, "Made by", text);
    fputs("</dl>\n", s);
}

static const struct {
    const char *title, *caption;
} figure_texts[WEFT_FIGURE_COUNT] = {
    [WEFT_FIGURE_ENERGY] = {"Energy by component",
                            "Dynamic energy: integer event counts of one image times the costs of the chip file."},
    [WEFT_FIGURE_LAYERS] =
        {"Energy and time by layer",
         "Dynamic energy with the layer's own data movement; time in which the layer's slowest core computes."},
    [WEFT_FIGURE_IMAGES] = {"Images in the pipeline", "From an image's first pixel into the chip to its last result "
                                                      "out. Later images enter while earlier ones are inside."},
    [WEFT_FIGURE_POWER] = {"Power over time",
                           "Dynamic power by component, energy of the events that begin in each step of time; static "
                           "power is apart, below. Figures and counts: power.csv."},
    [WEFT_FIGURE_LINKS] =
        {"Load of the links",
         "Flits per cycle over the timed run, one line a direction (right-hand traffic seen from the sender). "
         "<span class=\"key\" style=\"--c:#4a4f57\">router with cores in use</span> "
         "<span class=\"key\" style=\"--c:#c9ced6\">unused</span> "
         "<span class=\"key\" style=\"--c:#e69f00\">edge: the host's router</span>; dashed: where one mesh lies on "
         "several "
         "chips."},
    [WEFT_FIGURE_CONFUSION] = {"Confusion matrix", "Number of test images; the shade is the share of the true class."},
};

static void figure(FILE *s, const weft_report_tables *tables, const weft_report_svg *svg, int i) {
    const bool timed = weft_report_is_timed(tables);
    fprintf(s, "<h2>%s</h2>\n", figure_texts[i].title);
    if (svg->text[i])
        fprintf(s, "<figure><div class=\"wide\">\n%s\n</div><figcaption>%s</figcaption></figure>\n", svg->text[i],
                figure_texts[i].caption);
    else if (!timed && (i == WEFT_FIGURE_IMAGES || i == WEFT_FIGURE_POWER || i == WEFT_FIGURE_LINKS))
        fputs("<p class=\"soft\">No images were simulated with time.</p>\n", s);
    else if (svg->gnuplot)
        fputs("<p class=\"soft\">There is nothing to draw.</p>\n", s);
    else
        fputs("<p class=\"soft\">gnuplot was not found, so there is no figure here; the numbers are in the CSV "
              "files.</p>\n",
              s);
}

static void energy_sums(FILE *s, const weft_report_tables *tables) {
    const weft_report_figures *f = &tables->figures;
    fputs("<p>Per image ", s);
    weft_report_html_scaled(s, f->energy_dynamic_pj, "J", -12);
    fputs(" dynamic", s);
    if (isfinite(f->energy_static_pj)) {
        fputs(" and ", s);
        weft_report_html_scaled(s, f->energy_static_pj, "J", -12);
        fputs(" static: ", s);
        weft_report_html_scaled(s, tables->static_core_mw + tables->static_router_mw + tables->static_chip_mw, "W", -3);
        fputs(" of the whole chip, used or not, for ", s);
        weft_report_html_scaled(s, 1e9 / f->throughput_images_per_s, "s", -9);
        fputs(" an image at the throughput above", s);
    }
    fputs(".</p>\n", s);
}

static void layer_table(FILE *s, const weft_report_tables *tables) {
    fputs(
        "<div "
        "class=\"wide\"><table><thead><tr><th>layer</th><th>matrix</th><th>positions</th><th>copies</th><th>arrays</th>"
        "<th>cores</th>"
        "<th>cells used</th><th>busy per image</th><th>energy per image</th><th "
        "class=\"text\">ADC</th></tr></thead><tbody>\n",
        s);
    for (int l = 0; l < tables->stage_count; l++) {
        const weft_report_layer *layer = &tables->layers[l];
        const weft_stage *stage = &tables->input->stages->items[l];
        fputs("<tr><td>", s);
        weft_xml_print(s, layer->name, 0);
        if (stage->has_matrix)
            fprintf(s, "</td><td>%d × %d</td>", stage->rows, stage->columns);
        else
            fputs("</td><td>digital</td>", s);
        fprintf(s, "<td>%" PRId64 "</td><td>%d</td><td>%d</td><td>%d</td><td>", layer->positions, layer->copies,
                layer->tiles, layer->cores);
        if (stage->has_matrix)
            fprintf(s, "%.1f %%</td><td>", layer->cell_utilisation_percent);
        else
            fputs("–</td><td>", s);
        weft_report_html_scaled(s, layer->busy_ns, "s", -9);
        fputs("</td><td>", s);
        weft_report_html_scaled(s, layer->energy_pj, "J", -12);
        fprintf(s, "</td><td class=\"text\">%s</td></tr>\n",
                !stage->has_matrix      ? "–"
                : layer->info.exact_adc ? "exact"
                                        : "may round or saturate");
    }
    fputs("</tbody></table></div>\n", s);
}

static void energy_table(FILE *s, const weft_report_tables *tables) {
    fputs("<h2>Events and costs</h2>\n<div class=\"wide\"><table><thead><tr><th>event</th><th "
          "class=\"text\">component</th><th>count per image</th>"
          "<th>cost</th><th>energy</th><th class=\"text\">evidence</th><th "
          "class=\"text\">source</th></tr></thead><tbody>\n",
          s);
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) {
        const weft_cited *cost = &tables->input->chip->cost_pj[e];
        if (tables->counts.n[e] == 0 && cost->value == 0) continue;
        fprintf(s, "<tr><td class=\"wrap\">%s</td><td class=\"text\">%s</td><td>%" PRIu64 "</td><td>",
                weft_events[e].doc, weft_events[e].component, tables->counts.n[e]);
        weft_report_html_scaled(s, cost->value, "J", -12);
        fputs("</td><td>", s);
        weft_report_html_scaled(s, tables->event_pj[e], "J", -12);
        fprintf(s, "</td><td class=\"text\">%s</td><td class=\"text wrap\">", weft_evidence_names[cost->evidence]);
        weft_xml_print(s, cost->source ? cost->source : "", 0);
        fputs("</td></tr>\n", s);
    }
    fputs("</tbody></table></div>\n", s);
    fprintf(s,
            "<p class=\"soft\">Static power: cores %.4g mW, routers %.4g mW, the rest of the chip %.4g mW; all of the "
            "chip's cores and "
            "routers count, used or not. Constants of the chip file without a source: %d.</p>\n",
            tables->static_core_mw, tables->static_router_mw, tables->static_chip_mw,
            weft_chip_unsourced(tables->input->chip));
}

static void network_on_chip(FILE *s, const weft_report_tables *tables) {
    const weft_timing *timing = weft_report_is_timed(tables) ? tables->input->timed->timing : NULL;
    const weft_traffic_totals *t = &tables->traffic;
    fprintf(s, "<h2>Network on chip</h2>\n<p>Per image %" PRIu64 " packets, %" PRIu64 " flits, %" PRIu64 " flit-hops",
            t->packets, t->flits, t->flit_hops);
    if (timing && timing->packets) {
        double cycle = tables->input->chip->cycle_ns;
        fputs("; a packet takes ", s);
        weft_report_html_scaled(s, (double)timing->latency_sum_cycles / (double)timing->packets * cycle, "s", -9);
        fputs(" on average (", s);
        weft_report_html_scaled(s, (double)timing->zero_load_sum_cycles / (double)timing->packets * cycle, "s", -9);
        fputs(" in an empty network) and at most ", s);
        weft_report_html_scaled(s, (double)timing->latency_max_cycles * cycle, "s", -9);
    }
    fputs(".</p>\n", s);
}

void weft_report_html(const weft_report_tables *tables, const weft_report_svg *svg, FILE *s) {
    fprintf(s, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>weft: ");
    weft_xml_print(s, tables->input->network_name, 0);
    fputs(" on ", s);
    weft_xml_print(s, tables->input->chip->name, 0);
    fprintf(s, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", weft_report_style);
    weft_xml_print(s, tables->input->network_name, 0);
    fputs(" on ", s);
    weft_xml_print(s, tables->input->chip->name, 0);
    fputs("</h1>\n<p class=\"soft\">", s);
    weft_xml_print(s, tables->input->chip->description ? tables->input->chip->description : "", 0);
    fputs("</p>\n", s);
    tiles(s, tables);
    facts(s, tables);
    figure(s, tables, svg, WEFT_FIGURE_ENERGY);
    energy_sums(s, tables);
    figure(s, tables, svg, WEFT_FIGURE_LAYERS);
    layer_table(s, tables);
    weft_report_html_arrays(tables, s);
    weft_report_html_time(tables, s);
    figure(s, tables, svg, WEFT_FIGURE_IMAGES);
    weft_report_html_resources(tables, s);
    weft_report_html_stalls(tables, s);
    figure(s, tables, svg, WEFT_FIGURE_POWER);
    figure(s, tables, svg, WEFT_FIGURE_LINKS);
    network_on_chip(s, tables);
    figure(s, tables, svg, WEFT_FIGURE_CONFUSION);
    energy_table(s, tables);
    weft_report_html_checks(tables, s);
    fputs("</body>\n</html>\n", s);
}
