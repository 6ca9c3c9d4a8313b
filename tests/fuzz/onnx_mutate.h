// Structure-aware mutations of ONNX files: nodes, edges, operators, attributes, tensors, numbers and names of a model
// change, parts of another file are spliced in; sometimes bytes change.
#ifndef WEFT_TESTS_FUZZ_ONNX_MUTATE_H
#define WEFT_TESTS_FUZZ_ONNX_MUTATE_H

#include "tests/fuzz/onnx_tree.h"

#include <cstddef>
#include <iterator>
#include <sstream>

#include "core/rng.h"

namespace onnx_mutate {

inline std::vector<std::string> words(const char *list) {
    std::istringstream in(list);
    return {std::istream_iterator<std::string>(in), {}};
}
inline const std::vector<std::string> OPERATORS =
    words("Add AveragePool BatchNormalization Cast Clip Concat Constant Conv ConstantOfShape Div Dropout "
          "DequantizeLinear Flatten Gather Gemm LeakyRelu GlobalMaxPool GlobalAveragePool HardSigmoid HardSwish "
          "Identity MatMul GreaterOrEqual LessOrEqual MaxPool Mul PRelu Pad QuantizeLinear ReduceMean Relu "
          "Reshape Shape Sigmoid Slice Softmax Squeeze Sub Sum Tanh Transpose Unsqueeze Loop If");
inline const std::vector<std::string> ATTRIBUTES =
    words("allowzero alpha auto_pad axes axis beta block_size ceil_mode count_include_pad dilations end epsilon "
          "group keepdims mode kernel_shape perm noop_with_empty_axes pads spatial start strides to "
          "training_mode transB transA value min max");

class mutator {
  public:
    mutator(uint64_t seed, const std::string &other) : rng_{seed, 0, 0, WEFT_PURPOSE_TEST} {
        donor_.schema = &onnx__model_proto__descriptor;
        if (!unpack(&donor_, other)) donor_.fields.clear();
    }

    /* One to some ten changes; at most max bytes, the input itself when they come out longer. */
    std::string mutate(const std::string &in, size_t max) {
        std::string out = in;
        field model;
        model.schema = &onnx__model_proto__descriptor;
        if (unpack(&model, in)) {
            do change(&model);
            while (below(3));
            out = pack(model);
        }
        if (below(12) == 0 || out == in) damage(&out);
        return out.size() > max ? in.substr(0, max) : out;
    }

  private:
    uint32_t draw() { return weft_rng_u32(&rng_, next_++); }
    size_t below(size_t n) { return n ? draw() % n : 0; }
    template <class T> T any(const std::vector<T> &v) { return v[below(v.size())]; }

    static void collect(field *message, std::vector<field *> *messages, std::vector<field *> *leaves) {
        if (messages) messages->push_back(message);
        for (field &f : message->fields)
            if (f.schema)
                collect(&f, messages, leaves);
            else if (leaves)
                leaves->push_back(&f);
    }
    static std::vector<field *> messages(field *root, const ProtobufCMessageDescriptor *schema = nullptr) {
        std::vector<field *> all, out;
        collect(root, &all, nullptr);
        for (field *f : all)
            if (!schema || f->schema == schema) out.push_back(f);
        return out;
    }
    /* Fields with that number, of one message. */
    static std::vector<field *> children(field *message, uint32_t number) {
        std::vector<field *> out;
        for (field &f : message->fields)
            if (f.number == number) out.push_back(&f);
        return out;
    }
    static field text(uint32_t number, const std::string &value) {
        field f;
        f.number = number, f.wire = BYTES, f.bytes = value;
        return f;
    }
    static field integer(uint32_t number, uint64_t value) {
        field f;
        f.number = number, f.value = value;
        return f;
    }

