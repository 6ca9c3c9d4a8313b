#include "core/tree.h"

#include <assert.h>

#include "core/chip_route.h"

/* Of no router beside the trunk's. */
static void open_branch(weft_tree *tree, int along) {
    tree->branch_low[along] = tree->branch_high[along] = tree->across;
}

void weft_tree_make(weft_tree *tree, const weft_chip *chip, int from, const int *to, int count) {
    const int width = (int)chip->noc.mesh[0], source = weft_chip_router(chip, from);
    const int place[2] = {source % width, source / width}, axis = chip->noc.routing == WEFT_CHIP_YX;
    assert(count >= 1 && chip->noc.mesh[0] <= WEFT_TREE_SIDE && chip->noc.mesh[1] <= WEFT_TREE_SIDE);
    tree->axis = axis, tree->width = width;
    tree->source = tree->low = tree->high = place[axis];
    tree->across = place[1 - axis];
    open_branch(tree, tree->source);
    for (int i = 0; i < count; i++) {
        const int router = weft_chip_router(chip, to[i]);
        const int at[2] = {router % width, router / width};
        const int along = at[axis], beside = at[1 - axis];
        while (tree->low > along) open_branch(tree, --tree->low);
        while (tree->high < along) open_branch(tree, ++tree->high);
        if (beside < tree->branch_low[along]) tree->branch_low[along] = beside;
        if (beside > tree->branch_high[along]) tree->branch_high[along] = beside;
    }
}

int weft_tree_links(const weft_tree *tree) {
    int links = tree->high - tree->low;
    for (int t = tree->low; t <= tree->high; t++) links += tree->branch_high[t] - tree->branch_low[t];
    return links;
}

bool weft_tree_pays(const weft_tree *tree, const weft_chip *chip, int from, const int *to, int count, uint64_t in_tree,
                    uint64_t flits) {
    uint64_t hops = 0;
    for (int i = 0; i < count; i++) hops += (uint64_t)weft_chip_hops(chip, from, to[i]);
    return in_tree * (uint64_t)weft_tree_links(tree) <= flits * hops;
}

/* Links that lead from place `from` of an axis up to `high` and down to `low`; link_flits: of the router at place 0. */
static void add_runs(uint64_t *link_flits, bool along_y, int width, int from, int low, int high, uint64_t flits) {
    const int step = (along_y ? width : 1) * WEFT_SIDES, up = along_y ? WEFT_SOUTH : WEFT_EAST,
              down = along_y ? WEFT_NORTH : WEFT_WEST;
    for (int p = from; p < high; p++) link_flits[p * step + up] += flits;
    for (int p = from; p > low; p--) link_flits[p * step + down] += flits;
}

void weft_tree_add_flits(const weft_tree *tree, uint64_t flits, uint64_t *link_flits) {
    const int along = tree->axis ? tree->width : 1, beside = tree->axis ? 1 : tree->width; /* from router to router */
    add_runs(link_flits + tree->across * beside * WEFT_SIDES, tree->axis, tree->width, tree->source, tree->low,
             tree->high, flits);
    for (int t = tree->low; t <= tree->high; t++)
        add_runs(link_flits + t * along * WEFT_SIDES, !tree->axis, tree->width, tree->across, tree->branch_low[t],
                 tree->branch_high[t], flits);
}
