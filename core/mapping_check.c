#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mapping_internal.h"

weft_status weft_mapping_bad(const weft_mapping_checker *c, int line, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *path = c->mapping->path[0] ? c->mapping->path : NULL;
    return weft_error_set_at(c->err, WEFT_E_INVALID, path, path ? line : 0, 0, "%s", text);
}

weft_status weft_mapping_no_memory(const weft_mapping_checker *c) {
    return weft_error_set(c->err, WEFT_E_MEMORY, "out of memory while checking the mapping");
}

const char *weft_mapping_stage_text(char out[WEFT_STAGE_TEXT], const weft_mapped_stage *mapped, int copy) {
    if (weft_mapped_stage_copies(mapped) > 1)
        snprintf(out, WEFT_STAGE_TEXT, "stage \"%.256s\", copy %d", mapped->name, copy);
    else
        snprintf(out, WEFT_STAGE_TEXT, "stage \"%.256s\"", mapped->name);
    return out;
}

/* ---- one stage ---- */

static weft_status check_copies(const weft_mapping_checker *c, const weft_mapped_stage *mapped,
                                const weft_stage *stage) {
    int y = mapped->copies_y, x = mapped->copies_x;
    if (y < 1 || x < 1)
        return weft_mapping_bad(c, mapped->line, "stage \"%s\": copies [%d, %d], at least [1, 1] are needed",
                                stage->name, y, x);
    if (mapped->shift < 0 || mapped->shift >= x)
        return weft_mapping_bad(c, mapped->line, "stage \"%s\": shift %d with copies [%d, %d], 0 to %d are allowed",
                                stage->name, mapped->shift, y, x, x - 1);
    if (y > stage->out.height || (x > stage->out.width && mapped->shift == 0))
        return weft_mapping_bad(c, mapped->line,
                                "stage \"%s\": copies [%d, %d], its output has only %d x %d positions (y, x)",
                                stage->name, y, x, stage->out.height, stage->out.width);
    if ((int64_t)y * x > (int64_t)stage->out.height * stage->out.width)
        return weft_mapping_bad(c, mapped->line, "stage \"%s\": copies [%d, %d], more than its %lld output positions",
                                stage->name, y, x, (long long)stage->out.height * stage->out.width);
    for (int copy = 0; mapped->shift > 0 && copy < y * x; copy++)
        if (weft_mapped_stage_positions(mapped, stage, copy) == 0)
            return weft_mapping_bad(c, mapped->line,
                                    "stage \"%s\": copies [%d, %d] with shift %d, copy %d computes nothing",
                                    stage->name, y, x, mapped->shift, copy);
    if ((y > 1 || x > 1) && !weft_stage_is_local(stage))
        return weft_mapping_bad(c, mapped->line,
                                "stage \"%s\": copies [%d, %d], but positions of it are part of several outputs "
                                "(overlapping pooling windows or padding): it has one copy",
                                stage->name, y, x);
    return WEFT_OK;
}

static weft_status check_header(const weft_mapping_checker *c, int s) {
    const weft_mapped_stage *mapped = &c->mapping->stages[s];
    const weft_stage *stage = &c->stages->items[s];
    if (strcmp(mapped->name ? mapped->name : "", stage->name) != 0)
        return weft_mapping_bad(c, mapped->line, "stage %d is \"%s\", the network's is \"%s\"", s,
                                mapped->name ? mapped->name : "", stage->name);
    if (mapped->rows != stage->rows || mapped->columns != stage->columns)
        return weft_mapping_bad(c, mapped->line, "stage \"%s\": a matrix of %d x %d, the network's is %d x %d",
                                stage->name, mapped->rows, mapped->columns, stage->rows, stage->columns);
    return check_copies(c, mapped, stage);
}

