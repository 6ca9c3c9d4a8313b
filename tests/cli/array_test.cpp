// weft array: currents in physical units, converters, errors, netlists, and what is wrong with input files.
#include "harness.h"

#include <cjson/cJSON.h>
#include <cmath>

#include "tests/support/nodal.h"

using namespace weft_cli;
using Words = std::vector<std::string>;
using Rows = std::vector<std::vector<double>>;

namespace {

class CliArray : public Cli {
  protected:
    Ran array(const Words &more, const char *chip = "array-bare") {
        Words words = {"array", chip, "--conductances", "g.csv", "--inputs", "x.csv"};
        words.insert(words.end(), more.begin(), more.end());
        return weft(words);
    }
    // The answer's matrix under a key; empty when the run failed.
    Rows rows_of(const Words &more, const char *key = "column_currents_a", const char *chip = "array-bare") {
        Words words = more;
        words.insert(words.end(), {"--json", "-"});
        Ran run = array(words, chip);
        EXPECT_EQ(run.code, 0) << run.err;
        Rows rows;
        cJSON *json = cJSON_Parse(run.out.c_str());
        const cJSON *row, *value;
        cJSON_ArrayForEach(row, cJSON_GetObjectItem(json, key)) {
            rows.emplace_back();
            cJSON_ArrayForEach(value, row) rows.back().push_back(cJSON_GetNumberValue(value));
        }
        cJSON_Delete(json);
        return rows;
    }
    double number_of(const Words &more, const char *key) {
        Words words = more;
        words.insert(words.end(), {"--json", "j.json"});
        EXPECT_EQ(array(words).code, 0);
        cJSON *json = cJSON_Parse(read_file("j.json").c_str());
        double value = cJSON_GetNumberValue(cJSON_GetObjectItem(json, key));
        cJSON_Delete(json);
        fs::remove("j.json");
        return value;
    }
    // Exit 1, exactly this message, and the folder as it was.
    void refused(const Words &more, const std::string &message) {
        std::string before_run = listing();
        Ran run = array(more);
        EXPECT_EQ(run.code, 1);
        EXPECT_EQ(run.out, "");
        EXPECT_EQ(run.err, "weft: " + message + "\n");
        EXPECT_EQ(listing(), before_run);
    }
    void refused_cells(const std::string &text, const std::string &message) {
        write_file("g.csv", text);
        refused({}, "g.csv" + message);
    }
    void refused_inputs(const std::string &text, const std::string &message) {
        write_file("x.csv", text);
        refused({}, "x.csv" + message);
    }
    static std::string csv(const std::vector<double> &values, size_t columns) {
        std::string text;
        char number[40];
        for (size_t i = 0; i < values.size(); i++) {
            snprintf(number, sizeof number, "%.17g%c", values[i], (i + 1) % columns ? ',' : '\n');
            text += number;
        }
        return text;
    }
};

const Words wires = {"--set", "wires.row_segment_ohm=20",  "--set", "wires.column_segment_ohm=30",
                     "--set", "wires.row_terminal_ohm=50", "--set", "wires.column_terminal_ohm=100"};
const weft_wires same_wires = {5, 4, 20, 30, 50, 100};

Words plus(Words words, const Words &more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

TEST_F(CliArray, table_of_an_ideal_array) {
    write_file("g.csv", "1e-4, 2e-5\n\t5.0E-5 ,+.000001\r\n\n");
    write_file("x.csv", "\xef\xbb\xbf"
                        "0.1,0.2\n0.3,-0.1");
    Ran run = array({});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(run.out, "array-bare: 2 x 2 cells, 2 samples, no wires, column currents in ampere\n"
                       "\nsample   column    0   column    1\n"
                       "     0          2e-05        2.2e-06\n"
                       "     1        2.5e-05        5.9e-06\n");
}

TEST_F(CliArray, json_of_an_ideal_array_is_the_product) {
    write_file("g.csv", "0.5,0.25,0\n0.125,1,2\n");
    write_file("x.csv", "1,2\n-0.5,4\n");
    EXPECT_EQ(rows_of({}), (Rows{{0.75, 2.25, 4}, {0.25, 3.875, 8}}));
    EXPECT_EQ(number_of({}, "rows"), 2);
    EXPECT_EQ(number_of({}, "columns"), 3);
    EXPECT_EQ(number_of({}, "samples"), 2);
    EXPECT_EQ(rows_of({"--exact"}), (Rows{{0.75, 2.25, 4}, {0.25, 3.875, 8}}));
}

TEST_F(CliArray, wires_both_ways) {
    const std::vector<double> g = weft_test::random_conductances(20, 1), v = weft_test::random_voltages(10, 1);
    write_file("g.csv", csv(g, 4));
    write_file("x.csv", csv(v, 5));
    const Rows fast = rows_of(wires), exact = rows_of(plus(wires, {"--exact"}));
    ASSERT_EQ(fast.size(), 2u);
    for (size_t s = 0; s < 2; s++) {
        const std::vector<double> sample(v.begin() + (long)s * 5, v.begin() + (long)s * 5 + 5);
        const std::vector<double> expected = weft_test::nodal_currents(same_wires, g, sample);
        for (size_t c = 0; c < 4; c++) {
            EXPECT_NEAR(fast[s][c], expected[c], 1e-12 * expected[c]);
            EXPECT_NEAR(exact[s][c], expected[c], 1e-12 * expected[c]);
        }
    }
    EXPECT_LT(number_of(plus(wires, {"--exact"}), "effective_deviation"), 1e-12);
}

// Differential columns, 3 bits: codes -3..3, the largest for 2 rows x 100 uS x 0.5 V = 100 uA.
TEST_F(CliArray, converters_by_hand) {
    write_file("g.csv", "100e-6,10e-6,62e-6\n100e-6,20e-6,40e-6\n");
    write_file("x.csv", "0.5,0.5\n0.5,-0.25\n0.25,-0.5\n");
    const Words adc = {"--set", "adc.kind=ideal", "--set", "adc.bits=3"};
    EXPECT_EQ(rows_of(adc, "codes"), (Rows{{3, 0, 2}, {1, 0, 1}, {-1, 0, 0}})); // 3 x 51 uA / 100 uA rounds to 2
    EXPECT_NEAR(number_of(adc, "full_scale_a"), 1e-4, 1e-18);
    const Rows currents = rows_of(adc), analog = rows_of(adc, "analog_currents_a");
    EXPECT_NEAR(currents[0][2], 2e-4 / 3, 1e-18);
    EXPECT_NEAR(analog[0][2], 51e-6, 1e-18);
    EXPECT_NEAR(analog[1][0], 25e-6, 1e-18);
    EXPECT_EQ(rows_of({}, "codes"), Rows{}); // adc.kind none
}

TEST_F(CliArray, programming_errors_are_drawn_once) {
    write_file("g.csv", csv(std::vector<double>(400, 50e-6), 400));
    write_file("x.csv", "1\n1\n");
    const Words error = {"--set", "device.program=addnorm:sigma=0.02"};
    const Rows first = rows_of(error);
    EXPECT_EQ(first[0], first[1]); // stays
    EXPECT_EQ(rows_of(error), first);
    EXPECT_NE(rows_of(plus(error, {"--trial", "1"})), first);
    EXPECT_NE(rows_of(plus(error, {"--seed", "1"})), first);
    double mean = 0, square = 0;
    for (double g : first[0]) mean += g / 400;
    for (double g : first[0]) square += (g - mean) * (g - mean) / 400;
    EXPECT_NEAR(mean, 50e-6, 4 * 2e-6 / 20);
    EXPECT_NEAR(std::sqrt(square), 2e-6, 0.15 * 2e-6); // 0.02 of 100 uS
}

TEST_F(CliArray, read_noise_is_drawn_for_every_sample) {
    write_file("g.csv", csv(std::vector<double>(1600, 50e-6), 400));
    write_file("x.csv", "1,1,1,1\n1,1,1,1\n0,0,0,0\n");
    const Words noise = {"--set", "device.read_noise=proportional", "--set", "device.read_sigma=0.04"};
    const Rows rows = rows_of(noise);
    EXPECT_NE(rows[0], rows[1]);
    EXPECT_EQ(rows[2], std::vector<double>(400, 0.0));
    EXPECT_EQ(rows_of(noise), rows);
    double square = 0;
    for (double i : rows[0]) square += (i - 200e-6) * (i - 200e-6) / 400;
    EXPECT_NEAR(std::sqrt(square), 4e-6, 0.15 * 4e-6); // 0.04 x 50 uA x sqrt(4)
}

// One cell behind a resistance R: its current changes by V / (1 + g R)^2 with g, so the noise falls by that square too.
TEST_F(CliArray, wires_weaken_read_noise) {
    write_file("g.csv", "50e-6\n");
    write_file("x.csv", csv(std::vector<double>(2000, 1.0), 1));
    const Words noise = {"--set", "device.read_noise=independent", "--set", "device.read_sigma=0.04"};
    const auto spread = [&](const Words &more, double mean) {
        double square = 0;
        for (const std::vector<double> &row : rows_of(plus(noise, more))) square += (row[0] - mean) * (row[0] - mean);
        return std::sqrt(square / 2000);
    };
    EXPECT_NEAR(spread({}, 50e-6), 4e-6, 0.06 * 4e-6); // 0.04 of 100 uS; 0.06: 4 standard deviations
    const Words behind = {"--set", "wires.row_segment_ohm=10000"};
    EXPECT_NEAR(spread(behind, 50e-6 / 1.5), 4e-6 / 2.25, 0.06 * 4e-6 / 2.25);
    EXPECT_NEAR(spread(plus(behind, {"--exact"}), 50e-6 / 1.5), 4e-6 / 2.25, 0.06 * 4e-6 / 2.25);
}

TEST_F(CliArray, cells_that_are_not_ohmic_and_gates) {
    write_file("g.csv", "1e-4\n");
    write_file("x.csv", "0.2\n0.1\n");
    const Rows bent = rows_of({"--set", "device.iv_nonlinearity=2"});
    EXPECT_NEAR(bent[0][0], 2e-5, 1e-19);
    EXPECT_NEAR(bent[1][0], 2e-5 * std::sinh(1) / std::sinh(2), 1e-19);
    // Half a gate: half the conductance, behind the whole voltage.
    const Rows gated = rows_of({"--set", "wires.topology=gated", "--set", "wires.row_terminal_ohm=10000"});
    EXPECT_NEAR(gated[0][0], 0.2 / 20000, 1e-18);
    EXPECT_NEAR(gated[1][0], 0.2 / 30000, 1e-18);
    write_file("x.csv", "0.2\n-0.1\n");
    refused({"--set", "wires.topology=gated"}, "x.csv:2:1: gate voltage -0.1 is negative");
}

// ngspice's own answer for a netlist: a line "i(va<column>) = current" a column, sample after sample.
Rows ngspice(const char *file, size_t columns) {
    EXPECT_EQ(system(("ngspice -b " + std::string(file) + " > spice.txt 2>&1").c_str()), 0) << read_file("spice.txt");
    std::istringstream lines(read_file("spice.txt"));
    Rows rows;
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("i(va", 0) != 0) continue;
        if (rows.empty() || rows.back().size() == columns) rows.emplace_back();
        rows.back().push_back(std::stod(line.substr(line.find('=') + 1)));
    }
    fs::remove("spice.txt");
    return rows;
}

