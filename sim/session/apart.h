/* A timed run in a process of its own: SystemC's kernel runs once in a process, and callers have many runs. */
#ifndef WEFT_SIM_SESSION_APART_H
#define WEFT_SIM_SESSION_APART_H

#include "sim/session/session.h"
#include "sim/systemc/cosim.h"

/* As weft_cosim_run, without its trace and its stalls (NULL). The child has one OpenMP thread, and is ended when *stop
 * is set or this process ends. LIBRARY when it could not be started or ended without an answer. */
weft_status weft_cosim_run_apart(weft_cosim_result **out, const weft_sim *sim, const float *x,
                                 const weft_cosim_options *options, weft_error *err);

#endif
