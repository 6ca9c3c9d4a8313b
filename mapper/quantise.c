#include <stdlib.h>

#include "mapper/passes.h"

static void widen(float range[2], bool *known, float low, float high) {
    if (low == 0.0f && high == 0.0f) return;
    if (!*known || low < range[0]) range[0] = low;
    if (!*known || high > range[1]) range[1] = high;
    *known = true;
}

/* A stage's input range is that of all outputs which its port takes together, and they share a scale. */
weft_status weft_quantise(weft_mapping *mapping, const weft_stages *stages, weft_map_log *log, weft_error *err) {
    float(*ranges)[2] = calloc((size_t)stages->count + 1, sizeof *ranges);
    bool *known = calloc((size_t)stages->count + 1, sizeof *known);
    bool good = ranges && known;
    int count = 0;
    for (int s = 0; good && s < stages->count; s++) {
        const weft_stage *stage = &stages->items[s];
        for (int i = 0; i < stage->ports[0].source_count; i++) {
            int owner = stages->range_of[1 + stage->ports[0].sources[i].stage];
            widen(ranges[owner], &known[owner], stage->input_min, stage->input_max);
        }
    }
    for (int s = 0; good && s < stages->count; s++) {
        mapping->stages[s].output_min = ranges[stages->range_of[1 + s]][0];
        mapping->stages[s].output_max = ranges[stages->range_of[1 + s]][1];
    }
    for (int s = 0; good && s + 1 < stages->count; s++) count += known[stages->range_of[1 + s]];
    if (good) {
        mapping->input_min = ranges[stages->range_of[0]][0];
        mapping->input_max = ranges[stages->range_of[0]][1];
    }
    free(ranges);
    free(known);
    if (!good) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while collecting ranges");
    return weft_map_log_add(log, err, "quantise: the file knows the ranges of %d of %d outputs%s", count,
                            stages->count - 1, count < stages->count - 1 ? ", the simulator finds the others" : "");
}
