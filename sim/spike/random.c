#include "sim/spike/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/elementary.h"
#include "core/rng.h"

enum { SIDE_MAX = 1024, THRESHOLD_MAX = (1 << WEFT_TRUENORTH_THRESHOLD_BITS) - 1, BYTES = 256, REDRAWS = 64 };

/* ---- the file ---- */

#define FIELD(name, kind_, unit_, min_, max_, default_, doc_)                                                          \
    {                                                                                                                  \
        .key = #name, .kind = WEFT_FIELD_##kind_, .offset = offsetof(weft_spike_random, name), .unit = unit_,          \
        .min = min_, .max = max_, .default_text = default_, .doc = doc_                                                \
    }

static const weft_field fields[] = {
    FIELD(cores, INT_PAIR, "", 1, SIDE_MAX, NULL, "Cores along x and y."),
    FIELD(neurons, INT, "", 1, WEFT_TRUENORTH_SIZE_MAX, "256", "Neurons of a core."),
    FIELD(axons, INT, "", 1, WEFT_TRUENORTH_SIZE_MAX, "256", "Axons of a core."),
    FIELD(synapses, INT, "", 0, WEFT_TRUENORTH_SIZE_MAX, "128", "Active synapses of a neuron, at most axons."),
    FIELD(rate_hz, REAL, "Hz", 0, 1e6, NULL, "Mean rate of the neurons."),
    FIELD(tick_ms, REAL, "ms", 1e-6, 1e6, "1", "Length of a tick."),
    FIELD(distance, REAL, "", 0, 2 * SIDE_MAX, "0",
          "Mean distance to the target core, |dx| + |dy|, before the edges cut it; 0: targets anywhere."),
    FIELD(delays, INT_PAIR, "ticks", 1, WEFT_TRUENORTH_DELAY_MAX, "[1, 15]",
          "Shortest and longest delay of a spike; uniform between."),
    FIELD(seed, INT, "", 0, 9e15, "1", "Seed of every random choice."),
};

/* What is wrong between the fields: the key, and the text of it; NULL: nothing. */
static const char *problem_of(const weft_spike_random *c, char *text, size_t size) {
    const double rate = c->rate_hz * c->tick_ms / 1000;
    if (c->synapses > c->axons) {
        snprintf(text, size, "%lld synapses of a neuron on %lld axons", (long long)c->synapses, (long long)c->axons);
        return "synapses";
    }
    if (c->delays[0] > c->delays[1]) {
        snprintf(text, size, "from %lld to %lld ticks", (long long)c->delays[0], (long long)c->delays[1]);
        return "delays";
    }
    if (rate > 1 || (rate > 0 && rate < 1e-6)) {
        snprintf(text, size, "%g spikes a tick; allowed are 0 and 1e-6 .. 1", rate);
        return "rate_hz";
    }
    return NULL;
}

static weft_status check_fields(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    char text[160];
    const char *key = problem_of(value, text, sizeof text);
    return key ? weft_record_error(yaml, node, key, err, "%s", text) : WEFT_OK;
}

const weft_record weft_spike_random_record = {
    .name = "random",
    .doc = "A random network of TrueNorth cores.",
    .size = sizeof(weft_spike_random),
    .fields = fields,
    .count = sizeof fields / sizeof *fields,
    .check = check_fields,
};

weft_status weft_spike_random_load(weft_spike_random *out, const char *path, weft_error *err) {
    weft_yaml yaml = {0};
    weft_status status = weft_yaml_load(&yaml, path, err);
    if (status == WEFT_OK) status = weft_record_read(out, &weft_spike_random_record, &yaml, yaml.root, err);
    weft_yaml_destroy(&yaml);
    return status;
}

/* ---- the neuron ---- */

