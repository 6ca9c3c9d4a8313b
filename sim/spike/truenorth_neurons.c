/* Neuron parameters as columns. */
#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "sim/spike/truenorth_narrow.h"

enum { LANES = WEFT_TRUENORTH_LANES, TYPES = WEFT_TRUENORTH_TYPES, COLUMNS = 3 * TYPES + 15 };

/* ---- ranges ---- */

typedef struct bound {
    const char *name;
    int value, least, most;
} bound;

static weft_status check_neuron(const weft_truenorth_neuron *n, int number, weft_error *err) {
    const int least = WEFT_TRUENORTH_WEIGHT_MIN, most = WEFT_TRUENORTH_WEIGHT_MAX;
    const int threshold = (1 << WEFT_TRUENORTH_THRESHOLD_BITS) - 1;
    const bound bounds[] = {
        {"weight of type 0", n->weight[0], least, most},
        {"weight of type 1", n->weight[1], least, most},
        {"weight of type 2", n->weight[2], least, most},
        {"weight of type 3", n->weight[3], least, most},
        {"leak", n->leak, least, most},
        {"threshold", n->threshold, 0, threshold},
        {"negative threshold", n->negative_threshold, 0, threshold},
        {"random bits of the threshold", n->threshold_bits, 0, WEFT_TRUENORTH_THRESHOLD_BITS},
        {"reset mode", (int)n->reset_mode, WEFT_TRUENORTH_NORMAL, WEFT_TRUENORTH_NONE},
        {"reset value", n->reset, WEFT_TRUENORTH_MEMBRANE_MIN, WEFT_TRUENORTH_MEMBRANE_MAX},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (bounds[i].value < bounds[i].least || bounds[i].value > bounds[i].most)
            return weft_error_set(err, WEFT_E_INVALID, "neuron %d: %s %d; allowed are %d .. %d", number, bounds[i].name,
                                  bounds[i].value, bounds[i].least, bounds[i].most);
    return WEFT_OK;
}

/* ---- columns ---- */

static int sign_of(int value) { return (value > 0) - (value < 0); }

static int mask_if(bool condition) { return condition ? -1 : 0; }

/* Value of a deterministic or stochastic step as its three columns. */
static int32_t *put_step(int32_t *to, int step, bool stochastic) {
    *to++ = stochastic ? 0 : step;
    *to++ = stochastic ? sign_of(step) : 0;
    *to++ = stochastic && step != 0 ? abs(step) : -1;
    return to;
}

/* One neuron's values in the order of `columns_of`. */
static void values_of(int32_t values[COLUMNS], const weft_truenorth_neuron *n) {
    const int32_t random = (1 << n->threshold_bits) - 1;
    const bool normal = n->reset_mode == WEFT_TRUENORTH_NORMAL, linear = n->reset_mode == WEFT_TRUENORTH_LINEAR;
    const int opposite = n->reset == WEFT_TRUENORTH_MEMBRANE_MIN ? WEFT_TRUENORTH_MEMBRANE_MAX : -n->reset;
    int32_t *to = values;
    for (int type = 0; type < TYPES; type++) to = put_step(to, n->weight[type], n->stochastic_weight[type]);
    to = put_step(to, n->leak, n->stochastic_leak);
    *to++ = mask_if(n->leak_reversal);
    *to++ = mask_if(n->leak != 0);
    *to++ = n->threshold;
    *to++ = random;
    *to++ = -n->negative_threshold;
    *to++ = n->saturate ? 0 : random;
    *to++ = normal ? n->reset : 0;
    *to++ = mask_if(!normal);
    *to++ = mask_if(linear);
    *to++ = n->saturate ? -n->negative_threshold : normal ? opposite : 0;
    *to++ = mask_if(!n->saturate && !normal);
    *to++ = mask_if(!n->saturate && linear);
    assert(to == values + COLUMNS);
}

static void columns_of(weft_truenorth_column *columns[COLUMNS], weft_truenorth_neurons *n) {
    weft_truenorth_column **to = columns;
    for (int type = 0; type < TYPES; type++) {
        *to++ = &n->weight[type];
        *to++ = &n->sign[type];
        *to++ = &n->size[type];
    }
    weft_truenorth_column *const others[] = {&n->leak,       &n->leak_sign,   &n->leak_size,   &n->reversal,
                                             &n->leaks,      &n->threshold,   &n->random,      &n->low,
                                             &n->low_random, &n->spike_value, &n->spike_keep,  &n->spike_subtract,
                                             &n->low_value,  &n->low_keep,    &n->low_subtract};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) *to++ = others[i];
    assert(to == columns + COLUMNS);
}

