/* weft info CHIP: the resolved chip. */
#include "cli/info.h"
#include "cli/info_spiking.h"
#include "core/chip_sums.h"

static const char *plural(int64_t count) { return count == 1 ? "" : "s"; }

static bool is_spiking(const weft_chip *chip) { return chip->kind == WEFT_CHIP_SPIKING; }

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
    fprintf(stream, "converters   %lld an array, %s, %lld bits, %s range, %g ns a conversion%s%s\n",
            (long long)chip->adc.per_array, kinds[chip->adc.kind], (long long)chip->adc.bits, ranges[chip->adc.range],
            chip->adc.conversion_ns.value, chip->adc.accumulate_analog ? ", pulses added ahead of them" : "",
            chip->adc.flip_columns ? ", columns inverted where that helps" : "");
    if (chip->adc.range == WEFT_ADC_CALIBRATED)
        fprintf(stream, "calibration  %s, one range a %s\n", weft_chip_choice(chip, "adc", "calibrate"),
                weft_chip_choice(chip, "adc", "scope"));
    if (chip->adc.offset_lsb > 0 || chip->adc.gain_sigma > 0 || chip->adc.mismatch > 0)
        fprintf(stream, "  errors     offset %g codes, gain %g, mismatch %g (standard deviations)\n",
                chip->adc.offset_lsb, chip->adc.gain_sigma, chip->adc.mismatch);
}

static void print_cells(const weft_chip *chip, FILE *stream) {
    if (chip->device.g_max_us > 0)
        fprintf(stream, "conductance  %g to %g uS\n", chip->device.g_min_us, chip->device.g_max_us);
    if (chip->device.program_table[0]) fprintf(stream, "programming  table %s\n", chip->device.program_table);
    if (chip->device.program[0]) fprintf(stream, "programming  %s\n", chip->device.program);
    if (chip->device.program_pulse_ns.value > 0 || chip->device.program_pulse_pj.value > 0)
        fprintf(stream, "writing      %g pulses a cell of %g ns and %g pJ, %lld cell%s of an array at a time\n",
                chip->device.program_pulses, chip->device.program_pulse_ns.value, chip->device.program_pulse_pj.value,
                (long long)chip->device.program_parallel, plural(chip->device.program_parallel));
    if (chip->has_read_noise)
        fprintf(stream, "read noise   %s, %g\n", weft_chip_choice(chip, "device", "read_noise"),
                chip->device.read_sigma);
    if (chip->device.iv_nonlinearity > 0) fprintf(stream, "not ohmic    a = %g\n", chip->device.iv_nonlinearity);
    if (chip->has_wires)
        fprintf(stream, "wires        %g ohm a row segment, %g a column segment, terminals %g and %g ohm; %s%s\n",
                chip->wires.row_segment_ohm, chip->wires.column_segment_ohm, chip->wires.row_terminal_ohm,
                chip->wires.column_terminal_ohm, weft_chip_choice(chip, "wires", "topology"),
                chip->wires.interleaved ? ", interleaved columns" : "");
    if (chip->ideal_cells) fputs("errors       none: cells hold their levels, wires are ideal\n", stream);
}

static void print_weights(const weft_chip *chip, FILE *stream) {
    fprintf(stream, "cell         %lld bits%s, %d column%s a weight, %s", (long long)chip->array.cell_bits,
            chip->array.cell_bits ? "" : " (analog)", chip->columns_per_weight, plural(chip->columns_per_weight),
            weft_chip_choice(chip, "weight", "encoding"));
    if (chip->weight.slice_bits.count)
        for (int s = 0; s < chip->slices; s++) fprintf(stream, "%s%d", s ? ", " : ", slices of ", chip->slice_bits[s]);
    fputs(chip->weight.slice_bits.count ? " bits\n" : "\n", stream);
    fprintf(stream, "input        %lld bits, %s", (long long)chip->input.bits,
            weft_chip_choice(chip, "input", "encoding"));
    if (chip->input.encoding == WEFT_INPUT_PULSE_WIDTH)
        fprintf(stream, ", %lld phase%s\n", (long long)chip->input.phases, plural(chip->input.phases));
    else
        fprintf(stream, ", %lld a pulse\n", (long long)chip->input.bits_per_pulse);
}

static void print_between(const char *name, int64_t along_x, int64_t along_y, FILE *stream) {
    fprintf(stream, ", %s %lld", name, (long long)along_x);
    if (along_y != along_x) fprintf(stream, " (along y %lld)", (long long)along_y);
}

