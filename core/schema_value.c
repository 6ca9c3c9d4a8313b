/* Field kinds that stand alone: numbers, words, cited constants and short lists. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema_internal.h"

const char *const weft_evidence_names[] = {"assumed", "derived", "simulated", "measured", NULL};

static const double EXACT_INT_MAX = 9007199254740992.0; /* 2^53 */

static size_t count_digits(const char *text) {
    size_t count = 0;
    while (text[count] >= '0' && text[count] <= '9') count++;
    return count;
}

/* [sign] digits [. digits] [e [sign] digits], with at least one digit before the exponent. */
static bool is_decimal(const char *text) {
    text += *text == '+' || *text == '-';
    size_t digits = count_digits(text);
    text += digits;
    if (*text == '.') {
        size_t fraction = count_digits(text + 1);
        digits += fraction;
        text += 1 + fraction;
    }
    if (!digits) return false;
    if (*text != 'e' && *text != 'E') return *text == 0;
    text++;
    text += *text == '+' || *text == '-';
    size_t exponent = count_digits(text);
    return exponent && text[exponent] == 0;
}

bool weft_schema_parse_real(const char *text, double *out) {
    if (!is_decimal(text)) return false;
    *out = strtod(text, NULL);
    return isfinite(*out);
}

/* Copies text without the underscores that stand between digits. */
static bool strip_underscores(const char *text, char *out, size_t out_size) {
    size_t length = 0;
    for (const char *c = text; *c; c++) {
        if (*c == '_') {
            bool between = c > text && count_digits(c - 1) == 1 && count_digits(c + 1) >= 1;
            if (!between) return false;
            continue;
        }
        if (length + 1 >= out_size) return false;
        out[length++] = *c;
    }
    out[length] = 0;
    return true;
}

bool weft_schema_parse_int(const char *text, int64_t *out) {
    char digits[64];
    double real;
    if (!strip_underscores(text, digits, sizeof digits) || !weft_schema_parse_real(digits, &real)) return false;
    if (fabs(real) < EXACT_INT_MAX && real != floor(real)) return false;
    size_t sign = digits[0] == '+' || digits[0] == '-';
    if (!digits[sign + count_digits(digits + sign)] && fabs(real) < 9.2e18) {
        *out = strtoll(digits, NULL, 10);
        return true;
    }
    if (fabs(real) > EXACT_INT_MAX) return false;
    *out = (int64_t)real;
    return true;
}

bool weft_schema_has_range(const weft_field *field) { return field->min != 0 || field->max != 0; }

const char *weft_schema_kind_of(const weft_yaml_node *node) {
    if (node->kind == WEFT_YAML_MAP) return "a map";
    if (node->kind == WEFT_YAML_SEQUENCE) return "a list";
    if (node->quoted) return "a text in quotes";
    return node->text[0] ? "a plain value" : "nothing";
}

static weft_status check_range(const weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                               double value) {
    if (!weft_schema_has_range(field)) return WEFT_OK;
    if (value < field->min) return weft_schema_fail(reader, node, "%s is below %.15g", node->text, field->min);
    if (value > field->max) return weft_schema_fail(reader, node, "%s is above %.15g", node->text, field->max);
    return WEFT_OK;
}

/* A plain scalar with a text, or the error that says what was wanted. */
static weft_status want_plain(const weft_schema_reader *reader, const weft_yaml_node *node, const char *wanted) {
    if (node->kind == WEFT_YAML_SCALAR && !node->quoted && node->text[0]) return WEFT_OK;
    return weft_schema_fail(reader, node, "expects %s, got %s", wanted, weft_schema_kind_of(node));
}

static weft_status read_int(const weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                            int64_t *out) {
    WEFT_TRY(want_plain(reader, node, "an integer"));
    if (!weft_schema_parse_int(node->text, out))
        return weft_schema_fail(reader, node, "'%s' is not an integer", node->text);
    return check_range(reader, field, node, (double)*out);
}

static weft_status read_real(const weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                             double *out) {
    WEFT_TRY(want_plain(reader, node, "a number"));
    if (!weft_schema_parse_real(node->text, out))
        return weft_schema_fail(reader, node, "'%s' is not a finite number", node->text);
    return check_range(reader, field, node, *out);
}

