#include "sweep/descriptions.h"

#define WEFT_DESCRIPTION_ROW(id, column, type, label, unit, text) {column, type, label, unit, text},
static const weft_description_column chips[] = {WEFT_CHIPS_TABLE(WEFT_DESCRIPTION_ROW)};
static const weft_description_column nets[] = {WEFT_NETS_TABLE(WEFT_DESCRIPTION_ROW)};
static const weft_description_column layers[] = {WEFT_LAYERS_TABLE(WEFT_DESCRIPTION_ROW)};
#undef WEFT_DESCRIPTION_ROW

const weft_description_table weft_descriptions[WEFT_DESCRIPTIONS] = {
    [WEFT_CHIPS] = {"chips", "a chip with its settings", "sha256", "chip_sha256", chips, WEFT_CHIPS_COUNT},
    [WEFT_NETS] = {"nets", "a network", "sha256", "net_sha256", nets, WEFT_NETS_COUNT},
    [WEFT_LAYERS] = {"layers", "a layer of a network", "sha256, position", "net_sha256", layers, WEFT_LAYERS_COUNT},
};
