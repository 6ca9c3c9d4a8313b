/* Inside weft noc: one run or a sweep of rates (noc_sweep.c), the answer (noc_report.c) and the curve (noc_plot.c). */
#ifndef WEFT_CLI_NOC_H
#define WEFT_CLI_NOC_H

#include "cli/commands.h"
#include "core/chip.h"
#include "sim/noc/noc_measure.h"

typedef struct weft_noc_options {
    weft_common common;
    const char *chip, *traffic, *rate, *csv, *plot;
    weft_texts set;
    uint64_t packet_flits, cycles, warmup, seed, hot_node, hot_percent;
    bool sweep;
} weft_noc_options;

typedef struct weft_noc_point {
    double rate;
    weft_noc_measurement measured;
} weft_noc_point;

typedef struct weft_noc_look {
    const weft_noc_options *options;
    const weft_console *session;
    weft_chip *chip;
    weft_noc_config config;
    weft_packet_list list;            /* of a file; empty: a pattern */
    weft_noc_measure_options measure; /* rate: of a single run; of a sweep the highest */
    weft_noc_point *points;           /* by rate; a single run has one */
    int count;
    double saturation; /* sweep: the highest rate without saturation; NaN: even the lowest is saturated */
    const char *step;  /* what progress tells */
} weft_noc_look;

/* Measures a rate and appends it. */
weft_status weft_noc_look_add(weft_noc_look *look, double rate, weft_error *err);
/* Rates up to saturation, then between the last two until they are close. */
weft_status weft_noc_sweep(weft_noc_look *look, weft_error *err);
void weft_noc_print(const weft_noc_look *look, FILE *out);
weft_status weft_noc_write_json(const weft_noc_look *look, weft_error *err);
weft_status weft_noc_write_csv(const weft_noc_look *look, weft_error *err);
/* *drawn: false without gnuplot. */
weft_status weft_noc_draw(const weft_noc_look *look, bool *drawn, weft_error *err);

#endif
