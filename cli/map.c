/* weft map: a network is laid onto a chip; or an existing mapping is checked. */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file_kind.h"
#include "cli/map.h"
#include "core/spike_mapping.h"

static const weft_option map_arguments[] = {
    {.name = "NETWORK",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_map_request, network),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "ONNX file, for spiking chips of binary activations, or NIR file (.nir) of a spiking network; with "
             "--check, the "
             "mapping file"},
    {.name = "CHIP",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_map_request, chip),
     .complete = WEFT_COMPLETE_CHIP,
     .takes = WEFT_TAKES(CHIP),
     .help = "Chip file, or the name of an installed chip ('weft describe' lists them); not with --check"},
};
static const weft_option map_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_map_request, out),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "The mapping, in YAML; needed unless --check is given"},
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(weft_map_request, set),
     .value = "KEY=VALUE",
     .help = "Change a key of the chip, for example --set adc.bits=6; may be repeated"},
    {.name = "check",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(weft_map_request, check),
     .help = "Check an existing mapping against its network and chip instead of making one"},
    {.name = "explain",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(weft_map_request, explain),
     .help = "Print what each pass did, what every stage costs, lower bounds with the gap to them, and all placers"},
    {.name = "objective",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_map_request, objective),
     .value = "NAME",
     .help = "What the places of the cores shall keep small: energy (flits x links, the default), link (flits over the "
             "busiest link) or latency (what the network adds to an image's time)"},
    {.name = "placer",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_map_request, placer),
     .value = "NAME",
     .help = "How cores get their places: row_major, greedy, scotch or refined (the default)"},
    {.name = "seed",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_map_request, seed),
     .value = "N",
     .default_count = 1,
     .help = "Seed of the placers; 1 by default. The same seed gives the same mapping"},
    {.name = "no-replicate",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(weft_map_request, no_replicate),
     .help = "Make no copies of the stages that hold the pipeline up"},
    {.name = "arrays",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_map_request, arrays),
     .value = "N",
     .max = INT64_MAX,
     .help = "Use at most N arrays of a chip, copies included; 0, the default, takes all"},
    {.name = "parts",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_map_request, parts),
     .value = "N",
     .max = INT_MAX,
     .help = "Cut a network that is larger than the chip into at most N parts, loaded one after the other; 1: it must "
             "fit at once; 0, the default: as many as it takes"},
    {.name = "chips",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_map_request, chips),
     .value = "N",
     .default_count = 1,
     .max = INT_MAX,
     .help = "Spread the parts on N chips, 1 by default; 0: a chip for each part"},
    {.name = "calibrate",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_map_request, calibrate),
     .value = "DATASET",
     .complete = WEFT_COMPLETE_DATASET,
     .help = "Measure the ranges of all activations on training images and write them into the mapping; without it, "
             "'weft sim' does so for those that the network's file does not know"},
    {.name = "calibration-images",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_map_request, calibration_images),
     .value = "N",
     .default_count = WEFT_CALIBRATION_IMAGES,
     .help = "On the first N of them; 1000 by default"},
    {.name = "floor",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_map_request, floor),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help =
         "Draw what lies on which core, as SVG; of several parts, the later ones as FILE with -1, -2 ... before the "
         "extension"},
    {.name = "links",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_map_request, links),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Draw how many flits cross each link, as SVG; likewise"},
    WEFT_TICK_ROWS(weft_map_request, dt, integration, reset),
    {.name = "round",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(weft_map_request, round),
     .help = "Spiking networks on chips of whole weights (truenorth): scale and round weights and thresholds that are "
             "no whole numbers; without it they are refused"},
};
/* Without meaning for networks of the other kind. */
static const char *const crossbar_only[] = {"no-replicate",       "arrays", "parts", "chips", "calibrate",
                                            "calibration-images", "floor",  "links", NULL};
static const char *const spiking_only[] = {"dt", "integration", "reset", "round", NULL};

/* ---- the two ways ---- */

