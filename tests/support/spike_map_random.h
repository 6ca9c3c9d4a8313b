// Random networks mapped at random onto small chips.
#ifndef WEFT_TESTS_SUPPORT_SPIKE_MAP_RANDOM_H
#define WEFT_TESTS_SUPPORT_SPIKE_MAP_RANDOM_H

#include "tests/support/spike_map_fixture.h"

namespace weft_test {

struct random_case {
    hand_net net;
    chip_ptr chip;
    spike_mapping_ptr mapping;
    int relayed = 0;

    random_case(uint32_t seed, const char *model, bool relays, uint32_t largest) : net(model) {
        std::mt19937 dice(seed);
        const int destinations = int(dice() % 3) + (relays ? 1 : 0);
        random_net(net, dice, largest);
        const int cores = 1 + int(dice() % 8);
        if (strcmp(model, "truenorth") == 0) {
            chip = small_chip(cores, 20000, 20000, destinations, {"synapse.memory_bytes=60000000"});
        } else {
            chip = load_chip("loihi1", {"noc.mesh=[" + std::to_string(cores) + ", 1]", "limits.neurons=20000"});
            for (auto &w : net.weights) w.exponent = int(dice() % 3) - 1;
        }
        place(dice, relays && destinations);
    }
    /* Core of every neuron, copies and relays as many as the axons need and now and then more. */
    void place(std::mt19937 &dice, bool relays) {
        std::vector<std::vector<int>> core(net.populations.size());
        for (size_t p = 0; p < core.size(); p++)
            for (uint32_t n = 0; n < net.populations[p].size; n++)
                core[p].push_back(n % 7 && n ? core[p].back() : int(dice() % unsigned(chip->core_count)));
        std::vector<std::string> texts;
        for (size_t p = 0; p < core.size(); p++)
            if (net.populations[p].model != WEFT_NIR_INPUT) texts.push_back(text(dice, int(p), core, relays));
        weft_error err = {};
        mapping = parse_mapping(mapping_text(texts), &err);
        EXPECT_TRUE(mapping) << err.text;
    }
    /* Axons that a neuron's synapses make at most: each core, weight and projection. */
    size_t axons(int population, uint32_t neuron, const std::vector<std::vector<int>> &core) {
        std::set<std::tuple<size_t, int, float>> all;
        for (size_t i = 0; i < net.projections.size(); i++)
            for (uint64_t s = 0; net.projections[i].source == population && s < net.projections[i].count; s++)
                if (s >= net.projections[i].first[neuron] && s < net.projections[i].first[neuron + 1])
                    all.insert({i, core[size_t(net.projections[i].target)][net.projections[i].targets[s]],
                                net.projections[i].weights[s]});
        return all.size();
    }
    std::string text(std::mt19937 &dice, int p, const std::vector<std::vector<int>> &core, bool relays) {
        const uint64_t each = uint64_t(chip->limits.destinations);
        std::map<int, std::string> pieces, relay_pieces;
        for (uint32_t n = 0; n < net.populations[size_t(p)].size; n++) {
            const uint64_t need = axons(p, n, core);
            uint64_t copies = each ? (need + each - 1) / each : 1, groups = 0;
            if (relays && need > 3 && dice() % 2) {
                groups = 1 + dice() % std::min<uint64_t>(2, uint64_t(chip->core_count));
                copies = (groups + each - 1) / each + dice() % 2;
                const uint64_t left = need - std::min(need, copies * each - groups);
                for (uint64_t g = 0; g < groups; g++)
                    relay_pieces[int((n + g) % unsigned(chip->core_count))] +=
                        " " + std::to_string(n) + "*" +
                        std::to_string((left + each * groups - 1) / (each * groups) + 1);
                relayed++;
            }
            copies += dice() % 10 == 0;
            pieces[core[size_t(p)][n]] += " " + std::to_string(n) + "*" + std::to_string(std::max<uint64_t>(copies, 1));
        }
        std::string out = net.populations[size_t(p)].name + (" " + std::to_string(net.populations[size_t(p)].size));
        const char *between = ": ";
        for (const auto &[at, runs] : pieces) out += between + std::to_string(at) + runs, between = "; ";
        between = " / ";
        for (const auto &[at, runs] : relay_pieces) out += between + std::to_string(at) + runs, between = "; ";
        return out;
    }
};

} // namespace weft_test
#endif
