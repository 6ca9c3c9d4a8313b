/* Resolved values of the shipped chips and of small edits of them, computed by hand; and the energy of a busy ISAAC
 * tile. */
#include "core/chip.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace {

struct Chip {
    weft_chip *chip = nullptr;
    weft_error err = {};
    weft_status status;
    explicit Chip(const char *name, const std::vector<const char *> &overrides = {}) {
        std::string path = std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/" + name + ".yaml";
        status = weft_chip_load(&chip, path.c_str(), overrides.data(), static_cast<int>(overrides.size()), &err);
        EXPECT_EQ(status == WEFT_OK, chip != nullptr);
    }
    ~Chip() { weft_chip_destroy(chip); }
    Chip(const Chip &) = delete;
    Chip &operator=(const Chip &) = delete;
    const weft_chip *operator->() const { return chip; }
    std::string message() const {
        char text[2048];
        weft_error_format(&err, text, sizeof text);
        return text;
    }
};

std::string refusal(const char *name, const std::vector<const char *> &overrides) {
    Chip chip(name, overrides);
    EXPECT_EQ(chip.status, WEFT_E_INVALID);
    return chip.message();
}

/* The same at a key of the file: "LINE:COLUMN: text" with the place of the file cut off. */
std::string refusal_in_file(const char *name, const std::vector<const char *> &overrides) {
    std::string text = refusal(name, overrides);
    size_t at = text.find(".yaml:");
    return at == std::string::npos ? text : text.substr(at + 6);
}

double cost(const weft_chip *chip, weft_event event) { return chip->cost_pj[event].value; }

} // namespace

TEST(Isaac, Resolved) {
    Chip chip("isaac-ce");
    ASSERT_EQ(chip.status, WEFT_OK) << chip.message();
    EXPECT_STREQ(chip->name, "isaac-ce");
    EXPECT_EQ(chip->router_count, 42);
    EXPECT_EQ(chip->core_count, 168); /* 14 x 12 tiles */
    EXPECT_EQ(chip->host_terminal, 168);
    EXPECT_EQ(chip->slices, 8);
    EXPECT_EQ(chip->columns_per_weight, 8);
    EXPECT_EQ(chip->pulses, 16);
    EXPECT_EQ(chip->input_max, 32767);
    EXPECT_EQ(chip->weight_max, 32767);
    EXPECT_EQ(chip->pulse_cycles, 100);
    EXPECT_EQ(chip->mvm_interval_cycles, 1600);
    EXPECT_EQ(chip->mvm_latency_cycles, 2000); /* and 200 in the digital unit: 22 cycles of 100 ns */
    EXPECT_EQ(chip->mvm_latency_cycles + chip->core.digital_ns.value, 2200);
    EXPECT_EQ(weft_chip_unsourced(chip.chip), 0);
    EXPECT_EQ(chip->sources.count, 1u);
    EXPECT_EQ(chip->yaml.root->kind, WEFT_YAML_MAP);
}

TEST(Isaac, OneConversionPerMultiplyAccumulate) {
    Chip chip("isaac-ce");
    ASSERT_EQ(chip.status, WEFT_OK);
    int64_t conversions = chip->pulses * chip->array.columns;
    int64_t weights = chip->array.rows * (chip->array.columns / chip->columns_per_weight);
    EXPECT_EQ(conversions, 2048);
    EXPECT_EQ(weights, 2048);
}

/* The costs were derived from these powers, so this checks the derivation and that nothing counts twice; it validates
 * nothing. Table I: 12 IMAs 289 mW, ADCs 12 x 16 mW; tile 330 mW with eDRAM, bus, register, sigmoid, pool and a quarter
 * of a router. */
