/* weft map: a network is laid onto a chip; or an existing mapping is checked. */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/map.h"

typedef struct map_options {
    weft_common common;
    const char *network, *chip, *out, *objective, *placer, *floor, *links, *calibrate;
    weft_texts set;
    uint64_t seed, arrays, chips, parts, calibration_images;
    bool check, explain, no_replicate;
} map_options;

static const weft_option map_arguments[] = {
    {.name = "NETWORK",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, network),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "ONNX file; with --check, the mapping file"},
    {.name = "CHIP",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, chip),
     .complete = WEFT_COMPLETE_CHIP,
     .help = "Chip file, or the name of an installed chip ('weft describe' lists them); not with --check"},
};
static const weft_option map_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, out),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "The mapping, in YAML; needed unless --check is given"},
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(map_options, set),
     .value = "KEY=VALUE",
     .help = "Change a key of the chip, for example --set adc.bits=6; may be repeated"},
    {.name = "check",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(map_options, check),
     .help = "Check an existing mapping against its network and chip instead of making one"},
    {.name = "explain",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(map_options, explain),
     .help = "Print what each pass did, what every stage costs, lower bounds with the gap to them, and all placers"},
    {.name = "objective",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, objective),
     .value = "NAME",
     .help = "What the places of the cores shall keep small: energy (flits x links, the default), link (flits over the "
             "busiest link) or latency (what the network adds to an image's time)"},
    {.name = "placer",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, placer),
     .value = "NAME",
     .help = "How cores get their places: row_major, greedy, scotch or refined (the default)"},
    {.name = "seed",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(map_options, seed),
     .value = "N",
     .default_count = 1,
     .help = "Seed of the placers; 1 by default. The same seed gives the same mapping"},
    {.name = "no-replicate",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(map_options, no_replicate),
     .help = "Make no copies of the stages that hold the pipeline up"},
    {.name = "arrays",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(map_options, arrays),
     .value = "N",
     .max = INT64_MAX,
     .help = "Use at most N arrays of a chip, copies included; 0, the default, takes all"},
    {.name = "parts",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(map_options, parts),
     .value = "N",
     .max = INT_MAX,
     .help = "Cut a network that is larger than the chip into at most N parts, loaded one after the other; 1: it must "
             "fit at once; 0, the default: as many as it takes"},
    {.name = "chips",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(map_options, chips),
     .value = "N",
     .default_count = 1,
     .max = INT_MAX,
     .help = "Spread the parts on N chips, 1 by default; 0: a chip for each part"},
    {.name = "calibrate",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, calibrate),
     .value = "DATASET",
     .complete = WEFT_COMPLETE_DATASET,
     .help = "Measure the ranges of all activations on training images and write them into the mapping; without it, "
             "'weft sim' does so for those that the network's file does not know"},
    {.name = "calibration-images",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(map_options, calibration_images),
     .value = "N",
     .default_count = WEFT_CALIBRATION_IMAGES,
     .help = "On the first N of them; 1000 by default"},
    {.name = "floor",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, floor),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help =
         "Draw what lies on which core, as SVG; of several parts, the later ones as FILE with -1, -2 ... before the "
         "extension"},
    {.name = "links",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(map_options, links),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Draw how many flits cross each link, as SVG; likewise"},
};

/* ---- the two ways ---- */

/* What people and programs get to see, once work->report is there. */
static weft_status show(const map_options *o, const weft_console *session, const weft_map_work *work, weft_error *err) {
    if (o->explain)
        weft_map_print_explanation(work, session->out);
    else
        weft_map_print_table(work, session->out);
    if (!o->check) weft_map_print_summary(work, session->out);
    if (o->check)
        fprintf(session->out, "%s fits %s: every weight lies in one array, no limit of a core is exceeded\n",
                o->network, work->chip->name);
    WEFT_TRY(weft_map_draw_parts(work, o->floor, weft_map_draw_floor, err));
    WEFT_TRY(weft_map_draw_parts(work, o->links, weft_map_draw_links, err));
    if (!o->common.json) return WEFT_OK;
    return weft_map_write_json(work, o->check ? o->network : o->out, o->common.json, err);
}

static weft_status probe_outputs(const map_options *o, weft_error *err) {
    WEFT_TRY(weft_output_probe(o->out, err));
    WEFT_TRY(weft_output_probe(o->floor, err));
    return weft_output_probe(o->links, err);
}

static weft_status make_mapping(const map_options *o, const weft_console *session, weft_map_work *work,
                                weft_error *err) {
    WEFT_TRY(probe_outputs(o, err));
    WEFT_TRY(weft_map_make(work, o->network, o->chip, &o->set, err));
    if (o->calibrate) WEFT_TRY(weft_map_calibrate(work, o->calibrate, (size_t)o->calibration_images, err));
    WEFT_TRY(weft_mapping_write(work->mapping, o->out, err));
    return show(o, session, work, err);
}

static weft_status check_mapping(const map_options *o, const weft_console *session, weft_map_work *work,
                                 weft_error *err) {
    bool changed = false;
    weft_texts settings = {0};
    WEFT_TRY(probe_outputs(o, err));
    WEFT_TRY(weft_mapping_read(&work->mapping, o->network, err));
    const weft_mapping *mapping = work->mapping;
    WEFT_TRY(weft_mapped_settings(&settings, mapping, &o->set, err));
    weft_status status = weft_mapped_chip(&work->chip, &changed, mapping, &settings, err);
    free(settings.items);
    WEFT_TRY(status);
    WEFT_TRY(weft_mapped_network(&work->net, mapping, err));
    WEFT_TRY(weft_lower_shapes(&work->stages, work->net, err));
    WEFT_TRY(weft_mapping_check(mapping, work->stages, work->chip, err));
    WEFT_TRY(weft_map_examine(&work->report, mapping, work->stages, work->chip, &work->options, err));
    return show(o, session, work, err);
}

