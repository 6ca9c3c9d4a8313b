/* Shared by the files that read and describe field tables. */
#ifndef WEFT_CORE_SCHEMA_INTERNAL_H
#define WEFT_CORE_SCHEMA_INTERNAL_H

#include "core/schema.h"

#define WEFT_SCHEMA_PATH_MAX 512

/* Where a reader stands: the dotted path from the root, grown and cut back on the way down and up. */
typedef struct weft_schema_reader {
    const weft_yaml *yaml;
    weft_error *err;
    char path[WEFT_SCHEMA_PATH_MAX];
    size_t length;
} weft_schema_reader;

/* Appends ".key" (as far as it fits) and returns the old length, for leave. */
size_t weft_schema_enter(weft_schema_reader *reader, const char *key);
void weft_schema_leave(weft_schema_reader *reader, size_t length);
/* INVALID at the node: "path: text". */
weft_status weft_schema_fail(const weft_schema_reader *reader, const weft_yaml_node *node, const char *format, ...)
    WEFT_PRINTF(3, 4);
/* "a list", "nothing": what a message says it got. */
const char *weft_schema_kind_of(const weft_yaml_node *node);
weft_status weft_schema_memory(const weft_schema_reader *reader);

/* Reads one record or one value into its slot. */
weft_status weft_schema_read_record(weft_schema_reader *reader, const weft_record *record, const weft_yaml_node *node,
                                    void *out);
weft_status weft_schema_read_value(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                                   void *slot);
/* The kinds that need no other record. */
weft_status weft_schema_read_scalar(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                                    void *slot);
/* NULL: none. */
const weft_field *weft_record_selector(const weft_record *record);
/* The key exists with that value of its record's selector; NULL: with some. */
bool weft_field_exists(const weft_field *field, const char *chosen);
/* min and max bound the field's values. */
bool weft_schema_has_range(const weft_field *field);
/* The record of a cited constant whose value obeys the field's range; fields is filled with its WEFT_CITED_FIELDS
 * fields. */
enum { WEFT_CITED_FIELDS = 4 };
weft_record weft_schema_cited_record(const weft_field *field, weft_field fields[WEFT_CITED_FIELDS]);

#endif
