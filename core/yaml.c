#include "core/yaml.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/file.h"

/* One pass over libyaml's events. */
typedef struct weft_yaml_builder {
    yaml_parser_t parser;
    const weft_yaml *yaml;
    const unsigned char *text;
    size_t size;
    const char *place; /* of every node; NULL for a file */
    weft_error *err;
} weft_yaml_builder;

typedef struct weft_node_vector {
    weft_yaml_node **items;
    size_t count, capacity;
} weft_node_vector;

static weft_status out_of_memory(weft_error *err) { return weft_error_set(err, WEFT_E_MEMORY, "out of memory"); }

static weft_status vector_push(weft_node_vector *vector, weft_yaml_node *node, weft_error *err) {
    if (vector->count == vector->capacity) {
        size_t capacity = vector->capacity ? 2 * vector->capacity : 16;
        weft_yaml_node **items = realloc(vector->items, capacity * sizeof *items);
        if (!items) return out_of_memory(err);
        vector->items = items;
        vector->capacity = capacity;
    }
    vector->items[vector->count++] = node;
    return WEFT_OK;
}

weft_status weft_yaml_error(const weft_yaml *yaml, const weft_yaml_node *node, weft_status status, weft_error *err,
                            const char *format, ...) {
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *file = node && node->place ? node->place : yaml->file;
    return weft_error_set_at(err, status, file, node ? node->line : 0, node ? node->column : 0, "%s", text);
}

static weft_status fail_at(const weft_yaml_builder *builder, yaml_mark_t mark, weft_status status, const char *format,
                           ...) WEFT_PRINTF(4, 5);
static weft_status fail_at(const weft_yaml_builder *builder, yaml_mark_t mark, weft_status status, const char *format,
                           ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (builder->place) return weft_error_set_at(builder->err, status, builder->place, 0, 0, "%s", text);
    return weft_error_set_at(builder->err, status, builder->yaml->file, (int)mark.line + 1, (int)mark.column + 1, "%s",
                             text);
}

/* libyaml's reader knows only a byte offset; marks count characters. */
static yaml_mark_t mark_of_offset(const weft_yaml_builder *builder, size_t offset) {
    yaml_mark_t mark = {0};
    if (offset > builder->size) offset = builder->size;
    for (size_t i = 0; i < offset; i++) {
        unsigned char byte = builder->text[i];
        bool lone_return = byte == '\r' && !(i + 1 < builder->size && builder->text[i + 1] == '\n');
        if (byte == '\n' || lone_return) {
            mark.line++;
            mark.column = 0;
        } else if ((byte & 0xC0u) != 0x80u) {
            mark.column++;
        }
    }
    return mark;
}

/* libyaml puts the end of a text without a final line break one line too far. */
static yaml_mark_t within_text(const weft_yaml_builder *builder, yaml_mark_t mark) {
    yaml_mark_t end = mark_of_offset(builder, builder->size);
    return mark.line > end.line ? end : mark;
}

static weft_status parser_error(const weft_yaml_builder *builder) {
    const yaml_parser_t *parser = &builder->parser;
    const char *problem = parser->problem ? parser->problem : "unreadable";
    if (parser->error == YAML_MEMORY_ERROR) return out_of_memory(builder->err);
    if (parser->error == YAML_READER_ERROR)
        return fail_at(builder, mark_of_offset(builder, parser->problem_offset), WEFT_E_PARSE, "malformed YAML: %s",
                       problem);
    yaml_mark_t mark = within_text(builder, parser->problem_mark);
    if (parser->context)
        return fail_at(builder, mark, WEFT_E_PARSE, "malformed YAML: %s %s that starts at line %d", problem,
                       parser->context, (int)within_text(builder, parser->context_mark).line + 1);
    return fail_at(builder, mark, WEFT_E_PARSE, "malformed YAML: %s", problem);
}

static weft_status next_event(weft_yaml_builder *builder, yaml_event_t *event) {
    return yaml_parser_parse(&builder->parser, event) ? WEFT_OK : parser_error(builder);
}

/* Anchors and tags would make a node mean more than it says. */
static weft_status refuse_decorations(const weft_yaml_builder *builder, const yaml_event_t *event) {
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else {
        return fail_at(builder, event->start_mark, WEFT_E_PARSE, "aliases (*name) are not allowed");
    }
    if (anchor) return fail_at(builder, event->start_mark, WEFT_E_PARSE, "anchors (&name) are not allowed");
    if (tag) return fail_at(builder, event->start_mark, WEFT_E_PARSE, "tags (!name) are not allowed");
    return WEFT_OK;
}

static weft_yaml_node *node_create(const weft_yaml *yaml, weft_yaml_kind kind, const char *place) {
    weft_yaml_node *node = weft_arena_alloc(yaml->arena, sizeof *node);
    if (!node) return NULL;
    node->kind = kind;
    node->place = place;
    return node;
}

