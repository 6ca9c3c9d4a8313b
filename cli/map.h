/* Shared by the files of 'weft map': map.c (what is done), map_calibrate.c, map_draw.c, map_report.c (what is shown of
 * it). */
#ifndef WEFT_CLI_MAP_H
#define WEFT_CLI_MAP_H

#include "cli/stimulus.h"
#include "mapper/make.h"

typedef struct weft_map_request {
    weft_common common;
    const char *network, *chip, *out, *objective, *placer, *floor, *links, *calibrate, *dt, *integration, *reset;
    weft_texts set;
    uint64_t seed, arrays, chips, parts, calibration_images;
    bool check, explain, no_replicate, round;
} weft_map_request;

/* Of spiking networks (map_spiking.c); options: objective, placer, seed and compare are taken. */
weft_status weft_map_spiking(const weft_map_request *request, const weft_map_options *options,
                             const weft_console *session, weft_error *err);
weft_status weft_map_spiking_check(const weft_map_request *request, const weft_map_options *options,
                                   const weft_console *session, weft_error *err);

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
/* An array of them. */
void weft_map_json_placers(weft_json *json, const weft_map_placement *placements, int count);
/* All of that, to a file; name: the mapping's. */
weft_status weft_map_write_json(const weft_map_work *work, const char *name, const char *path, weft_error *err);

#endif
