// Small NIR graphs, and what a graph computes, straight from its nodes: no matrices, no lists of synapses.
#ifndef WEFT_TESTS_NIR_FIXTURE_H
#define WEFT_TESTS_NIR_FIXTURE_H

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/snn.h"

namespace weft_test {

struct NirDeleter {
    void operator()(weft_nir *nir) const { weft_nir_destroy(nir); }
};
using Nir = std::unique_ptr<weft_nir, NirDeleter>;
struct SnnDeleter {
    void operator()(weft_snn *snn) const { weft_snn_destroy(snn); }
};
using Snn = std::unique_ptr<weft_snn, SnnDeleter>;

using Values = std::vector<double>;

inline Nir make_nir() {
    weft_nir *nir = nullptr;
    EXPECT_EQ(weft_nir_create(&nir, nullptr), WEFT_OK);
    return Nir(nir);
}

inline weft_nir_shape shape_of(const std::vector<int> &sizes) {
    weft_nir_shape shape = {};
    shape.rank = static_cast<int>(sizes.size());
    for (size_t i = 0; i < sizes.size(); i++) shape.size[i] = sizes[i];
    return shape;
}

// A parameter: one number, or a shape and its values (or one for all of them).
struct Parameter {
    const char *name;
    std::vector<int> shape;
    Values values;
    weft_nir_dtype dtype = WEFT_NIR_FLOAT32;
    const char *text = nullptr;
};

inline void set(weft_nir *nir, weft_nir_node *node, const Parameter &p) {
    weft_error err = {};
    if (p.text) {
        ASSERT_EQ(weft_nir_set_text(nir, node, p.name, p.text, &err), WEFT_OK) << err.text;
        return;
    }
    const weft_nir_shape shape = shape_of(p.shape);
    Values all = p.values;
    all.resize(weft_nir_shape_size(&shape), p.values[0]);
    ASSERT_EQ(weft_nir_set(nir, node, p.name, p.dtype, &shape, all.data(), &err), WEFT_OK) << err.text;
}

inline void add(weft_nir *nir, weft_nir_type type, const char *name, const std::vector<Parameter> &parameters,
                weft_nir_graph *graph = nullptr) {
    weft_nir_node *node = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_nir_add(nir, graph ? graph : nir->graph, type, name, &node, &err), WEFT_OK) << err.text;
    for (const Parameter &p : parameters) set(nir, node, p);
}

inline weft_nir_graph *add_graph(weft_nir *nir, const char *name, weft_nir_graph *graph = nullptr) {
    weft_nir_node *node = nullptr;
    EXPECT_EQ(weft_nir_add(nir, graph ? graph : nir->graph, WEFT_NIR_GRAPH, name, &node, nullptr), WEFT_OK);
    return node->graph;
}

inline void connect(weft_nir *nir, const std::vector<std::pair<const char *, const char *>> &edges,
                    weft_nir_graph *graph = nullptr) {
    weft_error err = {};
    for (const auto &[from, to] : edges)
        ASSERT_EQ(weft_nir_connect(nir, graph ? graph : nir->graph, from, to, &err), WEFT_OK) << err.text;
}

inline Parameter ints(const char *name, const Values &values) {
    return {name, {static_cast<int>(values.size())}, values, WEFT_NIR_INT64};
}
inline Parameter whole(const char *name, double value) { return {name, {}, {value}, WEFT_NIR_INT64}; }

inline Values random_values(std::mt19937 &dice, size_t count, double low, double high) {
    Values out(count);
    for (double &v : out)
        v = static_cast<double>(static_cast<float>(low + (high - low) * static_cast<double>(dice()) / 4294967296.0));
    return out;
}

inline void add_input(weft_nir *nir, const char *name, const Values &shape, weft_nir_graph *graph = nullptr) {
    add(nir, WEFT_NIR_INPUT, name, {ints("shape", shape)}, graph);
}
inline void add_output(weft_nir *nir, const char *name, const Values &shape, weft_nir_graph *graph = nullptr) {
    add(nir, WEFT_NIR_OUTPUT, name, {ints("shape", shape)}, graph);
}
inline void add_if(weft_nir *nir, const char *name, const std::vector<int> &shape, double threshold = 1,
                   weft_nir_graph *graph = nullptr) {
    add(nir, WEFT_NIR_IF, name, {{"r", shape, {1}}, {"v_threshold", shape, {threshold}}}, graph);
}

