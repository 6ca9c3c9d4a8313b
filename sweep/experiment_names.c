/* What the names in an experiment stand for: nets, chips, data sets, traces, spikes. */
#include <stdlib.h>
#include <string.h>

#include "core/dataset.h"
#include "sweep/experiment_internal.h"
#include "trainer/recipe.h"

enum { PATH_SIZE = 4096, NAMES_MAX = 256 };

#define FAIL(node, status, ...) return weft_yaml_error(loader->yaml, node, status, loader->err, __VA_ARGS__)

/* ---- files ---- */

static bool is_file(const char *path) { return weft_path_exists(path) && !weft_path_is_folder(path); }

/* Beside the experiment, then from the current folder; false: neither. */
static bool find_file(char out[PATH_SIZE], const weft_loader *loader, const char *name,
                      bool (*is_there)(const char *path)) {
    if (weft_path_join(out, PATH_SIZE, loader->folder, name, NULL) == WEFT_OK && is_there(out)) return true;
    if (strlen(name) >= PATH_SIZE || !is_there(name)) return false;
    memcpy(out, name, strlen(name) + 1);
    return true;
}

/* As find_file, or else one of weft's own. *error: why not. */
static weft_status find_data(char out[PATH_SIZE], const weft_loader *loader, const char *kind, const char *name,
                             weft_error *error) {
    if (name[0] && find_file(out, loader, name, is_file)) return WEFT_OK;
    return weft_data_find(out, PATH_SIZE, kind, name, error);
}

static weft_status keep(const char **out, const weft_loader *loader, const char *text) {
    *out = weft_arena_strdup(loader->yaml->arena, text);
    return *out ? WEFT_OK : weft_loader_memory(loader);
}

/* ---- nets ---- */

static weft_status add_net(weft_loader *loader, const char *name, const weft_yaml_node *node,
                           weft_experiment_net **net) {
    weft_experiment *x = loader->out;
    if ((x->net_count & (x->net_count - 1)) == 0) {
        const size_t room = x->net_count ? 2 * (size_t)x->net_count : 1;
        weft_experiment_net *nets = realloc(x->nets, room * sizeof *nets);
        if (!nets) return weft_loader_memory(loader);
        x->nets = nets;
    }
    *net = &x->nets[x->net_count++];
    memset(*net, 0, sizeof **net);
    **net = (weft_experiment_net){.name = name, .recipe = "", .at = node};
    return WEFT_OK;
}

/* "KEY=VALUE" for every key of a map. */
static weft_status read_recipe_set(weft_loader *loader, weft_experiment_net *net, const weft_yaml_node *set) {
    net->set = weft_arena_alloc(loader->yaml->arena, ((set ? set->count : 0) + 1) * sizeof *net->set);
    if (!net->set) return weft_loader_memory(loader);
    for (size_t i = 0; set && i < set->count; i++) {
        const char *text = NULL;
        WEFT_TRY(weft_node_text(&text, loader, set->keys[i]->text, set->values[i]));
        net->set[i] = weft_arena_printf(loader->yaml->arena, "%s=%s", set->keys[i]->text, text);
        if (!net->set[i]) return weft_loader_memory(loader);
        net->set_count++;
    }
    return WEFT_OK;
}

/* A recipe's error at the key that it is about. */
static weft_status recipe_error(const weft_loader *loader, const weft_experiment_net *net, const weft_file_net *from,
                                const weft_error *inner) {
    static const char mark[] = "--set ";
    char text[sizeof inner->text + sizeof inner->file];
    for (int i = 0; i < net->set_count; i++)
        if (!strncmp(inner->file, mark, sizeof mark - 1) && !strcmp(inner->file + sizeof mark - 1, net->set[i]))
            FAIL(from->set->values[i], inner->status, "%s", inner->text);
    weft_error_format(inner, text, sizeof text);
    FAIL(weft_yaml_get(net->at, "recipe"), inner->status, "recipe %s: %.800s", from->recipe, text);
}

static weft_status read_recipe(weft_loader *loader, weft_experiment_net *net, const weft_file_net *from) {
    char path[PATH_SIZE];
    weft_recipe recipe;
    weft_error inner = {0};
    if (find_data(path, loader, "recipes", from->recipe, &inner) != WEFT_OK)
        FAIL(weft_yaml_get(net->at, "recipe"), inner.status, "recipe: %.900s", inner.text);
    WEFT_TRY(keep(&net->recipe, loader, path));
    WEFT_TRY(read_recipe_set(loader, net, from->set));
    weft_status status = weft_recipe_load(&recipe, path, net->set, net->set_count, NULL, &inner);
    if (status == WEFT_OK) status = weft_recipe_hash(&net->hash, &recipe, &inner);
    weft_recipe_destroy(&recipe);
    return status == WEFT_OK ? WEFT_OK : recipe_error(loader, net, from, &inner);
}

static weft_status read_net(weft_loader *loader, const weft_named *named) {
    const weft_file_net *from = named->value;
    weft_experiment_net *net = NULL;
    WEFT_TRY(weft_loader_check_name(loader, "a net", named->name, named->key));
    WEFT_TRY(add_net(loader, named->name, named->node, &net));
    if (from->recipe[0]) return read_recipe(loader, net, from);
    if (find_file(net->path, loader, from->file, is_file)) return WEFT_OK;
    FAIL(weft_yaml_get(named->node, "file"), WEFT_E_IO,
         "file: no file '%.300s', neither beside the experiment nor in the current folder", from->file);
}

