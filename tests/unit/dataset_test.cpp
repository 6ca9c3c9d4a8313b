// Are the data set forms read right, and is every damaged file refused with its place?
#include "core/dataset.h"

#include <png.h>
#include <zlib.h>

#include <cstdlib>
#include <vector>

#include "core/file.h"
#include "tests/network_samples.h"

using namespace samples;

namespace {

struct SetDeleter {
    void operator()(weft_dataset *set) const { weft_dataset_destroy(set); }
};
using Set = std::unique_ptr<weft_dataset, SetDeleter>;

Set open(const std::string &name, weft_split split = WEFT_SPLIT_TRAIN) {
    weft_dataset *set = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_dataset_open(&set, name.c_str(), split, &err), WEFT_OK) << err.file << ": " << err.text;
    return Set(set);
}

void expect_failure(const std::string &name, weft_split split, weft_status status, const std::string &file,
                    const std::string &text) {
    weft_dataset *set = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_dataset_open(&set, name.c_str(), split, &err), status);
    EXPECT_EQ(set, nullptr);
    EXPECT_EQ(std::string(err.file), file);
    EXPECT_EQ(std::string(err.text), text);
}

std::string word(uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
            static_cast<char>(value)};
}

void write_gz(const std::string &path, const std::string &data) {
    gzFile out = gzopen(path.c_str(), "wb");
    ASSERT_EQ(gzwrite(out, data.data(), static_cast<unsigned>(data.size())), static_cast<int>(data.size()));
    gzclose(out);
}

// Three images of 2 x 3 pixels, labels 7, 0, 9.
const std::string idx_pixels = std::string("abcdefghijklmnopqr");
const std::string idx_images = word(0x803) + word(3) + word(2) + word(3) + idx_pixels;
const std::string idx_labels = word(0x801) + word(3) + std::string("\x07\x00\x09", 3);

void expect_idx_sample(const Set &set) {
    ASSERT_TRUE(set);
    EXPECT_EQ(set->count, 3u);
    EXPECT_EQ(set->classes, 10);
    EXPECT_EQ(set->shape.channels, 1);
    EXPECT_EQ(set->shape.height, 2);
    EXPECT_EQ(set->shape.width, 3);
    EXPECT_EQ(std::string(reinterpret_cast<char *>(set->pixels), 18), idx_pixels);
    EXPECT_EQ(std::string(reinterpret_cast<char *>(set->labels), 3), std::string("\x07\x00\x09", 3));
}

TEST(DatasetIdx, ReadsPlainGzipAndBothSpellings) {
    Folder folder;
    write_file(folder / "train-images-idx3-ubyte", idx_images);
    write_gz(folder / "train-labels-idx1-ubyte.gz", idx_labels);
    write_gz(folder / "t10k-images.idx3-ubyte.gz", idx_images);
    write_file(folder / "t10k-labels.idx1-ubyte", idx_labels);
    expect_idx_sample(open(folder.path(), WEFT_SPLIT_TRAIN));
    expect_idx_sample(open(folder.path(), WEFT_SPLIT_TEST));
}

struct Damage {
    const char *name, *file;
    std::string data, text;
};

class DatasetIdxDamage : public testing::TestWithParam<Damage> {};

TEST_P(DatasetIdxDamage, IsRefusedWithItsPlace) {
    Folder folder;
    write_file(folder / "train-images-idx3-ubyte", idx_images);
    write_file(folder / "train-labels-idx1-ubyte", idx_labels);
    write_file(folder / GetParam().file, GetParam().data);
    std::string text = GetParam().text;
    size_t at = text.find("LABELS");
    if (at != std::string::npos) text.replace(at, 6, folder / "train-labels-idx1-ubyte");
    expect_failure(folder.path(), WEFT_SPLIT_TRAIN, WEFT_E_PARSE, folder / GetParam().file, text);
}

