/* weft sim: a mapped network is simulated on its chip. */
#include "cli/sim.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trainer/trainer.h"

#define CALIBRATION_IMAGES 1000
#define TIMED_IMAGES 4          /* by default */
#define TIMED_ABSENT UINT64_MAX /* --timed-images was not given */

static const weft_option sim_arguments[] = {
    {.name = "MAPPING",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, mapping),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "Mapping file of 'weft map'; it names the network and the chip"},
};
static const weft_option sim_table[] = {
    {.name = "dataset",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, dataset),
     .value = "DATASET",
     .required = true,
     .complete = WEFT_COMPLETE_DATASET,
     .help = "fashion-mnist, mnist, cifar10 or a folder; its test images are used"},
    {.name = "out",
     .letter = 'o',
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, out),
     .value = "FOLDER",
     .required = true,
     .complete = WEFT_COMPLETE_FOLDER,
     .help = "Folder for report.json, report.html and the CSV files; created when missing"},
    {.name = "images",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, images),
     .value = "N",
     .help = "Run the first N test images through the functional model; default or 0: all"},
    {.name = "timed-images",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, timed_images),
     .value = "M",
     .default_count = TIMED_ABSENT,
     .max = 1000000,
     .help = "Run the first M of them through the timed chip too and compare, bit for bit; default 4, 0: none (then "
             "there is no latency). A mapping of several parts cannot be timed yet: default 0"},
    {.name = "transform",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(weft_sim_options, transforms),
     .value = "TRANSFORM",
     .complete = WEFT_COMPLETE_TRANSFORM,
     .help = "Program the chip with distorted latent weights, for example addnorm:sigma=0.2; repeated ones work one "
             "after the other"},
    {.name = "recalibrate",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, recalibrate),
     .value = "N",
     .help = "Re-calibrate input ranges, digital scale and offset on the chip with the first N training images, or "
             "with all; default: none"},
    {.name = "draw",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, draw),
     .value = "K",
     .help = "Which draw of a random distortion; default 0"},
    {.name = "seed",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, seed),
     .value = "S",
     .help = "Seed of the distortion's draws; default 0"},
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(weft_sim_options, set),
     .value = "KEY=VALUE",
     .help = "Change a key of the chip, for example --set adc.bits=6; the mapping must still fit. May be repeated"},
    {.name = "record",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, record),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Write every packet of the timed run: time in cycles, source, destination, flits"},
};

static weft_status load_chip(weft_sim *sim, weft_error *err) {
    bool changed = false;
    WEFT_TRY(weft_mapped_settings(&sim->settings, sim->mapping, &sim->options->set, err));
    WEFT_TRY(weft_mapped_chip(&sim->chip, &changed, sim->mapping, &sim->settings, err));
    if (changed)
        fprintf(sim->session->err, "weft: note: the chip differs from the one that the mapping was made for (--set)\n");
    return WEFT_OK;
}

static weft_status load_network(weft_sim *sim, weft_error *err) {
    const weft_sim_options *o = sim->options;
    weft_transform_chain chain;
    WEFT_TRY(weft_chain_from_texts(&chain, &o->transforms, err));
    weft_chain_text(sim->transform, sizeof sim->transform, &chain, o->transforms.count > 0);
    WEFT_TRY(weft_mapped_network(&sim->net, sim->mapping, err));
    WEFT_TRY(weft_network_distort(sim->net, o->transforms.count ? &chain : NULL, o->seed, o->draw, err));
    return weft_lower(&sim->stages, sim->net, err);
}

static weft_status load_images(weft_sim *sim, weft_error *err) {
    const weft_sim_options *o = sim->options;
    WEFT_TRY(weft_dataset_open(&sim->test, o->dataset, WEFT_SPLIT_TEST, err));
    WEFT_TRY(weft_network_check_dataset(sim->net, sim->test, err));
    WEFT_TRY(weft_network_bind_named(sim->net, o->dataset, err));
    if (o->images > sim->test->count)
        return weft_error_set(err, WEFT_E_INVALID, "--images %llu: data set %.200s has %zu test images",
                              (unsigned long long)o->images, o->dataset, sim->test->count);
    sim->images = o->images ? (size_t)o->images : sim->test->count;
    if (sim->timed_images > sim->images) sim->timed_images = sim->images;
    return WEFT_OK;
}

