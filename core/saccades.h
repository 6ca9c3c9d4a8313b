/* The moving camera of core/spike_coding.h. */
#ifndef WEFT_CORE_SACCADES_H
#define WEFT_CORE_SACCADES_H

#include "core/spike_coding.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Events of one image from first_tick on, in ticks of coding->tick_s, in any order. MEMORY. */
weft_status weft_saccades_add(weft_spikes *out, const weft_coding *coding, const uint8_t *pixels, weft_shape shape,
                              uint64_t first_tick, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
