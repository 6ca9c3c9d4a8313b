/* Which pixels the positions of a copy of a matrix read, for arrays that use some of the kernel's taps. */
#ifndef WEFT_SIM_SYSTEMC_GEOMETRY_HPP
#define WEFT_SIM_SYSTEMC_GEOMETRY_HPP

#include "sim/systemc/context.hpp"

namespace weft {

class Geometry {
  public:
    /* taps: those used, ascending. */
    Geometry(const Context &context, int stage, int copy, std::vector<int> taps);
    const std::vector<int> &taps() const { return taps_; }
    /* Raster indices of the copy's positions, ascending. */
    const std::vector<int> &positions() const { return positions_; }
    /* Pixel that the tap reads at a position, -1: padding. */
    int pixel(int position, int tap) const;
    /* Pixels that position number `ordinal` is the first to read: fresh()[begin(ordinal)] up to begin(ordinal + 1). */
    const std::vector<int> &fresh() const { return fresh_; }
    int begin(size_t ordinal) const { return begin_[ordinal]; }
    /* First pixel that this position or a later one reads; the number of pixels where there is none. */
    int low(size_t ordinal) const { return low_[ordinal]; }

  private:
    void find_positions(const Context &context, int stage, int copy);
    void find_fresh();

    const weft_stage &stage_;
    std::vector<int> taps_, positions_, fresh_, begin_, low_;
};

} // namespace weft
#endif
