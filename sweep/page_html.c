/* The page: one HTML file, nothing loaded from anywhere. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "sweep/page_things.h"

static const char style[] =
    ":root{--ink:#20242a;--soft:#5b636e;--line:#dde1e6;--fill:#f5f7f9;--blue:#0072b2}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:1240px;padding:24px 20px 64px;color:var(--ink);background:#fff;font:16px/1.5 "
    "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 4px}h2{font-size:1.15rem;margin:44px 0 10px}\n"
    "h3{font-size:1rem;margin:28px 0 6px}p{margin:8px 0;max-width:75ch}.soft{color:var(--soft)}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(155px,1fr));gap:12px;margin:24px 0}\n"
    ".tile{background:var(--fill);border-radius:8px;padding:12px 14px}.tile b{display:block;font-size:1.35rem}\n"
    ".tile span{color:var(--soft);font-size:.9rem}\n"
    ".wide{overflow-x:auto;-webkit-overflow-scrolling:touch}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:5px 12px 5px 0;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}\n"
    "th{color:var(--soft);font-weight:600;vertical-align:bottom}.text,.names td:first-child,.names "
    "th:first-child{text-align:left}\n"
    "td.wrap{white-space:normal;min-width:220px;overflow-wrap:anywhere}code{font-size:.88em;overflow-wrap:anywhere}\n"
    "th button{all:unset;cursor:pointer;white-space:normal;max-width:9em;display:inline-block}th "
    "button:focus-visible{outline:2px solid var(--blue)}\n"
    "th[aria-sort=ascending] button::after{content:' \\25B2'}th[aria-sort=descending] button::after{content:' "
    "\\25BC'}\n"
    "tr.front td{background:#e8f1f8}td.varied{background:#fdf1d6}details{margin:10px 0}.names "
    "td{vertical-align:top}.facts td.wrap{min-width:110px;overflow-wrap:break-word}summary{cursor:pointer}\n"
    "input,.bar button{font:inherit;padding:6px 10px;border:1px solid "
    "#aab1ba;border-radius:6px;background:#fff;color:inherit}\n"
    "input{width:min(100%,32rem)}.bar{display:flex;flex-wrap:wrap;gap:10px;align-items:center;margin:10px 0}\n"
    "figure{margin:0 0 28px}figure svg{display:block;width:100%;min-width:520px;max-width:860px;height:auto}\n"
    "figcaption{color:var(--soft);font-size:.92rem;max-width:75ch;margin-top:4px}\n"
    ".figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,540px),1fr));gap:8px "
    "24px}.figures>*{min-width:0}\n"
    "@media(max-width:600px){body{padding:16px 14px 48px}}\n";

static void xml(FILE *s, const char *text) { weft_xml_print(s, text, 0); }

static size_t count_status(const weft_store_table *table, const char *status) {
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) count += strcmp(table->points[i].status, status) == 0;
    return count;
}

static void tile(FILE *s, const char *value, const char *label) {
    fputs("<div class=\"tile\"><b>", s);
    xml(s, value);
    fputs("</b><span>", s);
    xml(s, label);
    fputs("</span></div>\n", s);
}

static void tiles(FILE *s, const weft_store_table *table, const weft_page_blocks *blocks) {
    char text[64];
    fputs("<div class=\"tiles\">\n", s);
    snprintf(text, sizeof text, "%zu", count_status(table, "done"));
    tile(s, text, "points with results");
    const size_t failed = count_status(table, "failed");
    snprintf(text, sizeof text, "%zu", failed);
    if (failed) tile(s, text, "points failed");
    snprintf(text, sizeof text, "%d", blocks->count);
    tile(s, text, blocks->count == 1 ? "block" : "blocks");
    fputs("</div>\n", s);
}

static void figures_of(FILE *s, const weft_page_figures *figures, const weft_page_block *block) {
    fputs("<div class=\"figures\">\n", s);
    for (int i = 0; i < figures->count; i++) {
        const weft_page_figure *f = &figures->items[i];
        if (f->block != block) continue;
        fputs("<figure><h3>", s);
        xml(s, f->title);
        fputs("</h3>", s);
        if (f->svg)
            fprintf(s, "<div class=\"wide\">%s</div>", f->svg);
        else
            fputs("<p class=\"soft\">gnuplot was not found, so there is no figure here; the numbers are in the "
                  "table.</p>",
                  s);
        fputs("<figcaption>", s);
        xml(s, f->caption);
        fputs("</figcaption></figure>\n", s);
    }
    fputs("</div>\n", s);
}

static void sensitivity_table(FILE *s, const weft_store_table *table, const weft_page_block *block, int metric) {
    weft_sensitivity *items = NULL;
    if (block->axis_count < 2 || !weft_page_varies(table, block, metric)) return;
    if (weft_page_sensitivities(&items, table, block, metric, NULL) != WEFT_OK) return;
    fprintf(
        s,
        "<h3>What moves %s</h3>\n<div class=\"wide\"><table class=\"names\"><thead><tr><th>axis</th><th>share of the "
        "variance</th><th>largest difference of means</th><th class=\"text\">lowest at</th><th "
        "class=\"text\">highest at</th></tr></thead><tbody>\n",
        weft_metrics[metric].column);
    for (int a = 0; a < block->axis_count; a++) {
        fputs("<tr><td>", s);
        xml(s, items[a].key);
        fprintf(s, "</td><td>%.1f %%</td><td>%.4g</td><td class=\"text\">", 100 * items[a].share, items[a].range);
        xml(s, items[a].lowest ? items[a].lowest : "");
        fputs("</td><td class=\"text\">", s);
        xml(s, items[a].highest ? items[a].highest : "");
        fputs("</td></tr>\n", s);
    }
    fputs("</tbody></table></div>\n", s);
    free(items);
}

static void block_section(FILE *s, const weft_store_table *table, const weft_page_block *block,
                          const weft_page_figures *figures) {
    fputs("<h2>", s);
    xml(s, block->name);
    fprintf(s, "</h2>\n<p class=\"soft\">%zu point%s", block->count, block->count == 1 ? "" : "s");
    for (int a = 0; a < block->axis_count; a++) {
        fputs(a ? ", " : ": ", s);
        xml(s, block->axes[a].key);
        fprintf(s, " (%d)", block->axes[a].value_count);
    }
    fputs("</p>\n", s);
    figures_of(s, figures, block);
    sensitivity_table(s, table, block, WEFT_METRIC_ERROR);
    sensitivity_table(s, table, block, WEFT_METRIC_PACKET_LATENCY);
}

static void table_section(FILE *s, const int *metrics, int metric_count) {
    fputs("<h2>All points</h2>\n", s);
    if (metric_count > 1) {
        fputs("<p class=\"soft\">Shaded: the Pareto front of ", s);
        for (int m = 0; m < metric_count; m++)
            fprintf(s, "%s%s", m == 0 ? "" : m + 1 == metric_count ? " and " : ", ", weft_metrics[metrics[m]].column);
        fputs(" over all points.</p>\n", s);
    }
    fputs("<div class=\"bar\"><label for=\"filter\">Filter</label><input id=\"filter\" type=\"search\" "
          "placeholder=\"words, or error_percent&lt;10 chip=hermes\"><span class=\"soft\" id=\"count\" "
          "aria-live=\"polite\"></span><button id=\"back\">Back</button><button id=\"next\">Next</button></div>\n"
          "<noscript><p>Without JavaScript there is no table here; points.csv has it.</p></noscript>\n"
          "<div class=\"wide\"><table id=\"points\"><thead><tr></tr></thead><tbody></tbody></table></div>\n",
          s);
}

/* ---- what falls short ---- */

