/* weft describe: the manual of what people write, from the same tables that read it. */
#define _XOPEN_SOURCE 700 /* scandir, alphasort */

#include <dirent.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/info.h"
#include "core/chip.h"
#include "sim/spike/circuit.h"
#include "sim/spike/random.h"
#include "sweep/experiment.h"
#include "trainer/trainer.h"

typedef struct describe_options {
    weft_common common;
    const char *topic, *list;
    bool markdown, man, completion;
} describe_options;

static const weft_option describe_arguments[] = {
    {.name = "TOPIC",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(describe_options, topic),
     .complete = WEFT_COMPLETE_TOPIC,
     .help = "recipe, chip, experiment, neurons, random or transforms, or the name of an installed chip or recipe; "
             "without it, "
             "everything "
             "there is is listed"},
};
static const weft_option describe_table[] = {
    {.name = "markdown",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(describe_options, markdown),
     .help = "Print Markdown tables"},
    {.name = "list",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(describe_options, list),
     .value = "KIND",
     .hidden = true,
     .help = "Print the bare names of chips, recipes, transforms or topics"},
    {.name = "man",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(describe_options, man),
     .hidden = true,
     .help = "Print the manual page"},
    {.name = "completion",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(describe_options, completion),
     .hidden = true,
     .help = "Print the bash completion"},
};

/* ---- transforms ---- */

static void transforms_markdown(FILE *stream) {
    fputs("| name | parameters | what it does | formula | source |\n|---|---|---|---|---|\n", stream);
    for (int i = 0; weft_transform_table[i]; i++) {
        const weft_transform_op *op = weft_transform_table[i];
        fprintf(stream, "| `%s` | ", op->name);
        for (int p = 0; p < op->param_count; p++)
            fprintf(stream, "%s`%s` %g..%g, default %g: %s", p ? "; " : "", op->params[p].name, op->params[p].min,
                    op->params[p].max, op->params[p].default_value, op->params[p].doc);
        fprintf(stream, " | %s | `%s` | %s |\n", op->summary, op->formula, op->source);
    }
}

