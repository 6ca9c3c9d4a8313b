/* Shared by network*.c. */
#ifndef WEFT_CORE_NETWORK_INTERNAL_H
#define WEFT_CORE_NETWORK_INTERNAL_H

#include "core/network.h"

/* Positive extents whose product is at most WEFT_NETWORK_VALUES_MAX. */
bool weft_shape_is_allowed(weft_shape shape);
/* Fills out, weight_count and defaulted fields of a layer whose kind, in and window are set. INVALID, naming the layer.
 */
weft_status weft_layer_resolve(weft_layer *layer, weft_error *err);

#endif
