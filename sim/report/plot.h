/* Runs gnuplot on a script and takes the SVG from its standard output. */
#ifndef WEFT_SIM_REPORT_PLOT_H
#define WEFT_SIM_REPORT_PLOT_H

#include "core/status.h"

/* *svg: malloc'd "<svg ...>...</svg>", or NULL when gnuplot is missing or failed (that is no error). The script lies in
 * an unnamed temporary file in folder meanwhile. Errors: IO, MEMORY. */
weft_status weft_plot_svg(char **svg, const char *script, size_t size, const char *folder, weft_error *err);

#endif
