// Layouts of random networks mapped at random: every synapse and every axon by the definition.
#include "tests/support/spike_map_random.h"

using namespace weft_test;

namespace {

TEST(SpikeLayout, RandomNetworks) {
    for (uint32_t seed = 0; seed < 60; seed++) {
        random_case c(seed, seed % 3 ? "truenorth" : "loihi", false, 40);
        weft_error err = {};
        const layout_ptr layout = lay_out(c.mapping.get(), c.net, c.chip.get(), &err);
        ASSERT_TRUE(layout) << seed << ": " << err.text;
        SCOPED_TRACE(seed);
        expect_whole(layout.get(), c.net, c.chip.get());
        EXPECT_EQ(layout->relays, 0u);
        if (HasFailure()) return;
    }
}

TEST(SpikeLayout, RandomNetworksWithRelays) {
    int relayed = 0;
    for (uint32_t seed = 100; seed < 160; seed++) {
        random_case c(seed, "truenorth", true, 25);
        weft_error err = {};
        const layout_ptr layout = lay_out(c.mapping.get(), c.net, c.chip.get(), &err);
        ASSERT_TRUE(layout) << seed << ": " << err.text;
        SCOPED_TRACE(seed);
        expect_whole(layout.get(), c.net, c.chip.get());
        relayed += c.relayed;
        if (HasFailure()) return;
    }
    EXPECT_GT(relayed, 100);
}

} // namespace
