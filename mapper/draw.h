/* SVG for the mapper's figures: a white page, text and rectangles in pixels, colours that keep apart for colour-blind
 * readers. Internal to mapper/. */
#ifndef WEFT_MAPPER_DRAW_H
#define WEFT_MAPPER_DRAW_H

#include <stdint.h>
#include <stdio.h>

#include "core/status.h"

typedef struct weft_colour {
    int red, green, blue; /* 0..255 */
} weft_colour;
/* Of `count` classes in an order; few get colours of their own, many a scale along which neighbours differ in
 * lightness. */
weft_colour weft_draw_class(int index, int count);
/* Heat, share 0..1: from light to dark. */
weft_colour weft_draw_heat(double share);

/* Begins a page; title is shown to screen readers. */
void weft_draw_open(FILE *stream, int width, int height, const char *title);
/* Ends it. IO when a write failed. */
weft_status weft_draw_close(FILE *stream, weft_error *err);
typedef enum weft_draw_anchor { WEFT_DRAW_START, WEFT_DRAW_MIDDLE, WEFT_DRAW_END } weft_draw_anchor;
/* At most `limit` characters, the rest becomes "..."; 0: no limit. */
void weft_draw_text(FILE *stream, double x, double y, int size, weft_draw_anchor anchor, const char *fill,
                    const char *text, int limit);
/* "12 345" into out, 32 bytes. */
const char *weft_draw_number(char *out, uint64_t value);
/* Name of a file without its folder; "network" for an empty path. */
const char *weft_draw_base_name(const char *path);

struct weft_chip;
/* The link figure alone: link_flits in the order of weft_place_link_flits; head: line above it. */
weft_status weft_draw_link_heat(FILE *stream, const struct weft_chip *chip, const uint64_t *link_flits,
                                const char *head, weft_error *err);

#endif
