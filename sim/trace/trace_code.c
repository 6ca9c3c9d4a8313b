/* A record as bytes: flags, then variable-length integers. docs/trace.md lists them. */
#include <stdlib.h>
#include <string.h>

#include "sim/trace/trace_internal.h"

enum {
    FLAG_PACKET = 1,
    FLAG_SAME = 2, /* stage and image of the record before */
    FLAG_EARLIEST = 4,
    FLAG_START = 8,
    FLAG_FINISH = 16,
    AFTER_SHIFT = 5,
    AFTER_MORE = 7, /* so many dependencies or more: the number follows */
    KIND_JOINED = WEFT_PACKET_RESULT + 2
};

/* ---- writing ---- */

static uint8_t *put(uint8_t *to, uint64_t value) { return weft_varint_put(to, value); }

/* to - from, whichever is larger. */
static uint8_t *put_difference(uint8_t *out, uint64_t from, uint64_t to) {
    return put(out, to >= from ? (to - from) << 1 : ((from - to) << 1) - 1);
}

static uint8_t *put_signed(uint8_t *to, int64_t value) { return weft_varint_put_signed(to, value); }

size_t weft_trace_encoded_max(int after_count, int target_count) {
    return 1 + WEFT_VARINT_BYTES * (size_t)(12 + after_count + target_count);
}

static uint8_t *put_targets(uint8_t *to, const weft_trace_packet *packet) {
    to = put(to, (uint64_t)packet->target_count - 1);
    to = put(to, (uint64_t)packet->targets[0]);
    for (int i = 1; i < packet->target_count; i++)
        to = put(to, (uint64_t)(packet->targets[i] - packet->targets[i - 1] - 1));
    return to;
}

static uint8_t *put_after(uint8_t *to, uint64_t number, const uint64_t *after, int count) {
    for (int i = 0; i < count; i++) to = put(to, (number - 1 - (after[i] >> 1)) << 1 | (after[i] & 1));
    return to;
}

/* What operations and packets have in common. */
typedef struct common {
    int stage, after_count;
    int64_t image;
    uint64_t earliest, start, finish;
    const uint64_t *after;
} common;

static common common_of(const weft_trace_record *r) {
    const weft_trace_operation *o = &r->operation;
    const weft_trace_packet *p = &r->packet;
    if (r->is_packet) return (common){p->stage, p->after_count, p->image, p->earliest, p->start, p->finish, p->after};
    return (common){o->stage, o->after_count, o->image, o->earliest, o->start, o->finish, o->after};
}

static void remember_packet(trace_state *state, const weft_trace_record *record) {
    const weft_trace_packet *p = &record->packet;
    state->joinable = record->is_packet && p->target_count == 1;
    if (!state->joinable) return;
    state->source = p->source, state->target = p->targets[0];
    state->kind = p->kind, state->values = p->values;
}

uint8_t *weft_trace_encode(uint8_t *to, trace_state *state, const weft_trace_record *record) {
    const common c = common_of(record);
    const bool same = c.stage == state->stage && c.image == state->image, starts = c.start != WEFT_TRACE_NONE;
    const int listed = c.after_count < AFTER_MORE ? c.after_count : AFTER_MORE;
    *to++ = (uint8_t)((record->is_packet ? FLAG_PACKET : 0) | (same ? FLAG_SAME : 0) |
                      (c.earliest ? FLAG_EARLIEST : 0) | (starts ? FLAG_START : 0) | listed << AFTER_SHIFT);
    if (listed == AFTER_MORE) to = put(to, (uint64_t)c.after_count);
    if (!same) to = put_signed(put_signed(to, c.stage), c.image);
    if (c.earliest) to = put(to, c.earliest);
    if (starts) to = put_difference(to, state->start, c.start);
    if (record->is_packet) {
        to = put_targets(put(to, (uint64_t)record->packet.source), &record->packet);
        if (record->packet.joined)
            to = put(to, KIND_JOINED);
        else
            to = put(put(to, (uint64_t)(record->packet.kind + 1)), (uint64_t)record->packet.values);
    } else {
        to = put(put(to, (uint64_t)record->operation.server), record->operation.amount);
    }
    state->stage = c.stage, state->image = c.image;
    if (starts) state->start = c.start;
    remember_packet(state, record);
    return put_after(to, record->number, c.after, c.after_count);
}

uint8_t *weft_trace_encode_finish(uint8_t *to, const uint8_t *record, size_t size, uint64_t start, uint64_t finish) {
    memcpy(to, record, size);
    if (finish == WEFT_TRACE_NONE) return to + size;
    to[0] |= FLAG_FINISH;
    return put_difference(to + size, start == WEFT_TRACE_NONE ? 0 : start, finish);
}

/* ---- reading ---- */

static inline bool take(trace_decoder *d, uint64_t *value) { return weft_varint_take(&d->at, d->end, value); }

static bool take_int(trace_decoder *d, int *value, uint64_t max) {
    uint64_t wide;
    if (!take(d, &wide) || wide > max || wide >= INT32_MAX) return false;
    *value = (int)wide;
    return true;
}

