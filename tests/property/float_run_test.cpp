// Samples through a network in floating point are what weft_float_network makes of each of them alone.
#include "sim/spike/float_run.h"

#include "tests/support/nir_fixture.h"

using namespace weft_test;

namespace {

constexpr int INPUTS = 6, CELLS = 8;
constexpr uint64_t SAMPLES = 7, TICKS = 25;

// Recurrent, with integrators behind.
Nir recurrent() {
    std::mt19937 dice(3);
    Nir nir = make_nir();
    add_input(nir.get(), "in", {INPUTS});
    add(nir.get(), WEFT_NIR_LINEAR, "fc", {{"weight", {CELLS, INPUTS}, random_values(dice, CELLS * INPUTS, -0.5, 1)}});
    add(nir.get(), WEFT_NIR_LIF, "cells",
        {{"tau", {CELLS}, {5}}, {"r", {CELLS}, {1}}, {"v_leak", {CELLS}, {0}}, {"v_threshold", {CELLS}, {0.4}}});
    add(nir.get(), WEFT_NIR_LINEAR, "back", {{"weight", {CELLS, CELLS}, random_values(dice, CELLS * CELLS, -1, 1)}});
    add(nir.get(), WEFT_NIR_LINEAR, "read", {{"weight", {4, CELLS}, random_values(dice, 4 * CELLS, -1, 1)}});
    add(nir.get(), WEFT_NIR_LI, "sums", {{"tau", {4}, {8}}, {"r", {4}, {1}}, {"v_leak", {4}, {0}}});
    add_output(nir.get(), "out", {4});
    connect(nir.get(), {{"in", "fc"},
                        {"fc", "cells"},
                        {"cells", "back"},
                        {"back", "cells"},
                        {"cells", "read"},
                        {"read", "sums"},
                        {"sums", "out"}});
    return nir;
}

class FloatRun : public testing::Test {
  protected:
    Nir nir = recurrent();
    Snn snn = make_snn(nir.get());
    weft_spikes input{};
    weft_float_run run{};
    int cells = weft_snn_find(snn.get(), "cells"), sums = weft_snn_find(snn.get(), "sums");

    void SetUp() override {
        std::mt19937 dice(5);
        input.neurons = INPUTS;
        for (uint64_t t = 0; t < (SAMPLES + 1) * TICKS; t++)
            for (uint32_t n = 0; n < INPUTS; n++)
                if (dice() % 4 == 0) { ASSERT_EQ(weft_spikes_add(&input, t, n, nullptr), WEFT_OK); }
        run.snn = snn.get();
        run.options = {1, WEFT_FLOAT_EULER, WEFT_FLOAT_RESET_SUBTRACT};
        run.input = &input;
        run.samples = SAMPLES, run.sample_ticks = TICKS; // the last 25 ticks are left out
        run.output = sums;
    }
    void TearDown() override { weft_spikes_free(&input); }

