/* Chip description: what a chip YAML file says, checked and resolved once, then seen by const pointer.
 *
 * A chip is a mesh of routers; each router serves `concentration` cores. Core c sits at router c / concentration;
 * router r at x = r % mesh[0], y = r / mesh[0]. The host is attached to one router. The key `kind` says what cores are;
 * the members of the other kind are as if left out: zero, texts "".
 *
 * crossbar: a core has arrays, a buffer and a digital unit. One matrix-vector product (MVM) of an array: the input
 * value is applied in pulses (bit_serial: two's complement, low bits first, bits_per_pulse each; pulse_width: one pulse
 * per phase whose length is the magnitude), each pulse reads the array, each used column is converted by one of the
 * array's ADCs, codes are shifted and added over pulses and slices.
 *
 * spiking: a core has neurons, axons, and synapses between them; time goes in ticks, which end with a barrier. */
#ifndef WEFT_CORE_CHIP_H
#define WEFT_CORE_CHIP_H

#include <stdint.h>

#include "core/file.h"
#include "core/schema.h"
#include "core/transform.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Countable events and the chip-file key of their cost: X(ID, component, key, doc). Energy of a component is the sum
 * over its events of count x cost; static power is apart. Components are reported under these names. */
#define WEFT_EVENT_TABLE(X)                                                                                            \
    X(ARRAY_READ, "array", "array_read_pj", "one pulse on one array")                                                  \
    X(ROW_DRIVE, "dac", "row_drive_pj", "one used row driven for one pulse")                                           \
    X(SAMPLE_HOLD, "sample_hold", "sample_hold_pj", "one used column sampled for one pulse")                           \
    X(ADC_CONVERSION, "adc", "adc_conversion_pj", "one conversion of one used column")                                 \
    X(SHIFT_ADD, "shift_add", "shift_add_pj", "one code shifted and added")                                            \
    X(INPUT_REGISTER_BIT, "register", "input_register_pj_per_bit", "one input bit latched at one array")               \
    X(OUTPUT_REGISTER_BIT, "register", "output_register_pj_per_bit", "one result bit latched at one array")            \
    X(PARTIAL_ADD, "digital", "partial_add_pj", "one partial sum added to another array's")                            \
    X(AFFINE, "digital", "affine_pj", "one scale and offset")                                                          \
    X(ACTIVATION, "digital", "activation_pj", "one activation function, with requantisation")                          \
    X(POOL, "digital", "pool_pj", "one comparison or addition of a pooling window")                                    \
    X(BUFFER_WRITE_BIT, "buffer", "buffer_write_pj_per_bit", "one bit written to a core's buffer")                     \
    X(BUFFER_READ_BIT, "buffer", "buffer_read_pj_per_bit", "one bit read from a core's buffer")                        \
    X(ROUTER_FLIT, "router", "router_flit_pj", "one flit through one router")                                          \
    X(LINK_FLIT, "link", "link_flit_pj", "one flit over one link between routers")                                     \
    X(IO_BIT, "io", "io_pj_per_bit", "one bit between host and chip")

typedef enum weft_event {
#define WEFT_EVENT_ENUM(id, component, key, doc) WEFT_EVENT_##id,
    WEFT_EVENT_TABLE(WEFT_EVENT_ENUM)
#undef WEFT_EVENT_ENUM
        WEFT_EVENT_COUNT
} weft_event;
typedef struct weft_event_info {
    const char *id, *component, *key, *doc; /* id in lower case: "array_read" */
} weft_event_info;
extern const weft_event_info weft_events[WEFT_EVENT_COUNT];
typedef struct weft_event_counts {
    uint64_t n[WEFT_EVENT_COUNT];
} weft_event_counts;
static inline void weft_event_counts_add(weft_event_counts *to, const weft_event_counts *from) {
    for (int i = 0; i < WEFT_EVENT_COUNT; i++) to->n[i] += from->n[i];
}

/* Countable events of a spiking chip and the beginning of the keys of their cost (KEY_pj) and time (KEY_ns):
 * X(ID, component, key, doc). Counts: weft_spike_counts (sim/spike/engine.h) and sim/report/spike_energy.h. */
