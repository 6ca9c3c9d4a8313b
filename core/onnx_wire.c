/* Protobuf bytes to a message. protobuf-c unpacks sub-messages recursively and allocates for each field, so the bytes
 * are first walked along the schema: a bound on nesting keeps the stack, a bound on fields keeps the memory. */
#include <stdlib.h>

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

weft_status weft_onnx_unpack(Onnx__ModelProto **out, const void *data, size_t size, const char *file, weft_error *err) {
    wire_totals totals = {0};
    *out = NULL;
    if (size == 0) return weft_error_set_at(err, WEFT_E_PARSE, file, 0, 0, "empty file: not an ONNX model");
    if (size > WEFT_ONNX_BYTES_MAX)
        return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0, "%zu bytes; an ONNX file has at most %u", size,
                                 WEFT_ONNX_BYTES_MAX);
    if (!message_check(&onnx__model_proto__descriptor, data, data, size, 1, &totals))
        return weft_error_set_at(err, WEFT_E_PARSE, file, 0, 0, "not an ONNX model: offset %zu: %s", totals.failed_at,
                                 totals.problem);
    *out = onnx__model_proto__unpack(NULL, size, data);
    if (*out) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_PARSE, file, 0, 0,
                             "not an ONNX model: the bytes do not follow ONNX's protobuf schema");
}
