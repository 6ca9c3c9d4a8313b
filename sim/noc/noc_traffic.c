/* Packet starts are drawn as gaps between them, so that a node without a packet costs nothing in a cycle. */
#include "sim/noc/noc_traffic.h"

#include <stdlib.h>

#include "core/rng.h"
#include "sim/noc/noc_internal.h"

const char *const weft_noc_pattern_names[] = {"uniform",  "transpose", "bitcomp", "tornado",
                                              "neighbor", "hotspot",   NULL};

enum { GAPS = 4096, NONE = -1, DOUBLINGS = 63 };

typedef struct node {
    uint64_t start, draws; /* cycle of its next packet; blocks drawn */
    int32_t next;          /* in its slot */
    int32_t target;        /* of a permutation */
} node;

struct weft_noc_traffic {
    weft_noc_traffic_options options;
    int nodes;
    uint64_t packets;
    size_t line;               /* of a list: next to inject */
    node *node;                /* [nodes] */
    int32_t slot[GAPS];        /* first node whose next packet starts in a cycle of this remainder */
    uint64_t longer[GAPS + 1]; /* 2^64 x probability that a gap is longer than this */
    double within[DOUBLINGS];  /* probability that a gap is at most 2^k; where packets are far apart */
    bool always, far;          /* a packet every cycle; less than one in GAPS * GAPS cycles */
};

/* ---- patterns ---- */

static int target_of(const weft_noc_config *c, int pattern, int at_router, int n) {
    int router = n / at_router, width = c->width, height = c->height, x = router % width, y = router / width;
    switch ((weft_noc_pattern)pattern) {
    case WEFT_NOC_TRANSPOSE:
        return (x * width + y) * at_router + n % at_router;
    case WEFT_NOC_BITCOMP:
        return c->terminal_count - 1 - n;
    case WEFT_NOC_TORNADO:
        x = (x + (width - 1) / 2) % width;
        y = (y + (height - 1) / 2) % height;
        break;
    case WEFT_NOC_NEIGHBOR:
        x = (x + 1) % width;
        y = (y + 1) % height;
        break;
    case WEFT_NOC_UNIFORM:
    case WEFT_NOC_HOTSPOT:
        return NONE;
    }
    return (y * width + x) * at_router + n % at_router;
}

static weft_status check(const weft_noc_config *c, const weft_noc_traffic_options *o, weft_error *err) {
    int routers = c->width * c->height, each = c->terminal_count / routers;
    if (o->list) return WEFT_OK;
    for (int t = 0; t < c->terminal_count; t++)
        if (c->terminal_count % routers || c->terminal_router[t] != t / each)
            return weft_error_set(err, WEFT_E_INVALID, "traffic patterns need equally many terminals at each router");
    if (o->pattern == WEFT_NOC_TRANSPOSE && c->width != c->height)
        return weft_error_set(err, WEFT_E_INVALID, "transpose traffic needs a square mesh, not %d x %d routers",
                              c->width, c->height);
    if (o->pattern == WEFT_NOC_HOTSPOT && (o->hot_node < 0 || o->hot_node >= c->terminal_count))
        return weft_error_set(err, WEFT_E_INVALID, "hot node %d of %d", o->hot_node, c->terminal_count);
    if (!(o->rate > 0 && o->rate <= o->packet_flits))
        return weft_error_set(err, WEFT_E_INVALID,
                              "%g flits a node and cycle: above 0, and at most a packet (%d) a cycle", o->rate,
                              o->packet_flits);
    return WEFT_OK;
}

/* ---- packets ---- */

/* Four words that belong to one node alone. */
static weft_philox_block draw(const weft_noc_traffic *traffic, int n) {
    const weft_rng rng = {traffic->options.seed, (uint64_t)n, 0, WEFT_PURPOSE_TRAFFIC};
    weft_philox_block words;
    weft_rng_fill_u32(&rng, 4 * traffic->node[n].draws++, 4, words.v);
    return words;
}

