// What commands print and write when all goes well.
#include "harness.h"

#include <cjson/cJSON.h>

using namespace weft_cli;

namespace {

struct Json {
    cJSON *root;
    explicit Json(const std::string &text) : root(cJSON_Parse(text.c_str())) {}
    ~Json() { cJSON_Delete(root); }
    cJSON *at(const char *key) const { return cJSON_GetObjectItemCaseSensitive(root, key); }
    double number(const char *key) const { return cJSON_GetNumberValue(at(key)); }
    std::string text(const char *key) const {
        return cJSON_GetStringValue(at(key)) ? cJSON_GetStringValue(at(key)) : "(none)";
    }
};

class CliResults : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        make_network("net.onnx", 8);
        make_dataset("set", 8, 60, 30);
    }
};

TEST_F(CliResults, eval_json_has_the_promised_keys) {
    Ran run = weft({"eval", "net.onnx", "--dataset", "set", "--transform", "addnorm:sigma=0.5", "--transform", "sign",
                    "--draws", "3", "--seed", "9", "--images", "20", "--json", "-"});
    ASSERT_EQ(run.code, 0) << run.err;
    Json json(run.out);
    ASSERT_NE(json.root, nullptr) << run.out;
    EXPECT_EQ(json.number("images"), 20);
    EXPECT_EQ(json.number("draws"), 3);
    EXPECT_EQ(json.number("seed"), 9);
    EXPECT_EQ(json.number("recalibrate"), 0);
    EXPECT_EQ(json.text("transform"), "addnorm:sigma=0.5|sign");
    EXPECT_EQ(json.text("network"), "net.onnx");
    EXPECT_EQ(json.text("network_sha256").size(), 64u);
    EXPECT_EQ(json.text("version"), WEFT_VERSION);
    EXPECT_GE(json.number("error_percent"), 0);
    EXPECT_LE(json.number("error_percent"), 100);
    EXPECT_GE(json.number("error_percent_std"), 0);
    EXPECT_NE(run.err.find("addnorm:sigma=0.5|sign: error"),
              std::string::npos); // text for people moves to standard error
    Ran again = weft({"eval", "net.onnx", "--dataset", "set", "--transform", "addnorm:sigma=0.5|sign", "--draws", "3",
                      "--seed", "9", "--images", "20", "--json", "out.json", "--threads", "3"});
    ASSERT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(Json(read_file("out.json")).number("error_percent"), json.number("error_percent"));
    EXPECT_EQ(again.err, "");
    EXPECT_NE(again.out, "");
}

