#include "cli/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/schema.h"

#define OPTIONS_MAX 64

const weft_option weft_common_options[] = {
    {.name = "json",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_common, json),
     .value = "FILE",
     .bare = "-",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Write the results as JSON to FILE; - or no FILE is standard output, where nothing else is printed then"},
    {.name = "threads",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_common, threads),
     .value = "N",
     .max = 1024,
     .help = "Use N threads; 0, the default, takes all processors. Results do not depend on N"},
    {.name = "quiet",
     .letter = 'q',
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(weft_common, quiet),
     .help = "Show no progress"},
};
const int weft_common_option_count = (int)(sizeof weft_common_options / sizeof weft_common_options[0]);

const weft_option *weft_command_option(const weft_command *command, int i) {
    if (i < command->option_count) return &command->options[i];
    i -= command->option_count;
    return i < weft_common_option_count ? &weft_common_options[i] : NULL;
}

static void *member(void *options, const weft_option *option) { return (char *)options + option->offset; }

static const weft_option *find_name(const weft_command *command, const char *name, size_t length, int *index) {
    const weft_option *option;
    for (*index = 0; (option = weft_command_option(command, *index)); ++*index)
        if (strlen(option->name) == length && !strncmp(option->name, name, length)) return option;
    return NULL;
}

static const weft_option *find_letter(const weft_command *command, char letter, int *index) {
    const weft_option *option;
    for (*index = 0; (option = weft_command_option(command, *index)); ++*index)
        if (option->letter == letter) return option;
    return NULL;
}

static weft_status unknown_option(const weft_command *command, const char *name, size_t length, weft_error *err) {
    const char *names[OPTIONS_MAX + 3];
    char text[128];
    int count = 0;
    const weft_option *option;
    for (int i = 0; (option = weft_command_option(command, i)) && count < OPTIONS_MAX; i++)
        if (!option->hidden) names[count++] = option->name;
    names[count++] = "help";
    names[count++] = "version";
    names[count] = NULL;
    snprintf(text, sizeof text, "%.*s", (int)(length < 100 ? length : 100), name);
    const char *nearest = weft_nearest_name(text, names);
    if (!nearest) return weft_error_set(err, WEFT_E_USAGE, "unknown option --%s", text);
    return weft_error_set(err, WEFT_E_USAGE, "unknown option --%s; did you mean --%s?", text, nearest);
}

static weft_status parse_count(uint64_t *out, const weft_option *option, const char *text, weft_error *err) {
    uint64_t max = option->max ? option->max : UINT64_MAX;
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end)
        return weft_error_set(err, WEFT_E_USAGE, "--%s: \"%.80s\" is not a whole number", option->name, text);
    if (errno == ERANGE || value < option->min || value > max)
        return weft_error_set(err, WEFT_E_USAGE, "--%s: %.40s is not in %llu..%llu", option->name, text,
                              (unsigned long long)option->min, (unsigned long long)max);
    *out = value;
    return WEFT_OK;
}

static weft_status append_text(weft_texts *texts, const char *text, weft_error *err) {
    const char **larger = realloc(texts->items, ((size_t)texts->count + 1) * sizeof *larger);
    if (!larger) return weft_error_set(err, WEFT_E_MEMORY, "no memory for options");
    texts->items = larger;
    texts->items[texts->count++] = text;
    return WEFT_OK;
}

static weft_status store(void *out, const weft_option *option, const char *value, weft_error *err) {
    switch (option->kind) {
    case WEFT_OPTION_FLAG:
        *(bool *)member(out, option) = true;
        return WEFT_OK;
    case WEFT_OPTION_TEXT:
        if (!*value) return weft_error_set(err, WEFT_E_USAGE, "--%s: the %s is empty", option->name, option->value);
        *(const char **)member(out, option) = value;
        return WEFT_OK;
    case WEFT_OPTION_TEXTS:
        return append_text(member(out, option), value, err);
    case WEFT_OPTION_COUNT:
        return parse_count(member(out, option), option, value, err);
    }
    return WEFT_OK;
}

/* Where the parser stands. */
typedef struct parser {
    const weft_command *command;
    void *out;
    int argc, at, arguments;
    char **argv;
    bool seen[OPTIONS_MAX];
} parser;

/* Nothing follows that could be a value: the line ends, or goes on with an option ("-" alone is a value). */
static bool stands_bare(const parser *p) {
    const char *next = p->at + 1 < p->argc ? p->argv[p->at + 1] : NULL;
    return !next || (next[0] == '-' && next[1]);
}

