#include <stdlib.h>

#include "mapper/place_field.h"

/* Each cluster in turn goes to the best core in a square around the place that is best for it alone, while anybody
 * gains. */
enum { SWEEPS_MAX = 50 };

/* Where the slope turns from down to up. */
static int lowest(const int64_t *slope, int count) {
    int at = 0;
    while (at + 1 < count && slope[at] < 0) at++;
    return at;
}

/* Cores in the square of that radius; the one that lowers the sum most, -1 for none. */
static int best_core(weft_place_field *field, int cluster, int x, int y, int radius) {
    const weft_place_layout *l = field->layout;
    int x0 = x > radius ? x - radius : 0, x1 = x + radius < l->width ? x + radius : l->width - 1;
    int y0 = y > radius ? y - radius : 0, y1 = y + radius < l->height ? y + radius : l->height - 1;
    int64_t least = 0;
    int best = -1;
    for (int row = y0; row <= y1; row++) {
        int end = (row * l->width + x1 + 1) * l->concentration;
        for (int core = (row * l->width + x0) * l->concentration; core < end; core++) {
            int64_t change = weft_place_field_change(field, cluster, core);
            if (change >= least) continue;
            change += weft_place_field_tie(field, cluster, core);
            if (change >= least) continue;
            least = change;
            best = core;
        }
    }
    return best;
}

/* As large as a few sweeps within the work allow. */
static int radius_for(const weft_place_layout *layout, uint64_t work) {
    int radius = 1, most = layout->width > layout->height ? layout->width : layout->height;
    for (; radius < most; radius++) {
        uint64_t side = 2 * (uint64_t)radius + 3, cores = side * side * (uint64_t)layout->concentration;
        if (4 * (uint64_t)layout->clusters * cores * (8 + side) > work) break;
    }
    return radius;
}

static void sweep(weft_place_field *field, uint64_t work) {
    const weft_place_layout *l = field->layout;
    int radius = radius_for(l, work);
    bool gained = true;
    for (int s = 0; s < SWEEPS_MAX && gained; s++) {
        gained = false;
        for (int c = 0; c < l->clusters; c++) {
            if (field->work >= work) return;
            const int64_t *slope = field->slope + (size_t)c * (size_t)(l->width + l->height);
            int best = best_core(field, c, lowest(slope, l->width), lowest(slope + l->width, l->height), radius);
            if (best < 0) continue;
            weft_place_field_swap(field, c, best);
            gained = true;
        }
    }
}

weft_status weft_place_descend(weft_place_layout *layout, const weft_place_graph *graph, uint64_t work,
                               weft_error *err) {
    weft_place_field field;
    WEFT_TRY(weft_place_field_create(&field, graph, layout, err));
    sweep(&field, work);
    weft_place_field_destroy(&field);
    return WEFT_OK;
}
