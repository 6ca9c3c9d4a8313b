/* A worker: a process that runs jobs, one after the other, and the parent's end of it. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <omp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "sweep/sweep_internal.h"

/* ---- results as bytes ---- */

typedef struct packed_head {
    weft_metrics_values metrics;
    weft_sha256 mapping;
    double seconds;
    uint64_t trials;
} packed_head;

weft_status weft_result_pack(char **out, uint64_t *size, const weft_point_result *result, weft_error *err) {
    const size_t trials = (size_t)result->trial_count * sizeof(double);
    packed_head head;
    memset(&head, 0, sizeof head);
    head.metrics = result->metrics;
    head.mapping = result->mapping;
    head.seconds = result->seconds;
    head.trials = (uint64_t)result->trial_count;
    *size = sizeof head + trials;
    *out = malloc(*size + 1);
    if (!*out) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a result");
    memcpy(*out, &head, sizeof head);
    if (trials) memcpy(*out + sizeof head, result->trial_error_percent, trials);
    (*out)[*size] = 0;
    return WEFT_OK;
}

weft_status weft_result_unpack(weft_point_result *out, const char *data, uint64_t size, weft_error *err) {
    packed_head head;
    *out = (weft_point_result){0};
    if (size < sizeof head) return weft_error_set(err, WEFT_E_INTERNAL, "a worker's result is cut off");
    memcpy(&head, data, sizeof head);
    if (head.trials > WEFT_TRIALS_MAX || size != sizeof head + head.trials * sizeof(double))
        return weft_error_set(err, WEFT_E_INTERNAL, "a worker's result has the wrong size");
    out->trial_error_percent = malloc((head.trials + 1) * sizeof(double));
    if (!out->trial_error_percent) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a result");
    memcpy(out->trial_error_percent, data + sizeof head, head.trials * sizeof(double));
    out->metrics = head.metrics;
    out->mapping = head.mapping;
    out->seconds = head.seconds;
    out->trial_count = (int)head.trials;
    return WEFT_OK;
}

/* ---- the child ---- */

typedef struct server {
    int fd, threads;
    const weft_experiment *experiment;
    const weft_sweep_options *options;
    weft_point_runner *runner;
    weft_job job;
} server;

