// weft results: exact output, files and exit codes.
#include "harness.h"

#include <cjson/cJSON.h>

#include "tests/support/store_fixture.h"

using weft_cli::fs::exists;

namespace {

class Runs : public weft_cli::Cli {
  protected:
    weft_test::Experiment of;
    weft_error err{};

    void make(int count, int failed = -1) {
        for (int i = 0; i < count; i++)
            of.add(i, {{"net", i % 2 ? "stoch" : "sign"}, {"adc.bits", std::to_string(4 + i)}});
        weft_store *store = nullptr;
        ASSERT_EQ(weft_store_open(&store, "runs", "noise", &err), WEFT_OK) << err.text;
        const auto done = std::make_unique<bool[]>(of.size());
        ASSERT_EQ(weft_store_plan(store, of.get(), of.keys.data(), done.get(), &err), WEFT_OK) << err.text;
        for (int i = 0; i + 1 < count; i++) // the last one is missing
            ASSERT_EQ(put(store, of, (size_t)i, &err, i == failed ? "m.yaml: too large" : nullptr), WEFT_OK);
        ASSERT_EQ(weft_store_close(store, &err), WEFT_OK);
    }
    void wrong(const std::vector<std::string> &words, int code, const std::string &text) {
        const weft_cli::Ran run = weft(words);
        EXPECT_EQ(run.code, code);
        EXPECT_EQ(run.out, "");
        EXPECT_EQ(run.err, "weft: " + text + "\n" + (code == 2 ? "Try 'weft results --help'.\n" : ""));
    }
};

TEST_F(Runs, a_table) {
    make(4, 1);
    const weft_cli::Ran run = weft({"results", "runs"});
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(run.out, "noise: 2 of 4 points done, 1 failed ('weft results runs --failed' tells why)\n\n"
                       "number  net    adc.bits  status  error_percent  latency_ns\n"
                       "     0  sign          4  done         0.333333       1e+06\n"
                       "     1  stoch         5  failed              -           -\n"
                       "     2  sign          6  done          2.33333      333333\n\n"
                       "all points with all settings: weft results runs --csv FILE\n");
    setenv("COLUMNS", "30", 1);
    const weft_cli::Ran narrow = weft({"results", "runs"});
    unsetenv("COLUMNS");
    EXPECT_NE(narrow.out.find("\nnumber  net    adc.bits\n     0  sign          4\n"), std::string::npos) << narrow.out;
    EXPECT_NE(
        narrow.out.find("\ntoo wide to be shown: status, error_percent, latency_ns\nall points with all settings: "),
        std::string::npos)
        << narrow.out;
    EXPECT_EQ(weft({"results", "runs", "--failed"}).out, "number  block  label                 message            "
                                                         "attempts  host\n"
                                                         "     1  main   net=stoch adc.bits=5  m.yaml: too large  "
                                                         "       1  node7\n");
}

TEST_F(Runs, a_hundred_rows_at_most) {
    make(121);
    const std::string out = weft({"results", "runs"}).out;
    EXPECT_EQ(out.find("noise: 120 of 121 points done\n\n"), 0u);
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2 + 101 + 3);
    EXPECT_NE(out.find("\n20 more points\n"), std::string::npos) << out;
    EXPECT_EQ(weft({"results", "runs", "--failed"}).out, "no rows\n");
    const std::string all = weft({"results", "runs", "--query", "SELECT number FROM wide"}).out;
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 121);
}

