/* weft eval: test error of a network in software, under weight distortions. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/eval.h"
#include "cli/file_kind.h"
#include "core/onnx.h"

typedef weft_eval_cli_options eval_options;

static const weft_option eval_arguments[] = {
    {.name = "NETWORK",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(eval_options, network),
     .required = true,
     .complete = WEFT_COMPLETE_FILE,
     .takes = WEFT_TAKES(ONNX),
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
    {.name = "sweep",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(eval_options, sweeps),
     .value = "TRANSFORM",
     .complete = WEFT_COMPLETE_TRANSFORM,
     .help = "Evaluate a whole row of distortions: one parameter has a list of values, as in multunif:gamma=0.2,0.5,1, "
             "or steps, as in addnorm:sigma=0..1/0.1. May be repeated; a transform without a list is one more point. "
             "Each works on the weights after --transform"},
    {.name = "recalibrate",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(eval_options, recalibrate),
     .value = "N",
     .help =
         "Re-estimate the batch-norm statistics on the first N training images, or on all, for each draw; none, the "
         "default, keeps the file's"},
    {.name = "draws",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(eval_options, draws),
     .value = "K",
     .default_count = 1,
     .min = 1,
     .max = 100000,
     .help = "Average over K independent draws of a random distortion; default 1. One without randomness is run once"},
    {.name = "seed",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(eval_options, seed),
     .value = "S",
     .help = "Seed of the distortion's draws; default 0"},
    {.name = "precision",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(eval_options, precision),
     .value = "P",
     .help = "fp32, the default; bf16: activations and weights in bfloat16, several times as fast where the processor "
             "multiplies it; auto: bf16 there, else fp32"},
    {.name = "layers",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(eval_options, layers),
     .help =
         "For each layer: mean distance abs(W - T(W)) / max abs(W), effective bits a weight, and the correlation of "
         "its output between the networks with W and with T(W)"},
    {.name = "csv",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(eval_options, csv),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help =
         "The results as CSV, a row a distortion; difference_percent is the error less that of the first row, on the "
         "same images, with its 95 % interval"},
    {.name = "layers-csv",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(eval_options, layers_csv),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "What --layers shows as CSV, a row a distortion and layer"},
    {.name = "images-csv",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(eval_options, images_csv),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "For each image its label and, a column a distortion, how many draws got it wrong: networks can then be "
             "compared image by image"},
};

/* Progress of a sweep, counted in draws. */
typedef struct eval_watch {
    const weft_console *session;
    const weft_eval_grid *grid;
    const weft_eval_point *point;
    int done, total; /* of the points before; of all */
    double start_s;
} eval_watch;

static void show_progress(void *context, int draw, int draws) {
    const eval_watch *w = context;
    int done = w->done + draw;
    char eta[24];
    weft_eta_text(eta, w->start_s, (double)done / w->total);
    fprintf(w->session->err, "\r%s: draw %d of %d, point %d of %d, ETA %s\033[K", w->point->transform, draw, draws,
            (int)(w->point - w->grid->points) + 1, w->grid->count, eta);
    fflush(w->session->err);
}

static int point_draws(const weft_eval_point *point, int draws) {
    return !point->deployed && weft_transform_chain_is_stochastic(&point->chain) ? draws : 1;
}

static weft_status keep_images(weft_eval_grid *grid, weft_eval_point *point, const weft_evaluator *evaluator,
                               weft_error *err) {
    size_t images = weft_evaluator_images(evaluator);
    point->wrong = malloc(images * sizeof *point->wrong);
    if (!grid->labels) grid->labels = malloc(images);
    if (!point->wrong || !grid->labels)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for the results of %zu images", images);
    memcpy(point->wrong, weft_evaluator_wrong(evaluator), images * sizeof *point->wrong);
    memcpy(grid->labels, weft_evaluator_labels(evaluator), images);
    return WEFT_OK;
}

static weft_status run_point(weft_eval_grid *grid, weft_eval_point *point, weft_evaluator *evaluator, weft_error *err) {
    if (grid->options->layers || grid->options->layers_csv) {
        point->layers = calloc((size_t)grid->layer_count + 1, sizeof *point->layers);
        if (!point->layers) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the layers' results");
    }
    WEFT_TRY(weft_evaluator_run(evaluator, point->deployed ? NULL : &point->chain, &point->result, point->layers, err));
    return grid->options->images_csv ? keep_images(grid, point, evaluator, err) : WEFT_OK;
}

