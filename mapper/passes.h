/* The mapper's passes, one file each, in the order of mapper.h. Internal to mapper/. A pass that cannot go on for want
 * of something returns NO_FIT without a text and says in a weft_shortage what was missing; suggest.c makes the message.
 */
#ifndef WEFT_MAPPER_PASSES_H
#define WEFT_MAPPER_PASSES_H

#include "mapper/mapper.h"

/* ---- the log: a line for every step ---- */

typedef struct weft_map_log {
    char *text; /* NULL while empty */
    size_t size;
} weft_map_log;
/* Appends a line; the newline is added. log NULL: does nothing. MEMORY. */
weft_status weft_map_log_add(weft_map_log *log, weft_error *err, const char *format, ...) WEFT_PRINTF(3, 4);

/* ---- what was missing ---- */

typedef enum weft_shortage_kind {
    WEFT_SHORTAGE_NONE,
    WEFT_SHORTAGE_WEIGHT, /* one weight takes more columns than an array has */
    WEFT_SHORTAGE_BUFFER, /* the smallest piece of the stage needs more buffer than an empty core has */
    WEFT_SHORTAGE_ARRAYS, /* arrays */
    WEFT_SHORTAGE_CORES   /* arrays are left, but on cores whose buffers are full */
} weft_shortage_kind;
typedef struct weft_shortage {
    weft_shortage_kind kind;
    int stage;
    int64_t need, have; /* columns; bytes; arrays of the stage and arrays left */
} weft_shortage;

/* ---- partition: a stage's matrix as tiles ---- */

/* Columns whose tiles lie above each other: tile t has rows cuts[first_cut + t] to cuts[first_cut + t + 1]. */
typedef struct weft_strip {
    int column_begin, column_end, first_cut, tile_count;
} weft_strip;
typedef struct weft_grid {
    int strip_count; /* 0 for a digital stage */
    weft_strip *strips;
    int cut_count;
    int *cuts; /* shared by strips of the same rows */
    int64_t tiles;
    bool by_kernel_row, by_channel; /* cut where it costs tiles, for the sake of the buffers */
} weft_grid;
/* Grids of every stage, [stages->count]. Sizes as even as the fewest tiles allow; rows cut between pixels where that
 * costs no tile. Groups are packed: as many whole ones a tile as rows and columns allow. A tile's input and a strip's
 * outputs need at most buffer_bytes / share of a core's buffer: where they would need more, rows are cut between kernel
 * rows, then inside taps, and strips are narrower. NO_FIT with *shortage. */
weft_status weft_partition(weft_grid **out, const weft_stages *stages, const weft_chip *chip, int share,
                           weft_shortage *shortage, weft_error *err);
void weft_grids_destroy(weft_grid *grids, int count); /* NULL is allowed */
weft_status weft_partition_report(weft_map_log *log, const weft_grid *grids, const weft_stages *stages,
                                  const weft_chip *chip, weft_error *err);

/* ---- what a stage costs, before it has a place ---- */

/* Copies of a stage: along y and x, and the shift (core/mapping.h). */
typedef struct weft_copies {
    int y, x, shift;
} weft_copies;
static inline int64_t weft_copies_count(weft_copies copies) { return (int64_t)copies.y * copies.x; }
/* Positions of the stage's matrix (of the input of a digital stage) that the busiest of n copies along an axis
 * computes, those that a pooling skips included. */
typedef struct weft_load {
    int extent[2];   /* output rows and columns: most copies along y and x; 1 where the stage is not local */
    int *counts[2];  /* [extent]: positions that become part of each row and column of the output */
    int *busiest[2]; /* [extent + 1]: of n copies; [0] unused */
    int *copies[2];  /* [busiest[1] + 1]: fewest copies whose busiest has no more positions than the index, 0: none */
    /* Copies [1, n] with the best shift of a few: the shift and the positions of the busiest, by n. Worked out when
     * they are first asked for, 0 until then. */
    int shift_count;   /* n is at most that; 0: a map of one row or column needs no shift */
    int *shifts;       /* [shift_count + 1] */
    uint64_t *shifted; /* [shift_count + 1] */
    int64_t *work;     /* scratch of all loads together */
} weft_load;
weft_status weft_loads_create(weft_load **out, const weft_stages *stages, weft_error *err); /* [stages->count] */
void weft_loads_destroy(weft_load *loads, int count);                                       /* NULL is allowed */
/* Positions of the busiest copy; with a shift, at most WEFT_COPIES_MAX copies along x. */
enum { WEFT_COPIES_MAX = 1 << 15 };
uint64_t weft_load_positions(const weft_load *load, weft_copies copies);
/* Of one copy, and of as many as there can be. */
uint64_t weft_load_alone(const weft_load *load);
uint64_t weft_load_least(const weft_load *load);
/* Events of the digital unit for one column of one image, without partial sums. */
uint64_t weft_stage_digital_work(const weft_stage *stage);
/* Flits of one image from the host: every pixel that a stage reads, once. */
uint64_t weft_host_flits(const weft_stages *stages, const weft_chip *chip);

