/* Test help: engine's chips of cores that repeat what they get, one synapse an axon. */
#ifndef WEFT_TESTS_SUPPORT_SPIKE_REPEATER_H
#define WEFT_TESTS_SUPPORT_SPIKE_REPEATER_H

#include <gtest/gtest.h>

#include <vector>

#include "sim/spike/engine.h"

/* Neuron n fires when an event reaches axon n. */
struct Repeater {
    std::vector<Repeater *> *alive;
    int neurons;
    int steps = 0;
    std::vector<std::vector<uint16_t>> inboxes;
};

inline bool RepeaterStep(void *state, uint64_t, const weft_spike_inbox *inbox, uint16_t *fired, int *count,
                         weft_spike_counts *counts) {
    auto *r = static_cast<Repeater *>(state);
    r->steps++;
    r->inboxes.emplace_back(inbox->axons, inbox->axons + inbox->count);
    for (int i = 0; i < inbox->count; i++)
        if (i == 0 || inbox->axons[i] != inbox->axons[i - 1]) fired[(*count)++] = inbox->axons[i];
    counts->axon_events += uint64_t(inbox->count);
    counts->synaptic_events += uint64_t(inbox->count);
    counts->updates_active += uint64_t(*count);
    counts->updates_inactive += uint64_t(r->neurons - *count);
    return true;
}
inline double RepeaterMembrane(const void *state, int neuron) {
    return static_cast<const Repeater *>(state)->steps * 100 + neuron;
}
inline void RepeaterReset(void *state) { static_cast<Repeater *>(state)->steps = 0; }
inline void RepeaterDestroy(void *state) {
    auto *r = static_cast<Repeater *>(state);
    for (Repeater *&other : *r->alive)
        if (other == r) other = nullptr;
    delete r;
}
const weft_spike_kind kRepeater = {"repeater",    "fires what it gets", RepeaterStep, RepeaterMembrane,
                                   RepeaterReset, RepeaterDestroy,      nullptr};

struct Chip {
    weft_spike_chip *chip = nullptr;
    std::vector<Repeater *> cores;
    weft_error error{};
    std::vector<std::vector<int>> heard; /* tick, core, neuron */
    weft_spike_listener also = nullptr;  /* hears the same */
    void *also_context = nullptr;

    Chip() { EXPECT_EQ(weft_spike_chip_create(&chip, nullptr), WEFT_OK); }
    ~Chip() {
        weft_spike_chip_destroy(chip);
        for (const Repeater *core : cores) EXPECT_EQ(core, nullptr);
    }
    weft_status Add(int x, int y, std::vector<std::vector<weft_spike_target>> targets, int axons = 0) {
        std::vector<uint64_t> first(1, 0);
        std::vector<weft_spike_target> all;
        for (const auto &list : targets) {
            all.insert(all.end(), list.begin(), list.end());
            first.push_back(all.size());
        }
        const int neurons = int(targets.size());
        cores.push_back(new Repeater{&cores, neurons, 0, {}});
        const weft_spike_core core{&kRepeater,   cores.back(), axons ? axons : neurons, neurons, x, y,
                                   first.data(), all.data()};
        return weft_spike_chip_add(chip, &core, &error);
    }
    weft_status Ready() { return weft_spike_chip_ready(chip, &error); }
    weft_status Run(uint64_t ticks, std::vector<weft_spike_stimulus> stimuli = {},
                    const volatile sig_atomic_t *stop = nullptr) {
        weft_spike_run run{};
        run.ticks = ticks, run.stimuli = stimuli.data(), run.stimulus_count = int64_t(stimuli.size());
        run.listener = Hear, run.context = this, run.threads = 1, run.stop = stop;
        return weft_spike_chip_run(chip, &run, &error);
    }
    const weft_spike_counts &Counts(int core) { return *weft_spike_chip_counts(chip, core); }
    static void Hear(void *context, uint64_t tick, const uint32_t *cores, const uint16_t *neurons, int64_t count) {
        auto *c = static_cast<Chip *>(context);
        for (int64_t i = 0; i < count; i++) c->heard.push_back({int(tick), int(cores[i]), int(neurons[i])});
        if (c->also) c->also(c->also_context, tick, cores, neurons, count);
    }
};

#endif