#define WEFT_SPIKE_EVENT_TABLE(X)                                                                                      \
    X(SYNAPTIC_EVENT, "synapse", "synaptic_event", "one active synapse reached by an event")                           \
    X(ROW_BIT, "memory", "row_bit", "one bit of a neuron's row read (synapse.row_bits a neuron and tick)")             \
    X(UPDATE_ACTIVE, "neuron", "update_active",                                                                        \
      "one neuron's update in a tick in which events reached it or it fired")                                          \
    X(UPDATE_INACTIVE, "neuron", "update_inactive", "one neuron's update in another tick")                             \
    X(SPIKE, "neuron", "spike", "one spike made")                                                                      \
    X(PACKET, "router", "packet", "one packet (a spike to one destination) within its tile")                           \
    X(HOP_X, "link", "hop_x", "one packet's hop to the next router along x")                                           \
    X(HOP_Y, "link", "hop_y", "one packet's hop to the next router along y")                                           \
    X(CHIP_CROSSING, "chip_link", "chip_crossing", "one packet's way from one chip to the next")

typedef enum weft_spike_cost {
#define WEFT_SPIKE_EVENT_ENUM(id, component, key, doc) WEFT_SPIKE_EVENT_##id,
    WEFT_SPIKE_EVENT_TABLE(WEFT_SPIKE_EVENT_ENUM)
#undef WEFT_SPIKE_EVENT_ENUM
        WEFT_SPIKE_EVENT_COUNT
} weft_spike_cost;

typedef enum weft_chip_kind { WEFT_CHIP_CROSSBAR, WEFT_CHIP_SPIKING } weft_chip_kind;
typedef enum weft_chip_neuron {
    WEFT_CHIP_NEURON_TRUENORTH, /* Cassidy 2013 */
    WEFT_CHIP_NEURON_LOIHI,     /* Davies 2018: current-based, 12-bit decays */
    WEFT_CHIP_NEURON_ODIN,      /* Frenkel 2019 */
    WEFT_CHIP_NEURON_LIF,       /* floating point */
} weft_chip_neuron;
typedef enum weft_synapse_encoding {
    WEFT_SYNAPSE_CROSSBAR, /* a cell for each axon and neuron of a core */
    WEFT_SYNAPSE_SPARSE,   /* lists of the neurons that an axon reaches */
} weft_synapse_encoding;

typedef enum weft_weight_encoding {
    WEFT_WEIGHT_OFFSET, /* w + 2^(bits-1) in slices of cell_bits; the offset is taken off digitally (sum of inputs) */
    WEFT_WEIGHT_DIFFERENTIAL_CELL,    /* one unit cell holds a signed conductance difference (HERMES) */
    WEFT_WEIGHT_DIFFERENTIAL_COLUMNS, /* positive and negative parts on two columns, each in slices, subtracted after
                                         the ADC */
} weft_weight_encoding;
typedef enum weft_input_encoding {
    WEFT_INPUT_BIT_SERIAL,     /* two's complement, low bits first */
    WEFT_INPUT_PULSE_WIDTH,    /* the magnitude as the length of one pulse per phase */
    WEFT_INPUT_SIGN_MAGNITUDE, /* the magnitude in pulses, low bits first; a negative input drives its row with the
                                  opposite voltage, so that column currents have a sign */
} weft_input_encoding;
typedef enum weft_adc_kind {
    WEFT_ADC_IDEAL,
    WEFT_ADC_SAR,  /* binary search with mismatched bit weights */
    WEFT_ADC_RAMP, /* mismatched steps, each threshold the sum of those below it */
    WEFT_ADC_NONE, /* no converter: currents as they are; `weft array` only */
} weft_adc_kind;
typedef enum weft_adc_range {
    WEFT_ADC_UNIT,       /* one code per cell level x input level; codes above the largest saturate ("granular") */
    WEFT_ADC_FULL_SCALE, /* the largest code is the largest sum a full array can give */
    WEFT_ADC_CALIBRATED, /* the largest code is where calibration on training images put it */
} weft_adc_range;
typedef enum weft_adc_calibration {
    WEFT_ADC_MAXIMUM,       /* of the magnitudes seen */
    WEFT_ADC_PERCENTILE,    /* adc.percentile of them */
    WEFT_ADC_SQUARED_ERROR, /* the range with the smallest mean squared error of rounding and clipping */
} weft_adc_calibration;
typedef enum weft_adc_scope { WEFT_ADC_PER_STAGE, WEFT_ADC_PER_ARRAY, WEFT_ADC_PER_SLICE } weft_adc_scope;
typedef enum weft_read_noise {
    WEFT_READ_NOISE_NONE,
    WEFT_READ_NOISE_INDEPENDENT,  /* sigma = read_sigma x g_max */
    WEFT_READ_NOISE_PROPORTIONAL, /* sigma = read_sigma x g */
    WEFT_READ_NOISE_PCM,          /* sigma = read_sigma x the 1/f noise of Joshi 2020 at device.time_s */
} weft_read_noise;
typedef enum weft_wires_topology {
    WEFT_WIRES_INPUT_ROWS, /* inputs drive the row wires; current flows through them */
    WEFT_WIRES_GATED, /* inputs drive gates; the row wires are sources at one voltage, a cell conducts when gated */
} weft_wires_topology;

