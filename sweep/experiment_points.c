/* Points of all blocks. */
#include <stdlib.h>
#include <string.h>

#include "sweep/experiment_expand.h"

#define FAIL(node, ...) return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err, __VA_ARGS__)

/* ---- points that are there twice ---- */

static uint64_t hash_point(const weft_loader *loader, const weft_point *point) {
    uint64_t hash = weft_hash_bytes(WEFT_HASH_START, &point->set, sizeof point->set);
    for (size_t k = 0; k < loader->key_count; k++) {
        if (loader->keys[k].chip) continue;
        const uint64_t one = weft_setting_hash(&loader->keys[k], &point->settings);
        hash = (hash ^ one) * 1099511628211u;
    }
    return hash ^ hash >> 32;
}

/* Sets are shared: the same set is the same array. */
static bool same_point(const weft_loader *loader, const weft_point *a, const weft_point *b) {
    if (a->set != b->set) return false;
    for (size_t k = 0; k < loader->key_count; k++)
        if (!loader->keys[k].chip && !weft_setting_same(&loader->keys[k], &a->settings, &b->settings)) return false;
    return true;
}

static weft_status refuse_twice(const weft_expander *x, const weft_point *first) {
    const weft_loader *loader = x->loader;
    char a[200], b[200];
    weft_point_label(a, sizeof a, first);
    weft_point_label(b, sizeof b, &x->draft.point);
    FAIL(x->block.node, "block %s: two points ask for the same: %s and %s", x->block.name, a, b);
}

static weft_status enter(weft_expander *x, size_t number) {
    weft_block *b = &x->block;
    const weft_point *points = x->loader->out->points;
    size_t at = (size_t)(hash_point(x->loader, &x->draft.point) % b->places);
    for (; b->table[at]; at = (at + 1) % b->places) {
        const weft_point *other = &points[b->table[at] - 1];
        if (same_point(x->loader, other, &x->draft.point)) return refuse_twice(x, other);
    }
    b->table[at] = number + 1;
    return WEFT_OK;
}

static weft_status keep(weft_expander *x) {
    weft_experiment *out = x->loader->out;
    if (out->point_count == x->room) {
        const size_t room = x->room ? 2 * x->room : 64;
        weft_point *points = realloc(out->points, room * sizeof *points);
        if (!points) return weft_loader_memory(x->loader);
        out->points = points;
        x->room = room;
    }
    WEFT_TRY(enter(x, out->point_count));
    out->points[out->point_count++] = x->draft.point;
    return WEFT_OK;
}

/* ---- a block ---- */

/* The last dimension fastest; false after the last point. */
static bool advance(weft_block *b) {
    for (size_t i = b->dimensions.count; i-- > 0;) {
        if (++b->digits[i] < b->dimensions.items[i].length) return true;
        b->digits[i] = 0;
    }
    return false;
}

static void mark_top(weft_expander *x) {
    const unsigned user = 1u << weft_point_user(&x->draft.point);
    for (size_t i = 0; i < x->top.count; i++) x->top_used[i] |= (x->top.items[i].key->users & user) != 0;
}

static weft_status expand_block(weft_expander *x) {
    do {
        weft_draft_compose(x);
        if (!weft_draft_stays(x)) continue;
        WEFT_TRY(weft_draft_axes(x));
        WEFT_TRY(weft_draft_check(x));
        WEFT_TRY(keep(x));
        mark_top(x);
    } while (advance(&x->block));
    return WEFT_OK;
}

static weft_status check_name(weft_expander *x, size_t number) {
    const weft_loader *loader = x->loader;
    const weft_file_block *blocks = loader->file.points.items;
    weft_block *b = &x->block;
    const weft_yaml_node *name = weft_yaml_get(b->node, "name");
    b->name = b->file->name;
    if (!b->name[0]) b->name = weft_arena_printf(loader->yaml->arena, "block-%zu", number + 1);
    if (!b->name) return weft_loader_memory(loader);
    if (name) WEFT_TRY(weft_loader_check_name(loader, "a block", b->name, name));
    for (size_t i = 0; i < number; i++)
        if (!strcmp(blocks[i].name, b->name)) FAIL(name ? name : b->node, "two blocks are named %s", b->name);
    return WEFT_OK;
}

