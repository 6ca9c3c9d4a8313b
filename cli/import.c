/* weft import: a network made elsewhere becomes a file that says how its images are prepared. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/file_kind.h"
#include "core/onnx.h"

enum { CHANNELS_MAX = sizeof((weft_preprocess *)0)->mean / sizeof(float) };

typedef struct import_options {
    weft_common common;
    const char *network, *out, *mean, *std;
} import_options;

static const weft_option import_arguments[] = {
    {.name = "NETWORK",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(import_options, network),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .takes = WEFT_TAKES(ONNX),
     .help = "ONNX file"},
};
static const weft_option import_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(import_options, out),
     .value = "FILE",
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "The same network, with its preprocessing, as ONNX"},
    {.name = "mean",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(import_options, mean),
     .value = "M,...",
     .help = "What is subtracted from pixels that lie between 0 and 1, a number for each channel or one for all; "
             "default: 0"},
    {.name = "std",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(import_options, std),
     .value = "S,...",
     .help = "What they are then divided by, likewise; default: 1"},
};

/* "0.5" or "0.485,0.456,0.406" into out[channels]; NULL: all `fallback`. */
static weft_status parse_numbers(const char *option, const char *text, float fallback, float out[CHANNELS_MAX],
                                 int channels, weft_error *err) {
    int count = 0;
    for (int c = 0; c < channels; c++) out[c] = fallback;
    for (const char *at = text; at; count++) {
        char *end = NULL;
        float value = strtof(at, &end);
        if (end == at || (*end && *end != ',') || !isfinite(value))
            return weft_error_set(err, WEFT_E_USAGE, "--%s %.80s: numbers with commas between them are expected",
                                  option, text);
        if (count < channels) out[count] = value;
        at = *end ? end + 1 : NULL;
    }
    if (count == 1)
        for (int c = 1; c < channels; c++) out[c] = out[0];
    if (count <= 1 || count == channels) return WEFT_OK;
    return weft_error_set(err, WEFT_E_USAGE, "--%s %.80s: %d numbers, the network takes images of %d channels", option,
                          text, count, channels);
}

static weft_status set_preprocess(weft_network *net, const import_options *o, weft_error *err) {
    weft_preprocess p;
    memset(&p, 0, sizeof p);
    p.channels = net->input.channels;
    if (!o->mean && !o->std) return WEFT_OK;
    if (p.channels > CHANNELS_MAX)
        return weft_error_set(err, WEFT_E_INVALID,
                              "the network's input has %d channels, images that --mean and --std prepare at most %d",
                              p.channels, CHANNELS_MAX);
    WEFT_TRY(parse_numbers("mean", o->mean, 0.0f, p.mean, p.channels, err));
    WEFT_TRY(parse_numbers("std", o->std, 1.0f, p.std, p.channels, err));
    for (int c = 0; c < p.channels; c++)
        if (!(p.std[c] > 0))
            return weft_error_set(err, WEFT_E_USAGE, "--std %.80s: %g is not above 0", o->std, (double)p.std[c]);
    net->preprocess = p;
    return WEFT_OK;
}

static weft_status print_json(const import_options *o, const weft_network *net, uint64_t weights, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, o->common.json, err));
    weft_json_object(&out.json, NULL);
    weft_json_text(&out.json, "network", o->out);
    weft_json_text(&out.json, "source", o->network);
    weft_json_count(&out.json, "layers", (uint64_t)net->layer_count);
    weft_json_count(&out.json, "weights", weights);
    weft_json_text(&out.json, "version", WEFT_VERSION);
    weft_json_object_end(&out.json);
    return weft_result_commit(&out, err);
}

static weft_status import(const import_options *o, weft_network *net, const weft_console *session, weft_error *err) {
    uint64_t weights = 0;
    WEFT_TRY(set_preprocess(net, o, err));
    WEFT_TRY(weft_onnx_write(net, o->out, err));
    for (int i = 0; i < net->layer_count; i++) weights += net->layers[i].weight_count;
    fprintf(session->out, "%s: %d layers, %llu weights; images of %d x %d x %d\n", o->out, net->layer_count,
            (unsigned long long)weights, net->input.channels, net->input.height, net->input.width);
    return o->common.json ? print_json(o, net, weights, err) : WEFT_OK;
}

static weft_status import_run(const void *options, const weft_console *session, weft_error *err) {
    const import_options *o = options;
    weft_network *net = NULL;
    WEFT_TRY(weft_output_probe(o->out, err));
    WEFT_TRY(weft_onnx_read(&net, o->network, err));
    weft_status status = import(o, net, session, err);
    weft_network_destroy(net);
    return status;
}

const weft_command weft_command_import = {
    .name = "import",
    .summary = "Take a network over and say how its images are prepared",
    .description =
        "Reads an ONNX file that something else wrote and writes it as weft does, with the preprocessing that "
        "it was trained with: the value of a channel becomes (pixel / 255 - mean) / std. Only a network that "
        "is to see the images of a data set needs it; every command reads other ONNX files too.",
    .examples = "  weft import resnet.onnx -o net.onnx --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225\n"
                "  weft run net.onnx --dataset cifar10\n",
    .arguments = import_arguments,
    .argument_count = (int)(sizeof import_arguments / sizeof import_arguments[0]),
    .options = import_table,
    .option_count = (int)(sizeof import_table / sizeof import_table[0]),
    .size = sizeof(import_options),
    .run = import_run,
};
