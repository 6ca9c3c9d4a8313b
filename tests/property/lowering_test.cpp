// Do the stages of random networks with branches compute what their layers do? Values in double precision.
#include <cmath>

#include "tests/support/naive_network.h"
#include "tests/support/random_network.h"

using namespace weft_test;

namespace {

constexpr int CASES = 300;

using Map = std::vector<double>; /* (height, width, channel) */

double at(const Map &map, weft_shape s, int c, int y, int x) {
    return map[((size_t)y * (size_t)s.width + (size_t)x) * (size_t)s.channels + (size_t)c];
}

/* Every stage by its definition in lowering.h. */
class interpreter {
  public:
    interpreter(const weft_stages *stages, const std::vector<float> &image) : stages_(stages) {
        const weft_shape in = stages->input;
        outputs_.emplace_back(weft_shape_size(in));
        for (int c = 0; c < in.channels; c++)
            for (int p = 0; p < in.height * in.width; p++)
                outputs_[0][(size_t)(p * in.channels + c)] = (double)image[(size_t)(c * in.height * in.width + p)];
        for (int s = 0; s < stages->count; s++) outputs_.push_back(run(stages->items[s]));
    }
    const Map &result() const { return outputs_.back(); }

  private:
    Map port(const weft_port &p) const {
        Map map(weft_shape_size(p.shape));
        for (int i = 0; i < p.source_count; i++) {
            const weft_source &source = p.sources[i];
            for (int k = 0; k < p.shape.height * p.shape.width; k++)
                for (int c = 0; c < source.channels; c++)
                    map[(size_t)(k * p.shape.channels + source.begin + c)] =
                        outputs_[(size_t)source.stage + 1][(size_t)(k * source.channels + c)];
        }
        return map;
    }
    static Map multiply(const weft_stage &s, const Map &in) {
        Map out;
        for (int y = 0; y < s.matrix_out.height; y++)
            for (int x = 0; x < s.matrix_out.width; x++)
                for (int column = 0; column < s.columns; column++) {
                    double sum = 0;
                    for (int row = 0; row < s.rows; row++) {
                        const int tap = weft_stage_row_tap(&s, row);
                        const int iy =
                            y * s.window.stride_h - s.window.pad_top + tap / s.window.kernel_w * s.window.dilation_h;
                        const int ix =
                            x * s.window.stride_w - s.window.pad_left + tap % s.window.kernel_w * s.window.dilation_w;
                        if (!weft_stage_has_weight(&s, row, column)) continue;
                        if (iy < 0 || ix < 0 || iy >= s.in.height || ix >= s.in.width) continue;
                        sum += at(in, s.in, weft_stage_row_channel(&s, row), iy, ix) *
                               (double)s.weight[row % weft_stage_group_rows(&s) * s.columns + column];
                    }
                    out.push_back(sum);
                }
        return out;
    }
    static Map pool(const weft_digital_op &op, const Map &in) {
        Map out;
        for (int y = 0; y < op.out.height; y++)
            for (int x = 0; x < op.out.width; x++)
                for (int c = 0; c < op.out.channels; c++) {
                    double most = -1e300, sum = 0, seen = 0;
                    for (int k = 0; k < op.window.kernel_h * op.window.kernel_w; k++) {
                        const int iy =
                            y * op.window.stride_h - op.window.pad_top + k / op.window.kernel_w * op.window.dilation_h;
                        const int ix =
                            x * op.window.stride_w - op.window.pad_left + k % op.window.kernel_w * op.window.dilation_w;
                        if (iy < 0 || ix < 0 || iy >= op.in.height || ix >= op.in.width) continue;
                        const double v = at(in, op.in, c, iy, ix);
                        most = std::max(most, v), sum += v, seen++;
                    }
                    if (op.count_include_pad) seen = op.window.kernel_h * op.window.kernel_w;
                    out.push_back(op.kind == WEFT_DIGITAL_MAX_POOL ? most : sum / seen);
                }
        return out;
    }
    static Map pad(const weft_digital_op &op, const Map &in) {
        Map out(weft_shape_size(op.out));
        for (int y = 0; y < op.in.height; y++)
            for (int x = 0; x < op.in.width; x++)
                for (int c = 0; c < op.in.channels; c++)
                    out[(size_t)(((y + op.window.pad_top) * op.out.width + x + op.window.pad_left) * op.out.channels +
                                 c)] = at(in, op.in, c, y, x);
        return out;
    }
    /* The layer of the operation's kind, for naive::activation. */
    static weft_layer layer_like(const weft_digital_op &op) {
        static const weft_layer_kind kinds[WEFT_DIGITAL_KIND_COUNT] = {
            WEFT_LAYER_AFFINE,     WEFT_LAYER_RELU,       WEFT_LAYER_MAX_POOL, WEFT_LAYER_AVERAGE_POOL,
            WEFT_LAYER_ADD,        WEFT_LAYER_PAD,        WEFT_LAYER_CLIP,     WEFT_LAYER_QUANTISE,
            WEFT_LAYER_THRESHOLD,  WEFT_LAYER_LEAKY_RELU, WEFT_LAYER_SIGMOID,  WEFT_LAYER_HARD_SIGMOID,
            WEFT_LAYER_HARD_SWISH, WEFT_LAYER_TANH};
        weft_layer layer = layer_of(kinds[op.kind]);
        layer.low = op.low, layer.high = op.high;
        layer.slope = op.slope, layer.offset = op.slope_offset;
        return layer;
    }
    Map run(const weft_stage &s) const {
        Map map = port(s.ports[0]);
        if (s.has_matrix) map = multiply(s, map);
        for (int o = 0; o < s.op_count; o++) {
            const weft_digital_op &op = s.ops[o];
            EXPECT_EQ(map.size(), weft_shape_size(op.in));
            const weft_layer layer = layer_like(op);
            if (op.kind == WEFT_DIGITAL_MAX_POOL || op.kind == WEFT_DIGITAL_AVERAGE_POOL) {
                map = pool(op, map);
            } else if (op.kind == WEFT_DIGITAL_PAD) {
                map = pad(op, map);
            } else if (op.kind == WEFT_DIGITAL_ADD) {
                EXPECT_EQ(s.ports[op.port].op, o);
                const Map other = port(s.ports[op.port]);
                for (size_t i = 0; i < map.size(); i++) map[i] += other[i];
            } else {
                for (size_t i = 0; i < map.size(); i++) {
                    const size_t c = i % (size_t)op.in.channels;
                    map[i] = op.kind == WEFT_DIGITAL_AFFINE ? (double)op.scale[c] * map[i] + (double)op.offset[c]
                                                            : naive::activation(layer, map[i]);
                }
            }
        }
        EXPECT_EQ(map.size(), weft_shape_size(s.out));
        return map;
    }
    const weft_stages *stages_;
    std::vector<Map> outputs_;
};

void expect_order(const weft_stages *stages) {
    std::vector<int> readers((size_t)stages->count, 0);
    for (int s = 0; s < stages->count; s++) {
        const weft_stage &stage = stages->items[s];
        ASSERT_EQ(weft_shape_size(stage.in), weft_shape_size(stage.ports[0].shape));
        for (int p = 0; p < stage.port_count; p++) {
            int channels = 0;
            for (int i = 0; i < stage.ports[p].source_count; i++) {
                const weft_source &source = stage.ports[p].sources[i];
                ASSERT_LT(source.stage, s);
                ASSERT_EQ(source.begin, channels);
                channels += source.channels;
                if (source.stage < 0) continue;
                ASSERT_EQ(source.channels, stages->items[source.stage].out.channels);
                readers[(size_t)source.stage]++;
            }
            ASSERT_EQ(channels, stage.ports[p].shape.channels);
            ASSERT_TRUE(p == 0 || (stage.ports[p].lag >= 1 && stage.ports[p].lag <= stage.ports[p].shape.height));
        }
        // What has a matrix can be copied: it ends before anything that reads positions twice.
        ASSERT_TRUE(!stage.has_matrix || weft_stage_is_local(&stage));
    }
    for (int s = 0; s + 1 < stages->count; s++) ASSERT_GT(readers[(size_t)s], 0) << "nobody reads stage " << s;
    ASSERT_EQ(readers.back(), 0);
}

TEST(LoweringProperty, StagesComputeWhatTheLayersDo) {
    int adds = 0, concatenations = 0, digital = 0, groups = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        dice d(seed);
        const network_ptr net = random_dag(d, 7, 6);
        fill_random(net.get(), d);
        smooth(net.get());
        std::vector<float> image(weft_shape_size(net->input));
        for (float &v : image) v = (float)d.between(-100, 100) / 100.0f;
        const stages_ptr stages = lower(net.get());
        ASSERT_TRUE(stages) << seed;
        expect_order(stages.get());
        if (HasFatalFailure()) FAIL() << "seed " << seed;
        const interpreter run(stages.get(), image);
        std::vector<naive::Values> expected =
            naive::all(net.get(), naive::Values(image.begin(), image.end()), 1, false);
        if (stages->host_softmax) expected.pop_back();
        ASSERT_EQ(run.result().size(), expected.back().size()) << seed;
        for (size_t i = 0; i < run.result().size(); i++)
            ASSERT_NEAR(run.result()[i], expected.back()[i], 1e-5 * (1 + std::fabs(expected.back()[i])))
                << "seed " << seed << " output " << i;
        for (int s = 0; s < stages->count; s++) {
            adds += stages->items[s].port_count - 1;
            concatenations += stages->items[s].ports[0].source_count > 1;
            digital += !stages->items[s].has_matrix;
            groups += stages->items[s].groups > 1;
        }
    }
    EXPECT_GE(adds, CASES / 4);
    EXPECT_GE(concatenations, CASES / 8);
    EXPECT_GE(digital, CASES / 2);
    EXPECT_GE(groups, CASES / 16);
}

} // namespace
