#include "trainer/winograd.h"

#include <string.h>

#include "trainer/avx512.h"
#include "trainer/bf16_gemm.h"

/* A tile is 2 x 2 outputs and the 4 x 4 inputs that they see; its transform has 16 points. */
enum { POINTS = 16 };

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

/* ---- tiles and values ---- */

typedef struct tiling {
    const weft_winograd *shape;
    int rows, columns; /* tiles of one image */
    int count;         /* of all images */
} tiling;

static tiling tiling_of(const weft_winograd *shape) {
    tiling t = {shape, (shape->height + 1) / 2, (shape->width + 1) / 2, 0};
    t.count = t.rows * t.columns * shape->batch;
    return t;
}

WEFT_AVX512_INLINE __m512 widen(__m256i values) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(values), 16));
}

WEFT_AVX512_INLINE __m256i narrow(__m512 values) { return (__m256i)_mm512_cvtneps_pbh(values); }

/* Pairs (even, odd) of bfloat16. */
WEFT_AVX512_INLINE __m512i interleave(__m512 even, __m512 odd) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(odd, even));
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
                _mm512_storeu_si512(to + (size_t)(y * 4 + x) * plane + (size_t)k * 16,
                                    interleave(even[order[y] * 4 + order[x]], odd[order[y] * 4 + order[x]]));
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

/* ---- images: V = B^T d B ---- */

/* Rows of one tile row of an image: `valid` is 0 where a row is padding. */
typedef struct strip {
    const uint16_t *row[4];
    __mmask16 valid[4];
    int width;
    size_t channels;
} strip;

static strip strip_of(const uint16_t *src, const weft_winograd *s, int channels, int image, int first_row) {
    strip out = {.width = s->width, .channels = (size_t)channels};
    const uint16_t *at = src + (size_t)image * (size_t)s->height * (size_t)s->width * out.channels;
    for (int i = 0; i < 4; i++) {
        int y = first_row + i;
        bool inside = y >= 0 && y < s->height;
        out.row[i] = inside ? at + (size_t)y * (size_t)s->width * out.channels : at;
        out.valid[i] = inside ? 0xFFFF : 0;
    }
    return out;
}

/* Four values of column x, transformed along the column. */
WEFT_AVX512_INLINE void image_column(const strip *s, int x, size_t channel, __mmask16 lanes, __m512 t[4]) {
    bool inside = x >= 0 && x < s->width;
    size_t at = (inside ? (size_t)x * s->channels : 0) + channel;
    __mmask16 mask = inside ? lanes : 0;
    __m512 d[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) d[i] = widen(_mm256_maskz_loadu_epi16(mask & s->valid[i], s->row[i] + at));
    t[0] = _mm512_sub_ps(d[0], d[2]);
    t[1] = _mm512_add_ps(d[1], d[2]);
    t[2] = _mm512_sub_ps(d[2], d[1]);
    t[3] = _mm512_sub_ps(d[1], d[3]);
}

WEFT_AVX512_INLINE void image_tile(__m512 column[4][4], __m512 v[POINTS]) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        v[i * 4 + 0] = _mm512_sub_ps(column[0][i], column[2][i]);
        v[i * 4 + 1] = _mm512_add_ps(column[1][i], column[2][i]);
        v[i * 4 + 2] = _mm512_sub_ps(column[2][i], column[1][i]);
        v[i * 4 + 3] = _mm512_sub_ps(column[1][i], column[3][i]);
    }
}

/* The next tile of the strip: two columns are those of the tile before. */
WEFT_AVX512_INLINE void image_advance(const strip *s, int tile, size_t channel, __mmask16 lanes, __m512 column[4][4]) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        column[0][i] = column[2][i];
        column[1][i] = column[3][i];
    }
    image_column(s, 2 * tile + 1, channel, lanes, column[2]);
    image_column(s, 2 * tile + 2, channel, lanes, column[3]);
}

/* Where a run of tiles lies: `count` from tile `first` of one strip. */
typedef struct run {
    int image, row, first, count;
} run;

static run run_at(const tiling *t, int tile, int end) {
    run r = {tile / (t->rows * t->columns), tile / t->columns % t->rows, tile % t->columns, 0};
    r.count = t->columns - r.first;
    if (r.count > end - tile) r.count = end - tile;
    return r;
}

WEFT_AVX512_INLINE __mmask16 lanes_of(int channels, int channel) {
    int left = channels - channel;
    return left >= 16 ? 0xFFFF : (__mmask16)((1u << left) - 1);
}

