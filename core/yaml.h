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
    int line, column;               /* 1-based; 0 when it was not written in the file */
    const char *place;              /* NULL: the file; else what stands in its place in messages: "--set adc.bits=6" */
    const char *text;               /* scalar: its value, zero-terminated; else NULL */
    bool quoted;                    /* scalar: written in quotes or as a block, so not a number or bool */
    size_t count;                   /* sequence: items; map: pairs */
    struct weft_yaml_node **keys;   /* map only, scalars */
    struct weft_yaml_node **values; /* map and sequence */
} weft_yaml_node;

typedef struct weft_yaml {
    weft_arena *arena;
    const char *file; /* as given, for messages */
    weft_yaml_node *root;
} weft_yaml;

/* One document. Refused with file:line:column: malformed or truncated YAML, duplicate keys, keys that are no scalars,
 * anchors, aliases and tags, several documents, an empty file, more than WEFT_YAML_DEPTH_MAX levels. Caller destroys
 * *out. */
weft_status weft_yaml_load(weft_yaml *out, const char *path, weft_error *err);
/* The same from memory; file is the name for messages. */
weft_status weft_yaml_parse(weft_yaml *out, const char *text, size_t size, const char *file, weft_error *err);
void weft_yaml_destroy(weft_yaml *yaml); /* safe on a zeroed struct */

/* Value under key, or NULL (also when node is NULL or no map). */
const weft_yaml_node *weft_yaml_get(const weft_yaml_node *node, const char *key);
/* Node under a dotted path ("adc.bits", "layers.3.conv.filters"); the deepest existing one on the way when it is
 * absent; never NULL for a non-NULL root. For error locations. */
const weft_yaml_node *weft_yaml_nearest(const weft_yaml_node *root, const char *dotted_path);
/* Sets the scalar under a dotted path, creating maps on the way (--set KEY=VALUE). Setting a cited constant written as
 * {value, evidence, source} sets the whole to the plain scalar; `[...]` and `{...}` are read as YAML; a step may be the
 * index of a list item that exists. A record's reader takes an empty value or null, set so, for a key that is left out,
 * where it may be (texts become empty). Errors about such a node name `--set KEY=VALUE` in the file's place. PARSE on an
 * empty path or when a step is no map. */
weft_status weft_yaml_set(weft_yaml *yaml, const char *dotted_path, const char *value, weft_error *err);

/* Applies texts "KEY=VALUE" in order. PARSE, naming `--set KEY=VALUE`, as weft_yaml_set or when there is no '='. */
weft_status weft_yaml_override(weft_yaml *yaml, const char *const *overrides, int count, weft_error *err);
/* A node in yaml's arena from a short text that stands nowhere in the file (an override, a default): `[...]` and
 * `{...}` are read as YAML, everything else is one plain scalar. place as in weft_yaml_node; it must outlive the node.
 */
weft_status weft_yaml_value(weft_yaml_node **out, const weft_yaml *yaml, const char *text, const char *place,
                            weft_error *err);
/* Fills *err at the node (at the file alone when node is NULL); returns status. */
weft_status weft_yaml_error(const weft_yaml *yaml, const weft_yaml_node *node, weft_status status, weft_error *err,
                            const char *format, ...) WEFT_PRINTF(5, 6);

/* Writes text so that a YAML reader gives back the same string, quoting where needed. */
void weft_yaml_print_string(void *stream /* FILE * */, const char *text);

#ifdef __cplusplus
}
#endif
#endif
