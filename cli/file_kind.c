#include "cli/file_kind.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"

enum { HEAD_BYTES = 1 << 16 };

#define TEXT_TRACE "# weft-"

typedef struct kind_row {
    const char *what, *use; /* "is a mapping", and which commands take it */
    const char *start;      /* first bytes; NULL: none */
    const char *key;        /* at the root of a YAML file that no other kind has; NULL: none */
    const char *ending;     /* of names, where the bytes do not tell; NULL: none */
} kind_row;

#define MAPPING_USE "'weft sim' simulates mappings, 'weft map --check' checks them"
#define RUNS_USE "'weft results' and 'weft report' take the folder of 'weft sweep'"

static const kind_row kinds[WEFT_FILE_UNKNOWN] = {
    [WEFT_FILE_ONNX] = {.what = "an ONNX network",
                        .use = "'weft run' computes networks, 'weft map' lays them onto chips",
                        .ending = ".onnx"},
    [WEFT_FILE_NIR] = {.what = "a spiking network (NIR)",
                       .use = "'weft run' computes spiking networks, 'weft map' lays them onto chips",
                       .start = "\x89HDF\r\n\x1a\n",
                       .ending = ".nir"},
    [WEFT_FILE_MAPPING] = {.what = "a mapping", .use = MAPPING_USE, .key = "weft_mapping"},
    [WEFT_FILE_SPIKE_MAPPING] = {.what = "a mapping", .use = MAPPING_USE, .key = "weft_spike_mapping"},
    [WEFT_FILE_CHIP] = {.what = "a chip",
                        .use = "'weft map' takes chips behind a network, 'weft info' tells what is in them",
                        .key = "noc"},
    [WEFT_FILE_RECIPE] = {.what = "a recipe", .use = "'weft train' trains networks from recipes", .key = "layers"},
    [WEFT_FILE_EXPERIMENT] = {.what = "an experiment", .use = "'weft sweep' runs experiments", .key = "points"},
    [WEFT_FILE_NEURONS] = {.what = "a circuit of neurons", .use = "'weft neuron' runs circuits", .key = "neurons"},
    [WEFT_FILE_RANDOM] = {.what = "a random network",
                          .use = "'weft sim' runs random networks, with a chip",
                          .key = "rate_hz"},
    [WEFT_FILE_TRACE] = {.what = "a trace", .use = "'weft replay' times traces", .start = "weft-"},
    [WEFT_FILE_RUNS] = {.what = "a folder of 'weft sweep'", .use = RUNS_USE},
    [WEFT_FILE_STORE] = {.what = "a file of results", .use = RUNS_USE, .start = "SQLite format 3"},
};

/* ---- what it is ---- */

/* Whether a line of the text is `key:`. */
static bool has_key(const char *text, const char *key) {
    const size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, key, length) && line[length] == ':') return true;
    }
    return false;
}

/* size: of the head, which ends with a zero byte. */
static weft_file_kind kind_of_head(const char *head, size_t size) {
    const bool text = memchr(head, 0, size) == NULL;
    if (!strncmp(head, TEXT_TRACE, strlen(TEXT_TRACE))) return WEFT_FILE_TRACE;
    for (int k = 0; k < WEFT_FILE_UNKNOWN; k++) {
        const kind_row *row = &kinds[k];
        if (row->start && size >= strlen(row->start) && !memcmp(head, row->start, strlen(row->start)))
            return (weft_file_kind)k;
        if (row->key && text && has_key(head, row->key)) return (weft_file_kind)k;
    }
    return WEFT_FILE_UNKNOWN;
}

static weft_file_kind kind_of_folder(const char *path) {
    char runs[4096];
    const bool fits = weft_path_join(runs, sizeof runs, path, "runs.db", NULL) == WEFT_OK;
    return fits && weft_path_exists(runs) ? WEFT_FILE_RUNS : WEFT_FILE_UNKNOWN;
}

weft_file_kind weft_file_kind_of(const char *path) {
    char head[HEAD_BYTES + 1];
    struct stat info;
    if (stat(path, &info) != 0) return WEFT_FILE_UNKNOWN;
    if (S_ISDIR(info.st_mode)) return kind_of_folder(path);
    FILE *file = S_ISREG(info.st_mode) ? fopen(path, "rb") : NULL;
    if (!file) return WEFT_FILE_UNKNOWN;
    const size_t size = fread(head, 1, HEAD_BYTES, file);
    fclose(file);
    head[size] = '\0';
    weft_file_kind kind = kind_of_head(head, size);
    for (int k = 0; kind == WEFT_FILE_UNKNOWN && k < WEFT_FILE_UNKNOWN; k++)
        if (kinds[k].ending && weft_path_ends(path, kinds[k].ending)) kind = (weft_file_kind)k;
    return kind;
}

/* ---- whether that is right ---- */

/* "an ONNX network, a mapping or a random network" */
static void list_kinds(char *out, size_t out_size, unsigned takes) {
    size_t used = 0;
    out[0] = '\0';
    for (int k = 0; k < WEFT_FILE_UNKNOWN && used < out_size; k++) {
        const unsigned left = takes >> k;
        if (!(left & 1) || (left & 2 && !strcmp(kinds[k].what, kinds[k + 1].what))) continue;
        used += (size_t)snprintf(out + used, out_size - used, "%s%s",
                                 !used       ? ""
                                 : left == 1 ? " or "
                                             : ", ",
                                 kinds[k].what);
    }
}

weft_status weft_file_kind_check(const char *argument, const char *path, unsigned takes, weft_error *err) {
    char allowed[512];
    const weft_file_kind kind = path && takes ? weft_file_kind_of(path) : WEFT_FILE_UNKNOWN;
    if (kind == WEFT_FILE_UNKNOWN || takes >> kind & 1) return WEFT_OK;
    list_kinds(allowed, sizeof allowed, takes);
    return weft_error_set(err, WEFT_E_USAGE, "%.300s is %s, %s has to be %s; %s", path, kinds[kind].what, argument,
                          allowed, kinds[kind].use);
}

weft_status weft_file_kinds_check(const void *options, const weft_command *command, weft_error *err) {
    for (int i = 0; i < command->argument_count; i++) {
        const weft_option *argument = &command->arguments[i];
        const char *path = *(const char *const *)(const void *)((const char *)options + argument->offset);
        WEFT_TRY(weft_file_kind_check(argument->name, path, argument->takes, err));
    }
    return WEFT_OK;
}
