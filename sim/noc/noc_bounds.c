#include "sim/noc/noc_bounds.h"

#include <math.h>
#include <stdlib.h>

#include "sim/noc/noc_internal.h"

/* ---- links ---- */

static int crossing_cycles(const weft_noc_config *c) { return c->switch_cycles + c->traversal_cycles; }

static double credit_share(const weft_noc_config *c, int loop, int interval) {
    return fmin(1.0 / interval, (double)c->vcs * c->buffer_flits / loop);
}

weft_noc_link_info weft_noc_link_info_get(const weft_noc_config *c, int router, int direction) {
    weft_noc_link_info info;
    int credit;
    weft_noc_link_cycles(c, router, direction, &info.cycles, &credit, &info.interval);
    info.loop_cycles = 2 * crossing_cycles(c) + info.cycles + credit + 1;
    info.credit_share = credit_share(c, info.loop_cycles, info.interval);
    return info;
}

static int ejection_loop(const weft_noc_config *c) {
    return 2 * crossing_cycles(c) + c->link_cycles + c->credit_cycles + 1;
}

/* The interface has no switch. */
static int injection_loop(const weft_noc_config *c) {
    return 1 + c->link_cycles + crossing_cycles(c) + c->credit_cycles + 1;
}

/* ---- latency ---- */

int weft_noc_path_routers(const weft_noc_config *c, int source, int target) {
    return 1 + weft_noc_distance(c, c->terminal_router[source], c->terminal_router[target]);
}

/* Cycles from a head's arrival at a router to its switch grant. */
static int head_wait(const weft_noc_config *c) {
    if (!c->speculative) return c->route_cycles + c->vc_cycles;
    return c->route_cycles + (c->vc_cycles > c->switch_cycles ? c->vc_cycles - c->switch_cycles : 0);
}

/* One router on the path. */
typedef struct stage {
    int flit_delay, interval; /* of the link that leaves it */
    int credit_delay;         /* from its own switch grant back to whoever feeds it */
    int loop;                 /* of the link that leaves it */
} stage;

static int make_path(stage *stages, const weft_noc_config *c, int source, int target) {
    int r = c->terminal_router[source], to = c->terminal_router[target], count = 0;
    int fed = crossing_cycles(c) + c->credit_cycles + 1;
    while (r != to) {
        int side = weft_noc_next_side(c, r, to);
        weft_noc_link_info link = weft_noc_link_info_get(c, r, side);
        int delay = crossing_cycles(c) + link.cycles;
        stages[count++] = (stage){delay, link.interval, fed, link.loop_cycles};
        fed = link.loop_cycles - delay;
        r = weft_noc_neighbour(c, r, side);
    }
    stages[count++] = (stage){crossing_cycles(c) + c->link_cycles, 1, fed, ejection_loop(c)};
    return count;
}

/* Grants of the last `depth` flits at every router, departure[k * depth + flit % depth]. *last_sent: when the last flit
 * left the interface, the first one at 0. */
static uint64_t follow_flits(const weft_noc_config *c, const stage *stages, int count, int flits, uint64_t *departure,
                             uint64_t *last_sent) {
    int depth = c->buffer_flits, last = count - 1;
    uint64_t sent = 0, tail = 0;
    for (int i = 0; i < flits; i++) {
        size_t slot = (size_t)(i % depth);
        if (i) sent++;
        if (i >= depth && departure[slot] + (uint64_t)stages[0].credit_delay > sent)
            sent = departure[slot] + (uint64_t)stages[0].credit_delay;
        uint64_t at = sent + 1 + (uint64_t)c->link_cycles;
        for (int k = 0; k < count; k++) {
            uint64_t *own = &departure[(size_t)k * (size_t)depth], before = own[(size_t)((i + depth - 1) % depth)];
            uint64_t credit = own[slot] + (uint64_t)stages[k].loop; /* behind the last router, a terminal */
            if (k < last) credit = own[(size_t)depth + slot] + (uint64_t)stages[k + 1].credit_delay;
            if (!i) at += (uint64_t)head_wait(c);
            if (i && before + (uint64_t)stages[k].interval > at) at = before + (uint64_t)stages[k].interval;
            if (i >= depth && credit > at) at = credit;
            own[slot] = at;
            at += (uint64_t)stages[k].flit_delay;
        }
        tail = at;
    }
    *last_sent = sent;
    return tail;
}

static bool links_differ(const weft_noc_config *c) { return c->y_differs || c->chips[0] > 1 || c->chips[1] > 1; }

/* Cycles from the head to flit number i behind the last router, where every link's loop is that of the ejection link:
 * as many flits as a buffer has, then the wait for the first of their credits. A head waits longer at a router than the
 * flits behind it, which makes up for what its own first credit is late. */
