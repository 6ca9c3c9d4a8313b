/* Operators that only give values other extents, or none: Reshape, Squeeze, Unsqueeze, Flatten, Transpose, Shape,
 * Identity, Dropout. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/onnx_import.h"

/* ---- new extents ---- */

/* "2 x 3 x 4" */
static const char *extents_text(int rank, const int64_t *extent, char *out, size_t size) {
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < rank && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%" PRId64, i ? " x " : "", extent[i]);
    return out;
}

static weft_status reshape_extents(const weft_onnx_importer *im, const weft_onnx_node *node, int rank,
                                   const int64_t *extent, int *new_rank, int64_t *to, weft_error *err) {
    int64_t allow_zero, known = 1, values = 1;
    int open = -1;
    size_t count = 0;
    WEFT_TRY(weft_onnx_int(node, "allowzero", 0, 0, 1, &allow_zero, err));
    WEFT_TRY(weft_onnx_tensor_ints(node, weft_onnx_constant(im, 1), to, WEFT_ONNX_RANK_MAX, &count, err));
    *new_rank = (int)count;
    for (int i = 0; i < rank; i++) values *= extent[i];
    for (int i = 0; i < *new_rank; i++) {
        if (to[i] == 0 && !allow_zero && i < rank) to[i] = extent[i];
        if (to[i] == -1 && open < 0) {
            open = i;
            continue;
        }
        if (to[i] < 1 || to[i] > values / known)
            return weft_onnx_fail(node, WEFT_E_INVALID, err,
                                  "its shape does not hold the %" PRId64 " values of its input (extent %d)", values, i);
        known *= to[i];
    }
    if (open >= 0) to[open] = values / known;
    if (open >= 0 ? values % known == 0 : values == known) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_INVALID, err, "its shape does not hold the %" PRId64 " values of its input",
                          values);
}

static weft_status squeeze_extents(const weft_onnx_importer *im, const weft_onnx_node *node, int rank,
                                   const int64_t *extent, int *new_rank, int64_t *to, weft_error *err) {
    int64_t axes[WEFT_ONNX_RANK_MAX];
    int count;
    unsigned removed = 0;
    WEFT_TRY(weft_onnx_axes(im, node, 1, rank, axes, &count, err));
    for (int i = 0; i < count; i++) {
        removed |= 1u << axes[i];
        if (extent[axes[i]] != 1)
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "axis %d has an extent of %" PRId64 ", not 1",
                                  (int)axes[i], extent[axes[i]]);
    }
    *new_rank = 0;
    for (int i = 0; i < rank; i++)
        if (count < 0 ? extent[i] != 1 : !(removed >> i & 1)) to[(*new_rank)++] = extent[i];
    return WEFT_OK;
}

static weft_status unsqueeze_extents(const weft_onnx_importer *im, const weft_onnx_node *node, int rank,
                                     const int64_t *extent, int *new_rank, int64_t *to, weft_error *err) {
    int64_t axes[WEFT_ONNX_RANK_MAX];
    int count;
    unsigned added = 0;
    WEFT_TRY(weft_onnx_axes(im, node, 1, 1 << 16, axes, &count, err)); /* how many, before the new rank is known */
    *new_rank = rank + count;
    if (count < 1 || *new_rank > WEFT_ONNX_RANK_MAX)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "%d axes added to %d are not supported",
                              count < 0 ? 0 : count, rank);
    WEFT_TRY(weft_onnx_axes(im, node, 1, *new_rank, axes, &count, err));
    for (int i = 0; i < count; i++) {
        if (added >> axes[i] & 1) return weft_onnx_fail(node, WEFT_E_INVALID, err, "adds axis %d twice", (int)axes[i]);
        added |= 1u << axes[i];
    }
    for (int i = 0, from = 0; i < *new_rank; i++) to[i] = added >> i & 1 ? 1 : extent[from++];
    return WEFT_OK;
}

weft_status weft_onnx_reshaped(const weft_onnx_importer *im, const weft_onnx_node *node, int rank,
                               const int64_t *extent, int *new_rank, int64_t *new_extent, weft_error *err) {
    const char *type = node->proto->op_type;
    if (strcmp(type, "Squeeze") == 0) return squeeze_extents(im, node, rank, extent, new_rank, new_extent, err);
    if (strcmp(type, "Unsqueeze") == 0) return unsqueeze_extents(im, node, rank, extent, new_rank, new_extent, err);
    return reshape_extents(im, node, rank, extent, new_rank, new_extent, err);
}

