/* What an array with wires computes, as one matrix.
 *
 * A row wire, with its nodes eliminated, is a matrix between its column nodes: with the cells g_j and the conductance
 * of the wire to the left and right of them known as ladders, s_jj = g_j in series with both sides, s_jk = -g_j z_j
 * (share of the potential that reaches k) g_k, and u_j = g_j (potential of node j for 1 V at the driver). Then the
 * column nodes are eliminated from the top: Y, what is above a row seen from its column nodes, is s of the first row,
 * and s + Y (1 + rho Y)^-1 behind segments of rho ohm. Currents of the rows above pass through the same (1 + rho
 * Y)^-1. All of it are sums of what is positive: nothing cancels however well the wires conduct.
 *
 * The same array turned by half a turn and transposed has the same matrix, turned and transposed (reciprocity), so the
 * shorter side can be the blocks' size. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sim/model/cells.h"
#include "sim/model/dense.h"
#include "sim/model/wires_internal.h"

enum { CHUNK_ROWS = 64 };

/* ---- the array ---- */

static bool allowed(double ohm) { return isfinite(ohm) && ohm >= 0; }

weft_status weft_wires_check(const weft_wires *w, const double *g, weft_error *err) {
    if (w->rows < 1 || w->columns < 1)
        return weft_error_set(err, WEFT_E_INVALID, "an array of %d x %d cells is none", w->rows, w->columns);
    if (!allowed(w->row_segment_ohm) || !allowed(w->column_segment_ohm) || !allowed(w->row_terminal_ohm) ||
        !allowed(w->column_terminal_ohm))
        return weft_error_set(err, WEFT_E_INVALID, "wires: a resistance is negative or not finite");
    for (int r = 0; r < w->rows; r++)
        for (int c = 0; c < w->columns; c++)
            if (!allowed(g[(size_t)r * (size_t)w->columns + (size_t)c]))
                return weft_error_set(err, WEFT_E_INVALID,
                                      "row %d, column %d: conductance %g is negative or not finite", r, c,
                                      g[(size_t)r * (size_t)w->columns + (size_t)c]);
    return WEFT_OK;
}

/* Used rows and columns of the array as given; *used: rows, then columns. MEMORY. */
static weft_status find_used(int **used, int *row_count, int *column_count, const weft_wires *w, const double *g,
                             weft_error *err) {
    bool *marks = calloc((size_t)w->rows + (size_t)w->columns, sizeof *marks);
    *used = malloc(((size_t)w->rows + (size_t)w->columns) * sizeof **used);
    if (!marks || !*used) {
        free(marks);
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for the wires of an array");
    }
    for (int r = 0; r < w->rows; r++)
        for (int c = 0; c < w->columns; c++)
            if (g[(size_t)r * (size_t)w->columns + (size_t)c] > 0) marks[r] = marks[w->rows + c] = true;
    *row_count = *column_count = 0;
    for (int r = 0; r < w->rows; r++)
        if (marks[r]) (*used)[(*row_count)++] = r;
    for (int c = 0; c < w->columns; c++)
        if (marks[w->rows + c]) (*used)[w->rows + (*column_count)++] = c;
    free(marks);
    return WEFT_OK;
}

/* Numbers counted from the other end, still rising. */
static void turn(int *numbers, int count, int total) {
    for (int i = 0; i < (count + 1) / 2; i++) {
        const int low = numbers[i], high = numbers[count - 1 - i];
        numbers[i] = total - 1 - high;
        numbers[count - 1 - i] = total - 1 - low;
    }
}

/* The orientation that costs less: blocks are as large as the used columns, and without resistance in the columns there
 * is nothing to eliminate. */
static weft_lattice orient(const weft_wires *w, const double *g, int *used, int row_count, int column_count) {
    const bool rows_free = w->row_segment_ohm == 0 && w->row_terminal_ohm == 0;
    const bool columns_free = w->column_segment_ohm == 0 && w->column_terminal_ohm == 0;
    const double row_first = w->row_segment_ohm + w->row_terminal_ohm;
    const double column_last = w->column_segment_ohm + w->column_terminal_ohm;
    int *used_columns = used + w->rows;
    if (columns_free || (!rows_free && column_count <= row_count))
        return (weft_lattice){
            w->rows, w->columns, w->row_segment_ohm, row_first, w->column_segment_ohm, column_last, false,
            g,       used,       used_columns,       row_count, column_count};
    turn(used, row_count, w->rows);
    turn(used_columns, column_count, w->columns);
    return (weft_lattice){w->columns, w->rows, w->column_segment_ohm, column_last, w->row_segment_ohm, row_first,
                          true,       g,       used_columns,          used,        column_count,       row_count};
}

