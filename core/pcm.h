/* Statistics of phase-change memory cells: Joshi et al. 2020, "Accurate deep neural network inference using
 * computational phase-change memory", Nature Communications 11, 2473. The constants are those that the documentation of
 * IBM's Analog Hardware Acceleration Kit gives for that paper; the paper itself was not re-read. Conductances are over
 * g_max, of 25 uS in the measurements. */
#ifndef WEFT_CORE_PCM_H
#define WEFT_CORE_PCM_H

#include <math.h>

#include "core/elementary.h"

#define WEFT_PCM_G_MAX_US 25.0
/* Standard deviation of a programmed conductance in uS: max(c0 + c1 g + c2 g^2, 0). */
#define WEFT_PCM_PROGRAM_0 0.26348
#define WEFT_PCM_PROGRAM_1 1.9650
#define WEFT_PCM_PROGRAM_2 -1.1731
/* Drift exponent of a cell, normal: mean and standard deviation a ln g + b, between low and high. */
#define WEFT_PCM_NU_MEAN_A -0.0155
#define WEFT_PCM_NU_MEAN_B 0.0244
#define WEFT_PCM_NU_MEAN_LOW 0.049
#define WEFT_PCM_NU_MEAN_HIGH 0.1
#define WEFT_PCM_NU_SIGMA_A -0.0125
#define WEFT_PCM_NU_SIGMA_B -0.0059
#define WEFT_PCM_NU_SIGMA_LOW 0.008
#define WEFT_PCM_NU_SIGMA_HIGH 0.045
#define WEFT_PCM_G_LEAST 1e-7 /* ahead of the logarithm */
/* 1/f noise of one read, relative: min(q / g^p, high) sqrt(ln((t + t_read) / (2 t_read))). */
#define WEFT_PCM_READ_Q 0.0088
#define WEFT_PCM_READ_P 0.65
#define WEFT_PCM_READ_HIGH 0.2
#define WEFT_PCM_READ_S 250e-9 /* t_read: width of a read pulse */
#define WEFT_PCM_FIRST_S 20.0  /* t0: first read of the drift measurements, after programming */

static inline double weft_pcm_between(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

/* Standard deviation of a programmed conductance g >= 0, over g_max. */
static inline double weft_pcm_program_sigma(double g) {
    const double sigma = WEFT_PCM_PROGRAM_0 + g * (WEFT_PCM_PROGRAM_1 + g * WEFT_PCM_PROGRAM_2);
    return (sigma > 0 ? sigma : 0) / WEFT_PCM_G_MAX_US;
}
static inline double weft_pcm_nu_mean(double ln_g) {
    return weft_pcm_between(WEFT_PCM_NU_MEAN_A * ln_g + WEFT_PCM_NU_MEAN_B, WEFT_PCM_NU_MEAN_LOW,
                            WEFT_PCM_NU_MEAN_HIGH);
}
static inline double weft_pcm_nu_sigma(double ln_g) {
    return weft_pcm_between(WEFT_PCM_NU_SIGMA_A * ln_g + WEFT_PCM_NU_SIGMA_B, WEFT_PCM_NU_SIGMA_LOW,
                            WEFT_PCM_NU_SIGMA_HIGH);
}
/* What grows with the time since programming: 0 up to t_read. */
static inline double weft_pcm_read_growth(double time_s) {
    const double ratio = (time_s + WEFT_PCM_READ_S) / (2 * WEFT_PCM_READ_S);
    return ratio > 1 ? sqrt(weft_log(ratio)) : 0;
}
/* What depends on the conductance g >= 0. */
static inline double weft_pcm_read_q(double g) {
    const double least = g > WEFT_PCM_G_LEAST ? g : WEFT_PCM_G_LEAST,
                 q = WEFT_PCM_READ_Q * weft_exp2(-WEFT_PCM_READ_P * weft_log2(least));
    return q < WEFT_PCM_READ_HIGH ? q : WEFT_PCM_READ_HIGH;
}

#endif
