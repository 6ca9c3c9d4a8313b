// Do plans that share weights compute what those with their own do, and training the same bytes with any number of
// threads?
#include <omp.h>

#include <algorithm>

#include "tests/support/plan_fixture.h"

using namespace fixture;

namespace {

Network mixed_network() {
    Network net = network({3, 6, 6});
    add(net, proto(WEFT_LAYER_CONV, 16, 3, 1, 1), true);
    add(net, proto(WEFT_LAYER_BATCH_NORM));
    add(net, proto(WEFT_LAYER_RELU));
    add(net, proto(WEFT_LAYER_CONV, 48, 3, 1, 1));
    add(net, proto(WEFT_LAYER_CONV, 10, 2));
    add(net, proto(WEFT_LAYER_DENSE, 20), true);
    add(net, proto(WEFT_LAYER_DENSE, 5));
    randomise(net, 9);
    return net;
}

void expect_same(const std::vector<Array> &a, const std::vector<Array> &b) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); i++) EXPECT_EQ(a[i].values, b[i].values) << a[i].name;
}

void check_shared(weft_precision precision, int parts) {
    weft_error err = {};
    Network net = mixed_network();
    Plan plans[3];
    for (int i = 0; i < parts; i++) create(plans[i], net, precision, i ? plans[0].plan : nullptr);
    for (int i = 0; i < net->layer_count; i++)
        if (net->layers[i].weight)
            for (int p = 1; p < parts; p++) {
                EXPECT_EQ(plans[p].plan->ops[i].weight.data, plans[0].plan->ops[i].weight.data);
                EXPECT_EQ(plans[p].plan->ops[i].weight_backward.data, plans[0].plan->ops[i].weight_backward.data);
                EXPECT_NE(plans[p].plan->ops[i].weight_gradient.data, plans[0].plan->ops[i].weight_gradient.data);
            }
    for (int p = parts - 1; p >= 0; p--) // in no particular order
        ASSERT_EQ(weft_plan_load_part(plans[p].plan, p, parts, &err), WEFT_OK) << err.text;
    std::vector<Array> alone = results(net, precision, 60);
    ASSERT_EQ(alone.size(), 1u + 5u + 2u + 3u);
    for (int p = 0; p < parts; p++) {
        run(plans[p], net, 60);
        expect_same(results(plans[p], net), alone);
    }
}

TEST(Shared, SameBytesInFloat32) {
    for (int parts : {1, 2, 3}) check_shared(WEFT_PRECISION_FP32, parts);
}

TEST(Shared, SameBytesInBf16) {
    NEEDS_BF16;
    for (int parts : {1, 2, 3}) check_shared(WEFT_PRECISION_BF16, parts);
}

// Another part's weights stay as they were.
TEST(Shared, PartsAreDisjointAndBalanced) {
    Network net = mixed_network();
    weft_error err = {};
    size_t loaded[2] = {0, 0}, all = 0;
    for (int part = 0; part < 2; part++) {
        Plan p;
        create(p, net, WEFT_PRECISION_FP32);
        ASSERT_EQ(weft_plan_load_part(p.plan, part, 2, &err), WEFT_OK);
        for (int i = 0; i < net->layer_count; i++) {
            const float *w = p.plan->ops[i].weight.data;
            if (!net->layers[i].weight) continue;
            bool any = std::any_of(w, w + net->layers[i].weight_count, [](float v) { return v != 0; });
            loaded[part] += any ? net->layers[i].weight_count : 0;
            all += part ? 0 : net->layers[i].weight_count;
        }
    }
    EXPECT_EQ(loaded[0] + loaded[1], all);
    EXPECT_GT(loaded[0], all / 3);
    EXPECT_GT(loaded[1], all / 3);
}

// ---- training ----

std::string recipe(const std::string &folder, const std::string &precision) {
    return "name: small\ndataset: " + folder + "\nepochs: 2\nbatch: 20\nprecision: " + precision +
           "\nlayers:\n  - conv: {filters: 16, kernel: 3}\n  - batch_norm\n  - relu\n  - conv: {filters: 16, kernel: "
           "3}\n"
           "  - max_pool: {size: 2}\n  - batch_norm\n  - relu\n  - dense: {units: 10, bias: true}\n"
           "projection: sign\noptimiser: {adam: {learning_rate: 0.01}}\nrecalibrate: 50\n";
}

std::string trained(const Folder &folder, const std::string &precision, int threads) {
    int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    std::string file = folder.file("recipe.yaml"), net = folder.file("net" + std::to_string(threads) + ".onnx");
    write_file(file, recipe(folder.path, precision));
    Outcome run = train(file, net);
    EXPECT_EQ(run.status, WEFT_OK) << run.error.text;
    omp_set_num_threads(before);
    return read_file(net);
}

void check_threads(const std::string &precision) {
    Folder folder;
    std::string one = trained(folder, precision, 1);
    EXPECT_GT(one.size(), 10000u);
    EXPECT_EQ(one, trained(folder, precision, 2));
}

TEST(Training, SameBytesForAnyNumberOfThreadsInFloat32) { check_threads("fp32"); }
TEST(Training, SameBytesForAnyNumberOfThreadsInBf16) {
    NEEDS_BF16;
    check_threads("bf16");
}

volatile sig_atomic_t stop_flag;
void stop_in_the_middle(void *, const weft_train_progress *p) {
    if (p->epoch_end) stop_flag = 1;
}

TEST(Training, ResumedRunSameBytesInBf16) {
    NEEDS_BF16;
    Folder folder;
    std::string whole = trained(folder, "bf16", 2), file = folder.file("recipe.yaml"),
                net = folder.file("resumed.onnx");
    stop_flag = 0;
    EXPECT_EQ(train(file, net, false, &stop_flag, stop_in_the_middle).status, WEFT_E_INTERRUPTED);
    EXPECT_EQ(train(file, net, true).status, WEFT_OK);
    EXPECT_EQ(read_file(net), whole);
}

} // namespace
