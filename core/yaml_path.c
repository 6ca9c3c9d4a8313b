/* Dotted paths into a located tree: look-up, overrides, and printing strings. */
#include <stdio.h>
#include <string.h>

#include "core/yaml.h"

/* Slot of the value under the key of the given length, or NULL. */
static weft_yaml_node **slot_of(const weft_yaml_node *node, const char *key, size_t length) {
    if (!node || node->kind == WEFT_YAML_SCALAR) return NULL;
    if (node->kind == WEFT_YAML_MAP) {
        for (size_t i = 0; i < node->count; i++)
            if (strlen(node->keys[i]->text) == length && memcmp(node->keys[i]->text, key, length) == 0)
                return &node->values[i];
        return NULL;
    }
    size_t index = 0;
    if (!length || length > 9) return NULL;
    for (size_t i = 0; i < length; i++) {
        if (key[i] < '0' || key[i] > '9') return NULL;
        index = 10 * index + (size_t)(key[i] - '0');
    }
    return index < node->count ? &node->values[index] : NULL;
}

const weft_yaml_node *weft_yaml_get(const weft_yaml_node *node, const char *key) {
    if (!node || node->kind != WEFT_YAML_MAP) return NULL;
    weft_yaml_node **slot = slot_of(node, key, strlen(key));
    return slot ? *slot : NULL;
}

const weft_yaml_node *weft_yaml_nearest(const weft_yaml_node *root, const char *dotted_path) {
    const weft_yaml_node *node = root;
    for (const char *step = dotted_path; step && *step;) {
        size_t length = strcspn(step, ".");
        weft_yaml_node **slot = slot_of(node, step, length);
        if (!slot) break;
        node = *slot;
        step += length + (step[length] == '.');
    }
    return node;
}

/* Appends key: value to a map; the old arrays stay in the arena. */
static weft_status append(const weft_yaml *yaml, weft_yaml_node *map, weft_yaml_node *key, weft_yaml_node *value,
                          weft_error *err) {
    size_t bytes = (map->count + 1) * sizeof(weft_yaml_node *);
    weft_yaml_node **keys = weft_arena_alloc(yaml->arena, bytes), **values = weft_arena_alloc(yaml->arena, bytes);
    if (!keys || !values) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    if (map->count) {
        memcpy(keys, map->keys, map->count * sizeof *keys);
        memcpy(values, map->values, map->count * sizeof *values);
    }
    keys[map->count] = key;
    values[map->count] = value;
    map->keys = keys;
    map->values = values;
    map->count++;
    return WEFT_OK;
}

static weft_yaml_node *node_at(const weft_yaml *yaml, weft_yaml_kind kind, const char *place, const char *text,
                               size_t length) {
    weft_yaml_node *node = weft_arena_alloc(yaml->arena, sizeof *node);
    if (!node) return NULL;
    node->kind = kind;
    node->place = place;
    if (kind == WEFT_YAML_SCALAR && !(node->text = weft_arena_strndup(yaml->arena, text, length))) return NULL;
    return node;
}

/* The slot under one step of a path, made when a map lacks it. */
static weft_status step_into(weft_yaml_node ***slot, const weft_yaml *yaml, weft_yaml_node *node, const char *step,
                             size_t length, const char *place, weft_error *err) {
    weft_yaml_node **found = slot_of(node, step, length);
    if (!found && node->kind == WEFT_YAML_SEQUENCE)
        return weft_error_set_at(err, WEFT_E_PARSE, place, 0, 0, "%.*s is no item of a list of %zu", (int)length, step,
                                 node->count);
    if (!found && node->kind == WEFT_YAML_SCALAR)
        return weft_error_set_at(err, WEFT_E_PARSE, place, 0, 0, "%.*s cannot be set below a plain value", (int)length,
                                 step);
    if (!found) {
        weft_yaml_node *key = node_at(yaml, WEFT_YAML_SCALAR, place, step, length);
        weft_yaml_node *value = node_at(yaml, WEFT_YAML_MAP, place, NULL, 0);
        if (!key || !value) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
        WEFT_TRY(append(yaml, node, key, value, err));
        found = &node->values[node->count - 1];
    }
    *slot = found;
    return WEFT_OK;
}

