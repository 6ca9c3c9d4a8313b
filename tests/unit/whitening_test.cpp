// Are the eigenvectors right, and do the filters whiten?
#include "trainer/whitening_filters.h"

#include <omp.h>

#include <cmath>

#include "tests/support/trainer_fixture.h"

using namespace fixture;

namespace {

// Images with strong correlation between neighbours and between channels, as real ones have.
std::vector<float> images(size_t count, weft_shape s) {
    std::vector<float> x = random_values(count * weft_shape_size(s), 3);
    size_t plane = static_cast<size_t>(s.height * s.width);
    for (size_t i = 1; i < x.size(); i++) x[i] = 0.8f * x[i - 1] + 0.6f * x[i];
    for (size_t i = plane; i < x.size(); i++) x[i] += 0.5f * x[i - plane] + 0.25f;
    return x;
}

TEST(Eigen, KnownMatrix) {
    const double basis[3][3] = {{1 / std::sqrt(3.0), 1 / std::sqrt(3.0), 1 / std::sqrt(3.0)},
                                {1 / std::sqrt(2.0), -1 / std::sqrt(2.0), 0},
                                {1 / std::sqrt(6.0), 1 / std::sqrt(6.0), -2 / std::sqrt(6.0)}};
    const double values[3] = {4, 2, 1};
    double a[9] = {}, vectors[9];
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 9; i++) a[i] += values[k] * basis[k][i / 3] * basis[k][i % 3];
    weft_eigen_symmetric(a, vectors, 3);
    for (int k = 0; k < 3; k++) {
        int found = -1;
        for (int i = 0; i < 3; i++)
            if (std::fabs(a[i * 3 + i] - values[k]) < 1e-12) found = i;
        ASSERT_GE(found, 0) << values[k];
        double overlap = 0;
        for (int i = 0; i < 3; i++) overlap += vectors[i * 3 + found] * basis[k][i];
        EXPECT_NEAR(std::fabs(overlap), 1, 1e-12);
    }
}

TEST(Eigen, DiagonalAndZeroMatricesStay) {
    double a[4] = {3, 0, 0, 5}, vectors[4];
    weft_eigen_symmetric(a, vectors, 2);
    EXPECT_EQ(a[0], 3.0);
    EXPECT_EQ(a[3], 5.0);
    EXPECT_EQ(vectors[0], 1.0);
    EXPECT_EQ(vectors[1], 0.0);
    double zero[4] = {};
    weft_eigen_symmetric(zero, vectors, 2);
    EXPECT_EQ(vectors[3], 1.0);
}

// Covariance of the filters' outputs over all patches, by a plain double sum.
std::vector<double> output_covariance(const std::vector<float> &filters, int count, const std::vector<float> &x,
                                      size_t images, weft_shape s, int kh, int kw) {
    size_t n = static_cast<size_t>(count), size = filters.size() / n, places = 0;
    std::vector<double> mean(n), product(n * n), out(n);
    for (size_t i = 0; i < images; i++)
        for (int row = 0; row + kh <= s.height; row++)
            for (int column = 0; column + kw <= s.width; column++, places++) {
                for (size_t f = 0; f < n; f++) {
                    const float *weight = &filters[f * size];
                    out[f] = 0;
                    for (int c = 0; c < s.channels; c++)
                        for (int a = 0; a < kh; a++)
                            for (int b = 0; b < kw; b++) {
                                size_t pixel = static_cast<size_t>((c * s.height + row + a) * s.width + column + b);
                                out[f] += static_cast<double>(*weight++) *
                                          static_cast<double>(x[i * weft_shape_size(s) + pixel]);
                            }
                    mean[f] += out[f];
                }
                for (size_t f = 0; f < n; f++)
                    for (size_t g = 0; g < n; g++) product[f * n + g] += out[f] * out[g];
            }
    double total = static_cast<double>(places);
    for (size_t f = 0; f < n; f++)
        for (size_t g = 0; g < n; g++)
            product[f * n + g] = product[f * n + g] / total - mean[f] / total * (mean[g] / total);
    return product;
}

