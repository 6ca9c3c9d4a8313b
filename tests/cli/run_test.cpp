// weft run: accuracy, outputs, files and refusals.
#include "harness.h"

#include <cjson/cJSON.h>
#include <cmath>

using namespace weft_cli;

namespace {

using Words = std::vector<std::string>;

class CliRun : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        make_network("net.onnx", 8);
        make_dataset("set", 8, 60, 30);
    }
    static Ran run(Words words) {
        words.insert(words.begin(), {"run", "net.onnx"});
        return weft(words);
    }
    static std::vector<Words> csv(const fs::path &path) {
        std::vector<Words> rows;
        std::istringstream text(read_file(path));
        for (std::string line; std::getline(text, line);) {
            rows.emplace_back();
            std::istringstream fields(line);
            for (std::string field; std::getline(fields, field, ',');) rows.back().push_back(field);
        }
        return rows;
    }
    // Values of the last ten columns of every row.
    static std::vector<double> values(const fs::path &path) {
        std::vector<double> all;
        for (const Words &row : csv(path))
            for (size_t k = 3; k < row.size() && row[0] != "image"; k++) all.push_back(std::stod(row[k]));
        return all;
    }
};

// The test images as the network takes them, pixels / 255.
std::vector<float> inputs(size_t count) {
    weft_dataset *set = nullptr;
    weft_error err{};
    EXPECT_EQ(weft_dataset_open(&set, "set", WEFT_SPLIT_TEST, &err), WEFT_OK) << err.text;
    std::vector<float> x(count * 64);
    weft_preprocess none{};
    EXPECT_EQ(weft_preprocess_apply(&none, set->shape, set->pixels, count, x.data(), &err), WEFT_OK);
    weft_dataset_destroy(set);
    return x;
}

TEST_F(CliRun, accuracy_is_what_eval_says) {
    Ran ran = run({"--dataset", "set", "--json", "run.json", "--csv", "run.csv"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(weft({"eval", "net.onnx", "--dataset", "set", "--json", "eval.json"}).code, 0);
    cJSON *a = cJSON_Parse(read_file("run.json").c_str()), *b = cJSON_Parse(read_file("eval.json").c_str());
    double error = cJSON_GetNumberValue(cJSON_GetObjectItem(a, "error_percent"));
    EXPECT_EQ(error, cJSON_GetNumberValue(cJSON_GetObjectItem(b, "error_percent")));
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(a, "images")), 30);
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(a, "precision")), "fp32");
    EXPECT_EQ(cJSON_GetObjectItem(a, "outputs"), nullptr);
    char line[120];
    snprintf(line, sizeof line, "net.onnx: fp32: accuracy %.2f %%, error %.2f %% of 30 images\n", 100 - error, error);
    EXPECT_EQ(ran.out, line);
    size_t wrong = 0;
    auto rows = csv("run.csv");
    ASSERT_EQ(rows.size(), 31u);
    EXPECT_EQ(rows[0][3] + rows[0][12], "output0output9");
    for (size_t i = 1; i < rows.size(); i++) {
        EXPECT_EQ(rows[i][0], std::to_string(i - 1));
        size_t top = 3;
        for (size_t k = 3; k < 13; k++)
            if (std::stod(rows[i][k]) > std::stod(rows[i][top])) top = k;
        EXPECT_EQ(rows[i][2], std::to_string(top - 3));
        wrong += rows[i][1] != rows[i][2];
    }
    EXPECT_NEAR(error, 100.0 * static_cast<double>(wrong) / 30, 1e-9);
    cJSON_Delete(a);
    cJSON_Delete(b);
}

TEST_F(CliRun, an_array_gives_what_the_data_set_does) {
    ASSERT_EQ(run({"--dataset", "set", "--csv", "a.csv", "--images", "12"}).code, 0);
    write_file("four.npy", npy("(12, 1, 8, 8)", inputs(12)));
    write_file("two.npy", npy("(12, 64)", inputs(12)));
    Ran four = run({"--input", "four.npy", "--csv", "b.csv"});
    ASSERT_EQ(four.code, 0) << four.err;
    ASSERT_EQ(run({"--input", "two.npy", "--csv", "c.csv", "--threads", "3"}).code, 0);
    EXPECT_EQ(values("a.csv"), values("b.csv"));
    EXPECT_EQ(read_file("b.csv"), read_file("c.csv"));
    EXPECT_EQ(values("b.csv").size(), 120u);
    // The largest five of the first ten images.
    const std::vector<double> v = values("b.csv");
    size_t top = static_cast<size_t>(std::max_element(v.begin(), v.begin() + 10) - v.begin());
    char line[200];
    snprintf(line, sizeof line, "net.onnx: fp32: 12 images, 10 outputs each\nimage 0: output %zu is %.6g, ", top,
             v[top]);
    EXPECT_EQ(four.out.rfind(line, 0), 0u) << four.out;
    EXPECT_NE(four.out.find("\nimage 9: "), std::string::npos);
    EXPECT_EQ(four.out.find("\nimage 10: "), std::string::npos);
    EXPECT_NE(four.out.find("\nand 2 more; --csv has all\n"), std::string::npos);
}

