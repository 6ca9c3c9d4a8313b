// What fuzzers have in common: with clang's libFuzzer (WEFT_LIBFUZZER) its entry, else a main that runs a corpus and
// mutations of it, the same in the same order for a seed. A finding is a crash, a sanitizer's report, or 5 s of
// processor time; the input is kept. To be included once, behind nothing; the fuzzer defines what is declared here.
#ifndef WEFT_TESTS_FUZZ_DRIVER_H
#define WEFT_TESTS_FUZZ_DRIVER_H

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace fuzz {

extern const char *const name;    // "nir_fuzzer"
extern const char *const finding; // file of an input that is one
// What came of an input, without numbers.
std::string run(const uint8_t *data, size_t size);
// Changes an input; not empty.
std::string mutate(std::string data, std::mt19937 &dice);

[[noreturn]] inline void found(const char *what) {
    fprintf(stderr, "%s: %s\n", name, what);
    abort();
}

inline std::string without_numbers(const char *text) {
    std::string out;
    for (const char *c = text; *c; c++)
        if (!strchr("0123456789-+.", *c)) out += *c;
    return out;
}

// Processor time, so that a busy machine is no finding.
inline std::string timed_run(const uint8_t *data, size_t size) {
    const itimerval time = {{0, 0}, {5, 0}}, none = {};
    signal(SIGPROF, [](int) { found("5 s of processor time: a hang"); });
    setitimer(ITIMER_PROF, &time, nullptr);
    const std::string outcome = run(data, size);
    setitimer(ITIMER_PROF, &none, nullptr);
    return outcome;
}

inline std::string current;
// Async-signal-safe: keeps the input that crashes, hangs, or fails a check.
inline void keep_input(int signal_number) {
    FILE *file = fopen(finding, "wb");
    if (file) fwrite(current.data(), 1, current.size(), file), fclose(file);
    fprintf(stderr, "%s: signal %d; the input is %s\n", name, signal_number, finding);
    _exit(1);
}

inline int usage() { return fprintf(stderr, "Usage: %s [--executions N] [--seed S] FOLDER\n", name), 2; }

// In an order that does not depend on the file system.
inline std::vector<std::string> read_corpus(const char *folder) {
    std::set<std::string> paths;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) paths.insert(entry.path().string());
    std::vector<std::string> corpus;
    for (const auto &path : paths) {
        std::ifstream file(path, std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return corpus;
}

inline int run_corpus(const std::vector<std::string> &corpus, uint64_t executions, uint64_t seed) {
    std::set<std::string> outcomes;
    std::mt19937 dice(static_cast<uint32_t>(seed));
    for (uint64_t n = 0; n < corpus.size() + executions; n++) {
        current = n < corpus.size() ? corpus[n] : mutate(corpus[dice() % corpus.size()], dice);
        const auto data = std::make_unique<uint8_t[]>(current.size()); // so that a read behind the end is seen
        memcpy(data.get(), current.data(), current.size());
        outcomes.insert(timed_run(data.get(), current.size()));
    }
    printf("%zu inputs, %zu outcomes\n", corpus.size() + static_cast<size_t>(executions), outcomes.size());
    return 0;
}

} // namespace fuzz

#ifdef WEFT_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size) fuzz::timed_run(data, size);
    return 0;
}

#else

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
    if (!folder || !std::filesystem::is_directory(folder, none)) return fuzz::usage();
    for (int s : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) signal(s, fuzz::keep_input);
    return fuzz::run_corpus(fuzz::read_corpus(folder), executions, seed);
}

#endif
#endif
