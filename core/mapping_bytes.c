/* How much buffer a mapping needs. */
#include <string.h>

#include "core/mapping.h"

int weft_stages_lag(const weft_stages *stages, int stage, int port) {
    int lag = stages->items[stage].ports[port].lag;
    return lag > 1 || port == 0 ? lag : 1;
}

/* ---- what tiles read ---- */

enum { SET_WORDS = 512, SET_VALUES = SET_WORDS * 64 };

/* A stretch [base, base + SET_VALUES) of whole numbers, some of them marked. */
typedef struct number_set {
    int base;
    uint64_t words[SET_WORDS];
} number_set;

static void mark(number_set *set, int begin, int end) {
    begin = begin > set->base ? begin - set->base : 0;
    end = end - set->base < SET_VALUES ? end - set->base : SET_VALUES;
    while (begin < end) {
        int word = begin / 64, bit = begin % 64, count = end - begin < 64 - bit ? end - begin : 64 - bit;
        set->words[word] |= (count == 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1) << bit;
        begin += count;
    }
}

static int64_t count_marked(const number_set *set, int values) {
    int64_t count = 0;
    for (int i = 0; i < SET_WORDS && i * 64 < values; i++)
        for (uint64_t word = set->words[i]; word; word &= word - 1) count++;
    return count;
}

/* The input channels of a tile's rows. */
static void mark_channels(number_set *set, const weft_stage *stage, const weft_tile *tile) {
    int rows = weft_stage_group_rows(stage), channels = stage->in.channels / stage->groups;
    for (int group = tile->row_begin / rows; group * rows < tile->row_end; group++) {
        int begin = tile->row_begin > group * rows ? tile->row_begin - group * rows : 0;
        int end = tile->row_end - group * rows < rows ? tile->row_end - group * rows : rows;
        int first = begin % channels, last = (end - 1) % channels, base = group * channels;
        if (end - begin >= channels) {
            mark(set, base, base + channels);
        } else if (first <= last) {
            mark(set, base + first, base + last + 1);
        } else {
            mark(set, base, base + last + 1);
            mark(set, base + first, base + channels);
        }
    }
}

/* Tiles of one core in one part; any for core -1. */
typedef struct tile_list {
    const weft_tile *tiles;
    int count, part, core;
} tile_list;

static bool is_listed(const tile_list *list, int t) {
    return list->core < 0 || (list->tiles[t].core == list->core && list->tiles[t].part == list->part);
}

/* Different input channels that a convolution's tiles read, or different rows of a dense layer's. */
static int64_t count_inputs(const weft_stage *stage, const tile_list *list) {
    int values = stage->is_conv ? stage->in.channels : stage->rows;
    int64_t total = 0;
    number_set set;
    for (int base = 0; base < values; base += SET_VALUES) {
        int left = values - base;
        set.base = base;
        memset(set.words, 0, sizeof set.words[0] * (size_t)(left < SET_VALUES ? (left + 63) / 64 : SET_WORDS));
        for (int t = 0; t < list->count; t++) {
            if (!is_listed(list, t)) continue;
            if (stage->is_conv)
                mark_channels(&set, stage, &list->tiles[t]);
            else
                mark(&set, list->tiles[t].row_begin, list->tiles[t].row_end);
        }
        total += count_marked(&set, left);
        if (left <= SET_VALUES) break;
    }
    return total;
}

int64_t weft_mapping_lines(const weft_stage *stage, int first, int last) {
    const weft_window *w = &stage->window;
    int64_t own = (int64_t)(last - first) * w->dilation_h;
    int64_t others = (int64_t)(w->kernel_h - 1 - first) * w->dilation_h - w->stride_h;
    int64_t lines = (own > others ? own : others) + 1 + stage->ports[0].lag;
    return lines < stage->in.height ? lines : stage->in.height;
}

static void widen(int range[2], int begin, int end) {
    if (begin < range[0]) range[0] = begin;
    if (end > range[1]) range[1] = end;
}

/* Lines of the input map that the tiles keep. */
static int64_t count_lines(const weft_stage *stage, const tile_list *list) {
    int rows = weft_stage_group_rows(stage), line = stage->in.channels / stage->groups * stage->window.kernel_w;
    int kernel[2] = {stage->window.kernel_h, 0};
    for (int t = 0; t < list->count; t++) {
        if (!is_listed(list, t)) continue;
        int begin = list->tiles[t].row_begin, end = list->tiles[t].row_end;
        bool one_group = begin / rows == (end - 1) / rows;
        widen(kernel, one_group ? begin % rows / line : 0, one_group ? (end - 1) % rows / line + 1 : rows / line);
    }
    return kernel[1] == 0 ? 0 : weft_mapping_lines(stage, kernel[0], kernel[1] - 1);
}

