/* Shapes of what goes along the edges: from the parameters where they tell, else from what comes in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nir_internal.h"

void weft_nir_pair(int out[2], const weft_nir_node *node, const char *name, int missing) {
    const weft_nir_value *value = weft_nir_get(node, name);
    out[0] = out[1] = missing;
    if (!value || !value->values) return;
    out[0] = (int)value->values[0];
    out[1] = (int)value->values[value->count > 1 ? 1 : 0];
}

weft_nir_window weft_nir_window_of(const weft_nir_node *node) {
    const weft_nir_value *weight = weft_nir_get(node, "weight"), *padding = weft_nir_get(node, "padding");
    weft_nir_window w = {.groups = 1};
    int groups[2];
    weft_nir_pair(w.kernel, node, "kernel_size", 1);
    weft_nir_pair(w.stride, node, "stride", 1);
    weft_nir_pair(w.dilation, node, "dilation", 1);
    weft_nir_pair(w.before, node, "padding", 0);
    weft_nir_pair(groups, node, "groups", 1);
    w.groups = groups[0];
    if (weight) {
        w.kernel[0] = node->type == WEFT_NIR_CONV2D ? weight->shape.size[2] : 1;
        w.kernel[1] = weight->shape.size[weight->shape.rank - 1];
    }
    for (int axis = 0; axis < 2; axis++) {
        int extra = w.dilation[axis] * (w.kernel[axis] - 1);
        bool same = padding && padding->text && !strcmp(padding->text, "same");
        if (same) w.before[axis] = extra / 2;
        w.after[axis] = same ? extra - extra / 2 : w.before[axis];
    }
    if (node->type == WEFT_NIR_CONV1D) w.stride[0] = w.dilation[0] = 1, w.before[0] = w.after[0] = 0;
    return w;
}

typedef struct finder {
    const weft_nir_graph *graph;
    const char *file;
    weft_error *err;
    weft_nir_shapes *shapes;
    char *known; /* [node_count] */
    int *queue;  /* nodes whose shapes are known and have not been passed on */
    int head, tail;
} finder;

static weft_status fail(const finder *f, const weft_nir_node *node, const char *what) {
    return weft_error_set_at(f->err, WEFT_E_INVALID, f->file, 0, 0, "%s: %s", node->name, what);
}

/* Without dimensions of 1. */
static weft_nir_shape squeezed(const weft_nir_shape *shape) {
    weft_nir_shape out = {0};
    for (int i = 0; i < shape->rank; i++)
        if (shape->size[i] != 1) out.size[out.rank++] = shape->size[i];
    return out;
}

static bool agree(const weft_nir_shape *a, const weft_nir_shape *b) {
    weft_nir_shape x = squeezed(a), y = squeezed(b);
    return x.rank == y.rank && !memcmp(x.size, y.size, sizeof x.size);
}

static weft_nir_shape listed(const weft_nir_value *value) {
    weft_nir_shape out = {.rank = (int)value->count};
    for (size_t i = 0; i < value->count; i++) out.size[i] = (int)value->values[i];
    return out;
}

/* ---- from a node and, where it is known, what comes in. Each sets in and out and returns whether it could ---- */

static weft_nir_shape matrix_side(const weft_nir_value *weight, bool out) {
    weft_nir_shape shape = weight->shape;
    shape.rank--;
    if (!out) shape.size[shape.rank - 1] = weight->shape.size[shape.rank];
    shape.size[shape.rank] = 0;
    return shape;
}

/* The shape of the parameters, or where each is a single value, of what comes in. */
static bool elementwise(const weft_nir_node *node, const weft_nir_shape *given, bool last, weft_nir_shape *in) {
    const weft_nir_value *single = NULL;
    for (int i = 0; i < node->value_count; i++) {
        const weft_nir_value *value = &node->values[i];
        if (!value->name) continue;
        if (value->count > 1) return *in = value->shape, true;
        single = value;
    }
    if (given) return *in = *given, true;
    if (last && single) *in = single->shape;
    return last;
}

