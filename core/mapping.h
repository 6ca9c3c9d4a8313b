/* Mapping file: which piece of which weight matrix lies in which array of which core. Written by the mapper (or by
 * anybody), read by the simulator; a chip, a network and a mapping are all the simulator needs.
 *
 *   weft_mapping: 2
 *   network: {file: net.onnx, sha256: ...}          # file relative to the mapping's folder
 *   chip: {file: isaac-ce.yaml, sha256: ...}         # also set: [adc.bits=6], the settings it was made with
 *   parts: 1                                         # programs: a chip holds the weights of one part at a time
 *   chips: 1                                         # part p runs on chip p mod chips
 *   input_range: [0, 1]                              # of the network's input; [0, 0] when unknown
 *   stages:
 *     - name: conv1                                  # the ONNX node
 *       rows: 9                                      # of the whole matrix, 0 for a digital stage
 *       columns: 32
 *       output_range: [0, 6.2]                       # calibrated; [0, 0] when unknown: the simulator calibrates
 *       copies: [1, 2]                               # along y, x: copy (y mod 1) * 2 + x mod 2 computes output (y, x)
 *       shift: 1                                     # optional: ... + (x + 1 * floor(y / 1)) mod 2
 *       outputs:                                     # where partial sums meet and the digital unit works
 *         - {part: 0, copy: 0, core: 0, columns: [0, 16]}
 *       tiles:
 *         - {part: 0, copy: 0, core: 0, array: 0, rows: [0, 9], columns: [0, 16]}   # half-open ranges
 *
 * Copies share out the output positions of a stage: each has all of its weights (replication). They need a stage that
 * weft_stage_is_local. A shift lets any number of copies have equal shares: copies [1, n] with the output's width as
 * shift deal the positions out in turn, row after row. Parts come one after the other: when a network is larger than
 * the chip, the arrays are programmed anew for each part, or each part has a chip of its own; values between parts go
 * through the host. A stage may lie in several parts, split by columns. parts, chips, copies, part and copy may be left
 * out: 1, 1, [1, 1], 0, 0; shift too: 0. A digital stage has no tiles: the key is left out.
 */
#ifndef WEFT_CORE_MAPPING_H
#define WEFT_CORE_MAPPING_H

#include "core/chip.h"
#include "core/lowering.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_tile {
    int part, copy, core, array;
    int row_begin, row_end, column_begin, column_end; /* of the stage's matrix, in weights */
    int line;                                         /* in the mapping file, 0 when made here */
} weft_tile;
/* Columns whose sums meet on one core. Every tile lies within one block of its part and copy. */
typedef struct weft_output_block {
    int part, copy, core, column_begin, column_end;
    int line;
} weft_output_block;
typedef struct weft_mapped_stage {
    char *name;
    int rows, columns;
    float output_min, output_max;
    int copies_y, copies_x, shift; /* shift: 0 to copies_x - 1 */
    int block_count, tile_count;
    weft_output_block *blocks; /* by copy, then column_begin */
    weft_tile *tiles;          /* by copy, column_begin, row_begin */
    int line;
} weft_mapped_stage;
typedef struct weft_mapping {
    char path[4096]; /* of the mapping file, for messages; "" when made here */
    char network_path[4096], chip_path[4096];
    weft_sha256 network_sha256, chip_sha256;
    int setting_count; /* KEY=VALUE settings (--set) of the chip that the mapping was made with, in order */
    char **settings;
    int parts, chips;
    float input_min, input_max; /* of the network's input */
    int stage_count;
    weft_mapped_stage *stages;
} weft_mapping;

/* The copy that computes an output position depends on its row and its column each by their phase: of a row from 0 to
 * copies - 1, a multiple of copies_x where there is no shift; of a column from 0 to copies_x - 1. axis: 0 for rows. */
static inline int weft_mapped_stage_phase(const weft_mapped_stage *stage, int axis, int at) {
    if (axis == 1) return at % stage->copies_x;
    int64_t moved = (int64_t)stage->shift * (at / stage->copies_y);
    return at % stage->copies_y * stage->copies_x + (int)(moved % stage->copies_x);
}
static inline int weft_mapped_stage_join(const weft_mapped_stage *stage, int phase_y, int phase_x) {
    int column = phase_y % stage->copies_x + phase_x;
    return phase_y - phase_y % stage->copies_x + (column < stage->copies_x ? column : column - stage->copies_x);
}
/* Phase of the columns that a copy computes in rows of that phase, which are the copy's. */
static inline int weft_mapped_stage_column(const weft_mapped_stage *stage, int copy, int phase_y) {
    int column = copy % stage->copies_x - phase_y % stage->copies_x;
    return column < 0 ? column + stage->copies_x : column;
}
/* Copy that computes output position (y, x) of the stage. */
static inline int weft_mapped_stage_copy(const weft_mapped_stage *stage, int y, int x) {
    return weft_mapped_stage_join(stage, weft_mapped_stage_phase(stage, 0, y), weft_mapped_stage_phase(stage, 1, x));
}
static inline int weft_mapped_stage_copies(const weft_mapped_stage *stage) { return stage->copies_y * stage->copies_x; }
/* Number of the copy's block that has the column; blocks in order. */
int weft_mapped_stage_block(const weft_mapped_stage *stage, int copy, int column);
/* Output positions that a copy computes. */
int weft_mapped_stage_positions(const weft_mapped_stage *mapped, const weft_stage *stage, int copy);

