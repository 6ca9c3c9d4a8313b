/* Inside page_figure*.c: figures as gnuplot scripts with their data inside. Colours and marks: Okabe and Ito's set, and
 * a mark of its own for each line, so that neither colour alone nor a colour print is needed. */
#ifndef WEFT_SWEEP_PAGE_FIGURE_H
#define WEFT_SWEEP_PAGE_FIGURE_H

#include <math.h>

#include "sweep/page_internal.h"

enum { WEFT_PAGE_WIDTH = 760, WEFT_PAGE_STYLES = 8 };
/* Points of a line: beyond, it is drawn without marks, and a cloud with dots: the page must stay small. */
enum { WEFT_PAGE_MARKS_MAX = 300 };
#define WEFT_PAGE_LOG_FROM 100.0 /* largest over smallest, from where an axis is logarithmic */

extern const char *const weft_page_colours[WEFT_PAGE_STYLES];
extern const int weft_page_marks[WEFT_PAGE_STYLES];

/* A metric's unit as the figure shows it: "energy (uJ)". */
typedef struct weft_page_shown {
    double scale;
    char label[120];
    bool logarithmic;
    double low, high; /* scaled, of all points drawn */
} weft_page_shown;

typedef struct weft_page_drawing {
    FILE *f;
    const weft_page_figure *figure;
    const weft_store_table *table;
    const weft_page_block *block;
    weft_page_shown value, across; /* across: of the second metric of a Pareto figure */
} weft_page_drawing;

static inline double weft_page_metric(const weft_page_point *point, int metric) { return point->metrics.v[metric]; }

/* Whether the figure has the point. */
bool weft_page_draws(const weft_page_drawing *d, const weft_page_point *point);
/* The axis of the value: label, range. */
void weft_page_print_y_axis(const weft_page_drawing *d);
/* Titled with the key of the series, which the figure has. */
void weft_page_print_key_title(const weft_page_drawing *d);
/* A metric over an axis of the block, a line each of the series, in panels. */
void weft_page_print_lines(const weft_page_drawing *d, weft_plot_format format);
/* One metric against another, with their Pareto front. */
void weft_page_print_against(const weft_page_drawing *d, weft_plot_format format);

#endif
