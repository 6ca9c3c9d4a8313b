/* The table of operators, and what can be checked of a node before its operator looks at it. */
#include <string.h>

#include "core/onnx_import.h"

/* Forms of activations that an operator takes. */
enum {
    NUMBERS = 1 << WEFT_ONNX_NUMBER,
    ANY_EXTENTS = NUMBERS | 1 << WEFT_ONNX_VIEW,
    INTEGERS = 1 << WEFT_ONNX_INTEGER,
    TRUTHS = 1 << WEFT_ONNX_ABOVE | 1 << WEFT_ONNX_BELOW,
    SPIKES = 1 << WEFT_ONNX_UP_SPIKES | 1 << WEFT_ONNX_DOWN_SPIKES,
    SIX_SWISH = 1 << WEFT_ONNX_SIX_SWISH,
    SPREAD = 1 << WEFT_ONNX_SPREAD
};
enum { FIRST_ONLY = 1, ANY_SLOT = 0, MANY = 1 << 20 };

typedef struct operator_row {
    const char *type;
    size_t inputs_min, inputs_max;
    int takes;                      /* forms */
    int first_only;                 /* only the first input is an activation, the others are constants */
    const char *attributes;         /* words */
    weft_onnx_function *run, *fold; /* with an activation, and of constants only; NULL: not supported */
} operator_row;

#define WINDOW "auto_pad dilations kernel_shape pads strides "

static const operator_row operators[] = {
    {"Add", 2, 2, NUMBERS, ANY_SLOT, "", weft_onnx_run_add, weft_onnx_fold_arithmetic},
    {"AveragePool", 1, 1, NUMBERS, FIRST_ONLY, WINDOW "ceil_mode count_include_pad", weft_onnx_run_average_pool, NULL},
    {"BatchNormalization", 5, 5, NUMBERS, FIRST_ONLY, "epsilon momentum training_mode spatial",
     weft_onnx_run_batch_norm, NULL},
    {"Cast", 1, 1, ANY_EXTENTS | TRUTHS, FIRST_ONLY, "to saturate", weft_onnx_run_cast, weft_onnx_fold_cast},
    {"Clip", 1, 3, ANY_EXTENTS, FIRST_ONLY, "min max", weft_onnx_run_clip, NULL},
    {"Concat", 1, MANY, NUMBERS, ANY_SLOT, "axis", weft_onnx_run_concat, weft_onnx_fold_concat},
    {"Constant", 0, 0, 0, FIRST_ONLY, "value value_float value_floats value_int value_ints", NULL,
     weft_onnx_fold_constant},
    {"ConstantOfShape", 1, 1, 0, FIRST_ONLY, "value", NULL, weft_onnx_fold_constant_of_shape},
    {"Conv", 2, 3, NUMBERS, FIRST_ONLY, WINDOW "group", weft_onnx_run_conv, NULL},
    {"DequantizeLinear", 2, 3, INTEGERS, FIRST_ONLY, "axis block_size", weft_onnx_run_dequantize,
     weft_onnx_fold_dequantize},
    {"Div", 2, 2, NUMBERS | SIX_SWISH, ANY_SLOT, "", weft_onnx_run_div, weft_onnx_fold_arithmetic},
    {"Dropout", 1, 3, ANY_EXTENTS, FIRST_ONLY, "ratio seed", weft_onnx_run_dropout, weft_onnx_fold_identity},
    {"Flatten", 1, 1, ANY_EXTENTS, FIRST_ONLY, "axis", weft_onnx_run_flatten, NULL},
    {"Gather", 2, 2, 0, FIRST_ONLY, "axis", NULL, weft_onnx_fold_gather},
    {"Gemm", 2, 3, NUMBERS, FIRST_ONLY, "alpha beta transA transB", weft_onnx_run_gemm, NULL},
    {"GlobalAveragePool", 1, 1, NUMBERS, FIRST_ONLY, "", weft_onnx_run_global_average_pool, NULL},
    {"GlobalMaxPool", 1, 1, NUMBERS, FIRST_ONLY, "", weft_onnx_run_global_max_pool, NULL},
    {"GreaterOrEqual", 2, 2, NUMBERS, FIRST_ONLY, "", weft_onnx_run_greater, NULL},
    {"HardSigmoid", 1, 1, ANY_EXTENTS, FIRST_ONLY, "alpha beta", weft_onnx_run_hard_sigmoid, NULL},
    {"HardSwish", 1, 1, ANY_EXTENTS, FIRST_ONLY, "", weft_onnx_run_hard_swish, NULL},
    {"Identity", 1, 1, ~0, FIRST_ONLY, "", weft_onnx_run_identity, weft_onnx_fold_identity},
    {"LeakyRelu", 1, 1, ANY_EXTENTS, FIRST_ONLY, "alpha", weft_onnx_run_leaky_relu, NULL},
    {"LessOrEqual", 2, 2, NUMBERS, FIRST_ONLY, "", weft_onnx_run_less, NULL},
    {"MatMul", 2, 2, NUMBERS, FIRST_ONLY, "", weft_onnx_run_matmul, NULL},
    {"MaxPool", 1, 1, NUMBERS, FIRST_ONLY, WINDOW "ceil_mode storage_order", weft_onnx_run_max_pool, NULL},
    {"Mul", 2, 2, NUMBERS | SIX_SWISH, ANY_SLOT, "", weft_onnx_run_mul, weft_onnx_fold_arithmetic},
    {"PRelu", 2, 2, NUMBERS, FIRST_ONLY, "", weft_onnx_run_prelu, NULL},
    {"Pad", 1, 4, NUMBERS, FIRST_ONLY, "mode pads value", weft_onnx_run_pad, NULL},
    {"QuantizeLinear", 2, 3, NUMBERS, FIRST_ONLY, "axis saturate block_size output_dtype", weft_onnx_run_quantize,
     weft_onnx_fold_quantize},
    {"ReduceMean", 1, 2, NUMBERS, FIRST_ONLY, "axes keepdims noop_with_empty_axes", weft_onnx_run_reduce_mean, NULL},
    {"Relu", 1, 1, ANY_EXTENTS, FIRST_ONLY, "", weft_onnx_run_relu, NULL},
    {"Reshape", 2, 2, ANY_EXTENTS | SPREAD, FIRST_ONLY, "allowzero", weft_onnx_run_reshape, weft_onnx_fold_reshape},
    {"Shape", 1, 1, ANY_EXTENTS, FIRST_ONLY, "start end", weft_onnx_run_shape, weft_onnx_fold_shape},
    {"Sigmoid", 1, 1, ANY_EXTENTS, FIRST_ONLY, "", weft_onnx_run_sigmoid, NULL},
    {"Slice", 3, 5, 0, FIRST_ONLY, "", NULL, weft_onnx_fold_slice},
    {"Softmax", 1, 1, NUMBERS, FIRST_ONLY, "axis", weft_onnx_run_softmax, NULL},
    {"Squeeze", 1, 2, ANY_EXTENTS, FIRST_ONLY, "axes", weft_onnx_run_reshape, weft_onnx_fold_squeeze},
    {"Sub", 2, 2, NUMBERS | SPIKES, ANY_SLOT, "", weft_onnx_run_sub, weft_onnx_fold_arithmetic},
    {"Sum", 1, MANY, NUMBERS, ANY_SLOT, "", weft_onnx_run_sum, NULL},
    {"Tanh", 1, 1, ANY_EXTENTS, FIRST_ONLY, "", weft_onnx_run_tanh, NULL},
    {"Transpose", 1, 1, ANY_EXTENTS, FIRST_ONLY, "perm", weft_onnx_run_transpose, weft_onnx_fold_transpose},
    {"Unsqueeze", 1, 2, ANY_EXTENTS, FIRST_ONLY, "axes", weft_onnx_run_reshape, weft_onnx_fold_unsqueeze},
};

