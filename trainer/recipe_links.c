/* Names of a recipe's layers, and which layer reads which. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/recipe.h"

typedef struct link_scope {
    const weft_recipe *recipe;
    const weft_yaml *yaml;
    weft_recipe_link *links;
    const char **names; /* of the layers so far, NULL-terminated; names[0] is the network's input */
    bool *read;         /* [layers] */
} link_scope;

static const weft_variant *layer_at(const link_scope *s, int number) {
    return (const weft_variant *)s->recipe->layers.items + number;
}

static weft_status fails(const link_scope *s, int number, const char *key, const char *text, weft_error *err) {
    char path[96];
    snprintf(path, sizeof path, "layers.%d.%s%s%s", number, layer_at(s, number)->record->name, key[0] ? "." : "", key);
    return weft_record_error(s->yaml, s->yaml->root, path, err, "%s", text);
}

/* Number of the layer so named among the first `count`, -1 for the input, -2 for none. */
static int find(const link_scope *s, int count, const char *name) {
    for (int i = 0; i <= count; i++)
        if (strcmp(s->names[i], name) == 0) return i - 1;
    return -2;
}

static weft_status set_name(link_scope *s, int number, int *numbers, weft_error *err) {
    const weft_variant *v = layer_at(s, number);
    const char *given = ((const weft_recipe_place *)v->value)->name;
    char text[200];
    weft_recipe_link *link = &s->links[number];
    int ordinal = ++numbers[v->index];
    if (strlen(given) >= sizeof link->name) return fails(s, number, "name", "is longer than 63 characters", err);
    if (given[0])
        snprintf(link->name, sizeof link->name, "%s", given);
    else
        snprintf(link->name, sizeof link->name, "%s%d", v->record->name, ordinal);
    int other = find(s, number, link->name);
    if (other == -2) return WEFT_OK;
    if (other == -1) return fails(s, number, "name", "'" WEFT_RECIPE_INPUT "' is the network's input", err);
    snprintf(text, sizeof text, "the name '%s' is taken by layers.%d", link->name, other);
    return fails(s, number, given[0] ? "name" : "", text, err);
}

static weft_status set_producer(link_scope *s, int number, const char *key, const char *name, int *out,
                                weft_error *err) {
    char text[320];
    *out = find(s, number, name);
    if (*out >= 0) s->read[*out] = true;
    if (*out >= -1) return WEFT_OK;
    const char *nearest = weft_nearest_name(name, s->names);
    snprintf(text, sizeof text, "no earlier layer is named '%.80s'%s%s%s", name, nearest ? "; did you mean " : "",
             nearest ? nearest : "", nearest ? "?" : "");
    return fails(s, number, key, text, err);
}

static weft_status set_link(link_scope *s, int number, int *numbers, weft_error *err) {
    const weft_variant *v = layer_at(s, number);
    const char *from = ((const weft_recipe_place *)v->value)->from;
    weft_recipe_link *link = &s->links[number];
    WEFT_TRY(set_name(s, number, numbers, err));
    WEFT_TRY(set_producer(s, number, "from", from[0] ? from : s->names[number], &link->input, err));
    if (v->index == WEFT_RECIPE_ADD)
        WEFT_TRY(set_producer(s, number, "with", ((const weft_recipe_add *)v->value)->with, &link->addend, err));
    s->names[number + 1] = link->name;
    return WEFT_OK;
}

static weft_status check_read(const link_scope *s, weft_error *err) {
    char text[160];
    for (int i = 0; i + 1 < (int)s->recipe->layers.count; i++) {
        if (s->read[i]) continue;
        snprintf(text, sizeof text, "no layer reads the output of '%s'", s->links[i].name);
        return fails(s, i, "", text, err);
    }
    return WEFT_OK;
}

weft_status weft_recipe_links(weft_recipe_link **out, const weft_recipe *recipe, const weft_yaml *yaml,
                              weft_error *err) {
    size_t count = recipe->layers.count;
    int numbers[WEFT_RECIPE_LAYER_COUNT] = {0};
    weft_status status = WEFT_OK;
    link_scope s = {.recipe = recipe,
                    .yaml = yaml,
                    .links = calloc(count + 1, sizeof *s.links),
                    .names = calloc(count + 2, sizeof *s.names),
                    .read = calloc(count + 1, sizeof *s.read)};
    *out = NULL;
    if (!s.links || !s.names || !s.read) {
        status = weft_error_set(err, WEFT_E_MEMORY, "out of memory");
        goto cleanup;
    }
    s.names[0] = WEFT_RECIPE_INPUT;
    for (int i = 0; i < (int)count; i++) WEFT_TRY_GOTO(set_link(&s, i, numbers, err));
    WEFT_TRY_GOTO(check_read(&s, err));
    *out = s.links;
    s.links = NULL;
cleanup:
    free(s.links);
    free((void *)s.names);
    free(s.read);
    return status;
}