void near(const Rows &a, const Rows &b, double tolerance) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t s = 0; s < a.size(); s++) {
        ASSERT_EQ(a[s].size(), b[s].size());
        for (size_t c = 0; c < a[s].size(); c++) EXPECT_NEAR(a[s][c], b[s][c], tolerance * std::fabs(b[s][c]) + 1e-15);
    }
}

TEST_F(CliArray, netlist_against_ngspice) {
    if (system("ngspice --version > .version 2>&1") != 0) GTEST_SKIP() << "no ngspice";
    fs::remove(".version");
    write_file("g.csv", csv(weft_test::random_conductances(20, 3, 0.1), 4));
    write_file("x.csv", csv(weft_test::random_voltages(15, 3), 5));
    const Words variants[] = {
        {},
        wires,
        {"--set", "wires.row_segment_ohm=100"},
        {"--set", "wires.column_segment_ohm=100", "--set", "wires.row_terminal_ohm=500"},
        plus(wires, {"--set", "device.program=addnorm:sigma=0.05"}),
        plus(wires, {"--set", "device.iv_nonlinearity=3"}),
        plus(wires, {"--set", "wires.topology=gated"}),
        plus(wires, {"--set", "wires.topology=gated", "--set", "device.iv_nonlinearity=2"}),
    };
    for (const Words &variant : variants) {
        const Rows own = rows_of(plus(variant, {"--spice", "a.cir"}));
        ASSERT_EQ(own.size(), 3u);
        near(ngspice("a.cir", 4), own, 1e-6);
    }
    EXPECT_EQ(listing(), "a.cir g.csv x.csv");
}

