#include <stdlib.h>

#include "mapper/allocate_internal.h"

enum { NEAR = 16 }; /* clusters last opened that are looked at before a new one is */

int64_t weft_filling_block_bytes(const weft_filling *f, int columns) {
    return weft_mapping_block_bytes(f->a->stages, f->piece->stage, f->a->chip, columns, f->copies.x);
}

static void count_block(weft_filling *f, int columns, int cluster) {
    f->a->clusters[cluster].bytes += weft_filling_block_bytes(f, columns);
    f->a->clusters[cluster].digital += f->column_work * (uint64_t)columns;
}

void weft_filling_take_block(weft_filling *f, int strip, int cluster) {
    const weft_strip *s = &f->grid->strips[strip];
    count_block(f, s->column_end - s->column_begin, cluster);
    *weft_filling_block(f, strip) = cluster;
}

bool weft_filling_has_room(const weft_filling *f, int cluster, int64_t bytes) {
    const weft_allocator *a = f->a;
    int64_t room = weft_cluster_free_bytes(a, cluster);
    if (a->clusters[cluster].bytes > 0 && a->cluster_count < a->cluster_limit)
        room -= weft_cluster_reserve(a, cluster, 0);
    return bytes <= room;
}

/* Is `a` a better place than `b` (-1: none)? The one with less to do; where buffers are to be left to the arrays that
 * are left over, one without any comes first. */
static bool is_better(const weft_filling *f, int a, int b) {
    const weft_cluster *clusters = f->a->clusters;
    if (b < 0) return true;
    bool full_a = clusters[a].arrays == f->a->chip->array.per_core;
    bool full_b = clusters[b].arrays == f->a->chip->array.per_core;
    if (f->a->style.fill && full_a != full_b) return full_a;
    return clusters[a].digital < clusters[b].digital;
}

/* The best among clusters [begin, end) that have room, or -1. */
static int best_of(const weft_filling *f, int begin, int end, int64_t bytes) {
    int best = -1;
    for (int c = end - 1; c >= begin; c--)
        if (weft_filling_has_room(f, c, bytes) && is_better(f, c, best)) best = c;
    return best;
}

/* A cluster for a block that has no room where its tiles are. */
static int elsewhere(weft_filling *f, int64_t bytes) {
    weft_allocator *a = f->a;
    int near = a->cluster_count > NEAR && !a->style.fill ? a->cluster_count - NEAR : 0;
    int cluster = best_of(f, near, a->cluster_count, bytes);
    if (cluster < 0 && bytes <= a->chip->core.buffer_bytes) cluster = weft_cluster_open(a);
    return cluster < 0 ? best_of(f, 0, near, bytes) : cluster;
}

static bool is_idle(const weft_filling *f, int cluster, int columns) {
    const weft_allocator *a = f->a;
    return !a->digital_target || a->clusters[cluster].digital + f->column_work * (uint64_t)columns <= a->digital_target;
}

/* One that holds tiles of the strip: the previous strip's, so that their block is one, else the idlest. */
static int among_tiles(const weft_filling *f, int strip, int previous) {
    const weft_strip *s = &f->grid->strips[strip];
    const int *clusters = weft_filling_clusters(f, strip);
    int64_t bytes = weft_filling_block_bytes(f, s->column_end - s->column_begin);
    int best = -1;
    for (int t = 0; t < s->tile_count; t++) {
        int c = clusters[t];
        if (c == best || !weft_filling_has_room(f, c, bytes)) continue;
        if (c == previous && is_idle(f, c, s->column_end - s->column_begin)) return c;
        if (is_better(f, c, best)) best = c;
    }
    return best;
}