TEST_F(CliResults, map_prints_a_table_and_checks) {
    Ran run = weft({"map", "net.onnx", "hermes", "-o", "m.yaml", "--json", "m.json"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(run.out.rfind("stage     rows  columns  positions  copies  arrays  cores\n"
                            "conv1        9        4         64      16      16     16\n"
                            "fc          64       10          1       1       1      1\n"
                            "hermes: 17 of 64 arrays, 17 of 64 cores, ",
                            0),
              0u)
        << run.out;
    Json json(read_file("m.json"));
    EXPECT_EQ(json.number("arrays_needed"), 2);
    EXPECT_EQ(json.number("arrays_used"), 17);
    EXPECT_EQ(json.number("cores_available"), 64);
    EXPECT_EQ(json.number("parts"), 1);
    EXPECT_EQ(json.text("bottleneck"), "conv1");
    EXPECT_EQ(cJSON_GetArraySize(json.at("stages")), 2);
    Ran check = weft({"map", "--check", "m.yaml"});
    EXPECT_EQ(check.code, 0) << check.err;
    EXPECT_NE(check.out.find("m.yaml fits hermes"), std::string::npos);
}

TEST_F(CliResults, map_explains_itself) {
    Ran run = weft({"map", "net.onnx", "hermes", "-o", "m.yaml", "--explain", "--objective", "link", "--arrays", "6",
                    "--floor", "floor.svg", "--links", "links.svg", "--json", "-"});
    ASSERT_EQ(run.code, 0) << run.err;
    Json json(run.out);
    EXPECT_EQ(json.text("objective"), "link");
    EXPECT_EQ(json.number("arrays_used"), 5); /* five copies of conv1 are no faster than four: 16 positions */
    EXPECT_EQ(json.number("bottleneck_cycles"), 16 * 129); /* a phase takes 129 cycles */
    ASSERT_EQ(cJSON_GetArraySize(json.at("placers")), 4);
    EXPECT_STREQ(cJSON_GetObjectItem(cJSON_GetArrayItem(json.at("placers"), 3), "name")->valuestring, "refined");
    for (const char *line : {"objective: link\n", "partition: 2 stages", "parts: 1",
                             "replicate: part 0: copies of 1 stages", "allocate: ", "place: refined",
                             "memories: ", "route: ", "pipeline: ", "lower bound", "row_major ", "scotch "})
        EXPECT_NE(run.err.find(line), std::string::npos) << line << "\n" << run.err;
    for (const char *file : {"floor.svg", "links.svg"}) EXPECT_EQ(read_file(file).rfind("<svg", 0), 0u) << file;

    Ran check = weft({"map", "--check", "m.yaml", "--explain", "--arrays", "6", "--json", "check.json"});
    EXPECT_EQ(check.code, 0) << check.err;
    Json again(read_file("check.json"));
    EXPECT_EQ(again.number("bottleneck_cycles"), json.number("bottleneck_cycles"));
    EXPECT_EQ(again.number("pipeline_cycles"), json.number("pipeline_cycles"));
    EXPECT_EQ(again.number("flit_hops_per_image"), json.number("flit_hops_per_image"));
    EXPECT_EQ(cJSON_GetArraySize(again.at("placers")), 1);
}

TEST_F(CliResults, map_in_parts) {
    Ran run = weft({"map", "net.onnx", "hermes", "-o", "m.yaml", "--set", "noc.mesh=[1,1]", "--chips", "0", "--floor",
                    "f.svg", "--json", "m.json"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find("hermes: 2 arrays in 2 parts on 2 chips of 1, 1 of 1 cores, "), std::string::npos)
        << run.out;
    EXPECT_EQ(Json(read_file("m.json")).number("chips"), 2);
    EXPECT_EQ(read_file("f-1.svg").rfind("<svg", 0), 0u);
    EXPECT_EQ(weft({"map", "--check", "m.yaml"}).code, 0);
}

TEST_F(CliResults, import_says_how_images_are_prepared) {
    auto run = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"import", "net.onnx"});
        return weft(words);
    };
    Ran good = run({"-o", "in.onnx", "--mean", "0.25", "--std", "0.5", "--json", "-"});
    ASSERT_EQ(good.code, 0) << good.err;
    weft_network *net = nullptr;
    ASSERT_EQ(weft_onnx_read(&net, "in.onnx", nullptr), WEFT_OK);
    EXPECT_EQ(net->preprocess.channels, 1);
    EXPECT_EQ(net->preprocess.mean[0], 0.25f);
    EXPECT_EQ(net->preprocess.std[0], 0.5f);
    weft_network_destroy(net);
    EXPECT_EQ(weft({"run", "in.onnx", "--dataset", "set"}).code, 0);

    EXPECT_EQ(run({"-o", "x.onnx", "--mean", "0.1,0.2"}).err,
              "weft: --mean 0.1,0.2: 2 numbers, the network takes images of 1 channels\n"
              "Try 'weft import --help'.\n");
    EXPECT_EQ(run({"-o", "x.onnx", "--std", "0"}).code, 2);
    EXPECT_EQ(run({"-o", "x.onnx", "--std", "1,"}).code, 2);
    EXPECT_EQ(run({"-o", "x.onnx", "--mean", "nan"}).code, 2);
    EXPECT_EQ(run({"-o", "net.onnx"}).code, 2); // over its input
    EXPECT_FALSE(fs::exists("x.onnx"));
}

