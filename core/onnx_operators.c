/* The table of operators, and what can be checked of a node before shapes are known. */
#include <string.h>

#include "core/onnx_import.h"

enum { ATTRIBUTES_MAX = 8 };

typedef struct operator_row {
    const char *type;
    size_t inputs_min, inputs_max;
    const char *attributes[ATTRIBUTES_MAX];
    weft_status (*run)(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
} operator_row;

static const operator_row operators[] = {
    {"Add", 2, 2, {NULL}, weft_onnx_run_add},
    {"AveragePool",
     1,
     1,
     {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides", NULL},
     weft_onnx_run_average_pool},
    {"BatchNormalization", 5, 5, {"epsilon", "momentum", "training_mode", "spatial", NULL}, weft_onnx_run_batch_norm},
    {"Conv", 2, 3, {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", NULL}, weft_onnx_run_conv},
    {"Dropout", 1, 3, {"ratio", "seed", NULL}, weft_onnx_run_dropout},
    {"Flatten", 1, 1, {"axis", NULL}, weft_onnx_run_flatten},
    {"Gemm", 2, 3, {"alpha", "beta", "transA", "transB", NULL}, weft_onnx_run_gemm},
    {"GlobalAveragePool", 1, 1, {NULL}, weft_onnx_run_global_average_pool},
    {"Identity", 1, 1, {NULL}, weft_onnx_run_identity},
    {"MatMul", 2, 2, {NULL}, weft_onnx_run_matmul},
    {"MaxPool",
     1,
     1,
     {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides", NULL},
     weft_onnx_run_max_pool},
    {"Relu", 1, 1, {NULL}, weft_onnx_run_relu},
    {"Reshape", 2, 2, {"allowzero", NULL}, weft_onnx_run_reshape},
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
    if (strcmp(node->proto->op_type, "Dropout") == 0)
        return WEFT_OK; /* its mask is used by nobody or found out as a branch */
    for (size_t i = 1; i < node->proto->n_output; i++)
        if (weft_onnx_text(node->proto->output[i])[0])
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "several outputs are not supported");
    return WEFT_OK;
}

static weft_status inputs_check(const operator_row *row, const weft_onnx_node *node, int *data_slot, weft_error *err) {
    size_t count = node->proto->n_input;
    while (count && !weft_onnx_input(node, count - 1)[0]) count--; /* absent at the end */
    if (count < row->inputs_min || count > row->inputs_max)
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "has %zu inputs; %zu to %zu are allowed", count,
                              row->inputs_min, row->inputs_max);
    bool add = row->run == weft_onnx_run_add;
    *data_slot = add && weft_onnx_constant(node->graph, weft_onnx_input(node, 0)) ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = weft_onnx_input(node, i);
        bool constant = weft_onnx_constant(node->graph, name) != NULL;
        if ((int)i == *data_slot && constant)
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "a constant as its input %zu is not supported", i);
        if ((int)i == *data_slot || constant) continue;
        if (!name[0] && i >= row->inputs_min) continue;
        if (add)
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                                  "not supported: it adds two activations (a residual connection), and only chains of "
                                  "layers are supported");
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "its input %zu, \"%.100s\", is not a constant: not supported", i, name);
    }
    return WEFT_OK;
}

weft_status weft_onnx_operator_check(const weft_onnx_node *node, int *data_slot, weft_error *err) {
    const char *type = weft_onnx_text(node->proto->op_type), *domain = weft_onnx_text(node->proto->domain);
    *data_slot = -1;
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
    return inputs_check(row, node, data_slot, err);
}

weft_status weft_onnx_import(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const operator_row *row = operator_find(node->proto->op_type);
    if (row->run != weft_onnx_run_add && row->run != weft_onnx_run_identity && row->run != weft_onnx_run_dropout)
        im->matmul = -1;
    return row->run(im, node, err);
}
