/* Layers by name: open addressing, a power of two slots of which at most half are used. A slot holds 1 + the layer's
 * index, 0 when it is free. */
#include <stdlib.h>
#include <string.h>

#include "core/network_internal.h"

/* FNV-1a, 32 bits. */
static uint32_t hash(const char *name) {
    uint32_t h = 2166136261u;
    for (; *name; name++) h = (h ^ (unsigned char)*name) * 16777619u;
    return h;
}

/* The slot of that name, or the free one where it belongs. */
static int *slot_find(const weft_network *net, const char *name) {
    uint32_t mask = (uint32_t)net->name_slot_count - 1, at = hash(name) & mask;
    while (net->name_slots[at] && strcmp(net->layers[net->name_slots[at] - 1].name, name) != 0) at = (at + 1) & mask;
    return &net->name_slots[at];
}

int weft_network_find(const weft_network *net, const char *name) {
    int index = net->name_slot_count ? *slot_find(net, name) - 1 : -1;
    return index < net->layer_count ? index : -1; /* the first layers of a network may be looked at as one */
}

weft_status weft_names_build(weft_network *net, weft_error *err) {
    int slots = 16;
    while (slots < 4 * net->layer_count) slots *= 2;
    int *fresh = calloc((size_t)slots, sizeof *fresh);
    if (!fresh) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    free(net->name_slots);
    net->name_slots = fresh;
    net->name_slot_count = slots;
    for (int i = 0; i < net->layer_count; i++) *slot_find(net, net->layers[i].name) = i + 1;
    return WEFT_OK;
}

weft_status weft_names_add(weft_network *net, weft_error *err) {
    if (2 * net->layer_count > net->name_slot_count) return weft_names_build(net, err);
    *slot_find(net, net->layers[net->layer_count - 1].name) = net->layer_count;
    return WEFT_OK;
}
