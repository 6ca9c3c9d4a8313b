// Are the losses and their gradients what the definitions say?
#include "trainer/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace {

TEST(SquareHinge, ByHand) {
    // Two images, three classes. Image 0, label 1: slacks 1 + 0.5, 1 - 2 -> 0, 1 - 1 = 0; image 1, label 0: 1 - 0.25,
    // 1, 1 - 3 -> 0.
    const float logits[] = {0.5f, 2.0f, -1.0f, 0.25f, 0.0f, -3.0f};
    const uint8_t labels[] = {1, 0};
    float gradient[6];
    weft_loss_sum sum = {10.0, 5};
    weft_loss_apply(WEFT_LOSS_SQUARE_HINGE, 0, logits, labels, 2, 3, 0.5, gradient, &sum);
    EXPECT_DOUBLE_EQ(sum.loss, 10.0 + 2.25 / 3 + (0.5625 + 1) / 3);
    EXPECT_EQ(sum.errors, 5u);
    const double expected[] = {2 * 1.5 / 6, 0, 0, -2 * 0.75 / 6, 2 * 1.0 / 6, 0};
    for (int i = 0; i < 6; i++) EXPECT_FLOAT_EQ(gradient[i], static_cast<float>(expected[i])) << i;
}

TEST(CrossEntropy, ByHand) {
    const float logits[] = {std::log(1.0f), std::log(2.0f), std::log(5.0f)};
    const uint8_t label = 1;
    float gradient[3];
    weft_loss_sum sum = {0, 0};
    weft_loss_apply(WEFT_LOSS_CROSS_ENTROPY, 0, logits, &label, 1, 3, 1, gradient, &sum);
    EXPECT_NEAR(sum.loss, -std::log(0.25), 1e-7);
    EXPECT_EQ(sum.errors, 1u);
    EXPECT_NEAR(gradient[0], 0.125, 1e-7);
    EXPECT_NEAR(gradient[1], 0.25 - 1, 1e-7);
    EXPECT_NEAR(gradient[2], 0.625, 1e-7);
}

TEST(CrossEntropy, LabelSmoothing) {
    const float logits[] = {std::log(1.0f), std::log(2.0f), std::log(5.0f)};
    const uint8_t label = 2;
    float gradient[3];
    weft_loss_sum sum = {0, 0};
    weft_loss_apply(WEFT_LOSS_CROSS_ENTROPY, 0.3, logits, &label, 1, 3, 2, gradient, &sum);
    EXPECT_NEAR(sum.loss, -0.1 * std::log(0.125) - 0.1 * std::log(0.25) - 0.8 * std::log(0.625), 1e-7);
    EXPECT_EQ(sum.errors, 0u);
    EXPECT_NEAR(gradient[0], 2 * (0.125 - 0.1), 1e-7);
    EXPECT_NEAR(gradient[1], 2 * (0.25 - 0.1), 1e-7);
    EXPECT_NEAR(gradient[2], 2 * (0.625 - 0.8), 1e-7);
}

TEST(CrossEntropy, LargeLogitsStayFinite) {
    const float logits[] = {1000.0f, -1000.0f};
    const uint8_t label = 1;
    float gradient[2];
    weft_loss_sum sum = {0, 0};
    weft_loss_apply(WEFT_LOSS_CROSS_ENTROPY, 0, logits, &label, 1, 2, 1, gradient, &sum);
    EXPECT_DOUBLE_EQ(sum.loss, 2000.0);
    EXPECT_FLOAT_EQ(gradient[0], 1.0f);
    EXPECT_FLOAT_EQ(gradient[1], -1.0f);
}

// Central differences of the loss itself, step 1e-2, against the gradient: 1e-4.
TEST(Losses, GradientsAgreeWithDifferences) {
    const uint8_t label = 3;
    for (weft_loss_kind kind : {WEFT_LOSS_SQUARE_HINGE, WEFT_LOSS_CROSS_ENTROPY}) {
        std::vector<float> logits = {0.3f, -0.6f, 1.4f, 0.2f, -1.7f};
        std::vector<float> gradient(5), ignored(5);
        weft_loss_sum sum = {0, 0};
        double smoothing = kind == WEFT_LOSS_CROSS_ENTROPY ? 0.1 : 0;
        weft_loss_apply(kind, smoothing, logits.data(), &label, 1, 5, 1, gradient.data(), &sum);
        for (size_t i = 0; i < logits.size(); i++) {
            std::vector<float> up = logits, down = logits;
            up[i] += 0.01f;
            down[i] -= 0.01f;
            weft_loss_sum high = {0, 0}, low = {0, 0};
            weft_loss_apply(kind, smoothing, up.data(), &label, 1, 5, 1, ignored.data(), &high);
            weft_loss_apply(kind, smoothing, down.data(), &label, 1, 5, 1, ignored.data(), &low);
            EXPECT_NEAR(static_cast<double>(gradient[i]), (high.loss - low.loss) / 0.02, 1e-4) << kind << " " << i;
        }
    }
}

TEST(Top, FirstOfEqualsAndNeverNan) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float equal[] = {1, 3, 3, 2}, first[] = {nan, -5, -4}, last[] = {2, 1, nan};
    EXPECT_EQ(weft_logits_top(equal, 4), 1);
    EXPECT_EQ(weft_logits_top(first, 3), 2);
    EXPECT_EQ(weft_logits_top(last, 3), 0);
}

} // namespace
