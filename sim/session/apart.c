#define _DEFAULT_SOURCE /* prctl */
#include "sim/session/apart.h"

#include <errno.h>
#include <omp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 100 }; /* between two looks at the stop flag */

/* ---- blocks of bytes, in the order in which both sides have them ---- */

typedef struct block {
    void *data;
    size_t size;
} block;

enum { TIMING_BLOCKS = 7 };

static void timing_blocks(block blocks[TIMING_BLOCKS], const weft_timing *t) {
    const block all[TIMING_BLOCKS] = {{t->image_start, t->images * sizeof *t->image_start},
                                      {t->image_end, t->images * sizeof *t->image_end},
                                      {t->stage_events, ((size_t)t->stage_count + 1) * sizeof *t->stage_events},
                                      {t->cores, ((size_t)t->core_count + 1) * sizeof *t->cores},
                                      {t->stage_busy_cycles, (size_t)t->stage_count * sizeof *t->stage_busy_cycles},
                                      {t->link_flits, (size_t)t->router_count * 4 * sizeof *t->link_flits},
                                      {t->bins, WEFT_TIMING_BINS * sizeof *t->bins}};
    memcpy(blocks, all, sizeof all);
}

/* What comes first. */
typedef struct answer {
    weft_status status;
    weft_error error;
    weft_timing timing; /* its pointers mean nothing to the other side */
} answer;

/* ---- the child ---- */

static bool send_block(int fd, const void *data, size_t size) {
    const char *bytes = data;
    while (size > 0) {
        const ssize_t sent = write(fd, bytes, size);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void send_result(int fd, const weft_sim *sim, const answer *head, const weft_cosim_result *result) {
    block blocks[TIMING_BLOCKS];
    if (!send_block(fd, head, sizeof *head) || head->status != WEFT_OK) return;
    timing_blocks(blocks, result->timing);
    for (int b = 0; b < TIMING_BLOCKS; b++)
        if (!send_block(fd, blocks[b].data, blocks[b].size)) return;
    send_block(fd, result->logits, sim->timed_images * (size_t)sim->stages->classes * sizeof *result->logits);
}

static void run_child(int fd, pid_t parent, const weft_sim *sim, const float *x, const weft_cosim_options *options) {
    weft_cosim_result *result = NULL;
    answer head;
    memset(&head, 0, sizeof head);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) return;
    omp_set_num_threads(1); /* the parent's other threads are not here */
    head.status = weft_cosim_run(&result, sim->engine, sim->chip, sim->mapping, sim->stages, sim->traffic, x, options,
                                 &head.error);
    if (head.status == WEFT_OK) head.timing = *result->timing;
    send_result(fd, sim, &head, result);
}

/* ---- the parent ---- */

static weft_status no_answer(weft_error *err) {
    return weft_error_set(err, WEFT_E_LIBRARY, "timed run: its process ended without an answer");
}

static weft_status receive(int fd, void *data, size_t size, const weft_sim *sim, weft_error *err) {
    char *bytes = data;
    while (size > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (sim->stop && *sim->stop) return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted");
        if (poll(&wait, 1, LOOK_MS) <= 0) continue;
        const ssize_t got = read(fd, bytes, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return no_answer(err);
        bytes += got;
        size -= (size_t)got;
    }
    return WEFT_OK;
}

static void take_numbers(weft_timing *to, const weft_timing *from) {
    const weft_timing arrays = *to;
    *to = *from;
    to->image_start = arrays.image_start;
    to->image_end = arrays.image_end;
    to->stage_events = arrays.stage_events;
    to->cores = arrays.cores;
    to->stage_busy_cycles = arrays.stage_busy_cycles;
    to->link_flits = arrays.link_flits;
    to->bins = arrays.bins;
}

static weft_status receive_result(int fd, weft_cosim_result *result, const weft_sim *sim, weft_error *err) {
    block blocks[TIMING_BLOCKS];
    answer head;
    const size_t logits = sim->timed_images * (size_t)sim->stages->classes;
    WEFT_TRY(receive(fd, &head, sizeof head, sim, err));
    if (head.status != WEFT_OK) {
        if (err) *err = head.error;
        return head.status;
    }
    const weft_timing *t = &head.timing;
    WEFT_TRY(weft_timing_create(&result->timing, t->images, t->stage_count, t->core_count, t->router_count, err));
    take_numbers(result->timing, t);
    timing_blocks(blocks, result->timing);
    for (int b = 0; b < TIMING_BLOCKS; b++) WEFT_TRY(receive(fd, blocks[b].data, blocks[b].size, sim, err));
    result->logits = malloc(logits * sizeof *result->logits);
    if (!result->logits) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu results", logits);
    return receive(fd, result->logits, logits * sizeof *result->logits, sim, err);
}

static weft_status listen_to(int fd, pid_t child, weft_cosim_result *result, const weft_sim *sim, weft_error *err) {
    const weft_status status = receive_result(fd, result, sim, err);
    kill(child, SIGKILL); /* it has said all, or is not wanted any more */
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    return status;
}

static weft_status run(weft_cosim_result *result, const weft_sim *sim, const float *x,
                       const weft_cosim_options *options, weft_error *err) {
    int ends[2];
    const pid_t parent = getpid();
    if (pipe(ends) != 0)
        return weft_error_set(err, WEFT_E_LIBRARY, "timed run: no pipe to a new process: %s", strerror(errno));
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        run_child(ends[1], parent, sim, x, options);
        _exit(0);
    }
    weft_status status = WEFT_OK;
    if (child < 0) status = weft_error_set(err, WEFT_E_LIBRARY, "timed run: no new process: %s", strerror(errno));
    close(ends[1]);
    if (child > 0) status = listen_to(ends[0], child, result, sim, err);
    close(ends[0]);
    return status;
}

weft_status weft_cosim_run_apart(weft_cosim_result **out, const weft_sim *sim, const float *x,
                                 const weft_cosim_options *options, weft_error *err) {
    *out = calloc(1, sizeof **out);
    if (!*out) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the timed run");
    const weft_status status = run(*out, sim, x, options, err);
    if (status == WEFT_OK) return WEFT_OK;
    weft_cosim_result_destroy(*out);
    *out = NULL;
    return status;
}
