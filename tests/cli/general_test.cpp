// Help, version, usage errors, manual and completion: exact text and exit codes.
#include "harness.h"

using namespace weft_cli;

namespace {

const char *const commands[] = {"train", "import", "convert", "eval",    "run",      "map",
                                "sim",   "array",  "neuron",  "results", "describe", "info"};

TEST_F(Cli, version) {
    for (const std::vector<std::string> &words :
         {std::vector<std::string>{"--version"}, {"sim", "--version"}, {"map", "x", "--version"}}) {
        Ran run = weft(words);
        EXPECT_EQ(run.code, 0);
        EXPECT_EQ(run.out, "weft " WEFT_VERSION "\n");
        EXPECT_EQ(run.err, "");
    }
}

TEST_F(Cli, help_names_every_command) {
    Ran run = weft({"--help"});
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(run.out.rfind("Usage: weft COMMAND [options]\n", 0), 0u);
    for (const char *command : commands) {
        EXPECT_NE(run.out.find("\n  " + std::string(command) + " "), std::string::npos) << command;
        Ran own = weft({command, "--help"});
        EXPECT_EQ(own.code, 0);
        EXPECT_EQ(own.err, "");
        EXPECT_EQ(own.out.rfind("Usage: weft " + std::string(command), 0), 0u);
        for (const char *option : {"--json [FILE]", "--threads N", "--help", "--version"})
            EXPECT_NE(own.out.find(option), std::string::npos) << command << option;
        std::istringstream lines(own.out);
        for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110u) << line;
    }
}

TEST_F(Cli, no_command_is_wrong_use) {
    Ran run = weft({});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, weft({"--help"}).out);
}

void wrong_use(const Ran &run, const std::string &text, const std::string &command) {
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, "weft: " + text + "\nTry 'weft" + (command.empty() ? "" : " " + command) + " --help'.\n");
}

TEST_F(Cli, wrong_use_says_what) {
    wrong_use(weft({"trian"}), "unknown command \"trian\"; did you mean train?", "");
    wrong_use(weft({"--quite"}), "unknown option --quite", "");
    wrong_use(weft({"sim", "m", "--datset", "d"}), "unknown option --datset; did you mean --dataset?", "sim");
    wrong_use(weft({"sim", "-x"}), "unknown option -x", "sim");
    wrong_use(weft({"sim", "--dataset", "d", "-o", "r"}),
              "MAPPING is missing: Mapping file of 'weft map'; it names the network and the chip", "sim");
    wrong_use(weft({"sim", "m", "--dataset", "d"}), "--out FOLDER is missing", "sim");
    wrong_use(weft({"eval", "n"}), "--dataset DATASET is missing", "eval");
    wrong_use(weft({"eval", "n", "--dataset"}), "--dataset needs a value: DATASET", "eval");
    wrong_use(weft({"eval", "n", "m", "--dataset", "d"}), "\"m\" is one argument too many", "eval");
    wrong_use(weft({"eval", "n", "--dataset", "d", "--images", "-3"}), "--images: \"-3\" is not a whole number",
              "eval");
    wrong_use(weft({"eval", "n", "--dataset", "d", "--images=1e3"}), "--images: \"1e3\" is not a whole number", "eval");
    wrong_use(weft({"eval", "n", "--dataset", "d", "--draws=0"}), "--draws: 0 is not in 1..100000", "eval");
    wrong_use(weft({"eval", "n", "--dataset", "d", "--seed=18446744073709551616"}),
              "--seed: 18446744073709551616 is not in 0..18446744073709551615", "eval");
    wrong_use(weft({"eval", "n", "--dataset", "d", "--threads", "2000"}), "--threads: 2000 is not in 0..1024", "eval");
    wrong_use(weft({"eval", "n", "--dataset", "d", "--dataset", "e"}), "--dataset is given twice", "eval");
    wrong_use(weft({"train", "r", "--out", "o", "--resume=yes"}), "--resume takes no value", "train");
    wrong_use(
        weft({"map", "n"}),
        "CHIP is missing: Chip file, or the name of an installed chip ('weft describe' lists them); not with --check",
        "map");
    wrong_use(weft({"map", "n", "c"}), "--out FILE is missing", "map");
    wrong_use(weft({"map", "--check", "m", "c"}), "--check takes the mapping file alone, without CHIP", "map");
    for (const char *option : {"--objective", "--placer"})
        wrong_use(weft({"map", "--check", "m", option, option[2] == 'o' ? "link" : "greedy"}),
                  std::string("--check takes the mapping file alone, without ") + option, "map");
    for (const char *option : {"--seed", "--parts", "--chips"})
        wrong_use(weft({"map", "--check", "m", option, "3"}),
                  std::string("--check takes the mapping file alone, without ") + option, "map");
    wrong_use(weft({"map", "--check", "m", "--no-replicate"}),
              "--check takes the mapping file alone, without --no-replicate", "map");
    wrong_use(weft({"map", "n", "c", "-o", "m", "--objective", "enrgy"}),
              "--objective: there is no \"enrgy\"; did you mean \"energy\"?", "map");
    wrong_use(weft({"map", "n", "c", "-o", "m", "--placer", "refind"}),
              "--placer: there is no \"refind\"; did you mean \"refined\"?", "map");
    wrong_use(weft({"map", "n", "c", "-o", "m", "--parts", "2", "--chips", "3"}),
              "--chips 3: with --parts 2 there are no more than 2", "map");
    wrong_use(weft({"describe", "transfroms"}), "unknown topic \"transfroms\"; did you mean transforms?", "describe");
    EXPECT_EQ(listing(), "");
}

