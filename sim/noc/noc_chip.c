#include "sim/noc/noc_chip.h"

#include <stdlib.h>

_Static_assert((int)WEFT_NOC_TORUS == (int)WEFT_CHIP_TORUS && (int)WEFT_NOC_ADAPTIVE == (int)WEFT_CHIP_ADAPTIVE,
               "the chip file's choices are those of the network");

weft_status weft_noc_config_of_chip(weft_noc_config *out, const weft_chip *chip, int terminal_count, weft_error *err) {
    *out = (weft_noc_config){
        .width = (int)chip->noc.mesh[0],
        .height = (int)chip->noc.mesh[1],
        .terminal_count = terminal_count,
        .vcs = (int)chip->noc.vcs,
        .buffer_flits = (int)chip->noc.buffer_flits,
        .route_cycles = (int)chip->noc.route_cycles,
        .vc_cycles = (int)chip->noc.vc_cycles,
        .switch_cycles = (int)chip->noc.switch_cycles,
        .traversal_cycles = (int)chip->noc.traversal_cycles,
        .link_cycles = (int)chip->noc.link_cycles,
        .credit_cycles = (int)chip->noc.credit_cycles,
        .speculative = chip->noc.speculative,
        .topology = chip->noc.topology,
        .routing = chip->noc.routing,
        .escape_vcs = (int)chip->noc.escape_vcs,
        .y_differs =
            chip->noc.link_cycles_y != chip->noc.link_cycles || chip->noc.credit_cycles_y != chip->noc.credit_cycles,
        .link_cycles_y = (int)chip->noc.link_cycles_y,
        .credit_cycles_y = (int)chip->noc.credit_cycles_y,
        .chips = {(int)chip->noc.chips[0], (int)chip->noc.chips[1]},
        .chip_link_cycles = (int)chip->noc.chip_link_cycles,
        .chip_credit_cycles = (int)chip->noc.chip_credit_cycles,
        .chip_link_interval = (int)chip->noc.chip_link_interval,
        .multicast = chip->noc.multicast,
        .allow_deadlock = chip->noc.allow_deadlock,
    };
    int *router = malloc((size_t)terminal_count * sizeof *router);
    if (!router) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %d terminals", terminal_count);
    for (int t = 0; t < terminal_count; t++) router[t] = weft_chip_router(chip, t);
    out->terminal_router = router;
    return WEFT_OK;
}

int weft_noc_middle_node(const weft_chip *chip) {
    int64_t router = chip->noc.mesh[1] / 2 * chip->noc.mesh[0] + chip->noc.mesh[0] / 2;
    return (int)(router * chip->noc.concentration);
}
