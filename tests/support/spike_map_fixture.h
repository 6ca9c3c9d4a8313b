// Small spiking networks made by hand or at random, fitted as they are, and chips with limits of their own.
#ifndef WEFT_TESTS_SUPPORT_SPIKE_MAP_FIXTURE_H
#define WEFT_TESTS_SUPPORT_SPIKE_MAP_FIXTURE_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <random>
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

} // namespace weft_test
#endif
