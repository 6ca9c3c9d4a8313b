/* Which class the spikes of a neuron count for. */
#include <stdlib.h>

#include "core/snn_network_internal.h"

weft_status weft_snn_coding_plain(weft_snn_coding *coding, const weft_snn_draft *d, int size) {
    coding->class_of = malloc(((size_t)size + 1) * sizeof *coding->class_of);
    if (!coding->class_of) return weft_snn_draft_memory(d);
    for (int n = 0; n < size; n++) coding->class_of[n] = n;
    coding->classes = size;
    coding->size = (uint32_t)size;
    coding->votes = 1;
    return WEFT_OK;
}

/* The layers behind the last spikes as a network of two populations: the spikes and the classes. */
static weft_status votes_snn(weft_snn **out, const weft_snn_binary *b, const weft_snn_path *path) {
    weft_snn_draft d = b->draft;
    const weft_layer *source = weft_snn_layer(b, path->source), *target = weft_snn_layer(b, path->target);
    weft_status status;
    int at;
    d.nir = NULL;
    *out = NULL;
    WEFT_TRY_GOTO(weft_nir_create(&d.nir, d.err));
    WEFT_TRY_GOTO(weft_snn_draft_end(&d, WEFT_NIR_INPUT, NULL, source->out, -1, &at));
    WEFT_TRY_GOTO(weft_snn_path_add(&d, path, NULL, at, &at));
    WEFT_TRY_GOTO(weft_snn_draft_end(&d, WEFT_NIR_OUTPUT, NULL, target->out, at, &at));
    WEFT_TRY_GOTO(weft_snn_create(out, d.nir->graph, d.dt, NULL, d.err));
cleanup:
    weft_nir_destroy(d.nir);
    return status;
}

/* One weight, at most one class a neuron, as many neurons a class. */
static weft_status read_votes(const weft_snn_binary *b, const weft_snn_path *path, const weft_snn *snn,
                              weft_snn_coding *coding) {
    const weft_snn_projection *p = snn->projection_count ? &snn->projections[0] : NULL;
    const int last = path->target, classes = (int)weft_shape_size(weft_snn_layer(b, last)->out);
    const uint32_t size = snn->populations[0].size;
    uint32_t *counts = calloc((size_t)classes + 1, sizeof *counts);
    weft_status status = WEFT_OK;
    coding->class_of = malloc((size_t)size * sizeof *coding->class_of);
    if (!counts || !coding->class_of) WEFT_TRY_GOTO(weft_snn_draft_memory(&b->draft));
    for (uint32_t n = 0; n < size; n++) {
        const uint64_t synapses = p ? p->first[n + 1] - p->first[n] : 0, first = p ? p->first[n] : 0;
        coding->class_of[n] = synapses ? (int)p->targets[first] : -1;
        if (synapses > 1)
            WEFT_TRY_GOTO(weft_snn_refuse(&b->draft, last,
                                          "neuron %u of '%.80s' counts for several outputs; the network "
                                          "has to end with a threshold layer and votes",
                                          n, weft_snn_layer(b, path->source)->name));
        if (synapses && (p->weights[first] != p->weights[0] || p->weights[first] <= 0))
            WEFT_TRY_GOTO(weft_snn_refuse(&b->draft, last, "votes have weights of %g and %g; one above 0 is possible",
                                          (double)p->weights[0], (double)p->weights[first]));
        if (synapses) counts[coding->class_of[n]]++;
    }
    for (int k = 0; k < classes; k++)
        if (counts[k] != counts[0] || counts[0] == 0)
            WEFT_TRY_GOTO(weft_snn_refuse(&b->draft, last,
                                          "%u neurons vote for class 0 and %u for class %d; there have "
                                          "to be as many for each",
                                          counts[0], counts[k], k));
    coding->classes = classes;
    coding->size = size;
    coding->votes = counts[0];
cleanup:
    free(counts);
    return status;
}

/* Nothing may shift or scale a class. */
static weft_status check_votes(const weft_snn_binary *b, const weft_snn_path *path) {
    for (int i = 0; i < path->count; i++) {
        const weft_layer *l = weft_snn_layer(b, path->layers[i]);
        if (l->kind == WEFT_LAYER_BATCH_NORM || l->kind == WEFT_LAYER_AFFINE || l->bias)
            return weft_snn_refuse(&b->draft, path->layers[i],
                                   "shifts or scales the outputs behind the last spikes; "
                                   "votes are plain counts of spikes");
    }
    return WEFT_OK;
}

weft_status weft_snn_votes_find(const weft_snn_binary *b, weft_snn_coding *coding, int *source) {
    int last = b->draft.net->layer_count - 1;
    weft_snn_path path;
    weft_snn *snn = NULL;
    weft_status status;
    if (weft_snn_layer(b, last)->kind == WEFT_LAYER_SOFTMAX) last = weft_snn_layer(b, last)->input;
    WEFT_TRY(weft_snn_path_find(b, last, last, &path));
    *source = path.source;
    if (path.count == 0)
        return weft_snn_coding_plain(coding, &b->draft, (int)weft_shape_size(weft_snn_layer(b, last)->out));
    WEFT_TRY_GOTO(check_votes(b, &path));
    WEFT_TRY_GOTO(votes_snn(&snn, b, &path));
    WEFT_TRY_GOTO(read_votes(b, &path, snn, coding));
cleanup:
    weft_snn_destroy(snn);
    return status;
}
