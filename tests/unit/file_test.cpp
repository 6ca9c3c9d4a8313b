#include "core/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace fs = std::filesystem;

class File : public ::testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/weft-file-XXXXXX";
        folder = mkdtemp(name);
    }
    void TearDown() override { fs::remove_all(folder); }
    std::string at(const std::string &name) const { return (folder / name).string(); }
    void put(const std::string &name, const std::string &text) const { std::ofstream(folder / name) << text; }
    std::string get(const std::string &name) const {
        std::ostringstream text;
        text << std::ifstream(folder / name).rdbuf();
        return text.str();
    }
    size_t files() const { return size_t(std::distance(fs::directory_iterator(folder), fs::directory_iterator{})); }

    fs::path folder;
    weft_error err = {};
    char *data = nullptr;
    size_t size = 99;
};

TEST_F(File, ReadsWholeFilesWithAZeroBehind) {
    put("a", std::string("ab\0cd", 5));
    ASSERT_EQ(weft_file_read(&data, &size, at("a").c_str(), 5, &err), WEFT_OK);
    EXPECT_EQ(std::string(data, size), std::string("ab\0cd", 5));
    EXPECT_EQ(data[5], 0);
    free(data);
    put("empty", "");
    ASSERT_EQ(weft_file_read(&data, &size, at("empty").c_str(), 0, &err), WEFT_OK);
    EXPECT_EQ(size, 0u);
    EXPECT_EQ(data[0], 0);
    free(data);
}

