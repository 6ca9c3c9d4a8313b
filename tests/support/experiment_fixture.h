/* Experiments from text, in a folder of their own with a file that stands for a net and a folder for a data set. */
#ifndef WEFT_TESTS_SUPPORT_EXPERIMENT_FIXTURE_H
#define WEFT_TESTS_SUPPORT_EXPERIMENT_FIXTURE_H

#include "sweep/experiment.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace weft_test {

class ExperimentFolder {
  public:
    ExperimentFolder()
        : path(std::filesystem::temp_directory_path() / ("weft_experiment_" + std::to_string(getpid()))) {
        std::filesystem::create_directories(path / "images");
        put("there.onnx", "a net\n");
        put("there.nir", "a spiking net\n");
        put("there.wtr", "a trace\n");
        put("images/train-images-idx3-ubyte", "");
    }
    ~ExperimentFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    ExperimentFolder(const ExperimentFolder &) = delete;
    ExperimentFolder &operator=(const ExperimentFolder &) = delete;
    std::string put(const std::string &name, const std::string &text) const {
        std::ofstream(path / name, std::ios::binary) << text;
        return (path / name).string();
    }
    const std::filesystem::path path;
};

/* An experiment that was loaded, or refused. */
struct Loaded {
    weft_experiment x = {};
    weft_error err = {};
    weft_status status;
    Loaded(const ExperimentFolder &folder, const std::string &text, const std::vector<const char *> &overrides = {}) {
        const std::string file = folder.put("experiment.yaml", text);
        status = weft_experiment_load(&x, file.c_str(), overrides.data(), static_cast<int>(overrides.size()), &err);
    }
    ~Loaded() { weft_experiment_destroy(&x); }
    Loaded(const Loaded &) = delete;
    Loaded &operator=(const Loaded &) = delete;
    /* "LINE:COLUMN: text" */
    std::string message() const {
        return std::to_string(err.line) + ":" + std::to_string(err.column) + ": " + err.text;
    }
    std::string label(size_t number) const {
        char text[256];
        weft_point_label(text, sizeof text, &x.points[number]);
        return text;
    }
    std::vector<std::string> labels() const {
        std::vector<std::string> all;
        for (size_t i = 0; i < x.point_count; i++) all.push_back(label(i));
        return all;
    }
    std::vector<std::string> set(size_t number) const {
        const weft_point &point = x.points[number];
        return {point.set, point.set + point.set_count};
    }
};

} // namespace weft_test

#endif
