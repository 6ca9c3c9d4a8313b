// Does training depend on nothing but recipe, seed and data, and does it leave what it promises?
#include <omp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>

#include "core/file.h"
#include "tests/support/trainer_fixture.h"
#include "trainer/plan.h"

using namespace fixture;

namespace {

class Train : public ::testing::Test {
  protected:
    std::string recipe(const std::string &extra = "projection: sign\n", int epochs = 2) {
        std::string path = folder.file("small.yaml");
        write_file(path, recipe_text(folder.path, extra, epochs));
        return path;
    }
    Network read(const std::string &path) {
        weft_network *net = nullptr;
        weft_error err = {};
        EXPECT_EQ(weft_onnx_read(&net, path.c_str(), &err), WEFT_OK) << err.text;
        return Network(net);
    }
    static bool exists(const std::string &path) {
        struct stat info;
        return stat(path.c_str(), &info) == 0;
    }
    void TearDown() override { omp_set_num_threads(2); }
    Folder folder;
};

// Raises a flag at a progress call. The first call of a run comes after its first minibatch, then one at each epoch's
// end.
struct Stopper {
    volatile sig_atomic_t flag = 0;
    int calls = 0;
    int stop_at_call = 0;
    static void progress(void *context, const weft_train_progress *p) {
        auto *self = static_cast<Stopper *>(context);
        EXPECT_GT(p->step, 0u);
        EXPECT_LE(p->step, p->steps);
        if (++self->calls == self->stop_at_call) self->flag = 1;
    }
};

TEST_F(Train, LearnsAndWritesEverything) {
    std::string out = folder.file("net.onnx");
    Stopper watch;
    Outcome run = train(recipe("projection: sign\n", 15), out, false, nullptr, Stopper::progress, &watch);
    ASSERT_EQ(run.status, WEFT_OK) << run.error.text;
    EXPECT_LT(run.result.test_error_percent, 20.0); // guessing: 90
    EXPECT_EQ(run.result.weights, 5u * 9 + 6 * 5 * 4 + 10 * 6 * 4);
    EXPECT_GE(watch.calls, 16);
    EXPECT_TRUE(exists(out));
    EXPECT_FALSE(exists(out + ".checkpoint"));
    std::stringstream curve(read_file(out + ".csv"));
    std::string line;
    std::getline(curve, line);
    EXPECT_EQ(line, "epoch,step,learning_rate,train_loss,train_error_percent,test_error_percent,seconds");
    int rows = 0;
    for (; std::getline(curve, line); rows++)
        EXPECT_EQ(line.rfind(std::to_string(rows + 1) + "," + std::to_string(12 * (rows + 1)) + ",", 0), 0u) << line;
    EXPECT_EQ(rows, 15);
    Network net = read(out);
    EXPECT_STREQ(weft_network_get(net.get(), "weft.projection"), "sign");
    EXPECT_STREQ(weft_network_get(net.get(), "weft.recipe"), "small");
    EXPECT_STREQ(weft_network_get(net.get(), "weft.seed"), "1");
    EXPECT_STREQ(weft_network_get(net.get(), "weft.clip"), "0.5");
    EXPECT_STREQ(weft_network_get(net.get(), "weft.dataset"), folder.path.c_str());
}

// W stays within f sigma; what is deployed is alpha sign(W); statistics and ranges are known.
TEST_F(Train, DeploysTheProjection) {
    std::string out = folder.file("net.onnx");
    ASSERT_EQ(train(recipe(), out).status, WEFT_OK);
    Network net = read(out);
    const double sigma[] = {std::sqrt(2.0 / ((1 + 5) * 9)), std::sqrt(2.0 / ((5 + 6) * 4)), std::sqrt(2.0 / (24 + 10))};
    int k = 0;
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer &l = net->layers[i];
        if (!weft_layer_has_weights(&l)) continue;
        ASSERT_NE(l.latent, nullptr) << l.name;
        float bound = static_cast<float>(0.5 * sigma[k++]), alpha = weft_weights_alpha(l.latent, l.weight_count);
        EXPECT_LE(alpha, bound) << l.name;
        EXPECT_GT(alpha, 0.5f * bound) << l.name;
        for (size_t j = 0; j < l.weight_count; j++)
            ASSERT_EQ(l.weight[j], l.latent[j] < 0 ? -alpha : alpha) << l.name << " " << j;
        EXPECT_GT(l.input_max, l.input_min) << l.name;
    }
    EXPECT_EQ(k, 3);
    EXPECT_NE(net->layers[1].mean[0], 0.0f);
}

