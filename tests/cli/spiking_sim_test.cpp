// weft sim of spiking networks, mapped and random: the same spikes as in floating point, counts, energy, time, files.
#include "harness.h"
#include "spiking_json.h"

#include "sim/spike/random.h"
#include "tests/support/spiking_files.h"

#include <numeric>

using namespace weft_cli;

namespace {

using Words = std::vector<std::string>;
constexpr weft_snn_fit_options EULER = {1e-3, false, false, false}, SUBTRACT = {1e-3, false, true, false};

std::vector<Words> csv(const fs::path &path) {
    std::vector<Words> rows;
    std::istringstream text(read_file(path));
    for (std::string line; std::getline(text, line);) {
        rows.emplace_back();
        std::istringstream fields(line);
        for (std::string field; std::getline(fields, field, ',');) rows.back().push_back(field);
    }
    return rows;
}

class CliSpikingSim : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        weft_test::write_pair("pair.nir");
        write_file("in.csv", "tick,neuron\n0,0\n1,0\n1,1\n2,0\n3,0\n4,1\n5,0\n");
        weft_test::write_spike_mapping("pair.map.yaml", "pair.nir", "truenorth", EULER, 256);
    }
    static Ran sim(Words words, const char *mapping = "pair.map.yaml") {
        words.insert(words.begin(), {"sim", mapping});
        return weft(words);
    }
    static void refused(const Words &words, int code, const std::string &text, const char *mapping = "pair.map.yaml") {
        const std::string before = listing();
        const Ran ran = sim(words, mapping);
        EXPECT_EQ(ran.code, code) << text;
        EXPECT_EQ(ran.err, "weft: " + text + (code == 2 ? "\nTry 'weft sim --help'.\n" : "\n"));
        EXPECT_EQ(ran.out, "");
        EXPECT_EQ(listing(), before);
    }
};

TEST_F(CliSpikingSim, spikes_and_membranes_are_those_of_floating_point) {
    for (const char *chip : {"truenorth", "loihi1"})
        for (const bool subtract : {false, true}) {
            weft_test::write_spike_mapping("map.yaml", "pair.nir", chip, subtract ? SUBTRACT : EULER, 1);
            const Words kept = {"--spikes",     "in.csv", "--population", "in",      "--population", "cells",
                                "--spikes-csv", "s.csv",  "--probe",      "cells:0", "--membranes",  "v.csv"};
            Words run = kept;
            run.insert(run.begin(), {"run", "pair.nir", "--reset", subtract ? "subtract" : "zero"});
            ASSERT_EQ(weft(run).code, 0);
            const std::string spikes = read_file("s.csv"), membranes = read_file("v.csv");
            Words more = kept;
            more.insert(more.end(), {"--compare", "--json", "sim.json"});
            const Ran ran = sim(more, "map.yaml");
            ASSERT_EQ(ran.code, 0) << chip << ran.err;
            EXPECT_EQ(read_file("s.csv"), spikes) << chip << subtract;
            const auto wanted = csv("v.csv");
            std::istringstream rows(membranes);
            std::string row;
            for (const Words &got : wanted) {
                std::getline(rows, row);
                if (got[0] == "tick") continue;
                EXPECT_NEAR(std::stod(got[2]), std::stod(row.substr(row.rfind(',') + 1)), 0.02) << chip << row;
            }
            const Json json("sim.json");
            EXPECT_EQ(json.text("chip"), chip);
            EXPECT_EQ(json.number("cores_used"), 2);
            EXPECT_EQ(json.number("reference.same_spikes"), subtract ? 6 : 4);
            EXPECT_EQ(json.number("reference.output_spikes"), subtract ? 6 : 4);
            EXPECT_EQ(json.number("reference.reference_spikes"), subtract ? 6 : 4);
            EXPECT_EQ(json.number("reference.same_answers"), 1);
            EXPECT_EQ(json.number("counts.spikes"), subtract ? 6 : 4);
            EXPECT_EQ(json.number("counts.synaptic_events"), 7);
            EXPECT_EQ(json.number("counts.input_packets"), 7);
        }
}