static const operator_row *operator_find(const char *type) {
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strcmp(operators[i].type, type) == 0) return &operators[i];
    return NULL;
}

/* ---- checks ---- */

static bool has_word(const char *words, const char *word) {
    size_t length = strlen(word);
    for (const char *at = words; *at && length;) {
        size_t end = strcspn(at, " ");
        if (end == length && memcmp(at, word, length) == 0) return true;
        at += end + (at[end] != 0);
    }
    return false;
}

static weft_status attributes_check(const operator_row *row, const weft_onnx_node *node, weft_error *err) {
    for (size_t i = 0; i < node->proto->n_attribute; i++) {
        const char *name = weft_onnx_text(node->proto->attribute[i]->name);
        if (!has_word(row->attributes, name))
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

static const char *const form_names[] = {"constants",
                                         "numbers",
                                         "numbers of these extents",
                                         "quantised integers",
                                         "truth values",
                                         "truth values",
                                         "half of signed spikes",
                                         "half of signed spikes",
                                         "a part of a hard swish",
                                         "transposed channels"};

static weft_status input_check(const operator_row *row, const weft_onnx_importer *im, const weft_onnx_node *node,
                               size_t slot, weft_error *err) {
    const weft_onnx_value *value = im->input[slot];
    if (!value) {
        if (slot >= row->inputs_min) return WEFT_OK;
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "its input %zu is missing", slot);
    }
    bool constant = value->form == WEFT_ONNX_CONSTANT;
    if (row->first_only && constant != (slot > 0)) {
        if (constant)
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "a constant as its input %zu is not supported", slot);
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "its input %zu, \"%.100s\", is not a constant: not supported", slot,
                              weft_onnx_input(node, slot));
    }
    if (constant || row->takes >> value->form & 1) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "not supported on %s", form_names[value->form]);
}

static weft_status inputs_check(const operator_row *row, const weft_onnx_importer *im, const weft_onnx_node *node,
                                bool *folds, weft_error *err) {
    bool constant = true;
    if (im->input_count < row->inputs_min || im->input_count > row->inputs_max)
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "has %zu inputs; %zu to %zu are allowed", im->input_count,
                              row->inputs_min, row->inputs_max);
    for (size_t i = 0; i < im->input_count; i++)
        constant = constant && (!im->input[i] || im->input[i]->form == WEFT_ONNX_CONSTANT);
    *folds = constant && row->fold && (row->inputs_min == 0 || im->input[0]);
    if (*folds) return WEFT_OK;
    if (!row->run)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "not supported but on constants (of shapes, weights)");
    for (size_t i = 0; i < im->input_count; i++) WEFT_TRY(input_check(row, im, node, i, err));
    if (!constant) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "not supported on constants only");
}

weft_status weft_onnx_import(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const char *type = weft_onnx_text(node->proto->op_type), *domain = weft_onnx_text(node->proto->domain);
    bool folds;
    if (domain[0] && strcmp(domain, "ai.onnx") != 0)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "operators of domain \"%.60s\" are not supported", domain);
    const operator_row *row = operator_find(type);
    if (!row) return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "this operator is not supported");
    WEFT_TRY(attributes_check(row, node, err));
    WEFT_TRY(outputs_check(node, err));
    WEFT_TRY(inputs_check(row, im, node, &folds, err));
    if (folds) return row->fold(im, node, err);
    im->out = (weft_onnx_value){.form = WEFT_ONNX_CONSTANT};
    if (im->input[0]) im->out = *im->input[0];
    im->out.matmul = false;
    return row->run(im, node, err);
}
