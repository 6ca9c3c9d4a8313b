/* What cores hold of a matrix, and who reads an output. */
#include <stdlib.h>
#include <string.h>

#include "core/traffic_internal.h"

static int compare(int a, int b) { return (a > b) - (a < b); }

/* ---- rows ---- */

static int compare_spans(const void *a, const void *b) {
    const weft_span *p = a, *q = b;
    int order = compare(p->part, q->part);
    if (!order) order = compare(p->copy, q->copy);
    if (!order) order = compare(p->begin, q->begin);
    if (!order) order = compare(p->end, q->end);
    return order ? order : compare(p->core, q->core);
}

static bool build_spans(weft_traffic *traffic, int stage) {
    const weft_mapped_stage *mapped = &traffic->mapping->stages[stage];
    weft_stage_traffic *item = weft_traffic_item(traffic, stage);
    weft_span *spans = weft_arena_alloc(traffic->arena, (size_t)mapped->tile_count * sizeof *spans);
    if (!spans) return false;
    for (int t = 0; t < mapped->tile_count; t++) {
        const weft_tile *tile = &mapped->tiles[t];
        spans[t] = (weft_span){tile->part, tile->copy, tile->row_begin, tile->row_end, tile->core};
        if (tile->row_end - tile->row_begin > item->span_rows) item->span_rows = tile->row_end - tile->row_begin;
    }
    qsort(spans, (size_t)mapped->tile_count, sizeof *spans, compare_spans);
    for (int t = 0; t < mapped->tile_count; t++)
        if (t == 0 || compare_spans(&spans[t - 1], &spans[t]) != 0) spans[item->span_count++] = spans[t];
    item->spans = spans;
    return true;
}