// Of the spikes of pixels: an axon on each core of four classes for each of the two weights that its neurons have.
double input_packets(const char *path) {
    double packets = 0;
    for (const Words &row : csv(path)) {
        if (row[0] == "tick") continue;
        const int pixel = std::stoi(row[1]), by_row = pixel / 8 * 5 / 8, by_column = pixel % 8 * 5 / 8 + 5;
        for (int core = 0; core < 3; core++) packets += by_row / 4 == core || by_column / 4 == core ? 2 : 1;
    }
    return packets;
}

// Counts, energy and files of images.
TEST_F(CliSpikingSim, images_on_a_chip) {
    make_dataset("set", 8, 20, 30);
    weft_test::write_templates("net.nir", 8);
    weft_test::write_spike_mapping("net.map.yaml", "net.nir", "truenorth", SUBTRACT, 4);
    const Words images = {"--dataset", "set",      "--images", "12",     "--ticks",
                          "20",        "--coding", "regular",  "--rate", "300"};
    Words run = images, first = images, second = images;
    run.insert(run.begin(), {"run", "net.nir", "--reset", "subtract", "--json", "run.json", "--population", "in",
                             "--spikes-csv", "in.csv"});
    ASSERT_EQ(weft(run).code, 0);
    first.insert(first.end(), {"-o", "one", "--compare", "--json", "sim.json", "--threads", "1"});
    second.insert(second.end(), {"-o", "two", "--compare", "--threads", "3"});
    const Ran ran = sim(first, "net.map.yaml");
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(sim(second, "net.map.yaml").code, 0);
    const Json sim("one/report.json"), reference("run.json");
    EXPECT_NEAR(sim.number("accuracy_percent"), 100 - reference.number("error_percent"), 1e-9);
    EXPECT_LT(sim.number("accuracy_interval_percent.0"), sim.number("accuracy_percent"));
    EXPECT_GE(sim.number("accuracy_interval_percent.1"), sim.number("accuracy_percent"));
    EXPECT_EQ(sim.number("reference.same_answers"), 12);
    EXPECT_EQ(sim.number("reference.same_spikes"), reference.number("populations.1.spikes"));
    EXPECT_EQ(sim.number("reference.output_spikes"), reference.number("populations.1.spikes"));
    EXPECT_EQ(sim.number("cores_used"), 3);
    // A tick behind each image for the last spikes: the chip is one behind the network.
    EXPECT_EQ(sim.number("ticks"), 12 * 21);
    EXPECT_EQ(sim.number("counts.input_packets"), input_packets("in.csv"));
    EXPECT_EQ(sim.number("counts.synaptic_events"), 10 * reference.number("populations.0.spikes"));
    // Energy by hand: static power of the chip, rows of the three cores, the events.
    const double seconds = 12 * 21 * 1e-3, row_bits = 410.0 * 256 * 3 * 12 * 21;
    EXPECT_NEAR(sim.number("energy_pj.static"), 42.8993e9 * seconds, 1);
    EXPECT_NEAR(sim.number("energy_pj.components.memory"), row_bits * 0.0500812, 1e-3);
    EXPECT_NEAR(sim.number("energy_pj.components.synapse"), sim.number("counts.synaptic_events") * 1.48027, 1e-6);
    EXPECT_NEAR(sim.number("power_mw"), sim.number("energy_pj.total") / seconds / 1e9, 1e-9);
    EXPECT_NEAR(sim.number("energy_pj.per_sample") * 12, sim.number("energy_pj.total"), 1);
    EXPECT_NEAR(sim.number("samples_per_s"), 12 / seconds, 1e-9);
    double synaptic = 0, energy = 0;
    const auto cores = csv("one/cores.csv"), costs = csv("one/energy.csv");
    ASSERT_EQ(cores.size(), 4097u);
    EXPECT_EQ(cores[0][4], "synaptic_events");
    for (size_t i = 1; i < cores.size(); i++) synaptic += std::stod(cores[i][4]);
    EXPECT_EQ(synaptic, sim.number("counts.synaptic_events"));
    EXPECT_EQ(cores[4][4], "0");
    for (size_t i = 1; i < costs.size(); i++) energy += std::stod(costs[i][4]);
    EXPECT_NEAR(energy, sim.number("energy_pj.total"), 1);
    // Four images are timed.
    EXPECT_EQ(sim.number("timed_samples"), 4);
    EXPECT_EQ(sim.number("timing.ticks"), 4 * 21);
    EXPECT_EQ(sim.number("timing.missed"), 0);
    EXPECT_EQ(csv("one/ticks.csv").size(), 4 * 21 + 1u);
    for (const char *name : {"report.json", "report.html", "energy.csv", "cores.csv", "ticks.csv"}) {
        EXPECT_EQ(read_file(fs::path("one") / name), read_file(fs::path("two") / name)) << name;
        EXPECT_FALSE(read_file(fs::path("one") / name).empty()) << name;
    }
    EXPECT_EQ(Json("sim.json").number("counts.spikes"), sim.number("counts.spikes"));
    char line[120];
    snprintf(line, sizeof line, "accuracy         %.2f %% of 12 images (95 %%: ", sim.number("accuracy_percent"));
    EXPECT_NE(ran.out.find(line), std::string::npos) << ran.out;
}

