/* The table of NIR's node types. */
#include <string.h>

#include "core/nir_internal.h"

const char *const weft_nir_type_names[WEFT_NIR_TYPE_COUNT + 1] = {
    [WEFT_NIR_INPUT] = "Input",
    [WEFT_NIR_OUTPUT] = "Output",
    [WEFT_NIR_AFFINE] = "Affine",
    [WEFT_NIR_LINEAR] = "Linear",
    [WEFT_NIR_SCALE] = "Scale",
    [WEFT_NIR_CONV1D] = "Conv1d",
    [WEFT_NIR_CONV2D] = "Conv2d",
    [WEFT_NIR_SUM_POOL2D] = "SumPool2d",
    [WEFT_NIR_AVG_POOL2D] = "AvgPool2d",
    [WEFT_NIR_FLATTEN] = "Flatten",
    [WEFT_NIR_I] = "I",
    [WEFT_NIR_IF] = "IF",
    [WEFT_NIR_LI] = "LI",
    [WEFT_NIR_LIF] = "LIF",
    [WEFT_NIR_CUBA_LI] = "CubaLI",
    [WEFT_NIR_CUBA_LIF] = "CubaLIF",
    [WEFT_NIR_THRESHOLD] = "Threshold",
    [WEFT_NIR_DELAY] = "Delay",
    [WEFT_NIR_GRAPH] = "NIRGraph",
};

#define NEURON(name)                                                                                                   \
    { name, WEFT_NIR_RULE_NEURON, false }
#define NEURON_OR(name)                                                                                                \
    { name, WEFT_NIR_RULE_NEURON, true }
#define TAU(name)                                                                                                      \
    { name, WEFT_NIR_RULE_TAU, false }
#define CONVOLUTION(kernel)                                                                                            \
    {"weight", kernel, false}, {"bias", WEFT_NIR_RULE_BIAS, false}, {"stride", WEFT_NIR_RULE_PAIR, false},             \
        {"padding", WEFT_NIR_RULE_PADDING_T, false}, {"dilation", WEFT_NIR_RULE_PAIR, false},                          \
        {"groups", WEFT_NIR_RULE_COUNT, false}, {                                                                      \
        "input_shape", WEFT_NIR_RULE_PAIR, true                                                                        \
    }
#define POOLING                                                                                                        \
    {"kernel_size", WEFT_NIR_RULE_PAIR, false}, {"stride", WEFT_NIR_RULE_PAIR, false}, {                               \
        "padding", WEFT_NIR_RULE_PADDING, false                                                                        \
    }

const weft_nir_parameter weft_nir_parameters[WEFT_NIR_TYPE_COUNT][WEFT_NIR_PARAMETERS_MAX + 1] = {
    [WEFT_NIR_INPUT] = {{"shape", WEFT_NIR_RULE_SHAPE, false}},
    [WEFT_NIR_OUTPUT] = {{"shape", WEFT_NIR_RULE_SHAPE, false}},
    [WEFT_NIR_AFFINE] = {{"weight", WEFT_NIR_RULE_MATRIX, false}, {"bias", WEFT_NIR_RULE_BIAS, false}},
    [WEFT_NIR_LINEAR] = {{"weight", WEFT_NIR_RULE_MATRIX, false}},
    [WEFT_NIR_SCALE] = {NEURON("scale")},
    [WEFT_NIR_CONV1D] = {CONVOLUTION(WEFT_NIR_RULE_KERNEL1)},
    [WEFT_NIR_CONV2D] = {CONVOLUTION(WEFT_NIR_RULE_KERNEL2)},
    [WEFT_NIR_SUM_POOL2D] = {POOLING},
    [WEFT_NIR_AVG_POOL2D] = {POOLING},
    [WEFT_NIR_FLATTEN] = {{"start_dim", WEFT_NIR_RULE_DIMENSION, false},
                          {"end_dim", WEFT_NIR_RULE_DIMENSION, false},
                          {"input_type", WEFT_NIR_RULE_SHAPE, true}},
    [WEFT_NIR_I] = {NEURON("r")},
    [WEFT_NIR_IF] = {NEURON("r"), NEURON("v_threshold"), NEURON_OR("v_reset")},
    [WEFT_NIR_LI] = {TAU("tau"), NEURON("r"), NEURON("v_leak")},
    [WEFT_NIR_LIF] = {TAU("tau"), NEURON("r"), NEURON("v_leak"), NEURON("v_threshold"), NEURON_OR("v_reset")},
    [WEFT_NIR_CUBA_LI] = {TAU("tau_syn"), TAU("tau_mem"), NEURON("r"), NEURON("v_leak"), NEURON_OR("w_in")},
    [WEFT_NIR_CUBA_LIF] = {TAU("tau_syn"), TAU("tau_mem"), NEURON("r"), NEURON("v_leak"), NEURON("v_threshold"),
                           NEURON_OR("v_reset"), NEURON_OR("w_in")},
    [WEFT_NIR_THRESHOLD] = {NEURON("threshold")},
    [WEFT_NIR_DELAY] = {{"delay", WEFT_NIR_RULE_DELAY, false}},
};

int weft_nir_parameter_count(weft_nir_type type) {
    int count = 0;
    while (weft_nir_parameters[type][count].name) count++;
    return count;
}

int weft_nir_parameter_find(weft_nir_type type, const char *name) {
    for (int i = 0; weft_nir_parameters[type][i].name; i++)
        if (!strcmp(weft_nir_parameters[type][i].name, name)) return i;
    return -1;
}
