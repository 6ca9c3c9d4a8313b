// Random traces through both forms; damaged and random files are refused and never more than that.
#include <zlib.h>

#include "sim/trace/trace_internal.h"
#include "tests/support/trace_fixture.h"

namespace {

using namespace weft_test;

weft_status read(const std::string &bytes, trace_ptr &out, weft_error *err = nullptr) {
    weft_trace *trace = nullptr;
    const weft_status status = weft_trace_parse(&trace, "name", bytes.data(), bytes.size(), err);
    EXPECT_EQ(trace != nullptr, status == WEFT_OK);
    out.reset(trace);
    return status;
}

using writer = weft_status(const weft_trace *, FILE *, weft_error *);

std::string written(writer *write, const weft_trace *trace) {
    char *data = nullptr;
    size_t size = 0;
    FILE *stream = open_memstream(&data, &size);
    EXPECT_EQ(write(trace, stream, nullptr), WEFT_OK);
    std::fclose(stream);
    const std::string bytes(data, size);
    std::free(data);
    return bytes;
}
std::string text(const weft_trace *trace) { return written(weft_trace_print, trace); }
std::string binary(const weft_trace *trace) { return written(weft_trace_write_binary, trace); }

std::string word(uint32_t value) {
    std::string out;
    for (int i = 0; i < 4; i++) out += char(value >> 8 * i);
    return out;
}

/* The bytes as one block of so many records behind a header that ends with its checksum, and the last block. */
std::string with_block(const std::string &header, const std::string &bytes, uint32_t count) {
    const auto data = [](const std::string &s) { return reinterpret_cast<const Bytef *>(s.data()); };
    uLongf size = compressBound(uLong(bytes.size()));
    std::string stored(size, '\0');
    compress(reinterpret_cast<Bytef *>(stored.data()), &size, data(bytes), uLong(bytes.size()));
    stored.resize(size);
    const std::string head = word(count) + word(uint32_t(bytes.size())) + word(uint32_t(size)), last(12, '\0');
    uLong sum = crc32(0, data(header), uInt(header.size() - 4));
    sum = crc32(crc32(sum, data(head), 12), data(stored), uInt(size));
    const std::string block = head + word(uint32_t(sum)) + stored;
    return header + block + last + word(uint32_t(crc32(sum, data(last), 12)));
}

TEST(TraceForms, BothFormsKeepEverything) {
    for (unsigned seed = 0; seed < 60; seed++) {
        const random_trace trace(seed, 1 + int(seed % 9), int(seed * 7 % 400));
        for (writer *write : {weft_trace_print, weft_trace_write_binary}) {
            const std::string bytes = written(write, trace.get());
            weft_error err{};
            trace_ptr back;
            ASSERT_EQ(read(bytes, back, &err), WEFT_OK) << err.text;
            expect_same(trace.get(), back.get());
            EXPECT_EQ(bytes, written(write, back.get())) << "seed " << seed;
        }
        if (HasFailure()) return;
    }
}

/* Text to binary to text is the same text. */
TEST(TraceForms, FormsTurnIntoEachOther) {
    for (unsigned seed = 100; seed < 120; seed++) {
        const random_trace trace(seed, 5, 200);
        trace_ptr first, second;
        ASSERT_EQ(read(text(trace.get()), first), WEFT_OK);
        ASSERT_EQ(read(binary(first.get()), second), WEFT_OK);
        EXPECT_EQ(text(trace.get()), text(second.get()));
    }
}

/* Several blocks. */
TEST(TraceForms, LongTracesKeepEverything) {
    const random_trace trace(7, 12, 60000);
    const scratch_file file(".wtr");
    weft_trace *back = nullptr;
    ASSERT_EQ(weft_trace_write(trace.get(), file.path(), nullptr), WEFT_OK);
    ASSERT_EQ(weft_trace_read(&back, file.path(), nullptr), WEFT_OK);
    const trace_ptr owner(back);
    expect_same(trace.get(), back);
}

/* Every byte of a binary trace counts: changed or left out, it is missed, and the error says where. */
TEST(TraceDamage, EveryChangedByteIsNoticed) {
    const random_trace trace(3, 3, 40);
    const std::string good = binary(trace.get());
    for (size_t i = 0; i < good.size(); i++) {
        for (int bit : {0, 5, 7}) {
            std::string damaged = good;
            damaged[i] = char(damaged[i] ^ 1 << bit);
            weft_error err{};
            trace_ptr out;
            ASSERT_NE(read(damaged, out, &err), WEFT_OK) << "byte " << i << " bit " << bit;
            ASSERT_TRUE(err.status == WEFT_E_PARSE || err.status == WEFT_E_UNSUPPORTED) << err.text;
            ASSERT_STREQ(err.file, "name");
        }
    }
}

TEST(TraceDamage, EveryCutIsNoticed) {
    const random_trace trace(4, 3, 40);
    const std::string good = binary(trace.get());
    for (size_t size = 0; size < good.size(); size++) {
        weft_error err{};
        trace_ptr out;
        ASSERT_EQ(read(good.substr(0, size), out, &err), WEFT_E_PARSE) << size << " bytes";
        if (size > 13) {
            ASSERT_NE(std::string(err.text).find("offset " + std::to_string(size)), std::string::npos) << err.text;
        }
    }
    trace_ptr out;
    EXPECT_EQ(read(good + "x", out), WEFT_E_PARSE);
}

/* Text with words exchanged, left out and doubled: refused or a trace, and what is a trace can be written. */
TEST(TraceDamage, DamagedTextNeverCrashes) {
    std::mt19937 random(9);
    const random_trace trace(5, 3, 30);
    const std::string good = text(trace.get());
    int refused = 0;
    for (int run = 0; run < 3000; run++) {
        std::string damaged = good;
        for (unsigned k = 0; k <= random() % 3; k++) {
            const size_t at = random() % damaged.size(), from = random() % damaged.size(), size = random() % 12;
            if (random() % 2)
                damaged.replace(at, size, good.substr(std::min(from, good.size() - 1), random() % 12));
            else
                damaged[at] = char(random());
        }
        weft_error err{};
        trace_ptr back;
        if (read(damaged, back, &err) != WEFT_OK) {
            refused++;
            ASSERT_TRUE(err.status == WEFT_E_PARSE || err.status == WEFT_E_UNSUPPORTED) << err.text;
            ASSERT_STREQ(err.file, "name");
        } else {
            ASSERT_FALSE(binary(back.get()).empty());
        }
    }
    EXPECT_GT(refused, 1500);
}

/* Blocks with a right checksum around wrong bytes: what a checksum cannot see. */
TEST(TraceDamage, RandomRecordsNeverCrash) {
    std::mt19937 random(11);
    const random_trace trace(6, 3, 0);
    const std::string empty = binary(trace.get()), header = empty.substr(0, empty.size() - 16);
    for (int run = 0; run < 5000; run++) {
        std::string bytes(random() % 60, '\0');
        for (char &c : bytes) c = char(random() % 3 ? random() % 8 : random());
        weft_error err{};
        trace_ptr back;
        const weft_status status = read(with_block(header, bytes, 1 + random() % 6), back, &err);
        ASSERT_TRUE(status == WEFT_OK || status == WEFT_E_PARSE) << err.text;
        if (status == WEFT_OK) { EXPECT_GT(weft_trace_count(back.get()), 0U); }
    }
}

TEST(TraceDamage, RandomBytesNeverCrash) {
    std::mt19937 random(13);
    for (int run = 0; run < 3000; run++) {
        std::string bytes = run % 3 == 0 ? "weft-trace 2\n" : run % 3 == 1 ? "# weft-trace 2\n" : "";
        for (size_t i = random() % 200; i > 0; i--)
            bytes += char(run % 2 ? random() : "0123456789 \n,-"[random() % 14]);
        weft_error err{};
        trace_ptr back;
        read(bytes, back, &err);
    }
}

} // namespace
