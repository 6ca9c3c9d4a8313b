/* Shared by core/nir_*.c and core/snn_*.c. */
#ifndef WEFT_CORE_NIR_INTERNAL_H
#define WEFT_CORE_NIR_INTERNAL_H

#include "core/nir.h"

enum { WEFT_NIR_PARAMETERS_MAX = 7 };

/* What a parameter has to be. */
typedef enum weft_nir_rule {
    WEFT_NIR_RULE_MATRIX,    /* 2 dimensions or more */
    WEFT_NIR_RULE_KERNEL1,   /* 3 */
    WEFT_NIR_RULE_KERNEL2,   /* 4 */
    WEFT_NIR_RULE_BIAS,      /* as many as weight gives out */
    WEFT_NIR_RULE_NEURON,    /* any shape, one for all such of the node; a single value fits any */
    WEFT_NIR_RULE_TAU,       /* the same, above 0 */
    WEFT_NIR_RULE_DELAY,     /* the same, 0 or more */
    WEFT_NIR_RULE_SHAPE,     /* 1 to 8 whole numbers above 0 */
    WEFT_NIR_RULE_PAIR,      /* 1 or 2 whole numbers above 0 */
    WEFT_NIR_RULE_PADDING,   /* 1 or 2 whole numbers, 0 or more */
    WEFT_NIR_RULE_PADDING_T, /* that or a text, "same" or "valid" */
    WEFT_NIR_RULE_COUNT,     /* a whole number above 0 */
    WEFT_NIR_RULE_DIMENSION  /* a whole number from -8 to 7 */
} weft_nir_rule;

typedef struct weft_nir_parameter {
    const char *name;
    weft_nir_rule rule;
    bool optional;
} weft_nir_parameter;
/* [type][...], ended by a name of NULL */
extern const weft_nir_parameter weft_nir_parameters[WEFT_NIR_TYPE_COUNT][WEFT_NIR_PARAMETERS_MAX + 1];

int weft_nir_parameter_count(weft_nir_type type);
/* Index of a parameter of the type or -1. */
int weft_nir_parameter_find(weft_nir_type type, const char *name);
/* Room for the values of a parameter; checks the limits. err is filled without a place. */
weft_status weft_nir_value_room(weft_nir_value **out, weft_nir *nir, weft_nir_node *node, int parameter,
                                const weft_nir_shape *shape, weft_error *err);
/* Appends, checking WEFT_NIR_EDGES_MAX. */
weft_status weft_nir_link(weft_nir *nir, weft_nir_graph *graph, int from, int to, weft_error *err);

/* A place in a file: "/node/nodes/a/nodes/b". Too long ones are cut. */
typedef struct weft_nir_path {
    char text[512];
} weft_nir_path;
weft_nir_path weft_nir_path_child(const weft_nir_path *path, const char *name);

/* Edges by one of their ends: of node n, items[first[n]] .. items[first[n + 1] - 1] are the other ends, in the order of
 * the edges. */
typedef struct weft_nir_links {
    int *first; /* [node_count + 1] */
    int *items;
} weft_nir_links;
weft_status weft_nir_links_create(weft_nir_links *out, const weft_nir_graph *graph, bool by_source, weft_error *err);
void weft_nir_links_free(weft_nir_links *links); /* a zeroed one is allowed */

/* Number or numbers of a parameter as whole ones; a missing second is the first, a missing parameter `missing`. */
void weft_nir_pair(int out[2], const weft_nir_node *node, const char *name, int missing);
/* Zeros before and after an axis of a window. axis 0 is y, 1 is x; of a Conv1d only 1. */
typedef struct weft_nir_window {
    int kernel[2], stride[2], dilation[2], before[2], after[2];
    int groups;
} weft_nir_window;
/* Of a Conv1d, Conv2d, SumPool2d or AvgPool2d. */
weft_nir_window weft_nir_window_of(const weft_nir_node *node);

#endif