/* The leak lifts the membrane to a threshold of alpha in alpha / leak ticks in the mean. Rates feed back through the
 * synapses with a gain of about sqrt(synapses) / alpha, so alpha is at least twice that root; of the alphas from there
 * on the one that hits the rate best. A stochastic leak brings 1 with probability (lambda + 1) / 256; where that is not
 * enough for such an alpha the leak is deterministic, and what comes through the synapses is the noise. */
static void choose(weft_truenorth_neuron *out, double *miss, double rate, double excess, int alpha, bool stochastic) {
    const double unit = stochastic ? BYTES : 1, steps = rate * (alpha - excess) * unit, rounded = floor(steps + 0.5);
    if (steps <= 0 || rounded < (stochastic ? 2 : 1) || rounded > (stochastic ? BYTES : WEFT_TRUENORTH_WEIGHT_MAX))
        return;
    if (fabs(rounded - steps) / steps >= *miss) return;
    *miss = fabs(rounded - steps) / steps;
    out->leak = (int)rounded - (stochastic ? 1 : 0);
    out->stochastic_leak = stochastic;
    out->threshold = alpha;
}

weft_status weft_spike_random_neuron(weft_truenorth_neuron *out, const weft_spike_random *c, weft_error *err) {
    const double rate = c->rate_hz * c->tick_ms / 1000, stable = ceil(2 * sqrt((double)c->synapses));
    const double excess = (double)(c->synapses % 2) * (double)c->neurons / (double)c->axons;
    const int first = (int)fmin(fmax(ceil(0.5 / fmax(rate, 1e-6)), stable), THRESHOLD_MAX);
    const bool stochastic = rate * first <= 1;
    double miss = 0.01;
    *out = (weft_truenorth_neuron){.weight = {1, -1},
                                   .threshold = THRESHOLD_MAX,
                                   .negative_threshold = THRESHOLD_MAX,
                                   .saturate = true,
                                   .reset_mode = WEFT_TRUENORTH_LINEAR};
    if (rate <= 0) return WEFT_OK;
    const double last = fmin(stochastic ? 1 / rate + excess : 4 * (double)first, THRESHOLD_MAX);
    for (int alpha = first; alpha <= last; alpha++) choose(out, &miss, rate, excess, alpha, stochastic);
    if (out->leak == 0)
        return weft_error_set(err, WEFT_E_INVALID, "rate_hz: no threshold gives %g spikes a tick", rate);
    return WEFT_OK;
}

/* ---- connections ---- */

enum { DRAW_SYNAPSES, DRAW_TARGETS, DRAW_DISTANCES, DRAW_DELAYS, DRAW_MEMBRANES };

typedef struct builder {
    const weft_spike_random *c;
    weft_truenorth_neuron neuron;
    weft_truenorth_neurons *parameters;
    size_t cores, words;
    uint32_t *pairing; /* [cores x axons] axon of the whole chip, by neuron; NULL with a distance */
    uint32_t *taken;   /* [cores] sources of the core so far */
    /* of the core that is being built */
    uint8_t *types;     /* [axons] */
    uint64_t *crossbar; /* [axons][words] */
    uint16_t *order;    /* [axons] axons of a type, shuffled */
    uint32_t *draws;    /* [axons + neurons] */
    int32_t *initial;   /* [neurons] */
    uint64_t *first;    /* [neurons + 1] */
    weft_spike_target *targets;
} builder;

static weft_rng stream_of(const builder *b, uint64_t step, unsigned what) {
    return (weft_rng){
        .seed = (uint64_t)b->c->seed, .step = step, .purpose = (uint16_t)(WEFT_PURPOSE_CONNECT | what << 8)};
}

static uint32_t below(uint32_t draw, uint64_t count) { return (uint32_t)(draw * count >> 32); }

/* Synapses of a neuron on `count` of the axons with a type's parity, of which there are `of_type`. */
static void connect(builder *b, size_t neuron, unsigned type, size_t count, size_t of_type, const uint32_t *draws) {
    for (size_t i = 0; i < of_type; i++) b->order[i] = (uint16_t)(2 * i + type);
    for (size_t i = 0; i < count; i++) {
        const size_t other = i + below(draws[i], of_type - i);
        const uint16_t axon = b->order[other];
        b->order[other] = b->order[i];
        b->crossbar[axon * b->words + neuron / 64] |= UINT64_C(1) << neuron % 64;
    }
}

