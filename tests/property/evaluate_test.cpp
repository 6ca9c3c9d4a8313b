// The evaluator against training, against calculation by hand from the definitions, and against itself.
#include <omp.h>

#include <cmath>

#include "core/arena.h"
#include "core/interval.h"
#include "tests/support/naive_network.h"
#include "tests/support/trainer_fixture.h"
#include "trainer/loss.h"

using namespace fixture;

namespace {

struct EvaluatorDeleter {
    void operator()(weft_evaluator *e) const { weft_evaluator_destroy(e); }
};
using Evaluator = std::unique_ptr<weft_evaluator, EvaluatorDeleter>;

weft_eval_options settings(size_t recalibrate, int draws, uint64_t seed = 1) {
    weft_eval_options options = {};
    options.recalibrate = recalibrate;
    options.draws = draws;
    options.seed = seed;
    return options;
}

Evaluator evaluator(const Network &net, const std::string &data, const weft_eval_options &options) {
    weft_evaluator *e = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_evaluator_create(&e, net.get(), data.c_str(), &options, &err), WEFT_OK) << err.text;
    return Evaluator(e);
}

weft_transform_chain chain(const char *text) {
    weft_transform_chain c = {};
    weft_error err = {};
    EXPECT_EQ(weft_transform_chain_parse(&c, text, &err), WEFT_OK) << err.text;
    return c;
}

// text: NULL for the weights as deployed.
weft_eval_result run(const Evaluator &e, const char *text, weft_eval_layer *layers = nullptr) {
    weft_transform_chain c = chain(text ? text : "none");
    weft_eval_result result = {};
    weft_error err = {};
    EXPECT_EQ(weft_evaluator_run(e.get(), text ? &c : nullptr, &result, layers, &err), WEFT_OK) << err.text;
    return result;
}

class Evaluate : public ::testing::Test {
  protected:
    Network trained(const std::string &projection = "sign", int epochs = 6) {
        std::string out = folder.file("net.onnx"), path = folder.file("small.yaml");
        write_file(path, recipe_text(folder.path, "projection: " + projection + "\n", epochs));
        outcome = train(path, out);
        EXPECT_EQ(outcome.status, WEFT_OK) << outcome.error.text;
        weft_network *net = nullptr;
        weft_error err = {};
        EXPECT_EQ(weft_onnx_read(&net, out.c_str(), &err), WEFT_OK) << err.text;
        return Network(net);
    }
    void TearDown() override { omp_set_num_threads(2); }
    Folder folder;
    Outcome outcome = {};
};

TEST_F(Evaluate, AgreesWithTraining) {
    Network net = trained();
    Evaluator kept = evaluator(net, folder.path, settings(0, 7)),
              estimated = evaluator(net, folder.path, settings(100, 1));
    weft_eval_result deployed = run(kept, nullptr);
    EXPECT_DOUBLE_EQ(deployed.error_percent, outcome.result.test_error_percent);
    EXPECT_EQ(deployed.error_percent_std, 0.0);
    EXPECT_EQ(deployed.images, 60u);
    EXPECT_EQ(deployed.recalibrate, 0u);
    EXPECT_EQ(deployed.draws, 1); // nothing is drawn, so once is enough
    EXPECT_EQ(run(kept, "sign").draws, 1);
    // The recipe's statistics are those of 100 training images, so re-estimating on them changes nothing.
    EXPECT_DOUBLE_EQ(run(estimated, "sign").error_percent, deployed.error_percent);
    EXPECT_DOUBLE_EQ(run(kept, "sign").error_percent, deployed.error_percent);
    EXPECT_EQ(run(estimated, "sign").recalibrate, 100u);
    EXPECT_EQ(run(evaluator(net, folder.path, settings(WEFT_RECALIBRATE_ALL, 1)), "sign").recalibrate, 240u);
}

