/* Where mappings come from: `network` and `chip` of the files of both kinds. mapp*.c and spike_mapp*.c only. */
#ifndef WEFT_CORE_MAPPING_SOURCE_H
#define WEFT_CORE_MAPPING_SOURCE_H

#include "core/mapping_values.h"

enum { WEFT_MAPPING_PATH = 4096 };

/* CHECKSUM at `path` unless the hashes are equal: the mapping is of another network or chip (`what`). */
weft_status weft_mapping_check_hash(const char *mapping, const char *what, const char *path, const weft_sha256 *now,
                                    const weft_sha256 *then, weft_error *err);

/* Appends a copy of the text to a malloc'd list of malloc'd ones. */
weft_status weft_settings_add(char ***settings, int *count, const char *setting, weft_error *err);

/* {file, sha256}: the file's path beside the mapping. */
weft_status weft_mapping_read_network(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                                      char path[WEFT_MAPPING_PATH], weft_sha256 *sha256);
/* What to fill. */
typedef struct weft_mapping_chip {
    char *path; /* [WEFT_MAPPING_PATH] */
    weft_sha256 *sha256;
    char ***settings;
    int *setting_count;
} weft_mapping_chip;
/* {file, sha256, set}: an installed file's path where there is none beside the mapping. */
weft_status weft_mapping_read_chip(const weft_mapping_reader *r, const weft_yaml_node *node, const char *where,
                                   const weft_mapping_chip *chip);

/* The same as lines of a mapping's file: paths relative to its folder where that is possible, installed chip files by
 * their name. */
void weft_mapping_write_network(FILE *stream, const char *mapping, const char *path, const weft_sha256 *sha256);
void weft_mapping_write_chip(FILE *stream, const char *mapping, const char *path, const weft_sha256 *sha256,
                             char *const *settings, int setting_count);

#endif
