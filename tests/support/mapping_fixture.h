// Small chips, networks and mappings for tests of lowering, mapper and traffic. Random networks with branches:
// random_network.h; random mappings with copies and parts, made without the mapper: random_mapping.h.
#ifndef WEFT_TESTS_SUPPORT_MAPPING_FIXTURE_H
#define WEFT_TESTS_SUPPORT_MAPPING_FIXTURE_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/rng.h"
#include "core/traffic.h"
#include "mapper/mapper.h"
extern "C" {
#include "core/chip_internal.h"
}

namespace weft_test {

using network_ptr = std::unique_ptr<weft_network, decltype(&weft_network_destroy)>;
using stages_ptr = std::unique_ptr<weft_stages, decltype(&weft_stages_destroy)>;
using mapping_ptr = std::unique_ptr<weft_mapping, decltype(&weft_mapping_destroy)>;
using traffic_ptr = std::unique_ptr<weft_traffic, decltype(&weft_traffic_destroy)>;

/* Analog differential cells: one column a weight. Arrays of 4 x 4, 2 a core, 2 x 1 routers, 8-bit inputs, 16-bit
 * partial sums, 16-bit flits with 8 header bits, 64 bytes of buffer, host at (0, 0). Change what is written, then call
 * weft_chip_resolve. */
inline weft_chip tiny_chip() {
    weft_chip chip;
    memset(&chip, 0, sizeof chip);
    chip.name = "tiny";
    chip.cycle_ns = 1.0;
    chip.array.rows = chip.array.columns = 4;
    chip.array.per_core = 2;
    chip.weight.bits = 8;
    chip.weight.encoding = WEFT_WEIGHT_DIFFERENTIAL_CELL;
    chip.weight.clip_percentile = 100;
    chip.device.program = chip.device.program_table = "";
    chip.device.program_parallel = 1;
    chip.wires.interleaved = true;
    chip.input.bits = 8;
    chip.input.bits_per_pulse = 1;
    chip.input.pulse_ns.value = 1.0;
    chip.adc.bits = 8;
    chip.adc.per_array = 1;
    chip.core.buffer_bytes = 64;
    chip.core.digital_lanes = 1;
    chip.noc.mesh[0] = 2;
    chip.noc.mesh[1] = 1;
    chip.noc.concentration = 1;
    chip.noc.flit_bits = 16;
    chip.noc.header_bits = 8;
    chip.io.bits_per_cycle = 16;
    chip.io.partial_bits = 16;
    weft_chip_resolve(&chip);
    return chip;
}

inline weft_window window_of(int kernel, int stride, int pad, int dilation = 1) {
    return {kernel, kernel, stride, stride, dilation, dilation, pad, pad, pad, pad};
}

/* Index of the new layer after `input`, or -2 when its shapes do not work out. */
inline int add_after(weft_network *net, int input, weft_layer proto, const char *name, bool bias = false) {
    int index = -1;
    weft_error err;
    return weft_network_add(net, &proto, name, input, bias, &index, &err) == WEFT_OK ? index : -2;
}
inline weft_layer layer_of(weft_layer_kind kind, int out_channels = 0, weft_window window = window_of(1, 1, 0),
                           int groups = 1) {
    weft_layer proto = {};
    proto.kind = kind;
    proto.out.channels = out_channels;
    proto.window = window;
    proto.groups = groups;
    proto.epsilon = 1e-5f;
    return proto;
}
/* ADD or CONCAT. */
inline int add_pair(weft_network *net, weft_layer_kind kind, int input, int input2, const char *name) {
    weft_layer proto = layer_of(kind);
    proto.input2 = input2;
    return add_after(net, input, proto, name);
}
/* Index of the new last layer, or -1 when its shapes do not work out. */
inline int add_layer(weft_network *net, weft_layer_kind kind, const char *name, int out_channels = 0,
                     weft_window window = window_of(1, 1, 0), bool bias = false) {
    int index = add_after(net, net->layer_count - 1, layer_of(kind, out_channels, window), name, bias);
    return index < 0 ? -1 : index;
}

inline weft_layer activation_clip(float low, float high) {
    weft_layer l = {};
    l.kind = WEFT_LAYER_CLIP;
    l.low = low, l.high = high;
    return l;
}
inline weft_layer activation_quantise(float low, float high, int levels) {
    weft_layer l = activation_clip(low, high);
    l.kind = WEFT_LAYER_QUANTISE;
    l.levels = levels;
    return l;
}
inline weft_layer activation_threshold(float threshold, bool is_signed) {
    weft_layer l = {};
    l.kind = WEFT_LAYER_THRESHOLD;
    l.threshold = threshold, l.signed_spikes = is_signed;
    return l;
}
inline void add_activation(weft_network *net, const weft_layer &proto, const char *name) {
    weft_error err = {};
    EXPECT_EQ(weft_network_add(net, &proto, name, net->layer_count - 1, false, nullptr, &err), WEFT_OK) << err.text;
}

inline network_ptr make_network(weft_shape input) {
    weft_network *net = nullptr;
    EXPECT_EQ(weft_network_create(&net, "net", input, nullptr), WEFT_OK);
    return network_ptr(net, weft_network_destroy);
}

inline stages_ptr lower(const weft_network *net) {
    weft_stages *stages = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_lower(&stages, net, &err), WEFT_OK) << err.text;
    return stages_ptr(stages, weft_stages_destroy);
}

