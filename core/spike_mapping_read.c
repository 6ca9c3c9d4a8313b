#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/mapping_source.h"
#include "core/spike_mapping_internal.h"

static weft_status out_of_memory(const weft_mapping_reader *r) {
    return weft_error_set(r->err, WEFT_E_MEMORY, "out of memory while reading \"%s\"", r->yaml->file);
}

/* ---- runs of neurons ---- */

typedef struct run_reader {
    const weft_mapping_reader *r;
    const weft_yaml_node *node;
    const char *where;
    uint32_t size; /* of the population */
} run_reader;

static weft_status bad_run(const run_reader *run, const char *at, const char *what) {
    const int length = (int)strcspn(at, " ");
    return weft_yaml_error(run->r->yaml, run->node, WEFT_E_INVALID, run->r->err, "%s: \"%.*s\" %s", run->where,
                           length > 80 ? 80 : length, at, what);
}

/* Digits, the value at most UINT32_MAX - 1; false where there are none or too many. */
static bool scan_number(const char **text, uint32_t *out) {
    const char *c = *text;
    uint64_t value = 0;
    for (; *c >= '0' && *c <= '9' && value < UINT32_MAX; c++) value = 10 * value + (uint64_t)(*c - '0');
    const bool good = c > *text && value < UINT32_MAX;
    *text = c;
    *out = (uint32_t)value;
    return good;
}

/* "5", "0-63", "128-191*2"; leaves *text behind it. */
static weft_status read_run(const run_reader *reader, const char **text, weft_neuron_run *run) {
    const char *const begin = *text;
    const char *c = begin;
    uint32_t first = 0, last = 0, copies = 1;
    bool good = scan_number(&c, &first);
    last = first;
    if (good && *c == '-') good = (c++, scan_number(&c, &last));
    if (good && *c == '*') good = (c++, scan_number(&c, &copies));
    if (!good || (*c != 0 && *c != ' ')) return bad_run(reader, begin, "is no run of neurons; 7, 0-63 or 0-63*2 are");
    if (last < first) return bad_run(reader, begin, "ends before it begins");
    if (last >= reader->size) {
        char what[64];
        snprintf(what, sizeof what, "is beyond the population's neurons 0 to %u", (unsigned)reader->size - 1);
        return bad_run(reader, begin, what);
    }
    if (copies < 1 || copies > WEFT_NEURON_COPIES_MAX)
        return bad_run(reader, begin, "has a number of copies that is not in 1 to 65535");
    *run = (weft_neuron_run){first, last - first + 1, copies};
    *text = c;
    return WEFT_OK;
}

static weft_status read_runs(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where, uint32_t size,
                             weft_spike_piece *piece) {
    const char *text = NULL;
    WEFT_TRY(weft_mapping_text(r, node, where, &text));
    const run_reader reader = {r, node, where, size};
    size_t room = 1;
    for (const char *c = text; *c; c++) room += *c == ' ';
    piece->runs = malloc(room * sizeof *piece->runs);
    if (!piece->runs) return out_of_memory(r);
    for (text += strspn(text, " "); *text; text += strspn(text, " "))
        WEFT_TRY(read_run(&reader, &text, &piece->runs[piece->run_count++]));
    return piece->run_count ? WEFT_OK : weft_mapping_refuse(r, node, where, "expects runs of neurons");
}

/* ---- populations ---- */

static weft_status read_piece(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                              uint32_t size, weft_spike_piece *piece) {
    static const char *const keys[] = {"core", "neurons", NULL};
    const weft_yaml_node *values[2];
    char path[WEFT_MAPPING_WHERE];
    WEFT_TRY(weft_mapping_map(r, node, where, keys, 0, values));
    WEFT_TRY(weft_mapping_int(r, values[0], weft_mapping_key(path, where, keys[0]), 0, &piece->core));
    piece->line = node->line;
    return read_runs(r, values[1], weft_mapping_key(path, where, keys[1]), size, piece);
}

/* Keeps the file's order of equals. */
static int compare_pieces(const void *a, const void *b) {
    const weft_spike_piece *p = a, *q = b;
    if (p->core != q->core) return p->core < q->core ? -1 : 1;
    return (p->line > q->line) - (p->line < q->line);
}

static weft_status read_pieces(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                               uint32_t size, weft_spike_piece **pieces, int *count) {
    char path[WEFT_MAPPING_WHERE];
    WEFT_TRY(weft_mapping_list(r, node, where, count));
    *pieces = calloc((size_t)*count, sizeof **pieces);
    if (!*pieces) {
        *count = 0;
        return out_of_memory(r);
    }
    for (int i = 0; i < *count; i++) {
        snprintf(path, sizeof path, "%.72s.%d", where, i);
        WEFT_TRY(read_piece(r, node->values[i], path, size, &(*pieces)[i]));
    }
    qsort(*pieces, (size_t)*count, sizeof **pieces, compare_pieces);
    return WEFT_OK;
}

