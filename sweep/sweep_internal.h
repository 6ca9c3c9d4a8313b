/* Inside a sweep: jobs, workers, lanes, the queue. */
#ifndef WEFT_SWEEP_SWEEP_INTERNAL_H
#define WEFT_SWEEP_SWEEP_INTERNAL_H

#include <sys/types.h>

#include "core/clock.h"
#include "sweep/ranks.h"
#include "sweep/sweep.h"

/* ---- jobs and news: what goes to a worker and comes back, as bytes (all ranks run one binary) ---- */

typedef enum weft_job_kind { WEFT_JOB_POINT, WEFT_JOB_TRAIN, WEFT_JOB_STOP } weft_job_kind;
typedef struct weft_job {
    int32_t kind;    /* weft_job_kind */
    int32_t lane;    /* of its rank */
    uint64_t number; /* of the point or net */
} weft_job;

typedef enum weft_news_kind {
    WEFT_NEWS_NONE,   /* nothing happened in time */
    WEFT_NEWS_HELLO,  /* a rank is there, with so many lanes (job.number); payload: weft_greeting */
    WEFT_NEWS_RESULT, /* of a job; payload: a packed result when status is OK, else the reason */
    WEFT_NEWS_TEXT,   /* payload: what goes on */
    WEFT_NEWS_DEAD,   /* the worker has died, another one takes its place; payload: how */
} weft_news_kind;
typedef struct weft_news {
    int32_t kind, status; /* weft_news_kind, weft_status */
    weft_job job;
    int64_t started_s;
    double seconds;
    uint64_t size;      /* of the payload */
    char *payload;      /* malloc'd, zero-terminated; NULL for size 0. Local: not sent */
    int32_t rank, lane; /* whose; lane of the pool. Local: not sent */
} weft_news;

/* The first news in bytes; *taken 0 and kind NONE where it is not whole. */
weft_status weft_news_unpack(weft_news *out, size_t *taken, const char *bytes, size_t size, weft_error *err);
/* Bytes of a result. */
weft_status weft_result_pack(char **out, uint64_t *size, const weft_point_result *result, weft_error *err);
weft_status weft_result_unpack(weft_point_result *out, const char *data, uint64_t size, weft_error *err);

/* ---- workers: processes that run jobs ---- */

typedef struct weft_worker {
    pid_t pid;
    int fd;      /* jobs out, news in; -1: none */
    char *bytes; /* of news that is not whole yet */
    size_t used, room;
} weft_worker;
/* The child keeps no other worker's end: others [count]. */
weft_status weft_worker_start(weft_worker *out, const weft_experiment *experiment, const weft_sweep_options *options,
                              const weft_worker *others, int count, weft_error *err);
weft_status weft_worker_give(const weft_worker *worker, const weft_job *job, weft_error *err);
/* Reads what is there. kind NONE: no whole news yet; DEAD: the process is gone, and so is *worker. */
weft_status weft_worker_hear(weft_worker *worker, weft_news *out, weft_error *err);
/* Takes the next whole news from the bytes that are there; kind NONE: there is none. */
weft_status weft_worker_whole(weft_worker *worker, weft_news *out, weft_error *err);
void weft_worker_kill(weft_worker *worker); /* and wait; safe on a dead one */

/* ---- the pool: all workers of all ranks ---- */

typedef struct weft_lane {
    int rank, index;  /* of that rank */
    const char *host; /* borrowed from the pool */
} weft_lane;
typedef struct weft_greeting {      /* payload of HELLO */
    char experiment[65], host[256]; /* SHA-256 of its file */
} weft_greeting;
typedef struct weft_pool {
    const weft_experiment *experiment;
    const weft_sweep_options *options;
    weft_ranks ranks;
    weft_worker *workers;       /* [worker_count] of this rank */
    int worker_count, pause_ms; /* pause_ms: between two looks for messages of other ranks */
    weft_lane *lanes;           /* [lane_count] rank 0: of all ranks, its own first */
    int lane_count;
    char (*hosts)[256]; /* [ranks.size] rank 0: where each runs */
} weft_pool;
/* Starts this rank's workers, then MPI where it was launched; rank 0 waits for the others' greetings. */
weft_status weft_pool_open(weft_pool *pool, const weft_experiment *experiment, const weft_sweep_options *options,
                           weft_error *err);
weft_status weft_pool_give(weft_pool *pool, int lane, weft_job job, weft_error *err);
/* Waits up to timeout_ms. A dead worker has been replaced. Free news->payload. */
weft_status weft_pool_next(weft_pool *pool, int timeout_ms, weft_news *news, weft_error *err);
/* What the other ranks do until rank 0 says stop. */
weft_status weft_pool_relay(weft_pool *pool, weft_error *err);
/* Asks this rank's workers to stop where they are (SIGINT): trainings leave a checkpoint. */
void weft_pool_interrupt(const weft_pool *pool);
void weft_pool_close(weft_pool *pool); /* kills what still works */

/* ---- the queue: points that share a programmed chip stay together ---- */

typedef struct weft_queue_group {
    size_t begin, end; /* of order */
} weft_queue_group;
typedef struct weft_queue {
    size_t *order;             /* point numbers, group by group */
    weft_queue_group *groups;  /* what is left of each; in the order of their first points */
    size_t group_count, fresh; /* fresh: the first group that nobody has begun */
    size_t *again;             /* points to be run once more */
    size_t again_count, left;
} weft_queue;
/* Points with wanted[number]. */
weft_status weft_queue_make(weft_queue *out, const weft_experiment *experiment, const bool *wanted, weft_error *err);
void weft_queue_free(weft_queue *queue);
/* The next point of *group, or of the next group that nobody has begun, or the last one of the group with most left;
 * *group changes accordingly (SIZE_MAX: none yet). False: nothing is left. */
bool weft_queue_take(weft_queue *queue, size_t *group, size_t *number);
void weft_queue_return(weft_queue *queue, size_t number);

#endif
