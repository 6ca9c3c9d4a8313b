#include "sweep/metrics.h"

#include <math.h>
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

double weft_metrics_cost(const weft_metrics_values *values, int metric) {
    return -weft_metrics[metric].better * values->v[metric];
}

bool weft_metrics_have(const weft_metrics_values *values, const int *metrics, int count) {
    for (int m = 0; m < count; m++)
        if (isnan(values->v[metrics[m]])) return false;
    return true;
}

bool weft_metrics_dominate(const weft_metrics_values *a, const weft_metrics_values *b, const int *metrics, int count) {
    bool better = false;
    for (int m = 0; m < count; m++) {
        const double x = weft_metrics_cost(a, metrics[m]), y = weft_metrics_cost(b, metrics[m]);
        if (x > y) return false;
        better |= x < y;
    }
    return better;
}
