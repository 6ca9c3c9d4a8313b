/* Inside weft convert: the conversion (convert.c) and what is told of it (convert_report.c). */
#ifndef WEFT_CLI_CONVERT_H
#define WEFT_CLI_CONVERT_H

#include "cli/commands.h"
#include "core/snn.h"

typedef struct weft_convert_options {
    weft_common common;
    const char *network, *out, *dataset, *percentile, *dt;
    uint64_t images;
} weft_convert_options;

typedef struct weft_convert {
    const weft_convert_options *options;
    const weft_console *session;
    double percentile, dt; /* dt: of a tick, s */
    weft_network *net;
    weft_sha256 hash; /* of the network's file */
    size_t images;    /* that thresholds are balanced on */
    float *scales;    /* [layers], see weft_forward_scales */
    weft_nir *nir;
    weft_snn *snn; /* of it */
} weft_convert;

/* What became of the network, and how to run it. */
void weft_convert_print(const weft_convert *convert, FILE *out);
weft_status weft_convert_write_json(const weft_convert *convert, weft_error *err);

#endif