/* Part, copy and core of a tile or an output. */
static weft_status check_place(const weft_mapping_checker *c, const weft_mapped_stage *mapped, int line,
                               const char *what, int part, int copy, int core) {
    int copies = weft_mapped_stage_copies(mapped);
    if (part < 0 || part >= c->mapping->parts)
        return weft_mapping_bad(c, line, "stage \"%s\", %s: part %d does not exist, the mapping has parts 0 to %d",
                                mapped->name, what, part, c->mapping->parts - 1);
    if (copy < 0 || copy >= copies)
        return weft_mapping_bad(c, line, "stage \"%s\", %s: copy %d does not exist, the stage has copies 0 to %d",
                                mapped->name, what, copy, copies - 1);
    if (core < 0 || core >= c->chip->core_count)
        return weft_mapping_bad(c, line, "stage \"%s\", %s: core %d does not exist, the chip has cores 0 to %d",
                                mapped->name, what, core, c->chip->core_count - 1);
    return WEFT_OK;
}

static weft_status columns_missing(const weft_mapping_checker *c, const weft_mapped_stage *mapped, int line, int copy,
                                   int begin, int end) {
    char text[WEFT_STAGE_TEXT];
    return weft_mapping_bad(c, line, "%s: columns [%d, %d) are in no output",
                            weft_mapping_stage_text(text, mapped, copy), begin, end);
}

static weft_status check_block(const weft_mapping_checker *c, const weft_mapped_stage *mapped,
                               const weft_output_block *block) {
    WEFT_TRY(check_place(c, mapped, block->line, "output", block->part, block->copy, block->core));
    if (block->column_begin >= 0 && block->column_begin < block->column_end && block->column_end <= mapped->columns)
        return WEFT_OK;
    return weft_mapping_bad(c, block->line, "stage \"%s\", output: columns [%d, %d) are not in [0, %d)", mapped->name,
                            block->column_begin, block->column_end, mapped->columns);
}

/* Copy after copy, blocks follow each other from column 0 to the last. */
static weft_status check_blocks(const weft_mapping_checker *c, const weft_mapped_stage *mapped) {
    char text[WEFT_STAGE_TEXT];
    int copy = 0, next = 0;
    for (int b = 0; b < mapped->block_count; b++) {
        const weft_output_block *block = &mapped->blocks[b];
        WEFT_TRY(check_block(c, mapped, block));
        if (block->copy > copy && next == mapped->columns) {
            copy++;
            next = 0;
        }
        if (block->copy > copy) return columns_missing(c, mapped, mapped->line, copy, next, mapped->columns);
        if (block->copy < copy || block->column_begin < next)
            return weft_mapping_bad(c, block->line, "%s, output: column %d is in two outputs",
                                    weft_mapping_stage_text(text, mapped, block->copy), block->column_begin);
        if (block->column_begin > next) return columns_missing(c, mapped, block->line, copy, next, block->column_begin);
        next = block->column_end;
    }
    if (next < mapped->columns) return columns_missing(c, mapped, mapped->line, copy, next, mapped->columns);
    if (copy + 1 == weft_mapped_stage_copies(mapped)) return WEFT_OK;
    return columns_missing(c, mapped, mapped->line, copy + 1, 0, mapped->columns);
}

static weft_status check_tile_place(const weft_mapping_checker *c, const weft_mapped_stage *mapped,
                                    const weft_tile *tile) {
    WEFT_TRY(check_place(c, mapped, tile->line, "tile", tile->part, tile->copy, tile->core));
    if (tile->array < 0 || tile->array >= c->chip->array.per_core)
        return weft_mapping_bad(c, tile->line,
                                "stage \"%s\", tile: array %d does not exist, a core has arrays 0 to %lld",
                                mapped->name, tile->array, (long long)c->chip->array.per_core - 1);
    if (tile->row_begin < 0 || tile->row_begin >= tile->row_end || tile->row_end > mapped->rows)
        return weft_mapping_bad(c, tile->line, "stage \"%s\", tile: rows [%d, %d) are not in [0, %d)", mapped->name,
                                tile->row_begin, tile->row_end, mapped->rows);
    if (tile->column_begin < 0 || tile->column_begin >= tile->column_end || tile->column_end > mapped->columns)
        return weft_mapping_bad(c, tile->line, "stage \"%s\", tile: columns [%d, %d) are not in [0, %d)", mapped->name,
                                tile->column_begin, tile->column_end, mapped->columns);
    return WEFT_OK;
}

