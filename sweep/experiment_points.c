/* Points of all blocks: combined, kept or dropped by conditions, checked. */
#include <stdlib.h>
#include <string.h>

#include "sweep/experiment_internal.h"

#define FAIL(node, ...) return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err, __VA_ARGS__)

/* A point in the making. */
typedef struct draft {
    weft_point point;
    const weft_setting *net, *chip, *dataset, *trace; /* NULL: not given */
    const weft_setting **by_key;                      /* [key_count] chip keys that are set, else NULL */
    size_t *order;                                    /* [key_count] of those */
    weft_chip_setting *chip_settings;                 /* [key_count] */
} draft;

typedef struct block {
    const weft_file_block *file;
    const weft_yaml_node *node;
    const char *name;
    weft_dimensions dimensions;
    weft_settings_list set;
    weft_conditions only, exclude;
    size_t *digits; /* [dimensions.count] */
    size_t first, candidates;
    size_t *table, places; /* of points of the block: number + 1, 0: free */
} block;

typedef struct expander {
    weft_loader *loader;
    weft_point_settings defaults;
    weft_settings_list top;
    bool *top_used;
    draft draft;
    block block;
    size_t room; /* of the experiment's points */
} expander;

/* ---- composing one ---- */

static const weft_position *position_of(const block *b, size_t dimension) {
    return &b->dimensions.items[dimension].positions[b->digits[dimension]];
}

static void find_kind(draft *d, const weft_loader *loader, const weft_settings_list *settings) {
    for (size_t i = 0; i < settings->count; i++)
        if (settings->items[i].key == loader->kind) weft_setting_apply(&d->point.settings, &settings->items[i]);
}

static void apply_one(draft *d, const weft_setting *s) {
    weft_setting_apply(&d->point.settings, s);
    if (s->key->offset == offsetof(weft_point_settings, net)) d->net = s;
    if (s->key->offset == offsetof(weft_point_settings, chip)) d->chip = s;
    if (s->key->offset == offsetof(weft_point_settings, dataset)) d->dataset = s;
    if (s->key->offset == offsetof(weft_point_settings, trace)) d->trace = s;
}

static void apply(draft *d, const weft_settings_list *settings) {
    for (size_t i = 0; i < settings->count; i++)
        if (!settings->items[i].key->chip) apply_one(d, &settings->items[i]);
}

static void apply_chip(draft *d, const weft_loader *loader, const weft_settings_list *settings, size_t *order) {
    for (size_t i = 0; i < settings->count; i++) {
        const weft_setting *s = &settings->items[i];
        if (!s->key->chip) continue;
        d->by_key[s->key - loader->keys] = s;
        d->order[s->key - loader->keys] = ++*order;
    }
}

/* The file's top, as far as the point's kind uses it. */
static void apply_top(expander *x) {
    const unsigned kind = 1u << x->draft.point.settings.kind;
    for (size_t i = 0; i < x->top.count; i++)
        if (x->top.items[i].key->kinds & kind) apply_one(&x->draft, &x->top.items[i]);
}

static weft_status compose_axes(expander *x) {
    const block *b = &x->block;
    weft_point *point = &x->draft.point;
    int count = 0;
    for (size_t i = 0; i < b->dimensions.count; i++) count += position_of(b, i)->axis_count;
    point->axis_count = 0;
    point->axes = b->dimensions.count == 1
                      ? position_of(b, 0)->axes
                      : weft_arena_alloc(x->loader->yaml->arena, (size_t)(count ? count : 1) * sizeof *point->axes);
    if (!point->axes) return weft_loader_memory(x->loader);
    for (size_t i = 0; i < b->dimensions.count; i++) {
        const weft_position *position = position_of(b, i);
        if (b->dimensions.count > 1 && position->axis_count)
            memcpy(point->axes + point->axis_count, position->axes, (size_t)position->axis_count * sizeof *point->axes);
        point->axis_count += position->axis_count;
    }
    return WEFT_OK;
}

