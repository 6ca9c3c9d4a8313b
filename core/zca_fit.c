/* Fitting of a ZCA: covariance over chunks of images by BLAS, eigenvectors by LAPACK. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/zca_internal.h"

enum { CHUNK = 1000 }; /* images at a time; the order of all sums is fixed */

/* LAPACK: eigenvalues, rising, and eigenvectors of a symmetric matrix. */
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info, size_t jobz_length, size_t uplo_length);

typedef struct fit {
    const weft_dataset *train;
    double norm, epsilon;
    size_t values;
    double *mean;  /* [values] */
    double *rows;  /* [CHUNK, values] */
    double *sum;   /* [values, values]: covariance, then its eigenvectors, a row each */
    double *whole; /* [values, values] */
    double *eigenvalues;
} fit;

/* ---- sums of products ---- */

/* sum += rows^T rows, the lower triangle. One call at a time, by one thread: Debian's serial OpenBLAS hands the same
 * buffer to two threads now and then. */
static void add_products(double *sum, const double *rows, size_t count, size_t n) {
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)n, (int)count, 1.0, rows, (int)n, 1.0, sum, (int)n);
}

static void mirror(double *matrix, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) matrix[j * n + i] = matrix[i * n + j];
}

/* ---- covariance ---- */

/* Images [first, first + count) normalised, minus the mean. */
static void fill_rows(const fit *f, size_t first, size_t count) {
    size_t n = f->values;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < (int64_t)count; i++) {
        const uint8_t *image = f->train->pixels + (first + (size_t)i) * n;
        double mean, scale, *row = f->rows + (size_t)i * n;
        weft_gcn_factors(image, n, f->norm, &mean, &scale);
        for (size_t k = 0; k < n; k++) row[k] = (image[k] - mean) * scale - f->mean[k];
    }
}

static size_t chunk_size(const fit *f, size_t first) {
    size_t left = f->train->count - first;
    return left < CHUNK ? left : CHUNK;
}

static void measure_mean(fit *f) {
    size_t n = f->values;
    double *sum = f->eigenvalues; /* not needed yet */
    memset(sum, 0, n * sizeof *sum);
    for (size_t first = 0; first < f->train->count; first += CHUNK) {
        size_t count = chunk_size(f, first);
        fill_rows(f, first, count);
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < n; k++) sum[k] += f->rows[i * n + k];
    }
    for (size_t k = 0; k < n; k++) f->mean[k] = sum[k] / (double)f->train->count;
}

static void measure_covariance(fit *f) {
    size_t n = f->values;
    for (size_t first = 0; first < f->train->count; first += CHUNK) {
        size_t count = chunk_size(f, first);
        fill_rows(f, first, count);
        add_products(f->sum, f->rows, count, n);
    }
    for (size_t i = 0; i < n * n; i++) f->sum[i] /= (double)f->train->count;
    mirror(f->sum, n);
}

/* ---- whitening matrix ---- */

static weft_status eigenvectors(fit *f, weft_error *err) {
    int n = (int)f->values, work_size = -1, iwork_size = -1, info = 0, iwork_best = 0;
    double work_best = 0, *work = NULL;
    int *iwork = NULL;
    weft_status status = WEFT_OK;
    dsyevd_("V", "L", &n, f->sum, &n, f->eigenvalues, &work_best, &work_size, &iwork_best, &iwork_size, &info, 1, 1);
    work_size = (int)work_best;
    iwork_size = iwork_best;
    work = weft_aligned_alloc((size_t)work_size, sizeof *work);
    iwork = weft_aligned_alloc((size_t)iwork_size, sizeof *iwork);
    if (!work || !iwork) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory for eigenvectors"));
    dsyevd_("V", "L", &n, f->sum, &n, f->eigenvalues, work, &work_size, iwork, &iwork_size, &info, 1, 1);
    if (info != 0)
        status =
            weft_error_set(err, WEFT_E_LIBRARY, "LAPACK dsyevd found no eigenvectors of the images (info %d)", info);
cleanup:
    weft_aligned_free(work);
    weft_aligned_free(iwork);
    return status;
}

/* W = sum of e e^T / sqrt(d + epsilon) = B^T B with rows e / (d + epsilon)^(1/4). */
static void compose(fit *f, weft_zca *zca) {
    size_t n = f->values;
    for (size_t i = 0; i < n; i++) {
        double variance = f->eigenvalues[i] > 0 ? f->eigenvalues[i] : 0;
        double scale = 1.0 / sqrt(sqrt(variance + f->epsilon));
        for (size_t k = 0; k < n; k++) f->sum[i * n + k] *= scale;
    }
    add_products(f->whole, f->sum, n, n);
    mirror(f->whole, n);
    float *mean = weft_zca_mean(zca);
    for (size_t i = 0; i < n; i++) {
        mean[i] = (float)f->mean[i];
        for (size_t k = 0; k < n; k++) {
            float value = (float)f->whole[i * n + k];
            weft_zca_set(zca, i, k, 1, &value);
        }
    }
}

static weft_status fit_open(fit *f, weft_error *err) {
    size_t n = f->values;
    f->mean = weft_aligned_alloc(n, sizeof(double));
    f->rows = weft_aligned_alloc(CHUNK * n, sizeof(double));
    f->sum = weft_aligned_alloc(n * n, sizeof(double));
    f->whole = weft_aligned_alloc(n * n, sizeof(double));
    f->eigenvalues = weft_aligned_alloc(n, sizeof(double));
    if (f->mean && f->rows && f->sum && f->whole && f->eigenvalues) return WEFT_OK;
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for fitting a ZCA of %zu values", n);
}

static void fit_close(fit *f) {
    weft_aligned_free(f->mean);
    weft_aligned_free(f->rows);
    weft_aligned_free(f->sum);
    weft_aligned_free(f->whole);
    weft_aligned_free(f->eigenvalues);
}

weft_status weft_zca_fit(weft_zca **out, const weft_dataset *train, const weft_sha256 *key, double norm, double epsilon,
                         weft_error *err) {
    fit f = {.train = train, .norm = norm, .epsilon = epsilon, .values = weft_shape_size(train->shape)};
    weft_zca *zca = NULL;
    weft_status status = WEFT_OK;
    *out = NULL;
    openblas_set_num_threads(1); /* sums that do not depend on the machine's number of cores */
    WEFT_TRY_GOTO(fit_open(&f, err));
    WEFT_TRY_GOTO(weft_zca_create(&zca, f.values, norm, key, err));
    measure_mean(&f);
    measure_covariance(&f);
    WEFT_TRY_GOTO(eigenvectors(&f, err));
    compose(&f, zca);
    *out = zca;
    zca = NULL;
cleanup:
    weft_zca_release(zca);
    fit_close(&f);
    return status;
}
