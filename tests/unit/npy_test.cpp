// Are NumPy's files read as they are meant, and others refused with a reason?
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "core/npy.h"

namespace {

class Npy : public ::testing::Test {
  protected:
    std::string path;
    weft_npy npy = {};
    weft_error err = {};

    void SetUp() override {
        char name[] = "/tmp/weft-npy-XXXXXX";
        int file = mkstemp(name);
        ASSERT_GE(file, 0);
        close(file);
        path = name;
    }
    void TearDown() override {
        weft_npy_free(&npy);
        unlink(path.c_str());
    }
    weft_status read(const std::string &bytes) {
        std::ofstream(path, std::ios::binary) << bytes;
        weft_npy_free(&npy);
        return weft_npy_read(&npy, path.c_str(), &err);
    }
    // The reason, after it failed.
    std::string refused(const std::string &bytes, weft_status status) {
        EXPECT_EQ(read(bytes), status) << err.text;
        EXPECT_EQ(npy.values, nullptr);
        EXPECT_EQ(err.file, path);
        return err.text;
    }
};

std::string file(const std::string &header, const std::vector<float> &values, char version = 1) {
    std::string bytes = "\x93NUMPY";
    bytes += version;
    bytes += '\0';
    bytes += static_cast<char>(header.size() & 255);
    bytes += static_cast<char>(header.size() >> 8);
    if (version > 1) bytes += std::string(2, '\0');
    bytes += header;
    return bytes + std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
}

const std::vector<float> six = {0, 1, -2.5f, 3e-30f, 4e30f, -0.0f};

TEST_F(Npy, WhatNumPyWrites) {
    for (char version : {1, 2, 3}) {
        ASSERT_EQ(read(file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n", six, version)),
                  WEFT_OK)
            << err.text;
        EXPECT_EQ(npy.ndims, 2);
        EXPECT_EQ(npy.dims[0], 2u);
        EXPECT_EQ(npy.dims[1], 3u);
        EXPECT_EQ(npy.count, 6u);
        EXPECT_EQ(std::memcmp(npy.values, six.data(), sizeof(float) * 6), 0);
    }
}

TEST_F(Npy, OtherForms) {
    ASSERT_EQ(read(file("{\"shape\":(6,),\"fortran_order\":False,\"descr\":\"<f4\"}", six)), WEFT_OK) << err.text;
    EXPECT_EQ(npy.ndims, 1);
    EXPECT_EQ(npy.dims[0], 6u);
    ASSERT_EQ(read(file("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", {7})), WEFT_OK) << err.text;
    EXPECT_EQ(npy.ndims, 0);
    EXPECT_EQ(npy.values[0], 7.0f);
    ASSERT_EQ(read(file("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 0, 9)}", {})), WEFT_OK) << err.text;
    EXPECT_EQ(npy.count, 0u);
}

TEST_F(Npy, Refused) {
    auto header = [](const std::string &type, const std::string &order, const std::string &shape) {
        return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + "}";
    };
    EXPECT_EQ(refused(file(header("<f8", "False", "(3,)"), six), WEFT_E_UNSUPPORTED),
              "its values are of the type '<f8'; '<f4' (little-endian float32) is read");
    EXPECT_EQ(refused(file(header("<f4", "True", "(2, 3)"), six), WEFT_E_UNSUPPORTED),
              "its values are in Fortran order; C order is read");
    EXPECT_EQ(refused(file(header("<f4", "False", "(2, 4)"), six), WEFT_E_PARSE),
              "24 bytes of values, but its shape needs 32");
    EXPECT_EQ(refused(file(header("<f4", "False", "(6,)"), six) + "x", WEFT_E_PARSE),
              "25 bytes of values, but its shape needs 24");
    EXPECT_EQ(refused(file(header("<f4", "False", "(4294967296, 4294967296, 4)"), six), WEFT_E_PARSE),
              "not a .npy file: its shape is larger than any file");
    EXPECT_EQ(refused(file(header("<f4", "False", "(1,1,1,1,1,1,1,1,6)"), six), WEFT_E_UNSUPPORTED),
              "more than 8 dimensions");
    EXPECT_EQ(refused(file(header("<f4", "False", "(-6,)"), six), WEFT_E_PARSE),
              "not a .npy file: its shape has an extent that is none");
    EXPECT_EQ(refused(file(header("<f4", "no", "(6,)"), six), WEFT_E_PARSE),
              "not a .npy file: its fortran_order is neither True nor False");
    EXPECT_EQ(
        refused(file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}", six), WEFT_E_UNSUPPORTED),
        "its values are of a compound type; float32 is read");
    EXPECT_EQ(refused(file("{'descr': '<f4', 'shape': (6,)}", six), WEFT_E_PARSE),
              "not a .npy file: its header is not complete");
    EXPECT_EQ(refused(file("{'colour': 'red'}", six), WEFT_E_PARSE), "not a .npy file: its header has an unknown key");
    EXPECT_EQ(refused(file(header("<f4", "False", "(6,)"), {1, 2, NAN, 4, 5, 6}), WEFT_E_INVALID),
              "value 2 is not a finite number");
    EXPECT_EQ(refused(file(header("<f4", "False", "(6,)"), six, 4), WEFT_E_UNSUPPORTED),
              "format version 4 of .npy; 1 to 3 are read");
    EXPECT_EQ(refused("not one of them at all", WEFT_E_PARSE), "not a .npy file: it does not begin as one");
    EXPECT_EQ(refused("", WEFT_E_PARSE), "not a .npy file: it does not begin as one");
}

// Every prefix and every changed byte is answered, without a crash.
TEST_F(Npy, Damaged) {
    const std::string whole = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", six);
    for (size_t length = 0; length < whole.size(); length++)
        EXPECT_NE(read(whole.substr(0, length)), WEFT_OK) << length;
    for (size_t i = 0; i < whole.size() - 24; i++) {
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 0x15);
        weft_status status = read(changed);
        EXPECT_TRUE(status == WEFT_OK || err.text[0] != '\0') << i;
    }
}

} // namespace
