// A protobuf message unpacked along protobuf-c's descriptors to a tree of values, and packed again. Unlike protobuf-c's
// own structs it can hold what a hostile file may: fields that come twice, of another wire type, or of no schema.
#ifndef WEFT_TESTS_FUZZ_ONNX_TREE_H
#define WEFT_TESTS_FUZZ_ONNX_TREE_H

#include <onnx/onnx.pb-c.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace onnx_mutate {

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct field {
    uint32_t number = 0;
    int wire = VARINT;
    uint64_t value = 0;                                 /* all but BYTES */
    std::string bytes;                                  /* BYTES that are no message */
    const ProtobufCMessageDescriptor *schema = nullptr; /* of a message */
    std::vector<field> fields;                          /* of a message */
};

inline bool varint_read(const std::string &in, size_t *at, uint64_t *out) {
    *out = 0;
    for (int shift = 0; shift < 64 && *at < in.size(); shift += 7) {
        const uint8_t byte = static_cast<uint8_t>(in[(*at)++]);
        *out |= static_cast<uint64_t>(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}
inline void varint_write(std::string *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7) *out += static_cast<char>(value | 0x80);
    *out += static_cast<char>(value);
}

/* False when the bytes are no message at all; a part that is none stays a string of bytes. */
inline bool unpack(field *message, const std::string &in, int depth = 0) {
    for (size_t at = 0; at < in.size();) {
        field f;
        uint64_t tag, length;
        if (!varint_read(in, &at, &tag) || tag >> 3 == 0 || tag >> 32) return false;
        f.number = static_cast<uint32_t>(tag >> 3);
        f.wire = static_cast<int>(tag & 7);
        if (f.wire == VARINT) {
            if (!varint_read(in, &at, &f.value)) return false;
        } else if (f.wire == FIXED32 || f.wire == FIXED64) {
            const size_t size = f.wire == FIXED32 ? 4 : 8;
            if (in.size() - at < size) return false;
            memcpy(&f.value, in.data() + at, size);
            at += size;
        } else {
            if (f.wire != BYTES || !varint_read(in, &at, &length) || length > in.size() - at) return false;
            f.bytes = in.substr(at, length);
            at += length;
            const ProtobufCFieldDescriptor *d =
                protobuf_c_message_descriptor_get_field(message->schema, static_cast<unsigned>(f.number));
            if (d && d->type == PROTOBUF_C_TYPE_MESSAGE && depth < 12) {
                f.schema = static_cast<const ProtobufCMessageDescriptor *>(d->descriptor);
                if (unpack(&f, f.bytes, depth + 1))
                    f.bytes.clear();
                else
                    f.schema = nullptr, f.fields.clear();
            }
        }
        message->fields.push_back(std::move(f));
    }
    return true;
}

inline std::string pack(const field &message) {
    std::string out;
    for (const field &f : message.fields) {
        varint_write(&out, static_cast<uint64_t>(f.number) << 3 | static_cast<uint64_t>(f.wire));
        if (f.wire == VARINT) {
            varint_write(&out, f.value);
        } else if (f.wire == BYTES) {
            const std::string inner = f.schema ? pack(f) : f.bytes;
            varint_write(&out, inner.size());
            out += inner;
        } else {
            out.append(reinterpret_cast<const char *>(&f.value), f.wire == FIXED32 ? 4 : 8);
        }
    }
    return out;
}

/* A message's fields and those of the messages in it, also its own number of messages. */
inline void count(const field &message, uint64_t *fields, uint64_t *messages) {
    ++*messages;
    for (const field &f : message.fields) {
        ++*fields;
        if (f.schema) count(f, fields, messages);
    }
}

} // namespace onnx_mutate
#endif