TEST_F(CliSpikingSim, a_recorded_run_is_replayed_in_the_same_time) {
    make_dataset("set", 8, 20, 30);
    weft_test::write_templates("net.nir", 8);
    weft_test::write_spike_mapping("net.map.yaml", "net.nir", "loihi1", SUBTRACT, 4);
    const Ran ran = sim({"--dataset", "set", "--images", "5", "--ticks", "15", "--timed-images", "2", "--record",
                         "run.wst", "--json", "sim.json"},
                        "net.map.yaml");
    ASSERT_EQ(ran.code, 0) << ran.err;
    const Ran replay = weft({"replay", "run.wst", "loihi1", "--json", "replay.json"});
    ASSERT_EQ(replay.code, 0) << replay.err;
    const Json sim("sim.json"), again("replay.json");
    EXPECT_EQ(sim.number("timed_samples"), 2);
    EXPECT_GT(sim.number("timing.mean_cycles"), 0);
    for (const char *key : {"ticks", "mean_cycles", "longest_cycles", "seconds", "packets", "hops"})
        EXPECT_EQ(again.number(std::string("timing.") + key), sim.number(std::string("timing.") + key)) << key;
    // Without a clock of ticks, the timed ones say how long the others take.
    EXPECT_NEAR(sim.number("tick_ns"), sim.number("timing.seconds") * 1e9 / sim.number("timing.ticks"), 1e-6);
}

TEST_F(CliSpikingSim, functional_runs_have_no_time) {
    weft_test::write_spike_mapping("map.yaml", "pair.nir", "loihi1", EULER, 1);
    const Ran ran = sim({"--spikes", "in.csv", "--functional", "--json", "sim.json"}, "map.yaml");
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_FALSE(Json("sim.json").has("timing"));
    EXPECT_TRUE(cJSON_IsNull(Json("sim.json").at("energy_pj.static")));
    EXPECT_TRUE(cJSON_IsNull(Json("sim.json").at("power_mw")));
    EXPECT_NE(ran.out.find("dynamic; ticks have no length, so static energy is not known\n"), std::string::npos);
}

TEST_F(CliSpikingSim, synapses_can_be_distorted) {
    make_dataset("set", 8, 20, 30);
    weft_test::write_templates("net.nir", 8);
    weft_test::write_spike_mapping("net.map.yaml", "net.nir", "loihi1", SUBTRACT, 10);
    const Words base = {"--dataset",    "set",   "--images", "4",     "--functional",
                        "--spikes-csv", "s.csv", "--json",   "a.json"};
    ASSERT_EQ(sim(base, "net.map.yaml").code, 0);
    const std::string plain = read_file("s.csv");
    std::vector<std::string> drawn;
    for (const char *draw : {"0", "1", "0"}) {
        Words words = base;
        words.insert(words.end(), {"--transform", "addnorm:sigma=0.3", "--draw", draw});
        ASSERT_EQ(sim(words, "net.map.yaml").code, 0);
        drawn.push_back(read_file("s.csv"));
        EXPECT_EQ(Json("a.json").text("transform"), "addnorm:sigma=0.3");
        EXPECT_EQ(Json("a.json").number("trial"), draw[0] - '0');
    }
    EXPECT_NE(drawn[0], plain);
    EXPECT_NE(drawn[0], drawn[1]);
    EXPECT_EQ(drawn[0], drawn[2]);
}

