/* Which results are there, without planning. */
#include <stdlib.h>
#include <string.h>

#include "sweep/store_internal.h"

static int by_key(const void *a, const void *b) {
    const weft_keyed *x = a, *y = b;
    const int order = strcmp(x->key, y->key);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

void weft_keyed_sort(weft_keyed *items, size_t count) { qsort(items, count, sizeof *items, by_key); }

typedef struct key_list {
    weft_sha256 *items;
    size_t count, room;
} key_list;

static weft_status add_key(key_list *keys, const char *text, weft_error *err) {
    if (keys->count == keys->room) {
        const size_t room = 2 * keys->room + 64;
        weft_sha256 *grown = realloc(keys->items, room * sizeof *grown);
        if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu keys", room);
        keys->items = grown;
        keys->room = room;
    }
    snprintf(keys->items[keys->count++].hex, sizeof keys->items->hex, "%s", text);
    return WEFT_OK;
}

static int by_hex(const void *a, const void *b) {
    return strcmp(((const weft_sha256 *)a)->hex, ((const weft_sha256 *)b)->hex);
}

static weft_status read_keys(key_list *keys, const weft_store *store, weft_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = true;
    WEFT_TRY(weft_store_prepare(&statement, store,
                                "SELECT key FROM points WHERE status = 'done' "
                                "UNION SELECT key FROM cache WHERE status = 'done'",
                                err));
    weft_status status = WEFT_OK;
    while (status == WEFT_OK) {
        status = weft_store_step(&row, store, statement, err);
        if (status != WEFT_OK || !row) break;
        status = add_key(keys, weft_store_text(statement, 0), err);
    }
    sqlite3_finalize(statement);
    if (status == WEFT_OK && keys->count) qsort(keys->items, keys->count, sizeof *keys->items, by_hex);
    return status;
}

weft_status weft_store_known(bool *known, const weft_store *store, const weft_sha256 *keys, size_t count,
                             weft_error *err) {
    key_list there = {0};
    const weft_status status = read_keys(&there, store, err);
    for (size_t i = 0; i < count && status == WEFT_OK; i++)
        known[i] = there.count && bsearch(&keys[i], there.items, there.count, sizeof *keys, by_hex) != NULL;
    free(there.items);
    return status;
}
