/* A trace's header as one line of JSON. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/trace_internal.h"

/* ---- writing ---- */

static bool put_text(cJSON *to, const char *key, const char *text) {
    return text ? cJSON_AddStringToObject(to, key, text) != NULL : cJSON_AddNullToObject(to, key) != NULL;
}

static bool put_items(cJSON *to, const int *values, int count) {
    for (int i = 0; i < count; i++)
        if (!cJSON_AddItemToArray(to, cJSON_CreateNumber(values[i]))) return false;
    return true;
}

static bool put_server(cJSON *list, const weft_trace_server *s) {
    cJSON *item = cJSON_CreateArray();
    const int values[] = {s->terminal, s->part, s->stage, s->copy, s->units};
    return cJSON_AddItemToArray(list, item) &&
           cJSON_AddItemToArray(item, cJSON_CreateString(weft_server_kind_names[s->kind])) &&
           put_items(item, values, 5);
}

static bool put_lists(cJSON *root, const weft_trace_header *h) {
    cJSON *stages = cJSON_AddArrayToObject(root, "stages");
    for (int s = 0; stages && s < h->stage_count; s++)
        if (!cJSON_AddItemToArray(stages, cJSON_CreateString(h->stages[s] ? h->stages[s] : ""))) return false;
    cJSON *servers = cJSON_AddArrayToObject(root, "servers");
    for (int s = 0; servers && s < h->server_count; s++)
        if (!put_server(servers, &h->servers[s])) return false;
    return stages && servers;
}

/* All digits, which cJSON does not print. */
static bool put_real(cJSON *to, const char *key, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    return cJSON_AddRawToObject(to, key, text) != NULL;
}

static bool put_header(cJSON *root, const weft_trace_header *h) {
    if (!put_text(root, "chip", h->chip) || !put_text(root, "network", h->network) ||
        !put_text(root, "mapping", h->mapping) ||
        !put_text(root, "chip_sha256", h->chip_sha256.hex[0] ? h->chip_sha256.hex : NULL))
        return false;
    cJSON *mesh = NULL;
    return cJSON_AddNumberToObject(root, "terminals", h->terminals) && cJSON_AddNumberToObject(root, "host", h->host) &&
           (mesh = cJSON_AddArrayToObject(root, "mesh")) && put_items(mesh, h->mesh, 2) &&
           cJSON_AddNumberToObject(root, "concentration", h->concentration) &&
           cJSON_AddNumberToObject(root, "images", (double)h->images) && put_real(root, "cycle_ns", h->cycle_ns) &&
           put_lists(root, h);
}

char *weft_trace_header_text(const weft_trace_header *header) {
    cJSON *root = cJSON_CreateObject();
    char *text = root && put_header(root, header) ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    return text;
}

void weft_trace_header_free_text(char *text) { cJSON_free(text); }

/* ---- reading ---- */

/* What is wrong, for the caller to give a place; NULL: nothing. */
static const char *take_int(const cJSON *item, int *out) {
    if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble) || fabs(item->valuedouble) > INT32_MAX)
        return "is no whole number";
    *out = (int)item->valuedouble;
    return NULL;
}

/* 0 where there is none. */
static const char *take_real(const cJSON *item, double *out) {
    *out = cJSON_IsNumber(item) ? item->valuedouble : 0;
    return !item || cJSON_IsNumber(item) ? NULL : "is no number";
}

static const char *take_text(const cJSON *item, const char **out) {
    *out = cJSON_IsString(item) ? item->valuestring : NULL;
    return !item || cJSON_IsString(item) || cJSON_IsNull(item) ? NULL : "is no text";
}

static const char *take_hash(const cJSON *item, weft_sha256 *out) {
    const char *text, *wrong = take_text(item, &text);
    if (wrong || !text) return wrong;
    if (strlen(text) != sizeof out->hex - 1 || strspn(text, "0123456789abcdef") != sizeof out->hex - 1)
        return "is no SHA-256 in small letters";
    memcpy(out->hex, text, sizeof out->hex);
    return NULL;
}

static const char *take_mesh(const cJSON *item, int mesh[2]) {
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2) return "is no list of two numbers";
    const char *wrong = take_int(item->child, &mesh[0]);
    return wrong ? wrong : take_int(item->child->next, &mesh[1]);
}

static const char *take_kind(const cJSON *item, int *kind) {
    for (*kind = 0; cJSON_IsString(item) && *kind < WEFT_SERVER_KINDS; ++*kind)
        if (!strcmp(item->valuestring, weft_server_kind_names[*kind])) return NULL;
    return "has a server of unknown kind";
}

