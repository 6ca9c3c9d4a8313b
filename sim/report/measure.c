/* What resources are worth: the recorded run once more, each time as if one of them took no time. */
#include <stdlib.h>

#include "sim/report/resources.h"

static bool is_network(const weft_resource *resource) {
    return resource->kind == WEFT_RESOURCE_LINK || resource->kind == WEFT_RESOURCE_PORT;
}

static weft_replay_without leave_out(const weft_resource *resource) {
    static const int servers[WEFT_RESOURCE_KINDS] = {
        [WEFT_RESOURCE_ARRAYS] = WEFT_SERVER_ARRAYS,
        [WEFT_RESOURCE_DIGITAL] = WEFT_SERVER_DIGITAL,
        [WEFT_RESOURCE_IO] = WEFT_SERVER_IO,
        [WEFT_RESOURCE_LINK] = -1,
        [WEFT_RESOURCE_PORT] = -1,
        [WEFT_RESOURCE_BUFFERS] = -1,
    };
    return (weft_replay_without){.server_kind = servers[resource->kind],
                                 .stage = resource->stage,
                                 .network = is_network(resource),
                                 .buffers = resource->kind == WEFT_RESOURCE_BUFFERS};
}

/* Servers without occupancy are not busy, so `next` is never what was left out. */
static void find_next(weft_report_without *out, weft_resource *found, const weft_run *run, const weft_chip *chip) {
    const int count = weft_resources_find(found, run, chip);
    for (int i = 0; i < count && !out->limited; i++) {
        if (found[i].kind == out->resource.kind && found[i].stage == out->resource.stage) continue;
        if (found[i].kind == WEFT_RESOURCE_BUFFERS) continue; /* bytes are no time */
        out->limited = true;
        out->next = found[i];
    }
}

static weft_status measure_one(weft_report_without *out, weft_resource *scratch, const weft_run *run,
                               const weft_trace *trace, const weft_chip *chip, const volatile sig_atomic_t *stop,
                               weft_error *err) {
    const weft_replay_options options = {.without = leave_out(&out->resource), .stop = stop};
    weft_timing *timing = NULL;
    WEFT_TRY(weft_replay_run(&timing, trace, chip, &options, err));
    const weft_run again = {timing, run->chips, run->in_turn};
    out->pace_cycles = weft_run_pace(&again);
    out->speedup = weft_run_pace(run) / out->pace_cycles;
    find_next(out, scratch, &again, chip);
    weft_timing_destroy(timing);
    return WEFT_OK;
}

static bool is_first_of_kind(const weft_resource *found, int i) {
    for (int k = 0; k < i; k++)
        if (found[k].kind == found[i].kind || (is_network(&found[k]) && is_network(&found[i]))) return false;
    return true;
}

/* The most used one of each kind, the buffers, whose use is no time, second; then the others, by use. order [known]. */
static void arrange(int *order, const weft_resource *found, int known) {
    const int buffers = known > 0 && found[known - 1].kind == WEFT_RESOURCE_BUFFERS ? known - 1 : -1;
    int count = 0;
    for (int first = 1; first >= 0; first--)
        for (int i = 0; i < known; i++) {
            if (i != buffers && is_first_of_kind(found, i) == first) order[count++] = i;
            if (count == 1 && first && buffers >= 0) order[count++] = buffers;
        }
}

weft_status weft_resources_measure(weft_report_without *out, int *count, int most, const weft_run *run,
                                   const weft_trace *trace, const weft_chip *chip, const volatile sig_atomic_t *stop,
                                   weft_error *err) {
    const size_t room = (size_t)run->timing->stage_count + WEFT_RESOURCE_KINDS;
    weft_resource *found = calloc(2 * room, sizeof *found);
    int *order = calloc(room, sizeof *order);
    weft_status status = WEFT_OK;
    *count = 0;
    if (found && order) {
        const int known = weft_resources_find(found, run, chip);
        arrange(order, found, known);
        for (; *count < most && *count < known && status == WEFT_OK; ++*count) {
            out[*count] = (weft_report_without){.resource = found[order[*count]]};
            status = measure_one(&out[*count], found + room, run, trace, chip, stop, err);
        }
    } else {
        status = weft_error_set(err, WEFT_E_MEMORY, "no memory for the use of resources");
    }
    free(found);
    free(order);
    return status;
}
