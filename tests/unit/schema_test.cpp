/* Field tables: what each kind reads, its defaults, and each error with its exact message. */
#include "core/schema.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>

namespace {

struct Inner {
    int64_t count;
    double ratio;
};
struct Relu {
    double slope;
};
struct Conv {
    int64_t filters;
    int64_t kernel[2];
};
struct Everything {
    int64_t number;
    double real;
    bool flag;
    const char *text;
    int choice;
    weft_cited cost;
    int64_t pair[2];
    weft_reals reals;
    weft_strings strings;
    Inner inner;
    weft_list list;
    weft_variant variant;
    weft_list variants;
    const char *note;
    weft_cited optional_cost;
};

const char *const choices[] = {"alpha", "beta", nullptr};

weft_status check_inner(const void *value, const weft_yaml *yaml, const weft_yaml_node *node, weft_error *err) {
    const Inner *inner = static_cast<const Inner *>(value);
    if (inner->count != 13) return WEFT_OK;
    return weft_record_error(yaml, node, "count", err, "%d brings bad luck", 13);
}

const weft_field inner_fields[] = {
    {"count", WEFT_FIELD_INT, offsetof(Inner, count), "", 1, 20, nullptr, "Count.", nullptr, nullptr, nullptr, nullptr,
     false},
    {"ratio", WEFT_FIELD_REAL, offsetof(Inner, ratio), "", 0, 1, "0.5", "Ratio.", nullptr, nullptr, nullptr, nullptr,
     false},
};
const weft_record inner_record = {"inner", "Inner.", sizeof(Inner), inner_fields, 2, check_inner};
const weft_field relu_fields[] = {{"slope", WEFT_FIELD_REAL, offsetof(Relu, slope), "", 0, 1, "0.25", "Slope.", nullptr,
                                   nullptr, nullptr, nullptr, false}};
const weft_record relu_record = {"relu", "Relu.", sizeof(Relu), relu_fields, 1, nullptr};
const weft_field conv_fields[] = {{"filters", WEFT_FIELD_INT, offsetof(Conv, filters), "", 1, 64, nullptr, "Filters.",
                                   nullptr, nullptr, nullptr, nullptr, false},
                                  {"kernel", WEFT_FIELD_INT_PAIR, offsetof(Conv, kernel), "", 1, 9, "[3, 4]", "Kernel.",
                                   nullptr, nullptr, nullptr, nullptr, false}};
const weft_record conv_record = {"conv", "Conv.", sizeof(Conv), conv_fields, 2, nullptr};
const weft_record *const layers[] = {&relu_record, &conv_record, nullptr};

#define AT(member) offsetof(Everything, member)
const weft_field fields[] = {
    {"number", WEFT_FIELD_INT, AT(number), "", 1, 1e6, "7", "", nullptr, nullptr, nullptr, nullptr, false},
    {"real", WEFT_FIELD_REAL, AT(real), "ns", -1, 1, "-0.5", "", nullptr, nullptr, nullptr, nullptr, false},
    {"flag", WEFT_FIELD_BOOL, AT(flag), "", 0, 0, "true", "", nullptr, nullptr, nullptr, nullptr, false},
    {"text", WEFT_FIELD_STRING, AT(text), "", 0, 0, "word", "", nullptr, nullptr, nullptr, nullptr, false},
    {"choice", WEFT_FIELD_ENUM, AT(choice), "", 0, 0, "beta", "", choices, nullptr, nullptr, nullptr, false},
    {"cost", WEFT_FIELD_CITED, AT(cost), "pJ", 0, 100, "3", "", nullptr, nullptr, nullptr, nullptr, false},
    {"pair", WEFT_FIELD_INT_PAIR, AT(pair), "", 0, 9, "[1, 2]", "", nullptr, nullptr, nullptr, nullptr, false},
    {"reals", WEFT_FIELD_REALS, AT(reals), "", 0, 1, "[0, 0.5]", "", nullptr, nullptr, nullptr, nullptr, false},
    {"strings", WEFT_FIELD_STRINGS, AT(strings), "", 0, 0, "", "", nullptr, nullptr, nullptr, nullptr, false},
    {"inner", WEFT_FIELD_RECORD, AT(inner), "", 0, 0, "", "", nullptr, &inner_record, nullptr, nullptr, false},
    {"list", WEFT_FIELD_LIST, AT(list), "", 0, 0, "", "", nullptr, &inner_record, nullptr, nullptr, false},
    {"variant", WEFT_FIELD_VARIANT, AT(variant), "", 0, 0, "relu", "", nullptr, nullptr, layers, nullptr, false},
    {"variants", WEFT_FIELD_VARIANTS, AT(variants), "", 0, 0, "", "", nullptr, nullptr, layers, nullptr, false},
    {"note", WEFT_FIELD_STRING, AT(note), "", 0, 0, "", "", nullptr, nullptr, nullptr, nullptr, false},
    {"optional_cost", WEFT_FIELD_CITED, AT(optional_cost), "pJ", 0, 0, "", "", nullptr, nullptr, nullptr, nullptr,
     false},
};
const weft_record record = {"everything", "All kinds.", sizeof(Everything), fields, sizeof fields / sizeof fields[0],
                            nullptr};

struct Read {
    weft_yaml yaml = {};
    weft_error err = {};
    weft_status status;
    Everything out;
    explicit Read(const std::string &text, const weft_record *table = &record) {
        std::memset(&out, 0xA5, sizeof out);
        status = weft_yaml_parse(&yaml, text.data(), text.size(), "f.yaml", &err);
        if (status == WEFT_OK) status = weft_record_read(&out, table, &yaml, yaml.root, &err);
    }
    ~Read() { weft_yaml_destroy(&yaml); }
    Read(const Read &) = delete;
    Read &operator=(const Read &) = delete;
    std::string message() const {
        char text[2048];
        weft_error_format(&err, text, sizeof text);
        return text;
    }
};

std::string refusal(const std::string &text) {
    Read read(text);
    EXPECT_EQ(read.status, WEFT_E_INVALID) << text;
    return read.message();
}

int64_t integer(const char *text) {
    Read read(std::string("number: ") + text + "\n");
    EXPECT_EQ(read.status, WEFT_OK) << read.message();
    return read.out.number;
}

} // namespace

