// A replay written for being read: every cycle, every record is looked at until nothing more can begin. And small chips
// to replay on.
#ifndef WEFT_TESTS_SUPPORT_REPLAY_REFERENCE_H
#define WEFT_TESTS_SUPPORT_REPLAY_REFERENCE_H

#include <cmath>
#include <cstdlib>

#include "sim/noc/noc_chip.h"
#include "sim/trace/replay.h"
#include "tests/model_fixture.h"
#include "tests/support/trace_fixture.h"

namespace weft_test {

/* width x height routers with one-cycle links; weft_chip_resolve is the caller's when something else changes. */
inline weft_chip mesh_chip(int width, int height, int concentration = 1) {
    weft_chip c = make_chip({});
    c.name = "test";
    c.noc.mesh[0] = width, c.noc.mesh[1] = height, c.noc.concentration = concentration;
    c.noc.flit_bits = 32, c.noc.header_bits = 8, c.noc.vcs = 2, c.noc.buffer_flits = 8;
    c.noc.vc_cycles = c.noc.switch_cycles = c.noc.traversal_cycles = c.noc.link_cycles = c.noc.credit_cycles = 1;
    c.noc.link_cycles_y = c.noc.credit_cycles_y = c.noc.chip_credit_cycles = -1;
    c.noc.chips[0] = c.noc.chips[1] = 1;
    c.noc.chip_link_cycles = c.noc.chip_link_interval = 1;
    c.io.bits_per_cycle = 64;
    weft_chip_resolve(&c);
    c.mvm_interval_cycles = 4, c.mvm_latency_cycles = 11;
    c.core.digital_lanes = 3, c.core.digital_ns.value = 7;
    c.device.program_pulse_ns.value = 2;
    return c;
}

struct times {
    std::vector<uint64_t> start, finish;
};

class naive_replay {
  public:
    naive_replay(const weft_trace *trace, const weft_chip &chip)
        : chip_(chip), host_(weft_trace_header_of(trace)->host), list_(records(trace)), begun_(list_.size()),
          left_(list_.size()) {
        const weft_trace_header *h = weft_trace_header_of(trace);
        for (int s = 0; s < h->server_count; s++) servers_.push_back({h->servers[s].kind, 0, 0, 0, 0});
        found.start.assign(list_.size(), 0);
        found.finish.assign(list_.size(), UINT64_MAX);
        weft_noc_config config;
        if (weft_noc_config_of_chip(&config, &chip, chip.core_count + 1, nullptr) != WEFT_OK ||
            weft_noc_create(&noc_, &config, nullptr) != WEFT_OK)
            throw std::runtime_error("no network");
        multicast_ = config.multicast;
        std::free(const_cast<int *>(config.terminal_router));
        run();
        statistics = weft_noc_statistics_get(noc_);
        weft_noc_destroy(noc_);
    }
    times found;
    weft_noc_statistics statistics{};

  private:
    struct server {
        int kind;
        uint64_t free;        /* cycle; IO: in bits since cycle 0 */
        uint64_t next, count; /* operation whose turn it is, among the server's own; seen in this pass */
        uint64_t pass;
    };

    void run() {
        size_t done = 0;
        for (now_ = 0; done < list_.size(); now_++) {
            if (now_) arrive();
            for (bool again = true; again;) {
                again = false;
                for (server &s : servers_) s.count = 0;
                for (size_t i = 0; i < list_.size(); i++) again |= !list_[i].is_packet && begin_operation(i);
            }
            for (size_t i = 0; i < list_.size(); i++)
                if (list_[i].is_packet && !list_[i].joined && !begun_[i] && ready(i)) inject(i);
            done = size_t(std::count_if(found.finish.begin(), found.finish.end(),
                                        [](uint64_t finish) { return finish != UINT64_MAX; }));
        }
    }
    void arrive() {
        const weft_noc_delivery *d = nullptr;
        const int count = weft_noc_step(noc_, &d);
        for (int i = 0; i < count; i++) {
            size_t record = d[i].tag; /* or one joined to it */
            while (list_[record].targets.size() == 1 && terminal(list_[record].targets[0]) != d[i].target) record++;
            if (--left_[record] == 0) found.finish[record] = now_;
        }
    }
    bool ready(size_t i) const {
        if (list_[i].earliest > now_) return false;
        return std::all_of(list_[i].after.begin(), list_[i].after.end(), [this](uint64_t when) {
            const size_t other = when >> 1;
            return begun_[other] && (when & 1 ? found.finish : found.start)[other] <= now_;
        });
    }
    bool begin_operation(size_t i) {
        server &s = servers_[size_t(list_[i].server_or_source)];
        if (s.count++ != s.next || begun_[i] || !ready(i)) return false;
        s.next++;
        begun_[i] = true;
        const uint64_t amount = list_[i].amount;
        if (s.kind == WEFT_SERVER_IO) {
            const uint64_t rate = uint64_t(chip_.io.bits_per_cycle);
            if (s.free / rate < now_) s.free = now_ * rate;
            found.start[i] = s.free / rate;
            s.free += amount;
            /* Whole cycles since the busy stretch began are what the ceiling counts; it begins on one. */
            found.finish[i] = (s.free + rate - 1) / rate;
            return true;
        }
        uint64_t occupied = 0, latency = 0;
        if (s.kind == WEFT_SERVER_ARRAYS) {
            occupied = amount * uint64_t(chip_.mvm_interval_cycles);
            latency = uint64_t(chip_.mvm_latency_cycles - chip_.mvm_interval_cycles);
        } else if (s.kind == WEFT_SERVER_DIGITAL) {
            occupied = (amount + uint64_t(chip_.core.digital_lanes) - 1) / uint64_t(chip_.core.digital_lanes);
            latency = uint64_t(std::ceil(chip_.core.digital_ns.value / chip_.cycle_ns - 1e-9));
        } else if (s.kind == WEFT_SERVER_PROGRAM) {
            occupied = uint64_t(std::ceil(double(amount) / double(chip_.device.program_parallel)) *
                                chip_.device.program_pulses * chip_.device.program_pulse_ns.value / chip_.cycle_ns);
        } else {
            weft_server scratch;
            weft_server_reset(&scratch, WEFT_SERVER_BARRIER);
            occupied = weft_server_serve(&scratch, &chip_, amount, 0).free;
        }
        found.start[i] = std::max(s.free, now_);
        s.free = found.start[i] + occupied;
        found.finish[i] = s.free + latency;
        return true;
    }
    int terminal(int t) const { return t == host_ ? chip_.host_terminal : t; }
    void inject(size_t i) {
        const record_copy &p = list_[i];
        const int64_t bits =
            p.kind == WEFT_PACKET_INPUT || p.kind == WEFT_PACKET_ACTIVATION ? chip_.input.bits : chip_.io.partial_bits;
        const int64_t whole = chip_.noc.header_bits + p.values * bits;
        const int flits = p.kind < 0 ? p.values : int((whole + chip_.noc.flit_bits - 1) / chip_.noc.flit_bits);
        std::vector<int> targets;
        for (size_t k = i; k == i || (k < list_.size() && list_[k].joined); k++) {
            for (int t : list_[k].targets) targets.push_back(terminal(t));
            begun_[k] = true;
            found.start[k] = now_;
            left_[k] = list_[k].targets.size();
        }
        if (targets.size() > 1 && multicast_ && flits <= chip_.noc.buffer_flits)
            weft_noc_inject_multicast(noc_, terminal(p.server_or_source), targets.data(), int(targets.size()), flits, i,
                                      nullptr);
        else
            for (int t : targets) weft_noc_inject(noc_, terminal(p.server_or_source), t, flits, i, nullptr);
    }

