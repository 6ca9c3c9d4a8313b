/* Tiles of images and their transforms, for winograd.c. A tile is 2 x 2 outputs and the 4 x 4 inputs that they see; its
 * transform has 16 points. Tiles are counted by image, row and column. All arrays are bfloat16 but m. Internal to
 * trainer/; only where the compiler builds for AVX512-BF16. */
#ifndef WEFT_TRAINER_WINOGRAD_TILES_H
#define WEFT_TRAINER_WINOGRAD_TILES_H

#include "trainer/avx512.h"
#include "trainer/winograd.h"

enum { WEFT_WINOGRAD_POINTS = 16 };

#ifdef WEFT_AVX512

/* Pairs (even, odd) of bfloat16. */
WEFT_AVX512_INLINE __m512i weft_winograd_interleave(__m512 even, __m512 odd) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}

/* Transforms V = B^T d B of tiles [begin, end) of src, to [points, end - begin, channels]. */
void weft_winograd_images_to_rows(const weft_winograd *shape, const uint16_t *src, int channels, int begin, int end,
                                  uint16_t *to);
/* The same as panels of pairs of tiles, to [points, channels / 16, pairs, 16, 2], rounded up; an odd last tile's
 * partner is 0. */
void weft_winograd_images_to_pairs(const weft_winograd *shape, const uint16_t *src, int channels, int begin, int end,
                                   uint16_t *to);
/* Gradients of outputs, Z = A y A^T, in the same form. */
void weft_winograd_slopes_to_pairs(const weft_winograd *shape, const uint16_t *slope, int channels, int begin, int end,
                                   uint16_t *to);
/* Outputs y = A^T m A of tiles [begin, end) from m [points, end - begin, channels], float32. */
void weft_winograd_rows_to_outputs(const weft_winograd *shape, const float *m, int channels, int begin, int end,
                                   uint16_t *dst);

#endif

#endif
