/* Inside the figures of the report. */
#ifndef WEFT_SIM_REPORT_FIGURES_H
#define WEFT_SIM_REPORT_FIGURES_H

#include "core/plot.h"
#include "sim/report/tables.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BLUE WEFT_PLOT_BLUE
#define ORANGE WEFT_PLOT_ORANGE
#define GREEN WEFT_PLOT_GREEN
#define HEAT "set palette defined (0 '#EFF3FA', 0.25 '#BDD3EA', 0.5 '#6BA5D3', 0.75 '#2A6FB0', 1 '#0B2C5F')\n"
#define PLOT_WIDTH 490 /* of a plot with a colour bar beside it */
#define TALLEST 900.0

void weft_report_figure_head(FILE *script, const char *name, int height);
/* Of timed images. */
void weft_report_draw_images(FILE *script, const weft_report_tables *tables);
void weft_report_draw_power(FILE *script, const weft_report_tables *tables);
void weft_report_draw_links(FILE *script, const weft_report_tables *tables);

#ifdef __cplusplus
}
#endif
#endif
