/* The mapping checker; mapping_*.c only. */
#ifndef WEFT_CORE_MAPPING_INTERNAL_H
#define WEFT_CORE_MAPPING_INTERNAL_H

#include "core/mapping.h"

typedef struct weft_mapping_checker {
    const weft_mapping *mapping;
    const weft_stages *stages;
    const weft_chip *chip;
    weft_error *err;
} weft_mapping_checker;

/* INVALID at that line of the mapping file. */
weft_status weft_mapping_bad(const weft_mapping_checker *c, int line, const char *format, ...) WEFT_PRINTF(3, 4);
weft_status weft_mapping_no_memory(const weft_mapping_checker *c);
/* `stage "conv1"`, with the copy where there are several. */
enum { WEFT_STAGE_TEXT = 320 };
const char *weft_mapping_stage_text(char out[WEFT_STAGE_TEXT], const weft_mapped_stage *mapped, int copy);
/* Order of blocks and of tiles: by copy, column_begin, row_begin, then place. For qsort. */
int weft_mapping_compare_blocks(const void *a, const void *b);
int weft_mapping_compare_tiles(const void *a, const void *b);

/* Every weight of stage s in exactly one tile of each copy; its blocks and tiles are good one by one. */
weft_status weft_mapping_check_cover(const weft_mapping_checker *c, int s);
/* Every array used once in a part. */
weft_status weft_mapping_check_arrays(const weft_mapping_checker *c);
weft_status weft_mapping_check_buffers(const weft_mapping_checker *c);

#endif