/* One option whose name is known; value: what followed '=' or the letter, or NULL. */
static weft_status take_option(parser *p, const weft_option *option, int index, const char *value, weft_error *err) {
    if (option->kind == WEFT_OPTION_FLAG && value)
        return weft_error_set(err, WEFT_E_USAGE, "--%s takes no value", option->name);
    if (option->bare && !value && stands_bare(p)) value = option->bare;
    if (option->kind != WEFT_OPTION_FLAG && !value) {
        if (p->at + 1 >= p->argc)
            return weft_error_set(err, WEFT_E_USAGE, "--%s needs a value: %s", option->name, option->value);
        value = p->argv[++p->at];
    }
    if (p->seen[index] && option->kind != WEFT_OPTION_TEXTS && option->kind != WEFT_OPTION_FLAG)
        return weft_error_set(err, WEFT_E_USAGE, "--%s is given twice", option->name);
    p->seen[index] = true;
    return store(p->out, option, value, err);
}

static weft_status take_long(parser *p, const char *word, weft_error *err) {
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    int index;
    const weft_option *option = find_name(p->command, word, length, &index);
    if (!option) return unknown_option(p->command, word, length, err);
    return take_option(p, option, index, equals ? equals + 1 : NULL, err);
}

static weft_status take_letter(parser *p, const char *word, weft_error *err) {
    int index;
    const weft_option *option = find_letter(p->command, word[1], &index);
    if (!option) return weft_error_set(err, WEFT_E_USAGE, "unknown option -%c", word[1]);
    return take_option(p, option, index, word[2] ? word + 2 : NULL, err);
}

static weft_status take_argument(parser *p, const char *word, weft_error *err) {
    if (p->arguments >= p->command->argument_count)
        return weft_error_set(err, WEFT_E_USAGE, "\"%.200s\" is one argument too many", word);
    const weft_option *argument = &p->command->arguments[p->arguments++];
    if (!*word) return weft_error_set(err, WEFT_E_USAGE, "%s is empty", argument->name);
    *(const char **)member(p->out, argument) = word;
    return WEFT_OK;
}

static weft_status check_required(const parser *p, weft_error *err) {
    const weft_command *command = p->command;
    if (p->arguments < command->argument_count && command->arguments[p->arguments].required)
        return weft_error_set(err, WEFT_E_USAGE, "%s is missing: %s", command->arguments[p->arguments].name,
                              command->arguments[p->arguments].help);
    const weft_option *option;
    for (int i = 0; (option = weft_command_option(command, i)); i++)
        if (option->required && !p->seen[i])
            return weft_error_set(err, WEFT_E_USAGE, "--%s %s is missing", option->name, option->value);
    return WEFT_OK;
}

