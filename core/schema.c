#include "core/schema.h"

#include <stdarg.h>
#include <string.h>

#include "core/schema_internal.h"

enum { NAMES_MAX = 128 };

/* ---- path and errors ---- */

size_t weft_schema_enter(weft_schema_reader *reader, const char *key) {
    size_t old = reader->length, room = sizeof reader->path - old;
    if (!key[0]) return old;
    int written = snprintf(reader->path + old, room, "%s%s", old ? "." : "", key);
    size_t grown = written < 0 ? 0 : (size_t)written;
    reader->length = old + (grown < room ? grown : room - 1);
    return old;
}

void weft_schema_leave(weft_schema_reader *reader, size_t length) {
    reader->length = length;
    reader->path[length] = 0;
}

weft_status weft_schema_memory(const weft_schema_reader *reader) {
    return weft_error_set(reader->err, WEFT_E_MEMORY, "out of memory");
}

weft_status weft_schema_fail(const weft_schema_reader *reader, const weft_yaml_node *node, const char *format, ...) {
    char text[768];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return weft_yaml_error(reader->yaml, node, WEFT_E_INVALID, reader->err, "%s%s%s", reader->path,
                           reader->length ? ": " : "", text);
}

const char *weft_nearest_name(const char *name, const char *const *names) { return weft_text_nearest(name, names); }

/* Finds target below node by identity; the reader's path leads to it on success. */
static bool find_path(weft_schema_reader *reader, const weft_yaml_node *node, const weft_yaml_node *target) {
    if (node == target) return true;
    for (size_t i = 0; node && i < node->count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        size_t length = weft_schema_enter(reader, node->keys ? node->keys[i]->text : index);
        if (find_path(reader, node->values[i], target)) return true;
        weft_schema_leave(reader, length);
    }
    return false;
}

weft_status weft_record_error(const weft_yaml *yaml, const weft_yaml_node *node, const char *key, weft_error *err,
                              const char *format, ...) {
    char text[768];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    weft_schema_reader reader = {.yaml = yaml, .err = err};
    if (node) find_path(&reader, yaml->root, node);
    weft_schema_enter(&reader, key ? key : "");
    return weft_schema_fail(&reader, weft_yaml_nearest(node, key), "%s", text);
}

/* ---- records ---- */

bool weft_field_exists(const weft_field *field, const char *chosen) {
    return !field->only || !chosen || !strcmp(field->only, chosen);
}

/* With any value of the selector when chosen is NULL. */
static const weft_field *find_field(const weft_record *record, const char *key, const char *chosen) {
    for (size_t i = 0; i < record->count; i++)
        if (!strcmp(record->fields[i].key, key) && weft_field_exists(&record->fields[i], chosen))
            return &record->fields[i];
    return NULL;
}

const weft_field *weft_record_selector(const weft_record *record) {
    for (size_t i = 0; i < record->count; i++)
        if (record->fields[i].selects) return &record->fields[i];
    return NULL;
}

/* What the map says under the record's selector; NULL without one. */
static weft_status read_chosen(const char **chosen, weft_schema_reader *reader, const weft_record *record,
                               const weft_yaml_node *node) {
    *chosen = NULL;
    const weft_field *field = weft_record_selector(record);
    if (!field) return WEFT_OK;
    const weft_yaml_node *value = weft_yaml_get(node, field->key);
    int index = 0;
    *chosen = field->default_text;
    if (!value) return WEFT_OK;
    const size_t length = weft_schema_enter(reader, field->key);
    WEFT_TRY(weft_schema_read_value(reader, field, value, &index));
    weft_schema_leave(reader, length);
    *chosen = field->choices[index];
    return WEFT_OK;
}

static weft_status unknown_key(weft_schema_reader *reader, const weft_record *record, const weft_yaml_node *key,
                               const char *chosen) {
    const char *names[NAMES_MAX + 1] = {0};
    char list[640] = "";
    size_t length = 0, count = 0;
    for (size_t i = 0; i < record->count && count < NAMES_MAX; i++) {
        if (!weft_field_exists(&record->fields[i], chosen)) continue;
        names[count] = record->fields[i].key;
        if (length < sizeof list)
            length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", count ? ", " : "", names[count]);
        count++;
    }
    const char *nearest = weft_nearest_name(key->text, names);
    const weft_field *other = find_field(record, key->text, NULL);
    weft_schema_enter(reader, key->text);
    if (other)
        return weft_schema_fail(reader, key, "is for %s %s; this %s is of %s %s", weft_record_selector(record)->key,
                                other->only, record->name, weft_record_selector(record)->key, chosen);
    if (nearest) return weft_schema_fail(reader, key, "unknown key; did you mean %s?", nearest);
    return weft_schema_fail(reader, key, "unknown key; allowed: %s", list);
}

/* True when nothing in the record must be written. */
static bool all_optional(const weft_record *record) {
    for (size_t i = 0; i < record->count; i++)
        if (!record->fields[i].default_text) return false;
    return true;
}

