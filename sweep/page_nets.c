/* The page's networks: sizes, training, and layers, once for all that have the same. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "sweep/page_things.h"

static void xml(FILE *s, const char *text) { weft_xml_print(s, text, 0); }

/* ---- one row a network ---- */

static const int columns[] = {WEFT_NETS_INPUT,      WEFT_NETS_LAYERS,  WEFT_NETS_MATRICES, WEFT_NETS_WEIGHTS,
                              WEFT_NETS_MACS,       WEFT_NETS_NEURONS, WEFT_NETS_SYNAPSES, WEFT_NETS_RECIPE,
                              WEFT_NETS_RECIPE_SET, WEFT_NETS_TRAINING};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* Columns of spiking networks stand where there is one. */
static bool is_shown(const weft_page_things *nets, int column) {
    const weft_description_rows *rows = &nets->table->descriptions[WEFT_NETS];
    if (rows->count == 0) return false;
    if (column != WEFT_NETS_NEURONS && column != WEFT_NETS_SYNAPSES) return true;
    for (size_t r = 0; r < rows->count; r++)
        if (rows->values[r][column]) return true;
    return false;
}

static bool is_text(int column) { return strcmp(weft_descriptions[WEFT_NETS].columns[column].type, "INTEGER") != 0; }

static void print_head(FILE *s, const weft_page_things *nets) {
    fputs("<div class=\"wide\"><table class=\"names\"><thead><tr><th>name</th><th>points</th>", s);
    for (int c = 0; c < COLUMNS; c++)
        if (is_shown(nets, columns[c]))
            fprintf(s, "<th%s>%s</th>", is_text(columns[c]) ? " class=\"text\"" : "",
                    weft_descriptions[WEFT_NETS].columns[columns[c]].label);
    fputs("<th class=\"text\">SHA-256</th></tr></thead><tbody>\n", s);
}

static void print_fact(FILE *s, const weft_page_things *nets, size_t row, int column) {
    const char *text = weft_page_fact(nets, row, column);
    const bool list = !strcmp(weft_descriptions[WEFT_NETS].columns[column].type, "LIST");
    fprintf(s, "<td%s>", list ? " class=\"text wrap\"" : is_text(column) ? " class=\"text\"" : "");
    if (text && list)
        weft_page_lines_print(s, text, ", ");
    else if (text)
        weft_page_value_print(s, text);
    fputs("</td>", s);
}

/* row SIZE_MAX: not described. */
static void print_net(FILE *s, const weft_page_things *nets, const weft_page_thing *net, size_t row) {
    const char *hash = row == SIZE_MAX ? net->first->net_sha256 : weft_page_fact(nets, row, WEFT_NETS_SHA256);
    fputs("<tr><td>", s);
    xml(s, net->name);
    fprintf(s, "</td><td>%zu</td>", net->points);
    for (int c = 0; c < COLUMNS; c++) {
        if (!is_shown(nets, columns[c])) continue;
        if (row == SIZE_MAX)
            fputs("<td></td>", s);
        else
            print_fact(s, nets, row, columns[c]);
    }
    fputs("<td class=\"text\"><code class=\"soft\">", s);
    xml(s, hash ? hash : "");
    fputs("</code></td></tr>\n", s);
}

static void print_table(FILE *s, const weft_page_things *nets) {
    print_head(s, nets);
    for (int i = 0; i < nets->count; i++) {
        const weft_page_thing *net = &nets->items[i];
        for (size_t r = 0; r < net->row_count; r++) print_net(s, nets, net, net->rows[r]);
        if (net->row_count == 0) print_net(s, nets, net, SIZE_MAX);
    }
    fputs("</tbody></table></div>\n", s);
}

/* ---- layers ---- */

typedef struct span {
    size_t first, count; /* rows of layers of a network */
} span;

