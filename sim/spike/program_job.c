/* What a job asks of a program: its output, samples, records, and ways from chip to chip. */
#include <limits.h>
#include <stdlib.h>

#include "sim/spike/program_internal.h"

typedef weft_program_runner runner;

/* ---- what is asked for ---- */

static weft_status find_output(runner *r) {
    const weft_snn *snn = r->program->snn;
    int found = 0;
    r->output = r->job->output;
    for (int p = 0; r->job->output < 0 && p < snn->population_count; p++)
        if (snn->populations[p].output && weft_snn_is_neuron(&snn->populations[p])) r->output = p, found++;
    if (r->job->output < 0 && found != 1)
        return weft_error_set(r->err, WEFT_E_INVALID, "the network has %d populations that are outputs; name one",
                              found);
    if (r->output >= snn->population_count || !weft_snn_is_neuron(&snn->populations[r->output]))
        return weft_error_set(r->err, WEFT_E_INVALID, "output %d is no population of neurons", r->output);
    const uint32_t size = snn->populations[r->output].size;
    r->out->classes = r->job->classes > 0 ? r->job->classes : size <= INT_MAX ? (int)size : INT_MAX;
    if (size % (uint32_t)r->out->classes != 0)
        return weft_error_set(r->err, WEFT_E_INVALID, "%d classes do not divide the %u neurons of output '%s'",
                              r->out->classes, size, snn->populations[r->output].name);
    r->group = (int)(size / (uint32_t)r->out->classes);
    return WEFT_OK;
}

static weft_status check_input(const runner *r) {
    const weft_spikes *input = r->job->input;
    for (size_t i = 0; i < input->count; i++) {
        if (input->items[i].neuron >= r->program->snn->inputs)
            return weft_error_set(r->err, WEFT_E_INVALID, "input spike %zu is of neuron %u; the network has %u inputs",
                                  i, input->items[i].neuron, r->program->snn->inputs);
        if (i > 0 && input->items[i].tick < input->items[i - 1].tick)
            return weft_error_set(r->err, WEFT_E_INVALID,
                                  "input spike %zu, of tick %llu, is before the one ahead of it", i,
                                  (unsigned long long)input->items[i].tick);
    }
    return WEFT_OK;
}

static weft_status check_job(runner *r) {
    const weft_spike_job *job = r->job;
    const weft_spikes *input = job->input;
    WEFT_TRY(check_input(r));
    r->sample_ticks = job->sample_ticks;
    if (job->sample_ticks == 0 && job->samples == 1)
        r->sample_ticks = input->count ? input->items[input->count - 1].tick + 1 : 1;
    if (job->samples == 0 || r->sample_ticks == 0)
        return weft_error_set(r->err, WEFT_E_INVALID, "%llu samples of %llu ticks; both have to be above 0",
                              (unsigned long long)job->samples, (unsigned long long)job->sample_ticks);
    if (r->sample_ticks > WEFT_SPIKES_TICKS_MAX || job->gap_ticks > WEFT_SPIKES_TICKS_MAX ||
        job->samples > WEFT_SPIKES_TICKS_MAX / (r->sample_ticks + job->gap_ticks))
        return weft_error_set(r->err, WEFT_E_INVALID, "more than 2^48 ticks in all");
    r->period = r->sample_ticks + job->gap_ticks;
    return find_output(r);
}

static weft_status want(runner *r, int population, uint32_t neuron, const char *what) {
    const weft_snn *snn = r->program->snn;
    if (population < 0 || population >= snn->population_count || !weft_snn_is_neuron(&snn->populations[population]))
        return weft_error_set(r->err, WEFT_E_INVALID, "population %d, to be %s, is none of neurons", population, what);
    if (neuron >= snn->populations[population].size)
        return weft_error_set(r->err, WEFT_E_INVALID, "neuron %u of population '%s', to be %s: it has %u", neuron,
                              snn->populations[population].name, what, snn->populations[population].size);
    return WEFT_OK;
}

