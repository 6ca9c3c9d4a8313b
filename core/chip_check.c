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
        FAIL("adc.range", "analog cells have no levels for unit; needs full_scale or calibrated");
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

static weft_status check_slices(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                                weft_error *err) {
    const weft_reals *slices = &chip->weight.slice_bits;
    double sum = 0;
    if (!slices->count) return WEFT_OK;
    if (!chip->array.cell_bits)
        FAIL("weight.slice_bits", "analog cells (array.cell_bits 0) hold a whole weight; leave it out");
    if (slices->count > 16) FAIL("weight.slice_bits", "%zu slices are more than 16", slices->count);
    for (size_t i = 0; i < slices->count; i++) {
        const double bits = slices->items[i];
        sum += bits;
        if (bits != floor(bits) || bits > (double)chip->array.cell_bits)
            FAIL("weight.slice_bits", "%g is not a whole number up to array.cell_bits %lld", bits,
                 (long long)chip->array.cell_bits);
    }
    if (sum != weft_chip_weight_bits(chip))
        FAIL("weight.slice_bits", "the slices hold %g bits, a weight of this encoding has %d", sum,
             weft_chip_weight_bits(chip));
    return WEFT_OK;
}

static weft_status check_device(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                                weft_error *err) {
    const double g_max = chip->device.g_max_us, g_min = chip->device.g_min_us;
    const bool noise = chip->device.read_noise != WEFT_READ_NOISE_NONE;
    const bool wires = chip->wires.row_segment_ohm > 0 || chip->wires.column_segment_ohm > 0 ||
                       chip->wires.row_terminal_ohm > 0 || chip->wires.column_terminal_ohm > 0;
    if (g_min > 0 && g_min >= g_max) FAIL("device.g_min_us", "%g is not below device.g_max_us %g", g_min, g_max);
    if (wires && g_max == 0) FAIL("device.g_max_us", "wires with resistance need it");
    if (chip->device.program_table[0] && g_max == 0) FAIL("device.g_max_us", "device.program_table needs it");
    if (noise && chip->device.read_sigma == 0)
        FAIL("device.read_sigma", "read noise needs a device.read_sigma above 0");
    if (chip->device.read_noise == WEFT_READ_NOISE_PCM && chip->device.time_s <= 0)
        FAIL("device.time_s", "read noise pcm grows with the time since programming; needs one above 0");
    if (chip->weight.two_sided && chip->weight.encoding == WEFT_WEIGHT_OFFSET)
        FAIL("weight.two_sided", "is for differential encodings");
    return WEFT_OK;
}

static weft_status check_adc(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                             weft_error *err) {
    const bool elements = chip->adc.kind == WEFT_ADC_SAR || chip->adc.kind == WEFT_ADC_RAMP;
    if (chip->adc.mismatch > 0 && !elements)
        FAIL("adc.mismatch", "is the mismatch of sar or ramp elements; adc.kind is %s",
             chip->adc.kind == WEFT_ADC_IDEAL ? "ideal" : "none");
    if (elements && chip->adc.bits > 12)
        FAIL("adc.bits", "sar and ramp are modelled element by element: at most 12 bits");
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
    if (!group) FAIL("input.bits_per_pulse", "%s needs it", weft_chip_choice(chip, "input", "encoding"));
    if (group > chip->input.bits)
        FAIL("input.bits_per_pulse", "%lld is above input.bits %lld", (long long)group, (long long)chip->input.bits);
    if (phases != 1) FAIL("input.phases", "is for pulse_width; leave it out");
    if (chip->input.step_ns.value != 0) FAIL("input.step_ns", "is for pulse_width; leave it out");
    if (chip->input.pulse_ns.value <= 0) FAIL("input.pulse_ns", "a pulse needs a time above 0");
    return WEFT_OK;
}

static weft_status check_clock(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                               weft_error *err) {
    if (chip->clock.kind == WEFT_CLOCK_TICK) return WEFT_OK;
    if (chip->clock.tick_ns > 0) FAIL("clock.tick_ns", "is for clock.kind tick; leave it out");
    if (chip->clock.barrier_ns > 0) FAIL("clock.barrier_ns", "is for clock.kind tick; leave it out");
    if (chip->clock.barrier_per_core_ns > 0) FAIL("clock.barrier_per_core_ns", "is for clock.kind tick; leave it out");
    return WEFT_OK;
}

weft_status weft_chip_check_host(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                                 weft_error *err) {
    int64_t width = chip->noc.mesh[0], height = chip->noc.mesh[1];
    if (chip->io.router[0] < width && chip->io.router[1] < height) return WEFT_OK;
    FAIL("io.router", "[%lld, %lld] lies outside the mesh of %lld x %lld", (long long)chip->io.router[0],
         (long long)chip->io.router[1], (long long)width, (long long)height);
}

