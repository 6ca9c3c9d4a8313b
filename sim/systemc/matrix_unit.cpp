#include "sim/systemc/matrix_unit.hpp"

namespace weft {

MatrixUnit::MatrixUnit(Context &context, Crew &crew, const Schedule &schedule, Batch &batch, Inbox &inbox,
                       const weft_reader &reader, std::vector<int> tiles)
    : Agent(crew), context_(context), schedule_(schedule), batch_(batch), inbox_(inbox), reader_(reader),
      taker_(inbox.add_taker(*this)), tiles_(std::move(tiles)),
      server_(context, WEFT_SERVER_ARRAYS, reader.core, reader.part, reader.stage, reader.copy,
              static_cast<int>(tiles_.size())),
      stall_(context, reader.stage) {
    for (int t : tiles_) {
        const weft_tile &tile = context.mapped(reader.stage).tiles[t];
        offset_.push_back(codes_);
        codes_ += static_cast<size_t>(tile.column_end - tile.column_begin);
        weft_event_counts events = weft_engine_tile_events(context.engine, reader.stage, t);
        weft_event_counts_add(&events_, &events);
    }
    events_.n[WEFT_EVENT_BUFFER_READ_BIT] +=
        weft_traffic_mvm_read_bits(context.traffic, reader.part, reader.stage, reader.copy, reader.core);
    find_shares();
}

bool MatrixUnit::reads_input() const {
    const weft_port &port = stage_here().ports[0];
    return !empty() && std::any_of(port.sources, port.sources + port.source_count,
                                   [](const weft_source &source) { return source.stage < 0; });
}

void MatrixUnit::find_shares() {
    const weft_mapped_stage &mapped = context_.mapped(reader_.stage);
    for (int b = 0; b < mapped.block_count; b++) {
        const weft_output_block &block = mapped.blocks[b];
        if (block.copy != reader_.copy || block.part != reader_.part) continue;
        Share share{b, block.core, {}, {}, nullptr};
        std::vector<char> covered(static_cast<size_t>(block.column_end - block.column_begin));
        for (size_t i = 0; i < tiles_.size(); i++) {
            const weft_tile &tile = mapped.tiles[tiles_[i]];
            if (tile.column_begin < block.column_begin || tile.column_end > block.column_end) continue;
            share.tiles.push_back(static_cast<int>(i));
            for (int c = tile.column_begin; c < tile.column_end; c++)
                covered[static_cast<size_t>(c - block.column_begin)] = 1;
            events_.n[WEFT_EVENT_PARTIAL_ADD] += static_cast<uint64_t>(tile.column_end - tile.column_begin);
        }
        for (size_t c = 0; c < covered.size(); c++)
            if (covered[c]) share.columns.push_back(static_cast<int>(c));
        events_.n[WEFT_EVENT_PARTIAL_ADD] -= share.columns.size(); /* the first of a column is not added to anything */
        if (!share.tiles.empty()) shares_.push_back(std::move(share));
    }
}

std::vector<int> MatrixUnit::used_taps() const {
    const weft_stage &stage = stage_here();
    const int channels = stage.in.channels / stage.groups;
    std::vector<char> used(static_cast<size_t>(stage.window.kernel_h * stage.window.kernel_w));
    for (int t : tiles_) {
        const weft_tile &tile = context_.mapped(reader_.stage).tiles[t];
        for (int row = tile.row_begin; row < tile.row_end; row += channels - row % channels)
            used[static_cast<size_t>(weft_stage_row_tap(&stage, row))] = 1;
    }
    std::vector<int> taps;
    for (size_t tap = 0; tap < used.size(); tap++)
        if (used[tap]) taps.push_back(static_cast<int>(tap));
    return taps;
}

void MatrixUnit::set_geometry(std::shared_ptr<const Geometry> geometry) {
    geometry_ = std::move(geometry);
    inbox_.release(taker_, empty() ? Window::endless : low(), never);
}

/* ---- starting ---- */

/* First pixel that it still needs. */
uint64_t MatrixUnit::low() const { return pixel_number(geometry_->low(ordinal())); }

/* Those that earlier positions read were there before. */
bool MatrixUnit::has_pixels() {
    const int end = geometry_->begin(ordinal() + 1);
    for (; fresh_ < end; fresh_++) {
        const uint64_t at = pixel_number(geometry_->fresh()[static_cast<size_t>(fresh_)]);
        if (inbox_.complete(taker_, at)) continue;
        inbox_.await(taker_, at);
        return false;
    }
    return true;
}

bool MatrixUnit::has_room() {
    for (const Share &share : shares_) {
        if (share.to->room().admits(next_)) continue;
        share.to->room().wait(*this);
        return false;
    }
    return true;
}

void MatrixUnit::begin(const Moments &after) {
    begin_ = after;
    wake();
}

void MatrixUnit::work() {
    if (schedule_.runs(reader_.part)) start();
}

bool MatrixUnit::start() {
    if (empty() || next_ == context_.images * positions() || !server_.is_free()) return false;
    if (!schedule_.may_begin(reader_.stage, image())) return false;
    if (!has_pixels()) return stall_.wait(WEFT_STALL_PIXELS), false;
    if (!has_room()) return stall_.wait(WEFT_STALL_SUMS), false;
    stall_.end();
    after_.clear();
    if (context_.recorder->on()) add_moments(after_);
    const int width = stage_here().matrix_out.width, position = geometry_->positions()[ordinal()];
    running_.push_back({next_,
                        image(),
                        ordinal() + 1 == positions(),
                        0,
                        0,
                        reader_.stage,
                        position / width,
                        position % width,
                        {},
                        &tiles_,
                        &offset_,
                        std::vector<int64_t>(codes_),
                        false});
    Product &product = running_.back();
    read_window(product);
    auto [service, record] = server_.serve(1, reader_.stage, image(), after_);
    product.finish = service.finish, product.record = record;
    batch_.add(product);
    const int index = context_.index(reader_.part, reader_.core);
    context_.count(reader_.stage, index, events_);
    context_.timing->cores[index].mvm_count++;
    next_++;
    if (ordinal() == 0) fresh_ = 0;
    inbox_.release(taker_, next_ == context_.images * positions() ? Window::endless : low(),
                   weft_trace_when(record, WEFT_TRACE_START));
    crew_.call_at(service.finish, *this);
    if (next_ < context_.images * positions()) crew_.call_at(service.free, *this);
    return true;
}

void MatrixUnit::add_moments(Moments &after) {
    after.swap(begin_);
    for (int i = geometry_->begin(ordinal()); i < geometry_->begin(ordinal() + 1); i++)
        inbox_.add_moments(pixel_number(geometry_->fresh()[static_cast<size_t>(i)]), after);
    for (const Share &share : shares_) share.to->room().add_release(next_, after);
}

void MatrixUnit::read_window(Product &product) const {
    const weft_stage &stage = stage_here();
    const auto channels = static_cast<size_t>(stage.in.channels);
    product.window.assign(static_cast<size_t>(stage.window.kernel_h * stage.window.kernel_w) * channels, 0);
    for (int tap : geometry_->taps()) {
        const int at = geometry_->pixel(product.y * stage.matrix_out.width + product.x, tap);
        if (at < 0) continue;
        std::copy_n(inbox_.values(pixel_number(at)), channels,
                    product.window.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(tap) * channels));
    }
}