inline Snn make_snn(const weft_nir *nir, double dt = 1) {
    weft_snn *snn = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_nir_check(nir, nullptr, &err), WEFT_OK) << err.text;
    EXPECT_EQ(weft_snn_create(&snn, nir->graph, dt, nullptr, &err), WEFT_OK) << err.text;
    return Snn(snn);
}

// $WEFT_NETWORKS, or shared/networks beside the source tree.
inline std::string nir_path(const std::string &name) {
    const char *folder = std::getenv("WEFT_NETWORKS");
    return std::string(folder ? folder : WEFT_SOURCE_FOLDER "/../shared/networks") + "/nir/" + name;
}

// ---- the reference ----

class NirReference {
  public:
    double dt = 1;
    bool exponential = false, subtract = false;
    // Edges along which values come a step later: {from, to}.
    std::set<std::pair<std::string, std::string>> late;

    explicit NirReference(const weft_nir_graph *graph) : graph_(graph), state_(static_cast<size_t>(graph->node_count)) {
        for (int e = 0; e < graph->edge_count; e++) sources_[graph->edges[e].to].push_back(graph->edges[e].from);
    }

    // A step with the values of the Inputs, by name.
    void step(const std::map<std::string, Values> &inputs) {
        for (State &s : state_) s.before = s.out, s.done = false;
        for (int n = 0; n < graph_->node_count; n++) evaluate(n, inputs);
        step_++;
    }
    const Values &out(const std::string &name) const { return state_[index(name)].out; }
    const Values &membrane(const std::string &name) const { return state_[index(name)].v; }

  private:
    struct Map {
        std::vector<int> size; // of the values, without batch
        Values at;
    };
    struct State {
        Values out, before, v, current;
        std::vector<int> shape;
        std::vector<Values> history;
        bool done = false;
    };

    size_t index(const std::string &name) const { return static_cast<size_t>(weft_nir_find(graph_, name.c_str())); }
    static double number(const weft_nir_node &n, const char *name, size_t i, double missing = 0) {
        const weft_nir_value *v = weft_nir_get(&n, name);
        return v ? v->values[v->count > 1 ? i : 0] : missing;
    }

    const State &evaluate(int n, const std::map<std::string, Values> &inputs) {
        State &s = state_[static_cast<size_t>(n)];
        const weft_nir_node &node = graph_->nodes[n];
        if (s.done) return s;
        Map in;
        for (int from : sources_[n]) {
            const bool later = late.count({graph_->nodes[from].name, node.name}) > 0;
            const State &source = later ? state_[static_cast<size_t>(from)] : evaluate(from, inputs);
            const Values &x = later ? source.before : source.out;
            if (!source.shape.empty()) in.size = source.shape;
            if (in.at.size() < x.size()) in.at.resize(x.size());
            for (size_t i = 0; i < x.size(); i++) in.at[i] += x[i];
        }
        if (node.type == WEFT_NIR_INPUT) {
            const weft_nir_value *shape = weft_nir_get(&node, "shape");
            in.at = inputs.at(node.name);
            in.size.clear();
            for (size_t i = 0; i < shape->count; i++) in.size.push_back(static_cast<int>(shape->values[i]));
        }
        compute(node, s, in);
        s.done = true;
        return s;
    }

    void compute(const weft_nir_node &node, State &s, Map &in) {
        s.shape = in.size;
        switch (node.type) {
        case WEFT_NIR_INPUT:
        case WEFT_NIR_OUTPUT:
            s.out = in.at;
            break;
        case WEFT_NIR_FLATTEN:
            s.out = in.at;
            s.shape = {static_cast<int>(in.at.size())};
            break;
        case WEFT_NIR_AFFINE:
        case WEFT_NIR_LINEAR:
            dense(node, s, in);
            break;
        case WEFT_NIR_SCALE:
            s.out = in.at;
            for (size_t i = 0; i < s.out.size(); i++) s.out[i] *= number(node, "scale", i);
            break;
        case WEFT_NIR_CONV1D:
            in.size = {in.size[0], 1, in.size[1]};
            convolve(node, s, in);
            s.shape = {s.shape[0], s.shape[2]};
            break;
        case WEFT_NIR_CONV2D:
            convolve(node, s, in);
            break;
        case WEFT_NIR_SUM_POOL2D:
        case WEFT_NIR_AVG_POOL2D:
            pool(node, s, in);
            break;
        case WEFT_NIR_DELAY:
            delay(node, s, in);
            break;
        default:
            neuron(node, s, in.at);
        }
    }