static uint64_t behind_head(const weft_noc_config *c, int i) {
    int depth = c->buffer_flits, loop = ejection_loop(c);
    return (uint64_t)(depth >= loop ? i : i / depth * loop + i % depth);
}

/* Closed form where every link is the same. */
static uint64_t even_zero_load(const weft_noc_config *c, int source, int target, int flits) {
    int hop = head_wait(c) + crossing_cycles(c) + c->link_cycles;
    int head = weft_noc_path_routers(c, source, target) * hop + c->link_cycles + 1;
    return (uint64_t)head + behind_head(c, flits - 1);
}

/* From the path's links. */
static weft_status path_zero_load(uint64_t *cycles, const weft_noc_config *c, stage *stages, int source, int target,
                                  int flits, weft_error *err) {
    int count = make_path(stages, c, source, target);
    bool flows = flits <= c->buffer_flits || injection_loop(c) <= c->buffer_flits;
    *cycles = (uint64_t)c->link_cycles + (uint64_t)flits;
    for (int k = 0; k < count; k++) {
        flows = flows && stages[k].interval == 1 && (flits <= c->buffer_flits || stages[k].loop <= c->buffer_flits);
        *cycles += (uint64_t)(head_wait(c) + stages[k].flit_delay);
    }
    if (flows || c->routing > WEFT_NOC_YX) return WEFT_OK;
    uint64_t *departure = calloc((size_t)count * (size_t)c->buffer_flits, sizeof *departure);
    if (!departure) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for a path");
    uint64_t sent;
    *cycles = follow_flits(c, stages, count, flits, departure, &sent);
    free(departure);
    return WEFT_OK;
}

weft_status weft_noc_injection_cycles(uint64_t *cycles, const weft_noc_config *c, int source, int target, int flits,
                                      weft_error *err) {
    *cycles = (uint64_t)flits;
    if (flits <= c->buffer_flits || c->routing > WEFT_NOC_YX) return WEFT_OK;
    const size_t longest = (size_t)(c->width + c->height);
    stage *stages = malloc(longest * sizeof *stages);
    uint64_t *departure = calloc(longest * (size_t)c->buffer_flits, sizeof *departure), sent = 0;
    const bool memory = stages && departure;
    if (memory) follow_flits(c, stages, make_path(stages, c, source, target), flits, departure, &sent);
    free(stages);
    free(departure);
    if (!memory) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for a path");
    *cycles = sent + 1;
    return WEFT_OK;
}

uint64_t weft_noc_port_busy(const weft_noc_config *c, bool injection, uint64_t flits, uint64_t kept) {
    const uint64_t loop = (uint64_t)(injection ? injection_loop(c) : ejection_loop(c));
    const uint64_t room = (uint64_t)c->vcs * (uint64_t)c->buffer_flits, credits = (flits * loop + room - 1) / room;
    return credits > kept ? credits : kept;
}

weft_status weft_noc_zero_load(uint64_t *cycles, const weft_noc_config *c, int source, int target, int flits,
                               weft_error *err) {
    if (!links_differ(c)) {
        *cycles = even_zero_load(c, source, target, flits);
        return WEFT_OK;
    }
    stage *stages = malloc((size_t)(c->width + c->height) * sizeof *stages);
    if (!stages) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for a path");
    weft_status status = path_zero_load(cycles, c, stages, source, target, flits, err);
    free(stages);
    return status;
}

/* ---- loads ---- */

weft_status weft_noc_loads_create(weft_noc_loads *out, const weft_noc_config *c, weft_error *err) {
    size_t routers = (size_t)c->width * (size_t)c->height, terminals = (size_t)c->terminal_count;
    *out = (weft_noc_loads){.link = calloc(routers * WEFT_NOC_SIDES, sizeof *out->link),
                            .injection = calloc(terminals, sizeof *out->injection),
                            .ejection = calloc(terminals, sizeof *out->ejection)};
    if (out->link && out->injection && out->ejection) return WEFT_OK;
    weft_noc_loads_destroy(out);
    return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for the loads of channels");
}

void weft_noc_loads_destroy(weft_noc_loads *loads) {
    free(loads->link);
    free(loads->injection);
    free(loads->ejection);
    *loads = (weft_noc_loads){0};
}

void weft_noc_loads_add(weft_noc_loads *loads, const weft_noc_config *c, int source, int target, double weight) {
    int r = c->terminal_router[source], to = c->terminal_router[target];
    loads->injection[source] += weight;
    loads->ejection[target] += weight;
    loads->total += weight;
    while (r != to) {
        int side = weft_noc_next_side(c, r, to);
        loads->link[r * WEFT_NOC_SIDES + side] += weight;
        r = weft_noc_neighbour(c, r, side);
    }
}

