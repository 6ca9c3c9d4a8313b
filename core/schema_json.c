/* Field tables as JSON Schema, draft 2020-12, for editors. */
#include <cJSON.h>
#include <math.h>
#include <string.h>

#include "core/schema_internal.h"

enum { DEPTH_MAX = 16 };

/* ok falls once memory is out or records nest without end. */
typedef struct weft_json_schema {
    bool ok;
    int depth;
} weft_json_schema;

static cJSON *made(weft_json_schema *schema, cJSON *item) {
    if (!item) schema->ok = false;
    return item;
}

/* Takes item over. */
static void add(weft_json_schema *schema, cJSON *object, const char *key, cJSON *item) {
    if (made(schema, item) && object && cJSON_AddItemToObject(object, key, item)) return;
    cJSON_Delete(item);
    schema->ok = false;
}

static void add_text(weft_json_schema *schema, cJSON *object, const char *key, const char *text) {
    add(schema, object, key, cJSON_CreateString(text));
}

static void push(weft_json_schema *schema, cJSON *array, cJSON *item) {
    if (made(schema, item) && array && cJSON_AddItemToArray(array, item)) return;
    cJSON_Delete(item);
    schema->ok = false;
}

static cJSON *typed(weft_json_schema *schema, const char *type) {
    cJSON *object = made(schema, cJSON_CreateObject());
    add_text(schema, object, "type", type);
    return object;
}

static cJSON *number_schema(weft_json_schema *schema, const weft_field *field, const char *type) {
    cJSON *object = typed(schema, type);
    if (!weft_schema_has_range(field)) return object;
    if (isfinite(field->min)) add(schema, object, "minimum", cJSON_CreateNumber(field->min));
    if (isfinite(field->max)) add(schema, object, "maximum", cJSON_CreateNumber(field->max));
    return object;
}

static cJSON *list_of(weft_json_schema *schema, cJSON *items) {
    cJSON *object = typed(schema, "array");
    add(schema, object, "items", items);
    return object;
}

static cJSON *one_of(weft_json_schema *schema, cJSON *first, cJSON *second) {
    cJSON *object = made(schema, cJSON_CreateObject()), *array = made(schema, cJSON_CreateArray());
    push(schema, array, first);
    if (second) push(schema, array, second);
    add(schema, object, "oneOf", array);
    return object;
}

static cJSON *record_schema(weft_json_schema *schema, const weft_record *record);

static bool nothing_required(const weft_record *record) {
    for (size_t i = 0; i < record->count; i++)
        if (!record->fields[i].default_text) return false;
    return true;
}

/* Bare names of variants without required keys, or `name: {...}`. */
static cJSON *variant_schema(weft_json_schema *schema, const weft_field *field) {
    cJSON *names = made(schema, cJSON_CreateArray()), *all = made(schema, cJSON_CreateArray());
    for (int i = 0; field->variants[i]; i++) {
        const weft_record *record = field->variants[i];
        bool bare = nothing_required(record);
        cJSON *body = record_schema(schema, record), *map = typed(schema, "object");
        if (bare) {
            push(schema, names, cJSON_CreateString(record->name));
            body = one_of(schema, body, typed(schema, "null"));
        }
        cJSON *properties = made(schema, cJSON_CreateObject()), *required = made(schema, cJSON_CreateArray());
        add(schema, properties, record->name, body);
        push(schema, required, cJSON_CreateString(record->name));
        add(schema, map, "properties", properties);
        add(schema, map, "required", required);
        add(schema, map, "additionalProperties", cJSON_CreateFalse());
        push(schema, all, map);
    }
    cJSON *object = made(schema, cJSON_CreateObject());
    if (cJSON_GetArraySize(names)) {
        cJSON *bare = typed(schema, "string");
        add(schema, bare, "enum", names);
        push(schema, all, bare);
    } else {
        cJSON_Delete(names);
    }
    add(schema, object, "oneOf", all);
    return object;
}

