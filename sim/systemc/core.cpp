#include "sim/systemc/core.hpp"

#include <map>

namespace weft {

Core::Core(sc_core::sc_module_name name, Context &context, int number, int index, Batch &batch,
           const Schedule &schedule, Listener &listener)
    : sc_core::sc_module(name), network("network"), context_(context), number_(number), index_(index), batch_(batch),
      schedule_(schedule), listener_(listener), digital_(context, *this, number), wake_event_("wake"),
      work_event_("work") {
    add_agent(digital_);
    /* Timed events only ask for work, which then happens after every arrival of the same cycle, whatever the order of
     * processes. */
    SC_METHOD(wake);
    sensitive << wake_event_;
    dont_initialize();
    SC_METHOD(work);
    sensitive << work_event_;
    dont_initialize();
}

/* ---- what there is ---- */

/* Runs of rows or channels, joined and ascending. */
static std::vector<std::pair<int, int>> join_runs(std::vector<std::pair<int, int>> runs) {
    std::sort(runs.begin(), runs.end());
    std::vector<std::pair<int, int>> joined;
    for (const auto &run : runs)
        if (joined.empty() || joined.back().second < run.first)
            joined.push_back(run);
        else
            joined.back().second = std::max(joined.back().second, run.second);
    return joined;
}

/* The values that the tiles read: rows of a dense layer, channels of a convolution. */
static std::vector<std::pair<int, int>> used_runs(const Context &context, int stage, const std::vector<int> &tiles) {
    const weft_stage &s = context.stage(stage);
    const int channels = s.in.channels / s.groups;
    std::vector<std::pair<int, int>> runs;
    for (int t : tiles) {
        const weft_tile &tile = context.mapped(stage).tiles[t];
        if (!s.is_conv) {
            runs.emplace_back(tile.row_begin, tile.row_end);
            continue;
        }
        for (int row = tile.row_begin; row < tile.row_end;) {
            const int first = weft_stage_row_channel(&s, row);
            const int count = std::min(channels - row % channels, tile.row_end - row);
            runs.emplace_back(first, first + count);
            row += count;
        }
        runs = join_runs(std::move(runs));
    }
    return join_runs(std::move(runs));
}

Inbox &Core::add_inbox(int part, int stage, const std::vector<int> &tiles) {
    const weft_stage &s = context_.stage(stage);
    inboxes_.push_back(std::make_unique<Inbox>(context_, buffer_, number_, stage, 0, 0, s.in.channels));
    Inbox &inbox = *inboxes_.back();
    auto runs = used_runs(context_, stage, tiles);
    int64_t values = 0;
    for (const auto &run : runs) values += run.second - run.first;
    inbox.keep(runs, !s.is_conv);
    std::vector<weft_tile> copies;
    for (int t : tiles) copies.push_back(context_.mapped(stage).tiles[t]);
    Reserve reserve{part, &inbox, nullptr, 0, static_cast<uint64_t>(s.in.width), values * context_.chip->input.bits, 0};
    if (s.is_conv) {
        reserve.room =
            static_cast<uint64_t>(weft_mapping_input_pixels(&s, copies.data(), static_cast<int>(copies.size())));
        reserve.line_bits *= s.in.width;
    }
    reserves_.push_back(reserve);
    return inbox;
}

void Core::add_matrices(int part, int stage) {
    const weft_mapped_stage &mapped = context_.mapped(stage);
    std::map<int, std::vector<int>> copies;
    std::vector<int> all;
    for (int t = 0; t < mapped.tile_count; t++)
        if (mapped.tiles[t].core == number_ && mapped.tiles[t].part == part) {
            copies[mapped.tiles[t].copy].push_back(t);
            all.push_back(t);
        }
    if (all.empty()) return;
    Inbox &inbox = add_inbox(part, stage, all);
    for (auto &[copy, tiles] : copies) {
        const weft_reader reader{part, stage, 0, copy, number_};
        matrices_.push_back(
            std::make_unique<MatrixUnit>(context_, *this, schedule_, batch_, inbox, reader, std::move(tiles)));
        add_agent(*matrices_.back());
        context_.wiring->add_reader(reader, inbox, matrices_.back()->taker());
    }
}

/* A copy without positions has nothing to do, but somebody may still look for it. */
void Core::add_block(int part, int stage, int block) {
    blocks_.push_back(std::make_unique<Block>(context_, *this, schedule_, digital_, buffer_, part, stage, block));
    Block &added = *blocks_.back();
    add_agent(added);
    const weft_stage &s = context_.stage(stage);
    const weft_output_block &b = context_.mapped(stage).blocks[block];
    const auto &ports = added.chain().ports();
    for (size_t p = 0; p < ports.size(); p++) {
        if (!ports[p]) continue;
        context_.wiring->add_reader({part, stage, static_cast<int>(p), b.copy, number_}, *ports[p], 0);
        if (!added.positions()) continue;
        const int64_t row = weft_mapping_row_share(&s, p ? s.ports[p].op : 0, context_.mapped(stage).copies_x);
        const int64_t rows = weft_mapping_port_rows(context_.stages, stage, static_cast<int>(p));
        reserves_.push_back({part, ports[p].get(), nullptr, static_cast<uint64_t>(rows * row),
                             static_cast<uint64_t>(row),
                             row * (b.column_end - b.column_begin) * context_.chip->input.bits, 0});
    }
    const int64_t row = weft_mapping_row_share(&s, 0, context_.mapped(stage).copies_x);
    if (s.has_matrix)
        reserves_.push_back({part, nullptr, &added.room(), static_cast<uint64_t>(row), static_cast<uint64_t>(row),
                             row * (b.column_end - b.column_begin) * context_.chip->io.partial_bits,
                             added.positions()});
}

void Core::prepare() {
    for (auto &inbox : inboxes_) inbox->count_needed();
    for (auto &block : blocks_)
        for (auto &port : block->chain().ports())
            if (port) port->count_needed();
    if (context_.bounded) share_buffer();
    for (auto &block : blocks_)
        for (size_t p = 0; p < block->chain().ports().size(); p++)
            if (block->positions() && block->chain().ports()[p])
                block->chain().ports()[p]->release(0, block->chain().port_low(p), never);
}

/* Pixels or positions that a reader has room for when it may hold `maps` maps, in whole lines; what is reserved at
 * least. */
uint64_t Core::room(const Reserve &r, double maps) {
    const uint64_t map = r.inbox ? r.inbox->needed() : r.positions;
    if (!r.room) return std::max<uint64_t>(1, static_cast<uint64_t>(maps)) * map;
    return std::max(r.room, static_cast<uint64_t>(maps * static_cast<double>(map)) / r.line * r.line);
}

/* Bits that this takes beyond the reservation. */
double Core::beyond(const Reserve &r, double maps) {
    const double more = static_cast<double>(room(r, maps) - room(r, 0));
    const uint64_t line = r.room ? r.line : room(r, 0);
    return line ? more / static_cast<double>(line) * static_cast<double>(r.line_bits) : 0;
}

/* What the reservations of a part leave goes to the readers so that all can hold the same share of their maps, up to
 * SHARED_MAPS of them. */
void Core::share_buffer() {
    std::map<int, double> share;
    for (const Reserve &r : reserves_) share[r.part] = 0;
    for (auto &[part, maps] : share) {
        const int64_t spare =
            context_.chip->core.buffer_bytes -
            weft_mapping_buffer_bytes(context_.mapping, context_.stages, context_.chip, part, number_);
        double low = 0, high = SHARED_MAPS;
        for (int step = 0; step < 40 && context_.spare && spare > 0; step++) {
            const double middle = step ? (low + high) / 2 : high;
            double bits = 0;
            for (const Reserve &r : reserves_)
                if (r.part == part) bits += beyond(r, middle);
            (bits <= static_cast<double>(spare) * 8 ? low : high) = middle;
        }
        maps = low;
    }
    for (const Reserve &r : reserves_) (r.inbox ? r.inbox->window() : *r.sums).reserve(room(r, share[r.part]));
}

/* ---- what happens ---- */

void Core::touch(Agent &agent) {
    if (agent.touched) return;
    agent.touched = true;
    touched_.push_back(&agent);
    if (!in_work_) work_event_.notify(sc_core::SC_ZERO_TIME);
}

void Core::call_at(uint64_t cycle, Agent &agent) {
    active_ = true;
    timers_.push_back({cycle, &agent});
    std::push_heap(timers_.begin(), timers_.end(), std::greater<>());
}

void Core::receive(const Message &m) {
    const Moment moment = weft_trace_when(m.record, WEFT_TRACE_FINISH);
    if (m.kind == WEFT_PACKET_PARTIAL)
        m.sums_block->add(m.image * m.sums_block->positions() + static_cast<uint64_t>(m.position), m.share->columns,
                          m.sums, moment);
    else
        deliver(*m.delivery, m.image, m.position, m.q->data() + m.first, m.first, m.taken, moment);
}

/* Activations or input, from number `first` of the packet on, to everybody here who needs them. */
void Core::deliver(const Delivery &delivery, uint64_t image, int position, const int16_t *q, size_t first, size_t count,
                   Moment moment) {
    for (const Target &target : delivery.targets)
        target.inbox->take(image * target.inbox->pixels() + static_cast<uint64_t>(position),
                           target.begin + static_cast<int>(first), q, count, moment, target.takers);
}

void Core::begin_part(int part, const Moments &after) {
    for (auto &m : matrices_)
        if (m->part() == part) m->begin(after);
    for (auto &b : blocks_)
        if (b->part() == part) b->begin(after);
}

void Core::work() {
    guarded(context_, [this] {
        in_work_ = true;
        do {
            run_timers();
            run_touched();
        } while (!touched_.empty() || (!timers_.empty() && timers_.front().cycle <= now()));
        in_work_ = false;
        wake_at_next();
    });
}

void Core::run_timers() {
    while (!timers_.empty() && timers_.front().cycle <= now()) {
        Agent *agent = timers_.front().agent;
        std::pop_heap(timers_.begin(), timers_.end(), std::greater<>());
        timers_.pop_back();
        agent->due();
    }
}

/* In the order of agents, so that it does not matter who touched them first. */
void Core::run_touched() {
    working_.clear();
    working_.swap(touched_);
    std::sort(working_.begin(), working_.end(), [](const Agent *a, const Agent *b) { return a->order < b->order; });
    for (Agent *agent : working_) agent->touched = false;
    for (Agent *agent : working_) agent->work();
}

void Core::wake_at_next() {
    const uint64_t next = timers_.empty() ? UINT64_MAX : timers_.front().cycle;
    if (next == wake_at_) return;
    wake_event_.cancel();
    wake_at_ = next;
    if (next != UINT64_MAX) wake_event_.notify(cycles(next - now()));
}

void Core::send_sums(int stage, const Product &product, const Share &share, std::vector<int64_t> sums) {
    if (share.core == number_) {
        share.to->add(product.at, share.columns, sums, weft_trace_when(product.record, WEFT_TRACE_FINISH));
        return;
    }
    Message &m = network->create();
    m.kind = WEFT_PACKET_PARTIAL;
    m.source = number_, m.target = share.core;
    m.stage = stage, m.block = share.block, m.image = product.image;
    m.position = static_cast<int>(product.at % share.to->positions());
    m.sums = std::move(sums);
    m.sums_block = share.to, m.share = &share;
    m.after.push_back(weft_trace_when(product.record, WEFT_TRACE_FINISH));
    network->send(m);
}

void Core::send_output(const Block &block, const Route *route, uint64_t image, int position,
                       const std::vector<float> &values, Moment after) {
    const int count = static_cast<int>(values.size());
    auto address = [&](Message &m, weft_packet_kind kind, int target) {
        m.kind = kind;
        m.source = number_, m.target = target;
        m.stage = block.stage(), m.block = block.block(), m.image = image, m.position = position;
        m.after.push_back(after);
    };
    if (block.stage() == context_.stages->count - 1) {
        Message &m = network->create();
        address(m, WEFT_PACKET_RESULT, context_.chip->host_terminal);
        m.values = values;
        network->send(m);
        return;
    }
    std::vector<int32_t> wide(values.size());
    weft_engine_quantise(context_.engine, block.stage(), values.data(), count, wide.data());
    const SharedValues q = std::make_shared<const Values>(wide.begin(), wide.end());
    for (size_t i = 0; i < route->packets(); i++) {
        Message &m = network->create();
        address(m, WEFT_PACKET_ACTIVATION, -1);
        route->fill(m, i, q, context_.traffic);
        network->send(m);
    }
    if (route->to_host && !route->pieces()) {
        Message &m = network->create();
        address(m, WEFT_PACKET_ACTIVATION, context_.chip->host_terminal);
        m.carry(q);
        network->send(m);
    }
    if (route->local.targets.empty()) return;
    context_.count(block.stage(), index_,
                   weft_traffic_packet_events(context_.traffic, WEFT_PACKET_ACTIVATION, number_, number_, count));
    deliver(route->local, image, position, q->data(), 0, q->size(), after);
}

/* ---- the end ---- */

weft_status Core::finish(weft_error *err) {
    weft_timing_core &core = context_.timing->cores[index_];
    core.buffer_peak_bytes = buffer_.peak_bytes();
    core.digital_busy_cycles = digital_.busy_cycles();
    for (auto &m : matrices_) {
        uint64_t &slowest = context_.timing->stage_busy_cycles[m->stage()];
        slowest = std::max(slowest, m->busy_cycles());
        core.array_busy_cycles += m->tiles().size() * m->busy_cycles();
    }
    if (!context_.bounded || core.buffer_peak_bytes <= context_.chip->core.buffer_bytes) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INTERNAL, "timed run: core %d held %lld bytes, its buffer has %lld", number_,
                          static_cast<long long>(core.buffer_peak_bytes),
                          static_cast<long long>(context_.chip->core.buffer_bytes));
}

std::string Core::describe() const {
    std::string waits;
    uint64_t earliest = UINT64_MAX;
    auto consider = [&](uint64_t image, const std::string &text) {
        if (!text.empty() && image < earliest) waits = text, earliest = image;
    };
    for (auto &b : blocks_) consider(b->chain().image(), b->describe());
    for (auto &m : matrices_)
        if (!m->done()) consider(m->image(), m->describe());
    if (waits.empty() && buffer_.held_bits())
        waits = "core " + std::to_string(number_) + " still holds " + std::to_string(buffer_.held_bits()) + " bits";
    return waits;
}

} // namespace weft
