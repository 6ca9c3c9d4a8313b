/* The figures, as gnuplot scripts with their data inside. Colours: Okabe and Ito's set for bars, one blue ramp for heat
 * (both keep their order for colour-blind readers). Names are reduced to plain characters before they enter a script.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/plot.h"
#include "sim/report/figures.h"

#define FIGURE_WIDTH 760
#define LABELS_MAX 20 /* classes: above, the matrix goes without numbers */
#define NAME_MAX_CHARS 24

static void head(FILE *s, const char *name, int height) { weft_report_figure_head(s, name, height); }

void weft_report_figure_head(FILE *s, const char *name, int height) {
    weft_plot_head(s, WEFT_PLOT_SVG, name, FIGURE_WIDTH, height);
}

/* "12.3_%"; a blank would end the field. */
static void share_text(char out[16], double part, double total) {
    double percent = total > 0 ? 100 * part / total : 0;
    snprintf(out, 16, percent < 0.05 ? "<0.1_%%" : "%.1f_%%", percent);
}

/* Dynamic energy alone: static energy can be a thousand times larger, and would leave nothing to see. */
static void draw_energy(FILE *s, const weft_report_tables *tables) {
    double largest = 0, total = tables->figures.energy_dynamic_pj;
    int rows = 0;
    for (int k = 0; k < tables->component_count; k++) largest = fmax(largest, tables->component_pj[k]);
    const char *prefix;
    double scale = weft_plot_unit(largest, -12, &prefix);
    head(s, "energy", 90 + 30 * tables->component_count);
    fputs("$bars << END\n", s);
    for (int k = 0; k < tables->component_count; k++) {
        char share[16];
        if (tables->component_pj[k] == 0) continue;
        share_text(share, tables->component_pj[k], total);
        fprintf(s, "%d %s %.6g %s\n", rows++, tables->component[k], tables->component_pj[k] * scale, share);
    }
    fprintf(s,
            "END\nset yrange [%d.6:-0.6]\nset xrange [0:%.6g]\nset xlabel 'dynamic energy per image (%sJ)'\n"
            "share(t) = t[1:strlen(t)-2].' %%'\n"
            "plot $bars using ($3/2):1:($3/2):(0.36):ytic(2) with boxxyerror lc rgb '" BLUE "', "
            "$bars using 3:1:(share(strcol(4))) with labels left offset 0.6,0\n",
            rows - 1, largest * scale * 1.14, prefix);
}

/* Two panels over the same layers, whose names stand once. */
static void draw_layers(FILE *s, const weft_report_tables *tables) {
    const char *energy_prefix, *time_prefix;
    double energy = 0, time = 0;
    for (int l = 0; l < tables->stage_count; l++) {
        energy = fmax(energy, tables->layers[l].energy_pj);
        if (isfinite(tables->layers[l].busy_ns)) time = fmax(time, tables->layers[l].busy_ns);
    }
    double energy_scale = weft_plot_unit(energy, -12, &energy_prefix),
           time_scale = weft_plot_unit(time, -9, &time_prefix);
    head(s, "layers", 100 + 30 * tables->stage_count);
    fputs("$bars << END\n", s);
    for (int l = 0; l < tables->stage_count; l++) {
        char name[NAME_MAX_CHARS + 1];
        weft_plot_name(name, sizeof name, tables->layers[l].name);
        double busy = tables->layers[l].busy_ns;
        fprintf(s, "%d L%s %.6g %.6g\n", l, name, tables->layers[l].energy_pj * energy_scale,
                isfinite(busy) ? busy * time_scale : 0);
    }
    fprintf(s,
            "END\nlabel(t) = t[2:*]\nset yrange [%d.6:-0.6]\nset multiplot\nset xrange [0:*]\n"
            "set lmargin at screen 0.3\nset rmargin at screen 0.63\nset xtics 0,%.6g\n"
            "set xlabel 'dynamic energy per image (%sJ)'\n"
            "plot $bars using ($3/2):1:($3/2):(0.36):ytic(label(strcol(2))) with boxxyerror lc rgb '" BLUE "'\n"
            "set lmargin at screen 0.66\nset rmargin at screen 0.97\nset format y ''\n",
            tables->stage_count - 1, energy > 0 ? weft_plot_step(energy * energy_scale, 4) : 1, energy_prefix);
    if (time > 0)
        fprintf(s, "set xlabel 'busy time per image (%ss)'\nset xtics 0,%.6g\n", time_prefix,
                weft_plot_step(time * time_scale, 4));
    else
        fputs("set xlabel 'busy time: no timed images'\nset xrange [0:1]\n", s);
    fputs("plot $bars using ($4/2):1:($4/2):(0.36) with boxxyerror lc rgb '" ORANGE "'\nunset multiplot\n", s);
}

