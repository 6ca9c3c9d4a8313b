#include "trainer/dnn.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

enum { ITEM_MEMORY, ITEM_PRIMITIVE, ITEM_DESC, ITEM_BLOCK };
enum { ARGS_MAX = 12 };

typedef struct weft_dnn_item {
    int kind;
    void *handle;
} weft_dnn_item;

static const char *code_text(dnnl_status_t code) {
    switch (code) {
    case dnnl_success:
        return "success";
    case dnnl_out_of_memory:
        return "out of memory";
    case dnnl_invalid_arguments:
        return "invalid arguments";
    case dnnl_unimplemented:
        return "not implemented for these shapes";
    default:
        return "runtime error";
    }
}

weft_status weft_dnn_check(dnnl_status_t code, const char *what, weft_error *err) {
    if (code == dnnl_success) return WEFT_OK;
    weft_status status = code == dnnl_out_of_memory ? WEFT_E_MEMORY : WEFT_E_LIBRARY;
    return weft_error_set(err, status, "%s: oneDNN: %s", what, code_text(code));
}

static void item_destroy(weft_dnn_item item) {
    switch (item.kind) {
    case ITEM_MEMORY:
        dnnl_memory_destroy(item.handle);
        break;
    case ITEM_PRIMITIVE:
        dnnl_primitive_destroy(item.handle);
        break;
    case ITEM_DESC:
        dnnl_primitive_desc_destroy(item.handle);
        break;
    default:
        weft_aligned_free(item.handle);
        break;
    }
}

/* Takes over handle also when it fails. */
static weft_status item_add(weft_dnn *dnn, int kind, void *handle, weft_error *err) {
    weft_dnn_item item = {kind, handle};
    if (dnn->count == dnn->capacity) {
        int capacity = dnn->capacity ? 2 * dnn->capacity : 64;
        weft_dnn_item *grown = realloc(dnn->items, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            item_destroy(item);
            return weft_error_set(err, WEFT_E_MEMORY, "out of memory while compiling the network");
        }
        dnn->items = grown;
        dnn->capacity = capacity;
    }
    dnn->items[dnn->count++] = item;
    return WEFT_OK;
}

weft_status weft_dnn_create(weft_dnn *dnn, weft_error *err) {
    *dnn = (weft_dnn){0};
    WEFT_TRY(weft_dnn_check(dnnl_engine_create(&dnn->engine, dnnl_cpu, 0), "engine", err));
    WEFT_TRY(weft_dnn_check(dnnl_stream_create(&dnn->stream, dnn->engine, dnnl_stream_default_flags), "stream", err));
    WEFT_TRY(weft_dnn_check(dnnl_primitive_attr_create(&dnn->attr), "attributes", err));
    return weft_dnn_check(dnnl_primitive_attr_set_scratchpad_mode(dnn->attr, dnnl_scratchpad_mode_user), "attributes",
                          err);
}

void weft_dnn_destroy(weft_dnn *dnn) {
    for (int i = dnn->count - 1; i >= 0; i--) item_destroy(dnn->items[i]);
    free(dnn->items);
    if (dnn->attr) dnnl_primitive_attr_destroy(dnn->attr);
    if (dnn->stream) dnnl_stream_destroy(dnn->stream);
    if (dnn->engine) dnnl_engine_destroy(dnn->engine);
    *dnn = (weft_dnn){0};
}

