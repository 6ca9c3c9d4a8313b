/* weft convert: a trained network of rectifiers becomes a spiking one, whose rates are its values. */
#include "cli/convert.h"

#include <stddef.h>
#include <stdlib.h>

#include "cli/file_kind.h"
#include "core/arena.h"
#include "core/onnx.h"
#include "core/snn_network.h"

static const weft_option convert_arguments[] = {
    {.name = "NETWORK",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_convert_options, network),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .takes = WEFT_TAKES(ONNX),
     .help = "ONNX file"},
};
static const weft_option convert_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_convert_options, out),
     .value = "FILE",
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "The spiking network, as NIR (.nir)"},
    {.name = "dataset",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_convert_options, dataset),
     .value = "DATASET",
     .required = true,
     .complete = WEFT_COMPLETE_DATASET,
     .help = "Balance thresholds on the training images of fashion-mnist, mnist, cifar10 or a folder"},
    {.name = "percentile",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_convert_options, percentile),
     .value = "P",
     .help = "A layer's threshold is the value that P percent of what it puts out are not above, up to 100: higher "
             "ones let fewer values saturate, lower ones make the neurons fire more often; default 99.9"},
    {.name = "images",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_convert_options, images),
     .value = "N",
     .max = 100000000,
     .help = "Take the first N training images for that; default or 0: 500, or all where there are fewer"},
    {.name = "dt",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_convert_options, dt),
     .value = "SECONDS",
     .help = "Time of a tick, for which the file is made; default 0.001"},
};

enum { IMAGES_DEFAULT = 500 };

/* ---- balancing ---- */

static void show_layers(void *context, int done, int layers) {
    const weft_convert *c = context;
    if (!c->session->terminal || c->options->common.quiet) return;
    fprintf(c->session->err, "\rbalancing layer %d of %d\033[K", done, layers);
    if (done == layers) fputs("\r\033[K", c->session->err);
    fflush(c->session->err);
}

static weft_status count_images(weft_convert *c, const weft_dataset *train, weft_error *err) {
    c->images = (size_t)c->options->images;
    if (c->images == 0) c->images = train->count < IMAGES_DEFAULT ? train->count : IMAGES_DEFAULT;
    if (c->images <= train->count) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "--images: %zu is above the %zu training images of %.200s", c->images,
                          train->count, c->options->dataset);
}

static weft_status find_scales(weft_convert *c, const weft_dataset *train, weft_error *err) {
    WEFT_TRY(weft_network_check_dataset(c->net, train, err));
    WEFT_TRY(count_images(c, train, err));
    float *x = weft_aligned_alloc(c->images, weft_shape_size(c->net->input) * sizeof *x);
    if (!x) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu images", c->images);
    weft_status status = weft_dataset_inputs(train, &c->net->preprocess, 0, c->images, x, err);
    if (status == WEFT_OK)
        status = weft_forward_scales(c->net, x, c->images, c->percentile, c->scales, show_layers, c, err);
    weft_aligned_free(x);
    return status;
}

static weft_status balance(weft_convert *c, weft_error *err) {
    weft_dataset *train = NULL;
    WEFT_TRY(weft_dataset_open(&train, c->options->dataset, WEFT_SPLIT_TRAIN, err));
    const weft_status status = find_scales(c, train, err);
    weft_dataset_destroy(train);
    return status;
}

/* ---- command ---- */

static weft_status check_options(weft_convert *c, weft_error *err) {
    const weft_convert_options *o = c->options;
    c->percentile = 99.9;
    c->dt = 1e-3;
    WEFT_TRY(weft_option_number(&c->percentile, "percentile", o->percentile, 0, 100, err));
    if (c->percentile <= 0) return weft_error_set(err, WEFT_E_USAGE, "--percentile: 0 is not above 0");
    WEFT_TRY(weft_option_number(&c->dt, "dt", o->dt, 1e-9, 1e3, err));
    if (!weft_path_ends(o->out, ".nir"))
        return weft_error_set(err, WEFT_E_USAGE, "--out: \"%.200s\" does not end in .nir", o->out);
    return weft_output_probe(o->out, err);
}