/* No empty path and no empty step. */
static bool path_is_whole(const char *path) {
    size_t length = strlen(path);
    return length && path[0] != '.' && path[length - 1] != '.' && !strstr(path, "..");
}

weft_status weft_yaml_set(weft_yaml *yaml, const char *dotted_path, const char *value, weft_error *err) {
    const char *place = weft_arena_printf(yaml->arena, "--set %s=%s", dotted_path, value);
    if (!place) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    if (!path_is_whole(dotted_path))
        return weft_error_set_at(err, WEFT_E_PARSE, place, 0, 0, "'%s' is no dotted path of keys", dotted_path);
    weft_yaml_node **slot = &yaml->root, *node = NULL;
    WEFT_TRY(weft_yaml_value(&node, yaml, value, place, err));
    for (const char *step = dotted_path; *step;) {
        size_t length = strcspn(step, ".");
        WEFT_TRY(step_into(&slot, yaml, *slot, step, length, place, err));
        step += length + (step[length] == '.');
    }
    *slot = node;
    return WEFT_OK;
}

weft_status weft_yaml_override(weft_yaml *yaml, const char *const *overrides, int count, weft_error *err) {
    for (int i = 0; i < count; i++) {
        const char *equals = strchr(overrides[i], '=');
        const char *place = weft_arena_printf(yaml->arena, "--set %s", overrides[i]);
        if (!place) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
        if (!equals) return weft_error_set_at(err, WEFT_E_PARSE, place, 0, 0, "expects KEY=VALUE");
        const char *path = weft_arena_strndup(yaml->arena, overrides[i], (size_t)(equals - overrides[i]));
        if (!path) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
        WEFT_TRY(weft_yaml_set(yaml, path, equals + 1, err));
    }
    return WEFT_OK;
}

/* Words that some reader of YAML takes for a bool, null or number. */
static bool is_reserved_word(const char *text) {
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", NULL};
    for (int i = 0; words[i]; i++) {
        size_t at = 0;
        while (text[at] && words[i][at] && (text[at] | 0x20) == words[i][at]) at++;
        if (!text[at] && !words[i][at]) return true;
    }
    return false;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/* A word or path that no reader can take for anything but this string. */
static bool is_plain(const char *text) {
    bool path = strncmp(text, "./", 2) == 0 || strncmp(text, "../", 3) == 0 || text[0] == '/';
    if (!is_letter(text[0]) && !path) return false;
    for (const char *c = text; *c; c++)
        if (!is_letter(*c) && !(*c >= '0' && *c <= '9') && !strchr("./-+", *c)) return false;
    return !is_reserved_word(text);
}

/* Multi-byte characters that readers take for line breaks or refuse: bytes of the character when it must be written as
 * an escape. */
static int escape_wide(FILE *stream, const unsigned char *at) {
    if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F) {
        fprintf(stream, "\\x%02X", at[1]);
        return 2;
    }
    unsigned code = 0;
    if ((at[0] & 0xF0) == 0xE0 && (at[1] & 0xC0) == 0x80 && (at[2] & 0xC0) == 0x80)
        code = (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
    if (code != 0x2028 && code != 0x2029 && code != 0xFEFF && code != 0xFFFE && code != 0xFFFF) return 0;
    fprintf(stream, "\\u%04X", code);
    return 3;
}

void weft_yaml_print_string(void *stream, const char *text) {
    FILE *out = stream;
    if (is_plain(text)) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        int wide = *at >= 0x80 ? escape_wide(out, at) : 0;
        if (!wide) {
            if (*at == '"' || *at == '\\')
                fprintf(out, "\\%c", *at);
            else if (*at == '\n')
                fputs("\\n", out);
            else if (*at < 0x20 || *at == 0x7F)
                fprintf(out, "\\x%02X", *at);
            else
                fputc(*at, out);
            wide = 1;
        }
        at += wide;
    }
    fputc('"', out);
}
