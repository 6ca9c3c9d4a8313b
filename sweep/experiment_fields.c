/* Field tables of an experiment's file. */
#include <stddef.h>
#include <string.h>

#include "core/spike_coding.h"
#include "mapper/place.h"
#include "sim/noc/noc_traffic.h"
#include "sweep/experiment_internal.h"
#include "sweep/metrics.h"
#include "sweep/point.h"

const char *const weft_point_kind_names[] = {"sim", "eval", "replay", "noc", NULL};

#define SIM (1u << WEFT_POINT_SIM)
#define EVAL (1u << WEFT_POINT_EVAL)
#define REPLAY (1u << WEFT_POINT_REPLAY)
#define NOC (1u << WEFT_POINT_NOC)
#define PRECISIONS                                                                                                     \
    "fp32; bf16: bfloat16 activations and weights; auto: bf16 where the processor multiplies it, else fp32 (eval)."
#define SPIKES (1u << WEFT_POINT_SPIKES)
#define SPIKING (SPIKES | 1u << WEFT_POINT_LAYERS)
#define TICKS (1u << WEFT_POINT_TICKS)
#define ALL (SIM | EVAL | REPLAY | NOC | SPIKING | TICKS)

#define AT(key_, offset_, kind_, unit_, min_, max_, default_, doc_)                                                    \
    {                                                                                                                  \
        .key = key_, .kind = WEFT_FIELD_##kind_, .offset = offset_, .unit = unit_, .min = min_, .max = max_,           \
        .default_text = default_, .doc = doc_                                                                          \
    }
#define CHOICE_AT(key_, offset_, choices_, default_, doc_)                                                             \
    {                                                                                                                  \
        .key = key_, .kind = WEFT_FIELD_ENUM, .offset = offset_, .unit = "", .default_text = default_, .doc = doc_,    \
        .choices = choices_                                                                                            \
    }
/* struct, member, kind, unit, min, max, default, doc; choices, default, doc */
#define FIELD(type, member, ...) AT(#member, offsetof(type, member), __VA_ARGS__)
#define CHOICE(type, member, ...) CHOICE_AT(#member, offsetof(type, member), __VA_ARGS__)
#define NODE(type, member, choices_, doc_)                                                                             \
    {                                                                                                                  \
        .key = #member, .kind = WEFT_FIELD_NODE, .offset = offsetof(type, member), .unit = "", .default_text = "",     \
        .doc = doc_, .choices = choices_                                                                               \
    }
#define BELOW(type, member, kind_, record_, default_, doc_)                                                            \
    {                                                                                                                  \
        .key = #member, .kind = WEFT_FIELD_##kind_, .offset = offsetof(type, member), .unit = "",                      \
        .default_text = default_, .doc = doc_, .record = &record_                                                      \
    }
#define RECORD(name_, type, fields_, check_, doc_)                                                                     \
    { name_, doc_, sizeof(type), fields_, sizeof fields_ / sizeof fields_[0], check_ }

/* ---- settings of a point ---- */

typedef weft_point_settings settings;
#define IN(section, member) (offsetof(settings, section.member) - offsetof(settings, section))
#define PART(section, member, ...) AT(#member, IN(section, member), __VA_ARGS__)
#define PART_CHOICE(section, member, ...) CHOICE_AT(#member, IN(section, member), __VA_ARGS__)

static const weft_field map_fields[] = {
    PART_CHOICE(map, objective, weft_objective_names, "energy", "What the places of the cores shall keep small."),
    PART(map, placer, STRING, "", 0, 0, "", "How cores get their places; left out: refined."),
    PART(map, replicate, BOOL, "", 0, 0, "true", "Make copies of the stages that hold the pipeline up."),
    PART(map, arrays, INT, "", 0, 9007199254740992.0, "0", "Use at most that many arrays of a chip; 0: all."),
    PART(map, parts, INT, "", 0, 1e6, "0", "Cut a network that is too large into at most that many; 0: any number."),
    PART(map, chips, INT, "", 0, 1e6, "1", "Spread the parts on that many chips; 0: a chip for each."),
    PART(map, seed, INT, "", 0, 9007199254740992.0, "1", "Seed of the placers."),
};
static const weft_record map_record =
    RECORD("map", ((settings *)0)->map, map_fields, NULL, "How the network is laid onto the chip.");

