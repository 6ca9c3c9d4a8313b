/* One tick of a vector of neurons. Compiled for several vector widths: every operation is on one neuron alone. */
#include "core/clones.h"
#include "sim/spike/neuron_internal.h"

#if defined(__GNUC__)
#define NEURON_INLINE static inline __attribute__((always_inline))
#else
#define NEURON_INLINE static inline
#endif

enum { V_LIMIT = (1 << 23) - 1, U_MASK = (1 << 24) - 1, DECAY_BITS = 12 };

/* Constant k of neuron i, from an array of one element or of all. */
#define OF(k, i) ((k)[uniform ? 0 : (i)])

/* Flags, and 0 or 1 in fired: `spiking`, `current` and `uniform` are known where this is inlined. */
NEURON_INLINE unsigned float_body(weft_neurons *n, int first, int count, const double *x, uint8_t *fired, bool uniform,
                                  bool current) {
    const int at = uniform ? 0 : first;
    const double *decay = n->constant[WEFT_NEURON_V_DECAY].d + at, *gain = n->constant[WEFT_NEURON_V_GAIN].d + at;
    const double *shift = n->constant[WEFT_NEURON_V_SHIFT].d + at,
                 *threshold = n->constant[WEFT_NEURON_THRESHOLD].d + at;
    const double *reset = n->constant[WEFT_NEURON_V_RESET].d + at, *through = n->constant[WEFT_NEURON_V_CURRENT].d + at;
    const double *i_decay = n->constant[WEFT_NEURON_I_DECAY].d + at, *i_gain = n->constant[WEFT_NEURON_I_GAIN].d + at;
    const double *i_shift = n->constant[WEFT_NEURON_I_SHIFT].d + at;
    double *v = n->state[0].d + first, *current_of = current ? n->state[1].d + first : NULL;
    const bool spiking = n->model->spiking, subtract = n->subtract;
    unsigned changed = 0, any = 0;
    WEFT_INDEPENDENT
    for (int i = 0; i < count; i++) {
        double next = OF(decay, i) * v[i] + OF(gain, i) * x[i] + OF(shift, i);
        if (current) {
            const double old = current_of[i];
            next += OF(through, i) * old;
            current_of[i] = OF(i_decay, i) * old + OF(i_gain, i) * x[i] + OF(i_shift, i);
            changed |= current_of[i] != old;
        }
        const bool fire = spiking && next > OF(threshold, i);
        const double back = subtract ? next - OF(threshold, i) : OF(reset, i);
        next = fire ? back : next;
        changed |= next != v[i];
        any |= fire;
        v[i] = next;
        fired[i] = fire;
    }
    return (changed ? WEFT_NEURON_CHANGED : 0u) | (any ? WEFT_NEURON_FIRED : 0u);
}

WEFT_CLONES unsigned weft_neurons_step_linear(weft_neurons *neurons, int first, int count, const void *input,
                                              uint8_t *fired) {
    return neurons->uniform ? float_body(neurons, first, count, input, fired, true, false)
                            : float_body(neurons, first, count, input, fired, false, false);
}

WEFT_CLONES unsigned weft_neurons_step_current(weft_neurons *neurons, int first, int count, const void *input,
                                               uint8_t *fired) {
    return neurons->uniform ? float_body(neurons, first, count, input, fired, true, true)
                            : float_body(neurons, first, count, input, fired, false, true);
}

unsigned weft_neurons_step_threshold(weft_neurons *neurons, int first, int count, const void *input, uint8_t *fired) {
    const double *x = input, *threshold = neurons->constant[WEFT_NEURON_THRESHOLD].d;
    unsigned any = 0;
    for (int i = 0; i < count; i++) any |= fired[i] = x[i] > threshold[neurons->uniform ? 0 : first + i];
    return any ? WEFT_NEURON_FIRED : 0u;
}

/* x keep / 4096, rounded towards zero, for |x| up to 2^23 and keep up to 4096: in two parts that fit 32 bits. */
NEURON_INLINE int32_t decayed(int32_t x, int32_t keep) {
    const int32_t sign = -(x < 0), m = (x ^ sign) - sign;
    const int32_t r = (m >> DECAY_BITS) * keep + ((m & ((1 << DECAY_BITS) - 1)) * keep >> DECAY_BITS);
    return (r ^ sign) - sign;
}

NEURON_INLINE int32_t clipped(int32_t x) { return x > V_LIMIT ? V_LIMIT : x < -V_LIMIT ? -V_LIMIT : x; }

/* Modulo 2^24 into -2^23 + 1 .. 2^23. */
NEURON_INLINE int32_t wrapped(uint32_t x) { return (int32_t)((x + V_LIMIT) & U_MASK) - V_LIMIT; }

NEURON_INLINE unsigned loihi_body(weft_neurons *n, int first, int count, const int32_t *restrict x,
                                  uint8_t *restrict fired, bool uniform) {
    const int at = uniform ? 0 : first;
    const int32_t *keep_u = n->constant[WEFT_LOIHI_KEEP_U].i + at, *keep_v = n->constant[WEFT_LOIHI_KEEP_V].i + at;
    const int32_t *threshold = n->constant[WEFT_LOIHI_THRESHOLD].i + at, *bias = n->constant[WEFT_LOIHI_BIAS].i + at;
    const int32_t *refractory = n->constant[WEFT_LOIHI_REFRACTORY].i + at, *wrap = n->constant[WEFT_LOIHI_WRAP].i + at;
    int32_t *restrict v = n->state[WEFT_LOIHI_V].i + first, *restrict u = n->state[WEFT_LOIHI_U].i + first;
    int32_t *restrict wait = n->state[WEFT_LOIHI_WAIT].i + first;
    const int32_t subtract = n->subtract ? -1 : 0;
    int32_t changed = 0, any = 0;
    WEFT_INDEPENDENT
    for (int i = 0; i < count; i++) {
        /* Choices by masks: the loop has no branches. */
        const int32_t above = OF(threshold, i), wraps = OF(wrap, i), waits = wait[i];
        const uint32_t sum = (uint32_t)decayed(u[i], OF(keep_u, i)) + (uint32_t)x[i];
        const int32_t current = (wrapped(sum) & wraps) | (clipped((int32_t)sum) & ~wraps);
        const int32_t waiting = -(waits > 0);
        const int32_t next = clipped(decayed(v[i], OF(keep_v, i)) + current + OF(bias, i)) & ~waiting;
        const int32_t fire = -(next > above);
        const int32_t after = (next - (above & fire)) & (~fire | subtract);
        const int32_t left = ((OF(refractory, i) - 1) & fire) | ((waits - 1) & waiting & ~fire);
        changed |= (current ^ u[i]) | (after ^ v[i]) | (left ^ waits);
        any |= fire;
        u[i] = current;
        v[i] = after;
        wait[i] = left;
        fired[i] = (uint8_t)(fire & 1);
    }
    return (changed ? WEFT_NEURON_CHANGED : 0u) | (any ? WEFT_NEURON_FIRED : 0u);
}

WEFT_CLONES unsigned weft_neurons_step_loihi(weft_neurons *neurons, int first, int count, const void *input,
                                             uint8_t *fired) {
    return neurons->uniform ? loihi_body(neurons, first, count, input, fired, true)
                            : loihi_body(neurons, first, count, input, fired, false);
}
