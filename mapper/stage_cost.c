#include <assert.h>
#include <stdlib.h>

#include "mapper/passes.h"

/* ---- positions of the busiest copy ---- */

/* counts[extent]: positions that become part of each row (axis 0) or column (1) of the output. */
static void count_positions(int *counts, const weft_stage *stage, int axis, bool local) {
    int positions = axis == 0 ? stage->matrix_out.height : stage->matrix_out.width;
    if (!local) {
        counts[0] = positions;
        return;
    }
    for (int at = 0; at < positions; at++) counts[weft_stage_owner(stage, 0, axis, at)]++;
}

static int busiest_of(const int *counts, int extent, int copies) {
    int most = 0;
    for (int k = 0; k < copies; k++) {
        int sum = 0;
        for (int i = k; i < extent; i += copies) sum += counts[i];
        if (sum > most) most = sum;
    }
    return most;
}

/* copies[positions] from busiest[]: for fewer positions, the first n that comes down to them. */
static void invert(weft_load *load, int axis) {
    int assigned = load->busiest[axis][1] + 1; /* from here on */
    for (int n = 1; n <= load->extent[axis]; n++)
        for (; assigned > load->busiest[axis][n]; assigned--) load->copies[axis][assigned - 1] = n;
}

static bool fill_axis(weft_load *load, const weft_stage *stage, int axis, bool local) {
    int extent = !local ? 1 : axis == 0 ? stage->out.height : stage->out.width;
    int *counts = calloc((size_t)extent, sizeof *counts);
    load->extent[axis] = extent;
    load->counts[axis] = counts;
    load->busiest[axis] = calloc((size_t)extent + 1, sizeof(int));
    bool good = counts && load->busiest[axis];
    if (good) {
        count_positions(counts, stage, axis, local);
        for (int n = 1; n <= extent; n++) load->busiest[axis][n] = busiest_of(counts, extent, n);
        load->copies[axis] = calloc((size_t)load->busiest[axis][1] + 1, sizeof(int));
        good = load->copies[axis] != NULL;
    }
    if (good) invert(load, axis);
    return good;
}

static bool fill_shifts(weft_load *load) {
    int64_t positions = (int64_t)load->extent[0] * load->extent[1];
    if (load->extent[0] == 1 || load->extent[1] == 1) return true;
    load->shift_count = positions < WEFT_COPIES_MAX ? (int)positions : WEFT_COPIES_MAX;
    load->shifts = calloc((size_t)load->shift_count + 1, sizeof *load->shifts);
    load->shifted = calloc((size_t)load->shift_count + 1, sizeof *load->shifted);
    return load->shifts && load->shifted;
}

weft_status weft_loads_create(weft_load **out, const weft_stages *stages, weft_error *err) {
    weft_load *loads = calloc((size_t)stages->count, sizeof *loads);
    *out = NULL;
    int64_t *work = malloc(2 * (size_t)WEFT_COPIES_MAX * sizeof *work);
    bool good = loads && work;
    if (loads) loads[0].work = work; /* which destroy frees */
    for (int s = 0; good && s < stages->count; s++) {
        bool local = stages->items[s].has_matrix && weft_stage_is_local(&stages->items[s]);
        good = fill_axis(&loads[s], &stages->items[s], 0, local) && fill_axis(&loads[s], &stages->items[s], 1, local) &&
               fill_shifts(&loads[s]);
        loads[s].work = work;
    }
    if (!good) {
        weft_loads_destroy(loads, stages->count);
        if (!loads) free(work);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while counting positions");
    }
    *out = loads;
    return WEFT_OK;
}

void weft_loads_destroy(weft_load *loads, int count) {
    if (!loads) return;
    for (int s = 0; s < count; s++) {
        for (int axis = 0; axis < 2; axis++) {
            free(loads[s].counts[axis]);
            free(loads[s].busiest[axis]);
            free(loads[s].copies[axis]);
        }
        free(loads[s].shifts);
        free(loads[s].shifted);
    }
    free(loads[0].work);
    free(loads);
}

/* ---- the digital unit ---- */

static uint64_t op_events(const weft_digital_op *op) {
    uint64_t window = (uint64_t)op->window.kernel_h * (uint64_t)op->window.kernel_w;
    switch (op->kind) {
    case WEFT_DIGITAL_PAD:
        return 0;
    case WEFT_DIGITAL_MAX_POOL:
        return window - 1;
    case WEFT_DIGITAL_AVERAGE_POOL:
        return window;
    default:
        return 1;
    }
}

uint64_t weft_stage_digital_work(const weft_stage *stage) {
    uint64_t events = 0;
    for (int i = 0; i < stage->op_count; i++)
        events += op_events(&stage->ops[i]) * (uint64_t)stage->ops[i].out.height * (uint64_t)stage->ops[i].out.width;
    return events;
}

/* ---- the host's port ---- */

/* used[extent] where a window's tap falls on a position. */
static void mark_axis(unsigned char *used, int extent, int kernel, int stride, int dilation, int pad, int outputs) {
    for (int o = 0; o < outputs; o++)
        for (int k = 0; k < kernel; k++) {
            int at = o * stride + k * dilation - pad;
            if (at >= 0 && at < extent) used[at] = 1;
        }
}

static int count_marks(const unsigned char *marks, int extent) {
    int count = 0;
    for (int i = 0; i < extent; i++) count += marks[i];
    return count;
}

/* Pixels of the port's map that the stage reads; all of them through any port but a matrix's. */
static uint64_t pixels_read(const weft_stage *stage, int port) {
    weft_shape in = stage->ports[port].shape;
    uint64_t all = (uint64_t)in.height * (uint64_t)in.width;
    if (port > 0 || !stage->has_matrix) return all;
    const weft_window *w = &stage->window;
    unsigned char *used = calloc((size_t)in.height + (size_t)in.width, 1);
    if (!used) return 0; /* a bound that holds for any number */
    mark_axis(used, in.height, w->kernel_h, w->stride_h, w->dilation_h, w->pad_top, stage->matrix_out.height);
    mark_axis(used + in.height, in.width, w->kernel_w, w->stride_w, w->dilation_w, w->pad_left,
              stage->matrix_out.width);
    all = (uint64_t)count_marks(used, in.height) * (uint64_t)count_marks(used + in.height, in.width);
    free(used);
    return all;
}

uint64_t weft_host_flits(const weft_stages *stages, const weft_chip *chip) {
    uint64_t most = 0;
    for (int s = 0; s < stages->count; s++)
        for (int p = 0; p < stages->items[s].port_count; p++)
            for (int i = 0; i < stages->items[s].ports[p].source_count; i++) {
                if (stages->items[s].ports[p].sources[i].stage >= 0) continue;
                uint64_t pixels = pixels_read(&stages->items[s], p);
                if (pixels > most) most = pixels;
            }
    return most * (uint64_t)weft_chip_flits(chip, stages->input.channels, chip->input.bits);
}
