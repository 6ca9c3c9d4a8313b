/* weft info: what is in a file, whatever its kind. */
#include "cli/info.h"

#include <stddef.h>
#include <string.h>

#include "cli/file_kind.h"
#include "core/yaml.h"

typedef struct info_options {
    weft_common common;
    const char *name;
} info_options;

static const weft_option info_arguments[] = {
    {.name = "FILE",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(info_options, name),
     .required = true,
     .complete = WEFT_COMPLETE_ANY,
     .takes = WEFT_TAKES_NETWORK | WEFT_TAKES_MAPPING | WEFT_TAKES(CHIP) | WEFT_TAKES(RECIPE) | WEFT_TAKES(RANDOM),
     .help = "A network (.onnx, or spiking, .nir), chip, mapping or recipe file, the name of an installed chip or "
             "recipe, or a data set"},
};

static bool is_dataset(const char *name) {
    static const char *const names[] = {"fashion-mnist", "mnist", "cifar10", NULL};
    for (int i = 0; names[i]; i++)
        if (!strcmp(name, names[i])) return true;
    return weft_path_is_folder(name);
}

typedef weft_status (*info_function)(const char *name, const char *json_path, FILE *stream, weft_error *err);

/* By the keys at the root of a YAML file. */
static weft_status yaml_kind(info_function *out, const char *path, weft_error *err) {
    weft_yaml yaml = {0};
    WEFT_TRY(weft_yaml_load(&yaml, path, err));
    *out = weft_yaml_get(yaml.root, "weft_mapping")         ? weft_info_mapping
           : weft_yaml_get(yaml.root, "weft_spike_mapping") ? weft_info_spike_mapping
           : weft_yaml_get(yaml.root, "rate_hz")            ? weft_info_random
           : weft_yaml_get(yaml.root, "layers")             ? weft_info_recipe
                                                            : weft_info_chip;
    weft_yaml_destroy(&yaml);
    return WEFT_OK;
}

static weft_status info_run(const void *options, const weft_console *session, weft_error *err) {
    const info_options *o = options;
    char path[4096];
    info_function function = weft_info_chip;
    if (weft_path_ends(o->name, ".onnx")) return weft_info_network(o->name, o->common.json, session->out, err);
    if (weft_path_ends(o->name, ".nir")) return weft_info_nir(o->name, o->common.json, session->out, err);
    if (is_dataset(o->name)) return weft_info_dataset(o->name, o->common.json, session->out, err);
    if (weft_data_find(path, sizeof path, "recipes", o->name, NULL) != WEFT_OK)
        WEFT_TRY(weft_data_find(path, sizeof path, "hwconfigs", o->name, err));
    WEFT_TRY(yaml_kind(&function, path, err));
    return function(path, o->common.json, session->out, err);
}

const weft_command weft_command_info = {
    .name = "info",
    .summary = "Tell what is in a network, chip, mapping, recipe or data set",
    .description = "Reads and checks a file and prints what it holds: layers, shapes, weights and input ranges of a "
                   "network; nodes, neurons, synapses and loops of a spiking one; cores, arrays, "
                   "times and sums of a chip; stages of a mapping, or populations of one onto a spiking chip; a random "
                   "network; images of a data set.",
    .examples = "  weft info net.onnx\n  weft info isaac-ce\n  weft info fashion-mnist --json -\n",
    .arguments = info_arguments,
    .argument_count = (int)(sizeof info_arguments / sizeof info_arguments[0]),
    .options = NULL,
    .option_count = 0,
    .size = sizeof(info_options),
    .run = info_run,
};
