/* The forward executor's inside, shared by running and re-estimating. Internal to trainer/. */
#ifndef WEFT_TRAINER_FORWARD_H
#define WEFT_TRAINER_FORWARD_H

#include "trainer/plan.h"
#include "trainer/trainer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_FORWARD_WORKERS_MAX 64

/* Images are cut into chunks of `batch`; each chunk is computed by one thread with a plan of its own, so that results
 * depend on the chunk size but not on the number of threads. */
struct weft_forward {
    const weft_network *net;
    int batch;
    weft_precision precision;
    int workers; /* plans that exist */
    weft_plan *plans[WEFT_FORWARD_WORKERS_MAX];
    size_t input_size, output_size; /* values of one image */
};

/* Called for chunk number `chunk` with `count` images, whose first is image chunk * forward->batch. */
typedef weft_status (*weft_chunk_function)(void *context, weft_plan *plan, size_t chunk, size_t count, weft_error *err);
/* Runs the function for every chunk of `count` images, in parallel, after the plans have taken over the parameters. The
 * first error by plan is returned. */
weft_status weft_forward_chunks(weft_forward *forward, size_t count, weft_chunk_function function, void *context,
                                weft_error *err);
size_t weft_forward_chunk_count(const weft_forward *forward, size_t count);
/* Puts `count` images in the plan's input, zeros behind them. */
void weft_forward_fill(const weft_forward *forward, weft_plan *plan, const float *x, size_t count);

/* Wrong top-1 answers among the first `images` of the set. INTERRUPTED when *stop becomes non-zero (stop may be NULL).
 */
weft_status weft_forward_errors(weft_forward *forward, const weft_dataset *set, size_t images,
                                const volatile sig_atomic_t *stop, size_t *errors, weft_error *err);
/* The set's first *count images as the network's training saw them (weft_dataset_training_inputs), [*count, C, H, W];
 * *count is lowered to the set's size. Free with weft_aligned_free. */
weft_status weft_calibration_images(float **out, const weft_network *net, const weft_dataset *set, size_t *count,
                                    weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
