/* A trace's header as one line of JSON. */
#include <stdlib.h>
#include <string.h>

#include "sim/trace/header_json.h"
#include "sim/trace/trace_internal.h"

/* ---- writing ---- */

static bool put_server(cJSON *list, const weft_trace_server *s) {
    cJSON *item = cJSON_CreateArray();
    const int values[] = {s->terminal, s->part, s->stage, s->copy, s->units};
    return cJSON_AddItemToArray(list, item) &&
           cJSON_AddItemToArray(item, cJSON_CreateString(weft_server_kind_names[s->kind])) &&
           weft_header_put_ints(item, values, 5);
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

static bool put_header(cJSON *root, const weft_trace_header *h) {
    if (!weft_header_put_text(root, "chip", h->chip) || !weft_header_put_text(root, "network", h->network) ||
        !weft_header_put_text(root, "mapping", h->mapping) ||
        !weft_header_put_text(root, "chip_sha256", h->chip_sha256.hex[0] ? h->chip_sha256.hex : NULL))
        return false;
    cJSON *mesh = NULL;
    return cJSON_AddNumberToObject(root, "terminals", h->terminals) && cJSON_AddNumberToObject(root, "host", h->host) &&
           (mesh = cJSON_AddArrayToObject(root, "mesh")) && weft_header_put_ints(mesh, h->mesh, 2) &&
           cJSON_AddNumberToObject(root, "concentration", h->concentration) &&
           cJSON_AddNumberToObject(root, "images", (double)h->images) &&
           weft_header_put_real(root, "cycle_ns", h->cycle_ns) && put_lists(root, h);
}

char *weft_trace_header_text(const weft_trace_header *header) {
    cJSON *root = cJSON_CreateObject();
    char *text = root && put_header(root, header) ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    return text;
}

void weft_trace_header_free_text(char *text) { cJSON_free(text); }

/* ---- reading ---- */

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
    for (int i = 0; i < 5 && !wrong; i++) wrong = weft_header_take_int(item = item->next, to[i]);
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
    TAKE("chip", weft_header_take_text(ITEM("chip"), &h->chip));
    TAKE("network", weft_header_take_text(ITEM("network"), &h->network));
    TAKE("mapping", weft_header_take_text(ITEM("mapping"), &h->mapping));
    TAKE("chip_sha256", weft_header_take_hash(ITEM("chip_sha256"), &h->chip_sha256));
    TAKE("terminals", weft_header_take_int(ITEM("terminals"), &h->terminals));
    TAKE("host", weft_header_take_int(ITEM("host"), &h->host));
    TAKE("mesh", weft_header_take_mesh(ITEM("mesh"), h->mesh));
    TAKE("concentration", weft_header_take_int(ITEM("concentration"), &h->concentration));
    TAKE("images", weft_header_take_int(ITEM("images"), &images));
    TAKE("images", images < 0 ? "is below 0" : NULL);
    TAKE("cycle_ns", weft_header_take_real(ITEM("cycle_ns"), &h->cycle_ns));
    TAKE("", take_lists(ITEM("servers"), ITEM("stages"), h, lists));
    h->images = (uint64_t)images;
    return wrong;
#undef TAKE
#undef ITEM
}

weft_status weft_trace_header_parse(weft_trace **out, const char *text, size_t size, const char *path, int line,
                                    size_t column, weft_error *err) {
    weft_trace_header header = {.host = -1};
    weft_error inner = {0};
    void *lists = NULL;
    const char *key = "";
    *out = NULL;
    cJSON *root = NULL;
    weft_status status = weft_header_read(&root, text, size, path, line, column, err);
    const char *wrong = status == WEFT_OK ? take_header(root, &header, &lists, &key) : NULL;
    if (wrong) status = weft_header_error(path, line, column, key, wrong, err);
    if (status == WEFT_OK && (status = weft_trace_create(out, &header, &inner)) != WEFT_OK)
        status = status == WEFT_E_MEMORY ? weft_error_set(err, status, "%s", inner.text)
                                         : weft_header_error(path, line, column, "", inner.text, err);
    free(lists);
    cJSON_Delete(root);
    return status;
}
