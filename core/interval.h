/* Confidence interval of a test error that was measured on a finite test set under random distortions, or on chips
 * programmed with random errors. */
#ifndef WEFT_CORE_INTERVAL_H
#define WEFT_CORE_INTERVAL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 97.5 % quantile of Student's t with `freedom` >= 1 degrees of freedom: the cumulative distribution is the finite
 * series of Abramowitz and Stegun 1964, 26.7.3 and 26.7.4, inverted by bisection. */
double weft_student_quantile(int freedom);

/* 95 % interval of a probability of which `mean` was seen in `count` independent trials: Wilson's score interval
 * (Wilson 1927; recommended by Brown, Cai and DasGupta 2001), z = 1.959964. count 0 gives 0..1. */
void weft_wilson_interval(double *low, double *high, double mean, size_t count);

/* 95 % interval of the expected error rate over all draws of the distortion and all images of the population. `mean`
 * and `std` are mean and sample standard deviation of the error rates (0 to 1) of `draws` independent draws, all
 * measured on the same `images` test images. Two sources of chance: the finite test set, with Wilson's interval [l, u]
 * of the mean, and the draws, with the half width t(draws - 1) std / sqrt(draws) of Student's interval (0 for one draw,
 * which says nothing about others). Both are combined by the square roots of summed squares on either side (Zou and
 * Donner 2008, "Construction of confidence limits about effect measures", MOVER): low = mean - sqrt((mean - l)^2 +
 * half^2),  high = mean + sqrt((u - mean)^2 + half^2), within 0..1. Slightly too wide: the binomial variance mean (1 -
 * mean) / images is an upper bound of the test set's share, since images differ in difficulty and are the same in every
 * draw. */
void weft_error_interval(double *low, double *high, double mean, double std, int draws, size_t images);

/* 95 % interval of the difference of two error rates measured on the same images. difference [images], each -1 to 1:
 * the share of draws in which the image was wrong the second time, less that of the first time. For 0 and 1 it is
 * Bonett and Price's adjusted Wald interval (2012, "Adjusted Wald confidence interval for a difference of binomial
 * proportions based on paired data"): one image more on either side, then mean +- z sqrt(variance / (images + 2)).
 * draws_half: half width of the draws' share (0: none), combined by the square root of summed squares. Around the
 * adjusted mean, within -1..1. */
void weft_paired_interval(double *low, double *high, const float *difference, size_t images, double draws_half);

#ifdef __cplusplus
}
#endif
#endif
