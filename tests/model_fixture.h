// Small chips, networks and mappings made by hand, for tests of sim/model.
#ifndef WEFT_TESTS_MODEL_FIXTURE_H
#define WEFT_TESTS_MODEL_FIXTURE_H

#include <algorithm>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "sim/model/engine.h"

struct ChipSpec {
    int rows = 16, columns = 64, cell_bits = 2, weight_bits = 4, weight_encoding = WEFT_WEIGHT_OFFSET;
    int input_bits = 4, input_encoding = WEFT_INPUT_BIT_SERIAL, bits_per_pulse = 1, phases = 1;
    int adc_bits = 8, adc_range = WEFT_ADC_UNIT;
    bool flip = false;
};

inline weft_chip make_chip(const ChipSpec &s) {
    weft_chip c{};
    c.array.rows = s.rows;
    c.array.columns = s.columns;
    c.array.cell_bits = s.cell_bits;
    c.weight.bits = s.weight_bits;
    c.weight.encoding = s.weight_encoding;
    c.input.bits = s.input_bits;
    c.input.encoding = s.input_encoding;
    c.input.bits_per_pulse = s.bits_per_pulse;
    c.input.phases = s.phases;
    c.adc.bits = s.adc_bits;
    c.adc.range = s.adc_range;
    c.adc.flip_columns = s.flip;
    c.io.partial_bits = 32;
    c.input_max = (1 << (s.input_bits - 1)) - 1;
    c.weight_max = s.cell_bits ? (1 << (s.weight_bits - 1)) - 1 : 32767;
    const int held = s.weight_encoding == WEFT_WEIGHT_OFFSET ? s.weight_bits : s.weight_bits - 1;
    c.slices =
        s.cell_bits && s.weight_encoding != WEFT_WEIGHT_DIFFERENTIAL_CELL ? (held + s.cell_bits - 1) / s.cell_bits : 1;
    c.columns_per_weight = c.slices * (s.weight_encoding == WEFT_WEIGHT_DIFFERENTIAL_COLUMNS ? 2 : 1);
    c.pulses =
        s.input_encoding == WEFT_INPUT_BIT_SERIAL ? (s.input_bits + s.bits_per_pulse - 1) / s.bits_per_pulse : s.phases;
    return c;
}

// Offset cells, lossless: 128 x 128, 2-bit cells, 16-bit weights and inputs, 8-bit converters, flipped columns.
inline ChipSpec isaac_like() {
    ChipSpec s;
    s.rows = s.columns = 128;
    s.cell_bits = 2;
    s.weight_bits = s.input_bits = 16;
    s.adc_bits = 8;
    s.flip = true;
    return s;
}

// Analog differential cells, 8-bit pulse widths, full-scale converters.
inline ChipSpec hermes_like() {
    ChipSpec s;
    s.rows = s.columns = 256;
    s.cell_bits = 0;
    s.weight_bits = 16;
    s.weight_encoding = WEFT_WEIGHT_DIFFERENTIAL_CELL;
    s.input_bits = 8;
    s.input_encoding = WEFT_INPUT_PULSE_WIDTH;
    s.bits_per_pulse = 0;
    s.adc_bits = 12;
    s.adc_range = WEFT_ADC_FULL_SCALE;
    return s;
}

inline weft_window make_window(int kernel, int stride, int pad) {
    return weft_window{kernel, kernel, stride, stride, 1, 1, pad, pad, pad, pad};
}

// Stages and a mapping that splits every matrix into tiles of the chip's arrays. Owns all memory.
class Net {
  public:
    explicit Net(const weft_chip &chip, unsigned seed = 1) : chip_(chip), random_(seed) {}
    Net(const Net &) = delete;

    weft_shape out_shape() const { return items_.empty() ? input_ : items_.back().out; }
    void input(weft_shape shape) { input_ = shape; }
    std::mt19937 &random() { return random_; }
    float uniform(float lo, float hi) { return std::uniform_real_distribution<float>(lo, hi)(random_); }

    weft_stage &conv(int channels, weft_window w) {
        const weft_shape in = out_shape();
        const int h = (in.height + w.pad_top + w.pad_bottom - w.dilation_h * (w.kernel_h - 1) - 1) / w.stride_h + 1;
        const int v = (in.width + w.pad_left + w.pad_right - w.dilation_w * (w.kernel_w - 1) - 1) / w.stride_w + 1;
        return stage(true, in, {channels, h, v}, w);
    }
    weft_stage &dense(int features) {
        const weft_shape in = out_shape();
        return stage(false, in, {features, 1, 1}, {in.height, in.width, 1, 1, 1, 1, 0, 0, 0, 0});
    }
    weft_digital_op &batch_norm() {
        weft_digital_op &op = add(WEFT_DIGITAL_AFFINE);
        const size_t n = static_cast<size_t>(op.in.channels);
        op.gamma = floats(n, 0.5f, 1.5f);
        op.beta = floats(n, -0.5f, 0.5f);
        op.scale = floats(n, 0.05f, 0.2f);
        op.offset = floats(n, -0.1f, 0.1f);
        op.batch_norm = 7;
        op.epsilon = 1e-5f;
        return op;
    }
    weft_digital_op &bias() {
        weft_digital_op &op = add(WEFT_DIGITAL_AFFINE);
        op.scale = floats(static_cast<size_t>(op.in.channels), 1.0f, 1.0f);
        op.offset = floats(static_cast<size_t>(op.in.channels), -0.1f, 0.1f);
        return op;
    }
    weft_digital_op &relu() { return add(WEFT_DIGITAL_RELU); }
    weft_digital_op &pool(weft_digital_kind kind, weft_window w, bool count_pad = false) {
        weft_digital_op &op = add(kind);
        op.window = w;
        op.count_include_pad = count_pad;
        op.out.height = (op.in.height + w.pad_top + w.pad_bottom - w.kernel_h) / w.stride_h + 1;
        op.out.width = (op.in.width + w.pad_left + w.pad_right - w.kernel_w) / w.stride_w + 1;
        items_.back().out = op.out;
        return op;
    }