TEST(Isaac, BusyTileDrawsItsPublishedPower) {
    Chip chip("isaac-ce");
    ASSERT_EQ(chip.status, WEFT_OK);
    const double arrays = 96, mvm_ns = 1600, reads = arrays * 16, results = arrays * 16;
    double adc = reads * 128 * cost(chip.chip, WEFT_EVENT_ADC_CONVERSION) / mvm_ns;
    double dac = reads * 128 * cost(chip.chip, WEFT_EVENT_ROW_DRIVE) / mvm_ns;
    double array = reads * cost(chip.chip, WEFT_EVENT_ARRAY_READ) / mvm_ns;
    double small =
        reads * 128 * (cost(chip.chip, WEFT_EVENT_SAMPLE_HOLD) + cost(chip.chip, WEFT_EVENT_SHIFT_ADD)) / mvm_ns;
    double inputs = arrays * 128 * 16, outputs = results * static_cast<double>(chip->io.partial_bits);
    double registers = (inputs * cost(chip.chip, WEFT_EVENT_INPUT_REGISTER_BIT) +
                        outputs * cost(chip.chip, WEFT_EVENT_OUTPUT_REGISTER_BIT)) /
                       mvm_ns;
    EXPECT_NEAR(adc, 12 * 16, 1e-6);
    EXPECT_NEAR(dac, 12 * 4, 1e-6);
    EXPECT_NEAR(array, 12 * 2.4, 1e-6);
    EXPECT_NEAR(small, 12 * 0.21, 1e-6);
    EXPECT_NEAR(registers, 12 * (1.24 + 0.23) + 1.68, 1e-4);
    double imas = adc + dac + array + small + registers;
    EXPECT_NEAR(imas, 289 + 1.68, 0.05); /* the tile's own output register is charged with the arrays' */
    double buffer = inputs * cost(chip.chip, WEFT_EVENT_BUFFER_READ_BIT) +
                    results * 16 * cost(chip.chip, WEFT_EVENT_BUFFER_WRITE_BIT);
    double digital = results * (cost(chip.chip, WEFT_EVENT_PARTIAL_ADD) + cost(chip.chip, WEFT_EVENT_ACTIVATION) +
                                cost(chip.chip, WEFT_EVENT_POOL));
    double router = 8 * cost(chip.chip, WEFT_EVENT_ROUTER_FLIT) / 4;
    double tile = imas + (buffer + digital) / mvm_ns + router;
    EXPECT_NEAR(tile, 330, 0.5);
    EXPECT_NEAR(100 * adc / tile, 58, 0.5);
    EXPECT_NEAR(168 * tile / 1000 + chip->static_power.chip_mw.value / 1000, 65.8, 0.1);
}

TEST(Isaac, ArraysAddUpToThePublishedPeak) {
    Chip chip("isaac-ce");
    ASSERT_EQ(chip.status, WEFT_OK);
    double operations = 2.0 * 128 * 16 * static_cast<double>(chip->array.per_core) * chip->core_count;
    EXPECT_NEAR(operations / static_cast<double>(chip->mvm_interval_cycles) / 1000, 41.29, 0.005); /* TOPS */
    double area = chip->core_count * chip->area.core_mm2.value + chip->router_count * chip->area.router_mm2.value +
                  chip->area.chip_mm2.value;
    EXPECT_NEAR(area, 85.4, 0.05);
}

/* On all cores, arrays in full use. */
static double hermes_product_pj(const weft_chip *chip) {
    const double bits = static_cast<double>(chip->array.columns * chip->io.partial_bits);
    return 64 * (chip->pulses * cost(chip, WEFT_EVENT_ARRAY_READ) + bits * cost(chip, WEFT_EVENT_OUTPUT_REGISTER_BIT));
}

TEST(Hermes, Resolved) {
    Chip chip("hermes");
    ASSERT_EQ(chip.status, WEFT_OK) << chip.message();
    EXPECT_EQ(chip->core_count, 64);
    EXPECT_EQ(chip->router_count, 64);
    EXPECT_EQ(chip->slices, 1);
    EXPECT_EQ(chip->columns_per_weight, 1);
    EXPECT_EQ(chip->pulses, 1);
    EXPECT_EQ(chip->input_max, 127);
    EXPECT_EQ(chip->weight_max, 32767);
    EXPECT_EQ(chip->pulse_cycles, 129);
    EXPECT_EQ(chip->mvm_interval_cycles, 129);
    EXPECT_EQ(chip->mvm_latency_cycles, 133);
    EXPECT_EQ(weft_chip_unsourced(chip.chip), 0);
    EXPECT_NEAR(hermes_product_pj(chip.chip), 0.86e6, 1);
}