/* ---- allocate: tiles and output blocks to clusters, what one core is to hold ---- */

/* Strips [begin, end) of a stage, or a whole digital stage, in one part. */
typedef struct weft_piece {
    int stage, strip_begin, strip_end;
} weft_piece;
typedef struct weft_cluster {
    int arrays, stage; /* stage: the last one that came here with tiles, + 1 */
    int64_t bytes;
    uint64_t digital; /* events per image */
} weft_cluster;
/* Ways to allocate. All but `fill` take new clusters while there are any, then the arrays that were left over. */
typedef struct weft_allocation_style {
    bool keep_together; /* while there are new clusters, a strip's tiles are not split between two of them, nor parted
                           from its block */
    bool fresh_stage;   /* a stage starts on a new cluster */
    bool tall;          /* strips are not cut into bands for the sake of fewer flits */
    bool fill;          /* arrays that other stages left over are taken before new clusters, and sums meet where no
                           array is left over */
    bool thin;          /* a cluster holds few tiles of a strip, of many strips and copies: they read little */
    int reserve;        /* percent of its share of the buffer that every array left over on a cluster keeps, while there
                           are new clusters: stages that need much buffer leave arrays that others can use */
} weft_allocation_style;
typedef struct weft_allocator weft_allocator;
weft_status weft_allocator_create(weft_allocator **out, const weft_stages *stages, const weft_grid *grids,
                                  const weft_chip *chip, int cluster_limit, int64_t array_limit, weft_error *err);
void weft_allocator_destroy(weft_allocator *allocator); /* NULL is allowed */
/* Empties all clusters: a new part. digital_target: events a cluster should not exceed, 0 for none. */
void weft_allocator_reset(weft_allocator *a, const weft_allocation_style *style, uint64_t digital_target);
/* May weft_allocate_part place stages thin, for arrays at the cost of flits? Not until told so. */
void weft_allocator_allow_thin(weft_allocator *a, bool allowed);
/* Adds a piece with its copies. NO_FIT with weft_allocator_shortage, and nothing is added. mapping (NULL allowed):
 * where tiles and blocks are appended, with clusters as cores; not on failure. */
weft_status weft_allocate(weft_allocator *a, const weft_piece *piece, weft_copies copies, weft_mapping *mapping,
                          int part, weft_error *err);
/* Takes back the last piece, which has been added. */
void weft_allocator_undo(weft_allocator *a, const weft_piece *piece);
/* Of the last piece that did not fit. */
const weft_shortage *weft_allocator_shortage(const weft_allocator *a);
int64_t weft_allocator_array_limit(const weft_allocator *a);

/* ---- parts: what is in the chip at once ---- */

typedef struct weft_part {
    int piece_count;
    weft_piece *pieces; /* within weft_parts.pieces */
    int64_t arrays;     /* of one copy */
} weft_part;
typedef struct weft_parts {
    int count, piece_count;
    weft_part *items;
    weft_piece *pieces; /* in topological order */
} weft_parts;
/* The fewest parts: a stage goes into the next one where it does not fit into what is left, or is split by strips
 * where that saves a part or it is larger than a chip. NO_FIT with *shortage: more than parts_max (0: no limit), or a
 * piece that no empty chip holds. */
weft_status weft_parts_create(weft_parts **out, const weft_stages *stages, const weft_grid *grids,
                              weft_allocator *allocator, int parts_max, weft_shortage *shortage, weft_error *err);
void weft_parts_destroy(weft_parts *parts); /* NULL is allowed */
bool weft_piece_is_whole(const weft_piece *piece, const weft_grid *grids);

/* ---- cuts: the best parts if arrays alone mattered ---- */