/* What people and programs get to see, once work->report is there. */
static weft_status show(const weft_map_request *o, const weft_console *session, const weft_map_work *work,
                        weft_error *err) {
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

static weft_status probe_outputs(const weft_map_request *o, weft_error *err) {
    WEFT_TRY(weft_output_probe(o->out, err));
    WEFT_TRY(weft_output_probe(o->floor, err));
    return weft_output_probe(o->links, err);
}

static weft_status make_mapping(const weft_map_request *o, const weft_console *session, weft_map_work *work,
                                weft_error *err) {
    WEFT_TRY(probe_outputs(o, err));
    WEFT_TRY(weft_map_make(work, o->network, o->chip, &o->set, err));
    if (o->calibrate) WEFT_TRY(weft_map_calibrate(work, o->calibrate, (size_t)o->calibration_images, err));
    WEFT_TRY(weft_mapping_write(work->mapping, o->out, err));
    return show(o, session, work, err);
}

static weft_status check_mapping(const weft_map_request *o, const weft_console *session, weft_map_work *work,
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

static weft_status check_placer(const char *name, weft_error *err) {
    const char *names[16];
    int count = 0, which;
    if (!name || weft_placer_find(name)) return WEFT_OK;
    for (; weft_placers[count].name && count < 15; count++) names[count] = weft_placers[count].name;
    names[count] = NULL;
    return weft_option_choice(&which, "placer", name, names, err);
}

static weft_status fill_options(weft_map_options *out, const weft_map_request *o, weft_error *err) {
    int objective;
    *out = weft_map_defaults();
    WEFT_TRY(weft_option_choice(&objective, "objective", o->objective, weft_objective_names, err));
    WEFT_TRY(check_placer(o->placer, err));
    out->objective = (weft_objective)objective;
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
static const char *making_option(const weft_map_request *o) {
    if (o->out) return "--out";
    if (o->objective) return "--objective";
    if (o->placer) return "--placer";
    if (o->seed != 1) return "--seed";
    if (o->no_replicate) return "--no-replicate";
    if (o->parts) return "--parts";
    if (o->calibrate) return "--calibrate";
    if (o->dt) return "--dt";
    if (o->integration) return "--integration";
    if (o->reset) return "--reset";
    if (o->round) return "--round";
    return o->chips != 1 ? "--chips" : NULL;
}

static weft_status check_usage(const weft_map_request *o, weft_error *err) {
    const char *option = o->chip ? "CHIP" : making_option(o);
    if (o->check && option)
        return weft_error_set(err, WEFT_E_USAGE, "--check takes the mapping file alone, without %s", option);
    WEFT_TRY(weft_file_kind_check(o->check ? "NETWORK of --check" : "NETWORK", o->network,
                                  o->check ? WEFT_TAKES_MAPPING : WEFT_TAKES_NETWORK, err));
    if (!o->check && !o->chip) return weft_error_set(err, WEFT_E_USAGE, "CHIP is missing: %s", map_arguments[1].help);
    if (o->calibrate && o->calibration_images == 0)
        return weft_error_set(err, WEFT_E_USAGE, "--calibration-images 0: at least 1 is needed");
    if (!o->check && !o->out) return weft_error_set(err, WEFT_E_USAGE, "--out FILE is missing");
    if (o->chips > 1 && o->parts && o->parts < o->chips)
        return weft_error_set(err, WEFT_E_USAGE, "--chips %llu: with --parts %llu there are no more than %llu",
                              (unsigned long long)o->chips, (unsigned long long)o->parts, (unsigned long long)o->parts);
    return WEFT_OK;
}

/* By the chip, or the mapping. */
static weft_status find_kind(bool *spiking, const weft_map_request *o, weft_error *err) {
    weft_chip *chip = NULL;
    *spiking = o->check ? weft_spike_mapping_is(o->network) : weft_path_ends(o->network, ".nir");
    if (!o->check && !*spiking) {
        WEFT_TRY(weft_chip_load(&chip, o->chip, o->set.items, o->set.count, err));
        *spiking = chip->kind == WEFT_CHIP_SPIKING;
        weft_chip_destroy(chip);
    }
    const char *wrong = weft_option_given(o, &weft_command_map, *spiking ? crossbar_only : spiking_only);
    if (!wrong) return WEFT_OK;
    return weft_error_set(err, WEFT_E_USAGE, *spiking ? "--%s is not for spiking networks" : WEFT_SPIKING_ONLY, wrong);
}

static weft_status map_run(const void *options, const weft_console *session, weft_error *err) {
    const weft_map_request *o = options;
    weft_map_work work = {0};
    WEFT_TRY(check_usage(o, err));
    WEFT_TRY(fill_options(&work.options, o, err));
    bool spiking;
    WEFT_TRY(find_kind(&spiking, o, err));
    if (spiking) return (o->check ? weft_map_spiking_check : weft_map_spiking)(o, &work.options, session, err);
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
        "written by hand, and tells whether it holds every weight exactly once within all limits.\n"
        "On a spiking chip, lays the neurons of a spiking network onto its cores, within their axons, neurons, synapse "
        "memory and destinations: neurons that more cores want than a destination reaches are copied, or repeated by "
        "splitter neurons. The network's weights, thresholds and decays become the chip's numbers.",
    .examples = "  weft map net.onnx isaac-ce -o net.map.yaml\n  weft map net.onnx isaac-ce -o net.map.yaml --explain "
                "--floor floor.svg --links links.svg\n  weft map --check net.map.yaml\n"
                "  weft map net.nir loihi1 --dt 0.0001 --reset subtract -o net.map.yaml\n",
    .arguments = map_arguments,
    .argument_count = (int)(sizeof map_arguments / sizeof map_arguments[0]),
    .options = map_table,
    .option_count = (int)(sizeof map_table / sizeof map_table[0]),
    .size = sizeof(weft_map_request),
    .run = map_run,
};
