// Reads of an array, one cell and one conversion at a time, as sim/model/array.h and adc.h say them.
#ifndef WEFT_TESTS_SUPPORT_NAIVE_ARRAY_H
#define WEFT_TESTS_SUPPORT_NAIVE_ARRAY_H

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/rng.h"
#include "sim/model/array.h"

namespace naive {

// Entries of a packed matrix, [rows, columns]: its products with unit vectors.
inline std::vector<int64_t> unpack(const weft_panel &panel) {
    std::vector<int64_t> entries(static_cast<size_t>(panel.rows * panel.columns));
    std::vector<int16_t> unit(static_cast<size_t>(panel.rows + 1));
    for (int r = 0; r < panel.rows; r++) {
        unit[static_cast<size_t>(r)] = 1;
        weft_panel_multiply_with(weft_gemm_best(), &panel, unit.data(), panel.rows + 1, 1, 1,
                                 entries.data() + r * panel.columns, panel.columns);
        unit[static_cast<size_t>(r)] = 0;
    }
    return entries;
}

class Array {
  public:
    explicit Array(const weft_array &array) : a(array), chip(*array.chip) {
        for (int k = 0; k < a.plane_count; k++) {
            cells.push_back(unpack(a.planes[k].cells));
            variances.push_back(a.planes[k].variance.data ? unpack(a.planes[k].variance) : std::vector<int64_t>{});
        }
    }

    // Result of every column for inputs q [rows].
    std::vector<int64_t> read(const int16_t *q, const weft_read_place *place) const {
        std::vector<int64_t> out(static_cast<size_t>(a.columns));
        int64_t sum = 0;
        for (int r = 0; r < a.rows; r++) sum += q[r];
        for (int64_t &v : out) v = -a.offset_weight * sum;
        uint64_t number = 0;
        for (const Pulse &p : pulses()) {
            std::vector<int64_t> digits;
            for (int r = 0; r < a.rows; r++) digits.push_back(digit(q[r], p));
            for (int k = 0; k < a.plane_count; k++)
                for (int c = 0; c < a.columns; c++)
                    out[static_cast<size_t>(c)] += p.weight * column(digits, k, c, number, place);
            number++;
        }
        for (int64_t &v : out) v = std::llround(static_cast<double>(v) * (a.unit / a.result_scale));
        return out;
    }

  private:
    struct Pulse {
        int64_t low, span, weight; // digit = floor(q / low) mod span; span 0: all that is left, with its sign
        int sign;                  // of the inputs whose digits are applied, as magnitudes; 0: all
        bool magnitude;            // digits of |q|, with the sign of q
    };

    std::vector<Pulse> pulses() const {
        std::vector<Pulse> list;
        const int bits = static_cast<int>(chip.input.bits), group = static_cast<int>(chip.input.bits_per_pulse);
        const auto with_sign = [&](int64_t low, bool never_positive) {
            if (weft_chip_columns_signed(&chip)) {
                list.push_back({low, 0, low, 0, false});
                return;
            }
            if (!never_positive) list.push_back({low, 0, low, 1, false});
            list.push_back({low, 0, -low, -1, false});
        };
        if (chip.adc.accumulate_analog || chip.input.encoding == WEFT_INPUT_PULSE_WIDTH) {
            with_sign(1, false);
            return list;
        }
        const bool magnitude = chip.input.encoding == WEFT_INPUT_SIGN_MAGNITUDE;
        int shift = 0;
        for (; magnitude ? shift < bits - 1 : shift + group < bits; shift += group)
            list.push_back({int64_t{1} << shift, int64_t{1} << group, int64_t{1} << shift, 0, magnitude});
        if (!magnitude) with_sign(int64_t{1} << shift, shift == bits - 1);
        return list;
    }

    static int64_t floor_divide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
    static int64_t digit(int64_t q, const Pulse &p) {
        const int64_t v = p.magnitude ? std::abs(q) : q;
        int64_t d = floor_divide(v, p.low);
        if (p.span) d -= floor_divide(d, p.span) * p.span;
        if (p.magnitude && q < 0) d = -d;
        return p.sign ? std::max<int64_t>(p.sign * d, 0) : d;
    }

    int64_t driven(int64_t digit) const {
        if (!a.drive.table) return digit;
        return digit < 0 ? -a.drive.table[-digit] : a.drive.table[digit];
    }

