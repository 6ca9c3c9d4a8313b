/* Events on their way: lists by part and slot, and the inboxes made of them. */
#include <stdlib.h>
#include <string.h>

#include "sim/spike/engine_internal.h"

enum { RANKED = 8, FEW = 24, DIGITS = 256 }; /* longest inboxes that are sorted by rank and by insertion */

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
        free(parts[p].out);
        free(parts[p].axons);
        free(parts[p].sorted);
        free(parts[p].fired);
    }
    free(parts);
}

static int part_of(int core, int parts) { return core / WEFT_SPIKE_BLOCK % parts; }

static weft_spike_part *create_parts(const weft_spike_chip *chip, int count) {
    weft_spike_part *parts = calloc((size_t)count, sizeof *parts);
    bool whole = parts != NULL;
    for (int p = 0; whole && p < count; p++) {
        size_t neurons = 0;
        for (int c = 0; c < chip->cores; c++)
            if (part_of(c, count) == p) neurons += (size_t)chip->sites[c].neurons;
        parts[p].out = calloc((size_t)count * (size_t)chip->slots, sizeof *parts[p].out);
        parts[p].fired = malloc((neurons + 1) * sizeof *parts[p].fired);
        whole = parts[p].out && parts[p].fired;
    }
    if (whole) return parts;
    weft_spike_parts_destroy(parts, count, chip->slots);
    return NULL;
}

/* Events of the old parts, as the new first part would have sent them. */
static bool move_events(const weft_spike_chip *chip, weft_spike_part *parts, int count) {
    for (int p = 0; p < chip->part_count; p++)
        for (int i = 0; i < chip->part_count * chip->slots; i++) {
            const weft_spike_list *from = &chip->parts[p].out[i];
            for (size_t e = 0; e < from->count; e++) {
                const weft_spike_event *event = &from->items[e];
                const int to = part_of((int)event->core, count) * chip->slots + i % chip->slots;
                if (!weft_spike_list_push(&parts[0].out[to], event->core, event->axon)) return false;
            }
        }
    return true;
}

weft_status weft_spike_parts_set(weft_spike_chip *chip, int count, weft_error *err) {
    if (count == chip->part_count) return WEFT_OK;
    weft_spike_part *parts = create_parts(chip, count);
    if (!parts || !move_events(chip, parts, count)) {
        weft_spike_parts_destroy(parts, count, chip->slots);
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d parts of a spiking chip", count);
    }
    weft_spike_parts_destroy(chip->parts, chip->part_count, chip->slots);
    chip->parts = parts;
    chip->part_count = count;
    for (int c = 0; c < chip->cores; c++) chip->owner[c] = (uint16_t)part_of(c, count);
    return WEFT_OK;
}

/* ---- inboxes ---- */

/* Without a branch that depends on the axons: every one is compared with every other. */
static void sort_ranked(uint16_t *axons, uint32_t count) {
    uint32_t keys[RANKED], ranks[RANKED] = {0};
    uint16_t sorted[RANKED];
    for (uint32_t i = 0; i < RANKED; i++) keys[i] = (i < count ? axons[i] : (uint32_t)UINT16_MAX + 1) * RANKED + i;
    for (uint32_t j = 0; j < RANKED; j++)
        for (uint32_t i = 0; i < RANKED; i++) ranks[i] += keys[j] < keys[i];
    for (uint32_t i = 0; i < RANKED; i++) sorted[ranks[i]] = (uint16_t)(keys[i] / RANKED);
    memcpy(axons, sorted, count * sizeof *axons);
}

static void sort_few(uint16_t *axons, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        const uint16_t axon = axons[i];
        uint32_t at = i;
        for (; at > 0 && axons[at - 1] > axon; at--) axons[at] = axons[at - 1];
        axons[at] = axon;
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

static void sort_axons(uint16_t *axons, uint16_t *help, uint32_t count, int axon_count) {
    if (count <= RANKED) {
        sort_ranked(axons, count);
        return;
    }
    if (count <= FEW) {
        sort_few(axons, count);
        return;
    }
    sort_digit(help, axons, count, 0);
    if (axon_count > DIGITS)
        sort_digit(axons, help, count, 8);
    else
        memcpy(axons, help, count * sizeof *axons);
}

static bool make_room(weft_spike_part *part, size_t count) {
    if (count <= part->capacity) return true;
    const size_t capacity = count + count / 2;
    free(part->axons);
    free(part->sorted);
    part->axons = malloc(capacity * sizeof *part->axons);
    part->sorted = malloc(capacity * sizeof *part->sorted);
    part->capacity = part->axons && part->sorted ? capacity : 0;
    return part->capacity > 0;
}

/* The cores' numbers of events; returns all of them. */
static size_t count_events(weft_spike_chip *chip, int part) {
    size_t count = 0;
    for (int c = weft_spike_next_core(chip, part, 0); c < chip->cores; c = weft_spike_next_core(chip, part, c + 1))
        chip->arrived[c] = 0;
    for (int from = 0; from < chip->part_count; from++) {
        const weft_spike_list *list = weft_spike_events(chip, from, part, 0);
        for (size_t e = 0; e < list->count; e++) chip->arrived[list->items[e].core]++;
        count += list->count;
    }
    return count;
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
    for (int from = 0; from < chip->part_count; from++) {
        weft_spike_list *list = weft_spike_events(chip, from, number, 0);
        for (size_t e = 0; e < list->count; e++)
            part->axons[chip->start[list->items[e].core]++] = (uint16_t)list->items[e].axon;
        list->count = 0;
    }
    for (int c = weft_spike_next_core(chip, number, 0); c < chip->cores;
         c = weft_spike_next_core(chip, number, c + 1)) {
        chip->start[c] -= chip->arrived[c];
        if (chip->arrived[c] > 1)
            sort_axons(part->axons + chip->start[c], part->sorted, chip->arrived[c], chip->sites[c].axons);
    }
    return true;
}
