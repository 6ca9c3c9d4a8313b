/* Classes of positions along an axis. */
#include <stdlib.h>
#include <string.h>

#include "core/traffic_internal.h"

int weft_traffic_phase_at(const weft_traffic *traffic, int stage, int op, int axis, int at) {
    const weft_mapped_stage *mapped = &traffic->mapping->stages[stage];
    if (weft_mapped_stage_copies(mapped) == 1) return 0;
    return weft_mapped_stage_phase(mapped, axis, weft_stage_owner(&traffic->stages->items[stage], op, axis, at));
}

static int phases_along(const weft_mapped_stage *mapped, int axis) {
    if (!mapped) return 1;
    return axis == 0 ? weft_mapped_stage_copies(mapped) : mapped->copies_x;
}

static int extent_before(const weft_stage *stage, int op, int axis) {
    weft_shape shape = op < stage->op_count ? stage->ops[op].in : stage->out;
    return axis == 0 ? shape.height : shape.width;
}

void weft_traffic_count_phases(const weft_traffic *traffic, int stage, int op, int axis, int *counts) {
    const weft_mapped_stage *mapped = &traffic->mapping->stages[stage];
    int extent = extent_before(&traffic->stages->items[stage], op, axis);
    memset(counts, 0, sizeof *counts * (size_t)phases_along(mapped, axis));
    for (int at = 0; at < extent; at++) counts[weft_traffic_phase_at(traffic, stage, op, axis, at)]++;
}

weft_taps weft_traffic_taps(const weft_stage *stage, int axis) {
    const weft_window *w = &stage->window;
    return axis == 0 ? (weft_taps){w->kernel_h, w->stride_h, w->dilation_h, w->pad_top, stage->matrix_out.height}
                     : (weft_taps){w->kernel_w, w->stride_w, w->dilation_w, w->pad_left, stage->matrix_out.width};
}

/* ---- lists, each kept once ---- */

static uint32_t hash_list(const int *values, int count) {
    uint32_t hash = 2166136261u; /* FNV-1a over words, then mixed */
    for (int i = 0; i < count; i++) hash = (hash ^ (uint32_t)values[i]) * 16777619u;
    hash ^= hash >> 15;
    return hash * 2654435761u;
}

static bool is_list(const weft_lists *lists, int number, const int *values, int count) {
    int first = lists->first[number];
    return lists->first[number + 1] - first == count &&
           (count == 0 || memcmp(lists->values + first, values, sizeof *values * (size_t)count) == 0);
}

/* Where the list is in the table, or the free place for it. */
static int find_place(const weft_lists *lists, const int *values, int count) {
    int mask = lists->table_size - 1, place = (int)(hash_list(values, count) >> 1) & mask;
    while (lists->table[place] && !is_list(lists, lists->table[place] - 1, values, count)) place = (place + 1) & mask;
    return place;
}

static bool grow_table(weft_lists *lists) {
    if (lists->table && lists->count * 2 < lists->table_size) return true;
    int size = lists->table ? lists->table_size * 2 : 64;
    int *table = calloc((size_t)size, sizeof *table),
        *first = realloc(lists->first, sizeof *first * ((size_t)size + 1));
    if (first) lists->first = first;
    if (!table || !first) {
        free(table);
        return false;
    }
    free(lists->table);
    lists->table = table;
    lists->table_size = size;
    if (lists->count == 0) first[0] = 0;
    for (int i = 0; i < lists->count; i++)
        table[find_place(lists, lists->values + first[i], first[i + 1] - first[i])] = i + 1;
    return true;
}

static bool grow_values(weft_lists *lists, int count) {
    int used = lists->first[lists->count];
    if (lists->values && used + count <= lists->value_capacity) return true;
    int capacity = 2 * (used + count) + 2;
    int *values = realloc(lists->values, sizeof *values * (size_t)capacity);
    if (!values) return false;
    lists->values = values;
    lists->value_capacity = capacity;
    return true;
}

int weft_lists_put(weft_lists *lists, const int *values, int count) {
    if (!grow_table(lists)) return -1;
    int place = find_place(lists, values, count);
    if (lists->table[place]) return lists->table[place] - 1;
    if (!grow_values(lists, count)) return -1;
    int first = lists->first[lists->count];
    if (count) memcpy(lists->values + first, values, sizeof *values * (size_t)count);
    lists->first[++lists->count] = first + count;
    lists->table[place] = lists->count;
    return lists->count - 1;
}

void weft_lists_free(weft_lists *lists) {
    free(lists->first);
    free(lists->values);
    free(lists->table);
}

/* ---- one link ---- */

static int add_pair(const weft_traffic *traffic, int stage, int axis, int tap, int output, int *list, int count) {
    if (output < 0) return count;
    list[count] = tap;
    list[count + 1] = weft_traffic_phase_at(traffic, stage, 0, axis, output);
    return count + 2;
}