TEST(Hermes, FourPhases) {
    Chip chip("hermes", {"input.phases=4"});
    ASSERT_EQ(chip.status, WEFT_OK) << chip.message();
    EXPECT_EQ(chip->pulses, 4);
    EXPECT_EQ(chip->mvm_latency_cycles, 520);                   /* published 521 */
    EXPECT_NEAR(hermes_product_pj(chip.chip), 3.3624e6, 0.1e3); /* published 3.38e6 */
}

TEST(Chip, PulseTimes) {
    /* 128 columns over 2 ADCs of 3 ns: 192 ns, longer than the read; the clock of 7 ns makes it 28 cycles. */
    Chip slow("isaac-ce", {"adc.per_array=2", "adc.conversion_ns=3", "clock.cycle_ns=7"});
    ASSERT_EQ(slow.status, WEFT_OK) << slow.message();
    EXPECT_EQ(slow->pulse_cycles, 28);
    EXPECT_EQ(slow->mvm_interval_cycles, 448);
    EXPECT_EQ(slow->mvm_latency_cycles, 15 + 448 + 28 + 29);
    /* An odd share: 128 columns over 3 ADCs are 43 rounds. */
    Chip odd("isaac-ce", {"adc.per_array=3", "adc.conversion_ns=10"});
    EXPECT_EQ(odd->pulse_cycles, 430);
    /* 100 ns at 0.1 ns a cycle is 1000 cycles, not 1001. */
    Chip fine("isaac-ce", {"clock.cycle_ns=0.1"});
    EXPECT_EQ(fine->pulse_cycles, 1000);
    EXPECT_EQ(fine->mvm_latency_cycles, 20000);
}

TEST(Chip, SlicesAndColumns) {
    Chip odd("isaac-ce", {"array.cell_bits=3"}); /* 16 bits in cells of 3 */
    EXPECT_EQ(odd->slices, 6);
    EXPECT_EQ(odd->columns_per_weight, 6);
    Chip columns("isaac-ce", {"weight.encoding=differential_columns", "array.cell_bits=4"}); /* 15 bits in cells of 4 */
    EXPECT_EQ(columns->slices, 4);
    EXPECT_EQ(columns->columns_per_weight, 8);
    Chip cell("isaac-ce", {"weight.encoding=differential_cell", "weight.bits=3", "adc.flip_columns=false"});
    ASSERT_EQ(cell.status, WEFT_OK) << cell.message();
    EXPECT_EQ(cell->slices, 1);
    EXPECT_EQ(cell->columns_per_weight, 1);
    EXPECT_EQ(cell->weight_max, 3);
    Chip analog("hermes", {"weight.encoding=differential_columns"});
    ASSERT_EQ(analog.status, WEFT_OK) << analog.message();
    EXPECT_EQ(analog->slices, 1);
    EXPECT_EQ(analog->columns_per_weight, 2);
    EXPECT_EQ(analog->weight_max, 32767);
    Chip pulses("isaac-ce", {"input.bits_per_pulse=3"}); /* 16 bits, 3 a pulse */
    EXPECT_EQ(pulses->pulses, 6);
}

TEST(Chip, HopsAndFlits) {
    Chip chip("isaac-ce", {"io.router=[6, 5]"});
    ASSERT_EQ(chip.status, WEFT_OK) << chip.message();
    EXPECT_EQ(weft_chip_router(chip.chip, 3), 0);
    EXPECT_EQ(weft_chip_router(chip.chip, 4), 1);
    EXPECT_EQ(weft_chip_router(chip.chip, 168), 41);
    EXPECT_EQ(weft_chip_hops(chip.chip, 0, 3), 0);
    EXPECT_EQ(weft_chip_hops(chip.chip, 0, 167), 11);
    EXPECT_EQ(weft_chip_hops(chip.chip, 167, 168), 0);
    EXPECT_EQ(weft_chip_hops(chip.chip, 24, 28), 7); /* router 6 is the end of row 0, router 7 the start of row 1 */
    EXPECT_EQ(weft_chip_hops(chip.chip, 28, 24), 7);
    EXPECT_EQ(weft_chip_flits(chip.chip, 0, 16), 1);
    EXPECT_EQ(weft_chip_flits(chip.chip, 1, 16), 2);
    EXPECT_EQ(weft_chip_flits(chip.chip, 2, 16), 2);
    EXPECT_EQ(weft_chip_flits(chip.chip, 3, 16), 3);
    EXPECT_EQ(weft_chip_flits(chip.chip, 16, 48), 25);
    Chip bare("isaac-ce", {"noc.header_bits=0"});
    EXPECT_EQ(weft_chip_flits(bare.chip, 0, 16), 1);
}

