/* From stages to a mapping whose cores are clusters: partition, parts, replicate, allocate. */
#include <stdlib.h>
#include <string.h>

#include "mapper/passes.h"

enum { SHARES = 3, MANY_TILES = 20000, STYLES_COMPARED = 4 /* the first of weft_styles */ };

typedef struct layout {
    const weft_stages *stages;
    const weft_chip *chip;
    const weft_map_options *options;
    bool spread;
    weft_map_log *log;
    weft_grid *grids;
    weft_load *loads;
    weft_allocator *allocator;
    weft_parts *parts;
    weft_copies *copies;  /* [stages->count] */
    weft_target *targets; /* [parts->count] */
} layout;

static void layout_free(layout *l) {
    weft_parts_destroy(l->parts);
    weft_allocator_destroy(l->allocator);
    weft_loads_destroy(l->loads, l->stages->count);
    weft_grids_destroy(l->grids, l->stages->count);
    free(l->copies);
    free(l->targets);
}

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory while mapping");
}

int64_t weft_array_limit(const weft_chip *chip, const weft_map_options *options) {
    int64_t all = (int64_t)chip->core_count * chip->array.per_core, budget = options->array_budget;
    return budget > 0 && budget < all ? budget : all;
}

/* ---- parts and copies ---- */

static weft_status report_parts(const layout *l, weft_error *err) {
    const weft_parts *parts = l->parts;
    int split = 0;
    for (int i = 0; i < parts->piece_count; i++)
        split += l->grids[parts->pieces[i].stage].strip_count > 0 &&
                 !weft_piece_is_whole(&parts->pieces[i], l->grids) && parts->pieces[i].strip_begin == 0;
    if (parts->count == 1)
        return weft_map_log_add(l->log, err, "parts: 1, everything is in the chip at once (%lld of %lld arrays)",
                                (long long)parts->items[0].arrays, (long long)weft_array_limit(l->chip, l->options));
    WEFT_TRY(weft_map_log_add(l->log, err, "parts: %d, one after the other; %d stages split between parts",
                              parts->count, split));
    for (int p = 0; p < parts->count; p++) {
        const weft_part *part = &parts->items[p];
        WEFT_TRY(weft_map_log_add(l->log, err, "parts: %d holds \"%s\" to \"%s\", %lld arrays", p,
                                  l->stages->items[part->pieces[0].stage].name,
                                  l->stages->items[part->pieces[part->piece_count - 1].stage].name,
                                  (long long)part->arrays));
    }
    return WEFT_OK;
}

static weft_status report_copies(const layout *l, int p, weft_error *err) {
    int replicated = 0, most = 0;
    int64_t arrays = 0;
    const char *name = "";
    for (int i = 0; i < l->parts->items[p].piece_count; i++) {
        int stage = l->parts->items[p].pieces[i].stage, count = l->copies[stage].y * l->copies[stage].x;
        replicated += count > 1;
        arrays += (count - 1) * l->grids[stage].tiles;
        if (count <= most) continue;
        most = count;
        name = l->stages->items[stage].name;
    }
    if (!replicated) return weft_map_log_add(l->log, err, "replicate: part %d: no copies", p);
    return weft_map_log_add(l->log, err,
                            "replicate: part %d: copies of %d stages in %lld arrays, most of \"%s\": %d; at most %llu "
                            "positions a copy instead of %llu",
                            p, replicated, (long long)arrays, name, most, (unsigned long long)l->targets[p].positions,
                            (unsigned long long)weft_part_positions(&l->parts->items[p], l->stages, l->loads));
}

/* What stopped the copies of a part, where it was not the arrays. */
static weft_status report_shortfall(const layout *l, int p, weft_error *err) {
    const weft_target *target = &l->targets[p];
    int64_t limit = weft_array_limit(l->chip, l->options), arrays = 0, most = 1;
    for (int i = 0; i < l->parts->items[p].piece_count; i++) {
        const weft_piece *piece = &l->parts->items[p].pieces[i];
        int64_t copies = weft_copies_count(l->copies[piece->stage]);
        if (copies > most) most = copies;
        for (int t = piece->strip_begin; t < piece->strip_end; t++)
            arrays += copies * l->grids[piece->stage].strips[t].tile_count;
    }
    if (most == 1 || target->on_paper >= target->positions) return WEFT_OK;
    return weft_map_log_add(l->log, err,
                            "replicate: part %d: the arrays would do for %llu positions a copy; buffers of %lld bytes "
                            "a core are in the way, %lld of %lld arrays stay empty",
                            p, (unsigned long long)target->on_paper, (long long)l->chip->core.buffer_bytes,
                            (long long)(limit - arrays), (long long)limit);
}

/* Has each part a chip of its own? Then the slowest arrays alone set the pace. */
static bool is_apart(const layout *l) {
    return l->spread && (l->options->chips == 0 || l->options->chips >= l->parts->count);
}