static weft_status read_block(weft_expander *x, size_t number) {
    weft_loader *loader = x->loader;
    weft_block *b = &x->block;
    b->file = (const weft_file_block *)loader->file.points.items + number;
    b->node = weft_yaml_get(loader->yaml->root, "points")->values[number];
    b->first = loader->out->point_count;
    WEFT_TRY(check_name(x, number));
    WEFT_TRY(weft_settings_read(loader, &b->set, b->file->set, WEFT_SCOPE_ANY));
    WEFT_TRY(weft_dimensions_read(loader, &b->dimensions, b->file, b->node));
    WEFT_TRY(weft_block_count(loader, &b->candidates, b->file, b->node));
    WEFT_TRY(weft_conditions_read(loader, &b->only, b->file->only, "only", &b->dimensions));
    WEFT_TRY(weft_conditions_read(loader, &b->exclude, b->file->exclude, "exclude", &b->dimensions));
    b->digits = weft_arena_alloc(loader->yaml->arena, (b->dimensions.count + 1) * sizeof *b->digits);
    b->places = 2 * b->candidates + 1;
    b->table = calloc(b->places, sizeof *b->table);
    return b->digits && b->table ? WEFT_OK : weft_loader_memory(loader);
}

static weft_status expand_one(weft_expander *x, size_t number) {
    const weft_loader *loader = x->loader;
    weft_block *b = &x->block;
    weft_status status;
    *b = (weft_block){0};
    WEFT_TRY_GOTO(read_block(x, number));
    WEFT_TRY_GOTO(expand_block(x));
    WEFT_TRY_GOTO(weft_conditions_check(loader, &b->only, "only", &b->dimensions));
    WEFT_TRY_GOTO(weft_conditions_check(loader, &b->exclude, "exclude", &b->dimensions));
    if (loader->out->point_count == b->first)
        status = weft_yaml_error(loader->yaml, b->node, WEFT_E_INVALID, loader->err,
                                 "block %s: conditions leave none of its %zu points", b->name, b->candidates);
cleanup:
    free(b->table);
    return status;
}

/* ---- all ---- */

static weft_status prepare(weft_expander *x) {
    weft_loader *loader = x->loader;
    const size_t keys = loader->key_count;
    WEFT_TRY(weft_record_read(&x->defaults, &weft_point_record, loader->yaml, NULL, loader->err));
    WEFT_TRY(weft_settings_read(loader, &x->top, loader->yaml->root, WEFT_SCOPE_TOP));
    x->top_used = weft_arena_alloc(loader->yaml->arena, (x->top.count + 1) * sizeof *x->top_used);
    x->draft.by_key = weft_arena_alloc(loader->yaml->arena, keys * sizeof *x->draft.by_key);
    x->draft.order = weft_arena_alloc(loader->yaml->arena, keys * sizeof *x->draft.order);
    x->draft.chip_settings = weft_arena_alloc(loader->yaml->arena, keys * sizeof *x->draft.chip_settings);
    if (!x->top_used || !x->draft.by_key || !x->draft.order || !x->draft.chip_settings)
        return weft_loader_memory(loader);
    return WEFT_OK;
}

weft_status weft_loader_points(weft_loader *loader) {
    weft_expander x = {.loader = loader};
    size_t all = 0;
    if (!loader->file.points.count)
        return weft_record_error(loader->yaml, loader->yaml->root, "points", loader->err,
                                 "is empty; it needs at least one block");
    WEFT_TRY(prepare(&x));
    for (size_t i = 0; i < loader->file.points.count; i++)
        WEFT_TRY(weft_block_count(loader, &all, (const weft_file_block *)loader->file.points.items + i,
                                  weft_yaml_get(loader->yaml->root, "points")->values[i]));
    for (size_t i = 0; i < loader->file.points.count; i++) WEFT_TRY(expand_one(&x, i));
    for (size_t i = 0; i < x.top.count; i++)
        if (!x.top_used[i])
            FAIL(x.top.items[i].node, "%s: no point of the experiment uses it", x.top.items[i].key->path);
    return WEFT_OK;
}
