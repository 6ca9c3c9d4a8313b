/* Shared by core/spike_mapping_*.c. */
#ifndef WEFT_CORE_SPIKE_MAPPING_INTERNAL_H
#define WEFT_CORE_SPIKE_MAPPING_INTERNAL_H

#include "core/spike_mapping.h"

/* Words of the file; NULL-terminated, false and true. */
extern const char *const weft_spike_integrations[], *const weft_spike_resets[], *const weft_spike_booleans[];

/* At that line of the mapping's file, where it has one. */
weft_status weft_spike_mapping_bad(const weft_spike_mapping *mapping, weft_error *err, int line, const char *format,
                                   ...) WEFT_PRINTF(4, 5);

#endif
