#include "sim/spike/tick.h"

#include <inttypes.h>
#include <stdbool.h>

static weft_status check_cores(const weft_tick *tick, weft_error *err) {
    for (int i = 0; i < tick->core_count; i++) {
        const uint32_t core = tick->cores[i].core;
        if (core >= WEFT_TICK_CORES_MAX)
            return weft_error_set(err, WEFT_E_INVALID, "tick %" PRIu64 ": core %" PRIu32 " is above %d", tick->tick,
                                  core, WEFT_TICK_CORES_MAX - 1);
        if (i && core <= tick->cores[i - 1].core)
            return weft_error_set(err, WEFT_E_INVALID,
                                  "tick %" PRIu64 ": core %" PRIu32 " comes after core %" PRIu32 "; cores ascend",
                                  tick->tick, core, tick->cores[i - 1].core);
    }
    return WEFT_OK;
}

static bool in_order(const weft_tick_packet *before, const weft_tick_packet *p) {
    if (before->source != p->source) return before->source < p->source;
    return before->order != p->order ? before->order < p->order : before->target <= p->target;
}

/* *next: the core that the last packet left, of tick->cores. */
static weft_status check_source(const weft_tick *tick, const weft_tick_packet *p, int *next, weft_error *err) {
    if (p->source == WEFT_TICK_HOST) return WEFT_OK;
    while (*next < tick->core_count && tick->cores[*next].core < p->source) ++*next;
    if (*next == tick->core_count || tick->cores[*next].core != p->source)
        return weft_error_set(err, WEFT_E_INVALID,
                              "tick %" PRIu64 ": a packet from core %" PRIu32 ", which did not work", tick->tick,
                              p->source);
    const weft_tick_core *core = &tick->cores[*next];
    const uint64_t updates = (uint64_t)core->updates_active + core->updates_inactive;
    if (p->order >= updates)
        return weft_error_set(err, WEFT_E_INVALID,
                              "tick %" PRIu64 ": a packet from core %" PRIu32 " with %" PRIu32
                              " neurons before it; %" PRIu64 " are updated",
                              tick->tick, p->source, p->order, updates);
    return WEFT_OK;
}

weft_status weft_tick_check(const weft_tick *tick, weft_error *err) {
    int next = 0;
    WEFT_TRY(check_cores(tick, err));
    for (int64_t i = 0; i < tick->packet_count; i++) {
        const weft_tick_packet *p = &tick->packets[i];
        if (i && !in_order(p - 1, p))
            return weft_error_set(err, WEFT_E_INVALID,
                                  "tick %" PRIu64 ": packet %" PRId64 " is not in the order of source, order, target",
                                  tick->tick, i);
        if (p->target >= WEFT_TICK_CORES_MAX && p->target != WEFT_TICK_HOST)
            return weft_error_set(err, WEFT_E_INVALID,
                                  "tick %" PRIu64 ": a packet to core %" PRIu32 ", which is above %d", tick->tick,
                                  p->target, WEFT_TICK_CORES_MAX - 1);
        WEFT_TRY(check_source(tick, p, &next, err));
    }
    return WEFT_OK;
}
