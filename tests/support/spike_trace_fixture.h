/* Test help: ticks into files and back. */
#ifndef WEFT_TESTS_SUPPORT_SPIKE_TRACE_FIXTURE_H
#define WEFT_TESTS_SUPPORT_SPIKE_TRACE_FIXTURE_H

#include "sim/spike/spike_trace_internal.h"
#include "tests/support/random_ticks.h"
#include "tests/support/trace_fixture.h"

namespace weft_test {

/* On `cores` cores of a truenorth of 8 rows. */
inline weft_status record(const char *path, const std::vector<tick_copy> &ticks, int cores = 64,
                          weft_error *err = nullptr) {
    weft_spike_trace_header header{};
    header.chip = "truenorth", header.network = "net \"one\"";
    std::memset(header.chip_sha256.hex, 'a', 64);
    header.cores = cores, header.mesh[0] = cores / 8, header.mesh[1] = 8, header.concentration = 1;
    header.cycle_ns = 2, header.tick_ns = 1e6;
    weft_spike_recorder *recorder = nullptr;
    weft_status status = weft_spike_recorder_open(&recorder, path, &header, err);
    for (const tick_copy &t : ticks) {
        const weft_tick tick = t.view();
        if (status == WEFT_OK) status = weft_spike_recorder_add(recorder, &tick, err);
    }
    if (status == WEFT_OK) status = weft_spike_recorder_close(recorder, err);
    weft_spike_recorder_destroy(recorder);
    return status;
}

/* What a file says, up to its first error. */
struct read_back {
    weft_status status;
    weft_error err{};
    weft_spike_trace_header header{}; /* chip and network as copies below; mapping: only whether there is one */
    std::string chip, network;
    std::vector<tick_copy> ticks;

    explicit read_back(const char *path) {
        weft_spike_trace *trace = nullptr;
        status = weft_spike_trace_open(&trace, path, &err);
        read(trace);
    }
    /* Bytes of a file "name". */
    explicit read_back(const std::string &bytes) {
        weft_spike_trace *trace = nullptr;
        auto *data = static_cast<char *>(std::malloc(bytes.size() + 1));
        if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
        status = weft_spike_trace_parse(&trace, "name", data, bytes.size(), &err);
        read(trace);
    }

  private:
    void read(weft_spike_trace *trace) {
        EXPECT_EQ(trace != nullptr, status == WEFT_OK);
        if (!trace) return;
        const weft_tick *tick = nullptr;
        header = *weft_spike_trace_header_of(trace);
        chip = header.chip ? header.chip : "", network = header.network ? header.network : "";
        tick_keeper keeper;
        while ((status = weft_spike_trace_next(&tick, trace, &err)) == WEFT_OK && tick)
            tick_keeper::add(&keeper, tick, nullptr);
        ticks = keeper.ticks;
        weft_spike_trace_destroy(trace);
    }
};

} // namespace weft_test

#endif
