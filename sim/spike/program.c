#include "sim/spike/program.h"

#include <omp.h>
#include <stdlib.h>

#include "sim/spike/odin.h"
#include "sim/spike/program_internal.h"
#include "sim/spike/sparse.h"
#include "sim/spike/truenorth.h"

static weft_status no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the program of a spiking chip");
}

/* ---- numbers ---- */

static weft_status number_cores(weft_spike_program *program, int **core_of, weft_error *err) {
    const weft_spike_layout *layout = program->layout;
    const size_t room = (size_t)layout->core_count + 1;
    const int width = (int)program->config->noc.mesh[0];
    *core_of = malloc(room * sizeof **core_of);
    program->cores = malloc(room * sizeof *program->cores);
    program->places = malloc(room * sizeof *program->places);
    if (!*core_of || !program->cores || !program->places) return no_memory(err);
    for (int c = 0; c < layout->core_count; c++) {
        const int router = weft_chip_router(program->config, c), at = program->core_count;
        (*core_of)[c] = -1;
        if (layout->cores[c].slot_count == 0) continue;
        (*core_of)[c] = at;
        program->cores[at] = c;
        program->places[at][0] = router % width;
        program->places[at][1] = router / width;
        program->core_count++;
    }
    return WEFT_OK;
}

static weft_status find_places(weft_spike_program *program, const int *core_of, weft_error *err) {
    const weft_snn *snn = program->snn;
    program->where = calloc((size_t)snn->population_count + 1, sizeof *program->where);
    if (!program->where) return no_memory(err);
    for (int p = 0; p < snn->population_count; p++) {
        const weft_spike_home *homes = program->layout->homes[p];
        if (!homes) continue;
        program->where[p] = calloc((size_t)snn->populations[p].size + 1, sizeof **program->where);
        if (!program->where[p]) return no_memory(err);
        for (uint32_t n = 0; n < snn->populations[p].size; n++)
            program->where[p][n] =
                (weft_spike_place){.core = (uint32_t)core_of[homes[n].core], .neuron = homes[n].slot};
    }
    return WEFT_OK;
}

/* ---- states of cores ---- */

static const weft_spike_kind *kind_of(const weft_chip *chip) {
    if (chip->neuron.model == WEFT_CHIP_NEURON_TRUENORTH) return &weft_truenorth_kind;
    return chip->neuron.model == WEFT_CHIP_NEURON_ODIN ? &weft_odin_kind : &weft_sparse_kind;
}

static bool any_of(const weft_snn_fit_population *population, const char *name, bool below) {
    const weft_snn_fit_parameter *of = weft_snn_fit_find(population, name);
    for (uint32_t n = 0; of && n < of->count; n++)
        if (below ? of->values[n] < 0 : of->values[n] != 0) return true;
    return false;
}

static bool is_awake(const weft_snn_fit_population *p) {
    return any_of(p, "bias", false) || any_of(p, "v_leak", false) || any_of(p, "initial_v", false) ||
           any_of(p, "initial_u", false) || any_of(p, "v_threshold", true) || any_of(p, "threshold", true);
}

static weft_status build_core(void **state, const weft_program_build *build, int core, weft_error *err) {
    weft_program_synapses synapses = {0};
    weft_status status;
    WEFT_TRY_GOTO(
        weft_spike_layout_synapses(&synapses.first, &synapses.items, build->layout, core, build->snn, build->fit, err));
    if (build->config->neuron.model == WEFT_CHIP_NEURON_TRUENORTH)
        WEFT_TRY_GOTO(weft_program_truenorth(state, build, core, &synapses, err));
    else if (build->config->neuron.model == WEFT_CHIP_NEURON_ODIN)
        WEFT_TRY_GOTO(weft_program_odin(state, build, core, &synapses, err));
    else
        WEFT_TRY_GOTO(weft_program_sparse(state, build, core, &synapses, err));
cleanup:
    free(synapses.first);
    free(synapses.items);
    return status;
}

/* Of several errors that of the first core. */
static weft_status build_states(void **states, const weft_spike_program *program, const weft_program_build *build,
                                int threads, weft_error *err) {
    const int count = program->core_count, wanted = threads > 0 ? threads : omp_get_max_threads();
    weft_status status = WEFT_OK;
    int first = count;
#pragma omp parallel for schedule(dynamic, 4) num_threads(wanted)
    for (int c = 0; c < count; c++) {
        weft_error local = {0};
        const weft_status of = build_core(&states[c], build, program->cores[c], &local);
        if (of == WEFT_OK) continue;
#pragma omp critical(weft_program_error)
        if (c < first) {
            first = c;
            status = of;
            if (err) *err = local;
        }
    }
    return status;
}

