/* Every weight in exactly one tile: columns are swept from left to right, the tiles over them kept in order of rows. */
#include <stdlib.h>
#include <string.h>

#include "core/mapping_internal.h"

/* What a tile has of one group. */
typedef struct piece {
    int copy, group, row_begin, row_end, column_begin, column_end;
    const weft_tile *tile;
} piece;

static int compare(int a, int b) { return (a > b) - (a < b); }

static int compare_rows(const piece *p, const piece *q) {
    int order = compare(p->row_begin, q->row_begin);
    if (!order) order = compare(p->tile->line, q->tile->line);
    return order ? order : compare(p->tile > q->tile, p->tile < q->tile);
}

static int compare_pieces(const void *a, const void *b) {
    const piece *p = a, *q = b;
    int order = compare(p->copy, q->copy);
    if (!order) order = compare(p->group, q->group);
    if (!order) order = compare(p->column_begin, q->column_begin);
    return order ? order : compare_rows(p, q);
}

static int smaller(int a, int b) { return a < b ? a : b; }
static int larger(int a, int b) { return a > b ? a : b; }

/* Groups [*first, *end) that a tile has weights of. */
static void groups_of(const weft_stage *stage, const weft_tile *tile, int *first, int *end) {
    int rows = weft_stage_group_rows(stage), columns = weft_stage_group_columns(stage);
    *first = larger(tile->row_begin / rows, tile->column_begin / columns);
    *end = smaller((tile->row_end - 1) / rows, (tile->column_end - 1) / columns) + 1;
}

static piece piece_of(const weft_stage *stage, const weft_tile *tile, int group) {
    int rows = weft_stage_group_rows(stage), columns = weft_stage_group_columns(stage);
    return (piece){.copy = tile->copy,
                   .group = group,
                   .row_begin = larger(tile->row_begin, group * rows),
                   .row_end = smaller(tile->row_end, (group + 1) * rows),
                   .column_begin = larger(tile->column_begin, group * columns),
                   .column_end = smaller(tile->column_end, (group + 1) * columns),
                   .tile = tile};
}

/* The part of the matrix that is one group of one copy, and the pieces over the columns at hand. */
typedef struct sweep {
    const weft_mapping_checker *checker;
    const weft_mapped_stage *mapped;
    int copy, row_begin, row_end, column_end;
    const piece **active, **merged; /* by rows */
    size_t active_count;
} sweep;

static weft_status weights_missing(const sweep *s, int row_begin, int row_end, int column_begin, int column_end) {
    char text[WEFT_STAGE_TEXT];
    return weft_mapping_bad(
        s->checker, s->mapped->line, "%s: the weights of rows [%d, %d), columns [%d, %d) are in no tile",
        weft_mapping_stage_text(text, s->mapped, s->copy), row_begin, row_end, column_begin, column_end);
}

/* The active pieces, over columns [begin, end) which no edge divides, follow each other from the first row to the
 * last. */
static weft_status check_strip(const sweep *s, int begin, int end) {
    char text[WEFT_STAGE_TEXT];
    int next = s->row_begin;
    for (size_t i = 0; i < s->active_count; i++) {
        const piece *over = s->active[i];
        if (over->row_begin < next)
            return weft_mapping_bad(s->checker, over->tile->line,
                                    "%s, tile: the weight at row %d, column %d is in another tile too",
                                    weft_mapping_stage_text(text, s->mapped, s->copy), over->row_begin, begin);
        if (over->row_begin > next) return weights_missing(s, next, over->row_begin, begin, end);
        next = over->row_end;
    }
    return next == s->row_end ? WEFT_OK : weights_missing(s, next, s->row_end, begin, end);
}

/* Drops what ends at `column`, takes in the `count` pieces that begin there. */
static void advance(sweep *s, const piece *fresh, size_t count, int column) {
    size_t kept = 0, i = 0, n = 0;
    for (size_t k = 0; k < s->active_count; k++)
        if (s->active[k]->column_end > column) s->active[kept++] = s->active[k];
    for (size_t k = 0; k < count; k++) {
        while (i < kept && compare_rows(s->active[i], &fresh[k]) < 0) s->merged[n++] = s->active[i++];
        s->merged[n++] = &fresh[k];
    }
    while (i < kept) s->merged[n++] = s->active[i++];
    const piece **swap = s->active;
    s->active = s->merged;
    s->merged = swap;
    s->active_count = n;
}

static int strip_end(const sweep *s, const piece *next) {
    int end = next ? next->column_begin : s->column_end;
    for (size_t i = 0; i < s->active_count; i++) end = smaller(end, s->active[i]->column_end);
    return end;
}

static weft_status check_group(sweep *s, const piece *pieces, size_t count, int column) {
    size_t used = 0;
    s->active_count = 0;
    while (column < s->column_end) {
        size_t fresh = used;
        while (used < count && pieces[used].column_begin == column) used++;
        advance(s, pieces + fresh, used - fresh, column);
        int end = strip_end(s, used < count ? &pieces[used] : NULL);
        WEFT_TRY(check_strip(s, column, end));
        column = end;
    }
    return WEFT_OK;
}

static weft_status check_groups(sweep *s, const weft_stage *stage, const piece *pieces, size_t count) {
    int rows = weft_stage_group_rows(stage), columns = weft_stage_group_columns(stage);
    size_t used = 0;
    for (s->copy = 0; s->copy < weft_mapped_stage_copies(s->mapped); s->copy++)
        for (int group = 0; group < stage->groups; group++) {
            size_t first = used;
            while (used < count && pieces[used].copy == s->copy && pieces[used].group == group) used++;
            s->row_begin = group * rows;
            s->row_end = s->row_begin + rows;
            s->column_end = (group + 1) * columns;
            WEFT_TRY(check_group(s, pieces + first, used - first, group * columns));
        }
    return WEFT_OK;
}

static size_t count_pieces(const weft_stage *stage, const weft_mapped_stage *mapped) {
    size_t count = 0;
    for (int t = 0; t < mapped->tile_count; t++) {
        int first = 0, end = 0;
        groups_of(stage, &mapped->tiles[t], &first, &end);
        count += (size_t)(end - first);
    }
    return count;
}

weft_status weft_mapping_check_cover(const weft_mapping_checker *c, int s) {
    const weft_mapped_stage *mapped = &c->mapping->stages[s];
    const weft_stage *stage = &c->stages->items[s];
    if (!stage->has_matrix) return WEFT_OK;
    size_t count = count_pieces(stage, mapped), n = 0;
    piece *pieces = malloc((count + 1) * sizeof *pieces);
    const piece **active = malloc((count + 1) * sizeof *active), **merged = malloc((count + 1) * sizeof *merged);
    weft_status status = WEFT_OK;
    if (!pieces || !active || !merged) {
        status = weft_mapping_no_memory(c);
    } else {
        for (int t = 0; t < mapped->tile_count; t++) {
            int group = 0, end = 0;
            for (groups_of(stage, &mapped->tiles[t], &group, &end); group < end; group++)
                pieces[n++] = piece_of(stage, &mapped->tiles[t], group);
        }
        qsort(pieces, n, sizeof *pieces, compare_pieces);
        sweep over = {.checker = c, .mapped = mapped, .active = active, .merged = merged};
        status = check_groups(&over, stage, pieces, n);
    }
    free(pieces);
    free(active);
    free(merged);
    return status;
}
