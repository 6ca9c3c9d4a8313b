/* The manual and the JSON Schema of a small table, exactly. */
#include "core/schema.h"

#include <cJSON.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>

#include "tests/support/golden.h"

using namespace weft_test;

namespace {

struct Small {
    int64_t bits;
    weft_cited time;
    int mode;
    int64_t pair[2];
    struct {
        double ratio;
    } part;
    weft_list layers;
    weft_strings tags;
};

const char *const modes[] = {"slow", "fast", nullptr};
const weft_field part_fields[] = {
    {"ratio", WEFT_FIELD_REAL, 0, "", 0, INFINITY, "0.5", "Share.", nullptr, nullptr, nullptr, nullptr, false}};
const weft_record part_record = {"part", "A part.", sizeof(double), part_fields, 1, nullptr};
const weft_record relu_record = {"relu", "Rectifier.", 1, nullptr, 0, nullptr};
const weft_field conv_fields[] = {
    {"filters", WEFT_FIELD_INT, 0, "", 1, 64, nullptr, "Filters.", nullptr, nullptr, nullptr, nullptr, false}};
const weft_record conv_record = {"conv", "Convolution.", sizeof(int64_t), conv_fields, 1, nullptr};
const weft_record *const layers[] = {&relu_record, &conv_record, nullptr};
const weft_field fields[] = {
    {"bits", WEFT_FIELD_INT, offsetof(Small, bits), "bit", 1, 8, nullptr, "Bits | more.", nullptr, nullptr, nullptr,
     nullptr, false},
    {"time_ns", WEFT_FIELD_CITED, offsetof(Small, time), "ns", 0, 9, "2", "Time.", nullptr, nullptr, nullptr, nullptr,
     false},
    {"mode", WEFT_FIELD_ENUM, offsetof(Small, mode), "", 0, 0, "fast", "Mode.", modes, nullptr, nullptr, nullptr,
     false},
    {"pair", WEFT_FIELD_INT_PAIR, offsetof(Small, pair), "", 1, 2, "[1, 2]", "Pair.", nullptr, nullptr, nullptr,
     nullptr, false},
    {"part", WEFT_FIELD_RECORD, offsetof(Small, part), "", 0, 0, "", "", nullptr, &part_record, nullptr, nullptr,
     false},
    {"layers", WEFT_FIELD_VARIANTS, offsetof(Small, layers), "", 0, 0, "", "Layers.", nullptr, nullptr, layers, nullptr,
     false},
    {"tags", WEFT_FIELD_STRINGS, offsetof(Small, tags), "", 0, 0, "", "Tags.", nullptr, nullptr, nullptr, nullptr,
     false},
};
const weft_record record = {"small", "A small table.", sizeof(Small), fields, sizeof fields / sizeof fields[0],
                            nullptr};

struct Schema {
    cJSON *root;
    Schema() {
        std::string text =
            printed([](FILE *stream) { EXPECT_EQ(weft_record_json_schema(&record, stream, nullptr), WEFT_OK); });
        root = cJSON_Parse(text.c_str());
    }
    ~Schema() { cJSON_Delete(root); }
    Schema(const Schema &) = delete;
    Schema &operator=(const Schema &) = delete;
    std::string of(const char *key) const {
        char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(cJSON_GetObjectItem(root, "properties"), key));
        std::string out = text ? text : "";
        free(text);
        return out;
    }
};

const std::string cited_note = "\nA cited number is a plain number, or a map {value, evidence, source, voltage_v}: "
                               "evidence is assumed, derived, simulated "
                               "or measured, and every evidence but assumed needs a source.\n";

} // namespace