/* Transforms tiles [begin, end) of src into to [POINTS, end - begin, channels]. */
WEFT_AVX512_TARGET static void images_to_rows(const tiling *t, const uint16_t *src, int channels, int begin, int end,
                                              uint16_t *to) {
    size_t plane = (size_t)(end - begin) * (size_t)channels;
    for (int tile = begin; tile < end;) {
        run r = run_at(t, tile, end);
        strip s = strip_of(src, t->shape, channels, r.image, 2 * r.row - 1);
        for (int c = 0; c < channels; c += 16) {
            __mmask16 lanes = lanes_of(channels, c);
            __m512 column[4][4], v[POINTS];
            uint16_t *at = to + (size_t)(tile - begin) * (size_t)channels + c;
            image_column(&s, 2 * r.first - 1, (size_t)c, lanes, column[2]);
            image_column(&s, 2 * r.first, (size_t)c, lanes, column[3]);
            for (int i = 0; i < r.count; i++, at += channels) {
                image_advance(&s, r.first + i, (size_t)c, lanes, column);
                image_tile(column, v);
#pragma GCC unroll 16
                for (int p = 0; p < POINTS; p++) _mm256_mask_storeu_epi16(at + (size_t)p * plane, lanes, narrow(v[p]));
            }
        }
        tile += r.count;
    }
}

/* Writes the transforms of single tiles as pairs of neighbouring ones: tile is counted from the block's first. */
typedef struct pair_writer {
    __m512 even[POINTS];
    uint16_t *to; /* panel of these channels, at point 0 */
    size_t plane; /* from point to point */
} pair_writer;

WEFT_AVX512_INLINE void pair_write(pair_writer *w, int tile, const __m512 v[POINTS]) {
    if (tile % 2 == 0) {
#pragma GCC unroll 16
        for (int p = 0; p < POINTS; p++) w->even[p] = v[p];
        return;
    }
    uint16_t *to = w->to + (size_t)(tile / 2) * 32;
#pragma GCC unroll 16
    for (int p = 0; p < POINTS; p++) _mm512_storeu_si512(to + (size_t)p * w->plane, interleave(w->even[p], v[p]));
}

/* A block of an odd number of tiles ends with zeros. */
WEFT_AVX512_INLINE void pair_finish(pair_writer *w, int tiles) {
    __m512 zero[POINTS];
    if (tiles % 2 == 0) return;
    for (int p = 0; p < POINTS; p++) zero[p] = _mm512_setzero_ps();
    pair_write(w, tiles, zero);
}

/* Transforms tiles [begin, end) of src into panels of pairs of tiles, to [POINTS, channels / 16, pairs, 16, 2]. */
WEFT_AVX512_TARGET static void images_to_pairs(const tiling *t, const uint16_t *src, int channels, int begin, int end,
                                               uint16_t *to) {
    size_t panel = (size_t)((end - begin + 1) / 2) * 32;
    pair_writer w = {.plane = round_up((size_t)channels, 16) / 16 * panel};
    for (int c = 0; c < channels; c += 16) {
        __mmask16 lanes = lanes_of(channels, c);
        w.to = to + (size_t)(c / 16) * panel;
        for (int tile = begin; tile < end;) {
            run r = run_at(t, tile, end);
            strip s = strip_of(src, t->shape, channels, r.image, 2 * r.row - 1);
            __m512 column[4][4], v[POINTS];
            image_column(&s, 2 * r.first - 1, (size_t)c, lanes, column[2]);
            image_column(&s, 2 * r.first, (size_t)c, lanes, column[3]);
            for (int i = 0; i < r.count; i++) {
                image_advance(&s, r.first + i, (size_t)c, lanes, column);
                image_tile(column, v);
                pair_write(&w, tile - begin + i, v);
            }
            tile += r.count;
        }
        pair_finish(&w, end - begin);
    }
}

/* ---- gradients of outputs: Z = A y A^T ---- */

WEFT_AVX512_INLINE void slope_line(__m512 a, __m512 b, __m512 z[4]) {
    z[0] = a;
    z[1] = _mm512_add_ps(a, b);
    z[2] = _mm512_sub_ps(a, b);
    z[3] = _mm512_sub_ps(_mm512_setzero_ps(), b);
}

WEFT_AVX512_INLINE __m512 slope_value(const strip *s, int row, int x, size_t channel) {
    __mmask16 mask = x < s->width ? s->valid[row] : 0;
    size_t at = (x < s->width ? (size_t)x * s->channels : 0) + channel;
    return widen(_mm256_maskz_loadu_epi16(mask, s->row[row] + at));
}

WEFT_AVX512_INLINE void slope_tile(const strip *s, int tile, size_t channel, __m512 z[POINTS]) {
    __m512 left[4], right[4];
    slope_line(slope_value(s, 0, 2 * tile, channel), slope_value(s, 1, 2 * tile, channel), left);
    slope_line(slope_value(s, 0, 2 * tile + 1, channel), slope_value(s, 1, 2 * tile + 1, channel), right);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) slope_line(left[i], right[i], z + i * 4);
}