// Several chips are those of as many draws; the first one is told, and timed, as if it were alone.
TEST_F(CliSpikingSim, trials_are_draws) {
    make_dataset("set", 8, 20, 30);
    weft_test::write_templates("net.nir", 8);
    weft_test::write_spike_mapping("net.map.yaml", "net.nir", "loihi1", SUBTRACT, 10);
    const Words base = {"--dataset", "set",    "--transform", "addnorm:sigma=2", "--compare", "--timed-images",
                        "1",         "--seed", "5",           "--json",          "a.json",    "--ticks",
                        "30"};
    std::vector<double> accuracies;
    std::string alone;
    for (const char *draw : {"3", "4", "5"}) {
        Words words = base;
        words.insert(words.end(), {"--draw", draw});
        ASSERT_EQ(sim(words, "net.map.yaml").code, 0);
        accuracies.push_back(Json("a.json").number("accuracy_percent"));
        if (alone.empty()) alone = read_file("a.json");
    }
    Words words = base;
    words.insert(words.end(), {"--draw", "3", "--trials", "3", "-o", "run"});
    const Ran ran = sim(words, "net.map.yaml");
    ASSERT_EQ(ran.code, 0) << ran.err;
    const Json json("run/report.json"), first("a.json");
    ASSERT_EQ(json.size("trials.accuracy_percent"), 3);
    double sum = 0, squares = 0;
    for (int t = 0; t < 3; t++) {
        EXPECT_EQ(json.number("trials.accuracy_percent." + std::to_string(t)), accuracies[static_cast<size_t>(t)]);
        sum += accuracies[static_cast<size_t>(t)];
    }
    for (const double a : accuracies) squares += (a - sum / 3) * (a - sum / 3);
    EXPECT_GT(squares, 0);
    EXPECT_EQ(json.number("trials.count"), 3);
    EXPECT_NEAR(json.number("trials.mean_percent"), sum / 3, 1e-9);
    EXPECT_NEAR(json.number("trials.std_percent"), std::sqrt(squares / 2), 1e-9);
    EXPECT_EQ(json.number("trials.worst_percent"), *std::min_element(accuracies.begin(), accuracies.end()));
    EXPECT_LT(json.number("accuracy_interval_percent.0"), json.number("trials.mean_percent"));
    EXPECT_GT(json.number("accuracy_interval_percent.1"), json.number("trials.mean_percent"));
    // All that is not of several chips is the first one's.
    const auto part = [](const std::string &text, const char *from) {
        const size_t begin = text.find(from), end = text.find("\"simulation_seconds\"");
        return text.substr(begin, end == std::string::npos ? std::string::npos : end - begin);
    };
    EXPECT_EQ(part(read_file("a.json"), "\"reference\""), part(alone, "\"reference\""));
    EXPECT_EQ(json.number("accuracy_percent"), accuracies[0]);
    EXPECT_NE(ran.out.find(", mean of 3 chips, standard deviation "), std::string::npos) << ran.out;
    EXPECT_NE(read_file("run/report.html").find("accuracy, mean over chips"), std::string::npos);
    refused({"--dataset", "set", "--trials", "2"}, 2, "--trials needs --transform: without one all chips are the same",
            "net.map.yaml");
    refused({"--random", "1", "--trials", "2", "--transform", "addnorm:sigma=2"}, 1,
            "--trials: there are no labels, so that chips have no accuracy", "net.map.yaml");
}

// ---- random networks ----

const char *const random_network = "cores: [4, 3]\nrate_hz: 50\nneurons: 64\naxons: 64\nsynapses: 16\nseed: 7\n";

