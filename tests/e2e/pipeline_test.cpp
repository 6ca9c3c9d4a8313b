// Train, evaluate, map on both chips and simulate on a slice of Fashion-MNIST: promised keys, timed equals functional,
// and the same bytes with 1, 2 and 5 threads.
#include "tests/cli/harness.h"

#include <cjson/cJSON.h>
#include <cmath>
#include <map>

using namespace weft_cli;

namespace {

void slice(const fs::path &where, const char *part, weft_split split, size_t count) {
    weft_dataset *set = nullptr;
    weft_error err{};
    ASSERT_EQ(weft_dataset_open(&set, "fashion-mnist", split, &err), WEFT_OK) << err.text;
    size_t size = weft_shape_size(set->shape);
    std::string head = big_endian((uint32_t)count);
    write_file(where / (std::string(part) + "-images-idx3-ubyte"),
               big_endian(2051) + head + big_endian(28) + big_endian(28) +
                   std::string((const char *)set->pixels, count * size));
    write_file(where / (std::string(part) + "-labels-idx1-ubyte"),
               big_endian(2049) + head + std::string((const char *)set->labels, count));
    weft_dataset_destroy(set);
}

std::map<std::string, std::string> files_of(const fs::path &folder) {
    std::map<std::string, std::string> files;
    for (const auto &entry : fs::directory_iterator(folder))
        files[entry.path().filename().string()] = read_file(entry.path());
    return files;
}

double number(const cJSON *object, const char *key) {
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

void good_report(const std::string &text, double software_error_percent) {
    cJSON *json = cJSON_Parse(text.c_str());
    ASSERT_NE(json, nullptr);
    EXPECT_EQ(number(json, "images"), 300);
    EXPECT_EQ(number(json, "timed_images"), 4);
    EXPECT_NEAR(number(json, "accuracy_percent"), 100 - software_error_percent, 3);
    EXPECT_GT(number(json, "latency_ns"), 0);
    EXPECT_GT(number(json, "cycles"), 0);
    EXPECT_GE(number(json, "throughput_images_per_s") * 1.0001, 1e9 / number(json, "latency_ns"));
    const cJSON *energy = cJSON_GetObjectItemCaseSensitive(json, "energy_per_image_pj"), *item;
    double components = 0;
    cJSON_ArrayForEach(item, energy) {
        bool sum =
            !strcmp(item->string, "total") || !strcmp(item->string, "dynamic") || !strcmp(item->string, "static");
        if (!sum) components += item->valuedouble;
    }
    EXPECT_NEAR(components, number(energy, "dynamic"), 1e-9 * components);
    EXPECT_NEAR(number(energy, "total"), number(energy, "dynamic") + number(energy, "static"),
                1e-9 * number(energy, "total"));
    const cJSON *checks = cJSON_GetObjectItemCaseSensitive(json, "self_checks");
    EXPECT_EQ(cJSON_GetArraySize(checks), 19);
    cJSON_ArrayForEach(item, checks) EXPECT_TRUE(cJSON_IsTrue(item)) << item->string;
    cJSON_Delete(json);
}

TEST_F(Cli, train_eval_map_sim) {
    fs::create_directory("set");
    slice("set", "train", WEFT_SPLIT_TRAIN, 3000);
    slice("set", "t10k", WEFT_SPLIT_TEST, 300);
    write_file("tiny.yaml", "name: tiny\ndataset: set\nepochs: 3\nbatch: 50\nlayers:\n  - conv: {filters: 16, kernel: "
                            "3}\n  - max_pool: {size: 2}\n"
                            "  - batch_norm\n  - relu\n  - conv: {filters: 16, kernel: 3}\n  - max_pool: {size: 2}\n  "
                            "- batch_norm\n  - relu\n"
                            "  - dense: {units: 10}\n  - batch_norm\nprojection: sign\nrecalibrate: 1000\n");
    Ran train = weft({"train", "tiny.yaml", "--out", "net.onnx", "--threads", "2"});
    ASSERT_EQ(train.code, 0) << train.err;
    EXPECT_EQ(listing(), "net.onnx net.onnx.csv net.onnx.svg set tiny.yaml");

    Ran eval = weft({"eval", "net.onnx", "--dataset", "set", "--json", "-"});
    ASSERT_EQ(eval.code, 0) << eval.err;
    cJSON *software = cJSON_Parse(eval.out.c_str());
    double error = number(software, "error_percent");
    cJSON_Delete(software);
    EXPECT_LT(error, 35);

    for (const char *chip : {"isaac-ce", "hermes"}) {
        std::string mapping = std::string(chip) + ".map.yaml";
        ASSERT_EQ(weft({"map", "net.onnx", chip, "-o", mapping}).code, 0);
        for (const char *threads : {"1", "2", "5"}) {
            Ran sim = weft({"sim", mapping, "--dataset", "set", "--threads", threads, "-o",
                            std::string("run") + threads, "--record", std::string("trace") + threads});
            ASSERT_EQ(sim.code, 0) << sim.err;
            EXPECT_NE(sim.out.find("outputs equal to the functional run's"), std::string::npos);
        }
        auto one = files_of("run1");
        EXPECT_EQ(one.size(), 11u);
        EXPECT_TRUE(one == files_of("run2"));
        EXPECT_TRUE(one == files_of("run5"));
        EXPECT_TRUE(read_file("trace1") == read_file("trace5"));
        good_report(one["report.json"], error);
    }
}

TEST_F(Cli, distorted_chip_follows_software) {
    fs::create_directory("set");
    slice("set", "train", WEFT_SPLIT_TRAIN, 2000);
    slice("set", "t10k", WEFT_SPLIT_TEST, 300);
    write_file(
        "tiny.yaml",
        "name: tiny\ndataset: set\nepochs: 2\nbatch: 50\nlayers:\n  - conv: {filters: 16, kernel: 3}\n  - max_pool: "
        "{size: 4}\n"
        "  - batch_norm\n  - relu\n  - dense: {units: 10}\n  - batch_norm\nprojection: sign\nrecalibrate: 500\n");
    ASSERT_EQ(weft({"train", "tiny.yaml", "--out", "net.onnx"}).code, 0);
    ASSERT_EQ(weft({"map", "net.onnx", "isaac-ce", "-o", "m.yaml"}).code, 0);
    for (const char *transform : {"none", "sign", "addnorm:sigma=0.2", "multunif:gamma=0.5"}) {
        Ran eval = weft(
            {"eval", "net.onnx", "--dataset", "set", "--transform", transform, "--recalibrate", "500", "--json", "-"});
        Ran sim = weft({"sim", "m.yaml", "--dataset", "set", "--transform", transform, "--recalibrate", "500",
                        "--timed-images", "1", "-o", "run", "--json", "-"});
        ASSERT_EQ(eval.code, 0) << eval.err;
        ASSERT_EQ(sim.code, 0) << sim.err;
        cJSON *software = cJSON_Parse(eval.out.c_str()), *chip = cJSON_Parse(sim.out.c_str());
        EXPECT_NEAR(number(chip, "accuracy_percent"), 100 - number(software, "error_percent"), 2.5) << transform;
        EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(chip, "transform")),
                     cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(software, "transform")));
        cJSON_Delete(software);
        cJSON_Delete(chip);
    }
}

} // namespace