TEST_F(Train, StochasticProjectionDeploysW) {
    std::string out = folder.file("net.onnx");
    ASSERT_EQ(train(recipe("projection: stoch\n"), out).status, WEFT_OK);
    Network net = read(out);
    EXPECT_EQ(net->layers[0].latent, nullptr);
    EXPECT_STREQ(weft_network_get(net.get(), "weft.projection"), "stoch");
    std::vector<float> distinct(net->layers[0].weight, net->layers[0].weight + net->layers[0].weight_count);
    std::sort(distinct.begin(), distinct.end());
    EXPECT_GT(std::unique(distinct.begin(), distinct.end()) - distinct.begin(), 10);
}

TEST_F(Train, ProjectionOfOneLayerAndNoBound) {
    std::string out = folder.file("net.onnx"), path = folder.file("r.yaml");
    write_file(
        path,
        "name: two\ndataset: " + folder.path +
            "\nepochs: 3\nbatch: 20\nclip: 0\noptimiser: {sgd: {learning_rate: 0.5}}\nloss: cross_entropy\n"
            "label_smoothing: 0.1\nlayers:\n  - dense: {units: 12, projection: ternary}\n  - batch_norm\n  - relu\n"
            "  - dense: {units: 10}\n");
    ASSERT_EQ(train(path, out).status, WEFT_OK);
    Network net = read(out);
    ASSERT_EQ(net->layer_count, 5); // the file has a flatten before the first
    const weft_layer &first = net->layers[1], &last = net->layers[4];
    EXPECT_NE(first.latent, nullptr);
    EXPECT_EQ(last.latent, nullptr);
    EXPECT_GT(weft_weights_alpha(last.weight, last.weight_count), 1.8f * std::sqrt(2.0f / 22)); // beyond any bound
    EXPECT_STREQ(weft_network_get(net.get(), "weft.clip"), "none");
}

TEST_F(Train, SameBytesForAnyNumberOfThreads) {
    std::string path = recipe("projection: stochm:gamma=0.5\naugment: {flip: true, translate: 1}\n");
    std::vector<std::string> results;
    for (int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        std::string out = folder.file("net" + std::to_string(threads) + ".onnx");
        Outcome run = train(path, out);
        ASSERT_EQ(run.status, WEFT_OK) << run.error.text;
        EXPECT_EQ(omp_get_max_threads(), threads);
        results.push_back(read_file(out));
    }
    ASSERT_GT(results[0].size(), 1000u);
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
}

TEST_F(Train, SeedDecides) {
    std::string path = recipe(), a = folder.file("a.onnx"), b = folder.file("b.onnx"), c = folder.file("c.onnx");
    ASSERT_EQ(train(path, a).status, WEFT_OK);
    ASSERT_EQ(train(path, b).status, WEFT_OK);
    ASSERT_EQ(train(path, c, false, nullptr, nullptr, nullptr, {"seed=2"}).status, WEFT_OK);
    EXPECT_EQ(read_file(a), read_file(b));
    EXPECT_NE(read_file(a), read_file(c));
}

// ---- interruption ----

volatile sig_atomic_t raised = 1;

TEST_F(Train, InterruptLeavesACheckpointAndNoOutput) {
    std::string out = folder.file("net.onnx");
    Outcome run = train(recipe(), out, false, &raised);
    EXPECT_EQ(run.status, WEFT_E_INTERRUPTED);
    EXPECT_EQ(std::string(run.error.text), "interrupted after step 0 of 24; " + out + ".checkpoint holds the state");
    EXPECT_TRUE(exists(out + ".checkpoint"));
    EXPECT_FALSE(exists(out));
}

