/* Canonical text of a resolved recipe, for its hash: every key with its value but the description, in the order of the
 * field tables. */
#include <stdlib.h>
#include <string.h>

#include "trainer/recipe.h"

static void print_record(FILE *stream, const weft_record *record, const char *value);

static void print_variant(FILE *stream, const weft_variant *v) {
    if (v->record == NULL) return;
    fprintf(stream, "%s{", v->record->name);
    print_record(stream, v->record, v->value);
    fputc('}', stream);
}

static void print_reals(FILE *stream, const weft_reals *reals) {
    for (size_t i = 0; i < reals->count; i++) fprintf(stream, "%.17g,", reals->items[i]);
}

static void print_list(FILE *stream, const weft_field *field, const weft_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        if (field->kind == WEFT_FIELD_VARIANTS)
            print_variant(stream, (const weft_variant *)list->items + i);
        else
            print_record(stream, field->record, (const char *)list->items + i * field->record->size);
        fputc(',', stream);
    }
}

static void print_field(FILE *stream, const weft_field *field, const void *slot) {
    switch (field->kind) {
    case WEFT_FIELD_INT:
        fprintf(stream, "%lld", (long long)*(const int64_t *)slot);
        break;
    case WEFT_FIELD_REAL:
        fprintf(stream, "%.17g", *(const double *)slot);
        break;
    case WEFT_FIELD_BOOL:
        fputs(*(const bool *)slot ? "true" : "false", stream);
        break;
    case WEFT_FIELD_STRING:
        weft_yaml_print_string(stream, *(const char *const *)slot);
        break;
    case WEFT_FIELD_ENUM:
        fprintf(stream, "%d", *(const int *)slot);
        break;
    case WEFT_FIELD_CITED:
        fprintf(stream, "%.17g", ((const weft_cited *)slot)->value);
        break;
    case WEFT_FIELD_INT_PAIR:
        fprintf(stream, "%lld,%lld", (long long)((const int64_t *)slot)[0], (long long)((const int64_t *)slot)[1]);
        break;
    case WEFT_FIELD_REALS:
        print_reals(stream, slot);
        break;
    case WEFT_FIELD_STRINGS:
        for (size_t i = 0; i < ((const weft_strings *)slot)->count; i++)
            weft_yaml_print_string(stream, ((const weft_strings *)slot)->items[i]);
        break;
    case WEFT_FIELD_RECORD:
        print_record(stream, field->record, slot);
        break;
    case WEFT_FIELD_VARIANT:
        print_variant(stream, slot);
        break;
    case WEFT_FIELD_LIST:
    case WEFT_FIELD_VARIANTS:
        print_list(stream, field, slot);
        break;
    case WEFT_FIELD_NAMED: /* no recipe has these */
    case WEFT_FIELD_NODE:
        break;
    }
}

/* A better text changes no training. */
static bool is_prose(const weft_record *record, const weft_field *field) {
    return record == &weft_recipe_record && strcmp(field->key, "description") == 0;
}

static void print_record(FILE *stream, const weft_record *record, const char *value) {
    for (size_t i = 0; i < record->count; i++) {
        if (is_prose(record, &record->fields[i])) continue;
        fprintf(stream, "%s=", record->fields[i].key);
        print_field(stream, &record->fields[i], value + record->fields[i].offset);
        fputc(';', stream);
    }
}

weft_status weft_recipe_hash(weft_sha256 *out, const weft_recipe *recipe, weft_error *err) {
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the recipe's hash");
    print_record(stream, &weft_recipe_record, (const char *)recipe);
    bool failed = ferror(stream) != 0;
    failed |= fclose(stream) != 0;
    if (!failed) *out = weft_sha256_bytes(text, size);
    free(text);
    return failed ? weft_error_set(err, WEFT_E_MEMORY, "out of memory for the recipe's hash") : WEFT_OK;
}
