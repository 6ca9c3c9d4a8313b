/* What a report checks of itself. Each check says what it compared; an unknown one says nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/checks.h"

/* Sums of the same terms in another order. */
#define ROUNDING 1e-12

void weft_report_check_add(weft_report_tables *tables, const weft_report_check *check) {
    weft_report_figures *f = &tables->figures;
    tables->checks[tables->check_count++] = *check;
    f->checks_known += check->known;
    f->checks_passed += check->known && check->passed;
    if (check->known && !check->passed && !f->failed_check) f->failed_check = check->name;
}

void weft_report_check_equal(weft_report_tables *tables, const char *name, double left, const char *left_is,
                             double right, const char *right_is) {
    weft_report_check_add(tables, &(weft_report_check){name, true, left == right, left, right, left_is, "=", right_is});
}

void weft_report_check_most(weft_report_tables *tables, const char *name, double left, const char *left_is,
                            double right, const char *right_is) {
    const bool passed = left <= right * (1 + ROUNDING);
    weft_report_check_add(tables, &(weft_report_check){name, true, passed, left, right, left_is, "<=", right_is});
}

void weft_report_check_least(weft_report_tables *tables, const char *name, double left, const char *left_is,
                             double right, const char *right_is) {
    const bool passed = left >= right * (1 - ROUNDING);
    weft_report_check_add(tables, &(weft_report_check){name, true, passed, left, right, left_is, ">=", right_is});
}

static bool near(double left, double right) { return fabs(left - right) <= ROUNDING * fmax(fabs(left), fabs(right)); }

static void check_near(weft_report_tables *tables, const char *name, bool counts_agree, double left,
                       const char *left_is, double right, const char *right_is) {
    const bool passed = counts_agree && near(left, right);
    weft_report_check_add(tables, &(weft_report_check){name, true, passed, left, right, left_is, "=", right_is});
}

/* ---- counts ---- */

static bool same_counts(const weft_event_counts *a, const weft_event_counts *b) {
    bool same = true;
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) same = same && a->n[e] == b->n[e];
    return same;
}

static weft_event_counts times(const weft_event_counts *counts, uint64_t factor) {
    weft_event_counts out;
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) out.n[e] = counts->n[e] * factor;
    return out;
}

static double all_events(const weft_event_counts *counts) {
    double sum = 0;
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) sum += (double)counts->n[e];
    return sum;
}

static weft_event_counts counted_in_cores(const weft_timing *timing) {
    weft_event_counts sum = {{0}};
    for (int c = 0; c <= timing->core_count; c++) weft_event_counts_add(&sum, &timing->cores[c].events);
    return sum;
}

static weft_event_counts counted_in_bins(const weft_timing *timing) {
    weft_event_counts sum = {{0}};
    for (int b = 0; b < timing->bin_count; b++) weft_event_counts_add(&sum, &timing->bins[b]);
    return sum;
}

/* Both sides are of the first layer that differs, where one does. */
static void check_events(weft_report_tables *tables, const weft_timing *timing) {
    weft_report_check check = {
        "events_counted_equal_closed_form", true, true, 0, 0, "events counted", "=", "closed form"};
    for (int s = 0; s <= tables->stage_count && check.passed; s++) {
        const weft_event_counts expected = times(&tables->layers[s].counts, timing->images);
        check.passed = same_counts(&timing->stage_events[s], &expected);
        if (!check.passed) check.left = check.right = 0;
        check.left += all_events(&timing->stage_events[s]);
        check.right += all_events(&expected);
    }
    weft_report_check_add(tables, &check);
}