typedef struct weft_cut_stage {
    double arrays;          /* of a strip */
    int strips;             /* 0: no matrix */
    uint64_t alone, least;  /* positions of one copy, of the busiest of as many as there can be */
    uint64_t outputs, unit; /* that copies share out; positions of the one with the fewest */
} weft_cut_stage;
weft_cut_stage weft_cut_stage_of(const weft_load *load, double arrays, int strips);
typedef enum weft_cut_kind {
    WEFT_CUT_RELAXED, /* copies may be fractions */
    WEFT_CUT_WHOLE,   /* whole copies, in any number and however they share the outputs */
    WEFT_CUT_PIECES /* likewise, but a stage that lies in several parts has one copy, as the mapper makes parts in turn
                     */
} weft_cut_kind;
typedef struct weft_cut_problem {
    int count;
    const weft_cut_stage *stages; /* in topological order */
    double array_limit;           /* of a part */
    int parts;
    bool sum;         /* of the parts' bottlenecks; else the largest */
    double tolerance; /* of cuts whose sum is within that of the least: one whose largest is smallest; 0.01: 1 % */
} weft_cut_problem;
/* A part's end: before that strip of that stage; { count, 0 }: the network's. */
typedef struct weft_cut_end {
    int stage, strip;
} weft_cut_end;
/* Positions of the busiest copy, of parts that follow the stages' order and are cut between any strips. HUGE_VAL where
 * nothing fits or there are too many ways (200,000 parts to look at). ends: [parts], NULL is allowed. MEMORY. */
weft_status weft_cut_optimum(double *positions, weft_cut_end *ends, const weft_cut_problem *problem, weft_cut_kind kind,
                             weft_error *err);

/* ---- replicate: copies of the stages that hold the pipeline up ---- */

typedef struct weft_replication {
    const weft_stages *stages;
    const weft_grid *grids;
    const weft_load *loads;
    const weft_chip *chip;
    int64_t array_limit;
    uint64_t floor_positions; /* copies that would compute fewer than that are not made */
} weft_replication;
/* Positions of the busiest array of a part with one copy of everything, at least 1. */
uint64_t weft_part_positions(const weft_part *part, const weft_stages *stages, const weft_load *loads);
/* Positions of a part's busiest copy, and as few as its arrays would do for if cores and buffers could take them. */
typedef struct weft_target {
    uint64_t positions, on_paper;
} weft_target;
/* Copies of all stages, copies[stage], with the smallest largest number of positions of each part for the arrays,
 * within steps of 1/64, that the allocator can place; targets[part]: these numbers. A stage that lies in several parts
 * has one copy. With a chip for each part (apart): one number for all parts, and no exception. */
weft_status weft_replicate(weft_copies *copies, weft_target *targets, const weft_replication *r,
                           const weft_parts *parts, bool apart, weft_allocator *allocator, weft_error *err);
weft_status weft_replicate_together(weft_copies *copies, weft_target *target, const weft_replication *r,
                                    const weft_parts *parts, weft_allocator *allocator, weft_error *err);
/* As many parts, cut so that the arrays that are left over help most: where copies make the sum of the parts'
 * bottlenecks small, or with a chip for each part (apart) the largest. */
weft_status weft_parts_balance(weft_parts **parts, const weft_replication *r, weft_allocator *allocator, bool apart,
                               weft_error *err);
/* What is preferred of as few copies. */
typedef enum weft_copies_form {
    WEFT_COPIES_ALONG_Y, /* the least busy, then most along y: a core's neighbours read much of the same */
    WEFT_COPIES_ALONG_X, /* the least busy, then most along x: they keep shorter rows in their buffers */
    WEFT_COPIES_SHIFTED, /* all along x, with a shift: the shortest rows */
    WEFT_COPIES_FORM_COUNT
} weft_copies_form;
/* Fewest copies whose busiest computes no more than `most` positions; with a shift only where they are fewer so, but
 * for WEFT_COPIES_SHIFTED. 0: impossible. */
int64_t weft_fewest_copies(weft_copies *out, const weft_load *load, uint64_t most, weft_copies_form form);
/* Digital events that a cluster should not exceed when copies compute that many positions. */
uint64_t weft_digital_target(const weft_chip *chip, uint64_t positions);
extern const weft_allocation_style weft_styles[]; /* the one that packs closest comes first */
enum { WEFT_STYLE_COUNT = 9 };
/* Empties the allocator and adds all pieces of a part, in the first way of these that they fit: the style, the close
 * ones, `fill` with ever more stages `thin` from the last on where that is allowed, and the closest without a digital
 * target. mapping and NO_FIT as in weft_allocate, but nothing is kept on failure. */
weft_status weft_allocate_part(weft_allocator *a, int style, uint64_t digital_target, const weft_part *part,
                               const weft_copies *copies, weft_mapping *mapping, int number, weft_error *err);

