/* Values of a mapping file; mapping_read.c and spike_mapping_read.c only. Failures are INVALID at the node and name
 * `where`, its dotted path. */
#ifndef WEFT_CORE_MAPPING_VALUES_H
#define WEFT_CORE_MAPPING_VALUES_H

#include "core/mapping.h"
#include "core/yaml.h"

/* The file being read. */
typedef struct weft_mapping_reader {
    const weft_yaml *yaml;
    weft_error *err;
} weft_mapping_reader;
enum { WEFT_MAPPING_WHERE = 96 };

weft_status weft_mapping_refuse(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                                const char *what);
/* where.key */
const char *weft_mapping_key(char out[WEFT_MAPPING_WHERE], const char *where, const char *key);
/* node is a map of these keys, of which the last `optional` may be missing; values[i] is the value of keys[i] or NULL.
 */
weft_status weft_mapping_map(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                             const char *const *keys, int optional, const weft_yaml_node **values);
weft_status weft_mapping_text(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                              const char **out);
/* One of the NULL-terminated words, by its index. */
weft_status weft_mapping_word(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                              const char *const *words, int *out);
/* Finite, above 0. */
weft_status weft_mapping_positive(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                                  double *out);
weft_status weft_mapping_int(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where, int min,
                             int *out);
/* A list of at least one item. */
weft_status weft_mapping_list(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where, int *count);
/* A list of two. */
weft_status weft_mapping_pair(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where);
/* [begin, end], half-open and not empty. */
weft_status weft_mapping_range(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where, int *begin,
                               int *end);
/* [low, high], finite. */
weft_status weft_mapping_floats(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where, float *low,
                                float *high);

#endif