static void check_traffic(weft_report_tables *tables, const weft_timing *timing) {
    const double m = (double)timing->images;
    const weft_traffic_totals *closed = &tables->traffic;
    uint64_t links = 0, hops = 0;
    for (int i = 0; i < timing->router_count * 4; i++) links += timing->link_flits[i];
    for (int s = 0; s <= timing->stage_count; s++) hops += timing->stage_events[s].n[WEFT_EVENT_LINK_FLIT];
    weft_report_check_equal(tables, "packets_delivered_equal_closed_form", (double)timing->packets, "delivered",
                            m * (double)closed->packets, "closed form");
    weft_report_check_equal(tables, "flits_delivered_equal_closed_form", (double)timing->flits, "delivered",
                            m * (double)closed->flits, "closed form");
    weft_report_check_equal(tables, "flit_hops_equal_closed_form", (double)timing->flit_hops, "counted",
                            m * (double)closed->flit_hops, "closed form");
    weft_report_check_equal(tables, "link_flits_equal_hops_of_packets", (double)links, "counted at the links",
                            (double)hops, "flits x links on the path, over the packets sent");
}

/* ---- energy ---- */

static double energy_of(const weft_report_tables *tables, const weft_event_counts *counts) {
    double ignored[WEFT_EVENT_COUNT] = {0};
    return weft_report_energy(tables, counts, ignored);
}

/* Sums over the lines of energy.csv, "component,event,count,cost,energy,...", as they are printed. */
typedef struct printed_energy {
    double products, energies; /* counts x costs; pJ */
} printed_energy;

/* End of the line, quoted ends of lines not counted; NULL: there is none. */
static const char *line_end(const char *at) {
    bool quoted = false;
    for (; *at && (quoted || *at != '\n'); at++) quoted ^= *at == '"';
    return *at ? at : NULL;
}

static printed_energy add_lines(const char *text) {
    printed_energy sum = {0, 0};
    const char *line = line_end(text);
    for (int e = 0; line && e < WEFT_EVENT_COUNT; e++, line = line_end(line + 1)) {
        const char *field = strchr(line, ',');
        char *end;
        if (field) field = strchr(field + 1, ',');
        if (!field) break;
        const double count = strtod(field + 1, &end), cost = strtod(end + 1, &end);
        sum.products += count * cost;
        sum.energies += strtod(end + 1, NULL);
    }
    return sum;
}

static void check_printed_energy(weft_report_tables *tables) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) return;
    weft_report_csv_energy(tables, stream);
    const bool whole = fclose(stream) == 0;
    if (whole) {
        const printed_energy printed = add_lines(text);
        check_near(tables, "energy_is_counts_times_cost", near(printed.energies, printed.products),
                   tables->figures.energy_dynamic_pj, "pJ an image", printed.products,
                   "counts x costs, both as energy.csv has them");
    }
    free(text);
}

/* What was counted in the run, where flits are those that routers and links passed on, against what the mapping says:
 * both were found without each other. */
static void check_energy_cuts(weft_report_tables *tables, const weft_timing *timing) {
    const weft_event_counts closed = times(&tables->counts, timing->images), cores = counted_in_cores(timing),
                            bins = counted_in_bins(timing);
    const double total = energy_of(tables, &closed);
    check_near(tables, "energy_of_cores_equals_closed_form", same_counts(&cores, &closed), energy_of(tables, &cores),
               "pJ, counted at cores and host", total, "pJ, closed form of all layers");
    check_near(tables, "energy_over_time_equals_closed_form", same_counts(&bins, &closed), energy_of(tables, &bins),
               "pJ, counted over time", total, "pJ, closed form of all layers");
}

/* ---- time ---- */

/* An image passes at least one product and the digital unit in every stage on its longest way. */
static double longest_way(const weft_report_tables *tables) {
    const weft_chip *chip = tables->input->chip;
    const weft_stages *stages = tables->input->stages;
    const double digital = ceil(chip->core.digital_ns.value / chip->cycle_ns - 1e-9);
    double *at = calloc((size_t)stages->count + 1, sizeof *at), longest = 0;
    for (int s = 0; at && s < stages->count; s++) {
        const weft_stage *stage = &stages->items[s];
        for (int p = 0; p < stage->port_count; p++)
            for (int i = 0; i < stage->ports[p].source_count; i++)
                at[s + 1] = fmax(at[s + 1], at[stage->ports[p].sources[i].stage + 1]);
        at[s + 1] += (stage->has_matrix ? (double)chip->mvm_latency_cycles : 0) + (stage->op_count ? digital : 0);
        longest = at[s + 1];
    }
    free(at);
    return longest;
}

