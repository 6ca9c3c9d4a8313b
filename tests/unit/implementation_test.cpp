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
void check(int in, int filters, int kernel, int groups, bool training) {
    Plan p;
    weft_error err = {};
    Network net = network({in, 14, 14});
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_CONV, filters, kernel, 1, kernel / 2, 1, groups), true);
    ASSERT_EQ(weft_plan_create(&p.plan, net.get(), 4, training, &err), WEFT_OK) << err.text;
    const weft_op &op = p.plan->ops[1];
    for (const weft_primitive *primitive : {&op.forward, &op.backward, &op.backward_weights}) {
        EXPECT_EQ(primitive->handle != nullptr, training || primitive == &op.forward);
        EXPECT_FALSE(weft_dnn_is_reference(primitive))
            << in << " -> " << filters << " channels, kernel " << kernel << ", groups " << groups << ": forward "
            << weft_dnn_name(&op.forward) << ", backward " << weft_dnn_name(&op.backward) << ", weights "
            << weft_dnn_name(&op.backward_weights);
    }
}

void check_all() {
    int before = weft_dnn_single_thread();
    (void)before;
    for (int kernel : {1, 3, 5})
        for (int in : {1, 2, 3, 4, 6, 8, 16})
            for (int filters : {1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32}) check(in, filters, kernel, 1, true);
    for (int channels : {2, 4, 8, 12, 16}) {
        check(channels, channels, 3, 2, true);
        check(channels, channels, 3, channels, true);
        for (int filters : {1, 8, 20}) check(channels, filters, 3, 1, false);
    }
}

void check_all(dnnl_cpu_isa_t isa) {
#if defined(__x86_64__)
    if (dnnl_set_max_cpu_isa(isa) != dnnl_success)
        GTEST_SKIP() << "the instruction set of this process is fixed already";
    check_all();
#else
    (void)isa;
    GTEST_SKIP() << "not an x86-64 processor";
#endif
}

TEST(Implementation, NeverTheReference) { check_all(dnnl_cpu_isa_all); }
TEST(Implementation, NeverTheReferenceWithAvx2) { check_all(dnnl_cpu_isa_avx2); }
TEST(Implementation, NeverTheReferenceWithSse41) { check_all(dnnl_cpu_isa_sse41); }

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
