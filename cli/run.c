/* weft run: what a network computes, without any chip. */
#include <math.h>
#include <omp.h>
#include <stddef.h>
#include <string.h>

#include "cli/file_kind.h"
#include "cli/run.h"
#include "core/arena.h"
#include "core/onnx.h"

static const weft_option run_arguments[] = {
    {.name = "NETWORK",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_run_options, network),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .takes = WEFT_TAKES_NETWORK,
     .help = "ONNX file, or NIR file (.nir) of a spiking network"},
};
static const weft_option run_table[] = {
    {.name = "dataset",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_run_options, dataset),
     .value = "DATASET",
     .complete = WEFT_COMPLETE_DATASET,
     .help = "Run on the test images of fashion-mnist, mnist, cifar10 or a folder, preprocessed as the network says; "
             "of spiking networks as spikes, see --coding"},
    {.name = "input",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_run_options, input),
     .value = "FILE",
     .reads = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "Run on the values of a .npy file, float32 in C order, of the shape (images, channels, height, width) or "
             "(images, values); taken as they are. Of spiking networks (ticks, values) or (samples, ticks, values)"},
    {.name = "random",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_run_options, random),
     .value = "SEED",
     .help = "Run on random values, even between 0 and 1; of spiking networks on random spikes, see --rate"},
    {.name = "images",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_run_options, images),
     .value = "N",
     .max = 100000000,
     .help = "Use the first N images; default or 0: all, with --random one"},
    {.name = "precision",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_run_options, precision),
     .value = "P",
     .help = "fp32, the default; int8: inputs of convolutions and dense layers as integers of 8 bits with a scale per "
             "layer, weights with a scale per output channel, exact sums; bf16: activations and weights in bfloat16, "
             "where the processor multiplies it"},
    {.name = "calibrate",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_run_options, calibrate),
     .value = "N",
     .max = 100000000,
     .help = "With int8: find the range of each layer's input on the first N images, with --dataset training images; "
             "default or 0: the ranges in the file, and where it lacks one, 100 images"},
    {.name = "csv",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_run_options, csv),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "All output values as CSV, a row an image; of spiking networks the spikes of each class"},
    WEFT_SPIKING_ROWS(weft_run_options, spiking),
    WEFT_TICK_ROWS(weft_run_options, dt, integration, reset),
    {.name = "seed",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_run_options, seed),
     .value = "S",
     .help = "Spiking networks: seed of the images' spikes; default 0"},
};
/* Without meaning for networks of the other kind. */
static const char *const layers_only[] = {"precision", "calibrate", NULL};
static const char *const spiking_only[] = {"dt", "integration", "reset", "seed", NULL};

enum { CALIBRATE_DEFAULT = 100, BATCH_MAX = 50, BLOCK_CHUNKS = 4 };
/* Values of the largest activation that a chunk of images may have. */
static const size_t CHUNK_VALUES = (size_t)1 << 21;

/* ---- run ---- */

static int batch_of(const weft_network *net) {
    size_t largest = weft_shape_size(net->input);
    for (int i = 0; i < net->layer_count; i++)
        if (weft_shape_size(net->layers[i].out) > largest) largest = weft_shape_size(net->layers[i].out);
    size_t batch = CHUNK_VALUES / largest;
    return batch < 1 ? 1 : batch > BATCH_MAX ? BATCH_MAX : (int)batch;
}

static weft_status forward_create(weft_forward **out, const weft_run *run, weft_precision precision, weft_error *err) {
    return weft_forward_create(out, run->net, batch_of(run->net), precision, err);
}

static bool has_ranges(const weft_network *net) {
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer *l = &net->layers[i];
        if (weft_layer_has_weights(l) && l->input_min == 0 && l->input_max == 0) return false;
    }
    return true;
}

/* Input ranges as the network has them in fp32. */
static weft_status calibrate_on(weft_run *run, const weft_run_source *s, weft_error *err) {
    weft_forward *forward = NULL;
    weft_status status = WEFT_OK;
    float *x = weft_aligned_alloc(run->calibrated, weft_shape_size(run->net->input) * sizeof *x);
    if (!x) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory for %zu images", run->calibrated));
    WEFT_TRY_GOTO(weft_run_read(s, 0, run->calibrated, x, err));
    WEFT_TRY_GOTO(forward_create(&forward, run, WEFT_PRECISION_FP32, err));
    WEFT_TRY_GOTO(weft_forward_reestimate(forward, run->net, x, run->calibrated, false, true, err));
cleanup:
    weft_forward_destroy(forward);
    weft_aligned_free(x);
    return status;
}

