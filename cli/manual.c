/* Manual page and bash completion from the option tables. `weft describe --man > docs/weft.1`, `weft describe
 * --completion > scripts/completion/weft`. */
#include <string.h>

#include "cli/commands.h"

/* Text for roff: backslashes and hyphens escaped, no line that starts with a control character. */
static void roff(FILE *stream, const char *text) {
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\'')) fputs("\\&", stream);
        if (*text == '\\')
            fputs("\\e", stream);
        else if (*text == '-')
            fputs("\\-", stream);
        else
            fputc(*text, stream);
        line_start = *text == '\n';
    }
}

static void roff_option(FILE *stream, const weft_option *option) {
    fputs(".TP\n", stream);
    if (option->letter) fprintf(stream, "\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", stream);
    roff(stream, option->name);
    fputs("\\fR", stream);
    if (option->value) fprintf(stream, option->bare ? " [\\fI%s\\fR]" : " \\fI%s\\fR", option->value);
    fputc('\n', stream);
    roff(stream, option->help);
    fputs(".\n", stream);
}

static void roff_usage(FILE *stream, const weft_command *command) {
    fprintf(stream, "\\fBweft %s\\fR", command->name);
    for (int i = 0; i < command->argument_count; i++)
        fprintf(stream, command->arguments[i].required ? " \\fI%s\\fR" : " [\\fI%s\\fR]", command->arguments[i].name);
    for (int i = 0; i < command->option_count; i++)
        if (command->options[i].required)
            fprintf(stream, " \\fB\\-\\-%s\\fR \\fI%s\\fR", command->options[i].name, command->options[i].value);
    fputs(" [\\fIoptions\\fR]\n", stream);
}

static void roff_command(FILE *stream, const weft_command *command) {
    fprintf(stream, ".SS weft %s\n", command->name);
    roff_usage(stream, command);
    fputs(".PP\n", stream);
    roff(stream, command->description);
    fputc('\n', stream);
    for (int i = 0; i < command->argument_count; i++) {
        fprintf(stream, ".TP\n\\fI%s\\fR\n", command->arguments[i].name);
        roff(stream, command->arguments[i].help);
        fputs(".\n", stream);
    }
    for (int i = 0; i < command->option_count; i++)
        if (!command->options[i].hidden) roff_option(stream, &command->options[i]);
    if (!*command->examples) return;
    fputs(".PP\nExamples:\n.PP\n.nf\n", stream);
    roff(stream, command->examples);
    fputs(".fi\n", stream);
}

void weft_print_manual(FILE *stream) {
    fputs(".\\\" Made by `weft describe --man` from the option tables.\n.TH WEFT 1 \"\" \"weft " WEFT_VERSION
          "\" \"User Commands\"\n.SH NAME\n"
          "weft \\- neuromorphic hardware simulator and mapper\n.SH SYNOPSIS\n",
          stream);
    for (int i = 0; weft_commands[i]; i++) {
        if (i) fputs(".br\n", stream);
        roff_usage(stream, weft_commands[i]);
    }
    fputs(".br\n\\fBweft\\fR [\\fICOMMAND\\fR] \\fB\\-\\-help\\fR | \\fB\\-\\-version\\fR\n.SH DESCRIPTION\n"
          "Trains networks whose weights are projected to low precision, maps them onto crossbar and spiking chips "
          "described in "
          "YAML, and simulates "
          "these chips: accuracy under distortion, latency, throughput and energy.\n.SH COMMANDS\n",
          stream);
    for (int i = 0; weft_commands[i]; i++) roff_command(stream, weft_commands[i]);
    fputs(".SS Options of every command\n", stream);
    for (int i = 0; i < weft_common_option_count; i++) roff_option(stream, &weft_common_options[i]);
    fputs(".TP\n\\fB\\-\\-help\\fR\nPrint help.\n.TP\n\\fB\\-\\-version\\fR\nPrint the version.\n.SH EXIT STATUS\n"
          "0: done. 1: failed; the message names file, line and column where there is one. 2: wrong use.\n.SH "
          "ENVIRONMENT\n"
          ".TP\nWEFT_HOME\nA folder with hwconfigs and recipes that is searched first.\n"
          ".TP\nWEFT_DATA\nA folder with data sets: fashion\\-mnist, mnist, cifar10.\n"
          ".TP\nWEFT_KERNELS\nThe best instruction set that the simulator uses: portable, avx2 or avx512; results are "
          "the "
          "same.\n"
          ".TP\nWEFT_CACHE\nA folder for fitted preprocessing; otherwise $XDG_CACHE_HOME/weft or ~/.cache/weft.\n",
          stream);
}

