/* Figures as gnuplot scripts with their data inside. Colours and marks: Okabe and Ito's set, and a mark of its own for
 * each line, so that neither colour alone nor a colour print is needed. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/page_internal.h"

enum { WIDTH = 760, PANEL_HEIGHT = 300, WHOLE_HEIGHT = 380, STRIP_HEIGHT = 60, STYLES = 8, TICS = 5 };
enum {
    MARKS_MAX = 300
}; /* of a line: beyond, it is drawn without them, and a cloud with dots: the page must stay small */
#define LOG_FROM 100.0 /* largest over smallest, from where an axis is logarithmic */

static const char *const colours[STYLES] = {WEFT_PLOT_BLUE, WEFT_PLOT_ORANGE, WEFT_PLOT_GREEN, "#D55E00",
                                            "#CC79A7",      "#56B4E9",        "#20242A",       "#8A9099"};
static const int marks[STYLES] = {7, 5, 9, 13, 11, 6, 4, 8};

/* A metric's unit as the figure shows it: "energy (uJ)". */
typedef struct shown {
    double scale;
    char label[120];
    bool logarithmic;
    double low, high; /* scaled, of all points drawn */
} shown;

typedef struct drawing {
    FILE *f;
    const weft_page_figure *figure;
    const weft_store_table *table;
    const weft_page_block *block;
    shown value, across; /* across: of the second metric of a Pareto figure */
} drawing;

static double metric_of(const weft_page_point *point, int metric) { return point->metrics.v[metric]; }

/* ---- scales ---- */

static void scale_of(shown *out, int metric, double largest) {
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

static bool is_in(const drawing *d, const weft_page_point *point) {
    const weft_page_figure *f = d->figure;
    for (int a = 0; a < d->block->axis_count; a++)
        if (f->fixed[a] >= 0 && weft_page_value(&d->block->axes[a], point) != f->fixed[a]) return false;
    return !isnan(metric_of(point, f->metric)) && (f->y < 0 || !isnan(metric_of(point, f->y)));
}

static void range_of(shown *out, const drawing *d, int metric, bool may_be_log) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < d->block->count; i++) {
        const weft_page_point *point = &d->table->points[d->block->points[i]];
        if (!is_in(d, point)) continue;
        low = fmin(low, metric_of(point, metric));
        high = fmax(high, metric_of(point, metric));
        if (metric != WEFT_METRIC_ERROR || d->figure->y >= 0) continue;
        low = fmin(low, metric_of(point, WEFT_METRIC_ERROR_LOW)); /* fmin and fmax pass NaN over */
        high = fmax(high, metric_of(point, WEFT_METRIC_ERROR_HIGH));
    }
    scale_of(out, metric, fmax(fabs(low), fabs(high)));
    out->low = low * out->scale;
    out->high = high * out->scale;
    out->logarithmic = may_be_log && low > 0 && high / low >= LOG_FROM;
}

/* The smallest of 1, 2, 5, 10, 20 ... times a power of ten that is not below. */
static double round_step(double least) {
    const double power = pow(10, floor(log10(least)));
    for (int i = 0; i < 3; i++)
        if (least <= (double[]){1, 2, 5}[i] * power * (1 + 1e-9)) return (double[]){1, 2, 5}[i] * power;
    return 10 * power;
}

/* Tics apart enough for their numbers to stand side by side in half of a figure's width. */
static void print_x_tics(FILE *f, const weft_page_axis *axis) {
    double low = INFINITY, high = -INFINITY;
    for (int v = 0; v < axis->value_count; v++) {
        low = fmin(low, axis->numbers[v]);
        high = fmax(high, axis->numbers[v]);
    }
    if (low > 0 && high / low >= LOG_FROM) {
        const double decades = log10(high / low);
        fprintf(f, "set logscale x\nset format x '%s'\nset xtics %g\n", decades > 3 ? "1e%T" : "%g",
                pow(10, ceil(decades / TICS)));
    } else if (high > low) {
        fprintf(f, "set xtics %g\n", round_step((high - low) / TICS));
    }
}

/* ---- data ---- */

typedef struct spot {
    double x, y, low, high, bottom, top; /* band of the trials; interval */
} spot;

static int by_x(const void *a, const void *b) {
    const spot *s = a, *t = b;
    return (s->x > t->x) - (s->x < t->x);
}

