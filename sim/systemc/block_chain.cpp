#include "sim/systemc/block_chain.hpp"

#include <algorithm>

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

BlockChain::BlockChain(Context &context, int core, int stage, int block, Buffer &buffer)
    : context_(context), stage_(stage), block_(block), begin_(context.mapped(stage).blocks[block].column_begin),
      end_(context.mapped(stage).blocks[block].column_end), buffer_(buffer) {
    const weft_stage &s = context.stage(stage);
    int copy = context.mapped(stage).blocks[block].copy;
    for (int o = 0; o <= s.op_count; o++) add_level(s, o, copy);
    for (int o = 0; o < s.op_count; o++) add_operation(s, o);
    add_ports(core, copy);
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
    Operation operation{weft_digital_has_window(&from), {}, {}, 0};
    if (operation.window) operation.map.resize(size);
    for (int p : out.owned) {
        if (!operation.window) break;
        int last = last_pixel(from, p / out.width, p % out.width);
        auto end = std::upper_bound(in.owned.begin(), in.owned.end(), last);
        operation.needed.push_back(static_cast<size_t>(end - in.owned.begin()));
    }
    operations_.push_back(std::move(operation));
}

void BlockChain::add_ports(int core, int copy) {
    const weft_stage &s = context_.stage(stage_);
    ports_.resize(static_cast<size_t>(s.port_count));
    for (int p = s.has_matrix ? 1 : 0; p < s.port_count; p++) {
        size_t level = p ? static_cast<size_t>(s.ports[p].op) : 0;
        weft_reader reader{0, stage_, p, copy, core};
        ports_[static_cast<size_t>(p)] = std::make_unique<PortBuffer>(context_, reader, block_, levels_[level].owned);
    }
}

/* ---- what happens ---- */

/* Windows that are complete, or were, once so many positions have arrived. */
size_t BlockChain::windows_complete(size_t op, size_t arrived) const {
    const std::vector<size_t> &needed = operations_[op].needed;
    size_t count = levels_[op + 1].arrived;
    while (count < needed.size() && needed[count] <= arrived) count++;
    return count;
}

bool BlockChain::ready(size_t image) const {
    const weft_stage &stage = context_.stage(stage_);
    size_t fresh = 1; /* positions that come to the present level */
    for (size_t o = 0; o < operations_.size() && fresh; o++) {
        const Level &level = levels_[o];
        const weft_digital_op &op = stage.ops[o];
        for (size_t i = 0; op.kind == WEFT_DIGITAL_ADD && i < fresh; i++)
            if (!ports_[static_cast<size_t>(op.port)]->complete(image, level.owned[level.arrived + i])) return false;
        if (operations_[o].window) fresh = windows_complete(o, level.arrived + fresh) - levels_[o + 1].arrived;
    }
    return true;
}

uint64_t BlockChain::run(size_t image, const float *values, std::vector<Output> &outputs) {
    image_ = image;
    outputs_ = &outputs;
    events_ = 0;
    pass(0, values);
    if (levels_.front().arrived == levels_.front().owned.size())
        for (Level &level : levels_) level.arrived = 0;
    return events_;
}

/* values are the next position of what operation op works on, or of the stage's output behind the last. */
void BlockChain::pass(size_t op, const float *values) {
    Level &level = levels_[op];
    int position = level.owned.at(level.arrived++);
    if (op == operations_.size()) {
        outputs_->push_back({stage_, block_, image_, position / level.width, position % level.width,
                             std::vector<float>(values, values + channels())});
        return;
    }
    if (!operations_[op].window) return fire(op, position, values);
    size_t at = static_cast<size_t>(position) * channels();
    std::copy(values, values + channels(), operations_[op].map.begin() + static_cast<std::ptrdiff_t>(at));
    fire_windows(op);
    account(op);
}

/* position: of the operation's output. in: its map, or where it has no windows the values at the position alone, as if
 * there were no other. */
void BlockChain::fire(size_t op, int position, const float *in) {
    const weft_digital_op &operation = context_.stage(stage_).ops[op];
    std::vector<float> out(channels()), addend;
    int number = static_cast<int>(op), width = levels_[op + 1].width;
    if (operation.kind == WEFT_DIGITAL_ADD) {
        addend.resize(channels());
        ports_[static_cast<size_t>(operation.port)]->read(image_, position, addend.data());
    }
    bool window = operations_[op].window;
    weft_engine_digital(context_.engine, stage_, number, begin_, end_, in, addend.data(), window ? position / width : 0,
                        window ? position % width : 0, out.data());
    weft_event_counts events = weft_engine_digital_events(context_.engine, stage_, number, end_ - begin_);
    weft_event_counts_add(&context_.events(stage_), &events);
    events_ += events.n[WEFT_EVENT_AFFINE] + events.n[WEFT_EVENT_ACTIVATION] + events.n[WEFT_EVENT_POOL] +
               events.n[WEFT_EVENT_PARTIAL_ADD];
    pass(op + 1, out.data());
}

void BlockChain::fire_windows(size_t op) {
    Level &out = levels_[op + 1];
    for (size_t end = windows_complete(op, levels_[op].arrived); out.arrived < end;)
        fire(op, out.owned[out.arrived], operations_[op].map.data());
}

/* Rows above the next window are not held any more. */
void BlockChain::account(size_t op) {
    const weft_digital_op &operation = context_.stage(stage_).ops[op];
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
