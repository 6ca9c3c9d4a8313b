#include "sim/systemc/block_chain.hpp"

#include "sim/model/digital.h"

namespace weft {

/* PAD: a window of one pixel. */
static weft_window window_of(const weft_digital_op &op) {
    weft_window w = op.window;
    if (op.kind == WEFT_DIGITAL_PAD)
        w.kernel_h = w.kernel_w = w.stride_h = w.stride_w = w.dilation_h = w.dilation_w = 1;
    return w;
}

/* ---- what there is ---- */

BlockChain::BlockChain(Context &context, int part, int stage, int block, Buffer &buffer, Waiter &owner)
    : context_(context), part_(part), stage_(stage), block_(block),
      begin_(context.mapped(stage).blocks[block].column_begin), end_(context.mapped(stage).blocks[block].column_end),
      buffer_(buffer) {
    const weft_stage &s = context.stage(stage);
    int copy = context.mapped(stage).blocks[block].copy;
    for (int o = 0; o <= s.op_count; o++) add_level(s, o, copy);
    for (int o = 0; o < s.op_count; o++) add_operation(s, o);
    add_ports(owner);
}

void BlockChain::add_level(const weft_stage &stage, int op, int copy) {
    const weft_mapped_stage &mapped = context_.mapped(stage_);
    weft_shape shape = op < stage.op_count ? stage.ops[op].in : stage.out;
    Level level{shape.width, {}, 0};
    bool all = weft_mapped_stage_copies(&mapped) == 1;
    for (int y = 0; y < shape.height; y++)
        for (int x = 0; x < shape.width; x++) {
            bool owned = all || weft_mapped_stage_copy(&mapped, weft_stage_owner(&stage, op, 0, y),
                                                       weft_stage_owner(&stage, op, 1, x)) == copy;
            if (owned) level.owned.push_back(y * shape.width + x);
        }
    levels_.push_back(std::move(level));
}

/* Raster index of the last pixel that window (y, x) reads; -1 when it reads only padding. */
static int last_pixel(const weft_digital_op &op, int y, int x) {
    const weft_window w = window_of(op);
    int bottom = -1, right = -1;
    for (int k = 0; k < w.kernel_h; k++) {
        int at = y * w.stride_h - w.pad_top + k * w.dilation_h;
        if (at >= 0 && at < op.in.height) bottom = at;
    }
    for (int k = 0; k < w.kernel_w; k++) {
        int at = x * w.stride_w - w.pad_left + k * w.dilation_w;
        if (at >= 0 && at < op.in.width) right = at;
    }
    return bottom < 0 || right < 0 ? -1 : bottom * op.in.width + right;
}

void BlockChain::add_operation(const weft_stage &stage, int op) {
    const weft_digital_op &from = stage.ops[op];
    const Level &in = levels_[static_cast<size_t>(op)], &out = levels_[static_cast<size_t>(op) + 1];
    size_t size = static_cast<size_t>(from.in.height) * static_cast<size_t>(from.in.width) * channels();
    Operation operation{};
    operation.window = weft_digital_has_window(&from);
    operation.events = weft_engine_digital_events(context_.engine, stage_, op, end_ - begin_);
    operation.work = operation.events.n[WEFT_EVENT_AFFINE] + operation.events.n[WEFT_EVENT_ACTIVATION] +
                     operation.events.n[WEFT_EVENT_POOL] + operation.events.n[WEFT_EVENT_PARTIAL_ADD];
    if (operation.window) operation.map.resize(size);
    for (int p : out.owned) {
        if (!operation.window) break;
        int last = last_pixel(from, p / out.width, p % out.width);
        auto end = std::upper_bound(in.owned.begin(), in.owned.end(), last);
        operation.needed.push_back(static_cast<size_t>(end - in.owned.begin()));
    }
    operations_.push_back(std::move(operation));
}

void BlockChain::add_ports(Waiter &owner) {
    const weft_stage &s = context_.stage(stage_);
    const int core = context_.mapped(stage_).blocks[block_].core;
    ports_.resize(static_cast<size_t>(s.port_count));
    for (int p = s.has_matrix ? 1 : 0; p < s.port_count; p++) {
        auto &port = ports_[static_cast<size_t>(p)];
        port = std::make_unique<Inbox>(context_, buffer_, core, stage_, p, begin_, end_);
        port->add_taker(owner);
    }
}

/* ---- what happens ---- */

/* The operation's next window, once so many positions have arrived. */
bool BlockChain::window_complete(size_t op, size_t arrived) const {
    const std::vector<size_t> &needed = operations_[op].needed;
    size_t next = levels_[op + 1].arrived;
    return next < needed.size() && needed[next] <= arrived;
}

const BlockChain::Step &BlockChain::next() {
    if (!planned_) plan();
    return step_;
}

/* The last operation with a window that waits goes first, so that every level stays in order. */
void BlockChain::plan() {
    const weft_stage &stage = context_.stage(stage_);
    size_t op = operations_.size();
    while (op > 0 && !(operations_[op - 1].window && window_complete(op - 1, levels_[op - 1].arrived))) op--;
    planned_ = true;
    step_.takes = op == 0;
    step_.first_op = op == 0 ? 0 : op - 1;
    step_.output = -1;
    step_.addends.clear();
    for (size_t o = step_.first_op; o < operations_.size(); o++) {
        const Level &level = levels_[o];
        if (stage.ops[o].kind == WEFT_DIGITAL_ADD)
            step_.addends.push_back({stage.ops[o].port, level.owned[level.arrived]});
        const bool arrives = step_.takes || o > step_.first_op;
        if (operations_[o].window && !window_complete(o, level.arrived + arrives)) return;
    }
    step_.output = static_cast<int>(levels_.back().arrived);
}

uint64_t BlockChain::run(const float *values, std::vector<float> &output) {
    next();
    planned_ = false;
    events_ = 0;
    std::vector<float> &now = output;
    if (step_.takes) now.assign(values, values + channels());
    for (size_t o = step_.first_op; o < operations_.size(); o++) {
        Level &level = levels_[o];
        int position = 0;
        if (step_.takes || o > step_.first_op) {
            position = level.owned.at(level.arrived++);
            if (operations_[o].window)
                std::copy(now.begin(), now.end(),
                          operations_[o].map.begin() +
                              static_cast<std::ptrdiff_t>(static_cast<size_t>(position) * channels()));
        }
        if (operations_[o].window) {
            bool complete = window_complete(o, level.arrived);
            if (complete) fire(o, levels_[o + 1].owned[levels_[o + 1].arrived], now);
            if (!complete) {
                account(o);
                break;
            }
        } else {
            fire(o, position, now);
        }
    }
    if (step_.output >= 0) levels_.back().arrived++;
    for (size_t o = 0; o < operations_.size(); o++)
        if (operations_[o].window) account(o);
    end_image();
    return events_;
}

/* The image's last position is in and no window waits. */
void BlockChain::end_image() {
    if (levels_.front().arrived < levels_.front().owned.size()) return;
    for (size_t o = 0; o < operations_.size(); o++)
        if (operations_[o].window && window_complete(o, levels_[o].arrived)) return;
    for (Level &level : levels_) level.arrived = 0;
    image_++;
}

/* position: of the operation's output. values: its input at the position (where it has no windows), then its output. */
void BlockChain::fire(size_t op, int position, std::vector<float> &values) {
    const weft_digital_op &operation = context_.stage(stage_).ops[op];
    int number = static_cast<int>(op), width = levels_[op + 1].width;
    const bool window = operations_[op].window;
    fired_.resize(channels());
    if (operation.kind == WEFT_DIGITAL_ADD) {
        const Inbox &port = *ports_[static_cast<size_t>(operation.port)];
        const int16_t *from = port.values(image_ * port.pixels() + static_cast<uint64_t>(position));
        quantised_.assign(from, from + channels());
        addend_.resize(channels());
        weft_engine_port(context_.engine, stage_, operation.port, begin_, end_, quantised_.data(), addend_.data());
    }
    weft_engine_digital(context_.engine, stage_, number, begin_, end_,
                        window ? operations_[op].map.data() : values.data(), addend_.data(),
                        window ? position / width : 0, window ? position % width : 0, fired_.data());
    values.swap(fired_);
    weft_event_counts events = operations_[op].events;
    if (operation.kind == WEFT_DIGITAL_ADD)
        events.n[WEFT_EVENT_BUFFER_READ_BIT] += channels() * static_cast<uint64_t>(context_.chip->input.bits);
    context_.count(stage_, context_.index(part_, context_.mapped(stage_).blocks[block_].core), events);
    events_ += operations_[op].work;
}

uint64_t BlockChain::port_low(size_t port) const {
    const weft_port &from = context_.stage(stage_).ports[port];
    const Level &level = levels_[port ? static_cast<size_t>(from.op) : 0];
    uint64_t image = image_;
    size_t arrived = level.arrived;
    if (arrived == level.owned.size()) image++, arrived = 0;
    return image * ports_[port]->pixels() + static_cast<uint64_t>(level.owned.empty() ? 0 : level.owned[arrived]);
}

/* Rows above the next window are not held any more. */
void BlockChain::account(size_t op) {
    const weft_digital_op &operation = context_.stage(stage_).ops[op];
    if (operation.kind == WEFT_DIGITAL_PAD) return;
    const weft_window w = window_of(operation);
    const Level &in = levels_[op], &out = levels_[op + 1];
    Operation &state = operations_[op];
    size_t pixels = 0;
    if (out.arrived < out.owned.size()) {
        int row = std::max(0, out.owned[out.arrived] / out.width * w.stride_h - w.pad_top);
        auto begin = std::lower_bound(in.owned.begin(), in.owned.end(), row * in.width);
        size_t above = static_cast<size_t>(begin - in.owned.begin());
        pixels = in.arrived > above ? in.arrived - above : 0;
    }
    int64_t bits = static_cast<int64_t>(pixels * channels()) * context_.chip->io.partial_bits;
    buffer_.hold(bits - state.held_bits);
    state.held_bits = bits;
}

} // namespace weft
