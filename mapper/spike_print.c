/* The report on a spiking network's mapping, for people. */
#include <string.h>

#include "core/chip_route.h"
#include "mapper/spike.h"

enum { NAME_MIN = 10, NAME_MAX = 40 };

typedef unsigned long long count;

void weft_spike_map_print_summary(const weft_spike_map_report *r, const weft_chip *chip, FILE *stream) {
    fprintf(stream,
            "%s: %d of %d cores, %llu neurons, %llu copies, %llu splitter neurons, %llu axons, %.2f hops a packet\n",
            chip->name, r->cores_used, r->cores_available, (count)r->neurons, (count)r->copies, (count)r->relays,
            (count)r->axons, r->mean_hops);
}

void weft_spike_map_print_table(const weft_spike_map_report *r, const weft_snn *snn, FILE *stream) {
    int width = NAME_MIN;
    for (int p = 0; p < snn->population_count; p++) {
        const int length = (int)strlen(snn->populations[p].name);
        if (length > width) width = length > NAME_MAX ? NAME_MAX : length;
    }
    fprintf(stream, "%-*s %9s %9s %9s %6s %4s %10s %7s %7s %10s\n", width, "population", "neurons", "copies",
            "splitters", "cores", "lag", "synapses", "fan-in", "fan-out", "packets");
    for (int p = 0; p < snn->population_count; p++) {
        const weft_spike_map_population *row = &r->populations[p];
        fprintf(stream, "%-*.*s %9u %9llu %9llu %6d %4d %10llu %7u %7u %10llu\n", width, width,
                snn->populations[p].name, (unsigned)snn->populations[p].size, (count)row->copies, (count)row->relays,
                row->cores, row->lag, (count)row->synapses, (unsigned)row->fan_in, (unsigned)row->fan_out,
                (count)row->packets);
    }
}

static void print_bound(FILE *stream, const char *what, uint64_t value, uint64_t bound, const char *note) {
    fprintf(stream, "%-28s %14llu %14llu", what, (count)value, (count)bound);
    if (bound > 0)
        fprintf(stream, " %9.1f%s\n", 100.0 * ((double)value / (double)bound - 1.0), note);
    else
        fprintf(stream, " %9s%s\n", value > 0 ? "-" : "0.0", note);
}

static void print_bounds(const weft_spike_map_report *r, const weft_chip *chip, FILE *stream) {
    char note[64];
    const weft_map_placement *used = &r->placements[r->placement_count - 1];
    snprintf(note, sizeof note, "  (%s)", weft_spike_map_bound_names[r->bound]);
    fprintf(stream, "%-28s %14s %14s %9s\n", "", "here", "lower bound", "gap %");
    print_bound(stream, "cores", (uint64_t)r->cores_used, (uint64_t)r->cores_bound, note);
    print_bound(stream, "packet-hops, host's too", used->flit_hops, r->bounds.flit_hops, "");
    print_bound(stream, weft_chip_has_slow_links(chip) ? "cycles of the busiest link" : "packets on the busiest link",
                used->link_flits, r->bounds.link_flits, "");
}

static void print_fullest(const weft_spike_map_report *r, const weft_chip *chip, FILE *stream) {
    fprintf(stream, "fullest core: %.1f %% of its neurons, %.1f %% of its axons, %.1f %% of its synapse memory",
            r->neurons_percent, r->axons_percent, r->memory_percent);
    if (chip->limits.axons_out) fprintf(stream, ", %.1f %% of its destinations", r->axons_out_percent);
    fprintf(stream, "\nif every neuron spikes once: %llu packets to other cores and %llu within a core, %.2f hops each",
            (count)r->packets, (count)r->packets_local, r->mean_hops);
    fprintf(stream, "; %llu from the host\n", (count)r->host_packets);
}

static void print_placers(const weft_spike_map_report *r, const weft_chip *chip, FILE *stream) {
    const bool slow = weft_chip_has_slow_links(chip);
    fprintf(stream, "%-12s %14s %14s %9s\n", "placer", slow ? "link cycles" : "packet-hops", "busiest link", "seconds");
    for (int i = 0; i < r->placement_count; i++)
        fprintf(stream, "%-12s %14llu %14llu %9.2f\n", r->placements[i].placer,
                (count)(slow ? r->placements[i].link_cycles : r->placements[i].flit_hops),
                (count)r->placements[i].link_flits, r->placements[i].seconds);
}

void weft_spike_map_print_explanation(const weft_spike_map_report *r, const weft_snn *snn, const weft_chip *chip,
                                      weft_objective objective, FILE *stream) {
    if (r->log) fprintf(stream, "objective: %s\n%s\n", weft_objective_names[objective], r->log);
    weft_spike_map_print_table(r, snn, stream);
    fputc('\n', stream);
    print_fullest(r, chip, stream);
    fputc('\n', stream);
    print_bounds(r, chip, stream);
    if (!r->log) return;
    fputc('\n', stream);
    print_placers(r, chip, stream);
}
