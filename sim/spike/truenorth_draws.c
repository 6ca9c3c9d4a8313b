/* Random words of the TrueNorth core: own ones, or the caller's. */
#include <string.h>

#include "core/rng.h"
#include "sim/spike/truenorth_core.h"

enum { LANES = WEFT_TRUENORTH_LANES, AXON_WORDS = WEFT_TRUENORTH_SIZE_MAX / 4 };
enum { CORE_BITS = 22 }; /* elements of the bits of a core's number that have no room in the stream's name */

static void own_words(const weft_truenorth_core *core, uint64_t tick, weft_truenorth_draw what, uint64_t first,
                      int count, uint32_t *words) {
    const weft_rng rng = {.seed = core->seed,
                          .step = tick,
                          .layer = (uint16_t)core->core,
                          .purpose = (uint16_t)(WEFT_PURPOSE_SPIKE | (unsigned)what << 8)};
    weft_rng_fill_u32(&rng, ((uint64_t)(core->core >> 16) << CORE_BITS) + first, (size_t)count, words);
}

/* draws: [64 words], aligned to 4. */
static void own_bytes(const weft_truenorth_core *core, uint64_t tick, weft_truenorth_draw what, uint64_t first,
                      uint8_t *draws) {
    uint32_t *words = (uint32_t *)(void *)draws;
    own_words(core, tick, what, first, 16 * core->words, words);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (int i = 0; i < 16 * core->words; i++) words[i] = __builtin_bswap32(words[i]);
#endif
}

void weft_truenorth_leak_draws(const weft_truenorth_core *core, uint64_t tick, uint8_t *draws) {
    if (!core->generator) {
        own_bytes(core, tick, WEFT_TRUENORTH_LEAK, 0, draws);
        return;
    }
    memset(draws, 0, 64 * (size_t)core->words);
    for (int n = 0; n < core->neurons; n++)
        if (weft_truenorth_value(&core->parameters->leak_sign, n) != 0)
            draws[n] = (uint8_t)core->generator(core->context, WEFT_TRUENORTH_LEAK, tick, n, -1);
}

void weft_truenorth_threshold_draws(const weft_truenorth_core *core, uint64_t tick, uint32_t *draws) {
    if (!core->generator) {
        own_words(core, tick, WEFT_TRUENORTH_THRESHOLD, 0, 64 * core->words, draws);
        return;
    }
    memset(draws, 0, 64 * (size_t)core->words * sizeof *draws);
    for (int n = 0; n < core->neurons; n++)
        if (weft_truenorth_value(&core->parameters->random, n) != 0)
            draws[n] = core->generator(core->context, WEFT_TRUENORTH_THRESHOLD, tick, n, -1);
}

void weft_truenorth_synapse_draws(const weft_truenorth_core *core, uint64_t tick, int axon, uint8_t *draws) {
    if (!core->generator) {
        own_bytes(core, tick, WEFT_TRUENORTH_SYNAPSE, (uint64_t)axon * AXON_WORDS, draws);
        return;
    }
    const uint16_t *row = core->crossbar + 4 * (size_t)core->words * (size_t)axon;
    memset(draws, 0, 64 * (size_t)core->words);
    for (int n = 0; n < core->neurons; n++)
        if (row[n / LANES] >> n % LANES & 1 &&
            weft_truenorth_value(&core->parameters->sign[weft_truenorth_type(core, axon)], n) != 0)
            draws[n] = (uint8_t)core->generator(core->context, WEFT_TRUENORTH_SYNAPSE, tick, n, axon);
}
