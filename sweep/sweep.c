/* The flow of a sweep: train what is missing, find what is new, run it, write it down. */
#include "sweep/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sweep/search.h"
#include "sweep/sweep_internal.h"

enum { AHEAD = 2, TICK_MS = 200 }; /* jobs that a worker of short points has; longest wait for news */
#define SHORT_S 0.05               /* points up to so long are given ahead */
#define PATIENCE_S 10.0            /* for workers that were told to stop */

/* What a lane has been given and not answered; the first is being run. */
typedef struct lane_state {
    weft_job jobs[AHEAD];
    int count;
    size_t group;
    double mean_s; /* of its points, exponentially; -1: none yet */
} lane_state;

typedef struct sweep {
    weft_experiment *experiment;
    weft_sweep_options options;
    weft_sweep_result *result;
    weft_pool pool;
    weft_store *store;
    weft_queue queue;
    lane_state *lanes; /* [pool.lane_count] */
    int outstanding;   /* jobs given and not answered */
    weft_sha256 *keys;
    weft_point_keys *hashes;
    size_t *twin;                /* [point_count] the next point with the same key, or SIZE_MAX */
    bool *done, *wanted;         /* [point_count] has a result; is to be run now */
    weft_metrics_values *values; /* [point_count] of a search: what is known; NaN else */
    weft_search search;
    int *attempts;           /* [point_count] that ended in a dead worker */
    char (*untrained)[1200]; /* [net_count] why a net could not be trained; "" it was */
    size_t next_net;
    double start_s, told_s, flushed_s;
    char text[256]; /* what goes on */
    char host[256];
} sweep;

static bool is_stopped(const sweep *s) { return *s->options.stop != 0; }

/* ---- progress ---- */

static double remaining_s(const sweep *s, size_t left) {
    const weft_sweep_result *r = s->result;
    const size_t finished = r->done + r->failed;
    if (finished == 0) return NAN;
    return r->worker_seconds / (double)finished * (double)left / s->pool.lane_count;
}

static void show(sweep *s, bool always) {
    const double now = weft_now_s();
    const weft_sweep_result *r = s->result;
    if (!s->options.progress || (!always && now - s->told_s < 1)) return;
    s->told_s = now;
    const size_t left = r->points - r->cached - r->done - r->failed;
    const weft_sweep_progress progress = {.points = r->points,
                                          .cached = r->cached,
                                          .done = r->done,
                                          .failed = r->failed,
                                          .running = (size_t)s->outstanding,
                                          .elapsed_s = now - s->start_s,
                                          .remaining_s = remaining_s(s, left),
                                          .text = s->text};
    s->options.progress(s->options.context, &progress);
}

/* ---- lanes ---- */

static weft_status give(sweep *s, int lane, int kind, uint64_t number, weft_error *err) {
    lane_state *state = &s->lanes[lane];
    const weft_job job = {.kind = kind, .number = number};
    state->jobs[state->count++] = job;
    s->outstanding++;
    return weft_pool_give(&s->pool, lane, job, err);
}

/* The lane's oldest job is over. */
static weft_job take_back(sweep *s, int lane) {
    lane_state *state = &s->lanes[lane];
    const weft_job job = state->jobs[0];
    memmove(state->jobs, state->jobs + 1, (size_t)(--state->count) * sizeof job);
    s->outstanding--;
    return job;
}

static bool wants_more(const lane_state *lane) {
    const bool quick = lane->mean_s >= 0 && lane->mean_s < SHORT_S;
    return lane->count < (quick ? AHEAD : 1);
}

/* ---- training ---- */

/* One net at a time on a rank, with all its processors. */
static weft_status give_nets(sweep *s, weft_error *err) {
    for (int lane = 0; lane < s->pool.lane_count && !is_stopped(s); lane++) {
        if (s->pool.lanes[lane].index != 0 || s->lanes[lane].count > 0) continue;
        while (s->next_net < (size_t)s->experiment->net_count && !s->experiment->nets[s->next_net].recipe[0])
            s->next_net++;
        if (s->next_net < (size_t)s->experiment->net_count) WEFT_TRY(give(s, lane, WEFT_JOB_TRAIN, s->next_net++, err));
    }
    return WEFT_OK;
}

