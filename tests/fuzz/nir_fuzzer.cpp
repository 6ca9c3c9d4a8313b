// Fuzzer of the NIR reader and of what a graph that it accepts goes through: flattening, shapes, the spiking network,
// a few steps of it, writing and reading again. A finding is a crash, a sanitizer's report, or 5 s of processor time.
//
// With clang's libFuzzer (preset `fuzz`): nir_fuzzer -rss_limit_mb=1024 NEW_FOLDER tests/fuzz/nir
// Else: nir_fuzzer [--executions N] [--seed S] FOLDER; the same input in the same order for a seed.
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sim/spike/float_network.h"

namespace {

[[noreturn]] void found(const char *what) {
    fprintf(stderr, "nir_fuzzer: %s\n", what);
    abort();
}

void run_network(const weft_snn *snn) {
    weft_float_network *net = nullptr;
    const weft_float_options options = {1e-4, WEFT_FLOAT_EXPONENTIAL, WEFT_FLOAT_RESET_ZERO};
    if (snn->inputs > 1 << 16 || weft_float_network_create(&net, snn, &options, nullptr) != WEFT_OK) return;
    const std::vector<float> input(3 * snn->inputs + 1, 1);
    weft_float_network_run(net, input.data(), 3, nullptr, 0);
    weft_float_network_destroy(net);
}

void write_and_read(const weft_nir *nir) {
    uint8_t *bytes = nullptr;
    size_t size = 0;
    weft_nir *again = nullptr;
    weft_error err = {};
    if (weft_nir_pack(&bytes, &size, nir, &err) != WEFT_OK) fprintf(stderr, "%s\n", err.text), found("cannot write");
    if (weft_nir_parse(&again, bytes, size, "again", &err) != WEFT_OK)
        fprintf(stderr, "%s\n", err.text), found("what is written cannot be read");
    if (!weft_nir_equal(nir, again)) found("what is written reads back as another graph");
    weft_nir_destroy(again);
    free(bytes);
}

/* The message without numbers, or "" for a graph that became a network. */
std::string run(const uint8_t *data, size_t size) {
    weft_nir *nir = nullptr;
    weft_snn *snn = nullptr;
    weft_error err = {};
    weft_status status = weft_nir_parse(&nir, data, size, "fuzz", &err);
    if ((status == WEFT_OK) != (nir != nullptr)) found("status and graph disagree");
    if (nir) {
        write_and_read(nir);
        status = weft_nir_flatten(nir, "fuzz", &err);
        if (status == WEFT_OK) status = weft_snn_create(&snn, nir->graph, 1e-4, "fuzz", &err);
        if (status == WEFT_OK) run_network(snn);
    }
    if (status != WEFT_OK && !err.text[0]) found("a failure without a text");
    weft_snn_destroy(snn);
    weft_nir_destroy(nir);
    std::string outcome;
    for (const char *c = err.text; *c; c++)
        if (!strchr("0123456789-+.", *c)) outcome += *c;
    return outcome;
}

/* Processor time, so that a busy machine is no finding. */
std::string timed_run(const uint8_t *data, size_t size) {
    const itimerval time = {{0, 0}, {5, 0}}, none = {};
    signal(SIGPROF, [](int) { found("5 s of processor time: a hang"); });
    setitimer(ITIMER_PROF, &time, nullptr);
    const std::string outcome = run(data, size);
    setitimer(ITIMER_PROF, &none, nullptr);
    return outcome;
}

} // namespace

#ifdef WEFT_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size) timed_run(data, size);
    return 0;
}

#else

namespace {

std::string current;
/* Async-signal-safe: keeps the input that crashes, hangs, or fails a check. */
void keep_input(int signal_number) {
    FILE *file = fopen("nir_fuzzer-finding.nir", "wb");
    if (file) fwrite(current.data(), 1, current.size(), file), fclose(file);
    fprintf(stderr, "nir_fuzzer: signal %d; the input is nir_fuzzer-finding.nir\n", signal_number);
    _exit(1);
}

/* Names of types and values change, and any bytes. */
std::string mutate(std::string data, std::mt19937 &dice) {
    static const char *const words[] = {"LIF", "IF", "CubaLI", "Linear", "Scale", "Input", "Output", "Delay"};
    for (int changes = 1 + static_cast<int>(dice() % 3); changes > 0; changes--) {
        const std::string word = words[dice() % 8], other = words[dice() % 8];
        const size_t at = data.find(word, dice() % data.size());
        if (at != data.npos && other.size() == word.size()) data.replace(at, word.size(), other);
        const float values[] = {0, -1, 1e30f, 1e-30f, -0.0f, 7};
        const float from[] = {1, 0.5f, 0.25f, 0.01f, 2};
        std::string old(4, '\0'), fresh(4, '\0');
        memcpy(old.data(), &from[dice() % 5], 4);
        memcpy(fresh.data(), &values[dice() % 6], 4);
        const size_t number = data.find(old, dice() % data.size());
        if (number != data.npos) data.replace(number, 4, fresh);
        if (dice() % 2) data[dice() % data.size()] = static_cast<char>(dice());
    }
    return data;
}

} // namespace

int main(int argc, char **argv) {
    uint64_t executions = 2000, seed = 1;
    const char *folder = nullptr;
    for (int i = 1; i < argc; i++) {
        const std::string key = argv[i];
        uint64_t *number = key == "--executions" ? &executions : key == "--seed" ? &seed : nullptr;
        if (number && i + 1 < argc)
            *number = strtoull(argv[++i], nullptr, 10);
        else
            folder = number ? nullptr : argv[i];
    }
    std::error_code none;
    if (!folder || !std::filesystem::is_directory(folder, none))
        return fprintf(stderr, "Usage: nir_fuzzer [--executions N] [--seed S] FOLDER\n"), 2;
    for (int s : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) signal(s, keep_input);
    std::set<std::string> paths, outcomes; /* in an order that does not depend on the file system */
    for (const auto &entry : std::filesystem::directory_iterator(folder)) paths.insert(entry.path().string());
    std::vector<std::string> corpus;
    for (const auto &path : paths) {
        std::ifstream file(path, std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    std::mt19937 dice(static_cast<uint32_t>(seed));
    for (uint64_t n = 0; n < corpus.size() + executions; n++) {
        current = n < corpus.size() ? corpus[n] : mutate(corpus[dice() % corpus.size()], dice);
        const auto data = std::make_unique<uint8_t[]>(current.size()); /* so that a read behind the end is seen */
        memcpy(data.get(), current.data(), current.size());
        outcomes.insert(timed_run(data.get(), current.size()));
    }
    printf("%zu inputs, %zu outcomes\n", corpus.size() + static_cast<size_t>(executions), outcomes.size());
    return 0;
}

#endif
