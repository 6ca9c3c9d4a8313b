/* weft eval: test error of a network in software, under weight distortions. */
#include <stddef.h>

#include "cli/commands.h"
#include "core/onnx.h"
#include "trainer/trainer.h"

typedef struct eval_options {
    weft_common common;
    const char *network, *dataset, *recalibrate;
    weft_texts transforms;
    uint64_t images, draws, seed;
} eval_options;

static const weft_option eval_arguments[] = {
    {.name = "NETWORK",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(eval_options, network),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "ONNX file"},
};
static const weft_option eval_table[] = {
    {.name = "dataset",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(eval_options, dataset),
     .value = "DATASET",
     .required = true,
     .complete = WEFT_COMPLETE_DATASET,
     .help = "fashion-mnist, mnist, cifar10 or a folder; its test images are used"},
    {.name = "images",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(eval_options, images),
     .value = "N",
     .help = "Use the first N test images; default or 0: all"},
    {.name = "transform",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(eval_options, transforms),
     .value = "TRANSFORM",
     .complete = WEFT_COMPLETE_TRANSFORM,
     .help = "Distort the latent weights, for example addnorm:sigma=0.2; repeated ones work one after the other. "
             "Without any, the "
             "network is used as deployed. 'weft describe transforms' lists them"},
    {.name = "recalibrate",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(eval_options, recalibrate),
     .value = "N",
     .help = "Re-estimate the batch-norm statistics on N training images for each draw; none, the default, keeps the "
             "file's"},
    {.name = "draws",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(eval_options, draws),
     .value = "K",
     .default_count = 1,
     .min = 1,
     .max = 100000,
     .help = "Average over K independent draws of a random distortion; default 1"},
    {.name = "seed",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(eval_options, seed),
     .value = "S",
     .help = "Seed of the distortion's draws; default 0"},
};

typedef struct eval_facts {
    const char *transform;
    size_t recalibrate;
    weft_sha256 hash;
} eval_facts;

static weft_status print_json(const eval_options *o, const weft_eval_result *result, const eval_facts *facts,
                              weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, o->common.json, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_number(json, "error_percent", result->error_percent);
    weft_json_number(json, "error_percent_std", result->error_percent_std);
    weft_json_count(json, "images", result->images);
    weft_json_count(json, "draws", (uint64_t)result->draws);
    weft_json_text(json, "transform", facts->transform);
    weft_json_count(json, "recalibrate", facts->recalibrate);
    weft_json_count(json, "seed", o->seed);
    weft_json_text(json, "dataset", o->dataset);
    weft_json_text(json, "network", o->network);
    weft_json_text(json, "network_sha256", facts->hash.hex);
    weft_json_number(json, "seconds", result->seconds);
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

static weft_status evaluate(const eval_options *o, const weft_network *net, const weft_console *session,
                            weft_error *err) {
    char text[512];
    weft_transform_chain chain;
    weft_eval_result result;
    eval_facts facts = {.transform = text};
    WEFT_TRY(weft_chain_from_texts(&chain, &o->transforms, err));
    weft_chain_text(text, sizeof text, &chain, o->transforms.count > 0);
    WEFT_TRY(weft_recalibrate_parse(&facts.recalibrate, o->recalibrate, err));
    WEFT_TRY(weft_sha256_file(&facts.hash, o->network, err));
    weft_eval_options options = {.chain = o->transforms.count ? &chain : NULL,
                                 .images = o->images,
                                 .recalibrate = facts.recalibrate,
                                 .draws = (int)o->draws,
                                 .seed = o->seed,
                                 .stop = weft_stop_install()};
    WEFT_TRY(weft_evaluate(&result, net, o->dataset, &options, err));
    fprintf(session->out, "%s: %s: error %.2f %%", o->network, text, result.error_percent);
    if (result.draws > 1) fprintf(session->out, " +- %.2f (%d draws)", result.error_percent_std, result.draws);
    fprintf(session->out, " of %zu images, %s", result.images,
            facts.recalibrate ? "statistics re-estimated" : "statistics of the file");
    if (facts.recalibrate) fprintf(session->out, " on %zu training images", facts.recalibrate);
    fputc('\n', session->out);
    return o->common.json ? print_json(o, &result, &facts, err) : WEFT_OK;
}

static weft_status eval_run(const void *options, const weft_console *session, weft_error *err) {
    const eval_options *o = options;
    weft_network *net = NULL;
    WEFT_TRY(weft_onnx_read(&net, o->network, err));
    weft_status status = evaluate(o, net, session, err);
    weft_network_destroy(net);
    return status;
}

const weft_command weft_command_eval = {
    .name = "eval",
    .summary = "Measure a network's test error in software, under weight distortions",
    .description =
        "Runs the network on a test set and prints the share of images that it gets wrong. With --transform, the "
        "distortion "
        "works on the latent weights (what the optimiser keeps), layer by layer; biases stay. After a distortion the "
        "batch-norm statistics no longer fit: --recalibrate re-estimates them, and that decides most results.",
    .examples =
        "  weft eval net.onnx --dataset fashion-mnist\n"
        "  weft eval net.onnx --dataset fashion-mnist --transform addnorm:sigma=0.2 --recalibrate 5000 --json -\n",
    .arguments = eval_arguments,
    .argument_count = (int)(sizeof eval_arguments / sizeof eval_arguments[0]),
    .options = eval_table,
    .option_count = (int)(sizeof eval_table / sizeof eval_table[0]),
    .size = sizeof(eval_options),
    .run = eval_run,
};
