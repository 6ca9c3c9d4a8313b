/* Which digits of the inputs go to the rows, pulse by pulse. */
#include "sim/model/array_read_internal.h"
#include "sim/model/simd.h"

/* ---- pulses ---- */

static int add_pulse(weft_read_pulse *to, int count, int shift, int mask, int polarity) {
    to[count] = (weft_read_pulse){.shift = shift, .mask = mask, .polarity = polarity};
    return count + 1;
}

/* A pulse whose digits have both signs: rows of either are read apart, where columns have none. */
static int add_signed(weft_read_pulse *to, int count, bool columns_signed, int shift, bool negative_only) {
    if (columns_signed) return add_pulse(to, count, shift, -1, 0);
    if (!negative_only) count = add_pulse(to, count, shift, -1, 1);
    return add_pulse(to, count, shift, -1, -1);
}

int weft_read_pulses(const weft_chip *chip, weft_read_pulse to[WEFT_PULSES_MAX]) {
    const int bits = (int)chip->input.bits, group = (int)chip->input.bits_per_pulse;
    const bool columns_signed = weft_chip_columns_signed(chip);
    const bool magnitude = chip->input.encoding == WEFT_INPUT_SIGN_MAGNITUDE,
               whole = chip->adc.accumulate_analog || chip->input.encoding == WEFT_INPUT_PULSE_WIDTH;
    int count = 0, shift = 0;
    if (whole || (magnitude && group >= bits - 1)) return add_signed(to, 0, columns_signed, 0, false);
    if (magnitude) {
        for (; shift < bits - 1; shift += group) {
            count = add_pulse(to, count, shift, (1 << group) - 1, 0);
            to[count - 1].magnitude = true;
        }
        return count;
    }
    for (; shift + group < bits; shift += group) count = add_pulse(to, count, shift, (1 << group) - 1, 0);
    return add_signed(to, count, columns_signed, shift, shift == bits - 1);
}

uint64_t weft_array_draws(const weft_array *array) {
    weft_read_pulse pulses[WEFT_PULSES_MAX];
    return (uint64_t)weft_read_pulses(array->chip, pulses) * (uint64_t)array->plane_count * (uint64_t)array->columns;
}

/* ---- digits ---- */

WEFT_INLINE void weft_digits_scan_body(const int16_t *q, int rows, weft_digits_seen *seen) {
    int16_t positive = 0, negative = 0;
    for (int r = 0; r < rows; r++) {
        const int16_t v = q[r], minus = (int16_t)-v;
        positive |= v > 0 ? v : 0;
        negative |= v < 0 ? minus : 0;
    }
    *seen = (weft_digits_seen){positive, negative};
}
WEFT_VARIANTS(weft_digits_scan, (const int16_t *q, int rows, weft_digits_seen *seen), (q, rows, seen))

/* |q| >> shift & mask in 16-bit lanes: (|q| << 1) * 2^(15 - shift) >> 16. Inputs that are never negative need no
 * signs. */
WEFT_INLINE void weft_digits_magnitude_body(int16_t *to, const int16_t *q, int rows, const weft_read_pulse *p,
                                            bool negative) {
    const uint16_t factor = (uint16_t)(1u << (15 - p->shift)), mask = (uint16_t)p->mask;
    for (int r = 0; !negative && r < rows; r++)
        to[r] = (int16_t)((((uint32_t)(uint16_t)(q[r] << 1) * factor) >> 16) & mask);
    for (int r = 0; negative && r < rows; r++) {
        const int16_t v = q[r];
        const uint16_t twice = (uint16_t)((v < 0 ? -v : v) << 1);
        const int16_t digit = (int16_t)((((uint32_t)twice * factor) >> 16) & mask);
        to[r] = (int16_t)(v < 0 ? -digit : digit);
    }
}
WEFT_VARIANTS(weft_digits_magnitude,
              (int16_t * to, const int16_t *q, int rows, const weft_read_pulse *p, bool negative),
              (to, q, rows, p, negative))

WEFT_INLINE void weft_digits_twos_complement_body(int16_t *to, const int16_t *q, int rows, const weft_read_pulse *p) {
    const int polarity = p->polarity, shift = p->shift, mask = p->mask;
    for (int r = 0; r < rows; r++) {
        int digit = (q[r] >> shift) & mask;
        if (polarity) digit = digit * polarity > 0 ? digit * polarity : 0;
        to[r] = (int16_t)digit;
    }
}
WEFT_VARIANTS(weft_digits_twos_complement, (int16_t * to, const int16_t *q, int rows, const weft_read_pulse *p),
              (to, q, rows, p))

WEFT_INLINE void weft_digits_square_body(int16_t *to, const int16_t *digits, int rows, int shift, int64_t *total) {
    const int32_t half = (int32_t)((1u << shift) >> 1);
    int64_t sum = 0;
    for (int r = 0; r < rows; r++) {
        const int32_t square = (digits[r] * digits[r] + half) >> shift;
        to[r] = (int16_t)square;
        sum += square;
    }
    *total = sum;
}
WEFT_VARIANTS(weft_digits_square, (int16_t * to, const int16_t *digits, int rows, int shift, int64_t *total),
              (to, digits, rows, shift, total))

/* Bits [0, 16) of |q|, `group` of them a pulse. */
WEFT_INLINE void square_pulses_body(int32_t *to, const int16_t *q, int rows, int group) {
    for (int r = 0; r < rows; r++) to[r] = 0;
    for (int shift = 0; shift < 16; shift += group) {
        const int32_t mask = (int32_t)(((1u << group) - 1) << shift);
        for (int r = 0; r < rows; r++) {
            const int32_t digit = (q[r] < 0 ? -q[r] : q[r]) & mask;
            to[r] += digit * digit;
        }
    }
}
static void square_pulses(int32_t *to, const int16_t *q, int rows, int group);
WEFT_VARIANTS(square_pulses, (int32_t * to, const int16_t *q, int rows, int group), (to, q, rows, group))

void weft_digits_square_pulses(int16_t *to, const int16_t *q, int rows, const weft_drive *drive, int group, int shift,
                               int64_t *total) {
    enum { RUN = 128 };
    const int32_t half = (int32_t)((1u << shift) >> 1);
    int32_t squares[RUN];
    *total = 0;
    for (int first = 0; first < rows; first += RUN) {
        const int count = rows - first < RUN ? rows - first : RUN;
        if (!drive->square) square_pulses(squares, q + first, count, group);
        for (int r = 0; r < count; r++) {
            const int32_t input = q[first + r] < 0 ? -q[first + r] : q[first + r];
            const int32_t square = ((drive->square ? drive->square[input] : squares[r]) + half) >> shift;
            to[first + r] = (int16_t)square;
            *total += square;
        }
    }
}

void weft_digits_bend(int16_t *digits, int rows, const int16_t *table) {
    for (int r = 0; r < rows; r++) digits[r] = (int16_t)(digits[r] < 0 ? -table[-digits[r]] : table[digits[r]]);
}
