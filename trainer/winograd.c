#include "trainer/winograd.h"

#include "trainer/bf16_gemm.h"
#include "trainer/winograd_tiles.h"

enum { POINTS = WEFT_WINOGRAD_POINTS };

static size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

/* Tiles a block of forward works on: what it holds stays in the second-level cache, but not so few that reading all the
 * weights again for each block costs. Multiples of 12, the rows of a register block. */
static int forward_block(int in, int out) {
    int tiles = (768 << 10) / (32 * in + 64 * out);
    return tiles < 96 ? 96 : tiles > 480 ? 480 : tiles / 12 * 12;
}

/* Tiles that a block of backward_weights sums over, even: reading and writing the sums, once a block, should cost
 * little, and the transforms of a block stay in a cache. Measured. */
static int weights_block(const weft_winograd *shape) { return (int64_t)shape->in * shape->out >= 1 << 17 ? 400 : 192; }

static size_t forward_bytes(int in, int out) {
    size_t tiles = (size_t)forward_block(in, out);
    return POINTS * tiles * ((size_t)in * 2 + (size_t)out * 4);
}

static size_t weights_bytes(const weft_winograd *shape) {
    size_t in = round_up((size_t)shape->in, 16), out = (size_t)shape->out, tiles = (size_t)weights_block(shape);
    return POINTS * (tiles * (in + out) * 2 + (size_t)shape->in * out * 4);
}

size_t weft_winograd_workspace(const weft_winograd *shape) {
    size_t forward = forward_bytes(shape->in, shape->out), backward = forward_bytes(shape->out, shape->in);
    size_t weights = weights_bytes(shape), most = forward > backward ? forward : backward;
    return weights > most ? weights : most;
}

size_t weft_winograd_weight_count(const weft_winograd *shape) {
    return POINTS * (size_t)shape->in * (size_t)shape->out;
}

#ifdef WEFT_AVX512

