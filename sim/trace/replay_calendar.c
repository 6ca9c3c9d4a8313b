#include <stdlib.h>

#include "sim/trace/replay_internal.h"
#include "sim/trace/trace_internal.h"

/* ---- heap ---- */

static bool sooner(const replay_late *a, const replay_late *b) {
    return a->cycle != b->cycle ? a->cycle < b->cycle : a->moment < b->moment;
}

static weft_status push_late(replay_calendar *c, replay_late entry, weft_error *err) {
    replay_late *late = weft_trace_grow(c->late, &c->late_room, c->late_count, sizeof *late);
    if (!late) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu events", c->late_count);
    c->late = late;
    size_t at = c->late_count++;
    for (; at && sooner(&entry, &c->late[(at - 1) / 2]); at = (at - 1) / 2) c->late[at] = c->late[(at - 1) / 2];
    c->late[at] = entry;
    return WEFT_OK;
}

static uint32_t pop_late(replay_calendar *c) {
    const uint32_t moment = c->late[0].moment;
    const replay_late last = c->late[--c->late_count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < c->late_count; at = child) {
        if (child + 1 < c->late_count && sooner(&c->late[child + 1], &c->late[child])) child++;
        if (!sooner(&c->late[child], &last)) break;
        c->late[at] = c->late[child];
    }
    c->late[at] = last;
    return moment;
}

/* ---- calendar ---- */

weft_status weft_replay_calendar_add(replay_calendar *c, uint64_t now, uint64_t cycle, uint32_t moment,
                                     weft_error *err) {
    if (cycle - now >= REPLAY_SLOTS) return push_late(c, (replay_late){cycle, moment}, err);
    const size_t slot = cycle % REPLAY_SLOTS;
    const uint64_t bit = (uint64_t)1 << slot % 64;
    c->next[moment] = c->used[slot / 64] & bit ? c->first[slot] : REPLAY_NONE;
    c->used[slot / 64] |= bit;
    c->first[slot] = moment;
    return WEFT_OK;
}

uint64_t weft_replay_calendar_next(const replay_calendar *c, uint64_t now) {
    enum { WORDS = REPLAY_SLOTS / 64 };
    const uint64_t late = c->late_count ? c->late[0].cycle : UINT64_MAX;
    const size_t begin = (now + 1) % REPLAY_SLOTS;
    for (size_t i = 0; i <= WORDS; i++) {
        uint64_t word = c->used[(begin / 64 + i) % WORDS];
        if (i == 0) word &= UINT64_MAX << begin % 64;
        if (!word) continue;
        const size_t slot = (begin / 64 + i) % WORDS * 64 + (size_t)__builtin_ctzll(word);
        const uint64_t cycle = now + 1 + (slot + REPLAY_SLOTS - begin) % REPLAY_SLOTS;
        return cycle < late ? cycle : late;
    }
    return late;
}

uint32_t weft_replay_calendar_take(replay_calendar *c, uint64_t now) {
    const size_t slot = now % REPLAY_SLOTS;
    const uint64_t bit = (uint64_t)1 << slot % 64;
    if (c->used[slot / 64] & bit) {
        const uint32_t moment = c->first[slot];
        c->first[slot] = c->next[moment];
        if (c->first[slot] == REPLAY_NONE) c->used[slot / 64] &= ~bit;
        return moment;
    }
    return c->late_count && c->late[0].cycle == now ? pop_late(c) : REPLAY_NONE;
}