/* ---- bash completion ---- */

static const char *completion_of(weft_complete kind) {
    switch (kind) {
    case WEFT_COMPLETE_FILE:
        return "_weft_files";
    case WEFT_COMPLETE_FOLDER:
        return "_weft_folders";
    case WEFT_COMPLETE_CHIP:
        return "_weft_files; _weft_words \"$(weft describe --list chips 2>/dev/null)\"";
    case WEFT_COMPLETE_RECIPE:
        return "_weft_files; _weft_words \"$(weft describe --list recipes 2>/dev/null)\"";
    case WEFT_COMPLETE_TRANSFORM:
        return "_weft_words \"$(weft describe --list transforms 2>/dev/null)\"";
    case WEFT_COMPLETE_DATASET:
        return "_weft_folders; _weft_words 'fashion-mnist mnist cifar10'";
    case WEFT_COMPLETE_TOPIC:
        return "_weft_words \"recipe chip experiment neurons random transforms $(weft describe --list chips "
               "2>/dev/null) "
               "$(weft describe --list recipes 2>/dev/null)\"";
    case WEFT_COMPLETE_ANY:
        return "_weft_files; _weft_words \"$(weft describe --list chips 2>/dev/null) "
               "$(weft describe --list recipes 2>/dev/null)\"";
    case WEFT_COMPLETE_NONE:
        break;
    }
    return ":";
}

/* Lines of the case over `command:--option`. */
static void complete_values(FILE *stream, const weft_command *command) {
    const weft_option *option;
    for (int i = 0; (option = weft_command_option(command, i)); i++) {
        if (option->kind == WEFT_OPTION_FLAG || option->hidden) continue;
        fprintf(stream, "    %s:--%s", command->name, option->name);
        if (option->letter) fprintf(stream, "|%s:-%c", command->name, option->letter);
        fprintf(stream, ") %s; return ;;\n", completion_of(option->complete));
    }
}

static void complete_words(FILE *stream, const weft_command *command) {
    const weft_option *option;
    fprintf(stream, "    %s:-*) _weft_words '", command->name);
    for (int i = 0; (option = weft_command_option(command, i)); i++)
        if (!option->hidden) fprintf(stream, "--%s ", option->name);
    fputs("--help --version' ;;\n", stream);
}

static void complete_arguments(FILE *stream, const weft_command *command) {
    fprintf(stream, "    %s:*) ", command->name);
    for (int i = 0; i < command->argument_count; i++)
        fprintf(stream, "%s%s", i ? "; " : "", completion_of(command->arguments[i].complete));
    fputs(" ;;\n", stream);
}

void weft_print_completion(FILE *stream) {
    fputs("# bash completion of weft; made by `weft describe --completion` from the option tables.\n"
          "_weft_words() { COMPREPLY+=($(compgen -W \"$1\" -- \"$current\")); }\n"
          "_weft_files() {\n    compopt -o filenames\n    local IFS=$'\\n'\n    COMPREPLY+=($(compgen -f -- "
          "\"$current\"))\n}\n"
          "_weft_folders() {\n    compopt -o filenames\n    local IFS=$'\\n'\n    COMPREPLY+=($(compgen -d -- "
          "\"$current\"))\n}\n"
          "_weft() {\n    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} "
          "command=${COMP_WORDS[1]}\n"
          "    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        _weft_words '",
          stream);
    for (int i = 0; weft_commands[i]; i++) fprintf(stream, "%s ", weft_commands[i]->name);
    fputs("--help --version'\n        return\n    fi\n    case $command:$previous in\n", stream);
    for (int i = 0; weft_commands[i]; i++) complete_values(stream, weft_commands[i]);
    fputs("    esac\n    case $command:$current in\n", stream);
    for (int i = 0; weft_commands[i]; i++) {
        complete_words(stream, weft_commands[i]);
        complete_arguments(stream, weft_commands[i]);
    }
    fputs("    esac\n}\ncomplete -F _weft weft\n", stream);
}
