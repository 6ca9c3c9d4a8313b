/* The rows of the page's table, as JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/json.h"
#include "sweep/page_internal.h"

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

void weft_page_data(FILE *s, const weft_store_table *table, const bool *front) {
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