TEST(Whitening, OutputsOfAllComponentsAreUncorrelatedWithVarianceOne) {
    weft_shape s = {3, 9, 10};
    std::vector<float> x = images(230, s);
    int count = 2 * 3 * 2 * 3, half = count / 2;
    std::vector<float> filters(static_cast<size_t>(count) * 18);
    ASSERT_EQ(weft_whitening_filters(filters.data(), count, x.data(), 230, s, 2, 3, 1e-12, nullptr), WEFT_OK);
    std::vector<double> c = output_covariance(filters, count, x, 230, s, 2, 3);
    for (int f = 0; f < count; f++)
        for (int g = 0; g < count; g++) {
            double wanted = f == g ? 1 : f % half == g % half ? -1 : 0;
            EXPECT_NEAR(c[static_cast<size_t>(f * count + g)], wanted, 2e-5) << f << " " << g;
        }
    for (size_t i = 0; i < filters.size() / 2; i++) ASSERT_EQ(filters[i], -filters[i + filters.size() / 2]);
}

// Fewer filters than components: those of the largest variance, the odd one positive. epsilon lowers the variance to
// v / (v + epsilon).
TEST(Whitening, LargestComponentsFirst) {
    weft_shape s = {2, 8, 8};
    std::vector<float> x = images(120, s), all(16 * 8), few(5 * 8), damped(16 * 8);
    ASSERT_EQ(weft_whitening_filters(all.data(), 16, x.data(), 120, s, 2, 2, 1e-12, nullptr), WEFT_OK);
    ASSERT_EQ(weft_whitening_filters(few.data(), 5, x.data(), 120, s, 2, 2, 1e-12, nullptr), WEFT_OK);
    ASSERT_EQ(weft_whitening_filters(damped.data(), 16, x.data(), 120, s, 2, 2, 0.25, nullptr), WEFT_OK);
    double before = 1e9;
    for (size_t f = 0; f < 8; f++) {
        double norm = 0, largest = 0;
        for (size_t i = 0; i < 8; i++) {
            double v = static_cast<double>(all[f * 8 + i]);
            norm += v * v;
            if (std::fabs(v) > std::fabs(largest)) largest = v;
        }
        EXPECT_GT(largest, 0) << f;
        double variance = 1 / norm; // of a unit vector's output
        EXPECT_LE(variance, before);
        before = variance;
        for (size_t i = 0; i < 8; i++)
            EXPECT_NEAR(damped[f * 8 + i], all[f * 8 + i] * std::sqrt(variance / (variance + 0.25)), 1e-5) << f;
    }
    for (size_t i = 0; i < 8; i++)
        for (size_t f = 0; f < 5; f++)
            EXPECT_EQ(few[f * 8 + i], f < 3 ? all[f * 8 + i] : -all[(f - 3) * 8 + i]) << f << " " << i;
}

TEST(Whitening, ConstantImagesGiveFiniteFilters) {
    weft_shape s = {1, 4, 4};
    std::vector<float> x(10 * 16, 0.5f), filters(8 * 4);
    ASSERT_EQ(weft_whitening_filters(filters.data(), 8, x.data(), 10, s, 2, 2, 5e-4, nullptr), WEFT_OK);
    for (float v : filters) EXPECT_TRUE(std::isfinite(v));
}

TEST(Whitening, SameBytesForAnyNumberOfThreads) {
    weft_shape s = {2, 6, 6};
    std::vector<float> x = images(350, s);
    std::vector<std::vector<float>> results;
    for (int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        std::vector<float> filters(36 * 18);
        ASSERT_EQ(weft_whitening_filters(filters.data(), 36, x.data(), 350, s, 3, 3, 5e-4, nullptr), WEFT_OK);
        results.push_back(filters);
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
}

} // namespace
