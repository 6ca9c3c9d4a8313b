/* Graphs into NIR files, laid out as the nir package does. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/nir_hdf5.h"

enum { INCREMENT = 1 << 16 };

/* A data set of a group, without the time of its making: the same graph gives the same bytes. False on failure. */
static bool put(hid_t group, const char *name, hid_t file_type, hid_t memory_type, int rank, const hsize_t *sizes,
                const void *data) {
    hid_t space = rank ? H5Screate_simple(rank, sizes, NULL) : H5Screate(H5S_SCALAR), set = -1;
    hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    if (space >= 0 && plist >= 0 && H5Pset_obj_track_times(plist, false) >= 0)
        set = H5Dcreate2(group, name, file_type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    bool good = set >= 0 && (!data || H5Dwrite(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    if (set >= 0) H5Dclose(set);
    if (plist >= 0) H5Pclose(plist);
    if (space >= 0) H5Sclose(space);
    return good;
}

/* [count, 2] or one text, of variable length in UTF-8. */
static bool put_texts(hid_t group, const char *name, int rank, const hsize_t *sizes, const char *const *texts) {
    hid_t type = H5Tcopy(H5T_C_S1);
    bool good = type >= 0 && H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0 &&
                put(group, name, type, type, rank, sizes, texts);
    if (type >= 0) H5Tclose(type);
    return good;
}

static bool put_text(hid_t group, const char *name, const char *text) { return put_texts(group, name, 0, NULL, &text); }

static bool put_value(hid_t group, const weft_nir_value *value) {
    hsize_t sizes[WEFT_NIR_RANK_MAX];
    hid_t type = value->dtype == WEFT_NIR_FLOAT32   ? H5T_IEEE_F32LE
                 : value->dtype == WEFT_NIR_FLOAT64 ? H5T_IEEE_F64LE
                                                    : H5T_STD_I64LE;
    if (value->dtype == WEFT_NIR_TEXT) return put_text(group, value->name, value->text);
    for (int i = 0; i < value->shape.rank; i++) sizes[i] = (hsize_t)value->shape.size[i];
    return put(group, value->name, type, H5T_NATIVE_DOUBLE, value->shape.rank, sizes, value->values);
}

static bool put_edges(hid_t group, const weft_nir_graph *graph) {
    const hsize_t sizes[2] = {(hsize_t)graph->edge_count, 2};
    if (!graph->edge_count) return put(group, "edges", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, sizes, NULL);
    const char **names = malloc(2 * (size_t)graph->edge_count * sizeof *names);
    if (!names) return false;
    for (int e = 0; e < graph->edge_count; e++) {
        names[2 * e] = graph->nodes[graph->edges[e].from].name;
        names[2 * e + 1] = graph->nodes[graph->edges[e].to].name;
    }
    bool good = put_texts(group, "edges", 2, sizes, names);
    free(names);
    return good;
}

static bool put_graph(hid_t group, const weft_nir_graph *graph);

static bool put_node(hid_t nodes, const weft_nir_node *node) {
    hid_t group = H5Gcreate2(nodes, node->name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool good = group >= 0 && (node->type == WEFT_NIR_GRAPH ? put_graph(group, node->graph)
                                                            : put_text(group, "type", weft_nir_type_names[node->type]));
    for (int i = 0; good && i < node->value_count; i++)
        if (node->values[i].name) good = put_value(group, &node->values[i]);
    if (group >= 0) H5Gclose(group);
    return good;
}

static bool put_graph(hid_t group, const weft_nir_graph *graph) {
    hid_t nodes = H5Gcreate2(group, "nodes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool good = nodes >= 0 && put_text(group, "type", weft_nir_type_names[WEFT_NIR_GRAPH]);
    for (int n = 0; good && n < graph->node_count; n++) good = put_node(nodes, &graph->nodes[n]);
    if (nodes >= 0) H5Gclose(nodes);
    return good && put_edges(group, graph);
}

static bool put_root(hid_t file, const weft_nir *nir) {
    hid_t group = H5Gcreate2(file, "node", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool good = group >= 0 && put_text(file, "version", nir->version) && put_graph(group, nir->graph);
    if (group >= 0) H5Gclose(group);
    return good;
}

/* The bytes of an open file. */
static weft_status image_of(uint8_t **out, size_t *size, hid_t file, weft_error *err) {
    ssize_t wanted = H5Fflush(file, H5F_SCOPE_LOCAL) < 0 ? -1 : H5Fget_file_image(file, NULL, 0);
    if (wanted <= 0) return weft_error_set(err, WEFT_E_LIBRARY, "HDF5 cannot write the graph");
    *out = malloc((size_t)wanted);
    if (!*out) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a file of %zd bytes", wanted);
    *size = (size_t)wanted;
    if (H5Fget_file_image(file, *out, *size) == wanted) return WEFT_OK;
    free(*out);
    *out = NULL;
    return weft_error_set(err, WEFT_E_LIBRARY, "HDF5 cannot write the graph");
}

weft_status weft_nir_pack(uint8_t **out, size_t *size, const weft_nir *nir, weft_error *err) {
    H5E_auto2_t printer = NULL;
    void *printer_data = NULL;
    weft_status status;
    hid_t access = -1, file = -1;
    *out = NULL;
    *size = 0;
    H5dont_atexit(); /* as in reading */
    H5Eget_auto2(H5E_DEFAULT, &printer, &printer_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    WEFT_TRY_GOTO(weft_nir_check(nir, NULL, err));
    access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_fapl_core(access, INCREMENT, 0) >= 0)
        file = H5Fcreate("weft.nir", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (file < 0 || !put_root(file, nir))
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_LIBRARY, "HDF5 cannot write the graph"));
    WEFT_TRY_GOTO(image_of(out, size, file, err));
cleanup:
    if (file >= 0) H5Fclose(file);
    if (access >= 0) H5Pclose(access);
    H5Eset_auto2(H5E_DEFAULT, printer, printer_data);
    return status;
}

weft_status weft_nir_write(const weft_nir *nir, const char *path, weft_error *err) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    WEFT_TRY(weft_nir_pack(&bytes, &size, nir, err));
    weft_status status = weft_file_write(path, bytes, size, err);
    free(bytes);
    return status;
}
