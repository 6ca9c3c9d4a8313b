// Points of spiking networks: the figures that weft map and weft sim give with the same settings; what is refused.
#include <algorithm>

#include "harness.h"
#include "spiking_json.h"

#include "tests/support/binary_network.h"
#include "tests/support/spiking_files.h"

using namespace weft_cli;
using Words = std::vector<std::string>;

namespace {

Words joined(Words a, const Words &b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

class CliSpikingSweep : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        setenv("PATH", folder.c_str(), 1); // no gnuplot: nobody looks at the figures
        make_dataset("set", 8, 20, 30);
        weft_test::write_templates("net.nir", 8);
    }
    static Ran sweep(const std::string &text, const Words &more = {}) {
        write_file("e.yaml", text);
        return weft(joined({"sweep", "e.yaml", "-o", "runs"}, more));
    }
    // Of all points at once: a row each. NaN: the point has none.
    static double metric(int number, const std::string &column) {
        static const Words columns = {"error_percent",
                                      "error_std_percent",
                                      "error_low_percent",
                                      "error_high_percent",
                                      "error_worst_percent",
                                      "images",
                                      "trials",
                                      "latency_ns",
                                      "interval_ns",
                                      "throughput_images_per_s",
                                      "energy_pj",
                                      "energy_static_pj",
                                      "energy_dynamic_pj",
                                      "power_mw",
                                      "cores_used",
                                      "tick_ns",
                                      "shortest_tick_ns",
                                      "missed_ticks",
                                      "spikes",
                                      "synaptic_events",
                                      "spike_hops",
                                      "cycles",
                                      "flit_hops",
                                      "packet_latency_cycles"};
        std::string names;
        for (const std::string &name : columns) names += (names.empty() ? "" : ", ") + name;
        static std::string asked, text; // the last experiment's
        if (asked != read_file("e.yaml")) {
            const Ran run =
                weft({"results", "runs", "--csv", "-", "--query", "SELECT " + names + " FROM points ORDER BY number"});
            EXPECT_EQ(run.code, 0) << run.err;
            asked = read_file("e.yaml"), text = run.out;
        }
        std::istringstream rows(text);
        std::string row, value;
        for (int i = 0; i <= number + 1; i++) std::getline(rows, row);
        std::istringstream values(row);
        for (const std::string &name : columns) {
            value.clear();
            std::getline(values, value, ',');
            if (name == column) return value.empty() ? NAN : std::stod(value);
        }
        ADD_FAILURE() << column;
        return NAN;
    }
    static void expect_same(int number, const std::string &column, double value) {
        const double found = metric(number, column);
        if (std::isnan(value))
            EXPECT_TRUE(std::isnan(found)) << column << ": " << found;
        else
            EXPECT_NEAR(found, value, 1e-9 * std::max(1.0, std::abs(value))) << column << " of point " << number;
    }
    // The point is what weft map and weft sim say.
    static void expect_point(int number, const std::string &net, const std::string &chip, const Words &map,
                             const Words &sim, const Words &set = {}) {
        Words settings;
        for (const std::string &text : set) settings = joined(settings, {"--set", text});
        const Ran mapped = weft(joined(joined({"map", net, chip, "-o", "m.yaml"}, map), settings));
        ASSERT_EQ(mapped.code, 0) << mapped.err;
        const bool list = std::find(sim.begin(), sim.end(), "--spikes") != sim.end(); // no images, so no labels
        const Words inputs = list ? Words{} : Words{"--dataset", "set"};
        const Ran simulated = weft(joined(joined({"sim", "m.yaml", "--json", "s.json"}, inputs), sim));
        ASSERT_EQ(simulated.code, 0) << simulated.err;
        const Json json("s.json");
        const double images = json.number("samples");
        const auto each = [&](const std::string &path) {
            const cJSON *at = json.at(path);
            return cJSON_IsNumber(at) ? at->valuedouble / images : NAN;
        };
        const bool trials = json.has("trials");
        expect_same(number, "images", images);
        const auto error = [&](const std::string &path) { return list ? NAN : 100 - json.number(path); };
        expect_same(number, "error_percent", error(trials ? "trials.mean_percent" : "accuracy_percent"));
        expect_same(number, "error_std_percent", trials ? json.number("trials.std_percent") : NAN);
        expect_same(number, "error_worst_percent", error(trials ? "trials.worst_percent" : "accuracy_percent"));
        expect_same(number, "error_low_percent", error("accuracy_interval_percent.1"));
        expect_same(number, "error_high_percent", error("accuracy_interval_percent.0"));
        expect_same(number, "energy_pj", each("energy_pj.total"));
        expect_same(number, "energy_static_pj", each("energy_pj.static"));
        expect_same(number, "energy_dynamic_pj", each("energy_pj.dynamic"));
        expect_same(number, "spikes", each("counts.spikes"));
        expect_same(number, "synaptic_events", each("counts.synaptic_events"));
        expect_same(number, "spike_hops", each("counts.hops_x") + each("counts.hops_y"));
        expect_same(number, "cores_used", json.number("cores_used"));
        const auto one = [&](const std::string &path) { return each(path) * images; };
        expect_same(number, "power_mw", one("power_mw"));
        expect_same(number, "throughput_images_per_s", one("samples_per_s"));
        expect_same(number, "tick_ns", one("tick_ns"));
        expect_same(number, "shortest_tick_ns", json.has("timing") ? one("timing.fastest_tick_ns") : NAN);
        expect_same(number, "missed_ticks", json.has("timing") ? one("timing.missed") : NAN);
    }
};

