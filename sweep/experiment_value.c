/* Values in the settings of a point. */
#include <stdio.h>
#include <string.h>

#include "sweep/experiment_internal.h"

static const void *slot_of(const weft_setting_key *key, const weft_point_settings *settings) {
    return (const char *)settings + key->offset;
}

static const char *string_of(const weft_setting_key *key, const weft_point_settings *settings) {
    const char *text;
    memcpy(&text, slot_of(key, settings), sizeof text);
    return text;
}

void weft_setting_apply(weft_point_settings *settings, const weft_setting *setting) {
    memcpy((char *)settings + setting->key->offset, setting->value, weft_field_size(setting->key->field));
}

const char *weft_setting_text(char out[WEFT_SETTING_TEXT_MAX], const weft_setting_key *key,
                              const weft_point_settings *settings) {
    const void *slot = slot_of(key, settings);
    switch (key->field->kind) {
    case WEFT_FIELD_STRING:
        return string_of(key, settings);
    case WEFT_FIELD_ENUM:
        return key->field->choices[*(const int *)slot];
    case WEFT_FIELD_BOOL:
        return *(const bool *)slot ? "true" : "false";
    case WEFT_FIELD_REAL:
        snprintf(out, WEFT_SETTING_TEXT_MAX, "%.17g", *(const double *)slot);
        return out;
    default:
        snprintf(out, WEFT_SETTING_TEXT_MAX, "%lld", (long long)*(const int64_t *)slot);
        return out;
    }
}

bool weft_setting_same(const weft_setting_key *key, const weft_point_settings *a, const weft_point_settings *b) {
    if (key->field->kind == WEFT_FIELD_STRING) return !strcmp(string_of(key, a), string_of(key, b));
    return !memcmp(slot_of(key, a), slot_of(key, b), weft_field_size(key->field));
}

uint64_t weft_hash_bytes(uint64_t hash, const void *data, size_t size) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash;
}

uint64_t weft_setting_hash(const weft_setting_key *key, const weft_point_settings *settings) {
    if (key->field->kind != WEFT_FIELD_STRING)
        return weft_hash_bytes(WEFT_HASH_START, slot_of(key, settings), weft_field_size(key->field));
    const char *text = string_of(key, settings);
    return weft_hash_bytes(WEFT_HASH_START, text, strlen(text));
}
