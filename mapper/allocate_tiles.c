#include "mapper/allocate_internal.h"

/* ---- the cluster being filled ---- */

void weft_filling_enter(weft_filling *f, int cluster) {
    f->at = cluster;
    f->visit++;
    f->use_bytes = 0;
    weft_input_use_reset(&f->use);
}

static bool is_hole(const weft_filling *f, int cluster) {
    const weft_cluster *left = &f->a->clusters[cluster];
    return left->stage != f->piece->stage + 1 && left->arrays < f->a->chip->array.per_core;
}

/* Downwards, or -1. */
static int last_hole(weft_filling *f) {
    if (f->hole < 0) f->hole = f->a->cluster_count;
    while (f->hole > 0)
        if (is_hole(f, --f->hole)) return f->hole;
    return -1;
}

/* Upwards, or -1. */
static int next_hole(weft_filling *f) {
    while (f->hole + 1 < f->a->cluster_count)
        if (is_hole(f, ++f->hole)) return f->hole;
    return -1;
}

/* To a new cluster, or to one with arrays left over. False: there is none. A stage does not come back to a cluster:
 * what it reads there could not be counted on. */
bool weft_filling_advance(weft_filling *f) {
    weft_allocator *a = f->a;
    int cluster = a->style.fill ? next_hole(f) : -1;
    if (cluster < 0) cluster = weft_cluster_open(a);
    if (cluster < 0 && !a->style.fill) cluster = last_hole(f);
    if (cluster < 0) return false;
    weft_filling_enter(f, cluster);
    return true;
}

static bool has_new(const weft_filling *f) { return f->a->cluster_count < f->a->cluster_limit; }

static bool is_empty(const weft_filling *f) {
    const weft_cluster *cluster = &f->a->clusters[f->at];
    return cluster->arrays == 0 && cluster->bytes == 0;
}

/* Bytes that the tile's rows add to the cluster. */
static int64_t bytes_of_tile(weft_filling *f, const weft_strip *strip, int t) {
    int cut = strip->first_cut + t;
    if (f->a->stamps[cut] == f->visit) return 0;
    return weft_input_use_with(&f->use, f->grid->cuts[cut], f->grid->cuts[cut + 1], false) - f->use_bytes;
}

static bool accepts(weft_filling *f, const weft_strip *strip, int t) {
    weft_allocator *a = f->a;
    const weft_cluster *cluster = &a->clusters[f->at];
    int64_t room = weft_cluster_free_bytes(a, f->at);
    if (has_new(f) && !is_empty(f)) room -= weft_cluster_reserve(a, f->at, 1);
    return cluster->arrays < a->chip->array.per_core && bytes_of_tile(f, strip, t) <= room;
}

static void append_tile(weft_filling *f, const weft_strip *strip, int t, int array) {
    weft_mapped_stage *mapped = &f->mapping->stages[f->piece->stage];
    weft_tile *tile = &mapped->tiles[mapped->tile_count++];
    *tile = (weft_tile){.part = f->part, .copy = f->copy, .core = f->at, .array = array};
    tile->row_begin = f->grid->cuts[strip->first_cut + t];
    tile->row_end = f->grid->cuts[strip->first_cut + t + 1];
    tile->column_begin = strip->column_begin;
    tile->column_end = strip->column_end;
}

/* What the arrays that are left over on a cluster keep of its buffer once `arrays` more are used. */
int64_t weft_cluster_reserve(const weft_allocator *a, int cluster, int arrays) {
    int64_t left = a->chip->array.per_core - a->clusters[cluster].arrays - arrays;
    return a->chip->core.buffer_bytes * left / a->chip->array.per_core * a->style.reserve / 100;
}

static bool place_tile(weft_filling *f, int number, int t) {
    weft_allocator *a = f->a;
    const weft_strip *strip = &f->grid->strips[number];
    while (f->at < 0 || !accepts(f, strip, t))
        if (!weft_filling_advance(f)) return false;
    weft_cluster *cluster = &a->clusters[f->at];
    int cut = strip->first_cut + t;
    if (a->stamps[cut] != f->visit) {
        int64_t bytes = weft_input_use_with(&f->use, f->grid->cuts[cut], f->grid->cuts[cut + 1], true);
        cluster->bytes += bytes - f->use_bytes;
        f->use_bytes = bytes;
        a->stamps[cut] = f->visit;
    }
    if (f->mapping) append_tile(f, strip, t, cluster->arrays);
    cluster->arrays++;
    cluster->stage = f->piece->stage + 1;
    weft_filling_clusters(f, number)[t] = f->at;
    return true;
}

/* ---- strips in bands ---- */

/* Should a strip whose tiles are all placed at once, beside its block, go on to a new cluster? */
static bool is_too_much(weft_filling *f, const weft_strip *strip) {
    weft_allocator *a = f->a;
    int columns = strip->column_end - strip->column_begin;
    uint64_t before = a->clusters[f->at].digital, events = before + f->column_work * (uint64_t)columns;
    if (a->digital_target && before && events > a->digital_target) return true;
    int64_t bytes = bytes_of_tile(f, strip, 0) + weft_filling_block_bytes(f, columns);
    return a->style.keep_together && bytes > weft_cluster_free_bytes(a, f->at);
}

/* While there are new clusters: leaves one that cannot hold the next tiles of a strip together, or not its block beside
 * them. */
static void make_room(weft_filling *f, const weft_strip *strip, int tiles, bool alone) {
    int per_core = (int)f->a->chip->array.per_core;
    if (f->at < 0 || is_empty(f) || !has_new(f)) return;
    int left = per_core - f->a->clusters[f->at].arrays;
    bool apart = f->a->style.keep_together && tiles <= per_core && left < tiles;
    if (apart || (alone && is_too_much(f, strip))) weft_filling_advance(f);
}

static bool place_band(weft_filling *f, int begin, int end) {
    int first = f->piece->strip_begin;
    bool alone = begin == 0 && end == f->grid->strips[first].tile_count;
    for (int number = first; number < f->piece->strip_end; number++) {
        const weft_strip *strip = &f->grid->strips[number];
        make_room(f, strip, end - begin, alone);
        for (int t = begin; t < end; t++) {
            if (!place_tile(f, number, t)) return false;
            if (!alone || t > 0) continue;
            int64_t bytes = weft_filling_block_bytes(f, strip->column_end - strip->column_begin);
            if (weft_filling_has_room(f, f->at, bytes)) weft_filling_take_block(f, number, f->at);
        }
    }
    return true;
}

/* Copy by copy; where strips are cut into bands, a band of all copies, then the next: so tiles that read the same lines
 * come together. */
bool weft_filling_place_copies(weft_filling *f) {
    int tiles = f->grid->strips[f->piece->strip_begin].tile_count, copies = f->copies.y * f->copies.x;
    for (int begin = 0; begin < tiles; begin += f->band) {
        if (f->a->style.fill) f->hole = -1;
        for (f->copy = 0; f->copy < copies; f->copy++) {
            int end = begin + f->band < tiles ? begin + f->band : tiles;
            if (!place_band(f, begin, end)) return false;
            if (f->band >= tiles && !weft_filling_place_blocks(f)) return false;
        }
    }
    for (f->copy = 0; f->band < tiles && f->copy < copies; f->copy++)
        if (!weft_filling_place_blocks(f)) return false;
    return true;
}
