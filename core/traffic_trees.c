/* Packets to several terminals: when they travel as trees, in how many pieces, and all of them as a list. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/traffic_internal.h"

/* Values of a packet that fills a virtual channel's buffer; 0 or less: not one fits. */
static int64_t most_values(const weft_chip *chip) {
    return (chip->noc.buffer_flits * chip->noc.flit_bits - chip->noc.header_bits) / chip->input.bits;
}

/* Flits of a position's values when they are cut so that every piece fits a buffer; *pieces: how many, 0: impossible.
 */
static int64_t flits_in_pieces(const weft_chip *chip, int64_t values, int64_t bits, int64_t *pieces) {
    const int64_t most = most_values(chip);
    *pieces = most < 1 ? 0 : (values + most - 1) / most;
    if (!*pieces) return 0;
    return (*pieces - 1) * weft_chip_flits(chip, most, bits) +
           weft_chip_flits(chip, values - (*pieces - 1) * most, bits);
}

void weft_traffic_plan_tree(const weft_traffic *traffic, int from, weft_route *route, int values) {
    const weft_chip *chip = traffic->chip;
    const int64_t bits = chip->input.bits;
    int64_t pieces;
    weft_tree tree;
    if (!chip->noc.multicast || route->core_count < 2) return;
    const int64_t flits = flits_in_pieces(chip, values, bits, &pieces);
    if (!pieces) return;
    weft_tree_make(&tree, chip, from, route->cores, route->core_count);
    if (!weft_tree_pays(&tree, chip, from, route->cores, route->core_count, (uint64_t)flits,
                        (uint64_t)weft_chip_flits(chip, values, bits)))
        return;
    route->pieces = (int)pieces;
    route->links = weft_tree_links(&tree);
}

int weft_traffic_piece(const weft_traffic *traffic, const weft_route *route, int piece, int values) {
    const int most = (int)most_values(traffic->chip);
    assert(piece >= 0 && piece < route->pieces);
    return piece + 1 < route->pieces ? most : values - piece * most;
}

/* ---- all of a part ---- */

typedef struct tree_list {
    const weft_traffic *traffic;
    weft_tree_flows *out;
    int part;
    size_t room, to_room;
    bool failed;
} tree_list;

/* Room for `more` behind count. */
static bool grow(void **list, size_t *room, size_t count, size_t more, size_t size) {
    if (count + more <= *room) return true;
    void *grown = realloc(*list, 2 * (count + more) * size);
    if (!grown) return false;
    *list = grown;
    *room = 2 * (count + more);
    return true;
}

static void put(tree_list *l, int from, const int *to, int count, uint64_t flits, uint64_t in_tree) {
    weft_tree_flows *out = l->out;
    void *items = out->items, *places = out->to;
    const bool good = grow(&items, &l->room, out->count, 1, sizeof *out->items) &&
                      grow(&places, &l->to_room, out->to_count, (size_t)count, sizeof *out->to);
    out->items = items;
    out->to = places;
    l->failed = l->failed || !good;
    if (!good) return;
    out->items[out->count++] = (weft_tree_flow){from, count, out->to_count, flits, in_tree};
    memcpy(out->to + out->to_count, to, (size_t)count * sizeof *to);
    out->to_count += (size_t)count;
}

/* times: positions. */
static void add_trees(void *user, int part, weft_packet_kind kind, int from, const weft_route *route, int values,
                      uint64_t times) {
    tree_list *l = user;
    const weft_chip *chip = l->traffic->chip;
    if (part != l->part || times == 0 || route->core_count == 0 || l->failed) return;
    const uint64_t flits = times * (uint64_t)weft_traffic_packet_flits(l->traffic, kind, values);
    int64_t pieces = 0, in_tree = 0;
    if (route->core_count > 1 && chip->noc.multicast)
        in_tree = flits_in_pieces(chip, values, chip->input.bits, &pieces);
    put(l, from, route->cores, route->core_count, flits, times * (uint64_t)in_tree);
}

weft_status weft_traffic_trees(weft_tree_flows *out, const weft_traffic *traffic, int part, weft_error *err) {
    assert(part >= 0 && part < traffic->mapping->parts);
    *out = (weft_tree_flows){0};
    tree_list list = {.traffic = traffic, .out = out, .part = part};
    for (int s = -1; s < traffic->mapping->stage_count && !list.failed; s++)
        if (!weft_traffic_visit_stage(traffic, s, true, add_trees, &list)) list.failed = true;
    if (!list.failed) return WEFT_OK;
    weft_tree_flows_free(out);
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the packets of a part");
}

void weft_tree_flows_free(weft_tree_flows *flows) {
    free(flows->items);
    free(flows->to);
    *flows = (weft_tree_flows){0};
}
