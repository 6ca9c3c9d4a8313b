/* A spiking network's samples without its chip, and how far they agree. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "sim/session/spiking_internal.h"

/* Spikes that stand in both lists, which are in order. */
static uint64_t count_same(const weft_spikes *a, const weft_spikes *b) {
    uint64_t same = 0;
    for (size_t i = 0, k = 0; i < a->count && k < b->count;) {
        const weft_spike *x = &a->items[i], *y = &b->items[k];
        const bool equal = x->tick == y->tick && x->neuron == y->neuron;
        const bool before = x->tick < y->tick || (x->tick == y->tick && x->neuron < y->neuron);
        same += equal;
        i += equal || before;
        k += equal || !before;
    }
    return same;
}

/* Of a network of layers: what the layer behind the output says, as the trainer computes it. */
static weft_status expect_layers(const weft_spiking *sim, weft_spikes *expected, uint64_t *answers, weft_error *err) {
    const weft_snn_coding *coding = &sim->mapped->network.coding;
    const uint32_t size = weft_spiking_output(sim)->size;
    size_t next = 0;
    WEFT_TRY(sim->source.layers(expected, weft_spiking_net(sim), coding->layers[sim->records.output], sim->stimulus.set,
                                sim->stimulus.samples, err));
    uint32_t *counts = calloc(size, sizeof *counts);
    if (!counts) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %lu neurons", (unsigned long)size);
    for (uint64_t s = 0; s < sim->stimulus.samples; s++) {
        memset(counts, 0, size * sizeof *counts);
        for (; next < expected->count && expected->items[next].tick == s; next++)
            counts[expected->items[next].neuron]++;
        *answers += weft_snn_vote(coding, counts) == sim->answers[s];
    }
    free(counts);
    return WEFT_OK;
}

static void show_progress(void *context, uint64_t done, uint64_t samples) {
    const weft_spiking *sim = context;
    if (sim->progress) sim->progress(sim->context, done, samples, sim->start_s);
}

/* Root mean squares over samples and classes, in floating point and of what the chip is off. */
static void compare_read(weft_spiking *sim, const weft_float_result *result) {
    const uint32_t classes = weft_spiking_read_classes(sim);
    const double values = (double)sim->stimulus.samples * classes;
    double square = 0, off = 0;
    for (uint64_t s = 0; s < sim->stimulus.samples; s++)
        for (uint32_t c = 0; c < classes; c++) {
            const double wanted = result->sums[s * classes + c], got = weft_spiking_read(sim, s, c);
            square += wanted * wanted;
            off += (got - wanted) * (got - wanted);
        }
    sim->agreement.membrane_rms = sqrt(square / values);
    sim->agreement.membrane_off_rms = sqrt(off / values);
}

static weft_status expect_float(weft_spiking *sim, weft_spikes *expected, uint64_t *answers, weft_error *err) {
    const weft_snn_fit_options *o = &sim->mapped->mapping->options;
    weft_float_result result;
    const weft_float_run run = {.snn = sim->mapped->network.snn,
                                .options = {.dt = o->dt,
                                            .integration = o->exponential ? WEFT_FLOAT_EXPONENTIAL : WEFT_FLOAT_EULER,
                                            .reset = o->subtract ? WEFT_FLOAT_RESET_SUBTRACT : WEFT_FLOAT_RESET_ZERO},
                                .input = &sim->stimulus.spikes,
                                .samples = sim->stimulus.samples,
                                .sample_ticks = sim->stimulus.ticks,
                                .output = sim->records.output,
                                .classes = sim->records.classes,
                                .recorded = &sim->records.output,
                                .records = expected,
                                .recorded_count = weft_spiking_is_read(sim) ? 0 : 1,
                                .threads = sim->spec->threads,
                                .stop = sim->stop,
                                .progress = show_progress,
                                .context = sim};
    sim->start_s = weft_now_s();
    const weft_status status = weft_float_run_samples(&result, &run, err);
    for (uint64_t s = 0; status == WEFT_OK && s < sim->stimulus.samples; s++)
        *answers += (uint32_t)sim->answers[s] == weft_float_result_answer(&result, s);
    if (status == WEFT_OK && sim->read) compare_read(sim, &result);
    weft_float_result_free(&result);
    return status;
}

weft_status weft_spiking_compare(weft_spiking *sim, weft_error *err) {
    weft_spikes expected = {0};
    uint64_t answers = 0;
    weft_spike_agreement *a = &sim->agreement;
    *a = (weft_spike_agreement){.samples = sim->stimulus.samples, .read = sim->read != NULL};
    const weft_status status = (weft_spiking_net(sim) ? expect_layers(sim, &expected, &answers, err)
                                                      : expect_float(sim, &expected, &answers, err));
    a->answers = answers;
    a->spikes = sim->output.count;
    a->expected = expected.count;
    a->same = count_same(&sim->output, &expected);
    weft_spikes_free(&expected);
    return status;
}
