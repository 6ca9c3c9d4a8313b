/* Shorthand for the field tables of recipes. Internal to the recipe_*.c files. */
#ifndef WEFT_TRAINER_RECIPE_INTERNAL_H
#define WEFT_TRAINER_RECIPE_INTERNAL_H

#include <stddef.h>

#include "trainer/recipe.h"

/* struct, member, key, kind, unit, min, max, default, doc. */
#define FIELD_AS(type, member, key_, kind_, unit_, min_, max_, default_, doc_)                                         \
    {                                                                                                                  \
        .key = key_, .kind = WEFT_FIELD_##kind_, .offset = offsetof(type, member), .unit = unit_, .min = min_,         \
        .max = max_, .default_text = default_, .doc = doc_                                                             \
    }
#define FIELD(type, member, kind_, unit_, min_, max_, default_, doc_)                                                  \
    FIELD_AS(type, member, #member, kind_, unit_, min_, max_, default_, doc_)
#define CHOICE(type, member, choices_, default_, doc_)                                                                 \
    {                                                                                                                  \
        .key = #member, .kind = WEFT_FIELD_ENUM, .offset = offsetof(type, member), .unit = "",                         \
        .default_text = default_, .doc = doc_, .choices = choices_                                                     \
    }
#define COUNT(fields) (sizeof(fields) / sizeof(fields)[0])
#define RECORD(identifier, name_, type, fields_, check_, doc_)                                                         \
    static const weft_record identifier = {name_, doc_, sizeof(type), fields_, COUNT(fields_), check_}

extern const weft_record *const weft_recipe_layers[]; /* by weft_recipe_layer, NULL-terminated */
/* INVALID at node's key "projection" when text is no transform chain. */
weft_status weft_recipe_check_projection(const char *text, const weft_yaml *yaml, const weft_yaml_node *node,
                                         weft_error *err);

#endif