// Ranges measured by the mapper are those that the simulator measures: nothing is left for it to compute.
TEST_F(CliResults, map_calibrates) {
    const std::vector<std::string> sim = {"--dataset", "set", "--timed-images", "0", "--json", "-"};
    auto report = [&](const char *mapping) {
        std::vector<std::string> words = {"sim", mapping, "-o", "run"};
        words.insert(words.end(), sim.begin(), sim.end());
        Ran run = weft(words);
        EXPECT_EQ(run.code, 0) << run.err;
        return Json(run.out).number("accuracy_percent");
    };
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "plain.yaml"}).code, 0);
    EXPECT_NE(read_file("plain.yaml").find("\ninput_range: [0, 0]\n"), std::string::npos);
    Ran run = weft({"map", "net.onnx", "hermes", "-o", "m.yaml", "--calibrate", "set", "--calibration-images", "60"});
    ASSERT_EQ(run.code, 0) << run.err;
    const std::string text = read_file("m.yaml");
    EXPECT_EQ(text.find("range: [0, 0]"), std::string::npos) << text;
    EXPECT_EQ(weft({"map", "--check", "m.yaml"}).code, 0);
    EXPECT_EQ(report("m.yaml"), report("plain.yaml"));

    EXPECT_EQ(
        weft({"map", "net.onnx", "hermes", "-o", "x.yaml", "--calibrate", "set", "--calibration-images", "61"}).err,
        "weft: --calibration-images 61: data set set has 60 training images\n");
    EXPECT_EQ(
        weft({"map", "net.onnx", "hermes", "-o", "x.yaml", "--calibrate", "set", "--calibration-images", "0"}).code, 2);
    EXPECT_EQ(weft({"map", "--check", "m.yaml", "--calibrate", "set"}).code, 2);
    EXPECT_FALSE(fs::exists("x.yaml"));
}

TEST_F(CliResults, sim_without_time) {
    ASSERT_EQ(weft({"map", "net.onnx", "isaac-ce", "-o", "m.yaml"}).code, 0);
    Ran run = weft({"sim", "m.yaml", "--dataset", "set", "--timed-images", "0", "--images", "12", "-o", "run/deep",
                    "--json", "-"});
    ASSERT_EQ(run.code, 0) << run.err;
    Json json(run.out);
    ASSERT_NE(json.root, nullptr);
    EXPECT_EQ(json.number("images"), 12);
    EXPECT_TRUE(cJSON_IsNull(json.at("latency_ns")));
    EXPECT_TRUE(cJSON_IsNull(json.at("cycles")));
    EXPECT_EQ(run.out, read_file("run/deep/report.json"));
    EXPECT_EQ(
        listing("run/deep"),
        "confusion.csv cores.csv energy.csv histograms.csv layers.csv links.csv power.csv report.html report.json "
        "resources.csv trials.csv");
}

// A run that fails on its way through the folder leaves no summary of the one before among its own files.
TEST_F(CliResults, a_failed_sim_leaves_no_old_summary) {
    ASSERT_EQ(weft({"map", "net.onnx", "isaac-ce", "-o", "m.yaml"}).code, 0);
    const std::vector<std::string> words = {"sim", "m.yaml", "--dataset", "set", "--functional", "-o", "run"};
    ASSERT_EQ(weft(words).code, 0);
    EXPECT_TRUE(fs::exists("run/report.html") && fs::exists("run/report.json"));
    fs::remove("run/power.csv");
    fs::create_directory("run/power.csv");
    EXPECT_EQ(weft(words).code, 1);
    EXPECT_EQ(listing("run"), "confusion.csv cores.csv energy.csv histograms.csv layers.csv links.csv power.csv "
                              "resources.csv trials.csv");
    fs::remove("run/power.csv");
    EXPECT_EQ(weft(words).code, 0);
    EXPECT_TRUE(fs::exists("run/report.html") && fs::exists("run/report.json"));
}

