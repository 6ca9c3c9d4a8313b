/* Mappings of spiking networks: made once for a net, a chip and the settings that a mapping depends on, kept as files
 * that all workers read. */
#include <stdlib.h>
#include <string.h>

#include "mapper/spike.h"
#include "sweep/point_internal.h"

static weft_spike_map_options options_of(const weft_point_settings *s) {
    weft_spike_map_options options = weft_spike_map_defaults();
    options.objective = (weft_objective)s->map.objective;
    options.placer = s->map.placer[0] ? s->map.placer : NULL;
    options.seed = (uint64_t)s->map.seed;
    return options;
}

static weft_snn_fit_options fit_of(const weft_point_settings *s) {
    return (weft_snn_fit_options){
        .dt = s->dt, .exponential = s->integration == 1, .subtract = s->reset == 1, .round = s->round};
}

/* ---- making one ---- */

typedef struct work {
    weft_chip *chip;
    weft_spike_network network;
    weft_snn_fit *fit;
    weft_spike_mapping *mapping;
} work;

static weft_status name_sources(const work *w, const char *network, const weft_texts *set, weft_error *err) {
    weft_spike_mapping *m = w->mapping;
    snprintf(m->network_path, sizeof m->network_path, "%s", network);
    snprintf(m->chip_path, sizeof m->chip_path, "%s", w->chip->path);
    m->network_sha256 = w->network.sha256;
    m->chip_sha256 = w->chip->sha256;
    for (int i = 0; i < set->count; i++) WEFT_TRY(weft_spike_mapping_add_setting(m, set->items[i], err));
    return WEFT_OK;
}

static weft_status fill(work *w, const char *network, const weft_point *point, const weft_texts *set, weft_error *err) {
    const weft_snn_fit_options fit = fit_of(&point->settings);
    const weft_spike_map_options options = options_of(&point->settings);
    WEFT_TRY(weft_chip_load_spiking(&w->chip, point->chip, set, err));
    WEFT_TRY(weft_spike_network_read(&w->network, network, fit.dt, err));
    WEFT_TRY(weft_snn_fit_create(&w->fit, w->network.snn, w->chip, &fit, err));
    WEFT_TRY(weft_spike_map(&w->mapping, NULL, w->network.snn, w->fit, w->chip, &options, err));
    return name_sources(w, network, set, err);
}

static weft_status make_with(const char *path, const weft_point_runner *runner, const weft_point *point,
                             const weft_texts *set, weft_error *err) {
    work w = {.chip = NULL};
    weft_status status = fill(&w, weft_point_net_path(runner->experiment, point), point, set, err);
    if (status == WEFT_OK) status = weft_spike_mapping_write(w.mapping, path, err);
    weft_spike_mapping_destroy(w.mapping);
    weft_snn_fit_destroy(w.fit);
    weft_spike_network_close(&w.network);
    weft_chip_destroy(w.chip);
    return status;
}

static weft_status make(const char *path, const weft_point_runner *runner, const weft_point *point,
                        const weft_texts *set, weft_error *err) {
    const weft_texts able = weft_point_able_settings(point, set);
    WEFT_TRY(weft_folder_create(runner->maps, err));
    return make_with(path, runner, point, &able, err);
}

/* ---- finding one ---- */

static weft_status read_mapping(weft_point_spiking_mapping *out, const char *path, const weft_point *point,
                                weft_error *err) {
    const weft_texts all = {point->set, point->set_count};
    WEFT_TRY(weft_sha256_file(&out->file, path, err));
    return weft_spike_mapped_open(&out->mapped, path, &all, err);
}

/* A file that cannot be read is made again. */
static weft_status find_file(weft_point_spiking_mapping *out, const weft_point_runner *runner, const weft_point *point,
                             const weft_texts *set, const weft_sha256 *key, weft_error *err) {
    weft_spike_mapping *readable = NULL;
    char path[4096];
    WEFT_TRY(weft_point_map_path(path, runner, key, err));
    const bool known = weft_path_exists(path) && weft_spike_mapping_read(&readable, path, NULL) == WEFT_OK;
    weft_spike_mapping_destroy(readable);
    if (!known) WEFT_TRY(make(path, runner, point, set, err));
    return read_mapping(out, path, point, err);
}

/* What decides the mapping, the chip with all its settings, and what the network is bound to. */
static weft_status cache_key(weft_sha256 *out, weft_point_runner *runner, const weft_point *point,
                             const weft_sha256 *map_key, weft_error *err) {
    weft_facts facts;
    WEFT_TRY(weft_point_chip_hash(runner->keys, point, err));
    WEFT_TRY(weft_facts_begin(&facts, err));
    weft_facts_text(&facts, "map", map_key->hex);
    weft_facts_text(&facts, "chip", runner->keys->chip_hash.hex);
    weft_facts_text(&facts, "dataset", point->dataset);
    return weft_facts_end(out, &facts, err);
}

void weft_point_spiking_free(weft_point_spiking_mapping *mapping) {
    weft_spike_mapped_close(&mapping->mapped);
    free(mapping);
}

static weft_status find(const weft_point_spiking_mapping **out, weft_point_runner *runner, const weft_point *point,
                        const weft_texts *set, weft_error *err) {
    weft_sha256 map_key, key;
    WEFT_TRY(weft_point_map_key(&map_key, runner->keys, point, set, err));
    WEFT_TRY(cache_key(&key, runner, point, &map_key, err));
    *out = weft_point_cache_find(&runner->spiking, &key);
    if (*out) return WEFT_OK;
    weft_point_spiking_mapping *mapping = calloc(1, sizeof *mapping);
    if (!mapping) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a mapping");
    const weft_status status = find_file(mapping, runner, point, set, &map_key, err);
    if (status != WEFT_OK) {
        weft_point_spiking_free(mapping);
        return status;
    }
    weft_point_cache_put(&runner->spiking, &key, mapping, NULL);
    *out = mapping;
    return WEFT_OK;
}

weft_status weft_point_spiking_of(const weft_point_spiking_mapping **out, weft_point_runner *runner,
                                  const weft_point *point, weft_error *err) {
    weft_texts set;
    WEFT_TRY(weft_point_map_settings(&set, point, err));
    const weft_status status = find(out, runner, point, &set, err);
    free(set.items);
    return status;
}