// The K error rates by hand: distort, re-estimate, count.
TEST_F(Evaluate, DrawsMeanSpreadAndInterval) {
    Network net = trained();
    weft_error err = {};
    weft_dataset *train_set = nullptr, *test_set = nullptr;
    ASSERT_EQ(weft_dataset_open(&train_set, folder.path.c_str(), WEFT_SPLIT_TRAIN, &err), WEFT_OK);
    ASSERT_EQ(weft_dataset_open(&test_set, folder.path.c_str(), WEFT_SPLIT_TEST, &err), WEFT_OK);
    const int draws = 5;
    std::vector<float> x(36 * 80), t(36 * 60), logits(600);
    for (size_t i = 0; i < x.size(); i++) x[i] = static_cast<float>(train_set->pixels[i]) / 255.0f;
    for (size_t i = 0; i < t.size(); i++) t[i] = static_cast<float>(test_set->pixels[i]) / 255.0f;
    weft_transform_chain noise = chain("addnorm:sigma=0.7");
    double sum = 0, squares = 0, rates[draws], plain = 0;
    std::vector<float> difference(60);
    for (int k = -1; k < draws; k++) { // -1: no distortion
        weft_network *copy = nullptr;
        weft_forward *forward = nullptr;
        ASSERT_EQ(weft_network_clone(&copy, net.get(), &err), WEFT_OK);
        const weft_transform_chain none = chain("none"), &used = k < 0 ? none : noise;
        ASSERT_EQ(weft_network_distort(copy, &used, 9, static_cast<uint64_t>(std::max(k, 0)), &err), WEFT_OK);
        ASSERT_EQ(weft_forward_create(&forward, copy, 50, WEFT_PRECISION_FP32, &err), WEFT_OK);
        ASSERT_EQ(weft_forward_reestimate(forward, copy, x.data(), 80, true, false, &err), WEFT_OK);
        ASSERT_EQ(weft_forward_run(forward, t.data(), 60, logits.data(), &err), WEFT_OK);
        double wrong = 0;
        for (size_t i = 0; i < 60; i++) {
            bool miss = weft_logits_top(&logits[10 * i], 10) != test_set->labels[i];
            wrong += miss;
            difference[i] += k < 0 ? -static_cast<float>(miss) : static_cast<float>(miss) / draws;
        }
        if (k < 0)
            plain = wrong / 60;
        else
            sum += rates[k] = wrong / 60;
        weft_forward_destroy(forward);
        weft_network_destroy(copy);
    }
    for (double rate : rates) squares += std::pow(rate - sum / draws, 2);
    Evaluator shared = evaluator(net, folder.path, settings(80, draws, 9));
    weft_eval_result first = run(shared, "none"), result = run(shared, "addnorm:sigma=0.7");
    EXPECT_EQ(first.difference_percent, 0);
    EXPECT_EQ(first.difference_high_percent, 0);
    double low, high;
    weft_paired_interval(&low, &high, difference.data(), 60,
                         weft_student_quantile(draws - 1) * std::sqrt(squares / (draws - 1) / draws));
    EXPECT_NEAR(result.difference_percent, 100 * (sum / draws - plain), 1e-9);
    EXPECT_NEAR(result.difference_low_percent, 100 * low, 1e-5);
    EXPECT_NEAR(result.difference_high_percent, 100 * high, 1e-5);
    weft_error_interval(&low, &high, sum / draws, std::sqrt(squares / (draws - 1)), draws, 60);
    EXPECT_NEAR(result.error_percent, 100 * sum / draws, 1e-9);
    EXPECT_NEAR(result.error_percent_std, 100 * std::sqrt(squares / (draws - 1)), 1e-9);
    EXPECT_GT(result.error_percent_std, 0);
    EXPECT_NEAR(result.low_percent, 100 * low, 1e-9);
    EXPECT_NEAR(result.high_percent, 100 * high, 1e-9);
    EXPECT_EQ(result.draws, draws);
    weft_dataset_destroy(train_set);
    weft_dataset_destroy(test_set);
}

// A sweep gives what single evaluations give, in any order and with any number of threads.
TEST_F(Evaluate, NothingIsLeftOver) {
    Network net = trained();
    weft_eval_options options = settings(90, 2);
    const char *const texts[] = {"addnorm:sigma=2", "sign", nullptr, "addnorm:sigma=2"};
    Evaluator shared = evaluator(net, folder.path, options);
    std::vector<weft_eval_layer> a(3), b(3);
    for (const char *text : texts)
        for (int threads : {1, 3}) {
            omp_set_num_threads(threads);
            weft_eval_result one = run(evaluator(net, folder.path, options), text, a.data());
            weft_eval_result swept = run(shared, text, b.data());
            EXPECT_EQ(one.error_percent, swept.error_percent);
            EXPECT_EQ(one.error_percent_std, swept.error_percent_std);
            EXPECT_EQ(one.effective_bits, swept.effective_bits);
            for (size_t i = 0; i < 3; i++) {
                EXPECT_EQ(a[i].distance, b[i].distance);
                EXPECT_EQ(a[i].correlation, b[i].correlation);
            }
        }
    // Equal weights by other names.
    EXPECT_EQ(run(shared, "power:beta=0").error_percent, run(shared, "sign").error_percent);
    weft_eval_result none = run(shared, "addnorm:sigma=0");
    EXPECT_EQ(none.error_percent, run(shared, "none").error_percent);
    EXPECT_EQ(none.draws, 2);
    EXPECT_EQ(none.error_percent_std, 0);
    EXPECT_NE(none.error_percent, run(shared, "addnorm:sigma=1").error_percent);
    double noise = run(shared, "addnorm:sigma=10").error_percent; // knows nothing: near 90 %
    EXPECT_GT(noise, 60.0);
    options.seed = 2;
    EXPECT_NE(noise, run(evaluator(net, folder.path, options), "addnorm:sigma=10").error_percent);
}

