/* Functional model of a mapped chip: what every core computes, bit for bit, without time. The timed chip (sim/systemc)
 * calls the same tile, digital and quantise functions, so their outputs are identical.
 *
 * Number formats. Activations between stages are integers q in [-input_max, input_max], x = q * output_scale of the
 * stage that they come from. Weights are integers W = round(w / weight_scale), weight_scale = max|w| / weight_max per
 * stage, or a percentile of |w| in place of the maximum (weight.clip_percentile). A tile's result is an integer: ADC
 * codes shifted and added, in units that all tiles of a stage share. Every sum is exact (below 2^53), so order, threads
 * and instruction sets cannot change a bit. The digital unit works in float32, elementwise, no contraction. */
#ifndef WEFT_SIM_MODEL_ENGINE_H
#define WEFT_SIM_MODEL_ENGINE_H

#include "core/dataset.h"
#include "core/traffic.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_engine weft_engine;

/* One programmed chip. Programming draws belong to (seed, trial), read noise also to the image. */
typedef struct weft_engine_trial {
    uint64_t seed, trial; /* trial below 2^16 */
} weft_engine_trial;

/* Programs the chip: quantises each stage's weights and stores them as cells (slices, flipped columns). stages, mapping
 * and chip must outlive the engine. The mapping has been checked. trial NULL: {0, 0}. Tiles of different copies are
 * programmed each with errors of their own; where programming draws nothing, equal tiles share one array. OpenMP over
 * tiles. INVALID: weights that are not finite. UNSUPPORTED: more cells, or more draws of read noise an image, than
 * random numbers; errors of weft_array_create and weft_program_table_read. */
weft_status weft_engine_create_trial(weft_engine **out, const weft_chip *chip, const weft_mapping *mapping,
                                     const weft_stages *stages, const weft_engine_trial *trial, weft_error *err);
/* Trial {0, 0}. */
weft_status weft_engine_create(weft_engine **out, const weft_chip *chip, const weft_mapping *mapping,
                               const weft_stages *stages, weft_error *err);
void weft_engine_destroy(weft_engine *engine); /* NULL is allowed */
/* Undoes all calibration: the engine is as it was when it had been programmed. MEMORY, after which it may only be
 * destroyed. */
weft_status weft_engine_reset(weft_engine *engine, weft_error *err);
/* Bytes that it takes, to a few per cent. */
size_t weft_engine_bytes(const weft_engine *engine);

/* True when the network's input and every stage's output that is read has a range (from the mapping): the engine can
 * run without calibration. */
bool weft_engine_has_ranges(const weft_engine *engine);
enum { WEFT_CALIBRATE_RANGES = 1, WEFT_CALIBRATE_AFFINE = 2, WEFT_CALIBRATE_ADC = 4 };
/* On-chip calibration, stage by stage, on count images x [count, C, H, W] float (preprocessed): RANGES sets the
 * scale of the network's input and of every stage's output from the largest |x| seen (over all outputs that share a
 * scale, weft_stages.range_of); AFFINE re-estimates mean and variance of every channel ahead of a
 * batch norm (the hardware form of re-estimated batch-norm statistics, Merolla 2016) and refolds scale and offset. ADC
 * sets the range of every plane's converters as adc.calibrate and adc.scope say (chips with adc.range calibrated only;
 * ahead of the stage's AFFINE), from some of the products, evenly spread over images and positions: at most 16,384 of
 * an array and 2^28 conversions of a stage, but 256 of an array in any case. Calibration images have the read noise of
 * image numbers from 2^31 on. Where outputs share a scale, that is known only at the last of them: a second pass then
 * calibrates everything else with it. Keeps the values of an output, 4 bytes each for all images, until its last reader
 * is calibrated. Deterministic for any number of threads. */
weft_status weft_engine_calibrate(weft_engine *engine, const float *x, size_t count, unsigned what, weft_error *err);

/* logits [count, classes]; x as above, images number first_image and on (their read noise). OpenMP over images. */
weft_status weft_engine_run_from(const weft_engine *engine, const float *x, uint64_t first_image, size_t count,
                                 float *logits, weft_error *err);
/* From image 0. */
weft_status weft_engine_run(const weft_engine *engine, const float *x, size_t count, float *logits, weft_error *err);

