/* Who reads what, with pointers instead of numbers: weft_traffic's routes joined to the inboxes of the cores. Positions
 * of one class (traffic.h) share a route. */
#ifndef WEFT_SIM_SYSTEMC_WIRING_HPP
#define WEFT_SIM_SYSTEMC_WIRING_HPP

#include <map>
#include <unordered_map>

#include "sim/systemc/inbox.hpp"

namespace weft {

struct Message;

/* A reader on a core of what arrives there. */
struct Target {
    Inbox *inbox;
    int begin; /* channel of the port's map where the packet's first one goes */
    std::vector<int> takers;
};
/* All readers on one core. */
struct Delivery {
    int core;
    std::vector<Target> targets;
};
/* Where one position of one block's output (or of the host's input) goes. */
struct Route {
    std::vector<Delivery> remote; /* by core: a packet each, or trees (planned) */
    Delivery local;               /* no targets: nobody at the sender's */
    bool to_host;                 /* the host's copy: a result, or values for another part */
    std::vector<Inbox *> inboxes; /* of all readers, each once */
    const weft_stage *stage;      /* producer; NULL: the host's input */
    const weft_route *planned;    /* the terminals in order, and whether trees go to all of them */

    /* Packets that each reach all of them; 0: a packet to each. */
    size_t pieces() const { return static_cast<size_t>(planned->pieces); }
    /* Packets to other terminals than the host. */
    size_t packets() const { return planned->pieces ? pieces() : remote.size(); }
    /* The packet of that number of a position's values q. */
    void fill(Message &message, size_t number, const SharedValues &q, const weft_traffic *traffic) const;
    /* Of that terminal; NULL: the host. */
    const Delivery *delivery_to(int terminal) const {
        auto at = std::lower_bound(remote.begin(), remote.end(), terminal,
                                   [](const Delivery &delivery, int core) { return delivery.core < core; });
        return at != remote.end() && at->core == terminal ? &*at : nullptr;
    }

    /* True when all have room for that pixel (over images); else waiter is woken when the first without any has. */
    bool admits(uint64_t at, Waiter &waiter) const {
        for (Inbox *inbox : inboxes) {
            if (inbox->admits(at)) continue;
            inbox->wait(waiter);
            return false;
        }
        return true;
    }
    void add_releases(uint64_t at, Moments &after) const {
        for (const Inbox *inbox : inboxes) inbox->add_release(at, after);
    }
    /* Names the first reader without room; "" when all have some. */
    std::string describe_full(uint64_t image, int position) const;
};

class Wiring {
  public:
    explicit Wiring(Context &context) : context_(context) {}
    /* The inbox's taker reads the port as `key` says. All readers must be added before the first route. */
    void add_reader(const weft_reader &key, Inbox &inbox, int taker);
    /* Output of a block (or of the host's input: stage -1) at (y, x), in one part; the sender is the block's core in
     * its own part, else the host. */
    const Route *route(int part, int stage, int block, int y, int x);
    /* Tells every inbox which packets to expect. */
    void expect_all();

  private:
    struct Reader {
        weft_reader key;
        int begin;
        Inbox *inbox;
        int taker;
    };
    std::unique_ptr<Route> build(const weft_route &from, int part, int stage, int block, int y, int x) const;
    void add_targets(Delivery &delivery, int part, int stage, int block, int y, int x) const;
    static void expect(const Delivery &delivery, int pixel, size_t packets);

    Context &context_;
    std::map<std::pair<int, int>, std::map<int, std::vector<Reader>>> readers_; /* by part and producer, then core */
    std::unordered_map<const weft_route *, std::unique_ptr<Route>> routes_;     /* never walked: order is not defined */
    Route result_{{}, {}, true, {}, nullptr, nullptr};
};

} // namespace weft
#endif
