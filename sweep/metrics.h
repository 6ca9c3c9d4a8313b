/* What a point can give: one table for the database, the CSV, the figures and the search. */
#ifndef WEFT_SWEEP_METRICS_H
#define WEFT_SWEEP_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(ID, column, unit, better: -1 smaller, 1 larger, 0 neither, text). The column's name carries the unit. */
#define WEFT_METRIC_TABLE(X)                                                                                           \
    X(ERROR, "error_percent", "%", -1, "test error, mean over trials")                                                 \
    X(ERROR_STD, "error_std_percent", "%", 0, "sample standard deviation of the error over trials")                    \
    X(ERROR_LOW, "error_low_percent", "%", 0, "95 % interval of the expected error over trials and images, low end")   \
    X(ERROR_HIGH, "error_high_percent", "%", 0, "the same, high end")                                                  \
    X(ERROR_WORST, "error_worst_percent", "%", -1, "the worst trial's error")                                          \
    X(IMAGES, "images", "", 0, "test images of a trial")                                                               \
    X(TRIALS, "trials", "", 0, "programmed chips, or draws")                                                           \
    X(EFFECTIVE_BITS, "effective_bits", "bit", 0, "of a weight under the transform (eval)")                            \
    X(LATENCY, "latency_ns", "ns", -1, "of the first image, nothing ahead of it; of spikes, to the last tick's")       \
    X(INTERVAL, "interval_ns", "ns", -1, "between images in the steady state")                                         \
    X(THROUGHPUT, "throughput_images_per_s", "1/s", 1, "images a second in the steady state")                          \
    X(ENERGY_DYNAMIC, "energy_dynamic_pj", "pJ", -1, "dynamic energy an image; of a replay that of its packets alone") \
    X(ENERGY_STATIC, "energy_static_pj", "pJ", -1, "static energy an image at that throughput")                        \
    X(ENERGY, "energy_pj", "pJ", -1, "dynamic and static energy an image")                                             \
    X(POWER, "power_mw", "mW", -1, "mean power at that throughput")                                                    \
    X(AREA, "area_mm2", "mm2", -1, "of the chips, from the chip file's constants")                                     \
    X(ARRAYS, "arrays_used", "", -1, "crossbar arrays in use")                                                         \
    X(CORES, "cores_used", "", -1, "cores in use")                                                                     \
    X(PROGRAM_TIME, "program_time_ns", "ns", -1, "of writing all cells once")                                          \
    X(PROGRAM_ENERGY, "program_energy_pj", "pJ", -1, "of writing all cells once")                                      \
    X(FLIT_HOPS, "flit_hops", "", -1, "an image, or of a replay, all")                                                 \
    X(TICK, "tick_ns", "ns", -1, "a tick of the chip (spiking chips)")                                                 \
    X(SHORTEST_TICK, "shortest_tick_ns", "ns", -1, "that every timed tick would have met (spiking chips)")             \
    X(MISSED_TICKS, "missed_ticks", "", -1, "timed ticks that were longer than they should (spiking chips)")           \
    X(SPIKES, "spikes", "", 0, "of all neurons, an image (spiking chips)")                                             \
    X(SYNAPTIC_EVENTS, "synaptic_events", "", -1, "an image (spiking chips)")                                          \
    X(SPIKE_HOPS, "spike_hops", "", -1, "links that spikes passed between routers, an image (spiking chips)")          \
    X(CYCLES, "cycles", "", -1, "of the whole timed run or replay")                                                    \
    X(PACKET_LATENCY, "packet_latency_cycles", "cycles", -1, "creation to tail, mean (noc, replay)")                   \
    X(PACKET_LATENCY_P99, "packet_latency_p99_cycles", "cycles", -1, "99th percentile (noc)")                          \
    X(NETWORK_LATENCY, "network_latency_cycles", "cycles", -1, "leaving the source queue to tail, mean (noc)")         \
    X(ACCEPTED, "accepted_flits_per_node_cycle", "flits", 1, "flits a node and cycle that arrived (noc)")              \
    X(SATURATED, "saturated", "", -1, "1 without a steady state (noc)")

typedef enum weft_metric {
#define WEFT_METRIC_ENUM(id, column, unit, better, text) WEFT_METRIC_##id,
    WEFT_METRIC_TABLE(WEFT_METRIC_ENUM)
#undef WEFT_METRIC_ENUM
        WEFT_METRIC_COUNT
} weft_metric;
typedef struct weft_metric_info {
    const char *column, *unit, *text;
    int better;
} weft_metric_info;
extern const weft_metric_info weft_metrics[WEFT_METRIC_COUNT];
/* By column name; -1: none. */
int weft_metric_find(const char *column);

/* NaN: the point has none. */
typedef struct weft_metrics_values {
    double v[WEFT_METRIC_COUNT];
} weft_metrics_values;

/* Of metrics [count] that have a better end. cost: smaller is better. have: none is NaN. dominates: a is at least as
 * good as b in all of them and better in one. */
double weft_metrics_cost(const weft_metrics_values *values, int metric);
bool weft_metrics_have(const weft_metrics_values *values, const int *metrics, int count);
bool weft_metrics_dominate(const weft_metrics_values *a, const weft_metrics_values *b, const int *metrics, int count);

#ifdef __cplusplus
}
#endif
#endif
