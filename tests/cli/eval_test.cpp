// weft eval: sweeps, tables and files.
#include "harness.h"

#include <cjson/cJSON.h>

using namespace weft_cli;

namespace {

class CliEval : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        make_network("net.onnx", 8);
        make_dataset("set", 8, 60, 30);
    }
    static Ran eval(std::vector<std::string> words) {
        words.insert(words.begin(), {"eval", "net.onnx", "--dataset", "set"});
        return weft(words);
    }
    // Fields of a CSV without quotes.
    static std::vector<std::vector<std::string>> csv(const fs::path &path) {
        std::vector<std::vector<std::string>> rows;
        std::istringstream text(read_file(path));
        for (std::string line; std::getline(text, line);) {
            rows.emplace_back();
            std::istringstream fields(line);
            for (std::string field; std::getline(fields, field, ',');) rows.back().push_back(field);
        }
        return rows;
    }
    static std::vector<std::string> column(const std::vector<std::vector<std::string>> &rows, size_t i) {
        std::vector<std::string> values;
        for (size_t r = 1; r < rows.size(); r++) values.push_back(rows[r][i]);
        return values;
    }
};

using Words = std::vector<std::string>;

TEST_F(CliEval, a_sweep_is_its_points) {
    Ran run = eval({"--sweep", "none", "--sweep", "addnorm:sigma=0..1/0.25", "--sweep", "power:beta=0,2", "--draws",
                    "3", "--seed", "5", "--csv", "out/../sweep.csv", "--json", "sweep.json"});
    EXPECT_EQ(run.code, 1); // no folder "out"
    EXPECT_EQ(listing(), "net.onnx set");
    run = eval({"--sweep", "none", "--sweep", "addnorm:sigma=0..1/0.25", "--sweep", "power:beta=0,2", "--draws", "3",
                "--seed", "5", "--csv", "sweep.csv", "--json", "sweep.json"});
    ASSERT_EQ(run.code, 0) << run.err;
    auto rows = csv("sweep.csv");
    ASSERT_EQ(rows.size(), 9u);
    EXPECT_EQ(read_file("sweep.csv").substr(0, read_file("sweep.csv").find('\n')),
              "transform,parameter,value,error_percent,error_percent_std,low_percent,high_percent,effective_bits,draws,"
              "images,recalibrate,seed,difference_percent,difference_low_percent,difference_high_percent");
    EXPECT_EQ(column(rows, 0), (Words{"none", "addnorm:sigma=0", "addnorm:sigma=0.25", "addnorm:sigma=0.5",
                                      "addnorm:sigma=0.75", "addnorm:sigma=1", "power:beta=0", "power:beta=2"}));
    EXPECT_EQ(column(rows, 1), (Words{"", "sigma", "sigma", "sigma", "sigma", "sigma", "beta", "beta"}));
    EXPECT_EQ(column(rows, 2), (Words{"", "0", "0.25", "0.5", "0.75", "1", "0", "2"}));
    EXPECT_EQ(column(rows, 8), (Words{"1", "3", "3", "3", "3", "3", "1", "1"}));
    EXPECT_EQ(column(rows, 9), Words(8, "30"));
    EXPECT_EQ(column(rows, 11), Words(8, "5"));
    for (size_t i = 1; i < rows.size(); i++) {
        EXPECT_NEAR(std::stod(rows[i][12]), std::stod(rows[i][3]) - std::stod(rows[1][3]), 1e-3) << i;
        EXPECT_LE(std::stod(rows[i][13]), std::stod(rows[i][12]) + 2) << i; // the adjusted mean lies nearer to 0
        EXPECT_LE(std::stod(rows[i][13]), std::stod(rows[i][14])) << i;
    }
    // The same numbers as one evaluation gives, in the CSV, in JSON and on the terminal.
    ASSERT_EQ(eval({"--transform", "addnorm:sigma=0.5", "--draws", "3", "--seed", "5", "--json", "one.json"}).code, 0);
    cJSON *one = cJSON_Parse(read_file("one.json").c_str()), *all = cJSON_Parse(read_file("sweep.json").c_str());
    const cJSON *points = cJSON_GetObjectItem(all, "points"), *point = cJSON_GetArrayItem(points, 3);
    EXPECT_EQ(cJSON_GetArraySize(points), 8);
    const std::pair<const char *, size_t> keys[] = {
        {"error_percent", 3}, {"error_percent_std", 4}, {"low_percent", 5}, {"high_percent", 6}, {"effective_bits", 7}};
    for (const auto &[key, place] : keys) {
        double value = cJSON_GetNumberValue(cJSON_GetObjectItem(one, key));
        EXPECT_EQ(value, cJSON_GetNumberValue(cJSON_GetObjectItem(point, key))) << key;
        EXPECT_NEAR(value, std::stod(rows[4][place]), 1e-5 * value) << key;
    }
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(point, "value")), "0.5");
    char line[200];
    snprintf(line, sizeof line, "\naddnorm:sigma=0.5   %7.2f  %5.2f  %6.2f to %6.2f  %7.3f      3\n",
             std::stod(rows[4][3]), std::stod(rows[4][4]), std::stod(rows[4][5]), std::stod(rows[4][6]),
             std::stod(rows[4][7]));
    EXPECT_NE(run.out.find(line), std::string::npos) << run.out << line;
    cJSON_Delete(one);
    cJSON_Delete(all);
}

