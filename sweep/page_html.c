/* The page: one HTML file, nothing loaded from anywhere. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "sim/report/json.h"
#include "sweep/page_internal.h"

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
    "tr.front td{background:#e8f1f8}\n"
    "input,.bar button{font:inherit;padding:6px 10px;border:1px solid "
    "#aab1ba;border-radius:6px;background:#fff;color:inherit}\n"
    "input{width:min(100%,32rem)}.bar{display:flex;flex-wrap:wrap;gap:10px;align-items:center;margin:10px 0}\n"
    "figure{margin:0 0 28px}figure svg{display:block;width:100%;min-width:520px;max-width:860px;height:auto}\n"
    "figcaption{color:var(--soft);font-size:.92rem;max-width:75ch;margin-top:4px}\n"
    ".figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,540px),1fr));gap:8px "
    "24px}.figures>*{min-width:0}\n"
    "@media(max-width:600px){body{padding:16px 14px 48px}}\n";

static void xml(FILE *s, const char *text) { weft_xml_print(s, text, 0); }

/* ---- the data ---- */

typedef struct columns {
    const char **axes; /* every axis of the experiment, [axis_count] */
    int axis_count, metrics[WEFT_METRIC_COUNT], metric_count;
} columns;

static bool has_axis(const columns *c, const char *key) {
    for (int i = 0; i < c->axis_count; i++)
        if (strcmp(c->axes[i], key) == 0) return true;
    return false;
}

/* Without memory: no axes. */
static void find_columns(columns *c, const weft_store_table *table) {
    bool seen[WEFT_METRIC_COUNT] = {false};
    *c = (columns){0};
    for (size_t i = 0; i < table->count; i++) {
        for (int a = 0; a < table->points[i].axis_count; a++) {
            const char *key = table->points[i].axes[a].key;
            if (has_axis(c, key)) continue;
            const char **grown = realloc(c->axes, (size_t)(c->axis_count + 1) * sizeof *grown);
            if (!grown) return;
            c->axes = grown;
            c->axes[c->axis_count++] = key;
        }
        for (int m = 0; m < WEFT_METRIC_COUNT; m++) seen[m] |= !isnan(table->points[i].metrics.v[m]);
    }
    for (int m = 0; m < WEFT_METRIC_COUNT; m++)
        if (seen[m]) c->metrics[c->metric_count++] = m;
}

/* A JSON text that may stand inside of a script element. */
static void json_text(FILE *s, const char *text) {
    fputc('"', s);
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(s, "\\%c", c);
        else if (c < 32 || c == '<' || c == '>' || c == '&')
            fprintf(s, "\\u%04x", c);
        else
            fputc(c, s);
    }
    fputc('"', s);
}

static void json_number(FILE *s, double value) {
    char text[32];
    if (!isfinite(value)) {
        fputs("null", s);
        return;
    }
    weft_number_text(text, sizeof text, value);
    fputs(text, s);
}

/* Texts that are numbers sort as such. */
static void json_value(FILE *s, const char *text) {
    char *end;
    const double value = strtod(text, &end);
    if (*text && *end == 0 && isfinite(value))
        json_number(s, value);
    else
        json_text(s, text);
}

static void print_row(FILE *s, const weft_page_point *point, const columns *c, bool front) {
    fprintf(s, "[%zu,", point->number);
    json_text(s, point->block);
    for (int a = 0; a < c->axis_count; a++) {
        const char *value = NULL;
        for (int k = 0; k < point->axis_count; k++)
            if (strcmp(point->axes[k].key, c->axes[a]) == 0) value = point->axes[k].value;
        fputc(',', s);
        if (value)
            json_value(s, value);
        else
            fputs("null", s);
    }
    for (int m = 0; m < c->metric_count; m++) {
        fputc(',', s);
        json_number(s, point->metrics.v[c->metrics[m]]);
    }
    fputc(',', s);
    json_text(s, point->status);
    fprintf(s, ",%d]", front);
}

