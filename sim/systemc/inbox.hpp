/* Pixels of one port's map that wait on a core: a ring of those still needed. Its takers (the copies of a matrix that
 * have tiles here; the one block of any other port) read them in raster order, each at its own pace. A pixel number
 * counts over images: image * pixels of the map + raster index. Room is counted in those pixels that some taker reads.
 */
#ifndef WEFT_SIM_SYSTEMC_INBOX_HPP
#define WEFT_SIM_SYSTEMC_INBOX_HPP

#include "sim/systemc/buffer.hpp"
#include "sim/systemc/window.hpp"

namespace weft {

class Inbox {
  public:
    /* Keeps channels [begin, end) of the port's map; kept: of these, the runs that its takers use and the core's buffer
     * holds (where rows: runs of (pixel, channel) instead, the same for all images). */
    Inbox(Context &context, Buffer &buffer, int core, int stage, int port, int begin, int end);
    void keep(std::vector<std::pair<int, int>> runs, bool rows) { kept_ = std::move(runs), rows_ = rows; }
    int add_taker(Waiter &taker);
    /* So many packets more fill the pixel of every image for that taker. */
    void expect(int taker, int pixel, size_t packets);
    int expected(int taker, int pixel) const { return expected_[index_of(taker, pixel)]; }
    /* All packets are known: counts the pixels that are read. */
    void count_needed();
    /* Of an image, that some taker reads. */
    uint64_t needed() const { return needed_.back(); }
    bool admits(uint64_t at) const { return window_.admits(number(at)); }
    void wait(Waiter &waiter) { window_.wait(waiter); }
    void add_release(uint64_t at, Moments &after) const { window_.add_release(number(at), after); }
    Window &window() { return window_; }
    uint64_t pixels() const { return pixels_; }
    int begin() const { return begin_; }
    int end() const { return end_; }

    /* Channels [begin, begin + count) of the pixel arrive, for some takers. Some may lie outside, of a piece of a
     * packet all. */
    void take(uint64_t at, int begin, const int16_t *q, size_t count, Moment moment, const std::vector<int> &takers);
    bool complete(int taker, uint64_t at) const;
    /* The taker is woken when this pixel is complete. */
    void await(int taker, uint64_t at) { takers_[static_cast<size_t>(taker)].awaited = at; }
    /* Packets still to come. */
    int missing(int taker, uint64_t at) const;
    /* [end - begin]; what has not arrived is 0. */
    const int16_t *values(uint64_t at) const { return values_.data() + slot(number(at)) * width_; }
    void add_moments(uint64_t at, Moments &after) const;
    /* The taker needs nothing below `low` any more. */
    void release(int taker, uint64_t low, Moment moment);
    bool empty() const { return held_ == 0; }
    /* "core 3, stage 'conv2'" */
    std::string name() const;

  private:
    struct Taker {
        Waiter *waiter;
        uint64_t low, awaited;
    };
    struct Slot {
        uint64_t number; /* never: free */
        int64_t bits;
    };
    /* Of the pixel, among those that are read, over images; of one that is not, that of the next. */
    uint64_t number(uint64_t at) const {
        return at >= Window::endless ? Window::endless : at / pixels_ * needed_.back() + needed_[at % pixels_];
    }
    size_t slot(uint64_t number) const { return static_cast<size_t>(number) & (slots_.size() - 1); }
    size_t index_of(int taker, int pixel) const {
        return static_cast<size_t>(taker) * static_cast<size_t>(pixels_) + static_cast<size_t>(pixel);
    }
    size_t open(uint64_t at);
    void grow(uint64_t number);
    int64_t bits_of(int pixel, int begin, int end) const;

    Context &context_;
    Buffer &buffer_;
    int core_, stage_, begin_, end_;
    size_t width_;
    uint64_t pixels_;
    int channels_; /* of the port's map */
    std::vector<std::pair<int, int>> kept_;
    bool rows_ = false;
    std::vector<Taker> takers_;
    std::vector<uint16_t> expected_; /* [takers, pixels] */
    std::vector<uint32_t> needed_;   /* [pixels + 1] that are read before each */
    Window window_;
    size_t held_ = 0; /* slots in use */
    std::vector<Slot> slots_;
    std::vector<int16_t> values_;   /* [slots, width] */
    std::vector<uint16_t> missing_; /* [slots, takers] */
    std::vector<Moments> moments_;  /* [slots] of the packets that came; only for a trace */
};

} // namespace weft
#endif
