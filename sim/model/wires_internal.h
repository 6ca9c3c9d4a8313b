/* Inside weft_wires_effective: the array as it is eliminated, and the elimination under way (wires_eliminate.c). */
#ifndef WEFT_SIM_MODEL_WIRES_INTERNAL_H
#define WEFT_SIM_MODEL_WIRES_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/* The array in the orientation in which it is eliminated. */
typedef struct weft_lattice {
    int rows, columns;
    double row_segment, row_first;      /* ohm, between cells; from the driver to the first cell */
    double column_segment, column_last; /* ohm; from the last cell to ground */
    bool turned;
    const double *g;               /* as given */
    int *used_rows, *used_columns; /* with a cell that conducts, rising */
    int row_count, column_count;
} weft_lattice;

/* Where cell (row, column) of the lattice is in the array as given. */
static inline size_t weft_lattice_place(const weft_lattice *a, int row, int column) {
    if (!a->turned) return (size_t)row * (size_t)a->columns + (size_t)column;
    return (size_t)(a->columns - 1 - column) * (size_t)a->rows + (size_t)(a->rows - 1 - row);
}

/* What a row wire is to its used column nodes, and scratch of the ladder. */
typedef struct weft_row_model {
    double *g, *behind; /* [columns] cells; conductance of the wire behind a cell (away from the driver) */
    double *cell;       /* [used columns] g_j */
    double *self;       /* s_jj */
    double *impedance;  /* g_j z_j: potential of node j for 1 V at its column node */
    double *share;      /* of the potential of the used column before it, what reaches this one */
    double *drive;      /* u_j */
    double *reach;      /* impedance x shares up to the column at hand */
} weft_row_model;

/* Elimination under way. Rows whose currents are carried along stand in chunks; a chunk begins with `head` rows of the
 * unit matrix, which become what the rows above it have to pass. One chunk without a head where the array is not long.
 */
typedef struct weft_elimination {
    const weft_lattice *array;
    int size;                     /* used columns, padded */
    int head, chunk_rows, chunks; /* rows of unit matrix, rows of the array; of each chunk */
    double *carried;              /* [chunks][head + chunk_rows][size] */
    double *y, *f;                /* [size, size] */
    double *scratch;
    weft_row_model row;
    double *row_block; /* what `row` points into */
    double largest_rho;
} weft_elimination;

static inline double *weft_elimination_chunk(const weft_elimination *e, int chunk) {
    return e->carried + (size_t)chunk * (size_t)(e->head + e->chunk_rows) * (size_t)e->size;
}

/* value, or the next multiple of `to`. */
static inline int weft_round_up(int value, int to) { return (value + to - 1) / to * to; }

/* All rows: what is carried then are the currents of each row for 1 V at its driver. e: prepared, matrices of zeros. */
void weft_elimination_run(weft_elimination *e);

#endif
