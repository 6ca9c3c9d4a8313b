// Does every convolution run on an implementation of oneDNN that is no reference one? Those take hundreds of times as
// long, which looks like a hang. A TEST is a process of its own, so each may choose its instruction set.
#include "tests/support/trainer_fixture.h"
#include "trainer/plan.h"

using namespace fixture;

namespace {

struct Plan {
    weft_plan *plan = nullptr;
    ~Plan() { weft_plan_destroy(plan); }
};

struct Owner {
    weft_dnn dnn = {};
    ~Owner() { weft_dnn_destroy(&dnn); }
};

// The batch norm has parameters, so the convolution after it computes all three gradients.
void check(int in, int filters, int kernel, int groups, bool training, weft_precision precision) {
    Plan p;
    weft_error err = {};
    Network net = network({in, 14, 14});
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_CONV, filters, kernel, 1, kernel / 2, 1, groups), true);
    weft_plan_options options = {4, training, precision, nullptr};
    ASSERT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_OK) << err.text;
    const weft_op &op = p.plan->ops[1];
    for (const weft_primitive *primitive : {&op.forward, &op.backward, &op.backward_weights}) {
        EXPECT_EQ(primitive->handle != nullptr, training || primitive == &op.forward);
        EXPECT_FALSE(weft_dnn_is_reference(primitive))
            << in << " -> " << filters << " channels, kernel " << kernel << ", groups " << groups << ": forward "
            << weft_dnn_name(&op.forward) << ", backward " << weft_dnn_name(&op.backward) << ", weights "
            << weft_dnn_name(&op.backward_weights);
    }
}

void check_all(weft_precision precision) {
    int before = weft_dnn_single_thread();
    (void)before;
    for (int kernel : {1, 3, 5})
        for (int in : {1, 2, 3, 4, 6, 8, 16})
            for (int filters : {1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32}) check(in, filters, kernel, 1, true, precision);
    for (int channels : {2, 4, 8, 12, 16}) {
        check(channels, channels, 3, 2, true, precision);
        check(channels, channels, 3, channels, true, precision);
        if (precision == WEFT_PRECISION_BF16) continue;
        for (int filters : {1, 8, 20}) check(channels, filters, 3, 1, false, precision);
    }
}

void check_isa(dnnl_cpu_isa_t isa) {
#if defined(__x86_64__)
    if (dnnl_set_max_cpu_isa(isa) != dnnl_success)
        GTEST_SKIP() << "the instruction set of this process is fixed already";
    check_all(WEFT_PRECISION_FP32);
#else
    (void)isa;
    GTEST_SKIP() << "not an x86-64 processor";
#endif
}

TEST(Implementation, NeverTheReference) { check_isa(dnnl_cpu_isa_all); }
TEST(Implementation, NeverTheReferenceWithAvx2) { check_isa(dnnl_cpu_isa_avx2); }
TEST(Implementation, NeverTheReferenceWithSse41) { check_isa(dnnl_cpu_isa_sse41); }
TEST(Implementation, NeverTheReferenceInBf16) {
    if (!weft_precision_is_native(WEFT_PRECISION_BF16)) GTEST_SKIP() << "the processor does not multiply bfloat16";
    check_all(WEFT_PRECISION_BF16);
}

// Everything else that a network of bfloat16 activations runs through oneDNN.
TEST(Implementation, OtherLayersAreCompiledInBf16) {
    if (!weft_precision_is_native(WEFT_PRECISION_BF16)) GTEST_SKIP() << "the processor does not multiply bfloat16";
    for (int channels : {5, 16, 24}) {
        Plan p;
        weft_error err = {};
        Network net = network({channels, 8, 8});
        weft_layer sum = proto(WEFT_LAYER_ADD);
        add(net, proto(WEFT_LAYER_BATCH_NORM));
        sum.input2 = 0;
        for (weft_layer_kind kind : {WEFT_LAYER_MAX_POOL, WEFT_LAYER_AVERAGE_POOL, WEFT_LAYER_RELU})
            add(net, proto(kind, 0, 3, 1, 1));
        add(net, sum);
        add(net, proto(WEFT_LAYER_DENSE, 10), true);
        weft_plan_options options = {4, true, WEFT_PRECISION_BF16, nullptr};
        ASSERT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_OK) << err.text;
        for (int i = 1; i < p.plan->count; i++) {
            const weft_op &op = p.plan->ops[i];
            EXPECT_EQ(op.forward.pd == nullptr, op.layer->kind == WEFT_LAYER_RELU); // weft's own
            for (const weft_primitive *primitive :
                 {&op.forward, &op.backward, &op.backward_weights, &op.diff_src_sum.primitive})
                EXPECT_TRUE(primitive->pd == nullptr || weft_dnn_is_jit(primitive))
                    << op.what << ": " << weft_dnn_name(primitive);
        }
    }
}

