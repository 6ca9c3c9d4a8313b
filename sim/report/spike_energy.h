/* Energy of a spiking chip: counts of events x costs of the chip file, static power beside them.
 *
 * Nothing is counted twice where the file's constants are not: a cost that another one holds is 0 in the file, which
 * says so. Counts are summed over cores first and multiplied once. */
#ifndef WEFT_SIM_REPORT_SPIKE_ENERGY_H
#define WEFT_SIM_REPORT_SPIKE_ENERGY_H

#include <stdint.h>
#include <stdio.h>

#include "core/chip.h"
#include "sim/spike/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a run did, all cores together. */
typedef struct weft_spike_activity {
    uint64_t n[WEFT_SPIKE_EVENT_COUNT];
    double seconds; /* on the chip */
} weft_spike_activity;

/* Sums over [count] cores, those that have a program, after `ticks` of tick_ns each; 0: clock.tick_ns. Rows of core
 * memory (synapse.row_bits) are read by each of them for each of its neurons in every tick, whether the engine stepped
 * the core or not. crossings: packets x links from chip to chip. */
weft_spike_activity weft_spike_activity_of(const weft_chip *chip, const weft_spike_counts *cores, int count,
                                           uint64_t ticks, double tick_ns, uint64_t crossings);

enum { WEFT_SPIKE_COMPONENTS_MAX = WEFT_SPIKE_EVENT_COUNT + 4 };
typedef struct weft_spike_component {
    const char *name; /* of weft_spike_costs; clock, static_cores, static_routers, static_chips behind them */
    double energy_pj;
} weft_spike_component;

typedef struct weft_spike_energy {
    double event_pj[WEFT_SPIKE_EVENT_COUNT];
    double dynamic_pj; /* sum of event_pj */
    double static_pj;  /* static power and clock over activity.seconds */
    double total_pj;
    weft_spike_component components[WEFT_SPIKE_COMPONENTS_MAX]; /* sum: total_pj */
    int component_count;
    double seconds;
} weft_spike_energy;

/* Of a spiking chip. Static power is that of all its cores, routers and chips, used or not. */
weft_spike_energy weft_spike_energy_of(const weft_chip *chip, const weft_spike_activity *activity);
/* Mean over the run; 0 for one without time. */
double weft_spike_power_mw(const weft_spike_energy *energy, double energy_pj);
/* Of one component; 0 where there is none of that name. */
double weft_spike_component_pj(const weft_spike_energy *energy, const char *name);

/* CSV: component,event,count,cost_pj,energy_pj,power_mw,evidence,voltage_v,source; a row an event, then static ones. */
void weft_spike_energy_csv(const weft_chip *chip, const weft_spike_activity *activity, FILE *stream);

#ifdef __cplusplus
}
#endif
#endif
