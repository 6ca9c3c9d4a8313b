/* What a file on the command line is, by its first bytes or its keys. An argument's row says which kinds it takes
 * (weft_option.takes), so that a file of another kind is named, with the commands that take it, instead of failing in a
 * parser that it was never meant for. */
#ifndef WEFT_CLI_FILE_KIND_H
#define WEFT_CLI_FILE_KIND_H

#include "cli/options.h"

typedef enum weft_file_kind {
    WEFT_FILE_ONNX,
    WEFT_FILE_NIR,
    WEFT_FILE_MAPPING,
    WEFT_FILE_SPIKE_MAPPING,
    WEFT_FILE_CHIP,
    WEFT_FILE_RECIPE,
    WEFT_FILE_EXPERIMENT,
    WEFT_FILE_RANDOM,  /* random network of spiking cores; may have the key of the next */
    WEFT_FILE_NEURONS, /* of `weft neuron` */
    WEFT_FILE_TRACE,
    WEFT_FILE_RUNS,   /* a folder with runs.db */
    WEFT_FILE_STORE,  /* runs.db itself */
    WEFT_FILE_UNKNOWN /* also what cannot be read: whoever reads it says why */
} weft_file_kind;

/* Sets of kinds for weft_option.takes. */
#define WEFT_TAKES(kind) (1u << WEFT_FILE_##kind)
#define WEFT_TAKES_NETWORK (WEFT_TAKES(ONNX) | WEFT_TAKES(NIR))
#define WEFT_TAKES_MAPPING (WEFT_TAKES(MAPPING) | WEFT_TAKES(SPIKE_MAPPING))

weft_file_kind weft_file_kind_of(const char *path);
/* USAGE when path, given as `argument`, is of a known kind that is not among `takes`. NULL and sets of 0 pass. */
weft_status weft_file_kind_check(const char *argument, const char *path, unsigned takes, weft_error *err);
/* All arguments of a command whose rows name kinds; options: as parsed. */
weft_status weft_file_kinds_check(const void *options, const weft_command *command, weft_error *err);

#endif