/* By the mapper; NULL, with err, when it does not fit. */
inline mapping_ptr map(const weft_stages *stages, const weft_chip *chip, weft_error *err,
                       weft_map_report *report = nullptr, const weft_map_options *options = nullptr) {
    weft_mapping *mapping = nullptr;
    weft_map(&mapping, report, stages, chip, options, err);
    return mapping_ptr(mapping, weft_mapping_destroy);
}

/* By hand: a mapping with room for every stage, its name, matrix and copies set. */
inline mapping_ptr empty_mapping(const weft_stages *stages, int parts = 1) {
    weft_mapping *mapping = nullptr;
    EXPECT_EQ(weft_mapping_create(&mapping, stages->count, nullptr), WEFT_OK);
    mapping->parts = parts;
    for (int s = 0; s < stages->count; s++) {
        mapping->stages[s].name = strdup(stages->items[s].name);
        mapping->stages[s].rows = stages->items[s].rows;
        mapping->stages[s].columns = stages->items[s].columns;
    }
    return mapping_ptr(mapping, weft_mapping_destroy);
}
/* Blocks and tiles of one stage, in place of what it had; sorted as a mapping has them. */
inline void set_stage(weft_mapping *mapping, int stage, const std::vector<weft_output_block> &blocks,
                      const std::vector<weft_tile> &tiles, int copies_y = 1, int copies_x = 1) {
    weft_mapped_stage &s = mapping->stages[stage];
    free(s.blocks);
    free(s.tiles);
    s.blocks = static_cast<weft_output_block *>(calloc(blocks.size() + 1, sizeof(weft_output_block)));
    s.tiles = tiles.empty() ? nullptr : static_cast<weft_tile *>(calloc(tiles.size(), sizeof(weft_tile)));
    s.block_count = static_cast<int>(blocks.size());
    s.tile_count = static_cast<int>(tiles.size());
    s.copies_y = copies_y;
    s.copies_x = copies_x;
    std::copy(blocks.begin(), blocks.end(), s.blocks);
    std::copy(tiles.begin(), tiles.end(), s.tiles);
    std::sort(s.blocks, s.blocks + s.block_count, [](const weft_output_block &a, const weft_output_block &b) {
        return std::tie(a.copy, a.column_begin) < std::tie(b.copy, b.column_begin);
    });
    std::sort(s.tiles, s.tiles + s.tile_count, [](const weft_tile &a, const weft_tile &b) {
        return std::tie(a.copy, a.column_begin, a.row_begin) < std::tie(b.copy, b.column_begin, b.row_begin);
    });
}
inline weft_output_block block_at(int core, int begin, int end, int part = 0, int copy = 0) {
    return {part, copy, core, begin, end, 0};
}
inline weft_tile tile_at(int core, int array, int row_begin, int row_end, int column_begin, int column_end,
                         int part = 0, int copy = 0) {
    return {part, copy, core, array, row_begin, row_end, column_begin, column_end, 0};
}

inline traffic_ptr make_traffic(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip) {
    weft_traffic *traffic = nullptr;
    EXPECT_EQ(weft_traffic_create(&traffic, mapping, stages, chip, nullptr), WEFT_OK);
    return traffic_ptr(traffic, weft_traffic_destroy);
}

/* conv 2 x 2 of a 1 x 3 x 3 image to 3 channels, ReLU, dense 12 -> 2. */
inline network_ptr two_layers() {
    network_ptr net = make_network({1, 3, 3});
    add_layer(net.get(), WEFT_LAYER_CONV, "conv1", 3, window_of(2, 1, 0));
    add_layer(net.get(), WEFT_LAYER_RELU, "relu1");
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    add_layer(net.get(), WEFT_LAYER_DENSE, "fc", 2);
    net->layers[0].input_max = 1.0f;
    net->layers[3].input_min = -0.1f;
    net->layers[3].input_max = 2.5f;
    return net;
}

