/* Who uses what, what waits for what, and the order of the stages. */
#include <stdlib.h>
#include <string.h>

#include "core/lowering_internal.h"

static int second_input(const weft_layer *layer) { return weft_layer_has_input2(layer) ? layer->input2 : -2; }

static void count_users(weft_lowering *l) {
    int count = l->net->layer_count;
    if (count > 0) l->live[count] = true;
    for (int i = count - 1; i >= 0; i--) {
        const weft_layer *layer = &l->net->layers[i];
        if (!l->live[1 + i]) continue;
        int second = second_input(layer);
        l->live[1 + layer->input] = true;
        l->users[1 + layer->input]++;
        if (second < -1) continue;
        l->live[1 + second] = true;
        l->users[1 + second]++;
    }
}

static weft_status out_of_memory(const weft_lowering *l) {
    return weft_error_set(l->err, WEFT_E_MEMORY, "out of memory while lowering");
}

static int *new_rows(weft_lowering *l, int height) { return weft_arena_alloc(l->arena, (size_t)height * sizeof(int)); }

/* All channels of one stage's output. */
static const weft_source *whole_source(weft_lowering *l, int stage, int channels) {
    weft_source *source = weft_arena_alloc(l->arena, sizeof *source);
    if (source) *source = (weft_source){.stage = stage, .channels = channels};
    return source;
}

/* Each layer notes for every row of its map what it waits for. */
static weft_status rows_check(const weft_lowering *l) {
    int64_t rows = l->net->input.height;
    int i = 0;
    for (; i < l->net->layer_count && rows <= WEFT_LOWERING_ROWS_MAX; i++)
        if (l->live[1 + i]) rows += l->net->layers[i].out.height;
    if (rows <= WEFT_LOWERING_ROWS_MAX) return WEFT_OK;
    return weft_error_set(l->err, WEFT_E_UNSUPPORTED,
                          "layer \"%s\": up to it the feature maps have %lld rows; at most %d can be lowered",
                          l->net->layers[i ? i - 1 : 0].name, (long long)rows, WEFT_LOWERING_ROWS_MAX);
}

weft_status weft_lowering_begin(weft_lowering *l) {
    count_users(l);
    WEFT_TRY(rows_check(l));
    weft_lowered *input = &l->values[0];
    int *ready = new_rows(l, l->net->input.height);
    *input = (weft_lowered){.map = l->net->input, .open = -1, .source_count = 1, .ready = ready};
    input->sources = whole_source(l, -1, input->map.channels);
    if (!ready || !input->sources) return out_of_memory(l);
    for (int y = 0; y < input->map.height; y++) ready[y] = y;
    return WEFT_OK;
}

void weft_lowering_alias(weft_lowering *l, int index, const weft_lowered *of) {
    weft_lowered *value = weft_lowering_value(l, index);
    *value = *of;
    if (l->users[1 + index] > 1) value->open = -1;
}

weft_status weft_lowering_continue(weft_lowering *l, int index, int stage, const weft_lowered *from) {
    weft_lowered *value = weft_lowering_value(l, index);
    weft_shape out = l->stages->items[stage].out;
    value->map = out;
    value->flat = from->flat;
    value->open = l->users[1 + index] > 1 ? -1 : stage;
    value->source_count = 1;
    value->sources = whole_source(l, stage, out.channels);
    value->depth = from->open == stage ? from->depth : from->depth + 1;
    if (!value->ready) value->ready = from->ready;
    return value->sources ? WEFT_OK : weft_lowering_no_memory(l, &l->net->layers[index]);
}

