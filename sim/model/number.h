/* Whole numbers. */
#ifndef WEFT_SIM_MODEL_NUMBER_H
#define WEFT_SIM_MODEL_NUMBER_H

#include <stdint.h>

/* Greatest common divisor of two numbers that are not negative; gcd(a, 0) = a. */
static inline int64_t weft_gcd(int64_t a, int64_t b) {
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

#endif