static int64_t input_bytes(const weft_stage *stage, const weft_chip *chip, const tile_list *list) {
    int64_t values = 0;
    if (!stage->has_matrix) return 0;
    int64_t pixels = stage->is_conv ? count_lines(stage, list) * stage->in.width : 1;
    if (pixels > 0) values = pixels * count_inputs(stage, list);
    return (values * chip->input.bits + 7) / 8;
}

int64_t weft_mapping_input_pixels(const weft_stage *stage, const weft_tile *tiles, int tile_count) {
    return count_lines(stage, &(tile_list){.tiles = tiles, .count = tile_count, .core = -1}) * stage->in.width;
}

int64_t weft_mapping_input_bytes(const weft_stage *stage, const weft_chip *chip, const weft_tile *tiles,
                                 int tile_count) {
    return input_bytes(stage, chip, &(tile_list){.tiles = tiles, .count = tile_count, .core = -1});
}

/* ---- what outputs keep ---- */

/* Values of a row that one of the copies along x has to do with. */
int64_t weft_mapping_row_share(const weft_stage *stage, int op, int copies_x) {
    const int width = op < stage->op_count ? stage->ops[op].in.width : stage->out.width;
    int64_t stride = 1, outputs = ((int64_t)stage->out.width + copies_x - 1) / copies_x;
    if (copies_x == 1) return width;
    for (int i = op; i < stage->op_count; i++)
        if (stage->ops[i].kind == WEFT_DIGITAL_MAX_POOL || stage->ops[i].kind == WEFT_DIGITAL_AVERAGE_POOL)
            stride *= stage->ops[i].window.stride_w;
    int low = 0, high = width; /* the last output begins there */
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (weft_stage_owner(stage, op, 1, middle) < stage->out.width - 1)
            low = middle + 1;
        else
            high = middle;
    }
    int64_t last = width - low > stride ? width - low : stride, share = (outputs - 1) * stride + last;
    return share < width ? share : width;
}

int64_t weft_mapping_port_rows(const weft_stages *stages, int stage, int port) {
    int64_t rows = weft_stages_lag(stages, stage, port) + (port == 0),
            height = stages->items[stage].ports[port].shape.height;
    return rows < height ? rows : height;
}

int64_t weft_mapping_block_bytes(const weft_stages *stages, int index, const weft_chip *chip, int columns,
                                 int copies_x) {
    const weft_stage *stage = &stages->items[index];
    int64_t first = weft_mapping_row_share(stage, 0, copies_x);
    int64_t sums = stage->has_matrix ? first : 0;
    int64_t inputs = stage->has_matrix ? 0 : first * weft_mapping_port_rows(stages, index, 0);
    for (int i = 0; i < stage->op_count; i++) {
        const weft_digital_op *op = &stage->ops[i];
        int64_t width = weft_mapping_row_share(stage, i, copies_x);
        if (op->kind == WEFT_DIGITAL_ADD) inputs += weft_mapping_port_rows(stages, index, op->port) * width;
        if (op->kind != WEFT_DIGITAL_MAX_POOL && op->kind != WEFT_DIGITAL_AVERAGE_POOL) continue;
        int64_t rows = (int64_t)(op->window.kernel_h - 1) * op->window.dilation_h + 1;
        sums += (rows < op->in.height ? rows : op->in.height) * width;
    }
    return ((sums * chip->io.partial_bits + inputs * chip->input.bits) * columns + 7) / 8;
}

int64_t weft_mapping_buffer_bytes(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip,
                                  int part, int core) {
    int64_t bytes = 0;
    for (int s = 0; s < mapping->stage_count; s++) {
        const weft_mapped_stage *mapped = &mapping->stages[s];
        bytes +=
            input_bytes(&stages->items[s], chip,
                        &(tile_list){.tiles = mapped->tiles, .count = mapped->tile_count, .part = part, .core = core});
        for (int b = 0; b < mapped->block_count; b++) {
            const weft_output_block *block = &mapped->blocks[b];
            if (block->part == part && block->core == core)
                bytes += weft_mapping_block_bytes(stages, s, chip, block->column_end - block->column_begin,
                                                  mapped->copies_x);
        }
    }
    return bytes;
}
