/* An experiment: what an experiment.yaml asks, read, expanded to points and checked before anything runs.
 *
 *     name: noise
 *     dataset: cifar10            # settings at the top are every point's, unless a block or an axis says otherwise
 *     images: 1000
 *     trials: 5
 *     nets:
 *       sign: {recipe: cifar10-merolla-fast, set: {projection: sign}}   # trained when it is not in RUNS/nets
 *       stoch: {file: nets/stoch.onnx}                                  # beside the experiment's file
 *     chips:
 *       small: {chip: isaac-ce, set: {noc.mesh: [4, 4]}}
 *     points:
 *       - name: devices
 *         set: {images: 500}                     # fixed in this block; settings, and keys of the chip
 *         grid:                                  # every combination, the last axis fastest
 *           net: [sign, stoch]
 *           chip: [small, hermes]                # of `chips`, a file, or an installed chip
 *           adc.bits: [4, 5, 6..8]               # a key of the chip; a range counts by one: 4..8, or 0..2/0.5
 *           device:                              # an axis of named variants, each any settings
 *             ideal: {}
 *             month: {device.program: "pcm_program|pcm_drift:time_s=2.6e6", recalibrate: 500}
 *         only: [{net: sign}, {adc.bits: ">= 6"}]  # conditions: a point stays when one of them matches
 *         exclude: [{chip: hermes, adc.bits: [4, 5]}]    # and goes when one of these does
 *       - name: seeds
 *         zip: {images: [100, 200], seed: [1, 2]}        # axes that go together
 *         list: [{net: sign, chip: small}, {net: stoch, chip: hermes, trials: 9}] # points one by one
 *
 * A block may have grid, zip and list: they are combined, in the order of the file, the last one fastest. What an axis
 * says goes before the block's `set`, and that before the top. Files are looked for beside the experiment's, then from
 * the current folder.
 *
 * A condition matches when every key of it does: a value, one of a list of values, or a comparison "< 6", "<= 6",
 * "> 6", ">= 6", "!= 6". Keys are axes (a variant's name) or settings. Numbers compare as numbers. */
#ifndef WEFT_SWEEP_EXPERIMENT_H
#define WEFT_SWEEP_EXPERIMENT_H

#include "core/file.h"
#include "core/schema.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_POINTS_MAX 1000000

typedef enum weft_point_kind {
    WEFT_POINT_SIM,    /* weft map (once for net, chip and mapping settings), then weft sim */
    WEFT_POINT_EVAL,   /* weft eval: no chip */
    WEFT_POINT_REPLAY, /* weft replay of a trace on a chip: no net, no data set */
    WEFT_POINT_NOC     /* weft noc on a chip */
} weft_point_kind;
extern const char *const weft_point_kind_names[]; /* NULL-terminated: sim, eval, replay, noc */

/* Who uses a setting: a kind of points, but that those of kinds sim and replay on chips of kind spiking are groups of
 * their own and WEFT_POINT_SIM and WEFT_POINT_REPLAY stand for those on crossbars. */
enum {
    WEFT_POINT_SPIKES = WEFT_POINT_NOC + 1, /* of spiking networks (NIR) */
    WEFT_POINT_LAYERS,                      /* of networks of layers with binary activations */
    WEFT_POINT_TICKS,                       /* replay */
    WEFT_POINT_USERS
};

/* Settings of a point as its YAML says, one field table for all kinds (weft_point_record: key, range, default, text).
 * A setting that a point's kind does not use may not be given for it (at the top of the file, where some point of the
 * experiment uses it, it may), and has its default. Strings live in the experiment. */
typedef struct weft_point_settings {
    int kind;
    const char *net, *chip, *dataset, *trace; /* "": none */
    const char *transform;                    /* chain; "" as deployed */
    int64_t images;                           /* 0: all */
    int64_t trials;                           /* sim: programmed chips; eval: draws */
    int64_t seed;
    const char *recalibrate; /* as weft sim and weft eval: "none", a count, "all" */
    int64_t timed_images;    /* sim: 0 functional only */
    const char *precision;   /* eval: fp32, bf16, auto */
    struct {                 /* map: ... */
        int objective;       /* weft_objective */
        const char *placer;  /* "": the default */
        bool replicate;
        int64_t arrays, parts, chips, seed;
    } map;
    struct {         /* traffic: ... (noc) */
        int pattern; /* weft_noc_pattern */
        double rate;
        int64_t packet_flits, cycles, warmup;
    } traffic;
    /* Of points on spiking chips, as weft map and weft sim take them. */
    const char *spikes;     /* CSV file of spikes that go in, in place of a data set; "": none */
    int64_t ticks, classes; /* of an image or of spikes; 0: the data set's */
    int coding;             /* weft_coding_kind */
    double rate, dt;        /* Hz, s */
    const char *output;     /* population; "": the only one */
    int integration, reset; /* 0 euler, 1 exponential; 0 zero, 1 subtract */
    bool round;
} weft_point_settings;
extern const weft_record weft_point_record;
extern const weft_record weft_experiment_record; /* the file, for its JSON Schema and its manual; not to be read with */

