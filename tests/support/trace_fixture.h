// Traces by chance, and two traces compared record by record.
#ifndef WEFT_TESTS_SUPPORT_TRACE_FIXTURE_H
#define WEFT_TESTS_SUPPORT_TRACE_FIXTURE_H

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sim/trace/trace.h"

namespace weft_test {

struct trace_deleter {
    void operator()(weft_trace *trace) const { weft_trace_destroy(trace); }
};
using trace_ptr = std::unique_ptr<weft_trace, trace_deleter>;

/* A file of the test's own, removed with it. */
class scratch_file {
  public:
    explicit scratch_file(const std::string &end)
        : path_(testing::TempDir() + "weft-trace-" + std::to_string(getpid()) + "-" + std::to_string(count()++) + end) {
    }
    ~scratch_file() { std::remove(path_.c_str()); }
    scratch_file(const scratch_file &) = delete;
    scratch_file &operator=(const scratch_file &) = delete;
    const char *path() const { return path_.c_str(); }
    std::string read() const {
        std::ifstream in(path_, std::ios::binary);
        std::ostringstream out;
        out << in.rdbuf();
        return out.str();
    }
    void write(const std::string &bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

  private:
    static int &count() {
        static int n = 0;
        return n;
    }
    std::string path_;
};

/* A record with its lists. */
struct record_copy {
    bool is_packet;
    int server_or_source, kind, values, stage;
    uint64_t amount, earliest, start, finish;
    int64_t image;
    std::vector<int> targets;
    std::vector<uint64_t> after;
    bool joined;
    bool operator==(const record_copy &o) const {
        return is_packet == o.is_packet && server_or_source == o.server_or_source && kind == o.kind &&
               values == o.values && stage == o.stage && amount == o.amount && earliest == o.earliest &&
               start == o.start && finish == o.finish && image == o.image && targets == o.targets && after == o.after &&
               joined == o.joined;
    }
};

inline record_copy copy(const weft_trace_record &r) {
    if (r.is_packet) {
        const weft_trace_packet &p = r.packet;
        return {true,
                p.source,
                p.kind,
                p.values,
                p.stage,
                0,
                p.earliest,
                p.start,
                p.finish,
                p.image,
                {p.targets, p.targets + p.target_count},
                {p.after, p.after + p.after_count},
                p.joined};
    }
    const weft_trace_operation &o = r.operation;
    return {false,      o.server, 0,        0,       o.stage, o.amount,
            o.earliest, o.start,  o.finish, o.image, {},      {o.after, o.after + o.after_count},
            false};
}

inline std::vector<record_copy> records(const weft_trace *trace) {
    std::vector<record_copy> list;
    weft_trace_cursor *cursor = nullptr;
    weft_trace_record record;
    if (weft_trace_cursor_create(&cursor, trace, nullptr) != WEFT_OK) throw std::bad_alloc();
    while (weft_trace_next(cursor, &record)) {
        EXPECT_EQ(record.number, list.size());
        list.push_back(copy(record));
    }
    weft_trace_cursor_destroy(cursor);
    return list;
}

inline std::string text_of(const char *text) { return text ? text : "(none)"; }

inline void expect_same(const weft_trace *a, const weft_trace *b) {
    const weft_trace_header &g = *weft_trace_header_of(a), &h = *weft_trace_header_of(b);
    EXPECT_EQ(text_of(g.chip), text_of(h.chip));
    EXPECT_EQ(text_of(g.network), text_of(h.network));
    EXPECT_EQ(text_of(g.mapping), text_of(h.mapping));
    EXPECT_STREQ(g.chip_sha256.hex, h.chip_sha256.hex);
    EXPECT_EQ(g.terminals, h.terminals);
    EXPECT_EQ(g.host, h.host);
    EXPECT_EQ(g.mesh[0], h.mesh[0]);
    EXPECT_EQ(g.mesh[1], h.mesh[1]);
    EXPECT_EQ(g.concentration, h.concentration);
    EXPECT_EQ(g.images, h.images);
    EXPECT_EQ(g.cycle_ns, h.cycle_ns);
    ASSERT_EQ(g.stage_count, h.stage_count);
    for (int s = 0; s < g.stage_count; s++) EXPECT_STREQ(g.stages[s], h.stages[s]);
    ASSERT_EQ(g.server_count, h.server_count);
    for (int s = 0; s < g.server_count; s++) {
        const weft_trace_server &x = g.servers[s], &y = h.servers[s];
        EXPECT_TRUE(x.kind == y.kind && x.terminal == y.terminal && x.part == y.part && x.stage == y.stage &&
                    x.copy == y.copy && x.units == y.units)
            << "server " << s;
    }
    ASSERT_EQ(weft_trace_count(a), weft_trace_count(b));
    EXPECT_EQ(records(a), records(b));
}

/* Servers on `cores` cores and the host, records that wait for each other. */
class random_trace {
  public:
    /* mild: amounts and times that a run gets through quickly, nothing recorded. */
    random_trace(unsigned seed, int cores, int count, bool mild = false) : random_(seed), cores_(cores), mild_(mild) {
        make_header();
        for (int i = 0; i < count; i++) pick(2) ? add_packet() : add_operation();
    }
    weft_trace *get() const { return trace_.get(); }

