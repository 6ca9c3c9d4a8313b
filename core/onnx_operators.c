/* The table of operators, and what can be checked of a node before shapes are known. */
#include <string.h>

#include "core/onnx_import.h"

enum { ATTRIBUTES_MAX = 8 };

typedef struct operator_row {
    const char *type;
    size_t inputs_min, inputs_max;
    const char *attributes[ATTRIBUTES_MAX];
    weft_onnx_form takes; /* what its activations are; a Cast takes BELOW too, a Sub DOWN_SPIKES as the second */
    weft_status (*run)(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
} operator_row;

static const operator_row operators[] = {
    {"Add", 2, 2, {NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_add},
    {"AveragePool",
     1,
     1,
     {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides", NULL},
     WEFT_ONNX_NUMBER,
     weft_onnx_run_average_pool},
    {"BatchNormalization",
     5,
     5,
     {"epsilon", "momentum", "training_mode", "spatial", NULL},
     WEFT_ONNX_NUMBER,
     weft_onnx_run_batch_norm},
    {"Cast", 1, 1, {"to", NULL}, WEFT_ONNX_ABOVE, weft_onnx_run_cast},
    {"Clip", 1, 3, {"min", "max", NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_clip},
    {"Conv",
     2,
     3,
     {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", NULL},
     WEFT_ONNX_NUMBER,
     weft_onnx_run_conv},
    {"DequantizeLinear", 2, 3, {"axis", NULL}, WEFT_ONNX_INTEGER, weft_onnx_run_dequantize},
    {"Dropout", 1, 3, {"ratio", "seed", NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_dropout},
    {"Flatten", 1, 1, {"axis", NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_flatten},
    {"Gemm", 2, 3, {"alpha", "beta", "transA", "transB", NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_gemm},
    {"GlobalAveragePool", 1, 1, {NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_global_average_pool},
    {"GreaterOrEqual", 2, 2, {NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_greater},
    {"Identity", 1, 1, {NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_identity},
    {"LessOrEqual", 2, 2, {NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_less},
    {"MatMul", 2, 2, {NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_matmul},
    {"MaxPool",
     1,
     1,
     {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides", NULL},
     WEFT_ONNX_NUMBER,
     weft_onnx_run_max_pool},
    {"QuantizeLinear", 2, 3, {"axis", "saturate", NULL}, WEFT_ONNX_CLIPPED, weft_onnx_run_quantize},
    {"Relu", 1, 1, {NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_relu},
    {"Reshape", 2, 2, {"allowzero", NULL}, WEFT_ONNX_NUMBER, weft_onnx_run_reshape},
    {"Sub", 2, 2, {NULL}, WEFT_ONNX_UP_SPIKES, weft_onnx_run_sub},
};

static const operator_row *operator_find(const char *type) {
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strcmp(operators[i].type, type) == 0) return &operators[i];
    return NULL;
}

static weft_status attributes_check(const operator_row *row, const weft_onnx_node *node, weft_error *err) {
    for (size_t i = 0; i < node->proto->n_attribute; i++) {
        const char *name = weft_onnx_text(node->proto->attribute[i]->name);
        int k = 0;
        while (row->attributes[k] && strcmp(row->attributes[k], name) != 0) k++;
        if (!row->attributes[k])
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "attribute \"%.60s\" is not supported", name);
    }
    return WEFT_OK;
}

static weft_status outputs_check(const weft_onnx_node *node, weft_error *err) {
    if (!node->proto->n_output || !weft_onnx_text(node->proto->output[0])[0])
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "has no output");
    if (strcmp(node->proto->op_type, "Dropout") == 0) return WEFT_OK; /* the walk refuses its mask where it is used */
    for (size_t i = 1; i < node->proto->n_output; i++)
        if (weft_onnx_text(node->proto->output[i])[0])
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "several outputs are not supported");
    return WEFT_OK;
}

/* The first input, of Add and Sub both; of an Add's, those that are not constant. */
static weft_onnx_slots slots_of(const operator_row *row, const weft_onnx_node *node) {
    bool add = row->run == weft_onnx_run_add, sub = row->run == weft_onnx_run_sub;
    bool first = add && weft_onnx_constant(node->graph, weft_onnx_input(node, 0));
    bool second = add && weft_onnx_constant(node->graph, weft_onnx_input(node, 1));
    if (first) return (weft_onnx_slots){{1, -1}};
    return (weft_onnx_slots){{0, (add && !second) || sub ? 1 : -1}};
}

weft_onnx_slots weft_onnx_data_slots(const weft_onnx_node *node) {
    return slots_of(operator_find(node->proto->op_type), node);
}

static weft_status inputs_check(const operator_row *row, const weft_onnx_node *node, weft_onnx_slots *slots,
                                weft_error *err) {
    size_t count = node->proto->n_input;
    while (count && !weft_onnx_input(node, count - 1)[0]) count--; /* absent at the end */
    if (count < row->inputs_min || count > row->inputs_max)
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "has %zu inputs; %zu to %zu are allowed", count,
                              row->inputs_min, row->inputs_max);
    *slots = slots_of(row, node);
    for (size_t i = 0; i < count; i++) {
        const char *name = weft_onnx_input(node, i);
        bool constant = weft_onnx_constant(node->graph, name) != NULL;
        bool data = (int)i == slots->slot[0] || (int)i == slots->slot[1];
        if (data && constant)
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "a constant as its input %zu is not supported", i);
        if (data || constant) continue;
        if (!name[0] && i >= row->inputs_min) continue;
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "its input %zu, \"%.100s\", is not a constant: not supported", i, name);
    }
    return WEFT_OK;
}

weft_status weft_onnx_operator_check(const weft_onnx_node *node, weft_onnx_slots *slots, weft_error *err) {
    const char *type = weft_onnx_text(node->proto->op_type), *domain = weft_onnx_text(node->proto->domain);
    *slots = (weft_onnx_slots){{-1, -1}};
    if (domain[0] && strcmp(domain, "ai.onnx") != 0)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "operators of domain \"%.60s\" are not supported", domain);
    if (!node->proto->n_output || !weft_onnx_text(node->proto->output[0])[0])
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "has no output");
    if (weft_onnx_constant(node->graph, node->proto->output[0])) return WEFT_OK; /* Constant, or another name of one */
    if (strcmp(type, "Constant") == 0)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "only a tensor as its value is supported");
    const operator_row *row = operator_find(type);
    if (!row) return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "this operator is not supported");
    WEFT_TRY(attributes_check(row, node, err));
    WEFT_TRY(outputs_check(node, err));
    return inputs_check(row, node, slots, err);
}

static const char *const form_names[] = {
    "numbers",      "clipped numbers",       "quantised integers",   "truth values",
    "truth values", "half of signed spikes", "half of signed spikes"};

static weft_status form_check(const operator_row *row, const weft_onnx_importer *im, const weft_onnx_node *node,
                              weft_error *err) {
    weft_onnx_form form = im->in[0]->form;
    bool cast = row->run == weft_onnx_run_cast && form == WEFT_ONNX_BELOW;
    weft_onnx_form second = row->run == weft_onnx_run_sub ? WEFT_ONNX_DOWN_SPIKES : row->takes;
    if (form != row->takes && !cast)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "not supported on %s, only on %s", form_names[form],
                              form_names[row->takes]);
    if (!im->in[1] || im->in[1]->form == second) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "not supported with %s as its second input, only with %s",
                          form_names[im->in[1]->form], form_names[second]);
}

weft_status weft_onnx_import(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const operator_row *row = operator_find(node->proto->op_type);
    WEFT_TRY(form_check(row, im, node, err));
    im->out = *im->in[0];
    WEFT_TRY(row->run(im, node, err));
    im->out.matmul = im->out.matmul && weft_onnx_only_use_is(node, NULL);
    return WEFT_OK;
}