static void compose(expander *x) {
    const block *b = &x->block;
    const weft_loader *loader = x->loader;
    draft *d = &x->draft;
    size_t order = 0;
    d->point = (weft_point){.block = b->name, .settings = x->defaults, .net = -1, .at = b->node};
    d->point.chip = d->point.dataset = d->point.trace = "";
    d->net = d->chip = d->dataset = d->trace = NULL;
    memset(d->by_key, 0, loader->key_count * sizeof *d->by_key);
    find_kind(d, loader, &x->top);
    find_kind(d, loader, &b->set);
    for (size_t i = 0; i < b->dimensions.count; i++) find_kind(d, loader, &position_of(b, i)->settings);
    apply_top(x);
    apply(d, &b->set);
    for (size_t i = 0; i < b->dimensions.count; i++) apply(d, &position_of(b, i)->settings);
    if (d->chip && d->chip->index >= 0) apply_chip(d, loader, &loader->chips[d->chip->index].set, &order);
    apply_chip(d, loader, &b->set, &order);
    for (size_t i = 0; i < b->dimensions.count; i++) apply_chip(d, loader, &position_of(b, i)->settings, &order);
}

/* ---- conditions ---- */

/* What the point has for the test; NULL: nothing. */
static const char *value_for(const expander *x, const weft_test *test, char out[WEFT_SETTING_TEXT_MAX]) {
    const draft *d = &x->draft;
    if (test->key && test->key->chip) {
        const weft_setting *s = d->by_key[test->key - x->loader->keys];
        return s ? s->text : NULL;
    }
    if (test->key) return weft_setting_text(out, test->key, &d->point.settings);
    for (size_t i = 0; i < x->block.dimensions.count; i++) {
        const weft_position *position = position_of(&x->block, i);
        for (int a = 0; a < position->axis_count; a++)
            if (!strcmp(position->axes[a].key, test->name)) return position->axes[a].value;
    }
    return NULL;
}

static bool any_matches(const expander *x, weft_conditions *conditions) {
    char text[WEFT_SETTING_TEXT_MAX];
    bool any = false;
    for (size_t i = 0; i < conditions->count; i++) {
        weft_condition *c = &conditions->items[i];
        bool all = true;
        for (size_t t = 0; all && t < c->count; t++) {
            const char *value = value_for(x, &c->tests[t], text);
            all = value && weft_test_holds(&c->tests[t], value);
        }
        c->matches += all;
        any |= all;
    }
    return any;
}

static bool stays(expander *x) {
    const bool in = any_matches(x, &x->block.only) || !x->block.only.count;
    const bool out = any_matches(x, &x->block.exclude);
    return in && !out;
}

/* ---- checks ---- */

static weft_status check_uses(const weft_loader *loader, const weft_point *point, const weft_settings_list *settings) {
    for (size_t i = 0; i < settings->count; i++) {
        const weft_setting *s = &settings->items[i];
        if (!(s->key->kinds & 1u << point->settings.kind))
            FAIL(s->node, "%s: points of kind %s do not use it", s->key->path,
                 weft_point_kind_names[point->settings.kind]);
    }
    return WEFT_OK;
}

static weft_status check_needs(const weft_loader *loader, const block *b, const weft_point *point) {
    const weft_point_settings *s = &point->settings;
    const struct {
        const char *key;
        bool given;
    } needs[] = {{"net", s->net[0]},
                 {"chip", s->chip[0]},
                 {"dataset", s->dataset[0]},
                 {"trace", s->trace[0]},
                 {"traffic.rate", s->traffic.rate > 0}};
    static const bool needed[][5] = {[WEFT_POINT_SIM] = {true, true, true},
                                     [WEFT_POINT_EVAL] = {true, false, true},
                                     [WEFT_POINT_REPLAY] = {false, true, false, true},
                                     [WEFT_POINT_NOC] = {false, true, false, false, true}};
    for (int i = 0; i < 5; i++) {
        if (!needed[s->kind][i] || needs[i].given) continue;
        char label[200] = "";
        if (point->axis_count) weft_point_label(label, sizeof label, point);
        FAIL(b->node, "block %s: %s is missing; points of kind %s need it%s%s%s", b->name, needs[i].key,
             weft_point_kind_names[s->kind], label[0] ? " (" : "", label, label[0] ? ")" : "");
    }
    return WEFT_OK;
}