static weft_status check_mesh(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                              weft_error *err) {
    int64_t arrays = chip->noc.mesh[0] * chip->noc.mesh[1] * chip->noc.concentration * chip->array.per_core;
    WEFT_TRY(weft_chip_check_host(chip, yaml, node, err));
    if (arrays > ARRAYS_MAX)
        FAIL("noc.mesh", "%lld arrays on the chip are more than the %lld allowed", (long long)arrays,
             (long long)ARRAYS_MAX);
    return WEFT_OK;
}

weft_status weft_chip_check_keys(const void *value, const weft_yaml *yaml, const weft_yaml_node *node,
                                 weft_error *err) {
    const weft_chip *chip = value;
    if (!chip->name[0]) FAIL("name", "is empty");
    if (chip->kind == WEFT_CHIP_SPIKING) return weft_chip_check_spiking(chip, yaml, node, err);
    WEFT_TRY(check_clock(chip, yaml, node, err));
    WEFT_TRY(check_cells(chip, yaml, node, err));
    WEFT_TRY(check_slices(chip, yaml, node, err));
    WEFT_TRY(check_input(chip, yaml, node, err));
    WEFT_TRY(check_device(chip, yaml, node, err));
    WEFT_TRY(check_adc(chip, yaml, node, err));
    WEFT_TRY(check_mesh(chip, yaml, node, err));
    return weft_chip_check_noc(chip, yaml, node, err);
}

weft_status weft_chip_read_program(weft_chip *chip, const weft_yaml *yaml, weft_error *err) {
    const weft_yaml_node *node = yaml->root;
    weft_error inner = {0};
    if (!chip->device.program[0]) return WEFT_OK;
    if (weft_transform_chain_parse(&chip->program, chip->device.program, &inner) == WEFT_OK) return WEFT_OK;
    FAIL("device.program", "%s", inner.text);
}

static int64_t greatest_common(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Codes alone, shifted and added. */
static double largest_codes(const weft_chip *chip, double max_code) {
    bool serial = chip->input.encoding != WEFT_INPUT_PULSE_WIDTH;
    double pulse_span = serial ? ldexp(1, chip->pulses * (int)chip->input.bits_per_pulse) : (double)chip->input.phases;
    if (chip->adc.accumulate_analog) pulse_span = 1;
    double slice_span = chip->array.cell_bits ? ldexp(1, weft_chip_weight_bits(chip)) : 1;
    return max_code * pulse_span * slice_span;
}

/* What a full-scale converter divides: the largest sum of ideal cells. */
static int64_t full_sum(const weft_chip *chip) {
    int64_t group = chip->input.bits_per_pulse, bits = 0;
    bool whole = chip->input.encoding == WEFT_INPUT_PULSE_WIDTH || chip->adc.accumulate_analog;
    int64_t pulse = whole || group >= chip->input.bits ? chip->input_max : ((int64_t)1 << group) - 1;
    for (int s = 0; s < chip->slices; s++) bits = chip->slice_bits[s] > bits ? chip->slice_bits[s] : bits;
    return chip->array.rows * (((int64_t)1 << bits) - 1) * (pulse < chip->input_max ? pulse : chip->input_max);
}

/* Converters whose codes are not a whole fraction of whole sums: results have a unit of their own, at most a code. */
static bool is_fractional(const weft_chip *chip) {
    return !chip->ideal_cells || chip->adc.range == WEFT_ADC_CALIBRATED || chip->adc.offset_lsb > 0 ||
           chip->adc.gain_sigma > 0 || chip->adc.mismatch > 0;
}

/* Largest magnitude of what one array's shifted and added codes can come to, in the integers that travel.
 * unit: products of inputs and weights, or what errors make of them, twice as much; offset weights add the offset's
 * share, which stays when codes saturate (3 shares in all). full_scale: codes alone, shifted; where digital sums
 * (offset, flipped columns) mix with codes, both are scaled to integers by up to max_code / gcd(max_code, full sum). */
static double largest_result(const weft_chip *chip) {
    bool offset = chip->weight.encoding == WEFT_WEIGHT_OFFSET, fractional = is_fractional(chip);
    bool is_signed =
        chip->weight.encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL || chip->input.encoding == WEFT_INPUT_SIGN_MAGNITUDE;
    int64_t max_code = ((int64_t)1 << (chip->adc.bits - (is_signed ? 1 : 0))) - 1;
    double products = (double)chip->array.rows * (chip->input_max + 1.0) * (chip->weight_max + 1.0);
    double codes = largest_codes(chip, (double)max_code), known = products * (offset ? 3 : 2);
    if (chip->adc.range == WEFT_ADC_UNIT && !fractional) return products * (offset ? 3 : 1);
    if (chip->adc.range == WEFT_ADC_UNIT) return codes < known ? codes : known;
    if ((offset || chip->adc.flip_columns) && !fractional)
        return products * (offset ? 3 : 1) * (double)(max_code / greatest_common(max_code, full_sum(chip)));
    return codes;
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
