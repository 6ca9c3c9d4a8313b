/* Inside the running of points: files (point_files.c), keys (point_key.c), caches (point_cache.c), mappings
 * (point_map.c), and a file a kind.
 */
#ifndef WEFT_SWEEP_POINT_INTERNAL_H
#define WEFT_SWEEP_POINT_INTERNAL_H

#include "core/chip.h"
#include "core/dataset.h"
#include "core/mapping.h"
#include "core/spike_mapped.h"
#include "core/text.h"
#include "sim/session/session.h"
#include "sim/trace/trace.h"
#include "sweep/point.h"
#include "trainer/trainer.h"

/* ---- texts that are hashed: a line a fact ---- */

typedef struct weft_facts {
    FILE *stream;
    char *text;
    size_t size;
} weft_facts;
weft_status weft_facts_begin(weft_facts *facts, weft_error *err); /* write to facts->stream */
weft_status weft_facts_end(weft_sha256 *out, weft_facts *facts, weft_error *err);
/* "bytes:text", so that no two lists of facts have one text. */
void weft_facts_text(const weft_facts *facts, const char *name, const char *text);

/* ---- keys ---- */

typedef struct weft_known_file {
    struct weft_known_file *next;
    weft_sha256 hash;
    char path[];
} weft_known_file;

/* A chip's file as named in points. */
typedef struct weft_known_chip {
    char *name;
    char path[4096], *text;
    size_t size;
    bool has_table;
} weft_known_chip;

struct weft_point_keys {
    const weft_experiment *experiment;
    weft_known_file *files, *sets; /* sets: data sets by name */
    weft_known_chip *chips;
    int chip_count;
    weft_sha256 chip_hash; /* that was asked for last */
};

/* SHA-256 of a file, of a data set's files; each is found once. IO. */
weft_status weft_point_file_hash(const char **hex, weft_point_keys *keys, const char *path, weft_error *err);
weft_status weft_point_dataset_hash(const char **hex, weft_point_keys *keys, const char *name, weft_error *err);
/* A chip's file; *out until the next chip is asked for. */
weft_status weft_point_known_chip(const weft_known_chip **out, weft_point_keys *keys, const char *name,
                                  weft_error *err);
/* keys->chip_hash becomes the weft_chip.sha256 of the point's chip with its settings. */
weft_status weft_point_chip_hash(weft_point_keys *keys, const weft_point *point, weft_error *err);
/* What decides the point's mapping: of `set`, those settings that the mapper sees; malloc'd, items borrowed. */
weft_status weft_point_map_settings(weft_texts *set, const weft_point *point, weft_error *err);
/* A chip may be possible only with settings that the mapper does not see: then all of the point's, else `set`.
 * Borrowed. */
weft_texts weft_point_able_settings(const weft_point *point, const weft_texts *set);
weft_status weft_point_map_key(weft_sha256 *out, weft_point_keys *keys, const weft_point *point, const weft_texts *set,
                               weft_error *err);
/* What decides the programmed chips, given the mapping. */
weft_status weft_point_programming_key(weft_sha256 *out, weft_point_keys *keys, const weft_point *point,
                                       const weft_sha256 *mapping, weft_error *err);
/* The point's transform as it is written canonically; "": as deployed. */
weft_status weft_point_transform(char *out, size_t size, const weft_point *point, weft_error *err);
const char *weft_point_net_path(const weft_experiment *experiment, const weft_point *point);

/* ---- caches: a few things by key, the one not used for longest goes ---- */

enum { WEFT_POINT_CACHE_MAX = 16 };
typedef struct weft_point_cache {
    void (*destroy)(void *value);
    int room; /* at most so many */
    int count;
    uint64_t clock;
    struct weft_point_kept {
        weft_sha256 key;
        void *value;
        uint64_t used;
    } items[WEFT_POINT_CACHE_MAX];
} weft_point_cache;
void *weft_point_cache_find(weft_point_cache *cache, const weft_sha256 *key); /* NULL: not there */
/* The cache owns the value; pinned stays whatever its age. */
void weft_point_cache_put(weft_point_cache *cache, const weft_sha256 *key, void *value, const void *pinned);
void weft_point_cache_free(weft_point_cache *cache);

