/* Keys that an experiment may set, and their values. */
#include <stdlib.h>
#include <string.h>

#include "core/chip.h"
#include "core/training.h"
#include "core/transform.h"
#include "mapper/place.h"
#include "sweep/experiment_internal.h"

enum { PATH_SIZE = 256, NAME_MAX_BYTES = 64 };

weft_status weft_loader_memory(const weft_loader *loader) {
    return weft_error_set(loader->err, WEFT_E_MEMORY, "no memory for the experiment");
}

/* ---- the table of keys ---- */

static size_t count_keys(const weft_record *record) {
    size_t count = 0;
    for (size_t i = 0; i < record->count; i++)
        count += record->fields[i].kind == WEFT_FIELD_RECORD ? record->fields[i].record->count : 1;
    return count;
}

/* Of a key of chips. */
static unsigned chip_users(const weft_field *section) {
    if (!section->only) return WEFT_CROSSBAR_USERS | WEFT_SPIKING_USERS;
    return !strcmp(section->only, "spiking") ? WEFT_SPIKING_USERS : WEFT_CROSSBAR_USERS;
}

/* Chips of both kinds have some keys each in a section of its own, with the same values. */
static bool is_known(weft_loader *loader, const char *path, unsigned users) {
    for (size_t i = 0; i < loader->key_count; i++) {
        if (!loader->keys[i].chip || strcmp(loader->keys[i].path, path) != 0) continue;
        loader->keys[i].users |= users;
        return true;
    }
    return false;
}

static weft_status add_key(weft_loader *loader, const weft_field *section, const weft_field *field, bool chip) {
    weft_setting_key *key = &loader->keys[loader->key_count];
    const char *path = section ? weft_arena_printf(loader->yaml->arena, "%s.%s", section->key, field->key) : field->key;
    if (!path) return weft_loader_memory(loader);
    if (chip && is_known(loader, path, chip_users(section))) return WEFT_OK;
    key->path = path;
    key->field = field;
    key->chip = chip;
    key->offset = (section ? section->offset : 0) + field->offset;
    key->users = chip ? chip_users(section) : weft_setting_users(key->path);
    loader->key_names[loader->key_count++] = key->path;
    return WEFT_OK;
}

/* Of a chip, its sections alone: its name and sources are the file's own. */
static weft_status add_keys(weft_loader *loader, const weft_record *record, bool chip) {
    for (size_t i = 0; i < record->count; i++) {
        const weft_field *field = &record->fields[i];
        if (field->kind == WEFT_FIELD_RECORD)
            for (size_t k = 0; k < field->record->count; k++)
                WEFT_TRY(add_key(loader, field, &field->record->fields[k], chip));
        else if (!chip)
            WEFT_TRY(add_key(loader, NULL, field, false));
    }
    return WEFT_OK;
}

weft_status weft_loader_keys(weft_loader *loader) {
    const size_t most = count_keys(&weft_point_record) + count_keys(&weft_chip_record);
    loader->keys = weft_arena_alloc(loader->yaml->arena, most * sizeof *loader->keys);
    loader->key_names = weft_arena_alloc(loader->yaml->arena, (most + 1) * sizeof *loader->key_names);
    loader->seen = weft_arena_alloc(loader->yaml->arena, most * sizeof *loader->seen);
    if (!loader->keys || !loader->key_names || !loader->seen) return weft_loader_memory(loader);
    WEFT_TRY(add_keys(loader, &weft_point_record, false));
    WEFT_TRY(add_keys(loader, &weft_chip_record, true));
    loader->kind = weft_loader_key(loader, "kind");
    return WEFT_OK;
}

const weft_setting_key *weft_loader_key(const weft_loader *loader, const char *path) {
    for (size_t i = 0; i < loader->key_count; i++)
        if (!strcmp(loader->keys[i].path, path)) return &loader->keys[i];
    return NULL;
}

bool weft_loader_is_section(const weft_loader *loader, const char *path) {
    const size_t length = strlen(path);
    for (size_t i = 0; i < loader->key_count; i++)
        if (!strncmp(loader->keys[i].path, path, length) && loader->keys[i].path[length] == '.') return true;
    return false;
}

weft_status weft_loader_unknown_key(const weft_loader *loader, const char *path, const weft_yaml_node *node) {
    const char *near = weft_nearest_name(path, loader->key_names);
    if (near)
        return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err, "%.200s: unknown key; did you mean %s?",
                               path, near);
    return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err,
                           "%.200s: unknown key; it is neither a setting of a point ('weft describe experiment') nor "
                           "a key of a chip ('weft describe chip')",
                           path);
}

