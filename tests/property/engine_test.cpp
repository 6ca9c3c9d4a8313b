// The functional engine: equal to the timed chip's pieces and to plain integer arithmetic, for any number of threads.
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <filesystem>
#include <vector>

#include "tests/model_fixture.h"
#include "tests/support/engine_pieces.h"

namespace {

ChipSpec lossy_offset() {
    ChipSpec s = isaac_like();
    s.rows = 32;
    s.weight_bits = s.input_bits = 8;
    s.adc_bits = 5;
    return s;
}

ChipSpec differential_columns() {
    ChipSpec s;
    s.rows = 20;
    s.columns = 60;
    s.weight_encoding = WEFT_WEIGHT_DIFFERENTIAL_COLUMNS;
    s.weight_bits = 7;
    s.input_bits = 6;
    s.bits_per_pulse = 2;
    s.adc_bits = 7;
    s.flip = true;
    return s;
}

// Small arrays, so that every stage has several row and column tiles; some saturate, some do not.
ChipSpec mixed_offset() {
    ChipSpec s;
    s.rows = 19;
    s.columns = 40;
    s.weight_bits = s.input_bits = 8;
    s.adc_bits = 6;
    s.flip = true;
    return s;
}

ChipSpec full_scale_offset() {
    ChipSpec s = mixed_offset();
    s.adc_range = WEFT_ADC_FULL_SCALE;
    return s;
}

std::vector<ChipSpec> all_specs() {
    return {isaac_like(), hermes_like(), lossy_offset(), differential_columns(), mixed_offset(), full_scale_offset()};
}

std::vector<float> run(const weft_engine *engine, const Net &net, const std::vector<float> &x, size_t count) {
    weft_error err{};
    std::vector<float> logits(count * static_cast<size_t>(net.stages()->classes));
    EXPECT_EQ(WEFT_OK, weft_engine_run(engine, x.data(), count, logits.data(), &err)) << err.text;
    return logits;
}

// One calibrated network, five images: all at once, and each through the pieces.
void expect_pieces_equal_run(const weft_chip &chip, void (*build)(Net &)) {
    Net net(chip, 3);
    build(net);
    net.finish();
    Engine engine(net);
    ASSERT_EQ(WEFT_OK, engine.status) << engine.err.text;
    const size_t count = 5, size = weft_shape_size(net.stages()->input), classes = 5;
    const std::vector<float> x = net.images(count);
    ASSERT_EQ(WEFT_OK,
              weft_engine_calibrate(engine, x.data(), count,
                                    WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE | WEFT_CALIBRATE_ADC, nullptr));
    const std::vector<float> logits = run(engine, net, x, count);
    Pieces pieces(engine, net.stages(), net.mapping());
    for (size_t i = 0; i < count; i++) {
        const std::vector<float> alone = pieces.image(&x[i * size], i);
        ASSERT_EQ(classes, alone.size());
        ASSERT_EQ(0, std::memcmp(alone.data(), &logits[i * classes], classes * sizeof(float))) << "image " << i;
        for (float v : alone) EXPECT_TRUE(std::isfinite(v));
    }
    EXPECT_NE(logits[0], logits[classes]); // images differ
}

TEST(Engine, PiecesOfTheTimedChipGiveTheSameBits) {
    for (const ChipSpec &spec : all_specs()) expect_pieces_equal_run(make_chip(spec), build_small_cnn);
}

TEST(Engine, PiecesGiveTheSameBitsOnAGraph) {
    for (const ChipSpec &spec : all_specs()) expect_pieces_equal_run(make_chip(spec), build_graph);
}

TEST(Engine, PiecesGiveTheSameBitsOnEveryChipFile) {
    int files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(WEFT_SOURCE_FOLDER "/hwconfigs")) {
        if (entry.path().extension() != ".yaml") continue;
        weft_chip *chip = nullptr;
        weft_error err{};
        ASSERT_EQ(WEFT_OK, weft_chip_load(&chip, entry.path().c_str(), nullptr, 0, &err)) << err.text;
        SCOPED_TRACE(chip->name);
        if (chip->kind == WEFT_CHIP_CROSSBAR && chip->adc.kind != WEFT_ADC_NONE) { /* an array alone runs no network */
            expect_pieces_equal_run(*chip, build_small_cnn);
            expect_pieces_equal_run(*chip, build_graph);
            files++;
        }
        weft_chip_destroy(chip);
    }
    EXPECT_GE(files, 2);
}

