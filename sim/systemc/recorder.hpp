/* The trace of a run, as it happens. Without a trace everything here does nothing. */
#ifndef WEFT_SIM_SYSTEMC_RECORDER_HPP
#define WEFT_SIM_SYSTEMC_RECORDER_HPP

#include "sim/systemc/context.hpp"

namespace weft {

/* A moment of a record, see weft_trace_when. */
using Moment = uint64_t;
using Moments = std::vector<Moment>;
constexpr Moment never = WEFT_TRACE_NONE;

class Recorder {
  public:
    /* trace NULL: nothing is recorded. */
    Recorder(Context &context, weft_trace **trace) : context_(context), out_(trace) {}
    bool on() const { return out_ != nullptr; }
    /* All servers must be there before begin. Returns the server's number. */
    int add_server(weft_server_kind kind, int terminal, int part, int stage, int copy, int units);
    void begin();
    /* Number of the record. */
    uint64_t operation(int server, uint64_t amount, int stage, uint64_t image, const Moments &after,
                       const weft_service &service);
    /* To several targets: a record for each, one after another; the number is the first one's. */
    uint64_t packet(int source, const int *targets, int count, weft_packet_kind kind, int values, int stage,
                    uint64_t image, const Moments &after);
    void delivered(uint64_t record);
    /* FINISH of all records since the last call; NULL: forgets them. */
    void finished(Moments *out);

  private:
    void keep(weft_status status) const;
    static void tidy(Moments &moments);

    Context &context_;
    weft_trace **out_;
    std::vector<weft_trace_server> servers_;
    Moments after_;         /* scratch */
    uint64_t finished_ = 0; /* records of earlier calls */
};

/* Sum of the cycles in which one server was occupied, up to the last result: what runs on behind it (positions that no
 * result needs) is not part of the run. */
class Busy {
  public:
    void add(const Context &context, const weft_service &service) {
        if (context.end != UINT64_MAX) return;
        sum_ += service.free - service.start;
        until_ = service.free;
    }
    uint64_t cycles(const Context &context) const {
        return until_ > context.end ? sum_ - std::min(sum_, until_ - context.end) : sum_;
    }

  private:
    uint64_t sum_ = 0, until_ = 0;
};

/* A server of weft_server with what the run counts of it. */
class Server {
  public:
    Server(Context &context, weft_server_kind kind, int terminal, int part, int stage, int copy, int units)
        : context_(context), number_(context.recorder->add_server(kind, terminal, part, stage, copy, units)) {
        weft_server_reset(&server_, kind);
    }
    bool is_free() { return available() <= now(); }
    uint64_t available() { return weft_server_available(&server_, context_.chip, now()); }
    struct Started {
        weft_service service;
        uint64_t record;
    };
    /* Begins an operation that is ready now. */
    Started serve(uint64_t amount, int stage, uint64_t image, const Moments &after) {
        return serve_at(now(), amount, stage, image, after);
    }
    /* Begins one that is ready at that cycle. */
    Started serve_at(uint64_t ready, uint64_t amount, int stage, uint64_t image, const Moments &after) {
        weft_service service = weft_server_serve(&server_, context_.chip, amount, ready);
        busy_.add(context_, service);
        uint64_t record =
            context_.recorder->on() ? context_.recorder->operation(number_, amount, stage, image, after, service) : 0;
        return {service, record};
    }
    uint64_t busy_cycles() const { return busy_.cycles(context_); }
    uint64_t served_cycles() const { return server_.busy; }

  private:
    Context &context_;
    int number_;
    weft_server server_{};
    Busy busy_;
};

} // namespace weft
#endif
