/* Networks on hand-made mappings for timed runs, whose times are known by hand. */
#ifndef WEFT_TESTS_SUPPORT_COSIM_CASES_H
#define WEFT_TESTS_SUPPORT_COSIM_CASES_H

#include "tests/support/cosim_fixture.h"

namespace weft_test {

/* 4 N + 1 + L of tests/unit/noc_test.cpp. */
inline uint64_t zero_load(uint64_t routers, uint64_t flits) { return 4 * routers + 1 + flits; }

inline network_ptr dense_network(int features, int classes) {
    network_ptr net = make_network({features, 1, 1});
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", classes, window_of(1, 1, 0), true);
    add_layer(net.get(), WEFT_LAYER_RELU, "relu");
    return net;
}

/* 4 values to 3 in one array of core 1, at router 1; the host at router 0. */
struct one_core_case : timed_case {
    one_core_case(size_t count, uint64_t seed, const weft_chip &the_chip = timed_chip())
        : timed_case(the_chip, dense_network(4, 3), count, seed) {
        mapping = hand_mapping(stages.get(), {{block_at(1, 0, 3)}}, {{tile_at(1, 0, 0, 4, 0, 3)}});
    }
};

/* 16, 36 and 1 positions of 32 cycles on cores 1, 3 and 2 of 2 x 2: the second layer sets the pace, 36 x 32 cycles an
 * image. */
struct pipeline_case : timed_case {
    pipeline_case(size_t count, uint64_t seed) : timed_case(chip_of(), network_of(), count, seed) {
        mapping =
            hand_mapping(stages.get(), {{block_at(1, 0, 2)}, {block_at(3, 0, 1)}, {block_at(2, 0, 4)}},
                         {{tile_at(1, 0, 0, 1, 0, 2)}, {tile_at(3, 0, 0, 2, 0, 1)}, {tile_at(2, 0, 0, 36, 0, 4)}});
    }

  private:
    static network_ptr network_of() {
        network_ptr net = make_network({1, 4, 4});
        add_layer(net.get(), WEFT_LAYER_CONV, "conv1", 2, window_of(1, 1, 0));
        add_layer(net.get(), WEFT_LAYER_CONV, "conv2", 1, window_of(1, 1, 1));
        add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
        add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 4);
        return net;
    }
    static weft_chip chip_of() {
        weft_chip chip = timed_chip();
        chip.array.rows = 36;
        chip.noc.mesh[1] = 2;
        weft_chip_resolve(&chip);
        return chip;
    }
};

/* Two dense layers read the 4 inputs; the second one adds the first one's 3 values. */
inline network_ptr addition_network() {
    network_ptr net = make_network({4, 1, 1});
    weft_layer dense = {}, sum = {};
    dense.kind = WEFT_LAYER_DENSE, dense.out.channels = 3;
    sum.kind = WEFT_LAYER_ADD;
    EXPECT_EQ(weft_network_add(net.get(), &dense, "first", -1, false, nullptr, nullptr), WEFT_OK);
    EXPECT_EQ(weft_network_add(net.get(), &dense, "second", -1, false, nullptr, nullptr), WEFT_OK);
    EXPECT_EQ(weft_network_add(net.get(), &sum, "sum", 1, false, nullptr, nullptr), WEFT_OK); /* input2: first */
    return net;
}

} // namespace weft_test
#endif