TEST_F(CliArray, netlist_to_standard_output) {
    write_file("g.csv", "1e-5,2e-5\n");
    write_file("x.csv", "0.5\n");
    ASSERT_EQ(array({"--spice", "a.cir"}).code, 0);
    Ran run = array({"--spice", "-"});
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.out, read_file("a.cir"));
    EXPECT_EQ(run.err, "array-bare: 1 x 2 cells, 1 sample, no wires, column currents in ampere\n");
    run = array({"--spice", "-", "--json", "-"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, "weft: --spice and --json cannot both go to standard output\nTry 'weft array --help'.\n");
    fs::remove("a.cir");
}

TEST_F(CliArray, bad_conductances) {
    write_file("x.csv", "1,1\n");
    refused_cells("", ": has no numbers");
    refused_cells("\n\n", ": has no numbers");
    refused_cells("g0,g1\n1,2\n", ":1:1: \"g0\" is not a finite number; the file has no header line");
    refused_cells("1,2\n3,x\n", ":2:3: \"x\" is not a finite number");
    refused_cells("1,2\n3,\n", ":2:3: a number is missing");
    refused_cells("1,,2\n", ":1:3: a number is missing");
    refused_cells("1;2\n", ":1:1: \"1;2\" is not a finite number; the file has no header line");
    refused_cells("1 2\n", ":1:1: \"1 2\" is not a finite number; the file has no header line");
    refused_cells("1,2\n3\n", ":2:2: 1 numbers, the first line has 2");
    refused_cells("1,2\n3,4,5\n", ":2:5: more than the 2 numbers of the first line");
    refused_cells("1,2\n\n3,4\n", ":2:1: an empty line");
    refused_cells("1,nan\n", ":1:3: \"nan\" is not a finite number");
    refused_cells("1,inf\n", ":1:3: \"inf\" is not a finite number");
    refused_cells("1,1e999\n", ":1:3: \"1e999\" is not a finite number");
    refused_cells("1,0x10\n", ":1:3: \"0x10\" is not a finite number");
    refused_cells("1,2e\n", ":1:3: \"2e\" is not a finite number");
    refused_cells("1,\x01\x02\n", ":1:3: \"?\?\" is not a finite number");
    refused_cells(std::string("1,2\0,3\n", 7), ":1:3: \"2?\" is not a finite number");
    refused_cells("1,2\n3, -4\n", ":2:4: conductance -4 is negative");
    refused_cells("1,2\r3,4\n", ":1:4: a comma or the end of the line has to follow");
    std::string wide = "1";
    for (int i = 0; i < 4096; i++) wide += ",1";
    refused_cells(wide, ":1:8193: more than 4096 numbers");
    std::string tall;
    for (int i = 0; i < 4097; i++) tall += "1\n";
    refused_cells(tall, ":4097:1: more than 4096 lines");
    fs::remove("g.csv");
    refused({}, "g.csv: cannot open: No such file or directory");
}

