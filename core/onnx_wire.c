/* Protobuf bytes to a message. protobuf-c unpacks sub-messages recursively and allocates for each field, so the bytes
 * are first walked along the schema: a bound on nesting keeps the stack, a bound on fields keeps the memory. */
#include <stdlib.h>
#include <string.h>

#include "core/onnx_internal.h"

enum {
    DEPTH_MAX = 24,       /* a plain network needs 6: model, graph, node, attribute, tensor, segment */
    FIELDS_MAX = 8 << 20, /* a residual network of 1,000 layers needs about 50,000 */
    MESSAGES_MAX = 1 << 20
};
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

typedef struct wire_cursor {
    const uint8_t *data;
    size_t size, offset;
} wire_cursor;

typedef struct wire_totals {
    uint32_t fields, messages;
    size_t failed_at;
    const char *problem;
} wire_totals;

static bool varint_read(wire_cursor *c, uint64_t *out) {
    *out = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (c->offset >= c->size) return false;
        uint8_t byte = c->data[c->offset++];
        if (shift < 63 || byte <= 1) *out |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

static bool skip(wire_cursor *c, uint64_t bytes) {
    if (bytes > c->size - c->offset) return false;
    c->offset += (size_t)bytes;
    return true;
}

static bool wire_fail(wire_totals *totals, const wire_cursor *c, const uint8_t *origin, const char *problem) {
    totals->failed_at = (size_t)(c->data - origin) + c->offset;
    totals->problem = problem;
    return false;
}

static bool message_check(const ProtobufCMessageDescriptor *schema, const uint8_t *origin, const uint8_t *data,
                          size_t size, int depth, wire_totals *totals) {
    wire_cursor c = {data, size, 0};
    if (depth > DEPTH_MAX) return wire_fail(totals, &c, origin, "messages nest too deeply");
    if (++totals->messages > MESSAGES_MAX) return wire_fail(totals, &c, origin, "too many messages");
    while (c.offset < c.size) {
        uint64_t tag, length = 0;
        if (++totals->fields > FIELDS_MAX) return wire_fail(totals, &c, origin, "too many fields");
        if (!varint_read(&c, &tag) || tag >> 3 == 0 || tag >> 32)
            return wire_fail(totals, &c, origin, "malformed or truncated protobuf field");
        bool whole = false;
        switch (tag & 7) {
        case WIRE_VARINT:
            whole = varint_read(&c, &length);
            break;
        case WIRE_64:
            whole = skip(&c, 8);
            break;
        case WIRE_32:
            whole = skip(&c, 4);
            break;
        case WIRE_BYTES:
            whole = varint_read(&c, &length) && length <= c.size - c.offset;
            break;
        default:
            return wire_fail(totals, &c, origin, "unknown protobuf wire type");
        }
        if (!whole) return wire_fail(totals, &c, origin, "truncated protobuf field");
        if ((tag & 7) != WIRE_BYTES) continue;
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(schema, (unsigned)(tag >> 3));
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE &&
            !message_check(field->descriptor, origin, c.data + c.offset, (size_t)length, depth + 1, totals))
            return false;
        c.offset += (size_t)length;
    }
    return true;
}

/* ---- a smaller copy ---- */

/* protobuf-c would copy the weights of a large model, and the layers copy them again. So the message that it unpacks is
 * a copy of the file in which the values of large tensors are replaced by their address, as two fields that ONNX does
 * not have. Fields that the schema does not know are left out, so no file can bring an address of its own. */
enum { LARGE_BYTES = 1024, ADDRESS_FIELD = 1000, LENGTH_FIELD = 1001, RAW_DATA_FIELD = 9, LENGTH_BYTES = 5 };

typedef struct wire_copy {
    uint8_t *data;
    size_t size, capacity;
    bool out_of_memory;
} wire_copy;

static void put(wire_copy *copy, const void *data, size_t size) {
    if (copy->out_of_memory) return;
    if (size > copy->capacity - copy->size) {
        size_t capacity = 2 * copy->capacity + size + 4096;
        uint8_t *grown = realloc(copy->data, capacity);
        if (!grown) {
            copy->out_of_memory = true;
            return;
        }
        copy->data = grown;
        copy->capacity = capacity;
    }
    if (size) memcpy(copy->data + copy->size, data, size);
    copy->size += size;
}

