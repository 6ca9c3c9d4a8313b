/* Mapper: stages onto a chip. Passes, one file each: partition.c (tiles), place.c (tiles to arrays of cores on the
 * mesh); the check is core's weft_mapping_check, run on every result. */
#ifndef WEFT_MAPPER_MAPPER_H
#define WEFT_MAPPER_MAPPER_H

#include <stdio.h>

#include "core/mapping.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the result costs; for the terminal and --json. */
typedef struct weft_map_summary {
    int arrays_needed, arrays_available, cores_used, cores_available;
    double cell_utilisation_percent; /* weight cells used / cells of the arrays used */
    uint64_t flit_hops_per_image;    /* sum over packets of flits x links */
} weft_map_summary;

/* A mapping that passes weft_mapping_check. NO_FIT names the layer where the budget ran out, the limit (arrays, core
 * buffer), what is needed and the smallest single change that would make it fit (mesh of W x H, more arrays a core,
 * fewer weight bits). Paths and hashes are the caller's to fill. Deterministic. */
weft_status weft_map(weft_mapping **out, weft_map_summary *summary, const weft_stages *stages, const weft_chip *chip,
                     weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