    std::vector<float> values() const {
        std::vector<float> x(SAMPLES * TICKS * INPUTS);
        for (size_t i = 0; i < input.count; i++) {
            const uint64_t tick = input.items[i].tick;
            if (tick < SAMPLES * TICKS) x[tick * INPUTS + input.items[i].neuron] = 1;
        }
        return x;
    }
};

struct Kept {
    std::vector<double> sums, membranes;
    std::vector<std::pair<uint64_t, uint32_t>> spikes;
    uint64_t fired = 0, inputs = 0;
    bool operator==(const Kept &o) const {
        return sums == o.sums && membranes == o.membranes && spikes == o.spikes && fired == o.fired &&
               inputs == o.inputs;
    }
};

Kept keep(weft_float_run run, const weft_snn *snn, int cells, int threads) {
    Kept kept;
    weft_error err{};
    weft_float_result result{};
    weft_spikes record{};
    const weft_float_probe probe = {cells, 2};
    kept.membranes.resize(run.samples * run.sample_ticks);
    run.recorded = &cells, run.records = &record, run.recorded_count = 1;
    run.probes = &probe, run.probe_count = 1, run.membranes = kept.membranes.data();
    run.threads = threads;
    EXPECT_EQ(weft_float_run_samples(&result, &run, &err), WEFT_OK) << err.text;
    kept.sums.assign(result.sums, result.sums + run.samples * result.classes);
    for (size_t i = 0; i < record.count; i++) kept.spikes.emplace_back(record.items[i].tick, record.items[i].neuron);
    kept.fired = result.spikes[cells], kept.inputs = result.spikes[weft_snn_find(snn, "in")];
    EXPECT_EQ(record.neurons, static_cast<uint64_t>(CELLS));
    weft_float_result_free(&result);
    weft_spikes_free(&record);
    return kept;
}

TEST_F(FloatRun, is_each_sample_alone) {
    const std::vector<float> x = values();
    Kept wanted;
    weft_float_network *net = nullptr;
    ASSERT_EQ(weft_float_network_create(&net, snn.get(), &run.options, nullptr), WEFT_OK);
    for (uint64_t s = 0; s < SAMPLES; s++) {
        weft_float_network_reset(net);
        std::vector<double> sum(4);
        for (uint64_t t = 0; t < TICKS; t++) {
            const float *in = x.data() + (s * TICKS + t) * INPUTS;
            weft_float_network_step(net, in);
            for (size_t k = 0; k < 4; k++) sum[k] = weft_float_network_output(net, sums)[k];
            for (uint32_t n = 0; n < CELLS; n++)
                if (weft_float_network_output(net, cells)[n] != 0) wanted.spikes.emplace_back(s * TICKS + t, n);
            for (int n = 0; n < INPUTS; n++) wanted.inputs += in[n] != 0;
            wanted.membranes.push_back(weft_float_network_membrane(net, cells)[2]);
        }
        wanted.sums.insert(wanted.sums.end(), sum.begin(), sum.end());
    }
    weft_float_network_destroy(net);
    wanted.fired = wanted.spikes.size();
    EXPECT_GT(wanted.fired, 50u);
    for (const int threads : {1, 2, 5}) EXPECT_TRUE(keep(run, snn.get(), cells, threads) == wanted) << threads;
    run.input = nullptr, run.values = x.data();
    EXPECT_TRUE(keep(run, snn.get(), cells, 3) == wanted);
}

TEST_F(FloatRun, neighbours_are_a_class) {
    weft_float_result alone{}, groups{};
    run.output = cells;
    ASSERT_EQ(weft_float_run_samples(&alone, &run, nullptr), WEFT_OK);
    run.classes = 4;
    ASSERT_EQ(weft_float_run_samples(&groups, &run, nullptr), WEFT_OK);
    EXPECT_EQ(alone.classes, static_cast<uint32_t>(CELLS));
    for (uint64_t s = 0; s < SAMPLES; s++) {
        uint32_t best = 0;
        for (uint32_t c = 0; c < 4; c++) {
            const double *n = alone.sums + s * CELLS + 2 * c;
            EXPECT_EQ(groups.sums[s * 4 + c], n[0] + n[1]);
            if (groups.sums[s * 4 + c] > groups.sums[s * 4 + best]) best = c;
        }
        EXPECT_EQ(weft_float_result_answer(&groups, s), best);
    }
    weft_float_result_free(&alone);
    weft_float_result_free(&groups);
}

TEST_F(FloatRun, stops_and_refuses) {
    volatile sig_atomic_t stop = 1;
    weft_float_result result{};
    weft_error err{};
    run.stop = &stop;
    EXPECT_EQ(weft_float_run_samples(&result, &run, &err), WEFT_E_INTERRUPTED);
    weft_float_result_free(&result);
    run.stop = nullptr, run.options.dt = 10; // twice a time constant
    EXPECT_EQ(weft_float_run_samples(&result, &run, &err), WEFT_E_INVALID);
    EXPECT_NE(std::string(err.text).find("cells"), std::string::npos) << err.text;
    weft_float_result_free(&result);
}

TEST_F(FloatRun, tells_who_fires) {
    EXPECT_TRUE(weft_float_fires(&snn->populations[cells]));
    EXPECT_TRUE(weft_float_fires(&snn->populations[weft_snn_find(snn.get(), "in")]));
    EXPECT_FALSE(weft_float_fires(&snn->populations[sums]));
}

} // namespace
