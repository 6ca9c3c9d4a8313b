#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mapper/allocate_internal.h"

enum { CLUSTERS_AT_FIRST = 256 };

const weft_allocation_style weft_styles[WEFT_STYLE_COUNT] = {
    {.reserve = 0},
    {.keep_together = true},
    {.keep_together = true, .fresh_stage = true},
    {.keep_together = true, .tall = true},
    {.reserve = 40},
    {.reserve = 55},
    {.reserve = 70},
    {.reserve = 85},
    {.fill = true},
};

/* ---- life ---- */

weft_status weft_allocator_create(weft_allocator **out, const weft_stages *stages, const weft_grid *grids,
                                  const weft_chip *chip, int cluster_limit, int64_t array_limit, weft_error *err) {
    size_t channels = 1, cuts = 1;
    *out = NULL;
    weft_allocator *a = calloc(1, sizeof *a);
    if (!a) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while allocating tiles");
    for (int s = 0; s < stages->count; s++) {
        const weft_grid *grid = &grids[s];
        if ((size_t)stages->items[s].in.channels > channels) channels = (size_t)stages->items[s].in.channels;
        if ((size_t)grid->cut_count > cuts) cuts = (size_t)grid->cut_count;
    }
    a->stages = stages;
    a->grids = grids;
    a->chip = chip;
    a->cluster_limit = cluster_limit;
    a->array_limit = array_limit;
    a->outputs = calloc((size_t)stages->count, sizeof *a->outputs);
    a->marks = calloc(channels, 1);
    a->stamps = calloc(cuts, sizeof *a->stamps);
    if (!a->outputs || !a->marks || !a->stamps) {
        weft_allocator_destroy(a);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while allocating tiles");
    }
    *out = a;
    return WEFT_OK;
}

void weft_allocator_destroy(weft_allocator *a) {
    if (!a) return;
    for (int s = 0; a->outputs && s < a->stages->count; s++) free(a->outputs[s].items);
    free(a->outputs);
    free(a->clusters);
    free(a->saved);
    free(a->marks);
    free(a->stamps);
    free(a->cluster_of);
    free(a->block_of);
    free(a);
}

void weft_allocator_reset(weft_allocator *a, const weft_allocation_style *style, uint64_t digital_target) {
    a->style = *style;
    a->digital_target = digital_target;
    a->cluster_count = 0;
    a->arrays = 0;
    for (int s = 0; s < a->stages->count; s++) a->outputs[s].count = 0;
}

int weft_allocator_style_used(const weft_allocator *a) { return a->style_used; }

void weft_allocator_allow_thin(weft_allocator *a, bool allowed) { a->thin = allowed; }

const weft_shortage *weft_allocator_shortage(const weft_allocator *a) { return &a->shortage; }
int64_t weft_allocator_array_limit(const weft_allocator *a) { return a->array_limit; }

static bool grow(weft_allocator *a) {
    int capacity = a->capacity ? 2 * a->capacity : CLUSTERS_AT_FIRST;
    weft_cluster *clusters = realloc(a->clusters, (size_t)capacity * sizeof *clusters);
    if (clusters) a->clusters = clusters;
    weft_cluster *saved = realloc(a->saved, (size_t)capacity * sizeof *saved);
    if (saved) a->saved = saved;
    if (!clusters || !saved) return false;
    a->capacity = capacity;
    return true;
}

int weft_cluster_open(weft_allocator *a) {
    if (a->cluster_count >= a->cluster_limit) return -1;
    if (a->cluster_count == a->capacity && !grow(a)) {
        a->out_of_memory = true;
        return -1;
    }
    a->clusters[a->cluster_count] = (weft_cluster){0, 0, 0, 0};
    return a->cluster_count++;
}

static void save(weft_allocator *a) {
    if (a->cluster_count) memcpy(a->saved, a->clusters, (size_t)a->cluster_count * sizeof *a->saved);
    a->saved_count = a->cluster_count;
    a->saved_arrays = a->arrays;
}

