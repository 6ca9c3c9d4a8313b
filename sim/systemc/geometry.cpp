#include "sim/systemc/geometry.hpp"

#include <algorithm>

namespace weft {

Geometry::Geometry(const Context &context, int stage, int copy, std::vector<int> taps)
    : stage_(context.stage(stage)), taps_(std::move(taps)) {
    find_positions(context, stage, copy);
    find_fresh();
}

void Geometry::find_positions(const Context &context, int stage, int copy) {
    const weft_mapped_stage &mapped = context.mapped(stage);
    bool all = weft_mapped_stage_copies(&mapped) == 1;
    for (int y = 0; y < stage_.matrix_out.height; y++)
        for (int x = 0; x < stage_.matrix_out.width; x++)
            if (all || weft_mapped_stage_copy(&mapped, weft_stage_owner(&stage_, 0, 0, y),
                                              weft_stage_owner(&stage_, 0, 1, x)) == copy)
                positions_.push_back(y * stage_.matrix_out.width + x);
}

int Geometry::pixel(int position, int tap) const {
    const weft_window &w = stage_.window;
    int y = position / stage_.matrix_out.width * w.stride_h - w.pad_top + tap / w.kernel_w * w.dilation_h;
    int x = position % stage_.matrix_out.width * w.stride_w - w.pad_left + tap % w.kernel_w * w.dilation_w;
    return y < 0 || y >= stage_.in.height || x < 0 || x >= stage_.in.width ? -1 : y * stage_.in.width + x;
}

void Geometry::find_fresh() {
    const int pixels = stage_.in.height * stage_.in.width;
    std::vector<char> seen(static_cast<size_t>(pixels));
    low_.assign(positions_.size() + 1, pixels);
    begin_.assign(1, 0);
    for (size_t p = 0; p < positions_.size(); p++) {
        for (int tap : taps_) {
            int at = pixel(positions_[p], tap);
            if (at < 0) continue;
            low_[p] = std::min(low_[p], at);
            if (seen[static_cast<size_t>(at)]) continue;
            seen[static_cast<size_t>(at)] = 1;
            fresh_.push_back(at);
        }
        begin_.push_back(static_cast<int>(fresh_.size()));
    }
    for (size_t p = positions_.size(); p-- > 0;) low_[p] = std::min(low_[p], low_[p + 1]);
}

} // namespace weft