static void transforms_json(weft_json *json) {
    weft_json_array(json, NULL);
    for (int i = 0; weft_transform_table[i]; i++) {
        const weft_transform_op *op = weft_transform_table[i];
        weft_json_object(json, NULL);
        weft_json_text(json, "name", op->name);
        weft_json_text(json, "summary", op->summary);
        weft_json_text(json, "formula", op->formula);
        weft_json_text(json, "source", op->source);
        weft_json_bool(json, "stochastic", op->flags & WEFT_TRANSFORM_STOCHASTIC);
        weft_json_array(json, "parameters");
        for (int p = 0; p < op->param_count; p++) {
            weft_json_object(json, NULL);
            weft_json_text(json, "name", op->params[p].name);
            weft_json_number(json, "min", op->params[p].min);
            weft_json_number(json, "max", op->params[p].max);
            weft_json_number(json, "default", op->params[p].default_value);
            weft_json_text(json, "doc", op->params[p].doc);
            weft_json_object_end(json);
        }
        weft_json_array_end(json);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

static weft_status describe_transforms(const describe_options *o, const weft_console *session, weft_error *err) {
    if (o->common.json) {
        weft_result out;
        WEFT_TRY(weft_result_open(&out, o->common.json, err));
        transforms_json(&out.json);
        return weft_result_commit(&out, err);
    }
    if (o->markdown)
        transforms_markdown(session->out);
    else
        weft_transform_describe(session->out);
    return WEFT_OK;
}

/* ---- records ---- */

static weft_status describe_record(const weft_record *record, const describe_options *o, const weft_console *session,
                                   weft_error *err) {
    if (o->common.json) {
        weft_result out;
        WEFT_TRY(weft_result_open(&out, o->common.json, err));
        weft_status status = weft_record_json_schema(record, out.json.stream, err);
        if (status == WEFT_OK) return weft_result_commit(&out, err);
        if (!out.standard) weft_output_abort(&out.file);
        return status;
    }
    if (o->markdown)
        weft_record_describe_markdown(record, session->out);
    else
        weft_record_describe(record, session->out);
    return WEFT_OK;
}

static weft_status describe_experiment(const describe_options *o, const weft_console *session, weft_error *err) {
    if (o->common.json || o->markdown) return describe_record(&weft_experiment_record, o, session, err);
    weft_experiment_describe(session->out);
    return WEFT_OK;
}

static weft_status describe_neurons(const describe_options *o, const weft_console *session, weft_error *err) {
    if (o->common.json || o->markdown) return describe_record(&weft_circuit_record, o, session, err);
    weft_circuit_describe(session->out);
    return WEFT_OK;
}

/* ---- what is installed ---- */

static int is_yaml(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 5 && entry->d_name[0] != '.' && !strcmp(entry->d_name + length - 5, ".yaml");
}

/* Folder of the installed files of a kind: found by a chip that is always there. The dots keep weft_data_find from a
 * file of that name in the current folder. */
static bool installed_folder(char out[4096], const char *kind) {
    static const char *const places[] = {".", "trainer"};
    char chip[4096], chips[4096], root[4096], parent[4096];
    if (weft_data_find(chip, sizeof chip, "hwconfigs", "../hwconfigs/isaac-ce.yaml", NULL) != WEFT_OK) return false;
    weft_path_folder(chips, sizeof chips, chip);
    for (int i = 0; i < 2; i++) {
        if (weft_path_join(root, sizeof root, chips, "..", NULL) != WEFT_OK) continue;
        if (weft_path_join(parent, sizeof parent, root, places[i], NULL) != WEFT_OK) continue;
        if (weft_path_join(out, 4096, parent, kind, NULL) == WEFT_OK && weft_path_is_folder(out)) return true;
    }
    return false;
}

static void list_files(const char *kind, const char *indent, FILE *stream) {
    char folder[4096];
    struct dirent **entries = NULL;
    int count = installed_folder(folder, kind) ? scandir(folder, &entries, is_yaml, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        fprintf(stream, "%s%.*s\n", indent, (int)strlen(entries[i]->d_name) - 5, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

static void list_transforms(const char *indent, FILE *stream) {
    for (int i = 0; weft_transform_table[i]; i++) fprintf(stream, "%s%s\n", indent, weft_transform_table[i]->name);
}

static weft_status list_names(const char *kind, FILE *stream, weft_error *err) {
    if (!strcmp(kind, "chips"))
        list_files("hwconfigs", "", stream);
    else if (!strcmp(kind, "recipes"))
        list_files("recipes", "", stream);
    else if (!strcmp(kind, "transforms"))
        list_transforms("", stream);
    else
        return weft_error_set(err, WEFT_E_USAGE, "--list: \"%.80s\" is none of chips, recipes, transforms", kind);
    return WEFT_OK;
}

static void list_everything(FILE *stream) {
    fputs("Manuals:\n  recipe      keys of a recipe, for 'weft train'\n  chip        keys of a chip file, for 'weft "
          "map' and 'weft sim'\n"
          "  experiment  keys of an experiment, and how its points are made, for 'weft sweep'\n"
          "  neurons     keys of a file of neurons, and the neuron models, for 'weft neuron'\n"
          "  random      keys of a random network of neurons, for 'weft sim'\n"
          "  transforms  weight transforms, for recipes and --transform\nChips:\n",
          stream);
    list_files("hwconfigs", "  ", stream);
    fputs("Recipes:\n", stream);
    list_files("recipes", "  ", stream);
}

static weft_status unknown_topic(const char *topic, weft_error *err) {
    static const char *const topics[] = {"recipe", "chip", "experiment", "neurons", "random", "transforms", NULL};
    const char *nearest = weft_nearest_name(topic, topics);
    if (nearest) return weft_error_set(err, WEFT_E_USAGE, "unknown topic \"%.80s\"; did you mean %s?", topic, nearest);
    return weft_error_set(err, WEFT_E_USAGE,
                          "unknown topic \"%.80s\": neither recipe, chip, experiment, neurons, random, transforms nor "
                          "an installed chip or "
                          "recipe",
                          topic);
}

static weft_status describe_run(const void *options, const weft_console *session, weft_error *err) {
    const describe_options *o = options;
    char path[4096];
    if (o->man) weft_print_manual(session->out);
    if (o->completion) weft_print_completion(session->out);
    if (o->man || o->completion) return WEFT_OK;
    if (o->list) return list_names(o->list, session->out, err);
    if (!o->topic) {
        list_everything(session->out);
        return WEFT_OK;
    }
    if (!strcmp(o->topic, "transforms")) return describe_transforms(o, session, err);
    if (!strcmp(o->topic, "recipe")) return describe_record(&weft_recipe_record, o, session, err);
    if (!strcmp(o->topic, "chip")) return describe_record(&weft_chip_record, o, session, err);
    if (!strcmp(o->topic, "random")) return describe_record(&weft_spike_random_record, o, session, err);
    if (!strcmp(o->topic, "experiment")) return describe_experiment(o, session, err);
    if (!strcmp(o->topic, "neurons")) return describe_neurons(o, session, err);
    if (weft_data_find(path, sizeof path, "hwconfigs", o->topic, NULL) == WEFT_OK)
        return weft_info_chip(path, o->common.json, session->out, err);
    if (weft_data_find(path, sizeof path, "recipes", o->topic, NULL) == WEFT_OK)
        return weft_info_recipe(path, o->common.json, session->out, err);
    return unknown_topic(o->topic, err);
}

const weft_command weft_command_describe = {
    .name = "describe",
    .summary = "Print the manual of recipes, chips, experiments, neurons, random networks and transforms",
    .description = "Prints every key of a recipe, chip, experiment, file of neurons or random network with unit, range "
                   "and default, or "
                   "the table of "
                   "weight transforms. With --json: "
                   "a JSON Schema for editors.",
    .examples = "  weft describe chip\n  weft describe recipe --json recipe.schema.json\n",
    .arguments = describe_arguments,
    .argument_count = (int)(sizeof describe_arguments / sizeof describe_arguments[0]),
    .options = describe_table,
    .option_count = (int)(sizeof describe_table / sizeof describe_table[0]),
    .size = sizeof(describe_options),
    .run = describe_run,
};