/* ---- of activations ---- */

static weft_status flatten_add(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_FLATTEN};
    weft_onnx_value plain = {.form = WEFT_ONNX_NUMBER, .layer = im->input[0]->layer, .rank = 2};
    return weft_onnx_layer_after(im, node, &plain, NULL, &proto, false, NULL, err);
}

/* The value under other extents: a feature map or vector again, a flattened map, or a view that only the next such
 * operator understands. */
static weft_status view_set(weft_onnx_importer *im, const weft_onnx_node *node, int rank, const int64_t *extent,
                            weft_error *err) {
    const weft_onnx_value *in = im->input[0];
    weft_shape s = weft_onnx_shape(im, in);
    char text[160];
    if (rank < 2 || extent[0] != im->graph->batch)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "extents %s of its output do not begin with the batch (%" PRId64 ") alone: not supported",
                              extents_text(rank, extent, text, sizeof text), im->graph->batch);
    bool was_map = in->form == WEFT_ONNX_NUMBER && in->rank == 4, is_vector = s.height == 1 && s.width == 1;
    im->out = *in;
    im->out.form = WEFT_ONNX_NUMBER;
    im->out.matmul = false;
    im->out.rank = rank;
    if (rank == 2 && (was_map || !is_vector)) return flatten_add(im, node, err);
    if (rank == 2 || (rank == 4 && extent[1] == s.channels && extent[2] == s.height && extent[3] == s.width))
        return WEFT_OK;
    im->out.form = WEFT_ONNX_VIEW;
    for (int i = 0; i < rank; i++) im->out.extent[i] = (int)extent[i];
    return WEFT_OK;
}

/* Channels in one axis again, after their runs were transposed. */
static weft_status shuffle_add(weft_onnx_importer *im, const weft_onnx_node *node, int rank, const int64_t *to,
                               weft_error *err) {
    const weft_onnx_value *in = im->input[0];
    const weft_shape s = weft_onnx_shape(im, in);
    weft_layer proto = {.kind = WEFT_LAYER_CHANNEL_SHUFFLE, .groups = in->extent[2]};
    weft_onnx_value plain = {.form = WEFT_ONNX_NUMBER, .layer = in->layer, .rank = rank};
    const bool map = rank == 4 && to[2] == s.height && to[3] == s.width;
    if (to[0] != im->graph->batch || to[1] != s.channels || (!map && (rank != 2 || s.height != 1 || s.width != 1)))
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "its input was transposed, and this does not give its %d channels back", s.channels);
    return weft_onnx_layer_after(im, node, &plain, NULL, &proto, false, NULL, err);
}

weft_status weft_onnx_run_reshape(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t extent[WEFT_ONNX_RANK_MAX], to[WEFT_ONNX_RANK_MAX];
    int rank;
    weft_onnx_extents(im, im->input[0], extent);
    WEFT_TRY(weft_onnx_reshaped(im, node, im->input[0]->rank, extent, &rank, to, err));
    if (im->input[0]->form == WEFT_ONNX_SPREAD) return shuffle_add(im, node, rank, to, err);
    return view_set(im, node, rank, to, err);
}

weft_status weft_onnx_run_flatten(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t axis, extent[WEFT_ONNX_RANK_MAX], to[2] = {1, 1};
    int rank = im->input[0]->rank;
    WEFT_TRY(weft_onnx_int(node, "axis", 1, -rank, rank, &axis, err));
    weft_onnx_extents(im, im->input[0], extent);
    if (axis < 0) axis += rank;
    if (axis == 0)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "axis 0, which takes the batch in, is not supported");
    for (int i = 0; i < rank; i++) to[i >= axis] *= extent[i];
    if (im->input[0]->form == WEFT_ONNX_NUMBER && rank == 2) return flatten_add(im, node, err);
    return view_set(im, node, 2, to, err);
}