static cJSON *enum_schema(weft_json_schema *schema, const weft_field *field) {
    cJSON *object = typed(schema, "string"), *names = made(schema, cJSON_CreateArray());
    for (int i = 0; field->choices[i]; i++) push(schema, names, cJSON_CreateString(field->choices[i]));
    add(schema, object, "enum", names);
    return object;
}

static cJSON *pair_schema(weft_json_schema *schema, const weft_field *field) {
    cJSON *pair = list_of(schema, number_schema(schema, field, "integer"));
    add(schema, pair, "minItems", cJSON_CreateNumber(2));
    add(schema, pair, "maxItems", cJSON_CreateNumber(2));
    return one_of(schema, number_schema(schema, field, "integer"), pair);
}

static cJSON *cited_schema(weft_json_schema *schema, const weft_field *field) {
    weft_field fields[WEFT_CITED_FIELDS];
    weft_record record = weft_schema_cited_record(field, fields);
    return one_of(schema, number_schema(schema, field, "number"), record_schema(schema, &record));
}

static cJSON *named_schema(weft_json_schema *schema, const weft_field *field) {
    cJSON *object = typed(schema, "object");
    add(schema, object, "additionalProperties", record_schema(schema, field->record));
    return object;
}

/* Plain values are whatever YAML makes of them. */
static cJSON *node_schema(weft_json_schema *schema, const weft_field *field) {
    cJSON *object = made(schema, cJSON_CreateObject()), *types = made(schema, cJSON_CreateArray());
    for (int i = 0; field->choices[i]; i++) {
        push(schema, types, cJSON_CreateString(field->choices[i]));
        if (strcmp(field->choices[i], "string") != 0) continue;
        push(schema, types, cJSON_CreateString("number"));
        push(schema, types, cJSON_CreateString("boolean"));
    }
    add(schema, object, "type", types);
    return object;
}

static cJSON *kind_schema(weft_json_schema *schema, const weft_field *field) {
    switch (field->kind) {
    case WEFT_FIELD_INT:
        return number_schema(schema, field, "integer");
    case WEFT_FIELD_REAL:
        return number_schema(schema, field, "number");
    case WEFT_FIELD_BOOL:
        return typed(schema, "boolean");
    case WEFT_FIELD_STRING:
        return typed(schema, "string");
    case WEFT_FIELD_ENUM:
        return enum_schema(schema, field);
    case WEFT_FIELD_CITED:
        return cited_schema(schema, field);
    case WEFT_FIELD_INT_PAIR:
        return pair_schema(schema, field);
    case WEFT_FIELD_REALS:
        return list_of(schema, number_schema(schema, field, "number"));
    case WEFT_FIELD_STRINGS:
        return one_of(schema, typed(schema, "string"), list_of(schema, typed(schema, "string")));
    case WEFT_FIELD_RECORD:
        return record_schema(schema, field->record);
    case WEFT_FIELD_LIST:
        return list_of(schema, record_schema(schema, field->record));
    case WEFT_FIELD_VARIANT:
        return variant_schema(schema, field);
    case WEFT_FIELD_VARIANTS:
        return list_of(schema, variant_schema(schema, field));
    case WEFT_FIELD_NAMED:
        return named_schema(schema, field);
    case WEFT_FIELD_NODE:
        return node_schema(schema, field);
    }
    return typed(schema, "null");
}

/* "Text. Unit: ns." */
static void add_description(weft_json_schema *schema, cJSON *object, const weft_field *field) {
    char text[1024];
    bool own = field->doc && field->doc[0], unit = field->unit && field->unit[0];
    const char *doc = own ? field->doc : field->record ? field->record->doc : "";
    snprintf(text, sizeof text, "%s%s%s%s", doc, unit ? " Unit: " : "", unit ? field->unit : "", unit ? "." : "");
    if (!text[0]) return;
    cJSON_DeleteItemFromObject(object, "description");
    add_text(schema, object, "description", text);
}

static void add_default(weft_json_schema *schema, cJSON *object, const weft_field *field) {
    if (!field->default_text || !field->default_text[0]) return;
    bool text = field->kind == WEFT_FIELD_STRING || field->kind == WEFT_FIELD_STRINGS;
    cJSON *value = text ? NULL : cJSON_Parse(field->default_text);
    add(schema, object, "default", value ? value : cJSON_CreateString(field->default_text));
}

