// Shipped chips held to what their publications say, in closed form from the files' own constants; and a small network
// mapped onto each of them.
#include <cmath>

#include "mapper/mapper.h"
#include "tests/support/golden.h"
#include "tests/support/mapping_fixture.h"

using namespace weft_test;

namespace {

const std::string root = WEFT_SOURCE_FOLDER;

struct Preset {
    weft_chip *chip = nullptr;
    weft_error err = {};
    explicit Preset(const std::string &name) {
        EXPECT_EQ(weft_chip_load(&chip, (root + "/hwconfigs/" + name + ".yaml").c_str(), nullptr, 0, &err), WEFT_OK)
            << err.text;
    }
    ~Preset() { weft_chip_destroy(chip); }
    Preset(const Preset &) = delete;
    Preset &operator=(const Preset &) = delete;
    const weft_chip *operator->() const { return chip; }
    double cost(weft_event event) const { return chip->cost_pj[event].value; }
    double rows() const { return static_cast<double>(chip->array.rows); }
    double columns() const { return static_cast<double>(chip->array.columns); }
    double weights() const { return rows() * columns() / chip->columns_per_weight; }
    double arrays() const { return chip->core_count * static_cast<double>(chip->array.per_core); }
    // Array, drivers and converters of a product that uses everything.
    double conversion_pj() const {
        const double conversions = chip->adc.accumulate_analog ? 1 : chip->pulses;
        return columns() * conversions * (cost(WEFT_EVENT_ADC_CONVERSION) + cost(WEFT_EVENT_SHIFT_ADD));
    }
    double read_pj() const {
        return chip->pulses * (cost(WEFT_EVENT_ARRAY_READ) + rows() * cost(WEFT_EVENT_ROW_DRIVE) +
                               columns() * cost(WEFT_EVENT_SAMPLE_HOLD));
    }
    double register_pj() const {
        return rows() * static_cast<double>(chip->input.bits) * cost(WEFT_EVENT_INPUT_REGISTER_BIT) +
               columns() / chip->columns_per_weight * static_cast<double>(chip->io.partial_bits) *
                   cost(WEFT_EVENT_OUTPUT_REGISTER_BIT);
    }
    double product_pj() const { return read_pj() + conversion_pj() + register_pj(); }
};

} // namespace

/* 16 pulses and 2 stages of 128 ns; 8 crossbars, 128 DACs, 1024 S+H, 8 ADCs, S+A and two registers for 2304 ns. */
TEST(Puma, ProductTakesItsPublishedTimeAndNearlyItsEnergy) {
    Preset puma("puma");
    ASSERT_NE(puma.chip, nullptr);
    EXPECT_EQ(puma->core_count, 138);
    EXPECT_EQ(puma->slices, 8);
    EXPECT_EQ(puma->columns_per_weight, 8);
    EXPECT_EQ(puma.weights(), 128 * 128);
    EXPECT_EQ(puma->mvm_latency_cycles, 2304);
    EXPECT_EQ(puma->mvm_interval_cycles, 2048);
    EXPECT_TRUE(puma->ideal_cells);
    const double power_mw = 8 * 0.3 + 128 * (0.00350625 + 0.000390625) + 1024 * 9.7e-6 + 8 * 2.0 + 0.05 +
                            (0.16 + 0.04 + 1.7 / 128) + (0.16 + 0.04);
    EXPECT_NEAR(puma.product_pj(), power_mw * 2304, 1e-6 * puma.product_pj());
    EXPECT_NEAR(puma.product_pj() / 43970, 1.015, 0.001); /* published 43.97 nJ: what the file's head admits */
    EXPECT_NEAR(2 * puma.weights() * puma.arrays() / 2048 / 1000, 35.3, 0.05); /* TOPS */
    const double area =
        138 * puma->area.core_mm2.value + puma->router_count * puma->area.router_mm2.value + puma->area.chip_mm2.value;
    EXPECT_NEAR(area, 90.6, 0.05);
}

TEST(Neurram, Resolved) {
    Preset chip("neurram");
    ASSERT_NE(chip.chip, nullptr);
    EXPECT_EQ(chip->core_count, 48);
    EXPECT_EQ(2 * chip.weights(), 256 * 256); /* cells: two a weight */
    EXPECT_EQ(chip->columns_per_weight, 1);
    EXPECT_EQ(chip->pulses, 7);                /* 8 bits, one of them the sign */
    EXPECT_EQ(chip->mvm_interval_cycles, 512); /* the conversion is longer than the pulses */
    EXPECT_EQ(chip->mvm_latency_cycles, 8 + 512 + 512 + 10);
    EXPECT_EQ(chip->device.g_max_us, 40);
    EXPECT_EQ(chip->device.g_min_us, 1);
    EXPECT_FALSE(chip->ideal_cells);
    EXPECT_TRUE(chip->has_read_noise);
}

/* Inside the arrays 192 TOPS/W; no constant was fitted to the published 20 of a whole accelerator. */
TEST(SonosLike, ResolvedAndEfficiencyOfItsArrays) {
    Preset chip("sonos-like");
    ASSERT_NE(chip.chip, nullptr);
    EXPECT_EQ(chip->pulses, 8);
    EXPECT_EQ(chip->mvm_interval_cycles, 256); /* one ramp, 80 ns of pulses beside it */
    EXPECT_EQ(chip->mvm_latency_cycles, 18 + 256 + 256 + 16);
    EXPECT_NEAR(2 * chip.weights() / (chip.read_pj() + chip.conversion_pj()), 192, 1);
    EXPECT_EQ(chip->device.g_max_us, 16);
    EXPECT_FALSE(chip->ideal_cells);
}

