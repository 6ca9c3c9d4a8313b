/* A sparse core as a value, for tests. */
#ifndef WEFT_TESTS_SUPPORT_SPARSE_FIXTURE_H
#define WEFT_TESTS_SUPPORT_SPARSE_FIXTURE_H

#include "sim/spike/sparse.h"
#include "tests/support/neuron_population.h"

/* Synapses by axon. */
struct Synapses {
    std::vector<std::vector<weft_sparse_synapse>> of;
    std::vector<uint64_t> first = {};
    std::vector<weft_sparse_synapse> list = {};
    void flatten() {
        first.assign(1, 0), list.clear();
        for (const auto &axon : of) list.insert(list.end(), axon.begin(), axon.end()), first.push_back(list.size());
    }
};

inline weft_sparse_spec sparse_spec(const weft_neuron_spec &neurons, Synapses &synapses) {
    synapses.flatten();
    weft_sparse_spec spec = {};
    spec.neurons = neurons;
    spec.axons = int(synapses.of.size());
    spec.first = synapses.first.data();
    spec.synapses = synapses.list.data();
    spec.weight_bits = 8;
    return spec;
}

struct SparseCore {
    weft_sparse *of = nullptr;
    weft_spike_counts counts = {};
    std::vector<uint16_t> fired;
    bool rests = false;
    explicit SparseCore(const weft_sparse_spec &spec) {
        weft_error err = {};
        EXPECT_EQ(weft_sparse_create(&of, &spec, &err), WEFT_OK) << err.text;
        fired.resize(size_t(spec.neurons.count));
    }
    SparseCore(const SparseCore &) = delete;
    ~SparseCore() { weft_sparse_kind.destroy(of); }
    std::vector<uint16_t> step(uint64_t tick, const std::vector<uint16_t> &axons) {
        const weft_spike_inbox inbox = {axons.data(), int(axons.size())};
        int count = 0;
        rests = weft_sparse_kind.step(of, tick, &inbox, fired.data(), &count, &counts);
        return {fired.begin(), fired.begin() + count};
    }
    double v(int neuron) const { return weft_sparse_kind.membrane(of, neuron); }
};

#endif
