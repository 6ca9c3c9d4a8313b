/* Timed co-simulation: SystemC modules for host, cores and mesh that carry the values. C interface; one run a process
 * (a SystemC kernel elaborates once).
 *
 * What takes time, in cycles of the chip's clock (sim/trace/server.h has the servers):
 * - Host: sends pixels in raster order, a packet a destination, or trees to all of them; each occupies the I/O link for
 * its payload bits.
 * Image i starts when the stages that take the input have finished i - 2 (double buffer).
 * - Network: sim/noc/noc.h, every packet of core/traffic.h with its values inside. Readers of a tree's packet go on as
 * soon as it is with them, whoever else waits for it.
 * - Arrays: the tiles of a copy of a stage on a core start together, in raster order of the positions that the copy
 * computes, when their pixels are there, the arrays are free and the blocks have room for the sums.
 * - Digital unit: one a core, in order of arrival; a position occupies it for ceil(events / core.digital_lanes) cycles
 * (scalings, activations, pooling steps and residual additions that it sets off) and leaves core.digital_ns later. It
 * waits for the second terms of its additions, and for room at all who read its output, before it enters.
 * - Buffers: a core's buffer holds what weft_mapping_buffer_bytes reserves: of every stage the lines under the kernel,
 * of every block a row of sums, the rows by which second terms are ahead, a row of a digital stage's input. What the
 * reservations leave goes to the readers so that all can hold the same share of their maps (up to 4 of them), in whole
 * lines. A reader has room for the pixels [low, low + capacity) of those it reads in raster order over images, low the
 * first that it still needs; credits arrive at once, and nothing is sent, to one or to several, that has no room at all
 * who read it. core.unbounded_buffers: readers have room for everything.
 * - Time (clock.kind): self_timed arrays and digital units keep fractions of cycles (server.h). With tick, in tick t a
 * stage works on image t - d, d the number of stages before it and the host, and the host sends image t; a tick ends
 * when nothing happens any more, with a barrier that costs clock.barrier_ns and clock.barrier_per_core_ns for each core
 * that began something, and not before clock.tick_ns. Buffers then have no end.
 * - Parts of a mapping: part p runs on chip p mod chips. Several on one chip run one after the other, each over all
 * images; before each its weights cross the host's link (cells x bits of a cell) and all cores write theirs at a time.
 * Values between parts go through the host. Every chip has a mesh and a host link of its own. */
#ifndef WEFT_SIM_SYSTEMC_COSIM_H
#define WEFT_SIM_SYSTEMC_COSIM_H

#include <signal.h>

#include "sim/model/engine.h"
#include "sim/trace/timing.h"
#include "sim/trace/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_cosim_options {
    size_t images;        /* pipelined: the next enters while earlier ones are inside */
    weft_trace **trace;   /* NULL, or where the run is recorded to (NULL on failure); the caller destroys it */
    bool reserved_only;   /* readers get what the mapping reserves and nothing of what is left */
    uint64_t stall_limit; /* cycles without progress before the run ends with INTERNAL and a report of who waits; 0:
                             1,000,000 */
    /* NULL, or told now and then, by the calling thread, which share of the products is done, 0..1. */
    void (*progress)(void *context, double share);
    void *progress_context;
    const volatile sig_atomic_t *stop; /* non-zero: the run ends with INTERRUPTED; NULL: never */
} weft_cosim_options;

typedef struct weft_cosim_result {
    float *logits; /* [images, classes], malloc'd: what arrived at the host */
    /* Counted as it happens. Of several chips: cores and routers of chip c follow those of chip c - 1. Flits count
     * where they leave a router: at the core that takes them, or, over a link, at the router's first core. */
    weft_timing *timing;
    weft_stalls *stalls; /* [stages] */
} weft_cosim_result;

/* x [images, C, H, W] float, preprocessed. Deterministic for any number of threads. Errors: MEMORY, INTERRUPTED,
 * INTERNAL (deadlock, a lost packet, a buffer that holds more than it can), INVALID (a second run in one process),
 * UNSUPPORTED (a trace of several chips; clock.kind tick with several parts). */
weft_status weft_cosim_run(weft_cosim_result **out, const weft_engine *engine, const weft_chip *chip,
                           const weft_mapping *mapping, const weft_stages *stages, const weft_traffic *traffic,
                           const float *x, const weft_cosim_options *options, weft_error *err);
void weft_cosim_result_destroy(weft_cosim_result *result);
/* "2.3.4" of the SystemC library in use. */
const char *weft_cosim_systemc_version(void);

#ifdef __cplusplus
}
#endif
#endif
