#include "sim/systemc/inbox.hpp"

namespace weft {

Inbox::Inbox(Context &context, Buffer &buffer, int core, int stage, int port, int begin, int end)
    : context_(context), buffer_(buffer), core_(core), stage_(stage), begin_(begin), end_(end),
      width_(static_cast<size_t>(end - begin)) {
    weft_shape shape = context.stage(stage).ports[port].shape;
    pixels_ = static_cast<uint64_t>(shape.height) * static_cast<uint64_t>(shape.width);
    channels_ = shape.channels;
    kept_.emplace_back(begin, end);
}

std::string Inbox::name() const {
    return "core " + std::to_string(core_) + ", stage '" + context_.stage(stage_).name + "'";
}

int Inbox::add_taker(Waiter &taker) {
    takers_.push_back({&taker, 0, never});
    expected_.resize(takers_.size() * static_cast<size_t>(pixels_));
    return static_cast<int>(takers_.size()) - 1;
}

void Inbox::expect(int taker, int pixel, size_t packets) {
    uint16_t &expected = expected_[index_of(taker, pixel)];
    require(expected + packets <= UINT16_MAX, "a pixel comes in more than 65535 packets");
    expected = static_cast<uint16_t>(expected + packets);
}

int64_t Inbox::bits_of(int pixel, int begin, int end) const {
    int64_t base = rows_ ? int64_t{pixel} * channels_ : 0, values = 0;
    for (const auto &run : kept_)
        values += std::max<int64_t>(0, std::min<int64_t>(run.second, base + end) -
                                           std::max<int64_t>(run.first, base + begin));
    return values * context_.chip->input.bits;
}

void Inbox::count_needed() {
    needed_.assign(static_cast<size_t>(pixels_) + 1, 0);
    for (size_t p = 0; p < pixels_; p++) {
        bool needed = false;
        for (size_t t = 0; t < takers_.size(); t++) needed |= expected_[t * static_cast<size_t>(pixels_) + p] > 0;
        needed_[p + 1] = needed_[p] + needed;
    }
}

/* Twice the room, until `number` fits beside everything from low on. */
void Inbox::grow(uint64_t number) {
    size_t size = std::max<size_t>(slots_.size(), 4);
    while (size <= number - window_.low()) size *= 2;
    std::vector<Slot> slots(size, Slot{never, 0});
    std::vector<int16_t> values(size * width_);
    std::vector<uint16_t> missing(size * takers_.size());
    std::vector<Moments> moments(context_.recorder->on() ? size : 0);
    for (size_t from = 0; from < slots_.size(); from++) {
        if (slots_[from].number == never) continue;
        size_t to = static_cast<size_t>(slots_[from].number) & (size - 1);
        slots[to] = slots_[from];
        std::copy_n(values_.data() + from * width_, width_, values.data() + to * width_);
        std::copy_n(missing_.data() + from * takers_.size(), takers_.size(), missing.data() + to * takers_.size());
        if (!moments.empty()) moments[to] = std::move(moments_[from]);
    }
    slots_.swap(slots), values_.swap(values), missing_.swap(missing), moments_.swap(moments);
}

/* The pixel's slot. */
size_t Inbox::open(uint64_t at) {
    const uint64_t number = this->number(at);
    require(number >= window_.low(), "a pixel came after its image was finished");
    require(window_.admits(number), "a pixel came before there was room for it");
    if (number - window_.low() >= slots_.size()) grow(number);
    const size_t place = slot(number);
    Slot &here = slots_[place];
    if (here.number == number) return place;
    require(here.number == never, "a pixel came where another lies");
    here = {number, 0};
    held_++;
    std::fill_n(values_.data() + place * width_, width_, int16_t{0});
    for (size_t t = 0; t < takers_.size(); t++)
        missing_[place * takers_.size() + t] = expected_[index_of(static_cast<int>(t), static_cast<int>(at % pixels_))];
    return place;
}

void Inbox::take(uint64_t at, int begin, const int16_t *q, size_t count, Moment moment,
                 const std::vector<int> &takers) {
    const size_t here = open(at);
    const int first = std::max(begin, begin_), last = std::min(begin + static_cast<int>(count), end_);
    if (first < last)
        std::copy(q + (first - begin), q + (last - begin),
                  values_.begin() + static_cast<std::ptrdiff_t>(here * width_ + static_cast<size_t>(first - begin_)));
    int64_t bits = bits_of(static_cast<int>(at % pixels_), first, last);
    slots_[here].bits += bits;
    buffer_.hold(bits);
    if (context_.recorder->on()) moments_[here].push_back(moment);
    for (int t : takers) {
        uint16_t &missing = missing_[here * takers_.size() + static_cast<size_t>(t)];
        require(missing > 0, "a pixel came twice");
        Taker &taker = takers_[static_cast<size_t>(t)];
        if (--missing || taker.awaited != at) continue;
        taker.awaited = never;
        taker.waiter->wake();
    }
}

int Inbox::missing(int taker, uint64_t at) const {
    const int expected = expected_[index_of(taker, static_cast<int>(at % pixels_))];
    if (!expected || slots_.empty()) return expected;
    const uint64_t number = this->number(at);
    if (slots_[slot(number)].number != number) return expected;
    return missing_[slot(number) * takers_.size() + static_cast<size_t>(taker)];
}

bool Inbox::complete(int taker, uint64_t at) const { return missing(taker, at) == 0; }

void Inbox::add_moments(uint64_t at, Moments &after) const {
    const uint64_t number = this->number(at);
    if (moments_.empty() || slots_[slot(number)].number != number) return;
    const Moments &from = moments_[slot(number)];
    after.insert(after.end(), from.begin(), from.end());
}

void Inbox::release(int taker, uint64_t low, Moment moment) {
    takers_[static_cast<size_t>(taker)].low = number(low);
    uint64_t least = Window::endless;
    for (const Taker &t : takers_) least = std::min(least, t.low);
    if (least <= window_.low()) return;
    for (uint64_t n = window_.low(), end = std::min(least, n + slots_.size()); n < end; n++) {
        Slot &here = slots_[slot(n)];
        if (here.number != n) continue;
        buffer_.release(here.bits);
        here.number = never;
        held_--;
        if (!moments_.empty()) moments_[slot(n)].clear();
    }
    window_.advance(least, moment, context_.recorder->on());
}

} // namespace weft
