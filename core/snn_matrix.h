/* Sparse matrices, in which chains of linear nodes are composed. */
#ifndef WEFT_CORE_SNN_MATRIX_H
#define WEFT_CORE_SNN_MATRIX_H

#include "core/nir_internal.h"

/* Rows are outputs. A row's columns ascend, each at most once. */
typedef struct weft_snn_matrix {
    uint32_t rows, columns;
    bool identity;    /* then the arrays are NULL */
    uint64_t *first;  /* [rows + 1] */
    uint32_t *column; /* [first[rows]] */
    double *value;
    uint64_t room;
} weft_snn_matrix;

weft_snn_matrix weft_snn_matrix_identity(uint32_t size);
void weft_snn_matrix_free(weft_snn_matrix *m); /* a zeroed one is allowed */
/* Room for rows to be filled in order; MEMORY. */
weft_status weft_snn_matrix_create(weft_snn_matrix *out, uint32_t rows, uint32_t columns, weft_error *err);
/* Appends an entry to row `row`, the last begun; zeros are left out. INVALID beyond WEFT_SNN_COMPOSED_MAX; MEMORY. */
weft_status weft_snn_matrix_put(weft_snn_matrix *m, uint32_t column, double value, weft_error *err);
/* Ends a row. */
void weft_snn_matrix_end_row(weft_snn_matrix *m, uint32_t row);
/* a x b. INVALID where work or result pass the limit. */
weft_status weft_snn_matrix_product(weft_snn_matrix *out, const weft_snn_matrix *a, const weft_snn_matrix *b,
                                    weft_error *err);
/* The sum of matrices of one size. */
weft_status weft_snn_matrix_sum(weft_snn_matrix *out, const weft_snn_matrix *const *items, int count, weft_error *err);
/* The rows for which keep[row] is `which`; the others are empty. */
weft_status weft_snn_matrix_select(weft_snn_matrix *out, const weft_snn_matrix *m, const int *keep, int which,
                                   weft_error *err);
/* out[rows] += m x in. */
void weft_snn_matrix_apply(const weft_snn_matrix *m, const double *in, double *out);

/* What a linear node does, from values that come in to those that go out. Not Input, Output and neurons. */
weft_status weft_snn_linear_matrix(weft_snn_matrix *out, const weft_nir_node *node, const weft_nir_shape *in,
                                   const weft_nir_shape *shape, weft_error *err);
/* Entries that it has at most; 0 for an identity. */
uint64_t weft_snn_linear_entries(const weft_nir_node *node, const weft_nir_shape *shape);
/* Adds an Affine's or convolution's bias to out [values that go out]. */
void weft_snn_linear_bias(const weft_nir_node *node, const weft_nir_shape *shape, double *out);
bool weft_snn_linear_has_bias(const weft_nir_node *node);

#endif