static const char *take_server(const cJSON *item, weft_trace_server *s) {
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 6)
        return "has a server that is no list of kind, terminal, part, stage, copy and units";
    const char *wrong = take_kind(item->child, &s->kind);
    int *const to[] = {&s->terminal, &s->part, &s->stage, &s->copy, &s->units};
    item = item->child;
    for (int i = 0; i < 5 && !wrong; i++) wrong = take_int(item = item->next, to[i]);
    return wrong;
}

/* Lists are taken into *lists (one block, freed by the caller). */
static const char *take_lists(const cJSON *servers, const cJSON *stages, weft_trace_header *h, void **lists) {
    if (!cJSON_IsArray(servers) || !cJSON_IsArray(stages)) return "lacks the list servers or stages";
    const size_t server_count = (size_t)cJSON_GetArraySize(servers), stage_count = (size_t)cJSON_GetArraySize(stages);
    const char *wrong = NULL, **names;
    weft_trace_server *list;
    *lists = malloc(stage_count * sizeof *names + server_count * sizeof *list + 1);
    if (!*lists) return "is too long for the memory";
    h->stages = names = *lists;
    h->servers = list = (weft_trace_server *)(void *)(names + stage_count);
    const cJSON *item;
    cJSON_ArrayForEach(item, stages) {
        if (!cJSON_IsString(item)) return "has a stage that is no text";
        names[h->stage_count++] = item->valuestring;
    }
    cJSON_ArrayForEach(item, servers) {
        if (!wrong) wrong = take_server(item, &list[h->server_count++]);
    }
    return wrong;
}

static const char *take_header(const cJSON *root, weft_trace_header *h, void **lists, const char **key) {
    const char *wrong = cJSON_IsObject(root) ? NULL : "is no JSON object";
    int images = 0;
#define TAKE(name, call)                                                                                               \
    if (!wrong) *key = name, wrong = call
#define ITEM(name) cJSON_GetObjectItemCaseSensitive(root, name)
    *key = "";
    TAKE("chip", take_text(ITEM("chip"), &h->chip));
    TAKE("network", take_text(ITEM("network"), &h->network));
    TAKE("mapping", take_text(ITEM("mapping"), &h->mapping));
    TAKE("chip_sha256", take_hash(ITEM("chip_sha256"), &h->chip_sha256));
    TAKE("terminals", take_int(ITEM("terminals"), &h->terminals));
    TAKE("host", take_int(ITEM("host"), &h->host));
    TAKE("mesh", take_mesh(ITEM("mesh"), h->mesh));
    TAKE("concentration", take_int(ITEM("concentration"), &h->concentration));
    TAKE("images", take_int(ITEM("images"), &images));
    TAKE("images", images < 0 ? "is below 0" : NULL);
    TAKE("cycle_ns", take_real(ITEM("cycle_ns"), &h->cycle_ns));
    TAKE("", take_lists(ITEM("servers"), ITEM("stages"), h, lists));
    h->images = (uint64_t)images;
    return wrong;
#undef TAKE
#undef ITEM
}

/* line 0: column is an offset. */
static weft_status header_error(const char *path, int line, size_t column, const char *key, const char *what,
                                weft_error *err) {
    const char *quote = key[0] ? "'" : "", *gap = key[0] ? " " : "";
    if (!line) return weft_trace_offset_error(err, path, column, "the header%s%s%s%s %s", gap, quote, key, quote, what);
    return weft_error_set_at(err, WEFT_E_PARSE, path, line, (int)column + 1, "the header%s%s%s%s %s", gap, quote, key,
                             quote, what);
}

weft_status weft_trace_header_parse(weft_trace **out, const char *text, size_t size, const char *path, int line,
                                    size_t column, weft_error *err) {
    weft_trace_header header = {.host = -1};
    weft_error inner = {0};
    void *lists = NULL;
    const char *end = NULL, *key = "";
    *out = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text, size, &end, false);
    weft_status status = WEFT_OK;
    if (!root)
        status = header_error(path, line, column + (end ? (size_t)(end - text) : 0), "", "is no JSON", err);
    else if ((size_t)(end - text) != size && text[end - text] != '\0')
        status = header_error(path, line, column + (size_t)(end - text), "", "goes on behind its end", err);
    const char *wrong = status == WEFT_OK ? take_header(root, &header, &lists, &key) : NULL;
    if (wrong) status = header_error(path, line, column, key, wrong, err);
    if (status == WEFT_OK && (status = weft_trace_create(out, &header, &inner)) != WEFT_OK)
        status = status == WEFT_E_MEMORY ? weft_error_set(err, status, "%s", inner.text)
                                         : header_error(path, line, column, "", inner.text, err);
    free(lists);
    cJSON_Delete(root);
    return status;
}
