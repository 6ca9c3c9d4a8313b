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

static void values_copy(weft_sparse *core, const weft_sparse_distortion *d, uint32_t first, float *values, bool back) {
    for (int a = d->first_axon; a < d->first_axon + d->axons; a++)
        for (uint32_t r = core->first_run[a]; r < core->first_run[a + 1]; r++) {
            weft_sparse_run *run = &core->runs[r];
            for (uint32_t i = run->first; i < run->first + run->stored; i++)
                if (back)
                    weft_sparse_value_set(core, a, i, (double)values[i - first]);
                else
                    values[i - first] = (float)weft_sparse_value_get(core, a, i);
            if (back) weft_sparse_run_settle(core, run);
        }
}

weft_status weft_sparse_distort(weft_sparse *core, const weft_sparse_distortion *d, weft_error *err) {
    weft_status status = WEFT_OK;
    WEFT_TRY(distortion_check(core, d, err));
    const uint32_t from = core->first_run[d->first_axon], to = core->first_run[d->first_axon + d->axons];
    if (from == to) return WEFT_OK;
    const uint32_t first = core->runs[from].first, end = core->runs[to - 1].first + core->runs[to - 1].stored;
    float *values = weft_aligned_alloc(end - first, sizeof *values);
    if (!values) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %u weights", end - first);
    values_copy(core, d, first, values, false);
    WEFT_TRY_GOTO(weft_transform_chain_apply_to(d->chain, d->alpha, values, values, d->first_element, end - first,
                                                &d->draw, err));
    values_copy(core, d, first, values, true);
cleanup:
    weft_aligned_free(values);
    return status;
}
