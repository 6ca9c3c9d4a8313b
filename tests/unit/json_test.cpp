// Is the JSON writer right: text, escapes, numbers that read back?
#include "sim/report/json.h"

#include <cjson/cJSON.h>
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <limits>
#include <string>

namespace {

template <typename Body> std::string written(Body body) {
    char *text = nullptr;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    weft_json json = {stream, 0, false, false};
    body(&json);
    fclose(stream);
    std::string out(text, size);
    free(text);
    return out;
}

TEST(json, flat_is_one_line) {
    EXPECT_EQ(written([](weft_json *j) {
                  j->flat = true;
                  weft_json_object(j, nullptr);
                  weft_json_text(j, "a", "b");
                  weft_json_array(j, "list");
                  weft_json_number(j, nullptr, 1.5);
                  weft_json_null(j, nullptr);
                  weft_json_array_end(j);
                  weft_json_object(j, "none");
                  weft_json_object_end(j);
                  weft_json_object_end(j);
              }),
              "{\"a\": \"b\", \"list\": [1.5, null], \"none\": {}}");
}

TEST(json, layout) {
    EXPECT_EQ(written([](weft_json *j) {
                  const uint32_t row[] = {1, 22, 3};
                  weft_json_object(j, nullptr);
                  weft_json_text(j, "a", "b");
                  weft_json_array(j, "list");
                  weft_json_counts(j, nullptr, row, 3);
                  weft_json_number(j, nullptr, 0.5);
                  weft_json_array_end(j);
                  weft_json_object(j, "empty");
                  weft_json_object_end(j);
                  weft_json_bool(j, "yes", true);
                  weft_json_null(j, "none");
                  weft_json_count(j, "most", UINT64_MAX);
                  weft_json_object_end(j);
              }),
              "{\n  \"a\": \"b\",\n  \"list\": [\n    [1, 22, 3],\n    0.5\n  ],\n  \"empty\": {},\n  \"yes\": true,\n"
              "  \"none\": null,\n  \"most\": 18446744073709551615\n}\n");
}

std::string text_of(const char *text) {
    std::string out = written([&](weft_json *j) {
        weft_json_array(j, nullptr);
        weft_json_text(j, nullptr, text);
        weft_json_array_end(j);
    });
    return out.substr(4, out.size() - 7);
}

TEST(json, escapes) {
    EXPECT_EQ(text_of("a\"b\\c\n\x01\x7f"), "\"a\\\"b\\\\c\\u000a\\u0001\\u007f\"");
    EXPECT_EQ(text_of("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    EXPECT_EQ(text_of("x\xffy"), "\"x\\ufffdy\"");
    EXPECT_EQ(text_of("\xc0\x80"), "\"\\ufffd\\ufffd\"");            // overlong
    EXPECT_EQ(text_of("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\""); // surrogate
    EXPECT_EQ(text_of("\xe2\x82"), "\"\\ufffd\\ufffd\"");            // cut off
    EXPECT_EQ(text_of(nullptr), "null");
}

TEST(json, numbers_read_back) {
    const double values[] = {0.1, 1.0 / 3, 1e300, 5e-324, -2.5, 123456789012345680.0, 0.0};
    for (double value : values) {
        char text[32];
        weft_number_text(text, sizeof text, value);
        EXPECT_EQ(strtod(text, nullptr), value) << text;
    }
    char text[32];
    weft_number_text(text, sizeof text, 0.1);
    EXPECT_STREQ(text, "0.1");
}

TEST(json, no_nan) {
    std::string out = written([](weft_json *j) {
        weft_json_array(j, nullptr);
        weft_json_number(j, nullptr, std::numeric_limits<double>::quiet_NaN());
        weft_json_number(j, nullptr, std::numeric_limits<double>::infinity());
        weft_json_array_end(j);
    });
    EXPECT_EQ(out, "[\n  null,\n  null\n]\n");
}

} // namespace