TEST_F(File, MapsTheBytesAndReadsForgottenOnesAgain) {
    std::string text(300000, 'a');
    for (size_t i = 0; i < text.size(); i++) text[i] = static_cast<char>(i % 251);
    put("a", text);
    weft_mapped_file map;
    ASSERT_EQ(weft_file_map(&map, at("a").c_str(), text.size(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(std::string(static_cast<const char *>(map.data), map.size), text);
    weft_file_forget(static_cast<const char *>(map.data) + 5, 200000);
    weft_file_forget(map.data, 1);
    EXPECT_EQ(std::string(static_cast<const char *>(map.data), map.size), text);
    weft_file_unmap(&map);
    EXPECT_EQ(map.data, nullptr);
    weft_file_unmap(&map);
    EXPECT_EQ(weft_file_map(&map, at("a").c_str(), text.size() - 1, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "is larger than the limit of 299999 bytes");
    EXPECT_EQ(weft_file_map(&map, at("none").c_str(), 9, &err), WEFT_E_IO);
    EXPECT_STREQ(err.text, "cannot open: No such file or directory");
    put("empty", "");
    ASSERT_EQ(weft_file_map(&map, at("empty").c_str(), 0, &err), WEFT_OK);
    EXPECT_EQ(map.data, nullptr);
    EXPECT_EQ(map.size, 0u);
    weft_file_unmap(&map);
}

TEST_F(File, ReadRefusesWhatItCannotRead) {
    EXPECT_EQ(weft_file_read(&data, &size, at("none").c_str(), 9, &err), WEFT_E_IO);
    EXPECT_EQ(std::string(err.file), at("none"));
    EXPECT_STREQ(err.text, "cannot open: No such file or directory");
    EXPECT_EQ(data, nullptr);
    EXPECT_EQ(weft_file_read(&data, &size, folder.c_str(), 9, &err), WEFT_E_IO);
    EXPECT_STREQ(err.text, "is a folder, not a file");
    put("a", "12345");
    EXPECT_EQ(weft_file_read(&data, &size, at("a").c_str(), 4, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "is larger than the limit of 4 bytes");
    ASSERT_EQ(mkfifo(at("pipe").c_str(), 0600), 0);
    EXPECT_EQ(weft_file_read(&data, &size, at("pipe").c_str(), 4, &err), WEFT_E_IO);
    EXPECT_STREQ(err.text, "is no regular file");
}

class Gzip : public File {
  protected:
    void pack(const std::string &name, const std::string &text) const {
        gzFile file = gzopen(at(name).c_str(), "wb");
        ASSERT_EQ(gzwrite(file, text.data(), unsigned(text.size())), int(text.size()));
        gzclose(file);
    }
    static std::string noise(size_t bytes) {
        std::string text(bytes, 0);
        unsigned state = 1;
        for (char &c : text) c = char((state = state * 1103515245u + 12345u) >> 16);
        return text;
    }
};

TEST_F(Gzip, ReadsPackedAndPlainFilesAlike) {
    std::string text = noise(300000);
    pack("a.gz", text);
    put("a", text);
    for (const char *name : {"a.gz", "a"}) {
        ASSERT_EQ(weft_file_read_gz(&data, &size, at(name).c_str(), text.size(), &err), WEFT_OK) << err.text;
        EXPECT_TRUE(std::string(data, size) == text) << name;
        EXPECT_EQ(data[size], 0);
        free(data);
    }
    put("empty", "");
    ASSERT_EQ(weft_file_read_gz(&data, &size, at("empty").c_str(), 0, &err), WEFT_OK);
    EXPECT_EQ(size, 0u);
    free(data);
}

TEST_F(Gzip, LimitHoldsForTheInflatedSize) {
    pack("zeros.gz", std::string(1 << 20, 0));
    EXPECT_EQ(weft_file_read_gz(&data, &size, at("zeros.gz").c_str(), (1 << 20) - 1, &err), WEFT_E_INVALID);
    EXPECT_EQ(data, nullptr);
    EXPECT_EQ(weft_file_read_gz(&data, &size, at("zeros.gz").c_str(), 1 << 20, &err), WEFT_OK);
    free(data);
}

TEST_F(Gzip, TruncatedStreamsAreRefusedWhereverTheyEnd) {
    pack("a.gz", noise(100000));
    std::string bytes = get("a.gz");
    for (size_t cut : {size_t(12), size_t(500), bytes.size() / 2, bytes.size() - 8, bytes.size() - 1}) {
        put("cut.gz", bytes.substr(0, cut));
        EXPECT_EQ(weft_file_read_gz(&data, &size, at("cut.gz").c_str(), 1 << 20, &err), WEFT_E_PARSE) << cut;
        EXPECT_STREQ(err.text, "gzip stream is truncated") << cut;
        EXPECT_EQ(data, nullptr);
    }
}

TEST_F(Gzip, CorruptStreamsAreRefused) {
    pack("a.gz", std::string(1000, 'a') + noise(100000));
    std::string bytes = get("a.gz");
    bytes[bytes.size() - 6] = char(bytes[bytes.size() - 6] ^ 1); /* the checksum */
    put("bad.gz", bytes);
    EXPECT_EQ(weft_file_read_gz(&data, &size, at("bad.gz").c_str(), 1 << 20, &err), WEFT_E_PARSE);
    EXPECT_NE(std::string(err.text).find("gzip stream is corrupt"), std::string::npos) << err.text;
    EXPECT_EQ(weft_file_read_gz(&data, &size, at("none").c_str(), 9, &err), WEFT_E_IO);
    EXPECT_EQ(weft_file_read_gz(&data, &size, folder.c_str(), 9, &err), WEFT_E_IO);
}

TEST_F(File, OutputAppearsOnlyWhenCommitted) {
    put("out", "old");
    weft_output out;
    ASSERT_EQ(weft_output_open(&out, at("out").c_str(), &err), WEFT_OK);
    fputs("new", out.stream);
    fflush(out.stream);
    EXPECT_EQ(get("out"), "old");
    EXPECT_EQ(fs::path(out.temporary).parent_path(), folder);
    ASSERT_EQ(weft_output_commit(&out, &err), WEFT_OK);
    EXPECT_EQ(get("out"), "new");
    EXPECT_EQ(files(), 1u);
    weft_output_abort(&out);
    EXPECT_EQ(get("out"), "new");
    EXPECT_EQ(weft_output_commit(&out, &err), WEFT_E_INTERNAL);
}

TEST_F(File, AbortLeavesTheOldFileAndNothingElse) {
    put("out", "old");
    weft_output out;
    ASSERT_EQ(weft_output_open(&out, at("out").c_str(), &err), WEFT_OK);
    fputs("new", out.stream);
    weft_output_abort(&out);
    weft_output_abort(&out);
    EXPECT_EQ(get("out"), "old");
    EXPECT_EQ(files(), 1u);
}

TEST_F(File, TwoOutputsOfOneNameDoNotMix) {
    weft_output a, b;
    ASSERT_EQ(weft_output_open(&a, at("out").c_str(), &err), WEFT_OK);
    ASSERT_EQ(weft_output_open(&b, at("out").c_str(), &err), WEFT_OK);
    fputs("a", a.stream);
    fputs("b", b.stream);
    ASSERT_EQ(weft_output_commit(&b, &err), WEFT_OK);
    ASSERT_EQ(weft_output_commit(&a, &err), WEFT_OK);
    EXPECT_EQ(get("out"), "a");
    EXPECT_EQ(files(), 1u);
}

TEST_F(File, OutputRespectsTheMask) {
    mode_t old = umask(027);
    ASSERT_EQ(weft_file_write(at("out").c_str(), "x", 1, &err), WEFT_OK);
    umask(old);
    struct stat info;
    ASSERT_EQ(stat(at("out").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(File, UnwritablePlacesAreErrors) {
    weft_output out;
    EXPECT_EQ(weft_output_open(&out, at("no/such/out").c_str(), &err), WEFT_E_IO);
    EXPECT_STREQ(err.text, "cannot create: No such file or directory");
    weft_output_abort(&out);
    put("plain", "x");
    EXPECT_EQ(weft_file_write(at("plain/out").c_str(), "x", 1, &err), WEFT_E_IO);
    EXPECT_STREQ(err.text, "cannot create: Not a directory");
    EXPECT_EQ(weft_file_write(folder.c_str(), "x", 1, &err), WEFT_E_IO);
    EXPECT_STREQ(err.text, "cannot write: is a folder");
    EXPECT_EQ(weft_file_write("", "x", 1, &err), WEFT_E_IO);
    EXPECT_EQ(weft_file_write("/proc/weft", "x", 1, &err), WEFT_E_IO);
    EXPECT_EQ(weft_file_write((at("") + std::string(5000, 'a')).c_str(), "x", 1, &err), WEFT_E_INVALID);
    EXPECT_EQ(files(), 1u);
}

TEST_F(File, FolderWithoutPermission) {
    bool root = geteuid() == 0;
    ASSERT_EQ(mkdir(at("locked").c_str(), 0500), 0);
    ASSERT_EQ(root ? seteuid(65534) : 0, 0); /* root may write anywhere */
    weft_status status = weft_file_write(at("locked/out").c_str(), "x", 1, &err);
    ASSERT_EQ(root ? seteuid(0) : 0, 0);
    EXPECT_EQ(status, WEFT_E_IO);
    EXPECT_STREQ(err.text, "cannot create: Permission denied");
}

TEST_F(File, DevicesAreWrittenToNotReplaced) {
    ASSERT_EQ(weft_file_write("/dev/null", "x", 1, &err), WEFT_OK);
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    EXPECT_EQ(weft_file_write("/dev/full", "x", 1, &err), WEFT_E_IO);
    EXPECT_STREQ(err.text, "cannot write: No space left on device");
}

TEST_F(File, WhatKilledRunsHaveLeftOfAnOutputGoes) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    const std::string gone = ".tmp-" + std::to_string(child), alive = ".tmp-" + std::to_string(getppid());
    const std::string stay[] = {"out" + alive + "-0", "out" + gone + "-0x", "out" + gone + "-",
                                "out" + gone,         "out.tmp-x-0",        "other" + gone + "-0"};
    for (const std::string &name : stay) put(name, "x");
    put("out" + gone + "-0", "x");
    put("out" + gone + "-17", "x");
    ASSERT_EQ(weft_file_write(at("out").c_str(), "new", 3, &err), WEFT_OK);
    EXPECT_EQ(get("out"), "new");
    for (const std::string &name : stay) EXPECT_TRUE(fs::exists(at(name))) << name;
    EXPECT_EQ(files(), std::size(stay) + 1);
}

TEST_F(File, LinksStayAndTheirFileIsReplaced) {
    put("real", "old");
    fs::create_symlink(at("real"), at("link"));
    ASSERT_EQ(weft_file_write(at("link").c_str(), "new", 3, &err), WEFT_OK);
    EXPECT_TRUE(fs::is_symlink(at("link")));
    EXPECT_EQ(get("real"), "new");
}

TEST_F(File, Folders) {
    ASSERT_EQ(weft_folder_create(at("a/b//c/").c_str(), &err), WEFT_OK) << err.text;
    EXPECT_TRUE(weft_path_is_folder(at("a/b/c").c_str()));
    EXPECT_EQ(weft_folder_create(at("a/b").c_str(), &err), WEFT_OK);
    put("plain", "x");
    EXPECT_EQ(weft_folder_create(at("plain/d").c_str(), &err), WEFT_E_IO);
    EXPECT_EQ(weft_folder_create(at("plain").c_str(), &err), WEFT_E_IO);
    EXPECT_EQ(weft_folder_create("", &err), WEFT_E_IO);
    EXPECT_TRUE(weft_path_exists(at("plain").c_str()));
    EXPECT_FALSE(weft_path_is_folder(at("plain").c_str()));
    EXPECT_FALSE(weft_path_exists(at("nothing").c_str()));
}

TEST(Path, Join) {
    char out[16];
    weft_error err = {};
    ASSERT_EQ(weft_path_join(out, sizeof out, "a/b", "c", &err), WEFT_OK);
    EXPECT_STREQ(out, "a/b/c");
    ASSERT_EQ(weft_path_join(out, sizeof out, "a/", "c", &err), WEFT_OK);
    EXPECT_STREQ(out, "a/c");
    ASSERT_EQ(weft_path_join(out, sizeof out, "a", "/c", &err), WEFT_OK);
    EXPECT_STREQ(out, "/c");
    ASSERT_EQ(weft_path_join(out, sizeof out, "", "c", &err), WEFT_OK);
    EXPECT_STREQ(out, "c");
    ASSERT_EQ(weft_path_join(out, sizeof out, "12345678", "123456", &err), WEFT_OK);
    EXPECT_EQ(weft_path_join(out, sizeof out, "12345678", "1234567", &err), WEFT_E_INVALID);
}

TEST(Path, Folder) {
    const char *cases[][2] = {{"a/b/c", "a/b"}, {"a", "."},  {"", "."},     {"/a", "/"},
                              {"/", "/"},       {"a/", "."}, {"a/b/", "a"}, {"a//b", "a"}};
    for (auto &c : cases) {
        char out[32];
        weft_path_folder(out, sizeof out, c[0]);
        EXPECT_STREQ(out, c[1]) << c[0];
    }
}

/* FIPS 180-2, appendix B, and the empty text. */
TEST_F(File, Sha256KnownAnswers) {
    EXPECT_STREQ(weft_sha256_bytes("", 0).hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_STREQ(weft_sha256_bytes("abc", 3).hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    put("million", std::string(1000000, 'a'));
    weft_sha256 sum;
    ASSERT_EQ(weft_sha256_file(&sum, at("million").c_str(), &err), WEFT_OK);
    EXPECT_STREQ(sum.hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    EXPECT_EQ(weft_sha256_file(&sum, at("none").c_str(), &err), WEFT_E_IO);
    EXPECT_EQ(weft_sha256_file(&sum, folder.c_str(), &err), WEFT_E_IO);
}

TEST_F(File, DataIsFoundAsPathThenHomeThenSource) {
    char out[4096];
    fs::create_directories(folder / "tests");
    put("tests/base.cmake", "home");
    put("tests/mine.yaml", "home");
    setenv("WEFT_HOME", folder.c_str(), 1);
    ASSERT_EQ(weft_data_find(out, sizeof out, "tests", "base.cmake", &err), WEFT_OK);
    EXPECT_EQ(out, at("tests/base.cmake"));
    ASSERT_EQ(weft_data_find(out, sizeof out, "tests", "mine", &err), WEFT_OK);
    EXPECT_EQ(out, at("tests/mine.yaml"));
    ASSERT_EQ(weft_data_find(out, sizeof out, "tests", at("tests/mine.yaml").c_str(), &err), WEFT_OK);
    EXPECT_EQ(out, at("tests/mine.yaml"));
    unsetenv("WEFT_HOME");
    ASSERT_EQ(weft_data_find(out, sizeof out, "tests", "base.cmake", &err), WEFT_OK);
    EXPECT_STREQ(out, WEFT_SOURCE_FOLDER "/tests/base.cmake");
    char small[8];
    EXPECT_EQ(weft_data_find(small, sizeof small, "tests", "base.cmake", &err), WEFT_E_INVALID);
}

TEST_F(File, DataNotFoundNamesEveryPlace) {
    char out[4096];
    setenv("WEFT_HOME", folder.c_str(), 1);
    EXPECT_EQ(weft_data_find(out, sizeof out, "recipes", "nope", &err), WEFT_E_IO);
    unsetenv("WEFT_HOME");
    std::string text = err.text;
    EXPECT_EQ(text.find("'nope' not found in recipes; tried:\n  nope\n"), 0u) << text;
    EXPECT_NE(text.find(at("recipes/nope.yaml")), std::string::npos) << text;
    EXPECT_NE(text.find(WEFT_SOURCE_FOLDER "/trainer/recipes/nope.yaml"), std::string::npos) << text;
    EXPECT_NE(text.find("/share/weft/recipes/nope.yaml"), std::string::npos) << text;
    EXPECT_EQ(weft_data_find(out, sizeof out, "recipes", "", &err), WEFT_E_IO);
    EXPECT_EQ(weft_data_find(out, sizeof out, "recipes", folder.c_str(), &err), WEFT_E_IO);
}
