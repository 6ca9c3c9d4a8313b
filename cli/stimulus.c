#include "cli/stimulus.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_TICKS = 100, CAMERA_MAX = 4096 };

const char *const weft_spiking_names[] = {"spikes", "aer",    "size",      "coding",     "rate",
                                          "ticks",  "output", "classes",   "population", "spikes-csv",
                                          "raster", "probe",  "membranes", NULL};

/* ---- options ---- */

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

static weft_status coding_of(weft_coding *out, const weft_stimulus_source *source, weft_error *err) {
    const weft_spiking_options *o = source->options;
    *out = weft_coding_defaults();
    WEFT_TRY(weft_option_choice(&out->kind, "coding", o->coding, weft_coding_names, err));
    WEFT_TRY(weft_option_number(&out->rate_hz, "rate", o->rate, 0, 1e9, err));
    out->tick_s = source->tick_s;
    out->seed = source->seed;
    if (o->ticks) out->ticks = o->ticks;
    if (source->random) WEFT_TRY(weft_option_whole(&out->seed, "random", source->random, err));
    if (o->rate && (out->kind == WEFT_CODING_LATENCY || out->kind == WEFT_CODING_SACCADES))
        return weft_error_set(err, WEFT_E_USAGE, "--rate has no meaning for --coding %s", o->coding);
    if (o->ticks && out->kind == WEFT_CODING_SACCADES)
        return weft_error_set(err, WEFT_E_USAGE, "--ticks has no meaning for --coding saccades, which take 0.3 s");
    if (source->random && o->coding && out->kind > WEFT_CODING_REGULAR)
        return weft_error_set(err, WEFT_E_USAGE,
                              "--coding %s is for images; --random takes bernoulli, poisson or regular", o->coding);
    return weft_coding_check(out, err);
}

/* Option that says how images become spikes, where there are none. */
static const char *coding_option(const weft_spiking_options *o) {
    return o->coding ? "coding" : o->rate ? "rate" : NULL;
}

static weft_status check_source(const weft_stimulus_source *s, weft_error *err) {
    const weft_spiking_options *o = s->options;
    const char *const given[] = {o->spikes, o->aer, s->dataset, s->input, s->random};
    int count = 0;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) count += given[i] != NULL;
    if (count != 1)
        return weft_error_set(err, WEFT_E_USAGE, "%s of --spikes, --aer, --dataset, --input and --random %s",
                              count ? "only one" : "one", count ? "can be given" : "is needed");
    if (!o->aer != !o->size)
        return weft_error_set(err, WEFT_E_USAGE, o->aer ? "--aer needs --size WxH" : "--size is for --aer");
    const char *coding = s->dataset || s->random ? NULL : coding_option(o);
    if (coding) return weft_error_set(err, WEFT_E_USAGE, "--%s is for --dataset and --random", coding);
    if (s->images && (o->spikes || o->aer))
        return weft_error_set(err, WEFT_E_USAGE, "--images: a list of spikes is one sample");
    if (s->input && o->ticks) return weft_error_set(err, WEFT_E_USAGE, "--ticks: an array has its ticks");
    return WEFT_OK;
}

/* ---- sources ---- */

static weft_status check_values(const weft_stimulus *s, const char *what, uint64_t values, weft_error *err) {
    if (values == s->inputs) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "the network takes %lu values a tick; %s %llu", (unsigned long)s->inputs,
                          what, (unsigned long long)values);
}

static weft_status open_list(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    const weft_spiking_options *o = source->options;
    int size[2] = {0, 0};
    if (o->aer) {
        char what[80];
        WEFT_TRY(parse_size(size, o->size, err));
        snprintf(what, sizeof what, "a camera of %d x %d has", size[0], size[1]);
        WEFT_TRY(check_values(s, what, 2 * (uint64_t)size[0] * (uint64_t)size[1], err));
        WEFT_TRY(weft_spikes_read_aer(&s->spikes, o->aer, size[0], size[1], source->tick_s, err));
    } else {
        WEFT_TRY(weft_spikes_read_csv(&s->spikes, o->spikes, s->inputs, source->tick_s, err));
    }
    s->samples = 1;
    s->ticks = s->spikes.count ? s->spikes.items[s->spikes.count - 1].tick + 1 : 1;
    if (o->ticks) s->ticks = o->ticks;
    s->merged = s->spikes.merged;
    return WEFT_OK;
}

