/* What goes into a spiking network and what is kept of it: the options that weft run and weft sim share. */
#ifndef WEFT_CLI_STIMULUS_H
#define WEFT_CLI_STIMULUS_H

#include "cli/commands.h"
#include "sim/session/stimulus.h"

typedef struct weft_spiking_options {
    const char *spikes, *aer, *size, *coding, *rate, *output, *spikes_csv, *raster, *membranes;
    weft_texts populations, probes;
    uint64_t ticks, classes;
} weft_spiking_options;

/* Their rows, for the table of a command whose options have them as `member`. */
#define WEFT_SPIKING_ROW(type, member, field) offsetof(type, member) + offsetof(weft_spiking_options, field)
#define WEFT_SPIKING_ROWS(type, member)                                                                                \
    {.name = "spikes",                                                                                                 \
     .kind = WEFT_OPTION_TEXT,                                                                                         \
     .offset = WEFT_SPIKING_ROW(type, member, spikes),                                                                 \
     .value = "FILE",                                                                                                  \
     .reads = true,                                                                                                    \
     .complete = WEFT_COMPLETE_FILE,                                                                                   \
     .help = "Spiking networks: spikes of the inputs, CSV of tick,neuron or time_s,neuron"},                           \
        {.name = "aer",                                                                                                \
         .kind = WEFT_OPTION_TEXT,                                                                                     \
         .offset = WEFT_SPIKING_ROW(type, member, aer),                                                                \
         .value = "FILE",                                                                                              \
         .reads = true,                                                                                                \
         .complete = WEFT_COMPLETE_FILE,                                                                               \
         .help = "Spiking networks: events of a camera, lines of t x y p, t in microseconds; with --size"},            \
        {.name = "size",                                                                                               \
         .kind = WEFT_OPTION_TEXT,                                                                                     \
         .offset = WEFT_SPIKING_ROW(type, member, size),                                                               \
         .value = "WxH",                                                                                               \
         .help = "Columns and rows of that camera, for example 34x34"},                                                \
        {.name = "coding",                                                                                             \
         .kind = WEFT_OPTION_TEXT,                                                                                     \
         .offset = WEFT_SPIKING_ROW(type, member, coding),                                                             \
         .value = "NAME",                                                                                              \
         .help = "How images become spikes: bernoulli (the default) and poisson, rates drawn at random; regular, "     \
                 "rates without chance; latency, one spike a pixel, bright ones early; saccades, events of a camera "  \
                 "that moves over the image; or, 'weft run' only, current: no spikes, pixels from 0 to 1 in every "    \
                 "tick"},                                                                                              \
        {.name = "rate",                                                                                               \
         .kind = WEFT_OPTION_TEXT,                                                                                     \
         .offset = WEFT_SPIKING_ROW(type, member, rate),                                                               \
         .value = "HZ",                                                                                                \
         .help = "Spikes per second of the network's time for the brightest pixels, and with --random; default 100"},  \
        {.name = "ticks",                                                                                              \
         .kind = WEFT_OPTION_COUNT,                                                                                    \
         .offset = WEFT_SPIKING_ROW(type, member, ticks),                                                              \
         .value = "N",                                                                                                 \
         .max = (uint64_t)1 << 30,                                                                                     \
         .help =                                                                                                       \
             "Ticks of an image, or of the whole list of spikes; default or 0: 100, of a list up to its last one"},    \
        {.name = "output",                                                                                             \
         .kind = WEFT_OPTION_TEXT,                                                                                     \
         .offset = WEFT_SPIKING_ROW(type, member, output),                                                             \
         .value = "NAME",                                                                                              \
         .help = "Population whose spikes are counted as the answer; default the only one that the network puts out"}, \
        {.name = "classes",                                                                                            \
         .kind = WEFT_OPTION_COUNT,                                                                                    \
         .offset = WEFT_SPIKING_ROW(type, member, classes),                                                            \
         .value = "N",                                                                                                 \
         .max = 1000000,                                                                                               \
         .help = "Count them in N groups of neighbours, a class each; default or 0: the classes of the data set, or "  \
                 "every neuron alone"},                                                                                \
        {.name = "population",                                                                                         \
         .kind = WEFT_OPTION_TEXTS,                                                                                    \
         .offset = WEFT_SPIKING_ROW(type, member, populations),                                                        \
         .value = "NAME",                                                                                              \
         .help = "Keep the spikes of this population, for --spikes-csv and --raster; default the output. May be "      \
                 "repeated: neurons are numbered on from one to the next"},                                            \
        {.name = "spikes-csv",                                                                                         \
         .kind = WEFT_OPTION_TEXT,                                                                                     \
         .offset = WEFT_SPIKING_ROW(type, member, spikes_csv),                                                         \
         .value = "FILE",                                                                                              \
         .complete = WEFT_COMPLETE_FILE,                                                                               \
         .help = "Write them as CSV, tick,neuron"},                                                                    \
        {.name = "raster",                                                                                             \
         .kind = WEFT_OPTION_TEXT,                                                                                     \
         .offset = WEFT_SPIKING_ROW(type, member, raster),                                                             \
         .value = "FILE",                                                                                              \
         .complete = WEFT_COMPLETE_FILE,                                                                               \
         .help = "Draw them, a dot each, .svg or .png (needs gnuplot)"},                                               \
        {.name = "probe",                                                                                              \
         .kind = WEFT_OPTION_TEXTS,                                                                                    \
         .offset = WEFT_SPIKING_ROW(type, member, probes),                                                             \
         .value = "NAME:NEURON",                                                                                       \
         .help = "Follow the membrane of a population's neuron, for --membranes; may be repeated"},                    \
    {                                                                                                                  \
        .name = "membranes", .kind = WEFT_OPTION_TEXT, .offset = WEFT_SPIKING_ROW(type, member, membranes),            \
        .value = "FILE", .complete = WEFT_COMPLETE_FILE,                                                               \
        .help = "Write the membranes after every tick as .csv, or draw them as .svg or .png (needs gnuplot)"           \
    }