static void print_router(const weft_chip *chip, FILE *stream) {
    fprintf(stream, "routing      %s, %lld VC%s of %lld flit%s a port", weft_chip_choice(chip, "noc", "routing"),
            (long long)chip->noc.vcs, plural(chip->noc.vcs), (long long)chip->noc.buffer_flits,
            plural(chip->noc.buffer_flits));
    if (chip->noc.routing == WEFT_CHIP_ADAPTIVE)
        fprintf(stream, ", %lld of them to escape by", (long long)chip->noc.escape_vcs);
    fprintf(stream, "%s\nrouter       ", chip->noc.allow_deadlock ? ", deadlocks allowed" : "");
    if (chip->noc.route_cycles) fprintf(stream, "route %lld, ", (long long)chip->noc.route_cycles);
    fprintf(stream, "VC allocation %lld, switch allocation %lld%s, traversal %lld", (long long)chip->noc.vc_cycles,
            (long long)chip->noc.switch_cycles, chip->noc.speculative ? " (speculative)" : "",
            (long long)chip->noc.traversal_cycles);
    print_between("link", chip->noc.link_cycles, chip->noc.link_cycles_y, stream);
    print_between("credit", chip->noc.credit_cycles, chip->noc.credit_cycles_y, stream);
    fputs(" cycles\n", stream);
}

static void print_network(const weft_chip *chip, FILE *stream) {
    const bool several = chip->noc.chips[0] * chip->noc.chips[1] > 1;
    fprintf(stream, "%-12s %lld x %lld routers, %lld core%s each: %d cores\n",
            weft_chip_choice(chip, "noc", "topology"), (long long)chip->noc.mesh[0], (long long)chip->noc.mesh[1],
            (long long)chip->noc.concentration, plural(chip->noc.concentration), chip->core_count);
    print_router(chip, stream);
    fprintf(stream, "packets      flits of %lld bits, %lld bits of header%s\n", (long long)chip->noc.flit_bits,
            (long long)chip->noc.header_bits, chip->noc.multicast ? ", copied on their way to several cores" : "");
    if (several)
        fprintf(stream,
                "chips        %lld x %lld on this %s, links between them %lld, credit %lld cycles, a flit every %lld\n",
                (long long)chip->noc.chips[0], (long long)chip->noc.chips[1], weft_chip_choice(chip, "noc", "topology"),
                (long long)chip->noc.chip_link_cycles, (long long)chip->noc.chip_credit_cycles,
                (long long)chip->noc.chip_link_interval);
    fprintf(stream, "host         at router (%lld, %lld), %lld bits a cycle", (long long)chip->io.router[0],
            (long long)chip->io.router[1], (long long)chip->io.bits_per_cycle);
    if (!is_spiking(chip)) fprintf(stream, "; partial sums of %lld bits", (long long)chip->io.partial_bits);
    fputc('\n', stream);
}

static void print_core(const weft_chip *chip, FILE *stream) {
    fprintf(stream, "core         buffer of %lld bytes%s; digital unit %lld value%s a cycle, each %g ns\n",
            (long long)chip->core.buffer_bytes, chip->core.unbounded_buffers ? ", endless in timed runs" : "",
            (long long)chip->core.digital_lanes, plural(chip->core.digital_lanes), chip->core.digital_ns.value);
}

static void print_clock(const weft_chip *chip, FILE *stream) {
    fprintf(stream, "clock        %s, %g ns a cycle", weft_chip_choice(chip, "clock", "kind"), chip->cycle_ns);
    if (is_spiking(chip))
        weft_info_spiking_ticks(chip, stream);
    else if (chip->clock.kind == WEFT_CLOCK_TICK)
        fprintf(stream, "; a tick at least %g ns, its barrier %g ns and %g an active core", chip->clock.tick_ns,
                chip->clock.barrier_ns, chip->clock.barrier_per_core_ns);
    fputc('\n', stream);
}

static void print_head(const weft_chip *chip, FILE *stream) {
    fprintf(stream, "chip         %s\n", chip->name);
    if (chip->description && *chip->description) {
        fputs("             ", stream);
        weft_print_wrapped(stream, chip->description, 13, 13, 100);
    }
    print_sources(chip, stream);
    fprintf(stream, "sha256       %s\n", chip->sha256.hex);
    print_network(chip, stream);
}

