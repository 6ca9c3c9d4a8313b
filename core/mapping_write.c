#include <assert.h>

#include "core/mapping_source.h"

/* What is left out reads as 0. */
static void write_place(FILE *stream, int part, int copy) {
    fputs("      - {", stream);
    if (part) fprintf(stream, "part: %d, ", part);
    if (copy) fprintf(stream, "copy: %d, ", copy);
}

static void write_outputs(FILE *stream, const weft_mapped_stage *stage) {
    fputs("    outputs:\n", stream);
    for (int i = 0; i < stage->block_count; i++) {
        const weft_output_block *block = &stage->blocks[i];
        write_place(stream, block->part, block->copy);
        fprintf(stream, "core: %d, columns: [%d, %d]}\n", block->core, block->column_begin, block->column_end);
    }
}

static void write_tiles(FILE *stream, const weft_mapped_stage *stage) {
    if (stage->tile_count > 0) fputs("    tiles:\n", stream);
    for (int i = 0; i < stage->tile_count; i++) {
        const weft_tile *tile = &stage->tiles[i];
        write_place(stream, tile->part, tile->copy);
        fprintf(stream, "core: %d, array: %d, rows: [%d, %d], columns: [%d, %d]}\n", tile->core, tile->array,
                tile->row_begin, tile->row_end, tile->column_begin, tile->column_end);
    }
}

static void write_range(FILE *stream, const char *key, float low, float high) {
    fprintf(stream, "%s: [%.9g, %.9g]\n", key, (double)low, (double)high);
}

static void write_stage(FILE *stream, const weft_mapped_stage *stage) {
    fputs("  - name: ", stream);
    weft_yaml_print_string(stream, stage->name);
    fprintf(stream, "\n    rows: %d\n    columns: %d\n", stage->rows, stage->columns);
    write_range(stream, "    output_range", stage->output_min, stage->output_max);
    if (stage->copies_y > 1 || stage->copies_x > 1)
        fprintf(stream, "    copies: [%d, %d]\n", stage->copies_y, stage->copies_x);
    if (stage->shift > 0) fprintf(stream, "    shift: %d\n", stage->shift);
    write_outputs(stream, stage);
    write_tiles(stream, stage);
}

static void write_header(FILE *stream, const weft_mapping *mapping, const char *path) {
    fputs("weft_mapping: 2\n", stream);
    weft_mapping_write_network(stream, path, mapping->network_path, &mapping->network_sha256);
    weft_mapping_write_chip(stream, path, mapping->chip_path, &mapping->chip_sha256, mapping->settings,
                            mapping->setting_count);
    if (mapping->parts > 1 || mapping->chips > 1)
        fprintf(stream, "parts: %d\nchips: %d\n", mapping->parts, mapping->chips);
    write_range(stream, "input_range", mapping->input_min, mapping->input_max);
}

weft_status weft_mapping_write(const weft_mapping *mapping, const char *path, weft_error *err) {
    assert(mapping && path);
    weft_output output;
    WEFT_TRY(weft_output_open(&output, path, err));
    write_header(output.stream, mapping, path);
    fputs("stages:\n", output.stream);
    for (int i = 0; i < mapping->stage_count; i++) write_stage(output.stream, &mapping->stages[i]);
    return weft_output_commit(&output, err);
}
