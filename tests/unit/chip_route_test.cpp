// Ways of packets on meshes and tori, and links between chips, by hand.
#include <gtest/gtest.h>

#include "core/chip_route.h"
#include "tests/support/place_fixture.h"

namespace weft_test {
namespace {

TEST(Ring, ShorterWayRound) {
    EXPECT_EQ(weft_ring_steps(6, false, 1, 5), 4);
    EXPECT_EQ(weft_ring_steps(6, true, 1, 5), -2);
    EXPECT_EQ(weft_ring_steps(6, true, 5, 1), 2);
    EXPECT_EQ(weft_ring_steps(6, true, 1, 4), 3); /* half way: ahead, either way */
    EXPECT_EQ(weft_ring_steps(6, true, 4, 1), 3);
    EXPECT_EQ(weft_ring_steps(5, true, 0, 3), -2);
    EXPECT_EQ(weft_ring_steps(2, true, 1, 0), -1); /* nothing to wrap around with */
    EXPECT_EQ(weft_ring_move(4, true, 3, 1), 0);
    EXPECT_EQ(weft_ring_move(4, true, 0, -1), 3);
    EXPECT_EQ(weft_ring_move(4, false, 3, 1), -1);
    EXPECT_EQ(weft_ring_move(2, true, 1, 1), -1);
}

TEST(ChipRoute, NeighboursAndHops) {
    const weft_chip mesh = mesh_chip(4, 3, 1), torus = network_chip(mesh, WEFT_CHIP_TORUS, WEFT_CHIP_XY);
    EXPECT_EQ(weft_chip_neighbour(&mesh, 3, WEFT_EAST), -1);
    EXPECT_EQ(weft_chip_neighbour(&torus, 3, WEFT_EAST), 0);
    EXPECT_EQ(weft_chip_neighbour(&mesh, 1, WEFT_NORTH), -1);
    EXPECT_EQ(weft_chip_neighbour(&torus, 1, WEFT_NORTH), 9);
    EXPECT_EQ(weft_chip_neighbour(&mesh, 5, WEFT_SOUTH), 9);
    EXPECT_EQ(weft_chip_neighbour(&mesh, 5, WEFT_WEST), 4);
    EXPECT_EQ(weft_chip_router_hops(&mesh, 0, 11), 5);
    EXPECT_EQ(weft_chip_router_hops(&torus, 0, 11), 2);
}

/* Six columns on two chips, four rows on one: links 2-3 and, on a torus, 5-0 lead from chip to chip. */
TEST(ChipRoute, CrossingsAndIntervals) {
    const weft_chip mesh = network_chip(mesh_chip(6, 4, 1), WEFT_CHIP_MESH, WEFT_CHIP_XY, 2, 1, 5);
    const weft_chip torus = network_chip(mesh, WEFT_CHIP_TORUS, WEFT_CHIP_XY, 2, 1, 5);
    EXPECT_EQ(weft_chip_crossings(&mesh, 0, 0, 2), 0);
    EXPECT_EQ(weft_chip_crossings(&mesh, 0, 0, 5), 1);
    EXPECT_EQ(weft_chip_crossings(&mesh, 0, 3, -1), 1);
    EXPECT_EQ(weft_chip_crossings(&mesh, 0, 5, -2), 0);
    EXPECT_EQ(weft_chip_crossings(&mesh, 1, 0, 3), 0);
    EXPECT_EQ(weft_chip_crossings(&torus, 0, 5, 1), 1);
    EXPECT_EQ(weft_chip_crossings(&torus, 0, 0, -1), 1);
    EXPECT_EQ(weft_chip_crossings(&torus, 0, 1, -3), 1);
    EXPECT_EQ(weft_chip_crossings(&torus, 0, 4, 3), 1);
    EXPECT_EQ(weft_chip_crossings(&torus, 1, 3, 1), 0); /* round, on the same chip */
    EXPECT_EQ(weft_chip_link_interval(&mesh, 6 + 2, WEFT_EAST), 5);
    EXPECT_EQ(weft_chip_link_interval(&mesh, 6 + 3, WEFT_WEST), 5);
    EXPECT_EQ(weft_chip_link_interval(&mesh, 6 + 2, WEFT_WEST), 1);
    EXPECT_EQ(weft_chip_link_interval(&mesh, 6 + 2, WEFT_SOUTH), 1);
    EXPECT_EQ(weft_chip_link_interval(&torus, 6 + 0, WEFT_WEST), 5);
    EXPECT_TRUE(weft_chip_has_slow_links(&mesh));
    const weft_chip even = network_chip(mesh, WEFT_CHIP_MESH, WEFT_CHIP_XY, 2, 1, 1);
    EXPECT_FALSE(weft_chip_has_slow_links(&even));
}

struct Ways {
    weft_chip_leg way[WEFT_WAYS][WEFT_LEGS];
    int count;
    Ways(int topology, int routing, int from_x, int from_y, int to_x, int to_y) {
        const weft_chip chip = network_chip(mesh_chip(5, 4, 1), topology, routing);
        const int from[2] = {from_x, from_y}, to[2] = {to_x, to_y};
        count = weft_chip_ways(way, &chip, from, to);
    }
    std::vector<int> leg(int w, int l) const {
        return {way[w][l].axis, way[w][l].first, way[w][l].at, way[w][l].steps};
    }
};

TEST(ChipRoute, WaysOfEveryRouting) {
    const Ways xy(WEFT_CHIP_MESH, WEFT_CHIP_XY, 1, 0, 4, 2), yx(WEFT_CHIP_MESH, WEFT_CHIP_YX, 1, 0, 4, 2);
    ASSERT_EQ(xy.count, 1);
    EXPECT_EQ(xy.leg(0, 0), (std::vector<int>{0, 0, 1, 3})); /* along row 0 */
    EXPECT_EQ(xy.leg(0, 1), (std::vector<int>{1, 4, 0, 2})); /* down column 4 */
    ASSERT_EQ(yx.count, 1);
    EXPECT_EQ(yx.leg(0, 0), (std::vector<int>{1, 1, 0, 2}));
    EXPECT_EQ(yx.leg(0, 1), (std::vector<int>{0, 10, 1, 3}));
    const Ways round(WEFT_CHIP_TORUS, WEFT_CHIP_XY, 1, 0, 4, 3);
    EXPECT_EQ(round.leg(0, 0), (std::vector<int>{0, 0, 1, -2}));
    EXPECT_EQ(round.leg(0, 1), (std::vector<int>{1, 4, 0, -1}));
    EXPECT_EQ(Ways(WEFT_CHIP_MESH, WEFT_CHIP_WEST_FIRST, 4, 0, 1, 2).count, 1); /* west, then south */
    const Ways east(WEFT_CHIP_MESH, WEFT_CHIP_WEST_FIRST, 1, 0, 4, 2);
    ASSERT_EQ(east.count, 2);
    EXPECT_EQ(east.leg(0, 0), xy.leg(0, 0));
    EXPECT_EQ(east.leg(1, 0), yx.leg(0, 0));
    EXPECT_EQ(Ways(WEFT_CHIP_MESH, WEFT_CHIP_ADAPTIVE, 4, 0, 1, 2).count, 2);
    EXPECT_EQ(Ways(WEFT_CHIP_MESH, WEFT_CHIP_ADAPTIVE, 4, 2, 1, 2).count, 1); /* straight */
    EXPECT_EQ(weft_chip_way_flits(7, 0, 2) * 10 + weft_chip_way_flits(7, 1, 2), 43U);
    EXPECT_EQ(weft_chip_way_flits(7, 0, 1), 7U);
}

} // namespace
} // namespace weft_test
