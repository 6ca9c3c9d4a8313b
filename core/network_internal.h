/* Shared by network*.c. */
#ifndef WEFT_CORE_NETWORK_INTERNAL_H
#define WEFT_CORE_NETWORK_INTERNAL_H

#include "core/network.h"

/* Positive extents whose product is at most WEFT_NETWORK_VALUES_MAX. */
bool weft_shape_is_allowed(weft_shape shape);
/* Fills out, weight_count and defaulted fields of a layer whose kind, in and window are set. INVALID, naming the layer.
 */
weft_status weft_layer_resolve(weft_layer *layer, weft_error *err);
/* The same of a layer of two inputs, the second of shape `second`: in and out of ADD and CONCAT. names: of both. */
weft_status weft_layer_join(weft_layer *layer, weft_shape second, const char *const names[2], weft_error *err);
/* Hash of the layers' names (network_names.c). add: the last layer's, after it was appended; MEMORY. Rebuilt from
 * nothing by weft_names_build. */
weft_status weft_names_add(weft_network *net, weft_error *err);
weft_status weft_names_build(weft_network *net, weft_error *err);

#endif
