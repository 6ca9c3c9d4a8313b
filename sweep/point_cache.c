/* What points share: networks, data sets, chips. */
#include <stdlib.h>
#include <string.h>

#include "core/onnx.h"
#include "core/zca.h"
#include "sweep/point_internal.h"

/* ---- any ---- */

void *weft_point_cache_find(weft_point_cache *cache, const weft_sha256 *key) {
    for (int i = 0; i < cache->count; i++)
        if (!strcmp(cache->items[i].key.hex, key->hex)) {
            cache->items[i].used = ++cache->clock;
            return cache->items[i].value;
        }
    return NULL;
}

/* Place of the one that goes. */
static int oldest(const weft_point_cache *cache, const void *pinned) {
    int place = -1;
    for (int i = 0; i < cache->count; i++)
        if (cache->items[i].value != pinned && (place < 0 || cache->items[i].used < cache->items[place].used))
            place = i;
    return place;
}

void weft_point_cache_put(weft_point_cache *cache, const weft_sha256 *key, void *value, const void *pinned) {
    const bool full = cache->count == (cache->room < WEFT_POINT_CACHE_MAX ? cache->room : WEFT_POINT_CACHE_MAX);
    const int place = full ? oldest(cache, pinned) : cache->count++;
    if (full) cache->destroy(cache->items[place].value);
    cache->items[place] = (struct weft_point_kept){*key, value, ++cache->clock};
}

void weft_point_cache_free(weft_point_cache *cache) {
    for (int i = 0; i < cache->count; i++) cache->destroy(cache->items[i].value);
    cache->count = 0;
}

static weft_status key_of(weft_sha256 *out, const char *first, const char *const *more, int count, weft_error *err) {
    weft_facts facts;
    WEFT_TRY(weft_facts_begin(&facts, err));
    weft_facts_text(&facts, "", first);
    for (int i = 0; i < count; i++) weft_facts_text(&facts, "", more[i]);
    return weft_facts_end(out, &facts, err);
}

/* ---- chips ---- */

weft_status weft_point_chip(weft_chip **out, weft_point_runner *runner, const weft_point *point, weft_error *err) {
    weft_sha256 key;
    WEFT_TRY(key_of(&key, point->chip, point->set, point->set_count, err));
    *out = weft_point_cache_find(&runner->chips, &key);
    if (*out) return WEFT_OK;
    WEFT_TRY(weft_chip_load_crossbar(out, point->chip, point->set, point->set_count, err));
    weft_point_cache_put(&runner->chips, &key, *out, runner->programmed.chip);
    return WEFT_OK;
}

/* ---- data sets ---- */

weft_status weft_point_set_open(weft_point_set **out, weft_point_runner *runner, const weft_point *point,
                                weft_error *err) {
    weft_sha256 key;
    WEFT_TRY(key_of(&key, point->dataset, NULL, 0, err));
    *out = weft_point_cache_find(&runner->sets, &key);
    if (*out) return WEFT_OK;
    weft_point_set *set = calloc(1, sizeof *set);
    if (!set) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a data set");
    const weft_status status = weft_dataset_open(&set->test, point->dataset, WEFT_SPLIT_TEST, err);
    if (status != WEFT_OK) {
        free(set);
        return status;
    }
    snprintf(set->name, sizeof set->name, "%s", point->dataset);
    weft_point_cache_put(&runner->sets, &key, set, runner->evaluator.set);
    *out = set;
    return WEFT_OK;
}

weft_status weft_point_set_train(weft_point_set *set, weft_error *err) {
    return set->train ? WEFT_OK : weft_dataset_open(&set->train, set->name, WEFT_SPLIT_TRAIN, err);
}

/* ---- networks ---- */

/* Networks that were trained with the same whitening share it: its matrix is large, and a data set that is prepared
 * with it is for all of them. */
static void share_whitening(weft_preprocess *p, const weft_point_set *set) {
    if (!p->gcn_zca || p->zca || !set->zca || strcmp(weft_zca_key_of(set->zca)->hex, p->fit.hex) != 0) return;
    p->zca = weft_zca_share(set->zca);
}

static weft_status bind(weft_network *net, weft_point_set *set, weft_error *err) {
    WEFT_TRY(weft_network_check_dataset(net, set->test, err));
    share_whitening(&net->preprocess, set);
    if (!net->preprocess.gcn_zca || net->preprocess.zca) return WEFT_OK;
    WEFT_TRY(weft_point_set_train(set, err));
    WEFT_TRY(weft_network_bind(net, set->train, err));
    weft_zca_release(set->zca);
    set->zca = weft_zca_share(net->preprocess.zca);
    return WEFT_OK;
}

weft_status weft_point_net_key(weft_sha256 *out, const weft_point_runner *runner, const weft_point *point,
                               weft_error *err) {
    const char *const more[] = {point->dataset};
    return key_of(out, weft_point_net_path(runner->experiment, point), more, 1, err);
}

weft_status weft_point_net(const weft_network **out, weft_point_runner *runner, const weft_point *point,
                           weft_point_set *set, weft_error *err) {
    weft_sha256 key;
    WEFT_TRY(weft_point_net_key(&key, runner, point, err));
    weft_network *net = weft_point_cache_find(&runner->nets, &key);
    *out = net;
    if (net) return WEFT_OK;
    WEFT_TRY(weft_onnx_read(&net, weft_point_net_path(runner->experiment, point), err));
    const weft_status status = bind(net, set, err);
    if (status != WEFT_OK) {
        weft_network_destroy(net);
        return status;
    }
    weft_point_cache_put(&runner->nets, &key, net, NULL);
    *out = net;
    return WEFT_OK;
}
