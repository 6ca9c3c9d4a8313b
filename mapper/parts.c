#include <math.h>
#include <stdlib.h>

#include "mapper/passes.h"

/* Parts being made. */
typedef struct cutting {
    const weft_stages *stages;
    const weft_grid *grids;
    weft_allocator *allocator;
    weft_parts *parts;
    int *part_of;       /* [piece] */
    int capacity, open; /* open: pieces in the part being filled */
    int parts_max;      /* 0: no limit */
    bool split_any;     /* also stages that the next part would hold whole */
} cutting;

static const weft_copies one_copy = {1, 1, 0};

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory while cutting the network into parts");
}

bool weft_piece_is_whole(const weft_piece *piece, const weft_grid *grids) {
    return piece->strip_begin == 0 && piece->strip_end == grids[piece->stage].strip_count;
}

static weft_status add_piece(cutting *c, const weft_piece *piece, weft_error *err) {
    weft_parts *parts = c->parts;
    if (parts->piece_count == c->capacity) {
        int capacity = 2 * c->capacity + 16;
        weft_piece *pieces = realloc(parts->pieces, (size_t)capacity * sizeof *pieces);
        if (pieces) parts->pieces = pieces;
        int *part_of = realloc(c->part_of, (size_t)capacity * sizeof *part_of);
        if (part_of) c->part_of = part_of;
        if (!pieces || !part_of) return out_of_memory(err);
        c->capacity = capacity;
    }
    c->part_of[parts->piece_count] = parts->count - 1;
    parts->pieces[parts->piece_count++] = *piece;
    c->open++;
    return WEFT_OK;
}

static void next_part(cutting *c) {
    c->parts->count++;
    c->open = 0;
    weft_allocator_reset(c->allocator, &weft_styles[0], 0);
}

/* *fits: what weft_allocate said; other failures are passed on. */
static weft_status try_piece(bool *fits, cutting *c, const weft_piece *piece, weft_error *err) {
    weft_status status = weft_allocate(c->allocator, piece, one_copy, NULL, 0, err);
    *fits = status == WEFT_OK;
    return status == WEFT_E_NO_FIT ? WEFT_OK : status;
}

/* Cuts the piece down to the most strips that fit into what is left of the part, and allocates them. */
static weft_status fill_part(weft_piece *piece, cutting *c, weft_error *err) {
    int low = piece->strip_begin, high = piece->strip_end; /* high does not fit */
    bool fits = false;
    while (high - low > 1) {
        piece->strip_end = low + (high - low) / 2;
        WEFT_TRY(try_piece(&fits, c, piece, err));
        if (fits) weft_allocator_undo(c->allocator, piece);
        if (fits)
            low = piece->strip_end;
        else
            high = piece->strip_end;
    }
    piece->strip_end = low;
    if (low > piece->strip_begin) WEFT_TRY(try_piece(&fits, c, piece, err));
    return WEFT_OK;
}

static bool is_larger_than_a_chip(const cutting *c, int stage) {
    return c->grids[stage].tiles > weft_allocator_array_limit(c->allocator);
}

static weft_status place_stage(cutting *c, int stage, weft_shortage *shortage, weft_error *err) {
    weft_piece piece = {.stage = stage, .strip_end = c->grids[stage].strip_count};
    for (;;) {
        bool fits = false, empty = c->open == 0;
        WEFT_TRY(try_piece(&fits, c, &piece, err));
        if (fits) return add_piece(c, &piece, err);
        weft_shortage reason = *weft_allocator_shortage(c->allocator);
        if (c->grids[stage].strip_count > 1 && (empty || c->split_any || is_larger_than_a_chip(c, stage))) {
            weft_piece first = piece;
            WEFT_TRY(fill_part(&first, c, err));
            if (first.strip_end > first.strip_begin) {
                WEFT_TRY(add_piece(c, &first, err));
                piece.strip_begin = first.strip_end;
                empty = false;
            }
        }
        *shortage = reason;
        if (empty) return WEFT_E_NO_FIT;
        if (c->parts_max > 0 && c->parts->count == c->parts_max) return WEFT_E_NO_FIT;
        next_part(c);
    }
}

