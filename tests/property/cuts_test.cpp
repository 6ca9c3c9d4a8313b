// The best cut into parts: against every cut tried one by one, on random small networks of strips.
#include <cmath>
#include <map>

#include "tests/support/mapping_fixture.h"
extern "C" {
#include "mapper/passes.h"
}

using namespace weft_test;

namespace {

struct cut_case {
    explicit cut_case(dice &d) {
        const int count = d.between(1, 4);
        for (int s = 0; s < count; s++) {
            weft_cut_stage stage = {};
            stage.strips = d.between(0, 4);
            stage.arrays = d.between(1, 6);
            stage.unit = (uint64_t)d.between(0, 3); /* 0: an output that nothing becomes part of */
            stage.outputs = (uint64_t)d.between(1, 40 / std::max(1, (int)stage.unit));
            stage.alone = std::max<uint64_t>(1, stage.unit * stage.outputs);
            stage.least = d.flip() ? std::max<uint64_t>(1, stage.unit) : stage.alone;
            if (stage.strips == 0) stage.arrays = 0;
            strips += stage.strips;
            arrays += stage.arrays * stage.strips;
            stages.push_back(stage);
        }
        problem.count = count;
        problem.stages = stages.data();
        problem.parts = d.between(1, 4);
        problem.array_limit = std::ceil(arrays / problem.parts) + d.between(0, 12);
        problem.sum = d.flip();
    }
    std::vector<weft_cut_stage> stages;
    int strips = 0;
    double arrays = 0;
    weft_cut_problem problem = {};
};

/* Strip numbers of a stage that lie in [begin, end) of all. */
std::map<int, int> pieces_of(const cut_case &c, int begin, int end) {
    std::map<int, int> pieces;
    int at = 0;
    for (size_t s = 0; s < c.stages.size(); s++)
        for (int t = 0; t < c.stages[s].strips; t++, at++)
            if (at >= begin && at < end) pieces[(int)s]++;
    return pieces;
}

/* Outputs of the copy that has most, at least. */
double shares_of(uint64_t outputs, double copies) { return std::ceil((double)outputs / copies); }

bool fits(const cut_case &c, const std::map<int, int> &pieces, weft_cut_kind kind, double positions) {
    double sum = 0;
    for (const auto &[s, strips] : pieces) {
        const weft_cut_stage &stage = c.stages[(size_t)s];
        const bool one = stage.least == stage.alone || (kind == WEFT_CUT_PIECES && strips < stage.strips);
        if ((double)(one ? stage.alone : stage.least) > positions + 1e-12) return false;
        double copies = one ? 1 : std::max(1.0, (double)stage.alone / positions);
        if (kind != WEFT_CUT_RELAXED) {
            copies = std::ceil(copies);
            while (!one && stage.unit && shares_of(stage.outputs, copies) * (double)stage.unit > positions) copies++;
        }
        sum += strips * stage.arrays * copies;
    }
    return sum <= c.problem.array_limit;
}

/* Whole numbers one by one; between the last that does not fit and the first that does, by halving where it counts. */
double cost_of(const cut_case &c, int begin, int end, weft_cut_kind kind) {
    const std::map<int, int> pieces = pieces_of(c, begin, end);
    for (int n = 1; n <= 40; n++) {
        if (!fits(c, pieces, kind, n)) continue;
        double low = n - 1, high = n;
        for (int i = 0; kind == WEFT_CUT_RELAXED && n > 1 && i < 50; i++) {
            const double middle = (low + high) / 2;
            (fits(c, pieces, kind, middle) ? high : low) = middle;
        }
        return high;
    }
    return HUGE_VAL;
}

double best_from(const cut_case &c, int begin, int parts, weft_cut_kind kind) {
    if (parts == 1) return begin < c.strips ? cost_of(c, begin, c.strips, kind) : HUGE_VAL;
    double best = HUGE_VAL;
    for (int end = begin + 1; end < c.strips; end++) {
        const double own = cost_of(c, begin, end, kind), rest = best_from(c, end, parts - 1, kind);
        best = std::min(best, c.problem.sum ? own + rest : std::max(own, rest));
    }
    return best;
}

/* The smallest largest part of all cuts whose sum is within the limit. */
double smallest_largest(const cut_case &c, int begin, int parts, double limit) {
    if (limit < 0) return HUGE_VAL;
    double best = HUGE_VAL;
    for (int end = parts == 1 ? c.strips : begin + 1; end <= c.strips && begin < c.strips; end++) {
        const double own = cost_of(c, begin, end, WEFT_CUT_PIECES);
        if (own > limit) continue;
        best = std::min(best, parts == 1 ? own : std::max(own, smallest_largest(c, end, parts - 1, limit - own)));
    }
    return best;
}

/* What the ends that were returned cost; -1: they are not in order, or leave strips out. */
double cost_of_ends(const cut_case &c, const std::vector<weft_cut_end> &ends, double *largest) {
    double cost = 0;
    int from = 0;
    *largest = 0;
    for (const weft_cut_end &end : ends) {
        int to = end.strip;
        for (int s = 0; s < end.stage; s++) to += c.stages[(size_t)s].strips;
        if (to <= from) return -1;
        const double own = cost_of(c, from, to, WEFT_CUT_PIECES);
        *largest = std::max(*largest, own);
        cost = c.problem.sum ? cost + own : std::max(cost, own);
        from = to;
    }
    return from == c.strips ? cost : -1;
}

TEST(CutsProperty, BestOfAllCuts) {
    int solved = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        dice d(seed);
        cut_case c(d);
        double relaxed = 0;
        for (weft_cut_kind kind : {WEFT_CUT_RELAXED, WEFT_CUT_WHOLE, WEFT_CUT_PIECES}) {
            double positions = 0;
            const double expected = best_from(c, 0, c.problem.parts, kind);
            ASSERT_EQ(weft_cut_optimum(&positions, nullptr, &c.problem, kind, nullptr), WEFT_OK);
            if (expected >= HUGE_VAL) {
                ASSERT_GE(positions, HUGE_VAL) << seed;
                continue;
            }
            ASSERT_NEAR(positions, expected, 1e-5) << seed << " kind " << kind;
            ASSERT_GE(positions, relaxed - 1e-9) << seed;
            relaxed = std::max(relaxed, kind == WEFT_CUT_RELAXED ? positions : 0.0);
            solved++;
        }
    }
    EXPECT_GE(solved, 600);
}

