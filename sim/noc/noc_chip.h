/* The network of a chip file. */
#ifndef WEFT_SIM_NOC_NOC_CHIP_H
#define WEFT_SIM_NOC_NOC_CHIP_H

#include "core/chip.h"
#include "sim/noc/noc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* terminal_count: core_count for the cores alone, core_count + 1 with the host. out->terminal_router is malloc'd; free
 * it when the configuration is not used any more. MEMORY. */
weft_status weft_noc_config_of_chip(weft_noc_config *out, const weft_chip *chip, int terminal_count, weft_error *err);

/* What hotspot traffic prefers where nobody says otherwise: the first node of the router in the middle. */
int weft_noc_middle_node(const weft_chip *chip);
enum { WEFT_NOC_HOT_PERCENT = 10 }; /* share of the packets that go there */

#ifdef __cplusplus
}
#endif
#endif