static const weft_field traffic_fields[] = {
    PART_CHOICE(traffic, pattern, weft_noc_pattern_names, "uniform", "Who sends to whom."),
    PART(traffic, rate, REAL, "flits", 1e-9, 1, "", "Offered by each node in a cycle; needed."),
    PART(traffic, packet_flits, INT, "", 1, 65536, "1", "Flits of a packet."),
    PART(traffic, cycles, INT, "", 1, 1e12, "10000", "Packets created in that many cycles are measured."),
    PART(traffic, warmup, INT, "", 0, 1e12, "2000", "Cycles ahead of those."),
};
static const weft_record traffic_record =
    RECORD("traffic", ((settings *)0)->traffic, traffic_fields, NULL, "Synthetic traffic for a network by itself.");

/* Of points on spiking chips. */
#define SPIKE_FIELDS(at)                                                                                               \
    POINT_FIELD(at, spikes, STRING, "", 0, 0, "",                                                                      \
                "File of spikes that go in, as for weft sim --spikes, in place of a dataset (NIR networks)."),         \
        POINT_FIELD(at, ticks, INT, "", 1, 1 << 30, "100", "Ticks of an image, or of `spikes` (NIR networks)."),       \
        POINT_CHOICE(at, coding, weft_coding_names, "bernoulli",                                                       \
                     "How images become spikes (NIR networks): bernoulli, poisson: rates drawn at random; regular: "   \
                     "rates without chance; latency: one spike a pixel; saccades: events of a camera."),               \
        POINT_FIELD(at, rate, REAL, "Hz", 0, 1e9, "100", "Spikes a second of the brightest pixels (NIR networks)."),   \
        POINT_FIELD(at, output, STRING, "", 0, 0, "",                                                                  \
                    "Population whose spikes are counted; left out: the only one that the network puts out (NIR "      \
                    "networks)."),                                                                                     \
        POINT_FIELD(at, classes, INT, "", 0, 1e6, "0",                                                                 \
                    "Count them in that many groups of neighbours; 0: the classes of the data set (NIR networks)."),   \
        POINT_FIELD(at, dt, REAL, "s", 1e-9, 1e3, "0.001", "The network's time in a tick (spiking chips)."),           \
        POINT_CHOICE(at, integration, integrations, "euler",                                                           \
                     "euler: the forward step; exponential: exact within a tick (spiking chips)."),                    \
        POINT_CHOICE(at, reset, resets, "zero",                                                                        \
                     "A neuron that fired goes to v_reset (zero) or loses its threshold (spiking chips)."),            \
        POINT_FIELD(at, round, BOOL, "", 0, 0, "false",                                                                \
                    "Scale and round weights that the chip's numbers do not hit (spiking chips).")
static const char *const integrations[] = {"euler", "exponential", NULL}, *const resets[] = {"zero", "subtract", NULL};

/* The same fields in weft_point_settings and, below `settings`, in the file. */
#define POINT_FIELDS(type, at)                                                                                         \
    {.key = "kind",                                                                                                    \
     .kind = WEFT_FIELD_ENUM,                                                                                          \
     .offset = (at) + offsetof(settings, kind),                                                                        \
     .unit = "",                                                                                                       \
     .default_text = "sim",                                                                                            \
     .doc = "sim: map the net onto the chip and simulate it. eval: the net in software. replay: a trace on a chip. "   \
            "noc: the chip's network under synthetic traffic.",                                                        \
     .choices = weft_point_kind_names},                                                                                \
        POINT_FIELD(at, net, STRING, "", 0, 0, "", "Of `nets`, or an ONNX or NIR file (sim, eval)."),                  \
        POINT_FIELD(at, chip, STRING, "", 0, 0, "", "Of `chips`, a file, or an installed chip (sim, replay, noc)."),   \
        POINT_FIELD(at, dataset, STRING, "", 0, 0, "",                                                                 \
                    "fashion-mnist, mnist, cifar10 or a folder; its test images are used (sim, eval)."),               \
        POINT_FIELD(at, trace, STRING, "", 0, 0, "", "Trace of weft sim --record (replay)."),                          \
        POINT_FIELD(at, transform, STRING, "", 0, 0, "",                                                               \
                    "Distorts the latent weights, as in addnorm:sigma=0.2; left out: as deployed (sim, eval)."),       \
        POINT_FIELD(at, images, INT, "", 0, 1e9, "0", "The first of the test images; 0: all (sim, eval)."),            \
        POINT_FIELD(at, trials, INT, "", 1, WEFT_TRIALS_MAX, "1",                                                      \
                    "Programmed chips (sim; of spiking ones, draws of `transform`), draws (eval)."),                   \
        POINT_FIELD(at, seed, INT, "", 0, 9007199254740992.0, "0",                                                     \
                    "Of the chips' errors, the distortion's draws (sim, eval), the packets (noc)."),                   \
        POINT_FIELD(at, recalibrate, STRING, "", 0, 0, "none",                                                         \
                    "Training images on which every trial is calibrated again: none, a number, or all (sim, eval)."),  \
        POINT_FIELD(at, timed_images, INT, "", 0, 1e6, "0", "Images on the timed chip; 0: no latency (sim)."),         \
        SPIKE_FIELDS(at), POINT_FIELD(at, precision, STRING, "", 0, 0, "fp32", PRECISIONS),                            \
        {.key = "map",                                                                                                 \
         .kind = WEFT_FIELD_RECORD,                                                                                    \
         .offset = (at) + offsetof(settings, map),                                                                     \
         .unit = "",                                                                                                   \
         .default_text = "",                                                                                           \
         .doc = "How the network is laid onto the chip (sim).",                                                        \
         .record = &map_record},                                                                                       \
    {                                                                                                                  \
        .key = "traffic", .kind = WEFT_FIELD_RECORD, .offset = (at) + offsetof(settings, traffic), .unit = "",         \
        .default_text = "", .doc = "Synthetic traffic (noc).", .record = &traffic_record                               \
    }