/* "adc.bits" = "6", "device" = "month", "net" = "sign" */
typedef struct weft_point_axis {
    const char *key, *value;
} weft_point_axis;

typedef struct weft_point {
    const char *block; /* its block's name */
    weft_point_settings settings;
    weft_point_axis *axes; /* [axis_count] what was varied in its block, in the order of the file */
    int axis_count;
    int spiking;      /* on a spiking chip: WEFT_POINT_SPIKES, WEFT_POINT_LAYERS or WEFT_POINT_TICKS; else 0 */
    const char **set; /* [set_count] "adc.bits=6": keys of the chip, each once, sorted; shared between points */
    int set_count;
    int net; /* index of its net, -1: none */
    /* What the settings' names stand for, as the readers of these files take it: weft_chip_load(chip, set, set_count);
     * "" for none. */
    const char *chip, *dataset, *trace, *spikes;
    const weft_yaml_node *at; /* its block, for messages */
} weft_point;

typedef struct weft_experiment_net {
    const char *name;
    char path[4096];    /* of the file, ONNX or NIR; of a trained one RUNS/nets/NAME-HASH.onnx, filled in by
                           weft_experiment_runs */
    const char *recipe; /* as weft_recipe_load takes it; "": a file, which is there */
    const char **set;   /* [set_count] "projection=sign" of the recipe */
    int set_count;
    weft_sha256 hash; /* of the recipe (weft_recipe_hash): another recipe is another file */
    const weft_yaml_node *at;
} weft_experiment_net;

typedef enum weft_search_kind { WEFT_SEARCH_NONE, WEFT_SEARCH_RANDOM, WEFT_SEARCH_HALVING } weft_search_kind;

typedef struct weft_experiment {
    const char *name, *description;
    weft_experiment_net *nets; /* those that points use: of `nets`, or files named in a point */
    int net_count;
    weft_point *points;
    size_t point_count;
    /* search: ... (weft_sweep --search; search.h); kind 0: none */
    struct {
        int kind; /* weft_search_kind */
        int64_t samples, seed, rungs;
        double keep;                     /* share of points that a rung passes on */
        weft_strings minimise, maximise; /* metrics (metrics.h) */
    } search;
    char path[4096];
    weft_sha256 sha256; /* of the file's bytes and the overrides */
    weft_yaml yaml;
} weft_experiment;

/* path: a file, or a name of experiments/. overrides: "images=100", top-level settings. Everything that can be known
 * without running is checked: unknown keys (with the nearest), empty axes, zips of unequal length, a setting that two
 * axes of a block both give, nets, recipes, chips (each (chip, set) is loaded once), data sets and traces that do not
 * exist, transforms that cannot be parsed, points that are listed twice, more than WEFT_POINTS_MAX of them, a block
 * without points. Errors carry file:line:column of the value at fault. Destroy also after a failure. */
weft_status weft_experiment_load(weft_experiment *out, const char *path, const char *const *overrides,
                                 int override_count, weft_error *err);
void weft_experiment_destroy(weft_experiment *experiment); /* safe on a zeroed one */
/* Where trained nets lie: fills in their paths, RUNS/nets/NAME-HASH.onnx with 8 digits of the hash. INVALID when one
 * gets too long. */
weft_status weft_experiment_runs(weft_experiment *experiment, const char *runs, weft_error *err);
/* The manual of the file (weft describe experiment): its keys, then how points are made, with an example. */
void weft_experiment_describe(FILE *stream);
extern const char weft_experiment_example[]; /* of the manual */
/* Who uses its settings. */
static inline int weft_point_user(const weft_point *point) {
    return point->spiking ? point->spiking : point->settings.kind;
}
/* "net=sign chip=small adc.bits=6", for people; cut to fit. */
void weft_point_label(char *out, size_t size, const weft_point *point);

#ifdef __cplusplus
}
#endif
#endif
