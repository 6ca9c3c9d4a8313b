/* Topology, and where a packet may go next. docs/noc.md has the argument that it arrives. */
#include <stdlib.h>

#include "core/ring.h"
#include "sim/noc/noc_internal.h"

enum { EAST, WEST, NORTH, SOUTH };

static int steps_along(const weft_noc_config *config, int length, int from, int to) {
    return weft_ring_steps(length, config->topology == WEFT_NOC_TORUS, from, to);
}

int weft_noc_distance(const weft_noc_config *config, int from, int to) {
    int width = config->width;
    return abs(steps_along(config, width, from % width, to % width)) +
           abs(steps_along(config, config->height, from / width, to / width));
}

int weft_noc_neighbour(const weft_noc_config *config, int router, int side) {
    int width = config->width, x = router % width, y = router / width;
    bool torus = config->topology == WEFT_NOC_TORUS;
    if (side == EAST || side == WEST)
        x = weft_ring_move(width, torus, x, side == EAST ? 1 : -1);
    else
        y = weft_ring_move(config->height, torus, y, side == SOUTH ? 1 : -1);
    return x < 0 || y < 0 ? -1 : y * width + x;
}

bool weft_noc_leaves_chip(const weft_noc_config *config, int router, int side) {
    int width = config->width, to = weft_noc_neighbour(config, router, side);
    int across = width / (config->chips[0] > 1 ? config->chips[0] : 1);
    int down = config->height / (config->chips[1] > 1 ? config->chips[1] : 1);
    return router % width / across != to % width / across || router / width / down != to / width / down;
}

void weft_noc_productive_sides(const weft_noc_config *config, int router, int to, int sides[2]) {
    int width = config->width;
    int dx = steps_along(config, width, router % width, to % width);
    int dy = steps_along(config, config->height, router / width, to / width);
    sides[0] = dx > 0 ? EAST : dx < 0 ? WEST : -1;
    sides[1] = dy > 0 ? SOUTH : dy < 0 ? NORTH : -1;
}

int weft_noc_next_side(const weft_noc_config *config, int router, int to) {
    int sides[2];
    weft_noc_productive_sides(config, router, to, sides);
    bool y_first = config->routing == WEFT_NOC_YX;
    int first = sides[y_first], second = sides[!y_first];
    return first >= 0 ? first : second;
}

/* VCs of a side on a torus, out of the lowest `vcs`: the lower half for packets that will still wrap around in that
 * dimension, so that no ring of waiting closes over the wrap. */
static uint32_t dateline_class(const weft_noc_config *config, int router, int to, int side, int vcs) {
    uint32_t all = vcs == 32 ? UINT32_MAX : (1U << vcs) - 1, lower = (1U << vcs / 2) - 1;
    if (config->topology != WEFT_NOC_TORUS || vcs < 2) return all;
    int width = config->width;
    bool along_x = side == EAST || side == WEST, ahead = side == EAST || side == SOUTH;
    int from = along_x ? router % width : router / width, end = along_x ? to % width : to / width;
    return (ahead ? end < from : end > from) ? lower : all & ~lower;
}

/* West before anything else, then both ways that are left. */
static void choose_west_first(noc_choice *choice, const int sides[2]) {
    int x = sides[0], y = sides[1];
    if (x == WEST || y < 0) y = x;
    if (x < 0) x = y;
    *choice = (noc_choice){.side = {(uint8_t)x, (uint8_t)y}, .escape = (uint8_t)x};
}

static void choose_adaptive(const weft_noc_config *config, noc_choice *choice, int router, int to, const int sides[2]) {
    int x = sides[0] >= 0 ? sides[0] : sides[1], y = sides[1] >= 0 ? sides[1] : sides[0];
    *choice = (noc_choice){.side = {(uint8_t)x, (uint8_t)y}, .escape = (uint8_t)x};
    if (config->escape_vcs) choice->escape_allowed = dateline_class(config, router, to, x, config->escape_vcs);
}

void weft_noc_route(weft_noc *noc, int input, const noc_packet *packet) {
    const weft_noc_config *config = &noc->config;
    noc_input *in = noc_in(noc, input);
    int router = noc->port[input >> noc->vc_shift].router, to = config->terminal_router[packet->target];
    uint32_t all = noc->vcs == 32 ? UINT32_MAX : (1U << noc->vcs) - 1;
    noc->allowed[input] = all;
    if (router == to) {
        in->out_side = (uint16_t)noc->terminal_side[packet->target];
        if (noc->choice)
            noc->choice[input] = (noc_choice){
                {(uint8_t)in->out_side, (uint8_t)in->out_side}, (uint8_t)in->out_side, .escape_allowed = all};
        return;
    }
    in->out_side = (uint16_t)weft_noc_next_side(config, router, to);
    if (noc->choice) {
        int sides[2];
        weft_noc_productive_sides(config, router, to, sides);
        if (config->routing == WEFT_NOC_WEST_FIRST)
            choose_west_first(&noc->choice[input], sides);
        else
            choose_adaptive(config, &noc->choice[input], router, to, sides);
    } else {
        noc->allowed[input] = dateline_class(config, router, to, in->out_side, noc->vcs);
    }
}
