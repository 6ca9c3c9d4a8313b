#include "sim/systemc/chip.hpp"

#include <set>

namespace weft {

Chip::Chip(sc_core::sc_module_name name, Context &context, int number, Batch &batch, HostMemory &memory)
    : sc_core::sc_module(name), context_(context), number_(number), mesh_("mesh", context, number),
      link_("host", context, *this, memory), load_event_("load"), begin_event_("begin"), tick_event_("tick") {
    for (int p = number; p < context.mapping->parts; p += context.chips()) parts_.push_back(p);
    link_.network.bind(mesh_);
    mesh_.attach(context.chip->host_terminal, &link_);
    std::set<int> numbers;
    for (int s = 0; s < context.stages->count; s++) {
        const weft_mapped_stage &mapped = context.mapped(s);
        for (int t = 0; t < mapped.tile_count; t++)
            if (mapped.tiles[t].part % context.chips() == number) numbers.insert(mapped.tiles[t].core);
        for (int b = 0; b < mapped.block_count; b++)
            if (mapped.blocks[b].part % context.chips() == number) numbers.insert(mapped.blocks[b].core);
    }
    for (int core : numbers) {
        std::string text = "core_" + std::to_string(core);
        cores_.push_back(
            std::make_unique<Core>(text.c_str(), context, core, context.index_on(number, core), batch, *this, *this));
        cores_.back()->network.bind(mesh_);
        mesh_.attach(core, cores_.back().get());
    }
    add_cores();
    find_loads();
    if (context.chip->clock.kind == WEFT_CLOCK_TICK) find_depths();
    SC_METHOD(tick);
    sensitive << tick_event_;
    dont_initialize();
    SC_METHOD(load_part);
    sensitive << load_event_;
    SC_METHOD(begin_part);
    sensitive << begin_event_;
    dont_initialize();
}

void Chip::add_cores() {
    for (int part : parts_)
        for (int s = 0; s < context_.stages->count; s++) {
            const weft_mapped_stage &mapped = context_.mapped(s);
            for (auto &core : cores_) {
                core->add_matrices(part, s);
                for (int b = 0; b < mapped.block_count; b++)
                    if (mapped.blocks[b].core == core->number() && mapped.blocks[b].part == part)
                        core->add_block(part, s, b);
            }
        }
}

void Chip::find_loads() {
    for (int part : parts_) {
        cells_.push_back(0);
        fullest_.emplace_back();
        for (int s = 0; s < context_.stages->count; s++)
            for (int t = 0; t < context_.mapped(s).tile_count; t++) {
                const weft_tile &tile = context_.mapped(s).tiles[t];
                if (tile.part != part) continue;
                const uint64_t cells = weft_tile_cells(&tile, context_.chip);
                uint64_t &fullest = fullest_.back()[tile.core];
                cells_.back() += cells;
                fullest = std::max(fullest, cells);
            }
    }
    if (parts_.size() < 2) return;
    for (auto &core : cores_)
        programmers_.push_back(std::make_unique<Server>(context_, WEFT_SERVER_PROGRAM, core->number(), -1, -1, -1, 1));
}

void Chip::count_agents() {
    for (int part : parts_) {
        int agents = 0, readers = 0;
        for (auto &core : cores_) {
            for (auto &m : core->matrices()) {
                if (m->part() != part || m->empty()) continue;
                agents++;
                readers += m->reads_input();
                context_.all_products += m->positions() * context_.images;
                weft_stalls &stalls = context_.stalls[m->stage()];
                stalls.waiters[WEFT_STALL_PIXELS]++, stalls.waiters[WEFT_STALL_SUMS]++;
            }
            for (auto &b : core->blocks()) {
                if (b->part() != part || !b->positions()) continue;
                agents++;
                readers += b->reads_input();
                weft_stalls &stalls = context_.stalls[b->stage()];
                stalls.waiters[WEFT_STALL_ADDEND]++, stalls.waiters[WEFT_STALL_OUTPUT]++;
            }
        }
        agents_.push_back(agents);
        readers_.push_back(readers);
    }
}

/* ---- parts, one after the other ---- */

/* Bits of a cell's level on their way from the host. */
static uint64_t cell_bits(const weft_chip *chip) {
    return static_cast<uint64_t>(chip->array.cell_bits ? chip->array.cell_bits : 16);
}

/* A chip with one part is programmed before the run. Else the weights cross the host's link, then all cores write. */
void Chip::load_part() {
    guarded(context_, [this] {
        if (programmers_.empty()) return begin_event_.notify(sc_core::SC_ZERO_TIME);
        loading_since_ = now();
        auto [sent, record] = link_.link().serve(cells_[present_] * cell_bits(context_.chip), -1, UINT64_MAX, retired_);
        const Moments after{weft_trace_when(record, WEFT_TRACE_FINISH)};
        uint64_t end = sent.finish;
        programmed_.clear();
        for (size_t c = 0; c < cores_.size(); c++) {
            auto fullest = fullest_[present_].find(cores_[c]->number());
            if (fullest == fullest_[present_].end()) continue;
            auto written = programmers_[c]->serve_at(sent.finish, fullest->second, -1, UINT64_MAX, after);
            programmed_.push_back(weft_trace_when(written.record, WEFT_TRACE_FINISH));
            end = std::max(end, written.service.finish);
        }
        if (programmed_.empty()) programmed_ = after;
        context_.timing->program_cycles += end - loading_since_;
        retired_.clear();
        begin_event_.notify(cycles(end - now()));
    });
}

void Chip::begin_part() {
    guarded(context_, [this] {
        running_ = true;
        const int part = parts_[present_];
        link_.begin_part(part, readers_[present_], programmed_);
        for (auto &core : cores_) core->begin_part(part, programmed_);
        if (!depths_.empty()) begin_tick();
    });
}

void Chip::input_consumed(int part, uint64_t image, Moment moment) {
    require(runs(part), "an image was finished by a part that does not run");
    link_.input_consumed(image, moment);
}

void Chip::retire(int part, Moment moment) {
    require(runs(part), "an agent ended in a part that does not run");
    if (context_.recorder->on()) retired_.push_back(moment);
    if (--agents_[present_] > 0 || present_ + 1 == parts_.size()) return;
    running_ = false;
    present_++;
    load_event_.notify(sc_core::SC_ZERO_TIME);
}

/* ---- ticks ---- */

void Chip::find_depths() {
    for (int s = 0; s < context_.stages->count; s++) {
        const weft_stage &stage = context_.stage(s);
        int depth = 1;
        for (int p = 0; p < stage.port_count; p++)
            for (int i = 0; i < stage.ports[p].source_count; i++)
                if (int source = stage.ports[p].sources[i].stage; source >= 0)
                    depth = std::max(depth, 1 + depths_[static_cast<size_t>(source)]);
        depths_.push_back(depth);
    }
    const int host = context_.chip->host_terminal;
    barrier_ = std::make_unique<Server>(context_, WEFT_SERVER_BARRIER, host, -1, -1, -1, 1);
    shortest_ = std::make_unique<Server>(context_, WEFT_SERVER_BARRIER, host, -1, -1, -1, 1);
}

/* The clock of the shortest tick starts. */
void Chip::begin_tick() {
    auto [service, record] = shortest_->serve(WEFT_SERVER_SHORTEST_TICK, -1, UINT64_MAX, tick_moments_);
    tick_end_ = service.finish;
    tick_moments_.assign(1, weft_trace_when(record, WEFT_TRACE_FINISH));
    context_.recorder->finished(nullptr);
}

bool Chip::end_tick() {
    if (tick_ + 1 >= context_.images + static_cast<uint64_t>(depths_.back())) return false;
    uint64_t active = 0;
    for (auto &core : cores_) active += core->was_active();
    Moments after;
    context_.recorder->finished(&after);
    auto [service, record] = barrier_->serve(active, -1, UINT64_MAX, after);
    tick_moments_.push_back(weft_trace_when(record, WEFT_TRACE_FINISH));
    tick_event_.notify(cycles(std::max(service.finish, tick_end_) - now()));
    return true;
}

void Chip::tick() {
    guarded(context_, [this] {
        tick_++;
        link_.begin_tick(tick_moments_);
        for (auto &core : cores_) core->begin_part(parts_[present_], tick_moments_);
        begin_tick();
    });
}

/* What programming the part would take on a chip that does nothing else. */
uint64_t Chip::program_alone(int part) const {
    weft_server io, core;
    weft_server_reset(&io, WEFT_SERVER_IO);
    const size_t place = static_cast<size_t>(part / context_.chips());
    const uint64_t sent = weft_server_serve(&io, context_.chip, cells_[place] * cell_bits(context_.chip), 0).finish;
    uint64_t end = sent;
    for (const auto &[number, fullest] : fullest_[place]) {
        weft_server_reset(&core, WEFT_SERVER_PROGRAM);
        end = std::max(end, weft_server_serve(&core, context_.chip, fullest, sent).finish);
    }
    return end;
}

/* ---- the end ---- */

bool Chip::idle() const {
    return std::all_of(cores_.begin(), cores_.end(), [](const auto &core) { return core->describe().empty(); });
}

void Chip::describe(std::vector<std::string> &waits) const {
    if (std::string text = link_.describe(); !text.empty()) waits.push_back(text);
    for (auto &core : cores_)
        if (std::string text = core->describe(); !text.empty()) waits.push_back(text);
}

weft_status Chip::finish(weft_error *err) {
    WEFT_TRY(mesh_.finish(err));
    for (auto &core : cores_) WEFT_TRY(core->finish(err));
    context_.timing->io_busy_cycles += link_.link().served_cycles();
    if (programmers_.empty())
        context_.timing->program_cycles = std::max(context_.timing->program_cycles, program_alone(parts_[0]));
    return WEFT_OK;
}

/* ---- all together ---- */

Machine::Machine(Context &context) : context_(context), batch_(context), memory_(context) {
    for (int c = 0; c < context.chips(); c++) {
        std::string name = "chip_" + std::to_string(c);
        chips_.push_back(std::make_unique<Chip>(name.c_str(), context, c, batch_, memory_));
    }
    context.wiring->expect_all();
    for (auto &chip : chips_)
        for (auto &core : chip->cores()) core->prepare();
    connect();
    for (auto &chip : chips_) chip->count_agents();
    context.recorder->begin();
}

/* Sums find their blocks; units that read the same pixels share their geometry. */
void Machine::connect() {
    std::map<std::pair<int, int>, Block *> blocks;
    std::map<std::tuple<int, int, std::vector<int>>, std::shared_ptr<const Geometry>> geometries;
    for (auto &chip : chips_)
        for (auto &core : chip->cores())
            for (auto &block : core->blocks()) blocks[{block->stage(), block->block()}] = block.get();
    for (auto &chip : chips_)
        for (auto &core : chip->cores())
            for (auto &m : core->matrices()) {
                for (Share &share : m->shares()) share.to = blocks.at({m->stage(), share.block});
                auto &geometry = geometries[{m->stage(), m->reader().copy, m->used_taps()}];
                if (!geometry)
                    geometry = std::make_shared<Geometry>(context_, m->stage(), m->reader().copy, m->used_taps());
                m->set_geometry(geometry);
            }
}

/* Nothing can happen any more, and yet something is missing. */
weft_status Machine::report_stall(weft_error *err) const {
    std::vector<std::string> waits;
    if (std::string text = memory_.describe(); !text.empty()) waits.push_back(text);
    for (auto &chip : chips_) chip->describe(waits);
    std::string text;
    const size_t most = 4;
    for (size_t i = 0; i < waits.size() && i < most; i++) text += (i ? "; " : "") + waits[i];
    if (waits.size() > most) text += "; and more";
    return weft_error_set(err, WEFT_E_INTERNAL, "timed run: nothing happens after cycle %llu: %s",
                          static_cast<unsigned long long>(now()), text.c_str());
}

void Machine::run() {
    do sc_core::sc_start();
    while (!context_.failed() && context_.chip->clock.kind == WEFT_CLOCK_TICK && chips_.front()->end_tick());
}

weft_status Machine::finish(weft_error *err) {
    bool idle = std::all_of(chips_.begin(), chips_.end(), [](const auto &chip) { return chip->idle(); });
    if (!memory_.done() || !idle) return report_stall(err);
    for (auto &chip : chips_) WEFT_TRY(chip->finish(err));
    weft_timing &t = *context_.timing;
    for (size_t i = 0; i < context_.images; i++)
        if (t.image_start[i] == UINT64_MAX) t.image_start[i] = 0; /* nobody reads the input */
    /* Loading weights during the run is part of it. */
    const uint64_t first = context_.mapping->parts > context_.chips() ? 0 : t.image_start[0];
    t.cycles = *std::max_element(t.image_end, t.image_end + context_.images) - first;
    return WEFT_OK;
}

} // namespace weft