static void draw_crossbar(builder *b, size_t core) {
    const size_t axons = (size_t)b->c->axons, synapses = (size_t)b->c->synapses;
    const size_t exciting = (synapses + 1) / 2, inhibiting = synapses / 2;
    const weft_rng rng = stream_of(b, core, DRAW_SYNAPSES);
    memset(b->crossbar, 0, axons * b->words * sizeof *b->crossbar);
    for (size_t n = 0; n < (size_t)b->c->neurons; n++) {
        weft_rng_fill_u32(&rng, n * axons, synapses, b->draws);
        connect(b, n, 0, exciting, (axons + 1) / 2, b->draws);
        connect(b, n, 1, inhibiting, axons / 2, b->draws + exciting);
    }
}

/* Steps along one dimension, of mean length `mean`, either way: geometric by inversion. */
static int64_t step_of(uint32_t draw, double mean) {
    const double u = ((double)(draw >> 1) + 0.5) * 0x1p-31;
    const int64_t length = mean > 0 ? (int64_t)(weft_log(u) / weft_log(mean / (1 + mean))) : 0;
    return draw & 1 ? -length : length;
}

/* A core at a random distance; steps over the chip's edge are drawn again, and at last left out. */
static size_t near_core(const builder *b, size_t core, uint64_t neuron) {
    const int64_t width = b->c->cores[0], height = b->c->cores[1];
    const int64_t x = (int64_t)core % width, y = (int64_t)core / width;
    const weft_rng rng = stream_of(b, neuron, DRAW_DISTANCES);
    for (uint64_t i = 0; i < REDRAWS; i++) {
        const int64_t to_x = x + step_of(weft_rng_u32(&rng, 2 * i), b->c->distance / 2);
        const int64_t to_y = y + step_of(weft_rng_u32(&rng, 2 * i + 1), b->c->distance / 2);
        if (to_x >= 0 && to_x < width && to_y >= 0 && to_y < height) return (size_t)(to_y * width + to_x);
    }
    return core;
}

static void draw_targets(builder *b, size_t core) {
    const size_t neurons = (size_t)b->c->neurons, axons = (size_t)b->c->axons;
    const weft_rng rng = stream_of(b, core, DRAW_DELAYS);
    const uint64_t delays = (uint64_t)(b->c->delays[1] - b->c->delays[0] + 1);
    weft_rng_fill_u32(&rng, 0, neurons, b->draws);
    for (size_t n = 0; n < neurons; n++) {
        const size_t number = core * neurons + n;
        weft_spike_target *t = &b->targets[n];
        if (b->pairing) {
            const size_t axon = b->pairing[number % (b->cores * axons)];
            t->core = (uint32_t)(axon / axons);
            t->axon = (uint16_t)(axon % axons);
        } else {
            t->core = (uint32_t)near_core(b, core, number);
            t->axon = (uint16_t)(b->taken[t->core]++ % axons);
        }
        t->delay = (uint16_t)(b->c->delays[0] + below(b->draws[n], delays));
    }
}

/* Anywhere below the threshold, so that the neurons do not fire together. */
static void draw_membranes(builder *b, size_t core) {
    const weft_rng rng = stream_of(b, core, DRAW_MEMBRANES);
    weft_rng_fill_u32(&rng, 0, (size_t)b->c->neurons, b->draws);
    for (size_t n = 0; n < (size_t)b->c->neurons; n++)
        b->initial[n] = (int32_t)below(b->draws[n], (uint64_t)b->neuron.threshold);
}

/* ---- the chip ---- */

