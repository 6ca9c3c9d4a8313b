/* Mappings: made once for a net, a chip and the settings of `map`, kept as files that all workers read. */
#include <stdlib.h>
#include <string.h>

#include "mapper/make.h"
#include "sweep/point_internal.h"

static weft_map_options options_of(const weft_point_settings *s) {
    weft_map_options options = weft_map_defaults();
    options.objective = (weft_objective)s->map.objective;
    options.placer = s->map.placer[0] ? s->map.placer : NULL;
    options.seed = (uint64_t)s->map.seed;
    options.replicate = s->map.replicate;
    options.array_budget = s->map.arrays;
    options.chips = (int)s->map.chips;
    options.parts_max = (int)s->map.parts;
    return options;
}

static weft_status check_parts(const weft_point_settings *s, weft_error *err) {
    const long long chips = s->map.chips, parts = s->map.parts;
    if (chips <= 1 || parts == 0 || parts >= chips) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "map.chips %lld: with map.parts %lld there are no more than %lld", chips,
                          parts, parts);
}

static weft_status make_with(const char *path, const weft_point_runner *runner, const weft_point *point,
                             const weft_texts *set, weft_error *err) {
    weft_map_work work = {.options = options_of(&point->settings)};
    weft_status status = weft_map_make(&work, weft_point_net_path(runner->experiment, point), point->chip, set, err);
    if (status == WEFT_OK) status = weft_mapping_write(work.mapping, path, err);
    weft_map_work_free(&work);
    return status;
}

static weft_status make(const char *path, const weft_point_runner *runner, const weft_point *point,
                        const weft_texts *set, weft_error *err) {
    const weft_texts able = weft_point_able_settings(point, set);
    WEFT_TRY(weft_folder_create(runner->maps, err));
    WEFT_TRY(check_parts(&point->settings, err));
    return make_with(path, runner, point, &able, err);
}

static weft_status read_mapping(weft_point_mapping *out, const char *path, weft_error *err) {
    WEFT_TRY(weft_sha256_file(&out->file, path, err));
    return weft_mapping_read(&out->mapping, path, err);
}

weft_status weft_point_map_path(char out[4096], const weft_point_runner *runner, const weft_sha256 *key,
                                weft_error *err) {
    char name[96];
    snprintf(name, sizeof name, "%s.map.yaml", key->hex);
    return weft_path_join(out, 4096, runner->maps, name, err);
}

/* A file that cannot be read is made again. */
static weft_status find_file(weft_point_mapping *out, const weft_point_runner *runner, const weft_point *point,
                             const weft_texts *set, const weft_sha256 *key, weft_error *err) {
    char path[4096];
    WEFT_TRY(weft_point_map_path(path, runner, key, err));
    if (weft_path_exists(path) && read_mapping(out, path, NULL) == WEFT_OK) return WEFT_OK;
    WEFT_TRY(make(path, runner, point, set, err));
    return read_mapping(out, path, err);
}

static weft_status find(const weft_point_mapping **out, weft_point_runner *runner, const weft_point *point,
                        const weft_texts *set, weft_error *err) {
    weft_sha256 key;
    WEFT_TRY(weft_point_map_key(&key, runner->keys, point, set, err));
    *out = weft_point_cache_find(&runner->mappings, &key);
    if (*out) return WEFT_OK;
    weft_point_mapping *mapping = calloc(1, sizeof *mapping);
    if (!mapping) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a mapping");
    const weft_status status = find_file(mapping, runner, point, set, &key, err);
    if (status != WEFT_OK) {
        free(mapping);
        return status;
    }
    weft_point_cache_put(&runner->mappings, &key, mapping, runner->programmed.from);
    *out = mapping;
    return WEFT_OK;
}

weft_status weft_point_mapping_of(const weft_point_mapping **out, weft_point_runner *runner, const weft_point *point,
                                  weft_error *err) {
    weft_texts set;
    WEFT_TRY(weft_point_map_settings(&set, point, err));
    const weft_status status = find(out, runner, point, &set, err);
    free(set.items);
    return status;
}
