#include "sim/session/stimulus.h"

#include <stdlib.h>
#include <string.h>

/* ---- sources ---- */

static weft_status check_values(const weft_stimulus *s, const char *what, uint64_t values, weft_error *err) {
    if (values == s->inputs) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "the network takes %lu values a tick; %s %llu", (unsigned long)s->inputs,
                          what, (unsigned long long)values);
}

static weft_status open_list(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    if (source->aer) {
        const int *size = source->camera;
        char what[80];
        snprintf(what, sizeof what, "a camera of %d x %d has", size[0], size[1]);
        WEFT_TRY(check_values(s, what, 2 * (uint64_t)size[0] * (uint64_t)size[1], err));
        WEFT_TRY(weft_spikes_read_aer(&s->spikes, source->aer, size[0], size[1], source->tick_s, err));
    } else {
        WEFT_TRY(weft_spikes_read_csv(&s->spikes, source->spikes, s->inputs, source->tick_s, err));
    }
    s->samples = 1;
    s->ticks = s->spikes.count ? s->spikes.items[s->spikes.count - 1].tick + 1 : 1;
    if (source->list_ticks) s->ticks = source->list_ticks;
    s->merged = s->spikes.merged;
    return WEFT_OK;
}

static weft_status count_images(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    s->samples = source->images ? source->images : s->set->count;
    if (s->samples <= s->set->count) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "--images: %llu is above the %zu images of %.200s",
                          (unsigned long long)s->samples, s->set->count, source->dataset);
}

static weft_status find_set(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    if (!source->set) WEFT_TRY(weft_dataset_open(&s->own_set, source->dataset, WEFT_SPLIT_TEST, err));
    s->set = source->set ? source->set : s->own_set;
    return WEFT_OK;
}

/* Of a network of layers, which says itself what images become. */
static weft_status open_images(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    WEFT_TRY(find_set(s, source, err));
    WEFT_TRY(weft_network_check_dataset(source->net, s->set, err));
    WEFT_TRY(weft_network_bind_named(source->net, source->dataset, err));
    s->ticks = 1;
    return count_images(s, source, err);
}

static weft_status open_set(weft_stimulus *s, const weft_stimulus_source *source, weft_error *err) {
    const weft_coding *coding = &source->coding;
    char what[300];
    WEFT_TRY(weft_coding_check(coding, err));
    if (coding->kind == WEFT_CODING_CURRENT && !source->currents)
        return weft_error_set(err, WEFT_E_INVALID, "a chip takes spikes; the coding current makes none");
    s->coded = true;
    WEFT_TRY(find_set(s, source, err));
    snprintf(what, sizeof what, "images of %.200s as %s have", source->dataset, weft_coding_all_names[coding->kind]);
    WEFT_TRY(check_values(s, what, weft_coding_neurons(coding, s->set->shape), err));
    s->ticks = weft_coding_ticks(coding);
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
    WEFT_TRY(weft_coding_check(&source->coding, err));
    s->coded = true;
    s->samples = source->images ? source->images : 1;
    s->ticks = source->coding.ticks;
    return WEFT_OK;
}

weft_status weft_stimulus_open(weft_stimulus *out, const weft_stimulus_source *source, const weft_snn *snn,
                               weft_error *err) {
    *out = (weft_stimulus){.inputs = snn->inputs, .source = source};
    if (source->net) return open_images(out, source, err);
    if (source->dataset) return open_set(out, source, err);
    if (source->input) return open_array(out, source, err);
    if (source->random) return open_random(out, source, err);
    return open_list(out, source, err);
}

void weft_stimulus_close(weft_stimulus *s) {
    weft_spikes_free(&s->spikes);
    weft_npy_free(&s->array);
    free(s->values);
    s->values = NULL;
    weft_dataset_destroy(s->own_set);
    s->own_set = NULL;
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
        WEFT_TRY_GOTO(weft_coding_image(&s->spikes, &s->source->coding, bright, shape, i, i * s->ticks, err));
cleanup:
    free(bright);
    return status;
}

/* What images are as currents. */
static weft_status make_values(weft_stimulus *s, weft_error *err) {
    static const weft_preprocess none;
    s->values = malloc((size_t)s->samples * s->inputs * sizeof *s->values);
    if (!s->values)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for %llu images", (unsigned long long)s->samples);
    return weft_dataset_inputs(s->set, &none, 0, (size_t)s->samples, s->values, err);
}

weft_status weft_stimulus_make(weft_stimulus *s, weft_error *err) {
    const weft_stimulus_source *o = s->source;
    if (o->net) return o->layers(&s->spikes, o->net, o->layer, s->set, s->samples, err);
    if (!s->coded) return WEFT_OK;
    if (!s->set) return make_random(s, err);
    if (o->coding.kind == WEFT_CODING_CURRENT) return make_values(s, err);
    WEFT_TRY(weft_coding_dataset(&s->spikes, &o->coding, s->set, 0, (size_t)s->samples, 0, o->threads, err));
    s->merged = s->spikes.merged;
    return WEFT_OK;
}

/* ---- told ---- */

static void coding_text(char *out, size_t size, const weft_coding *coding) {
    if (coding->kind <= WEFT_CODING_REGULAR)
        snprintf(out, size, "%s at %g Hz", weft_coding_all_names[coding->kind], coding->rate_hz);
    else
        snprintf(out, size, "%s", weft_coding_all_names[coding->kind]);
}

void weft_stimulus_text(char *out, size_t size, const weft_stimulus *s) {
    const weft_stimulus_source *source = s->source;
    char coding[80];
    const char *plural = s->samples == 1 ? "" : "s";
    coding_text(coding, sizeof coding, &source->coding);
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
        snprintf(out, size, "%zu spikes of %.200s", s->spikes.count, source->aer ? source->aer : source->spikes);
}

void weft_stimulus_json(weft_json *json, const weft_stimulus *s) {
    const weft_stimulus_source *source = s->source;
    weft_json_object(json, "stimulus");
    if (source->spikes) weft_json_text(json, "spikes_file", source->spikes);
    if (source->aer) weft_json_text(json, "aer_file", source->aer);
    if (source->input) weft_json_text(json, "input", source->input);
    if (source->dataset) weft_json_text(json, "dataset", source->dataset);
    if (s->coded) {
        weft_json_text(json, "coding", weft_coding_all_names[source->coding.kind]);
        if (source->coding.kind <= WEFT_CODING_REGULAR) weft_json_number(json, "rate_hz", source->coding.rate_hz);
        if (!s->values) weft_json_count(json, "seed", source->coding.seed);
    }
    weft_json_count(json, "samples", s->samples);
    weft_json_count(json, "ticks", s->ticks);
    weft_json_number(json, "tick_s", source->tick_s);
    if (!source->input && !s->values) weft_json_count(json, "spikes", s->spikes.count);
    if (!s->values) weft_json_count(json, "merged", s->merged);
    weft_json_object_end(json);
}
