// Is GCN and ZCA what the paper's formulas say, and is a fitted transform found again, refitted and bound as promised?
#include "core/zca.h"

#include <omp.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <random>
#include <vector>

#include "core/onnx.h"
#include "tests/network_samples.h"

using namespace samples;

namespace {

constexpr double norm = 55, epsilon = 0.1;

struct ZcaDeleter {
    void operator()(weft_zca *zca) const { weft_zca_release(zca); }
};
using Zca = std::unique_ptr<weft_zca, ZcaDeleter>;

// Smooth images with noise on top: neighbouring values go together, as in photographs.
struct Images {
    Images(weft_shape shape, size_t count, unsigned seed) : pixels(count * weft_shape_size(shape)) {
        std::mt19937 generator(seed);
        size_t n = weft_shape_size(shape);
        for (size_t i = 0; i < count; i++) {
            int level = 128;
            for (size_t k = 0; k < n; k++) {
                level += static_cast<int>(generator() % 41) - 20;
                level = std::min(255, std::max(0, level));
                pixels[i * n + k] = static_cast<uint8_t>(level);
            }
        }
        set.name = name;
        set.shape = shape;
        set.classes = 10;
        set.count = count;
        set.pixels = pixels.data();
    }
    const uint8_t *image(size_t i) const { return pixels.data() + i * weft_shape_size(set.shape); }
    char name[8] = "made-up";
    std::vector<uint8_t> pixels;
    weft_dataset set = {};
};

weft_sha256 key_of(const Images &images, double with_norm = norm, double with_epsilon = epsilon) {
    weft_sha256 key = {};
    weft_error err = {};
    EXPECT_EQ(weft_zca_key(&key, &images.set, with_norm, with_epsilon, &err), WEFT_OK) << err.text;
    return key;
}

Zca fit(const Images &images, double with_epsilon = epsilon) {
    weft_zca *zca = nullptr;
    weft_error err = {};
    weft_sha256 key = key_of(images, norm, with_epsilon);
    EXPECT_EQ(weft_zca_fit(&zca, &images.set, &key, norm, with_epsilon, &err), WEFT_OK) << err.text;
    return Zca(zca);
}

struct Parameters {
    explicit Parameters(const Zca &zca) : n(weft_zca_values(zca.get())), mean(n), matrix(n * n) {
        weft_zca_read(zca.get(), mean.data(), matrix.data());
    }
    bool operator==(const Parameters &other) const { return mean == other.mean && matrix == other.matrix; }
    size_t n;
    std::vector<float> mean, matrix;
};

std::vector<float> apply(const Zca &zca, const uint8_t *pixels, size_t count) {
    std::vector<float> out(count * weft_zca_values(zca.get()));
    weft_error err = {};
    EXPECT_EQ(weft_zca_apply(zca.get(), pixels, count, out.data(), &err), WEFT_OK) << err.text;
    return out;
}

// By the definition, in double: mean and norm by two passes.
std::vector<double> naive_gcn(const uint8_t *image, size_t n) {
    std::vector<double> out(image, image + n);
    double mean = 0, squares = 0;
    for (double v : out) mean += v / static_cast<double>(n);
    for (double &v : out) {
        v -= mean;
        squares += v * v;
    }
    for (double &v : out) v = squares > 0 ? v / std::sqrt(squares) * norm : 0;
    return out;
}

struct Moments {
    std::vector<double> mean, covariance; // population
};
Moments moments(const std::vector<std::vector<double>> &rows) {
    size_t n = rows[0].size();
    double count = static_cast<double>(rows.size());
    Moments m{std::vector<double>(n), std::vector<double>(n * n)};
    for (const auto &row : rows)
        for (size_t i = 0; i < n; i++) m.mean[i] += row[i] / count;
    for (const auto &row : rows)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                m.covariance[i * n + j] += (row[i] - m.mean[i]) * (row[j] - m.mean[j]) / count;
    return m;
}

std::vector<std::vector<double>> gcn_rows(const Images &images) {
    std::vector<std::vector<double>> rows;
    for (size_t i = 0; i < images.set.count; i++)
        rows.push_back(naive_gcn(images.image(i), weft_shape_size(images.set.shape)));
    return rows;
}

std::vector<double> product(const std::vector<double> &a, const std::vector<double> &b, size_t n) {
    std::vector<double> c(n * n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            for (size_t j = 0; j < n; j++) c[i * n + j] += a[i * n + k] * b[k * n + j];
    return c;
}

TEST(Gcn, HasMeanZeroAndTheNorm) {
    Images images({3, 5, 7}, 20, 1);
    for (size_t i = 0; i < images.set.count; i++) {
        std::vector<float> out(105);
        std::vector<double> expected = naive_gcn(images.image(i), 105);
        weft_gcn(images.image(i), 105, norm, out.data());
        double sum = 0, squares = 0;
        for (size_t k = 0; k < 105; k++) {
            EXPECT_NEAR(out[k], expected[k], 2e-6);
            sum += out[k];
            squares += static_cast<double>(out[k]) * out[k];
        }
        EXPECT_NEAR(sum, 0, 1e-4);
        EXPECT_NEAR(std::sqrt(squares), norm, 1e-5);
    }
}

TEST(Gcn, AConstantImageGivesZeros) {
    for (uint8_t level : {0, 7, 255}) {
        std::vector<uint8_t> image(48, level);
        std::vector<float> out(48, 1.0f);
        weft_gcn(image.data(), 48, norm, out.data());
        EXPECT_EQ(out, std::vector<float>(48, 0.0f));
    }
}

// W is the symmetric positive root of (C + epsilon)^-1: W (C + epsilon) W = 1, with C by the definition.
TEST(Zca, MatrixIsTheInverseRootOfTheCovariance) {
    Images images({1, 5, 7}, 700, 2);
    const size_t n = 35;
    Parameters zca(fit(images));
    Moments m = moments(gcn_rows(images));
    std::vector<double> c = m.covariance, w(zca.matrix.begin(), zca.matrix.end());
    for (size_t i = 0; i < n; i++) {
        EXPECT_NEAR(zca.mean[i], m.mean[i], 1e-5);
        c[i * n + i] += epsilon;
        for (size_t j = 0; j < n; j++) EXPECT_EQ(zca.matrix[i * n + j], zca.matrix[j * n + i]);
    }
    std::vector<double> one = product(product(w, c, n), w, n);
    for (size_t i = 0; i < n * n; i++) EXPECT_NEAR(one[i], i % (n + 1) == 0 ? 1 : 0, 1e-4) << i;
    // Positive: x W x > 0 for every unit vector and every difference of two.
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) EXPECT_GT(w[i * n + i] + w[j * n + j] - 2 * std::fabs(w[i * n + j]), 0);
}

// With little epsilon the covariance of whitened training images is the identity, but for the direction of equal
// values, which GCN takes away.
TEST(Zca, WhitenedImagesAreUncorrelated) {
    Images images({3, 4, 4}, 1201, 3);
    const size_t n = 48, count = images.set.count;
    std::vector<float> out = apply(fit(images, 1e-5), images.pixels.data(), count);
    std::vector<std::vector<double>> rows;
    for (size_t i = 0; i < count; i++)
        rows.emplace_back(out.begin() + static_cast<long>(i * n), out.begin() + static_cast<long>((i + 1) * n));
    Moments m = moments(rows);
    for (size_t i = 0; i < n; i++) {
        EXPECT_NEAR(m.mean[i], 0, 1e-3);
        for (size_t j = 0; j < n; j++)
            EXPECT_NEAR(m.covariance[i * n + j], (i == j ? 1.0 : 0.0) - 1.0 / n, 2e-3) << i << " " << j;
    }
}

TEST(Zca, AppliesTheMatrixToTheNormalisedImage) {
    Images images({1, 5, 7}, 60, 4), others({1, 5, 7}, 100, 5);
    Zca zca = fit(images);
    Parameters p(zca);
    std::vector<float> out = apply(zca, others.pixels.data(), 100);
    for (size_t i = 0; i < 100; i++) {
        std::vector<double> g = naive_gcn(others.image(i), 35);
        for (size_t j = 0; j < 35; j++) {
            double y = 0;
            for (size_t k = 0; k < 35; k++) y += (g[k] - p.mean[k]) * p.matrix[k * 35 + j];
            EXPECT_NEAR(out[i * 35 + j], y, 1e-3);
        }
    }
}

// An image's values do not depend on the others, nor anything on the number of threads.
TEST(Zca, IsTheSameForAnyBatchAndAnyThreads) {
    Images images({3, 9, 10}, 1300, 6); // more than one chunk of rows
    const size_t n = 270;
    omp_set_num_threads(1);
    Zca zca = fit(images);
    Parameters one(zca);
    std::vector<float> all = apply(zca, images.pixels.data(), 200);
    for (size_t i : {0, 5, 47, 48, 137, 199})
        EXPECT_EQ(memcmp(apply(zca, images.image(i), 1).data(), &all[i * n], n * sizeof(float)), 0) << i;
    EXPECT_EQ(memcmp(apply(zca, images.image(31), 50).data(), &all[31 * n], 50 * n * sizeof(float)), 0);
    for (int threads : {2, 3}) {
        omp_set_num_threads(threads);
        EXPECT_TRUE(Parameters(fit(images)) == one) << threads;
        EXPECT_EQ(apply(zca, images.pixels.data(), 200), all) << threads;
    }
    omp_set_num_threads(2);
}

TEST(Zca, RefusesWhatItCannotFit) {
    Images images({1, 2, 2}, 3, 7);
    weft_sha256 key;
    weft_error err = {};
    images.set.count = 0;
    EXPECT_EQ(weft_zca_key(&key, &images.set, norm, epsilon, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "made-up: no images to fit a ZCA on");
    images.set.count = 3;
    images.set.shape = {3, 64, 64};
    EXPECT_EQ(weft_zca_key(&key, &images.set, norm, epsilon, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "made-up: images of 12288 values; a ZCA takes at most 8192");
}

TEST(Zca, KeyTellsDataAndParametersApart) {
    Images images({1, 4, 4}, 30, 8), others({1, 4, 4}, 30, 8), flat({1, 2, 8}, 30, 8);
    std::string key = key_of(images).hex;
    EXPECT_EQ(key.size(), 64u);
    EXPECT_EQ(key, key_of(others).hex);
    others.pixels[77] ^= 1;
    EXPECT_NE(key, key_of(others).hex);
    EXPECT_NE(key, key_of(flat).hex);
    EXPECT_NE(key, key_of(images, 54).hex);
    EXPECT_NE(key, key_of(images, norm, 0.2).hex);
}

/* ---- cache ---- */

class ZcaCache : public ::testing::Test {
  protected:
    void SetUp() override { setenv("WEFT_CACHE", (folder / "cache").c_str(), 1); }
    void TearDown() override { unsetenv("WEFT_CACHE"); }
    Zca open() {
        weft_zca *zca = nullptr;
        weft_error err = {};
        weft_sha256 key = key_of(images);
        EXPECT_EQ(weft_zca_open(&zca, &images.set, &key, norm, epsilon, &err), WEFT_OK) << err.text;
        return Zca(zca);
    }
    std::string path() const { return folder / ("cache/zca-" + std::string(key_of(images).hex) + ".bin"); }
    size_t files() const {
        size_t count = 0;
        for (const auto &entry : std::filesystem::directory_iterator(folder / "cache"))
            count += entry.is_regular_file();
        return count;
    }
    Folder folder;
    Images images{{1, 5, 7}, 100, 9};
};

TEST_F(ZcaCache, KeepsWhatWasFitted) {
    Parameters fitted(fit(images));
    EXPECT_TRUE(Parameters(open()) == fitted);
    std::string bytes = read_file(path());
    EXPECT_EQ(bytes.size(), 104 + (35 + 35 * 35) * sizeof(float) + 64);
    EXPECT_TRUE(Parameters(open()) == fitted);
    EXPECT_EQ(read_file(path()), bytes);
    EXPECT_EQ(files(), 1u);
}

// The second time nothing is fitted: another matrix, put in the file with its sum, is what comes back.
TEST_F(ZcaCache, TakesTheFile) {
    open();
    std::string bytes = read_file(path());
    const float seven = 7;
    memcpy(&bytes[104 + 35 * sizeof(float)], &seven, sizeof seven);
    bytes.replace(bytes.size() - 64, 64, weft_sha256_bytes(bytes.data(), bytes.size() - 64).hex);
    write_file(path(), bytes);
    EXPECT_EQ(Parameters(open()).matrix[0], 7.0f);
    EXPECT_EQ(read_file(path()), bytes);
}

TEST_F(ZcaCache, MakesADamagedFileAnew) {
    Parameters fitted(open());
    const std::string good = read_file(path());
    std::string flipped = good, version = good;
    flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 1);
    version[9] = '0';
    for (const std::string &bad : {flipped, version, good.substr(0, good.size() - 1), good + "x", std::string()}) {
        write_file(path(), bad);
        EXPECT_TRUE(Parameters(open()) == fitted);
        EXPECT_EQ(read_file(path()), good);
    }
    EXPECT_EQ(files(), 1u);
}

TEST_F(ZcaCache, GoesWithoutWhereItCannotBeWritten) {
    write_file(folder / "file", "");
    setenv("WEFT_CACHE", (folder / "file").c_str(), 1);
    EXPECT_TRUE(Parameters(open()) == Parameters(fit(images)));
}

TEST_F(ZcaCache, FollowsTheCustomaryPlaces) {
    unsetenv("WEFT_CACHE");
    const char *common = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    std::string old_common = common ? common : "", old_home = home ? home : "";
    std::string name = "zca-" + std::string(key_of(images).hex) + ".bin";
    setenv("HOME", (folder / "home").c_str(), 1);
    setenv("XDG_CACHE_HOME", (folder / "xdg").c_str(), 1);
    open();
    EXPECT_TRUE(std::filesystem::exists(folder / ("xdg/weft/" + name)));
    unsetenv("XDG_CACHE_HOME");
    open();
    EXPECT_TRUE(std::filesystem::exists(folder / ("home/.cache/weft/" + name)));
    if (common) setenv("XDG_CACHE_HOME", old_common.c_str(), 1);
    if (home)
        setenv("HOME", old_home.c_str(), 1);
    else
        unsetenv("HOME");
}

/* ---- networks ---- */

class ZcaNetwork : public ZcaCache {
  protected:
    ZcaNetwork() : net(create({1, 5, 7})) {
        weft_layer dense = {};
        dense.kind = WEFT_LAYER_DENSE;
        dense.out.channels = 10;
        add(net.get(), dense, "fc");
        net->preprocess.gcn_zca = true;
        net->preprocess.norm = norm;
        net->preprocess.epsilon = epsilon;
    }
    weft_status apply_preprocess(const weft_network *to, std::vector<float> &x) {
        x.resize(images.pixels.size());
        return weft_preprocess_apply(&to->preprocess, images.set.shape, images.pixels.data(), images.set.count,
                                     x.data(), &err);
    }
    Network net;
    weft_error err = {};
    std::vector<float> out;
};

TEST_F(ZcaNetwork, NeedsToBeBound) {
    EXPECT_EQ(apply_preprocess(net.get(), out), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "the network's GCN and ZCA preprocessing is not bound to a data set's training images");
    EXPECT_EQ(weft_dataset_prepare(&images.set, &net->preprocess, &err), WEFT_E_INVALID);
    ASSERT_EQ(weft_network_bind(net.get(), &images.set, &err), WEFT_OK) << err.text;
    EXPECT_STREQ(net->preprocess.fit.hex, key_of(images).hex);
    ASSERT_EQ(apply_preprocess(net.get(), out), WEFT_OK) << err.text;
    EXPECT_EQ(out, apply(fit(images), images.pixels.data(), images.set.count));
    images.set.shape = {1, 7, 4};
    EXPECT_EQ(apply_preprocess(net.get(), out), WEFT_E_INVALID);
    EXPECT_STREQ(err.text, "the ZCA was fitted on images of 35 values, these have 28");
}

TEST_F(ZcaNetwork, ClonesShareTheTransform) {
    ASSERT_EQ(weft_network_bind(net.get(), &images.set, &err), WEFT_OK) << err.text;
    ASSERT_EQ(apply_preprocess(net.get(), out), WEFT_OK);
    weft_network *copy = nullptr;
    ASSERT_EQ(weft_network_clone(&copy, net.get(), &err), WEFT_OK);
    EXPECT_EQ(copy->preprocess.zca, net->preprocess.zca);
    net.reset();
    Network clone(copy);
    std::vector<float> again;
    ASSERT_EQ(apply_preprocess(clone.get(), again), WEFT_OK);
    EXPECT_EQ(again, out);
}

// Twice the same file; the one read back wants the same training images and no others.
TEST_F(ZcaNetwork, ComesBackFromAFile) {
    ASSERT_EQ(weft_network_bind(net.get(), &images.set, &err), WEFT_OK) << err.text;
    ASSERT_EQ(weft_network_set(net.get(), "weft.dataset", "flowers", &err), WEFT_OK);
    net->preprocess.epsilon = 0.1;
    ASSERT_EQ(weft_onnx_write(net.get(), (folder / "a.onnx").c_str(), &err), WEFT_OK) << err.text;
    std::string file = read_file(folder / "a.onnx");
    EXPECT_NE(file.find("gcn_zca norm=55 epsilon=0.10000000000000001 fit=" + std::string(key_of(images).hex)),
              std::string::npos);
    EXPECT_LT(file.size(), 35 * 35 * sizeof(float)); // without the matrix
    weft_network *raw = nullptr;
    ASSERT_EQ(weft_onnx_read(&raw, (folder / "a.onnx").c_str(), &err), WEFT_OK) << err.text;
    Network back(raw);
    EXPECT_TRUE(back->preprocess.gcn_zca);
    EXPECT_EQ(back->preprocess.norm, norm);
    EXPECT_EQ(back->preprocess.epsilon, epsilon);
    EXPECT_STREQ(back->preprocess.fit.hex, key_of(images).hex);
    EXPECT_EQ(back->preprocess.zca, nullptr);
    ASSERT_EQ(weft_onnx_write(back.get(), (folder / "b.onnx").c_str(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(read_file(folder / "b.onnx"), file);

    Images others({1, 5, 7}, 100, 10);
    EXPECT_EQ(weft_network_bind(back.get(), &others.set, &err), WEFT_E_INVALID);
    EXPECT_STREQ(err.text,
                 "network sample: its GCN and ZCA preprocessing was fitted on other training images (flowers) "
                 "than those of made-up");
    ASSERT_EQ(weft_network_bind(back.get(), &images.set, &err), WEFT_OK) << err.text;
    std::vector<float> expected;
    ASSERT_EQ(apply_preprocess(net.get(), expected), WEFT_OK);
    ASSERT_EQ(apply_preprocess(back.get(), out), WEFT_OK);
    EXPECT_EQ(out, expected);
}

TEST_F(ZcaNetwork, APreparedSetGivesTheSameInputs) {
    ASSERT_EQ(weft_network_bind(net.get(), &images.set, &err), WEFT_OK) << err.text;
    const weft_preprocess *p = &net->preprocess;
    std::vector<float> before(35 * 20), after(35 * 20);
    ASSERT_EQ(weft_dataset_inputs(&images.set, p, 70, 20, before.data(), &err), WEFT_OK);
    EXPECT_FALSE(weft_dataset_is_prepared(&images.set, p));
    ASSERT_EQ(weft_dataset_prepare(&images.set, p, &err), WEFT_OK);
    ASSERT_TRUE(weft_dataset_is_prepared(&images.set, p));
    ASSERT_EQ(weft_dataset_inputs(&images.set, p, 70, 20, after.data(), &err), WEFT_OK);
    EXPECT_EQ(before, after);
    weft_preprocess plain = {};
    EXPECT_FALSE(weft_dataset_is_prepared(&images.set, &plain));
    ASSERT_EQ(weft_dataset_inputs(&images.set, &plain, 0, 1, after.data(), &err), WEFT_OK);
    EXPECT_EQ(after[3], static_cast<float>(images.pixels[3]) / 255.0f);
    weft_aligned_free(images.set.inputs);
    weft_zca_release(images.set.inputs_zca);
}

} // namespace
