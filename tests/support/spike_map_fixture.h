// Small spiking networks made by hand or at random, fitted as they are, and chips with limits of their own.
#ifndef WEFT_TESTS_SUPPORT_SPIKE_MAP_FIXTURE_H
#define WEFT_TESTS_SUPPORT_SPIKE_MAP_FIXTURE_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/spike_layout.h"

namespace weft_test {

struct synapse {
    uint32_t from, to;
    float weight;
};

/* Populations in their order, Inputs first; projections by target, source, delay. */
struct hand_net {
    weft_snn snn = {};
    weft_snn_fit fit = {};
    std::vector<weft_snn_population> populations;
    std::vector<weft_snn_projection> projections;
    std::vector<weft_snn_fit_population> fitted;
    std::vector<weft_snn_fit_projection> weights;
    const char *model;

    explicit hand_net(const char *of_neurons = "truenorth") : model(of_neurons) {}
    hand_net(const hand_net &) = delete;
    hand_net &operator=(const hand_net &) = delete;
    ~hand_net() {
        for (auto &p : populations) free(p.name);
        for (auto &p : projections) free(p.first), free(p.targets), free(p.weights);
    }
    int population(const char *name, weft_nir_type type, uint32_t size, bool output = false) {
        weft_snn_population p = {};
        p.name = strdup(name), p.model = type, p.size = size, p.output = output;
        p.shape.rank = 1, p.shape.size[0] = int(size);
        weft_snn_fit_population f = {};
        const bool neurons = type != WEFT_NIR_INPUT && type != WEFT_NIR_OUTPUT;
        f.model = neurons ? model : nullptr, f.scale = 1;
        if (neurons) snn.neurons += size;
        if (type == WEFT_NIR_INPUT) snn.inputs += size;
        populations.push_back(p), fitted.push_back(f);
        point();
        return snn.population_count - 1;
    }
    int input(const char *name, uint32_t size) { return population(name, WEFT_NIR_INPUT, size); }
    int neurons(const char *name, uint32_t size, bool output = false) {
        return population(name, WEFT_NIR_IF, size, output);
    }
    void project(int source, int target, std::vector<synapse> synapses, int delay = 0, bool recurrent = false) {
        std::sort(synapses.begin(), synapses.end(),
                  [](const synapse &a, const synapse &b) { return std::tie(a.from, a.to) < std::tie(b.from, b.to); });
        weft_snn_projection p = {};
        p.source = source, p.target = target, p.delay = delay, p.recurrent = recurrent, p.count = synapses.size();
        const uint32_t size = populations[size_t(source)].size;
        p.first = static_cast<uint64_t *>(calloc(size + 1, sizeof *p.first));
        p.targets = static_cast<uint32_t *>(calloc(p.count + 1, sizeof *p.targets));
        p.weights = static_cast<float *>(calloc(p.count + 1, sizeof *p.weights));
        for (const auto &s : synapses) p.first[s.from + 1]++;
        for (uint32_t n = 0; n < size; n++) p.first[n + 1] += p.first[n];
        for (size_t i = 0; i < synapses.size(); i++) p.targets[i] = synapses[i].to, p.weights[i] = synapses[i].weight;
        snn.synapses += p.count;
        projections.push_back(p);
        std::stable_sort(projections.begin(), projections.end(), [](const auto &a, const auto &b) {
            return std::tie(a.target, a.source, a.delay) < std::tie(b.target, b.source, b.delay);
        });
        point();
    }
    /* Vectors moved. */
    void point() {
        snn.populations = populations.data(), snn.population_count = int(populations.size());
        snn.projections = projections.data(), snn.projection_count = int(projections.size());
        weights.assign(projections.size(), {});
        for (size_t i = 0; i < weights.size(); i++) weights[i].weights = projections[i].weights;
        fit.populations = fitted.data(), fit.population_count = snn.population_count;
        fit.projections = weights.data(), fit.projection_count = snn.projection_count;
        fit.options.dt = 1e-3;
    }
};

struct chip_deleter {
    void operator()(weft_chip *chip) const { weft_chip_destroy(chip); }
};
using chip_ptr = std::unique_ptr<weft_chip, chip_deleter>;
inline chip_ptr load_chip(const char *name, const std::vector<std::string> &set = {}) {
    weft_chip *chip = nullptr;
    weft_error err = {};
    std::vector<const char *> texts;
    for (const auto &s : set) texts.push_back(s.c_str());
    const std::string path = std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/" + name + ".yaml";
    EXPECT_EQ(weft_chip_load(&chip, path.c_str(), texts.data(), int(texts.size()), &err), WEFT_OK) << err.text;
    return chip_ptr(chip);
}
/* A TrueNorth of so many cores in a row. */
inline chip_ptr small_chip(int cores, int neurons, int axons, int destinations = 1,
                           std::vector<std::string> more = {}) {
    std::vector<std::string> set = {
        "noc.mesh=[" + std::to_string(cores) + ", 1]", "limits.neurons=" + std::to_string(neurons),
        "limits.axons=" + std::to_string(axons), "limits.destinations=" + std::to_string(destinations)};
    set.insert(set.end(), more.begin(), more.end());
    return load_chip("truenorth", set);
}

struct mapping_deleter {
    void operator()(weft_spike_mapping *mapping) const { weft_spike_mapping_destroy(mapping); }
};
using spike_mapping_ptr = std::unique_ptr<weft_spike_mapping, mapping_deleter>;

/* A mapping's file: each text is "NAME SIZE: CORE RUNS; CORE RUNS / CORE RELAYS; ...". */
inline std::string mapping_text(const std::vector<std::string> &populations) {
    const std::string hash(64, 'a');
    std::string out = "weft_spike_mapping: 1\nnetwork: {file: net.nir, sha256: " + hash +
                      "}\nchip: {file: chip.yaml, sha256: " + hash + "}\ndt_s: 0.001\npopulations:\n";
    for (const std::string &text : populations) {
        const size_t space = text.find(' '), colon = text.find(": "), slash = text.find(" / ");
        out += "  - name: " + text.substr(0, space) + "\n    size: " + text.substr(space + 1, colon - space - 1) + "\n";
        for (int relays = 0; relays < (slash == text.npos ? 1 : 2); relays++) {
            std::string pieces = relays ? text.substr(slash + 3) : text.substr(colon + 2, slash - colon - 2);
            out += relays ? "    relays:\n" : "    cores:\n";
            while (!pieces.empty()) {
                const size_t end = std::min(pieces.find("; "), pieces.size()), core = pieces.find(' ');
                out += "      - {core: " + pieces.substr(0, core) + ", neurons: \"" +
                       pieces.substr(core + 1, end - core - 1) + "\"}\n";
                pieces = end == pieces.size() ? "" : pieces.substr(end + 2);
            }
        }
    }
    return out;
}
inline spike_mapping_ptr parse_mapping(const std::string &text, weft_error *err) {
    weft_spike_mapping *mapping = nullptr;
    const weft_status status = weft_spike_mapping_parse(&mapping, text.data(), text.size(), "net.map.yaml", err);
    EXPECT_EQ(status == WEFT_OK, mapping != nullptr);
    return spike_mapping_ptr(mapping);
}

struct layout_deleter {
    void operator()(weft_spike_layout *layout) const { weft_spike_layout_destroy(layout); }
};
using layout_ptr = std::unique_ptr<weft_spike_layout, layout_deleter>;
/* NULL, with err, where it does not fit. */
inline layout_ptr lay_out(const weft_spike_mapping *mapping, const hand_net &net, const weft_chip *chip,
                          weft_error *err) {
    weft_spike_layout *layout = nullptr;
    if (weft_spike_mapping_check(mapping, &net.snn, chip, err) == WEFT_OK)
        weft_spike_layout_create(&layout, mapping, &net.snn, &net.fit, chip, err);
    return layout_ptr(layout);
}

/* A synapse as it lies on a core: source population, neuron, kind, delay; core, slot; weight. */
using laid = std::tuple<int, uint32_t, int, int, int, int, float>;

inline std::vector<laid> laid_synapses(const weft_spike_layout *layout, const hand_net &net) {
    std::vector<laid> all;
    for (int c = 0; c < layout->core_count; c++) {
        const weft_laid_core &core = layout->cores[c];
        uint64_t *first = nullptr;
        weft_laid_synapse *synapses = nullptr;
        weft_error err = {};
        EXPECT_EQ(weft_spike_layout_synapses(&first, &synapses, layout, c, &net.snn, &net.fit, &err), WEFT_OK);
        EXPECT_EQ(first[core.axon_count], core.synapses) << "core " << c;
        for (int a = 0; a < core.axon_count; a++)
            for (uint64_t s = first[a]; s < first[a + 1]; s++) {
                EXPECT_TRUE(s == first[a] || synapses[s - 1].slot < synapses[s].slot);
                const weft_spike_axon &axon = core.axons[a];
                if (a < core.axon_count - core.relay_axons)
                    all.emplace_back(axon.population, axon.neuron, axon.kind, axon.delay, c, synapses[s].slot,
                                     synapses[s].weight);
            }
        free(first);
        free(synapses);
    }
    std::sort(all.begin(), all.end());
    return all;
}

/* What a layout must be, from its definition: the network's synapses, each once for every copy of its target and
 * nothing more; every axon served by one route, directly or over a relay, in time; no neuron with more destinations
 * than it may have. */
inline void expect_whole(const weft_spike_layout *layout, const hand_net &net, const weft_chip *chip) {
    std::map<std::pair<int, uint32_t>, std::vector<std::pair<int, int>>> slots; /* of neurons: core, slot */
    for (int c = 0; c < layout->core_count; c++)
        for (int s = 0; s < layout->cores[c].slot_count; s++) {
            const weft_spike_slot &slot = layout->cores[c].slots[s];
            if (!slot.relay) slots[{slot.population, slot.neuron}].push_back({c, s});
        }
    std::map<int, std::vector<float>> ranks;
    for (size_t i = 0; i < net.projections.size(); i++)
        for (uint64_t s = 0; s < net.projections[i].count; s++)
            ranks[net.projections[i].target].push_back(net.projections[i].weights[s]);
    for (auto &[target, list] : ranks) {
        std::sort(list.begin(), list.end());
        list.erase(std::unique(list.begin(), list.end()), list.end());
    }
    std::vector<laid> wanted;
    for (size_t i = 0; i < net.projections.size(); i++) {
        const weft_snn_projection &p = net.projections[i];
        const int delay = p.delay + layout->lag[p.target] - layout->lag[p.source];
        for (uint32_t n = 0; n < net.populations[size_t(p.source)].size; n++)
            for (uint64_t s = p.first[n]; s < p.first[n + 1]; s++) {
                const auto &list = ranks[p.target];
                const int kind = chip->synapse.axon_types
                                     ? int(std::find(list.begin(), list.end(), p.weights[s]) - list.begin())
                                     : net.weights[i].exponent;
                for (const auto &[core, slot] : slots[{p.target, p.targets[s]}])
                    wanted.emplace_back(p.source, n, kind, delay, core, slot, p.weights[s]);
            }
    }
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(laid_synapses(layout, net), wanted);

    std::map<std::pair<int, int>, int> served; /* core, axon: routes to it */
    auto serve = [&](const weft_spike_route &route, int population, uint32_t neuron, bool relay) {
        const weft_laid_core &core = layout->cores[route.core];
        ASSERT_LT(route.axon, core.axon_count);
        const weft_spike_axon &axon = core.axons[route.axon];
        EXPECT_EQ(axon.population, population);
        EXPECT_EQ(axon.neuron, neuron);
        EXPECT_EQ(int(route.delay), int(axon.delay) - relay);
        EXPECT_GE(route.delay, 1);
        EXPECT_FALSE(relay && route.axon >= core.axon_count - core.relay_axons);
        served[{int(route.core), route.axon}]++;
    };
    uint64_t axons = 0, routes = 0;
    for (int c = 0; c < layout->core_count; c++) {
        const weft_laid_core &core = layout->cores[c];
        axons += uint64_t(core.axon_count);
        for (int s = 0; s < core.slot_count; s++) {
            const weft_spike_slot &slot = core.slots[s];
            const uint64_t count = core.first[s + 1] - core.first[s];
            EXPECT_TRUE(chip->limits.destinations == 0 || count <= uint64_t(chip->limits.destinations));
            for (uint64_t r = core.first[s]; r < core.first[s + 1]; r++, routes++)
                serve(core.routes[r], slot.population, slot.neuron, slot.relay);
        }
    }
    uint64_t value = 0;
    for (size_t p = 0; p < net.populations.size(); p++)
        for (uint32_t n = 0; net.populations[p].model == WEFT_NIR_INPUT && n < net.populations[p].size; n++, value++)
            for (uint64_t r = layout->input_first[value]; r < layout->input_first[value + 1]; r++, routes++)
                serve(layout->input_routes[r], int(p), n, false);
    EXPECT_EQ(routes, axons);
    EXPECT_EQ(axons, layout->axons);
    EXPECT_EQ(served.size(), axons);
    for (const auto &[where, times] : served) EXPECT_EQ(times, 1);
}

/* A network with several Inputs, skip connections, delays and loops, of weights -2, -1, 1 and 3. */
inline void random_net(hand_net &net, std::mt19937 &dice, uint32_t largest = 40) {
    const float weights[] = {-2, -1, 1, 3};
    const int inputs = 1 + int(dice() % 2), layers = 1 + int(dice() % 4);
    for (int p = 0; p < inputs + layers; p++) {
        const std::string name = "p" + std::to_string(p);
        const uint32_t size = 1 + dice() % largest;
        if (p < inputs)
            net.input(name.c_str(), size);
        else
            net.neurons(name.c_str(), size, p == inputs + layers - 1);
    }
    auto connect = [&](int source, int target, int delay, bool recurrent) {
        std::vector<synapse> all;
        const uint32_t every = 1 + dice() % 6;
        for (uint32_t a = 0; a < net.populations[size_t(source)].size; a++)
            for (uint32_t b = 0; b < net.populations[size_t(target)].size; b++)
                if (dice() % every == 0) all.push_back({a, b, weights[dice() % 4]});
        if (!all.empty()) net.project(source, target, all, delay, recurrent);
    };
    for (int target = inputs; target < inputs + layers; target++) {
        for (int source = 0; source < target; source++)
            if (source == target - 1 || dice() % 3 == 0)
                for (int delay = 0; delay < 3; delay++)
                    if (delay == 0 || dice() % 4 == 0) connect(source, target, delay, false);
        if (dice() % 2) connect(target, target, 2 + int(dice() % 2), true);
    }
}

} // namespace weft_test
#endif
