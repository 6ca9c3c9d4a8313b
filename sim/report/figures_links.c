/* Load of the links: every chip of a run with its routers, beside and below each other. */
#include <math.h>

#include "sim/report/figures.h"

#define GAP 1.2 /* between chips, in routers */
#define BORDER "#9AA1AB"

/* Chips in rows of `columns`; lengths in routers. */
typedef struct sheet {
    int chips, columns, rows;
    double width, height; /* of one chip */
} sheet;

/* As square as chips allow. */
static sheet sheet_of(const weft_chip *chip, const weft_timing *timing) {
    sheet s = {.width = (double)chip->noc.mesh[0], .height = (double)chip->noc.mesh[1]};
    s.chips = timing->router_count / chip->router_count;
    if (s.chips < 1) s.chips = 1;
    s.columns = (int)ceil(sqrt(s.chips * s.height / s.width));
    if (s.columns > s.chips) s.columns = s.chips;
    s.rows = (s.chips + s.columns - 1) / s.columns;
    return s;
}
static double left_of(const sheet *s, int c) { return c % s->columns * (s->width + GAP); }
static double top_of(const sheet *s, int c) { return c / s->columns * (s->height + GAP); }
static double sheet_width(const sheet *s) { return left_of(s, s->columns - 1) + s->width; }
static double sheet_height(const sheet *s) { return top_of(s, s->chips - 1) + s->height; }

/* A number for every chip; dashed lines where noc.chips cuts its mesh. */
static void draw_chips(FILE *script, const sheet *s, const weft_chip *chip) {
    for (int c = 0; c < s->chips; c++) {
        const double left = left_of(s, c) - 0.5, top = top_of(s, c) - 0.5;
        if (s->chips > 1)
            fprintf(script, "set label 'chip %d' at %g,%g center offset 0,0.5 front\n", c, left + s->width / 2, top);
        for (int i = 1; i < (int)chip->noc.chips[0]; i++) {
            const double x = left + i * s->width / (double)chip->noc.chips[0];
            fprintf(script, "set arrow from %g,%g to %g,%g nohead dt 2 lc rgb '" BORDER "'\n", x, top, x,
                    top + s->height);
        }
        for (int i = 1; i < (int)chip->noc.chips[1]; i++) {
            const double y = top + i * s->height / (double)chip->noc.chips[1];
            fprintf(script, "set arrow from %g,%g to %g,%g nohead dt 2 lc rgb '" BORDER "'\n", left, y, left + s->width,
                    y);
        }
    }
}

/* Arrows beside the line between two routers, one on each side for the two directions; where a torus wraps, half of
 * one. */
static void list_links(FILE *script, const sheet *s, const weft_chip *chip, const weft_timing *timing) {
    static const double step_x[] = {1, -1, 0, 0}, step_y[] = {0, 0, -1, 1};
    const int width = (int)chip->noc.mesh[0], height = (int)chip->noc.mesh[1];
    for (int i = 0; i < timing->router_count * 4; i++) {
        const int c = i / 4 / chip->router_count, r = i / 4 % chip->router_count, d = i % 4;
        const double x = r % width, y = r / width, to_x = x + step_x[d], to_y = y + step_y[d];
        const bool wraps = to_x < 0 || to_y < 0 || to_x >= width || to_y >= height;
        if (wraps && timing->link_flits[i] == 0) continue; /* the border of a mesh */
        const double length = wraps ? 0.3 : 0.6;
        fprintf(script, "%g %g %g %g %.6g\n", left_of(s, c) + x + 0.2 * step_x[d] - 0.09 * step_y[d],
                top_of(s, c) + y + 0.2 * step_y[d] + 0.09 * step_x[d], length * step_x[d], length * step_y[d],
                (double)timing->link_flits[i] / (double)(timing->cycles ? timing->cycles : 1));
    }
}

static void list_routers(FILE *script, const sheet *s, const weft_chip *chip, const weft_timing *timing) {
    const int width = (int)chip->noc.mesh[0], each = (int)chip->noc.concentration;
    for (int i = 0; i < timing->router_count; i++) {
        const int c = i / chip->router_count, r = i % chip->router_count;
        bool used = false;
        for (int n = r * each; n < (r + 1) * each; n++) {
            const weft_timing_core *core = &timing->cores[c * chip->core_count + n];
            used |= core->mvm_count > 0 || core->digital_busy_cycles > 0;
        }
        fprintf(script, "%g %g %d\n", left_of(s, c) + r % width, top_of(s, c) + r / width, used);
    }
}

void weft_report_draw_links(FILE *script, const weft_report_tables *tables) {
    const weft_timing *timing = tables->input->timed->timing;
    const weft_chip *chip = tables->input->chip;
    const sheet s = sheet_of(chip, timing);
    const int host = weft_chip_router(chip, chip->host_terminal), width = (int)chip->noc.mesh[0];
    double unit = PLOT_WIDTH / (sheet_width(&s) + 0.2), tall = unit * (sheet_height(&s) + 0.2);
    if (tall > TALLEST) unit *= TALLEST / tall, tall = TALLEST;
    weft_report_figure_head(script, "links", 80 + (int)tall);
    fputs(HEAT "unset grid\nset rmargin 11\nset size ratio -1\nset cbrange [0:*]\nset cblabel 'flits per cycle'\n",
          script);
    fputs(s.chips > 1 ? "unset xtics\nunset ytics\nset border 0\n"
                      : "set xtics 1\nset ytics 1\nset xlabel 'router x'\nset ylabel 'router y'\n",
          script);
    fprintf(script, "set xrange [-0.6:%g]\nset yrange [%g:-0.6]\n", sheet_width(&s) - 0.4, sheet_height(&s) - 0.4);
    draw_chips(script, &s, chip);
    fputs("$links << END\n", script);
    list_links(script, &s, chip, timing);
    fputs("END\n$routers << END\n", script);
    list_routers(script, &s, chip, timing);
    fputs("END\n$host << END\n", script);
    for (int c = 0; c < s.chips; c++)
        fprintf(script, "%g %g\n", left_of(&s, c) + host % width, top_of(&s, c) + host / width);
    const double point = fmin(fmax(0.026 * unit, 0.2), 1.8);
    fprintf(script,
            "END\nplot $links using 1:2:3:4:5 with vectors nohead lw %.2f lc palette, $host using 1:2 with points pt 5 "
            "ps %.2f lc rgb '" ORANGE "', "
            "$routers using 1:2:($3 > 0 ? 0x4A4F57 : 0xC9CED6) with points pt 5 ps %.2f lc rgb variable\n",
            fmin(fmax(0.11 * unit, 1.5), 9), 1.5 * point, point);
}
