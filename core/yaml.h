/* YAML as a tree in which every node knows its line and column. Over libyaml. */
#ifndef WEFT_CORE_YAML_H
#define WEFT_CORE_YAML_H

#include "core/arena.h"
#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_YAML_BYTES_MAX (64u << 20)
#define WEFT_YAML_DEPTH_MAX 64

typedef enum weft_yaml_kind { WEFT_YAML_SCALAR, WEFT_YAML_SEQUENCE, WEFT_YAML_MAP } weft_yaml_kind;

typedef struct weft_yaml_node {
    weft_yaml_kind kind;
    int line, column; /* 1-based */
    const char *text; /* scalar: its value, zero-terminated; else NULL */
    bool quoted;      /* scalar: written in quotes or as a block, so not a number or bool */
    size_t count;     /* sequence: items; map: pairs */
    struct weft_yaml_node **keys;   /* map only, scalars */
    struct weft_yaml_node **values; /* map and sequence */
} weft_yaml_node;

typedef struct weft_yaml {
    weft_arena *arena;
    const char *file; /* as given, for messages */
    weft_yaml_node *root;
} weft_yaml;

/* One document. Refused with file:line:column: malformed or truncated YAML, duplicate keys, keys that are no scalars, anchors,
 * aliases and tags, several documents, an empty file, more than WEFT_YAML_DEPTH_MAX levels. Caller destroys *out. */
weft_status weft_yaml_load(weft_yaml *out, const char *path, weft_error *err);
/* The same from memory; file is the name for messages. */
weft_status weft_yaml_parse(weft_yaml *out, const char *text, size_t size, const char *file, weft_error *err);
void weft_yaml_destroy(weft_yaml *yaml); /* safe on a zeroed struct */

/* Value under key, or NULL (also when node is NULL or no map). */
const weft_yaml_node *weft_yaml_get(const weft_yaml_node *node, const char *key);
/* Node under a dotted path ("adc.bits", "layers.3.conv.filters"); the deepest existing one on the way when it is absent; never
 * NULL for a non-NULL root. For error locations. */
const weft_yaml_node *weft_yaml_nearest(const weft_yaml_node *root, const char *dotted_path);
/* Sets the scalar under a dotted path, creating maps on the way (--set KEY=VALUE). Setting a cited constant written as
 * {value, evidence, source} sets the whole to the plain scalar. PARSE on an empty path or when a step is no map. */
weft_status weft_yaml_set(weft_yaml *yaml, const char *dotted_path, const char *value, weft_error *err);

/* Writes text so that a YAML reader gives back the same string, quoting where needed. */
struct weft_output;
void weft_yaml_print_string(void *stream /* FILE * */, const char *text);

#ifdef __cplusplus
}
#endif
#endif
