/* Clusters to cores-to-be: those that leave room share one, the largest first onto the first core with room. */
#include <stdlib.h>
#include <string.h>

#include "mapper/spike_internal.h"

enum { TRIES = 256 }; /* cores with room that a cluster is tried on */

typedef struct item {
    int population, cluster; /* or, from the population's cluster_count on, splitters */
    weft_spike_take take;
    double size; /* largest share of a limit */
} item;

typedef struct bin {
    weft_spike_take take;
    const char *model; /* NULL: splitter neurons alone */
} bin;

typedef struct packer {
    weft_spike_work *w;
    weft_spike_take limit;
    size_t item_count;
    item *items;
    bin *bins;
    int *open; /* bins with room, ascending */
    int bin_count, open_count;
} packer;

static double share(uint64_t have, uint64_t limit) { return (double)have / (double)limit; }

static void add_item(packer *p, int population, int cluster, weft_spike_take take) {
    double size = share(take.slots, p->limit.slots);
    if (share(take.axons, p->limit.axons) > size) size = share(take.axons, p->limit.axons);
    if (share(take.synapses, p->limit.synapses) > size) size = share(take.synapses, p->limit.synapses);
    if (share(take.out, p->limit.out) > size) size = share(take.out, p->limit.out);
    p->items[p->item_count++] = (item){population, cluster, take, size};
}

static int compare_items(const void *a, const void *b) {
    const item *p = a, *q = b;
    if (p->size != q->size) return p->size > q->size ? -1 : 1;
    if (p->population != q->population) return p->population < q->population ? -1 : 1;
    return (p->cluster > q->cluster) - (p->cluster < q->cluster);
}

static weft_status start(packer *p) {
    const weft_spike_work *w = p->w;
    size_t count = 0;
    for (int k = 0; k < w->snn->population_count; k++)
        count += (size_t)w->parts[k].cluster_count + (size_t)w->parts[k].splitter_count;
    p->items = malloc((count + 1) * sizeof *p->items);
    p->bins = malloc((count + 1) * sizeof *p->bins);
    p->open = malloc((count + 1) * sizeof *p->open);
    if (!p->items || !p->bins || !p->open) return weft_spike_no_memory(w);
    for (int k = 0; k < w->snn->population_count; k++) {
        weft_spike_part *part = &w->parts[k];
        part->bins = malloc(((size_t)part->cluster_count + 1) * sizeof *part->bins);
        if (!part->bins) return weft_spike_no_memory(w);
        for (int c = 0; c < part->cluster_count; c++) add_item(p, k, c, part->takes[c]);
        for (int s = 0; s < part->splitter_count; s++) {
            const uint64_t slots = part->splitters[s].slots;
            add_item(p, k, part->cluster_count + s,
                     (weft_spike_take){slots, 1, slots, slots * (uint64_t)w->chip->limits.destinations});
        }
    }
    qsort(p->items, p->item_count, sizeof *p->items, compare_items);
    return WEFT_OK;
}

static bool may_join(const packer *p, const bin *to, const item *from, const char *model) {
    return to->take.slots + from->take.slots <= p->limit.slots && to->take.axons + from->take.axons <= p->limit.axons &&
           to->take.synapses + from->take.synapses <= p->limit.synapses &&
           to->take.out + from->take.out <= p->limit.out && (!model || !to->model || strcmp(model, to->model) == 0);
}

static int *bin_of(const packer *p, const item *from) {
    weft_spike_part *part = &p->w->parts[from->population];
    return from->cluster < part->cluster_count ? &part->bins[from->cluster]
                                               : &part->splitters[from->cluster - part->cluster_count].bin;
}

static void put(packer *p, const item *from) {
    const weft_spike_part *part = &p->w->parts[from->population];
    const char *model = from->cluster < part->cluster_count ? p->w->fit->populations[from->population].model : NULL;
    int at = 0;
    const int end = p->open_count < TRIES ? p->open_count : TRIES;
    while (at < end && !may_join(p, &p->bins[p->open[at]], from, model)) at++;
    if (at == end) {
        at = p->open_count++;
        p->open[at] = p->bin_count;
        p->bins[p->bin_count++] = (bin){{0}, NULL};
    }
    bin *to = &p->bins[p->open[at]];
    to->take.slots += from->take.slots;
    to->take.axons += from->take.axons;
    to->take.synapses += from->take.synapses;
    to->take.out += from->take.out;
    if (model) to->model = model;
    *bin_of(p, from) = p->open[at];
    const bool full = to->take.slots == p->limit.slots || to->take.axons == p->limit.axons;
    if (!full && p->open_count <= TRIES) return;
    /* Full ones go, and where there are many the first, which are the fullest. */
    const int gone = full ? at : 0;
    memmove(p->open + gone, p->open + gone + 1, (size_t)(--p->open_count - gone) * sizeof *p->open);
}

/* In the order in which populations and their clusters come upon them. */
static weft_status renumber(packer *p) {
    int next = 0, *number = malloc(((size_t)p->bin_count + 1) * sizeof *number);
    if (!number) return weft_spike_no_memory(p->w);
    for (int b = 0; b < p->bin_count; b++) number[b] = -1;
    for (int k = 0; k < p->w->snn->population_count; k++) {
        weft_spike_part *part = &p->w->parts[k];
        for (int c = 0; c < part->cluster_count + part->splitter_count; c++) {
            int *b = bin_of(p, &(item){.population = k, .cluster = c});
            if (number[*b] < 0) number[*b] = next++;
            *b = number[*b];
        }
    }
    free(number);
    return WEFT_OK;
}

weft_status weft_spike_merge(weft_spike_work *w) {
    const weft_chip *chip = w->chip;
    packer p = {.w = w,
                .limit = {(uint64_t)chip->limits.neurons, (uint64_t)chip->limits.axons, w->synapse_room,
                          chip->limits.axons_out ? (uint64_t)chip->limits.axons_out : UINT64_MAX}};
    weft_status status = start(&p);
    for (size_t i = 0; status == WEFT_OK && i < p.item_count; i++) put(&p, &p.items[i]);
    if (status == WEFT_OK) status = renumber(&p);
    w->bin_count = p.bin_count;
    if (status == WEFT_OK)
        status = weft_map_log_add(&w->log, w->err, "merge: %zu clusters and groups of splitter neurons on %d cores",
                                  p.item_count, p.bin_count);
    free(p.items);
    free(p.bins);
    free(p.open);
    return status;
}
