// The page of a sweep: fronts, sensitivities, which axes are numbers, what the files hold.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/support/table_fixture.h"

extern "C" {
#include "sweep/page_internal.h"
}

namespace {

using namespace weft_test;
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const int two[] = {WEFT_METRIC_ERROR, WEFT_METRIC_THROUGHPUT};

// By definition, over all pairs.
std::vector<bool> naive_front(const weft_store_table &t) {
    std::vector<bool> front(t.count);
    for (size_t i = 0; i < t.count; i++) {
        const double e = t.points[i].metrics.v[WEFT_METRIC_ERROR], r = t.points[i].metrics.v[WEFT_METRIC_THROUGHPUT];
        front[i] = !std::isnan(e) && !std::isnan(r) && std::string(t.points[i].status) == "done";
        for (size_t k = 0; k < t.count && front[i]; k++) {
            const double e2 = t.points[k].metrics.v[WEFT_METRIC_ERROR],
                         r2 = t.points[k].metrics.v[WEFT_METRIC_THROUGHPUT];
            if (std::string(t.points[k].status) != "done" || std::isnan(e2) || std::isnan(r2)) continue;
            if (e2 <= e && r2 >= r && (e2 < e || r2 > r)) front[i] = false;
        }
    }
    return front;
}

TEST(Page, the_front_is_what_its_definition_says) {
    std::mt19937 random(7);
    for (int round = 0; round < 50; round++) {
        Table table;
        for (int i = 0; i < 60; i++) {
            weft_store_point &p = table.add(
                "b", {}, {{WEFT_METRIC_ERROR, double(random() % 12)}, {WEFT_METRIC_THROUGHPUT, double(random() % 12)}});
            if (random() % 10 == 0) p.metrics.v[two[random() % 2]] = NAN;
            if (random() % 10 == 0) p.status = "failed";
        }
        const weft_store_table &t = table.get();
        bool front[60];
        ASSERT_EQ(weft_pareto(front, &t, two, 2, nullptr), WEFT_OK);
        EXPECT_EQ(std::vector<bool>(front, front + 60), naive_front(t));
        ASSERT_EQ(weft_pareto(front, &t, two, 0, nullptr), WEFT_OK); // of nothing: nobody
        EXPECT_EQ(std::count(front, front + 60, true), 0);
    }
}

// error = 10 a + b over a 3 x 4 grid: variances of the two main effects are known, and add up to all of it.
TEST(Page, sensitivities_are_the_shares_of_the_main_effects) {
    Table table;
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 4; b++)
            table.add("grid", {{"a", std::to_string(a)}, {"one", "x"}, {"b", std::to_string(b)}},
                      {{WEFT_METRIC_ERROR, 10.0 * a + b}});
    weft_page_blocks blocks;
    ASSERT_EQ(weft_page_blocks_make(&blocks, &table.get(), nullptr), WEFT_OK);
    ASSERT_EQ(blocks.count, 1);
    ASSERT_EQ(blocks.items[0].axis_count, 2); // "one" has one value
    weft_sensitivity *s = nullptr;
    ASSERT_EQ(weft_page_sensitivities(&s, &table.get(), &blocks.items[0], WEFT_METRIC_ERROR, nullptr), WEFT_OK);
    const double of_a = 100 * 2.0 / 3, of_b = 1.25;
    EXPECT_STREQ(s[0].key, "a");
    EXPECT_NEAR(s[0].share, of_a / (of_a + of_b), 1e-12);
    EXPECT_NEAR(s[0].range, 20, 1e-12);
    EXPECT_STREQ(s[0].lowest, "0");
    EXPECT_STREQ(s[0].highest, "2");
    EXPECT_STREQ(s[1].key, "b");
    EXPECT_NEAR(s[1].share, of_b / (of_a + of_b), 1e-12);
    EXPECT_NEAR(s[1].range, 3, 1e-12);
    free(s);
    weft_page_blocks_free(&blocks);
}

// The only axis of points with these values: whether it is numeric, and its first number.
std::pair<bool, double> axis_of(const std::vector<std::string> &values, std::string *prefix = nullptr) {
    Table table;
    for (const std::string &v : values) table.add("b", {{"key", v}}, {{WEFT_METRIC_ERROR, 1}});
    weft_page_blocks blocks;
    EXPECT_EQ(weft_page_blocks_make(&blocks, &table.get(), nullptr), WEFT_OK);
    const weft_page_axis &axis = blocks.items[0].axes[0];
    std::pair<bool, double> out{axis.numbers != nullptr, axis.numbers ? axis.numbers[0] : 0};
    if (prefix) *prefix = axis.prefix;
    weft_page_blocks_free(&blocks);
    return out;
}

