#include "sim/spike/engine.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sim/spike/engine_internal.h"

weft_status weft_spike_chip_create(weft_spike_chip **out, weft_error *err) {
    *out = calloc(1, sizeof **out);
    return *out ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for a spiking chip");
}

/* ---- cores ---- */

static weft_status check_core(const weft_spike_chip *chip, const weft_spike_core *core, weft_error *err) {
    if (chip->ready)
        return weft_error_set(err, WEFT_E_INVALID, "core %d: the chip is ready; cores come before", chip->cores);
    if (chip->cores == INT_MAX / 2) return weft_error_set(err, WEFT_E_INVALID, "more than %d cores", chip->cores);
    if (core->axons < 1 || core->axons > WEFT_SPIKE_AXONS_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "core %d: %d axons; allowed are 1 .. %d", chip->cores, core->axons,
                              (int)WEFT_SPIKE_AXONS_MAX);
    if (core->neurons < 1 || core->neurons > WEFT_SPIKE_NEURONS_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "core %d: %d neurons; allowed are 1 .. %d", chip->cores,
                              core->neurons, (int)WEFT_SPIKE_NEURONS_MAX);
    for (int n = 0; n < core->neurons; n++)
        if (core->first[n] > core->first[n + 1])
            return weft_error_set(err, WEFT_E_INVALID, "core %d: targets of neuron %d begin at %llu and end at %llu",
                                  chip->cores, n, (unsigned long long)core->first[n],
                                  (unsigned long long)core->first[n + 1]);
    if (core->first[core->neurons] - core->first[0] > UINT32_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "core %d: 2^32 or more targets", chip->cores);
    return WEFT_OK;
}

static bool one_target_each(const weft_spike_core *core) {
    for (int n = 0; n < core->neurons; n++)
        if (core->first[n + 1] - core->first[n] != 1) return false;
    return true;
}

static weft_status copy_targets(weft_spike_site *site, const weft_spike_core *core, weft_error *err) {
    const size_t count = (size_t)(core->first[core->neurons] - core->first[0]);
    if (!one_target_each(core)) {
        site->first = malloc(((size_t)core->neurons + 1) * sizeof *site->first);
        if (!site->first) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d neurons", core->neurons);
        for (int n = 0; n <= core->neurons; n++) site->first[n] = (uint32_t)(core->first[n] - core->first[0]);
    }
    if (count == 0) return WEFT_OK;
    site->targets = malloc(count * sizeof *site->targets);
    if (!site->targets) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu targets", count);
    memcpy(site->targets, core->targets + core->first[0], count * sizeof *site->targets);
    return WEFT_OK;
}

static void destroy_site(weft_spike_site *site) {
    site->kind->destroy(site->state);
    free(site->first);
    free(site->targets);
}

static weft_status more_sites(weft_spike_chip *chip, weft_error *err) {
    if (chip->cores < chip->capacity) return WEFT_OK;
    const int capacity = chip->capacity > INT_MAX / 2 ? INT_MAX : 2 * chip->capacity + 16;
    weft_spike_site *sites = realloc(chip->sites, (size_t)capacity * sizeof *sites);
    if (sites) chip->sites = sites;
    weft_spike_router *routers = realloc(chip->routers, (size_t)capacity * sizeof *routers);
    if (routers) chip->routers = routers;
    if (!sites || !routers) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d cores", capacity);
    chip->capacity = capacity;
    return WEFT_OK;
}

weft_status weft_spike_chip_add(weft_spike_chip *chip, const weft_spike_core *core, weft_error *err) {
    weft_spike_site site = {.kind = core->kind, .state = core->state, .axons = core->axons, .neurons = core->neurons};
    weft_status status;
    WEFT_TRY_GOTO(check_core(chip, core, err));
    WEFT_TRY_GOTO(more_sites(chip, err));
    WEFT_TRY_GOTO(copy_targets(&site, core, err));
    chip->routers[chip->cores] = (weft_spike_router){core->x, core->y};
    chip->sites[chip->cores++] = site;
cleanup:
    if (status != WEFT_OK) destroy_site(&site);
    return status;
}

/* ---- ready ---- */

static uint32_t first_of(const weft_spike_site *site, int neuron) {
    return site->first ? site->first[neuron] : (uint32_t)neuron;
}

/* text: what is wrong with the target. */
static weft_status refuse(int core, int neuron, uint32_t target, const char *text, weft_error *err) {
    return weft_error_set(err, WEFT_E_INVALID, "core %d, neuron %d, target %u: %s", core, neuron, target, text);
}

