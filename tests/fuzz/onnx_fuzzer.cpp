// Fuzzer of the ONNX reader and of what a network that it accepts goes through: invariants, writing and reading again,
// lowering, mapping onto a small chip, traffic. Anything but a status is a finding: a crash, a sanitizer's report, a
// leak, 5 s of processor time, or memory over the limit.
//
// With clang's libFuzzer (preset `fuzz`): onnx_fuzzer -rss_limit_mb=1024 NEW_FOLDER tests/fuzz/onnx
// Else: onnx_fuzzer [--seconds N] [--executions N] [--seed S] FOLDER; the same input in the same order for a seed.
#include "tests/fuzz/onnx_mutate.h"
#include "tests/network_invariants.h"
#include "tests/support/mapping_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
extern "C" {
#include "core/onnx_internal.h"
#ifdef WITH_ASAN /* sanitizer/allocator_interface.h, which Debian's gcc does not ship */
int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void *, size_t),
                                              void (*freed)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *block);
#endif
}

namespace {

/* core/onnx.h: bytes that reading takes for each of the file, each of its fields, each of its messages, and more. */
constexpr uint64_t FILE_BYTES = 9, FIELD_BYTES = 100, MESSAGE_BYTES = 600, SPARE_BYTES = 32 << 20;
/* Networks beyond these are not written, not mapped: both work on them, but few a second. */
constexpr uint64_t WRITE_VALUES = 1 << 14, MAP_VALUES = 1 << 12, MAP_CELLS = 1 << 13;
constexpr int MAP_LAYERS = 40;

[[noreturn]] void found(const char *what) {
    fprintf(stderr, "onnx_fuzzer: %s\n", what);
    abort();
}

/* ---- memory, where the sanitizer's allocator tells of it ---- */

std::atomic<int64_t> live_bytes{0}, most_bytes{0};
#ifdef WITH_ASAN
void allocated(const volatile void *, size_t size) {
    const int64_t now = live_bytes += static_cast<int64_t>(size);
    if (now > most_bytes) most_bytes = now;
}
void freed(const volatile void *block) {
    if (block) live_bytes -= static_cast<int64_t>(__sanitizer_get_allocated_size(block));
}
const int hooks = __sanitizer_install_malloc_and_free_hooks(allocated, freed);
#endif

uint64_t memory_limit(const uint8_t *data, size_t size) {
    onnx_mutate::field model;
    uint64_t fields = 0, messages = 0;
    model.schema = &onnx__model_proto__descriptor;
    if (unpack(&model, std::string(reinterpret_cast<const char *>(data), size)))
        count(model, &fields, &messages);
    else
        fields = messages = size / 2;
    return SPARE_BYTES + FILE_BYTES * size + FIELD_BYTES * fields + MESSAGE_BYTES * messages;
}

weft_test::network_ptr parse(const uint8_t *data, size_t size, weft_error *err) {
    weft_network *net = nullptr;
    const uint64_t limit = memory_limit(data, size);
    const int64_t before = live_bytes;
    most_bytes = before;
    const weft_status status = weft_onnx_parse(&net, data, size, "fuzz", err);
    if (static_cast<uint64_t>(most_bytes - before) > limit) found("reading takes more memory than core/onnx.h says");
    if ((status == WEFT_OK) != (net != nullptr)) found("status and network disagree");
    if (status == WEFT_E_INTERNAL || (status && !err->text[0])) found("a failure without a text");
    return {net, weft_network_destroy};
}

/* ---- what becomes of a network ---- */

uint64_t macs(const weft_network *net) {
    uint64_t sum = 0;
    for (int i = 0; i < net->layer_count; i++) sum += weft_layer_macs(&net->layers[i]);
    return sum;
}

/* What is written can be read, and gives the same file when it is written again. */
void write_and_read(const weft_network *net) {
    uint64_t values = 0;
    for (int i = 0; i < net->layer_count; i++)
        values += net->layers[i].weight_count + static_cast<uint64_t>(net->layers[i].out.channels);
    uint8_t *bytes = nullptr, *again = nullptr;
    size_t size = 0, size_again = 0;
    weft_error err = {};
    if (values > WRITE_VALUES || weft_onnx_pack(&bytes, &size, net, &err) != WEFT_OK) return;
    const auto copy = parse(bytes, size, &err);
    if (!copy) fprintf(stderr, "%s\n", err.text), found("what is written cannot be read");
    if (macs(copy.get()) != macs(net)) found("what is written reads back as another network");
    if (weft_onnx_pack(&again, &size_again, copy.get(), &err) != WEFT_OK) found("what is read cannot be written again");
    const auto third = parse(again, size_again, &err);
    if (!third || third->layer_count != copy->layer_count || macs(third.get()) != macs(net))
        found("what is written twice reads back as another network");
    free(bytes);
    free(again);
}

bool is_small(const weft_network *net, const weft_stages *stages) {
    uint64_t values = weft_shape_size(net->input), cells = 0;
    for (int i = 0; i < net->layer_count; i++) values += weft_shape_size(net->layers[i].out);
    for (int s = 0; s < stages->count; s++)
        cells += static_cast<uint64_t>(stages->items[s].rows) * static_cast<uint64_t>(stages->items[s].columns);
    return net->layer_count <= MAP_LAYERS && values <= MAP_VALUES && cells <= MAP_CELLS;
}

void map_and_check(const weft_stages *stages, uint64_t seed) {
    weft_test::dice d(seed);
    weft_chip chip = weft_test::random_chip(d);
    weft_map_options options = weft_map_defaults();
    weft_map_report report = {};
    weft_error err = {};
    chip.core.buffer_bytes *= d.between(1, 64);
    if (d.between(0, 15)) options.placer = "row_major"; /* the other takes a second */
    options.parts_max = d.flip();
    const auto mapping = weft_test::map(stages, &chip, &err, &report, &options);
    if (!mapping && err.status != WEFT_E_NO_FIT && err.status != WEFT_E_UNSUPPORTED && err.status != WEFT_E_INVALID)
        fprintf(stderr, "%s\n", err.text), found("mapping fails with another status");
    if (mapping && weft_mapping_check(mapping.get(), stages, &chip, &err) != WEFT_OK)
        fprintf(stderr, "%s\n", err.text), found("the mapper's mapping fails the check");
    if (mapping) weft_test::make_traffic(mapping.get(), stages, &chip);
    weft_map_report_destroy(&report);
}

/* What the input came to: the message without its names and numbers, or the kinds of the layers. */
std::string run(const uint8_t *data, size_t size) {
    weft_error err = {};
    std::string outcome;
    const auto net = parse(data, size, &err);
    if (!net) {
        for (const char *c = err.text; *c; c++)
            if (!strchr("0123456789-+.", *c)) outcome += *c;
        const size_t open = outcome.find('"'), close = open == outcome.npos ? open : outcome.find('"', open + 1);
        return close == outcome.npos ? outcome : outcome.erase(open, close - open);
    }
    expect_valid_network(net.get());
    write_and_read(net.get());
    for (int i = 0; i < net->layer_count; i++) outcome += static_cast<char>('A' + net->layers[i].kind);
    weft_stages *lowered = nullptr;
    weft_lower_shapes(&lowered, net.get(), &err);
    const weft_test::stages_ptr stages(lowered, weft_stages_destroy);
    if (stages && is_small(net.get(), stages.get())) map_and_check(stages.get(), data[size / 2] + 256 * (size % 64));
    return outcome + (stages ? "" : "!");
}

/* Processor time, so that a busy machine is no finding. */
void clock_set(int seconds) {
    const itimerval time = {{0, 0}, {seconds, 0}};
    signal(SIGPROF, [](int) { found("5 s of processor time: a hang"); });
    setitimer(ITIMER_PROF, &time, nullptr);
}

double worst_seconds = 0.05;
/* One input under the clock; the slowest so far is told. */
std::string timed_run(const uint8_t *data, size_t size) {
    testing::GTEST_FLAG(break_on_failure) = true;
    const std::clock_t start = std::clock();
    clock_set(5);
    const std::string outcome = run(data, size);
    clock_set(0);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (seconds > worst_seconds) {
        worst_seconds = seconds;
        fprintf(stderr, "onnx_fuzzer: slowest so far %.3f s, %zu bytes: %s\n", seconds, size, outcome.c_str());
    }
    return outcome;
}

} // namespace

