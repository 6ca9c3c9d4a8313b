/* What a mapping of a spiking network costs, from its layout. */
#include <stdlib.h>
#include <string.h>

#include "mapper/spike_internal.h"

const char *const weft_spike_map_bound_names[] = {"neurons", "axons", "synapse memory", "axons out", NULL};

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the mapper's report");
}

static uint64_t divide_up(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

/* ---- populations ---- */

static weft_status count_fans(weft_spike_map_report *r, const weft_snn *snn, const weft_snn_fit *fit, weft_error *err) {
    uint32_t largest = 0;
    for (int p = 0; p < snn->population_count; p++)
        if (snn->populations[p].size > largest) largest = snn->populations[p].size;
    uint32_t *in = malloc(((size_t)largest + 1) * sizeof *in), *out = malloc(((size_t)largest + 1) * sizeof *out);
    for (int p = 0; in && out && p < snn->population_count; p++) {
        memset(in, 0, (size_t)largest * sizeof *in);
        memset(out, 0, (size_t)largest * sizeof *out);
        for (int i = 0; i < snn->projection_count; i++) {
            const weft_snn_projection *projection = &snn->projections[i];
            const float *weights = fit->projections[i].weights;
            if (projection->target != p && projection->source != p) continue;
            for (uint32_t n = 0; n < snn->populations[projection->source].size; n++)
                for (uint64_t s = projection->first[n]; s < projection->first[n + 1]; s++) {
                    if (weights[s] == 0) continue;
                    if (projection->source == p) out[n]++;
                    if (projection->target == p) in[projection->targets[s]]++;
                }
        }
        for (uint32_t n = 0; n < snn->populations[p].size; n++) {
            if (in[n] > r->populations[p].fan_in) r->populations[p].fan_in = in[n];
            if (out[n] > r->populations[p].fan_out) r->populations[p].fan_out = out[n];
        }
    }
    const bool good = in && out;
    free(in);
    free(out);
    return good ? WEFT_OK : out_of_memory(err);
}

/* last[populations]: the last core that held some. */
static void count_slots(weft_spike_map_report *r, const weft_spike_layout *layout, int *last) {
    for (int c = 0; c < layout->core_count; c++) {
        const weft_laid_core *core = &layout->cores[c];
        for (int s = 0; s < core->slot_count; s++) {
            const weft_spike_slot *slot = &core->slots[s];
            weft_spike_map_population *population = &r->populations[slot->population];
            population->packets += core->first[s + 1] - core->first[s];
            if (slot->relay) {
                population->relays++;
                continue;
            }
            if (s > 0 && !core->slots[s - 1].relay && core->slots[s - 1].population == slot->population &&
                core->slots[s - 1].neuron == slot->neuron)
                population->copies++;
            population->cores += last[slot->population] != c;
            last[slot->population] = c;
        }
    }
}

static void count_synapses(weft_spike_map_report *r, const weft_spike_layout *layout, const weft_snn *snn,
                           const weft_snn_fit *fit) {
    for (int i = 0; i < snn->projection_count; i++) {
        const weft_snn_projection *projection = &snn->projections[i];
        const weft_spike_home *homes = layout->homes[projection->target];
        for (uint64_t s = 0; s < projection->count; s++)
            if (fit->projections[i].weights[s] != 0)
                r->populations[projection->target].synapses += homes[projection->targets[s]].copies;
    }
}

/* ---- cores ---- */

static double larger(double a, double b) { return a > b ? a : b; }

static void count_cores(weft_spike_map_report *r, const weft_spike_layout *layout, const weft_chip *chip) {
    for (int c = 0; c < layout->core_count; c++) {
        const weft_laid_core *core = &layout->cores[c];
        if (!core->slot_count) continue;
        const uint64_t routes = core->first[core->slot_count];
        r->memory_bits += core->memory_bits;
        r->neurons_percent =
            larger(r->neurons_percent, 100.0 * (double)core->slot_count / (double)chip->limits.neurons);
        r->axons_percent = larger(r->axons_percent, 100.0 * (double)core->axon_count / (double)chip->limits.axons);
        r->memory_percent =
            larger(r->memory_percent, 100.0 * (double)core->memory_bits / (8.0 * (double)chip->synapse.memory_bytes));
        if (chip->limits.axons_out)
            r->axons_out_percent =
                larger(r->axons_out_percent, 100.0 * (double)routes / (double)chip->limits.axons_out);
        for (uint64_t k = 0; k < routes; k++) {
            const int to = (int)core->routes[k].core;
            if (to == c) {
                r->packets_local++;
            } else {
                r->packets++;
                r->hops += (uint64_t)weft_chip_hops(chip, c, to);
            }
        }
    }
    const uint64_t all = r->packets + r->packets_local;
    r->mean_hops = all ? (double)r->hops / (double)all : 0;
}

/* ---- bounds ---- */

static int compare_axons(const void *a, const void *b) { return memcmp(a, b, sizeof(weft_spike_axon)); }

/* Axons of the layout that differ: each must be there once at least. from_neurons: those not of Inputs. */
static weft_status different_axons(uint64_t *all, uint64_t *from_neurons, const weft_spike_layout *layout,
                                   const weft_snn *snn, weft_error *err) {
    weft_spike_axon *list = malloc((layout->axons + 1) * sizeof *list);
    size_t count = 0;
    if (!list) return out_of_memory(err);
    for (int c = 0; c < layout->core_count; c++)
        for (int a = 0; a < layout->cores[c].axon_count - layout->cores[c].relay_axons; a++)
            list[count++] = layout->cores[c].axons[a];
    qsort(list, count, sizeof *list, compare_axons);
    *all = *from_neurons = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare_axons(&list[i - 1], &list[i]) == 0) continue;
        ++*all;
        *from_neurons += snn->populations[list[i].population].model != WEFT_NIR_INPUT;
    }
    free(list);
    return WEFT_OK;
}

