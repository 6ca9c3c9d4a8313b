/* The learning curve as a picture. */
#include <math.h>
#include <stdlib.h>

#include "core/plot.h"
#include "trainer/session.h"

enum { WIDTH = 760, HEIGHT = 460, EPOCHS_WITH_POINTS = 40, EPOCHS_WITH_TICS = 12 };
/* Errors that differ by more are drawn on a logarithmic axis. */
static const double LOGARITHMIC_FROM = 8;

typedef struct curve_range {
    double low, high; /* errors in per cent, of both curves */
    double least[2];  /* half an error in the training, the test set: what no error at all is drawn as */
    bool logarithmic;
} curve_range;

static double shown(double percent, double least) { return percent > least ? percent : least; }

static curve_range range_of(const weft_session *s) {
    double train_images = (double)s->per_epoch * (double)s->recipe.batch;
    curve_range r = {.low = 100, .least = {50 / train_images, 50 / (double)s->test->count}};
    for (size_t i = 0; i < s->row_count; i++) {
        double train = s->rows[i].train_error_percent, test = s->rows[i].test_error_percent;
        r.low = fmin(r.low, fmin(shown(train, r.least[0]), shown(test, r.least[1])));
        r.high = fmax(r.high, fmax(train, test));
    }
    r.logarithmic = r.high > LOGARITHMIC_FROM * r.low;
    return r;
}

static void print_axes(FILE *f, const weft_session *s, const curve_range *r) {
    double last = s->rows[s->row_count - 1].epoch;
    fprintf(f, "set xlabel 'epoch'\nset ylabel 'error (%%)'\nset xrange [%g:%g]\n", last > 1 ? 1.0 : 0.5,
            last > 1 ? last : 1.5);
    if (last <= EPOCHS_WITH_TICS) fputs("set xtics 1\n", f);
    fputs("set grid xtics ytics lc rgb '#DDE1E6' lt 1 lw 1\n", f);
    if (r->logarithmic)
        fprintf(f,
                "set logscale y\nset ytics (100,50,20,10,5,2,1,0.5,0.2,0.1,0.05,0.02,0.01,0.005,0.002,0.001)\n"
                "set yrange [%.6g:%.6g]\n",
                r->low / 1.15, fmin(r->high * 1.15, 100));
    else
        fprintf(f, "set yrange [0:%.6g]\n", r->high > 0 ? fmin(r->high * 1.08, 100) : 1);
}

static void print_script(FILE *f, weft_plot_format format, const weft_session *s) {
    curve_range r = range_of(s);
    const weft_curve_row *last = &s->rows[s->row_count - 1];
    const char *style = s->row_count <= EPOCHS_WITH_POINTS ? "linespoints pt 7 ps 0.5" : "lines";
    char name[64];
    weft_plot_name(name, sizeof name, s->recipe.name);
    weft_plot_head(f, format, "curve", WIDTH, HEIGHT);
    fputs("$errors << END\n", f);
    for (size_t i = 0; i < s->row_count; i++)
        fprintf(f, "%.0f %.6g %.6g\n", s->rows[i].epoch, shown(s->rows[i].train_error_percent, r.least[0]),
                shown(s->rows[i].test_error_percent, r.least[1]));
    fprintf(f, "END\nset title '%s, seed %lld'\n", name, (long long)s->recipe.seed);
    print_axes(f, s, &r);
    fprintf(f,
            "set key top right samplen 2 reverse Left\nset rmargin 9\n"
            "set label '%.2f %%' at %.0f,%.6g left offset 0.8,0 tc rgb '" WEFT_PLOT_BLUE "'\n"
            "plot $errors using 1:2 with %s lw 2 lc rgb '" WEFT_PLOT_ORANGE "' title 'training', "
            "$errors using 1:3 with %s lw 2 lc rgb '" WEFT_PLOT_BLUE "' title 'test'\n",
            last->test_error_percent, last->epoch, shown(last->test_error_percent, r.least[1]), style, style);
}

weft_status weft_curve_plot(const weft_session *s, bool *drawn, weft_error *err) {
    char *script = NULL;
    size_t size = 0;
    weft_plot_format format;
    *drawn = false;
    if (s->row_count == 0) return WEFT_OK;
    FILE *f = open_memstream(&script, &size);
    if (!f) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    weft_plot_format_of(&format, s->plot);
    print_script(f, format, s);
    weft_status status = fclose(f) == 0 ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    if (status == WEFT_OK) status = weft_plot_write(drawn, s->plot, script, size, err);
    free(script);
    return status;
}
