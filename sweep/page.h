/* weft report: figures and one HTML page from the results of a sweep. */
#ifndef WEFT_SWEEP_PAGE_H
#define WEFT_SWEEP_PAGE_H

#include "sweep/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_page_options {
    const char *folder; /* created; index.html last */
    const char *title;  /* NULL: the experiment's name */
} weft_page_options;

/* FOLDER/index.html (self-contained: tables that can be sorted and filtered, figures inlined, chips and nets, what
 * falls short), figures as .svg and .png (gnuplot, error bands over trials, colours that the colour-blind tell apart),
 * names figure_NN. Without gnuplot: a sentence in the place of each figure, and tell() says so. The page names
 * points.csv, which the caller writes beside it (weft_store_csv). */
weft_status weft_page_write(const weft_store_table *table, const weft_page_options *options,
                            void (*tell)(void *context, const char *text), void *context, weft_error *err);

/* ---- what the page says about a set of points, for tests and for other programs ---- */

/* front [count]: whether no other point is at least as good in all of the metrics and better in one. Points that lack a
 * metric are not on it. metrics: weft_metric numbers with better != 0. */
weft_status weft_pareto(bool *front, const weft_store_table *table, const int *metrics, int metric_count,
                        weft_error *err);
/* How much a metric moves with each axis of a block: for every axis the share of the variance explained by its main
 * effect (first-order Sobol index over the block's points, 0..1) and the largest mean difference of two of its values.
 */
typedef struct weft_sensitivity {
    const char *key;
    double share, range;
    const char *lowest, *highest; /* values */
} weft_sensitivity;

#ifdef __cplusplus
}
#endif
#endif