/* Published: 192 TOPS/W of one-bit operations at 1.2 V, 590 Kb a macro, 4.7 TOPS. */
TEST(Sram1b, OneBitOperationsCostWhatIsPublished) {
    Preset chip("sram-1b");
    ASSERT_NE(chip.chip, nullptr);
    EXPECT_EQ(chip->pulses, 7);
    EXPECT_EQ(chip->weight_max, 1);
    EXPECT_EQ(chip->columns_per_weight, 1);
    EXPECT_EQ(chip.rows() * chip.columns(), 589824);
    const double operations = 2 * chip.rows() * chip.columns();
    const double pulse_pj = chip.cost(WEFT_EVENT_ARRAY_READ) + chip.columns() * chip.cost(WEFT_EVENT_ADC_CONVERSION);
    EXPECT_NEAR(operations / pulse_pj, 192, 0.5);
    EXPECT_NEAR(operations / (static_cast<double>(chip->pulse_cycles) * chip->cycle_ns) / 1000, 4.7, 0.05);
    EXPECT_TRUE(chip->ideal_cells);
}

/* isaac-ce and puma are ideal in their papers; analog chips carry the errors of their cells. */
TEST(Presets, CellsAreIdealOnlyWhereTheirPapersSaySo) {
    for (const char *name : {"isaac-ce", "puma", "mesh-64x64", "sram-1b"})
        EXPECT_TRUE(Preset(name)->ideal_cells) << name;
    for (const char *name : {"hermes", "neurram", "sonos-like"}) {
        Preset chip(name);
        ASSERT_NE(chip.chip, nullptr);
        EXPECT_FALSE(chip->ideal_cells) << name;
        EXPECT_NE(std::string(chip->device.program_table), "") << name;
        EXPECT_TRUE(std::filesystem::exists(root + "/hwconfigs/" + chip->device.program_table)) << name;
        EXPECT_GT(chip->device.program_pulse_ns.value, 0) << name;
    }
}

/* The formulas of the published fits, in uS. */
TEST(Presets, TablesOfCellsFollowTheirFits) {
    struct Fit {
        const char *file;
        double g_max_us, (*sigma)(double);
    };
    const Fit fits[] = {
        {"hermes-cells.csv", 20.7,
         [](double g) {
             const double x = g / 20.7;
             return 0.16603222 + 4.71806468 * x - 8.48101252 * x * x + 4.68961419 * x * x * x;
         }},
        {"neurram-cells-1s.csv", 40,
         [](double g) {
             const double x = g / 40;
             return 0.348 + 16.030 * x - 43.853 * x * x + 45.393 * x * x * x - 16.815 * x * x * x * x;
         }},
        {"neurram-cells-1day.csv", 40,
         [](double g) {
             const double x = g / 40;
             return 0.701 + 22.086 * x - 50.773 * x * x + 47.095 * x * x * x - 16.458 * x * x * x * x;
         }},
        {"sonos-cells.csv", 16, [](double g) { return 0.1988665 * (1 - std::exp(-g / 1.763115)); }},
    };
    for (const Fit &fit : fits) {
        std::ifstream stream(root + "/hwconfigs/" + fit.file);
        std::string line;
        std::getline(stream, line);
        EXPECT_EQ(line, "g_target_us,g_mean_us,g_sigma_us");
        double target = -1, last = 0;
        int rows = 0;
        while (std::getline(stream, line)) {
            double mean = 0, sigma = 0;
            ASSERT_EQ(std::sscanf(line.c_str(), "%lf,%lf,%lf", &target, &mean, &sigma), 3) << line;
            EXPECT_EQ(mean, target);
            EXPECT_NEAR(sigma, fit.sigma(target), 6e-5) << fit.file << ": " << line;
            last = target;
            rows++;
        }
        EXPECT_GE(rows, 10) << fit.file;
        EXPECT_DOUBLE_EQ(last, fit.g_max_us) << fit.file;
    }
}

/* conv 3 x 3, pool, dense: fits every chip, one copy at least. */
TEST(Presets, ASmallNetworkMapsOntoEveryChip) {
    int count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(root + "/hwconfigs")) {
        if (entry.path().extension() != ".yaml") continue;
        Preset chip(entry.path().stem().string());
        ASSERT_NE(chip.chip, nullptr);
        if (chip->kind != WEFT_CHIP_CROSSBAR || chip->adc.kind == WEFT_ADC_NONE) continue; /* an array to look into */
        network_ptr net = make_network({1, 12, 12});
        add_layer(net.get(), WEFT_LAYER_CONV, "conv", 8, window_of(3, 1, 1));
        add_layer(net.get(), WEFT_LAYER_MAX_POOL, "pool", 0, window_of(2, 2, 0));
        add_layer(net.get(), WEFT_LAYER_RELU, "relu");
        add_layer(net.get(), WEFT_LAYER_DENSE, "dense", 10);
        stages_ptr stages = lower(net.get());
        ASSERT_NE(stages, nullptr);
        weft_map_options options = weft_map_defaults();
        options.placer = "row_major";
        weft_error err = {};
        const mapping_ptr mapping = map(stages.get(), chip.chip, &err, nullptr, &options);
        ASSERT_NE(mapping, nullptr) << entry.path() << ": " << err.text;
        EXPECT_EQ(mapping->parts, 1) << entry.path();
        count++;
    }
    EXPECT_GE(count, 7);
}
