// Random networks mapped onto small chips: what comes out fits, is whole, and the report counts it.
#include <unistd.h>

#include <fstream>
#include <functional>

#include "tests/support/spike_mapper_fixture.h"

using namespace weft_test;

namespace {

/* How often a network fits, out of all seeds. */
int map_all(const char *model, int limit, uint32_t seeds, const std::function<chip_ptr(std::mt19937 &)> &make_chip,
            uint64_t *relays) {
    int fitting = 0;
    for (uint32_t seed = 0; seed < seeds; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937 dice(seed);
        hand_net net(model);
        random_net(net, dice, uint32_t(limit));
        const chip_ptr chip = make_chip(dice);
        weft_spike_map_options options = weft_spike_map_defaults();
        options.placer = seed % 16 ? "row_major" : nullptr;
        options.threads = 1 + int(seed % 2);
        const mapped_net mapped(net, chip.get(), options);
        if (!mapped.mapping) {
            EXPECT_EQ(mapped.err.status, WEFT_E_NO_FIT) << mapped.err.text;
            continue;
        }
        fitting++;
        expect_whole(mapped.layout.get(), net, chip.get());
        const weft_spike_map_report &r = mapped.report;
        EXPECT_EQ(r.cores_used, mapped.layout->cores_used);
        EXPECT_LE(r.cores_bound, r.cores_used);
        EXPECT_GE(r.cores_bound, 1);
        EXPECT_EQ(r.axons, mapped.layout->axons);
        EXPECT_EQ(r.packets + r.packets_local + r.host_packets, r.axons);
        EXPECT_EQ(r.hops, weft_spike_layout_hops(mapped.layout.get(), chip.get()));
        EXPECT_LE(r.bounds.flit_hops, r.placements[r.placement_count - 1].flit_hops);
        uint64_t packets = 0, copies = 0, synapses = 0;
        for (int p = 0; p < r.population_count; p++) {
            packets += r.populations[p].packets, copies += r.populations[p].copies;
            synapses += r.populations[p].synapses;
        }
        EXPECT_EQ(packets, r.axons);
        EXPECT_EQ(copies, r.copies);
        EXPECT_EQ(synapses + r.relays, r.synapses);
        /* No idle copy. */
        for (int c = 0; c < mapped.layout->core_count; c++)
            for (int s = 1; s < mapped.layout->cores[c].slot_count; s++) {
                const weft_laid_core &core = mapped.layout->cores[c];
                if (!core.slots[s].relay && !core.slots[s - 1].relay &&
                    core.slots[s].population == core.slots[s - 1].population &&
                    core.slots[s].neuron == core.slots[s - 1].neuron) {
                    EXPECT_GT(core.first[s + 1], core.first[s]);
                }
            }
        if (relays) *relays += r.relays;
        if (testing::Test::HasFailure()) break;
    }
    return fitting;
}

TEST(SpikeMapper, RandomNetworksOnCrossbars) {
    uint64_t relays = 0;
    const int fitting = map_all(
        "truenorth", 50, 50,
        [](std::mt19937 &dice) {
            const int destinations = int(dice() % 4);
            return small_chip(200, 20 + int(dice() % 40), 60 + int(dice() % 60), destinations);
        },
        &relays);
    EXPECT_GT(fitting, 30);
    EXPECT_GT(relays, 20u);
}

TEST(SpikeMapper, RandomNetworksOnSparseCores) {
    const int fitting = map_all(
        "loihi", 50, 40,
        [](std::mt19937 &dice) {
            return load_chip("loihi1", {"limits.neurons=" + std::to_string(5 + dice() % 40),
                                        "limits.axons=" + std::to_string(80 + dice() % 80),
                                        "limits.axons_out=" + std::to_string(30 + dice() % 300),
                                        "synapse.memory_bytes=" + std::to_string(300 + dice() % 2000)});
        },
        nullptr);
    EXPECT_GT(fitting, 30);
}

/* The same bytes whatever the threads. */
TEST(SpikeMapper, Deterministic) {
    std::mt19937 dice(9);
    hand_net net;
    net.input("in", 8 * 16 * 16), net.neurons("a", 16 * 16 * 16), net.neurons("b", 16 * 8 * 8, true);
    net.project(0, 1, convolution(8, 16, 16, 1, 16, 1, dice));
    net.project(1, 2, convolution(16, 16, 16, 2, 16, 2, dice));
    const chip_ptr chip = load_chip("truenorth", {"noc.mesh=[16, 16]"});
    std::string texts[2];
    for (int i = 0; i < 2; i++) {
        weft_spike_map_options options = weft_spike_map_defaults();
        options.threads = 1 + i;
        const mapped_net mapped(net, chip.get(), options);
        ASSERT_TRUE(mapped.mapping) << mapped.err.text;
        const std::string path = testing::TempDir() + "weft_spike_map_" + std::to_string(getpid()) + ".yaml";
        ASSERT_EQ(weft_spike_mapping_write(mapped.mapping.get(), path.c_str(), nullptr), WEFT_OK);
        std::ifstream file(path);
        std::getline(file, texts[i], '\0');
        unlink(path.c_str());
        expect_whole(mapped.layout.get(), net, chip.get());
    }
    EXPECT_GT(texts[0].size(), 1000u);
    EXPECT_EQ(texts[0], texts[1]);
}

} // namespace
