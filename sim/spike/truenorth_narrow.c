/* Neuron parameters in 16 bits. */
#include "sim/spike/truenorth_narrow.h"

#include <stdlib.h>

#include "core/arena.h"

enum { TYPES = WEFT_TRUENORTH_TYPES, LANES = WEFT_TRUENORTH_LANES, WORD = 64, COLUMNS = TYPES + 11 };

typedef struct pair {
    const weft_truenorth_column *from;
    weft_truenorth_narrow_column *to;
} pair;

static void pairs_of(pair pairs[COLUMNS], const weft_truenorth_neurons *n, weft_truenorth_narrow *to) {
    for (int type = 0; type < TYPES; type++) pairs[type] = (pair){&n->weight[type], &to->weight[type]};
    const pair others[] = {{&n->leak, &to->leak},
                           {&n->leak_sign, &to->leak_sign},
                           {&n->leak_size, &to->leak_size},
                           {&n->threshold, &to->threshold},
                           {&n->low, &to->low},
                           {&n->spike_value, &to->spike_value},
                           {&n->spike_keep, &to->spike_keep},
                           {&n->spike_subtract, &to->spike_subtract},
                           {&n->low_value, &to->low_value},
                           {&n->low_keep, &to->low_keep},
                           {&n->low_subtract, &to->low_subtract}};
    for (int i = TYPES; i < COLUMNS; i++) pairs[i] = others[i - TYPES];
}

static uint32_t most(const weft_truenorth_column *column, int count) {
    uint32_t largest = 0;
    for (int n = 0; n < count; n++) {
        const uint32_t size = (uint32_t)abs(weft_truenorth_value(column, n));
        largest = size > largest ? size : largest;
    }
    return largest;
}

static int16_t clamp(int32_t value) {
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

static void fill(const pair *columns, int16_t *memory, int count) {
    const int repeated = columns->from->varies ? count : WORD;
    for (int n = 0; n < repeated; n++) memory[n] = clamp(columns->from->values[columns->from->varies ? n : n % LANES]);
    columns->to->values = memory;
    columns->to->varies = columns->from->varies;
}

/* Where a membrane below the bound stops at it, its new value is the nearer one to 0; another reset may be anywhere. */
static uint32_t restart_most(const weft_truenorth_neurons *n) {
    uint32_t largest = most(&n->spike_value, n->count);
    for (int i = 0; i < n->count; i++) {
        const int32_t value = weft_truenorth_value(&n->low_value, i);
        const bool stops = value == weft_truenorth_value(&n->low, i);
        if (!stops && (uint32_t)abs(value) > largest) largest = (uint32_t)abs(value);
    }
    return largest;
}

weft_status weft_truenorth_narrow_create(weft_truenorth_narrow **out, const weft_truenorth_neurons *neurons,
                                         weft_error *err) {
    *out = NULL;
    if (neurons->stochastic_synapses || neurons->some_reversal || neurons->random_threshold) return WEFT_OK;
    if (restart_most(neurons) > WEFT_TRUENORTH_NARROW_MOST) return WEFT_OK;
    const size_t width = ((size_t)neurons->count + WORD - 1) / WORD * WORD;
    weft_truenorth_narrow *narrow = calloc(1, sizeof *narrow);
    int16_t *memory = weft_aligned_alloc(COLUMNS * width, sizeof *memory);
    if (!narrow || !memory) {
        free(narrow);
        weft_aligned_free(memory);
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d neurons", neurons->count);
    }
    pair pairs[COLUMNS];
    pairs_of(pairs, neurons, narrow);
    for (size_t i = 0; i < COLUMNS; i++) fill(&pairs[i], memory + i * width, neurons->count);
    for (int type = 0; type < TYPES; type++) {
        const uint32_t weight = most(&neurons->weight[type], neurons->count);
        narrow->strongest = weight > narrow->strongest ? weight : narrow->strongest;
    }
    narrow->leak_most = most(&neurons->leak, neurons->count) + most(&neurons->leak_sign, neurons->count);
    narrow->restart_most = restart_most(neurons);
    narrow->memory = memory;
    *out = narrow;
    return WEFT_OK;
}

void weft_truenorth_narrow_destroy(weft_truenorth_narrow *narrow) {
    if (!narrow) return;
    weft_aligned_free(narrow->memory);
    free(narrow);
}
