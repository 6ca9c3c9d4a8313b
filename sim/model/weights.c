/* Weights of a stage as integers. */
#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "sim/model/engine_internal.h"

static weft_status out_of_memory(const weft_stage *stage, weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "stage '%s': no memory for its weights", stage->name);
}

static size_t weight_count(const weft_stage *stage) {
    return (size_t)weft_stage_group_rows(stage) * (size_t)stage->columns;
}

/* ---- scale ---- */

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

/* The rank-th smallest (from 0), most significant bits first: magnitudes are ordered as their bit patterns are. */
static float select_magnitude(const float *x, size_t count, size_t rank) {
    static const int shifts[] = {20, 10, 0};
    uint32_t found = 0, known = 0;
    for (size_t pass = 0; pass < sizeof shifts / sizeof *shifts; pass++) {
        size_t histogram[DIGITS] = {0};
        const uint32_t mask = pass ? DIGITS / 2 - 1 : DIGITS - 1;
        for (size_t i = 0; i < count; i++) {
            uint32_t bits = 0;
            memcpy(&bits, &x[i], sizeof bits);
            bits &= 0x7FFFFFFFu;
            histogram[bits >> shifts[pass] & mask] += (bits & known) == found;
        }
        uint32_t digit = 0;
        for (; rank >= histogram[digit]; digit++) rank -= histogram[digit];
        found |= digit << shifts[pass];
        known |= mask << shifts[pass];
    }
    float value = 0;
    memcpy(&value, &found, sizeof value);
    return value;
}

float weft_magnitude_percentile(const float *x, size_t count, double percentile) {
    const double rank = ceil(percentile / 100 * (double)count);
    const size_t last = count - 1;
    return select_magnitude(x, count, rank < 1 ? 0 : rank > (double)last ? last : (size_t)rank - 1);
}

static weft_status largest_weight(float *out, const weft_stage *stage, weft_error *err) {
    const size_t count = weight_count(stage);
    float largest = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(stage->weight[i]))
            return weft_error_set(err, WEFT_E_INVALID, "stage '%s': weight at row %zu, column %zu is not finite",
                                  stage->name, i / (size_t)stage->columns, i % (size_t)stage->columns);
        const float size = fabsf(stage->weight[i]);
        if (size > largest) largest = size;
    }
    *out = largest;
    return WEFT_OK;
}

weft_status weft_stage_quantise(int16_t **out, float *scale, const weft_stage *stage, const weft_chip *chip,
                                weft_error *err) {
    const size_t count = weight_count(stage);
    const double percentile = chip->weight.clip_percentile;
    float largest = 0;
    *out = NULL;
    WEFT_TRY(largest_weight(&largest, stage, err));
    if (percentile < 100) {
        const float clip = weft_magnitude_percentile(stage->weight, count, percentile);
        if (clip > 0) largest = clip; /* else most weights are 0, and the others must not all saturate */
    }
    *scale = largest / (float)chip->weight_max;
    if (!(*scale > 0)) *scale = 1;
    *out = weft_aligned_alloc(count, sizeof **out);
    if (!*out) return out_of_memory(stage, err);
    weft_quantise_i16(stage->weight, count, *scale, chip->weight_max, *out);
    return WEFT_OK;
}

/* ---- products ---- */

weft_status weft_products_pack(weft_products *products, const weft_stage *stage, int16_t **weights, weft_error *err) {
    const int rows = weft_stage_group_rows(stage), columns = weft_stage_group_columns(stage);
    *products = (weft_products){.group_count = stage->groups};
    if (stage->groups > 1 && stage->in.channels == stage->groups) {
        products->channel_wise = *weights;
        *weights = NULL;
        return WEFT_OK;
    }
    products->groups = weft_aligned_alloc((size_t)stage->groups, sizeof *products->groups);
    if (!products->groups) return out_of_memory(stage, err);
    for (int g = 0; g < stage->groups; g++)
        WEFT_TRY(weft_panel_pack(&products->groups[g], *weights + g * columns, rows, columns, stage->columns, err));
    return WEFT_OK;
}

void weft_products_destroy(weft_products *products) {
    for (int g = 0; products->groups && g < products->group_count; g++) weft_panel_destroy(&products->groups[g]);
    weft_aligned_free(products->groups);
    weft_aligned_free(products->channel_wise);
    *products = (weft_products){0};
}