#define POINT_CHOICE(at, member, ...) CHOICE_AT(#member, (at) + offsetof(settings, member), __VA_ARGS__)
#define POINT_FIELD(at, member, ...) AT(#member, (at) + offsetof(settings, member), __VA_ARGS__)

static const weft_field point_fields[] = {POINT_FIELDS(settings, 0)};
const weft_record weft_point_record =
    RECORD("point", settings, point_fields, NULL, "What one point is: settings, beside the keys of its chip.");

static const struct {
    const char *key; /* or section */
    unsigned users;
} uses[] = {{"kind", ALL},
            {"net", SIM | EVAL | SPIKING},
            {"chip", WEFT_CROSSBAR_USERS | WEFT_SPIKING_USERS},
            {"dataset", SIM | EVAL | SPIKING},
            {"trace", REPLAY | TICKS},
            {"transform", SIM | EVAL | SPIKING},
            {"images", SIM | EVAL | SPIKING},
            {"trials", SIM | EVAL | SPIKING},
            {"seed", ALL & ~(REPLAY | TICKS)},
            {"recalibrate", SIM | EVAL},
            {"timed_images", SIM | SPIKING},
            {"precision", EVAL},
            {"map", SIM | SPIKING},
            {"map.replicate", SIM},
            {"map.arrays", SIM},
            {"map.parts", SIM},
            {"map.chips", SIM},
            {"traffic", NOC},
            {"spikes", SPIKES},
            {"ticks", SPIKES},
            {"coding", SPIKES},
            {"rate", SPIKES},
            {"output", SPIKES},
            {"classes", SPIKES},
            {"dt", SPIKING},
            {"integration", SPIKING},
            {"reset", SPIKING},
            {"round", SPIKING}};

static unsigned users_of(const char *path, size_t length) {
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (strlen(uses[i].key) == length && !memcmp(uses[i].key, path, length)) return uses[i].users;
    return 0;
}

/* A key of a section is used by who uses the section, unless it has a row of its own. */
unsigned weft_setting_users(const char *path) {
    const unsigned users = users_of(path, strlen(path));
    return users ? users : users_of(path, strcspn(path, "."));
}

/* ---- the file ---- */

static const char *const map_types[] = {"object", NULL};
static const char *const list_types[] = {"array", NULL};
static const char *const search_kinds[] = {"none", "random", "halving", NULL};

static const weft_field net_fields[] = {
    FIELD(weft_file_net, file, STRING, "", 0, 0, "", "ONNX or NIR file."),
    FIELD(weft_file_net, recipe, STRING, "", 0, 0, "",
          "Recipe, a file or an installed one, by which it is trained when it is missing."),
    NODE(weft_file_net, set, map_types, "Keys of the recipe that are to be others."),
};
static weft_status net_check(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    const weft_file_net *net = value;
    if (!net->file[0] && !net->recipe[0]) return weft_record_error(yaml, node, "", err, "needs a file or a recipe");
    if (net->file[0] && net->recipe[0])
        return weft_record_error(yaml, node, "recipe", err, "a net has either a file or a recipe");
    if (net->set && !net->recipe[0])
        return weft_record_error(yaml, node, "set", err, "is for a recipe; a file is taken as it is");
    return WEFT_OK;
}
static const weft_record net_record =
    RECORD("net", weft_file_net, net_fields, net_check, "A network, by the name that points use.");

