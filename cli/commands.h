/* The subcommands, one file each, and what they share. */
#ifndef WEFT_CLI_COMMANDS_H
#define WEFT_CLI_COMMANDS_H

#include <signal.h>

#include "cli/options.h"
#include "core/clock.h"
#include "core/dataset.h"
#include "core/file.h"
#include "core/mapping.h"
#include "core/training.h"
#include "core/transform.h"
#include "sim/report/json.h"
#include "trainer/trainer.h"

extern const weft_command weft_command_train, weft_command_import, weft_command_convert, weft_command_eval,
    weft_command_run, weft_command_map, weft_command_sim, weft_command_noc, weft_command_replay, weft_command_array,
    weft_command_neuron, weft_command_sweep, weft_command_results, weft_command_report, weft_command_describe,
    weft_command_info;
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

/* "3:07" or "1:02:03". */
void weft_print_clock(FILE *stream, double seconds);

/* From now on SIGINT and SIGTERM set the flag that is returned; a second one ends the program. */
const volatile sig_atomic_t *weft_stop_install(void);

#endif
