/* Shared by the pictures of spiking runs. */
#ifndef WEFT_SIM_REPORT_RASTER_INTERNAL_H
#define WEFT_SIM_REPORT_RASTER_INTERNAL_H

#include "sim/report/figures.h"
#include "sim/report/raster.h"

enum { WEFT_RASTER_WIDTH = 760 };
/* Between a panel and the picture's sides, as shares of its width. */
#define WEFT_RASTER_LEFT 0.11
#define WEFT_RASTER_RIGHT 0.97

/* What prints a picture's script. */
typedef void weft_raster_print(FILE *script, weft_plot_format format, const void *context);
weft_status weft_raster_picture(bool *drawn, const char *path, weft_raster_print *print, const void *context,
                                weft_error *err);
/* Units of the x axis a tick: ms, or ticks where they have no length; its label. */
static inline double weft_raster_tick(double tick_s) { return tick_s > 0 ? tick_s * 1e3 : 1; }
static inline const char *weft_raster_time(double tick_s) { return tick_s > 0 ? "time (ms)" : "tick"; }

#endif
