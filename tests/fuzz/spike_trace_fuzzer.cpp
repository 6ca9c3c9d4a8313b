// Fuzzer of the readers of spike traces, whole files and bare ticks (which no checksum shields), and of what a tick
// that they accept goes through: writing and reading again, timing on a small chip.
//
// With clang's libFuzzer (preset `fuzz`): spike_trace_fuzzer -rss_limit_mb=1024 NEW_FOLDER tests/fuzz/spikes
// Else: spike_trace_fuzzer [--executions N] [--seed S] FOLDER; the same input in the same order for a seed.
#include "sim/spike/spike_trace_internal.h"
#include "sim/spike/timing.h"
#include "tests/fuzz/driver.h"

namespace {

using fuzz::found;

bool same(const weft_tick &a, const weft_tick &b) {
    return a.tick == b.tick && a.core_count == b.core_count && a.packet_count == b.packet_count &&
           (!a.core_count || !memcmp(a.cores, b.cores, size_t(a.core_count) * sizeof *a.cores)) &&
           (!a.packet_count || !memcmp(a.packets, b.packets, size_t(a.packet_count) * sizeof *a.packets));
}

void write_and_read(const weft_tick &tick) {
    std::vector<uint8_t> bytes(weft_tick_encoded_max(&tick));
    const uint8_t *end = weft_tick_encode(bytes.data(), &tick, UINT64_MAX), *at = bytes.data();
    weft_tick_buffer buffer{};
    weft_tick back;
    bool memory;
    if (end > bytes.data() + bytes.size()) found("a tick is longer than it can be");
    if (!weft_tick_decode(&back, &buffer, &at, end, UINT64_MAX, &memory)) found("what is written is no tick");
    if (at != end || !same(tick, back)) found("a tick reads back as another one");
    weft_tick_buffer_free(&buffer);
}

const weft_chip *chip() {
    static weft_chip *chip = nullptr;
    const char *const set[] = {"noc.mesh=[2,2]"};
    if (!chip && weft_chip_load(&chip, "loihi1", set, 1, nullptr) != WEFT_OK) found("no chip");
    return chip;
}

// *err: what is wrong with it on that chip.
void time_tick(const weft_tick &tick, weft_error *err) {
    const weft_spike_timing_options options = {1, nullptr};
    weft_spike_timing *timing = nullptr;
    if (weft_spike_timing_create(&timing, chip(), &options, err) != WEFT_OK) found("no timing");
    weft_status status = weft_spike_timing_add(timing, &tick, err);
    if (status == WEFT_OK) status = weft_spike_timing_finish(timing, err);
    if (status != WEFT_OK && status != WEFT_E_INVALID) found("a tick cannot be timed");
    const weft_spike_timing_result result = weft_spike_timing_result_of(timing);
    if (status == WEFT_OK && result.times[0].packets != uint64_t(tick.packet_count)) found("a packet is lost");
    weft_spike_timing_destroy(timing);
}

// The bytes as one tick.
void read_bare(const uint8_t *data, size_t size) {
    weft_tick_buffer buffer{};
    weft_tick tick;
    bool memory;
    const uint8_t *at = data;
    if (weft_tick_decode(&tick, &buffer, &at, data + size, UINT64_MAX, &memory)) {
        if (at > data + size) found("a tick ends behind its bytes");
        if (weft_tick_check(&tick, nullptr) == WEFT_OK) write_and_read(tick);
    }
    weft_tick_buffer_free(&buffer);
}

} // namespace

const char *const fuzz::name = "spike_trace_fuzzer", *const fuzz::finding = "spike_trace_fuzzer-finding";

std::string fuzz::run(const uint8_t *data, size_t size) {
    weft_spike_trace *trace = nullptr;
    const weft_tick *tick = nullptr;
    weft_error err = {}, timed = {};
    auto *copy = static_cast<char *>(malloc(size + 1));
    memcpy(copy, data, size);
    read_bare(data, size);
    weft_status status = weft_spike_trace_parse(&trace, "fuzz", copy, size, &err);
    if ((status == WEFT_OK) != (trace != nullptr)) found("status and trace disagree");
    while (trace && (status = weft_spike_trace_next(&tick, trace, &err)) == WEFT_OK && tick) {
        write_and_read(*tick);
        time_tick(*tick, &timed);
    }
    if (status != WEFT_OK && (!err.text[0] || !err.file[0])) found("a failure without text or place");
    weft_spike_trace_destroy(trace);
    return without_numbers(err.text) + without_numbers(timed.text);
}

// Words and numbers change places, bytes change.
std::string fuzz::mutate(std::string data, std::mt19937 &dice) {
    static const char *const words[] = {"tick", "core",     "spike", "host", "order",
                                        "to",   "synaptic", "0",     "1",    "4294967295"};
    for (int changes = 1 + static_cast<int>(dice() % 3); changes > 0; changes--) {
        const size_t at = dice() % data.size(), from = dice() % data.size();
        if (dice() % 2)
            data.replace(at, dice() % 6, words[dice() % 10]);
        else if (dice() % 2)
            data.replace(at, dice() % 20, data.substr(from, dice() % 20));
        else
            data[at] = static_cast<char>(dice());
        if (data.empty()) data = " ";
    }
    return data;
}
