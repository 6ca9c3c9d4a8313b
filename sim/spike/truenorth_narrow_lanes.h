/* The tick of truenorth_narrow_kernels.c for blocks of LANES neurons, as vectors that every compiler lays on what
 * registers there are. Included once a width, with LANES defined: of vectors wider than the registers some compilers
 * make single numbers. Private to sim/spike. */
#define JOIN_AGAIN(name, lanes) name##_##lanes
#define JOIN(name, lanes) JOIN_AGAIN(name, lanes)
#define OF(name) JOIN(name, LANES) /* the width's own */
#define vector OF(vector)
#define bytes OF(bytes)
#define bit OF(bit)
#define BLOCKS (WORD / LANES)

typedef int16_t vector __attribute__((vector_size(2 * LANES)));
typedef uint8_t bytes __attribute__((vector_size(LANES)));

/* clang-format off */
static const vector bit = {1, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7,
#if LANES == 16
                           1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, INT16_MIN
#endif
};
/* clang-format on */

WEFT_INLINE void OF(get)(vector *to, const column *c, int neuron) { memcpy(to, values_of(c, neuron), sizeof *to); }

/* Bit i: lane i, which is -1 or 0. */
WEFT_INLINE uint64_t OF(bits_of)(const vector *mask) {
    const bytes flags = __builtin_convertvector(*mask, bytes) & 1;
    uint64_t bits = 0;
    for (int i = 0; i < LANES; i += 8) {
        uint64_t eight;
        memcpy(&eight, (const char *)&flags + i, sizeof eight);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        eight = __builtin_bswap64(eight);
#endif
        bits |= eight * UINT64_C(0x0102040810204080) >> 56 << i; /* bit 8 i to bit 56 + i */
    }
    return bits;
}

/* To the neurons of a word; returns who got any. */
WEFT_INLINE uint64_t OF(add_events)(tick *t, int word, vector v[BLOCKS]) {
    uint64_t touched = 0, synapses = 0;
    for (int e = 0; e < t->count; e++) {
        const uint64_t bits = word_of(row_of(t, t->axons[e], word));
        const column *weights = &t->neurons->weight[type_of(t, t->axons[e])];
        WEFT_UNROLL
        for (int b = 0; b < BLOCKS; b++) {
            vector weight;
            OF(get)(&weight, weights, WORD * word + LANES * b);
            const vector repeated = (int16_t)(bits >> LANES * b & ((1 << LANES) - 1)) - (vector){0};
            v[b] += weight & ((repeated & bit) == bit);
        }
        synapses += count_ones(bits);
        touched |= bits;
    }
    t->synapses += synapses;
    return touched;
}

WEFT_INLINE void OF(add_leak)(const tick *t, int neuron, vector *v) {
    vector leak, sign, size;
    OF(get)(&leak, &t->neurons->leak, neuron);
    *v += leak;
    if (!t->leak_draws) return;
    bytes draws;
    memcpy(&draws, t->leak_draws + neuron, sizeof draws);
    OF(get)(&sign, &t->neurons->leak_sign, neuron);
    OF(get)(&size, &t->neurons->leak_size, neuron);
    *v += sign & (__builtin_convertvector(draws, vector) <= size);
}

/* value + (v & keep) - (bound & subtract) in the lanes of mask. */
WEFT_INLINE void OF(restart)(vector *v, const vector *mask, int neuron, const column *values, const column *keeps,
                             const vector *bound, const column *subtracts) {
    vector value, keep, subtract;
    OF(get)(&value, values, neuron);
    OF(get)(&keep, keeps, neuron);
    OF(get)(&subtract, subtracts, neuron);
    *v = ((value + (*v & keep) - (*bound & subtract)) & *mask) | (*v & ~*mask);
}

/* Above and below exclude each other: low <= 0 <= threshold. Returns who fired. */
WEFT_INLINE uint64_t OF(cross)(tick *t, int neuron, vector *v) {
    const weft_truenorth_narrow *n = t->neurons;
    vector threshold, low;
    OF(get)(&threshold, &n->threshold, neuron);
    OF(get)(&low, &n->low, neuron);
    const vector above = *v >= threshold, below = *v < low;
    OF(restart)(v, &above, neuron, &n->spike_value, &n->spike_keep, &threshold, &n->spike_subtract);
    OF(restart)(v, &below, neuron, &n->low_value, &n->low_keep, &low, &n->low_subtract);
    if (!t->restless) {
        const vector awake = (*v >= threshold) | (*v < low);
        t->unrest |= OF(bits_of)(&awake) & existing(t, neuron / WORD) >> neuron % WORD;
    }
    return OF(bits_of)(&above);
}

WEFT_INLINE void OF(update_lanes)(tick *t) {
    for (int word = 0; word < t->words; word++) {
        vector v[BLOCKS];
        uint64_t fired = 0;
        memcpy(v, t->v + WORD * word, sizeof v);
        const uint64_t touched = OF(add_events)(t, word, v);
        WEFT_UNROLL
        for (int b = 0; b < BLOCKS; b++) {
            const int neuron = WORD * word + LANES * b;
            OF(add_leak)(t, neuron, &v[b]);
            fired |= OF(cross)(t, neuron, &v[b]) << LANES * b;
        }
        memcpy(t->v + WORD * word, v, sizeof v);
        t->fired[word] = fired & existing(t, word);
        t->active += count_ones(touched | t->fired[word]);
    }
}

#undef JOIN_AGAIN
#undef JOIN
#undef OF
#undef vector
#undef bytes
#undef bit
#undef BLOCKS
#undef LANES
