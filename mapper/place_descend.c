#include <stdlib.h>

#include "mapper/place_field.h"

/* Each cluster in turn goes to the best core in a square around the place that is best for it alone, while anybody
 * gains. */
enum { SWEEPS_MAX = 50 };

/* The first place with the lowest cost. */
static int lowest(const int64_t *slope, int count) {
    int64_t height = 0, least = 0;
    int at = 0;
    for (int i = 0; i + 1 < count; i++) {
        height += slope[i];
        if (height >= least) continue;
        least = height;
        at = i + 1;
    }
    return at;
}

/* Places within the radius, the first may be followed by others from the row's beginning. */
typedef struct places {
    int first, count;
} places;

static places within(const weft_place_metric *m, int at, int radius, int length) {
    if (m->torus && 2 * radius + 1 < length) return (places){weft_place_within(m, at - radius, length), 2 * radius + 1};
    int first = at > radius && !m->torus ? at - radius : 0;
    int last = at + radius < length && !m->torus ? at + radius : length - 1;
    return (places){first, last - first + 1};
}

/* Cores in the square of that radius; the one that lowers the sum most, -1 for none. */
static int best_core(weft_place_field *field, int cluster, int x, int y, int radius) {
    const weft_place_layout *l = field->layout;
    places across = within(&field->graph->metric, x, radius, l->width);
    places down = within(&field->graph->metric, y, radius, l->height);
    int64_t least = 0;
    int best = -1, slots = l->concentration;
    for (int i = 0; i < down.count; i++) {
        int row = (down.first + i) % l->height;
        for (int k = 0; k < across.count * slots; k++) {
            int core = (row * l->width + (across.first + k / slots) % l->width) * slots + k % slots;
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