static spot spot_of(const drawing *d, const weft_page_point *point, double x) {
    const double v = metric_of(point, d->figure->metric), scale = d->value.scale;
    const bool error = d->figure->metric == WEFT_METRIC_ERROR;
    const double std = error ? metric_of(point, WEFT_METRIC_ERROR_STD) : NAN;
    const double bottom = error ? metric_of(point, WEFT_METRIC_ERROR_LOW) : NAN,
                 top = error ? metric_of(point, WEFT_METRIC_ERROR_HIGH) : NAN;
    spot s = {.x = x, .y = v * scale, .low = v * scale, .high = v * scale, .bottom = v * scale, .top = v * scale};
    if (!isnan(std)) s.low = (v - std) * scale, s.high = (v + std) * scale;
    if (!isnan(bottom) && !isnan(top)) s.bottom = bottom * scale, s.top = top * scale;
    return s;
}

/* A shift that keeps marks of named values apart. */
static double place_of(const drawing *d, int value, int series) {
    const weft_page_axis *x = &d->block->axes[d->figure->x];
    if (x->numbers) return x->numbers[value];
    const int lines = d->figure->series >= 0 ? d->block->axes[d->figure->series].value_count : 1;
    return value + (series - 0.5 * (lines - 1)) * 0.6 / lines;
}

/* Points of a line as a data block; how many there are. Without memory: none. */
static size_t print_line(const drawing *d, int panel, int series, const char *name) {
    const weft_page_figure *f = d->figure;
    size_t count = 0;
    spot *spots = malloc((d->block->count + 1) * sizeof *spots);
    if (!spots) return 0;
    for (size_t i = 0; i < d->block->count; i++) {
        const weft_page_point *point = &d->table->points[d->block->points[i]];
        if (!is_in(d, point)) continue;
        if (f->series >= 0 && weft_page_value(&d->block->axes[f->series], point) != series) continue;
        if (f->panel >= 0 && weft_page_value(&d->block->axes[f->panel], point) != panel) continue;
        const int value = weft_page_value(&d->block->axes[f->x], point);
        if (value >= 0) spots[count++] = spot_of(d, point, place_of(d, value, series));
    }
    qsort(spots, count, sizeof *spots, by_x);
    fprintf(d->f, "$%s << END\n", name);
    for (size_t i = 0; i < count; i++)
        fprintf(d->f, "%.9g %.9g %.9g %.9g %.9g %.9g\n", spots[i].x, spots[i].y, spots[i].low, spots[i].high,
                spots[i].bottom, spots[i].top);
    fputs("END\n", d->f);
    free(spots);
    return count;
}

/* ---- lines over an axis ---- */

static void print_x_axis(const drawing *d) {
    const weft_page_axis *x = &d->block->axes[d->figure->x];
    char name[160], part[64];
    weft_plot_name(name, sizeof name, x->key);
    if (x->numbers && x->prefix[0]) {
        weft_plot_name(part, sizeof part, x->prefix);
        part[strlen(part) - 1] = 0; /* the "=" */
        fprintf(d->f, "set xlabel '%s: %s'\n", name, part);
    } else {
        fprintf(d->f, "set xlabel '%s'\n", name);
    }
    if (x->numbers) {
        print_x_tics(d->f, x);
        return;
    }
    fprintf(d->f, "set xrange [-0.6:%d.6]\nset xtics (", x->value_count - 1);
    for (int v = 0; v < x->value_count; v++) {
        weft_plot_name(name, 25, x->values[v]);
        fprintf(d->f, "%s'%s' %d", v ? ", " : "", name, v);
    }
    fprintf(d->f, ")%s\n", x->value_count > 5 ? " rotate by 30 right" : "");
}

static void print_y_axis(const drawing *d) {
    fprintf(d->f, "set ylabel '%s'\n", d->value.label);
    const double low = d->value.low, high = d->value.high, room = 0.06 * (high - low);
    if (d->value.logarithmic)
        fprintf(d->f, "set logscale y\nset yrange [%.6g:%.6g]\n", low / 1.2, high * 1.2);
    else if (low >= 0 && low < 0.6 * high)
        fprintf(d->f, "set yrange [0:%.6g]\n", high + room);
    else
        fprintf(d->f, "set yrange [%.6g:%.6g]\n", low - room, high + room);
}

static void print_key_title(const drawing *d) {
    char title[80];
    weft_plot_name(title, sizeof title, d->block->axes[d->figure->series].key);
    fprintf(d->f, "set key title '%s'\n", title);
}