// ---- layers ----

double pearson(const naive::Values &a, const naive::Values &b) {
    double n = static_cast<double>(a.size()), ma = 0, mb = 0, cov = 0, va = 0, vb = 0;
    for (size_t i = 0; i < a.size(); i++) {
        ma += a[i] / n;
        mb += b[i] / n;
    }
    for (size_t i = 0; i < a.size(); i++) {
        cov += (a[i] - ma) * (b[i] - mb);
        va += (a[i] - ma) * (a[i] - ma);
        vb += (b[i] - mb) * (b[i] - mb);
    }
    return cov / std::sqrt(va * vb);
}

// Against sums over the weights and a plain double-precision forward pass of the cut network, with the file's
// statistics.
TEST_F(Evaluate, LayersByDefinition) {
    Network net = trained();
    Evaluator e = evaluator(net, folder.path, settings(0, 1));
    ASSERT_EQ(weft_evaluator_layer_count(e.get()), 3);
    weft_eval_layer layers[3] = {};
    weft_eval_result result = run(e, "power:beta=0.4", layers);
    weft_transform_chain power = chain("power:beta=0.4"), identity = {};
    weft_network *w = nullptr, *t = nullptr;
    weft_dataset *set = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_network_clone(&w, net.get(), &err), WEFT_OK);
    ASSERT_EQ(weft_network_clone(&t, net.get(), &err), WEFT_OK);
    ASSERT_EQ(weft_network_distort(w, &identity, 0, 0, &err), WEFT_OK);
    ASSERT_EQ(weft_network_distort(t, &power, 0, 0, &err), WEFT_OK);
    ASSERT_EQ(weft_dataset_open(&set, folder.path.c_str(), WEFT_SPLIT_TEST, &err), WEFT_OK);
    std::vector<float> x(36 * 60);
    for (size_t i = 0; i < x.size(); i++) x[i] = static_cast<float>(set->pixels[i]) / 255.0f;
    // conv, norm, relu | max pool, conv, average pool, norm, relu | flatten, dense, norm
    const int weighted[] = {0, 4, 9}, outputs[] = {2, 7, 10};
    double bits = 0, weights = 0;
    for (int k = 0; k < 3; k++) {
        const weft_layer &a = w->layers[weighted[k]], &b = t->layers[weighted[k]];
        double alpha = 0, distance = 0, signal = 0, noise = 0, n = static_cast<double>(a.weight_count);
        for (size_t i = 0; i < a.weight_count; i++) {
            double v = static_cast<double>(a.weight[i]), d = static_cast<double>(b.weight[i]) - v;
            alpha = std::max(alpha, std::fabs(v));
            distance += std::fabs(d);
            signal += v * v;
            noise += d * d;
        }
        EXPECT_STREQ(layers[k].name, a.name);
        EXPECT_EQ(layers[k].weights, a.weight_count);
        EXPECT_NEAR(layers[k].distance, distance / n / alpha, 1e-9);
        EXPECT_NEAR(layers[k].effective_bits, 0.5 * std::log2(1 + signal / noise), 1e-9);
        bits += n * 0.5 * std::log2(1 + signal / noise);
        weights += n;
        int all = w->layer_count;
        w->layer_count = t->layer_count = outputs[k] + 1;
        double r = pearson(naive::run(w, x, 60, false), naive::run(t, x, 60, false));
        w->layer_count = t->layer_count = all;
        EXPECT_NEAR(layers[k].correlation, r, 1e-5);
        EXPECT_LT(r, 0.9999);
        EXPECT_GT(r, 0.5);
    }
    EXPECT_NEAR(result.effective_bits, bits / weights, 1e-9);
    weft_dataset_destroy(set);
    weft_network_destroy(w);
    weft_network_destroy(t);
}

