/* weft info CHIP: the resolved chip. */
#include "cli/info.h"
#include "core/chip.h"

typedef struct chip_sums {
    int64_t arrays, weights; /* of the whole chip; a weight takes columns_per_weight cells of its row */
    double peak_tops;        /* every array doing one product after another; a multiply-accumulate is two operations */
    double static_mw, area_mm2;
} chip_sums;

static chip_sums sums_of(const weft_chip *chip) {
    chip_sums sums;
    sums.arrays = chip->core_count * chip->array.per_core;
    sums.weights = sums.arrays * chip->array.rows * (chip->array.columns / chip->columns_per_weight);
    sums.peak_tops = 2e-3 * (double)sums.weights / ((double)chip->mvm_interval_cycles * chip->cycle_ns);
    sums.static_mw = chip->static_power.core_mw.value * chip->core_count +
                     chip->static_power.router_mw.value * chip->router_count + chip->static_power.chip_mw.value;
    sums.area_mm2 = weft_chip_area_mm2(chip);
    return sums;
}

static void print_sources(const weft_chip *chip, FILE *stream) {
    for (size_t i = 0; i < chip->sources.count; i++)
        fprintf(stream, "%s%s\n", i ? "             " : "sources      ", chip->sources.items[i]);
}

static void print_sum(const char *name, double value, const char *unit, FILE *stream) {
    if (value > 0)
        fprintf(stream, "%-12s %.6g %s\n", name, value, unit);
    else
        fprintf(stream, "%-12s not given\n", name);
}

static void print_adc(const weft_chip *chip, FILE *stream) {
    static const char *const kinds[] = {"ideal", "SAR", "ramp", "no"}, *const ranges[] = {"unit", "full-scale",
                                                                                          "calibrated"};
    if (chip->adc.kind == WEFT_ADC_NONE) {
        fputs("converters   none\n", stream);
        return;
    }
    fprintf(stream, "converters   %lld an array, %s, %lld bits, %s range%s\n", (long long)chip->adc.per_array,
            kinds[chip->adc.kind], (long long)chip->adc.bits, ranges[chip->adc.range],
            chip->adc.accumulate_analog ? ", pulses added ahead of them" : "");
}

static void print_cells(const weft_chip *chip, FILE *stream) {
    static const char *const noises[] = {"none", "independent", "proportional", "pcm"};
    if (chip->device.g_max_us > 0)
        fprintf(stream, "conductance  %g to %g uS\n", chip->device.g_min_us, chip->device.g_max_us);
    if (chip->device.program_table[0]) fprintf(stream, "programming  table %s\n", chip->device.program_table);
    if (chip->device.program[0]) fprintf(stream, "programming  %s\n", chip->device.program);
    if (chip->has_read_noise)
        fprintf(stream, "read noise   %s, %g\n", noises[chip->device.read_noise], chip->device.read_sigma);
    if (chip->device.iv_nonlinearity > 0) fprintf(stream, "not ohmic    a = %g\n", chip->device.iv_nonlinearity);
    if (chip->has_wires)
        fprintf(stream, "wires        %g ohm a row segment, %g a column segment, terminals %g and %g ohm\n",
                chip->wires.row_segment_ohm, chip->wires.column_segment_ohm, chip->wires.row_terminal_ohm,
                chip->wires.column_terminal_ohm);
    if (chip->ideal_cells) fputs("errors       none: cells hold their levels, wires are ideal\n", stream);
}

static void print_chip(const weft_chip *chip, FILE *stream) {
    chip_sums sums = sums_of(chip);
    fprintf(stream, "chip         %s\n", chip->name);
    if (chip->description && *chip->description) {
        fputs("             ", stream);
        weft_print_wrapped(stream, chip->description, 13, 13, 100);
    }
    print_sources(chip, stream);
    fprintf(stream, "sha256       %s\n", chip->sha256.hex);
    fprintf(stream, "mesh         %lld x %lld routers, %lld cores each: %d cores\n", (long long)chip->noc.mesh[0],
            (long long)chip->noc.mesh[1], (long long)chip->noc.concentration, chip->core_count);
    fprintf(stream, "arrays       %lld a core, %lld x %lld cells: %lld arrays, %lld weights of %lld bits\n",
            (long long)chip->array.per_core, (long long)chip->array.rows, (long long)chip->array.columns,
            (long long)sums.arrays, (long long)sums.weights, (long long)chip->weight.bits);
    fprintf(stream, "cell         %lld bits%s, %d columns a weight\n", (long long)chip->array.cell_bits,
            chip->array.cell_bits ? "" : " (analog)", chip->columns_per_weight);
    print_cells(chip, stream);
    print_adc(chip, stream);
    fprintf(stream, "MVM          %d pulses, every %g ns, result after %g ns\n", chip->pulses,
            (double)chip->mvm_interval_cycles * chip->cycle_ns, (double)chip->mvm_latency_cycles * chip->cycle_ns);
    fprintf(stream, "peak         %.4g TOPS (a multiply-accumulate is two operations)\n", sums.peak_tops);
    fprintf(stream, "cycle        %g ns\n", chip->cycle_ns);
    print_sum("static", sums.static_mw, "mW", stream);
    print_sum("area", sums.area_mm2, "mm2", stream);
    fprintf(stream, "unsourced    %d constants\n", weft_chip_unsourced(chip));
}

static weft_status json_chip(const weft_chip *chip, const char *json_path, weft_error *err) {
    weft_result out;
    chip_sums sums = sums_of(chip);
    WEFT_TRY(weft_result_open(&out, json_path, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "kind", "chip");
    weft_json_text(json, "name", chip->name);
    weft_json_text(json, "sha256", chip->sha256.hex);
    weft_json_count(json, "cores", (uint64_t)chip->core_count);
    weft_json_count(json, "routers", (uint64_t)chip->router_count);
    weft_json_count(json, "arrays", (uint64_t)sums.arrays);
    weft_json_count(json, "weights", (uint64_t)sums.weights);
    weft_json_count(json, "columns_per_weight", (uint64_t)chip->columns_per_weight);
    weft_json_count(json, "pulses", (uint64_t)chip->pulses);
    weft_json_number(json, "cycle_ns", chip->cycle_ns);
    weft_json_number(json, "mvm_interval_ns", (double)chip->mvm_interval_cycles * chip->cycle_ns);
    weft_json_number(json, "mvm_latency_ns", (double)chip->mvm_latency_cycles * chip->cycle_ns);
    weft_json_number(json, "peak_tops", sums.peak_tops);
    weft_json_number(json, "static_power_mw", sums.static_mw);
    weft_json_number(json, "area_mm2", sums.area_mm2);
    weft_json_count(json, "constants_without_source", (uint64_t)weft_chip_unsourced(chip));
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

weft_status weft_info_chip(const char *name, const char *json_path, FILE *stream, weft_error *err) {
    weft_chip *chip = NULL;
    WEFT_TRY(weft_chip_load(&chip, name, NULL, 0, err));
    print_chip(chip, stream);
    weft_status status = json_path ? json_chip(chip, json_path, err) : WEFT_OK;
    weft_chip_destroy(chip);
    return status;
}