/* A tag and a little-endian number of 8 bytes. */
static void put_fixed(wire_copy *copy, int field, uint64_t value) {
    uint8_t bytes[10] = {(uint8_t)((field << 3 | WIRE_64) & 0x7f) | 0x80, (uint8_t)(field >> 4)};
    for (int i = 0; i < 8; i++) bytes[2 + i] = (uint8_t)(value >> 8 * i);
    put(copy, bytes, sizeof bytes);
}

/* A length in LENGTH_BYTES bytes, whatever it is. */
static void length_set(wire_copy *copy, size_t at, size_t length) {
    if (copy->out_of_memory) return;
    for (int i = 0; i < LENGTH_BYTES; i++)
        copy->data[at + (size_t)i] = (uint8_t)((length >> 7 * i & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
}

/* Bytes of a checked message: no bound is looked at again. */
static void message_copy(wire_copy *copy, const ProtobufCMessageDescriptor *schema, const uint8_t *data, size_t size) {
    static const uint8_t no_length[LENGTH_BYTES] = {0};
    wire_cursor c = {data, size, 0};
    while (c.offset < c.size) {
        size_t start = c.offset;
        uint64_t tag, length = 0;
        varint_read(&c, &tag);
        size_t behind_tag = c.offset;
        if ((tag & 7) == WIRE_VARINT || (tag & 7) == WIRE_BYTES) varint_read(&c, &length);
        const uint8_t *payload = data + c.offset;
        c.offset += (tag & 7) == WIRE_BYTES ? (size_t)length : (tag & 7) == WIRE_64 ? 8 : (tag & 7) == WIRE_32 ? 4 : 0;
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(schema, (unsigned)(tag >> 3));
        if (!field) continue;
        if ((tag & 7) == WIRE_BYTES && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            put(copy, data + start, behind_tag - start);
            put(copy, no_length, sizeof no_length);
            size_t begin = copy->size;
            message_copy(copy, field->descriptor, payload, (size_t)length);
            length_set(copy, begin - LENGTH_BYTES, copy->size - begin);
        } else if ((tag & 7) == WIRE_BYTES && schema == &onnx__tensor_proto__descriptor && tag >> 3 == RAW_DATA_FIELD &&
                   length >= LARGE_BYTES) {
            put_fixed(copy, ADDRESS_FIELD, (uint64_t)(uintptr_t)payload);
            put_fixed(copy, LENGTH_FIELD, length);
        } else {
            put(copy, data + start, c.offset - start);
        }
    }
}

static uint64_t fixed_at(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

ProtobufCBinaryData weft_onnx_raw(const Onnx__TensorProto *t) {
    ProtobufCBinaryData raw = t->raw_data;
    for (unsigned i = 0; i + 1 < t->base.n_unknown_fields; i += 2) {
        const ProtobufCMessageUnknownField *field = &t->base.unknown_fields[i];
        raw.data = (uint8_t *)(uintptr_t)fixed_at(field[0].data);
        raw.len = (size_t)fixed_at(field[1].data);
    }
    return raw;
}

weft_status weft_onnx_unpack(Onnx__ModelProto **out, const void *data, size_t size, const char *file, weft_error *err) {
    wire_totals totals = {0};
    wire_copy copy = {0};
    *out = NULL;
    if (size == 0) return weft_error_set_at(err, WEFT_E_PARSE, file, 0, 0, "empty file: not an ONNX model");
    if (size > WEFT_ONNX_BYTES_MAX)
        return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0, "%zu bytes; an ONNX file has at most %u", size,
                                 WEFT_ONNX_BYTES_MAX);
    if (!message_check(&onnx__model_proto__descriptor, data, data, size, 1, &totals))
        return weft_error_set_at(err, WEFT_E_PARSE, file, 0, 0, "not an ONNX model: offset %zu: %s", totals.failed_at,
                                 totals.problem);
    message_copy(&copy, &onnx__model_proto__descriptor, data, size);
    if (!copy.out_of_memory) *out = onnx__model_proto__unpack(NULL, copy.size, copy.data);
    free(copy.data);
    if (*out) return WEFT_OK;
    if (copy.out_of_memory) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    return weft_error_set_at(err, WEFT_E_PARSE, file, 0, 0,
                             "not an ONNX model: the bytes do not follow ONNX's protobuf schema");
}
