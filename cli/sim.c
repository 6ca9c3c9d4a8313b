/* weft sim: a mapped network is simulated on its chip. */
#include "cli/sim.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/file_kind.h"
#include "core/spike_mapping.h"

enum { RANDOM_BYTES_MAX = 1 << 16 };

static const weft_option sim_arguments[] = {
    {.name = "MAPPING",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, spec.mapping),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .takes = WEFT_TAKES_MAPPING | WEFT_TAKES(RANDOM),
     .help = "Mapping file of 'weft map'; it names the network and the chip"},
    {.name = "CHIP",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, chip),
     .complete = WEFT_COMPLETE_CHIP,
     .takes = WEFT_TAKES(CHIP),
     .help = "Chip file or name, where the other file is not a mapping but describes a random network of neurons "
             "('weft describe random')"},
};
static const weft_option sim_table[] = {
    {.name = "dataset",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, spec.dataset),
     .value = "DATASET",
     .complete = WEFT_COMPLETE_DATASET,
     .help = "fashion-mnist, mnist, cifar10 or a folder; its test images are used. Crossbar chips need it"},
    {.name = "out",
     .letter = 'o',
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, out),
     .value = "FOLDER",
     .complete = WEFT_COMPLETE_FOLDER,
     .help = "Folder for report.json, report.html and the CSV files; created when missing. Crossbar chips need it"},
    {.name = "images",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, spec.images),
     .value = "N",
     .help = "Run the first N test images through the functional model; default or 0: all"},
    {.name = "timed-images",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, spec.timed_images),
     .value = "M",
     .default_count = WEFT_SIM_ABSENT,
     .max = 1000000,
     .help = "Run the first M of them through the timed chip too and compare, bit for bit; default 4, 0: none (then "
             "there is no latency)"},
    {.name = "functional",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(weft_sim_options, spec.functional),
     .help = "Accuracy and energy alone: no timed images, so no latency"},
    {.name = "trials",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, spec.trials),
     .value = "K",
     .default_count = 1,
     .min = 1,
     .max = 65536,
     .help =
         "Program K chips, each with errors of its own, and run all images on every one: mean, standard deviation "
         "and worst accuracy. The first one is timed; default 1. Of spiking networks: with the draws of --transform "
         "from --draw on"},
    {.name = "statistics",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, spec.statistics),
     .value = "N",
     .default_count = WEFT_SIM_ABSENT,
     .max = 1000000,
     .help = "Signal to noise, use and clipping of the converters for each layer of the first chip, from the first N "
             "images; default 100 where cells or converters are not ideal, else 0"},
    {.name = "transform",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(weft_sim_options, spec.transforms),
     .value = "TRANSFORM",
     .complete = WEFT_COMPLETE_TRANSFORM,
     .help = "Program the chip with distorted latent weights, for example addnorm:sigma=0.2; repeated ones work one "
             "after the other"},
    {.name = "recalibrate",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, spec.recalibrate),
     .value = "N",
     .help = "Re-calibrate input ranges, digital scale and offset of every chip with the first N training images, or "
             "with all; default: none. Converters of adc.range calibrated get their ranges from these images, or from "
             "the first 1000"},
    {.name = "draw",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, spec.draw),
     .value = "K",
     .help = "Which draw of a random distortion; default 0"},
    {.name = "seed",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, spec.seed),
     .value = "S",
     .help = "Seed of the distortion's draws and of the chips' errors; default 0"},
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(weft_sim_options, spec.set),
     .value = "KEY=VALUE",
     .help = "Change a key of the chip, for example --set adc.bits=6; the mapping must still fit. May be repeated"},
    {.name = "without",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_sim_options, spec.without),
     .value = "N",
     .default_count = WEFT_SIM_ABSENT,
     .max = 1000,
     .help =
         "Time the run again without N of its resources, one at a time, to see how much each holds it up: the most "
         "used one of each kind (arrays of a layer, limits of buffers, network, host link, digital units), then the "
         "others; default 3, with more than 8 timed images 1, with more than 100 none. Not with several chips"},
    {.name = "record",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, spec.record),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Write a trace of the timed run for 'weft replay': every packet and operation, and what it waited for; a "
             "name that ends in .txt: as text"},
    WEFT_SPIKING_ROWS(weft_sim_options, spiking),
    {.name = "random",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_sim_options, random),
     .value = "SEED",
     .help = "Spiking networks: run on random spikes, see --rate"},
    {.name = "compare",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(weft_sim_options, compare),
     .help = "Spiking networks: run the network in floating point too, as 'weft run' does, and tell how many answers "
             "and output spikes are the same, or how far outputs that are integrators are off"},
};

static void tell_note(void *context, const char *text) {
    const weft_sim_job *job = context;
    fprintf(job->session->err, "weft: note: %s\n", text);
}

void weft_sim_show(const weft_sim_options *options, const weft_console *session, const char *text) {
    if (!session->terminal || options->common.quiet) return;
    fprintf(session->err, "\r%s\033[K", text);
    fflush(session->err);
}

void weft_sim_show_share(const weft_sim_options *options, const weft_console *session, const char *what, uint64_t done,
                         uint64_t all, double start_s) {
    char eta[24], text[128] = "";
    if (!done || !session->terminal) return;
    weft_eta_text(eta, start_s, (double)done / (double)all);
    if (done < all)
        snprintf(text, sizeof text, "%llu of %llu %s, ETA %s", (unsigned long long)done, (unsigned long long)all, what,
                 eta);
    weft_sim_show(options, session, text);
}

static void show_progress(void *context, const char *text) {
    const weft_sim_job *job = context;
    weft_sim_show(job->options, job->session, text);
}