TEST_F(CliEval, what_a_sweep_may_say) {
    auto transforms = [](const Words &sweeps, const Words &more = {}) {
        Words words = more;
        for (const std::string &sweep : sweeps) words.insert(words.end(), {"--sweep", sweep});
        words.insert(words.end(), {"--csv", "t.csv"});
        Ran run = eval(words);
        EXPECT_EQ(run.code, 0) << run.err;
        return column(csv("t.csv"), 0);
    };
    EXPECT_EQ(transforms({"power:beta=0..0.7/0.1"}).size(), 8u); // both ends, in spite of rounding
    EXPECT_EQ(transforms({"power:beta=0..0.75/0.1"}).back(), "power:beta=0.7");
    EXPECT_EQ(transforms({"power:beta=0.3..0.3/1"}), Words{"power:beta=0.3"});
    EXPECT_EQ(transforms({"power:beta=0,1..2/0.5,5"}),
              (Words{"power:beta=0", "power:beta=1", "power:beta=1.5", "power:beta=2", "power:beta=5"}));
    EXPECT_EQ(transforms({"power:beta=0..2"}), Words{"power:beta=0..2"}); // drawn from that range, not swept
    EXPECT_EQ(transforms({"addnorm:sigma=0.1|power:beta=0,1|sign"}),
              (Words{"addnorm:sigma=0.1|power:beta=0|sign", "addnorm:sigma=0.1|power:beta=1|sign"}));
    EXPECT_EQ(transforms({"sign", "round"}, {"--transform", "addnorm:sigma=0.1"}),
              (Words{"addnorm:sigma=0.1|sign", "addnorm:sigma=0.1|round"}));
    // A comma also separates parameters; such a name is quoted.
    ASSERT_EQ(eval({"--sweep", "stochm3:gamma=0.5,drop=0,0.5,middle=1", "--csv", "q.csv"}).code, 0);
    std::string text = read_file("q.csv");
    EXPECT_NE(text.find("\n\"stochm3:gamma=0.5,middle=1,drop=0\",drop,0,"), std::string::npos) << text;
    EXPECT_NE(text.find("\n\"stochm3:gamma=0.5,middle=1,drop=0.5\",drop,0.5,"), std::string::npos) << text;
}

TEST_F(CliEval, sweeps_that_cannot_be_read) {
    const std::pair<const char *, const char *> cases[] = {
        {"addnorm:sigma=0..1/0", "\"0..1/0\" is not LOW..HIGH/STEP, such as 0..1/0.1, with a STEP above 0"},
        {"addnorm:sigma=1..0/0.1", "\"1..0/0.1\" is not LOW..HIGH/STEP, such as 0..1/0.1, with a STEP above 0"},
        {"addnorm:sigma=1/2", "\"1/2\" is not LOW..HIGH/STEP, such as 0..1/0.1, with a STEP above 0"},
        {"addnorm:sigma=0..1/1e-9", "more than 10000 points"},
        {"addnorm:sigma=0.1,,2", "\"addnorm:sigma=0.1,,2\" has an empty or overlong value"},
        {"addnorm:sigma=0,", "\"addnorm:sigma=0,\" has an empty or overlong value"},
        {"addnorm:sigma=0,1|power:beta=0,1", "\"addnorm:sigma=0,1|power:beta=0,1\" has several swept parameters"}};
    for (const auto &[sweep, text] : cases) {
        Ran run = eval({"--sweep", sweep, "--csv", "t.csv"});
        EXPECT_EQ(run.code, 2);
        EXPECT_EQ(run.err, "weft: --sweep: " + std::string(text) + "\nTry 'weft eval --help'.\n");
    }
    EXPECT_NE(eval({"--sweep", "adnorm:sigma=0,1"}).err.find("nearest is 'addnorm'"), std::string::npos);
    EXPECT_NE(eval({"--sweep", "addnorm:sigma=0,-1"}).err.find("-1 is below 0"), std::string::npos);
    EXPECT_EQ(listing(), "net.onnx set");
}

