/* Inside weft array: matrices from CSV (array_input.c), what the array computes (array_run.c), the answer
 * (array_report.c) and the netlist (array_spice.c). */
#ifndef WEFT_CLI_ARRAY_H
#define WEFT_CLI_ARRAY_H

#include "cli/commands.h"
#include "core/chip.h"
#include "sim/model/cells.h"

enum { WEFT_ARRAY_SIDE_MAX = 4096, WEFT_ARRAY_SAMPLES_MAX = 1 << 20 };

typedef struct weft_array_options {
    weft_common common;
    const char *chip, *conductances, *inputs, *spice;
    weft_texts set;
    uint64_t seed, trial;
    bool exact;
} weft_array_options;

typedef struct weft_matrix {
    const char *path;
    int rows, columns;
    double *values; /* row-major */
} weft_matrix;

typedef struct weft_matrix_limits {
    const char *what;  /* "conductance" */
    int rows, columns; /* largest */
    bool allow_negative;
} weft_matrix_limits;

/* Lines of numbers with commas between, blanks allowed around, as many on each line; no header. Errors with
 * file:line:column: IO, PARSE, INVALID (empty, too large, negative or not finite values), MEMORY. */
weft_status weft_matrix_read(weft_matrix *out, const char *path, const weft_matrix_limits *limits, weft_error *err);
void weft_matrix_free(weft_matrix *matrix); /* safe on a zeroed one */

typedef struct weft_array_look {
    const weft_array_options *options;
    const weft_console *session;
    weft_chip *chip;
    weft_matrix g, x;
    weft_wires wires;
    weft_wires_cells cells; /* g: as programmed */
    double v_max;           /* largest |voltage|; 1 where all are 0 */
    double *held;           /* [rows, columns] siemens, as programmed */
    double *effective;      /* the same behind the wires; NULL where there is no such matrix */
    double *analog;         /* [samples, columns] ampere, ahead of the converters */
    double *currents;       /* the same, behind them */
    int64_t *codes;         /* [samples, columns]; NULL without converters */
    int64_t largest_code;
    double full_scale_a; /* of the largest code */
    bool nodal;          /* by nodal equations, else by the effective matrix */
    bool compared;       /* both ways: */
    double deviation;    /* largest |effective / nodal - 1| of a current */
} weft_array_look;

/* Programs the cells, lets the currents flow and converts them. */
weft_status weft_array_look_run(weft_array_look *look, weft_error *err);
void weft_array_print(const weft_array_look *look, bool table, FILE *out);
weft_status weft_array_write_json(const weft_array_look *look, weft_error *err);
/* To a file, or "-": standard output. */
weft_status weft_array_write_spice(const weft_array_look *look, weft_error *err);

#endif
