#include <stdlib.h>

#include "mapper/passes.h"

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the flows between cores");
}

/* used[core]: the core holds something of the part. */
static void mark_cores(unsigned char *used, const weft_mapping *mapping, int part) {
    for (int s = 0; s < mapping->stage_count; s++) {
        const weft_mapped_stage *mapped = &mapping->stages[s];
        for (int t = 0; t < mapped->tile_count; t++)
            if (mapped->tiles[t].part == part) used[mapped->tiles[t].core] = 1;
        for (int b = 0; b < mapped->block_count; b++)
            if (mapped->blocks[b].part == part) used[mapped->blocks[b].core] = 1;
    }
}

weft_status weft_part_flows_create(weft_part_flows *out, const weft_traffic *traffic, const weft_mapping *mapping,
                                   const weft_chip *chip, int part, weft_error *err) {
    weft_status status = WEFT_OK;
    *out = (weft_part_flows){0, NULL, 0, NULL};
    unsigned char *used = calloc((size_t)chip->core_count, 1);
    int *number = calloc((size_t)chip->core_count + 1, sizeof *number);
    out->cores = malloc((size_t)chip->core_count * sizeof *out->cores);
    if (!used || !number || !out->cores) WEFT_TRY_GOTO(out_of_memory(err));
    mark_cores(used, mapping, part);
    for (int c = 0; c < chip->core_count; c++) {
        number[c] = out->core_count;
        if (used[c]) out->cores[out->core_count++] = c;
    }
    number[chip->host_terminal] = out->core_count;
    WEFT_TRY_GOTO(weft_traffic_flows(traffic, part, &out->flows, &out->flow_count, err));
    for (size_t i = 0; i < out->flow_count; i++) {
        out->flows[i].from = number[out->flows[i].from];
        out->flows[i].to = number[out->flows[i].to];
    }
cleanup:
    free(used);
    free(number);
    if (status != WEFT_OK) weft_part_flows_free(out);
    return status;
}

void weft_part_flows_free(weft_part_flows *flows) {
    free(flows->cores);
    free(flows->flows);
    *flows = (weft_part_flows){0, NULL, 0, NULL};
}
