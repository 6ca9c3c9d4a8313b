#include "sim/spike/float_run.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

/* One thread's. */
typedef struct worker {
    const weft_float_run *run;
    weft_float_network *net;
    float *values;    /* [inputs] of a tick */
    uint64_t *spikes; /* [populations] */
} worker;

bool weft_float_fires(const weft_snn_population *population) {
    return population->model == WEFT_NIR_INPUT || population->parameters[WEFT_SNN_V_THRESHOLD].values != NULL;
}

static uint64_t first_tick(const weft_float_run *run, uint64_t sample) { return sample * run->sample_ticks; }

/* First spike of the input at `tick` or later. */
static size_t find_spike(const weft_spikes *input, uint64_t tick) {
    size_t low = 0, high = input->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (input->items[middle].tick < tick)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const float *tick_values(worker *w, uint64_t sample, uint64_t t, size_t *next) {
    const weft_float_run *run = w->run;
    const size_t inputs = run->snn->inputs;
    if (!run->input) return run->values + (run->constant ? sample : sample * run->sample_ticks + t) * inputs;
    const uint64_t tick = first_tick(run, sample) + t;
    memset(w->values, 0, inputs * sizeof *w->values);
    for (; *next < run->input->count && run->input->items[*next].tick == tick; ++*next)
        w->values[run->input->items[*next].neuron] = 1;
    return w->values;
}

static void add_sums(const worker *w, double *sums, uint32_t classes) {
    const uint32_t size = w->run->snn->populations[w->run->output].size, width = size / classes;
    const double *out = weft_float_network_output(w->net, w->run->output);
    for (uint32_t n = 0; n < size; n++) sums[n / width] += out[n];
}

static void count_spikes(worker *w) {
    const weft_snn *snn = w->run->snn;
    for (int p = 0; p < snn->population_count; p++) {
        const double *out = weft_float_network_output(w->net, p);
        if (!weft_float_fires(&snn->populations[p])) continue;
        for (uint32_t n = 0; n < snn->populations[p].size; n++) w->spikes[p] += out[n] != 0;
    }
}

/* lists [recorded_count]: of this sample. */
static weft_status record(const worker *w, weft_spikes *lists, uint64_t sample, uint64_t t, weft_error *err) {
    const weft_float_run *run = w->run;
    for (int r = 0; r < run->recorded_count; r++) {
        const double *out = weft_float_network_output(w->net, run->recorded[r]);
        for (uint32_t n = 0; n < run->snn->populations[run->recorded[r]].size; n++)
            if (out[n] != 0) WEFT_TRY(weft_spikes_add(&lists[r], first_tick(run, sample) + t, n, err));
    }
    for (int p = 0; p < run->probe_count; p++)
        run->membranes[(sample * run->sample_ticks + t) * (uint64_t)run->probe_count + (uint64_t)p] =
            weft_float_network_membrane(w->net, run->probes[p].population)[run->probes[p].neuron];
    return WEFT_OK;
}

static weft_status run_sample(worker *w, weft_float_result *out, weft_spikes *lists, uint64_t sample, weft_error *err) {
    const weft_float_run *run = w->run;
    const weft_snn_population *output = &run->snn->populations[run->output];
    size_t next = run->input ? find_spike(run->input, first_tick(run, sample)) : 0;
    weft_float_network_reset(w->net);
    for (uint64_t t = 0; t < run->sample_ticks; t++) {
        if (run->stop && *run->stop) return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted");
        weft_float_network_step(w->net, tick_values(w, sample, t, &next));
        if (weft_float_fires(output) || t + 1 == run->sample_ticks)
            add_sums(w, out->sums + sample * out->classes, out->classes);
        count_spikes(w);
        WEFT_TRY(record(w, lists, sample, t, err));
    }
    return WEFT_OK;
}

static weft_status no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the run of a network");
}

static weft_status worker_create(worker *w, const weft_float_run *run, weft_error *err) {
    *w = (worker){.run = run};
    WEFT_TRY(weft_float_network_create(&w->net, run->snn, &run->options, err));
    w->values = malloc(((size_t)run->snn->inputs + 1) * sizeof *w->values);
    w->spikes = calloc((size_t)run->snn->population_count, sizeof *w->spikes);
    return w->values && w->spikes ? WEFT_OK : no_memory(err);
}

static void worker_free(worker *w) {
    weft_float_network_destroy(w->net);
    free(w->values);
    free(w->spikes);
}