TEST_F(CliSpikingSim, random_networks_are_those_of_the_library) {
    write_file("net.yaml", random_network);
    const Ran ran = weft(
        {"sim", "net.yaml", "truenorth", "--ticks", "200", "--spikes-csv", "s.csv", "--json", "sim.json", "-o", "run"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    weft_spike_random config;
    weft_spike_chip *chip = nullptr;
    weft_error err{};
    ASSERT_EQ(weft_spike_random_load(&config, "net.yaml", &err), WEFT_OK) << err.text;
    ASSERT_EQ(weft_spike_random_build(&chip, &config, &err), WEFT_OK) << err.text;
    weft_spike_run run{};
    run.ticks = 200;
    ASSERT_EQ(weft_spike_chip_run(chip, &run, &err), WEFT_OK);
    double spikes = 0, synaptic = 0, hops = 0;
    const auto cores = csv("run/cores.csv");
    for (int c = 0; c < 12; c++) {
        const weft_spike_counts *n = weft_spike_chip_counts(chip, c);
        spikes += static_cast<double>(n->spikes), synaptic += static_cast<double>(n->synaptic_events);
        hops += static_cast<double>(n->hops_x + n->hops_y);
        const Words &row = cores[static_cast<size_t>(c / 4 * 64 + c % 4 + 1)];
        EXPECT_EQ(row[4], std::to_string(n->synaptic_events)) << c;
    }
    weft_spike_chip_destroy(chip);
    const Json sim("sim.json");
    EXPECT_EQ(sim.number("neurons"), 768);
    EXPECT_EQ(sim.number("synapses"), 768 * 16);
    EXPECT_EQ(sim.number("cores_used"), 12);
    EXPECT_EQ(sim.number("ticks"), 200);
    EXPECT_EQ(sim.number("counts.spikes"), spikes);
    EXPECT_EQ(sim.number("counts.synaptic_events"), synaptic);
    EXPECT_EQ(sim.number("counts.hops_x") + sim.number("counts.hops_y"), hops);
    EXPECT_EQ(static_cast<double>(csv("s.csv").size()) - 1, spikes);
    EXPECT_NEAR(sim.number("energy_pj.static"), 42.8993e9 * 0.2, 1);
    EXPECT_NEAR(sim.number("power_mw"), sim.number("energy_pj.total") / 0.2 / 1e9, 1e-9);
    EXPECT_FALSE(sim.has("timing"));
    EXPECT_NE(ran.out.find("\nsimulated at     "), std::string::npos) << ran.out;
    // Timed when that is asked for.
    ASSERT_EQ(
        weft({"sim", "net.yaml", "truenorth", "--ticks", "20", "--timed-images", "1", "--json", "timed.json"}).code, 0);
    EXPECT_EQ(Json("timed.json").number("timing.ticks"), 20);
    EXPECT_EQ(Json("timed.json").number("timing.missed"), 0);
}

TEST_F(CliSpikingSim, random_networks_are_described) {
    EXPECT_NE(weft({"describe", "random"}).out.find("rate_hz"), std::string::npos);
    EXPECT_EQ(weft({"describe", "random", "--json", "-"}).out,
              read_file(fs::path(WEFT_SOURCE_FOLDER) / "docs/schema/random.json"));
    write_file("net.yaml", random_network);
    const Ran ran = weft({"info", "net.yaml", "--json", "info.json"});
    EXPECT_EQ(ran.out, "random   net.yaml\ncores    4 x 3 of 64 neurons and 64 axons\n"
                       "neurons  768 at 50 Hz, ticks of 1 ms\nsynapses 12288, 16 a neuron\n"
                       "targets  anywhere, delays of 1 to 15 ticks\nseed     7\n");
    EXPECT_EQ(Json("info.json").number("synapses"), 12288);
}

TEST_F(CliSpikingSim, mappings_are_told) {
    const Ran ran = weft({"info", "pair.map.yaml", "--json", "info.json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find("\nticks    1 ms, euler, reset to v_reset\n\n"
                           "population                 neurons   cores    copies splitters\n"
                           "cells                            2       1         0         0\n"),
              std::string::npos)
        << ran.out;
    const Json json("info.json");
    EXPECT_EQ(json.text("kind"), "spike_mapping");
    EXPECT_EQ(json.text("populations.0.name"), "cells");
    EXPECT_EQ(json.number("populations.0.cores"), 1);
}

TEST_F(CliSpikingSim, wrong_use) {
    write_file("net.yaml", random_network);
    const std::pair<Words, std::string> cases[] = {
        {{}, "one of --spikes, --aer, --dataset, --input and --random is needed"},
        {{"truenorth"}, "CHIP is for random networks; pair.map.yaml is a mapping and names its chip"},
        {{"--random", "1", "--trials", "3"}, "--trials needs --transform: without one all chips are the same"},
        {{"--random", "1", "--recalibrate", "all"}, "--recalibrate is not for spiking networks"},
        {{"--random", "1", "--statistics", "3"}, "--statistics is not for spiking networks"},
        {{"--random", "1", "--without", "3"}, "--without is not for spiking networks"},
        {{"--random", "1", "--functional", "--timed-images", "2"},
         "--functional times no samples, and --timed-images is 2"},
        {{"--random", "1", "--functional", "--record", "t"},
         "--record needs timed samples, and --functional times none"},
        {{"--random", "1", "--timed-images", "0", "--record", "t"},
         "--record needs timed samples, and --timed-images is 0"},
        {{"--random", "1", "--raster", "r.gif"}, "--raster: \"r.gif\" ends in neither .svg nor .png"}};
    for (const auto &[words, text] : cases) refused(words, 2, text);
    refused({}, 2, "CHIP is missing: net.yaml is a random network", "net.yaml");
    refused({}, 2,
            "pair.nir is a spiking network (NIR), MAPPING has to be a mapping or a random network; 'weft run' computes "
            "spiking networks, 'weft map' lays them onto chips",
            "pair.nir");
    const Ran over = sim({"--random", "1", "--json", "pair.nir"});
    EXPECT_EQ(over.code, 2);
    EXPECT_EQ(over.err.rfind("weft: --json would overwrite the network: both are ", 0), 0u) << over.err;
    fs::create_directory("run");
    write_file("run/cores.csv", "mine");
    const Ran file = sim({"--random", "1", "-o", "run", "--json", "run/cores.csv"});
    EXPECT_EQ(file.code, 2);
    EXPECT_EQ(file.err, "weft: --json would overwrite a file of the report: both are run/cores.csv\n"
                        "Try 'weft sim --help'.\n");
    EXPECT_EQ(read_file("run/cores.csv"), "mine");
    refused({"truenorth", "--dataset", "set"}, 2, "--dataset is not for random networks", "net.yaml");
    refused({"truenorth", "--trials", "3"}, 2, "--trials is not for random networks", "net.yaml");
    make_network("net.onnx", 8);
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "crossbar.yaml"}).code, 0);
    refused({"--dataset", "set", "-o", "run", "--raster", "r.svg"}, 2, "--raster is for spiking networks",
            "crossbar.yaml");
    refused({"--dataset", "set", "-o", "run", "--compare"}, 2, "--compare is for spiking networks", "crossbar.yaml");
    refused({"-o", "run"}, 2, "--dataset DATASET is missing", "crossbar.yaml");
}

