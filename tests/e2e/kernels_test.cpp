// Whole reports do not depend on the number of threads or on the instruction set.
#include "tests/cli/harness.h"

#include <map>

using namespace weft_cli;
using Words = std::vector<std::string>;

namespace {

struct Chip {
    const char *name;
    Words set;
};

// A chain of device errors, read noise and wires, on slices and without; and ideal cells, where bits are counted.
const std::vector<Chip> chips = {
    {"isaac-ce", {"adc.bits=5"}},
    {"isaac-ce",
     {"weight.encoding=differential_columns", "weight.bits=6", "input.bits=5", "adc.bits=7", "adc.range=calibrated",
      "device.g_max_us=50", "device.g_min_us=1",
      "device.program=addnorm:sigma=0.02|rram_relax|stuck:on=0.001,off=0.002", "device.read_noise=proportional",
      "device.read_sigma=0.02", "wires.row_segment_ohm=2", "wires.column_segment_ohm=2"}},
    {"hermes", {"wires.row_segment_ohm=0.5", "wires.column_segment_ohm=0.5"}},
    {"neurram", {}},
    {"sonos-like", {"device.read_noise=independent", "device.read_sigma=0.01"}},
};

class CliKernels : public Cli {
  protected:
    void SetUp() override {
        Cli::SetUp();
        make_network("net.onnx", 8, 20);
        make_dataset("set", 8, 60, 30);
    }
    void TearDown() override {
        unsetenv("WEFT_KERNELS");
        Cli::TearDown();
    }

    // Files of a report folder by name.
    static std::map<std::string, std::string> report(const Words &words, const char *threads, const char *kernels) {
        std::map<std::string, std::string> files;
        Words all = words;
        all.insert(all.end(), {"--threads", threads, "-o", "run"});
        if (kernels) setenv("WEFT_KERNELS", kernels, 1);
        const Ran run = weft(all);
        unsetenv("WEFT_KERNELS");
        EXPECT_EQ(run.code, 0) << run.err;
        for (const auto &entry : fs::directory_iterator("run"))
            files[entry.path().filename().string()] = read_file(entry.path());
        fs::remove_all("run");
        return files;
    }

    // Those that this processor has.
    static std::vector<const char *> kernels() {
        std::vector<const char *> list;
        for (const char *name : {"portable", "avx2", "avx512"}) {
            setenv("WEFT_KERNELS", name, 1);
            const Ran run = weft({"sim", "m.yaml", "--dataset", "set", "--functional", "--images", "1", "-o", "run"});
            const bool absent = run.err.find("which this processor does not have") != std::string::npos ||
                                run.err.find("allowed are portable\n") != std::string::npos;
            EXPECT_TRUE(run.code == 0 || absent) << run.err;
            if (run.code == 0) list.push_back(name);
            fs::remove_all("run");
        }
        unsetenv("WEFT_KERNELS");
        return list;
    }
};

TEST_F(CliKernels, and_threads_change_no_byte_of_a_report) {
    std::vector<const char *> all;
    for (const Chip &chip : chips) {
        SCOPED_TRACE(chip.name);
        Words map = {"map", "net.onnx", chip.name, "-o", "m.yaml"},
              sim = {"sim", "m.yaml", "--dataset", "set", "--functional", "--trials", "2", "--statistics", "30"};
        for (const std::string &key : chip.set) map.insert(map.end(), {"--set", key});
        const Ran run = weft(map);
        ASSERT_EQ(run.code, 0) << run.err;
        if (all.empty()) all = kernels();
        ASSERT_FALSE(all.empty());
        const auto expected = report(sim, "1", nullptr);
        ASSERT_GT(expected.size(), 3U);
        EXPECT_TRUE(report(sim, "2", nullptr) == expected);
        for (const char *name : all)
            for (const char *threads : {"1", "5"})
                EXPECT_TRUE(report(sim, threads, name) == expected) << name << ", " << threads << " threads";
    }
}

TEST_F(CliKernels, unknown_ones_are_refused) {
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "m.yaml"}).code, 0);
    setenv("WEFT_KERNELS", "mmx", 1);
    const Ran run = weft({"sim", "m.yaml", "--dataset", "set", "--functional", "-o", "run"});
    EXPECT_EQ(run.code, 1);
    EXPECT_EQ(run.err.find("weft: WEFT_KERNELS is \"mmx\"; allowed are portable"), 0U) << run.err;
}

} // namespace