static void note_training(sweep *s, const weft_news *news, uint64_t net) {
    if (news->kind == WEFT_NEWS_RESULT && (news->status == WEFT_OK || news->status == WEFT_E_INTERRUPTED)) return;
    snprintf(s->untrained[net], sizeof *s->untrained, "net \"%.100s\" could not be trained: %.1000s",
             s->experiment->nets[net].name, news->payload);
}

static weft_status train_nets(sweep *s, weft_error *err) {
    weft_status status = give_nets(s, err);
    while (status == WEFT_OK && s->outstanding > 0 && !is_stopped(s)) {
        weft_news news;
        status = weft_pool_next(&s->pool, TICK_MS, &news, err);
        if (status != WEFT_OK) break;
        if (news.kind == WEFT_NEWS_TEXT) snprintf(s->text, sizeof s->text, "%.255s", news.payload);
        if (news.kind == WEFT_NEWS_RESULT || news.kind == WEFT_NEWS_DEAD)
            if (s->lanes[news.lane].count > 0) note_training(s, &news, take_back(s, news.lane).number);
        show(s, news.kind == WEFT_NEWS_TEXT);
        free(news.payload);
        status = give_nets(s, err);
    }
    s->text[0] = 0;
    return status;
}

/* ---- planning ---- */

/* A point whose net could not be trained has no bytes to hash. */
static weft_status key_of(sweep *s, size_t number, weft_error *err) {
    const weft_point *point = &s->experiment->points[number];
    char label[1024];
    if (point->net < 0 || !s->untrained[point->net][0]) return weft_point_key(&s->keys[number], s->hashes, point, err);
    const int length = snprintf(label, sizeof label, "untrained %zu ", number);
    weft_point_label(label + length, sizeof label - (size_t)length, point);
    s->keys[number] = weft_sha256_bytes(label, strlen(label));
    return WEFT_OK;
}

static weft_status allocate(sweep *s, weft_error *err) {
    const size_t points = s->experiment->point_count + 1;
    s->keys = calloc(points, sizeof *s->keys);
    s->done = calloc(points, sizeof *s->done);
    s->wanted = calloc(points, sizeof *s->wanted);
    s->twin = malloc(points * sizeof *s->twin);
    s->attempts = calloc(points, sizeof *s->attempts);
    s->untrained = calloc((size_t)s->experiment->net_count + 1, sizeof *s->untrained);
    if (s->keys && s->done && s->wanted && s->twin && s->attempts && s->untrained) return WEFT_OK;
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", points);
}

/* Points of one key have one result: it is computed for the first and written down for all. */
static weft_status find_twins(sweep *s, weft_error *err) {
    const size_t points = s->experiment->point_count;
    weft_keyed *sorted = malloc((points + 1) * sizeof *sorted);
    if (!sorted) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", points);
    for (size_t i = 0; i < points; i++) sorted[i] = (weft_keyed){s->keys[i].hex, i};
    weft_keyed_sort(sorted, points);
    for (size_t i = 0; i < points; i++) {
        const bool same = i + 1 < points && strcmp(sorted[i].key, sorted[i + 1].key) == 0;
        s->twin[sorted[i].number] = same ? sorted[i + 1].number : SIZE_MAX;
    }
    free(sorted);
    return WEFT_OK;
}

static weft_status plan(sweep *s, weft_error *err) {
    const size_t points = s->experiment->point_count;
    WEFT_TRY(weft_point_keys_create(&s->hashes, s->experiment, err));
    for (size_t i = 0; i < points; i++) WEFT_TRY(key_of(s, i, err));
    WEFT_TRY(find_twins(s, err));
    WEFT_TRY(weft_store_open(&s->store, s->options.runs, s->experiment->name, err));
    WEFT_TRY(weft_store_plan(s->store, s->experiment, s->keys, s->done, err));
    return WEFT_OK;
}

