#include <stdlib.h>

#include "core/chip_route.h"
#include "mapper/place_internal.h"

int64_t weft_place_hop_cycles(const weft_chip *chip, int64_t link_cycles) {
    int64_t vc = chip->noc.vc_cycles, sw = chip->noc.switch_cycles;
    int64_t allocate = !chip->noc.speculative ? vc + sw : vc > sw ? vc : sw;
    return chip->noc.route_cycles + allocate + chip->noc.traversal_cycles + link_cycles;
}

/* Costs of a link along either axis, and of one between chips. */
typedef struct prices {
    int64_t link[2], crossing;
} prices;

static prices prices_of(const weft_place_problem *problem) {
    const weft_chip *chip = problem->chip;
    if (problem->objective != WEFT_OBJECTIVE_LATENCY)
        return (prices){{1, 1}, weft_chip_has_slow_links(chip) ? chip->noc.chip_link_interval : 1};
    prices p = {
        {weft_place_hop_cycles(chip, chip->noc.link_cycles), weft_place_hop_cycles(chip, chip->noc.link_cycles_y)},
        weft_place_hop_cycles(chip, chip->noc.chip_link_cycles)};
    if (weft_chip_count(chip, 0) == 1 && weft_chip_count(chip, 1) == 1) p.crossing = p.link[0];
    return p;
}

static int64_t run_cost(const weft_chip *chip, const prices *p, int axis, int from, int to) {
    int steps = weft_ring_steps((int)chip->noc.mesh[axis], weft_chip_is_torus(chip), from, to);
    return abs(steps) * p->link[axis] + weft_chip_crossings(chip, axis, from, steps) * (p->crossing - p->link[axis]);
}

static int *make_table(const weft_chip *chip, const prices *p, int axis) {
    int length = (int)chip->noc.mesh[axis];
    int *table = malloc((size_t)length * ((size_t)length + 1) * sizeof *table);
    if (!table) return NULL;
    int *next = table + length * length;
    for (int a = 0; a < length; a++) {
        for (int b = 0; b < length; b++)
            table[a * length + b] = (int)((run_cost(chip, p, axis, a, b) + run_cost(chip, p, axis, b, a) + 1) / 2);
        next[a] = a + 1 < length ? (int)run_cost(chip, p, axis, a, a + 1) : 0;
    }
    return table;
}

bool weft_place_metric_create(weft_place_metric *out, const weft_place_problem *problem) {
    const weft_chip *chip = problem->chip;
    prices p = prices_of(problem);
    *out = (weft_place_metric){.width = (int)chip->noc.mesh[0], .height = (int)chip->noc.mesh[1], .unit = 1};
    out->torus = weft_chip_is_torus(chip);
    if (p.link[0] == p.link[1] && p.link[0] == p.crossing) {
        out->unit = p.link[0];
        p = (prices){{1, 1}, 1};
    }
    out->x = make_table(chip, &p, 0);
    out->y = make_table(chip, &p, 1);
    return out->x && out->y;
}

void weft_place_metric_destroy(weft_place_metric *metric) {
    free(metric->x);
    free(metric->y);
}

uint64_t weft_place_run_cycles(const weft_chip *chip, int from, int to) {
    int width = (int)chip->noc.mesh[0];
    prices p = {{1, 1}, weft_chip_has_slow_links(chip) ? chip->noc.chip_link_interval : 1};
    return (uint64_t)(run_cost(chip, &p, 0, from % width, to % width) +
                      run_cost(chip, &p, 1, from / width, to / width));
}