/* Input ranges where they are unknown; with --recalibrate, ranges, scale and offset. */
static weft_status calibrate(weft_sim *sim, weft_error *err) {
    size_t count = sim->recalibrate;
    unsigned what = WEFT_CALIBRATE_RANGES | (count ? WEFT_CALIBRATE_AFFINE : 0u);
    if (count == 0 && weft_engine_has_ranges(sim->engine)) return WEFT_OK;
    weft_dataset *train = NULL;
    float *x = NULL;
    weft_status status = weft_dataset_open(&train, sim->options->dataset, WEFT_SPLIT_TRAIN, err);
    if (status == WEFT_OK && count == WEFT_RECALIBRATE_ALL) count = sim->recalibrate = train->count;
    if (status == WEFT_OK && count > train->count)
        status = weft_error_set(err, WEFT_E_INVALID, "--recalibrate %zu: data set %.200s has %zu training images",
                                count, sim->options->dataset, train->count);
    if (status == WEFT_OK) {
        if (count == 0) count = train->count < CALIBRATION_IMAGES ? train->count : CALIBRATION_IMAGES;
        status = weft_network_check_dataset(sim->net, train, err);
    }
    if (status == WEFT_OK) status = weft_sim_training_images(&x, sim->net, train, count, err);
    if (status == WEFT_OK) status = weft_engine_calibrate(sim->engine, x, count, what, err);
    free(x);
    weft_dataset_destroy(train);
    return status;
}

/* How many timed images are wanted. A mapping of several parts has none, and says so. */
static weft_status choose_timed(weft_sim *sim, weft_error *err) {
    const weft_sim_options *o = sim->options;
    const int parts = sim->mapping->parts;
    sim->timed_images = o->timed_images == TIMED_ABSENT ? TIMED_IMAGES : (size_t)o->timed_images;
    if (parts <= 1 || sim->timed_images == 0) return WEFT_OK;
    if (o->timed_images != TIMED_ABSENT || o->record)
        return weft_error_set(err, WEFT_E_UNSUPPORTED,
                              "%s: the mapping has %d parts, which run one after the other; only mappings of one part "
                              "can be timed",
                              o->timed_images != TIMED_ABSENT ? "--timed-images" : "--record", parts);
    fprintf(sim->session->err, "weft: note: the mapping has %d parts: no images are timed, so there is no latency\n",
            parts);
    sim->timed_images = 0;
    return WEFT_OK;
}

/* Everything that can be wrong with the input, before anything is written. */
static weft_status prepare(weft_sim *sim, weft_error *err) {
    const weft_sim_options *o = sim->options;
    WEFT_TRY(weft_recalibrate_parse(&sim->recalibrate, o->recalibrate, err));
    if (o->record && o->timed_images == 0)
        return weft_error_set(err, WEFT_E_USAGE, "--record needs timed images, and --timed-images is 0");
    WEFT_TRY(weft_output_probe(o->record, err));
    WEFT_TRY(weft_mapping_read(&sim->mapping, o->mapping, err));
    WEFT_TRY(choose_timed(sim, err));
    WEFT_TRY(load_chip(sim, err));
    WEFT_TRY(load_network(sim, err));
    WEFT_TRY(weft_mapping_check(sim->mapping, sim->stages, sim->chip, err));
    WEFT_TRY(load_images(sim, err));
    WEFT_TRY(weft_engine_create(&sim->engine, sim->chip, sim->mapping, sim->stages, err));
    return weft_traffic_create(&sim->traffic, sim->mapping, sim->stages, sim->chip, err);
}

static weft_status print_json(const weft_sim *sim, const weft_report_input *input, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, sim->options->common.json, err));
    weft_status status = weft_report_print_json(input, out.json.stream, err);
    if (status == WEFT_OK) return weft_result_commit(&out, err);
    if (!out.standard) weft_output_abort(&out.file);
    return status;
}

static weft_status report(const weft_sim *sim, const weft_report_timed *timed, weft_error *err) {
    const weft_sim_options *o = sim->options;
    weft_report_input input = {.chip = sim->chip,
                               .mapping = sim->mapping,
                               .stages = sim->stages,
                               .engine = sim->engine,
                               .traffic = sim->traffic,
                               .network_name = sim->net->name,
                               .dataset = sim->test->name,
                               .transform = sim->transform,
                               .images = sim->images,
                               .correct = sim->correct,
                               .recalibrate = sim->recalibrate,
                               .seed = o->seed,
                               .draw = o->draw,
                               .overrides = sim->settings.items,
                               .override_count = sim->settings.count,
                               .confusion = sim->confusion,
                               .timed = timed};
    weft_report_figures figures;
    WEFT_TRY(weft_report_write(&input, o->out, &figures, err));
    weft_report_print(&input, &figures, sim->session->out);
    fprintf(sim->session->out, "%-16s %s\n", "report", o->out);
    if (o->common.json) WEFT_TRY(print_json(sim, &input, err));
    if (!figures.failed_check) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INTERNAL, "self-check %s failed; %.400s/report.json has the figures",
                          figures.failed_check, o->out);
}

