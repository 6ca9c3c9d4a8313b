/* Neurons of a population to clusters: a cluster grows from its first neuron by the one that needs the fewest axons
 * that are not there yet, of equals the one that has been found first (which makes patches, not strips, of a map). */
#include <stdlib.h>
#include <string.h>

#include "mapper/spike_internal.h"

#define NONE UINT32_MAX

/* A neuron's state in the cluster that grows now. */
typedef struct candidate {
    uint32_t need; /* axons that are not there yet */
    uint32_t seen; /* cluster + 1 that `need` is of */
    uint32_t next, previous;
    bool listed;
} candidate;

typedef struct grower {
    weft_spike_work *w;
    int population;
    uint32_t size;
    weft_spike_part *part;
    weft_spike_axons axons;
    uint32_t *marked; /* [axon_count] cluster + 1 that has it */
    candidate *neurons;
    /* Candidates by need, as they were found. */
    uint32_t *heads, *tails; /* [most + 1] */
    uint32_t most, lowest;   /* largest need; none is listed below lowest */
    uint32_t number;         /* of the cluster, + 1 */
    uint64_t open;           /* candidates that were found and are in no cluster */
    uint32_t cursor;         /* neurons before it are in clusters */
    int room;                /* of part->takes */
    weft_spike_take limit;
} grower;

static uint32_t fan_in(const grower *g, uint32_t neuron) {
    return (uint32_t)(g->axons.axon_first[neuron + 1] - g->axons.axon_first[neuron]);
}

static void unlist(grower *g, uint32_t neuron) {
    candidate *c = &g->neurons[neuron];
    if (!c->listed) return;
    c->listed = false;
    if (c->previous == NONE)
        g->heads[c->need] = c->next;
    else
        g->neurons[c->previous].next = c->next;
    if (c->next == NONE)
        g->tails[c->need] = c->previous;
    else
        g->neurons[c->next].previous = c->previous;
}

static void list(grower *g, uint32_t neuron) {
    candidate *c = &g->neurons[neuron];
    c->listed = true;
    c->next = NONE;
    c->previous = g->tails[c->need];
    if (c->previous == NONE)
        g->heads[c->need] = neuron;
    else
        g->neurons[c->previous].next = neuron;
    g->tails[c->need] = neuron;
    if (c->need < g->lowest) g->lowest = c->need;
}

/* One axon more is there for the neuron. */
static void touch(grower *g, uint32_t neuron) {
    candidate *c = &g->neurons[neuron];
    if (g->part->cluster[neuron] != NONE) return;
    if (c->seen != g->number) {
        c->seen = g->number;
        c->need = fan_in(g, neuron);
        c->listed = false;
        g->open++;
    } else if (!c->listed) {
        return; /* it did not fit */
    }
    unlist(g, neuron);
    c->need--;
    list(g, neuron);
}

static uint32_t new_axons(const grower *g, uint32_t neuron) {
    return g->neurons[neuron].seen == g->number ? g->neurons[neuron].need : fan_in(g, neuron);
}

static weft_spike_take taken_by(const grower *g, uint32_t neuron) {
    const uint64_t copies = g->part->copies[neuron];
    return (weft_spike_take){copies, new_axons(g, neuron), copies * fan_in(g, neuron),
                             g->part->axons_out ? g->part->axons_out[neuron] : 0};
}

static bool fits(const weft_spike_take *have, const weft_spike_take *more, const weft_spike_take *limit) {
    return have->slots + more->slots <= limit->slots && have->axons + more->axons <= limit->axons &&
           have->synapses + more->synapses <= limit->synapses && have->out + more->out <= limit->out;
}

static void add(grower *g, weft_spike_take *take, uint32_t neuron) {
    const weft_spike_take more = taken_by(g, neuron);
    take->slots += more.slots;
    take->axons += more.axons;
    take->synapses += more.synapses;
    take->out += more.out;
    if (g->neurons[neuron].seen == g->number) {
        g->open--;
        unlist(g, neuron);
    }
    g->part->cluster[neuron] = g->number - 1;
    for (uint64_t k = g->axons.axon_first[neuron]; k < g->axons.axon_first[neuron + 1]; k++) {
        const uint32_t axon = g->axons.axons[k];
        if (g->marked[axon] == g->number) continue;
        g->marked[axon] = g->number;
        for (uint64_t s = g->axons.target_first[axon]; s < g->axons.target_first[axon + 1]; s++)
            touch(g, g->axons.targets[s]);
    }
}

/* The candidate with the lowest need that fits; NONE. Those that do not fit now never will. */
static uint32_t next_candidate(grower *g, const weft_spike_take *take) {
    while (g->lowest <= g->most && take->axons + g->lowest <= g->limit.axons) {
        const uint32_t neuron = g->heads[g->lowest];
        if (neuron == NONE) {
            g->lowest++;
            continue;
        }
        const weft_spike_take more = taken_by(g, neuron);
        if (fits(take, &more, &g->limit)) return neuron;
        unlist(g, neuron);
    }
    return NONE;
}

static uint32_t next_seed(grower *g) {
    while (g->cursor < g->size && g->part->cluster[g->cursor] != NONE) g->cursor++;
    return g->cursor < g->size ? g->cursor : NONE;
}

