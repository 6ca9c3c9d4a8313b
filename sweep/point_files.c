/* Files that results depend on, and their hashes. */
#include <stdlib.h>
#include <string.h>

#include "core/yaml.h"
#include "sweep/point_internal.h"

/* ---- facts ---- */

weft_status weft_facts_begin(weft_facts *facts, weft_error *err) {
    *facts = (weft_facts){0};
    facts->stream = open_memstream(&facts->text, &facts->size);
    return facts->stream ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for a key");
}

weft_status weft_facts_end(weft_sha256 *out, weft_facts *facts, weft_error *err) {
    bool failed = ferror(facts->stream) != 0;
    failed |= fclose(facts->stream) != 0;
    if (!failed) *out = weft_sha256_bytes(facts->text, facts->size);
    free(facts->text);
    return failed ? weft_error_set(err, WEFT_E_MEMORY, "no memory for a key") : WEFT_OK;
}

void weft_facts_text(const weft_facts *facts, const char *name, const char *text) {
    fprintf(facts->stream, "%s %zu:%s\n", name, strlen(text), text);
}

/* ---- files ---- */

weft_status weft_point_keys_create(weft_point_keys **out, const weft_experiment *experiment, weft_error *err) {
    *out = calloc(1, sizeof **out);
    if (!*out) return weft_error_set(err, WEFT_E_MEMORY, "no memory for keys");
    (*out)->experiment = experiment;
    return WEFT_OK;
}

static void free_files(weft_known_file *file) {
    while (file) {
        weft_known_file *next = file->next;
        free(file);
        file = next;
    }
}

void weft_point_keys_destroy(weft_point_keys *keys) {
    if (!keys) return;
    free_files(keys->files);
    free_files(keys->sets);
    for (int i = 0; i < keys->chip_count; i++) {
        free(keys->chips[i].name);
        free(keys->chips[i].text);
    }
    free(keys->chips);
    free(keys);
}

typedef weft_status hash_by_name(weft_sha256 *out, const char *name, weft_error *err);

static weft_status find_hash(const char **hex, weft_known_file **files, const char *name, hash_by_name *hash,
                             weft_error *err) {
    for (weft_known_file *file = *files; file; file = file->next)
        if (!strcmp(file->path, name)) {
            *hex = file->hash.hex;
            return WEFT_OK;
        }
    const size_t size = strlen(name) + 1;
    weft_known_file *added = malloc(sizeof *added + size);
    if (!added) return weft_error_set(err, WEFT_E_MEMORY, "no memory for keys");
    const weft_status status = hash(&added->hash, name, err);
    if (status != WEFT_OK) {
        free(added);
        return status;
    }
    memcpy(added->path, name, size);
    added->next = *files;
    *files = added;
    *hex = added->hash.hex;
    return WEFT_OK;
}

weft_status weft_point_file_hash(const char **hex, weft_point_keys *keys, const char *path, weft_error *err) {
    return find_hash(hex, &keys->files, path, weft_sha256_file, err);
}

weft_status weft_point_dataset_hash(const char **hex, weft_point_keys *keys, const char *name, weft_error *err) {
    return find_hash(hex, &keys->sets, name, weft_dataset_hash, err);
}

/* ---- chips ---- */

static char *copy_text(const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

static weft_status read_chip(weft_known_chip *chip, const char *name, weft_error *err) {
    weft_chip *loaded = NULL;
    WEFT_TRY(weft_data_find(chip->path, sizeof chip->path, "hwconfigs", name, err));
    WEFT_TRY(weft_chip_load(&loaded, name, NULL, 0, err));
    chip->has_table = loaded->device.program_table[0] != '\0';
    weft_chip_destroy(loaded);
    WEFT_TRY(weft_file_read(&chip->text, &chip->size, chip->path, WEFT_YAML_BYTES_MAX, err));
    chip->name = copy_text(name);
    if (chip->name) return WEFT_OK;
    free(chip->text);
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for keys");
}

weft_status weft_point_known_chip(const weft_known_chip **out, weft_point_keys *keys, const char *name,
                                  weft_error *err) {
    for (int i = 0; i < keys->chip_count; i++)
        if (!strcmp(keys->chips[i].name, name)) {
            *out = &keys->chips[i];
            return WEFT_OK;
        }
    weft_known_chip *grown = realloc(keys->chips, ((size_t)keys->chip_count + 1) * sizeof *grown);
    if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for keys");
    keys->chips = grown;
    grown[keys->chip_count] = (weft_known_chip){0};
    WEFT_TRY(read_chip(&grown[keys->chip_count], name, err));
    *out = &grown[keys->chip_count++];
    return WEFT_OK;
}

/* Settings under which a table of programming errors may be read. */
static bool sets_table(const char *setting) {
    return !strncmp(setting, "device.program_table", 20) || !strncmp(setting, "device=", 7);
}

/* weft_chip.sha256 without loading the chip, but where a table's bytes belong to it. */
weft_status weft_point_chip_hash(weft_point_keys *keys, const weft_point *point, weft_error *err) {
    const weft_known_chip *known = NULL;
    WEFT_TRY(weft_point_known_chip(&known, keys, point->chip, err));
    bool loads = known->has_table;
    for (int i = 0; i < point->set_count; i++) loads |= sets_table(point->set[i]);
    if (!loads) return weft_chip_hash(&keys->chip_hash, known->text, known->size, point->set, point->set_count, err);
    weft_chip *chip = NULL;
    WEFT_TRY(weft_chip_load(&chip, point->chip, point->set, point->set_count, err));
    keys->chip_hash = chip->sha256;
    weft_chip_destroy(chip);
    return WEFT_OK;
}
