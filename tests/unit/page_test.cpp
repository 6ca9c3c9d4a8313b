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
#include "sweep/page_things.h"
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

/* A list of sizes and bits with an area that follows from both, and equal areas among them. */
TEST(Page, axes_that_follow_from_a_grid_are_left_out) {
    Table table;
    for (int rows : {64, 128, 256})
        for (int bits : {4, 5, 6, 7})
            table.add("list",
                      {{"array.rows", std::to_string(rows)},
                       {"area.core_mm2", std::to_string(rows + 64 * bits)},
                       {"adc.bits", std::to_string(bits)}},
                      {{WEFT_METRIC_ERROR, 20.0 - bits}});
    weft_page_blocks blocks;
    ASSERT_EQ(weft_page_blocks_make(&blocks, &table.get(), nullptr), WEFT_OK);
    ASSERT_EQ(blocks.items[0].axis_count, 2);
    EXPECT_STREQ(blocks.items[0].axes[0].key, "array.rows");
    EXPECT_STREQ(blocks.items[0].axes[1].key, "adc.bits");
    weft_page_blocks_free(&blocks);
}

/* Draws of a search: one axis tells the points apart, but the others are no less varied. */
TEST(Page, axes_of_draws_stay) {
    Table table;
    for (int i = 0; i < 6; i++)
        table.add("draws", {{"seed", std::to_string(i)}, {"images", std::to_string(i * i % 4)}},
                  {{WEFT_METRIC_ERROR, 1. * i}});
    weft_page_blocks blocks;
    ASSERT_EQ(weft_page_blocks_make(&blocks, &table.get(), nullptr), WEFT_OK);
    EXPECT_EQ(blocks.items[0].axis_count, 2);
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

// ---- chips and networks ----

// Rows of descriptions, by column.
class Facts {
  public:
    using Row = std::vector<std::pair<int, std::string>>;
    weft_description_rows make(weft_description which, const std::vector<Row> &of) {
        auto &pointers = pointers_.emplace_back();
        for (const Row &given : of) {
            auto &row = rows_.emplace_back((size_t)weft_descriptions[which].count, nullptr);
            for (const auto &[column, text] : given) row[(size_t)column] = texts_.emplace_back(text).c_str();
            pointers.push_back(row.data());
        }
        return {pointers.size(), pointers.data()};
    }

  private:
    std::deque<std::string> texts_;
    std::deque<std::vector<const char *>> rows_;
    std::deque<std::vector<const char *const *>> pointers_;
};

std::string printed(weft_status (*section)(FILE *, const weft_store_table *, weft_error *), const weft_store_table &t) {
    char *text = nullptr;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    EXPECT_EQ(section(stream, &t, nullptr), WEFT_OK);
    fclose(stream);
    std::string out(text, size);
    free(text);
    return out;
}

std::string row(const std::string &label, const std::string &values) {
    return "<tr><td>" + label + "</td>" + values + "</tr>\n";
}

TEST(PageChips, what_is_varied_is_told_from_what_is_not) {
    Table table;
    Facts facts;
    std::vector<Facts::Row> rows;
    for (int bits = 4; bits <= 13; bits++) { // ten variants of one chip, one of another
        const std::string hash = "a" + std::to_string(10 + bits);
        weft_store_point &p = table.add("b", {}, {});
        p.chip = "small";
        rows.push_back({{WEFT_CHIPS_SHA256, hash},
                        {WEFT_CHIPS_DESCRIPTION, "A <small> chip"},
                        {WEFT_CHIPS_SOURCES, "one\ntwo & three"},
                        {WEFT_CHIPS_OVERRIDES, "adc.bits=" + std::to_string(bits) + "\nnoc.vcs=2"},
                        {WEFT_CHIPS_CORES, "16128"},
                        {WEFT_CHIPS_ADC_BITS, std::to_string(bits)},
                        {WEFT_CHIPS_DEVICE, bits < 6 ? "addnorm:sigma=0." + std::to_string(bits) : ""}});
        if (bits >= 6) rows.back().pop_back();
    }
    rows.push_back({{WEFT_CHIPS_SHA256, "b"}, {WEFT_CHIPS_ADC_BITS, "8"}, {WEFT_CHIPS_CYCLE, "0.123456789"}});
    weft_store_point &other = table.add("b", {}, {});
    other.chip = "other", other.chip_sha256 = "b";
    weft_store_table t = table.get();
    std::deque<std::string> hashes;
    for (size_t i = 0; i < 10; i++) t.points[i].chip_sha256 = hashes.emplace_back("a" + std::to_string(14 + i)).c_str();
    t.descriptions[WEFT_CHIPS] = facts.make(WEFT_CHIPS, rows);
    const std::string page = printed(weft_page_chips, t), cell = "<td class=\"text wrap\">",
                      varied = "<td class=\"text wrap varied\">", none = cell + "–</td>";
    EXPECT_THAT(page, HasSubstr("<h3>small</h3>\n<p class=\"soft\">10 points of 10 variants</p>\n<p>A &lt;small&gt; "
                                "chip</p>\n<p class=\"soft\">Sources: one; two &amp; three</p>\n"));
    EXPECT_THAT(page, HasSubstr("<td><code>adc.bits</code></td>" + varied + "4, 5, 6, 7, 8, 9, 10, 11, 12, 13</td>"));
    EXPECT_THAT(page, HasSubstr("<td><code>noc.vcs</code></td>" + cell + "2</td>"));
    EXPECT_THAT(page, HasSubstr("<h3>other</h3>\n<p class=\"soft\">1 point</p>\n<p class=\"soft\">SHA-256 "
                                "<code>b</code></p>\n"));
    EXPECT_THAT(page, HasSubstr("<th class=\"text\">small</th><th class=\"text\">other</th>"));
    EXPECT_THAT(page, HasSubstr(row("cores", cell + "16\u202f128</td>" + none)));
    EXPECT_THAT(page, HasSubstr(row("ADC resolution (bit)", varied + "4 to 13 (10 values)</td>" + cell + "8</td>")));
    EXPECT_THAT(page, HasSubstr(row("programming of cells",
                                    varied + "none<br>addnorm:sigma=0.4<br>addnorm:sigma=0.5</td>" + none)));
    EXPECT_THAT(page, HasSubstr(row("cycle (ns)", none + cell + "0.12346</td>")));
    EXPECT_THAT(page, Not(HasSubstr("technology"))); // nobody says it
    EXPECT_THAT(page, HasSubstr("SHA-256 of the 10 variants"));
    EXPECT_THAT(page, Not(HasSubstr("does not describe")));
}

TEST(PageChips, a_database_without_descriptions_says_so) {
    Table table;
    weft_store_point &p = table.add("b", {}, {});
    p.chip = "hermes", p.chip_sha256 = "77aa", p.overrides = "[\"adc.bits=6\"]";
    p.net = "n<1>", p.net_sha256 = "88bb";
    const std::string chips = printed(weft_page_chips, table.get()), nets = printed(weft_page_nets, table.get());
    EXPECT_THAT(chips, HasSubstr("<p>runs.db does not describe its chips: an older weft made it."));
    EXPECT_THAT(chips, HasSubstr("<code>[&quot;adc.bits=6&quot;]</code>"));
    EXPECT_THAT(chips, HasSubstr("<code>77aa</code>"));
    EXPECT_THAT(chips, Not(HasSubstr("Side by side")));
    EXPECT_THAT(nets, HasSubstr("<p>runs.db does not describe its networks: an older weft made it."));
    EXPECT_THAT(nets,
                HasSubstr("<tr><td>n&lt;1&gt;</td><td>1</td><td class=\"text\"><code class=\"soft\">88bb</code>"));
    Table none;
    none.add("b", {}, {});
    EXPECT_EQ(printed(weft_page_chips, none.get()) + printed(weft_page_nets, none.get()), "");
}

TEST(PageNets, networks_of_one_structure_share_its_layers) {
    Table table;
    Facts facts;
    for (const char *net : {"one", "two", "other", "one", "lost"}) {
        weft_store_point &p = table.add("b", {}, {});
        p.net = net, p.net_sha256 = net;
    }
    weft_store_table t = table.get();
    const auto net = [](const char *name) {
        return Facts::Row{{WEFT_NETS_SHA256, name},
                          {WEFT_NETS_INPUT, "3 x 32 x 32"},
                          {WEFT_NETS_MACS, "33917440"},
                          {WEFT_NETS_RECIPE, "cifar10"},
                          {WEFT_NETS_RECIPE_SET, "projection=sign\nclip=0"},
                          {WEFT_NETS_TRAINING, "seed=1"}};
    };
    const auto layer = [](const char *name, const char *kernel) {
        return Facts::Row{{WEFT_LAYERS_SHA256, name}, {WEFT_LAYERS_POSITION, "0"},  {WEFT_LAYERS_NAME, "conv1"},
                          {WEFT_LAYERS_KIND, "conv"}, {WEFT_LAYERS_WEIGHTS, "864"}, {WEFT_LAYERS_DETAILS, kernel}};
    };
    t.descriptions[WEFT_NETS] = facts.make(WEFT_NETS, {net("one"), net("other"), net("two")});
    t.descriptions[WEFT_LAYERS] =
        facts.make(WEFT_LAYERS, {layer("one", "3 x 3"), layer("other", "5 x 5"), layer("two", "3 x 3")});
    const std::string page = printed(weft_page_nets, t);
    EXPECT_THAT(page, HasSubstr("does not describe the networks of 1 point:"));
    EXPECT_THAT(page, HasSubstr("<tr><td>one</td><td>2</td><td class=\"text\">3 x 32 x 32</td><td></td><td></td><td>"
                                "</td><td>33\u202f917\u202f440</td><td class=\"text\">cifar10</td><td class=\"text "
                                "wrap\">projection=sign, clip=0</td><td class=\"text wrap\">seed=1</td>"));
    EXPECT_THAT(page, HasSubstr("<summary>Layers of one, two</summary>"));
    EXPECT_THAT(page, HasSubstr("<summary>Layers of other</summary>"));
    EXPECT_THAT(page, HasSubstr("<td class=\"text\">5 x 5</td></tr>"));
    size_t tables = 0;
    for (size_t at = 0; (at = page.find("<details>", at)) != std::string::npos; at++) tables++;
    EXPECT_EQ(tables, 2u);
}

} // namespace
