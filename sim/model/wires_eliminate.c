#include <string.h>

#include "core/clones.h"
#include "sim/model/dense.h"
#include "sim/model/wires_internal.h"

static double series(double resistance, double conductance) { return 1 / (resistance + 1 / conductance); }

static void model_row(weft_row_model *m, const weft_lattice *a, int row) {
    double wire = 0;
    for (int j = a->columns - 1; j >= 0; j--) {
        m->g[j] = a->g[weft_lattice_place(a, row, j)];
        m->behind[j] = wire;
        wire = series(a->row_segment, m->g[j] + wire);
    }
    double ahead = 1 / a->row_first, potential = 1, share = 1;
    for (int j = 0, used = 0; j < a->columns; j++) {
        const double g = m->g[j], load = g + m->behind[j];
        const double step = 1 / (1 + (j ? a->row_segment : a->row_first) * load);
        potential *= step;
        share *= step;
        if (used < a->column_count && a->used_columns[used] == j) {
            m->cell[used] = g;
            m->self[used] = g / (1 + g / (ahead + m->behind[j]));
            m->impedance[used] = g / (ahead + load);
            m->share[used] = share;
            m->drive[used++] = g * potential;
            share = 1;
        }
        ahead = series(a->row_segment, ahead + g);
    }
}

/* y [size, size], lower triangle, += s of the row. */
WEFT_CLONES static void add_row(double *restrict y, size_t size, const weft_row_model *m, int columns) {
    double *restrict reach = m->reach;
    for (int k = 0; k < columns; k++) {
        double *restrict row = y + (size_t)k * size;
        const double share = m->share[k], cell = m->cell[k];
        for (int j = 0; j < k; j++) {
            reach[j] *= share;
            row[j] -= reach[j] * cell;
        }
        reach[k] = m->impedance[k];
        row[k] += m->self[k];
    }
}

/* f = 1 + rho y, lower triangle. */
WEFT_CLONES static void add_segment(double *restrict f, const double *restrict y, size_t size, double rho) {
    for (size_t i = 0; i < size; i++) {
        for (size_t j = 0; j <= i; j++) f[i * size + j] = rho * y[i * size + j];
        f[i * size + i] += 1;
    }
}

/* y = (1 - f) / rho, lower triangle. */
WEFT_CLONES static void admittance_behind(double *restrict y, const double *restrict f, size_t size, double rho) {
    const double conductance = 1 / rho;
    for (size_t i = 0; i < size; i++) {
        for (size_t j = 0; j < i; j++) y[i * size + j] = f[i * size + j] * -conductance;
        y[i * size + i] = (1 - f[i * size + i]) * conductance;
    }
}

static void mirror(double *y, size_t size) {
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < i; j++) y[j * size + i] = y[i * size + j];
}

/* Behind segments of rho ohm: currents of the rows of the chunk, of which there are `filled`, and y unless it is the
 * last time. Where later segments are worse by far, 1 - f would have lost what they need. */
static void pass_segment(weft_elimination *e, double rho, int chunk, int filled, bool last) {
    const size_t size = (size_t)e->size;
    const int skipped = chunk ? 0 : e->head; /* nothing is above the first chunk */
    if (rho == 0) return;
    add_segment(e->f, e->y, size, rho);
    weft_dense_invert(e->f, e->size, e->scratch);
    weft_dense_multiply(weft_elimination_chunk(e, chunk) + (size_t)skipped * size,
                        e->head - skipped + weft_round_up(filled, WEFT_DENSE_ROWS), e->f, e->size, e->scratch);
    if (last) return;
    if (e->largest_rho / rho > 1e5) {
        mirror(e->y, size);
        weft_dense_multiply(e->y, e->size, e->f, e->size, e->scratch);
    } else {
        admittance_behind(e->y, e->f, size, rho);
    }
}

static void eliminate(weft_elimination *e) {
    const weft_lattice *a = e->array;
    const size_t size = (size_t)e->size;
    for (int i = 0; i < a->row_count; i++) {
        const int chunk = i / e->chunk_rows, inside = i % e->chunk_rows;
        double *carried = weft_elimination_chunk(e, chunk);
        for (int k = 0; k < e->head && inside == 0; k++) carried[(size_t)k * size + (size_t)k] = 1;
        if (i) pass_segment(e, (a->used_rows[i] - a->used_rows[i - 1]) * a->column_segment, chunk, inside, false);
        model_row(&e->row, a, a->used_rows[i]);
        if (e->largest_rho > 0) add_row(e->y, size, &e->row, a->column_count);
        memcpy(carried + (size_t)(e->head + inside) * size, e->row.drive, (size_t)a->column_count * sizeof(double));
    }
    const int rest = a->rows - 1 - a->used_rows[a->row_count - 1];
    const int filled = (a->row_count - 1) % e->chunk_rows + 1;
    pass_segment(e, rest * a->column_segment + a->column_last, e->chunks - 1, filled, true);
}

/* Rows of a chunk have still to pass what the later chunks' heads have become. */
static void pass_heads(weft_elimination *e) {
    const double *below = NULL;
    for (int chunk = e->chunks - 1; chunk >= 0 && e->head; chunk--) {
        double *carried = weft_elimination_chunk(e, chunk);
        if (below) weft_dense_multiply(carried, e->head + e->chunk_rows, below, e->size, e->scratch);
        below = carried;
    }
}

void weft_elimination_run(weft_elimination *e) {
    eliminate(e);
    pass_heads(e);
}
