/* One writer at a time. A record lock (fcntl) belongs to a process and goes with it, however it ends, and is not passed
 * on to children; SQLite needs the same locks to work, across hosts too. The file's text is for people. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sweep/store_internal.h"

enum { LOCK_TRIES = 100, HOLDER_BYTES = 320 };

static weft_status lock_error(const char *path, const char *what, int code, weft_error *err) {
    return weft_error_set_at(err, WEFT_E_IO, path, 0, 0, "cannot %s: %s", what, strerror(code));
}

/* "process 123 on host node7", as the holder wrote it. */
static void read_holder(char out[HOLDER_BYTES], int fd) {
    const ssize_t length = pread(fd, out, HOLDER_BYTES - 1, 0);
    out[length > 0 ? length : 0] = 0;
    out[strcspn(out, "\n")] = 0;
    if (!out[0]) snprintf(out, HOLDER_BYTES, "another process");
}

static weft_status write_holder(int fd, const char *path, weft_error *err) {
    char host[256] = "", text[HOLDER_BYTES];
    gethostname(host, sizeof host - 1);
    const int length = snprintf(text, sizeof text, "process %ld on host %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)length, 0) == length) return WEFT_OK;
    return lock_error(path, "write", errno ? errno : ENOSPC, err);
}

/* The lock on an open file; *gone: somebody removed the file meanwhile, so that it is no longer the one to lock. */
static weft_status lock_file(int fd, const char *path, bool *gone, weft_error *err) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *gone = false;
    if (fcntl(fd, F_SETLK, &whole) != 0) {
        if (errno != EACCES && errno != EAGAIN) return lock_error(path, "lock", errno, err);
        char holder[HOLDER_BYTES];
        read_holder(holder, fd);
        return weft_error_set_at(err, WEFT_E_INVALID, path, 0, 0, "%s writes these results; one at a time", holder);
    }
    struct stat here, there;
    *gone =
        fstat(fd, &here) != 0 || stat(path, &there) != 0 || here.st_ino != there.st_ino || here.st_dev != there.st_dev;
    return WEFT_OK;
}

weft_status weft_store_lock_take(struct weft_store_lock *lock, const char *path, weft_error *err) {
    lock->fd = -1;
    snprintf(lock->path, sizeof lock->path, "%s", path);
    for (int i = 0; i < LOCK_TRIES; i++) {
        bool gone;
        const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0) return lock_error(path, "create", errno, err);
        weft_status status = lock_file(fd, path, &gone, err);
        if (status == WEFT_OK && !gone) status = write_holder(fd, path, err);
        if (status == WEFT_OK && !gone) {
            lock->fd = fd;
            return WEFT_OK;
        }
        close(fd);
        if (status != WEFT_OK) return status;
    }
    return weft_error_set_at(err, WEFT_E_IO, path, 0, 0,
                             "comes and goes: somebody else opens and closes these results");
}

void weft_store_lock_release(struct weft_store_lock *lock) {
    if (lock->fd < 0) return;
    unlink(lock->path); /* while it is still ours */
    close(lock->fd);
    lock->fd = -1;
}