    uint64_t number() {
        static constexpr int64_t edges[] = {0,     1,         -1,        2,         3,         255,     256,    65535,
                                            65536, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 1 << 30, 1 << 24};
        if (below(4)) return below(24);
        return below(3) ? static_cast<uint64_t>(edges[below(std::size(edges))]) : uint64_t{draw()} << 32 | draw();
    }
    uint32_t real() {
        static constexpr uint32_t edges[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x40c00000, 0x7f800000,
                                             0xff800000, 0x7fc00000, 1,          0x7f7fffff, 0x3f000000, 0x34000000};
        return below(4) ? edges[below(std::size(edges))] : draw();
    }

    void damage(std::string *s) {
        if (s->empty()) *s += static_cast<char>(draw());
        const size_t at = below(s->size());
        switch (below(5)) {
        case 0:
            (*s)[at] = static_cast<char>(draw());
            break;
        case 1:
            (*s)[at] = static_cast<char>((*s)[at] ^ 1 << below(8));
            break;
        case 2:
            s->erase(at, 1 + below(8));
            break;
        case 3:
            s->insert(at, s->substr(below(s->size()), 1 + below(16)));
            break;
        default:
            s->insert(at, 1, static_cast<char>(draw()));
        }
    }

    /* A leaf: number, name (of an operator, of an attribute, of another value), or values of a tensor. */
    void change_leaf(field *root) {
        std::vector<field *> leaves;
        collect(root, nullptr, &leaves);
        if (leaves.empty()) return;
        field *f = any(leaves), *other = any(leaves);
        if (f->wire == VARINT) {
            if (below(3) == 0)
                f->value += 1 - 2 * below(2);
            else
                f->value = other->wire == VARINT && below(3) == 0 ? other->value : number();
        } else if (f->wire != BYTES) {
            f->value = f->wire == FIXED32 ? real() : number();
        } else if (other->wire == BYTES && other != f && other->bytes.size() < 32 && f->bytes.size() < 32 && below(2)) {
            f->bytes = other->bytes;
        } else if (below(4) == 0 || f->bytes.size() < 4) {
            damage(&f->bytes);
        } else {
            const uint32_t value = below(2) ? real() : static_cast<uint32_t>(number());
            memcpy(&f->bytes[below(f->bytes.size() / 4) * 4], &value, sizeof value);
        }
    }

    /* A field of a message goes, doubles, changes places, or takes the place of another. */
    void change_list(field *root) {
        std::vector<field *> all = messages(root);
        field *m = any(all);
        if (m->fields.empty()) return;
        const size_t at = below(m->fields.size()), to = below(m->fields.size());
        const field copy = m->fields[at];
        switch (below(4)) {
        case 0:
            m->fields.erase(m->fields.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        case 1:
            m->fields.insert(m->fields.begin() + static_cast<std::ptrdiff_t>(to), copy);
            break;
        case 2:
            std::swap(m->fields[at], m->fields[to]);
            break;
        default:
            m->fields[to] = copy;
        }
    }

    /* A field of a like message, of this file or the other, is added or takes a place. */
    void splice(field *root) {
        field source = below(3) && !donor_.fields.empty() ? donor_ : *root;
        field *to = any(messages(root));
        std::vector<field *> like = messages(&source, to->schema);
        if (like.empty()) return;
        field *from = any(like);
        if (below(4) == 0) {
            to->fields = from->fields;
        } else if (!from->fields.empty()) {
            const field f = any(from->fields);
            std::vector<field *> same = children(to, f.number);
            if (same.empty() || below(2))
                to->fields.insert(to->fields.begin() + static_cast<std::ptrdiff_t>(below(to->fields.size() + 1)), f);
            else
                *any(same) = f;
        }
    }

    enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_TYPE = 4, NODE_ATTRIBUTE = 5, GRAPH_NODE = 1 };

    void change_operator(field *root) {
        std::vector<field *> nodes = messages(root, &onnx__node_proto__descriptor);
        if (nodes.empty()) return;
        for (field *f : children(any(nodes), NODE_TYPE)) f->bytes = any(OPERATORS);
    }