static bool send_all(int fd, const void *data, size_t size) {
    const char *bytes = data;
    while (size > 0) {
        const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool tell(const server *s, int kind, weft_status status, const char *payload, uint64_t size, double seconds,
                 int64_t started_s) {
    weft_news news;
    memset(&news, 0, sizeof news);
    news.kind = kind;
    news.status = (int32_t)status;
    news.job = s->job;
    news.started_s = started_s;
    news.seconds = seconds;
    news.size = size;
    return send_all(s->fd, &news, sizeof news) && send_all(s->fd, payload, size);
}

static void tell_text(void *context, const char *text) {
    tell(context, WEFT_NEWS_TEXT, WEFT_OK, text, strlen(text), 0, 0);
}

static weft_status run_point(server *s, char **payload, uint64_t *size, weft_error *err) {
    const weft_point_runner_options options = {.runs = s->options->runs, .stop = s->options->stop};
    weft_point_result result = {0};
    if (!s->runner) WEFT_TRY(weft_point_runner_create(&s->runner, s->experiment, &options, err));
    weft_status status = weft_point_run(s->runner, &s->experiment->points[s->job.number], &result, err);
    if (status == WEFT_OK) status = weft_result_pack(payload, size, &result, err);
    weft_point_result_free(&result);
    return status;
}

/* One network at a time: it may have all processors. */
static weft_status train(server *s, weft_error *err) {
    omp_set_num_threads(omp_get_num_procs());
    const weft_status status = weft_point_train(s->experiment, (int)s->job.number, s->options->stop, tell_text, s, err);
    omp_set_num_threads(s->threads);
    return status;
}

static bool serve_job(server *s) {
    weft_error err = {0};
    char text[2048], *payload = NULL;
    uint64_t size = 0;
    const double begin = weft_now_s();
    const int64_t started_s = (int64_t)time(NULL);
    const weft_status status = s->job.kind == WEFT_JOB_TRAIN ? train(s, &err) : run_point(s, &payload, &size, &err);
    if (status != WEFT_OK) weft_error_format(&err, text, sizeof text);
    const char *bytes = status == WEFT_OK ? payload : text;
    if (status != WEFT_OK) size = strlen(text);
    const bool sent = tell(s, WEFT_NEWS_RESULT, status, bytes ? bytes : "", size, weft_now_s() - begin, started_s);
    free(payload);
    return sent;
}

static _Noreturn void serve(server *s) {
    size_t got = 0;
    omp_set_num_threads(s->threads);
    while (got < sizeof s->job) {
        const ssize_t n = recv(s->fd, (char *)&s->job + got, sizeof s->job - got, 0);
        if (n < 0 && errno == EINTR && !*s->options->stop) continue;
        if (n <= 0) _exit(0);
        got += (size_t)n;
        if (got < sizeof s->job) continue;
        if (s->job.kind == WEFT_JOB_STOP || !serve_job(s)) _exit(0);
        got = 0;
    }
    _exit(0);
}

/* ---- the parent's end ---- */

weft_status weft_worker_start(weft_worker *out, const weft_experiment *experiment, const weft_sweep_options *options,
                              const weft_worker *others, int count, weft_error *err) {
    int ends[2];
    *out = (weft_worker){.pid = -1, .fd = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return weft_error_set(err, WEFT_E_IO, "cannot connect a worker: %s", strerror(errno));
    const pid_t parent = getpid();
    out->pid = fork();
    if (out->pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return weft_error_set(err, WEFT_E_IO, "cannot start a worker: %s", strerror(errno));
    }
    if (out->pid == 0) {
        server child = {.fd = ends[1], .threads = options->threads, .experiment = experiment, .options = options};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpgid(0, 0); /* Ctrl-C is the parent's: it tells its workers when to stop */
        if (getppid() != parent) _exit(0);
        close(ends[0]);
        for (int i = 0; i < count; i++)
            if (others[i].fd >= 0) close(others[i].fd);
        serve(&child);
    }
    close(ends[1]);
    out->fd = ends[0];
    return WEFT_OK;
}

weft_status weft_worker_give(const weft_worker *worker, const weft_job *job, weft_error *err) {
    /* A worker that has just died shows when it is heard. */
    if (worker->fd < 0 || send_all(worker->fd, job, sizeof *job) || errno == EPIPE || errno == ECONNRESET)
        return WEFT_OK;
    return weft_error_set(err, WEFT_E_IO, "cannot reach a worker: %s", strerror(errno));
}

weft_status weft_news_unpack(weft_news *out, size_t *taken, const char *bytes, size_t size, weft_error *err) {
    *out = (weft_news){0};
    *taken = 0;
    if (size < sizeof *out) return WEFT_OK;
    weft_news head;
    memcpy(&head, bytes, sizeof head);
    if (size - sizeof head < head.size) return WEFT_OK;
    head.payload = malloc(head.size + 1);
    if (!head.payload) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a worker's results");
    memcpy(head.payload, bytes + sizeof head, head.size);
    head.payload[head.size] = 0;
    *taken = sizeof head + head.size;
    *out = head;
    return WEFT_OK;
}

weft_status weft_worker_whole(weft_worker *worker, weft_news *out, weft_error *err) {
    size_t taken;
    WEFT_TRY(weft_news_unpack(out, &taken, worker->bytes, worker->used, err));
    worker->used -= taken;
    if (taken) memmove(worker->bytes, worker->bytes + taken, worker->used);
    return WEFT_OK;
}

static weft_status make_room(weft_worker *worker, size_t size, weft_error *err) {
    if (worker->room - worker->used >= size) return WEFT_OK;
    const size_t room = 2 * (worker->used + size);
    char *grown = realloc(worker->bytes, room);
    if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a worker's results");
    worker->bytes = grown;
    worker->room = room;
    return WEFT_OK;
}

static void how_it_died(char *out, size_t size, int status) {
    if (WIFSIGNALED(status))
        snprintf(out, size, "its worker was ended by signal %d (%s)%s", WTERMSIG(status), strsignal(WTERMSIG(status)),
                 WTERMSIG(status) == SIGKILL ? ", perhaps for want of memory" : "");
    else
        snprintf(out, size, "its worker ended by itself, exit status %d", WEXITSTATUS(status));
}

static weft_status bury(weft_worker *worker, weft_news *out, weft_error *err) {
    char text[160];
    int status = 0;
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR) continue;
    close(worker->fd);
    free(worker->bytes);
    *worker = (weft_worker){.pid = -1, .fd = -1};
    how_it_died(text, sizeof text, status);
    *out =
        (weft_news){.kind = WEFT_NEWS_DEAD, .status = WEFT_E_INTERNAL, .size = strlen(text), .payload = strdup(text)};
    return out->payload ? WEFT_OK : weft_error_set(err, WEFT_E_MEMORY, "no memory for a message");
}

weft_status weft_worker_hear(weft_worker *worker, weft_news *out, weft_error *err) {
    enum { CHUNK = 65536 };
    *out = (weft_news){0};
    WEFT_TRY(make_room(worker, CHUNK, err));
    const ssize_t n = recv(worker->fd, worker->bytes + worker->used, CHUNK, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return WEFT_OK;
    if (n <= 0) return bury(worker, out, err);
    worker->used += (size_t)n;
    return weft_worker_whole(worker, out, err);
}

void weft_worker_kill(weft_worker *worker) {
    if (worker->pid > 0) {
        kill(worker->pid, SIGKILL);
        while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR) continue;
    }
    if (worker->fd >= 0) close(worker->fd);
    free(worker->bytes);
    *worker = (weft_worker){.pid = -1, .fd = -1};
}
