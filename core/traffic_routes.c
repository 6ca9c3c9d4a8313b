/* Who gets what: for every part, every run of channels that blocks have and every class of positions, each link's
 * readers are found once; the routes of the blocks join those of the links. */
#include <stdlib.h>

#include "core/traffic_internal.h"

/* ---- the routes of blocks ---- */

static int join(int *out, const int *a, int a_count, const int *b, int b_count) {
    int n = 0, i = 0, k = 0;
    while (i < a_count && k < b_count) {
        out[n++] = a[i] < b[k] ? a[i] : b[k];
        int least = out[n - 1];
        i += a[i] == least;
        k += b[k] == least;
    }
    while (i < a_count) out[n++] = a[i++];
    while (k < b_count) out[n++] = b[k++];
    return n;
}

/* Cores of all links, in w->joined, for classes cy and cx of the output. */
static int join_links(weft_route_work *w, int cy, int cx) {
    const weft_stage_traffic *item = weft_traffic_item(w->traffic, w->producer);
    int count = 0, links = item->link_count;
    for (int l = 0; l < links; l++) {
        const weft_reading *r = &w->readings[l];
        int of_y = item->y.of_link[cy * links + l], of_x = item->x.of_link[cx * links + l];
        const weft_core_set *set = &r->sets[of_y * r->x.classes.count + of_x];
        count = join(w->spare, w->joined, count, w->pool + set->first, set->count);
        int *swap = w->joined;
        w->joined = w->spare;
        w->spare = swap;
    }
    return count;
}

/* self: the sender, a core of this part; -1: the host. One place is left for the host as a destination. */
static bool put_route(weft_route_work *w, weft_route *route, int count, int self) {
    route->cores = weft_arena_alloc(w->traffic->arena, ((size_t)count + 1) * sizeof(int));
    if (!route->cores) return false;
    for (int i = 0; i < count; i++) {
        if (w->joined[i] == self)
            route->local = true;
        else
            route->cores[route->core_count++] = w->joined[i];
    }
    return true;
}

static bool build_block(weft_route_work *w, int slot, int b) {
    const weft_stage_traffic *item = weft_traffic_item(w->traffic, w->producer);
    weft_output_block block = weft_traffic_block(w->traffic, w->producer, b);
    int self = block.part == item->part_of_slot[slot] ? block.core : -1, y[2], x[2];
    weft_route *route = item->routes + (size_t)slot * (size_t)item->first_route[item->block_count];
    route += item->first_route[b];
    weft_traffic_copy_rows(w->traffic, w->producer, block.copy, &y[0], &y[1]);
    for (int cy = y[0]; cy < y[1]; cy++) {
        weft_traffic_copy_columns(w->traffic, w->producer, block.copy, cy, &x[0], &x[1]);
        for (int cx = x[0]; cx < x[1]; cx++)
            if (!put_route(w, route++, join_links(w, cy, cx), self)) return false;
    }
    return true;
}

/* Values that other parts need go to the host. */
static void add_host(weft_route_work *w, int b) {
    weft_stage_traffic *item = weft_traffic_item(w->traffic, w->producer);
    int own = item->slot_of_part[weft_traffic_block(w->traffic, w->producer, b).part];
    size_t per_slot = (size_t)item->first_route[item->block_count];
    for (int i = item->first_route[b]; i < item->first_route[b + 1]; i++) {
        bool needed = false;
        for (int slot = 0; slot < item->slot_count; slot++)
            needed = needed || (slot != own && item->routes[(size_t)slot * per_slot + (size_t)i].core_count > 0);
        weft_route *route = &item->routes[(size_t)own * per_slot + (size_t)i];
        if (needed) route->cores[route->core_count++] = w->traffic->chip->host_terminal;
    }
}

/* The destinations of all routes of a block are known. */
static void plan_trees(weft_route_work *w, int b) {
    weft_stage_traffic *item = weft_traffic_item(w->traffic, w->producer);
    const weft_output_block block = weft_traffic_block(w->traffic, w->producer, b);
    const size_t per_slot = (size_t)item->first_route[item->block_count];
    for (int slot = 0; slot < item->slot_count; slot++) {
        const int from = item->part_of_slot[slot] == block.part ? block.core : w->traffic->chip->host_terminal;
        for (int i = item->first_route[b]; i < item->first_route[b + 1]; i++)
            weft_traffic_plan_tree(w->traffic, from, &item->routes[(size_t)slot * per_slot + (size_t)i],
                                   block.column_end - block.column_begin);
    }
}

