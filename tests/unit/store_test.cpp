// The store of results: what goes in comes out, also when the experiment has changed in between.
#include "core/arena.h"
#include "tests/support/store_fixture.h"

using namespace weft_test;

namespace {

TEST_F(Store, round_trip) {
    Experiment of;
    of.add(0, {{"net", "sign"}, {"adc.bits", "6"}});
    weft_point &second = of.add(1, {{"net", "stoch"}, {"adc.bits", "8"}, {"device", "month"}}, "devices");
    const char *set[] = {"adc.bits=8", "say=\"a, b\""};
    second.set = set;
    second.set_count = 2;
    second.settings.transform = "addnorm:sigma=0.2";
    of.add(2, {});
    weft_store *store = open();
    EXPECT_EQ(plan(store, of), std::vector<bool>({false, false, false}));
    ASSERT_EQ(put(store, of, 1, &err), WEFT_OK) << message();
    ASSERT_EQ(put(store, of, 2, &err, "m.yaml: the network has \"no\" room\nhere"), WEFT_OK) << message();
    ASSERT_EQ(put(store, of, 0, &err), WEFT_OK) << message();
    close(store);
    EXPECT_EQ(files(), "runs.db");

    store = open_read();
    weft_store_table table{};
    ASSERT_EQ(weft_store_read(&table, store, &err), WEFT_OK) << message();
    ASSERT_EQ(table.count, 3u);
    EXPECT_STREQ(table.experiment, "noise");
    EXPECT_STREQ(table.version, WEFT_VERSION);
    for (int i = 0; i < 2; i++) {
        const auto &point = table.points[i];
        EXPECT_EQ(point.number, (size_t)i);
        EXPECT_STREQ(point.block, i ? "devices" : "main");
        EXPECT_STREQ(point.kind, "sim");
        EXPECT_STREQ(point.net, i ? "stoch" : "sign");
        EXPECT_STREQ(point.chip, "hermes");
        EXPECT_STREQ(point.dataset, "cifar10");
        EXPECT_STREQ(point.transform, i ? "addnorm:sigma=0.2" : "");
        EXPECT_STREQ(point.status, "done");
        EXPECT_STREQ(point.message, "");
        const Result expected(i);
        for (int m = 0; m < WEFT_METRIC_COUNT; m++)
            if (std::isnan(expected.result.metrics.v[m]))
                EXPECT_TRUE(std::isnan(point.metrics.v[m])) << weft_metrics[m].column;
            else
                EXPECT_EQ(point.metrics.v[m], expected.result.metrics.v[m]) << weft_metrics[m].column;
        ASSERT_EQ(point.trial_count, 3);
        for (int t = 0; t < 3; t++) EXPECT_EQ(point.trials[t], expected.trials[t]);
        ASSERT_EQ(point.axis_count, i + 2);
        for (int a = 0; a < point.axis_count; a++) {
            EXPECT_STREQ(point.axes[a].key, of.points[(size_t)i].axes[a].key);
            EXPECT_STREQ(point.axes[a].value, of.points[(size_t)i].axes[a].value);
        }
    }
    EXPECT_STREQ(table.points[2].status, "failed");
    EXPECT_STREQ(table.points[2].message, "m.yaml: the network has \"no\" room\nhere");
    EXPECT_EQ(table.points[2].axis_count, 0);
    EXPECT_EQ(table.points[2].trial_count, 0);
    for (double v : table.points[2].metrics.v) EXPECT_TRUE(std::isnan(v));
    weft_store_table_free(&table);

    EXPECT_EQ(weft_store_seconds(store, &of.points[0]), 0.25);
    EXPECT_EQ(weft_store_seconds(store, &of.points[1]), 0.5);
    weft_point other = of.points[0];
    other.settings.chip = "puma";
    EXPECT_TRUE(std::isnan(weft_store_seconds(store, &other)));
    weft_store_summary summary;
    ASSERT_EQ(weft_store_summarise(&summary, store, &err), WEFT_OK);
    EXPECT_STREQ(summary.experiment, "noise");
    EXPECT_EQ(summary.points, 3u);
    EXPECT_EQ(summary.done, 2u);
    EXPECT_EQ(summary.failed, 1u);
    EXPECT_EQ(summary.blocks, 2u);
    close(store);
    EXPECT_EQ(rows("SELECT overrides, settings, recalibrate, seed FROM points WHERE number = 1"),
              "overrides,settings,recalibrate,seed\n"
              "\"[\"\"adc.bits=8\"\", \"\"say=\\\"\"a, b\\\"\"\"\"]\",\"{\"\"images\"\": 0, \"\"trials\"\": 3, "
              "\"\"timed_images\"\": 0, \"\"map.objective\"\": \"\"energy\"\", \"\"map.placer\"\": \"\"\"\", "
              "\"\"map.replicate\"\": true, \"\"map.arrays\"\": 0, \"\"map.parts\"\": 0, \"\"map.chips\"\": 1, "
              "\"\"map.seed\"\": 0}\",none,7\n");
    EXPECT_EQ(rows("SELECT * FROM executions"), "number,started,seconds,host,attempts\n"
                                                "0,2023-11-14T22:13:20Z,0.25,node7,1\n"
                                                "1,2023-11-14T22:13:21Z,0.5,node7,1\n"
                                                "2,2023-11-14T22:13:22Z,,node7,1\n");
}

TEST_F(Store, settings_are_those_of_the_kind) {
    Experiment of;
    of.add(0, {}).settings.kind = WEFT_POINT_EVAL;
    weft_point &noc = of.add(1, {});
    noc.settings.kind = WEFT_POINT_NOC;
    noc.settings.traffic.rate = 0.1;
    noc.settings.traffic.packet_flits = 4;
    of.add(2, {}).settings.kind = WEFT_POINT_REPLAY;
    run_all(of);
    EXPECT_EQ(rows("SELECT settings FROM points WHERE kind <> 'noc'"),
              "settings\n\"{\"\"images\"\": 0, \"\"trials\"\": 3, \"\"precision\"\": \"\"fp32\"\"}\"\n{}\n");
    EXPECT_EQ(rows("SELECT json_extract(settings, '$.\"traffic.rate\"') AS rate, "
                   "json_extract(settings, '$.\"traffic.packet_flits\"') AS flits FROM points WHERE kind = 'noc'"),
              "rate,flits\n0.1,4\n");
}

TEST_F(Store, a_row_is_replaced_whole) {
    Experiment of;
    of.add(0, {{"net", "sign"}, {"adc.bits", "6"}});
    weft_store *store = open();
    plan(store, of);
    for (const char *failure : {"out of memory", (const char *)nullptr, "again", (const char *)nullptr}) {
        ASSERT_EQ(put(store, of, 0, &err, failure), WEFT_OK) << message();
        ASSERT_EQ(weft_store_flush(store, &err), WEFT_OK) << message();
        EXPECT_EQ(rows("SELECT status, message, (SELECT count(*) FROM trials) AS trials, (SELECT count(*) FROM axes) "
                       "AS axes, (SELECT count(*) FROM executions) AS executions FROM points"),
                  std::string("status,message,trials,axes,executions\n") +
                      (failure ? "failed," + std::string(failure) + ",0,2,1\n" : "done,,3,2,1\n"));
    }
    close(store);
}

// ---- changed experiments ----

class Plan : public Store {
  protected:
    Experiment first;
    void SetUp() override {
        Store::SetUp();
        for (int i = 0; i < 6; i++) first.add(i, {{"net", i % 2 ? "stoch" : "sign"}, {"adc.bits", std::to_string(i)}});
        run_all(first);
    }
    std::vector<bool> plan_again(Experiment &of) {
        weft_store *store = open();
        const std::vector<bool> done = plan(store, of);
        close(store);
        return done;
    }
};

TEST_F(Plan, the_same_experiment_writes_nothing) {
    const std::string before = read_file(db());
    EXPECT_EQ(plan_again(first), std::vector<bool>(6, true));
    EXPECT_EQ(read_file(db()), before);
}

TEST_F(Plan, removed_renumbered_and_new_points) {
    const std::string before = dump();
    Experiment second; // 5, 4, a new one, 1, 0
    for (int i : {5, 4, 9, 1, 0})
        second.add(i, {{"net", i % 2 ? "stoch" : "sign"}, {"adc.bits", std::to_string(i)}}, "renamed");
    EXPECT_EQ(plan_again(second), std::vector<bool>({true, true, false, true, true}));
    const char *const what =
        "SELECT number, block, net, label, error_percent, latency_ns, seconds, started FROM points "
        "JOIN executions USING (number) ORDER BY number";
    EXPECT_EQ(rows(what), "number,block,net,label,error_percent,latency_ns,seconds,started\n"
                          "0,renamed,stoch,net=stoch adc.bits=5,5.333333333333333,166666.66666666666,1.5,"
                          "2023-11-14T22:13:25Z\n"
                          "1,renamed,sign,net=sign adc.bits=4,4.333333333333333,200000,1.25,2023-11-14T22:13:24Z\n"
                          "3,renamed,stoch,net=stoch adc.bits=1,1.3333333333333333,500000,0.5,2023-11-14T22:13:21Z\n"
                          "4,renamed,sign,net=sign adc.bits=0,0.3333333333333333,1000000,0.25,2023-11-14T22:13:20Z\n");
    EXPECT_EQ(rows("SELECT trial, error_percent FROM trials WHERE number = 3"),
              "trial,error_percent\n0,1\n1,1.1428571428571428\n2,1.2857142857142856\n");
    EXPECT_EQ(rows("SELECT count(*) AS axes FROM axes"), "axes\n8\n");
    run_all(second);
    EXPECT_EQ(rows("SELECT number, error_percent FROM points WHERE number = 2"),
              "number,error_percent\n2,9.333333333333334\n");
    // The first one again: nothing is to be computed, and its rows are the same.
    EXPECT_EQ(plan_again(first), std::vector<bool>(6, true));
    EXPECT_EQ(dump(), before);
    EXPECT_EQ(plan_again(second), std::vector<bool>(5, true));
}

TEST_F(Plan, a_resumed_one_goes_on) {
    Experiment larger;
    for (int i = 0; i < 8; i++) larger.add(i, {{"net", i % 2 ? "stoch" : "sign"}, {"adc.bits", std::to_string(i)}});
    const std::vector<bool> done = plan_again(larger);
    for (size_t i = 0; i < 8; i++) EXPECT_EQ(done[i], i < 6);
    EXPECT_EQ(rows("SELECT count(*) AS n FROM cache"), "n\n0\n"); // nothing was moved
    run_all(larger);
    EXPECT_EQ(plan_again(larger), std::vector<bool>(8, true));
}

TEST_F(Plan, one_key_at_several_places) {
    Experiment twice;
    for (int i : {0, 1, 1, 7, 7}) twice.add(i, {{"net", i % 2 ? "stoch" : "sign"}, {"adc.bits", std::to_string(i)}});
    EXPECT_EQ(plan_again(twice), std::vector<bool>({true, true, true, false, false}));
    weft_store *store = open();
    ASSERT_EQ(put(store, twice, 3, &err), WEFT_OK);
    EXPECT_EQ(plan(store, twice), std::vector<bool>(5, true));
    close(store);
    EXPECT_EQ(
        rows("SELECT number, error_percent FROM points"),
        "number,error_percent\n0,0.3333333333333333\n1,1.3333333333333333\n2,1.3333333333333333\n3,7.333333333333333\n"
        "4,7.333333333333333\n");
}

TEST_F(Plan, failures_stay_failures) {
    weft_store *store = open();
    ASSERT_EQ(put(store, first, 2, &err, "no room"), WEFT_OK);
    close(store);
    EXPECT_EQ(plan_again(first), std::vector<bool>({true, true, false, true, true, true}));
    Experiment fewer; // moved, with its message
    for (int i : {2, 3}) fewer.add(i, {{"net", "sign"}});
    EXPECT_EQ(plan_again(fewer), std::vector<bool>({false, true}));
    EXPECT_EQ(rows("SELECT number, status, message FROM points"), "number,status,message\n0,failed,no room\n1,done,\n");
    run_all(fewer); // tried again, now with a result, which beats the failure that is remembered
    EXPECT_EQ(plan_again(first), std::vector<bool>(6, true));
    EXPECT_EQ(rows("SELECT count(*) AS n FROM cache WHERE status = 'failed'"), "n\n0\n");
}

TEST_F(Plan, other_settings_or_axes_alone_change_the_row) {
    Experiment renamed;
    for (int i = 0; i < 6; i++) renamed.add(i, {{"net", i % 2 ? "stoch" : "sign"}, {"adc.bits", std::to_string(i)}});
    const weft_point_axis axes[] = {{"net", "sign"}, {"bits of the converter", "4"}};
    renamed.points[4].axes = const_cast<weft_point_axis *>(axes);
    renamed.points[5].settings.seed = 8;
    EXPECT_EQ(plan_again(renamed), std::vector<bool>(6, true));
    EXPECT_EQ(rows("SELECT key, value FROM axes WHERE number = 4"), "key,value\nnet,sign\nbits of the converter,4\n");
    EXPECT_EQ(rows("SELECT number, \"bits of the converter\" AS bits FROM wide WHERE bits IS NOT NULL"),
              "number,bits\n4,4\n");
    EXPECT_EQ(rows("SELECT seed, count(*) AS n FROM points GROUP BY seed"), "seed,n\n7,5\n8,1\n");
    EXPECT_EQ(rows("SELECT count(*) AS n FROM cache"), "n\n2\n");
    renamed.points[4].axis_count = 1;
    EXPECT_EQ(plan_again(renamed), std::vector<bool>(6, true));
    EXPECT_EQ(rows("SELECT count(*) AS n FROM axes WHERE number = 4"), "n\n1\n");
}

TEST_F(Plan, an_empty_experiment_and_back) {
    const std::string before = dump();
    Experiment none;
    EXPECT_EQ(plan_again(none), std::vector<bool>());
    EXPECT_EQ(rows("SELECT count(*) AS n FROM points"), "n\n0\n");
    EXPECT_EQ(plan_again(first), std::vector<bool>(6, true));
    EXPECT_EQ(dump(), before);
}

// ---- rows for others ----

TEST_F(Store, csv_quotes_what_needs_it) {
    Experiment of;
    of.add(0,
           {{"device", "a, \"b\""}, {"odd \"key\"", "plain"}, {"lines", "one\ntwo\rthree"}, {"n", "4"}, {"x", "0.5"}});
    run_all(of);
    EXPECT_EQ(rows("SELECT device, \"odd \"\"key\"\"\", lines, n, x FROM wide"),
              "device,\"odd \"\"key\"\"\",lines,n,x\n\"a, \"\"b\"\"\",plain,\"one\ntwo\rthree\",4,0.5\n");
    EXPECT_EQ(rows("SELECT 1, -2, NULL, '', 1.5, 1e300, x'00ff', 'é'"),
              "1,-2,NULL,'',1.5,1e300,x'00ff','é'\n1,-2,,,1.5,1e+300,00FF,é\n");
    EXPECT_EQ(rows("SELECT number FROM points WHERE number > 5"), "number\n");
}

TEST_F(Store, all_points_have_axes_and_metrics_that_some_have) {
    Experiment of;
    of.add(0, {{"net", "sign"}, {"adc.bits", "6"}});
    of.add(1, {{"device", "month"}});
    run_all(of);
    const std::string text = rows(nullptr), header = text.substr(0, text.find('\n'));
    EXPECT_EQ(header, "number,experiment,block,kind,label,adc.bits,device,net,chip,dataset,trace,transform,seed,"
                      "recalibrate,overrides,settings,status,message,error_percent,images,latency_ns,key,net_sha256,"
                      "chip_sha256,mapping_sha256,version");
    EXPECT_NE(text.find("\n0,noise,main,sim,net=sign adc.bits=6,6,,sign,hermes,cifar10,,,7,none,[],"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find(",done,,0.3333333333333333,1000,1000000," + std::string(of.keys[0].hex) + ",n,c,"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\n1,noise,main,sim,device=month,,month,"), std::string::npos) << text;
}

TEST_F(Store, json_is_a_list_of_objects) {
    Experiment of;
    of.add(0, {{"adc.bits", "6"}, {"device", "007"}});
    run_all(of);
    weft_store *store = open_read();
    const auto json = [&](const char *sql) {
        return printed(
            [&](FILE *stream) { EXPECT_EQ(weft_store_json(store, sql, stream, &err), WEFT_OK) << message(); });
    };
    EXPECT_EQ(json("SELECT number, \"adc.bits\", device, error_percent, energy_pj, 'a\"b', -3, x'0a' AS raw FROM wide"),
              "[\n  {\n    \"number\": 0,\n    \"adc.bits\": 6,\n    \"device\": \"007\",\n    \"error_percent\": "
              "0.3333333333333333,\n    \"energy_pj\": null,\n    \"'a\\\"b'\": \"a\\\"b\",\n    \"-3\": -3,\n    "
              "\"raw\": \"0A\"\n  }\n]\n");
    EXPECT_EQ(json("SELECT number FROM points WHERE number < 0"), "[]\n");
    close(store);
}

TEST_F(Store, queries_only_read) {
    Experiment of;
    of.add(0, {});
    run_all(of);
    const std::string before = read_file(db());
    weft_store *store = open_read();
    const auto refused = [&](const char *sql) {
        err = {};
        std::string text =
            printed([&](FILE *stream) { EXPECT_EQ(weft_store_csv(store, sql, stream, &err), WEFT_E_USAGE) << sql; });
        EXPECT_EQ(text, "") << sql;
        return std::string(err.text);
    };
    const std::string only = "query: only SELECT is allowed: nothing that changes, attaches or sets";
    for (const char *sql : {"DELETE FROM points", "UPDATE points SET net = 'x'", "DROP TABLE points",
                            "CREATE TABLE t (a)", "CREATE TEMP TABLE t (a)", "ATTACH 'other.db' AS other",
                            "PRAGMA user_version = 9", "PRAGMA table_info(points)", "BEGIN", "COMMIT", "VACUUM",
                            "VACUUM INTO 'copy.db'", "INSERT INTO trials VALUES (1, 2, 3) RETURNING trial",
                            "SELECT * FROM pragma_journal_mode", "REINDEX", "ANALYZE", "DETACH main", "SAVEPOINT s"})
        EXPECT_EQ(refused(sql), only) << sql;
    EXPECT_EQ(refused("SELECT load_extension('x')").find("query: "), 0u);
    EXPECT_EQ(refused("SELEC 1"), "query: near \"SELEC\": syntax error");
    EXPECT_EQ(refused("SELECT nobody FROM points"), "query: no such column: nobody");
    EXPECT_EQ(refused("SELECT 1; SELECT 2"), "query: one SELECT, and nothing behind it");
    EXPECT_EQ(refused("SELECT 1; DELETE FROM points"), "query: one SELECT, and nothing behind it");
    EXPECT_EQ(refused(""), "query: there is no SELECT in it");
    EXPECT_EQ(refused(" -- nothing"), "query: there is no SELECT in it");
    EXPECT_EQ(refused("SELECT abs(-9223372036854775807 - 1)"), "query: integer overflow");
    close(store);
    EXPECT_EQ(rows("SELECT 1 AS one; -- and a remark"), "one\n1\n");
    EXPECT_EQ(rows("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n"),
              "i\n1\n2\n3\n");
    EXPECT_EQ(read_file(db()), before);
    EXPECT_EQ(files(), "runs.db");
}

TEST_F(Store, a_table_for_people) {
    Experiment of;
    of.add(0, {{"net", "sign"}, {"adc.bits", "6"}});
    of.add(1, {{"net", "stoch"}, {"adc.bits", "10"}});
    of.add(2, {{"net", "übung"}, {"adc.bits", "8"}});
    weft_store *store = open();
    plan(store, of);
    ASSERT_EQ(put(store, of, 0, &err), WEFT_OK);
    ASSERT_EQ(put(store, of, 1, &err), WEFT_OK);
    ASSERT_EQ(put(store, of, 2, &err, "no"), WEFT_OK);
    close(store);
    store = open_read();
    weft_store_printed out;
    const auto table = [&](const char *sql, int width, size_t rows) {
        return printed([&](FILE *stream) {
            EXPECT_EQ(weft_store_print(&out, store, sql, width, rows, stream, &err), WEFT_OK) << message();
        });
    };
    EXPECT_EQ(table(nullptr, 0, 0), "number  net    adc.bits  status  error_percent  latency_ns\n"
                                    "     0  sign          6  done         0.333333       1e+06\n"
                                    "     1  stoch        10  done          1.33333      500000\n"
                                    "     2  übung         8  failed              -           -\n");
    EXPECT_EQ(table(nullptr, 31, 2), "number  net    adc.bits  status\n"
                                     "     0  sign          6  done\n"
                                     "     1  stoch        10  done\n");
    EXPECT_EQ(out.rows, 3u);
    EXPECT_EQ(out.shown, 2u);
    EXPECT_EQ(out.hidden, 2);
    EXPECT_STREQ(out.hidden_names, "error_percent, latency_ns");
    EXPECT_EQ(table("SELECT 1 WHERE 0", 0, 0), "");
    EXPECT_EQ(
        table("SELECT 'a' || char(10) || 'b' AS t, replace(hex(zeroblob(30)), '00', 'é') AS long", 0, 0),
        "t    long\na b  " +
            [] {
                std::string text;
                for (int i = 0; i < 30; i++) text += "é";
                return text;
            }() +
            "\n");
    EXPECT_EQ(table("SELECT hex(zeroblob(30)) AS long", 0, 0), "long\n" + std::string(45, '0') + "...\n");
    close(store);
}

// ---- chips and networks ----

class Descriptions : public Store {
  protected:
    weft_arena *arena = weft_arena_create();
    ~Descriptions() override { weft_arena_destroy(arena); }

    // Rows of a table: the values given, the others NULL.
    weft_description_rows make(weft_description which,
                               const std::vector<std::vector<std::pair<int, const char *>>> &of) {
        const size_t columns = (size_t)weft_descriptions[which].count;
        auto *values = static_cast<const char *const **>(weft_arena_alloc(arena, of.size() * sizeof(char **)));
        for (size_t i = 0; i < of.size(); i++) {
            auto *row = static_cast<const char **>(weft_arena_alloc(arena, columns * sizeof(char *)));
            for (const auto &[column, text] : of[i]) row[column] = text;
            values[i] = row;
        }
        return {of.size(), values};
    }
    bool described(weft_store *store, weft_description which, const char *hash) {
        bool there = false;
        EXPECT_EQ(weft_store_described(&there, store, which, hash, &err), WEFT_OK) << message();
        return there;
    }
    void put_all(weft_store *store) {
        const auto chips = make(WEFT_CHIPS, {{{WEFT_CHIPS_SHA256, "c"},
                                              {WEFT_CHIPS_NAME, "it's \"one\""},
                                              {WEFT_CHIPS_OVERRIDES, "[\"adc.bits=6\", \"noc.mesh=[2, 2]\"]"},
                                              {WEFT_CHIPS_SOURCES, "[]"},
                                              {WEFT_CHIPS_CORES, "64"},
                                              {WEFT_CHIPS_CYCLE, "0.75"}},
                                             {{WEFT_CHIPS_SHA256, "nobody's"}, {WEFT_CHIPS_NAME, "no point's"}}});
        const auto nets = make(WEFT_NETS, {{{WEFT_NETS_SHA256, "n"}, {WEFT_NETS_MACS, "33917440"}}});
        const auto layers = make(WEFT_LAYERS, {{{WEFT_LAYERS_SHA256, "n"}, {WEFT_LAYERS_POSITION, "10"}},
                                               {{WEFT_LAYERS_SHA256, "n"}, {WEFT_LAYERS_POSITION, "9"}}});
        ASSERT_EQ(weft_store_put_descriptions(store, WEFT_CHIPS, &chips, &err), WEFT_OK) << message();
        ASSERT_EQ(weft_store_put_descriptions(store, WEFT_NETS, &nets, &err), WEFT_OK) << message();
        ASSERT_EQ(weft_store_put_descriptions(store, WEFT_LAYERS, &layers, &err), WEFT_OK) << message();
    }
    void run() { // the fixture's points have the hashes "n" and "c"
        Experiment of;
        of.add(0, {});
        run_all(of);
        weft_store *store = open();
        put_all(store);
        close(store);
    }
    weft_store_table read() {
        weft_store_table table{};
        weft_store *store = open_read();
        EXPECT_EQ(weft_store_read(&table, store, &err), WEFT_OK) << message();
        close(store);
        return table;
    }
};

TEST_F(Descriptions, round_trip) {
    run();
    weft_store_table table = read();
    EXPECT_STREQ(table.points[0].net_sha256, "n");
    EXPECT_STREQ(table.points[0].chip_sha256, "c");
    EXPECT_STREQ(table.points[0].overrides, "[]");
    const weft_description_rows *d = table.descriptions;
    ASSERT_EQ(d[WEFT_CHIPS].count, 1u); // those of the points
    const char *const *chip = d[WEFT_CHIPS].values[0];
    EXPECT_STREQ(chip[WEFT_CHIPS_NAME], "it's \"one\"");
    EXPECT_STREQ(chip[WEFT_CHIPS_OVERRIDES], "adc.bits=6\nnoc.mesh=[2, 2]");
    EXPECT_EQ(chip[WEFT_CHIPS_SOURCES], nullptr);
    EXPECT_EQ(chip[WEFT_CHIPS_TECHNOLOGY], nullptr);
    EXPECT_STREQ(chip[WEFT_CHIPS_CORES], "64");
    EXPECT_STREQ(chip[WEFT_CHIPS_CYCLE], "0.75");
    ASSERT_EQ(d[WEFT_NETS].count, 1u);
    EXPECT_STREQ(d[WEFT_NETS].values[0][WEFT_NETS_MACS], "33917440");
    ASSERT_EQ(d[WEFT_LAYERS].count, 2u);
    EXPECT_STREQ(d[WEFT_LAYERS].values[0][WEFT_LAYERS_POSITION], "9"); // a number, not a text
    EXPECT_STREQ(d[WEFT_LAYERS].values[1][WEFT_LAYERS_POSITION], "10");
    weft_store_table_free(&table);
    EXPECT_EQ(rows("SELECT chips.cores + 1 AS cores, typeof(cycle_ns) AS type FROM points JOIN chips ON chip_sha256 = "
                   "chips.sha256"),
              "cores,type\n65,real\n");
}

TEST_F(Descriptions, the_first_one_stays) {
    run();
    const std::string before = rows("SELECT * FROM chips") + rows("SELECT * FROM nets") + rows("SELECT * FROM layers");
    weft_store *store = open();
    EXPECT_TRUE(described(store, WEFT_CHIPS, "c"));
    EXPECT_TRUE(described(store, WEFT_NETS, "n"));
    EXPECT_FALSE(described(store, WEFT_NETS, "c"));
    const auto other = make(WEFT_CHIPS, {{{WEFT_CHIPS_SHA256, "c"}, {WEFT_CHIPS_NAME, "another"}}});
    EXPECT_EQ(weft_store_put_descriptions(store, WEFT_CHIPS, &other, &err), WEFT_OK) << message();
    close(store);
    EXPECT_EQ(rows("SELECT * FROM chips") + rows("SELECT * FROM nets") + rows("SELECT * FROM layers"), before);
}

TEST(results_manual, has_every_column) {
    const std::string path = std::string(WEFT_SOURCE_FOLDER) + "/docs/results.md";
    std::string text = read_file(path);
    const auto replace = [&](const std::string &table, const std::string &with) {
        const std::string begin = "<!-- columns of " + table + ": made by a test -->\n\n", end = "\n<!-- end -->";
        const size_t from = text.find(begin), to = text.find(end, from);
        ASSERT_NE(from, std::string::npos) << table;
        ASSERT_NE(to, std::string::npos) << table;
        text = text.substr(0, from + begin.size()) + with + text.substr(to);
    };
    replace("points", printed(weft_store_describe));
    for (int d = 0; d < WEFT_DESCRIPTIONS; d++)
        replace(weft_descriptions[d].name,
                printed([&](FILE *stream) { weft_store_describe_rows(stream, (weft_description)d); }));
    expect_file(path, text);
}

} // namespace
