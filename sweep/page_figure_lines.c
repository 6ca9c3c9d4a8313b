/* Figures of a metric over an axis. */
#include "sweep/page_figure.h"

#include <stdlib.h>
#include <string.h>

enum { PANEL_HEIGHT = 300, WHOLE_HEIGHT = 380, STRIP_HEIGHT = 60, TICS = 5 };

typedef struct spot {
    double x, y, low, high, bottom, top; /* band of the trials; interval */
} spot;

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
    if (low > 0 && high / low >= WEFT_PAGE_LOG_FROM) {
        const double decades = log10(high / low);
        fprintf(f, "set logscale x\nset format x '%s'\nset xtics %g\n", decades > 3 ? "1e%T" : "%g",
                pow(10, ceil(decades / TICS)));
    } else if (high > low) {
        fprintf(f, "set xtics %g\n", round_step((high - low) / TICS));
    }
}

static int by_x(const void *a, const void *b) {
    const spot *s = a, *t = b;
    return (s->x > t->x) - (s->x < t->x);
}

static spot spot_of(const weft_page_drawing *d, const weft_page_point *point, double x) {
    const double v = weft_page_metric(point, d->figure->metric), scale = d->value.scale;
    const bool error = d->figure->metric == WEFT_METRIC_ERROR;
    const double std = error ? weft_page_metric(point, WEFT_METRIC_ERROR_STD) : NAN;
    const double bottom = error ? weft_page_metric(point, WEFT_METRIC_ERROR_LOW) : NAN,
                 top = error ? weft_page_metric(point, WEFT_METRIC_ERROR_HIGH) : NAN;
    spot s = {.x = x, .y = v * scale, .low = v * scale, .high = v * scale, .bottom = v * scale, .top = v * scale};
    if (!isnan(std)) s.low = (v - std) * scale, s.high = (v + std) * scale;
    if (!isnan(bottom) && !isnan(top)) s.bottom = bottom * scale, s.top = top * scale;
    return s;
}

/* A shift that keeps weft_page_marks of named values apart. */
static double place_of(const weft_page_drawing *d, int value, int series) {
    const weft_page_axis *x = &d->block->axes[d->figure->x];
    if (x->numbers) return x->numbers[value];
    const int lines = d->figure->series >= 0 ? d->block->axes[d->figure->series].value_count : 1;
    return value + (series - 0.5 * (lines - 1)) * 0.6 / lines;
}

