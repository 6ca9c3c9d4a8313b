/* Shared by the files of the allocation pass: allocate.c (clusters, pieces, parts), allocate_tiles.c (tiles of a
 * piece), allocate_band.c (in which order), allocate_blocks.c (where sums meet, digital stages), allocate_input.c (what
 * a cluster's tiles read). */
#ifndef WEFT_MAPPER_ALLOCATE_INTERNAL_H
#define WEFT_MAPPER_ALLOCATE_INTERNAL_H

#include "mapper/passes.h"

/* What the tiles of one stage on one cluster read. */
typedef struct weft_input_use {
    const weft_stage *stage;
    int input_bits;
    int first_line, last_line; /* kernel rows; last < first: none */
    int channels;
    int64_t rows;         /* of a dense layer */
    unsigned char *marks; /* [in.channels] the channels */
} weft_input_use;
void weft_input_use_reset(weft_input_use *use);
/* Bytes once rows [begin, end) are read too; keep: count them. */
int64_t weft_input_use_with(weft_input_use *use, int begin, int end, bool keep);

typedef struct weft_block_list {
    int count, capacity;
    weft_output_block *items; /* by copy, then column_begin; core: the cluster */
} weft_block_list;

struct weft_allocator {
    const weft_stages *stages;
    const weft_grid *grids;
    const weft_chip *chip;
    int cluster_limit, cluster_count, capacity, saved_count;
    int64_t array_limit, arrays, saved_arrays;
    weft_cluster *clusters, *saved; /* [capacity] */
    weft_allocation_style style;
    uint64_t digital_target;
    weft_block_list *outputs; /* [stages->count] of this part */
    unsigned char *marks;     /* [most channels] */
    int *stamps;              /* [most cuts] */
    int *cluster_of;          /* [copies, tiles] of the piece being placed */
    int *block_of;            /* [copies, strips] clusters of its blocks, -1: not yet chosen */
    size_t tile_room, block_room;
    weft_shortage shortage;
    bool thin;      /* allowed */
    int style_used; /* by the last part that fitted */
    bool out_of_memory;
};

/* A piece being placed. */
typedef struct weft_filling {
    weft_allocator *a;
    const weft_piece *piece;
    const weft_stage *stage;
    const weft_grid *grid;
    weft_copies copies;
    weft_mapping *mapping; /* NULL: a trial */
    int part, copy;
    int at;               /* cluster being filled, -1: none yet */
    int hole;             /* left-over arrays are taken from here downwards; -1 while there are new clusters */
    int visit;            /* stamp of the cluster being filled: rows with this stamp are counted */
    int band;             /* tiles of a strip that are placed before the next strip's */
    weft_input_use use;   /* of the cluster being filled */
    int64_t use_bytes;    /* what it needs so far */
    uint64_t column_work; /* digital events of one column of one copy */
} weft_filling;

/* Entries of the copy being placed. */
static inline int *weft_filling_clusters(const weft_filling *f, int strip) {
    int strips = f->piece->strip_end - f->piece->strip_begin, tiles = f->grid->strips[f->piece->strip_begin].tile_count;
    return f->a->cluster_of +
           ((size_t)f->copy * (size_t)strips + (size_t)(strip - f->piece->strip_begin)) * (size_t)tiles;
}
static inline int *weft_filling_block(const weft_filling *f, int strip) {
    int strips = f->piece->strip_end - f->piece->strip_begin;
    return f->a->block_of + (size_t)f->copy * (size_t)strips + (size_t)(strip - f->piece->strip_begin);
}
static inline int64_t weft_cluster_free_bytes(const weft_allocator *a, int cluster) {
    return a->chip->core.buffer_bytes - a->clusters[cluster].bytes;
}
/* Bytes that the arrays left over on a cluster keep once `arrays` more are used (weft_allocation_style.reserve). */
int64_t weft_cluster_reserve(const weft_allocator *a, int cluster, int arrays);
/* Has the cluster room for a block of that size, beside what it keeps while there are new clusters? */
bool weft_filling_has_room(const weft_filling *f, int cluster, int64_t bytes);
/* A new cluster's number, or -1: the limit, or memory (a->out_of_memory). */
int weft_cluster_open(weft_allocator *a);
/* Goes on with that cluster. */
void weft_filling_enter(weft_filling *f, int cluster);
/* Goes on with a new cluster, or with one that has arrays left over. False: there is none. */
bool weft_filling_advance(weft_filling *f);
/* Tiles of a strip that are placed before the next strip's: as many as make the fewest flits, about. */
int weft_filling_choose_band(const weft_filling *f);
/* All copies of the piece. False: they do not fit. */
bool weft_filling_place_copies(weft_filling *f);
int64_t weft_filling_block_bytes(const weft_filling *f, int columns);
/* Blocks of the copy just placed that have none; false: no core has the buffer. */
bool weft_filling_place_blocks(weft_filling *f);
/* Counts a strip's block on the cluster. */
void weft_filling_take_block(weft_filling *f, int strip, int cluster);
/* The whole of a digital stage. */
bool weft_filling_place_digital(weft_filling *f);

#endif
