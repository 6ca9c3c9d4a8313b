/* The terminal table: time, energy, what holds the chip up, checks. */
#include <math.h>
#include <string.h>

#include "sim/report/json.h"
#include "sim/report/tables.h"

static void print_row(FILE *stream, const char *name, double value, const char *unit, int exponent, const char *rest) {
    char text[64];
    weft_report_scaled(text, sizeof text, value, unit, exponent, "u");
    fprintf(stream, "%-16s %s%s\n", name, text, rest);
}

static void print_steady(const weft_report_tables *tables, FILE *stream) {
    const weft_report_figures *f = &tables->figures;
    const size_t images = tables->input->timed->timing->images;
    char rest[96] = "", spread[64];
    if (images < 2) {
        fprintf(stream, "%-16s - (at least 2 timed images)\n", "  steady state");
        return;
    }
    snprintf(rest, sizeof rest, ", mean of images %zu to %zu", f->warmup_images + 1, images);
    print_row(stream, "  steady state", f->latency_steady_ns, "s", -9, rest);
    weft_report_scaled(spread, sizeof spread, f->interval_std_ns, "s", -9, "u");
    snprintf(rest, sizeof rest, ", standard deviation %s", spread);
    print_row(stream, "interval", f->interval_ns, "s", -9, isfinite(f->interval_std_ns) ? rest : "");
}

void weft_report_print_time(const weft_report_tables *tables, FILE *stream) {
    const weft_report_figures *f = &tables->figures;
    print_row(stream, "latency", f->latency_ns, "s", -9, "");
    if (weft_report_is_timed(tables)) print_steady(tables, stream);
    if (isfinite(f->throughput_images_per_s))
        fprintf(stream, "%-16s %.1f images/s\n", "throughput", f->throughput_images_per_s);
    else
        fprintf(stream, "%-16s -\n", "throughput");
    print_row(stream, "energy per image", f->energy_total_pj, "J", -12, "");
    print_row(stream, "  dynamic", f->energy_dynamic_pj, "J", -12, "");
    print_row(stream, "  static", f->energy_static_pj, "J", -12, "");
    print_row(stream, "power", f->power_mw, "W", -3, "");
}

#define WORTH 1.02 /* speedups below it are none */

/* "; without them 1.42 x faster (then the host link)". */
static void add_worth(char *out, size_t out_size, const weft_report_tables *tables,
                      const weft_report_without *without) {
    static const char *const words[WEFT_RESOURCE_KINDS] = {[WEFT_RESOURCE_ARRAYS] = "without them",
                                                           [WEFT_RESOURCE_DIGITAL] = "without digital units",
                                                           [WEFT_RESOURCE_IO] = "without it",
                                                           [WEFT_RESOURCE_LINK] = "without waiting in the network",
                                                           [WEFT_RESOURCE_PORT] = "without waiting in the network",
                                                           [WEFT_RESOURCE_BUFFERS] = "with endless ones"};
    const weft_report_input *input = tables->input;
    char then[300];
    const int used = snprintf(out, out_size, "; %s %.2f x faster", words[without->resource.kind], without->speedup);
    if (!without->limited || without->speedup < WORTH || used < 0 || (size_t)used >= out_size) return;
    weft_resource_text(then, sizeof then, &without->next, input->stages, input->chip);
    snprintf(out + used, out_size - (size_t)used, " (then %s)", then);
}

void weft_report_critical_text(char *out, size_t out_size, const weft_report_tables *tables) {
    const weft_resource *critical = weft_report_critical(tables);
    char name[300];
    out[0] = '\0';
    if (!critical) return;
    const weft_report_without *without = weft_report_without_of(tables, critical);
    weft_resource_text(name, sizeof name, critical, tables->input->stages, tables->input->chip);
    const int used =
        snprintf(out, out_size, "%s%s: %.0f %% %s", without && without->speedup < WORTH ? "nothing by itself; " : "",
                 name, 100 * critical->utilisation, critical->kind == WEFT_RESOURCE_BUFFERS ? "full" : "busy");
    if (without && used >= 0 && (size_t)used < out_size)
        add_worth(out + used, out_size - (size_t)used, tables, without);
}

void weft_report_print_critical(const weft_report_tables *tables, FILE *stream) {
    char text[800];
    if (tables->resource_count == 0) return;
    weft_report_critical_text(text, sizeof text, tables);
    fprintf(stream, "%-16s %s\n", "held up by", text);
}

/* The stage that waits most for it, and its share; -1: none. */
static int longest_wait(const weft_report_tables *tables, int kind, double *share) {
    int longest = -1;
    *share = 0;
    for (int s = 0; s < tables->stage_count; s++) {
        const double here = weft_report_stall(tables, s, kind);
        if (here > *share) *share = here, longest = s;
    }
    return longest;
}

#define WAIT_LEAST 0.01 /* of the run */

void weft_report_print_stalls(const weft_report_tables *tables, FILE *stream) {
    static const char *const texts[WEFT_STALL_KINDS][2] = {[WEFT_STALL_PIXELS] = {"arrays", "pixels"},
                                                           [WEFT_STALL_SUMS] = {"arrays", "room for sums"},
                                                           [WEFT_STALL_ADDEND] = {"blocks", "second terms"},
                                                           [WEFT_STALL_OUTPUT] = {"blocks", "room at readers"}};
    const char *separator = "";
    for (int kind = 0; kind < WEFT_STALL_KINDS; kind++) {
        double share;
        const int stage = longest_wait(tables, kind, &share);
        if (share < WAIT_LEAST) continue;
        if (!separator[0]) fprintf(stream, "%-16s ", "longest waits");
        fprintf(stream, "%s%s's %s %.0f %% for %s", separator, tables->layers[stage].name, texts[kind][0], 100 * share,
                texts[kind][1]);
        separator = "; ";
    }
    if (separator[0]) fputc('\n', stream);
}

void weft_report_print_checks(const weft_report_tables *tables, FILE *stream) {
    fprintf(stream, "%-16s %d of %d hold\n", "checks", tables->figures.checks_passed, tables->figures.checks_known);
    for (int i = 0; i < tables->check_count; i++) {
        const weft_report_check *check = &tables->checks[i];
        char left[32], right[32];
        if (!check->known || check->passed) continue;
        weft_number_text(left, sizeof left, check->left);
        weft_number_text(right, sizeof right, check->right);
        fprintf(stream, "%-16s FAILED: %s: %s %s, wanted %s %s %s\n", "self-check", check->name, left, check->left_is,
                check->relation, right, check->right_is);
    }
}
