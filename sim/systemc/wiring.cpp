#include "sim/systemc/wiring.hpp"

#include "sim/systemc/network.hpp"

namespace weft {

std::string Route::describe_full(uint64_t image, int position) const {
    for (const Inbox *inbox : inboxes) {
        const uint64_t at = image * inbox->pixels() + static_cast<uint64_t>(position);
        if (!inbox->admits(at)) return inbox->name();
    }
    return "";
}

void Route::fill(Message &m, size_t number, const SharedValues &q, const weft_traffic *traffic) const {
    m.carry(q);
    if (!pieces()) {
        m.target = remote[number].core, m.delivery = &remote[number];
        return;
    }
    const int values = static_cast<int>(q->size()), piece = static_cast<int>(number);
    m.tree = this, m.target = -1;
    m.taken = static_cast<size_t>(weft_traffic_piece(traffic, planned, piece, values));
    m.first = number * static_cast<size_t>(weft_traffic_piece(traffic, planned, 0, values));
}

void Wiring::add_reader(const weft_reader &key, Inbox &inbox, int taker) {
    const weft_port &port = context_.stage(key.stage).ports[key.port];
    for (int i = 0; i < port.source_count; i++)
        readers_[{key.part, port.sources[i].stage}][key.core].push_back({key, port.sources[i].begin, &inbox, taker});
}

void Wiring::add_targets(Delivery &delivery, int part, int stage, int block, int y, int x) const {
    auto of_producer = readers_.find({part, stage});
    if (of_producer == readers_.end()) return;
    auto of_core = of_producer->second.find(delivery.core);
    if (of_core == of_producer->second.end()) return;
    const int first = stage < 0 ? 0 : context_.mapped(stage).blocks[block].column_begin;
    const int count =
        stage < 0 ? context_.stages->input.channels : context_.mapped(stage).blocks[block].column_end - first;
    for (const Reader &reader : of_core->second) {
        const int begin = reader.begin + first;
        if (begin >= reader.inbox->end() || begin + count <= reader.inbox->begin()) continue;
        if (!weft_traffic_needs(context_.traffic, &reader.key, stage, block, y, x)) continue;
        auto same = std::find_if(delivery.targets.begin(), delivery.targets.end(),
                                 [&](const Target &t) { return t.inbox == reader.inbox && t.begin == begin; });
        if (same == delivery.targets.end())
            delivery.targets.push_back({reader.inbox, begin, {reader.taker}});
        else
            same->takers.push_back(reader.taker);
    }
}

std::unique_ptr<Route> Wiring::build(const weft_route &from, int part, int stage, int block, int y, int x) const {
    auto route = std::make_unique<Route>(Route{{}, {}, false, {}, stage < 0 ? nullptr : &context_.stage(stage), &from});
    for (int i = 0; i < from.core_count; i++) {
        if (from.cores[i] == context_.chip->host_terminal) {
            route->to_host = true;
            continue;
        }
        route->remote.push_back({from.cores[i], {}});
        add_targets(route->remote.back(), part, stage, block, y, x);
        require(!route->remote.back().targets.empty(), "a packet has a destination without a reader");
    }
    if (from.local) {
        route->local.core = context_.mapped(stage).blocks[block].core;
        add_targets(route->local, part, stage, block, y, x);
    }
    auto join = [&route](const Delivery &delivery) {
        for (const Target &t : delivery.targets)
            if (std::find(route->inboxes.begin(), route->inboxes.end(), t.inbox) == route->inboxes.end())
                route->inboxes.push_back(t.inbox);
    };
    for (const Delivery &delivery : route->remote) join(delivery);
    join(route->local);
    return route;
}

const Route *Wiring::route(int part, int stage, int block, int y, int x) {
    if (stage == context_.stages->count - 1) return &result_;
    const weft_route *from = weft_traffic_route(context_.traffic, part, stage, block, y, x);
    auto [at, fresh] = routes_.try_emplace(from);
    if (fresh) at->second = build(*from, part, stage, block, y, x);
    return at->second.get();
}

void Wiring::expect(const Delivery &delivery, int pixel, size_t packets) {
    for (const Target &target : delivery.targets)
        for (int taker : target.takers) target.inbox->expect(taker, pixel, packets);
}

void Wiring::expect_all() {
    for (int stage = -1; stage < context_.stages->count - 1; stage++) {
        const weft_shape out = stage < 0 ? context_.stages->input : context_.stage(stage).out;
        const int blocks = stage < 0 ? 1 : context_.mapped(stage).block_count;
        for (int part = 0; part < context_.mapping->parts; part++)
            for (int b = 0; b < blocks; b++)
                for (int p = 0; p < out.height * out.width; p++) {
                    const int y = p / out.width, x = p % out.width;
                    if (stage >= 0 &&
                        context_.mapped(stage).blocks[b].copy != weft_mapped_stage_copy(&context_.mapped(stage), y, x))
                        continue;
                    const Route *to = route(part, stage, b, y, x);
                    const size_t packets = std::max<size_t>(to->pieces(), 1);
                    for (const Delivery &delivery : to->remote) expect(delivery, p, packets);
                    expect(to->local, p, 1);
                }
    }
}

} // namespace weft
