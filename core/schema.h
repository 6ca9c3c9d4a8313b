/* Field tables: the one description of every key a person may write. A table turns a YAML map into a plain C struct,
 * prints the manual (`weft describe`) and the JSON Schema (docs/schema). Unknown, duplicate, missing, out-of-range and
 * mistyped keys are errors with file:line:column, the key's dotted path and the nearest valid name. */
#ifndef WEFT_CORE_SCHEMA_H
#define WEFT_CORE_SCHEMA_H

#include <stdint.h>
#include <stdio.h>

#include "core/yaml.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_field_kind {
    WEFT_FIELD_INT,      /* int64_t; 1_000 and 1e6-like integers are accepted when exact */
    WEFT_FIELD_REAL,     /* double; finite */
    WEFT_FIELD_BOOL,     /* bool; true or false */
    WEFT_FIELD_STRING,   /* const char *, in the arena */
    WEFT_FIELD_ENUM,     /* int: index into choices */
    WEFT_FIELD_CITED,    /* weft_cited: a number, or {value, evidence, source, voltage_v} */
    WEFT_FIELD_INT_PAIR, /* int64_t[2]: `[a, b]`, or one integer for both */
    WEFT_FIELD_REALS,    /* weft_reals: list of numbers */
    WEFT_FIELD_STRINGS,  /* weft_strings: one string or a list of strings */
    WEFT_FIELD_RECORD,   /* embedded struct described by record */
    WEFT_FIELD_LIST,     /* weft_list of structs described by record */
    WEFT_FIELD_VARIANT,  /* weft_variant: a one-key map `name: {...}` (or the bare name), the key chooses the record */
    WEFT_FIELD_VARIANTS, /* weft_list of weft_variant */
    WEFT_FIELD_NAMED,    /* weft_list of weft_named: a map of free names, each a struct described by record */
    WEFT_FIELD_NODE      /* const weft_yaml_node *, NULL when absent: read by the owner of the table; choices: what it
                            may be, of "object", "array" and "string" (a plain value) */
} weft_field_kind;

typedef enum weft_evidence {
    WEFT_EVIDENCE_ASSUMED,
    WEFT_EVIDENCE_DERIVED,
    WEFT_EVIDENCE_SIMULATED,
    WEFT_EVIDENCE_MEASURED
} weft_evidence;
extern const char *const weft_evidence_names[]; /* NULL-terminated, by weft_evidence */

/* A constant with where it comes from. A plain number is taken as assumed, source "". Every other evidence needs a
 * source. */
typedef struct weft_cited {
    double value;
    weft_evidence evidence;
    const char *source; /* "" when none was given */
    double voltage_v;   /* 0 when it does not matter */
} weft_cited;
typedef struct weft_reals {
    double *items;
    size_t count;
} weft_reals;
typedef struct weft_strings {
    const char **items;
    size_t count;
} weft_strings;
typedef struct weft_list {
    void *items; /* count structs of record->size bytes, or count weft_variant or weft_named */
    size_t count;
} weft_list;

typedef struct weft_named {
    const char *name;
    void *value;                      /* struct of the field's record */
    const weft_yaml_node *key, *node; /* where its name and its value stand */
} weft_named;

struct weft_record;
typedef struct weft_variant {
    int index;                        /* into the field's variants */
    const struct weft_record *record; /* == variants[index] */
    void *value;                      /* struct of record->size bytes */
    int line, column;                 /* where it was written */
} weft_variant;

typedef struct weft_field {
    const char *key;
    weft_field_kind kind;
    size_t offset;    /* in the struct */
    const char *unit; /* "" when it has none; the key's name carries it too (read_ns, energy_pj) */
    double min, max;  /* numbers; for LISTs and REALS the bounds are on each item; ignored when min == max == 0 */
    const char
        *default_text;                /* YAML scalar text ("[1, 1]" for a pair); NULL: required; "" leaves zero/empty
                                        (optional): texts are "", a         RECORD that has no required key takes its own defaults */
    const char *doc;                  /* one sentence */
    const char *const *choices;       /* ENUM, NODE, NULL-terminated */
    const struct weft_record *record; /* RECORD, LIST, NAMED */
    const struct weft_record *const *variants; /* VARIANT(S), NULL-terminated */
    const char *only; /* the value of the record's selector with which the key exists, NULL: with every one. A key may
                         stand twice, with different ones; one that is ruled out is left as if optional and absent. */
    bool selects;     /* ENUM with a default: the record's selector, which chooses among its keys by `only` */
} weft_field;

typedef struct weft_record {
    const char *name; /* "chip", "adc", "conv" */
    const char *doc;
    size_t size;              /* sizeof the struct */
    const weft_field *fields; /* count of them */
    size_t count;
    /* Optional: checks that span fields, after all are read. Locate with weft_record_error. */
    weft_status (*check)(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err);
} weft_record;

/* Fills *out (record->size bytes, zeroed first) from node; strings and lists live in yaml->arena. A NULL node means an
 * empty map at the root: all defaults. */
weft_status weft_record_read(void *out, const weft_record *record, const weft_yaml *yaml, const weft_yaml_node *node,
                             weft_error *err);
/* Reads one value of a field, alone: slot is where the value goes, path what messages begin with. */
weft_status weft_field_read(void *slot, const weft_field *field, const char *path, const weft_yaml *yaml,
                            const weft_yaml_node *node, weft_error *err);
/* Bytes of a field's value in its struct; 0 for RECORD. */
size_t weft_field_size(const weft_field *field);
/* Strict decimal texts: the whole text, no nan, inf or hexadecimal. */
bool weft_schema_parse_int(const char *text, int64_t *out);
bool weft_schema_parse_real(const char *text, double *out);
/* INVALID at the node under dotted key below node (NULL or "": node itself): "file:line:col: path.key: text", path from
 * the root. */
weft_status weft_record_error(const weft_yaml *yaml, const weft_yaml_node *node, const char *key, weft_error *err,
                              const char *format, ...) WEFT_PRINTF(5, 6);

/* The manual of a record as aligned text: key, unit, range, default, doc; nested records indented. */
void weft_record_describe(const weft_record *record, FILE *stream);
/* The same as Markdown tables (hwconfigs/README.md is made with it). */
void weft_record_describe_markdown(const weft_record *record, FILE *stream);
/* JSON Schema, draft 2020-12, deterministic text. */
weft_status weft_record_json_schema(const weft_record *record, FILE *stream, weft_error *err);
/* Nearest of the NULL-terminated names by edit distance, or NULL when none is near. */
const char *weft_nearest_name(const char *name, const char *const *names);

#ifdef __cplusplus
}
#endif
#endif
