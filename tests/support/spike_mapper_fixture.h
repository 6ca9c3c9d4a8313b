// Networks mapped onto spiking chips.
#ifndef WEFT_TESTS_SUPPORT_SPIKE_MAPPER_FIXTURE_H
#define WEFT_TESTS_SUPPORT_SPIKE_MAPPER_FIXTURE_H

#include "mapper/spike.h"
#include "tests/support/spike_map_fixture.h"

namespace weft_test {

/* mapping NULL, with err, where it does not fit. */
struct mapped_net {
    weft_error err = {};
    weft_spike_map_report report = {};
    spike_mapping_ptr mapping;
    layout_ptr layout;

    mapped_net(const hand_net &net, const weft_chip *chip, weft_spike_map_options options = weft_spike_map_defaults()) {
        weft_spike_mapping *made = nullptr;
        const weft_status status = weft_spike_map(&made, &report, &net.snn, &net.fit, chip, &options, &err);
        mapping.reset(made);
        EXPECT_EQ(status == WEFT_OK, made != nullptr);
        if (!made) return;
        EXPECT_EQ(weft_spike_mapping_check(made, &net.snn, chip, &err), WEFT_OK) << err.text;
        layout = lay_out(made, net, chip, &err);
        EXPECT_TRUE(layout) << err.text;
    }
    mapped_net(const mapped_net &) = delete;
    mapped_net &operator=(const mapped_net &) = delete;
    ~mapped_net() { weft_spike_map_report_destroy(&report); }
};

/* Channels of height x width maps, 3 x 3 kernels with padding, groups; weights -1, 0 and 1 at random. */
inline std::vector<synapse> convolution(int channels, int height, int width, int groups, int outputs, int stride,
                                        std::mt19937 &dice, bool zeros = true) {
    std::vector<synapse> all;
    const int in_group = channels / groups, out_group = outputs / groups, h = height / stride, w = width / stride;
    for (int o = 0; o < outputs; o++)
        for (int k = 0; k < in_group; k++)
            for (int tap = 0; tap < 9; tap++) {
                const float weight = float(int(dice() % (zeros ? 3 : 2)) * (zeros ? 1 : 2) - 1);
                const int c = o / out_group * in_group + k;
                if (weight == 0) continue;
                for (int y = 0; y < h; y++)
                    for (int x = 0; x < w; x++) {
                        const int iy = y * stride + tap / 3 - 1, ix = x * stride + tap % 3 - 1;
                        if (iy < 0 || ix < 0 || iy >= height || ix >= width) continue;
                        all.push_back(
                            {uint32_t((c * height + iy) * width + ix), uint32_t((o * h + y) * w + x), weight});
                    }
            }
    return all;
}

} // namespace weft_test
#endif