static weft_status calibrate(weft_run *run, const weft_run_source *s, weft_error *err) {
    const weft_run_options *o = run->options;
    weft_run_source train = {.net = run->net};
    weft_status status = WEFT_OK;
    if (run->precision != WEFT_PRECISION_INT8 || (o->calibrate == 0 && has_ranges(run->net))) return WEFT_OK;
    if (o->dataset) WEFT_TRY_GOTO(weft_run_open_set(&train, o->dataset, WEFT_SPLIT_TRAIN, err));
    const weft_run_source *from = o->dataset ? &train : s;
    run->calibrated = o->calibrate;
    if (run->calibrated == 0) run->calibrated = from->count < CALIBRATE_DEFAULT ? from->count : CALIBRATE_DEFAULT;
    if (run->calibrated > from->count)
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_INVALID, "--calibrate: %zu is above the %zu images that there are",
                                     run->calibrated, from->count));
    WEFT_TRY_GOTO(calibrate_on(run, from, err));
cleanup:
    weft_run_close(&train);
    return status;
}

static void show_progress(const weft_run *run, const weft_console *session, size_t done, double start_s) {
    if (!session->terminal || run->options->common.quiet) return;
    char eta[24];
    weft_eta_text(eta, start_s, (double)done / (double)run->images);
    fprintf(session->err, "\r%zu of %zu images, ETA %s\033[K", done, run->images, eta);
    if (done == run->images) fputs("\r\033[K", session->err);
    fflush(session->err);
}

static weft_status run_blocks(weft_run *run, const weft_run_source *s, weft_forward *forward, float *x, size_t block,
                              const weft_console *session, weft_error *err) {
    const volatile sig_atomic_t *stop = weft_stop_install();
    double start_s = weft_now_s();
    for (size_t first = 0; first < run->images; first += block) {
        size_t count = run->images - first < block ? run->images - first : block;
        if (*stop) return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted");
        WEFT_TRY(weft_run_read(s, first, count, x, err));
        WEFT_TRY(weft_forward_run(forward, x, count, run->values + first * run->outputs, err));
        show_progress(run, session, first + count, start_s);
    }
    run->seconds = weft_now_s() - start_s;
    return WEFT_OK;
}

static weft_status run_images(weft_run *run, const weft_run_source *s, const weft_console *session, weft_error *err) {
    weft_forward *forward = NULL;
    weft_status status = WEFT_OK;
    size_t block = (size_t)batch_of(run->net) * BLOCK_CHUNKS * (size_t)omp_get_max_threads();
    if (block > run->images) block = run->images;
    float *x = weft_aligned_alloc(block, weft_shape_size(run->net->input) * sizeof *x);
    run->outputs = weft_shape_size(run->net->layers[run->net->layer_count - 1].out);
    run->values = weft_aligned_alloc(run->images, run->outputs * sizeof *run->values);
    if (!x || !run->values)
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory for %zu images", run->images));
    WEFT_TRY_GOTO(forward_create(&forward, run, run->precision, err));
    WEFT_TRY_GOTO(run_blocks(run, s, forward, x, block, session, err));
    for (size_t i = 0; i < run->images && run->labels; i++) run->errors += weft_run_answer(run, i) != run->labels[i];
cleanup:
    weft_forward_destroy(forward);
    weft_aligned_free(x);
    return status;
}

/* ---- command ---- */

static weft_status parse_precision(weft_precision *precision, const char *text, weft_error *err) {
    *precision = WEFT_PRECISION_FP32;
    for (int i = 0; weft_precision_names[i]; i++) {
        if (text && strcmp(text, weft_precision_names[i]) != 0) continue;
        *precision = (weft_precision)i;
        return WEFT_OK;
    }
    return weft_error_set(err, WEFT_E_USAGE, "--precision: \"%.80s\" is none of fp32, bf16, int8", text);
}

