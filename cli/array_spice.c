/* weft array --spice: the array as a netlist that ngspice -b runs, sample by sample. Node d<row> is a driver, a<column>
 * the ground end of a column, x<row> the gate of a row; n<number> are the wires' nodes. */
#include <math.h>
#include <string.h>

#include "cli/array.h"
#include "sim/model/wires_network.h"

/* Name of a node; ends of columns have one each, for the ammeters. */
static const char *node_name(char out[32], const weft_wires_network *net, int node, int column) {
    if (node < net->unknown)
        snprintf(out, 32, "n%d", node);
    else if (node < net->unknown + net->rows)
        snprintf(out, 32, "d%d", node - net->unknown);
    else
        snprintf(out, 32, "a%d", column);
    return out;
}

static void write_sources(const weft_array_look *l, FILE *out) {
    for (int r = 0; r < l->g.rows; r++) {
        if (l->cells.gated) fprintf(out, "vx%d x%d 0 %.17g\n", r, r, l->x.values[r]);
        fprintf(out, "vd%d d%d 0 %.17g\n", r, r, l->cells.gated ? l->v_max : l->x.values[r]);
    }
    for (int c = 0; c < l->g.columns; c++) fprintf(out, "va%d a%d 0 0\n", c, c);
}

/* Wires to ground come in the order of their columns. */
static void write_wires(const weft_wires_network *net, FILE *out) {
    char from[32], to[32];
    int column = 0;
    for (int i = 0; i < net->wire_count; i++) {
        const weft_wires_branch *b = &net->wires[i];
        const bool ends = b->to == net->unknown + net->rows;
        fprintf(out, "rw%d %s %s %.17g\n", i, node_name(from, net, b->from, 0), node_name(to, net, b->to, column),
                1 / b->conductance);
        column += ends;
    }
}

static void write_cell(const weft_array_look *l, const weft_wires_network *net, int row, int column, FILE *out) {
    const size_t i = (size_t)row * (size_t)l->g.columns + (size_t)column;
    const double g = l->held[i], a = l->cells.iv_nonlinearity;
    char from[32], to[32];
    node_name(from, net, net->cells[i].from, column);
    node_name(to, net, net->cells[i].to, column);
    if (g == 0) return;
    if (a == 0 && !l->cells.gated) {
        fprintf(out, "rg%d_%d %s %s %.17g\n", row, column, from, to, 1 / g);
        return;
    }
    fprintf(out, "bg%d_%d %s %s i=%.17g*", row, column, from, to, a > 0 ? g * l->v_max / sinh(a) : g);
    if (l->cells.gated) fprintf(out, "v(x%d)/%.17g*", row, l->v_max);
    if (a > 0)
        fprintf(out, "sinh(%.17g*(v(%s)-v(%s)))\n", a / l->v_max, from, to);
    else
        fprintf(out, "(v(%s)-v(%s))\n", from, to);
}

/* Operating points of all samples; each prints "sample N", then i(va<column>) = the column's current. */
static void write_control(const weft_array_look *l, FILE *out) {
    fputs(".control\nset numdgt=12\n", out);
    for (int s = 0; s < l->x.rows; s++) {
        for (int r = 0; r < l->g.rows && s > 0; r++)
            fprintf(out, "alter v%c%d = %.17g\n", l->cells.gated ? 'x' : 'd', r,
                    l->x.values[(size_t)s * (size_t)l->g.rows + (size_t)r]);
        fprintf(out, "op\necho sample %d\n", s);
        for (int c = 0; c < l->g.columns; c++) fprintf(out, "print i(va%d)\n", c);
    }
    fputs("quit 0\n.endc\n.end\n", out);
}

static void write_netlist(const weft_array_look *l, const weft_wires_network *net, FILE *out) {
    fprintf(out, "* %d x %d cells as programmed, made by weft array; run: ngspice -b FILE\n", l->g.rows, l->g.columns);
    write_sources(l, out);
    write_wires(net, out);
    for (int r = 0; r < l->g.rows; r++)
        for (int c = 0; c < l->g.columns; c++) write_cell(l, net, r, c, out);
    fputs(".options reltol=1e-9 abstol=1e-18 vntol=1e-12\n", out);
    write_control(l, out);
}

weft_status weft_array_write_spice(const weft_array_look *l, weft_error *err) {
    weft_wires_network net = {0};
    weft_output file = {0};
    const bool standard = !strcmp(l->options->spice, "-");
    weft_status status = weft_wires_network_create(&net, &l->wires, err);
    if (status == WEFT_OK && !standard) status = weft_output_open(&file, l->options->spice, err);
    if (status == WEFT_OK) write_netlist(l, &net, standard ? stdout : file.stream);
    if (status == WEFT_OK && !standard) status = weft_output_commit(&file, err);
    if (status == WEFT_OK && standard && (fflush(stdout) || ferror(stdout)))
        status = weft_error_set(err, WEFT_E_IO, "standard output: writing failed");
    weft_wires_network_destroy(&net);
    return status;
}