    static void dense(const weft_nir_node &node, State &s, const Map &in) {
        const weft_nir_value *w = weft_nir_get(&node, "weight");
        const size_t columns = static_cast<size_t>(w->shape.size[w->shape.rank - 1]);
        const size_t rows = static_cast<size_t>(w->shape.size[w->shape.rank - 2]), batches = w->count / rows / columns;
        Values x = in.at;
        x.resize(batches * columns);
        s.out.assign(batches * rows, 0);
        for (size_t b = 0; b < batches; b++)
            for (size_t r = 0; r < rows; r++) {
                for (size_t c = 0; c < columns; c++)
                    s.out[b * rows + r] += w->values[(b * rows + r) * columns + c] * x[b * columns + c];
                s.out[b * rows + r] += number(node, "bias", b * rows + r);
            }
        s.shape = {static_cast<int>(rows)};
        if (w->shape.rank > 2) s.shape = {static_cast<int>(batches), static_cast<int>(rows)};
    }

    // {y, x} of a parameter.
    static std::pair<int, int> pair(const weft_nir_node &node, const char *name, int missing) {
        const double x = number(node, name, 1, missing), y = number(node, name, 0, missing);
        if (node.type == WEFT_NIR_CONV1D) return {missing, static_cast<int>(x)};
        return {static_cast<int>(y), static_cast<int>(x)};
    }