/* (tap, phase) of every matrix position that reads position `at`: over taps or over outputs, whatever are fewer. */
static int list_taps(const weft_traffic *traffic, int stage, int axis, const weft_taps *t, int at, int *list) {
    int count = 0;
    if (t->taps <= t->outputs) {
        for (int tap = 0; tap < t->taps; tap++)
            count = add_pair(traffic, stage, axis, tap, weft_taps_output(t, at, tap), list, count);
        return count;
    }
    for (int output = 0; output < t->outputs; output++) {
        int64_t from = (int64_t)at + t->pad - (int64_t)output * t->stride;
        if (from >= 0 && from % t->dilation == 0 && from / t->dilation < t->taps)
            count = add_pair(traffic, stage, axis, (int)(from / t->dilation), output, list, count);
    }
    return count;
}

static int list_of(const weft_traffic *traffic, const weft_link *link, int axis, const weft_taps *t, int at,
                   int *list) {
    const weft_stage *stage = &traffic->stages->items[link->stage];
    if (weft_traffic_reads_rows(stage, link->port)) return list_taps(traffic, link->stage, axis, t, at, list);
    int op = stage->ports[link->port].op;
    list[0] = 0;
    list[1] = weft_traffic_phase_at(traffic, link->stage, op < 0 ? 0 : op, axis, at);
    return 2;
}

bool weft_link_axis_create(weft_link_axis *out, const weft_traffic *traffic, const weft_link *link, int axis) {
    const weft_stage *stage = &traffic->stages->items[link->stage];
    weft_shape shape = stage->ports[link->port].shape;
    int extent = axis == 0 ? shape.height : shape.width;
    weft_taps t = weft_traffic_taps(stage, axis);
    int pairs = t.taps < t.outputs ? t.taps : t.outputs;
    int *list = malloc(sizeof *list * 2 * ((size_t)pairs + 1));
    out->of_position = malloc(sizeof *out->of_position * (size_t)extent);
    bool good = list && out->of_position;
    for (int at = 0; good && at < extent; at++) {
        out->of_position[at] = weft_lists_put(&out->classes, list, list_of(traffic, link, axis, &t, at, list));
        good = out->of_position[at] >= 0;
    }
    free(list);
    return good;
}

void weft_link_axis_free(weft_link_axis *axis) {
    weft_lists_free(&axis->classes);
    free(axis->of_position);
}

/* ---- all links ---- */

/* A position and its phase, in one number. */
static int compare_keys(const void *a, const void *b) {
    uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
    return (p > q) - (p < q);
}

/* keys: positions in order of their phases. */
static bool join_links(weft_axis *out, const uint64_t *keys, const weft_link_axis *links, int link_count,
                       weft_lists *joint, int *list) {
    int phase = -1;
    for (int i = 0; i < out->extent; i++) {
        int at = (int)(uint32_t)keys[i];
        list[0] = (int)(keys[i] >> 32);
        while (phase < list[0]) out->first[++phase] = joint->count;
        for (int l = 0; l < link_count; l++) list[1 + l] = links[l].of_position[at];
        out->of_position[at] = weft_lists_put(joint, list, 1 + link_count);
        if (out->of_position[at] < 0) return false;
    }
    while (phase < out->phases) out->first[++phase] = joint->count;
    out->count = joint->count;
    return true;
}

static bool fill_classes(weft_axis *out, weft_arena *arena, const weft_lists *joint, int link_count) {
    out->positions = weft_arena_alloc(arena, sizeof(int) * (size_t)out->count);
    out->phase = weft_arena_alloc(arena, sizeof(int) * (size_t)out->count);
    out->of_link = weft_arena_alloc(arena, sizeof(int) * (size_t)out->count * ((size_t)link_count + 1));
    if (!out->positions || !out->phase || !out->of_link) return false;
    for (int at = 0; at < out->extent; at++) out->positions[out->of_position[at]]++;
    for (int c = 0; c < out->count; c++) {
        const int *list = joint->values + joint->first[c];
        out->phase[c] = list[0];
        for (int l = 0; l < link_count; l++) out->of_link[c * link_count + l] = list[1 + l];
    }
    return true;
}

bool weft_axis_create(weft_axis *out, weft_arena *arena, int extent, const weft_mapped_stage *mapped, int axis,
                      const weft_link_axis *links, int link_count) {
    weft_lists joint = {0};
    int *list = malloc(sizeof *list * ((size_t)link_count + 1));
    uint64_t *keys = malloc(sizeof *keys * (size_t)extent);
    *out = (weft_axis){.extent = extent, .phases = phases_along(mapped, axis)};
    out->of_position = weft_arena_alloc(arena, sizeof(int) * (size_t)extent);
    out->first = weft_arena_alloc(arena, sizeof(int) * ((size_t)out->phases + 1));
    bool good = list && keys && out->of_position && out->first;
    for (int at = 0; good && at < extent; at++)
        keys[at] = (uint64_t)(mapped ? weft_mapped_stage_phase(mapped, axis, at) : 0) << 32 | (uint32_t)at;
    if (good) qsort(keys, (size_t)extent, sizeof *keys, compare_keys);
    good =
        good && join_links(out, keys, links, link_count, &joint, list) && fill_classes(out, arena, &joint, link_count);
    weft_lists_free(&joint);
    free(keys);
    free(list);
    return good;
}
