/* Cells whose current is not proportional to the voltage. */
#include <math.h>

#include "core/arena.h"
#include "sim/model/array.h"

/* Drive of one pulse's digit, in digits. */
static double bent(const weft_chip *chip, int digit, int digit_max) {
    const double a = chip->device.iv_nonlinearity;
    return digit_max * sinh(a * digit / digit_max) / sinh(a);
}

/* Of a whole input whose pulses are added ahead of the converter. */
static double bent_sum(const weft_chip *chip, int input, int digit_max) {
    const int group = (int)chip->input.bits_per_pulse;
    double sum = 0;
    for (int shift = 0; input >> shift; shift += group)
        sum += ldexp(bent(chip, (input >> shift) & ((1 << group) - 1), digit_max), shift);
    return sum;
}

weft_status weft_drive_create(weft_drive *drive, const weft_chip *chip, weft_error *err) {
    const int largest = weft_chip_pulse_max(chip), group = (int)chip->input.bits_per_pulse;
    const bool timed = chip->input.encoding == WEFT_INPUT_PULSE_WIDTH;
    const bool sum = chip->adc.accumulate_analog && group < chip->input.bits;
    const int digit_max = sum ? (1 << group) - 1 : largest;
    *drive = (weft_drive){0};
    if (chip->device.iv_nonlinearity == 0 || timed || digit_max <= 1) return WEFT_OK;
    drive->table = weft_aligned_alloc((size_t)largest + 1, sizeof *drive->table);
    if (!drive->table) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a table of %d drives", largest + 1);
    while ((int64_t)largest << (drive->bits + 1) <= INT16_MAX) drive->bits++;
    for (int d = 0; d <= largest; d++) {
        const double value = sum ? bent_sum(chip, d, digit_max) : bent(chip, d, digit_max);
        drive->table[d] = (int16_t)floor(ldexp(value, drive->bits) + 0.5);
    }
    return WEFT_OK;
}

void weft_drive_destroy(weft_drive *drive) {
    weft_aligned_free(drive->table);
    *drive = (weft_drive){0};
}