/* The smallest gap that is within probability u, by halving; at most 2^63. Products and sums alone, no logarithm, whose
 * last bit is another one on another machine. */
static uint64_t far_gap(const weft_noc_traffic *traffic, double u) {
    uint64_t gap = 0;
    double reached = 0; /* probability that a gap is at most `gap` */
    for (int k = DOUBLINGS - 1; k >= 0; k--) {
        const double with = reached + (1 - reached) * traffic->within[k];
        if (with > u) continue;
        reached = with;
        gap += (uint64_t)1 << k;
    }
    return gap + 1;
}

/* Cycles to the next packet, at least 1: geometric, from words 0 and 1; the others are for the packet. */
static uint64_t draw_gap(weft_noc_traffic *traffic, int n, weft_philox_block *words) {
    *words = draw(traffic, n);
    if (traffic->always) return 1;
    weft_philox_block more = *words;
    if (traffic->far) return far_gap(traffic, (double)((uint64_t)more.v[0] << 32 | more.v[1]) * 0x1p-64);
    for (uint64_t before = 0;; before += GAPS) {
        uint64_t u = (uint64_t)more.v[0] << 32 | more.v[1];
        if (u >= traffic->longer[GAPS]) {
            int low = 0, high = GAPS; /* longer[low] > u >= longer[high] */
            while (high - low > 1) {
                int middle = (low + high) / 2;
                if (traffic->longer[middle] > u)
                    low = middle;
                else
                    high = middle;
            }
            return before + (uint64_t)high;
        }
        more = draw(traffic, n);
    }
}

static void schedule(weft_noc_traffic *traffic, int n, uint64_t start) {
    int32_t *slot = &traffic->slot[start % GAPS];
    traffic->node[n].start = start;
    traffic->node[n].next = *slot;
    *slot = n;
}

static int choose_target(const weft_noc_traffic *traffic, int n, const weft_philox_block *words) {
    const weft_noc_traffic_options *o = &traffic->options;
    if (traffic->node[n].target != NONE) return traffic->node[n].target;
    if (o->pattern == WEFT_NOC_HOTSPOT && words->v[3] * 0x1p-32 < o->hot_share) return o->hot_node;
    return (int)((uint64_t)words->v[2] * (uint64_t)traffic->nodes >> 32);
}

static weft_status inject_pattern(weft_noc_traffic *traffic, weft_noc *noc, uint64_t now, weft_error *err) {
    int32_t n = traffic->slot[now % GAPS];
    traffic->slot[now % GAPS] = NONE;
    while (n != NONE) {
        node *own = &traffic->node[n];
        int32_t next = own->next;
        if (own->start == now) {
            weft_philox_block words;
            uint64_t gap = draw_gap(traffic, n, &words);
            int target = choose_target(traffic, n, &words);
            WEFT_TRY(weft_noc_inject(noc, n, target, traffic->options.packet_flits, traffic->packets++, err));
            schedule(traffic, n, now + gap);
        } else { /* another round of the calendar */
            own->next = traffic->slot[now % GAPS];
            traffic->slot[now % GAPS] = n;
        }
        n = next;
    }
    return WEFT_OK;
}

weft_status weft_noc_traffic_inject(weft_noc_traffic *traffic, weft_noc *noc, weft_error *err) {
    const weft_packet_list *list = traffic->options.list;
    uint64_t now = weft_noc_cycle(noc);
    if (!list) return inject_pattern(traffic, noc, now, err);
    for (; traffic->line < list->count && list->items[traffic->line].time <= now; traffic->line++) {
        const weft_packet_line *line = &list->items[traffic->line];
        WEFT_TRY(weft_noc_inject(noc, line->source, line->target, line->flits, traffic->packets++, err));
    }
    return WEFT_OK;
}

static uint64_t next_start(const weft_noc_traffic *traffic) {
    uint64_t next = UINT64_MAX;
    for (int n = 0; n < traffic->nodes; n++)
        if (traffic->node[n].start < next) next = traffic->node[n].start;
    return next;
}

