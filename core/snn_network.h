/* Networks of network.h as spiking ones, of which every image takes so many steps.
 *
 * Binary: a network whose values between layers are spikes, those of THRESHOLD layers, as Eedn trains them (S. K. Esser
 * et al., "Convolutional networks for fast, energy-efficient neuromorphic computing", PNAS 2016). The first THRESHOLD
 * layer makes spikes of the image; it and all in front of it are the host's ("transduction"). Every other one is a
 * population of Threshold neurons, one layer's step after the layer that it reads: between the two lie a CONV or DENSE
 * layer whose weights are -a, 0 and a (a of its own each output channel), AVERAGE_POOL, PAD and FLATTEN, and behind
 * them BATCH_NORM and AFFINE. A MAX_POOL of spikes is a population, too: an OR. What remains of all this in the spiking
 * network are weights that are whole numbers and whole thresholds: of each channel every sum of spikes that can
 * be is put through the layers between, in single precision as these compute, to find the least that fires. A channel
 * that fires for small sums has its weights negated. The network ends with votes, AVERAGE_POOL, FLATTEN, a CONV or
 * DENSE layer of one weight above 0, SOFTMAX: each class counts spikes of as many neurons, each neuron counts for one
 * class or none, and the largest count wins, of equals the lowest class; or it ends with a neuron a class.
 *
 * Rate: a network of RELU layers, each a population of IF neurons that are reset by subtraction and whose threshold is
 * the layer's scale, a high percentile of what it puts out on images (data-based normalisation, P. U. Diehl et al.,
 * IJCNN 2015); a spike stands for that value. CONV, DENSE, BATCH_NORM and AFFINE behind them, AVERAGE_POOL, PAD,
 * FLATTEN and ADD keep their meaning, in floating point. The image is a constant current, every step the same pixels,
 * from 0 to 1 (or spikes whose mean they are); the preprocessing by mean and std is part of the network, a convolution
 * of 1 x 1 in front. The last layers' sums gather in a population of integrators I, and the largest wins. */
#ifndef WEFT_CORE_SNN_NETWORK_H
#define WEFT_CORE_SNN_NETWORK_H

#include "core/network.h"
#include "core/snn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the spikes mean to the network that they are from. Populations have the names of its layers, with '.' for '/';
 * neurons are in (c, h, w) order. */
typedef struct weft_snn_coding {
    int input;      /* layer whose values the Input takes; -1: the image itself */
    int output;     /* population to be read: binary: its spikes are votes; rate: its v after the last step */
    int steps;      /* from an image's step to the one in which the output tells it; rate: 0, it is read at the end */
    int classes;    /* outputs of the network */
    uint32_t votes; /* neurons of each class */
    uint32_t size;  /* of the output */
    int *class_of;  /* [size] -1: of no class */
    int *layers;    /* [population_count] layer whose values a population has, -1 for the image */
} weft_snn_coding;
void weft_snn_coding_free(weft_snn_coding *coding); /* a zeroed one is allowed */

/* The NIR graph of a binary network, votes left out; dt: of a step, s; delay: steps from a layer to the next, 0 or more
 * (cores take at least one). UNSUPPORTED, naming the layer: no threshold layer or two that read the image; one of
 * `signed` spikes; weights of two magnitudes in a channel; a layer of another kind between thresholds, or in
 * another order; padding that an AVERAGE_POOL does not count; votes as above that are none. */
weft_status weft_snn_binary_nir(weft_nir **out, const weft_network *net, double dt, int delay, weft_error *err);
/* Makes that graph a network and finds its coding; the caller frees both. */
weft_status weft_snn_from_binary(weft_snn **out, weft_snn_coding *coding, const weft_network *net, double dt, int delay,
                                 weft_error *err);
/* The class that wins: counts [size of the output], spikes of each of its neurons. */
int weft_snn_vote(const weft_snn_coding *coding, const uint32_t *counts);

/* The NIR graph of a network with rates. scales [layer_count]: of RELU layers, above 0; others are not looked at.
 * UNSUPPORTED, naming the layer: a MAX_POOL or another layer of a kind that is not listed above; a BATCH_NORM or AFFINE
 * that does not alone read a CONV or DENSE layer; padding that an AVERAGE_POOL does not count; GCN and ZCA. */
weft_status weft_snn_rate_nir(weft_nir **out, const weft_network *net, const float *scales, double dt, weft_error *err);
weft_status weft_snn_from_rates(weft_snn **out, weft_snn_coding *coding, const weft_network *net, const float *scales,
                                double dt, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