// Stopped after minibatches 1, 2 and 3 of 48, after the first epoch (12) and after minibatch 13.
TEST_F(Train, ResumeGoesOnBitForBit) {
    std::string path = recipe("projection: stoch|addnorm:sigma=0.05\naugment: {translate: 1}\n", 4);
    std::string whole = folder.file("whole.onnx"), parts = folder.file("parts.onnx");
    ASSERT_EQ(train(path, whole).status, WEFT_OK);
    bool resume = false;
    for (int stop_at_call : {1, 1, 1, 2, 1}) {
        Stopper stopper;
        stopper.stop_at_call = stop_at_call;
        Outcome run = train(path, parts, resume, &stopper.flag, Stopper::progress, &stopper);
        ASSERT_EQ(run.status, WEFT_E_INTERRUPTED) << run.error.text;
        EXPECT_FALSE(exists(parts));
        resume = true;
    }
    Stopper watch;
    Outcome run = train(path, parts, true, nullptr, Stopper::progress, &watch);
    ASSERT_EQ(run.status, WEFT_OK) << run.error.text;
    EXPECT_EQ(read_file(whole), read_file(parts));
    // The curve is complete, and the same but for the times.
    std::stringstream a(read_file(whole + ".csv")), b(read_file(parts + ".csv"));
    std::string row, other;
    int rows = 0;
    for (; std::getline(a, row); rows++) {
        ASSERT_TRUE(std::getline(b, other));
        EXPECT_EQ(row.substr(0, row.rfind(',')), other.substr(0, other.rfind(',')));
    }
    EXPECT_EQ(rows, 5);
}

// Everything that a checkpoint holds beyond weights and moments: averages, a frozen whitening layer, a growing bound.
const std::string kept_state = "projection: stoch\nema: 0.9\nclip_growth: {factor: 1.5, at: [3, 30]}\n";

TEST_F(Train, ResumeKeepsAveragesAndFrozenLayers) {
    std::string path = folder.file("whitened.yaml"), text = recipe_text(folder.path, kept_state, 4);
    size_t first = text.find("  - conv: {filters: 5, kernel: 3, bias: true}");
    text.replace(first, std::strlen("  - conv: {filters: 5, kernel: 3, bias: true}"),
                 "  - conv: {filters: 5, kernel: 3, init: whitening, frozen: true, projection: none}");
    write_file(path, text);
    std::string whole = folder.file("whole.onnx"), parts = folder.file("parts.onnx");
    Outcome run = train(path, whole);
    ASSERT_EQ(run.status, WEFT_OK) << run.error.text;
    bool resume = false;
    for (int stop_at_call : {1, 2, 1, 2}) {
        Stopper stopper;
        stopper.stop_at_call = stop_at_call;
        run = train(path, parts, resume, &stopper.flag, Stopper::progress, &stopper);
        ASSERT_EQ(run.status, WEFT_E_INTERRUPTED) << run.error.text;
        resume = true;
    }
    ASSERT_EQ(train(path, parts, true).status, WEFT_OK);
    EXPECT_TRUE(read_file(whole) == read_file(parts));
    // The bound of W has grown twice.
    Network net = read(whole);
    const weft_layer &l = net->layers[net->layer_count - 2];
    ASSERT_EQ(l.kind, WEFT_LAYER_DENSE);
    EXPECT_LE(weft_weights_alpha(l.weight, l.weight_count), 0.5f * 2.25f * std::sqrt(2.0f / 34));
    // And the frozen filters are those of the images: each the negative of its counterpart.
    for (int i = 0; i < 18; i++) EXPECT_EQ(net->layers[0].weight[i], -net->layers[0].weight[27 + i]);
}

TEST_F(Train, FrozenLayersStay) {
    std::string path = folder.file("frozen.yaml"), a = folder.file("a.onnx"), b = folder.file("b.onnx");
    write_file(path,
               "name: frozen\ndataset: " + folder.path +
                   "\nepochs: 1\nbatch: 20\nlayers:\n  - conv: {filters: 4, kernel: 3, bias: true, frozen: true}\n"
                   "  - relu\n  - dense: {units: 12, frozen: true}\n  - relu\n  - dense: {units: 10}\n");
    ASSERT_EQ(train(path, a).status, WEFT_OK);
    ASSERT_EQ(train(path, b, false, nullptr, nullptr, nullptr, {"epochs=3"}).status, WEFT_OK);
    Network one = read(a), three = read(b);
    ASSERT_EQ(one->layer_count, three->layer_count);
    int frozen = 0, trained = 0;
    for (int i = 0; i < one->layer_count; i++) {
        const weft_layer &l = one->layers[i], &m = three->layers[i];
        if (!weft_layer_has_weights(&l)) continue;
        bool same = std::memcmp(l.weight, m.weight, l.weight_count * sizeof(float)) == 0;
        (same ? frozen : trained)++;
        EXPECT_EQ(same, i < one->layer_count - 1) << l.name;
    }
    EXPECT_EQ(frozen, 2);
    EXPECT_EQ(trained, 1);
}

