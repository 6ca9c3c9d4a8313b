#include "sweep/metrics.h"

#include <string.h>

const weft_metric_info weft_metrics[WEFT_METRIC_COUNT] = {
#define METRIC_INFO(id, column_, unit_, better_, text_)                                                                \
    [WEFT_METRIC_##id] = {.column = column_, .unit = unit_, .text = text_, .better = better_},
    WEFT_METRIC_TABLE(METRIC_INFO)
#undef METRIC_INFO
};

int weft_metric_find(const char *column) {
    for (int i = 0; i < WEFT_METRIC_COUNT; i++)
        if (!strcmp(weft_metrics[i].column, column)) return i;
    return -1;
}