TEST_F(Cli, forms_of_options_mean_the_same) {
    make_network("net.onnx", 8);
    for (const std::vector<std::string> &words : {std::vector<std::string>{"map", "net.onnx", "hermes", "-o", "a.yaml"},
                                                  {"map", "-ob.yaml", "net.onnx", "hermes"},
                                                  {"map", "--out=c.yaml", "--", "net.onnx", "hermes"}}) {
        Ran run = weft(words);
        EXPECT_EQ(run.code, 0) << run.err;
    }
    EXPECT_EQ(read_file("a.yaml"), read_file("b.yaml"));
    EXPECT_EQ(read_file("a.yaml"), read_file("c.yaml"));
}

TEST_F(Cli, describe_lists_and_prints) {
    Ran run = weft({"describe"});
    EXPECT_EQ(run.code, 0);
    EXPECT_NE(run.out.find("Chips:\n"), std::string::npos);
    EXPECT_NE(run.out.find("\n  hermes\n  isaac-ce\n"), std::string::npos);
    EXPECT_NE(weft({"describe", "--list", "recipes"}).out.find("fashion-cnn-sign\n"), std::string::npos);
    EXPECT_NE(weft({"describe", "transforms"}).out.find("addnorm"), std::string::npos);
    EXPECT_NE(weft({"describe", "chip"}).out.find("conversion_ns"), std::string::npos);
    EXPECT_NE(weft({"describe", "chip", "--markdown"}).out.find("\n| "), std::string::npos);
    Ran schema = weft({"describe", "recipe", "--json", "-"});
    EXPECT_EQ(schema.out.rfind("{", 0), 0u);
    EXPECT_NE(schema.out.find("https://json-schema.org/draft/2020-12/schema"), std::string::npos);
    EXPECT_NE(weft({"describe", "experiment"}).out.find("How points are made:"), std::string::npos);
    EXPECT_NE(weft({"describe", "experiment", "--json", "-"}).out.find("\"experiment\""), std::string::npos);
    EXPECT_NE(weft({"describe", "isaac-ce"}).out.find("isaac-ce"), std::string::npos);
}

void same_as_committed(const std::string &text, const char *path) {
    fs::path file = fs::path(WEFT_SOURCE_FOLDER) / path;
    if (getenv("WEFT_UPDATE")) write_file(file, text);
    EXPECT_EQ(text, read_file(file)) << path << " is out of date: run this test with WEFT_UPDATE=1";
}

TEST_F(Cli, manual_and_completion_are_the_committed_ones) {
    same_as_committed(weft({"describe", "--man"}).out, "docs/weft.1");
    same_as_committed(weft({"describe", "--completion"}).out, "scripts/completion/weft");
}

TEST_F(Cli, completion_completes) {
    const char *const script =
        "PATH=\"$2:$PATH\"; source \"$1/scripts/completion/weft\"; compopt() { :; }\n"
        "try() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _weft; echo \"${COMPREPLY[*]}\"; }\n"
        "try weft si; try weft sim --tim; try weft eval n --transform addn; try weft map n her\n";
    write_file("try.sh", script);
    std::string binary_folder = fs::path(WEFT_BINARY).parent_path().string();
    std::string command = "bash try.sh '" WEFT_SOURCE_FOLDER "' '" + binary_folder + "' > out.txt 2>&1";
    EXPECT_EQ(system(command.c_str()), 0);
    EXPECT_EQ(read_file("out.txt"), "sim\n--timed-images\naddnorm\nhermes\n");
}

} // namespace