// One step: the average is that step's values; more: it is not the last ones.
TEST_F(Train, DeploysTheAverage) {
    std::string path = recipe("projection: none\n", 1), a = folder.file("a.onnx"), b = folder.file("b.onnx");
    std::vector<const char *> one_step = {"batch=240", "epochs=1"}, averaged = {"batch=240", "epochs=1", "ema=0.99"};
    ASSERT_EQ(train(path, a, false, nullptr, nullptr, nullptr, one_step).status, WEFT_OK);
    ASSERT_EQ(train(path, b, false, nullptr, nullptr, nullptr, averaged).status, WEFT_OK);
    Network plain = read(a), mean = read(b);
    size_t bytes = plain->layers[0].weight_count * sizeof(float);
    EXPECT_EQ(std::memcmp(plain->layers[0].weight, mean->layers[0].weight, bytes), 0);
    ASSERT_EQ(train(path, a).status, WEFT_OK);
    ASSERT_EQ(train(path, b, false, nullptr, nullptr, nullptr, {"ema=0.99"}).status, WEFT_OK);
    plain = read(a);
    mean = read(b);
    EXPECT_NE(std::memcmp(plain->layers[0].weight, mean->layers[0].weight, bytes), 0);
}

TEST_F(Train, AveragesAreTestedWithTheirOwnStatistics) {
    std::string out = folder.file("net.onnx");
    Outcome run = train(recipe("projection: sign\nema: 0.95\n", 15), out);
    ASSERT_EQ(run.status, WEFT_OK) << run.error.text;
    EXPECT_LT(run.result.test_error_percent, 20.0);
    std::string curve = read_file(out + ".csv"), row = curve.substr(curve.rfind('\n', curve.size() - 2) + 1);
    double column[7];
    ASSERT_EQ(std::sscanf(row.c_str(), "%lf,%lf,%lf,%lf,%lf,%lf,%lf", &column[0], &column[1], &column[2], &column[3],
                          &column[4], &column[5], &column[6]),
              7);
    EXPECT_EQ(column[0], 15);
    // recalibrate is 100 images, which the epoch's test takes too: the same network, the same error.
    EXPECT_NEAR(column[5], run.result.test_error_percent, 1e-4); // as many digits as the file has
}

// ---- precision ----

// Puts another precision (at byte 80, behind magic and hash) in a checkpoint, as a run on another machine leaves it.
void set_precision(const std::string &path, char precision) {
    std::string bytes = read_file(path);
    bytes.resize(bytes.size() - 64);
    bytes[80] = precision;
    weft_sha256 digest = weft_sha256_bytes(bytes.data(), bytes.size());
    write_file(path, bytes + std::string(digest.hex, 64));
}

TEST_F(Train, ResumedRunKeepsItsPrecision) {
    std::string path = recipe("projection: sign\nprecision: auto\n"), out = folder.file("net.onnx");
    std::string single = folder.file("single.onnx");
    ASSERT_EQ(train(path, single, false, nullptr, nullptr, nullptr, {"precision=fp32"}).status, WEFT_OK);
    ASSERT_EQ(train(path, out, false, &raised).status, WEFT_E_INTERRUPTED);
    set_precision(out + ".checkpoint", WEFT_PRECISION_FP32);
    ASSERT_EQ(train(path, out, true).status, WEFT_OK);
    Network a = read(out), b = read(single);
    EXPECT_STREQ(weft_network_get(a.get(), "weft.precision"), "fp32");
    for (int i = 0; i < a->layer_count; i++) {
        if (!weft_layer_has_weights(&a->layers[i])) continue;
        EXPECT_EQ(std::memcmp(a->layers[i].weight, b->layers[i].weight, a->layers[i].weight_count * sizeof(float)), 0)
            << a->layers[i].name;
    }
}

TEST_F(Train, BrainFloatOnlyWhereTheProcessorHasIt) {
    std::string path = recipe("projection: sign\nprecision: bf16\n", 1), out = folder.file("net.onnx");
    Outcome run = train(path, out);
    if (weft_precision_is_native(WEFT_PRECISION_BF16)) {
        ASSERT_EQ(run.status, WEFT_OK) << run.error.text;
        EXPECT_STREQ(weft_network_get(read(out).get(), "weft.precision"), "bf16");
        return;
    }
    EXPECT_EQ(run.status, WEFT_E_INVALID);
    EXPECT_EQ(run.error.line, 21);
    EXPECT_EQ(run.error.column, 12);
    ASSERT_EQ(train(path, out, false, &raised, nullptr, nullptr, {"precision=auto"}).status, WEFT_E_INTERRUPTED);
    set_precision(out + ".checkpoint", WEFT_PRECISION_BF16);
    run = train(path, out, true, nullptr, nullptr, nullptr, {"precision=auto"});
    EXPECT_EQ(run.status, WEFT_E_UNSUPPORTED);
    EXPECT_EQ(std::string(run.error.text).rfind("the training began in bfloat16, which this processor", 0), 0u);
}

