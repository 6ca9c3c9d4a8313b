/* The arrays of one core that hold tiles of one copy of a stage: products of the positions that the copy computes, in
 * raster order, when their pixels are in the core's inbox and the blocks that get the sums have room for them. */
#ifndef WEFT_SIM_SYSTEMC_MATRIX_UNIT_HPP
#define WEFT_SIM_SYSTEMC_MATRIX_UNIT_HPP

#include <deque>

#include "sim/systemc/agent.hpp"
#include "sim/systemc/batch.hpp"
#include "sim/systemc/block.hpp"
#include "sim/systemc/geometry.hpp"

namespace weft {

/* What the core computes of one output block. */
struct Share {
    int block, core;          /* the block and the core where its sums meet */
    std::vector<int> tiles;   /* indices into MatrixUnit's tiles */
    std::vector<int> columns; /* covered columns, relative to the block, ascending */
    Block *to;                /* set by connect */
};

class MatrixUnit final : public Agent {
  public:
    MatrixUnit(Context &context, Crew &crew, const Schedule &schedule, Batch &batch, Inbox &inbox,
               const weft_reader &reader, std::vector<int> tiles);
    int part() const { return reader_.part; }
    int stage() const { return reader_.stage; }
    const weft_reader &reader() const { return reader_; }
    int taker() const { return taker_; }
    const std::vector<int> &tiles() const { return tiles_; }
    std::vector<Share> &shares() { return shares_; }
    /* Finishes images of the network's input. */
    bool reads_input() const;
    /* Shared with units that read the same pixels. */
    void set_geometry(std::shared_ptr<const Geometry> geometry);
    /* Kernel taps that some tile reads. */
    std::vector<int> used_taps() const;

    /* Its part, or a tick, runs from now on. */
    void begin(const Moments &after);
    void work() override;
    void due() override;
    uint64_t busy_cycles() const { return server_.busy_cycles(); }
    /* Products of an image. */
    uint64_t positions() const { return geometry_->positions().size(); }
    bool empty() const { return geometry_->positions().empty(); }
    bool done() const { return (empty() || next_ == context_.images * positions()) && running_.empty(); }
    /* Of the next product; not of an empty one. */
    uint64_t image() const { return next_ / positions(); }
    /* "core 1, stage 'conv2' waits for pixel (3, 4) of image 1, 2 packets missing"; "" when it has not begun. */
    std::string describe() const;

  private:
    void find_shares();
    size_t ordinal() const { return static_cast<size_t>(next_ % positions()); }
    uint64_t pixel_number(int pixel) const { return image() * inbox_.pixels() + static_cast<uint64_t>(pixel); }
    bool has_pixels();
    bool has_room();
    bool start();
    void add_moments(Moments &after);
    void read_window(Product &product) const;
    uint64_t low() const;
    std::vector<int64_t> sum(const Product &product, const Share &share) const;
    const weft_stage &stage_here() const { return context_.stage(reader_.stage); }

    Context &context_;
    const Schedule &schedule_;
    Batch &batch_;
    Inbox &inbox_;
    weft_reader reader_;
    int taker_;
    std::vector<int> tiles_;     /* of the mapping's stage */
    std::vector<size_t> offset_; /* of each tile's codes in a product */
    size_t codes_ = 0;
    std::vector<Share> shares_;
    weft_event_counts events_{}; /* of one product */
    std::shared_ptr<const Geometry> geometry_;
    Server server_;
    Stall stall_;
    uint64_t next_ = 0; /* number of the next position, over images */
    int fresh_ = 0;     /* pixels of the geometry's list that are there */
    std::deque<Product> running_;
    Moments after_, begin_; /* begin_: what the first product waits for beside its pixels */
};

} // namespace weft
#endif