/* The keys that exist with that value of the selector, and no others. */
static void add_fields(weft_json_schema *schema, cJSON *object, const weft_record *record, const char *chosen) {
    cJSON *required = NULL, *properties = made(schema, cJSON_CreateObject());
    for (size_t i = 0; i < record->count; i++) {
        const weft_field *field = &record->fields[i];
        if (!weft_field_exists(field, chosen)) continue;
        cJSON *item = kind_schema(schema, field);
        add_description(schema, item, field);
        add_default(schema, item, field);
        add(schema, properties, field->key, item);
        if (field->default_text) continue;
        if (!required) required = made(schema, cJSON_CreateArray());
        push(schema, required, cJSON_CreateString(field->key));
    }
    add(schema, object, "properties", properties);
    if (required) add(schema, object, "required", required);
    add(schema, object, "additionalProperties", cJSON_CreateFalse());
}

/* {"properties": {KEY: {"const": VALUE}}, "required": [KEY]} */
static cJSON *equals_schema(weft_json_schema *schema, const char *key, const char *value) {
    cJSON *object = made(schema, cJSON_CreateObject()), *properties = made(schema, cJSON_CreateObject()),
          *constant = made(schema, cJSON_CreateObject()), *required = made(schema, cJSON_CreateArray());
    add_text(schema, constant, "const", value);
    add(schema, properties, key, constant);
    push(schema, required, cJSON_CreateString(key));
    add(schema, object, "properties", properties);
    add(schema, object, "required", required);
    return object;
}

/* if, then, else by the selector's values; without the key its default, the last else. */
static void add_kinds(weft_json_schema *schema, cJSON *object, const weft_record *record) {
    const weft_field *selector = weft_record_selector(record);
    for (int i = 0; selector->choices[i]; i++) {
        if (!strcmp(selector->choices[i], selector->default_text)) continue;
        cJSON *then = typed(schema, "object"), *otherwise = typed(schema, "object");
        add_fields(schema, then, record, selector->choices[i]);
        add(schema, object, "if", equals_schema(schema, selector->key, selector->choices[i]));
        add(schema, object, "then", then);
        add(schema, object, "else", otherwise);
        object = otherwise;
    }
    add_fields(schema, object, record, selector->default_text);
}

static cJSON *record_schema(weft_json_schema *schema, const weft_record *record) {
    cJSON *object = typed(schema, "object");
    if (schema->depth >= DEPTH_MAX) {
        schema->ok = false;
        return object;
    }
    schema->depth++;
    add_text(schema, object, "description", record->doc);
    if (weft_record_selector(record))
        add_kinds(schema, object, record);
    else
        add_fields(schema, object, record, NULL);
    schema->depth--;
    return object;
}

weft_status weft_record_json_schema(const weft_record *record, FILE *stream, weft_error *err) {
    weft_json_schema schema = {.ok = true};
    cJSON *root = made(&schema, cJSON_CreateObject()), *body = record_schema(&schema, record);
    add_text(&schema, root, "$schema", "https://json-schema.org/draft/2020-12/schema");
    add_text(&schema, root, "title", record->name);
    while (body && body->child) {
        cJSON *child = cJSON_DetachItemViaPointer(body, body->child);
        char key[64];
        snprintf(key, sizeof key, "%s", child->string);
        add(&schema, root, key, child);
    }
    char *text = schema.ok ? cJSON_Print(root) : NULL;
    cJSON_Delete(body);
    cJSON_Delete(root);
    if (!text)
        return weft_error_set(err, WEFT_E_INTERNAL, "no JSON Schema of %s: out of memory, or nested too deeply",
                              record->name);
    fprintf(stream, "%s\n", text);
    cJSON_free(text);
    return ferror(stream) ? weft_error_set(err, WEFT_E_IO, "the JSON Schema of %s could not be written", record->name)
                          : WEFT_OK;
}