static void draw_confusion(FILE *s, const weft_report_tables *tables) {
    int classes = tables->input->stages->classes;
    const uint32_t *confusion = tables->input->confusion;
    head(s, "confusion", 80 + PLOT_WIDTH);
    fprintf(s,
            HEAT "unset grid\nset rmargin 11\nset border 0\nset size ratio -1\nset cbrange [0:100]\nset cblabel 'share "
                 "of the true class (%%)'\n"
                 "set xlabel 'predicted class'\nset ylabel 'true class'\n%sset xrange [-0.5:%d.5]\nset yrange "
                 "[%d.5:-0.5]\n$cells << END\n",
            classes <= LABELS_MAX ? "set xtics 1\nset ytics 1\n" : "", classes - 1, classes - 1);
    for (int i = 0; i < classes; i++) {
        double sum = 0;
        for (int j = 0; j < classes; j++) sum += confusion[i * classes + j];
        for (int j = 0; j < classes; j++)
            fprintf(s, "%d %d %.6g %" PRIu32 "\n", j, i, sum > 0 ? 100 * confusion[i * classes + j] / sum : 0,
                    confusion[i * classes + j]);
    }
    fputs("END\nplot $cells using 1:2:(0.49):(0.49):3 with boxxyerror lc palette", s);
    if (classes <= LABELS_MAX)
        fputs(", $cells using 1:2:(strcol(4) eq '0' ? '' : strcol(4)):($3 > 50 ? 0xFFFFFF : 0x20242A) with labels tc "
              "rgb variable font ',13'",
              s);
    fputc('\n', s);
}

static const struct {
    void (*draw)(FILE *stream, const weft_report_tables *tables);
    bool needs_timed;
} figures[WEFT_FIGURE_COUNT] = {
    [WEFT_FIGURE_ENERGY] = {draw_energy, false},
    [WEFT_FIGURE_LAYERS] = {draw_layers, false},
    [WEFT_FIGURE_IMAGES] = {weft_report_draw_images, true},
    [WEFT_FIGURE_POWER] = {weft_report_draw_power, true},
    [WEFT_FIGURE_LINKS] = {weft_report_draw_links, true},
    [WEFT_FIGURE_CONFUSION] = {draw_confusion, false},
};

static weft_status draw_one(char **svg, int figure, const weft_report_tables *tables, const char *folder,
                            weft_error *err) {
    char *script = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&script, &size);
    if (!stream) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    figures[figure].draw(stream, tables);
    weft_status status = fclose(stream) == 0 ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    if (status == WEFT_OK) status = weft_plot_svg(svg, script, size, folder, err);
    free(script);
    return status;
}

weft_status weft_report_draw(weft_report_svg *out, const weft_report_tables *tables, const char *folder,
                             weft_error *err) {
    memset(out, 0, sizeof *out);
    const bool timed = weft_report_is_timed(tables);
    for (int i = 0; i < WEFT_FIGURE_COUNT; i++) {
        if (figures[i].needs_timed && !timed) continue;
        weft_status status = draw_one(&out->text[i], i, tables, folder, err);
        if (status != WEFT_OK) {
            weft_report_svg_free(out);
            return status;
        }
        out->gnuplot |= out->text[i] != NULL;
    }
    return WEFT_OK;
}

void weft_report_svg_free(weft_report_svg *svg) {
    for (int i = 0; i < WEFT_FIGURE_COUNT; i++) {
        free(svg->text[i]);
        svg->text[i] = NULL;
    }
}