TEST(Describe, Text) {
    EXPECT_EQ(printed([](FILE *stream) { weft_record_describe(&record, stream); }),
              "small: A small table.\n\n"
              "  bits     integer       1 to 8 bit  required  Bits | more.\n"
              "  time_ns  cited number  0 to 9 ns   2         Time.\n"
              "  mode     choice        slow, fast  fast      Mode.\n"
              "  pair     two integers  1 to 2      [1, 2]    Pair.\n"
              "  part     map                       optional  A part.\n"
              "    ratio  number  from 0  0.5  Share.\n"
              "  layers   list of       relu, conv  optional  Layers.\n"
              "    relu: Rectifier.\n"
              "    conv: Convolution.\n"
              "      filters  integer  1 to 64  required  Filters.\n"
              "  tags     text or list              optional  Tags.\n" +
                  cited_note);
}

TEST(Describe, Markdown) {
    const std::string head = "| Key | Kind | Range | Default | Meaning |\n|---|---|---|---|---|\n";
    EXPECT_EQ(printed([](FILE *stream) { weft_record_describe_markdown(&record, stream); }),
              "## `small`\n\nA small table.\n\n" + head +
                  "| `bits` | integer | 1 to 8 bit | required | Bits \\| more. |\n"
                  "| `time_ns` | cited number | 0 to 9 ns | 2 | Time. |\n"
                  "| `mode` | choice | slow, fast | fast | Mode. |\n"
                  "| `pair` | two integers | 1 to 2 | [1, 2] | Pair. |\n"
                  "| `part` | map |  | optional | A part. |\n"
                  "| `layers` | list of | relu, conv | optional | Layers. |\n"
                  "| `tags` | text or list |  | optional | Tags. |\n\n"
                  "### `part`\n\nA part.\n\n" +
                  head +
                  "| `ratio` | number | from 0 | 0.5 | Share. |\n\n"
                  "### `layers[].relu`\n\nRectifier.\n\n"
                  "### `layers[].conv`\n\nConvolution.\n\n" +
                  head + "| `filters` | integer | 1 to 64 | required | Filters. |\n" + cited_note);
}

TEST(Describe, JsonSchemaOfEachKind) {
    Schema schema;
    ASSERT_NE(schema.root, nullptr);
    EXPECT_STREQ(cJSON_GetObjectItem(schema.root, "$schema")->valuestring,
                 "https://json-schema.org/draft/2020-12/schema");
    EXPECT_STREQ(cJSON_GetObjectItem(schema.root, "title")->valuestring, "small");
    EXPECT_TRUE(cJSON_IsFalse(cJSON_GetObjectItem(schema.root, "additionalProperties")));
    cJSON *required = cJSON_GetObjectItem(schema.root, "required");
    ASSERT_EQ(cJSON_GetArraySize(required), 1);
    EXPECT_STREQ(cJSON_GetArrayItem(required, 0)->valuestring, "bits");
    EXPECT_EQ(schema.of("bits"),
              R"({"type":"integer","minimum":1,"maximum":8,"description":"Bits | more. Unit: bit."})");
    EXPECT_EQ(schema.of("mode"), R"({"type":"string","enum":["slow","fast"],"description":"Mode.","default":"fast"})");
    EXPECT_EQ(
        schema.of("pair"),
        R"({"oneOf":[{"type":"integer","minimum":1,"maximum":2},{"type":"array","items":{"type":"integer","minimum":1,)"
        R"("maximum":2},"minItems":2,"maxItems":2}],"description":"Pair.","default":[1,2]})");
    EXPECT_EQ(
        schema.of("part"),
        R"({"type":"object","properties":{"ratio":{"type":"number","minimum":0,"description":"Share.","default":0.5}},)"
        R"("additionalProperties":false,"description":"A part."})");
    EXPECT_EQ(schema.of("tags"),
              R"({"oneOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}],"description":"Tags."})");
}

