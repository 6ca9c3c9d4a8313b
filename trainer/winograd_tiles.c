#include "trainer/winograd_tiles.h"

#ifdef WEFT_AVX512

typedef struct tiling {
    const weft_winograd *shape;
    int rows, columns; /* tiles of one image */
} tiling;

static tiling tiling_of(const weft_winograd *shape) {
    return (tiling){shape, (shape->height + 1) / 2, (shape->width + 1) / 2};
}

WEFT_AVX512_INLINE __m512 widen(__m256i values) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(values), 16));
}

WEFT_AVX512_INLINE __m256i narrow(__m512 values) { return (__m256i)_mm512_cvtneps_pbh(values); }

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

WEFT_AVX512_INLINE void image_tile(__m512 column[4][4], __m512 v[WEFT_WINOGRAD_POINTS]) {
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

/* Transforms tiles [begin, end) of src into to [WEFT_WINOGRAD_POINTS, end - begin, channels]. */
WEFT_AVX512_TARGET void weft_winograd_images_to_rows(const weft_winograd *shape, const uint16_t *src, int channels,
                                                     int begin, int end, uint16_t *to) {
    const tiling all = tiling_of(shape);
    size_t plane = (size_t)(end - begin) * (size_t)channels;
    for (int tile = begin; tile < end;) {
        run r = run_at(&all, tile, end);
        strip s = strip_of(src, shape, channels, r.image, 2 * r.row - 1);
        for (int c = 0; c < channels; c += 16) {
            __mmask16 lanes = lanes_of(channels, c);
            __m512 column[4][4], v[WEFT_WINOGRAD_POINTS];
            uint16_t *at = to + (size_t)(tile - begin) * (size_t)channels + c;
            image_column(&s, 2 * r.first - 1, (size_t)c, lanes, column[2]);
            image_column(&s, 2 * r.first, (size_t)c, lanes, column[3]);
            for (int i = 0; i < r.count; i++, at += channels) {
                image_advance(&s, r.first + i, (size_t)c, lanes, column);
                image_tile(column, v);
#pragma GCC unroll 16
                for (int p = 0; p < WEFT_WINOGRAD_POINTS; p++)
                    _mm256_mask_storeu_epi16(at + (size_t)p * plane, lanes, narrow(v[p]));
            }
        }
        tile += r.count;
    }
}

/* Writes the transforms of single tiles as pairs of neighbouring ones: tile is counted from the block's first. */
typedef struct pair_writer {
    __m512 even[WEFT_WINOGRAD_POINTS];
    uint16_t *to; /* panel of these channels, at point 0 */
    size_t plane; /* from point to point */
} pair_writer;

WEFT_AVX512_INLINE void pair_write(pair_writer *w, int tile, const __m512 v[WEFT_WINOGRAD_POINTS]) {
    if (tile % 2 == 0) {
#pragma GCC unroll 16
        for (int p = 0; p < WEFT_WINOGRAD_POINTS; p++) w->even[p] = v[p];
        return;
    }
    uint16_t *to = w->to + (size_t)(tile / 2) * 32;
#pragma GCC unroll 16
    for (int p = 0; p < WEFT_WINOGRAD_POINTS; p++)
        _mm512_storeu_si512(to + (size_t)p * w->plane, weft_winograd_interleave(w->even[p], v[p]));
}

/* A block of an odd number of tiles ends with zeros. */
WEFT_AVX512_INLINE void pair_finish(pair_writer *w, int tiles) {
    __m512 zero[WEFT_WINOGRAD_POINTS];
    if (tiles % 2 == 0) return;
    for (int p = 0; p < WEFT_WINOGRAD_POINTS; p++) zero[p] = _mm512_setzero_ps();
    pair_write(w, tiles, zero);
}

/* Transforms tiles [begin, end) of src into panels of pairs of tiles, to [WEFT_WINOGRAD_POINTS, channels / 16, pairs,
 * 16, 2]. */
WEFT_AVX512_TARGET void weft_winograd_images_to_pairs(const weft_winograd *shape, const uint16_t *src, int channels,
                                                      int begin, int end, uint16_t *to) {
    const tiling all = tiling_of(shape);
    size_t panel = (size_t)((end - begin + 1) / 2) * 32;
    pair_writer w = {.plane = ((size_t)channels + 15) / 16 * 16 / 16 * panel};
    for (int c = 0; c < channels; c += 16) {
        __mmask16 lanes = lanes_of(channels, c);
        w.to = to + (size_t)(c / 16) * panel;
        for (int tile = begin; tile < end;) {
            run r = run_at(&all, tile, end);
            strip s = strip_of(src, shape, channels, r.image, 2 * r.row - 1);
            __m512 column[4][4], v[WEFT_WINOGRAD_POINTS];
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

WEFT_AVX512_INLINE void slope_tile(const strip *s, int tile, size_t channel, __m512 z[WEFT_WINOGRAD_POINTS]) {
    __m512 left[4], right[4];
    slope_line(slope_value(s, 0, 2 * tile, channel), slope_value(s, 1, 2 * tile, channel), left);
    slope_line(slope_value(s, 0, 2 * tile + 1, channel), slope_value(s, 1, 2 * tile + 1, channel), right);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) slope_line(left[i], right[i], z + i * 4);
}

WEFT_AVX512_TARGET void weft_winograd_slopes_to_pairs(const weft_winograd *shape, const uint16_t *slope, int channels,
                                                      int begin, int end, uint16_t *to) {
    const tiling all = tiling_of(shape);
    size_t panel = (size_t)((end - begin + 1) / 2) * 32;
    pair_writer w = {.plane = (size_t)(channels / 16) * panel};
    for (int c = 0; c < channels; c += 16) {
        w.to = to + (size_t)(c / 16) * panel;
        for (int tile = begin; tile < end;) {
            run r = run_at(&all, tile, end);
            strip s = strip_of(slope, shape, channels, r.image, 2 * r.row);
            for (int i = 0; i < r.count; i++) {
                __m512 z[WEFT_WINOGRAD_POINTS];
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

/* Writes the outputs of tiles [begin, end) from m [WEFT_WINOGRAD_POINTS, end - begin, channels]. */
WEFT_AVX512_TARGET void weft_winograd_rows_to_outputs(const weft_winograd *shape, const float *m, int channels,
                                                      int begin, int end, uint16_t *dst) {
    const tiling all = tiling_of(shape);
    size_t depth = (size_t)channels, plane = (size_t)(end - begin) * depth, line = (size_t)shape->width * depth;
    for (int tile = begin; tile < end;) {
        run r = run_at(&all, tile, end);
        uint16_t *row = dst + ((size_t)r.image * (size_t)shape->height + 2 * (size_t)r.row) * line;
        for (int i = 0; i < r.count; i++) {
            int x = 2 * (r.first + i);
            bool below = 2 * r.row + 1 < shape->height, beside = x + 1 < shape->width;
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

#endif