static bool take_signed(trace_decoder *d, int64_t *value) { return weft_varint_take_signed(&d->at, d->end, value); }

static bool take_moment(trace_decoder *d, uint64_t from, uint64_t *moment) {
    uint64_t wide;
    if (!take(d, &wide)) return false;
    *moment = wide & 1 ? from - (wide >> 1) - 1 : from + (wide >> 1);
    return *moment <= WEFT_TRACE_TIME_MAX;
}

static bool take_targets(trace_decoder *d, weft_trace_packet *packet, bool *memory) {
    int last = -1, step;
    if (!take_int(d, &packet->target_count, (uint64_t)(d->end - d->at))) return false;
    packet->target_count++;
    int *targets = weft_trace_grow(d->targets, &d->target_room, (size_t)packet->target_count, sizeof *targets);
    if (!targets) return *memory = true, false;
    d->targets = targets;
    for (int i = 0; i < packet->target_count; i++) {
        if (last == WEFT_TRACE_TERMINALS_MAX - 1) return false;
        if (!take_int(d, &step, (uint64_t)(WEFT_TRACE_TERMINALS_MAX - 2 - last))) return false;
        d->targets[i] = last = last + 1 + step;
    }
    packet->targets = d->targets;
    return true;
}

static bool take_after(trace_decoder *d, int count, bool *memory) {
    uint64_t wide;
    if ((size_t)count > (size_t)(d->end - d->at)) return false;
    uint64_t *after = weft_trace_grow(d->after, &d->after_room, (size_t)count, sizeof *after);
    if (!after) return *memory = true, false;
    d->after = after;
    for (int i = 0; i < count; i++) {
        if (!take(d, &wide) || wide >> 1 >= d->number) return false;
        d->after[i] = weft_trace_when(d->number - 1 - (wide >> 1), (weft_trace_moment)(wide & 1));
    }
    return true;
}

static bool take_common(trace_decoder *d, unsigned flags, common *c) {
    int64_t stage = d->state.stage, image = d->state.image;
    c->after_count = (int)(flags >> AFTER_SHIFT);
    c->start = c->finish = WEFT_TRACE_NONE;
    if (c->after_count == AFTER_MORE && !take_int(d, &c->after_count, (uint64_t)(d->end - d->at))) return false;
    if (!(flags & FLAG_SAME) && (!take_signed(d, &stage) || !take_signed(d, &image))) return false;
    if (stage < -1 || stage >= WEFT_TRACE_TERMINALS_MAX) return false;
    c->stage = (int)stage;
    c->image = image;
    if (flags & FLAG_EARLIEST && !take(d, &c->earliest)) return false;
    if (flags & FLAG_START && !take_moment(d, d->state.start, &c->start)) return false;
    d->state.stage = c->stage, d->state.image = image;
    if (flags & FLAG_START) d->state.start = c->start;
    return true;
}

static bool take_packet(trace_decoder *d, weft_trace_packet *packet, bool *memory) {
    int kind;
    if (!take_int(d, &packet->source, WEFT_TRACE_TERMINALS_MAX - 1)) return false;
    if (!take_targets(d, packet, memory)) return false;
    if (!take_int(d, &kind, KIND_JOINED)) return false;
    packet->joined = kind == KIND_JOINED;
    packet->kind = packet->joined ? d->state.kind : kind - 1;
    packet->values = d->state.values;
    return packet->joined ? d->state.joinable : take_int(d, &packet->values, WEFT_TRACE_VALUES_MAX);
}

static bool take_operation(trace_decoder *d, weft_trace_operation *operation) {
    return take_int(d, &operation->server, WEFT_TRACE_TERMINALS_MAX - 1) && take(d, &operation->amount);
}

bool weft_trace_decode(trace_decoder *d, weft_trace_record *record, bool *memory) {
    common c = {0};
    *memory = false;
    if (d->at == d->end) return false;
    const unsigned flags = *d->at++;
    record->number = d->number;
    record->is_packet = flags & FLAG_PACKET;
    if (!take_common(d, flags, &c)) return false;
    if (record->is_packet ? !take_packet(d, &record->packet, memory) : !take_operation(d, &record->operation))
        return false;
    if (!take_after(d, c.after_count, memory)) return false;
    remember_packet(&d->state, record);
    const uint64_t start = c.start == WEFT_TRACE_NONE ? 0 : c.start;
    if (flags & FLAG_FINISH && !take_moment(d, start, &c.finish)) return false;
    if (record->is_packet) {
        weft_trace_packet *p = &record->packet;
        p->stage = c.stage, p->image = c.image, p->earliest = c.earliest, p->start = c.start, p->finish = c.finish;
        p->after = d->after, p->after_count = c.after_count;
    } else {
        weft_trace_operation *o = &record->operation;
        o->stage = c.stage, o->image = c.image, o->earliest = c.earliest, o->start = c.start, o->finish = c.finish;
        o->after = d->after, o->after_count = c.after_count;
    }
    d->number++;
    return true;
}

void weft_trace_decoder_free(trace_decoder *decoder) {
    free(decoder->after);
    free(decoder->targets);
}