/* What stands for a line in the key. */
static void print_key_entries(const drawing *d, const char *separator) {
    const weft_page_axis *series = &d->block->axes[d->figure->series];
    char title[80];
    for (int s = 0; s < series->value_count; s++) {
        weft_plot_name(title, sizeof title, series->values[s]);
        fprintf(d->f, "%sNaN with linespoints pt %d ps 0.7 lw 2 lc rgb '%s' title '%s'", separator, marks[s],
                colours[s], title);
        separator = ", ";
    }
}

static void print_panel(const drawing *d, int panel, const size_t counts[STYLES]) {
    const weft_page_figure *f = d->figure;
    const bool numeric = d->block->axes[f->x].numbers != NULL;
    const char *separator = "plot ";
    for (int s = 0; s < STYLES; s++) {
        if (counts[s] == 0) continue;
        if (numeric && f->metric == WEFT_METRIC_ERROR)
            fprintf(d->f,
                    "%s$p%dl%d using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '%s' notitle",
                    separator, panel, s, colours[s]);
        else
            fprintf(d->f, "%sNaN notitle", separator);
        if (counts[s] > MARKS_MAX) {
            fprintf(d->f, ", $p%dl%d using 1:2 with %s lw 1 lc rgb '%s' notitle", panel, s, numeric ? "lines" : "dots",
                    colours[s]);
            separator = ", ";
            continue;
        }
        fprintf(d->f,
                ", $p%dl%d using 1:2:5:6 with yerrorbars pt 7 ps 0.01 lw 1 lc rgb '%s' notitle, $p%dl%d using 1:2 with "
                "%s pt %d ps 0.7 lw 2 lc rgb '%s' notitle",
                panel, s, colours[s], panel, s, numeric ? "linespoints" : "points", marks[s], colours[s]);
        separator = ", ";
    }
}

static size_t print_data(const drawing *d, int panel, int lines, size_t counts[STYLES]) {
    char name[40];
    size_t total = 0;
    for (int s = 0; s < lines; s++) {
        snprintf(name, sizeof name, "p%dl%d", panel, s);
        total += counts[s] = print_line(d, panel, s, name);
    }
    return total;
}

/* The key is a strip of its own below the panels. */
static void print_strip(const drawing *d, double height) {
    fprintf(
        d->f,
        "unset title\nunset border\nunset tics\nunset xlabel\nunset ylabel\nunset grid\nunset logscale\nset xrange "
        "[0:1]\nset yrange [0:1]\nset lmargin 2\nset rmargin 2\nset origin 0,0\nset size 1,%.4g\nset key center center "
        "horizontal samplen 1.5 width 1\n",
        height);
    print_key_title(d);
    print_key_entries(d, "plot ");
    fputs("\n", d->f);
}

static void print_panels(const drawing *d, int panels, int rows, double strip, size_t (*counts)[STYLES]) {
    const weft_page_axis *axis = &d->block->axes[d->figure->panel];
    const double height = (1 - strip) / rows;
    char name[40], value[40];
    for (int p = 0; p < panels; p++) {
        size_t total = 0;
        for (int s = 0; s < STYLES; s++) total += counts[p][s];
        if (total == 0) continue;
        weft_plot_name(name, sizeof name, axis->key);
        weft_plot_name(value, sizeof value, axis->values[p]);
        fprintf(d->f, "set title '%s: %s'\nset origin %.4g,%.4g\nset size 0.5,%.4g\n", name, value, p % 2 ? 0.5 : 0.0,
                1 - (p / 2 + 1) * height, height);
        print_panel(d, p, counts[p]);
        fputs("\n", d->f);
    }
    if (d->figure->series >= 0) print_strip(d, strip);
}

