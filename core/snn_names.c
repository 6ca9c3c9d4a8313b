/* How the simulator's neuron models call what populations are and have. */
#include "core/snn.h"

typedef struct model_names {
    const char *model, *parameters[WEFT_SNN_PARAMETER_COUNT];
} model_names;

#define IF_NAMES [WEFT_SNN_R] = "r", [WEFT_SNN_V_THRESHOLD] = "v_threshold", [WEFT_SNN_V_RESET] = "v_reset"
#define CUBA_NAMES                                                                                                     \
    [WEFT_SNN_TAU] = "tau_mem", [WEFT_SNN_TAU_SYN] = "tau_syn", [WEFT_SNN_V_LEAK] = "v_leak", [WEFT_SNN_W_IN] = "w_in"

static const model_names names[WEFT_NIR_TYPE_COUNT] = {
    [WEFT_NIR_I] = {"i", {[WEFT_SNN_R] = "r"}},
    [WEFT_NIR_IF] = {"if", {IF_NAMES}},
    [WEFT_NIR_LI] = {"li", {[WEFT_SNN_R] = "r", [WEFT_SNN_TAU] = "tau", [WEFT_SNN_V_LEAK] = "v_leak"}},
    [WEFT_NIR_LIF] = {"lif", {IF_NAMES, [WEFT_SNN_TAU] = "tau", [WEFT_SNN_V_LEAK] = "v_leak"}},
    [WEFT_NIR_CUBA_LI] = {"cuba_li", {[WEFT_SNN_R] = "r", CUBA_NAMES}},
    [WEFT_NIR_CUBA_LIF] = {"cuba_lif", {IF_NAMES, CUBA_NAMES}},
    [WEFT_NIR_THRESHOLD] = {"threshold", {[WEFT_SNN_V_THRESHOLD] = "threshold"}},
};

const char *weft_snn_model_name(weft_nir_type model) { return names[model].model; }

const char *weft_snn_parameter_name(weft_nir_type model, weft_snn_parameter parameter) {
    return names[model].parameters[parameter];
}