static void short_section(FILE *s, const weft_store_table *table, const weft_page_figures *figures) {
    size_t single = 0, saturated = 0, failed = 0;
    for (size_t i = 0; i < table->count; i++) {
        const weft_page_point *p = &table->points[i];
        const bool random = p->metrics.v[WEFT_METRIC_TRIALS] < 5;
        single += random;
        saturated += p->metrics.v[WEFT_METRIC_SATURATED] > 0;
        failed += strcmp(p->status, "failed") == 0;
    }
    fputs("<h2>What falls short</h2>\n<ul>\n", s);
    if (single)
        fprintf(s, "<li>%zu point%s fewer than 5 trials: their spread over chips is not, or poorly, known.</li>\n",
                single, single == 1 ? " has" : "s have");
    if (saturated)
        fprintf(s, "<li>%zu network%s saturated: their latencies depend on how long they ran.</li>\n", saturated,
                saturated == 1 ? " is" : "s are");
    if (figures->left_out)
        fprintf(s, "<li>%d%s more figures are left out; the table has their points.</li>\n", figures->left_out,
                figures->left_out >= 1000 ? " or" : "");
    fputs("<li>Errors are of the networks at hand: one training each, unless the experiment has several.</li>\n", s);
    fputs("<li>Energies and times are as good as the constants of the chip files, which carry their evidence.</li>\n",
          s);
    for (size_t i = 0, listed = 0; i < table->count && failed; i++) {
        const weft_page_point *p = &table->points[i];
        if (strcmp(p->status, "failed") != 0) continue;
        if (listed++ == 20) {
            fprintf(s, "<li>%zu more points failed; points.csv has all.</li>\n", failed - 20);
            break;
        }
        fprintf(s, "<li>Point %zu failed (", p->number);
        xml(s, p->label);
        fputs("): ", s);
        xml(s, p->message ? p->message : "");
        fputs("</li>\n", s);
    }
    fputs("</ul>\n", s);
}

weft_status weft_page_html(FILE *s, const weft_store_table *table, const weft_page_blocks *blocks,
                           const weft_page_figures *figures, const bool *front, const int *metrics, int metric_count,
                           const char *title, weft_error *err) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
          "content=\"width=device-width,initial-scale=1\">\n<title>weft: ",
          s);
    xml(s, title);
    fprintf(s, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
    xml(s, title);
    fputs("</h1>\n<p class=\"soft\">Results of weft ", s);
    xml(s, table->version ? table->version : "");
    fputs("; everything on this page is also in points.csv.</p>\n", s);
    tiles(s, table, blocks);
    for (int b = 0; b < blocks->count; b++) block_section(s, table, &blocks->items[b], figures);
    table_section(s, metrics, metric_count);
    WEFT_TRY(weft_page_nets(s, table, err));
    WEFT_TRY(weft_page_chips(s, table, err));
    short_section(s, table, figures);
    weft_page_data(s, table, front);
    fprintf(s, "<script>\n%s</script>\n</body>\n</html>\n", weft_page_script);
    return WEFT_OK;
}
