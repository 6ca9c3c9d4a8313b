// Random networks with branches: residual additions, concatenations, grouped convolutions, pools that overlap, padding,
// every activation, dead ends. random_dag(d): extents of at most `extent`, at most `channels` channels, the output a
// vector; weights are zero until fill_random. All of them can be lowered.
#ifndef WEFT_TESTS_SUPPORT_RANDOM_NETWORK_H
#define WEFT_TESTS_SUPPORT_RANDOM_NETWORK_H

#include "tests/support/mapping_fixture.h"

namespace weft_test {

class dag_builder {
  public:
    dag_builder(dice &d, int extent, int channels)
        : d_(d), channels_(channels),
          net_(make_network({d.between(1, channels), d.between(1, extent), d.between(1, extent)})) {}

    network_ptr build(int steps) {
        for (int i = 0; i < steps; i++) step();
        int head = classifier(pick());
        if (d_.between(0, 3) == 0) {
            const int other = classifier(pick());
            const bool same = layer(head).out.channels == layer(other).out.channels;
            head = put(pair(same && d_.flip() ? WEFT_LAYER_ADD : WEFT_LAYER_CONCAT, other), head);
        }
        if (d_.between(0, 2) == 0) head = put(random_activation(), head);
        if (d_.between(0, 3) == 0) put(layer_of(WEFT_LAYER_SOFTMAX), head);
        return std::move(net_);
    }

