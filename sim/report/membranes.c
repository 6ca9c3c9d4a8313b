/* Traces of membranes. */
#include <inttypes.h>
#include <math.h>

#include "core/text.h"
#include "sim/report/raster_internal.h"

enum { PANEL = 110, INPUT = 44, BELOW = 70, ABOVE = 26, GAP = 28 }; /* pixels */

weft_status weft_membranes_write(const weft_membranes *traces, const char *path, weft_error *err) {
    weft_output out;
    WEFT_TRY(weft_output_open(&out, path, err));
    fputs(traces->tick_s > 0 ? "tick,time_s" : "tick", out.stream);
    for (int p = 0; p < traces->probes; p++) {
        fputc(',', out.stream);
        weft_csv_print(out.stream, traces->names[p]);
    }
    fputc('\n', out.stream);
    for (uint64_t t = 0; t < traces->ticks; t++) {
        fprintf(out.stream, "%" PRIu64, traces->first_tick + t);
        if (traces->tick_s > 0) weft_report_csv_number(out.stream, (double)(traces->first_tick + t) * traces->tick_s);
        for (int p = 0; p < traces->probes; p++)
            weft_report_csv_number(out.stream, traces->values[t * (uint64_t)traces->probes + (uint64_t)p]);
        fputc('\n', out.stream);
    }
    return weft_output_commit(&out, err);
}

typedef struct panels {
    const weft_membranes *traces;
    const weft_spikes *spikes; /* NULL: none */
    int count, height;
} panels;

static void print_traces(FILE *f, const panels *p) {
    const weft_membranes *m = p->traces;
    const double tick = weft_raster_tick(m->tick_s);
    fputs("$traces << END\n", f);
    for (uint64_t t = 0; t < m->ticks; t++) {
        fprintf(f, "%.9g", (double)(m->first_tick + t) * tick);
        for (int i = 0; i < p->count; i++) fprintf(f, " %.9g", m->values[t * (uint64_t)m->probes + (uint64_t)i]);
        fputc('\n', f);
    }
    fputs("END\n$spikes << END\n", f);
    for (size_t i = 0; p->spikes && i < p->spikes->count; i++)
        fprintf(f, "%.9g %" PRIu32 "\n", (double)p->spikes->items[i].tick * tick, p->spikes->items[i].neuron);
    fputs("NaN NaN\nEND\n", f); /* never empty */
}

typedef struct span {
    double low, high;
} span;

static span span_of(const weft_membranes *m, int probe) {
    span s = {m->values[probe], m->values[probe]};
    for (uint64_t t = 1; t < m->ticks; t++) {
        const double value = m->values[t * (uint64_t)m->probes + (uint64_t)probe];
        s.low = fmin(s.low, value);
        s.high = fmax(s.high, value);
    }
    return s;
}

/* One that would leave little room for the membrane is not shown. */
static bool shows_threshold(const weft_membranes *m, int probe, const span *values) {
    if (!m->thresholds || isnan(m->thresholds[probe])) return false;
    const double length = values->high - values->low, threshold = m->thresholds[probe];
    return threshold <= values->high + 2 * length && threshold >= values->low - 2 * length;
}

/* Between marks of a probe's axis. */
static double step_of(const span *values, int parts) {
    return weft_plot_step(values->high > values->low ? values->high - values->low : 1, parts);
}

static int height_of(const panels *p, int i) { return i < p->traces->inputs ? INPUT : PANEL; }

static void print_input(FILE *f, const panels *p, int i) {
    const span values = span_of(p->traces, i);
    fprintf(f,
            "set offsets 0,0,0,0\nset yrange [0:%.6g]\nset ytics %.6g\n"
            "plot $traces using 1:%d with fillsteps lc rgb '#8A9099'\nset yrange [*:*]\n",
            values.high > 0 ? 1.15 * values.high : 1, step_of(&values, 1), i + 2);
}

static void print_trace(FILE *f, const panels *p, int i) {
    const weft_membranes *m = p->traces;
    const span values = span_of(m, i);
    fprintf(f, "set offsets 0,0,graph 0.16,graph 0.06\nset ytics %.6g\nplot ", step_of(&values, 3));
    if (shows_threshold(m, i, &values)) fprintf(f, "%.9g with lines dt 2 lc rgb '#8A9099', ", m->thresholds[i]);
    fprintf(f,
            "$traces using 1:%d with lines lw 1.5 lc rgb '" BLUE
            "', $spikes using ($2 == %d ? $1 : NaN):(0) axes x1y2 with points pt 7 ps 0.4 lc rgb '" ORANGE "'\n",
            i + 2, i - m->inputs);
}

/* above: pixels over the panel. */
static void print_panel(FILE *f, const panels *p, int i, int above) {
    const weft_membranes *m = p->traces;
    const int height = height_of(p, i);
    const double top = 1 - above / (double)p->height;
    const bool last = i == p->count - 1;
    char name[64];
    weft_plot_name(name, sizeof name, m->names[i]);
    fprintf(f, "set tmargin at screen %.6f\nset bmargin at screen %.6f\nset label 1 '%s' at graph 1,%.3f right front\n",
            top, top - height / (double)p->height, name, 1 + 13.0 / height);
    fprintf(f, "set format x '%s'\nset xlabel '%s'\n", last ? "%g" : "", last ? weft_raster_time(m->tick_s) : "");
    if (i < m->inputs)
        print_input(f, p, i);
    else
        print_trace(f, p, i);
}

static void print_membranes(FILE *f, weft_plot_format format, const void *context) {
    const panels *p = context;
    const weft_membranes *m = p->traces;
    const double tick = weft_raster_tick(m->tick_s);
    char unit[32];
    weft_plot_name(unit, sizeof unit, m->unit);
    weft_plot_head(f, format, "membranes", WEFT_RASTER_WIDTH, p->height);
    print_traces(f, p);
    fprintf(f,
            "set multiplot\nset lmargin at screen %g\nset rmargin at screen %g\nset xrange [%.9g:%.9g]\n"
            "set y2range [-0.92:0.08]\nset ylabel '%s' offset 1,0\n"
            "set format y '%%.3g'\n",
            WEFT_RASTER_LEFT, WEFT_RASTER_RIGHT, (double)m->first_tick * tick,
            (double)(m->first_tick + m->ticks) * tick, unit);
    for (int i = 0, above = ABOVE; i < p->count; i++) {
        print_panel(f, p, i, above);
        above += height_of(p, i) + GAP;
    }
    fputs("unset multiplot\n", f);
}

weft_status weft_membranes_draw(bool *drawn, const char *path, const weft_membranes *traces, const weft_spikes *spikes,
                                weft_error *err) {
    panels p = {.traces = traces, .spikes = spikes};
    *drawn = false;
    if (traces->probes < 1 || !traces->ticks)
        return weft_error_set(err, WEFT_E_INVALID, "no membranes to show: %d probes, %" PRIu64 " ticks", traces->probes,
                              traces->ticks);
    p.count = traces->probes < WEFT_MEMBRANES_DRAWN_MAX ? traces->probes : WEFT_MEMBRANES_DRAWN_MAX;
    p.height = ABOVE - GAP + BELOW;
    for (int i = 0; i < p.count; i++) p.height += height_of(&p, i) + GAP;
    return weft_raster_picture(drawn, path, print_membranes, &p, err);
}
