/* Expansion against a naive one, sizes, and files that are damaged. */
#include "sweep/experiment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/experiment_fixture.h"

using namespace weft_test;

namespace {

using Settings = std::map<std::string, std::string>;
struct Choice { /* one place of an axis */
    std::vector<std::pair<std::string, std::string>> axes;
    Settings settings;
};
using Axis = std::vector<Choice>;
struct Test {
    std::string key, comparison;
    std::vector<std::string> values;
};
using Condition = std::vector<Test>;
struct Block {
    std::vector<Axis> axes;
    std::vector<Condition> only, exclude;
    std::string yaml;
};
struct Expected {
    std::string label;
    Settings settings;
};

std::mt19937 random_bits;
int below(int n) { return static_cast<int>(random_bits() % static_cast<unsigned>(n)); }

/* Keys with values that are good for any of them together. */
const std::vector<std::string> keys = {"seed",    "traffic.packet_flits", "traffic.cycles", "traffic.rate",
                                       "noc.vcs", "noc.buffer_flits",     "adc.bits"};

std::string value_for(const std::string &key) {
    if (key == "traffic.rate") return "0." + std::to_string(1 + below(9));
    return std::to_string(1 + below(6));
}

/* Distinct values of a key. */
std::vector<std::string> values_for(const std::string &key, size_t count) {
    std::set<std::string> taken;
    std::vector<std::string> all;
    while (all.size() < count) {
        const std::string value = value_for(key);
        if (taken.insert(value).second) all.push_back(value);
    }
    return all;
}

/* ---- a random block, as YAML and as what it means ---- */

std::string map_text(const Settings &settings) {
    std::string text = "{";
    for (const auto &[key, value] : settings) text += (text.size() > 1 ? ", " : "") + key + ": " + value;
    return text + "}";
}

/* A list of values, or named variants of one or two keys; takes its keys from `left`. */
Axis random_axis(std::vector<std::string> *left, size_t length, int number, std::string *yaml) {
    Axis axis;
    const std::string key = left->back();
    left->pop_back();
    if (below(3)) {
        for (const std::string &value : values_for(key, length)) {
            *yaml += (axis.empty() ? key + ": [" : ", ") + value;
            axis.push_back({{{key, value}}, {{key, value}}});
        }
        *yaml += "]";
        return axis;
    }
    const std::string name = "axis" + std::to_string(number);
    *yaml += name + ": {";
    for (size_t i = 0; i < length; i++) {
        Choice choice;
        const std::string variant = "v" + std::to_string(i);
        choice.axes = {{name, variant}};
        choice.settings[key] = value_for(key);
        if (!left->empty() && below(2)) choice.settings[left->back()] = value_for(left->back());
        *yaml += (i ? ", " : "") + variant + ": " + map_text(choice.settings);
        axis.push_back(choice);
    }
    if (!left->empty()) left->pop_back();
    *yaml += "}";
    return axis;
}

void add_grid(Block *block, std::vector<std::string> *left) {
    block->yaml += "    grid: {";
    const int count = 1 + below(2);
    for (int i = 0; i < count && !left->empty(); i++) {
        if (i) block->yaml += ", ";
        block->axes.push_back(random_axis(left, 1 + static_cast<size_t>(below(4)), i, &block->yaml));
    }
    block->yaml += "}\n";
}

void add_zip(Block *block, std::vector<std::string> *left) {
    const size_t length = 1 + static_cast<size_t>(below(4));
    Axis joined(length);
    block->yaml += "    zip: {";
    for (int i = 0; i < 2 && !left->empty(); i++) {
        if (i) block->yaml += ", ";
        const Axis axis = random_axis(left, length, 10 + i, &block->yaml);
        for (size_t k = 0; k < length; k++) {
            joined[k].axes.insert(joined[k].axes.end(), axis[k].axes.begin(), axis[k].axes.end());
            joined[k].settings.insert(axis[k].settings.begin(), axis[k].settings.end());
        }
    }
    block->yaml += "}\n";
    block->axes.push_back(joined);
}

void add_list(Block *block, std::vector<std::string> *left) {
    Axis axis;
    block->yaml += "    list: [";
    const std::string first = left->back();
    left->pop_back();
    for (const std::string &value : values_for(first, 1 + static_cast<size_t>(below(3)))) {
        Choice choice;
        choice.settings[first] = value;
        if (!left->empty() && below(2)) choice.settings[left->back()] = value_for(left->back());
        for (const auto &[key, text] : choice.settings) choice.axes.push_back({key, text});
        block->yaml += (axis.empty() ? "" : ", ") + map_text(choice.settings);
        axis.push_back(choice);
    }
    if (!left->empty()) left->pop_back();
    block->yaml += "]\n";
    block->axes.push_back(axis);
}

Condition random_condition(const Block &block, std::string *yaml) {
    static const char *const comparisons[] = {"", "<", "<=", ">", ">=", "!="};
    Condition condition;
    std::set<std::string> used;
    *yaml += "{";
    for (int i = 0; i < 1 + below(2); i++) {
        const Axis &axis = block.axes[static_cast<size_t>(below(static_cast<int>(block.axes.size())))];
        const Choice &choice = axis[static_cast<size_t>(below(static_cast<int>(axis.size())))];
        if (choice.axes.empty()) continue;
        const auto &[key, value] = choice.axes[static_cast<size_t>(below(static_cast<int>(choice.axes.size())))];
        if (!used.insert(key).second) continue;
        Test test = {key, "", {value}};
        const bool number = std::isdigit(static_cast<unsigned char>(value[0]));
        if (number) test.comparison = comparisons[below(6)];
        if (number && test.comparison.empty() && below(2)) test.values.push_back(value_for(key));
        *yaml += (condition.empty() ? "" : ", ") + key + ": ";
        if (test.values.size() > 1)
            *yaml += "[" + test.values[0] + ", " + test.values[1] + (key == "traffic.rate" ? "0]" : ".0]");
        else
            *yaml += test.comparison.empty() ? value : "\"" + test.comparison + " " + value + "\"";
        condition.push_back(test);
    }
    *yaml += "}";
    return condition;
}

void add_conditions(Block *block, const char *title, std::vector<Condition> *out) {
    const int count = below(3);
    if (!count) return;
    block->yaml += std::string("    ") + title + ": [";
    for (int i = 0; i < count; i++) {
        if (i) block->yaml += ", ";
        out->push_back(random_condition(*block, &block->yaml));
    }
    block->yaml += "]\n";
}

Block random_block() {
    Block block;
    std::vector<std::string> left = keys;
    std::shuffle(left.begin(), left.end(), random_bits);
    std::vector<int> parts = {0, 1, 2};
    std::shuffle(parts.begin(), parts.end(), random_bits);
    parts.resize(static_cast<size_t>(1 + below(3)));
    block.yaml = "  - name: b\n";
    for (int part : parts) {
        if (left.empty()) break;
        if (part == 0) add_grid(&block, &left);
        if (part == 1) add_zip(&block, &left);
        if (part == 2) add_list(&block, &left);
    }
    add_conditions(&block, "only", &block.only);
    add_conditions(&block, "exclude", &block.exclude);
    return block;
}

/* ---- what it means, naively ---- */

bool holds(const Test &test, const Choice &point) {
    std::string value;
    bool found = false;
    for (const auto &[key, text] : point.axes)
        if (key == test.key) {
            value = text;
            found = true;
        }
    const auto set = point.settings.find(test.key);
    if (!found && set != point.settings.end()) {
        value = set->second;
        found = true;
    }
    /* settings that the point leaves alone: those of the top, or defaults */
    const Settings defaults = {
        {"seed", "0"}, {"traffic.packet_flits", "1"}, {"traffic.cycles", "10000"}, {"traffic.rate", "0.05"}};
    if (!found && defaults.count(test.key)) {
        value = defaults.at(test.key);
        found = true;
    }
    if (!found) return false;
    const double number = std::atof(value.c_str());
    const bool is_number = std::isdigit(static_cast<unsigned char>(value[0]));
    for (const std::string &text : test.values) {
        const double other = std::atof(text.c_str());
        const bool same = is_number ? number == other : value == text;
        if (test.comparison.empty() && same) return true;
        if (test.comparison == "!=" && !same) return true;
        if (test.comparison == "<" && number < other) return true;
        if (test.comparison == "<=" && number <= other) return true;
        if (test.comparison == ">" && number > other) return true;
        if (test.comparison == ">=" && number >= other) return true;
    }
    return false;
}

bool matches(const Condition &condition, const Choice &point) {
    return std::all_of(condition.begin(), condition.end(), [&](const Test &test) { return holds(test, point); });
}

void combine(const Block &block, size_t axis, const Choice &so_far, std::vector<Choice> *out) {
    if (axis == block.axes.size()) {
        out->push_back(so_far);
        return;
    }
    for (const Choice &choice : block.axes[axis]) {
        Choice next = so_far;
        next.axes.insert(next.axes.end(), choice.axes.begin(), choice.axes.end());
        next.settings.insert(choice.settings.begin(), choice.settings.end());
        combine(block, axis + 1, next, out);
    }
}

/* False: the block is to be refused. */
bool expand_naively(const Block &block, std::vector<Choice> *out) {
    std::vector<Choice> all;
    combine(block, 0, {}, &all);
    const auto any = [](const std::vector<Condition> &conditions, const Choice &point) {
        return std::any_of(conditions.begin(), conditions.end(),
                           [&](const Condition &condition) { return matches(condition, point); });
    };
    for (const auto *conditions : {&block.only, &block.exclude})
        for (const Condition &condition : *conditions) {
            if (condition.empty()) return false;
            if (std::none_of(all.begin(), all.end(), [&](const Choice &c) { return matches(condition, c); }))
                return false;
        }
    std::set<std::map<std::string, double>> seen;
    for (const Choice &point : all) {
        if ((!block.only.empty() && !any(block.only, point)) || any(block.exclude, point)) continue;
        std::map<std::string, double> values = {
            {"seed", 0}, {"traffic.packet_flits", 1}, {"traffic.cycles", 10000}, {"traffic.rate", 0.05}};
        for (const auto &[key, value] : point.settings) values[key] = std::atof(value.c_str());
        if (!seen.insert(values).second) return false;
        out->push_back(point);
    }
    return !out->empty();
}

std::string label_of(const Choice &point) {
    std::string label;
    for (const auto &[key, value] : point.axes) label += (label.empty() ? "" : " ") + key + "=" + value;
    return label.empty() ? "b" : label;
}

double number_of(const Choice &point, const char *key, double otherwise) {
    const auto found = point.settings.find(key);
    return found == point.settings.end() ? otherwise : std::atof(found->second.c_str());
}

void expect_point(const Loaded &loaded, size_t i, const Choice &expected) {
    const weft_point_settings &s = loaded.x.points[i].settings;
    EXPECT_EQ(loaded.label(i), label_of(expected));
    EXPECT_EQ(static_cast<double>(s.seed), number_of(expected, "seed", 0));
    EXPECT_EQ(static_cast<double>(s.traffic.packet_flits), number_of(expected, "traffic.packet_flits", 1));
    EXPECT_EQ(static_cast<double>(s.traffic.cycles), number_of(expected, "traffic.cycles", 10000));
    EXPECT_EQ(s.traffic.rate, number_of(expected, "traffic.rate", 0.05));
    std::set<std::string> set;
    for (const char *key : {"noc.vcs", "noc.buffer_flits", "adc.bits"})
        if (expected.settings.count(key)) set.insert(std::string(key) + "=" + expected.settings.at(key));
    const std::vector<std::string> given = loaded.set(i);
    EXPECT_EQ(std::set<std::string>(given.begin(), given.end()), set);
    EXPECT_EQ(given.size(), set.size());
}

const std::string head = "name: random\nkind: noc\nchip: noc-8x8\ntraffic: {rate: 0.05}\n";

double seconds_of_processor() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

} // namespace

