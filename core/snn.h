/* Spiking networks without any hardware: populations of neurons and the synapses between them. Made from a graph of
 * core/nir.h; what a mapper places on cores and sim/spike runs.
 *
 * Time goes in steps. In a step populations are updated in their order; what one puts out reaches the others through
 * projections, `delay` steps later. Projections of delay 0 go from populations to later ones only. A population's input
 * current in a step is the sum over its projections of weight x what the source put out, and of its biases. */
#ifndef WEFT_CORE_SNN_H
#define WEFT_CORE_SNN_H

#include "core/nir.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_SNN_SYNAPSES_MAX ((uint64_t)1 << 28) /* of a network */
#define WEFT_SNN_COMPOSED_MAX ((uint64_t)1 << 27) /* entries, rows and columns of the matrices of its chains */
#define WEFT_SNN_NEURONS_MAX (1u << 24)           /* of all populations, Inputs and Outputs too */
#define WEFT_SNN_DELAY_MAX 65535                  /* steps */

/* Parameters of neurons, NIR's: membrane time constant (tau of LI and LIF, tau_mem of the others) and so on. */
typedef enum weft_snn_parameter {
    WEFT_SNN_TAU,     /* s */
    WEFT_SNN_TAU_SYN, /* s */
    WEFT_SNN_R,
    WEFT_SNN_V_LEAK,
    WEFT_SNN_V_THRESHOLD, /* Threshold's too */
    WEFT_SNN_V_RESET,
    WEFT_SNN_W_IN,
    WEFT_SNN_PARAMETER_COUNT
} weft_snn_parameter;

typedef struct weft_snn_values {
    double *values; /* [count]; NULL where the model has no such parameter */
    uint32_t count; /* 1: one for all; else one a neuron */
} weft_snn_values;

/* A constant current from step `delay` on. */
typedef struct weft_snn_bias {
    int delay;
    double *values; /* [size] */
} weft_snn_bias;

typedef struct weft_snn_population {
    char *name;          /* of its node */
    weft_nir_type model; /* I, IF, LI, LIF, CubaLI, CubaLIF, Threshold; Input; Output: puts out its input current */
    weft_nir_shape shape;
    uint32_t size;
    weft_snn_values parameters[WEFT_SNN_PARAMETER_COUNT];
    int bias_count;
    weft_snn_bias *biases; /* by ascending delay */
    bool output;           /* goes to an Output of the graph */
    int depth;             /* most projections in a row that lead to it, recurrent ones left out */
} weft_snn_population;

typedef struct weft_snn_projection {
    int source, target;
    int delay;         /* steps */
    bool recurrent;    /* closes a loop; at least one step, whatever the graph says */
    uint64_t count;    /* synapses; none of weight 0 */
    uint64_t *first;   /* [source size + 1]: of source neuron s, synapses first[s] .. first[s + 1] - 1 */
    uint32_t *targets; /* [count] ascending for each source neuron, at most one synapse to each */
    float *weights;    /* [count] */
} weft_snn_projection;

typedef struct weft_snn {
    int population_count, projection_count;
    weft_snn_population *populations; /* by depth, then by name; Inputs first of all */
    weft_snn_projection *projections; /* by target, source, delay */
    uint64_t neurons, synapses;       /* neurons without Inputs and Outputs */
    uint32_t inputs;                  /* values a step: of the Inputs, in their order */
} weft_snn;

/* From a checked, flattened graph. Chains of Affine, Linear, Scale, convolution, pooling, Flatten and Delay between
 * populations become one projection and biases; what comes over several edges adds up. A weight of 0
 * is no synapse, a chain that leaves none no projection. An Output behind a population marks it; behind anything else
 * it is a population itself. Depth-first search from the Inputs, by ascending name, finds the projections that close
 * loops. A Delay is rounded to steps of dt, in s; a recurrent projection has one step unless its Delay has more; biases
 * are not delayed by it.
 *
 * INVALID: shapes that do not agree, an edge into an Input or out of an Output, a loop without a population, a delay
 * beyond WEFT_SNN_DELAY_MAX or with dt 0, a weight too large for single precision, one of the limits above;
 * UNSUPPORTED: a graph in the graph. Takes 8 bytes a synapse and 8 a source neuron of a projection, besides 8 a
 * parameter; while it is made, 12 for each of what WEFT_SNN_COMPOSED_MAX counts. */
weft_status weft_snn_create(weft_snn **out, const weft_nir_graph *graph, double dt, const char *file, weft_error *err);
/* Reads the file, flattens, creates. */
weft_status weft_snn_read(weft_snn **out, const char *path, double dt, weft_error *err);
void weft_snn_destroy(weft_snn *snn); /* NULL is allowed */
/* Index of a population or -1. */
int weft_snn_find(const weft_snn *snn, const char *name);
bool weft_snn_is_neuron(const weft_snn_population *population); /* no Input, no Output */
/* The simulator's name (sim/spike/neuron.h) of a model and of its parameter; NULL: it is no neuron, or has none. */
const char *weft_snn_model_name(weft_nir_type model);
const char *weft_snn_parameter_name(weft_nir_type model, weft_snn_parameter parameter);
/* Value of neuron n. */
static inline double weft_snn_value(const weft_snn_values *values, uint32_t n) {
    return values->values[values->count > 1 ? n : 0];
}

#ifdef __cplusplus
}
#endif
#endif