TEST_F(Evaluate, LayersOfNoAndOfKnownDistortion) {
    Network net = trained();
    Evaluator e = evaluator(net, folder.path, settings(240, 4));
    weft_eval_layer layers[3] = {};
    EXPECT_TRUE(std::isinf(run(e, "none", layers).effective_bits));
    for (const weft_eval_layer &l : layers) {
        EXPECT_EQ(l.distance, 0);
        EXPECT_TRUE(std::isinf(l.effective_bits));
        EXPECT_NEAR(l.correlation, 1, 1e-12);
    }
    // Tr-Sign deploys sign(W): the file's own weights give what sign gives.
    weft_eval_layer sign[3] = {};
    run(e, "sign", sign);
    run(e, nullptr, layers);
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(layers[i].distance, sign[i].distance);
        EXPECT_EQ(layers[i].correlation, sign[i].correlation);
        EXPECT_GT(sign[i].distance, 0.05);
        EXPECT_LT(sign[i].distance, 0.95);
    }
    // Normal noise of 0.5 a: mean abs is 0.5 sqrt(2 / pi) a; the largest layer has 240 weights, over 4 draws.
    run(e, "addnorm:sigma=0.5", layers);
    EXPECT_NEAR(layers[2].distance, 0.5 * std::sqrt(2 / 3.14159265358979), 5 * 0.3 / std::sqrt(4.0 * 240));
}

TEST_F(Evaluate, Refusals) {
    Network net = trained("sign", 1);
    weft_evaluator *e = nullptr;
    weft_error err = {};
    weft_eval_options options = {};
    auto refused = [&](weft_status status, const std::string &text) {
        EXPECT_EQ(weft_evaluator_create(&e, net.get(), folder.path.c_str(), &options, &err), status);
        EXPECT_EQ(err.text, text);
        EXPECT_EQ(e, nullptr);
    };
    refused(WEFT_E_INVALID, "draws: 0 is below 1");
    options.draws = 1;
    options.images = 61;
    refused(WEFT_E_INVALID, "images: 61 is above the 60 test images of " + folder.path);
    options.images = 0;
    options.recalibrate = 241;
    refused(WEFT_E_INVALID, "recalibrate: 241 is above the 240 training images of " + folder.path);
}

// Raised at the second draw of four.
struct Stopper {
    volatile sig_atomic_t flag = 0;
    int calls = 0;
    static void progress(void *context, int draw, int draws) {
        auto *self = static_cast<Stopper *>(context);
        EXPECT_EQ(draws, 4);
        EXPECT_EQ(draw, ++self->calls);
        if (draw == 2) self->flag = 1;
    }
};

TEST_F(Evaluate, Interrupts) {
    Network net = trained("sign", 1);
    Stopper stopper;
    weft_eval_options options = settings(50, 4);
    options.stop = &stopper.flag;
    options.progress = Stopper::progress;
    options.context = &stopper;
    Evaluator e = evaluator(net, folder.path, options);
    weft_transform_chain c = chain("addnorm:sigma=1");
    weft_eval_result result = {};
    weft_error err = {};
    EXPECT_EQ(weft_evaluator_run(e.get(), &c, &result, nullptr, &err), WEFT_E_INTERRUPTED);
    EXPECT_EQ(stopper.calls, 2);
}

// Networks along a training: the last one has the final weights, and the training is the same with and without.
TEST_F(Evaluate, Snapshots) {
    Network whole = trained("sign", 6);
    std::string bytes = read_file(folder.file("net.onnx")), recipe = folder.file("small.yaml"),
                out = folder.file("again.onnx");
    weft_train_options options = {};
    options.recipe = recipe.c_str();
    options.output = out.c_str();
    options.snapshots = 3;
    weft_train_result result = {};
    weft_error err = {};
    ASSERT_EQ(weft_train(&result, &options, &err), WEFT_OK) << err.text;
    EXPECT_TRUE(read_file(out) == bytes);
    for (int epoch = 1; epoch <= 6; epoch++) {
        std::string path = out + ".epoch" + std::to_string(epoch) + ".onnx";
        weft_network *net = nullptr;
        ASSERT_EQ(weft_onnx_read(&net, path.c_str(), &err) == WEFT_OK, epoch % 2 == 0) << path;
        if (!net) continue;
        const weft_layer &a = whole->layers[0], &b = net->layers[0];
        ASSERT_EQ(a.weight_count, b.weight_count);
        EXPECT_EQ(std::memcmp(a.latent, b.latent, a.weight_count * sizeof(float)) == 0, epoch == 6) << path;
        weft_network_destroy(net);
    }
}

} // namespace
