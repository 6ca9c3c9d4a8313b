/* Inside weft sim of spiking networks, mapped and random. */
#ifndef WEFT_CLI_SIM_SPIKING_H
#define WEFT_CLI_SIM_SPIKING_H

#include "cli/sim.h"
#include "sim/report/spike_report.h"

/* USAGE when --json would go where the network, the chip or a file of the report lies. */
weft_status weft_sim_spiking_apart(const weft_sim_options *options, const char *network, const weft_chip *chip,
                                   weft_error *err);
/* Table, the folder's files, JSON. */
weft_status weft_sim_spiking_tell(const weft_spike_report *report, const weft_sim_options *options,
                                  const weft_console *session, weft_error *err);

#endif