const char *const head = "name: try\ndataset: set\nimages: 12\npoints:\n";

TEST_F(CliSpikingSweep, points_are_what_the_commands_say) {
    const Ran run =
        sweep(std::string(head) + "  - name: chips\n"
                                  "    set: {net: net.nir, reset: subtract, coding: regular, rate: 300, ticks: 20,\n"
                                  "          timed_images: 1, images: 5, seed: 3, map.seed: 2}\n"
                                  "    grid: {chip: [truenorth, loihi1]}\n"
                                  "  - name: draws\n"
                                  "    set: {net: net.nir, chip: loihi1, transform: 'addnorm:sigma=4', dt: 0.002}\n"
                                  "    grid: {trials: [1, 3], spike_energy.synaptic_event_pj: [7, 100]}\n");
    ASSERT_EQ(run.code, 0) << run.err;
    const Words regular = {"--coding", "regular", "--rate",         "300", "--ticks", "20",
                           "--images", "5",       "--timed-images", "1",   "--seed",  "3"};
    expect_point(0, "net.nir", "truenorth", {"--reset", "subtract", "--seed", "2"}, regular);
    expect_point(1, "net.nir", "loihi1", {"--reset", "subtract", "--seed", "2"}, regular);
    const Words noise = {"--transform", "addnorm:sigma=4", "--functional", "--images", "12", "--trials"};
    int number = 2;
    for (const char *trials : {"1", "3"})
        for (const char *cost : {"7", "100"})
            expect_point(number++, "net.nir", "loihi1", {"--dt", "0.002"}, joined(noise, {trials}),
                         {std::string("spike_energy.synaptic_event_pj=") + cost});
    EXPECT_GT(metric(4, "error_std_percent"), 0);
    EXPECT_GT(metric(5, "energy_dynamic_pj"), metric(4, "energy_dynamic_pj"));
}

// From the first image's tick to the last one's spikes: the chip is a tick behind the network of ten neurons.
TEST_F(CliSpikingSweep, latency_and_area) {
    ASSERT_EQ(sweep(std::string(head) + "  - set: {net: net.nir, chip: truenorth, ticks: 20}\n").code, 0);
    expect_same(0, "latency_ns", 21e6);
    expect_same(0, "interval_ns", 21e6); // the chip is reset behind each image
    EXPECT_EQ(weft({"sweep", "e.yaml", "-o", "runs"}).out.find("runs: 1 points: 0 computed, 1 known before"), 0u);
}

