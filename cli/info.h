/* What weft info tells, by kind of file. Each prints text to session->out, and JSON to json_path when that is not NULL.
 */
#ifndef WEFT_CLI_INFO_H
#define WEFT_CLI_INFO_H

#include "cli/commands.h"

weft_status weft_info_network(const char *path, const char *json_path, FILE *stream, weft_error *err);
weft_status weft_info_nir(const char *path, const char *json_path, FILE *stream, weft_error *err);
weft_status weft_info_chip(const char *name, const char *json_path, FILE *stream, weft_error *err);
weft_status weft_info_spike_mapping(const char *path, const char *json_path, FILE *stream, weft_error *err);
weft_status weft_info_random(const char *path, const char *json_path, FILE *stream, weft_error *err);
weft_status weft_info_mapping(const char *path, const char *json_path, FILE *stream, weft_error *err);
weft_status weft_info_dataset(const char *name, const char *json_path, FILE *stream, weft_error *err);
weft_status weft_info_recipe(const char *path, const char *json_path, FILE *stream, weft_error *err);

#endif
