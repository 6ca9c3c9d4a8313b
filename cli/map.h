/* Shared by the files of 'weft map': map.c (what is done), map_calibrate.c, map_draw.c, map_report.c (what is shown of
 * it). */
#ifndef WEFT_CLI_MAP_H
#define WEFT_CLI_MAP_H

#include "cli/commands.h"
#include "mapper/make.h"

/* Sets the mapping's ranges to what the mapped network's activations reach on the first `images` training images of the
 * data set, as the training saw them. */
weft_status weft_map_calibrate(weft_map_work *work, const char *dataset, size_t images, weft_error *err);
typedef weft_status weft_map_draw_part(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip,
                                       int part, FILE *stream, weft_error *err);
/* A drawing of each part: "a.svg", "a-1.svg", ... NULL path: none. */
weft_status weft_map_draw_parts(const weft_map_work *work, const char *path, weft_map_draw_part *drawing,
                                weft_error *err);
/* A row a stage. */
void weft_map_print_table(const weft_map_work *work, FILE *stream);
/* One line on the whole chip. */
void weft_map_print_summary(const weft_map_work *work, FILE *stream);
/* Objective, passes, cost of every stage, bounds, placers. */
void weft_map_print_explanation(const weft_map_work *work, FILE *stream);
/* All of that, to a file; name: the mapping's. */
weft_status weft_map_write_json(const weft_map_work *work, const char *name, const char *path, weft_error *err);

#endif
