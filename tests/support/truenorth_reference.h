/* Test help: the TrueNorth neuron straight from the equations, one neuron and one synapse at a time, in 64 bits; and
 * cores of random parameters. */
#ifndef WEFT_TESTS_SUPPORT_TRUENORTH_REFERENCE_H
#define WEFT_TESTS_SUPPORT_TRUENORTH_REFERENCE_H

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "core/rng.h"
#include "tests/support/truenorth_core.h"

class Reference {
  public:
    std::vector<int64_t> v;
    uint64_t axon_events = 0, synaptic_events = 0, active = 0;

    Reference(std::vector<weft_truenorth_neuron> neurons, const Core &core, Core::Generator draw)
        : v(core.initial.begin(), core.initial.end()), neurons_(std::move(neurons)), types_(core.types),
          crossbar_(core.crossbar), words_(core.Words()), draw_(std::move(draw)) {}

    std::vector<uint16_t> Step(uint64_t tick, const Axons &axons) {
        std::vector<uint16_t> fired;
        const std::set<uint16_t> events(axons.begin(), axons.end());
        axon_events += events.size();
        for (int j = 0; j < int(neurons_.size()); j++) {
            uint64_t reached = 0;
            for (int axon : events) reached += Synapse(tick, j, axon);
            Leak(tick, j);
            const bool spike = Threshold(tick, j);
            if (spike) fired.push_back(uint16_t(j));
            synaptic_events += reached;
            active += spike || reached > 0;
        }
        return fired;
    }

  private:
    static int64_t Sign(int64_t x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
    static int64_t Saturate(int64_t x) { return std::min<int64_t>(std::max<int64_t>(x, -524288), 524287); }
    /* b F(s, rho) sgn(s) + (1 - b) s */
    int64_t Part(int64_t s, bool stochastic, weft_truenorth_draw what, uint64_t tick, int j, int axon) {
        if (!stochastic || s == 0) return s;
        return std::llabs(s) >= int64_t(draw_(what, tick, j, axon) & 255) ? Sign(s) : 0;
    }
    uint64_t Synapse(uint64_t tick, int j, int axon) {
        const weft_truenorth_neuron &n = neurons_[size_t(j)];
        const int type = types_[size_t(axon)];
        if (!(crossbar_[size_t(axon) * words_ + size_t(j) / 64] >> j % 64 & 1) || n.weight[type] == 0) return 0;
        v[size_t(j)] = Saturate(v[size_t(j)] +
                                Part(n.weight[type], n.stochastic_weight[type], WEFT_TRUENORTH_SYNAPSE, tick, j, axon));
        return 1;
    }
    void Leak(uint64_t tick, int j) {
        const weft_truenorth_neuron &n = neurons_[size_t(j)];
        const int64_t omega = n.leak_reversal ? Sign(v[size_t(j)]) : 1;
        v[size_t(j)] =
            Saturate(v[size_t(j)] + omega * Part(n.leak, n.stochastic_leak, WEFT_TRUENORTH_LEAK, tick, j, -1));
    }
    bool Threshold(uint64_t tick, int j) {
        const weft_truenorth_neuron &n = neurons_[size_t(j)];
        int64_t &V = v[size_t(j)];
        const int64_t mask = (int64_t(1) << n.threshold_bits) - 1;
        const int64_t eta = mask ? int64_t(draw_(WEFT_TRUENORTH_THRESHOLD, tick, j, -1)) & mask : 0;
        const int64_t alpha = n.threshold, beta = n.negative_threshold, kappa = n.saturate;
        if (V >= alpha + eta) {
            if (n.reset_mode == WEFT_TRUENORTH_NORMAL) V = n.reset;
            if (n.reset_mode == WEFT_TRUENORTH_LINEAR) V -= alpha + eta;
            return true;
        }
        if (V < -(beta * kappa + (beta + eta) * (1 - kappa))) {
            if (kappa)
                V = -beta;
            else if (n.reset_mode == WEFT_TRUENORTH_NORMAL)
                V = Saturate(-int64_t(n.reset));
            else if (n.reset_mode == WEFT_TRUENORTH_LINEAR)
                V += beta + eta;
        }
        return false;
    }

    std::vector<weft_truenorth_neuron> neurons_;
    std::vector<uint8_t> types_;
    std::vector<uint64_t> crossbar_;
    size_t words_;
    Core::Generator draw_;
};

/* Own draws as sim/spike/truenorth.h says where they stand. */
inline Core::Generator DocumentedDraws(uint64_t seed, uint32_t core) {
    return [seed, core](weft_truenorth_draw what, uint64_t tick, int neuron, int axon) -> uint32_t {
        const weft_rng rng = {seed, tick, uint16_t(core & 0xFFFF), uint16_t(WEFT_PURPOSE_SPIKE + 256 * int(what))};
        const uint64_t base = uint64_t(core >> 16) * 4194304;
        if (what == WEFT_TRUENORTH_THRESHOLD) return weft_rng_u32(&rng, base + uint64_t(neuron));
        const uint64_t row = what == WEFT_TRUENORTH_SYNAPSE ? 256 * uint64_t(axon) : 0;
        return weft_rng_u32(&rng, base + row + uint64_t(neuron) / 4) >> 8 * (neuron % 4) & 255;
    };
}

/* How random parameters are made. */
struct Shape {
    int axons = 32, neurons = 40;
    bool stochastic = true, same = false, extreme = false; /* same: all neurons; extreme: membranes at the limits */
};

class Maker {
  public:
    explicit Maker(uint64_t seed) : engine_(seed) {}
    int Below(int count) { return int(std::uniform_int_distribution<int>(0, count - 1)(engine_)); }
    int Between(int least, int most) { return std::uniform_int_distribution<int>(least, most)(engine_); }