TEST(Page, values_that_differ_in_one_number_are_numbers) {
    using Found = std::pair<bool, double>;
    std::string prefix;
    EXPECT_EQ(axis_of({"4", "5", "8"}), Found(true, 4));
    EXPECT_EQ(axis_of({"10", "20", "100"}), Found(true, 10));
    EXPECT_EQ(axis_of({"-1", "-0.5", "1e-3"}), Found(true, -1));
    EXPECT_EQ(axis_of({"multnorm:sigma=0.05", "multnorm:sigma=0.1", "multnorm:sigma=0"}, &prefix), Found(true, 0.05));
    EXPECT_EQ(prefix, "multnorm:sigma=");
    EXPECT_EQ(axis_of({"pcm_program|pcm_drift:time_s=20", "pcm_program|pcm_drift:time_s=2.6e6"}), Found(true, 20));
    EXPECT_FALSE(axis_of({"net1", "net2"}).first); // names
    EXPECT_FALSE(axis_of({"none", "100"}).first);
    EXPECT_FALSE(axis_of({"a=1", "b=1"}).first);
    EXPECT_FALSE(axis_of({"1", "nan"}).first);
    EXPECT_FALSE(axis_of({"x=", "x=1"}).first);
}

TEST(Page, axes_that_go_together_count_once) {
    Table table;
    for (int i = 0; i < 4; i++)
        table.add("zip", {{"images", std::to_string(i)}, {"seed", std::to_string(10 * i)}},
                  {{WEFT_METRIC_ERROR, 1. * i}});
    weft_page_blocks blocks;
    ASSERT_EQ(weft_page_blocks_make(&blocks, &table.get(), nullptr), WEFT_OK);
    ASSERT_EQ(blocks.items[0].axis_count, 1);
    EXPECT_STREQ(blocks.items[0].axes[0].key, "images");
    weft_page_blocks_free(&blocks);
}

class PageFiles : public testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/weft-page-XXXXXX";
        folder_ = mkdtemp(name);
    }
    void TearDown() override { fs::remove_all(folder_); }
    std::string text(const char *name) const {
        std::ostringstream out;
        out << std::ifstream(folder_ / name).rdbuf();
        return out.str();
    }
    fs::path folder_;
};

TEST_F(PageFiles, one_page_with_everything_inside) {
    Table table;
    for (const char *net : {"a", "b<script>"})
        for (int bits = 4; bits <= 8; bits++)
            table.add("converters", {{"net", net}, {"adc.bits", std::to_string(bits)}},
                      {{WEFT_METRIC_ERROR, 20.0 - bits},
                       {WEFT_METRIC_ERROR_STD, 0.5},
                       {WEFT_METRIC_TRIALS, 5},
                       {WEFT_METRIC_ENERGY, 1e6 * bits}});
    weft_store_point &failed = table.add("converters", {{"net", "c</script>"}, {"adc.bits", "4"}}, {});
    failed.status = "failed", failed.message = "too small & <bad>";
    const std::string folder = folder_.string();
    const weft_page_options options{folder.c_str(), "5 < 6"};
    std::string told;
    auto tell = [](void *context, const char *line) { *static_cast<std::string *>(context) += line; };
    ASSERT_EQ(weft_page_write(&table.get(), &options, tell, &told, nullptr), WEFT_OK);
    const std::string page = text("index.html");
    EXPECT_THAT(page, HasSubstr("<title>weft: 5 &lt; 6</title>"));
    EXPECT_THAT(page, Not(HasSubstr("b<script>")));
    EXPECT_THAT(page, Not(HasSubstr("c</script>")));
    EXPECT_THAT(page, HasSubstr("too small &amp; &lt;bad&gt;"));
    EXPECT_THAT(page, HasSubstr("\"b\\u003cscript\\u003e\",8,12,0.5,5,8000000,\"done\","));
    EXPECT_THAT(page, Not(HasSubstr("src=")));
    EXPECT_THAT(page, Not(HasSubstr("@import")));
    EXPECT_THAT(page, Not(HasSubstr("url(")));
    if (!told.empty()) GTEST_SKIP() << told;
    EXPECT_THAT(page, HasSubstr("<svg"));
    EXPECT_TRUE(fs::exists(folder_ / "figure_01.png"));
    EXPECT_THAT(text("figure_01.svg"), HasSubstr("error (%)"));
}

} // namespace