weft_status weft_loader_check_name(const weft_loader *loader, const char *what, const char *name,
                                   const weft_yaml_node *node) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    const size_t length = strlen(name);
    if (length && length <= NAME_MAX_BYTES && strspn(name, allowed) == length && name[0] != '-' && name[0] != '.')
        return WEFT_OK;
    return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err,
                           "'%.80s' is no name for %s: 1 to %d letters, digits, '_', '-' and '.', the last two not "
                           "first",
                           name, what, NAME_MAX_BYTES);
}

/* ---- values as text ---- */

/* Inside of [] and {}, plain texts that mean something there are quoted. */
static void write_scalar(FILE *stream, const weft_yaml_node *node) {
    if (node->quoted || strpbrk(node->text, ",[]{}#:\n"))
        weft_yaml_print_string(stream, node->text);
    else
        fputs(node->text, stream);
}

static void write_node(FILE *stream, const weft_yaml_node *node) {
    if (node->kind == WEFT_YAML_SCALAR) {
        write_scalar(stream, node);
        return;
    }
    const bool map = node->kind == WEFT_YAML_MAP;
    fputc(map ? '{' : '[', stream);
    for (size_t i = 0; i < node->count; i++) {
        if (i) fputs(", ", stream);
        if (map) {
            write_scalar(stream, node->keys[i]);
            fputs(": ", stream);
        }
        write_node(stream, node->values[i]);
    }
    fputc(map ? '}' : ']', stream);
}

weft_status weft_node_text(const char **out, const weft_loader *loader, const char *path, const weft_yaml_node *node) {
    if (node->kind == WEFT_YAML_SCALAR) {
        *out = node->text;
        if (node->text[0] != '[' && node->text[0] != '{') return WEFT_OK;
        return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err,
                               "%s: a text must not begin with '%c' here", path, node->text[0]);
    }
    char *buffer = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&buffer, &size);
    if (!stream) return weft_loader_memory(loader);
    write_node(stream, node);
    const bool good = fclose(stream) == 0;
    *out = good ? weft_arena_strndup(loader->yaml->arena, buffer, size) : NULL;
    free(buffer);
    return *out ? WEFT_OK : weft_loader_memory(loader);
}

/* ---- one value ---- */

#define FAIL(...) return weft_yaml_error(loader->yaml, s->node, WEFT_E_INVALID, loader->err, __VA_ARGS__)

static weft_status check_transform(const weft_loader *loader, const weft_setting *s) {
    weft_transform_chain chain = {0};
    weft_error inner = {0};
    if (!s->text[0] || weft_transform_chain_parse(&chain, s->text, &inner) == WEFT_OK) return WEFT_OK;
    FAIL("transform: %s", inner.text);
}

static weft_status check_recalibrate(const weft_loader *loader, const weft_setting *s) {
    size_t images = 0;
    if (s->text[0] && weft_recalibrate_parse(&images, s->text, NULL) == WEFT_OK) return WEFT_OK;
    FAIL("recalibrate: '%.80s' is neither a number of training images nor all nor none", s->text);
}

static weft_status check_precision(const weft_loader *loader, const weft_setting *s) {
    if (!strcmp(s->text, "fp32") || !strcmp(s->text, "bf16") || !strcmp(s->text, "auto")) return WEFT_OK;
    FAIL("precision: '%.80s' is not one of fp32, bf16, auto", s->text);
}

static weft_status check_placer(const weft_loader *loader, const weft_setting *s) {
    const char *names[16] = {0};
    if (!s->text[0] || weft_placer_find(s->text)) return WEFT_OK;
    for (int i = 0; weft_placers[i].name && i < 15; i++) names[i] = weft_placers[i].name;
    const char *near = weft_nearest_name(s->text, names);
    FAIL("map.placer: unknown placer '%.80s'%s%s%s", s->text, near ? "; did you mean " : "", near ? near : "",
         near ? "?" : "");
}

/* What stands for a name is kept with the setting. */
static weft_status look_up(weft_loader *loader, weft_setting *s) {
    const char *path = s->key->path;
    if (!strcmp(path, "transform")) return check_transform(loader, s);
    if (!strcmp(path, "recalibrate")) return check_recalibrate(loader, s);
    if (!strcmp(path, "precision")) return check_precision(loader, s);
    if (!strcmp(path, "map.placer")) return check_placer(loader, s);
    if (!s->text[0]) return WEFT_OK;
    if (!strcmp(path, "net")) return weft_loader_find_net(loader, &s->index, s->text, s->node);
    if (!strcmp(path, "chip")) return weft_loader_find_chip(loader, &s->index, s->text, s->node);
    if (!strcmp(path, "dataset")) return weft_loader_find_dataset(loader, &s->file, s->text, s->node);
    if (!strcmp(path, "trace") || !strcmp(path, "spikes"))
        return weft_loader_find_file(loader, &s->file, path, s->text, s->node);
    return WEFT_OK;
}