static weft_status read_network(weft_convert *c, weft_error *err) {
    WEFT_TRY(weft_onnx_read(&c->net, c->options->network, err));
    for (int i = 0; i < c->net->layer_count; i++)
        if (c->net->layers[i].kind == WEFT_LAYER_THRESHOLD)
            return weft_error_set(
                err, WEFT_E_UNSUPPORTED,
                "layer '%.80s' (threshold): the network has spikes already, 'weft map' takes its ONNX "
                "file as it is; networks of relu layers are converted",
                c->net->layers[i].name);
    return weft_sha256_file(&c->hash, c->options->network, err);
}

/* Whether it can be converted at all does not hang on the scales, which take longer. */
static weft_status try_network(weft_convert *c, weft_error *err) {
    weft_nir *nir = NULL;
    c->scales = malloc(((size_t)c->net->layer_count + 1) * sizeof *c->scales);
    if (!c->scales) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the scales of layers");
    for (int i = 0; i < c->net->layer_count; i++) c->scales[i] = 1;
    WEFT_TRY(weft_snn_rate_nir(&nir, c->net, c->scales, c->dt, err));
    weft_nir_destroy(nir);
    return WEFT_OK;
}

static weft_status convert(weft_convert *c, weft_error *err) {
    const weft_convert_options *o = c->options;
    WEFT_TRY(check_options(c, err));
    WEFT_TRY(read_network(c, err));
    WEFT_TRY(try_network(c, err));
    WEFT_TRY(balance(c, err));
    WEFT_TRY(weft_snn_rate_nir(&c->nir, c->net, c->scales, c->dt, err));
    WEFT_TRY(weft_snn_create(&c->snn, c->nir->graph, c->dt, NULL, err));
    WEFT_TRY(weft_nir_write(c->nir, o->out, err));
    weft_convert_print(c, c->session->out);
    return o->common.json ? weft_convert_write_json(c, err) : WEFT_OK;
}

static weft_status convert_run(const void *options, const weft_console *session, weft_error *err) {
    weft_convert c = {.options = options, .session = session};
    const weft_status status = convert(&c, err);
    weft_snn_destroy(c.snn);
    weft_nir_destroy(c.nir);
    free(c.scales);
    weft_network_destroy(c.net);
    return status;
}

const weft_command weft_command_convert = {
    .name = "convert",
    .summary = "Make a spiking network of a trained ReLU network",
    .description =
        "Every relu layer becomes a population of integrate-and-fire neurons whose rates are its values; what lies "
        "between them keeps its weights, with batch norms folded in. A spike stands for the threshold, a high "
        "percentile of what the layer puts out for training images. The network's outputs gather in integrators, of "
        "which the highest is the answer. A mean and std that the network takes off its images is part of the spiking "
        "network, whose inputs are pixels from 0 to 1: every tick the same currents, or spikes of such rates.\n"
        "conv, dense, batch_norm, affine, relu, average_pool, pad, channel_shuffle, flatten, add and a softmax at the "
        "end can be converted; a layer of another kind, such as max_pool, is named. The neurons are meant to lose "
        "their threshold when they fire: --reset subtract of 'weft run' and 'weft map'. More ticks make rates finer.",
    .examples = "  weft convert net.onnx -o net.nir --dataset fashion-mnist\n"
                "  weft convert net.onnx -o net.nir --dataset cifar10 --percentile 99 --images 2000 --json net.json\n"
                "  weft run net.nir --dataset fashion-mnist --coding current --ticks 64 --reset subtract\n",
    .arguments = convert_arguments,
    .argument_count = (int)(sizeof convert_arguments / sizeof convert_arguments[0]),
    .options = convert_table,
    .option_count = (int)(sizeof convert_table / sizeof convert_table[0]),
    .size = sizeof(weft_convert_options),
    .run = convert_run,
};