static void print_tail(const weft_chip *chip, FILE *stream) {
    print_clock(chip, stream);
    print_sum("static", weft_chip_static_mw(chip), "mW", stream);
    print_sum("area", weft_chip_area_mm2(chip), "mm2", stream);
    fprintf(stream, "unsourced    %d constants\n", weft_chip_unsourced(chip));
}

static void print_crossbar(const weft_chip *chip, FILE *stream) {
    const weft_chip_sums sums = weft_chip_sums_of(chip);
    print_core(chip, stream);
    fprintf(stream, "arrays       %lld a core, %lld x %lld cells: %lld arrays, %lld weights of %lld bits\n",
            (long long)chip->array.per_core, (long long)chip->array.rows, (long long)chip->array.columns,
            (long long)sums.arrays, (long long)sums.weights, (long long)chip->weight.bits);
    print_weights(chip, stream);
    print_cells(chip, stream);
    print_adc(chip, stream);
    fprintf(stream, "MVM          %d pulse%s, every %g ns, result after %g ns\n", chip->pulses, plural(chip->pulses),
            (double)chip->mvm_interval_cycles * chip->cycle_ns, (double)chip->mvm_latency_cycles * chip->cycle_ns);
    fprintf(stream, "peak         %.4g TOPS (a multiply-accumulate is two operations)\n", sums.peak_tops);
}

static void print_chip(const weft_chip *chip, FILE *stream) {
    print_head(chip, stream);
    if (is_spiking(chip))
        weft_info_spiking_print(chip, stream);
    else
        print_crossbar(chip, stream);
    print_tail(chip, stream);
}

static void json_network(weft_json *json, const weft_chip *chip) {
    weft_json_object(json, "noc");
    weft_json_text(json, "topology", weft_chip_choice(chip, "noc", "topology"));
    weft_json_text(json, "routing", weft_chip_choice(chip, "noc", "routing"));
    weft_json_counts(json, "mesh", (const uint32_t[]){(uint32_t)chip->noc.mesh[0], (uint32_t)chip->noc.mesh[1]}, 2);
    weft_json_counts(json, "chips", (const uint32_t[]){(uint32_t)chip->noc.chips[0], (uint32_t)chip->noc.chips[1]}, 2);
    weft_json_count(json, "vcs", (uint64_t)chip->noc.vcs);
    weft_json_count(json, "buffer_flits", (uint64_t)chip->noc.buffer_flits);
    weft_json_count(json, "flit_bits", (uint64_t)chip->noc.flit_bits);
    weft_json_count(json, "header_bits", (uint64_t)chip->noc.header_bits);
    weft_json_bool(json, "speculative", chip->noc.speculative);
    weft_json_bool(json, "multicast", chip->noc.multicast);
    weft_json_object_end(json);
}

static void json_crossbar(weft_json *json, const weft_chip *chip) {
    const weft_chip_sums sums = weft_chip_sums_of(chip);
    weft_json_count(json, "arrays", (uint64_t)sums.arrays);
    weft_json_count(json, "weights", (uint64_t)sums.weights);
    weft_json_count(json, "columns_per_weight", (uint64_t)chip->columns_per_weight);
    weft_json_count(json, "pulses", (uint64_t)chip->pulses);
}

static void json_speed(weft_json *json, const weft_chip *chip) {
    weft_json_number(json, "mvm_interval_ns", (double)chip->mvm_interval_cycles * chip->cycle_ns);
    weft_json_number(json, "mvm_latency_ns", (double)chip->mvm_latency_cycles * chip->cycle_ns);
    weft_json_number(json, "peak_tops", weft_chip_sums_of(chip).peak_tops);
}

static weft_status json_chip(const weft_chip *chip, const char *json_path, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, json_path, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "kind", "chip");
    weft_json_text(json, "chip_kind", is_spiking(chip) ? "spiking" : "crossbar");
    weft_json_text(json, "name", chip->name);
    weft_json_text(json, "sha256", chip->sha256.hex);
    weft_json_count(json, "cores", (uint64_t)chip->core_count);
    weft_json_count(json, "routers", (uint64_t)chip->router_count);
    if (is_spiking(chip))
        weft_info_spiking_json(chip, json);
    else
        json_crossbar(json, chip);
    json_network(json, chip);
    weft_json_text(json, "clock", weft_chip_choice(chip, "clock", "kind"));
    weft_json_number(json, "cycle_ns", chip->cycle_ns);
    if (!is_spiking(chip)) json_speed(json, chip);
    weft_json_number(json, "static_power_mw", weft_chip_static_mw(chip));
    weft_json_number(json, "area_mm2", weft_chip_area_mm2(chip));
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