int weft_allocator_style_used(const weft_allocator *a); /* of weft_styles, by the last part that fitted */

/* ---- and the rest ---- */

/* Everything but place and explain: a mapping with clusters as cores in every part. spread: where no two parts share a
 * chip, copies may also take arrays that cost flits. NO_FIT with *shortage. */
weft_status weft_layout(weft_mapping **out, const weft_stages *stages, const weft_chip *chip,
                        const weft_map_options *options, bool spread, weft_map_log *log, weft_shortage *shortage,
                        weft_error *err);
/* In how many parts it would fit. */
weft_status weft_layout_trial(int *parts, const weft_stages *stages, const weft_chip *chip,
                              const weft_map_options *options, weft_shortage *shortage, weft_error *err);
/* Ranges of outputs that the network's file knows; [0, 0] for the others. */
weft_status weft_quantise(weft_mapping *mapping, const weft_stages *stages, weft_map_log *log, weft_error *err);
/* Clusters to cores, part by part. *placements: malloc'd, placers that ran, the chosen one last. */
weft_status weft_embed(weft_mapping *mapping, weft_map_placement **placements, int *placement_count,
                       const weft_stages *stages, const weft_chip *chip, const weft_map_options *options,
                       weft_map_log *log, weft_error *err);
/* Placers at work: those that options ask for, on one problem after the other; costs add up. */
typedef struct weft_placing {
    const weft_map_options *options;
    const weft_placer *chosen;
    weft_map_placement *rows; /* of weft_placers, [placer_count]; those that ran have a name */
    weft_map_placement used;  /* what was taken */
    int placer_count;
} weft_placing;
/* Flows of a part between the cores in use, which are numbered 0 to *core_count - 1 in *cores. malloc'd. With
 * noc.multicast the placers search as if each terminal of a tree got a packet of its own (flows); what a placement then
 * costs is counted with the trees. */
typedef struct weft_part_flows {
    int core_count;
    int *cores; /* [core_count], ascending */
    size_t flow_count;
    weft_flow *flows;      /* between these numbers; core_count is the host */
    weft_tree_flows trees; /* likewise; none without noc.multicast */
} weft_part_flows;
weft_status weft_part_flows_create(weft_part_flows *out, const weft_traffic *traffic, const weft_mapping *mapping,
                                   const weft_chip *chip, int part, weft_error *err);
void weft_part_flows_free(weft_part_flows *flows);
/* Flits on every link, [router_count * 4] (core/tree.h), when number n lies on core_of[n]; their sum are the flit-hops.
 * sent: NULL, or [core_count + 1] flits that each number sends; a tree's once. MEMORY. */
weft_status weft_part_links(uint64_t *link_flits, uint64_t *sent, const weft_part_flows *flows, const weft_chip *chip,
                            const int *core_of, weft_error *err);
/* Fills flit_hops, link_flits and link_cycles of such a placement; sent as above. MEMORY. */
weft_status weft_part_measure(weft_map_placement *out, uint64_t *sent, const weft_part_flows *flows,
                              const weft_place_problem *problem, const int *core_of, weft_error *err);
/* INVALID: no such placer; MEMORY. Free it also after a failure. */
weft_status weft_placing_start(weft_placing *out, const weft_map_options *options, weft_error *err);
void weft_placing_free(weft_placing *placing);
/* Runs the placers that are asked for; core_of[clusters] becomes the chosen one's, or that of a better one. */
weft_status weft_placing_run(weft_placing *placing, const weft_place_problem *problem, const weft_part_flows *flows,
                             int *core_of, weft_error *err);
/* *out: malloc'd, those that ran, the chosen one last. */
weft_status weft_placing_rows(const weft_placing *placing, weft_map_placement **out, int *count, weft_error *err);
weft_status weft_placing_report(const weft_placing *placing, const weft_chip *chip, weft_map_log *log, weft_error *err);
/* weft_place_bound, for trees too. MEMORY. */
weft_status weft_part_bound(weft_place_bounds *out, const weft_part_flows *flows, const weft_place_problem *problem,
                            weft_error *err);
/* Sets err to what does not fit and which single changes of chip or options would help, each of them tried; returns
 * NO_FIT (or MEMORY). */
weft_status weft_explain_no_fit(const weft_shortage *shortage, const weft_stages *stages, const weft_chip *chip,
                                const weft_map_options *options, weft_error *err);
/* Arrays that a part may use. */
int64_t weft_array_limit(const weft_chip *chip, const weft_map_options *options);

#endif
