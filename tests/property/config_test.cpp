/* Whatever bytes a chip file holds: no crash, no leak, and an error with a place. */
#include "core/chip.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <sstream>
#include <string>

namespace {

std::string good_chip(const char *name) {
    std::ifstream stream(std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/" + name + ".yaml", std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

/* Loads text as a chip; true when it was accepted. */
bool load(const std::string &text) {
    const std::string path = testing::TempDir() + "weft_config_" + std::to_string(getpid()) + ".yaml";
    std::ofstream(path, std::ios::binary) << text;
    weft_chip *chip = nullptr;
    weft_error err = {};
    weft_status status = weft_chip_load(&chip, path.c_str(), nullptr, 0, &err);
    std::remove(path.c_str());
    EXPECT_EQ(status == WEFT_OK, chip != nullptr);
    weft_chip_destroy(chip);
    if (status == WEFT_OK) return true;
    EXPECT_TRUE(status == WEFT_E_PARSE || status == WEFT_E_INVALID) << err.text;
    EXPECT_EQ(err.status, status);
    EXPECT_EQ(std::string(err.file), path);
    EXPECT_GT(err.line, 0) << err.text;
    EXPECT_GT(err.column, 0) << err.text;
    EXPECT_NE(err.text[0], 0);
    return false;
}

} // namespace

TEST(ConfigProperty, GoodFilesAreGood) {
    EXPECT_TRUE(load(good_chip("hermes")));
    EXPECT_TRUE(load(good_chip("isaac-ce")));
}

/* Cut anywhere but behind the last key that is needed, a chip file is refused. */
TEST(ConfigProperty, Truncations) {
    const std::string text = good_chip("hermes");
    const size_t last = text.find("io_pj_per_bit");
    ASSERT_NE(last, std::string::npos);
    for (int i = 0; i < 600; i++) EXPECT_FALSE(load(text.substr(0, last * static_cast<size_t>(i) / 600))) << i;
}

TEST(ConfigProperty, RandomBytes) {
    std::mt19937 random(1);
    for (int i = 0; i < 700; i++) {
        std::string text(random() % 200, ' ');
        bool printable = i % 2;
        for (char &c : text)
            c = static_cast<char>(printable ? "{}[]:,-#&*!|>'\"%@`? \n\tab01.e"[random() % 29] : random() % 256);
        EXPECT_FALSE(load(text));
    }
}

/* A byte replaced, removed or doubled, or a line removed or repeated, in a good file. */
class Mutations : public testing::TestWithParam<const char *> {};
TEST_P(Mutations, AreReadOrRefused) {
    const std::string good = good_chip(GetParam());
    std::mt19937 random(2);
    int refused = 0;
    for (int i = 0; i < 700; i++) {
        std::string text = good;
        size_t at = random() % text.size(), begin = text.rfind('\n', at), end = text.find('\n', at);
        begin = begin == std::string::npos ? 0 : begin;
        if (i % 5 == 0) text[at] = static_cast<char>(random() % 256);
        if (i % 5 == 1) text.erase(at, 1);
        if (i % 5 == 2) text.insert(at, 1, text[at]);
        if (i % 5 == 3) text.erase(begin, end - begin);
        if (i % 5 == 4) text.insert(begin, text.substr(begin, end - begin));
        refused += !load(text);
    }
    EXPECT_GT(refused, 150); /* changes in comments and sources do no harm */
    EXPECT_LT(refused, 700);
}
INSTANTIATE_TEST_SUITE_P(ConfigProperty, Mutations, testing::Values("isaac-ce", "truenorth", "loihi1"));

/* Overrides never crash either, and name themselves. */
TEST(ConfigProperty, RandomOverrides) {
    std::mt19937 random(3);
    for (int i = 0; i < 300; i++) {
        std::string text(random() % 20, ' ');
        for (char &c : text) c = "adc.bits=[]{},:0129\"' -"[random() % 23];
        const char *overrides[] = {text.c_str()};
        weft_chip *chip = nullptr;
        weft_error err = {};
        weft_status status = weft_chip_load(&chip, "hermes", overrides, 1, &err);
        EXPECT_EQ(std::string(err.file), status == WEFT_OK ? "" : "--set " + text) << err.text;
        weft_chip_destroy(chip);
    }
}
