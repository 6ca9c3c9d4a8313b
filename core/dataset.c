#include "core/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/dataset_forms.h"
#include "core/file.h"
#include "core/zca.h"

typedef struct known_set {
    const char *name;
    const char *system_folder; /* where Debian installs it, or NULL */
} known_set;
static const known_set known_sets[] = {
    {"fashion-mnist", "/usr/share/datasets/fashion-mnist"}, {"mnist", NULL}, {"cifar10", NULL}};

static const weft_dataset_form *const forms[] = {&weft_dataset_form_idx, &weft_dataset_form_cifar_binary,
                                                 &weft_dataset_form_cifar_png};

enum { PLACES_MAX = 4, PLACE_SIZE = 4096 };
typedef struct places {
    int count;
    char folder[PLACES_MAX][PLACE_SIZE];
} places;

static const known_set *known_set_find(const char *name) {
    for (size_t i = 0; i < sizeof known_sets / sizeof known_sets[0]; i++)
        if (strcmp(known_sets[i].name, name) == 0) return &known_sets[i];
    return NULL;
}

static const weft_dataset_form *form_find(const char *folder) {
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (forms[i]->present(folder)) return forms[i];
    return NULL;
}

/* A place too long for a path is no place. */
static void places_add(places *p, const char *root, const char *name) {
    if (weft_path_join(p->folder[p->count], PLACE_SIZE, root, name, NULL) == WEFT_OK) p->count++;
}

static void places_list(places *p, const known_set *set) {
    const char *root = getenv("WEFT_DATA");
    p->count = 0;
    if (root && root[0]) places_add(p, root, set->name);
    places_add(p, "data", set->name);
    places_add(p, WEFT_SOURCE_FOLDER "/data", set->name);
    if (set->system_folder) places_add(p, "/", set->system_folder);
}

/* "a, b, c", cut short where it does not fit. */
static void places_format(const places *p, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < p->count && used < size; i++) {
        int n = snprintf(out + used, size - used, "%s%s", i ? ", " : "", p->folder[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

static weft_status known_set_locate(const known_set *set, char *folder, const weft_dataset_form **form,
                                    weft_error *err) {
    places *p = malloc(sizeof *p);
    if (!p) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    places_list(p, set);
    weft_status status = WEFT_E_IO;
    for (int i = 0; i < p->count && status != WEFT_OK; i++) {
        *form = form_find(p->folder[i]);
        if (!*form) continue;
        memcpy(folder, p->folder[i], PLACE_SIZE);
        status = WEFT_OK;
    }
    if (status != WEFT_OK) {
        char tried[700];
        places_format(p, tried, sizeof tried);
        weft_error_set(err, status, "data set \"%s\" is not installed: run scripts/get-data %s (looked in %s)",
                       set->name, set->name, tried);
    }
    free(p);
    return status;
}

static weft_status path_locate(const char *name, char *folder, const weft_dataset_form **form, weft_error *err) {
    static const char *const names[] = {"fashion-mnist", "mnist", "cifar10", NULL};
    if (!weft_path_is_folder(name)) {
        const char *near = weft_text_nearest(name, names);
        return weft_error_set(err, WEFT_E_IO,
                              "data set \"%s\" is neither a folder nor one of fashion-mnist, mnist, cifar10%s%s%s",
                              name, near ? "; nearest is '" : "", near ? near : "", near ? "'" : "");
    }
    if (strlen(name) >= PLACE_SIZE) return weft_error_set(err, WEFT_E_INVALID, "the path of a data set is too long");
    memcpy(folder, name, strlen(name) + 1);
    *form = form_find(name);
    if (*form) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_IO, name, 0, 0,
                             "no data set in this folder; it should hold IDX files (train-images-idx3-ubyte[.gz] ...), "
                             "CIFAR-10 batches (data_batch_1.bin ...) or CIFAR-10 images (data_batch_1.png ...)");
}

static weft_status locate(const char *name, char *folder, const weft_dataset_form **form, weft_error *err) {
    const known_set *known = known_set_find(name);
    *form = NULL;
    return known ? known_set_locate(known, folder, form, err) : path_locate(name, folder, form, err);
}

weft_status weft_dataset_find(char *folder, size_t size, const char *name, weft_error *err) {
    char found[PLACE_SIZE];
    const weft_dataset_form *form = NULL;
    WEFT_TRY(locate(name, found, &form, err));
    return weft_path_join(folder, size, "", found, err);
}

/* Of "HASH\n" a file, an empty line for one that is missing. */
weft_status weft_dataset_hash(weft_sha256 *out, const char *name, weft_error *err) {
    enum { FILES_MAX = 16 };
    char folder[PLACE_SIZE], path[PLACE_SIZE], all[FILES_MAX * 65 + 1];
    const weft_dataset_form *form = NULL;
    size_t used = 0;
    WEFT_TRY(locate(name, folder, &form, err));
    for (int i = 0; i < FILES_MAX && form->file(path, sizeof path, folder, i); i++) {
        weft_sha256 hash = {""};
        if (path[0]) WEFT_TRY(weft_sha256_file(&hash, path, err));
        used += (size_t)snprintf(all + used, sizeof all - used, "%s\n", hash.hex);
    }
    *out = weft_sha256_bytes(all, used);
    return WEFT_OK;
}

weft_status weft_dataset_open(weft_dataset **out, const char *name, weft_split split, weft_error *err) {
    char folder[PLACE_SIZE];
    const weft_dataset_form *form = NULL;
    *out = NULL;
    WEFT_TRY(locate(name, folder, &form, err));
    weft_status status = WEFT_OK;
    weft_dataset *set = calloc(1, sizeof *set);
    if (set) set->name = malloc(strlen(name) + 1);
    if (!set || !set->name) {
        status = weft_error_set(err, WEFT_E_MEMORY, "out of memory");
        goto cleanup;
    }
    memcpy(set->name, name, strlen(name) + 1);
    WEFT_TRY_GOTO(form->load(set, folder, split, err));
    *out = set;
    set = NULL;
cleanup:
    weft_dataset_destroy(set);
    return status;
}

weft_status weft_network_check_dataset(const weft_network *net, const weft_dataset *set, weft_error *err) {
    weft_shape a = net->input, b = set->shape;
    if (a.channels != b.channels || a.height != b.height || a.width != b.width)
        return weft_error_set(
            err, WEFT_E_INVALID,
            "network %s takes images of %dx%dx%d, but those of %s are %dx%dx%d (channels x rows x columns)", net->name,
            a.channels, a.height, a.width, set->name, b.channels, b.height, b.width);
    size_t outputs = net->layer_count ? weft_shape_size(net->layers[net->layer_count - 1].out) : 0;
    if (outputs != (size_t)set->classes)
        return weft_error_set(err, WEFT_E_INVALID, "network %s has %zu outputs, but %s has %d classes", net->name,
                              outputs, set->name, set->classes);
    return WEFT_OK;
}

void weft_dataset_destroy(weft_dataset *set) {
    if (!set) return;
    free(set->name);
    free(set->pixels);
    free(set->labels);
    weft_aligned_free(set->inputs);
    weft_zca_release(set->inputs_zca);
    free(set);
}
