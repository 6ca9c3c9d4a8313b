/* JSON text, written straight to a stream: two spaces of indent, keys in call order, shortest numbers that read back
 * exactly. The same calls give the same bytes. Write errors show at the stream (ferror, weft_output_commit). */
#ifndef WEFT_SIM_REPORT_JSON_H
#define WEFT_SIM_REPORT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_json {
    FILE *stream;
    int depth;
    bool comma; /* the open object or array has a member already */
    bool flat;  /* all on one line, no newline behind it */
} weft_json;

/* key: NULL for the root and for items of an array. */
void weft_json_object(weft_json *json, const char *key);
void weft_json_object_end(weft_json *json); /* a newline after the root's */
void weft_json_array(weft_json *json, const char *key);
void weft_json_array_end(weft_json *json);
void weft_json_text(weft_json *json, const char *key,
                    const char *text); /* NULL gives null; bytes that are no UTF-8 become U+FFFD */
void weft_json_number(weft_json *json, const char *key, double value); /* NaN and infinities give null */
void weft_json_count(weft_json *json, const char *key, uint64_t value);
void weft_json_bool(weft_json *json, const char *key, bool value);
void weft_json_null(weft_json *json, const char *key);
void weft_json_counts(weft_json *json, const char *key, const uint32_t *values,
                      size_t count); /* an array on one line */

/* Shortest decimal text that reads back as value. out_size at least 32. */
void weft_number_text(char *out, size_t out_size, double value);

#ifdef __cplusplus
}
#endif
#endif