/* ---- tables ---- */

static bool find_slots(weft_traffic *traffic, int producer) {
    weft_stage_traffic *item = weft_traffic_item(traffic, producer);
    int parts = traffic->mapping->parts;
    item->slot_of_part = weft_arena_alloc(traffic->arena, (size_t)parts * sizeof(int));
    item->part_of_slot = weft_arena_alloc(traffic->arena, (size_t)parts * sizeof(int));
    if (!item->slot_of_part || !item->part_of_slot) return false;
    for (int b = 0; producer >= 0 && b < item->block_count; b++)
        item->slot_of_part[traffic->mapping->stages[producer].blocks[b].part] = 1;
    for (int l = 0; l < item->link_count; l++) {
        const weft_mapped_stage *mapped = &traffic->mapping->stages[item->links[l].stage];
        for (int b = 0; b < mapped->block_count; b++) item->slot_of_part[mapped->blocks[b].part] = 1;
    }
    for (int p = 0; p < parts; p++) {
        bool used = item->slot_of_part[p] == 1;
        item->slot_of_part[p] = used ? item->slot_count : -1;
        if (used) item->part_of_slot[item->slot_count++] = p;
    }
    return true;
}

static bool create_axis(weft_route_work *w, int axis) {
    weft_stage_traffic *item = weft_traffic_item(w->traffic, w->producer);
    weft_shape out = w->producer < 0 ? w->traffic->stages->input : w->traffic->stages->items[w->producer].out;
    weft_link_axis *links = calloc((size_t)item->link_count + 1, sizeof *links);
    const weft_mapped_stage *mapped = w->producer < 0 ? NULL : &w->traffic->mapping->stages[w->producer];
    bool good = links != NULL;
    for (int l = 0; good && l < item->link_count; l++) {
        weft_link_axis *link = axis == 0 ? &w->readings[l].y : &w->readings[l].x;
        good = weft_link_axis_create(link, w->traffic, &item->links[l], axis);
        links[l] = *link; /* a view */
    }
    good = good && weft_axis_create(axis == 0 ? &item->y : &item->x, w->traffic->arena,
                                    axis == 0 ? out.height : out.width, mapped, axis, links, item->link_count);
    free(links);
    return good;
}

/* The routes of a copy's blocks before each of its classes of y. */
static bool number_copy(weft_traffic *traffic, int producer, int copy) {
    weft_stage_traffic *item = weft_traffic_item(traffic, producer);
    int y[2], x[2];
    weft_traffic_copy_rows(traffic, producer, copy, &y[0], &y[1]);
    int *routes = weft_arena_alloc(traffic->arena, ((size_t)(y[1] - y[0]) + 1) * sizeof *routes);
    item->row_routes[copy] = routes;
    for (int cy = y[0]; routes && cy < y[1]; cy++) {
        weft_traffic_copy_columns(traffic, producer, copy, cy, &x[0], &x[1]);
        routes[cy - y[0] + 1] = routes[cy - y[0]] + x[1] - x[0];
    }
    return routes != NULL;
}

static bool number_routes(weft_traffic *traffic, int producer) {
    weft_stage_traffic *item = weft_traffic_item(traffic, producer);
    int copies = producer < 0 ? 1 : weft_mapped_stage_copies(&traffic->mapping->stages[producer]);
    item->row_routes = weft_arena_alloc(traffic->arena, (size_t)copies * sizeof *item->row_routes);
    for (int copy = 0; copy < copies; copy++)
        if (!item->row_routes || !number_copy(traffic, producer, copy)) return false;
    item->first_route = weft_arena_alloc(traffic->arena, ((size_t)item->block_count + 1) * sizeof(int));
    if (!item->first_route) return false;
    for (int b = 0; b < item->block_count; b++) {
        int copy = weft_traffic_block(traffic, producer, b).copy, y[2];
        weft_traffic_copy_rows(traffic, producer, copy, &y[0], &y[1]);
        item->first_route[b + 1] = item->first_route[b] + item->row_routes[copy][y[1] - y[0]];
    }
    size_t count = (size_t)item->first_route[item->block_count] * (size_t)item->slot_count;
    item->routes = weft_arena_alloc(traffic->arena, count * sizeof *item->routes);
    return item->routes != NULL;
}

