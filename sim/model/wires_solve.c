/* Nodal equations of a whole array, by sparse factorisation and Newton's iteration. */
#include <cholmod.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/model/wires_network.h"

enum { STEPS_MAX = 100, HALVINGS_MAX = 60 };

/* A solution under way. Branches: the wires, then the cells. */
typedef struct solver {
    const weft_wires *array;
    const weft_wires_cells *cells;
    weft_wires_network net;
    int branches;
    double *potential;                /* [unknown + rows + 1] */
    double *origin, *step, *residual; /* [unknown]; origin: potentials ahead of a step */
    double *scale;                    /* [rows] what multiplies the cells of a row: 1, or the gate */
    double *slope;                    /* [branches] conductance, or derivative of the current */
    int *place;                       /* [branches] entry of the matrix, -1 where one end is fixed */
    cholmod_sparse *matrix;
    cholmod_factor *factor;
    cholmod_common common;
    bool started;
} solver;

static weft_status no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the nodal equations of an array");
}

static weft_status failed(const solver *s, const char *what, weft_error *err) {
    if (s->common.status == CHOLMOD_OUT_OF_MEMORY) return no_memory(err);
    if (s->common.status == CHOLMOD_TOO_LARGE)
        return weft_error_set(err, WEFT_E_UNSUPPORTED, "wires: the array is too large for the exact solution");
    return weft_error_set(err, WEFT_E_LIBRARY, "CHOLMOD: %s failed (status %d)", what, s->common.status);
}

static const weft_wires_branch *branch_at(const solver *s, int i) {
    return i < s->net.wire_count ? &s->net.wires[i] : &s->net.cells[i - s->net.wire_count];
}

/* ---- matrix ---- */

/* Lower triangle by columns, the diagonal first; where each branch is in it. */
static weft_status create_pattern(solver *s, weft_error *err) {
    const int n = s->net.unknown;
    size_t entries = (size_t)n;
    for (int i = 0; i < s->branches; i++) entries += branch_at(s, i)->from < n && branch_at(s, i)->to < n;
    s->matrix = cholmod_allocate_sparse((size_t)n, (size_t)n, entries, 0, 1, -1, CHOLMOD_REAL, &s->common);
    if (!s->matrix) return failed(s, "a matrix", err);
    int *start = s->matrix->p, *row = s->matrix->i, *next = calloc((size_t)n + 1, sizeof *next);
    if (!next) return no_memory(err);
    for (int i = 0; i < s->branches; i++) {
        const weft_wires_branch *b = branch_at(s, i);
        if (b->from < n && b->to < n) next[b->from < b->to ? b->from : b->to]++;
    }
    start[0] = 0;
    for (int i = 0; i < n; i++) {
        start[i + 1] = start[i] + 1 + next[i];
        row[start[i]] = i;
        next[i] = start[i] + 1;
    }
    for (int i = 0; i < s->branches; i++) {
        const weft_wires_branch *b = branch_at(s, i);
        const bool inner = b->from < n && b->to < n;
        s->place[i] = inner ? next[b->from < b->to ? b->from : b->to]++ : -1;
        if (inner) row[s->place[i]] = b->from < b->to ? b->to : b->from;
    }
    free(next);
    return WEFT_OK;
}

static weft_status factorise(solver *s, weft_error *err) {
    const int n = s->net.unknown, *start = s->matrix->p;
    double *value = s->matrix->x;
    for (int i = 0; i < n; i++) value[start[i]] = 0;
    for (int i = 0; i < s->branches; i++) {
        const weft_wires_branch *b = branch_at(s, i);
        if (b->from < n) value[start[b->from]] += s->slope[i];
        if (b->to < n) value[start[b->to]] += s->slope[i];
        if (s->place[i] >= 0) value[s->place[i]] = -s->slope[i];
    }
    if (!s->factor) s->factor = cholmod_analyze_p(s->matrix, s->net.order, NULL, 0, &s->common);
    if (!s->factor) return failed(s, "the analysis", err);
    if (!cholmod_factorize(s->matrix, s->factor, &s->common)) return failed(s, "the factorisation", err);
    if (s->common.status == CHOLMOD_OK) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "wires: the nodal equations are singular to double precision");
}

/* step = -matrix^-1 residual. */
static weft_status find_step(solver *s, weft_error *err) {
    const size_t n = (size_t)s->net.unknown;
    cholmod_dense right = {.nrow = n, .ncol = 1, .nzmax = n, .d = n, .x = s->residual, .xtype = CHOLMOD_REAL};
    cholmod_dense *solution = cholmod_solve(CHOLMOD_A, s->factor, &right, &s->common);
    if (!solution) return failed(s, "a solution", err);
    const double *x = solution->x;
    for (size_t i = 0; i < n; i++) s->step[i] = -x[i];
    cholmod_free_dense(&solution, &s->common);
    return WEFT_OK;
}

