#include "sim/systemc/digital_unit.hpp"

#include <algorithm>

namespace weft {

/* ---- BlockChain ---- */

BlockChain::BlockChain(Context &context, int stage, int block, Buffer &buffer)
    : context_(context), stage_(stage), block_(block), begin_(context.mapped(stage).blocks[block].column_begin),
      end_(context.mapped(stage).blocks[block].column_end), buffer_(buffer) {
    const weft_stage &s = context.stage(stage);
    for (int o = 0; o < s.op_count; o++) {
        const weft_digital_op &op = s.ops[o];
        bool pool = op.kind == WEFT_DIGITAL_MAX_POOL || op.kind == WEFT_DIGITAL_AVERAGE_POOL;
        size_t size =
            static_cast<size_t>(op.in.height) * static_cast<size_t>(op.in.width) * static_cast<size_t>(end_ - begin_);
        operations_.push_back({std::vector<float>(size), pool, 0, 0, 0});
    }
}

uint64_t BlockChain::run(size_t image, int position, const int64_t *sums, std::vector<Output> &outputs) {
    const weft_stage &stage = context_.stage(stage_);
    if (position == 0)
        for (Operation &op : operations_) op.arrived = op.fired = 0;
    image_ = image;
    outputs_ = &outputs;
    events_ = 0;
    std::vector<float> values(static_cast<size_t>(end_ - begin_));
    weft_engine_dequantise(context_.engine, stage_, begin_, end_, sums, values.data());
    pass(0, position / stage.matrix_out.width, position % stage.matrix_out.width, values.data());
    return events_;
}

/* values are one position of what operation op works on, or of the stage's output behind the last. */
void BlockChain::pass(size_t op, int y, int x, const float *values) {
    size_t width = static_cast<size_t>(end_ - begin_);
    if (op == operations_.size()) {
        outputs_->push_back({stage_, block_, image_, y, x, std::vector<float>(values, values + width)});
        return;
    }
    Operation &to = operations_[op];
    size_t at =
        static_cast<size_t>(y) * static_cast<size_t>(context_.stage(stage_).ops[op].in.width) + static_cast<size_t>(x);
    std::copy(values, values + width, to.map.begin() + static_cast<std::ptrdiff_t>(at * width));
    if (!to.pool) return fire(op, y, x);
    to.arrived++;
    fire_windows(op);
    account(op);
}

void BlockChain::fire(size_t op, int y, int x) {
    std::vector<float> out(static_cast<size_t>(end_ - begin_));
    int number = static_cast<int>(op);
    weft_engine_digital(context_.engine, stage_, number, begin_, end_, operations_[op].map.data(), y, x, out.data());
    weft_event_counts events = weft_engine_digital_events(context_.engine, stage_, number, end_ - begin_);
    weft_event_counts_add(&context_.events(stage_), &events);
    events_ += events.n[WEFT_EVENT_AFFINE] + events.n[WEFT_EVENT_ACTIVATION] + events.n[WEFT_EVENT_POOL];
    pass(op + 1, y, x, out.data());
}

/* Raster index of the last pixel that pooling window (y, x) reads; -1 when it reads only padding. */
static int last_pixel(const weft_digital_op &op, int y, int x) {
    const weft_window &w = op.window;
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

void BlockChain::fire_windows(size_t op) {
    const weft_digital_op &operation = context_.stage(stage_).ops[op];
    Operation &state = operations_[op];
    int count = operation.out.height * operation.out.width;
    while (state.fired < count) {
        int y = state.fired / operation.out.width, x = state.fired % operation.out.width;
        if (last_pixel(operation, y, x) >= state.arrived) return;
        state.fired++;
        fire(op, y, x);
    }
}

/* Rows above the next window are not held any more. */
void BlockChain::account(size_t op) {
    const weft_digital_op &operation = context_.stage(stage_).ops[op];
    Operation &state = operations_[op];
    bool finished = state.fired == operation.out.height * operation.out.width;
    int row = state.fired / operation.out.width * operation.window.stride_h - operation.window.pad_top;
    int pixels = finished ? 0 : std::max(0, state.arrived - std::max(0, row) * operation.in.width);
    int64_t bits = int64_t{pixels} * (end_ - begin_) * context_.chip->io.partial_bits;
    buffer_.hold(bits - state.held_bits);
    state.held_bits = bits;
}

/* ---- DigitalUnit ---- */

DigitalUnit::DigitalUnit(Context &context, int core, Buffer &buffer) : context_(context), core_(core), buffer_(buffer) {
    for (int s = 0; s < context.stages->count; s++)
        for (int b = 0; b < context.mapped(s).block_count; b++) {
            const weft_output_block &block = context.mapped(s).blocks[b];
            if (block.core != core) continue;
            const weft_route *partials = weft_traffic_partials(context.traffic, s, b);
            weft_shape out = context.stage(s).matrix_out;
            blocks_.push_back({s,
                               b,
                               block.column_end - block.column_begin,
                               out.height * out.width,
                               partials->core_count + partials->local,
                               BlockChain(context, s, b, buffer),
                               {},
                               0});
        }
}

DigitalUnit::Block &DigitalUnit::find(int stage, int block) {
    for (Block &b : blocks_)
        if (b.stage == stage && b.block == block) return b;
    throw std::logic_error("partial sums reached a core that does not add them");
}

void DigitalUnit::add(int stage, int block, size_t image, int position, const std::vector<int> &columns,
                      const std::vector<int64_t> &sums) {
    Block &to = find(stage, block);
    uint64_t key = image * static_cast<uint64_t>(to.positions) + static_cast<uint64_t>(position);
    if (key < to.next) throw std::logic_error("partial sums came after their position was finished");
    auto [at, fresh] = to.waiting.try_emplace(key);
    Sums &into = at->second;
    if (fresh) into = {std::vector<int64_t>(static_cast<size_t>(to.width)), to.contributions, 0};
    for (size_t i = 0; i < columns.size(); i++) into.values[static_cast<size_t>(columns[i])] += sums[i];
    into.missing--;
    into.received += columns.size();
    buffer_.hold(static_cast<int64_t>(columns.size()) * context_.chip->io.partial_bits);
}

bool DigitalUnit::start(uint64_t time) {
    bool started = false;
    for (Block &block : blocks_)
        for (; !block.waiting.empty(); started = true) {
            auto first = block.waiting.begin();
            if (first->first != block.next || first->second.missing) break;
            serve(block, time);
        }
    return started;
}

/* The first waiting position is complete. */
void DigitalUnit::serve(Block &block, uint64_t time) {
    const Sums &sums = block.waiting.begin()->second;
    size_t image = static_cast<size_t>(block.next / static_cast<uint64_t>(block.positions));
    int position = static_cast<int>(block.next % static_cast<uint64_t>(block.positions));
    uint64_t lanes = static_cast<uint64_t>(context_.chip->core.digital_lanes);
    DigitalJob job{};
    context_.events(block.stage).n[WEFT_EVENT_PARTIAL_ADD] += sums.received - static_cast<uint64_t>(block.width);
    uint64_t occupied = (block.chain.run(image, position, sums.values.data(), job.outputs) + lanes - 1) / lanes;
    free_at_ = std::max(free_at_, time) + occupied;
    job.due = free_at_ + context_.digital_latency;
    busy_.add(context_, occupied, free_at_);
    buffer_.release(static_cast<int64_t>(sums.received) * context_.chip->io.partial_bits);
    block.waiting.erase(block.waiting.begin());
    block.next++;
    jobs_.push_back(std::move(job));
}

const DigitalJob *DigitalUnit::finished(uint64_t time) const {
    return !jobs_.empty() && jobs_.front().due <= time ? &jobs_.front() : nullptr;
}

std::string DigitalUnit::describe() const {
    for (const Block &b : blocks_) {
        if (b.waiting.empty()) continue;
        uint64_t positions = static_cast<uint64_t>(b.positions);
        auto first = b.waiting.begin();
        int missing = first->first == b.next ? first->second.missing : b.contributions;
        return "core " + std::to_string(core_) + ", stage '" + context_.stage(b.stage).name + "' block " +
               std::to_string(b.block) + " waits for " + std::to_string(missing) + " of " +
               std::to_string(b.contributions) + " partial sums at position " + std::to_string(b.next % positions) +
               " of image " + std::to_string(b.next / positions);
    }
    return "";
}

} // namespace weft
