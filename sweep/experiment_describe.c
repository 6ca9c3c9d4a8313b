/* The manual of an experiment's file. */
#include "sweep/experiment.h"

const char weft_experiment_example[] = "name: converters\n"
                                       "dataset: fashion-mnist\n"
                                       "images: 200\n"
                                       "nets:\n"
                                       "  sign: {recipe: fashion-mlp-sign, set: {epochs: 1}}\n"
                                       "points:\n"
                                       "  - name: bits\n"
                                       "    set: {net: sign, trials: 5}\n"
                                       "    grid:\n"
                                       "      chip: [hermes, neurram]\n"
                                       "      adc.bits: 4..8\n"
                                       "      device:\n"
                                       "        fresh: {}\n"
                                       "        noisy: {device.read_noise: independent, device.read_sigma: 0.05}\n"
                                       "    exclude: [{chip: neurram, adc.bits: \"< 5\"}]\n";

static const char rules[] =
    "How points are made:\n"
    "  A block has an axis for each key of its grid and zip, and one for its list; it makes a point for every\n"
    "  combination, in the order of the file, the last axis fastest. Axes of a zip go together. Without any, a block\n"
    "  is one point.\n"
    "  An axis is a setting, or a key of the chip as in adc.bits, with a list of values. 4..8 counts by one,\n"
    "  0..2/0.5 by a half; both may stand in a list. Any other name is an axis of named variants, a map of names, "
    "each\n"
    "  with the settings that it stands for.\n"
    "  What an axis says goes before the block's set, and that before the top of the file. No two axes of a block may\n"
    "  give the same setting. A setting that a point's kind does not use may only stand at the top.\n"
    "  A condition matches when each of its keys does: a value, one of a list of values, or a comparison such as\n"
    "  \"< 6\", \"<= 6\", \"> 6\", \">= 6\" or \"!= 6\". Its keys are axes or settings.\n"
    "  Files are looked for beside the experiment's, then from the current folder.\n";

/* Indented, so that it can be told from the rest. */
static void print_example(FILE *stream) {
    const char *text = weft_experiment_example;
    fputs("\nAn example:\n  ", stream);
    for (; *text; text++) {
        fputc(*text, stream);
        if (*text == '\n' && text[1]) fputs("  ", stream);
    }
}

void weft_experiment_describe(FILE *stream) {
    weft_record_describe(&weft_experiment_record, stream);
    fputc('\n', stream);
    fputs(rules, stream);
    print_example(stream);
}
