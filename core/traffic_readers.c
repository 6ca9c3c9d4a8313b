/* Which cores read a run of channels of an output, by class of positions. */
#include <stdlib.h>
#include <string.h>

#include "core/traffic_internal.h"

static void find(weft_route_work *w, int core) {
    if (w->stamps[core] == w->stamp) return;
    w->stamps[core] = w->stamp;
    w->found[w->found_count++] = core;
}

/* Cores that hold one of rows [begin, end). */
static void find_rows(weft_route_work *w, const weft_stage_traffic *item, int part, int copy, int begin, int end) {
    for (int i = weft_traffic_find_span(item, part, copy, begin); i < item->span_count; i++) {
        const weft_span *span = &item->spans[i];
        if (!weft_span_is(span, part, copy) || span->begin >= end) break;
        if (span->end > begin) find(w, span->core);
    }
}

/* A class of positions of one link: lists of (tap, phase). */
typedef struct class_lists {
    const int *y, *x;
    int y_count, x_count;
} class_lists;

static class_lists lists_of(const weft_reading *r, int cy, int cx) {
    const weft_lists *y = &r->y.classes, *x = &r->x.classes;
    return (class_lists){.y = y->values + y->first[cy],
                         .x = x->values + x->first[cx],
                         .y_count = (y->first[cy + 1] - y->first[cy]) / 2,
                         .x_count = (x->first[cx + 1] - x->first[cx]) / 2};
}

static void find_taps(weft_route_work *w, const weft_link *link, const class_lists *c, int part, int begin, int end) {
    const weft_stage *stage = &w->traffic->stages->items[link->stage];
    const weft_stage_traffic *item = weft_traffic_item(w->traffic, link->stage);
    const weft_mapped_stage *mapped = &w->traffic->mapping->stages[link->stage];
    int channels = stage->in.channels;
    for (int i = 0; i < c->y_count; i++)
        for (int k = 0; k < c->x_count; k++) {
            int row = (c->y[2 * i] * stage->window.kernel_w + c->x[2 * k]) * channels;
            int copy = weft_mapped_stage_join(mapped, c->y[2 * i + 1], c->x[2 * k + 1]);
            find_rows(w, item, part, copy, row + begin, row + end);
        }
}

/* A row of channels [begin, end) and of a tap that is read for outputs of phases phase_y, phase_x. */
static bool span_has_row(const weft_span *span, const weft_stage *stage, const class_lists *c, int phase_y, int phase_x,
                         int begin, int end) {
    int rows = weft_stage_group_rows(stage), channels = stage->in.channels / stage->groups;
    int last = (end - 1) / channels < (span->end - 1) / rows ? (end - 1) / channels : (span->end - 1) / rows;
    int group = begin / channels > span->begin / rows ? begin / channels : span->begin / rows;
    for (; group <= last; group++) {
        int low = begin > group * channels ? begin - group * channels : 0;
        int high = end < (group + 1) * channels ? end - group * channels : channels;
        for (int i = 0; i < c->y_count; i++)
            for (int k = 0; k < c->x_count && c->y[2 * i + 1] == phase_y; k++) {
                if (c->x[2 * k + 1] != phase_x) continue;
                int row = group * rows + (c->y[2 * i] * stage->window.kernel_w + c->x[2 * k]) * channels;
                if (row + low < span->end && span->begin < row + high) return true;
            }
    }
    return false;
}

/* True when an earlier pair of the list has the phase too. */
static bool is_repeated(const int *list, int at) {
    for (int i = 0; i < at; i++)
        if (list[2 * i + 1] == list[2 * at + 1]) return true;
    return false;
}

/* Many groups of few rows each: the spans are looked through instead of the rows. */
static void find_groups(weft_route_work *w, const weft_link *link, const class_lists *c, int part, int begin, int end) {
    const weft_stage *stage = &w->traffic->stages->items[link->stage];
    const weft_stage_traffic *item = weft_traffic_item(w->traffic, link->stage);
    const weft_mapped_stage *mapped = &w->traffic->mapping->stages[link->stage];
    int rows = weft_stage_group_rows(stage), channels = stage->in.channels / stage->groups;
    int first = begin / channels * rows, last = ((end - 1) / channels + 1) * rows;
    for (int i = 0; i < c->y_count; i++)
        for (int k = 0; k < c->x_count && !is_repeated(c->y, i); k++) {
            int phase_y = c->y[2 * i + 1], phase_x = c->x[2 * k + 1];
            int copy = weft_mapped_stage_join(mapped, phase_y, phase_x);
            if (is_repeated(c->x, k)) continue;
            for (int s = weft_traffic_find_span(item, part, copy, first); s < item->span_count; s++) {
                const weft_span *span = &item->spans[s];
                if (!weft_span_is(span, part, copy) || span->begin >= last) break;
                if (w->stamps[span->core] != w->stamp && span_has_row(span, stage, c, phase_y, phase_x, begin, end))
                    find(w, span->core);
            }
        }
}

static void find_blocks(weft_route_work *w, const weft_link *link, const class_lists *c, int part, int begin, int end) {
    const weft_mapped_stage *mapped = &w->traffic->mapping->stages[link->stage];
    int copy = weft_mapped_stage_join(mapped, c->y[1], c->x[1]);
    for (int b = weft_mapped_stage_block(mapped, copy, begin); b < mapped->block_count; b++) {
        const weft_output_block *block = &mapped->blocks[b];
        if (block->copy != copy || block->column_begin >= end) break;
        if (block->part == part) find(w, block->core);
    }
}

static int compare_ints(const void *a, const void *b) {
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

/* The found cores become *set. */
static bool keep_found(weft_route_work *w, weft_core_set *set) {
    size_t count = (size_t)w->found_count;
    if (w->pool_used + count > w->pool_size) {
        size_t size = 2 * (w->pool_used + count);
        int *pool = realloc(w->pool, size * sizeof *pool);
        if (!pool) return false;
        w->pool = pool;
        w->pool_size = size;
    }
    *set = (weft_core_set){.first = w->pool_used, .count = w->found_count};
    if (count == 0) return true;
    qsort(w->found, count, sizeof *w->found, compare_ints);
    memcpy(w->pool + w->pool_used, w->found, count * sizeof *w->found);
    w->pool_used += count;
    return true;
}

/* Sets of every link for channels [begin, end) of the output and one part. */
bool weft_traffic_find_readers(weft_route_work *w, int part, int begin, int end) {
    const weft_stage_traffic *item = weft_traffic_item(w->traffic, w->producer);
    w->pool_used = 0;
    for (int l = 0; l < item->link_count; l++) {
        const weft_link *link = &item->links[l];
        const weft_stage *stage = &w->traffic->stages->items[link->stage];
        weft_reading *r = &w->readings[l];
        int b = link->begin + begin, e = link->begin + end;
        for (int cy = 0; cy < r->y.classes.count; cy++)
            for (int cx = 0; cx < r->x.classes.count; cx++) {
                class_lists c = lists_of(r, cy, cx);
                w->stamp++;
                w->found_count = 0;
                if (!weft_traffic_reads_rows(stage, link->port))
                    find_blocks(w, link, &c, part, b, e);
                else if (stage->groups == 1)
                    find_taps(w, link, &c, part, b, e);
                else
                    find_groups(w, link, &c, part, b, e);
                if (!keep_found(w, &r->sets[cy * r->x.classes.count + cx])) return false;
            }
    }
    return true;
}
