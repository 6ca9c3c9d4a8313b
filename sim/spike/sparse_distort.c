/* Weight transforms and device errors on the synapses of a sparse core. */
#include "core/arena.h"
#include "sim/spike/sparse_internal.h"

static weft_status distortion_check(const weft_sparse *core, const weft_sparse_distortion *d, weft_error *err) {
    if (d->first_axon < 0 || d->axons < 0 || d->axons > core->axons - d->first_axon)
        return weft_error_set(err, WEFT_E_INVALID, "sparse core: axons %d to %d are to be distorted; it has %d",
                              d->first_axon, d->first_axon + d->axons - 1, core->axons);
    if (d->alpha > 0) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID,
                          "sparse core: the largest weight of the layer is given as %g; above 0 is allowed",
                          (double)d->alpha);
}

/* Synapses of the axons, as they lie; with values not NULL their weights, out or back in. Returns how many. */
static size_t values_copy(weft_sparse *core, const weft_sparse_distortion *d, float *values, bool back) {
    size_t count = 0;
    weft_sparse_run *run = weft_sparse_runs(core, d->first_axon);
    for (int a = d->first_axon; a < d->first_axon + d->axons; a++)
        for (weft_sparse_run *end = weft_sparse_runs(core, a + 1); run != end; run = weft_sparse_next(run)) {
            for (uint32_t i = 0; values && i < run->stored; i++)
                if (back)
                    weft_sparse_value_set(core, a, run, i, (double)values[count + i]);
                else
                    values[count + i] = (float)weft_sparse_value_get(core, run, i);
            if (back) weft_sparse_run_settle(core, run);
            count += run->stored;
        }
    return count;
}

weft_status weft_sparse_distort(weft_sparse *core, const weft_sparse_distortion *d, weft_error *err) {
    weft_status status = WEFT_OK;
    WEFT_TRY(distortion_check(core, d, err));
    const size_t count = values_copy(core, d, NULL, false);
    if (!count) return WEFT_OK;
    float *values = weft_aligned_alloc(count, sizeof *values);
    if (!values) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %zu weights", count);
    values_copy(core, d, values, false);
    WEFT_TRY_GOTO(
        weft_transform_chain_apply_to(d->chain, d->alpha, values, values, d->first_element, count, &d->draw, err));
    values_copy(core, d, values, true);
cleanup:
    weft_aligned_free(values);
    return status;
}