/* How the work of cores is timed; the network always has its clock. */
typedef enum weft_clock_kind {
    WEFT_CLOCK_CLOCKED,    /* every operation takes whole cycles */
    WEFT_CLOCK_SELF_TIMED, /* operations take their time; only what they hand over waits for the network's next cycle */
    WEFT_CLOCK_TICK, /* clocked, and a barrier after every tick, in which each stage works on the next image: on image t
                        - d in tick t, d the number of stages before it and the host */
} weft_clock_kind;

/* Of the network; the same order as weft_noc_topology and weft_noc_routing. */
typedef enum weft_chip_topology { WEFT_CHIP_MESH, WEFT_CHIP_TORUS } weft_chip_topology;
typedef enum weft_chip_routing {
    WEFT_CHIP_XY,
    WEFT_CHIP_YX,
    WEFT_CHIP_WEST_FIRST,
    WEFT_CHIP_ADAPTIVE
} weft_chip_routing;

typedef struct weft_chip {
    /* As written. */
    int kind; /* weft_chip_kind */
    const char *name, *description;
    weft_strings sources;
    double technology_nm;
    double cycle_ns;                                     /* clock.cycle_ns: everything below is rounded up to it */
    struct {                                             /* the other keys of `clock` */
        int kind;                                        /* weft_clock_kind */
        double tick_ns, barrier_ns, barrier_per_core_ns; /* tick: at least so long; its barrier, for each active core */
    } clock;
    struct {
        int64_t rows, columns; /* of cells; a column here is one that an ADC converts */
        int64_t cell_bits;     /* bits per cell, 1..8; 0: analog, any conductance (kept to 15 bits and sign) */
        int64_t per_core;
    } array;
    struct {
        int64_t bits;          /* 2..16, signed */
        int encoding;          /* weft_weight_encoding */
        weft_reals slice_bits; /* bits of each slice, low bits first; empty: cell_bits each */
        bool two_sided; /* differential: g+ and g- move apart from the middle; false: one of them stays at g_min */
        double clip_percentile; /* weights above this percentile of |w| saturate; 100: none */
    } weight;
    struct {
        int64_t bits;           /* 2..16, signed: values -(2^(bits-1)-1) .. 2^(bits-1)-1 */
        int encoding;           /* weft_input_encoding */
        int64_t bits_per_pulse; /* bit_serial */
        int64_t phases;         /* pulse_width: 1, 2 (input sign) or 4 (input sign x weight sign) */
        weft_cited pulse_ns;    /* bit_serial: time of one pulse (array read). pulse_width: fixed time of one phase */
        weft_cited step_ns;     /* pulse_width: time per level, added to pulse_ns for the longest pulse */
    } input;
    struct {
        int64_t bits, per_array;
        weft_cited conversion_ns;
        int range;              /* weft_adc_range */
        int kind;               /* weft_adc_kind */
        bool accumulate_analog; /* one conversion of a slice's sum over all pulses, instead of one a pulse */
        int calibrate, scope;   /* weft_adc_calibration, weft_adc_scope: of range calibrated */
        double percentile;
        double offset_lsb, gain_sigma, mismatch; /* standard deviations over ADCs: of the offset in codes, of the gain
                                                    around 1, of the mismatch (of a unit element, relative) */
        bool flip_columns; /* store a column inverted when that lowers its largest sum (ISAAC), undone digitally */
    } adc;
    /* Cells as they are. All keys left out: ideal cells, no physical unit. */
    struct {
        double g_max_us, g_min_us; /* conductance of the highest and the lowest level; g_max 0: not given */
        const char *program;       /* weft_transform_chain on g / g_max of every cell, drawn once a trial (alpha = 1) */
        const char *program_table; /* CSV g_target_us, g_mean_us, g_sigma_us, applied ahead of `program`; "": none */
        int read_noise;            /* weft_read_noise, drawn for every read */
        double read_sigma;
        double time_s;          /* since programming, of PCM read noise */
        double iv_nonlinearity; /* a: current of a cell ~ g sinh(a v) / sinh(a) x v_max, v in 0..1; 0: ohmic */
        double program_pulses;  /* write pulses of a cell, in the mean */
        weft_cited program_pulse_ns, program_pulse_pj;
        int64_t program_parallel; /* cells of an array written at a time */
    } device;
    /* Wire resistance of an array. All 0: none. */
    struct {
        double row_segment_ohm, column_segment_ohm;   /* between neighbouring cells, and ahead of the first */
        double row_terminal_ohm, column_terminal_ohm; /* at the driver, at the sense amplifier */
        int topology;                                 /* weft_wires_topology */
        bool interleaved; /* the columns of a weight are neighbours; false: each plane is an array of its own */
    } wires;
    struct {
        int64_t buffer_bytes;   /* input maps and partial sums */
        bool unbounded_buffers; /* timed runs do not end buffers there */
        int64_t digital_lanes;  /* values per cycle through the digital unit */
        weft_cited input_ns;    /* from buffer to the array's input registers, per MVM */
        weft_cited output_ns;   /* after the last pulse: ADC pipeline, shift-and-add, output register */
        weft_cited digital_ns;  /* latency of the digital unit per value, beside occupancy */
    } core;
    struct {
        int64_t mesh[2]; /* routers in x and y */
        int64_t concentration;
        int64_t flit_bits, header_bits; /* header_bits per packet, in its first flit(s) */
        int64_t vcs, buffer_flits;      /* per input port; flits per VC */
        bool speculative;               /* switch allocation in the same cycle as VC allocation */
        int64_t route_cycles, vc_cycles, switch_cycles, traversal_cycles, link_cycles, credit_cycles;
        int64_t link_cycles_y, credit_cycles_y; /* of links along y; -1 in the file, and resolved: as along x */
        int topology, routing;                  /* weft_chip_topology, weft_chip_routing */
        int64_t escape_vcs;                     /* adaptive: VCs that go XY */
        int64_t chips[2];                       /* the mesh is cut into this many equal chips; links between them: */
        int64_t chip_link_cycles, chip_credit_cycles, chip_link_interval; /* chip_credit_cycles -1: as the link */
        bool multicast;      /* one packet to several cores is copied inside the network */
        bool allow_deadlock; /* load configurations that can deadlock */
    } noc;
    struct {
        int64_t router[2];      /* x, y of the router the host is attached to */
        int64_t bits_per_cycle; /* host bandwidth into the chip */
        int64_t partial_bits;   /* width of a partial sum on the network (also used for results to the host) */
    } io;
    struct {
        weft_cited core_mw, router_mw, chip_mw;
    } static_power;
    weft_cited cost_pj[WEFT_EVENT_COUNT]; /* section `energy` */
    struct {
        weft_cited core_mm2, router_mm2, chip_mm2;
    } area;

    /* Kind spiking; beside them: clock (kind tick), noc, io without partial_bits, static_power (chip_mw once a chip of
     * noc.chips), area. */
    double voltage_v;
    struct {
        int model;          /* weft_chip_neuron */
        int64_t state_bits; /* membrane potential */
    } neuron;
    struct {
        int encoding;        /* weft_synapse_encoding */
        int64_t weight_bits; /* of a synapse; 1 where its weight is that of the axon's type */
        int64_t axon_types;  /* 0: a synapse has its own weight */
        int64_t type_weight_bits;
        int64_t memory_bytes;     /* of a core */
        weft_cited synapse_bytes; /* sparse: of one synapse */
        int64_t row_bits;         /* of core memory, read a neuron and tick, events or none */
    } synapse;
    struct {
        int64_t neurons, axons; /* of a core */
        int64_t axons_out;      /* destinations of a core's neurons together; 0: no limit of its own, as below */
        int64_t destinations;   /* of one neuron */
        int64_t routing_entries;
        int64_t delay_ticks; /* 1 .. this */
    } limits;
    struct {
        weft_cited pj[WEFT_SPIKE_EVENT_COUNT];
        weft_cited clock_uw_per_mhz; /* a chip */
    } spike_energy;
    struct {
        weft_cited ns[WEFT_SPIKE_EVENT_COUNT];      /* 0: not known */
        weft_cited barrier_ns, barrier_per_tile_ns; /* of one active tile; of each more */
    } spike_latency;

    /* Resolved. */
    int core_count, router_count;
    int slices;                          /* cells in a row that hold one weight's magnitude bits; 1 for analog cells */
    int slice_bits[16], slice_shift[16]; /* of each slice: bits it holds, and those below it; analog cells: 15, 0 */
    weft_transform_chain program;        /* device.program */
    bool ideal_cells;                    /* cells hold their levels, reads have no noise, wires no resistance */
    bool has_wires, has_read_noise;
    int columns_per_weight;                 /* physical columns of one weight */
    int pulses;                             /* array reads of one MVM */
    int input_max;                          /* 2^(bits-1) - 1 */
    int weight_max;                         /* largest weight integer: 2^(bits-1) - 1, or 32767 for analog cells */
    int64_t pulse_cycles;                   /* max(time of a pulse, conversions of all columns by per_array ADCs) */
    int64_t mvm_interval_cycles;            /* pulses x pulse_cycles: an array can start the next MVM after this */
    int64_t mvm_latency_cycles;             /* input + interval + last conversion + output */
    double mvm_interval_ns, mvm_latency_ns; /* the same without rounding, for self-timed arrays */
    int host_terminal;                      /* network terminal of the host: core_count */
    /* Provenance. */
    char path[4096];
    weft_sha256 sha256;            /* of the file's bytes, the overrides and the bytes of device.program_table */
    char program_table_path[8192]; /* "": none */
    weft_yaml yaml;                /* located tree, for error messages; holds the strings */
} weft_chip;