static weft_status add_core(builder *b, weft_spike_chip *chip, size_t core, weft_error *err) {
    void *state = NULL;
    draw_crossbar(b, core);
    draw_targets(b, core);
    draw_membranes(b, core);
    const weft_truenorth_config config = {.axons = (int)b->c->axons,
                                          .neurons = (int)b->c->neurons,
                                          .types = b->types,
                                          .crossbar = b->crossbar,
                                          .parameters = b->parameters,
                                          .initial = b->initial,
                                          .seed = (uint64_t)b->c->seed,
                                          .core = (uint32_t)core};
    WEFT_TRY(weft_truenorth_create(&state, &config, err));
    const weft_spike_core added = {.kind = &weft_truenorth_kind,
                                   .state = state,
                                   .axons = config.axons,
                                   .neurons = config.neurons,
                                   .x = (int)(core % (size_t)b->c->cores[0]),
                                   .y = (int)(core / (size_t)b->c->cores[0]),
                                   .first = b->first,
                                   .targets = b->targets};
    return weft_spike_chip_add(chip, &added, err);
}

static weft_status allocate(builder *b, weft_error *err) {
    const size_t axons = (size_t)b->c->axons, neurons = (size_t)b->c->neurons;
    b->cores = (size_t)b->c->cores[0] * (size_t)b->c->cores[1];
    b->words = (neurons + 63) / 64;
    b->taken = calloc(b->cores, sizeof *b->taken);
    b->types = calloc(axons, sizeof *b->types);
    b->crossbar = calloc(axons * b->words, sizeof *b->crossbar);
    b->order = calloc(axons, sizeof *b->order);
    b->draws = calloc(axons + neurons, sizeof *b->draws);
    b->initial = calloc(neurons, sizeof *b->initial);
    b->first = calloc(neurons + 1, sizeof *b->first);
    b->targets = calloc(neurons, sizeof *b->targets);
    if (b->c->distance <= 0) b->pairing = malloc(b->cores * axons * sizeof *b->pairing);
    if (!b->taken || !b->types || !b->crossbar || !b->order || !b->draws || !b->initial || !b->first || !b->targets ||
        (b->c->distance <= 0 && !b->pairing))
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for a random network of %zu cores", b->cores);
    for (size_t a = 0; a < axons; a++) b->types[a] = (uint8_t)(a % 2);
    for (size_t n = 0; n <= neurons; n++) b->first[n] = n;
    if (b->pairing) {
        const weft_rng rng = stream_of(b, 0, DRAW_TARGETS);
        weft_rng_permutation(&rng, b->cores * axons, b->pairing);
    }
    return WEFT_OK;
}

static void release(builder *b) {
    weft_truenorth_neurons_release(b->parameters);
    free(b->pairing);
    free(b->taken);
    free(b->types);
    free(b->crossbar);
    free(b->order);
    free(b->draws);
    free(b->initial);
    free(b->first);
    free(b->targets);
}

weft_status weft_spike_random_build(weft_spike_chip **out, const weft_spike_random *config, weft_error *err) {
    builder b = {.c = config};
    char text[160];
    const char *key = problem_of(config, text, sizeof text);
    weft_spike_chip *chip = NULL;
    weft_status status = WEFT_OK;
    *out = NULL;
    if (key) return weft_error_set(err, WEFT_E_INVALID, "%s: %s", key, text);
    WEFT_TRY_GOTO(weft_spike_random_neuron(&b.neuron, config, err));
    WEFT_TRY_GOTO(weft_truenorth_neurons_create(&b.parameters, &b.neuron, 1, err));
    WEFT_TRY_GOTO(allocate(&b, err));
    WEFT_TRY_GOTO(weft_spike_chip_create(&chip, err));
    for (size_t core = 0; core < b.cores; core++) WEFT_TRY_GOTO(add_core(&b, chip, core, err));
    WEFT_TRY_GOTO(weft_spike_chip_ready(chip, err));
    *out = chip;
cleanup:
    release(&b);
    if (status != WEFT_OK) weft_spike_chip_destroy(chip);
    return status;
}