static weft_status find_chip(expander *x) {
    weft_loader *loader = x->loader;
    draft *d = &x->draft;
    const weft_chip_pick *chip = &loader->chips[d->chip->index];
    size_t count = 0;
    for (size_t k = 0; k < loader->key_count; k++)
        if (d->by_key[k]) d->chip_settings[count++] = (weft_chip_setting){d->by_key[k], d->order[k]};
    d->point.chip = chip->path;
    d->point.set_count = (int)count;
    return weft_combination_find(loader, &d->point.set, chip, d->chip_settings, count, d->chip->node);
}

static weft_status check(expander *x) {
    const block *b = &x->block;
    draft *d = &x->draft;
    WEFT_TRY(check_uses(x->loader, &d->point, &b->set));
    for (size_t i = 0; i < b->dimensions.count; i++)
        WEFT_TRY(check_uses(x->loader, &d->point, &position_of(b, i)->settings));
    WEFT_TRY(check_needs(x->loader, b, &d->point));
    if (d->net) d->point.net = d->net->index;
    if (d->dataset && d->dataset->file) d->point.dataset = d->dataset->file;
    if (d->trace && d->trace->file) d->point.trace = d->trace->file;
    return d->chip && d->chip->index >= 0 ? find_chip(x) : WEFT_OK;
}

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

static weft_status refuse_twice(const expander *x, const weft_point *first) {
    const weft_loader *loader = x->loader;
    char a[200], b[200];
    weft_point_label(a, sizeof a, first);
    weft_point_label(b, sizeof b, &x->draft.point);
    FAIL(x->block.node, "block %s: two points ask for the same: %s and %s", x->block.name, a, b);
}

static weft_status enter(expander *x, size_t number) {
    block *b = &x->block;
    const weft_point *points = x->loader->out->points;
    size_t at = (size_t)(hash_point(x->loader, &x->draft.point) % b->places);
    for (; b->table[at]; at = (at + 1) % b->places) {
        const weft_point *other = &points[b->table[at] - 1];
        if (same_point(x->loader, other, &x->draft.point)) return refuse_twice(x, other);
    }
    b->table[at] = number + 1;
    return WEFT_OK;
}

static weft_status keep(expander *x) {
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
static bool advance(block *b) {
    for (size_t i = b->dimensions.count; i-- > 0;) {
        if (++b->digits[i] < b->dimensions.items[i].length) return true;
        b->digits[i] = 0;
    }
    return false;
}

static void mark_top(expander *x) {
    const unsigned kind = 1u << x->draft.point.settings.kind;
    for (size_t i = 0; i < x->top.count; i++) x->top_used[i] |= (x->top.items[i].key->kinds & kind) != 0;
}

static weft_status expand_block(expander *x) {
    do {
        compose(x);
        if (!stays(x)) continue;
        WEFT_TRY(compose_axes(x));
        WEFT_TRY(check(x));
        WEFT_TRY(keep(x));
        mark_top(x);
    } while (advance(&x->block));
    return WEFT_OK;
}

static weft_status check_name(expander *x, size_t number) {
    const weft_loader *loader = x->loader;
    const weft_file_block *blocks = loader->file.points.items;
    block *b = &x->block;
    const weft_yaml_node *name = weft_yaml_get(b->node, "name");
    b->name = b->file->name;
    if (!b->name[0]) b->name = weft_arena_printf(loader->yaml->arena, "block-%zu", number + 1);
    if (!b->name) return weft_loader_memory(loader);
    if (name) WEFT_TRY(weft_loader_check_name(loader, "a block", b->name, name));
    for (size_t i = 0; i < number; i++)
        if (!strcmp(blocks[i].name, b->name)) FAIL(name ? name : b->node, "two blocks are named %s", b->name);
    return WEFT_OK;
}

static weft_status read_block(expander *x, size_t number) {
    weft_loader *loader = x->loader;
    block *b = &x->block;
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

static weft_status expand_one(expander *x, size_t number) {
    const weft_loader *loader = x->loader;
    block *b = &x->block;
    weft_status status;
    *b = (block){0};
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

static weft_status prepare(expander *x) {
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
    expander x = {.loader = loader};
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