enum { WEFT_ENGINE_HISTOGRAM = 64 };
/* How well a stage's arrays computed, over some images. */
typedef struct weft_engine_stage_statistics {
    /* 10 log10 of sum e^2 / sum (r - e)^2 over all results r of the matrix, e the product of the same integers q and W;
     * INFINITY: no error. */
    double signal_to_noise_db;
    uint64_t conversions, clipped; /* clipped: of those, sums beyond the converter's range */
    double adc_utilisation;        /* largest magnitude of a code / largest code there is, of any plane */
    /* Of column sums' magnitude / range of their converter, 64 equal bins; the last one holds all beyond, too. */
    uint64_t histogram[WEFT_ENGINE_HISTOGRAM];
} weft_engine_stage_statistics;
/* out [stage count], digital stages zeroed. Images as for weft_engine_run_from. MEMORY; INVALID as for
 * weft_engine_run. Deterministic for any number of threads. */
weft_status weft_engine_statistics(const weft_engine *engine, const float *x, uint64_t first_image, size_t count,
                                   weft_engine_stage_statistics *out, weft_error *err);

/* Writing all cells of the mapping once (every copy and part; device.program_*). A differential weight has two cells a
 * slice. */
typedef struct weft_program_cost {
    uint64_t cells, arrays;
    double time_ns; /* all arrays at once, cells of an array program_parallel at a time; parts of one chip in turn */
    double energy_pj;
} weft_program_cost;
weft_program_cost weft_engine_program_cost(const weft_engine *engine);
/* Cells that a tile takes. */
uint64_t weft_tile_cells(const weft_tile *tile, const weft_chip *chip);
/* Events of one image, by stage (index < stage count): arrays, converters, digital unit. PARTIAL_ADD: for every
 * position of the matrix one a column of each tile, beyond the first tile of that column in the position's copy; and
 * one a value of an ADD. Data movement is weft_traffic_events'. */
weft_event_counts weft_engine_events(const weft_engine *engine, int stage);

/* Facts for the report. */
typedef struct weft_engine_stage_info {
    float input_scale, weight_scale; /* 0 for a digital stage */
    float output_scale;              /* 0 for the last stage */
    bool exact_adc;                  /* no code of any column can saturate or round: the ADC loses nothing */
} weft_engine_stage_info;
weft_engine_stage_info weft_engine_stage(const weft_engine *engine, int stage);
/* Real value of one unit of the stage's output, of the network's input for -1; 0 where it is not known. */
float weft_engine_output_scale(const weft_engine *engine, int stage);

/* ---- the pieces, for the timed chip ---- */

/* q[height, width, channels] of one image, quantised. */
void weft_engine_quantise_input(const weft_engine *engine, const float *x_chw, int32_t *q_hwc);
/* Gathers the rows of one tile for output position (y, x) of the stage's matrix from its input map q [in.height,
 * in.width, in.channels] (zero padding), and computes the tile: codes[column_end - column_begin]. Thread-safe. */
void weft_engine_tile(const weft_engine *engine, int stage, int tile, uint64_t image, const int32_t *q_map, int y,
                      int x, int64_t *codes);
/* The same from the pixels under the window at (y, x) [kernel_h, kernel_w, in.channels], padding as 0; what the tile's
 * rows do not read may be anything. */
void weft_engine_tile_window(const weft_engine *engine, int stage, int tile, uint64_t image, const int16_t *q_window,
                             int y, int x, int64_t *codes);
/* Sum of the tiles' codes of a block -> real values (input of the first digital op), channels [begin, end). */
void weft_engine_dequantise(const weft_engine *engine, int stage, int begin, int end, const int64_t *sums,
                            float *values);
/* Integers that arrived at a port -> real values, channels [begin, end) of the port's map, each by the scale of its
 * source: an ADD's second term, a digital stage's input. */
void weft_engine_port(const weft_engine *engine, int stage, int port, int begin, int end, const int32_t *q,
                      float *values);
/* One output position of one digital op for channels [begin, end): in_map [op.in.height, op.in.width, end - begin] of
 * that channel range, addend [end - begin] at that position for an ADD (else NULL), out [end - begin]. Both modes call
 * this. */
void weft_engine_digital(const weft_engine *engine, int stage, int op, int begin, int end, const float *in_map,
                         const float *addend, int y, int x, float *out);
/* Stage output -> integers for its readers. */
void weft_engine_quantise(const weft_engine *engine, int stage, const float *values, int count, int32_t *q);
/* Work of the digital unit for one output position of an op and n channels: event counts. A pooled value costs one POOL
 * per window element beyond the first (padding included), and one more for the average's division. */
weft_event_counts weft_engine_digital_events(const weft_engine *engine, int stage, int op, int channels);
/* Events of one MVM of one tile: counts scale with its used rows and columns. */
weft_event_counts weft_engine_tile_events(const weft_engine *engine, int stage, int tile);

#ifdef __cplusplus
}
#endif
#endif