/* What all threads share. */
typedef struct crew {
    const weft_float_run *run;
    weft_float_result *out;
    weft_spikes *lists; /* [samples, recorded_count] */
    uint64_t next, done;
    weft_status status;
    weft_error *err;
} crew;

static void fail(crew *c, weft_status status, const weft_error *cause) {
#pragma omp critical(weft_float_run)
    if (c->status == WEFT_OK) {
        c->status = status;
        if (c->err) *c->err = *cause;
    }
}

/* The sample to be done next; false: there is none, or another one failed. */
static bool take(crew *c, uint64_t *sample) {
    bool taken;
#pragma omp critical(weft_float_run)
    {
        taken = c->status == WEFT_OK && c->next < c->run->samples;
        *sample = taken ? c->next++ : 0;
    }
    return taken;
}

static void tell_done(crew *c) {
#pragma omp critical(weft_float_run)
    {
        c->done++;
        if (c->run->progress) c->run->progress(c->run->context, c->done, c->run->samples);
    }
}

static void work(crew *c) {
    worker w;
    weft_error cause = {0};
    uint64_t sample;
    const size_t lists = (size_t)c->run->recorded_count;
    weft_status status = worker_create(&w, c->run, &cause);
    while (status == WEFT_OK && take(c, &sample)) {
        status = run_sample(&w, c->out, c->lists + sample * lists, sample, &cause);
        if (status == WEFT_OK) tell_done(c);
    }
    if (status != WEFT_OK) fail(c, status, &cause);
#pragma omp critical(weft_float_run)
    for (int p = 0; w.spikes && p < c->run->snn->population_count; p++) c->out->spikes[p] += w.spikes[p];
    worker_free(&w);
}

static weft_status gather(const crew *c, weft_error *err) {
    const weft_float_run *run = c->run;
    for (int r = 0; r < run->recorded_count; r++) {
        run->records[r].neurons = run->snn->populations[run->recorded[r]].size;
        run->records[r].tick_s = run->options.dt;
        for (uint64_t s = 0; s < run->samples; s++) {
            const weft_spikes *list = &c->lists[s * (uint64_t)run->recorded_count + (uint64_t)r];
            for (size_t i = 0; i < list->count; i++)
                WEFT_TRY(weft_spikes_add(&run->records[r], list->items[i].tick, list->items[i].neuron, err));
        }
    }
    return WEFT_OK;
}

static weft_status lists_create(crew *c, weft_error *err) {
    const size_t count = (size_t)c->run->samples * (size_t)c->run->recorded_count;
    c->lists = calloc(count + 1, sizeof *c->lists);
    if (!c->lists) return no_memory(err);
    for (size_t i = 0; i < count; i++)
        c->lists[i].neurons = c->run->snn->populations[c->run->recorded[i % (size_t)c->run->recorded_count]].size;
    return WEFT_OK;
}

weft_status weft_float_run_samples(weft_float_result *out, const weft_float_run *run, weft_error *err) {
    crew c = {.run = run, .out = out, .err = err};
    weft_status status;
    const double start_s = weft_now_s();
    int threads = run->threads > 0 ? run->threads : omp_get_max_threads();
    if ((uint64_t)threads > run->samples) threads = run->samples > 0 ? (int)run->samples : 1;
    *out = (weft_float_result){.classes = run->classes ? run->classes : run->snn->populations[run->output].size};
    out->sums = calloc((size_t)run->samples * out->classes + 1, sizeof *out->sums);
    out->spikes = calloc((size_t)run->snn->population_count, sizeof *out->spikes);
    if (!out->sums || !out->spikes) WEFT_TRY_GOTO(no_memory(err));
    WEFT_TRY_GOTO(lists_create(&c, err));
#pragma omp parallel num_threads(threads)
    work(&c);
    WEFT_TRY_GOTO(c.status);
    WEFT_TRY_GOTO(gather(&c, err));
    out->seconds = weft_now_s() - start_s;
cleanup:
    for (size_t i = 0; c.lists && i < (size_t)run->samples * (size_t)run->recorded_count; i++)
        weft_spikes_free(&c.lists[i]);
    free(c.lists);
    return status;
}

void weft_float_result_free(weft_float_result *result) {
    free(result->sums);
    free(result->spikes);
    result->sums = NULL;
    result->spikes = NULL;
}

uint32_t weft_float_result_answer(const weft_float_result *result, uint64_t sample) {
    const double *sums = result->sums + sample * result->classes;
    uint32_t best = 0;
    for (uint32_t c = 1; c < result->classes; c++)
        if (sums[c] > sums[best]) best = c;
    return best;
}