static weft_replication replication_of(const layout *l) {
    weft_replication r = {.stages = l->stages, .grids = l->grids, .loads = l->loads, .chip = l->chip};
    r.array_limit = weft_array_limit(l->chip, l->options);
    r.floor_positions = weft_host_flits(l->stages, l->chip) / (uint64_t)l->chip->mvm_interval_cycles;
    return r;
}

static weft_status replicate(layout *l, weft_error *err) {
    weft_replication r = replication_of(l);
    for (int p = 0; p < l->parts->count; p++)
        l->targets[p].positions = weft_part_positions(&l->parts->items[p], l->stages, l->loads);
    if (!l->options->replicate) return WEFT_OK;
    WEFT_TRY(weft_replicate(l->copies, l->targets, &r, l->parts, is_apart(l), l->allocator, err));
    for (int p = 0; p < l->parts->count; p++) {
        WEFT_TRY(report_copies(l, p, err));
        WEFT_TRY(report_shortfall(l, p, err));
    }
    return WEFT_OK;
}

/* ---- the mapping ---- */

static weft_status start_mapping(weft_mapping **out, const layout *l, weft_error *err) {
    WEFT_TRY(weft_mapping_create(out, l->stages->count, err));
    (*out)->parts = l->parts->count;
    (*out)->chips = l->options->chips > 0 && l->options->chips < l->parts->count ? l->options->chips : l->parts->count;
    for (int s = 0; s < l->stages->count; s++) {
        weft_mapped_stage *mapped = &(*out)->stages[s];
        mapped->name = strdup(l->stages->items[s].name);
        if (!mapped->name) return out_of_memory(err);
        mapped->rows = l->stages->items[s].rows;
        mapped->columns = l->stages->items[s].columns;
        mapped->copies_y = l->copies[s].y;
        mapped->copies_x = l->copies[s].x;
        mapped->shift = l->copies[s].shift;
    }
    return WEFT_OK;
}

static int compare_tiles(const void *a, const void *b) {
    const weft_tile *p = a, *q = b;
    if (p->copy != q->copy) return p->copy < q->copy ? -1 : 1;
    if (p->column_begin != q->column_begin) return p->column_begin < q->column_begin ? -1 : 1;
    return (p->row_begin > q->row_begin) - (p->row_begin < q->row_begin);
}

static int compare_blocks(const void *a, const void *b) {
    const weft_output_block *p = a, *q = b;
    if (p->copy != q->copy) return p->copy < q->copy ? -1 : 1;
    return (p->column_begin > q->column_begin) - (p->column_begin < q->column_begin);
}

static void sort_mapping(weft_mapping *mapping) {
    for (int s = 0; s < mapping->stage_count; s++) {
        weft_mapped_stage *mapped = &mapping->stages[s];
        if (mapped->tile_count) qsort(mapped->tiles, (size_t)mapped->tile_count, sizeof *mapped->tiles, compare_tiles);
        if (mapped->block_count)
            qsort(mapped->blocks, (size_t)mapped->block_count, sizeof *mapped->blocks, compare_blocks);
    }
}

/* *spare: a part needed another style than those that are compared. */
static weft_status make_mapping(weft_mapping **out, bool *spare, layout *l, int style, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_mapping *mapping = NULL;
    *out = NULL;
    WEFT_TRY_GOTO(start_mapping(&mapping, l, err));
    for (int p = 0; p < l->parts->count; p++) {
        WEFT_TRY_GOTO(weft_allocate_part(l->allocator, style, weft_digital_target(l->chip, l->targets[p].positions),
                                         &l->parts->items[p], l->copies, mapping, p, err));
        *spare = *spare || weft_allocator_style_used(l->allocator) >= STYLES_COMPARED;
    }
    sort_mapping(mapping);
    *out = mapping;
    mapping = NULL;
cleanup:
    weft_mapping_destroy(mapping);
    return status == WEFT_E_NO_FIT ? weft_error_set(err, WEFT_E_INTERNAL, "what was allocated before does not fit now")
                                   : status;
}

static weft_status flits_of(uint64_t *flits, const layout *l, const weft_mapping *mapping, weft_error *err) {
    weft_traffic *traffic = NULL;
    WEFT_TRY(weft_traffic_create(&traffic, mapping, l->stages, l->chip, err));
    *flits = weft_traffic_total(traffic).flits;
    weft_traffic_destroy(traffic);
    return WEFT_OK;
}

static int64_t count_tiles(const weft_mapping *mapping) {
    int64_t tiles = 0;
    for (int s = 0; s < mapping->stage_count; s++) tiles += mapping->stages[s].tile_count;
    return tiles;
}

static int most_clusters(const weft_mapping *mapping) {
    int most = 0;
    for (int s = 0; s < mapping->stage_count; s++) {
        const weft_mapped_stage *mapped = &mapping->stages[s];
        for (int t = 0; t < mapped->tile_count; t++)
            if (mapped->tiles[t].core >= most) most = mapped->tiles[t].core + 1;
        for (int b = 0; b < mapped->block_count; b++)
            if (mapped->blocks[b].core >= most) most = mapped->blocks[b].core + 1;
    }
    return most;
}

