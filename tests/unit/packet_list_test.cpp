/* Lists of packets as text: what is read, and where errors are. */
#include "core/packet_list.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <string>

namespace {

struct List {
    weft_packet_list list{};
    weft_error err{};
    ~List() { weft_packet_list_destroy(&list); }
    weft_status Parse(const std::string &text, int terminals = 16) {
        weft_packet_list_destroy(&list);
        return weft_packet_list_parse(&list, "list.txt", text.data(), text.size(), terminals, &err);
    }
    std::string Line(size_t i) const {
        const weft_packet_line &p = list.items[i];
        return std::to_string(p.time) + " " + std::to_string(p.source) + " " + std::to_string(p.target) + " " +
               std::to_string(p.flits) + " line " + std::to_string(p.number);
    }
};

TEST(PacketList, LinesAreRead) {
    List l;
    ASSERT_EQ(l.Parse("# a comment\n\n0 1 2 3\n  0\t15 0 1 # behind\r\n281474976710656 3 3 1048576"), WEFT_OK)
        << l.err.text;
    ASSERT_EQ(l.list.count, 3U);
    EXPECT_EQ(l.Line(0), "0 1 2 3 line 3");
    EXPECT_EQ(l.Line(1), "0 15 0 1 line 4");
    EXPECT_EQ(l.Line(2), "281474976710656 3 3 1048576 line 5");
}

TEST(PacketList, LinesComeInTheOrderOfTimeThenOfTheFile) {
    List l;
    std::string text = "9 0 0 1\n";
    for (int i = 1; i < 100; i++) text += std::to_string(i % 3) + " 1 2 3\n";
    ASSERT_EQ(l.Parse(text), WEFT_OK);
    ASSERT_EQ(l.list.count, 100U);
    for (size_t i = 0; i < 99; i++) {
        EXPECT_EQ(l.list.items[i].time, i / 33);
        EXPECT_EQ(size_t(l.list.items[i].number), i % 33 * 3 + (i < 33 ? 4 : i < 66 ? 2 : 3));
    }
    EXPECT_EQ(l.Line(99), "9 0 0 1 line 1");
}

TEST(PacketList, ErrorsHaveTheirPlace) {
    const struct {
        const char *text;
        int line, column;
        const char *message;
    } cases[] = {
        {"0 1 2\n", 1, 6, "flits is missing"},
        {"0 1 2 3\n5 1  # more\n", 2, 6, "target is missing"},
        {"0 1 2 3 4\n", 1, 9, "the line has a word too many"},
        {"x 1 2 3\n", 1, 1, "time is no whole number: \"x\""},
        {"0 1 2 3x\n", 1, 7, "flits is no whole number: \"3x\""},
        {"0 1 2 3#x\n", 1, 7, "flits is no whole number: \"3#x\""},
        {"0 1.5 2 3\n", 1, 3, "source is no whole number: \"1.5\""},
        {"0 -1 2 3\n", 1, 3, "source is -1, allowed are 0 to 15"},
        {"0 16 2 3\n", 1, 3, "source is 16, allowed are 0 to 15"},
        {"0 1 99 3\n", 1, 5, "target is 99, allowed are 0 to 15"},
        {"0 1 2 0\n", 1, 7, "flits is 0, allowed are 1 to 1048576"},
        {"0 1 2 1048577\n", 1, 7, "flits is 1048577, allowed are 1 to 1048576"},
        {"281474976710657 1 2 3\n", 1, 1, "time is 281474976710657, allowed are 0 to 281474976710656"},
        {"99999999999999999999 1 2 3\n", 1, 1, "time is no whole number: \"99999999999999999999\""},
        {"#\n# nothing\n", 0, 0, "has no packets: lines \"time source target flits\" are expected"},
        {"", 0, 0, "has no packets: lines \"time source target flits\" are expected"},
    };
    for (const auto &c : cases) {
        List l;
        EXPECT_EQ(l.Parse(c.text), WEFT_E_PARSE) << c.text;
        EXPECT_EQ(l.err.line, c.line) << c.text;
        EXPECT_EQ(l.err.column, c.column) << c.text;
        EXPECT_STREQ(l.err.text, c.message);
        EXPECT_STREQ(l.err.file, "list.txt");
        EXPECT_EQ(l.list.items, nullptr);
    }
    List l;
    EXPECT_EQ(l.Parse(std::string("0 1 2 3\n\0 4", 11)), WEFT_E_PARSE);
    EXPECT_STREQ(l.err.text, "is no text: it has a zero byte");
}

TEST(PacketList, FilesMayBeCompressed) {
    const std::string path = testing::TempDir() + "weft-list-" + std::to_string(getpid()) + ".gz";
    gzFile file = gzopen(path.c_str(), "wb");
    ASSERT_EQ(gzputs(file, "4 3 2 1\n"), 8);
    ASSERT_EQ(gzclose(file), Z_OK);
    List l;
    EXPECT_EQ(weft_packet_list_read(&l.list, path.c_str(), 4, &l.err), WEFT_OK) << l.err.text;
    ASSERT_EQ(l.list.count, 1U);
    EXPECT_EQ(l.Line(0), "4 3 2 1 line 1");
    std::remove(path.c_str());
    weft_packet_list_destroy(&l.list);
    EXPECT_EQ(weft_packet_list_read(&l.list, path.c_str(), 4, &l.err), WEFT_E_IO);
}

} // namespace