TEST(Chip, HashesNameFileAndOverrides) {
    Chip plain("isaac-ce"), same("isaac-ce"), other("isaac-ce", {"adc.bits=10"}),
        two("isaac-ce", {"adc.bits=10", "adc.per_array=2"});
    weft_sha256 file = {};
    std::string path = std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/isaac-ce.yaml";
    ASSERT_EQ(weft_sha256_file(&file, path.c_str(), nullptr), WEFT_OK);
    EXPECT_STREQ(plain->sha256.hex, file.hex);
    EXPECT_STREQ(plain->sha256.hex, same->sha256.hex);
    EXPECT_STRNE(plain->sha256.hex, other->sha256.hex);
    EXPECT_STRNE(two->sha256.hex, other->sha256.hex);
    EXPECT_EQ(std::string(plain->path), path);
}

TEST(Chip, UnsourcedConstantsAreCounted) {
    Chip chip("isaac-ce", {"energy.pool_pj=1", "input.pulse_ns=100", "area.chip_mm2=0"});
    ASSERT_EQ(chip.status, WEFT_OK) << chip.message();
    EXPECT_EQ(weft_chip_unsourced(chip.chip), 3);
}

TEST(Chip, FoundByName) {
    weft_chip *chip = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_chip_load(&chip, "hermes", nullptr, 0, &err), WEFT_OK) << err.text;
    EXPECT_STREQ(chip->name, "hermes");
    weft_chip_destroy(chip);
    EXPECT_EQ(weft_chip_load(&chip, "no-such-chip", nullptr, 0, &err), WEFT_E_IO);
    EXPECT_EQ(chip, nullptr);
}

TEST(ChipCheck, Overrides) {
    EXPECT_EQ(refusal("isaac-ce", {"adc.bits=0"}), "--set adc.bits=0: adc.bits: 0 is below 1");
    EXPECT_EQ(refusal("isaac-ce", {"adc.bitz=8"}), "--set adc.bitz=8: adc.bitz: unknown key; did you mean bits?");
    EXPECT_EQ(refusal("isaac-ce", {"io.router=[7, 0]"}),
              "--set io.router=[7, 0]: io.router: [7, 0] lies outside the mesh of 7 x 6");
    EXPECT_EQ(refusal("isaac-ce", {"io.router=[0, 6]"}),
              "--set io.router=[0, 6]: io.router: [0, 6] lies outside the mesh of 7 x 6");
    EXPECT_EQ(refusal("isaac-ce", {"name="}), "--set name=: name: is empty");
    EXPECT_EQ(refusal("isaac-ce", {"adc.per_array=129"}),
              "--set adc.per_array=129: adc.per_array: 129 ADCs for 128 columns");
}

TEST(ChipCheck, CellsAndWeights) {
    EXPECT_EQ(refusal("isaac-ce", {"array.cell_bits=0"}),
              "--set array.cell_bits=0: array.cell_bits: analog cells (0) need weight.encoding differential_cell or "
              "differential_columns");
    EXPECT_EQ(refusal("hermes", {"weight.bits=8"}),
              "--set weight.bits=8: weight.bits: analog cells keep 15 bits and sign; leave it at 16, not 8");
    EXPECT_EQ(refusal("hermes", {"adc.range=unit"}),
              "--set adc.range=unit: adc.range: analog cells have no levels for unit; needs full_scale or calibrated");
    EXPECT_EQ(
        refusal("hermes", {"adc.flip_columns=true"}),
        "--set adc.flip_columns=true: adc.flip_columns: differential cells have no inverse to store; needs false");
    EXPECT_EQ(refusal("isaac-ce", {"array.columns=7"}),
              "--set array.columns=7: array.columns: one weight needs 8 columns, an array has 7");
    Chip fits("isaac-ce", {"array.columns=8"});
    EXPECT_EQ(fits.status, WEFT_OK) << fits.message();
}

