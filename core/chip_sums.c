#include "core/chip_sums.h"

weft_chip_sums weft_chip_sums_of(const weft_chip *chip) {
    weft_chip_sums sums = {.static_mw = weft_chip_static_mw(chip), .area_mm2 = weft_chip_area_mm2(chip)};
    if (chip->kind != WEFT_CHIP_CROSSBAR) return sums;
    sums.arrays = chip->core_count * chip->array.per_core;
    sums.weights = sums.arrays * chip->array.rows * (chip->array.columns / chip->columns_per_weight);
    sums.peak_tops = 2e-3 * (double)sums.weights / ((double)chip->mvm_interval_cycles * chip->cycle_ns);
    return sums;
}
