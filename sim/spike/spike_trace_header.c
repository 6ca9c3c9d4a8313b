/* A spike trace's header as one line of JSON. */
#include "sim/spike/spike_trace_internal.h"
#include "sim/trace/header_json.h"

weft_spike_trace_header weft_spike_trace_header_for(const weft_chip *chip, const char *network, const char *mapping) {
    return (weft_spike_trace_header){
        .chip = chip->name,
        .network = network,
        .mapping = mapping,
        .chip_sha256 = chip->sha256,
        .cores = chip->core_count,
        .mesh = {(int)chip->noc.mesh[0], (int)chip->noc.mesh[1]},
        .concentration = (int)chip->noc.concentration,
        .cycle_ns = chip->cycle_ns,
        .tick_ns = chip->clock.tick_ns,
    };
}

static bool put_header(cJSON *root, const weft_spike_trace_header *h) {
    if (!weft_header_put_text(root, "chip", h->chip) || !weft_header_put_text(root, "network", h->network) ||
        !weft_header_put_text(root, "mapping", h->mapping) ||
        !weft_header_put_text(root, "chip_sha256", h->chip_sha256.hex[0] ? h->chip_sha256.hex : NULL))
        return false;
    cJSON *mesh = NULL;
    return cJSON_AddNumberToObject(root, "cores", h->cores) && (mesh = cJSON_AddArrayToObject(root, "mesh")) &&
           weft_header_put_ints(mesh, h->mesh, 2) && cJSON_AddNumberToObject(root, "concentration", h->concentration) &&
           weft_header_put_real(root, "cycle_ns", h->cycle_ns) && weft_header_put_real(root, "tick_ns", h->tick_ns);
}

char *weft_spike_trace_header_text(const weft_spike_trace_header *header) {
    cJSON *root = cJSON_CreateObject();
    char *text = root && put_header(root, header) ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    return text;
}

void weft_spike_trace_header_free_text(char *text) { cJSON_free(text); }

static const char *take_header(const cJSON *root, weft_spike_trace_header *h, const char **key) {
    const char *wrong = cJSON_IsObject(root) ? NULL : "is no JSON object";
    *key = "";
#define TAKE(name, function, to)                                                                                       \
    if (!wrong) *key = name, wrong = function(cJSON_GetObjectItemCaseSensitive(root, name), to)
    TAKE("chip", weft_header_take_text, &h->chip);
    TAKE("network", weft_header_take_text, &h->network);
    TAKE("mapping", weft_header_take_text, &h->mapping);
    TAKE("chip_sha256", weft_header_take_hash, &h->chip_sha256);
    TAKE("cores", weft_header_take_int, &h->cores);
    if (!wrong && (h->cores < 1 || h->cores > WEFT_TICK_CORES_MAX)) wrong = "is not from 1 to 16777216";
    TAKE("mesh", weft_header_take_mesh, h->mesh);
    TAKE("concentration", weft_header_take_int, &h->concentration);
    TAKE("cycle_ns", weft_header_take_real, &h->cycle_ns);
    TAKE("tick_ns", weft_header_take_real, &h->tick_ns);
#undef TAKE
    return wrong;
}

static weft_status keep_text(const char **text, weft_arena *arena, weft_error *err) {
    if (!*text || (*text = weft_arena_strdup(arena, *text))) return WEFT_OK;
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace's header");
}

weft_status weft_spike_trace_header_parse(weft_spike_trace_header *out, weft_arena *arena, const char *text,
                                          size_t size, const char *path, int line, size_t column, weft_error *err) {
    cJSON *root = NULL;
    const char *key;
    weft_status status;
    *out = (weft_spike_trace_header){0};
    WEFT_TRY(weft_header_read(&root, text, size, path, line, column, err));
    const char *wrong = take_header(root, out, &key);
    if (wrong) {
        status = weft_header_error(path, line, column, key, wrong, err);
        goto cleanup;
    }
    WEFT_TRY_GOTO(keep_text(&out->chip, arena, err));
    WEFT_TRY_GOTO(keep_text(&out->network, arena, err));
    WEFT_TRY_GOTO(keep_text(&out->mapping, arena, err));
cleanup:
    cJSON_Delete(root);
    return status;
}
