// How many images a second does one thread train, and where does a step's time go: every layer of a recipe's network,
// forward, gradient of the weights and gradient of the input, with the implementation's name as label. "inference" is
// the float32 forward pass that evaluation uses. Read the CPU column where the machine is not quiet.
//
// Usage: train_bench [RECIPE [fp32|bf16 [CHANNELS HEIGHT WIDTH [BATCH]]]] [--benchmark_...]
// Default: cifar10-binaryconnect, bf16 where the processor has it, 3 x 32 x 32, 50 images.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "trainer/plan.h"
#include "trainer/recipe.h"

namespace {

struct Settings {
    std::string recipe = "cifar10-binaryconnect";
    weft_precision precision =
        weft_precision_is_native(WEFT_PRECISION_BF16) ? WEFT_PRECISION_BF16 : WEFT_PRECISION_FP32;
    weft_shape shape = {3, 32, 32};
    int batch = 50;
};

class Step {
  public:
    Step(const Settings &s, bool training) : batch(s.batch) {
        weft_error err = {};
        weft_dnn_single_thread();
        weft_plan_options options = {s.batch, training, training ? s.precision : WEFT_PRECISION_FP32, nullptr};
        bool ok = weft_recipe_load(&recipe, s.recipe.c_str(), nullptr, 0, nullptr, &err) == WEFT_OK &&
                  weft_recipe_network(&net, &recipe, s.shape, 10, &err) == WEFT_OK;
        if (ok) set_weights();
        ok = ok && weft_plan_create(&plan, net, &options, &err) == WEFT_OK;
        if (!ok) {
            std::fprintf(stderr, "%s\n", err.text);
            std::exit(1);
        }
        size_t values = weft_shape_size(s.shape) * static_cast<size_t>(s.batch);
        for (size_t k = 0; k < values; k++) plan->input.data[k] = static_cast<float>(k % 251) / 251 - 0.5f;
        load();
    }
    ~Step() {
        weft_plan_destroy(plan);
        weft_network_destroy(net);
        weft_recipe_destroy(&recipe);
    }
    Step(const Step &) = delete;
    Step &operator=(const Step &) = delete;

    void load() { weft_plan_load(plan, 0, plan->count, nullptr); }
    void forward() { weft_plan_forward(plan, 0, plan->count, nullptr); }
    void run() {
        load();
        forward();
        weft_plan_read_logits(plan, nullptr);
        std::memcpy(plan->logits_gradient.data, plan->logits.data, static_cast<size_t>(batch) * 10 * sizeof(float));
        weft_plan_backward(plan, nullptr);
    }

    int batch;
    weft_plan *plan = nullptr;

  private:
    void set_weights() {
        for (int i = 0; i < net->layer_count; i++)
            for (size_t k = 0; k < net->layers[i].weight_count; k++)
                net->layers[i].weight[k] = k * 2654435761u & 65536 ? 0.1f : -0.1f;
    }

    weft_recipe recipe = {};
    weft_network *net = nullptr;
};

void train_step(benchmark::State &state, Step *step) {
    for (auto _ : state) step->run();
    state.SetItemsProcessed(state.iterations() * step->batch);
}

void inference(benchmark::State &state, Step *step) {
    for (auto _ : state) step->forward();
    state.SetItemsProcessed(state.iterations() * step->batch);
}

void load_weights(benchmark::State &state, Step *step) {
    for (auto _ : state) step->load();
}

enum Direction { FORWARD, WEIGHTS, DATA };

std::string implementation(const weft_op &op, Direction direction) {
    if (op.kind == &weft_op_winograd) return "winograd";
    const weft_primitive *p = direction == FORWARD   ? &op.forward
                              : direction == WEIGHTS ? &op.backward_weights
                                                     : &op.backward;
    if (p->pd) return weft_dnn_name(p);
    return op.fused && op.layer->kind == WEFT_LAYER_RELU ? "in the batch norm" : "own";
}

void layer(benchmark::State &state, Step *step, int index, Direction direction) {
    weft_op *op = &step->plan->ops[index];
    bool trained = op->trained, data = op->needs_diff_src;
    if (weft_layer_has_weights(op->layer)) {
        op->trained = trained && direction != DATA;
        op->needs_diff_src = data && direction != WEIGHTS;
    }
    for (auto _ : state) (direction == FORWARD ? op->kind->forward : op->kind->backward)(step->plan, op, nullptr);
    op->trained = trained;
    op->needs_diff_src = data;
    state.SetLabel(implementation(*op, direction));
    if (!weft_layer_has_weights(op->layer)) return;
    double work = 2e-9 * static_cast<double>(weft_layer_macs(op->layer)) * step->batch;
    state.counters["GFLOP/s"] =
        benchmark::Counter(work * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void add(const std::string &name, Step *step, int index, Direction direction) {
    benchmark::RegisterBenchmark(name.c_str(), layer, step, index, direction)->Unit(benchmark::kMicrosecond);
}

void add_layers(Step *step) {
    for (int i = 0; i < step->plan->count; i++) {
        const weft_op &op = step->plan->ops[i];
        std::string name = op.layer->name, kind = weft_layer_kind_names[op.layer->kind];
        std::string start = std::to_string(i) + ":" + name + ":" + kind + "/";
        add(start + "forward", step, i, FORWARD);
        if (op.trained && weft_layer_has_weights(op.layer)) add(start + "weights", step, i, WEIGHTS);
        if (weft_layer_has_weights(op.layer) ? op.needs_diff_src : op.needs_diff_dst)
            add(start + "backward", step, i, DATA);
    }
}

Settings settings(const std::vector<std::string> &args) {
    Settings s;
    if (args.size() > 0) s.recipe = args[0];
    if (args.size() > 1) s.precision = args[1] == "fp32" ? WEFT_PRECISION_FP32 : WEFT_PRECISION_BF16;
    if (args.size() > 4) s.shape = {std::stoi(args[2]), std::stoi(args[3]), std::stoi(args[4])};
    if (args.size() > 5) s.batch = std::stoi(args[5]);
    return s;
}

} // namespace

int main(int argc, char **argv) {
    benchmark::Initialize(&argc, argv);
    Settings chosen = settings({argv + 1, argv + argc});
    Step step(chosen, true), forward(chosen, false);
    step.run();
    benchmark::RegisterBenchmark("step", train_step, &step)->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark("load", load_weights, &step)->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark("inference", inference, &forward)->Unit(benchmark::kMillisecond);
    add_layers(&step);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