/* Where each part's pieces lie, once all are there. */
static weft_status index_parts(cutting *c, weft_error *err) {
    weft_parts *parts = c->parts;
    parts->items = calloc((size_t)parts->count, sizeof *parts->items);
    if (!parts->items) return out_of_memory(err);
    for (int i = 0; i < parts->piece_count; i++) {
        weft_part *part = &parts->items[c->part_of[i]];
        const weft_piece *piece = &parts->pieces[i];
        if (part->piece_count++ == 0) part->pieces = &parts->pieces[i];
        for (int t = piece->strip_begin; t < piece->strip_end; t++)
            part->arrays += c->grids[piece->stage].strips[t].tile_count;
    }
    return WEFT_OK;
}

static weft_status cut_network(weft_parts **out, cutting c, weft_shortage *shortage, weft_error *err) {
    weft_status status = WEFT_OK;
    *out = NULL;
    c.parts = calloc(1, sizeof *c.parts);
    if (!c.parts) return out_of_memory(err);
    next_part(&c);
    for (int s = 0; s < c.stages->count; s++) WEFT_TRY_GOTO(place_stage(&c, s, shortage, err));
    WEFT_TRY_GOTO(index_parts(&c, err));
    *out = c.parts;
    c.parts = NULL;
cleanup:
    weft_parts_destroy(c.parts);
    free(c.part_of);
    return status;
}

weft_status weft_parts_create(weft_parts **out, const weft_stages *stages, const weft_grid *grids,
                              weft_allocator *allocator, int parts_max, weft_shortage *shortage, weft_error *err) {
    cutting c = {.stages = stages, .grids = grids, .allocator = allocator, .parts_max = parts_max};
    weft_parts *whole = NULL, *split = NULL;
    weft_shortage other;
    weft_status status = cut_network(&whole, c, shortage, err);
    if (status != WEFT_OK && status != WEFT_E_NO_FIT) return status;
    *out = whole;
    if (whole && whole->count <= 2) return WEFT_OK; /* splitting does not make one of two */
    c.split_any = true;
    status = cut_network(&split, c, &other, err);
    if (status == WEFT_E_NO_FIT) return whole ? WEFT_OK : status;
    if (status == WEFT_OK && (!whole || split->count < whole->count)) {
        *out = split;
        split = whole;
    }
    weft_parts_destroy(split);
    if (status != WEFT_OK) {
        weft_parts_destroy(whole);
        *out = NULL;
    }
    return status;
}

/* ---- where the arrays that are left over go ---- */

/* What a part's ends say, as parts. */
static weft_status parts_of_ends(weft_parts **out, cutting c, const weft_cut_end *ends, int count, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_cut_end at = {0, 0};
    *out = NULL;
    c.parts = calloc(1, sizeof *c.parts);
    if (!c.parts) return out_of_memory(err);
    for (int p = 0; p < count; p++) {
        c.parts->count++;
        for (; at.stage < ends[p].stage || at.strip < ends[p].strip; at = (weft_cut_end){at.stage + 1, 0}) {
            weft_piece piece = {at.stage, at.strip, c.grids[at.stage].strip_count};
            if (at.stage == ends[p].stage) piece.strip_end = ends[p].strip;
            WEFT_TRY_GOTO(add_piece(&c, &piece, err));
            if (at.stage == ends[p].stage) break;
        }
        at = ends[p];
    }
    WEFT_TRY_GOTO(index_parts(&c, err));
    *out = c.parts;
    c.parts = NULL;
cleanup:
    weft_parts_destroy(c.parts);
    free(c.part_of);
    return status;
}

/* *fits: the allocator places one copy of everything. */
static weft_status try_parts(bool *fits, const weft_parts *parts, const cutting *c, const weft_copies *copies,
                             weft_error *err) {
    *fits = true;
    for (int p = 0; p < parts->count && *fits; p++) {
        weft_status status = weft_allocate_part(c->allocator, 0, 0, &parts->items[p], copies, NULL, p, err);
        if (status != WEFT_OK && status != WEFT_E_NO_FIT) return status;
        *fits = status == WEFT_OK;
    }
    return WEFT_OK;
}

