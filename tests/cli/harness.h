// Runs the weft binary as a user would, in a folder of its own.
#ifndef WEFT_TESTS_CLI_HARNESS_H
#define WEFT_TESTS_CLI_HARNESS_H

#include "core/dataset.h"
#include "core/onnx.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern char **environ;

namespace weft_cli {

namespace fs = std::filesystem;

inline std::string read_file(const fs::path &path) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}
inline void write_file(const fs::path &path, const std::string &text) { std::ofstream(path, std::ios::binary) << text; }

struct Ran {
    int code; // exit code, or -signal
    std::string out, err;
};

// A fresh folder, the current one while the test runs; removed afterwards.
class Cli : public testing::Test {
  protected:
    fs::path folder, before;

    void SetUp() override {
        before = fs::current_path();
        std::string pattern = (fs::path(testing::TempDir()) / "weft-cli-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        setenv("OMP_WAIT_POLICY", "passive", 0); // tests run side by side: waiting threads must not spin
        fs::current_path(folder);
    }
    void TearDown() override {
        fs::current_path(before);
        fs::remove_all(folder);
    }

    static pid_t start(std::vector<std::string> words) {
        words.insert(words.begin(), WEFT_BINARY);
        std::vector<char *> argv;
        for (std::string &word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 1, ".stdout", O_WRONLY | O_CREAT | O_TRUNC, 0644);
        posix_spawn_file_actions_addopen(&actions, 2, ".stderr", O_WRONLY | O_CREAT | O_TRUNC, 0644);
        pid_t child = 0;
        EXPECT_EQ(posix_spawn(&child, WEFT_BINARY, &actions, nullptr, argv.data(), environ), 0);
        posix_spawn_file_actions_destroy(&actions);
        return child;
    }
    static Ran finish(pid_t child) {
        int state = 0;
        EXPECT_EQ(waitpid(child, &state, 0), child);
        Ran run{WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state), read_file(".stdout"), read_file(".stderr")};
        fs::remove(".stdout");
        fs::remove(".stderr");
        return run;
    }
    static Ran weft(const std::vector<std::string> &words) { return finish(start(words)); }

    // Names in the current folder, sorted, joined by blanks.
    static std::string listing(const fs::path &where = ".") {
        std::vector<std::string> names;
        for (const auto &entry : fs::directory_iterator(where)) names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        std::string all;
        for (const std::string &name : names) all += (all.empty() ? "" : " ") + name;
        return all;
    }
};

inline std::string big_endian(uint32_t value) {
    return {(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};
}

// A .npy file of float32.
inline std::string npy(const std::string &shape, const std::vector<float> &values) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }\n";
    std::string bytes = "\x93NUMPY\x01";
    bytes += '\0';
    bytes += static_cast<char>(header.size());
    bytes += '\0';
    return bytes + header + std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
}

// IDX files of `size` x `size` images in 10 classes; a class is a bright row or column at its own place, over a
// texture.
inline void make_dataset(const fs::path &where, int size, int train, int test) {
    fs::create_directories(where);
    const std::pair<const char *, int> parts[] = {{"train", train}, {"t10k", test}};
    for (const auto &[part, count] : parts) {
        std::string images =
            big_endian(2051) + big_endian((uint32_t)count) + big_endian((uint32_t)size) + big_endian((uint32_t)size);
        std::string labels = big_endian(2049) + big_endian((uint32_t)count);
        for (int i = 0; i < count; i++) {
            int label = (i * 7 + i / 10) % 10;
            labels += (char)label;
            for (int y = 0; y < size; y++)
                for (int x = 0; x < size; x++) {
                    bool bright = label < 5 ? y * 5 / size == label : x * 5 / size == label - 5;
                    images += (char)((bright ? 170 : 20) + (i * 31 + y * 17 + x * 13) % 60);
                }
        }
        write_file(where / (std::string(part) + "-images-idx3-ubyte"), images);
        write_file(where / (std::string(part) + "-labels-idx1-ubyte"), labels);
    }
}

// conv 3x3 x channels, pool, relu, dense 10, untrained; inputs of size x size.
inline void make_network(const char *path, int size, int channels = 4) {
    weft_network *net = nullptr;
    weft_error err{};
    ASSERT_EQ(weft_network_create(&net, "made", {1, size, size}, &err), WEFT_OK) << err.text;
    weft_layer conv{}, pool{}, relu{}, dense{};
    conv.kind = WEFT_LAYER_CONV;
    conv.out.channels = channels;
    conv.groups = 1;
    conv.window = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
    pool.kind = WEFT_LAYER_MAX_POOL;
    pool.window = {2, 2, 2, 2, 1, 1, 0, 0, 0, 0};
    relu.kind = WEFT_LAYER_RELU;
    dense.kind = WEFT_LAYER_DENSE;
    dense.out.channels = 10;
    const std::pair<weft_layer *, const char *> layers[] = {
        {&conv, "conv1"}, {&pool, "pool1"}, {&relu, "relu1"}, {&dense, "fc"}};
    for (int i = 0; i < 4; i++)
        ASSERT_EQ(weft_network_add(net, layers[i].first, layers[i].second, i - 1, i == 3, nullptr, &err), WEFT_OK)
            << err.text;
    for (int l = 0; l < net->layer_count; l++)
        for (size_t i = 0; i < net->layers[l].weight_count; i++)
            net->layers[l].weight[i] = (float)((int)(i * 2654435761u >> 20) % 201 - 100) / 100.0f;
    ASSERT_EQ(weft_onnx_write(net, path, &err), WEFT_OK) << err.text;
    weft_network_destroy(net);
}

} // namespace weft_cli

#endif