  private:
    const weft_layer &layer(int index) const { return net_->layers[index]; }
    weft_shape shape(int value) const { return value < 0 ? net_->input : layer(value).out; }
    /* The newest value, or any. */
    int pick() { return d_.between(0, 2) ? net_->layer_count - 1 : d_.between(-1, net_->layer_count - 1); }
    /* The new layer, or `input` itself when it does not fit there. */
    int put(const weft_layer &proto, int input, bool bias = false) {
        const std::string name = "n" + std::to_string(net_->layer_count);
        const int index = weft_test::add_after(net_.get(), input, proto, name.c_str(), bias);
        return index < 0 ? input : index;
    }
    static weft_layer pair(weft_layer_kind kind, int other) {
        weft_layer proto = layer_of(kind);
        proto.input2 = other;
        return proto;
    }
    weft_window window() {
        weft_window w = window_of(1, 1, 0);
        w.kernel_h = d_.between(1, 3), w.kernel_w = d_.between(1, 3);
        w.stride_h = d_.between(1, 2), w.stride_w = d_.between(1, 2);
        w.dilation_h = d_.between(0, 4) ? 1 : 2, w.dilation_w = d_.between(0, 4) ? 1 : 2;
        w.pad_top = d_.between(0, 1), w.pad_left = d_.between(0, 1);
        w.pad_bottom = d_.between(0, 1), w.pad_right = d_.between(0, 1);
        return w;
    }
    int convolve(int input) {
        const int in = shape(input).channels;
        int groups = d_.flip() ? 1 : d_.between(1, in);
        while (in % groups) groups--;
        return put(layer_of(WEFT_LAYER_CONV, groups * d_.between(1, std::max(1, channels_ / groups)), window(), groups),
                   input, d_.flip());
    }
    weft_layer random_pool(int input) {
        const weft_shape in = shape(input);
        weft_layer proto = layer_of(d_.flip() ? WEFT_LAYER_MAX_POOL : WEFT_LAYER_AVERAGE_POOL);
        proto.count_include_pad = d_.flip();
        switch (d_.between(0, 3)) {
        case 0:
            proto.window = window_of(2, 2, 0);
            break;
        case 1:
            proto.window = window_of(3, 2, 1);
            break;
        case 2:
            proto.window = window_of(2, 3, d_.between(0, 1));
            break;
        default:
            proto.window = window_of(1, 1, 0);
            proto.window.kernel_h = in.height, proto.window.kernel_w = in.width;
        }
        return proto;
    }
    weft_layer random_activation() {
        static const weft_layer_kind kinds[] = {WEFT_LAYER_RELU,    WEFT_LAYER_CLIP,       WEFT_LAYER_QUANTISE,
                                                WEFT_LAYER_SIGMOID, WEFT_LAYER_LEAKY_RELU, WEFT_LAYER_HARD_SIGMOID,
                                                WEFT_LAYER_TANH,    WEFT_LAYER_HARD_SWISH, WEFT_LAYER_THRESHOLD};
        weft_layer proto = layer_of(kinds[d_.between(0, 8)]);
        proto.high = (float)d_.between(1, 8) / 2.0f;
        proto.low = d_.flip() ? 0.0f : -proto.high;
        proto.levels = d_.between(1, 15);
        proto.slope = (float)d_.between(1, 9) / 10.0f;
        proto.offset = (float)d_.between(1, 9) / 10.0f;
        proto.threshold = proto.high / 4;
        proto.signed_spikes = d_.flip();
        return proto;
    }
    /* A sum or a concatenation with a value of the right extent, often after a convolution that makes it. */
    void join(int input, weft_layer_kind kind) {
        const weft_shape in = shape(input);
        for (int tries = 0; tries < 8; tries++) {
            const int other = d_.between(-1, net_->layer_count - 1);
            const weft_shape s = shape(other);
            if (s.height != in.height || s.width != in.width || is_vector_of_map(other)) continue;
            if (kind == WEFT_LAYER_CONCAT && in.channels + s.channels <= 2 * channels_) {
                put(pair(kind, other), input);
                return;
            }
            if (kind == WEFT_LAYER_ADD) {
                const int same = s.channels == in.channels
                                     ? other
                                     : put(layer_of(WEFT_LAYER_CONV, in.channels, window_of(1, 1, 0)), other);
                put(pair(kind, same),
                    d_.flip() ? input : put(layer_of(WEFT_LAYER_CONV, in.channels, window_of(3, 1, 1)), input));
                return;
            }
        }
    }
    /* A flattened map: only dense layers may follow. */
    bool is_vector_of_map(int value) const { return value >= 0 && layer(value).kind == WEFT_LAYER_FLATTEN; }
    void step() {
        int input = pick();
        if (is_vector_of_map(input)) input = layer(input).input;
        weft_layer proto = layer_of(WEFT_LAYER_PAD);
        switch (d_.between(0, 11)) {
        case 0:
            put(layer_of(WEFT_LAYER_BATCH_NORM), input);
            return;
        case 1:
            put(layer_of(WEFT_LAYER_AFFINE), input);
            return;
        case 2:
        case 3:
            put(random_activation(), input);
            return;
        case 4:
        case 5:
            put(random_pool(input), input);
            return;
        case 6:
            join(input, WEFT_LAYER_CONCAT);
            return;
        case 7:
        case 8:
            join(input, WEFT_LAYER_ADD);
            return;
        case 9:
            proto.window = window();
            proto.window.kernel_h = proto.window.kernel_w = proto.window.stride_h = proto.window.stride_w = 1;
            proto.window.dilation_h = proto.window.dilation_w = 1;
            input = put(proto, input);
            if (d_.flip()) convolve(input);
            return;
        default:
            input = convolve(input);
            if (d_.flip()) put(layer_of(WEFT_LAYER_BATCH_NORM), input);
        }
    }
    int classifier(int input) {
        if (is_vector_of_map(input)) input = layer(input).input;
        const weft_shape in = shape(input);
        if (d_.flip()) {
            weft_layer proto = layer_of(WEFT_LAYER_AVERAGE_POOL);
            proto.window.kernel_h = in.height, proto.window.kernel_w = in.width;
            input = put(proto, input);
        }
        if (d_.flip()) input = put(layer_of(WEFT_LAYER_FLATTEN), input);
        return put(layer_of(WEFT_LAYER_DENSE, d_.between(1, channels_)), input, d_.flip());
    }
    dice &d_;
    int channels_;
    network_ptr net_;
};

inline network_ptr random_dag(dice &d, int extent = 6, int channels = 6) {
    return dag_builder(d, extent, channels).build(d.between(2, 12));
}

/* Random parameters of a moderate size. */
inline void fill_random(weft_network *net, dice &d) {
    const auto draw = [&](float *values, size_t count, int low, int high) {
        for (size_t i = 0; values && i < count; i++) values[i] = (float)d.between(low, high) / 100.0f;
    };
    for (int i = 0; i < net->layer_count; i++) {
        weft_layer &l = net->layers[i];
        const size_t channels = (size_t)l.out.channels;
        draw(l.weight, l.weight_count, -60, 60);
        draw(l.bias, channels, -50, 50);
        draw(l.gamma, channels, 50, 150);
        draw(l.beta, channels, -50, 50);
        draw(l.mean, channels, -50, 50);
        draw(l.variance, channels, 50, 150);
    }
}

/* Functions with jumps become one without: they would make large differences of rounding errors. */
inline void smooth(weft_network *net) {
    for (int i = 0; i < net->layer_count; i++)
        if (net->layers[i].kind == WEFT_LAYER_QUANTISE || net->layers[i].kind == WEFT_LAYER_THRESHOLD)
            net->layers[i].kind = WEFT_LAYER_TANH;
}

} // namespace weft_test
#endif