  private:
    uint64_t pick(uint64_t count) { return random_() % count; }
    void make_header() {
        const int stages = int(pick(4));
        for (int s = 0; s < stages; s++) names_.push_back("stage \"" + std::to_string(s) + "\"\n");
        std::vector<const char *> list;
        for (const std::string &name : names_) list.push_back(name.c_str());
        for (int c = 0; c <= cores_; c++)
            for (int k = 0; k < WEFT_SERVER_KINDS; k++)
                if (pick(2) || (c == 0 && k == 0))
                    servers_.push_back({k, c, int(pick(2)) - 1, stages ? int(pick(uint64_t(stages))) : -1,
                                        int(pick(3)) - 1, 1 + int(pick(5))});
        weft_trace_header h{};
        h.chip = "a chip";
        h.mapping = pick(2) ? "map {x}" : nullptr;
        if (!mild_ && pick(2)) h.chip_sha256 = weft_sha256_bytes("x", 1);
        h.terminals = cores_ + 1, h.host = cores_;
        h.mesh[0] = cores_, h.mesh[1] = 1, h.concentration = 1;
        h.server_count = int(servers_.size()), h.servers = servers_.data();
        h.stage_count = stages, h.stages = list.data();
        h.images = images_ = pick(3);
        h.cycle_ns = double(pick(100)) / 7;
        weft_trace *trace = nullptr;
        if (weft_trace_create(&trace, &h, nullptr) != WEFT_OK) throw std::bad_alloc();
        trace_.reset(trace);
        stages_ = stages;
    }
    std::vector<uint64_t> after() {
        std::vector<uint64_t> list;
        uint64_t count = weft_trace_count(trace_.get()), wanted = pick(4) ? pick(3) : pick(20);
        for (uint64_t i = 0; count && i < wanted; i++) {
            const uint64_t back = pick(4) ? pick(20) : pick(count), number = back < count ? count - 1 - back : 0;
            const bool start = !packets_[number] && pick(4) == 0;
            list.push_back(weft_trace_when(number, start ? WEFT_TRACE_START : WEFT_TRACE_FINISH));
        }
        return list;
    }
    uint64_t moment() {
        if (mild_) return WEFT_TRACE_NONE;
        const uint64_t far = pick(8) ? 1000 : uint64_t(1) << 48;
        return pick(5) ? WEFT_TRACE_NONE : pick(far + 1);
    }
    void moments(uint64_t *start, uint64_t *finish) {
        *start = moment(), *finish = moment();
        if (*start != WEFT_TRACE_NONE && *finish < *start) std::swap(*start, *finish);
    }
    uint64_t earliest() {
        if (mild_) return pick(8) ? 0 : pick(300);
        return pick(3) ? 0 : pick(5000);
    }
    int stage() { return int(pick(uint64_t(stages_) + 1)) - 1; }
    int64_t image() { return int64_t(pick(images_ + 1)) - 1; }
    void add_operation() {
        const auto waits = after();
        weft_trace_operation o{};
        o.server = int(pick(servers_.size()));
        o.amount = mild_ ? pick(20) : pick(10) ? pick(300) : pick((uint64_t(1) << 40) + 1);
        o.stage = stage(), o.image = image();
        o.earliest = earliest();
        o.after = waits.data(), o.after_count = int(waits.size());
        moments(&o.start, &o.finish);
        uint64_t number = 0;
        ASSERT_EQ(weft_trace_add_operation(trace_.get(), &o, &number, nullptr), WEFT_OK);
        ASSERT_EQ(number, packets_.size());
        packets_.push_back(false);
    }
    void add_packet() {
        const auto waits = after();
        std::set<int> targets{int(pick(uint64_t(cores_) + 1))};
        while (pick(3) == 0) targets.insert(int(pick(uint64_t(cores_) + 1)));
        const std::vector<int> list(targets.begin(), targets.end());
        weft_trace_packet p{};
        const bool joins = list.size() > 1 && pick(2);
        p.source = int(pick(uint64_t(cores_) + 1));
        p.targets = list.data(), p.target_count = joins ? 1 : int(list.size());
        p.kind = int(pick(5)) - 1;
        p.values = 1 + int(pick(40));
        p.stage = stage(), p.image = image();
        p.earliest = earliest();
        p.after = waits.data(), p.after_count = int(waits.size());
        p.start = moment(), p.finish = WEFT_TRACE_NONE;
        put(p);
        p.joined = true, p.earliest = 0, p.after_count = 0;
        for (size_t i = 1; joins && i < list.size(); i++) {
            p.targets = &list[i];
            put(p);
        }
    }
    void put(const weft_trace_packet &p) {
        uint64_t number = 0;
        ASSERT_EQ(weft_trace_add_packet(trace_.get(), &p, &number, nullptr), WEFT_OK);
        ASSERT_EQ(number, packets_.size());
        packets_.push_back(true);
        const uint64_t finish = moment();
        weft_trace_set_finish(trace_.get(), number, p.start == WEFT_TRACE_NONE ? finish : std::max(finish, p.start));
    }

    std::mt19937_64 random_;
    int cores_, stages_ = 0;
    bool mild_;
    uint64_t images_ = 0;
    std::vector<std::string> names_;
    std::vector<weft_trace_server> servers_;
    std::vector<bool> packets_;
    trace_ptr trace_;
};

} // namespace weft_test
#endif
