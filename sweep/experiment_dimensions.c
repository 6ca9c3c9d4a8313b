/* What varies together in a block: axes of its grid, its zip, its list. */
#include <string.h>

#include "sweep/experiment_internal.h"

#define FAIL(node, ...) return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err, __VA_ARGS__)

/* ---- what goes together ---- */

/* Who gives which setting: an axis and where it begins. */
typedef struct axis_owners {
    const weft_yaml_node **by_key; /* [key_count], NULL: nobody yet */
    const weft_yaml_node **names;  /* [name_count] of axes */
    size_t name_count;
} axis_owners;

static weft_status own(weft_loader *loader, axis_owners *owners, const weft_dimension *axis, const weft_yaml_node *name,
                       const char *title) {
    for (size_t i = 0; i < axis->length; i++) {
        const weft_settings_list *settings = &axis->positions[i].settings;
        for (size_t k = 0; k < settings->count; k++) {
            const weft_yaml_node **owner = &owners->by_key[settings->items[k].key - loader->keys];
            if (*owner && *owner != name)
                FAIL(settings->items[k].node, "%s: %s gives what another axis of the block gives, on line %d",
                     settings->items[k].key->path, title, (*owner)->line);
            *owner = name;
        }
    }
    return WEFT_OK;
}

static weft_status own_axis(weft_loader *loader, axis_owners *owners, const weft_dimension *axis,
                            const weft_yaml_node *name) {
    for (size_t i = 0; i < owners->name_count; i++)
        if (!strcmp(owners->names[i]->text, name->text))
            FAIL(name, "%s: the block has that axis already, on line %d", name->text, owners->names[i]->line);
    owners->names[owners->name_count++] = name;
    return own(loader, owners, axis, name, name->text);
}

static weft_status read_grid(weft_loader *loader, weft_dimensions *out, axis_owners *owners,
                             const weft_yaml_node *grid) {
    if (!grid->count) FAIL(grid, "grid: is empty; it needs at least one axis");
    for (size_t i = 0; i < grid->count; i++) {
        weft_dimension *axis = &out->items[out->count];
        WEFT_TRY(weft_axis_read(loader, axis, grid->keys[i], grid->values[i]));
        WEFT_TRY(own_axis(loader, owners, axis, grid->keys[i]));
        out->count++;
    }
    return WEFT_OK;
}

/* Joins axes position by position. */
static weft_status join(weft_loader *loader, weft_dimension *out, const weft_dimension *axes, size_t axis_count) {
    out->length = axes[0].length;
    out->positions = weft_loader_zeroed(loader, out->length, sizeof *out->positions);
    if (!out->positions) return weft_loader_memory(loader);
    for (size_t i = 0; i < out->length; i++) {
        weft_position *position = &out->positions[i];
        size_t count = 0;
        for (size_t a = 0; a < axis_count; a++) count += axes[a].positions[i].settings.count;
        position->axes = weft_loader_zeroed(loader, axis_count, sizeof *position->axes);
        position->settings.items = weft_loader_zeroed(loader, count, sizeof *position->settings.items);
        if (!position->axes || !position->settings.items) return weft_loader_memory(loader);
        for (size_t a = 0; a < axis_count; a++) {
            const weft_position *from = &axes[a].positions[i];
            position->axes[position->axis_count++] = from->axes[0];
            if (from->settings.count)
                memcpy(position->settings.items + position->settings.count, from->settings.items,
                       from->settings.count * sizeof *from->settings.items);
            position->settings.count += from->settings.count;
        }
    }
    return WEFT_OK;
}

static weft_status read_zip(weft_loader *loader, weft_dimensions *out, axis_owners *owners, const weft_yaml_node *zip) {
    if (!zip->count) FAIL(zip, "zip: is empty; it needs at least one axis");
    weft_dimension *axes = weft_loader_zeroed(loader, zip->count, sizeof *axes);
    if (!axes) return weft_loader_memory(loader);
    for (size_t i = 0; i < zip->count; i++) {
        WEFT_TRY(weft_axis_read(loader, &axes[i], zip->keys[i], zip->values[i]));
        WEFT_TRY(own_axis(loader, owners, &axes[i], zip->keys[i]));
        if (axes[i].length != axes[0].length)
            FAIL(zip->values[i], "%s: has %zu values and %s %zu; axes of a zip need equally many", zip->keys[i]->text,
                 axes[i].length, zip->keys[0]->text, axes[0].length);
    }
    return join(loader, &out->items[out->count++], axes, zip->count);
}