TEST_F(CliEval, layers_as_table_json_and_csv) {
    Ran run = eval({"--transform", "sign", "--layers", "--layers-csv", "layers.csv", "--json", "r.json"});
    ASSERT_EQ(run.code, 0) << run.err;
    auto rows = csv("layers.csv");
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0], (Words{"transform", "layer", "name", "weights", "distance", "effective_bits", "correlation"}));
    EXPECT_EQ(column(rows, 0), (Words{"sign", "sign"}));
    EXPECT_EQ(column(rows, 1), (Words{"1", "2"}));
    EXPECT_EQ(column(rows, 2), (Words{"conv1", "fc"}));
    EXPECT_EQ(column(rows, 3), (Words{"36", "640"}));
    cJSON *json = cJSON_Parse(read_file("r.json").c_str());
    const cJSON *layers = cJSON_GetObjectItem(json, "layers");
    ASSERT_EQ(cJSON_GetArraySize(layers), 2);
    for (int i = 0; i < 2; i++) {
        const cJSON *layer = cJSON_GetArrayItem(layers, i);
        double distance = cJSON_GetNumberValue(cJSON_GetObjectItem(layer, "distance"));
        double correlation = cJSON_GetNumberValue(cJSON_GetObjectItem(layer, "correlation"));
        EXPECT_NEAR(std::stod(rows[(size_t)i + 1][4]), distance, 1e-5);
        EXPECT_NEAR(std::stod(rows[(size_t)i + 1][6]), correlation, 1e-5);
        EXPECT_NEAR(distance, 0.5, 0.2); // weights spread evenly over -a..a
        char line[200];
        snprintf(line, sizeof line, "\n  %-5s %10s  %12.3f  %7.3f  %11.3f\n", rows[(size_t)i + 1][2].c_str(),
                 rows[(size_t)i + 1][3].c_str(), distance, std::stod(rows[(size_t)i + 1][5]), correlation);
        EXPECT_NE(run.out.find(line), std::string::npos) << run.out << line;
    }
    cJSON_Delete(json);
    EXPECT_EQ(eval({"--json", "-"}).out.find("\"layers\""), std::string::npos); // only when asked for
}

TEST_F(CliEval, wrong_draws_of_each_image_add_up_to_the_errors) {
    Ran run = eval({"--sweep", "none", "--sweep", "addnorm:sigma=0.5,1", "--draws", "3", "--images", "20", "--csv",
                    "s.csv", "--images-csv", "i.csv"});
    ASSERT_EQ(run.code, 0) << run.err;
    auto points = csv("s.csv"), images = csv("i.csv");
    ASSERT_EQ(images.size(), 21u);
    EXPECT_EQ(images[0], (Words{"image", "label", "none", "addnorm:sigma=0.5", "addnorm:sigma=1"}));
    for (size_t p = 1; p < points.size(); p++) {
        int draws = std::stoi(points[p][8]), sum = 0, split = 0;
        for (size_t i = 1; i < images.size(); i++) {
            int wrong = std::stoi(images[i][p + 1]);
            EXPECT_EQ(images[i][0], std::to_string(i - 1));
            EXPECT_LE(wrong, draws);
            sum += wrong;
            split += wrong > 0 && wrong < draws;
        }
        EXPECT_NEAR(100.0 * sum / (20 * draws), std::stod(points[p][3]), 1e-4);
        EXPECT_EQ(split > 0, draws > 1); // noise this strong turns some images in some draws only
    }
}

TEST_F(CliEval, recalibrate_all) {
    ASSERT_EQ(eval({"--recalibrate", "all", "--csv", "t.csv"}).code, 0);
    EXPECT_EQ(csv("t.csv")[1][10], "60");
    ASSERT_EQ(eval({"--recalibrate", "none", "--csv", "t.csv"}).code, 0);
    EXPECT_EQ(csv("t.csv")[1][10], "0");
    Ran run = eval({"--recalibrate", "some"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, "weft: --recalibrate: \"some\" is neither a number of training images nor all nor none\nTry "
                       "'weft eval --help'.\n");
}

TEST_F(CliEval, interrupted_sweep_leaves_nothing) {
    pid_t child = start({"eval", "net.onnx", "--dataset", "set", "--sweep", "addnorm:sigma=0..10/0.01", "--draws",
                         "100000", "--csv", "sweep.csv"});
    for (int i = 0; i < 2000 && read_file(".stdout").find("transform") == std::string::npos; i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_EQ(kill(child, SIGINT), 0);
    Ran cut = finish(child);
    EXPECT_EQ(cut.code, 1);
    EXPECT_EQ(cut.err, "weft: interrupted\n");
    EXPECT_EQ(listing(), "net.onnx set");
}

TEST_F(CliEval, precision_is_named_and_written_down) {
    Ran run = eval({"--precision", "fp16"});
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.err.find("--precision: \"fp16\" is none of fp32, bf16, auto"), std::string::npos) << run.err;
    for (std::string precision : {"", "fp32", "auto"}) {
        Words words = {"--json", "-"};
        if (!precision.empty()) words.insert(words.end(), {"--precision", precision});
        run = eval(words);
        ASSERT_EQ(run.code, 0) << run.err;
        bool bf16 = run.out.find("\"precision\":") != std::string::npos && run.out.find("bf16") != std::string::npos;
        bool fp32 = run.out.find("fp32") != std::string::npos;
        EXPECT_NE(bf16, fp32) << run.out; // auto is either
        if (precision != "auto") { EXPECT_TRUE(fp32) << run.out; }
    }
}

} // namespace
