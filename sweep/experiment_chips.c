/* Chips with the keys that points set: each combination once, loaded to see that it is one. */
#include <stdlib.h>
#include <string.h>

#include "core/chip.h"
#include "sweep/experiment_internal.h"

typedef struct combination {
    uint64_t hash;
    const weft_chip_pick *chip;
    const char *path;
    const char **set;
    size_t count;
} combination;

struct weft_combinations {
    combination *items;
    size_t count, room;
    size_t *table; /* [2 * room] number + 1, 0: free */
};

weft_combinations *weft_combinations_create(void) { return calloc(1, sizeof(weft_combinations)); }

void weft_combinations_destroy(weft_combinations *all) {
    if (!all) return;
    free(all->items);
    free(all->table);
    free(all);
}

/* ---- the table ---- */

static uint64_t hash_of(const char *path, const weft_chip_setting *settings, size_t count) {
    uint64_t hash = weft_hash_bytes(WEFT_HASH_START, path, strlen(path) + 1);
    for (size_t i = 0; i < count; i++) {
        const char *text = settings[i].setting->set;
        hash = weft_hash_bytes(hash, text, strlen(text) + 1);
    }
    return hash;
}

static bool is_same(const combination *c, uint64_t hash, const char *path, const weft_chip_setting *settings,
                    size_t count) {
    if (c->hash != hash || c->count != count || strcmp(c->path, path) != 0) return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(c->set[i], settings[i].setting->set) != 0) return false;
    return true;
}

static void enter(weft_combinations *all, size_t number) {
    const size_t places = 2 * all->room;
    size_t at = (size_t)(all->items[number].hash % places);
    while (all->table[at]) at = (at + 1) % places;
    all->table[at] = number + 1;
}

static bool grow(weft_combinations *all) {
    const size_t room = all->room ? 2 * all->room : 64;
    combination *items = realloc(all->items, room * sizeof *items);
    if (!items) return false;
    all->items = items;
    size_t *table = calloc(2 * room, sizeof *table);
    if (!table) return false;
    free(all->table);
    all->table = table;
    all->room = room;
    for (size_t i = 0; i < all->count; i++) enter(all, i);
    return true;
}

static const combination *find(const weft_combinations *all, uint64_t hash, const char *path,
                               const weft_chip_setting *settings, size_t count) {
    const size_t places = 2 * all->room;
    for (size_t at = places ? (size_t)(hash % places) : 0; places && all->table[at]; at = (at + 1) % places) {
        const combination *c = &all->items[all->table[at] - 1];
        if (is_same(c, hash, path, settings, count)) return c;
    }
    return NULL;
}

/* ---- loading ---- */

static weft_status load(const char *path, const char *const *set, size_t count, weft_error *err) {
    weft_chip *chip = NULL;
    weft_status status = weft_chip_load(&chip, path, set, (int)count, err);
    weft_chip_destroy(chip);
    return status;
}

/* "isaac-ce with adc.bits=6, adc.kind=sar" */
static void describe(char *out, size_t size, const weft_chip_pick *chip, const weft_chip_setting *settings,
                     size_t count) {
    size_t used = (size_t)snprintf(out, size, "%.100s%s", chip->name, count ? " with " : "");
    for (size_t i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", settings[i].setting->set);
}

/* The setting without which the chip is one; of several, the one that was given last. NULL: the chip never is. */
static const weft_setting *find_culprit(const weft_chip_pick *chip, const weft_chip_setting *settings, const char **set,
                                        size_t count) {
    const weft_chip_setting *culprit = NULL, *last = NULL;
    if (load(chip->path, NULL, 0, NULL) != WEFT_OK) return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *kept = set[i];
        set[i] = set[count - 1]; /* keys are different ones, so that their order does not matter */
        const bool heals = load(chip->path, set, count - 1, NULL) == WEFT_OK;
        set[i] = kept;
        if (heals && (!culprit || settings[i].order > culprit->order)) culprit = &settings[i];
        if (!last || settings[i].order > last->order) last = &settings[i];
    }
    if (!culprit) culprit = last;
    return culprit ? culprit->setting : NULL;
}

static weft_status refuse(const weft_loader *loader, const weft_chip_pick *chip, const weft_chip_setting *settings,
                          const char **set, size_t count, const weft_yaml_node *node, const weft_error *inner) {
    char text[sizeof inner->text + sizeof inner->file], what[400];
    weft_error without_file = *inner;
    const weft_setting *culprit = find_culprit(chip, settings, set, count);
    if (!strncmp(inner->file, "--set ", 6)) without_file.file[0] = 0;
    weft_error_format(&without_file, text, sizeof text);
    describe(what, sizeof what, chip, settings, count);
    return weft_yaml_error(loader->yaml, culprit ? culprit->node : node, inner->status, loader->err, "chip %s: %.600s",
                           what, text);
}

weft_status weft_combination_find(weft_loader *loader, const char ***set, const weft_chip_pick *chip,
                                  const weft_chip_setting *settings, size_t count, const weft_yaml_node *node) {
    weft_combinations *all = loader->combinations;
    const uint64_t hash = hash_of(chip->path, settings, count);
    const combination *found = find(all, hash, chip->path, settings, count);
    weft_error inner = {0};
    if (found) {
        *set = found->set;
        return WEFT_OK;
    }
    if (all->count == all->room && !grow(all)) return weft_loader_memory(loader);
    *set = weft_arena_alloc(loader->yaml->arena, (count + 1) * sizeof **set);
    if (!*set) return weft_loader_memory(loader);
    for (size_t i = 0; i < count; i++) (*set)[i] = settings[i].setting->set;
    if (load(chip->path, *set, count, &inner) != WEFT_OK)
        return refuse(loader, chip, settings, *set, count, node, &inner);
    all->items[all->count] = (combination){hash, chip, chip->path, *set, count};
    enter(all, all->count++);
    return WEFT_OK;
}