TEST_F(Runs, csv_and_json) {
    make(4, 1);
    const weft_cli::Ran csv = weft({"results", "runs", "--csv", "-"});
    EXPECT_EQ(csv.code, 0) << csv.err;
    EXPECT_EQ(csv.out.find("number,experiment,block,kind,label,adc.bits,net,"), 0u);
    EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 4);
    EXPECT_EQ(weft({"results", "runs", "--csv", "all.csv", "--json", "all.json"}).out, "");
    EXPECT_EQ(weft_cli::read_file("all.csv"), csv.out);
    EXPECT_EQ(weft({"results", "runs", "--json", "-"}).out, weft_cli::read_file("all.json"));
    cJSON *json = cJSON_Parse(weft_cli::read_file("all.json").c_str());
    ASSERT_EQ(cJSON_GetArraySize(json), 3);
    const cJSON *last = cJSON_GetArrayItem(json, 2);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(last, "adc.bits")), 6);
    EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(last, "error_percent")), 2 + 1.0 / 3);
    EXPECT_EQ(cJSON_GetObjectItemCaseSensitive(last, "energy_pj"), nullptr);
    cJSON_Delete(json);
    EXPECT_EQ(
        weft({"results", "runs", "--query", "SELECT net, count(*) AS n FROM wide GROUP BY net", "--csv", "-"}).out,
        "net,n\nsign,2\nstoch,1\n");
    EXPECT_EQ(weft({"results", "runs", "--failed", "--csv", "-"}).out,
              "number,block,label,message,attempts,host\n1,main,net=stoch adc.bits=5,m.yaml: too large,1,node7\n");
    EXPECT_EQ(listing(), "all.csv all.json runs");
    // Standard output where no file follows: at the end, and ahead of another option.
    EXPECT_EQ(weft({"results", "runs", "--csv"}).out, csv.out);
    EXPECT_EQ(weft({"results", "--csv", "--quiet", "runs"}).out, csv.out);
    EXPECT_EQ(weft({"results", "runs", "--json", "-q"}).out, weft_cli::read_file("all.json"));
    EXPECT_EQ(weft({"results", "runs", "--csv", "--json", "again.json"}).out, csv.out);
    EXPECT_EQ(weft_cli::read_file("again.json"), weft_cli::read_file("all.json"));
    weft_cli::fs::remove("again.json");
    wrong({"results", "runs", "--csv", "--json"}, 2, "--csv and --json both want standard output: name a file");
    EXPECT_EQ(listing("runs"), "runs.db");
    // Through a pipe too.
    EXPECT_EQ(system((std::string(WEFT_BINARY) + " results runs --csv - | cat > piped.csv").c_str()), 0);
    EXPECT_EQ(weft_cli::read_file("piped.csv"), csv.out);
}

TEST_F(Runs, what_is_refused) {
    make(3);
    const std::string bytes = weft_cli::read_file("runs/runs.db");
    wrong({"results", "runs", "--query", "DELETE FROM points"}, 2,
          "query: only SELECT is allowed: nothing that changes, attaches or sets");
    wrong({"results", "runs", "--query", "SELECT abs(-9223372036854775807 - 1)", "--csv", "-"}, 2,
          "query: integer overflow");
    wrong({"results", "runs", "--query", "SELECT nobody FROM wide", "--json", "x.json"}, 2,
          "query: no such column: nobody");
    wrong({"results", "runs", "--query", "SELECT 1", "--failed"}, 2,
          "--failed is a query of its own: not with --query");
    wrong({"results", "runs", "--csv", "-", "--json", "-"}, 2,
          "--csv and --json both want standard output: name a file");
    wrong({"results", "runs", "--csv", "runs/runs.db"}, 2, "--csv would overwrite the results: both are runs/runs.db");
    wrong(
        {"results", "elsewhere"}, 1,
        "elsewhere: has no runs.db; results of an experiment are made with 'weft sweep EXPERIMENT.yaml -o elsewhere'");
    wrong({"results"}, 2, "RUNS is missing: Folder of 'weft sweep', with runs.db in it");
    EXPECT_EQ(weft_cli::read_file("runs/runs.db"), bytes);
    EXPECT_EQ(listing(), "runs");
    weft_cli::write_file("runs/runs.db", bytes.substr(0, 6000));
    const weft_cli::Ran run = weft({"results", "runs", "--csv", "all.csv"});
    EXPECT_EQ(run.code, 1);
    EXPECT_EQ(run.err.find("weft: runs/runs.db: "), 0u) << run.err;
    EXPECT_FALSE(exists("all.csv"));
}

TEST_F(Runs, nothing_done_yet) {
    make(1);
    EXPECT_EQ(weft({"results", "runs"}).out, "noise: 0 of 1 points done\n");
    EXPECT_EQ(weft({"results", "runs", "--json", "-"}).out, "[]\n");
}

} // namespace
