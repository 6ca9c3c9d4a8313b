/* Data sets and groups of HDF5 files that nobody vouches for: what is read is checked against the file's size before
 * memory is taken. Used by core/nir_read.c. */
#ifndef WEFT_CORE_NIR_HDF5_H
#define WEFT_CORE_NIR_HDF5_H

#include <hdf5.h>

#include "core/nir_internal.h"

/* A file being read. */
typedef struct weft_hdf5 {
    const char *file; /* for errors */
    const unsigned char *bytes;
    size_t size;
    hid_t id;
    H5E_auto2_t printer; /* HDF5's own way to tell of errors, put aside */
    void *printer_data;
    weft_error *err;
} weft_hdf5;

/* Opens the file's bytes, and keeps HDF5 from printing until close. */
weft_status weft_hdf5_open(weft_hdf5 *out, const void *data, size_t size, const char *file, weft_error *err);
void weft_hdf5_close(weft_hdf5 *h); /* also after a failed open */

/* Failures at a place, WEFT_PRINTF. */
weft_status weft_hdf5_fail(const weft_hdf5 *h, weft_status status, const weft_nir_path *path, const char *format, ...)
    WEFT_PRINTF(4, 5);

/* Names of what is in a group, ascending. Links to other places or files, more than WEFT_NIR_NODES_MAX, and names
 * beyond WEFT_NIR_NAME_MAX are refused. The names are the arena's. */
weft_status weft_hdf5_names(const weft_hdf5 *h, hid_t group, const weft_nir_path *path, weft_arena *arena,
                            char ***names, int *count);
bool weft_hdf5_has(hid_t group, const char *name);
/* The group or data set of that name; PARSE where it is missing or the other. */
weft_status weft_hdf5_group(const weft_hdf5 *h, hid_t parent, const char *name, const weft_nir_path *path, hid_t *out);
weft_status weft_hdf5_dataset(const weft_hdf5 *h, hid_t parent, const char *name, const weft_nir_path *path,
                              hid_t *out);

/* What a data set holds, its data checked to be in the file. */
typedef struct weft_hdf5_extent {
    weft_nir_dtype dtype;
    weft_nir_shape shape; /* a size of 0 is possible */
    size_t count;
} weft_hdf5_extent;
weft_status weft_hdf5_extent_of(const weft_hdf5 *h, hid_t dataset, const weft_nir_path *path, weft_hdf5_extent *out);
weft_status weft_hdf5_numbers(const weft_hdf5 *h, hid_t dataset, const weft_nir_path *path, double *out);
/* Texts of a data set of TEXT, [count] of the extent, the arena's. */
weft_status weft_hdf5_texts(const weft_hdf5 *h, hid_t dataset, const weft_nir_path *path, size_t count,
                            weft_arena *arena, char ***out);

#endif