/* Runs of channels and what is in them change places, all else stays. */
static bool is_spread(const weft_onnx_importer *im, int rank, const int64_t *extent, const int64_t *perm) {
    const weft_onnx_value *in = im->input[0];
    if (in->form != WEFT_ONNX_VIEW || rank < 3 || extent[1] * extent[2] != weft_onnx_shape(im, in).channels)
        return false;
    for (int i = 0; i < rank; i++)
        if (perm[i] != (i == 1 ? 2 : i == 2 ? 1 : i)) return false;
    return true;
}

static weft_status spread_set(weft_onnx_importer *im, int rank, const int64_t *to) {
    im->out = *im->input[0];
    im->out.form = WEFT_ONNX_SPREAD;
    for (int i = 0; i < rank; i++) im->out.extent[i] = (int)to[i];
    return WEFT_OK;
}

/* Where the order of the extents above 1 stays, no value moves. */
weft_status weft_onnx_run_transpose(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t perm[WEFT_ONNX_RANK_MAX], extent[WEFT_ONNX_RANK_MAX], to[WEFT_ONNX_RANK_MAX];
    int rank = im->input[0]->rank, count, last = -1;
    unsigned seen = 0;
    weft_onnx_extents(im, im->input[0], extent);
    WEFT_TRY(weft_onnx_list(node, "perm", perm, WEFT_ONNX_RANK_MAX, &count, err));
    for (int i = 0; count < 0 && i < rank; i++) perm[i] = rank - 1 - i;
    for (int i = 0; i < rank; i++) {
        if ((count >= 0 && count != rank) || perm[i] < 0 || perm[i] >= rank || seen >> perm[i] & 1)
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "perm is no permutation of %d axes", rank);
        seen |= 1u << perm[i];
        to[i] = extent[perm[i]];
    }
    for (int i = 0; i < rank; i++) {
        bool counts = to[i] != 1 || perm[i] == 0; /* the batch stays first, whatever its extent */
        if (counts && perm[i] < last && is_spread(im, rank, extent, perm)) return spread_set(im, rank, to);
        if (counts && perm[i] < last)
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                                  "moves values (axis %d behind axis %d): supported only where it merely relabels",
                                  last, (int)perm[i]);
        if (counts) last = (int)perm[i];
    }
    return view_set(im, node, rank, to, err);
}

/* Extents start to end of these as a constant. */
static weft_status shape_out(weft_onnx_importer *im, const weft_onnx_node *node, int64_t rank, const int64_t *extent,
                             weft_error *err) {
    int64_t start, end;
    Onnx__TensorProto *t;
    size_t count;
    WEFT_TRY(weft_onnx_int(node, "start", 0, INT64_MIN, INT64_MAX, &start, err));
    WEFT_TRY(weft_onnx_int(node, "end", rank, INT64_MIN, INT64_MAX, &end, err));
    if (start < 0) start = start < -rank ? 0 : start + rank;
    if (end < 0) end = end < -rank ? 0 : end + rank;
    if (end > rank) end = rank;
    if (start >= end) return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "a shape without extents is not supported");
    int64_t length = end - start;
    WEFT_TRY(weft_onnx_tensor_new(im, node, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, 1, &length, &t, &count, err));
    for (size_t i = 0; i < count; i++) weft_onnx_tensor_set_integer(t, i, extent[(size_t)start + i]);
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}

weft_status weft_onnx_run_shape(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t extent[WEFT_ONNX_RANK_MAX];
    weft_onnx_extents(im, im->input[0], extent);
    return shape_out(im, node, im->input[0]->rank, extent, err);
}

weft_status weft_onnx_fold_shape(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *t = im->input[0]->tensor;
    size_t count;
    WEFT_TRY(weft_onnx_tensor_check(node, t, WEFT_ONNX_ANY, &count, err));
    return shape_out(im, node, (int64_t)t->n_dims, t->dims, err);
}

/* ---- nothing at all ---- */

weft_status weft_onnx_run_identity(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    (void)im;
    (void)node;
    (void)err;
    return WEFT_OK;
}

/* A constant training_mode input must be false. */
weft_status weft_onnx_run_dropout(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *mode = weft_onnx_constant(im, 2);
    size_t count;
    if (!mode) return WEFT_OK;
    WEFT_TRY(weft_onnx_tensor_check(node, mode, WEFT_ONNX_INTEGERS, &count, err));
    if (count == 1 && weft_onnx_tensor_integer(mode, 0) == 0) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "training mode is not supported");
}