static weft_status count_images(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    s->samples = source->images ? source->images : s->set->count;
    if (s->samples <= s->set->count) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "--images: %llu is above the %zu images of %.200s",
                          (unsigned long long)s->samples, s->set->count, source->dataset);
}

/* Of a network of layers, which says itself what images become. */
static weft_status open_images(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    const weft_spiking_options *o = source->options;
    const char *wrong = o->spikes ? "spikes" : o->aer ? "aer" : source->random ? "random" : coding_option(o);
    if (!wrong && (o->size || o->ticks)) wrong = o->size ? "size" : "ticks";
    if (wrong)
        return weft_error_set(err, WEFT_E_USAGE, "--%s: a network of layers takes an image a tick, of --dataset",
                              wrong);
    if (!source->dataset) return weft_error_set(err, WEFT_E_USAGE, "--dataset DATASET is missing");
    WEFT_TRY(weft_dataset_open(&s->set, source->dataset, WEFT_SPLIT_TEST, err));
    WEFT_TRY(weft_network_check_dataset(source->net, s->set, err));
    WEFT_TRY(weft_network_bind_named(source->net, source->dataset, err));
    s->ticks = 1;
    return count_images(s, source, err);
}

static weft_status open_set(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    char what[300];
    WEFT_TRY(coding_of(&s->coding, source, err));
    s->coded = true;
    WEFT_TRY(weft_dataset_open(&s->set, source->dataset, WEFT_SPLIT_TEST, err));
    snprintf(what, sizeof what, "images of %.200s as %s have", source->dataset, weft_coding_names[s->coding.kind]);
    WEFT_TRY(check_values(s, what, weft_coding_neurons(&s->coding, s->set->shape), err));
    s->ticks = weft_coding_ticks(&s->coding);
    return count_images(s, source, err);
}

static weft_status open_array(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    weft_npy *a = &s->array;
    WEFT_TRY(weft_npy_read(a, source->input, err));
    if (a->ndims < 2 || a->ndims > 3 || a->dims[a->ndims - 1] != s->inputs || a->count == 0)
        return weft_error_set_at(err, WEFT_E_INVALID, source->input, 0, 0,
                                 "is not an array of ticks x %lu values, or of samples x ticks x %lu values, as the "
                                 "network takes them",
                                 (unsigned long)s->inputs, (unsigned long)s->inputs);
    s->samples = a->ndims == 3 ? a->dims[0] : 1;
    s->ticks = a->dims[a->ndims - 2];
    if (source->images > s->samples)
        return weft_error_set(err, WEFT_E_INVALID, "--images: %llu is above the %llu samples of %.200s",
                              (unsigned long long)source->images, (unsigned long long)s->samples, source->input);
    if (source->images) s->samples = source->images;
    return WEFT_OK;
}

static weft_status open_random(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    WEFT_TRY(coding_of(&s->coding, source, err));
    s->coded = true;
    s->samples = source->images ? source->images : 1;
    s->ticks = s->coding.ticks;
    return WEFT_OK;
}

weft_status weft_stimulus_open(weft_stimulus *out, const weft_stimulus_source *source, const weft_snn *snn,
                               weft_error *err) {
    *out = (weft_stimulus){.inputs = snn->inputs, .source = source};
    if (source->net) return open_images(out, source, err);
    WEFT_TRY(check_source(source, err));
    if (source->dataset) return open_set(out, source, err);
    if (source->input) return open_array(out, source, err);
    if (source->random) return open_random(out, source, err);
    return open_list(out, source, err);
}

