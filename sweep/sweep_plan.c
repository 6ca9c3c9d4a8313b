/* What is to be computed: keys, points that share one, the rows that are there. */
#include <stdlib.h>
#include <string.h>

#include "sweep/sweep_state.h"

/* A point whose net could not be trained has no bytes to hash. */
static weft_status key_of(weft_sweep *s, size_t number, weft_error *err) {
    const weft_point *point = &s->experiment->points[number];
    char label[1024];
    if (point->net < 0 || !s->untrained[point->net][0]) return weft_point_key(&s->keys[number], s->hashes, point, err);
    const int length = snprintf(label, sizeof label, "untrained %zu ", number);
    weft_point_label(label + length, sizeof label - (size_t)length, point);
    s->keys[number] = weft_sha256_bytes(label, strlen(label));
    return WEFT_OK;
}

/* Points of one key have one result: it is computed for the first and written down for all. */
static weft_status find_twins(weft_sweep *s, weft_error *err) {
    const size_t points = s->experiment->point_count;
    weft_keyed *sorted = malloc((points + 1) * sizeof *sorted);
    if (!sorted) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", points);
    for (size_t i = 0; i < points; i++) sorted[i] = (weft_keyed){s->keys[i].hex, i};
    weft_keyed_sort(sorted, points);
    for (size_t i = 0; i < points; i++) {
        const bool same = i + 1 < points && strcmp(sorted[i].key, sorted[i + 1].key) == 0;
        s->twin[sorted[i].number] = same ? sorted[i + 1].number : SIZE_MAX;
    }
    free(sorted);
    return WEFT_OK;
}

weft_status weft_sweep_plan(weft_sweep *s, weft_error *err) {
    const size_t points = s->experiment->point_count;
    WEFT_TRY(weft_point_keys_create(&s->hashes, s->experiment, err));
    for (size_t i = 0; i < points; i++) WEFT_TRY(key_of(s, i, err));
    WEFT_TRY(find_twins(s, err));
    WEFT_TRY(weft_store_open(&s->store, s->options.runs, s->experiment->name, err));
    WEFT_TRY(weft_store_plan(s->store, s->experiment, s->keys, s->done, err));
    return weft_sweep_describe(s, err);
}