    const weft_chip &chip_;
    int host_;
    std::vector<record_copy> list_;
    std::vector<bool> begun_;
    std::vector<size_t> left_; /* targets not reached */
    std::vector<server> servers_;
    weft_noc *noc_ = nullptr;
    bool multicast_ = false;
    uint64_t now_ = 0;
};

/* A replay with the times of all records. */
struct timed_replay {
    times found;
    weft_timing *timing = nullptr;
    weft_status status;
    weft_error err{};

    timed_replay(const weft_trace *trace, const weft_chip &chip, weft_replay_without without = {-1, -1, false, false}) {
        found.start.assign(weft_trace_count(trace), UINT64_MAX);
        found.finish.assign(weft_trace_count(trace), UINT64_MAX);
        weft_replay_options options{};
        options.without = without;
        options.observer.state = &found;
        options.observer.operation = [](void *state, const weft_trace_record *r, uint64_t start, uint64_t free,
                                        uint64_t finish) {
            EXPECT_TRUE(!r->is_packet && start <= free && free <= finish);
            static_cast<times *>(state)->start[r->number] = start;
            static_cast<times *>(state)->finish[r->number] = finish;
        };
        options.observer.packet = [](void *state, const weft_trace_record *r, uint64_t start, uint64_t finish) {
            EXPECT_TRUE(r->is_packet && start < finish);
            static_cast<times *>(state)->start[r->number] = start;
            static_cast<times *>(state)->finish[r->number] = finish;
        };
        status = weft_replay_run(&timing, trace, &chip, &options, &err);
        EXPECT_EQ(timing != nullptr, status == WEFT_OK);
    }
    ~timed_replay() { weft_timing_destroy(timing); }
    timed_replay(const timed_replay &) = delete;
    timed_replay &operator=(const timed_replay &) = delete;
};

/* Lines of the text form, behind a header. */
inline trace_ptr make_trace(const std::string &servers, const std::string &lines, int terminals = 5, int images = 1) {
    const std::string text = "# weft-trace 2\nheader {\"terminals\":" + std::to_string(terminals) +
                             ",\"host\":" + std::to_string(terminals - 1) +
                             ",\"mesh\":[2,2],\"concentration\":1,\"images\":" + std::to_string(images) +
                             ",\"stages\":[\"a\",\"b\"],\"servers\":[" + servers + "]}\n" + lines;
    const scratch_file file(".txt");
    file.write(text);
    weft_trace *trace = nullptr;
    weft_error err{};
    EXPECT_EQ(weft_trace_read(&trace, file.path(), &err), WEFT_OK) << err.text;
    return trace_ptr(trace);
}

/* A pixel crosses the link in 2 cycles and the network, is multiplied, made digital and sent back. */
constexpr char one_layer_servers[] = "[\"io\",4,-1,-1,-1,1],[\"arrays\",3,0,0,0,2],[\"digital\",3,-1,-1,-1,1]";
constexpr char one_layer[] = "0 operation server 0 amount 100 image 0\n"
                             "1 packet from 4 to 3 input 25 image 0 after 0s\n"
                             "2 operation server 1 amount 1 stage 0 image 0 after 1\n"
                             "3 operation server 2 amount 7 stage 0 image 0 after 2\n"
                             "4 packet from 3 to 4 result 2 stage 0 image 0 after 3\n";

} // namespace weft_test
#endif
