/* How many rows of a port must be there at once, so that buffers with an end never make a graph wait for itself.
 *
 * Every row of every map is given a time, in rows of the network's input: that of the last input row that it depends
 * on, where maps go on above and below their borders, so that rows of a map are equally far apart. Done in the order of
 * these times, everything finds what it needs; a port must hold what has been made for it by the time at which its
 * reader comes to use it, and no more. A job of a stage waits for the second terms of its additions; a product waits
 * for nothing but its pixels and the row of sums before it. */
#include <stdlib.h>
#include <string.h>

#include "core/lowering_internal.h"

/* Times of a map's rows. */
typedef struct timeline {
    int64_t *at;
    int rows;
    int64_t spacing;
} timeline;

/* Of several sources, and of those the earliest. */
typedef struct port_times {
    timeline late, early;
} port_times;

typedef struct lag_work {
    const weft_stages *stages;
    weft_arena *arena; /* of the stage at hand */
    timeline *outputs; /* [1 + stage], the network's input first; malloc'd times */
} lag_work;

static bool new_timeline(lag_work *w, timeline *out, int rows, int64_t spacing) {
    *out =
        (timeline){.at = weft_arena_alloc(w->arena, (size_t)rows * sizeof *out->at), .rows = rows, .spacing = spacing};
    return out->at != NULL;
}

/* Beyond the borders rows follow each other as inside. */
static int64_t time_of(const timeline *t, int64_t row) {
    if (row < 0) return t->at[0] + row * t->spacing;
    if (row >= t->rows) return t->at[t->rows - 1] + (row - t->rows + 1) * t->spacing;
    return t->at[row];
}