TEST_F(CliSpikingSim, refusals) {
    write_file("net.yaml", random_network);
    write_file("large.yaml", "cores: 65\nrate_hz: 20\n");
    write_file("wide.yaml", "cores: 2\nrate_hz: 20\ndelays: [1, 15]\n");
    write_file("far.csv", "tick,neuron\n0,0\n1,2\n");
    refused({"--spikes", "far.csv"}, 1, "far.csv:3:3: neuron is 2, allowed are 0 to 1");
    refused({"truenorth"}, 1, "large.yaml: cores: 65 along x; chip truenorth has a mesh of 64", "large.yaml");
    refused({"loihi1"}, 1, "random networks are of TrueNorth's neurons; chip loihi1 has loihi", "net.yaml");
    refused({"truenorth", "--set", "limits.delay_ticks=7"}, 1,
            "wide.yaml: delays: 15 ticks; chip truenorth has limits.delay_ticks 7", "wide.yaml");
    const Ran crossbar = weft({"sim", "net.yaml", "hermes"});
    EXPECT_EQ(crossbar.code, 1);
    EXPECT_NE(crossbar.err.find("chip hermes is of crossbars; spiking networks need one of kind spiking\n"),
              std::string::npos)
        << crossbar.err;
    // Another network under the name that the mapping knows.
    weft_test::write_templates("pair.nir", 8);
    const Ran other = sim({"--random", "1"});
    EXPECT_EQ(other.code, 1);
    EXPECT_NE(other.err.find("pair.nir: not the network that pair.map.yaml was made for, so map again: SHA-256 "),
              std::string::npos)
        << other.err;
    fs::remove("pair.nir");
    EXPECT_EQ(sim({"--random", "1"}).code, 1);
    fs::create_directory("locked");
    fs::permissions("locked", fs::perms::owner_read | fs::perms::owner_exec);
    if (access("locked", W_OK) != 0) { // not as root
        const Ran locked = weft({"sim", "net.yaml", "truenorth", "-o", "locked"});
        EXPECT_EQ(locked.err, "weft: locked: the folder is not writable\n");
    }
}

} // namespace
