#include "core/nir_hdf5.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that deflate may make of one. */
enum { INFLATE_MAX = 1032, CORE_INCREMENT = 1 << 16, TEXT_SPARE = 1 << 16 };

weft_status weft_hdf5_fail(const weft_hdf5 *h, weft_status status, const weft_nir_path *path, const char *format, ...) {
    char what[700];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return weft_error_set_at(h->err, status, h->file, 0, 0, "%s: %s", path->text[0] ? path->text : "/", what);
}

static weft_status damaged(const weft_hdf5 *h, const weft_nir_path *path) {
    return weft_hdf5_fail(h, WEFT_E_PARSE, path, "is damaged: HDF5 cannot read it");
}

/* ---- the file ---- */

/* The signature lies at 0, 512, 1024, 2048, ... */
static bool has_signature(const unsigned char *data, size_t size) {
    static const unsigned char signature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    for (size_t at = 0; at + sizeof signature <= size; at = at ? 2 * at : 512)
        if (!memcmp(data + at, signature, sizeof signature)) return true;
    return false;
}

weft_status weft_hdf5_open(weft_hdf5 *out, const void *data, size_t size, const char *file, weft_error *err) {
    *out = (weft_hdf5){.file = file, .size = size, .id = -1, .err = err};
    H5Eget_auto2(H5E_DEFAULT, &out->printer, &out->printer_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (!has_signature(data, size)) return weft_error_set_at(err, WEFT_E_PARSE, file, 0, 0, "is no HDF5 file");
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    union {
        const void *constant;
        void *image;
    } bytes = {data}; /* HDF5 copies it */
    if (access >= 0 && H5Pset_fapl_core(access, CORE_INCREMENT, 0) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 && H5Pset_file_image(access, bytes.image, size) >= 0)
        out->id = H5Fopen("weft.nir", H5F_ACC_RDONLY, access);
    if (access >= 0) H5Pclose(access);
    if (out->id >= 0) return WEFT_OK;
    return weft_error_set_at(err, WEFT_E_PARSE, file, 0, 0, "is a truncated or damaged HDF5 file");
}

void weft_hdf5_close(weft_hdf5 *h) {
    if (h->id >= 0) H5Fclose(h->id);
    H5Eclear2(H5E_DEFAULT);
    H5Eset_auto2(H5E_DEFAULT, h->printer, h->printer_data);
    h->id = -1;
}

/* ---- groups ---- */

typedef struct name_list {
    const weft_hdf5 *h;
    const weft_nir_path *path;
    weft_arena *arena;
    char **names;
    int count, room;
    weft_status status;
} name_list;

static weft_status name_keep(name_list *list, const char *name, H5L_type_t type) {
    if (strlen(name) > WEFT_NIR_NAME_MAX)
        return weft_hdf5_fail(list->h, WEFT_E_INVALID, list->path,
                              "the name \"%.40s...\" has %zu bytes; at most %d are allowed", name, strlen(name),
                              WEFT_NIR_NAME_MAX);
    if (type != H5L_TYPE_HARD)
        return weft_hdf5_fail(list->h, WEFT_E_UNSUPPORTED, list->path, "\"%s\" is a link to another place or file",
                              name);
    if (list->count >= WEFT_NIR_NODES_MAX)
        return weft_hdf5_fail(list->h, WEFT_E_INVALID, list->path, "holds more than %d things", WEFT_NIR_NODES_MAX);
    if (list->count == list->room) {
        int wanted = list->room ? 2 * list->room : 16;
        char **larger = weft_arena_alloc(list->arena, (size_t)wanted * sizeof *larger);
        if (!larger) return weft_hdf5_fail(list->h, WEFT_E_MEMORY, list->path, "no memory for its names");
        if (list->count) memcpy(larger, list->names, (size_t)list->count * sizeof *larger);
        list->names = larger;
        list->room = wanted;
    }
    list->names[list->count] = weft_arena_strdup(list->arena, name);
    if (!list->names[list->count++])
        return weft_hdf5_fail(list->h, WEFT_E_MEMORY, list->path, "no memory for its names");
    return WEFT_OK;
}

static herr_t name_visit(hid_t group, const char *name, const H5L_info_t *info, void *context) {
    name_list *list = context;
    (void)group;
    list->status = name_keep(list, name, info->type);
    return list->status == WEFT_OK ? 0 : -1;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

weft_status weft_hdf5_names(const weft_hdf5 *h, hid_t group, const weft_nir_path *path, weft_arena *arena,
                            char ***names, int *count) {
    name_list list = {.h = h, .path = path, .arena = arena};
    herr_t code = H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, name_visit, &list);
    if (list.status != WEFT_OK) return list.status;
    if (code < 0) return damaged(h, path);
    if (list.count) qsort(list.names, (size_t)list.count, sizeof *list.names, compare_names);
    *names = list.names;
    *count = list.count;
    return WEFT_OK;
}

bool weft_hdf5_has(hid_t group, const char *name) { return H5Lexists(group, name, H5P_DEFAULT) > 0; }

static weft_status open_as(const weft_hdf5 *h, hid_t parent, const char *name, const weft_nir_path *path,
                           H5I_type_t wanted, hid_t *out) {
    const char *what = wanted == H5I_GROUP ? "group" : "data set";
    H5L_info_t link;
    *out = -1;
    if (!weft_hdf5_has(parent, name)) return weft_hdf5_fail(h, WEFT_E_PARSE, path, "the %s is missing", what);
    if (H5Lget_info(parent, name, &link, H5P_DEFAULT) < 0) return damaged(h, path);
    if (link.type != H5L_TYPE_HARD)
        return weft_hdf5_fail(h, WEFT_E_UNSUPPORTED, path, "is a link to another place or file");
    hid_t id = H5Oopen(parent, name, H5P_DEFAULT);
    if (id < 0) return damaged(h, path);
    if (H5Iget_type(id) != wanted) {
        H5Oclose(id);
        return weft_hdf5_fail(h, WEFT_E_PARSE, path, "is no %s", what);
    }
    *out = id;
    return WEFT_OK;
}

weft_status weft_hdf5_group(const weft_hdf5 *h, hid_t parent, const char *name, const weft_nir_path *path, hid_t *out) {
    return open_as(h, parent, name, path, H5I_GROUP, out);
}

weft_status weft_hdf5_dataset(const weft_hdf5 *h, hid_t parent, const char *name, const weft_nir_path *path,
                              hid_t *out) {
    return open_as(h, parent, name, path, H5I_DATASET, out);
}

/* ---- data sets ---- */

static weft_status dtype_of(const weft_hdf5 *h, hid_t type, const weft_nir_path *path, weft_nir_dtype *out) {
    H5T_class_t class = H5Tget_class(type);
    size_t size = H5Tget_size(type);
    bool common = size == 1 || size == 2 || size == 4 || size == 8;
    if (class == H5T_STRING) {
        *out = WEFT_NIR_TEXT;
    } else if (class == H5T_FLOAT && common && size > 1) {
        *out = size <= 4 ? WEFT_NIR_FLOAT32 : WEFT_NIR_FLOAT64;
    } else if (class == H5T_INTEGER && common) {
        *out = WEFT_NIR_INT64;
    } else {
        return weft_hdf5_fail(h, WEFT_E_UNSUPPORTED, path,
                              "is of a type other than numbers of up to 64 bits and texts");
    }
    return WEFT_OK;
}

static weft_status dimensions_of(const weft_hdf5 *h, hid_t space, const weft_nir_path *path, weft_hdf5_extent *out) {
    hsize_t sizes[H5S_MAX_RANK] = {0};
    if (H5Sget_simple_extent_type(space) == H5S_NULL) return weft_hdf5_fail(h, WEFT_E_PARSE, path, "is empty");
    int rank = H5Sget_simple_extent_dims(space, sizes, NULL);
    if (rank < 0) return damaged(h, path);
    if (rank > WEFT_NIR_RANK_MAX)
        return weft_hdf5_fail(h, WEFT_E_INVALID, path, "has %d dimensions; at most %d are allowed", rank,
                              WEFT_NIR_RANK_MAX);
    out->shape.rank = rank;
    out->count = 1;
    for (int i = 0; i < rank; i++) {
        if (sizes[i] > WEFT_NIR_VALUES_MAX || (sizes[i] && out->count > WEFT_NIR_VALUES_MAX / sizes[i]))
            return weft_hdf5_fail(h, WEFT_E_INVALID, path, "has more than %d values", WEFT_NIR_VALUES_MAX);
        out->shape.size[i] = (int)sizes[i];
        out->count *= (size_t)sizes[i];
    }
    return WEFT_OK;
}

/* Data in this file alone, plain or deflated, and as much as there seems to be. */
static weft_status storage_check(const weft_hdf5 *h, hid_t dataset, hid_t plist, const weft_nir_path *path,
                                 size_t bytes) {
    int filters = H5Pget_nfilters(plist);
    size_t stored = (size_t)H5Dget_storage_size(dataset), most = stored;
    if (H5Pget_layout(plist) == H5D_VIRTUAL || H5Pget_external_count(plist) > 0)
        return weft_hdf5_fail(h, WEFT_E_UNSUPPORTED, path, "has its data in another file");
    for (int i = 0; i < filters; i++) {
        unsigned flags;
        size_t elements = 0;
        H5Z_filter_t filter = H5Pget_filter2(plist, (unsigned)i, &flags, &elements, NULL, 0, NULL, NULL);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
            return weft_hdf5_fail(h, WEFT_E_UNSUPPORTED, path,
                                  "is packed by filter %d; deflate, shuffle and Fletcher-32 are allowed", (int)filter);
        if (filter == H5Z_FILTER_DEFLATE) most = stored > SIZE_MAX / INFLATE_MAX ? SIZE_MAX : stored * INFLATE_MAX;
    }
    if (stored > h->size || most < bytes)
        return weft_hdf5_fail(h, WEFT_E_PARSE, path, "should have %zu bytes, of which %zu are in the file", bytes,
                              stored > h->size ? h->size : stored);
    return WEFT_OK;
}

/* A chunk is unpacked whole. */
static weft_status chunk_check(const weft_hdf5 *h, hid_t plist, const weft_nir_path *path, const weft_hdf5_extent *e) {
    hsize_t sizes[H5S_MAX_RANK] = {0};
    size_t count = 1;
    if (H5Pget_layout(plist) != H5D_CHUNKED) return WEFT_OK;
    if (H5Pget_chunk(plist, H5S_MAX_RANK, sizes) != e->shape.rank) return damaged(h, path);
    for (int i = 0; i < e->shape.rank; i++) {
        if (sizes[i] < 1 || sizes[i] > WEFT_NIR_VALUES_MAX || count > WEFT_NIR_VALUES_MAX / sizes[i])
            return weft_hdf5_fail(h, WEFT_E_INVALID, path, "has chunks of more than %d values", WEFT_NIR_VALUES_MAX);
        count *= (size_t)sizes[i];
    }
    if (count / 64 <= e->count) return WEFT_OK;
    return weft_hdf5_fail(h, WEFT_E_INVALID, path, "has chunks of %zu values for %zu values", count, e->count);
}

weft_status weft_hdf5_extent_of(const weft_hdf5 *h, hid_t dataset, const weft_nir_path *path, weft_hdf5_extent *out) {
    weft_status status = WEFT_OK;
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset), plist = H5Dget_create_plist(dataset);
    *out = (weft_hdf5_extent){.count = 0};
    if (type < 0 || space < 0 || plist < 0) WEFT_TRY_GOTO(damaged(h, path));
    WEFT_TRY_GOTO(dtype_of(h, type, path, &out->dtype));
    WEFT_TRY_GOTO(dimensions_of(h, space, path, out));
    size_t size = H5Tget_size(type);
    if (size < 1 || out->count > SIZE_MAX / 4 / size) WEFT_TRY_GOTO(damaged(h, path));
    WEFT_TRY_GOTO(storage_check(h, dataset, plist, path, out->count * size));
    WEFT_TRY_GOTO(chunk_check(h, plist, path, out));
cleanup:
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    if (plist >= 0) H5Pclose(plist);
    return status;
}

