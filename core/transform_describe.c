#include <string.h>

#include "core/transform.h"

enum { COLUMNS = 4, CELL_BYTES = 160 };

static int wider(int width, const char *text) { return (int)strlen(text) > width ? (int)strlen(text) : width; }

/* "beta = 1 (0..10)", "" for no parameter. */
static void param_cell(char *out, size_t out_size, const weft_transform_op *op, int index) {
    out[0] = 0;
    if (index >= op->param_count) return;
    const weft_transform_param *param = &op->params[index];
    snprintf(out, out_size, "%s = %g (%g..%g)", param->name, param->default_value, param->min, param->max);
}

static void widths_find(int widths[COLUMNS]) {
    for (int i = 0; weft_transform_table[i]; i++) {
        const weft_transform_op *op = weft_transform_table[i];
        char cell[CELL_BYTES];
        widths[0] = wider(widths[0], op->name);
        for (int p = 0; p < op->param_count; p++) {
            param_cell(cell, sizeof cell, op, p);
            widths[1] = wider(widths[1], cell);
        }
        widths[2] = wider(widths[2], op->formula);
    }
}

static void use_cell(char *out, size_t out_size, unsigned flags) {
    bool train = flags & WEFT_TRANSFORM_TRAIN, test = flags & WEFT_TRANSFORM_TEST;
    snprintf(out, out_size, "%s", train && test ? "train, test" : train ? "train" : test ? "test" : "");
}

static void row_print(FILE *stream, const int widths[COLUMNS], const char *name, const char *params,
                      const char *formula, const char *use, const char *source) {
    fprintf(stream, "%-*s  %-*s  %-*s  %-11s  %s\n", widths[0], name, widths[1], params, widths[2], formula, use,
            source);
}

void weft_transform_describe(FILE *stream) {
    static const char *const head[] = {"name", "parameter = default (range)", "formula"};
    int widths[COLUMNS] = {0};
    for (int i = 0; i < 3; i++) widths[i] = wider(0, head[i]);
    widths_find(widths);
    fprintf(stream, "Weight transforms, written name:param=value,param=value; lo..hi draws one value per application; "
                    "links of a chain are joined by '|'.\n"
                    "w one weight, a = max |w| of the layer, U uniform, N normal.\n\n");
    row_print(stream, widths, head[0], head[1], head[2], "used at", "source");
    for (int i = 0; weft_transform_table[i]; i++) {
        const weft_transform_op *op = weft_transform_table[i];
        char cell[CELL_BYTES], use[CELL_BYTES];
        param_cell(cell, sizeof cell, op, 0);
        use_cell(use, sizeof use, op->flags);
        row_print(stream, widths, op->name, cell, op->formula, use, op->source);
        for (int p = 1; p < op->param_count; p++) {
            param_cell(cell, sizeof cell, op, p);
            fprintf(stream, "%-*s  %s\n", widths[0], "", cell);
        }
    }
    fprintf(stream, "\nParameters:\n");
    for (int i = 0; weft_transform_table[i]; i++)
        for (int p = 0; p < weft_transform_table[i]->param_count; p++)
            fprintf(stream, "  %s:%s  %s%s\n", weft_transform_table[i]->name, weft_transform_table[i]->params[p].name,
                    weft_transform_table[i]->params[p].doc,
                    weft_transform_table[i]->params[p].integer ? " (whole number)" : "");
}