TEST(ChipCheck, Slices) {
    EXPECT_EQ(
        refusal("hermes", {"weight.slice_bits=[8, 7]"}),
        "--set weight.slice_bits=[8, 7]: weight.slice_bits: analog cells (array.cell_bits 0) hold a whole weight; "
        "leave it out");
    EXPECT_EQ(refusal("isaac-ce", {"weight.slice_bits=[2, 2, 3, 2, 2, 2, 2, 1]"}),
              "--set weight.slice_bits=[2, 2, 3, 2, 2, 2, 2, 1]: weight.slice_bits: 3 is not a whole number up to "
              "array.cell_bits 2");
    EXPECT_EQ(refusal("isaac-ce", {"weight.slice_bits=[2, 1.5]"}),
              "--set weight.slice_bits=[2, 1.5]: weight.slice_bits: 1.5 is not a whole number up to array.cell_bits 2");
    EXPECT_EQ(refusal("isaac-ce", {"weight.slice_bits=[2, 2, 2, 2, 2, 2, 2]"}),
              "--set weight.slice_bits=[2, 2, 2, 2, 2, 2, 2]: weight.slice_bits: the slices hold 14 bits, a weight of "
              "this encoding has 16");
    EXPECT_EQ(
        refusal("isaac-ce", {"weight.slice_bits=[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"}),
        "--set weight.slice_bits=[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]: weight.slice_bits: 17 slices "
        "are more than 16");
    Chip uneven("isaac-ce", {"weight.bits=7", "array.cell_bits=3", "weight.slice_bits=[3, 2, 2]"});
    ASSERT_EQ(uneven.status, WEFT_OK) << uneven.message();
    EXPECT_EQ(uneven->slices, 3);
    EXPECT_EQ(uneven->columns_per_weight, 3);
    const int bits[] = {3, 2, 2}, shifts[] = {0, 3, 5};
    for (int s = 0; s < 3; s++) {
        EXPECT_EQ(uneven->slice_bits[s], bits[s]);
        EXPECT_EQ(uneven->slice_shift[s], shifts[s]);
    }
}

TEST(ChipCheck, Devices) {
    EXPECT_EQ(refusal("isaac-ce", {"device.g_max_us=0", "device.g_min_us=5"}),
              "--set device.g_min_us=5: device.g_min_us: 5 is not below device.g_max_us 0");
    EXPECT_EQ(refusal("isaac-ce", {"device.g_max_us=5", "device.g_min_us=5"}),
              "--set device.g_min_us=5: device.g_min_us: 5 is not below device.g_max_us 5");
    EXPECT_EQ(refusal("isaac-ce", {"device.g_max_us=0", "wires.row_segment_ohm=1"}),
              "--set device.g_max_us=0: device.g_max_us: wires with resistance need it");
    EXPECT_EQ(refusal("isaac-ce", {"device.g_max_us=0", "wires.column_terminal_ohm=1"}),
              "--set device.g_max_us=0: device.g_max_us: wires with resistance need it");
    EXPECT_EQ(refusal("isaac-ce", {"device.g_max_us=0", "device.program_table=x.csv"}),
              "--set device.g_max_us=0: device.g_max_us: device.program_table needs it");
    EXPECT_EQ(refusal("isaac-ce", {"device.read_noise=proportional", "device.read_sigma=0"}),
              "--set device.read_sigma=0: device.read_sigma: read noise needs a device.read_sigma above 0");
    EXPECT_FALSE(Chip("isaac-ce", {"device.read_noise=none", "device.read_sigma=0.01"})->has_read_noise);
    EXPECT_EQ(refusal("isaac-ce", {"device.read_noise=pcm", "device.read_sigma=1", "device.time_s=0"}),
              "--set device.time_s=0: device.time_s: read noise pcm grows with the time since programming; needs one "
              "above 0");
    EXPECT_EQ(refusal("isaac-ce", {"weight.two_sided=true"}),
              "--set weight.two_sided=true: weight.two_sided: is for differential encodings");
    EXPECT_EQ(refusal("isaac-ce", {"device.program=addnorm:sigam=1"}),
              "--set device.program=addnorm:sigam=1: device.program: transform addnorm: unknown parameter 'sigam'; "
              "nearest is 'sigma'; known: sigma");
}

