/* Spike rasters. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "sim/report/raster_internal.h"

enum { HEIGHT = 460, BINS_MAX = 190, ROWS_MAX = 128 };

weft_status weft_raster_picture(bool *drawn, const char *path, weft_raster_print *print, const void *context,
                                weft_error *err) {
    char *script = NULL;
    size_t size = 0;
    weft_plot_format format;
    *drawn = false;
    if (!weft_plot_format_of(&format, path))
        return weft_error_set(err, WEFT_E_INVALID, "%s: a picture's name ends in .svg or .png", path);
    FILE *f = open_memstream(&script, &size);
    if (!f) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    print(f, format, context);
    weft_status status = fclose(f) == 0 ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    if (status == WEFT_OK) status = weft_plot_write(drawn, path, script, size, err);
    free(script);
    return status;
}

typedef struct raster {
    const weft_spikes *spikes;
    weft_raster_window window; /* no zero counts */
    size_t dots;               /* inside it */
    int bins, rows;            /* of the rates below; of the map of rates, 0: dots */
    uint64_t *counts;          /* [rows or 1, bins] */
} raster;

static bool shows(const raster *r, const weft_spike *spike) {
    const weft_raster_window *w = &r->window;
    return spike->tick >= w->first_tick && spike->tick - w->first_tick < w->ticks && spike->neuron >= w->first_neuron &&
           spike->neuron - w->first_neuron < w->neurons;
}

/* Of a bin or row: the one that `at` of `length` falls into, of `count`. */
static size_t part_of(uint64_t at, uint64_t length, int count) { return (size_t)((double)at * count / (double)length); }

static int at_most(uint64_t value, int most) { return value < (uint64_t)most ? (int)value : most; }

static weft_status resolve(raster *r, const weft_raster_window *window, weft_error *err) {
    const weft_spikes *s = r->spikes;
    const uint64_t end = s->count ? s->items[s->count - 1].tick + 1 : 1;
    r->window = window ? *window : (weft_raster_window){0};
    weft_raster_window *w = &r->window;
    if (w->first_neuron >= s->neurons || (!w->ticks && w->first_tick >= end))
        return weft_error_set(err, WEFT_E_INVALID,
                              "nothing to show from tick %" PRIu64 ", neuron %" PRIu64 " on: %" PRIu64
                              " ticks with spikes, %" PRIu64 " neurons",
                              w->first_tick, w->first_neuron, end, s->neurons);
    if (!w->ticks) w->ticks = end - w->first_tick;
    if (!w->neurons || w->neurons > s->neurons - w->first_neuron) w->neurons = s->neurons - w->first_neuron;
    for (size_t i = 0; i < s->count; i++) r->dots += shows(r, &s->items[i]);
    r->bins = at_most(w->ticks, BINS_MAX);
    r->rows = r->dots > WEFT_RASTER_DOTS_MAX ? at_most(w->neurons, ROWS_MAX) : 0;
    return WEFT_OK;
}

static weft_status count_bins(raster *r, weft_error *err) {
    const size_t rows = r->rows ? (size_t)r->rows : 1, bins = (size_t)r->bins;
    r->counts = calloc(rows * bins, sizeof *r->counts);
    if (!r->counts) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    for (size_t i = 0; i < r->spikes->count; i++) {
        const weft_spike *spike = &r->spikes->items[i];
        if (!shows(r, spike)) continue;
        const size_t row = r->rows ? part_of(spike->neuron - r->window.first_neuron, r->window.neurons, r->rows) : 0;
        r->counts[row * bins + part_of(spike->tick - r->window.first_tick, r->window.ticks, r->bins)]++;
    }
    return WEFT_OK;
}

/* Whole ticks from a beginning of a bin (row) to the next, as part_of shares them out. */
static double size_of(uint64_t length, int count, int part) {
    return ceil((double)length * (part + 1) / count) - ceil((double)length * part / count);
}

/* Hz, or spikes a tick, of one neuron in the mean. */
static double rate_of(const raster *r, uint64_t count, double neurons, int bin) {
    const double ticks = size_of(r->window.ticks, r->bins, bin);
    return (double)count / neurons / ticks / (r->spikes->tick_s > 0 ? r->spikes->tick_s : 1);
}

static void print_dots(FILE *f, const raster *r) {
    const double tick = weft_raster_tick(r->spikes->tick_s);
    fputs("$dots << END\n", f);
    for (size_t i = 0; i < r->spikes->count; i++)
        if (shows(r, &r->spikes->items[i]))
            fprintf(f, "%.9g %" PRIu32 "\n", (double)r->spikes->items[i].tick * tick, r->spikes->items[i].neuron);
    fputs("END\n", f);
}

