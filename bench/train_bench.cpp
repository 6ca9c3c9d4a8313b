// How many images a second does one thread train, and where does the time go: every layer of the network of
// fashion-cnn-sign, forward and backward, with the name of oneDNN's implementation as label.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>

#include "trainer/plan.h"
#include "trainer/recipe.h"

namespace {

constexpr int batch = 50;

struct Session {
    weft_recipe recipe;
    weft_network *net = nullptr;
    weft_plan *plan = nullptr;

    Session() {
        weft_dnn_single_thread();
        bool ok = weft_recipe_load(&recipe, "fashion-cnn-sign", nullptr, 0, nullptr, nullptr) == WEFT_OK &&
                  weft_recipe_network(&net, &recipe, {1, 28, 28}, 10, nullptr) == WEFT_OK;
        for (int i = 0; ok && i < net->layer_count; i++)
            for (size_t k = 0; k < net->layers[i].weight_count; k++)
                net->layers[i].weight[k] = k * 2654435761u & 65536 ? 0.1f : -0.1f;
        ok = ok && weft_plan_create(&plan, net, batch, true, nullptr) == WEFT_OK;
        for (size_t k = 0; ok && k < batch * 784; k++) plan->input.data[k] = static_cast<float>(k % 251) / 251;
        if (ok) run();
    }
    ~Session() {
        weft_plan_destroy(plan);
        weft_network_destroy(net);
        weft_recipe_destroy(&recipe);
    }
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    void run() {
        weft_plan_load(plan, 0, plan->count, nullptr);
        weft_plan_forward(plan, 0, plan->count, nullptr);
        weft_plan_read_logits(plan, nullptr);
        std::memcpy(plan->logits_gradient.data, plan->logits.data, batch * 10 * sizeof(float));
        weft_plan_backward(plan, nullptr);
    }
};

void train_step(benchmark::State &state) {
    Session session;
    if (!session.plan) return state.SkipWithError("no plan");
    for (auto _ : state) session.run();
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(train_step)->Unit(benchmark::kMillisecond);

void load_weights(benchmark::State &state) {
    Session session;
    if (!session.plan) return state.SkipWithError("no plan");
    for (auto _ : state) weft_plan_load(session.plan, 0, session.plan->count, nullptr);
}
BENCHMARK(load_weights)->Unit(benchmark::kMicrosecond);

void layer(benchmark::State &state, bool backward) {
    Session session;
    if (!session.plan) return state.SkipWithError("no plan");
    weft_plan *plan = session.plan;
    int index = static_cast<int>(state.range(0));
    if (index >= plan->count || (backward && index < plan->first_parameter))
        return state.SkipWithError("no such layer");
    weft_op *op = &plan->ops[index];
    state.SetLabel(std::string(op->layer->name) + " " +
                   weft_dnn_name(backward && op->backward.pd ? &op->backward : &op->forward));
    for (auto _ : state) (backward ? op->kind->backward : op->kind->forward)(plan, op, nullptr);
}
BENCHMARK_CAPTURE(layer, forward, false)->DenseRange(0, 13)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(layer, backward, true)->DenseRange(0, 13)->Unit(benchmark::kMicrosecond);

} // namespace
