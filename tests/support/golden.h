/* Committed files that are made from tables: compared, or rewritten with WEFT_UPDATE=1. */
#ifndef WEFT_TESTS_SUPPORT_GOLDEN_H
#define WEFT_TESTS_SUPPORT_GOLDEN_H

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

namespace weft_test {

inline std::string read_file(const std::string &path) {
    std::ifstream stream(path, std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

/* What print writes to a stream. */
inline std::string printed(const std::function<void(FILE *)> &print) {
    char *buffer = nullptr;
    size_t size = 0;
    FILE *stream = open_memstream(&buffer, &size);
    print(stream);
    fclose(stream);
    std::string text(buffer, size);
    free(buffer);
    return text;
}

inline void expect_file(const std::string &path, const std::string &text) {
    if (getenv("WEFT_UPDATE")) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }
    EXPECT_EQ(read_file(path), text) << path << " is out of date; run this test with WEFT_UPDATE=1";
}

} // namespace weft_test

#endif
