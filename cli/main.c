/* weft: one binary, a table of subcommands. Exit codes: 0 done, 1 failed, 2 wrong use. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/file_kind.h"
#include "core/schema.h"

const weft_command *const weft_commands[] = {&weft_command_train,
                                             &weft_command_import,
                                             &weft_command_convert,
                                             &weft_command_eval,
                                             &weft_command_run,
                                             &weft_command_map,
                                             &weft_command_sim,
                                             &weft_command_noc,
                                             &weft_command_replay,
                                             &weft_command_array,
                                             &weft_command_neuron,
                                             &weft_command_sweep,
                                             &weft_command_results,
                                             &weft_command_report,
                                             &weft_command_describe,
                                             &weft_command_info,
                                             NULL};

void weft_program_help(FILE *stream) {
    fputs("Usage: weft COMMAND [options]\n\n"
          "Trains networks with low-precision weights, maps them onto crossbar and spiking chips and simulates "
          "these.\n\nCommands:\n",
          stream);
    for (int i = 0; weft_commands[i]; i++)
        fprintf(stream, "  %-10s %s\n", weft_commands[i]->name, weft_commands[i]->summary);
    fputs("\nOptions:\n  --help     Print this help; 'weft COMMAND --help' has the command's\n  --version  Print the "
          "version\n\n"
          "Exit status: 0 done, 1 failed, 2 wrong use.\n",
          stream);
}

static int report_error(const weft_error *err, weft_status status, const char *command) {
    char text[2048];
    weft_error_format(err, text, sizeof text);
    fprintf(stderr, "weft: %s\n", text);
    if (status != WEFT_E_USAGE) return 1;
    fprintf(stderr, "Try 'weft%s%s --help'.\n", command ? " " : "", command ? command : "");
    return 2;
}

static const weft_command *find_command(const char *name, weft_error *err) {
    const char *names[32];
    int count = 0;
    for (; weft_commands[count]; count++) {
        names[count] = weft_commands[count]->name;
        if (!strcmp(name, names[count])) return weft_commands[count];
    }
    names[count] = NULL;
    const char *nearest = weft_nearest_name(name, names);
    if (nearest)
        weft_error_set(err, WEFT_E_USAGE, "unknown command \"%.80s\"; did you mean %s?", name, nearest);
    else
        weft_error_set(err, WEFT_E_USAGE, "unknown command \"%.80s\"", name);
    return NULL;
}

/* --help or --version among the words, ahead of any other meaning. */
static bool answer_general(const weft_command *command, int argc, char **argv) {
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        bool help = !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");
        if (help && command) weft_command_help(command, stdout);
        if (help && !command) weft_program_help(stdout);
        if (!help && strcmp(argv[i], "--version") != 0) continue;
        if (!help) printf("weft %s\n", WEFT_VERSION);
        return true;
    }
    return false;
}

static weft_status run_command(const weft_command *command, int argc, char **argv, weft_error *err) {
    void *options = calloc(1, command->size);
    if (!options) return weft_error_set(err, WEFT_E_MEMORY, "no memory for options");
    weft_status status = weft_options_parse(options, command, argc, argv, err);
    if (status == WEFT_OK) {
        const weft_common *common = options;
        bool json_out = common->json && !strcmp(common->json, "-");
        weft_console session = {.out = json_out ? stderr : stdout, .err = stderr, .terminal = isatty(STDERR_FILENO)};
        if (common->threads > 0) omp_set_num_threads((int)common->threads);
        status = weft_file_kinds_check(options, command, err);
        if (status == WEFT_OK) status = weft_output_probe(common->json, err);
        if (status == WEFT_OK) status = command->run(options, &session, err);
    }
    weft_options_free(options, command);
    free(options);
    return status;
}

int main(int argc, char **argv) {
    weft_error err = {0};
    const weft_command *command = NULL;
    weft_status status = WEFT_OK;
    if (argc < 2) {
        weft_program_help(stderr);
        return 2;
    }
    if (argv[1][0] != '-' && !(command = find_command(argv[1], &err))) return report_error(&err, WEFT_E_USAGE, NULL);
    if (!answer_general(command, command ? argc - 2 : 1, command ? argv + 2 : argv + 1)) {
        status = command ? run_command(command, argc - 2, argv + 2, &err)
                         : weft_error_set(&err, WEFT_E_USAGE, "unknown option %.80s", argv[1]);
    }
    if (status == WEFT_OK && (fflush(stdout) || ferror(stdout)))
        status = weft_error_set(&err, WEFT_E_IO, "standard output: writing failed");
    return status == WEFT_OK ? 0 : report_error(&err, status, command ? command->name : NULL);
}