TEST(Engine, ThreadsDoNotChangeABit) {
    for (const ChipSpec &spec : all_specs()) {
        std::vector<std::vector<float>> results;
        for (int threads : {1, 2, 5}) {
            omp_set_num_threads(threads);
            const weft_chip chip = make_chip(spec);
            Net net(chip, 4);
            build_graph(net);
            net.finish();
            Engine engine(net);
            ASSERT_EQ(WEFT_OK, engine.status) << engine.err.text;
            const std::vector<float> x = net.images(23);
            ASSERT_EQ(WEFT_OK, weft_engine_calibrate(engine, x.data(), 17,
                                                     WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE, nullptr));
            results.push_back(run(engine, net, x, 23));
        }
        for (size_t i = 1; i < results.size(); i++)
            ASSERT_EQ(0, std::memcmp(results[0].data(), results[i].data(), results[0].size() * sizeof(float)));
    }
    omp_set_num_threads(omp_get_num_procs());
}

// Lossless converters: each sum of tiles is the plain integer convolution of W = round(w / scale) and q.
TEST(Engine, LosslessChipIsThePlainIntegerNetwork) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip, 5);
    net.input({11, 7, 8});
    net.conv(20, weft_window{3, 2, 2, 1, 1, 2, 1, 0, 2, 1});
    net.relu();
    net.dense(3);
    net.finish(-1, 1);
    Engine engine(net);
    ASSERT_EQ(WEFT_OK, engine.status) << engine.err.text;
    const weft_stage &st = net.stage_at(0);
    const weft_engine_stage_info info = weft_engine_stage(engine, 0);
    EXPECT_TRUE(info.exact_adc);
    EXPECT_FLOAT_EQ(1.0f / 32767, info.input_scale);
    std::vector<int32_t> q(weft_shape_size(st.in));
    const std::vector<float> x = net.images(1, -1, 1);
    weft_engine_quantise_input(engine, x.data(), q.data());
    for (int y = 0; y < st.matrix_out.height; y++)
        for (int v = 0; v < st.matrix_out.width; v++)
            for (int t = 0; t < net.mapping()->stages[0].tile_count; t++) {
                const weft_tile &tile = net.mapping()->stages[0].tiles[t];
                std::vector<int64_t> codes(static_cast<size_t>(tile.column_end - tile.column_begin));
                weft_engine_tile(engine, 0, t, 0, q.data(), y, v, codes.data());
                for (int c = tile.column_begin; c < tile.column_end; c++) {
                    int64_t sum = 0;
                    for (int r = tile.row_begin; r < tile.row_end; r++) {
                        const int channel = r % 11, ky = r / 11 / 2, kx = r / 11 % 2;
                        const int iy = y * 2 - 1 + ky, ix = v + kx * 2;
                        if (iy < 0 || iy >= 7 || ix < 0 || ix >= 8) continue;
                        const double w =
                            st.weight[static_cast<size_t>(r * st.columns + c)] / static_cast<double>(info.weight_scale);
                        sum += std::min<int64_t>(std::llround(w), 32767) *
                               q[static_cast<size_t>((iy * 8 + ix) * 11 + channel)];
                    }
                    ASSERT_EQ(sum, codes[static_cast<size_t>(c - tile.column_begin)]) << y << ", " << v << ", " << c;
                }
            }
}

