// weft sweep and weft report: the same rows however they came to be, and nothing twice.
#include "harness.h"

#include <cjson/cJSON.h>

#include <cstring>

using namespace weft_cli;

namespace {

class Sweep : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        make_network("a.onnx", 8);
        make_network("b.onnx", 8, 6);
        make_dataset("set", 8, 40, 30);
        write_file("e.yaml", experiment("4..7"));
    }
    // Two nets, some converters, three chips of their own errors each; and a block of networks without nets.
    static std::string experiment(const std::string &bits) {
        return "name: try\npoints:\n"
               "  - name: converters\n"
               "    set: {chip: hermes, dataset: set, trials: 3}\n"
               "    grid: {net: [a.onnx, b.onnx], recalibrate: [none, 20], adc.bits: " +
               bits +
               "}\n"
               "  - name: networks\n"
               "    set: {kind: noc, chip: noc-8x8, traffic: {cycles: 300, warmup: 50, rate: 0.05}}\n"
               "    grid: {noc.vcs: [1, 2, 4], seed: [1, 2]}\n";
    }
    static Ran sweep(const std::string &runs, std::vector<std::string> more = {}) {
        more.insert(more.begin(), {"sweep", "e.yaml", "-o", runs});
        return weft(more);
    }
    static std::string rows(const std::string &runs) { return weft({"results", runs, "--csv", "-"}).out; }
    static std::string summary(const Ran &run) { return run.out.substr(0, run.out.rfind(", ")); }
};

TEST_F(Sweep, rows_do_not_depend_on_jobs_and_nothing_runs_twice) {
    const Ran one = sweep("one", {"--jobs", "1"});
    ASSERT_EQ(one.code, 0) << one.err;
    EXPECT_EQ(summary(one), "one: 22 points: 22 computed, 0 known before");
    const Ran three = sweep("three", {"--jobs", "3", "--threads", "1"});
    ASSERT_EQ(three.code, 0) << three.err;
    EXPECT_EQ(rows("one"), rows("three"));
    EXPECT_EQ(summary(sweep("one")), "one: 22 points: 0 computed, 22 known before");
    write_file("e.yaml", experiment("[5, 9, 7]")); // 5 and 7 are known
    EXPECT_EQ(sweep("one", {"--dry-run"}).out.find("e.yaml: 18 points, 14 of them known; about 0:0"), 0u);
    EXPECT_EQ(summary(sweep("one")), "one: 18 points: 4 computed, 14 known before");
    ASSERT_EQ(sweep("fresh").code, 0);
    EXPECT_EQ(rows("one"), rows("fresh"));
}

TEST_F(Sweep, a_killed_sweep_goes_on_to_the_same_rows) {
    write_file("e.yaml", experiment("4..9"));
    ASSERT_EQ(sweep("whole").code, 0);
    const std::string whole = rows("whole");
    size_t kills = 0;
    for (int delay_ms = 10; delay_ms < 4000; delay_ms += 20) {
        const pid_t child = start({"sweep", "e.yaml", "-o", "cut", "--jobs", "2"});
        std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
        kill(child, SIGKILL);
        if (finish(child).code == 0) break;
        kills++;
    }
    EXPECT_GT(kills, 0u);
    const Ran last = sweep("cut", {"--resume"});
    ASSERT_EQ(last.code, 0) << last.err;
    EXPECT_EQ(rows("cut"), whole);
}