uint64_t weft_noc_traffic_next(const weft_noc_traffic *traffic) {
    const weft_packet_list *list = traffic->options.list;
    if (!list) return traffic->far ? next_start(traffic) : 0;
    return traffic->line < list->count ? list->items[traffic->line].time : UINT64_MAX;
}

/* ---- life ---- */

static void set_gaps(weft_noc_traffic *traffic) {
    double p = traffic->options.rate / traffic->options.packet_flits, none = 1;
    traffic->always = p >= 1;
    traffic->far = p * GAPS * GAPS < 1;
    traffic->within[0] = p;
    for (int k = 1; k < DOUBLINGS; k++) {
        const double half = traffic->within[k - 1];
        traffic->within[k] = half * (2 - half);
    }
    traffic->longer[0] = UINT64_MAX;
    for (int i = 1; i <= GAPS; i++) {
        none *= 1 - p;
        traffic->longer[i] = none < 1 ? (uint64_t)(none * 0x1p64) : UINT64_MAX;
    }
}

weft_status weft_noc_traffic_create(weft_noc_traffic **out, const weft_noc_config *config,
                                    const weft_noc_traffic_options *options, weft_error *err) {
    *out = NULL;
    WEFT_TRY(check(config, options, err));
    weft_noc_traffic *traffic = calloc(1, sizeof *traffic);
    if (traffic) traffic->node = calloc((size_t)config->terminal_count, sizeof *traffic->node);
    if (!traffic || !traffic->node) {
        free(traffic);
        return weft_error_set(err, WEFT_E_MEMORY, "noc: out of memory for %d nodes", config->terminal_count);
    }
    traffic->options = *options;
    traffic->nodes = config->terminal_count;
    *out = traffic;
    if (options->list) return WEFT_OK;
    set_gaps(traffic);
    for (int i = 0; i < GAPS; i++) traffic->slot[i] = NONE;
    for (int n = 0; n < traffic->nodes; n++) {
        weft_philox_block words;
        traffic->node[n].target =
            target_of(config, options->pattern, traffic->nodes / (config->width * config->height), n);
        schedule(traffic, n, draw_gap(traffic, n, &words) - 1);
    }
    return WEFT_OK;
}

void weft_noc_traffic_destroy(weft_noc_traffic *traffic) {
    if (!traffic) return;
    free(traffic->node);
    free(traffic);
}

/* ---- loads ---- */

static weft_status add_loads(weft_noc_loads *out, const weft_noc_traffic *traffic, const weft_noc_config *config,
                             weft_error *err) {
    const weft_noc_traffic_options *o = &traffic->options;
    for (size_t i = 0; o->list && i < o->list->count; i++)
        weft_noc_loads_add(out, config, o->list->items[i].source, o->list->items[i].target, o->list->items[i].flits);
    if (o->list) return WEFT_OK;
    double hot = o->pattern == WEFT_NOC_HOTSPOT ? o->hot_share : 0;
    if (o->pattern == WEFT_NOC_UNIFORM || o->pattern == WEFT_NOC_HOTSPOT)
        WEFT_TRY(weft_noc_loads_add_uniform(out, config, 1 - hot, err));
    for (int n = 0; n < traffic->nodes; n++) {
        if (hot > 0) weft_noc_loads_add(out, config, n, o->hot_node, hot);
        if (traffic->node[n].target != NONE) weft_noc_loads_add(out, config, n, traffic->node[n].target, 1);
    }
    return WEFT_OK;
}

weft_status weft_noc_traffic_loads(weft_noc_loads *out, const weft_noc_traffic *traffic, const weft_noc_config *config,
                                   weft_error *err) {
    WEFT_TRY(weft_noc_loads_create(out, config, err));
    weft_status status = add_loads(out, traffic, config, err);
    if (status == WEFT_OK)
        weft_noc_loads_finish(out, config);
    else
        weft_noc_loads_destroy(out);
    return status;
}
