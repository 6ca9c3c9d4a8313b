/* Does docs/schema/chip.json accept what the reader accepts? A validator for the part of JSON Schema that is used, over
 * YAML trees. */
#include "core/chip.h"

#include <cJSON.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace {

const std::string root = WEFT_SOURCE_FOLDER;

bool is_number(const weft_yaml_node *node, double *value) {
    if (node->kind != WEFT_YAML_SCALAR || node->quoted || !node->text[0]) return false;
    char *end = nullptr;
    *value = std::strtod(node->text, &end);
    return *end == 0;
}

bool is_bool(const weft_yaml_node *node) {
    return node->kind == WEFT_YAML_SCALAR && !node->quoted &&
           (!strcmp(node->text, "true") || !strcmp(node->text, "false"));
}

bool has_type(const weft_yaml_node *node, const std::string &type) {
    double value = 0;
    bool number = is_number(node, &value), scalar = node->kind == WEFT_YAML_SCALAR;
    if (type == "integer") return number && value == static_cast<double>(static_cast<int64_t>(value));
    if (type == "number") return number;
    if (type == "boolean") return is_bool(node);
    if (type == "string") return scalar && !number && !is_bool(node);
    if (type == "object") return node->kind == WEFT_YAML_MAP;
    return type == "array" && node->kind == WEFT_YAML_SEQUENCE;
}

bool valid(const cJSON *schema, const weft_yaml_node *node);

bool valid_object(const cJSON *schema, const weft_yaml_node *node) {
    const cJSON *properties = cJSON_GetObjectItem(schema, "properties"), *name = nullptr;
    for (size_t i = 0; i < node->count; i++) {
        const cJSON *property = cJSON_GetObjectItemCaseSensitive(properties, node->keys[i]->text);
        if (!property || !valid(property, node->values[i])) return false; /* additionalProperties is false everywhere */
    }
    cJSON_ArrayForEach(name, cJSON_GetObjectItem(schema, "required")) {
        if (!weft_yaml_get(node, name->valuestring)) return false;
    }
    return true;
}

bool valid_array(const cJSON *schema, const weft_yaml_node *node) {
    const cJSON *low = cJSON_GetObjectItem(schema, "minItems"), *high = cJSON_GetObjectItem(schema, "maxItems");
    double count = static_cast<double>(node->count);
    if ((low && count < low->valuedouble) || (high && count > high->valuedouble)) return false;
    for (size_t i = 0; i < node->count; i++)
        if (!valid(cJSON_GetObjectItem(schema, "items"), node->values[i])) return false;
    return true;
}

bool valid_scalar(const cJSON *schema, const weft_yaml_node *node) {
    const cJSON *names = cJSON_GetObjectItem(schema, "enum"), *name = nullptr;
    const cJSON *low = cJSON_GetObjectItem(schema, "minimum"), *high = cJSON_GetObjectItem(schema, "maximum");
    double value = 0;
    if (is_number(node, &value) && ((low && value < low->valuedouble) || (high && value > high->valuedouble)))
        return false;
    bool found = !names;
    cJSON_ArrayForEach(name, names) found |= !strcmp(name->valuestring, node->text);
    return found;
}

/* {"properties": {KEY: {"const": VALUE}}, "required": [KEY]} */
bool holds(const cJSON *condition, const weft_yaml_node *node) {
    const cJSON *key = cJSON_GetObjectItem(condition, "properties")->child;
    const weft_yaml_node *value = weft_yaml_get(node, key->string);
    return value && !strcmp(value->text, cJSON_GetObjectItem(key, "const")->valuestring);
}

bool valid(const cJSON *schema, const weft_yaml_node *node) {
    const cJSON *condition = cJSON_GetObjectItem(schema, "if");
    if (condition) return valid(cJSON_GetObjectItem(schema, holds(condition, node) ? "then" : "else"), node);
    const cJSON *alternatives = cJSON_GetObjectItem(schema, "oneOf"), *one = nullptr;
    if (alternatives) {
        int matches = 0;
        cJSON_ArrayForEach(one, alternatives) matches += valid(one, node);
        return matches == 1;
    }
    if (!has_type(node, cJSON_GetObjectItem(schema, "type")->valuestring)) return false;
    if (node->kind == WEFT_YAML_MAP) return valid_object(schema, node);
    return node->kind == WEFT_YAML_SEQUENCE ? valid_array(schema, node) : valid_scalar(schema, node);
}