/* ---- results ---- */

static void count_result(sweep *s, const weft_store_row *row) {
    weft_sweep_result *r = s->result;
    char label[200];
    if (row->result) {
        r->done++;
        return;
    }
    r->failed++;
    if (r->first_failure[0]) return;
    weft_point_label(label, sizeof label, row->point);
    snprintf(r->first_failure, sizeof r->first_failure, "point %zu (%s): %.1000s", row->number, label, row->message);
}

/* Of this point and of those with the same key behind it that are wanted too. */
static weft_status put(sweep *s, size_t number, const weft_news *news, const weft_point_result *result,
                       const char *message, weft_error *err) {
    for (size_t i = number; i != SIZE_MAX; i = s->twin[i]) {
        if (i != number && !s->wanted[i]) continue;
        weft_store_row row = {.number = i,
                              .point = &s->experiment->points[i],
                              .key = s->keys[i].hex,
                              .result = result,
                              .message = message,
                              .host = s->host,
                              .attempts = s->attempts[number] + 1,
                              .started_s = news ? news->started_s : 0};
        WEFT_TRY(weft_point_hashes(&row.net_sha256, &row.chip_sha256, s->hashes, row.point, err));
        WEFT_TRY(weft_store_put(s->store, &row, err));
        count_result(s, &row);
        s->done[i] = result != NULL;
        if (s->values && result) s->values[i] = result->metrics;
    }
    return WEFT_OK;
}

static weft_status note_result(sweep *s, const weft_news *news, size_t number, weft_error *err) {
    weft_point_result result = {0};
    lane_state *lane = &s->lanes[news->lane];
    s->result->worker_seconds += news->seconds;
    lane->mean_s = lane->mean_s < 0 ? news->seconds : 0.8 * lane->mean_s + 0.2 * news->seconds;
    if (news->status == WEFT_E_INTERRUPTED) return WEFT_OK;
    if (news->status != WEFT_OK) return put(s, number, news, NULL, news->payload, err);
    WEFT_TRY(weft_result_unpack(&result, news->payload, news->size, err));
    const weft_status status = put(s, number, news, &result, NULL, err);
    weft_point_result_free(&result);
    return status;
}

/* The point that ran may have killed the worker; those behind it have not begun. */
static weft_status note_death(sweep *s, const weft_news *news, weft_error *err) {
    lane_state *lane = &s->lanes[news->lane];
    if (lane->count == 0) return WEFT_OK;
    const size_t number = take_back(s, news->lane).number;
    while (lane->count > 0) weft_queue_return(&s->queue, take_back(s, news->lane).number);
    if (is_stopped(s)) return WEFT_OK;
    if (s->attempts[number]++ < s->options.retries) {
        weft_queue_return(&s->queue, number);
        return WEFT_OK;
    }
    s->attempts[number]--;
    return put(s, number, news, NULL, news->payload, err);
}

static weft_status hear(sweep *s, int timeout_ms, weft_error *err) {
    weft_news news;
    WEFT_TRY(weft_pool_next(&s->pool, timeout_ms, &news, err));
    weft_status status = WEFT_OK;
    if (news.kind == WEFT_NEWS_RESULT && s->lanes[news.lane].count > 0)
        status = note_result(s, &news, take_back(s, news.lane).number, err);
    else if (news.kind == WEFT_NEWS_DEAD)
        status = note_death(s, &news, err);
    free(news.payload);
    return status;
}

static weft_status fill_lane(sweep *s, int lane, weft_error *err) {
    size_t number;
    while (wants_more(&s->lanes[lane]) && weft_queue_take(&s->queue, &s->lanes[lane].group, &number)) {
        const int net = s->experiment->points[number].net;
        if (net >= 0 && s->untrained[net][0])
            WEFT_TRY(put(s, number, NULL, NULL, s->untrained[net], err));
        else
            WEFT_TRY(give(s, lane, WEFT_JOB_POINT, number, err));
    }
    return WEFT_OK;
}

