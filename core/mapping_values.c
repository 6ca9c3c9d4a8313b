/* Values of a mapping file, each checked where it stands. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mapping_values.h"
#include "core/schema_internal.h"

weft_status weft_mapping_refuse(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                                const char *what) {
    return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: %s", where, what);
}

const char *weft_mapping_key(char out[WEFT_MAPPING_WHERE], const char *where, const char *key) {
    snprintf(out, WEFT_MAPPING_WHERE, "%.56s%s%.32s", where, where[0] ? "." : "", key);
    return out;
}

static bool is_known(const char *key, const char *const *keys) {
    for (; *keys; keys++)
        if (strcmp(*keys, key) == 0) return true;
    return false;
}

weft_status weft_mapping_map(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                             const char *const *keys, int optional, const weft_yaml_node **values) {
    char path[WEFT_MAPPING_WHERE];
    if (node->kind != WEFT_YAML_MAP) return weft_mapping_refuse(r, node, where[0] ? where : "mapping", "expects a map");
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->keys[i]->text;
        if (is_known(key, keys)) continue;
        const char *near = weft_text_nearest(key, keys);
        weft_mapping_key(path, where, key);
        return near ? weft_yaml_error(r->yaml, node->keys[i], WEFT_E_INVALID, r->err,
                                      "%s: unknown key; nearest is \"%s\"", path, near)
                    : weft_mapping_refuse(r, node->keys[i], path, "unknown key");
    }
    int count = 0;
    while (keys[count]) count++;
    for (int i = 0; i < count; i++) {
        values[i] = weft_yaml_get(node, keys[i]);
        if (!values[i] && i < count - optional)
            return weft_mapping_refuse(r, node, weft_mapping_key(path, where, keys[i]), "missing");
    }
    return WEFT_OK;
}

weft_status weft_mapping_text(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                              const char **out) {
    if (node->kind != WEFT_YAML_SCALAR || !node->text[0]) return weft_mapping_refuse(r, node, where, "expects a text");
    *out = node->text;
    return WEFT_OK;
}

weft_status weft_mapping_int(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where, int min,
                             int *out) {
    char *end = NULL;
    if (node->kind != WEFT_YAML_SCALAR || node->quoted || !node->text[0])
        return weft_mapping_refuse(r, node, where, "expects a whole number");
    errno = 0;
    long value = strtol(node->text, &end, 10);
    if (*end || end == node->text)
        return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: \"%s\" is not a whole number", where,
                               node->text);
    if (errno || value < min || value > INT_MAX)
        return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: %s is not in %d to %d", where, node->text,
                               min, INT_MAX);
    *out = (int)value;
    return WEFT_OK;
}

static weft_status read_float(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where, float *out) {
    char *end = NULL;
    if (node->kind != WEFT_YAML_SCALAR || node->quoted || !node->text[0])
        return weft_mapping_refuse(r, node, where, "expects a number");
    *out = strtof(node->text, &end);
    if (*end || !isfinite(*out))
        return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: \"%s\" is not a finite number", where,
                               node->text);
    return WEFT_OK;
}

weft_status weft_mapping_word(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                              const char *const *words, int *out) {
    char all[256] = "";
    for (int i = 0; words[i]; i++) {
        if (node->kind == WEFT_YAML_SCALAR && strcmp(node->text, words[i]) == 0) {
            *out = i;
            return WEFT_OK;
        }
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", words[i]);
    }
    return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: \"%.80s\" is none of %s", where,
                           node->kind == WEFT_YAML_SCALAR ? node->text : "", all);
}

weft_status weft_mapping_positive(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                                  double *out) {
    if (node->kind == WEFT_YAML_SCALAR && !node->quoted && weft_schema_parse_real(node->text, out) && *out > 0)
        return WEFT_OK;
    return weft_mapping_refuse(r, node, where, "expects a number above 0");
}

weft_status weft_mapping_list(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where, int *count) {
    if (node->kind != WEFT_YAML_SEQUENCE || node->count == 0)
        return weft_mapping_refuse(r, node, where, "expects a list of at least one item");
    *count = (int)node->count; /* a file has at most WEFT_YAML_BYTES_MAX items */
    return WEFT_OK;
}

weft_status weft_mapping_pair(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where) {
    return node->kind == WEFT_YAML_SEQUENCE && node->count == 2
               ? WEFT_OK
               : weft_mapping_refuse(r, node, where, "expects [first, last]");
}

weft_status weft_mapping_range(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where, int *begin,
                               int *end) {
    if (weft_mapping_pair(r, node, where) != WEFT_OK)
        return weft_mapping_refuse(r, node, where, "expects [begin, end]");
    WEFT_TRY(weft_mapping_int(r, node->values[0], where, 0, begin));
    WEFT_TRY(weft_mapping_int(r, node->values[1], where, 0, end));
    if (*begin < *end) return WEFT_OK;
    return weft_yaml_error(r->yaml, node, WEFT_E_INVALID, r->err, "%s: [%d, %d] is empty", where, *begin, *end);
}

weft_status weft_mapping_floats(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where, float *low,
                                float *high) {
    WEFT_TRY(weft_mapping_pair(r, node, where));
    WEFT_TRY(read_float(r, node->values[0], where, low));
    WEFT_TRY(read_float(r, node->values[1], where, high));
    return *low <= *high ? WEFT_OK : weft_mapping_refuse(r, node, where, "the first number is above the second");
}