static weft_status axes_of(const finder *f, const weft_nir_node *node, const weft_nir_shape *in, weft_nir_shape *out) {
    const weft_nir_window w = weft_nir_window_of(node);
    const int first = node->type == WEFT_NIR_CONV1D ? 1 : 0;
    for (int axis = first; axis < 2; axis++) {
        const int at = 1 + axis - first;
        const int64_t kernel = (int64_t)w.dilation[axis] * (w.kernel[axis] - 1) + 1;
        const int64_t space = (int64_t)in->size[at] + w.before[axis] + w.after[axis] - kernel;
        if (space < 0) return fail(f, node, "the kernel is larger than the padded map");
        out->size[at] = (int)(space / w.stride[axis]) + 1;
    }
    return WEFT_OK;
}

/* Channels and the extents of the map. */
static weft_status window_shapes(const finder *f, const weft_nir_node *node, const weft_nir_shape *given, bool *found,
                                 weft_nir_shape *in, weft_nir_shape *out) {
    const weft_nir_value *weight = weft_nir_get(node, "weight");
    const int rank = node->type == WEFT_NIR_CONV1D ? 2 : 3;
    int extents[2];
    weft_nir_pair(extents, node, "input_shape", 0);
    *found = given || (weight && extents[0]);
    if (!*found) return WEFT_OK;
    if (weight && extents[0])
        *in = (weft_nir_shape){rank, {weight->shape.size[1] * weft_nir_window_of(node).groups, extents[0], extents[1]}};
    else
        *in = *given;
    if (rank == 2) in->size[2] = 0;
    if (in->rank != rank) return fail(f, node, rank == 2 ? "needs [channels, x]" : "needs a map of [channels, y, x]");
    if (weight && in->size[0] != weight->shape.size[1] * weft_nir_window_of(node).groups)
        return fail(f, node, "gets another number of channels than weight and groups have");
    *out = *in;
    if (weight) out->size[0] = weight->shape.size[0];
    return axes_of(f, node, in, out);
}

static weft_status flatten_shapes(const finder *f, const weft_nir_node *node, const weft_nir_shape *given, bool *found,
                                  weft_nir_shape *in, weft_nir_shape *out) {
    const weft_nir_value *told = weft_nir_get(node, "input_type");
    int start[2], end[2];
    *found = told || given;
    if (!*found) return WEFT_OK;
    *in = told ? listed(told) : *given;
    weft_nir_pair(start, node, "start_dim", 0);
    weft_nir_pair(end, node, "end_dim", 0);
    if (start[0] < 0) start[0] += in->rank;
    if (end[0] < 0) end[0] += in->rank;
    if (start[0] < 0 || start[0] > end[0] || end[0] >= in->rank)
        return fail(f, node, "start_dim and end_dim are no dimensions of what comes in, in this order");
    *out = (weft_nir_shape){0};
    for (int i = 0; i < in->rank; i++) {
        if (i > start[0] && i <= end[0])
            out->size[out->rank - 1] *= in->size[i];
        else
            out->size[out->rank++] = in->size[i];
    }
    return WEFT_OK;
}

static weft_status size_allowed(const finder *f, const weft_nir_node *node, const weft_nir_shape *shape) {
    double size = 1;
    for (int i = 0; i < shape->rank; i++) size *= shape->size[i];
    return size <= WEFT_NIR_VALUES_MAX ? WEFT_OK : fail(f, node, "puts out more values than are allowed");
}

