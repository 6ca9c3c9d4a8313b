/* weft neuron: a few neurons, tick by tick. */
#include <stddef.h>

#include "cli/file_kind.h"
#include "cli/neuron.h"
#include "core/plot.h"
#include "sim/report/raster.h"

static const weft_option neuron_arguments[] = {
    {.name = "FILE",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_neuron_options, file),
     .required = true,
     .reads = true,
     .complete = WEFT_COMPLETE_FILE,
     .takes = WEFT_TAKES(NEURONS),
     .help = "Neurons, connections and stimuli in YAML; 'weft describe neurons' has the keys"},
};
static const weft_option neuron_table[] = {
    {.name = "csv",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_neuron_options, csv),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Write every tick: spikes of each stimulus, membrane of each neuron at the tick's end, and whether it "
             "fired"},
    {.name = "draw",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_neuron_options, draw),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Draw the same, a panel a stimulus and a neuron, the first 12; .svg or .png, needs gnuplot"},
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(weft_neuron_options, set),
     .value = "KEY=VALUE",
     .help = "Change a key of the file, for example neurons.a.leak=-2; may be repeated"},
};

static weft_status check_outputs(const weft_neuron_options *o, weft_error *err) {
    weft_plot_format format;
    if (o->draw && !weft_plot_format_of(&format, o->draw))
        return weft_error_set(err, WEFT_E_USAGE, "--draw: %.300s: a picture's name ends in .svg or .png", o->draw);
    WEFT_TRY(weft_output_probe(o->csv, err));
    return weft_output_probe(o->draw, err);
}

static weft_status write_files(const weft_neuron_look *look, const weft_console *session, weft_error *err) {
    const weft_neuron_options *o = look->options;
    bool drawn = true;
    if (o->csv) WEFT_TRY(weft_neuron_write_csv(look, err));
    if (o->draw) WEFT_TRY(weft_neuron_draw(look, &drawn, err));
    if (!drawn) fprintf(session->err, "weft: note: no %s: gnuplot is missing or failed\n", o->draw);
    return o->common.json ? weft_neuron_write_json(look, err) : WEFT_OK;
}

static weft_status neuron_run(const void *options, const weft_console *session, weft_error *err) {
    const weft_neuron_options *o = options;
    weft_neuron_look look = {.options = o};
    weft_status status;
    WEFT_TRY_GOTO(check_outputs(o, err));
    WEFT_TRY_GOTO(weft_circuit_load(&look.circuit, o->file, o->set.items, o->set.count, err));
    WEFT_TRY_GOTO(weft_circuit_simulate(&look.run, look.circuit, weft_stop_install(), err));
    WEFT_TRY_GOTO(write_files(&look, session, err));
    weft_neuron_print(&look, session->out);
cleanup:
    weft_circuit_run_free(&look.run);
    weft_circuit_destroy(look.circuit);
    return status;
}

const weft_command weft_command_neuron = {
    .name = "neuron",
    .summary = "Look into neurons: membranes and spikes for a stimulus",
    .description =
        "Runs a few neurons tick by tick, as the cores of spiking chips do, and prints how often they fired. FILE has "
        "the neurons, of the TrueNorth model or of any other, the connections between them, and stimuli: pulses, "
        "trains, and currents as spikes per tick. All TrueNorth neurons of a file share one core, with its rules: one "
        "target a neuron, delays of 1 to 15 ticks, at most 1024 axons (the chip has 256).\n"
        "In the table rate is the spikes over the whole run, and intervals are the shortest and the longest between "
        "two spikes, in ticks.",
    .examples = "  weft neuron experiments/neurons/tonic_bursting.yaml --draw tonic_bursting.svg\n"
                "  weft neuron experiments/neurons/spike_latency.yaml --set neurons.neuron.leak=4 --csv latency.csv\n",
    .arguments = neuron_arguments,
    .argument_count = (int)(sizeof neuron_arguments / sizeof neuron_arguments[0]),
    .options = neuron_table,
    .option_count = (int)(sizeof neuron_table / sizeof neuron_table[0]),
    .size = sizeof(weft_neuron_options),
    .run = neuron_run,
};
