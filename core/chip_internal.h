/* Shared by the files of the chip description. */
#ifndef WEFT_CORE_CHIP_INTERNAL_H
#define WEFT_CORE_CHIP_INTERNAL_H

#include "core/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Check of weft_chip_record: keys that contradict each other. After it, resolving cannot fail. */
weft_status weft_chip_check_keys(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err);
/* The same of a spiking chip. */
weft_status weft_chip_check_spiking(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                                    weft_error *err);
/* io.router lies in the mesh. */
weft_status weft_chip_check_host(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                                 weft_error *err);
/* Section noc: networks that cannot be built, or that can deadlock. */
weft_status weft_chip_check_noc(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                                weft_error *err);
/* Resolved chip: sums are exact and fit the network's partial sums. */
weft_status weft_chip_check_sums(const weft_chip *chip, const weft_yaml *yaml, weft_error *err);
/* Fills the resolved members from the written ones. */
void weft_chip_resolve(weft_chip *chip);
/* Bits that the slices of a weight have to hold: all, or those of the magnitude. */
int weft_chip_weight_bits(const weft_chip *chip);
/* device.program into chip->program. */
weft_status weft_chip_read_program(weft_chip *chip, const weft_yaml *yaml, weft_error *err);
int weft_chip_columns_per_weight(const weft_chip *chip);

#ifdef __cplusplus
}
#endif

#endif