/* A key of the chip that is to be left out. */
static bool is_unset(const weft_setting *s) {
    if (s->node->kind != WEFT_YAML_SCALAR || !s->key->field->default_text) return false;
    return s->key->field->kind != WEFT_FIELD_STRING && (!s->text[0] || !strcmp(s->text, "null"));
}

/* By its field here, with the place of the value; with the rest of the chip when the chip is loaded. */
static weft_status read_chip_key(weft_loader *loader, weft_setting *s) {
    union {
        weft_cited cited;
        weft_variant variant;
        int64_t pair[2];
    } scratch;
    const weft_field *field = s->key->field;
    s->set = weft_arena_printf(loader->yaml->arena, "%s=%s", s->key->path, s->text);
    if (!s->set) return weft_loader_memory(loader);
    if (is_unset(s)) return WEFT_OK;
    if (weft_field_size(field) > sizeof scratch) FAIL("%s: cannot be set here", s->key->path);
    return weft_field_read(&scratch, field, s->key->path, loader->yaml, s->node, loader->err);
}

weft_status weft_setting_read(weft_loader *loader, weft_setting *s, const weft_setting_key *key,
                              const weft_yaml_node *node) {
    *s = (weft_setting){.key = key, .node = node, .index = -1};
    WEFT_TRY(weft_node_text(&s->text, loader, key->path, node));
    if (key->chip) return read_chip_key(loader, s);
    WEFT_TRY(weft_field_read(s->value, key->field, key->path, loader->yaml, node, loader->err));
    return look_up(loader, s);
}

/* ---- maps of values ---- */

static weft_status append(weft_loader *loader, weft_settings_list *list, const weft_setting *s) {
    size_t *seen = &loader->seen[s->key - loader->keys];
    if (*seen == loader->stamp) FAIL("%s: is given twice here", s->key->path);
    *seen = loader->stamp;
    /* doubled at powers of two; the old items stay in the arena */
    if ((list->count & (list->count - 1)) == 0) {
        const size_t room = list->count ? 2 * list->count : 1;
        weft_setting *items = weft_arena_alloc(loader->yaml->arena, room * sizeof *items);
        if (!items) return weft_loader_memory(loader);
        if (list->count) memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
    }
    list->items[list->count++] = *s;
    return WEFT_OK;
}

/* Taken back from outside: --set images= */
static bool is_taken_back(const weft_setting_key *key, const weft_yaml_node *node) {
    if (!node->place || node->kind != WEFT_YAML_SCALAR || key->field->kind == WEFT_FIELD_STRING) return false;
    return !node->text[0] || !strcmp(node->text, "null");
}

static weft_status read_map(weft_loader *loader, weft_settings_list *out, const weft_yaml_node *map,
                            const char *section, weft_settings_scope scope) {
    for (size_t i = 0; i < map->count; i++) {
        char path[PATH_SIZE];
        const weft_yaml_node *name = map->keys[i], *node = map->values[i];
        snprintf(path, sizeof path, "%s%s%s", section, section[0] ? "." : "", name->text);
        const weft_setting_key *key = weft_loader_key(loader, path);
        if (scope == WEFT_SCOPE_TOP && !weft_setting_users(path)) continue;
        if (!key && weft_loader_is_section(loader, path)) {
            if (node->kind != WEFT_YAML_MAP)
                return weft_yaml_error(loader->yaml, node, WEFT_E_INVALID, loader->err,
                                       "%s: is a section; expects a map of its keys", path);
            WEFT_TRY(read_map(loader, out, node, path, scope));
            continue;
        }
        if (!key) return weft_loader_unknown_key(loader, path, name);
        if (scope == WEFT_SCOPE_CHIP && !key->chip)
            return weft_yaml_error(loader->yaml, name, WEFT_E_INVALID, loader->err,
                                   "%s: is a setting of points and no key of a chip", path);
        if (is_taken_back(key, node)) continue;
        weft_setting setting;
        WEFT_TRY(weft_setting_read(loader, &setting, key, node));
        WEFT_TRY(append(loader, out, &setting));
    }
    return WEFT_OK;
}

weft_status weft_settings_read(weft_loader *loader, weft_settings_list *out, const weft_yaml_node *map,
                               weft_settings_scope scope) {
    *out = (weft_settings_list){0};
    loader->stamp++;
    return map ? read_map(loader, out, map, "", scope) : WEFT_OK;
}