TEST(Schema, Defaults) {
    Read read("{}");
    ASSERT_EQ(read.status, WEFT_OK) << read.message();
    const Everything &e = read.out;
    EXPECT_EQ(e.number, 7);
    EXPECT_EQ(e.real, -0.5);
    EXPECT_TRUE(e.flag);
    EXPECT_STREQ(e.text, "word");
    EXPECT_EQ(e.choice, 1);
    EXPECT_EQ(e.cost.value, 3);
    EXPECT_EQ(e.cost.evidence, WEFT_EVIDENCE_ASSUMED);
    EXPECT_STREQ(e.cost.source, "");
    EXPECT_EQ(e.pair[0], 1);
    EXPECT_EQ(e.pair[1], 2);
    ASSERT_EQ(e.reals.count, 2u);
    EXPECT_EQ(e.reals.items[1], 0.5);
    EXPECT_EQ(e.strings.count, 0u);
    EXPECT_EQ(e.inner.count, 0); /* it has a required key, so absent means zero */
    EXPECT_EQ(e.inner.ratio, 0);
    EXPECT_EQ(e.list.count, 0u);
    EXPECT_EQ(e.variant.record, &relu_record);
    EXPECT_EQ(static_cast<Relu *>(e.variant.value)->slope, 0.25);
    EXPECT_EQ(e.variants.count, 0u);
    EXPECT_STREQ(e.note, "");
    EXPECT_STREQ(e.optional_cost.source, "");
}