static bool add_block(weft_filling *f, int cluster, int column_begin, int column_end) {
    weft_block_list *list = &f->a->outputs[f->piece->stage];
    weft_output_block *last = list->count ? &list->items[list->count - 1] : NULL;
    if (last && last->copy == f->copy && last->core == cluster && last->column_end == column_begin) {
        last->column_end = column_end;
        return true;
    }
    if (list->count == list->capacity) {
        int capacity = list->capacity ? 2 * list->capacity : 8;
        weft_output_block *items = realloc(list->items, (size_t)capacity * sizeof *items);
        if (!items) return !(f->a->out_of_memory = true);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = (weft_output_block){
        .part = f->part, .copy = f->copy, .core = cluster, .column_begin = column_begin, .column_end = column_end};
    return true;
}

static bool no_room(weft_filling *f, int64_t bytes) {
    f->a->shortage.kind = WEFT_SHORTAGE_CORES;
    if (bytes > f->a->chip->core.buffer_bytes)
        f->a->shortage = (weft_shortage){WEFT_SHORTAGE_BUFFER, f->piece->stage, bytes, f->a->chip->core.buffer_bytes};
    return false;
}

bool weft_filling_place_blocks(weft_filling *f) {
    int previous = -1;
    for (int number = f->piece->strip_begin; number < f->piece->strip_end; number++) {
        const weft_strip *strip = &f->grid->strips[number];
        const int *cluster = weft_filling_block(f, number);
        if (*cluster < 0) {
            int64_t bytes = weft_filling_block_bytes(f, strip->column_end - strip->column_begin);
            int chosen = among_tiles(f, number, previous);
            if (chosen < 0) chosen = elsewhere(f, bytes);
            if (chosen < 0) return no_room(f, bytes);
            weft_filling_take_block(f, number, chosen);
        }
        previous = *cluster;
        if (!add_block(f, *cluster, strip->column_begin, strip->column_end)) return false;
    }
    return true;
}

/* ---- digital stages: where their input comes from ---- */

/* Columns up to `most` whose block the cluster has room for. */
static int columns_that_fit(const weft_filling *f, int cluster, int most) {
    int64_t room = weft_cluster_free_bytes(f->a, cluster);
    int low = 0, high = most;
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (weft_filling_block_bytes(f, middle) <= room)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* A cluster with room for all, or else for one column at least. */
static int some_cluster(weft_filling *f, int columns) {
    int cluster = elsewhere(f, weft_filling_block_bytes(f, columns));
    if (cluster < 0) cluster = weft_cluster_open(f->a);
    return cluster < 0 ? elsewhere(f, weft_filling_block_bytes(f, 1)) : cluster;
}

static bool place_columns(weft_filling *f, int begin, int end, int preferred) {
    while (begin < end) {
        int count = preferred >= 0 ? columns_that_fit(f, preferred, end - begin) : 0, cluster = preferred;
        if (count == 0) {
            cluster = some_cluster(f, end - begin);
            count = cluster >= 0 ? columns_that_fit(f, cluster, end - begin) : 0;
        }
        if (count == 0) return no_room(f, weft_filling_block_bytes(f, 1));
        count_block(f, count, cluster);
        if (!add_block(f, cluster, begin, begin + count)) return false;
        begin += count;
    }
    return true;
}

/* The idlest cluster that makes the producer's column, in any copy; *end: where its block there ends. */
static int maker_of(const weft_allocator *a, int producer, int column, int *end) {
    const weft_block_list *list = &a->outputs[producer];
    int best = -1;
    for (int b = 0; b < list->count; b++) {
        const weft_output_block *block = &list->items[b];
        if (block->column_begin > column || block->column_end <= column) continue;
        if (best >= 0 && a->clusters[block->core].digital >= a->clusters[best].digital) continue;
        best = block->core;
        *end = block->column_end;
    }
    return best;
}

bool weft_filling_place_digital(weft_filling *f) {
    const weft_port *port = &f->stage->ports[0];
    f->a->shortage = (weft_shortage){WEFT_SHORTAGE_CORES, f->piece->stage, 0, 0};
    for (int i = 0; i < port->source_count; i++) {
        const weft_source *source = &port->sources[i];
        for (int column = 0; column < source->channels;) {
            int end = source->channels;
            int maker = source->stage >= 0 ? maker_of(f->a, source->stage, column, &end) : -1;
            if (end > source->channels) end = source->channels;
            if (!place_columns(f, source->begin + column, source->begin + end, maker)) return false;
            column = end;
        }
    }
    return true;
}