// Three chips with errors, accuracy alone: the same bytes with any number of threads, and the first K of more chips.
TEST_F(CliResults, sim_programs_several_chips) {
    ASSERT_EQ(weft({"map", "net.onnx", "isaac-ce", "-o", "m.yaml"}).code, 0);
    const auto sim = [&](const std::vector<std::string> &more) {
        std::vector<std::string> words = {"sim",
                                          "m.yaml",
                                          "--dataset",
                                          "set",
                                          "--functional",
                                          "--recalibrate",
                                          "40",
                                          "--set",
                                          "device.g_max_us=20",
                                          "--set",
                                          "device.program=multnorm:sigma=0.05|stuck:on=0.01,off=0.01",
                                          "-o",
                                          "run",
                                          "--json",
                                          "-"};
        words.insert(words.end(), more.begin(), more.end());
        Ran run = weft(words);
        EXPECT_EQ(run.code, 0) << run.err;
        return run.out;
    };
    const std::string three = sim({"--trials", "3", "--threads", "1"});
    EXPECT_EQ(three, sim({"--trials", "3", "--threads", "2"}));
    EXPECT_EQ(three, sim({"--trials", "3", "--threads", "5"}));
    EXPECT_EQ(three, read_file("run/report.json"));
    Json json(three), two(sim({"--trials", "2"})), other(sim({"--trials", "3", "--seed", "1"}));
    const auto accuracies = [](const Json &of) {
        std::vector<double> out;
        const cJSON *item;
        cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(of.at("trials"), "accuracy_percent"))
            out.push_back(item->valuedouble);
        return out;
    };
    const std::vector<double> all = accuracies(json);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(std::vector<double>(all.begin(), all.begin() + 2), accuracies(two));
    EXPECT_EQ(json.number("accuracy_percent"), all[0]);
    EXPECT_EQ(json.number("timed_images"), 0);
    EXPECT_EQ(json.number("statistics_images"), 30); // all there are
    const auto noise = [](const Json &of) {
        const cJSON *layer = cJSON_GetArrayItem(of.at("layers"), 0);
        return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(layer, "signal_to_noise_db"));
    };
    EXPECT_GT(noise(json), -20); // stuck cells of the highest slices are loud
    EXPECT_LT(noise(json), 30);
    EXPECT_NE(noise(json), noise(other));
    EXPECT_NE(read_file("run/trials.csv").find("\n2,30,"), std::string::npos);
    EXPECT_GT(read_file("run/histograms.csv").size(), 1000u);
    EXPECT_EQ(Json(sim({"--statistics", "0"})).number("statistics_images"), 0);
}

TEST_F(CliResults, sim_tells_that_ideal_chips_are_alike) {
    ASSERT_EQ(weft({"map", "net.onnx", "isaac-ce", "-o", "m.yaml"}).code, 0);
    Ran run = weft({"sim", "m.yaml", "--dataset", "set", "--functional", "--trials", "2", "-o", "run"});
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "weft: note: the chip file has no errors that are drawn: all trials are alike\n");
    const std::string trials = read_file("run/trials.csv");
    const size_t first = trials.find("\n0,"), second = trials.find("\n1,");
    ASSERT_NE(second, std::string::npos);
    EXPECT_EQ(trials.substr(first + 2, second - first - 2), trials.substr(second + 2, second - first - 2));
}

// Converters get their ranges from training images without being asked to.
TEST_F(CliResults, sim_calibrates_converters) {
    ASSERT_EQ(
        weft({"map", "net.onnx", "isaac-ce", "-o", "m.yaml", "--calibrate", "set", "--calibration-images", "60"}).code,
        0);
    const auto clipped = [&](const char *calibrate, const char *percentile) {
        Ran run = weft({"sim", "m.yaml", "--dataset", "set", "--functional", "-o", "run", "--json", "-", "--set",
                        "adc.range=calibrated", "--set", std::string("adc.calibrate=") + calibrate, "--set",
                        std::string("adc.percentile=") + percentile});
        EXPECT_EQ(run.code, 0) << run.err;
        const Json json(run.out);
        const cJSON *layer = cJSON_GetArrayItem(json.at("layers"), 0);
        return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(layer, "adc_clipped_percent"));
    };
    EXPECT_LT(clipped("maximum", "99"), 0.1); // test images go hardly further than training images
    EXPECT_GT(clipped("percentile", "90"), 1);
}

#ifdef WEFT_HAVE_SYSTEMC
TEST_F(CliResults, sim_of_several_parts) {
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "m.yaml", "--set", "noc.mesh=[1,1]"}).code, 0);
    Ran run = weft({"sim", "m.yaml", "--dataset", "set", "-o", "run"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(run.err, "");
    EXPECT_NE(run.out.find("parts            2, one after the other, on 1 chip\n"), std::string::npos) << run.out;
    Json json(read_file("run/report.json"));
    EXPECT_EQ(json.number("timed_images"), 4);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json.at("mapping"), "parts")), 2);
    /* All images pass part by part: the whole run counts, with the second part's programming. */
    EXPECT_DOUBLE_EQ(json.number("throughput_images_per_s"), 4e9 / (json.number("cycles") * json.number("cycle_ns")));
    const cJSON *timing = json.at("timing");
    EXPECT_GT(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(timing, "program_cycles")), 0);
}

