#include "sim/trace/header_json.h"

#include <math.h>
#include <string.h>

#include "sim/trace/blocks.h"

/* ---- writing ---- */

bool weft_header_put_text(cJSON *to, const char *key, const char *text) {
    return text ? cJSON_AddStringToObject(to, key, text) != NULL : cJSON_AddNullToObject(to, key) != NULL;
}

bool weft_header_put_ints(cJSON *to, const int *values, int count) {
    for (int i = 0; i < count; i++)
        if (!cJSON_AddItemToArray(to, cJSON_CreateNumber(values[i]))) return false;
    return true;
}

bool weft_header_put_real(cJSON *to, const char *key, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    return cJSON_AddRawToObject(to, key, text) != NULL;
}

/* ---- reading ---- */

const char *weft_header_take_int(const cJSON *item, int *out) {
    if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble) || fabs(item->valuedouble) > INT32_MAX)
        return "is no whole number";
    *out = (int)item->valuedouble;
    return NULL;
}

const char *weft_header_take_real(const cJSON *item, double *out) {
    *out = cJSON_IsNumber(item) ? item->valuedouble : 0;
    return !item || cJSON_IsNumber(item) ? NULL : "is no number";
}

const char *weft_header_take_text(const cJSON *item, const char **out) {
    *out = cJSON_IsString(item) ? item->valuestring : NULL;
    return !item || cJSON_IsString(item) || cJSON_IsNull(item) ? NULL : "is no text";
}

const char *weft_header_take_hash(const cJSON *item, weft_sha256 *out) {
    const char *text, *wrong = weft_header_take_text(item, &text);
    if (wrong || !text) return wrong;
    if (strlen(text) != sizeof out->hex - 1 || strspn(text, "0123456789abcdef") != sizeof out->hex - 1)
        return "is no SHA-256 in small letters";
    memcpy(out->hex, text, sizeof out->hex);
    return NULL;
}

const char *weft_header_take_mesh(const cJSON *item, int mesh[2]) {
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2) return "is no list of two numbers";
    const char *wrong = weft_header_take_int(item->child, &mesh[0]);
    return wrong ? wrong : weft_header_take_int(item->child->next, &mesh[1]);
}

weft_status weft_header_error(const char *path, int line, size_t column, const char *key, const char *what,
                              weft_error *err) {
    const char *quote = key[0] ? "'" : "", *gap = key[0] ? " " : "";
    if (!line) return weft_trace_offset_error(err, path, column, "the header%s%s%s%s %s", gap, quote, key, quote, what);
    return weft_error_set_at(err, WEFT_E_PARSE, path, line, (int)column + 1, "the header%s%s%s%s %s", gap, quote, key,
                             quote, what);
}

weft_status weft_header_read(cJSON **root, const char *text, size_t size, const char *path, int line, size_t column,
                             weft_error *err) {
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(text, size, &end, false);
    *root = NULL;
    if (!tree) return weft_header_error(path, line, column + (end ? (size_t)(end - text) : 0), "", "is no JSON", err);
    if ((size_t)(end - text) != size && text[end - text] != '\0') {
        cJSON_Delete(tree);
        return weft_header_error(path, line, column + (size_t)(end - text), "", "goes on behind its end", err);
    }
    *root = tree;
    return WEFT_OK;
}
