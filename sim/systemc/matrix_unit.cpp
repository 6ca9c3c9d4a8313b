#include "sim/systemc/matrix_unit.hpp"

#include <algorithm>

namespace weft {

MatrixUnit::MatrixUnit(Context &context, int core, int stage, int copy)
    : context_(context), reader_{0, stage, 0, copy, core} {
    find_positions();
    find_tiles();
    find_shares();
    find_taps();
    find_expected();
    find_releases();
}

void MatrixUnit::find_positions() {
    const weft_stage &stage = stage_here();
    const weft_mapped_stage &mapped = context_.mapped(reader_.stage);
    bool all = weft_mapped_stage_copies(&mapped) == 1;
    for (int y = 0; y < stage.matrix_out.height; y++)
        for (int x = 0; x < stage.matrix_out.width; x++)
            if (all || weft_mapped_stage_copy(&mapped, weft_stage_owner(&stage, 0, 0, y),
                                              weft_stage_owner(&stage, 0, 1, x)) == reader_.copy)
                positions_.push_back(y * stage.matrix_out.width + x);
}

void MatrixUnit::find_tiles() {
    const weft_mapped_stage &mapped = context_.mapped(reader_.stage);
    for (int t = 0; t < mapped.tile_count; t++) {
        if (mapped.tiles[t].core != reader_.core || mapped.tiles[t].copy != reader_.copy) continue;
        tiles_.push_back(t);
        offset_.push_back(codes_);
        codes_ += static_cast<size_t>(mapped.tiles[t].column_end - mapped.tiles[t].column_begin);
        weft_event_counts events = weft_engine_tile_events(context_.engine, reader_.stage, t);
        weft_event_counts_add(&events_, &events);
    }
    events_.n[WEFT_EVENT_BUFFER_READ_BIT] +=
        weft_traffic_mvm_read_bits(context_.traffic, reader_.part, reader_.stage, reader_.copy, reader_.core);
}

void MatrixUnit::find_shares() {
    const weft_mapped_stage &mapped = context_.mapped(reader_.stage);
    for (int b = 0; b < mapped.block_count; b++) {
        const weft_output_block &block = mapped.blocks[b];
        if (block.copy != reader_.copy) continue;
        Share share{b, block.core, {}, {}};
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

void MatrixUnit::find_taps() {
    const weft_stage &stage = stage_here();
    std::vector<char> used(static_cast<size_t>(stage.window.kernel_h * stage.window.kernel_w));
    for (int t : tiles_) {
        const weft_tile &tile = context_.mapped(reader_.stage).tiles[t];
        for (int row = tile.row_begin; row < tile.row_end; row++)
            used[static_cast<size_t>(weft_stage_row_tap(&stage, row))] = 1;
    }
    for (size_t tap = 0; tap < used.size(); tap++)
        if (used[tap]) taps_.push_back(static_cast<int>(tap));
}

int MatrixUnit::pixel(int position, int tap) const {
    const weft_stage &stage = stage_here();
    const weft_window &w = stage.window;
    int y = position / stage.matrix_out.width * w.stride_h - w.pad_top + tap / w.kernel_w * w.dilation_h;
    int x = position % stage.matrix_out.width * w.stride_w - w.pad_left + tap % w.kernel_w * w.dilation_w;
    return y < 0 || y >= stage.in.height || x < 0 || x >= stage.in.width ? -1 : y * stage.in.width + x;
}

/* Packets (or values kept here) that fill each pixel. */
void MatrixUnit::find_expected() {
    weft_shape in = stage_here().in;
    expected_.resize(static_cast<size_t>(in.height) * static_cast<size_t>(in.width));
    for (size_t p = 0; p < expected_.size(); p++)
        visit_feeds(context_, reader_, static_cast<int>(p) / in.width, static_cast<int>(p) % in.width,
                    [&](const Feed &) { expected_[p]++, free_ = false; });
}

void MatrixUnit::find_releases() {
    std::vector<int> last(expected_.size(), -1);
    for (size_t p = 0; p < positions_.size(); p++)
        for (int tap : taps_)
            if (int at = pixel(positions_[p], tap); at >= 0) last[static_cast<size_t>(at)] = static_cast<int>(p);
    release_begin_.assign(positions_.size() + 1, 0);
    for (int p : last)
        if (p >= 0) release_begin_[static_cast<size_t>(p) + 1]++;
    for (size_t p = 1; p < release_begin_.size(); p++) release_begin_[p] += release_begin_[p - 1];
    release_pixel_.resize(static_cast<size_t>(release_begin_.back()));
    std::vector<int> at(release_begin_);
    for (size_t i = 0; i < last.size(); i++)
        if (last[i] >= 0) release_pixel_[static_cast<size_t>(at[static_cast<size_t>(last[i])]++)] = static_cast<int>(i);
}

MatrixUnit::Map &MatrixUnit::map(size_t image) {
    if (image < image_) throw std::logic_error("a pixel came after its image was finished");
    while (maps_.size() <= image - image_) {
        auto fresh = std::make_shared<Map>();
        fresh->q.resize(weft_shape_size(stage_here().in));
        fresh->missing = expected_;
        fresh->held.resize(expected_.size());
        maps_.push_back(std::move(fresh));
    }
    return *maps_[image - image_];
}

void MatrixUnit::take(size_t image, int y, int x, int begin, const std::vector<int32_t> &q, const Held &held) {
    weft_shape in = stage_here().in;
    Map &to = map(image);
    size_t at = static_cast<size_t>(y) * static_cast<size_t>(in.width) + static_cast<size_t>(x);
    if (!to.missing[at]) throw std::logic_error("a pixel came twice");
    to.missing[at]--;
    to.held[at].push_back(held);
    std::copy(q.begin(), q.end(),
              to.q.begin() + static_cast<std::ptrdiff_t>(at * static_cast<size_t>(in.channels)) + begin);
}

bool MatrixUnit::ready() {
    if (image_ == context_.images || positions_.empty()) return false;
    if (free_) return map(image_), true;
    if (maps_.empty()) return false;
    const Map &from = *maps_.front();
    for (; tap_ < taps_.size(); tap_++) {
        int at = pixel(positions_[ordinal_], taps_[tap_]);
        if (at >= 0 && from.missing[static_cast<size_t>(at)]) return false;
    }
    return true;
}

void MatrixUnit::release() {
    for (int i = release_begin_[ordinal_]; i < release_begin_[ordinal_ + 1]; i++)
        maps_.front()->held[static_cast<size_t>(release_pixel_[static_cast<size_t>(i)])].clear();
}

bool MatrixUnit::start(uint64_t time, Batch &batch) {
    if (time < free_at_ || !ready()) return false;
    const weft_chip *chip = context_.chip;
    int width = stage_here().matrix_out.width, position = positions_[ordinal_];
    free_at_ = time + static_cast<uint64_t>(chip->mvm_interval_cycles);
    running_.push_back({image_, position, ordinal_ + 1 == positions_.size(),
                        time + static_cast<uint64_t>(chip->mvm_latency_cycles), reader_.stage, position / width,
                        position % width, maps_.front(), maps_.front()->q.data(), &tiles_, &offset_,
                        std::vector<int64_t>(codes_), false});
    batch.add(running_.back());
    weft_event_counts_add(&context_.events(reader_.stage), &events_);
    context_.result->cores[reader_.core].mvm_count++;
    busy_.add(context_, static_cast<uint64_t>(chip->mvm_interval_cycles), free_at_);
    release();
    tap_ = 0;
    if (++ordinal_ == positions_.size()) {
        ordinal_ = 0;
        image_++;
        maps_.pop_front();
    }
    return true;
}

const Product *MatrixUnit::finished(uint64_t time) const {
    return !running_.empty() && running_.front().due <= time ? &running_.front() : nullptr;
}

void MatrixUnit::sum(const Product &product, const Share &share, std::vector<int64_t> &out) const {
    const weft_mapped_stage &mapped = context_.mapped(reader_.stage);
    const weft_output_block &block = mapped.blocks[share.block];
    std::vector<int64_t> sums(static_cast<size_t>(block.column_end - block.column_begin));
    for (int i : share.tiles) {
        const weft_tile &tile = mapped.tiles[tiles_[static_cast<size_t>(i)]];
        const int64_t *codes = product.codes.data() + offset_[static_cast<size_t>(i)];
        int64_t *to = sums.data() + (tile.column_begin - block.column_begin);
        for (int c = 0; c < tile.column_end - tile.column_begin; c++) to[c] += codes[c];
    }
    out.clear();
    for (int c : share.columns) out.push_back(sums[static_cast<size_t>(c)]);
}

uint64_t MatrixUnit::next_time() {
    uint64_t time = running_.empty() ? UINT64_MAX : running_.front().due;
    return ready() ? std::min(time, free_at_) : time;
}

std::string MatrixUnit::describe() const {
    if (image_ == context_.images || positions_.empty() || (maps_.empty() && ordinal_ == 0)) return "";
    const weft_stage &stage = stage_here();
    std::string text = std::string("core ") + std::to_string(reader_.core) + ", stage '" + stage.name + "' waits for ";
    int at = tap_ < taps_.size() ? pixel(positions_[ordinal_], taps_[tap_]) : -1;
    if (at < 0) return text + "its arrays";
    return text + "pixel (" + std::to_string(at / stage.in.width) + ", " + std::to_string(at % stage.in.width) +
           ") of image " + std::to_string(image_) + ", " +
           std::to_string(maps_.front()->missing[static_cast<size_t>(at)]) + " packets missing";
}

} // namespace weft