static void print_lines(const drawing *d, weft_plot_format format) {
    const weft_page_figure *f = d->figure;
    const int lines = f->series >= 0 ? d->block->axes[f->series].value_count : 1;
    const int panels = f->panel >= 0 ? d->block->axes[f->panel].value_count : 1;
    const int rows = (panels + 1) / 2, strip = f->panel >= 0 && f->series >= 0 ? STRIP_HEIGHT : 0;
    const int height = f->panel >= 0 ? rows * PANEL_HEIGHT + strip : WHOLE_HEIGHT;
    size_t counts[STYLES][STYLES] = {{0}};
    weft_plot_head(d->f, format, f->name, WIDTH, height);
    for (int p = 0; p < panels; p++) print_data(d, p, lines, counts[p]);
    print_x_axis(d);
    print_y_axis(d);
    if (f->panel >= 0) {
        fputs("set multiplot\n", d->f);
        print_panels(d, panels, rows, (double)strip / height, counts);
        fputs("unset multiplot\n", d->f);
        return;
    }
    if (f->series >= 0) {
        fputs("set key outside right samplen 1.5\n", d->f);
        print_key_title(d);
    }
    print_panel(d, 0, counts[0]);
    if (f->series >= 0) print_key_entries(d, ", ");
    fputs("\n", d->f);
}

/* ---- one metric against another ---- */

static void print_cloud(const drawing *d, int series) {
    const weft_page_figure *f = d->figure;
    fprintf(d->f, "$c%d << END\n", series);
    for (size_t i = 0; i < d->block->count; i++) {
        const weft_page_point *point = &d->table->points[d->block->points[i]];
        if (!is_in(d, point)) continue;
        if (f->series >= 0 && weft_page_value(&d->block->axes[f->series], point) != series) continue;
        fprintf(d->f, "%.9g %.9g\n", metric_of(point, f->y) * d->across.scale,
                metric_of(point, f->metric) * d->value.scale);
    }
    fputs("END\n", d->f);
}

static int by_x_then_y(const void *a, const void *b) {
    const spot *s = a, *t = b;
    if (s->x < t->x || s->x > t->x) return s->x < t->x ? -1 : 1;
    return (s->y > t->y) - (s->y < t->y);
}

/* The front of the two metrics alone, as steps; both are better when smaller. */
static void print_front(const drawing *d) {
    double best = INFINITY;
    size_t count = 0;
    spot *spots = malloc((d->block->count + 1) * sizeof *spots);
    fputs("$front << END\n", d->f);
    for (size_t i = 0; i < d->block->count && spots; i++) {
        const weft_page_point *point = &d->table->points[d->block->points[i]];
        if (is_in(d, point))
            spots[count++] = (spot){.x = metric_of(point, d->figure->y) * d->across.scale,
                                    .y = metric_of(point, d->figure->metric) * d->value.scale};
    }
    if (spots) qsort(spots, count, sizeof *spots, by_x_then_y);
    for (size_t i = 0; i < count; i++) {
        if (spots[i].y >= best) continue;
        best = spots[i].y;
        fprintf(d->f, "%.9g %.9g\n", spots[i].x, spots[i].y);
    }
    fputs("END\n", d->f);
    free(spots);
}

static void print_against(drawing *d, weft_plot_format format) {
    const weft_page_figure *f = d->figure;
    const int clouds = f->series >= 0 ? d->block->axes[f->series].value_count : 1;
    char name[80] = "";
    weft_plot_head(d->f, format, f->name, WIDTH, 400);
    for (int c = 0; c < clouds; c++) print_cloud(d, c);
    print_front(d);
    fprintf(d->f, "set xlabel '%s'\n", d->across.label);
    if (d->across.logarithmic) fputs("set logscale x\n", d->f);
    print_y_axis(d);
    fputs("set key outside right samplen 1.5\n"
          "plot $front using 1:2 with steps lw 1.5 dt 2 lc rgb '#8A9099' title 'Pareto front'",
          d->f);
    for (int c = 0; c < clouds; c++) {
        if (f->series >= 0) weft_plot_name(name, sizeof name, d->block->axes[f->series].values[c]);
        fprintf(d->f, ", $c%d using 1:2 with points pt %d ps %s lc rgb '%s' %s%s%s", c, marks[c % STYLES],
                d->block->count > 10 * MARKS_MAX ? "0.25" : "0.7", colours[c % STYLES], name[0] ? "title '" : "notitle",
                name, name[0] ? "'" : "");
    }
    fputs("\n", d->f);
}

void weft_page_figure_print(FILE *script, weft_plot_format format, const weft_page_figure *figure,
                            const weft_store_table *table) {
    drawing d = {.f = script, .figure = figure, .table = table, .block = figure->block};
    range_of(&d.value, &d, figure->metric, figure->metric != WEFT_METRIC_ERROR);
    if (figure->y >= 0) {
        range_of(&d.across, &d, figure->y, true);
        print_against(&d, format);
        return;
    }
    print_lines(&d, format);
}
