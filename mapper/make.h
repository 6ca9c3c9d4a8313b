/* A mapping from files: what `weft map` does between its options and the mapping's file. */
#ifndef WEFT_MAPPER_MAKE_H
#define WEFT_MAPPER_MAKE_H

#include "core/text.h"
#include "mapper/mapper.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_map_work {
    weft_network *net;
    weft_stages *stages;
    weft_chip *chip;
    weft_mapping *mapping;
    weft_map_options options;
    weft_map_report report;
} weft_map_work;
void weft_map_work_free(weft_map_work *work); /* safe on a zeroed one */

/* Reads chip (with the settings) and network, unless they are there, lowers the network and maps it by work->options;
 * the mapping knows where it comes from, so that it can be written. Free the work also after a failure. */
weft_status weft_map_make(weft_map_work *work, const char *network, const char *chip, const weft_texts *set,
                          weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