/* stage_count stages, zeroed but for one copy each; one part, one chip; name, blocks and tiles of each are the caller's
 * to malloc, and freed by destroy. */
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
/* Against stages and chip: names and sizes agree; in every copy, every weight in exactly one tile, blocks cover every
 * column once and tiles do not cross blocks, copies only where they can be, no more than there are output positions;
 * tile within array, array used once in a part, cores and arrays exist, no part is empty, no part reads a stage that
 * lies in a later one, core buffers hold what the stages need in every part; ranges of outputs that share a scale are
 * equal. Of a grouped stage only the weights of its groups need tiles, each tile holds one of them at least, and what
 * else lies in it is 0. INVALID at the line of the first offender. */
weft_status weft_mapping_check(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip,
                               weft_error *err);
/* The settings of a mapping's chip: those it was made with, then `set`. items is malloc'd. */
weft_status weft_mapped_settings(weft_texts *out, const weft_mapping *mapping, const weft_texts *set, weft_error *err);
/* The chip of a mapping with these settings. CHECKSUM when the file is not the one that the mapping was made for;
 * *changed: `set` makes it another chip. */
weft_status weft_mapped_chip(weft_chip **out, bool *changed, const weft_mapping *mapping, const weft_texts *settings,
                             weft_error *err);
/* The network of a mapping. CHECKSUM when the file is not the one that the mapping was made for. */
weft_status weft_mapped_network(weft_network **out, const weft_mapping *mapping, weft_error *err);
/* How many different cores hold tiles or outputs of a stage, counted by part; -1 when memory is out. */
int weft_mapped_stage_cores(const weft_mapped_stage *stage);
/* Bytes of buffer that a core needs in a part: for each stage weft_mapping_input_bytes of its tiles here (of all copies
 * together), and weft_mapping_block_bytes of each output block here. */
int64_t weft_mapping_buffer_bytes(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip,
                                  int part, int core);
/* What tiles of one stage that lie on one core keep of its input map: the lines of weft_mapping_lines, full width, the
 * channels that they use, at input.bits a value (a dense layer: their rows). */
int64_t weft_mapping_input_bytes(const weft_stage *stage, const weft_chip *chip, const weft_tile *tiles,
                                 int tile_count);
/* For that many columns of one of copies_x copies along x: one row of partial sums and, for each pooling, the rows
 * under its window, at io.partial_bits a value; for each ADD, the rows by which its second term is ahead of the first
 * (weft_stages_lag), at input.bits; for a digital stage, a row of its input and its lag. A copy keeps its share of a
 * row, see weft_mapping_row_share. */
int64_t weft_mapping_block_bytes(const weft_stages *stages, int stage, const weft_chip *chip, int columns,
                                 int copies_x);
/* Lines of the input map that are kept where tiles have kernel rows `first` to `last`: those between them, and, less
 * one stride, since sums of one row wait at the blocks, those down to the kernel's last row, which arrays elsewhere
 * need before this row is done; and port 0's lag. At most the map's height. */
int64_t weft_mapping_lines(const weft_stage *stage, int first, int last);
/* Pixels of its map, in raster order, that tiles of one stage on one core have room for at least: the lines of
 * weft_mapping_input_bytes, full width (a dense layer's kernel is its whole map). */
int64_t weft_mapping_input_pixels(const weft_stage *stage, const weft_tile *tiles, int tile_count);
/* Values of a row in front of operation op that one of copies_x copies of the stage has to do with, at most. */
int64_t weft_mapping_row_share(const weft_stage *stage, int op, int copies_x);
/* Rows of a port's map that blocks have room for at least: an ADD's second term, a digital stage's input. */
int64_t weft_mapping_port_rows(const weft_stages *stages, int stage, int port);
/* Rows by which a port's values are ahead of their use when each stage computes as soon as the rows under its kernel
 * are there: an ADD's port, rows there when the first of them is added, at least 1; port 0, rows there beyond the
 * window's, because some of several sources come early (else 0). At most the port's height. With them no graph waits
 * for itself; worked out by weft_lower (weft_port.lag, lowering_lag.c). */
int weft_stages_lag(const weft_stages *stages, int stage, int port);

#ifdef __cplusplus
}
#endif
#endif
