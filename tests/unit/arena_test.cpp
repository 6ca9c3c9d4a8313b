#include "core/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

class Arena : public ::testing::Test {
  protected:
    void SetUp() override { arena = weft_arena_create(); }
    void TearDown() override { weft_arena_destroy(arena); }
    weft_arena *arena = nullptr;
};

TEST_F(Arena, BlocksAreZeroedAlignedAndApart) {
    std::vector<std::pair<unsigned char *, size_t>> blocks;
    for (size_t i = 0; i < 3000; i++) {
        size_t bytes = i * 7 % 131;
        auto *block = static_cast<unsigned char *>(weft_arena_alloc(arena, bytes));
        ASSERT_NE(block, nullptr);
        ASSERT_EQ(reinterpret_cast<uintptr_t>(block) % 16, 0u);
        for (size_t b = 0; b < bytes; b++) ASSERT_EQ(block[b], 0);
        memset(block, static_cast<int>(i % 251) + 1, bytes);
        blocks.push_back({block, bytes});
    }
    for (size_t i = 0; i < blocks.size(); i++)
        for (size_t b = 0; b < blocks[i].second; b++) ASSERT_EQ(blocks[i].first[b], i % 251 + 1);
}

TEST_F(Arena, LargeBlocksDoNotWasteTheOpenChunk) {
    auto *small = static_cast<char *>(weft_arena_alloc(arena, 16));
    auto *large = static_cast<char *>(weft_arena_alloc(arena, 1 << 20));
    ASSERT_NE(large, nullptr);
    memset(large, 1, 1 << 20);
    EXPECT_EQ(static_cast<char *>(weft_arena_alloc(arena, 16)), small + 16);
    EXPECT_NE(weft_arena_alloc(arena, 0), nullptr);
}

TEST_F(Arena, ImpossibleSizesAreRefused) {
    EXPECT_EQ(weft_arena_alloc(arena, SIZE_MAX), nullptr);
    EXPECT_EQ(weft_arena_alloc(arena, SIZE_MAX - 20), nullptr);
    EXPECT_NE(weft_arena_alloc(arena, 8), nullptr);
}

TEST_F(Arena, Strings) {
    EXPECT_STREQ(weft_arena_strdup(arena, "weft"), "weft");
    EXPECT_STREQ(weft_arena_strdup(arena, ""), "");
    EXPECT_STREQ(weft_arena_strndup(arena, "warp and weft", 4), "warp");
    EXPECT_STREQ(weft_arena_strndup(arena, "ab", 100), "ab");
    EXPECT_STREQ(weft_arena_printf(arena, "%s=%d", "bits", 8), "bits=8");
    std::string text(100000, 'z');
    EXPECT_EQ(weft_arena_printf(arena, "%s!", text.c_str()), text + "!");
}

TEST(ArenaNull, DestroyTakesNull) { weft_arena_destroy(nullptr); }

TEST(AlignedBlock, ZeroedAlignedAndChecked) {
    for (size_t count : {size_t(0), size_t(1), size_t(63), size_t(1000)}) {
        auto *block = static_cast<float *>(weft_aligned_alloc(count, sizeof(float)));
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
        for (size_t i = 0; i < count; i++) ASSERT_EQ(block[i], 0.0f);
        weft_aligned_free(block);
    }
    EXPECT_EQ(weft_aligned_alloc(SIZE_MAX / 4 + 2, 4), nullptr);
    EXPECT_EQ(weft_aligned_alloc(SIZE_MAX, 1), nullptr);
    weft_aligned_free(nullptr);
}

TEST(AlignedBlock, PagesAreZeroedAlignedAndChecked) {
    for (size_t count : {size_t(0), size_t(1), size_t(1 << 19) - 1, size_t(1 << 19), size_t(1300001)}) {
        auto *block = static_cast<float *>(weft_pages_alloc(count, sizeof(float)));
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % (count < 1 << 19 ? 64 : 1 << 21), 0u);
        for (size_t i = 0; i < count; i++) ASSERT_EQ(block[i], 0.0f);
        weft_aligned_free(block);
    }
    EXPECT_EQ(weft_pages_alloc(SIZE_MAX / 4 + 2, 4), nullptr);
    EXPECT_EQ(weft_pages_alloc(SIZE_MAX, 1), nullptr);
}