static weft_status check_tile_size(const weft_mapping_checker *c, const weft_mapped_stage *mapped,
                                   const weft_tile *tile) {
    const weft_chip *chip = c->chip;
    int rows = tile->row_end - tile->row_begin, columns = tile->column_end - tile->column_begin;
    if (rows > chip->array.rows)
        return weft_mapping_bad(c, tile->line, "stage \"%s\", tile: %d rows, an array has %lld", mapped->name, rows,
                                (long long)chip->array.rows);
    if ((int64_t)columns * chip->columns_per_weight > chip->array.columns)
        return weft_mapping_bad(c, tile->line,
                                "stage \"%s\", tile: %d columns of %d cells, an array has %lld cells in a row",
                                mapped->name, columns, chip->columns_per_weight, (long long)chip->array.columns);
    return WEFT_OK;
}

static weft_status check_tile(const weft_mapping_checker *c, const weft_mapped_stage *mapped, const weft_stage *stage,
                              const weft_tile *tile) {
    WEFT_TRY(check_tile_place(c, mapped, tile));
    WEFT_TRY(check_tile_size(c, mapped, tile));
    const weft_output_block *block = &mapped->blocks[weft_mapped_stage_block(mapped, tile->copy, tile->column_begin)];
    if (tile->column_end > block->column_end)
        return weft_mapping_bad(
            c, tile->line, "stage \"%s\", tile: columns [%d, %d) cross the output of columns [%d, %d)", mapped->name,
            tile->column_begin, tile->column_end, block->column_begin, block->column_end);
    if (tile->part != block->part)
        return weft_mapping_bad(c, tile->line,
                                "stage \"%s\", tile: part %d, its output of columns [%d, %d) is in part %d",
                                mapped->name, tile->part, block->column_begin, block->column_end, block->part);
    int rows = weft_stage_group_rows(stage), columns = weft_stage_group_columns(stage);
    if (tile->row_begin / rows <= (tile->column_end - 1) / columns &&
        tile->column_begin / columns <= (tile->row_end - 1) / rows)
        return WEFT_OK;
    return weft_mapping_bad(c, tile->line,
                            "stage \"%s\", tile: rows [%d, %d) and columns [%d, %d) have no group in common, so no "
                            "weights",
                            mapped->name, tile->row_begin, tile->row_end, tile->column_begin, tile->column_end);
}

static weft_status check_stage(const weft_mapping_checker *c, int s) {
    const weft_mapped_stage *mapped = &c->mapping->stages[s];
    WEFT_TRY(check_header(c, s));
    WEFT_TRY(check_blocks(c, mapped));
    for (int t = 0; t < mapped->tile_count; t++)
        WEFT_TRY(check_tile(c, mapped, &c->stages->items[s], &mapped->tiles[t]));
    return weft_mapping_check_cover(c, s);
}

/* ---- the whole ---- */

static weft_status check_counts(const weft_mapping_checker *c) {
    int have = c->mapping->stage_count, want = c->stages->count;
    if (c->mapping->parts < 1 || c->mapping->chips < 1)
        return weft_mapping_bad(c, 0, "%d parts on %d chips, at least one of each is needed", c->mapping->parts,
                                c->mapping->chips);
    if (have == want) return WEFT_OK;
    int line = have > want ? c->mapping->stages[want].line : 0;
    return weft_mapping_bad(c, line, "%d stages, the network has %d", have, want);
}

