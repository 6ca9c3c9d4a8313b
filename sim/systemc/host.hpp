/* The host: sends images pixel by pixel in raster order at the chip's I/O bandwidth, keeps what one part of the mapping
 * makes for another, and takes the results.
 *
 * A packet enters the network in the cycle in which its first bit crosses the I/O link; the next packet's first bit
 * follows its last. A pixel is sent when all of its readers have room for it. Whoever takes the network's input has two
 * images at most: image i starts when all of them have finished image i - 2 (a credit line without delay); readers of
 * the input as second term of an addition do not count, and a part with no other sets no limit. Results leave through
 * the host's ejection link. */
#ifndef WEFT_SIM_SYSTEMC_HOST_HPP
#define WEFT_SIM_SYSTEMC_HOST_HPP

#include "sim/systemc/agent.hpp"
#include "sim/systemc/network.hpp"
#include "sim/systemc/wiring.hpp"

namespace weft {

/* Told when values for another part have come. */
struct Feeder {
    virtual void feed() = 0;

  protected:
    ~Feeder() = default;
};

/* What the host has: images, values between parts, results. */
class HostMemory {
  public:
    explicit HostMemory(Context &context);
    void add_feeder(Feeder &feeder) { feeders_.push_back(&feeder); }
    /* Values of a block that other parts need; a result. */
    void store(const Message &message);
    /* Values of one position; null while they are not there. stage -1: of the image. */
    SharedValues find(int stage, int block, uint64_t image, int position);
    /* When their packets came; nothing where they have always been there. */
    void add_arrivals(int stage, int block, uint64_t image, int position, Moments &after) const;
    bool done() const { return images_done_ == context_.images; }
    std::string describe() const;

  private:
    struct Kept {
        std::vector<SharedValues> values; /* [images, positions] */
        std::vector<uint32_t> came;       /* how many of them */
        std::vector<Moments> moments;     /* of their packets, for a trace */
    };
    void take_result(const Message &message);
    SharedValues pixel(uint64_t image, int position);
    size_t place(int stage, uint64_t image, int position) const;

    Context &context_;
    std::vector<Feeder *> feeders_;
    std::vector<std::vector<Kept>> kept_; /* by stage and block */
    std::vector<int32_t> q_;              /* the image last asked for [H, W, C] */
    uint64_t image_ = UINT64_MAX;
    std::vector<int> missing_; /* result packets, by image */
    size_t images_done_ = 0;
};

/* The host's link to one chip. */
class HostLink : public sc_core::sc_module, public Receiver, public Waiter, public Feeder {
  public:
    sc_core::sc_port<Network> network;

    SC_HAS_PROCESS(HostLink);
    HostLink(sc_core::sc_module_name name, Context &context, const Schedule &schedule, HostMemory &memory);
    /* Streams what the part reads. readers: units that take the network's input. after: what the first pixel waits for.
     */
    void begin_part(int part, int readers, const Moments &after);
    /* A tick begins. */
    void begin_tick(const Moments &after) {
        begin_ = after;
        wake();
    }
    void receive(const Message &message) override { memory_.store(message); }
    void input_consumed(uint64_t image, Moment moment);
    void wake() override { pump_event_.notify(sc_core::SC_ZERO_TIME); }
    void feed() override { wake(); }
    Server &link() { return link_; }
    std::string describe() const;

  private:
    /* One source of the part: positions in raster order over images, at each the blocks that have it, at each a packet
     * a destination. */
    struct Stream {
        int stage;
        weft_shape shape;
        uint64_t image;
        int position, block;
        size_t destination;
    };
    /* In ticks the barrier paces it. */
    bool has_credits() const { return context_.chip->clock.kind != WEFT_CLOCK_TICK; }
    void pump();
    bool find_packet(Stream &stream, const Route *&route);
    bool may_send(const Stream &stream, const Route &route);
    void send(Stream &stream, const Route &route);

    Context &context_;
    const Schedule &schedule_;
    HostMemory &memory_;
    Server link_;
    sc_core::sc_event pump_event_;
    int part_ = -1, readers_ = 0;
    std::vector<Stream> streams_;
    std::vector<int> consumed_; /* readers that have finished an image, by image */
    std::vector<Moments> credits_;
    size_t images_consumed_ = 0;
    Moments begin_;
};

} // namespace weft
#endif
