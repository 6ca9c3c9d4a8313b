// Axons, delays and routes of small layouts, worked out by hand; what does not fit.
#include "tests/support/spike_map_fixture.h"

using namespace weft_test;

namespace {

/* "P.N kind K delay D" of a core's axons. */
std::vector<std::string> axons(const weft_spike_layout *layout, int core) {
    std::vector<std::string> all;
    for (int a = 0; a < layout->cores[core].axon_count; a++) {
        const weft_spike_axon &x = layout->cores[core].axons[a];
        all.push_back(std::to_string(x.population) + "." + std::to_string(x.neuron) + " kind " +
                      std::to_string(x.kind) + " delay " + std::to_string(x.delay));
    }
    return all;
}
/* "SLOT > CORE.AXON+DELAY" of a core's routes. */
std::vector<std::string> routes(const weft_spike_layout *layout, int core) {
    std::vector<std::string> all;
    for (int s = 0; s < layout->cores[core].slot_count; s++)
        for (uint64_t r = layout->cores[core].first[s]; r < layout->cores[core].first[s + 1]; r++) {
            const weft_spike_route &x = layout->cores[core].routes[r];
            all.push_back(std::to_string(s) + " > " + std::to_string(x.core) + "." + std::to_string(x.axon) + "+" +
                          std::to_string(x.delay));
        }
    return all;
}
/* Slots as "P.N", relays "r". */
std::string slots(const weft_spike_layout *layout, int core) {
    std::string all;
    for (int s = 0; s < layout->cores[core].slot_count; s++) {
        const weft_spike_slot &x = layout->cores[core].slots[s];
        all += (s ? " " : "") + std::to_string(x.population) + "." + std::to_string(x.neuron) + (x.relay ? "r" : "");
    }
    return all;
}
using Texts = std::vector<std::string>;

/* in(2) -> a(2) -> b(3), a skip from in to b, b back to itself. */
void two_layers(hand_net &net, int loop_delay = 1) {
    net.input("in", 2), net.neurons("a", 2), net.neurons("b", 3, true);
    net.project(0, 1, {{0, 0, 1}, {0, 1, -1}, {1, 1, 1}});
    net.project(1, 2, {{0, 0, 2}, {0, 1, 2}, {0, 2, -1}, {1, 2, 2}});
    net.project(0, 2, {{1, 0, 2}});
    if (loop_delay) net.project(2, 2, {{0, 2, -1}}, loop_delay, true);
}

layout_ptr laid_out(const hand_net &net, const chip_ptr &chip, const std::vector<std::string> &texts) {
    weft_error err = {};
    const spike_mapping_ptr mapping = parse_mapping(mapping_text(texts), &err);
    EXPECT_TRUE(mapping) << err.text;
    layout_ptr layout = lay_out(mapping.get(), net, chip.get(), &err);
    EXPECT_TRUE(layout) << err.text;
    return layout;
}
std::string refusal(const hand_net &net, const chip_ptr &chip, const std::vector<std::string> &texts,
                    weft_status status = WEFT_E_INVALID) {
    weft_error err = {};
    const spike_mapping_ptr mapping = parse_mapping(mapping_text(texts), &err);
    EXPECT_TRUE(mapping) << err.text;
    EXPECT_FALSE(lay_out(mapping.get(), net, chip.get(), &err));
    EXPECT_EQ(err.status, status);
    return std::to_string(err.line) + ": " + err.text;
}

TEST(SpikeLayout, ByHand) {
    hand_net net;
    two_layers(net);
    const chip_ptr chip = small_chip(3, 8, 8);
    /* Ranks into a: -1, 1; into b: -1, 2. Neuron 0 of a goes to core 1 with both, to core 2 with 2. */
    const layout_ptr layout = laid_out(net, chip, {"a 2: 0 0*3 1", "b 3: 1 2 0; 2 1"});
    ASSERT_TRUE(layout);
    EXPECT_EQ(std::vector<int>(layout->lag, layout->lag + 3), (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(layout->depth, 2);
    EXPECT_EQ(layout->copies, 2u);
    EXPECT_EQ(layout->relays, 0u);
    EXPECT_EQ(layout->cores_used, 3);
    EXPECT_EQ(slots(layout.get(), 0), "1.0 1.0 1.0 1.1");
    EXPECT_EQ(slots(layout.get(), 1), "2.2 2.0");
    EXPECT_EQ(axons(layout.get(), 0), (Texts{"0.0 kind 0 delay 1", "0.0 kind 1 delay 1", "0.1 kind 1 delay 1"}));
    EXPECT_EQ(axons(layout.get(), 1), (Texts{"0.1 kind 1 delay 2", "1.0 kind 0 delay 1", "1.0 kind 1 delay 1",
                                             "1.1 kind 1 delay 1", "2.0 kind 0 delay 1"}));
    EXPECT_EQ(axons(layout.get(), 2), (Texts{"1.0 kind 1 delay 1"}));
    EXPECT_EQ(routes(layout.get(), 0), (Texts{"0 > 1.1+1", "1 > 1.2+1", "2 > 2.0+1", "3 > 1.3+1"}));
    EXPECT_EQ(routes(layout.get(), 1), (Texts{"1 > 1.4+1"}));
    EXPECT_EQ(std::vector<uint64_t>(layout->input_first, layout->input_first + 3), (std::vector<uint64_t>{0, 2, 4}));
    EXPECT_EQ(layout->input_routes[3].core, 1u);
    EXPECT_EQ(layout->input_routes[3].delay, 2);
    EXPECT_EQ(layout->axons, 9u);
    EXPECT_EQ(layout->synapses, 3u + 2 + 4 + 1 + 1); /* those of a's first neuron three times */
    EXPECT_EQ(layout->cores[0].memory_bits, 3u * 4);
    EXPECT_EQ(weft_spike_layout_hops(layout.get(), chip.get()), 1u + 1 + 2 + 1);
    expect_whole(layout.get(), net, chip.get());
}

TEST(SpikeLayout, WithoutALimitOfDestinations) {
    hand_net net("loihi");
    two_layers(net);
    net.weights[1].exponent = -1;
    const chip_ptr chip = load_chip("loihi1");
    const layout_ptr layout = laid_out(net, chip, {"a 2: 0 0 1", "b 3: 1 2 0; 2 1"});
    ASSERT_TRUE(layout);
    EXPECT_EQ(routes(layout.get(), 0), (Texts{"0 > 1.1+1", "0 > 2.0+1", "1 > 1.2+1"}));
    EXPECT_EQ(axons(layout.get(), 1),
              (Texts{"0.1 kind -1 delay 2", "1.0 kind 0 delay 1", "1.1 kind 0 delay 1", "2.0 kind 0 delay 1"}));
    EXPECT_EQ(layout->cores[1].synapses, 5u);
    EXPECT_EQ(layout->cores[1].memory_bits, 95u); /* 5 x 2.375 bytes */
    expect_whole(layout.get(), net, chip.get());
}

TEST(SpikeLayout, RelaysServeFromTheEnd) {
    hand_net net;
    two_layers(net, 0);
    const chip_ptr chip = small_chip(3, 8, 8);
    /* Neuron 0 of a: axons 1.1, 1.2, 2.0. Its copies serve the relay on core 2 and the first axon. */
    const layout_ptr layout = laid_out(net, chip, {"a 2: 0 0*2 1 / 2 0*2", "b 3: 1 2 0; 2 1"});
    ASSERT_TRUE(layout);
    EXPECT_EQ(std::vector<int>(layout->lag, layout->lag + 3), (std::vector<int>{0, 1, 3}));
    EXPECT_EQ(layout->relays, 2u);
    EXPECT_EQ(slots(layout.get(), 2), "2.1 1.0r 1.0r");
    EXPECT_EQ(axons(layout.get(), 2), (Texts{"1.0 kind 1 delay 2", "1.0 kind -1 delay 1"}));
    EXPECT_EQ(routes(layout.get(), 0), (Texts{"0 > 2.1+1", "1 > 1.1+2", "2 > 1.3+2"}));
    EXPECT_EQ(routes(layout.get(), 2), (Texts{"1 > 2.0+1", "2 > 1.2+1"}));
    EXPECT_EQ(layout->input_routes[3].delay, 3);
    expect_whole(layout.get(), net, chip.get());
}

TEST(SpikeLayout, WeightsThatWereRoundedAwayAreNoSynapses) {
    hand_net net;
    net.input("in", 2), net.neurons("a", 1);
    net.project(0, 0 + 1, {{0, 0, 1}, {1, 0, 5}});
    float fitted[] = {1, 0};
    net.weights[0].weights = fitted;
    const layout_ptr layout = laid_out(net, small_chip(1, 1, 1), {"a 1: 0 0"});
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->axons, 1u);
    EXPECT_EQ(layout->weight_rank_count[1], 1);
    EXPECT_EQ(layout->input_first[2], 1u);
}

TEST(SpikeLayout, Limits) {
    hand_net net;
    two_layers(net);
    const std::vector<std::string> good = {"a 2: 0 0*3 1", "b 3: 1 2 0; 2 1"};
    EXPECT_EQ(refusal(net, small_chip(3, 3, 8), good),
              "9: core 0: 4 neurons, truenorth has 3 a core; most are of \"a\"");
    EXPECT_EQ(refusal(net, small_chip(3, 8, 4), good),
              "13: core 1: 5 axons, truenorth has 4 a core; most are of \"a\"");
    EXPECT_EQ(refusal(net, small_chip(3, 8, 8), {"a 2: 0 0*2 1", "b 3: 1 2 0; 2 1"}),
              "9: neuron 0 of \"a\" goes to 3 axons; its 2 copies of 1 destination and 0 relays serve 2");
    EXPECT_EQ(refusal(net, small_chip(3, 8, 8, 2), {"a 2: 0 0 1", "b 3: 1 2 0; 2 1"}),
              "9: neuron 0 of \"a\" goes to 3 axons; its 1 copy of 2 destinations and 0 relays serve 2");
    EXPECT_EQ(refusal(net, small_chip(3, 8, 8, 1, {"synapse.axon_types=1"}), good),
              "6: synapses into \"a\" have more than 1 different weights (1, -1, ...); truenorth has that many axon "
              "types");
    EXPECT_EQ(refusal(net, small_chip(3, 8, 8, 1, {"limits.axons_out=3"}), good),
              "9: core 0: 4 destinations of its neurons, truenorth has 3 a core; most are of \"a\"");
    EXPECT_EQ(
        refusal(net, small_chip(3, 8, 8, 1, {"limits.delay_ticks=1"}), good),
        "10: from \"in\" to \"b\" it takes 2 ticks on the chip (0 in the network, and as much as the layers between "
        "take); truenorth has delays of 1 to 1");
}

TEST(SpikeLayout, MemoryAndModels) {
    hand_net net("loihi");
    two_layers(net);
    EXPECT_EQ(refusal(net, load_chip("loihi1", {"synapse.memory_bytes=11"}), {"a 2: 0 0 1", "b 3: 1 2 0; 2 1"}),
              "13: core 1: 12 bytes of synapses, loihi1 has 11 a core; most are of \"b\"");
    net.fitted[2].model = "lif";
    EXPECT_EQ(refusal(net, load_chip("loihi1"), {"a 2: 0 0 1", "b 3: 0 0; 1 1-2"}),
              "13: core 0: \"b\" is of model lif, \"a\", there too, of loihi");
}

TEST(SpikeLayout, LoopsNeedTheirTime) {
    hand_net net;
    two_layers(net, 0);
    net.project(2, 1, {{0, 0, 1}}, 1, true);
    EXPECT_EQ(
        refusal(net, small_chip(1, 9, 9, 0), {"a 2: 0 0 1", "b 3: 0 0-2"}),
        "6: the loop from \"b\" back to \"a\" has 1 ticks, but \"b\" comes 1 ticks behind \"a\" on the chip: it needs "
        "a delay of 2 at least");
    hand_net slower;
    two_layers(slower, 0);
    slower.project(2, 1, {{0, 0, 1}}, 2, true);
    const layout_ptr layout = laid_out(slower, small_chip(1, 9, 9, 0), {"a 2: 0 0 1", "b 3: 0 0-2"});
    ASSERT_TRUE(layout);
    EXPECT_EQ(axons(layout.get(), 0).back(), "2.0 kind 1 delay 1");
}

TEST(SpikeLayout, OutputsThatSum) {
    hand_net net;
    net.input("in", 1), net.neurons("a", 1), net.population("out", WEFT_NIR_OUTPUT, 1);
    net.project(1, 2, {{0, 0, 1}});
    EXPECT_EQ(refusal(net, small_chip(1, 1, 1), {"a 1: 0 0"}, WEFT_E_UNSUPPORTED),
              "0: \"out\" is an Output that gets weighted sums; a chip puts out spikes of neurons");
}

} // namespace
