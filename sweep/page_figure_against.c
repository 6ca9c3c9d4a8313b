/* Figures of one metric against another. */
#include "sweep/page_figure.h"

#include <stdlib.h>

typedef struct spot {
    double x, y;
} spot;

static void print_cloud(const weft_page_drawing *d, int series) {
    const weft_page_figure *f = d->figure;
    fprintf(d->f, "$c%d << END\n", series);
    for (size_t i = 0; i < d->block->count; i++) {
        const weft_page_point *point = &d->table->points[d->block->points[i]];
        if (!weft_page_draws(d, point)) continue;
        if (f->series >= 0 && weft_page_value(&d->block->axes[f->series], point) != series) continue;
        fprintf(d->f, "%.9g %.9g\n", weft_page_metric(point, f->y) * d->across.scale,
                weft_page_metric(point, f->metric) * d->value.scale);
    }
    fputs("END\n", d->f);
}

static int by_x_then_y(const void *a, const void *b) {
    const spot *s = a, *t = b;
    if (s->x < t->x || s->x > t->x) return s->x < t->x ? -1 : 1;
    return (s->y > t->y) - (s->y < t->y);
}

/* The front of the two metrics alone, as steps; both are better when smaller. */
static void print_front(const weft_page_drawing *d) {
    double best = INFINITY;
    size_t count = 0;
    spot *spots = malloc((d->block->count + 1) * sizeof *spots);
    fputs("$front << END\n", d->f);
    for (size_t i = 0; i < d->block->count && spots; i++) {
        const weft_page_point *point = &d->table->points[d->block->points[i]];
        if (weft_page_draws(d, point))
            spots[count++] = (spot){.x = weft_page_metric(point, d->figure->y) * d->across.scale,
                                    .y = weft_page_metric(point, d->figure->metric) * d->value.scale};
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

void weft_page_print_against(const weft_page_drawing *d, weft_plot_format format) {
    const weft_page_figure *f = d->figure;
    const int clouds = f->series >= 0 ? d->block->axes[f->series].value_count : 1;
    char name[80] = "";
    weft_plot_head(d->f, format, f->name, WEFT_PAGE_WIDTH, 400);
    for (int c = 0; c < clouds; c++) print_cloud(d, c);
    print_front(d);
    fprintf(d->f, "set xlabel '%s'\n", d->across.label);
    if (d->across.logarithmic) fputs("set logscale x\n", d->f);
    weft_page_print_y_axis(d);
    if (f->series >= 0) weft_page_print_key_title(d);
    fputs("set key outside right samplen 1.5\n"
          "plot $front using 1:2 with steps lw 1.5 dt 2 lc rgb '#8A9099' title 'Pareto front'",
          d->f);
    for (int c = 0; c < clouds; c++) {
        if (f->series >= 0) weft_plot_name(name, sizeof name, d->block->axes[f->series].values[c]);
        fprintf(d->f, ", $c%d using 1:2 with points pt %d ps %s lc rgb '%s' %s%s%s", c,
                weft_page_marks[c % WEFT_PAGE_STYLES], d->block->count > 10 * WEFT_PAGE_MARKS_MAX ? "0.25" : "0.7",
                weft_page_colours[c % WEFT_PAGE_STYLES], name[0] ? "title '" : "notitle", name, name[0] ? "'" : "");
    }
    fputs("\n", d->f);
}