    weft_truenorth_neuron Neuron(const Shape &shape) {
        weft_truenorth_neuron n{};
        const int strength = Below(3) ? 8 : 256, level = shape.extreme ? 1 << 18 : 1 << Between(2, 10);
        for (int type = 0; type < 4; type++) {
            n.weight[type] = Below(6) ? Between(-strength, strength - 1) : 0;
            n.stochastic_weight[type] = shape.stochastic && Below(4) == 0;
        }
        n.leak = Below(2) ? Between(-strength, strength - 1) : 0;
        n.stochastic_leak = shape.stochastic && Below(2);
        n.leak_reversal = Below(2);
        n.threshold = Below(level), n.negative_threshold = Below(level);
        n.threshold_bits = shape.stochastic && Below(2) ? Below(shape.extreme ? 19 : 8) : 0;
        n.reset_mode = weft_truenorth_reset(Below(3));
        n.reset = shape.extreme ? Between(-(1 << 19), (1 << 19) - 1) : Between(-20, 20);
        n.saturate = Below(2);
        return n;
    }
    std::vector<weft_truenorth_neuron> Neurons(const Shape &shape) {
        std::vector<weft_truenorth_neuron> all(size_t(shape.neurons), Neuron(shape));
        for (size_t n = 1; !shape.same && n < all.size(); n++) all[n] = Neuron(shape);
        return all;
    }
    std::vector<uint8_t> Types(int axons) {
        std::vector<uint8_t> types;
        for (int a = 0; a < axons; a++) types.push_back(uint8_t(Below(4)));
        return types;
    }
    /* Random bits and membranes. */
    void Fill(Core &core, const Shape &shape) {
        for (uint64_t &word : core.crossbar) word &= engine_();
        const int most = shape.extreme ? (1 << 19) - 1 : 100;
        for (int n = 0; n < shape.neurons; n++)
            core.initial.push_back(shape.extreme && Below(2) ? (Below(2) ? most - Below(300) : -most + Below(300))
                                                             : Between(-most, most));
    }
    /* Ascending, some twice. */
    Axons Events(int axons) {
        Axons events;
        const int rarity = 1 << Below(4);
        for (int a = 0; a < axons; a++)
            for (int copies = Below(rarity) ? 0 : 1 + (Below(4) == 0); copies > 0; copies--)
                events.push_back(uint16_t(a));
        return events;
    }

  private:
    std::mt19937_64 engine_;
};

#endif
