/* Inside weft neuron: the answer as text, JSON, CSV and picture (neuron_report.c). */
#ifndef WEFT_CLI_NEURON_H
#define WEFT_CLI_NEURON_H

#include "cli/commands.h"
#include "sim/spike/circuit.h"

typedef struct weft_neuron_options {
    weft_common common;
    const char *file, *csv, *draw;
    weft_texts set;
} weft_neuron_options;

typedef struct weft_neuron_look {
    const weft_neuron_options *options;
    weft_circuit *circuit;
    weft_circuit_run run;
} weft_neuron_look;

void weft_neuron_print(const weft_neuron_look *look, FILE *out);
weft_status weft_neuron_write_json(const weft_neuron_look *look, weft_error *err);
/* A line a tick: spikes of each stimulus, membrane of each neuron, and 1 where it fired. */
weft_status weft_neuron_write_csv(const weft_neuron_look *look, weft_error *err);
/* A panel a stimulus, then one a neuron. */
weft_status weft_neuron_draw(const weft_neuron_look *look, bool *drawn, weft_error *err);

#endif
