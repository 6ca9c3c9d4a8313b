/* The chip: host, mesh and the cores that have work, bound together; one run. */
#ifndef WEFT_SIM_SYSTEMC_CHIP_HPP
#define WEFT_SIM_SYSTEMC_CHIP_HPP

#include <memory>
#include <vector>

#include "sim/systemc/host.hpp"
#include "sim/systemc/mesh.hpp"

namespace weft {

class Chip : public sc_core::sc_module {
  public:
    Chip(sc_core::sc_module_name name, Context &context, const char *record);
    /* After the simulation: checks that all is done, and fills the result. */
    weft_status finish(weft_error *err);

  private:
    void add_cores();
    weft_status report_stall(weft_error *err) const;

    Context &context_;
    Batch batch_;
    Mesh mesh_;
    Host host_;
    std::vector<std::unique_ptr<Core>> cores_; /* only those with work */
};

} // namespace weft
#endif
