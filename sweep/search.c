#include "sweep/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"

/* ---- the sample ---- */

static weft_status find_metrics(weft_search *search, const weft_strings *names, const weft_experiment *experiment,
                                weft_error *err) {
    const int room = (int)(sizeof search->metrics / sizeof *search->metrics);
    for (size_t i = 0; i < names->count; i++) {
        const int metric = weft_metric_find(names->items[i]);
        if (metric < 0 || weft_metrics[metric].better == 0)
            return weft_error_set_at(err, WEFT_E_INVALID, experiment->path, 0, 0,
                                     "search: \"%.80s\" is no metric that can be better or worse", names->items[i]);
        if (search->metric_count == room)
            return weft_error_set_at(err, WEFT_E_INVALID, experiment->path, 0, 0, "search: more than %d metrics", room);
        search->metrics[search->metric_count++] = metric;
    }
    return WEFT_OK;
}

static int by_number(const void *a, const void *b) {
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static weft_status draw_sample(weft_search *search, const weft_experiment *experiment, weft_error *err) {
    const size_t points = experiment->point_count, wanted = (size_t)experiment->search.samples;
    search->base = points;
    search->count = wanted && wanted < points ? wanted : points;
    const weft_rng rng = {.seed = (uint64_t)experiment->search.seed, .purpose = WEFT_PURPOSE_SEARCH};
    uint32_t *order = malloc((points + 1) * sizeof *order);
    search->sample = malloc((search->count + 1) * sizeof *search->sample);
    if (order && search->sample) {
        weft_rng_permutation(&rng, points, order);
        for (size_t i = 0; i < search->count; i++) search->sample[i] = order[i];
        qsort(search->sample, search->count, sizeof *search->sample, by_number);
    }
    free(order);
    return search->sample && order ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", points);
}

/* ---- rungs ---- */

static int64_t reduced(int64_t whole, double share) {
    const int64_t less = (int64_t)ceil((double)whole * share - 1e-9);
    return less < 1 ? 1 : less;
}

static void reduce(weft_point *point, double share) {
    weft_point_settings *s = &point->settings;
    if (s->kind != WEFT_POINT_SIM && s->kind != WEFT_POINT_EVAL) return;
    s->images = reduced(s->images, share);
    s->trials = reduced(s->trials, share);
    if (s->timed_images > s->images) s->timed_images = s->images;
}

/* images 0 are all, and how many these are only the data set knows. */
static weft_status check_images(const weft_experiment *experiment, const weft_search *search, weft_error *err) {
    for (size_t i = 0; i < search->count && search->rungs > 1; i++) {
        const weft_point_settings *s = &experiment->points[search->sample[i]].settings;
        if ((s->kind == WEFT_POINT_SIM || s->kind == WEFT_POINT_EVAL) && s->images == 0)
            return weft_error_set_at(err, WEFT_E_INVALID, experiment->path, 0, 0,
                                     "search: halving takes a share of `images`, which block \"%.80s\" does not give",
                                     experiment->points[search->sample[i]].block);
    }
    return WEFT_OK;
}

static weft_status append_rung(weft_experiment *experiment, const weft_search *search, int rung, weft_error *err) {
    const double share = pow(experiment->search.keep, search->rungs - 1 - rung);
    for (size_t i = 0; i < search->count; i++) {
        weft_point *copy = &experiment->points[experiment->point_count];
        *copy = experiment->points[search->sample[i]];
        copy->block =
            weft_arena_printf(experiment->yaml.arena, "%s, rung %d of %d", copy->block, rung + 1, search->rungs);
        if (!copy->block) return weft_error_set(err, WEFT_E_MEMORY, "no memory for points");
        reduce(copy, share);
        experiment->point_count++;
    }
    return WEFT_OK;
}

weft_status weft_search_begin(weft_search *out, weft_experiment *experiment, weft_error *err) {
    *out = (weft_search){.rungs = experiment->search.kind == WEFT_SEARCH_HALVING ? (int)experiment->search.rungs : 1};
    WEFT_TRY(find_metrics(out, &experiment->search.minimise, experiment, err));
    WEFT_TRY(find_metrics(out, &experiment->search.maximise, experiment, err));
    WEFT_TRY(draw_sample(out, experiment, err));
    WEFT_TRY(check_images(experiment, out, err));
    const size_t points = out->base + (size_t)(out->rungs - 1) * out->count;
    weft_point *grown = realloc(experiment->points, (points + 1) * sizeof *grown);
    if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", points);
    experiment->points = grown;
    for (int rung = 0; rung + 1 < out->rungs; rung++) WEFT_TRY(append_rung(experiment, out, rung, err));
    return WEFT_OK;
}

void weft_search_free(weft_search *search) {
    free(search->sample);
    *search = (weft_search){0};
}

size_t weft_search_point(const weft_search *search, int rung, size_t member) {
    return rung == search->rungs - 1 ? search->sample[member] : search->base + (size_t)rung * search->count + member;
}

/* ---- selection ---- */

typedef struct rival {
    size_t member;
    int layer;
    double first; /* value of the first metric, smaller is better */
} rival;

/* Layer 0 is the Pareto front, layer 1 the front without it, and so on. */
static void find_layers(rival *rivals, size_t count, const weft_search *search, const weft_metrics_values *values) {
    for (size_t i = 0; i < count; i++) rivals[i].layer = -1;
    size_t left = count;
    for (int layer = 0; left > 0; layer++) {
        for (size_t i = 0; i < count; i++) {
            bool front = rivals[i].layer < 0;
            for (size_t k = 0; k < count && front; k++)
                front = (rivals[k].layer >= 0 && rivals[k].layer < layer) ||
                        !weft_metrics_dominate(&values[rivals[k].member], &values[rivals[i].member], search->metrics,
                                               search->metric_count);
            if (!front) continue;
            rivals[i].layer = layer;
            left--;
        }
    }
}

static int by_rank(const void *a, const void *b) {
    const rival *x = a, *y = b;
    if (x->layer != y->layer) return x->layer < y->layer ? -1 : 1;
    if (x->first < y->first || x->first > y->first) return x->first < y->first ? -1 : 1;
    return x->member < y->member ? -1 : x->member > y->member;
}

weft_status weft_search_select(bool *keep, const weft_search *search, const bool *in, const weft_metrics_values *values,
                               double share, weft_error *err) {
    size_t count = 0, entered = 0;
    rival *rivals = malloc((search->count + 1) * sizeof *rivals);
    if (!rivals) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", search->count);
    memset(keep, 0, search->count * sizeof *keep);
    for (size_t i = 0; i < search->count; i++) {
        entered += in[i];
        if (in[i] && weft_metrics_have(&values[i], search->metrics, search->metric_count))
            rivals[count++] = (rival){
                .member = i, .first = search->metric_count ? weft_metrics_cost(&values[i], search->metrics[0]) : 0};
    }
    find_layers(rivals, count, search, values);
    qsort(rivals, count, sizeof *rivals, by_rank);
    const size_t wanted = (size_t)ceil((double)entered * share - 1e-9);
    for (size_t i = 0; i < count && i < wanted; i++) keep[rivals[i].member] = true;
    free(rivals);
    return WEFT_OK;
}