TEST_F(CliArray, bad_inputs) {
    write_file("g.csv", "1,2\n3,4\n");
    refused_inputs("1,2,3\n", ":1: 3 voltages a sample; g.csv has 2 rows");
    refused_inputs("1\n", ":1: 1 voltages a sample; g.csv has 2 rows");
    refused_inputs("1,2\n3\n", ":2:2: 1 numbers, the first line has 2");
    refused_inputs("v0,v1\n", ":1:1: \"v0\" is not a finite number; the file has no header line");
    write_file("x.csv", "1,2\n");
    refused({"--set", "array.columns=1", "--set", "adc.per_array=1"},
            "g.csv: 2 x 2 conductances; an array of array-bare has 4096 x 1 cells");
}

TEST_F(CliArray, bad_use) {
    write_file("g.csv", "1\n");
    write_file("x.csv", "1\n");
    Ran run = weft({"array", "array-bare", "--inputs", "x.csv"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, "weft: --conductances FILE is missing\nTry 'weft array --help'.\n");
    run = array({"--spice", "g.csv"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, "weft: --spice would overwrite --conductances: both are g.csv\nTry 'weft array --help'.\n");
    run = array({"--set", "adc.kind=ideal", "--set", "adc.bits=1", "--set", "device.g_max_us=1e6"});
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.err.find("adc.bits: 1 is below 2: columns have signed sums"), std::string::npos) << run.err;
    run = array({"--set", "adc.kind=ideal", "--set", "device.g_max_us=5"});
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.err.find("g.csv: row 1, column 1: 1 S is above the 5e-06 S of device.g_max_us"), std::string::npos)
        << run.err;
    write_file("x.csv", "1e308\n");
    write_file("g.csv", "1e10\n");
    run = array({});
    EXPECT_EQ(run.code, 1);
    EXPECT_EQ(run.err, "weft: sample 0, column 0: the current is too large for a number\n");
    write_file("x.csv", "1\n");
    write_file("g.csv", "1\n");
    write_file("t.csv", "g_target_us,g_mean_us,g_sigma_us\n0,0,0\n9,9,0\n");
    write_file("own.yaml", read_file(fs::path(WEFT_SOURCE_FOLDER) / "hwconfigs/array-bare.yaml"));
    run = weft({"array", "own.yaml", "--conductances", "g.csv", "--inputs", "x.csv", "--set",
                "device.program_table=t.csv", "--set", "device.g_max_us=9", "--json", "t.csv"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err.find("weft: --json would overwrite the chip's table: both are "), 0U) << run.err;
    fs::remove("own.yaml");
    fs::remove("t.csv");
    run = array({"--set", "wires.row_segment=1"});
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.err.find("row_segment: unknown key; did you mean row_segment_ohm?"), std::string::npos) << run.err;
    run = array({"--set", "device.g_max_us=0", "--set", "adc.kind=ideal"});
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.err.find("device.g_max_us: converters of an array in siemens need it"), std::string::npos) << run.err;
    run = array({"--spice", "absent/a.cir"});
    EXPECT_EQ(run.code, 1);
    EXPECT_EQ(listing(), "g.csv x.csv");
}

} // namespace
