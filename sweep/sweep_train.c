/* Training what is missing, ahead of all points. */
#include <stdlib.h>
#include <string.h>

#include "sweep/sweep_state.h"

/* One net at a time on a rank, with all its processors. */
static weft_status give_nets(weft_sweep *s, weft_error *err) {
    for (int lane = 0; lane < s->pool.lane_count && !weft_sweep_stopped(s); lane++) {
        if (s->pool.lanes[lane].index != 0 || s->lanes[lane].count > 0) continue;
        while (s->next_net < (size_t)s->experiment->net_count && !s->experiment->nets[s->next_net].recipe[0])
            s->next_net++;
        if (s->next_net < (size_t)s->experiment->net_count)
            WEFT_TRY(weft_sweep_give(s, lane, WEFT_JOB_TRAIN, s->next_net++, err));
    }
    return WEFT_OK;
}

static void note_training(weft_sweep *s, const weft_news *news, uint64_t net) {
    if (news->kind == WEFT_NEWS_RESULT && (news->status == WEFT_OK || news->status == WEFT_E_INTERRUPTED)) return;
    snprintf(s->untrained[net], sizeof *s->untrained, "net \"%.100s\" could not be trained: %.1000s",
             s->experiment->nets[net].name, news->payload);
}

weft_status weft_sweep_train(weft_sweep *s, weft_error *err) {
    weft_status status = give_nets(s, err);
    while (status == WEFT_OK && s->outstanding > 0 && !weft_sweep_stopped(s)) {
        weft_news news;
        status = weft_pool_next(&s->pool, WEFT_TICK_MS, &news, err);
        if (status != WEFT_OK) break;
        if (news.kind == WEFT_NEWS_TEXT) snprintf(s->text, sizeof s->text, "%.255s", news.payload);
        if (news.kind == WEFT_NEWS_RESULT || news.kind == WEFT_NEWS_DEAD)
            if (s->lanes[news.lane].count > 0) note_training(s, &news, weft_sweep_take_back(s, news.lane).number);
        weft_sweep_show(s, news.kind == WEFT_NEWS_TEXT);
        free(news.payload);
        status = give_nets(s, err);
    }
    s->text[0] = 0;
    return status;
}
