/* Sums over a whole chip, for its description. */
#ifndef WEFT_CORE_CHIP_SUMS_H
#define WEFT_CORE_CHIP_SUMS_H

#include "core/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of a spiking chip power and area alone, the rest 0. */
typedef struct weft_chip_sums {
    int64_t arrays, weights; /* of the whole chip; a weight takes columns_per_weight cells of its row */
    double peak_tops;        /* every array doing one product after another; a multiply-accumulate is two operations */
    double static_mw, area_mm2; /* 0: the file has no constants */
} weft_chip_sums;
weft_chip_sums weft_chip_sums_of(const weft_chip *chip);

#ifdef __cplusplus
}
#endif
#endif
