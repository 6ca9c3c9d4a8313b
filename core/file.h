/* Files: whole reads with a size limit, atomic writes, hashes, and where installed data lies. */
#ifndef WEFT_CORE_FILE_H
#define WEFT_CORE_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the whole regular file into a malloc'd block with one extra zero byte. Refuses files over max_bytes.
 * Errors: IO (missing, not readable, a directory), INVALID (too large), MEMORY. Caller frees *out. */
weft_status weft_file_read(char **out, size_t *size, const char *path, size_t max_bytes, weft_error *err);
/* The same bytes as pages of the file, read when they are touched and dropped when memory is short: for files of which
 * little is kept. data is NULL when the file is empty. It must not shrink before weft_file_unmap. */
typedef struct weft_mapped_file {
    void *data;
    size_t size;
} weft_mapped_file;
weft_status weft_file_map(weft_mapped_file *out, const char *path, size_t max_bytes, weft_error *err);
void weft_file_unmap(weft_mapped_file *file); /* safe after a failed map */
/* Part of a mapped file that has been used: its pages go, and would be read again. */
void weft_file_forget(const void *data, size_t size);
/* As weft_file_read, for a gzip or plain file (zlib tells them apart); max_bytes bounds the inflated size. A truncated
 * or corrupt stream is PARSE. */
weft_status weft_file_read_gz(char **out, size_t *size, const char *path, size_t max_bytes, weft_error *err);

/* An output that appears under its name only when it is complete: written to a temporary name in the same folder,
 * synced and renamed by commit; removed by abort. open removes temporary files of the same output that processes which
 * are gone have left. */
typedef struct weft_output {
    FILE *stream; /* write here */
    char path[4096];
    char temporary[4128];
} weft_output;
weft_status weft_output_open(weft_output *out, const char *path, weft_error *err);
weft_status weft_output_commit(weft_output *out, weft_error *err); /* IO also when any earlier write failed */
void weft_output_abort(weft_output *out);                          /* safe after commit or a failed open */
/* Fails early, before long work, when path cannot become a file: it is a folder, or its folder is missing or not
 * writable. NULL and "-" pass. */
weft_status weft_output_probe(const char *path, weft_error *err);
/* One call for bytes at hand. */
weft_status weft_file_write(const char *path, const void *data, size_t size, weft_error *err);

bool weft_path_exists(const char *path);
/* Whether a name ends so (".onnx") and has something ahead of it. */
bool weft_path_ends(const char *path, const char *ending);
bool weft_path_is_folder(const char *path);
/* mkdir -p. */
weft_status weft_folder_create(const char *path, weft_error *err);
/* Writes dir/name into out. INVALID when it does not fit. name absolute: name alone. */
weft_status weft_path_join(char *out, size_t out_size, const char *dir, const char *name, weft_error *err);
/* Folder part of path ("." when there is none). */
void weft_path_folder(char *out, size_t out_size, const char *path);

/* Lower-case hex, 64 digits and a zero. */
typedef struct weft_sha256 {
    char hex[65];
} weft_sha256;
weft_sha256 weft_sha256_bytes(const void *data, size_t size);
weft_status weft_sha256_file(weft_sha256 *out, const char *path, weft_error *err);

/* Finds an installed data file. Tries name as given, then KIND/name and KIND/name.yaml in: $WEFT_HOME, the source tree
 * this binary was built from (when it still exists), and PREFIX/share/weft beside the running binary. kind is
 * "hwconfigs", "recipes", ... Errors: IO, naming every place tried. */
weft_status weft_data_find(char *out, size_t out_size, const char *kind, const char *name, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
