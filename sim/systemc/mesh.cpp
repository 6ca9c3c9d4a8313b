#include "sim/systemc/mesh.hpp"

#include <algorithm>
#include <cinttypes>

namespace weft {

static weft_status create_noc(weft_noc **out, const weft_chip *chip, weft_error *err) {
    std::vector<int> router(static_cast<size_t>(chip->core_count) + 1);
    for (int t = 0; t <= chip->core_count; t++) router[static_cast<size_t>(t)] = weft_chip_router(chip, t);
    const auto &n = chip->noc;
    weft_noc_config config{};
    config.width = static_cast<int>(n.mesh[0]), config.height = static_cast<int>(n.mesh[1]);
    config.terminal_count = chip->core_count + 1, config.terminal_router = router.data();
    config.vcs = static_cast<int>(n.vcs), config.buffer_flits = static_cast<int>(n.buffer_flits);
    config.route_cycles = static_cast<int>(n.route_cycles), config.vc_cycles = static_cast<int>(n.vc_cycles);
    config.switch_cycles = static_cast<int>(n.switch_cycles);
    config.traversal_cycles = static_cast<int>(n.traversal_cycles);
    config.link_cycles = static_cast<int>(n.link_cycles), config.credit_cycles = static_cast<int>(n.credit_cycles);
    config.speculative = n.speculative;
    return weft_noc_create(out, &config, err);
}

Mesh::Mesh(sc_core::sc_module_name name, Context &context, const char *record)
    : sc_core::sc_module(name), context_(context), step_event_("step"), inject_event_("inject"),
      receivers_(static_cast<size_t>(context.chip->core_count) + 1) {
    SC_METHOD(step);
    sensitive << step_event_;
    dont_initialize();
    SC_METHOD(inject);
    sensitive << inject_event_;
    dont_initialize();
    if (create_noc(&noc_, context.chip, &context.error) == WEFT_OK && record) open_record(record);
}

Mesh::~Mesh() {
    weft_output_abort(&record_);
    weft_noc_destroy(noc_);
}

void Mesh::open_record(const char *path) {
    if (weft_output_open(&record_, path, &context_.error) != WEFT_OK) return;
    const weft_chip *chip = context_.chip;
    std::fprintf(record_.stream,
                 "# weft-trace 1: time_cycles source destination flits; chip %s, %d cores, host %d, mesh %" PRId64
                 " x %" PRId64 ", images %zu\n",
                 chip->name ? chip->name : "", chip->core_count, chip->host_terminal, chip->noc.mesh[0],
                 chip->noc.mesh[1], context_.images);
}

Message &Mesh::create() {
    if (free_.empty()) {
        messages_.push_back(std::make_unique<Message>());
        free_.push_back(messages_.size() - 1);
    }
    Message &message = *messages_[free_.back()];
    message.q.clear();
    message.sums.clear();
    message.values.clear();
    return message;
}

/* The message is the one that create handed out last: it lies at the top of the free list. */
void Mesh::send(Message &message) {
    require(!free_.empty() && messages_[free_.back()].get() == &message, "a message was sent out of turn");
    outbox_.push_back(free_.back());
    free_.pop_back();
    inject_event_.notify(sc_core::SC_ZERO_TIME);
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
            const Message &m = *messages_[tag];
            int flits = weft_traffic_packet_flits(context_.traffic, m.kind, m.count());
            if (weft_noc_inject(noc_, m.source, m.target, flits, tag, &context_.error) != WEFT_OK) return;
            weft_event_counts events =
                weft_traffic_packet_events(context_.traffic, m.kind, m.source, m.target, m.count());
            weft_event_counts_add(&context_.events(m.stage), &events);
            if (record_.stream)
                std::fprintf(record_.stream, "%" PRIu64 " %d %d %d\n", now(), m.source, m.target, flits);
        }
        outbox_.clear();
        if (idle) step_event_.notify(cycles(1));
    });
}

void Mesh::step() {
    guarded(context_, [this] {
        const weft_noc_delivery *deliveries = nullptr;
        int count = weft_noc_step(noc_, &deliveries);
        require(weft_noc_cycle(noc_) == now(), "the network has lost the clock");
        for (int i = 0; i < count; i++) deliver(deliveries[i]);
        if (weft_noc_stalled_cycles(noc_) > context_.stall_limit)
            weft_error_set(&context_.error, WEFT_E_INTERNAL,
                           "timed run: no flit has moved for %" PRIu64 " cycles, %zu packets are inside the network",
                           context_.stall_limit, inside());
        else if (!weft_noc_idle(noc_))
            step_event_.notify(cycles(1));
    });
}

void Mesh::deliver(const weft_noc_delivery &delivery) {
    size_t tag = static_cast<size_t>(delivery.tag);
    Receiver *receiver = receivers_[static_cast<size_t>(delivery.target)];
    if (!receiver)
        throw std::logic_error("a packet reached core " + std::to_string(delivery.target) + ", which has no work");
    receiver->receive(*messages_[tag]);
    free_.push_back(tag);
}

weft_status Mesh::check(const weft_noc_statistics &s, weft_error *err) const {
    uint64_t routers = 0, links = 0;
    for (int i = 0; i <= context_.stages->count; i++) {
        routers += context_.result->stage_events[i].n[WEFT_EVENT_ROUTER_FLIT];
        links += context_.result->stage_events[i].n[WEFT_EVENT_LINK_FLIT];
    }
    if (!weft_noc_idle(noc_) || inside() || s.flits_injected != s.flits_delivered)
        return weft_error_set(err, WEFT_E_INTERNAL,
                              "timed run: %" PRIu64 " flits went into the network and %" PRIu64 " came out",
                              s.flits_injected, s.flits_delivered);
    if (s.router_flits != routers || s.link_flits != links)
        return weft_error_set(err, WEFT_E_INTERNAL,
                              "timed run: routers passed %" PRIu64 " flits and links %" PRIu64
                              ", the packets' paths add up to %" PRIu64 " and %" PRIu64,
                              s.router_flits, s.link_flits, routers, links);
    return WEFT_OK;
}

weft_status Mesh::finish(weft_error *err) {
    weft_noc_statistics s = weft_noc_statistics_get(noc_);
    WEFT_TRY(check(s, err));
    weft_cosim_result *result = context_.result;
    result->packets = s.packets_delivered;
    result->flits = s.flits_delivered;
    result->flit_hops = s.link_flits;
    result->latency_sum_cycles = s.latency_sum;
    result->latency_max_cycles = s.latency_max;
    for (int r = 0; r < context_.chip->router_count; r++)
        for (int d = 0; d < 4; d++) result->link_flits[r * 4 + d] = weft_noc_link_flits(noc_, r, d);
    return record_.stream ? weft_output_commit(&record_, err) : WEFT_OK;
}

} // namespace weft
