#include <stdlib.h>
#include <string.h>

#include "sweep/sweep_internal.h"

typedef struct place {
    uint64_t affinity;
    size_t first, number; /* first: the smallest number with this affinity */
} place;

/* FNV-1a. */
static void mix(uint64_t *hash, const void *data, size_t size) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) *hash = (*hash ^ bytes[i]) * 1099511628211u;
}

static void mix_text(uint64_t *hash, const char *text) { mix(hash, text, strlen(text) + 1); }

/* Equal for points that use the same programmed chip. A collision costs time, not correctness. */
static uint64_t affinity_of(const weft_point *point) {
    const weft_point_settings *s = &point->settings;
    const int64_t numbers[] = {s->kind,       point->net,   s->seed,      s->trials,        s->map.objective,
                               s->map.arrays, s->map.parts, s->map.chips, s->map.replicate, s->map.seed};
    uint64_t hash = 14695981039346656037u;
    mix(&hash, numbers, sizeof numbers);
    mix_text(&hash, s->chip);
    mix_text(&hash, s->trace);
    mix_text(&hash, s->dataset);
    mix_text(&hash, s->spikes);
    mix_text(&hash, s->transform);
    mix_text(&hash, s->map.placer);
    for (int i = 0; i < point->set_count; i++) mix_text(&hash, point->set[i]);
    return hash;
}

static int by_affinity(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->affinity != y->affinity) return x->affinity < y->affinity ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static int by_first(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static size_t sort_places(place *places, size_t count) {
    size_t groups = 0;
    qsort(places, count, sizeof *places, by_affinity);
    for (size_t i = 0; i < count; i++) {
        bool begins = i == 0 || places[i].affinity != places[i - 1].affinity;
        places[i].first = begins ? places[i].number : places[i - 1].first;
        groups += begins;
    }
    qsort(places, count, sizeof *places, by_first);
    return groups;
}

static void fill(weft_queue *queue, const place *places, size_t count) {
    for (size_t i = 0; i < count; i++) {
        queue->order[i] = places[i].number;
        if (i == 0 || places[i].first != places[i - 1].first)
            queue->groups[queue->group_count++] = (weft_queue_group){i, i};
        queue->groups[queue->group_count - 1].end = i + 1;
    }
    queue->left = count;
}

weft_status weft_queue_make(weft_queue *out, const weft_experiment *experiment, const bool *wanted, weft_error *err) {
    *out = (weft_queue){0};
    size_t count = 0;
    place *places = malloc((experiment->point_count + 1) * sizeof *places);
    if (!places) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", experiment->point_count);
    for (size_t i = 0; i < experiment->point_count; i++)
        if (wanted[i]) places[count++] = (place){.affinity = affinity_of(&experiment->points[i]), .number = i};
    const size_t groups = sort_places(places, count);
    out->order = malloc((count + 1) * sizeof *out->order);
    out->again = malloc((count + 1) * sizeof *out->again);
    out->groups = malloc((groups + 1) * sizeof *out->groups);
    const bool whole = out->order && out->again && out->groups;
    if (whole) fill(out, places, count);
    free(places);
    if (whole) return WEFT_OK;
    weft_queue_free(out);
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", count);
}

void weft_queue_free(weft_queue *queue) {
    free(queue->order);
    free(queue->again);
    free(queue->groups);
    *queue = (weft_queue){0};
}

static size_t fullest(const weft_queue *queue) {
    size_t best = 0;
    for (size_t g = 1; g < queue->group_count; g++)
        if (queue->groups[g].end - queue->groups[g].begin > queue->groups[best].end - queue->groups[best].begin)
            best = g;
    return best;
}

bool weft_queue_take(weft_queue *queue, size_t *group, size_t *number) {
    if (queue->left == 0) return false;
    queue->left--;
    if (queue->again_count) {
        *number = queue->again[--queue->again_count];
        return true;
    }
    const bool own = *group < queue->group_count && queue->groups[*group].begin < queue->groups[*group].end;
    if (!own && queue->fresh == queue->group_count) {
        *number = queue->order[--queue->groups[fullest(queue)].end];
        return true;
    }
    if (!own) *group = queue->fresh++;
    *number = queue->order[queue->groups[*group].begin++];
    return true;
}

void weft_queue_return(weft_queue *queue, size_t number) {
    queue->again[queue->again_count++] = number;
    queue->left++;
}
