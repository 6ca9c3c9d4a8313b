#include "core/status.h"

#include <gtest/gtest.h>

#include <string>

static std::string formatted(const weft_error &err, size_t room = 2048) {
    std::string out(room, 'x');
    weft_error_format(&err, out.data(), out.size());
    return out.c_str();
}

TEST(Status, EveryCodeHasItsText) {
    EXPECT_STREQ(weft_status_text(WEFT_OK), "ok");
    EXPECT_STREQ(weft_status_text(WEFT_E_USAGE), "wrong use of the command line");
    EXPECT_STREQ(weft_status_text(WEFT_E_NO_FIT), "network does not fit the chip");
    EXPECT_STREQ(weft_status_text(WEFT_E_INTERNAL), "internal check failed");
    EXPECT_STREQ(weft_status_text(static_cast<weft_status>(1000)), "unknown status");
    EXPECT_EQ(WEFT_OK, 0);
}

TEST(Status, SetFillsTheErrorAndReturnsTheCode) {
    weft_error err = {};
    EXPECT_EQ(weft_error_set(&err, WEFT_E_INVALID, "%d is below %d", 0, 1), WEFT_E_INVALID);
    EXPECT_EQ(err.status, WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "0 is below 1");
    EXPECT_STREQ(err.file, "");
    EXPECT_EQ(weft_error_set(nullptr, WEFT_E_IO, "x"), WEFT_E_IO);
    EXPECT_EQ(weft_error_set_at(nullptr, WEFT_E_PARSE, "f", 1, 2, "x"), WEFT_E_PARSE);
}

TEST(Status, FormatLeavesOutWhatIsUnknown) {
    weft_error err = {};
    weft_error_set_at(&err, WEFT_E_PARSE, "a.yaml", 14, 9, "adc.bits: %s", "wrong");
    EXPECT_EQ(formatted(err), "a.yaml:14:9: adc.bits: wrong");
    weft_error_set_at(&err, WEFT_E_PARSE, "a.yaml", 14, 0, "wrong");
    EXPECT_EQ(formatted(err), "a.yaml:14: wrong");
    weft_error_set_at(&err, WEFT_E_PARSE, "a.yaml", 0, 0, "wrong");
    EXPECT_EQ(formatted(err), "a.yaml: wrong");
    weft_error_set_at(&err, WEFT_E_PARSE, nullptr, 3, 4, "wrong");
    EXPECT_EQ(formatted(err), "wrong");
    weft_error_set(&err, WEFT_E_MEMORY, "%s", "");
    EXPECT_EQ(formatted(err), "out of memory");
}

TEST(Status, FormatAlwaysTerminates) {
    weft_error err = {};
    weft_error_set_at(&err, WEFT_E_PARSE, "a.yaml", 1, 2, "a long text");
    EXPECT_EQ(formatted(err, 10), "a.yaml:1:");
    EXPECT_EQ(formatted(err, 1), "");
    weft_error_format(&err, nullptr, 0);
}

TEST(Status, LongTextsAreCutNotOverrun) {
    weft_error err = {};
    std::string text(5000, 'a');
    weft_error_set_at(&err, WEFT_E_IO, text.c_str(), 1, 1, "%s", text.c_str());
    EXPECT_EQ(std::string(err.text).size(), sizeof err.text - 1);
    EXPECT_EQ(std::string(err.file).size(), sizeof err.file - 1);
}

TEST(Status, AnErrorMayQuoteTheOneItReplaces) {
    weft_error err = {};
    weft_error_set_at(&err, WEFT_E_IO, "inner", 1, 2, "inner cause");
    weft_error_set_at(&err, WEFT_E_INVALID, err.file, err.line, err.column, "outer: %s", err.text);
    EXPECT_EQ(formatted(err), "inner:1:2: outer: inner cause");
}

TEST(Status, NearestName) {
    const char *names[] = {"sign", "round", "addnorm", "multunif", nullptr};
    EXPECT_STREQ(weft_text_nearest("sgin", names), "sign");
    EXPECT_STREQ(weft_text_nearest("add-norm", names), "addnorm");
    EXPECT_STREQ(weft_text_nearest("round", names), "round");
    EXPECT_EQ(weft_text_nearest("banana", names), nullptr);
    EXPECT_EQ(weft_text_nearest(std::string(100, 's').c_str(), names), nullptr);
    const char *nothing[] = {nullptr};
    EXPECT_EQ(weft_text_nearest("sign", nothing), nullptr);
}

static weft_status tries(weft_status first, int *steps) {
    WEFT_TRY(first);
    ++*steps;
    return WEFT_OK;
}

TEST(Status, TryReturnsTheFailureOnly) {
    int steps = 0;
    EXPECT_EQ(tries(WEFT_E_IO, &steps), WEFT_E_IO);
    EXPECT_EQ(steps, 0);
    EXPECT_EQ(tries(WEFT_OK, &steps), WEFT_OK);
    EXPECT_EQ(steps, 1);
}
