#include "sim/report/spike_energy.h"

#include <inttypes.h>
#include <string.h>

#include "core/text.h"
#include "sim/report/tables.h"

static const double PJ_OF_MW_S = 1e9;

weft_spike_activity weft_spike_activity_of(const weft_chip *chip, const weft_spike_counts *cores, int count,
                                           uint64_t ticks, double tick_ns, uint64_t crossings) {
    weft_spike_activity all = {{0}, (double)ticks * 1e-9 * (tick_ns > 0 ? tick_ns : chip->clock.tick_ns)};
    for (int c = 0; c < count; c++) {
        all.n[WEFT_SPIKE_EVENT_SYNAPTIC_EVENT] += cores[c].synaptic_events;
        all.n[WEFT_SPIKE_EVENT_UPDATE_ACTIVE] += cores[c].updates_active;
        all.n[WEFT_SPIKE_EVENT_UPDATE_INACTIVE] += cores[c].updates_inactive;
        all.n[WEFT_SPIKE_EVENT_SPIKE] += cores[c].spikes;
        all.n[WEFT_SPIKE_EVENT_PACKET] += cores[c].packets;
        all.n[WEFT_SPIKE_EVENT_HOP_X] += cores[c].hops_x;
        all.n[WEFT_SPIKE_EVENT_HOP_Y] += cores[c].hops_y;
    }
    all.n[WEFT_SPIKE_EVENT_ROW_BIT] =
        (uint64_t)chip->synapse.row_bits * (uint64_t)chip->limits.neurons * (uint64_t)count * ticks;
    all.n[WEFT_SPIKE_EVENT_CHIP_CROSSING] = crossings;
    return all;
}

/* Adds to the component, which is made when there is none of that name. */
static void add(weft_spike_energy *energy, const char *name, double pj) {
    int c = 0;
    while (c < energy->component_count && strcmp(energy->components[c].name, name) != 0) c++;
    if (c == energy->component_count) energy->components[energy->component_count++] = (weft_spike_component){name, 0};
    energy->components[c].energy_pj += pj;
}

static double chips_of(const weft_chip *chip) { return (double)(chip->noc.chips[0] * chip->noc.chips[1]); }

static double clock_mw(const weft_chip *chip) {
    return chip->spike_energy.clock_uw_per_mhz.value * 1e-3 * (1000 / chip->cycle_ns) * chips_of(chip);
}

static void add_static(weft_spike_energy *energy, const char *name, double power_mw) {
    const double pj = power_mw * energy->seconds * PJ_OF_MW_S;
    energy->static_pj += pj;
    add(energy, name, pj);
}

weft_spike_energy weft_spike_energy_of(const weft_chip *chip, const weft_spike_activity *activity) {
    weft_spike_energy energy = {.seconds = activity->seconds};
    for (int e = 0; e < WEFT_SPIKE_EVENT_COUNT; e++) {
        energy.event_pj[e] = (double)activity->n[e] * chip->spike_energy.pj[e].value;
        energy.dynamic_pj += energy.event_pj[e];
        add(&energy, weft_spike_costs[e].component, energy.event_pj[e]);
    }
    add_static(&energy, "clock", clock_mw(chip));
    add_static(&energy, "static_cores", chip->static_power.core_mw.value * chip->core_count);
    add_static(&energy, "static_routers", chip->static_power.router_mw.value * chip->router_count);
    add_static(&energy, "static_chips", chip->static_power.chip_mw.value * chips_of(chip));
    energy.total_pj = energy.dynamic_pj + energy.static_pj;
    return energy;
}

double weft_spike_power_mw(const weft_spike_energy *energy, double energy_pj) {
    return energy->seconds > 0 ? energy_pj / energy->seconds / PJ_OF_MW_S : 0;
}

double weft_spike_component_pj(const weft_spike_energy *energy, const char *name) {
    for (int c = 0; c < energy->component_count; c++)
        if (!strcmp(energy->components[c].name, name)) return energy->components[c].energy_pj;
    return 0;
}

/* ",ENERGY,POWER,EVIDENCE,VOLTAGE,SOURCE" */
static void print_rest(const weft_spike_energy *energy, double pj, const weft_cited *cost, FILE *stream) {
    weft_report_csv_number(stream, pj);
    weft_report_csv_number(stream, weft_spike_power_mw(energy, pj));
    fprintf(stream, ",%s", weft_evidence_names[cost->evidence]);
    weft_report_csv_number(stream, cost->voltage_v);
    fputc(',', stream);
    weft_csv_print(stream, cost->source ? cost->source : "");
    fputc('\n', stream);
}

void weft_spike_energy_csv(const weft_chip *chip, const weft_spike_activity *activity, FILE *stream) {
    const weft_spike_energy energy = weft_spike_energy_of(chip, activity);
    const struct {
        const char *name;
        const weft_cited *cost;
    } rest[] = {{"clock", &chip->spike_energy.clock_uw_per_mhz},
                {"static_cores", &chip->static_power.core_mw},
                {"static_routers", &chip->static_power.router_mw},
                {"static_chips", &chip->static_power.chip_mw}};
    fputs("component,event,count,cost_pj,energy_pj,power_mw,evidence,voltage_v,source\n", stream);
    for (int e = 0; e < WEFT_SPIKE_EVENT_COUNT; e++) {
        const weft_cited *cost = &chip->spike_energy.pj[e];
        fprintf(stream, "%s,%s,%" PRIu64, weft_spike_costs[e].component, weft_spike_costs[e].key, activity->n[e]);
        weft_report_csv_number(stream, cost->value);
        print_rest(&energy, energy.event_pj[e], cost, stream);
    }
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        fprintf(stream, "%s,,,", rest[i].name);
        print_rest(&energy, weft_spike_component_pj(&energy, rest[i].name), rest[i].cost, stream);
    }
}