class SchemaAgrees : public testing::Test {
  protected:
    cJSON *schema = nullptr;
    void SetUp() override {
        std::ifstream stream(root + "/docs/schema/chip.json");
        std::stringstream text;
        text << stream.rdbuf();
        schema = cJSON_Parse(text.str().c_str());
        ASSERT_NE(schema, nullptr);
    }
    void TearDown() override { cJSON_Delete(schema); }
    bool accepts(const char *override_text, const std::string &name = "hermes") {
        weft_yaml yaml = {};
        weft_error err = {};
        EXPECT_EQ(weft_yaml_load(&yaml, (root + "/hwconfigs/" + name + ".yaml").c_str(), &err), WEFT_OK) << err.text;
        EXPECT_EQ(weft_yaml_override(&yaml, &override_text, override_text ? 1 : 0, &err), WEFT_OK) << err.text;
        bool ok = valid(schema, yaml.root);
        weft_chip chip;
        EXPECT_EQ(ok, weft_record_read(&chip, &weft_chip_record, &yaml, yaml.root, &err) == WEFT_OK)
            << (override_text ? override_text : "") << ": " << err.text;
        weft_yaml_destroy(&yaml);
        return ok;
    }
};

} // namespace

TEST_F(SchemaAgrees, ShippedChips) {
    int count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(root + "/hwconfigs")) {
        if (entry.path().extension() != ".yaml") continue;
        weft_yaml yaml = {};
        weft_error err = {};
        ASSERT_EQ(weft_yaml_load(&yaml, entry.path().c_str(), &err), WEFT_OK) << err.text;
        EXPECT_TRUE(valid(schema, yaml.root)) << entry.path();
        weft_yaml_destroy(&yaml);
        count++;
    }
    EXPECT_GE(count, 2);
}

TEST_F(SchemaAgrees, OnEdits) {
    for (const char *good : {"adc.bits=1", "adc.bits=24", "noc.mesh=8", "noc.mesh=[4, 16]", "energy.pool_pj=0.5",
                             "energy.pool_pj={value: 1, source: x}", "sources=one", "area.core_mm2=2"})
        EXPECT_TRUE(accepts(good)) << good;
    for (const char *bad :
         {"adc.bits=0", "adc.bits=25", "adc.bits=1.5", "adc.bits=x", "adc.bitz=1", "adc=1", "noc.mesh=[1]",
          "noc.mesh=[1, 2, 3]", "noc.mesh=[0, 1]", "noc.mesh=257", "energy.pool_pj=-1", "energy.pool_pj={source: x}",
          "energy.pool_pj={value: 1, evidence: guessed}", "energy.pool_pj={value: 1, voltage_v: -1}", "adc.range=units",
          "adc.flip_columns=yes", "sources={a: 1}", "clock={}", "extra=1"})
        EXPECT_FALSE(accepts(bad)) << bad;
    EXPECT_TRUE(accepts(nullptr));
}

TEST_F(SchemaAgrees, OnEditsOfASpikingChip) {
    for (const char *good : {"limits.neurons=1", "neuron.model=lif", "spike_energy.hop_x_pj=1", "noc.mesh=8"})
        EXPECT_TRUE(accepts(good, "loihi1")) << good;
    for (const char *bad : {"array.rows=3", "limits.neurons=0", "neuron.model=none", "energy.pool_pj=1",
                            "io.partial_bits=8", "kind=crossbar", "voltage_v=0"})
        EXPECT_FALSE(accepts(bad, "loihi1")) << bad;
    EXPECT_FALSE(accepts("kind=spiking"));
    EXPECT_FALSE(accepts("limits.neurons=4"));
    EXPECT_TRUE(accepts("kind=crossbar"));
}
