#include "sim/systemc/host.hpp"

#include <algorithm>

namespace weft {

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

Host::Host(sc_core::sc_module_name name, Context &context)
    : sc_core::sc_module(name), network("network"), context_(context), pump_event_("pump"),
      q_(weft_shape_size(context.stages->input)), consumed_(context.images), missing_(context.images) {
    std::fill(missing_.begin(), missing_.end(), count_results(context));
    SC_METHOD(pump);
    sensitive << pump_event_;
}

/* Finds the next pixel of the present image that somebody reads; false at the image's end. */
bool Host::next_packet() {
    weft_shape in = context_.stages->input;
    for (; pixel_ < in.height * in.width; pixel_++, destination_ = 0) {
        const weft_route *route = weft_traffic_route(context_.traffic, 0, -1, 0, pixel_ / in.width, pixel_ % in.width);
        if (destination_ < route->core_count) return true;
    }
    return false;
}

void Host::pump() {
    guarded(context_, [this] {
        weft_shape in = context_.stages->input;
        uint64_t rate = static_cast<uint64_t>(context_.chip->io.bits_per_cycle);
        while (image_ < context_.images) {
            if (image_ >= images_consumed_ + 2) return; /* input_consumed goes on */
            if (uint64_t free = link_base_ + link_bits_ / rate; free > now())
                return pump_event_.notify(cycles(free - now()));
            else if (free < now())
                link_base_ = now(), link_bits_ = 0;
            if (pixel_ == 0 && destination_ == 0) {
                const float *x = context_.x + image_ * weft_shape_size(in);
                weft_engine_quantise_input(context_.engine, x, q_.data());
                context_.result->image_start[image_] = now();
            }
            if (next_packet()) {
                send_pixel(destination_++);
            } else {
                image_++;
                pixel_ = destination_ = 0;
            }
        }
    });
}

void Host::send_pixel(int destination) {
    weft_shape in = context_.stages->input;
    Message &m = network->create();
    m.kind = WEFT_PACKET_INPUT;
    m.source = context_.chip->host_terminal;
    m.stage = -1, m.block = 0, m.image = image_, m.y = pixel_ / in.width, m.x = pixel_ % in.width;
    m.target = weft_traffic_route(context_.traffic, 0, -1, 0, m.y, m.x)->cores[destination];
    const int32_t *from = q_.data() + static_cast<size_t>(pixel_) * static_cast<size_t>(in.channels);
    m.q.assign(from, from + in.channels);
    link_bits_ += static_cast<uint64_t>(in.channels) * static_cast<uint64_t>(context_.chip->input.bits);
    network->send(m);
}

void Host::receive(const Message &m) {
    if (m.y == 0 && m.x == 0) {
        const weft_output_block &block = context_.mapped(m.stage).blocks[m.block];
        float *to = context_.result->logits + m.image * static_cast<size_t>(context_.stages->classes);
        std::copy(m.values.begin(), m.values.end(), to + block.column_begin);
    }
    if (--missing_[m.image] == 0) {
        context_.result->image_end[m.image] = now();
        if (++images_done_ == context_.images) context_.end = now();
    }
}

void Host::input_consumed(size_t image) {
    consumed_[image]++;
    while (images_consumed_ < context_.images && consumed_[images_consumed_] == input_readers_) images_consumed_++;
    pump_event_.notify(sc_core::SC_ZERO_TIME);
}

std::string Host::describe() const {
    std::string waits;
    if (image_ < context_.images)
        waits = "host cannot send image " + std::to_string(image_) + " before its readers have finished image " +
                std::to_string(images_consumed_);
    for (size_t i = 0; i < missing_.size(); i++)
        if (missing_[i] && waits.empty())
            waits = "host waits for " + std::to_string(missing_[i]) + " results of image " + std::to_string(i);
    return waits;
}

} // namespace weft
