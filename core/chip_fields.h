/* Shared by the field tables of the chip file. */
#ifndef WEFT_CORE_CHIP_FIELDS_H
#define WEFT_CORE_CHIP_FIELDS_H

#include "core/chip.h"

/* Of a member of the struct that weft_chip has under the section's name. */
#define IN(section, member) (offsetof(weft_chip, section.member) - offsetof(weft_chip, section))
#define FIELD(section, name, kind_, ...)                                                                               \
    { .key = #name, .kind = WEFT_FIELD_##kind_, .offset = IN(section, name), __VA_ARGS__ }
#define RECORD(name_, section, doc_, fields_)                                                                          \
    {                                                                                                                  \
        .name = name_, .doc = doc_, .size = sizeof(((weft_chip *)0)->section), .fields = fields_,                      \
        .count = sizeof fields_ / sizeof fields_[0]                                                                    \
    }
#define NO_UNIT .unit = ""

/* Sections of spiking chips. */
extern const weft_record weft_neuron_record, weft_synapse_record, weft_limits_record, weft_spike_io_record,
    weft_spike_static_record, weft_spike_energy_record, weft_spike_latency_record;

#endif