TEST(CutsProperty, EndsAreTheOptimumsAndToleranceLowersTheLargest) {
    int solved = 0, lowered = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        dice d(seed);
        cut_case c(d);
        std::vector<weft_cut_end> ends((size_t)c.problem.parts);
        double positions = 0, exact = 0, loose = 0;
        ASSERT_EQ(weft_cut_optimum(&positions, ends.data(), &c.problem, WEFT_CUT_PIECES, nullptr), WEFT_OK);
        if (positions >= HUGE_VAL) continue;
        solved++;
        ASSERT_NEAR(cost_of_ends(c, ends, &exact), positions, 1e-5) << seed;
        if (!c.problem.sum) continue;
        c.problem.tolerance = 0.25;
        ASSERT_EQ(weft_cut_optimum(&positions, ends.data(), &c.problem, WEFT_CUT_PIECES, nullptr), WEFT_OK);
        const double cost = cost_of_ends(c, ends, &loose);
        ASSERT_GE(cost, 0) << seed;
        ASSERT_LE(cost, 1.25 * positions + 1e-5) << seed;
        ASSERT_EQ(loose, smallest_largest(c, 0, c.problem.parts, 1.25 * positions + 1e-5)) << seed;
        lowered += loose < exact;
    }
    EXPECT_GE(solved, 1000);
    EXPECT_GE(lowered, 3);
}

} // namespace