static weft_status check_options(weft_run *run, weft_error *err) {
    const weft_run_options *o = run->options;
    int sources = (o->dataset != NULL) + (o->input != NULL) + (o->random != NULL);
    WEFT_TRY(parse_precision(&run->precision, o->precision, err));
    if (sources != 1)
        return weft_error_set(err, WEFT_E_USAGE,
                              sources ? "only one of --dataset, --input and --random can be given"
                                      : "one of --dataset, --input and --random is needed");
    if (o->calibrate && run->precision != WEFT_PRECISION_INT8)
        return weft_error_set(err, WEFT_E_USAGE, "--calibrate is for --precision int8");
    return weft_output_probe(o->csv, err);
}

static weft_status run_and_write(weft_run *run, weft_run_source *s, const weft_console *session, weft_error *err) {
    const weft_run_options *o = run->options;
    WEFT_TRY(check_options(run, err));
    WEFT_TRY(weft_onnx_read(&run->net, o->network, err));
    WEFT_TRY(weft_sha256_file(&run->hash, o->network, err));
    WEFT_TRY(weft_run_open(s, run, err));
    WEFT_TRY(calibrate(run, s, err));
    WEFT_TRY(run_images(run, s, session, err));
    weft_run_print(run, session->out);
    if (o->csv) WEFT_TRY(weft_run_write_csv(run, err));
    return o->common.json ? weft_run_write_json(run, err) : WEFT_OK;
}

static weft_status check_kind(const weft_run_options *o, bool spiking, weft_error *err) {
    const char *wrong = weft_option_given(o, &weft_command_run, spiking ? layers_only : spiking_only);
    if (!wrong && !spiking) wrong = weft_option_given(o, &weft_command_run, weft_spiking_names);
    if (!wrong) return WEFT_OK;
    return weft_error_set(err, WEFT_E_USAGE, spiking ? "--%s is not for spiking networks" : WEFT_SPIKING_ONLY, wrong);
}

static weft_status run_run(const void *options, const weft_console *session, weft_error *err) {
    const weft_run_options *o = options;
    const bool spiking = weft_path_ends(o->network, ".nir");
    WEFT_TRY(check_kind(o, spiking, err));
    if (spiking) return weft_run_spiking(o, session, err);
    weft_run run = {.options = options};
    weft_run_source s = {0};
    weft_status status = run_and_write(&run, &s, session, err);
    weft_run_close(&s);
    weft_aligned_free(run.values);
    weft_network_destroy(run.net);
    return status;
}

const weft_command weft_command_run = {
    .name = "run",
    .summary = "Compute what a network puts out, without a chip",
    .description =
        "Runs the network as it is in its file on a data set, on an array of values or on random ones, and prints its "
        "accuracy where there are labels, else its largest outputs. In fp32 that is the network's definition, what "
        "every simulation is compared with. In int8 the inputs and weights of convolutions and dense layers are "
        "quantised as digital accelerators do it; behind a quantised activation in the file, its own steps are used.\n"
        "A spiking network (.nir) is run in floating point, tick by tick, on spikes from a file, on images that become "
        "spikes or currents, or on random spikes: what a chip's neurons are compared with. Told are the spikes of "
        "every population and, where there are labels, the accuracy of the class with the most spikes, or with the "
        "highest membrane at the end where the outputs are integrators.",
    .examples = "  weft run net.onnx --dataset fashion-mnist\n"
                "  weft run net.onnx --dataset cifar10 --precision int8 --calibrate 500\n"
                "  weft run net.onnx --input images.npy --csv outputs.csv\n"
                "  weft run net.onnx --random 1 --images 4\n"
                "  weft run net.nir --spikes in.csv --raster out.svg\n"
                "  weft run net.nir --dataset mnist --coding poisson --rate 200 --ticks 50 --reset subtract\n"
                "  weft run net.nir --dataset mnist --coding current --ticks 64 --reset subtract\n",
    .arguments = run_arguments,
    .argument_count = (int)(sizeof run_arguments / sizeof run_arguments[0]),
    .options = run_table,
    .option_count = (int)(sizeof run_table / sizeof run_table[0]),
    .size = sizeof(weft_run_options),
    .run = run_run,
};