static void restore(weft_allocator *a) {
    if (a->saved_count) memcpy(a->clusters, a->saved, (size_t)a->saved_count * sizeof *a->saved);
    a->cluster_count = a->saved_count;
    a->arrays = a->saved_arrays;
}

void weft_allocator_undo(weft_allocator *a, const weft_piece *piece) {
    restore(a);
    a->outputs[piece->stage].count = 0;
}

/* ---- pieces ---- */

static int64_t tiles_of(const weft_filling *f) {
    const weft_piece *piece = f->piece;
    if (piece->strip_begin >= piece->strip_end) return 0;
    return (int64_t)(piece->strip_end - piece->strip_begin) * f->grid->strips[piece->strip_begin].tile_count;
}

static bool reserve(int **items, size_t *room, size_t count) {
    if (count <= *room) return true;
    int *larger = realloc(*items, count * sizeof *larger);
    if (!larger) return false;
    *items = larger;
    *room = count;
    return true;
}

/* Room to note where every tile and block goes; no block has a place yet. */
static bool reserve_places(weft_filling *f, size_t tiles) {
    weft_allocator *a = f->a;
    size_t blocks = (size_t)(f->piece->strip_end - f->piece->strip_begin) * (size_t)(f->copies.y * f->copies.x);
    if (!reserve(&a->cluster_of, &a->tile_room, tiles) || !reserve(&a->block_of, &a->block_room, blocks))
        return !(a->out_of_memory = true);
    for (size_t i = 0; i < blocks; i++) a->block_of[i] = -1;
    return true;
}

/* Where tiles of a strip come apart, adding their sums is most of the work. */
static uint64_t column_work(const weft_filling *f) {
    const weft_stage *stage = f->stage;
    uint64_t work = weft_stage_digital_work(stage), copies = (uint64_t)(f->copies.y * f->copies.x);
    if (f->a->style.fill && stage->has_matrix) {
        uint64_t sums = (uint64_t)f->grid->strips[f->piece->strip_begin].tile_count - 1;
        work += sums * (uint64_t)stage->matrix_out.height * (uint64_t)stage->matrix_out.width;
    }
    return work / copies;
}

static bool place_matrix(weft_filling *f) {
    weft_allocator *a = f->a;
    int64_t tiles = tiles_of(f) * f->copies.y * f->copies.x, left = a->array_limit - a->arrays;
    a->shortage = (weft_shortage){WEFT_SHORTAGE_ARRAYS, f->piece->stage, tiles, left};
    if (tiles > left) return false;
    if (!reserve_places(f, (size_t)tiles)) return false;
    memset(a->stamps, 0, (size_t)f->grid->cut_count * sizeof *a->stamps);
    f->band = weft_filling_choose_band(f);
    if (a->style.fresh_stage) {
        if (!weft_filling_advance(f)) return false;
    } else if (a->cluster_count > 0 && !a->style.fill) {
        weft_filling_enter(f, a->cluster_count - 1);
    }
    a->shortage.kind = WEFT_SHORTAGE_CORES;
    if (!weft_filling_place_copies(f)) return false;
    a->arrays += tiles;
    return true;
}

static bool reserve_tiles(weft_filling *f) {
    weft_mapped_stage *mapped = &f->mapping->stages[f->piece->stage];
    int64_t count = mapped->tile_count + tiles_of(f) * f->copies.y * f->copies.x;
    weft_tile *tiles = realloc(mapped->tiles, (size_t)(count + 1) * sizeof *tiles);
    if (tiles) mapped->tiles = tiles;
    return tiles != NULL;
}

static bool append_blocks(weft_filling *f) {
    weft_mapped_stage *mapped = &f->mapping->stages[f->piece->stage];
    const weft_block_list *list = &f->a->outputs[f->piece->stage];
    weft_output_block *blocks =
        realloc(mapped->blocks, ((size_t)mapped->block_count + (size_t)list->count + 1) * sizeof *blocks);
    if (!blocks) return false;
    mapped->blocks = blocks;
    for (int b = 0; b < list->count; b++) {
        blocks[mapped->block_count] = list->items[b];
        blocks[mapped->block_count++].part = f->part;
    }
    return true;
}

