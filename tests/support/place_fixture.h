// Meshes and flows for tests and benchmarks of the placement.
#ifndef WEFT_TESTS_SUPPORT_PLACE_FIXTURE_H
#define WEFT_TESTS_SUPPORT_PLACE_FIXTURE_H

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/rng.h"
#include "mapper/place.h"

namespace weft_test {

/* Only what placement looks at. */
inline weft_chip mesh_chip(int width, int height, int concentration, int host_x = 0, int host_y = 0) {
    weft_chip chip;
    memset(&chip, 0, sizeof chip);
    chip.name = "mesh";
    chip.noc.mesh[0] = width, chip.noc.mesh[1] = height;
    chip.noc.concentration = concentration;
    chip.noc.route_cycles = chip.noc.vc_cycles = chip.noc.switch_cycles = 1;
    chip.noc.traversal_cycles = chip.noc.link_cycles = chip.noc.link_cycles_y = 1;
    chip.io.router[0] = host_x, chip.io.router[1] = host_y;
    chip.router_count = width * height;
    chip.core_count = chip.host_terminal = width * height * concentration;
    return chip;
}

/* Likewise a torus, another routing, links between chips that take `interval` cycles a flit. */
inline weft_chip network_chip(weft_chip chip, int topology, int routing, int chips_x = 1, int chips_y = 1,
                              int interval = 1) {
    chip.noc.topology = topology, chip.noc.routing = routing;
    chip.noc.chips[0] = chips_x, chip.noc.chips[1] = chips_y;
    chip.noc.chip_link_interval = interval, chip.noc.chip_link_cycles = 2 * interval;
    return chip;
}

struct place_case {
    weft_chip chip;
    int clusters = 0;
    std::vector<weft_flow> flows;

    void send(int from, int to, uint64_t flits) {
        if (from != to) flows.push_back({from, to, (flits + 3) / 4, flits});
    }
    weft_place_problem problem(weft_objective objective = WEFT_OBJECTIVE_ENERGY, uint64_t seed = 1) const {
        return {clusters, flows.size(), flows.data(), &chip, objective, seed};
    }
};

struct place_dice {
    weft_rng rng;
    uint64_t next = 0;
    explicit place_dice(uint64_t seed) : rng{seed, 0, 0, WEFT_PURPOSE_TEST} {}
    int between(int low, int high) { return low + int(weft_rng_u32(&rng, next++) % uint32_t(high - low + 1)); }
};

/* A convolutional net as the mapper cuts it: layers of some clusters each; every cluster sends to all of the next layer
 * (and every second layer to the one after that), groups within a layer add up partial sums, positions quarter four
 * times on the way; the host feeds the first layer and reads the last. */
inline place_case pipeline_case(const weft_chip &chip, int clusters, int layers, uint64_t seed = 1) {
    place_case c{chip, clusters, {}};
    place_dice dice(seed);
    std::vector<int> size(size_t(layers), 1), begin(size_t(layers) + 1, 0);
    for (int left = clusters - layers; left > 0; left--) {
        int l = std::max(dice.between(0, layers - 1), dice.between(0, layers - 1)); /* later layers are larger */
        size[size_t(l)]++;
    }
    for (int l = 0; l < layers; l++) begin[size_t(l) + 1] = begin[size_t(l)] + size[size_t(l)];
    auto all_to_all = [&](int from, int to, uint64_t flits) {
        for (int a = begin[size_t(from)]; a < begin[size_t(from) + 1]; a++)
            for (int b = begin[size_t(to)]; b < begin[size_t(to) + 1]; b++) c.send(a, b, flits);
    };
    for (int l = 0; l < layers; l++) {
        uint64_t positions = 16384U >> (2 * (5 * l / layers));
        if (l + 1 < layers) all_to_all(l, l + 1, 4 * positions);
        if (l + 2 < layers && l % 2 == 0) all_to_all(l, l + 2, 2 * positions);
        for (int k = 0; k < size[size_t(l)]; k++)
            if (k % 4) c.send(begin[size_t(l)] + k, begin[size_t(l)] + k / 4 * 4, 12 * positions);
    }
    for (int k = 0; k < begin[1]; k++) c.send(clusters, k, 32768);
    for (int k = begin[size_t(layers) - 1]; k < clusters; k++) c.send(k, clusters, 8);
    return c;
}

/* Each cluster sends to its right and lower neighbour on a width x height grid. */
inline place_case grid_case(const weft_chip &chip, int width, int height, uint64_t flits) {
    place_case c{chip, width * height, {}};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            if (x + 1 < width) c.send(y * width + x, y * width + x + 1, flits);
            if (y + 1 < height) c.send(y * width + x, (y + 1) * width + x, flits);
        }
    return c;
}

inline place_case random_case(const weft_chip &chip, int clusters, int flows, uint64_t seed) {
    place_case c{chip, clusters, {}};
    place_dice dice(seed);
    for (int f = 0; f < flows; f++) {
        int from = dice.between(0, clusters), to = dice.between(0, clusters);
        c.send(from, to, uint64_t(dice.between(1, 100)));
    }
    return c;
}

} // namespace weft_test

#endif