/* Loads of the links of one row or column, all pairs of it, as routers first + step * i. */
static void add_line(double *line, const weft_noc_config *c, int first, int step, int length, double pair) {
    for (int a = 0; a < length; a++)
        for (int b = 0; b < length; b++)
            for (int r = first + step * a, to = first + step * b; r != to;) {
                int side = weft_noc_next_side(c, r, to);
                line[(r - first) / step * WEFT_NOC_SIDES + side] += pair;
                r = weft_noc_neighbour(c, r, side);
            }
}

/* Each dimension by itself: as many flits of a row's sources go to each column as to any other. */
weft_status weft_noc_loads_add_uniform(weft_noc_loads *loads, const weft_noc_config *c, double weight,
                                       weft_error *err) {
    int width = c->width, height = c->height;
    double at_router = (double)c->terminal_count / ((double)width * height) * weight;
    int longest = width > height ? width : height;
    double *line = calloc((size_t)longest * WEFT_NOC_SIDES * 2, sizeof *line);
    if (!line) return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for the loads of channels");
    double *column = line + longest * WEFT_NOC_SIDES;
    for (int t = 0; t < c->terminal_count; t++) {
        loads->injection[t] += weight;
        loads->ejection[t] += weight;
        loads->total += weight;
    }
    add_line(line, c, 0, 1, width, at_router / width);
    add_line(column, c, 0, width, height, at_router / height);
    for (int r = 0; r < width * height; r++)
        for (int side = 0; side < WEFT_NOC_SIDES; side++)
            loads->link[r * WEFT_NOC_SIDES + side] +=
                side < 2 ? line[r % width * WEFT_NOC_SIDES + side] : column[r / width * WEFT_NOC_SIDES + side];
    free(line);
    return WEFT_OK;
}

/* Links in the same place along their dimension share what crosses there. */
static void average_parallel(weft_noc_loads *loads, const weft_noc_config *c) {
    for (int side = 0; side < WEFT_NOC_SIDES; side++) {
        int along = side < 2 ? c->width : c->height, across = side < 2 ? c->height : c->width;
        for (int i = 0; i < along; i++) {
            double sum = 0;
            for (int j = 0; j < across; j++)
                sum += loads->link[(side < 2 ? j * c->width + i : i * c->width + j) * WEFT_NOC_SIDES + side];
            for (int j = 0; j < across; j++)
                loads->link[(side < 2 ? j * c->width + i : i * c->width + j) * WEFT_NOC_SIDES + side] = sum / across;
        }
    }
}

void weft_noc_loads_finish(weft_noc_loads *loads, const weft_noc_config *c) {
    double scale = loads->total > 0 ? c->terminal_count / loads->total : 0;
    for (int l = 0; l < c->width * c->height * WEFT_NOC_SIDES; l++) loads->link[l] *= scale;
    for (int t = 0; t < c->terminal_count; t++) {
        loads->injection[t] *= scale;
        loads->ejection[t] *= scale;
    }
    if (c->routing > WEFT_NOC_YX) average_parallel(loads, c);
    loads->total = loads->total > 0 ? c->terminal_count : 0;
}

/* ---- bounds ---- */

static void bound_by(weft_noc_bounds *b, double load, double channel, double credit, int router, int direction) {
    if (load <= 0) return;
    b->channel = fmin(b->channel, channel / load);
    if (credit / load >= b->credit) return;
    b->credit = credit / load;
    b->router = router;
    b->direction = direction;
    b->load = load;
}

weft_noc_bounds weft_noc_bounds_get(const weft_noc_loads *loads, const weft_noc_config *c) {
    weft_noc_bounds b = {INFINITY, INFINITY, -1, 0, 0};
    for (int r = 0; r < c->width * c->height; r++)
        for (int side = 0; side < WEFT_NOC_SIDES; side++) {
            double load = loads->link[r * WEFT_NOC_SIDES + side];
            if (load <= 0) continue;
            weft_noc_link_info link = weft_noc_link_info_get(c, r, side);
            bound_by(&b, load, 1.0 / link.interval, link.credit_share, r, side);
        }
    for (int t = 0; t < c->terminal_count; t++) {
        bound_by(&b, loads->injection[t], 1, credit_share(c, injection_loop(c), 1), -1, 0);
        bound_by(&b, loads->ejection[t], 1, credit_share(c, ejection_loop(c), 1), -1, 0);
    }
    return b;
}