/* About once a second: a kill loses no more. */
static weft_status flush(sweep *s, weft_error *err) {
    const double now = weft_now_s();
    if (now - s->flushed_s < 1) return WEFT_OK;
    s->flushed_s = now;
    return weft_store_flush(s->store, err);
}

/* Of points with the same key only the first is queued. */
static weft_status make_queue(sweep *s, weft_error *err) {
    const size_t points = s->experiment->point_count;
    bool *queued = malloc((points + 1) * sizeof *queued);
    if (!queued) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", points);
    memcpy(queued, s->wanted, points * sizeof *queued);
    for (size_t i = 0; i < points; i++)
        for (size_t k = s->twin[i]; queued[i] && k != SIZE_MAX; k = s->twin[k]) queued[k] = false;
    const weft_status status = weft_queue_make(&s->queue, s->experiment, queued, err);
    free(queued);
    return status;
}

/* Those of the wanted points that have no result. */
static weft_status run_wanted(sweep *s, weft_error *err) {
    for (size_t i = 0; i < s->experiment->point_count; i++) {
        s->result->points += s->wanted[i];
        s->result->cached += s->wanted[i] && s->done[i];
        s->wanted[i] = s->wanted[i] && !s->done[i];
    }
    WEFT_TRY(make_queue(s, err));
    show(s, true);
    while (!is_stopped(s)) {
        for (int lane = 0; lane < s->pool.lane_count; lane++) WEFT_TRY(fill_lane(s, lane, err));
        if (s->outstanding == 0) break;
        WEFT_TRY(hear(s, TICK_MS, err));
        WEFT_TRY(flush(s, err));
        show(s, false);
    }
    show(s, true);
    weft_queue_free(&s->queue);
    for (int i = 0; i < s->pool.lane_count; i++) s->lanes[i].group = SIZE_MAX;
    return WEFT_OK;
}

static weft_status run_all(sweep *s, weft_error *err) {
    for (size_t i = 0; i < s->experiment->point_count; i++) s->wanted[i] = true;
    return run_wanted(s, err);
}

/* ---- search ---- */

/* Results of earlier calls. */
static weft_status read_values(sweep *s, weft_error *err) {
    weft_store_table table;
    const size_t points = s->experiment->point_count;
    s->values = malloc((points + 1) * sizeof *s->values);
    if (!s->values) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", points);
    for (size_t i = 0; i < points; i++)
        for (int m = 0; m < WEFT_METRIC_COUNT; m++) s->values[i].v[m] = NAN;
    WEFT_TRY(weft_store_read(&table, s->store, err));
    for (size_t i = 0; i < table.count; i++)
        if (s->done[table.points[i].number]) s->values[table.points[i].number] = table.points[i].metrics;
    weft_store_table_free(&table);
    return WEFT_OK;
}

static weft_status run_rung(sweep *s, int rung, bool *in, bool *keep, weft_metrics_values *values, weft_error *err) {
    const weft_search *search = &s->search;
    memset(s->wanted, 0, s->experiment->point_count * sizeof *s->wanted);
    for (size_t i = 0; i < search->count; i++)
        if (in[i]) s->wanted[weft_search_point(search, rung, i)] = true;
    WEFT_TRY(run_wanted(s, err));
    for (size_t i = 0; i < search->count; i++) values[i] = s->values[weft_search_point(search, rung, i)];
    WEFT_TRY(weft_search_select(keep, search, in, values, s->experiment->search.keep, err));
    memcpy(in, keep, search->count * sizeof *in);
    return WEFT_OK;
}

