/* Where the images of weft run come from. */
#include <string.h>

#include "cli/run.h"
#include "core/rng.h"

void weft_run_close(weft_run_source *s) {
    weft_dataset_destroy(s->set);
    weft_npy_free(&s->array);
}

weft_status weft_run_read(const weft_run_source *s, size_t first, size_t count, float *x, weft_error *err) {
    size_t size = weft_shape_size(s->net->input);
    if (s->set) return weft_dataset_inputs(s->set, &s->net->preprocess, first, count, x, err);
    for (size_t i = 0; i < count && s->is_random; i++) {
        weft_rng rng = {.seed = s->seed, .step = first + i, .purpose = WEFT_PURPOSE_INPUT};
        weft_rng_fill_uniform(&rng, 0, size, x + i * size);
    }
    if (!s->is_random) memcpy(x, s->array.values + first * size, count * size * sizeof *x);
    return WEFT_OK;
}

weft_status weft_run_open_set(weft_run_source *s, const char *dataset, weft_split split, weft_error *err) {
    WEFT_TRY(weft_dataset_open(&s->set, dataset, split, err));
    s->count = s->set->count;
    return weft_network_check_dataset(s->net, s->set, err);
}

static void extents_text(char *out, size_t out_size, const weft_npy *npy) {
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < npy->ndims && used + 1 < out_size; i++)
        used += (size_t)snprintf(out + used, out_size - used, i ? " x %zu" : "%zu", npy->dims[i]);
}

/* Images of the network's shape, or rows of as many values. */
static bool fits_network(const weft_npy *npy, weft_shape s) {
    const size_t wanted[3] = {(size_t)s.channels, (size_t)s.height, (size_t)s.width};
    if (npy->ndims == 2) return npy->dims[1] == weft_shape_size(s);
    return npy->ndims == 4 && memcmp(npy->dims + 1, wanted, sizeof wanted) == 0;
}

static weft_status open_array(weft_run_source *s, const char *path, weft_error *err) {
    weft_shape in = s->net->input;
    char extents[256];
    WEFT_TRY(weft_npy_read(&s->array, path, err));
    extents_text(extents, sizeof extents, &s->array);
    if (!fits_network(&s->array, in))
        return weft_error_set_at(err, WEFT_E_INVALID, path, 0, 0,
                                 "an array of %s; network %s takes images x %d x %d x %d, or images x %zu",
                                 s->array.ndims ? extents : "one value", s->net->name, in.channels, in.height, in.width,
                                 weft_shape_size(in));
    s->count = s->array.dims[0];
    if (s->count == 0) return weft_error_set_at(err, WEFT_E_INVALID, path, 0, 0, "an array without images");
    return WEFT_OK;
}

weft_status weft_run_open(weft_run_source *s, weft_run *run, weft_error *err) {
    const weft_run_options *o = run->options;
    s->net = run->net;
    if (o->dataset) {
        WEFT_TRY(weft_run_open_set(s, o->dataset, WEFT_SPLIT_TEST, err));
        WEFT_TRY(weft_network_bind_named(run->net, o->dataset, err));
        run->labels = s->set->labels;
    } else if (o->input) {
        WEFT_TRY(open_array(s, o->input, err));
    } else {
        s->is_random = true;
        s->count = SIZE_MAX;
        WEFT_TRY(weft_option_whole(&s->seed, "random", o->random, err));
    }
    run->images = o->images ? o->images : s->is_random ? 1 : s->count;
    if (run->images > s->count)
        return weft_error_set(err, WEFT_E_INVALID, "--images: %zu is above the %zu images of %s", run->images, s->count,
                              o->dataset ? o->dataset : o->input);
    return WEFT_OK;
}
