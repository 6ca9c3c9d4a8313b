#include "core/interval.h"

#include <math.h>

static const double HALF_PI = 1.57079632679489661923;
static const double Z = 1.95996398454005423552;

/* P(|T| < sqrt(freedom) tan(angle)). */
static double student_within(int freedom, double angle) {
    double c = cos(angle), s = sin(angle), sum = 0;
    int odd = freedom % 2;
    double term = odd ? c : 1;
    for (int k = odd ? 3 : 2; k <= freedom; k += 2) {
        sum += term;
        term *= c * c * (k - 1) / k;
    }
    return odd ? (angle + s * sum) / HALF_PI : s * sum;
}

double weft_student_quantile(int freedom) {
    double low = 0, high = HALF_PI;
    for (int i = 0; i < 64; i++) {
        double middle = 0.5 * (low + high);
        if (student_within(freedom, middle) < 0.95)
            low = middle;
        else
            high = middle;
    }
    return sqrt((double)freedom) * tan(0.5 * (low + high));
}

void weft_wilson_interval(double *low, double *high, double mean, size_t count) {
    *low = 0;
    *high = 1;
    if (count == 0) return;
    double n = (double)count, scale = 1 / (1 + Z * Z / n);
    double centre = scale * (mean + Z * Z / (2 * n));
    double half = scale * Z * sqrt(mean * (1 - mean) / n + Z * Z / (4 * n * n));
    *low = fmax(0, fmin(mean, centre - half)); /* rounding must not leave the mean outside */
    *high = fmin(1, fmax(mean, centre + half));
}

void weft_paired_interval(double *low, double *high, const float *difference, size_t images, double draws_half) {
    double sum = 0, squares = 2, n = (double)images + 2;
    for (size_t i = 0; i < images; i++) {
        sum += difference[i];
        squares += (double)difference[i] * difference[i];
    }
    double mean = sum / n, half = Z * sqrt((squares / n - mean * mean) / n);
    half = sqrt(half * half + draws_half * draws_half);
    *low = fmax(-1, mean - half);
    *high = fmin(1, mean + half);
}

void weft_error_interval(double *low, double *high, double mean, double std, int draws, size_t images) {
    double l, u, half = draws > 1 ? weft_student_quantile(draws - 1) * std / sqrt((double)draws) : 0;
    weft_wilson_interval(&l, &u, mean, images);
    *low = fmax(0, mean - sqrt((mean - l) * (mean - l) + half * half));
    *high = fmin(1, mean + sqrt((u - mean) * (u - mean) + half * half));
}
