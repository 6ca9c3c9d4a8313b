/* What a report checks of itself. Each check says what it compared; an unknown one says nothing. */
#include <math.h>
#include <stdlib.h>

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

static void check_near(weft_report_tables *tables, const char *name, bool counts_agree, double left,
                       const char *left_is, double right, const char *right_is) {
    const bool passed = counts_agree && fabs(left - right) <= ROUNDING * fmax(fabs(left), fabs(right));
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

static weft_event_counts counted_in_stages(const weft_timing *timing) {
    weft_event_counts sum = {{0}};
    for (int s = 0; s <= timing->stage_count; s++) weft_event_counts_add(&sum, &timing->stage_events[s]);
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
    uint64_t sum = 0;
    for (int i = 0; i < timing->router_count * 4; i++) sum += timing->link_flits[i];
    weft_report_check_equal(tables, "packets_delivered_equal_closed_form", (double)timing->packets, "delivered",
                            m * (double)closed->packets, "closed form");
    weft_report_check_equal(tables, "flits_delivered_equal_closed_form", (double)timing->flits, "delivered",
                            m * (double)closed->flits, "closed form");
    weft_report_check_equal(tables, "flit_hops_equal_closed_form", (double)timing->flit_hops, "counted",
                            m * (double)closed->flit_hops, "closed form");
    weft_report_check_equal(tables, "link_flits_sum_to_flit_hops", (double)sum, "over all links",
                            (double)timing->flit_hops, "flit-hops");
}

/* ---- energy ---- */

static double energy_of(const weft_report_tables *tables, const weft_event_counts *counts) {
    double ignored[WEFT_EVENT_COUNT] = {0};
    return weft_report_energy(tables, counts, ignored);
}

/* From the numbers as they are printed, read back. */
static double printed_energy(const weft_report_tables *tables) {
    double sum = 0;
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) {
        char cost[32];
        weft_number_text(cost, sizeof cost, tables->input->chip->cost_pj[e].value);
        sum += (double)tables->counts.n[e] * strtod(cost, NULL);
    }
    return sum;
}

static void check_energy(weft_report_tables *tables) {
    const weft_report_figures *f = &tables->figures;
    double layers = 0;
    for (int l = 0; l <= tables->stage_count; l++) layers += tables->layers[l].energy_pj;
    check_near(tables, "energy_is_counts_times_cost", true, f->energy_dynamic_pj, "pJ an image", printed_energy(tables),
               "printed counts x printed costs");
    check_near(tables, "energy_of_layers_sums_to_total", true, layers, "pJ, layers", f->energy_dynamic_pj,
               "pJ an image");
}

static void check_energy_cuts(weft_report_tables *tables, const weft_timing *timing) {
    const weft_event_counts stages = counted_in_stages(timing), cores = counted_in_cores(timing),
                            bins = counted_in_bins(timing);
    const double total = energy_of(tables, &stages);
    check_near(tables, "energy_of_cores_sums_to_total", same_counts(&cores, &stages), energy_of(tables, &cores),
               "pJ, cores and host", total, "pJ of the run");
    check_near(tables, "energy_over_time_sums_to_total", same_counts(&bins, &stages), energy_of(tables, &bins),
               "pJ, bins", total, "pJ of the run");
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

static int compare_cycles(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Image-cycles inside the chip, by walking over arrivals and departures; NaN without memory for it. */
static double walk_inside(const weft_timing *timing) {
    const size_t m = timing->images;
    uint64_t *start = malloc(2 * m * sizeof *start), *end = start + m, before = 0;
    double area = 0, inside = 0;
    if (!start) return NAN;
    for (size_t i = 0; i < m; i++) start[i] = timing->image_start[i], end[i] = timing->image_end[i];
    qsort(start, m, sizeof *start, compare_cycles);
    qsort(end, m, sizeof *end, compare_cycles);
    for (size_t i = 0, j = 0; j < m;) {
        const bool enters = i < m && start[i] <= end[j];
        const uint64_t at = enters ? start[i++] : end[j++];
        area += inside * (double)(at - before);
        inside += enters ? 1 : -1;
        before = at;
    }
    free(start);
    return area;
}

static void check_time(weft_report_tables *tables, const weft_timing *timing) {
    const double m = (double)timing->images, cycles = (double)timing->cycles;
    double sum = 0;
    for (size_t i = 0; i < timing->images; i++) sum += (double)(timing->image_end[i] - timing->image_start[i]);
    weft_report_check_least(tables, "latency_at_least_longest_way", least_latency(timing), "cycles, fastest image",
                            longest_way(tables), "cycles of products and digital units in a row");
    /* Little's law over the run: images inside = rate x latency. */
    const double inside = walk_inside(timing);
    if (isfinite(inside))
        check_near(tables, "images_inside_equal_rate_times_latency", true, inside / cycles, "images inside in the mean",
                   m / cycles * (sum / m), "rate x latency");
}

static double busiest(const weft_report_tables *tables, const weft_timing *timing) {
    const double cycles = (double)timing->cycles;
    double most = (double)timing->io_busy_cycles / (cycles * tables->input->mapping->chips);
    for (int s = 0; s < timing->stage_count; s++) most = fmax(most, (double)timing->stage_busy_cycles[s] / cycles);
    for (int c = 0; c < timing->core_count; c++) {
        const weft_timing_core *core = &timing->cores[c];
        const int arrays = tables->core_arrays[c % tables->input->chip->core_count];
        most = fmax(most, (double)core->digital_busy_cycles / cycles);
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
                           "of the busiest array, unit or host link", 1, "all of the time");
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
    tables->check_count = 0;
    if (weft_report_is_timed(tables))
        check_timed(tables);
    else
        weft_report_check_add(tables, &(weft_report_check){.name = "timed_equals_functional"});
    check_energy(tables);
    check_confusion(tables);
}
