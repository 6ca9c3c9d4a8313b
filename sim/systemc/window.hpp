/* Room at a reader, counted in the pixels (or positions) of its input in raster order over all images: [low, low +
 * capacity) may be sent to it. low only grows: room for something, once there, stays. Credits travel end to end without
 * delay, so the network never holds what its receiver cannot take. */
#ifndef WEFT_SIM_SYSTEMC_WINDOW_HPP
#define WEFT_SIM_SYSTEMC_WINDOW_HPP

#include <algorithm>
#include <deque>

#include "sim/systemc/recorder.hpp"

namespace weft {

/* Somebody who is told when it is worth looking again. */
struct Waiter {
    virtual void wake() = 0;

  protected:
    ~Waiter() = default;
};

class Window {
  public:
    static constexpr uint64_t endless = UINT64_MAX / 2;

    void reserve(uint64_t capacity) { capacity_ = capacity; }
    uint64_t low() const { return low_; }
    uint64_t capacity() const { return capacity_; }
    bool admits(uint64_t at) const { return at < low_ + capacity_; }
    /* Wakes it when low grows. */
    void wait(Waiter &waiter) {
        if (std::find(waiting_.begin(), waiting_.end(), &waiter) == waiting_.end()) waiting_.push_back(&waiter);
    }
    /* Nothing below `low` is needed any more; moment: when that was, for the trace. */
    void advance(uint64_t low, Moment moment, bool traced) {
        if (low <= low_) return;
        low_ = low;
        if (traced && capacity_ < endless) note(moment);
        std::vector<Waiter *> woken;
        woken.swap(waiting_);
        for (Waiter *waiter : woken) waiter->wake();
    }
    /* What gave room for `at`; nothing where it was there from the beginning. */
    void add_release(uint64_t at, Moments &after) const {
        if (at < capacity_) return;
        auto found = std::upper_bound(notes_.begin(), notes_.end(), at - capacity_,
                                      [](uint64_t value, const Note &note) { return value < note.low; });
        if (found != notes_.end()) after.push_back(found->moment);
    }

  private:
    struct Note {
        uint64_t low;
        Moment moment;
    };
    /* Nobody asks about room below low + capacity that was given before low - capacity was passed. */
    void note(Moment moment) {
        notes_.push_back({low_, moment});
        while (notes_.size() > 1 && notes_.front().low + capacity_ <= low_) notes_.pop_front();
    }

    uint64_t low_ = 0, capacity_ = endless;
    std::vector<Waiter *> waiting_;
    std::deque<Note> notes_;
};

} // namespace weft
#endif
