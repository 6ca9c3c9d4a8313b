/* Experiments: what their points are. */
#include "sweep/experiment.h"

#include "sweep/metrics.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "tests/support/experiment_fixture.h"

using namespace weft_test;

namespace {

using Texts = std::vector<std::string>;
const std::string noc = "name: n\nkind: noc\nchip: noc-8x8\ntraffic: {rate: 0.1}\n";

/* Labels of the points of one block of seeds and rates. */
Texts labels_of(const std::string &block) {
    const ExperimentFolder folder;
    Loaded loaded(folder, noc + "points:\n  - " + block + "\n");
    EXPECT_EQ(loaded.status, WEFT_OK) << loaded.message();
    return loaded.labels();
}

} // namespace

TEST(Experiment, DefaultsOfAPoint) {
    const ExperimentFolder folder;
    Loaded loaded(folder,
                  "name: plain\ndescription: \"Why?\"\nnet: there.onnx\nchip: hermes\ndataset: images\npoints: [{}]\n");
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    const weft_experiment &x = loaded.x;
    EXPECT_STREQ(x.name, "plain");
    EXPECT_STREQ(x.description, "Why?");
    ASSERT_EQ(x.point_count, 1u);
    const weft_point &point = x.points[0];
    const weft_point_settings &s = point.settings;
    EXPECT_EQ(s.kind, WEFT_POINT_SIM);
    EXPECT_STREQ(s.net, "there.onnx");
    EXPECT_STREQ(s.chip, "hermes");
    EXPECT_STREQ(s.dataset, "images");
    EXPECT_STREQ(s.trace, "");
    EXPECT_STREQ(s.transform, "");
    EXPECT_EQ(s.images, 0);
    EXPECT_EQ(s.trials, 1);
    EXPECT_EQ(s.seed, 0);
    EXPECT_STREQ(s.recalibrate, "none");
    EXPECT_EQ(s.timed_images, 0);
    EXPECT_STREQ(s.precision, "fp32");
    EXPECT_EQ(s.map.objective, 0);
    EXPECT_STREQ(s.map.placer, "");
    EXPECT_TRUE(s.map.replicate);
    EXPECT_EQ(s.map.arrays, 0);
    EXPECT_EQ(s.map.parts, 0);
    EXPECT_EQ(s.map.chips, 1);
    EXPECT_EQ(s.map.seed, 1);
    EXPECT_EQ(s.traffic.rate, 0);
    EXPECT_EQ(s.traffic.cycles, 10000);
    EXPECT_EQ(s.traffic.warmup, 2000);
    EXPECT_STREQ(point.block, "block-1");
    EXPECT_EQ(loaded.label(0), "block-1");
    EXPECT_EQ(point.axis_count, 0);
    EXPECT_EQ(point.set_count, 0);
    EXPECT_EQ(point.at->line, 6);
    ASSERT_EQ(x.net_count, 1);
    EXPECT_EQ(point.net, 0);
    EXPECT_EQ(std::string(x.nets[0].path), (folder.path / "there.onnx").string());
    EXPECT_STREQ(x.nets[0].recipe, "");
    EXPECT_EQ(std::string(point.dataset), (folder.path / "images").string());
    EXPECT_EQ(std::string(point.chip), std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/hermes.yaml");
    EXPECT_STREQ(point.trace, "");
    EXPECT_EQ(x.search.kind, WEFT_SEARCH_NONE);
    EXPECT_EQ(x.search.samples, 64);
}

TEST(Experiment, LastAxisOfAGridIsFastest) {
    EXPECT_EQ(labels_of("grid: {seed: [3, 1], traffic.packet_flits: [1, 2]}"),
              (Texts{"seed=3 traffic.packet_flits=1", "seed=3 traffic.packet_flits=2", "seed=1 traffic.packet_flits=1",
                     "seed=1 traffic.packet_flits=2"}));
}

TEST(Experiment, AxesOfAZipGoTogether) {
    EXPECT_EQ(labels_of("zip: {seed: [3, 1], load: {low: {traffic.rate: 0.1}, high: {traffic.rate: 0.4}}}"),
              (Texts{"seed=3 load=low", "seed=1 load=high"}));
}

TEST(Experiment, GridZipAndListInTheOrderOfTheFile) {
    EXPECT_EQ(
        labels_of("list: [{traffic.rate: 0.2}, {traffic.rate: 0.3, traffic.cycles: 50}]\n    grid: {seed: [1, 2]}"),
        (Texts{"traffic.rate=0.2 seed=1", "traffic.rate=0.2 seed=2", "traffic.rate=0.3 traffic.cycles=50 seed=1",
               "traffic.rate=0.3 traffic.cycles=50 seed=2"}));
    EXPECT_EQ(labels_of("zip: {seed: [1, 2]}\n    list: [{traffic.rate: 0.2}, {}]"),
              (Texts{"seed=1 traffic.rate=0.2", "seed=1", "seed=2 traffic.rate=0.2", "seed=2"}));
}

TEST(Experiment, Ranges) {
    EXPECT_EQ(labels_of("grid: {seed: 4..8}"), (Texts{"seed=4", "seed=5", "seed=6", "seed=7", "seed=8"}));
    EXPECT_EQ(labels_of("grid: {seed: [9, 1..2, 4..9/2]}"),
              (Texts{"seed=9", "seed=1", "seed=2", "seed=4", "seed=6", "seed=8"}));
    EXPECT_EQ(labels_of("grid: {traffic.rate: 0.1..0.7/0.2}"),
              (Texts{"traffic.rate=0.1", "traffic.rate=0.3", "traffic.rate=0.5", "traffic.rate=0.7"}));
    EXPECT_EQ(labels_of("grid: {seed: 5..5}"), (Texts{"seed=5"}));
    EXPECT_EQ(labels_of("grid: {device.program: [\"addnorm:sigma=0..2\", none]}"), /* a range of the transform's own */
              (Texts{"device.program=addnorm:sigma=0..2", "device.program=none"}));
    EXPECT_EQ(labels_of("grid: {noc.mesh: [4..5, [8, 4]]}"), (Texts{"noc.mesh=4", "noc.mesh=5", "noc.mesh=[8, 4]"}));
}

TEST(Experiment, AxisBeforeSetBeforeTop) {
    const ExperimentFolder folder;
    Loaded loaded(folder, noc + "seed: 7\npoints:\n"
                                "  - set: {traffic: {rate: 0.5, cycles: 70}, noc.vcs: 2, adc: {bits: 5}}\n"
                                "    grid: {traffic.rate: [0.2, 0.3], noc.vcs: [4]}\n"
                                "  - name: second\n");
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    ASSERT_EQ(loaded.x.point_count, 3u);
    const weft_point *p = loaded.x.points;
    EXPECT_EQ(p[0].settings.traffic.rate, 0.2);
    EXPECT_EQ(p[1].settings.traffic.rate, 0.3);
    EXPECT_EQ(p[1].settings.traffic.cycles, 70);
    EXPECT_EQ(p[1].settings.seed, 7);
    EXPECT_EQ(loaded.set(1), (Texts{"adc.bits=5", "noc.vcs=4"}));
    EXPECT_EQ(p[0].set, p[1].set); /* shared */
    EXPECT_EQ(p[2].settings.traffic.rate, 0.1);
    EXPECT_EQ(p[2].set_count, 0);
    EXPECT_STREQ(p[2].block, "second");
}

TEST(Experiment, KeysOfAChipsEntryComeFirst) {
    const ExperimentFolder folder;
    Loaded loaded(folder, noc + "chips:\n  mine: {chip: noc-8x8, set: {noc.vcs: 2, noc.buffer_flits: 8}}\n"
                                "points:\n  - grid: {chip: [mine, noc-8x8], noc.vcs: [2, 4]}\n");
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    ASSERT_EQ(loaded.x.point_count, 4u);
    EXPECT_EQ(loaded.set(0), (Texts{"noc.vcs=2", "noc.buffer_flits=8"}));
    EXPECT_EQ(loaded.set(1), (Texts{"noc.vcs=4", "noc.buffer_flits=8"}));
    EXPECT_EQ(loaded.set(2), (Texts{"noc.vcs=2"}));
    EXPECT_STREQ(loaded.x.points[0].settings.chip, "mine");
    EXPECT_STREQ(loaded.x.points[0].chip, loaded.x.points[2].chip);
}

/* The order of axes is no part of what a point asks. */
TEST(Experiment, KeysOfTheChipAreInOneOrder) {
    const ExperimentFolder folder;
    Loaded loaded(folder,
                  noc + "points:\n  - grid: {noc.vcs: [2], adc.bits: [5]}\n  - grid: {adc.bits: [5], noc.vcs: [2]}\n");
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    EXPECT_EQ(loaded.set(0), loaded.set(1));
    EXPECT_EQ(loaded.label(1), "adc.bits=5 noc.vcs=2");
}

TEST(Experiment, Conditions) {
    const std::string grid = "grid: {seed: 1..6, load: {low: {traffic.rate: 0.1}, high: {traffic.rate: 0.40}}}\n    ";
    EXPECT_EQ(labels_of(grid + "only: [{seed: \"<= 2\", load: low}, {traffic.rate: 0.4, seed: 6}]"),
              (Texts{"seed=1 load=low", "seed=2 load=low", "seed=6 load=high"}));
    EXPECT_EQ(labels_of(grid + "exclude: [{seed: [1, 2.0, \"> 3\"]}]"), (Texts{"seed=3 load=low", "seed=3 load=high"}));
    EXPECT_EQ(labels_of(grid + "exclude: [{seed: \"< 6\"}, {load: \"!= high\"}]"), (Texts{"seed=6 load=high"}));
    EXPECT_EQ(labels_of(grid + "only: [{seed: \">= 5\"}]\n    exclude: [{load: low}]"),
              (Texts{"seed=5 load=high", "seed=6 load=high"}));
}

/* Only some points have the key; the others match no test of it. */
TEST(Experiment, ConditionsOnKeysOfTheChip) {
    EXPECT_EQ(
        labels_of(
            "grid: {seed: [1], v: {a: {}, b: {noc.vcs: 2}, c: {noc.vcs: 4}}}\n    exclude: [{noc.vcs: \"!= 2\"}]"),
        (Texts{"seed=1 v=a", "seed=1 v=b"}));
}

/* What conditions take out need not be possible. */
TEST(Experiment, ExcludedPointsAreNotChecked) {
    EXPECT_EQ(labels_of("set: {device.read_sigma: 0}\n    grid: {device.read_noise: [none, independent], seed: [1]}\n"
                        "    exclude: [{device.read_noise: independent}]"),
              (Texts{"device.read_noise=none seed=1"}));
}

TEST(Experiment, ASettingAtTheTopIsForTheKindsThatUseIt) {
    const ExperimentFolder folder;
    Loaded loaded(folder, "name: n\nnet: there.onnx\ndataset: images\nimages: 50\nchip: hermes\ntrials: 3\nseed: 9\n"
                          "traffic: {rate: 0.2}\nprecision: bf16\npoints:\n"
                          "  - list: [{kind: sim}, {kind: eval}, {kind: noc}, {kind: replay, trace: there.wtr}]\n");
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    ASSERT_EQ(loaded.x.point_count, 4u);
    const weft_point *p = loaded.x.points;
    EXPECT_EQ(p[0].settings.images, 50);
    EXPECT_STREQ(p[0].settings.precision, "fp32");
    EXPECT_EQ(p[0].settings.traffic.rate, 0);
    EXPECT_STREQ(p[1].settings.precision, "bf16");
    EXPECT_STREQ(p[1].settings.chip, "");
    EXPECT_STREQ(p[1].chip, "");
    EXPECT_EQ(p[1].net, 0);
    EXPECT_EQ(p[2].settings.seed, 9);
    EXPECT_EQ(p[2].settings.traffic.rate, 0.2);
    EXPECT_STREQ(p[2].settings.net, "");
    EXPECT_STREQ(p[2].dataset, "");
    EXPECT_EQ(p[2].net, -1);
    EXPECT_EQ(p[3].settings.seed, 0);
    EXPECT_EQ(p[3].settings.trials, 1);
    EXPECT_EQ(std::string(p[3].trace), (folder.path / "there.wtr").string());
}

TEST(Experiment, NetsOfRecipes) {
    const ExperimentFolder folder;
    Loaded loaded(folder, "name: n\nkind: eval\ndataset: images\nnets:\n"
                          "  unused: {file: there.onnx}\n"
                          "  sign: {recipe: mnist-mlp-sign, set: {epochs: 1, projection: sign}}\n"
                          "  file: {file: there.onnx}\n"
                          "  stoch: {recipe: mnist-mlp-sign, set: {epochs: 1, projection: stoch}}\n"
                          "points:\n  - grid: {net: [stoch, sign, file, there.onnx]}\n");
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    weft_experiment &x = loaded.x;
    ASSERT_EQ(x.net_count, 4);
    EXPECT_STREQ(x.nets[0].name, "sign");
    EXPECT_STREQ(x.nets[1].name, "file");
    EXPECT_STREQ(x.nets[2].name, "stoch");
    EXPECT_STREQ(x.nets[3].name, "there.onnx");
    EXPECT_EQ(x.points[0].net, 2);
    EXPECT_EQ(x.points[1].net, 0);
    EXPECT_EQ(x.points[3].net, 3);
    ASSERT_EQ(x.nets[0].set_count, 2);
    EXPECT_STREQ(x.nets[0].set[1], "projection=sign");
    EXPECT_EQ(std::string(x.nets[0].recipe), std::string(WEFT_SOURCE_FOLDER) + "/trainer/recipes/mnist-mlp-sign.yaml");
    EXPECT_STRNE(x.nets[0].hash.hex, x.nets[2].hash.hex);
    ASSERT_EQ(weft_experiment_runs(&x, "runs", nullptr), WEFT_OK);
    EXPECT_EQ(std::string(x.nets[0].path), "runs/nets/sign-" + std::string(x.nets[0].hash.hex, 8) + ".onnx");
    EXPECT_EQ(std::string(x.nets[1].path), (folder.path / "there.onnx").string());
    EXPECT_EQ(weft_experiment_runs(&x, std::string(4100, 'x').c_str(), nullptr), WEFT_E_INVALID);
}

TEST(Experiment, OverridesAtTheTop) {
    const ExperimentFolder folder;
    const std::string text = noc + "seed: 3\npoints: [{}]\n";
    Loaded plain(folder, text), set(folder, text, {"seed=5", "traffic.cycles=99"}), back(folder, text, {"seed="});
    ASSERT_EQ(plain.status, WEFT_OK) << plain.message();
    ASSERT_EQ(set.status, WEFT_OK) << set.message();
    ASSERT_EQ(back.status, WEFT_OK) << back.message();
    EXPECT_EQ(plain.x.points[0].settings.seed, 3);
    EXPECT_EQ(set.x.points[0].settings.seed, 5);
    EXPECT_EQ(set.x.points[0].settings.traffic.cycles, 99);
    EXPECT_EQ(set.x.points[0].settings.traffic.rate, 0.1);
    EXPECT_EQ(back.x.points[0].settings.seed, 0);
    EXPECT_STRNE(plain.x.sha256.hex, set.x.sha256.hex);
    EXPECT_STREQ(plain.x.sha256.hex, weft_sha256_bytes(text.data(), text.size()).hex);
    Loaded bad(folder, text, {"seed=many"});
    EXPECT_EQ(bad.status, WEFT_E_INVALID);
    EXPECT_STREQ(bad.err.file, "--set seed=many");
    EXPECT_STREQ(bad.err.text, "seed: 'many' is not an integer");
}

/* The same point in two blocks is computed once; each block has it. */
TEST(Experiment, BlocksMayShareAPoint) {
    const ExperimentFolder folder;
    Loaded loaded(folder, noc + "points:\n  - grid: {seed: [1, 2]}\n  - grid: {seed: [2, 3]}\n");
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    EXPECT_EQ(loaded.labels(), (Texts{"seed=1", "seed=2", "seed=2", "seed=3"}));
}

TEST(Experiment, AKeyOfTheChipCanBeTakenOut) {
    const ExperimentFolder folder;
    Loaded loaded(folder, "name: n\nkind: noc\nchip: hermes\ntraffic: {rate: 0.1}\npoints:\n"
                          "  - set: {technology: {}}\n");
    EXPECT_EQ(loaded.message(), "6:11: technology: unknown key; it is neither a setting of a point ('weft describe "
                                "experiment') nor a key of a chip ('weft describe chip')");
    Loaded taken(folder, "name: n\nkind: noc\nchip: hermes\ntraffic: {rate: 0.1}\npoints:\n"
                         "  - grid: {adc.percentile: [null, 90], seed: [1]}\n");
    ASSERT_EQ(taken.status, WEFT_OK) << taken.message();
    EXPECT_EQ(taken.set(0), (Texts{"adc.percentile=null"}));
}

TEST(Experiment, MissingFilesSayWhereTheyWereLookedFor) {
    const ExperimentFolder folder;
    Loaded chip(folder, "name: n\nkind: noc\npoints:\n  - grid: {chip: [noc-8x8, nowhere-at-all]}\n");
    EXPECT_EQ(chip.status, WEFT_E_IO);
    EXPECT_EQ(chip.message().rfind("4:28: chip: 'nowhere-at-all' not found in hwconfigs; tried:\n", 0), 0u)
        << chip.message();
    weft_experiment x;
    weft_error err = {};
    EXPECT_EQ(weft_experiment_load(&x, "no-such-experiment", nullptr, 0, &err), WEFT_E_IO);
    EXPECT_EQ(std::string(err.text).rfind("'no-such-experiment' not found in experiments; tried:\n", 0), 0u)
        << err.text;
    weft_experiment_destroy(&x);
}

TEST(Experiment, LabelsAreCutToFit) {
    const ExperimentFolder folder;
    Loaded loaded(folder, noc + "points:\n  - grid: {seed: [1], traffic.rate: [0.1]}\n");
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    char text[12];
    weft_point_label(text, sizeof text, loaded.x.points);
    EXPECT_STREQ(text, "seed=1 traf");
}

TEST(Metrics, NamesAreColumns) {
    std::set<std::string> names;
    for (int i = 0; i < WEFT_METRIC_COUNT; i++) {
        EXPECT_TRUE(names.insert(weft_metrics[i].column).second) << weft_metrics[i].column;
        EXPECT_EQ(weft_metric_find(weft_metrics[i].column), i);
        EXPECT_LE(std::abs(weft_metrics[i].better), 1);
        EXPECT_EQ(strspn(weft_metrics[i].column, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                  strlen(weft_metrics[i].column));
    }
    EXPECT_EQ(weft_metric_find("error"), -1);
    EXPECT_STREQ(weft_metrics[WEFT_METRIC_ENERGY].column, "energy_pj");
}