weft_status weft_lowering_window_ready(weft_lowering *l, int index, const weft_lowered *from, int height,
                                       const weft_window *w) {
    int *ready = new_rows(l, height);
    if (!ready) return weft_lowering_no_memory(l, &l->net->layers[index]);
    int64_t reach = (int64_t)(w->kernel_h - 1) * w->dilation_h - w->pad_top;
    for (int y = 0; y < height; y++) {
        int64_t last = (int64_t)y * w->stride_h + reach;
        if (last < 0) last = 0;
        if (last >= from->map.height) last = from->map.height - 1;
        ready[y] = from->ready[last];
    }
    weft_lowering_value(l, index)->ready = ready;
    return WEFT_OK;
}

const int *weft_lowering_both_ready(weft_lowering *l, const weft_lowered *a, const weft_lowered *b) {
    int *ready = new_rows(l, a->map.height);
    for (int y = 0; ready && y < a->map.height; y++) ready[y] = a->ready[y] > b->ready[y] ? a->ready[y] : b->ready[y];
    return ready;
}

weft_status weft_lowering_concat(weft_lowering *l, int index) {
    const weft_layer *layer = &l->net->layers[index];
    const weft_lowered *a = weft_lowering_value(l, layer->input), *b = weft_lowering_value(l, layer->input2);
    if (a->map.height != b->map.height || a->map.width != b->map.width)
        return weft_lowering_refuse(l, layer, "flattened feature maps of different extents cannot be concatenated");
    int count = a->source_count + b->source_count;
    weft_source *sources = weft_arena_alloc(l->arena, (size_t)count * sizeof *sources);
    const int *ready = weft_lowering_both_ready(l, a, b);
    if (!sources || !ready) return weft_lowering_no_memory(l, layer);
    memcpy(sources, a->sources, (size_t)a->source_count * sizeof *sources);
    memcpy(sources + a->source_count, b->sources, (size_t)b->source_count * sizeof *sources);
    for (int i = a->source_count; i < count; i++) sources[i].begin += a->map.channels;
    weft_lowered *value = weft_lowering_value(l, index);
    *value = (weft_lowered){.map = a->map, .flat = a->flat || b->flat, .open = -1};
    value->map.channels += b->map.channels;
    value->source_count = count;
    value->sources = sources;
    value->ready = ready;
    value->depth = a->depth > b->depth ? a->depth : b->depth;
    return WEFT_OK;
}

/* ---- padding ---- */

/* No value of the layer's output can be below 0: padding with zeros changes no maximum. */
static bool cannot_be_negative(const weft_network *net, int index) {
    for (; index >= 0; index = net->layers[index].input) {
        const weft_layer *layer = &net->layers[index];
        switch (layer->kind) {
        case WEFT_LAYER_RELU:
        case WEFT_LAYER_SIGMOID:
        case WEFT_LAYER_HARD_SIGMOID:
            return true;
        case WEFT_LAYER_CLIP:
        case WEFT_LAYER_QUANTISE:
            return layer->low >= 0;
        case WEFT_LAYER_THRESHOLD:
            return !layer->signed_spikes;
        case WEFT_LAYER_MAX_POOL:
        case WEFT_LAYER_AVERAGE_POOL:
        case WEFT_LAYER_FLATTEN:
            break;
        default:
            return false;
        }
    }
    return false;
}

/* A pool's windows would not hold padding alone. */
static bool stays_covered(const weft_window *w, const weft_window *pad) {
    int64_t down = (int64_t)(w->kernel_h - 1) * w->dilation_h + 1,
            across = (int64_t)(w->kernel_w - 1) * w->dilation_w + 1;
    return (int64_t)w->pad_top + pad->pad_top < down && (int64_t)w->pad_bottom + pad->pad_bottom < down &&
           (int64_t)w->pad_left + pad->pad_left < across && (int64_t)w->pad_right + pad->pad_right < across;
}

