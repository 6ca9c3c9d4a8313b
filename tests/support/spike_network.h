/* Test help: random nets of TrueNorth cores with several targets a neuron, in the engine and in a slow one that keeps
 * its events in a map. */
#ifndef WEFT_TESTS_SUPPORT_SPIKE_NETWORK_H
#define WEFT_TESTS_SUPPORT_SPIKE_NETWORK_H

#include <map>
#include <memory>

#include "sim/spike/engine.h"
#include "tests/support/truenorth_reference.h"

struct Spike {
    uint64_t tick;
    uint32_t core;
    uint16_t neuron;
    bool operator==(const Spike &o) const { return tick == o.tick && core == o.core && neuron == o.neuron; }
};

inline void Listen(void *context, uint64_t tick, const uint32_t *cores, const uint16_t *neurons, int64_t count) {
    auto *all = static_cast<std::vector<Spike> *>(context);
    for (int64_t i = 0; i < count; i++) all->push_back({tick, cores[i], neurons[i]});
}

struct SpikeNetwork {
    int cores, width;
    Shape shape;
    std::vector<std::unique_ptr<Core>> states;
    std::vector<std::vector<std::vector<weft_spike_target>>> targets; /* [core][neuron] */
    std::vector<weft_spike_stimulus> stimuli;

    SpikeNetwork(uint64_t seed, int core_count, int grid_width, const Shape &core_shape, int longest_delay, int ticks)
        : cores(core_count), width(grid_width), shape(core_shape) {
        Maker maker(seed);
        for (int c = 0; c < cores; c++) {
            states.push_back(std::make_unique<Core>(maker.Neurons(shape), maker.Types(shape.axons)));
            maker.Fill(*states.back(), shape);
            states.back()->number = uint32_t(c), states.back()->seed = seed;
            targets.emplace_back(size_t(shape.neurons));
            for (auto &list : targets.back())
                for (int count = maker.Below(4); count > 0; count--)
                    list.push_back({maker.Below(10) ? uint32_t(maker.Below(cores)) : WEFT_SPIKE_OUTSIDE,
                                    uint16_t(maker.Below(shape.axons)), uint16_t(maker.Between(1, longest_delay))});
        }
        for (int t = 0; t < ticks; t += maker.Below(3))
            stimuli.push_back({uint64_t(t), uint32_t(maker.Below(cores)), uint16_t(maker.Below(shape.axons))});
    }
    /* Takes the states: once. */
    weft_spike_chip *Chip() {
        weft_spike_chip *chip = nullptr;
        EXPECT_EQ(weft_spike_chip_create(&chip, nullptr), WEFT_OK);
        for (int c = 0; c < cores; c++) {
            std::vector<uint64_t> first(1, 0);
            std::vector<weft_spike_target> all;
            for (const auto &list : targets[size_t(c)]) {
                all.insert(all.end(), list.begin(), list.end());
                first.push_back(all.size());
            }
            weft_spike_core core{&weft_truenorth_kind,
                                 states[size_t(c)]->Release(),
                                 shape.axons,
                                 shape.neurons,
                                 c % width,
                                 c / width,
                                 first.data(),
                                 all.data()};
            EXPECT_EQ(weft_spike_chip_add(chip, &core, nullptr), WEFT_OK);
        }
        EXPECT_EQ(weft_spike_chip_ready(chip, nullptr), WEFT_OK);
        return chip;
    }
    /* Steps the states themselves, every core in every tick. */
    std::vector<Spike> Slow(uint64_t ticks, std::vector<weft_spike_counts> &counts) {
        std::map<uint64_t, std::map<uint32_t, Axons>> coming;
        std::vector<Spike> all;
        counts.assign(size_t(cores), {});
        for (const auto &s : stimuli) coming[s.tick][s.core].push_back(s.axon);
        for (uint64_t t = 0; t < ticks; t++)
            for (uint32_t c = 0; c < uint32_t(cores); c++) {
                Axons &events = coming[t][c];
                std::sort(events.begin(), events.end());
                for (uint16_t n : states[c]->Step(events)) {
                    all.push_back({t, c, n});
                    counts[c].spikes++;
                    for (const auto &target : targets[c][n]) {
                        counts[c].packets++;
                        if (target.core == WEFT_SPIKE_OUTSIDE) continue;
                        coming[t + target.delay][target.core].push_back(target.axon);
                        counts[c].packets_local += target.core == c;
                        counts[c].hops_x += uint64_t(std::abs(int(c) % width - int(target.core) % width));
                        counts[c].hops_y += uint64_t(std::abs(int(c) / width - int(target.core) / width));
                    }
                }
            }
        return all;
    }
};

#endif
