/* weft run: what it was asked for, what it computed, and the reports. */
#ifndef WEFT_CLI_RUN_H
#define WEFT_CLI_RUN_H

#include "cli/records.h"

typedef struct weft_run_options {
    weft_common common;
    const char *network, *dataset, *input, *random, *precision, *csv;
    uint64_t images, calibrate;
    weft_spiking_options spiking;
    const char *dt, *integration, *reset;
    uint64_t seed;
} weft_run_options;

typedef struct weft_run {
    const weft_run_options *options;
    weft_network *net;
    weft_sha256 hash; /* of the network's file */
    weft_precision precision;
    size_t images, outputs; /* outputs: values an image */
    float *values;          /* [images, outputs] */
    const uint8_t *labels;  /* [images], NULL without */
    size_t errors;          /* wrong answers */
    size_t calibrated;      /* images that the ranges are from; 0: they are the file's, or none are needed */
    double seconds;
} weft_run;

/* Images: of a data set, an array or random ones. */
typedef struct weft_run_source {
    const weft_network *net;
    weft_dataset *set;
    weft_npy array;
    uint64_t seed;
    bool is_random;
    size_t count; /* images that there are; SIZE_MAX: any number */
} weft_run_source;
/* What the options name; sets run->images and run->labels, and binds the network's preprocessing. Close also after a
 * failure; the labels go with it. */
weft_status weft_run_open(weft_run_source *source, weft_run *run, weft_error *err);
/* A data set alone, which has to fit source->net. */
weft_status weft_run_open_set(weft_run_source *source, const char *dataset, weft_split split, weft_error *err);
void weft_run_close(weft_run_source *source);
/* x [count, channels, height, width] as the network takes it. */
weft_status weft_run_read(const weft_run_source *source, size_t first, size_t count, float *x, weft_error *err);

/* Index of the largest output of an image. */
size_t weft_run_answer(const weft_run *run, size_t image);
/* Text for people: the accuracy where there are labels, else the largest outputs of the first images. */
void weft_run_print(const weft_run *run, FILE *out);
weft_status weft_run_write_csv(const weft_run *run, weft_error *err); /* --csv: a row an image */
weft_status weft_run_write_json(const weft_run *run, weft_error *err);

/* Of a spiking network (run_spiking.c, run_spiking_report.c). */
weft_status weft_run_spiking(const weft_run_options *options, const weft_console *session, weft_error *err);

#endif