TEST_F(CliRun, random_images_are_those_of_the_seed) {
    ASSERT_EQ(run({"--random", "7", "--images", "3", "--csv", "a.csv", "--json", "a.json"}).code, 0);
    ASSERT_EQ(run({"--random", "7", "--images", "5", "--csv", "b.csv"}).code, 0);
    ASSERT_EQ(run({"--random", "8", "--csv", "c.csv"}).code, 0);
    const std::vector<double> a = values("a.csv"), b = values("b.csv"), c = values("c.csv");
    EXPECT_EQ(c.size(), 10u); // one image
    EXPECT_EQ(a, std::vector<double>(b.begin(), b.begin() + 30));
    EXPECT_NE(std::vector<double>(a.begin(), a.begin() + 10), std::vector<double>(a.begin() + 10, a.begin() + 20));
    EXPECT_NE(std::vector<double>(a.begin(), a.begin() + 10), c);
    cJSON *json = cJSON_Parse(read_file("a.json").c_str());
    const cJSON *outputs = cJSON_GetObjectItem(json, "outputs");
    ASSERT_EQ(cJSON_GetArraySize(outputs), 3);
    for (int i = 0; i < 30; i++) {
        double value = cJSON_GetNumberValue(cJSON_GetArrayItem(cJSON_GetArrayItem(outputs, i / 10), i % 10));
        EXPECT_NEAR(value, a[static_cast<size_t>(i)], 1e-6 * std::fabs(value));
    }
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(json, "random")), "7");
    cJSON_Delete(json);
}

double relative_error(const std::vector<double> &a, const std::vector<double> &b) {
    double error = 0, size = 0;
    EXPECT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); i++) {
        error += (a[i] - b[i]) * (a[i] - b[i]);
        size += b[i] * b[i];
    }
    return std::sqrt(error / size);
}

TEST_F(CliRun, int8_is_near_fp32) {
    ASSERT_EQ(run({"--dataset", "set", "--csv", "fp32.csv"}).code, 0);
    Ran ran = run({"--dataset", "set", "--precision", "int8", "--csv", "int8.csv"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out.rfind("net.onnx: int8, ranges of 60 training images: accuracy ", 0), 0u) << ran.out;
    ASSERT_EQ(run({"--dataset", "set", "--precision", "int8", "--calibrate", "5", "--csv", "five.csv"}).code, 0);
    double error = relative_error(values("int8.csv"), values("fp32.csv"));
    EXPECT_LT(error, 0.03);
    EXPECT_GT(error, 1e-5);
    EXPECT_NE(read_file("int8.csv"), read_file("five.csv"));
    EXPECT_LT(relative_error(values("five.csv"), values("fp32.csv")), 0.06);
    EXPECT_EQ(
        run({"--random", "1", "--precision", "int8"}).out.rfind("net.onnx: int8, ranges of 100 images: 1 image, ", 0),
        0u);
}

TEST_F(CliRun, refusals) {
    const std::string hint = "\nTry 'weft run --help'.\n";
    const std::pair<Words, std::string> wrong_use[] = {
        {{}, "one of --dataset, --input and --random is needed"},
        {{"--random", "1", "--dataset", "set"}, "only one of --dataset, --input and --random can be given"},
        {{"--random", "-1"}, "--random: \"-1\" is not a whole number from 0 to 18446744073709551615"},
        {{"--random", "1", "--precision", "int4"}, "--precision: \"int4\" is none of fp32, bf16, int8"},
        {{"--random", "1", "--calibrate", "4"}, "--calibrate is for --precision int8"},
        {{"--input", "x.npy", "--csv", "x.npy"}, "--csv would overwrite --input: both are x.npy"},
        {{"--random", "1", "--csv", "net.onnx"}, "--csv would overwrite NETWORK: both are net.onnx"}};
    for (const auto &[words, text] : wrong_use) {
        Ran ran = run(words);
        EXPECT_EQ(ran.code, 2);
        EXPECT_EQ(ran.err, "weft: " + text + hint);
    }
    write_file("shape.npy", npy("(1, 8, 8)", std::vector<float>(64)));
    write_file("text.npy", "no array");
    write_file("none.npy", npy("(0, 64)", {}));
    make_dataset("large", 9, 20, 20);
    const std::pair<Words, std::string> failures[] = {
        {{"--dataset", "set", "--images", "31"}, "--images: 31 is above the 30 images of set"},
        {{"--dataset", "set", "--precision", "int8", "--calibrate", "61"},
         "--calibrate: 61 is above the 60 images that there are"},
        {{"--dataset", "large"},
         "network made takes images of 1x8x8, but those of large are 1x9x9 (channels x rows x "
         "columns)"},
        {{"--input", "shape.npy"},
         "shape.npy: an array of 1 x 8 x 8; network made takes images x 1 x 8 x 8, or images x 64"},
        {{"--input", "none.npy"}, "none.npy: an array without images"},
        {{"--input", "net.onnx"}, "net.onnx: not a .npy file: it does not begin as one"},
        {{"--input", "text.npy"}, "text.npy: not a .npy file: it does not begin as one"},
        {{"--random", "1", "--csv", "no/folder.csv"}, ""}};
    for (const auto &[words, text] : failures) {
        Ran ran = run(words);
        EXPECT_EQ(ran.code, 1);
        if (!text.empty()) { EXPECT_EQ(ran.err, "weft: " + text + "\n"); }
        EXPECT_EQ(ran.out, "");
    }
    EXPECT_EQ(listing(), "large net.onnx none.npy set shape.npy text.npy");
}

} // namespace
