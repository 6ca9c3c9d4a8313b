#include "core/clock.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

double weft_now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void weft_eta_text(char out[24], double start_s, double share) {
    const double left = (weft_now_s() - start_s) * (1 - share) / share;
    snprintf(out, 24, "%.0f:%02.0f", floor(left / 60), floor(fmod(left, 60)));
}
