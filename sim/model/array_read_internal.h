/* Inside array reads: array_digits.c takes inputs apart into digits, array_read.c puts reads together to blocks,
 * array_sums.c makes column sums of them, array_noise.c adds noise, array_convert.c turns sums into results,
 * array_probe.c counts; array_lanes.c does all of that at once in the simplest case. */
#ifndef WEFT_SIM_MODEL_ARRAY_READ_INTERNAL_H
#define WEFT_SIM_MODEL_ARRAY_READ_INTERNAL_H

#include "sim/model/array.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEFT_BLOCK_READS = 128,
    WEFT_BLOCK_COLUMNS = 32, /* of a strip */
    WEFT_BLOCK_SUMS = WEFT_BLOCK_READS * WEFT_BLOCK_COLUMNS,
    WEFT_BLOCK_DIGITS = 1 << 15,  /* at least 8 reads of the tallest array */
    WEFT_BLOCK_NORMALS = 1 << 14, /* normals of a block that are drawn at once */
    WEFT_BLOCK_WORDS = WEFT_BLOCK_READS * WEFT_ARRAY_ROWS_MAX / 32
};

/* One set of digits on the rows. */
typedef struct weft_read {
    int sample, number; /* number: of the sample's reads, skipped ones counted */
    int32_t weight;     /* +-2^shift of the pulse */
} weft_read;

/* Operand of an AND and popcount: one bit of a read's digits of one sign. */
typedef struct weft_read_term {
    int read;
    int32_t weight; /* +-2^bit */
} weft_read_term;

/* Reads that are computed together. */
typedef struct weft_read_block {
    int count;
    weft_read reads[WEFT_BLOCK_READS];
    /* Product path: digits [rows, rounded up to even]; with noise their squares, shifted, and the sums of those. */
    const int16_t *digits[WEFT_BLOCK_READS], *squares[WEFT_BLOCK_READS];
    int64_t square_sum[WEFT_BLOCK_READS];
    /* Bit path. */
    int term_count;
    bool plain; /* term i is read i, weight 1, and there are no others */
    weft_read_term terms[WEFT_BLOCK_READS];
    /* Memory. */
    int digits_used, draws_together;
    int16_t digit_memory[WEFT_BLOCK_DIGITS], square_memory[WEFT_BLOCK_DIGITS];
    uint32_t words[WEFT_BLOCK_WORDS]; /* weft_bits_term */
    float normals[WEFT_BLOCK_NORMALS];
} weft_read_block;

/* One read of a sample's inputs q. */
typedef struct weft_read_pulse {
    int shift;      /* digit = q >> shift, ... */
    int mask;       /* ... & mask; all ones keeps the sign: the top digit of two's complement, or the whole input */
    int polarity;   /* 0: signed digits as they are; +1 or -1: rows with digits of that sign, as magnitudes */
    bool magnitude; /* of |q|, with the sign of q */
} weft_read_pulse;

enum { WEFT_PULSES_MAX = 20 };
/* Reads of one sample, in order; returns how many. */
int weft_read_pulses(const weft_chip *chip, weft_read_pulse pulses[WEFT_PULSES_MAX]);

/* All bits that occur in digits above 0, and in those below. */
typedef struct weft_digits_seen {
    int positive, negative;
} weft_digits_seen;
void weft_digits_scan(const int16_t *q, int rows, weft_digits_seen *seen);
/* to[r] = digit of a pulse of magnitudes; negative: false where no input is below 0. */
void weft_digits_magnitude(int16_t *to, const int16_t *q, int rows, const weft_read_pulse *pulse, bool negative);
/* The same of the other pulses. */
void weft_digits_twos_complement(int16_t *to, const int16_t *q, int rows, const weft_read_pulse *pulse);
/* to[r] = (digits[r]^2 + half) >> shift, half = 2^shift / 2; *total: their sum. */
void weft_digits_square(int16_t *to, const int16_t *digits, int rows, int shift, int64_t *total);
/* The same of whole inputs q whose pulses, `group` bits of |q| each, are added ahead of the converter: every pulse is
 * read with noise of its own, so to = sum over pulses of (what the pulse drives x 2^its shift)^2. */