/* Optional and absent: texts are "", records their defaults where they have all, everything else zero. */
static weft_status leave_empty(weft_schema_reader *reader, const weft_field *field, void *slot) {
    if (field->kind == WEFT_FIELD_STRING) *(const char **)slot = "";
    if (field->kind == WEFT_FIELD_CITED) ((weft_cited *)slot)->source = "";
    if (field->kind != WEFT_FIELD_RECORD || !all_optional(field->record)) return WEFT_OK;
    return weft_schema_read_record(reader, field->record, NULL, slot);
}

static weft_status read_default(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *map,
                                void *slot) {
    size_t length = weft_schema_enter(reader, field->key);
    if (!field->default_text) return weft_schema_fail(reader, map, "required key is missing");
    if (!field->default_text[0]) {
        WEFT_TRY(leave_empty(reader, field, slot));
    } else {
        weft_yaml_node *node = NULL;
        WEFT_TRY(weft_yaml_value(&node, reader->yaml, field->default_text, "default value", reader->err));
        WEFT_TRY(weft_schema_read_value(reader, field, node, slot));
    }
    weft_schema_leave(reader, length);
    return WEFT_OK;
}

/* Taken back from outside: `--set key=` or `--set key=null` of a key that may be left out. Texts may be empty. */
static bool is_unset(const weft_field *field, const weft_yaml_node *node) {
    if (!node->place || node->kind != WEFT_YAML_SCALAR || !field->default_text) return false;
    return field->kind != WEFT_FIELD_STRING && (!node->text[0] || !strcmp(node->text, "null"));
}

static weft_status read_fields(weft_schema_reader *reader, const weft_record *record, const weft_yaml_node *node,
                               char *out) {
    const char *chosen = NULL;
    WEFT_TRY(read_chosen(&chosen, reader, record, node));
    for (size_t i = 0; i < record->count; i++) {
        const weft_field *field = &record->fields[i];
        if (!weft_field_exists(field, chosen)) WEFT_TRY(leave_empty(reader, field, out + field->offset));
    }
    for (size_t i = 0; node && i < node->count; i++) {
        const weft_field *field = find_field(record, node->keys[i]->text, chosen);
        if (!field) return unknown_key(reader, record, node->keys[i], chosen);
        if (is_unset(field, node->values[i])) {
            WEFT_TRY(read_default(reader, field, node, out + field->offset));
            continue;
        }
        size_t length = weft_schema_enter(reader, field->key);
        WEFT_TRY(weft_schema_read_value(reader, field, node->values[i], out + field->offset));
        weft_schema_leave(reader, length);
    }
    for (size_t i = 0; i < record->count; i++) {
        const weft_field *field = &record->fields[i];
        if (!weft_field_exists(field, chosen) || weft_yaml_get(node, field->key)) continue;
        WEFT_TRY(read_default(reader, field, node, out + field->offset));
    }
    return WEFT_OK;
}

/* node: a map, NULL, or a scalar that stands for an empty map. */
static weft_status read_body(weft_schema_reader *reader, const weft_record *record, const weft_yaml_node *node,
                             void *out) {
    memset(out, 0, record->size);
    WEFT_TRY(read_fields(reader, record, node, out));
    return record->check ? record->check(out, reader->yaml, node, reader->err) : WEFT_OK;
}

weft_status weft_schema_read_record(weft_schema_reader *reader, const weft_record *record, const weft_yaml_node *node,
                                    void *out) {
    if (node && node->kind != WEFT_YAML_MAP)
        return weft_schema_fail(reader, node, "expects a map of keys (%s)", record->name);
    return read_body(reader, record, node, out);
}

weft_status weft_record_read(void *out, const weft_record *record, const weft_yaml *yaml, const weft_yaml_node *node,
                             weft_error *err) {
    weft_schema_reader reader = {.yaml = yaml, .err = err};
    if (node) find_path(&reader, yaml->root, node);
    return weft_schema_read_record(&reader, record, node, out);
}

size_t weft_field_size(const weft_field *field) {
    static const size_t sizes[] = {[WEFT_FIELD_INT] = sizeof(int64_t),
                                   [WEFT_FIELD_REAL] = sizeof(double),
                                   [WEFT_FIELD_BOOL] = sizeof(bool),
                                   [WEFT_FIELD_STRING] = sizeof(const char *),
                                   [WEFT_FIELD_ENUM] = sizeof(int),
                                   [WEFT_FIELD_CITED] = sizeof(weft_cited),
                                   [WEFT_FIELD_INT_PAIR] = 2 * sizeof(int64_t),
                                   [WEFT_FIELD_REALS] = sizeof(weft_reals),
                                   [WEFT_FIELD_STRINGS] = sizeof(weft_strings),
                                   [WEFT_FIELD_RECORD] = 0,
                                   [WEFT_FIELD_LIST] = sizeof(weft_list),
                                   [WEFT_FIELD_VARIANT] = sizeof(weft_variant),
                                   [WEFT_FIELD_VARIANTS] = sizeof(weft_list),
                                   [WEFT_FIELD_NAMED] = sizeof(weft_list),
                                   [WEFT_FIELD_NODE] = sizeof(const weft_yaml_node *)};
    return sizes[field->kind];
}

