/* Checks that span keys of a chip file. */
#include <math.h>

#include "core/chip_internal.h"

static const int64_t ARRAYS_MAX = 1 << 24;

#define FAIL(key, ...) return weft_record_error(yaml, node, key, err, __VA_ARGS__)

static weft_status check_cells(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                               weft_error *err) {
    int64_t cell_bits = chip->array.cell_bits, bits = chip->weight.bits;
    if (cell_bits == 0 && chip->weight.encoding == WEFT_WEIGHT_OFFSET)
        FAIL("array.cell_bits", "analog cells (0) need weight.encoding differential_cell or differential_columns");
    if (cell_bits == 0 && bits != 16)
        FAIL("weight.bits", "analog cells keep 15 bits and sign; leave it at 16, not %lld", (long long)bits);
    if (cell_bits == 0 && chip->adc.range == WEFT_ADC_UNIT)
        FAIL("adc.range", "analog cells have no levels for unit; needs full_scale");
    if (chip->weight.encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL && cell_bits && cell_bits < bits - 1)
        FAIL("array.cell_bits", "a differential cell holds a whole weight: %lld is below %lld (weight.bits - 1)",
             (long long)cell_bits, (long long)bits - 1);
    if (chip->weight.encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL && chip->adc.flip_columns)
        FAIL("adc.flip_columns", "differential cells have no inverse to store; needs false");
    int needed = weft_chip_columns_per_weight(chip);
    if (needed > chip->array.columns)
        FAIL("array.columns", "one weight needs %d columns, an array has %lld", needed, (long long)chip->array.columns);
    if (chip->adc.per_array > chip->array.columns)
        FAIL("adc.per_array", "%lld ADCs for %lld columns", (long long)chip->adc.per_array,
             (long long)chip->array.columns);
    return WEFT_OK;
}

static weft_status check_input(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                               weft_error *err) {
    int64_t group = chip->input.bits_per_pulse, phases = chip->input.phases;
    if (chip->input.encoding == WEFT_INPUT_PULSE_WIDTH) {
        if (group) FAIL("input.bits_per_pulse", "is for bit_serial; leave it out with pulse_width");
        if (phases == 3) FAIL("input.phases", "3 is not 1, 2 or 4");
        if (chip->input.step_ns.value <= 0) FAIL("input.step_ns", "pulse_width needs a time per level above 0");
        return WEFT_OK;
    }
    if (!group) FAIL("input.bits_per_pulse", "bit_serial needs it");
    if (group > chip->input.bits)
        FAIL("input.bits_per_pulse", "%lld is above input.bits %lld", (long long)group, (long long)chip->input.bits);
    if (phases != 1) FAIL("input.phases", "is for pulse_width; leave it out with bit_serial");
    if (chip->input.step_ns.value != 0) FAIL("input.step_ns", "is for pulse_width; leave it out with bit_serial");
    if (chip->input.pulse_ns.value <= 0) FAIL("input.pulse_ns", "a pulse needs a time above 0");
    return WEFT_OK;
}

static weft_status check_mesh(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                              weft_error *err) {
    int64_t width = chip->noc.mesh[0], height = chip->noc.mesh[1];
    if (chip->io.router[0] >= width || chip->io.router[1] >= height)
        FAIL("io.router", "[%lld, %lld] lies outside the mesh of %lld x %lld", (long long)chip->io.router[0],
             (long long)chip->io.router[1], (long long)width, (long long)height);
    int64_t arrays = width * height * chip->noc.concentration * chip->array.per_core;
    if (arrays > ARRAYS_MAX)
        FAIL("noc.mesh", "%lld arrays on the chip are more than the %lld allowed", (long long)arrays,
             (long long)ARRAYS_MAX);
    return WEFT_OK;
}

weft_status weft_chip_check_keys(const void *value, const weft_yaml *yaml, const weft_yaml_node *node,
                                 weft_error *err) {
    const weft_chip *chip = value;
    if (!chip->name[0]) FAIL("name", "is empty");
    WEFT_TRY(check_cells(chip, yaml, node, err));
    WEFT_TRY(check_input(chip, yaml, node, err));
    return check_mesh(chip, yaml, node, err);
}

static int64_t greatest_common(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Largest magnitude of what one array's shifted and added codes can come to, in the integers that travel.
 * unit: products of inputs and weights; offset weights add the offset's share, which stays when codes saturate (3
 * shares in all). full_scale: codes alone, shifted; where digital sums (offset, flipped columns) mix with codes, both
 * are scaled to integers by up to max_code / gcd(max_code, full sum). */
static double largest_result(const weft_chip *chip) {
    bool offset = chip->weight.encoding == WEFT_WEIGHT_OFFSET;
    bool is_signed = chip->weight.encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL;
    double products = (double)chip->array.rows * (chip->input_max + 1.0) * (chip->weight_max + 1.0) * (offset ? 3 : 1);
    if (chip->adc.range == WEFT_ADC_UNIT) return products;
    int64_t max_code = ((int64_t)1 << (chip->adc.bits - (is_signed ? 1 : 0))) - 1;
    int64_t group = chip->input.bits_per_pulse, cell_bits = chip->array.cell_bits;
    bool serial = chip->input.encoding == WEFT_INPUT_BIT_SERIAL;
    if (offset || chip->adc.flip_columns) {
        int64_t pulse = serial ? ((int64_t)1 << group) - 1 : chip->input_max;
        int64_t cell = cell_bits ? ((int64_t)1 << cell_bits) - 1 : chip->weight_max;
        int64_t full_sum = chip->array.rows * cell * pulse;
        return products * (double)(max_code / (max_code ? greatest_common(max_code, full_sum) : 1));
    }
    double pulse_span = serial ? ldexp(1, chip->pulses * (int)group) : (double)chip->input.phases;
    double slice_span = cell_bits ? ldexp(1, chip->slices * (int)cell_bits) : 1;
    return (double)max_code * pulse_span * slice_span;
}

/* Bits of a signed integer of that magnitude. */
static int signed_bits(double magnitude) {
    int exponent = 0;
    frexp(magnitude, &exponent);
    return exponent + 1;
}

weft_status weft_chip_check_sums(const weft_chip *chip, const weft_yaml *yaml, weft_error *err) {
    const weft_yaml_node *node = yaml->root;
    int needed = signed_bits(largest_result(chip) * (double)chip->array.per_core);
    if (needed > 54)
        FAIL("array.per_core",
             "sums over a core's arrays can need %d bits, more than the 54 that stay exact; needs fewer "
             "arrays, rows, weight or input bits",
             needed);
    if (chip->io.partial_bits < needed)
        FAIL("io.partial_bits", "%lld is below %d, which the largest partial sum of a core needs",
             (long long)chip->io.partial_bits, needed);
    return WEFT_OK;
}
