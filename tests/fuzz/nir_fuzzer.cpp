// Fuzzer of the NIR reader and of what a graph that it accepts goes through: flattening, shapes, the spiking network,
// a few steps of it, writing and reading again. A finding is a crash, a sanitizer's report, or 5 s of processor time.
//
// With clang's libFuzzer (preset `fuzz`): nir_fuzzer -rss_limit_mb=1024 NEW_FOLDER tests/fuzz/nir
// Else: nir_fuzzer [--executions N] [--seed S] FOLDER; the same input in the same order for a seed.
#include "sim/spike/float_network.h"
#include "tests/fuzz/driver.h"

namespace {

using fuzz::found;

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

} // namespace

const char *const fuzz::name = "nir_fuzzer", *const fuzz::finding = "nir_fuzzer-finding.nir";

/* The message without numbers, or "" for a graph that became a network. */
std::string fuzz::run(const uint8_t *data, size_t size) {
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
    return without_numbers(err.text);
}

/* Names of types and values change, and any bytes. */
std::string fuzz::mutate(std::string data, std::mt19937 &dice) {
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