    // Call after the last stage.
    void finish(float range_lo = 0, float range_hi = 0) {
        for (size_t s = 0; s < items_.size(); s++) items_[s].ops = ops_[s].data();
        for (size_t s = 0; s < items_.size(); s++) items_[s].op_count = static_cast<int>(ops_[s].size());
        stages_ = {static_cast<int>(items_.size()), items_.data(), input_, items_.back().out.channels};
        for (weft_stage &s : items_) mapped_.push_back(map_stage(s, range_lo, range_hi));
        mapping_ = {};
        mapping_.stage_count = stages_.count;
        mapping_.stages = mapped_.data();
    }

    const weft_stages *stages() const { return &stages_; }
    weft_mapping *mapping() { return &mapping_; }
    const weft_chip *chip() const { return &chip_; }
    weft_stage &stage_at(int s) { return items_[static_cast<size_t>(s)]; }

    std::vector<float> images(size_t count, float lo = -0.2f, float hi = 1.0f) {
        std::vector<float> x(count * weft_shape_size(input_));
        for (float &v : x) v = uniform(lo, hi);
        return x;
    }

  private:
    float *floats(size_t n, float lo, float hi) {
        memory_.emplace_back(n);
        for (float &v : memory_.back()) v = uniform(lo, hi);
        return memory_.back().data();
    }
    weft_stage &stage(bool is_conv, weft_shape in, weft_shape matrix_out, weft_window w) {
        weft_stage s{};
        names_.push_back("stage" + std::to_string(items_.size()));
        s.name = names_.back().c_str();
        s.producer = static_cast<int>(items_.size()) - 1;
        s.is_conv = is_conv;
        s.in = in;
        s.matrix_out = s.out = matrix_out;
        s.window = w;
        s.groups = 1;
        s.rows = w.kernel_h * w.kernel_w * in.channels;
        s.columns = matrix_out.channels;
        s.weight = floats(static_cast<size_t>(s.rows) * static_cast<size_t>(s.columns), -1.0f, 1.0f);
        items_.push_back(s);
        ops_.emplace_back();
        return items_.back();
    }
    weft_digital_op &add(weft_digital_kind kind) {
        weft_digital_op op{};
        op.kind = kind;
        op.in = op.out = items_.back().out;
        op.batch_norm = -1;
        ops_.back().push_back(op);
        return ops_.back().back();
    }
    weft_mapped_stage map_stage(const weft_stage &s, float lo, float hi) {
        const int step = static_cast<int>(chip_.array.columns) / chip_.columns_per_weight;
        const int rows = static_cast<int>(chip_.array.rows);
        std::vector<weft_tile> tiles;
        std::vector<weft_output_block> blocks;
        for (int c = 0; c < s.columns; c += step) {
            const int end = std::min(c + step, s.columns);
            blocks.push_back({0, c, end, 0});
            for (int r = 0; r < s.rows; r += rows)
                tiles.push_back({0, static_cast<int>(tiles.size()), r, std::min(r + rows, s.rows), c, end, 0});
        }
        tiles_.push_back(tiles);
        blocks_.push_back(blocks);
        weft_mapped_stage m{};
        m.name = const_cast<char *>(s.name);
        m.rows = s.rows;
        m.columns = s.columns;
        m.input_min = lo;
        m.input_max = hi;
        m.block_count = static_cast<int>(blocks.size());
        m.tile_count = static_cast<int>(tiles.size());
        m.blocks = blocks_.back().data();
        m.tiles = tiles_.back().data();
        return m;
    }

    weft_chip chip_;
    std::mt19937 random_;
    weft_shape input_{};
    std::vector<weft_stage> items_;
    std::vector<std::vector<weft_digital_op>> ops_;
    std::deque<std::string> names_;
    std::deque<std::vector<float>> memory_;
    std::deque<std::vector<weft_tile>> tiles_;
    std::deque<std::vector<weft_output_block>> blocks_;
    std::vector<weft_mapped_stage> mapped_;
    weft_stages stages_{};
    weft_mapping mapping_{};
};

// Convolutions with padding, stride, both pools, batch norms and a bias, two channels in.
inline void build_small_cnn(Net &net) {
    net.input({2, 17, 17});
    net.conv(6, make_window(3, 1, 1));
    net.batch_norm();
    net.relu();
    net.pool(WEFT_DIGITAL_MAX_POOL, make_window(3, 2, 1));
    net.conv(10, make_window(3, 2, 1));
    net.bias();
    net.batch_norm();
    net.pool(WEFT_DIGITAL_AVERAGE_POOL, make_window(2, 1, 1));
    net.dense(12);
    net.batch_norm();
    net.relu();
    net.dense(5);
    net.bias();
}

struct Engine {
    weft_engine *e = nullptr;
    weft_error err{};
    explicit Engine(Net &net) { status = weft_engine_create(&e, net.chip(), net.mapping(), net.stages(), &err); }
    Engine(const Engine &) = delete;
    ~Engine() { weft_engine_destroy(e); }
    operator weft_engine *() const { return e; }
    weft_status status;
};

#endif