static weft_status check_target(const weft_spike_chip *chip, int core, int neuron, uint32_t index, weft_error *err) {
    const weft_spike_site *site = &chip->sites[core];
    const weft_spike_target *t = &site->targets[index];
    const uint32_t number = index - first_of(site, neuron);
    char text[160];
    if (t->core == WEFT_SPIKE_OUTSIDE) return WEFT_OK;
    if (t->core >= (uint32_t)chip->cores) {
        snprintf(text, sizeof text, "core %u does not exist; the chip has %d", t->core, chip->cores);
        return refuse(core, neuron, number, text, err);
    }
    if (t->axon >= chip->sites[t->core].axons) {
        snprintf(text, sizeof text, "axon %d does not exist; core %u has %d", t->axon, t->core,
                 chip->sites[t->core].axons);
        return refuse(core, neuron, number, text, err);
    }
    if (t->delay < 1 || t->delay >= WEFT_SPIKE_DELAYS) {
        snprintf(text, sizeof text, "a delay of %d ticks; allowed are 1 .. %d", t->delay, WEFT_SPIKE_DELAYS - 1);
        return refuse(core, neuron, number, text, err);
    }
    return WEFT_OK;
}

/* *slots becomes at least the longest delay of the core + 1. */
static weft_status check_targets(const weft_spike_chip *chip, int core, int *slots, weft_error *err) {
    const weft_spike_site *site = &chip->sites[core];
    for (int n = 0; n < site->neurons; n++)
        for (uint32_t i = first_of(site, n); i < first_of(site, n + 1); i++) {
            WEFT_TRY(check_target(chip, core, n, i, err));
            const weft_spike_target *t = &site->targets[i];
            if (t->core != WEFT_SPIKE_OUTSIDE && t->delay >= *slots) *slots = t->delay + 1;
        }
    return WEFT_OK;
}

/* Bits of an event that its axon takes. */
static weft_status choose_axon_bits(weft_spike_chip *chip, weft_error *err) {
    int most = 1, bits = 0;
    for (int c = 0; c < chip->cores; c++) most = chip->sites[c].axons > most ? chip->sites[c].axons : most;
    while (1 << bits < most) bits++;
    if ((uint64_t)chip->cores << bits > UINT64_C(1) << 32)
        return weft_error_set(err, WEFT_E_INVALID,
                              "%d cores of up to %d axons; events name 2^32 axons of a chip, the same number of each "
                              "core, a power of two",
                              chip->cores, most);
    chip->axon_bits = bits;
    return WEFT_OK;
}

static weft_status allocate_turns(weft_spike_chip *chip, weft_error *err) {
    const size_t cores = (size_t)chip->cores, line = WEFT_SPIKE_LINE / sizeof *chip->arrived;
    const size_t padded = (cores + line - 1) / line * line;
    if (!chip->counts) chip->counts = weft_aligned_alloc(cores, sizeof *chip->counts);
    if (!chip->owner) chip->owner = weft_aligned_alloc(cores, sizeof *chip->owner);
    if (!chip->arrived) chip->arrived = weft_aligned_alloc(padded, 5 * sizeof *chip->arrived);
    if (!chip->counts || !chip->owner || !chip->arrived)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d cores", chip->cores);
    chip->start = chip->arrived + padded;
    chip->fired = chip->start + padded;
    chip->fired_at = chip->fired + padded;
    chip->resting = chip->fired_at + padded;
    return WEFT_OK;
}

static uint32_t target_count(const weft_spike_site *site) { return first_of(site, site->neurons); }

static uint32_t distance(int a, int b) {
    const long long links = llabs((long long)a - b);
    return links < WEFT_SPIKE_FAR ? (uint32_t)links : WEFT_SPIKE_FAR;
}

static weft_spike_way way_to(const weft_spike_chip *chip, int core, const weft_spike_target *target) {
    if (target->core == WEFT_SPIKE_OUTSIDE) return (weft_spike_way){0};
    const weft_spike_router *from = &chip->routers[core], *to = &chip->routers[target->core];
    const uint32_t x = distance(from->x, to->x), y = distance(from->y, to->y);
    const bool far = x == WEFT_SPIKE_FAR || y == WEFT_SPIKE_FAR;
    return (weft_spike_way){.event = weft_spike_event_of(chip, target->core, target->axon),
                            .delay = target->delay & 63,
                            .hops_x = (far ? WEFT_SPIKE_FAR : x) & WEFT_SPIKE_FAR,
                            .hops_y = y & WEFT_SPIKE_FAR};
}

