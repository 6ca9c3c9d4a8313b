/* One axis: a list of values, a range, named variants. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/experiment_internal.h"

enum { NUMBER_SIZE = 64, VARIANT_BYTES = 64 };

#define FAIL(node, ...) return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err, __VA_ARGS__)

void *weft_loader_zeroed(const weft_loader *loader, size_t count, size_t size) {
    return weft_arena_alloc(loader->yaml->arena, (count ? count : 1) * size);
}

/* ---- ranges ---- */

typedef struct number_range {
    double low, step;
    size_t count;
} number_range;

static bool number_in(double *out, const char *text, size_t length) {
    char copy[NUMBER_SIZE];
    if (length >= sizeof copy) return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    return weft_schema_parse_real(copy, out);
}

/* "4..8" or "0..2/0.5". */
static bool looks_like_range(const weft_yaml_node *node) {
    double low;
    const char *dots = node->kind == WEFT_YAML_SCALAR && !node->quoted ? strstr(node->text, "..") : NULL;
    return dots && number_in(&low, node->text, (size_t)(dots - node->text));
}

static weft_status read_range(weft_loader *loader, number_range *out, const char *path, const weft_yaml_node *node) {
    const char *high_text = strstr(node->text, "..") + 2, *slash = strchr(high_text, '/');
    const size_t length = slash ? (size_t)(slash - high_text) : strlen(high_text);
    double high = 0;
    out->step = 1;
    const bool read = number_in(&out->low, node->text, (size_t)(high_text - 2 - node->text)) &&
                      number_in(&high, high_text, length) &&
                      (!slash || number_in(&out->step, slash + 1, strlen(slash + 1)));
    if (!read || !(out->step > 0) || high < out->low)
        FAIL(node, "%s: '%.80s' is not LOW..HIGH or LOW..HIGH/STEP, such as 4..8 or 0..2/0.5, with a STEP above 0",
             path, node->text);
    const double steps = floor((high - out->low) / out->step + 1e-9);
    if (!(steps < WEFT_POINTS_MAX))
        FAIL(node, "%s: '%.80s' has more than %d values", path, node->text, WEFT_POINTS_MAX);
    out->count = (size_t)steps + 1;
    return WEFT_OK;
}

static weft_yaml_node *range_node(const weft_loader *loader, const weft_yaml_node *at, const number_range *range,
                                  size_t i) {
    double x = range->low + (double)i * range->step;
    if (fabs(x) < 1e-12 * range->step) x = 0;
    weft_yaml_node *node = weft_loader_zeroed(loader, 1, sizeof *node);
    if (!node) return NULL;
    *node = (weft_yaml_node){.kind = WEFT_YAML_SCALAR, .line = at->line, .column = at->column, .place = at->place};
    node->text = weft_arena_printf(loader->yaml->arena, "%.12g", x);
    return node->text ? node : NULL;
}

/* ---- one axis of values ---- */

static bool counts(const weft_setting_key *key) {
    const weft_field_kind kind = key->field->kind;
    return kind == WEFT_FIELD_INT || kind == WEFT_FIELD_REAL || kind == WEFT_FIELD_CITED || kind == WEFT_FIELD_INT_PAIR;
}

static weft_status set_position(weft_loader *loader, weft_position *position, const weft_setting_key *key,
                                const weft_yaml_node *node) {
    weft_setting *setting = weft_loader_zeroed(loader, 1, sizeof *setting);
    weft_point_axis *axis = weft_loader_zeroed(loader, 1, sizeof *axis);
    if (!setting || !axis) return weft_loader_memory(loader);
    WEFT_TRY(weft_setting_read(loader, setting, key, node));
    *axis = (weft_point_axis){.key = key->path, .value = setting->text};
    *position = (weft_position){.axes = axis, .axis_count = 1, .settings = {setting, 1}};
    return WEFT_OK;
}

/* How many values the node stands for; *range.count 0: no range. */
static weft_status count_values(weft_loader *loader, size_t *count, number_range *range, const weft_setting_key *key,
                                const weft_yaml_node *node) {
    *range = (number_range){0};
    *count = 1;
    if (!counts(key) || !looks_like_range(node)) return WEFT_OK;
    WEFT_TRY(read_range(loader, range, key->path, node));
    *count = range->count;
    return WEFT_OK;
}

/* Item i of a list; a range alone is its only item. */
static const weft_yaml_node *item_of(const weft_yaml_node *node, size_t i) {
    return node->kind == WEFT_YAML_SEQUENCE ? node->values[i] : node;
}