// ---- plot ----

TEST_F(Train, PlotIsAPicture) {
    std::string path = recipe("projection: sign\n", 3), out = folder.file("net.onnx");
    Outcome run = train(path, out);
    ASSERT_EQ(run.status, WEFT_OK) << run.error.text;
    bool gnuplot = std::system("gnuplot --version > /dev/null 2>&1") == 0;
    EXPECT_EQ(exists(out + ".svg"), gnuplot);
    EXPECT_STREQ(run.result.warning, gnuplot ? "" : "no plot of the learning curve: gnuplot was not found, or failed");
    EXPECT_EQ(read_file(out + ".svg").find("<svg") != std::string::npos, gnuplot);
    EXPECT_EQ(read_file(out + ".svg").find("%%"), std::string::npos);
}

TEST_F(Train, NoGnuplotIsAWarning) {
    std::string path = recipe("projection: sign\n", 1), out = folder.file("net.onnx"), before = getenv("PATH");
    setenv("PATH", folder.path.c_str(), 1);
    Outcome run = train(path, out);
    setenv("PATH", before.c_str(), 1);
    ASSERT_EQ(run.status, WEFT_OK) << run.error.text;
    EXPECT_STREQ(run.result.warning, "no plot of the learning curve: gnuplot was not found, or failed");
    EXPECT_FALSE(exists(out + ".svg"));
    EXPECT_TRUE(exists(out));
}

TEST_F(Train, PlotsNameDecidesItsForm) {
    std::string path = recipe("projection: sign\n", 1), out = folder.file("net.onnx"), plot = folder.file("c.pdf");
    weft_train_options options = {};
    weft_train_result result;
    weft_error err = {};
    options.recipe = path.c_str();
    options.output = out.c_str();
    options.plot = plot.c_str();
    EXPECT_EQ(weft_train(&result, &options, &err), WEFT_E_INVALID);
    EXPECT_EQ(std::string(err.text), plot + ": the name of a plot ends in .svg or .png");
    EXPECT_FALSE(exists(out));
    plot = folder.file("c.png");
    options.plot = plot.c_str();
    ASSERT_EQ(weft_train(&result, &options, &err), WEFT_OK) << err.text;
    EXPECT_EQ(read_file(plot).substr(0, 4), result.warning[0] ? "" : "\x89PNG");
}

TEST_F(Train, KeepsAnEarlierCheckpoint) {
    std::string out = folder.file("net.onnx"), checkpoint = out + ".checkpoint", old = checkpoint + ".old";
    ASSERT_EQ(train(recipe(), out, false, &raised).status, WEFT_E_INTERRUPTED);
    EXPECT_FALSE(exists(old));
    std::string first = read_file(checkpoint);
    // What fails before the training leaves it alone.
    ASSERT_NE(train(recipe(), out, false, nullptr, nullptr, nullptr, {"batch=242"}).status, WEFT_OK);
    EXPECT_TRUE(read_file(checkpoint) == first);
    EXPECT_FALSE(exists(old));
    // A resumed run takes it, and one that starts anew renames it.
    ASSERT_EQ(train(recipe(), out, true, &raised).status, WEFT_E_INTERRUPTED);
    EXPECT_FALSE(exists(old));
    write_file(checkpoint, first);
    ASSERT_EQ(train(recipe(), out, false, &raised, nullptr, nullptr, {"seed=2"}).status, WEFT_E_INTERRUPTED);
    std::string second = read_file(checkpoint);
    EXPECT_TRUE(read_file(old) == first);
    EXPECT_FALSE(second == first);
    // One generation; and the finished run leaves the old one where it is.
    ASSERT_EQ(train(recipe(), out).status, WEFT_OK);
    EXPECT_TRUE(read_file(old) == second);
    EXPECT_FALSE(exists(checkpoint));
    ASSERT_EQ(train(recipe(), out).status, WEFT_OK);
    EXPECT_TRUE(read_file(old) == second);
    // Its state is whole: back under its name, the second run goes on from there.
    ASSERT_EQ(std::rename(old.c_str(), checkpoint.c_str()), 0);
    EXPECT_EQ(train(recipe(), out, true, nullptr, nullptr, nullptr, {"seed=2"}).status, WEFT_OK);
}