static weft_status read_list(weft_loader *loader, weft_dimensions *out, axis_owners *owners,
                             const weft_yaml_node *list) {
    weft_dimension *dimension = &out->items[out->count++];
    if (!list->count) FAIL(list, "list: is empty; it needs at least one point");
    dimension->length = list->count;
    dimension->positions = weft_loader_zeroed(loader, list->count, sizeof *dimension->positions);
    if (!dimension->positions) return weft_loader_memory(loader);
    for (size_t i = 0; i < list->count; i++) {
        weft_position *position = &dimension->positions[i];
        if (list->values[i]->kind != WEFT_YAML_MAP) FAIL(list->values[i], "list.%zu: expects a map of settings", i);
        WEFT_TRY(weft_settings_read(loader, &position->settings, list->values[i], WEFT_SCOPE_ANY));
        position->axes = weft_loader_zeroed(loader, position->settings.count, sizeof *position->axes);
        if (!position->axes) return weft_loader_memory(loader);
        for (size_t k = 0; k < position->settings.count; k++)
            position->axes[position->axis_count++] = (weft_point_axis){.key = position->settings.items[k].key->path,
                                                                       .value = position->settings.items[k].text};
    }
    return own(loader, owners, dimension, list, "the list");
}

/* ---- how many ---- */

/* Of one axis, before anything of it is read. */
static weft_status axis_length(weft_loader *loader, size_t *length, const weft_yaml_node *name,
                               const weft_yaml_node *node) {
    const weft_setting_key *key = weft_loader_key(loader, name->text);
    *length = node->count;
    return key ? weft_axis_count(loader, length, key, node) : WEFT_OK;
}

weft_status weft_block_count(weft_loader *loader, size_t *count, const weft_file_block *block,
                             const weft_yaml_node *node) {
    const weft_yaml_node *grid = block->grid, *zip = block->zip;
    double product = block->list ? (double)block->list->count : 1;
    size_t length = 0;
    for (size_t i = 0; grid && i < grid->count; i++) {
        WEFT_TRY(axis_length(loader, &length, grid->keys[i], grid->values[i]));
        product *= (double)length;
    }
    if (zip && zip->count) {
        WEFT_TRY(axis_length(loader, &length, zip->keys[0], zip->values[0]));
        product *= (double)length;
    }
    if (product > (double)(WEFT_POINTS_MAX - *count))
        FAIL(node, "%.0f points, before conditions, are more than the %d that an experiment may have",
             product + (double)*count, WEFT_POINTS_MAX);
    *count += (size_t)product;
    return WEFT_OK;
}

/* In the order of the file. */
weft_status weft_dimensions_read(weft_loader *loader, weft_dimensions *out, const weft_file_block *block,
                                 const weft_yaml_node *node) {
    const size_t most = (block->grid ? block->grid->count : 0) + (block->zip ? block->zip->count : 0) + 2;
    axis_owners owners = {.by_key = weft_loader_zeroed(loader, loader->key_count, sizeof *owners.by_key),
                          .names = weft_loader_zeroed(loader, most, sizeof *owners.names)};
    *out = (weft_dimensions){.items = weft_loader_zeroed(loader, most, sizeof *out->items)};
    if (!owners.by_key || !owners.names || !out->items) return weft_loader_memory(loader);
    for (size_t i = 0; i < node->count; i++) {
        if (node->values[i] == block->grid) WEFT_TRY(read_grid(loader, out, &owners, block->grid));
        if (node->values[i] == block->zip) WEFT_TRY(read_zip(loader, out, &owners, block->zip));
        if (node->values[i] == block->list) WEFT_TRY(read_list(loader, out, &owners, block->list));
    }
    return WEFT_OK;
}
