#include "sim/systemc/mesh.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdlib>

#include "sim/noc/noc_bounds.h"
#include "sim/noc/noc_chip.h"
#include "sim/systemc/wiring.hpp"

namespace weft {

Mesh::Mesh(sc_core::sc_module_name name, Context &context, int number)
    : sc_core::sc_module(name), context_(context), number_(number), step_event_("step"), inject_event_("inject"),
      receivers_(static_cast<size_t>(context.chip->core_count) + 1), ejected_(receivers_.size()),
      injected_(receivers_.size()), injecting_(receivers_.size()) {
    SC_METHOD(step);
    sensitive << step_event_;
    dont_initialize();
    SC_METHOD(inject);
    sensitive << inject_event_;
    dont_initialize();
    if (weft_noc_config_of_chip(&config_, context.chip, context.chip->core_count + 1, &context.error) != WEFT_OK ||
        weft_noc_create(&noc_, &config_, &context.error) != WEFT_OK)
        fail();
}

/* The destructor of what is not complete does not run. */
void Mesh::fail() {
    std::free(const_cast<int *>(config_.terminal_router));
    throw Failure(context_.error);
}

Mesh::~Mesh() {
    weft_noc_destroy(noc_);
    std::free(const_cast<int *>(config_.terminal_router));
}

/* Worked out once for each path and length. */
const Mesh::Alone &Mesh::alone(int source, int target, int flits) {
    const uint64_t terminals = static_cast<uint64_t>(context_.chip->core_count) + 1;
    const uint64_t key = (static_cast<uint64_t>(flits) * terminals + static_cast<uint64_t>(source)) * terminals +
                         static_cast<uint64_t>(target);
    auto [at, fresh] = alone_.try_emplace(key);
    Alone &packet = at->second;
    if (fresh &&
        (weft_noc_zero_load(&packet.latency, &config_, source, target, flits, &context_.error) != WEFT_OK ||
         weft_noc_injection_cycles(&packet.injection, &config_, source, target, flits, &context_.error) != WEFT_OK))
        throw Failure(context_.error);
    return packet;
}

Message &Mesh::create() {
    if (free_.empty()) {
        messages_.push_back(std::make_unique<Message>());
        free_.push_back(messages_.size() - 1);
    }
    Message &message = *messages_[free_.back()];
    message.q.reset();
    message.sums.clear();
    message.values.clear();
    message.after.clear();
    message.delivery = nullptr;
    message.tree = nullptr;
    message.first = message.taken = 0;
    return message;
}

/* The message is the one that create handed out last: it lies at the top of the free list. */
void Mesh::send(Message &message) {
    require(!free_.empty() && messages_[free_.back()].get() == &message, "a message was sent out of turn");
    outbox_.push_back(free_.back());
    free_.pop_back();
    inject_event_.notify(sc_core::SC_ZERO_TIME);
}

/* Flits where the packet comes from (finish moves them to the routers that they pass), what is written and read where
 * it goes. */
void Mesh::count(const Message &m, int flits) {
    weft_event_counts sent =
        m.tree ? weft_traffic_tree_events(context_.traffic, m.kind, m.source, m.tree->planned, m.count())
               : weft_traffic_packet_events(context_.traffic, m.kind, m.source, m.target, m.count());
    for (int e : {WEFT_EVENT_BUFFER_WRITE_BIT, WEFT_EVENT_BUFFER_READ_BIT}) sent.n[e] = 0;
    context_.count(m.stage, context_.index_on(number_, m.source), sent);
    path_.n[WEFT_EVENT_ROUTER_FLIT] += sent.n[WEFT_EVENT_ROUTER_FLIT];
    path_.n[WEFT_EVENT_LINK_FLIT] += sent.n[WEFT_EVENT_LINK_FLIT];
    for (int i = 0; m.tree && i < m.tree->planned->core_count; i++) count_stored(m, m.tree->planned->cores[i], flits);
    if (!m.tree) count_stored(m, m.target, flits);
}

/* A packet that is alone reaches each terminal of its tree as if it went there alone. */
void Mesh::count_stored(const Message &m, int target, int flits) {
    const weft_event_counts all = weft_traffic_packet_events(context_.traffic, m.kind, m.source, target, m.count());
    weft_event_counts stored{};
    for (int e : {WEFT_EVENT_BUFFER_WRITE_BIT, WEFT_EVENT_BUFFER_READ_BIT}) stored.n[e] = all.n[e];
    context_.count(m.stage, context_.index_on(number_, target), stored);
    zero_load_ += alone(m.source, target, flits).latency;
}

/* Into the source's interface, and into the trace. */
weft_status Mesh::hand_over(Message &m, size_t tag, int flits) {
    const weft_route *tree = m.tree ? m.tree->planned : nullptr;
    const int *targets = tree ? tree->cores : &m.target, count = tree ? tree->core_count : 1;
    m.left = static_cast<size_t>(count);
    arriving_ += m.left;
    context_.timing->flits_in += static_cast<uint64_t>(flits);
    injected_[static_cast<size_t>(m.source)] += static_cast<uint64_t>(flits);
    injecting_[static_cast<size_t>(m.source)] += alone(m.source, targets[0], flits).injection;
    m.record = m.records =
        context_.recorder->packet(m.source, targets, count, m.kind, m.count(), m.stage, m.image, m.after);
    return tree ? weft_noc_inject_multicast(noc_, m.source, targets, count, flits, tag, &context_.error)
                : weft_noc_inject(noc_, m.source, m.target, flits, tag, &context_.error);
}

/* Runs after all that the present cycle's timed events did, so the network has been stepped to this cycle or is idle.
 */
void Mesh::inject() {
    guarded(context_, [this] {
        bool idle = weft_noc_idle(noc_);
        if (idle) weft_noc_skip(noc_, now() - weft_noc_cycle(noc_));
        require(weft_noc_cycle(noc_) == now(), "the network has lost the clock");
        std::stable_sort(outbox_.begin(), outbox_.end(),
                         [this](size_t a, size_t b) { return messages_[a]->source < messages_[b]->source; });
        for (size_t tag : outbox_) {
            Message &m = *messages_[tag];
            int flits = weft_traffic_packet_flits(context_.traffic, m.kind, m.count());
            if (hand_over(m, tag, flits) != WEFT_OK) return;
            count(m, flits);
        }
        outbox_.clear();
        if (idle) step_event_.notify(cycles(1));
    });
}

void Mesh::step() {
    guarded(context_, [this] {
        const weft_noc_delivery *deliveries = nullptr;
        packet_cycles_ += arriving_;
        int count = weft_noc_step(noc_, &deliveries);
        require(weft_noc_cycle(noc_) == now(), "the network has lost the clock");
        for (int i = 0; i < count; i++) deliver(deliveries[i]);
        if (weft_noc_stalled_cycles(noc_) > context_.stall_limit)
            report_stall();
        else if (!weft_noc_idle(noc_))
            step_event_.notify(cycles(1));
    });
}

void Mesh::report_stall() {
    char text[700];
    if (weft_noc_find_deadlock(noc_, text, sizeof text))
        weft_error_set(&context_.error, WEFT_E_INTERNAL, "timed run: the network is in a deadlock: %s", text);
    else
        weft_error_set(&context_.error, WEFT_E_INTERNAL,
                       "timed run: no flit has moved for %" PRIu64 " cycles, %s inside the network",
                       context_.stall_limit, counted(inside(), "packet").c_str());
}

/* The tree's packet is at that terminal. */
static void arrive(Message &m, int terminal) {
    const weft_route *route = m.tree->planned;
    const int *at = std::lower_bound(route->cores, route->cores + route->core_count, terminal);
    m.target = terminal;
    m.delivery = m.tree->delivery_to(terminal);
    m.record = m.records + static_cast<uint64_t>(at - route->cores);
}

void Mesh::deliver(const weft_noc_delivery &delivery) {
    size_t tag = static_cast<size_t>(delivery.tag);
    Receiver *receiver = receivers_[static_cast<size_t>(delivery.target)];
    if (!receiver)
        throw std::logic_error("a packet reached core " + std::to_string(delivery.target) + ", which has no work");
    ejected_[static_cast<size_t>(delivery.target)] += static_cast<uint64_t>(delivery.flits);
    Message &message = *messages_[tag];
    if (message.tree) arrive(message, delivery.target);
    context_.recorder->delivered(message.record);
    receiver->receive(message);
    arriving_--;
    if (--message.left == 0) free_.push_back(tag);
}

weft_status Mesh::check(const weft_noc_statistics &s, weft_error *err) const {
    if (!weft_noc_idle(noc_) || inside() || s.flits_injected != s.flits_delivered)
        return weft_error_set(err, WEFT_E_INTERNAL,
                              "timed run: %" PRIu64 " flits went into the network and %" PRIu64 " came out",
                              s.flits_injected, s.flits_delivered);
    const uint64_t routers = path_.n[WEFT_EVENT_ROUTER_FLIT], links = path_.n[WEFT_EVENT_LINK_FLIT];
    if (s.router_flits != routers || s.link_flits != links)
        return weft_error_set(err, WEFT_E_INTERNAL,
                              "timed run: routers passed %" PRIu64 " flits and links %" PRIu64
                              ", the packets' paths add up to %" PRIu64 " and %" PRIu64,
                              s.router_flits, s.link_flits, routers, links);
    return WEFT_OK;
}

/* Flits count where they leave a router: at the core that takes them, or at the router's first core. */
void Mesh::count_routers() {
    const weft_chip *chip = context_.chip;
    weft_timing *timing = context_.timing;
    const int concentration = static_cast<int>(chip->noc.concentration);
    for (int t = 0; t <= chip->core_count; t++) {
        const size_t at = static_cast<size_t>(t);
        weft_timing_core &core = timing->cores[context_.index_on(number_, t)];
        weft_event_counts &events = core.events;
        core.injection_busy_cycles += weft_noc_port_busy(&config_, true, injected_[at], injecting_[at]);
        core.ejection_busy_cycles += weft_noc_port_busy(&config_, false, ejected_[at], ejected_[at]);
        const bool counted = t == chip->host_terminal && number_ > 0; /* one host for all chips */
        if (!counted) events.n[WEFT_EVENT_ROUTER_FLIT] = events.n[WEFT_EVENT_LINK_FLIT] = 0;
        events.n[WEFT_EVENT_ROUTER_FLIT] += ejected_[at];
    }
    for (int r = 0; r < chip->router_count; r++)
        for (int d = 0; d < 4; d++) {
            const uint64_t flits = weft_noc_link_flits(noc_, r, d);
            weft_event_counts &events = timing->cores[context_.index_on(number_, r * concentration)].events;
            timing->link_flits[(number_ * chip->router_count + r) * 4 + d] = flits;
            events.n[WEFT_EVENT_ROUTER_FLIT] += flits;
            events.n[WEFT_EVENT_LINK_FLIT] += flits;
        }
}

weft_status Mesh::finish(weft_error *err) {
    weft_noc_statistics s = weft_noc_statistics_get(noc_);
    WEFT_TRY(check(s, err));
    weft_timing *timing = context_.timing;
    timing->packets += s.packets_delivered;
    timing->flits += s.flits_delivered;
    timing->flit_hops += s.link_flits;
    timing->latency_sum_cycles += s.latency_sum;
    timing->latency_max_cycles = std::max(timing->latency_max_cycles, s.latency_max);
    timing->zero_load_sum_cycles += zero_load_;
    timing->packet_cycles += packet_cycles_;
    count_routers();
    return WEFT_OK;
}

} // namespace weft