TEST(ChipCheck, Converters) {
    EXPECT_EQ(refusal("isaac-ce", {"adc.mismatch=0.1"}),
              "--set adc.mismatch=0.1: adc.mismatch: is the mismatch of sar or ramp elements; adc.kind is ideal");
    EXPECT_EQ(refusal("isaac-ce", {"adc.mismatch=0.1", "adc.kind=none"}),
              "--set adc.mismatch=0.1: adc.mismatch: is the mismatch of sar or ramp elements; adc.kind is none");
    EXPECT_EQ(refusal("isaac-ce", {"adc.kind=sar", "adc.bits=13"}),
              "--set adc.bits=13: adc.bits: sar and ramp are modelled element by element: at most 12 bits");
    EXPECT_EQ(Chip("isaac-ce", {"adc.kind=ramp", "adc.bits=8", "adc.mismatch=0.1"}).status, WEFT_OK);
}

// Another table is another chip; one that is missing is told at once.
TEST(Chip, ProgramTableIsPartOfTheChip) {
    const std::string plain = Chip("hermes")->sha256.hex;
    EXPECT_NE(plain, Chip("hermes", {"device.program_table="})->sha256.hex);
    EXPECT_NE(Chip("isaac-ce", {"device.g_max_us=20", "device.program_table=hermes-cells.csv"})->sha256.hex,
              std::string(Chip("isaac-ce", {"device.g_max_us=20"})->sha256.hex));
    Chip missing("hermes", {"device.program_table=gone.csv"});
    EXPECT_EQ(missing.status, WEFT_E_IO);
    EXPECT_NE(missing.message().find("gone.csv"), std::string::npos) << missing.message();
}

TEST(Chip, IdealCells) {
    EXPECT_TRUE(Chip("isaac-ce")->ideal_cells);
    EXPECT_TRUE(Chip("isaac-ce", {"device.g_max_us=50"})->ideal_cells);
    const char *errors[] = {
        "device.g_min_us=5",       "device.program=stuck",     "device.read_noise=independent",
        "wires.row_segment_ohm=1", "device.iv_nonlinearity=2", "device.program_table=hermes-cells.csv"};
    for (const char *error : errors) {
        Chip chip("isaac-ce", {"device.g_max_us=50", error,
                               strcmp(error, "device.read_noise=independent") ? "name=x" : "device.read_sigma=0.1"});
        ASSERT_EQ(chip.status, WEFT_OK) << chip.message();
        EXPECT_FALSE(chip->ideal_cells) << error;
        EXPECT_EQ(chip->has_wires, std::string(error) == "wires.row_segment_ohm=1");
        EXPECT_EQ(chip->has_read_noise, std::string(error) == "device.read_noise=independent");
    }
}

TEST(Chip, SignMagnitudeAndAccumulation) {
    Chip magnitude("isaac-ce", {"input.encoding=sign_magnitude", "input.bits_per_pulse=4", "adc.flip_columns=false"});
    ASSERT_EQ(magnitude.status, WEFT_OK) << magnitude.message();
    EXPECT_EQ(magnitude->pulses, 4); /* 15 bits, 4 a pulse */
    Chip analog("isaac-ce", {"adc.accumulate_analog=true", "adc.per_array=1", "adc.conversion_ns=2"});
    ASSERT_EQ(analog.status, WEFT_OK) << analog.message();
    EXPECT_EQ(analog->pulse_cycles, 100); /* the read alone; 128 conversions take 256 ns of the next 1600 */
    EXPECT_EQ(analog->mvm_interval_cycles, 1600);
    EXPECT_EQ(analog->mvm_latency_cycles, 100 + 1600 + 256 + 200);
}

