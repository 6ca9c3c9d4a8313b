/* Inside the page. */
#ifndef WEFT_SWEEP_PAGE_INTERNAL_H
#define WEFT_SWEEP_PAGE_INTERNAL_H

#include "core/plot.h"
#include "sweep/page.h"

typedef weft_store_point weft_page_point;

/* One axis of a block and its values in order of appearance; number [value_count] where the axis is numeric. */
typedef struct weft_page_axis {
    const char *key;
    const char **values;
    double *numbers; /* NULL: names. Values that differ in one number only count as that number */
    int value_count;
    char prefix[128], suffix[64]; /* what stands around the number: "multnorm:sigma=" */
} weft_page_axis;

/* A block of the experiment: which of its points there are. */
typedef struct weft_page_block {
    const char *name;
    size_t *points; /* [count] rows of the table that are done */
    size_t count;
    weft_page_axis *axes; /* [axis_count] those with more than one value */
    int axis_count;
} weft_page_block;
typedef struct weft_page_blocks {
    weft_page_block *items; /* in order of appearance */
    int count;
} weft_page_blocks;
weft_status weft_page_blocks_make(weft_page_blocks *out, const weft_store_table *table, weft_error *err);
void weft_page_blocks_free(weft_page_blocks *blocks);
/* Index of the point's value on the axis; -1: it has none. */
int weft_page_value(const weft_page_axis *axis, const weft_page_point *point);

/* A figure: a metric over an axis, a line for each value of the series axis, a panel for each value of the panel axis.
 */
typedef struct weft_page_figure {
    const weft_page_block *block;
    int metric, y;        /* y: -1, or the second metric of a Pareto figure (metric over y) */
    int x, series, panel; /* axes of the block; -1: none */
    int *fixed;           /* [axis_count] value of every other axis, -1 free */
    char name[128], title[256], caption[512];
    char *svg; /* drawn, malloc'd; NULL: gnuplot is missing */
} weft_page_figure;
typedef struct weft_page_figures {
    weft_page_figure *items;
    int count, left_out; /* left_out: would be there with more room */
} weft_page_figures;
weft_status weft_page_figures_choose(weft_page_figures *out, const weft_store_table *table,
                                     const weft_page_blocks *blocks, weft_error *err);
void weft_page_figures_free(weft_page_figures *figures);
/* The gnuplot script. */
void weft_page_figure_print(FILE *script, weft_plot_format format, const weft_page_figure *figure,
                            const weft_store_table *table);

/* [axis_count of the block], the largest share first; malloc'd. */
weft_status weft_page_sensitivities(weft_sensitivity **out, const weft_store_table *table, const weft_page_block *block,
                                    int metric, weft_error *err);

/* The HTML; MEMORY. */
weft_status weft_page_html(FILE *stream, const weft_store_table *table, const weft_page_blocks *blocks,
                           const weft_page_figures *figures, const bool *front, const int *metrics, int metric_count,
                           const char *title, weft_error *err);
/* All points as JSON, in a script element. front [count]. */
void weft_page_data(FILE *stream, const weft_store_table *table, const bool *front);
extern const char *const weft_page_script; /* JavaScript of the table */

/* Metrics that some point of the block has, with more than one value: worth a figure. */
bool weft_page_varies(const weft_store_table *table, const weft_page_block *block, int metric);

#endif
