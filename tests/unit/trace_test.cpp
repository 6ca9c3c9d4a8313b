// Traces: what may stand in them, what their forms look like, what their errors say.
#include <gmock/gmock.h>

#include "tests/support/trace_fixture.h"

namespace {

using namespace weft_test;
using testing::HasSubstr;

const weft_trace_server servers[] = {{WEFT_SERVER_IO, 2, -1, -1, -1, 1}, {WEFT_SERVER_ARRAYS, 0, 0, 0, 0, 3}};
const char *const stages[] = {"conv1"};

weft_trace_header small_header() {
    weft_trace_header h{};
    h.chip = "tiny";
    h.terminals = 3, h.host = 2;
    h.mesh[0] = 2, h.mesh[1] = 1, h.concentration = 1;
    h.servers = servers, h.server_count = 2;
    h.stages = stages, h.stage_count = 1;
    h.images = 1;
    h.cycle_ns = 0.5;
    return h;
}

trace_ptr small_trace() {
    const weft_trace_header header = small_header();
    weft_trace *trace = nullptr;
    EXPECT_EQ(weft_trace_create(&trace, &header, nullptr), WEFT_OK);
    return trace_ptr(trace);
}

weft_trace_operation link_operation() {
    weft_trace_operation o{};
    o.server = 0, o.amount = 16, o.stage = -1, o.image = 0, o.start = 0, o.finish = 1;
    return o;
}

weft_trace_packet pixel(const uint64_t *after, const int *targets, int count) {
    weft_trace_packet p{};
    p.source = 2, p.targets = targets, p.target_count = count, p.kind = WEFT_PACKET_INPUT, p.values = 3;
    p.stage = -1, p.image = 0, p.after = after, p.after_count = 1, p.start = 0, p.finish = WEFT_TRACE_NONE;
    return p;
}

void fill(weft_trace *trace) {
    const int both[] = {0, 1};
    const uint64_t when = weft_trace_when(0, WEFT_TRACE_START), arrived = weft_trace_when(1, WEFT_TRACE_FINISH);
    weft_trace_operation o = link_operation();
    const weft_trace_packet p = pixel(&when, both, 2);
    uint64_t number = 9;
    ASSERT_EQ(weft_trace_add_operation(trace, &o, &number, nullptr), WEFT_OK);
    EXPECT_EQ(number, 0U);
    ASSERT_EQ(weft_trace_add_packet(trace, &p, &number, nullptr), WEFT_OK);
    EXPECT_EQ(number, 1U);
    o.server = 1, o.amount = 1, o.stage = 0, o.earliest = 5, o.start = 8, o.finish = 20;
    o.after = &arrived, o.after_count = 1;
    ASSERT_EQ(weft_trace_add_operation(trace, &o, nullptr, nullptr), WEFT_OK);
    weft_trace_set_finish(trace, 1, 8);
}

const char small_text[] =
    "# weft-trace 2\n"
    "header {\"chip\":\"tiny\",\"network\":null,\"mapping\":null,\"chip_sha256\":null,\"terminals\":3,\"host\":2,"
    "\"mesh\":[2,1],\"concentration\":1,\"images\":1,\"cycle_ns\":0.5,\"stages\":[\"conv1\"],\"servers\":[[\"io\",2,-1,"
    "-1,-1,1],"
    "[\"arrays\",0,0,0,0,3]]}\n"
    "0 operation server 0 amount 16 image 0 start 0 finish 1\n"
    "1 packet from 2 to 0,1 input 3 image 0 after 0s start 0 finish 8\n"
    "2 operation server 1 amount 1 stage 0 image 0 earliest 5 after 1 start 8 finish 20\n";

TEST(Trace, TextIsWords) {
    const trace_ptr trace = small_trace();
    fill(trace.get());
    const scratch_file file(".txt");
    ASSERT_EQ(weft_trace_write(trace.get(), file.path(), nullptr), WEFT_OK);
    EXPECT_EQ(file.read(), small_text);
}

TEST(Trace, BytesAreFew) {
    const trace_ptr trace = small_trace();
    fill(trace.get());
    const scratch_file file(".wtr");
    ASSERT_EQ(weft_trace_write(trace.get(), file.path(), nullptr), WEFT_OK);
    const std::string bytes = file.read();
    EXPECT_EQ(bytes.substr(0, 13), "weft-trace 2\n");
    const size_t header = bytes.find('\n', 13) + 1;
    /* Checksum, one block of 3 records in 14 + 14 + 14 bytes or fewer, the last block. */
    EXPECT_LE(bytes.size() - header, 4U + 16 + 42 + 11 + 16);
}

/* A packet that reaches three terminals at different times. */
TEST(Trace, JoinedPacketsHaveMomentsOfTheirOwn) {
    const char lines[] = "0 packet from 1 to 0 activation 6 stage 0 image 0 earliest 4 start 5 finish 12\n"
                         "1 packet from 1 to 1 activation 6 stage 0 image 0 joined start 5 finish 9\n"
                         "2 packet from 1 to 2 activation 6 stage 0 image 0 joined start 5 finish 15\n"
                         "3 operation server 1 amount 1 stage 0 image 0 after 1 start 9 finish 20\n";
    std::string head = small_text;
    head = "# weft-trace 3" + head.substr(14, head.find("0 operation") - 14);
    const scratch_file text(".txt"), binary(".wtr");
    text.write(head + lines);
    weft_trace *raw = nullptr;
    weft_error err{};
    ASSERT_EQ(weft_trace_read(&raw, text.path(), &err), WEFT_OK) << err.text;
    const trace_ptr trace(raw);
    ASSERT_EQ(weft_trace_write(trace.get(), text.path(), nullptr), WEFT_OK);
    EXPECT_EQ(text.read(), head + lines);
    ASSERT_EQ(weft_trace_write(trace.get(), binary.path(), nullptr), WEFT_OK);
    EXPECT_EQ(binary.read().substr(0, 13), "weft-trace 3\n");
    ASSERT_EQ(weft_trace_read(&raw, binary.path(), &err), WEFT_OK) << err.text;
    const trace_ptr back(raw);
    expect_same(trace.get(), back.get());
}

TEST(Trace, RefusesToJoinWhatDiffers) {
    const char first[] = "0 packet from 1 to 0 activation 6 stage 0 image 0\n";
    std::string head = small_text;
    head = "# weft-trace 3" + head.substr(14, head.find("0 operation") - 14);
    const auto refusal = [&head](const std::string &lines) {
        const scratch_file file(".txt");
        file.write(head + lines);
        weft_trace *raw = nullptr;
        weft_error err{};
        EXPECT_EQ(weft_trace_read(&raw, file.path(), &err), WEFT_E_PARSE);
        return std::string(err.text);
    };
    for (const char *second :
         {"1 packet from 2 to 1 activation 6 stage 0 image 0 joined\n", /* another source, */
          "1 packet from 1 to 1 activation 5 stage 0 image 0 joined\n", /* load, */
          "1 packet from 1 to 1 input 6 stage 0 image 0 joined\n", "1 packet from 1 to 1 activation 6 image 0 joined\n",
          "1 packet from 1 to 1 activation 6 stage 0 joined\n",
          "1 packet from 1 to 0 activation 6 stage 0 image 0 joined\n", /* the same terminal, several */
          "1 packet from 1 to 1,2 activation 6 stage 0 image 0 joined\n"})
        EXPECT_THAT(
            refusal(std::string(first) + second),
            HasSubstr("packet 1 is joined to a record that is no packet like it to a terminal ahead of its own"))
            << second;
    EXPECT_THAT(refusal("0 packet from 1 to 0 activation 6 stage 0 image 0 joined\n"), HasSubstr("packet 0 is joined"));
    EXPECT_THAT(refusal("0 operation server 0 amount 1\n1 packet from 1 to 0 activation 6 joined\n"),
                HasSubstr("packet 1 is joined"));
    for (const char *wait : {"after 0", "earliest 3"})
        EXPECT_THAT(
            refusal(first + std::string("1 packet from 1 to 1 activation 6 stage 0 image 0 joined ") + wait + "\n"),
            HasSubstr("packet 1 is joined to the one before and waits for something"));
}

weft_status add(const weft_trace_operation &o, weft_error &err) {
    const trace_ptr trace = small_trace();
    fill(trace.get());
    err = {};
    const weft_status status = weft_trace_add_operation(trace.get(), &o, nullptr, &err);
    EXPECT_EQ(weft_trace_count(trace.get()), status == WEFT_OK ? 4U : 3U);
    return status;
}

TEST(Trace, RefusesOperationsThatCannotBe) {
    weft_error err{};
    weft_trace_operation o = link_operation();
    o.server = 2;
    EXPECT_EQ(add(o, err), WEFT_E_INVALID);
    EXPECT_THAT(err.text, HasSubstr("operation 3 is of server 2, there are 2"));
    o = link_operation();
    o.stage = 1;
    EXPECT_EQ(add(o, err), WEFT_E_INVALID);
    EXPECT_THAT(err.text, HasSubstr("stage 1"));
    o = link_operation();
    o.image = 1;
    EXPECT_EQ(add(o, err), WEFT_E_INVALID);
    EXPECT_THAT(err.text, HasSubstr("image 1"));
    o = link_operation();
    o.amount = (uint64_t(1) << 40) + 1;
    EXPECT_EQ(add(o, err), WEFT_E_INVALID);
    o = link_operation();
    o.earliest = (uint64_t(1) << 48) + 1;
    EXPECT_EQ(add(o, err), WEFT_E_INVALID);
    o = link_operation();
    o.start = 5, o.finish = 4;
    EXPECT_EQ(add(o, err), WEFT_E_INVALID);
    EXPECT_THAT(err.text, HasSubstr("record 3 finishes in cycle 4 and starts in cycle 5"));
    const uint64_t itself = weft_trace_when(3, WEFT_TRACE_FINISH), packet = weft_trace_when(1, WEFT_TRACE_START);
    o = link_operation();
    o.after = &itself, o.after_count = 1;
    EXPECT_EQ(add(o, err), WEFT_E_INVALID);
    EXPECT_THAT(err.text, HasSubstr("record 3 waits for record 3, which does not come before it"));
    o.after = &packet;
    EXPECT_EQ(add(o, err), WEFT_E_INVALID);
    EXPECT_THAT(err.text, HasSubstr("start of packet 1"));
    EXPECT_EQ(add(link_operation(), err), WEFT_OK);
}

TEST(Trace, RefusesPacketsThatCannotBe) {
    const trace_ptr trace = small_trace();
    fill(trace.get());
    const uint64_t when = weft_trace_when(0, WEFT_TRACE_FINISH);
    const auto expect = [&](const weft_trace_packet &p, const char *text) {
        weft_error err{};
        EXPECT_EQ(weft_trace_add_packet(trace.get(), &p, nullptr, &err), WEFT_E_INVALID);
        EXPECT_THAT(err.text, HasSubstr(text));
    };
    const int there[] = {1}, nowhere[] = {3}, twice[] = {1, 1};
    weft_trace_packet p = pixel(&when, there, 1);
    p.source = -1;
    expect(p, "leaves terminal -1");
    expect(pixel(&when, there, 0), "goes nowhere");
    expect(pixel(&when, nowhere, 1), "goes to terminal 3 of 3");
    expect(pixel(&when, twice, 2), "do not ascend");
    p = pixel(&when, there, 1);
    p.kind = 4;
    expect(p, "kind 4");
    p.kind = -1, p.values = 0;
    expect(p, "0 flits, 1 to 1048576");
    p.values = 1048577; // as in lists of packets
    expect(p, "1048577 flits, 1 to 1048576");
    p = pixel(&when, there, 1);
    p.start = 5, p.finish = 4;
    expect(p, "record 3 finishes in cycle 4 and starts in cycle 5");
    EXPECT_EQ(weft_trace_count(trace.get()), 3U);
}

TEST(Trace, RefusesHeadersThatCannotBe) {
    const auto expect = [](const weft_trace_header &h, const char *text) {
        weft_error err{};
        weft_trace *trace = nullptr;
        EXPECT_EQ(weft_trace_create(&trace, &h, &err), WEFT_E_INVALID);
        EXPECT_EQ(trace, nullptr);
        EXPECT_THAT(err.text, HasSubstr(text));
    };
    weft_trace_header h = small_header();
    h.terminals = 0;
    expect(h, "0 terminals");
    h = small_header();
    h.host = 3;
    expect(h, "the host is terminal 3 of 3");
    h = small_header();
    h.terminals = 2, h.host = -1;
    expect(h, "server 0 sits at terminal 2 of 2");
}

std::string error_of(const std::string &bytes, const char *end = ".txt") {
    const scratch_file file(end);
    file.write(bytes);
    weft_error err{};
    weft_trace *trace = nullptr;
    const weft_status status = weft_trace_read(&trace, file.path(), &err);
    weft_trace_destroy(trace);
    if (status == WEFT_OK) return "none";
    EXPECT_STREQ(err.file, file.path());
    return (err.line ? std::to_string(err.line) + ":" + std::to_string(err.column) + ": " : std::string()) + err.text;
}

std::string with(const std::string &from, const std::string &to) {
    std::string text = small_text;
    return text.replace(text.find(from), from.size(), to);
}

TEST(TraceErrors, TextSaysWhere) {
    EXPECT_EQ(error_of(small_text), "none");
    EXPECT_EQ(error_of(with("server 1 amount", "serve 1 amount")),
              "5:13: unknown word \"serve\" of an operation; nearest is server");
    EXPECT_EQ(error_of(with("1 packet", "2 packet")), "4:1: record 1 comes next, not 2");
    EXPECT_EQ(error_of(with("1 packet", "1 parcel")), "4:3: a record is an operation or a packet");
    EXPECT_EQ(error_of(with("to 0,1", "to 0,3")), "4:1: trace: packet 1 goes to terminal 3 of 3");
    EXPECT_EQ(error_of(with("to 0,1", "to 0;1")), "4:20: ';' inside a list of numbers");
    EXPECT_EQ(error_of(with("after 0s", "after 0x")), "4:46: 'x' inside a list of numbers");
    EXPECT_EQ(error_of(with("after 1 start", "after 2 start")),
              "5:1: trace: record 2 waits for record 2, which does not come before it");
    EXPECT_EQ(error_of(with(" amount 1 ", " ")), "5:74: an operation needs 'server' and 'amount'");
    EXPECT_EQ(error_of(with("amount 16", "amount -1")), "3:29: amount is -1, allowed are 0 to 1099511627776");
    EXPECT_EQ(error_of(with("amount 16", "amount two")), "3:29: amount is no whole number: \"two\"");
    EXPECT_EQ(error_of(with("finish 20", "finish 2")),
              "5:1: trace: record 2 finishes in cycle 2 and starts in cycle 8");
    EXPECT_EQ(error_of(with("finish 20", "finish")), "5:80: finish is missing");
    EXPECT_EQ(error_of(with("\"host\":2", "\"host\":2.5")), "2:7: the header 'host' is no whole number");
    EXPECT_EQ(error_of(with("\"host\":2", "\"host\":7")), "2:7: the header trace: the host is terminal 7 of 3");
    EXPECT_EQ(error_of(with("\"host\":2", "host:2")), "2:87: the header is no JSON");
    EXPECT_EQ(error_of(with("\"io\"", "\"ion\"")), "2:7: the header has a server of unknown kind");
    EXPECT_EQ(error_of("# weft-trace 2\n0 packet"), "2:1: a trace begins with a line 'header {...}'");
}

TEST(TraceErrors, BytesSayWhere) {
    const trace_ptr trace = small_trace();
    fill(trace.get());
    const scratch_file file(".wtr");
    ASSERT_EQ(weft_trace_write(trace.get(), file.path(), nullptr), WEFT_OK);
    const std::string good = file.read();
    const size_t block = good.find('\n', 13) + 1 + 4;
    EXPECT_EQ(error_of(good, ".wtr"), "none");
    EXPECT_THAT(error_of(good.substr(0, 40), ".wtr"), HasSubstr("offset 40: the trace ends inside its header"));
    EXPECT_THAT(error_of(good.substr(0, block), ".wtr"),
                HasSubstr("offset " + std::to_string(block) + ": the trace is cut off: its last block is missing"));
    std::string changed = good;
    changed[block + 20] = char(changed[block + 20] ^ 4);
    EXPECT_THAT(error_of(changed, ".wtr"),
                HasSubstr("offset " + std::to_string(block) + ": the block is not what was written: CRC-32 "));
    changed = good;
    changed[15] = char(changed[15] ^ 4);
    EXPECT_THAT(error_of(changed, ".wtr"), HasSubstr("offset 13: the header is not what was written: CRC-32 "));
    EXPECT_THAT(error_of(good + "z", ".wtr"), HasSubstr("1 bytes follow the last block"));
    EXPECT_THAT(error_of("weft-trace 4\n"), HasSubstr("a trace of version 4; this weft reads versions 1 to 3"));
    EXPECT_THAT(error_of("weft-trace 3 \n"), HasSubstr("no trace: \"weft-trace 3\" and a new line are expected"));
}

trace_ptr read_text(const std::string &text) {
    const scratch_file file(".txt");
    file.write(text);
    weft_error err{};
    weft_trace *trace = nullptr;
    EXPECT_EQ(weft_trace_read(&trace, file.path(), &err), WEFT_OK) << err.text;
    return trace_ptr(trace);
}

TEST(TraceImport, LinesOfPacketsComeInOrderOfTime) {
    const trace_ptr good = read_text("# time source destination flits\n7 0 3 2\n\n 5\t1 1 1 \r\n7 2 0 4");
    const weft_trace_header *h = weft_trace_header_of(good.get());
    EXPECT_EQ(h->terminals, 4);
    EXPECT_EQ(h->host, -1);
    EXPECT_EQ(h->images, 0U);
    const auto list = records(good.get());
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0].earliest, 5U);
    EXPECT_EQ(list[1].server_or_source, 0);
    EXPECT_EQ(list[1].targets, std::vector<int>{3});
    EXPECT_EQ(list[1].kind, -1);
    EXPECT_EQ(list[1].values, 2);
    EXPECT_EQ(list[1].earliest, 7U);
    EXPECT_EQ(list[1].start, WEFT_TRACE_NONE);
    EXPECT_EQ(list[2].server_or_source, 2);
}