/* Finds the shapes of a node if they can be; last: even where nothing comes in. */
static weft_status resolve(finder *f, int n, const weft_nir_shape *given, bool last) {
    const weft_nir_node *node = &f->graph->nodes[n];
    const weft_nir_value *weight = weft_nir_get(node, "weight");
    weft_nir_shape in = {0}, out = {0};
    bool found = true;
    switch (node->type) {
    case WEFT_NIR_INPUT:
    case WEFT_NIR_OUTPUT:
        in = out = listed(&node->values[0]);
        break;
    case WEFT_NIR_AFFINE:
    case WEFT_NIR_LINEAR:
        in = matrix_side(weight, false);
        out = matrix_side(weight, true);
        break;
    case WEFT_NIR_CONV1D:
    case WEFT_NIR_CONV2D:
    case WEFT_NIR_SUM_POOL2D:
    case WEFT_NIR_AVG_POOL2D:
        WEFT_TRY(window_shapes(f, node, given, &found, &in, &out));
        break;
    case WEFT_NIR_FLATTEN:
        WEFT_TRY(flatten_shapes(f, node, given, &found, &in, &out));
        break;
    default:
        found = elementwise(node, given, last, &in);
        out = in;
    }
    if (!found) return last ? fail(f, node, "nothing tells the shape of what comes in") : WEFT_OK;
    WEFT_TRY(size_allowed(f, node, &in));
    WEFT_TRY(size_allowed(f, node, &out));
    f->shapes->in[n] = in;
    f->shapes->out[n] = out;
    f->known[n] = 1;
    f->queue[f->tail++] = n;
    return WEFT_OK;
}

static weft_status disagree(const finder *f, int from, int to) {
    char out[128], in[128];
    weft_nir_shape_text(out, sizeof out, &f->shapes->out[from]);
    weft_nir_shape_text(in, sizeof in, &f->shapes->in[to]);
    return weft_error_set_at(f->err, WEFT_E_INVALID, f->file, 0, 0,
                             "edge \"%s\" -> \"%s\": the first puts out %s, the second takes %s",
                             f->graph->nodes[from].name, f->graph->nodes[to].name, out, in);
}

/* Passes shapes on along the edges until nothing is new. */
static weft_status pass_on(finder *f, const weft_nir_links *targets) {
    while (f->head < f->tail) {
        const int from = f->queue[f->head++];
        for (int i = targets->first[from]; i < targets->first[from + 1]; i++) {
            const int to = targets->items[i];
            if (!f->known[to]) WEFT_TRY(resolve(f, to, &f->shapes->out[from], false));
            if (f->known[to] && !agree(&f->shapes->out[from], &f->shapes->in[to])) return disagree(f, from, to);
        }
    }
    return WEFT_OK;
}

weft_status weft_nir_shapes_find(weft_nir_shapes *out, const weft_nir_graph *graph, const char *file, weft_error *err) {
    const size_t count = (size_t)graph->node_count + 1;
    finder f = {.graph = graph, .file = file, .err = err, .shapes = out};
    weft_nir_links targets = {NULL, NULL};
    weft_status status;
    out->in = calloc(count, sizeof *out->in);
    out->out = calloc(count, sizeof *out->out);
    f.known = calloc(count, 1);
    f.queue = calloc(count, sizeof *f.queue);
    if (!out->in || !out->out || !f.known || !f.queue)
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu shapes", count));
    WEFT_TRY_GOTO(weft_nir_links_create(&targets, graph, true, err));
    for (int n = 0; n < graph->node_count; n++) WEFT_TRY_GOTO(resolve(&f, n, NULL, false));
    WEFT_TRY_GOTO(pass_on(&f, &targets));
    for (int n = 0; n < graph->node_count; n++) {
        if (f.known[n]) continue;
        WEFT_TRY_GOTO(resolve(&f, n, NULL, true));
        WEFT_TRY_GOTO(pass_on(&f, &targets));
    }
cleanup:
    weft_nir_links_free(&targets);
    free(f.known);
    free(f.queue);
    if (status != WEFT_OK) weft_nir_shapes_free(out);
    return status;
}

void weft_nir_shapes_free(weft_nir_shapes *shapes) {
    free(shapes->in);
    free(shapes->out);
    *shapes = (weft_nir_shapes){NULL, NULL};
}
