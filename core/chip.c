#include "core/chip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/chip_internal.h"

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Cycles that cover a time; the small number keeps 100 ns / 0.1 ns from becoming 1001. */
static int64_t cycles_of(const weft_chip *chip, double time_ns) {
    return (int64_t)ceil(time_ns / chip->cycle_ns - 1e-9);
}

int weft_chip_weight_bits(const weft_chip *chip) {
    return (int)chip->weight.bits - (chip->weight.encoding == WEFT_WEIGHT_OFFSET ? 0 : 1);
}

/* Slices that hold one weight: 1 for analog cells. */
static int slice_count(const weft_chip *chip) {
    if (!chip->array.cell_bits) return 1;
    if (chip->weight.slice_bits.count) return (int)chip->weight.slice_bits.count;
    return (int)ceil_div(weft_chip_weight_bits(chip), chip->array.cell_bits);
}

int weft_chip_columns_per_weight(const weft_chip *chip) {
    switch ((weft_weight_encoding)chip->weight.encoding) {
    case WEFT_WEIGHT_OFFSET:
        return slice_count(chip);
    case WEFT_WEIGHT_DIFFERENTIAL_CELL:
        return slice_count(chip);
    case WEFT_WEIGHT_DIFFERENTIAL_COLUMNS:
        break;
    }
    return 2 * slice_count(chip);
}

static void resolve_time(weft_chip *chip) {
    double pulse_ns = chip->input.pulse_ns.value;
    if (chip->input.encoding == WEFT_INPUT_PULSE_WIDTH) pulse_ns += chip->input.step_ns.value * chip->input_max;
    int64_t rounds = ceil_div(chip->array.columns, chip->adc.per_array);
    double conversions_ns = (double)rounds * chip->adc.conversion_ns.value;
    bool each = !chip->adc.accumulate_analog;
    chip->pulse_cycles = cycles_of(chip, each && conversions_ns > pulse_ns ? conversions_ns : pulse_ns);
    if (chip->pulse_cycles < 1) chip->pulse_cycles = 1;
    chip->mvm_interval_cycles = chip->pulses * chip->pulse_cycles;
    if (chip->mvm_interval_cycles < cycles_of(chip, conversions_ns))
        chip->mvm_interval_cycles = cycles_of(chip, conversions_ns);
    double step_ns = each && conversions_ns > pulse_ns ? conversions_ns : pulse_ns;
    chip->mvm_interval_ns = chip->pulses * step_ns > conversions_ns ? chip->pulses * step_ns : conversions_ns;
    chip->mvm_latency_ns =
        chip->core.input_ns.value + chip->mvm_interval_ns + conversions_ns + chip->core.output_ns.value;
    /* Conversions overlap the next pulse (accumulated: the next product), all but the last round. */
    chip->mvm_latency_cycles = cycles_of(chip, chip->core.input_ns.value) + chip->mvm_interval_cycles +
                               cycles_of(chip, conversions_ns) + cycles_of(chip, chip->core.output_ns.value);
}

static void resolve_slices(weft_chip *chip) {
    int shift = 0;
    chip->slices = slice_count(chip);
    for (int s = 0; s < chip->slices; s++) {
        chip->slice_bits[s] = !chip->array.cell_bits          ? 15
                              : chip->weight.slice_bits.count ? (int)chip->weight.slice_bits.items[s]
                                                              : (int)chip->array.cell_bits;
        chip->slice_shift[s] = shift;
        shift += chip->slice_bits[s];
    }
}

static void resolve_cells(weft_chip *chip) {
    chip->has_wires = chip->wires.row_segment_ohm > 0 || chip->wires.column_segment_ohm > 0 ||
                      chip->wires.row_terminal_ohm > 0 || chip->wires.column_terminal_ohm > 0;
    chip->has_read_noise = chip->device.read_noise != WEFT_READ_NOISE_NONE && chip->device.read_sigma > 0;
    chip->ideal_cells = !chip->has_wires && !chip->has_read_noise && !chip->program.count &&
                        !(chip->device.program_table && chip->device.program_table[0]) && chip->device.g_min_us == 0 &&
                        chip->device.iv_nonlinearity == 0 && !chip->weight.two_sided;
}

static void resolve_links(weft_chip *chip) {
    if (chip->noc.link_cycles_y < 0) chip->noc.link_cycles_y = chip->noc.link_cycles;
    if (chip->noc.credit_cycles_y < 0) chip->noc.credit_cycles_y = chip->noc.credit_cycles;
    if (chip->noc.chip_credit_cycles < 0) chip->noc.chip_credit_cycles = chip->noc.chip_link_cycles;
}

void weft_chip_resolve(weft_chip *chip) {
    chip->router_count = (int)(chip->noc.mesh[0] * chip->noc.mesh[1]);
    chip->core_count = chip->router_count * (int)chip->noc.concentration;
    chip->host_terminal = chip->core_count;
    resolve_links(chip);
    if (chip->kind == WEFT_CHIP_SPIKING) return;
    resolve_slices(chip);
    resolve_cells(chip);
    chip->columns_per_weight = weft_chip_columns_per_weight(chip);
    chip->input_max = (1 << (chip->input.bits - 1)) - 1;
    chip->weight_max = (1 << (chip->weight.bits - 1)) - 1;
    chip->pulses = (int)chip->input.phases;
    if (chip->input.encoding != WEFT_INPUT_PULSE_WIDTH)
        chip->pulses = (int)ceil_div(chip->input.bits - (chip->input.encoding == WEFT_INPUT_SIGN_MAGNITUDE ? 1 : 0),
                                     chip->input.bits_per_pulse);
    resolve_time(chip);
}