static weft_status simulate(weft_sim *sim, weft_error *err) {
    weft_sim_timed *timed = NULL;
    size_t classes = (size_t)sim->stages->classes;
    sim->confusion = calloc(classes * classes, sizeof *sim->confusion);
    sim->timed_logits = calloc(sim->timed_images * classes + 1, sizeof *sim->timed_logits);
    if (!sim->confusion || !sim->timed_logits) return weft_error_set(err, WEFT_E_MEMORY, "no memory for results");
    sim->stop = weft_stop_install();
    WEFT_TRY(calibrate(sim, err));
    WEFT_TRY(weft_sim_functional(sim, err));
    weft_status status = weft_sim_timed_run(&timed, sim, err);
    if (status == WEFT_OK) status = report(sim, weft_sim_timed_report(timed), err);
    weft_sim_timed_free(timed);
    return status;
}

/* Takes empty folders away, from path upwards, that did not stand before: the lowest `count`. */
static void remove_folders(const char *path, int count) {
    char part[4096], up[4096];
    snprintf(part, sizeof part, "%s", path);
    for (; count > 0; count--) {
        if (rmdir(part) != 0 && errno != ENOENT) return;
        weft_path_folder(up, sizeof up, part);
        memcpy(part, up, sizeof part);
    }
}

static int missing_folders(const char *path) {
    char part[4096], up[4096];
    int count = 0;
    snprintf(part, sizeof part, "%s", path);
    for (; !weft_path_exists(part); count++) {
        weft_path_folder(up, sizeof up, part);
        memcpy(part, up, sizeof part);
    }
    return count;
}

/* The folder is made ahead of the long work, so that a wrong one is told at once; a failure takes it away again when
 * it is empty. */
static weft_status with_folder(weft_sim *sim, weft_error *err) {
    const char *out = sim->options->out;
    int missing = missing_folders(out);
    weft_status status = weft_folder_create(out, err);
    if (status == WEFT_OK && access(out, W_OK) != 0)
        status = weft_error_set_at(err, WEFT_E_IO, out, 0, 0, "the folder is not writable");
    if (status == WEFT_OK) status = simulate(sim, err);
    if (status != WEFT_OK) remove_folders(out, missing);
    return status;
}

static weft_status sim_run(const void *options, const weft_console *session, weft_error *err) {
    weft_sim sim = {.options = options, .session = session};
    weft_status status = prepare(&sim, err);
    if (status == WEFT_OK) status = with_folder(&sim, err);
    free(sim.confusion);
    free(sim.timed_logits);
    free(sim.settings.items);
    weft_traffic_destroy(sim.traffic);
    weft_engine_destroy(sim.engine);
    weft_dataset_destroy(sim.test);
    weft_stages_destroy(sim.stages);
    weft_network_destroy(sim.net);
    weft_chip_destroy(sim.chip);
    weft_mapping_destroy(sim.mapping);
    return status;
}

const weft_command weft_command_sim = {
    .name = "sim",
    .summary = "Simulate a mapped network: accuracy, latency, energy",
    .description = "Runs test images through a functional model of the mapped chip, which computes what every core "
                   "computes, and the first few also "
                   "through the timed chip, in which the values travel as packets between cores. Both must agree bit "
                   "for bit. Writes report.json, CSV "
                   "files and report.html into the folder and prints a table. Same inputs and seed: same bytes, with "
                   "any number of threads.",
    .examples =
        "  weft sim net.map.yaml --dataset fashion-mnist -o run\n"
        "  weft sim net.map.yaml --dataset fashion-mnist --transform addnorm:sigma=0.2 --recalibrate 2000 -o run\n",
    .arguments = sim_arguments,
    .argument_count = (int)(sizeof sim_arguments / sizeof sim_arguments[0]),
    .options = sim_table,
    .option_count = (int)(sizeof sim_table / sizeof sim_table[0]),
    .size = sizeof(weft_sim_options),
    .run = sim_run,
};