// In place of images, whatever the top of the file says of these.
TEST_F(CliSpikingSweep, spikes_of_a_file) {
    std::string spikes = "tick,neuron\n";
    for (int tick = 0; tick < 40; tick++)
        for (int neuron = tick % 5; neuron < 64; neuron += 5)
            spikes += std::to_string(tick) + "," + std::to_string(neuron) + "\n";
    write_file("in.csv", spikes);
    const std::string text = std::string(head) + "  - set: {net: net.nir, spikes: in.csv, ticks: 30, timed_images: 1}\n"
                                                 "    grid: {chip: [truenorth, loihi1]}\n";
    const Ran run = sweep(text);
    ASSERT_EQ(run.code, 0) << run.err;
    const Words sim = {"--spikes", "in.csv", "--ticks", "30", "--timed-images", "1"};
    expect_point(0, "net.nir", "truenorth", {}, sim);
    expect_point(1, "net.nir", "loihi1", {}, sim);
    EXPECT_GT(metric(0, "spikes"), 10);
    EXPECT_EQ(weft({"report", "runs", "-o", "page"}).code, 0);
    EXPECT_EQ(sweep(text).out.find("runs: 2 points: 0 computed, 2 known before"), 0u);
    write_file("in.csv", spikes + "39,63\n");
    EXPECT_EQ(sweep(text).out.find("runs: 2 points: 2 computed"), 0u);
    binary::write_dense("bits.onnx");
    const std::pair<const char *, const char *> wrong[] = {
        {"net: net.nir, chip: loihi1, spikes: no.csv",
         "e.yaml:5:49: spikes: no file 'no.csv', neither beside the experiment nor in the current folder"},
        {"net: net.nir, chip: loihi1, spikes: in.csv, coding: poisson", "coding: has no meaning beside spikes"},
        {"net: net.nir, chip: loihi1, spikes: in.csv, dataset: set", "dataset: has no meaning beside spikes"},
        {"net: net.nir, chip: loihi1, spikes: in.csv, images: 2", "images: has no meaning beside spikes"},
        {"net: bits.onnx, chip: truenorth, spikes: in.csv",
         "spikes: networks of layers, which take an image a tick, do not use it"}};
    for (const auto &[point, message] : wrong) {
        const Ran bad = sweep(std::string(head) + "  - list: [{" + point + "}]\n");
        EXPECT_EQ(bad.code, 1) << point;
        EXPECT_NE(bad.err.find(message), std::string::npos) << bad.err;
    }
    EXPECT_NE(sweep("name: try\npoints:\n  - list: [{net: net.nir, chip: loihi1}]\n").err.find("dataset is missing"),
              std::string::npos);
}

// What weft replay says of a trace, on the chip that recorded it and with changed keys.
TEST_F(CliSpikingSweep, replays_of_spikes) {
    ASSERT_EQ(weft({"map", "net.nir", "truenorth", "-o", "m.yaml"}).code, 0);
    ASSERT_EQ(
        weft({"sim", "m.yaml", "--dataset", "set", "--ticks", "20", "--timed-images", "2", "--record", "t.wst"}).code,
        0);
    const std::string text = "name: again\nkind: replay\ntrace: t.wst\npoints:\n"
                             "  - name: slow\n    set: {chip: truenorth}\n    grid: {noc.link_cycles: [1, 40]}\n"
                             "  - list: [{chip: loihi1}, {chip: truenorth, io.router: [5, 0]}]\n";
    const Ran run = sweep(text);
    ASSERT_EQ(run.code, 0) << run.err;
    const Words chips[] = {{"truenorth"},
                           {"truenorth", "--set", "noc.link_cycles=40"},
                           {"loihi1"},
                           {"truenorth", "--set", "io.router=[5,0]"}};
    for (int i = 0; i < 4; i++) {
        const Ran again = weft(joined(joined({"replay", "t.wst"}, chips[i]), {"--json", "r.json"}));
        ASSERT_EQ(again.code, 0) << again.err;
        const Json json("r.json");
        expect_same(i, "shortest_tick_ns", json.number("timing.fastest_tick_ns"));
        expect_same(i, "missed_ticks", json.number("timing.missed"));
        EXPECT_GT(metric(i, "cycles"), 0);
        expect_same(i, "flit_hops", json.number("timing.hops"));
        EXPECT_TRUE(std::isnan(metric(i, "error_percent")));
    }
    expect_same(0, "tick_ns", 1e6);
    EXPECT_GT(metric(3, "flit_hops"), metric(0, "flit_hops"));
    EXPECT_GT(metric(1, "packet_latency_cycles"), metric(0, "packet_latency_cycles"));
    EXPECT_EQ(sweep(text).out.find("runs: 4 points: 0 computed, 4 known before"), 0u);
    const std::pair<const char *, const char *> wrong[] = {
        {"chip: truenorth, transform: sign", "transform: points of kind replay do not use it"},
        {"chip: truenorth, seed: 3", "seed: points of kind replay do not use it"},
        {"chip: truenorth, trace: net.nir", "net.nir"},
        {"chip: isaac-ce", "t.wst"},
        {"chip: truenorth, kind: noc, traffic.rate: 0.1", "points of kind noc take chips of crossbars"}};
    for (const auto &[point, message] : wrong) {
        const Ran bad =
            sweep("name: try\nkind: replay\ntrace: t.wst\npoints:\n  - list: [{" + std::string(point) + "}]\n");
        EXPECT_EQ(bad.code, 1) << point;
        EXPECT_NE(bad.err.find(message), std::string::npos) << bad.err;
    }
}