#ifdef WEFT_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size) timed_run(data, size);
    return 0;
}

namespace {
size_t put(const std::string &from, uint8_t *out, size_t max) {
    const size_t size = std::min(from.size(), max);
    memcpy(out, from.data(), size);
    return size;
}
std::string text(const uint8_t *data, size_t size) { return {reinterpret_cast<const char *>(data), size}; }
} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    return put(onnx_mutate::mutator(seed, "").mutate(text(data, size), max), data, max);
}
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                            uint8_t *out, size_t max, unsigned seed) {
    return put(onnx_mutate::mutator(seed, text(b, b_size)).mutate(text(a, a_size), max), out, max);
}

#else

namespace {

std::string current;
/* Async-signal-safe: keeps the input that crashes, hangs, or fails a check. */
void keep_input(int signal_number) {
    FILE *file = fopen("onnx_fuzzer-finding.onnx", "wb");
    if (file) fwrite(current.data(), 1, current.size(), file), fclose(file);
    fprintf(stderr, "onnx_fuzzer: signal %d; the input is onnx_fuzzer-finding.onnx\n", signal_number);
    _exit(1);
}

void limit_memory() {
#ifndef WITH_ASAN
    const rlimit limit = {rlim_t{1} << 30, rlim_t{1} << 30};
    setrlimit(RLIMIT_AS, &limit);
#endif
}

std::vector<std::string> corpus_read(const char *folder) {
    std::set<std::string> paths; /* in an order that does not depend on the file system */
    for (const auto &entry : std::filesystem::directory_iterator(folder)) paths.insert(entry.path().string());
    std::vector<std::string> out;
    for (const auto &path : paths) {
        std::ifstream file(path, std::ios::binary);
        out.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return out;
}

} // namespace

/* Without coverage: an input whose outcome is new joins the corpus. */
int main(int argc, char **argv) {
    uint64_t seconds = 0, executions = 0, seed = 1, n = 0;
    const char *folder = nullptr;
    for (int i = 1; i < argc; i++) {
        const std::string key = argv[i];
        uint64_t *number = key == "--seconds"      ? &seconds
                           : key == "--executions" ? &executions
                           : key == "--seed"       ? &seed
                                                   : nullptr;
        if (number && i + 1 < argc)
            *number = strtoull(argv[++i], nullptr, 10);
        else
            folder = number ? nullptr : argv[i];
    }
    std::error_code none;
    if (!folder || !std::filesystem::is_directory(folder, none))
        return fprintf(stderr, "Usage: onnx_fuzzer [--seconds N] [--executions N] [--seed S] FOLDER\n"), 2;
    if (!seconds && !executions) seconds = 60;
    for (int s : {SIGABRT, SIGSEGV, SIGFPE, SIGTRAP}) signal(s, keep_input);
    limit_memory();
    std::vector<std::string> corpus = corpus_read(folder);
    const size_t given = corpus.size();
    std::set<std::string> outcomes;
    weft_test::dice d(seed);
    const auto start = std::chrono::steady_clock::now();
    for (; (!executions || n < executions + given) &&
           (!seconds || std::chrono::steady_clock::now() - start < std::chrono::seconds(seconds));
         n++) {
        const auto any = [&] { return corpus[static_cast<size_t>(d.between(0, static_cast<int>(corpus.size()) - 1))]; };
        current = n < given ? corpus[n] : onnx_mutate::mutator(seed << 32 | n, any()).mutate(any(), 1 << 16);
        if (current.empty()) continue;
        const auto data = std::make_unique<uint8_t[]>(current.size()); /* so that a read behind the end is seen */
        memcpy(data.get(), current.data(), current.size());
        if (outcomes.insert(timed_run(data.get(), current.size())).second && n >= given) corpus.push_back(current);
    }
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    printf("%" PRIu64 " inputs, %zu outcomes, %zu kept; %ld MiB at most\n", n, outcomes.size(), corpus.size() - given,
           usage.ru_maxrss / 1024);
    return 0;
}

#endif
