/* Figures of a timed run: images in the pipeline, load of the links, power over time. */
#include <math.h>

#include "sim/report/figures.h"

#define IMAGES_SHOWN 40 /* timed images in the time line */
#define COMPONENTS_SHOWN 6

void weft_report_draw_images(FILE *s, const weft_report_tables *tables) {
    const weft_timing *timing = tables->input->timed->timing;
    int shown = timing->images < IMAGES_SHOWN ? (int)timing->images : IMAGES_SHOWN;
    uint64_t origin = timing->image_start[0];
    double cycle = tables->input->chip->cycle_ns, last = (double)(timing->image_end[shown - 1] - origin) * cycle;
    const char *prefix;
    double scale = weft_plot_unit(last, -9, &prefix) * cycle;
    weft_report_figure_head(s, "images", 100 + 26 * shown);
    fputs("$bars << END\n", s);
    for (int i = 0; i < shown; i++)
        fprintf(s, "%d %.8g %.8g\n", i, (double)(timing->image_start[i] - origin) * scale,
                (double)(timing->image_end[i] - origin) * scale);
    fprintf(s,
            "END\nset yrange [%d.6:-0.6]\nset xrange [0:*]\nset ytics 1\nset ylabel 'image'\n"
            "set xlabel 'time since the first pixel (%ss)'\n"
            "plot $bars using (($2+$3)/2):1:(($3-$2)/2):(0.34) with boxxyerror lc rgb '" GREEN "'\n",
            shown - 1, prefix);
}

/* Links as arrows beside the line between two routers, one on each side for the two directions. */
void weft_report_draw_links(FILE *s, const weft_report_tables *tables) {
    static const double step_x[] = {1, -1, 0, 0}, step_y[] = {0, 0, -1, 1};
    const weft_timing *timing = tables->input->timed->timing;
    const weft_chip *chip = tables->input->chip;
    int width = (int)chip->noc.mesh[0], height = (int)chip->noc.mesh[1];
    double unit = PLOT_WIDTH / (width + 0.2), tall = unit * (height + 0.2);
    if (tall > TALLEST) unit *= TALLEST / tall, tall = TALLEST;
    weft_report_figure_head(s, "links", 80 + (int)tall);
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
                    (double)timing->link_flits[r * 4 + d] / (double)(timing->cycles ? timing->cycles : 1));
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

/* The components by their energy over the run, the most first; the rest of them count together. */
static int largest_components(const weft_report_tables *tables, int order[WEFT_EVENT_COUNT]) {
    const weft_timing *timing = tables->input->timed->timing;
    double energy[WEFT_EVENT_COUNT] = {0};
    int count = 0;
    for (int s = 0; s <= timing->stage_count; s++) weft_report_energy(tables, &timing->stage_events[s], energy);
    for (int k = 0; k < tables->component_count; k++) {
        int at = count;
        if (energy[k] <= 0) continue;
        for (; at > 0 && energy[order[at - 1]] < energy[k]; at--) order[at] = order[at - 1];
        order[at] = k;
        count++;
    }
    return count;
}

static double largest_power(const weft_report_tables *tables) {
    const weft_timing *timing = tables->input->timed->timing;
    double largest = 0, ignored[WEFT_EVENT_COUNT];
    for (int b = 0; b < timing->bin_count; b++) largest = fmax(largest, weft_report_bin_power(tables, b, ignored));
    return largest;
}

/* One line a bin: when it begins, then the sums of the first 1, 2, ... of the components, and of all. */
static void power_data(FILE *s, const weft_report_tables *tables, const int *order, int shown, double time_scale,
                       double power_scale) {
    const weft_timing *timing = tables->input->timed->timing;
    double component[WEFT_EVENT_COUNT], sum = 0, all = 0;
    fputs("$power << END\n", s);
    for (int b = 0; b < timing->bin_count; b++) {
        if (weft_report_bin_cycles(timing, b) == 0) break;
        all = weft_report_bin_power(tables, b, component);
        fprintf(s, "%.7g", (double)b * (double)timing->bin_cycles * time_scale);
        sum = 0;
        for (int k = 0; k < shown; k++) fprintf(s, " %.5g", (sum += component[order[k]]) * power_scale);
        fprintf(s, " %.5g\n", all * power_scale);
    }
    fprintf(s, "%.7g", (double)timing->cycles * time_scale);
    for (int k = 0; k <= shown; k++) fputs(" 0", s);
    fputs("\nEND\n", s);
}

/* Areas from the highest sum down, each over the one behind it; the key has them in that order too. */
void weft_report_draw_power(FILE *s, const weft_report_tables *tables) {
    static const char *const colours[COMPONENTS_SHOWN] = {BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#D55E00"};
    const weft_timing *timing = tables->input->timed->timing;
    const double cycle_ns = tables->input->chip->cycle_ns;
    const char *time_prefix, *power_prefix;
    int order[WEFT_EVENT_COUNT];
    const int count = largest_components(tables, order), shown = count < COMPONENTS_SHOWN ? count : COMPONENTS_SHOWN;
    const double time_scale = weft_plot_unit((double)timing->cycles * cycle_ns, -9, &time_prefix) * cycle_ns;
    const double power_scale = weft_plot_unit(largest_power(tables), -3, &power_prefix);
    weft_report_figure_head(s, "power", 340);
    power_data(s, tables, order, shown, time_scale, power_scale);
    fprintf(s,
            "set xrange [0:%.7g]\nset yrange [0:*]\nset xlabel 'time since the first pixel (%ss)'\n"
            "set ylabel 'dynamic power (%sW)'\nset key on outside right top Left reverse samplen 1 spacing 1.3\nplot ",
            (double)timing->cycles * time_scale, time_prefix, power_prefix);
    if (count > shown)
        fprintf(s, "$power using 1:%d with fillsteps fs solid lc rgb '#9AA1AB' title 'others'%s", shown + 2,
                shown ? ", " : "");
    for (int k = shown - 1; k >= 0; k--) {
        char name[32];
        weft_plot_name(name, sizeof name, tables->component[order[k]]);
        fprintf(s, "$power using 1:%d with fillsteps fs solid lc rgb '%s' title '%s'%s", k + 2, colours[k], name,
                k ? ", " : "");
    }
    if (count == 0) fputs("$power using 1:2 with lines lc rgb '" BLUE "' notitle", s);
    fputc('\n', s);
}
