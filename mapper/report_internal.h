/* What the files of the report share: report.c (arrays, buffers), report_work.c (digital units and network of a stage),
 * report_parts.c (flows, links and pipeline of a part), report_bounds.c (bounds of the slowest arrays). */
#ifndef WEFT_MAPPER_REPORT_INTERNAL_H
#define WEFT_MAPPER_REPORT_INTERNAL_H

#include "mapper/passes.h"

typedef struct weft_account {
    weft_map_report *report;
    const weft_mapping *mapping;
    const weft_stages *stages;
    const weft_chip *chip;
    const weft_map_options *options;
    weft_load *loads;
    weft_traffic *traffic;
    uint64_t *digital;         /* [parts, core_count] events of the digital unit */
    uint64_t *stage_digital;   /* [core_count] of one stage; all 0 between uses */
    uint64_t *sent, *received; /* [core_count + 1] flits of one stage; likewise */
    uint64_t *part_cycles;     /* [parts] between two images */
} weft_account;

static inline uint64_t weft_larger(uint64_t a, uint64_t b) { return a > b ? a : b; }
static inline uint64_t weft_divide_up(uint64_t a, uint64_t b) { return (a + b - 1) / b; }
/* Positions of the matrix that the busiest copy computes. */
uint64_t weft_account_positions(const weft_account *a, int stage);
/* digital_cycles of a stage, and its events in `digital`. */
void weft_account_digital(weft_account *a, int stage);
/* network_cycles of a stage. */
void weft_account_network(weft_account *a, int stage);
/* Everything that is counted by part. array_cycles and `digital` are there. */
weft_status weft_account_parts(weft_account *a, weft_error *err);
/* Bounds of the slowest arrays. host_cycles, bottleneck_cycles and rounds_cycles are there. */
weft_status weft_account_bounds(weft_account *a, weft_error *err);

#endif