TEST(TraceImport, FirstFormOfWeftIsRead) {
    const trace_ptr trace =
        read_text("# weft-trace 1: time_cycles source destination flits; chip a, b; chip 9 cores, 8 "
                  "cores, host 8, mesh 2 x 2, images 1\n0 8 0 1\n12 0 8 3\n");
    const weft_trace_header *h = weft_trace_header_of(trace.get());
    EXPECT_STREQ(h->chip, "a, b; chip 9 cores");
    EXPECT_EQ(h->terminals, 9);
    EXPECT_EQ(h->host, 8);
    EXPECT_EQ(h->mesh[0], 2);
    EXPECT_EQ(h->mesh[1], 2);
    EXPECT_EQ(h->concentration, 2);
    const auto list = records(trace.get());
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[1].start, 12U);
    EXPECT_EQ(list[1].earliest, 12U);
}

TEST(TraceImport, TheTraceOfTheRepositoryIsRead) {
    weft_error err{};
    weft_trace *trace = nullptr;
    ASSERT_EQ(weft_trace_read(&trace, WEFT_SOURCE_FOLDER "/traces/fashion-cnn-hermes.txt", &err), WEFT_OK) << err.text;
    const trace_ptr owner(trace);
    EXPECT_STREQ(weft_trace_header_of(trace)->chip, "hermes");
    EXPECT_EQ(weft_trace_header_of(trace)->terminals, 65);
    EXPECT_EQ(weft_trace_count(trace), 1434U);
}