/* Points of a line as a data block; how many there are. Without memory: none. */
static size_t print_line(const weft_page_drawing *d, int panel, int series, const char *name) {
    const weft_page_figure *f = d->figure;
    size_t count = 0;
    spot *spots = malloc((d->block->count + 1) * sizeof *spots);
    if (!spots) return 0;
    for (size_t i = 0; i < d->block->count; i++) {
        const weft_page_point *point = &d->table->points[d->block->points[i]];
        if (!weft_page_draws(d, point)) continue;
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

static void print_x_axis(const weft_page_drawing *d) {
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

/* What stands for a line in the key. */
static void print_key_entries(const weft_page_drawing *d, const char *separator) {
    const weft_page_axis *series = &d->block->axes[d->figure->series];
    char title[80];
    for (int s = 0; s < series->value_count; s++) {
        weft_plot_name(title, sizeof title, series->values[s]);
        fprintf(d->f, "%sNaN with linespoints pt %d ps 0.7 lw 2 lc rgb '%s' title '%s'", separator, weft_page_marks[s],
                weft_page_colours[s], title);
        separator = ", ";
    }
}

static void print_panel(const weft_page_drawing *d, int panel, const size_t counts[WEFT_PAGE_STYLES]) {
    const weft_page_figure *f = d->figure;
    const bool numeric = d->block->axes[f->x].numbers != NULL;
    const char *separator = "plot ";
    for (int s = 0; s < WEFT_PAGE_STYLES; s++) {
        if (counts[s] == 0) continue;
        if (numeric && f->metric == WEFT_METRIC_ERROR)
            fprintf(d->f,
                    "%s$p%dl%d using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '%s' notitle",
                    separator, panel, s, weft_page_colours[s]);
        else
            fprintf(d->f, "%sNaN notitle", separator);
        if (counts[s] > WEFT_PAGE_MARKS_MAX) {
            fprintf(d->f, ", $p%dl%d using 1:2 with %s lw 1 lc rgb '%s' notitle", panel, s, numeric ? "lines" : "dots",
                    weft_page_colours[s]);
            separator = ", ";
            continue;
        }
        fprintf(d->f,
                ", $p%dl%d using 1:2:5:6 with yerrorbars pt 7 ps 0.01 lw 1 lc rgb '%s' notitle, $p%dl%d using 1:2 with "
                "%s pt %d ps 0.7 lw 2 lc rgb '%s' notitle",
                panel, s, weft_page_colours[s], panel, s, numeric ? "linespoints" : "points", weft_page_marks[s],
                weft_page_colours[s]);
        separator = ", ";
    }
}

static size_t print_data(const weft_page_drawing *d, int panel, int lines, size_t counts[WEFT_PAGE_STYLES]) {
    char name[40];
    size_t total = 0;
    for (int s = 0; s < lines; s++) {
        snprintf(name, sizeof name, "p%dl%d", panel, s);
        total += counts[s] = print_line(d, panel, s, name);
    }
    return total;
}

/* The key is a strip of its own below the panels. */
static void print_strip(const weft_page_drawing *d, double height) {
    fprintf(
        d->f,
        "unset title\nunset border\nunset tics\nunset xlabel\nunset ylabel\nunset grid\nunset logscale\nset xrange "
        "[0:1]\nset yrange [0:1]\nset lmargin 2\nset rmargin 2\nset origin 0,0\nset size 1,%.4g\nset key center center "
        "horizontal samplen 1.5 width 1\n",
        height);
    weft_page_print_key_title(d);
    print_key_entries(d, "plot ");
    fputs("\n", d->f);
}

static void print_panels(const weft_page_drawing *d, int panels, int rows, double strip,
                         size_t (*counts)[WEFT_PAGE_STYLES]) {
    const weft_page_axis *axis = &d->block->axes[d->figure->panel];
    const double height = (1 - strip) / rows;
    char name[40], value[40];
    for (int p = 0; p < panels; p++) {
        size_t total = 0;
        for (int s = 0; s < WEFT_PAGE_STYLES; s++) total += counts[p][s];
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

void weft_page_print_lines(const weft_page_drawing *d, weft_plot_format format) {
    const weft_page_figure *f = d->figure;
    const int lines = f->series >= 0 ? d->block->axes[f->series].value_count : 1;
    const int panels = f->panel >= 0 ? d->block->axes[f->panel].value_count : 1;
    const int rows = (panels + 1) / 2, strip = f->panel >= 0 && f->series >= 0 ? STRIP_HEIGHT : 0;
    const int height = f->panel >= 0 ? rows * PANEL_HEIGHT + strip : WHOLE_HEIGHT;
    size_t counts[WEFT_PAGE_STYLES][WEFT_PAGE_STYLES] = {{0}};
    weft_plot_head(d->f, format, f->name, WEFT_PAGE_WIDTH, height);
    for (int p = 0; p < panels; p++) print_data(d, p, lines, counts[p]);
    print_x_axis(d);
    weft_page_print_y_axis(d);
    if (f->panel >= 0) {
        fputs("set multiplot\n", d->f);
        print_panels(d, panels, rows, (double)strip / height, counts);
        fputs("unset multiplot\n", d->f);
        return;
    }
    if (f->series >= 0) {
        fputs("set key outside right samplen 1.5\n", d->f);
        weft_page_print_key_title(d);
    }
    print_panel(d, 0, counts[0]);
    if (f->series >= 0) print_key_entries(d, ", ");
    fputs("\n", d->f);
}
