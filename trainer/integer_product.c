#include "core/clones.h"
#include "trainer/dnn.h"
#include "trainer/integer.h"

static bool has_vnni(void) {
#if defined(__x86_64__)
    unsigned vnni = dnnl_cpu_isa_avx512_core_vnni;
    return ((unsigned)dnnl_get_effective_cpu_isa() & vnni) == vnni;
#else
    return false;
#endif
}

static dnnl_status_t multiply_vnni(const weft_integer_product *p) {
    const int32_t zero = 0;
    dnnl_dim_t m = (dnnl_dim_t)p->rows, n = (dnnl_dim_t)p->columns, k = (dnnl_dim_t)p->depth,
               stride = (dnnl_dim_t)p->stride;
    if (p->is_signed)
        return dnnl_gemm_s8s8s32('N', 'T', 'F', m, n, k, 1.0f, (const int8_t *)p->a, k, 0, p->b, k, 0, 0.0f, p->sums,
                                 stride, &zero);
    return dnnl_gemm_u8s8s32('N', 'T', 'F', m, n, k, 1.0f, p->a, k, 0, p->b, k, 0, 0.0f, p->sums, stride, &zero);
}

/* ---- plain loops ---- */

/* Products of 16-bit integers, which every x86 sums in pairs without loss. */
WEFT_CLONES static int32_t dot(const int16_t *a, const int16_t *b, size_t count) {
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += (int32_t)a[i] * (int32_t)b[i];
    return sum;
}

WEFT_CLONES static void widen_signed(const int8_t *from, size_t count, int16_t *to) {
    for (size_t i = 0; i < count; i++) to[i] = from[i];
}

WEFT_CLONES static void widen_unsigned(const uint8_t *from, size_t count, int16_t *to) {
    for (size_t i = 0; i < count; i++) to[i] = (int16_t)from[i];
}

size_t weft_integer_product_workspace(size_t rows, size_t depth) { return (rows + 1) * depth * sizeof(int16_t); }

void weft_integer_multiply_plain(const weft_integer_product *p) {
    int16_t *a = p->workspace, *b = a + p->rows * p->depth;
    if (p->is_signed)
        widen_signed((const int8_t *)p->a, p->rows * p->depth, a);
    else
        widen_unsigned(p->a, p->rows * p->depth, a);
    for (size_t c = 0; c < p->columns; c++) {
        widen_signed(p->b + c * p->depth, p->depth, b);
        for (size_t r = 0; r < p->rows; r++) p->sums[r * p->stride + c] = dot(a + r * p->depth, b, p->depth);
    }
}

weft_status weft_integer_multiply(const weft_integer_product *p, const char *what, weft_error *err) {
    if (has_vnni()) return weft_dnn_check(multiply_vnni(p), what, err);
    weft_integer_multiply_plain(p);
    return WEFT_OK;
}