/* ---- currents ---- */

static double cell_current(const solver *s, double g, double voltage) {
    const double a = s->cells->iv_nonlinearity, v = s->cells->v_max;
    return a > 0 ? g * v * sinh(a * voltage / v) / sinh(a) : g * voltage;
}

static double cell_slope(const solver *s, double g, double voltage) {
    const double a = s->cells->iv_nonlinearity, v = s->cells->v_max;
    return a > 0 ? g * a * cosh(a * voltage / v) / sinh(a) : g;
}

static double conductance_of(const solver *s, int cell) {
    return s->cells->g[cell] * s->scale[cell / s->array->columns];
}

static double voltage_over(const weft_wires_branch *b, const double *potential) {
    return potential[b->from] - potential[b->to];
}

/* residual[node] = current that leaves it. */
static void find_residual(solver *s) {
    const int n = s->net.unknown;
    memset(s->residual, 0, (size_t)n * sizeof *s->residual);
    for (int i = 0; i < s->branches; i++) {
        const weft_wires_branch *b = branch_at(s, i);
        const double voltage = voltage_over(b, s->potential);
        const double current = i < s->net.wire_count
                                   ? b->conductance * voltage
                                   : cell_current(s, conductance_of(s, i - s->net.wire_count), voltage);
        if (b->from < n) s->residual[b->from] += current;
        if (b->to < n) s->residual[b->to] -= current;
    }
}

static void find_slopes(solver *s) {
    for (int i = 0; i < s->branches; i++) {
        const weft_wires_branch *b = branch_at(s, i);
        s->slope[i] = i < s->net.wire_count
                          ? b->conductance
                          : cell_slope(s, conductance_of(s, i - s->net.wire_count), voltage_over(b, s->potential));
    }
}

/* Of a column: the sum over its cells, which stays exact however well the wires conduct. */
static void column_currents(const solver *s, double *currents) {
    memset(currents, 0, (size_t)s->array->columns * sizeof *currents);
    for (int i = 0; i < s->array->rows * s->array->columns; i++)
        currents[i % s->array->columns] +=
            cell_current(s, conductance_of(s, i), voltage_over(&s->net.cells[i], s->potential));
}

/* ---- iteration ---- */

