#include "sim/systemc/block.hpp"

#include "sim/systemc/digital_unit.hpp"

namespace weft {

static bool reads_network_input(const weft_port &port) {
    for (int i = 0; i < port.source_count; i++)
        if (port.sources[i].stage < 0) return true;
    return false;
}

Block::Block(Context &context, Crew &crew, const Schedule &schedule, DigitalUnit &unit, Buffer &buffer, int part,
             int stage, int block)
    : Agent(crew), context_(context), schedule_(schedule), unit_(unit), buffer_(buffer), part_(part), stage_(stage),
      block_(block), width_(mapped().column_end - mapped().column_begin), contributions_(0),
      reads_input_(!context.stage(stage).has_matrix && reads_network_input(context.stage(stage).ports[0])),
      chain_(context, part, stage, block, buffer, *this), stall_(context, stage) {
    if (!context.stage(stage).has_matrix) return;
    const weft_route *partials = weft_traffic_partials(context.traffic, stage, block);
    contributions_ = partials->core_count + partials->local;
    grow(3);
}

void Block::grow(uint64_t at) {
    size_t size = std::max<size_t>(ring_.size(), 4);
    while (size <= at - room_.low()) size *= 2;
    std::vector<Sums> grown(size);
    for (Sums &s : grown) s.missing = contributions_;
    for (uint64_t i = room_.low(); i < room_.low() + ring_.size(); i++)
        grown[static_cast<size_t>(i) & (size - 1)] = std::move(sums(i));
    ring_.swap(grown);
}

/* Sums of a position are added to those that are there: a position holds one value a column. */
void Block::add(uint64_t at, const std::vector<int> &columns, const std::vector<int64_t> &add, Moment moment) {
    require(at >= next_, "partial sums came after their position was finished");
    require(room_.admits(at), "partial sums came before there was room for them");
    if (at - room_.low() >= ring_.size()) grow(at);
    Sums &into = sums(at);
    if (into.missing == contributions_) {
        into.values.assign(static_cast<size_t>(width_), 0);
        into.received = 0;
        into.moments.clear();
        buffer_.hold(int64_t{width_} * context_.chip->io.partial_bits);
    }
    require(into.missing > 0, "partial sums came twice");
    for (size_t i = 0; i < columns.size(); i++) into.values[static_cast<size_t>(columns[i])] += add[i];
    into.missing--;
    into.received += columns.size();
    if (context_.recorder->on()) into.moments.push_back(moment);
    if (!into.missing && at == next_) wake();
}

/* Sums, or a digital stage's input, of the next position. */
bool Block::has_values() const {
    if (context_.stage(stage_).has_matrix) return !sums(next_).missing && next_ < room_.low() + ring_.size();
    Inbox &port = *chain_.ports()[0];
    uint64_t at = chain_.port_low(0);
    if (port.complete(0, at)) return true;
    port.await(0, at);
    return false;
}

bool Block::has_addends(const BlockChain::Step &step) {
    for (const auto &addend : step.addends) {
        Inbox &port = *chain_.ports()[static_cast<size_t>(addend.port)];
        uint64_t at = chain_.image() * port.pixels() + static_cast<uint64_t>(addend.pixel);
        if (port.complete(0, at)) continue;
        port.await(0, at);
        return false;
    }
    return true;
}

/* The route of the step's output when all of its readers have room, else null. */
const Route *Block::find_room(const BlockChain::Step &step) {
    const auto number = static_cast<size_t>(step.output);
    const weft_shape out = context_.stage(stage_).out;
    const int position = chain_.outputs()[number];
    if (routes_.empty()) routes_.resize(chain_.outputs().size());
    if (!routes_[number])
        routes_[number] = context_.wiring->route(part_, stage_, block_, position / out.width, position % out.width);
    const uint64_t at =
        chain_.image() * static_cast<uint64_t>(out.height * out.width) + static_cast<uint64_t>(position);
    return routes_[number]->admits(at, *this) ? routes_[number] : nullptr;
}

void Block::work() {
    if (!schedule_.runs(part_)) return;
    while (start()) {}
}

bool Block::start() {
    if (done() || chain_.positions().empty() || !schedule_.may_begin(stage_, chain_.image())) return false;
    const BlockChain::Step step = chain_.next();
    const Route *route = nullptr;
    if (step.takes && !has_values()) return stall_.end(), false;
    if (!has_addends(step)) return stall_.wait(WEFT_STALL_ADDEND), false;
    if (step.output >= 0 && !(route = find_room(step))) return stall_.wait(WEFT_STALL_OUTPUT), false;
    stall_.end();
    after_.clear();
    if (context_.recorder->on()) add_moments(step, route, after_);
    DigitalUnit::Job job{};
    job.block = this, job.image = chain_.image(), job.route = route;
    if (route) job.output = chain_.outputs()[static_cast<size_t>(step.output)];
    if (step.takes) take_values(values_);
    uint64_t events = chain_.run(values_.data(), job.values);
    if (step.takes && context_.stage(stage_).has_matrix) {
        job.bits = int64_t{width_} * context_.chip->io.partial_bits;
        sums(next_).missing = contributions_;
    }
    next_ += step.takes;
    job.taken = next_;
    if (step.takes && !context_.stage(stage_).has_matrix)
        job.lows.emplace_back(chain_.ports()[0].get(), chain_.port_low(0));
    for (const auto &addend : step.addends)
        job.lows.emplace_back(chain_.ports()[static_cast<size_t>(addend.port)].get(),
                              chain_.port_low(static_cast<size_t>(addend.port)));
    job.ends_input = reads_input_ && chain_.image() > job.image;
    job.ends_all = done();
    unit_.put(std::move(job), events, after_);
    return true;
}

void Block::take_values(std::vector<float> &values) {
    values.resize(static_cast<size_t>(width_));
    weft_event_counts events{};
    if (context_.stage(stage_).has_matrix) {
        const Sums &from = sums(next_);
        int begin = mapped().column_begin;
        weft_engine_dequantise(context_.engine, stage_, begin, begin + width_, from.values.data(), values.data());
        events.n[WEFT_EVENT_PARTIAL_ADD] = from.received - static_cast<uint64_t>(width_);
    } else {
        const int16_t *from = chain_.ports()[0]->values(chain_.port_low(0));
        std::vector<int32_t> q(from, from + width_);
        const int begin = mapped().column_begin;
        weft_engine_port(context_.engine, stage_, 0, begin, begin + width_, q.data(), values.data());
        events.n[WEFT_EVENT_BUFFER_READ_BIT] =
            static_cast<uint64_t>(width_) * static_cast<uint64_t>(context_.chip->input.bits);
    }
    context_.count(stage_, context_.index(part_, core()), events);
}

void Block::add_moments(const BlockChain::Step &step, const Route *route, Moments &after) {
    if (step.takes && context_.stage(stage_).has_matrix) after = sums(next_).moments;
    if (step.takes && !context_.stage(stage_).has_matrix) chain_.ports()[0]->add_moments(chain_.port_low(0), after);
    for (const auto &addend : step.addends) {
        const Inbox &port = *chain_.ports()[static_cast<size_t>(addend.port)];
        port.add_moments(chain_.image() * port.pixels() + static_cast<uint64_t>(addend.pixel), after);
    }
    after.insert(after.end(), begin_.begin(), begin_.end());
    begin_.clear();
    if (!route) return;
    const weft_shape out = context_.stage(stage_).out;
    route->add_releases(chain_.image() * static_cast<uint64_t>(out.height * out.width) +
                            static_cast<uint64_t>(chain_.outputs()[static_cast<size_t>(step.output)]),
                        after);
}

/* What its next step lacks. */
std::string Block::missing() const {
    Block &self = const_cast<Block &>(*this);
    const BlockChain::Step step = self.chain_.next();
    if (step.takes && !has_values())
        return context_.stage(stage_).has_matrix
                   ? std::to_string(sums(next_).missing) + " of " + std::to_string(contributions_) + " partial sums"
                   : "its input";
    if (!self.has_addends(step)) return "the second term of an addition";
    const Route *route = nullptr;
    const auto number = static_cast<size_t>(step.output);
    if (step.output >= 0 && number < routes_.size()) route = routes_[number]; /* null: it has not come so far */
    const std::string full = route ? route->describe_full(chain_.image(), chain_.outputs()[number]) : "";
    return full.empty() ? "its turn" : "room at " + full;
}

std::string Block::describe() const {
    if (chain_.positions().empty() || done()) return "";
    const auto &ports = chain_.ports();
    bool idle = std::all_of(ports.begin(), ports.end(), [](const auto &port) { return !port || port->empty(); });
    bool begun = std::any_of(ring_.begin(), ring_.end(), [this](const Sums &s) { return s.missing < contributions_; });
    if (idle && !begun) return "";
    const size_t position = static_cast<size_t>(next_ % positions());
    return "core " + std::to_string(core()) + ", stage '" + context_.stage(stage_).name + "' block " +
           std::to_string(block_) + " waits for " + missing() + " at position " +
           std::to_string(chain_.positions()[position]) + " of image " + std::to_string(chain_.image());
}

} // namespace weft