// In training the rectifier that alone reads a batch norm is computed with it where oneDNN does so fast.
void check_fused(weft_precision precision, int channels, bool training, int readers, bool fused) {
    Plan p;
    weft_error err = {};
    Network net = network({channels, 6, 6});
    weft_layer sum = proto(WEFT_LAYER_ADD);
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    sum.input2 = 0;
    if (readers > 1) add(net, sum);
    weft_plan_options options = {4, training, precision, nullptr};
    ASSERT_EQ(weft_plan_create(&p.plan, net.get(), &options, &err), WEFT_OK) << err.text;
    EXPECT_EQ(p.plan->ops[0].fused, fused);
    EXPECT_EQ(p.plan->ops[1].fused, fused);
}

TEST(Implementation, FusesBatchNormAndRectifier) {
    check_fused(WEFT_PRECISION_FP32, 16, false, 1, false);
    check_fused(WEFT_PRECISION_FP32, 16, true, 2, false);
    if (!weft_precision_is_native(WEFT_PRECISION_BF16)) GTEST_SKIP() << "the processor does not multiply bfloat16";
    check_fused(WEFT_PRECISION_BF16, 16, true, 1, true);
    check_fused(WEFT_PRECISION_BF16, 5, true, 1, true);
    check_fused(WEFT_PRECISION_BF16, 16, true, 2, false);
}

// A gradient that SSE4.1 has no implementation of in blocked layouts, but has in row-major ones.
TEST(Implementation, ChoosesTheFirstThatIsNoReference) {
    weft_error err = {};
    dnnl_convolution_desc_t descs[2];
    const dnnl_dims_t shape = {4, 8, 14, 14}, kernel = {8, 8, 3, 3}, ones = {1, 1};
    const dnnl_format_tag_t tags[2] = {dnnl_nChw8c, dnnl_nchw};
    const void *const choices[3] = {&descs[0], &descs[1], &descs[0]};
    dnnl_memory_desc_t weight = weft_dnn_layout(4, kernel, dnnl_format_tag_any);
    for (int i = 0; i < 2; i++) {
        dnnl_memory_desc_t x = weft_dnn_layout(4, shape, tags[i]);
        ASSERT_EQ(dnnl_convolution_backward_weights_desc_init(&descs[i], dnnl_convolution_direct, &x, &weight, nullptr,
                                                              &x, ones, ones, ones),
                  dnnl_success);
    }
#if defined(__x86_64__)
    if (dnnl_set_max_cpu_isa(dnnl_cpu_isa_sse41) != dnnl_success)
        GTEST_SKIP() << "the instruction set is fixed already";
#else
    GTEST_SKIP() << "not an x86-64 processor";
#endif
    Owner dnn;
    weft_primitive first, chosen;
    ASSERT_EQ(weft_dnn_create(&dnn.dnn, &err), WEFT_OK) << err.text;
    ASSERT_EQ(weft_dnn_primitive_choose(&dnn.dnn, &first, choices, 1, nullptr, "first", &err), WEFT_OK) << err.text;
    EXPECT_STREQ(weft_dnn_name(&first), "ref:any");
    EXPECT_TRUE(weft_dnn_is_reference(&first));
    ASSERT_EQ(weft_dnn_primitive_choose(&dnn.dnn, &chosen, choices, 3, nullptr, "chosen", &err), WEFT_OK) << err.text;
    EXPECT_STREQ(weft_dnn_name(&chosen), "x64:gemm:jit");
    EXPECT_FALSE(weft_dnn_is_reference(&chosen));
}

} // namespace