static size_t count_items(const weft_yaml_node *node) { return node->kind == WEFT_YAML_SEQUENCE ? node->count : 1; }

weft_status weft_axis_count(weft_loader *loader, size_t *total, const weft_setting_key *key,
                            const weft_yaml_node *node) {
    number_range range;
    size_t count = 0;
    *total = 0;
    if (node->kind != WEFT_YAML_SEQUENCE && !(counts(key) && looks_like_range(node)))
        FAIL(node, "%s: expects a list of values%s", key->path, counts(key) ? ", or a range such as 4..8" : "");
    for (size_t i = 0; i < count_items(node); i++) {
        WEFT_TRY(count_values(loader, &count, &range, key, item_of(node, i)));
        *total += count;
    }
    if (!*total) FAIL(node, "%s: is empty; an axis needs at least one value", key->path);
    return WEFT_OK;
}

static weft_status read_values(weft_loader *loader, weft_dimension *out, const weft_setting_key *key,
                               const weft_yaml_node *node) {
    WEFT_TRY(weft_axis_count(loader, &out->length, key, node));
    out->positions = weft_loader_zeroed(loader, out->length, sizeof *out->positions);
    if (!out->positions) return weft_loader_memory(loader);
    weft_position *position = out->positions;
    for (size_t i = 0; i < count_items(node); i++) {
        const weft_yaml_node *item = item_of(node, i);
        number_range range;
        size_t count = 0;
        WEFT_TRY(count_values(loader, &count, &range, key, item));
        for (size_t k = 0; k < count; k++) {
            const weft_yaml_node *value = range.count ? range_node(loader, item, &range, k) : item;
            if (!value) return weft_loader_memory(loader);
            WEFT_TRY(set_position(loader, position++, key, value));
        }
    }
    return WEFT_OK;
}

/* ---- axes of named variants ---- */

static weft_status check_variant_name(const weft_loader *loader, const weft_yaml_node *key) {
    const size_t length = strlen(key->text);
    bool printable = length > 0 && length <= VARIANT_BYTES;
    for (size_t i = 0; i < length; i++) printable &= (unsigned char)key->text[i] >= 0x20 && key->text[i] != 0x7F;
    if (printable) return WEFT_OK;
    FAIL(key, "'%.80s' is no name for a variant: 1 to %d bytes that can be printed", key->text, VARIANT_BYTES);
}

static weft_status read_variants(weft_loader *loader, weft_dimension *out, const weft_yaml_node *name,
                                 const weft_yaml_node *node) {
    WEFT_TRY(weft_loader_check_name(loader, "an axis", name->text, name));
    if (!node->count) FAIL(node, "%s: is empty; an axis needs at least one variant", name->text);
    out->length = node->count;
    out->positions = weft_loader_zeroed(loader, node->count, sizeof *out->positions);
    weft_point_axis *axes = weft_loader_zeroed(loader, node->count, sizeof *axes);
    if (!out->positions || !axes) return weft_loader_memory(loader);
    for (size_t i = 0; i < node->count; i++) {
        weft_position *position = &out->positions[i];
        WEFT_TRY(check_variant_name(loader, node->keys[i]));
        if (node->values[i]->kind != WEFT_YAML_MAP)
            FAIL(node->values[i], "%s.%s: expects a map of settings, {} for none", name->text, node->keys[i]->text);
        axes[i] = (weft_point_axis){.key = name->text, .value = node->keys[i]->text};
        *position = (weft_position){.axes = &axes[i], .axis_count = 1};
        WEFT_TRY(weft_settings_read(loader, &position->settings, node->values[i], WEFT_SCOPE_ANY));
    }
    return WEFT_OK;
}

/* A section that is meant, or an axis of its name. */
static bool all_maps(const weft_yaml_node *node) {
    if (node->kind != WEFT_YAML_MAP) return false;
    for (size_t i = 0; i < node->count; i++)
        if (node->values[i]->kind != WEFT_YAML_MAP) return false;
    return true;
}

weft_status weft_axis_read(weft_loader *loader, weft_dimension *out, const weft_yaml_node *name,
                           const weft_yaml_node *node) {
    const weft_setting_key *key = weft_loader_key(loader, name->text);
    if (key) return read_values(loader, out, key, node);
    if (weft_loader_is_section(loader, name->text) && !all_maps(node))
        FAIL(name, "%s: is a section; an axis has the name of a key, such as %s.KEY", name->text, name->text);
    if (node->kind == WEFT_YAML_MAP) return read_variants(loader, out, name, node);
    return weft_loader_unknown_key(loader, name->text, name);
}