weft_status weft_chip_hash(weft_sha256 *out, const char *text, size_t size, const char *const *overrides,
                           int override_count, weft_error *err) {
    size_t total = size;
    for (int i = 0; i < override_count; i++) total += strlen(overrides[i]) + 1;
    char *all = malloc(total + 1);
    if (!all) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    memcpy(all, text, size);
    size_t at = size;
    for (int i = 0; i < override_count; i++) {
        size_t length = strlen(overrides[i]);
        all[at++] = 0;
        memcpy(all + at, overrides[i], length);
        at += length;
    }
    *out = weft_sha256_bytes(all, total);
    free(all);
    return WEFT_OK;
}

/* Path of device.program_table: relative to the current folder where it was set from outside; beside the chip's file;
 * among weft's own. */
static weft_status find_table(weft_chip *chip, const weft_yaml *yaml, weft_error *err) {
    char *const path = chip->program_table_path;
    const size_t size = sizeof chip->program_table_path;
    const bool set = weft_yaml_nearest(yaml->root, "device.program_table")->place;
    char folder[sizeof chip->path];
    WEFT_TRY(weft_path_join(path, size, ".", chip->device.program_table, err));
    if (set && weft_path_exists(path)) return WEFT_OK;
    weft_path_folder(folder, sizeof folder, chip->path);
    WEFT_TRY(weft_path_join(path, size, folder, chip->device.program_table, err));
    if (weft_path_exists(path)) return WEFT_OK;
    return weft_data_find(path, size, "hwconfigs", chip->device.program_table, err);
}

/* The table's bytes into the chip's hash: another table is another chip. */
static weft_status hash_table(weft_chip *chip, const weft_yaml *yaml, weft_error *err) {
    char both[2 * sizeof chip->sha256.hex];
    weft_sha256 table;
    if (!chip->device.program_table[0]) return WEFT_OK;
    WEFT_TRY(find_table(chip, yaml, err));
    WEFT_TRY(weft_sha256_file(&table, chip->program_table_path, err));
    const int length = snprintf(both, sizeof both, "%s%s", chip->sha256.hex, table.hex);
    chip->sha256 = weft_sha256_bytes(both, (size_t)length);
    return WEFT_OK;
}

/* Reads and resolves chip->path into *chip; on failure the caller destroys it. */
static weft_status load_into(weft_chip *chip, const char *const *overrides, int override_count, weft_error *err) {
    char *text = NULL, path[sizeof chip->path];
    size_t size = 0;
    weft_sha256 sha256;
    weft_yaml yaml = {0};
    weft_status status;
    memcpy(path, chip->path, sizeof path);
    WEFT_TRY_GOTO(weft_file_read(&text, &size, path, WEFT_YAML_BYTES_MAX, err));
    WEFT_TRY_GOTO(weft_chip_hash(&sha256, text, size, overrides, override_count, err));
    WEFT_TRY_GOTO(weft_yaml_parse(&yaml, text, size, path, err));
    WEFT_TRY_GOTO(weft_yaml_override(&yaml, overrides, override_count, err));
    WEFT_TRY_GOTO(weft_record_read(chip, &weft_chip_record, &yaml, yaml.root, err)); /* clears *chip */
    WEFT_TRY_GOTO(weft_chip_read_program(chip, &yaml, err));
    weft_chip_resolve(chip);
    if (chip->kind == WEFT_CHIP_CROSSBAR) WEFT_TRY_GOTO(weft_chip_check_sums(chip, &yaml, err));
    memcpy(chip->path, path, sizeof path);
    chip->sha256 = sha256;
    WEFT_TRY_GOTO(hash_table(chip, &yaml, err));
    chip->yaml = yaml;
    yaml = (weft_yaml){0};
cleanup:
    weft_yaml_destroy(&yaml);
    free(text);
    return status;
}

weft_status weft_chip_load(weft_chip **out, const char *path, const char *const *overrides, int override_count,
                           weft_error *err) {
    *out = NULL;
    weft_chip *chip = calloc(1, sizeof *chip);
    if (!chip) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    weft_status status;
    WEFT_TRY_GOTO(weft_data_find(chip->path, sizeof chip->path, "hwconfigs", path, err));
    WEFT_TRY_GOTO(load_into(chip, overrides, override_count, err));
    *out = chip;
    return WEFT_OK;
cleanup:
    free(chip);
    return status;
}

weft_status weft_chip_load_crossbar(weft_chip **out, const char *path, const char *const *overrides, int override_count,
                                    weft_error *err) {
    WEFT_TRY(weft_chip_load(out, path, overrides, override_count, err));
    if ((*out)->kind == WEFT_CHIP_CROSSBAR) return WEFT_OK;
    const weft_yaml *yaml = &(*out)->yaml;
    const weft_status status =
        weft_record_error(yaml, yaml->root, "kind", err,
                          "spiking; this needs a chip with arrays, of kind crossbar: nothing here runs on "
                          "spiking cores yet");
    weft_chip_destroy(*out);
    *out = NULL;
    return status;
}

void weft_chip_destroy(weft_chip *chip) {
    if (!chip) return;
    weft_yaml_destroy(&chip->yaml);
    free(chip);
}

int weft_chip_flits(const weft_chip *chip, int64_t count, int64_t bits) {
    int64_t flits = ceil_div(chip->noc.header_bits + count * bits, chip->noc.flit_bits);
    return flits < 1 ? 1 : (int)flits;
}