static weft_status find_wanted(runner *r) {
    const weft_spike_program *program = r->program;
    r->wanted[r->output] = true;
    for (int i = 0; i < r->job->recorded_count; i++) {
        const int population = r->job->recorded[i];
        WEFT_TRY(want(r, population, 0, "recorded"));
        r->wanted[population] = true;
        r->job->records[i].neurons = program->snn->populations[population].size;
        r->job->records[i].tick_s = program->fit->options.dt;
    }
    for (int i = 0; i < r->job->probe_count; i++)
        WEFT_TRY(want(r, r->job->probes[i].population, r->job->probes[i].neuron, "probed"));
    for (int c = 0; c < program->core_count; c++) {
        const weft_laid_core *core = &program->layout->cores[program->cores[c]];
        for (int s = 0; s < core->slot_count; s++) r->busy[c] |= r->wanted[core->slots[s].population];
    }
    for (int p = 0; p < program->snn->population_count; p++)
        if (weft_snn_is_neuron(&program->snn->populations[p]) && (uint64_t)program->layout->lag[p] > r->tail)
            r->tail = (uint64_t)program->layout->lag[p];
    return WEFT_OK;
}

/* ---- links from chip to chip ---- */

/* Chips passed along one side of the mesh: each is `side` routers long, `count` of them, in a ring or not. */
static int chips_between(int from, int to, int side, int count, bool ring) {
    const int apart = abs(from / side - to / side), routers = abs(from - to);
    return ring && 2 * routers > side * count ? count - apart : apart;
}

static uint32_t crossings_to(const weft_spike_program *program, int core, int chip_core) {
    const weft_chip *chip = program->config;
    const int router = weft_chip_router(chip, chip_core), width = (int)chip->noc.mesh[0];
    const bool ring = chip->noc.topology == WEFT_CHIP_TORUS;
    uint32_t sum = 0;
    for (int axis = 0; axis < 2; axis++) {
        const int count = (int)chip->noc.chips[axis], side = (int)chip->noc.mesh[axis] / count;
        const int to = axis == 0 ? router % width : router / width;
        sum += (uint32_t)chips_between(program->places[core][axis], to, side, count, ring);
    }
    return sum;
}

static weft_status find_crossings(runner *r) {
    const weft_spike_program *program = r->program;
    if (program->config->noc.chips[0] * program->config->noc.chips[1] <= 1) return WEFT_OK;
    for (int c = 0; c < program->core_count; c++)
        r->first[c + 1] = r->first[c] + (uint64_t)program->layout->cores[program->cores[c]].slot_count;
    r->crossings = calloc(r->first[program->core_count] + 1, sizeof *r->crossings);
    if (!r->crossings) return weft_error_set(r->err, WEFT_E_MEMORY, "no memory to run a spiking chip");
    for (int c = 0; c < program->core_count; c++) {
        const weft_laid_core *core = &program->layout->cores[program->cores[c]];
        for (int s = 0; s < core->slot_count; s++)
            for (uint64_t i = core->first[s]; i < core->first[s + 1]; i++)
                r->crossings[r->first[c] + (uint64_t)s] += crossings_to(program, c, (int)core->routes[i].core);
    }
    return WEFT_OK;
}

/* ---- all of it ---- */

weft_status weft_program_prepare(weft_program_runner *r) {
    const weft_spike_program *program = r->program;
    const size_t cores = (size_t)program->core_count + 1;
    WEFT_TRY(check_job(r));
    r->core_of = malloc(((size_t)program->layout->core_count + 1) * sizeof *r->core_of);
    r->wanted = calloc((size_t)program->snn->population_count + 1, sizeof *r->wanted);
    r->busy = calloc(cores, sizeof *r->busy);
    r->first = calloc(cores, sizeof *r->first);
    r->out->counts = calloc(r->job->samples * (uint64_t)r->out->classes, sizeof *r->out->counts);
    r->out->cores = calloc(cores, sizeof *r->out->cores);
    if (!r->core_of || !r->wanted || !r->busy || !r->first || !r->out->counts || !r->out->cores)
        return weft_error_set(r->err, WEFT_E_MEMORY, "no memory to run a spiking chip");
    for (int c = 0; c < program->layout->core_count; c++) r->core_of[c] = -1;
    for (int c = 0; c < program->core_count; c++) r->core_of[program->cores[c]] = c;
    WEFT_TRY(find_wanted(r));
    return find_crossings(r);
}

void weft_program_finish(weft_program_runner *r) {
    free(r->core_of);
    free(r->wanted);
    free(r->busy);
    free(r->first);
    free(r->crossings);
    free(r->stimuli.items);
}
