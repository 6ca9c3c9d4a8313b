/* The tree that a packet to several terminals takes on a mesh: along the sender's row (under YX: its column), and from
 * there along the columns (rows) of those who get it. Each link carries the packet once. */
#ifndef WEFT_CORE_TREE_H
#define WEFT_CORE_TREE_H

#include "core/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_TREE_SIDE = 256 /* routers along an axis at most, as noc.mesh */ };
/* The sender is at `source` along the trunk's axis (0: x, 1: y) and at `across` along the other. Routers of the trunk
 * are [low, high]; from the trunk's router t a branch covers [branch_low[t], branch_high[t]] along the other axis. */
typedef struct weft_tree {
    int axis, source, across, low, high, width;
    int branch_low[WEFT_TREE_SIDE], branch_high[WEFT_TREE_SIDE];
} weft_tree;

/* count >= 1 terminals; routing of the chip: YX, else XY; topology: as a mesh. With one terminal: its path. */
void weft_tree_make(weft_tree *tree, const weft_chip *chip, int from, const int *to, int count);
int weft_tree_links(const weft_tree *tree);
/* The rule of core/traffic.h: in_tree flits over all links of the tree are no more flit-hops than `flits` to every one
 * of the terminals. */
bool weft_tree_pays(const weft_tree *tree, const weft_chip *chip, int from, const int *to, int count, uint64_t in_tree,
                    uint64_t flits);
/* Adds flits to all of its links, [router_count * 4]: of router r, towards 0..3 = east, west, north, south, at 4 r +
 * direction. */
void weft_tree_add_flits(const weft_tree *tree, uint64_t flits, uint64_t *link_flits);

#ifdef __cplusplus
}
#endif
#endif
