/* The page of a run on a spiking chip. */
#ifndef WEFT_SIM_REPORT_SPIKE_HTML_H
#define WEFT_SIM_REPORT_SPIKE_HTML_H

#include "sim/report/spike_report.h"

/* activity, raster: SVG files that are shown on it; NULL: none. */
void weft_spike_report_html(const weft_spike_report *report, const char *activity, const char *raster, FILE *stream);

#endif
