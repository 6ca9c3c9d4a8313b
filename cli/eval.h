/* weft eval: the points of a sweep and their reports. */
#ifndef WEFT_CLI_EVAL_H
#define WEFT_CLI_EVAL_H

#include "cli/commands.h"

typedef struct weft_eval_cli_options {
    weft_common common;
    const char *network, *dataset, *recalibrate, *precision, *csv, *layers_csv, *images_csv;
    weft_texts transforms, sweeps;
    uint64_t images, draws, seed;
    bool layers;
} weft_eval_cli_options;

/* One distortion and what it gave. */
typedef struct weft_eval_point {
    weft_transform_chain chain;
    bool deployed;       /* no chain: the file's weights */
    char transform[512]; /* the chain's text */
    char parameter[64];  /* the swept one's name and value as written; "" for none */
    char value[64];
    weft_eval_result result;
    weft_eval_layer *layers; /* [layer_count] or NULL */
    uint32_t *wrong;         /* [images] draws that got the image wrong, or NULL */
} weft_eval_point;

typedef struct weft_eval_grid {
    weft_eval_point *points;
    int count, layer_count;
    uint8_t *labels; /* [images] or NULL */
    const weft_eval_cli_options *options;
    weft_sha256 hash; /* of the network's file */
    weft_precision precision;
    double seconds;
} weft_eval_grid;

#define WEFT_EVAL_POINTS_MAX 10000

/* The points of --transform and --sweep, without results. A sweep is a transform or a chain of which one parameter has
 * several values: a list "sigma=0,0.1,0.2", steps "sigma=0..1/0.1" with both ends, or both mixed. It works on the
 * weights after --transform. USAGE for what cannot be read. Release with weft_eval_grid_free, also after a failure. */
weft_status weft_eval_grid_make(weft_eval_grid *grid, const weft_eval_cli_options *options, weft_error *err);
void weft_eval_grid_free(weft_eval_grid *grid);

/* Text for people. The head of a table comes before the first point of a sweep. */
void weft_eval_print_head(const weft_eval_grid *grid, FILE *out);
void weft_eval_print_point(const weft_eval_grid *grid, const weft_eval_point *point, FILE *out);
weft_status weft_eval_write_json(const weft_eval_grid *grid, weft_error *err);
weft_status weft_eval_write_csv(const weft_eval_grid *grid, weft_error *err);        /* --csv: a row a point */
weft_status weft_eval_write_layers_csv(const weft_eval_grid *grid, weft_error *err); /* a row a point and layer */
weft_status weft_eval_write_images_csv(const weft_eval_grid *grid, weft_error *err); /* a row an image */

#endif
