/* weft noc --sweep --plot: latency and accepted rate over the offered rate, side by side. */
#include <math.h>
#include <stdlib.h>

#include "cli/noc.h"
#include "core/plot.h"

enum { WIDTH = 760, HEIGHT = 400 };
/* Latencies beyond this many times that of the idle network leave the picture: those of a saturated one depend on how
 * long it was run. */
static const double TALLEST = 8;
static const double FARTHEST = 1.5; /* times the last rate: a bound beyond that is not shown on the axis of rates */

static void print_points(FILE *f, const weft_noc_look *look, bool saturated) {
    fprintf(f, "$%s << END\n", saturated ? "beyond" : "stable");
    int last = -1;
    for (int i = 0; i < look->count; i++) {
        if (!look->points[i].measured.saturated) last = i;
    }
    for (int i = 0; i < look->count; i++) {
        const weft_noc_measurement *m = &look->points[i].measured;
        if (m->saturated != saturated && !(saturated && i == last)) continue;
        if (!isfinite(m->packet.mean)) continue;
        fprintf(f, "%.6g %.6g %.6g %.6g\n", look->points[i].rate, m->packet.mean, m->network.mean, m->accepted);
    }
    fputs("END\n", f);
}

/* Two panels; a line to the saturated points, which stand for no steady state, is broken. */
static void print_script(FILE *f, weft_plot_format format, const weft_noc_look *look) {
    const weft_noc_measurement *first = &look->points[0].measured, *last = &look->points[look->count - 1].measured;
    double bound = fmin(last->bounds.channel, last->bounds.credit), end = look->points[look->count - 1].rate;
    const bool near = bound < FARTHEST * end; /* else its line stands outside */
    double right = fmax(end, near ? bound : 0) * 1.02;
    weft_plot_head(f, format, "noc", WIDTH, HEIGHT);
    print_points(f, look, false);
    print_points(f, look, true);
    fprintf(
        f,
        "set multiplot layout 1,2\nset xlabel 'offered (flits per node and cycle)'\nset xrange [0:%.6g]\n"
        "set xtics %.6g\nset yrange [0:%.6g]\nset ylabel 'latency (cycles)'\nset key top left samplen 2 reverse Left\n",
        right, weft_plot_step(right, 5), TALLEST * (isfinite(first->zero_load) ? first->zero_load : 1));
    if (near) fprintf(f, "set arrow from %.6g,graph 0 to %.6g,graph 1 nohead lc rgb '#8A9099' dt 2\n", bound, bound);
    fputs("plot $stable using 1:2 with linespoints pt 7 ps 0.5 lw 2 lc rgb '" WEFT_PLOT_BLUE "' title 'creation to "
          "tail', $beyond using 1:2 with lines lw 2 dt 2 lc rgb '" WEFT_PLOT_BLUE "' notitle, "
          "$stable using 1:3 with linespoints pt 7 ps 0.5 lw 2 lc rgb '" WEFT_PLOT_ORANGE "' title 'in the network', "
          "$beyond using 1:3 with lines lw 2 dt 2 lc rgb '" WEFT_PLOT_ORANGE "' notitle\n",
          f);
    fprintf(f,
            "set yrange [0:%.6g]\nset ylabel 'accepted (flits per node and cycle)'\n"
            "set arrow from graph 0,first %.6g to graph 1,first %.6g nohead lc rgb '#8A9099' dt 2\n",
            fmax(bound, end) * 1.1, bound, bound);
    fputs("plot $stable using 1:4 with linespoints pt 7 ps 0.5 lw 2 lc rgb '" WEFT_PLOT_GREEN "' title 'accepted', "
          "$beyond using 1:4 with linespoints pt 7 ps 0.5 lw 2 dt 2 lc rgb '" WEFT_PLOT_GREEN "' notitle, "
          "NaN lc rgb '#8A9099' dt 2 title 'bound'\nunset multiplot\n",
          f);
}

weft_status weft_noc_draw(const weft_noc_look *look, bool *drawn, weft_error *err) {
    char *script = NULL;
    size_t size = 0;
    weft_plot_format format;
    *drawn = false;
    FILE *f = open_memstream(&script, &size);
    if (!f) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    weft_plot_format_of(&format, look->options->plot);
    print_script(f, format, look);
    weft_status status = fclose(f) == 0 ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    if (status == WEFT_OK) status = weft_plot_write(drawn, look->options->plot, script, size, err);
    free(script);
    return status;
}