/* One value that all neurons have is repeated over a block. */
static void settle(weft_truenorth_column *column, int32_t *memory, int count) {
    bool same = true;
    for (int n = 1; n < count; n++) same = same && memory[n] == memory[0];
    for (int n = 1; same && n < LANES; n++) memory[n] = memory[0];
    column->values = memory;
    column->varies = same ? 0 : SIZE_MAX;
}

static void note_kinds(weft_truenorth_neurons *to, const weft_truenorth_neuron *n) {
    for (int type = 0; type < TYPES; type++)
        if (n->stochastic_weight[type] && n->weight[type] != 0)
            to->stochastic_synapses = to->stochastic_type[type] = true;
    if (n->stochastic_leak && n->leak != 0) to->stochastic_leak = true;
    if (n->leak_reversal && n->leak != 0) to->some_reversal = true;
    if (n->threshold_bits > 0) to->random_threshold = true;
    if (!n->leak_reversal && n->leak != 0) to->restless = true;
}

weft_status weft_truenorth_neurons_create(weft_truenorth_neurons **out, const weft_truenorth_neuron *neurons, int count,
                                          weft_error *err) {
    *out = NULL;
    if (count < 1 || count > WEFT_TRUENORTH_SIZE_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "%d neurons; allowed are 1 .. %d", count,
                              (int)WEFT_TRUENORTH_SIZE_MAX);
    for (int n = 0; n < count; n++) WEFT_TRY(check_neuron(&neurons[n], n, err));
    const size_t width = ((size_t)count + 63) / 64 * 64;
    weft_truenorth_neurons *packed = calloc(1, sizeof *packed);
    int32_t *memory = weft_aligned_alloc(COLUMNS * width, sizeof *memory), values[COLUMNS];
    if (!packed || !memory) {
        free(packed);
        weft_aligned_free(memory);
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d neurons", count);
    }
    for (int n = 0; n < count; n++) {
        values_of(values, &neurons[n]);
        note_kinds(packed, &neurons[n]);
        for (size_t i = 0; i < COLUMNS; i++) memory[i * width + (size_t)n] = values[i];
    }
    weft_truenorth_column *columns[COLUMNS];
    columns_of(columns, packed);
    packed->shared = true;
    for (size_t i = 0; i < COLUMNS; i++) {
        settle(columns[i], memory + i * width, count);
        packed->shared = packed->shared && !columns[i]->varies;
    }
    packed->count = count;
    packed->shares = 1;
    packed->memory = memory;
    const weft_status status = weft_truenorth_narrow_create(&packed->narrow, packed, err);
    if (status == WEFT_OK)
        *out = packed;
    else
        weft_truenorth_neurons_release(packed);
    return status;
}

/* ---- memory of the cores ---- */

enum { CHUNK_MOST = 1 << 23 }; /* bytes */

struct weft_truenorth_chunk {
    _Alignas(64) weft_truenorth_chunk *next;
    size_t used, size; /* bytes, this header's among them */
};

void *weft_truenorth_take(weft_truenorth_neurons *neurons, size_t bytes) {
    weft_truenorth_chunk *chunk = neurons->chunks;
    bytes = (bytes + 63) / 64 * 64;
    if (!chunk || chunk->size - chunk->used < bytes) {
        const size_t twice = !chunk ? 0 : chunk->size < CHUNK_MOST / 2 ? 2 * chunk->size : CHUNK_MOST;
        const size_t size = twice > sizeof *chunk + bytes ? twice : sizeof *chunk + bytes;
        chunk = weft_pages_alloc(size, 1);
        if (!chunk) return NULL;
        *chunk = (weft_truenorth_chunk){neurons->chunks, sizeof *chunk, size};
        neurons->chunks = chunk;
    }
    void *block = (char *)chunk + chunk->used;
    chunk->used += bytes;
    return block;
}

void weft_truenorth_neurons_release(weft_truenorth_neurons *neurons) {
    if (!neurons || --neurons->shares > 0) return;
    for (weft_truenorth_chunk *chunk = neurons->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        weft_aligned_free(chunk);
    }
    weft_truenorth_narrow_destroy(neurons->narrow);
    weft_aligned_free(neurons->memory);
    free(neurons);
}
