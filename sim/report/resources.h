/* What a timed run may have waited for, how busy each of these was, and what it would be worth. */
#ifndef WEFT_SIM_REPORT_RESOURCES_H
#define WEFT_SIM_REPORT_RESOURCES_H

#include "core/lowering.h"
#include "sim/trace/replay.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_resource_kind {
    WEFT_RESOURCE_ARRAYS,  /* of a stage, on its slowest core */
    WEFT_RESOURCE_DIGITAL, /* the busiest core's digital unit */
    WEFT_RESOURCE_IO,      /* the host link */
    WEFT_RESOURCE_LINK,    /* the busiest link between routers */
    WEFT_RESOURCE_PORT,    /* the busiest port of host or core into the network or out of it */
    WEFT_RESOURCE_BUFFERS, /* of cores; `core` the fullest. No time: bytes */
    WEFT_RESOURCE_KINDS
} weft_resource_kind;
extern const char
    *const weft_resource_kind_names[WEFT_RESOURCE_KINDS]; /* "arrays", "digital", "io", "link", "port", "buffers" */

typedef struct weft_resource {
    int kind;               /* weft_resource_kind */
    int stage;              /* ARRAYS; else -1 */
    int core;               /* DIGITAL, BUFFERS, PORT of a core; else -1 */
    bool host;              /* PORT of the host */
    int router, direction;  /* LINK, as weft_noc_link_flits; PORT: direction 0 into the network, 1 out of it; else -1 */
    uint64_t busy_cycles;   /* over the run; BUFFERS: the most bytes it held */
    double cycles_an_image; /* busy; BUFFERS: NaN */
    double utilisation;     /* of the time of an image in the steady state, 0..1; BUFFERS: of its bytes */
} weft_resource;

/* A run in the form that its pace is asked in. */
typedef struct weft_run {
    const weft_timing *timing;
    int chips; /* timing has the cores and routers of the next one behind those of the first, each a host link */
    bool
        in_turn; /* parts come one after the other on a chip, each over all images: no images overlap in a steady way */
} weft_run;

/* Cycles an image takes at the run's pace: mean interval of the steady state (weft_timing_steady), but never less than
 * any resource is busy for an image, since ends may come close together while queues drain. One image: its latency.
 * Parts in turn: the whole run over its images. */
double weft_run_pace(const weft_run *run);
/* The resources of a run, the most used one first, equal ones in the order of kind and stage, buffers last. out
 * [stage_count + WEFT_RESOURCE_KINDS]. Returns their number; what was never busy is left out, buffers where their peaks
 * are not known. */
int weft_resources_find(weft_resource *out, const weft_run *run, const weft_chip *chip);
/* "conv3's arrays", "the digital unit of core 5", "the host link", "the link from (0, 1) east of chip 1", "the host's
 * port into the network", "the port of core 5 out of the network", "buffers of cores (fullest: core 7)". */
void weft_resource_text(char *out, size_t out_size, const weft_resource *resource, const weft_stages *stages,
                        const weft_chip *chip);

/* A replay as if a resource took no time. */
typedef struct weft_report_without {
    weft_resource resource; /* left out: all of its kind (of its stage, for arrays) */
    double pace_cycles;     /* cycles an image would take */
    double speedup;         /* pace of the run over that */
    bool limited;           /* `next` is known */
    weft_resource next;     /* the most used one then */
} weft_report_without;

/* Replays the recorded run without one resource at a time: the most used one of each kind, links and ports being one
 * (the buffers, whose use is no time, second), then the others by use. out [most]; *count: how many there were. Errors
 * of weft_replay_run. */
weft_status weft_resources_measure(weft_report_without *out, int *count, int most, const weft_run *run,
                                   const weft_trace *trace, const weft_chip *chip, const volatile sig_atomic_t *stop,
                                   weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
