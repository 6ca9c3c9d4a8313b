/* Matrix-vector products that have begun on any core and whose values nobody has asked for yet. The first core to need
 * a result has all of them evaluated together in one OpenMP region. No SystemC call happens inside it. */
#ifndef WEFT_SIM_SYSTEMC_BATCH_HPP
#define WEFT_SIM_SYSTEMC_BATCH_HPP

#include <memory>
#include <vector>

#include "sim/systemc/context.hpp"

namespace weft {

/* All tiles of one copy of a stage on one core, one position of the matrix. Its input pixels do not change any more. */
struct Product {
    size_t image;
    int position; /* raster index */
    bool last;    /* of the image, here */
    uint64_t due; /* cycle at which the result is out */
    int stage;
    int y, x;
    std::shared_ptr<const void> keep; /* owner of q */
    const int32_t *q;
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
