/* The walk over the network's graph; lowering*.c only. */
#ifndef WEFT_CORE_LOWERING_INTERNAL_H
#define WEFT_CORE_LOWERING_INTERNAL_H

#include "core/arena.h"
#include "core/lowering.h"

/* A layer's output, or the network's input, as the chip has it. */
typedef struct weft_lowered {
    weft_shape map;  /* a flatten does not change it */
    bool flat;       /* a flatten came after the map */
    int open;        /* stage that makes it and can go on with it; -1: none */
    weft_window pad; /* zeros around it that the windows of all its users take in; only pad_* */
    int source_count;
    const weft_source *sources; /* in the walk's arena */
    const int *ready;           /* [map.height] row of the network's input that a row waits for, in the arena */
    int depth;                  /* stages behind each other up to here */
} weft_lowered;

typedef struct weft_lowering {
    const weft_network *net;
    bool with_weights;
    weft_stages *stages;
    weft_arena *arena;
    int *users;           /* [1 + layer] uses by layers that the output depends on; the last layer's: 0 */
    bool *live;           /* [1 + layer] the output depends on it */
    weft_lowered *values; /* [1 + layer], the network's input first */
    weft_error *err;
} weft_lowering;

/* lowering.c */
weft_status weft_lowering_refuse(const weft_lowering *l, const weft_layer *layer, const char *why);
weft_status weft_lowering_no_memory(const weft_lowering *l, const weft_layer *layer);
static inline weft_lowered *weft_lowering_value(const weft_lowering *l, int layer) { return &l->values[1 + layer]; }
/* True when one "channel" of the value is not one channel of its map. */
static inline bool weft_lowered_scattered(const weft_lowered *value) {
    return value->flat && (value->map.height != 1 || value->map.width != 1);
}

/* lowering_graph.c */

/* Fills live and users, and the value of the network's input. */
weft_status weft_lowering_begin(weft_lowering *l);
/* The output of layer `index` is that of its input, which may go on where this is the only use. */
void weft_lowering_alias(weft_lowering *l, int index, const weft_lowered *of);
/* The output of layer `index` is what the stage makes so far; from: what its last layer read. */
weft_status weft_lowering_continue(weft_lowering *l, int index, int stage, const weft_lowered *from);
/* value->ready of a map of that height behind a window, the layer of it for the message. */
weft_status weft_lowering_window_ready(weft_lowering *l, int index, const weft_lowered *from, int height,
                                       const weft_window *window);
/* Channels of a, then those of b. */
weft_status weft_lowering_concat(weft_lowering *l, int index);
/* Largest of both, row by row; NULL when memory is out. */
const int *weft_lowering_both_ready(weft_lowering *l, const weft_lowered *a, const weft_lowered *b);
/* Where all users of PAD `index` have windows that can take the zeros in. */
bool weft_lowering_pad_merges(const weft_lowering *l, int index);
/* Stages into topological order, and range_of. */
weft_status weft_lowering_finish(weft_lowering *l);

/* lowering_lag.c: fills the ports' lag. */
weft_status weft_lowering_find_lags(weft_lowering *l);

/* lowering_stage.c */

/* A new digital stage that reads the value. *stage: its index. */
weft_status weft_lowering_start_digital(weft_lowering *l, int index, const weft_lowered *value, int *stage);
/* Lower a layer and set its value. */
weft_status weft_lower_matrix(weft_lowering *l, int index);
weft_status weft_lower_add(weft_lowering *l, int index);

/* lowering_digital.c */

/* NULL when memory is out. */
weft_digital_op *weft_lowering_append_op(weft_stage *stage, weft_digital_kind kind);
/* y = scale * x + offset; NULL scale: 1. */
weft_status weft_lowering_append_affine(weft_lowering *l, const weft_layer *layer, weft_stage *stage,
                                        const float *scale, const float *offset);
weft_status weft_lower_digital(weft_lowering *l, int index);

#endif
