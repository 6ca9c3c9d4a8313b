// A circuit's file, run; what its neurons did.
#ifndef WEFT_TESTS_SUPPORT_CIRCUIT_FIXTURE_H
#define WEFT_TESTS_SUPPORT_CIRCUIT_FIXTURE_H

#include "sim/spike/circuit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft_test {

class Circuit {
  public:
    weft_circuit *circuit = nullptr;
    weft_circuit_run run = {};
    weft_error err = {};
    weft_status status;

    explicit Circuit(const std::string &path, const std::vector<std::string> &set = {}) {
        std::vector<const char *> overrides;
        for (const std::string &text : set) overrides.push_back(text.c_str());
        status = weft_circuit_load(&circuit, path.c_str(), overrides.data(), static_cast<int>(set.size()), &err);
        if (status == WEFT_OK) status = weft_circuit_simulate(&run, circuit, nullptr, &err);
    }
    ~Circuit() {
        weft_circuit_run_free(&run);
        weft_circuit_destroy(circuit);
    }
    Circuit(const Circuit &) = delete;
    Circuit &operator=(const Circuit &) = delete;

    // Ticks in which a neuron fired.
    std::vector<int> spikes(int neuron = 0) const {
        std::vector<int> ticks;
        for (size_t i = 0; i < run.spikes.count; i++)
            if (static_cast<int>(run.spikes.items[i].neuron) == neuron)
                ticks.push_back(static_cast<int>(run.spikes.items[i].tick));
        return ticks;
    }
    double membrane(int tick, int neuron = 0) const {
        return run.membranes[static_cast<size_t>(tick * circuit->neuron_count + neuron)];
    }
    // Spikes of a stimulus, a tick each.
    std::vector<int> input(int stimulus = 0) const {
        std::vector<int> counts;
        for (uint64_t t = 0; t < circuit->ticks; t++)
            counts.push_back(
                circuit->input[t * static_cast<uint64_t>(circuit->stimulus_count) + static_cast<uint64_t>(stimulus)]);
        return counts;
    }
};

} // namespace weft_test

#endif
