/* Inside the reader of experiments: keys, values, axes, conditions. */
#ifndef WEFT_SWEEP_EXPERIMENT_INTERNAL_H
#define WEFT_SWEEP_EXPERIMENT_INTERNAL_H

#include "sweep/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the file as its tables read it ---- */

typedef struct weft_file_net {
    const char *file, *recipe; /* "": not given */
    const weft_yaml_node *set; /* NULL: not given */
} weft_file_net;
typedef struct weft_file_chip {
    const char *chip;
    const weft_yaml_node *set;
} weft_file_chip;
typedef struct weft_file_block {
    const char *name;
    const weft_yaml_node *set, *grid, *zip, *list, *only, *exclude;
} weft_file_block;
typedef struct weft_file_search {
    int kind; /* weft_search_kind */
    int64_t samples, seed, rungs;
    double keep;
    weft_strings minimise, maximise;
} weft_file_search;
typedef struct weft_experiment_file {
    const char *name, *description;
    weft_list nets, chips; /* weft_named of weft_file_net, weft_file_chip */
    weft_list points;      /* weft_file_block */
    weft_point_settings settings;
    weft_file_search search;
} weft_experiment_file;
/* Users (weft_point_user) of the setting, a bit each; 0: unknown. path: "map.arrays", "map". */
unsigned weft_setting_users(const char *path);
#define WEFT_CROSSBAR_USERS (1u << WEFT_POINT_SIM | 1u << WEFT_POINT_REPLAY | 1u << WEFT_POINT_NOC)
#define WEFT_SPIKING_USERS (1u << WEFT_POINT_SPIKES | 1u << WEFT_POINT_LAYERS | 1u << WEFT_POINT_TICKS)

/* ---- keys and their values ---- */

/* A setting of a point, or a key of the chip. */
typedef struct weft_setting_key {
    const char *path; /* "trials", "map.arrays", "adc.bits" */
    const weft_field *field;
    size_t offset;  /* in weft_point_settings */
    unsigned users; /* weft_point_user, a bit each */
    bool chip;
} weft_setting_key;

/* The value in a point's settings as text; out is used for numbers. */
#define WEFT_SETTING_TEXT_MAX 64
const char *weft_setting_text(char out[WEFT_SETTING_TEXT_MAX], const weft_setting_key *key,
                              const weft_point_settings *settings);
/* Whether two points have the same value, and a number that depends on nothing else. */
bool weft_setting_same(const weft_setting_key *key, const weft_point_settings *a, const weft_point_settings *b);
uint64_t weft_setting_hash(const weft_setting_key *key, const weft_point_settings *settings);
uint64_t weft_hash_bytes(uint64_t hash, const void *data, size_t size); /* FNV-1a, goes on from hash */
#define WEFT_HASH_START 14695981039346656037u

/* A value for a key, as the file gives it. */
typedef struct weft_setting {
    const weft_setting_key *key;
    const weft_yaml_node *node;
    const char *text;                     /* "6", "[4, 4]" */
    const char *set;                      /* of the chip: "adc.bits=6"; else NULL */
    unsigned char value[sizeof(int64_t)]; /* of a point: what goes into its settings */
    int index;                            /* net, chip: of the loader's; else -1 */
    const char *file;                     /* dataset, trace, spikes: what it stands for; else NULL */
} weft_setting;
typedef struct weft_settings_list {
    weft_setting *items;
    size_t count;
} weft_settings_list;

/* A chip that points can name. */
typedef struct weft_chip_pick {
    const char *name, *path;
    bool spiking;           /* as far as its file can be read */
    weft_settings_list set; /* of its entry in `chips` */
    const weft_yaml_node *node;
} weft_chip_pick;

typedef struct weft_loader {
    weft_experiment *out;
    weft_experiment_file file;
    const weft_yaml *yaml; /* out's */
    char folder[4096];     /* of the experiment's file */
    weft_setting_key *keys;
    size_t key_count;
    const char **key_names; /* NULL-terminated */
    const weft_setting_key *kind;
    weft_chip_pick *chips; /* malloc'd */
    int chip_count;
    size_t *seen, stamp; /* [key_count] by key: the stamp of the settings that gave it last */
    struct weft_combinations *combinations;
    weft_error *err;
} weft_loader;

/* Keys of points and chips. */
weft_status weft_loader_keys(weft_loader *loader);
/* NULL: unknown. */
const weft_setting_key *weft_loader_key(const weft_loader *loader, const char *path);
/* Whether keys begin with "path.". */
bool weft_loader_is_section(const weft_loader *loader, const char *path);
/* INVALID at the node, with the nearest. */
weft_status weft_loader_unknown_key(const weft_loader *loader, const char *path, const weft_yaml_node *node);
weft_status weft_loader_memory(const weft_loader *loader);
/* From the experiment's arena; NULL: no memory. */
void *weft_loader_zeroed(const weft_loader *loader, size_t count, size_t size);
/* INVALID at node unless the text is of letters, digits, '_', '-' and '.', and does not begin with the last two. */
weft_status weft_loader_check_name(const weft_loader *loader, const char *what, const char *name,
                                   const weft_yaml_node *node);
