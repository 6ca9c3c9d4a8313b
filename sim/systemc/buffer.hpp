/* Bits that a core holds, and the most it ever held. */
#ifndef WEFT_SIM_SYSTEMC_BUFFER_HPP
#define WEFT_SIM_SYSTEMC_BUFFER_HPP

#include <algorithm>
#include <cstdint>

namespace weft {

class Buffer {
  public:
    void hold(int64_t bits) { peak_ = std::max(peak_, held_ += bits); }
    void release(int64_t bits) { held_ -= bits; }
    int64_t held_bits() const { return held_; }
    int64_t peak_bytes() const { return (peak_ + 7) / 8; }

  private:
    int64_t held_ = 0, peak_ = 0;
};

} // namespace weft
#endif