/* Rows that are there at a time; rows are in order. */
static int rows_at(const timeline *t, int64_t time) {
    int low = 0, high = t->rows;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (t->at[middle] <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void in_order(timeline *t) {
    for (int y = 1; y < t->rows; y++)
        if (t->at[y] < t->at[y - 1]) t->at[y] = t->at[y - 1];
}

static bool find_port(lag_work *w, const weft_port *port, port_times *out) {
    const timeline *first = &w->outputs[1 + port->sources[0].stage];
    if (!new_timeline(w, &out->late, first->rows, first->spacing) ||
        !new_timeline(w, &out->early, first->rows, first->spacing))
        return false;
    memcpy(out->late.at, first->at, (size_t)first->rows * sizeof *first->at);
    memcpy(out->early.at, first->at, (size_t)first->rows * sizeof *first->at);
    for (int i = 1; i < port->source_count; i++) {
        const timeline *source = &w->outputs[1 + port->sources[i].stage];
        if (source->spacing > out->late.spacing) out->late.spacing = out->early.spacing = source->spacing;
        for (int y = 0; y < first->rows; y++) {
            if (source->at[y] > out->late.at[y]) out->late.at[y] = source->at[y];
            if (source->at[y] < out->early.at[y]) out->early.at[y] = source->at[y];
        }
    }
    return true;
}

/* ---- one stage ---- */

static bool is_window(weft_digital_kind kind) {
    return kind == WEFT_DIGITAL_MAX_POOL || kind == WEFT_DIGITAL_AVERAGE_POOL || kind == WEFT_DIGITAL_PAD;
}

/* Last row that output row y of a window reads. */
static int64_t reach(const weft_window *w, int y) {
    return (int64_t)y * w->stride_h - w->pad_top + (int64_t)(w->kernel_h - 1) * w->dilation_h;
}

static weft_window window_of(const weft_digital_op *op) {
    weft_window window = op->window;
    if (op->kind == WEFT_DIGITAL_PAD) window.kernel_h = window.stride_h = window.dilation_h = 1;
    return window;
}

/* levels[op] from its place in front of operation op to the stage's output. */
static void go_forward(const weft_stage *stage, timeline *levels, const port_times *ports) {
    for (int o = 0; o < stage->op_count; o++) {
        const weft_digital_op *op = &stage->ops[o];
        const timeline *in = &levels[o];
        timeline *out = &levels[o + 1];
        const weft_window window = window_of(op);
        out->spacing = in->spacing * (is_window(op->kind) ? window.stride_h : 1);
        for (int y = 0; y < out->rows; y++) {
            int64_t time = is_window(op->kind) ? time_of(in, reach(&window, y)) : in->at[y];
            if (op->kind == WEFT_DIGITAL_ADD && ports[op->port].late.at[y] > time) time = ports[op->port].late.at[y];
            if (out->at[y] < time) out->at[y] = time;
        }
        in_order(out);
    }
}

/* The job that sets an operation off waits with it. */
static void go_back(const weft_stage *stage, timeline *levels) {
    for (int o = stage->op_count - 1; o >= 0; o--) {
        const weft_window window = window_of(&stage->ops[o]);
        timeline *in = &levels[o];
        for (int y = 0; y < levels[o + 1].rows; y++) {
            int64_t row = is_window(stage->ops[o].kind) ? reach(&window, y) : y;
            if (row < 0) row = 0;
            if (row < in->rows && in->at[row] < levels[o + 1].at[y]) in->at[row] = levels[o + 1].at[y];
        }
        in_order(in);
    }
}

/* Rows of port 0 beyond those that the present window needs: with several sources, some are ahead. */
static int lag_of_input(const weft_stage *stage, const timeline *alone, const timeline *jobs, const timeline *early) {
    int most = 0;
    for (int y = 0; y < jobs->rows; y++) {
        int64_t time = stage->has_matrix ? alone->at[y] : jobs->at[y];
        if (stage->has_matrix && y > 0 && jobs->at[y - 1] > time) time = jobs->at[y - 1];
        int64_t lag = rows_at(early, time) - reach(&stage->window, y) - 1;
        if (lag > most) most = (int)lag;
    }
    return most < early->rows ? most : early->rows - 1;
}

static int lag_of_addend(const timeline *level, const timeline *early) {
    int most = 1;
    for (int y = 0; y < level->rows; y++) {
        int lag = rows_at(early, level->at[y]) - y;
        if (lag > most) most = lag;
    }
    return most;
}

static bool keep_output(lag_work *w, int s, const timeline *output) {
    timeline *kept = &w->outputs[1 + s];
    *kept = *output;
    kept->at = malloc((size_t)output->rows * sizeof *kept->at);
    if (kept->at) memcpy(kept->at, output->at, (size_t)output->rows * sizeof *kept->at);
    return kept->at != NULL;
}

static bool find_lags(lag_work *w, int s) {
    weft_stage *stage = &w->stages->items[s];
    port_times *ports = weft_arena_alloc(w->arena, (size_t)stage->port_count * sizeof *ports);
    timeline *levels = weft_arena_alloc(w->arena, ((size_t)stage->op_count + 1) * sizeof *levels), alone;
    if (!ports || !levels) return false;
    for (int p = 0; p < stage->port_count; p++)
        if (!find_port(w, &stage->ports[p], &ports[p])) return false;
    for (int o = 0; o <= stage->op_count; o++) {
        const int rows = o < stage->op_count ? stage->ops[o].in.height : stage->out.height;
        if (!new_timeline(w, &levels[o], rows, 0)) return false;
        for (int y = 0; y < rows; y++) levels[o].at[y] = INT64_MIN;
    }
    levels[0].spacing = ports[0].late.spacing * stage->window.stride_h;
    for (int y = 0; y < levels[0].rows; y++) levels[0].at[y] = time_of(&ports[0].late, reach(&stage->window, y));
    if (!new_timeline(w, &alone, levels[0].rows, levels[0].spacing)) return false;
    memcpy(alone.at, levels[0].at, (size_t)alone.rows * sizeof *alone.at);
    go_forward(stage, levels, ports);
    go_back(stage, levels);
    go_forward(stage, levels, ports);
    stage->ports[0].lag = lag_of_input(stage, &alone, &levels[0], &ports[0].early);
    for (int o = 0; o < stage->op_count; o++)
        if (stage->ops[o].kind == WEFT_DIGITAL_ADD)
            stage->ports[stage->ops[o].port].lag = lag_of_addend(&levels[o], &ports[stage->ops[o].port].early);
    return keep_output(w, s, &levels[stage->op_count]);
}

static bool find_lags_alone(lag_work *w, int s) {
    w->arena = weft_arena_create();
    bool good = w->arena && find_lags(w, s);
    weft_arena_destroy(w->arena);
    return good;
}

/* ---- all stages ---- */

weft_status weft_lowering_find_lags(weft_lowering *l) {
    const size_t count = (size_t)l->stages->count + 1;
    timeline input = {.rows = l->stages->input.height, .spacing = 1};
    lag_work w = {.stages = l->stages, .outputs = calloc(count, sizeof *w.outputs)};
    input.at = malloc((size_t)input.rows * sizeof *input.at);
    bool good = w.outputs && input.at;
    for (int y = 0; good && y < input.rows; y++) input.at[y] = y;
    if (good) w.outputs[0] = input;
    for (int s = 0; good && s < l->stages->count; s++) good = find_lags_alone(&w, s);
    for (size_t i = 1; w.outputs && i < count; i++) free(w.outputs[i].at);
    free(w.outputs);
    free(input.at);
    return good ? WEFT_OK : weft_error_set(l->err, WEFT_E_MEMORY, "out of memory while lowering");
}