TEST(ChipCheck, Inputs) {
    EXPECT_EQ(refusal("hermes", {"input.bits_per_pulse=1"}),
              "--set input.bits_per_pulse=1: input.bits_per_pulse: is for bit_serial; leave it out with pulse_width");
    EXPECT_EQ(refusal("hermes", {"input.phases=3"}), "--set input.phases=3: input.phases: 3 is not 1, 2 or 4");
    EXPECT_EQ(refusal("hermes", {"input.step_ns=0"}),
              "--set input.step_ns=0: input.step_ns: pulse_width needs a time per level above 0");
    EXPECT_EQ(refusal("isaac-ce", {"input.bits_per_pulse=16", "input.bits=8"}),
              "--set input.bits_per_pulse=16: input.bits_per_pulse: 16 is above input.bits 8");
    EXPECT_EQ(refusal("isaac-ce", {"input.phases=2"}),
              "--set input.phases=2: input.phases: is for pulse_width; leave it out");
    EXPECT_EQ(refusal("isaac-ce", {"input.step_ns=1"}),
              "--set input.step_ns=1: input.step_ns: is for pulse_width; leave it out");
    EXPECT_NE(
        refusal("hermes", {"input.encoding=sign_magnitude"}).find(": input.bits_per_pulse: sign_magnitude needs it"),
        std::string::npos);
    EXPECT_NE(refusal("hermes", {"input.encoding=bit_serial"}).find(": input.bits_per_pulse: bit_serial needs it"),
              std::string::npos);
    EXPECT_EQ(refusal("isaac-ce", {"input.pulse_ns=0"}),
              "--set input.pulse_ns=0: input.pulse_ns: a pulse needs a time above 0");
}

/* 96 arrays x 128 rows x 2^15 x 2^15, three times for offset and saturation: below 2^46, 47 bits with the sign. */
TEST(ChipCheck, PartialSums) {
    EXPECT_EQ(
        refusal("isaac-ce", {"io.partial_bits=46"}),
        "--set io.partial_bits=46: io.partial_bits: 46 is below 47, which the largest partial sum of a core needs");
    EXPECT_EQ(Chip("isaac-ce", {"io.partial_bits=47"}).status, WEFT_OK);
    /* Signed codes of 12 bits, one array a core: 2047 in 12 bits; four phases 8188 in 14. */
    EXPECT_EQ(Chip("hermes", {"io.partial_bits=12"}).status, WEFT_OK);
    EXPECT_EQ(
        refusal("hermes", {"io.partial_bits=13", "input.phases=4"}),
        "--set io.partial_bits=13: io.partial_bits: 13 is below 14, which the largest partial sum of a core needs");
    EXPECT_EQ(refusal("isaac-ce", {"array.per_core=4096", "array.rows=4096", "noc.mesh=1"}),
              "--set array.per_core=4096: array.per_core: sums over a core's arrays can need 57 bits, more than the 54 "
              "that stay "
              "exact; needs fewer arrays, rows, weight or input bits");
    EXPECT_EQ(refusal("isaac-ce", {"array.per_core=4096", "noc.mesh=256"}),
              "--set noc.mesh=256: noc.mesh: 1073741824 arrays on the chip are more than the 16777216 allowed");
}

TEST(ChipCheck, PartialSumsOfCellsWithErrors) {
    /* 12-bit codes alone: 2047 in 12 bits; unit range: twice the offset's three shares at most, here the codes. */
    EXPECT_EQ(Chip("hermes", {"io.partial_bits=12", "device.program=addnorm"}).status, WEFT_OK);
    EXPECT_EQ(Chip("isaac-ce", {"io.partial_bits=47", "device.program=addnorm"}).status, WEFT_OK);
    EXPECT_EQ(Chip("isaac-ce", {"io.partial_bits=47", "device.program=addnorm", "adc.bits=12"}).status, WEFT_OK);
    /* 8 bits, 16 pulses, 16 bits of weight, 96 arrays: 255 * 96 * 2^32 is below 2^47. */
    EXPECT_EQ(
        refusal("isaac-ce", {"io.partial_bits=47", "adc.range=full_scale", "adc.offset_lsb=1"}),
        "--set io.partial_bits=47: io.partial_bits: 47 is below 48, which the largest partial sum of a core needs");
}

TEST(ChipCheck, PlacesInTheFile) {
    std::ifstream stream(std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/isaac-ce.yaml");
    int line = 0;
    for (std::string text; std::getline(stream, text) && text.find("  flip_columns: true") != 0;) line++;
    EXPECT_EQ(refusal_in_file("isaac-ce", {"weight.encoding=differential_cell"}),
              std::to_string(line + 1) +
                  ":17: adc.flip_columns: differential cells have no inverse to store; needs false");
}

TEST(Events, TableMatchesKeys) {
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) {
        std::string id = weft_events[e].id, key = weft_events[e].key;
        EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << id;
        std::string stem = key.substr(0, key.find("_pj"));
        bool per_bit = key.find("_pj_per_bit") != std::string::npos;
        EXPECT_EQ(id, per_bit ? stem + "_bit" : stem);
    }
}