weft_status weft_loader_find_net(weft_loader *loader, int *index, const char *name, const weft_yaml_node *node) {
    const char *names[NAMES_MAX + 1] = {0};
    char path[PATH_SIZE];
    weft_experiment_net *net = NULL;
    for (int i = 0; i < loader->out->net_count; i++) {
        *index = i;
        if (!strcmp(loader->out->nets[i].name, name)) return WEFT_OK;
        if (i < NAMES_MAX) names[i] = loader->out->nets[i].name;
    }
    if (!find_file(path, loader, name, is_file)) {
        const char *near = weft_nearest_name(name, names);
        FAIL(node, WEFT_E_INVALID, "net: '%.200s' is neither one of `nets` nor a file%s%s%s", name,
             near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    *index = loader->out->net_count;
    WEFT_TRY(add_net(loader, name, node, &net));
    memcpy(net->path, path, sizeof path);
    return WEFT_OK;
}

/* ---- chips ---- */

/* Files that cannot be read are refused when their chip is loaded, with what is wrong. */
static bool is_spiking(const char *path) {
    weft_yaml yaml = {0};
    const bool read = weft_yaml_load(&yaml, path, NULL) == WEFT_OK && yaml.root->kind == WEFT_YAML_MAP;
    const weft_yaml_node *kind = read ? weft_yaml_get(yaml.root, "kind") : NULL;
    const bool is = kind && kind->kind == WEFT_YAML_SCALAR && !strcmp(kind->text, "spiking");
    weft_yaml_destroy(&yaml);
    return is;
}

static weft_status add_chip(weft_loader *loader, const char *name, const char *path, const weft_yaml_node *node,
                            weft_chip_pick **out) {
    if ((loader->chip_count & (loader->chip_count - 1)) == 0) {
        const size_t room = loader->chip_count ? 2 * (size_t)loader->chip_count : 1;
        weft_chip_pick *chips = realloc(loader->chips, room * sizeof *chips);
        if (!chips) return weft_loader_memory(loader);
        loader->chips = chips;
    }
    *out = &loader->chips[loader->chip_count];
    **out = (weft_chip_pick){.name = name, .spiking = is_spiking(path), .node = node};
    WEFT_TRY(keep(&(*out)->path, loader, path));
    loader->chip_count++;
    return WEFT_OK;
}

static weft_status read_chip(weft_loader *loader, const weft_named *named) {
    const weft_file_chip *from = named->value;
    const weft_yaml_node *node = weft_yaml_get(named->node, "chip");
    char path[PATH_SIZE];
    weft_error inner = {0};
    weft_chip_pick *chip = NULL;
    WEFT_TRY(weft_loader_check_name(loader, "a chip", named->name, named->key));
    if (find_data(path, loader, "hwconfigs", from->chip, &inner) != WEFT_OK)
        FAIL(node, inner.status, "chip: %.900s", inner.text);
    WEFT_TRY(add_chip(loader, named->name, path, node, &chip));
    return weft_settings_read(loader, &chip->set, from->set, WEFT_SCOPE_CHIP);
}

weft_status weft_loader_find_chip(weft_loader *loader, int *index, const char *name, const weft_yaml_node *node) {
    const char *names[NAMES_MAX + 1] = {0};
    char path[PATH_SIZE];
    weft_error inner = {0};
    weft_chip_pick *chip = NULL;
    for (int i = 0; i < loader->chip_count; i++) {
        *index = i;
        if (!strcmp(loader->chips[i].name, name)) return WEFT_OK;
        if (i < NAMES_MAX) names[i] = loader->chips[i].name;
    }
    if (find_data(path, loader, "hwconfigs", name, &inner) != WEFT_OK) {
        const char *near = weft_nearest_name(name, names);
        if (near)
            FAIL(node, WEFT_E_INVALID,
                 "chip: '%.200s' is neither one of `chips`, a file nor an installed chip; did "
                 "you mean %s?",
                 name, near);
        FAIL(node, inner.status, "chip: %.900s", inner.text);
    }
    *index = loader->chip_count;
    return add_chip(loader, name, path, node, &chip);
}

/* ---- data sets, traces, spikes ---- */

weft_status weft_loader_find_dataset(weft_loader *loader, const char **file, const char *name,
                                     const weft_yaml_node *node) {
    char path[PATH_SIZE], folder[PATH_SIZE];
    weft_error inner = {0};
    if (weft_dataset_find(folder, sizeof folder, name, &inner) == WEFT_OK) return keep(file, loader, name);
    if (find_file(path, loader, name, weft_path_is_folder) &&
        weft_dataset_find(folder, sizeof folder, path, &inner) == WEFT_OK)
        return keep(file, loader, path);
    FAIL(node, inner.status, "dataset: %.900s", inner.text);
}

weft_status weft_loader_find_file(weft_loader *loader, const char **file, const char *setting, const char *name,
                                  const weft_yaml_node *node) {
    char path[PATH_SIZE];
    if (find_file(path, loader, name, is_file)) return keep(file, loader, path);
    FAIL(node, WEFT_E_IO, "%s: no file '%.300s', neither beside the experiment nor in the current folder", setting,
         name);
}

weft_status weft_loader_names(weft_loader *loader) {
    const weft_named *nets = loader->file.nets.items, *chips = loader->file.chips.items;
    for (size_t i = 0; i < loader->file.nets.count; i++) WEFT_TRY(read_net(loader, &nets[i]));
    for (size_t i = 0; i < loader->file.chips.count; i++) WEFT_TRY(read_chip(loader, &chips[i]));
    return WEFT_OK;
}