static double least_latency(const weft_timing *timing) {
    double least = INFINITY;
    for (size_t i = 0; i < timing->images; i++)
        least = fmin(least, (double)(timing->image_end[i] - timing->image_start[i]));
    return least;
}

static void check_time(weft_report_tables *tables, const weft_timing *timing) {
    const double cycles = (double)timing->cycles;
    weft_report_check_least(tables, "latency_at_least_longest_way", least_latency(timing), "cycles, fastest image",
                            longest_way(tables), "cycles of products and digital units in a row");
    /* Little's law: packets inside, counted in every cycle, against the time stamps of each. */
    weft_report_check_equal(tables, "packets_inside_equal_rate_times_latency", (double)timing->packet_cycles / cycles,
                            "inside the network in the mean, counted every cycle",
                            (double)timing->latency_sum_cycles / cycles, "rate x mean latency of the packets");
}

static double busiest(const weft_report_tables *tables, const weft_timing *timing) {
    const double cycles = (double)timing->cycles;
    double most = (double)timing->io_busy_cycles / (cycles * tables->input->mapping->chips);
    for (int s = 0; s < timing->stage_count; s++) most = fmax(most, (double)timing->stage_busy_cycles[s] / cycles);
    for (int c = 0; c < timing->core_count; c++) {
        const weft_timing_core *core = &timing->cores[c];
        const int arrays = tables->core_arrays[c % tables->input->chip->core_count];
        most = fmax(most, (double)core->digital_busy_cycles / cycles);
        most = fmax(most, (double)core->injection_busy_cycles / cycles);
        most = fmax(most, (double)core->ejection_busy_cycles / cycles);
        if (arrays > 0)
            most = fmax(most, (double)core->array_busy_cycles / (cycles * arrays));
        else if (core->array_busy_cycles > 0)
            most = INFINITY;
    }
    return most;
}

static void check_use(weft_report_tables *tables, const weft_timing *timing) {
    int64_t peak = -1;
    for (int c = 0; c < timing->core_count; c++)
        if (timing->cores[c].buffer_peak_bytes > peak) peak = timing->cores[c].buffer_peak_bytes;
    weft_report_check_most(tables, "utilisation_at_most_1", busiest(tables, timing),
                           "of the busiest array, unit, port or host link", 1, "all of the time");
    if (peak >= 0)
        weft_report_check_most(tables, "buffers_within_core_memory", (double)peak, "bytes in the fullest core",
                               (double)tables->input->chip->core.buffer_bytes, "bytes there are");
}

/* ---- all ---- */

static void check_confusion(weft_report_tables *tables) {
    const weft_report_input *input = tables->input;
    const int classes = input->stages->classes;
    uint64_t sum = 0, diagonal = 0;
    for (int i = 0; i < classes * classes; i++) sum += input->confusion[i];
    for (int i = 0; i < classes; i++) diagonal += input->confusion[i * classes + i];
    weft_report_check_equal(tables, "confusion_sums_to_images", (double)sum, "in the matrix", (double)input->images,
                            "images");
    weft_report_check_equal(tables, "confusion_diagonal_is_correct", (double)diagonal, "on the diagonal",
                            (double)input->correct, "correct images");
}

static void check_timed(weft_report_tables *tables) {
    const weft_report_timed *timed = tables->input->timed;
    weft_report_check_equal(tables, "timed_equals_functional", (double)timed->outputs_identical, "results identical",
                            (double)timed->outputs, "results");
    check_events(tables, timed->timing);
    check_traffic(tables, timed->timing);
    weft_report_check_network(tables);
    check_energy_cuts(tables, timed->timing);
    check_time(tables, timed->timing);
    check_use(tables, timed->timing);
}

void weft_report_derive_checks(weft_report_tables *tables) {
    weft_report_figures *f = &tables->figures;
    tables->check_count = f->checks_known = f->checks_passed = 0;
    f->failed_check = NULL;
    if (weft_report_is_timed(tables))
        check_timed(tables);
    else
        weft_report_check_add(tables, &(weft_report_check){.name = "timed_equals_functional"});
    check_printed_energy(tables);
    check_confusion(tables);
}
