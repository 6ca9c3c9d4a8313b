/* Command lines by table. A command is one row: its arguments and options, each with the member of the options struct
 * that it fills. The same rows give parsing, --help, the manual page and the completion, so that they cannot disagree.
 */
#ifndef WEFT_CLI_OPTIONS_H
#define WEFT_CLI_OPTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "core/status.h"
#include "core/text.h"

typedef enum weft_option_kind {
    WEFT_OPTION_FLAG,  /* bool */
    WEFT_OPTION_TEXT,  /* const char *; NULL when absent */
    WEFT_OPTION_TEXTS, /* weft_texts; may be given several times */
    WEFT_OPTION_COUNT  /* uint64_t between min and max; the default when absent */
} weft_option_kind;

/* What completion offers for a value. */
typedef enum weft_complete {
    WEFT_COMPLETE_NONE,
    WEFT_COMPLETE_FILE,
    WEFT_COMPLETE_FOLDER,
    WEFT_COMPLETE_CHIP,
    WEFT_COMPLETE_RECIPE,
    WEFT_COMPLETE_DATASET,
    WEFT_COMPLETE_TRANSFORM,
    WEFT_COMPLETE_TOPIC,
    WEFT_COMPLETE_ANY /* files, chips, recipes */
} weft_complete;

typedef struct weft_option {
    const char *name; /* "timed-images"; arguments: "RECIPE" */
    char letter;      /* 'o', 0 for none */
    weft_option_kind kind;
    size_t offset;
    const char *value; /* what help calls the value: "FILE"; NULL for flags */
    const char *help;  /* a sentence without its full stop */
    const char *bare;  /* TEXT: what stands where no value follows, but another option or nothing; NULL: an error */
    bool required;
    bool reads;     /* a file that is read; others with WEFT_COMPLETE_FILE are outputs */
    bool hidden;    /* neither in help nor in manual and completion */
    unsigned takes; /* arguments: kinds of files that it can be, WEFT_TAKES of cli/file_kind.h; 0: any */
    weft_complete complete;
    uint64_t default_count, min, max; /* COUNT; max 0: no bound */
} weft_option;

/* Every command's options struct begins with these. */
typedef struct weft_common {
    const char *json; /* file, "-" for standard output, NULL for none */
    uint64_t threads;
    bool quiet;
} weft_common;

/* What a command may use of the outside. */
typedef struct weft_console {
    FILE *out; /* text for people: standard output, or standard error when --json - takes that */
    FILE *err;
    bool terminal; /* err is one: progress may overwrite its line */
    const char *program;
} weft_console;

typedef struct weft_command {
    const char *name, *summary;   /* one line */
    const char *description;      /* paragraphs, for help and manual */
    const char *examples;         /* lines, "" for none */
    const weft_option *arguments; /* positional; TEXT, in order; required ones first */
    int argument_count;
    const weft_option *options;
    int option_count;
    size_t size; /* of the options struct */
    weft_status (*run)(const void *options, const weft_console *session, weft_error *err);
} weft_command;

/* Options that every command has (after its own), beside --help and --version. */
extern const weft_option weft_common_options[];
extern const int weft_common_option_count;

/* Fills *out (command->size bytes) from argv[0..argc), the words after the command's name. Texts point into argv; the
 * lists of TEXTS are malloc'd: release with weft_options_free, also after a failure. USAGE: unknown option (the nearest
 * is named), missing or surplus argument, value not allowed. */
weft_status weft_options_parse(void *out, const weft_command *command, int argc, char **argv, weft_error *err);
/* USAGE when the output of `--option` is the file `other`; what: how to call that. NULL or "" files are none. */
weft_status weft_output_apart(const char *option, const char *path, const char *what, const char *other,
                              weft_error *err);
/* Text behind --OPTION as a number from low to high; USAGE. NULL text: *out stays. */
weft_status weft_option_number(double *out, const char *option, const char *text, double low, double high,
                               weft_error *err);
/* As a whole number; USAGE. */
weft_status weft_option_whole(uint64_t *out, const char *option, const char *text, weft_error *err);
/* Index of the text among names, 0 for NULL; USAGE with the nearest one, or all. */
weft_status weft_option_choice(int *out, const char *option, const char *text, const char *const *names,
                               weft_error *err);
/* The first of the names whose option was given a value other than the default; NULL: none. */
const char *weft_option_given(const void *options, const weft_command *command, const char *const *names);
void weft_options_free(void *options, const weft_command *command);

/* The i-th option of a command: its own, then the common ones; NULL past the end. */
const weft_option *weft_command_option(const weft_command *command, int i);
void weft_command_help(const weft_command *command, FILE *stream);
/* "weft train RECIPE --out FILE [options]". */
void weft_command_usage(const weft_command *command, FILE *stream);
/* Prints text broken at spaces before column `width`, every line but the first indented by `indent`; starts at
 * `column`. */
void weft_print_wrapped(FILE *stream, const char *text, int column, int indent, int width);

#endif
