/* Options of spiking networks. */
#include "cli/stimulus.h"

#include <ctype.h>
#include <stdlib.h>

enum { CAMERA_MAX = 4096 };

const char *const weft_spiking_names[] = {"spikes", "aer",    "size",      "coding",     "rate",
                                          "ticks",  "output", "classes",   "population", "spikes-csv",
                                          "raster", "probe",  "membranes", NULL};

weft_status weft_tick_parse(weft_tick_options *out, const char *dt, const char *integration, const char *reset,
                            weft_error *err) {
    static const char *const integrations[] = {"euler", "exponential", NULL}, *const resets[] = {"zero", "subtract",
                                                                                                 NULL};
    int which;
    *out = (weft_tick_options){.dt = 1e-3};
    WEFT_TRY(weft_option_number(&out->dt, "dt", dt, 1e-9, 1e3, err));
    WEFT_TRY(weft_option_choice(&which, "integration", integration, integrations, err));
    out->exponential = which == 1;
    WEFT_TRY(weft_option_choice(&which, "reset", reset, resets, err));
    out->subtract = which == 1;
    return WEFT_OK;
}

void weft_tick_text(char *out, size_t size, const weft_tick_options *tick) {
    snprintf(out, size, "%g ms, %s, reset %s", tick->dt * 1e3, tick->exponential ? "exponential" : "euler",
             tick->subtract ? "by subtraction" : "to v_reset");
}

/* "34x34". */
static weft_status parse_size(int out[2], const char *text, weft_error *err) {
    char *end = NULL;
    long width = isdigit((unsigned char)text[0]) ? strtol(text, &end, 10) : 0, height = 0;
    if (end && *end == 'x' && isdigit((unsigned char)end[1])) height = strtol(end + 1, &end, 10);
    if (!end || *end || width < 1 || height < 1 || width > CAMERA_MAX || height > CAMERA_MAX)
        return weft_error_set(err, WEFT_E_USAGE,
                              "--size: \"%.80s\" is not WxH, columns and rows from 1 to %d, such as 34x34", text,
                              CAMERA_MAX);
    out[0] = (int)width;
    out[1] = (int)height;
    return WEFT_OK;
}

/* Beyond what can be said of images and random spikes. */
static weft_status check_coding(const weft_stimulus_args *args, const weft_coding *coding, weft_error *err) {
    const weft_spiking_options *o = args->options;
    if (coding->kind == WEFT_CODING_CURRENT && !args->currents)
        return weft_error_set(err, WEFT_E_USAGE,
                              "--coding current is for 'weft run'; a chip takes spikes: --coding regular --rate HZ");
    if (o->rate && coding->kind > WEFT_CODING_REGULAR)
        return weft_error_set(err, WEFT_E_USAGE, "--rate has no meaning for --coding %s", o->coding);
    if (o->ticks && coding->kind == WEFT_CODING_SACCADES)
        return weft_error_set(err, WEFT_E_USAGE, "--ticks has no meaning for --coding saccades, which take 0.3 s");
    if (args->random && o->coding && coding->kind > WEFT_CODING_REGULAR)
        return weft_error_set(err, WEFT_E_USAGE,
                              "--coding %s is for images; --random takes bernoulli, poisson or regular", o->coding);
    return WEFT_OK;
}

static weft_status coding_of(weft_coding *out, const weft_stimulus_args *args, weft_error *err) {
    const weft_spiking_options *o = args->options;
    *out = weft_coding_defaults();
    WEFT_TRY(weft_option_choice(&out->kind, "coding", o->coding, weft_coding_all_names, err));
    WEFT_TRY(weft_option_number(&out->rate_hz, "rate", o->rate, 0, 1e9, err));
    out->tick_s = args->tick_s;
    out->seed = args->seed;
    if (o->ticks) out->ticks = o->ticks;
    if (args->random) WEFT_TRY(weft_option_whole(&out->seed, "random", args->random, err));
    return check_coding(args, out, err);
}

/* Option that says how images become spikes, where there are none. */
static const char *coding_option(const weft_spiking_options *o) {
    return o->coding ? "coding" : o->rate ? "rate" : NULL;
}

static weft_status check_args(const weft_stimulus_args *a, weft_error *err) {
    const weft_spiking_options *o = a->options;
    const char *const given[] = {o->spikes, o->aer, a->dataset, a->input, a->random};
    int count = 0;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) count += given[i] != NULL;
    if (count != 1)
        return weft_error_set(err, WEFT_E_USAGE, "%s of --spikes, --aer, --dataset, --input and --random %s",
                              count ? "only one" : "one", count ? "can be given" : "is needed");
    if (!o->aer != !o->size)
        return weft_error_set(err, WEFT_E_USAGE, o->aer ? "--aer needs --size WxH" : "--size is for --aer");
    const char *coding = a->dataset || a->random ? NULL : coding_option(o);
    if (coding) return weft_error_set(err, WEFT_E_USAGE, "--%s is for --dataset and --random", coding);
    if (a->images && (o->spikes || o->aer))
        return weft_error_set(err, WEFT_E_USAGE, "--images: a list of spikes is one sample");
    if (a->input && o->ticks) return weft_error_set(err, WEFT_E_USAGE, "--ticks: an array has its ticks");
    return WEFT_OK;
}

/* A network of layers says itself what images become. */
static weft_status check_layers(const weft_stimulus_args *a, weft_error *err) {
    const weft_spiking_options *o = a->options;
    const char *wrong = o->spikes ? "spikes" : o->aer ? "aer" : a->random ? "random" : coding_option(o);
    if (!wrong && (o->size || o->ticks)) wrong = o->size ? "size" : "ticks";
    if (wrong)
        return weft_error_set(err, WEFT_E_USAGE, "--%s: a network of layers takes an image a tick, of --dataset",
                              wrong);
    return a->dataset ? WEFT_OK : weft_error_set(err, WEFT_E_USAGE, "--dataset DATASET is missing");
}

weft_status weft_stimulus_source_of(weft_stimulus_source *out, const weft_stimulus_args *args, weft_error *err) {
    const weft_spiking_options *o = args->options;
    *out = (weft_stimulus_source){.spikes = o->spikes,
                                  .aer = o->aer,
                                  .dataset = args->dataset,
                                  .input = args->input,
                                  .random = args->random != NULL,
                                  .list_ticks = o->ticks,
                                  .images = args->images,
                                  .tick_s = args->tick_s,
                                  .currents = args->currents};
    if (args->layers) return check_layers(args, err);
    WEFT_TRY(check_args(args, err));
    if (o->aer) return parse_size(out->camera, o->size, err);
    return args->dataset || args->random ? coding_of(&out->coding, args, err) : WEFT_OK;
}