TEST(Describe, JsonSchemaOfVariants) {
    EXPECT_EQ(
        Schema().of("layers"),
        R"({"type":"array","items":{"oneOf":[{"type":"object","properties":{"relu":{"oneOf":[{"type":"object",)"
        R"("description":"Rectifier.","properties":{},"additionalProperties":false},{"type":"null"}]}},)"
        R"("required":["relu"],"additionalProperties":false},{"type":"object","properties":{"conv":{"type":"object",)"
        R"("description":"Convolution.","properties":{"filters":{"type":"integer","minimum":1,"maximum":64,)"
        R"("description":"Filters."}},"required":["filters"],"additionalProperties":false}},"required":["conv"],)"
        R"("additionalProperties":false},{"type":"string","enum":["relu"]}]},"description":"Layers."})");
}

TEST(Describe, JsonSchemaOfCited) {
    EXPECT_EQ(
        Schema().of("time_ns"),
        R"({"oneOf":[{"type":"number","minimum":0,"maximum":9},{"type":"object","description":"A constant with its )"
        R"(origin.","properties":{"value":{"type":"number","minimum":0,"maximum":9,"description":"Time. Unit: ns."},)"
        R"("evidence":{"type":"string","enum":["assumed","derived","simulated","measured"],"description":"How the value )"
        R"(is known.","default":"assumed"},"source":{"type":"string","description":"Publication, or derivation."},)"
        R"("voltage_v":{"type":"number","minimum":0,"maximum":100,"description":"Supply at which the value holds. Unit: )"
        R"(V."}},"required":["value"],"additionalProperties":false}],"description":"Time. Unit: ns.","default":2})");
}

/* Maps of free names, and what the owner of the table reads. */
TEST(Describe, NamedAndNodes) {
    static const char *const types[] = {"object", "string", nullptr};
    static const weft_field free_fields[] = {
        {"parts", WEFT_FIELD_NAMED, 0, "", 0, 0, "", "Parts.", nullptr, &part_record, nullptr, nullptr, false},
        {"any", WEFT_FIELD_NODE, 16, "", 0, 0, "", "Any.", types, nullptr, nullptr, nullptr, false}};
    static const weft_record free_record = {"free", "Free.", 24, free_fields, 2, nullptr};
    EXPECT_EQ(printed([](FILE *stream) { weft_record_describe(&free_record, stream); }),
              "free: Free.\n\n"
              "  parts  map of names    optional  Parts.\n"
              "    ratio  number  from 0  0.5  Share.\n"
              "  any    map, value      optional  Any.\n");
    const std::string markdown = printed([](FILE *stream) { weft_record_describe_markdown(&free_record, stream); });
    EXPECT_NE(markdown.find("### `parts.NAME`"), std::string::npos) << markdown;
    const std::string text =
        printed([](FILE *stream) { EXPECT_EQ(weft_record_json_schema(&free_record, stream, nullptr), WEFT_OK); });
    cJSON *root = cJSON_Parse(text.c_str());
    char *properties = cJSON_PrintUnformatted(cJSON_GetObjectItem(root, "properties"));
    EXPECT_STREQ(
        properties,
        R"({"parts":{"type":"object","additionalProperties":{"type":"object","description":"A part.","properties":{)"
        R"("ratio":{"type":"number","minimum":0,"description":"Share.","default":0.5}},"additionalProperties":false},)"
        R"("description":"Parts."},"any":{"type":["object","string","number","boolean"],"description":"Any."}})");
    free(properties);
    cJSON_Delete(root);
}

TEST(Describe, EndlessNestingIsRefused) {
    static weft_field loop_fields[1];
    static weft_record loop = {"loop", "", 1, loop_fields, 1, nullptr};
    loop_fields[0] = {"loop", WEFT_FIELD_LIST, 0, "", 0, 0, "", "", nullptr, &loop, nullptr, nullptr, false};
    weft_error err = {};
    printed([&](FILE *stream) { EXPECT_EQ(weft_record_json_schema(&loop, stream, &err), WEFT_E_INTERNAL); });
    EXPECT_STREQ(err.text, "no JSON Schema of loop: out of memory, or nested too deeply");
}
