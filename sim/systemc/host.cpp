#include "sim/systemc/host.hpp"

namespace weft {

/* ---- what it has ---- */

/* Packets of an image's results. */
static int count_results(const Context &context) {
    int last = context.stages->count - 1, count = 0;
    const weft_mapped_stage &mapped = context.mapped(last);
    weft_shape out = context.stage(last).out;
    for (int y = 0; y < out.height; y++)
        for (int x = 0; x < out.width; x++)
            for (int b = 0; b < mapped.block_count; b++)
                count += mapped.blocks[b].copy == weft_mapped_stage_copy(&mapped, y, x);
    return count;
}

HostMemory::HostMemory(Context &context)
    : context_(context), q_(weft_shape_size(context.stages->input)), missing_(context.images) {
    std::fill(missing_.begin(), missing_.end(), count_results(context));
    for (int s = 0; s < context.stages->count; s++)
        kept_.emplace_back(static_cast<size_t>(context.mapped(s).block_count));
}

size_t HostMemory::place(int stage, uint64_t image, int position) const {
    const weft_shape out = context_.stage(stage).out;
    return static_cast<size_t>(image) * static_cast<size_t>(out.height * out.width) + static_cast<size_t>(position);
}

void HostMemory::store(const Message &m) {
    if (m.kind == WEFT_PACKET_RESULT) return take_result(m);
    Kept &kept = kept_[static_cast<size_t>(m.stage)][static_cast<size_t>(m.block)];
    const weft_shape out = context_.stage(m.stage).out;
    const size_t size = context_.images * static_cast<size_t>(out.height * out.width);
    if (kept.values.empty()) kept.values.resize(size);
    if (kept.moments.empty() && context_.recorder->on()) kept.moments.resize(size);
    if (kept.came.empty()) kept.came.resize(size);
    const size_t at = place(m.stage, m.image, m.position);
    require(!kept.values[at], "values came to the host twice");
    if (context_.recorder->on()) kept.moments[at].push_back(weft_trace_when(m.record, WEFT_TRACE_FINISH));
    kept.came[at] += static_cast<uint32_t>(m.taken);
    if (kept.came[at] < m.q->size()) return;
    kept.values[at] = m.q;
    for (Feeder *feeder : feeders_) feeder->feed();
}

void HostMemory::take_result(const Message &m) {
    if (m.position == 0) {
        const weft_output_block &block = context_.mapped(m.stage).blocks[m.block];
        float *to = context_.logits + m.image * static_cast<size_t>(context_.stages->classes);
        std::copy(m.values.begin(), m.values.end(), to + block.column_begin);
    }
    if (--missing_[m.image] == 0) {
        context_.timing->image_end[m.image] = now();
        if (++images_done_ == context_.images) context_.end = now();
    }
}

SharedValues HostMemory::pixel(uint64_t image, int position) {
    if (image != image_)
        weft_engine_quantise_input(context_.engine, context_.x + image * weft_shape_size(context_.stages->input),
                                   q_.data());
    image_ = image;
    const auto channels = static_cast<std::ptrdiff_t>(context_.stages->input.channels);
    const auto from = q_.begin() + position * channels;
    return std::make_shared<const Values>(from, from + channels);
}

SharedValues HostMemory::find(int stage, int block, uint64_t image, int position) {
    if (stage < 0) return pixel(image, position);
    const Kept &kept = kept_[static_cast<size_t>(stage)][static_cast<size_t>(block)];
    return kept.values.empty() ? nullptr : kept.values[place(stage, image, position)];
}

void HostMemory::add_arrivals(int stage, int block, uint64_t image, int position, Moments &after) const {
    if (stage < 0) return;
    const Kept &kept = kept_[static_cast<size_t>(stage)][static_cast<size_t>(block)];
    const Moments &moments = kept.moments[place(stage, image, position)];
    after.insert(after.end(), moments.begin(), moments.end());
}

std::string HostMemory::describe() const {
    for (size_t i = 0; i < missing_.size(); i++)
        if (missing_[i])
            return "host waits for " + counted(static_cast<uint64_t>(missing_[i]), "result") + " of image " +
                   std::to_string(i);
    return "";
}

/* ---- what it sends ---- */

HostLink::HostLink(sc_core::sc_module_name name, Context &context, const Schedule &schedule, HostMemory &memory)
    : sc_core::sc_module(name), network("network"), context_(context), schedule_(schedule), memory_(memory),
      link_(context, WEFT_SERVER_IO, context.chip->host_terminal, -1, -1, -1, 1), pump_event_("pump") {
    SC_METHOD(pump);
    sensitive << pump_event_;
    dont_initialize();
    memory.add_feeder(*this);
}

void HostLink::begin_part(int part, int readers, const Moments &after) {
    part_ = part;
    readers_ = readers;
    begin_ = after;
    images_consumed_ = readers ? 0 : context_.images;
    consumed_.assign(context_.images, 0);
    credits_.assign(context_.images, {});
    streams_.clear();
    for (int s = -1; s < context_.stages->count - 1; s++)
        streams_.push_back({s, s < 0 ? context_.stages->input : context_.stage(s).out, 0, 0, 0, 0});
    wake();
}

/* The stream's next packet; false at its end. Blocks of the part itself send their values on their own. */
bool HostLink::find_packet(Stream &s, const Route *&route) {
    const int blocks = s.stage < 0 ? 1 : context_.mapped(s.stage).block_count;
    for (; s.image < context_.images; s.image++, s.position = 0)
        for (; s.position < s.shape.height * s.shape.width; s.position++, s.block = 0)
            for (; s.block < blocks; s.block++, s.destination = 0) {
                const int y = s.position / s.shape.width, x = s.position % s.shape.width;
                if (s.stage >= 0) {
                    const weft_mapped_stage &mapped = context_.mapped(s.stage);
                    if (mapped.blocks[s.block].part == part_ ||
                        mapped.blocks[s.block].copy != weft_mapped_stage_copy(&mapped, y, x))
                        continue;
                }
                route = context_.wiring->route(part_, s.stage, s.block, y, x);
                if (s.destination < route->packets()) return true;
            }
    return false;
}

/* Image credits, the values themselves, and room at all readers. */
bool HostLink::may_send(const Stream &s, const Route &route) {
    if (s.destination > 0) return true;
    if (!schedule_.may_begin(-1, s.image)) return false;                                    /* begin_tick goes on */
    if (s.stage < 0 && has_credits() && s.image >= images_consumed_ + 2) return false;      /* input_consumed goes on */
    if (s.stage >= 0 && !memory_.find(s.stage, s.block, s.image, s.position)) return false; /* feed goes on */
    return route.admits(
        s.image * static_cast<uint64_t>(s.shape.height * s.shape.width) + static_cast<uint64_t>(s.position), *this);
}

void HostLink::pump() {
    guarded(context_, [this] {
        for (bool sent = true; sent;) {
            if (!link_.is_free()) return pump_event_.notify(cycles(link_.available() - now()));
            sent = false;
            for (Stream &stream : streams_) {
                const Route *route = nullptr;
                if (!find_packet(stream, route) || !may_send(stream, *route)) continue;
                send(stream, *route);
                sent = true;
                break;
            }
        }
    });
}

void HostLink::send(Stream &s, const Route &route) {
    Moments after;
    if (context_.recorder->on()) {
        after = begin_;
        begin_.clear();
        route.add_releases(
            s.image * static_cast<uint64_t>(s.shape.height * s.shape.width) + static_cast<uint64_t>(s.position), after);
        if (s.stage < 0 && has_credits() &&
            s.image >= 2) { /* the link keeps the order, so that the image's first packet is enough */
            after.insert(after.end(), credits_[s.image - 2].begin(), credits_[s.image - 2].end());
            credits_[s.image - 2].clear();
        }
        memory_.add_arrivals(s.stage, s.block, s.image, s.position, after);
    }
    uint64_t &first = context_.timing->image_start[s.image];
    if (s.stage < 0 && first == UINT64_MAX) first = now();
    Message &m = network->create();
    m.kind = s.stage < 0 ? WEFT_PACKET_INPUT : WEFT_PACKET_ACTIVATION;
    m.source = context_.chip->host_terminal;
    m.stage = s.stage, m.block = s.block, m.image = s.image, m.position = s.position;
    route.fill(m, s.destination, memory_.find(s.stage, s.block, s.image, s.position), context_.traffic);
    const uint64_t bits = m.taken * static_cast<uint64_t>(context_.chip->input.bits);
    const uint64_t record = link_.serve(bits, s.stage, s.image, after).record;
    m.after.push_back(weft_trace_when(record, WEFT_TRACE_START));
    network->send(m);
    s.destination++;
}

void HostLink::input_consumed(uint64_t image, Moment moment) {
    consumed_[image]++;
    if (context_.recorder->on()) credits_[image].push_back(moment);
    while (images_consumed_ < context_.images && consumed_[images_consumed_] == readers_) images_consumed_++;
    wake();
}

std::string HostLink::describe() const {
    for (const Stream &s : streams_) {
        Stream at = s;
        const Route *route = nullptr;
        if (!const_cast<HostLink &>(*this).find_packet(at, route)) continue;
        const std::string image = "image " + std::to_string(at.image);
        if (at.stage < 0 && has_credits() && at.image >= images_consumed_ + 2)
            return "host cannot send " + image + " before its readers have finished image " +
                   std::to_string(images_consumed_);
        if (at.stage >= 0 && !memory_.find(at.stage, at.block, at.image, at.position))
            return "host waits for position " + std::to_string(at.position) + " of " + image + " of stage '" +
                   context_.stage(at.stage).name + "' block " + std::to_string(at.block);
        const uint64_t number =
            at.image * static_cast<uint64_t>(at.shape.height * at.shape.width) + static_cast<uint64_t>(at.position);
        for (Inbox *inbox : route->inboxes)
            if (!inbox->admits(number))
                return "host cannot send pixel " + std::to_string(at.position) + " of " + image + " to " +
                       inbox->name() + ", which has no room";
    }
    return "";
}

} // namespace weft