TEST_F(Train, EarlierCheckpointThatCannotBeRenamed) {
    std::string out = folder.file("net.onnx"), checkpoint = out + ".checkpoint", old = checkpoint + ".old";
    ASSERT_EQ(train(recipe(), out, false, &raised).status, WEFT_E_INTERRUPTED);
    std::string first = read_file(checkpoint);
    ASSERT_EQ(mkdir(old.c_str(), 0777), 0);
    Outcome run = train(recipe(), out);
    EXPECT_EQ(run.status, WEFT_E_IO);
    EXPECT_EQ(std::string(run.error.file), checkpoint);
    EXPECT_EQ(std::string(run.error.text), "cannot be renamed to " + old + ": Is a directory");
    EXPECT_TRUE(read_file(checkpoint) == first);
    EXPECT_FALSE(exists(out));
}

TEST_F(Train, RefusesOtherCheckpoints) {
    std::string out = folder.file("net.onnx"), path = recipe(), checkpoint = out + ".checkpoint";
    Outcome run = train(path, out, true);
    EXPECT_EQ(run.status, WEFT_E_IO);
    ASSERT_EQ(train(path, out, false, &raised).status, WEFT_E_INTERRUPTED);
    run = train(path, out, true, nullptr, nullptr, nullptr, {"seed=5"});
    EXPECT_EQ(run.status, WEFT_E_INVALID);
    EXPECT_EQ(std::string(run.error.file), checkpoint);
    EXPECT_STREQ(run.error.text, "the checkpoint belongs to another recipe, seed or data set");
    std::string bytes = read_file(checkpoint), damaged = bytes;
    damaged[bytes.size() / 2] = static_cast<char>(damaged[bytes.size() / 2] ^ 4);
    write_file(checkpoint, damaged);
    run = train(path, out, true);
    EXPECT_EQ(run.status, WEFT_E_CHECKSUM);
    EXPECT_STREQ(run.error.text, "the checkpoint is damaged");
    for (size_t size : {size_t{0}, size_t{20}, bytes.size() - 1}) {
        write_file(checkpoint, bytes.substr(0, size));
        weft_status status = train(path, out, true).status;
        EXPECT_TRUE(status == WEFT_E_PARSE || status == WEFT_E_CHECKSUM) << size;
    }
    EXPECT_FALSE(exists(out));
}

// ---- failures ----

TEST_F(Train, FailuresLeaveNothing) {
    std::string path = recipe(), out = folder.file("missing/net.onnx");
    EXPECT_EQ(train(path, out).status, WEFT_E_IO);
    out = folder.file("net.onnx");
    Outcome run = train(path, out, false, nullptr, nullptr, nullptr, {"dataset=/nonexistent/set"});
    EXPECT_EQ(run.status, WEFT_E_IO);
    run = train(path, out, false, nullptr, nullptr, nullptr, {"batch=242"});
    EXPECT_EQ(run.status, WEFT_E_INVALID);
    EXPECT_NE(std::string(run.error.text).find("242 is above the 240 training images"), std::string::npos)
        << run.error.text;
    EXPECT_FALSE(exists(out));
    EXPECT_FALSE(exists(out + ".checkpoint"));
    EXPECT_FALSE(exists(out + ".csv"));
}

TEST_F(Train, DivergenceIsReported) {
    std::string out = folder.file("net.onnx"), path = folder.file("r.yaml");
    write_file(path, "name: wild\ndataset: " + folder.path +
                         "\nepochs: 50\nbatch: 20\nclip: 0\noptimiser: {sgd: {learning_rate: 100}}\nlayers:\n"
                         "  - dense: {units: 30}\n  - dense: {units: 10}\n");
    Outcome run = train(path, out);
    EXPECT_EQ(run.status, WEFT_E_INVALID);
    EXPECT_EQ(std::string(run.error.text).rfind("training diverged: the loss is not finite at step ", 0), 0u)
        << run.error.text;
    EXPECT_FALSE(exists(out));
}

} // namespace