// An image a tick; the two layers behind the host's take one each.
TEST_F(CliSpikingSweep, networks_of_layers) {
    binary::write_dense("bits.onnx");
    const Ran run = sweep(std::string(head) + "  - set: {net: bits.onnx, chip: truenorth, trials: 2}\n"
                                              "    grid: {transform: ['', 'stuck:on=0,off=0.1']}\n");
    ASSERT_EQ(run.code, 0) << run.err;
    expect_same(0, "latency_ns", 3e6);
    expect_same(0, "trials", 2);
    expect_same(0, "error_std_percent", 0);
    expect_point(1, "bits.onnx", "truenorth", {},
                 {"--transform", "stuck:on=0,off=0.1", "--functional", "--images", "12", "--trials", "2"});
}

TEST_F(CliSpikingSweep, failures_of_points) {
    make_network("relu.onnx", 8);
    weft_test::write_pair("pair.nir");
    const std::pair<const char *, const char *> wrong[] = {
        {"net: relu.onnx, chip: truenorth", "relu"},
        {"net: pair.nir, chip: loihi1", "the network takes 2 values a tick; images of set as bernoulli have 64"},
        {"net: net.nir, chip: loihi1, classes: 5", "the output has 5 classes, and data set set 10"},
        {"net: net.nir, chip: loihi1, output: cell", "did you mean \"cells\"?"},
        {"net: net.nir, chip: loihi1, images: 31", "--images: 31 is above the 30 images of set"}};
    for (const auto &[point, text] : wrong) {
        const Ran run = sweep(std::string(head) + "  - list: [{" + point + "}]\n");
        EXPECT_EQ(run.code, 1) << point;
        EXPECT_NE(run.err.find(text), std::string::npos) << run.err;
    }
}

// Everything that decides a result is in its key, and nothing else.
TEST_F(CliSpikingSweep, keys) {
    const std::string fixed = "  - set: {net: net.nir, chip: loihi1, images: 2, ticks: 5}\n    list:\n      - {}\n";
    ASSERT_EQ(sweep(head + fixed).code, 0);
    std::string list = fixed;
    const char *const other[] = {"coding: poisson",  "rate: 90",
                                 "output: cells",    "classes: 10",
                                 "dt: 0.002",        "seed: 1",
                                 "round: true",      "integration: exponential",
                                 "reset: subtract",  "map.seed: 2",
                                 "trials: 2",        "timed_images: 1",
                                 "clock.tick_ns: 9", "transform: 'addnorm:sigma=0'"};
    for (const char *text : other) list += std::string("      - {") + text + "}\n";
    const Ran run = sweep(head + list);
    EXPECT_EQ(run.out.find("runs: 15 points: 14 computed, 1 known before"), 0u) << run.out << run.err;
}

TEST_F(CliSpikingSweep, the_page_shows_networks_and_chips) {
    binary::write_dense("bits.onnx");
    ASSERT_EQ(sweep(std::string(head) + "  - grid: {net: [net.nir, bits.onnx], chip: [truenorth, loihi1]}\n"
                                        "    set: {round: true}\n"
                                        "    exclude: [{net: bits.onnx, chip: loihi1}]\n")
                  .code,
              0);
    const Ran report = weft({"report", "runs", "-o", "page"});
    ASSERT_EQ(report.code, 0) << report.err;
    const std::string page = read_file("page/index.html");
    for (const char *text :
         {"<th>neurons</th>", "<th>synapses</th>", ">net.nir<", "neurons a core", "supply (V)", "from in", ">IF<"})
        EXPECT_NE(page.find(text), std::string::npos) << text;
}

} // namespace
