/* Words for layers, for people. */
#ifndef WEFT_CORE_NETWORK_TEXT_H
#define WEFT_CORE_NETWORK_TEXT_H

#include "core/network.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_SHAPE_TEXT_MAX 48
#define WEFT_LAYER_TEXT_MAX 240

/* "3 x 32 x 32", or "10" of a vector. */
void weft_shape_text(char out[WEFT_SHAPE_TEXT_MAX], weft_shape shape);
/* The name of the layer that a layer reads; "input" for the network's input, producer -1. */
const char *weft_layer_producer(const weft_network *net, int producer);
/* What a layer runs on when the network is mapped: crossbar, digital, host, or none, where nothing is left of it. */
const char *weft_layer_runs_on(const weft_network *net, const weft_layer *layer);
/* What shapes do not say: windows, bounds and the terms of a sum: "3 x 3, stride 2, padding 1, 32 groups"; "" when
 * nothing. Ranges of inputs, which are measured, are not in it. */
void weft_layer_text(char out[WEFT_LAYER_TEXT_MAX], const weft_network *net, const weft_layer *layer);

#ifdef __cplusplus
}
#endif
#endif
