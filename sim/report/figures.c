/* The figures, as gnuplot scripts with their data inside. Colours: Okabe and Ito's set for bars, one blue ramp for heat
 * (both keep their order for colour-blind readers). Names are reduced to plain characters before they enter a script.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/plot.h"
#include "sim/report/tables.h"

#define BLUE WEFT_PLOT_BLUE
#define ORANGE WEFT_PLOT_ORANGE
#define GREEN WEFT_PLOT_GREEN
#define HEAT "set palette defined (0 '#EFF3FA', 0.25 '#BDD3EA', 0.5 '#6BA5D3', 0.75 '#2A6FB0', 1 '#0B2C5F')\n"
#define FIGURE_WIDTH 760
#define PLOT_WIDTH 490 /* of a plot with a colour bar beside it */
#define TALLEST 900.0
#define LABELS_MAX 20   /* classes: above, the matrix goes without numbers */
#define IMAGES_SHOWN 40 /* timed images in the time line */
#define NAME_MAX_CHARS 24

/* Power of ten and prefix so that `largest` (in units of 10^exponent) has 1 to 3 digits before the point. */
static double unit_of(double largest, int exponent, const char **prefix) {
    static const char *const prefixes[] = {"f", "p", "n", "µ", "m", "", "k", "M"};
    int step = 0;
    for (int i = 0; i < 8; i++)
        if (largest * pow(10, exponent - (3 * i - 15)) >= 1) step = i;
    *prefix = prefixes[step];
    return pow(10, exponent - (3 * step - 15));
}

static void head(FILE *s, const char *name, int height) {
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
    double scale = unit_of(largest, -12, &prefix);
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

/* Two panels over the same layers. */
static void draw_layers(FILE *s, const weft_report_tables *tables) {
    const char *energy_prefix, *time_prefix;
    double energy = 0, time = 0;
    for (int l = 0; l < tables->stage_count; l++) {
        energy = fmax(energy, tables->layers[l].energy_pj);
        if (isfinite(tables->layers[l].busy_ns)) time = fmax(time, tables->layers[l].busy_ns);
    }
    double energy_scale = unit_of(energy, -12, &energy_prefix), time_scale = unit_of(time, -9, &time_prefix);
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
            "END\nlabel(t) = t[2:*]\nset yrange [%d.6:-0.6]\nset multiplot layout 1,2\nset xrange [0:*]\n"
            "set xlabel 'dynamic energy per image (%sJ)'\n"
            "plot $bars using ($3/2):1:($3/2):(0.36):ytic(label(strcol(2))) with boxxyerror lc rgb '" BLUE "'\n"
            "set xlabel '%s'\n",
            tables->stage_count - 1, energy_prefix, time > 0 ? "busy time per image" : "busy time: no timed images");
    if (time > 0) fprintf(s, "set xlabel 'busy time per image (%ss)'\n", time_prefix);
    fputs(time > 0 ? "" : "set xrange [0:1]\n", s);
    fputs("plot $bars using ($4/2):1:($4/2):(0.36):ytic(label(strcol(2))) with boxxyerror lc rgb '" ORANGE
          "'\nunset multiplot\n",
          s);
}

static void draw_images(FILE *s, const weft_report_tables *tables) {
    const weft_report_timed *timed = tables->input->timed;
    int shown = timed->images < IMAGES_SHOWN ? (int)timed->images : IMAGES_SHOWN;
    uint64_t origin = timed->image_start[0];
    double cycle = tables->input->chip->cycle_ns, last = (double)(timed->image_end[shown - 1] - origin) * cycle;
    const char *prefix;
    double scale = unit_of(last, -9, &prefix) * cycle;
    head(s, "images", 100 + 26 * shown);
    fputs("$bars << END\n", s);
    for (int i = 0; i < shown; i++)
        fprintf(s, "%d %.8g %.8g\n", i, (double)(timed->image_start[i] - origin) * scale,
                (double)(timed->image_end[i] - origin) * scale);
    fprintf(s,
            "END\nset yrange [%d.6:-0.6]\nset xrange [0:*]\nset ytics 1\nset ylabel 'image'\n"
            "set xlabel 'time since the first pixel (%ss)'\n"
            "plot $bars using (($2+$3)/2):1:(($3-$2)/2):(0.34) with boxxyerror lc rgb '" GREEN "'\n",
            shown - 1, prefix);
}

/* Links as arrows beside the line between two routers, one on each side for the two directions. */
static void draw_links(FILE *s, const weft_report_tables *tables) {
    static const double step_x[] = {1, -1, 0, 0}, step_y[] = {0, 0, -1, 1};
    const weft_report_timed *timed = tables->input->timed;
    const weft_chip *chip = tables->input->chip;
    int width = (int)chip->noc.mesh[0], height = (int)chip->noc.mesh[1];
    double unit = PLOT_WIDTH / (width + 0.2), tall = unit * (height + 0.2);
    if (tall > TALLEST) unit *= TALLEST / tall, tall = TALLEST;
    head(s, "links", 80 + (int)tall);
    fprintf(
        s,
        HEAT
        "unset grid\nset rmargin 11\nset size ratio -1\nset cbrange [0:*]\nset cblabel 'flits per cycle'\nset xtics "
        "1\nset ytics 1\n"
        "set xlabel 'router x'\nset ylabel 'router y'\nset xrange [-0.6:%d.6]\nset yrange [%d.6:-0.6]\n$links << END\n",
        width - 1, height - 1);
    for (int r = 0; r < chip->router_count; r++) {
        for (int d = 0; d < 4; d++) {
            double x = r % width, y = r / width, to_x = x + step_x[d], to_y = y + step_y[d];
            if (to_x < 0 || to_y < 0 || to_x >= width || to_y >= height) continue;
            double shift_x = -0.09 * step_y[d], shift_y = 0.09 * step_x[d];
            fprintf(s, "%g %g %g %g %.6g\n", x + 0.2 * step_x[d] + shift_x, y + 0.2 * step_y[d] + shift_y,
                    0.6 * step_x[d], 0.6 * step_y[d],
                    (double)timed->link_flits[r * 4 + d] / (double)(timed->cycles ? timed->cycles : 1));
        }
    }
    fputs("END\n$routers << END\n", s);
    for (int r = 0; r < chip->router_count; r++) {
        bool used = false;
        for (int c = 0; c < (int)chip->noc.concentration; c++)
            used = used || weft_report_core_used(tables, (int)(r * chip->noc.concentration) + c);
        fprintf(s, "%d %d %d\n", r % width, r / width, used);
    }
    int host = weft_chip_router(chip, chip->host_terminal);
    double point = fmin(fmax(0.026 * unit, 0.2), 1.8);
    fprintf(s,
            "END\n$host << END\n%d %d\nEND\n"
            "plot $links using 1:2:3:4:5 with vectors nohead lw %.2f lc palette, $host using 1:2 with points pt 5 ps "
            "%.2f lc rgb '" ORANGE "', "
            "$routers using 1:2:($3 > 0 ? 0x4A4F57 : 0xC9CED6) with points pt 5 ps %.2f lc rgb variable\n",
            host % width, host / width, fmin(fmax(0.11 * unit, 1.5), 9), 1.5 * point, point);
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
    [WEFT_FIGURE_ENERGY] = {draw_energy, false},       [WEFT_FIGURE_LAYERS] = {draw_layers, false},
    [WEFT_FIGURE_IMAGES] = {draw_images, true},        [WEFT_FIGURE_LINKS] = {draw_links, true},
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
    bool timed = tables->input->timed && tables->input->timed->images > 0;
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
