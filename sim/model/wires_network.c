#include "sim/model/wires_network.h"

#include <stdlib.h>

enum { NODES_MAX = 1 << 22 }; /* their factors take some 6 GB */

/* ---- nodes ---- */

/* A row wire is rows x columns nodes, one a row (no resistance between cells), or none of its own: the driver. Column
 * wires likewise, down to ground; their nodes follow. */
typedef struct numbering {
    int rows, columns;
    bool row_cells, row_own, column_cells, column_own;
    int first_column_node, unknown;
} numbering;

static bool number_nodes(numbering *n, const weft_wires *w) {
    const int64_t cells = (int64_t)w->rows * w->columns;
    n->rows = w->rows;
    n->columns = w->columns;
    n->row_cells = w->row_segment_ohm > 0;
    n->row_own = !n->row_cells && w->row_terminal_ohm > 0;
    n->column_cells = w->column_segment_ohm > 0;
    n->column_own = !n->column_cells && w->column_terminal_ohm > 0;
    const int64_t of_rows = n->row_cells ? cells : n->row_own ? w->rows : 0;
    const int64_t of_columns = n->column_cells ? cells : n->column_own ? w->columns : 0;
    if (of_rows + of_columns > NODES_MAX) return false;
    n->first_column_node = (int)of_rows;
    n->unknown = (int)(of_rows + of_columns);
    return true;
}

static int row_node(const numbering *n, int row, int column) {
    return n->row_cells ? row * n->columns + column : n->row_own ? row : n->unknown + row;
}

static int column_node(const numbering *n, int row, int column) {
    return n->column_cells ? n->first_column_node + row * n->columns + column
           : n->column_own ? n->first_column_node + column
                           : n->unknown + n->rows;
}

/* ---- branches ---- */

static void add_wire(weft_wires_network *out, int from, int to, double ohm) {
    out->wires[out->wire_count++] = (weft_wires_branch){from, to, 1 / ohm};
}

static void add_branches(weft_wires_network *out, const numbering *n, const weft_wires *w) {
    for (int r = 0; r < n->rows; r++)
        for (int c = 0; c < n->columns; c++)
            out->cells[(size_t)r * (size_t)n->columns + (size_t)c] =
                (weft_wires_branch){row_node(n, r, c), column_node(n, r, c), 0};
    for (int r = 0; r < n->rows && (n->row_cells || n->row_own); r++) {
        add_wire(out, n->unknown + r, row_node(n, r, 0), w->row_segment_ohm + w->row_terminal_ohm);
        for (int c = 1; c < n->columns && n->row_cells; c++)
            add_wire(out, row_node(n, r, c - 1), row_node(n, r, c), w->row_segment_ohm);
    }
    for (int c = 0; c < n->columns && (n->column_cells || n->column_own); c++) {
        for (int r = 1; r < n->rows && n->column_cells; r++)
            add_wire(out, column_node(n, r - 1, c), column_node(n, r, c), w->column_segment_ohm);
        add_wire(out, column_node(n, n->rows - 1, c), n->unknown + n->rows,
                 w->column_segment_ohm + w->column_terminal_ohm);
    }
}

/* ---- order ---- */

typedef struct dissection {
    const numbering *n;
    int *order;
    int count;
    bool *taken; /* [unknown] in the order, or in a separator of a region around */
} dissection;

static void take(dissection *d, int node) {
    if (d->taken[node]) return;
    d->taken[node] = true;
    d->order[d->count++] = node;
}

static int cut_node(const numbering *n, bool across, int along, int at) {
    return across ? row_node(n, along, at) : column_node(n, at, along);
}

/* A cut between columns is a column of row nodes, which is all that joins its sides; between rows, a row of column
 * nodes. Separators come behind what they separate. */
static void dissect(dissection *d, int row, int row_end, int column, int column_end) {
    const numbering *n = d->n;
    const int height = row_end - row, width = column_end - column;
    const bool across = n->row_cells && (width >= height || !n->column_cells);
    const int extent = across ? width : n->column_cells ? height : 1, middle = extent / 2;
    if (extent <= 2) {
        for (int r = row; r < row_end; r++)
            for (int c = column; c < column_end && n->row_cells; c++) take(d, row_node(n, r, c));
        for (int c = column; c < column_end; c++)
            for (int r = row; r < row_end && n->column_cells; r++) take(d, column_node(n, r, c));
        return;
    }
    const int first = across ? row : column, end = across ? row_end : column_end;
    for (int i = first; i < end; i++) d->taken[cut_node(n, across, i, (across ? column : row) + middle)] = true;
    if (across) {
        dissect(d, row, row_end, column, column + middle);
        dissect(d, row, row_end, column + middle, column_end);
    } else {
        dissect(d, row, row + middle, column, column_end);
        dissect(d, row + middle, row_end, column, column_end);
    }
    for (int i = first; i < end; i++) d->order[d->count++] = cut_node(n, across, i, (across ? column : row) + middle);
}

static weft_status order_nodes(weft_wires_network *out, const numbering *n, weft_error *err) {
    dissection d = {.n = n, .order = out->order, .taken = calloc((size_t)n->unknown + 1, sizeof *d.taken)};
    if (!d.taken) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the order of an array's nodes");
    dissect(&d, 0, n->rows, 0, n->columns);
    for (int r = 0; r < n->rows && n->row_own; r++) take(&d, row_node(n, r, 0));
    for (int c = 0; c < n->columns && n->column_own; c++) take(&d, column_node(n, 0, c));
    free(d.taken);
    if (d.count == n->unknown) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INTERNAL, "wires: %d of %d nodes are in the order", d.count, n->unknown);
}

weft_status weft_wires_network_create(weft_wires_network *out, const weft_wires *wires, weft_error *err) {
    numbering n;
    weft_status status;
    *out = (weft_wires_network){.rows = wires->rows, .columns = wires->columns};
    if (!number_nodes(&n, wires))
        return weft_error_set(err, WEFT_E_UNSUPPORTED, "wires: %d x %d cells are too many for the exact solution",
                              wires->rows, wires->columns);
    out->unknown = n.unknown;
    const size_t cells = (size_t)n.rows * (size_t)n.columns;
    out->wires = malloc((2 * cells + 1) * sizeof *out->wires);
    out->cells = malloc(cells * sizeof *out->cells);
    out->order = malloc(((size_t)n.unknown + 1) * sizeof *out->order);
    if (!out->wires || !out->cells || !out->order)
        status = weft_error_set(err, WEFT_E_MEMORY, "no memory for the nodes of an array");
    else
        status = order_nodes(out, &n, err);
    if (status == WEFT_OK)
        add_branches(out, &n, wires);
    else
        weft_wires_network_destroy(out);
    return status;
}

void weft_wires_network_destroy(weft_wires_network *network) {
    free(network->wires);
    free(network->cells);
    free(network->order);
    *network = (weft_wires_network){0};
}