static weft_status read_bool(const weft_schema_reader *reader, const weft_yaml_node *node, bool *out) {
    WEFT_TRY(want_plain(reader, node, "true or false"));
    *out = strcmp(node->text, "true") == 0;
    if (!*out && strcmp(node->text, "false") != 0)
        return weft_schema_fail(reader, node, "'%s' is not true or false", node->text);
    return WEFT_OK;
}

static weft_status read_string(const weft_schema_reader *reader, const weft_yaml_node *node, const char **out) {
    if (node->kind != WEFT_YAML_SCALAR) return weft_schema_fail(reader, node, "expects a text, got %s", weft_schema_kind_of(node));
    *out = weft_arena_strdup(reader->yaml->arena, node->text);
    return *out ? WEFT_OK : weft_schema_memory(reader);
}

static void list_names(char *out, size_t out_size, const char *const *names) {
    size_t length = 0;
    out[0] = 0;
    for (int i = 0; names[i] && length < out_size; i++) {
        int written = snprintf(out + length, out_size - length, "%s%s", i ? ", " : "", names[i]);
        if (written < 0) return;
        length += (size_t)written;
    }
}

static weft_status read_enum(const weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                             int *out) {
    char names[512];
    list_names(names, sizeof names, field->choices);
    if (node->kind != WEFT_YAML_SCALAR)
        return weft_schema_fail(reader, node, "expects one of %s, got %s", names, weft_schema_kind_of(node));
    for (int i = 0; field->choices[i]; i++) {
        if (strcmp(field->choices[i], node->text) != 0) continue;
        *out = i;
        return WEFT_OK;
    }
    const char *nearest = weft_nearest_name(node->text, field->choices);
    return weft_schema_fail(reader, node, "'%s' is not one of %s%s%s%s", node->text, names,
                            nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

static weft_status read_int_pair(const weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                                 int64_t *out) {
    if (node->kind == WEFT_YAML_SCALAR) {
        WEFT_TRY(read_int(reader, field, node, out));
        out[1] = out[0];
        return WEFT_OK;
    }
    if (node->kind != WEFT_YAML_SEQUENCE || node->count != 2)
        return weft_schema_fail(reader, node, "expects two integers, [a, b]");
    WEFT_TRY(read_int(reader, field, node->values[0], &out[0]));
    return read_int(reader, field, node->values[1], &out[1]);
}

static weft_status read_reals(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                              weft_reals *out) {
    if (node->kind != WEFT_YAML_SEQUENCE)
        return weft_schema_fail(reader, node, "expects a list of numbers, got %s", weft_schema_kind_of(node));
    out->items = weft_arena_alloc(reader->yaml->arena, (node->count + 1) * sizeof *out->items);
    if (!out->items) return weft_schema_memory(reader);
    out->count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        size_t length = weft_schema_enter(reader, index);
        WEFT_TRY(read_real(reader, field, node->values[i], &out->items[i]));
        weft_schema_leave(reader, length);
    }
    return WEFT_OK;
}

static weft_status read_strings(weft_schema_reader *reader, const weft_yaml_node *node, weft_strings *out) {
    bool list = node->kind == WEFT_YAML_SEQUENCE;
    if (node->kind == WEFT_YAML_MAP)
        return weft_schema_fail(reader, node, "expects a text or a list of texts, got a map");
    out->count = list ? node->count : 1;
    out->items = weft_arena_alloc(reader->yaml->arena, (out->count + 1) * sizeof *out->items);
    if (!out->items) return weft_schema_memory(reader);
    for (size_t i = 0; i < out->count; i++) {
        char index[24] = "";
        if (list) snprintf(index, sizeof index, "%zu", i);
        size_t length = weft_schema_enter(reader, index);
        WEFT_TRY(read_string(reader, list ? node->values[i] : node, &out->items[i]));
        weft_schema_leave(reader, length);
    }
    return WEFT_OK;
}

static weft_status check_cited(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    const weft_cited *cited = value;
    if (cited->evidence == WEFT_EVIDENCE_ASSUMED || cited->source[0]) return WEFT_OK;
    return weft_record_error(yaml, node, "evidence", err, "%s needs a source", weft_evidence_names[cited->evidence]);
}

weft_record weft_schema_cited_record(const weft_field *field, weft_field fields[WEFT_CITED_FIELDS]) {
    fields[0] = (weft_field){.key = "value",
                             .kind = WEFT_FIELD_REAL,
                             .offset = offsetof(weft_cited, value),
                             .unit = field->unit,
                             .min = field->min,
                             .max = field->max,
                             .doc = field->doc};
    fields[1] = (weft_field){.key = "evidence",
                             .kind = WEFT_FIELD_ENUM,
                             .offset = offsetof(weft_cited, evidence),
                             .unit = "",
                             .default_text = "assumed",
                             .doc = "How the value is known.",
                             .choices = weft_evidence_names};
    fields[2] = (weft_field){.key = "source",
                             .kind = WEFT_FIELD_STRING,
                             .offset = offsetof(weft_cited, source),
                             .unit = "",
                             .default_text = "",
                             .doc = "Publication, or derivation."};
    fields[3] = (weft_field){.key = "voltage_v",
                             .kind = WEFT_FIELD_REAL,
                             .offset = offsetof(weft_cited, voltage_v),
                             .unit = "V",
                             .max = 100,
                             .default_text = "",
                             .doc = "Supply at which the value holds."};
    return (weft_record){.name = "cited",
                         .doc = "A constant with its origin.",
                         .size = sizeof(weft_cited),
                         .fields = fields,
                         .count = WEFT_CITED_FIELDS,
                         .check = check_cited};
}

static weft_status read_cited(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                              weft_cited *out) {
    if (node->kind == WEFT_YAML_MAP) {
        weft_field fields[WEFT_CITED_FIELDS];
        weft_record record = weft_schema_cited_record(field, fields);
        return weft_schema_read_record(reader, &record, node, out);
    }
    out->source = "";
    if (node->kind == WEFT_YAML_SEQUENCE)
        return weft_schema_fail(reader, node, "expects a number or {value, evidence, source}, got a list");
    return read_real(reader, field, node, &out->value);
}

/* Whether the node is what a JSON type says. */
static bool has_type(const weft_yaml_node *node, const char *type) {
    static const char *const types[] = {
        [WEFT_YAML_SCALAR] = "string", [WEFT_YAML_SEQUENCE] = "array", [WEFT_YAML_MAP] = "object"};
    if (node->kind == WEFT_YAML_SCALAR && !node->quoted && !node->text[0]) return false;
    return !strcmp(types[node->kind], type);
}

static const char *type_text(const char *type) {
    return !strcmp(type, "object") ? "a map" : !strcmp(type, "array") ? "a list" : "a plain value";
}

static weft_status read_node(const weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                             const weft_yaml_node **out) {
    char wanted[80] = "";
    for (int i = 0; field->choices[i]; i++) {
        size_t length = strlen(wanted);
        if (has_type(node, field->choices[i])) {
            *out = node;
            return WEFT_OK;
        }
        snprintf(wanted + length, sizeof wanted - length, "%s%s", i ? " or " : "", type_text(field->choices[i]));
    }
    return weft_schema_fail(reader, node, "expects %s, got %s", wanted, weft_schema_kind_of(node));
}

weft_status weft_schema_read_scalar(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                                    void *slot) {
    switch (field->kind) {
    case WEFT_FIELD_INT:
        return read_int(reader, field, node, slot);
    case WEFT_FIELD_REAL:
        return read_real(reader, field, node, slot);
    case WEFT_FIELD_BOOL:
        return read_bool(reader, node, slot);
    case WEFT_FIELD_STRING:
        return read_string(reader, node, slot);
    case WEFT_FIELD_ENUM:
        return read_enum(reader, field, node, slot);
    case WEFT_FIELD_CITED:
        return read_cited(reader, field, node, slot);
    case WEFT_FIELD_INT_PAIR:
        return read_int_pair(reader, field, node, slot);
    case WEFT_FIELD_REALS:
        return read_reals(reader, field, node, slot);
    case WEFT_FIELD_STRINGS:
        return read_strings(reader, node, slot);
    case WEFT_FIELD_NODE:
        return read_node(reader, field, node, slot);
    default:
        return weft_schema_fail(reader, node, "field '%s' has no kind", field->key);
    }
}
