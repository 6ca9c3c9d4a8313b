#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/chip_internal.h"
#include "core/chip_route.h"
#include "mapper/passes.h"

/* Bounds of the chip file's keys: what is suggested can be written. */
#define BUFFER_MAX INT64_C(1000000000000)
enum {
    MESH_MAX = 256,
    ARRAYS_MAX = 4096,
    CELLS_MAX = 4096,
    WEIGHT_BITS_MIN = 2,
    PARTS_MAX = 1 << 16,
    TEXT_BYTES = 640
};

/* What does not fit, and what has been found to help. */
typedef struct advice {
    const weft_stages *stages;
    const weft_chip *chip;
    const weft_map_options *options;
    weft_status failure; /* memory ran out on the way */
    char text[TEXT_BYTES];
    int count;
} advice;

static bool fits(advice *a, const weft_chip *chip, const weft_map_options *options) {
    weft_shortage shortage;
    int parts = 0;
    weft_status status = weft_layout_trial(&parts, a->stages, chip, options, &shortage, NULL);
    if (status != WEFT_OK && status != WEFT_E_NO_FIT) a->failure = status;
    return status == WEFT_OK;
}

/* ---- the changes, one at a time ---- */

/* Sets what the chip file or an option says; the rest is resolved from it. */
typedef void change(weft_chip *chip, weft_map_options *options, int64_t value);

static void change_arrays(weft_chip *chip, weft_map_options *options, int64_t value) {
    (void)options;
    chip->array.per_core = value;
}
static void change_buffer(weft_chip *chip, weft_map_options *options, int64_t value) {
    (void)options;
    chip->core.buffer_bytes = value;
}
static void change_weight_bits(weft_chip *chip, weft_map_options *options, int64_t value) {
    (void)options;
    chip->weight.bits = value;
}
static void change_array_size(weft_chip *chip, weft_map_options *options, int64_t factor) {
    (void)options;
    chip->array.rows *= factor;
    chip->array.columns *= factor;
}
/* In one line: only their number matters to what fits. */
static void change_routers(weft_chip *chip, weft_map_options *options, int64_t value) {
    (void)options;
    chip->noc.mesh[0] = value;
    chip->noc.mesh[1] = 1;
}
static void change_budget(weft_chip *chip, weft_map_options *options, int64_t value) {
    (void)chip;
    options->array_budget = value;
}
static void change_parts(weft_chip *chip, weft_map_options *options, int64_t value) {
    (void)chip;
    options->parts_max = (int)value;
}

static bool fits_with(advice *a, const weft_chip *chip, change *apply, int64_t value) {
    weft_chip changed = *chip;
    weft_map_options options = *a->options;
    apply(&changed, &options, value);
    weft_chip_resolve(&changed);
    return fits(a, &changed, &options);
}