TEST(ExperimentProperty, ExpansionIsTheNaiveOne) {
    const ExperimentFolder folder;
    int good = 0, refused = 0;
    for (unsigned round = 0; round < 400; round++) {
        random_bits.seed(round);
        const Block block = random_block();
        const std::string text = head + "points:\n" + block.yaml;
        std::vector<Choice> expected;
        const bool valid = expand_naively(block, &expected);
        Loaded loaded(folder, text);
        EXPECT_EQ(loaded.status == WEFT_OK, valid) << text << loaded.message();
        if (loaded.status != WEFT_OK || !valid) {
            refused++;
            continue;
        }
        good++;
        ASSERT_EQ(loaded.x.point_count, expected.size()) << text;
        for (size_t i = 0; i < expected.size(); i++) expect_point(loaded, i, expected[i]);
        ASSERT_FALSE(HasFailure()) << text;
    }
    EXPECT_GT(good, 150);
    EXPECT_GT(refused, 50);
}

TEST(ExperimentProperty, HundredThousandPointsAreQuick) {
    const ExperimentFolder folder;
    const double start = seconds_of_processor();
    Loaded loaded(folder, head + "points:\n  - grid: {seed: 1..1000, noc.vcs: [1, 2, 4, 8, 16], traffic.packet_flits: "
                                 "1..20}\n");
    const double seconds = seconds_of_processor() - start;
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    ASSERT_EQ(loaded.x.point_count, 100000u);
    EXPECT_EQ(loaded.label(99999), "seed=1000 noc.vcs=16 traffic.packet_flits=20");
    EXPECT_EQ(loaded.label(12345), "seed=124 noc.vcs=4 traffic.packet_flits=6");
    EXPECT_LT(seconds, 2.0); /* 0.06 in a Release build */
    std::set<const void *> sets;
    for (size_t i = 0; i < loaded.x.point_count; i++) sets.insert(loaded.x.points[i].set);
    EXPECT_EQ(sets.size(), 5u); /* little memory: one array a chip */
    EXPECT_LE(sizeof(weft_point), 344u);
}

