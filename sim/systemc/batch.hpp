/* Matrix-vector products that have begun on any core and whose values nobody has asked for yet. The first core to need
 * a result has all of them evaluated together in one OpenMP region. No SystemC call happens inside it. */
#ifndef WEFT_SIM_SYSTEMC_BATCH_HPP
#define WEFT_SIM_SYSTEMC_BATCH_HPP

#include "sim/systemc/recorder.hpp"

namespace weft {

/* All tiles of one copy of a stage on one core, one position of the matrix. */
struct Product {
    uint64_t at; /* number of the position, over images */
    uint64_t image;
    bool last;       /* of the image, here */
    uint64_t finish; /* cycle at which the result is out */
    uint64_t record;
    int stage;
    int y, x;
    std::vector<int16_t> window; /* pixels under the kernel [taps, channels], 0 where they are not read */
    const std::vector<int> *tiles;
    const std::vector<size_t> *offset;
    std::vector<int64_t> codes;
    bool evaluated;
};

class Batch {
  public:
    explicit Batch(const Context &context) : context_(context) {}
    void add(Product &product) { pending_.push_back(&product); }
    /* Makes product's codes, and everybody else's. */
    void evaluate();

  private:
    /* About 1 ms of work, below which a region can cost more than it shares out: its threads wait for each other, on a
     * busy machine for time slices. One unit is a multiply-accumulate of one pulse and one cell. */
    static constexpr int64_t region_work = 1 << 23;
    int64_t find_jobs();
    struct Job {
        Product *product;
        size_t tile;
    };
    const Context &context_;
    std::vector<Product *> pending_;
    std::vector<Job> jobs_;
};

} // namespace weft
#endif