/* path: a file, or a name of hwconfigs/ ("isaac-ce"). overrides: override_count texts "adc.bits=6". Caller destroys.
 * Errors carry file:line:column. */
weft_status weft_chip_load(weft_chip **out, const char *path, const char *const *overrides, int override_count,
                           weft_error *err);
void weft_chip_destroy(weft_chip *chip); /* NULL is allowed */
/* The same, but INVALID, at the file's `kind`, for a chip of the other kind. */
weft_status weft_chip_load_crossbar(weft_chip **out, const char *path, const char *const *overrides, int override_count,
                                    weft_error *err);
/* sha256 of a chip without device.program_table, from its file's bytes: these, each override behind a zero byte.
 * MEMORY.
 */
weft_status weft_chip_hash(weft_sha256 *out, const char *text, size_t size, const char *const *overrides,
                           int override_count, weft_error *err);
/* Calls tell(context, "adc.percentile has no effect: ...") for each key that was written and does nothing. */
typedef void weft_chip_tell(void *context, const char *text);
void weft_chip_unused(const weft_chip *chip, weft_chip_tell *tell, void *context);
extern const weft_record weft_chip_record;
extern const weft_event_info weft_spike_costs[WEFT_SPIKE_EVENT_COUNT]; /* key without _pj or _ns */

