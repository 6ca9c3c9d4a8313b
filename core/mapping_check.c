#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mapping.h"

typedef struct checker {
    const weft_mapping *mapping;
    const weft_stages *stages;
    const weft_chip *chip;
    weft_error *err;
} checker;

static weft_status bad(const checker *c, int line, const char *format, ...) WEFT_PRINTF(3, 4);
static weft_status bad(const checker *c, int line, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *path = c->mapping->path[0] ? c->mapping->path : NULL;
    return weft_error_set_at(c->err, WEFT_E_INVALID, path, path ? line : 0, 0, "%s", text);
}

static weft_status out_of_memory(const checker *c) {
    return weft_error_set(c->err, WEFT_E_MEMORY, "out of memory while checking the mapping");
}

/* ---- one stage ---- */

static weft_status check_header(const checker *c, int s) {
    const weft_mapped_stage *mapped = &c->mapping->stages[s];
    const weft_stage *stage = &c->stages->items[s];
    if (strcmp(mapped->name ? mapped->name : "", stage->name) != 0)
        return bad(c, mapped->line, "stage %d is \"%s\", the network's is \"%s\"", s, mapped->name ? mapped->name : "",
                   stage->name);
    if (mapped->rows != stage->rows || mapped->columns != stage->columns)
        return bad(c, mapped->line, "stage \"%s\": a matrix of %d x %d, the network's is %d x %d", stage->name,
                   mapped->rows, mapped->columns, stage->rows, stage->columns);
    return WEFT_OK;
}

static weft_status check_core(const checker *c, int line, const char *stage, const char *what, int core) {
    if (core >= 0 && core < c->chip->core_count) return WEFT_OK;
    return bad(c, line, "stage \"%s\", %s: core %d does not exist, the chip has cores 0 to %d", stage, what, core,
               c->chip->core_count - 1);
}

/* Blocks follow each other from column 0 to the last. */
static weft_status check_blocks(const checker *c, const weft_mapped_stage *mapped) {
    int next = 0;
    for (int b = 0; b < mapped->block_count; b++) {
        const weft_output_block *block = &mapped->blocks[b];
        WEFT_TRY(check_core(c, block->line, mapped->name, "output", block->core));
        if (block->column_begin < 0 || block->column_begin >= block->column_end || block->column_end > mapped->columns)
            return bad(c, block->line, "stage \"%s\", output: columns [%d, %d) are not in [0, %d)", mapped->name,
                       block->column_begin, block->column_end, mapped->columns);
        if (block->column_begin < next)
            return bad(c, block->line, "stage \"%s\", output: column %d is in two outputs", mapped->name,
                       block->column_begin);
        if (block->column_begin > next)
            return bad(c, block->line, "stage \"%s\": columns [%d, %d) are in no output", mapped->name, next,
                       block->column_begin);
        next = block->column_end;
    }
    if (next == mapped->columns) return WEFT_OK;
    return bad(c, mapped->line, "stage \"%s\": columns [%d, %d) are in no output", mapped->name, next, mapped->columns);
}

static const weft_output_block *find_block(const weft_mapped_stage *mapped, int column) {
    int low = 0, high = mapped->block_count - 1;
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (mapped->blocks[middle].column_begin <= column)
            low = middle;
        else
            high = middle - 1;
    }
    return &mapped->blocks[low];
}

static weft_status check_tile_place(const checker *c, const weft_mapped_stage *mapped, const weft_tile *tile) {
    const weft_chip *chip = c->chip;
    WEFT_TRY(check_core(c, tile->line, mapped->name, "tile", tile->core));
    if (tile->array < 0 || tile->array >= chip->array.per_core)
        return bad(c, tile->line, "stage \"%s\", tile: array %d does not exist, a core has arrays 0 to %lld",
                   mapped->name, tile->array, (long long)chip->array.per_core - 1);
    if (tile->row_begin < 0 || tile->row_begin >= tile->row_end || tile->row_end > mapped->rows)
        return bad(c, tile->line, "stage \"%s\", tile: rows [%d, %d) are not in [0, %d)", mapped->name, tile->row_begin,
                   tile->row_end, mapped->rows);
    if (tile->column_begin < 0 || tile->column_begin >= tile->column_end || tile->column_end > mapped->columns)
        return bad(c, tile->line, "stage \"%s\", tile: columns [%d, %d) are not in [0, %d)", mapped->name,
                   tile->column_begin, tile->column_end, mapped->columns);
    return WEFT_OK;
}

static weft_status check_tile(const checker *c, const weft_mapped_stage *mapped, const weft_tile *tile) {
    const weft_chip *chip = c->chip;
    WEFT_TRY(check_tile_place(c, mapped, tile));
    int rows = tile->row_end - tile->row_begin, columns = tile->column_end - tile->column_begin;
    if (rows > chip->array.rows)
        return bad(c, tile->line, "stage \"%s\", tile: %d rows, an array has %lld", mapped->name, rows,
                   (long long)chip->array.rows);
    if ((int64_t)columns * chip->columns_per_weight > chip->array.columns)
        return bad(c, tile->line, "stage \"%s\", tile: %d columns of %d cells, an array has %lld cells in a row",
                   mapped->name, columns, chip->columns_per_weight, (long long)chip->array.columns);
    const weft_output_block *block = find_block(mapped, tile->column_begin);
    if (tile->column_end > block->column_end)
        return bad(c, tile->line, "stage \"%s\", tile: columns [%d, %d) cross the output of columns [%d, %d)",
                   mapped->name, tile->column_begin, tile->column_end, block->column_begin, block->column_end);
    return WEFT_OK;
}

