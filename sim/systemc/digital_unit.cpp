#include "sim/systemc/digital_unit.hpp"

#include <algorithm>

namespace weft {

DigitalUnit::DigitalUnit(Context &context, int core, Buffer &buffer) : context_(context), core_(core), buffer_(buffer) {
    for (int s = 0; s < context.stages->count; s++)
        for (int b = 0; b < context.mapped(s).block_count; b++)
            if (context.mapped(s).blocks[b].core == core) add_block(s, b);
}

/* A copy without positions has nothing to do. */
void DigitalUnit::add_block(int stage, int block) {
    const weft_stage &s = context_.stage(stage);
    const weft_output_block &b = context_.mapped(stage).blocks[block];
    int contributions = 0;
    if (s.has_matrix) {
        const weft_route *partials = weft_traffic_partials(context_.traffic, stage, block);
        contributions = partials->core_count + partials->local;
    }
    BlockChain chain(context_, core_, stage, block, buffer_);
    if (chain.positions().empty()) return;
    bool reads_input = !s.has_matrix && reads_network_input(s.ports[0]);
    blocks_.push_back(
        {stage, block, b.column_end - b.column_begin, contributions, reads_input, std::move(chain), {}, 0});
}

std::vector<PortBuffer *> DigitalUnit::ports() const {
    std::vector<PortBuffer *> ports;
    for (const Block &block : blocks_)
        for (const auto &port : block.chain.ports())
            if (port) ports.push_back(port.get());
    return ports;
}

int DigitalUnit::input_readers() const {
    return static_cast<int>(
        std::count_if(blocks_.begin(), blocks_.end(), [](const Block &b) { return b.reads_input; }));
}

DigitalUnit::Block &DigitalUnit::find(int stage, int block) {
    for (Block &b : blocks_)
        if (b.stage == stage && b.block == block) return b;
    throw std::logic_error("partial sums reached a core that does not add them");
}

void DigitalUnit::add(int stage, int block, size_t image, int position, const std::vector<int> &columns,
                      const std::vector<int64_t> &sums) {
    Block &to = find(stage, block);
    const std::vector<int> &positions = to.chain.positions();
    auto ordinal = std::lower_bound(positions.begin(), positions.end(), position);
    require(ordinal != positions.end() && *ordinal == position, "partial sums of a position of another copy");
    uint64_t key = image * to.positions() + static_cast<uint64_t>(ordinal - positions.begin());
    if (key < to.next) throw std::logic_error("partial sums came after their position was finished");
    auto [at, fresh] = to.waiting.try_emplace(key);
    Sums &into = at->second;
    if (fresh) into = {std::vector<int64_t>(static_cast<size_t>(to.width)), to.contributions, 0};
    for (size_t i = 0; i < columns.size(); i++) into.values[static_cast<size_t>(columns[i])] += sums[i];
    into.missing--;
    into.received += columns.size();
    buffer_.hold(static_cast<int64_t>(columns.size()) * context_.chip->io.partial_bits);
}

/* Sums, or a digital stage's input, of the block's next position. */
bool DigitalUnit::has_values(const Block &block) const {
    if (!context_.stage(block.stage).has_matrix)
        return block.chain.ports()[0]->complete(block.image(), block.position());
    auto first = block.waiting.begin();
    return first != block.waiting.end() && first->first == block.next && !first->second.missing;
}

bool DigitalUnit::start(uint64_t time) {
    bool started = false;
    for (Block &block : blocks_)
        for (; has_values(block) && block.chain.ready(block.image()); started = true) serve(block, time);
    return started;
}

void DigitalUnit::take_values(Block &block, std::vector<float> &values) {
    values.resize(static_cast<size_t>(block.width));
    if (!context_.stage(block.stage).has_matrix)
        return block.chain.ports()[0]->read(block.image(), block.position(), values.data());
    const Sums &sums = block.waiting.begin()->second;
    int begin = context_.mapped(block.stage).blocks[block.block].column_begin;
    weft_engine_dequantise(context_.engine, block.stage, begin, begin + block.width, sums.values.data(), values.data());
    context_.events(block.stage).n[WEFT_EVENT_PARTIAL_ADD] += sums.received - static_cast<uint64_t>(block.width);
}

/* Everything is there for the block's next position. */
void DigitalUnit::serve(Block &block, uint64_t time) {
    uint64_t lanes = static_cast<uint64_t>(context_.chip->core.digital_lanes);
    DigitalJob job{};
    std::vector<float> values;
    job.image = block.image();
    job.ends_input = block.reads_input && (block.next + 1) % block.positions() == 0;
    take_values(block, values);
    uint64_t occupied = (block.chain.run(job.image, values.data(), job.outputs) + lanes - 1) / lanes;
    free_at_ = std::max(free_at_, time) + occupied;
    job.due = free_at_ + context_.digital_latency;
    busy_.add(context_, occupied, free_at_);
    if (!block.waiting.empty() && block.waiting.begin()->first == block.next) {
        uint64_t received = block.waiting.begin()->second.received;
        buffer_.release(static_cast<int64_t>(received) * context_.chip->io.partial_bits);
        block.waiting.erase(block.waiting.begin());
    }
    block.next++;
    jobs_.push_back(std::move(job));
}

const DigitalJob *DigitalUnit::finished(uint64_t time) const {
    return !jobs_.empty() && jobs_.front().due <= time ? &jobs_.front() : nullptr;
}

std::string DigitalUnit::missing_at(const Block &b) const {
    if (!context_.stage(b.stage).has_matrix && !has_values(b)) return "its input";
    if (has_values(b)) return "the second term of an addition";
    auto first = b.waiting.begin();
    bool begun = first != b.waiting.end() && first->first == b.next;
    return std::to_string(begun ? first->second.missing : b.contributions) + " of " + std::to_string(b.contributions) +
           " partial sums";
}

std::string DigitalUnit::describe() const {
    for (const Block &b : blocks_) {
        const auto &ports = b.chain.ports();
        bool idle = std::all_of(ports.begin(), ports.end(), [](const auto &port) { return !port || port->empty(); });
        if (b.waiting.empty() && idle) continue;
        return "core " + std::to_string(core_) + ", stage '" + context_.stage(b.stage).name + "' block " +
               std::to_string(b.block) + " waits for " + missing_at(b) + " at position " +
               std::to_string(b.position()) + " of image " + std::to_string(b.image());
    }
    return "";
}

} // namespace weft
