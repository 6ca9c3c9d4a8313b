/* Figures: runs gnuplot on a script and takes the picture from its standard output; what all our figures share. A
 * missing gnuplot is no error. */
#ifndef WEFT_CORE_PLOT_H
#define WEFT_CORE_PLOT_H

#include <stdio.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Okabe and Ito's colours, which keep apart for colour-blind readers. */
#define WEFT_PLOT_BLUE "#0072B2"
#define WEFT_PLOT_ORANGE "#E69F00"
#define WEFT_PLOT_GREEN "#009E73"

typedef enum weft_plot_format { WEFT_PLOT_SVG, WEFT_PLOT_PNG } weft_plot_format;

/* Beginning of a script: terminal, fonts, border, grid; no key. name: of the figure, unique in a page. Pixels. */
void weft_plot_head(FILE *script, weft_plot_format format, const char *name, int width, int height);
/* name reduced to letters, digits and a few marks: nothing that means something to gnuplot. */
void weft_plot_name(char *out, size_t out_size, const char *name);

/* Power of ten and prefix so that `largest` (in units of 10^exponent) has 1 to 3 digits before the point. */
double weft_plot_unit(double largest, int exponent, const char **prefix);

/* Between marks on an axis: 1, 2 or 5 times a power of ten, so that `parts` of them or a few less fill the length,
 * which is above 0. */
double weft_plot_step(double length, int parts);

/* *out: what gnuplot printed, malloc'd, with a zero behind its *out_size bytes; NULL when gnuplot is missing or failed.
 * The script lies in an unnamed temporary file in folder meanwhile. Errors: IO, MEMORY. */
weft_status weft_plot_draw(char **out, size_t *out_size, const char *script, size_t size, const char *folder,
                           weft_error *err);
/* *svg: "<svg ...>...</svg>" alone. */
weft_status weft_plot_svg(char **svg, const char *script, size_t size, const char *folder, weft_error *err);
/* The picture as a file; *drawn is false, and there is no file, when gnuplot is missing or failed. */
weft_status weft_plot_write(bool *drawn, const char *path, const char *script, size_t size, weft_error *err);
/* By suffix, .png or .svg; false for another. */
bool weft_plot_format_of(weft_plot_format *out, const char *path);

#ifdef __cplusplus
}
#endif
#endif