TEST_F(CliResults, sim_on_several_chips_is_not_repeated) {
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "m.yaml", "--set", "noc.mesh=[1,1]", "--chips", "2"}).code, 0);
    Ran run = weft({"sim", "m.yaml", "--dataset", "set", "-o", "run"});
    ASSERT_EQ(run.code, 0) << run.err;
    Json json(read_file("run/report.json"));
    EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json.at("critical"), "speedup_without")));
    EXPECT_EQ(weft({"sim", "m.yaml", "--dataset", "set", "-o", "timed", "--record", "trace"}).err,
              "weft: --record: the mapping is for 2 chips; only the run of one chip can be recorded\n");
    EXPECT_EQ(weft({"sim", "m.yaml", "--dataset", "set", "-o", "timed", "--without", "2"}).err,
              "weft: --without 2: the mapping is for 2 chips; only the run of one chip can be repeated\n");
    EXPECT_FALSE(fs::exists("timed"));
}

TEST_F(CliResults, sim_tells_what_holds_the_chip_up) {
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "m.yaml"}).code, 0);
    Ran run = weft({"sim", "m.yaml", "--dataset", "set", "--timed-images", "6", "--without", "2", "-o", "run"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find("\nheld up by       "), std::string::npos) << run.out;
    EXPECT_NE(run.out.find(" x faster (then "), std::string::npos) << run.out;
    EXPECT_NE(run.out.find(" hold\n"), std::string::npos) << run.out;
    Json json(read_file("run/report.json"));
    const cJSON *item;
    int measured = 0;
    cJSON_ArrayForEach(item, json.at("resources")) {
        const cJSON *speedup = cJSON_GetObjectItemCaseSensitive(item, "speedup_without");
        const double use = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(item, "utilisation"));
        EXPECT_GT(use, 0);
        EXPECT_LE(use, 1);
        measured += cJSON_IsNumber(speedup);
        EXPECT_TRUE(cJSON_IsNull(speedup) || speedup->valuedouble > 0.95);
    }
    EXPECT_EQ(measured, 2);
    const cJSON *checks = json.at("checks");
    EXPECT_EQ(cJSON_GetArraySize(checks), 19);
    cJSON_ArrayForEach(item, checks) EXPECT_TRUE(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "holds")))
        << cJSON_GetObjectItemCaseSensitive(item, "name")->valuestring;
    Ran none = weft({"sim", "m.yaml", "--dataset", "set", "--without", "0", "-o", "plain"});
    ASSERT_EQ(none.code, 0) << none.err;
    EXPECT_EQ(none.out.find(" x faster"), std::string::npos) << none.out;
}
#endif

TEST_F(CliResults, sim_takes_a_changed_chip_with_a_note) {
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "m.yaml"}).code, 0);
    Ran run = weft({"sim", "m.yaml", "--dataset", "set", "--timed-images", "0", "-o", "run", "--set", "adc.bits=7"});
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "weft: note: the chip differs from the one that the mapping was made for (--set)\n");
    EXPECT_NE(read_file("run/report.json").find("\"adc.bits=7\""), std::string::npos);
}

TEST_F(CliResults, sim_keeps_the_settings_of_the_mapping) {
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "m.yaml", "--set", "adc.bits=7"}).code, 0);
    EXPECT_EQ(weft({"map", "--check", "m.yaml"}).code, 0);
    Ran run = weft({"sim", "m.yaml", "--dataset", "set", "--timed-images", "0", "-o", "run"});
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "");
    EXPECT_NE(read_file("run/report.json").find("\"adc.bits=7\""), std::string::npos);
}

