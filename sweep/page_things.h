/* Inside the page: the chips and networks of the points, in words. */
#ifndef WEFT_SWEEP_PAGE_THINGS_H
#define WEFT_SWEEP_PAGE_THINGS_H

#include "sweep/page_internal.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A chip or network as the experiment names it. */
typedef struct weft_page_thing {
    const char *name;
    const weft_page_point *first; /* its first point */
    size_t points, unknown;       /* unknown: points of which there is no description */
    size_t *rows, row_count;      /* of its description, each once, in their order */
    bool *has;                    /* [rows of the table] */
} weft_page_thing;
typedef struct weft_page_things {
    const weft_store_table *table;
    weft_description which; /* WEFT_CHIPS or WEFT_NETS */
    weft_page_thing *items; /* in order of appearance */
    int count;
    size_t unknown; /* points, of all */
} weft_page_things;
weft_status weft_page_things_make(weft_page_things *out, const weft_store_table *table, weft_description which,
                                  weft_error *err);
void weft_page_things_free(weft_page_things *things);

/* A value of row `row`; NULL: none. */
const char *weft_page_fact(const weft_page_things *things, size_t row, int column);
/* Different texts in order, as numbers where they are; NULL is one. */
size_t weft_page_different(const char **texts, size_t count);

/* Whole numbers in groups of three digits, others to five digits; other texts as they are. */
void weft_page_value_print(FILE *stream, const char *text);
/* Several different values, in order: all, or of more than `most` the ends or the first ones. none: what to print for
 * NULL. */
void weft_page_values_print(FILE *stream, const char *const *texts, size_t count, size_t most, const char *none);

/* A list, which is read as lines. */
void weft_page_lines_print(FILE *stream, const char *lines, const char *separator);

/* The sections. */
weft_status weft_page_chips(FILE *stream, const weft_store_table *table, weft_error *err);
weft_status weft_page_nets(FILE *stream, const weft_store_table *table, weft_error *err);
/* What is said where the database does not describe all: a paragraph, or nothing. */
void weft_page_unknown(FILE *stream, const weft_page_things *things, const char *what);

#ifdef __cplusplus
}
#endif
#endif