TEST(ExperimentProperty, TooManyAreRefusedAtOnce) {
    const ExperimentFolder folder;
    const double start = seconds_of_processor();
    Loaded loaded(folder, head + "points:\n  - grid: {seed: 1..1000000, traffic.cycles: 1..1000000, "
                                 "traffic.packet_flits: 1..60000}\n");
    EXPECT_LT(seconds_of_processor() - start, 0.1);
    EXPECT_EQ(loaded.message(), "6:5: 60000000000000000 points, before conditions, are more than the 1000000 that an "
                                "experiment may have");
    Loaded blocks(folder, head + "points:\n  - grid: {seed: 1..1000000}\n  - grid: {seed: 1..2}\n");
    EXPECT_LT(seconds_of_processor() - start, 0.2);
    EXPECT_EQ(blocks.message(),
              "7:5: 1000002 points, before conditions, are more than the 1000000 that an experiment may have");
}

TEST(ExperimentProperty, TwoReadsAreAlike) {
    const ExperimentFolder folder;
    random_bits.seed(11);
    const std::string text = head + "points:\n  - grid: {seed: 1..30, noc.vcs: [2, 4], adc.bits: 4..8}\n";
    Loaded a(folder, text), b(folder, text);
    ASSERT_EQ(a.status, WEFT_OK) << a.message();
    EXPECT_EQ(a.labels(), b.labels());
    EXPECT_STREQ(a.x.sha256.hex, b.x.sha256.hex);
    for (size_t i = 0; i < a.x.point_count; i++) EXPECT_EQ(a.set(i), b.set(i));
}

