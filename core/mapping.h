/* Mapping file: which piece of which weight matrix lies in which array of which core. Written by the mapper (or by
 * anybody), read by the simulator; a chip, a network and a mapping are all the simulator needs.
 *
 *   weft_mapping: 1
 *   network: {file: net.onnx, sha256: ...}          # file relative to the mapping's folder
 *   chip: {file: isaac-ce.yaml, sha256: ...}         # also set: [adc.bits=6], the settings it was made with
 *   stages:
 *     - name: conv1                                  # the ONNX node
 *       rows: 9                                      # of the whole matrix
 *       columns: 32
 *       input_range: [0, 1]                          # calibrated; [0, 0] when unknown: the simulator calibrates
 *       outputs:                                     # where partial sums meet and the digital unit works
 *         - {core: 0, columns: [0, 16]}
 *       tiles:
 *         - {core: 0, array: 0, rows: [0, 9], columns: [0, 16]}   # half-open ranges
 */
#ifndef WEFT_CORE_MAPPING_H
#define WEFT_CORE_MAPPING_H

#include "core/chip.h"
#include "core/lowering.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_tile {
    int core, array;
    int row_begin, row_end, column_begin, column_end; /* of the stage's matrix, in weights */
    int line;                                         /* in the mapping file, 0 when made here */
} weft_tile;
/* Columns whose sums meet on one core. Every tile lies within one block. */
typedef struct weft_output_block {
    int core, column_begin, column_end;
    int line;
} weft_output_block;
typedef struct weft_mapped_stage {
    char *name;
    int rows, columns;
    float input_min, input_max;
    int block_count, tile_count;
    weft_output_block *blocks; /* by column_begin */
    weft_tile *tiles;          /* by column_begin, then row_begin */
    int line;
} weft_mapped_stage;
typedef struct weft_mapping {
    char path[4096]; /* of the mapping file, for messages; "" when made here */
    char network_path[4096], chip_path[4096];
    weft_sha256 network_sha256, chip_sha256;
    int setting_count; /* KEY=VALUE settings (--set) of the chip that the mapping was made with, in order */
    char **settings;
    int stage_count;
    weft_mapped_stage *stages;
} weft_mapping;

/* stage_count zeroed stages; name, blocks and tiles of each are the caller's to malloc, and freed by destroy. */
weft_status weft_mapping_create(weft_mapping **out, int stage_count, weft_error *err);
void weft_mapping_destroy(weft_mapping *mapping); /* NULL is allowed */
/* Appends a copy of the text. */
weft_status weft_mapping_add_setting(weft_mapping *mapping, const char *setting, weft_error *err);
/* Reads the file alone; paths are resolved against its folder (chip also through weft_data_find). PARSE/INVALID with
 * file:line:column. Does not open network or chip. */
weft_status weft_mapping_read(weft_mapping **out, const char *path, weft_error *err);
/* Atomic. network_path and chip_path are written relative to path's folder where that is possible. Deterministic text.
 */
weft_status weft_mapping_write(const weft_mapping *mapping, const char *path, weft_error *err);
/* Against stages and chip: names and sizes agree, every weight in exactly one tile, blocks cover every column once and
 * tiles do not cross blocks, tile within array, array used once, cores and arrays exist, core buffers hold what the
 * stages need. INVALID at the line of the first offender. */
weft_status weft_mapping_check(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip,
                               weft_error *err);
/* How many different cores hold tiles of a stage. */
int weft_mapped_stage_cores(const weft_mapped_stage *stage);
/* Bytes of buffer that a core needs: weft_mapping_input_bytes of each stage with tiles here, and
 * weft_mapping_block_bytes of each output block here. */
int64_t weft_mapping_buffer_bytes(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip,
                                  int core);
/* Part of a stage's input map: the rows under the kernel, full width, all channels, at input.bits a value (a dense
 * layer: all). */
int64_t weft_mapping_input_bytes(const weft_stage *stage, const weft_chip *chip);
/* One row of partial sums and, for each pooling, the rows under its window, at io.partial_bits a value, for that many
 * columns. */
int64_t weft_mapping_block_bytes(const weft_stage *stage, const weft_chip *chip, int columns);

#ifdef __cplusplus
}
#endif
#endif
