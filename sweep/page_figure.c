/* Scales of figures, and which kind of figure. */
#include "sweep/page_figure.h"

#include <string.h>

const char *const weft_page_colours[WEFT_PAGE_STYLES] = {WEFT_PLOT_BLUE, WEFT_PLOT_ORANGE, WEFT_PLOT_GREEN, "#D55E00",
                                                         "#CC79A7",      "#56B4E9",        "#20242A",       "#8A9099"};
const int weft_page_marks[WEFT_PAGE_STYLES] = {7, 5, 9, 13, 11, 6, 4, 8};

static void scale_of(weft_page_shown *out, int metric, double largest) {
    static const struct {
        const char *unit, *base;
        int exponent;
    } units[] = {{"ns", "s", -9}, {"pJ", "J", -12}, {"mW", "W", -3}};
    const weft_metric_info *info = &weft_metrics[metric];
    char name[64];
    snprintf(name, sizeof name, "%s", info->column);
    for (char *c = name; *c; c++)
        if (*c == '_') *c = ' ';
    out->scale = 1;
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        const char *prefix;
        const size_t length = strlen(name), tail = strlen(units[u].unit) + 1;
        if (strcmp(info->unit, units[u].unit) != 0) continue;
        out->scale = weft_plot_unit(largest, units[u].exponent, &prefix);
        if (length > tail) name[length - tail] = 0;
        snprintf(out->label, sizeof out->label, "%s (%s%s)", name, prefix, units[u].base);
        return;
    }
    char *percent = strstr(name, " percent"), *area = strstr(name, " mm2");
    if (percent) *percent = 0;
    if (area) *area = 0;
    snprintf(out->label, sizeof out->label, percent ? "%s (%%)" : area ? "%s (mm²)" : "%s", name);
}

bool weft_page_draws(const weft_page_drawing *d, const weft_page_point *point) {
    const weft_page_figure *f = d->figure;
    for (int a = 0; a < d->block->axis_count; a++)
        if (f->fixed[a] >= 0 && weft_page_value(&d->block->axes[a], point) != f->fixed[a]) return false;
    return !isnan(weft_page_metric(point, f->metric)) && (f->y < 0 || !isnan(weft_page_metric(point, f->y)));
}

static void range_of(weft_page_shown *out, const weft_page_drawing *d, int metric, bool may_be_log) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < d->block->count; i++) {
        const weft_page_point *point = &d->table->points[d->block->points[i]];
        if (!weft_page_draws(d, point)) continue;
        low = fmin(low, weft_page_metric(point, metric));
        high = fmax(high, weft_page_metric(point, metric));
        if (metric != WEFT_METRIC_ERROR || d->figure->y >= 0) continue;
        low = fmin(low, weft_page_metric(point, WEFT_METRIC_ERROR_LOW)); /* fmin and fmax pass NaN over */
        high = fmax(high, weft_page_metric(point, WEFT_METRIC_ERROR_HIGH));
    }
    scale_of(out, metric, fmax(fabs(low), fabs(high)));
    out->low = low * out->scale;
    out->high = high * out->scale;
    out->logarithmic = may_be_log && low > 0 && high / low >= WEFT_PAGE_LOG_FROM;
}

void weft_page_print_y_axis(const weft_page_drawing *d) {
    fprintf(d->f, "set ylabel '%s'\n", d->value.label);
    const double low = d->value.low, high = d->value.high, room = 0.06 * (high - low);
    if (d->value.logarithmic)
        fprintf(d->f, "set logscale y\nset yrange [%.6g:%.6g]\n", low / 1.2, high * 1.2);
    else if (low >= 0 && low < 0.6 * high)
        fprintf(d->f, "set yrange [0:%.6g]\n", high + room);
    else
        fprintf(d->f, "set yrange [%.6g:%.6g]\n", low - room, high + room);
}

void weft_page_print_key_title(const weft_page_drawing *d) {
    char title[80];
    weft_plot_name(title, sizeof title, d->block->axes[d->figure->series].key);
    fprintf(d->f, "set key title '%s'\n", title);
}

void weft_page_figure_print(FILE *script, weft_plot_format format, const weft_page_figure *figure,
                            const weft_store_table *table) {
    weft_page_drawing d = {.f = script, .figure = figure, .table = table, .block = figure->block};
    range_of(&d.value, &d, figure->metric, figure->metric != WEFT_METRIC_ERROR);
    if (figure->y >= 0) {
        range_of(&d.across, &d, figure->y, true);
        weft_page_print_against(&d, format);
        return;
    }
    weft_page_print_lines(&d, format);
}