int weft_traffic_find_span(const weft_stage_traffic *item, int part, int copy, int begin) {
    weft_span key = {.part = part, .copy = copy, .begin = begin - item->span_rows + 1, .core = -1};
    int low = 0, high = item->span_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (compare_spans(&item->spans[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- reads ---- */

static int compare_by_core(const void *a, const void *b) {
    const weft_span *p = a, *q = b;
    int order = compare(p->part, q->part);
    if (!order) order = compare(p->copy, q->copy);
    if (!order) order = compare(p->core, q->core);
    return order ? order : compare(p->begin, q->begin);
}

/* One entry for each part, copy and core: the distinct rows, from spans ordered by these and begin. */
static void gather_mvms(weft_stage_traffic *item, const weft_span *spans, int count, uint64_t bits) {
    for (int i = 0; i < count;) {
        weft_mvm *mvm = &item->mvms[item->mvm_count++];
        const weft_span *first = &spans[i];
        *mvm = (weft_mvm){.part = first->part, .copy = first->copy, .core = first->core};
        for (int reached = 0;
             i < count && spans[i].core == first->core && weft_span_is(&spans[i], first->part, first->copy); i++) {
            int begin = spans[i].begin > reached ? spans[i].begin : reached;
            if (spans[i].end <= begin) continue;
            mvm->read_bits += (uint64_t)(spans[i].end - begin) * bits;
            reached = spans[i].end;
        }
    }
}

static bool build_mvms(weft_traffic *traffic, int stage) {
    weft_stage_traffic *item = weft_traffic_item(traffic, stage);
    size_t size = (size_t)item->span_count * sizeof(weft_span);
    weft_span *spans = malloc(size + 1);
    item->mvms = weft_arena_alloc(traffic->arena, (size_t)item->span_count * sizeof *item->mvms);
    if (spans && item->mvms) {
        memcpy(spans, item->spans, size);
        qsort(spans, (size_t)item->span_count, sizeof *spans, compare_by_core);
        gather_mvms(item, spans, item->span_count, (uint64_t)traffic->chip->input.bits);
    }
    bool good = spans && item->mvms;
    free(spans);
    return good;
}

/* ---- partial sums ---- */

/* Columns of a block that a core has. */
typedef struct column_run {
    int block, core, begin, end;
} column_run;

static int compare_runs(const void *a, const void *b) {
    const column_run *p = a, *q = b;
    int order = compare(p->block, q->block);
    if (!order) order = compare(p->core, q->core);
    if (!order) order = compare(p->begin, q->begin);
    return order ? order : compare(p->end, q->end);
}

/* The runs of one block and core, from *i on: how many different columns. */
static int count_columns(const column_run *runs, int count, int *i) {
    int columns = 0, block = runs[*i].block, core = runs[*i].core;
    for (int reached = 0; *i < count && runs[*i].block == block && runs[*i].core == core; (*i)++) {
        int begin = runs[*i].begin > reached ? runs[*i].begin : reached;
        if (runs[*i].end <= begin) continue;
        columns += runs[*i].end - begin;
        reached = runs[*i].end;
    }
    return columns;
}

static int count_cores(const column_run *runs, int count, int from) {
    int cores = 0;
    for (int i = from; i < count && runs[i].block == runs[from].block; i++)
        cores += i == from || runs[i].core != runs[i - 1].core;
    return cores;
}

/* Senders of every block, from runs in order. */
static bool gather_partials(weft_traffic *traffic, int stage, const column_run *runs, int count) {
    weft_stage_traffic *item = weft_traffic_item(traffic, stage);
    for (int i = 0; i < count;) {
        int b = runs[i].block, own = traffic->mapping->stages[stage].blocks[b].core;
        weft_route *route = &item->partials[b];
        size_t size = (size_t)count_cores(runs, count, i) * sizeof(int);
        route->cores = weft_arena_alloc(traffic->arena, size);
        item->partial_values[b] = weft_arena_alloc(traffic->arena, size);
        if (!route->cores || !item->partial_values[b]) return false;
        while (i < count && runs[i].block == b) {
            int core = runs[i].core, columns = count_columns(runs, count, &i);
            if (core == own) {
                route->local = true;
                continue;
            }
            item->partial_values[b][route->core_count] = columns;
            route->cores[route->core_count++] = core;
        }
    }
    return true;
}

static bool build_partials(weft_traffic *traffic, int stage) {
    const weft_mapped_stage *mapped = &traffic->mapping->stages[stage];
    weft_stage_traffic *item = weft_traffic_item(traffic, stage);
    size_t blocks = (size_t)mapped->block_count;
    column_run *runs = malloc(((size_t)mapped->tile_count + 1) * sizeof *runs);
    item->partials = weft_arena_alloc(traffic->arena, blocks * sizeof *item->partials);
    item->partial_values = weft_arena_alloc(traffic->arena, blocks * sizeof *item->partial_values);
    bool good = runs && item->partials && item->partial_values;
    for (int t = 0; good && t < mapped->tile_count; t++) {
        const weft_tile *tile = &mapped->tiles[t];
        runs[t] = (column_run){weft_mapped_stage_block(mapped, tile->copy, tile->column_begin), tile->core,
                               tile->column_begin, tile->column_end};
    }
    if (good) {
        qsort(runs, (size_t)mapped->tile_count, sizeof *runs, compare_runs);
        good = gather_partials(traffic, stage, runs, mapped->tile_count);
    }
    free(runs);
    return good;
}

bool weft_traffic_build_index(weft_traffic *traffic, int stage) {
    return build_spans(traffic, stage) && build_mvms(traffic, stage) && build_partials(traffic, stage);
}

/* ---- links ---- */

typedef void each_source(weft_traffic *traffic, int stage, int port, const weft_source *source);

static void for_each_source(weft_traffic *traffic, each_source *call) {
    for (int s = 0; s < traffic->stages->count; s++)
        for (int p = 0; p < traffic->stages->items[s].port_count; p++)
            for (int i = 0; i < traffic->stages->items[s].ports[p].source_count; i++)
                call(traffic, s, p, &traffic->stages->items[s].ports[p].sources[i]);
}

static void count_link(weft_traffic *traffic, int stage, int port, const weft_source *source) {
    (void)stage, (void)port;
    weft_traffic_item(traffic, source->stage)->link_count++;
}

static void put_link(weft_traffic *traffic, int stage, int port, const weft_source *source) {
    weft_stage_traffic *item = weft_traffic_item(traffic, source->stage);
    item->links[item->link_count++] = (weft_link){.stage = stage, .port = port, .begin = source->begin};
}

bool weft_traffic_build_links(weft_traffic *traffic) {
    for_each_source(traffic, count_link);
    for (int s = -1; s < traffic->stages->count; s++) {
        weft_stage_traffic *item = weft_traffic_item(traffic, s);
        item->links = weft_arena_alloc(traffic->arena, (size_t)item->link_count * sizeof *item->links);
        if (!item->links) return false;
        item->link_count = 0;
    }
    for_each_source(traffic, put_link);
    return true;
}