weft_status weft_hdf5_numbers(const weft_hdf5 *h, hid_t dataset, const weft_nir_path *path, double *out) {
    return H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0 ? damaged(h, path) : WEFT_OK;
}

/* ---- texts ---- */

/* Memory for texts, which the file may claim to be of any length: an arena with a limit, freed as one. */
typedef struct text_room {
    weft_arena *arena;
    size_t left;
} text_room;

static void *text_take(size_t size, void *context) {
    text_room *room = context;
    if (size > room->left) return NULL;
    room->left -= size;
    return weft_arena_alloc(room->arena, size + 1);
}

static void text_leave(void *text, void *context) {
    (void)text;
    (void)context;
}

/* Texts of variable length. Their bytes are in the file, each once for all that is known of writers. */
static weft_status variable_texts(const weft_hdf5 *h, hid_t dataset, hid_t type, const weft_nir_path *path,
                                  weft_arena *arena, char **out) {
    text_room room = {arena, h->size + TEXT_SPARE};
    hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    bool good = transfer >= 0 && H5Pset_vlen_mem_manager(transfer, text_take, &room, text_leave, &room) >= 0 &&
                H5Dread(dataset, type, H5S_ALL, H5S_ALL, transfer, out) >= 0;
    if (transfer >= 0) H5Pclose(transfer);
    return good ? WEFT_OK : damaged(h, path);
}