extern const char *const weft_spiking_names[]; /* of these options, NULL-terminated */
#define WEFT_SPIKING_ONLY "--%s is for spiking networks"

/* Rows of the options that say what a tick is: texts, see weft_tick_parse. */
#define WEFT_TICK_ROWS(type, dt_, integration_, reset_)                                                                \
    {.name = "dt",                                                                                                     \
     .kind = WEFT_OPTION_TEXT,                                                                                         \
     .offset = offsetof(type, dt_),                                                                                    \
     .value = "SECONDS",                                                                                               \
     .help = "Spiking networks: time of a tick; default 0.001"},                                                       \
        {.name = "integration",                                                                                        \
         .kind = WEFT_OPTION_TEXT,                                                                                     \
         .offset = offsetof(type, integration_),                                                                       \
         .value = "NAME",                                                                                              \
         .help = "Spiking networks: euler (forward, the default) or exponential (exact within a tick)"},               \
    {                                                                                                                  \
        .name = "reset", .kind = WEFT_OPTION_TEXT, .offset = offsetof(type, reset_), .value = "NAME",                  \
        .help = "Spiking networks: a neuron that fired goes to v_reset (zero, the default) or loses its threshold "    \
                "(subtract)"                                                                                           \
    }
typedef struct weft_tick_options {
    double dt; /* s */
    bool exponential, subtract;
} weft_tick_options;
weft_status weft_tick_parse(weft_tick_options *out, const char *dt, const char *integration, const char *reset,
                            weft_error *err);
/* "1 ms, euler, reset to zero". */
void weft_tick_text(char *out, size_t size, const weft_tick_options *tick);

/* Where stimuli come from, as it was given; exactly one of them. */
typedef struct weft_stimulus_args {
    const weft_spiking_options *options;
    const char *dataset, *input, *random; /* NULL: not given */
    uint64_t images;
    uint64_t seed;
    double tick_s; /* of the network's time */
    bool layers;   /* the network is one of layers, which takes an image a tick */
    bool currents; /* images may be currents; a chip takes spikes alone */
} weft_stimulus_args;
/* *out without a network; what it points to is the options'. USAGE. */
weft_status weft_stimulus_source_of(weft_stimulus_source *out, const weft_stimulus_args *args, weft_error *err);

#endif
