/* Inside a simulation: what its files share. */
#ifndef WEFT_SIM_SESSION_SESSION_INTERNAL_H
#define WEFT_SIM_SESSION_SESSION_INTERNAL_H

#include "sim/session/session.h"

/* Images first .. first + count of the test set, preprocessed; malloc'd. MEMORY. */
weft_status weft_sim_images(float **out, const weft_sim *sim, size_t first, size_t count, weft_error *err);
/* INTERRUPTED once an interrupt has come. */
weft_status weft_sim_stopped(const weft_sim *sim, weft_error *err);
/* What goes on; "" nothing any more. */
void weft_sim_progress(const weft_sim *sim, const char *text);

/* Every chip through all images, the first one's statistics. */
weft_status weft_sim_trials(weft_sim *sim, weft_error *err);
/* All images through the functional engine of a trial: correct[trial]; of the first, confusion and timed_logits too. */
weft_status weft_sim_functional(weft_sim *sim, const weft_engine *engine, int trial, weft_error *err);
/* *out stays NULL without timed images. UNSUPPORTED in a build without SystemC. */
weft_status weft_sim_timed_run(weft_sim_timed **out, const weft_sim *sim, weft_error *err);

#endif
