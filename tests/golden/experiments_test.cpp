/* Experiments that are refused, with their messages; the committed JSON Schema; the manual's example. */
#include "core/chip.h"
#include "sweep/experiment.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "tests/support/experiment_fixture.h"
#include "tests/support/golden.h"

using namespace weft_test;

namespace {

const std::string root = WEFT_SOURCE_FOLDER;

struct Bad {
    std::string message, text;
};

/* Of tests/golden/bad_experiments.txt. */
std::vector<Bad> bad_experiments() {
    std::istringstream stream(read_file(root + "/tests/golden/bad_experiments.txt"));
    std::vector<Bad> all;
    for (std::string line; std::getline(stream, line);) {
        if (line.rfind("=== ", 0) == 0)
            all.push_back({line.substr(4), ""});
        else if (!all.empty())
            all.back().text += line + "\n";
    }
    return all;
}

/* "..." at the end of what is expected stands for anything. */
std::string cut(const std::string &text, const std::string &expected) {
    const size_t length = expected.size();
    if (length < 3 || expected.compare(length - 3, 3, "...") != 0) return text;
    return text.substr(0, length - 3) + "...";
}

} // namespace

TEST(BadExperiments, AreRefusedWithTheirMessages) {
    const ExperimentFolder folder;
    const std::vector<Bad> all = bad_experiments();
    EXPECT_GT(all.size(), 90u);
    for (const Bad &bad : all) {
        Loaded loaded(folder, bad.text);
        EXPECT_NE(loaded.status, WEFT_OK) << bad.text;
        EXPECT_EQ(cut(loaded.message(), bad.message), bad.message) << bad.text;
        EXPECT_EQ(loaded.err.file, (folder.path / "experiment.yaml").string()) << bad.text;
        EXPECT_EQ(loaded.err.status, loaded.status);
    }
}

TEST(ExperimentFile, SchemaIsTheCommittedOne) {
    expect_file(root + "/docs/schema/experiment.json", printed([](FILE *stream) {
                    EXPECT_EQ(weft_record_json_schema(&weft_experiment_record, stream, nullptr), WEFT_OK);
                }));
}

TEST(ExperimentFile, ManualHasRulesAndExample) {
    const std::string text = printed(weft_experiment_describe);
    EXPECT_EQ(text.rfind("experiment: A set of points", 0), 0u);
    EXPECT_NE(text.find("\nHow points are made:\n"), std::string::npos);
    EXPECT_NE(text.find("\n        adc.bits: 4..8\n"), std::string::npos);
    EXPECT_NE(text.find("minimise  text or list"), std::string::npos);
}

TEST(ExperimentFile, ManualsExampleIsOne) {
    const ExperimentFolder folder;
    Loaded loaded(folder, weft_experiment_example, {"dataset=images"});
    ASSERT_EQ(loaded.status, WEFT_OK) << loaded.message();
    ASSERT_EQ(loaded.x.point_count, 18u); /* 2 chips x 5 x 2, less 1 x 1 x 2 */
    EXPECT_EQ(loaded.label(0), "chip=hermes adc.bits=4 device=fresh");
    EXPECT_EQ(loaded.label(17), "chip=neurram adc.bits=8 device=noisy");
    EXPECT_EQ(loaded.x.points[17].settings.trials, 5);
    EXPECT_EQ(loaded.x.points[17].settings.images, 200);
    EXPECT_EQ(loaded.set(17),
              (std::vector<std::string>{"adc.bits=8", "device.read_noise=independent", "device.read_sigma=0.05"}));
}

/* A dotted key means one thing. */
TEST(ExperimentFile, KeysOfPointsAndChipsAreApart) {
    std::set<std::string> names;
    for (size_t i = 0; i < weft_point_record.count; i++) names.insert(weft_point_record.fields[i].key);
    EXPECT_EQ(names.size(), weft_point_record.count);
    for (size_t i = 0; i < weft_chip_record.count; i++) {
        if (weft_chip_record.fields[i].kind == WEFT_FIELD_RECORD) {
            EXPECT_EQ(names.count(weft_chip_record.fields[i].key), 0u) << weft_chip_record.fields[i].key;
        }
    }
}

/* What is shipped expands to as many points as its README says, with images that stand for the data set. */
TEST(ExperimentFile, ShippedOnesAreValid) {
    const ExperimentFolder folder;
    const std::string images = "dataset=" + (folder.path / "images").string();
    const std::pair<const char *, size_t> shipped[] = {{"hardware/projections", 444},
                                                       {"hardware/chips", 48},
                                                       {"hardware/arrays", 60},
                                                       {"spiking/stuck", 6},
                                                       {"hardware/noc", 66}};
    for (const auto &[name, points] : shipped) {
        weft_experiment x = {};
        weft_error err = {};
        const std::string file = root + "/experiments/" + name + ".yaml";
        const char *overrides[] = {images.c_str()};
        EXPECT_EQ(weft_experiment_load(&x, file.c_str(), overrides, strcmp(name, "hardware/noc") != 0, &err), WEFT_OK)
            << name << ": " << err.text;
        EXPECT_EQ(x.point_count, points) << name;
        weft_experiment_destroy(&x);
    }
}
