#include <stdlib.h>
#include <string.h>

#include "core/traffic_internal.h"

/* ---- classes of positions ---- */

/* taps_used[taps] of input position p: tap k is used when an output position o < outputs has o * stride + k * dilation
 * - pad == p. */
static void find_taps(unsigned char *taps_used, int p, int taps, int stride, int dilation, int pad, int outputs) {
    for (int k = 0; k < taps; k++) {
        int shifted = p + pad - k * dilation;
        taps_used[k] = shifted >= 0 && shifted % stride == 0 && shifted / stride < outputs;
    }
}

static bool tap_classes_create(weft_tap_classes *out, int extent, int taps, int stride, int dilation, int pad,
                               int outputs) {
    *out = (weft_tap_classes){.extent = extent, .taps = taps};
    out->of_position = calloc((size_t)extent, sizeof *out->of_position);
    out->positions = calloc((size_t)extent, sizeof *out->positions);
    out->used = calloc((size_t)extent, (size_t)taps);
    if (!out->of_position || !out->positions || !out->used) return false;
    for (int p = 0; p < extent; p++) {
        unsigned char *fresh = out->used + (size_t)out->count * (size_t)taps;
        find_taps(fresh, p, taps, stride, dilation, pad, outputs);
        int found = 0;
        while (memcmp(out->used + (size_t)found * (size_t)taps, fresh, (size_t)taps) != 0) found++;
        if (found == out->count) out->count++;
        out->of_position[p] = found;
        out->positions[found]++;
    }
    return true;
}

/* ---- routes ---- */

/* The seen cores become *out, and seen is cleared. */
static bool route_from_seen(weft_route *out, unsigned char *seen, int core_count, int self) {
    int count = 0;
    for (int c = 0; c < core_count; c++) count += seen[c] && c != self;
    *out = (weft_route){.core_count = count, .cores = malloc((size_t)(count + 1) * sizeof(int))};
    if (!out->cores) return false;
    out->local = self >= 0 && self < core_count && seen[self];
    for (int c = 0, n = 0; c < core_count; c++) {
        if (seen[c] && c != self) out->cores[n++] = c;
        seen[c] = 0;
    }
    return true;
}

static bool tile_needs(const weft_tile *tile, const weft_stage *stage, const unsigned char *taps_y,
                       const unsigned char *taps_x, int channel_begin, int channel_end) {
    int channels = stage->in.channels, width = stage->window.kernel_w;
    int first_tap = tile->row_begin / channels, last_tap = (tile->row_end - 1) / channels;
    for (int tap = first_tap; tap <= last_tap; tap++) {
        if (!taps_y[tap / width] || !taps_x[tap % width]) continue;
        int begin = tap * channels + channel_begin, end = tap * channels + channel_end;
        if (begin < tile->row_end && tile->row_begin < end) return true;
    }
    return false;
}

/* Routes of one producing block to the tiles of stage `consumer`, for every class of positions. */
static bool build_block_routes(weft_traffic *traffic, weft_stage_traffic *item, int consumer, int block, int self,
                               int channel_begin, int channel_end) {
    const weft_mapped_stage *mapped = &traffic->mapping->stages[consumer];
    const weft_stage *stage = &traffic->stages->items[consumer];
    for (int cy = 0; cy < item->y.count; cy++)
        for (int cx = 0; cx < item->x.count; cx++) {
            const unsigned char *taps_y = item->y.used + (size_t)cy * (size_t)item->y.taps;
            const unsigned char *taps_x = item->x.used + (size_t)cx * (size_t)item->x.taps;
            for (int t = 0; t < mapped->tile_count; t++) {
                unsigned char *seen = &traffic->seen[mapped->tiles[t].core];
                if (!*seen) *seen = tile_needs(&mapped->tiles[t], stage, taps_y, taps_x, channel_begin, channel_end);
            }
            weft_route *route =
                &item->routes[((size_t)block * (size_t)item->y.count + (size_t)cy) * (size_t)item->x.count +
                              (size_t)cx];
            if (!route_from_seen(route, traffic->seen, traffic->chip->core_count, self)) return false;
        }
    return true;
}

static bool build_host_route(const weft_traffic *traffic, weft_stage_traffic *item) {
    item->routes = calloc(1, sizeof *item->routes);
    if (!item->routes) return false;
    item->route_count = 1;
    item->routes[0].cores = malloc(sizeof(int));
    if (!item->routes[0].cores) return false;
    item->routes[0].cores[0] = traffic->chip->host_terminal;
    item->routes[0].core_count = 1;
    return true;
}