/* ---- damage ---- */

namespace {

const std::string good_file = "name: damage\n"
                              "kind: noc\n"
                              "traffic: {rate: 0.1, cycles: 1000}\n"
                              "nets:\n"
                              "  file: {file: there.onnx}\n"
                              "  sign: {recipe: mnist-mlp-sign, set: {epochs: 2, projection: sign}}\n"
                              "chips:\n"
                              "  small: {chip: noc-8x8, set: {noc.vcs: 2}}\n"
                              "points:\n"
                              "  - name: first\n"
                              "    set: {seed: 3, adc: {bits: 6}}\n"
                              "    grid:\n"
                              "      chip: [small, noc-8x8]\n"
                              "      noc.buffer_flits: [2, 4..6]\n"
                              "      load:\n"
                              "        low: {}\n"
                              "        high: {traffic.rate: 0.4}\n"
                              "    only: [{chip: small}, {noc.buffer_flits: \">= 5\"}]\n"
                              "    exclude: [{load: high, noc.buffer_flits: [2, 4]}]\n"
                              "  - name: second\n"
                              "    set: {chip: small}\n"
                              "    zip: {seed: 1..3, traffic.rate: [0.1, 0.2, 0.3]}\n"
                              "    list: [{traffic.packet_flits: 2}, {kind: noc, traffic.packet_flits: 4}]\n"
                              "search: {kind: halving, samples: 8, minimise: [packet_latency_cycles]}\n";

/* True when it was accepted; an error has a place. */
bool survives(const ExperimentFolder &folder, const std::string &text) {
    Loaded loaded(folder, text);
    if (loaded.status == WEFT_OK) {
        EXPECT_GT(loaded.x.point_count, 0u) << text;
        return true;
    }
    EXPECT_TRUE(loaded.status == WEFT_E_PARSE || loaded.status == WEFT_E_INVALID || loaded.status == WEFT_E_IO)
        << loaded.err.text;
    EXPECT_EQ(loaded.err.status, loaded.status);
    EXPECT_EQ(loaded.err.file, (folder.path / "experiment.yaml").string()) << text << loaded.err.text;
    EXPECT_GT(loaded.err.line, 0) << text << loaded.err.text;
    EXPECT_GT(loaded.err.column, 0) << text << loaded.err.text;
    EXPECT_NE(loaded.err.text[0], 0);
    return false;
}

} // namespace

