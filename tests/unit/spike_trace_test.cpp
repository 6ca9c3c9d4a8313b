/* Spike traces: what a file keeps in either form, its bytes, and the place of what is wrong. */
#include "sim/spike/spike_trace_internal.h"
#include "tests/support/spike_trace_fixture.h"

namespace {

using namespace weft_test;

const uint32_t host = WEFT_TICK_HOST;

/* Three ticks: work and spikes of every kind, one with nothing, one far behind. */
std::vector<tick_copy> ticks() {
    return {{0,
             {{2, 10, 4, 252}, {3, 0, 0, 256}, {60, 70000, 1, 0}},
             {{2, 0, 2}, {2, 7, 1}, {2, 7, 63}, {60, 0, host}, {host, 0, 2}, {host, 1, 2}, {host, 300, 0}}},
            {1, {}, {}},
            {900, {{0, 1, 1, 0}}, {{0, 0, 63}}}};
}

TEST(SpikeTrace, BothFormsKeepEverything) {
    for (const char *end : {".wst", ".txt"}) {
        const scratch_file file(end);
        ASSERT_EQ(record(file.path(), ticks()), WEFT_OK);
        EXPECT_TRUE(weft_spike_trace_is(file.path()));
        const read_back back(file.path());
        ASSERT_EQ(back.status, WEFT_OK) << back.err.text;
        EXPECT_STREQ(back.chip.c_str(), "truenorth");
        EXPECT_STREQ(back.network.c_str(), "net \"one\"");
        EXPECT_EQ(back.header.mapping, nullptr);
        EXPECT_EQ(back.header.cores, 64);
        EXPECT_EQ(back.header.mesh[0], 8);
        EXPECT_EQ(back.header.concentration, 1);
        EXPECT_EQ(back.header.cycle_ns, 2);
        EXPECT_EQ(back.header.tick_ns, 1e6);
        EXPECT_EQ(std::string(back.header.chip_sha256.hex), std::string(64, 'a'));
        ASSERT_EQ(back.ticks.size(), 3u);
        for (size_t i = 0; i < 3; i++) EXPECT_TRUE(same_tick(back.ticks[i].view(), ticks()[i].view())) << i << end;
    }
}

TEST(SpikeTrace, TextIsForPeople) {
    const scratch_file file(".txt");
    ASSERT_EQ(record(file.path(), ticks()), WEFT_OK);
    const std::string text = file.read();
    EXPECT_EQ(text.substr(0, text.find("tick ")),
              "# weft-spikes 1\nheader {\"chip\":\"truenorth\",\"network\":\"net \\\"one\\\"\",\"mapping\":null,"
              "\"chip_sha256\":\"" +
                  std::string(64, 'a') +
                  "\",\"cores\":64,\"mesh\":[8,8],\"concentration\":1,\"cycle_ns\":2,\"tick_ns\":1000000}\n");
    EXPECT_EQ(text.substr(text.find("tick ")), "tick 0\n"
                                               "core 2 synaptic 10 active 4 inactive 252\n"
                                               "core 3 synaptic 0 active 0 inactive 256\n"
                                               "core 60 synaptic 70000 active 1 inactive 0\n"
                                               "spike 2 order 0 to 2\n"
                                               "spike 2 order 7 to 1,63\n"
                                               "spike 60 order 0 to host\n"
                                               "spike host order 0 to 2\n"
                                               "spike host order 1 to 2\n"
                                               "spike host order 300 to 0\n"
                                               "tick 1\n"
                                               "tick 900\n"
                                               "core 0 synaptic 1 active 1 inactive 0\n"
                                               "spike 0 order 0 to 63\n");
}

/* docs/trace.md, byte by byte. */
TEST(SpikeTrace, ATickInBytes) {
    const tick_copy t = {
        7, {{2, 300, 4, 252}, {3, 0, 0, 256}}, {{2, 7, 1}, {2, 7, 5}, {3, 1, host}, {host, 0, 2}, {host, 2, 2}}};
    const weft_tick tick = t.view();
    std::vector<uint8_t> bytes(weft_tick_encoded_max(&tick));
    bytes.resize(size_t(weft_tick_encode(bytes.data(), &tick, 4) - bytes.data()));
    EXPECT_EQ(bytes, (std::vector<uint8_t>{2,                               /* ticks left out */
                                           2,                               /* cores */
                                           2, 0xac, 2, 4, 0x80, 4, 0, 0, 0, /* .. 300, 4, 256 updates */
                                           0,                               /* the same number of updates */
                                           5,                               /* packets */
                                           3, 1,    7, 2, 0,    7,          /* core 2, 2 packets */
                                           1, 0,    1, 0,                   /* core 3 to the host */
                                           0, 1,    0, 5, 2,    5}));
    weft_tick_buffer buffer{};
    weft_tick back;
    const uint8_t *at = bytes.data();
    bool memory;
    ASSERT_TRUE(weft_tick_decode(&back, &buffer, &at, at + bytes.size(), 4, &memory));
    EXPECT_EQ(at, bytes.data() + bytes.size());
    EXPECT_TRUE(same_tick(back, tick));
    weft_tick_buffer_free(&buffer);
}

TEST(SpikeTrace, APacketTakesAFewBytes) {
    std::mt19937 random(1);
    const auto dice = [&](unsigned end) { return uint32_t(random() % end); };
    tick_copy t;
    for (uint32_t core = 0; core < 4096; core++) {
        t.cores.push_back({core, 600 + dice(80), 200, 56});
        for (uint32_t k = 0; k < 5; k++) t.packets.push_back({core, 50 * k + dice(50), dice(4096)});
    }
    const scratch_file file(".wst");
    ASSERT_EQ(record(file.path(), {t}, 4096), WEFT_OK);
    EXPECT_LT(file.read().size(), 4 * t.packets.size());
    EXPECT_GT(file.read().size(), 2 * t.packets.size()); /* 20 bits of chance each */
}

TEST(SpikeTrace, RecorderRefusesWhatIsNoTrace) {
    const scratch_file file(".wst");
    const auto text = [&](const std::vector<tick_copy> &list) {
        weft_error err{};
        EXPECT_EQ(record(file.path(), list, 64, &err), WEFT_E_INVALID);
        EXPECT_TRUE(file.read().empty()); /* no file of half a trace */
        return std::string(err.text);
    };
    EXPECT_EQ(text({{3, {}, {}}, {3, {}, {}}}), "tick 3 comes after tick 3");
    EXPECT_EQ(text({{3, {{64, 0, 0, 1}}, {}}}), "tick 3: core 64 is none of the trace's 64");
    EXPECT_EQ(text({{3, {{0, 0, 1, 0}}, {{0, 0, 64}}}}), "tick 3: core 64 is none of the trace's 64");
    EXPECT_EQ(text({{3, {{0, 0, 1, 0}}, {{0, 1, 0}}}}),
              "tick 3: a packet from core 0 with 1 neurons before it; 1 are updated");
}

/* ---- text that is none ---- */

const char head[] = "# weft-spikes 1\nheader {\"cores\":4,\"mesh\":[2,2],\"concentration\":1}\n";

std::string error_of(const std::string &lines) {
    const scratch_file file(".txt");
    file.write(head + lines);
    const read_back back(file.path());
    EXPECT_EQ(back.status, WEFT_E_PARSE) << lines;
    EXPECT_STREQ(back.err.file, file.path());
    return std::to_string(back.err.line) + ":" + std::to_string(back.err.column) + ": " + back.err.text;
}

TEST(SpikeTrace, TextErrorsHaveAPlace) {
    EXPECT_EQ(error_of("core 0\n"), "3:1: a line 'tick NUMBER' is expected here");
    EXPECT_EQ(error_of("tick 0 0\n").substr(0, 5), "3:8: ");
    EXPECT_EQ(error_of("tick -1\n").substr(0, 5), "3:6: ");
    EXPECT_EQ(error_of("tick 5\ntick 4\n"), "4:1: tick 4 comes after tick 5");
    EXPECT_EQ(error_of("tick 0\nneuron 3\n"),
              "4:1: 'tick', 'core' (ahead of the tick's spikes) or 'spike' is expected");
    EXPECT_EQ(error_of("tick 0\ncore 0 active 1\n"), "4:8: 'synaptic' and a number are expected here");
    EXPECT_EQ(error_of("tick 0\ncore 0 synaptic 1 active 1 inactive 4294967296\n").substr(0, 6), "4:37: ");
    EXPECT_EQ(error_of("tick 0\ncore 5 synaptic 1 active 1 inactive 0\n"),
              "3:1: tick 0: core 5 is none of the trace's 4");
    EXPECT_EQ(error_of("tick 0\nspike host order 0 to 1\ncore 0 synaptic 1 active 1 inactive 0\n").substr(0, 5),
              "5:1: ");
    EXPECT_EQ(error_of("tick 0\nspike host order 0 to\n").substr(0, 5), "4:22:");
    EXPECT_EQ(error_of("tick 0\nspike host order 0 to 1;2\n"), "4:23: ';' inside a list of cores");
    EXPECT_EQ(error_of("tick 0\nspike host,1 order 0 to 1\n"), "4:7: a spike has one core, or 'host'");
    EXPECT_EQ(error_of("tick 0\nspike host order 0 to 3,2\n"),
              "3:1: tick 0: packet 1 is not in the order of source, order, target");
}

TEST(SpikeTrace, HeadersAndVersionsAreChecked) {
    const auto text = [](const std::string &bytes, weft_status expected = WEFT_E_PARSE) {
        const scratch_file file(".txt");
        file.write(bytes);
        const read_back back(file.path());
        EXPECT_EQ(back.status, expected) << bytes;
        return std::string(back.err.text);
    };
    EXPECT_EQ(text("# weft-spikes 2\n", WEFT_E_UNSUPPORTED), "a spike trace of version 2; this weft reads version 1");
    EXPECT_EQ(text("# weft-trace 2\n"), "offset 0: no spike trace");
    EXPECT_EQ(text(""), "offset 0: no spike trace");
    EXPECT_EQ(text("weft-spikes 1x"), "offset 0: no trace: \"weft-spikes 1\" and a new line are expected");
    EXPECT_EQ(text("# weft-spikes 1\ntick 0\n"), "a trace begins with a line 'header {...}'");
    EXPECT_EQ(text("# weft-spikes 1\nheader {\"cores\":0}\n"), "the header 'cores' is not from 1 to 16777216");
    EXPECT_EQ(text("# weft-spikes 1\nheader {\"mesh\":[1,1]}\n"), "the header 'cores' is no whole number");
    EXPECT_EQ(text("# weft-spikes 1\nheader [1]\n"), "the header is no JSON object");
    EXPECT_EQ(text("# weft-spikes 1\nheader {\"cores\n"), "the header is no JSON");
    EXPECT_FALSE(weft_spike_trace_is("/nowhere"));
    const scratch_file other(".txt");
    other.write("# weft-trace 2\n");
    EXPECT_FALSE(weft_spike_trace_is(other.path()));
}

TEST(SpikeTrace, CommentsAndBlankLinesMeanNothing) {
    const scratch_file file(".txt");
    file.write(std::string(head) + "\n# by hand\ntick 3 # first\n\n  spike host order 0 to 1\n");
    const read_back back(file.path());
    ASSERT_EQ(back.status, WEFT_OK) << back.err.text;
    ASSERT_EQ(back.ticks.size(), 1u);
    EXPECT_TRUE(same_tick(back.ticks[0].view(), tick_copy{3, {}, {{host, 0, 1}}}.view()));
}

} // namespace