/* The style whose clusters exchange the fewest flits, of all styles where the usual ones are too wide; of large
 * mappings only one. */
static weft_status allocate(weft_mapping **out, layout *l, weft_error *err) {
    uint64_t least = 0;
    int chosen = 1, tried = 0, last = STYLES_COMPARED;
    bool spare = false;
    *out = NULL;
    for (int number = 1; number <= last; number++) {
        int style = number <= STYLES_COMPARED ? number % STYLES_COMPARED : number - 1;
        weft_mapping *mapping = NULL;
        uint64_t flits = 0;
        weft_status status = make_mapping(&mapping, &spare, l, style, err);
        bool large = status == WEFT_OK && count_tiles(mapping) > MANY_TILES;
        if (status == WEFT_OK && !large) status = flits_of(&flits, l, mapping, err);
        if (status != WEFT_OK) {
            weft_mapping_destroy(mapping);
            weft_mapping_destroy(*out);
            *out = NULL;
            return status;
        }
        tried++;
        if (spare) last = WEFT_STYLE_COUNT;
        if (*out && flits >= least) {
            weft_mapping_destroy(mapping);
            continue;
        }
        weft_mapping_destroy(*out);
        *out = mapping;
        least = flits;
        chosen = number;
        if (large) break;
    }
    return weft_map_log_add(l->log, err, "allocate: %d clusters in the fullest part; way %d of %d tried%s",
                            most_clusters(*out), chosen, tried, tried > 1 ? " sends the fewest flits" : "");
}

/* ---- all of it ---- */

/* Tiles and parts, with buffers shared by `share` of what needs them most. */
static weft_status cut(layout *l, int share, weft_shortage *shortage, weft_error *err) {
    WEFT_TRY(weft_partition(&l->grids, l->stages, l->chip, share, shortage, err));
    WEFT_TRY(weft_allocator_create(&l->allocator, l->stages, l->grids, l->chip, l->chip->core_count,
                                   weft_array_limit(l->chip, l->options), err));
    return weft_parts_create(&l->parts, l->stages, l->grids, l->allocator, l->options->parts_max, shortage, err);
}

/* With the largest tiles that fit. *shortage: of the largest. */
static weft_status cut_somehow(layout *l, weft_shortage *shortage, weft_error *err) {
    weft_status status = WEFT_E_NO_FIT;
    for (int i = 0; i < SHARES && status == WEFT_E_NO_FIT; i++) {
        weft_shortage missing = {WEFT_SHORTAGE_NONE, 0, 0, 0};
        layout fresh = {
            .stages = l->stages, .spread = l->spread, .chip = l->chip, .options = l->options, .log = l->log};
        status = cut(&fresh, 1 << i, &missing, err);
        if (status == WEFT_OK)
            *l = fresh;
        else
            layout_free(&fresh);
        if (i == 0) *shortage = missing;
    }
    return status;
}

static weft_status lay_out(weft_mapping **out, layout *l, weft_error *err) {
    int count = l->stages->count;
    WEFT_TRY(weft_loads_create(&l->loads, l->stages, err));
    weft_replication r = replication_of(l);
    weft_allocator_allow_thin(l->allocator, is_apart(l));
    if (l->options->replicate) WEFT_TRY(weft_parts_balance(&l->parts, &r, l->allocator, is_apart(l), err));
    l->copies = malloc((size_t)count * sizeof *l->copies);
    l->targets = calloc((size_t)l->parts->count, sizeof *l->targets);
    if (!l->copies || !l->targets) return out_of_memory(err);
    for (int s = 0; s < count; s++) l->copies[s] = (weft_copies){1, 1, 0};
    WEFT_TRY(weft_partition_report(l->log, l->grids, l->stages, l->chip, err));
    WEFT_TRY(report_parts(l, err));
    WEFT_TRY(replicate(l, err));
    return allocate(out, l, err);
}

weft_status weft_layout(weft_mapping **out, const weft_stages *stages, const weft_chip *chip,
                        const weft_map_options *options, bool spread, weft_map_log *log, weft_shortage *shortage,
                        weft_error *err) {
    layout l = {.stages = stages, .chip = chip, .options = options, .spread = spread, .log = log};
    weft_mapping *mapping = NULL;
    *out = NULL;
    weft_status status = cut_somehow(&l, shortage, err);
    if (status == WEFT_OK) status = lay_out(&mapping, &l, err);
    if (status == WEFT_OK) status = weft_quantise(mapping, stages, log, err);
    layout_free(&l);
    if (status == WEFT_OK)
        *out = mapping;
    else
        weft_mapping_destroy(mapping);
    return status;
}

weft_status weft_layout_trial(int *parts, const weft_stages *stages, const weft_chip *chip,
                              const weft_map_options *options, weft_shortage *shortage, weft_error *err) {
    layout l = {.stages = stages, .chip = chip, .options = options};
    weft_status status = cut_somehow(&l, shortage, err);
    *parts = status == WEFT_OK ? l.parts->count : 0;
    layout_free(&l);
    return status;
}
