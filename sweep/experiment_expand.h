/* Inside the making of points: the block at hand, the point in the making. */
#ifndef WEFT_SWEEP_EXPERIMENT_EXPAND_H
#define WEFT_SWEEP_EXPERIMENT_EXPAND_H

#include "sweep/experiment_internal.h"

/* A point in the making. */
typedef struct weft_draft {
    weft_point point;
    const weft_setting *net, *chip, *dataset, *trace, *spikes; /* NULL: not given */
    const weft_setting **by_key;                               /* [key_count] chip keys that are set, else NULL */
    size_t *order;                                             /* [key_count] of those */
    weft_chip_setting *chip_settings;                          /* [key_count] */
} weft_draft;

typedef struct weft_block {
    const weft_file_block *file;
    const weft_yaml_node *node;
    const char *name;
    weft_dimensions dimensions;
    weft_settings_list set;
    weft_conditions only, exclude;
    size_t *digits; /* [dimensions.count] */
    size_t first, candidates;
    size_t *table, places; /* of points of the block: number + 1, 0: free */
} weft_block;

typedef struct weft_expander {
    weft_loader *loader;
    weft_point_settings defaults;
    weft_settings_list top;
    bool *top_used;
    weft_draft draft;
    weft_block block;
    size_t room; /* of the experiment's points */
} weft_expander;

/* The point at the block's digits, from defaults, top, block and positions. */
void weft_draft_compose(weft_expander *x);
/* Whether the block's conditions keep it. */
bool weft_draft_stays(weft_expander *x);
/* Its axes; MEMORY. */
weft_status weft_draft_axes(weft_expander *x);
/* That it has all that its kind needs and nothing that it does not use; finds its chip with settings. */
weft_status weft_draft_check(weft_expander *x);

#endif