// Statistics of the normalised values on the same images: mean beta, variance gamma^2.
TEST(Calibration, NormalisedValuesHaveTheWantedMoments) {
    for (const ChipSpec &spec : {isaac_like(), hermes_like()}) {
        const weft_chip chip = make_chip(spec);
        Net net(chip, 6);
        net.input({2, 8, 8});
        net.conv(7, make_window(3, 1, 1));
        net.bias();
        const weft_digital_op norm = net.batch_norm(); // copy: gamma and beta stay in the net
        net.relu();
        net.dense(4);
        net.finish();
        Engine engine(net);
        const size_t count = 40;
        const std::vector<float> x = net.images(count);
        ASSERT_EQ(WEFT_OK, weft_engine_calibrate(engine, x.data(), count, WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE,
                                                 nullptr));
        std::vector<double> sum(7), squares(7);
        std::vector<int32_t> q(128);
        for (size_t i = 0; i < count; i++) {
            weft_engine_quantise_input(engine, &x[i * 128], q.data());
            for (int p = 0; p < 64; p++) {
                std::vector<int64_t> sums(7), codes(7);
                for (int t = 0; t < net.mapping()->stages[0].tile_count; t++) {
                    const weft_tile &tile = net.mapping()->stages[0].tiles[t];
                    weft_engine_tile(engine, 0, t, 0, q.data(), p / 8, p % 8, codes.data());
                    for (int c = tile.column_begin; c < tile.column_end; c++)
                        sums[static_cast<size_t>(c)] += codes[static_cast<size_t>(c - tile.column_begin)];
                }
                std::vector<float> v(7 * 64), biased(7 * 64), normal(7);
                weft_engine_dequantise(engine, 0, 0, 7, sums.data(), &v[static_cast<size_t>(p) * 7]);
                weft_engine_digital(engine, 0, 0, 0, 7, v.data(), nullptr, p / 8, p % 8,
                                    &biased[static_cast<size_t>(p) * 7]);
                weft_engine_digital(engine, 0, 1, 0, 7, biased.data(), nullptr, p / 8, p % 8, normal.data());
                for (size_t c = 0; c < 7; c++)
                    sum[c] += normal[c], squares[c] += static_cast<double>(normal[c]) * normal[c];
            }
        }
        const double n = 64.0 * count;
        for (size_t c = 0; c < 7; c++) {
            const double mean = sum[c] / n, variance = squares[c] / n - mean * mean;
            EXPECT_NEAR(norm.beta[c], mean, 1e-4);
            EXPECT_NEAR(norm.gamma[c] * norm.gamma[c], variance, 1e-4);
        }
    }
}

TEST(Calibration, DoubledWeightsGiveTheSameNormalisedOutputs) {
    const auto logits = [](float factor) {
        const weft_chip chip = make_chip(hermes_like());
        Net net(chip, 8);
        net.input({1, 6, 6});
        net.conv(5, make_window(3, 1, 1));
        net.batch_norm().epsilon = 1e-12f;
        net.relu();
        net.dense(4);
        net.batch_norm().epsilon = 1e-12f;
        net.finish();
        for (int s = 0; s < 2; s++)
            for (int i = 0; i < net.stage_at(s).rows * net.stage_at(s).columns; i++)
                net.stage_at(s).weight[i] *= factor;
        Engine engine(net);
        const std::vector<float> x = net.images(30);
        EXPECT_EQ(WEFT_OK,
                  weft_engine_calibrate(engine, x.data(), 30, WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE, nullptr));
        return run(engine, net, x, 30);
    };
    const std::vector<float> once = logits(1), twice = logits(2);
    float largest = 0;
    for (size_t i = 0; i < once.size(); i++) {
        EXPECT_NEAR(once[i], twice[i], 1e-5f);
        largest = std::max(largest, std::fabs(once[i]));
    }
    EXPECT_GT(largest, 0.5f);
}

TEST(Calibration, AffineAloneKeepsRanges) {
    const weft_chip chip = make_chip(isaac_like());
    Net net(chip, 9);
    build_small_cnn(net);
    net.finish(-2, 4);
    Engine engine(net);
    const std::vector<float> x = net.images(9);
    const std::vector<float> before = run(engine, net, x, 9);
    ASSERT_EQ(WEFT_OK, weft_engine_calibrate(engine, x.data(), 9, WEFT_CALIBRATE_AFFINE, nullptr));
    for (int s = 0; s < 4; s++) EXPECT_FLOAT_EQ(4.0f / 32767, weft_engine_stage(engine, s).input_scale);
    EXPECT_NE(before, run(engine, net, x, 9));
}

} // namespace
