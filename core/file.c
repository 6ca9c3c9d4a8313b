#define _XOPEN_SOURCE 700 /* realpath */
#define _DEFAULT_SOURCE   /* madvise */
#include "core/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { READ_CHUNK = 1 << 16, TEMPORARY_TRIES = 100 };

static weft_status io_error(weft_error *err, const char *path, const char *action) {
    return weft_error_set_at(err, WEFT_E_IO, path, 0, 0, "cannot %s: %s", action, strerror(errno));
}

/* Opens for reading; refuses what is no regular file. */
static weft_status open_regular(int *out, struct stat *info, const char *path, weft_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe must not hold us up */
    if (fd < 0) return io_error(err, path, "open");
    if (fstat(fd, info) != 0) {
        weft_status status = io_error(err, path, "stat");
        close(fd);
        return status;
    }
    if (!S_ISREG(info->st_mode)) {
        close(fd);
        return weft_error_set_at(err, WEFT_E_IO, path, 0, 0, "%s",
                                 S_ISDIR(info->st_mode) ? "is a folder, not a file" : "is no regular file");
    }
    *out = fd;
    return WEFT_OK;
}

static weft_status too_large(weft_error *err, const char *path, size_t max_bytes) {
    return weft_error_set_at(err, WEFT_E_INVALID, path, 0, 0, "is larger than the limit of %zu bytes", max_bytes);
}

static weft_status out_of_memory(weft_error *err, const char *path, size_t bytes) {
    return weft_error_set_at(err, WEFT_E_MEMORY, path, 0, 0, "no memory for %zu bytes", bytes);
}

weft_status weft_file_read(char **out, size_t *size, const char *path, size_t max_bytes, weft_error *err) {
    int fd = -1;
    struct stat info;
    weft_status status;
    char *block = NULL;
    *out = NULL;
    *size = 0;
    WEFT_TRY_GOTO(open_regular(&fd, &info, path, err));
    if ((uintmax_t)info.st_size > max_bytes) {
        status = too_large(err, path, max_bytes);
        goto cleanup;
    }
    size_t expected = (size_t)info.st_size, used = 0;
    block = malloc(expected + 1);
    if (!block) {
        status = out_of_memory(err, path, expected + 1);
        goto cleanup;
    }
    while (used < expected) {
        ssize_t got = read(fd, block + used, expected - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            status = io_error(err, path, "read");
            goto cleanup;
        }
        if (got == 0) break; /* shortened while we read */
        used += (size_t)got;
    }
    block[used] = 0;
    *out = block;
    *size = used;
    block = NULL;
cleanup:
    free(block);
    if (fd >= 0) close(fd);
    return status;
}

weft_status weft_file_map(weft_mapped_file *out, const char *path, size_t max_bytes, weft_error *err) {
    int fd = -1;
    struct stat info;
    weft_status status;
    *out = (weft_mapped_file){NULL, 0};
    WEFT_TRY_GOTO(open_regular(&fd, &info, path, err));
    if ((uintmax_t)info.st_size > max_bytes) {
        status = too_large(err, path, max_bytes);
        goto cleanup;
    }
    if (info.st_size > 0) { /* nothing cannot be mapped */
        void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) {
            status = io_error(err, path, "map");
            goto cleanup;
        }
        *out = (weft_mapped_file){data, (size_t)info.st_size};
    }
cleanup:
    if (fd >= 0) close(fd);
    return status;
}

void weft_file_unmap(weft_mapped_file *file) {
    if (file->data) munmap(file->data, file->size);
    *file = (weft_mapped_file){NULL, 0};
}

void weft_file_forget(const void *data, size_t size) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)data + page - 1) / page * page, end = ((uintptr_t)data + size) / page * page;
    if (end > begin) madvise((void *)begin, end - begin, MADV_DONTNEED); /* only saves memory: failure is harmless */
}

