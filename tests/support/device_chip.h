// Chips with errors for tests of sim/model: the chips of tests/model_fixture.h with devices, wires and converters.
#ifndef WEFT_TESTS_SUPPORT_DEVICE_CHIP_H
#define WEFT_TESTS_SUPPORT_DEVICE_CHIP_H

#include <gtest/gtest.h>

#include "tests/model_fixture.h"

// Cells of 20 uS behind a chain of errors.
inline void set_program(weft_chip &chip, const char *program) {
    weft_error err{};
    chip.device.g_max_us = 20;
    chip.device.program = program;
    chip.program = {};
    EXPECT_EQ(WEFT_OK, weft_transform_chain_parse(&chip.program, program, &err)) << err.text;
    weft_chip_resolve(&chip);
}

inline void set_read_noise(weft_chip &chip, int kind, double sigma) {
    chip.device.g_max_us = 20;
    chip.device.read_noise = kind;
    chip.device.read_sigma = sigma;
    weft_chip_resolve(&chip);
}

inline void set_calibrated(weft_chip &chip, int bits, int calibrate, int scope) {
    chip.adc.bits = bits;
    chip.adc.range = WEFT_ADC_CALIBRATED;
    chip.adc.calibrate = calibrate;
    chip.adc.scope = scope;
    weft_chip_resolve(&chip);
}

// Two slices on two columns, bit-serial, wires, programming error, stuck cells, read noise, an on/off ratio of 20 and
// calibrated converters with gains of their own: everything at once.
inline weft_chip everything_chip() {
    ChipSpec s;
    s.rows = 24;
    s.columns = 48;
    s.weight_encoding = WEFT_WEIGHT_DIFFERENTIAL_COLUMNS;
    s.weight_bits = 5;
    weft_chip chip = make_chip(s);
    set_program(chip, "multnorm:sigma=0.05|stuck:on=0.01,off=0.02");
    set_read_noise(chip, WEFT_READ_NOISE_PROPORTIONAL, 0.02);
    set_calibrated(chip, 7, WEFT_ADC_PERCENTILE, WEFT_ADC_PER_SLICE);
    chip.device.g_min_us = 1;
    chip.wires.row_segment_ohm = chip.wires.column_segment_ohm = 2;
    chip.adc.per_array = 4;
    chip.adc.gain_sigma = 0.01;
    chip.adc.offset_lsb = 0.2;
    weft_chip_resolve(&chip);
    return chip;
}

struct TrialEngine {
    weft_engine *e = nullptr;
    weft_error err{};
    weft_status status;
    TrialEngine(Net &net, uint64_t seed, uint64_t trial) {
        const weft_engine_trial which{seed, trial};
        status = weft_engine_create_trial(&e, net.chip(), net.mapping(), net.stages(), &which, &err);
        EXPECT_EQ(WEFT_OK, status) << err.text;
    }
    TrialEngine(const TrialEngine &) = delete;
    ~TrialEngine() { weft_engine_destroy(e); }
    operator weft_engine *() const { return e; }
};

inline std::vector<float> run_engine(const weft_engine *engine, const Net &net, const std::vector<float> &x,
                                     uint64_t first = 0) {
    weft_error err{};
    const size_t size = weft_shape_size(net.stages()->input), count = x.size() / size;
    std::vector<float> logits(count * static_cast<size_t>(net.stages()->classes));
    EXPECT_EQ(WEFT_OK, weft_engine_run_from(engine, x.data(), first, count, logits.data(), &err)) << err.text;
    return logits;
}

#endif