/* Router of a core, or of the host for core == host_terminal. */
static inline int weft_chip_router(const weft_chip *chip, int terminal) {
    return terminal == chip->host_terminal ? (int)(chip->io.router[1] * chip->noc.mesh[0] + chip->io.router[0])
                                           : terminal / (int)chip->noc.concentration;
}
/* Power without events: all cores and routers, and the chips of noc.chips (of a crossbar file the one it describes). */
static inline double weft_chip_static_mw(const weft_chip *chip) {
    const int64_t chips = chip->kind == WEFT_CHIP_SPIKING ? chip->noc.chips[0] * chip->noc.chips[1] : 1;
    return chip->static_power.core_mw.value * chip->core_count +
           chip->static_power.router_mw.value * chip->router_count + chip->static_power.chip_mw.value * (double)chips;
}
/* Silicon of the whole chip by the file's constants; 0 where it has none. */
static inline double weft_chip_area_mm2(const weft_chip *chip) {
    return chip->area.core_mm2.value * chip->core_count + chip->area.router_mm2.value * chip->router_count +
           chip->area.chip_mm2.value;
}
/* Time of the barrier that ends a tick of a spiking chip with active tiles, 1 or more. */
static inline double weft_chip_barrier_ns(const weft_chip *chip, int64_t active_tiles) {
    return chip->spike_latency.barrier_ns.value +
           (double)(active_tiles - 1) * chip->spike_latency.barrier_per_tile_ns.value;
}
/* Links between the routers of two terminals, on any shortest path; routers on the path are one more. */
int weft_chip_hops(const weft_chip *chip, int from, int to);
/* Flits of a packet that carries count values of bits each. */
int weft_chip_flits(const weft_chip *chip, int64_t count, int64_t bits);
/* What an enumerated key says, as it is written: ("noc", "routing") gives "west_first". */
const char *weft_chip_choice(const weft_chip *chip, const char *section, const char *key);
/* Cost constants without a source, for the report's honesty line. */
int weft_chip_unsourced(const weft_chip *chip);

#ifdef __cplusplus
}
#endif
#endif
