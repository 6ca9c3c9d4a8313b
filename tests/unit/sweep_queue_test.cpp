// The order in which points are given out.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

extern "C" {
#include "sweep/sweep_internal.h"
}

namespace {

// count points whose programmed chip is that of their seed.
struct Points {
    explicit Points(const std::vector<int64_t> &seeds) : points(seeds.size()), wanted(new bool[seeds.size() + 1]) {
        for (size_t i = 0; i < seeds.size(); i++) {
            weft_point_settings &s = points[i].settings;
            s.net = s.chip = s.dataset = s.trace = s.spikes = s.transform = s.recalibrate = s.precision = s.map.placer =
                "";
            s.seed = seeds[i];
            wanted[i] = true;
        }
        experiment.points = points.data();
        experiment.point_count = points.size();
    }
    std::vector<weft_point> points;
    std::unique_ptr<bool[]> wanted;
    weft_experiment experiment{};
};

TEST(SweepQueue, one_lane_goes_group_by_group) {
    Points p({1, 2, 1, 3, 2, 1});
    p.wanted[3] = false;
    weft_queue queue;
    ASSERT_EQ(weft_queue_make(&queue, &p.experiment, p.wanted.get(), nullptr), WEFT_OK);
    std::vector<size_t> order;
    for (size_t group = SIZE_MAX, number; weft_queue_take(&queue, &group, &number);) order.push_back(number);
    EXPECT_THAT(order, testing::ElementsAre(0, 2, 5, 1, 4));
    weft_queue_free(&queue);
}

TEST(SweepQueue, lanes_keep_to_their_group_and_help_the_fullest_one) {
    Points p({1, 1, 1, 1, 1, 1, 2, 2});
    weft_queue queue;
    ASSERT_EQ(weft_queue_make(&queue, &p.experiment, p.wanted.get(), nullptr), WEFT_OK);
    size_t a = SIZE_MAX, b = SIZE_MAX, number;
    const auto take = [&](size_t *group) { return weft_queue_take(&queue, group, &number) ? number : SIZE_MAX; };
    EXPECT_EQ(take(&a), 0u);
    EXPECT_EQ(take(&b), 6u);
    EXPECT_EQ(take(&b), 7u);
    EXPECT_EQ(take(&b), 5u); // from the other's end
    EXPECT_EQ(take(&a), 1u);
    weft_queue_return(&queue, 6); // its worker has died
    EXPECT_EQ(take(&a), 6u);
    EXPECT_EQ(take(&a), 2u);
    EXPECT_EQ(take(&b), 4u);
    EXPECT_EQ(take(&b), 3u);
    EXPECT_EQ(take(&a), SIZE_MAX);
    EXPECT_EQ(take(&b), SIZE_MAX);
    weft_queue_free(&queue);
}

TEST(SweepQueue, every_point_once_whatever_the_lanes_do) {
    std::mt19937 random(11);
    for (int round = 0; round < 100; round++) {
        std::vector<int64_t> seeds(random() % 200);
        for (int64_t &s : seeds) s = random() % 12;
        Points p(seeds);
        weft_queue queue;
        ASSERT_EQ(weft_queue_make(&queue, &p.experiment, p.wanted.get(), nullptr), WEFT_OK);
        std::vector<size_t> lanes(1 + random() % 5, SIZE_MAX), seen;
        for (size_t number; weft_queue_take(&queue, &lanes[random() % lanes.size()], &number);) {
            if (random() % 10 == 0)
                weft_queue_return(&queue, number);
            else
                seen.push_back(number);
        }
        std::sort(seen.begin(), seen.end());
        ASSERT_EQ(seen.size(), seeds.size());
        for (size_t i = 0; i < seen.size(); i++) EXPECT_EQ(seen[i], i);
        weft_queue_free(&queue);
    }
}

TEST(SweepQueue, results_travel_as_bytes) {
    weft_point_result in{}, out{};
    for (int m = 0; m < WEFT_METRIC_COUNT; m++) in.metrics.v[m] = m * 0.5;
    double trials[3] = {1, 2.5, 1e-300};
    in.trial_error_percent = trials, in.trial_count = 3, in.seconds = 4;
    snprintf(in.mapping.hex, sizeof in.mapping.hex, "%064d", 7);
    char *bytes = nullptr;
    uint64_t size = 0;
    ASSERT_EQ(weft_result_pack(&bytes, &size, &in, nullptr), WEFT_OK);
    ASSERT_EQ(weft_result_unpack(&out, bytes, size, nullptr), WEFT_OK);
    EXPECT_EQ(out.metrics.v[WEFT_METRIC_COUNT - 1], in.metrics.v[WEFT_METRIC_COUNT - 1]);
    EXPECT_STREQ(out.mapping.hex, in.mapping.hex);
    ASSERT_EQ(out.trial_count, 3);
    EXPECT_EQ(out.trial_error_percent[2], 1e-300);
    EXPECT_EQ(out.seconds, 4);
    weft_point_result_free(&out);
    for (uint64_t cut : {uint64_t{0}, uint64_t{10}, size - 1, size - 8})
        EXPECT_EQ(weft_result_unpack(&out, bytes, cut, nullptr), WEFT_E_INTERNAL);
    free(bytes);
}

} // namespace