TEST(TraceImport, ErrorsSayWhere) {
    EXPECT_EQ(error_of("1 2 3\n"), "1:6: flits is missing");
    EXPECT_EQ(error_of("# weft-trace 1: time_cycles source destination flits; chip a, 4 cores, host 4, mesh 2 x 2, "
                       "images 1\n0 5 0 1\n"),
              "2:3: source is 5, allowed are 0 to 4");
}

struct spikes {
    scratch_file list{".spikes"}, table{".neurons"};
    weft_error err{};
    trace_ptr trace;
    weft_status read(const std::string &spike_lines, const std::string &neuron_lines, uint64_t tick = 100) {
        list.write(spike_lines);
        table.write(neuron_lines);
        weft_trace *out = nullptr;
        const weft_status status = weft_trace_import_spikes(&out, list.path(), table.path(), tick, &err);
        trace.reset(out);
        return status;
    }
};

TEST(TraceImport, SpikesAreOneFlitEach) {
    spikes s;
    ASSERT_EQ(s.read("3 20\n1 10\n3 10\n", "# neuron core targets\n20 2 5,0,5\n10 1 1\n"), WEFT_OK) << s.err.text;
    const auto list = records(s.trace.get());
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(weft_trace_header_of(s.trace.get())->terminals, 6);
    EXPECT_EQ(list[0].earliest, 100U);
    EXPECT_EQ(list[0].server_or_source, 1);
    EXPECT_EQ(list[1].earliest, 300U);
    EXPECT_EQ(list[1].server_or_source, 2);
    EXPECT_EQ(list[1].targets, (std::vector<int>{0, 5}));
    EXPECT_EQ(list[2].targets, std::vector<int>{1});
    for (const auto &r : list) EXPECT_TRUE(r.is_packet && r.kind == -1 && r.values == 1);
}

TEST(TraceImport, SpikesOfUnknownNeuronsAreErrors) {
    spikes s;
    EXPECT_EQ(s.read("1 11\n", "10 1 1\n"), WEFT_E_PARSE);
    EXPECT_STREQ(s.err.text, "neuron 11 is not in the table of neurons");
    EXPECT_EQ(s.err.line, 1);
    EXPECT_EQ(s.err.column, 3);
    EXPECT_EQ(s.read("1 10\n", "10 1 1\n10 2 2\n"), WEFT_E_PARSE);
    EXPECT_STREQ(s.err.text, "neuron 10 is in line 1 already");
    EXPECT_EQ(s.err.line, 2);
    EXPECT_EQ(s.read("1 10\n", "10 1\n"), WEFT_E_PARSE);
    EXPECT_STREQ(s.err.text, "target cores are missing");
    EXPECT_EQ(s.read("1 10\n", "10 1 1\n", 0), WEFT_E_INVALID);
    EXPECT_EQ(s.read("", "10 1 1\n"), WEFT_E_PARSE);
}

} // namespace
