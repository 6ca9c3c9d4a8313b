// The support matrix of README.md, made true: every effect with every weight and every input encoding either runs a
// small network, on every kernel and with the same integers, or is refused with file, line and a message. The table in
// README.md is printed from what was seen; WEFT_UPDATE=1 rewrites it.
#include <cmath>
#include <cstring>

#include "sim/model/array.h"
#include "tests/model_fixture.h"
#include "tests/support/golden.h"
#include "tests/support/matrix_effects.h"

using namespace weft_test;

namespace {

const std::string root = WEFT_SOURCE_FOLDER;

struct Cell {
    std::string path;       // of the kernels; empty: refused
    const Refusal *refusal; // NULL: runs
};

class SupportMatrix : public testing::Test {
  protected:
    std::string folder;
    void SetUp() override {
        std::string pattern = (std::filesystem::path(testing::TempDir()) / "weft-matrix-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        std::ofstream(folder + "/cells.csv") << "g_target_us,g_mean_us,g_sigma_us\n0,0.1,0.1\n10,10,0.4\n20,19.8,0.3\n";
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
};

// ---- one combination ----

// Every kernel gives the integers of the portable ones; a lossless array gives those of the plain product.
std::string expect_same_integers(const weft_chip &chip, const weft_program_table &table) {
    const int rows = static_cast<int>(chip.array.rows),
              columns = static_cast<int>(chip.array.columns) / chip.columns_per_weight;
    const size_t samples = 5, results = samples * static_cast<size_t>(columns);
    std::mt19937 random(7);
    auto between = [&](int most) { return static_cast<int16_t>(static_cast<int>(random() % (2u * most + 1)) - most); };
    std::vector<int16_t> w(static_cast<size_t>(rows * columns)), q(samples * static_cast<size_t>(rows));
    for (int16_t &v : w) v = between(chip.weight_max);
    for (int16_t &v : q) v = between(chip.input_max);
    weft_array array;
    weft_error err{};
    const weft_cells_place place{};
    EXPECT_EQ(weft_array_create(&array, &chip, &table, &place, w.data(), rows, columns, columns, true, &err), WEFT_OK)
        << err.text;
    std::vector<weft_read_place> places(samples);
    for (size_t i = 0; i < samples; i++) places[i].image = i;
    std::vector<int64_t> first, out;
    for (const weft_gemm_kernel_info *gemm = weft_gemm_kernels; gemm->name; gemm++)
        for (const weft_bits_kernel_info *bits = weft_bits_kernels; bits->name; bits++) {
            if (!gemm->supported() || !bits->supported()) continue;
            const weft_array_kernels kernels = {gemm, bits};
            out.assign(results, 0);
            weft_array_read_with(&kernels, &array, q.data(), rows, samples, places.data(), out.data(), columns,
                                 nullptr);
            if (first.empty()) first = out;
            EXPECT_EQ(out, first) << gemm->name << ", " << bits->name;
        }
    out.assign(results, 0);
    weft_array_multiply(&array, q.data(), rows, samples, places.data(), out.data(), columns, nullptr);
    EXPECT_EQ(out, first);
    if (chip.adc.bits > 1) {
        EXPECT_TRUE(std::any_of(out.begin(), out.end(), [](int64_t v) { return v != 0; }));
    }
    const std::string path = array.exact ? "plain product" : array.planes[0].bits.data ? "bit planes" : "fixed point";
    weft_array_destroy(&array);
    return path;
}

void build(Net &net) {
    net.input({2, 6, 6});
    net.conv(6, make_window(3, 1, 1));
    net.batch_norm();
    net.relu();
    net.pool(WEFT_DIGITAL_MAX_POOL, make_window(2, 2, 0));
    net.dense(5);
    net.finish();
}

// Calibrates and runs a network of two matrices, one of them cut into tiles; two equal chips compute the same.
void expect_network_runs(const weft_chip &chip, double least_snr_db) {
    const size_t images = 6;
    std::vector<float> logits[2];
    for (std::vector<float> &out : logits) {
        Net net(chip, 3);
        build(net);
        weft_engine *engine = nullptr;
        weft_error err{};
        ASSERT_EQ(weft_engine_create(&engine, &chip, net.mapping(), net.stages(), &err), WEFT_OK) << err.text;
        const std::vector<float> x = net.images(images);
        EXPECT_EQ(weft_engine_calibrate(engine, x.data(), images,
                                        WEFT_CALIBRATE_RANGES | WEFT_CALIBRATE_AFFINE | WEFT_CALIBRATE_ADC, &err),
                  WEFT_OK)
            << err.text;
        out.resize(images * 5);
        EXPECT_EQ(weft_engine_run(engine, x.data(), images, out.data(), &err), WEFT_OK) << err.text;
        weft_engine_stage_statistics statistics[2];
        EXPECT_EQ(weft_engine_statistics(engine, x.data(), 0, images, statistics, &err), WEFT_OK) << err.text;
        for (const weft_engine_stage_statistics &s : statistics) {
            EXPECT_GE(s.signal_to_noise_db, least_snr_db);
            EXPECT_GT(s.conversions, 0u);
            EXPECT_LE(s.clipped, s.conversions);
        }
        const weft_program_cost cost = weft_engine_program_cost(engine);
        EXPECT_GE(cost.cells, 18u * 6 + 54 * 5);
        EXPECT_DOUBLE_EQ(cost.energy_pj, 6.0 * static_cast<double>(cost.cells)); // 3 pulses of 2 pJ
        weft_engine_destroy(engine);
    }
    for (float v : logits[0]) EXPECT_TRUE(std::isfinite(v));
    EXPECT_EQ(std::memcmp(logits[0].data(), logits[1].data(), logits[0].size() * sizeof(float)), 0);
}

// The refusal, wherever it comes: on load, or when arrays are made.
std::string refused_text(const std::string &path) {
    weft_chip *chip = nullptr;
    weft_error err{};
    weft_status status = weft_chip_load(&chip, path.c_str(), nullptr, 0, &err);
    EXPECT_TRUE(status == WEFT_OK || status == WEFT_E_INVALID) << err.text;
    if (status == WEFT_OK) {
        Net net(*chip, 3);
        build(net);
        weft_engine *engine = nullptr;
        EXPECT_EQ(weft_engine_create(&engine, chip, net.mapping(), net.stages(), &err), WEFT_E_UNSUPPORTED);
        EXPECT_EQ(engine, nullptr);
        weft_engine_destroy(engine);
    }
    weft_chip_destroy(chip);
    char text[4096];
    weft_error_format(&err, text, sizeof text);
    return text;
}

Cell try_cell(const std::string &folder, const Effect &effect, const Encoding &weight, const Encoding &input) {
    matrix_chip keys;
    keys.set(weight.keys);
    keys.set(input.keys);
    if (std::string(input.name).compare(0, 11, "pulse_width") == 0) keys.remove("input.bits_per_pulse");
    keys.set(effect.keys);
    const std::string path = folder + "/chip.yaml";
    keys.write(path);
    const Refusal *refusal = refusal_of(effect, weight.name, input.name);
    if (refusal) {
        EXPECT_EQ(refused_text(path),
                  path + ":" + keys.place(refusal->key) + ": " + refusal->key + ": " + refusal->text);
        return {"", refusal};
    }
    weft_chip *chip = nullptr;
    weft_error err{};
    EXPECT_EQ(weft_chip_load(&chip, path.c_str(), nullptr, 0, &err), WEFT_OK) << err.text;
    if (!chip) return {"", nullptr};
    weft_program_table table;
    EXPECT_EQ(weft_program_table_read(&table, chip, &err), WEFT_OK) << err.text;
    const std::string kernels = expect_same_integers(*chip, table);
    weft_program_table_destroy(&table);
    expect_network_runs(*chip, effect.least_snr_db);
    weft_chip_destroy(chip);
    return {kernels, nullptr};
}

// ---- the table ----

// As code in a table, where a bar would end the column.
std::string keys_text(const Effect &effect) {
    std::string text;
    for (const char *c = effect.shown; *c; c++) text += *c == '|' ? "\\|" : std::string(1, *c);
    return text.empty() ? "" : ": `" + text + "`";
}

std::string joined(const std::set<std::string> &items) {
    std::string text;
    for (const std::string &item : items) text += (text.empty() ? "" : ", ") + item;
    return text;
}

// Footnotes: one a message.
class Notes {
  public:
    std::string mark(const Refusal &refusal) {
        const std::string text = "`` " + refusal.key + ": " + refusal.text + " ``";
        size_t at = 0;
        while (at < texts_.size() && texts_[at] != text) at++;
        if (at == texts_.size()) texts_.push_back(text);
        return "[" + std::to_string(at + 1) + "]";
    }
    std::string list() const {
        std::string all;
        for (size_t i = 0; i < texts_.size(); i++) all += "\n" + std::to_string(i + 1) + ". " + texts_[i];
        return all;
    }

  private:
    std::vector<std::string> texts_;
};

std::string cell_text(const std::vector<Cell> &row, Notes *notes) {
    size_t runs = 0;
    std::set<std::string> refused;
    for (size_t i = 0; i < row.size(); i++) {
        if (!row[i].refusal) runs++;
        if (row[i].refusal) refused.insert(inputs[i].name);
    }
    if (runs == row.size()) return "yes";
    const Refusal *refusal = nullptr;
    for (const Cell &cell : row) refusal = refusal ? refusal : cell.refusal;
    return runs ? "yes; not with " + joined(refused) + " " + notes->mark(*refusal) : "no " + notes->mark(*refusal);
}

} // namespace

TEST_F(SupportMatrix, IsTrue) {
    Notes notes;
    std::string table = "| effect |";
    for (const Encoding &weight : weights) table += std::string(" ") + weight.name + " |";
    table += " computed as |\n|---|";
    for (size_t i = 0; i <= weights.size(); i++) table += "---|";
    table += "\n";
    for (const Effect &effect : effects()) {
        std::set<std::string> paths;
        table += std::string("| ") + effect.name + keys_text(effect) + " |";
        for (const Encoding &weight : weights) {
            std::vector<Cell> row;
            for (const Encoding &input : inputs) {
                SCOPED_TRACE(std::string(effect.name) + " / " + weight.name + " / " + input.name);
                row.push_back(try_cell(folder, effect, weight, input));
                if (!row.back().path.empty()) paths.insert(row.back().path);
            }
            table += " " + cell_text(row, &notes) + " |";
        }
        table += " " + joined(paths) + " |\n";
    }
    const std::string path = root + "/README.md", begin = "<!-- support matrix: made by a test -->\n\n",
                      end = "\n\n<!-- end of the support matrix -->";
    const std::string text = read_file(path);
    const size_t at = text.find(begin), to = text.find(end);
    ASSERT_NE(at, std::string::npos);
    ASSERT_NE(to, std::string::npos);
    expect_file(path, text.substr(0, at + begin.size()) + table + notes.list() + text.substr(to));
}
