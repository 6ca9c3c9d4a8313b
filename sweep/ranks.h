/* Ranks of an MPI job. In a build without MPI, or outside of mpirun and srun, there is one. */
#ifndef WEFT_SWEEP_RANKS_H
#define WEFT_SWEEP_RANKS_H

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* True when the environment says that a launcher started this process as one of several (OMPI_COMM_WORLD_SIZE,
 * PMI_SIZE, PMIX_RANK, SLURM_NTASKS with SLURM_PROCID). MPI is not touched otherwise: it costs a second to start. */
bool weft_ranks_launched(void);

typedef struct weft_ranks {
    int rank, size;
} weft_ranks;
/* Call after the workers were forked. UNSUPPORTED when launched and built without MPI. */
weft_status weft_ranks_start(weft_ranks *out, weft_error *err);
void weft_ranks_stop(void);

/* Messages of bytes between rank 0 and the others; none blocks. */
weft_status weft_ranks_send(int to, const void *data, size_t size, weft_error *err); /* copied */
/* *size 0: nothing there. data: malloc'd. */
weft_status weft_ranks_receive(int *from, void **data, size_t *size, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