// What was asked for and is not there, or does nothing, is told.
TEST_F(CliResults, notes_of_counts_and_keys) {
    ASSERT_EQ(weft({"map", "net.onnx", "isaac-ce", "-o", "m.yaml"}).code, 0);
    Ran run = weft({"sim", "m.yaml", "--dataset", "set", "--functional", "--statistics", "99", "-o", "run"});
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "weft: note: --statistics 99: all 30 images are taken, there are no more\n");
    run = weft({"sim", "m.yaml", "--dataset", "set", "--images", "5", "--functional", "--set", "device.read_sigma=0.1",
                "--set", "device.g_max_us=", "-o", "run"});
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "weft: note: the chip differs from the one that the mapping was made for (--set)\n"
                       "weft: note: device.read_sigma has no effect: device.read_noise is none\n");
    const std::string page = read_file("run/report.html");
    EXPECT_NE(page.find("<span>dynamic energy per image</span>"), std::string::npos);
    EXPECT_EQ(page.find("<b>–</b>"), std::string::npos);
    run = weft({"sim", "m.yaml", "--dataset", "set", "--functional", "--trials", "2", "--set",
                "device.program=addnorm:sigma=0.05", "-o", "run"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find(" % of 30 images, mean of 2 chips; the first one "), std::string::npos) << run.out;
    EXPECT_NE(run.out.find(" %, of the mean\n"), std::string::npos) << run.out;
}

TEST_F(CliResults, info_knows_errors_of_cells) {
    const std::string hermes = weft({"info", "hermes"}).out, isaac = weft({"info", "isaac-ce"}).out;
    for (const char *line : {"\nconductance  0 to 20.7 uS\n", "\nprogramming  table hermes-cells.csv\n",
                             "\nread noise   pcm, 1\n", "\nconverters   256 an array, ideal, "})
        EXPECT_NE(hermes.find(line), std::string::npos) << line << hermes;
    EXPECT_NE(isaac.find("\nerrors       none: cells hold their levels, wires are ideal\n"), std::string::npos)
        << isaac;
}

TEST_F(CliResults, info_knows_the_network_of_a_chip) {
    const std::string plain = weft({"info", "noc-8x8"}).out;
    for (const char *line :
         {"\nmesh         8 x 8 routers, 1 core each: 64 cores\n", "\nrouting      xy, 4 VCs of 8 flits a port\n",
          "\nrouter       VC allocation 1, switch allocation 1, traversal 1, link 1, credit 1 cycles\n",
          "\npackets      flits of 64 bits, 32 bits of header\n",
          "\nhost         at router (0, 0), 64 bits a cycle; partial sums of 32 bits\n",
          "\ncore         buffer of 65536 bytes; digital unit 1 value a cycle, each 0 ns\n",
          "\ninput        8 bits, sign_magnitude, 7 a pulse\n", "\nclock        clocked, 1 ns a cycle\n"})
        EXPECT_NE(plain.find(line), std::string::npos) << line << plain;
    EXPECT_EQ(plain.find("\nchips "), std::string::npos);
    std::string text = read_file(WEFT_SOURCE_FOLDER "/hwconfigs/noc-8x8.yaml");
    const auto change = [&](const std::string &from, const std::string &to) {
        ASSERT_NE(text.find(from), std::string::npos) << from;
        text.replace(text.find(from), from.size(), to);
    };
    change("topology: mesh", "topology: torus\n  chips: [4, 2]\n  chip_link_cycles: 5\n  chip_link_interval: 3");
    change("routing: xy", "routing: adaptive\n  escape_vcs: 2\n  link_cycles_y: 2");
    change("speculative: false", "speculative: true");
    change("route_cycles: 0", "route_cycles: 1");
    change("{cycle_ns: 1}", "{cycle_ns: 1, kind: tick, tick_ns: 900, barrier_ns: 20, barrier_per_core_ns: 0.5}");
    write_file("torus.yaml", text);
    const Ran run = weft({"info", "torus.yaml", "--json", "-"});
    for (const char *line :
         {"\ntorus        8 x 8 routers, 1 core each: 64 cores\n",
          "\nrouting      adaptive, 4 VCs of 8 flits a port, 2 of them to escape by\n",
          "\nrouter       route 1, VC allocation 1, switch allocation 1 (speculative), traversal 1, link 1 "
          "(along y 2), credit 1 cycles\n",
          "\nchips        4 x 2 on this torus, links between them 5, credit 5 cycles, a flit every 3\n",
          "\nclock        tick, 1 ns a cycle; a tick at least 900 ns, its barrier 20 ns and 0.5 an "
          "active core\n"})
        EXPECT_NE(run.err.find(line), std::string::npos) << line << run.err;
    Json json(run.out);
    const cJSON *noc = json.at("noc");
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(noc, "topology")), "torus");
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(noc, "routing")), "adaptive");
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(noc, "chips"), 0)), 4);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(noc, "buffer_flits")), 8);
    EXPECT_EQ(json.text("clock"), "tick");
}

