#include "core/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"

double weft_plot_unit(double largest, int exponent, const char **prefix) {
    static const char *const prefixes[] = {"f", "p", "n", "µ", "m", "", "k", "M"};
    int step = 0;
    for (int i = 0; i < 8; i++)
        if (largest * pow(10, exponent - (3 * i - 15)) >= 1) step = i;
    *prefix = prefixes[step];
    return pow(10, exponent - (3 * step - 15));
}

double weft_plot_step(double length, int parts) {
    const double power = pow(10, floor(log10(length / parts))), lead = length / parts / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

/* A descriptor that reads script from its beginning; the file has no name any more. -1 on failure. */
static int script_open(const char *script, size_t size, const char *folder) {
    char path[4200];
    int length = snprintf(path, sizeof path, "%s/.plot-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof path) return -1;
    int fd = mkstemp(path);
    if (fd < 0) return -1;
    unlink(path);
    size_t done = 0;
    while (done < size) {
        ssize_t n = write(fd, script + done, size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        done += (size_t)n;
    }
    if (done == size && lseek(fd, 0, SEEK_SET) == 0) return fd;
    close(fd);
    return -1;
}

/* Everything until end of file, zero-terminated. NULL when memory is out or reading fails. */
static char *read_all(int fd, size_t *total) {
    size_t size = 0, room = 65536;
    char *text = malloc(room);
    while (text) {
        ssize_t n = read(fd, text + size, room - size - 1);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) {
            text[size] = 0;
            *total = size;
            return text;
        }
        size += n > 0 ? (size_t)n : 0;
        char *larger = n < 0 ? NULL : size + 1 < room ? text : realloc(text, room *= 2);
        if (!larger) free(text);
        text = larger;
    }
    return NULL;
}

/* gnuplot reads script_fd, writes output_fd. A fixed environment, so that no locale and no start-up file of the user
 * changes a figure. */
static bool spawn(pid_t *child, int script_fd, int output_fd) {
    char *argv[] = {(char[]){"gnuplot"}, (char[]){"-d"}, NULL};
    char path[4096] = "PATH=/usr/local/bin:/usr/bin:/bin";
    const char *own = getenv("PATH");
    if (own && strlen(own) + sizeof "PATH=" <= sizeof path) snprintf(path, sizeof path, "PATH=%s", own);
    char *environment[] = {path, (char[]){"LC_ALL=C"}, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions)) return false;
    bool ok = !posix_spawn_file_actions_adddup2(&actions, script_fd, 0) &&
              !posix_spawn_file_actions_adddup2(&actions, output_fd, 1) &&
              !posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) &&
              !posix_spawnp(child, "gnuplot", &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    return ok;
}

static bool wait_ok(pid_t child) {
    int state = 0;
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR) return false;
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

/* The svg element alone, moved to the front of text. */
static bool keep_element(char *text) {
    char *begin = strstr(text, "<svg"), *end = begin ? strstr(begin, "</svg>") : NULL;
    if (!end) return false;
    end += strlen("</svg>");
    memmove(text, begin, (size_t)(end - begin));
    text[end - begin] = 0;
    return true;
}

weft_status weft_plot_draw(char **out, size_t *out_size, const char *script, size_t size, const char *folder,
                           weft_error *err) {
    weft_status status = WEFT_OK;
    int pipe_fd[2] = {-1, -1};
    pid_t child;
    *out = NULL;
    *out_size = 0;
    int script_fd = script_open(script, size, folder);
    if (script_fd < 0 || pipe(pipe_fd) < 0) {
        status = weft_error_set(err, WEFT_E_IO, "%s: no temporary file for a figure: %s", folder, strerror(errno));
        goto cleanup;
    }
    for (int i = 0; i < 2; i++) fcntl(pipe_fd[i], F_SETFD, FD_CLOEXEC);
    if (!spawn(&child, script_fd, pipe_fd[1])) goto cleanup;
    close(pipe_fd[1]);
    pipe_fd[1] = -1;
    *out = read_all(pipe_fd[0], out_size);
    bool drawn = wait_ok(child);
    if (!*out) {
        status = weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    } else if (!drawn || *out_size == 0) {
        free(*out);
        *out = NULL;
    }
cleanup:
    if (script_fd >= 0) close(script_fd);
    for (int i = 0; i < 2; i++)
        if (pipe_fd[i] >= 0) close(pipe_fd[i]);
    return status;
}

weft_status weft_plot_svg(char **svg, const char *script, size_t size, const char *folder, weft_error *err) {
    size_t length;
    WEFT_TRY(weft_plot_draw(svg, &length, script, size, folder, err));
    if (*svg && !keep_element(*svg)) {
        free(*svg);
        *svg = NULL;
    }
    return WEFT_OK;
}

weft_status weft_plot_write(bool *drawn, const char *path, const char *script, size_t size, weft_error *err) {
    char folder[4096], *data = NULL;
    size_t length = 0;
    *drawn = false;
    weft_path_folder(folder, sizeof folder, path);
    WEFT_TRY(weft_plot_draw(&data, &length, script, size, folder, err));
    if (!data) return WEFT_OK;
    weft_status status = weft_file_write(path, data, length, err);
    free(data);
    *drawn = status == WEFT_OK;
    return status;
}

bool weft_plot_format_of(weft_plot_format *out, const char *path) {
    const char *dot = strrchr(path, '.');
    *out = dot && strcmp(dot, ".png") == 0 ? WEFT_PLOT_PNG : WEFT_PLOT_SVG;
    return dot && (*out == WEFT_PLOT_PNG || strcmp(dot, ".svg") == 0);
}

void weft_plot_head(FILE *s, weft_plot_format format, const char *name, int width, int height) {
    if (format == WEFT_PLOT_PNG)
        fprintf(s, "set terminal pngcairo size %d,%d noenhanced font 'Helvetica,12' background '#ffffff'\n", width,
                height);
    else
        fprintf(s,
                "set terminal svg size %d,%d dynamic noenhanced font 'Helvetica,15' name 'weft_%s' background "
                "'#ffffff'\n",
                width, height, name);
    fputs("set encoding utf8\nset key off\nset tics nomirror out scale 0.5\nset border 3 lc rgb '#4A4F57'\n"
          "set grid xtics lc rgb '#DDE1E6' lt 1 lw 1\nset style fill solid 1.0 noborder\n",
          s);
}

void weft_plot_name(char *out, size_t out_size, const char *name) {
    size_t n = 0;
    for (; name[n] && n + 1 < out_size; n++) {
        char c = name[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("._-/:+", c);
        out[n] = plain ? c : '_';
    }
    out[n] = 0;
}