static bool takes_zeros(const weft_network *net, const weft_layer *user, const weft_layer *pad) {
    const weft_window *w = &user->window;
    switch (user->kind) {
    case WEFT_LAYER_CONV:
        return true;
    case WEFT_LAYER_AVERAGE_POOL: /* the zeros count as values */
        return stays_covered(w, &pad->window) &&
               (user->count_include_pad || !(w->pad_top || w->pad_left || w->pad_bottom || w->pad_right));
    case WEFT_LAYER_MAX_POOL:
        return stays_covered(w, &pad->window) && cannot_be_negative(net, pad->input);
    default:
        return false;
    }
}

bool weft_lowering_pad_merges(const weft_lowering *l, int index) {
    int uses = 0;
    for (int i = index + 1; i < l->net->layer_count; i++) {
        const weft_layer *user = &l->net->layers[i];
        if (!l->live[1 + i] || user->input != index) continue;
        if (!takes_zeros(l->net, user, &l->net->layers[index])) return false;
        uses++;
    }
    return uses > 0 && uses == l->users[1 + index];
}

/* ---- the order of the stages ---- */

typedef struct sorting {
    const weft_stages *stages;
    int *order, *place; /* order[place[s]] == s; place -1: not yet */
    int count;
} sorting;

/* What the stage reads, then the stage. A stage reads a later one only through an ADD, so this is not deep. */
static void visit(sorting *s, int stage) {
    if (s->place[stage] >= 0) return;
    const weft_stage *item = &s->stages->items[stage];
    for (int p = 0; p < item->port_count; p++)
        for (int i = 0; i < item->ports[p].source_count; i++)
            if (item->ports[p].sources[i].stage >= 0) visit(s, item->ports[p].sources[i].stage);
    s->place[stage] = s->count;
    s->order[s->count++] = stage;
}

static weft_status sort_stages(weft_lowering *l) {
    size_t count = (size_t)l->stages->count;
    sorting s = {.stages = l->stages};
    s.order = weft_arena_alloc(l->arena, count * sizeof *s.order);
    s.place = weft_arena_alloc(l->arena, count * sizeof *s.place);
    weft_stage *sorted = calloc(count + 1, sizeof *sorted);
    if (!s.order || !s.place || !sorted) {
        free(sorted);
        return out_of_memory(l);
    }
    for (size_t i = 0; i < count; i++) s.place[i] = -1;
    for (size_t i = 0; i < count; i++) visit(&s, (int)i);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = l->stages->items[s.order[i]];
        for (int p = 0; p < sorted[i].port_count; p++)
            for (int k = 0; k < sorted[i].ports[p].source_count; k++) {
                int *stage = &sorted[i].ports[p].sources[k].stage;
                if (*stage >= 0) *stage = s.place[*stage];
            }
    }
    free(l->stages->items);
    l->stages->items = sorted;
    return WEFT_OK;
}

static int find_range(int *range_of, int output) {
    while (range_of[output] != output) {
        range_of[output] = range_of[range_of[output]];
        output = range_of[output];
    }
    return output;
}

static void join_ranges(int *range_of, int a, int b) {
    a = find_range(range_of, a);
    b = find_range(range_of, b);
    range_of[a > b ? a : b] = a < b ? a : b;
}

static weft_status group_ranges(weft_lowering *l) {
    int count = l->stages->count + 1;
    int *range_of = calloc((size_t)count, sizeof *range_of);
    if (!range_of) return out_of_memory(l);
    l->stages->range_of = range_of;
    for (int i = 0; i < count; i++) range_of[i] = i;
    for (int s = 0; s < l->stages->count; s++) {
        const weft_stage *stage = &l->stages->items[s];
        const weft_port *port = &stage->ports[0];
        for (int i = 1; stage->has_matrix && i < port->source_count; i++)
            join_ranges(range_of, 1 + port->sources[0].stage, 1 + port->sources[i].stage);
    }
    for (int i = 0; i < count; i++) range_of[i] = find_range(range_of, i);
    return WEFT_OK;
}

weft_status weft_lowering_finish(weft_lowering *l) {
    WEFT_TRY(sort_stages(l));
    return group_ranges(l);
}
