#include "sim/report/resources.h"

#include <math.h>
#include <stdio.h>

const char *const weft_resource_kind_names[WEFT_RESOURCE_KINDS] = {"arrays", "digital", "io",
                                                                   "link",   "port",    "buffers"};

static weft_resource plain(int kind, uint64_t busy) {
    return (weft_resource){.kind = kind, .stage = -1, .core = -1, .router = -1, .direction = -1, .busy_cycles = busy};
}

static weft_resource busiest_digital(const weft_timing *timing) {
    weft_resource best = plain(WEFT_RESOURCE_DIGITAL, 0);
    for (int c = 0; c < timing->core_count; c++) {
        if (timing->cores[c].digital_busy_cycles <= best.busy_cycles) continue;
        best.busy_cycles = timing->cores[c].digital_busy_cycles;
        best.core = c;
    }
    return best;
}

static weft_resource busiest_link(const weft_timing *timing) {
    weft_resource best = plain(WEFT_RESOURCE_LINK, 0);
    for (int i = 0; i < timing->router_count * 4; i++) {
        if (timing->link_flits[i] <= best.busy_cycles) continue;
        best.busy_cycles = timing->link_flits[i];
        best.router = i / 4;
        best.direction = i % 4;
    }
    return best;
}

/* Of one chip's, in the mean: the host has a link and ports at each. */
static uint64_t of_chips(const weft_run *run, uint64_t cycles) {
    const uint64_t chips = (uint64_t)(run->chips > 1 ? run->chips : 1);
    return (cycles + chips - 1) / chips;
}

static weft_resource busiest_port(const weft_run *run) {
    const weft_timing *timing = run->timing;
    weft_resource best = plain(WEFT_RESOURCE_PORT, 0);
    for (int i = 0; i < 2 * (timing->core_count + 1); i++) {
        const weft_timing_core *core = &timing->cores[i / 2];
        uint64_t busy = i % 2 ? core->ejection_busy_cycles : core->injection_busy_cycles;
        if (i / 2 == timing->core_count) busy = of_chips(run, busy);
        if (busy <= best.busy_cycles) continue;
        best.busy_cycles = busy;
        best.host = i / 2 == timing->core_count;
        best.core = best.host ? -1 : i / 2;
        best.direction = i % 2;
    }
    return best;
}

static void put(weft_resource *out, int *count, weft_resource resource) {
    if (resource.busy_cycles > 0) out[(*count)++] = resource;
}

static uint64_t io_busy(const weft_run *run) { return of_chips(run, run->timing->io_busy_cycles); }

/* Unsorted, without what follows from the pace. */
static int collect(weft_resource *out, const weft_run *run) {
    const weft_timing *timing = run->timing;
    int count = 0;
    for (int s = 0; s < timing->stage_count; s++) {
        weft_resource arrays = plain(WEFT_RESOURCE_ARRAYS, timing->stage_busy_cycles[s]);
        arrays.stage = s;
        put(out, &count, arrays);
    }
    put(out, &count, busiest_digital(timing));
    put(out, &count, plain(WEFT_RESOURCE_IO, io_busy(run)));
    put(out, &count, busiest_link(timing));
    put(out, &count, busiest_port(run));
    return count;
}

static uint64_t most_busy(const weft_run *run) {
    const weft_timing *timing = run->timing;
    const uint64_t others[] = {busiest_digital(timing).busy_cycles, busiest_link(timing).busy_cycles,
                               busiest_port(run).busy_cycles};
    uint64_t most = io_busy(run);
    for (int s = 0; s < timing->stage_count; s++)
        if (timing->stage_busy_cycles[s] > most) most = timing->stage_busy_cycles[s];
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i] > most) most = others[i];
    return most;
}

double weft_run_pace(const weft_run *run) {
    const weft_timing *timing = run->timing;
    const double images = (double)timing->images;
    if (timing->images == 0) return NAN;
    if (timing->images == 1) return (double)(timing->image_end[0] - timing->image_start[0]);
    if (run->in_turn) return (double)timing->cycles / images;
    return fmax(weft_timing_steady(timing->image_end, timing->images).interval_cycles, (double)most_busy(run) / images);
}

/* Insertion keeps equal ones in order. */
static void sort(weft_resource *items, int count) {
    for (int i = 1; i < count; i++) {
        const weft_resource item = items[i];
        int at = i;
        for (; at > 0 && items[at - 1].busy_cycles < item.busy_cycles; at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

static int add_buffers(weft_resource *out, int count, const weft_timing *timing, const weft_chip *chip) {
    weft_resource fullest = plain(WEFT_RESOURCE_BUFFERS, 0);
    for (int c = 0; c < timing->core_count; c++) {
        const int64_t peak = timing->cores[c].buffer_peak_bytes;
        if (peak <= 0 || (uint64_t)peak <= fullest.busy_cycles) continue;
        fullest.busy_cycles = (uint64_t)peak;
        fullest.core = c;
    }
    fullest.cycles_an_image = NAN;
    fullest.utilisation = (double)fullest.busy_cycles / (double)chip->core.buffer_bytes;
    put(out, &count, fullest);
    return count;
}

int weft_resources_find(weft_resource *out, const weft_run *run, const weft_chip *chip) {
    const int count = collect(out, run);
    const double pace = weft_run_pace(run);
    for (int i = 0; i < count; i++) {
        out[i].cycles_an_image = (double)out[i].busy_cycles / (double)run->timing->images;
        out[i].utilisation = out[i].cycles_an_image / pace;
    }
    sort(out, count);
    return add_buffers(out, count, run->timing, chip);
}

/* " of chip 1" where it is not the first. */
static void of_chip(char *out, size_t out_size, int chip) {
    if (chip > 0)
        snprintf(out, out_size, " of chip %d", chip);
    else
        out[0] = '\0';
}

static void port_text(char *out, size_t out_size, const weft_resource *resource, const weft_chip *chip) {
    const char *way = resource->direction ? "out of" : "into";
    char of[32];
    if (resource->host) {
        snprintf(out, out_size, "the host's port %s the network", way);
        return;
    }
    of_chip(of, sizeof of, resource->core / chip->core_count);
    snprintf(out, out_size, "the port of core %d%s %s the network", resource->core % chip->core_count, of, way);
}

void weft_resource_text(char *out, size_t out_size, const weft_resource *resource, const weft_stages *stages,
                        const weft_chip *chip) {
    static const char *const directions[] = {"east", "west", "north", "south"};
    const int width = (int)chip->noc.mesh[0], router = resource->router % chip->router_count;
    char of[32];
    switch (resource->kind) {
    case WEFT_RESOURCE_ARRAYS:
        snprintf(out, out_size, "%s's arrays", stages->items[resource->stage].name);
        break;
    case WEFT_RESOURCE_DIGITAL:
        of_chip(of, sizeof of, resource->core / chip->core_count);
        snprintf(out, out_size, "the digital unit of core %d%s", resource->core % chip->core_count, of);
        break;
    case WEFT_RESOURCE_IO:
        snprintf(out, out_size, "the host link");
        break;
    case WEFT_RESOURCE_PORT:
        port_text(out, out_size, resource, chip);
        break;
    case WEFT_RESOURCE_BUFFERS:
        of_chip(of, sizeof of, resource->core / chip->core_count);
        snprintf(out, out_size, "buffers of cores (fullest: core %d%s)", resource->core % chip->core_count, of);
        break;
    default:
        of_chip(of, sizeof of, resource->router / chip->router_count);
        snprintf(out, out_size, "the link from (%d, %d) %s%s", router % width, router / width,
                 directions[resource->direction], of);
    }
}
