// Committed files of spiking networks that are made here: run with WEFT_UPDATE=1 to rewrite them.
#include "sim/spike/random.h"
#include "tests/support/golden.h"
#include "tests/support/nir_fixture.h"

using namespace weft_test;

namespace {

const std::string root = WEFT_SOURCE_FOLDER, folder = root + "/experiments/spiking/";
enum { GROUP = 10, CELLS = 2 * GROUP };

// Two groups of ten LIF neurons. A spike of a group's input excites it, its own spikes hold it up, and silence the
// other.
Nir rivals() {
    Values in(CELLS * 2), between(CELLS * CELLS);
    for (size_t to = 0; to < CELLS; to++) {
        in[to * 2 + to / GROUP] = 7 + 0.25 * static_cast<double>(to % GROUP);
        for (size_t from = 0; from < CELLS; from++)
            between[to * CELLS + from] = from == to ? 0 : from / GROUP == to / GROUP ? 0.5 : -4;
    }
    Nir nir = make_nir();
    add_input(nir.get(), "in", {2});
    add(nir.get(), WEFT_NIR_LINEAR, "excite", {{"weight", {CELLS, 2}, in}});
    add(nir.get(), WEFT_NIR_LINEAR, "between", {{"weight", {CELLS, CELLS}, between}});
    add(nir.get(), WEFT_NIR_LIF, "rivals",
        {{"tau", {CELLS}, {0.02}}, {"r", {CELLS}, {1}}, {"v_leak", {CELLS}, {0}}, {"v_threshold", {CELLS}, {1}}});
    add_output(nir.get(), "out", {CELLS});
    connect(nir.get(),
            {{"in", "excite"}, {"excite", "rivals"}, {"rivals", "between"}, {"between", "rivals"}, {"rivals", "out"}});
    return nir;
}

// Input 0 spikes every 5 ms, input 1 every 8 ms; from 150 ms on the other way round.
std::string rivals_csv() {
    std::string text = "tick,neuron\n";
    for (int t = 0; t < 300; t++)
        for (int n = 0; n < 2; n++)
            if (t % ((n == 0) == (t < 150) ? 5 : 8) == 0) text += std::to_string(t) + "," + std::to_string(n) + "\n";
    return text;
}

} // namespace

TEST(SpikingExamples, RandomNetworksHaveASchema) {
    expect_file(root + "/docs/schema/random.json", printed([](FILE *stream) {
                    weft_error err = {};
                    EXPECT_EQ(weft_record_json_schema(&weft_spike_random_record, stream, &err), WEFT_OK) << err.text;
                }));
}

TEST(SpikingExamples, RandomNetworksLoad) {
    for (const char *name : {"truenorth-20hz", "truenorth-near"}) {
        weft_spike_random config;
        weft_error err = {};
        ASSERT_EQ(weft_spike_random_load(&config, (folder + name + ".yaml").c_str(), &err), WEFT_OK) << err.text;
        EXPECT_EQ(config.cores[0] * config.cores[1] * config.neurons, 1048576);
        EXPECT_EQ(config.synapses, 128);
    }
}

// Of the file what it says counts: HDF5's versions write other bytes.
TEST(SpikingExamples, Rivals) {
    const Nir made = rivals();
    weft_nir *read = nullptr;
    weft_error err = {};
    if (std::getenv("WEFT_UPDATE")) {
        ASSERT_EQ(weft_nir_write(made.get(), (folder + "rivals.nir").c_str(), &err), WEFT_OK) << err.text;
    }
    ASSERT_EQ(weft_nir_read(&read, (folder + "rivals.nir").c_str(), &err), WEFT_OK) << err.text;
    const Nir committed(read);
    EXPECT_TRUE(weft_nir_equal(made.get(), committed.get()));
    expect_file(folder + "rivals.csv", rivals_csv());
}