TEST(ExperimentDamage, TheFileItselfIsGood) {
    const ExperimentFolder folder;
    Loaded loaded(folder, good_file);
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    EXPECT_EQ(loaded.x.point_count, 10u + 6u);
}

TEST(ExperimentDamage, Truncations) {
    const ExperimentFolder folder;
    const size_t points = good_file.find("  - name: first");
    for (size_t i = 0; i < good_file.size(); i += 4) {
        const bool good = survives(folder, good_file.substr(0, i));
        EXPECT_TRUE(i >= points || !good) << i;
    }
}

/* A byte replaced, removed or doubled, a line removed or repeated, two lines exchanged. */
TEST(ExperimentDamage, Mutations) {
    const ExperimentFolder folder;
    std::mt19937 bits(5);
    int refused = 0;
    for (int i = 0; i < 500; i++) {
        std::string text = good_file;
        const size_t at = bits() % text.size();
        size_t begin = text.rfind('\n', at), end = text.find('\n', at);
        begin = begin == std::string::npos ? 0 : begin;
        end = end == std::string::npos ? text.size() : end;
        const std::string line = text.substr(begin, end - begin);
        if (i % 6 == 0) text[at] = static_cast<char>(bits() % 256);
        if (i % 6 == 1) text.erase(at, 1);
        if (i % 6 == 2) text.insert(at, 1, text[at]);
        if (i % 6 == 3) text.erase(begin, line.size());
        if (i % 6 == 4) text.insert(begin, line);
        if (i % 6 == 5) text[at] = "{}[]:,\"'.0 9<>=#-/\n"[bits() % 19];
        refused += !survives(folder, text);
    }
    EXPECT_GT(refused, 220);
    EXPECT_LT(refused, 500);
}

/* Words of the language in any order. */
TEST(ExperimentDamage, RandomWords) {
    static const char *const words[] = {
        "name: ", "points: ", "grid: ", "zip: ", "list: ", "set: ", "only: ", "exclude: ", "seed: ",   "adc.bits: ",
        "chip: ", "noc-8x8",  "{",      "}",     "[",      "]",     ", ",     "1..3",      "0..1/0.1", "\"< 6\"",
        "\n  ",   "\n",       "- ",     "null",  "\"\"",   "1e400", "-",      "nets: "};
    const ExperimentFolder folder;
    std::mt19937 bits(6);
    for (int i = 0; i < 500; i++) {
        std::string text = i % 2 ? head + "points:\n  - " : "";
        for (int k = 0; k < 1 + static_cast<int>(bits() % 12); k++) text += words[bits() % 28];
        survives(folder, text);
    }
}
