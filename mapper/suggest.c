#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/chip_internal.h"
#include "mapper/passes.h"

/* Bounds of the chip file's keys: what is suggested can be written. */
enum { MESH_MAX = 256, ARRAYS_MAX = 4096, WEIGHT_BITS_MIN = 2, CORES_MAX = 1 << 20, TEXT_BYTES = 512 };

/* The plain way goes furthest: a core takes every tile that it can, so no other order of the same tiles needs fewer
 * cores. */
static weft_fill fill_plainly(const weft_grid *grids, const weft_stages *stages, const weft_chip *chip,
                              int64_t core_limit) {
    weft_place_options plain = {0};
    return weft_fill_cores(grids, stages, chip, core_limit, &plain, NULL, NULL);
}

/* Does it fit a changed chip? grids is scratch. */
static bool fits(weft_grid *grids, const weft_stages *stages, const weft_chip *chip) {
    if (weft_partition_all(grids, stages, chip, NULL) != WEFT_OK) return false;
    return fill_plainly(grids, stages, chip, chip->core_count).stage == stages->count;
}

/* ---- the changes, one at a time ---- */

/* Sets what the chip file says; the rest is resolved from it. */
typedef void change_chip(weft_chip *chip, int64_t value);

static void change_arrays(weft_chip *chip, int64_t value) { chip->array.per_core = value; }

static void change_buffer(weft_chip *chip, int64_t value) { chip->core.buffer_bytes = value; }

static void change_weight_bits(weft_chip *chip, int64_t value) { chip->weight.bits = value; }

static bool fits_with(weft_grid *grids, const weft_stages *stages, const weft_chip *chip, change_chip *change,
                      int64_t value) {
    weft_chip changed = *chip;
    change(&changed, value);
    weft_chip_resolve(&changed);
    return fits(grids, stages, &changed);
}

