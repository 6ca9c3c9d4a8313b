// Members of a JSON file by their dotted path: "populations.1.name".
#ifndef WEFT_TESTS_CLI_SPIKING_JSON_H
#define WEFT_TESTS_CLI_SPIKING_JSON_H

#include "harness.h"

#include <cjson/cJSON.h>
#include <cmath>

namespace weft_cli {

class Json {
  public:
    explicit Json(const fs::path &path) : root_(cJSON_Parse(read_file(path).c_str())) {
        EXPECT_NE(root_, nullptr) << path;
    }
    ~Json() { cJSON_Delete(root_); }
    Json(const Json &) = delete;
    Json &operator=(const Json &) = delete;

    const cJSON *at(const std::string &path) const {
        const cJSON *node = root_;
        std::istringstream keys(path);
        for (std::string key; node && std::getline(keys, key, '.');)
            node =
                cJSON_IsArray(node) ? cJSON_GetArrayItem(node, std::stoi(key)) : cJSON_GetObjectItem(node, key.c_str());
        return node;
    }
    bool has(const std::string &path) const { return at(path) != nullptr; }
    double number(const std::string &path) const {
        EXPECT_TRUE(cJSON_IsNumber(at(path))) << path;
        return cJSON_GetNumberValue(at(path));
    }
    std::string text(const std::string &path) const {
        const char *text = cJSON_GetStringValue(at(path));
        EXPECT_NE(text, nullptr) << path;
        return text ? text : "";
    }
    int size(const std::string &path) const { return cJSON_GetArraySize(at(path)); }

  private:
    cJSON *root_;
};

} // namespace weft_cli

#endif
