// Networks in the numbers of chips' neurons: hand-computed fits, and what is refused.
#include "tests/support/snn_on_chip.h"

using namespace weft_test;

namespace {

const weft_snn_fit_options plain = {1, false, false, false}, subtracting = {1, false, true, false},
                           rounding = {1, false, false, true};

struct Fitted {
    Snn snn;
    Fit fit;
    double value(const char *name, uint32_t n = 0) const {
        return weft_snn_fit_value(&fit->populations[1], name, n, -12345);
    }
    std::vector<float> weights(int projection = 0) const {
        return {fit->projections[projection].weights,
                fit->projections[projection].weights + snn->projections[projection].count};
    }
};

Fitted fit_of(const Nir &nir, const char *chip, const weft_snn_fit_options &options) {
    Snn snn = make_snn(nir.get(), options.dt);
    const chip_ptr loaded = load_chip(chip);
    Fit fit = make_fit(snn.get(), loaded.get(), options);
    return {std::move(snn), std::move(fit)};
}

std::string refused(const Nir &nir, const char *chip, const weft_snn_fit_options &options) {
    const Snn snn = make_snn(nir.get(), options.dt);
    return fit_error(snn.get(), load_chip(chip).get(), options);
}

std::vector<Parameter> threshold(const Values &values) {
    return {{"threshold", {static_cast<int>(values.size())}, values}};
}
std::vector<Parameter> integrators(const Values &r, const Values &v_threshold, double v_reset = 0) {
    const int size = static_cast<int>(v_threshold.size());
    return {{"r", {size}, r}, {"v_threshold", {size}, v_threshold}, {"v_reset", {size}, {v_reset}}};
}

// ---- truenorth ----

TEST(SnnFitTruenorth, ThresholdIsALeak) {
    // Units of 0.5: weights 1, -2, 3. A sum above 1 is 3 units or more; above 0.9 2 or more.
    const Nir nir = one_layer(WEFT_NIR_THRESHOLD, threshold({1, 0.9, -0.25, 0}), 3, 4,
                              {0.5, -1, 1.5, 0.5, -1, 1.5, 0.5, -1, 1.5, 0.5, -1, 1.5}, {0, 0, 0, -0.5});
    const Fitted f = fit_of(nir, "truenorth", plain);
    EXPECT_STREQ(f.fit->populations[1].model, "truenorth");
    EXPECT_EQ(f.fit->populations[1].scale, 2);
    EXPECT_EQ(f.fit->populations[0].model, nullptr);
    EXPECT_EQ(f.weights(), (std::vector<float>{1, 1, 1, 1, -2, -2, -2, -2, 3, 3, 3, 3}));
    EXPECT_EQ(f.fit->projections[0].error, 0);
    EXPECT_EQ(f.fit->projections[0].lost, 0u);
    for (uint32_t n = 0; n < 4; n++) EXPECT_EQ(f.value("leak", n), (Values{-3, -2, 0, -2})[n]) << n;
    EXPECT_EQ(f.value("threshold"), 0);
    EXPECT_EQ(f.value("negative_threshold"), 0);
    EXPECT_EQ(f.value("saturate"), 1);
    EXPECT_EQ(f.value("reset"), 0);
}

TEST(SnnFitTruenorth, WhatASumCannotReachIsClamped) { // never, always
    const Nir nir = one_layer(WEFT_NIR_THRESHOLD, threshold({5000, -5000}), 2, 2, {1, -1, 1, -1});
    const Fitted f = fit_of(nir, "truenorth", plain);
    EXPECT_EQ(f.value("leak", 0), -2); // sums end at 1
    EXPECT_EQ(f.value("leak", 1), 1);  // and begin at -1
    EXPECT_NE(refused(one_layer(WEFT_NIR_THRESHOLD, threshold({256}), 300, 1, Values(300, 1)), "truenorth", plain)
                  .find("population 'n', neuron 0: it has to fire from a sum on that the leak of 9 bits"),
              std::string::npos);
    const Fitted last =
        fit_of(one_layer(WEFT_NIR_THRESHOLD, threshold({255.5}), 300, 1, Values(300, 1)), "truenorth", plain);
    EXPECT_EQ(last.value("leak"), -256);
}

TEST(SnnFitTruenorth, UnitOfDecimals) { // 0.1, 0.2, -0.7 in single precision are 1, 2, -7 of 0.1
    const Nir nir = one_layer(WEFT_NIR_THRESHOLD, threshold({0.25}), 3, 1, {0.1, 0.2, -0.7});
    const Fitted f = fit_of(nir, "truenorth", plain);
    EXPECT_EQ(f.weights(), (std::vector<float>{1, 2, -7}));
    EXPECT_LT(f.fit->projections[0].error, 1e-7);
    EXPECT_EQ(f.value("leak"), -3);
    EXPECT_NEAR(f.fit->populations[1].scale, 10, 1e-6);
    const Fitted wide = fit_of(one_layer(WEFT_NIR_THRESHOLD, threshold({0}), 2, 1, {1, -256}), "truenorth", plain);
    EXPECT_EQ(wide.weights(), (std::vector<float>{1, -256}));
}

TEST(SnnFitTruenorth, RefusedAndRounded) {
    const Nir odd = one_layer(WEFT_NIR_THRESHOLD, threshold({1}), 2, 1, {1, std::sqrt(2.0)});
    EXPECT_EQ(refused(odd, "truenorth", plain),
              "population 'n': its weights are no whole numbers, -256 to 255, of one unit; `round` scales and rounds");
    const Fitted f = fit_of(odd, "truenorth", rounding);
    EXPECT_EQ(f.weights(), (std::vector<float>{180, 255}));
    EXPECT_EQ(f.value("leak"), -181); // 180 units are 0.998
    EXPECT_NEAR(f.fit->projections[0].error, 0.0012244, 1e-6);

    const Nir many = one_layer(WEFT_NIR_THRESHOLD, threshold({1}), 6, 1, {1, 2, 3, 4, 5, -0.4});
    EXPECT_EQ(refused(many, "truenorth", plain),
              "population 'n': more different weights lead to it than the chip has axon types; `round` scales and "
              "rounds");
    const Fitted four = fit_of(many, "truenorth", rounding); // quarters of 5: 0.8, 1.6, 2.4, 3.2, 4, -0.32
    EXPECT_EQ(four.weights(), (std::vector<float>{1, 2, 2, 3, 4, 0}));
    EXPECT_EQ(four.fit->projections[0].lost, 1u);
    EXPECT_NEAR(four.fit->projections[0].error, 0.5 / 5, 1e-9);
    EXPECT_EQ(four.value("leak"), -1);

    const Nir lif = one_layer(
        WEFT_NIR_LIF, {{"tau", {1}, {5}}, {"r", {1}, {1}}, {"v_leak", {1}, {0}}, {"v_threshold", {1}, {1}}}, 1, 1, {1});
    EXPECT_EQ(refused(lif, "truenorth", rounding),
              "population 'n': LIF neurons; a TrueNorth neuron can be Threshold or IF");
}

TEST(SnnFitTruenorth, IntegratorToZero) { // thresholds 10 / r of units of 2
    const Nir nir = one_layer(WEFT_NIR_IF, integrators({1, 2, 0.5}, {10, 10, 10}), 1, 3, {2, 4, -6}, {2, 0, -4});
    const Fitted f = fit_of(nir, "truenorth", plain);
    EXPECT_EQ(f.weights(), (std::vector<float>{1, 2, -3}));
    for (uint32_t n = 0; n < 3; n++) {
        EXPECT_EQ(f.value("threshold", n), (Values{6, 3, 11})[n]) << n; // above 5, 2.5, 10
        EXPECT_EQ(f.value("leak", n), (Values{1, 0, -2})[n]) << n;
        EXPECT_EQ(f.value("membrane_unit", n), (Values{2, 4, 1})[n]) << n;
    }
    EXPECT_EQ(f.value("reset"), 0);
    EXPECT_EQ(f.value("reset_mode"), 0);
    EXPECT_EQ(f.value("negative_threshold"), 262143);
    EXPECT_EQ(f.value("initial"), 0);
    const Fitted below = fit_of(one_layer(WEFT_NIR_IF, integrators({1}, {10}, -6), 1, 1, {2}), "truenorth", plain);
    EXPECT_EQ(below.value("reset"), -3);
}

TEST(SnnFitTruenorth, IntegratorBySubtraction) { // the unit divides the threshold too; one below, v >= 5 is v > 5
    const Fitted f = fit_of(one_layer(WEFT_NIR_IF, integrators({1}, {5}), 2, 1, {2, 4}), "truenorth", subtracting);
    EXPECT_EQ(f.weights(), (std::vector<float>{2, 4}));
    EXPECT_EQ(f.value("threshold"), 5);
    EXPECT_EQ(f.value("reset_mode"), 1);
    EXPECT_EQ(f.value("initial"), -1);
    EXPECT_EQ(f.value("membrane_zero"), 1);
    EXPECT_NE(refused(one_layer(WEFT_NIR_IF, integrators({1}, {std::sqrt(5.0)}), 1, 1, {2}), "truenorth", subtracting)
                  .find("neuron 0: its threshold, which it loses when it fires, is no whole number"),
              std::string::npos);
    EXPECT_NE(refused(one_layer(WEFT_NIR_IF, integrators({1}, {300000}), 1, 1, {1}), "truenorth", plain)
                  .find("its threshold is not 0 to 262143 units"),
              std::string::npos);
    EXPECT_NE(refused(one_layer(WEFT_NIR_IF, integrators({1}, {3}), 1, 1, {1}, {0.2360679}), "truenorth", plain)
                  .find("its bias is no whole number, -256 to 255"),
              std::string::npos);
    EXPECT_NE(refused(one_layer(WEFT_NIR_IF, integrators({-1}, {3}), 1, 1, {1}), "truenorth", plain)
                  .find("its r is not above 0"),
              std::string::npos);
}

// ---- loihi ----

TEST(SnnFitLoihi, IntegratorUsesItsBits) {
    // Both signs: even mantissas. 3 becomes 252, and 1 is 84 then; 2^14 / 10 thresholds leave an exponent of 4.
    const Fitted f = fit_of(one_layer(WEFT_NIR_IF, integrators({1}, {10}), 3, 1, {1, 3, -1}), "loihi1", plain);
    EXPECT_STREQ(f.fit->populations[1].model, "loihi");
    EXPECT_EQ(f.weights(), (std::vector<float>{84, 252, -84}));
    EXPECT_EQ(f.fit->projections[0].exponent, 4);
    EXPECT_EQ(f.fit->projections[0].error, 0);
    EXPECT_EQ(f.fit->populations[1].scale, 84 * 16);
    EXPECT_EQ(f.value("threshold"), 84 * 16 * 10);
    EXPECT_EQ(f.value("decay_u"), 4096);
    EXPECT_EQ(f.value("decay_v"), 0);
    EXPECT_EQ(f.value("bias"), 0);
    EXPECT_EQ(f.value("membrane_unit"), 1.0 / (84 * 16 * 64));
    const Fitted one = fit_of(one_layer(WEFT_NIR_IF, integrators({1}, {10}), 2, 1, {1, 3}), "loihi1", plain);
    EXPECT_EQ(one.weights(), (std::vector<float>{85, 255})); // one sign: all mantissas
}

TEST(SnnFitLoihi, LeakAndBias) {
    const std::vector<Parameter> lif = {{"tau", {2}, {25, 4}},
                                        {"r", {2}, {1, 2}},
                                        {"v_leak", {2}, {0.5, 0}},
                                        {"v_threshold", {2}, {1, 1}},
                                        {"v_reset", {2}, {0.25, 0}}};
    const Nir nir = one_layer(WEFT_NIR_LIF, lif, 1, 2, {1, -1}, {0.1, 0});
    const Fitted f = fit_of(nir, "loihi1", plain);
    const double scale = f.fit->populations[1].scale;
    EXPECT_EQ(f.value("decay_v", 0), 164); // 4096 / 25 = 163.84
    EXPECT_EQ(f.value("decay_v", 1), 1024);
    EXPECT_EQ(f.value("decay_u"), 4096);
    // Membranes from v_reset on, over the share of a tick: (1 - 0.25) / (164 / 4096), and 1 / (1024 / 4096 x 2).
    EXPECT_EQ(f.value("threshold", 0), std::floor(scale * 0.75 * 4096 / 164 + 0.5));
    EXPECT_EQ(f.value("threshold", 1), std::floor(scale * 2 + 0.5));
    // 0.1, and a share of 0.5 - 0.25 over that share.
    const double bias = f.value("bias", 0) * std::ldexp(1, static_cast<int>(f.value("bias_exponent", 0)));
    EXPECT_NEAR(bias, 64 * scale * 0.35, 64);
    EXPECT_LE(std::fabs(f.value("bias", 0)), 4095);
    EXPECT_EQ(f.value("bias", 1), 0);
    EXPECT_EQ(f.value("initial_v", 0), std::floor(-0.25 * 4096 / 164 * 64 * scale + 0.5));
    EXPECT_EQ(f.value("membrane_zero", 0), 0.25);
    EXPECT_NEAR(f.value("membrane_unit", 0) * 64 * f.value("threshold", 0), 0.75, 1e-4);
}

TEST(SnnFitLoihi, CurrentsAndSilence) {
    const std::vector<Parameter> cuba = {
        {"tau_syn", {1}, {8}}, {"tau_mem", {1}, {16}}, {"r", {1}, {2}}, {"v_leak", {1}, {0}}, {"w_in", {1}, {4}}};
    const Fitted f = fit_of(one_layer(WEFT_NIR_CUBA_LI, cuba, 2, 1, {1, -1}, {0.5}), "loihi1", plain);
    EXPECT_TRUE(f.fit->populations[1].silent);
    EXPECT_EQ(f.value("decay_u"), 512);
    EXPECT_EQ(f.value("decay_v"), 256);
    EXPECT_EQ(f.value("threshold"), 131071);
    const double scale = f.fit->populations[1].scale; // gain 1/8 x 1/16 x 2 x 4 = 1/16
    EXPECT_DOUBLE_EQ(f.value("membrane_unit"), 1 / 16.0 / (64 * scale));
    EXPECT_EQ(f.value("initial_u"), -std::floor(64 * scale * 0.5 * 8 + 0.5)); // the bias's current builds up
    EXPECT_EQ(f.value("bias") * std::ldexp(1, static_cast<int>(f.value("bias_exponent"))), 64 * scale * 4);
    weft_snn_fit_options exact = plain;
    exact.exponential = true;
    const Fitted e = fit_of(one_layer(WEFT_NIR_CUBA_LI, cuba, 2, 1, {1, -1}), "loihi1", exact);
    EXPECT_EQ(e.value("decay_u"), 481); // 4096 (1 - e^(-1/8)) = 481.3
    EXPECT_EQ(e.value("decay_v"), 248); // 248.2
}

TEST(SnnFitLoihi, ThresholdIsALeakOfAll) {
    const Nir nir = one_layer(WEFT_NIR_THRESHOLD, threshold({3, -2}), 2, 2, {1, -1, 1, -1}, {1, 0});
    const Fitted f = fit_of(nir, "loihi1", plain);
    const double scale = f.fit->populations[1].scale;
    EXPECT_EQ(f.value("decay_v"), 4096);
    EXPECT_EQ(f.value("threshold", 0), scale * 2);
    EXPECT_EQ(f.value("threshold", 1), 0);
    EXPECT_EQ(f.value("bias", 1) * std::ldexp(1, static_cast<int>(f.value("bias_exponent", 1))), scale * 2 * 64);
}

TEST(SnnFitLoihi, Refused) {
    EXPECT_EQ(refused(one_layer(WEFT_NIR_IF, integrators({1}, {70000}), 1, 1, {1}), "loihi1", plain),
              "population 'n': a threshold, bias or reset is more than 65536 times its largest weight, which leaves no "
              "weights of whole numbers");
    EXPECT_EQ(refused(one_layer(WEFT_NIR_IF, integrators({1}, {1}, 2), 1, 1, {1}), "loihi1", plain),
              "population 'n', neuron 0: its threshold is below what it is reset to");
    const std::vector<Parameter> fast = {
        {"tau", {1}, {0.5}}, {"r", {1}, {1}}, {"v_leak", {1}, {0}}, {"v_threshold", {1}, {1}}};
    EXPECT_EQ(refused(one_layer(WEFT_NIR_LIF, fast, 1, 1, {1}), "loihi1", plain),
              "population 'n', neuron 0: its membrane's time constant is shorter than a tick");
}

// ---- floating point, and what no chip has ----

TEST(SnnFitFloat, AsItIs) {
    const Snn snn = make_snn(
        one_layer(WEFT_NIR_IF, integrators({1, 2}, {0.3, 0.4}, 0.1), 2, 2, {0.1, 0.2, 0.3, 0.4}, {0.5, 0.25}).get());
    const chip_ptr chip = load_chip("loihi1", {"neuron.model=lif"});
    const Fit fit = make_fit(snn.get(), chip.get(), plain);
    const weft_snn_fit_population *p = &fit->populations[1];
    EXPECT_STREQ(p->model, "if");
    EXPECT_EQ(weft_snn_fit_value(p, "r", 1, 0), 2);
    EXPECT_EQ(weft_snn_fit_value(p, "bias", 1, 0), 0.25);
    EXPECT_EQ(weft_snn_fit_value(p, "tau", 1, 7), 7);
    EXPECT_EQ(weft_snn_fit_find(p, "v_reset")->count, 1u);
    for (int i = 0; i < 4; i++) EXPECT_EQ(fit->projections[0].weights[i], snn->projections[0].weights[i]);
}

TEST(SnnFit, NoChipHasThat) {
    const chip_ptr loihi = load_chip("loihi1"), isaac = load_chip("isaac-ce");
    const Nir nir = one_layer(WEFT_NIR_IF, integrators({1}, {1}), 1, 1, {1});
    const Snn snn = make_snn(nir.get());
    EXPECT_NE(fit_error(snn.get(), isaac.get(), plain).find("has no neurons: kind has to be spiking"),
              std::string::npos);
    EXPECT_EQ(fit_error(snn.get(), loihi.get(), {0, false, false, false}), "a tick of 0 s is not above 0");

    const Nir sums = make_nir();
    add_input(sums.get(), "in", {1});
    add_if(sums.get(), "n", {1});
    add(sums.get(), WEFT_NIR_LINEAR, "w", {{"weight", {1, 1}, {2}}});
    add_output(sums.get(), "out", {1});
    connect(sums.get(), {{"in", "n"}, {"n", "w"}, {"w", "out"}});
    EXPECT_NE(refused(sums, "loihi1", plain).find("population 'out': an Output that gets weighted sums"),
              std::string::npos);

    const Nir on = make_nir();
    add_input(on.get(), "in", {1});
    add(on.get(), WEFT_NIR_I, "i", {{"r", {1}, {1}}});
    add_if(on.get(), "n", {1});
    add_output(on.get(), "out", {1});
    connect(on.get(), {{"in", "i"}, {"i", "n"}, {"n", "out"}});
    EXPECT_EQ(refused(on, "loihi1", plain),
              "population 'i': its membranes go on to 'n'; only spikes go from neuron to neuron on a chip");
}

} // namespace