static weft_status simulate(void *context, weft_error *err) {
    weft_sim_job *job = context;
    weft_sim_timed *timed = NULL;
    job->sim.stop = weft_stop_install();
    weft_status status = weft_sim_run(&timed, &job->sim, err);
    if (status == WEFT_OK) status = weft_sim_report(job, weft_sim_timed_report(timed), err);
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

/* The folder is made ahead of the long work, so that a wrong one is told at once. */
weft_status weft_sim_in_folder(const char *folder, weft_status (*work)(void *context, weft_error *err), void *context,
                               weft_error *err) {
    if (!folder) return work(context, err);
    const int missing = missing_folders(folder);
    weft_status status = weft_folder_create(folder, err);
    if (status == WEFT_OK && access(folder, W_OK) != 0)
        status = weft_error_set_at(err, WEFT_E_IO, folder, 0, 0, "the folder is not writable");
    if (status == WEFT_OK) status = work(context, err);
    if (status != WEFT_OK) remove_folders(folder, missing);
    return status;
}

/* Without meaning for crossbar chips. */
static const char *const spiking_only[] = {"random", "compare", NULL};

static weft_status check_crossbar(const weft_sim_options *o, weft_error *err) {
    const char *wrong = weft_option_given(o, &weft_command_sim, weft_spiking_names);
    if (!wrong) wrong = weft_option_given(o, &weft_command_sim, spiking_only);
    if (wrong) return weft_error_set(err, WEFT_E_USAGE, WEFT_SPIKING_ONLY, wrong);
    if (!o->spec.dataset) return weft_error_set(err, WEFT_E_USAGE, "--dataset DATASET is missing");
    return o->out ? WEFT_OK : weft_error_set(err, WEFT_E_USAGE, "--out FOLDER is missing");
}

static weft_status sim_crossbar(const weft_sim_options *o, const weft_console *session, weft_error *err) {
    WEFT_TRY(check_crossbar(o, err));
    weft_sim_job job = {.options = o, .session = session};
    job.sim = (weft_sim){.options = &o->spec, .note = tell_note, .progress = show_progress, .context = &job};
    weft_status status = weft_sim_open(&job.sim, err);
    if (status == WEFT_OK) status = weft_sim_check_json(&job, err);
    if (status == WEFT_OK) status = weft_sim_prepare(&job.sim, err);
    if (status == WEFT_OK) status = weft_sim_in_folder(o->out, simulate, &job, err);
    weft_sim_close(&job.sim);
    return status;
}

/* A short file with a key of random networks: one that lacks its chip. */
static bool is_random_network(const char *path) {
    char *text = NULL;
    size_t size = 0;
    if (weft_file_read(&text, &size, path, RANDOM_BYTES_MAX, NULL) != WEFT_OK) return false;
    const bool is = !strncmp(text, "rate_hz:", 8) || strstr(text, "\nrate_hz:");
    free(text);
    return is;
}

static weft_status sim_run(const void *options, const weft_console *session, weft_error *err) {
    const weft_sim_options *o = options;
    const bool spiking = weft_spike_mapping_is(o->spec.mapping);
    if (o->chip && WEFT_TAKES_MAPPING >> weft_file_kind_of(o->spec.mapping) & 1)
        return weft_error_set(err, WEFT_E_USAGE, "CHIP is for random networks; %.300s is a mapping and names its chip",
                              o->spec.mapping);
    if (o->chip) return weft_sim_random(o, session, err);
    if (!spiking && is_random_network(o->spec.mapping))
        return weft_error_set(err, WEFT_E_USAGE, "CHIP is missing: %.300s is a random network", o->spec.mapping);
    return spiking ? weft_sim_spiking(o, session, err) : sim_crossbar(o, session, err);
}

const weft_command weft_command_sim = {
    .name = "sim",
    .summary = "Simulate a mapped network: accuracy, latency, energy",
    .description =
        "Runs test images through a functional model of the mapped chip, which computes what every core "
        "computes, and the first few also "
        "through the timed chip, in which the values travel as packets between cores. Both must agree bit "
        "for bit. Cells with errors (device.*, wires.* of the chip) are programmed once for each chip. "
        "Writes report.json, CSV "
        "files and report.html into the folder and prints a table. Same inputs and seed: same bytes, with "
        "any number of threads.\n"
        "The mapping of a spiking network runs tick by tick: spikes arrive at the ends of ticks, and of the first "
        "samples (--timed-images) every tick is also timed with its spikes as packets through the chip's network, "
        "which says whether it met its deadline. Images become spikes as --coding says; told are accuracy, spikes, "
        "hops, energy by component and power. With CHIP, a random network from a short YAML file runs on that "
        "chip.",
    .examples =
        "  weft sim net.map.yaml --dataset fashion-mnist -o run\n"
        "  weft sim net.map.yaml --dataset fashion-mnist --transform addnorm:sigma=0.2 --recalibrate 2000 -o run\n"
        "  weft sim net.map.yaml --dataset fashion-mnist --functional --trials 10 \\\n"
        "      --set device.program=addnorm:sigma=0.03 -o run\n"
        "  weft sim spiking.map.yaml --spikes in.csv --raster out.svg --compare\n"
        "  weft sim spiking.map.yaml --dataset mnist --images 100 --coding poisson -o run\n"
        "  weft sim random-20hz.yaml truenorth --ticks 1000\n",
    .arguments = sim_arguments,
    .argument_count = (int)(sizeof sim_arguments / sizeof sim_arguments[0]),
    .options = sim_table,
    .option_count = (int)(sizeof sim_table / sizeof sim_table[0]),
    .size = sizeof(weft_sim_options),
    .run = sim_run,
};