/* Both splits of a data set; train is opened when it is wanted. zca: the whitening fitted on it that was used last. */
typedef struct weft_point_set {
    char name[4096];
    weft_dataset *test, *train;
    struct weft_zca *zca;
} weft_point_set;

/* A mapping with the hash of its file. */
typedef struct weft_point_mapping {
    weft_mapping *mapping;
    weft_sha256 file;
} weft_point_mapping;

/* The same of a spiking network, with all that it was made for. */
typedef struct weft_point_spiking_mapping {
    weft_spike_mapped mapped;
    weft_sha256 file;
} weft_point_spiking_mapping;

/* Chips that stand programmed, and what they were made from. */
typedef struct weft_point_programmed {
    weft_sha256 key; /* "": none */
    weft_chip *chip; /* the caches', as is `from` */
    const weft_point_mapping *from;
    weft_network *net;
    weft_stages *stages;
    weft_traffic *traffic;
    weft_engine **engines;
    int engine_count;
} weft_point_programmed;

/* Preprocessed training images, which calibrate chips. */
typedef struct weft_point_training {
    weft_sha256 net; /* weft_point_net_key; "": none */
    size_t asked, count;
    float *images;
} weft_point_training;

typedef struct weft_point_evaluator {
    weft_sha256 key; /* "": none */
    weft_network *net;
    weft_evaluator *evaluator;
    const weft_point_set *set;
    int64_t runs; /* draws so far */
} weft_point_evaluator;

struct weft_point_runner {
    const weft_experiment *experiment;
    weft_point_runner_options options;
    char maps[4096]; /* folder */
    weft_point_keys *keys;
    weft_point_cache nets, sets, chips, mappings, traces, spiking;
    weft_point_programmed programmed;
    weft_point_training training;
    weft_point_evaluator evaluator;
};

/* The point's, from the caches. net: as the file has it, its preprocessing bound; not to be changed. */
weft_status weft_point_chip(weft_chip **out, weft_point_runner *runner, const weft_point *point, weft_error *err);
weft_status weft_point_set_open(weft_point_set **out, weft_point_runner *runner, const weft_point *point,
                                weft_error *err);
weft_status weft_point_set_train(weft_point_set *set, weft_error *err); /* set->train is there */
weft_status weft_point_net(const weft_network **out, weft_point_runner *runner, const weft_point *point,
                           weft_point_set *set, weft_error *err);
/* Of network and data set, by their names. */
weft_status weft_point_net_key(weft_sha256 *out, const weft_point_runner *runner, const weft_point *point,
                               weft_error *err);
weft_status weft_point_mapping_of(const weft_point_mapping **out, weft_point_runner *runner, const weft_point *point,
                                  weft_error *err);
/* On the point's chip, with a preprocessing of its own for each data set. */
weft_status weft_point_spiking_of(const weft_point_spiking_mapping **out, weft_point_runner *runner,
                                  const weft_point *point, weft_error *err);
void weft_point_spiking_free(weft_point_spiking_mapping *mapping);
/* Where a mapping with that key lies. */
weft_status weft_point_map_path(char out[4096], const weft_point_runner *runner, const weft_sha256 *key,
                                weft_error *err);
void weft_point_programmed_free(weft_point_programmed *programmed);
void weft_point_evaluator_free(weft_point_evaluator *evaluator);

/* ---- a kind each: fill a zeroed result whose metrics are all NaN ---- */
weft_status weft_point_sim(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                           weft_error *err);
weft_status weft_point_sim_spiking(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                                   weft_error *err);
weft_status weft_point_eval(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                            weft_error *err);
weft_status weft_point_replay(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                              weft_error *err);
weft_status weft_point_replay_spikes(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                                     weft_error *err);
weft_status weft_point_noc(weft_point_runner *runner, const weft_point *point, weft_point_result *result,
                           weft_error *err);
/* Room for the errors of so many trials. */
weft_status weft_point_trials(weft_point_result *result, int count, weft_error *err);

#endif
