// The mapper of spiking networks on small cases: what shares a core, copies, splitter neurons, bounds, refusals.
#include "tests/support/golden.h"
#include "tests/support/spike_mapper_fixture.h"

using namespace weft_test;

namespace {

std::string refusal(const hand_net &net, const chip_ptr &chip, weft_status status = WEFT_E_NO_FIT) {
    const mapped_net mapped(net, chip.get());
    EXPECT_FALSE(mapped.mapping);
    EXPECT_EQ(mapped.err.status, status);
    return mapped.err.text;
}

/* Neurons of groups that share no source, mixed up: each group on a core of its own. */
TEST(SpikeMapper, GroupsAreFound) {
    hand_net net;
    net.input("in", 32), net.neurons("a", 32, true);
    std::vector<synapse> all;
    for (uint32_t n = 0; n < 32; n++) /* neurons n % 4 alike read the eight inputs 8 (n % 4) .. */
        for (uint32_t i = 0; i < 8; i++) all.push_back({8 * (n % 4) + i, n, 1});
    net.project(0, 1, all);
    const chip_ptr chip = small_chip(4, 8, 8);
    const mapped_net mapped(net, chip.get());
    ASSERT_TRUE(mapped.mapping) << mapped.err.text;
    EXPECT_EQ(mapped.report.cores_used, 4);
    EXPECT_EQ(mapped.report.cores_bound, 4);
    EXPECT_EQ(mapped.report.axons, 32u);
    EXPECT_EQ(mapped.report.neurons_percent, 100);
    EXPECT_EQ(mapped.report.axons_percent, 100);
    EXPECT_EQ(mapped.report.populations[1].fan_in, 8u);
    EXPECT_EQ(mapped.report.populations[0].fan_out, 8u);
    EXPECT_EQ(mapped.report.host_packets, 32u);
    EXPECT_EQ(mapped.report.packets, 0u);
}

/* A neuron with targets on three cores stands there three times, without a limit once. */
TEST(SpikeMapper, CopiesByDestinations) {
    hand_net net;
    net.input("in", 1), net.neurons("a", 1), net.neurons("b", 12, true);
    net.project(0, 1, {{0, 0, 1}});
    std::vector<synapse> all;
    for (uint32_t n = 0; n < 12; n++) all.push_back({0, n, 1});
    net.project(1, 2, all);
    for (const auto &[destinations, copies] : {std::pair{1, 2u}, {2, 1u}, {3, 0u}, {0, 0u}}) {
        const chip_ptr chip = small_chip(5, 4, 4, destinations);
        const mapped_net mapped(net, chip.get());
        ASSERT_TRUE(mapped.mapping) << mapped.err.text;
        EXPECT_EQ(mapped.report.copies, copies) << destinations;
        EXPECT_EQ(mapped.report.relays, 0u);
        EXPECT_EQ(mapped.report.cores_used, 4);
        EXPECT_EQ(mapped.report.cores_bound, 4); /* 13 neurons */
        EXPECT_EQ(mapped.report.packets + mapped.report.packets_local, 3u);
        EXPECT_EQ(mapped.report.depth, 2);
        expect_whole(mapped.layout.get(), net, chip.get());
    }
}

/* Three axons, room for two copies: both reach groups of splitter neurons, which take a tick more. */
TEST(SpikeMapper, SplittersWhereCopiesDoNotFit) {
    hand_net net;
    net.input("in", 1), net.neurons("a", 1), net.neurons("b", 6, true);
    net.project(0, 1, {{0, 0, 1}});
    std::vector<synapse> all;
    for (uint32_t n = 0; n < 6; n++) all.push_back({0, n, 1});
    net.project(1, 2, all);
    const chip_ptr chip = small_chip(20, 2, 4);
    const mapped_net mapped(net, chip.get());
    ASSERT_TRUE(mapped.mapping) << mapped.err.text;
    EXPECT_EQ(mapped.report.relays, 3u);
    EXPECT_EQ(mapped.report.copies, 1u);
    EXPECT_EQ(mapped.report.depth, 3);
    expect_whole(mapped.layout.get(), net, chip.get());
    net.project(1, 1, {{0, 0, 1}}, 1, true);
    EXPECT_EQ(
        refusal(net, chip),
        "neuron 0 of \"a\" goes to 3 axons at least, and a core of truenorth has 2 neurons of 1 destinations: splitter "
        "neurons would take a tick more, which its loop of 1 tick does not leave");
}

/* Two small populations share a core, those of two models do not. */
TEST(SpikeMapper, SmallOnesShareACore) {
    hand_net net;
    net.input("in", 3), net.neurons("a", 3), net.neurons("b", 3, true);
    net.project(0, 1, {{0, 0, 1}, {1, 1, 1}, {2, 2, 1}});
    net.project(1, 2, {{0, 0, 1}, {1, 1, 1}, {2, 2, 1}});
    const chip_ptr chip = small_chip(3, 6, 6);
    EXPECT_EQ(mapped_net(net, chip.get()).report.cores_used, 1);
    net.fitted[2].model = "lif";
    EXPECT_EQ(mapped_net(net, chip.get()).report.cores_used, 2);
}

TEST(SpikeMapper, Refusals) {
    hand_net net;
    net.input("in", 9), net.neurons("fc1", 4, true);
    std::vector<synapse> all;
    for (uint32_t n = 0; n < 4; n++)
        for (uint32_t i = 0; i < 6 + n; i++) all.push_back({i, n, 1});
    net.project(0, 1, all);
    EXPECT_EQ(refusal(net, small_chip(4, 8, 8)),
              "neuron 3 of \"fc1\" has 9 sources, truenorth has 8 axons a core: make the layer's fan-in smaller "
              "(convolution groups, layers in between), or try --set limits.axons=9");
    EXPECT_EQ(
        refusal(net, small_chip(3, 1, 9)),
        "the network takes 4 cores, truenorth has 3; 2 chips would do: --set noc.mesh=[6,1] --set noc.chips=[2,1]");
    EXPECT_EQ(refusal(net, small_chip(3, 9, 9, 1,
                                      {"synapse.axon_types=0", "synapse.type_weight_bits=0", "synapse.encoding=sparse",
                                       "synapse.synapse_bytes=2", "synapse.memory_bytes=17"})),
              "neuron 3 of \"fc1\" has 9 synapses, with its copies; a core of truenorth has memory for 8");
    EXPECT_EQ(refusal(net, load_chip("isaac-ce"), WEFT_E_UNSUPPORTED),
              "a spiking network needs a spiking chip; \"isaac-ce\" is none");
    hand_net none;
    none.input("in", 1);
    EXPECT_EQ(refusal(none, small_chip(1, 1, 1), WEFT_E_INVALID), "the network has no neurons to map");
}

TEST(SpikeMapper, Printed) {
    hand_net net;
    net.input("in", 1), net.neurons("a", 1), net.neurons("b", 12, true);
    net.project(0, 1, {{0, 0, 1}});
    std::vector<synapse> all;
    for (uint32_t n = 0; n < 12; n++) all.push_back({0, n, 1});
    net.project(1, 2, all);
    const chip_ptr chip = small_chip(5, 4, 4);
    const mapped_net mapped(net, chip.get());
    ASSERT_TRUE(mapped.mapping) << mapped.err.text;
    EXPECT_EQ(printed([&](FILE *f) { weft_spike_map_print_table(&mapped.report, &net.snn, f); }),
              "population   neurons    copies splitters  cores  lag   synapses  fan-in fan-out    packets\n"
              "in                 1         0         0      0    0          0       0       1          1\n"
              "a                  1         2         0      1    1          3       1      12          3\n"
              "b                 12         0         0      3    2         12       1       0          0\n");
    const std::string text = printed([&](FILE *f) {
        weft_spike_map_print_summary(&mapped.report, chip.get(), f);
        weft_spike_map_print_explanation(&mapped.report, &net.snn, chip.get(), WEFT_OBJECTIVE_ENERGY, f);
    });
    for (const char *line :
         {"truenorth: 4 of 5 cores, 13 neurons, 2 copies, 0 splitter neurons, 4 axons, ",
          "\nobjective: energy\npartition: 13 neurons in 4 clusters, 2 copies and 0 splitter neurons for "
          "destinations, 1 round\nmerge: 4 clusters and groups of splitter neurons on 4 cores\n",
          "\nlayout: 4 axons, 15 synapses with those of copies, outputs 2 ticks behind inputs\n",
          "\nfullest core: 100.0 % of its neurons, 25.0 % of its axons, ",
          "\ncores                                     4              4       0.0  (neurons)\n", "\nrefined "})
        EXPECT_NE(text.find(line), text.npos) << line << "\n" << text;
}

} // namespace