static double largest_segment(const weft_lattice *a) {
    double largest = (a->rows - 1 - a->used_rows[a->row_count - 1]) * a->column_segment + a->column_last;
    for (int i = 1; i < a->row_count; i++)
        largest = fmax(largest, (a->used_rows[i] - a->used_rows[i - 1]) * a->column_segment);
    return largest;
}

static void release(weft_elimination *e) {
    weft_aligned_free(e->carried);
    weft_aligned_free(e->y);
    weft_aligned_free(e->f);
    weft_aligned_free(e->scratch);
    free(e->row_block);
}

/* In an array three times as long as wide, chunks save more than their heads cost. */
static weft_status prepare(weft_elimination *e, const weft_lattice *a, weft_error *err) {
    const int size = weft_round_up(a->column_count, WEFT_DENSE_COLUMNS);
    const size_t n = (size_t)size, used = (size_t)a->column_count, columns = (size_t)a->columns;
    const bool split = largest_segment(a) > 0 && a->row_count > 3 * size + CHUNK_ROWS;
    *e = (weft_elimination){.array = a, .size = size, .head = split ? size : 0, .largest_rho = largest_segment(a)};
    e->chunk_rows = !split ? weft_round_up(a->row_count, WEFT_DENSE_ROWS) : size > CHUNK_ROWS ? size : CHUNK_ROWS;
    e->chunks = (a->row_count + e->chunk_rows - 1) / e->chunk_rows;
    e->carried = weft_aligned_alloc((size_t)e->chunks * (size_t)(e->head + e->chunk_rows), n * sizeof(double));
    if (e->largest_rho > 0) {
        e->y = weft_aligned_alloc(n * n, sizeof(double));
        e->f = weft_aligned_alloc(n * n, sizeof(double));
        e->scratch = weft_aligned_alloc(weft_dense_scratch(size), sizeof(double));
    }
    double *block = e->row_block = malloc((2 * columns + 6 * used) * sizeof *block);
    if (!e->carried || !block || (e->largest_rho > 0 && (!e->y || !e->f || !e->scratch)))
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for the wires of an array");
    double *after = block + 2 * columns;
    e->row = (weft_row_model){
        block,           block + columns, after, after + used, after + 2 * used, after + 3 * used, after + 4 * used,
        after + 5 * used};
    return WEFT_OK;
}

static void store(const weft_elimination *e, double *effective) {
    const weft_lattice *a = e->array;
    memset(effective, 0, (size_t)a->rows * (size_t)a->columns * sizeof *effective);
    for (int i = 0; i < a->row_count; i++) {
        const double *from =
            weft_elimination_chunk(e, i / e->chunk_rows) + (size_t)(e->head + i % e->chunk_rows) * (size_t)e->size;
        for (int j = 0; j < a->column_count; j++)
            effective[weft_lattice_place(a, a->used_rows[i], a->used_columns[j])] = from[j];
    }
}

static weft_status check_result(const weft_wires *w, const double *effective, weft_error *err) {
    for (size_t i = 0; i < (size_t)w->rows * (size_t)w->columns; i++)
        if (!isfinite(effective[i]))
            return weft_error_set(err, WEFT_E_INVALID,
                                  "wires: conductances times resistances leave the range of numbers");
    return WEFT_OK;
}

weft_status weft_wires_effective(const weft_wires *wires, const double *g, double *effective, weft_error *err) {
    weft_elimination e = {0};
    weft_lattice array;
    int *used = NULL, row_count = 0, column_count = 0;
    weft_status status;
    WEFT_TRY(weft_wires_check(wires, g, err));
    WEFT_TRY_GOTO(find_used(&used, &row_count, &column_count, wires, g, err));
    if (row_count == 0) {
        memset(effective, 0, (size_t)wires->rows * (size_t)wires->columns * sizeof *effective);
        goto cleanup;
    }
    array = orient(wires, g, used, row_count, column_count);
    WEFT_TRY_GOTO(prepare(&e, &array, err));
    weft_elimination_run(&e);
    store(&e, effective);
    status = check_result(wires, effective, err);
cleanup:
    release(&e);
    free(used);
    return status;
}
