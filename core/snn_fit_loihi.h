/* Private to core/snn_fit_loihi*.c. */
#ifndef WEFT_CORE_SNN_FIT_LOIHI_H
#define WEFT_CORE_SNN_FIT_LOIHI_H

#include "core/snn_fit_internal.h"

enum { WEFT_SNN_LOIHI_THRESHOLD_MAX = (1 << 17) - 1 };

/* A neuron with its membrane in units of the network's weights. */
typedef struct weft_snn_loihi {
    int decay_u, decay_v; /* of 4096 */
    double share_u;       /* decay_u / 4096 */
    double gain, zero;    /* of the membrane, see snn_fit_loihi.c */
    double threshold;     /* 0 or more */
    double drive;         /* what the membrane gets in every tick: biases and leak */
    double current;       /* of this, what the network builds up with the current */
} weft_snn_loihi;

/* NULL, or why the chip does not have such a neuron. */
const char *weft_snn_loihi_find(weft_snn_loihi *out, const weft_snn_fitting *f, int population, uint32_t n);
/* Scale of the population, weights and exponents of the projections into it. MEMORY. */
weft_status weft_snn_loihi_weights(double *scale, const weft_snn_fitting *f, int population);

#endif
