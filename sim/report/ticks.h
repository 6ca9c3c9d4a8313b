/* What `weft replay` and `weft sim` tell of a spiking chip's time. */
#ifndef WEFT_SIM_REPORT_TICKS_H
#define WEFT_SIM_REPORT_TICKS_H

#include <stdio.h>

#include "sim/report/json.h"
#include "sim/spike/timing.h"

typedef struct weft_ticks_report {
    const weft_chip *chip;
    weft_spike_timing_result result;
    weft_spike_timing_summary summary;
} weft_ticks_report;
weft_ticks_report weft_ticks_report_of(const weft_chip *chip, const weft_spike_timing *timing);
/* Lines for people. */
void weft_ticks_print(FILE *out, const weft_ticks_report *report);
/* An object under that key. */
void weft_ticks_json(weft_json *json, const char *key, const weft_ticks_report *report);
/* CSV, a row a tick. */
void weft_ticks_print_csv(FILE *out, const weft_ticks_report *report);

#endif