static void clear_lists(grower *g) {
    for (uint32_t need = 0; need <= g->most; need++) g->heads[need] = g->tails[need] = NONE;
    g->lowest = g->most + 1;
    g->open = 0;
}

/* Neurons that share nothing with the cluster join it only when all that do have. */
static void grow_cluster(grower *g, weft_spike_take *take, uint32_t seed) {
    clear_lists(g);
    add(g, take, seed);
    while (take->slots < g->limit.slots) {
        uint32_t neuron = next_candidate(g, take);
        if (neuron == NONE && g->open == 0) {
            neuron = next_seed(g);
            if (neuron == NONE) return;
            const weft_spike_take more = taken_by(g, neuron);
            if (!fits(take, &more, &g->limit)) return;
        }
        if (neuron == NONE) return;
        add(g, take, neuron);
    }
}

/* ---- what no core can hold ---- */

static weft_status refuse(const grower *g, uint32_t neuron) {
    const weft_spike_take one = {g->part->copies[neuron], fan_in(g, neuron),
                                 (uint64_t)g->part->copies[neuron] * fan_in(g, neuron),
                                 g->part->axons_out ? g->part->axons_out[neuron] : 0};
    const char *name = g->w->snn->populations[g->population].name, *chip = g->w->chip->name;
    if (one.axons > g->limit.axons)
        return weft_error_set(g->w->err, WEFT_E_NO_FIT,
                              "neuron %u of \"%.128s\" has %llu sources, %.80s has %llu axons a core: make the layer's "
                              "fan-in smaller (convolution groups, layers in between), or try --set limits.axons=%llu",
                              (unsigned)neuron, name, (unsigned long long)one.axons, chip,
                              (unsigned long long)g->limit.axons, (unsigned long long)one.axons);
    if (one.synapses > g->limit.synapses)
        return weft_error_set(
            g->w->err, WEFT_E_NO_FIT,
            "neuron %u of \"%.128s\" has %llu synapses, with its copies; a core of %.80s has memory for "
            "%llu",
            (unsigned)neuron, name, (unsigned long long)one.synapses, chip, (unsigned long long)g->limit.synapses);
    return weft_error_set(g->w->err, WEFT_E_NO_FIT,
                          "neuron %u of \"%.128s\" goes to %llu axons, %.80s has %llu destinations a core "
                          "(limits.axons_out)",
                          (unsigned)neuron, name, (unsigned long long)one.out, chip, (unsigned long long)g->limit.out);
}

static weft_status grow_all(grower *g) {
    for (uint32_t seed = next_seed(g); seed != NONE; seed = next_seed(g)) {
        const weft_spike_take none = {0};
        g->number = (uint32_t)g->part->cluster_count + 1;
        const weft_spike_take first = taken_by(g, seed);
        if (!fits(&none, &first, &g->limit)) return refuse(g, seed);
        if (g->part->cluster_count == g->room) {
            const int room = g->room ? 2 * g->room : 16;
            weft_spike_take *grown = realloc(g->part->takes, (size_t)room * sizeof *grown);
            if (!grown) return weft_spike_no_memory(g->w);
            g->part->takes = grown;
            g->room = room;
        }
        weft_spike_take take = {0};
        grow_cluster(g, &take, seed);
        g->part->takes[g->part->cluster_count++] = take;
    }
    return WEFT_OK;
}

static weft_status start(grower *g) {
    const weft_chip *chip = g->w->chip;
    g->limit = (weft_spike_take){(uint64_t)chip->limits.neurons, (uint64_t)chip->limits.axons, g->w->synapse_room,
                                 chip->limits.axons_out ? (uint64_t)chip->limits.axons_out : UINT64_MAX};
    g->part->cluster_count = 0;
    free(g->part->takes);
    g->part->takes = NULL;
    WEFT_TRY(weft_spike_axons_find(&g->axons, g->w, g->population));
    for (uint32_t n = 0; n < g->size; n++) {
        g->part->cluster[n] = NONE;
        if (fan_in(g, n) > g->limit.axons) return refuse(g, n);
        if (fan_in(g, n) > g->most) g->most = fan_in(g, n);
    }
    g->marked = calloc((size_t)g->axons.axon_count + 1, sizeof *g->marked);
    g->neurons = calloc((size_t)g->size + 1, sizeof *g->neurons);
    g->heads = malloc(((size_t)g->most + 1) * sizeof *g->heads);
    g->tails = malloc(((size_t)g->most + 1) * sizeof *g->tails);
    return g->marked && g->neurons && g->heads && g->tails ? WEFT_OK : weft_spike_no_memory(g->w);
}

weft_status weft_spike_grow(weft_spike_work *w, int population) {
    grower g = {
        .w = w, .population = population, .size = w->snn->populations[population].size, .part = &w->parts[population]};
    weft_status status = start(&g);
    if (status == WEFT_OK) status = grow_all(&g);
    weft_spike_axons_free(&g.axons);
    free(g.marked);
    free(g.neurons);
    free(g.heads);
    free(g.tails);
    return status;
}
