/* Test help: one TrueNorth core, stepped by hand. */
#ifndef WEFT_TESTS_SUPPORT_TRUENORTH_CORE_H
#define WEFT_TESTS_SUPPORT_TRUENORTH_CORE_H

#include <deque>
#include <functional>
#include <vector>

#include "sim/spike/truenorth.h"

using Axons = std::vector<uint16_t>;

/* A neuron that does nothing by itself. */
inline weft_truenorth_neuron QuietNeuron() {
    weft_truenorth_neuron n{};
    n.threshold = n.negative_threshold = (1 << 18) - 1;
    return n;
}

class Core {
  public:
    /* What a random word is asked for. */
    using Generator = std::function<uint32_t(weft_truenorth_draw, uint64_t tick, int neuron, int axon)>;

    std::vector<uint8_t> types;
    std::vector<uint64_t> crossbar; /* all ones to begin with */
    std::vector<int32_t> initial;
    std::vector<uint16_t> hold;
    weft_spike_counts counts{};
    uint64_t seed = 1, tick = 0;
    uint32_t number = 0;
    bool rests = false;
    Generator generator; /* empty: own draws */
    weft_error error{};

    Core(std::vector<weft_truenorth_neuron> neurons, std::vector<uint8_t> axon_types)
        : types(std::move(axon_types)), parameters_(std::move(neurons)), count_(int(parameters_.size())) {
        crossbar.assign(types.size() * Words(), ~uint64_t(0));
        if (count_ % 64)
            for (size_t a = 0; a < types.size(); a++)
                crossbar[a * Words() + Words() - 1] = ~uint64_t(0) >> (64 - count_ % 64);
    }
    Core(const Core &) = delete;
    Core &operator=(const Core &) = delete;
    ~Core() { weft_truenorth_kind.destroy(state_); }

    size_t Words() const { return (size_t(count_) + 63) / 64; }
    int Neurons() const { return count_; }

    /* The state, made when first asked for; the caller of Release owns it. NULL on an error. */
    void *State() {
        if (state_) return state_;
        weft_truenorth_neurons *packed = nullptr;
        if (weft_truenorth_neurons_create(&packed, parameters_.data(), count_, &error) != WEFT_OK) return nullptr;
        weft_truenorth_config c{};
        c.axons = int(types.size()), c.neurons = count_, c.types = types.data(), c.crossbar = crossbar.data();
        c.parameters = packed, c.initial = initial.empty() ? nullptr : initial.data(), c.seed = seed, c.core = number;
        if (!hold.empty()) c.hold = hold.data();
        if (generator) c.generator = Draw, c.context = this;
        weft_truenorth_create(&state_, &c, &error);
        weft_truenorth_neurons_release(packed);
        return state_;
    }
    void *Release() {
        void *state = State();
        state_ = nullptr;
        return state;
    }
    /* One tick; the neurons that fired. axons ascending. */
    std::vector<uint16_t> Step(const Axons &axons = {}) {
        std::vector<uint16_t> fired(size_t(count_) + 1);
        int fired_count = 0;
        const weft_spike_inbox inbox{axons.data(), int(axons.size())};
        rests = weft_truenorth_kind.step(State(), tick++, &inbox, fired.data(), &fired_count, &counts);
        fired.resize(size_t(fired_count));
        return fired;
    }
    int V(int neuron = 0) { return int(weft_truenorth_kind.membrane(State(), neuron)); }
    void Reset() {
        weft_truenorth_kind.reset(State());
        tick = 0;
    }

  private:
    static uint32_t Draw(void *context, weft_truenorth_draw what, uint64_t tick, int neuron, int axon) {
        return static_cast<Core *>(context)->generator(what, tick, neuron, axon);
    }
    std::vector<weft_truenorth_neuron> parameters_;
    int count_;
    void *state_ = nullptr;
};

#endif
