#include "sim/systemc/core.hpp"

#include <set>

namespace weft {

Core::Core(sc_core::sc_module_name name, Context &context, int number, Batch &batch, InputListener &listener)
    : sc_core::sc_module(name), network("network"), context_(context), number_(number), batch_(batch),
      listener_(listener), digital_(context, number, buffer_), readers_(static_cast<size_t>(context.stages->count) + 1),
      wake_event_("wake"), work_event_("work") {
    add_matrices();
    for (auto &m : matrices_) add_reader(m->reader(), m.get(), nullptr);
    for (PortBuffer *port : digital_.ports()) add_reader(port->reader(), nullptr, port);
    /* Timed events only ask for work, which then happens after every arrival of the same cycle, whatever the order of
     * processes. */
    SC_METHOD(wake);
    sensitive << wake_event_;
    dont_initialize();
    SC_METHOD(work);
    sensitive << work_event_;
    if (std::none_of(matrices_.begin(), matrices_.end(), [](const auto &m) { return m->runs_free(); }))
        dont_initialize();
}

void Core::add_matrices() {
    for (int s = 0; s < context_.stages->count; s++) {
        const weft_mapped_stage &mapped = context_.mapped(s);
        std::set<int> copies;
        for (int t = 0; t < mapped.tile_count; t++)
            if (mapped.tiles[t].core == number_) copies.insert(mapped.tiles[t].copy);
        for (int copy : copies) matrices_.push_back(std::make_unique<MatrixUnit>(context_, number_, s, copy));
    }
}

void Core::add_reader(const weft_reader &key, MatrixUnit *matrix, PortBuffer *port) {
    const weft_port &from = context_.stage(key.stage).ports[key.port];
    for (int i = 0; i < from.source_count; i++)
        readers_[static_cast<size_t>(from.sources[i].stage + 1)].push_back({key, from.sources[i].begin, matrix, port});
}

int Core::input_readers() const {
    return digital_.input_readers() + static_cast<int>(std::count_if(matrices_.begin(), matrices_.end(),
                                                                     [](const auto &m) { return m->reads_input(); }));
}

/* Columns of a block that the tiles of another core cover. */
const std::vector<int> &Core::share_columns(int stage, int block, int source) {
    auto [at, fresh] = columns_.try_emplace({stage, {block, source}});
    if (!fresh) return at->second;
    const weft_mapped_stage &mapped = context_.mapped(stage);
    const weft_output_block &b = mapped.blocks[block];
    std::vector<char> covered(static_cast<size_t>(b.column_end - b.column_begin));
    for (int t = 0; t < mapped.tile_count; t++) {
        const weft_tile &tile = mapped.tiles[t];
        if (tile.core != source || tile.copy != b.copy || tile.column_begin < b.column_begin ||
            tile.column_end > b.column_end)
            continue;
        for (int c = tile.column_begin; c < tile.column_end; c++) covered[static_cast<size_t>(c - b.column_begin)] = 1;
    }
    for (size_t c = 0; c < covered.size(); c++)
        if (covered[c]) at->second.push_back(static_cast<int>(c));
    return at->second;
}

void Core::receive(const Message &m) {
    if (m.kind == WEFT_PACKET_PARTIAL) {
        int position = m.y * context_.stage(m.stage).matrix_out.width + m.x;
        digital_.add(m.stage, m.block, m.image, position, share_columns(m.stage, m.block, m.source), m.sums);
    } else {
        deliver(m.stage, m.block, m.image, m.y, m.x, m.q);
    }
    work_event_.notify(sc_core::SC_ZERO_TIME);
}

/* Activations or input to everybody here who needs them. */
void Core::deliver(int stage, int block, size_t image, int y, int x, const std::vector<int32_t> &q) {
    int first = stage < 0 ? 0 : context_.mapped(stage).blocks[block].column_begin;
    bool wanted = false;
    Held held = std::make_shared<Hold>(buffer_, static_cast<int64_t>(q.size()) * context_.chip->input.bits);
    for (const Reader &r : readers_[static_cast<size_t>(stage + 1)]) {
        if (!weft_traffic_needs(context_.traffic, &r.key, stage, block, y, x)) continue;
        wanted = true;
        if (r.matrix)
            r.matrix->take(image, y, x, r.begin + first, q, held);
        else
            r.port->take(image, y, x, r.begin + first, q, held);
    }
    if (!wanted)
        throw std::logic_error("activations reached core " + std::to_string(number_) + ", which does not read them");
}

void Core::work() {
    guarded(context_, [this] {
        uint64_t time = now();
        for (bool again = true; again;) {
            again = false;
            for (auto &m : matrices_) again |= end_products(*m, time);
            again |= digital_.start(time);
            again |= end_jobs(time);
            for (auto &m : matrices_) again |= m->start(time, batch_);
        }
        wake_at_next(time);
    });
}

bool Core::end_products(MatrixUnit &unit, uint64_t time) {
    bool any = false;
    for (const Product *p = unit.finished(time); p; p = unit.finished(time)) {
        if (!p->evaluated) batch_.evaluate();
        for (const Share &share : unit.shares()) send_share(unit, *p, share);
        if (p->last && unit.reads_input()) listener_.input_consumed(p->image);
        unit.pop();
        any = true;
    }
    return any;
}

void Core::send_share(const MatrixUnit &unit, const Product &product, const Share &share) {
    if (share.core == number_) {
        std::vector<int64_t> sums;
        unit.sum(product, share, sums);
        digital_.add(unit.stage(), share.block, product.image, product.position, share.columns, sums);
        return;
    }
    Message &m = network->create();
    m.kind = WEFT_PACKET_PARTIAL;
    m.source = number_, m.target = share.core;
    m.stage = unit.stage(), m.block = share.block, m.image = product.image, m.y = product.y, m.x = product.x;
    unit.sum(product, share, m.sums);
    network->send(m);
}

bool Core::end_jobs(uint64_t time) {
    bool any = false;
    for (const DigitalJob *job = digital_.finished(time); job; job = digital_.finished(time)) {
        for (const Output &output : job->outputs) send_output(output);
        if (job->ends_input) listener_.input_consumed(job->image);
        digital_.pop();
        any = true;
    }
    return any;
}

void Core::send_output(const Output &o) {
    const weft_route *route = weft_traffic_route(context_.traffic, 0, o.stage, o.block, o.y, o.x);
    if (o.stage == context_.stages->count - 1) return send_result(o, route->cores[0]);
    std::vector<int32_t> q(o.values.size());
    int count = static_cast<int>(q.size());
    weft_engine_quantise(context_.engine, o.stage, o.values.data(), count, q.data());
    for (int i = 0; i < route->core_count; i++) {
        Message &m = network->create();
        m.kind = WEFT_PACKET_ACTIVATION;
        m.source = number_, m.target = route->cores[i];
        m.stage = o.stage, m.block = o.block, m.image = o.image, m.y = o.y, m.x = o.x;
        m.q = q;
        network->send(m);
    }
    if (!route->local) return;
    weft_event_counts kept =
        weft_traffic_packet_events(context_.traffic, WEFT_PACKET_ACTIVATION, number_, number_, count);
    weft_event_counts_add(&context_.events(o.stage), &kept);
    deliver(o.stage, o.block, o.image, o.y, o.x, q);
}

void Core::send_result(const Output &o, int host) {
    Message &m = network->create();
    m.kind = WEFT_PACKET_RESULT;
    m.source = number_, m.target = host;
    m.stage = o.stage, m.block = o.block, m.image = o.image, m.y = o.y, m.x = o.x;
    m.values = o.values;
    network->send(m);
}

void Core::wake_at_next(uint64_t time) {
    uint64_t next = digital_.next_time();
    for (auto &m : matrices_) next = std::min(next, m->next_time());
    wake_event_.cancel();
    if (next != UINT64_MAX) wake_event_.notify(cycles(next - time));
}

void Core::finish() {
    weft_cosim_core &core = context_.result->cores[number_];
    core.buffer_peak_bytes = buffer_.peak_bytes();
    core.digital_busy_cycles = digital_.busy_cycles();
    for (auto &m : matrices_) {
        uint64_t &slowest = context_.result->stage_busy_cycles[m->stage()];
        slowest = std::max(slowest, m->busy_cycles());
        core.array_busy_cycles += m->tile_count() * m->busy_cycles();
    }
}

std::string Core::describe() const {
    std::string waits = digital_.describe();
    for (auto &m : matrices_)
        if (waits.empty() && !m->done()) waits = m->describe();
    if (waits.empty() && buffer_.held_bits())
        waits = "core " + std::to_string(number_) + " still holds " + std::to_string(buffer_.held_bits()) + " bits";
    return waits;
}

} // namespace weft
