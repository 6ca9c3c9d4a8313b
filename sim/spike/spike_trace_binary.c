/* A tick as bytes, variable-length integers. docs/trace.md lists them. */

#include "sim/spike/spike_trace_internal.h"

enum { CORE_BYTES = 20, PACKET_BYTES = 20 }; /* at most: 4 integers of 32 bits, and a packet may begin a source */

/* ---- writing ---- */

size_t weft_tick_encoded_max(const weft_tick *tick) {
    return 3 * WEFT_VARINT_BYTES + CORE_BYTES * (size_t)tick->core_count + PACKET_BYTES * (size_t)tick->packet_count;
}

static uint8_t *put_cores(uint8_t *to, const weft_tick *tick) {
    uint32_t next = 0;
    int64_t before = 0; /* updates of the core before */
    for (int i = 0; i < tick->core_count; i++) {
        const weft_tick_core *c = &tick->cores[i];
        to = weft_varint_put(to, c->core - next);
        to = weft_varint_put(to, c->synaptic_events);
        to = weft_varint_put(to, c->updates_active);
        const int64_t updates = (int64_t)c->updates_inactive + c->updates_active;
        to = weft_varint_put_signed(to, updates - before);
        before = updates;
        next = c->core + 1;
    }
    return to;
}

/* Packets from `first` on that have its source. */
static int64_t of_source(const weft_tick *tick, int64_t first) {
    int64_t i = first + 1;
    while (i < tick->packet_count && tick->packets[i].source == tick->packets[first].source) i++;
    return i - first;
}

static uint8_t *put_target(uint8_t *to, uint32_t base, uint32_t target) {
    if (target == WEFT_TICK_HOST) return weft_varint_put(to, 0);
    return weft_varint_put(
        to, 1 + (target >= base ? (uint64_t)(target - base) << 1 : ((uint64_t)(base - target) << 1) - 1));
}

static uint8_t *put_packets(uint8_t *to, const weft_tick *tick) {
    uint32_t next = 0;
    for (int64_t i = 0; i < tick->packet_count;) {
        const uint32_t source = tick->packets[i].source, base = source == WEFT_TICK_HOST ? 0 : source;
        const int64_t count = of_source(tick, i);
        uint32_t order = 0;
        to = weft_varint_put(to, source == WEFT_TICK_HOST ? 0 : 1 + (uint64_t)(source - next));
        to = weft_varint_put(to, (uint64_t)count - 1);
        for (const int64_t end = i + count; i < end; i++) {
            to = weft_varint_put(to, tick->packets[i].order - order);
            to = put_target(to, base, tick->packets[i].target);
            order = tick->packets[i].order;
        }
        next = source + 1;
    }
    return to;
}

uint8_t *weft_tick_encode(uint8_t *to, const weft_tick *tick, uint64_t before) {
    to = weft_varint_put(to, tick->tick - before - 1);
    to = put_cores(weft_varint_put(to, (uint64_t)tick->core_count), tick);
    return put_packets(weft_varint_put(to, (uint64_t)tick->packet_count), tick);
}

/* ---- reading ---- */

typedef struct decoder {
    const uint8_t *at, *end;
    weft_tick_buffer *buffer;
    bool memory; /* there is none */
} decoder;

/* At most max. */
static bool take(decoder *d, uint64_t *value, uint64_t max) {
    return weft_varint_take(&d->at, d->end, value) && *value <= max;
}

static bool take_cores(decoder *d) {
    uint64_t count, step, synaptic, active, next = 0;
    const int64_t most = (int64_t)1 << 33;
    int64_t difference, updates = 0;
    if (!take(d, &count, (uint64_t)(d->end - d->at) / 4)) return false;
    for (; count; count--) {
        if (!take(d, &step, WEFT_TICK_CORES_MAX) || !take(d, &synaptic, UINT32_MAX) || !take(d, &active, UINT32_MAX) ||
            !weft_varint_take_signed(&d->at, d->end, &difference) || difference > most || difference < -most)
            return false;
        updates += difference;
        next += step;
        if (next >= WEFT_TICK_CORES_MAX || updates < (int64_t)active || updates - (int64_t)active > UINT32_MAX)
            return false;
        const weft_tick_core core = {(uint32_t)next++, (uint32_t)synaptic, (uint32_t)active,
                                     (uint32_t)(updates - (int64_t)active)};
        if (!weft_tick_buffer_add_core(d->buffer, &core)) return d->memory = true, false;
    }
    return true;
}

static bool take_target(decoder *d, uint32_t base, uint32_t *target) {
    uint64_t code;
    *target = WEFT_TICK_HOST;
    if (!take(d, &code, 2 * (uint64_t)WEFT_TICK_CORES_MAX)) return false;
    if (code-- == 0) return true;
    const int64_t to = (int64_t)base + (code & 1 ? -(int64_t)(code / 2) - 1 : (int64_t)(code / 2));
    *target = (uint32_t)to;
    return to >= 0 && to < WEFT_TICK_CORES_MAX;
}

static bool take_packets_of(decoder *d, uint32_t source, uint64_t count) {
    const uint32_t base = source == WEFT_TICK_HOST ? 0 : source;
    uint64_t order = 0, step;
    for (; count; count--) {
        weft_tick_packet packet = {.source = source};
        if (!take(d, &step, UINT32_MAX) || !take_target(d, base, &packet.target)) return false;
        order += step;
        if (order > UINT32_MAX) return false;
        packet.order = (uint32_t)order;
        if (!weft_tick_buffer_add_packet(d->buffer, &packet)) return d->memory = true, false;
    }
    return true;
}

static bool take_packets(decoder *d) {
    uint64_t left, count, code, next = 0;
    if (!take(d, &left, (uint64_t)(d->end - d->at) / 2)) return false;
    for (; left; left -= count) {
        if (!take(d, &code, WEFT_TICK_CORES_MAX) || !take(d, &count, left - 1)) return false;
        count++;
        const uint64_t source = code ? next + code - 1 : WEFT_TICK_HOST;
        if (source >= WEFT_TICK_CORES_MAX && (code || left != count)) return false;
        if (!take_packets_of(d, (uint32_t)source, count)) return false;
        next = source + 1;
    }
    return true;
}

bool weft_tick_decode(weft_tick *out, weft_tick_buffer *buffer, const uint8_t **at, const uint8_t *end, uint64_t before,
                      bool *memory) {
    decoder d = {.at = *at, .end = end, .buffer = buffer};
    uint64_t step;
    weft_tick_buffer_clear(buffer);
    const bool whole = take(&d, &step, WEFT_SPIKE_TRACE_TICKS_MAX) && take_cores(&d) && take_packets(&d);
    *memory = d.memory;
    if (!whole) return false;
    *at = d.at;
    *out = weft_tick_buffer_tick(buffer, before + 1 + step);
    return true;
}