static weft_status gz_error(weft_error *err, const char *path, gzFile file) {
    int code = Z_OK;
    const char *text = gzerror(file, &code);
    if (code == Z_ERRNO) return io_error(err, path, "read");
    if (code == Z_BUF_ERROR) return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "gzip stream is truncated");
    return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "gzip stream is corrupt: %s", text);
}

/* Grows *block to hold one chunk and a zero more than used. */
static weft_status grow(char **block, size_t *room, size_t used, const char *path, weft_error *err) {
    if (*room - used > READ_CHUNK) return WEFT_OK;
    size_t wanted = 2 * *room + 2 * READ_CHUNK;
    char *larger = realloc(*block, wanted);
    if (!larger) return out_of_memory(err, path, wanted);
    *block = larger;
    *room = wanted;
    return WEFT_OK;
}

weft_status weft_file_read_gz(char **out, size_t *size, const char *path, size_t max_bytes, weft_error *err) {
    int fd = -1;
    struct stat info;
    weft_status status;
    gzFile file = NULL;
    char *block = NULL;
    size_t room = 0, used = 0;
    *out = NULL;
    *size = 0;
    WEFT_TRY_GOTO(open_regular(&fd, &info, path, err));
    file = gzdopen(fd, "rb");
    if (!file) {
        status = out_of_memory(err, path, READ_CHUNK);
        goto cleanup;
    }
    fd = -1; /* the stream owns it now */
    for (;;) {
        WEFT_TRY_GOTO(grow(&block, &room, used, path, err));
        int got = gzread(file, block + used, READ_CHUNK);
        int code = Z_OK;
        if (got >= 0) gzerror(file, &code);
        if (got < 0 || code != Z_OK) {
            status = gz_error(err, path, file);
            goto cleanup;
        }
        if (got == 0) break;
        used += (size_t)got;
        if (used > max_bytes) {
            status = too_large(err, path, max_bytes);
            goto cleanup;
        }
    }
    block[used] = 0;
    *out = block;
    *size = used;
    block = NULL;
cleanup:
    free(block);
    if (file) gzclose_r(file);
    if (fd >= 0) close(fd);
    return status;
}

/* Path that renaming should replace: the file behind a link, else path itself. */
static weft_status output_target(char *out, size_t out_size, const char *path, weft_error *err) {
    struct stat info;
    char *real = NULL;
    if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode)) real = realpath(path, NULL);
    int length = snprintf(out, out_size, "%s", real ? real : path);
    free(real);
    if (length < 0 || (size_t)length >= out_size)
        return weft_error_set_at(err, WEFT_E_INVALID, NULL, 0, 0, "path of %d characters is too long", length);
    return WEFT_OK;
}

/* "NAME.tmp-PID-N" of a process that is gone. */
static bool is_stale(const char *entry, const char *name) {
    const size_t length = strlen(name);
    char *end;
    if (strncmp(entry, name, length) != 0 || strncmp(entry + length, ".tmp-", 5) != 0) return false;
    const char *number = entry + length + 5;
    if (!isdigit((unsigned char)*number)) return false;
    errno = 0;
    const long pid = strtol(number, &end, 10);
    if (errno || pid <= 0 || (pid_t)pid != pid || *end != '-' || !end[1]) return false;
    if (end[1 + strspn(end + 1, "0123456789")] != '\0') return false;
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* What killed runs have left of the output. Nobody misses it, so that no failure here is one. */
static void remove_stale(const char *path) {
    char folder[sizeof((weft_output *)0)->path], stale[sizeof((weft_output *)0)->temporary + 256];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    weft_path_folder(folder, sizeof folder, path);
    DIR *list = opendir(folder);
    if (!list) return;
    for (struct dirent *entry; (entry = readdir(list));)
        if (is_stale(entry->d_name, name) &&
            snprintf(stale, sizeof stale, "%s/%s", folder, entry->d_name) < (int)sizeof stale)
            unlink(stale);
    closedir(list);
}

/* Creates a temporary file beside out->path, with the mode that a plain creation would give. */
static weft_status open_temporary(weft_output *out, int *fd, weft_error *err) {
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        snprintf(out->temporary, sizeof out->temporary, "%s.tmp-%ld-%d", out->path, (long)getpid(), i);
        *fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*fd >= 0 || errno != EEXIST) break;
    }
    if (*fd >= 0) return WEFT_OK;
    out->temporary[0] = 0;
    return io_error(err, out->path, "create");
}