/* Routes of the output of stage (-1: the host's input) to the stage after it. */
bool weft_traffic_build_routes(weft_traffic *traffic, int stage) {
    weft_stage_traffic *item = &traffic->items[stage + 1];
    item->block_count = stage < 0 ? 1 : traffic->mapping->stages[stage].block_count;
    if (stage == traffic->mapping->stage_count - 1) return build_host_route(traffic, item);
    const weft_stage *next = &traffic->stages->items[stage + 1];
    const weft_window *w = &next->window;
    if (!tap_classes_create(&item->y, next->in.height, w->kernel_h, w->stride_h, w->dilation_h, w->pad_top,
                            next->matrix_out.height) ||
        !tap_classes_create(&item->x, next->in.width, w->kernel_w, w->stride_w, w->dilation_w, w->pad_left,
                            next->matrix_out.width))
        return false;
    item->route_count = (size_t)item->block_count * (size_t)item->y.count * (size_t)item->x.count;
    item->routes = calloc(item->route_count, sizeof *item->routes);
    if (!item->routes) return false;
    if (stage < 0) return build_block_routes(traffic, item, 0, 0, traffic->chip->host_terminal, 0, next->in.channels);
    for (int b = 0; b < item->block_count; b++) {
        const weft_output_block *block = &traffic->mapping->stages[stage].blocks[b];
        if (!build_block_routes(traffic, item, stage + 1, b, block->core, block->column_begin, block->column_end))
            return false;
    }
    return true;
}

/* ---- partial sums and reads ---- */

static bool within_block(const weft_tile *tile, const weft_output_block *block) {
    return tile->column_begin >= block->column_begin && tile->column_end <= block->column_end;
}

static int count_and_clear(unsigned char *marks, int size) {
    int count = 0;
    for (int i = 0; i < size; i++) count += marks[i];
    memset(marks, 0, (size_t)size);
    return count;
}

static int count_columns(weft_traffic *traffic, const weft_mapped_stage *mapped, const weft_output_block *block,
                         int core) {
    for (int t = 0; t < mapped->tile_count; t++) {
        const weft_tile *tile = &mapped->tiles[t];
        if (tile->core == core && within_block(tile, block))
            memset(traffic->marks + tile->column_begin, 1, (size_t)(tile->column_end - tile->column_begin));
    }
    return count_and_clear(traffic->marks, mapped->columns);
}

static bool build_block_partials(weft_traffic *traffic, int stage, int b) {
    weft_stage_traffic *item = &traffic->items[stage + 1];
    const weft_mapped_stage *mapped = &traffic->mapping->stages[stage];
    const weft_output_block *block = &mapped->blocks[b];
    for (int t = 0; t < mapped->tile_count; t++)
        if (within_block(&mapped->tiles[t], block)) traffic->seen[mapped->tiles[t].core] = 1;
    weft_route *route = &item->partials[b];
    if (!route_from_seen(route, traffic->seen, traffic->chip->core_count, block->core)) return false;
    item->partial_values[b] = malloc((size_t)(route->core_count + 1) * sizeof(int));
    if (!item->partial_values[b]) return false;
    for (int i = 0; i < route->core_count; i++)
        item->partial_values[b][i] = count_columns(traffic, mapped, block, route->cores[i]);
    return true;
}

static int count_rows(weft_traffic *traffic, const weft_mapped_stage *mapped, int core) {
    for (int t = 0; t < mapped->tile_count; t++) {
        const weft_tile *tile = &mapped->tiles[t];
        if (tile->core == core) memset(traffic->marks + tile->row_begin, 1, (size_t)(tile->row_end - tile->row_begin));
    }
    return count_and_clear(traffic->marks, mapped->rows);
}

bool weft_traffic_build_stage(weft_traffic *traffic, int stage) {
    weft_stage_traffic *item = &traffic->items[stage + 1];
    const weft_mapped_stage *mapped = &traffic->mapping->stages[stage];
    item->partials = calloc((size_t)item->block_count + 1, sizeof *item->partials);
    item->partial_values = calloc((size_t)item->block_count + 1, sizeof *item->partial_values);
    item->mvm_read_bits = calloc((size_t)traffic->chip->core_count + 1, sizeof *item->mvm_read_bits);
    if (!item->partials || !item->partial_values || !item->mvm_read_bits) return false;
    for (int b = 0; b < item->block_count; b++)
        if (!build_block_partials(traffic, stage, b)) return false;
    for (int t = 0; t < mapped->tile_count; t++) {
        uint64_t *bits = &item->mvm_read_bits[mapped->tiles[t].core];
        if (*bits == 0)
            *bits = (uint64_t)count_rows(traffic, mapped, mapped->tiles[t].core) * (uint64_t)traffic->chip->input.bits;
    }
    return true;
}

static void tap_classes_destroy(weft_tap_classes *classes) {
    free(classes->of_position);
    free(classes->positions);
    free(classes->used);
}

void weft_traffic_stage_destroy(weft_stage_traffic *item) {
    for (size_t i = 0; item->routes && i < item->route_count; i++) free(item->routes[i].cores);
    for (int b = 0; item->partials && b < item->block_count; b++) free(item->partials[b].cores);
    for (int b = 0; item->partial_values && b < item->block_count; b++) free(item->partial_values[b]);
    free(item->routes);
    free(item->partials);
    free(item->partial_values);
    free(item->mvm_read_bits);
    tap_classes_destroy(&item->y);
    tap_classes_destroy(&item->x);
}