static bool same_file(const char *a, const char *b) {
    struct stat x, y;
    if (stat(a, &x) != 0 || stat(b, &y) != 0) return !strcmp(a, b);
    return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

weft_status weft_output_apart(const char *option, const char *path, const char *what, const char *other,
                              weft_error *err) {
    if (!path || !other || !*other || !strcmp(path, "-") || !same_file(path, other)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_USAGE, "--%s would overwrite %s: both are %.300s", option, what, other);
}

static weft_status check_apart(const parser *p, const weft_option *output, const weft_option *other, bool argument,
                               weft_error *err) {
    const char *path = *(const char **)member(p->out, output), *second = *(const char **)member(p->out, other);
    char what[128];
    snprintf(what, sizeof what, "%s%s", argument ? "" : "--", other->name);
    return weft_output_apart(output->name, path, what, second, err);
}

/* Options that take a file name it as an output unless they say that it is read: none may be an argument's file, a file
 * that is read, or another output. */
static weft_status check_outputs(const parser *p, weft_error *err) {
    const weft_option *output, *other;
    for (int i = 0; (output = weft_command_option(p->command, i)); i++) {
        if (output->complete != WEFT_COMPLETE_FILE || output->reads) continue;
        for (int a = 0; a < p->command->argument_count; a++)
            WEFT_TRY(check_apart(p, output, &p->command->arguments[a], true, err));
        for (int j = 0; (other = weft_command_option(p->command, j)); j++) {
            bool checked = j >= i && !other->reads; /* the pair comes the other way round too */
            if (other->complete == WEFT_COMPLETE_FILE && !checked) WEFT_TRY(check_apart(p, output, other, false, err));
        }
    }
    return WEFT_OK;
}

weft_status weft_options_parse(void *out, const weft_command *command, int argc, char **argv, weft_error *err) {
    parser p = {.command = command, .out = out, .argc = argc, .argv = argv};
    const weft_option *option;
    bool only_arguments = false;
    memset(out, 0, command->size);
    for (int i = 0; (option = weft_command_option(command, i)); i++)
        if (option->kind == WEFT_OPTION_COUNT) *(uint64_t *)member(out, option) = option->default_count;
    for (p.at = 0; p.at < argc; p.at++) {
        const char *word = argv[p.at];
        if (!only_arguments && !strcmp(word, "--"))
            only_arguments = true;
        else if (!only_arguments && word[0] == '-' && word[1] == '-')
            WEFT_TRY(take_long(&p, word + 2, err));
        else if (!only_arguments && word[0] == '-' && word[1])
            WEFT_TRY(take_letter(&p, word, err));
        else
            WEFT_TRY(take_argument(&p, word, err));
    }
    WEFT_TRY(check_required(&p, err));
    return check_outputs(&p, err);
}

void weft_options_free(void *options, const weft_command *command) {
    const weft_option *option;
    for (int i = 0; (option = weft_command_option(command, i)); i++) {
        if (option->kind != WEFT_OPTION_TEXTS) continue;
        weft_texts *texts = member(options, option);
        free(texts->items);
        *texts = (weft_texts){NULL, 0};
    }
}

void weft_print_wrapped(FILE *stream, const char *text, int column, int indent, int width) {
    bool first = true;
    while (*text) {
        size_t length = strcspn(text, " \n");
        if (!first && column + 1 + (int)length > width) {
            fprintf(stream, "\n%*s", indent, "");
            column = indent;
            first = true;
        }
        if (!first) fputc(' ', stream);
        fwrite(text, 1, length, stream);
        column += (int)length + !first;
        first = false;
        text += length;
        if (*text == '\n') {
            fprintf(stream, "\n%*s", text[1] && text[1] != '\n' ? indent : 0, "");
            column = indent;
            first = true;
        }
        if (*text) text++;
    }
    fputc('\n', stream);
}

void weft_command_usage(const weft_command *command, FILE *stream) {
    fprintf(stream, "weft %s", command->name);
    for (int i = 0; i < command->argument_count; i++)
        fprintf(stream, command->arguments[i].required ? " %s" : " [%s]", command->arguments[i].name);
    for (int i = 0; i < command->option_count; i++)
        if (command->options[i].required)
            fprintf(stream, " --%s %s", command->options[i].name, command->options[i].value);
    fputs(" [options]", stream);
}

#define HELP_INDENT 26
#define HELP_WIDTH 100

static void help_row(FILE *stream, const char *left, const char *help) {
    int column = fprintf(stream, "  %s", left);
    if (column > HELP_INDENT - 2) {
        fputc('\n', stream);
        column = 0;
    }
    fprintf(stream, "%*s", HELP_INDENT - column, "");
    weft_print_wrapped(stream, help, HELP_INDENT, HELP_INDENT, HELP_WIDTH);
}

void weft_command_help(const weft_command *command, FILE *stream) {
    const weft_option *option;
    char left[96];
    fputs("Usage: ", stream);
    weft_command_usage(command, stream);
    fputs("\n\n", stream);
    weft_print_wrapped(stream, command->description, 0, 0, HELP_WIDTH);
    if (command->argument_count) fputs("\nArguments:\n", stream);
    for (int i = 0; i < command->argument_count; i++)
        help_row(stream, command->arguments[i].name, command->arguments[i].help);
    fputs("\nOptions:\n", stream);
    for (int i = 0; (option = weft_command_option(command, i)); i++) {
        if (option->hidden) continue;
        char letter[8] = "    ";
        if (option->letter) snprintf(letter, sizeof letter, "-%c, ", option->letter);
        snprintf(left, sizeof left, option->bare ? "%s--%s%s[%s]" : "%s--%s%s%s", letter, option->name,
                 option->value ? " " : "", option->value ? option->value : "");
        help_row(stream, left, option->help);
    }
    help_row(stream, "    --help", "Print this help");
    help_row(stream, "    --version", "Print the version");
    if (*command->examples) fprintf(stream, "\nExamples:\n%s", command->examples);
}
