/* The host: sends images pixel by pixel in raster order at the chip's I/O bandwidth and takes the results.
 *
 * A packet enters the network in the cycle in which its first bit crosses the I/O link; the next packet's first bit
 * follows its last. Whoever takes the input has two buffers for it: image i starts when image i - 1 is sent and all of
 * them have finished image i - 2 (a credit line without delay); readers of the input as second term of an addition do
 * not count. Results leave through the host's ejection link. */
#ifndef WEFT_SIM_SYSTEMC_HOST_HPP
#define WEFT_SIM_SYSTEMC_HOST_HPP

#include <string>
#include <vector>

#include "sim/systemc/core.hpp"

namespace weft {

class Host : public sc_core::sc_module, public Receiver, public InputListener {
  public:
    sc_core::sc_port<Network> network;

    SC_HAS_PROCESS(Host);
    Host(sc_core::sc_module_name name, Context &context);
    /* Units that take the input; set before the simulation starts. */
    void set_input_readers(int count) { input_readers_ = count; }
    void receive(const Message &message) override;
    void input_consumed(size_t image) override;
    bool done() const { return images_done_ == context_.images; }
    std::string describe() const;

  private:
    void pump();
    void send_pixel(int destination);
    bool next_packet();

    Context &context_;
    int input_readers_ = 0;
    sc_core::sc_event pump_event_;
    std::vector<int32_t> q_; /* present image [H, W, C] */
    size_t image_ = 0;       /* being sent */
    int pixel_ = 0, destination_ = 0;
    uint64_t link_base_ = 0, link_bits_ = 0; /* the link is free link_bits_ / bits_per_cycle cycles after link_base_ */
    std::vector<int> consumed_;              /* readers that have finished an image, by image */
    size_t images_consumed_ = 0;
    std::vector<int> missing_; /* result packets, by image */
    size_t images_done_ = 0;
};

} // namespace weft
#endif