/* Parts being tried on paper and by the allocator. */
typedef struct balancing {
    const weft_replication *r;
    weft_allocator *allocator;
    weft_cut_problem problem;
    weft_cut_kind kind;
    weft_cut_stage *list; /* [stages->count] */
    weft_copies *copies;  /* [stages->count] */
    weft_cut_end *ends;   /* [parts] */
    double positions;     /* of the cut on paper */
    uint64_t best;        /* of the slowest part of the best cut so far, each with a chip of its own */
} balancing;

static weft_status balancing_create(balancing *b, const weft_parts *parts, bool apart, weft_error *err) {
    const weft_replication *r = b->r;
    size_t count = (size_t)r->stages->count;
    b->list = calloc(count, sizeof *b->list);
    b->copies = calloc(count, sizeof *b->copies);
    b->ends = calloc((size_t)parts->count, sizeof *b->ends);
    if (!b->list || !b->copies || !b->ends) return out_of_memory(err);
    for (int s = 0; s < r->stages->count; s++) {
        b->copies[s] = one_copy;
        if (r->grids[s].strip_count == 0) continue;
        b->list[s] = weft_cut_stage_of(&r->loads[s], r->grids[s].strips[0].tile_count, r->grids[s].strip_count);
    }
    b->problem = (weft_cut_problem){
        .count = r->stages->count, .stages = b->list, .parts = parts->count, .sum = !apart, .tolerance = 0.02};
    b->kind = apart ? WEFT_CUT_WHOLE : WEFT_CUT_PIECES;
    return WEFT_OK;
}

static void balancing_free(balancing *b) {
    free(b->list);
    free(b->copies);
    free(b->ends);
}

/* Is the cut, one copy of which can be allocated, better than those before? In turn: the first is taken. */
static weft_status is_better(bool *better, balancing *b, const weft_parts *parts, weft_error *err) {
    weft_target target;
    *better = b->best == UINT64_MAX;
    if (b->problem.sum) return WEFT_OK;
    WEFT_TRY(weft_replicate_together(b->copies, &target, b->r, parts, b->allocator, err));
    for (int s = 0; s < b->problem.count; s++) b->copies[s] = one_copy;
    *better = target.positions < b->best;
    if (*better) b->best = target.positions;
    return WEFT_OK;
}

/* The best cut on paper, in place of *parts when it can be allocated and is better; *done: no other can be. */
static weft_status try_optimum(bool *done, weft_parts **parts, balancing *b, weft_error *err) {
    cutting c = {.stages = b->r->stages, .grids = b->r->grids, .allocator = b->allocator};
    weft_parts *other = NULL;
    bool fits = false;
    WEFT_TRY(weft_cut_optimum(&b->positions, b->ends, &b->problem, b->kind, err));
    *done = b->positions >= (double)b->best || b->positions >= HUGE_VAL;
    if (*done) return WEFT_OK;
    WEFT_TRY(parts_of_ends(&other, c, b->ends, b->problem.parts, err));
    weft_status status = try_parts(&fits, other, &c, b->copies, err);
    bool better = false;
    if (status == WEFT_OK && fits) status = is_better(&better, b, other, err);
    if (status == WEFT_OK && better) {
        weft_parts *worse = *parts;
        *parts = other;
        other = worse;
        *done = b->problem.sum;
    }
    weft_parts_destroy(other);
    return status;
}

weft_status weft_parts_balance(weft_parts **parts, const weft_replication *r, weft_allocator *allocator, bool apart,
                               weft_error *err) {
    enum { STEPS = 8, FEWER = 64 }; /* arrays that fragments may cost: 0 to 7 of 64 */
    balancing b = {.r = r, .allocator = allocator, .best = UINT64_MAX};
    bool done = (*parts)->count == 1;
    if (done) return WEFT_OK;
    weft_status status = balancing_create(&b, *parts, apart, err);
    for (int step = 0; step < STEPS && !done && status == WEFT_OK; step++) {
        b.problem.array_limit = floor((double)r->array_limit * (FEWER - step) / FEWER);
        status = try_optimum(&done, parts, &b, err);
    }
    balancing_free(&b);
    return status;
}

void weft_parts_destroy(weft_parts *parts) {
    if (!parts) return;
    free(parts->items);
    free(parts->pieces);
    free(parts);
}
