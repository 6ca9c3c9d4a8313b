/* Running a program: samples in, spikes counted and recorded by steps of the network. */
#include <stdlib.h>

#include "core/clock.h"
#include "sim/spike/program_internal.h"

enum { CHUNK = 1024 }; /* ticks between looks at progress */

typedef weft_program_runner runner;

/* ---- what comes out ---- */

static void keep(runner *r, int population, uint32_t neuron, uint64_t step) {
    const uint64_t at = r->origin + step;
    if (population == r->output)
        r->out->counts[at / r->period * (uint64_t)r->out->classes + neuron / (uint32_t)r->group]++;
    for (int i = 0; i < r->job->recorded_count && r->status == WEFT_OK; i++)
        if (r->job->recorded[i] == population) r->status = weft_spikes_add(&r->job->records[i], at, neuron, r->err);
}

/* The step of a population at a tick; false: ahead of its first one or behind its last. */
static bool step_of(uint64_t *step, const runner *r, int population, uint64_t tick) {
    const uint64_t lag = (uint64_t)r->program->layout->lag[population];
    *step = tick - lag;
    return tick >= lag && *step < r->steps;
}

static void keep_membranes(runner *r, uint64_t tick) {
    for (int i = 0; i < r->job->probe_count; i++) {
        const weft_spike_probe *probe = &r->job->probes[i];
        uint64_t step = 0;
        if (!step_of(&step, r, probe->population, tick)) continue;
        r->job->membranes[(r->origin + step) * (uint64_t)r->job->probe_count + (uint64_t)i] =
            weft_spike_program_membrane(r->program, probe->population, probe->neuron);
    }
}

static void listen(void *context, uint64_t tick, const uint32_t *cores, const uint16_t *neurons, int64_t count) {
    runner *r = context;
    if (r->job->listener) r->job->listener(r->job->context, r->begun + tick, cores, neurons, count);
    for (int64_t i = 0; i < count; i++) {
        int population = 0;
        uint32_t neuron = 0;
        uint64_t step = 0;
        bool first_copy = false;
        if (r->crossings) r->out->crossings += r->crossings[r->first[cores[i]] + neurons[i]];
        if (!r->busy[cores[i]]) continue;
        weft_spike_program_find(&population, &neuron, &first_copy, r->program, cores[i], neurons[i]);
        if (first_copy && r->wanted[population] && step_of(&step, r, population, tick))
            keep(r, population, neuron, step);
    }
    keep_membranes(r, tick);
}

/* ---- from reset to reset ---- */

/* Input of the steps before `end`, steps counted from the reset. */
static weft_status take_input(runner *r, uint64_t end) {
    const weft_spikes *input = r->job->input;
    for (; r->cursor < input->count; r->cursor++) {
        const weft_spike *spike = &input->items[r->cursor];
        if (spike->tick / r->sample_ticks >= r->job->samples) break;
        const uint64_t step = spike->tick / r->sample_ticks * r->period + spike->tick % r->sample_ticks - r->origin;
        if (step >= r->steps || step >= end) break;
        const size_t before = r->stimuli.count;
        WEFT_TRY(weft_program_stimulate(&r->stimuli, r->program, r->core_of, spike->neuron, step, r->err));
        r->out->input_packets += r->stimuli.count - before;
    }
    return WEFT_OK;
}

static weft_status run_chunk(runner *r, uint64_t end) {
    const uint64_t tick = weft_spike_chip_tick(r->program->chip);
    size_t count = 0;
    WEFT_TRY(take_input(r, end));
    WEFT_TRY(weft_program_stimuli_sort(&r->stimuli, &count, end, r->err));
    const weft_spike_run run = {.ticks = end - tick,
                                .stimuli = r->stimuli.items,
                                .stimulus_count = (int64_t)count,
                                .listener = listen,
                                .context = r,
                                .threads = r->job->threads,
                                .stop = r->job->stop};
    WEFT_TRY(weft_spike_chip_run(r->program->chip, &run, r->err));
    weft_program_stimuli_drop(&r->stimuli, count);
    if (r->job->stop && *r->job->stop) return weft_error_set(r->err, WEFT_E_INTERRUPTED, "interrupted");
    return r->status;
}

static void add_counts(runner *r) {
    uint64_t *to = (uint64_t *)&r->out->total;
    for (int c = 0; c < r->program->core_count; c++) {
        const uint64_t *from = (const uint64_t *)weft_spike_chip_counts(r->program->chip, c);
        uint64_t *own = (uint64_t *)&r->out->cores[c];
        for (size_t i = 0; i < sizeof r->out->total / sizeof *to; i++) {
            to[i] += from[i];
            own[i] += from[i];
        }
    }
}

/* Samples first .. first + count - 1. */
static weft_status run_epoch(runner *r, uint64_t first, uint64_t count) {
    weft_spike_chip_reset(r->program->chip);
    r->stimuli.count = 0;
    r->origin = first * r->period;
    r->steps = count * r->period;
    const uint64_t end = r->steps + r->tail;
    for (uint64_t tick = 0; tick < end;) {
        tick = end - tick > CHUNK ? tick + CHUNK : end;
        WEFT_TRY(run_chunk(r, tick));
        const uint64_t done = first + (tick < r->steps ? tick : r->steps) / r->period;
        if (r->job->progress) r->job->progress(r->job->progress_context, done, r->job->samples);
    }
    add_counts(r);
    r->begun += end;
    return WEFT_OK;
}

/* ---- all of it ---- */

static weft_status run_all(runner *r) {
    WEFT_TRY(weft_program_prepare(r));
    if (!r->job->reset) return run_epoch(r, 0, r->job->samples);
    for (uint64_t s = 0; s < r->job->samples; s++) WEFT_TRY(run_epoch(r, s, 1));
    return WEFT_OK;
}

weft_status weft_spike_program_run(weft_spike_result *out, weft_spike_program *program, const weft_spike_job *job,
                                   weft_error *err) {
    runner r = {.program = program, .job = job, .out = out, .err = err};
    const double start = weft_now_s();
    *out = (weft_spike_result){0};
    const weft_status status = run_all(&r);
    for (int i = 0; i < job->recorded_count; i++) weft_spikes_sort(&job->records[i]);
    weft_program_finish(&r);
    out->ticks = r.begun;
    out->seconds = weft_now_s() - start;
    if (status != WEFT_OK) {
        free(out->counts);
        free(out->cores);
        *out = (weft_spike_result){0};
    }
    return status;
}

int weft_spike_result_answer(const weft_spike_result *result, uint64_t sample) {
    const uint32_t *counts = result->counts + sample * (uint64_t)result->classes;
    int best = 0;
    for (int c = 1; c < result->classes; c++)
        if (counts[c] > counts[best]) best = c;
    return best;
}
