// Dense products and inverses: the same bits as the plain loops, whatever the instruction set.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "core/arena.h"
#include "sim/model/dense.h"

namespace {

struct Scratch {
    double *values;
    explicit Scratch(int size)
        : values(static_cast<double *>(weft_aligned_alloc(weft_dense_scratch(size), sizeof(double)))) {}
    ~Scratch() { weft_aligned_free(values); }
};

std::vector<double> random_values(size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> unit(-1, 1);
    std::vector<double> values(count);
    for (double &v : values) v = unit(random);
    return values;
}

TEST(Dense, ProductIsThePlainSumInOrder) {
    for (int size : {16, 48, 80})
        for (int rows : {8, 24}) {
            const size_t n = static_cast<size_t>(size), m = static_cast<size_t>(rows);
            const std::vector<double> x = random_values(m * n, 1), b = random_values(n * n, 2);
            std::vector<double> out = x;
            Scratch scratch(size);
            weft_dense_multiply(out.data(), rows, b.data(), size, scratch.values);
            for (size_t i = 0; i < m; i++)
                for (size_t j = 0; j < n; j++) {
                    double sum = 0;
                    for (size_t k = 0; k < n; k++) sum += b[k * n + j] * x[i * n + k];
                    ASSERT_EQ(out[i * n + j], sum) << size << " " << i << " " << j;
                }
        }
}

TEST(Dense, InverseOfPositiveDefiniteMatrices) {
    for (int size : {16, 32, 80, 128})
        for (double spread : {0.01, 1.0}) {
            const size_t n = static_cast<size_t>(size);
            const std::vector<double> r = random_values(n * n, 3);
            std::vector<double> a(n * n), inverse;
            for (size_t i = 0; i < n; i++) // 1 + spread r r^T / n
                for (size_t j = 0; j < n; j++) {
                    double sum = 0;
                    for (size_t k = 0; k < n; k++) sum += r[i * n + k] * r[j * n + k];
                    a[i * n + j] = (i == j) + spread * sum / size;
                }
            inverse = a;
            for (size_t i = 0; i < n; i++)
                for (size_t j = i + 1; j < n; j++) inverse[i * n + j] = 1e30; // the upper triangle is not read
            Scratch scratch(size);
            weft_dense_invert(inverse.data(), size, scratch.values);
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < n; j++) {
                    double sum = 0;
                    for (size_t k = 0; k < n; k++) sum += a[i * n + k] * inverse[k * n + j];
                    ASSERT_NEAR(sum, i == j ? 1 : 0, 1e-13) << size << " " << i << " " << j;
                    ASSERT_EQ(inverse[i * n + j], inverse[j * n + i]);
                }
        }
}

} // namespace
