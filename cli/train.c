/* weft train: a recipe becomes net.onnx. */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/file_kind.h"
#include "trainer/trainer.h"

#define SEED_OF_RECIPE UINT64_MAX

typedef struct train_options {
    weft_common common;
    const char *recipe, *out, *dataset, *checkpoint, *curve, *plot;
    bool resume;
    weft_texts set;
    uint64_t seed, snapshots, checkpoint_steps;
} train_options;

static const weft_option train_arguments[] = {
    {.name = "RECIPE",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(train_options, recipe),
     .required = true,
     .complete = WEFT_COMPLETE_RECIPE,
     .takes = WEFT_TAKES(RECIPE),
     .help = "Recipe file, or the name of an installed recipe ('weft describe' lists them)"},
};
static const weft_option train_table[] = {
    {.name = "out",
     .letter = 'o',
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(train_options, out),
     .value = "FILE",
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "The trained network, in ONNX"},
    {.name = "dataset",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(train_options, dataset),
     .value = "DATASET",
     .complete = WEFT_COMPLETE_DATASET,
     .help = "Data set instead of the recipe's: fashion-mnist, mnist, cifar10 or a folder"},
    {.name = "resume",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(train_options, resume),
     .help = "Go on from the checkpoint of an interrupted training"},
    {.name = "checkpoint",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(train_options, checkpoint),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Where the checkpoint lies; default: the output's name and .checkpoint"},
    {.name = "checkpoint-steps",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(train_options, checkpoint_steps),
     .value = "N",
     .help = "Also write the checkpoint after every N minibatches; default: by the time alone, every 30 seconds"},
    {.name = "curve",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(train_options, curve),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Learning curve as CSV; default: the output's name and .csv"},
    {.name = "plot",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(train_options, plot),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Learning curve as a picture, .svg or .png; default: the output's name and .svg"},
    {.name = "snapshots",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(train_options, snapshots),
     .value = "N",
     .max = 1000000,
     .help = "Also write N networks along the training, spread evenly over its epochs, as OUT.epochE.onnx"},
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(train_options, set),
     .value = "KEY=VALUE",
     .help = "Change a key of the recipe, for example --set epochs=3; may be repeated"},
    {.name = "seed",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(train_options, seed),
     .value = "S",
     .default_count = SEED_OF_RECIPE,
     .help = "Seed of all random draws; default: the recipe's"},
};

static void show_progress(void *context, const weft_train_progress *p) {
    const weft_console *session = context;
    if (!session->terminal && !p->epoch_end) return;
    fprintf(session->err, "%sepoch %d/%d  loss %.4f", session->terminal ? "\r" : "", p->epoch, p->epochs, p->loss);
    if (isfinite(p->train_error_percent)) fprintf(session->err, "  train error %.2f %%", p->train_error_percent);
    if (isfinite(p->test_error_percent)) fprintf(session->err, "  test error %.2f %%", p->test_error_percent);
    fprintf(session->err, "  %.0f images/s  %3.0f %%  ETA ", p->images_per_s,
            p->steps ? 100.0 * (double)p->step / (double)p->steps : 0);
    weft_print_clock(session->err, p->remaining_s);
    fputs(session->terminal ? "\033[K" : "", session->err);
    fputs(!session->terminal || p->epoch_end ? "\n" : "", session->err);
    fflush(session->err);
}

static weft_status print_json(const train_options *o, const weft_train_result *result, weft_error *err) {
    weft_result out;
    weft_sha256 hash;
    WEFT_TRY(weft_sha256_file(&hash, o->out, err));
    WEFT_TRY(weft_result_open(&out, o->common.json, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "network", o->out);
    weft_json_text(json, "network_sha256", hash.hex);
    weft_json_text(json, "recipe", o->recipe);
    weft_json_number(json, "test_error_percent", result->test_error_percent);
    weft_json_count(json, "weights", result->weights);
    weft_json_number(json, "seconds", result->seconds);
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

/* The recipe's overrides and the seed as one more. Caller frees the array. */
static const char **overrides_create(const train_options *o, char *seed, size_t seed_size, int *count) {
    const char **overrides = malloc(((size_t)o->set.count + 1) * sizeof *overrides);
    if (!overrides) return NULL;
    if (o->set.count) memcpy(overrides, o->set.items, (size_t)o->set.count * sizeof *overrides);
    *count = o->set.count;
    snprintf(seed, seed_size, "seed=%" PRIu64, o->seed);
    if (o->seed != SEED_OF_RECIPE) overrides[(*count)++] = seed;
    return overrides;
}

static weft_status train(const train_options *o, const weft_console *session, const char *const *overrides,
                         int override_count, weft_train_result *result, weft_error *err) {
    char checkpoint[4096];
    snprintf(checkpoint, sizeof checkpoint, "%s%s", o->checkpoint ? o->checkpoint : o->out,
             o->checkpoint ? "" : ".checkpoint");
    weft_train_options options = {.recipe = o->recipe,
                                  .output = o->out,
                                  .dataset = o->dataset,
                                  .checkpoint = o->checkpoint,
                                  .curve = o->curve,
                                  .plot = o->plot,
                                  .checkpoint_steps = o->checkpoint_steps,
                                  .resume = o->resume,
                                  .snapshots = (int)o->snapshots,
                                  .overrides = overrides,
                                  .override_count = override_count,
                                  .stop = weft_stop_install(),
                                  .progress = o->common.quiet ? NULL : show_progress,
                                  .context = (void *)(uintptr_t)session};
    weft_status status = weft_train(result, &options, err);
    if (status != WEFT_OK && session->terminal && !o->common.quiet) fputc('\n', session->err);
    if (result->warning[0]) fprintf(session->err, "weft: %s\n", result->warning);
    if (status == WEFT_E_INTERRUPTED && weft_path_exists(checkpoint))
        weft_error_set(err, status,
                       "interrupted; the checkpoint %.400s is kept: the same command with --resume goes on from it",
                       checkpoint);
    return status;
}

static weft_status train_run(const void *options, const weft_console *session, weft_error *err) {
    const train_options *o = options;
    char seed[40];
    int override_count = 0;
    weft_train_result result;
    WEFT_TRY(weft_output_probe(o->out, err));
    WEFT_TRY(weft_output_probe(o->checkpoint, err));
    WEFT_TRY(weft_output_probe(o->curve, err));
    WEFT_TRY(weft_output_probe(o->plot, err));
    const char **overrides = overrides_create(o, seed, sizeof seed, &override_count);
    if (!overrides) return weft_error_set(err, WEFT_E_MEMORY, "no memory for options");
    weft_status status = train(o, session, overrides, override_count, &result, err);
    free(overrides);
    WEFT_TRY(status);
    fprintf(session->out, "%s: test error %.2f %%, %zu weights, ", o->out, result.test_error_percent, result.weights);
    weft_print_clock(session->out, result.seconds);
    fputs("\n", session->out);
    return o->common.json ? print_json(o, &result, err) : WEFT_OK;
}

const weft_command weft_command_train = {
    .name = "train",
    .summary = "Train a network by a recipe",
    .description = "Trains a network with projected weights as the recipe says and writes it as ONNX. A checkpoint is "
                   "kept at least every minute; an interrupt (Ctrl-C) writes one too, and --resume goes on from there. "
                   "Without --resume, the checkpoint of an earlier run is renamed to CHECKPOINT.old.",
    .examples = "  weft train fashion-cnn-sign --out net.onnx\n  weft train recipe.yaml --out net.onnx --set epochs=3 "
                "--seed 7\n",
    .arguments = train_arguments,
    .argument_count = (int)(sizeof train_arguments / sizeof train_arguments[0]),
    .options = train_table,
    .option_count = (int)(sizeof train_table / sizeof train_table[0]),
    .size = sizeof(train_options),
    .run = train_run,
};
