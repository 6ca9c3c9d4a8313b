/* weft info on mappings, recipes and data sets. */
#include <stdlib.h>
#include <string.h>

#include "cli/info.h"
#include "core/dataset.h"
#include "core/mapping.h"
#include "trainer/trainer.h"

static weft_status json_mapping(const weft_mapping *mapping, const char *json_path, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, json_path, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "kind", "mapping");
    weft_json_text(json, "network", mapping->network_path);
    weft_json_text(json, "network_sha256", mapping->network_sha256.hex);
    weft_json_text(json, "chip", mapping->chip_path);
    weft_json_text(json, "chip_sha256", mapping->chip_sha256.hex);
    weft_json_count(json, "parts", (uint64_t)mapping->parts);
    weft_json_count(json, "chips", (uint64_t)mapping->chips);
    weft_json_array(json, "stages");
    for (int s = 0; s < mapping->stage_count; s++) {
        const weft_mapped_stage *stage = &mapping->stages[s];
        weft_json_object(json, NULL);
        weft_json_text(json, "name", stage->name);
        weft_json_count(json, "rows", (uint64_t)stage->rows);
        weft_json_count(json, "columns", (uint64_t)stage->columns);
        weft_json_count(json, "copies", (uint64_t)weft_mapped_stage_copies(stage));
        weft_json_count(json, "arrays", (uint64_t)stage->tile_count);
        weft_json_count(json, "blocks", (uint64_t)stage->block_count);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

weft_status weft_info_mapping(const char *path, const char *json_path, FILE *stream, weft_error *err) {
    weft_mapping *mapping = NULL;
    WEFT_TRY(weft_mapping_read(&mapping, path, err));
    fprintf(stream, "mapping  %s\nnetwork  %s\n         sha256 %s\nchip     %s\n         sha256 %s\n\n", path,
            mapping->network_path, mapping->network_sha256.hex, mapping->chip_path, mapping->chip_sha256.hex);
    if (mapping->parts > 1) fprintf(stream, "%d parts on %d chips\n\n", mapping->parts, mapping->chips);
    fprintf(stream, "%-24s %8s %8s %7s %7s %7s  %s\n", "stage", "rows", "columns", "copies", "arrays", "blocks",
            "output range");
    for (int s = 0; s < mapping->stage_count; s++) {
        const weft_mapped_stage *stage = &mapping->stages[s];
        fprintf(stream, "%-24.24s %8d %8d %7d %7d %7d  ", stage->name, stage->rows, stage->columns,
                weft_mapped_stage_copies(stage), stage->tile_count, stage->block_count);
        if (stage->output_min == 0 && stage->output_max == 0)
            fputs("unknown\n", stream);
        else
            fprintf(stream, "%.4g..%.4g\n", (double)stage->output_min, (double)stage->output_max);
    }
    weft_status status = json_path ? json_mapping(mapping, json_path, err) : WEFT_OK;
    weft_mapping_destroy(mapping);
    return status;
}

static const char *const recipe_keys[] = {"name", "description", "dataset", "epochs", "batch", "projection", "loss"};
enum { RECIPE_KEYS = sizeof recipe_keys / sizeof recipe_keys[0] };

static weft_status json_recipe(const weft_yaml *yaml, const char *json_path, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, json_path, err));
    weft_json_object(&out.json, NULL);
    weft_json_text(&out.json, "kind", "recipe");
    for (int i = 0; i < RECIPE_KEYS; i++) {
        const weft_yaml_node *node = weft_yaml_get(yaml->root, recipe_keys[i]);
        if (node && node->text) weft_json_text(&out.json, recipe_keys[i], node->text);
    }
    weft_json_object_end(&out.json);
    return weft_result_commit(&out, err);
}

static void print_recipe(const weft_yaml *yaml, FILE *stream) {
    for (int i = 0; i < RECIPE_KEYS; i++) {
        const weft_yaml_node *node = weft_yaml_get(yaml->root, recipe_keys[i]);
        if (node && node->text) {
            fprintf(stream, "%-12s ", recipe_keys[i]);
            weft_print_wrapped(stream, node->text, 13, 13, 100);
        }
    }
    const weft_yaml_node *layers = weft_yaml_get(yaml->root, "layers");
    for (size_t i = 0; layers && i < layers->count; i++) {
        const weft_yaml_node *layer = layers->values[i];
        const char *kind = layer->text ? layer->text : layer->count ? layer->keys[0]->text : "";
        fprintf(stream, "%s%s", i ? ", " : "layers       ", kind);
    }
    fputc('\n', stream);
}

weft_status weft_info_recipe(const char *path, const char *json_path, FILE *stream, weft_error *err) {
    weft_yaml yaml = {0};
    WEFT_TRY(weft_yaml_load(&yaml, path, err));
    void *recipe = calloc(1, weft_recipe_record.size);
    weft_status status = recipe ? weft_record_read(recipe, &weft_recipe_record, &yaml, yaml.root, err)
                                : weft_error_set(err, WEFT_E_MEMORY, "no memory for a recipe");
    if (status == WEFT_OK) print_recipe(&yaml, stream);
    if (status == WEFT_OK && json_path) status = json_recipe(&yaml, json_path, err);
    free(recipe);
    weft_yaml_destroy(&yaml);
    return status;
}

static weft_status json_dataset(const weft_dataset *set, const size_t counts[2], const char *json_path,
                                weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, json_path, err));
    uint32_t shape[] = {(uint32_t)set->shape.channels, (uint32_t)set->shape.height, (uint32_t)set->shape.width};
    weft_json_object(&out.json, NULL);
    weft_json_text(&out.json, "kind", "dataset");
    weft_json_text(&out.json, "name", set->name);
    weft_json_counts(&out.json, "shape", shape, 3);
    weft_json_count(&out.json, "classes", (uint64_t)set->classes);
    weft_json_count(&out.json, "train_images", counts[0]);
    weft_json_count(&out.json, "test_images", counts[1]);
    weft_json_object_end(&out.json);
    return weft_result_commit(&out, err);
}

weft_status weft_info_dataset(const char *name, const char *json_path, FILE *stream, weft_error *err) {
    size_t counts[2] = {0, 0};
    weft_dataset *set = NULL;
    WEFT_TRY(weft_dataset_open(&set, name, WEFT_SPLIT_TRAIN, err));
    counts[0] = set->count;
    weft_dataset_destroy(set);
    WEFT_TRY(weft_dataset_open(&set, name, WEFT_SPLIT_TEST, err));
    counts[1] = set->count;
    fprintf(stream, "data set  %s\nimages    %zu for training, %zu for testing\nshape     %d x %d x %d\nclasses   %d\n",
            set->name, counts[0], counts[1], set->shape.channels, set->shape.height, set->shape.width, set->classes);
    weft_status status = json_path ? json_dataset(set, counts, json_path, err) : WEFT_OK;
    weft_dataset_destroy(set);
    return status;
}