static span layers_of(const weft_description_rows *layers, const char *hash) {
    span found = {0};
    while (found.first < layers->count && strcmp(layers->values[found.first][WEFT_LAYERS_SHA256], hash) != 0)
        found.first++;
    while (found.first + found.count < layers->count &&
           !strcmp(layers->values[found.first + found.count][WEFT_LAYERS_SHA256], hash))
        found.count++;
    return found;
}

static bool same_text(const char *a, const char *b) { return strcmp(a ? a : "", b ? b : "") == 0; }

static bool same_layers(const weft_description_rows *layers, span a, span b) {
    bool same = a.count == b.count;
    for (size_t i = 0; i < a.count && same; i++)
        for (int c = WEFT_LAYERS_NAME; c < WEFT_LAYERS_COUNT; c++)
            same = same && same_text(layers->values[a.first + i][c], layers->values[b.first + i][c]);
    return same;
}

static void print_layers(FILE *s, const weft_description_rows *layers, span rows) {
    const weft_description_column *info = weft_descriptions[WEFT_LAYERS].columns;
    fputs("<div class=\"wide\"><table class=\"names\"><thead><tr>", s);
    for (int c = WEFT_LAYERS_NAME; c < WEFT_LAYERS_COUNT; c++)
        fprintf(s, "<th%s>%s</th>", strcmp(info[c].type, "TEXT") == 0 ? " class=\"text\"" : "", info[c].label);
    fputs("</tr></thead><tbody>\n", s);
    for (size_t i = 0; i < rows.count; i++) {
        fputs("<tr>", s);
        for (int c = WEFT_LAYERS_NAME; c < WEFT_LAYERS_COUNT; c++) {
            const char *text = layers->values[rows.first + i][c];
            const bool number = strcmp(info[c].type, "TEXT") != 0;
            fputs(number ? "<td>" : "<td class=\"text\">", s);
            if (text && number) weft_page_value_print(s, text);
            if (text && !number) xml(s, text);
            fputs("</td>", s);
        }
        fputs("</tr>\n", s);
    }
    fputs("</tbody></table></div></details>\n", s);
}

/* The networks from `first` on that have its layers, and its layers. */
static void print_structure(FILE *s, const weft_page_things *nets, const span *spans, bool *done, int first) {
    const weft_description_rows *layers = &nets->table->descriptions[WEFT_LAYERS];
    fputs("<details><summary>Layers of ", s);
    for (int i = first; i < nets->count; i++) {
        if (done[i] || spans[i].count == 0 || !same_layers(layers, spans[i], spans[first])) continue;
        if (i > first) fputs(", ", s);
        xml(s, nets->items[i].name);
        done[i] = true;
    }
    fputs("</summary>", s);
    print_layers(s, layers, spans[first]);
}

static weft_status print_structures(FILE *s, const weft_page_things *nets, weft_error *err) {
    span *spans = calloc((size_t)nets->count, sizeof *spans);
    bool *done = calloc((size_t)nets->count, sizeof *done);
    weft_status status = spans && done ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for networks");
    for (int i = 0; i < nets->count && status == WEFT_OK; i++)
        if (nets->items[i].row_count)
            spans[i] = layers_of(&nets->table->descriptions[WEFT_LAYERS],
                                 weft_page_fact(nets, nets->items[i].rows[0], WEFT_NETS_SHA256));
    for (int i = 0; i < nets->count && status == WEFT_OK; i++)
        if (!done[i] && spans[i].count) print_structure(s, nets, spans, done, i);
    free(spans);
    free(done);
    return status;
}

weft_status weft_page_nets(FILE *s, const weft_store_table *table, weft_error *err) {
    weft_page_things nets;
    WEFT_TRY(weft_page_things_make(&nets, table, WEFT_NETS, err));
    weft_status status = WEFT_OK;
    if (nets.count) {
        fputs("<h2>Networks</h2>\n", s);
        weft_page_unknown(s, &nets, "networks");
        print_table(s, &nets);
        status = print_structures(s, &nets, err);
    }
    weft_page_things_free(&nets);
    return status;
}