static bool allocate(weft_route_work *w) {
    const weft_stage_traffic *item = weft_traffic_item(w->traffic, w->producer);
    size_t cores = (size_t)w->traffic->chip->core_count + 1;
    w->stamps = calloc(cores, sizeof *w->stamps);
    w->found = malloc(cores * sizeof *w->found);
    w->joined = malloc(cores * sizeof *w->joined);
    w->spare = malloc(cores * sizeof *w->spare);
    w->pool_size = 1024;
    w->pool = malloc(w->pool_size * sizeof *w->pool);
    w->readings = calloc((size_t)item->link_count + 1, sizeof *w->readings);
    if (!w->stamps || !w->found || !w->joined || !w->spare || !w->pool || !w->readings) return false;
    if (!create_axis(w, 0) || !create_axis(w, 1)) return false;
    for (int l = 0; l < item->link_count; l++) {
        weft_reading *r = &w->readings[l];
        r->sets = calloc((size_t)r->y.classes.count * (size_t)r->x.classes.count, sizeof *r->sets);
        if (!r->sets) return false;
    }
    return find_slots(w->traffic, w->producer) && number_routes(w->traffic, w->producer);
}

static void release(weft_route_work *w) {
    for (int l = 0; w->readings && l < weft_traffic_item(w->traffic, w->producer)->link_count; l++) {
        weft_link_axis_free(&w->readings[l].y);
        weft_link_axis_free(&w->readings[l].x);
        free(w->readings[l].sets);
    }
    free(w->readings);
    free(w->stamps);
    free(w->found);
    free(w->joined);
    free(w->spare);
    free(w->pool);
}

/* ---- all blocks, those of the same channels together ---- */

typedef struct channel_run {
    int begin, end, block;
} channel_run;

static int compare_channels(const void *a, const void *b) {
    const channel_run *p = a, *q = b;
    if (p->begin != q->begin) return p->begin < q->begin ? -1 : 1;
    if (p->end != q->end) return p->end < q->end ? -1 : 1;
    return (p->block > q->block) - (p->block < q->block);
}

static bool build_runs(weft_route_work *w, const channel_run *runs, int count) {
    const weft_stage_traffic *item = weft_traffic_item(w->traffic, w->producer);
    for (int first = 0, end; first < count; first = end) {
        for (end = first; end < count && runs[end].begin == runs[first].begin && runs[end].end == runs[first].end;)
            end++;
        for (int slot = 0; slot < item->slot_count; slot++) {
            if (!weft_traffic_find_readers(w, item->part_of_slot[slot], runs[first].begin, runs[first].end))
                return false;
            for (int i = first; i < end; i++)
                if (!build_block(w, slot, runs[i].block)) return false;
        }
    }
    return true;
}

static bool build_all(weft_route_work *w) {
    const weft_stage_traffic *item = weft_traffic_item(w->traffic, w->producer);
    channel_run *runs = malloc((size_t)item->block_count * sizeof *runs);
    if (!runs) return false;
    for (int b = 0; b < item->block_count; b++) {
        weft_output_block block = weft_traffic_block(w->traffic, w->producer, b);
        runs[b] = (channel_run){block.column_begin, block.column_end, b};
    }
    qsort(runs, (size_t)item->block_count, sizeof *runs, compare_channels);
    bool good = build_runs(w, runs, item->block_count);
    free(runs);
    for (int b = 0; good && w->producer >= 0 && b < item->block_count; b++) add_host(w, b);
    for (int b = 0; good && b < item->block_count; b++) plan_trees(w, b);
    return good;
}

bool weft_traffic_build_routes(weft_traffic *traffic, int stage) {
    weft_route_work w = {.traffic = traffic, .producer = stage};
    bool good = allocate(&w) && build_all(&w);
    release(&w);
    return good;
}