    /* An input of a node is computed from what it was by a new node. */
    void insert_node(field *root) {
        std::vector<field *> graphs = messages(root, &onnx__graph_proto__descriptor);
        if (graphs.empty()) return;
        field *graph = any(graphs);
        std::vector<field *> nodes = children(graph, GRAPH_NODE);
        if (nodes.empty()) return;
        std::vector<field *> inputs = children(any(nodes), NODE_INPUT);
        if (inputs.empty()) return;
        field *input = any(inputs), node;
        const std::string name = "v" + std::to_string(draw());
        node.number = GRAPH_NODE, node.wire = BYTES, node.schema = &onnx__node_proto__descriptor;
        node.fields.push_back(text(NODE_INPUT, input->bytes));
        if (below(3) == 0) node.fields.push_back(text(NODE_INPUT, any(inputs)->bytes));
        node.fields.push_back(text(NODE_OUTPUT, name));
        node.fields.push_back(text(NODE_TYPE, any(OPERATORS)));
        input->bytes = name;
        graph->fields.insert(graph->fields.begin(), node);
    }

    /* A new attribute, or another type or value of one. */
    void change_attribute(field *root) {
        enum { NAME = 1, F = 2, I = 3, S = 4, INTS = 8, TYPE = 20 };
        std::vector<field *> nodes = messages(root, &onnx__node_proto__descriptor);
        if (nodes.empty()) return;
        field a;
        a.number = NODE_ATTRIBUTE, a.wire = BYTES, a.schema = &onnx__attribute_proto__descriptor;
        a.fields.push_back(text(NAME, any(ATTRIBUTES)));
        const size_t type = below(4) == 0 ? 1 : below(3) == 0 ? 3 : below(2) ? 2 : 7;
        a.fields.push_back(integer(TYPE, type));
        if (type == 1) {
            a.fields.push_back(integer(F, real()));
            a.fields.back().wire = FIXED32;
        } else if (type == 3) {
            a.fields.push_back(text(S, below(2) ? "SAME_UPPER" : "VALID"));
        } else {
            for (size_t n = type == 2 ? 1 : below(5); n > 0; n--)
                a.fields.push_back(integer(type == 2 ? I : INTS, below(3) ? below(4) : number()));
        }
        field *node = any(nodes);
        std::vector<field *> old = children(node, NODE_ATTRIBUTE);
        if (old.empty() || below(2))
            node->fields.push_back(a);
        else
            *any(old) = a;
    }

    /* Extents of a tensor and, mostly, as many values. */
    void reshape(field *root) {
        enum { DIMS = 1, RAW_DATA = 9 };
        std::vector<field *> tensors = messages(root, &onnx__tensor_proto__descriptor);
        if (tensors.empty()) return;
        field *t = any(tensors);
        std::vector<field *> dims = children(t, DIMS), raw = children(t, RAW_DATA);
        uint64_t before = 1, after = 1;
        for (field *d : dims) before *= d->value;
        if (!dims.empty()) any(dims)->value = below(4) ? 1 + below(8) : number();
        for (field *d : dims) after *= d->value;
        if (before && after && after <= 1024 && raw.size() == 1 && !raw[0]->bytes.empty() && below(8))
            raw[0]->bytes.resize(after * (raw[0]->bytes.size() / before), raw[0]->bytes[0]);
    }

    void change(field *root) {
        switch (below(12)) {
        case 0:
            return change_operator(root);
        case 1:
            return insert_node(root);
        case 2:
            return change_attribute(root);
        case 3:
            return reshape(root);
        case 4:
        case 5:
            return change_list(root);
        case 6:
        case 7:
            return splice(root);
        case 8: /* opset, IR version */
            for (field *f : messages(root, &onnx__operator_set_id_proto__descriptor))
                for (field *version : children(f, 2)) version->value = 6 + below(17);
            return;
        default:
            return change_leaf(root);
        }
    }

    weft_rng rng_;
    uint64_t next_ = 0;
    field donor_;
};

} // namespace onnx_mutate
#endif