/* Scratchpads are made without a block; all share the largest, as primitives of one plan run one after another. */
weft_status weft_dnn_finish(weft_dnn *dnn, weft_error *err) {
    if (dnn->scratchpad_bytes == 0) return WEFT_OK;
    dnn->scratchpad = weft_aligned_alloc(dnn->scratchpad_bytes, 1);
    if (dnn->scratchpad == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for oneDNN's scratchpad");
    WEFT_TRY(item_add(dnn, ITEM_BLOCK, dnn->scratchpad, err));
    for (int i = 0; i < dnn->count; i++) {
        void *data = NULL;
        if (dnn->items[i].kind != ITEM_MEMORY) continue;
        WEFT_TRY(weft_dnn_check(dnnl_memory_get_data_handle(dnn->items[i].handle, &data), "scratchpad", err));
        if (data != NULL) continue;
        WEFT_TRY(weft_dnn_check(dnnl_memory_set_data_handle(dnn->items[i].handle, dnn->scratchpad), "scratchpad", err));
    }
    return WEFT_OK;
}

static weft_status memory_create(weft_dnn *dnn, dnnl_memory_t *out, const dnnl_memory_desc_t *md, void *data,
                                 weft_error *err) {
    *out = NULL;
    WEFT_TRY(weft_dnn_check(dnnl_memory_create(out, md, dnn->engine, data), "memory", err));
    return item_add(dnn, ITEM_MEMORY, *out, err);
}

weft_status weft_dnn_tensor(weft_dnn *dnn, weft_tensor *out, const dnnl_memory_desc_t *md, void *data,
                            weft_error *err) {
    out->md = *md;
    if (data == NULL) {
        data = weft_aligned_alloc(dnnl_memory_desc_get_size(md) + 64, 1);
        if (data == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for activations");
        WEFT_TRY(item_add(dnn, ITEM_BLOCK, data, err));
    }
    out->data = data;
    return memory_create(dnn, &out->memory, md, data, err);
}

static weft_status primitive_finish(weft_dnn *dnn, weft_primitive *out, const char *what, weft_error *err) {
    WEFT_TRY(item_add(dnn, ITEM_DESC, out->pd, err));
    WEFT_TRY(weft_dnn_check(dnnl_primitive_create(&out->handle, out->pd), what, err));
    WEFT_TRY(item_add(dnn, ITEM_PRIMITIVE, out->handle, err));
    const dnnl_memory_desc_t *scratchpad = weft_dnn_md(out, dnnl_query_scratchpad_md);
    size_t bytes = scratchpad ? dnnl_memory_desc_get_size(scratchpad) : 0;
    if (bytes == 0) return WEFT_OK;
    weft_dnn_reserve(dnn, bytes);
    return memory_create(dnn, &out->scratchpad, scratchpad, DNNL_MEMORY_NONE, err);
}

weft_status weft_dnn_primitive(weft_dnn *dnn, weft_primitive *out, const void *op_desc, const weft_primitive *hint,
                               const char *what, weft_error *err) {
    return weft_dnn_primitive_choose(dnn, out, &op_desc, 1, hint, what, err);
}

weft_status weft_dnn_primitive_choose(weft_dnn *dnn, weft_primitive *out, const void *const *op_descs, int count,
                                      const weft_primitive *hint, const char *what, weft_error *err) {
    dnnl_status_t first = dnnl_success;
    *out = (weft_primitive){0};
    for (int i = 0; i < count; i++) {
        weft_primitive next = {0};
        dnnl_status_t code =
            dnnl_primitive_desc_create(&next.pd, op_descs[i], dnn->attr, dnn->engine, hint ? hint->pd : NULL);
        if (i == 0) first = code;
        if (code != dnnl_success) continue;
        if (out->pd == NULL || !weft_dnn_is_reference(&next)) {
            dnnl_primitive_desc_destroy(out->pd);
            *out = next;
        } else {
            dnnl_primitive_desc_destroy(next.pd);
        }
        if (!weft_dnn_is_reference(out)) break;
    }
    if (out->pd == NULL) return weft_dnn_check(first, what, err);
    return primitive_finish(dnn, out, what, err);
}

void weft_dnn_reserve(weft_dnn *dnn, size_t bytes) {
    if (bytes > dnn->scratchpad_bytes) dnn->scratchpad_bytes = bytes;
}

weft_status weft_dnn_reorder(weft_dnn *dnn, weft_reorder *out, const weft_tensor *from, const weft_tensor *to,
                             weft_error *err) {
    *out = (weft_reorder){.from = from->memory, .to = to->memory};
    if (from->memory == to->memory) return WEFT_OK;
    WEFT_TRY(weft_dnn_check(
        dnnl_reorder_primitive_desc_create(&out->primitive.pd, &from->md, dnn->engine, &to->md, dnn->engine, dnn->attr),
        "reorder", err));
    return primitive_finish(dnn, &out->primitive, "reorder", err);
}

weft_status weft_dnn_view(weft_dnn *dnn, weft_tensor *out, weft_reorder *reorder, const weft_tensor *from,
                          const dnnl_memory_desc_t *md, void *data, weft_error *err) {
    *out = *from;
    if (!dnnl_memory_desc_equal(md, &from->md)) WEFT_TRY(weft_dnn_tensor(dnn, out, md, data, err));
    return weft_dnn_reorder(dnn, reorder, from, out, err);
}

const dnnl_memory_desc_t *weft_dnn_md(const weft_primitive *primitive, dnnl_query_t what) {
    return dnnl_primitive_desc_query_md(primitive->pd, what, 0);
}

const char *weft_dnn_name(const weft_primitive *primitive) {
    const char *name = "";
    if (primitive->pd == NULL) return name;
    dnnl_primitive_desc_query(primitive->pd, dnnl_query_impl_info_str, 0, (void *)&name);
    return name;
}

bool weft_dnn_is_reference(const weft_primitive *primitive) {
    return strncmp(weft_dnn_name(primitive), "ref", 3) == 0; /* not gemm:ref, which is fast enough */
}

bool weft_dnn_is_jit(const weft_primitive *primitive) { return strstr(weft_dnn_name(primitive), "jit") != NULL; }

bool weft_dnn_has_bf16(void) {
#if defined(__x86_64__)
    unsigned bf16 = dnnl_cpu_isa_avx512_core_bf16;
    return ((unsigned)dnnl_get_effective_cpu_isa() & bf16) == bf16;
#else
    return false;
#endif
}

weft_status weft_dnn_execute(weft_dnn *dnn, const weft_primitive *primitive, const dnnl_exec_arg_t *args, int count,
                             const char *what, weft_error *err) {
    dnnl_exec_arg_t all[ARGS_MAX + 1];
    memcpy(all, args, (size_t)count * sizeof *args);
    if (primitive->scratchpad) all[count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, primitive->scratchpad};
    return weft_dnn_check(dnnl_primitive_execute(primitive->handle, dnn->stream, count, all), what, err);
}

weft_status weft_dnn_run_reorder(weft_dnn *dnn, const weft_reorder *reorder, weft_error *err) {
    if (reorder->primitive.handle == NULL) return WEFT_OK;
    dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, reorder->from}, {DNNL_ARG_TO, reorder->to}};
    return weft_dnn_execute(dnn, &reorder->primitive, args, 2, "reorder", err);
}

dnnl_memory_desc_t weft_dnn_typed_layout(int ndims, const dnnl_dims_t dims, dnnl_data_type_t type,
                                         dnnl_format_tag_t tag) {
    dnnl_memory_desc_t md;
    memset(&md, 0, sizeof md);
    dnnl_memory_desc_init_by_tag(&md, ndims, dims, type, tag);
    return md;
}

dnnl_memory_desc_t weft_dnn_layout(int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag) {
    return weft_dnn_typed_layout(ndims, dims, dnnl_f32, tag);
}

int weft_dnn_single_thread(void) {
    int before = omp_get_max_threads();
    omp_set_num_threads(1);
    return before;
}