    // Every tap of every input value is added to where it goes.
    static void convolve(const weft_nir_node &node, State &s, const Map &in) {
        const weft_nir_value *w = weft_nir_get(&node, "weight");
        const bool line = node.type == WEFT_NIR_CONV1D;
        const int kx = w->shape.size[line ? 2 : 3], ky = line ? 1 : w->shape.size[2];
        const int outputs = w->shape.size[0], per_group = w->shape.size[1];
        const int groups = static_cast<int>(number(node, "groups", 0));
        const auto [stride_y, stride_x] = pair(node, "stride", 1);
        const auto [dilation_y, dilation_x] = pair(node, "dilation", 1);
        const weft_nir_value *padding = weft_nir_get(&node, "padding");
        int pad_y = 0, pad_x = 0, all_y = 0, all_x = 0;
        if (padding->text && std::string(padding->text) == "same") {
            all_y = dilation_y * (ky - 1), all_x = dilation_x * (kx - 1);
            pad_y = all_y / 2, pad_x = all_x / 2;
        } else if (!padding->text) {
            std::tie(pad_y, pad_x) = pair(node, "padding", 0);
            all_y = 2 * pad_y, all_x = 2 * pad_x;
        }
        const int height = (in.size[1] + all_y - dilation_y * (ky - 1) - 1) / stride_y + 1;
        const int width = (in.size[2] + all_x - dilation_x * (kx - 1) - 1) / stride_x + 1;
        s.shape = {outputs, height, width};
        s.out.assign(static_cast<size_t>(outputs * height * width), 0);
        for (int o = 0; o < outputs; o++)
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++) {
                    double sum = 0;
                    for (int i = 0; i < per_group; i++)
                        for (int j = 0; j < ky; j++)
                            for (int k = 0; k < kx; k++) {
                                const int from_y = y * stride_y + j * dilation_y - pad_y;
                                const int from_x = x * stride_x + k * dilation_x - pad_x;
                                if (from_y < 0 || from_x < 0 || from_y >= in.size[1] || from_x >= in.size[2]) continue;
                                const int channel = o / (outputs / groups) * per_group + i;
                                sum +=
                                    w->values[((o * per_group + i) * ky + j) * kx + k] *
                                    in.at[static_cast<size_t>((channel * in.size[1] + from_y) * in.size[2] + from_x)];
                            }
                    s.out[static_cast<size_t>((o * height + y) * width + x)] =
                        sum + number(node, "bias", static_cast<size_t>(o));
                }
    }

    static void pool(const weft_nir_node &node, State &s, const Map &in) {
        const auto [ky, kx] = pair(node, "kernel_size", 1);
        const auto [sy, sx] = pair(node, "stride", 1);
        const auto [py, px] = pair(node, "padding", 0);
        const int height = (in.size[1] + 2 * py - ky) / sy + 1, width = (in.size[2] + 2 * px - kx) / sx + 1;
        s.shape = {in.size[0], height, width};
        s.out.assign(static_cast<size_t>(in.size[0] * height * width), 0);
        for (int c = 0; c < in.size[0]; c++)
            for (int y = 0; y < in.size[1]; y++)
                for (int x = 0; x < in.size[2]; x++)
                    for (int to_y = 0; to_y < height; to_y++)
                        for (int to_x = 0; to_x < width; to_x++) {
                            const int j = y - to_y * sy + py, k = x - to_x * sx + px;
                            if (j < 0 || k < 0 || j >= ky || k >= kx) continue;
                            s.out[static_cast<size_t>((c * height + to_y) * width + to_x)] +=
                                in.at[static_cast<size_t>((c * in.size[1] + y) * in.size[2] + x)] /
                                (node.type == WEFT_NIR_AVG_POOL2D ? ky * kx : 1);
                        }
    }

    void delay(const weft_nir_node &node, State &s, const Map &in) const {
        s.history.push_back(in.at);
        s.out.assign(in.at.size(), 0);
        for (size_t i = 0; i < in.at.size(); i++) {
            const long steps = std::lround(number(node, "delay", i) / dt), now = static_cast<long>(step_);
            if (steps <= now) s.out[i] = s.history[static_cast<size_t>(now - steps)][i];
        }
    }

    // One step of dv/dt = (limit - v) / tau.
    double towards(double v, double limit, double tau) const {
        return exponential ? limit + (v - limit) * std::exp(-dt / tau) : v + dt / tau * (limit - v);
    }

    void neuron(const weft_nir_node &node, State &s, const Values &given) const {
        const bool cuba = node.type == WEFT_NIR_CUBA_LI || node.type == WEFT_NIR_CUBA_LIF;
        const weft_nir_type type = node.type;
        size_t size = given.size();
        for (int i = 0; i < node.value_count; i++)
            if (node.values[i].name && node.values[i].count > size) size = node.values[i].count;
        Values x = given;
        x.resize(size);
        s.v.resize(size), s.current.resize(size), s.out.assign(size, 0);
        for (size_t i = 0; i < size; i++) {
            const double r = number(node, "r", i), leak = number(node, "v_leak", i), before = s.current[i];
            double input = x[i];
            if (cuba) {
                const double tau = number(node, "tau_syn", i), limit = number(node, "w_in", i, 1) * x[i];
                s.current[i] = towards(before, limit, tau);
                input = s.current[i];
                if (exponential) { // the membrane under a current that decays
                    const double tau_m = number(node, "tau_mem", i), k = tau / (tau - tau_m);
                    s.v[i] = towards(s.v[i], leak + r * limit, tau_m) +
                             r * (before - limit) * k * (std::exp(-dt / tau) - std::exp(-dt / tau_m));
                } else {
                    s.v[i] = towards(s.v[i], leak + r * input, number(node, "tau_mem", i));
                }
            } else if (type == WEFT_NIR_LI || type == WEFT_NIR_LIF) {
                s.v[i] = towards(s.v[i], leak + r * input, number(node, "tau", i));
            } else if (type == WEFT_NIR_I || type == WEFT_NIR_IF) {
                s.v[i] += dt * r * input;
            }
            if (type == WEFT_NIR_THRESHOLD) {
                s.out[i] = input > number(node, "threshold", i);
            } else if (weft_nir_get(&node, "v_threshold")) {
                const double threshold = number(node, "v_threshold", i), reset = number(node, "v_reset", i);
                s.out[i] = s.v[i] > threshold;
                if (s.out[i] != 0) s.v[i] = subtract ? s.v[i] - threshold : reset;
            } else {
                s.out[i] = s.v[i];
            }
        }
    }

    const weft_nir_graph *graph_;
    std::map<int, std::vector<int>> sources_;
    std::vector<State> state_;
    size_t step_ = 0;
};

} // namespace weft_test

#endif