/* ---- usage ---- */

static weft_status unknown_name(const char *option, const char *name, const char *const *names, weft_error *err) {
    const char *nearest = weft_text_nearest(name, names);
    if (nearest)
        return weft_error_set(err, WEFT_E_USAGE, "--%s: there is no \"%.80s\"; did you mean \"%s\"?", option, name,
                              nearest);
    char known[256] = "";
    for (size_t used = 0; *names && used < sizeof known; names++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", *names);
    return weft_error_set(err, WEFT_E_USAGE, "--%s: there is no \"%.80s\"; there are %s", option, name, known);
}

static weft_status find_objective(weft_objective *out, const char *name, weft_error *err) {
    *out = WEFT_OBJECTIVE_ENERGY;
    for (int i = 0; name && weft_objective_names[i]; i++) {
        if (strcmp(weft_objective_names[i], name) != 0) continue;
        *out = (weft_objective)i;
        return WEFT_OK;
    }
    return name ? unknown_name("objective", name, weft_objective_names, err) : WEFT_OK;
}

static weft_status check_placer(const char *name, weft_error *err) {
    const char *names[16];
    int count = 0;
    if (!name || weft_placer_find(name)) return WEFT_OK;
    for (; weft_placers[count].name && count < 15; count++) names[count] = weft_placers[count].name;
    names[count] = NULL;
    return unknown_name("placer", name, names, err);
}

static weft_status fill_options(weft_map_options *out, const map_options *o, weft_error *err) {
    *out = weft_map_defaults();
    WEFT_TRY(find_objective(&out->objective, o->objective, err));
    WEFT_TRY(check_placer(o->placer, err));
    out->placer = o->placer;
    out->seed = o->seed;
    out->replicate = !o->no_replicate;
    out->array_budget = (int64_t)o->arrays;
    out->chips = (int)o->chips;
    out->parts_max = (int)o->parts;
    out->compare = o->explain;
    return WEFT_OK;
}

/* An option that says how to make a mapping; NULL: none is given. */
static const char *making_option(const map_options *o) {
    if (o->out) return "--out";
    if (o->objective) return "--objective";
    if (o->placer) return "--placer";
    if (o->seed != 1) return "--seed";
    if (o->no_replicate) return "--no-replicate";
    if (o->parts) return "--parts";
    if (o->calibrate) return "--calibrate";
    return o->chips != 1 ? "--chips" : NULL;
}

static weft_status check_usage(const map_options *o, weft_error *err) {
    const char *option = o->chip ? "CHIP" : making_option(o);
    if (o->check && option)
        return weft_error_set(err, WEFT_E_USAGE, "--check takes the mapping file alone, without %s", option);
    if (!o->check && !o->chip) return weft_error_set(err, WEFT_E_USAGE, "CHIP is missing: %s", map_arguments[1].help);
    if (o->calibrate && o->calibration_images == 0)
        return weft_error_set(err, WEFT_E_USAGE, "--calibration-images 0: at least 1 is needed");
    if (!o->check && !o->out) return weft_error_set(err, WEFT_E_USAGE, "--out FILE is missing");
    if (o->chips > 1 && o->parts && o->parts < o->chips)
        return weft_error_set(err, WEFT_E_USAGE, "--chips %llu: with --parts %llu there are no more than %llu",
                              (unsigned long long)o->chips, (unsigned long long)o->parts, (unsigned long long)o->parts);
    return WEFT_OK;
}

static weft_status map_run(const void *options, const weft_console *session, weft_error *err) {
    const map_options *o = options;
    weft_map_work work = {0};
    WEFT_TRY(check_usage(o, err));
    WEFT_TRY(fill_options(&work.options, o, err));
    weft_status status = o->check ? check_mapping(o, session, &work, err) : make_mapping(o, session, &work, err);
    weft_map_work_free(&work);
    return status;
}

const weft_command weft_command_map = {
    .name = "map",
    .summary = "Lay a network onto a chip, or check a mapping",
    .description =
        "Cuts the network's weight matrices into tiles of the chip's crossbar arrays, copies the stages that "
        "hold the pipeline up while arrays are left, places the tiles on cores and writes the mapping as "
        "YAML. A network that is larger than the chip is cut into parts. When it does not fit, the message "
        "names the layer, the limit and what would make it fit. With --check, reads a mapping, also one "
        "written by hand, and tells whether it holds every weight exactly once within all limits.",
    .examples = "  weft map net.onnx isaac-ce -o net.map.yaml\n  weft map net.onnx isaac-ce -o net.map.yaml --explain "
                "--floor floor.svg --links links.svg\n  weft map --check net.map.yaml\n",
    .arguments = map_arguments,
    .argument_count = (int)(sizeof map_arguments / sizeof map_arguments[0]),
    .options = map_table,
    .option_count = (int)(sizeof map_table / sizeof map_table[0]),
    .size = sizeof(map_options),
    .run = map_run,
};