static double dot(const double *a, const double *b, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/* The equations are the gradient of a convex function, and step goes down it: the step is halved until the slope along
 * it is no longer steep on the other side. */
static void walk(solver *s) {
    const int n = s->net.unknown;
    const double before = fabs(dot(s->residual, s->step, n));
    double length = 1;
    memcpy(s->origin, s->potential, (size_t)n * sizeof *s->potential);
    for (int halving = 0; halving < HALVINGS_MAX; halving++, length /= 2) {
        for (int i = 0; i < n; i++) s->potential[i] = s->origin[i] + length * s->step[i];
        if (s->cells->iv_nonlinearity == 0) return;
        find_residual(s);
        if (dot(s->residual, s->step, n) <= 0.5 * before) return;
    }
}

static double largest(const double *values, int count) {
    double most = 0;
    for (int i = 0; i < count; i++) most = fmax(most, fabs(values[i]));
    return most;
}

/* Potentials of one sample whose fixed ones are set; `volts`: what changes are compared with. */
static weft_status iterate(solver *s, double volts, weft_error *err) {
    const int n = s->net.unknown;
    const bool linear = s->cells->iv_nonlinearity == 0;
    double change = INFINITY;
    for (int step = 0; step < STEPS_MAX; step++) {
        const double before = change;
        if (!linear || (step == 0 && (!s->factor || s->cells->gated))) {
            find_slopes(s);
            WEFT_TRY(factorise(s, err));
        }
        find_residual(s);
        WEFT_TRY(find_step(s, err));
        change = largest(s->step, n);
        if (!isfinite(change)) break;
        walk(s);
        if (change <= 1e-12 * volts) return WEFT_OK;
        if (change <= 1e-9 * volts && change > 0.5 * before) return WEFT_OK; /* rounding is all that is left */
    }
    return weft_error_set(err, WEFT_E_INTERNAL, "wires: the last of %d Newton steps still changes a node by %g V",
                          STEPS_MAX, change);
}

static weft_status solve_sample(solver *s, const double *voltages, double *currents, weft_error *err) {
    const int rows = s->array->rows, n = s->net.unknown;
    const weft_wires_cells *cells = s->cells;
    double volts = cells->gated || cells->iv_nonlinearity > 0 ? cells->v_max : 0;
    memset(s->potential, 0, ((size_t)n + (size_t)rows + 1) * sizeof *s->potential);
    for (int r = 0; r < rows; r++) {
        s->scale[r] = cells->gated ? voltages[r] / cells->v_max : 1;
        s->potential[n + r] = cells->gated ? cells->v_max : voltages[r];
        volts = fmax(volts, fabs(s->potential[n + r]));
    }
    if (n > 0 && volts > 0) WEFT_TRY(iterate(s, volts, err));
    column_currents(s, currents);
    return WEFT_OK;
}

/* ---- the array ---- */

static weft_status check_cells(const weft_wires *w, const weft_wires_cells *cells, const double *voltages, int samples,
                               weft_error *err) {
    const double a = cells->iv_nonlinearity, v = cells->v_max;
    WEFT_TRY(weft_wires_check(w, cells->g, err));
    if (!isfinite(a) || a < 0)
        return weft_error_set(err, WEFT_E_INVALID, "cells: non-linearity %g is negative or not finite", a);
    if ((a > 0 || cells->gated) && !(isfinite(v) && v > 0))
        return weft_error_set(err, WEFT_E_INVALID, "cells: the largest voltage, %g V, is not above 0", v);
    for (size_t i = 0; i < (size_t)samples * (size_t)w->rows; i++) {
        const char *what = !isfinite(voltages[i])                     ? "is not finite"
                           : cells->gated && voltages[i] < 0          ? "is negative, and a gate"
                           : a > 0 && a * fabs(voltages[i]) / v > 300 ? "is too far above the largest voltage"
                                                                      : NULL;
        if (what)
            return weft_error_set(err, WEFT_E_INVALID, "sample %zu, row %zu: voltage %g %s", i / (size_t)w->rows,
                                  i % (size_t)w->rows, voltages[i], what);
    }
    return WEFT_OK;
}

static weft_status start(solver *s, weft_error *err) {
    if (!cholmod_start(&s->common)) return weft_error_set(err, WEFT_E_LIBRARY, "CHOLMOD: it did not start");
    s->started = true;
    s->common.print = 0;
    s->common.supernodal = CHOLMOD_SIMPLICIAL; /* the supernodal part of CHOLMOD is under another licence */
    s->common.final_ll = true;                 /* a pivot that is not positive is told */
    s->common.nmethods = 1;
    s->common.method[0].ordering = CHOLMOD_GIVEN;
    WEFT_TRY(weft_wires_network_create(&s->net, s->array, err));
    s->branches = s->net.wire_count + s->array->rows * s->array->columns;
    const size_t n = (size_t)s->net.unknown, rows = (size_t)s->array->rows, branches = (size_t)s->branches;
    s->potential = calloc(4 * n + 2 * rows + 1 + branches, sizeof *s->potential);
    s->place = malloc(branches * sizeof *s->place);
    if (!s->potential || !s->place) return no_memory(err);
    s->origin = s->potential + n + rows + 1;
    s->step = s->origin + n;
    s->residual = s->step + n;
    s->scale = s->residual + n;
    s->slope = s->scale + rows;
    return n ? create_pattern(s, err) : WEFT_OK;
}

static void stop(solver *s) {
    if (s->started) {
        cholmod_free_sparse(&s->matrix, &s->common);
        cholmod_free_factor(&s->factor, &s->common);
        cholmod_finish(&s->common);
    }
    weft_wires_network_destroy(&s->net);
    free(s->potential);
    free(s->place);
}

weft_status weft_wires_solve_watched(const weft_wires *wires, const weft_wires_cells *cells, const double *voltages,
                                     int samples, double *currents, weft_wires_solved solved, void *context,
                                     weft_error *err) {
    solver s = {.array = wires, .cells = cells};
    weft_status status;
    WEFT_TRY(check_cells(wires, cells, voltages, samples, err));
    WEFT_TRY_GOTO(start(&s, err));
    for (int i = 0; i < samples; i++) {
        WEFT_TRY_GOTO(solve_sample(&s, voltages + (size_t)i * (size_t)wires->rows,
                                   currents + (size_t)i * (size_t)wires->columns, err));
        if (solved) solved(context, i + 1);
    }
cleanup:
    stop(&s);
    return status;
}

weft_status weft_wires_solve(const weft_wires *wires, const weft_wires_cells *cells, const double *voltages,
                             int samples, double *currents, weft_error *err) {
    return weft_wires_solve_watched(wires, cells, voltages, samples, currents, NULL, NULL, err);
}