const char *const images_name = "train-images-idx3-ubyte", *const labels_name = "train-labels-idx1-ubyte";
INSTANTIATE_TEST_SUITE_P(
    All, DatasetIdxDamage,
    testing::Values(Damage{"ShortHeader", images_name, idx_images.substr(0, 15),
                           "offset 15: short file: the header needs 16 bytes"},
                    Damage{"Empty", labels_name, "", "offset 0: short file: the header needs 8 bytes"},
                    Damage{"ShortPixels", images_name, idx_images.substr(0, 33),
                           "offset 33: short file: 18 bytes are expected after the header, 17 are there"},
                    Damage{"Overlong", labels_name, idx_labels + "x",
                           "offset 12: overlong file: 3 bytes are expected after the header, 4 are there"},
                    Damage{"WrongMagic", images_name, word(0x801) + idx_images.substr(4),
                           "offset 0: wrong magic number 0x00000801; 0x00000803 is expected"},
                    Damage{"LabelOutOfRange", labels_name, word(0x801) + word(3) + "\x01\x02\x0a",
                           "offset 10: label 10 is not below 10"},
                    Damage{"CountsDiffer", images_name, word(0x803) + word(2) + word(3) + word(3) + idx_pixels,
                           "offset 4: 2 images, but 3 labels in LABELS"},
                    Damage{"HugeCount", images_name, word(0x803) + word(0xffffffffu) + word(2) + word(3) + idx_pixels,
                           "offset 4: extent 4294967295 is not between 1 and 10000000"},
                    Damage{"ZeroRows", images_name, word(0x803) + word(3) + word(0) + word(3) + idx_pixels,
                           "offset 8: extent 0 is not between 1 and 4096"},
                    Damage{"WideRows", images_name, word(0x803) + word(3) + word(2) + word(4097) + idx_pixels,
                           "offset 12: extent 4097 is not between 1 and 4096"}),
    [](const auto &test) { return test.param.name; });

TEST(DatasetIdx, CorruptGzipIsRefused) {
    Folder folder;
    write_file(folder / "train-labels-idx1-ubyte", idx_labels);
    std::string path = folder / "train-images-idx3-ubyte.gz";
    write_gz(path, idx_images);
    std::string data = read_file(path);
    write_file(path, data.substr(0, data.size() - 10));
    weft_dataset *set = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_dataset_open(&set, folder.path().c_str(), WEFT_SPLIT_TRAIN, &err), WEFT_E_PARSE);
    EXPECT_EQ(std::string(err.file), path);
}

TEST(DatasetIdx, NamesTheMissingFile) {
    Folder folder;
    write_file(folder / "train-images-idx3-ubyte", idx_images);
    expect_failure(folder.path(), WEFT_SPLIT_TRAIN, WEFT_E_IO, folder.path(),
                   "train-labels-idx1-ubyte[.gz] is missing");
    expect_failure(folder.path(), WEFT_SPLIT_TEST, WEFT_E_IO, folder.path(), "t10k-images-idx3-ubyte[.gz] is missing");
}

TEST(DatasetIdx, ReadsFashionMnist) {
    if (!weft_path_exists("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"))
        GTEST_SKIP() << "dataset-fashion-mnist is not installed";
    unsetenv("WEFT_DATA");
    for (weft_split split : {WEFT_SPLIT_TRAIN, WEFT_SPLIT_TEST}) {
        Set set = open("fashion-mnist", split);
        ASSERT_TRUE(set);
        size_t each = split == WEFT_SPLIT_TRAIN ? 6000 : 1000;
        ASSERT_EQ(set->count, 10 * each);
        EXPECT_STREQ(set->name, "fashion-mnist");
        EXPECT_EQ(set->shape.height, 28);
        EXPECT_EQ(set->shape.width, 28);
        EXPECT_EQ(set->labels[0], 9);
        std::vector<size_t> histogram(10);
        for (size_t i = 0; i < set->count; i++) histogram[set->labels[i]]++;
        EXPECT_EQ(histogram, std::vector<size_t>(10, each));
    }
}

// ---- CIFAR-10 ----

constexpr size_t image_bytes = 3072;

// Image k: label (k * 3) % 10, red plane k, green plane 100 + k, blue plane counts pixels.
std::string cifar_record(int k) {
    std::string out(1, static_cast<char>(k * 3 % 10));
    out += std::string(1024, static_cast<char>(k)) + std::string(1024, static_cast<char>(100 + k));
    for (int p = 0; p < 1024; p++) out += static_cast<char>(p);
    return out;
}

std::string cifar_batch(int first, int count) {
    std::string out;
    for (int k = first; k < first + count; k++) out += cifar_record(k);
    return out;
}

void expect_cifar(const Set &set, int first, size_t count) {
    ASSERT_TRUE(set);
    ASSERT_EQ(set->count, count);
    EXPECT_EQ(set->classes, 10);
    EXPECT_EQ(set->shape.channels, 3);
    EXPECT_EQ(set->shape.height, 32);
    EXPECT_EQ(set->shape.width, 32);
    for (size_t i = 0; i < count; i++) {
        std::string expected = cifar_record(first + static_cast<int>(i));
        EXPECT_EQ(set->labels[i], expected[0]);
        EXPECT_EQ(memcmp(set->pixels + i * image_bytes, expected.data() + 1, image_bytes), 0) << i;
    }
}

