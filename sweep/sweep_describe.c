/* Chips and networks in words, for reports that have none of their files. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "sweep/sweep_state.h"

/* ---- chips ---- */

/* Sets are shared: the same set of the same file is the same array. */
static int by_chip(const void *a, const void *b) {
    const weft_point *x = *(const weft_point *const *)a, *y = *(const weft_point *const *)b;
    const int order = strcmp(x->chip, y->chip);
    if (order) return order;
    return ((uintptr_t)x->set > (uintptr_t)y->set) - ((uintptr_t)x->set < (uintptr_t)y->set);
}

static weft_status describe_chip(const weft_sweep *s, const weft_point *point, weft_error *err) {
    const char *net, *hash;
    bool described;
    weft_chip *chip = NULL;
    weft_arena *arena = NULL;
    weft_description_rows rows;
    WEFT_TRY(weft_point_hashes(&net, &hash, s->hashes, point, err));
    WEFT_TRY(weft_store_described(&described, s->store, WEFT_CHIPS, hash, err));
    if (described) return WEFT_OK;
    WEFT_TRY(weft_chip_load(&chip, point->chip, point->set, point->set_count, err));
    arena = weft_arena_create();
    weft_status status = arena ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for a description");
    if (status == WEFT_OK) status = weft_describe_chip(&rows, arena, chip, point->set, point->set_count, err);
    if (status == WEFT_OK) status = weft_store_put_descriptions(s->store, WEFT_CHIPS, &rows, err);
    weft_arena_destroy(arena);
    weft_chip_destroy(chip);
    return status;
}

/* A point whose network is not there has no hashes; another one has its chip too, or the next call. */
static size_t list_chips(const weft_point **list, const weft_sweep *s) {
    size_t count = 0;
    for (size_t i = 0; i < s->experiment->point_count; i++) {
        const weft_point *point = &s->experiment->points[i];
        if (point->chip[0] && (point->net < 0 || !s->untrained[point->net][0])) list[count++] = point;
    }
    if (count) qsort(list, count, sizeof *list, by_chip);
    return count;
}

static weft_status describe_chips(const weft_sweep *s, weft_error *err) {
    const weft_point **list = malloc((s->experiment->point_count + 1) * sizeof *list);
    if (!list) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", s->experiment->point_count);
    const size_t count = list_chips(list, s);
    weft_status status = WEFT_OK;
    for (size_t i = 0; i < count && status == WEFT_OK; i++)
        if (i == 0 || by_chip(&list[i - 1], &list[i]) != 0) status = describe_chip(s, list[i], err);
    free(list);
    return status;
}

/* ---- networks ---- */

static const weft_point *point_of_net(const weft_sweep *s, int net) {
    for (size_t i = 0; i < s->experiment->point_count; i++)
        if (s->experiment->points[i].net == net) return &s->experiment->points[i];
    return NULL;
}

static weft_status put_net(const weft_sweep *s, int net, const char *hash, weft_error *err) {
    weft_description_rows row, layers;
    weft_arena *arena = weft_arena_create();
    if (!arena) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a description");
    weft_status status = WEFT_OK;
    if (weft_describe_net(&row, &layers, arena, &s->experiment->nets[net], hash, NULL) == WEFT_OK) {
        status = weft_store_put_descriptions(s->store, WEFT_LAYERS, &layers, err);
        if (status == WEFT_OK) status = weft_store_put_descriptions(s->store, WEFT_NETS, &row, err);
    }
    weft_arena_destroy(arena);
    return status;
}

static weft_status describe_nets(const weft_sweep *s, weft_error *err) {
    for (int net = 0; net < s->experiment->net_count; net++) {
        const weft_point *point = point_of_net(s, net);
        const char *hash, *chip;
        bool described;
        if (!point || s->untrained[net][0]) continue;
        WEFT_TRY(weft_point_hashes(&hash, &chip, s->hashes, point, err));
        WEFT_TRY(weft_store_described(&described, s->store, WEFT_NETS, hash, err));
        if (!described) WEFT_TRY(put_net(s, net, hash, err));
    }
    return WEFT_OK;
}

weft_status weft_sweep_describe(const weft_sweep *s, weft_error *err) {
    WEFT_TRY(describe_chips(s, err));
    WEFT_TRY(describe_nets(s, err));
    return weft_store_flush(s->store, err);
}
