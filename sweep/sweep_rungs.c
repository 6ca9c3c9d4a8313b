/* A search: rungs of points, each of what the one ahead of it left. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/sweep_state.h"

/* Results of earlier calls. */
static weft_status read_values(weft_sweep *s, weft_error *err) {
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

static weft_status run_rung(weft_sweep *s, int rung, bool *in, bool *keep, weft_metrics_values *values,
                            weft_error *err) {
    const weft_search *search = &s->search;
    memset(s->wanted, 0, s->experiment->point_count * sizeof *s->wanted);
    for (size_t i = 0; i < search->count; i++)
        if (in[i]) s->wanted[weft_search_point(search, rung, i)] = true;
    WEFT_TRY(weft_sweep_run_wanted(s, err));
    for (size_t i = 0; i < search->count; i++) values[i] = s->values[weft_search_point(search, rung, i)];
    WEFT_TRY(weft_search_select(keep, search, in, values, s->experiment->search.keep, err));
    memcpy(in, keep, search->count * sizeof *in);
    return WEFT_OK;
}

weft_status weft_sweep_run_search(weft_sweep *s, weft_error *err) {
    const size_t count = s->search.count + 1;
    bool *in = malloc(count * sizeof *in), *keep = calloc(count, sizeof *keep);
    weft_metrics_values *values = malloc(count * sizeof *values);
    weft_status status =
        in && keep && values ? read_values(s, err) : weft_error_set(err, WEFT_E_MEMORY, "no memory for a search");
    for (size_t i = 0; i < count && status == WEFT_OK; i++) in[i] = true;
    for (int rung = 0; rung < s->search.rungs && status == WEFT_OK && !weft_sweep_stopped(s); rung++)
        status = run_rung(s, rung, in, keep, values, err);
    free(in);
    free(keep);
    free(values);
    return status;
}
