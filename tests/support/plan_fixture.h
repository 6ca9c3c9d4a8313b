// Compiled networks of a few images, and what they compute.
#ifndef WEFT_TESTS_SUPPORT_PLAN_FIXTURE_H
#define WEFT_TESTS_SUPPORT_PLAN_FIXTURE_H

#include "tests/support/trainer_fixture.h"
#include "trainer/plan.h"

#define NEEDS_BF16                                                                                                     \
    if (!weft_precision_is_native(WEFT_PRECISION_BF16)) GTEST_SKIP() << "the processor does not multiply bfloat16"

namespace fixture {

constexpr int plan_batch = 6;

struct Plan {
    weft_plan *plan = nullptr;
    ~Plan() { weft_plan_destroy(plan); }
};

inline void create(Plan &p, const Network &net, weft_precision precision, weft_plan *shared = nullptr) {
    weft_error err = {};
    weft_plan_options options = {plan_batch, true, precision, shared};
    int threads = weft_dnn_single_thread();
    (void)threads;
    ASSERT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_OK) << err.text;
}

inline void run(const Plan &p, const Network &net, unsigned seed) {
    weft_error err = {};
    std::vector<float> x = random_values(plan_batch * weft_shape_size(net->input), seed);
    std::copy(x.begin(), x.end(), p.plan->input.data);
    ASSERT_EQ(weft_plan_forward(p.plan, 0, p.plan->count, &err), WEFT_OK) << err.text;
    ASSERT_EQ(weft_plan_read_logits(p.plan, &err), WEFT_OK) << err.text;
    size_t outputs = plan_batch * weft_shape_size(net->layers[net->layer_count - 1].out);
    std::vector<float> slope = random_values(outputs, seed + 1);
    std::copy(slope.begin(), slope.end(), p.plan->logits_gradient.data);
    ASSERT_EQ(weft_plan_backward(p.plan, &err), WEFT_OK) << err.text;
}

struct Array {
    std::string name;
    std::vector<float> values;
};

inline void take(std::vector<Array> &out, const std::string &name, const float *values, size_t count) {
    if (values) out.push_back({name, {values, values + count}});
}

// Outputs and the gradient of every parameter.
inline std::vector<Array> results(const Plan &p, const Network &net) {
    std::vector<Array> out;
    take(out, "outputs", p.plan->logits.data, plan_batch * weft_shape_size(net->layers[net->layer_count - 1].out));
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &l = net->layers[i];
        const weft_op &op = p.plan->ops[i];
        size_t channels = static_cast<size_t>(l.out.channels);
        std::string name = l.name;
        take(out, name + " weight", op.weight_gradient.data, l.weight_count);
        take(out, name + " bias", op.bias_gradient.data, channels);
        take(out, name + " gamma, beta", op.scale_shift_gradient.data, 2 * channels);
        if (l.kind == WEFT_LAYER_BATCH_NORM) {
            take(out, name + " mean", op.mean.data, channels);
            take(out, name + " variance", op.variance.data, channels);
        }
    }
    return out;
}

inline std::vector<Array> results(const Network &net, weft_precision precision, unsigned seed) {
    Plan p;
    weft_error err = {};
    create(p, net, precision);
    if (!p.plan) return {};
    EXPECT_EQ(weft_plan_load(p.plan, 0, p.plan->count, &err), WEFT_OK) << err.text;
    run(p, net, seed);
    return results(p, net);
}

} // namespace fixture
#endif