static void raise(weft_spike_map_report *r, uint64_t need, uint64_t each, weft_spike_map_bound bound) {
    const uint64_t cores = each ? divide_up(need, each) : 0;
    if (cores <= (uint64_t)r->cores_bound) return;
    r->cores_bound = (int)cores;
    r->bound = bound;
}

/* With destinations every axon of a neuron needs one of a copy, and copies have synapses too. */
static weft_status find_bound(weft_spike_map_report *r, const weft_spike_layout *layout, const weft_snn *snn,
                              const weft_snn_fit *fit, const weft_chip *chip, weft_error *err) {
    uint64_t axons = 0, from_neurons = 0, synapses = 0;
    WEFT_TRY(different_axons(&axons, &from_neurons, layout, snn, err));
    for (int i = 0; i < snn->projection_count; i++)
        for (uint64_t s = 0; s < snn->projections[i].count; s++) synapses += fit->projections[i].weights[s] != 0;
    raise(r, snn->neurons, (uint64_t)chip->limits.neurons, WEFT_SPIKE_BOUND_NEURONS);
    raise(r, axons, (uint64_t)chip->limits.axons, WEFT_SPIKE_BOUND_AXONS);
    uint64_t room = (uint64_t)(chip->limits.axons * chip->limits.neurons);
    if (chip->synapse.encoding == WEFT_SYNAPSE_SPARSE)
        room = (uint64_t)((double)chip->synapse.memory_bytes / chip->synapse.synapse_bytes.value);
    raise(r, synapses, room, WEFT_SPIKE_BOUND_MEMORY);
    raise(r, from_neurons, (uint64_t)chip->limits.axons_out, WEFT_SPIKE_BOUND_AXONS_OUT);
    return WEFT_OK;
}

/* ---- all of it ---- */

static weft_status measure_place(weft_spike_map_report *r, const weft_spike_layout *layout, const weft_snn *snn,
                                 const weft_chip *chip, const weft_spike_map_options *options, weft_error *err) {
    weft_part_flows flows = {0};
    WEFT_TRY(weft_spike_flows(&flows, layout, snn, chip, options->rates, err));
    const weft_place_problem problem = {.clusters = flows.core_count,
                                        .flow_count = flows.flow_count,
                                        .flows = flows.flows,
                                        .chip = chip,
                                        .objective = options->objective,
                                        .seed = options->seed};
    r->placements = calloc(1, sizeof *r->placements);
    weft_status status = r->placements ? WEFT_OK : out_of_memory(err);
    if (status == WEFT_OK) {
        r->placement_count = 1;
        r->placements[0].placer = "as given";
        status = weft_part_measure(&r->placements[0], NULL, &flows, &problem, flows.cores, err);
    }
    if (status == WEFT_OK) status = weft_part_bound(&r->bounds, &flows, &problem, err);
    weft_part_flows_free(&flows);
    return status;
}

static weft_status examine(weft_spike_map_report *r, const weft_spike_layout *layout, const weft_snn *snn,
                           const weft_snn_fit *fit, const weft_chip *chip, const weft_spike_map_options *options,
                           weft_error *err) {
    const size_t populations = (size_t)snn->population_count;
    int *last = malloc((populations + 1) * sizeof *last);
    r->populations = calloc(populations + 1, sizeof *r->populations);
    if (!last || !r->populations) {
        free(last);
        return out_of_memory(err);
    }
    for (size_t p = 0; p < populations; p++) {
        last[p] = -1;
        r->populations[p].lag = layout->lag[p];
    }
    count_slots(r, layout, last);
    free(last);
    count_synapses(r, layout, snn, fit);
    uint64_t value = 0;
    for (int p = 0; p < snn->population_count; p++) {
        if (snn->populations[p].model != WEFT_NIR_INPUT) continue;
        r->populations[p].packets = layout->input_first[value + snn->populations[p].size] - layout->input_first[value];
        value += snn->populations[p].size;
        r->host_packets += r->populations[p].packets;
    }
    count_cores(r, layout, chip);
    WEFT_TRY(count_fans(r, snn, fit, err));
    WEFT_TRY(find_bound(r, layout, snn, fit, chip, err));
    return measure_place(r, layout, snn, chip, options, err);
}

weft_status weft_spike_map_examine(weft_spike_map_report *report, const weft_spike_layout *layout, const weft_snn *snn,
                                   const weft_snn_fit *fit, const weft_chip *chip,
                                   const weft_spike_map_options *options, weft_error *err) {
    const weft_spike_map_options plain = weft_spike_map_defaults();
    *report = (weft_spike_map_report){.cores_used = layout->cores_used,
                                      .cores_available = chip->core_count,
                                      .neurons = snn->neurons,
                                      .copies = layout->copies,
                                      .relays = layout->relays,
                                      .axons = layout->axons,
                                      .synapses = layout->synapses,
                                      .depth = layout->depth,
                                      .population_count = snn->population_count};
    const weft_status status = examine(report, layout, snn, fit, chip, options ? options : &plain, err);
    if (status != WEFT_OK) weft_spike_map_report_destroy(report);
    return status;
}

void weft_spike_map_report_destroy(weft_spike_map_report *report) {
    if (!report) return;
    free(report->populations);
    free(report->placements);
    free(report->log);
    *report = (weft_spike_map_report){0};
}
