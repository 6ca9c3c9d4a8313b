#include "sim/systemc/port_buffer.hpp"

namespace weft {

PortBuffer::PortBuffer(Context &context, const weft_reader &reader, int block, const std::vector<int> &pixels)
    : context_(context), reader_(reader), begin_(context.mapped(reader.stage).blocks[block].column_begin),
      end_(context.mapped(reader.stage).blocks[block].column_end) {
    weft_shape shape = port().shape;
    expected_.resize(static_cast<size_t>(shape.height) * static_cast<size_t>(shape.width));
    for (int p : pixels)
        visit_feeds(context, reader, p / shape.width, p % shape.width, [&](const Feed &feed) {
            expected_[static_cast<size_t>(p)] += feed.begin < end_ && feed.begin + feed.count > begin_;
        });
}

void PortBuffer::take(size_t image, int y, int x, int begin, const std::vector<int32_t> &q, const Held &held) {
    int first = std::max(begin, begin_), last = std::min(begin + static_cast<int>(q.size()), end_);
    if (first >= last) return;
    int pixel = y * port().shape.width + x;
    auto [at, fresh] = waiting_.try_emplace(key(image, pixel));
    Pixel &to = at->second;
    if (fresh)
        to = {std::vector<int32_t>(static_cast<size_t>(end_ - begin_)), expected_[static_cast<size_t>(pixel)], {}};
    if (!to.missing) throw std::logic_error("a value came twice");
    to.missing--;
    std::copy(q.begin() + (first - begin), q.begin() + (last - begin), to.q.begin() + (first - begin_));
    to.held.push_back(held);
}

bool PortBuffer::complete(size_t image, int pixel) const {
    auto at = waiting_.find(key(image, pixel));
    return at != waiting_.end() && !at->second.missing;
}

void PortBuffer::read(size_t image, int pixel, float *values) {
    auto at = waiting_.find(key(image, pixel));
    require(at != waiting_.end() && !at->second.missing, "values were read before they came");
    weft_engine_port(context_.engine, reader_.stage, reader_.port, begin_, end_, at->second.q.data(), values);
    context_.events(reader_.stage).n[WEFT_EVENT_BUFFER_READ_BIT] +=
        static_cast<uint64_t>(end_ - begin_) * static_cast<uint64_t>(context_.chip->input.bits);
    waiting_.erase(at);
}

} // namespace weft
