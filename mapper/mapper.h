/* Mapper: stages onto a chip. Passes, one file each, in this order (passes.h): partition (tiles), replicate (copies of
 * bottleneck stages), parts (what is in the chip at once), allocate (tiles to clusters, one a core), place (clusters to
 * cores of the network), check (core's weft_mapping_check and the routes). Each tells what it did. */
#ifndef WEFT_MAPPER_MAPPER_H
#define WEFT_MAPPER_MAPPER_H

#include <stdio.h>

#include "mapper/place.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_map_options {
    weft_objective objective;
    const char *placer; /* NULL: the default, "refined" */
    uint64_t seed;
    bool replicate;       /* copies of bottleneck stages in the arrays that are left */
    int64_t array_budget; /* arrays that a part may use, 0: all that the chip has */
    int chips;            /* chips that the parts are spread on; 0: as many as there are parts */
    int parts_max;        /* 1: NO_FIT when the network is larger than the chip; 0: no limit */
    bool compare;         /* run every placer, not only the chosen one: for the report's table */
} weft_map_options;
weft_map_options weft_map_defaults(void); /* energy, the default placer, seed 1, replicate, one chip, any parts */

/* Time that one image occupies each resource of a stage, in cycles; the largest over all stages bounds the throughput
 * of the pipeline. An estimate without waiting: the timed run measures. */
typedef struct weft_map_stage_cost {
    uint64_t array_cycles;   /* positions of the busiest copy x mvm_interval_cycles */
    uint64_t digital_cycles; /* digital events of the stage on the busiest core / digital_lanes */
    uint64_t network_cycles; /* of its partial sums and output: flits into or out of the busiest core */
    double cell_utilisation_percent;
} weft_map_stage_cost;

typedef struct weft_map_placement {
    const char *placer;              /* "as given": a mapping that was examined */
    uint64_t flit_hops, link_cycles; /* summed over parts; link_cycles: of the links, each flit-hop by its interval */
    uint64_t link_flits;             /* of the most loaded link of any part, times its interval */
    double seconds;                  /* not written to files */
} weft_map_placement;

/* What was done, what it costs and how far from the bounds; for the terminal, --json and --explain. */
typedef struct weft_map_report {
    int arrays_needed;                 /* one copy of everything */
    int64_t arrays_bound;              /* the fewest for one copy whose cells hold every stage's weights */
    int arrays_used, arrays_available; /* of all parts; of one chip */
    int cores_used, cores_available;   /* of the fullest part; of one chip */
    int parts, chips;
    double cell_utilisation_percent; /* weight cells used / cells of the arrays used */
    int stage_count;
    weft_map_stage_cost *stages; /* [stage_count] */
    int bottleneck;              /* stage whose array_cycles are largest */
    uint64_t bottleneck_cycles;
    /* Its optimum in the relaxed problem: as many parts of as many arrays, in the stages' order and cut between any two
     * strips of columns; copies may be fractions. Not below what the image needs to enter through the host's port:
     * further copies would be idle, and none are made. */
    double bottleneck_bound_cycles;
    uint64_t bottleneck_best_cycles; /* likewise with whole copies, whether or not cores and buffers can take them */
    /* The slowest arrays of every part, summed over the parts that share a chip, and likewise their optima. The same as
     * the bottleneck's with one part a chip. */
    uint64_t rounds_cycles, rounds_best_cycles;
    double rounds_bound_cycles;
    uint64_t host_cycles;        /* the image's flits through the host's port, once */
    uint64_t pipeline_cycles;    /* between two images: largest array, digital or network_cycles, summed over parts
                                    that share a chip; reloading weights is not in it */
    int64_t buffer_bytes;        /* of the fullest core */
    uint64_t busiest_core_flits; /* into or out of one core, all stages of a part */
    int placement_count;
    weft_map_placement *placements; /* every placer's, the chosen one last */
    weft_place_bounds bounds;       /* summed over parts; link_flits: the largest */
    uint64_t flit_hops_per_image;
    char *log; /* a line a pass */
} weft_map_report;
void weft_map_report_destroy(weft_map_report *report); /* frees what it holds; NULL is allowed */

/* A mapping that passes weft_mapping_check. options NULL: the defaults. report may be NULL. NO_FIT names the layer
 * where the budget ran out, the limit (arrays, core buffer), what is needed and the smallest single change that would
 * make it fit (mesh of W x H, more arrays a core, larger arrays, fewer weight bits). Paths and hashes are the caller's
 * to fill. Deterministic for a seed. */
weft_status weft_map(weft_mapping **out, weft_map_report *report, const weft_stages *stages, const weft_chip *chip,
                     const weft_map_options *options, weft_error *err);

/* The report on a mapping that passes weft_mapping_check, whoever made it: everything but the log and the placers'
 * table. bottleneck_bound_cycles is for the arrays of the budget. */
weft_status weft_map_examine(weft_map_report *report, const weft_mapping *mapping, const weft_stages *stages,
                             const weft_chip *chip, const weft_map_options *options, weft_error *err);

/* Floor plan (which stage lies on which core, arrays in use) and link loads of a mapping's part as SVG; MEMORY, IO. */
weft_status weft_map_draw_floor(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip, int part,
                                FILE *stream, weft_error *err);
weft_status weft_map_draw_links(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip, int part,
                                FILE *stream, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