static const weft_field chip_fields[] = {
    FIELD(weft_file_chip, chip, STRING, "", 0, 0, NULL, "Chip file, or the name of an installed chip."),
    NODE(weft_file_chip, set, map_types, "Keys of the chip that are to be others."),
};
static const weft_record chip_record =
    RECORD("chip", weft_file_chip, chip_fields, NULL, "A chip, by the name that points use.");

static const weft_field block_fields[] = {
    FIELD(weft_file_block, name, STRING, "", 0, 0, "", "Of the block; left out: block-1, block-2 ..."),
    NODE(weft_file_block, set, map_types, "Settings, and keys of the chip, that are the same for all of the block."),
    NODE(weft_file_block, grid, map_types, "Axes, every combination of them."),
    NODE(weft_file_block, zip, map_types, "Axes of equal length that go together."),
    NODE(weft_file_block, list, list_types, "Settings of points, one by one."),
    NODE(weft_file_block, only, list_types, "Conditions: a point stays when one of them matches."),
    NODE(weft_file_block, exclude, list_types, "Conditions: a point goes when one of them matches."),
};
static const weft_record block_record =
    RECORD("block", weft_file_block, block_fields, NULL, "Points that belong together.");

typedef weft_experiment_file file;
static const weft_field search_fields[] = {
    CHOICE(weft_file_search, kind, search_kinds, "none",
           "random: a sample of the points. halving: of a sample, few images and trials first, the better ones go on."),
    FIELD(weft_file_search, samples, INT, "", 1, WEFT_POINTS_MAX, "64", "Points that are drawn."),
    FIELD(weft_file_search, seed, INT, "", 0, 9007199254740992.0, "0", "Of the draw."),
    FIELD(weft_file_search, rungs, INT, "", 1, 16, "3", "Rounds of halving; the last one has all images and trials."),
    FIELD(weft_file_search, keep, REAL, "", 0.01, 0.99, "0.5", "Share of the points that a round passes on."),
    FIELD(weft_file_search, minimise, STRINGS, "", 0, 0, "", "Metrics that shall be small."),
    FIELD(weft_file_search, maximise, STRINGS, "", 0, 0, "", "Metrics that shall be large."),
};

static weft_status check_metrics(const weft_strings *metrics, const char *key, const weft_yaml *yaml,
                                 const weft_yaml_node *node, weft_error *err) {
    const char *names[WEFT_METRIC_COUNT + 1] = {0};
    for (int i = 0; i < WEFT_METRIC_COUNT; i++) names[i] = weft_metrics[i].column;
    for (size_t i = 0; i < metrics->count; i++) {
        if (weft_metric_find(metrics->items[i]) >= 0) continue;
        const char *near = weft_nearest_name(metrics->items[i], names);
        return weft_record_error(yaml, node, key, err, "'%.80s' is no metric%s%s%s", metrics->items[i],
                                 near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    return WEFT_OK;
}

static weft_status search_check(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    const weft_file_search *search = value;
    WEFT_TRY(check_metrics(&search->minimise, "minimise", yaml, node, err));
    WEFT_TRY(check_metrics(&search->maximise, "maximise", yaml, node, err));
    if (search->kind == WEFT_SEARCH_HALVING && !search->minimise.count && !search->maximise.count)
        return weft_record_error(yaml, node, "", err, "halving needs a metric to minimise or to maximise");
    return WEFT_OK;
}
static const weft_record search_record = RECORD("search", weft_file_search, search_fields, search_check,
                                                "weft sweep --search: a part of the points instead of all.");

static const weft_field experiment_fields[] = {
    FIELD(file, name, STRING, "", 0, 0, NULL, "Name of the experiment."),
    FIELD(file, description, STRING, "", 0, 0, "", "What it asks."),
    POINT_FIELDS(file, offsetof(file, settings)),
    BELOW(file, nets, NAMED, net_record, "", "Networks by name."),
    BELOW(file, chips, NAMED, chip_record, "", "Chips by name."),
    BELOW(file, points, LIST, block_record, NULL, "Blocks of points."),
    BELOW(file, search, RECORD, search_record, "", "For weft sweep --search."),
};
const weft_record weft_experiment_record =
    RECORD("experiment", file, experiment_fields, NULL,
           "A set of points: nets, chips and settings, and which combinations are to be run.");