/* Draws of one random case. */
class dice {
  public:
    explicit dice(uint64_t seed) : rng_{seed, 0, 0, WEFT_PURPOSE_TEST} {}
    int between(int low, int high) { return low + (int)(weft_rng_u32(&rng_, next_++) % (uint32_t)(high - low + 1)); }
    bool flip() { return between(0, 1) == 1; }

  private:
    weft_rng rng_;
    uint64_t next_ = 0;
};

/* One of ReLU, clip, quantisation and spikes. */
inline void add_random_activation(weft_network *net, dice &d, int n) {
    const std::string name = "activation" + std::to_string(n);
    const float high = (float)d.between(1, 8) / 2.0f;
    weft_layer relu = {};
    relu.kind = WEFT_LAYER_RELU;
    switch (d.between(0, 5)) {
    case 0:
        return add_activation(net, activation_clip(d.flip() ? 0.0f : -high, high), name.c_str());
    case 1:
        return add_activation(net, activation_quantise(d.flip() ? 0.0f : -high, high, d.between(1, 15)), name.c_str());
    case 2:
        return add_activation(net, activation_threshold(high / 4, d.flip()), name.c_str());
    default:
        return add_activation(net, relu, name.c_str());
    }
}

/* One to three convolutions with digital operations between, then up to two dense layers. */
inline network_ptr random_network(dice &d) {
    network_ptr net = make_network({d.between(1, 3), d.between(3, 9), d.between(3, 9)});
    int convs = d.between(0, 3), denses = d.between(1, 2), n = 0;
    for (int i = 0; i < convs; i++) {
        weft_window window = window_of(d.between(1, 3), d.between(1, 2), d.between(0, 1), d.between(1, 2));
        if (add_layer(net.get(), WEFT_LAYER_CONV, ("conv" + std::to_string(n++)).c_str(), d.between(1, 12), window,
                      d.flip()) < 0)
            continue;
        if (d.flip()) add_layer(net.get(), WEFT_LAYER_BATCH_NORM, ("bn" + std::to_string(n++)).c_str());
        if (d.flip()) add_random_activation(net.get(), d, n++);
        weft_layer_kind pool = d.flip() ? WEFT_LAYER_MAX_POOL : WEFT_LAYER_AVERAGE_POOL;
        if (d.flip()) add_layer(net.get(), pool, ("pool" + std::to_string(n++)).c_str(), 0, window_of(2, 2, 0));
    }
    add_layer(net.get(), WEFT_LAYER_FLATTEN, "flatten");
    for (int i = 0; i < denses; i++) {
        add_layer(net.get(), WEFT_LAYER_DENSE, ("fc" + std::to_string(n++)).c_str(), d.between(2, 20),
                  window_of(1, 1, 0), d.flip());
        if (d.flip()) add_random_activation(net.get(), d, n++);
    }
    return net;
}

inline weft_chip random_chip(dice &d) {
    weft_chip chip = tiny_chip();
    chip.array.rows = d.between(2, 40);
    chip.array.columns = d.between(4, 40);
    chip.array.per_core = d.between(1, 24);
    chip.weight.encoding = d.between(0, 2);
    chip.array.cell_bits = chip.weight.encoding == WEFT_WEIGHT_DIFFERENTIAL_CELL ? 0 : d.between(2, 4);
    chip.core.buffer_bytes = d.between(60, 6000);
    chip.noc.mesh[0] = d.between(1, 4);
    chip.noc.mesh[1] = d.between(1, 4);
    chip.noc.concentration = d.between(1, 3);
    chip.noc.flit_bits = d.between(8, 64);
    chip.noc.header_bits = d.between(0, 20);
    chip.io.router[0] = d.between(0, (int)chip.noc.mesh[0] - 1);
    chip.io.router[1] = d.between(0, (int)chip.noc.mesh[1] - 1);
    weft_chip_resolve(&chip);
    return chip;
}

/* Number `seed` of the random cases; mapping is NULL, with err, when it does not fit. */
struct random_case {
    explicit random_case(uint64_t seed)
        : d(seed), net(random_network(d)), stages(lower(net.get())), chip(random_chip(d)),
          mapping(map(stages.get(), &chip, &err)) {}
    dice d;
    network_ptr net;
    stages_ptr stages;
    weft_chip chip;
    weft_error err = {};
    mapping_ptr mapping;
};

} // namespace weft_test
#endif
