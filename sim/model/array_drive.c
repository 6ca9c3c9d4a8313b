/* Cells whose current is not proportional to the voltage. */
#include <math.h>

#include "core/arena.h"
#include "sim/model/array.h"

/* Drive of one pulse's digit, in digits. */
static double bent(const weft_chip *chip, int digit, int digit_max) {
    const double a = chip->device.iv_nonlinearity;
    return digit_max * sinh(a * digit / digit_max) / sinh(a);
}

int weft_drive_group(const weft_chip *chip) {
    const bool several =
        chip->input.encoding != WEFT_INPUT_PULSE_WIDTH && chip->input.bits_per_pulse < chip->input.bits;
    return chip->adc.accumulate_analog && several ? (int)chip->input.bits_per_pulse : 0;
}

/* Of a whole input whose pulses are added ahead of the converter; squares: of their squares. */
static double bent_sum(const weft_chip *chip, int input, int digit_max, bool squares) {
    const int group = (int)chip->input.bits_per_pulse;
    double sum = 0;
    for (int shift = 0; input >> shift; shift += group) {
        const double part = ldexp(bent(chip, (input >> shift) & ((1 << group) - 1), digit_max), shift);
        sum += squares ? part * part : part;
    }
    return sum;
}

weft_status weft_drive_create(weft_drive *drive, const weft_chip *chip, weft_error *err) {
    const int largest = weft_chip_pulse_max(chip), group = weft_drive_group(chip);
    const bool timed = chip->input.encoding == WEFT_INPUT_PULSE_WIDTH;
    const int digit_max = group ? (1 << group) - 1 : largest;
    const size_t count = (size_t)largest + 1;
    *drive = (weft_drive){0};
    if (chip->device.iv_nonlinearity == 0 || timed || digit_max <= 1) return WEFT_OK;
    drive->table = weft_aligned_alloc(count, sizeof *drive->table);
    if (group && chip->has_read_noise) drive->square = weft_aligned_alloc(count, sizeof *drive->square);
    if (!drive->table || (group && chip->has_read_noise && !drive->square)) {
        weft_drive_destroy(drive);
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for a table of %d drives", largest + 1);
    }
    while ((int64_t)largest << (drive->bits + 1) <= INT16_MAX) drive->bits++;
    for (int d = 0; d <= largest; d++) {
        const double value = group ? bent_sum(chip, d, digit_max, false) : bent(chip, d, digit_max);
        drive->table[d] = (int16_t)floor(ldexp(value, drive->bits) + 0.5);
        if (drive->square)
            drive->square[d] = (int32_t)floor(ldexp(bent_sum(chip, d, digit_max, true), 2 * drive->bits) + 0.5);
    }
    return WEFT_OK;
}

void weft_drive_destroy(weft_drive *drive) {
    weft_aligned_free(drive->table);
    weft_aligned_free(drive->square);
    *drive = (weft_drive){0};
}
