#include "core/snn_matrix.h"

#include <stdlib.h>
#include <string.h>

#include "core/snn.h"

weft_snn_matrix weft_snn_matrix_identity(uint32_t size) {
    return (weft_snn_matrix){.rows = size, .columns = size, .identity = true};
}

void weft_snn_matrix_free(weft_snn_matrix *m) {
    free(m->first);
    free(m->column);
    free(m->value);
    *m = (weft_snn_matrix){0};
}

static weft_status no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for a network's synapses");
}

static weft_status too_many(weft_error *err) {
    return weft_error_set(err, WEFT_E_INVALID, "composing a chain takes more than %llu synapses",
                          (unsigned long long)WEFT_SNN_COMPOSED_MAX);
}

weft_status weft_snn_matrix_create(weft_snn_matrix *out, uint32_t rows, uint32_t columns, weft_error *err) {
    *out = (weft_snn_matrix){.rows = rows, .columns = columns};
    out->first = calloc((size_t)rows + 1, sizeof *out->first);
    return out->first ? WEFT_OK : no_memory(err);
}

/* The last row begun is the one whose end holds the number of entries so far. */
static weft_status grow(weft_snn_matrix *m, uint64_t used, weft_error *err) {
    uint64_t room = m->room ? m->room + m->room / 2 : 64;
    if (used >= WEFT_SNN_COMPOSED_MAX) return too_many(err);
    uint32_t *column = realloc(m->column, room * sizeof *column);
    if (column) m->column = column;
    double *value = column ? realloc(m->value, room * sizeof *value) : NULL;
    if (!value) return no_memory(err);
    m->value = value;
    m->room = room;
    return WEFT_OK;
}

weft_status weft_snn_matrix_put(weft_snn_matrix *m, uint32_t column, double value, weft_error *err) {
    uint64_t used = m->first[m->rows];
    if (value == 0) return WEFT_OK;
    if (used == m->room) WEFT_TRY(grow(m, used, err));
    m->column[used] = column;
    m->value[used] = value;
    m->first[m->rows]++; /* the number so far, until the last row ends */
    return WEFT_OK;
}

void weft_snn_matrix_end_row(weft_snn_matrix *m, uint32_t row) { m->first[row + 1] = m->first[m->rows]; }

/* ---- sums of rows ---- */

/* A row that is being added up. */
typedef struct accumulator {
    double *sum;       /* [columns] */
    char *touched;     /* [columns] */
    uint32_t *columns; /* those touched */
    uint32_t count;
} accumulator;

static weft_status accumulator_create(accumulator *a, uint32_t columns, weft_error *err) {
    a->sum = calloc((size_t)columns + 1, sizeof *a->sum);
    a->touched = calloc((size_t)columns + 1, 1);
    a->columns = calloc((size_t)columns + 1, sizeof *a->columns);
    a->count = 0;
    return a->sum && a->touched && a->columns ? WEFT_OK : no_memory(err);
}

static void accumulator_free(accumulator *a) {
    free(a->sum);
    free(a->touched);
    free(a->columns);
}

static void add_value(accumulator *a, uint32_t column, double value) {
    if (!a->touched[column]) a->columns[a->count++] = column;
    a->touched[column] = 1;
    a->sum[column] += value;
}

static void add_row(accumulator *a, const weft_snn_matrix *m, uint32_t row, double factor) {
    if (m->identity) {
        add_value(a, row, factor);
        return;
    }
    for (uint64_t i = m->first[row]; i < m->first[row + 1]; i++) add_value(a, m->column[i], factor * m->value[i]);
}

static int compare_columns(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Moves the sums to the next row of the matrix. */
static weft_status flush(accumulator *a, weft_snn_matrix *m, uint32_t row, weft_error *err) {
    weft_status status = WEFT_OK;
    qsort(a->columns, a->count, sizeof *a->columns, compare_columns);
    for (uint32_t i = 0; i < a->count; i++) {
        uint32_t c = a->columns[i];
        if (status == WEFT_OK) status = weft_snn_matrix_put(m, c, a->sum[c], err);
        a->sum[c] = 0;
        a->touched[c] = 0;
    }
    a->count = 0;
    weft_snn_matrix_end_row(m, row);
    return status;
}

static uint64_t row_length(const weft_snn_matrix *m, uint32_t row) {
    return m->identity ? 1 : m->first[row + 1] - m->first[row];
}

weft_status weft_snn_matrix_product(weft_snn_matrix *out, const weft_snn_matrix *a, const weft_snn_matrix *b,
                                    weft_error *err) {
    accumulator sum = {0};
    weft_status status;
    uint64_t work = 0;
    if (a->identity && b->identity) return *out = weft_snn_matrix_identity(a->rows), WEFT_OK;
    WEFT_TRY_GOTO(weft_snn_matrix_create(out, a->rows, b->columns, err));
    WEFT_TRY_GOTO(accumulator_create(&sum, b->columns, err));
    for (uint32_t r = 0; r < a->rows; r++) {
        if (a->identity)
            add_row(&sum, b, r, 1);
        else
            for (uint64_t i = a->first[r]; i < a->first[r + 1]; i++) {
                work += row_length(b, a->column[i]);
                if (work / 16 > WEFT_SNN_COMPOSED_MAX) WEFT_TRY_GOTO(too_many(err));
                add_row(&sum, b, a->column[i], a->value[i]);
            }
        WEFT_TRY_GOTO(flush(&sum, out, r, err));
    }
cleanup:
    accumulator_free(&sum);
    if (status != WEFT_OK) weft_snn_matrix_free(out);
    return status;
}

weft_status weft_snn_matrix_sum(weft_snn_matrix *out, const weft_snn_matrix *const *items, int count, weft_error *err) {
    accumulator sum = {0};
    weft_status status;
    WEFT_TRY_GOTO(weft_snn_matrix_create(out, items[0]->rows, items[0]->columns, err));
    WEFT_TRY_GOTO(accumulator_create(&sum, items[0]->columns, err));
    for (uint32_t r = 0; r < items[0]->rows; r++) {
        for (int i = 0; i < count; i++) add_row(&sum, items[i], r, 1);
        WEFT_TRY_GOTO(flush(&sum, out, r, err));
    }
cleanup:
    accumulator_free(&sum);
    if (status != WEFT_OK) weft_snn_matrix_free(out);
    return status;
}

weft_status weft_snn_matrix_select(weft_snn_matrix *out, const weft_snn_matrix *m, const int *keep, int which,
                                   weft_error *err) {
    weft_status status;
    WEFT_TRY_GOTO(weft_snn_matrix_create(out, m->rows, m->columns, err));
    for (uint32_t r = 0; r < m->rows; r++) {
        for (uint64_t i = 0; keep[r] == which && i < row_length(m, r); i++)
            WEFT_TRY_GOTO(weft_snn_matrix_put(out, m->identity ? r : m->column[m->first[r] + i],
                                              m->identity ? 1 : m->value[m->first[r] + i], err));
        weft_snn_matrix_end_row(out, r);
    }
cleanup:
    if (status != WEFT_OK) weft_snn_matrix_free(out);
    return status;
}

void weft_snn_matrix_apply(const weft_snn_matrix *m, const double *in, double *out) {
    for (uint32_t r = 0; r < m->rows; r++) {
        if (m->identity) out[r] += in[r];
        for (uint64_t i = 0; !m->identity && i < row_length(m, r); i++)
            out[r] += m->value[m->first[r] + i] * in[m->column[m->first[r] + i]];
    }
}