TEST(DatasetCifar, ReadsBinaryBatches) {
    Folder folder;
    for (int b = 0; b < 5; b++)
        write_file(folder / ("data_batch_" + std::to_string(b + 1) + ".bin"), cifar_batch(2 * b, 2));
    write_file(folder / "test_batch.bin", cifar_batch(50, 3));
    expect_cifar(open(folder.path(), WEFT_SPLIT_TRAIN), 0, 10);
    expect_cifar(open(folder.path(), WEFT_SPLIT_TEST), 50, 3);
}

TEST(DatasetCifar, RefusesDamagedBinaryBatches) {
    Folder folder;
    std::string path = folder / "test_batch.bin", batch = cifar_batch(0, 2);
    write_file(path, batch.substr(0, 6145));
    expect_failure(folder.path(), WEFT_SPLIT_TEST, WEFT_E_PARSE, path,
                   "offset 6145: short file: records of 3073 bytes are expected, the last one has 3072");
    write_file(path, "");
    expect_failure(folder.path(), WEFT_SPLIT_TEST, WEFT_E_PARSE, path,
                   "offset 0: short file: records of 3073 bytes are expected, the last one has 0");
    batch[3073] = 10;
    write_file(path, batch);
    expect_failure(folder.path(), WEFT_SPLIT_TEST, WEFT_E_PARSE, path, "offset 3073: label 10 is not below 10");
    expect_failure(folder.path(), WEFT_SPLIT_TRAIN, WEFT_E_IO, folder.path(), "data_batch_1.bin is missing");
}

// An image of `count` rows of `width` pixels, each pixel as in cifar_record.
void write_png(const std::string &path, int first, int count, int width = 1024, int type = PNG_COLOR_TYPE_RGB) {
    FILE *out = fopen(path.c_str(), "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, out);
    png_set_IHDR(png, info, static_cast<uint32_t>(width), static_cast<uint32_t>(count), 8, type, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int k = first; k < first + count; k++) {
        std::string record = cifar_record(k);
        std::vector<uint8_t> row(static_cast<size_t>(width) * 4);
        for (size_t p = 0; p < 1024 && p < static_cast<size_t>(width); p++)
            for (size_t c = 0; c < 3; c++) row[3 * p + c] = static_cast<uint8_t>(record[1 + c * 1024 + p]);
        png_write_row(png, row.data());
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(out);
}

TEST(DatasetCifar, ReadsPngBatches) {
    Folder folder;
    for (int b = 0; b < 5; b++) write_png(folder / ("data_batch_" + std::to_string(b + 1) + ".png"), 2 * b, 2);
    write_png(folder / "test_batch.png", 50, 3);
    write_file(folder / "train_lables.json", "[0,3,6,9,2,5,8,1,4,7]\n");
    write_file(folder / "test_lables.json", "[0, 3, 6]");
    expect_cifar(open(folder.path(), WEFT_SPLIT_TRAIN), 0, 10);
    expect_cifar(open(folder.path(), WEFT_SPLIT_TEST), 50, 3);
}

TEST(DatasetCifar, RefusesDamagedPngBatches) {
    Folder folder;
    std::string path = folder / "test_batch.png";
    weft_dataset *set = nullptr;
    weft_error err = {};
    write_file(folder / "test_lables.json", "[0,3,6]");
    write_png(path, 50, 3);
    std::string data = read_file(path);
    for (size_t size = 0; size < data.size() - 12; size += 23) { /* the last 12 bytes are the end mark */
        write_file(path, data.substr(0, size));
        EXPECT_EQ(weft_dataset_open(&set, folder.path().c_str(), WEFT_SPLIT_TEST, &err), WEFT_E_PARSE) << size;
        EXPECT_EQ(std::string(err.file), path);
    }
    const char *form = "not an image of rows of 1024 RGB pixels of 8 bits, not interlaced";
    write_png(path, 50, 3, 512);
    EXPECT_EQ(weft_dataset_open(&set, folder.path().c_str(), WEFT_SPLIT_TEST, &err), WEFT_E_PARSE);
    EXPECT_NE(std::string(err.text).find(form), std::string::npos) << err.text;
    write_png(path, 50, 3, 1024, PNG_COLOR_TYPE_GRAY);
    EXPECT_EQ(weft_dataset_open(&set, folder.path().c_str(), WEFT_SPLIT_TEST, &err), WEFT_E_PARSE);
    EXPECT_NE(std::string(err.text).find(form), std::string::npos) << err.text;
    write_png(path, 50, 3, 2048);
    EXPECT_EQ(weft_dataset_open(&set, folder.path().c_str(), WEFT_SPLIT_TEST, &err), WEFT_E_PARSE);
    EXPECT_EQ(set, nullptr);
}

TEST(DatasetCifar, RefusesASmallPngThatClaimsManyRows) {
    Folder folder;
    std::string path = folder / "test_batch.png";
    write_png(path, 50, 3);
    std::string data = read_file(path);
    data.replace(20, 4, word(900000)); /* the height in IHDR */
    uint32_t crc = static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef *>(data.data() + 12), 17));
    data.replace(29, 4, word(crc));
    write_file(path, data);
    weft_dataset *set = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_dataset_open(&set, folder.path().c_str(), WEFT_SPLIT_TEST, &err), WEFT_E_PARSE);
    EXPECT_NE(std::string(err.text).find("short file"), std::string::npos) << err.text;
}

