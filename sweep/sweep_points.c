/* Points out to lanes, results in to the store. */
#include <stdlib.h>
#include <string.h>

#include "sweep/sweep_state.h"

#define SHORT_S 0.05 /* points up to so long are given ahead */

static void count_result(weft_sweep *s, const weft_store_row *row) {
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

/* A point whose net could not be trained has none. */
static weft_status add_hashes(const weft_sweep *s, weft_store_row *row, weft_error *err) {
    row->net_sha256 = row->chip_sha256 = "";
    if (row->point->net >= 0 && s->untrained[row->point->net][0]) return WEFT_OK;
    return weft_point_hashes(&row->net_sha256, &row->chip_sha256, s->hashes, row->point, err);
}

/* Of this point and of those with the same key behind it that are wanted too. */
static weft_status put(weft_sweep *s, size_t number, const weft_news *news, const weft_point_result *result,
                       const char *message, weft_error *err) {
    for (size_t i = number; i != SIZE_MAX; i = s->twin[i]) {
        if (i != number && !s->wanted[i]) continue;
        weft_store_row row = {.number = i,
                              .point = &s->experiment->points[i],
                              .key = s->keys[i].hex,
                              .result = result,
                              .message = message,
                              .host = s->pool.lanes[news ? news->lane : 0].host,
                              .attempts = s->attempts[number] + 1,
                              .started_s = news ? news->started_s : 0};
        WEFT_TRY(add_hashes(s, &row, err));
        WEFT_TRY(weft_store_put(s->store, &row, err));
        count_result(s, &row);
        s->done[i] = result != NULL;
        if (s->values && result) s->values[i] = result->metrics;
    }
    return WEFT_OK;
}

static weft_status note_result(weft_sweep *s, const weft_news *news, size_t number, weft_error *err) {
    weft_point_result result = {0};
    weft_lane_state *lane = &s->lanes[news->lane];
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
static weft_status note_death(weft_sweep *s, const weft_news *news, weft_error *err) {
    weft_lane_state *lane = &s->lanes[news->lane];
    if (lane->count == 0) return WEFT_OK;
    const size_t number = weft_sweep_take_back(s, news->lane).number;
    while (lane->count > 0) weft_queue_return(&s->queue, weft_sweep_take_back(s, news->lane).number);
    if (weft_sweep_stopped(s)) return WEFT_OK;
    if (s->attempts[number]++ < s->options.retries) {
        weft_queue_return(&s->queue, number);
        return WEFT_OK;
    }
    s->attempts[number]--;
    return put(s, number, news, NULL, news->payload, err);
}

weft_status weft_sweep_hear(weft_sweep *s, int timeout_ms, weft_error *err) {
    weft_news news;
    WEFT_TRY(weft_pool_next(&s->pool, timeout_ms, &news, err));
    weft_status status = WEFT_OK;
    if (news.kind == WEFT_NEWS_RESULT && s->lanes[news.lane].count > 0)
        status = note_result(s, &news, weft_sweep_take_back(s, news.lane).number, err);
    else if (news.kind == WEFT_NEWS_DEAD)
        status = note_death(s, &news, err);
    free(news.payload);
    return status;
}

static bool wants_more(const weft_lane_state *lane) {
    const bool quick = lane->mean_s >= 0 && lane->mean_s < SHORT_S;
    return lane->count < (quick ? WEFT_LANE_AHEAD : 1);
}

static weft_status fill_lane(weft_sweep *s, int lane, weft_error *err) {
    size_t number;
    while (wants_more(&s->lanes[lane]) && weft_queue_take(&s->queue, &s->lanes[lane].group, &number)) {
        const int net = s->experiment->points[number].net;
        if (net >= 0 && s->untrained[net][0])
            WEFT_TRY(put(s, number, NULL, NULL, s->untrained[net], err));
        else
            WEFT_TRY(weft_sweep_give(s, lane, WEFT_JOB_POINT, number, err));
    }
    return WEFT_OK;
}

/* About once a second: a kill loses no more. */
static weft_status flush(weft_sweep *s, weft_error *err) {
    const double now = weft_now_s();
    if (now - s->flushed_s < 1) return WEFT_OK;
    s->flushed_s = now;
    return weft_store_flush(s->store, err);
}

/* Of points with the same key only the first is queued. */
static weft_status make_queue(weft_sweep *s, weft_error *err) {
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

weft_status weft_sweep_run_wanted(weft_sweep *s, weft_error *err) {
    for (size_t i = 0; i < s->experiment->point_count; i++) {
        s->result->points += s->wanted[i];
        s->result->cached += s->wanted[i] && s->done[i];
        s->wanted[i] = s->wanted[i] && !s->done[i];
    }
    WEFT_TRY(make_queue(s, err));
    weft_sweep_show(s, true);
    while (!weft_sweep_stopped(s)) {
        for (int lane = 0; lane < s->pool.lane_count; lane++) WEFT_TRY(fill_lane(s, lane, err));
        if (s->outstanding == 0) break;
        WEFT_TRY(weft_sweep_hear(s, WEFT_TICK_MS, err));
        WEFT_TRY(flush(s, err));
        weft_sweep_show(s, false);
    }
    weft_sweep_show(s, true);
    weft_queue_free(&s->queue);
    for (int i = 0; i < s->pool.lane_count; i++) s->lanes[i].group = SIZE_MAX;
    return WEFT_OK;
}

weft_status weft_sweep_run_all(weft_sweep *s, weft_error *err) {
    for (size_t i = 0; i < s->experiment->point_count; i++) s->wanted[i] = true;
    return weft_sweep_run_wanted(s, err);
}
