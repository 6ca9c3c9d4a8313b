/* The arrays of one core that hold tiles of one copy of a stage: input maps that fill with arriving pixels, products of
 * the positions that the copy computes in raster order. */
#ifndef WEFT_SIM_SYSTEMC_MATRIX_UNIT_HPP
#define WEFT_SIM_SYSTEMC_MATRIX_UNIT_HPP

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/systemc/batch.hpp"
#include "sim/systemc/buffer.hpp"
#include "sim/systemc/feed.hpp"

namespace weft {

/* What the core computes of one output block. */
struct Share {
    int block, core;          /* the block and the core where its sums meet */
    std::vector<int> tiles;   /* indices into MatrixUnit's tiles */
    std::vector<int> columns; /* covered columns, relative to the block, ascending */
};

class MatrixUnit {
  public:
    MatrixUnit(Context &context, int core, int stage, int copy);

    int stage() const { return reader_.stage; }
    const weft_reader &reader() const { return reader_; }
    /* Nothing has to arrive: it computes on padding alone, and starts by itself. */
    bool runs_free() const { return free_; }
    /* Finishes images of the network's input. */
    bool reads_input() const { return !positions_.empty() && reads_network_input(port()); }
    const std::vector<Share> &shares() const { return shares_; }
    size_t tile_count() const { return tiles_.size(); }

    /* Channels [begin, begin + q.size()) of a pixel of the stage's input arrive. */
    void take(size_t image, int y, int x, int begin, const std::vector<int32_t> &q, const Held &held);
    /* Starts the next product when its pixels are there and the arrays are free. */
    bool start(uint64_t time, Batch &batch);
    /* The oldest product when its result is out at time, else null; released by pop. */
    const Product *finished(uint64_t time) const;
    void pop() { running_.pop_front(); }
    /* Adds up the share's tiles: [columns.size()]. */
    void sum(const Product &product, const Share &share, std::vector<int64_t> &out) const;
    /* Cycle of the next thing to do without further arrivals; UINT64_MAX: nothing. */
    uint64_t next_time();
    /* Cycles in which the arrays were occupied. */
    uint64_t busy_cycles() const { return busy_.cycles(context_); }
    bool done() const { return (positions_.empty() || image_ == context_.images) && running_.empty(); }
    /* "stage 'conv2' waits for pixel (3, 4) of image 1 (2 packets missing)" */
    std::string describe() const;

  private:
    struct Map {
        std::vector<int32_t> q;
        std::vector<uint16_t> missing;       /* packets still to come, by pixel */
        std::vector<std::vector<Held>> held; /* those that came, until the pixel is read for the last time */
    };
    void find_positions();
    void find_tiles();
    void find_shares();
    void find_taps();
    void find_expected();
    void find_releases();
    int pixel(int position, int tap) const; /* -1: padding */
    Map &map(size_t image);
    bool ready();
    void release();
    const weft_stage &stage_here() const { return context_.stage(reader_.stage); }
    const weft_port &port() const { return stage_here().ports[0]; }

    Context &context_;
    weft_reader reader_;
    std::vector<int> tiles_;     /* of the mapping's stage */
    std::vector<size_t> offset_; /* of each tile's codes in a product */
    size_t codes_ = 0;
    std::vector<Share> shares_;
    std::vector<int> taps_; /* of the window, that some tile reads */
    std::vector<uint16_t> expected_;
    std::vector<int> release_begin_, release_pixel_; /* pixels read for the last time at an ordinal */
    weft_event_counts events_{};                     /* of one product */
    std::vector<int> positions_;                     /* raster indices, ascending */
    bool free_ = true;

    std::deque<std::shared_ptr<Map>> maps_; /* from image_ on */
    size_t image_ = 0;
    size_t ordinal_ = 0; /* of the next position */
    size_t tap_ = 0;     /* taps before it are there for that position */
    uint64_t free_at_ = 0;
    Busy busy_;
    std::deque<Product> running_;
};

} // namespace weft
#endif
