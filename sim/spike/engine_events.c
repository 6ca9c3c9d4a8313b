/* Events on their way: lists by part and slot, and the inboxes made of them. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sim/spike/engine_internal.h"

enum { RANKED = WEFT_SPIKE_RANKED, FEW = 24, DIGITS = 256 }; /* longest inboxes sorted by rank and by insertion */

void weft_spike_list_destroy(weft_spike_list *list) {
    free(list->items);
    *list = (weft_spike_list){0};
}

bool weft_spike_list_grow(weft_spike_list *list) {
    const size_t capacity = list->capacity ? 2 * list->capacity : 64;
    weft_spike_event *items = realloc(list->items, capacity * sizeof *items);
    if (!items) return false;
    list->items = items;
    list->capacity = capacity;
    return true;
}

/* ---- parts ---- */

void weft_spike_parts_destroy(weft_spike_part *parts, int count, int slots) {
    for (int p = 0; parts && p < count; p++) {
        for (int i = 0; parts[p].out && i < count * slots; i++) weft_spike_list_destroy(&parts[p].out[i]);
        weft_aligned_free(parts[p].out);
        weft_aligned_free(parts[p].axons);
        weft_aligned_free(parts[p].arrivals);
        weft_aligned_free(parts[p].fired);
    }
    weft_aligned_free(parts);
}

/* Blocks as large as leave every part some of them: dealing in turn evens out what unlike cores cost. */
static int block_bits_for(int cores, int parts) {
    int bits = 0;
    while (2 << bits <= WEFT_SPIKE_BLOCK && cores >> (bits + 1) >= 4 * parts) bits++;
    return bits;
}

static int part_of(int core, int block_bits, int parts) { return (core >> block_bits) % parts; }

static weft_spike_part *create_parts(const weft_spike_chip *chip, int count, int block_bits) {
    weft_spike_part *parts = weft_aligned_alloc((size_t)count, sizeof *parts);
    bool whole = parts != NULL;
    for (int p = 0; whole && p < count; p++) {
        size_t neurons = 0;
        for (int c = 0; c < chip->cores; c++)
            if (part_of(c, block_bits, count) == p) neurons += (size_t)chip->sites[c].neurons;
        parts[p].out = weft_aligned_alloc((size_t)count * (size_t)chip->slots, sizeof *parts[p].out);
        parts[p].fired = weft_aligned_alloc(neurons + 1, sizeof *parts[p].fired);
        whole = parts[p].out && parts[p].fired;
    }
    if (whole) return parts;
    weft_spike_parts_destroy(parts, count, chip->slots);
    return NULL;
}

/* Copies the events on their way, all of them as if the first part had sent them. */
static bool move_events(const weft_spike_chip *chip, weft_spike_part *parts, int count, int block_bits) {
    for (int p = 0; p < chip->part_count; p++)
        for (int i = 0; i < chip->part_count * chip->slots; i++) {
            const weft_spike_list *from = &chip->parts[p].out[i];
            for (size_t e = 0; e < from->count; e++) {
                const int core = (int)(from->items[e] >> chip->axon_bits);
                const int to = part_of(core, block_bits, count) * chip->slots + i % chip->slots;
                if (!weft_spike_list_push(&parts[0].out[to], from->items[e])) return false;
            }
        }
    return true;
}

weft_status weft_spike_parts_set(weft_spike_chip *chip, int count, weft_error *err) {
    if (count == chip->part_count) return WEFT_OK;
    const int block_bits = block_bits_for(chip->cores, count);
    weft_spike_part *parts = create_parts(chip, count, block_bits);
    if (!parts || !move_events(chip, parts, count, block_bits)) {
        weft_spike_parts_destroy(parts, count, chip->slots);
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d parts of a spiking chip", count);
    }
    weft_spike_parts_destroy(chip->parts, chip->part_count, chip->slots);
    chip->parts = parts;
    chip->part_count = count;
    chip->block_bits = block_bits;
    for (int c = 0; c < chip->cores; c++) chip->owner[c] = (uint16_t)part_of(c, block_bits, count);
    return WEFT_OK;
}

/* ---- inboxes ---- */