static weft_status run_search(sweep *s, weft_error *err) {
    const size_t count = s->search.count + 1;
    bool *in = malloc(count * sizeof *in), *keep = calloc(count, sizeof *keep);
    weft_metrics_values *values = malloc(count * sizeof *values);
    weft_status status =
        in && keep && values ? read_values(s, err) : weft_error_set(err, WEFT_E_MEMORY, "no memory for a search");
    for (size_t i = 0; i < count && status == WEFT_OK; i++) in[i] = true;
    for (int rung = 0; rung < s->search.rungs && status == WEFT_OK && !is_stopped(s); rung++)
        status = run_rung(s, rung, in, keep, values, err);
    free(in);
    free(keep);
    free(values);
    return status;
}

/* What is being run is told to stop; what was ready just then still counts. */
static weft_status wind_up(sweep *s, weft_error *err) {
    const double end = weft_now_s() + PATIENCE_S;
    weft_pool_interrupt(&s->pool);
    while (s->store && s->outstanding > 0 && weft_now_s() < end) WEFT_TRY(hear(s, TICK_MS, err));
    return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted: %zu points are done, the same command goes on",
                          s->result->cached + s->result->done);
}

static weft_status lead(sweep *s, weft_error *err) {
    s->lanes = calloc((size_t)s->pool.lane_count, sizeof *s->lanes);
    if (!s->lanes) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %d workers", s->pool.lane_count);
    for (int i = 0; i < s->pool.lane_count; i++) s->lanes[i] = (lane_state){.group = SIZE_MAX, .mean_s = -1};
    WEFT_TRY(train_nets(s, err));
    if (is_stopped(s)) return wind_up(s, err);
    WEFT_TRY(plan(s, err));
    WEFT_TRY(s->experiment->search.kind ? run_search(s, err) : run_all(s, err));
    return is_stopped(s) ? wind_up(s, err) : WEFT_OK;
}

static void sweep_free(sweep *s) {
    weft_point_keys_destroy(s->hashes);
    weft_queue_free(&s->queue);
    free(s->lanes);
    free(s->keys);
    free(s->done);
    free(s->wanted);
    free(s->twin);
    free(s->values);
    weft_search_free(&s->search);
    free(s->attempts);
    free(s->untrained);
}

int weft_sweep_jobs(int jobs) {
    if (jobs > 0) return jobs;
    return weft_ranks_launched() ? 1 : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Settings that were left to us. */
static void choose(weft_sweep_options *options) {
    static const volatile sig_atomic_t never = 0;
    if (!options->stop) options->stop = &never;
    options->jobs = weft_sweep_jobs(options->jobs);
    if (options->threads <= 0)
        options->threads = weft_ranks_launched() ? 1 : (int)sysconf(_SC_NPROCESSORS_ONLN) / options->jobs;
    if (options->threads < 1) options->threads = 1;
}

weft_status weft_sweep_run(weft_sweep_result *result, weft_experiment *experiment, const weft_sweep_options *options,
                           weft_error *err) {
    sweep s = {.experiment = experiment, .options = *options, .result = result, .start_s = weft_now_s()};
    weft_status status = WEFT_OK;
    *result = (weft_sweep_result){0};
    choose(&s.options);
    gethostname(s.host, sizeof s.host - 1);
    WEFT_TRY_GOTO(weft_folder_create(options->runs, err));
    WEFT_TRY_GOTO(weft_experiment_runs(experiment, options->runs, err));
    if (experiment->search.kind) WEFT_TRY_GOTO(weft_search_begin(&s.search, experiment, err));
    WEFT_TRY_GOTO(allocate(&s, err));
    WEFT_TRY_GOTO(weft_pool_open(&s.pool, experiment, &s.options, err));
    status = s.pool.ranks.rank == 0 ? lead(&s, err) : weft_pool_relay(&s.pool, err);
    result->rank = s.pool.ranks.rank;
cleanup:
    weft_pool_close(&s.pool);
    const weft_status closed = weft_store_close(s.store, status == WEFT_OK ? err : NULL);
    sweep_free(&s);
    result->seconds = weft_now_s() - s.start_s;
    return status == WEFT_OK ? closed : status;
}
