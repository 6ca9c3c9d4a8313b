/* The subcommands, one file each, and what they share. */
#ifndef WEFT_CLI_COMMANDS_H
#define WEFT_CLI_COMMANDS_H

#include <signal.h>

#include "cli/options.h"
#include "core/dataset.h"
#include "core/file.h"
#include "core/mapping.h"
#include "core/transform.h"
#include "sim/report/json.h"
#include "trainer/trainer.h"

extern const weft_command weft_command_train, weft_command_import, weft_command_eval, weft_command_run,
    weft_command_map, weft_command_sim, weft_command_noc, weft_command_replay, weft_command_array,
    weft_command_describe, weft_command_info;
extern const weft_command *const weft_commands[]; /* NULL-terminated */

/* Help of the whole program. */
void weft_program_help(FILE *stream);
/* Manual page (roff) and bash completion of all commands. */
void weft_print_manual(FILE *stream);
void weft_print_completion(FILE *stream);

/* A JSON result: the file named by --json, or standard output for "-". */
typedef struct weft_result {
    weft_json json; /* write here */
    weft_output file;
    bool standard;
} weft_result;
/* path: not NULL. */
weft_status weft_result_open(weft_result *out, const char *path, weft_error *err);
weft_status weft_result_commit(weft_result *result, weft_error *err);
/* Fails early, before long work, when path cannot become a file: it is a folder, or its folder is missing or not
 * writable. NULL and "-" pass. */
weft_status weft_output_probe(const char *path, weft_error *err);

/* The --transform texts as one chain. */
weft_status weft_chain_from_texts(weft_transform_chain *chain, const weft_texts *texts, weft_error *err);
/* Its canonical text, or "as deployed" when there are none. */
void weft_chain_text(char *out, size_t out_size, const weft_transform_chain *chain, bool given);
/* --recalibrate: a number of images, WEFT_RECALIBRATE_ALL for all, 0 for none. */
weft_status weft_recalibrate_parse(size_t *images, const char *text, weft_error *err);

/* Training images that calibrate a chip where nobody says how many. */
#define WEFT_CALIBRATION_IMAGES 1000
/* The first *count training images of a data set as the network's training saw them (weft_dataset_training_inputs),
 * malloc'd. *count: WEFT_RECALIBRATE_ALL for all, 0 for WEFT_CALIBRATION_IMAGES or all where there are fewer; set to
 * what it came to. Binds the network's preprocessing. INVALID: a data set that does not fit the network; fewer images
 * than asked for, naming `option`. */
weft_status weft_training_images(float **x, size_t *count, weft_network *net, const char *dataset, const char *option,
                                 weft_error *err);

/* The settings of a mapping's chip: those it was made with, then `set`. items is malloc'd. */
weft_status weft_mapped_settings(weft_texts *out, const weft_mapping *mapping, const weft_texts *set, weft_error *err);
/* The chip of a mapping with these settings. CHECKSUM when the file is not the one that the mapping was made for;
 * *changed: `set` makes it another chip. */
weft_status weft_mapped_chip(weft_chip **out, bool *changed, const weft_mapping *mapping, const weft_texts *settings,
                             weft_error *err);
/* The network of a mapping. CHECKSUM when the file is not the one that the mapping was made for. */
weft_status weft_mapped_network(weft_network **out, const weft_mapping *mapping, weft_error *err);

/* Of a clock that never goes back. */
double weft_now_s(void);
/* "3:07", minutes and seconds to go when that share, above 0, is done since start_s. */
void weft_eta_text(char out[24], double start_s, double share);

/* From now on SIGINT and SIGTERM set the flag that is returned; a second one ends the program. */
const volatile sig_atomic_t *weft_stop_install(void);

#endif
