/* Values that wait at a port of one output block: the second terms of an ADD, the input of a digital stage. */
#ifndef WEFT_SIM_SYSTEMC_PORT_BUFFER_HPP
#define WEFT_SIM_SYSTEMC_PORT_BUFFER_HPP

#include <map>

#include "sim/systemc/buffer.hpp"
#include "sim/systemc/feed.hpp"

namespace weft {

class PortBuffer {
  public:
    /* pixels: positions of the port's map that the block works on, raster indices. */
    PortBuffer(Context &context, const weft_reader &reader, int block, const std::vector<int> &pixels);
    const weft_reader &reader() const { return reader_; }
    /* Channels [begin, begin + q.size()) of the port's map arrive; does nothing when none of them is the block's. */
    void take(size_t image, int y, int x, int begin, const std::vector<int32_t> &q, const Held &held);
    bool complete(size_t image, int pixel) const;
    bool empty() const { return waiting_.empty(); }
    /* The block's channels of a complete pixel as real values; it is gone then. */
    void read(size_t image, int pixel, float *values);

  private:
    struct Pixel {
        std::vector<int32_t> q;
        int missing; /* packets */
        std::vector<Held> held;
    };
    uint64_t key(size_t image, int pixel) const {
        return static_cast<uint64_t>(image) * expected_.size() + static_cast<uint64_t>(pixel);
    }
    const weft_port &port() const { return context_.stage(reader_.stage).ports[reader_.port]; }

    Context &context_;
    weft_reader reader_;
    int begin_, end_;
    std::vector<int> expected_; /* packets, by pixel */
    std::map<uint64_t, Pixel> waiting_;
};

} // namespace weft
#endif