static weft_status make_states(void **states, const weft_spike_program *program,
                               const weft_spike_program_options *options, weft_error *err) {
    weft_snn_fit distorted = {0};
    weft_program_build build = {.layout = program->layout,
                                .snn = program->snn,
                                .fit = program->fit,
                                .config = program->config,
                                .seed = options->seed};
    weft_status status;
    build.awake = calloc((size_t)program->fit->population_count + 1, sizeof *build.awake);
    if (!build.awake) WEFT_TRY_GOTO(no_memory(err));
    for (int p = 0; p < program->fit->population_count; p++) build.awake[p] = is_awake(&program->fit->populations[p]);
    if (options->chain && options->chain->count > 0) {
        WEFT_TRY_GOTO(weft_program_distort(&distorted, program->snn, program->fit, program->config, options, err));
        build.fit = &distorted;
    }
    WEFT_TRY_GOTO(build_states(states, program, &build, options->threads, err));
cleanup:
    free(build.awake);
    weft_program_distort_free(&distorted);
    return status;
}

/* ---- the chip ---- */

static weft_status add_core(weft_spike_program *program, int index, void **state, const int *core_of, weft_error *err) {
    const weft_laid_core *core = &program->layout->cores[program->cores[index]];
    const uint64_t routes = core->first[core->slot_count];
    weft_spike_target *targets = malloc((routes + 1) * sizeof *targets);
    if (!targets) return no_memory(err);
    for (uint64_t i = 0; i < routes; i++)
        targets[i] = (weft_spike_target){.core = (uint32_t)core_of[core->routes[i].core],
                                         .axon = core->routes[i].axon,
                                         .delay = core->routes[i].delay};
    const weft_spike_core added = {.kind = kind_of(program->config),
                                   .state = *state,
                                   .axons = core->axon_count > 0 ? core->axon_count : 1,
                                   .neurons = core->slot_count,
                                   .x = program->places[index][0],
                                   .y = program->places[index][1],
                                   .first = core->first,
                                   .targets = targets};
    *state = NULL;
    const weft_status status = weft_spike_chip_add(program->chip, &added, err);
    free(targets);
    return status;
}

static weft_status fill(weft_spike_program *program, const weft_spike_program_options *options, weft_error *err) {
    int *core_of = NULL;
    void **states = NULL;
    weft_status status;
    WEFT_TRY_GOTO(number_cores(program, &core_of, err));
    WEFT_TRY_GOTO(find_places(program, core_of, err));
    states = calloc((size_t)program->core_count + 1, sizeof *states);
    if (!states) WEFT_TRY_GOTO(no_memory(err));
    WEFT_TRY_GOTO(make_states(states, program, options, err));
    WEFT_TRY_GOTO(weft_spike_chip_create(&program->chip, err));
    for (int c = 0; c < program->core_count; c++) WEFT_TRY_GOTO(add_core(program, c, &states[c], core_of, err));
    WEFT_TRY_GOTO(weft_spike_chip_ready(program->chip, err));
cleanup:
    for (int c = 0; states && c < program->core_count; c++)
        if (states[c]) kind_of(program->config)->destroy(states[c]);
    free(states);
    free(core_of);
    return status;
}

weft_status weft_spike_program_create(weft_spike_program **out, const weft_spike_layout *layout, const weft_snn *snn,
                                      const weft_snn_fit *fit, const weft_chip *chip,
                                      const weft_spike_program_options *options, weft_error *err) {
    *out = NULL;
    weft_spike_program *program = calloc(1, sizeof *program);
    if (!program) return no_memory(err);
    program->layout = layout;
    program->snn = snn;
    program->fit = fit;
    program->config = chip;
    const weft_status status = fill(program, options, err);
    if (status == WEFT_OK)
        *out = program;
    else
        weft_spike_program_destroy(program);
    return status;
}

void weft_spike_program_destroy(weft_spike_program *program) {
    if (!program) return;
    weft_spike_chip_destroy(program->chip);
    for (int p = 0; program->where && p < program->snn->population_count; p++) free(program->where[p]);
    free(program->where);
    free(program->cores);
    free(program->places);
    free(program);
}

/* ---- looking into it ---- */

void weft_spike_program_find(int *population, uint32_t *neuron, bool *first_copy, const weft_spike_program *program,
                             uint32_t core, uint16_t slot) {
    const weft_spike_slot *of = &program->layout->cores[program->cores[core]].slots[slot];
    const weft_spike_place *place = &program->where[of->population][of->neuron];
    *population = of->population;
    *neuron = of->neuron;
    *first_copy = !of->relay && place->core == core && place->neuron == slot;
}

double weft_spike_program_membrane(const weft_spike_program *program, int population, uint32_t neuron) {
    const weft_spike_place *place = &program->where[population][neuron];
    const weft_snn_fit_population *fitted = &program->fit->populations[population];
    const double v = weft_spike_chip_membrane(program->chip, (int)place->core, place->neuron);
    return v * weft_snn_fit_value(fitted, "membrane_unit", neuron, 1) +
           weft_snn_fit_value(fitted, "membrane_zero", neuron, 0);
}
