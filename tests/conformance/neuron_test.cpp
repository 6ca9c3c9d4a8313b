// Does every row of the table of neuron models honour its contract? New rows are picked up by themselves.
#include <cstring>
#include <random>
#include <set>

#include "tests/support/neuron_population.h"

namespace {

constexpr int COUNT = 157, TICKS = 60;

std::vector<const weft_neuron_model *> rows() {
    std::vector<const weft_neuron_model *> all;
    for (int i = 0; weft_neuron_table[i]; i++) all.push_back(weft_neuron_table[i]);
    return all;
}

// States and spikes of all neurons after each tick. parts: neurons a call of step takes.
std::vector<double> trace(Population &n, int parts) {
    const weft_neuron_model *model = weft_neurons_model(n.of.get());
    std::mt19937 random(3);
    std::vector<double> out;
    for (int t = 0; t < TICKS; t++) {
        std::vector<double> real(COUNT);
        std::vector<int32_t> whole(COUNT);
        for (int i = 0; i < COUNT; i++) real[size_t(i)] = whole[size_t(i)] = int(random() % 20000) - 5000;
        for (int first = 0; first < COUNT; first += parts) {
            const void *input =
                model->integer ? static_cast<const void *>(&whole[size_t(first)]) : &real[size_t(first)];
            weft_neurons_step(n.of.get(), first, std::min(parts, COUNT - first), input, &n.fired[size_t(first)]);
        }
        for (int i = 0; i < COUNT; i++) {
            out.push_back(n.fired[size_t(i)]);
            for (int s = 0; s < model->state_count; s++) out.push_back(n.state(s, i));
        }
    }
    return out;
}

TEST(NeuronTable, RowsAreComplete) {
    std::set<std::string> names;
    for (const weft_neuron_model *m : rows()) {
        EXPECT_TRUE(names.insert(m->name).second) << m->name;
        EXPECT_TRUE(m->summary && m->source && m->derive && m->step) << m->name;
        EXPECT_LE(m->param_count, WEFT_NEURON_PARAMS_MAX);
        EXPECT_LE(m->state_count, WEFT_NEURON_STATES_MAX);
        for (int s = 0; s < m->state_count; s++) EXPECT_NE(m->states[s], nullptr) << m->name;
        for (int p = 0; p < m->param_count; p++) {
            const weft_neuron_param &param = m->params[p];
            EXPECT_TRUE(param.name && param.unit && param.doc) << m->name;
            EXPECT_TRUE(param.min <= param.default_value && param.default_value <= param.max) << m->name << param.name;
        }
    }
    EXPECT_EQ(names.size(), 8u);
}

TEST(NeuronTable, RestsWithoutInput) {
    for (const weft_neuron_model *m : rows()) {
        Population n(neuron_spec(m->name, COUNT, {}));
        EXPECT_EQ(m->integer ? n.step_all(int32_t(0)) : n.step_all(0.0), 0u) << m->name;
    }
}

TEST(NeuronTable, ResetStartsAgainAndPartsDoNotMatter) {
    for (const weft_neuron_model *m : rows())
        for (bool each : {false, true}) {
            const weft_neuron_param &p = m->params[0];
            NeuronValues values = {{p.name, std::vector<double>(each ? COUNT : 1, p.default_value)}};
            Population n(neuron_spec(m->name, COUNT, values)), pieces(neuron_spec(m->name, COUNT, values));
            Population defaults(neuron_spec(m->name, COUNT, {}));
            const std::vector<double> first = trace(n, COUNT);
            weft_neurons_reset(n.of.get());
            EXPECT_EQ(trace(n, COUNT), first) << m->name;
            EXPECT_EQ(trace(pieces, 7), first) << m->name;
            EXPECT_EQ(trace(defaults, COUNT), first) << m->name;
        }
}

TEST(NeuronTable, OnlySpikingModelsFire) {
    for (const weft_neuron_model *m : rows()) {
        Population n(neuron_spec(m->name, COUNT, {}));
        bool fired = false;
        for (int t = 0; t < 2000; t++)
            fired |= ((m->integer ? n.step_all(int32_t(6400)) : n.step_all(10.0)) & WEFT_NEURON_FIRED) != 0;
        EXPECT_EQ(fired, m->spiking) << m->name;
    }
}

} // namespace