TEST_F(Sweep, an_interrupt_keeps_what_is_done) {
    write_file("e.yaml", experiment("4..12"));
    const pid_t child = start({"sweep", "e.yaml", "-o", "runs", "--jobs", "1"});
    for (int i = 0; i < 500 && !fs::exists("runs/maps"); i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    kill(child, SIGINT);
    const Ran cut = finish(child);
    EXPECT_EQ(cut.code, 1);
    EXPECT_NE(cut.err.find("points are done, the same command goes on"), std::string::npos) << cut.err;
    const Ran rest = sweep("runs");
    ASSERT_EQ(rest.code, 0) << rest.err;
    ASSERT_EQ(sweep("whole").code, 0);
    EXPECT_EQ(rows("runs"), rows("whole"));
}

TEST_F(Sweep, a_point_whose_worker_dies_runs_again) {
    write_file("e.yaml", experiment("4..12"));
    ASSERT_EQ(sweep("whole").code, 0);
    const pid_t child = start({"sweep", "e.yaml", "-o", "runs", "--jobs", "1", "--retries", "2"});
    for (int i = 0; i < 500 && !fs::exists("runs/maps"); i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const std::string id = std::to_string(child);
    pid_t worker = 0;
    std::istringstream(read_file("/proc/" + id + "/task/" + id + "/children")) >> worker;
    ASSERT_GT(worker, 0);
    ASSERT_EQ(kill(worker, SIGKILL), 0);
    const Ran run = finish(child);
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(rows("runs"), rows("whole"));
    const std::string again =
        weft({"results", "runs", "--query", "SELECT max(attempts) FROM executions", "--csv", "-"}).out;
    EXPECT_EQ(again.substr(again.find('\n') + 1), "2\n");
}

TEST_F(Sweep, what_fails_is_recorded_and_the_others_go_on) {
    write_file("e.yaml", "name: try\nchip: hermes\ndataset: set\npoints:\n"
                         "  - name: sizes\n    set: {net: a.onnx, map: {parts: 1}}\n"
                         "    grid: {array.per_core: [1, 2], noc.mesh: [[1, 1], [8, 8]]}\n");
    const Ran run = sweep("runs");
    EXPECT_EQ(run.code, 1);
    EXPECT_EQ(summary(run), "runs: 4 points: 3 computed, 0 known before, 1 failed");
    EXPECT_NE(run.err.find("1 of 4 points failed"), std::string::npos) << run.err;
    const std::string failed = weft({"results", "runs", "--failed"}).out;
    EXPECT_NE(failed.find("arrays of 256 x 256"), std::string::npos) << failed;
    EXPECT_EQ(summary(sweep("runs")), "runs: 4 points: 0 computed, 3 known before, 1 failed");
}

TEST_F(Sweep, points_of_one_key_are_computed_once) {
    write_file("e.yaml", "name: try\nchip: hermes\ndataset: set\nnet: a.onnx\npoints:\n"
                         "  - {name: one, grid: {adc.bits: [6, 7]}}\n  - {name: two, grid: {adc.bits: [7, 8]}}\n");
    ASSERT_EQ(sweep("runs", {"--json", "r.json"}).code, 0);
    const std::string all =
        weft({"results", "runs", "--query", "SELECT count(DISTINCT key), count(*) FROM points", "--csv", "-"}).out;
    EXPECT_EQ(all.substr(all.find('\n') + 1), "3,4\n");
}

TEST_F(Sweep, ranks_give_the_same_rows) {
    if (system("mpirun --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no mpirun";
    ASSERT_EQ(sweep("one").code, 0);
    const std::string command =
        "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -n 3 " +
        std::string(WEFT_BINARY) + " sweep e.yaml -o ranks >log 2>&1";
    ASSERT_EQ(system(command.c_str()), 0) << read_file("log");
    EXPECT_NE(read_file("log").find("22 computed"), std::string::npos) << read_file("log");
    EXPECT_EQ(rows("one"), rows("ranks"));
}

TEST_F(Sweep, halving_ends_with_whole_points) {
    std::string text = experiment("4..12");
    text += "search: {kind: halving, samples: 9, rungs: 2, keep: 0.34, minimise: [error_percent]}\n";
    text.erase(text.find("  - name: networks"), text.find("search:") - text.find("  - name: networks"));
    write_file("e.yaml", text);
    EXPECT_NE(sweep("runs").err.find("search: halving takes a share of `images`"), std::string::npos);
    text.insert(text.find("trials: 3"), "images: 20, ");
    write_file("e.yaml", text);
    const Ran run = sweep("runs");
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(summary(run), "runs: 13 points: 13 computed, 0 known before"); // nine reduced, four whole
    EXPECT_EQ(summary(sweep("runs")), "runs: 13 points: 0 computed, 13 known before");
    const std::string blocks = weft({"results", "runs", "--query",
                                     "SELECT block, count(*), max(trials) FROM points GROUP BY block", "--csv", "-"})
                                   .out;
    EXPECT_EQ(blocks.substr(blocks.find('\n') + 1), "converters,4,3\n\"converters, rung 1 of 2\",9,2\n");
}

TEST_F(Sweep, a_recipe_is_trained_once) {
    write_file("tiny.yaml",
               "name: tiny\ndataset: set\nepochs: 2\nbatch: 10\nlayers:\n  - dense: {units: 10}\n  - batch_norm\n"
               "projection: sign\nclip: 0.5\nweight_rate: 0.05\nrecalibrate: 20\n");
    write_file(
        "e.yaml",
        "name: try\ndataset: set\nnets:\n  s: {recipe: tiny.yaml}\n  n: {recipe: tiny.yaml, set: {projection: none}}\n"
        "points:\n  - name: p\n    set: {kind: eval}\n    grid: {net: [s, n], transform: [none, sign]}\n");
    EXPECT_NE(sweep("runs", {"--dry-run"}).out.find("2 networks to train first"), std::string::npos);
    const Ran run = sweep("runs");
    ASSERT_EQ(run.code, 0) << run.err;
    const auto stamp = [] {
        std::string all;
        for (const auto &f : fs::directory_iterator("runs/nets"))
            if (f.path().extension() == ".onnx")
                all += f.path().string() + std::to_string(f.last_write_time().time_since_epoch().count()) + "\n";
        return all;
    };
    const std::string made = stamp();
    EXPECT_EQ(std::count(made.begin(), made.end(), '\n'), 2);
    EXPECT_EQ(summary(sweep("runs")), "runs: 4 points: 0 computed, 4 known before");
    EXPECT_EQ(stamp(), made);
}

TEST_F(Sweep, a_net_that_cannot_be_trained_fails_its_points_alone) {
    write_file("tiny.yaml",
               "name: tiny\ndataset: set\nepochs: 2\nbatch: 10\nlayers:\n  - dense: {units: 10}\n  - batch_norm\n"
               "projection: sign\nclip: 0.5\nweight_rate: 0.05\nrecalibrate: 20\n");
    write_file("e.yaml",
               "name: try\ndataset: set\nnets:\n  s: {recipe: tiny.yaml}\n  n: {recipe: tiny.yaml, set: {batch: 100}}\n"
               "points:\n  - name: p\n    set: {kind: eval}\n    grid: {net: [n, s], transform: [none, sign]}\n");
    const Ran run = sweep("runs"); // forty images are no batch of a hundred
    EXPECT_EQ(run.code, 1);
    EXPECT_EQ(summary(run), "runs: 4 points: 2 computed, 0 known before, 2 failed") << run.err;
    EXPECT_NE(run.err.find("net \"n\" could not be trained: "), std::string::npos) << run.err;
    const std::string failed = weft({"results", "runs", "--failed", "--csv"}).out;
    EXPECT_EQ(std::count(failed.begin(), failed.end(), '\n'), 3) << failed;
    EXPECT_NE(failed.find("batch"), std::string::npos) << failed;
    ASSERT_EQ(weft({"report", "runs", "-o", "page"}).code, 0);
    EXPECT_NE(read_file("page/index.html").find("does not describe the networks of 2 points"), std::string::npos);
    std::string text = read_file("e.yaml"); // with a batch that there is
    text.replace(text.find("batch: 100"), 10, "batch: 20 ");
    write_file("e.yaml", text);
    EXPECT_EQ(summary(sweep("runs")), "runs: 4 points: 2 computed, 2 known before");
}

TEST_F(Sweep, a_page_of_its_results) {
    ASSERT_EQ(sweep("runs").code, 0);
    const Ran run = weft({"report", "runs", "-o", "page", "--title", "Converters"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(run.out, "page/index.html: 22 points\n");
    EXPECT_NE(read_file("page/index.html").find("<title>weft: Converters</title>"), std::string::npos);
    EXPECT_EQ(read_file("page/points.csv"), rows("runs"));
    EXPECT_EQ(weft({"report", "nothing", "-o", "page2"}).code, 1);
    EXPECT_FALSE(fs::exists("page2"));
}

TEST_F(Sweep, a_page_needs_no_files_of_chips_and_networks) {
    fs::copy(std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/noc-8x8.yaml", "mine.yaml");
    write_file("e.yaml", "name: try\nchips:\n  own: {chip: mine.yaml, set: {noc.vcs: 2}}\npoints:\n"
                         "  - name: nets\n    set: {kind: eval, dataset: set}\n    grid: {net: [a.onnx, b.onnx]}\n"
                         "  - name: networks\n    set: {kind: noc, chip: own, traffic: {cycles: 300, rate: 0.05}}\n"
                         "    grid: {noc.buffer_flits: [4, 8]}\n");
    ASSERT_EQ(sweep("runs").code, 0);
    for (const char *file : {"mine.yaml", "a.onnx", "b.onnx", "e.yaml"}) fs::remove(file);
    const Ran run = weft({"report", "runs", "-o", "page"});
    ASSERT_EQ(run.code, 0) << run.err;
    const std::string page = read_file("page/index.html");
    for (const char *text :
         {"<h3>own</h3>\n<p class=\"soft\">2 points of 2 variants</p>\n<p>Mesh of 8 x 8 routers",
          "<tr><td><code>noc.buffer_flits</code></td><td class=\"text wrap varied\">4, 8</td></tr>",
          "<tr><td><code>noc.vcs</code></td><td class=\"text wrap\">2</td></tr>",
          "<tr><td>file</td><td class=\"text wrap\">mine.yaml</td></tr>",
          "<tr><td>a.onnx</td><td>1</td><td class=\"text\">1 x 8 x 8</td><td>5</td><td>2</td><td>676</td>",
          "<summary>Layers of a.onnx</summary>", "<summary>Layers of b.onnx</summary>"})
        EXPECT_NE(page.find(text), std::string::npos) << text;
    EXPECT_EQ(page.find("does not describe"), std::string::npos);
}

TEST_F(Sweep, what_cannot_be) {
    EXPECT_EQ(sweep("runs", {"--resume"}).err, "weft: --resume: there is no runs/runs.db to go on with\n");
    EXPECT_EQ(weft({"sweep", "none.yaml", "-o", "runs"}).code, 1);
    EXPECT_EQ(sweep("runs", {"--set", "image=3"}).code, 1);
    EXPECT_FALSE(fs::exists("runs"));
    write_file("file", "");
    EXPECT_EQ(sweep("file").code, 1);
}

// The committed results of experiments/hardware are what weft computes today, so far as that takes no training.
TEST_F(Sweep, shipped_replays_give_the_committed_results) {
    const std::string shipped = std::string(WEFT_SOURCE_FOLDER) + "/experiments/hardware/";
    const Ran run = weft({"sweep", shipped + "noc.yaml", "-o", "noc"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(summary(run), "noc: 66 points: 66 computed, 0 known before");
    const std::string committed = read_file(shipped + "results/noc/points.csv");
    std::string columns = committed.substr(0, committed.find('\n'));
    for (const char *name : {"noc.vcs", "noc.buffer_flits"})
        columns.replace(columns.find(name), strlen(name), '"' + std::string(name) + '"');
    EXPECT_EQ(weft({"results", "noc", "--csv", "-", "--query", "SELECT " + columns + " FROM wide"}).out, committed);
}

} // namespace
