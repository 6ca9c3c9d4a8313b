/* Integers as bytes: 7 bits a byte, low ones first, the top bit says that more follow; signed ones as zigzag. */
#ifndef WEFT_SIM_TRACE_VARINT_H
#define WEFT_SIM_TRACE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_VARINT_BYTES = 10 }; /* of one, at most */

/* Writes; returns what is behind it. */
static inline uint8_t *weft_varint_put(uint8_t *to, uint64_t value) {
    for (; value >= 128; value >>= 7) *to++ = (uint8_t)(value | 128);
    *to++ = (uint8_t)value;
    return to;
}
static inline uint8_t *weft_varint_put_signed(uint8_t *to, int64_t value) {
    return weft_varint_put(to, value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1);
}

/* Read what lies at *at and move it; false where that is none, or not whole before `end`. */
static inline bool weft_varint_take_long(const uint8_t **at, const uint8_t *end, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        const uint64_t byte = *(*at)++;
        if (shift == 63 && byte > 1) return false;
        *value |= (byte & 127) << shift;
        if (byte < 128) return true;
    }
    return false;
}
/* Most are a byte. */
static inline bool weft_varint_take(const uint8_t **at, const uint8_t *end, uint64_t *value) {
    if (*at == end || **at >= 128) return weft_varint_take_long(at, end, value);
    *value = *(*at)++;
    return true;
}
static inline bool weft_varint_take_signed(const uint8_t **at, const uint8_t *end, int64_t *value) {
    uint64_t wide;
    if (!weft_varint_take(at, end, &wide)) return false;
    *value = (int64_t)(wide & 1 ? ~(wide >> 1) : wide >> 1);
    return true;
}

#ifdef __cplusplus
}
#endif
#endif
