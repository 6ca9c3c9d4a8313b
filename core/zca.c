#include "core/zca.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clones.h"
#include "core/zca_internal.h"

/* The matrix lies in panels of LANES columns, [panel][row][LANES], the last one filled up with zeros. Images go through
 * it GROUP at a time, [value][GROUP]; CHUNK images are one thread's work between two passes over the matrix. */
enum { LANES = 16, GROUP = 6, CHUNK = 48 };

struct weft_zca {
    atomic_int users;
    size_t values;
    double norm;
    weft_sha256 key;
    float *mean, *panels;
};

/* ---- memory ---- */

static size_t panel_count(size_t values) { return (values + LANES - 1) / LANES; }

weft_status weft_zca_create(weft_zca **out, size_t values, double norm, const weft_sha256 *key, weft_error *err) {
    weft_zca *zca = calloc(1, sizeof *zca);
    *out = NULL;
    if (zca) {
        atomic_init(&zca->users, 1);
        zca->values = values;
        zca->norm = norm;
        zca->key = *key;
        zca->mean = weft_aligned_alloc(values, sizeof(float));
        zca->panels = weft_aligned_alloc(panel_count(values) * LANES * values, sizeof(float));
    }
    if (!zca || !zca->mean || !zca->panels) {
        weft_zca_release(zca);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory for a ZCA of %zu values", values);
    }
    *out = zca;
    return WEFT_OK;
}

weft_zca *weft_zca_share(weft_zca *zca) {
    if (zca) atomic_fetch_add(&zca->users, 1);
    return zca;
}

void weft_zca_release(weft_zca *zca) {
    if (!zca || atomic_fetch_sub(&zca->users, 1) > 1) return;
    weft_aligned_free(zca->mean);
    weft_aligned_free(zca->panels);
    free(zca);
}

size_t weft_zca_values(const weft_zca *zca) { return zca->values; }
const weft_sha256 *weft_zca_key_of(const weft_zca *zca) { return &zca->key; }
float *weft_zca_mean(weft_zca *zca) { return zca->mean; }
double weft_zca_norm(const weft_zca *zca) { return zca->norm; }

static size_t panel_index(const weft_zca *zca, size_t row, size_t column) {
    return (column / LANES * zca->values + row) * LANES + column % LANES;
}

void weft_zca_set(weft_zca *zca, size_t row, size_t first, size_t count, const float *from) {
    for (size_t j = 0; j < count; j++) zca->panels[panel_index(zca, row, first + j)] = from[j];
}

void weft_zca_read(const weft_zca *zca, float *mean, float *matrix) {
    size_t n = zca->values;
    if (mean) memcpy(mean, zca->mean, n * sizeof *mean);
    for (size_t i = 0; matrix && i < n; i++)
        for (size_t j = 0; j < n; j++) matrix[i * n + j] = zca->panels[panel_index(zca, i, j)];
}

weft_status weft_zca_open(weft_zca **out, const weft_dataset *train, const weft_sha256 *key, double norm,
                          double epsilon, weft_error *err) {
    if (weft_zca_cache_read(out, weft_shape_size(train->shape), norm, key)) return WEFT_OK;
    WEFT_TRY(weft_zca_fit(out, train, key, norm, epsilon, err));
    weft_zca_cache_write(*out);
    return WEFT_OK;
}

/* ---- global contrast normalisation ---- */

void weft_gcn_factors(const uint8_t *pixels, size_t n, double norm, double *mean, double *scale) {
    uint64_t sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += pixels[i];
        squares += (uint64_t)pixels[i] * pixels[i];
    }
    uint64_t spread = n * squares - sum * sum; /* n times the squared L2 norm, without rounding */
    *mean = (double)sum / (double)n;
    *scale = spread ? norm / sqrt((double)spread / (double)n) : 0;
}

void weft_gcn(const uint8_t *pixels, size_t n, double norm, float *out) {
    double mean, scale;
    weft_gcn_factors(pixels, n, norm, &mean, &scale);
    for (size_t i = 0; i < n; i++) out[i] = (float)((pixels[i] - mean) * scale);
}

/* ---- apply ---- */

typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), may_alias));

/* out [GROUP][LANES] = the sums over k, in order, of x[k][group] * panel[k][lane]. */
WEFT_CLONES static void panel_product(const float *x, const float *panel, size_t values, float *out) {
    lanes sum[GROUP] = {{0}};
    for (size_t k = 0; k < values; k++) {
        lanes row = ((const lanes *)panel)[k];
#pragma GCC unroll 6
        for (int g = 0; g < GROUP; g++) sum[g] += row * x[k * GROUP + (size_t)g];
    }
    memcpy(out, sum, sizeof sum);
}

/* x [value][GROUP] of up to GROUP images, centred; zeros for those that are not there. */
static void group_fill(const weft_zca *zca, const uint8_t *pixels, size_t count, float *x) {
    size_t n = zca->values;
    memset(x, 0, n * GROUP * sizeof *x);
    for (size_t g = 0; g < count; g++) {
        double mean, scale;
        const uint8_t *image = pixels + g * n;
        weft_gcn_factors(image, n, zca->norm, &mean, &scale);
        for (size_t i = 0; i < n; i++) x[i * GROUP + g] = (float)((image[i] - mean) * scale) - zca->mean[i];
    }
}

static void chunk_apply(const weft_zca *zca, const uint8_t *pixels, size_t count, float *x, float *out) {
    size_t n = zca->values;
    float part[GROUP * LANES];
    for (size_t first = 0; first < count; first += GROUP)
        group_fill(zca, pixels + first * n, count - first < GROUP ? count - first : GROUP, x + first * n);
    for (size_t column = 0; column < n; column += LANES) {
        const float *panel = zca->panels + column * n;
        size_t width = n - column < LANES ? n - column : LANES;
        for (size_t first = 0; first < count; first += GROUP) {
            panel_product(x + first * n, panel, n, part);
            for (size_t g = 0; g < GROUP && first + g < count; g++)
                memcpy(out + (first + g) * n + column, part + g * LANES, width * sizeof *out);
        }
    }
}

weft_status weft_zca_apply(const weft_zca *zca, const uint8_t *pixels, size_t count, float *out, weft_error *err) {
    size_t n = zca->values, room = CHUNK * n;
    int64_t chunks = (int64_t)((count + CHUNK - 1) / CHUNK);
    int threads = omp_in_parallel() || chunks < 2 ? 1 : omp_get_max_threads();
    float *x = weft_aligned_alloc((size_t)threads * room, sizeof *x);
    if (!x) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the ZCA of %zu images", count);
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (int64_t c = 0; c < chunks; c++) {
        size_t first = (size_t)c * CHUNK, left = count - first;
        chunk_apply(zca, pixels + first * n, left < CHUNK ? left : CHUNK, x + (size_t)omp_get_thread_num() * room,
                    out + first * n);
    }
    weft_aligned_free(x);
    return WEFT_OK;
}