/* ---- results ---- */

void MatrixUnit::due() {
    while (!running_.empty() && running_.front().finish <= now()) {
        Product &product = running_.front();
        if (!product.evaluated) batch_.evaluate();
        for (const Share &share : shares_) crew_.send_sums(reader_.stage, product, share, sum(product, share));
        const Moment moment = weft_trace_when(product.record, WEFT_TRACE_FINISH);
        if (product.last && reads_input()) crew_.input_consumed(reader_.part, product.image, moment);
        const bool ends = product.last && product.image + 1 == context_.images;
        running_.pop_front();
        context_.count_product();
        if (ends) crew_.retire(reader_.part, moment);
    }
    wake();
}

std::vector<int64_t> MatrixUnit::sum(const Product &product, const Share &share) const {
    const weft_mapped_stage &mapped = context_.mapped(reader_.stage);
    const weft_output_block &block = mapped.blocks[share.block];
    std::vector<int64_t> sums(static_cast<size_t>(block.column_end - block.column_begin));
    for (int i : share.tiles) {
        const weft_tile &tile = mapped.tiles[tiles_[static_cast<size_t>(i)]];
        const int64_t *codes = product.codes.data() + offset_[static_cast<size_t>(i)];
        int64_t *to = sums.data() + (tile.column_begin - block.column_begin);
        for (int c = 0; c < tile.column_end - tile.column_begin; c++) to[c] += codes[c];
    }
    for (size_t i = 0; i < share.columns.size(); i++) sums[i] = sums[static_cast<size_t>(share.columns[i])];
    sums.resize(share.columns.size());
    return sums;
}

std::string MatrixUnit::describe() const {
    if (empty() || next_ == context_.images * positions() || (next_ == 0 && inbox_.empty())) return "";
    const weft_stage &stage = stage_here();
    std::string text = std::string("core ") + std::to_string(reader_.core) + ", stage '" + stage.name + "' waits for ";
    for (int i = geometry_->begin(ordinal()); i < geometry_->begin(ordinal() + 1); i++) {
        const int pixel = geometry_->fresh()[static_cast<size_t>(i)];
        const int missing = inbox_.missing(taker_, pixel_number(pixel));
        if (!missing) continue;
        return text + "pixel (" + std::to_string(pixel / stage.in.width) + ", " +
               std::to_string(pixel % stage.in.width) + ") of image " + std::to_string(image()) + ", " +
               counted(static_cast<uint64_t>(missing), "packet") + " missing";
    }
    for (const Share &share : shares_)
        if (!share.to->room().admits(next_)) return text + "room for its sums at core " + std::to_string(share.core);
    return text + "its turn";
}

} // namespace weft
