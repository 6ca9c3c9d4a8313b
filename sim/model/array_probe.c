/* What converters were given, counted. */
#include <math.h>
#include <string.h>

#include "sim/model/array_read_internal.h"

enum { OCTAVE_BITS = 6, MANTISSA_BITS = 52, EXPONENT_BIAS = 1023 };

/* The exponent and the first bits behind it are the bin: no logarithm, whose last bit might differ elsewhere. */
int weft_probe_bin(double magnitude) {
    uint64_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    const int64_t bin = (int64_t)(bits >> (MANTISSA_BITS - OCTAVE_BITS)) - ((int64_t)EXPONENT_BIAS << OCTAVE_BITS);
    if (!(magnitude >= 1)) return 0;
    return bin < WEFT_PROBE_BINS ? (int)bin : WEFT_PROBE_BINS - 1;
}

double weft_probe_value(int bin) {
    const int octave = bin >> OCTAVE_BITS, part = bin & ((1 << OCTAVE_BITS) - 1);
    return ldexp(1 + (part + 0.5) / (1 << OCTAVE_BITS), octave);
}

/* Bins above the largest are 0 already. */
void weft_probe_clear(weft_plane_probe *probe) {
    memset(probe->histogram, 0, sizeof *probe->histogram * (size_t)(weft_probe_bin(probe->largest) + 1));
    probe->conversions = probe->clipped = 0;
    probe->largest_code = 0;
    probe->largest = 0;
}

/* Beyond the last code by more than rounding; most codes are not near an end, and cost no more than this. */
static bool is_clipped(const weft_adc *adc, int converter, double x, int64_t code) {
    const int64_t lowest = adc->is_signed ? -adc->max_code : 0;
    if (code != adc->max_code && code != lowest) return false;
    if (code == 0 && x >= 0 && !adc->gain) return false;
    const double y = weft_adc_input(adc, converter, x);
    return y >= (double)adc->max_code + adc->half || y <= (double)lowest - adc->half;
}

static void add(weft_plane_probe *probe, const weft_adc *adc, int converter, double x, int64_t code, uint64_t count) {
    const double magnitude = fabs(x);
    const int64_t size = code < 0 ? -code : code;
    probe->histogram[weft_probe_bin(magnitude)] += count;
    probe->conversions += count;
    if (is_clipped(adc, converter, x, code)) probe->clipped += count;
    if (size > probe->largest_code) probe->largest_code = size;
    if (magnitude > probe->largest) probe->largest = magnitude;
}

void weft_probe_add(weft_plane_probe *probe, const weft_adc *adc, double sum, uint64_t count) {
    add(probe, adc, 0, sum, weft_adc_code(adc, 0, sum), count);
}

void weft_read_probe(const weft_read_call *call, const weft_read_block *block, int plane, int first, int columns,
                     const double *x, const int32_t *codes) {
    const weft_adc *adc = &call->array->planes[plane].adc;
    for (int c = 0; c < columns; c++) {
        const int a = weft_adc_converter(adc, call->array->chip, first + c, plane);
        for (int i = 0; i < block->count; i++) {
            const int at = i * WEFT_BLOCK_COLUMNS + c;
            add(&call->probes[plane], adc, a, x[at], codes[at], 1);
        }
    }
}