static weft_status build_scalar(const weft_yaml_builder *builder, const yaml_event_t *event, weft_yaml_node *node) {
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(value, 0, length))
        return fail_at(builder, event->start_mark, WEFT_E_PARSE, "a string must not hold a zero byte");
    node->text = weft_arena_strndup(builder->yaml->arena, value, length);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return node->text ? WEFT_OK : out_of_memory(builder->err);
}

/* Items of a sequence, or keys (even places) and values (odd places) of a map. */
static weft_status store_children(const weft_yaml_builder *builder, weft_yaml_node *node,
                                  const weft_node_vector *children) {
    size_t step = node->kind == WEFT_YAML_MAP ? 2 : 1;
    node->count = children->count / step;
    if (!node->count) return WEFT_OK;
    node->values = weft_arena_alloc(builder->yaml->arena, node->count * sizeof *node->values);
    if (!node->values) return out_of_memory(builder->err);
    if (step == 2) {
        node->keys = weft_arena_alloc(builder->yaml->arena, node->count * sizeof *node->keys);
        if (!node->keys) return out_of_memory(builder->err);
    }
    for (size_t i = 0; i < node->count; i++) {
        if (step == 2) node->keys[i] = children->items[2 * i];
        node->values[i] = children->items[step * i + step - 1];
    }
    return WEFT_OK;
}

