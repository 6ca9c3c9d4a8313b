#include "trainer/loss.h"

#include <math.h>

int weft_logits_top(const float *logits, int classes) {
    int top = 0;
    for (int i = 1; i < classes; i++)
        if (logits[i] > logits[top] || isnan(logits[top])) top = i;
    return top;
}

/* Binary targets +1 for the label, -1 for the others. */
static double square_hinge(const float *logits, int label, int classes, double scale, float *gradient) {
    double loss = 0;
    for (int i = 0; i < classes; i++) {
        double target = i == label ? 1 : -1, slack = 1 - target * (double)logits[i];
        if (slack < 0) slack = 0;
        loss += slack * slack;
        gradient[i] = (float)(-2 * target * slack * scale / classes);
    }
    return loss / classes;
}

/* Targets q = (1 - s) [i = label] + s / classes; loss = -sum q log softmax. */
static double cross_entropy(const float *logits, int label, int classes, double smoothing, double scale,
                            float *gradient) {
    double largest = logits[weft_logits_top(logits, classes)], total = 0, loss = 0;
    for (int i = 0; i < classes; i++) total += exp((double)logits[i] - largest);
    double log_total = log(total) + largest;
    for (int i = 0; i < classes; i++) {
        double target = smoothing / classes + (i == label ? 1 - smoothing : 0), log_p = (double)logits[i] - log_total;
        loss -= target * log_p;
        gradient[i] = (float)((exp(log_p) - target) * scale);
    }
    return loss;
}

void weft_loss_apply(weft_loss_kind kind, double label_smoothing, const float *logits, const uint8_t *labels,
                     size_t count, int classes, double scale, float *gradient, weft_loss_sum *sum) {
    for (size_t n = 0; n < count; n++) {
        const float *row = logits + n * (size_t)classes;
        float *slope = gradient + n * (size_t)classes;
        int label = labels[n];
        sum->loss += kind == WEFT_LOSS_SQUARE_HINGE ? square_hinge(row, label, classes, scale, slope)
                                                    : cross_entropy(row, label, classes, label_smoothing, scale, slope);
        sum->errors += weft_logits_top(row, classes) != label;
    }
}
