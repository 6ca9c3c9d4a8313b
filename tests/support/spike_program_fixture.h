// Programs of spiking chips, run beside the network in floating point.
#ifndef WEFT_TESTS_SPIKE_PROGRAM_FIXTURE_H
#define WEFT_TESTS_SPIKE_PROGRAM_FIXTURE_H

#include "sim/spike/float_network.h"
#include "sim/spike/program.h"
#include "tests/support/snn_on_chip.h"

namespace weft_test {

using Program = std::unique_ptr<weft_spike_program, decltype(&weft_spike_program_destroy)>;

inline Program make_program(const weft_spike_layout *layout, const weft_snn *snn, const weft_snn_fit *fit,
                            const weft_chip *chip, const weft_spike_program_options &options = {}) {
    weft_spike_program *program = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_spike_program_create(&program, layout, snn, fit, chip, &options, &err), WEFT_OK) << err.text;
    return {program, weft_spike_program_destroy};
}

// Spike lists that free themselves.
struct SpikeList : weft_spikes {
    SpikeList() : weft_spikes{} {}
    SpikeList(const SpikeList &) = delete;
    ~SpikeList() { weft_spikes_free(this); }
    std::vector<std::pair<uint64_t, uint32_t>> all() const {
        std::vector<std::pair<uint64_t, uint32_t>> out;
        for (size_t i = 0; i < count; i++) out.emplace_back(items[i].tick, items[i].neuron);
        return out;
    }
};

struct Samples {
    uint64_t count = 1, ticks = 50, gap = 0;
    bool reset = false;
    double rate = 0.2;
    int threads = 1;
    uint64_t period() const { return ticks + gap; }
};

inline void random_input(SpikeList *out, const Samples &s, uint32_t inputs, uint32_t seed) {
    std::mt19937 dice(seed);
    out->neurons = inputs;
    for (uint64_t t = 0; t < s.count * s.ticks; t++)
        for (uint32_t n = 0; n < inputs; n++)
            if (dice() < s.rate * 4294967296.0) weft_spikes_add(out, t, n, nullptr);
}

// A row for each step and population: its spikes, and membranes where it has any.
struct Outcome {
    std::vector<std::vector<std::pair<uint64_t, uint32_t>>> spikes; // [populations] step, neuron
    std::vector<Values> membranes;                                  // [populations][steps x size]
    std::vector<uint32_t> counts;                                   // of the output
    weft_spike_result result = {};
    uint64_t total() const {
        uint64_t sum = 0;
        for (const auto &list : spikes) sum += list.size();
        return sum;
    }
};

inline int output_of(const weft_snn *snn) {
    for (int p = 0; p < snn->population_count; p++)
        if (snn->populations[p].output && weft_snn_is_neuron(&snn->populations[p])) return p;
    return -1;
}

// The network in floating point, over samples and gaps.
inline Outcome run_float(const weft_snn *snn, const weft_snn_fit_options &o, const weft_spikes &input,
                         const Samples &s) {
    weft_float_network *net = nullptr;
    weft_error err = {};
    Outcome out;
    const weft_float_options options = {o.dt, o.exponential ? WEFT_FLOAT_EXPONENTIAL : WEFT_FLOAT_EULER,
                                        o.subtract ? WEFT_FLOAT_RESET_SUBTRACT : WEFT_FLOAT_RESET_ZERO};
    EXPECT_EQ(weft_float_network_create(&net, snn, &options, &err), WEFT_OK) << err.text;
    out.spikes.resize(size_t(snn->population_count)), out.membranes.resize(size_t(snn->population_count));
    const int output = output_of(snn);
    out.counts.resize(output < 0 ? 0 : s.count * snn->populations[output].size);
    size_t cursor = 0;
    for (uint64_t step = 0; net && step < s.count * s.period(); step++) {
        std::vector<float> values(snn->inputs);
        const uint64_t sample = step / s.period(), within = step % s.period();
        for (; within < s.ticks && cursor < input.count && input.items[cursor].tick == sample * s.ticks + within;
             cursor++)
            values[input.items[cursor].neuron] = 1;
        if (within == 0 && s.reset) weft_float_network_reset(net);
        weft_float_network_step(net, values.data());
        for (int p = 0; p < snn->population_count; p++) {
            const weft_snn_population &population = snn->populations[p];
            if (!weft_snn_is_neuron(&population)) continue;
            const double *fired = weft_float_network_output(net, p), *v = weft_float_network_membrane(net, p);
            const bool spiking = population.parameters[WEFT_SNN_V_THRESHOLD].values != nullptr;
            for (uint32_t n = 0; n < population.size; n++) {
                if (v) out.membranes[size_t(p)].push_back(v[n]);
                if (!spiking || fired[n] == 0) continue;
                out.spikes[size_t(p)].emplace_back(step, n);
                if (p == output) out.counts[sample * population.size + n]++;
            }
        }
    }
    weft_float_network_destroy(net);
    return out;
}

// The same on the chip, everything recorded; membranes where `probed`.
inline Outcome run_chip(weft_spike_program *program, const weft_spikes &input, const Samples &s, bool probed = false) {
    const weft_snn *snn = program->snn;
    std::vector<int> recorded;
    std::vector<weft_spike_probe> probes;
    for (int p = 0; p < snn->population_count; p++)
        if (weft_snn_is_neuron(&snn->populations[p])) recorded.push_back(p);
    for (int p : recorded)
        for (uint32_t n = 0; probed && n < snn->populations[p].size; n++) probes.push_back({p, n});
    std::vector<SpikeList> lists(recorded.size());
    std::vector<weft_spikes> records(recorded.size());
    Values membranes(s.count * s.period() * probes.size());
    weft_spike_job job = {};
    job.input = &input, job.samples = s.count, job.sample_ticks = s.ticks, job.gap_ticks = s.gap, job.reset = s.reset;
    job.output = -1;
    job.recorded = recorded.data(), job.recorded_count = int(recorded.size()), job.records = records.data();
    job.probes = probes.data(), job.probe_count = int(probes.size()), job.membranes = membranes.data();
    job.threads = s.threads;
    Outcome out;
    weft_error err = {};
    EXPECT_EQ(weft_spike_program_run(&out.result, program, &job, &err), WEFT_OK) << err.text;
    out.spikes.resize(size_t(snn->population_count)), out.membranes.resize(size_t(snn->population_count));
    for (size_t r = 0; r < recorded.size(); r++) {
        static_cast<weft_spikes &>(lists[r]) = records[r];
        out.spikes[size_t(recorded[r])] = lists[r].all();
    }
    for (size_t i = 0; i < membranes.size(); i++)
        out.membranes[size_t(probes[i % probes.size()].population)].push_back(membranes[i]);
    if (out.result.counts)
        out.counts.assign(out.result.counts, out.result.counts + s.count * uint64_t(out.result.classes));
    free(out.result.counts);
    free(out.result.cores);
    out.result.counts = nullptr;
    return out;
}

} // namespace weft_test

#endif
