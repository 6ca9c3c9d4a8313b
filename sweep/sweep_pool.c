/* The workers of all ranks as one row of lanes. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sweep/sweep_internal.h"

/* ---- this rank's workers ---- */

static weft_status start_worker(weft_pool *pool, int index, weft_error *err) {
    return weft_worker_start(&pool->workers[index], pool->experiment, pool->options, pool->workers, pool->worker_count,
                             err);
}

static weft_status start_workers(weft_pool *pool, weft_error *err) {
    const int count = pool->options->jobs;
    pool->workers = calloc((size_t)count, sizeof *pool->workers);
    if (!pool->workers) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d workers", count);
    for (int i = 0; i < count; i++) {
        WEFT_TRY(start_worker(pool, i, err));
        pool->worker_count++;
    }
    return WEFT_OK;
}

/* News of a worker: its lane is known here. One that has died is replaced. */
static weft_status sign(weft_pool *pool, int index, weft_news *news, weft_error *err) {
    news->rank = pool->ranks.rank;
    news->lane = index;
    news->job.lane = index;
    return news->kind == WEFT_NEWS_DEAD ? start_worker(pool, index, err) : WEFT_OK;
}

static weft_status hear_buffered(weft_pool *pool, weft_news *news, weft_error *err) {
    for (int i = 0; i < pool->worker_count; i++) {
        WEFT_TRY(weft_worker_whole(&pool->workers[i], news, err));
        if (news->kind != WEFT_NEWS_NONE) return sign(pool, i, news, err);
    }
    return WEFT_OK;
}

static weft_status hear_workers(weft_pool *pool, int timeout_ms, weft_news *news, weft_error *err) {
    struct pollfd *ends = calloc((size_t)pool->worker_count, sizeof *ends);
    weft_status status = WEFT_OK;
    if (!ends) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d workers", pool->worker_count);
    for (int i = 0; i < pool->worker_count; i++) ends[i] = (struct pollfd){pool->workers[i].fd, POLLIN, 0};
    if (poll(ends, (nfds_t)pool->worker_count, timeout_ms) < 0 && errno != EINTR)
        status = weft_error_set(err, WEFT_E_IO, "waiting for workers: %s", strerror(errno));
    for (int i = 0; i < pool->worker_count && status == WEFT_OK && news->kind == WEFT_NEWS_NONE; i++) {
        if (!ends[i].revents) continue;
        status = weft_worker_hear(&pool->workers[i], news, err);
        if (status == WEFT_OK && news->kind != WEFT_NEWS_NONE) status = sign(pool, i, news, err);
    }
    free(ends);
    return status;
}

/* ---- other ranks ---- */

static weft_status hear_ranks(weft_pool *pool, weft_news *news, weft_error *err) {
    void *data = NULL;
    size_t size = 0, taken = 0;
    int from = 0;
    if (pool->ranks.size == 1) return WEFT_OK;
    WEFT_TRY(weft_ranks_receive(&from, &data, &size, err));
    if (!data) return WEFT_OK;
    const weft_status status = weft_news_unpack(news, &taken, data, size, err);
    free(data);
    WEFT_TRY(status);
    if (taken != size) return weft_error_set(err, WEFT_E_INTERNAL, "a message of rank %d is cut off", from);
    news->rank = from;
    for (int i = 0; i < pool->lane_count; i++)
        if (pool->lanes[i].rank == from && pool->lanes[i].index == news->job.lane) news->lane = i;
    return WEFT_OK;
}

static weft_status send_news(const weft_news *news, weft_error *err) {
    char *bytes = malloc(sizeof *news + news->size);
    if (!bytes) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a message");
    weft_news head = *news;
    head.payload = NULL;
    memcpy(bytes, &head, sizeof head);
    if (news->size) memcpy(bytes + sizeof head, news->payload, news->size);
    const weft_status status = weft_ranks_send(0, bytes, sizeof head + news->size, err);
    free(bytes);
    return status;
}

static weft_status greet(const weft_pool *pool, weft_error *err) {
    weft_greeting greeting = {0};
    snprintf(greeting.experiment, sizeof greeting.experiment, "%s", pool->experiment->sha256.hex);
    gethostname(greeting.host, sizeof greeting.host - 1);
    weft_news hello = {.kind = WEFT_NEWS_HELLO, .size = sizeof greeting, .payload = (char *)&greeting};
    hello.job.number = (uint64_t)pool->worker_count;
    return send_news(&hello, err);
}

static weft_status add_lanes(weft_pool *pool, int rank, int count, weft_error *err) {
    weft_lane *grown = realloc(pool->lanes, (size_t)(pool->lane_count + count) * sizeof *grown);
    if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d workers", count);
    pool->lanes = grown;
    for (int i = 0; i < count; i++) pool->lanes[pool->lane_count++] = (weft_lane){rank, i, pool->hosts[rank]};
    return WEFT_OK;
}

static weft_status welcome(weft_pool *pool, const weft_news *hello, weft_error *err) {
    weft_greeting greeting;
    if (hello->kind != WEFT_NEWS_HELLO || hello->size != sizeof greeting)
        return weft_error_set(err, WEFT_E_INTERNAL, "rank %d did not greet", hello->rank);
    memcpy(&greeting, hello->payload, sizeof greeting);
    if (strncmp(greeting.experiment, pool->experiment->sha256.hex, sizeof greeting.experiment) != 0)
        return weft_error_set(err, WEFT_E_INVALID, "rank %d reads another %s: its bytes or overrides differ",
                              hello->rank, pool->experiment->path);
    snprintf(pool->hosts[hello->rank], sizeof *pool->hosts, "%.255s", greeting.host);
    return add_lanes(pool, hello->rank, (int)hello->job.number, err);
}

