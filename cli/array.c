/* weft array: one array, in physical units. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/array.h"
#include "cli/file_kind.h"

static const weft_option array_arguments[] = {
    {.name = "CHIP",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_array_options, chip),
     .required = true,
     .complete = WEFT_COMPLETE_CHIP,
     .takes = WEFT_TAKES(CHIP),
     .help = "Chip file, or the name of an installed chip; array-bare is an ideal ohmic array without converters"},
};
static const weft_option array_table[] = {
    {.name = "conductances",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_array_options, conductances),
     .value = "FILE",
     .required = true,
     .reads = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "CSV of the cells in siemens, a line a row of the array, without a header; the array is of this size"},
    {.name = "inputs",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_array_options, inputs),
     .value = "FILE",
     .required = true,
     .reads = true,
     .complete = WEFT_COMPLETE_FILE,
     .help = "CSV of the voltages at the rows, a line a sample, a number a row of the array"},
    {.name = "exact",
     .kind = WEFT_OPTION_FLAG,
     .offset = offsetof(weft_array_options, exact),
     .help =
         "Solve the nodal equations of the whole array for each sample, and tell how far the effective matrix is "
         "off; gated cells, those that are not ohmic, and arrays of 2^18 to 2^21 cells with wires always go this way"},
    {.name = "spice",
     .kind = WEFT_OPTION_TEXT,
     .offset = offsetof(weft_array_options, spice),
     .value = "FILE",
     .complete = WEFT_COMPLETE_FILE,
     .help = "Write the array, cells as programmed, as a netlist; ngspice -b prints every sample's column currents, "
             "i(va0) and on; - is standard output, and all else goes to standard error"},
    {.name = "set",
     .kind = WEFT_OPTION_TEXTS,
     .offset = offsetof(weft_array_options, set),
     .value = "KEY=VALUE",
     .help = "Change a key of the chip, for example wires.row_segment_ohm=0.35; may be repeated"},
    {.name = "seed",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_array_options, seed),
     .value = "S",
     .help = "Seed of programming errors, read noise and converters; default 0"},
    {.name = "trial",
     .kind = WEFT_OPTION_COUNT,
     .offset = offsetof(weft_array_options, trial),
     .value = "T",
     .max = 65535,
     .help = "Which of the chips that the seed stands for; default 0"},
};

static weft_status read_inputs(weft_array_look *l, weft_error *err) {
    const weft_array_options *o = l->options;
    const bool gates = l->chip->wires.topology == WEFT_WIRES_GATED;
    const weft_matrix_limits cells = {"conductance", WEFT_ARRAY_SIDE_MAX, WEFT_ARRAY_SIDE_MAX, false};
    const weft_matrix_limits voltages = {"gate voltage", WEFT_ARRAY_SAMPLES_MAX, WEFT_ARRAY_SIDE_MAX, !gates};
    WEFT_TRY(weft_matrix_read(&l->g, o->conductances, &cells, err));
    if (l->g.rows > l->chip->array.rows || l->g.columns > l->chip->array.columns)
        return weft_error_set_at(err, WEFT_E_INVALID, o->conductances, 0, 0,
                                 "%d x %d conductances; an array of %s has %lld x %lld cells", l->g.rows, l->g.columns,
                                 l->chip->name, (long long)l->chip->array.rows, (long long)l->chip->array.columns);
    WEFT_TRY(weft_matrix_read(&l->x, o->inputs, &voltages, err));
    if (l->x.columns == l->g.rows) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_INVALID, o->inputs, 1, 0, "%d voltages a sample; %.300s has %d rows",
                             l->x.columns, o->conductances, l->g.rows);
}

static void release(weft_array_look *l) {
    weft_matrix_free(&l->g);
    weft_matrix_free(&l->x);
    free(l->held);
    free(l->effective);
    free(l->analog);
    free(l->currents);
    free(l->codes);
    weft_chip_destroy(l->chip);
}

static weft_status check_outputs(const weft_array_options *o, weft_error *err) {
    const bool both = o->spice && o->common.json && !strcmp(o->spice, "-") && !strcmp(o->common.json, "-");
    return both ? weft_error_set(err, WEFT_E_USAGE, "--spice and --json cannot both go to standard output") : WEFT_OK;
}

static void tell(void *context, const char *text) { fprintf(context, "weft: note: %s\n", text); }

static weft_status array_run(const void *options, const weft_console *session, weft_error *err) {
    const weft_array_options *o = options;
    weft_array_look look = {.options = o, .session = session};
    weft_status status;
    WEFT_TRY_GOTO(check_outputs(o, err));
    WEFT_TRY_GOTO(weft_output_probe(o->spice, err));
    WEFT_TRY_GOTO(weft_chip_load_crossbar(&look.chip, o->chip, o->set.items, o->set.count, err));
    weft_chip_unused(look.chip, tell, session->err);
    WEFT_TRY_GOTO(weft_output_apart("json", o->common.json, "the chip's table", look.chip->program_table_path, err));
    WEFT_TRY_GOTO(weft_output_apart("spice", o->spice, "the chip's table", look.chip->program_table_path, err));
    WEFT_TRY_GOTO(read_inputs(&look, err));
    WEFT_TRY_GOTO(weft_array_look_run(&look, err));
    if (o->spice) WEFT_TRY_GOTO(weft_array_write_spice(&look, err));
    if (o->common.json) WEFT_TRY_GOTO(weft_array_write_json(&look, err));
    const bool netlist = o->spice && !strcmp(o->spice, "-");
    weft_array_print(&look, !o->common.json && !netlist, netlist ? session->err : session->out);
cleanup:
    release(&look);
    return status;
}

const weft_command weft_command_array = {
    .name = "array",
    .summary = "Look into one array: column currents for conductances and voltages",
    .description =
        "Applies voltages to the rows of one array of cells and prints the currents out of its columns, in physical "
        "units, with wires, cells and converters as the chip file says. Rows are driven from the end at column 0; "
        "columns end in a virtual ground behind the last row; a wire segment lies ahead of each cell on its row and "
        "behind each cell on its column, the terminal resistances at the ends.\n"
        "With wires and ohmic cells the array is one effective matrix, found directly; --exact solves the nodal "
        "equations instead. device.program and its table change the conductances once (relative to device.g_max_us), "
        "read noise is drawn for every sample and column, with the variance of its cells at the voltages of the file, "
        "weakened by wires where cells are ohmic and not gated. "
        "The largest voltage of the file is v_max of "
        "device.iv_nonlinearity, and of the row wires where wires.topology is gated.\n"
        "Converters, unless adc.kind is none: the largest code stands for rows x device.g_max_us x the largest "
        "voltage of the file, whatever adc.range says; adc.bits, kind and mismatch as in the chip file, column c at "
        "converter c mod adc.per_array. The currents are then the codes' values, and the JSON has codes and analog "
        "currents too.",
    .examples =
        "  weft array array-bare --conductances g.csv --inputs x.csv\n"
        "  weft array array-bare --conductances g.csv --inputs x.csv --set wires.row_segment_ohm=0.35 \\\n"
        "      --set wires.column_segment_ohm=0.35 --exact --json -\n"
        "  weft array array-bare --conductances g.csv --inputs x.csv --spice array.cir && ngspice -b array.cir\n",
    .arguments = array_arguments,
    .argument_count = (int)(sizeof array_arguments / sizeof array_arguments[0]),
    .options = array_table,
    .option_count = (int)(sizeof array_table / sizeof array_table[0]),
    .size = sizeof(weft_array_options),
    .run = array_run,
};