weft_status weft_output_open(weft_output *out, const char *path, weft_error *err) {
    *out = (weft_output){0};
    if (!path[0]) return weft_error_set(err, WEFT_E_IO, "the name of the output file is empty");
    WEFT_TRY(output_target(out->path, sizeof out->path, path, err));
    struct stat info;
    bool exists = stat(out->path, &info) == 0;
    if (exists && S_ISDIR(info.st_mode))
        return weft_error_set_at(err, WEFT_E_IO, path, 0, 0, "cannot write: is a folder");
    int fd = -1;
    if (exists && !S_ISREG(info.st_mode)) { /* a device or pipe is written to, never replaced */
        fd = open(out->path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) return io_error(err, path, "write");
    } else {
        remove_stale(out->path);
        WEFT_TRY(open_temporary(out, &fd, err));
    }
    out->stream = fdopen(fd, "wb");
    if (out->stream) return WEFT_OK;
    weft_status status = io_error(err, path, "write");
    close(fd);
    if (out->temporary[0]) unlink(out->temporary);
    out->temporary[0] = 0;
    return status;
}

static bool stream_finish(weft_output *out) {
    bool good = !ferror(out->stream) && fflush(out->stream) == 0;
    if (good && out->temporary[0]) good = fsync(fileno(out->stream)) == 0;
    if (!good && errno == 0) errno = EIO;
    int saved = errno;
    if (fclose(out->stream) != 0)
        good = false;
    else
        errno = saved;
    out->stream = NULL;
    return good;
}

weft_status weft_output_commit(weft_output *out, weft_error *err) {
    if (!out->stream) return weft_error_set(err, WEFT_E_INTERNAL, "commit of an output that is not open");
    errno = 0;
    bool good = stream_finish(out);
    if (good && out->temporary[0]) good = rename(out->temporary, out->path) == 0;
    weft_status status = good ? WEFT_OK : io_error(err, out->path, "write");
    if (!good && out->temporary[0]) unlink(out->temporary);
    out->temporary[0] = 0;
    return status;
}

void weft_output_abort(weft_output *out) {
    if (out->stream) fclose(out->stream);
    out->stream = NULL;
    if (out->temporary[0]) unlink(out->temporary);
    out->temporary[0] = 0;
}

weft_status weft_file_write(const char *path, const void *data, size_t size, weft_error *err) {
    weft_output out;
    WEFT_TRY(weft_output_open(&out, path, err));
    if (size > 0) fwrite(data, 1, size, out.stream); /* commit sees a short write */
    return weft_output_commit(&out, err);
}

static void to_hex(weft_sha256 *out, const uint8_t digest[SHA256_DIGEST_LENGTH]) {
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) snprintf(out->hex + 2 * i, 3, "%02x", digest[i]);
}

weft_sha256 weft_sha256_bytes(const void *data, size_t size) {
    weft_sha256 out;
    SHA2_CTX context;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256Init(&context);
    if (size > 0) SHA256Update(&context, data, size);
    SHA256Final(digest, &context);
    to_hex(&out, digest);
    return out;
}

weft_status weft_sha256_file(weft_sha256 *out, const char *path, weft_error *err) {
    int fd;
    struct stat info;
    WEFT_TRY(open_regular(&fd, &info, path, err));
    SHA2_CTX context;
    uint8_t digest[SHA256_DIGEST_LENGTH], chunk[READ_CHUNK / 4];
    SHA256Init(&context);
    ssize_t got;
    while ((got = read(fd, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) break;
        SHA256Update(&context, chunk, (size_t)got);
    }
    weft_status status = got < 0 ? io_error(err, path, "read") : WEFT_OK;
    close(fd);
    SHA256Final(digest, &context);
    to_hex(out, digest);
    return status;
}
