/* One point: composed of top, block, axes and chip, kept or dropped by conditions, checked. */
#include <stdio.h>
#include <string.h>

#include "core/spike_coding.h"
#include "sweep/experiment_expand.h"

#define FAIL(node, ...) return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err, __VA_ARGS__)

/* ---- composing one ---- */

static const weft_position *position_of(const weft_block *b, size_t dimension) {
    return &b->dimensions.items[dimension].positions[b->digits[dimension]];
}

static bool is_setting(const weft_setting *s, size_t offset) { return !s->key->chip && s->key->offset == offset; }

/* What decides which other settings have a meaning. */
static void find_user_settings(weft_draft *d, const weft_loader *loader, const weft_settings_list *settings) {
    for (size_t i = 0; i < settings->count; i++) {
        const weft_setting *s = &settings->items[i];
        if (s->key == loader->kind) weft_setting_apply(&d->point.settings, s);
        if (is_setting(s, offsetof(weft_point_settings, net))) d->net = s;
        if (is_setting(s, offsetof(weft_point_settings, chip))) d->chip = s;
    }
}

static bool is_nir(const weft_draft *d, const weft_loader *loader) {
    return d->net && d->net->index >= 0 && weft_path_ends(loader->out->nets[d->net->index].path, ".nir");
}

static const weft_chip_pick *pick_of(const weft_draft *d, const weft_loader *loader) {
    return d->chip && d->chip->index >= 0 ? &loader->chips[d->chip->index] : NULL;
}

static void find_user(weft_draft *d, const weft_loader *loader) {
    const weft_chip_pick *chip = pick_of(d, loader);
    if (d->point.settings.kind == WEFT_POINT_REPLAY && chip && chip->spiking) d->point.spiking = WEFT_POINT_TICKS;
    if (d->point.settings.kind == WEFT_POINT_SIM && chip && chip->spiking)
        d->point.spiking = is_nir(d, loader) ? WEFT_POINT_SPIKES : WEFT_POINT_LAYERS;
    d->net = d->chip = NULL;
}

static void apply_one(weft_draft *d, const weft_setting *s) {
    weft_setting_apply(&d->point.settings, s);
    if (is_setting(s, offsetof(weft_point_settings, net))) d->net = s;
    if (is_setting(s, offsetof(weft_point_settings, chip))) d->chip = s;
    if (is_setting(s, offsetof(weft_point_settings, dataset))) d->dataset = s;
    if (is_setting(s, offsetof(weft_point_settings, trace))) d->trace = s;
    if (is_setting(s, offsetof(weft_point_settings, spikes))) d->spikes = s;
}

static void apply(weft_draft *d, const weft_settings_list *settings) {
    for (size_t i = 0; i < settings->count; i++)
        if (!settings->items[i].key->chip) apply_one(d, &settings->items[i]);
}

static void apply_chip(weft_draft *d, const weft_loader *loader, const weft_settings_list *settings, size_t *order) {
    for (size_t i = 0; i < settings->count; i++) {
        const weft_setting *s = &settings->items[i];
        if (!s->key->chip) continue;
        d->by_key[s->key - loader->keys] = s;
        d->order[s->key - loader->keys] = ++*order;
    }
}

/* The file's top, as far as the point uses it. */
static void apply_top(weft_expander *x) {
    const unsigned user = 1u << weft_point_user(&x->draft.point);
    for (size_t i = 0; i < x->top.count; i++)
        if (x->top.items[i].key->users & user) apply_one(&x->draft, &x->top.items[i]);
}