/* ---- every weight once ---- */

static int compare(int a, int b) { return (a > b) - (a < b); }

static int compare_ints(const void *a, const void *b) { return compare(*(const int *)a, *(const int *)b); }

static int compare_tile_pointers(const void *a, const void *b) {
    const weft_tile *p = *(const weft_tile *const *)a, *q = *(const weft_tile *const *)b;
    int order = compare(p->row_begin, q->row_begin);
    if (!order) order = compare(p->line, q->line);
    return order ? order : compare(p > q, p < q);
}

/* The tiles over columns [begin, end), which no tile's edge divides, sorted by row, follow each other from row 0 to the
 * last. */
static weft_status check_strip(const checker *c, const weft_mapped_stage *mapped, const weft_tile **over, int count,
                               int begin, int end) {
    int next = 0;
    qsort(over, (size_t)count, sizeof *over, compare_tile_pointers);
    for (int i = 0; i < count; i++) {
        if (over[i]->row_begin < next)
            return bad(c, over[i]->line, "stage \"%s\", tile: the weight at row %d, column %d is in another tile too",
                       mapped->name, over[i]->row_begin, begin);
        if (over[i]->row_begin > next) break;
        next = over[i]->row_end;
    }
    if (next == mapped->rows) return WEFT_OK;
    int gap_end = mapped->rows;
    for (int i = 0; i < count; i++)
        if (over[i]->row_begin > next && over[i]->row_begin < gap_end) gap_end = over[i]->row_begin;
    return bad(c, mapped->line, "stage \"%s\": the weights of rows [%d, %d), columns [%d, %d) are in no tile",
               mapped->name, next, gap_end, begin, end);
}

static weft_status check_strips(const checker *c, const weft_mapped_stage *mapped, int *edges, const weft_tile **over) {
    int count = 0;
    edges[count++] = 0;
    edges[count++] = mapped->columns;
    for (int t = 0; t < mapped->tile_count; t++) {
        edges[count++] = mapped->tiles[t].column_begin;
        edges[count++] = mapped->tiles[t].column_end;
    }
    qsort(edges, (size_t)count, sizeof *edges, compare_ints);
    for (int e = 0; e + 1 < count; e++) {
        if (edges[e] == edges[e + 1]) continue;
        int found = 0;
        for (int t = 0; t < mapped->tile_count; t++)
            if (mapped->tiles[t].column_begin <= edges[e] && mapped->tiles[t].column_end > edges[e])
                over[found++] = &mapped->tiles[t];
        WEFT_TRY(check_strip(c, mapped, over, found, edges[e], edges[e + 1]));
    }
    return WEFT_OK;
}

static weft_status check_cover(const checker *c, const weft_mapped_stage *mapped) {
    size_t tiles = (size_t)mapped->tile_count;
    int *edges = calloc(2 * tiles + 2, sizeof *edges);
    const weft_tile **over = calloc(tiles + 1, sizeof *over);
    weft_status status = edges && over ? check_strips(c, mapped, edges, over) : out_of_memory(c);
    free(edges);
    free(over);
    return status;
}

/* ---- arrays and buffers ---- */

static weft_status claim_arrays(const checker *c, const weft_tile **owner) {
    for (int s = 0; s < c->mapping->stage_count; s++) {
        const weft_mapped_stage *mapped = &c->mapping->stages[s];
        for (int t = 0; t < mapped->tile_count; t++) {
            const weft_tile *tile = &mapped->tiles[t];
            const weft_tile **slot = &owner[(size_t)tile->core * (size_t)c->chip->array.per_core + (size_t)tile->array];
            if (*slot && tile->line)
                return bad(c, tile->line, "stage \"%s\", tile: array %d of core %d is used in line %d too",
                           mapped->name, tile->array, tile->core, (*slot)->line);
            if (*slot)
                return bad(c, 0, "stage \"%s\", tile: array %d of core %d is used twice", mapped->name, tile->array,
                           tile->core);
            *slot = tile;
        }
    }
    return WEFT_OK;
}

static weft_status check_arrays(const checker *c) {
    const weft_tile **owner = calloc((size_t)c->chip->core_count * (size_t)c->chip->array.per_core + 1, sizeof *owner);
    weft_status status = owner ? claim_arrays(c, owner) : out_of_memory(c);
    free(owner);
    return status;
}

int64_t weft_mapping_input_bytes(const weft_stage *stage, const weft_chip *chip) {
    int64_t rows = (int64_t)(stage->window.kernel_h - 1) * stage->window.dilation_h + 1;
    if (rows > stage->in.height) rows = stage->in.height;
    return (rows * stage->in.width * stage->in.channels * chip->input.bits + 7) / 8;
}