/* One value, checked; names are looked up. */
weft_status weft_setting_read(weft_loader *loader, weft_setting *out, const weft_setting_key *key,
                              const weft_yaml_node *node);
/* Into the settings of a point. */
void weft_setting_apply(weft_point_settings *settings, const weft_setting *setting);
/* All of a map; sections may be maps of their own. top: the file's, whose other keys are passed over. chip: keys of the
 * chip alone. */
typedef enum weft_settings_scope { WEFT_SCOPE_ANY, WEFT_SCOPE_TOP, WEFT_SCOPE_CHIP } weft_settings_scope;
weft_status weft_settings_read(weft_loader *loader, weft_settings_list *out, const weft_yaml_node *map,
                               weft_settings_scope scope);
/* A node as text that weft_yaml_set reads back: "6", "[4, 4]". */
weft_status weft_node_text(const char **out, const weft_loader *loader, const char *path, const weft_yaml_node *node);

/* ---- what names stand for ---- */

/* `nets` and `chips` of the file. */
weft_status weft_loader_names(weft_loader *loader);
weft_status weft_loader_find_net(weft_loader *loader, int *index, const char *name, const weft_yaml_node *node);
weft_status weft_loader_find_chip(weft_loader *loader, int *index, const char *name, const weft_yaml_node *node);
weft_status weft_loader_find_dataset(weft_loader *loader, const char **file, const char *name,
                                     const weft_yaml_node *node);
/* trace, spikes */
weft_status weft_loader_find_file(weft_loader *loader, const char **file, const char *setting, const char *name,
                                  const weft_yaml_node *node);

/* ---- axes ---- */

typedef struct weft_position {
    weft_point_axis *axes;
    int axis_count;
    weft_settings_list settings;
} weft_position;
/* What varies together: an axis of the grid, the zip, or the list. */
typedef struct weft_dimension {
    weft_position *positions;
    size_t length;
} weft_dimension;
typedef struct weft_dimensions {
    weft_dimension *items;
    size_t count;
} weft_dimensions;
/* How many values an axis has; INVALID: none, or no list. */
weft_status weft_axis_count(weft_loader *loader, size_t *total, const weft_setting_key *key,
                            const weft_yaml_node *node);
weft_status weft_axis_read(weft_loader *loader, weft_dimension *out, const weft_yaml_node *name,
                           const weft_yaml_node *node);
/* Adds the block's points, before conditions, to *count; INVALID when that makes too many. node: the block's. */
weft_status weft_block_count(weft_loader *loader, size_t *count, const weft_file_block *block,
                             const weft_yaml_node *node);
weft_status weft_dimensions_read(weft_loader *loader, weft_dimensions *out, const weft_file_block *block,
                                 const weft_yaml_node *node);

/* ---- conditions ---- */

typedef enum weft_comparison {
    WEFT_IS,
    WEFT_IS_NOT,
    WEFT_BELOW,
    WEFT_AT_MOST,
    WEFT_ABOVE,
    WEFT_AT_LEAST
} weft_comparison;
typedef struct weft_alternative {
    weft_comparison comparison;
    const char *text;
    double number; /* NaN: none */
} weft_alternative;
typedef struct weft_test {
    const char *name;            /* an axis's, or a key's path */
    const weft_setting_key *key; /* NULL: an axis of named variants */
    weft_alternative *alternatives;
    size_t count;
} weft_test;
typedef struct weft_condition {
    weft_test *tests;
    size_t count, matches; /* matches: points so far */
    const weft_yaml_node *node;
} weft_condition;
typedef struct weft_conditions {
    weft_condition *items;
    size_t count;
} weft_conditions;
/* list NULL: none. title: "only". */
weft_status weft_conditions_read(weft_loader *loader, weft_conditions *out, const weft_yaml_node *list,
                                 const char *title, const weft_dimensions *dimensions);
/* INVALID at a condition that no point has matched: it says something else than was meant. */
weft_status weft_conditions_check(const weft_loader *loader, const weft_conditions *conditions, const char *title,
                                  const weft_dimensions *dimensions);
/* The number that a text is; NaN: none. */
double weft_text_number(const char *text);
bool weft_test_holds(const weft_test *test, const char *value);

/* ---- points ---- */

/* Chips with their settings, each once, each loaded. */
typedef struct weft_combinations weft_combinations;
weft_combinations *weft_combinations_create(void); /* NULL: no memory */
void weft_combinations_destroy(weft_combinations *combinations);
typedef struct weft_chip_setting {
    const weft_setting *setting;
    size_t order; /* in which settings were given; the last ones are those of the axes */
} weft_chip_setting;
/* *set: shared, by the order of keys. settings [count] by the order of keys. node: where the chip was named. */
weft_status weft_combination_find(weft_loader *loader, const char ***set, const weft_chip_pick *chip,
                                  const weft_chip_setting *settings, size_t count, const weft_yaml_node *node);
/* All points of all blocks. */
weft_status weft_loader_points(weft_loader *loader);

#ifdef __cplusplus
}
#endif
#endif