weft_status weft_allocate(weft_allocator *a, const weft_piece *piece, weft_copies copies, weft_mapping *mapping,
                          int part, weft_error *err) {
    const weft_stage *stage = &a->stages->items[piece->stage];
    weft_filling f = {.a = a, .piece = piece, .stage = stage, .grid = &a->grids[piece->stage], .copies = copies};
    assert(a->outputs[piece->stage].count == 0);
    f.mapping = mapping;
    f.part = part;
    f.at = f.hole = -1;
    f.use = (weft_input_use){.stage = stage, .input_bits = (int)a->chip->input.bits, .marks = a->marks};
    f.column_work = column_work(&f);
    int tiles_before = mapping ? mapping->stages[piece->stage].tile_count : 0;
    save(a);
    a->out_of_memory = mapping && !reserve_tiles(&f);
    bool good = !a->out_of_memory && (stage->has_matrix ? place_matrix(&f) : weft_filling_place_digital(&f));
    if (good && mapping && !append_blocks(&f)) good = !(a->out_of_memory = true);
    if (good) return WEFT_OK;
    weft_allocator_undo(a, piece);
    if (mapping) mapping->stages[piece->stage].tile_count = tiles_before;
    if (a->out_of_memory) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while allocating tiles");
    return WEFT_E_NO_FIT;
}

/* ---- parts ---- */

/* thin: of so many of the last pieces the tiles of a strip lie apart. */
static weft_status add_pieces(weft_allocator *a, const weft_part *part, const weft_copies *copies, int thin,
                              weft_mapping *mapping, int number, weft_error *err) {
    for (int i = 0; i < part->piece_count; i++) {
        const weft_piece *piece = &part->pieces[i];
        a->style.thin = i >= part->piece_count - thin;
        WEFT_TRY(weft_allocate(a, piece, copies[piece->stage], mapping, number, err));
    }
    return WEFT_OK;
}

typedef struct way {
    int style, thin;
    uint64_t digital_target;
} way;
enum { CLOSEST = 0, RESERVES = 4, FILL = 8, WAYS_MAX = 100 };

/* The style, the closest, `fill` with more and more thin pieces, those with a reserve, the closest without a target. */
static int list_ways(way ways[WAYS_MAX], int style, uint64_t digital_target, int thin_max) {
    int count = 0, last = -1;
    ways[count++] = (way){style, 0, digital_target};
    ways[count++] = (way){CLOSEST, 0, digital_target};
    for (int thin = 0; last < thin_max && count < WAYS_MAX - 5; thin += 1 + thin / 4) {
        last = thin;
        ways[count++] = (way){FILL, thin, digital_target};
    }
    for (int reserve = RESERVES; reserve < FILL; reserve++) ways[count++] = (way){reserve, 0, digital_target};
    ways[count++] = (way){CLOSEST, 0, 0};
    return count;
}

weft_status weft_allocate_part(weft_allocator *a, int style, uint64_t digital_target, const weft_part *part,
                               const weft_copies *copies, weft_mapping *mapping, int number, weft_error *err) {
    way ways[WAYS_MAX];
    int count = list_ways(ways, style, digital_target, a->thin ? part->piece_count : 0);
    for (int i = 0; i < count; i++) {
        const way *w = &ways[i];
        weft_allocator_reset(a, &weft_styles[w->style], w->digital_target);
        weft_status status = add_pieces(a, part, copies, w->thin, NULL, number, err);
        if (status == WEFT_E_NO_FIT) continue;
        a->style_used = w->style;
        if (status != WEFT_OK || !mapping) return status;
        weft_allocator_reset(a, &weft_styles[w->style], w->digital_target);
        return add_pieces(a, part, copies, w->thin, mapping, number, err);
    }
    return WEFT_E_NO_FIT;
}