/* ---- variants and lists ---- */

static weft_status unknown_variant(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                                   const char *name) {
    const char *names[NAMES_MAX + 1] = {0};
    char list[512] = "";
    size_t length = 0;
    for (size_t i = 0; field->variants[i] && i < NAMES_MAX; i++) {
        names[i] = field->variants[i]->name;
        if (length < sizeof list)
            length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", i ? ", " : "", names[i]);
    }
    const char *nearest = weft_nearest_name(name, names);
    return weft_schema_fail(reader, node, "'%s' is not one of %s%s%s%s", name, list, nearest ? "; did you mean " : "",
                            nearest ? nearest : "", nearest ? "?" : "");
}

/* `name`, `name:` and `name: {...}`; bare names take all defaults. */
static weft_status read_variant(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                                weft_variant *out) {
    bool map = node->kind == WEFT_YAML_MAP && node->count == 1;
    if (!map && (node->kind != WEFT_YAML_SCALAR || !node->text[0]))
        return weft_schema_fail(reader, node, "expects one name, or a map of one name and its keys");
    const weft_yaml_node *name = map ? node->keys[0] : node, *body = map ? node->values[0] : node;
    bool bare = !map || (body->kind == WEFT_YAML_SCALAR && !body->quoted && !body->text[0]);
    int index = 0;
    while (field->variants[index] && strcmp(field->variants[index]->name, name->text) != 0) index++;
    const weft_record *record = field->variants[index];
    if (!record) return unknown_variant(reader, field, name, name->text);
    *out = (weft_variant){.index = index, .record = record, .line = name->line, .column = name->column};
    out->value = weft_arena_alloc(reader->yaml->arena, record->size ? record->size : 1);
    if (!out->value) return weft_schema_memory(reader);
    size_t length = weft_schema_enter(reader, record->name);
    WEFT_TRY(bare ? read_body(reader, record, body, out->value)
                  : weft_schema_read_record(reader, record, body, out->value));
    weft_schema_leave(reader, length);
    return WEFT_OK;
}

static weft_status read_list(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                             weft_list *out) {
    if (node->kind != WEFT_YAML_SEQUENCE) return weft_schema_fail(reader, node, "expects a list");
    bool variants = field->kind == WEFT_FIELD_VARIANTS;
    size_t size = variants ? sizeof(weft_variant) : field->record->size;
    char *items = weft_arena_alloc(reader->yaml->arena, (node->count + 1) * size);
    if (!items) return weft_schema_memory(reader);
    *out = (weft_list){.items = items, .count = node->count};
    for (size_t i = 0; i < node->count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        size_t length = weft_schema_enter(reader, index);
        void *item = items + i * size;
        WEFT_TRY(variants ? read_variant(reader, field, node->values[i], item)
                          : weft_schema_read_record(reader, field->record, node->values[i], item));
        weft_schema_leave(reader, length);
    }
    return WEFT_OK;
}

/* Every value under its own name. */
static weft_status read_named(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                              weft_list *out) {
    if (node->kind != WEFT_YAML_MAP)
        return weft_schema_fail(reader, node, "expects a map of names, got %s", weft_schema_kind_of(node));
    weft_named *items = weft_arena_alloc(reader->yaml->arena, (node->count + 1) * sizeof *items);
    if (!items) return weft_schema_memory(reader);
    *out = (weft_list){.items = items, .count = node->count};
    for (size_t i = 0; i < node->count; i++) {
        weft_named *item = &items[i];
        size_t length = weft_schema_enter(reader, node->keys[i]->text);
        *item = (weft_named){.name = node->keys[i]->text, .key = node->keys[i], .node = node->values[i]};
        item->value = weft_arena_alloc(reader->yaml->arena, field->record->size);
        if (!item->value) return weft_schema_memory(reader);
        WEFT_TRY(weft_schema_read_record(reader, field->record, node->values[i], item->value));
        weft_schema_leave(reader, length);
    }
    return WEFT_OK;
}

weft_status weft_field_read(void *slot, const weft_field *field, const char *path, const weft_yaml *yaml,
                            const weft_yaml_node *node, weft_error *err) {
    weft_schema_reader reader = {.yaml = yaml, .err = err};
    weft_schema_enter(&reader, path);
    return weft_schema_read_value(&reader, field, node, slot);
}

weft_status weft_schema_read_value(weft_schema_reader *reader, const weft_field *field, const weft_yaml_node *node,
                                   void *slot) {
    switch (field->kind) {
    case WEFT_FIELD_RECORD:
        return weft_schema_read_record(reader, field->record, node, slot);
    case WEFT_FIELD_VARIANT:
        return read_variant(reader, field, node, slot);
    case WEFT_FIELD_LIST:
    case WEFT_FIELD_VARIANTS:
        return read_list(reader, field, node, slot);
    case WEFT_FIELD_NAMED:
        return read_named(reader, field, node, slot);
    default:
        return weft_schema_read_scalar(reader, field, node, slot);
    }
}
