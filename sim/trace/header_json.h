/* Members of the JSON headers of traces. Private to traces of every kind. */
#ifndef WEFT_SIM_TRACE_HEADER_JSON_H
#define WEFT_SIM_TRACE_HEADER_JSON_H

#include <cjson/cJSON.h>

#include "core/file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* False without memory. text: NULL gives null; reals with all digits, which cJSON does not print. */
bool weft_header_put_text(cJSON *to, const char *key, const char *text);
bool weft_header_put_ints(cJSON *to, const int *values, int count);
bool weft_header_put_real(cJSON *to, const char *key, double value);

/* The tree of a header's text at line `line`, column `column` of the file (line 0: at that offset). Caller deletes it.
 * PARSE. */
weft_status weft_header_read(cJSON **root, const char *text, size_t size, const char *path, int line, size_t column,
                             weft_error *err);
/* What is wrong with an item (NULL: there is none), for the caller to give a place; NULL: nothing. Texts are the
 * tree's. Texts, reals and hashes may be left out: NULL, 0, empty. */
const char *weft_header_take_int(const cJSON *item, int *out);
const char *weft_header_take_real(const cJSON *item, double *out);
const char *weft_header_take_text(const cJSON *item, const char **out);
const char *weft_header_take_hash(const cJSON *item, weft_sha256 *out);
const char *weft_header_take_mesh(const cJSON *item, int mesh[2]);
/* PARSE, "the header 'key' what", in that place; key "": of the header as a whole. */
weft_status weft_header_error(const char *path, int line, size_t column, const char *key, const char *what,
                              weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
