/* The nodes and branches of an array with wires, for weft_wires_solve and netlists. Nodes that a wire without
 * resistance joins are one. */
#ifndef WEFT_SIM_MODEL_WIRES_NETWORK_H
#define WEFT_SIM_MODEL_WIRES_NETWORK_H

#include "sim/model/cells.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Current flows from `from` to `to`. */
typedef struct weft_wires_branch {
    int from, to;
    double conductance; /* of a wire */
} weft_wires_branch;

/* Nodes 0 .. unknown - 1 have potentials to be found; unknown + i is the driver of row i, unknown + rows is ground. */
typedef struct weft_wires_network {
    int rows, columns, unknown;
    int wire_count;
    weft_wires_branch *wires;
    weft_wires_branch *cells; /* [rows, columns], conductance not used */
    int *order;               /* [unknown]: nested dissection of the array, for a factorisation with little fill */
} weft_wires_network;

weft_status weft_wires_network_create(weft_wires_network *out, const weft_wires *wires, weft_error *err);
void weft_wires_network_destroy(weft_wires_network *network); /* safe on a zeroed one */

#ifdef __cplusplus
}
#endif
#endif
