/* A population of neurons as a value, for tests. */
#ifndef WEFT_TESTS_SUPPORT_NEURON_POPULATION_H
#define WEFT_TESTS_SUPPORT_NEURON_POPULATION_H

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/spike/neuron.h"

/* Parameters by name; one value for all neurons, or one for each. */
struct NeuronValues {
    std::vector<std::string> names;
    std::vector<std::vector<double>> numbers;
    std::vector<weft_neuron_value> list;
    NeuronValues(std::initializer_list<std::pair<const char *, std::vector<double>>> values) {
        for (const auto &[name, of] : values) names.push_back(name), numbers.push_back(of);
        for (size_t i = 0; i < names.size(); i++)
            list.push_back({names[i].c_str(), numbers[i].data(), numbers[i].size() > 1});
    }
};

inline weft_neuron_spec neuron_spec(const char *model, int count, const NeuronValues &values, double dt = 0.001,
                                    weft_neuron_integration integration = WEFT_NEURON_EULER,
                                    weft_neuron_reset reset = WEFT_NEURON_RESET_ZERO) {
    weft_neuron_spec spec = {};
    EXPECT_EQ(weft_neuron_model_find(&spec.model, model, nullptr), WEFT_OK);
    spec.count = count;
    spec.dt = dt;
    spec.integration = integration;
    spec.reset = reset;
    spec.values = values.list.data();
    spec.value_count = int(values.list.size());
    return spec;
}

struct Population {
    std::unique_ptr<weft_neurons, decltype(&weft_neurons_destroy)> of{nullptr, weft_neurons_destroy};
    std::vector<uint8_t> fired;
    explicit Population(const weft_neuron_spec &spec) : fired(size_t(spec.count)) {
        weft_neurons *created = nullptr;
        weft_error err = {};
        EXPECT_EQ(weft_neurons_create(&created, &spec, &err), WEFT_OK) << err.text;
        of.reset(created);
    }
    template <class T> unsigned step(const std::vector<T> &input) {
        return weft_neurons_step(of.get(), 0, int(fired.size()), input.data(), fired.data());
    }
    /* The same input to all. */
    template <class T> unsigned step_all(T input) { return step(std::vector<T>(fired.size(), input)); }
    double state(int variable = 0, int neuron = 0) const { return weft_neurons_state(of.get(), variable, neuron); }
};

#endif