WEFT_AVX512_TARGET static void slopes_to_pairs(const tiling *t, const uint16_t *slope, int channels, int begin, int end,
                                               uint16_t *to) {
    size_t panel = (size_t)((end - begin + 1) / 2) * 32;
    pair_writer w = {.plane = (size_t)(channels / 16) * panel};
    for (int c = 0; c < channels; c += 16) {
        w.to = to + (size_t)(c / 16) * panel;
        for (int tile = begin; tile < end;) {
            run r = run_at(t, tile, end);
            strip s = strip_of(slope, t->shape, channels, r.image, 2 * r.row);
            for (int i = 0; i < r.count; i++) {
                __m512 z[POINTS];
                slope_tile(&s, r.first + i, (size_t)c, z);
                pair_write(&w, tile - begin + i, z);
            }
            tile += r.count;
        }
        pair_finish(&w, end - begin);
    }
}

/* ---- outputs: y = A^T m A ---- */

WEFT_AVX512_INLINE void output_line(__m512 a, __m512 b, __m512 c, __m512 d, __m512 y[2]) {
    y[0] = _mm512_add_ps(_mm512_add_ps(a, b), c);
    y[1] = _mm512_sub_ps(_mm512_sub_ps(b, c), d);
}

WEFT_AVX512_INLINE void output_tile(const float *m, size_t plane, __m512 y[2][2]) {
    __m512 half[4][2];
#pragma GCC unroll 4
    for (int x = 0; x < 4; x++)
        output_line(_mm512_loadu_ps(m + (size_t)x * plane), _mm512_loadu_ps(m + (size_t)(4 + x) * plane),
                    _mm512_loadu_ps(m + (size_t)(8 + x) * plane), _mm512_loadu_ps(m + (size_t)(12 + x) * plane),
                    half[x]);
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) output_line(half[0][i], half[1][i], half[2][i], half[3][i], y[i]);
}

/* Writes the outputs of tiles [begin, end) from m [POINTS, end - begin, channels]. */
WEFT_AVX512_TARGET static void rows_to_outputs(const tiling *t, const float *m, int channels, int begin, int end,
                                               uint16_t *dst) {
    const weft_winograd *s = t->shape;
    size_t depth = (size_t)channels, plane = (size_t)(end - begin) * depth, line = (size_t)s->width * depth;
    for (int tile = begin; tile < end;) {
        run r = run_at(t, tile, end);
        uint16_t *row = dst + ((size_t)r.image * (size_t)s->height + 2 * (size_t)r.row) * line;
        for (int i = 0; i < r.count; i++) {
            int x = 2 * (r.first + i);
            bool below = 2 * r.row + 1 < s->height, beside = x + 1 < s->width;
            uint16_t *to = row + (size_t)x * depth;
            const float *from = m + (size_t)(tile - begin + i) * depth;
            for (size_t c = 0; c < depth; c += 16) {
                __m512 y[2][2];
                output_tile(from + c, plane, y);
                _mm256_storeu_si256((__m256i *)(to + c), narrow(y[0][0]));
                if (beside) _mm256_storeu_si256((__m256i *)(to + depth + c), narrow(y[0][1]));
                if (below) _mm256_storeu_si256((__m256i *)(to + line + c), narrow(y[1][0]));
                if (below && beside) _mm256_storeu_si256((__m256i *)(to + line + depth + c), narrow(y[1][1]));
            }
        }
        tile += r.count;
    }
}

/* ---- the three directions ---- */

static void convolve(const weft_winograd *shape, int in, int out, const uint16_t *src, const uint16_t *weight,
                     uint16_t *dst, void *workspace) {
    tiling t = tiling_of(shape);
    int most = forward_block(in, out);
    size_t depth = (size_t)in, columns = (size_t)out;
    uint16_t *v = workspace;
    float *m = (float *)(void *)(v + POINTS * (size_t)most * depth);
    for (int begin = 0; begin < t.count; begin += most) {
        int end = begin + most < t.count ? begin + most : t.count;
        size_t tiles = (size_t)(end - begin);
        images_to_rows(&t, src, in, begin, end, v);
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
        rows_to_outputs(&t, m, out, begin, end, dst);
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
    tiling t = tiling_of(shape);
    int block = weights_block(shape);
    size_t in = round_up((size_t)shape->in, 16), out = (size_t)shape->out, plane = (size_t)shape->in * out;
    uint16_t *v = workspace, *z = v + POINTS * (size_t)block * in;
    float *u = (float *)(void *)(z + POINTS * (size_t)block * out);
    for (int begin = 0; begin < t.count; begin += block) {
        int end = begin + block < t.count ? begin + block : t.count;
        size_t values = (size_t)((end - begin + 1) / 2) * 2;
        images_to_pairs(&t, src, shape->in, begin, end, v);
        slopes_to_pairs(&t, diff_dst, shape->out, begin, end, z);
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