static weft_status wait_for_greetings(weft_pool *pool, weft_error *err) {
    for (int missing = pool->ranks.size - 1; missing > 0;) {
        weft_news news = {0};
        WEFT_TRY(hear_ranks(pool, &news, err));
        if (news.kind == WEFT_NEWS_NONE) {
            poll(NULL, 0, 1);
            continue;
        }
        const weft_status status = welcome(pool, &news, err);
        free(news.payload);
        WEFT_TRY(status);
        missing--;
    }
    return WEFT_OK;
}

/* Other ranks cannot wake a process that waits for its workers: it looks every millisecond while something happens, and
 * ever less often while nothing does, so that looking takes no time from the points. */
static void pace(weft_pool *pool, bool happened) {
    enum { LONGEST_MS = 16 };
    pool->pause_ms = happened || pool->pause_ms == 0 ? 1
                     : pool->pause_ms < LONGEST_MS   ? 2 * pool->pause_ms
                                                     : LONGEST_MS;
}

/* ---- all of them ---- */

weft_status weft_pool_open(weft_pool *pool, const weft_experiment *experiment, const weft_sweep_options *options,
                           weft_error *err) {
    *pool = (weft_pool){.experiment = experiment, .options = options, .ranks = {0, 1}};
    WEFT_TRY(start_workers(pool, err));
    WEFT_TRY(weft_ranks_start(&pool->ranks, err));
    if (pool->ranks.rank != 0) return greet(pool, err);
    pool->hosts = calloc((size_t)pool->ranks.size, sizeof *pool->hosts);
    if (!pool->hosts) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d ranks", pool->ranks.size);
    gethostname(pool->hosts[0], sizeof *pool->hosts - 1);
    WEFT_TRY(add_lanes(pool, 0, pool->worker_count, err));
    return wait_for_greetings(pool, err);
}

weft_status weft_pool_give(weft_pool *pool, int lane, weft_job job, weft_error *err) {
    const weft_lane to = pool->lanes[lane];
    job.lane = to.index;
    if (to.rank != pool->ranks.rank) return weft_ranks_send(to.rank, &job, sizeof job, err);
    return weft_worker_give(&pool->workers[to.index], &job, err);
}

weft_status weft_pool_next(weft_pool *pool, int timeout_ms, weft_news *news, weft_error *err) {
    const double end = weft_now_s() + 1e-3 * timeout_ms;
    *news = (weft_news){0};
    for (;;) {
        WEFT_TRY(hear_buffered(pool, news, err));
        if (news->kind != WEFT_NEWS_NONE) return WEFT_OK;
        WEFT_TRY(hear_ranks(pool, news, err));
        if (news->kind != WEFT_NEWS_NONE) pace(pool, true);
        if (news->kind != WEFT_NEWS_NONE) return WEFT_OK;
        const double left = end - weft_now_s();
        pace(pool, false);
        const int wait_ms = pool->ranks.size > 1 ? pool->pause_ms : (int)(1e3 * left) + 1;
        WEFT_TRY(hear_workers(pool, left > 0 ? wait_ms : 0, news, err));
        if (news->kind != WEFT_NEWS_NONE) pace(pool, true);
        if (news->kind != WEFT_NEWS_NONE || left <= 0) return WEFT_OK;
    }
}

static weft_status relay_jobs(weft_pool *pool, bool *stop, bool *any, weft_error *err) {
    for (;;) {
        void *data = NULL;
        size_t size = 0;
        int from = 0;
        weft_job job;
        WEFT_TRY(weft_ranks_receive(&from, &data, &size, err));
        if (!data) return WEFT_OK;
        const bool whole = size == sizeof job;
        if (whole) memcpy(&job, data, sizeof job);
        free(data);
        if (!whole || job.lane < 0 || job.lane >= pool->worker_count)
            return weft_error_set(err, WEFT_E_INTERNAL, "a message of rank %d is no job", from);
        if (job.kind == WEFT_JOB_STOP) *stop = true;
        if (*stop) return WEFT_OK;
        WEFT_TRY(weft_worker_give(&pool->workers[job.lane], &job, err));
        *any = true;
    }
}

weft_status weft_pool_relay(weft_pool *pool, weft_error *err) {
    for (bool stop = false; !stop;) {
        weft_news news = {0};
        bool any = false;
        WEFT_TRY(relay_jobs(pool, &stop, &any, err));
        WEFT_TRY(hear_buffered(pool, &news, err));
        if (news.kind == WEFT_NEWS_NONE && !stop) {
            pace(pool, any);
            WEFT_TRY(hear_workers(pool, pool->pause_ms, &news, err));
            if (news.kind != WEFT_NEWS_NONE) pace(pool, true);
        }
        const weft_status status = news.kind != WEFT_NEWS_NONE ? send_news(&news, err) : WEFT_OK;
        free(news.payload);
        WEFT_TRY(status);
    }
    return WEFT_OK;
}

void weft_pool_interrupt(const weft_pool *pool) {
    for (int i = 0; i < pool->worker_count; i++)
        if (pool->workers[i].pid > 0) kill(pool->workers[i].pid, SIGINT);
}

void weft_pool_close(weft_pool *pool) {
    for (int r = 1; r < pool->ranks.size && pool->ranks.rank == 0; r++) {
        const weft_job job = {.kind = WEFT_JOB_STOP};
        weft_ranks_send(r, &job, sizeof job, NULL);
    }
    for (int i = 0; i < pool->worker_count; i++) weft_worker_kill(&pool->workers[i]);
    weft_ranks_stop();
    free(pool->workers);
    free(pool->lanes);
    free(pool->hosts);
    *pool = (weft_pool){0};
}