TEST_F(CliResults, info_knows_spiking_chips) {
    const Ran run = weft({"info", "loihi1", "--json", "-"});
    for (const char *line :
         {"\nmesh         8 x 4 routers, 4 cores each: 128 cores\n",
          "\nhost         at router (0, 0), 32 bits a cycle\n",
          "\nneurons      loihi, 24 bits of potential; 1024 a core: 131072 neurons\n",
          "\nsynapses     sparse, 9 bits, 131072 bytes a core, 2.375 a synapse\n",
          "\na core       4096 axons in, 4096 axons out, delays of 1 to 63 ticks\n", "\nvoltage      0.75 V\n",
          "\nclock        tick, 1 ns a cycle; ticks as fast as they go, the barrier 113 to 465 ns for 1 to 32 active "
          "tiles\n",
          "\nstatic       104.4 mW\n", "\nunsourced    0 constants\n"})
        EXPECT_NE(run.err.find(line), std::string::npos) << line << run.err;
    EXPECT_EQ(run.err.find("MVM"), std::string::npos);
    Json json(run.out);
    EXPECT_EQ(json.text("kind"), "chip");
    EXPECT_EQ(json.text("chip_kind"), "spiking");
    EXPECT_EQ(json.text("neuron_model"), "loihi");
    EXPECT_EQ(cJSON_GetNumberValue(json.at("neurons")), 131072);
    EXPECT_EQ(cJSON_GetNumberValue(json.at("static_power_mw")), 104.4);
    const std::string truenorth = weft({"info", "truenorth"}).out;
    for (const char *line : {"\nneurons      truenorth, 20 bits of potential; 256 a core: 1048576 neurons\n",
                             "\nsynapses     crossbar, 1 bit, 13120 bytes a core; 4 axon types of 9 bits a neuron\n",
                             "\na core       256 axons in, 1 destination a neuron, delays of 1 to 15 ticks\n",
                             "\nclock        tick, 2 ns a cycle; a tick 1000000 ns\n"})
        EXPECT_NE(truenorth.find(line), std::string::npos) << line << truenorth;
    const Ran map = weft({"map", "net.onnx", "odin", "-o", "m.yaml"});
    EXPECT_NE(map.code, 0);
    EXPECT_NE(map.err.find("has no threshold layer; one makes spikes of the image"), std::string::npos) << map.err;
    const Ran array = weft({"array", "odin", "--conductances", "g.csv", "--inputs", "x.csv"});
    EXPECT_NE(array.code, 0);
    EXPECT_NE(array.err.find("kind: spiking; this needs a chip with arrays"), std::string::npos) << array.err;
}

TEST_F(CliResults, info_knows_every_kind) {
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "m.yaml"}).code, 0);
    const std::pair<const char *, const char *> kinds[] = {{"net.onnx", "network"},
                                                           {"m.yaml", "mapping"},
                                                           {"hermes", "chip"},
                                                           {"set", "dataset"},
                                                           {"fashion-cnn-sign", "recipe"}};
    for (const auto &[name, kind] : kinds) {
        Ran run = weft({"info", name, "--json", "-"});
        EXPECT_EQ(run.code, 0) << run.err;
        EXPECT_EQ(Json(run.out).text("kind"), kind);
        EXPECT_NE(run.err, "");
        EXPECT_EQ(weft({"info", name}).out, run.err);
    }
    Json network(weft({"info", "net.onnx", "--json", "-"}).out);
    cJSON *layer = cJSON_GetArrayItem(network.at("layers"), 0);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(layer, "macs")), 64 * 9 * 4);
    EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(layer, "runs_on")), "crossbar");
    EXPECT_EQ(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(layer, "kernel")), 2);
    EXPECT_TRUE(cJSON_IsTrue(network.at("mappable")));
    EXPECT_GE(cJSON_GetNumberValue(network.at("stages")), 1);
    EXPECT_EQ(weft({"info", "set"}).out,
              "data set  set\nimages    60 for training, 30 for testing\nshape     1 x 8 x 8\nclasses   10\n");
}

