/* Inside on-chip calibration: calibrate.c (order of the stages, ranges, scale and offset) and calibrate_adc.c. */
#ifndef WEFT_SIM_MODEL_CALIBRATE_INTERNAL_H
#define WEFT_SIM_MODEL_CALIBRATE_INTERNAL_H

#include "sim/model/engine_internal.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Number of the first calibration image: no image of a run has the same read noise. */
#define WEFT_CALIBRATION_IMAGE (UINT64_C(1) << 31)

/* Calibration of one stage after the other. The values of an output are kept until its last reader is calibrated. */
typedef struct weft_calibration {
    weft_engine *engine;
    size_t count;
    unsigned what;
    bool again; /* second pass */
    int stage, op;
    const float *x; /* network input, [count, C, H, W] */
    float **values; /* [outputs] before quantisation, [count, h, w, c]; NULL: not computed yet, or not needed */
    float *largest; /* [outputs] largest magnitude of all that share the scale, at index range_of */
    double *sums;   /* per image: sum and sum of squares, [count, 2, channels] */
    float *results; /* of the stage's matrix, [count, h, w, c], once `multiplied`; NULL: computed each time */
    bool multiplied;
} weft_calibration;

/* What the current stage reads at a port, for images first .. first + images - 1, into work's arena. */
void weft_calibration_load(const weft_calibration *c, int port, weft_work *work, size_t first, int images);
/* Ranges of the current stage's converters; nothing where the chip does not calibrate them. Of every array's products
 * at most WEFT_PROBE_SAMPLES are looked at, and no more than keep the stage within WEFT_PROBE_CONVERSIONS, but
 * WEFT_PROBE_SAMPLES_MIN in any case; evenly spread over images and positions. MEMORY. */
enum { WEFT_PROBE_SAMPLES = 1 << 14, WEFT_PROBE_SAMPLES_MIN = 256, WEFT_PROBE_CONVERSIONS = 1 << 28 };
weft_status weft_calibrate_adc(weft_calibration *c, weft_error *err);
/* Range that a histogram of magnitudes asks for, levels x digits; 0 when all were 0. max_code: the converter's largest.
 * maximum: probe->largest. percentile: the smallest that at least adc.percentile % of all sums do not exceed.
 * squared_error: of all bins, the one with the least sum of errors squared: those of a sum s are step^2 / 12 with step
 * = range / max_code, s^2 up to step / 2 (code 0), and (s - range)^2 above range (clipped). */
double weft_calibrated_range(const weft_plane_probe *probe, const weft_chip *chip, int64_t max_code);

#ifdef __cplusplus
}
#endif
#endif