/* All ways in one block: spikes look for them here and there. */
static weft_status find_ways(weft_spike_chip *chip, weft_error *err) {
    size_t count = 0;
    for (int c = 0; c < chip->cores; c++) count += target_count(&chip->sites[c]);
    weft_spike_way *to = chip->ways = weft_pages_alloc(count, sizeof *chip->ways);
    if (!to) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu targets", count);
    for (int c = 0; c < chip->cores; c++) {
        weft_spike_site *site = &chip->sites[c];
        site->ways = to;
        for (uint32_t t = 0; t < target_count(site); t++) *to++ = way_to(chip, c, &site->targets[t]);
        free(site->targets);
        site->targets = NULL;
    }
    return WEFT_OK;
}

weft_status weft_spike_chip_ready(weft_spike_chip *chip, weft_error *err) {
    int slots = 2;
    if (chip->ready) return weft_error_set(err, WEFT_E_INVALID, "the chip is ready already");
    if (chip->cores == 0) return weft_error_set(err, WEFT_E_INVALID, "a spiking chip without cores");
    for (int c = 0; c < chip->cores; c++) WEFT_TRY(check_targets(chip, c, &slots, err));
    WEFT_TRY(choose_axon_bits(chip, err));
    WEFT_TRY(allocate_turns(chip, err));
    chip->slots = slots;
    WEFT_TRY(weft_spike_parts_set(chip, 1, err));
    WEFT_TRY(find_ways(chip, err));
    chip->ready = true;
    return WEFT_OK;
}

void weft_spike_chip_destroy(weft_spike_chip *chip) {
    if (!chip) return;
    weft_spike_parts_destroy(chip->parts, chip->part_count, chip->slots);
    for (int c = 0; c < chip->cores; c++) destroy_site(&chip->sites[c]);
    weft_aligned_free(chip->ways);
    free(chip->sites);
    free(chip->routers);
    weft_aligned_free(chip->counts);
    weft_aligned_free(chip->owner);
    weft_aligned_free(chip->arrived);
    free(chip);
}

void weft_spike_chip_reset(weft_spike_chip *chip) {
    for (int c = 0; c < chip->cores; c++) chip->sites[c].kind->reset(chip->sites[c].state);
    chip->tick = 0;
    chip->slot = 0;
    chip->broken = false;
    if (!chip->ready) return;
    memset(chip->counts, 0, (size_t)chip->cores * sizeof *chip->counts);
    memset(chip->resting, 0, (size_t)chip->cores * sizeof *chip->resting);
    for (int p = 0; p < chip->part_count; p++) {
        chip->parts[p].failed = false;
        for (int i = 0; i < chip->part_count * chip->slots; i++) chip->parts[p].out[i].count = 0;
    }
}

uint64_t weft_spike_chip_tick(const weft_spike_chip *chip) { return chip->tick; }

int weft_spike_chip_cores(const weft_spike_chip *chip) { return chip->cores; }

const weft_spike_counts *weft_spike_chip_counts(const weft_spike_chip *chip, int core) {
    assert(chip->ready && core >= 0 && core < chip->cores);
    return &chip->counts[core];
}

double weft_spike_chip_membrane(const weft_spike_chip *chip, int core, int neuron) {
    assert(core >= 0 && core < chip->cores && neuron >= 0 && neuron < chip->sites[core].neurons);
    return chip->sites[core].kind->membrane(chip->sites[core].state, neuron);
}

/* Where its ways are, and how many. */
static uint32_t ways_of(const weft_spike_way **ways, const weft_spike_chip *chip, int core, int neuron) {
    assert(chip->ready && core >= 0 && core < chip->cores && neuron >= 0 && neuron < chip->sites[core].neurons);
    const weft_spike_site *site = &chip->sites[core];
    *ways = site->ways + (site->first ? site->first[neuron] : (uint32_t)neuron);
    return site->first ? site->first[neuron + 1] - site->first[neuron] : 1;
}

int weft_spike_chip_target_count(const weft_spike_chip *chip, int core, int neuron) {
    const weft_spike_way *ways;
    return (int)ways_of(&ways, chip, core, neuron);
}

weft_spike_target weft_spike_chip_target(const weft_spike_chip *chip, int core, int neuron, int number) {
    const weft_spike_way *ways;
    const uint32_t count = ways_of(&ways, chip, core, neuron);
    assert(number >= 0 && (uint32_t)number < count);
    (void)count;
    const weft_spike_way *way = &ways[number];
    if (!way->delay) return (weft_spike_target){.core = WEFT_SPIKE_OUTSIDE};
    return (weft_spike_target){way->event >> chip->axon_bits, (uint16_t)(way->event & ((1U << chip->axon_bits) - 1)),
                               (uint16_t)way->delay};
}

int64_t weft_spike_chip_stimuli(const weft_spike_stimulus **stimuli, const weft_spike_chip *chip) {
    *stimuli = chip->stimuli;
    return chip->stimulus_count;
}