TEST(DatasetCifar, RefusesBadLabelLists) {
    Folder folder;
    std::string labels = folder / "test_lables.json";
    write_png(folder / "test_batch.png", 50, 3);
    expect_failure(folder.path(), WEFT_SPLIT_TEST, WEFT_E_IO, folder.path(), "test_lables.json is missing");
    const std::pair<const char *, const char *> cases[] = {
        {"[0,3]", "2 labels, but 3 images"},
        {"[0,3,6,9]", "4 labels, but 3 images"},
        {"[0,3,10]", "label 2 is not a whole number below 10"},
        {"[0,1.5,1]", "label 1 is not a whole number below 10"},
        {"[-1,1,1]", "label 0 is not a whole number below 10"},
        {"[0,\"1\",1]", "label 1 is not a whole number below 10"},
        {"{\"a\":1}", "not a JSON list of labels"},
        {"[0,3,6", "offset 6: malformed JSON"},
    };
    for (const auto &c : cases) {
        write_file(labels, c.first);
        expect_failure(folder.path(), WEFT_SPLIT_TEST, WEFT_E_PARSE, labels, c.second);
    }
}

// ---- names ----

TEST(DatasetName, IsLookedForInWeftDataFirst) {
    Folder folder;
    ASSERT_EQ(weft_folder_create((folder / "fashion-mnist").c_str(), nullptr), WEFT_OK);
    write_file(folder / "fashion-mnist/train-images-idx3-ubyte", idx_images);
    write_file(folder / "fashion-mnist/train-labels-idx1-ubyte", idx_labels);
    setenv("WEFT_DATA", folder.path().c_str(), 1);
    expect_idx_sample(open("fashion-mnist"));
    unsetenv("WEFT_DATA");
}

TEST(DatasetName, IsLookedForInTheCurrentFolder) {
    Folder folder;
    ASSERT_EQ(weft_folder_create((folder / "data/mnist").c_str(), nullptr), WEFT_OK);
    write_file(folder / "data/mnist/train-images-idx3-ubyte", idx_images);
    write_file(folder / "data/mnist/train-labels-idx1-ubyte", idx_labels);
    unsetenv("WEFT_DATA");
    ASSERT_EQ(chdir(folder.path().c_str()), 0);
    expect_idx_sample(open("mnist"));
    ASSERT_EQ(chdir("/"), 0);
}

TEST(DatasetName, MissingSetNamesThePlaces) {
    Folder folder;
    std::string installed = std::string(WEFT_SOURCE_FOLDER) + "/data/cifar10";
    if (weft_path_exists(installed.c_str())) GTEST_SKIP() << installed << " exists";
    setenv("WEFT_DATA", folder.path().c_str(), 1);
    ASSERT_EQ(chdir(folder.path().c_str()), 0);
    expect_failure("cifar10", WEFT_SPLIT_TRAIN, WEFT_E_IO, "",
                   "data set \"cifar10\" is not installed: run scripts/get-data cifar10 (looked in " + folder.path() +
                       "/cifar10, data/cifar10, " + installed + ")");
    ASSERT_EQ(chdir("/"), 0);
    unsetenv("WEFT_DATA");
}

TEST(DatasetName, UnknownNameIsRefused) {
    Folder folder;
    expect_failure(
        "fashion-mnits", WEFT_SPLIT_TRAIN, WEFT_E_IO, "",
        "data set \"fashion-mnits\" is neither a folder nor one of fashion-mnist, mnist, cifar10; nearest is "
        "'fashion-mnist'");
    expect_failure(folder.path(), WEFT_SPLIT_TRAIN, WEFT_E_IO, folder.path(),
                   "no data set in this folder; it should hold IDX files (train-images-idx3-ubyte[.gz] ...), CIFAR-10 "
                   "batches (data_batch_1.bin ...) or CIFAR-10 images (data_batch_1.png ...)");
}

} // namespace