/* Without a branch that depends on the axons or their count: every one is compared with every other. Writes RANKED. */
static inline void sort_ranked(uint16_t *restrict to, const uint16_t *restrict from, uint32_t count) {
    uint32_t keys[RANKED], ranks[RANKED] = {0};
    for (uint32_t i = 0; i < RANKED; i++) keys[i] = (i < count ? from[i] : (uint32_t)UINT16_MAX + 1) * RANKED + i;
    for (uint32_t j = 0; j < RANKED; j++)
        for (uint32_t i = 0; i < RANKED; i++) ranks[i] += keys[j] < keys[i];
    for (uint32_t i = 0; i < RANKED; i++) to[ranks[i]] = (uint16_t)(keys[i] / RANKED);
}

static void sort_few(uint16_t *restrict to, const uint16_t *restrict from, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && to[at - 1] > from[i]; at--) to[at] = to[at - 1];
        to[at] = from[i];
    }
}

/* Stable, by the eight bits from shift on. */
static void sort_digit(uint16_t *restrict to, const uint16_t *restrict from, uint32_t count, int shift) {
    uint32_t at[DIGITS] = {0}, sum = 0;
    for (uint32_t i = 0; i < count; i++) at[from[i] >> shift & (DIGITS - 1)]++;
    for (int d = 0; d < DIGITS; d++) {
        const uint32_t of_digit = at[d];
        at[d] = sum;
        sum += of_digit;
    }
    for (uint32_t i = 0; i < count; i++) to[at[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

/* Room for RANKED from `to` on; `from` is lost. */
static inline void sort_axons(uint16_t *restrict to, uint16_t *restrict from, uint32_t count, int axon_count) {
    if (count <= RANKED) {
        sort_ranked(to, from, count);
    } else if (count <= FEW) {
        sort_few(to, from, count);
    } else {
        sort_digit(to, from, count, 0);
        if (axon_count <= DIGITS) return;
        sort_digit(from, to, count, 8);
        memcpy(to, from, count * sizeof *to);
    }
}

static bool make_room(weft_spike_part *part, size_t count) {
    if (count < part->capacity) return true;
    const size_t capacity = count + count / 2 + 1;
    weft_aligned_free(part->axons);
    weft_aligned_free(part->arrivals);
    part->axons = weft_aligned_alloc(capacity + RANKED, sizeof *part->axons);
    part->arrivals = weft_aligned_alloc(capacity + RANKED, sizeof *part->arrivals);
    part->capacity = part->axons && part->arrivals ? capacity : 0;
    return part->capacity > 0;
}

/* The cores' numbers of events; returns all of them. */
static size_t count_events(weft_spike_chip *chip, int part) {
    uint32_t *const arrived = chip->arrived;
    const int axon_bits = chip->axon_bits;
    size_t count = 0;
    for (int c = weft_spike_next_core(chip, part, 0); c < chip->cores; c = weft_spike_next_core(chip, part, c + 1))
        arrived[c] = 0;
    for (int from = 0; from < chip->part_count; from++) {
        const weft_spike_list *list = weft_spike_events(chip, from, part, 0);
        for (size_t e = 0; e < list->count; e++) arrived[list->items[e] >> axon_bits]++;
        count += list->count;
    }
    return count;
}

/* By core; moves each core's start behind its events. */
static void scatter_events(weft_spike_chip *chip, int part) {
    uint16_t *const arrivals = chip->parts[part].arrivals;
    uint32_t *const start = chip->start;
    const int axon_bits = chip->axon_bits;
    for (int from = 0; from < chip->part_count; from++) {
        weft_spike_list *list = weft_spike_events(chip, from, part, 0);
        for (size_t e = 0; e < list->count; e++) {
            const weft_spike_event event = list->items[e], core = event >> axon_bits;
            arrivals[start[core]++] = (uint16_t)(event - (core << axon_bits));
        }
        list->count = 0;
    }
}

bool weft_spike_part_receive(weft_spike_chip *chip, int number) {
    weft_spike_part *part = &chip->parts[number];
    if (!make_room(part, count_events(chip, number))) return false;
    uint32_t at = 0;
    for (int c = weft_spike_next_core(chip, number, 0); c < chip->cores;
         c = weft_spike_next_core(chip, number, c + 1)) {
        chip->start[c] = at;
        at += chip->arrived[c];
    }
    scatter_events(chip, number);
    for (int c = weft_spike_next_core(chip, number, 0); c < chip->cores;
         c = weft_spike_next_core(chip, number, c + 1)) {
        chip->start[c] -= chip->arrived[c];
        sort_axons(part->axons + chip->start[c], part->arrivals + chip->start[c], chip->arrived[c],
                   chip->sites[c].axons);
    }
    return true;
}