int64_t weft_mapping_block_bytes(const weft_stage *stage, const weft_chip *chip, int columns) {
    int64_t values = stage->matrix_out.width;
    for (int i = 0; i < stage->op_count; i++) {
        const weft_digital_op *op = &stage->ops[i];
        if (op->kind != WEFT_DIGITAL_MAX_POOL && op->kind != WEFT_DIGITAL_AVERAGE_POOL) continue;
        int64_t rows = (int64_t)(op->window.kernel_h - 1) * op->window.dilation_h + 1;
        values += (rows < op->in.height ? rows : op->in.height) * op->in.width;
    }
    return (values * columns * chip->io.partial_bits + 7) / 8;
}

/* bytes[core_count] += what the stage needs; line[core_count]: where a core is first named. last[core_count] is
 * scratch: the last stage + 1 whose input map was counted. */
static void add_stage_bytes(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip, int s,
                            int64_t *bytes, int *last) {
    const weft_mapped_stage *mapped = &mapping->stages[s];
    int64_t input = weft_mapping_input_bytes(&stages->items[s], chip);
    for (int t = 0; t < mapped->tile_count; t++) {
        int core = mapped->tiles[t].core;
        if (last[core] != s + 1) bytes[core] += input;
        last[core] = s + 1;
    }
    for (int b = 0; b < mapped->block_count; b++) {
        const weft_output_block *block = &mapped->blocks[b];
        bytes[block->core] +=
            weft_mapping_block_bytes(&stages->items[s], chip, block->column_end - block->column_begin);
    }
}

int64_t weft_mapping_buffer_bytes(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip,
                                  int core) {
    int64_t bytes = 0;
    for (int s = 0; s < mapping->stage_count; s++) {
        const weft_mapped_stage *mapped = &mapping->stages[s];
        int t = 0;
        while (t < mapped->tile_count && mapped->tiles[t].core != core) t++;
        if (t < mapped->tile_count) bytes += weft_mapping_input_bytes(&stages->items[s], chip);
        for (int b = 0; b < mapped->block_count; b++)
            if (mapped->blocks[b].core == core)
                bytes += weft_mapping_block_bytes(&stages->items[s], chip,
                                                  mapped->blocks[b].column_end - mapped->blocks[b].column_begin);
    }
    return bytes;
}

/* Line of the last stage's first tile or output on a core that lies within the limit without it. */
static weft_status buffer_exceeded(const checker *c, int s, int core, int64_t bytes) {
    const weft_mapped_stage *mapped = &c->mapping->stages[s];
    int line = 0;
    for (int t = 0; t < mapped->tile_count && !line; t++)
        if (mapped->tiles[t].core == core) line = mapped->tiles[t].line;
    for (int b = 0; b < mapped->block_count && !line; b++)
        if (mapped->blocks[b].core == core) line = mapped->blocks[b].line;
    return bad(c, line, "stage \"%s\": core %d needs %lld bytes of buffer up to this stage, it has %lld", mapped->name,
               core, (long long)bytes, (long long)c->chip->core.buffer_bytes);
}

static weft_status check_buffers(const checker *c) {
    weft_status status = WEFT_OK;
    size_t cores = (size_t)c->chip->core_count;
    int64_t *bytes = calloc(cores + 1, sizeof *bytes);
    int *last = calloc(cores + 1, sizeof *last);
    if (!bytes || !last) status = out_of_memory(c);
    for (int s = 0; s < c->mapping->stage_count && status == WEFT_OK; s++) {
        add_stage_bytes(c->mapping, c->stages, c->chip, s, bytes, last);
        for (size_t k = 0; k < cores && status == WEFT_OK; k++)
            if (bytes[k] > c->chip->core.buffer_bytes) status = buffer_exceeded(c, s, (int)k, bytes[k]);
    }
    free(bytes);
    free(last);
    return status;
}

static weft_status check_count(const checker *c) {
    int have = c->mapping->stage_count, want = c->stages->count;
    if (have == want) return WEFT_OK;
    int line = have > want ? c->mapping->stages[want].line : 0;
    return bad(c, line, "%d stages, the network has %d", have, want);
}

weft_status weft_mapping_check(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip,
                               weft_error *err) {
    assert(mapping && stages && chip);
    checker c = {.mapping = mapping, .stages = stages, .chip = chip, .err = err};
    WEFT_TRY(check_count(&c));
    for (int s = 0; s < mapping->stage_count; s++) {
        const weft_mapped_stage *mapped = &mapping->stages[s];
        WEFT_TRY(check_header(&c, s));
        WEFT_TRY(check_blocks(&c, mapped));
        for (int t = 0; t < mapped->tile_count; t++) WEFT_TRY(check_tile(&c, mapped, &mapped->tiles[t]));
        WEFT_TRY(check_cover(&c, mapped));
    }
    WEFT_TRY(check_arrays(&c));
    return check_buffers(&c);
}
