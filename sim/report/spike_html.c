#include "sim/report/spike_html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "sim/report/tables.h"

enum { SVG_BYTES_MAX = 64 << 20 };

static void tile(FILE *s, const char *label, double value, const char *unit, int exponent) {
    if (!isfinite(value)) return;
    fputs("<div class=\"tile\"><b>", s);
    weft_report_html_scaled(s, value, unit, exponent);
    fprintf(s, "</b><span>%s</span></div>\n", label);
}

static void tiles(FILE *s, const weft_spike_report *r, const weft_spike_figures *f) {
    fputs("<div class=\"tiles\">\n", s);
    if (r->labelled)
        fprintf(s,
                "<div class=\"tile\"><b>%.2f %%</b><span>accuracy%s, %llu images; 95 %%: %.2f to %.2f</span></div>\n",
                100 * f->trials_mean, isfinite(f->trials_std) ? ", mean over chips" : "",
                (unsigned long long)r->samples, 100 * f->low, 100 * f->high);
    tile(s, "energy a sample", f->energy.seconds > 0 ? f->energy.total_pj / (double)r->samples : NAN, "J", -12);
    tile(s, "dynamic energy a sample", f->energy.dynamic_pj / (double)r->samples, "J", -12);
    tile(s, "power", f->power_mw, "W", -3);
    tile(s, "samples", f->samples_per_s, "/s", 0);
    fprintf(s, "<div class=\"tile\"><b>%d</b><span>of %d cores</span></div>\n</div>\n", r->core_count,
            r->chip->core_count);
}

static void fact(FILE *s, const char *name, const char *text) {
    if (!text) return;
    fprintf(s, "<dt>%s</dt><dd>", name);
    weft_xml_print(s, text, 0);
    fputs("</dd>\n", s);
}

static void facts(FILE *s, const weft_spike_report *r) {
    char text[200];
    fputs("<h2>What was run</h2>\n<dl>\n", s);
    fact(s, "Network", r->network);
    fact(s, "SHA-256", r->network_sha256);
    fact(s, "Mapping", r->mapping);
    fact(s, "Chip", r->chip->name);
    fact(s, "SHA-256", r->chip->sha256.hex);
    for (int i = 0; i < r->override_count; i++) fact(s, "Chip setting", r->overrides[i]);
    fact(s, "Input", r->stimulus);
    fact(s, "Synapses", r->transform);
    snprintf(text, sizeof text, "%llu of %g ms", (unsigned long long)r->ticks, r->dt_s * 1e3);
    fact(s, "Ticks", text);
    snprintf(text, sizeof text, "%llu, trial %llu", (unsigned long long)r->seed, (unsigned long long)r->trial);
    fact(s, "Seed", text);
    fact(s, "Made by", "weft " WEFT_VERSION);
    fputs("</dl>\n", s);
}

static void row(FILE *s, const char *name, uint64_t count) {
    fprintf(s, "<tr><td>%s</td><td>%llu</td></tr>\n", name, (unsigned long long)count);
}

static void counts(FILE *s, const weft_spike_report *r, const weft_spike_figures *f) {
    const weft_spike_counts *n = &f->total;
    fputs("<h2>Events</h2>\n<div class=\"wide\"><table><thead><tr><th>what</th><th>count</th></tr></thead><tbody>\n",
          s);
    row(s, "spikes", n->spikes);
    row(s, "axon events", n->axon_events);
    row(s, "synaptic events", n->synaptic_events);
    row(s, "neurons updated, with events", n->updates_active);
    row(s, "neurons updated, without", n->updates_inactive);
    row(s, "packets", n->packets);
    row(s, "of these within a core", n->packets_local);
    row(s, "packets from the host", r->input_packets);
    row(s, "hops along x", n->hops_x);
    row(s, "hops along y", n->hops_y);
    row(s, "crossings from chip to chip", r->crossings);
    fputs("</tbody></table></div>\n", s);
}

static void energy(FILE *s, const weft_spike_report *r, const weft_spike_figures *f) {
    fputs("<h2>Energy a sample</h2>\n<div class=\"wide\"><table><thead><tr><th>component</th><th>energy</th>"
          "</tr></thead><tbody>\n",
          s);
    for (int c = 0; c < f->energy.component_count; c++) {
        fprintf(s, "<tr><td>%s</td><td>", f->energy.components[c].name);
        weft_report_html_scaled(s, f->energy.components[c].energy_pj / (double)r->samples, "J", -12);
        fputs("</td></tr>\n", s);
    }
    fputs("</tbody></table></div>\n<p class=\"soft\">Counts of events times the costs of the chip file; static power "
          "is that of the whole chip, used or not. energy.csv has the costs and where they are from.</p>\n",
          s);
}

static void timing(FILE *s, const weft_spike_report *r) {
    const weft_spike_timing_summary *t = r->timing ? &r->timing->summary : NULL;
    if (!t || !t->ticks) return;
    fprintf(s, "<h2>Time</h2>\n<p>%llu ticks were timed: ", (unsigned long long)t->ticks);
    weft_report_html_scaled(s, t->mean_cycles * r->chip->cycle_ns, "s", -9);
    fputs(" in the mean, ", s);
    weft_report_html_scaled(s, (double)t->longest_cycles * r->chip->cycle_ns, "s", -9);
    fprintf(s, " at most, mostly by the %s. A packet takes ", weft_tick_bound_names[t->bound_by]);
    weft_report_html_scaled(s, t->latency_ns_mean, "s", -9);
    fputs(" in the mean.", s);
    if (t->tick_ns > 0) {
        fprintf(s, " %llu ticks missed their deadline; ticks of ", (unsigned long long)t->missed);
        weft_report_html_scaled(s, t->fastest_tick_ns, "s", -9);
        fputs(" would have been long enough.", s);
    }
    fputs("</p>\n", s);
}

/* The file from its <svg on. */
static void figure(FILE *s, const char *title, const char *path, const char *caption) {
    char *text = NULL;
    size_t size = 0;
    if (!path || weft_file_read(&text, &size, path, SVG_BYTES_MAX, NULL) != WEFT_OK) return;
    const char *svg = strstr(text, "<svg");
    if (svg)
        fprintf(s, "<h2>%s</h2>\n<figure><div class=\"wide\">\n%s\n</div><figcaption>%s</figcaption></figure>\n", title,
                svg, caption);
    free(text);
}

void weft_spike_report_html(const weft_spike_report *r, const char *activity, const char *raster, FILE *s) {
    const weft_spike_figures f = weft_spike_figures_of(r);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>weft: ",
          s);
    weft_xml_print(s, r->network, 0);
    fputs(" on ", s);
    weft_xml_print(s, r->chip->name, 0);
    fprintf(s, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", weft_report_style);
    weft_xml_print(s, r->network, 0);
    fputs(" on ", s);
    weft_xml_print(s, r->chip->name, 0);
    fputs("</h1>\n<p class=\"soft\">", s);
    weft_xml_print(s, r->chip->description ? r->chip->description : "", 0);
    fputs("</p>\n", s);
    tiles(s, r, &f);
    facts(s, r);
    energy(s, r, &f);
    timing(s, r);
    figure(s, "Activity", activity, "Synaptic events of each router's cores a tick; cores.csv has all counts.");
    figure(s, "Spikes", raster, "A dot a spike, and the mean rate below.");
    counts(s, r, &f);
    fputs("</body>\n</html>\n", s);
}