void weft_digits_square_pulses(int16_t *to, const int16_t *q, int rows, const weft_drive *drive, int group, int shift,
                               int64_t *total);
/* Digits to drives (weft_drive.table). */
void weft_digits_bend(int16_t *digits, int rows, const int16_t *table);

/* What a call of weft_array_read works on. */
typedef struct weft_read_call {
    const weft_array_kernels *kernels;
    const weft_array *array;
    int pulse_count;
    const weft_read_pulse *pulses;
    const int16_t *q;
    int q_stride, count;
    const weft_read_place *places;
    int64_t *out;
    int out_stride;
    weft_plane_probe *probes;
    bool bits, noise, whole; /* bit path; read noise; digits are the inputs themselves */
    int pulse_group;         /* bits of a pulse, where those of an input are added ahead of the converter; else 0 */
    int digit_max;           /* as driven: weft_drive.table applied */
    double ratio;            /* results in units of array->unit are rounded to this many of it, read by read; 0: not */
    int square_shift;        /* squares are rounded and shifted so that they fit 15 bits */
} weft_read_call;

/* Column sums of one plane and strip of columns, by read: integers; with noise the variances too. Without the panels'
 * factors. */
typedef struct weft_read_sums {
    bool fits, variance_fits; /* in 32 bits: narrow; else wide */
    union {
        int32_t narrow[WEFT_BLOCK_SUMS];
        int64_t wide[WEFT_BLOCK_SUMS];
    } sum, variance;
} weft_read_sums;
void weft_read_sums_make(weft_read_sums *sums, const weft_read_call *call, const weft_read_block *block, int plane,
                         int strip);

/* x[i, c] = sums[i, c] x factor x unit for i < count, c < columns; rows WEFT_BLOCK_COLUMNS apart. */
typedef struct weft_scale {
    double factor, unit;
} weft_scale;
void weft_scale_narrow(double *x, const int32_t *sums, int count, const weft_scale *scale, int columns);
void weft_scale_wide(double *x, const int64_t *sums, int count, const weft_scale *scale, int columns);
/* x [reads, WEFT_BLOCK_COLUMNS] += noise of columns [first, first + columns) of a plane. */
void weft_read_noise_add(const weft_read_sums *sums, const weft_read_call *call, const weft_read_block *block,
                         int plane, int first, int columns, double *x);
/* Draws block->normals [reads, draws_together], draws_together = planes x columns, where there is place for them: most
 * of these elements are neighbours. 0: strips draw their own. */
void weft_read_draw_block(const weft_read_call *call, weft_read_block *block);
/* Sums to codes, weighed and added to the results of their samples; counted in call->probes. */
void weft_read_sums_convert(const weft_read_sums *sums, const weft_read_call *call, const weft_read_block *block,
                            int plane, int strip);
/* Counts conversions of columns [first, first + columns) in call->probes: sums x in levels x digits, and their codes,
 * [reads, WEFT_BLOCK_COLUMNS]. */
void weft_read_probe(const weft_read_call *call, const weft_read_block *block, int plane, int first, int columns,
                     const double *x, const int32_t *codes);
/* Counts a sum of an ideal converter `count` times. */
void weft_probe_add(weft_plane_probe *probe, const weft_adc *adc, double sum, uint64_t count);
/* The whole call, but what is known digitally, where the array has `lanes` and all converters compute in integers;
 * false: it is not the case, and nothing was done. */
bool weft_read_lanes(const weft_read_call *call);
/* True where 32 bits hold the codes of all reads of a sample times their powers of two. */
static inline bool weft_read_codes_fit(const weft_read_call *call, const weft_adc *adc) {
    const int64_t input_span = 2 * ((int64_t)call->array->chip->input_max + 1);
    return adc->max_code * input_span <= INT32_MAX;
}
/* Whether reads whose digits are all 0 need no conversion: the code is 0. */
static inline bool weft_read_may_skip(const weft_read_call *call) {
    return !call->probes && !call->array->planes[0].adc.gain; /* code 0 */
}

#ifdef __cplusplus
}
#endif
#endif