static int last_part(const weft_mapped_stage *mapped) {
    int last = 0;
    for (int b = 0; b < mapped->block_count; b++)
        if (mapped->blocks[b].part > last) last = mapped->blocks[b].part;
    return last;
}

static weft_status check_order_of(const weft_mapping_checker *c, int s, const int *last) {
    const weft_mapped_stage *mapped = &c->mapping->stages[s];
    const weft_stage *stage = &c->stages->items[s];
    const weft_output_block *first = &mapped->blocks[0];
    for (int b = 1; b < mapped->block_count; b++)
        if (mapped->blocks[b].part < first->part) first = &mapped->blocks[b];
    for (int p = 0; p < stage->port_count; p++)
        for (int i = 0; i < stage->ports[p].source_count; i++) {
            int source = stage->ports[p].sources[i].stage;
            if (source >= 0 && last[source] > first->part)
                return weft_mapping_bad(c, first->line,
                                        "stage \"%s\", output: part %d comes before part %d of stage \"%s\", which it "
                                        "reads",
                                        mapped->name, first->part, last[source], c->mapping->stages[source].name);
        }
    return WEFT_OK;
}

/* Every part has something to do and what it reads is there. */
static weft_status check_parts(const weft_mapping_checker *c) {
    const weft_mapping *mapping = c->mapping;
    weft_status status = WEFT_OK;
    int64_t blocks = 0;
    for (int s = 0; s < mapping->stage_count; s++) blocks += mapping->stages[s].block_count;
    int64_t parts = mapping->parts < blocks + 1 ? mapping->parts : blocks + 1;
    bool *used = calloc((size_t)parts, sizeof *used);
    int *last = calloc((size_t)mapping->stage_count + 1, sizeof *last);
    if (!used || !last) status = weft_mapping_no_memory(c);
    for (int s = 0; status == WEFT_OK && s < mapping->stage_count; s++) {
        last[s] = last_part(&mapping->stages[s]);
        status = check_order_of(c, s, last);
        for (int b = 0; b < mapping->stages[s].block_count; b++)
            if (mapping->stages[s].blocks[b].part < parts) used[mapping->stages[s].blocks[b].part] = true;
    }
    for (int p = 0; status == WEFT_OK && p < parts; p++)
        if (!used[p]) status = weft_mapping_bad(c, 0, "part %d of %d is empty", p, mapping->parts);
    free(used);
    free(last);
    return status;
}

static weft_status check_ranges(const weft_mapping_checker *c) {
    const weft_mapping *m = c->mapping;
    for (int s = 0; c->stages->range_of && s < m->stage_count; s++) {
        int other = c->stages->range_of[1 + s] - 1;
        if (other == s) continue;
        float low = other < 0 ? m->input_min : m->stages[other].output_min;
        float high = other < 0 ? m->input_max : m->stages[other].output_max;
        if (m->stages[s].output_min == low && m->stages[s].output_max == high) continue;
        return weft_mapping_bad(c, m->stages[s].line,
                                "stage \"%s\": output_range [%g, %g] differs from [%g, %g] of %s%s%s, with which it "
                                "is concatenated",
                                m->stages[s].name, (double)m->stages[s].output_min, (double)m->stages[s].output_max,
                                (double)low, (double)high, other < 0 ? "" : "\"",
                                other < 0 ? "the network's input" : m->stages[other].name, other < 0 ? "" : "\"");
    }
    return WEFT_OK;
}

weft_status weft_mapping_check(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip,
                               weft_error *err) {
    assert(mapping && stages && chip);
    weft_mapping_checker c = {.mapping = mapping, .stages = stages, .chip = chip, .err = err};
    WEFT_TRY(check_counts(&c));
    for (int s = 0; s < mapping->stage_count; s++) WEFT_TRY(check_stage(&c, s));
    WEFT_TRY(check_parts(&c));
    WEFT_TRY(check_ranges(&c));
    WEFT_TRY(weft_mapping_check_arrays(&c));
    return weft_mapping_check_buffers(&c);
}