static void print_data(FILE *s, const weft_store_table *table, const bool *front) {
    columns c;
    find_columns(&c, table);
    fputs("<script type=\"application/json\" id=\"data\">{\"columns\":[\"number\",\"block\"", s);
    for (int a = 0; a < c.axis_count; a++) {
        fputc(',', s);
        json_text(s, c.axes[a]);
    }
    for (int m = 0; m < c.metric_count; m++) fprintf(s, ",\"%s\"", weft_metrics[c.metrics[m]].column);
    fputs(",\"status\"],\"texts\":[\"place in the experiment\",\"block of the experiment\"", s);
    for (int a = 0; a < c.axis_count; a++) fputs(",\"axis of the experiment\"", s);
    for (int m = 0; m < c.metric_count; m++) {
        fputc(',', s);
        json_text(s, weft_metrics[c.metrics[m]].text);
    }
    fprintf(s, ",\"done or failed\"],\"front\":%d,\"rows\":[\n", 3 + c.axis_count + c.metric_count);
    for (size_t i = 0; i < table->count; i++) {
        if (i) fputs(",\n", s);
        print_row(s, &table->points[i], &c, front[i]);
    }
    fputs("]}</script>\n", s);
    free(c.axes);
}

/* ---- parts of the page ---- */

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

/* ---- nets and chips ---- */

typedef struct used {
    const char *name, *hash, *settings;
    size_t points;
} used;

static bool same(const char *a, const char *b) { return strcmp(a ? a : "", b ? b : "") == 0; }

static void note(used *items, int *count, int most, const char *name, const char *hash, const char *settings) {
    if (!name || !*name) return;
    for (int i = 0; i < *count; i++) {
        if (!same(items[i].name, name) || !same(items[i].hash, hash)) continue;
        items[i].points++;
        return;
    }
    if (*count < most) items[(*count)++] = (used){name, hash, settings, 1};
}

static void used_table(FILE *s, const char *title, const used *items, int count, bool settings) {
    if (count == 0) return;
    fprintf(s,
            "<h2>%s</h2>\n<div class=\"wide\"><table class=\"names\"><thead><tr><th>name</th><th>points</th>%s<th "
            "class=\"text\">SHA-256</th></tr></thead><tbody>\n",
            title, settings ? "<th class=\"text\">changed keys</th>" : "");
    for (int i = 0; i < count; i++) {
        fputs("<tr><td>", s);
        xml(s, items[i].name);
        fprintf(s, "</td><td>%zu</td>", items[i].points);
        if (settings) {
            fputs("<td class=\"text wrap\">", s);
            xml(s, items[i].settings ? items[i].settings : "");
            fputs("</td>", s);
        }
        fputs("<td class=\"text\"><code class=\"soft\">", s);
        xml(s, items[i].hash ? items[i].hash : "");
        fputs("</code></td></tr>\n", s);
    }
    fputs("</tbody></table></div>\n", s);
}

static void used_section(FILE *s, const weft_store_table *table) {
    enum { MOST = 60 };
    used nets[MOST], chips[MOST];
    int net_count = 0, chip_count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const weft_page_point *p = &table->points[i];
        note(nets, &net_count, MOST, p->net, p->net_sha256, NULL);
        note(chips, &chip_count, MOST, p->chip, p->chip_sha256, p->overrides);
    }
    used_table(s, "Networks", nets, net_count, false);
    used_table(s, "Chips", chips, chip_count, true);
    if (net_count == MOST || chip_count == MOST)
        fprintf(s, "<p class=\"soft\">Only the first %d are listed; points.csv has all.</p>\n", MOST);
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

void weft_page_html(FILE *s, const weft_store_table *table, const weft_page_blocks *blocks,
                    const weft_page_figures *figures, const bool *front, const int *metrics, int metric_count,
                    const char *title) {
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
    used_section(s, table);
    short_section(s, table, figures);
    print_data(s, table, front);
    fprintf(s, "<script>\n%s</script>\n</body>\n</html>\n", weft_page_script);
}
