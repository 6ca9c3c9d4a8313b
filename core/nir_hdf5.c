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

/* HDF5 would look for it at 512, 1024, ... too; nobody writes NIR files so. */
static bool has_signature(const void *data, size_t size) {
    static const unsigned char signature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    return size >= sizeof signature && !memcmp(data, signature, sizeof signature);
}

weft_status weft_hdf5_open(weft_hdf5 *out, const void *data, size_t size, const char *file, weft_error *err) {
    *out = (weft_hdf5){.file = file, .bytes = data, .size = size, .id = -1, .err = err};
    H5dont_atexit(); /* it would print of damaged files that it cannot close */
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

/* Number types as they are on any machine; odd ones of a damaged file would lead HDF5 astray. */
static bool dtype_of_number(hid_t type, weft_nir_dtype *out) {
    const hid_t singles[] = {H5T_IEEE_F32LE, H5T_IEEE_F32BE}, doubles[] = {H5T_IEEE_F64LE, H5T_IEEE_F64BE};
    const hid_t wholes[] = {H5T_STD_I8LE,  H5T_STD_I16LE, H5T_STD_I32LE, H5T_STD_I64LE, H5T_STD_I8BE,  H5T_STD_I16BE,
                            H5T_STD_I32BE, H5T_STD_I64BE, H5T_STD_U8LE,  H5T_STD_U16LE, H5T_STD_U32LE, H5T_STD_U64LE,
                            H5T_STD_U8BE,  H5T_STD_U16BE, H5T_STD_U32BE, H5T_STD_U64BE};
    for (size_t i = 0; i < 2; i++)
        if (H5Tequal(type, singles[i]) > 0) return *out = WEFT_NIR_FLOAT32, true;
    for (size_t i = 0; i < 2; i++)
        if (H5Tequal(type, doubles[i]) > 0) return *out = WEFT_NIR_FLOAT64, true;
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++)
        if (H5Tequal(type, wholes[i]) > 0) return *out = WEFT_NIR_INT64, true;
    return false;
}

static weft_status dtype_of(const weft_hdf5 *h, hid_t type, const weft_nir_path *path, weft_nir_dtype *out) {
    *out = WEFT_NIR_TEXT;
    if (H5Tget_class(type) == H5T_STRING || dtype_of_number(type, out)) return WEFT_OK;
    return weft_hdf5_fail(h, WEFT_E_UNSUPPORTED, path,
                          "is of a type other than floats of 32 and 64 bits, integers and texts");
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

/* Texts of variable length lie in "global heaps", which HDF5 1.10 reads without looking whether they end where they
 * should. So they are taken from the file's bytes here (HDF5 File Format Specification 2.0, III.E and IV.B): a data set
 * has for each text its length in 4 bytes, the address of a heap, and a number in it in 4; a heap is "GCOL", a version,
 * 3 bytes, its size, and objects: number and references of 2 bytes each, 4 bytes, size, data; heads and data fill up
 * to 8. */
typedef struct text_reader {
    const weft_hdf5 *h;
    size_t address_size, length_size;
    uint64_t steps; /* objects passed */
} text_reader;

enum { GLOBAL_HEAP_VERSION = 1, STEPS_MAX = 1 << 28 };

static uint64_t number_at(const unsigned char *at, size_t size) {
    uint64_t out = 0;
    for (size_t i = size; i > 0; i--) out = out << 8 | at[i - 1];
    return out;
}

static uint64_t filled_up(uint64_t size) { return (size + 7) / 8 * 8; }

/* The text in the heap, or NULL where it is not. */
static const char *heap_text(text_reader *r, uint64_t heap, uint64_t number, uint64_t length) {
    const unsigned char *bytes = r->h->bytes;
    const uint64_t head = filled_up(8 + r->length_size), size = r->h->size;
    if (heap > size || size - heap < head || memcmp(bytes + heap, "GCOL", 4) != 0) return NULL;
    const uint64_t heap_size = number_at(bytes + heap + 8, r->length_size);
    if (bytes[heap + 4] != GLOBAL_HEAP_VERSION || heap_size > size - heap) return NULL;
    for (uint64_t at = head; heap_size >= head && at <= heap_size - head;) {
        const unsigned char *object = bytes + heap + at;
        const uint64_t object_size = number_at(object + 8, r->length_size), left = heap_size - head - at;
        const uint64_t found = number_at(object, 2);
        if (found == 0 || object_size > left || ++r->steps > STEPS_MAX) return NULL;
        if (found == number) return length <= object_size ? (const char *)object + head : NULL;
        at += head + filled_up(object_size);
    }
    return NULL;
}

static weft_status variable_texts(const weft_hdf5 *h, hid_t dataset, const weft_nir_path *path, size_t count,
                                  weft_arena *arena, char **out) {
    text_reader r = {.h = h};
    hid_t plist = H5Fget_create_plist(h->id);
    if (plist >= 0) H5Pget_sizes(plist, &r.address_size, &r.length_size);
    if (plist >= 0) H5Pclose(plist);
    if (r.address_size < 2 || r.address_size > 8 || r.length_size < 2 || r.length_size > 8) return damaged(h, path);
    const haddr_t begin = H5Dget_offset(dataset);
    const size_t stride = 8 + r.address_size;
    if (begin == HADDR_UNDEF)
        return weft_hdf5_fail(h, WEFT_E_UNSUPPORTED, path, "has texts in chunks, which are not read");
    if (begin > h->size || (h->size - begin) / stride < count) return damaged(h, path);
    uint64_t left = h->size + TEXT_SPARE; /* no writer is known to share texts */
    for (size_t i = 0; i < count; i++) {
        const unsigned char *at = h->bytes + begin + i * stride;
        const uint64_t length = number_at(at, 4);
        const char *text =
            length ? heap_text(&r, number_at(at + 4, r.address_size), number_at(at + 4 + r.address_size, 4), length)
                   : "";
        if (!text || length > left) return damaged(h, path);
        left -= length;
        out[i] = weft_arena_strndup(arena, text, strnlen(text, length));
        if (!out[i]) return weft_hdf5_fail(h, WEFT_E_MEMORY, path, "no memory for its texts");
    }
    return WEFT_OK;
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
        WEFT_TRY_GOTO(variable_texts(h, dataset, path, count, arena, texts));
    else
        WEFT_TRY_GOTO(fixed_texts(h, dataset, type, path, count, arena, texts));
    *out = texts;
cleanup:
    if (type >= 0) H5Tclose(type);
    return status;
}