/* Smallest value in (low, high] that fits, where more is never worse; 0 when high does not. */
static int64_t smallest(weft_grid *grids, const weft_stages *stages, const weft_chip *chip, change_chip *change,
                        int64_t low, int64_t high) {
    if (high <= low || !fits_with(grids, stages, chip, change, high)) return 0;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (fits_with(grids, stages, chip, change, middle))
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* No more than twice as long as wide, unless the chip is already. */
static bool is_handy(int64_t width, int64_t height, const weft_chip *chip) {
    int64_t longer = width > height ? width : height, shorter = width > height ? height : width;
    int64_t now = chip->noc.mesh[0] > chip->noc.mesh[1] ? chip->noc.mesh[0] : chip->noc.mesh[1];
    return longer <= 2 * shorter || longer <= now;
}

/* The smallest mesh, not smaller in any direction, that has enough cores; of equals the squarest. */
static bool find_mesh(int64_t mesh[2], weft_grid *grids, const weft_stages *stages, const weft_chip *chip) {
    if (weft_partition_all(grids, stages, chip, NULL) != WEFT_OK) return false;
    weft_fill fill = fill_plainly(grids, stages, chip, CORES_MAX);
    if (fill.stage < stages->count) return false;
    int64_t routers = (fill.cores + chip->noc.concentration - 1) / chip->noc.concentration;
    mesh[0] = mesh[1] = 0;
    for (int64_t width = chip->noc.mesh[0]; width <= MESH_MAX; width++) {
        int64_t height = (routers + width - 1) / width;
        if (height < chip->noc.mesh[1]) height = chip->noc.mesh[1];
        if (height > MESH_MAX || !is_handy(width, height, chip)) continue;
        int64_t size = width * height, best = mesh[0] * mesh[1];
        if (best == 0 || size < best || (size == best && llabs(width - height) < llabs(mesh[0] - mesh[1]))) {
            mesh[0] = width;
            mesh[1] = height;
        }
    }
    if (mesh[0] == 0) return false;
    weft_chip changed = *chip;
    memcpy(changed.noc.mesh, mesh, sizeof changed.noc.mesh);
    weft_chip_resolve(&changed);
    return fits(grids, stages, &changed);
}

/* Most bits that fit; 0 when none do. */
static int64_t find_weight_bits(weft_grid *grids, const weft_stages *stages, const weft_chip *chip) {
    for (int64_t bits = chip->weight.bits - 1; bits >= WEIGHT_BITS_MIN; bits--)
        if (fits_with(grids, stages, chip, change_weight_bits, bits)) return bits;
    return 0;
}

/* ---- the message ---- */

typedef struct advice {
    char text[TEXT_BYTES];
    int count;
} advice;

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

static int64_t total_tiles(const weft_grid *grids, int count) {
    int64_t total = 0;
    for (int s = 0; s < count; s++) total += weft_grid_tiles(&grids[s]);
    return total < ARRAYS_MAX ? total : ARRAYS_MAX;
}

/* More than any core can ever need. */
static int64_t total_bytes(const weft_grid *grids, const weft_stages *stages, const weft_chip *chip) {
    int64_t total = 0;
    for (int s = 0; s < stages->count; s++)
        total += weft_mapping_input_bytes(&stages->items[s], chip) +
                 grids[s].column_count * weft_mapping_block_bytes(&stages->items[s], chip, grids[s].tile_columns);
    return total;
}

/* When no change alone helps: the mesh that large buffers need, and the buffer that it needs. */
static void advise_both(advice *a, weft_grid *scratch, const weft_grid *grids, const weft_stages *stages,
                        const weft_chip *chip) {
    weft_chip changed = *chip;
    int64_t most = total_bytes(grids, stages, chip), mesh[2];
    change_buffer(&changed, most);
    if (!find_mesh(mesh, scratch, stages, &changed)) {
        snprintf(a->text, sizeof a->text, "; no larger mesh, core or buffer and no narrower weight would fit");
        return;
    }
    memcpy(changed.noc.mesh, mesh, sizeof changed.noc.mesh);
    weft_chip_resolve(&changed);
    int64_t bytes = smallest(scratch, stages, &changed, change_buffer, chip->core.buffer_bytes, most);
    advise(a, "a mesh of %lld x %lld routers together with core.buffer_bytes %lld", (long long)mesh[0],
           (long long)mesh[1], (long long)bytes);
}

static void collect_advice(advice *a, weft_grid *scratch, const weft_grid *grids, const weft_stages *stages,
                           const weft_chip *chip) {
    int64_t mesh[2];
    if (find_mesh(mesh, scratch, stages, chip))
        advise(a, "a mesh of %lld x %lld routers", (long long)mesh[0], (long long)mesh[1]);
    int64_t arrays =
        smallest(scratch, stages, chip, change_arrays, chip->array.per_core, total_tiles(grids, stages->count));
    if (arrays) advise(a, "%lld arrays a core", (long long)arrays);
    int64_t bytes =
        smallest(scratch, stages, chip, change_buffer, chip->core.buffer_bytes, total_bytes(grids, stages, chip));
    if (bytes) advise(a, "core.buffer_bytes %lld", (long long)bytes);
    int64_t bits = find_weight_bits(scratch, stages, chip);
    if (bits) advise(a, "weight.bits %lld", (long long)bits);
    if (a->count == 0) advise_both(a, scratch, grids, stages, chip);
}

static weft_status explain(const weft_fill *fill, const weft_grid *grids, const weft_stages *stages,
                           const weft_chip *chip, const advice *a, weft_error *err) {
    const char *layer = stages->items[fill->stage].name, *name = chip->name ? chip->name : "";
    int64_t available = chip->core_count * chip->array.per_core, needed = weft_grid_tiles(&grids[fill->stage]);
    int64_t left = available - fill->arrays_used_before;
    if (fill->buffer_too_small)
        return weft_error_set(err, WEFT_E_NO_FIT,
                              "layer \"%s\" needs %lld bytes of buffer on one core, a core has %lld (chip \"%s\")%s",
                              layer, (long long)fill->buffer_needed, (long long)chip->core.buffer_bytes, name, a->text);
    if (needed > left)
        return weft_error_set(
            err, WEFT_E_NO_FIT,
            "layer \"%s\" needs %lld arrays of %lld x %lld, %lld are left of %lld (chip \"%s\", %d cores x %lld)%s",
            layer, (long long)needed, (long long)chip->array.rows, (long long)chip->array.columns, (long long)left,
            (long long)available, name, chip->core_count, (long long)chip->array.per_core, a->text);
    return weft_error_set(
        err, WEFT_E_NO_FIT,
        "layer \"%s\" needs %lld arrays, %lld are left of %lld, but on cores whose buffers of %lld bytes are full "
        "(chip \"%s\", %d cores x %lld)%s",
        layer, (long long)needed, (long long)left, (long long)available, (long long)chip->core.buffer_bytes, name,
        chip->core_count, (long long)chip->array.per_core, a->text);
}

weft_status weft_explain_no_fit(const weft_grid *grids, const weft_stages *stages, const weft_chip *chip,
                                weft_error *err) {
    weft_grid *scratch = calloc((size_t)stages->count, sizeof *scratch);
    if (!scratch) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while mapping");
    advice a = {.count = 0};
    weft_fill fill = fill_plainly(grids, stages, chip, chip->core_count);
    collect_advice(&a, scratch, grids, stages, chip);
    weft_status status = explain(&fill, grids, stages, chip, &a, err);
    free(scratch);
    return status;
}