TEST_F(CliResults, info_knows_spiking_networks) {
    const std::string net = WEFT_SOURCE_FOLDER "/tests/fuzz/nir/ok-loop.nir";
    const Ran run = weft({"info", net});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_NE(run.out.find("neurons  2\nsynapses 6 in 2 projections, 1 of them recurrent\n"), std::string::npos);
    EXPECT_NE(run.out.find("sub.w   Linear     2               2               weight [2, 2]\n"), std::string::npos);
    EXPECT_NE(run.out.find("lif                       lif                           1             4  1, recurrent\n"),
              std::string::npos)
        << run.out;
    Json json(weft({"info", net, "--json", "-"}).out);
    EXPECT_EQ(json.text("kind"), "spiking_network");
    EXPECT_EQ(cJSON_GetNumberValue(json.at("synapses")), 6);
    EXPECT_EQ(cJSON_GetArraySize(json.at("populations")), 2);
    EXPECT_EQ(cJSON_GetArraySize(json.at("projections")), 2);
    const Ran bad = weft({"info", WEFT_SOURCE_FOLDER "/tests/fuzz/nir/invalid-nan.nir"});
    EXPECT_EQ(bad.code, 1);
    EXPECT_NE(bad.err.find("invalid-nan.nir: /node/nodes/lif/r: is not a number at [1]\n"), std::string::npos);
}

TEST_F(CliResults, info_shows_branches_and_bounds) {
    weft_network *net = nullptr;
    weft_error err{};
    ASSERT_EQ(weft_network_create(&net, "branches", {1, 4, 4}, &err), WEFT_OK) << err.text;
    weft_layer clip{}, quantise{}, threshold{}, add{};
    clip.kind = WEFT_LAYER_CLIP, clip.low = -0.5f, clip.high = 2;
    quantise.kind = WEFT_LAYER_QUANTISE, quantise.high = 1.5f, quantise.levels = 3;
    threshold.kind = WEFT_LAYER_THRESHOLD, threshold.threshold = 0.25f, threshold.signed_spikes = true;
    add.kind = WEFT_LAYER_ADD;
    const std::tuple<weft_layer *, const char *, int> layers[] = {
        {&clip, "clip", -1}, {&quantise, "quantise", 0}, {&threshold, "spikes", 0}, {&add, "sum", 2}};
    add.input2 = 1;
    for (const auto &[layer, name, input] : layers)
        ASSERT_EQ(weft_network_add(net, layer, name, input, false, nullptr, &err), WEFT_OK) << err.text;
    ASSERT_EQ(weft_onnx_write(net, "branches.onnx", &err), WEFT_OK) << err.text;
    weft_network_destroy(net);
    std::string table = weft({"info", "branches.onnx"}).out;
    for (const char *detail :
         {"  digital   -0.5..2\n", "  digital   0..1.5 in steps of 0.5\n", "  digital   from clip  +-1 from +-0.25\n",
          "  digital   spikes + quantise\n", "  0 on crossbars, 4 digital\n", "\ncannot be mapped: "})
        EXPECT_NE(table.find(detail), std::string::npos) << detail << "in\n" << table;
    Json info(weft({"info", "branches.onnx", "--json", "-"}).out);
    auto value = [&](int layer, const char *key) {
        return cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(info.at("layers"), layer), key);
    };
    EXPECT_TRUE(cJSON_IsNull(value(0, "from")));
    EXPECT_EQ(cJSON_GetNumberValue(value(1, "levels")), 3);
    EXPECT_TRUE(cJSON_IsTrue(value(2, "signed")));
    EXPECT_STREQ(cJSON_GetStringValue(value(2, "from")), "clip");
    EXPECT_STREQ(cJSON_GetStringValue(value(3, "from2")), "quantise");
    EXPECT_STREQ(cJSON_GetStringValue(value(3, "runs_on")), "digital");
    EXPECT_TRUE(cJSON_IsFalse(info.at("mappable")));
    EXPECT_EQ(info.text("reason").find("network \"branches\""), 0u) << info.text("reason");
    EXPECT_STREQ(cJSON_GetStringValue(value(3, "runs_on")), "digital");
    EXPECT_TRUE(cJSON_IsFalse(info.at("mappable")));
    EXPECT_EQ(info.text("reason").find("network \"branches\""), 0u) << info.text("reason");
}

} // namespace