bool weft_winograd_supported(void) {
    return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

/* ---- weights: U = G g G^T ---- */

/* The three values of a line become four. */
WEFT_AVX512_INLINE void weight_line(const __m512 g[3], __m512 u[4]) {
    const __m512 half = _mm512_set1_ps(0.5f);
    __m512 outer = _mm512_add_ps(g[0], g[2]);
    u[0] = g[0];
    u[1] = _mm512_mul_ps(half, _mm512_add_ps(outer, g[1]));
    u[2] = _mm512_mul_ps(half, _mm512_sub_ps(outer, g[1]));
    u[3] = g[2];
}

/* 16 filters that stand `lane` floats apart. */
WEFT_AVX512_INLINE void weight_transform(const float *filter, __m512i lanes, __m512 u[POINTS]) {
    __m512 half[3][4];
#pragma GCC unroll 3
    for (int x = 0; x < 3; x++) {
        __m512 g[3];
#pragma GCC unroll 3
        for (int y = 0; y < 3; y++) g[y] = _mm512_i32gather_ps(lanes, filter + y * 3 + x, 4);
        weight_line(g, half[x]);
    }
#pragma GCC unroll 4
    for (int y = 0; y < 4; y++) {
        __m512 g[3] = {half[0][y], half[1][y], half[2][y]};
        weight_line(g, u + y * 4);
    }
}

/* One panel: 16 columns, `lane` floats apart in weight, summed over `depth` channels, `step` floats apart. Turning a
 * filter by 180 degrees exchanges the outer points of its transform. */
WEFT_AVX512_TARGET static void weight_panel(const float *weight, size_t lane, size_t step, int depth, bool turned,
                                            uint16_t *to, size_t plane) {
    const __m512i lanes = _mm512_mullo_epi32(_mm512_set1_epi32((int)lane),
                                             _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    const int order[4] = {turned ? 3 : 0, 1, 2, turned ? 0 : 3};
    for (int k = 0; k < depth; k += 2) {
        __m512 even[POINTS], odd[POINTS];
        weight_transform(weight + (size_t)k * step, lanes, even);
        weight_transform(weight + (size_t)(k + 1) * step, lanes, odd);
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 4; x++)
                _mm512_storeu_si512(
                    to + (size_t)(y * 4 + x) * plane + (size_t)k * 16,
                    weft_winograd_interleave(even[order[y] * 4 + order[x]], odd[order[y] * 4 + order[x]]));
    }
}

void weft_winograd_weights(const weft_winograd *s, const float *weight, uint16_t *forward, uint16_t *backward, int part,
                           int parts) {
    size_t in = (size_t)s->in, out = (size_t)s->out, plane = in * out;
    for (size_t o = 16 * (size_t)part; o < out; o += 16 * (size_t)parts)
        weight_panel(weight + o * in * 9, in * 9, 9, s->in, false, forward + o * in, plane);
    if (backward == NULL) return;
    for (size_t i = 16 * (size_t)part; i < in; i += 16 * (size_t)parts)
        weight_panel(weight + i * 9, 9, in * 9, s->out, true, backward + i * out, plane);
}

/* ---- the three directions ---- */

static int tile_count(const weft_winograd *shape) {
    return (shape->height + 1) / 2 * ((shape->width + 1) / 2) * shape->batch;
}

static void convolve(const weft_winograd *shape, int in, int out, const uint16_t *src, const uint16_t *weight,
                     uint16_t *dst, void *workspace) {
    int count = tile_count(shape);
    int most = forward_block(in, out);
    size_t depth = (size_t)in, columns = (size_t)out;
    uint16_t *v = workspace;
    float *m = (float *)(void *)(v + POINTS * (size_t)most * depth);
    for (int begin = 0; begin < count; begin += most) {
        int end = begin + most < count ? begin + most : count;
        size_t tiles = (size_t)(end - begin);
        weft_winograd_images_to_rows(shape, src, in, begin, end, v);
        for (size_t p = 0; p < POINTS; p++) {
            weft_bf16_product product = {.rows = end - begin,
                                         .columns = out,
                                         .pairs = in / 2,
                                         .a = (const uint32_t *)(const void *)(v + p * tiles * depth),
                                         .row_pairs = depth / 2,
                                         .b = (const uint32_t *)(const void *)(weight + p * depth * columns),
                                         .c = m + p * tiles * columns,
                                         .c_stride = columns};
            weft_bf16_multiply(&product);
        }
        weft_winograd_rows_to_outputs(shape, m, out, begin, end, dst);
    }
}

void weft_winograd_forward(const weft_winograd *shape, const uint16_t *src, const uint16_t *weight, uint16_t *dst,
                           void *workspace) {
    convolve(shape, shape->in, shape->out, src, weight, dst, workspace);
}

void weft_winograd_backward_data(const weft_winograd *shape, const uint16_t *diff_dst, const uint16_t *weight,
                                 uint16_t *diff_src, void *workspace) {
    convolve(shape, shape->out, shape->in, diff_dst, weight, diff_src, workspace);
}

/* The gradient of g from that of U = G g G^T: four values of a line become three. */
WEFT_AVX512_INLINE void gradient_line(__m512 a, __m512 b, __m512 c, __m512 d, __m512 g[3]) {
    const __m512 half = _mm512_set1_ps(0.5f);
    __m512 sum = _mm512_mul_ps(half, _mm512_add_ps(b, c));
    g[0] = _mm512_add_ps(a, sum);
    g[1] = _mm512_mul_ps(half, _mm512_sub_ps(b, c));
    g[2] = _mm512_add_ps(d, sum);
}

/* diff_weight [out, in, 9] from u [POINTS, in, out]. */
WEFT_AVX512_TARGET static void gradient_read(const weft_winograd *s, const float *u, float *diff_weight) {
    size_t in = (size_t)s->in, out = (size_t)s->out, plane = in * out;
    const __m512i lanes = _mm512_mullo_epi32(_mm512_set1_epi32(s->in * 9),
                                             _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    for (size_t o = 0; o < out; o += 16)
        for (size_t i = 0; i < in; i++) {
            __m512 half[4][3], g[3];
            const float *from = u + i * out + o;
#pragma GCC unroll 4
            for (size_t x = 0; x < 4; x++)
                gradient_line(_mm512_loadu_ps(from + x * plane), _mm512_loadu_ps(from + (4 + x) * plane),
                              _mm512_loadu_ps(from + (8 + x) * plane), _mm512_loadu_ps(from + (12 + x) * plane),
                              half[x]);
#pragma GCC unroll 3
            for (int y = 0; y < 3; y++) {
                gradient_line(half[0][y], half[1][y], half[2][y], half[3][y], g);
#pragma GCC unroll 3
                for (int x = 0; x < 3; x++)
                    _mm512_i32scatter_ps(diff_weight + (o * in + i) * 9 + (size_t)(y * 3 + x), lanes, g[x], 4);
            }
        }
}

void weft_winograd_backward_weights(const weft_winograd *shape, const uint16_t *src, const uint16_t *diff_dst,
                                    float *diff_weight, void *workspace) {
    int count = tile_count(shape);
    int block = weights_block(shape);
    size_t in = round_up((size_t)shape->in, 16), out = (size_t)shape->out, plane = (size_t)shape->in * out;
    uint16_t *v = workspace, *z = v + POINTS * (size_t)block * in;
    float *u = (float *)(void *)(z + POINTS * (size_t)block * out);
    for (int begin = 0; begin < count; begin += block) {
        int end = begin + block < count ? begin + block : count;
        size_t values = (size_t)((end - begin + 1) / 2) * 2;
        weft_winograd_images_to_pairs(shape, src, shape->in, begin, end, v);
        weft_winograd_slopes_to_pairs(shape, diff_dst, shape->out, begin, end, z);
        for (size_t p = 0; p < POINTS; p++) {
            weft_bf16_product product = {.rows = shape->in,
                                         .columns = shape->out,
                                         .pairs = (int)(values / 2),
                                         .a = (const uint32_t *)(const void *)(v + p * values * in),
                                         .b = (const uint32_t *)(const void *)(z + p * values * out),
                                         .c = u + p * plane,
                                         .c_stride = out,
                                         .add = begin > 0};
            weft_bf16_multiply(&product);
        }
    }
    gradient_read(shape, u, diff_weight);
}

#else

bool weft_winograd_supported(void) { return false; }

void weft_winograd_weights(const weft_winograd *s, const float *weight, uint16_t *forward, uint16_t *backward, int part,
                           int parts) {
    (void)s, (void)weight, (void)forward, (void)backward, (void)part, (void)parts;
}

void weft_winograd_forward(const weft_winograd *s, const uint16_t *src, const uint16_t *weight, uint16_t *dst,
                           void *workspace) {
    (void)s, (void)src, (void)weight, (void)dst, (void)workspace;
}

void weft_winograd_backward_data(const weft_winograd *s, const uint16_t *diff_dst, const uint16_t *weight,
                                 uint16_t *diff_src, void *workspace) {
    (void)s, (void)diff_dst, (void)weight, (void)diff_src, (void)workspace;
}

void weft_winograd_backward_weights(const weft_winograd *s, const uint16_t *src, const uint16_t *diff_dst,
                                    float *diff_weight, void *workspace) {
    (void)s, (void)src, (void)diff_dst, (void)diff_weight, (void)workspace;
}

#endif
