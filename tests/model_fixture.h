// Small chips, networks and mappings made by hand, for tests of sim/model. Who changes a chip that was made here calls
// weft_chip_resolve again.
#ifndef WEFT_TESTS_MODEL_FIXTURE_H
#define WEFT_TESTS_MODEL_FIXTURE_H

#include <algorithm>
#include <cstring>
#include <deque>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "core/chip_internal.h"
#include "sim/model/engine.h"

struct ChipSpec {
    int rows = 16, columns = 64, cell_bits = 2, weight_bits = 4, weight_encoding = WEFT_WEIGHT_OFFSET;
    int input_bits = 4, input_encoding = WEFT_INPUT_BIT_SERIAL, bits_per_pulse = 1, phases = 1;
    int adc_bits = 8, adc_range = WEFT_ADC_UNIT;
    bool flip = false;
};

inline weft_chip make_chip(const ChipSpec &s) {
    weft_chip c{};
    c.cycle_ns = 1;
    c.array.rows = s.rows;
    c.array.columns = s.columns;
    c.array.cell_bits = s.cell_bits;
    c.weight.bits = s.cell_bits ? s.weight_bits : 16;
    c.weight.encoding = s.weight_encoding;
    c.weight.clip_percentile = 100;
    c.input.bits = s.input_bits;
    c.input.encoding = s.input_encoding;
    c.input.bits_per_pulse = s.bits_per_pulse;
    c.input.phases = s.phases;
    c.adc.bits = s.adc_bits;
    c.adc.per_array = 1;
    c.adc.range = s.adc_range;
    c.adc.percentile = 99.9;
    c.adc.flip_columns = s.flip;
    c.device.program = c.device.program_table = "";
    c.device.program_pulses = c.device.program_parallel = 1;
    c.wires.interleaved = true;
    c.io.partial_bits = 32;
    weft_chip_resolve(&c);
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

// Stages and a mapping that splits every matrix into tiles of the chip's arrays. A stage reads the one before, unless
// `read` says otherwise. Owns all memory.
class Net {
  public:
    explicit Net(const weft_chip &chip, unsigned seed = 1) : chip_(chip), random_(seed) {}
    Net(const Net &) = delete;

    weft_shape out_shape() const { return items_.empty() ? input_ : items_.back().out; }
    void input(weft_shape shape) { input_ = shape; }
    std::mt19937 &random() { return random_; }
    float uniform(float lo, float hi) { return std::uniform_real_distribution<float>(lo, hi)(random_); }

    // What the next stage reads: outputs of these stages (-1: the network's input), one behind the other.
    void read(const std::vector<int> &sources) { sources_ = sources; }
    weft_shape shape_of(int source) const { return source < 0 ? input_ : items_[static_cast<size_t>(source)].out; }
    // Outputs of the stages side by side.
    weft_shape joined(const std::vector<int> &sources) const {
        weft_shape shape = shape_of(sources.front());
        shape.channels = 0;
        for (int s : sources) shape.channels += shape_of(s).channels;
        return shape;
    }

    weft_stage &conv(int channels, weft_window w, int groups = 1) {
        const weft_shape in = in_shape();
        const int h = (in.height + w.pad_top + w.pad_bottom - w.dilation_h * (w.kernel_h - 1) - 1) / w.stride_h + 1;
        const int v = (in.width + w.pad_left + w.pad_right - w.dilation_w * (w.kernel_w - 1) - 1) / w.stride_w + 1;
        return stage(true, in, {channels, h, v}, w, groups);
    }
    weft_stage &dense(int features) {
        const weft_shape in = in_shape();
        return stage(false, in, {features, 1, 1}, {in.height, in.width, 1, 1, 1, 1, 0, 0, 0, 0});
    }
    // A stage without a matrix.
    weft_stage &digital() {
        const weft_shape in = in_shape();
        weft_stage &s = stage(true, in, in, {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, 1, false);
        s.rows = 0;
        s.weight = nullptr;
        return s;
    }
    // Copies of the last stage: how many along y and x, and whether theirs are cut into smaller tiles.
    void copies(int y, int x, bool smaller_tiles = false) { copies_.back() = {y, x, smaller_tiles}; }
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
    weft_digital_op &activation(weft_digital_kind kind) { return add(kind); }
    // Adds the outputs of these stages, one behind the other.
    weft_digital_op &plus(const std::vector<int> &sources) {
        weft_digital_op &op = add(WEFT_DIGITAL_ADD);
        op.port = static_cast<int>(ports_.back().size());
        ports_.back().push_back(port(sources, static_cast<int>(ops_.back().size()) - 1));
        return op;
    }
    weft_digital_op &pad(int top, int left, int bottom, int right) {
        weft_digital_op &op = add(WEFT_DIGITAL_PAD);
        op.window = {0, 0, 0, 0, 0, 0, top, left, bottom, right};
        op.out.height += top + bottom;
        op.out.width += left + right;
        items_.back().out = op.out;
        return op;
    }
    weft_digital_op &pool(weft_digital_kind kind, weft_window w, bool count_pad = false) {
        weft_digital_op &op = add(kind);
        op.window = w;
        op.count_include_pad = count_pad;
        op.out.height = (op.in.height + w.pad_top + w.pad_bottom - w.kernel_h) / w.stride_h + 1;
        op.out.width = (op.in.width + w.pad_left + w.pad_right - w.kernel_w) / w.stride_w + 1;
        items_.back().out = op.out;
        return op;
    }

    // Call after the last stage. The range is that of the network's input and of all outputs.
    void finish(float range_lo = 0, float range_hi = 0) {
        for (size_t s = 0; s < items_.size(); s++) {
            items_[s].ops = ops_[s].data();
            items_[s].op_count = static_cast<int>(ops_[s].size());
            items_[s].ports = ports_[s].data();
            items_[s].port_count = static_cast<int>(ports_[s].size());
        }
        share_ranges();
        stages_ = {};
        stages_.count = static_cast<int>(items_.size());
        stages_.items = items_.data();
        stages_.input = input_;
        stages_.classes = items_.back().out.channels;
        stages_.range_of = range_of_.data();
        for (size_t s = 0; s < items_.size(); s++) mapped_.push_back(map_stage(s, range_lo, range_hi));
        mapping_ = {};
        mapping_.parts = mapping_.chips = 1;
        mapping_.input_min = range_lo;
        mapping_.input_max = range_hi;
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
    std::vector<int> next_sources() const {
        return sources_.empty() ? std::vector<int>{static_cast<int>(items_.size()) - 1} : sources_;
    }
    weft_shape in_shape() const { return joined(next_sources()); }
    weft_port port(const std::vector<int> &from, int op) {
        sources_of_.emplace_back();
        weft_port p{};
        p.shape = joined(from), p.op = op;
        int begin = 0;
        for (int s : from) {
            sources_of_.back().push_back({s, begin, shape_of(s).channels});
            begin += shape_of(s).channels;
        }
        p.source_count = static_cast<int>(from.size());
        p.sources = sources_of_.back().data();
        return p;
    }
    void share_ranges() {
        range_of_.resize(items_.size() + 1);
        std::iota(range_of_.begin(), range_of_.end(), 0);
        for (const weft_stage &s : items_)
            for (int i = 1; s.has_matrix && i < s.ports[0].source_count; i++) {
                const int a = range_of_[static_cast<size_t>(s.ports[0].sources[0].stage + 1)],
                          b = range_of_[static_cast<size_t>(s.ports[0].sources[i].stage + 1)];
                for (int &r : range_of_)
                    if (r == a || r == b) r = std::min(a, b);
            }
    }
    weft_stage &stage(bool is_conv, weft_shape in, weft_shape matrix_out, weft_window w, int groups = 1,
                      bool has_matrix = true) {
        weft_stage s{};
        names_.push_back("stage" + std::to_string(items_.size()));
        s.name = names_.back().c_str();
        s.has_matrix = has_matrix;
        s.is_conv = is_conv;
        ports_.push_back({port(next_sources(), -1)});
        sources_.clear();
        copies_.push_back({1, 1, false});
        s.in = in;
        s.matrix_out = s.out = matrix_out;
        s.window = w;
        s.groups = groups;
        s.rows = w.kernel_h * w.kernel_w * in.channels;
        s.columns = matrix_out.channels;
        s.weight = floats(static_cast<size_t>(s.rows / groups) * static_cast<size_t>(s.columns), -1.0f, 1.0f);
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
    // True when a tile holds a weight.
    static bool holds(const weft_stage &s, const weft_tile &t) {
        for (int r = t.row_begin; r < t.row_end; r++)
            for (int c = t.column_begin; c < t.column_end; c++)
                if (weft_stage_has_weight(&s, r, c)) return true;
        return false;
    }
    // Tiles and blocks of one copy; arrays are numbered through, all on core 0.
    void map_copy(const weft_stage &s, int copy, int rows, int step) {
        for (int c = 0; c < s.columns; c += step) {
            const int end = std::min(c + step, s.columns);
            weft_output_block block{};
            block.copy = copy, block.column_begin = c, block.column_end = end;
            blocks_.back().push_back(block);
            for (int r = 0; r < s.rows; r += rows) {
                weft_tile t{};
                t.copy = copy, t.array = static_cast<int>(tiles_.back().size());
                t.row_begin = r, t.row_end = std::min(r + rows, s.rows);
                t.column_begin = c, t.column_end = end;
                if (holds(s, t)) tiles_.back().push_back(t);
            }
        }
    }
    weft_mapped_stage map_stage(size_t index, float lo, float hi) {
        const weft_stage &s = items_[index];
        const Copies &copies = copies_[index];
        const int step = static_cast<int>(chip_.array.columns) / chip_.columns_per_weight;
        const int rows = static_cast<int>(chip_.array.rows);
        tiles_.emplace_back();
        blocks_.emplace_back();
        for (int k = 0; k < copies.y * copies.x; k++) {
            const int cut = copies.smaller_tiles ? k + 1 : 1;
            map_copy(s, k, std::max(1, rows / cut), std::max(1, step / cut));
        }
        weft_mapped_stage m{};
        m.name = const_cast<char *>(s.name);
        m.rows = s.rows;
        m.columns = s.columns;
        m.output_min = lo;
        m.output_max = hi;
        m.copies_y = copies.y;
        m.copies_x = copies.x;
        m.block_count = static_cast<int>(blocks_.back().size());
        m.tile_count = static_cast<int>(tiles_.back().size());
        m.blocks = blocks_.back().data();
        m.tiles = tiles_.back().data();
        return m;
    }

    struct Copies {
        int y, x;
        bool smaller_tiles;
    };
    weft_chip chip_;
    std::mt19937 random_;
    weft_shape input_{};
    std::vector<weft_stage> items_;
    std::vector<std::vector<weft_digital_op>> ops_;
    std::deque<std::string> names_;
    std::deque<std::vector<float>> memory_;
    std::vector<int> sources_, range_of_; // of the next stage; of all
    std::deque<std::vector<weft_port>> ports_;
    std::deque<std::vector<weft_source>> sources_of_;
    std::vector<Copies> copies_;
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

// Residual additions, groups, two concatenations, digital stages, padding, copies: everything in one small network.
inline void build_graph(Net &net) {
    net.input({4, 9, 11});
    net.conv(6, make_window(3, 1, 1)); // 0: 6 x 9 x 11
    net.batch_norm();
    net.activation(WEFT_DIGITAL_HARD_SWISH);
    net.copies(2, 3, true);
    net.conv(6, make_window(3, 1, 1), 3); // 1: groups
    net.bias();
    net.plus({0});
    net.relu();
    net.copies(1, 2);
    net.digital(); // 2: windows that overlap
    net.pool(WEFT_DIGITAL_MAX_POOL, make_window(3, 2, 1));
    net.conv(12, make_window(3, 1, 1), 6); // 3: 12 x 5 x 6, channel-wise
    net.activation(WEFT_DIGITAL_TANH);
    net.copies(5, 2);
    net.conv(2, make_window(1, 1, 0)); // 4
    net.activation(WEFT_DIGITAL_SIGMOID);
    net.read({2, 3, 4});
    net.conv(8, make_window(1, 1, 0)); // 5: of a concatenation
    net.activation(WEFT_DIGITAL_LEAKY_RELU).slope = 0.125f;
    net.copies(1, 3, true);
    net.read({5, 3});
    net.digital(); // 6: the same without a matrix, 20 x 5 x 6
    net.plus({3, 5});
    net.pad(1, 0, 0, 2);
    net.read({6});
    net.conv(5, make_window(2, 1, 0)); // 7: 5 x 5 x 7
    net.batch_norm();
    net.pool(WEFT_DIGITAL_AVERAGE_POOL, make_window(2, 2, 0)); // 2 x 3
    net.copies(1, 2, true);
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