static int compare_keys(const void *a, const void *b) {
    const weft_yaml_node *x = *(weft_yaml_node *const *)a, *y = *(weft_yaml_node *const *)b;
    int order = strcmp(x->text, y->text);
    if (order) return order;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

static bool written_before(const weft_yaml_node *a, const weft_yaml_node *b) {
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* Sorting keeps a map of a million keys from costing its square. */
static weft_status refuse_duplicates(const weft_yaml_builder *builder, const weft_yaml_node *map) {
    if (map->count < 2) return WEFT_OK;
    weft_yaml_node **sorted = malloc(map->count * sizeof *sorted);
    if (!sorted) return out_of_memory(builder->err);
    memcpy(sorted, map->keys, map->count * sizeof *sorted);
    qsort(sorted, map->count, sizeof *sorted, compare_keys);
    const weft_yaml_node *second = NULL, *first = NULL;
    for (size_t i = 1; i < map->count; i++) {
        if (strcmp(sorted[i - 1]->text, sorted[i]->text) != 0) continue;
        if (second && !written_before(sorted[i], second)) continue;
        second = sorted[i];
        first = sorted[i - 1];
    }
    free(sorted);
    if (!second) return WEFT_OK;
    return weft_yaml_error(builder->yaml, second, WEFT_E_PARSE, builder->err,
                           "%s: duplicate key; first written at line %d", second->text, first->line);
}

static weft_status build_node(weft_yaml_builder *builder, yaml_event_t *event, int depth, weft_yaml_node **out);

static weft_status build_children(weft_yaml_builder *builder, weft_yaml_node *node, int depth) {
    weft_node_vector children = {0};
    bool map = node->kind == WEFT_YAML_MAP;
    yaml_event_type_t end = map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    weft_status status;
    for (;;) {
        yaml_event_t event;
        weft_yaml_node *child = NULL;
        WEFT_TRY_GOTO(next_event(builder, &event));
        if (event.type == end) {
            yaml_event_delete(&event);
            break;
        }
        bool key = map && children.count % 2 == 0;
        yaml_mark_t mark = event.start_mark;
        WEFT_TRY_GOTO(build_node(builder, &event, depth + 1, &child));
        if (key && child->kind != WEFT_YAML_SCALAR) {
            status = fail_at(builder, mark, WEFT_E_PARSE, "a key must be a single word, not a list or map");
            goto cleanup;
        }
        WEFT_TRY_GOTO(vector_push(&children, child, builder->err));
    }
    WEFT_TRY_GOTO(store_children(builder, node, &children));
    if (map) WEFT_TRY_GOTO(refuse_duplicates(builder, node));
    status = WEFT_OK;
cleanup:
    free(children.items);
    return status;
}

/* Consumes the event. */
static weft_status build_node(weft_yaml_builder *builder, yaml_event_t *event, int depth, weft_yaml_node **out) {
    weft_yaml_node *node = NULL;
    weft_status status;
    WEFT_TRY_GOTO(refuse_decorations(builder, event));
    if (depth > WEFT_YAML_DEPTH_MAX) {
        status = fail_at(builder, event->start_mark, WEFT_E_PARSE, "nested deeper than %d levels", WEFT_YAML_DEPTH_MAX);
        goto cleanup;
    }
    weft_yaml_kind kind = event->type == YAML_SCALAR_EVENT           ? WEFT_YAML_SCALAR
                          : event->type == YAML_SEQUENCE_START_EVENT ? WEFT_YAML_SEQUENCE
                                                                     : WEFT_YAML_MAP;
    node = node_create(builder->yaml, kind, builder->place);
    if (!node) {
        status = out_of_memory(builder->err);
        goto cleanup;
    }
    if (!builder->place) {
        node->line = (int)event->start_mark.line + 1;
        node->column = (int)event->start_mark.column + 1;
    }
    status = kind == WEFT_YAML_SCALAR ? build_scalar(builder, event, node) : build_children(builder, node, depth);
    *out = node;
cleanup:
    yaml_event_delete(event);
    return status;
}

/* The events up to the first document's content; refuses a stream without any. */
static weft_status begin_document(weft_yaml_builder *builder) {
    yaml_event_t event;
    WEFT_TRY(next_event(builder, &event)); /* stream start */
    yaml_event_delete(&event);
    WEFT_TRY(next_event(builder, &event));
    bool empty = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
    yaml_mark_t start = {0};
    return empty ? fail_at(builder, start, WEFT_E_PARSE, "the file is empty") : WEFT_OK;
}

static weft_status end_document(weft_yaml_builder *builder) {
    yaml_event_t event;
    WEFT_TRY(next_event(builder, &event)); /* document end */
    yaml_event_delete(&event);
    WEFT_TRY(next_event(builder, &event));
    bool more = event.type != YAML_STREAM_END_EVENT;
    yaml_mark_t mark = event.start_mark;
    yaml_event_delete(&event);
    return more ? fail_at(builder, mark, WEFT_E_PARSE, "a second document is not allowed") : WEFT_OK;
}

static weft_status build(weft_yaml_node **out, const weft_yaml *yaml, const char *text, size_t size, const char *place,
                         weft_error *err) {
    weft_yaml_builder builder = {.yaml = yaml, .place = place, .err = err};
    bool bom = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
    builder.text = (const unsigned char *)text + (bom ? 3 : 0);
    builder.size = size - (bom ? 3 : 0);
    if (!yaml_parser_initialize(&builder.parser)) return out_of_memory(err);
    yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&builder.parser, builder.text, builder.size);
    yaml_event_t event;
    weft_yaml_node *root = NULL;
    weft_status status;
    WEFT_TRY_GOTO(begin_document(&builder));
    WEFT_TRY_GOTO(next_event(&builder, &event));
    WEFT_TRY_GOTO(build_node(&builder, &event, 1, &root));
    WEFT_TRY_GOTO(end_document(&builder));
    if (root->kind == WEFT_YAML_SCALAR && !root->quoted && !root->text[0]) {
        yaml_mark_t start = {0};
        status = fail_at(&builder, start, WEFT_E_PARSE, "the file is empty");
        goto cleanup;
    }
    *out = root;
cleanup:
    yaml_parser_delete(&builder.parser);
    return status;
}

weft_status weft_yaml_parse(weft_yaml *out, const char *text, size_t size, const char *file, weft_error *err) {
    *out = (weft_yaml){0};
    if (size > WEFT_YAML_BYTES_MAX)
        return weft_error_set_at(err, WEFT_E_INVALID, file, 0, 0, "%zu bytes are more than the %u allowed", size,
                                 WEFT_YAML_BYTES_MAX);
    weft_yaml yaml = {.arena = weft_arena_create()};
    if (yaml.arena) yaml.file = weft_arena_strdup(yaml.arena, file);
    weft_status status = yaml.file ? build(&yaml.root, &yaml, text, size, NULL, err) : out_of_memory(err);
    if (status != WEFT_OK) {
        weft_yaml_destroy(&yaml);
        return status;
    }
    *out = yaml;
    return WEFT_OK;
}

weft_status weft_yaml_load(weft_yaml *out, const char *path, weft_error *err) {
    char *text = NULL;
    size_t size = 0;
    *out = (weft_yaml){0};
    WEFT_TRY(weft_file_read(&text, &size, path, WEFT_YAML_BYTES_MAX, err));
    weft_status status = weft_yaml_parse(out, text, size, path, err);
    free(text);
    return status;
}

void weft_yaml_destroy(weft_yaml *yaml) {
    weft_arena_destroy(yaml->arena);
    *yaml = (weft_yaml){0};
}

weft_status weft_yaml_value(weft_yaml_node **out, const weft_yaml *yaml, const char *text, const char *place,
                            weft_error *err) {
    if (text[0] == '[' || text[0] == '{') return build(out, yaml, text, strlen(text), place, err);
    weft_yaml_node *node = node_create(yaml, WEFT_YAML_SCALAR, place);
    if (!node || !(node->text = weft_arena_strdup(yaml->arena, text))) return out_of_memory(err);
    *out = node;
    return WEFT_OK;
}
