// Random search and successive halving: what is drawn, what is reduced, what goes on.
#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <set>
#include <vector>

extern "C" {
#include "core/arena.h"
#include "sweep/search.h"
}

namespace {

class Search : public testing::Test {
  protected:
    void SetUp() override {
        experiment_.yaml.arena = weft_arena_create();
        experiment_.points = static_cast<weft_point *>(calloc(count_, sizeof(weft_point)));
        experiment_.point_count = count_;
        for (size_t i = 0; i < count_; i++) {
            weft_point &p = experiment_.points[i];
            p.block = "main";
            p.settings.kind = WEFT_POINT_SIM;
            p.settings.images = 1000;
            p.settings.trials = 9;
            p.settings.seed = static_cast<int64_t>(i);
        }
        static const char *minimise[] = {"error_percent", "energy_pj"};
        experiment_.search = {WEFT_SEARCH_HALVING, 27, 3, 3, 1.0 / 3, {minimise, 2}, {nullptr, 0}};
    }
    void TearDown() override {
        weft_search_free(&search_);
        free(experiment_.points);
        weft_arena_destroy(experiment_.yaml.arena);
    }
    const size_t count_ = 100;
    weft_experiment experiment_{};
    weft_search search_{};
};

TEST_F(Search, rungs_are_reduced_copies_of_one_sample) {
    ASSERT_EQ(weft_search_begin(&search_, &experiment_, nullptr), WEFT_OK);
    ASSERT_EQ(search_.count, 27u);
    ASSERT_EQ(experiment_.point_count, 100u + 2 * 27);
    std::set<size_t> drawn(search_.sample, search_.sample + 27);
    EXPECT_EQ(drawn.size(), 27u);
    EXPECT_LT(*drawn.rbegin(), 100u);
    for (size_t i = 0; i < 27; i++) {
        const size_t whole = search_.sample[i];
        EXPECT_EQ(weft_search_point(&search_, 2, i), whole);
        const weft_point &first = experiment_.points[weft_search_point(&search_, 0, i)];
        const weft_point &second = experiment_.points[weft_search_point(&search_, 1, i)];
        EXPECT_STREQ(first.block, "main, rung 1 of 3");
        EXPECT_EQ(first.settings.seed, static_cast<int64_t>(whole));
        EXPECT_EQ(first.settings.images, 112); // 1000 / 9, rounded up
        EXPECT_EQ(first.settings.trials, 1);
        EXPECT_EQ(second.settings.images, 334);
        EXPECT_EQ(second.settings.trials, 3);
    }
}

TEST_F(Search, the_sample_depends_on_the_seed_alone) {
    ASSERT_EQ(weft_search_begin(&search_, &experiment_, nullptr), WEFT_OK);
    const std::vector<size_t> first(search_.sample, search_.sample + 27);
    weft_search again{};
    experiment_.point_count = count_;
    ASSERT_EQ(weft_search_begin(&again, &experiment_, nullptr), WEFT_OK);
    EXPECT_EQ(std::vector<size_t>(again.sample, again.sample + 27), first);
    weft_search_free(&again);
    experiment_.point_count = count_;
    experiment_.search.seed++;
    ASSERT_EQ(weft_search_begin(&again, &experiment_, nullptr), WEFT_OK);
    EXPECT_NE(std::vector<size_t>(again.sample, again.sample + 27), first);
    weft_search_free(&again);
}

// Nine members; layers by hand: {0, 1, 2} are the front, 3 is beaten by 0 alone, and so on.
TEST_F(Search, the_better_third_goes_on) {
    experiment_.search.samples = 9;
    ASSERT_EQ(weft_search_begin(&search_, &experiment_, nullptr), WEFT_OK);
    const double error[9] = {5, 3, 1, 6, 7, 8, 9, NAN, 2}, energy[9] = {1, 2, 3, 2, 8, 9, 9, 1, 4};
    std::vector<weft_metrics_values> values(9);
    for (int i = 0; i < 9; i++) {
        for (double &v : values[static_cast<size_t>(i)].v) v = NAN;
        values[static_cast<size_t>(i)].v[WEFT_METRIC_ERROR] = error[i];
        values[static_cast<size_t>(i)].v[WEFT_METRIC_ENERGY] = energy[i];
    }
    bool in[9], keep[9];
    std::fill(in, in + 9, true);
    ASSERT_EQ(weft_search_select(keep, &search_, in, values.data(), 1.0 / 3, nullptr), WEFT_OK);
    EXPECT_THAT(keep, testing::ElementsAre(true, true, true, false, false, false, false, false, false));
    ASSERT_EQ(weft_search_select(keep, &search_, in, values.data(), 0.5, nullptr), WEFT_OK); // five: 8 and 3 are next
    EXPECT_THAT(keep, testing::ElementsAre(true, true, true, true, false, false, false, false, true));
    in[2] = false; // then 8 is on the front
    ASSERT_EQ(weft_search_select(keep, &search_, in, values.data(), 1.0 / 3, nullptr), WEFT_OK);
    EXPECT_THAT(keep, testing::ElementsAre(true, true, false, false, false, false, false, false, true));
}

TEST_F(Search, a_metric_must_have_a_better_end) {
    weft_error err{};
    static const char *const wrong[] = {"error_std_percent", "nothing"};
    for (const char *name : wrong) {
        const char *list[] = {name};
        experiment_.search.minimise = {list, 1};
        EXPECT_EQ(weft_search_begin(&search_, &experiment_, &err), WEFT_E_INVALID);
        EXPECT_THAT(err.text, testing::HasSubstr(name));
        weft_search_free(&search_);
    }
}

} // namespace