static void print_map(FILE *f, const raster *r) {
    const double tick = weft_raster_tick(r->spikes->tick_s), ticks = (double)r->window.ticks / r->bins,
                 neurons = (double)r->window.neurons / r->rows;
    fputs("$dots << END\n", f);
    for (int row = 0; row < r->rows; row++)
        for (int bin = 0; bin < r->bins; bin++)
            fprintf(f, "%.9g %.9g %.6g\n", ((double)r->window.first_tick + (bin + 0.5) * ticks) * tick,
                    (double)r->window.first_neuron + (row + 0.5) * neurons - 0.5,
                    rate_of(r, r->counts[(size_t)row * (size_t)r->bins + (size_t)bin],
                            size_of(r->window.neurons, r->rows, row), bin));
    fputs("END\n", f);
}

/* Of all neurons shown. */
static double mean_rate(const raster *r, int bin) {
    uint64_t count = 0;
    for (int row = 0; row < (r->rows ? r->rows : 1); row++)
        count += r->counts[(size_t)row * (size_t)r->bins + (size_t)bin];
    return rate_of(r, count, (double)r->window.neurons, bin);
}

/* 1 where there are no spikes. */
static double largest_rate(const raster *r) {
    double largest = 0;
    for (int bin = 0; bin < r->bins; bin++) largest = fmax(largest, mean_rate(r, bin));
    return largest > 0 ? largest : 1;
}

/* Steps: each bin's rate at its beginning, the last once more at the end. */
static void print_rates(FILE *f, const raster *r) {
    const double tick = weft_raster_tick(r->spikes->tick_s), ticks = (double)r->window.ticks / r->bins;
    fputs("$rates << END\n", f);
    for (int bin = 0; bin <= r->bins; bin++)
        fprintf(f, "%.9g %.6g\n", ((double)r->window.first_tick + bin * ticks) * tick,
                mean_rate(r, bin < r->bins ? bin : r->bins - 1));
    fputs("END\n", f);
}

static void print_raster(FILE *f, weft_plot_format format, const void *context) {
    const raster *r = context;
    const double tick = weft_raster_tick(r->spikes->tick_s), right = r->rows ? 0.83 : WEFT_RASTER_RIGHT;
    const double largest = largest_rate(r);
    const double first = (double)r->window.first_neuron, size = fmin(0.9, fmax(0.16, 30 / (double)r->window.neurons));
    weft_plot_head(f, format, "raster", WEFT_RASTER_WIDTH, HEIGHT);
    (r->rows ? print_map : print_dots)(f, r);
    print_rates(f, r);
    fprintf(f,
            "set multiplot\nset lmargin at screen %g\nset rmargin at screen %g\nset tmargin at screen 0.96\n"
            "set bmargin at screen 0.4\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\nset format x ''\n"
            "set ylabel 'neuron'\n",
            WEFT_RASTER_LEFT, right, (double)r->window.first_tick * tick,
            (double)(r->window.first_tick + r->window.ticks) * tick, first - 0.5,
            first + (double)r->window.neurons - 0.5);
    if (r->rows)
        fprintf(f, "unset grid\n" HEAT "set cbrange [0:*]\nset cblabel '%s'\nplot $dots using 1:2:3 with image\n",
                r->spikes->tick_s > 0 ? "spikes per second" : "spikes per tick");
    else
        fprintf(f, "plot $dots using ($1+%.9g):2 with points pt 7 ps %.3g lc rgb '" BLUE "'\n", 0.5 * tick, size);
    fprintf(f,
            "unset colorbox\nset tmargin at screen 0.34\nset bmargin at screen 0.14\nset format x '%%g'\nset xlabel "
            "'%s'\nset ylabel '%s'\nset yrange [0:%.6g]\nset ytics %.6g\nset format y '%%.3g'\n"
            "set grid xtics lc rgb '#DDE1E6' lt 1 lw 1\n"
            "plot $rates using 1:2 with fillsteps lc rgb '#BDD3EA', $rates using 1:2 with steps lw 1.5 lc rgb '" BLUE
            "'\nunset multiplot\n",
            weft_raster_time(r->spikes->tick_s), r->spikes->tick_s > 0 ? "mean (Hz)" : "mean", 1.06 * largest,
            weft_plot_step(largest, 3));
}

weft_status weft_raster_draw(bool *drawn, const char *path, const weft_spikes *spikes, const weft_raster_window *window,
                             weft_error *err) {
    raster r = {.spikes = spikes};
    weft_status status;
    *drawn = false;
    WEFT_TRY_GOTO(resolve(&r, window, err));
    WEFT_TRY_GOTO(count_bins(&r, err));
    WEFT_TRY_GOTO(weft_raster_picture(drawn, path, print_raster, &r, err));
cleanup:
    free(r.counts);
    return status;
}
