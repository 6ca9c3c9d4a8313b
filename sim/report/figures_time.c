/* Figures of a timed run: images in the pipeline, power over time. */
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
