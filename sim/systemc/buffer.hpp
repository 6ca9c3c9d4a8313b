/* Bits that a core holds, and the most it ever held. Buffers are not bounded here: the peak tells what a chip would
 * need. */
#ifndef WEFT_SIM_SYSTEMC_BUFFER_HPP
#define WEFT_SIM_SYSTEMC_BUFFER_HPP

#include <algorithm>
#include <cstdint>
#include <memory>

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

/* The values of one packet: held once, until the last reader on the core lets go. */
class Hold {
  public:
    Hold(Buffer &buffer, int64_t bits) : buffer_(buffer), bits_(bits) { buffer_.hold(bits); }
    ~Hold() { buffer_.release(bits_); }
    Hold(const Hold &) = delete;
    Hold &operator=(const Hold &) = delete;

  private:
    Buffer &buffer_;
    int64_t bits_;
};
using Held = std::shared_ptr<const Hold>;

} // namespace weft
#endif