void weft_stimulus_close(weft_stimulus *s) {
    weft_spikes_free(&s->spikes);
    weft_npy_free(&s->array);
    weft_dataset_destroy(s->set);
    s->set = NULL;
}

/* Every input like a pixel of 255. */
static weft_status make_random(weft_stimulus *s, weft_error *err) {
    weft_status status = WEFT_OK;
    const weft_shape shape = {1, 1, (int)s->inputs};
    uint8_t *bright = malloc((size_t)s->inputs + 1);
    if (!bright) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %lu inputs", (unsigned long)s->inputs);
    memset(bright, 255, s->inputs);
    for (uint64_t i = 0; i < s->samples; i++)
        WEFT_TRY_GOTO(weft_coding_image(&s->spikes, &s->coding, bright, shape, i, i * s->ticks, err));
cleanup:
    free(bright);
    return status;
}

weft_status weft_stimulus_make(weft_stimulus *s, weft_error *err) {
    if (s->source->net) return weft_layer_spikes(&s->spikes, s->source->net, s->source->layer, s->set, s->samples, err);
    if (!s->coded) return WEFT_OK;
    if (!s->set) return make_random(s, err);
    WEFT_TRY(weft_coding_dataset(&s->spikes, &s->coding, s->set, 0, (size_t)s->samples, 0, 0, err));
    s->merged = s->spikes.merged;
    return WEFT_OK;
}

/* ---- told ---- */

static void coding_text(char *out, size_t size, const weft_coding *coding) {
    if (coding->kind <= WEFT_CODING_REGULAR)
        snprintf(out, size, "%s at %g Hz", weft_coding_names[coding->kind], coding->rate_hz);
    else
        snprintf(out, size, "%s", weft_coding_names[coding->kind]);
}

void weft_stimulus_text(char *out, size_t size, const weft_stimulus *s, const weft_stimulus_source *source) {
    char coding[80];
    const char *plural = s->samples == 1 ? "" : "s";
    coding_text(coding, sizeof coding, &s->coding);
    if (source->net)
        snprintf(out, size, "%llu image%s of %.200s, a tick each", (unsigned long long)s->samples, plural,
                 source->dataset);
    else if (source->dataset)
        snprintf(out, size, "%llu image%s of %.200s, %s", (unsigned long long)s->samples, plural, source->dataset,
                 coding);
    else if (source->random)
        snprintf(out, size, "%llu random sample%s, %s", (unsigned long long)s->samples, plural, coding);
    else if (source->input)
        snprintf(out, size, "%llu sample%s of %.200s", (unsigned long long)s->samples, plural, source->input);
    else
        snprintf(out, size, "%zu spikes of %.200s", s->spikes.count,
                 source->options->aer ? source->options->aer : source->options->spikes);
}

void weft_stimulus_json(weft_json *json, const weft_stimulus *s, const weft_stimulus_source *source) {
    weft_json_object(json, "stimulus");
    if (source->options->spikes) weft_json_text(json, "spikes_file", source->options->spikes);
    if (source->options->aer) weft_json_text(json, "aer_file", source->options->aer);
    if (source->input) weft_json_text(json, "input", source->input);
    if (source->dataset) weft_json_text(json, "dataset", source->dataset);
    if (s->coded) {
        weft_json_text(json, "coding", weft_coding_names[s->coding.kind]);
        if (s->coding.kind <= WEFT_CODING_REGULAR) weft_json_number(json, "rate_hz", s->coding.rate_hz);
        weft_json_count(json, "seed", s->coding.seed);
    }
    weft_json_count(json, "samples", s->samples);
    weft_json_count(json, "ticks", s->ticks);
    weft_json_number(json, "tick_s", source->tick_s);
    if (!source->input) weft_json_count(json, "spikes", s->spikes.count);
    weft_json_count(json, "merged", s->merged);
    weft_json_object_end(json);
}
