/* What weft info says of a spiking chip alone. */
#ifndef WEFT_CLI_INFO_SPIKING_H
#define WEFT_CLI_INFO_SPIKING_H

#include "core/chip.h"
#include "sim/report/json.h"

/* Neurons, synapses and limits, a line each. */
void weft_info_spiking_print(const weft_chip *chip, FILE *stream);
/* Tick and barrier, behind the line's clock. */
void weft_info_spiking_ticks(const weft_chip *chip, FILE *stream);
void weft_info_spiking_json(const weft_chip *chip, weft_json *json);

#endif
