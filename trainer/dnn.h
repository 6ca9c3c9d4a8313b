/* Thin layer over oneDNN's C API: status codes to weft_status, and one owner for everything a compiled network creates,
 * so that a failed build is cleaned up by one call. Internal to trainer/.
 *
 * Everything is created and executed with one OpenMP thread (weft_dnn_single_thread); parallelism is over images,
 * outside. */
#ifndef WEFT_TRAINER_DNN_H
#define WEFT_TRAINER_DNN_H

#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A memory object, its layout and its values (float32 unless the layout says otherwise, as a workspace does). */
typedef struct weft_tensor {
    dnnl_memory_desc_t md;
    dnnl_memory_t memory; /* NULL: absent */
    float *data;
} weft_tensor;

typedef struct weft_primitive {
    dnnl_primitive_t handle; /* NULL: absent */
    dnnl_primitive_desc_t pd;
    dnnl_memory_t scratchpad; /* NULL when none is needed */
} weft_primitive;

/* Copies values from one layout to another; an absent primitive means that both are the same memory. */
typedef struct weft_reorder {
    weft_primitive primitive;
    dnnl_memory_t from, to;
} weft_reorder;

/* Owner of engine, stream, memories, primitives and blocks; see weft_dnn_destroy. Not thread-safe. */
typedef struct weft_dnn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t attr;
    struct weft_dnn_item *items;
    int count, capacity;
    size_t scratchpad_bytes;
    void *scratchpad;
} weft_dnn;

weft_status weft_dnn_create(weft_dnn *dnn, weft_error *err);
void weft_dnn_destroy(weft_dnn *dnn); /* safe on a zeroed or half-built one */
/* Allocates the scratchpad that all primitives share; call once after the last primitive. */
weft_status weft_dnn_finish(weft_dnn *dnn, weft_error *err);

/* LIBRARY unless code is dnnl_success; what names the layer and the operation. */
weft_status weft_dnn_check(dnnl_status_t code, const char *what, weft_error *err);

/* A tensor of the layout md over data, or over a new zeroed block when data is NULL. */
weft_status weft_dnn_tensor(weft_dnn *dnn, weft_tensor *out, const dnnl_memory_desc_t *md, void *data, weft_error *err);
/* The implementation oneDNN prefers; hint is the forward primitive of a backward one, else NULL. */
weft_status weft_dnn_primitive(weft_dnn *dnn, weft_primitive *out, const void *op_desc, const weft_primitive *hint,
                               const char *what, weft_error *err);
/* As weft_dnn_primitive, from count alternatives in order of preference: the first that is no reference implementation,
 * or, when there is none, the first that exists. */
weft_status weft_dnn_primitive_choose(weft_dnn *dnn, weft_primitive *out, const void *const *op_descs, int count,
                                      const weft_primitive *hint, const char *what, weft_error *err);
/* Raises the shared scratchpad, dnn->scratchpad once finished, to at least that size: for code that is not oneDNN's. */
void weft_dnn_reserve(weft_dnn *dnn, size_t bytes);
weft_status weft_dnn_reorder(weft_dnn *dnn, weft_reorder *out, const weft_tensor *from, const weft_tensor *to,
                             weft_error *err);
/* out: `from` in the layout md, the same memory or, after the reorder has run, data (NULL: a new block). */
weft_status weft_dnn_view(weft_dnn *dnn, weft_tensor *out, weft_reorder *reorder, const weft_tensor *from,
                          const dnnl_memory_desc_t *md, void *data, weft_error *err);
/* Layout that a primitive asks for. */
const dnnl_memory_desc_t *weft_dnn_md(const weft_primitive *primitive, dnnl_query_t what);
/* Name of the implementation, for tests and benchmarks. */
const char *weft_dnn_name(const weft_primitive *primitive);
/* oneDNN's plain loops, hundreds of times slower than any other implementation; false when absent. */
bool weft_dnn_is_reference(const weft_primitive *primitive);

/* Compiled for this processor; false when absent. */
bool weft_dnn_is_jit(const weft_primitive *primitive);
/* Whether oneDNN multiplies bfloat16 with this processor's own instructions. */
bool weft_dnn_has_bf16(void);

/* Runs the primitive on `count` arguments (the scratchpad is added); count at most 12. */
weft_status weft_dnn_execute(weft_dnn *dnn, const weft_primitive *primitive, const dnnl_exec_arg_t *args, int count,
                             const char *what, weft_error *err);
weft_status weft_dnn_run_reorder(weft_dnn *dnn, const weft_reorder *reorder, weft_error *err);

/* Layout by tag, of float32 or of another type. */
dnnl_memory_desc_t weft_dnn_layout(int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag);
dnnl_memory_desc_t weft_dnn_typed_layout(int ndims, const dnnl_dims_t dims, dnnl_data_type_t type,
                                         dnnl_format_tag_t tag);

/* Sets the calling task's OpenMP thread count to one and returns the previous one, to be given back to
 * omp_set_num_threads. */
int weft_dnn_single_thread(void);

#ifdef __cplusplus
}
#endif
#endif
