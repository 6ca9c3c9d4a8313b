/* Arrays used once, buffers large enough; and the order of tiles and outputs. */
#include <stdlib.h>
#include <string.h>

#include "core/mapping_internal.h"

static int compare(int a, int b) { return (a > b) - (a < b); }

int weft_mapping_compare_blocks(const void *a, const void *b) {
    const weft_output_block *p = a, *q = b;
    int order = compare(p->copy, q->copy);
    if (!order) order = compare(p->column_begin, q->column_begin);
    return order ? order : compare(p->line, q->line);
}

int weft_mapping_compare_tiles(const void *a, const void *b) {
    const weft_tile *p = a, *q = b;
    int order = compare(p->copy, q->copy);
    if (!order) order = compare(p->column_begin, q->column_begin);
    if (!order) order = compare(p->row_begin, q->row_begin);
    if (!order) order = compare(p->part, q->part);
    if (!order) order = compare(p->core, q->core);
    return order ? order : compare(p->array, q->array);
}

/* ---- arrays ---- */

typedef struct used_array {
    const weft_tile *tile;
    int stage, place; /* place: of the tile among all */
} used_array;

static int compare_used(const void *a, const void *b) {
    const used_array *p = a, *q = b;
    int order = compare(p->tile->part, q->tile->part);
    if (!order) order = compare(p->tile->core, q->tile->core);
    if (!order) order = compare(p->tile->array, q->tile->array);
    return order ? order : compare(p->place, q->place);
}

static bool same_array(const weft_tile *a, const weft_tile *b) {
    return a->part == b->part && a->core == b->core && a->array == b->array;
}

static weft_status used_twice(const weft_mapping_checker *c, const used_array *first, const used_array *second) {
    const weft_tile *tile = second->tile;
    const char *name = c->mapping->stages[second->stage].name;
    if (tile->line)
        return weft_mapping_bad(c, tile->line, "stage \"%s\", tile: array %d of core %d is used in line %d too", name,
                                tile->array, tile->core, first->tile->line);
    return weft_mapping_bad(c, 0, "stage \"%s\", tile: array %d of core %d is used twice", name, tile->array,
                            tile->core);
}

weft_status weft_mapping_check_arrays(const weft_mapping_checker *c) {
    size_t count = 0, n = 0, worst = 0;
    for (int s = 0; s < c->mapping->stage_count; s++) count += (size_t)c->mapping->stages[s].tile_count;
    used_array *used = malloc((count + 1) * sizeof *used);
    if (!used) return weft_mapping_no_memory(c);
    for (int s = 0; s < c->mapping->stage_count; s++)
        for (int t = 0; t < c->mapping->stages[s].tile_count; t++, n++)
            used[n] = (used_array){.tile = &c->mapping->stages[s].tiles[t], .stage = s, .place = (int)n};
    qsort(used, count, sizeof *used, compare_used);
    for (size_t i = 1; i < count; i++)
        if (same_array(used[i - 1].tile, used[i].tile) && (worst == 0 || used[i].place < used[worst].place)) worst = i;
    weft_status status = worst ? used_twice(c, &used[worst - 1], &used[worst]) : WEFT_OK;
    free(used);
    return status;
}

/* ---- buffers ---- */

static int compare_cores(const void *a, const void *b) {
    const weft_tile *p = a, *q = b;
    int order = compare(p->part, q->part);
    return order ? order : compare(p->core, q->core);
}

static size_t slot_of(const weft_mapping_checker *c, int part, int core) {
    return (size_t)part * (size_t)c->chip->core_count + (size_t)core;
}

/* bytes[parts, core_count] += what stage s needs. tiles: room for its tiles. */
static void add_stage_bytes(const weft_mapping_checker *c, int s, int64_t *bytes, weft_tile *tiles) {
    const weft_mapped_stage *mapped = &c->mapping->stages[s];
    size_t count = (size_t)mapped->tile_count;
    if (count) memcpy(tiles, mapped->tiles, count * sizeof *tiles);
    qsort(tiles, count, sizeof *tiles, compare_cores);
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && compare_cores(&tiles[first], &tiles[end]) == 0;) end++;
        bytes[slot_of(c, tiles[first].part, tiles[first].core)] +=
            weft_mapping_input_bytes(&c->stages->items[s], c->chip, tiles + first, (int)(end - first));
    }
    for (int b = 0; b < mapped->block_count; b++) {
        const weft_output_block *block = &mapped->blocks[b];
        bytes[slot_of(c, block->part, block->core)] +=
            weft_mapping_block_bytes(c->stages, s, c->chip, block->column_end - block->column_begin, mapped->copies_x);
    }
}

/* The first place over the limit where the stage has something; SIZE_MAX: none. *line: its first tile or output there.
 */
static size_t find_exceeded(const weft_mapping_checker *c, int s, const int64_t *bytes, int *line) {
    const weft_mapped_stage *mapped = &c->mapping->stages[s];
    size_t found = SIZE_MAX;
    for (int t = 0; t < mapped->tile_count; t++) {
        size_t slot = slot_of(c, mapped->tiles[t].part, mapped->tiles[t].core);
        if (bytes[slot] <= c->chip->core.buffer_bytes || slot >= found) continue;
        found = slot;
        *line = mapped->tiles[t].line;
    }
    for (int b = 0; b < mapped->block_count; b++) {
        size_t slot = slot_of(c, mapped->blocks[b].part, mapped->blocks[b].core);
        if (bytes[slot] <= c->chip->core.buffer_bytes || slot >= found) continue;
        found = slot;
        *line = mapped->blocks[b].line;
    }
    return found;
}

static weft_status check_stage_buffers(const weft_mapping_checker *c, int s, int64_t *bytes, weft_tile *tiles) {
    int line = 0;
    add_stage_bytes(c, s, bytes, tiles);
    size_t slot = find_exceeded(c, s, bytes, &line);
    if (slot == SIZE_MAX) return WEFT_OK;
    char part[32] = "";
    if (c->mapping->parts > 1) snprintf(part, sizeof part, " in part %d", (int)(slot / (size_t)c->chip->core_count));
    return weft_mapping_bad(c, line, "stage \"%s\": core %d needs %lld bytes of buffer up to this stage%s, it has %lld",
                            c->mapping->stages[s].name, (int)(slot % (size_t)c->chip->core_count),
                            (long long)bytes[slot], part, (long long)c->chip->core.buffer_bytes);
}

weft_status weft_mapping_check_buffers(const weft_mapping_checker *c) {
    weft_status status = WEFT_OK;
    int largest = 0;
    for (int s = 0; s < c->mapping->stage_count; s++)
        if (c->mapping->stages[s].tile_count > largest) largest = c->mapping->stages[s].tile_count;
    int64_t *bytes = calloc((size_t)c->mapping->parts * (size_t)c->chip->core_count + 1, sizeof *bytes);
    weft_tile *tiles = malloc(((size_t)largest + 1) * sizeof *tiles);
    if (!bytes || !tiles) status = weft_mapping_no_memory(c);
    for (int s = 0; status == WEFT_OK && s < c->mapping->stage_count; s++)
        status = check_stage_buffers(c, s, bytes, tiles);
    free(bytes);
    free(tiles);
    return status;
}
