#include "trainer/whitening_filters.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clones.h"

enum { SWEEPS_MAX = 60, CHUNK_IMAGES = 100 };

/* ---- eigenvectors (Jacobi 1846; the stable forms of Golub and Van Loan, section 8.5) ---- */

/* Rows p and q of m, or, with step = size, columns. */
static void rotate(double *m, int size, size_t p, size_t q, size_t step, double c, double s) {
    for (int k = 0; k < size; k++) {
        double *at_p = m + p + (size_t)k * step, *at_q = m + q + (size_t)k * step, old = *at_p;
        *at_p = c * old - s * *at_q;
        *at_q = s * old + c * *at_q;
    }
}

static double off_diagonal(const double *a, int size) {
    double sum = 0;
    for (int p = 0; p < size; p++)
        for (int q = p + 1; q < size; q++) sum += a[p * size + q] * a[p * size + q];
    return sum;
}

/* Makes a[p][q] zero. */
static void eliminate(double *a, double *vectors, int size, int p, int q) {
    double apq = a[p * size + q];
    if (apq == 0) return;
    double theta = (a[q * size + q] - a[p * size + p]) / (2 * apq);
    double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    size_t n = (size_t)size, up = (size_t)p, uq = (size_t)q;
    rotate(a, size, up, uq, n, c, s);
    rotate(a, size, up * n, uq * n, 1, c, s);
    rotate(vectors, size, up, uq, n, c, s);
    a[p * size + q] = a[q * size + p] = 0;
}

void weft_eigen_symmetric(double *a, double *vectors, int size) {
    double scale = 0;
    for (int i = 0; i < size * size; i++) {
        vectors[i] = i % (size + 1) == 0;
        scale += a[i] * a[i];
    }
    for (int sweep = 0; sweep < SWEEPS_MAX && off_diagonal(a, size) > 1e-30 * scale; sweep++)
        for (int p = 0; p < size; p++)
            for (int q = p + 1; q < size; q++) eliminate(a, vectors, size, p, q);
}

/* ---- covariance ---- */

typedef struct patches {
    const float *x;
    weft_shape shape;
    int kernel_h, kernel_w, size; /* size: values of a patch */
} patches;

static void patch_copy(const patches *p, const float *image, int row, int column, double *out) {
    for (int c = 0; c < p->shape.channels; c++)
        for (int i = 0; i < p->kernel_h; i++) {
            const float *from =
                image + ((size_t)c * (size_t)p->shape.height + (size_t)(row + i)) * (size_t)p->shape.width;
            for (int j = 0; j < p->kernel_w; j++) *out++ = (double)from[column + j];
        }
}

/* sum [size], products [size, size], upper triangle. */
WEFT_CLONES static void accumulate(const double *restrict patch, int size, double *restrict sum,
                                   double *restrict products) {
    for (int a = 0; a < size; a++) sum[a] += patch[a];
    for (int a = 0; a < size; a++) {
        double value = patch[a], *restrict row = products + (size_t)a * (size_t)size;
        for (int b = a; b < size; b++) row[b] += value * patch[b];
    }
}

static void chunk_sums(const patches *p, size_t first, size_t count, double *sums) {
    double patch[1024];
    for (size_t n = first; n < first + count; n++)
        for (int row = 0; row + p->kernel_h <= p->shape.height; row++)
            for (int column = 0; column + p->kernel_w <= p->shape.width; column++) {
                patch_copy(p, p->x + n * weft_shape_size(p->shape), row, column, patch);
                accumulate(patch, p->size, sums, sums + p->size);
            }
}

/* covariance [size, size]; sums: (size + size^2) for each of the chunks, zeroed. */
static void covariance_of(double *covariance, const patches *p, size_t images, double *sums) {
    size_t size = (size_t)p->size, stride = size + size * size;
    long chunks = (long)((images + CHUNK_IMAGES - 1) / CHUNK_IMAGES);
#pragma omp parallel for schedule(dynamic)
    for (long c = 0; c < chunks; c++) {
        size_t first = (size_t)c * CHUNK_IMAGES, left = images - first;
        chunk_sums(p, first, left < CHUNK_IMAGES ? left : CHUNK_IMAGES, sums + (size_t)c * stride);
    }
    for (long c = 1; c < chunks; c++)
        for (size_t i = 0; i < stride; i++) sums[i] += sums[(size_t)c * stride + i];
    double places = (double)(p->shape.height - p->kernel_h + 1) * (p->shape.width - p->kernel_w + 1);
    double patches_seen = (double)images * places;
    for (size_t a = 0; a < size; a++)
        for (size_t b = a; b < size; b++) {
            double mean_product = sums[a] / patches_seen * (sums[b] / patches_seen);
            covariance[a * size + b] = sums[size + a * size + b] / patches_seen - mean_product;
            covariance[b * size + a] = covariance[a * size + b];
        }
}

/* ---- filters ---- */

/* Index of the largest value of the diagonal that is not yet used; marks it. */
static int take_largest(const double *a, int size, bool *used) {
    int best = -1;
    for (int i = 0; i < size; i++)
        if (!used[i] && (best < 0 || a[i * size + i] > a[best * size + best])) best = i;
    used[best] = true;
    return best;
}

static void filter_write(float *out, const double *vectors, int size, int column, double variance) {
    double largest = 0;
    for (int i = 0; i < size; i++)
        if (fabs(vectors[i * size + column]) > fabs(largest)) largest = vectors[i * size + column];
    double scale = (largest < 0 ? -1 : 1) / sqrt(variance);
    for (int i = 0; i < size; i++) out[i] = (float)(scale * vectors[i * size + column]);
}

static void filters_write(float *out, int count, const double *a, const double *vectors, int size, double epsilon) {
    bool used[1024] = {false};
    int half = (count + 1) / 2;
    for (int f = 0; f < half; f++) {
        int column = take_largest(a, size, used);
        double value = a[column * size + column] > 0 ? a[column * size + column] : 0;
        filter_write(out + (size_t)f * (size_t)size, vectors, size, column, value + epsilon);
    }
    for (size_t i = 0; i < (size_t)(count - half) * (size_t)size; i++) out[(size_t)half * (size_t)size + i] = -out[i];
}

weft_status weft_whitening_filters(float *filters, int count, const float *x, size_t images, weft_shape shape,
                                   int kernel_h, int kernel_w, double epsilon, weft_error *err) {
    patches p = {x, shape, kernel_h, kernel_w, shape.channels * kernel_h * kernel_w};
    size_t size = (size_t)p.size, chunks = (images + CHUNK_IMAGES - 1) / CHUNK_IMAGES;
    assert(count <= 2 * p.size && p.size <= 1024 && kernel_h <= shape.height && kernel_w <= shape.width && images > 0);
    double *sums = calloc(chunks * (size + size * size), sizeof *sums);
    double *covariance = malloc(2 * size * size * sizeof *covariance);
    if (sums && covariance) {
        double *vectors = covariance + size * size;
        covariance_of(covariance, &p, images, sums);
        weft_eigen_symmetric(covariance, vectors, p.size);
        filters_write(filters, count, covariance, vectors, p.size, epsilon);
    }
    weft_status status = sums && covariance ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    free(sums);
    free(covariance);
    return status;
}
