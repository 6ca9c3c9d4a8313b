/* Images as spikes: rates, latencies, and the events that a camera sees while it moves over them. What an image becomes
 * depends on the seed and its number in the set alone, not on threads or on other images. */
#ifndef WEFT_CORE_SPIKE_CODING_H
#define WEFT_CORE_SPIKE_CODING_H

#include "core/dataset.h"
#include "core/spikes.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_coding_kind {
    WEFT_CODING_BERNOULLI, /* rate: in each tick a spike with probability rate x tick, at most 1 */
    WEFT_CODING_POISSON,   /* rate: in each tick a spike where a Poisson process of the rate has one or more */
    WEFT_CODING_REGULAR,   /* rate: as evenly as ticks allow, no draws; ticks x rate x tick spikes, rounded down */
    WEFT_CODING_LATENCY,   /* one spike, the brighter the earlier: 255 in the first tick, 0 in the last */
    WEFT_CODING_SACCADES,  /* address events, see below */
    WEFT_CODING_CURRENT    /* no spikes: a current of pixel / 255 in every tick (of weft_dataset_inputs without
                              preprocessing) */
} weft_coding_kind;
extern const char *const weft_coding_names[];     /* NULL-terminated, by kind: bernoulli, poisson, ..., saccades */
extern const char *const weft_coding_all_names[]; /* and current */

/* Saccades, as N-MNIST was made (Orchard 2015): the camera moves along the three sides of an isosceles triangle, from
 * its tip to (-amplitude / 2, amplitude) to (amplitude / 2, amplitude) pixels and back, saccade_us each. A pixel sees
 * the image at its place plus the camera's, bilinearly between pixels, 0 outside; channels count by their mean. It
 * keeps a level, at first what it sees; whenever what it sees is `threshold` grey levels or more off, it sends an event
 * (brighter or darker) and moves its level by the threshold towards it. Looked at every step_us, crossings between two
 * looks are placed as if the brightness went straight, in whole microseconds rounded down. All in integers. */
typedef struct weft_coding {
    int kind;       /* weft_coding_kind */
    uint64_t ticks; /* of an image; not saccades */
    double tick_s;
    double rate_hz; /* of a pixel of 255; darker ones in proportion */
    int darkest;    /* latency: pixels below send nothing; 1 is all but black */
    uint64_t seed;
    int amplitude_px, threshold; /* saccades */
    int64_t saccade_us, step_us; /* step_us divides saccade_us */
} weft_coding;

/* 100 ticks of 1 ms, Bernoulli at 100 Hz, all but black pixels; saccades of 4 pixels in 100 ms each, looked at every
 * ms, 32 grey levels. */
weft_coding weft_coding_defaults(void);
/* INVALID: what is out of range, and what is allowed. */
weft_status weft_coding_check(const weft_coding *coding, weft_error *err);
/* Neurons that images of the shape become: C x H x W, for saccades 2 x H x W (weft_spikes' order of address events). */
uint64_t weft_coding_neurons(const weft_coding *coding, weft_shape shape);
/* Ticks of one image; of saccades microseconds rounded up to ticks. */
uint64_t weft_coding_ticks(const weft_coding *coding);

/* Appends one image, pixels [C, H, W], from first_tick on, in order; out->neurons and out->tick_s are set by the first.
 * number: of the image, for draws. The coding is checked. Errors: INVALID (too many ticks x pixels for one image's
 * draws: 2^34; WEFT_CODING_CURRENT), MEMORY. */
weft_status weft_coding_image(weft_spikes *out, const weft_coding *coding, const uint8_t *pixels, weft_shape shape,
                              uint64_t number, uint64_t first_tick, weft_error *err);
/* Images first .. first + count of a set, one after another, `gap` silent ticks behind each. threads 0: all. Caller
 * frees. */
weft_status weft_coding_dataset(weft_spikes *out, const weft_coding *coding, const weft_dataset *set, size_t first,
                                size_t count, uint64_t gap, int threads, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
