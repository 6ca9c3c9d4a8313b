// An interrupt during training leaves a checkpoint, and --resume ends with the very network of an uninterrupted run.
#include "harness.h"

#include <random>

using namespace weft_cli;

namespace {

TEST_F(Cli, interrupted_training_resumes) {
    make_dataset("set", 8, 300, 20);
    write_file("long.yaml", "name: long\ndataset: set\nepochs: 80\nbatch: 20\nlayers:\n  - conv: {filters: 16, "
                            "kernel: 3}\n  - batch_norm\n"
                            "  - relu\n  - dense: {units: 10}\n  - batch_norm\nprojection: sign\nrecalibrate: 100\n");
    Ran none = weft({"train", "long.yaml", "--out", "net.onnx", "--resume"});
    EXPECT_EQ(none.code, 1);
    EXPECT_EQ(listing(), "long.yaml set");

    pid_t child = start({"train", "long.yaml", "--out", "net.onnx"});
    for (int i = 0; i < 2000 && read_file(".stderr").find("epoch 3/80") == std::string::npos; i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_EQ(kill(child, SIGINT), 0);
    Ran cut = finish(child);
    EXPECT_EQ(cut.code, 1);
    EXPECT_NE(cut.err.find("\nweft: interrupted; the checkpoint net.onnx.checkpoint is kept: the same command with "
                           "--resume goes on from it\n"),
              std::string::npos)
        << cut.err;
    EXPECT_FALSE(fs::exists("net.onnx"));
    EXPECT_TRUE(fs::exists("net.onnx.checkpoint"));
    EXPECT_EQ(fs::exists("net.onnx.svg"), std::system("gnuplot --version > /dev/null 2>&1") == 0);

    Ran rest = weft({"train", "long.yaml", "--out", "net.onnx", "--resume", "--json", "rest.json"});
    ASSERT_EQ(rest.code, 0) << rest.err;
    EXPECT_EQ(rest.err.find("epoch 1/80"), std::string::npos); // it went on, it did not start again
    EXPECT_NE(rest.err.find("epoch 80/80"), std::string::npos);
    EXPECT_FALSE(fs::exists("net.onnx.checkpoint"));
    Ran whole = weft({"train", "long.yaml", "--out", "whole.onnx", "--quiet"});
    ASSERT_EQ(whole.code, 0) << whole.err;
    EXPECT_EQ(whole.err, "");
    EXPECT_TRUE(read_file("net.onnx") == read_file("whole.onnx"));
}

// Killed at random moments of its start, its steps and its writing of checkpoints (one every seven minibatches), it
// ends with the bytes of an uninterrupted run.
TEST_F(Cli, killed_training_resumes) {
    make_dataset("set", 8, 300, 20);
    write_file("long.yaml", "name: long\ndataset: set\nepochs: 40\nbatch: 20\nlayers:\n  - conv: {filters: 16, "
                            "kernel: 3}\n  - batch_norm\n  - relu\n  - dense: {units: 10}\n  - batch_norm\n"
                            "projection: stoch\nema: 0.9\nrecalibrate: 100\n");
    auto begin = std::chrono::steady_clock::now();
    Ran whole = weft({"train", "long.yaml", "--out", "whole.onnx", "--quiet"});
    ASSERT_EQ(whole.code, 0) << whole.err;
    std::chrono::duration<double> length = std::chrono::steady_clock::now() - begin;
    std::vector<std::string> words = {"train", "long.yaml", "--out", "net.onnx", "--checkpoint-steps", "7"};
    std::mt19937 random(std::random_device{}());
    std::uniform_real_distribution<double> part(0, 0.6);
    int kills = 0, resumed = 0;
    for (bool done = false; !done && kills < 10;) {
        bool resume = fs::exists("net.onnx.checkpoint");
        std::vector<std::string> now = words;
        if (resume) now.push_back("--resume");
        pid_t child = start(now);
        for (int ms = 0; kills == 0 && ms < 60000 && !fs::exists("net.onnx.checkpoint"); ms++)
            std::this_thread::sleep_for(std::chrono::milliseconds(1)); // the first kill leaves something to resume
        if (kills > 0) std::this_thread::sleep_for(part(random) * length);
        kill(child, SIGKILL);
        Ran run = finish(child);
        done = run.code == 0;
        ASSERT_TRUE(done || run.code == -SIGKILL) << run.code << " " << run.err;
        kills += !done;
        resumed += resume;
    }
    EXPECT_GT(kills, 0);
    if (!fs::exists("net.onnx") || fs::exists("net.onnx.checkpoint")) { // killed between the two: the end once more
        if (fs::exists("net.onnx.checkpoint")) words.push_back("--resume");
        resumed += words.back() == "--resume";
        Ran rest = weft(words);
        ASSERT_EQ(rest.code, 0) << rest.err;
    }
    EXPECT_GT(resumed, 0) << kills << " kills";
    EXPECT_TRUE(read_file("net.onnx") == read_file("whole.onnx")) << kills << " kills";
    EXPECT_FALSE(fs::exists("net.onnx.checkpoint"));
}

#ifdef WEFT_HAVE_SYSTEMC
// Neither a trace nor the folders made for the report stay.
TEST_F(Cli, interrupted_simulation_leaves_nothing) {
    make_dataset("set", 8, 20, 20000);
    make_network("net.onnx", 8);
    ASSERT_EQ(weft({"map", "net.onnx", "hermes", "-o", "m.yaml"}).code, 0);
    std::string files = listing();
    pid_t child =
        start({"sim", "m.yaml", "--dataset", "set", "-o", "a/run", "--timed-images", "20000", "--record", "t"});
    for (int i = 0; i < 4000 && !fs::is_directory("a/run"); i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_TRUE(fs::is_directory("a/run"));
    std::this_thread::sleep_for(std::chrono::milliseconds(300)); // into the timed run
    ASSERT_EQ(kill(child, SIGINT), 0);
    Ran cut = finish(child);
    EXPECT_EQ(cut.code, 1);
    EXPECT_EQ(cut.err, "weft: interrupted\n");
    EXPECT_EQ(listing(), files);
}
#endif

} // namespace
