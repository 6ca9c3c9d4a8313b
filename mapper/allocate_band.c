#include "mapper/allocate_internal.h"

/* Bits that bands of that many tiles would send: the input of every cluster, and the partial sums. */
static double bits_of_band(const weft_filling *f, int tiles, int rows, int band) {
    const weft_stage *stage = f->stage;
    const weft_chip *chip = f->a->chip;
    int strips = f->piece->strip_end - f->piece->strip_begin;
    int wide = (int)chip->array.per_core / band;
    if (wide < 1) wide = 1;
    double bands = (tiles + band - 1) / band, clusters = bands * ((strips + wide - 1) / wide);
    double positions = (double)stage->matrix_out.height * stage->matrix_out.width;
    double pixels = stage->is_conv ? (double)stage->in.height * stage->in.width : 1.0;
    int64_t channels = (int64_t)band * rows, most = stage->is_conv ? stage->in.channels : stage->rows;
    if (channels > most) channels = most;
    double input = clusters * pixels * (double)(channels * chip->input.bits + chip->noc.header_bits);
    return input + (bands - 1) * positions * stage->columns * (double)chip->io.partial_bits;
}

/* About what a band's input needs of a buffer, as a share. */
static double share_of_band(const weft_filling *f, int rows, int band) {
    const weft_stage *stage = f->stage;
    int64_t channels = (int64_t)band * rows, lines = stage->window.kernel_h;
    if (!stage->is_conv)
        return (double)channels * (double)f->a->chip->input.bits / 8.0 / (double)f->a->chip->core.buffer_bytes;
    int64_t line = (int64_t)stage->window.kernel_w * stage->in.channels, touched = channels / line + 1;
    if (touched < lines) lines = touched;
    if (channels > stage->in.channels) channels = stage->in.channels;
    lines = (lines - 1) * stage->window.dilation_h + 1;
    if (lines > stage->in.height) lines = stage->in.height;
    return (double)(lines * stage->in.width * channels) * (double)f->a->chip->input.bits / 8.0 /
           (double)f->a->chip->core.buffer_bytes;
}

#define BAND_BUFFER_SHARE 0.6 /* the rest is for blocks and other stages */

int weft_filling_choose_band(const weft_filling *f) {
    const weft_strip *strip = &f->grid->strips[f->piece->strip_begin];
    int tiles = strip->tile_count, most = tiles, best = 1;
    if (most > f->a->chip->array.per_core) most = (int)f->a->chip->array.per_core;
    if (tiles == 1 || f->stage->groups > 1) return most;
    int rows = f->grid->cuts[strip->first_cut + 1] - f->grid->cuts[strip->first_cut];
    if (f->a->style.thin) return 1;
    double least = bits_of_band(f, tiles, rows, 1);
    for (int band = 2; band <= most; band++) {
        if (share_of_band(f, rows, band) > BAND_BUFFER_SHARE) break;
        double bits = bits_of_band(f, tiles, rows, band);
        if (bits > least && !(f->a->style.tall)) continue;
        least = bits;
        best = band;
    }
    return best;
}