weft_status weft_draft_axes(weft_expander *x) {
    const weft_block *b = &x->block;
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

void weft_draft_compose(weft_expander *x) {
    const weft_block *b = &x->block;
    const weft_loader *loader = x->loader;
    weft_draft *d = &x->draft;
    size_t order = 0;
    d->point = (weft_point){.block = b->name, .settings = x->defaults, .net = -1, .at = b->node};
    d->point.chip = d->point.dataset = d->point.trace = d->point.spikes = "";
    d->net = d->chip = d->dataset = d->trace = d->spikes = NULL;
    memset(d->by_key, 0, loader->key_count * sizeof *d->by_key);
    find_user_settings(d, loader, &x->top);
    find_user_settings(d, loader, &b->set);
    for (size_t i = 0; i < b->dimensions.count; i++) find_user_settings(d, loader, &position_of(b, i)->settings);
    find_user(d, loader);
    apply_top(x);
    apply(d, &b->set);
    for (size_t i = 0; i < b->dimensions.count; i++) apply(d, &position_of(b, i)->settings);
    if (d->chip && d->chip->index >= 0) apply_chip(d, loader, &loader->chips[d->chip->index].set, &order);
    apply_chip(d, loader, &b->set, &order);
    for (size_t i = 0; i < b->dimensions.count; i++) apply_chip(d, loader, &position_of(b, i)->settings, &order);
}

/* ---- conditions ---- */

/* What the point has for the test; NULL: nothing. */
static const char *value_for(const weft_expander *x, const weft_test *test, char out[WEFT_SETTING_TEXT_MAX]) {
    const weft_draft *d = &x->draft;
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

static bool any_matches(const weft_expander *x, weft_conditions *conditions) {
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

bool weft_draft_stays(weft_expander *x) {
    const bool in = any_matches(x, &x->block.only) || !x->block.only.count;
    const bool out = any_matches(x, &x->block.exclude);
    return in && !out;
}

/* ---- checks ---- */

/* Whom a setting means nothing to. */
static const char *who(char out[80], const weft_point *point, const weft_setting_key *key) {
    const unsigned others = key->users & WEFT_SPIKING_USERS;
    snprintf(out, 80, "points of kind %s", weft_point_kind_names[point->settings.kind]);
    if (weft_point_user(point) == WEFT_POINT_SIM && others) return "points on chips of crossbars";
    if (point->spiking == WEFT_POINT_TICKS) return out;
    if (point->spiking == WEFT_POINT_LAYERS && others) return "networks of layers, which take an image a tick,";
    return point->spiking ? "points on spiking chips" : out;
}

/* What a file of spikes or the coding of images leaves without a meaning. */
static weft_status check_stimulus(const weft_loader *loader, const weft_point *point, const weft_setting *s) {
    const int coding = point->settings.coding;
    const bool of_images =
        is_setting(s, offsetof(weft_point_settings, dataset)) || is_setting(s, offsetof(weft_point_settings, images)) ||
        is_setting(s, offsetof(weft_point_settings, coding)) || is_setting(s, offsetof(weft_point_settings, rate));
    if (point->settings.spikes[0]) {
        if (of_images) FAIL(s->node, "%s: has no meaning beside spikes", s->key->path);
        return WEFT_OK;
    }
    const bool rate = is_setting(s, offsetof(weft_point_settings, rate)) && coding > WEFT_CODING_REGULAR;
    const bool ticks = is_setting(s, offsetof(weft_point_settings, ticks)) && coding == WEFT_CODING_SACCADES;
    if (!rate && !ticks) return WEFT_OK;
    FAIL(s->node, "%s: has no meaning for coding %s", s->key->path, weft_coding_names[coding]);
}

static weft_status check_uses(const weft_loader *loader, const weft_point *point, const weft_settings_list *settings) {
    char text[80];
    for (size_t i = 0; i < settings->count; i++) {
        const weft_setting *s = &settings->items[i];
        if (!(s->key->users & 1u << weft_point_user(point)))
            FAIL(s->node, "%s: %s do not use it", s->key->path, who(text, point, s->key));
        if (point->spiking == WEFT_POINT_SPIKES) WEFT_TRY(check_stimulus(loader, point, s));
    }
    return WEFT_OK;
}

/* Networks and chips that do not go together, as far as their names tell. */
static weft_status check_spiking(const weft_loader *loader, const weft_draft *d) {
    const weft_point *point = &d->point;
    const weft_chip_pick *chip = pick_of(d, loader);
    const int kind = point->settings.kind;
    if (kind == WEFT_POINT_NOC && chip && chip->spiking)
        FAIL(d->chip->node, "chip: %.200s is of kind spiking; points of kind noc take chips of crossbars", chip->name);
    const bool netless = kind == WEFT_POINT_REPLAY || kind == WEFT_POINT_NOC;
    if (!is_nir(d, loader) || point->spiking == WEFT_POINT_SPIKES || netless) return WEFT_OK;
    if (kind == WEFT_POINT_EVAL)
        FAIL(d->net->node, "net: %.200s is a spiking network; points of kind eval take networks of layers",
             d->net->text);
    FAIL(d->net->node, "net: %.200s is a spiking network, which takes a chip of kind spiking; %.200s is of crossbars",
         d->net->text, chip->name);
}

static weft_status check_needs(const weft_loader *loader, const weft_block *b, const weft_point *point) {
    const weft_point_settings *s = &point->settings;
    const struct {
        const char *key;
        bool given;
    } needs[] = {{"net", s->net[0]},
                 {"chip", s->chip[0]},
                 {"dataset", s->dataset[0] || s->spikes[0]},
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

static weft_status find_chip(weft_expander *x) {
    weft_loader *loader = x->loader;
    weft_draft *d = &x->draft;
    const weft_chip_pick *chip = &loader->chips[d->chip->index];
    size_t count = 0;
    for (size_t k = 0; k < loader->key_count; k++)
        if (d->by_key[k]) d->chip_settings[count++] = (weft_chip_setting){d->by_key[k], d->order[k]};
    d->point.chip = chip->path;
    d->point.set_count = (int)count;
    return weft_combination_find(loader, &d->point.set, chip, d->chip_settings, count, d->chip->node);
}

/* What the top of the file says of images is not for spikes. */
static void forget_images(weft_draft *d, const weft_point_settings *defaults) {
    weft_point_settings *s = &d->point.settings;
    s->dataset = defaults->dataset;
    s->images = defaults->images;
    s->coding = defaults->coding;
    s->rate = defaults->rate;
    d->dataset = NULL;
}

weft_status weft_draft_check(weft_expander *x) {
    const weft_block *b = &x->block;
    weft_draft *d = &x->draft;
    WEFT_TRY(check_uses(x->loader, &d->point, &b->set));
    for (size_t i = 0; i < b->dimensions.count; i++)
        WEFT_TRY(check_uses(x->loader, &d->point, &position_of(b, i)->settings));
    if (d->point.settings.spikes[0]) forget_images(d, &x->defaults);
    WEFT_TRY(check_needs(x->loader, b, &d->point));
    WEFT_TRY(check_spiking(x->loader, d));
    if (d->net) d->point.net = d->net->index;
    if (d->dataset && d->dataset->file) d->point.dataset = d->dataset->file;
    if (d->trace && d->trace->file) d->point.trace = d->trace->file;
    if (d->spikes && d->spikes->file) d->point.spikes = d->spikes->file;
    return d->chip && d->chip->index >= 0 ? find_chip(x) : WEFT_OK;
}