static weft_status read_population(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                                   weft_mapped_population *population) {
    static const char *const keys[] = {"name", "size", "cores", "relays", NULL};
    const weft_yaml_node *values[4];
    const char *name = NULL;
    char path[WEFT_MAPPING_WHERE];
    int size = 0;
    WEFT_TRY(weft_mapping_map(r, node, where, keys, 1, values));
    WEFT_TRY(weft_mapping_text(r, values[0], weft_mapping_key(path, where, keys[0]), &name));
    population->line = values[0]->line;
    population->name = strdup(name);
    if (!population->name) return out_of_memory(r);
    WEFT_TRY(weft_mapping_int(r, values[1], weft_mapping_key(path, where, keys[1]), 1, &size));
    population->size = (uint32_t)size;
    WEFT_TRY(read_pieces(r, values[2], weft_mapping_key(path, where, keys[2]), population->size, &population->pieces,
                         &population->piece_count));
    if (!values[3]) return WEFT_OK;
    return read_pieces(r, values[3], weft_mapping_key(path, where, keys[3]), population->size, &population->relays,
                       &population->relay_count);
}

/* ---- the file ---- */

static weft_status read_version(const weft_mapping_reader *r) {
    const weft_yaml_node *node = weft_yaml_get(r->yaml->root, "weft_spike_mapping");
    int version = 0;
    if (!node) return WEFT_OK;
    WEFT_TRY(weft_mapping_int(r, node, "weft_spike_mapping", 0, &version));
    return version == 1 ? WEFT_OK : weft_mapping_refuse(r, node, "weft_spike_mapping", "only version 1 is known");
}

static weft_status read_options(const weft_mapping_reader *r, const weft_yaml_node *const *values,
                                const char *const *keys, weft_snn_fit_options *options) {
    int word = 0;
    WEFT_TRY(weft_mapping_positive(r, values[0], keys[0], &options->dt));
    if (values[1]) {
        WEFT_TRY(weft_mapping_word(r, values[1], keys[1], weft_spike_integrations, &word));
        options->exponential = word == 1;
    }
    if (values[2]) {
        WEFT_TRY(weft_mapping_word(r, values[2], keys[2], weft_spike_resets, &word));
        options->subtract = word == 1;
    }
    if (values[3]) {
        WEFT_TRY(weft_mapping_word(r, values[3], keys[3], weft_spike_booleans, &word));
        options->round = word == 1;
    }
    return WEFT_OK;
}

static weft_status read_document(const weft_mapping_reader *r, weft_spike_mapping **out) {
    static const char *const keys[] = {"weft_spike_mapping", "network", "chip",  "populations", "dt_s",
                                       "integration",        "reset",   "round", NULL};
    const weft_yaml_node *values[8];
    char path[WEFT_MAPPING_WHERE];
    int count = 0;
    WEFT_TRY(read_version(r));
    WEFT_TRY(weft_mapping_map(r, r->yaml->root, "", keys, 3, values));
    WEFT_TRY(weft_mapping_list(r, values[3], keys[3], &count));
    WEFT_TRY(weft_spike_mapping_create(out, count, r->err));
    weft_spike_mapping *mapping = *out;
    snprintf(mapping->path, sizeof mapping->path, "%s", r->yaml->file);
    WEFT_TRY(weft_mapping_read_network(r, values[1], keys[1], mapping->network_path, &mapping->network_sha256));
    const weft_mapping_chip chip = {mapping->chip_path, &mapping->chip_sha256, &mapping->settings,
                                    &mapping->setting_count};
    WEFT_TRY(weft_mapping_read_chip(r, values[2], keys[2], &chip));
    WEFT_TRY(read_options(r, values + 4, keys + 4, &mapping->options));
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "populations.%d", i);
        WEFT_TRY(read_population(r, values[3]->values[i], path, &mapping->populations[i]));
    }
    return WEFT_OK;
}

static weft_status read_tree(weft_spike_mapping **out, const weft_yaml *yaml, weft_error *err) {
    const weft_mapping_reader r = {yaml, err};
    *out = NULL;
    const weft_status status = read_document(&r, out);
    if (status == WEFT_OK) return WEFT_OK;
    weft_spike_mapping_destroy(*out);
    *out = NULL;
    return status;
}

weft_status weft_spike_mapping_read(weft_spike_mapping **out, const char *path, weft_error *err) {
    weft_yaml yaml = {0};
    *out = NULL;
    weft_status status = weft_yaml_load(&yaml, path, err);
    if (status == WEFT_OK) status = read_tree(out, &yaml, err);
    weft_yaml_destroy(&yaml);
    return status;
}

weft_status weft_spike_mapping_parse(weft_spike_mapping **out, const char *text, size_t size, const char *file,
                                     weft_error *err) {
    weft_yaml yaml = {0};
    *out = NULL;
    weft_status status = weft_yaml_parse(&yaml, text, size, file, err);
    if (status == WEFT_OK) status = read_tree(out, &yaml, err);
    weft_yaml_destroy(&yaml);
    return status;
}