TEST(Schema, NullNodeIsAllDefaults) {
    weft_yaml yaml = {};
    weft_error err = {};
    ASSERT_EQ(weft_yaml_parse(&yaml, "{}", 2, "f.yaml", &err), WEFT_OK);
    Everything out;
    EXPECT_EQ(weft_record_read(&out, &record, &yaml, nullptr, &err), WEFT_OK);
    EXPECT_EQ(out.number, 7);
    EXPECT_EQ(weft_record_read(&out, &inner_record, &yaml, nullptr, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "count: required key is missing");
    EXPECT_STREQ(err.file, "f.yaml");
    weft_yaml_destroy(&yaml);
}

TEST(Schema, EveryKind) {
    Read read(
        "number: 12\nreal: 2.5e-1\nflag: false\ntext: 'a b'\nchoice: alpha\n"
        "cost: {value: 8, evidence: measured, source: book, voltage_v: 0.9}\n"
        "pair: 4\nreals: [1, 0.125, 0]\nstrings: one\ninner: {count: 2}\n"
        "list:\n  - {count: 3, ratio: 1}\n  - {count: 4}\n"
        "variant: {conv: {filters: 16}}\nvariants: [relu, {relu: {slope: 1}}, {relu: }, {conv: {filters: 2, kernel: "
        "5}}]\n");
    ASSERT_EQ(read.status, WEFT_OK) << read.message();
    const Everything &e = read.out;
    EXPECT_EQ(e.number, 12);
    EXPECT_EQ(e.real, 0.25);
    EXPECT_FALSE(e.flag);
    EXPECT_STREQ(e.text, "a b");
    EXPECT_EQ(e.choice, 0);
    EXPECT_EQ(e.cost.value, 8);
    EXPECT_EQ(e.cost.evidence, WEFT_EVIDENCE_MEASURED);
    EXPECT_STREQ(e.cost.source, "book");
    EXPECT_EQ(e.cost.voltage_v, 0.9);
    EXPECT_EQ(e.pair[0], 4);
    EXPECT_EQ(e.pair[1], 4);
    ASSERT_EQ(e.reals.count, 3u);
    EXPECT_EQ(e.reals.items[1], 0.125);
    ASSERT_EQ(e.strings.count, 1u);
    EXPECT_STREQ(e.strings.items[0], "one");
    EXPECT_EQ(e.inner.count, 2);
    EXPECT_EQ(e.inner.ratio, 0.5);
    ASSERT_EQ(e.list.count, 2u);
    EXPECT_EQ(static_cast<Inner *>(e.list.items)[0].ratio, 1);
    EXPECT_EQ(static_cast<Inner *>(e.list.items)[1].count, 4);
    EXPECT_EQ(e.variant.index, 1);
    EXPECT_EQ(e.variant.line, 14);
    EXPECT_EQ(static_cast<Conv *>(e.variant.value)->kernel[1], 4);
    const weft_variant *v = static_cast<weft_variant *>(e.variants.items);
    ASSERT_EQ(e.variants.count, 4u);
    const double slopes[] = {0.25, 1, 0.25};
    for (int i = 0; i < 3; i++) EXPECT_EQ(static_cast<Relu *>(v[i].value)->slope, slopes[i]) << i;
    EXPECT_EQ(static_cast<Conv *>(v[3].value)->filters, 2);
    EXPECT_EQ(static_cast<Conv *>(v[3].value)->kernel[0], 5);
}

TEST(Schema, IntegersInEveryExactForm) {
    EXPECT_EQ(integer("1e6"), 1000000);
    EXPECT_EQ(integer("2.5e3"), 2500);
    EXPECT_EQ(integer("1_000"), 1000);
    EXPECT_EQ(integer("+5"), 5);
    EXPECT_EQ(integer("5.0"), 5);
}

TEST(Schema, LargeIntegersStayExact) {
    const weft_field big_fields[] = {
        {"number", WEFT_FIELD_INT, AT(number), "", 0, 0, nullptr, "", nullptr, nullptr, nullptr, nullptr, false}};
    const weft_record big = {"big", "", sizeof(Everything), big_fields, 1, nullptr};
    Read read("number: 9007199254740993", &big);
    ASSERT_EQ(read.status, WEFT_OK);
    EXPECT_EQ(read.out.number, INT64_C(9007199254740993));
    EXPECT_EQ(Read("number: 99999999999999999999", &big).message(),
              "f.yaml:1:9: number: '99999999999999999999' is not an integer");
    EXPECT_EQ(Read("number: 1e17", &big).message(), "f.yaml:1:9: number: '1e17' is not an integer");
}

TEST(SchemaError, Integers) {
    EXPECT_EQ(refusal("number: 0"), "f.yaml:1:9: number: 0 is below 1");
    EXPECT_EQ(refusal("number: 1000001"), "f.yaml:1:9: number: 1000001 is above 1000000");
    for (const char *text : {"x", "1.5", "0x10", "nan", "inf", "1 2", "1_", "_1", "1__0", "1e", "e5", "--1", "."})
        EXPECT_EQ(refusal(std::string("number: ") + text),
                  std::string("f.yaml:1:9: number: '") + text + "' is not an integer");
    EXPECT_EQ(refusal("number: '1'"), "f.yaml:1:9: number: expects an integer, got a text in quotes");
    EXPECT_EQ(refusal("number: [1]"), "f.yaml:1:9: number: expects an integer, got a list");
    EXPECT_EQ(refusal("number: {a: 1}"), "f.yaml:1:9: number: expects an integer, got a map");
    EXPECT_EQ(refusal("number:"), "f.yaml:1:8: number: expects an integer, got nothing");
}

TEST(SchemaError, RealsAndBools) {
    EXPECT_EQ(refusal("real: 1.5"), "f.yaml:1:7: real: 1.5 is above 1");
    EXPECT_EQ(refusal("real: -1.01"), "f.yaml:1:7: real: -1.01 is below -1");
    for (const char *text : {"nan", ".nan", "inf", "-.inf", "1e999", "0x1p3", "1,5", "1_0"})
        EXPECT_EQ(refusal(std::string("real: ") + text),
                  std::string("f.yaml:1:7: real: '") + text + "' is not a finite number");
    EXPECT_EQ(refusal("flag: yes"), "f.yaml:1:7: flag: 'yes' is not true or false");
    EXPECT_EQ(refusal("flag: 'true'"), "f.yaml:1:7: flag: expects true or false, got a text in quotes");
    EXPECT_EQ(refusal("reals: [0, 2]"), "f.yaml:1:12: reals.1: 2 is above 1");
    EXPECT_EQ(refusal("reals: 1"), "f.yaml:1:8: reals: expects a list of numbers, got a plain value");
}

TEST(SchemaError, Words) {
    EXPECT_EQ(refusal("text: [a]"), "f.yaml:1:7: text: expects a text, got a list");
    EXPECT_EQ(refusal("choice: alhpa"), "f.yaml:1:9: choice: 'alhpa' is not one of alpha, beta; did you mean alpha?");
    EXPECT_EQ(refusal("choice: gamut"), "f.yaml:1:9: choice: 'gamut' is not one of alpha, beta");
    EXPECT_EQ(refusal("choice: {}"), "f.yaml:1:9: choice: expects one of alpha, beta, got a map");
    EXPECT_EQ(refusal("strings: {a: 1}"), "f.yaml:1:10: strings: expects a text or a list of texts, got a map");
    EXPECT_EQ(refusal("strings: [a, [b]]"), "f.yaml:1:14: strings.1: expects a text, got a list");
}

TEST(SchemaError, PairsAndCited) {
    EXPECT_EQ(refusal("pair: [1]"), "f.yaml:1:7: pair: expects two integers, [a, b]");
    EXPECT_EQ(refusal("pair: [1, 10]"), "f.yaml:1:11: pair: 10 is above 9");
    EXPECT_EQ(refusal("pair: {a: 1}"), "f.yaml:1:7: pair: expects two integers, [a, b]");
    EXPECT_EQ(refusal("cost: 101"), "f.yaml:1:7: cost: 101 is above 100");
    EXPECT_EQ(refusal("cost: [1]"), "f.yaml:1:7: cost: expects a number or {value, evidence, source}, got a list");
    EXPECT_EQ(refusal("cost: {value: -1}"), "f.yaml:1:15: cost.value: -1 is below 0");
    EXPECT_EQ(refusal("cost: {source: x}"), "f.yaml:1:7: cost.value: required key is missing");
    EXPECT_EQ(refusal("cost: {value: 1, evidence: guessed}"),
              "f.yaml:1:28: cost.evidence: 'guessed' is not one of assumed, derived, simulated, measured");
    EXPECT_EQ(refusal("cost: {value: 1, evidence: derived}"), "f.yaml:1:28: cost.evidence: derived needs a source");
    EXPECT_EQ(refusal("cost: {value: 1, sorce: x}"), "f.yaml:1:18: cost.sorce: unknown key; did you mean source?");
}

TEST(SchemaError, Records) {
    EXPECT_EQ(refusal("inner: 3"), "f.yaml:1:8: inner: expects a map of keys (inner)");
    EXPECT_EQ(refusal("inner:\n  ratio: 1\n"), "f.yaml:2:3: inner.count: required key is missing");
    EXPECT_EQ(refusal("inner:\n  coumt: 1\n"), "f.yaml:2:3: inner.coumt: unknown key; did you mean count?");
    EXPECT_EQ(refusal("inner: {zzzzzzz: 1}"), "f.yaml:1:9: inner.zzzzzzz: unknown key; allowed: count, ratio");
    EXPECT_EQ(refusal("inner: {count: 13}"), "f.yaml:1:16: inner.count: 13 brings bad luck");
    EXPECT_EQ(refusal("list: [{count: 1}, {count: 13}]"), "f.yaml:1:28: list.1.count: 13 brings bad luck");
    EXPECT_EQ(refusal("list: [{count: 1}, {count: 0}]"), "f.yaml:1:28: list.1.count: 0 is below 1");
    EXPECT_EQ(refusal("list: {count: 1}"), "f.yaml:1:7: list: expects a list");
    EXPECT_EQ(refusal("[1]"), "f.yaml:1:1: expects a map of keys (everything)");
    EXPECT_EQ(refusal("numbre: 1"), "f.yaml:1:1: numbre: unknown key; did you mean number?");
}

TEST(SchemaError, Variants) {
    EXPECT_EQ(refusal("variant: rleu"), "f.yaml:1:10: variant: 'rleu' is not one of relu, conv; did you mean relu?");
    EXPECT_EQ(refusal("variant: softmax"), "f.yaml:1:10: variant: 'softmax' is not one of relu, conv");
    EXPECT_EQ(refusal("variants: [relu, {pool: {}}]"), "f.yaml:1:19: variants.1: 'pool' is not one of relu, conv");
    EXPECT_EQ(refusal("variants:\n  - conv\n"), "f.yaml:2:5: variants.0.conv.filters: required key is missing");
    EXPECT_EQ(refusal("variants:\n  - conv: {filters: 65}\n"), "f.yaml:2:21: variants.0.conv.filters: 65 is above 64");
    EXPECT_EQ(refusal("variants:\n  - conv: 5\n"), "f.yaml:2:11: variants.0.conv: expects a map of keys (conv)");
    EXPECT_EQ(refusal("variant: {relu: {}, conv: {}}"),
              "f.yaml:1:10: variant: expects one name, or a map of one name and its keys");
    EXPECT_EQ(refusal("variant:"), "f.yaml:1:9: variant: expects one name, or a map of one name and its keys");
}

TEST(SchemaError, OverridesAreNamed) {
    weft_yaml yaml = {};
    weft_error err = {};
    ASSERT_EQ(weft_yaml_parse(&yaml, "number: 1", 9, "f.yaml", &err), WEFT_OK);
    const char *overrides[] = {"inner.count=99"};
    ASSERT_EQ(weft_yaml_override(&yaml, overrides, 1, &err), WEFT_OK);
    Everything out;
    EXPECT_EQ(weft_record_read(&out, &record, &yaml, yaml.root, &err), WEFT_E_INVALID);
    char text[2048];
    weft_error_format(&err, text, sizeof text);
    EXPECT_STREQ(text, "--set inner.count=99: inner.count: 99 is above 20");
    weft_yaml_destroy(&yaml);
}

TEST(SchemaError, LongPathsAndValuesAreCut) {
    std::string text = "number: " + std::string(5000, 'x');
    Read read(text);
    EXPECT_EQ(read.status, WEFT_E_INVALID);
    EXPECT_EQ(std::string(read.err.text).substr(0, 10), "number: 'x");
    EXPECT_LT(std::strlen(read.err.text), sizeof read.err.text);
}

TEST(Schema, NearestName) {
    const char *const names[] = {"resolution_bits", "per_array", "range", nullptr};
    EXPECT_STREQ(weft_nearest_name("resolution_bitz", names), "resolution_bits");
    EXPECT_STREQ(weft_nearest_name("rang", names), "range");
    EXPECT_EQ(weft_nearest_name("voltage", names), nullptr);
}

/* ---- maps of free names, and nodes that others read ---- */

namespace {

struct Free {
    weft_list named;
    const weft_yaml_node *node;
};
const char *const node_types[] = {"object", "string", nullptr};
const weft_field free_fields[] = {
    {"named", WEFT_FIELD_NAMED, offsetof(Free, named), "", 0, 0, "", "", nullptr, &inner_record, nullptr, nullptr,
     false},
    {"node", WEFT_FIELD_NODE, offsetof(Free, node), "", 0, 0, "", "", node_types, nullptr, nullptr, nullptr, false},
};
const weft_record free_record = {"free", "Free.", sizeof(Free), free_fields, 2, nullptr};

/* What reading text says; "" when it can be read. */
std::string read_free(const std::string &text, const std::function<void(const Free &)> &look = nullptr) {
    weft_yaml yaml = {};
    weft_error err = {};
    Free out;
    EXPECT_EQ(weft_yaml_parse(&yaml, text.data(), text.size(), "f.yaml", &err), WEFT_OK) << err.text;
    const weft_status status = weft_record_read(&out, &free_record, &yaml, yaml.root, &err);
    if (status == WEFT_OK && look) look(out);
    weft_yaml_destroy(&yaml);
    char message[2048];
    weft_error_format(&err, message, sizeof message);
    return status == WEFT_OK ? "" : message;
}

} // namespace

TEST(Schema, NamedRecords) {
    EXPECT_EQ(read_free("named:\n  one: {count: 3}\n  two: {count: 4, ratio: 1}\n",
                        [](const Free &free) {
                            ASSERT_EQ(free.named.count, 2u);
                            const weft_named *items = static_cast<const weft_named *>(free.named.items);
                            EXPECT_STREQ(items[0].name, "one");
                            EXPECT_EQ(static_cast<const Inner *>(items[0].value)->count, 3);
                            EXPECT_EQ(static_cast<const Inner *>(items[0].value)->ratio, 0.5);
                            EXPECT_STREQ(items[1].name, "two");
                            EXPECT_EQ(static_cast<const Inner *>(items[1].value)->ratio, 1);
                            EXPECT_EQ(items[1].key->line, 3);
                            EXPECT_EQ(items[1].node->column, 8);
                        }),
              "");
    EXPECT_EQ(read_free("{}", [](const Free &free) { EXPECT_EQ(free.named.count, 0u); }), "");
    EXPECT_EQ(read_free("named: [a]\n"), "f.yaml:1:8: named: expects a map of names, got a list");
    EXPECT_EQ(read_free("named: {a: 3}\n"), "f.yaml:1:12: named.a: expects a map of keys (inner)");
    EXPECT_EQ(read_free("named: {a: {count: 3, ration: 1}}\n"),
              "f.yaml:1:23: named.a.ration: unknown key; did you mean ratio?");
}

TEST(Schema, Nodes) {
    EXPECT_EQ(read_free("node: {a: [b]}\n", [](const Free &free) { EXPECT_EQ(free.node->count, 1u); }), "");
    EXPECT_EQ(read_free("node: text\n", [](const Free &free) { EXPECT_STREQ(free.node->text, "text"); }), "");
    EXPECT_EQ(read_free("{}", [](const Free &free) { EXPECT_EQ(free.node, nullptr); }), "");
    EXPECT_EQ(read_free("node: [a]\n"), "f.yaml:1:7: node: expects a map or a plain value, got a list");
    EXPECT_EQ(read_free("node:\n"), "f.yaml:1:6: node: expects a map or a plain value, got nothing");
}

TEST(Schema, OneFieldAlone) {
    weft_yaml yaml = {};
    weft_error err = {};
    const char text[] = "a: 7\nb: x\n";
    ASSERT_EQ(weft_yaml_parse(&yaml, text, sizeof text - 1, "f.yaml", &err), WEFT_OK);
    int64_t number = 0;
    EXPECT_EQ(weft_field_size(&fields[0]), sizeof number);
    EXPECT_EQ(weft_field_read(&number, &fields[0], "some.path", &yaml, weft_yaml_get(yaml.root, "a"), &err), WEFT_OK);
    EXPECT_EQ(number, 7);
    EXPECT_EQ(weft_field_read(&number, &fields[0], "some.path", &yaml, weft_yaml_get(yaml.root, "b"), &err),
              WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "some.path: 'x' is not an integer");
    EXPECT_EQ(err.line, 2);
    weft_yaml_destroy(&yaml);
}