/* Smallest value in (now, most] that fits, where more is never worse; 0 when most does not. */
static int64_t smallest(advice *a, const weft_chip *chip, change *apply, int64_t now, int64_t most) {
    int64_t low = now, high = now;
    do {
        if (high >= most) return 0;
        low = high;
        high = high < most / 2 ? 2 * high : most;
    } while (!fits_with(a, chip, apply, high));
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (fits_with(a, chip, apply, middle))
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* ---- a larger mesh ---- */

/* No more than twice as long as wide, unless the chip is already. */
static bool is_handy(int64_t width, int64_t height, const weft_chip *chip) {
    int64_t longer = width > height ? width : height, shorter = width > height ? height : width;
    int64_t now = chip->noc.mesh[0] > chip->noc.mesh[1] ? chip->noc.mesh[0] : chip->noc.mesh[1];
    return longer <= 2 * shorter || longer <= now;
}

/* The smallest mesh, not smaller in any direction, that has enough routers; of equals the squarest. */
static void shape_mesh(int64_t mesh[2], int64_t routers, const weft_chip *chip) {
    int64_t across = weft_chip_count(chip, 0), down = weft_chip_count(chip, 1); /* chips, equal ones */
    mesh[0] = mesh[1] = 0;
    for (int64_t width = chip->noc.mesh[0]; width <= MESH_MAX; width += across) {
        int64_t height = (routers + width * down - 1) / (width * down) * down;
        if (height < chip->noc.mesh[1]) height = chip->noc.mesh[1];
        if (height > MESH_MAX || !is_handy(width, height, chip)) continue;
        int64_t size = width * height, best = mesh[0] * mesh[1];
        if (best == 0 || size < best || (size == best && llabs(width - height) < llabs(mesh[0] - mesh[1]))) {
            mesh[0] = width;
            mesh[1] = height;
        }
    }
}

static bool find_mesh(int64_t mesh[2], advice *a, const weft_chip *chip) {
    int64_t now = chip->noc.mesh[0] * chip->noc.mesh[1];
    int64_t routers = smallest(a, chip, change_routers, now, (int64_t)MESH_MAX * MESH_MAX);
    if (routers == 0) return false;
    shape_mesh(mesh, routers, chip);
    return mesh[0] > 0 && fits_with(a, chip, change_routers, mesh[0] * mesh[1]);
}

/* ---- what to say ---- */

static void advise(advice *a, const char *format, ...) WEFT_PRINTF(2, 3);
static void advise(advice *a, const char *format, ...) {
    size_t used = strlen(a->text);
    va_list arguments;
    used += (size_t)snprintf(a->text + used, sizeof a->text - used, "%s", a->count ? ", or " : ": ");
    va_start(arguments, format);
    vsnprintf(a->text + used, sizeof a->text - used, format, arguments);
    va_end(arguments);
    if (a->count++ == 0) {
        used = strlen(a->text);
        snprintf(a->text + used, sizeof a->text - used, " would fit");
    }
}

/* When no change alone helps: the mesh that large buffers need, and the buffer that it needs. */
static void advise_both(advice *a) {
    weft_chip changed = *a->chip;
    int64_t mesh[2];
    changed.core.buffer_bytes = BUFFER_MAX;
    if (!find_mesh(mesh, a, &changed)) {
        snprintf(a->text, sizeof a->text, "; no larger mesh, core or buffer and no narrower weight would fit");
        return;
    }
    memcpy(changed.noc.mesh, mesh, sizeof changed.noc.mesh);
    changed.core.buffer_bytes = a->chip->core.buffer_bytes;
    weft_chip_resolve(&changed);
    int64_t bytes = smallest(a, &changed, change_buffer, a->chip->core.buffer_bytes, BUFFER_MAX);
    advise(a, "a mesh of %lld x %lld routers together with core.buffer_bytes %lld", (long long)mesh[0],
           (long long)mesh[1], (long long)bytes);
}

/* Most bits that fit; 0 when none do. */
static int64_t find_weight_bits(advice *a) {
    for (int64_t bits = a->chip->weight.bits - 1; bits >= WEIGHT_BITS_MIN && a->chip->array.cell_bits > 0; bits--)
        if (fits_with(a, a->chip, change_weight_bits, bits)) return bits;
    return 0;
}

static int64_t find_array_factor(advice *a) {
    int64_t longer = a->chip->array.rows > a->chip->array.columns ? a->chip->array.rows : a->chip->array.columns;
    for (int64_t factor = 2; factor * longer <= CELLS_MAX; factor *= 2)
        if (fits_with(a, a->chip, change_array_size, factor)) return factor;
    return 0;
}

static void advise_chip(advice *a) {
    const weft_chip *chip = a->chip;
    int64_t mesh[2];
    if (find_mesh(mesh, a, chip)) advise(a, "a mesh of %lld x %lld routers", (long long)mesh[0], (long long)mesh[1]);
    int64_t arrays = smallest(a, chip, change_arrays, chip->array.per_core, ARRAYS_MAX);
    if (arrays) advise(a, "%lld arrays a core", (long long)arrays);
    int64_t factor = find_array_factor(a);
    if (factor)
        advise(a, "arrays of %lld x %lld", (long long)(factor * chip->array.rows),
               (long long)(factor * chip->array.columns));
    int64_t bytes = smallest(a, chip, change_buffer, chip->core.buffer_bytes, BUFFER_MAX);
    if (bytes) advise(a, "core.buffer_bytes %lld", (long long)bytes);
    int64_t bits = find_weight_bits(a);
    if (bits) advise(a, "weight.bits %lld", (long long)bits);
}

static void collect_advice(advice *a) {
    int64_t all = (int64_t)a->chip->core_count * a->chip->array.per_core, limit = weft_array_limit(a->chip, a->options);
    int64_t budget = limit < all ? smallest(a, a->chip, change_budget, limit, all) : 0;
    if (budget) advise(a, "a budget of %lld arrays", (long long)budget);
    advise_chip(a);
    int64_t parts =
        a->options->parts_max > 0 ? smallest(a, a->chip, change_parts, a->options->parts_max, PARTS_MAX) : 0;
    if (parts) advise(a, "%lld parts loaded one after the other", (long long)parts);
    if (a->count == 0) advise_both(a);
}

static weft_status explain(const weft_shortage *shortage, const advice *a, weft_error *err) {
    const weft_chip *chip = a->chip;
    const char *layer = a->stages->items[shortage->stage].name, *name = chip->name ? chip->name : "";
    long long need = shortage->need, have = shortage->have, limit = weft_array_limit(chip, a->options);
    switch (shortage->kind) {
    case WEFT_SHORTAGE_WEIGHT:
        return weft_error_set(err, WEFT_E_NO_FIT,
                              "layer \"%s\": one weight takes %lld columns, an array has %lld (chip \"%s\")%s", layer,
                              need, have, name, a->text);
    case WEFT_SHORTAGE_BUFFER:
        return weft_error_set(err, WEFT_E_NO_FIT,
                              "layer \"%s\" needs %lld bytes of buffer on one core, a core has %lld (chip \"%s\")%s",
                              layer, need, have, name, a->text);
    case WEFT_SHORTAGE_ARRAYS:
        return weft_error_set(
            err, WEFT_E_NO_FIT,
            "layer \"%s\" needs %lld arrays of %lld x %lld, %lld are left of %lld (chip \"%s\", %d cores x %lld)%s",
            layer, need, (long long)chip->array.rows, (long long)chip->array.columns, have, limit, name,
            chip->core_count, (long long)chip->array.per_core, a->text);
    default:
        return weft_error_set(err, WEFT_E_NO_FIT,
                              "layer \"%s\" needs %lld arrays, %lld are left of %lld, but on cores whose buffers of "
                              "%lld bytes are full (chip \"%s\", %d cores x %lld)%s",
                              layer, need, have, limit, (long long)chip->core.buffer_bytes, name, chip->core_count,
                              (long long)chip->array.per_core, a->text);
    }
}

weft_status weft_explain_no_fit(const weft_shortage *shortage, const weft_stages *stages, const weft_chip *chip,
                                const weft_map_options *options, weft_error *err) {
    advice a = {.stages = stages, .chip = chip, .options = options, .failure = WEFT_OK};
    collect_advice(&a);
    if (a.failure != WEFT_OK) return weft_error_set(err, a.failure, "out of memory while looking for what would fit");
    return explain(shortage, &a, err);
}