static weft_status run_points(weft_eval_grid *grid, eval_watch *watch, weft_evaluator *evaluator, weft_error *err) {
    const weft_console *session = watch->session;
    bool line = session->terminal && !grid->options->common.quiet;
    weft_status status = WEFT_OK;
    weft_eval_print_head(grid, session->out);
    fflush(session->out);
    for (int i = 0; i < grid->count && status == WEFT_OK; i++) {
        watch->point = &grid->points[i];
        status = run_point(grid, &grid->points[i], evaluator, err);
        watch->done += point_draws(&grid->points[i], (int)grid->options->draws);
        if (line) fputs("\r\033[K", session->err);
        if (status != WEFT_OK) break;
        weft_eval_print_point(grid, &grid->points[i], session->out);
        fflush(session->out);
    }
    grid->seconds = weft_now_s() - watch->start_s;
    return status;
}

static weft_status evaluate(weft_eval_grid *grid, const weft_network *net, const weft_console *session,
                            weft_error *err) {
    const eval_options *o = grid->options;
    weft_evaluator *evaluator = NULL;
    eval_watch watch = {.session = session, .grid = grid, .start_s = weft_now_s()};
    weft_eval_options options = {.images = o->images,
                                 .draws = (int)o->draws,
                                 .seed = o->seed,
                                 .stop = weft_stop_install(),
                                 .progress = session->terminal && !o->common.quiet ? show_progress : NULL,
                                 .context = &watch};
    for (int i = 0; i < grid->count; i++) watch.total += point_draws(&grid->points[i], (int)o->draws);
    WEFT_TRY(weft_recalibrate_parse(&options.recalibrate, o->recalibrate, err));
    options.precision = grid->precision;
    WEFT_TRY(weft_evaluator_create(&evaluator, net, o->dataset, &options, err));
    grid->layer_count = weft_evaluator_layer_count(evaluator);
    weft_status status = run_points(grid, &watch, evaluator, err);
    weft_evaluator_destroy(evaluator);
    return status;
}

static weft_status evaluate_and_write(weft_eval_grid *grid, const weft_network *net, const weft_console *session,
                                      weft_error *err) {
    const eval_options *o = grid->options;
    WEFT_TRY(weft_sha256_file(&grid->hash, o->network, err));
    WEFT_TRY(evaluate(grid, net, session, err));
    if (o->csv) WEFT_TRY(weft_eval_write_csv(grid, err));
    if (o->layers_csv) WEFT_TRY(weft_eval_write_layers_csv(grid, err));
    if (o->images_csv) WEFT_TRY(weft_eval_write_images_csv(grid, err));
    return o->common.json ? weft_eval_write_json(grid, err) : WEFT_OK;
}

static weft_status eval_run(const void *options, const weft_console *session, weft_error *err) {
    const eval_options *o = options;
    weft_network *net = NULL;
    weft_eval_grid grid;
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(weft_eval_grid_make(&grid, o, err));
    WEFT_TRY_GOTO(weft_precision_parse(&grid.precision, o->precision, err));
    WEFT_TRY_GOTO(weft_output_probe(o->csv, err));
    WEFT_TRY_GOTO(weft_output_probe(o->layers_csv, err));
    WEFT_TRY_GOTO(weft_output_probe(o->images_csv, err));
    WEFT_TRY_GOTO(weft_onnx_read(&net, o->network, err));
    WEFT_TRY_GOTO(evaluate_and_write(&grid, net, session, err));
cleanup:
    weft_network_destroy(net);
    weft_eval_grid_free(&grid);
    return status;
}

const weft_command weft_command_eval = {
    .name = "eval",
    .summary = "Measure a network's test error in software, under weight distortions",
    .description =
        "Runs the network on a test set and prints the share of images that it gets wrong. With --transform, the "
        "distortion works on the latent weights (what the optimiser keeps), layer by layer; biases stay. After a "
        "distortion the "
        "batch-norm statistics no longer fit: --recalibrate re-estimates them, and that decides most results. The 95 % "
        "interval covers both the draws and the finite test set.",
    .examples =
        "  weft eval net.onnx --dataset fashion-mnist\n"
        "  weft eval net.onnx --dataset fashion-mnist --transform addnorm:sigma=0.2 --recalibrate 5000 --json -\n"
        "  weft eval net.onnx --dataset cifar10 --sweep sign --sweep addnorm:sigma=0..1/0.1 --draws 5 --csv s.csv\n",
    .arguments = eval_arguments,
    .argument_count = (int)(sizeof eval_arguments / sizeof eval_arguments[0]),
    .options = eval_table,
    .option_count = (int)(sizeof eval_table / sizeof eval_table[0]),
    .size = sizeof(eval_options),
    .run = eval_run,
};