    // Of what a digit drives; of all pulses of an input apart, where they are added ahead of the converter.
    int64_t square(int64_t digit) const {
        const int group = static_cast<int>(chip.input.bits_per_pulse);
        const int64_t size = std::abs(digit);
        if (!chip.adc.accumulate_analog || chip.input.encoding == WEFT_INPUT_PULSE_WIDTH || group >= chip.input.bits)
            return driven(digit) * driven(digit);
        if (a.drive.square) return a.drive.square[size];
        int64_t sum = 0;
        for (int64_t low = 1, next = 0; low <= size; low = next) {
            next = low << group;
            const int64_t part = size % next - size % low;
            sum += part * part;
        }
        return sum;
    }

    // Noise of a read in levels x digits. Squares above 15 bits are rounded to 15.
    double noise(const std::vector<int64_t> &digits, int k, int c, uint64_t number,
                 const weft_read_place *place) const {
        if (variances[static_cast<size_t>(k)].empty()) return 0;
        const int64_t largest = driven(weft_chip_pulse_max(&chip));
        int shift = 0;
        const auto shortened = [&](int64_t square) { return (square + ((int64_t{1} << shift) >> 1)) >> shift; };
        while (shortened(largest * largest) > 32767) shift++;
        int64_t sum = 0;
        for (int r = 0; r < a.rows; r++)
            sum += shortened(square(digits[static_cast<size_t>(r)])) *
                   variances[static_cast<size_t>(k)][static_cast<size_t>(r * a.columns + c)];
        const double unit = std::ldexp(a.planes[k].variance_unit, shift - 2 * a.drive.bits);
        const weft_rng rng = {a.place.seed, a.place.trial << 32 | place->image, static_cast<uint16_t>(a.place.stage),
                              WEFT_PURPOSE_READ};
        const uint64_t element = place->first_draw +
                                 (number * static_cast<uint64_t>(a.plane_count) + static_cast<uint64_t>(k)) *
                                     static_cast<uint64_t>(a.columns) +
                                 static_cast<uint64_t>(c);
        return std::sqrt(static_cast<double>(sum) * unit) * static_cast<double>(weft_rng_normal(&rng, element));
    }

    // Rounded half away from zero; whole numbers where the converter works on those.
    int64_t code(const weft_adc &adc, int k, int c, double sum) const {
        if (adc.gain) {
            const int physical = chip.wires.interleaved ? c * chip.columns_per_weight + k : c;
            return weft_adc_code(&adc, physical % static_cast<int>(chip.adc.per_array), sum);
        }
        const double low = adc.is_signed ? -static_cast<double>(adc.max_code) : 0.0;
        double value = 0;
        if (adc.rational && chip.adc.range == WEFT_ADC_FULL_SCALE) {
            const int64_t twice = 2 * std::abs(static_cast<int64_t>(sum)) * adc.max_code + adc.full_sum;
            value = static_cast<double>(twice / (2 * adc.full_sum)) * (sum < 0 ? -1 : 1);
        } else {
            value = sum * adc.codes_per_sum;
            value = value < 0 ? std::ceil(value - 0.5) : std::floor(value + 0.5);
        }
        return static_cast<int64_t>(std::min(std::max(value, low), static_cast<double>(adc.max_code)));
    }

    int64_t column(const std::vector<int64_t> &digits, int k, int c, uint64_t number,
                   const weft_read_place *place) const {
        const weft_plane &p = a.planes[k];
        int64_t sum = 0, applied = 0;
        for (int r = 0; r < a.rows; r++) {
            sum += driven(digits[static_cast<size_t>(r)]) *
                   cells[static_cast<size_t>(k)][static_cast<size_t>(r * a.columns + c)];
            applied += digits[static_cast<size_t>(r)];
        }
        const double levels = static_cast<double>(sum) * std::ldexp(p.cell_unit, -a.drive.bits);
        const int64_t converted = code(p.adc, k, c, levels + noise(digits, k, c, number, place));
        return p.sign *
               (p.code_sign[c] * converted * p.code_weight + (p.known_weight ? p.known_weight[c] : 0) * applied);
    }

    const weft_array &a;
    const weft_chip &chip;
    std::vector<std::vector<int64_t>> cells, variances; // [plane][rows, columns]
};

} // namespace naive
#endif
