/* Files of what is kept of a spiking run. */
#ifndef WEFT_CLI_RECORDS_H
#define WEFT_CLI_RECORDS_H

#include "cli/stimulus.h"
#include "sim/session/records.h"

/* What the options want to be kept. USAGE: records without a file for them, or files without records. */
weft_status weft_records_spec_of(weft_records_spec *out, const weft_spiking_options *options, weft_error *err);
/* Whether every file can be written, ahead of the work. */
weft_status weft_records_probe_files(const weft_spiking_options *options, weft_error *err);
weft_status weft_records_write(const weft_records *records, const weft_spiking_options *options,
                               const weft_console *session, bool quiet, weft_error *err);
/* Spikes of --spikes-csv and --raster, whoever made them. */
weft_status weft_records_write_list(const weft_spiking_options *options, const weft_spikes *spikes, uint64_t ticks,
                                    const weft_console *session, bool quiet, weft_error *err);

#endif
