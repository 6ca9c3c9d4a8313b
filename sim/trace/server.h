/* Time that an operation takes on its server, in cycles of the chip's clock. The co-simulation and the replay of a
 * trace both ask here, so that a recorded run takes the same cycles again on the same chip.
 *
 * A server does one thing after another in the order in which it was asked. An operation that is ready at cycle t
 * starts at max(t, end of what came before on this server) and is finished at start + occupancy + latency:
 *
 * kind     what it is                                     amount            occupancy (cycles)            latency
 * ARRAYS   the tiles of one copy of a stage on one core   MVMs (1)          mvm_interval_cycles           rest to
 *                                                                                                         mvm_latency
 * DIGITAL  the digital unit of a core                     digital events    ceil(amount / digital_lanes)  digital_ns
 * IO       a direction of the link between host and chip  payload bits      bits / io.bits_per_cycle,     0
 *                                                                           fractions carried on
 * PROGRAM  writing the cells of a core for a part         cells of the      their write pulses, arrays    0
 *                                                         fullest array     in parallel
 * BARRIER  the chip's tick barrier                        active cores      clock.barrier_*               0
 *          a tick of no work                              SHORTEST_TICK     clock.tick_ns                 0
 *
 * On a chip of clock.kind self_timed arrays, and the latency of digital units, take their time in ns, to 1 /
 * CYCLE_PARTS of a cycle; start and free are then the cycles within which these moments lie, and finish the first whole
 * cycle behind the result.
 */
#ifndef WEFT_SIM_TRACE_SERVER_H
#define WEFT_SIM_TRACE_SERVER_H

#include "core/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_server_kind {
    WEFT_SERVER_ARRAYS,
    WEFT_SERVER_DIGITAL,
    WEFT_SERVER_IO,
    WEFT_SERVER_PROGRAM,
    WEFT_SERVER_BARRIER,
    WEFT_SERVER_KINDS
} weft_server_kind;
extern const char *const weft_server_kind_names[WEFT_SERVER_KINDS]; /* "arrays" ... */

#define WEFT_SERVER_SHORTEST_TICK (UINT64_C(1) << 32) /* above any number of cores */
enum { WEFT_SERVER_CYCLE_PARTS = 65536 };

typedef struct weft_server {
    int kind;      /* weft_server_kind */
    uint64_t base; /* IO: the link is free bits / bits_per_cycle cycles after base; others: cycle of the end of what
                      came before */
    uint64_t bits; /* self-timed: parts of a cycle behind base */
    uint64_t busy; /* occupied cycles so far (IO: rounded up at the end of a busy stretch) */
} weft_server;
typedef struct weft_service {
    uint64_t start, free, finish; /* cycles: begins; the server can begin the next; the result is there */
} weft_service;

void weft_server_reset(weft_server *server, weft_server_kind kind);
/* First cycle, not before ready, in which the server can begin something. */
uint64_t weft_server_available(const weft_server *server, const weft_chip *chip, uint64_t ready);
/* Begins an operation of that amount that is ready at cycle ready; ready must not fall from call to call. */
weft_service weft_server_serve(weft_server *server, const weft_chip *chip, uint64_t amount, uint64_t ready);

#ifdef __cplusplus
}
#endif
#endif