static weft_status fixed_texts(const weft_hdf5 *h, hid_t dataset, hid_t type, const weft_nir_path *path, size_t count,
                               weft_arena *arena, char **out) {
    size_t size = H5Tget_size(type);
    if (size > h->size || count > (h->size + TEXT_SPARE) / (size + 1))
        return weft_hdf5_fail(h, WEFT_E_INVALID, path, "has texts longer than the file");
    char *all = weft_arena_alloc(arena, count * size + 1);
    if (!all) return weft_hdf5_fail(h, WEFT_E_MEMORY, path, "no memory for its texts");
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all) < 0) return damaged(h, path);
    for (size_t i = 0; i < count; i++) {
        size_t length = strnlen(all + i * size, size);
        out[i] = weft_arena_strndup(arena, all + i * size, length);
        if (!out[i]) return weft_hdf5_fail(h, WEFT_E_MEMORY, path, "no memory for its texts");
    }
    return WEFT_OK;
}

weft_status weft_hdf5_texts(const weft_hdf5 *h, hid_t dataset, const weft_nir_path *path, size_t count,
                            weft_arena *arena, char ***out) {
    weft_status status = WEFT_OK;
    hid_t type = H5Dget_type(dataset);
    char **texts = weft_arena_alloc(arena, (count + 1) * sizeof *texts);
    if (type < 0) WEFT_TRY_GOTO(damaged(h, path));
    if (!texts) WEFT_TRY_GOTO(weft_hdf5_fail(h, WEFT_E_MEMORY, path, "no memory for %zu texts", count));
    if (H5Tis_variable_str(type) > 0)
        WEFT_TRY_GOTO(variable_texts(h, dataset, type, path, arena, texts));
    else
        WEFT_TRY_GOTO(fixed_texts(h, dataset, type, path, count, arena, texts));
    for (size_t i = 0; i < count; i++)
        if (!texts[i]) texts[i] = weft_arena_strdup(arena, "");
    *out = texts;
cleanup:
    if (type >= 0) H5Tclose(type);
    return status;
}
